//! Raw facts: frames tallied, counters turned into rates, addresses given owners. Draws no conclusions.

pub mod announced;
pub mod catalogue;
pub mod delta;
pub mod devices;
pub mod hearing;
pub mod names;
pub mod owners;
pub mod ports;
pub mod replica;
pub mod sighting;
pub mod sources;
pub mod tally;
pub mod targets;
pub mod topology;
