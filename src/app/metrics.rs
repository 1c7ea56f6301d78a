//! `stormglass metrics`: every metric that `/metrics` can have, without a network and without a configuration.

use super::cli::print;
use crate::view::families;
use clap::{Args, ValueEnum};
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
    print("the list of metrics", &text)
}
