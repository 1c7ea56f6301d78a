//! From ports that stand out to findings: which of them bring a storm in and which only pass it on, who is behind them, and
//! what every cause makes of it. Decides what is looked at; judges nothing by itself.

use super::case::port_label;
use super::case_counted::Seen;
use super::floods::{Polled, What};
use super::lans::{Group, Node};
use super::place::Place;
use super::{Engine, Output, push};
use crate::detect::counters::{Counted, PortAlarm, Traffic, flood};
use crate::explain::counted::{
    CounterFinding, CounterScene, Flooding, LONGEST_OCTETS, Paused, PortKey, SourcePort, TREE_CHANGE, brings_in,
};
use crate::explain::scene::DEVICE_REACH;
use crate::explain::{CAUSES, Suspect};
use crate::model::observation::THIS_HOST;
use crate::model::verdict::Party;
use crate::model::{MacAddr, Time, vendor};
use crate::observe::ports::PortStatus;
use crate::observe::topology::{PortRole, Role};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Ports of a segment that are looked at as sources; a storm has one or two, and a fleet that storms everywhere is no
/// better explained by more.
pub(super) const MAX_SOURCES: usize = 64;
/// Addresses shown of those behind a port.
const MAX_MACS: usize = 8;
/// Nodes that stand out and are looked at together, and alarms of these: where more storm, the first are no worse a sample.
const MAX_NODES: usize = 512;
/// See [`MAX_NODES`].
const MAX_LOOKED_AT: usize = 512;
/// Addresses that moved belong to a storm for this long.
const MOVED_WITHIN: Duration = Duration::from_secs(300);
/// A capture that was heard of since tells what there is to groups.
const CAPTURED_WITHIN: Duration = Duration::from_secs(5);
/// So many seconds back, which counters tell of.
const CAPTURED_SECONDS: usize = 60;
/// By so many times there are more of what is flooded.
const FEWER: f64 = 4.0;
/// A stream goes on for this long, and as frames is this part of what octets tell at least.
const STREAM_SECONDS: usize = 5;
/// See [`STREAM_SECONDS`].
const STREAM_PART: f64 = 0.5;

/// A flood that an agent shows by octets alone.
#[derive(Default)]
struct OfOctets {
    /// Frames show that it is not of groups.
    unicasts: Option<Flooding>,
    /// Frames show a stream of that much, and ports are short of room for it.
    media: Option<Flooding>,
    /// Nothing tells, but ports are short of room for it.
    anything: Option<Flooding>,
}

impl Engine {
    /// Looks at the segment of a target whose rates are new.
    pub(super) fn count(&mut self, now: Time, target: &Arc<str>) {
        let limits = self.settings.thresholds.counters;
        let of_host = **target == *THIS_HOST;
        if let Some(at) = self.targets.status(target).and_then(|status| status.refreshed)
            && !of_host
        {
            let lowest = self.settings.thresholds.storm_pps as f64;
            self.floods.look(&Polled { target, at, targets: &self.targets, limits: &limits, lowest });
        }
        if !of_host {
            self.look_for_rings(now, target);
        }
        if self.counters.is_calm() && !self.floods.stands(target) && self.cases.none_counted() {
            return;
        }
        let nodes = self.nodes_that_stand_out();
        let firsts = if of_host {
            nodes.iter().filter(|node| matches!(node, Node::Interface(_))).cloned().collect()
        } else {
            vec![Node::Target(Arc::clone(target))]
        };
        for first in firsts {
            let group = self.lans.group(&first, &nodes, &self.targets, &self.own);
            self.count_group(now, &group);
        }
        let outputs = &mut self.outputs;
        self.cases.settle(now, &self.counters, &self.floods, &mut |verdict| push(outputs, Output::Changed(verdict)));
    }

    fn nodes_that_stand_out(&self) -> BTreeSet<Node> {
        let host = Arc::from(THIS_HOST);
        let interfaces = self.counters.alarms_of(&host).map(|alarm| Node::Interface(alarm.port));
        let targets = self.counters.alarmed_targets().filter(|name| ***name != *THIS_HOST).chain(self.floods.targets());
        interfaces.chain(targets.map(|name| Node::Target(Arc::clone(name)))).take(MAX_NODES).collect()
    }

    fn count_group(&mut self, now: Time, group: &Group) {
        let confirm = self.settings.thresholds.counters.confirm_polls;
        let alarms = group.nodes.iter().flat_map(|node| self.alarms_of(node));
        let mut alarms = alarms.filter(|alarm| alarm.state.confirmed(confirm)).take(MAX_LOOKED_AT).collect::<Vec<_>>();
        if !alarms.iter().any(|alarm| alarm.state.sure(&self.settings.thresholds.counters)) {
            // What may be a healthy burst tells where a storm goes, and is none by itself.
            alarms.clear();
        }
        let fresh = alarms.iter().any(|alarm| !alarm.state.clearing());
        let is_edge = |key: &PortKey| self.is_edge(key);
        let flooded = |what| Some(self.followed(self.floods.of(group, what, confirm, &is_edge)?, what));
        let [unicasts, media, octets] = [What::Unicasts, What::Media, What::Octets].map(flooded);
        let relearned = self.floods.relearned(group, confirm, &is_edge);
        let paused = self.paused(group, confirm);
        let of_octets = octets.map(|flooding| self.of_octets(now, group, flooding)).unwrap_or_default();
        let (unicasts, media) = (unicasts.or(of_octets.unicasts), media.or(of_octets.media));
        let anything = of_octets.anything.filter(|_| relearned.is_none());
        let flooded = unicasts.is_some() || media.is_some() || relearned.is_some() || !paused.is_empty();
        let flooded = flooded || anything.is_some();
        if !fresh && !flooded {
            return;
        }
        let span = alarms.iter().map(|alarm| alarm.state.span).max().unwrap_or_default();
        let Some(mut sources) = self.sources(group, &alarms) else { return };
        let excuse = self.beyond_expected(now, group, &mut sources);
        let out = alarms.iter().filter(|alarm| alarm.direction != brings_in(*alarm.target == *THIS_HOST));
        let out = out.filter(|alarm| !alarm.state.clearing()).collect::<Vec<_>>();
        let reached_pps = out.iter().map(|alarm| alarm.state.pps).fold(0.0, f64::max);
        if sources.is_empty() && !flooded && excuse.accounts_for(reached_pps) {
            self.excused(now, excuse);
            return;
        }
        let ports = || group.nodes.iter().flat_map(|node| self.targets.ports(node.name()));
        let moved = self.moves(now, group);
        let scene = CounterScene {
            at: now,
            thresholds: &self.settings.thresholds,
            sources: sources.len(),
            reached: out.len(),
            up: ports().filter(|port| port.oper_up).count().max(out.len()),
            reached_pps,
            reached_since: out
                .iter()
                .map(|alarm| (alarm.state.since, alarm.state.above_at))
                .reduce(|one, other| (one.0.min(other.0), one.1.max(other.1))),
            residual: self.residual(&alarms),
            unicasts: unicasts.as_ref(),
            media: media.as_ref(),
            anything: anything.as_ref(),
            relearned,
            paused: &paused,
            moves: sources.iter().filter(|source| source.returns).map(|s| moved.get(&s.key()).map_or(0, |m| m.0)).sum(),
            tree_changed: self.tree_changed(now, group),
        };
        let mut open = sources.iter().collect::<Vec<_>>();
        let mut found = Vec::new();
        for cause in CAUSES {
            for finding in cause.count(&scene, &open) {
                open.retain(|source| !finding.ports.contains(&source.key()));
                found.push(finding);
            }
        }
        self.excused(now, excuse);
        for finding in found {
            let seen = Seen {
                now,
                group,
                culprit: self.counted_party(&finding),
                span,
                times: &self.settings.times,
                targets: &self.targets,
            };
            if let Some(changed) = self.cases.take_counted(&seen, finding) {
                push(&mut self.outputs, Output::Changed(changed));
            }
        }
    }

    /// What is flooded there by octets alone, by what is captured in the same LAN, to whose interfaces it comes as well.
    fn of_octets(&self, now: Time, group: &Group, flooding: Flooding) -> OfOctets {
        let pps = flooding.flood.sources.first().map_or(0.0, |(_, pps)| *pps);
        let lately = |place: &&Place| place.totals.last.is_some_and(|last| now.since(last) < CAPTURED_WITHIN);
        let captured = || group.interfaces.iter().filter_map(|name| self.places.get(name)).filter(lately);
        // Far fewer frames to groups than there would be, be each of them as long as it can and all that were lost to groups.
        let busiest = |place: &Place| place.at_most.until(now).into_iter().rev().take(CAPTURED_SECONDS).max();
        if captured().filter_map(busiest).min().is_some_and(|most| f64::from(most) * FEWER <= pps) {
            return OfOctets { unicasts: Some(flooding), ..OfOctets::default() };
        }
        let Some(harmful) = self.floods.harmful(group, &flooding, What::Octets) else { return OfOctets::default() };
        let mean = |place: &Place| {
            let seconds = place.likely.until(now);
            let last = seconds.iter().rev().take(STREAM_SECONDS);
            f64::from(last.copied().fold(0, u32::saturating_add)) / STREAM_SECONDS as f64
        };
        // As many frames to groups as carry that much, if they are as long as media is.
        let longest = LONGEST_OCTETS / self.settings.thresholds.counters.stream_octets;
        let media = captured().map(mean).any(|frames| (pps * STREAM_PART..=pps * longest).contains(&frames));
        if media {
            OfOctets { media: Some(harmful), ..OfOctets::default() }
        } else {
            OfOctets { anything: Some(harmful), ..OfOctets::default() }
        }
    }

    /// The ports of a group that pause frames hold up; of those that lead to a switch which has one itself, that one alone.
    fn paused(&self, group: &Group, confirm: u8) -> Vec<Paused> {
        let held = group.nodes.iter().flat_map(|node| self.floods.pauses.of(node.name(), confirm));
        let paused = held.map(|((target, port), held)| {
            let roles = self.targets.roles(target);
            let source = self.source_at(target, port, self.targets.port(target, port), &roles);
            let port = SourcePort { since: held.since, last: held.last, pps: held.pps, ..source };
            Paused { port, out_octets: held.out_octets, discards_pps: held.discards_pps }
        });
        let mut paused = paused.take(MAX_SOURCES).collect::<Vec<_>>();
        let held_up = paused.iter().map(|one| Arc::clone(&one.port.target)).collect::<BTreeSet<_>>();
        paused.retain(|one| one.port.beyond.is_disjoint(&held_up));
        paused
    }

    fn alarms_of(&self, node: &Node) -> Vec<PortAlarm> {
        match node {
            Node::Target(name) => self.counters.alarms_of(name).collect(),
            Node::Interface(name) => {
                self.counters.alarms_of(&THIS_HOST.into()).filter(|alarm| alarm.port == *name).collect()
            }
        }
    }

    pub(super) fn describe(
        &self,
        alarm: &PortAlarm,
        roles: &BTreeMap<u32, PortRole>,
        routers: &BTreeSet<MacAddr>,
        moved: &Moves,
    ) -> SourcePort {
        let status = self.targets.port(&alarm.target, &alarm.port);
        let mut source = self.source_at(&alarm.target, &alarm.port, status, roles);
        let state = &alarm.state;
        (source.since, source.last, source.pps) = (state.since, state.above_at, state.pps);
        (source.usual_pps, source.counted) = (state.usual_pps, state.counted);
        (source.broadcast_share, source.frame_octets) = (state.broadcast_share, state.frame_octets);
        self.surround(&mut source, routers, moved);
        source
    }

    /// What is known of the place where a source is.
    pub(super) fn surround(&self, source: &mut SourcePort, routers: &BTreeSet<MacAddr>, moved: &Moves) {
        source.router = source.macs.iter().any(|mac| is_one_of(*mac, routers));
        source.moved_here = moved.get(&source.key()).map_or(0, |moved| moved.1);
        let read = self.targets.status(&source.target).and_then(|status| status.fdb_read);
        source.read_since = read.is_some_and(|read| read >= source.since);
    }

    /// No other polled switch is behind this port.
    fn is_edge(&self, port: &PortKey) -> bool {
        self.targets.port(&port.0, &port.1).is_some() && self.beyond(port).is_empty()
    }

    /// `hub ge7, an uplink to core`.
    pub(super) fn label(&self, (target, port): &(Arc<str>, Arc<str>)) -> String {
        let index = self.targets.port(target, port).map(|status| status.if_index);
        let role = index.and_then(|index| self.targets.roles(target).remove(&index));
        role.map_or_else(|| format!("{target} {port}"), |role| port_label(target, port, &role))
    }

    /// The target that a switch knows by this name: ours, or the one that it calls itself.
    fn target_called(&self, told: &Arc<str>) -> Option<Arc<str>> {
        if self.targets.status(told).is_some() {
            return Some(Arc::clone(told));
        }
        // Only in a storm, and for its few uplinks.
        self.targets
            .statuses()
            .find(|status| !told.is_empty() && *status.sys_name == **told)
            .map(|s| Arc::clone(&s.name))
    }

    /// A port with what the tables tell of it, and what it leads to.
    pub(super) fn source_at(
        &self,
        target: &Arc<str>,
        port: &Arc<str>,
        status: Option<&PortStatus>,
        roles: &BTreeMap<u32, PortRole>,
    ) -> SourcePort {
        let index = status.map(|status| status.if_index);
        let unknown = PortRole { role: Role::Unknown, role_reason: String::new(), leads_to: None };
        let role = index.and_then(|index| roles.get(&index)).unwrap_or(&unknown);
        // By the addresses that it has learned there, and by what the other end says itself.
        let mut beyond = index.and_then(|index| self.targets.beyond(target).remove(&index)).unwrap_or_default();
        beyond.extend(role.leads_to.as_ref().and_then(|told| self.target_called(told)));
        beyond.remove(target);
        let (macs, behind) = index.map_or((Vec::new(), 0), |index| self.targets.behind(target, index, MAX_MACS));
        let label =
            if **target == *THIS_HOST { format!("this computer's {port}") } else { port_label(target, port, role) };
        SourcePort {
            target: Arc::clone(target),
            port: Arc::clone(port),
            label: label.into(),
            since: Time::MIN,
            last: Time::MIN,
            pps: 0.0,
            usual_pps: None,
            counted: Counted::Group,
            broadcast_share: 0.0,
            frame_octets: None,
            returns: false,
            role: role.role,
            beyond,
            macs,
            behind,
            router: false,
            moved_here: 0,
            read_since: false,
            seen: true,
        }
    }

    /// Devices that route, by all that is known.
    pub(super) fn routers(&self) -> BTreeSet<MacAddr> {
        let hops = self.own.default_routes.iter().flatten().map(|(_, ip)| *ip);
        let ips = hops.chain(self.catalogue.gateways().filter_map(|gateway| gateway.ip)).collect::<BTreeSet<IpAddr>>();
        let told = self.everywhere.keys().filter(|(ip, _)| ips.contains(ip)).map(|(_, mac)| *mac);
        let heard = self.places.values().flat_map(|place| ips.iter().flat_map(|ip| place.owners.of(*ip)));
        told.chain(heard.map(|owner| owner.mac)).collect()
    }

    /// For every port of the group: addresses that moved from or to it lately, and to it.
    pub(super) fn moves(&self, now: Time, group: &Group) -> Moves {
        let mut moves = Moves::new();
        let recent = self.targets.moves().filter(|moved| now.since(moved.at) <= MOVED_WITHIN);
        for moved in recent.filter(|moved| group.nodes.contains(&Node::Target(Arc::clone(&moved.target)))) {
            moves.entry((Arc::clone(&moved.target), Arc::clone(&moved.from))).or_default().0 += 1;
            let to = moves.entry((Arc::clone(&moved.target), Arc::clone(&moved.to))).or_default();
            (to.0, to.1) = (to.0 + 1, to.1 + 1);
        }
        moves
    }

    /// By how much out differs from in where a switch that stands out floods.
    fn residual(&self, alarms: &[PortAlarm]) -> Option<f64> {
        let limits = &self.settings.thresholds.counters;
        let of_target = |name: &Arc<str>| {
            let of = |traffic| flood(self.targets.ports(name), traffic, limits);
            of(Traffic::Groups).or_else(|| of(Traffic::Octets))
        };
        let targets = alarms.iter().map(|alarm| &alarm.target).collect::<BTreeSet<_>>();
        targets.into_iter().filter_map(of_target).map(|flood| flood.residual).min_by(f64::total_cmp)
    }

    fn tree_changed(&self, now: Time, group: &Group) -> bool {
        group.nodes.iter().any(|node| {
            let tree = self.targets.surroundings(node.name()).and_then(|tables| tables.stp());
            let changed =
                tree.and_then(|tree| tree.since_change).map(|centis| Duration::from_millis(u64::from(centis) * 10));
            let read = self.targets.status(node.name()).and_then(|status| status.fdb_read);
            // A tree that has never changed tells the time since the switch began.
            let counted = tree.and_then(|tree| tree.topology_changes).is_some_and(|changes| changes > 0);
            let age = changed.zip(read).map(|(changed, read)| changed + now.since(read));
            counted && age.is_some_and(|age| age < TREE_CHANGE)
        })
    }

    /// Whom a finding blames: the device behind the port, else the port.
    pub(super) fn counted_party(&self, found: &CounterFinding) -> Option<Party> {
        let mac = found.finding.culprit.and_then(|Suspect { mac, .. }| mac);
        let of_host = found.ports.iter().any(|(target, _)| **target == *THIS_HOST);
        let mut owners = self.places.values().map(|place| &place.owners);
        let ip = mac.and_then(|mac| {
            let told = self.everywhere.keys().find(|(_, owner)| *owner == mac).map(|(ip, _)| *ip);
            told.or_else(|| owners.find_map(|owners| owners.device_address(mac, DEVICE_REACH)).map(|(ip, _)| ip))
        });
        let named = mac.and_then(|mac| self.names.by_mac.get(&mac)).or_else(|| self.names.by_ip.get(&ip?));
        let mine = of_host || mac.is_some_and(|mac| self.own.macs.contains(&mac));
        let name = if mine { Some("this computer".into()) } else { named.cloned() };
        let port = found.label.clone()?;
        Some(Party { mac, ip, vendor: mac.and_then(vendor::vendor).map(Arc::from), port: Some(port), name })
    }
}

pub(super) type Moves = BTreeMap<(Arc<str>, Arc<str>), (usize, usize)>;

fn is_one_of(mac: MacAddr, devices: &BTreeSet<MacAddr>) -> bool {
    devices.contains(&mac) || devices.iter().any(|device| device.is_neighbour_of(mac, DEVICE_REACH))
}
