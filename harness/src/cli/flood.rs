//! `stormglass-harness flood`: frames into one end of a veth pair, as many a second as the kernel can or as one says, for
//! as long as one says. What they are is `flood/pattern.rs`'s, how they get there `flood/live_frames.rs`'s.
//!
//! It floods nothing but a veth pair: a LAN that somebody lives in is not there to be measured.
#![expect(clippy::disallowed_methods, reason = "a flood goes by the clock")]

mod live_frames;
mod pattern;
mod program;

use super::Failure;
use clap::Args;
use live_frames::{LiveFrames, Veth};
use pattern::{PATTERNS, Pattern};
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Longest flood.
const MAX_SECONDS: u64 = 600;
/// Most frames of one.
const MAX_FRAMES: u64 = 1_000_000_000;
/// Frames that the kernel sends before the clock is looked at again, where it may send as fast as it can: 40 ms of them.
const AT_ONCE: u64 = 1 << 16;
/// How often a paced flood sends its share.
const PACE: Duration = Duration::from_millis(10);

/// `stormglass-harness flood`.
#[derive(Debug, Args)]
#[command(after_long_help = patterns_help())]
pub(crate) struct FloodArgs {
    /// What to send; `--help` tells what each is.
    #[arg(long, default_value = "incident", value_parser = pattern)]
    pattern: &'static dyn Pattern,
    /// The end of a veth pair to send from: what is sent comes in at the other end.
    #[arg(long)]
    from: String,
    /// The other end. Its GRO is turned on, without which it takes no frame from here.
    #[arg(long)]
    to: String,
    /// Frames.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=MAX_FRAMES))]
    frames: u64,
    /// Frames a second; 0 is as many as the kernel can.
    #[arg(long, default_value_t = 0)]
    rate: u64,
    /// End after so many seconds, whether all frames are sent or not.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=MAX_SECONDS))]
    seconds: u64,
    /// Decides which addresses are forged.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn pattern(name: &str) -> Result<&'static dyn Pattern, String> {
    let names = || PATTERNS.iter().map(|pattern| pattern.name()).collect::<Vec<_>>().join(", ");
    PATTERNS.iter().copied().find(|known| known.name() == name).ok_or_else(|| format!("one of: {}", names()))
}

fn patterns_help() -> String {
    let lines = PATTERNS.iter().map(|pattern| format!("  {:<10} {}", pattern.name(), pattern.help()));
    format!("Patterns:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Floods, and says in one line what was sent: `sent`, the time it took, when it began, and how many frames each heavy
/// source has sent.
pub(crate) fn run(args: &FloodArgs) -> Result<ExitCode, Failure> {
    let (from, to) = (Veth::of(&args.from)?, Veth::of(&args.to)?);
    to.take_frames()?;
    let spoken = LiveFrames::load(&from, program::as_it_is())?;
    for frame in args.pattern.before() {
        spoken.send(&frame, 1)?;
    }
    let template = args.pattern.template();
    let flood = LiveFrames::load(&from, program::of(args.pattern.variation(args.seed), &template))?;
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (began, limit) = (Instant::now(), Duration::from_secs(args.seconds));
    let mut sent = 0;
    while sent < args.frames && began.elapsed() < limit {
        let left = args.frames - sent;
        let now = match args.rate {
            0 => left.min(AT_ONCE),
            rate => {
                // What is due by now, so that a late turn is made up for.
                let due = (began.elapsed() + PACE).as_secs_f64() * rate as f64;
                let due = (due as u64).saturating_sub(sent).min(left).min(AT_ONCE);
                if due == 0 {
                    std::thread::sleep(PACE);
                    continue;
                }
                due
            }
        };
        flood.send(&template, now as u32)?;
        sent += now;
        if args.rate > 0 {
            std::thread::sleep(PACE);
        }
    }
    let took = began.elapsed().as_secs_f64();
    let mut stdout = std::io::stdout().lock();
    write!(stdout, "sent={sent} seconds={took:.3} per_second={:.0}", sent as f64 / took)?;
    write!(stdout, " began={}.{:06}", wall.as_secs(), wall.subsec_micros())?;
    for (mac, frames) in args.pattern.heavy(sent) {
        write!(stdout, " {mac}={frames}")?;
    }
    writeln!(stdout)?;
    Ok(ExitCode::SUCCESS)
}
