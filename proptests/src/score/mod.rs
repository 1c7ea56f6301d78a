//! The score of the judgement over generated worlds: one world to one outcome, and outcomes to sums. Knows no command line.

pub mod table;

use crate::generate::{Feeds, Generated, Truth, What, generate};
use crate::watch::{Report, watch};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use stormglass::explain::causes;
use stormglass::model::MacAddr;
use stormglass::model::verdict::Verdict;

/// On average so many packets a second go out of some port in a storm that has to be seen in counters; a tenth above the floor
/// of the detector (100), as the edges of a storm lie within polls.
const COUNTED_PPS: f64 = 110.0;

/// Whether something was told as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// As it is.
    Right,
    /// Not at all, where it should have been.
    Missing,
    /// Otherwise than it is.
    Wrong,
    /// It could not, or need not be told.
    NotAsked,
}

/// One world, judged.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Seed of the world.
    pub seed: u64,
    /// Cause of the verdict that counts: the most severe, then the surest. `None`: nothing was said.
    pub verdict: Option<&'static str>,
    /// The culprit.
    pub culprit: Told,
    /// The culprit's switch port.
    pub port: Told,
    /// MACs that were ever blamed and should not have been.
    pub innocents: BTreeSet<MacAddr>,
    /// From the beginning, as far as it is visible, to the first verdict or notice.
    pub detected: Option<Duration>,
    /// To the first verdict with the right cause.
    pub explained: Option<Duration>,
    /// Polls with renewed counters up to the first verdict or notice.
    pub polls: Option<usize>,
    /// Nothing was explained, but the state was not quiet.
    pub noticed: bool,
    /// How long the world lived.
    pub simulated: Duration,
    /// Frames in and out of its ports.
    pub frame_events: u64,
    /// The cause is right, or the widest that these feeds can tell.
    pub cause: bool,
    /// These feeds do not show it, so that nothing need be said.
    pub invisible: bool,
    /// Nothing is wrong with this outcome.
    pub right: bool,
}

/// Everything about one world, for a trace.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The world.
    pub world: Generated,
    /// What was seen and said.
    pub report: Report,
    /// What that is worth.
    pub outcome: Outcome,
}

/// The engine knows this cause.
#[must_use]
pub fn is_known(cause: &str) -> bool {
    causes::cause(cause).is_some()
}

/// Lets the engine judge the world of a seed.
#[must_use]
pub fn judge(what: What, seed: u64, feeds: Feeds) -> Judged {
    let world = generate(what, seed, feeds);
    let report = watch(&world.scenario, seed, world.watch);
    let outcome = outcome(seed, &world, &report, feeds);
    Judged { world, report, outcome }
}

/// The verdict that counts: the most severe, then the surest, then the one with most frames.
#[must_use]
pub fn leading(report: &Report) -> Option<&Arc<Verdict>> {
    let rank = |a: &&Arc<Verdict>, b: &&Arc<Verdict>| {
        let by_confidence = a.confidence.total_cmp(&b.confidence);
        a.severity.cmp(&b.severity).then(by_confidence).then(a.frames.cmp(&b.frames))
    };
    report.last.iter().max_by(rank)
}

fn outcome(seed: u64, world: &Generated, report: &Report, feeds: Feeds) -> Outcome {
    let truth = &world.truth;
    let verdict = leading(report);
    let blamed = report.blamed();
    let innocents = blamed.difference(&truth.culprits).copied().collect::<BTreeSet<_>>();
    let onset = onset(world, report);
    let after = |at: Duration| at.saturating_sub(onset);
    let noticed_at = report.noticed.as_ref().map(|(at, _)| *at);
    let first = report.said.first().map(|(at, _)| *at).into_iter().chain(noticed_at).min();
    let by_frames = truth.by_frames.filter(|_| feeds == Feeds::Capture);
    let by_counters = truth.by_counters.filter(|_| feeds == Feeds::Counters);
    let is_right = |cause: &'static str| [truth.cause, by_frames, by_counters].contains(&Some(cause));
    let said_nothing = verdict.is_none() && noticed_at.is_none();
    let counted_alone = feeds == Feeds::Counters || feeds == Feeds::Both && !truth.visible;
    let below = counted_alone && said_nothing && truth.cause.is_some() && report.loudest_pps < COUNTED_PPS;
    let invisible = !truth.visible && feeds == Feeds::Capture || below;
    let explained = report.said.iter().find(|(_, verdict)| is_right(verdict.cause)).map(|(at, _)| after(*at));
    let culprit = culprit(truth, verdict);
    let port = port(truth, verdict, feeds);
    let said = verdict.map(|verdict| verdict.cause);
    let right = match truth.cause {
        None => said.is_none() && noticed_at.is_none(),
        // What frames do not show may be told by nobody who sees frames alone; nothing wrong may be told either.
        Some(_) if invisible => said.is_none() || said == truth.cause,
        Some(_) => said.is_some_and(is_right) && culprit != Told::Wrong && culprit != Told::Missing,
    };
    Outcome {
        seed,
        verdict: said,
        culprit,
        port,
        cause: said.is_some_and(is_right),
        invisible,
        right: right && innocents.is_empty() && port != Told::Wrong,
        innocents,
        detected: first.map(after),
        explained,
        polls: first.map(|at| report.refreshed.iter().filter(|poll| (onset..=at).contains(poll)).count()),
        noticed: verdict.is_none() && noticed_at.is_some(),
        simulated: world.scenario.duration,
        frame_events: report.frame_events,
    }
}

/// When the storm can first be seen: the first copy, or when it gets busy; never before the program is started.
fn onset(world: &Generated, report: &Report) -> Duration {
    let seen = report.first_copy.or(report.first_busy).unwrap_or(world.truth.onset);
    seen.max(world.watch.start_at)
}

fn culprit(truth: &Truth, verdict: Option<&Arc<Verdict>>) -> Told {
    let Some(verdict) = verdict.filter(|_| truth.cause.is_some()) else { return Told::NotAsked };
    match verdict.culprit.as_ref() {
        // A port alone is an answer of its own, where counters are all there is.
        Some(party) if party.mac.is_none() => match &party.port {
            Some(port) if at_one_of(port, &truth.ports) => Told::Right,
            Some(_) => Told::Wrong,
            None => Told::Missing,
        },
        Some(party) if party.mac.is_some_and(|mac| truth.culprits.contains(&mac)) => Told::Right,
        Some(_) => Told::Wrong,
        None if truth.culprits.is_empty() || truth.may_be_nobody => Told::NotAsked,
        None => Told::Missing,
    }
}

fn port(truth: &Truth, verdict: Option<&Arc<Verdict>>, feeds: Feeds) -> Told {
    let named = verdict.and_then(|verdict| verdict.culprit.as_ref()?.port.as_ref());
    match (named, verdict) {
        _ if feeds == Feeds::Capture || truth.ports.is_empty() => Told::NotAsked,
        (Some(port), _) if at_one_of(port, &truth.ports) => Told::Right,
        (Some(_), _) => Told::Wrong,
        (None, Some(verdict)) if verdict.culprit.is_some() => Told::Missing,
        (None, _) => Told::NotAsked,
    }
}

/// `hub port7`, or `hub port7, an uplink to …`; of several, `hub port7 and hub port8`, each must be right.
#[must_use]
pub fn at_one_of(port: &str, ports: &BTreeSet<String>) -> bool {
    let is_right = |port: &str| {
        ports
            .iter()
            .any(|right| port == right || port.strip_prefix(right.as_str()).is_some_and(|rest| rest.starts_with(',')))
    };
    port.split(" and ").all(is_right)
}

/// The sums of one thing that happens, with one choice of feeds.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Worlds.
    pub worlds: usize,
    /// Worlds with nothing wrong.
    pub right: usize,
    /// By the cause that was given; `None`: nothing was said.
    pub verdicts: BTreeMap<Option<&'static str>, usize>,
    /// Worlds in which the cause was right, or the widest that can be told there.
    pub causes: usize,
    /// Worlds in which nothing need be said.
    pub invisible: usize,
    /// Of those in which nothing was said, how many were noticed all the same.
    pub noticed: usize,
    /// Right and asked for.
    pub culprits: (usize, usize),
    /// Right and asked for.
    pub ports: (usize, usize),
    /// Worlds with an innocent named.
    pub innocents: usize,
    /// Times to the first verdict or notice.
    pub detected: Vec<Duration>,
    /// Times to the right cause.
    pub explained: Vec<Duration>,
    /// Renewed polls to the first verdict or notice.
    pub polls: Vec<usize>,
    /// Virtual time in all.
    pub simulated: Duration,
    /// Frames in and out of ports.
    pub frame_events: u64,
    /// Seeds with something wrong.
    pub failed: Vec<u64>,
}

impl Row {
    /// Adds an outcome.
    pub fn add(&mut self, outcome: &Outcome) {
        self.worlds += 1;
        self.right += usize::from(outcome.right);
        self.causes += usize::from(outcome.cause);
        self.invisible += usize::from(outcome.invisible);
        *self.verdicts.entry(outcome.verdict).or_default() += 1;
        self.noticed += usize::from(outcome.noticed);
        for (sum, told) in [(&mut self.culprits, outcome.culprit), (&mut self.ports, outcome.port)] {
            sum.0 += usize::from(told == Told::Right);
            sum.1 += usize::from(told != Told::NotAsked);
        }
        self.innocents += usize::from(!outcome.innocents.is_empty());
        self.detected.extend(outcome.detected);
        self.explained.extend(outcome.explained);
        self.polls.extend(outcome.polls);
        self.simulated += outcome.simulated;
        self.frame_events += outcome.frame_events;
        if !outcome.right {
            self.failed.push(outcome.seed);
        }
    }

    /// Worlds in which something was said or noticed.
    #[must_use]
    pub fn alarms(&self) -> usize {
        self.worlds - self.verdicts.get(&None).copied().unwrap_or(0) + self.noticed
    }
}

/// The value below which `share` of them lie.
#[must_use]
pub fn quantile<T: Ord + Copy>(values: &[T], share: f64) -> Option<T> {
    let mut values = values.to_vec();
    values.sort_unstable();
    let place = (values.len() as f64 * share).ceil() as usize;
    values.get(place.saturating_sub(1)).or(values.last()).copied()
}
