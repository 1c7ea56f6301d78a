//! Scores the judgement over generated worlds, and replays one of them. Reads arguments and writes tables; the worlds, the
//! judgement and the sums are the library's.

use clap::{Parser, ValueEnum};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use stormglass_proptests::generate::{Feeds, What};
use stormglass_proptests::score::table::{self, Rows};
use stormglass_proptests::score::{Judged, Outcome, Row, is_known, judge};

/// Failures printed with the command that replays them, per cause and feeds.
const MAX_PRINTED: usize = 3;

/// Worlds by the thousand, judged by the engine in this process.
#[derive(Debug, Parser)]
#[command(name = "score", about)]
struct Args {
    /// Worlds for each thing that happens.
    #[arg(long, default_value_t = 20)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// This alone: an id of a cause, of something healthy, `quiet`, `storms`, `known` (causes the engine knows) or `healthy`.
    #[arg(long)]
    cause: Option<String>,
    /// What stormglass gets to see.
    #[arg(long, value_enum, default_value_t = Choice::All)]
    feeds: Choice,
    /// Worlds judged at the same time.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Tell everything about every world: what there is, what happened, what was said.
    #[arg(long)]
    trace: bool,
    /// Write the tables to this file (docs/score.md).
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "docs/score.md")]
    write: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Choice {
    /// Frames alone.
    Capture,
    /// Counters alone.
    Counters,
    /// Frames and counters.
    Both,
    /// Each of the three.
    All,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("score: {error}");
            ExitCode::from(2)
        }
    }
}

fn chosen(cause: Option<&str>) -> Result<Vec<What>, String> {
    let all = || What::all();
    let known = |what: &What| what.cause().is_some_and(is_known);
    let found = match cause {
        None => all().collect(),
        Some("storms") => all().filter(|what| what.cause().is_some()).collect(),
        Some("known") => all().filter(known).collect(),
        Some("healthy") => all().filter(|what| what.cause().is_none()).collect(),
        Some(id) => What::by_id(id).into_iter().collect::<Vec<_>>(),
    };
    if found.is_empty() {
        let ids = all().map(|what| what.id()).collect::<Vec<_>>().join(", ");
        return Err(format!("nothing is called '{}'; there are: storms, known, healthy, {ids}", cause.unwrap_or("")));
    }
    Ok(found)
}

fn run(args: &Args) -> Result<bool, String> {
    let whats = chosen(args.cause.as_deref())?;
    let feeds = match args.feeds {
        Choice::Capture => vec![Feeds::Capture],
        Choice::Counters => vec![Feeds::Counters],
        Choice::Both => vec![Feeds::Both],
        Choice::All => Feeds::ALL.to_vec(),
    };
    let mut tables = Vec::new();
    let mut good = true;
    for feeds in feeds {
        let mut rows: Rows = Vec::new();
        for what in &whats {
            let row = score(args, *what, feeds);
            good &= row.failed.is_empty();
            rows.push((*what, row));
        }
        tables.push((feeds, rows));
    }
    let text = table::render(args.seed, args.seeds, &tables);
    println!("\n{text}");
    if let Some(path) = &args.write {
        let command = format!(
            "cargo run --release -p stormglass-proptests --bin score -- --seeds {} --seed {} --write",
            args.seeds, args.seed
        );
        let about = "Generated networks, what happens in them, and what stormglass says: the harness's worlds, judged by the \
                     engine. \"Unknown cause\" is one that the engine does not know yet: every world of it counts as a miss; \"not visible\" is one that these feeds do not show. Where they can tell \
                     a wider cause only, that one is right: a ring behind one port, by frames, is a ring; multicasts that come in at one port, \
                     by counters, are `unexplained`, and broadcasts a `chatty_source`. By counters a storm is not visible if less than 110 packets \
                     a second go out of every port; where an agent counts octets alone, what is flooded may be television, and it \
                     is not visible if no port drops as many. What it is such an agent does not tell: `unexplained` is right. \
                     Times run from the first frame that shows the storm at the capturing host.";
        let page = format!("# The score\n\n{about}\n\n```sh\n{command}\n```\n\n{text}");
        std::fs::write(path, page).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(good)
}

/// Judges the worlds of all seeds.
fn score(args: &Args, what: What, feeds: Feeds) -> Row {
    let next = AtomicU64::new(0);
    let work = || {
        let mut outcomes = Vec::new();
        loop {
            let offset = next.fetch_add(1, Ordering::Relaxed);
            if offset >= args.seeds {
                return outcomes;
            }
            let judged = judge(what, args.seed.wrapping_add(offset), feeds);
            if args.trace {
                println!("{}", trace(what, feeds, &judged));
            }
            outcomes.push(judged.outcome);
        }
    };
    let mut outcomes = std::thread::scope(|scope| {
        let workers = (0..args.jobs.max(1)).map(|_| scope.spawn(work)).collect::<Vec<_>>();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect::<Vec<_>>()
    });
    outcomes.sort_by_key(|outcome| outcome.seed);
    let mut row = Row::default();
    outcomes.iter().for_each(|outcome| row.add(outcome));
    let unknown = what.cause().is_some_and(|cause| !is_known(cause));
    let note = if unknown { ", a cause that the engine does not know" } else { "" };
    let frames = row.frame_events as f64 / 1e6;
    let (id, by) = (what.id(), feeds.id());
    eprintln!("{id} by {by}: {} of {} right{note} ({frames:.1} million frames)", row.right, row.worlds);
    // Of a cause that is not known, an innocent is a failure all the same.
    let failed = outcomes.iter().filter(|outcome| !outcome.right && (!unknown || !outcome.innocents.is_empty()));
    for outcome in failed.take(MAX_PRINTED) {
        eprintln!("  {}\n  {}", failure(outcome), replay(what, outcome.seed, feeds));
    }
    row
}

fn failure(outcome: &Outcome) -> String {
    let said = outcome.verdict.unwrap_or("nothing");
    let innocents = outcome.innocents.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let innocents = if innocents.is_empty() { String::new() } else { format!(", innocent and named: {innocents}") };
    let (culprit, port) = (outcome.culprit, outcome.port);
    format!("seed {}: said {said}, culprit {culprit:?}, port {port:?}{innocents}", outcome.seed)
}

fn replay(what: What, seed: u64, feeds: Feeds) -> String {
    format!(
        "cargo run --release -p stormglass-proptests --bin score -- --seeds 1 --seed {seed} --cause {} --feeds {} --trace",
        what.id(),
        feeds.id()
    )
}

/// One world from beginning to end, for a person.
fn trace(what: What, feeds: Feeds, judged: &Judged) -> String {
    let (scenario, watch, truth) = (&judged.world.scenario, &judged.world.watch, &judged.world.truth);
    let mut text = format!("=== {}, seed {}, by {}\n", what.id(), judged.outcome.seed, feeds.id());
    for host in &scenario.hosts {
        let switch = &scenario.switches[host.switch].name;
        let seen = if host.name == scenario.capture { "  <- captures" } else { "" };
        let _ = writeln!(
            text,
            "{} {:15} {switch} port{} vlan {}: {} ({} Mb/s){seen}",
            host.mac, host.ip, host.port, host.vlan, host.name, host.speed_mbps
        );
    }
    let router = &scenario.second_router;
    let _ = writeln!(
        text,
        "{} / {} {} ports {} and {}: {}",
        router.lan_mac, router.wan_mac, router.ip, router.lan_port, router.wan_port, router.name
    );
    let _ = writeln!(
        text,
        "lost {:.2}, started at {:?}, mirror {}, switches {:?}",
        watch.drop_share, watch.start_at, scenario.mirror, scenario.switches[0].manners
    );
    for storm in &scenario.storms {
        let _ = writeln!(text, "{storm:?}");
    }
    let culprits = truth.culprits.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    let _ = writeln!(text, "truth: {:?} by [{culprits}] at {:?}\nhappened:", truth.cause, truth.ports);
    for (at, event) in &judged.report.happened {
        let _ = writeln!(text, "{:8.3} s {event}", at.as_secs_f64());
    }
    let _ = writeln!(
        text,
        "first copy {:?}, busy {:?}, noticed {:?}, {} frames judged, {} in and out of ports",
        judged.report.first_copy,
        judged.report.first_busy,
        judged.report.noticed,
        judged.report.frames,
        judged.report.frame_events
    );
    let _ = write!(text, "said:\n{}outcome: {}\n", judged.report.story(), failure(&judged.outcome));
    text
}
