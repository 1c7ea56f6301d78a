//! `stormglass-harness agents`: thousands of SNMP agents in one process, for as long as one says. What they answer is the
//! library's.

use super::{Failure, print};
use clap::{Args, ValueEnum};
use nix::sys::resource::{UsageWho, getrusage};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use stormglass_harness::snmp::faults::{self, FAULTS, Setting};
use stormglass_harness::snmp::fleet::serve::Served;
use stormglass_harness::snmp::fleet::{Addresses, Fleet, FleetOptions, Totals};
use stormglass_harness::snmp::{Manners, Table, template, walk_file};

/// Largest walk read, bytes.
const MAX_WALK: u64 = 256 << 20;
/// Longest run: a forgotten one ends by itself.
const MAX_SECONDS: u64 = 86_400;
/// How often the figures are written.
const STATS_EVERY: Duration = Duration::from_millis(250);

/// What `--print-config` can print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// A configuration of stormglass with every agent as a target.
    Stormglass,
    /// A file of Prometheus' file_sd with every agent.
    FileSd,
    /// A scrape configuration of Prometheus that asks an exporter about every agent.
    Prometheus,
    /// Addresses alone, one a line.
    List,
}

/// `stormglass-harness agents`.
#[derive(Debug, Args)]
#[command(after_long_help = faults_help())]
pub(crate) struct AgentsArgs {
    /// Agents.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) count: u32,
    /// Ports of each; 20000 is a chassis.
    #[arg(long, default_value_t = 52, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    ports: u32,
    /// A port for each agent, from this one on.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:20000")]
    base: String,
    /// An address for each agent instead, all on `--port`: one socket serves them all.
    #[arg(long, value_name = "NETWORK", conflicts_with = "base")]
    addresses: Option<String>,
    /// The port with `--addresses`.
    #[arg(long, default_value_t = 1161, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// `switch`, or a recorded walk (`.snmprec`) that every agent answers from, its interface counters going on.
    #[arg(long, value_name = "switch|FILE", default_value = "switch")]
    template: String,
    /// Decides counters, uptimes, luck, and who has which fault.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many never answer; they are spread evenly.
    #[arg(long, default_value_t = 0)]
    dead: u32,
    /// How agents go wrong: `NAME[+][=VALUE][@SHARE]`, with commas. `--help` lists the names.
    #[arg(long, value_name = "LIST", default_value = "")]
    faults: String,
    /// The community that they answer to.
    #[arg(long, default_value = "public")]
    pub(crate) community: String,
    /// Longest answer, bytes: 1472 fits an Ethernet frame, 65000 a datagram.
    #[arg(long, default_value_t = 1472, value_parser = clap::value_parser!(u32).range(484..=65_000))]
    reply_bytes: u32,
    /// Rows that they answer to a GETBULK at most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    max_repetitions: i64,
    /// End after so many seconds.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=MAX_SECONDS))]
    seconds: u64,
    /// Write requests, replies and bytes here, four times a second.
    #[arg(long, value_name = "FILE")]
    stats: Option<PathBuf>,
    /// Print a configuration with every agent in it, and end.
    #[arg(long, value_name = "FORM")]
    print_config: Option<Form>,
    /// The polling interval in what `--print-config` prints.
    #[arg(long, default_value = "60s")]
    pub(crate) interval: String,
    /// How long a poll may take there.
    #[arg(long, default_value = "10s")]
    pub(crate) timeout: String,
    /// The exporter that `--print-config prometheus` asks.
    #[arg(long, default_value = "127.0.0.1:10116")]
    pub(crate) exporter: String,
}

/// The faults for the long help, from their list.
fn faults_help() -> String {
    let mut text = "Faults (a + after the name sends the right answer too, where it is shown):\n".to_owned();
    for kind in FAULTS {
        let value = match kind.setting {
            Setting::None => String::new(),
            Setting::Chance(default) => format!("={default}"),
            Setting::Time(millis) if millis % 1000 == 0 => format!("={}s", millis / 1000),
            Setting::Time(millis) => format!("={millis}ms"),
            Setting::Number(default) => format!("={default}"),
        };
        let name = format!("{}{}{value}", kind.name, if kind.replaces { "[+]" } else { "" });
        let _ = writeln!(text, "  {name:<22} {}", kind.help);
    }
    text + "\nExample: --faults 'loss=5%,reboot=5m@10%,wrong-id+@1%'"
}

/// Runs it.
pub(crate) fn run(args: &AgentsArgs) -> Result<ExitCode, Failure> {
    let addresses = match &args.addresses {
        Some(network) => Addresses::hosts(network, args.port)?,
        None => Addresses::ports(&args.base)?,
    };
    if let Some(form) = args.print_config {
        std::io::stdout().lock().write_all(print::config(form, args, addresses)?.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let (table, recorded) = table(args)?;
    let manners = Manners {
        community: args.community.clone(),
        max_reply_bytes: args.reply_bytes as usize,
        max_repetitions: args.max_repetitions,
        faults: Vec::new(),
    };
    let faults = faults::parse(&args.faults).map_err(|error| format!("--faults: {error}"))?;
    let (count, dead, seed) = (args.count, args.dead, args.seed);
    let options = FleetOptions { count, dead, addresses, table, recorded, seed, manners, faults };
    let fleet = Fleet::new(&options)?;
    drop(options);
    let mut served = Served::open(fleet)?;
    let last = addresses.of(count - 1).map(|address| address.to_string()).unwrap_or_default();
    let first = addresses.of(0).map(|address| address.to_string()).unwrap_or_default();
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "ready: {count} agents at {first} to {last}, {dead} of them dead, for {} s", args.seconds)?;
    stdout.flush()?;
    let until = Duration::from_secs(args.seconds);
    let mut written = (Totals::default(), Duration::ZERO);
    served.run(|totals, elapsed| {
        if let Some(file) = &args.stats
            && (elapsed >= written.1 + STATS_EVERY || written.1.is_zero())
        {
            // Figures that cannot be written must not end the run; the reader sees that they stand still.
            let _ = write_stats(file, totals);
            written = (*totals, elapsed);
        }
        elapsed < until
    })?;
    writeln!(stdout, "{}", summary(&served.totals())?)?;
    Ok(ExitCode::SUCCESS)
}

/// What every agent knows, and whether it was recorded.
fn table(args: &AgentsArgs) -> Result<(Table, bool), Failure> {
    if args.template == "switch" {
        return Ok((template::switch(args.ports), false));
    }
    let file = Path::new(&args.template);
    let failed = |error: &dyn std::fmt::Display| format!("--template {}: {error}", file.display());
    let size = std::fs::metadata(file).map_err(|error| failed(&error))?.len();
    if size > MAX_WALK {
        return Err(failed(&format_args!("larger than {} MiB; is it a walk?", MAX_WALK >> 20)).into());
    }
    let text = std::fs::read(file).map_err(|error| failed(&error))?;
    let mut table = walk_file::parse(&text).map_err(|error| failed(&error))?;
    template::enliven(&mut table);
    Ok((table, true))
}

/// Written beside and then moved into place, so that a reader never sees half of it.
fn write_stats(file: &Path, totals: &Totals) -> std::io::Result<()> {
    let Totals { requests, replies, reply_bytes, refused } = totals;
    let beside = file.with_extension("new");
    std::fs::write(
        &beside,
        format!("requests {requests}\nreplies {replies}\nbytes {reply_bytes}\nrefused {refused}\n"),
    )?;
    std::fs::rename(beside, file)
}

fn summary(totals: &Totals) -> Result<String, Failure> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    let each = cpu * 1e6 / (totals.requests.max(1) as f64);
    let Totals { requests, replies, reply_bytes, refused } = totals;
    Ok(format!(
        "requests={requests} replies={replies} bytes={reply_bytes} refused={refused} cpu_s={cpu:.2} \
         us_per_request={each:.1} peak_mib={}",
        usage.max_rss() / 1024
    ))
}
