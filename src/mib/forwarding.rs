//! Behind which interface a switch has learned an address: what is read for it, and what the rows mean. Knows no sockets
//! and no other switch.

use super::bridge::{BASE_BRIDGE_ADDRESS, BASE_PORT_IF_INDEX, FDB_ADDRESS, FDB_PORT, FDB_STATUS};
use super::poll::{mac_of, single};
use super::q_bridge::{Q_FDB_PORT, Q_FDB_STATUS};
use super::resolver::{BaseMap, Resolution, resolve};
use super::stp::PORT_STATE;
use super::vlans::VLAN_STATE;
use super::{Limits, Object, Rows, Walk};
use crate::model::MacAddr;
use crate::model::observation::PortSample;
use crate::model::topology::{Fdb, Keys, MAX_DATABASES, Resolved, Way};
use std::collections::{BTreeMap, BTreeSet};

/// Forwarding entries kept of one target.
pub const MAX_FDB: usize = 32_768;
/// dot1dTpFdbStatus and dot1qTpFdbStatus: an entry that no longer counts.
pub(super) const INVALID: u64 = 2;
/// The same: an address of the bridge itself.
pub(super) const OWN: u64 = 4;
/// dot1dStpPortState of a port that passes frames on.
const FORWARDING: u32 = 5;
/// Below it a port is a guess, and a person is told so.
const SURE: f64 = 0.5;

/// The walk over the forwarding databases of a bridge that knows VLANs, which can be long: not in every poll.
#[must_use]
pub fn fdb(limits: Limits) -> Walk {
    let base: &[&Object] = &[&BASE_PORT_IF_INDEX];
    Walk::new(&[&BASE_BRIDGE_ADDRESS], [base, &[&Q_FDB_PORT, &Q_FDB_STATUS]], Limits { rows: MAX_FDB, ..limits })
}

/// The bridge answered [`fdb`] with addresses and their ports; if not, [`plain_fdb`] is to be asked. A TP-Link T1600G
/// gives port 0 for every address there.
#[must_use]
pub fn has_vlan_fdb(rows: &Rows) -> bool {
    rows.column(&Q_FDB_PORT).any(|cell| cell.value.as_u32().is_some_and(|port| port > 0))
}

/// The walk over the forwarding database of a bridge that has none by VLAN.
#[must_use]
pub fn plain_fdb(limits: Limits) -> Walk {
    let plain: &[&Object] = &[&FDB_ADDRESS, &FDB_PORT, &FDB_STATUS];
    Walk::new(&[], [plain], Limits { rows: MAX_FDB, ..limits })
}

/// dot1dBasePortTable: bridge port to ifIndex.
pub(super) fn base_ports(rows: &Rows) -> BTreeMap<u32, u32> {
    let cells = rows.column(&BASE_PORT_IF_INDEX);
    cells.filter_map(|cell| Some((single(cell.index)?, cell.value.as_u32()?))).collect()
}

/// The forwarding database with its ports taken for interfaces.
pub(super) fn forwarding(rows: &Rows, ports: &[PortSample], problems: &mut Vec<String>) -> Fdb {
    let own = ports.iter().filter_map(|port| port.mac);
    let own = own.chain(rows.scalar(&BASE_BRIDGE_ADDRESS).and_then(mac_of)).collect::<BTreeSet<MacAddr>>();
    let mut learned = BTreeMap::new();
    for (mac, port) in entries(rows).filter(|(mac, _)| !own.contains(mac)) {
        // In several databases, the first one that tells a port counts: the order is the same at every reading.
        let known = learned.entry(mac).or_insert(port);
        if *known == 0 {
            *known = port;
        }
    }
    let used = learned.values().copied().collect::<BTreeSet<u32>>();
    let base = base_ports(rows);
    let mut resolution = resolve(&base, ports, &used);
    if used.iter().eq([&0])
        && let Some(sole) = sole_port(rows, &base, ports)
    {
        resolution.ports.insert(0, sole);
    }
    let untold = if resolution.ports.contains_key(&0) { 0 } else { learned.values().filter(|p| **p == 0).count() };
    let all = learned.len();
    let entries = learned.into_iter().filter(|(_, port)| resolution.ports.contains_key(port));
    let entries = entries.take(MAX_FDB).collect::<BTreeMap<MacAddr, u32>>();
    let unresolved = all - untold - entries.len();
    say(&resolution, untold, unresolved, !entries.is_empty(), problems);
    Fdb { entries, ports: resolution.ports, unresolved, untold, keys: keys(rows) }
}

/// How the entries of the table that [`entries`] reads are named.
fn keys(rows: &Rows) -> Keys {
    if rows.has(&VLAN_STATE) {
        // By the address, in whichever VLAN: a question that names none is one after the first VLAN alone.
        return Keys::Unknown;
    }
    if !is_by_vlan(rows) {
        let by_address = rows.column(&FDB_PORT).any(|cell| mac_of_index(cell.index).is_some());
        return if by_address { Keys::Plain } else { Keys::Unknown };
    }
    let mut sizes = BTreeMap::<u32, usize>::new();
    let mut with_length = false;
    for cell in rows.column(&Q_FDB_PORT).filter(|cell| mac_of_vlan_index(cell.index).is_some()) {
        with_length |= cell.index.len() == 8;
        *sizes.entry(cell.index[0]).or_default() += 1;
    }
    let mut databases = sizes.into_iter().collect::<Vec<_>>();
    databases.sort_by_key(|&(database, size)| (std::cmp::Reverse(size), database));
    databases.truncate(MAX_DATABASES);
    match databases.is_empty() {
        true => Keys::Unknown,
        false => {
            Keys::ByDatabase { databases: databases.into_iter().map(|(database, _)| database).collect(), with_length }
        }
    }
}

/// The one port that is up. A TP-Link T1600G tells no port of any address; with a single link there is one answer all the
/// same. The spanning tree knows better than the interfaces: it counts an aggregate once, and leaves its members out.
fn sole_port(rows: &Rows, base: &BTreeMap<u32, u32>, ports: &[PortSample]) -> Option<Resolved> {
    let up = |index: &u32| ports.binary_search_by_key(index, |port| port.if_index).is_ok_and(|at| ports[at].oper_up);
    let in_tree = rows.column(&PORT_STATE).filter_map(|cell| Some((single(cell.index)?, cell.value.as_u32()?)));
    let in_tree = in_tree.collect::<BTreeMap<u32, u32>>();
    let takes_part = |port: &u32| in_tree.is_empty() || in_tree.get(port) == Some(&FORWARDING);
    let mut candidates = base.iter().filter(|(port, index)| takes_part(port) && up(index)).map(|(_, index)| *index);
    let if_index = candidates.next()?;
    candidates.next().is_none().then_some(Resolved { if_index, way: Way::SolePort, confidence: 0.7 })
}

/// What a person should know of how the ports were found.
fn say(resolution: &Resolution, untold: usize, unresolved: usize, any: bool, problems: &mut Vec<String>) {
    if untold > 0 && !any {
        problems.push(format!(
            "the switch tells no port for any of the {untold} addresses in its forwarding database (it says 0): behind \
             which port a device is can't be known from it"
        ));
    }
    if unresolved > 0 {
        let ports = resolution.unresolved.len();
        problems.push(format!(
            "{unresolved} addresses of the forwarding database are behind {ports} bridge ports that belong to no interface"
        ));
    }
    let Some(weakest) = resolution.weakest().filter(|found| found.way != Way::BasePortTable) else { return };
    let how = match weakest.way {
        Way::SoleAggregate => {
            problems.push(format!(
                "a bridge port that is in no table was taken for ifIndex {}, the only link aggregate left",
                weakest.if_index
            ));
            return;
        }
        Way::SolePort => {
            let sole = weakest.if_index;
            problems.push(format!(
                "the switch tells no port for any address (it says 0): all were taken to be behind ifIndex {sole}, the only \
                 port that is up"
            ));
            return;
        }
        Way::Offset(offset) => format!("interface numbers less {offset}"),
        Way::BasePortTable | Way::IfIndex => "interface numbers".to_owned(),
    };
    let why = match resolution.base {
        BaseMap::Absent => "no usable dot1dBasePortTable",
        BaseMap::Invalid => "dot1dBasePortTable leads to no interfaces",
        BaseMap::Valid => "dot1dBasePortTable lacks ports of the forwarding database",
    };
    let doubt = if weakest.confidence < SURE { ", which is a guess: several numberings fit" } else { "" };
    problems.push(format!("{why}: bridge ports were taken for {how}{doubt}"));
}

/// dot1qTpFdbTable is the one to go by.
fn is_by_vlan(rows: &Rows) -> bool {
    has_vlan_fdb(rows) || !rows.has(&FDB_PORT)
}

/// Addresses of devices and the bridge ports they were learned behind, from whichever table has them.
fn entries(rows: &Rows) -> impl Iterator<Item = (MacAddr, u32)> + '_ {
    let by_vlan = is_by_vlan(rows);
    let (ports, status) = if by_vlan { (&Q_FDB_PORT, &Q_FDB_STATUS) } else { (&FDB_PORT, &FDB_STATUS) };
    rows.column(ports).filter_map(move |cell| {
        let said = rows.cell(&FDB_ADDRESS, cell.index).filter(|_| !by_vlan).and_then(|cell| mac_of(cell.value));
        let mac = said.or_else(|| if by_vlan { mac_of_vlan_index(cell.index) } else { mac_of_index(cell.index) })?;
        let status = rows.cell(status, cell.index).and_then(|cell| cell.value.as_u64());
        let counts = !matches!(status, Some(INVALID | OWN)) && !mac.is_group() && mac != MacAddr::ZERO;
        cell.value.as_u32().filter(|_| counts).map(|port| (mac, port))
    })
}

/// The database's number, then the address; a Zyxel writes the address's length between them.
fn mac_of_vlan_index(index: &[u32]) -> Option<MacAddr> {
    match index {
        [_, mac @ ..] if mac.len() == 6 => mac_of_index(mac),
        [_, 6, mac @ ..] => mac_of_index(mac),
        _ => None,
    }
}

/// The index of a forwarding entry is its address, an arc for each byte.
fn mac_of_index(index: &[u32]) -> Option<MacAddr> {
    let mut mac = [0; 6];
    if index.len() != mac.len() {
        return None;
    }
    for (byte, &arc) in mac.iter_mut().zip(index) {
        *byte = u8::try_from(arc).ok()?;
    }
    Some(MacAddr(mac))
}

#[cfg(test)]
#[path = "forwarding_tests.rs"]
mod tests;
