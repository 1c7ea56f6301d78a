//! What the outside may know at one moment: bounded, and free of everything that belongs to a single frame.

use super::StormKey;
use super::case::Cases;
use super::feeds::{FeedCount, FeedStatus, Feeds};
use super::notes::Notes;
use super::place::Place;
use super::told::ExpectedUse;
use crate::detect::segment::{Segment, Talker, TalkerKey};
use crate::model::frames::{FrameSummary, Protocol};
use crate::model::note::Note;
use crate::model::verdict::{Phase, Severity, Verdict};
use crate::model::{MacAddr, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Feeds of a kind that the sentence names.
const MAX_NAMED: usize = 4;
/// Loudest sources, and flows, listed per interface.
const MAX_SOURCES: usize = 10;
/// A storm that is over stays on top for a day, unverified: the time in which what triggered it usually comes again.
const UNVERIFIED_FOR: Duration = Duration::from_secs(86_400);

/// How the network is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Watched, and nothing stands out.
    Quiet,
    /// Nothing is watched: no capture and no counters.
    Blind,
    /// A storm is over; nobody has verified that it can't come back.
    Over,
    /// No storm yet, but this can become one.
    Warning,
    /// A storm goes on.
    Storm,
}

impl State {
    /// All states, in the order of the metrics.
    pub const ALL: [Self; 5] = [Self::Quiet, Self::Blind, Self::Over, Self::Warning, Self::Storm];

    /// The identifier in metrics labels and JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Blind => "blind",
            Self::Over => "over",
            Self::Warning => "warning",
            Self::Storm => "storm",
        }
    }
}

/// Counts since the start, per capture interface.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Totals {
    /// Frames read.
    pub frames: u64,
    /// Group-addressed frames, in the order of [`Protocol::ALL`].
    pub group_frames: [u64; Protocol::ALL.len()],
    /// Frames that repeated a datagram seen within the last second.
    pub replica_frames: u64,
    /// Frames the kernel dropped, or that sampling left out.
    pub dropped: u64,
    /// Frames that could not be read.
    pub malformed: u64,
    /// Entries that found no room in a table.
    pub refused: u64,
    /// End of the last summary.
    pub last: Option<Time>,
}

impl Totals {
    /// Adds a summary.
    pub(super) fn add(&mut self, summary: &FrameSummary) {
        self.frames += summary.frames;
        for (total, frames) in self.group_frames.iter_mut().zip(summary.group_frames) {
            *total += frames;
        }
        self.replica_frames += summary.replica_frames;
        self.dropped += summary.dropped;
        self.malformed += summary.malformed;
        self.refused += summary.refused;
        self.last = Some(summary.until);
    }
}

/// One of the loudest sources of an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceRate {
    /// Capture interface.
    pub interface: Arc<str>,
    /// Its MAC.
    pub mac: MacAddr,
    /// Group frames in its last complete (or current, if busier) second, all protocols.
    pub pps: u64,
}

/// One of the loudest pairs of source and protocol of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowRate {
    /// Where: the interface, with the VLAN.
    pub segment: Arc<str>,
    /// Whose frames.
    pub mac: MacAddr,
    /// What they carry.
    pub protocol: Protocol,
    /// Group frames in its last complete (or current, if busier) second.
    pub pps: u64,
}

/// How long verdicts took: from the first frame of what they name to the verdict.
#[derive(Clone, Debug, Default)]
pub struct Delays {
    /// Verdicts at or below each of [`Delays::BOUNDS`].
    pub within: [u64; Self::BOUNDS.len()],
    /// Sum of all, seconds.
    pub sum: f64,
    /// How many.
    pub count: u64,
}

impl Delays {
    /// Upper bounds of the buckets, seconds; the promise is one second.
    pub const BOUNDS: [f64; 8] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

    pub(super) fn add(&mut self, delay: Duration) {
        let seconds = delay.as_secs_f64();
        for (n, _) in self.within.iter_mut().zip(Self::BOUNDS).filter(|(_, bound)| seconds <= *bound) {
            *n += 1;
        }
        self.sum += seconds;
        self.count += 1;
    }
}

/// The state of everything at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When it was taken.
    pub at: Time,
    /// In one word.
    pub state: State,
    /// Since when it is so, where a verdict says so.
    pub since: Option<Time>,
    /// What to tell a person.
    pub sentence: String,
    /// Newest first.
    pub verdicts: Vec<Arc<Verdict>>,
    /// Of those that are over, which somebody has verified not to come back: id and start.
    pub verified: BTreeSet<StormKey>,
    /// Storms begun since the start, by segment and cause.
    pub storms_started: BTreeMap<(Arc<str>, &'static str), u64>,
    /// How long verdicts took.
    pub delays: Delays,
    /// By capture interface.
    pub totals: BTreeMap<Arc<str>, Totals>,
    /// Names of the broadcast domains heard.
    pub segments: Vec<Arc<str>>,
    /// Loudest first, per interface.
    pub sources: Vec<SourceRate>,
    /// Loudest first, per interface.
    pub flows: Vec<FlowRate>,
    /// What is not watched, then what is: of each the first 64.
    pub feeds: Vec<Arc<FeedStatus>>,
    /// How many feeds work and how many do not, by kind.
    pub feed_counts: BTreeMap<&'static str, FeedCount>,
    /// Targets in the segments of storms that counters have seen, to be polled sooner; the first
    /// [`MAX_HURRIED`](super::agenda::MAX_HURRIED).
    pub affected: Vec<Arc<str>>,
    /// What people have said of storms, and what of it has ended lately.
    pub notes: Vec<Arc<Note>>,
    /// What the user has told to expect, and what there is of it.
    pub expected: Vec<ExpectedUse>,
    /// Entries that found no room.
    pub refused: u64,
}

impl Snapshot {
    /// It is over, and somebody has verified that it does not come back.
    #[must_use]
    pub fn is_verified(&self, verdict: &Verdict) -> bool {
        verdict.phase == Phase::Over && self.verified.contains(&(Arc::clone(&verdict.id), verdict.started))
    }
}

/// What a snapshot is taken of.
pub(super) struct Known<'a> {
    pub(super) places: &'a BTreeMap<Arc<str>, Place>,
    pub(super) cases: &'a Cases,
    pub(super) feeds: &'a Feeds,
    pub(super) verified: &'a BTreeSet<StormKey>,
    pub(super) notes: &'a Notes,
    pub(super) expected: Vec<ExpectedUse>,
    pub(super) refused: u64,
}

/// Takes the state.
pub(super) fn take(at: Time, known: Known<'_>) -> Snapshot {
    let Known { places, cases, feeds, verified, notes, expected, refused } = known;
    let verdicts = cases.verdicts().into_iter().map(|verdict| notes.on(verdict)).collect::<Vec<_>>();
    let counts = feeds.counts();
    let (state, leading) = state(at, &verdicts, counts, verified);
    Snapshot {
        at,
        state,
        since: leading.map(|verdict| verdict.started),
        sentence: leading.map_or_else(|| unled(state, feeds), |verdict| verdict.sentence.clone()),
        storms_started: cases.started().clone(),
        delays: cases.delays().clone(),
        totals: places.iter().map(|(name, place)| (Arc::clone(name), place.totals.clone())).collect(),
        segments: places.values().flat_map(|place| place.segments.values()).map(|s| Arc::clone(&s.id)).collect(),
        sources: places.iter().flat_map(|(name, place)| loudest(name, place)).collect(),
        flows: places.values().flat_map(flows).collect(),
        verdicts,
        affected: cases.affected(super::agenda::MAX_HURRIED),
        feeds: feeds.listed(),
        feed_counts: counts.clone(),
        verified: verified.clone(),
        notes: notes.all().to_vec(),
        expected,
        refused: refused + cases.forgotten() + places.values().map(|place| place.owners.refused()).sum::<u64>(),
    }
}

fn state<'a>(
    at: Time,
    verdicts: &'a [Arc<Verdict>],
    counts: &BTreeMap<&'static str, FeedCount>,
    verified: &BTreeSet<StormKey>,
) -> (State, Option<&'a Arc<Verdict>>) {
    let open = |severity| verdicts.iter().find(|v| v.phase != Phase::Over && v.severity == severity);
    if let Some(storm) = open(Severity::Storm) {
        return (State::Storm, Some(storm));
    }
    let lately = |verdict: &&Arc<Verdict>| {
        verdict.ended.is_none_or(|ended| at.since(ended) < UNVERIFIED_FOR)
            && (verified.is_empty() || !verified.contains(&(Arc::clone(&verdict.id), verdict.started)))
    };
    // The wiring that made a warning is still there when its few copies are gone.
    let warning = verdicts.iter().filter(lately).find(|v| v.severity == Severity::Warning);
    let over = verdicts.iter().filter(lately).find(|v| v.severity == Severity::Storm);
    match (warning, over) {
        (Some(warning), Some(over)) if warning.started > over.started => (State::Warning, Some(warning)),
        (_, Some(over)) => (State::Over, Some(over)),
        (Some(warning), None) => (State::Warning, Some(warning)),
        (None, None) if counts.iter().any(|(feed, count)| count.working > 0 && *feed != "discovery") => {
            (State::Quiet, None)
        }
        (None, None) => (State::Blind, None),
    }
}

/// Quiet is not blind: what is watched is part of the answer.
fn unled(state: State, feeds: &Feeds) -> String {
    let names = |feed: &'static str| {
        let count = feeds.counts().get(feed).map_or(0, |count| count.working);
        let shown = feeds.working(feed).take(MAX_NAMED).collect::<Vec<_>>().join(", ");
        if count > MAX_NAMED { format!("{shown} and {} more", count - MAX_NAMED) } else { shown }
    };
    let (capture, counters) = (names("capture"), names("snmp"));
    if state == State::Blind {
        return "Blind: nothing is watched. Frames can't be captured and no counters can be read; see the feeds below for \
                what to do."
            .to_owned();
    }
    match (capture.is_empty(), counters.is_empty()) {
        (true, _) => format!(
            "Nothing stands out in the counters of {counters}. Frames are not captured, so that a storm and its port \
             would be seen, but hardly its cause; see below what to do."
        ),
        (false, true) => format!("All quiet. Watched: frames on {capture}."),
        (false, false) => format!("All quiet. Watched: frames on {capture}, counters of {counters}."),
    }
}

fn loudest(name: &Arc<str>, place: &Place) -> Vec<SourceRate> {
    let mut by_mac: BTreeMap<MacAddr, u64> = BTreeMap::new();
    for ((mac, _), talker) in place.segments.values().flat_map(|segment| &segment.talkers) {
        *by_mac.entry(*mac).or_default() += talker.seconds.busiest();
    }
    let mut loudest = by_mac.into_iter().collect::<Vec<_>>();
    loudest.sort_by_key(|(mac, pps)| (std::cmp::Reverse(*pps), *mac));
    loudest.truncate(MAX_SOURCES);
    loudest.into_iter().map(|(mac, pps)| SourceRate { interface: Arc::clone(name), mac, pps }).collect()
}

fn flows(place: &Place) -> Vec<FlowRate> {
    let of = |segment: &Segment| {
        let each = |((mac, protocol), talker): (&TalkerKey, &Talker)| FlowRate {
            segment: Arc::clone(&segment.id),
            mac: *mac,
            protocol: *protocol,
            pps: talker.seconds.busiest(),
        };
        segment.talkers.iter().map(each).collect::<Vec<_>>()
    };
    let mut flows = place.segments.values().flat_map(of).collect::<Vec<_>>();
    flows.sort_by_key(|flow| (std::cmp::Reverse(flow.pps), flow.mac, flow.protocol));
    flows.truncate(MAX_SOURCES);
    flows
}
