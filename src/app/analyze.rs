//! `stormglass analyze FILE…`: the diagnosis of `serve` on capture files. Wires files to tallies to the engine, and
//! knows no rule by which a verdict is reached.

mod lane;
mod plan;
pub(super) mod show;
mod when;

pub use when::Moment;

use crate::app::lang::Lang;
use crate::engine::{Engine, Input, Settings};
use crate::explain::causes::Times;
use crate::io::capture::file::is_stdin;
use crate::io::clock::utc_offset_seconds;
use crate::model::frames::{OwnerClaim, OwnerProof};
use crate::model::verdict::Verdict;
use crate::model::{MacAddr, Time};
use crate::observe::chronicle::Chronicle;
use indicatif::{ProgressBar, ProgressStyle};
use lane::Common;
use plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use when::Span;

/// Time that passes without frames is lived through in steps of a second for this long, in which every storm is over;
/// the rest of a gap is skipped.
const GAP_TICKS: u32 = 30;
const SECOND: Duration = Duration::from_secs(1);
/// Claims of ownership passed from one capture to the others.
const MAX_SHARED_CLAIMS: usize = 4096;

/// What to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a person.
    #[default]
    Text,
    /// For a program.
    Json,
}

/// `IP=MAC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerArg {
    ip: IpAddr,
    mac: MacAddr,
}

impl FromStr for OwnerArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (ip, mac) = text.split_once('=').ok_or("write IP=MAC, as in 192.168.1.10=3c:84:6a:10:00:c8")?;
        let ip = ip.parse().map_err(|_| format!("{ip:?} is not an IP address, as 192.168.1.10 is"))?;
        let mac = mac.parse().map_err(|error| format!("{mac:?} is {error}"))?;
        Ok(Self { ip, mac })
    }
}

/// Arguments of `stormglass analyze`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Several files are taken as captures of one network and judged together; the parts of a capture \
                        that was rotated may be named in any order.\n\
                        Exit code: 0 nothing found, 1 something found, 2 could not look."
)]
pub struct AnalyzeArgs {
    /// Captures, pcap or pcapng, plain, gzip or zstd; `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// What to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write a report to hand on, too: one HTML page that needs nothing else.
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Language of text and report [default: by LC_ALL, LC_MESSAGES or LANG; en if they say neither]
    #[arg(long, value_enum)]
    pub lang: Option<Lang>,
    /// Hide who is who, to hand the answer on: MAC addresses keep the maker's half, addresses and names are replaced.
    #[arg(long)]
    pub redact: bool,
    /// Look at frames from this moment on: RFC 3339, local time, or +SECONDS after the first frame.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub from: Option<Moment>,
    /// Look at frames up to this moment.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub to: Option<Moment>,
    /// Look at no more frames than this: a bound in time for files of unknown origin.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_frames: Option<u64>,
    /// The MAC that an address really belongs to, where the capture does not show it (repeatable).
    #[arg(long = "owner", value_name = "IP=MAC")]
    pub owners: Vec<OwnerArg>,
}

/// What came of it.
#[derive(Debug, Default)]
struct Outcome {
    frames: u64,
    /// Frames that could be read; the others are of an unknown link type or cut too short.
    readable: u64,
    /// Frames that the capturing system dropped.
    dropped: u64,
    first: Option<Time>,
    last: Option<Time>,
    verdicts: Vec<Arc<Verdict>>,
    problems: Vec<String>,
    /// A file of which nothing could be used.
    unseen: bool,
    /// What the files call addresses.
    names: BTreeMap<IpAddr, Arc<str>>,
    chronicle: Option<Chronicle>,
}

impl Outcome {
    fn span(&self) -> Duration {
        match (self.first, self.last) {
            (Some(first), Some(last)) => last.since(first),
            _ => Duration::ZERO,
        }
    }
}

/// Reads the files, prints what was found, and says by the exit code whether something was: 0 no, 1 yes, 2 could not
/// look (a file that cannot be opened or is no capture, unless the others show something; a report that cannot be
/// written).
#[must_use]
pub fn run(args: &AnalyzeArgs) -> ExitCode {
    let mut errors = std::io::stderr().lock();
    if args.files.iter().filter(|path| is_stdin(path)).count() > 1 {
        let _ = writeln!(errors, "stormglass analyze: standard input (-) can be read only once");
        return ExitCode::from(2);
    }
    let outcome = match look(args) {
        Ok(outcome) => outcome,
        Err(error) => {
            let _ = writeln!(errors, "stormglass analyze: {error}");
            return ExitCode::from(2);
        }
    };
    for problem in &outcome.problems {
        let _ = writeln!(errors, "stormglass analyze: {problem}");
    }
    let blind = outcome.readable == 0;
    if !blind || args.format == Format::Json {
        // A reader that has gone away, as `head` does, is no reason to fail.
        let _ = std::io::stdout().lock().write_all(show::answer(args, &outcome).as_bytes());
    }
    let unwritten = args.report.as_ref().filter(|_| !blind).and_then(|path| {
        let error = std::fs::write(path, show::report(args, &outcome)).err()?;
        Some(format!("the report cannot be written to {}: {error}; choose another file", path.display()))
    });
    if let Some(why) = &unwritten {
        let _ = writeln!(errors, "stormglass analyze: {why}");
    }
    if unwritten.is_some() {
        ExitCode::from(2)
    } else if !outcome.verdicts.is_empty() {
        ExitCode::from(1)
    } else if blind || outcome.unseen {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    }
}

fn look(args: &AnalyzeArgs) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    let mut plan = Plan::new(&args.files, &mut outcome);
    let mut common = Common {
        span: Span::new(args.from, args.to, plan.start())?,
        left: args.max_frames.unwrap_or(u64::MAX),
        chronicle: args.report.is_some().then(|| Chronicle::new(plan.start())),
    };
    let mut judge = Judge::new(&args.owners, plan.start());
    let bar = progress_bar(&plan);
    let mut end = plan.start();
    while let Some(batch) = plan.next(&mut outcome, &mut common) {
        judge.until(batch.until);
        end = end.max(batch.until);
        if !batch.names.is_empty() {
            let fresh = batch.names.iter().take(MAX_SHARED_CLAIMS.saturating_sub(outcome.names.len()));
            outcome.names.extend(fresh.map(|(ip, name)| (*ip, Arc::clone(name))));
            judge.engine.handle(batch.until, Input::Names(batch.names));
        }
        for summary in batch.summaries {
            outcome.readable += summary.frames - summary.malformed;
            outcome.dropped += summary.dropped;
            if let Some(chronicle) = &mut common.chronicle {
                chronicle.summary(&summary);
            }
            judge.summary(batch.until, summary, plan.several());
        }
        if let Some(bar) = &bar {
            bar.set_position(plan.bytes());
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    judge.engine.finish(end);
    if common.left == 0 {
        let most = args.max_frames.unwrap_or_default();
        outcome.problems.push(format!("only the first {most} frames were looked at (--max-frames)"));
    }
    if outcome.frames > 0 && outcome.readable == 0 {
        outcome.problems.push(
            "none of the frames could be read: capture on an Ethernet or Wi-Fi interface in its normal mode".to_owned(),
        );
    } else if outcome.frames == 0 && (args.from.is_some() || args.to.is_some()) {
        outcome.problems.push(format!("no frames between --from and --to; the first frame is of {}", plan.start()));
    }
    outcome.verdicts = judge.engine.verdicts();
    outcome.chronicle = common.chronicle;
    Ok(outcome)
}

fn progress_bar(plan: &Plan) -> Option<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        return None;
    }
    let style =
        ProgressStyle::with_template("{bytes} of {total_bytes} read, {bytes_per_sec}, {eta} left {wide_bar}").ok()?;
    Some(ProgressBar::new(plan.size()).with_style(style))
}

/// The engine, and the time it has come to.
struct Judge {
    engine: Engine,
    /// The next whole second that has not been told to the engine.
    next_tick: Time,
    /// Claims passed on to all captures.
    shared: BTreeSet<(IpAddr, MacAddr)>,
}

impl Judge {
    fn new(owners: &[OwnerArg], start: Time) -> Self {
        let mut engine = Engine::new(Settings {
            times: Times { utc_offset_seconds: utc_offset_seconds(start) },
            ..Settings::default()
        });
        let told = |owner: &OwnerArg| OwnerClaim { ip: owner.ip, mac: owner.mac, proof: OwnerProof::Told, at: start };
        engine.handle(start, Input::Owners { interface: None, claims: owners.iter().map(told).collect() });
        Self { engine, next_tick: lane::next_second(start), shared: BTreeSet::new() }
    }

    /// Lets the seconds before `until` pass, those of a long gap all at once.
    fn until(&mut self, until: Time) {
        for _ in 0..GAP_TICKS {
            if self.next_tick >= until {
                return;
            }
            self.engine.tick(self.next_tick);
            self.next_tick = self.next_tick.plus(SECOND);
        }
        if self.next_tick < until {
            self.next_tick = lane::next_second(until);
        }
    }

    /// `share`: there are several captures of the network; what one knows of owners helps the others.
    fn summary(&mut self, now: Time, summary: crate::model::frames::FrameSummary, share: bool) {
        if share {
            let room = MAX_SHARED_CLAIMS - self.shared.len();
            let strong = summary.owners.iter().filter(|claim| claim.proof < OwnerProof::Traffic);
            let claims = strong.filter(|c| self.shared.insert((c.ip, c.mac))).take(room).copied().collect::<Vec<_>>();
            if !claims.is_empty() {
                self.engine.handle(now, Input::Owners { interface: None, claims });
            }
        }
        self.engine.handle(now, Input::Frames(Box::new(summary)));
        // Nobody here can be asked, and nobody waits for news: the verdicts at the end are the answer.
        while self.engine.poll().is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_an_address_and_a_mac() {
        let owner = "192.168.1.10=3C-84-6A-10-00-C8".parse::<OwnerArg>().expect("well-formed");
        assert_eq!((owner.ip, owner.mac.0[5]), ([192, 168, 1, 10].into(), 0xc8));
        assert!("fe80::1=3c:84:6a:10:00:c8".parse::<OwnerArg>().is_ok());
        for (text, says) in [
            ("192.168.1.10", "IP=MAC"),
            ("echo=3c:84:6a:10:00:c8", "\"echo\" is not an IP address"),
            ("192.168.1.10=c8", "\"c8\" is not a MAC address"),
        ] {
            assert!(text.parse::<OwnerArg>().is_err_and(|e| e.contains(says)), "{text}");
        }
    }
}
