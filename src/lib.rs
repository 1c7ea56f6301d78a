//! stormglass watches a local network, detects packet storms, and names the culprit, the cause and the remedy.
//!
//! The map of the house. Each floor uses only the floors above it in this list; `tests/house.rs` holds the arrows.
//!
//! | floor | what it does |
//! |---|---|
//! | [`model`] | the words: time, addresses, observations, verdicts |
//! | [`wire`] | bytes to messages, total functions |
//! | [`mib`] | SNMP tables: which objects to read, and what a row means |
//! | [`observe`] | raw facts: tally of frames, deltas of counters, owners of addresses |
//! | [`detect`] | facts to storm events |
//! | [`explain`] | storm events to verdicts: cause, culprit, evidence, remedy |
//! | [`engine`] | one facade without I/O: `handle`, `tick`, `poll`, `snapshot` |
//! | [`view`] | verdicts to text, JSON, metrics and pages |
//! | `io` | sockets, clocks, files: the only impure floor (feature `io`) |
//! | `app` | command line, configuration, wiring (feature `io`) |

pub mod detect;
pub mod engine;
pub mod explain;
pub mod mib;
pub mod model;
pub mod observe;
pub mod view;
pub mod wire;

#[cfg(feature = "io")]
pub mod app;
#[cfg(feature = "io")]
pub mod io;
