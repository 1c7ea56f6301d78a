//! What the user tells beside the limits: what devices are called, and which traffic is expected. Of the latter: how much of
//! it there is by frames and by counters, and which ports bring in nothing else. Never asks whether copies circle.

use super::lans::{Group, Node, interface_of};
use super::{Engine, Output, push};
use crate::detect::Expected;
use crate::explain::counted::{PortKey, SourcePort};
use crate::model::{MacAddr, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Names of addresses taken from capture files, those of the user included.
const MAX_TOLD_NAMES: usize = 4096;
/// Characters kept of the name that a device gives itself.
const MAX_NAME: usize = 48;
/// What counters have shown of expected traffic speaks for so long: agents renew them every 1-30 s.
const COUNTED_FOR: Duration = Duration::from_secs(60);
/// Ports of which it is kept.
const MAX_COUNTED: usize = 256;
/// By how much the counters of a port and the frames of a capture may differ, which are of other seconds.
const ALIKE: f64 = 1.25;

/// Ports that bring in expected traffic alone, by their counters: of which entry, how much, and when.
pub(super) type Counted = BTreeMap<PortKey, (Arc<Expected>, f64, Time)>;

/// What there is of expected traffic, in one place.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedUse {
    /// What was told.
    pub entry: Arc<Expected>,
    /// The segment, or switch and port, where it was seen. `None`: nowhere yet.
    pub place: Option<Arc<str>>,
    /// Whose it is, as far as known.
    pub mac: Option<MacAddr>,
    /// Frames per second.
    pub pps: u64,
    /// `capture` or `snmp`.
    pub feed: &'static str,
    /// It is more than was told, for longer than a moment: it is judged as if nothing had been told.
    pub exceeded: bool,
    /// Its time is over.
    pub ended: bool,
}

/// Ports that bring in nothing but what is expected.
#[derive(Debug, Default)]
pub(super) struct Excuse {
    /// Those of which it is known whose it is.
    known: Counted,
    /// All of them.
    ports: BTreeSet<PortKey>,
    /// Packets per second that they bring in together.
    pps: f64,
    /// Of interfaces of ours, packets per second of which frames tell that they are expected, with what counters of other
    /// seconds may differ by.
    captured: f64,
}

impl Excuse {
    /// What goes out of a port is what they bring in.
    pub(super) fn accounts_for(&self, pps: f64) -> bool {
        self.pps > 0.0 && pps <= self.pps * ALIKE || self.captured > 0.0 && pps <= self.captured
    }
}

impl Engine {
    pub(super) fn called(&mut self, names: &[(IpAddr, Arc<str>)]) {
        let room = MAX_TOLD_NAMES.saturating_sub(self.settings.names.by_ip.len());
        self.refused += names.len().saturating_sub(room) as u64;
        for (ip, name) in names.iter().take(room) {
            self.settings.names.by_ip.entry(*ip).or_insert_with(|| Arc::clone(name));
        }
        self.know_devices();
    }

    /// Devices get the MACs that the owners tell, and addresses the names that devices give themselves.
    pub(super) fn know_devices(&mut self) {
        let ips = self.catalogue.devices().map(|device| device.ip).collect::<BTreeSet<_>>();
        for ip in ips {
            let owner = self.places.values().find_map(|place| place.owners.of(ip).first().map(|owner| owner.mac));
            if let Some(mac) = owner {
                self.catalogue.know_mac(ip, mac);
            }
        }
        self.names = self.settings.names.clone();
        for (ip, name) in self.catalogue.names() {
            self.names.by_ip.entry(ip).or_insert_with(|| name.chars().take(MAX_NAME).collect::<String>().into());
        }
        self.tell_devices();
    }

    pub(super) fn tell_devices(&mut self) {
        for change in self.catalogue.devices.news() {
            push(&mut self.outputs, Output::Device(Box::new(change)));
        }
    }

    /// All that was told to be expected, with what there is of it.
    pub(super) fn expected_uses(&self, now: Time) -> Vec<ExpectedUse> {
        let limits = &self.settings.thresholds;
        let mut uses = Vec::new();
        for entry in self.settings.expected.iter() {
            let ended = !entry.holds(now);
            let unseen = ExpectedUse {
                entry: Arc::clone(entry),
                place: None,
                mac: entry.mac,
                pps: 0,
                feed: "",
                exceeded: false,
                ended,
            };
            let before = uses.len();
            let segments = self.places.values().flat_map(|place| place.segments.values());
            for (segment, quota) in segments.filter_map(|segment| Some((segment, segment.expected.of(entry)?))) {
                let Some(mac) = quota.holder() else { continue };
                let exceeded = !ended && segment.expected.is_exceeded(entry, limits);
                let (place, pps) = (Some(Arc::clone(&segment.id)), quota.pps());
                uses.push(ExpectedUse { place, mac: Some(mac), pps, feed: "capture", exceeded, ..unseen.clone() });
            }
            if uses.len() == before {
                let fresh = |at: Time| now.since(at) < COUNTED_FOR;
                let counted = self.counted_expected.iter().filter(|(_, (of, _, at))| of == entry && fresh(*at));
                uses.extend(counted.map(|((target, port), (_, pps, _))| ExpectedUse {
                    place: Some(format!("{target} {port}").into()),
                    pps: pps.round() as u64,
                    feed: "snmp",
                    ..unseen.clone()
                }));
            }
            if uses.len() == before {
                uses.push(unseen);
            }
        }
        uses
    }

    /// Leaves out the ports that bring in expected traffic and nothing else, and gives how much those bring in together.
    ///
    /// Counters tell no sender, and a reflection looks to them like anything else. So a port is left out where one expected
    /// device alone is behind it, by a forwarding table that was read since, which is no router, and as much does not go
    /// out again; or where frames are captured in the same LAN, those that are expected account for all ports together, and
    /// one of their senders is known behind each: what else there was, and copies, the frames would tell. A group that
    /// snooping keeps from the capture has another port.
    pub(super) fn beyond_expected(&self, now: Time, group: &Group, sources: &mut Vec<SourcePort>) -> Excuse {
        let mut excuse = Excuse::default();
        if self.settings.expected.is_empty() {
            return excuse;
        }
        for source in sources.iter() {
            if let Some(entry) = self.settings.expected.iter().find(|entry| is_of(entry, source, now)) {
                excuse.known.insert(source.key(), (Arc::clone(entry), source.pps, now));
                excuse.pps += source.pps;
            }
        }
        sources.retain(|source| !excuse.known.contains_key(&source.key()));
        excuse.ports.extend(excuse.known.keys().cloned());
        let (captured, senders) = self.captured_expected(group, now);
        if captured == 0 {
            return excuse;
        }
        let captured = captured as f64 * ALIKE + self.settings.thresholds.source_pps as f64;
        // What comes in at an interface of ours is what is captured there.
        if group.nodes.iter().all(|node| matches!(node, Node::Interface(_))) {
            excuse.captured = captured;
        }
        let rest = sources.iter().map(|source| source.pps).sum::<f64>();
        let there = |source: &SourcePort| senders.iter().any(|mac| self.is_behind(source, *mac));
        if rest + excuse.pps <= captured && sources.iter().all(there) {
            excuse.pps += rest;
            excuse.ports.extend(sources.drain(..).map(|source| source.key()));
        }
        excuse
    }

    fn is_behind(&self, source: &SourcePort, mac: MacAddr) -> bool {
        let index = self.targets.port(&source.target, &source.port).map(|status| status.if_index);
        let place = self.targets.surroundings(&source.target).and_then(|tables| tables.place(mac));
        index.is_some() && place.map(|place| place.if_index) == index
    }

    /// Keeps what was found, and ends what had been told of these ports before it was.
    pub(super) fn excused(&mut self, now: Time, excuse: Excuse) {
        if excuse.ports.is_empty() {
            return;
        }
        self.counted_expected.retain(|_, (_, _, at)| now.since(*at) < COUNTED_FOR);
        let room = MAX_COUNTED.saturating_sub(self.counted_expected.len());
        self.counted_expected.extend(excuse.known.into_iter().take(room));
        let outputs = &mut self.outputs;
        self.cases.excuse(&excuse.ports, &mut |verdict| push(outputs, Output::Changed(verdict)));
    }

    /// Expected frames per second that were captured lately in the LAN of a group of switches and interfaces, none of it
    /// more than was told, and who sends them.
    fn captured_expected(&self, group: &Group, now: Time) -> (u64, BTreeSet<MacAddr>) {
        let segments = self.places.values().flat_map(|place| place.segments.values());
        let here = segments.filter(|segment| group.interfaces.contains(interface_of(&segment.id).0));
        // An interface that is in the LAN twice captures the same frames twice.
        let most = here.max_by_key(|segment| segment.expected.lately(now, &self.settings.thresholds));
        most.map_or_else(Default::default, |segment| {
            (segment.expected.lately(now, &self.settings.thresholds), segment.expected.senders().collect())
        })
    }
}

/// One device that is expected is alone behind the port, and brings in no more than was told.
fn is_of(entry: &Expected, source: &SourcePort, now: Time) -> bool {
    let alone = source.seen && source.read_since && !source.returns && !source.router;
    alone
        && entry.holds(now)
        && entry.group.is_none()
        && entry.mac.is_some()
        && source.device() == entry.mac
        && source.pps <= entry.max_pps as f64
}
