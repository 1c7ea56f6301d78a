//! Raw facts: frames tallied, counters turned into rates, addresses given owners. Draws no conclusions.

pub mod announced;
pub mod catalogue;
pub mod chronicle;
pub mod delta;
pub mod devices;
pub mod echoes;
pub mod hearing;
pub mod ledger;
pub mod names;
pub mod owners;
pub mod packed;
pub mod places;
pub mod ports;
mod repeats;
pub mod replica;
pub mod sighting;
pub mod sources;
pub mod tally;
pub mod tape;
mod target;
pub mod targets;
pub mod topology;
pub mod trails;
mod urgency;
