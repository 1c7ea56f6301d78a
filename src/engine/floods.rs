//! Switches that send unicasts or media to everybody, and for how long they have: from the rates of all their ports
//! together, and from their spanning tree. Knows no cause.

use super::lans::{Group, Node};
use super::pauses::Pauses;
use crate::detect::counters::{CounterLimits, Traffic, copied, copies, flood};
use crate::explain::counted::{Flooding, LONGEST_OCTETS, PortKey, Relearning, TREE_CHANGE};
use crate::model::Time;
use crate::model::observation::CounterKind;
use crate::observe::targets::Targets;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Switches followed that flood what they should not.
const MAX_FLOODS: usize = 4096;
/// A switch of fewer ports shows a flood by chance: what goes from one to the other goes "everywhere".
const MIN_FLOOD_PORTS: usize = 4;
/// A port this full, as a share of its speed, has no room for a stream.
const FULL: f64 = 0.5;
/// Packets dropped per second that are no accident.
const MIN_DISCARDS: f64 = 1.0;
/// A flood that is not seen any more for this long is over: as an alarm.
const FLOOD_OVER: Duration = Duration::from_secs(60);
/// Rises of dot1dStpTopChanges, in as many readings, that are no single cable plugged in.
const MIN_RISES: u8 = 2;
/// Unicasts a second out of ports for which they are not, after changes of the tree: ten times what idle ports get of them.
const MIN_RELEARNED_PPS: f64 = 20.0;
/// Ports kept of a target that a stream does harm to.
const MAX_HARMED: usize = 16;
/// A port that gets this part of a stream is one that it goes out of.
const PART: f64 = 0.5;
/// One port in so many may carry less: the tree keeps some blocked.
const SPARED: usize = 4;

/// Switches that flood unicasts or media, and for how long.
#[derive(Debug, Default)]
pub(super) struct Floods {
    known: BTreeMap<(Arc<str>, What), (Flooding, u8)>,
    trees: BTreeMap<Arc<str>, Tree>,
    /// Ports that drop packets, or are short of room, and when that was seen.
    harmed: BTreeMap<Arc<str>, (Time, Vec<Harmed>)>,
    /// Ports that pause frames hold up.
    pub(super) pauses: Pauses,
}

/// What a switch floods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// To addresses that it does not know.
    Unicasts,
    /// To groups without members.
    Media,
    /// Anything, by an agent that counts octets alone: unicasts, if frames show no groups.
    Octets,
}

impl What {
    const ALL: [Self; 3] = [Self::Unicasts, Self::Media, Self::Octets];
}

/// A port that drops packets, or is short of room.
#[derive(Clone, Copy, Debug)]
struct Harmed {
    /// Multicasts and broadcasts per second that are for it, dropped ones included.
    pps: f64,
    /// The same by octets, each packet taken to be as long as it can, and all of what goes out.
    longest_pps: f64,
    /// Packets per second that are dropped.
    discards_pps: f64,
    /// Bits that go out of it, as a share of its speed.
    full: f64,
}

/// The spanning tree of a target, and what is flooded because of it.
#[derive(Debug)]
struct Tree {
    /// dot1dStpTopChanges at the last reading.
    changes: u32,
    /// Readings in which it had risen, one soon after the other, by how much in all, and the latest.
    rises: u8,
    risen: u32,
    at: Time,
    relearning: Option<(Relearning, u8)>,
}

impl Floods {
    /// Looks at a target whose rates are new.
    pub(super) fn look(&mut self, polled: &Polled<'_>) {
        let Polled { target, at, limits, .. } = *polled;
        self.look_at_tree(polled);
        self.look_at_harm(polled);
        for (what, found) in What::ALL.map(|what| (what, flooding(polled, what))) {
            let key = (Arc::clone(target), what);
            match found {
                Some(found) => {
                    if self.known.len() >= MAX_FLOODS && !self.known.contains_key(&key) {
                        continue;
                    }
                    let (known, polls) = self.known.entry(key).or_insert_with(|| (found.clone(), 0));
                    *known = Flooding { since: known.since, ..found };
                    *polls = polls.saturating_add(1);
                }
                None => {
                    let over = |(flood, polls): &(Flooding, u8)| {
                        *polls < limits.confirm_polls || at.since(flood.last) >= FLOOD_OVER
                    };
                    if self.known.get(&key).is_some_and(over) {
                        self.known.remove(&key);
                    }
                }
            }
        }
    }

    /// Where something is short of room: wherever in the segment a stream comes in.
    fn look_at_harm(&mut self, polled: &Polled<'_>) {
        let Polled { target, at, targets, .. } = *polled;
        let harmed = targets.ports(target).filter(|port| port.oper_up).filter_map(|port| {
            let rate = |kind| port.rates.get(kind).unwrap_or(0.0);
            let discards_pps = rate(CounterKind::OutDiscards);
            let octets = rate(CounterKind::OutOctets);
            let full = if port.speed_bps > 0 { octets * 8.0 / port.speed_bps as f64 } else { 0.0 };
            let pps = rate(CounterKind::OutMulticast) + rate(CounterKind::OutBroadcast) + discards_pps;
            let longest_pps = octets / LONGEST_OCTETS + discards_pps;
            let harmed = Harmed { pps, longest_pps, discards_pps, full };
            (discards_pps >= MIN_DISCARDS || full >= FULL).then_some(harmed)
        });
        let harmed = harmed.take(MAX_HARMED).collect::<Vec<_>>();
        if !harmed.is_empty() && (self.harmed.len() < MAX_FLOODS || self.harmed.contains_key(target)) {
            self.harmed.insert(Arc::clone(target), (at, harmed));
        } else if self.harmed.get(target).is_some_and(|(seen, _)| at.since(*seen) >= FLOOD_OVER) {
            self.harmed.remove(target);
        }
    }

    /// What a flood does to the ports of these targets: packets dropped per second, and how full the fullest is. `None`: no
    /// harm.
    fn harm<'a>(
        &self,
        flood: &Flooding,
        what: What,
        targets: impl Iterator<Item = &'a Arc<str>>,
    ) -> Option<(f64, f64)> {
        let pps = flood.flood.sources.first().map_or(0.0, |(_, pps)| *pps);
        let ports = targets.filter_map(|target| self.harmed.get(target)).flat_map(|(_, ports)| ports);
        let gets = |port: &Harmed| if what == What::Octets { port.longest_pps } else { port.pps };
        let its = ports.filter(|port| gets(port) >= pps * PART);
        its.map(|port| (port.discards_pps, port.full)).reduce(|one, other| (one.0 + other.0, one.1.max(other.1)))
    }

    /// The unicasts and the media that come after changes of the tree, or without.
    fn look_at_tree(&mut self, polled: &Polled<'_>) {
        let Polled { target, at, limits, .. } = *polled;
        let tree = polled.targets.surroundings(target).and_then(|tables| tables.stp());
        let Some(changes) = tree.and_then(|tree| tree.topology_changes) else { return };
        if self.trees.len() >= MAX_FLOODS && !self.trees.contains_key(target) {
            return;
        }
        let fresh = || Tree { changes, rises: 0, risen: 0, at, relearning: None };
        let tree = self.trees.entry(Arc::clone(target)).or_insert_with(fresh);
        if at.since(tree.at) >= TREE_CHANGE {
            (tree.rises, tree.risen, tree.at) = (0, 0, at);
        }
        // A counter that falls is that of an agent that was restarted.
        let risen = changes.saturating_sub(tree.changes);
        tree.changes = changes;
        if risen > 0 {
            (tree.rises, tree.at) = (tree.rises.saturating_add(1), at);
            tree.risen = tree.risen.saturating_add(risen);
        }
        let found = relearning(polled).filter(|_| tree.rises >= MIN_RISES);
        let risen = tree.risen;
        tree.relearning = match (found, tree.relearning.take()) {
            (Some(found), before) => {
                let (since, polls) = before.map_or((at, 0), |(before, polls)| (before.since, polls));
                Some((Relearning { since, changes: risen, ..found }, polls.saturating_add(1)))
            }
            (None, Some((before, polls))) if polls >= limits.confirm_polls && at.since(before.last) < FLOOD_OVER => {
                Some((before, polls))
            }
            (None, _) => None,
        };
    }

    /// What the switches of a group flood. Where several do, the one counts at which it comes in from a device
    /// (`is_edge`), and not from the next switch. Media is nothing to tell of unless it does harm.
    pub(super) fn of(
        &self,
        group: &Group,
        what: What,
        confirm: u8,
        is_edge: &dyn Fn(&PortKey) -> bool,
    ) -> Option<Flooding> {
        let nodes = group.nodes.iter().filter_map(|node| self.known.get(&(Arc::clone(node.name()), what)));
        let mut floods = nodes.filter(|(_, polls)| *polls >= confirm).map(|(flooding, _)| flooding);
        let first = floods.clone().next();
        let edge = |flooding: &&Flooding| {
            flooding
                .flood
                .sources
                .first()
                .is_some_and(|(port, _)| is_edge(&(Arc::clone(&flooding.target), Arc::clone(port))))
        };
        let found = floods.find(edge).or(first)?;
        if what != What::Media {
            return Some(found.clone());
        }
        self.harmful(group, found, what)
    }

    /// A flood of the group with the harm that it does, if it does any.
    pub(super) fn harmful(&self, group: &Group, flooding: &Flooding, what: What) -> Option<Flooding> {
        let (discards_pps, fullest) = self.harm(flooding, what, group.nodes.iter().map(Node::name))?;
        Some(Flooding { discards_pps, fullest, ..flooding.clone() })
    }

    /// The same of what is flooded because the tree changes.
    pub(super) fn relearned(
        &self,
        group: &Group,
        confirm: u8,
        is_edge: &dyn Fn(&PortKey) -> bool,
    ) -> Option<&Relearning> {
        let trees = group.nodes.iter().filter_map(|node| self.trees.get(node.name())?.relearning.as_ref());
        let mut found = trees.filter(|(_, polls)| *polls >= confirm).map(|(relearning, _)| relearning);
        let first = found.clone().next();
        found.find(|one| is_edge(&(Arc::clone(&one.target), Arc::clone(&one.source)))).or(first)
    }

    /// Targets that flood something; of media, and of what may be, those at which something is short of room as well.
    pub(super) fn targets(&self) -> impl Iterator<Item = &Arc<str>> {
        let harms = self.known.keys().any(|(_, what)| *what != What::Unicasts);
        self.known.keys().map(|(target, _)| target).chain(self.harmed.keys().filter(move |_| harms))
    }

    /// A target floods, or a port of it is held up.
    pub(super) fn stands(&self, target: &Arc<str>) -> bool {
        let relearns = || self.trees.get(target).is_some_and(|tree| tree.relearning.is_some());
        let known = |what| self.known.get(&(Arc::clone(target), what));
        let media = || {
            known(What::Media).is_some_and(|(stream, _)| self.harm(stream, What::Media, self.harmed.keys()).is_some())
        };
        known(What::Unicasts).is_some()
            || known(What::Octets).is_some()
            || media()
            || relearns()
            || self.pauses.stands(target)
    }

    /// Forgets what was not seen for a long time.
    pub(super) fn forget(&mut self, now: Time) {
        self.known.retain(|_, (flooding, _)| now.since(flooding.last) < Duration::from_secs(3600));
        self.pauses.forget(now);
        self.harmed.retain(|_, (seen, _)| now.since(*seen) < Duration::from_secs(3600));
        // One that has not changed for so long says no more than one that was never seen.
        self.trees.retain(|_, tree| tree.rises == 0 || now.since(tree.at) < Duration::from_secs(3600));
    }

    /// Forgets targets that are not wanted any more.
    pub(super) fn retain_targets(&mut self, wanted: impl Fn(&str) -> bool) {
        self.known.retain(|(target, _), _| wanted(target));
        self.trees.retain(|target, _| wanted(target));
        self.harmed.retain(|target, _| wanted(target));
        self.pauses.retain_targets(wanted);
    }
}

/// A target whose rates are new.
pub(super) struct Polled<'a> {
    pub(super) target: &'a Arc<str>,
    pub(super) at: Time,
    pub(super) targets: &'a Targets,
    pub(super) limits: &'a CounterLimits,
    /// Packets per second below which nothing is a flood.
    pub(super) lowest: f64,
}

/// Unicasts that go out of nearly every port, though the one that brings most of them in does not fill them: between two
/// changes of the tree a switch floods only until it has learned again.
fn relearning(polled: &Polled<'_>) -> Option<Relearning> {
    let Polled { target, at, targets, .. } = *polled;
    let ports = || targets.ports(target).filter(|port| port.oper_up);
    // An agent that counts packets has counted some.
    let octets = ports().all(|port| port.rates.in_packets().unwrap_or(0.0) <= 0.0);
    let (kinds, unit, traffic) = if octets {
        ([CounterKind::InOctets, CounterKind::OutOctets], LONGEST_OCTETS, Traffic::Octets)
    } else {
        ([CounterKind::InUnicast, CounterKind::OutUnicast], 1.0, Traffic::Unicasts)
    };
    // Every port may be busy; but where nothing is flooded, what comes in goes out once.
    if copies(ports(), traffic) < MIN_RELEARNED_PPS * unit {
        return None;
    }
    let rates = ports().filter_map(|port| {
        let [into, out] = kinds.map(|kind| port.rates.get(kind));
        Some((&port.name, into? / unit, out? / unit))
    });
    let rates = rates.collect::<Vec<_>>();
    let (source, pps, _) = rates.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let mut out = rates.iter().filter(|(name, ..)| name != source).map(|(.., out)| *out).collect::<Vec<_>>();
    out.sort_by(f64::total_cmp);
    let least_pps = *out.get(out.len() / SPARED)?;
    (rates.len() >= MIN_FLOOD_PORTS && least_pps >= MIN_RELEARNED_PPS && least_pps <= *pps).then(|| Relearning {
        target: Arc::clone(target),
        source: Arc::clone(source),
        since: at,
        last: at,
        pps: *pps,
        least_pps,
        octets,
        changes: 0,
    })
}

fn flooding(polled: &Polled<'_>, what: What) -> Option<Flooding> {
    let Polled { target, at, targets, limits, lowest } = *polled;
    let (traffic, unit) = match what {
        What::Unicasts => (Traffic::Unicasts, 1.0),
        What::Media => (Traffic::Groups, 1.0),
        What::Octets => (Traffic::Octets, LONGEST_OCTETS),
    };
    let counts_packets = || targets.ports(target).any(|port| port.rates.in_packets().unwrap_or(0.0) > 0.0);
    if what == What::Octets && counts_packets() {
        return None;
    }
    let alone = flood(targets.ports(target), traffic, limits);
    let among = || if what == What::Media { None } else { copied(targets.ports(target), traffic) };
    let mut flood = alone.or_else(among)?;
    flood.sources.iter_mut().for_each(|(_, rate)| *rate /= unit);
    flood.beside /= unit;
    if flood.ports < MIN_FLOOD_PORTS || flood.sources.first()?.1 < lowest {
        return None;
    }
    let long = || {
        let (name, _) = flood.sources.first()?;
        let rates = &targets.port(target, name)?.rates;
        Some(rates.get(CounterKind::InOctets)? / rates.in_packets()?)
    };
    if what == What::Media && long().is_none_or(|octets| octets < limits.stream_octets) {
        return None;
    }
    let entry = (Arc::clone(target), Arc::clone(&flood.sources.first()?.0));
    let label = Arc::clone(&entry.1);
    let target = Arc::clone(target);
    Some(Flooding {
        target,
        since: at,
        last: at,
        flood,
        entry,
        label,
        through: Vec::new(),
        discards_pps: 0.0,
        fullest: 0.0,
    })
}
