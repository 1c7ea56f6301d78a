//! What counters alone let a cause look at, and what it may find. A port is where a storm comes in; who is behind it the
//! forwarding database tells, and nobody who only lent an address is in it: a reflector's frames carry its own MAC.

use super::finding::{Finding, Suspect};
use super::words;
use crate::detect::Thresholds;
use crate::detect::counters::{Counted, Direction, Flood};
use crate::model::frames::Protocol;
use crate::model::verdict::{Candidate, Evidence, Severity};
use crate::model::{MacAddr, Time};
use crate::observe::topology::Role;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// From this share of broadcasts on a storm is one of broadcasts. No router's proxy sends those on.
pub const MOSTLY: f64 = 0.8;
/// Below this share of broadcasts there are none in what goes round: in a network everybody asks by ARP now and then, and in
/// a ring of cables each question circles like everything else.
pub const ANY_BROADCASTS: f64 = 0.02;
/// Octets of the longest packet (IEEE 802.3), by which packets are reckoned where an agent counts octets alone.
pub const LONGEST_OCTETS: f64 = 1518.0;
/// What is not known where it is so.
pub const OCTETS_ALONE: &str =
    "This agent counts octets alone: the rates are what they would be of the longest packets, 1,518 octets each.";
/// A change of the spanning tree is held to belong to a storm for this long: bridges age their tables quickly for 35 s
/// after one (IEEE 802.1D-2004, 17.11), and tables are read a minute apart.
pub const TREE_CHANGE: Duration = Duration::from_secs(300);

/// A port through which a storm comes into the polled network.
#[derive(Clone, Debug, PartialEq)]
pub struct SourcePort {
    /// The switch.
    pub target: Arc<str>,
    /// The port.
    pub port: Arc<str>,
    /// `hub ge7, an uplink to core`.
    pub label: Arc<str>,
    /// First sample above; what it counted began up to one interval before.
    pub since: Time,
    /// Latest sample above.
    pub last: Time,
    /// Packets per second.
    pub pps: f64,
    /// What is usual there; `None` where it was not watched for long enough.
    pub usual_pps: Option<f64>,
    /// What is counted.
    pub counted: Counted,
    /// Share of broadcasts.
    pub broadcast_share: f64,
    /// Mean length of the frames, octets, where it can be told.
    pub frame_octets: Option<f64>,
    /// As much goes out of it as comes in.
    pub returns: bool,
    /// What the port leads to.
    pub role: Role,
    /// Other polled switches that are reached through it.
    pub beyond: BTreeSet<Arc<str>>,
    /// Who is behind it, by the forwarding database; the first few.
    pub macs: Vec<MacAddr>,
    /// How many there are.
    pub behind: usize,
    /// One of them routes, as far as is known.
    pub router: bool,
    /// Addresses that have moved to this port lately, from another.
    pub moved_here: usize,
    /// The forwarding database was read since the storm began here: who is behind the port is known, and not remembered.
    pub read_since: bool,
    /// The port itself stands out. Otherwise it is the one that the storm does not go out of.
    pub seen: bool,
}

impl SourcePort {
    /// Its name among all ports.
    #[must_use]
    pub fn key(&self) -> PortKey {
        (Arc::clone(&self.target), Arc::clone(&self.port))
    }

    /// The one device behind it, where there is one alone and nothing has moved there.
    #[must_use]
    pub fn device(&self) -> Option<MacAddr> {
        let alone = self.behind == 1 && self.role != Role::Uplink && self.moved_here == 0;
        self.macs.first().copied().filter(|_| alone)
    }

    /// One device behind it sends mostly broadcasts, by a forwarding table that was read since, so that a loop there would
    /// have brought others' addresses.
    #[must_use]
    pub fn is_one_flooding_device(&self) -> bool {
        self.seen && self.read_since && !self.returns && self.broadcast_share >= MOSTLY && self.device().is_some()
    }
}

/// A port out of which no more than this goes is starved, octets per second: a ten-thousandth of a gigabit.
pub const STARVED_OCTETS: f64 = 12_500.0;

/// A port that pause frames hold up.
#[derive(Clone, Debug, PartialEq)]
pub struct Paused {
    /// The port; `pps` are its pause frames.
    pub port: SourcePort,
    /// Octets per second that still go out of it.
    pub out_octets: f64,
    /// Packets per second that are dropped there.
    pub discards_pps: f64,
}

/// Target and port.
pub type PortKey = (Arc<str>, Arc<str>);

/// The counters of one segment at one moment.
#[derive(Clone, Copy, Debug)]
pub struct CounterScene<'a> {
    /// Now.
    pub at: Time,
    /// The limits.
    pub thresholds: &'a Thresholds,
    /// Ports that bring it in, those that a cause has explained included.
    pub sources: usize,
    /// Ports that the storm goes out of.
    pub reached: usize,
    /// Ports that are up.
    pub up: usize,
    /// The strongest rate at which it goes out of a port, packets per second.
    pub reached_pps: f64,
    /// First and latest sample of that.
    pub reached_since: Option<(Time, Time)>,
    /// By how much out differs from the others' in, where the switch floods.
    pub residual: Option<f64>,
    /// Unicasts that are flooded, for long enough, and the switch that does it.
    pub unicasts: Option<&'a Flooding>,
    /// Media that is flooded and does harm.
    pub media: Option<&'a Flooding>,
    /// What is flooded and does harm, of which an agent that counts octets alone does not tell what it is.
    pub anything: Option<&'a Flooding>,
    /// Unicasts that are flooded because the spanning tree changes again and again, for long enough.
    pub relearned: Option<&'a Relearning>,
    /// Ports that pause frames hold up, for long enough.
    pub paused: &'a [Paused],
    /// Addresses that have moved lately between the ports of this segment.
    pub moves: usize,
    /// The spanning tree has changed lately.
    pub tree_changed: bool,
}

/// A switch that floods what it should not.
#[derive(Clone, Debug, PartialEq)]
pub struct Flooding {
    /// The switch.
    pub target: Arc<str>,
    /// Since when, and when last.
    pub since: Time,
    /// See `since`.
    pub last: Time,
    /// What is flooded: packets per second.
    pub flood: Flood,
    /// The port at which it comes into the polled network: of this switch, or of one that this one has it from.
    pub entry: PortKey,
    /// How that is named.
    pub label: Arc<str>,
    /// Polled switches behind it.
    pub through: Vec<Arc<str>>,
    /// Of media, packets per second that ports of the segment had no room for.
    pub discards_pps: f64,
    /// Bits that go out of the fullest port, as a share of its speed.
    pub fullest: f64,
}

/// A switch that forgets again and again where everybody is, and floods until it has learned it.
#[derive(Clone, Debug, PartialEq)]
pub struct Relearning {
    /// The switch.
    pub target: Arc<str>,
    /// The port that brings most of the unicasts in.
    pub source: Arc<str>,
    /// Since when, and when last.
    pub since: Time,
    /// See `since`.
    pub last: Time,
    /// Unicasts per second that come in there.
    pub pps: f64,
    /// Unicasts per second that go out of nearly every other port.
    pub least_pps: f64,
    /// The agent counts no packets: rates are reckoned from octets, and are too low.
    pub octets: bool,
    /// Changes of the tree meanwhile (dot1dStpTopChanges).
    pub changes: u32,
}

/// What a cause finds in counters.
#[derive(Clone, Debug, PartialEq)]
pub struct CounterFinding {
    /// As for frames; `frames` and `fresh` are zero, the engine reckons them from rate and time.
    pub finding: Finding,
    /// The ports that bring it in.
    pub ports: Vec<PortKey>,
    /// How these are named.
    pub label: Option<Arc<str>>,
    /// Targets that these lead to: when one of them tells of it, it is the same storm, nearer to its source.
    pub through: Vec<Arc<str>>,
    /// The one device behind the port, if there is one. To be behind it is not to be at fault: see [`Self::blaming`].
    pub device: Option<MacAddr>,
}

impl Flooding {
    /// The port at which it comes in, and the one at which it was seen to.
    #[must_use]
    pub fn ports(&self) -> Vec<PortKey> {
        let seen = self.flood.sources.first().map(|(port, _)| (Arc::clone(&self.target), Arc::clone(port)));
        let seen = seen.filter(|seen| *seen != self.entry);
        std::iter::once(self.entry.clone()).chain(seen).collect()
    }

    /// How much it is, and the harm that it does.
    #[must_use]
    pub fn harm(&self) -> Option<String> {
        let (source, pps) = self.flood.sources.first()?;
        Some(format!(
            "{} a second from {} {source} to {} ports; {:.0} a second are dropped, the fullest port is used to {:.0} %",
            words::number(pps.round() as u64),
            self.target,
            self.flood.ports - 1,
            self.discards_pps,
            self.fullest * 100.0
        ))
    }
}

impl CounterFinding {
    /// A finding about `sources`, all of them together. It names their ports and nobody behind them: a loop, a router that
    /// sends back what others sent, and a device that floods come in at a port alike.
    #[must_use]
    pub fn new(cause: &'static str, confidence: f64, scene: &CounterScene<'_>, sources: &[&SourcePort]) -> Self {
        // In the order of their names: which of two is the louder changes with every poll, and is no news.
        let mut labels = sources.iter().map(|source| source.label.to_string()).collect::<Vec<_>>();
        labels.sort();
        let strongest = sources.iter().max_by(|a, b| a.pps.total_cmp(&b.pps));
        let rate = strongest.map_or(scene.reached_pps, |source| source.pps);
        let reached = scene.reached_since;
        let device = if let [source] = sources { source.device() } else { None };
        let broadcasts = strongest.is_some_and(|source| source.broadcast_share >= MOSTLY);
        Self {
            finding: Finding {
                cause,
                severity: severity(scene.thresholds, rate, strongest.is_some_and(|source| source.usual_pps.is_none())),
                confidence,
                culprit: None,
                macs: device.into_iter().collect(),
                origins: Vec::new(),
                groups: Vec::new(),
                protocol: if broadcasts { Protocol::Other } else { Protocol::OtherIp },
                started: sources.iter().map(|s| s.since).chain(reached.map(|r| r.0)).min().unwrap_or(scene.at),
                last: sources.iter().map(|s| s.last).chain(reached.map(|r| r.1)).max().unwrap_or(scene.at),
                fresh: 0,
                frames: 0,
                rate: rate.round() as u64,
                evidence: sources.iter().map(|source| came_in(source)).chain(went_out(scene)).collect(),
                candidates: Vec::new(),
                lacks: lacks(sources),
                ask: Vec::new(),
            },
            ports: sources.iter().map(|source| source.key()).collect(),
            label: (!labels.is_empty()).then(|| labels.join(" and ").into()),
            through: sources.iter().flat_map(|source| source.beyond.iter().cloned()).collect(),
            device,
        }
    }

    /// It is the device behind the port: for a cause whose evidence leaves nobody else.
    #[must_use]
    pub fn blaming(mut self, device: Option<MacAddr>) -> Self {
        self.device = device;
        self.finding.macs.extend(device);
        self.finding.culprit = device.map(|mac| Suspect { mac: Some(mac), ip: None });
        self
    }

    /// A finding about what a switch floods, at the port where it comes in.
    #[must_use]
    pub fn of_flood(
        cause: &'static str,
        confidence: f64,
        scene: &CounterScene<'_>,
        flooding: &Flooding,
        severity: Severity,
    ) -> Option<Self> {
        let (_, pps) = flooding.flood.sources.first()?;
        let mut found = Self::new(cause, confidence, scene, &[]);
        (found.finding.severity, found.finding.rate) = (severity, pps.round() as u64);
        (found.finding.started, found.finding.last) = (flooding.since, flooding.last);
        // That no polled port brings it in is not so here.
        found.finding.lacks.remove(0);
        (found.ports, found.through) = (flooding.ports(), flooding.through.clone());
        found.label = Some(Arc::clone(&flooding.label));
        Some(found)
    }

    /// With other causes that are not excluded, the likeliest first.
    #[must_use]
    pub fn or(mut self, candidates: impl IntoIterator<Item = (&'static str, f64, String)>) -> Self {
        let mac = self.device;
        let candidate = |(cause, confidence, needs)| Candidate { cause, confidence, mac, needs };
        self.finding.candidates = candidates.into_iter().map(candidate).collect();
        self.finding.candidates.sort_by(|one, other| other.confidence.total_cmp(&one.confidence));
        self
    }

    /// With more evidence.
    #[must_use]
    pub fn because(mut self, evidence: Option<Evidence>) -> Self {
        self.finding.evidence.extend(evidence);
        self
    }
}

/// In a cold start only what kills a network is called a storm: what is usual there nobody knows yet.
fn severity(thresholds: &Thresholds, rate: f64, cold: bool) -> Severity {
    let limit = if cold { thresholds.critical_pps } else { thresholds.storm_pps };
    if rate >= limit as f64 { Severity::Storm } else { Severity::Warning }
}

/// A fact that a switch's counters or tables show.
#[must_use]
pub fn counted(claim: String, observed: String, expected: String) -> Evidence {
    Evidence { claim, observed, expected, feed: "snmp", display_filter: String::new(), frame_numbers: None }
}

fn came_in(source: &SourcePort) -> Evidence {
    let what = match source.counted {
        Counted::Group => "multicasts and broadcasts",
        Counted::Broadcast => "broadcasts",
        Counted::All => "packets (this agent counts multicasts and broadcasts as zero, or not at all)",
    };
    let octets = source.frame_octets.map_or_else(String::new, |octets| format!(", of {octets:.0} octets on average"));
    let claim = if source.seen {
        format!("More comes in at {} than is usual there", source.label)
    } else {
        format!("It goes out of the other ports, and not out of {}", source.label)
    };
    counted(
        claim,
        format!("{} {what} a second{octets}", words::number(source.pps.round() as u64)),
        source.usual_pps.map_or_else(
            || {
                "not known: the port has not been watched for long enough, so that only the absolute limit speaks"
                    .to_owned()
            },
            |usual| format!("about {usual:.0} a second, by the last hour"),
        ),
    )
}

fn went_out(scene: &CounterScene<'_>) -> Option<Evidence> {
    if scene.reached == 0 {
        return None;
    }
    let exact = scene.residual.map_or_else(String::new, |residual| {
        format!("; what goes out is what comes in at the others to {:.0} %", residual * 100.0)
    });
    let rate = words::number(scene.reached_pps.round() as u64);
    Some(counted(
        "It is sent on to everybody".to_owned(),
        format!("{} of {} ports send up to {rate} a second{exact}", scene.reached, scene.up),
        "what is usual there".to_owned(),
    ))
}

fn lacks(sources: &[&SourcePort]) -> Vec<String> {
    let mut lacks = Vec::new();
    if sources.is_empty() {
        lacks.push(
            "No polled port brings it in: its source is behind a switch that is not polled, or unmanaged.".to_owned(),
        );
    }
    for source in sources {
        if source.behind == 0 {
            lacks.push(format!(
                "Who is behind {} is not known: the switch's forwarding table was not read.",
                source.label
            ));
        } else if source.device().is_none() {
            lacks.push(format!(
                "{} addresses are behind {}; counters can't tell them apart.",
                source.behind, source.label
            ));
        }
    }
    lacks.push("Frames are not captured here, so that what they carry is not known.".to_owned());
    lacks
}

/// The direction in which a port of a switch brings a storm in, and a port of this host.
#[must_use]
pub const fn brings_in(of_this_host: bool) -> Direction {
    if of_this_host { Direction::Out } else { Direction::In }
}
