//! `stormglass last`: the last storms, from the history on the disk, also while the service runs or cannot. Asks nobody
//! else, and writes nothing.

use super::analyze::Format;
use super::config;
use super::lang::{Lang, language};
use crate::io::storage;
use crate::model::history::Remembered;
use crate::view::history::{self, History};
use crate::view::text::Style;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Where the service keeps its history, as the package and `packaging/stormglass.service` have it.
const OF_SERVICE: &str = "/var/lib/stormglass";

/// Arguments of `stormglass last`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Exit code: 0 no storm is remembered, 1 at least one is, 2 could not look.")]
pub struct LastArgs {
    /// The folder that `serve` was given [default: that of the service, /var/lib/stormglass]
    #[arg(long = "storage.path", value_name = "FOLDER")]
    pub storage_path: Option<PathBuf>,
    /// The configuration of `serve`, which names the folder (`storage.path`).
    #[arg(long = "config.file", value_name = "FILE")]
    pub config_file: Option<PathBuf>,
    /// How many storms, the newest first.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub limit: u16,
    /// What to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Language of the text [default: by LC_ALL, LC_MESSAGES or LANG; en if they say neither]
    #[arg(long, value_enum)]
    pub lang: Option<Lang>,
}

/// Prints the last storms. Exit code 0: none is remembered, 1: at least one is, 2: could not look.
#[must_use]
pub fn run(args: &LastArgs) -> ExitCode {
    let history = match folder(args).and_then(|folder| look(&folder)) {
        Ok(history) => history,
        Err(error) => return super::cli::fail(&format!("last: {error}")),
    };
    let limit = usize::from(args.limit);
    let text = match args.format {
        Format::Json => format!("{:#}\n", history::last_json(&history, limit)),
        Format::Text => {
            let color = std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
            history::last(&history, limit, Style { color, language: language(args.lang), ..Style::PLAIN })
        }
    };
    // A reader that has gone away, as `head` does, is no reason to fail.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    let any: &[Remembered] = history.storms();
    if any.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn folder(args: &LastArgs) -> Result<PathBuf, String> {
    if let Some(folder) = &args.storage_path {
        return Ok(folder.clone());
    }
    let Some(file) = args.config_file.as_deref() else { return Ok(OF_SERVICE.into()) };
    let config = config::load(file).map_err(|error| error.to_string())?;
    config.storage.path.ok_or_else(|| {
        format!("{}: no storage.path, so that no history is kept; name a folder there, or here", file.display())
    })
}

fn look(folder: &std::path::Path) -> Result<History, String> {
    let place = folder.display();
    let history = storage::read(folder).map_err(|error| {
        let next = match error.kind() {
            std::io::ErrorKind::PermissionDenied => "run it as root: sudo stormglass last",
            _ => "name the folder that serve was given with --storage.path",
        };
        format!("{place} can't be read: {error}; {next}")
    })?;
    if !storage::exists(folder) {
        return Err(format!(
            "there is no {} in {place}: start `stormglass serve --storage.path={place}` to keep a history there",
            storage::FILE
        ));
    }
    if let Some(version) = history.newer() {
        return Err(format!(
            "{place} holds a history of version {version}, written by a newer stormglass: ask that one"
        ));
    }
    if history.unreadable() > 0 {
        // Standard error may be closed; then there is nobody to tell.
        let _ = writeln!(
            std::io::stderr(),
            "stormglass: last: {} torn or spoiled lines in {place} were passed over",
            history.unreadable()
        );
    }
    Ok(history)
}
