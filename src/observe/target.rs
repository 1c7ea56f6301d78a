//! One SNMP target through time: does it answer, and what do its ports carry. Knows no other target, and draws no
//! conclusions.

use super::delta::Discontinuity;
use super::ledger::{Ledger, Polled};
use super::names::Names;
use super::packed::Packed;
use super::places::Id;
use super::ports::PortStatus;
use super::topology::{Changes, PortRole, Surroundings};
use crate::model::observation::{CounterKind, Gap, PollSample, PortSample};
use crate::model::topology::{Sighting, Topology};
use crate::model::{MacAddr, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Ports kept of one target.
pub const MAX_PORTS: usize = 20_480;
/// Problems kept of one poll.
pub const MAX_PROBLEMS: usize = 16;
/// Agents renew their counters every 1 to 30 s (measured). If nothing at all has changed for twice that, nothing
/// happens there, and equal values are a true zero.
const STALE_AT_MOST: Duration = Duration::from_secs(60);
/// A port that has been missing from the answers for this long is forgotten.
const PORT_KEPT: Duration = Duration::from_secs(600);
/// Ports that a target hardly ever has more of.
const USUAL_PORTS: usize = 512;
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
    /// It was not kept: there are [`MAX_TARGETS`](super::targets::MAX_TARGETS) already.
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

/// A target through time.
#[derive(Debug, Default)]
pub(super) struct Target {
    pub(super) status: TargetStatus,
    /// By name.
    pub(super) ports: Vec<PortStatus>,
    /// Their counters, in the same order.
    counters: Packed,
    pub(super) surroundings: Surroundings,
    /// In the index of addresses; it has one as soon as it has addresses.
    pub(super) id: Option<Id>,
    /// What was odd in the slow tables, when they were last read.
    odd: Vec<String>,
    slow: u8,
    /// Packets per second of the busiest port, in or out.
    pub(super) busiest_pps: f32,
}

/// The counters of the target that is being looked at, and bytes to write them to.
#[derive(Debug, Default)]
pub(super) struct Desk {
    ledgers: Vec<Ledger>,
    bytes: Vec<u8>,
    /// Another set of ports, while it is put together.
    ports: Vec<(PortStatus, Ledger)>,
}

impl Desk {
    /// A chassis of 20,000 ports must not leave its size behind.
    fn clear(&mut self) {
        self.ledgers.clear();
        self.ledgers.shrink_to(USUAL_PORTS);
        self.bytes.clear();
        self.bytes.shrink_to(USUAL_PORTS * 64);
        self.ports.clear();
        self.ports.shrink_to(USUAL_PORTS);
    }
}

/// What a poll is entered in beside its target.
pub(super) struct Books<'a> {
    pub(super) counts: &'a mut BTreeMap<Discontinuity, u64>,
    pub(super) names: &'a mut Names,
    pub(super) desk: &'a mut Desk,
    pub(super) counted: &'a mut dyn FnMut(&str, CounterKind, u64),
}

fn new_port(said: &PortSample, at: Time, names: &mut Names) -> (PortStatus, Ledger) {
    let status = PortStatus::new(said, names.name(&said.name), names.about(&said.descr, &said.alias), at);
    (status, Ledger::new(said, at))
}

impl Target {
    pub(super) fn missed(&mut self, gap: &Gap) {
        let status = &mut self.status;
        status.up = false;
        status.last_poll = Some(gap.at);
        status.reason = Some(gap.reason);
        status.message = Some(gap.message.clone());
        status.consecutive_failures = status.consecutive_failures.saturating_add(1);
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.ports.binary_search_by(|port| (*port.name).cmp(name))
    }

    pub(super) fn port(&self, name: &str) -> Option<&PortStatus> {
        self.place(name).ok().map(|place| &self.ports[place])
    }

    /// The ports that are in the last answer.
    pub(super) fn present(&self) -> impl Iterator<Item = &PortStatus> {
        self.ports.iter().filter(|port| Some(port.seen) == self.status.last_success)
    }

    /// Name of the port that had this `ifIndex` in the last answer.
    pub(super) fn name_of(&self, if_index: u32) -> Option<Arc<str>> {
        self.present().find(|port| port.if_index == if_index).map(|port| Arc::clone(&port.name))
    }

    /// What a port leads to; `known`: addresses of switches.
    pub(super) fn role(&self, if_index: u32, known: &BTreeMap<MacAddr, Arc<str>>) -> PortRole {
        self.surroundings.role(if_index, Some(&self.surroundings.switches_at(if_index, known, &self.status.name)))
    }

    pub(super) fn answered(&mut self, sample: &PollSample, books: &mut Books<'_>) -> Outcome {
        let status = &mut self.status;
        (status.up, status.consecutive_failures) = (true, 0);
        (status.reason, status.message) = (None, None);
        (status.last_success, status.last_poll) = (Some(sample.at), Some(sample.at));
        status.poll_seconds = Some(sample.took.as_secs_f64());
        status.sys_name.clone_from(&sample.sys_name);
        status.sys_descr.clone_from(&sample.sys_descr);
        status.problems = sample.problems.iter().chain(&self.odd).take(MAX_PROBLEMS).cloned().collect();
        status.ports = sample.ports.len();

        let desk = &mut *books.desk;
        self.counters.unpack(self.ports.len(), &mut desk.ledgers);
        let differs = |port: &PortSample| self.place(&port.name).map_or(true, |at| desk.ledgers[at].differs(port));
        let changed = sample.ports.iter().any(differs);
        let outcome = self.take(sample, changed, books);
        let desk = &mut *books.desk;
        self.counters.pack(&desk.ledgers, &mut desk.bytes);
        desk.clear();
        outcome
    }

    /// Takes an answer whose counters are on the desk beside those of the one before; `changed`: they differ.
    fn take(&mut self, sample: &PollSample, changed: bool, books: &mut Books<'_>) -> Outcome {
        let quiet = self.status.refreshed.is_some_and(|refreshed| sample.at.since(refreshed) >= STALE_AT_MOST);
        // Without sysUpTime it is this host itself, whose kernel does not answer from a cache.
        let cached = sample.sys_uptime.is_some() && !sample.ports.is_empty();
        self.status.stale = cached && !changed && !quiet;
        if self.status.stale {
            self.slow = SLOW_POLLS;
            self.describe(sample, books);
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
        self.describe(sample, books);
        self.count(sample, books);
        let packets = |port: &PortStatus| [port.rates.in_packets(), port.rates.out_packets()];
        let busiest = self.ports.iter().flat_map(packets).flatten().fold(0.0, f64::max);
        self.busiest_pps = busiest as f32;
        Outcome::Refreshed
    }

    /// New ports, and what ports say of themselves; forgets those that are long gone.
    fn describe(&mut self, sample: &PollSample, books: &mut Books<'_>) {
        let mut ports = std::mem::take(&mut books.desk.ports);
        for said in sample.ports.iter().take(MAX_PORTS) {
            match self.place(&said.name) {
                Ok(place) => {
                    let known = &mut self.ports[place];
                    known.describe(said, sample.at);
                    if known.about.descr != said.descr || known.about.alias != said.alias {
                        known.about = books.names.about(&said.descr, &said.alias);
                    }
                }
                Err(_) => ports.push(new_port(said, sample.at, books.names)),
            }
        }
        let full = self.ports.len() + ports.len() > MAX_PORTS;
        let kept = |port: &PortStatus| {
            let missing = sample.at.since(port.seen);
            missing.is_zero() || (!full && missing < PORT_KEPT)
        };
        if ports.is_empty() && self.ports.iter().all(kept) {
            books.desk.ports = ports;
            return;
        }
        // Another set of ports, which is rare: state and counters are kept side by side meanwhile.
        let ledgers = &mut books.desk.ledgers;
        let fresh = ports.len();
        ports.extend(std::mem::take(&mut self.ports).into_iter().zip(ledgers.drain(..)));
        ports.rotate_left(fresh);
        // Two ports of one name are one to us, the first.
        ports.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        ports.dedup_by(|(second, _), (first, _)| second.name == first.name);
        ports.retain(|(port, _)| kept(port));
        self.ports.reserve_exact(ports.len());
        for (port, ledger) in ports.drain(..) {
            self.ports.push(port);
            ledgers.push(ledger);
        }
        books.desk.ports = ports;
    }

    fn count(&mut self, sample: &PollSample, books: &mut Books<'_>) {
        let mut whole = BTreeSet::new();
        let polled = Polled { uptime: sample.sys_uptime, at: sample.at, slow: self.slow > 0 };
        for port in sample.ports.iter().take(MAX_PORTS) {
            let Ok(place) = self.place(&port.name) else { continue };
            let counted = &mut *books.counted;
            let (status, ledger) = (&mut self.ports[place], &mut books.desk.ledgers[place]);
            let reasons = ledger.count(status, port, polled, &mut |kind, delta| counted(&port.name, kind, delta));
            for reason in reasons {
                // What concerns the agent as a whole is counted once.
                let first =
                    !matches!(reason, Discontinuity::Restart | Discontinuity::UptimeJump) || whole.insert(reason);
                *books.counts.entry(reason).or_default() += u64::from(first);
            }
        }
    }

    /// Takes what came of a look-up, with `room` addresses at most.
    pub(super) fn sight(&mut self, seen: &Sighting, room: usize) -> Changes {
        let names = self.ports.iter().map(|port| (port.if_index, &port.name)).collect::<BTreeMap<u32, &Arc<str>>>();
        let name_of = |index: u32| names.get(&index).map_or_else(|| index.to_string().into(), |name| Arc::clone(name));
        let (ports, last) = (&self.ports, self.status.last_success);
        let known = || {
            let of_now = ports.iter().filter(|port| Some(port.seen) == last);
            let mut samples = of_now.map(PortStatus::as_said).collect::<Vec<_>>();
            samples.sort_by_key(|port| port.if_index);
            samples
        };
        let changes = self.surroundings.sight(seen, room, known, &name_of);
        self.status.fdb_moves += changes.moves.len() as u64;
        changes
    }

    /// Takes what the slow tables say, with `room` addresses at most.
    pub(super) fn surround(&mut self, read: &Topology, at: Time, room: usize) -> Changes {
        let names = self.ports.iter().map(|port| (port.if_index, &port.name));
        let names = names.collect::<BTreeMap<u32, &Arc<str>>>();
        let name_of = |index: u32| names.get(&index).map_or_else(|| index.to_string().into(), |name| Arc::clone(name));
        let changes = self.surroundings.update(read, room, &name_of);
        self.status.fdb_moves += changes.moves.len() as u64;
        if read.fdb.is_some() {
            self.status.fdb_entries = Some(self.surroundings.len());
            self.status.fdb_read = Some(at);
        }
        if read.fdb.is_some() || read.remotes.is_some() {
            self.odd = read.problems.iter().take(MAX_PROBLEMS).cloned().collect();
            let room = MAX_PROBLEMS.saturating_sub(self.status.problems.len());
            self.status.problems.extend(self.odd.iter().take(room).cloned());
        }
        changes
    }
}
