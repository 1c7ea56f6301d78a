//! `stormglass serve`: starts what the configuration asks for and stops it in order.

use super::cli::{ServeArgs, fail};
use std::process::ExitCode;

/// Runs `stormglass serve`.
#[must_use]
pub fn main(args: &ServeArgs) -> ExitCode {
    let _ = args;
    fail(&"not wired yet")
}
