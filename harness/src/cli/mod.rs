//! The subcommands. Each reads its arguments, does one thing and says what came of it.

pub(crate) mod agents;
pub(crate) mod flood;
mod print;
pub(crate) mod scenarios;
pub(crate) mod scrape;
pub(crate) mod seeds;

/// What went wrong, for the one who started it.
pub(crate) type Failure = Box<dyn std::error::Error>;
