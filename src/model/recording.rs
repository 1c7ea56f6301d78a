//! What the flight recorder kept of a storm, and how it is doing. Knows no files beyond their names.

use super::Time;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The frames around the onset of a storm, in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Ids of the storms that it shows.
    pub storms: Vec<Arc<str>>,
    /// Path of the pcapng file.
    pub path: Arc<str>,
    /// When it was complete.
    pub at: Time,
    /// Frames in it.
    pub frames: u64,
    /// Frames that found no room in it.
    pub left_out: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

/// How the recorder is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecorderStatus {
    /// Files in its folder.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Recordings completed since the start.
    pub written: u64,
    /// Frames that found no room in a recording, since the start.
    pub left_out: u64,
    /// Recordings that failed since the start, by reason: `no_space`, `permission`, `busy`, `other`.
    pub errors: BTreeMap<&'static str, u64>,
}
