//! Behind which port of a switch an address is, who else is there, and whether the port leads to a device or to more of
//! the network. Knows no counters and blames nobody.

use crate::model::topology::{Fdb, Remote, Resolved, Stp, Topology, Way};
use crate::model::{MacAddr, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Moves of addresses remembered, of all targets together; the oldest go first.
pub const MAX_MOVES: usize = 256;
/// Addresses whose moves are counted until the next event.
const MAX_MOVING: usize = 4096;
/// One event for each address in that time: in a loop an address moves at every reading.
const MOVE_EVERY: Duration = Duration::from_secs(60);
/// A port that is less sure is not named.
const SURE: f64 = 0.5;
/// A telephone with a computer behind it, or a device with a virtual machine, are still one socket in the wall.
const AT_AN_EDGE: usize = 2;
/// More than that are no devices of one room.
const CROWD: usize = 16;

/// What a port leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A device.
    Edge,
    /// It can't be told.
    Unknown,
    /// Another switch, a router or an access point.
    Uplink,
}

/// What a port leads to, and by what that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortRole {
    /// What.
    pub role: Role,
    /// Why, for a person.
    pub role_reason: String,
    /// What is at the other end, where that has a name.
    pub leads_to: Option<Arc<str>>,
}

/// Where a MAC address is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PortOf {
    /// Name of the target.
    pub target: Arc<str>,
    /// Name of the port.
    pub port: Arc<str>,
    /// `ifIndex`.
    pub if_index: u32,
    /// By what the bridge port was taken for that interface.
    pub found_by: Way,
    /// How sure that is, 0 to 1.
    pub confidence: f64,
    /// Addresses seen behind that port: 1 is a device on its own, many are another switch or an access point.
    pub neighbours: usize,
    /// What the port leads to.
    #[serde(flatten)]
    pub role: PortRole,
    /// When the forwarding database was read.
    pub read: Time,
}

/// An address was found behind another port than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MacMove {
    /// When that was seen.
    pub at: Time,
    /// The switch.
    pub target: Arc<str>,
    /// The address.
    pub mac: MacAddr,
    /// The port before.
    pub from: Arc<str>,
    /// The port now.
    pub to: Arc<str>,
    /// Moves since the last event of this address, this one included. An address that moves often is in a loop, or in
    /// two places.
    pub count: u64,
}

/// The surroundings of one target, as they were last read.
#[derive(Debug, Default)]
pub struct Surroundings {
    fdb: Fdb,
    /// Name at that time of each ifIndex with addresses, and how many there are.
    crowd: BTreeMap<u32, (Arc<str>, usize)>,
    remotes: Vec<Remote>,
    stp: Option<Stp>,
}

impl Surroundings {
    /// Takes what was read. Gives the addresses that are behind another port than before: address, from, to.
    pub fn update(&mut self, read: &Topology, name_of: &dyn Fn(u32) -> Arc<str>) -> Vec<(MacAddr, Arc<str>, Arc<str>)> {
        if let Some(remotes) = &read.remotes {
            self.remotes.clone_from(remotes);
        }
        if let Some(stp) = &read.stp {
            self.stp = Some(stp.clone());
        }
        let Some(fdb) = &read.fdb else { return Vec::new() };
        let mut crowd = BTreeMap::new();
        for port in fdb.entries.values().filter_map(|port| fdb.ports.get(port)) {
            crowd.entry(port.if_index).or_insert_with(|| (name_of(port.if_index), 0)).1 += 1;
        }
        let mut moves = Vec::new();
        for (&mac, bridge_port) in &fdb.entries {
            // The same bridge port under another name is a device that was restarted, or a better guess.
            let Some(before) = self.fdb.entries.get(&mac).filter(|before| *before != bridge_port) else { continue };
            let name = |fdb: &Fdb, crowd: &BTreeMap<u32, (Arc<str>, usize)>, port: &u32| {
                let found = fdb.ports.get(port).filter(|found| found.confidence >= SURE)?;
                crowd.get(&found.if_index).map(|(name, _)| Arc::clone(name))
            };
            if let (Some(from), Some(to)) = (name(&self.fdb, &self.crowd, before), name(fdb, &crowd, bridge_port))
                && from != to
            {
                moves.push((mac, from, to));
            }
        }
        (self.fdb, self.crowd) = (fdb.clone(), crowd);
        moves
    }

    /// Where an address is; `None` too where that is a mere guess.
    #[must_use]
    pub fn place(&self, mac: MacAddr) -> Option<Resolved> {
        self.fdb.place(mac).filter(|found| found.confidence >= SURE)
    }

    /// The forwarding database.
    #[must_use]
    pub const fn fdb(&self) -> &Fdb {
        &self.fdb
    }

    /// The spanning tree, if it was ever read.
    #[must_use]
    pub const fn stp(&self) -> Option<&Stp> {
        self.stp.as_ref()
    }

    /// Addresses behind a port.
    #[must_use]
    pub fn neighbours(&self, if_index: u32) -> usize {
        self.crowd.get(&if_index).map_or(0, |(_, count)| *count)
    }

    /// The addresses behind a port, where that is no guess.
    pub fn behind(&self, if_index: u32) -> impl Iterator<Item = MacAddr> {
        let at = self.fdb.ports.iter().filter(|(_, found)| found.if_index == if_index && found.confidence >= SURE);
        let ports = at.map(|(&port, _)| port).collect::<BTreeSet<u32>>();
        self.fdb.entries.iter().filter(move |(_, port)| ports.contains(port)).map(|(&mac, _)| mac)
    }

    /// How the addresses behind a port were found there.
    #[must_use]
    pub fn found_by(&self, if_index: u32) -> Option<Resolved> {
        self.fdb.ports.values().find(|found| found.if_index == if_index).copied()
    }

    /// Other switches behind each ifIndex, by their addresses. `own` is this target.
    #[must_use]
    pub fn switches(&self, known: &BTreeMap<MacAddr, Arc<str>>, own: &str) -> BTreeMap<u32, BTreeSet<Arc<str>>> {
        let mut switches = BTreeMap::<u32, BTreeSet<Arc<str>>>::new();
        for mac in self.fdb.entries.keys() {
            if let Some(name) = known.get(mac).filter(|name| ***name != *own)
                && let Some(found) = self.place(*mac)
            {
                switches.entry(found.if_index).or_default().insert(Arc::clone(name));
            }
        }
        switches
    }

    /// What a port leads to, the surest sign first: what the other end says, the spanning tree, other switches of ours
    /// behind it, and the number of addresses.
    #[must_use]
    pub fn role(&self, if_index: u32, switches: &BTreeMap<u32, BTreeSet<Arc<str>>>) -> PortRole {
        let decided = |role, role_reason: String, leads_to: Option<Arc<str>>| PortRole { role, role_reason, leads_to };
        let heard = || self.remotes.iter().filter(|remote| remote.if_index == if_index);
        if let Some(remote) = heard().find(|remote| remote.passes_on() == Some(true)) {
            let reason = format!("{} says by LLDP that it passes frames on", remote.name);
            return decided(Role::Uplink, reason, Some(remote.name.as_str().into()));
        }
        if let Some(stp) = &self.stp
            && (stp.root_port == Some(if_index) || stp.foreign.contains(&if_index))
        {
            return decided(
                Role::Uplink,
                "the spanning tree has another bridge there".to_owned(),
                self.name_at(if_index),
            );
        }
        if let Some(behind) = switches.get(&if_index).filter(|behind| !behind.is_empty()) {
            let only = behind.first().filter(|_| behind.len() == 1).cloned();
            let names = behind.iter().take(3).map(|name| &**name).collect::<Vec<_>>().join(", ");
            return decided(Role::Uplink, format!("the address of {names} is behind it"), only);
        }
        let count = self.neighbours(if_index);
        if count > CROWD {
            return decided(Role::Uplink, format!("{count} addresses are behind it"), self.name_at(if_index));
        }
        if let Some(remote) = heard().find(|remote| remote.passes_on() == Some(false)) {
            let reason = format!("{} says by LLDP that it passes nothing on", remote.name);
            return decided(Role::Edge, reason, Some(remote.name.as_str().into()));
        }
        match count {
            0 => decided(Role::Unknown, "no address is known behind it".to_owned(), None),
            1 => decided(Role::Edge, "one address is behind it".to_owned(), None),
            2..=AT_AN_EDGE => decided(Role::Edge, format!("{count} addresses are behind it"), None),
            _ => decided(
                Role::Unknown,
                format!("{count} addresses are behind it: a small switch, or one busy device"),
                None,
            ),
        }
    }

    fn name_at(&self, if_index: u32) -> Option<Arc<str>> {
        let remote = self.remotes.iter().find(|remote| remote.if_index == if_index && !remote.name.is_empty())?;
        Some(remote.name.as_str().into())
    }
}

/// Moves of addresses: the latest, and those that are news.
#[derive(Debug, Default)]
pub struct Moves {
    recent: VecDeque<MacMove>,
    /// When each address last made news, and how often it has moved since.
    moving: BTreeMap<(Arc<str>, MacAddr), (Time, u64)>,
    news: VecDeque<MacMove>,
    refused: u64,
}

impl Moves {
    /// Counts a move; it is news, unless the address has just made some.
    pub fn add(&mut self, at: Time, target: &Arc<str>, (mac, from, to): (MacAddr, Arc<str>, Arc<str>)) {
        let key = (Arc::clone(target), mac);
        let mut count = 1;
        if let Some((told, silent)) = self.moving.get_mut(&key) {
            if at.since(*told) < MOVE_EVERY {
                *silent += 1;
                return;
            }
            count += *silent;
            (*told, *silent) = (at, 0);
        } else {
            if self.moving.len() >= MAX_MOVING {
                self.moving.retain(|_, (told, _)| at.since(*told) < MOVE_EVERY);
            }
            if self.moving.len() >= MAX_MOVING {
                self.refused += 1;
                return;
            }
            self.moving.insert(key, (at, 0));
        }
        let moved = MacMove { at, target: Arc::clone(target), mac, from, to, count };
        for list in [&mut self.recent, &mut self.news] {
            if list.len() >= MAX_MOVES {
                list.pop_front();
            }
            list.push_back(moved.clone());
        }
    }

    /// The latest, oldest first.
    pub fn recent(&self) -> impl Iterator<Item = &MacMove> {
        self.recent.iter()
    }

    /// What nobody was told yet.
    pub fn news(&mut self) -> impl Iterator<Item = MacMove> + '_ {
        self.news.drain(..)
    }

    /// Moves that found no room.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
#[path = "topology_tests.rs"]
mod tests;
