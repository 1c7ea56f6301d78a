//! Behind which port of a switch an address is, who else is there, and whether the port leads to a device or to more of
//! the network. Knows no counters and blames nobody.

use crate::model::topology::{Fdb, Keys, Remote, Resolved, Stp, Topology, Way};
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
/// Bridge ports kept of one target; its entries are half as many (`mib::forwarding::MAX_FDB`).
const MAX_SPOTS: usize = 1 << 16;
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

/// An address that is behind another port than before: the address, from, to.
pub type Moved = (MacAddr, Arc<str>, Arc<str>);

/// The surroundings of one target, as they were last read.
///
/// Ten thousand of these are kept: an address is 8 bytes, a bridge port 32.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// By address.
    entries: Box<[Entry]>,
    /// By ifIndex, then bridge port.
    spots: Box<[Spot]>,
    /// The ways in which interfaces were found for bridge ports, each with how sure it is; few differ.
    ways: Box<[(Way, f64)]>,
    unresolved: usize,
    untold: usize,
    remotes: Box<[Remote]>,
    stp: Option<Box<Stp>>,
    /// How the entries can be asked for one by one.
    pub(super) keys: Keys,
    /// Addresses that were looked up since the forwarding database was read, and when last.
    pub(super) sighted: BTreeMap<MacAddr, Time>,
}

/// An address and the place in `spots` of its port, in the lowest 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry(u64);

impl Entry {
    fn new(mac: MacAddr, spot: u16) -> Self {
        Self(mac.as_u64() << 16 | u64::from(spot))
    }

    fn mac(self) -> MacAddr {
        let [a, b, c, d, e, f, ..] = self.0.to_be_bytes();
        MacAddr([a, b, c, d, e, f])
    }

    const fn spot(self) -> usize {
        (self.0 & 0xffff) as usize
    }
}

/// A bridge port, and the interface that it was taken for.
#[derive(Debug)]
struct Spot {
    if_index: u32,
    bridge_port: u32,
    /// Addresses behind it.
    addresses: u32,
    /// Place in `ways`.
    way: u16,
    /// Name of the interface at that time, where addresses are behind it.
    name: Option<Arc<str>>,
}

const _: () = assert!(size_of::<Entry>() == 8 && size_of::<Spot>() <= 32);

/// What a reading has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Addresses behind another port than before: address, from, to.
    pub moves: Vec<Moved>,
    /// Addresses that found no room.
    pub refused: u64,
}

impl Surroundings {
    /// Takes what was read, with `most` addresses at most, and tells what is different.
    pub fn update(&mut self, read: &Topology, most: usize, name_of: &dyn Fn(u32) -> Arc<str>) -> Changes {
        if let Some(remotes) = &read.remotes {
            self.remotes = remotes.as_slice().into();
        }
        if let Some(stp) = &read.stp {
            self.stp = Some(Box::new(stp.clone()));
        }
        let Some(fdb) = &read.fdb else { return Changes::default() };
        self.replace(fdb, most, name_of)
    }

    /// A forwarding database in the form in which it is kept.
    fn of(fdb: &Fdb, most: usize, name_of: &dyn Fn(u32) -> Arc<str>) -> Self {
        let mut ways = Vec::<(Way, f64)>::new();
        let mut spots = Vec::with_capacity(fdb.ports.len().min(MAX_SPOTS));
        for (bridge_port, found) in fdb.ports.iter().take(MAX_SPOTS) {
            let how = (found.way, found.confidence);
            let way = ways.iter().position(|known| *known == how).unwrap_or_else(|| {
                ways.push(how);
                ways.len() - 1
            });
            // There are no more ways than ports.
            let way = u16::try_from(way).unwrap_or(u16::MAX);
            spots.push(Spot { if_index: found.if_index, bridge_port: *bridge_port, addresses: 0, way, name: None });
        }
        spots.sort_by_key(|spot| (spot.if_index, spot.bridge_port));
        let place =
            spots.iter().zip(0_u16..).map(|(spot, place)| (spot.bridge_port, place)).collect::<BTreeMap<_, _>>();
        let entries = fdb.entries.iter().filter_map(|(mac, port)| Some(Entry::new(*mac, *place.get(port)?)));
        let entries = entries.take(most).collect::<Box<[Entry]>>();
        for entry in &entries {
            let spot = &mut spots[entry.spot()];
            spot.addresses += 1;
            if spot.name.is_none() {
                spot.name = Some(name_of(spot.if_index));
            }
        }
        Self {
            entries,
            spots: spots.into_boxed_slice(),
            ways: ways.into_boxed_slice(),
            unresolved: fdb.unresolved,
            untold: fdb.untold,
            keys: fdb.keys.clone(),
            ..Self::default()
        }
    }

    /// The forwarding database in the form in which it is read.
    pub(super) fn unpacked(&self) -> Fdb {
        let ports = self.spots.iter().filter_map(|spot| Some((spot.bridge_port, self.resolved(spot)?)));
        let bridge_port = |entry: &Entry| Some((entry.mac(), self.spots.get(entry.spot())?.bridge_port));
        Fdb {
            entries: self.entries.iter().filter_map(bridge_port).collect(),
            ports: ports.collect(),
            unresolved: self.unresolved,
            untold: self.untold,
            keys: self.keys.clone(),
        }
    }

    /// Holds another forwarding database from now on, and tells what is different.
    pub(super) fn replace(&mut self, fdb: &Fdb, most: usize, name_of: &dyn Fn(u32) -> Arc<str>) -> Changes {
        let mut now = Self::of(fdb, most, name_of);
        let mut changes = Changes { refused: (fdb.entries.len() - now.entries.len()) as u64, ..Changes::default() };
        for entry in &now.entries {
            if let Some(before) = self.entry(entry.mac()) {
                changes.moves.extend(self.moved(before, &now, *entry));
            }
        }
        (now.remotes, now.stp) = (std::mem::take(&mut self.remotes), self.stp.take());
        *self = now;
        changes
    }

    /// The bridge port that an address is behind.
    pub(super) fn bridge_port(&self, mac: MacAddr) -> Option<u32> {
        Some(self.spots.get(self.entry(mac)?.spot())?.bridge_port)
    }

    fn entry(&self, mac: MacAddr) -> Option<Entry> {
        let at = self.entries.partition_point(|entry| *entry < Entry::new(mac, 0));
        self.entries.get(at).copied().filter(|entry| entry.mac() == mac)
    }

    /// The move of an address, if it is one.
    fn moved(&self, before: Entry, now: &Self, after: Entry) -> Option<Moved> {
        let (old, new) = (self.spots.get(before.spot())?, now.spots.get(after.spot())?);
        // The same bridge port under another name is a device that was restarted, or a better guess.
        if old.bridge_port == new.bridge_port || !(self.is_sure(old) && now.is_sure(new)) {
            return None;
        }
        let (from, to) = (old.name.as_ref()?, new.name.as_ref()?);
        (from != to).then(|| (after.mac(), Arc::clone(from), Arc::clone(to)))
    }

    fn resolved(&self, spot: &Spot) -> Option<Resolved> {
        let (way, confidence) = *self.ways.get(usize::from(spot.way))?;
        Some(Resolved { if_index: spot.if_index, way, confidence })
    }

    fn is_sure(&self, spot: &Spot) -> bool {
        self.resolved(spot).is_some_and(|found| found.confidence >= SURE)
    }

    /// The bridge ports of an interface; nearly always one.
    fn spots_of(&self, if_index: u32) -> &[Spot] {
        let from = self.spots.partition_point(|spot| spot.if_index < if_index);
        let count = self.spots[from..].partition_point(|spot| spot.if_index == if_index);
        &self.spots[from..from + count]
    }

    /// Where an address is; `None` too where that is a mere guess.
    #[must_use]
    pub fn place(&self, mac: MacAddr) -> Option<Resolved> {
        let spot = self.spots.get(self.entry(mac)?.spot())?;
        self.resolved(spot).filter(|found| found.confidence >= SURE)
    }

    /// When an address was looked up by name, if that is later than the forwarding database was read.
    #[must_use]
    pub fn sighted(&self, mac: MacAddr) -> Option<Time> {
        self.sighted.get(&mac).copied()
    }

    /// It holds an address, whatever the port is.
    #[must_use]
    pub fn knows(&self, mac: MacAddr) -> bool {
        self.entry(mac).is_some()
    }

    /// The addresses in the forwarding database, in order.
    pub fn addresses(&self) -> impl Iterator<Item = MacAddr> + '_ {
        self.entries.iter().map(|entry| entry.mac())
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// There are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Addresses behind bridge ports that could not be taken for an interface.
    #[must_use]
    pub const fn unresolved(&self) -> usize {
        self.unresolved
    }

    /// Addresses whose bridge port the switch does not tell.
    #[must_use]
    pub const fn untold(&self) -> usize {
        self.untold
    }

    /// The spanning tree, if it was ever read.
    #[must_use]
    pub fn stp(&self) -> Option<&Stp> {
        self.stp.as_deref()
    }

    /// Addresses behind a port.
    #[must_use]
    pub fn neighbours(&self, if_index: u32) -> usize {
        self.spots_of(if_index).iter().map(|spot| spot.addresses as usize).sum()
    }

    /// The addresses behind a port, where that is no guess.
    pub fn behind(&self, if_index: u32) -> impl Iterator<Item = MacAddr> {
        let here = move |spot: &&Spot| spot.if_index == if_index && self.is_sure(spot);
        let entries = self.entries.iter().filter(move |entry| self.spots.get(entry.spot()).filter(here).is_some());
        entries.map(|entry| entry.mac())
    }

    /// How the addresses behind a port were found there.
    #[must_use]
    pub fn found_by(&self, if_index: u32) -> Option<Resolved> {
        self.resolved(self.spots_of(if_index).first()?)
    }

    /// Other switches behind each ifIndex, by their addresses. `own` is this target.
    #[must_use]
    pub fn switches(&self, known: &BTreeMap<MacAddr, Arc<str>>, own: &str) -> BTreeMap<u32, BTreeSet<Arc<str>>> {
        let mut switches = BTreeMap::<u32, BTreeSet<Arc<str>>>::new();
        for entry in &self.entries {
            if let Some(name) = known.get(&entry.mac()).filter(|name| ***name != *own)
                && let Some(spot) = self.spots.get(entry.spot()).filter(|spot| self.is_sure(spot))
            {
                switches.entry(spot.if_index).or_default().insert(Arc::clone(name));
            }
        }
        switches
    }

    /// Other switches behind one ifIndex.
    #[must_use]
    pub fn switches_at(&self, if_index: u32, known: &BTreeMap<MacAddr, Arc<str>>, own: &str) -> BTreeSet<Arc<str>> {
        let here = |entry: &&Entry| {
            self.spots.get(entry.spot()).is_some_and(|spot| spot.if_index == if_index && self.is_sure(spot))
        };
        let names = self.entries.iter().filter(here).filter_map(|entry| known.get(&entry.mac()));
        names.filter(|name| ***name != *own).cloned().collect()
    }

    /// Whether the port certainly leads to more of the network, whoever else is behind it: a crowd of addresses is.
    #[must_use]
    pub fn is_crowded(&self, if_index: u32) -> bool {
        self.neighbours(if_index) > CROWD
    }

    /// What a port leads to, the surest sign first: what the other end says, the spanning tree, other switches of ours
    /// `behind` it, and the number of addresses.
    #[must_use]
    pub fn role(&self, if_index: u32, behind: Option<&BTreeSet<Arc<str>>>) -> PortRole {
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
        if let Some(behind) = behind.filter(|behind| !behind.is_empty()) {
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
    pub fn add(&mut self, at: Time, target: &Arc<str>, (mac, from, to): Moved) {
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
