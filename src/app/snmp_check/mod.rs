//! `stormglass snmp check`: looks at one device once and prints what it found. Judges nothing, and knows no protocol.

mod gather;
mod given;

use self::given::Credentials;
use super::cli::{COULD_NOT_LOOK, fail};
use super::config::{self, Config, Interval};
use super::lang::{Lang, language};
use crate::io::clock::Clock;
use crate::io::snmp::{self, Auth, Client, Located, PORT, Place};
use crate::model::text::Language;
use crate::view::text::Style;
use crate::view::{lang, snmp_check as view};
use clap::{Args, Subcommand, ValueEnum};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Something to mend was found.
const FOUND: u8 = 1;
/// Columns where the terminal does not say.
const WIDTH: usize = 100;
/// Longest time that counters are watched.
const MAX_WATCH: Duration = Duration::from_secs(600);

/// SNMP devices.
#[derive(Args, Clone, Debug)]
pub struct SnmpArgs {
    #[command(subcommand)]
    command: SnmpCommand,
}

#[derive(Subcommand, Clone, Debug)]
enum SnmpCommand {
    /// Say in one screen whether a device answers, what it has, what is missing, and what to do about it.
    ///
    /// Exit code 0: nothing to mend, 1: something to mend, 2: it does not answer, or could not be asked.
    Check(CheckArgs),
}

/// `stormglass snmp check`.
#[derive(Args, Clone, Debug)]
struct CheckArgs {
    /// Name of a target in the configuration, or an address: 192.168.1.2, [fd00::2]:161, switch.lan
    target: String,
    /// Configuration with the target or the credentials
    #[arg(long = "config.file", value_name = "FILE")]
    config_file: Option<PathBuf>,
    #[command(flatten)]
    credentials: Credentials,
    /// One screen for people, or JSON for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Language of the sentences [default: by LC_ALL, LC_MESSAGES or LANG; en if they say neither]
    #[arg(long, value_enum)]
    lang: Option<Lang>,
    /// How long the counters are watched for their refresh period, up to 10m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = watch_time)]
    watch: Duration,
    /// How long each walk of the device may take
    #[arg(long, value_name = "TIME", default_value = "10s")]
    timeout: Interval,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// One screen
    Text,
    /// An object
    Json,
}

fn watch_time(text: &str) -> Result<Duration, String> {
    let time = text.parse::<Interval>()?.0;
    if (Duration::from_secs(1)..=MAX_WATCH).contains(&time) {
        Ok(time)
    } else {
        Err("it must be from 1s to 10m".into())
    }
}

/// Looks and prints.
#[must_use]
pub fn run(args: &SnmpArgs) -> ExitCode {
    let SnmpCommand::Check(args) = &args.command;
    let language = language(args.lang);
    match look(args, language).and_then(|check| print(args, &check, language)) {
        Ok(code) => code,
        Err(error) => fail(&lang::of_target(&format!("{error:#}"), language)),
    }
}

fn look(args: &CheckArgs, language: Language) -> anyhow::Result<view::Check> {
    let config = args.config_file.as_deref().map_or_else(|| Ok(Config::default()), config::load)?;
    let target = chosen(args, &config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let looked = runtime.block_on(async {
        let clock = Clock::start();
        let found = target.target(clock.now()).await?;
        let client = Client::start(clock);
        let plan = gather::Plan { target: &found, watch: args.watch, timeout: args.timeout.0, language };
        Ok::<_, anyhow::Error>(gather::gather(&client, &clock, &plan).await)
    });
    // A resolver that does not answer keeps its thread; nobody needs to wait for it.
    runtime.shutdown_background();
    looked
}

/// A target of the configuration, by name or address, or one that is nowhere written.
fn chosen(args: &CheckArgs, config: &Config) -> anyhow::Result<Located> {
    let given = args.credentials.auth(config).map_err(anyhow::Error::msg)?;
    let place = Place::parse(&args.target, PORT);
    let known = config.snmp.targets.iter().find(|target| {
        target.name.value == args.target || place.as_ref().is_ok_and(|place| target.place().as_ref() == Ok(place))
    });
    let (mut target, place) = match known {
        Some(known) => {
            let settings = known.settings(&config.snmp);
            let settings = settings.ok_or_else(|| anyhow::anyhow!("the target has no credentials"))?;
            (settings, known.place().map_err(anyhow::Error::msg)?)
        }
        None => {
            let auth = config.snmp.credentials().get(config::DEFAULT_AUTH);
            let auth = auth.cloned().unwrap_or_else(|| Auth::v2c("public"));
            let mut target = snmp::Target::new(args.target.as_str(), ([0, 0, 0, 0], 0).into(), auth);
            config.snmp.gentleness().apply(&mut target);
            (target, place.map_err(anyhow::Error::msg)?)
        }
    };
    if let Some(auth) = given {
        target.auth = auth;
    }
    Ok(Located::new(target, place))
}

fn print(args: &CheckArgs, check: &view::Check, language: Language) -> anyhow::Result<ExitCode> {
    let text = match args.format {
        Format::Json => format!("{:#}\n", view::json(check, language)),
        Format::Text => {
            let columns = comfy_table::Table::new().width().map_or(WIDTH, usize::from);
            let width = if io::stdout().is_terminal() { columns } else { WIDTH };
            view::text(check, Style { width, language, ..Style::PLAIN })
        }
    };
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // `| head` has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        outcome => outcome?,
    }
    Ok(match (&check.facts, view::findings(check, language).is_empty()) {
        (None, _) => ExitCode::from(COULD_NOT_LOOK),
        (Some(_), true) => ExitCode::SUCCESS,
        (Some(_), false) => ExitCode::from(FOUND),
    })
}

#[cfg(test)]
mod tests;
