//! What the poller reads from a switch, and how its rows become a sample. Knows no sockets, and judges no number.

use super::if_mib::{
    IF_ADMIN_STATUS, IF_ALIAS, IF_DESCR, IF_DISCONTINUITY, IF_HC_IN_BROADCAST, IF_HC_IN_MULTICAST, IF_HC_IN_OCTETS,
    IF_HC_IN_UCAST, IF_HC_OUT_BROADCAST, IF_HC_OUT_MULTICAST, IF_HC_OUT_OCTETS, IF_HC_OUT_UCAST, IF_HIGH_SPEED,
    IF_IN_BROADCAST, IF_IN_DISCARDS, IF_IN_ERRORS, IF_IN_MULTICAST, IF_IN_OCTETS, IF_IN_UCAST, IF_NAME, IF_OPER_STATUS,
    IF_OUT_BROADCAST, IF_OUT_DISCARDS, IF_OUT_ERRORS, IF_OUT_MULTICAST, IF_OUT_OCTETS, IF_OUT_UCAST, IF_PHYS_ADDRESS,
    IF_SPEED, IF_TYPE,
};
use super::system::{SYS_DESCR, SYS_NAME, SYS_UP_TIME};
use super::{Limits, Object, Rows, Walk};
use crate::model::observation::{Counter, CounterKind, PollSample, PortSample};
use crate::model::snmp::Value;
use crate::model::{MacAddr, Time};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Ports kept of one target; a chassis of 20,000 interfaces fits.
pub const MAX_PORTS: usize = 20_480;
/// Characters kept of a name or description.
pub const MAX_NAME: usize = 255;

/// The traffic counters of a row in one PDU, and the name it is known by.
static TRAFFIC: &[&Object] = &[
    &IF_NAME,
    &IF_HC_IN_OCTETS,
    &IF_HC_OUT_OCTETS,
    &IF_HC_IN_UCAST,
    &IF_HC_OUT_UCAST,
    &IF_HC_IN_MULTICAST,
    &IF_HC_OUT_MULTICAST,
    &IF_HC_IN_BROADCAST,
    &IF_HC_OUT_BROADCAST,
    &IF_DISCONTINUITY,
];
static STATE: &[&Object] = &[
    &IF_DESCR,
    &IF_TYPE,
    &IF_SPEED,
    &IF_PHYS_ADDRESS,
    &IF_ADMIN_STATUS,
    &IF_OPER_STATUS,
    &IF_IN_DISCARDS,
    &IF_OUT_DISCARDS,
    &IF_IN_ERRORS,
    &IF_OUT_ERRORS,
];
static NAMES: &[&Object] = &[&IF_HIGH_SPEED, &IF_ALIAS];
static NARROW: &[&Object] = &[
    &IF_IN_OCTETS,
    &IF_OUT_OCTETS,
    &IF_IN_UCAST,
    &IF_OUT_UCAST,
    &IF_IN_MULTICAST,
    &IF_OUT_MULTICAST,
    &IF_IN_BROADCAST,
    &IF_OUT_BROADCAST,
];

/// For each counter the 64-bit object and the 32-bit one.
fn objects_of(kind: CounterKind) -> (Option<&'static Object>, &'static Object) {
    match kind {
        CounterKind::InOctets => (Some(&IF_HC_IN_OCTETS), &IF_IN_OCTETS),
        CounterKind::OutOctets => (Some(&IF_HC_OUT_OCTETS), &IF_OUT_OCTETS),
        CounterKind::InUnicast => (Some(&IF_HC_IN_UCAST), &IF_IN_UCAST),
        CounterKind::OutUnicast => (Some(&IF_HC_OUT_UCAST), &IF_OUT_UCAST),
        CounterKind::InMulticast => (Some(&IF_HC_IN_MULTICAST), &IF_IN_MULTICAST),
        CounterKind::OutMulticast => (Some(&IF_HC_OUT_MULTICAST), &IF_OUT_MULTICAST),
        CounterKind::InBroadcast => (Some(&IF_HC_IN_BROADCAST), &IF_IN_BROADCAST),
        CounterKind::OutBroadcast => (Some(&IF_HC_OUT_BROADCAST), &IF_OUT_BROADCAST),
        CounterKind::InDiscards => (None, &IF_IN_DISCARDS),
        CounterKind::OutDiscards => (None, &IF_OUT_DISCARDS),
        CounterKind::InErrors => (None, &IF_IN_ERRORS),
        CounterKind::OutErrors => (None, &IF_OUT_ERRORS),
    }
}

/// The walk that every poll begins with: the system, and the counters.
#[must_use]
pub fn first(limits: Limits) -> Walk {
    Walk::new(&[&SYS_UP_TIME, &SYS_NAME, &SYS_DESCR], [TRAFFIC, STATE], limits)
}

/// The walk after it: names and speeds, and the 32-bit counters where a port has not all the 64-bit ones.
#[must_use]
pub fn second(first: &Rows, limits: Limits) -> Walk {
    let ports = first.column(&IF_DESCR).count();
    let wide = TRAFFIC[1..9].iter().all(|object| first.column(object).count() >= ports);
    let groups: &[&[&Object]] = if wide && ports > 0 { &[NAMES] } else { &[NARROW, NAMES] };
    Walk::new(&[], groups.iter().copied(), limits)
}

/// The sample of a poll from the rows of its walks.
#[must_use]
pub fn sample(target: Arc<str>, at: Time, took: Duration, rows: &Rows) -> PollSample {
    let mut problems = Vec::new();
    let ports = ports(rows, &mut problems);
    for object in &rows.unreadable {
        problems.push(format!("{}: the agent sends a value that cannot be decoded; it is left out", object.name));
    }
    let uptime = rows.parts.iter().flat_map(|part| &part.rows).find_map(|row| row.uptime);
    let text = |object| clip(rows.scalar(object).and_then(Value::as_text).unwrap_or_default());
    PollSample {
        target,
        at,
        took,
        sys_uptime: uptime.or_else(|| rows.scalar(&SYS_UP_TIME).and_then(Value::as_u32)),
        sys_name: text(&SYS_NAME),
        sys_descr: text(&SYS_DESCR),
        ports,
        topology: None,
        problems,
    }
}

pub(super) fn clip(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_NAME) {
        text.truncate(end);
    }
    text
}

/// Rows of either table; an interface that only ifTable or only ifXTable knows is kept.
fn ports(rows: &Rows, problems: &mut Vec<String>) -> Vec<PortSample> {
    let known = [&IF_DESCR, &IF_OPER_STATUS, &IF_NAME, &IF_HC_IN_OCTETS];
    let indexes = known.iter().flat_map(|object| rows.column(object)).filter_map(|cell| single(cell.index));
    let indexes = indexes.collect::<BTreeSet<u32>>();
    if indexes.len() > MAX_PORTS {
        problems.push(format!("{} interfaces; only the first {MAX_PORTS} are kept", indexes.len()));
    }
    let mut taken = BTreeSet::<Arc<str>>::new();
    let mut doubles = 0_usize;
    let mut ports = Vec::new();
    for index in indexes.into_iter().take(MAX_PORTS) {
        let mut port = port(rows, index);
        // A name that two ports share names neither: the later one gets its number added.
        if !taken.insert(Arc::clone(&port.name)) {
            doubles += 1;
            port.name = format!("{} (ifIndex {index})", port.name).into();
            taken.insert(Arc::clone(&port.name));
        }
        ports.push(port);
    }
    if doubles > 0 {
        problems.push(format!("{doubles} interfaces share a name with another; they are known by their ifIndex too"));
    }
    ports
}

pub(super) fn single(index: &[u32]) -> Option<u32> {
    match *index {
        [index] => Some(index),
        _ => None,
    }
}

fn port(rows: &Rows, index: u32) -> PortSample {
    let cell = |object: &'static Object| rows.cell(object, &[index]);
    let text = |object| cell(object).and_then(|cell| cell.value.as_text()).map(clip).unwrap_or_default();
    let number = |object| cell(object).and_then(|cell| cell.value.as_u64());
    let small = |object| number(object).and_then(|number| u32::try_from(number).ok());
    let descr = text(&IF_DESCR);
    let name = Some(text(&IF_NAME)).filter(|name| !name.is_empty());
    let name = name.or_else(|| Some(descr.clone()).filter(|descr| !descr.is_empty()));
    let speed = match number(&IF_HIGH_SPEED) {
        Some(mbps) if mbps > 0 => mbps.saturating_mul(1_000_000),
        _ => number(&IF_SPEED).unwrap_or(0),
    };
    let mut port = PortSample {
        if_index: index,
        name: name.unwrap_or_else(|| index.to_string()).into(),
        descr: descr.into(),
        alias: text(&IF_ALIAS).into(),
        if_type: small(&IF_TYPE).unwrap_or(0),
        speed_bps: speed,
        // An EdgeSwitch has the ports in ifXTable alone, without a status.
        admin_up: small(&IF_ADMIN_STATUS).is_none_or(|status| status == 1),
        oper_up: small(&IF_OPER_STATUS).is_none_or(|status| status == 1),
        mac: cell(&IF_PHYS_ADDRESS).and_then(|cell| mac_of(cell.value)),
        discontinuity: small(&IF_DISCONTINUITY),
        ..PortSample::default()
    };
    for kind in CounterKind::ALL {
        let (wide, narrow) = objects_of(kind);
        let found = wide.and_then(cell).or_else(|| cell(narrow));
        let counter = found.and_then(|found| match *found.value {
            Value::Counter64(number) => Some(Counter::C64(number)),
            Value::Counter32(number) => Some(Counter::C32(number)),
            _ => None,
        });
        *port.counters.get_mut(kind) = counter;
        port.uptimes[kind as usize] = found.and_then(|found| found.uptime).filter(|_| counter.is_some());
    }
    port
}

pub(super) fn mac_of(value: &Value) -> Option<MacAddr> {
    let mac = MacAddr(value.as_bytes()?.try_into().ok()?);
    (mac != MacAddr::ZERO).then_some(mac)
}

#[cfg(test)]
#[path = "poll_tests.rs"]
pub(super) mod tests;
