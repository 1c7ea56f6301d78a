//! `stormglass doctor`: asks, shows, and answers with an exit status. What is sent when is `visit`'s; what it means is
//! `explain::checks`'.

mod help;
mod round;
mod visit;

pub(super) use help::ABOUT;
pub use visit::{Manners, Visit};

use super::cli::fail;
use super::config::{self, Config, Interval};
use super::lang::Lang;
use super::upnp::screen::{Screen, ask};
use crate::explain::checks;
use crate::io::clock;
use crate::io::interfaces::{self, Interface};
use crate::model::text::{Language, Text};
use crate::view;
use crate::view::doctor::Examination;
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// How long it listens before it sends anything, where nobody says.
const LISTEN_FIRST: Duration = Duration::from_secs(2);
/// Longest time to listen.
const MAX_WATCH: Duration = Duration::from_secs(3600);
/// Interfaces examined at once; the budget of packets is shared by all.
const MAX_INTERFACES: usize = 4;

/// Ask the network before it breaks.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = help::after())]
pub struct DoctorArgs {
    /// Interface to examine; may be repeated [default: every one that is up and on a LAN, at most 4]
    #[arg(long, value_name = "NAME")]
    interface: Vec<String>,
    /// Send nothing at all: only listen
    #[arg(long, conflicts_with = "yes")]
    passive: bool,
    /// Agree to the searches (guard_search, guard_ws_discovery, guard_mdns and upnp_search below) without being asked
    #[arg(long)]
    yes: bool,
    /// How long to listen before anything is sent, up to 1h; queries for memberships come every 125 s
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = watch_time)]
    watch: Duration,
    /// One screen for people, or JSON for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Also write a page to hand on (HTML in one file, in the language of --lang)
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Language of sentences [default: by LC_ALL, LC_MESSAGES or LANG; en if they say neither]
    #[arg(long, value_enum)]
    lang: Option<Lang>,
    /// Configuration of stormglass: its SNMP targets are asked, its names and upnp.map_e are used
    #[arg(long = "config.file", value_name = "FILE")]
    config_file: Option<PathBuf>,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// One screen
    Text,
    /// An object
    Json,
}

const NO_INTERFACE: Text = Text {
    en: "no interface is up and on a LAN: `ip link` lists those there are, --interface chooses one",
    ja: "有効でLANにつながっているインターフェースがありません。`ip link` で一覧を確かめ、--interface で指定してください",
};
const NO_SUCH: Text = Text {
    en: "there is no such interface, or it is down or a loopback: `ip link` lists those there are",
    ja: "指定されたインターフェースがないか、停止中またはループバックです。`ip link` で一覧を確かめてください",
};
const CONSENT: Text = Text {
    en: "Nothing has come back so far. May it now send three marked searches (SSDP, WS-Discovery, mDNS; TTL 2) on each \
         interface, and then look for UPnP gateways (TTL 1)? If a router is wired wrongly, the mark can circle: then unplug the WAN-side cable of the router \
         that was added last. [y/N] ",
    ja: "ここまで、戻ってきたパケットはありません。目印付きの探索3個(SSDP、WS-Discovery、mDNS。TTL 2)を各インターフェースで送信し、続けてUPnPゲートウェイを\
         探索(TTL 1)してよいですか? ルーターの配線に誤りがあると、目印が回り続けることがあります。その場合は、最後に追加した\
         ルーターのWAN側ケーブルを抜いてください。[y/N] ",
};

fn watch_time(text: &str) -> Result<Duration, String> {
    let time = text.parse::<Interval>()?.0;
    if (LISTEN_FIRST..=MAX_WATCH).contains(&time) { Ok(time) } else { Err("it must be from 2s to 1h".into()) }
}

/// Looks and prints.
#[must_use]
pub fn run(args: &DoctorArgs) -> ExitCode {
    match examine(args) {
        Ok(code) => ExitCode::from(code),
        Err(error) => fail(&format!("{error:#}")),
    }
}

fn examine(args: &DoctorArgs) -> anyhow::Result<u8> {
    let screen = Screen::new(args.lang);
    // Before anything is sent: who has written it wrong should not have to wait.
    let config = args.config_file.as_deref().map_or_else(|| Ok(Config::default()), config::load)?;
    let interfaces = chosen(interfaces::list()?, &args.interface, screen.language)?;
    let places = interfaces.iter().map(place).collect::<Vec<_>>();
    let progress = progress(screen.language);
    let manners = Manners { passive: args.passive, agreed: args.yes, listen_first: args.watch };
    let visit = Visit {
        interfaces: &interfaces,
        manners,
        config: &config,
        tell: &|step| progress.set_message(step.template(screen.language)),
        ask: &|| progress.suspend(|| ask(CONSENT.template(screen.language))).ok().flatten().unwrap_or(false),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let seen = runtime.block_on(visit.look());
    // A resolver that does not answer keeps its thread; nobody needs to wait for it.
    runtime.shutdown_background();
    progress.finish_and_clear();
    let seen = seen?;
    let checked = checks::examine(&seen.look);
    let status = checks::exit_status(&checked);
    let examination = Examination { places, checked, sent: seen.sent, took: seen.took, at: seen.at };
    match args.format {
        Format::Json => screen.json(&view::doctor::json(&examination, screen.language), false)?,
        Format::Text => {
            let text = view::doctor::text(&examination, screen.language, &mut |head, rows| {
                if screen.terminal { screen.draw(head, rows) } else { view::upnp::columns(head, rows) }
            });
            screen.print(&text)?;
        }
    }
    if let Some(path) = &args.report {
        let zone = clock::utc_offset_seconds(examination.at);
        std::fs::write(path, view::report::examination(&examination, zone, screen.language))
            .with_context(|| format!("the report cannot be written to {}; choose another file", path.display()))?;
    }
    Ok(status)
}

/// An interface with its address: `eth0 (192.168.1.30)`.
#[must_use]
pub fn place(interface: &Interface) -> String {
    let address = interface.addresses.iter().find(|(ip, _)| ip.is_ipv4()).or(interface.addresses.first());
    address.map_or_else(|| interface.name.to_string(), |(ip, _)| format!("{} ({ip})", interface.name))
}

/// The interfaces asked for, or every one that a LAN can be on.
fn chosen(all: Vec<Interface>, wanted: &[String], language: Language) -> anyhow::Result<Vec<Interface>> {
    let usable = |one: &Interface| one.up && !one.loopback && one.mac.is_some();
    if wanted.is_empty() {
        let lan = |one: &Interface| usable(one) && one.multicast && !one.enslaved;
        let chosen = all.into_iter().filter(lan).take(MAX_INTERFACES).collect::<Vec<_>>();
        anyhow::ensure!(!chosen.is_empty(), NO_INTERFACE.template(language));
        return Ok(chosen);
    }
    let mut chosen: Vec<Interface> = Vec::new();
    for name in wanted {
        let found = all.iter().find(|one| *one.name == **name && usable(one));
        let found =
            found.ok_or_else(|| anyhow::anyhow!("{}: {}", view::upnp::printable(name), NO_SUCH.template(language)))?;
        if !chosen.contains(found) && chosen.len() < MAX_INTERFACES {
            chosen.push(found.clone());
        }
    }
    Ok(chosen)
}

fn progress(language: Language) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.set_message(visit::LISTENING.template(language));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::probe::PROBES;

    #[test]
    fn every_packet_is_told_to_users() {
        let help = help::after();
        let readme =
            |name: &str| std::fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).expect("a README");
        let (english, japanese) = (readme("README.md"), readme("README.ja.md"));
        for probe in PROBES {
            assert!(help.contains(probe.id) && help.contains(probe.what.en), "{}", probe.id);
            let row = |what: &str| format!("| `{}` | {} | {} |", probe.id, probe.most, what);
            assert!(english.contains(&row(probe.what.en)), "README.md: {}", row(probe.what.en));
            assert!(japanese.contains(&row(probe.what.ja)), "README.ja.md: {}", row(probe.what.ja));
        }
    }

    #[test]
    fn times_to_listen() {
        assert_eq!(watch_time("60s"), Ok(Duration::from_secs(60)));
        assert!(watch_time("1s").is_err() && watch_time("2h").is_err() && watch_time("60").is_err());
    }
}
