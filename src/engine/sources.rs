//! Which ports bring a storm in, of all that stand out: not those through which a switch only has it from the next one, and
//! also those that do not stand out themselves, as each brings a part of it. Knows no cause.

use super::Engine;
use super::counting::{MAX_SOURCES, Moves};
use super::lans::{Group, Node};
use super::upstream::{GROUPS, MAX_HOPS, sum};
use crate::detect::counters::{Counted, Direction, PortAlarm};
use crate::explain::counted::{PortKey, SourcePort, brings_in};
use crate::explain::scene::DEVICE_REACH;
use crate::model::observation::{CounterKind, THIS_HOST};
use crate::model::{MacAddr, Time};
use crate::observe::ports::PortStatus;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What goes out of a source is a part of what comes in, or it is no end of a ring.
pub(super) const RETURNS: std::ops::RangeInclusive<f64> = 0.5..=2.0;
/// A port that does not stand out brings the storm in alone if it brings this part of what goes out of the others.
const ALONE: f64 = 0.6;
/// Two ports bring it in together if they bring this part, each no less than [`EACH`], and no other port more than [`NO_OTHER`].
const TOGETHER: f64 = 0.8;
/// See [`TOGETHER`].
const EACH: f64 = 0.25;
/// See [`TOGETHER`].
const NO_OTHER: f64 = 0.1;

impl Engine {
    /// The ports that bring it in, the strongest first; those apart that lead to a switch that has a source itself. `None`:
    /// they have calmed down, and what still stands out is what they sent before.
    pub(super) fn sources(&self, group: &Group, alarms: &[PortAlarm]) -> Option<Vec<SourcePort>> {
        let into = |alarm: &&PortAlarm| alarm.direction == brings_in(*alarm.target == *THIS_HOST);
        let others = alarms.iter().filter(|alarm| !into(alarm));
        let others = others.map(|alarm| ((&alarm.target, &alarm.port), alarm.state.pps)).collect::<BTreeMap<_, _>>();
        let out = |alarm: &PortAlarm| {
            let out = others.get(&(&alarm.target, &alarm.port));
            out.is_some_and(|out| RETURNS.contains(&(out / alarm.state.pps.max(1.0))))
        };
        let routers = self.routers();
        let mut roles = BTreeMap::new();
        let moved = self.moves(alarms.iter().map(|alarm| alarm.state.at).max().unwrap_or(Time::MIN), group);
        let (mut sources, mut clearing) = (Vec::new(), BTreeSet::new());
        for alarm in alarms.iter().filter(into) {
            let roles = roles.entry(Arc::clone(&alarm.target)).or_insert_with(|| self.targets.roles(&alarm.target));
            let source = self.describe(alarm, roles, &routers, &moved);
            clearing.extend(alarm.state.clearing().then(|| source.key()));
            sources.push(SourcePort { returns: out(alarm), ..source });
        }
        only_nearest(&mut sources);
        // After that: the switch at the source calms down one poll before those that it has passed the storm on to.
        sources.retain(|source| !clearing.contains(&source.key()));
        if sources.is_empty() && !clearing.is_empty() {
            return None;
        }
        self.follow_up(&mut sources, &routers, &moved);
        let mut known = BTreeSet::new();
        sources.retain(|source| known.insert(source.key()));
        let from = self.passed_on(&sources, alarms);
        if sources.is_empty() || from.is_some() {
            let spared = self.spared(group, alarms, from.as_ref(), (&routers, &moved));
            if !spared.is_empty() {
                sources = spared;
            }
        }
        not_ends_alone(&mut sources);
        sources.sort_by(|one, other| other.pps.total_cmp(&one.pps));
        sources.truncate(MAX_SOURCES);
        Some(sources)
    }

    /// Where a port leads to another polled switch at which nothing stands out yet, or any more, the port there that brings as
    /// much in: it is polled at another moment.
    fn follow_up(&self, sources: &mut [SourcePort], routers: &BTreeSet<MacAddr>, moved: &Moves) {
        for source in sources.iter_mut().filter(|source| !source.returns && source.counted != Counted::All) {
            let key = self.upstream(source.key(), source.pps, GROUPS);
            if key == source.key() {
                continue;
            }
            let roles = self.targets.roles(&key.0);
            let nearer = self.source_at(&key.0, &key.1, self.targets.port(&key.0, &key.1), &roles);
            *source = SourcePort {
                since: source.since,
                last: source.last,
                pps: source.pps,
                usual_pps: source.usual_pps,
                counted: source.counted,
                broadcast_share: source.broadcast_share,
                frame_octets: source.frame_octets,
                returns: source.returns,
                seen: source.seen,
                ..nearer
            };
            self.surround(source, routers, moved);
        }
    }

    /// The switch that all of these only have it from, though no port stands out there that brings it in.
    fn passed_on(&self, sources: &[SourcePort], alarms: &[PortAlarm]) -> Option<Arc<str>> {
        let from = |source: &SourcePort| {
            let passes = |target: &&Arc<str>| !source.returns && self.passes_to(target, &source.target, alarms);
            source.beyond.iter().find(passes).cloned()
        };
        let from = sources.iter().map(from).collect::<Option<Vec<_>>>()?;
        from.into_iter().next()
    }

    /// The storm goes out of a port of `target` that leads to the other.
    fn passes_to(&self, target: &Arc<str>, other: &Arc<str>, alarms: &[PortAlarm]) -> bool {
        let of_target = alarms.iter().filter(|alarm| alarm.target == *target && alarm.direction == Direction::Out);
        of_target
            .map(|alarm| (Arc::clone(target), Arc::clone(&alarm.port)))
            .any(|port| self.beyond(&port).contains(other))
    }

    /// Where no port stands out that brings it in: the one that brings as much as goes out of the others, and out of which
    /// it does not go itself; it carried that much before, as a port with television does. Or two that do so together, as
    /// the ends of a ring. Looked for at `from`, or where the storm is loudest, and from there on to where that has it from.
    fn spared(
        &self,
        group: &Group,
        alarms: &[PortAlarm],
        from: Option<&Arc<str>>,
        (routers, moved): (&BTreeSet<MacAddr>, &Moves),
    ) -> Vec<SourcePort> {
        let loudest = |target: Option<&Arc<str>>| {
            let out = alarms.iter().filter(|alarm| alarm.direction == Direction::Out && !alarm.state.clearing());
            let out = out.filter(|alarm| target.is_none_or(|target| alarm.target == *target));
            let count = out.clone().count();
            out.max_by(|a, b| a.state.pps.total_cmp(&b.state.pps)).filter(|_| count >= 2)
        };
        let Some(mut at) = loudest(from) else { return Vec::new() };
        let mut seen = BTreeSet::new();
        let mut ports: Vec<(&PortAlarm, &PortStatus)> = Vec::new();
        while seen.insert(&at.target) && seen.len() <= MAX_HOPS {
            let here = self.bring_together(at, alarms);
            if here.is_empty() || !group.nodes.contains(&Node::Target(Arc::clone(&at.target))) {
                break;
            }
            ports = here.into_iter().map(|port| (at, port)).collect();
            let [(_, port)] = &ports[..] else { break };
            let behind = self.beyond(&(Arc::clone(&at.target), Arc::clone(&port.name)));
            let from = behind.iter().find(|target| self.passes_to(target, &at.target, alarms));
            let Some(next) = from.and_then(|from| loudest(Some(from))) else { break };
            at = next;
        }
        let alone = ports.len() == 1;
        let describe = |at: &PortAlarm, (target, port): PortKey| {
            let roles = self.targets.roles(&target);
            self.describe(&PortAlarm { target, port, ..at.clone() }, &roles, routers, moved)
        };
        let source = |(at, port): (&PortAlarm, &PortStatus)| {
            let key = (Arc::clone(&at.target), Arc::clone(&port.name));
            let into = sum(port, GROUPS);
            if alone {
                return SourcePort { pps: at.state.pps, seen: false, ..describe(at, key) };
            }
            // What each of them brings is measured, though it is too little to stand out.
            let source = describe(at, self.upstream(key, into, GROUPS));
            let port = self.targets.port(&source.target, &source.port).unwrap_or(port);
            let (into, out) = (sum(port, GROUPS), sum(port, OUT));
            let broadcast_share = port.rates.get(CounterKind::InBroadcast).unwrap_or(0.0) / into.max(1.0);
            SourcePort { pps: into, broadcast_share, returns: RETURNS.contains(&(out / into.max(1.0))), ..source }
        };
        ports.into_iter().map(source).collect()
    }

    /// The ports of the switch of this alarm that bring in what goes out of there, those that do not stand out included.
    fn bring_together(&self, loudest: &PortAlarm, alarms: &[PortAlarm]) -> Vec<&PortStatus> {
        if *loudest.target == *THIS_HOST || loudest.state.counted == Counted::All {
            return Vec::new();
        }
        let pps = loudest.state.pps;
        let out = alarms.iter().filter(|alarm| alarm.direction == Direction::Out && alarm.target == loudest.target);
        let reached = out.map(|alarm| &alarm.port).collect::<BTreeSet<_>>();
        let up = self.targets.ports(&loudest.target).filter(|port| port.oper_up);
        let mut rates = up.map(|port| (port, sum(port, GROUPS))).collect::<Vec<_>>();
        rates.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let spared = rates.iter().find(|(port, _)| !reached.contains(&port.name));
        if let Some((port, _)) = spared.filter(|(_, into)| *into >= pps * ALONE) {
            return vec![port];
        }
        let third = rates.get(2).map_or(0.0, |(_, into)| *into);
        match &rates[..] {
            [one, two, ..] if one.1 + two.1 >= pps * TOGETHER && two.1 >= pps * EACH && third <= pps * NO_OTHER => {
                vec![one.0, two.0]
            }
            _ => Vec::new(),
        }
    }
}

/// What goes out of a port to groups or to all.
const OUT: &[CounterKind] = &[CounterKind::OutMulticast, CounterKind::OutBroadcast];

/// Leaves out ports through which a storm is only passed on: they lead to a switch that has a source elsewhere than towards
/// us. Where two lead to each other it comes in between, at a switch that did not answer; the first stands for it.
pub(super) fn only_nearest(sources: &mut Vec<SourcePort>) {
    let brings = sources.iter().map(|source| (source.key(), source.beyond.clone())).collect::<Vec<_>>();
    sources.retain(|source| {
        let passes_on = |((target, port), back): &(PortKey, BTreeSet<Arc<str>>)| {
            let facing = back.contains(&source.target);
            source.beyond.contains(target) && (!facing || (target, port) < (&source.target, &source.port))
        };
        !brings.iter().any(passes_on)
    });
}

/// Two devices that flood at once look like the ends of a ring: what one sends goes out at the other. Where both are known,
/// alone behind their ports, and not two sides of one, they are none.
fn not_ends_alone(sources: &mut [SourcePort]) {
    let devices = sources.iter().map(SourcePort::device).collect::<Vec<_>>();
    for (n, source) in sources.iter_mut().enumerate() {
        let Some(mine) = devices[n] else { continue };
        let beside = devices.iter().enumerate().filter(|(other, _)| *other != n);
        let strangers = |(_, other): (usize, &Option<MacAddr>)| {
            other.is_some_and(|other| other != mine && !other.is_neighbour_of(mine, DEVICE_REACH))
        };
        source.returns &= !beside.clone().all(strangers);
    }
}
