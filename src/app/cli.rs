//! The command line of `stormglass`: flags after the exporters' conventions, and one exit code for each kind of answer.

use super::config::listen_address;
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Could not look, or a user error.
pub const COULD_NOT_LOOK: u8 = 2;

/// Detects packet storms in a local network and names the culprit, the cause and the remedy.
#[derive(Debug, Parser)]
#[command(name = "stormglass", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch the network: poll, capture, search, explain; metrics and a page at :10116.
    Serve(ServeArgs),
    /// Show a storm on a simulated home network, on this computer alone.
    #[cfg(feature = "demo")]
    Demo(super::demo::DemoArgs),
    /// Diagnose capture files (pcap, pcapng, plain, gzip or zstd). Exit code 0: nothing found, 1: something, 2: could not look.
    Analyze(super::analyze::AnalyzeArgs),
    /// Ask the network what is wrong with it, before it breaks. Exit code 0: nothing found, 1: something, 2: could not look.
    #[command(long_about = super::doctor::ABOUT)]
    Doctor(super::doctor::DoctorArgs),
    /// The last storms, from the history on the disk (`--storage.path`), also while the service runs.
    Last(super::last::LastArgs),
    /// Say of a storm that somebody is on it.
    Acknowledge(super::say::AcknowledgeArgs),
    /// Send no messages of a storm, a device or a cause until a time; it is shown all the same.
    Mute(super::say::MuteArgs),
    /// What is acknowledged and muted.
    Mutes(super::say::MutesArgs),
    /// Take back an acknowledgement or a mute.
    Unmute(super::say::UnmuteArgs),
    /// The causes of storms that are known, and in what each is seen.
    Causes(super::explain::CausesArgs),
    /// One cause: what it is, how it is recognised, what to do, what looks alike, where to read on.
    Explain(super::explain::ExplainArgs),
    /// Who is told of storms: try each way to a person.
    Notify(super::notify::NotifyArgs),
    /// Everything that answers UPnP, and every port mapping.
    Upnp(super::upnp::UpnpArgs),
    /// A configuration to begin with, by what this computer has; nothing is sent.
    Init(super::init::InitArgs),
    /// Every metric of /metrics: name, type, labels, unit and meaning.
    Metrics(super::metrics::MetricsArgs),
    /// What an SNMP device answers, and what of it is of use.
    Snmp(Box<super::snmp_check::SnmpArgs>),
    /// What a shell needs to complete the command line.
    Completions(super::manual::CompletionsArgs),
    /// Write the manual pages and completions of both programs, for whoever packages them.
    #[command(hide = true)]
    Manual(super::manual::ManualArgs),
}

/// `stormglass serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// YAML configuration; without one, this host's own counters and interfaces are watched.
    #[arg(long = "config.file", value_name = "FILE")]
    pub config_file: Option<PathBuf>,
    /// Check the configuration and exit: 0 if it is good, 2 if not.
    #[arg(long = "config.check")]
    pub config_check: bool,
    /// Where to listen, `[ADDRESS]:PORT`; repeatable. [default: :10116]
    #[arg(long = "web.listen-address", value_name = "ADDRESS", value_parser = listen_address)]
    pub listen: Vec<SocketAddr>,
    /// Keep the frames around the onset of every storm in this folder, as pcapng; outranks the configuration.
    #[arg(long = "recorder.path", value_name = "FOLDER")]
    pub recorder_path: Option<PathBuf>,
    /// Keep the history of storms in this folder, so that it outlives the program; outranks the configuration.
    #[arg(long = "storage.path", value_name = "FOLDER")]
    pub storage_path: Option<PathBuf>,
    /// TLS, users and headers of the web server, in the format of Prometheus' exporter-toolkit; read anew when it changes.
    #[arg(long = "web.config.file", value_name = "FILE")]
    pub web_config_file: Option<PathBuf>,
    /// Let `POST /-/reload` read the configuration anew; SIGHUP always does.
    #[arg(long = "web.enable-lifecycle")]
    pub enable_lifecycle: bool,
    /// What to log: error, warn, info, debug, trace.
    #[arg(long = "log.level", value_name = "LEVEL", default_value = "info",
          value_parser = ["error", "warn", "info", "debug", "trace"])]
    pub log_level: String,
    /// How to log.
    #[arg(long = "log.format", value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    pub log_format: String,
}

/// Runs the command line of `stormglass`.
#[must_use]
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(args) => super::serve::main(&args),
        #[cfg(feature = "demo")]
        Command::Demo(args) => super::demo::main(&args),
        Command::Analyze(args) => super::analyze::run(&args),
        Command::Doctor(args) => super::doctor::run(&args),
        Command::Last(args) => super::last::run(&args),
        Command::Acknowledge(args) => super::say::acknowledge(&args),
        Command::Mute(args) => super::say::mute(&args),
        Command::Mutes(args) => super::say::list(&args),
        Command::Unmute(args) => super::say::unmute(&args),
        Command::Causes(args) => super::explain::list(&args),
        Command::Explain(args) => super::explain::one(&args),
        Command::Notify(args) => super::notify::run(&args),
        Command::Upnp(args) => super::upnp::run(&args),
        Command::Init(args) => super::init::run(&args),
        Command::Metrics(args) => super::metrics::run(&args),
        Command::Snmp(args) => super::snmp_check::run(&args),
        Command::Completions(args) => super::manual::completions(&args),
        Command::Manual(args) => super::manual::run(&args),
    }
}

/// The command line as data.
#[must_use]
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Prints `text`, which is `what` in the message where that is not possible.
#[must_use]
pub fn print(what: &str, text: &str) -> ExitCode {
    use std::io::Write as _;
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        // As with `| head`: whoever reads has had enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{what} can't be printed: {error}")),
    }
}

/// Prints an error the way a person can act on: one line, no backtrace.
#[must_use]
pub fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    use std::io::Write as _;
    // Standard error may be closed; then there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "stormglass: {error}");
    ExitCode::from(COULD_NOT_LOOK)
}
