//! Faults of time: agents that boot, count in steps, or whose counters pass their end. One injector each.

use super::{Fault, FaultKind, Moment, Setting};
use crate::snmp::table::{Table, Value};
use std::sync::Arc;
use std::time::Duration;

/// ifTable's and ifXTable's columns, and the interface of a bridge port.
const BY_IF_INDEX: [&[u32]; 2] = [&[1, 3, 6, 1, 2, 1, 2, 2, 1], &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1]];
const BASE_PORT_IF_INDEX: [u32; 11] = [1, 3, 6, 1, 2, 1, 17, 1, 4, 1, 2];
const IF_INDEX: [u32; 10] = [1, 3, 6, 1, 2, 1, 2, 2, 1, 1];
/// How far the numbers of the interfaces move.
const MOVED_BY: u32 = 1000;

/// Boots again and again: uptime and counters begin at zero.
#[derive(Debug)]
struct Reboot {
    every: Duration,
    renumbers: bool,
}

impl Reboot {
    /// Agents that all boot in one moment would be a power cut.
    fn offset(&self, moment: &Moment) -> Duration {
        let millis = u64::try_from(self.every.as_millis()).unwrap_or(u64::MAX).max(1);
        Duration::from_millis(moment.seed % millis / 2)
    }
}

impl Fault for Reboot {
    fn time(&self, moment: &mut Moment) {
        if self.every.is_zero() {
            return;
        }
        let lived = moment.elapsed + self.offset(moment);
        let boots = lived.as_millis() / self.every.as_millis().max(1);
        if boots > 0 {
            let since = lived - self.every.saturating_mul(u32::try_from(boots).unwrap_or(u32::MAX));
            moment.boots += u32::try_from(boots).unwrap_or(u32::MAX);
            moment.uptime = moment.uptime.min(since);
        }
    }

    fn shapes(&self) -> usize {
        1 + usize::from(self.renumbers)
    }

    fn shape(&self, moment: &Moment) -> usize {
        if self.renumbers { moment.boots as usize % 2 } else { 0 }
    }

    fn reshape(&self, shape: usize, table: &mut Table) {
        if shape == 1 {
            renumber(table);
        }
    }
}

/// Every interface gets another ifIndex, in another order.
fn renumber(table: &mut Table) {
    let moved = |old: u32| MOVED_BY.wrapping_add(old ^ 1);
    let old = std::mem::take(table);
    for (mut oid, mut value) in old {
        let (by_index, points) = (BY_IF_INDEX.iter().any(|t| oid.starts_with(t)), oid.starts_with(&BASE_PORT_IF_INDEX));
        if let (true, Some(row)) = (by_index, oid.last_mut()) {
            *row = moved(*row);
        }
        if let (true, Value::Integer(index)) = (points || oid.starts_with(&IF_INDEX), &mut value) {
            *index = i64::from(moved(*index as u32));
        }
        table.set(oid, value);
    }
}

pub(super) static REBOOT: FaultKind = FaultKind {
    name: "reboot",
    help: "boots so often: sysUpTime and counters begin again",
    setting: Setting::Time(300_000),
    replaces: false,
    make: |given, _| Arc::new(Reboot { every: given.time(), renumbers: false }),
};

pub(super) static RENUMBER: FaultKind = FaultKind {
    name: "renumber",
    help: "boots so often, and every second time its interfaces have other ifIndexes",
    setting: Setting::Time(300_000),
    replaces: false,
    make: |given, _| Arc::new(Reboot { every: given.time(), renumbers: true }),
};

/// Takes its counters afresh only now and then; agents of real switches do, every 1 to 30 s.
#[derive(Debug)]
struct Stale(Duration);

impl Fault for Stale {
    fn time(&self, moment: &mut Moment) {
        moment.counts_every = Some(self.0);
    }
}

pub(super) static STALE: FaultKind = FaultKind {
    name: "stale",
    help: "renews its counters only every so often",
    setting: Setting::Time(15_000),
    replaces: false,
    make: |given, _| Arc::new(Stale(given.time())),
};

/// Its 32-bit counters pass their end once, all together.
#[derive(Debug)]
struct Wrap(Duration);

impl Fault for Wrap {
    fn time(&self, moment: &mut Moment) {
        moment.wraps_at = Some(self.0);
    }
}

pub(super) static WRAP: FaultKind = FaultKind {
    name: "wrap",
    help: "its 32-bit counters pass zero so long after the beginning",
    setting: Setting::Time(60_000),
    replaces: false,
    make: |given, _| Arc::new(Wrap(given.time())),
};
