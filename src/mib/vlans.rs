//! The VLANs of a Cisco switch (CISCO-VTP-MIB). It has no Q-BRIDGE-MIB: it keeps BRIDGE-MIB once for each VLAN, and shows
//! that of VLAN 1 to whoever does not name another. Knows no sockets; how a VLAN is named, `io` knows.

use super::bridge::{BASE_PORT_IF_INDEX, FDB_PORT, FDB_STATUS};
use super::{Limits, Object, Rows, Syntax, Walk, objects};
use std::collections::BTreeSet;

/// VLANs whose forwarding databases are read in one poll: one or two round trips each.
pub const MAX_VLANS: usize = 64;
/// VLAN 1, which is read without being named.
const DEFAULT: u32 = 1;
/// For FDDI and Token Ring: every switch has them, and nobody is in them.
const LEGACY: std::ops::RangeInclusive<u32> = 1002..=1005;
/// vtpVlanState of a VLAN that is in use.
const OPERATIONAL: u32 = 1;

objects!(VLAN_COLUMNS, [1, 3, 6, 1, 4, 1, 9, 9, 46, 1, 3, 1, 1], {
    VLAN_STATE = 2 "vtpVlanState" Syntax::Gauge, "Whether the VLAN is in use: 1 operational, 2 suspended.";
});

/// The walk that reads which VLANs there are.
#[must_use]
pub fn walk(limits: Limits) -> Walk {
    Walk::new(&[], [VLAN_COLUMNS], limits)
}

/// The walk over what the switch shows of one VLAN, once that is named.
#[must_use]
pub fn fdb(limits: Limits) -> Walk {
    let base: &[&Object] = &[&BASE_PORT_IF_INDEX];
    let fdb: &[&Object] = &[&FDB_PORT, &FDB_STATUS];
    Walk::new(&[], [base, fdb], limits)
}

/// The VLANs in use besides the one that is read anyhow.
#[must_use]
pub fn others(rows: &Rows) -> BTreeSet<u32> {
    let used = rows.column(&VLAN_STATE).filter(|cell| cell.value.as_u32() == Some(OPERATIONAL));
    // The index: the management domain, which is 1, and the VLAN.
    let vlans = used.filter_map(|cell| if let [_, vlan] = *cell.index { Some(vlan) } else { None });
    vlans.filter(|vlan| (DEFAULT + 1..=4094).contains(vlan) && !LEGACY.contains(vlan)).collect()
}
