//! What is kept of storms beyond the end of the program. Knows no files and no form of writing.

use super::Time;
use super::verdict::{Phase, Verdict};
use std::collections::BTreeMap;

/// A storm or warning of which it was known, at a moment, that it was so.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    /// The moment.
    pub at: Time,
    /// What was known.
    pub verdict: Verdict,
    /// It was over, and somebody had verified that it does not come back.
    pub verified: bool,
}

impl Remembered {
    /// When the last of it was seen: its end, or the moment itself where it had none.
    #[must_use]
    pub fn last_seen(&self) -> Time {
        match (self.verdict.phase, self.verdict.ended) {
            (Phase::Over, Some(ended)) => ended,
            _ => self.at,
        }
    }

    /// It had not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.verdict.phase != Phase::Over
    }
}

/// How the writing of the history goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StorageStatus {
    /// Size of its files, bytes.
    pub bytes: u64,
    /// When it was last written to the disk; `None` before the first time.
    pub written: Option<Time>,
    /// Attempts that failed since the start, by reason: `no_space`, `permission`, `busy`, `other`.
    pub errors: BTreeMap<&'static str, u64>,
}
