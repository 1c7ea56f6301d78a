//! Faults of what an agent knows: missing tables, columns that are always zero, values that cannot be read. A row each.

use super::{Fault, FaultKind, Moment, Setting};
use crate::snmp::counters::Kind;
use crate::snmp::table::{Live, Table, Value};
use std::sync::Arc;
use std::time::Duration;

/// Columns of ifXTable.
const IF_X: [u32; 10] = [1, 3, 6, 1, 2, 1, 31, 1, 1, 1];
const IF_HC_IN_UCAST: u32 = 7;
const IF_HC_IN_MULTICAST: u32 = 8;
/// dot1dTpFdbTable (RFC 4188) and dot1qTpFdbTable (RFC 4363).
const FDBS: [&[u32]; 2] = [&[1, 3, 6, 1, 2, 1, 17, 4, 3], &[1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2]];
/// The row that is spoilt.
const ROW: u32 = 5;
/// RouterOS has its forwarding database in its agent this long after it began (measured: about 30 s).
const FDB_WAITS: Duration = Duration::from_secs(30);

/// A table that is as it should not be, always.
#[derive(Debug)]
struct Shaped(fn(&mut Table));

impl Fault for Shaped {
    fn reshape(&self, _: usize, table: &mut Table) {
        (self.0)(table);
    }
}

macro_rules! shaped {
    ($constant:ident = $name:literal, $help:literal, $reshape:expr) => {
        pub(super) static $constant: FaultKind = FaultKind {
            name: $name,
            help: $help,
            setting: Setting::None,
            replaces: false,
            make: |_, _| Arc::new(Shaped($reshape)),
        };
    };
}

/// Puts `value` into the spoilt row of a column of ifXTable, where there is one.
fn spoil(table: &mut Table, column: u32, value: &Value) {
    let oid = [&IF_X[..], &[column, ROW]].concat();
    if table.get(&oid).is_some() {
        table.set(oid, value.clone());
    }
}

// 0x1f announces a tag of several bytes, which SNMP has none of.
shaped!(BAD_VARBIND = "bad-varbind", "one ifHCInUcastPkts has a type that there is not", |table| {
    spoil(table, IF_HC_IN_UCAST, &Value::Raw(0x1f, vec![1]));
});

shaped!(EMPTY_COUNTER64 = "empty-counter64", "one ifHCInMulticastPkts is a Counter64 without a byte", |table| {
    spoil(table, IF_HC_IN_MULTICAST, &Value::Raw(0x46, Vec::new()));
});

shaped!(ZERO_MULTICAST = "zero-multicast", "counts no packets to groups and to all: the columns stay zero", |table| {
    table.for_each(|_, value| {
        let grouped = |live: &Live| matches!(live.kind, Kind::Multicast(_) | Kind::Broadcast(_) | Kind::NonUnicast(_));
        match value {
            Value::Live32(live) if grouped(live) => *value = Value::Counter32(0),
            Value::Live64(live) if grouped(live) => *value = Value::Counter64(0),
            _ => {}
        }
    });
});

shaped!(NO_IF_X_TABLE = "no-ifxtable", "has no ifXTable, and so 32-bit counters alone", |table| {
    table.remove_below(&IF_X[..9]);
});

/// The forwarding database comes some time after the boot.
#[derive(Debug)]
struct FdbAfterBoot;

impl Fault for FdbAfterBoot {
    fn shapes(&self) -> usize {
        2
    }

    fn shape(&self, moment: &Moment) -> usize {
        // Whatever it was before: for an agent that has not booted since, its world's beginning is its boot.
        usize::from(moment.uptime.min(moment.elapsed) < FDB_WAITS)
    }

    fn reshape(&self, shape: usize, table: &mut Table) {
        if shape == 1 {
            FDBS.iter().for_each(|fdb| table.remove_below(fdb));
        }
    }
}

pub(super) static FDB_AFTER_BOOT: FaultKind = FaultKind {
    name: "fdb-after-boot",
    help: "has no forwarding database for 30 s after a boot, as RouterOS",
    setting: Setting::None,
    replaces: false,
    make: |_, _| Arc::new(FdbAfterBoot),
};
