//! `upnp-probe list` and `stormglass upnp list`: looks once and prints. Knows no protocol.

use crate::explain::reach;
use crate::io::around::Around;
use crate::io::clock::Clock;
use crate::io::interfaces::{self, Interface};
use crate::io::ssdp::StopProbes;
use crate::io::upnp::{self, Settings};
use crate::model::device::Discovery;
use crate::model::text::Language;
use crate::view;
use clap::{Args, Subcommand, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

/// Could not look: the exit status that means neither "found" nor "nothing there".
const COULD_NOT_LOOK: u8 = 2;
/// Columns below which a table cannot be read, and what is taken instead.
const MIN_WIDTH: u16 = 40;
/// See [`MIN_WIDTH`].
const DEFAULT_WIDTH: u16 = 120;

/// UPnP devices and gateways of the LAN, and every port that was opened on them.
#[derive(Args, Clone, Debug)]
pub struct UpnpArgs {
    #[command(subcommand)]
    command: Option<UpnpCommand>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Subcommand, Clone, Debug)]
enum UpnpCommand {
    /// List every gateway with its external address and every port mapping (the default)
    List,
}

#[derive(Args, Clone, Debug)]
struct ListArgs {
    /// Output: a table for people, or JSON for programs
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    format: Format,
    /// Interface to search; may be repeated [default: every one that is up and on a LAN]
    #[arg(long, value_name = "NAME", global = true)]
    interface: Vec<String>,
    /// Longest time for everything, as in 10s, 500ms or 10 (seconds)
    #[arg(long, value_name = "TIME", default_value = "12s", value_parser = parse_timeout, global = true)]
    timeout: Duration,
    /// TTL of the searches; more than 1 can leave the LAN and feed a storm
    #[arg(long, value_name = "HOPS", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=32), global = true)]
    ttl: u8,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// A table; plain columns where the output is no terminal
    Text,
    /// An array of gateways
    Json,
}

/// Looks and prints. Exit status 0: looked, whatever was found; 2: could not look.
#[must_use]
pub fn run(args: &UpnpArgs) -> ExitCode {
    let UpnpArgs { command: None | Some(UpnpCommand::List), list } = args;
    match look(list).and_then(|(discovery, searched)| print(list, &discovery, &searched)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("upnp: could not look: {error:#}");
            ExitCode::from(COULD_NOT_LOOK)
        }
    }
}

fn look(args: &ListArgs) -> anyhow::Result<(Discovery, Vec<Interface>)> {
    let chosen = choose(interfaces::list()?, &args.interface)?;
    let mut settings = Settings::within(args.timeout);
    settings.search.ttl = args.ttl;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let progress = progress(&chosen, &settings);
    let discovery = runtime.block_on(upnp::discover(&chosen, &settings, &StopProbes::default(), &Clock::start()));
    progress.finish_and_clear();
    Ok((discovery, chosen))
}

/// The interfaces asked for, or every one on which a LAN can be: up, with an address, able to multicast, not the
/// loopback, and not a part of a bridge or bond.
fn choose(all: Vec<Interface>, wanted: &[String]) -> anyhow::Result<Vec<Interface>> {
    let names = all.iter().map(|i| i.name.to_string()).collect::<Vec<_>>().join(", ");
    if wanted.is_empty() {
        let lan = |i: &Interface| i.up && i.multicast && !i.loopback && !i.enslaved && !i.addresses.is_empty();
        let chosen = all.into_iter().filter(lan).collect::<Vec<_>>();
        anyhow::ensure!(
            !chosen.is_empty(),
            "no interface is up, has an address and can multicast; this computer has {names}. Connect it, or name one \
             with --interface"
        );
        return Ok(chosen);
    }
    let mut chosen: Vec<Interface> = Vec::new();
    for name in wanted {
        let Some(interface) = all.iter().find(|i| *i.name == **name) else {
            anyhow::bail!("there is no interface \"{}\"; this computer has {names}", view::upnp::printable(name));
        };
        anyhow::ensure!(interface.up, "interface {name} is down: connect it, or bring it up");
        anyhow::ensure!(!interface.addresses.is_empty(), "interface {name} has no address to search from");
        if !chosen.contains(interface) {
            chosen.push(interface.clone());
        }
    }
    Ok(chosen)
}

fn progress(chosen: &[Interface], settings: &Settings) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let names = chosen.iter().map(|i| &*i.name).collect::<Vec<_>>().join(", ");
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.set_message(format!("Searching {names}, at most {:.0} s", settings.total.as_secs_f64()));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn print(args: &ListArgs, discovery: &Discovery, chosen: &[Interface]) -> anyhow::Result<ExitCode> {
    for problem in &discovery.problems {
        eprintln!("upnp: {}", view::upnp::printable(problem));
    }
    if discovery.interfaces.is_empty() {
        anyhow::bail!("no interface could be searched");
    }
    let mut around = Around::read(Clock::start().now())?;
    around.know(&discovery.devices);
    let assessment = reach::assess_now(&discovery.gateways, &around.surroundings(None));
    let judged = || discovery.gateways.iter().map(|g| view::reach::lines(g, &assessment, Language::English));
    let text = match args.format {
        Format::Json => view::reach::json_text(&discovery.gateways, &assessment, Language::English),
        Format::Text if io::stdout().is_terminal() => {
            view::upnp::render(discovery, &mut draw) + &judged().collect::<String>()
        }
        Format::Text => view::upnp::plain(discovery) + &judged().collect::<String>(),
    };
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // `| head` has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        outcome => outcome?,
    }
    let searched = chosen.iter().filter(|i| discovery.interfaces.contains(&i.name)).map(searched_from);
    let searched = searched.collect::<Vec<_>>();
    let seconds = Settings::within(args.timeout).search.window.as_secs_f64();
    if let Some(explanation) = view::upnp::silence(discovery, &searched, seconds) {
        eprint!("{explanation}");
    }
    Ok(ExitCode::SUCCESS)
}

/// `eth0 (192.168.1.5)`.
fn searched_from(interface: &Interface) -> String {
    let address = interface.addresses.first().map(|(address, _)| format!(" ({address})")).unwrap_or_default();
    format!("{}{address}", interface.name)
}

/// A table as wide as the terminal. Box drawing characters are two cells wide in CJK terminals: there, and where the
/// locale is not UTF-8, borders are ASCII.
fn draw(head: &[&str], rows: &[Vec<String>]) -> String {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    let mut table = Table::new();
    table.load_style(if draws_boxes(&locale.unwrap_or_default()) {
        presets::UTF8_FULL_CONDENSED
    } else {
        presets::ASCII_FULL_CONDENSED
    });
    table.set_content_arrangement(ContentArrangement::Dynamic).set_header(head.to_vec());
    table.add_rows(rows.iter().cloned());
    // Some terminals (serial lines, `script`) say they have no columns.
    if table.width().is_none_or(|width| width < MIN_WIDTH) {
        table.set_width(DEFAULT_WIDTH);
    }
    format!("{table}\n")
}

fn draws_boxes(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    utf8 && !["ja", "zh", "ko"].iter().any(|language| locale.starts_with(language))
}

/// `10s`, `500ms`, `2m` or `10`; from 1 s to 5 minutes.
fn parse_timeout(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number.parse().map_err(|_| "write a time as in 10s, 500ms or 2m".to_owned())?;
    let seconds = match unit.trim() {
        "" | "s" => number,
        "ms" => number / 1000.0,
        "m" | "min" => number * 60.0,
        _ => return Err("the unit must be ms, s or m".into()),
    };
    if !(1.0..=300.0).contains(&seconds) {
        return Err("it must be from 1s to 5m".into());
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

    fn interface(name: &str) -> Interface {
        Interface {
            name: name.into(),
            index: 2,
            mac: None,
            addresses: vec![([192, 168, 1, 5].into(), 24)],
            up: true,
            loopback: false,
            multicast: true,
            enslaved: false,
        }
    }

    #[test]
    fn interfaces_are_chosen_or_the_choice_is_explained() {
        let loopback = Interface { loopback: true, ..interface("lo") };
        let port = Interface { enslaved: true, ..interface("eth1") };
        let down = Interface { up: false, ..interface("eth2") };
        let all = vec![loopback, interface("eth0"), port, down];
        let check = |wanted: &[&str], expected: Result<&[&str], &str>| {
            let wanted = wanted.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
            let chosen = choose(all.clone(), &wanted);
            let chosen = chosen.map(|c| c.iter().map(|i| i.name.to_string()).collect::<Vec<_>>());
            match (chosen, expected) {
                (Ok(names), Ok(expected)) => assert_eq!(names, expected),
                (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
                (chosen, _) => panic!("{wanted:?}: {chosen:?}"),
            }
        };
        check(&[], Ok(&["eth0"]));
        check(&["lo", "eth0", "lo"], Ok(&["lo", "eth0"]));
        check(&["eth7"], Err("this computer has lo, eth0, eth1, eth2"));
        check(&["eth2"], Err("eth2 is down"));
    }

    #[test]
    fn borders_follow_the_locale() {
        assert!(draws_boxes("en_US.UTF-8"));
        assert!(!draws_boxes("ja_JP.UTF-8"));
        assert!(!draws_boxes("C"));
        assert!(!draws_boxes(""));
    }
}
