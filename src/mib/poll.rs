//! What the poller reads from a switch, and how its rows become a sample. Knows no sockets, and judges no number. What is
//! remembered from one poll to the next, `memory` knows.

use super::if_mib::{
    IF_DISCONTINUITY, IF_HC_IN_BROADCAST, IF_HC_IN_MULTICAST, IF_HC_IN_OCTETS, IF_HC_IN_UCAST, IF_HC_OUT_BROADCAST,
    IF_HC_OUT_MULTICAST, IF_HC_OUT_OCTETS, IF_HC_OUT_UCAST, IF_IN_BROADCAST, IF_IN_DISCARDS, IF_IN_ERRORS,
    IF_IN_MULTICAST, IF_IN_OCTETS, IF_IN_UCAST, IF_NAME, IF_OPER_STATUS, IF_OUT_BROADCAST, IF_OUT_DISCARDS,
    IF_OUT_ERRORS, IF_OUT_MULTICAST, IF_OUT_OCTETS, IF_OUT_UCAST,
};
use super::memory::{LASTING, Lasting, Memory, Names};
use super::rows::{Cell, Column};
use super::system::{SYS_DESCR, SYS_NAME, SYS_UP_TIME};
use super::{Limits, Object, Rows, Walk};
use crate::model::observation::{Counter, CounterKind, PollSample, PortSample};
use crate::model::snmp::Value;
use crate::model::{MacAddr, Time};
use std::sync::Arc;
use std::time::Duration;

/// What every poll reads of a port: its name, its counters, and what they are not to be trusted without.
static EACH: &[&Object] = &[
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
    &IF_OPER_STATUS,
    &IF_IN_DISCARDS,
    &IF_OUT_DISCARDS,
    &IF_IN_ERRORS,
    &IF_OUT_ERRORS,
];
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
static SYSTEM: &[&Object] = &[&SYS_UP_TIME, &SYS_NAME, &SYS_DESCR];

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

/// What is to be read after [`Memory::first`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The 32-bit counters: a port has not all the 64-bit ones.
    pub narrow: bool,
    /// What hardly changes.
    pub lasting: bool,
}

/// What the walks of one poll brought.
#[derive(Clone, Copy, Debug)]
pub struct Brought<'a> {
    /// All their rows.
    pub rows: &'a Rows,
    /// When the first PDU was answered.
    pub at: Time,
    /// How long the poll took.
    pub took: Duration,
    /// What hardly changes is among them, in full.
    pub lasting: bool,
}

impl Memory {
    /// The walk that every poll begins with: names, counters and state of the ports.
    #[must_use]
    pub fn first(&self, limits: Limits) -> Walk {
        match self.ports().len() {
            0 => self.first_in_full(limits),
            rows => self.first_in_full(limits).trusting(rows),
        }
    }

    /// The same, however many ports are remembered: a walk that trusts their number reads a new port in part.
    #[must_use]
    pub fn first_in_full(&self, limits: Limits) -> Walk {
        let groups: &[&[&Object]] = if self.narrow { &[EACH, NARROW] } else { &[EACH] };
        Walk::new(&[], groups.iter().copied(), limits)
    }

    /// What is to be read besides, after the first walk.
    #[must_use]
    pub fn due(&self, now: Time, first: &Rows) -> Due {
        Due { narrow: !self.narrow && !is_wide(first), lasting: self.is_stale(now, first) }
    }

    /// The walk that reads it; `None` if nothing is due.
    #[must_use]
    pub fn second(due: Due, first: &Rows, limits: Limits) -> Option<Walk> {
        let scalars = if due.lasting { SYSTEM } else { &[] };
        let groups: &[&[&Object]] = match (due.narrow, due.lasting) {
            (false, false) => return None,
            (true, false) => &[NARROW],
            (false, true) => &[LASTING],
            (true, true) => &[NARROW, LASTING],
        };
        let walk = Walk::new(scalars, groups.iter().copied(), limits);
        Some(match rows_of(first) {
            0 => walk,
            rows => walk.expecting(rows),
        })
    }

    /// The sample of a poll, as complete as if everything had been read; what was read is remembered. Strings are kept
    /// in `names`, so that ten thousand switches of a kind share what their ports are called.
    pub fn sample(&mut self, target: Arc<str>, brought: &Brought<'_>, names: &mut Names) -> PollSample {
        let rows = brought.rows;
        self.narrow = !is_wide(rows);
        self.update(brought, names);
        let ports = self.ports_with_counters(rows);
        let mut problems = self.problems().to_vec();
        let unreadable = rows.unreadable.iter().filter(|object| !LASTING.contains(object));
        problems.extend(unreadable.map(|object| unreadable_text(object)));
        PollSample {
            target,
            at: brought.at,
            took: brought.took,
            sys_uptime: rows.uptime.or_else(|| rows.scalar(&SYS_UP_TIME).and_then(Value::as_u32)),
            sys_name: self.sys_name().to_owned(),
            sys_descr: self.sys_descr().to_owned(),
            ports,
            topology: None,
            problems,
        }
    }

    /// Counters and state of each port into what is remembered of it, column by column: all are in the same order.
    fn ports_with_counters(&self, rows: &Rows) -> Vec<PortSample> {
        let mut ports = self.ports().iter().map(Lasting::sample).collect::<Vec<_>>();
        each_cell(rows, &IF_OPER_STATUS, &mut ports, |port, cell| port.oper_up = cell.value.as_u64() == Some(1));
        each_cell(rows, &IF_DISCONTINUITY, &mut ports, |port, cell| port.discontinuity = cell.value.as_u32());
        for kind in CounterKind::ALL {
            let (wide, narrow) = objects_of(kind);
            // The 64-bit one is taken where there is one; what is no counter hides none.
            for object in [Some(narrow), wide].into_iter().flatten() {
                each_cell(rows, object, &mut ports, |port, cell| {
                    if let Some(counter) = counter_of(cell.value) {
                        *port.counters.get_mut(kind) = Some(counter);
                        port.uptimes[kind as usize] = cell.uptime;
                    }
                });
            }
        }
        ports
    }
}

pub(super) fn unreadable_text(object: &Object) -> String {
    format!("{}: the agent sends a value that cannot be decoded; it is left out", object.name)
}

/// Walks a column and the ports, both in the order of ifIndex, side by side.
fn each_cell(
    rows: &Rows,
    object: &'static Object,
    ports: &mut [PortSample],
    mut put: impl FnMut(&mut PortSample, Cell<'_>),
) {
    let mut at = 0;
    for cell in rows.column(object) {
        let Some(index) = single(cell.index) else { continue };
        if at > 0 && ports[at - 1].if_index >= index {
            // The column was read twice: the second time begins.
            at = 0;
        }
        while ports.get(at).is_some_and(|port| port.if_index < index) {
            at += 1;
        }
        if let Some(port) = ports.get_mut(at).filter(|port| port.if_index == index) {
            put(port, cell);
            at += 1;
        }
    }
}

fn rows_of(rows: &Rows) -> usize {
    [&IF_NAME, &IF_OPER_STATUS].map(|object| rows.column(object).count()).into_iter().max().unwrap_or(0)
}

/// Every port has every 64-bit counter.
fn is_wide(rows: &Rows) -> bool {
    let ports = rows_of(rows);
    let counted =
        |object: &'static Object| rows.columns(object).flat_map(Column::values).filter_map(counter_of).count();
    ports > 0 && EACH[1..9].iter().all(|object| counted(object) >= ports)
}

/// What it counts, if it is a counter.
fn counter_of(value: &Value) -> Option<Counter> {
    match *value {
        Value::Counter64(number) => Some(Counter::C64(number)),
        Value::Counter32(number) => Some(Counter::C32(number)),
        _ => None,
    }
}

pub(super) fn single(index: &[u32]) -> Option<u32> {
    match *index {
        [index] => Some(index),
        _ => None,
    }
}

pub(super) fn mac_of(value: &Value) -> Option<MacAddr> {
    let mac = MacAddr(value.as_bytes()?.try_into().ok()?);
    (mac != MacAddr::ZERO).then_some(mac)
}

#[cfg(test)]
#[path = "poll_tests.rs"]
pub(super) mod tests;
