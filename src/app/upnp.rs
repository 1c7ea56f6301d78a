//! The command line of `upnp-probe` and `stormglass upnp`: what there is to ask for, and which part answers. Knows no
//! protocol.

mod act;
mod help;
mod look;
pub(in crate::app) mod screen;
mod show;
mod watch;

use crate::app::lang::{Lang, language};
use crate::model::text::Text;
use crate::view::upnp_list_words as list_words;
use clap::{Args, Subcommand, ValueEnum};
use screen::Screen;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Found something that deserves a look.
const FINDINGS: u8 = 1;
/// Could not look, or was not allowed to change: the exit status that means neither "found" nor "nothing there".
const COULD_NOT_LOOK: u8 = 2;

/// The command line of `upnp-probe` as data.
#[must_use]
pub fn program() -> clap::Command {
    let command = clap::Command::new("upnp-probe").version(env!("CARGO_PKG_VERSION"));
    <UpnpArgs as Args>::augment_args(
        command.about("Finds every UPnP device on the LAN, and every port that was opened on its gateways"),
    )
}

/// UPnP devices and gateways of the LAN, and every port that was opened on them.
#[derive(Args, Clone, Debug)]
#[command(long_about = help::ABOUT, after_long_help = help::AFTER)]
pub struct UpnpArgs {
    #[command(subcommand)]
    command: Option<UpnpCommand>,
    #[command(flatten)]
    common: Common,
}

#[derive(Subcommand, Clone, Debug)]
enum UpnpCommand {
    /// List every gateway with its external address and every port mapping, and who else answers (the default)
    List,
    /// List every UPnP device that answers
    Devices,
    /// Show one device as a tree: its devices, services, and actions with their arguments
    #[command(after_long_help = help::SHOW)]
    Show {
        /// The device: its address, its UDN, or a part of its name
        device: String,
    },
    /// Print a line for each change: a device came, went or changed, a mapping was added or removed
    #[command(after_long_help = help::WATCH)]
    Watch(watch::WatchArgs),
    /// Open a port: add a port mapping to a gateway, after confirmation
    #[command(after_long_help = help::ADD)]
    Add(act::AddArgs),
    /// Close a port: remove a port mapping from a gateway, after confirmation
    #[command(after_long_help = help::REMOVE)]
    Remove(act::RemoveArgs),
    /// Write every device and mapping as JSON (the default), or every mapping as CSV
    #[command(after_long_help = help::EXPORT)]
    Export,
    /// Call any action of any service, checked against the service's own description
    #[command(after_long_help = help::CALL)]
    Call(act::CallArgs),
}

/// What every command takes.
#[derive(Args, Clone, Debug)]
struct Common {
    /// Output: text for people, JSON for programs; csv with export [default: text; export: json]
    #[arg(long, value_enum, global = true)]
    format: Option<Format>,
    /// Interface to search; may be repeated [default: every one that is up and on a LAN]
    #[arg(long, value_name = "NAME", global = true)]
    interface: Vec<String>,
    /// Longest time for everything, as in 10s, 500ms or 10 (seconds)
    #[arg(long, value_name = "TIME", default_value = "12s", value_parser = parse_timeout, global = true)]
    timeout: Duration,
    /// TTL of the searches; more than 1 can leave the LAN and feed a storm
    #[arg(long, value_name = "HOPS", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=32), global = true)]
    ttl: u8,
    /// Configuration of stormglass: its upnp.map_e (your share of the ports) and names are used in judging and naming
    #[arg(long = "config.file", value_name = "FILE", global = true)]
    config_file: Option<PathBuf>,
    /// Language of sentences [default: by LC_ALL, LC_MESSAGES or LANG; en if they say neither]
    #[arg(long, value_enum, global = true)]
    lang: Option<Lang>,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// A table; plain columns where the output is no terminal
    Text,
    /// JSON; with watch, one object a line
    Json,
    /// Comma-separated mappings (RFC 4180), safe for spreadsheets; with export alone
    Csv,
}

impl Common {
    fn json(&self) -> bool {
        self.format == Some(Format::Json)
    }
}

/// Does what is asked. Exit status 0: looked, or done; 1: looked, and something deserves a look; 2: could not look, or
/// the change was not made.
#[must_use]
pub fn run(args: &UpnpArgs) -> ExitCode {
    let common = &args.common;
    let screen = Screen::new(common.lang);
    let command = args.command.as_ref().unwrap_or(&UpnpCommand::List);
    if common.format == Some(Format::Csv) && !matches!(command, UpnpCommand::Export) {
        eprintln!("upnp: {}", list_words::CSV_IS_FOR_EXPORT.template(screen.language));
        return ExitCode::from(COULD_NOT_LOOK);
    }
    let outcome = match command {
        UpnpCommand::List => show::list(common, &screen),
        UpnpCommand::Devices => show::devices(common, &screen),
        UpnpCommand::Show { device } => show::show(common, &screen, device),
        UpnpCommand::Watch(args) => watch::run(common, &screen, args),
        UpnpCommand::Add(args) => act::add(common, &screen, args),
        UpnpCommand::Remove(args) => act::remove(common, &screen, args),
        UpnpCommand::Export => show::export(common, &screen),
        UpnpCommand::Call(args) => act::call(common, &screen, args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("upnp: {error:#}");
        ExitCode::from(COULD_NOT_LOOK)
    })
}

/// `10s`, `500ms`, `2m` or `10`; from 1 s to 5 minutes.
fn parse_timeout(text: &str) -> Result<Duration, String> {
    parse_span(text, 300.0, &list_words::TIMEOUT_BOUNDS)
}

/// What is wrong with an argument. It is said while the command line is still being read, so that the language is
/// looked for in the words of it.
fn wrong(text: &Text) -> String {
    let words = std::env::args().collect::<Vec<_>>();
    let flag = words.iter().enumerate().find_map(|(at, word)| match word.strip_prefix("--lang") {
        Some("") => words.get(at + 1).map(String::as_str),
        Some(rest) => rest.strip_prefix('='),
        None => None,
    });
    text.template(language(flag.and_then(|flag| Lang::from_str(flag, true).ok()))).to_owned()
}

/// A time of at least a second.
fn parse_span(text: &str, most_seconds: f64, bounds: &Text) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number.parse().map_err(|_| wrong(&list_words::TIME_FORM))?;
    let seconds = match unit.trim() {
        "" | "s" => number,
        "ms" => number / 1000.0,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(wrong(&list_words::TIME_UNIT)),
    };
    if !(1.0..=most_seconds).contains(&seconds) {
        return Err(wrong(bounds));
    }
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts() {
        let check = |text: &str, expected: Option<u64>| {
            let millis = parse_timeout(text).ok().map(|d| d.as_millis());
            assert_eq!(millis, expected.map(u128::from), "{text}");
        };
        check("10", Some(10_000));
        check("1.5s", Some(1500));
        check("2500ms", Some(2500));
        check("2m", Some(120_000));
        for wrong in ["", "s", "0", "0.5s", "1h", "301", "-1", "1e3", "nan"] {
            check(wrong, None);
        }
    }
}
