//! `stormglass metrics`: every metric that `/metrics` can have, without a network and without a configuration.

use super::cli::fail;
use crate::view::families;
use clap::{Args, ValueEnum};
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

/// `stormglass metrics`.
#[derive(Debug, Clone, Args)]
pub struct MetricsArgs {
    /// Lines for people, a table in Markdown, or JSON for programs.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// Two lines each
    Text,
    /// A table
    Markdown,
    /// A list of objects
    Json,
}

/// Prints them.
#[must_use]
pub fn run(args: &MetricsArgs) -> ExitCode {
    let text = match args.format {
        Format::Text => families::text(),
        Format::Markdown => families::markdown(),
        Format::Json => format!("{:#}\n", families::json()),
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        // As with `| head`: whoever reads has had enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(&format!("the metrics can't be printed: {error}")),
    }
}
