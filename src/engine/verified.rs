//! Storms that are over and of which somebody has checked that they do not come back. Checks nothing itself.

use super::Engine;
use crate::model::Time;
use crate::model::verdict::{Phase, Verdict};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A storm by its id and its start: the same cause may come again.
pub type StormKey = (Arc<str>, Time);

impl Engine {
    /// Storms and warnings that had ended by `at`.
    fn over(&self, at: Time) -> BTreeSet<StormKey> {
        let ended = |verdict: &Arc<Verdict>| verdict.phase == Phase::Over && verdict.ended.is_some_and(|end| end <= at);
        let over = self.cases.verdicts().into_iter().filter(ended);
        over.map(|verdict| (Arc::clone(&verdict.id), verdict.started)).collect()
    }

    /// Bounded by the verdicts that there are. It is not written to the disk: a program that was started again knows less,
    /// and says so.
    pub(super) fn verify(&mut self, at: Time) {
        self.verified = self.over(at);
    }

    /// One that has come back has to be verified anew.
    pub(super) fn keep_verified(&mut self, now: Time) {
        if !self.verified.is_empty() {
            let over = self.over(now);
            self.verified.retain(|key| over.contains(key));
        }
    }
}
