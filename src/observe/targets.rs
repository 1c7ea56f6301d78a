//! What is known of every SNMP target: does it answer, what do its ports carry, and behind which of them is a MAC
//! address. Draws no conclusions.

use super::delta::Discontinuity;
use super::names::Names;
use super::places::{Places, drawers_of};
use super::ports::PortStatus;
use super::target::{Books, Desk, Target};
pub use super::target::{MAX_PORTS, MAX_PROBLEMS, Outcome, TargetStatus};
use super::topology::{MacMove, Moves, PortOf, PortRole, Role, Surroundings};
use crate::model::MacAddr;
use crate::model::observation::{CounterKind, Poll, PollSample};
use crate::model::topology::{Keys, LookUp, Sighting, Topology};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

/// Targets kept.
pub const MAX_TARGETS: usize = 16_384;
/// Addresses of switches kept, to be found behind the ports of others.
const MAX_SWITCH_MACS: usize = 65_536;
/// Addresses kept of one switch: its own, and those of its first ports.
const MACS_OF_A_SWITCH: usize = 4;
/// All targets.
#[derive(Debug, Default)]
pub struct Targets {
    targets: BTreeMap<Arc<str>, Target>,
    errors: BTreeMap<&'static str, u64>,
    discontinuities: BTreeMap<Discontinuity, u64>,
    /// Addresses of the targets themselves.
    switches: BTreeMap<MacAddr, Arc<str>>,
    /// Which targets know which address.
    places: Places,
    moves: Moves,
    names: Names,
    /// Room to work in, for one target at a time.
    desk: Desk,
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
            // Named twice: the later address holds.
            let twice = self.targets.remove(&name);
            if self.targets.len() >= MAX_TARGETS {
                self.refused += 1;
                continue;
            }
            let mut target = twice.or_else(|| known.remove(&name)).unwrap_or_default();
            target.status.name = Arc::clone(&name);
            target.status.address = address;
            self.targets.insert(name, target);
        }
        for gone in known.into_values() {
            if let Some(id) = gone.id {
                self.places.leave(id, gone.surroundings.addresses());
            }
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
                let mut books =
                    Books { counts: &mut self.discontinuities, names: &mut self.names, desk: &mut self.desk, counted };
                let outcome = target.answered(sample, &mut books);
                if let Some(read) = &sample.topology {
                    self.surround(sample, read);
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

    /// The statuses of those that come `after` a name, in its order; of all of them without one.
    pub fn statuses_after(&self, after: Option<&str>) -> impl Iterator<Item = &TargetStatus> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.targets.range::<str, _>((from, Bound::Unbounded)).map(|(_, target)| &target.status)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The status of one target.
    #[must_use]
    pub fn status(&self, target: &str) -> Option<&TargetStatus> {
        self.targets.get(target).map(|target| &target.status)
    }

    /// The ports of one target, by name.
    pub fn ports(&self, target: &str) -> impl Iterator<Item = &PortStatus> {
        self.targets.get(target).into_iter().flat_map(|target| &target.ports)
    }

    /// Every target with the packets per second of its busiest port, in or out.
    pub fn busiest(&self) -> impl Iterator<Item = (&Arc<str>, f32)> {
        self.targets.values().map(|target| (&target.status.name, target.busiest_pps))
    }

    /// One port by its name.
    #[must_use]
    pub fn port(&self, target: &str, name: &str) -> Option<&PortStatus> {
        self.targets.get(target)?.port(name)
    }

    /// Takes what the slow tables of a target say, and keeps the index of addresses in step.
    fn surround(&mut self, sample: &PollSample, read: &Topology) {
        let name = &sample.target;
        let Some(target) = self.targets.get_mut(name) else { return };
        if target.id.is_none() && read.fdb.is_some() {
            target.id = self.places.enter(name);
        }
        // Without a number there is no room for any.
        let room = target.id.map_or(0, |_| self.places.room() + target.surroundings.len());
        let (before, count) = drawers_of(target.surroundings.addresses());
        let changes = target.surround(read, sample.at, room);
        self.refused += changes.refused;
        if let Some(id) = target.id {
            self.places.replace(id, (&before, count), target.surroundings.addresses());
        }
        for moved in changes.moves {
            self.moves.add(sample.at, name, moved);
        }
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
        let candidates = self.places.of(mac).filter_map(|name| self.targets.get(name));
        let mut candidates = candidates
            .filter_map(|target| {
                let place = target.surroundings.place(mac)?;
                Some((target.surroundings.neighbours(place.if_index), target, place))
            })
            .collect::<Vec<_>>();
        candidates.sort_by(|(few, one, _), (many, other, _)| (few, &one.status.name).cmp(&(many, &other.status.name)));
        let mut best: Option<PortOf> = None;
        for (neighbours, target, found) in candidates {
            let is_better = |role: Role| best.as_ref().is_none_or(|best| role < best.role.role);
            // A crowd is never an edge: once there is a port, no better one follows among those.
            if best.as_ref().is_some_and(|best| best.role.role == Role::Edge)
                || (target.surroundings.is_crowded(found.if_index) && !is_better(Role::Uplink))
            {
                break;
            }
            let role = target.role(found.if_index, &self.switches);
            let read = target.surroundings.sighted(mac).or(target.status.fdb_read);
            if let Some(read) = read.filter(|_| is_better(role.role)) {
                let port = target.name_of(found.if_index).unwrap_or_else(|| found.if_index.to_string().into());
                best = Some(PortOf {
                    target: Arc::clone(&target.status.name),
                    port,
                    if_index: found.if_index,
                    found_by: found.way,
                    confidence: found.confidence,
                    neighbours,
                    role,
                    read,
                });
            }
        }
        best
    }

    /// Takes what came of a look-up.
    pub fn sighted(&mut self, seen: &Sighting) {
        let Some(target) = self.targets.get_mut(&seen.target) else { return };
        // It had addresses, or nothing could be asked for.
        let Some(id) = target.id else { return };
        let room = self.places.room() + target.surroundings.len();
        let (before, count) = drawers_of(target.surroundings.addresses());
        let changes = target.sight(seen, room);
        self.refused += changes.refused;
        self.places.replace(id, (&before, count), target.surroundings.addresses());
        for moved in changes.moves {
            self.moves.add(seen.at, &seen.target, moved);
        }
    }

    /// Targets that have any of these addresses in their forwarding database, and whose entries can be asked for: the
    /// switches of the network that the addresses were heard in.
    #[must_use]
    pub fn seeing(&self, macs: &BTreeSet<MacAddr>) -> Vec<Arc<str>> {
        let names = macs.iter().flat_map(|mac| self.places.of(*mac)).collect::<BTreeSet<_>>();
        let candidates = names.into_iter().filter_map(|name| self.targets.get(name));
        let seen = |target: &&Target| macs.iter().any(|mac| target.surroundings.knows(*mac));
        candidates.filter(Self::can_be_asked).filter(seen).map(|target| Arc::clone(&target.status.name)).collect()
    }

    /// All targets whose forwarding entries can be asked for.
    fn askable(&self) -> impl Iterator<Item = &Target> {
        self.targets.values().filter(Self::can_be_asked)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that filter asks for")]
    fn can_be_asked(target: &&Target) -> bool {
        target.surroundings.keys != Keys::Unknown
    }

    /// The targets whose forwarding entries can be asked for, if they are no more than `most`.
    #[must_use]
    pub fn all_askable(&self, most: usize) -> Vec<Arc<str>> {
        let names = self.askable().map(|target| Arc::clone(&target.status.name)).take(most + 1).collect::<Vec<_>>();
        if names.len() > most { Vec::new() } else { names }
    }

    /// How to ask a target for entries of its forwarding database.
    #[must_use]
    pub fn look_up(&self, target: &Arc<str>, macs: Vec<MacAddr>) -> Option<LookUp> {
        let keys = self.targets.get(target)?.surroundings.keys.clone();
        Some(LookUp { target: Arc::clone(target), macs, keys })
    }

    /// What each port of a target leads to, by ifIndex.
    #[must_use]
    pub fn roles(&self, target: &str) -> BTreeMap<u32, PortRole> {
        let Some(target) = self.targets.get(target) else { return BTreeMap::new() };
        let switches = target.surroundings.switches(&self.switches, &target.status.name);
        let role = |index: u32| target.surroundings.role(index, switches.get(&index));
        target.present().map(|port| (port.if_index, role(port.if_index))).collect()
    }

    /// Other targets whose addresses are in this one's forwarding database: both are in one broadcast domain.
    #[must_use]
    pub fn peers(&self, target: &str) -> BTreeSet<Arc<str>> {
        self.beyond(target).into_values().flatten().collect()
    }

    /// Other targets behind the ports of this one, by ifIndex: those whose addresses it has learned there.
    #[must_use]
    pub fn beyond(&self, target: &str) -> BTreeMap<u32, BTreeSet<Arc<str>>> {
        let Some(target) = self.targets.get(target) else { return BTreeMap::new() };
        target.surroundings.switches(&self.switches, &target.status.name)
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

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
