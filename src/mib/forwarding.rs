//! Behind which interface a switch has learned an address: what is read for it, and what the rows mean. Knows no sockets
//! and no other switch.

use super::bridge::{BASE_PORT_IF_INDEX, FDB_ADDRESS, FDB_PORT, FDB_STATUS};
use super::poll::{mac_of, single};
use super::q_bridge::{Q_FDB_PORT, Q_FDB_STATUS};
use super::{Limits, Object, Rows, Walk};
use crate::model::MacAddr;
use crate::model::observation::PortSample;
use std::collections::{BTreeMap, BTreeSet};

/// Forwarding entries kept of one target.
pub const MAX_FDB: usize = 32_768;
/// What some makers add to a bridge port to get its ifIndex, where they have no usable dot1dBasePortTable: TP-Link
/// JetStream 49152, one T1600G 32768 (measured on real walks).
const IF_INDEX_OFFSETS: [u32; 2] = [49_152, 32_768];

/// The walk over the forwarding databases of a bridge that knows VLANs, which can be long: not in every poll.
#[must_use]
pub fn fdb(limits: Limits) -> Walk {
    let base: &[&Object] = &[&BASE_PORT_IF_INDEX];
    Walk::new(&[], [base, &[&Q_FDB_PORT, &Q_FDB_STATUS]], Limits { rows: MAX_FDB, ..limits })
}

/// The bridge answered [`fdb`] with addresses; if not, [`plain_fdb`] is to be asked.
#[must_use]
pub fn has_vlan_fdb(rows: &Rows) -> bool {
    rows.has(&Q_FDB_PORT)
}

/// The walk over the forwarding database of a bridge that has none by VLAN.
#[must_use]
pub fn plain_fdb(limits: Limits) -> Walk {
    let plain: &[&Object] = &[&FDB_ADDRESS, &FDB_PORT, &FDB_STATUS];
    Walk::new(&[], [plain], Limits { rows: MAX_FDB, ..limits })
}

/// dot1dTpFdbStatus of an address that was learned (RFC 4188).
const LEARNED: u64 = 3;

/// MAC address to ifIndex: through dot1dBasePortTable where that leads to an interface that exists, else as if the
/// bridge port were the ifIndex, else with a maker's offset.
pub(super) fn forwarding(rows: &Rows, ports: &[PortSample], problems: &mut Vec<String>) -> BTreeMap<MacAddr, u32> {
    let exists = |index: u32| ports.binary_search_by_key(&index, |port| port.if_index).is_ok();
    let base = rows.column(&BASE_PORT_IF_INDEX);
    let base = base.filter_map(|cell| Some((single(cell.index)?, cell.value.as_u32()?)));
    let base = base.filter(|&(_, index)| exists(index)).collect::<BTreeMap<u32, u32>>();
    let learned = learned(rows);
    let offset = IF_INDEX_OFFSETS
        .into_iter()
        .find(|offset| learned.values().all(|port| port.checked_add(*offset).is_some_and(exists)));
    let resolve = |port: u32| {
        let direct = base.get(&port).copied().or_else(|| Some(port).filter(|&port| exists(port)));
        direct.or_else(|| port.checked_add(offset?))
    };
    let mut table = BTreeMap::new();
    let mut lost = BTreeSet::new();
    for (mac, port) in learned {
        match resolve(port) {
            Some(index) => drop(table.insert(mac, index)),
            None => drop(lost.insert(port)),
        }
    }
    if !lost.is_empty() {
        problems.push(format!("{} bridge ports of the forwarding database belong to no interface", lost.len()));
    }
    if base.is_empty() && !table.is_empty() {
        problems.push("no usable dot1dBasePortTable: bridge ports were taken for interface numbers".to_owned());
    }
    table
}

/// Addresses of devices and the bridge ports they were learned behind, from whichever table has them.
fn learned(rows: &Rows) -> BTreeMap<MacAddr, u32> {
    let by_vlan = has_vlan_fdb(rows);
    let (ports, status) = if by_vlan { (&Q_FDB_PORT, &Q_FDB_STATUS) } else { (&FDB_PORT, &FDB_STATUS) };
    let entries = rows.column(ports).filter_map(|cell| {
        let said = rows.cell(&FDB_ADDRESS, cell.index).filter(|_| !by_vlan).and_then(|cell| mac_of(cell.value));
        let mac = said.or_else(|| if by_vlan { mac_of_vlan_index(cell.index) } else { mac_of_index(cell.index) })?;
        let status = rows.cell(status, cell.index).and_then(|cell| cell.value.as_u64()).unwrap_or(LEARNED);
        let port = cell.value.as_u32().filter(|&port| port > 0)?;
        (status == LEARNED && !mac.is_group()).then_some((mac, port))
    });
    entries.collect()
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
