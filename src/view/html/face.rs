//! What the page shows, gathered from the engine at one moment: bounded whatever the network is like, and owned, so that the
//! engine is free again before anything is written. Writes nothing.

use super::pen::{NAME, cut};
use crate::engine::hosts::Host;
use crate::engine::{Engine, Snapshot};
use crate::explain::reach::Assessment;
use crate::model::device::Gateway;
use crate::model::frames::Protocol;
use crate::model::verdict::{Phase, Verdict};
use crate::model::{MacAddr, Time, vendor};
use crate::observe::targets::TargetStatus;
use crate::observe::topology::Role;
use crate::observe::trails::Reading;
use crate::view::doctor::Examination;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Interfaces whose traffic is drawn.
const MAX_CURVES: usize = 6;
/// Protocols listed with their senders.
const MAX_GROUPS: usize = 12;
/// Senders and groups named of each.
const MAX_SENDERS: usize = 5;
/// Switches with their ports.
const MAX_SWITCHES: usize = 8;
/// Ports of all of them together.
const MAX_PORTS: usize = 40;
/// Ports of one, where several switches want room.
const MAX_PORTS_OF_ONE: usize = 26;
/// Devices named behind a port.
const MAX_BEHIND: usize = 3;
/// Hosts listed.
const MAX_HOSTS: usize = 40;
/// Targets listed.
const MAX_TARGETS: usize = 24;
/// Gateways, and mappings of all of them together.
const MAX_GATEWAYS: usize = 6;
const MAX_MAPPINGS: usize = 48;
/// Findings about them.
const MAX_FINDINGS: usize = 16;
/// Lines of a list on a page of its own.
pub const PAGE: usize = 100;

/// How the latest check of what is over went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// None was asked for.
    #[default]
    None,
    /// It goes on.
    Running,
    /// Nothing came back.
    Clean(Time),
    /// It came back.
    Back(Time),
    /// It could not be looked.
    Unable(Time),
}

/// How the latest examination by `doctor` went.
#[derive(Clone, Debug, Default)]
pub enum Examining {
    /// There was none.
    #[default]
    Never,
    /// It goes on.
    Running,
    /// It could not be made: a sentence.
    Failed(Arc<str>),
    /// What it came to.
    Done(Arc<Examination>),
}

/// Who sends what to which groups.
#[derive(Clone, Debug)]
pub struct GroupLine {
    /// What the frames carry.
    pub protocol: Protocol,
    /// To which groups; empty: to all, without IP.
    pub groups: Vec<IpAddr>,
    /// The loudest senders with their frames per second.
    pub senders: Vec<(String, u64)>,
    /// Frames per second of all.
    pub pps: u64,
}

/// A port of a switch.
#[derive(Clone, Debug)]
pub struct PortLine {
    /// Its name.
    pub name: Arc<str>,
    /// It is up.
    pub up: bool,
    /// It leads to more of the network.
    pub uplink: bool,
    /// The name of what is at the other end, or of devices behind it.
    pub behind: Vec<String>,
    /// Packets per second, in and out.
    pub in_pps: Option<f64>,
    /// See `in_pps`.
    pub out_pps: Option<f64>,
    /// The last readings.
    pub readings: Vec<Reading>,
}

/// A switch with some of its ports.
#[derive(Clone, Debug)]
pub struct Switch {
    /// How it does.
    pub target: TargetLine,
    /// Ports.
    pub ports: Vec<PortLine>,
}

/// How an SNMP target does.
#[derive(Clone, Debug)]
pub struct TargetLine {
    /// What it is called.
    pub name: Arc<str>,
    /// It answered the last poll.
    pub up: bool,
    /// The last answer repeated the one before.
    pub stale: bool,
    /// When it last answered.
    pub answered: Option<Time>,
    /// Its name by its own account, or its address.
    pub called: String,
    /// How many ports it has.
    pub ports: usize,
    /// What is wrong with it.
    pub message: String,
}

impl From<&TargetStatus> for TargetLine {
    fn from(status: &TargetStatus) -> Self {
        let called = if status.sys_name.is_empty() { &status.address } else { &status.sys_name };
        let odd = || status.problems.first().map(String::as_str).unwrap_or_default();
        Self {
            name: Arc::clone(&status.name),
            up: status.up,
            stale: status.stale,
            answered: status.last_success,
            called: cut(called, NAME),
            ports: status.ports,
            message: status.message.as_deref().filter(|_| !status.up).unwrap_or_else(odd).to_owned(),
        }
    }
}

/// A host and the switch port that it is behind.
#[derive(Clone, Debug)]
pub struct HostLine {
    /// The host.
    pub host: Host,
    /// `hub ge7`.
    pub port: Option<String>,
}

/// What the page shows.
#[derive(Clone, Debug)]
pub struct Face {
    /// Storms, frames and feeds.
    pub snapshot: Snapshot,
    /// How the latest check went.
    pub check: Check,
    /// How the latest examination went.
    pub examining: Examining,
    /// What whoever posts must know.
    pub token: Arc<str>,
    /// Group frames of each second, by interface.
    pub curves: Vec<(Arc<str>, Vec<u32>)>,
    /// Who sends what.
    pub groups: Vec<GroupLine>,
    /// Switches with ports.
    pub switches: Vec<Switch>,
    /// Hosts, and how many there are.
    pub hosts: Vec<HostLine>,
    /// See `hosts`.
    pub hosts_total: usize,
    /// Targets, those that do not answer first, and how many there are.
    pub targets: Vec<TargetLine>,
    /// See `targets`.
    pub targets_total: usize,
    /// Gateways, with the first of their mappings.
    pub gateways: Vec<Gateway>,
    /// Mappings left off.
    pub mappings_left: usize,
    /// What is judged about them.
    pub assessment: Assessment,
    /// Local time minus UTC, seconds.
    pub utc_offset_seconds: i32,
}

/// What a face gets from whoever serves it.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// How the latest check went.
    pub check: Check,
    /// How the latest examination went.
    pub examining: Examining,
    /// What whoever posts must know.
    pub token: Arc<str>,
    /// Local time minus UTC, seconds.
    pub utc_offset_seconds: i32,
}

impl Face {
    /// Gathers it: some milliseconds in a big network.
    #[must_use]
    pub fn gather(engine: &Engine, now: Time, frame: &Frame) -> Self {
        let snapshot = engine.snapshot(now);
        let (hosts, left_off) = engine.lan();
        let names = hosts.iter().filter_map(|host| Some((host.mac?, called(host)?))).collect();
        let known = Known { engine, names };
        let hosts_total = hosts.len() + left_off;
        let (gateways, mappings_left) = gateways(engine);
        let mut assessment = engine.assessment().clone();
        assessment.findings.truncate(MAX_FINDINGS);
        Self {
            check: frame.check,
            examining: frame.examining.clone(),
            token: Arc::clone(&frame.token),
            curves: engine.seconds().take(MAX_CURVES).map(|(name, s)| (Arc::clone(name), s.until(now))).collect(),
            groups: known.groups(),
            switches: known.switches(&snapshot),
            hosts: hosts.into_iter().take(MAX_HOSTS).map(|host| located(engine, host)).collect(),
            hosts_total,
            targets: targets(engine, 0, MAX_TARGETS),
            targets_total: engine.targets().len(),
            gateways,
            mappings_left,
            assessment,
            utc_offset_seconds: frame.utc_offset_seconds,
            snapshot,
        }
    }

    /// The verdicts that are explained on top, and the others: open ones and those that still decide the state first.
    #[must_use]
    pub fn verdicts(&self) -> (Vec<&Verdict>, Vec<&Verdict>) {
        let all = self.snapshot.verdicts.iter().map(|v| &**v);
        let (mut open, mut past): (Vec<&Verdict>, Vec<&Verdict>) = all.partition(|v| v.phase != Phase::Over);
        if open.is_empty()
            && self.snapshot.since.is_some()
            && let Some(leading) = past.iter().position(|v| v.sentence == self.snapshot.sentence)
        {
            open.push(past.remove(leading));
        }
        open.sort_by_key(|v| std::cmp::Reverse(v.severity));
        (open, past)
    }
}

/// What a host is called: its name, else its maker.
fn called(host: &Host) -> Option<String> {
    let name = host.name.as_deref().map(|name| cut(name, NAME));
    name.or_else(|| host.vendor.map(|maker| vendor::short_name(maker).into_owned()))
}

fn located(engine: &Engine, host: Host) -> HostLine {
    let port = host.mac.and_then(|mac| engine.targets().port_of(mac));
    HostLine { port: port.map(|port| cut(&format!("{} {}", port.target, port.port), NAME)), host }
}

/// Those that do not answer first.
fn targets(engine: &Engine, skip: usize, most: usize) -> Vec<TargetLine> {
    let of = |up: bool| engine.targets().statuses().filter(move |status| status.up == up);
    of(false).chain(of(true)).skip(skip).take(most).map(TargetLine::from).collect()
}

/// The first gateways with the first of their mappings, and how many mappings that leaves.
fn gateways(engine: &Engine) -> (Vec<Gateway>, usize) {
    let mut room = MAX_MAPPINGS;
    let mut left = 0;
    let all = engine.catalogue().gateways();
    let shown = all.enumerate().filter_map(|(place, gateway)| {
        let mappings = if place < MAX_GATEWAYS { gateway.mappings.len().min(room) } else { 0 };
        (room, left) = (room - mappings, left + gateway.mappings.len() - mappings);
        (place < MAX_GATEWAYS).then(|| brief(gateway, mappings))
    });
    (shown.collect(), left)
}

/// A gateway with so many of its mappings, and nothing in it that is longer than there is room for.
fn brief(gateway: &Gateway, mappings: usize) -> Gateway {
    let mut mappings = gateway.mappings[..mappings].to_vec();
    for mapping in &mut mappings {
        mapping.description = cut(&mapping.description, NAME);
        mapping.internal_client = cut(&mapping.internal_client, NAME);
    }
    Gateway {
        friendly_name: cut(&gateway.friendly_name, NAME),
        problems: gateway.problems.iter().take(2).cloned().collect(),
        links: gateway.links.iter().take(2).cloned().collect(),
        mappings,
        ..gateway.clone()
    }
}

struct Known<'a> {
    engine: &'a Engine,
    names: BTreeMap<MacAddr, String>,
}

impl Known<'_> {
    fn called(&self, mac: MacAddr) -> String {
        let maker = || vendor::vendor(mac).map(|maker| vendor::short_name(maker).into_owned());
        self.names.get(&mac).cloned().or_else(maker).unwrap_or_else(|| mac.to_string())
    }

    fn groups(&self) -> Vec<GroupLine> {
        let mut by_protocol = BTreeMap::<Protocol, (BTreeSet<IpAddr>, BTreeMap<MacAddr, u64>)>::new();
        for ((mac, protocol), talker) in self.engine.segments().flat_map(|segment| &segment.talkers) {
            let (groups, senders) = by_protocol.entry(*protocol).or_default();
            groups.extend(talker.groups.iter().take(MAX_SENDERS));
            *senders.entry(*mac).or_default() += talker.seconds.busiest();
        }
        let mut lines = by_protocol.into_iter().collect::<Vec<_>>();
        lines.sort_by_key(|(_, (_, senders))| std::cmp::Reverse(senders.values().sum::<u64>()));
        let line = |(protocol, (groups, senders)): (Protocol, (BTreeSet<IpAddr>, BTreeMap<MacAddr, u64>))| {
            let pps = senders.values().sum();
            let mut senders = senders.into_iter().collect::<Vec<_>>();
            senders.sort_by_key(|(mac, pps)| (std::cmp::Reverse(*pps), *mac));
            // Of the last ten seconds; who is silent in the present one is named only where all are.
            if pps > 0 {
                senders.retain(|(_, pps)| *pps > 0);
            }
            let senders = senders.into_iter().take(MAX_SENDERS).map(|(mac, pps)| (self.called(mac), pps));
            GroupLine {
                protocol,
                groups: groups.into_iter().take(MAX_SENDERS).collect(),
                senders: senders.collect(),
                pps,
            }
        };
        lines.into_iter().take(MAX_GROUPS).map(line).collect()
    }

    /// Where the storm is first, then the busiest.
    fn switches(&self, snapshot: &Snapshot) -> Vec<Switch> {
        let targets = self.engine.targets();
        let affected = snapshot.affected.iter().take(MAX_SWITCHES).cloned();
        let mut busiest = targets.busiest().filter(|(_, pps)| *pps >= 0.0).collect::<Vec<_>>();
        busiest.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let mut names = affected.collect::<Vec<_>>();
        for (name, _) in busiest.into_iter().take(2 * MAX_SWITCHES) {
            if !names.contains(name) {
                names.push(Arc::clone(name));
            }
        }
        names.retain(|name| targets.status(name).is_some_and(|status| status.ports > 0));
        names.truncate(MAX_SWITCHES);
        let mut room = MAX_PORTS;
        let mut switches = Vec::new();
        for (place, name) in names.iter().enumerate() {
            // Each one that follows gets something.
            let most = (room / (names.len() - place)).max(room.saturating_sub(MAX_PORTS - MAX_PORTS_OF_ONE));
            let ports = self.ports(name, most.min(MAX_PORTS_OF_ONE), true);
            room -= ports.len();
            if let Some(status) = targets.status(name) {
                switches.push(Switch { target: status.into(), ports });
            }
        }
        switches
    }

    /// The ports of a switch in its own order: all where there is room, else those that carry most.
    fn ports(&self, target: &str, most: usize, drawn: bool) -> Vec<PortLine> {
        let targets = self.engine.targets();
        let busy = |rates: &crate::observe::ports::Rates| {
            rates.in_packets().unwrap_or(0.0).max(rates.out_packets().unwrap_or(0.0))
        };
        let mut ports = targets.ports(target).collect::<Vec<_>>();
        if ports.len() > most {
            ports.sort_by(|a, b| {
                (b.oper_up, busy(&b.rates))
                    .partial_cmp(&(a.oper_up, busy(&a.rates)))
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
            ports.truncate(most);
        }
        ports.sort_by_key(|port| port.if_index);
        let roles = targets.roles(target);
        let line = |port: &crate::observe::ports::PortStatus| {
            let role = roles.get(&port.if_index);
            let uplink = role.is_some_and(|role| role.role == Role::Uplink);
            let named = role.and_then(|role| role.leads_to.as_deref()).map(|name| vec![cut(name, NAME)]);
            let behind = named.unwrap_or_else(|| {
                let (macs, count) = targets.behind(target, port.if_index, MAX_BEHIND);
                let mut names = macs.into_iter().map(|mac| self.called(mac)).collect::<Vec<_>>();
                if count > names.len() {
                    names.push(format!("+{}", count - names.len()));
                }
                names
            });
            PortLine {
                name: Arc::clone(&port.name),
                up: port.oper_up,
                uplink,
                behind,
                in_pps: port.rates.in_packets(),
                out_pps: port.rates.out_packets(),
                readings: if drawn { self.engine.trails().of(target, &port.name).collect() } else { Vec::new() },
            }
        };
        ports.into_iter().map(line).collect()
    }
}

/// A page of a list: what is on it, and of how many.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// From 0.
    pub page: usize,
    /// How many lines there are in all.
    pub total: usize,
    /// At most [`PAGE`].
    pub lines: Vec<T>,
}

/// A page of the hosts.
#[must_use]
pub fn hosts_page(engine: &Engine, page: usize) -> Listed<HostLine> {
    let (hosts, _) = engine.lan();
    let total = hosts.len();
    let shown = hosts.into_iter().skip(page.saturating_mul(PAGE)).take(PAGE);
    Listed { page, total, lines: shown.map(|host| located(engine, host)).collect() }
}

/// A page of the targets.
#[must_use]
pub fn targets_page(engine: &Engine, page: usize) -> Listed<TargetLine> {
    let lines = targets(engine, page.saturating_mul(PAGE), PAGE);
    Listed { page, total: engine.targets().len(), lines }
}

/// A page of the ports, switch by switch: each with the name of its switch.
#[must_use]
pub fn ports_page(engine: &Engine, page: usize) -> Listed<(Arc<str>, PortLine)> {
    let (hosts, _) = engine.lan();
    let names = hosts.iter().filter_map(|host| Some((host.mac?, called(host)?))).collect();
    let known = Known { engine, names };
    let (from, mut before, mut lines) = (page.saturating_mul(PAGE), 0, Vec::new());
    for status in engine.targets().statuses() {
        let ports = engine.targets().ports(&status.name).count();
        if lines.len() < PAGE && before + ports > from {
            let skip = from.saturating_sub(before);
            let shown = known.ports(&status.name, usize::MAX, false).into_iter().skip(skip).take(PAGE - lines.len());
            lines.extend(shown.map(|port| (Arc::clone(&status.name), port)));
        }
        before += ports;
    }
    Listed { page, total: before, lines }
}
