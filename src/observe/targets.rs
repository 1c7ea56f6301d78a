//! What is known of every SNMP target: does it answer, what do its ports carry, and behind which of them is a MAC
//! address. Draws no conclusions.

use super::delta::Discontinuity;
use super::names::Names;
use super::ports::{Polled, Port, PortStatus};
use super::topology::{MacMove, Moves, PortOf, PortRole, Surroundings};
use crate::model::observation::{CounterKind, Gap, Poll, PollSample, PortSample};
use crate::model::topology::Topology;
use crate::model::{MacAddr, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Targets kept.
pub const MAX_TARGETS: usize = 16_384;
/// Ports kept of one target.
pub const MAX_PORTS: usize = 20_480;
/// Addresses of switches kept, to be found behind the ports of others.
const MAX_SWITCH_MACS: usize = 65_536;
/// Addresses kept of one switch: its own, and those of its first ports.
const MACS_OF_A_SWITCH: usize = 4;
/// Problems kept of one poll.
pub const MAX_PROBLEMS: usize = 16;
/// Agents renew their counters every 1 to 30 s (measured). If nothing at all has changed for twice that, nothing
/// happens there, and equal values are a true zero.
const STALE_AT_MOST: Duration = Duration::from_secs(60);
/// A port that has been missing from the answers for this long is forgotten.
const PORT_KEPT: Duration = Duration::from_secs(600);
/// Renewed polls after a stale one during which the agent counts as slow.
const SLOW_POLLS: u8 = 10;

/// What a poll was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its counters are new: rates were renewed.
    Refreshed,
    /// It was answered with the values of the last one: nothing is known of the time between.
    Stale,
    /// It was not answered.
    Missed,
    /// It was not kept: there are [`MAX_TARGETS`] already.
    Refused,
}

/// A target as it was last seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TargetStatus {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// Its address in the configuration; empty if it is in none.
    pub address: String,
    /// The last poll was answered.
    pub up: bool,
    /// When a poll was last answered.
    pub last_success: Option<Time>,
    /// When a poll last ended, either way.
    pub last_poll: Option<Time>,
    /// Why the last poll was not answered: a metric label.
    pub reason: Option<&'static str>,
    /// The same as a sentence: what, where, what to do.
    pub message: Option<String>,
    /// How long the last answered poll took, seconds.
    pub poll_seconds: Option<f64>,
    /// Polls without an answer since the last one with.
    pub consecutive_failures: u32,
    /// `sysName`.
    pub sys_name: String,
    /// `sysDescr`.
    pub sys_descr: String,
    /// What was odd in the last answered poll.
    pub problems: Vec<String>,
    /// How many ports it has.
    pub ports: usize,
    /// The last answer repeated the one before.
    pub stale: bool,
    /// When its counters last changed.
    pub refreshed: Option<Time>,
    /// How often its counters change, seconds, where that is less often than it is polled.
    pub refresh_seconds: Option<f64>,
    /// Addresses in its forwarding database; `None` if that was never read.
    pub fdb_entries: Option<usize>,
    /// When its forwarding database was last read.
    pub fdb_read: Option<Time>,
    /// Addresses found behind another port than before, since the start.
    pub fdb_moves: u64,
}

#[derive(Debug, Default)]
struct Target {
    status: TargetStatus,
    /// By name.
    ports: Vec<Port>,
    surroundings: Surroundings,
    /// What was odd in the slow tables, when they were last read.
    odd: Vec<String>,
    slow: u8,
    /// Packets per second of the busiest port, in or out.
    busiest_pps: f32,
}

/// All targets.
#[derive(Debug, Default)]
pub struct Targets {
    targets: BTreeMap<Arc<str>, Target>,
    errors: BTreeMap<&'static str, u64>,
    discontinuities: BTreeMap<Discontinuity, u64>,
    /// Addresses of the targets themselves.
    switches: BTreeMap<MacAddr, Arc<str>>,
    moves: Moves,
    names: Names,
    refused: u64,
}

impl Targets {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells which targets there are, name and address: those that never answered are listed too, and those that are no
    /// longer configured are forgotten. Targets that stay keep all they know.
    pub fn configured(&mut self, targets: impl IntoIterator<Item = (Arc<str>, String)>) {
        let mut known = std::mem::take(&mut self.targets);
        for (name, address) in targets {
            if self.targets.len() >= MAX_TARGETS {
                self.refused += 1;
                continue;
            }
            let mut target = known.remove(&name).unwrap_or_default();
            target.status.name = Arc::clone(&name);
            target.status.address = address;
            self.targets.insert(name, target);
        }
        let targets = &self.targets;
        self.switches.retain(|_, name| targets.contains_key(name));
    }

    /// Takes the result of a poll.
    pub fn observe(&mut self, poll: &Poll) -> Outcome {
        self.observe_counting(poll, &mut |_, _, _| {})
    }

    /// The same, and tells every honest delta: the port, the counter, and by how much it went up. What is told adds up to
    /// what happened, as far as that can be known.
    pub fn observe_counting(&mut self, poll: &Poll, counted: &mut dyn FnMut(&str, CounterKind, u64)) -> Outcome {
        let name = match poll {
            Poll::Answered(sample) => &sample.target,
            Poll::Gap(gap) => &gap.target,
        };
        if !self.targets.contains_key(name) && self.targets.len() >= MAX_TARGETS {
            self.refused += 1;
            return Outcome::Refused;
        }
        let target = self.targets.entry(Arc::clone(name)).or_default();
        target.status.name = Arc::clone(name);
        match poll {
            Poll::Gap(gap) => {
                *self.errors.entry(gap.reason).or_default() += 1;
                target.missed(gap);
                Outcome::Missed
            }
            Poll::Answered(sample) => {
                let mut books = Books { counts: &mut self.discontinuities, names: &mut self.names, counted };
                let outcome = target.answered(sample, &mut books);
                if let Some(read) = &sample.topology {
                    let name = &sample.target;
                    for moved in target.surround(read, sample.at) {
                        self.moves.add(sample.at, name, moved);
                    }
                    self.know_switch(sample, read);
                }
                outcome
            }
        }
    }

    /// The status of every target, by name.
    pub fn statuses(&self) -> impl Iterator<Item = &TargetStatus> {
        self.targets.values().map(|target| &target.status)
    }

    /// The status of one target.
    #[must_use]
    pub fn status(&self, target: &str) -> Option<&TargetStatus> {
        self.targets.get(target).map(|target| &target.status)
    }

    /// The ports of one target, by name.
    pub fn ports(&self, target: &str) -> impl Iterator<Item = &PortStatus> {
        self.targets.get(target).into_iter().flat_map(|target| target.ports.iter().map(|port| &port.status))
    }

    /// Every target with the packets per second of its busiest port, in or out.
    pub fn busiest(&self) -> impl Iterator<Item = (&Arc<str>, f32)> {
        self.targets.values().map(|target| (&target.status.name, target.busiest_pps))
    }

    /// One port by its name.
    #[must_use]
    pub fn port(&self, target: &str, name: &str) -> Option<&PortStatus> {
        self.targets.get(target)?.port(name).map(|port| &port.status)
    }

    /// Notes the addresses by which other switches will see this one.
    fn know_switch(&mut self, sample: &PollSample, read: &Topology) {
        let ports = sample.ports.iter().filter_map(|port| port.mac);
        let macs = read.bridge.into_iter().chain(ports).collect::<BTreeSet<MacAddr>>();
        for mac in read.bridge.into_iter().chain(macs).take(MACS_OF_A_SWITCH + 1) {
            if self.switches.len() >= MAX_SWITCH_MACS && !self.switches.contains_key(&mac) {
                self.refused += 1;
                return;
            }
            self.switches.insert(mac, Arc::clone(&sample.target));
        }
    }

    /// Where a MAC address was last seen: of all the ports that lead to it the one at the edge, else the one with the
    /// fewest addresses behind it, because every bridge on the way knows the address, and the one next to the device
    /// knows it best.
    #[must_use]
    pub fn port_of(&self, mac: MacAddr) -> Option<PortOf> {
        let places = self.targets.values().filter_map(|target| {
            let found = target.surroundings.place(mac)?;
            let switches = target.surroundings.switches(&self.switches, &target.status.name);
            let index = found.if_index;
            Some(PortOf {
                target: Arc::clone(&target.status.name),
                port: target.name_of(index).unwrap_or_else(|| index.to_string().into()),
                if_index: index,
                found_by: found.way,
                confidence: found.confidence,
                neighbours: target.surroundings.neighbours(index),
                role: target.surroundings.role(index, &switches),
                read: target.status.fdb_read?,
            })
        });
        places.min_by_key(|place| (place.role.role, place.neighbours))
    }

    /// What each port of a target leads to, by ifIndex.
    #[must_use]
    pub fn roles(&self, target: &str) -> BTreeMap<u32, PortRole> {
        let Some(target) = self.targets.get(target) else { return BTreeMap::new() };
        let switches = target.surroundings.switches(&self.switches, &target.status.name);
        target.indexes().map(|index| (index, target.surroundings.role(index, &switches))).collect()
    }

    /// Other targets whose addresses are in this one's forwarding database: both are in one broadcast domain.
    #[must_use]
    pub fn peers(&self, target: &str) -> BTreeSet<Arc<str>> {
        let Some(target) = self.targets.get(target) else { return BTreeSet::new() };
        target.surroundings.switches(&self.switches, &target.status.name).into_values().flatten().collect()
    }

    /// The addresses behind a port, the first `most` of them, and how many there are.
    #[must_use]
    pub fn behind(&self, target: &str, if_index: u32, most: usize) -> (Vec<MacAddr>, usize) {
        let Some(target) = self.targets.get(target) else { return (Vec::new(), 0) };
        (target.surroundings.behind(if_index).take(most).collect(), target.surroundings.neighbours(if_index))
    }

    /// What the slow tables of a target said last.
    #[must_use]
    pub fn surroundings(&self, target: &str) -> Option<&Surroundings> {
        self.targets.get(target).map(|target| &target.surroundings)
    }

    /// The latest moves of addresses from port to port, oldest first, one for each address and minute.
    pub fn moves(&self) -> impl Iterator<Item = &MacMove> {
        self.moves.recent()
    }

    /// Those that nobody was told yet.
    pub fn new_moves(&mut self) -> impl Iterator<Item = MacMove> + '_ {
        self.moves.news()
    }

    /// Polls that were not answered, by reason, since the start.
    pub fn errors(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.errors.iter().map(|(&reason, &count)| (reason, count))
    }

    /// Discontinuities by reason, since the start; every reason is listed. A restart counts once for its target, any
    /// other reason once for each port of each poll.
    pub fn discontinuities(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let count = |reason| self.discontinuities.get(&reason).copied().unwrap_or(0);
        Discontinuity::ALL.into_iter().map(move |reason| (reason.as_str(), count(reason)))
    }

    /// Targets and polls that were not kept, for want of room.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused + self.moves.refused()
    }
}

/// What a poll is entered in beside its target.
struct Books<'a> {
    counts: &'a mut BTreeMap<Discontinuity, u64>,
    names: &'a mut Names,
    counted: &'a mut dyn FnMut(&str, CounterKind, u64),
}

fn new_port(said: &PortSample, at: Time, names: &mut Names) -> Port {
    Port::new(said, names.name(&said.name), names.about(&said.descr, &said.alias), at)
}

impl Target {
    fn missed(&mut self, gap: &Gap) {
        let status = &mut self.status;
        status.up = false;
        status.last_poll = Some(gap.at);
        status.reason = Some(gap.reason);
        status.message = Some(gap.message.clone());
        status.consecutive_failures = status.consecutive_failures.saturating_add(1);
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.ports.binary_search_by(|port| (*port.status.name).cmp(name))
    }

    fn port(&self, name: &str) -> Option<&Port> {
        self.place(name).ok().map(|place| &self.ports[place])
    }

    /// Name of the port that had this `ifIndex` in the last answer.
    /// The ports that are in the last answer.
    fn indexes(&self) -> impl Iterator<Item = u32> {
        let ports = self.ports.iter().map(|port| &port.status);
        ports.filter(|port| Some(port.seen) == self.status.last_success).map(|port| port.if_index)
    }

    fn name_of(&self, if_index: u32) -> Option<Arc<str>> {
        let mut ports = self.ports.iter().map(|port| &port.status);
        let port = ports.find(|port| port.if_index == if_index && Some(port.seen) == self.status.last_success);
        port.map(|port| Arc::clone(&port.name))
    }

    fn answered(&mut self, sample: &PollSample, books: &mut Books<'_>) -> Outcome {
        let status = &mut self.status;
        (status.up, status.consecutive_failures) = (true, 0);
        (status.reason, status.message) = (None, None);
        (status.last_success, status.last_poll) = (Some(sample.at), Some(sample.at));
        status.poll_seconds = Some(sample.took.as_secs_f64());
        status.sys_name.clone_from(&sample.sys_name);
        status.sys_descr.clone_from(&sample.sys_descr);
        status.problems = sample.problems.iter().chain(&self.odd).take(MAX_PROBLEMS).cloned().collect();
        status.ports = sample.ports.len();

        let changed = sample.ports.iter().any(|port| self.port(&port.name).is_none_or(|known| known.differs(port)));
        let quiet = self.status.refreshed.is_some_and(|refreshed| sample.at.since(refreshed) >= STALE_AT_MOST);
        // Without sysUpTime it is this host itself, whose kernel does not answer from a cache.
        let cached = sample.sys_uptime.is_some() && !sample.ports.is_empty();
        self.status.stale = cached && !changed && !quiet;
        if self.status.stale {
            self.slow = SLOW_POLLS;
            self.describe(sample, books.names);
            return Outcome::Stale;
        }
        if let Some(before) = self.status.refreshed.filter(|_| changed && self.slow > 0) {
            self.status.refresh_seconds = Some(sample.at.since(before).as_secs_f64());
        }
        self.slow = self.slow.saturating_sub(1);
        if self.slow == 0 {
            self.status.refresh_seconds = None;
        }
        self.status.refreshed = Some(sample.at);
        self.describe(sample, books.names);
        self.count(sample, books);
        let packets = |port: &Port| [port.status.rates.in_packets(), port.status.rates.out_packets()];
        let busiest = self.ports.iter().flat_map(packets).flatten().fold(0.0, f64::max);
        self.busiest_pps = busiest as f32;
        Outcome::Refreshed
    }

    /// New ports, and what ports say of themselves; forgets those that are long gone.
    fn describe(&mut self, sample: &PollSample, names: &mut Names) {
        let mut fresh = Vec::new();
        for said in sample.ports.iter().take(MAX_PORTS) {
            match self.place(&said.name) {
                Ok(place) => {
                    let known = &mut self.ports[place];
                    known.describe(said, sample.at);
                    if known.status.about.descr != said.descr || known.status.about.alias != said.alias {
                        known.status.about = names.about(&said.descr, &said.alias);
                    }
                }
                Err(_) => fresh.push(new_port(said, sample.at, names)),
            }
        }
        if !fresh.is_empty() {
            self.ports.reserve_exact(fresh.len());
            self.ports.append(&mut fresh);
            // Two ports of one name are one to us, the first.
            self.ports.sort_by(|one, other| one.status.name.cmp(&other.status.name));
            self.ports.dedup_by(|second, first| second.status.name == first.status.name);
        }
        let (full, before) = (self.ports.len() > MAX_PORTS, self.ports.len());
        self.ports.retain(|port| {
            let missing = sample.at.since(port.status.seen);
            missing.is_zero() || (!full && missing < PORT_KEPT)
        });
        if self.ports.len() < before {
            self.ports.shrink_to_fit();
        }
    }

    fn count(&mut self, sample: &PollSample, books: &mut Books<'_>) {
        let mut whole = BTreeSet::new();
        let polled = Polled { uptime: sample.sys_uptime, at: sample.at, slow: self.slow > 0 };
        for port in sample.ports.iter().take(MAX_PORTS) {
            let Ok(place) = self.place(&port.name) else { continue };
            let counted = &mut *books.counted;
            for reason in self.ports[place].count(port, polled, &mut |kind, delta| counted(&port.name, kind, delta)) {
                // What concerns the agent as a whole is counted once.
                let first =
                    !matches!(reason, Discontinuity::Restart | Discontinuity::UptimeJump) || whole.insert(reason);
                *books.counts.entry(reason).or_default() += u64::from(first);
            }
        }
    }

    /// Takes what the slow tables say; gives the addresses that have moved.
    fn surround(&mut self, read: &Topology, at: Time) -> Vec<(MacAddr, Arc<str>, Arc<str>)> {
        let names = self.ports.iter().map(|port| (port.status.if_index, Arc::clone(&port.status.name)));
        let names = names.collect::<BTreeMap<u32, Arc<str>>>();
        let name_of = |index: u32| names.get(&index).map_or_else(|| index.to_string().into(), Arc::clone);
        let moves = self.surroundings.update(read, &name_of);
        self.status.fdb_moves += moves.len() as u64;
        if let Some(fdb) = &read.fdb {
            self.status.fdb_entries = Some(fdb.entries.len());
            self.status.fdb_read = Some(at);
        }
        if read.fdb.is_some() || read.remotes.is_some() {
            self.odd = read.problems.iter().take(MAX_PROBLEMS).cloned().collect();
            let room = MAX_PROBLEMS.saturating_sub(self.status.problems.len());
            self.status.problems.extend(self.odd.iter().take(room).cloned());
        }
        moves
    }
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
