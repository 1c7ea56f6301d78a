//! `stormglass causes` and `stormglass explain`: what is known of causes before they strike. Looks at no network.

use super::analyze::{Format, show};
use super::cli::print;
use super::config;
use super::lang::{Lang, language};
use crate::detect::Thresholds;
use crate::explain::{CAUSES, cause};
use crate::view::explain as view;
use crate::view::text::Style;
use clap::builder::{PossibleValue, PossibleValuesParser};
use std::path::PathBuf;
use std::process::ExitCode;

/// How to print.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Output {
    /// What to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Language of the text [default: by LC_ALL, LC_MESSAGES or LANG; en if they say neither]
    #[arg(long, value_enum)]
    lang: Option<Lang>,
}

impl Output {
    fn style(self) -> Style {
        Style { color: show::colored(), language: language(self.lang), ..Style::PLAIN }
    }
}

/// Arguments of `stormglass causes`.
#[derive(Clone, Debug, clap::Args)]
pub struct CausesArgs {
    /// How.
    #[command(flatten)]
    output: Output,
}

/// Arguments of `stormglass explain`.
#[derive(Clone, Debug, clap::Args)]
pub struct ExplainArgs {
    /// The cause, by its id.
    #[arg(value_name = "CAUSE", value_parser = ids())]
    cause: String,
    /// The configuration of `serve`, whose limits (`detect:`) are told instead of the defaults.
    #[arg(long = "config.file", value_name = "FILE")]
    config_file: Option<PathBuf>,
    /// How.
    #[command(flatten)]
    output: Output,
}

/// The ids, each with what it is. To any other clap answers with this list, the nearest of it, and exit code 2.
fn ids() -> PossibleValuesParser {
    PossibleValuesParser::new(CAUSES.iter().map(|cause| PossibleValue::new(cause.id()).help(cause.page().about.en)))
}

/// Prints the list of causes.
#[must_use]
pub fn list(args: &CausesArgs) -> ExitCode {
    print(
        "the list of causes",
        &match args.output.format {
            Format::Json => format!("{:#}\n", view::list_json(language(args.output.lang))),
            Format::Text => view::list(args.output.style()),
        },
    )
}

/// Prints what is known of one cause. Exit code 2: the configuration can't be read.
#[must_use]
pub fn one(args: &ExplainArgs) -> ExitCode {
    let cause = cause(&args.cause).expect("clap lets no other id through");
    let limits = args.config_file.as_deref().map(config::load).transpose();
    let limits = match limits {
        Ok(config) => config.map_or_else(Thresholds::default, |config| config.detect.thresholds()),
        Err(error) => return super::cli::fail(&format!("explain: {error}")),
    };
    print(
        "the cause",
        &match args.output.format {
            Format::Json => format!("{:#}\n", view::page_json(cause, &limits, language(args.output.lang))),
            Format::Text => view::page(cause, &limits, args.output.style()),
        },
    )
}
