//! What the spanning tree, LLDP and the neighbour tables of a switch mean. Knows no sockets and no other switch.

use super::bridge::BASE_BRIDGE_ADDRESS;
use super::forwarding::base_ports;
use super::memory::clip;
use super::poll::{mac_of, single};
use super::resolver::resolve;
use super::{Rows, ip_mib, lldp, stp};
use crate::model::frames::{OwnerClaim, OwnerProof};
use crate::model::observation::PortSample;
use crate::model::snmp::Value;
use crate::model::topology::{Remote, Stp};
use crate::model::{MacAddr, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Neighbours by LLDP kept of one target.
pub const MAX_REMOTES: usize = 4096;
/// Owners of IP addresses kept of one target.
pub const MAX_OWNERS: usize = 4096;
/// LldpChassisIdSubtype: a MAC address.
const BY_MAC: u32 = 4;
/// A port's number by LLDP that is taken for an interface must be this sure.
const SURE: f64 = 0.5;

/// dot1dStp. Ports that are down say nothing.
pub(super) fn spanning_tree(rows: &Rows, ports: &[PortSample]) -> Stp {
    let states = rows.column(&stp::PORT_STATE).filter_map(|cell| Some((single(cell.index)?, cell.value.as_u32()?)));
    let states = states.collect::<BTreeMap<u32, u32>>();
    let root_port = rows.scalar(&stp::ROOT_PORT).and_then(Value::as_u32).filter(|port| *port > 0);
    let used = states.keys().copied().chain(root_port).collect::<BTreeSet<u32>>();
    let found = resolve(&base_ports(rows), ports, &used).ports;
    let index_of = |port: u32| found.get(&port).filter(|found| found.confidence >= SURE).map(|found| found.if_index);
    let own = rows.scalar(&BASE_BRIDGE_ADDRESS).and_then(mac_of);
    let number = |object| rows.scalar(object).and_then(Value::as_u32);
    let served_by_another = |port: &u32| {
        let bridge = rows.cell(&stp::PORT_DESIGNATED_BRIDGE, &[*port]).and_then(|cell| bridge_of(cell.value));
        bridge.is_some_and(|bridge| own.is_some_and(|own| own != bridge))
    };
    let with = |wanted: &[u32]| {
        states.iter().filter(|(_, state)| wanted.contains(state)).map(|(port, _)| *port).collect::<BTreeSet<u32>>()
    };
    // blocking, listening, learning, forwarding: the link is up.
    let up = with(&[2, 3, 4, 5]);
    Stp {
        root: rows.scalar(&stp::DESIGNATED_ROOT).and_then(bridge_of),
        topology_changes: number(&stp::TOP_CHANGES),
        since_change: number(&stp::TIME_SINCE_CHANGE),
        root_port: root_port.filter(|port| up.contains(port)).and_then(index_of),
        foreign: up.iter().filter(|port| served_by_another(port)).filter_map(|port| index_of(*port)).collect(),
        blocked: with(&[2]).into_iter().filter_map(index_of).collect(),
    }
}

/// BridgeId: two bytes priority, six bytes address. A Zyxel writes it as text, `16384-BC.CF.4F.3E.48.2F`.
fn bridge_of(value: &Value) -> Option<MacAddr> {
    let bytes = value.as_bytes()?;
    let mac = match bytes {
        [_, _, mac @ ..] if mac.len() == 6 => MacAddr(mac.try_into().ok()?),
        _ => {
            let text = std::str::from_utf8(bytes).ok()?;
            let (_, mac) = text.split_once(['-', '/'])?;
            mac.replace('.', ":").parse().ok()?
        }
    };
    (mac != MacAddr::ZERO).then_some(mac)
}

/// lldpRemTable. A local port is known by the name that it has in lldpLocPortTable, else by its number.
pub(super) fn remotes(rows: &Rows, ports: &[PortSample], problems: &mut Vec<String>) -> Vec<Remote> {
    let local_port = |index: &[u32]| match *index {
        // A TP-Link leaves the time mark out.
        [port, _] | [_, port, _] => Some(port),
        _ => None,
    };
    let heard = rows.column(&lldp::REM_CHASSIS_ID).filter_map(|cell| Some((local_port(cell.index)?, cell)));
    let heard = heard.take(MAX_REMOTES).collect::<Vec<_>>();
    let used = heard.iter().map(|(port, _)| *port).collect::<BTreeSet<u32>>();
    let places = local_ports(rows, ports, &used);
    let mut lost = 0_usize;
    let mut remotes = Vec::new();
    for (port, cell) in heard {
        let Some(&if_index) = places.get(&port) else {
            lost += 1;
            continue;
        };
        let beside = |object| rows.cell(object, cell.index).map(|cell| cell.value);
        let by_mac = beside(&lldp::REM_CHASSIS_ID_SUBTYPE).and_then(Value::as_u32) == Some(BY_MAC);
        let chassis = by_mac.then(|| written_mac(cell.value)).flatten();
        let name = beside(&lldp::REM_SYS_NAME).and_then(Value::as_text).map(clip).unwrap_or_default();
        let name = if name.is_empty() { chassis.map(|mac| mac.to_string()).unwrap_or_default() } else { name };
        let capabilities = beside(&lldp::REM_SYS_CAP_ENABLED).and_then(Value::as_bytes);
        let capabilities = capabilities.and_then(capabilities_of);
        remotes.push(Remote { if_index, name, chassis, capabilities });
    }
    if lost > 0 {
        problems.push(format!("{lost} LLDP neighbours were heard at ports that belong to no interface"));
    }
    remotes
}

/// The first byte of lldpRemSysCapEnabled. A Zyxel GS1900 writes hexadecimal text, `00`, and recordings have `24 2 5`:
/// the byte, then its bits. A second byte that is a digit would be capabilities that do not exist.
fn capabilities_of(bytes: &[u8]) -> Option<u8> {
    let mut bytes = bytes.to_vec();
    // A recording of the Zyxel is text about text.
    for _ in 0..2 {
        let Some(meant) = hexadecimal(&bytes) else { break };
        bytes = meant;
    }
    bytes.first().copied()
}

/// The bytes that a text begins with, as pairs of digits with spaces between.
fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let pair = |word: &str| (word.len() == 2).then(|| u8::from_str_radix(word, 16).ok()).flatten();
    let bytes = text.trim_end().split(' ').map_while(pair).collect::<Vec<u8>>();
    (!bytes.is_empty()).then_some(bytes)
}

/// Local ports of LLDP to ifIndex.
fn local_ports(rows: &Rows, ports: &[PortSample], used: &BTreeSet<u32>) -> BTreeMap<u32, u32> {
    let mut names = BTreeMap::<&str, u32>::new();
    for port in ports {
        for text in [&port.name, &port.descr].into_iter().filter(|text| !text.is_empty()) {
            names.entry(text).or_insert(port.if_index);
        }
    }
    let local = rows.column(&lldp::LOC_PORT_ID).filter_map(|cell| single(cell.index));
    let numbers = local.chain(used.iter().copied()).collect::<BTreeSet<u32>>();
    let named = |number: u32| {
        let text = |object| rows.cell(object, &[number]).and_then(|cell| cell.value.as_text());
        // A bare number may be anything's: the numbering below is the better judge.
        let telling = |text: &String| text.bytes().any(|byte| byte.is_ascii_alphabetic());
        let texts = [text(&lldp::LOC_PORT_ID), text(&lldp::LOC_PORT_DESC)].into_iter().flatten().filter(telling);
        texts.into_iter().find_map(|text| names.get(text.as_str()).copied())
    };
    let by_name = numbers.iter().filter_map(|number| Some((*number, named(*number)?))).collect::<BTreeMap<_, _>>();
    // Descriptions that all ports share name none.
    if by_name.len() == numbers.len() && by_name.values().collect::<BTreeSet<_>>().len() == by_name.len() {
        return by_name;
    }
    // RouterOS has tunnels among its ports, which no bridge port would be taken for.
    let exists = |number: &u32| ports.iter().any(|port| port.if_index == *number && port.if_type != 24);
    if used.iter().all(exists) {
        return used.iter().map(|number| (*number, *number)).collect();
    }
    let found = resolve(&base_ports(rows), ports, &numbers).ports.into_iter();
    found.filter(|(_, found)| found.confidence >= SURE).map(|(number, found)| (number, found.if_index)).collect()
}

/// A MAC address in six bytes, or as text with any sign between the pairs.
fn written_mac(value: &Value) -> Option<MacAddr> {
    mac_of(value).or_else(|| value.as_text()?.replace(['-', '.'], ":").parse().ok())
}

/// ipNetToPhysicalTable and ipNetToMediaTable. Incomplete, invalid and own entries prove nothing.
pub(super) fn owners(rows: &Rows, at: Time) -> Vec<OwnerClaim> {
    let typed = |object, index: &[u32]| rows.cell(object, index).and_then(|cell| cell.value.as_u32());
    let old = rows.column(&ip_mib::NET_TO_MEDIA_PHYS_ADDRESS).filter_map(|cell| {
        let [_, a, b, c, d] = *cell.index else { return None };
        let ip = bytes(&[a, b, c, d]).as_deref().and_then(ip_of)?;
        let valid = !matches!(typed(&ip_mib::NET_TO_MEDIA_TYPE, cell.index), Some(2 | 5));
        valid.then_some((ip, mac_of(cell.value)?))
    });
    let new = rows.column(&ip_mib::NET_TO_PHYSICAL_PHYS_ADDRESS).filter_map(|cell| {
        let [_, _, length, address @ ..] = cell.index else { return None };
        let ip = bytes(address).filter(|bytes| bytes.len() == *length as usize);
        let ip = ip.as_deref().and_then(ip_of)?;
        let valid = !matches!(typed(&ip_mib::NET_TO_PHYSICAL_TYPE, cell.index), Some(2 | 5))
            && !matches!(typed(&ip_mib::NET_TO_PHYSICAL_STATE, cell.index), Some(5 | 7));
        valid.then_some((ip, mac_of(cell.value)?))
    });
    let usable = |(ip, mac): &(IpAddr, MacAddr)| {
        !ip.is_unspecified() && !ip.is_loopback() && !ip.is_multicast() && !mac.is_group()
    };
    let pairs = new.chain(old).filter(usable).collect::<BTreeSet<_>>();
    let claim = |(ip, mac)| OwnerClaim { ip, mac, proof: OwnerProof::Snmp, at };
    pairs.into_iter().take(MAX_OWNERS).map(claim).collect()
}

fn bytes(arcs: &[u32]) -> Option<Vec<u8>> {
    arcs.iter().map(|arc| u8::try_from(*arc).ok()).collect()
}

/// IPv4 or IPv6 by the length (RFC 4001); the zone of a link-local address is left out.
fn ip_of(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 | 8 => <[u8; 4]>::try_from(&bytes[..4]).ok().map(IpAddr::from),
        16 | 20 => <[u8; 16]>::try_from(&bytes[..16]).ok().map(IpAddr::from),
        _ => None,
    }
}

#[cfg(test)]
#[path = "surroundings_tests.rs"]
mod tests;
