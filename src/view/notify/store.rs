//! Messages that wait, as lines of JSON. A line is whole or it is nothing: a torn or spoiled one is passed over and counted. Every
//! line names the version of its form. Knows no files.

use crate::engine::outbox::{MAX_WAITING, Parcel};
use serde::{Deserialize, Serialize};

/// The form of the lines that this program writes, and the newest that it reads.
pub const VERSION: u64 = 1;
/// Longest line read, bytes: two notices in two languages.
const MAX_LINE: usize = 64 << 10;

#[derive(Deserialize)]
struct Head {
    v: u64,
}

#[derive(Serialize)]
struct Out<'a> {
    v: u64,
    parcel: &'a Parcel,
}

#[derive(Deserialize)]
struct In {
    parcel: Parcel,
}

/// What was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Messages, oldest first.
    pub parcels: Vec<Parcel>,
    /// Lines that were torn or spoiled, or one too many.
    pub unreadable: u64,
    /// The version of a newer program's lines, if there were any.
    pub newer: Option<u64>,
}

/// All that wait, a line each.
#[must_use]
pub fn encode(parcels: &[Parcel]) -> String {
    // Strings and numbers in structs can't fail to be written.
    let line = |parcel| serde_json::to_string(&Out { v: VERSION, parcel }).unwrap_or_default() + "\n";
    parcels.iter().map(line).collect()
}

/// Reads them again.
#[must_use]
pub fn decode(bytes: &[u8]) -> Read {
    let mut read = Read::default();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let head = serde_json::from_slice::<Head>(line).ok().filter(|_| line.len() <= MAX_LINE);
        match (head, serde_json::from_slice::<In>(line)) {
            (Some(Head { v }), _) if v > VERSION => read.newer = read.newer.max(Some(v)),
            (Some(_), Ok(one)) if read.parcels.len() < MAX_WAITING => read.parcels.push(one.parcel),
            _ => read.unreadable += 1,
        }
    }
    read
}
