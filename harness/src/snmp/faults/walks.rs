//! Faults of GETNEXT: agents whose walks stand still, go back, or never end. One injector each.

use super::{Fault, FaultKind, Setting};
use crate::snmp::book::Book;
use crate::snmp::table::{Oid, Value};
use std::sync::Arc;

/// Identifiers of at least this length are instances of a table's column: 1.3.6.1.2.1.2.2.1.10.7.
const INSTANCE: usize = 11;
/// RFC 2578, 3.5, allows 128.
const LONG: usize = 142;

/// What comes after a name; `None` for what comes in truth.
type Next = fn(&[u32], &Book) -> Option<(Oid, Value)>;

/// A fault of GETNEXT.
#[derive(Debug)]
struct Walking(Next);

impl Fault for Walking {
    fn next(&self, oid: &[u32], book: &Book) -> Option<(Oid, Value)> {
        (self.0)(oid, book)
    }
}

macro_rules! walking {
    ($constant:ident = $name:literal, $help:literal, $next:expr) => {
        pub(super) static $constant: FaultKind = FaultKind {
            name: $name,
            help: $help,
            setting: Setting::None,
            replaces: false,
            make: |_, _| Arc::new(Walking($next)),
        };
    };
}

walking!(SAME_OID = "same-oid", "says of an instance that itself comes after it", |oid, book| {
    (oid.len() >= INSTANCE).then(|| (oid.to_vec(), book.get(oid).cloned().unwrap_or(Value::Null)))
});

walking!(DECREASING_OID = "decreasing-oid", "goes back to its first object in mid-table", |oid, book| {
    let (first, value) = book.at(0)?;
    (oid.len() >= INSTANCE && oid.last().is_some_and(|row| *row >= 5)).then(|| (first.to_vec(), value.clone()))
});

walking!(ENDLESS_OID = "endless-oid", "finds one more row in every column, for ever", |oid, _| {
    let (last, column) = oid.split_last()?;
    if oid.len() < INSTANCE - 1 {
        return None;
    }
    let next = if oid.len() >= INSTANCE { [column, &[last.wrapping_add(1)]].concat() } else { [oid, &[1]].concat() };
    Some((next, Value::Counter32(7)))
});

walking!(LONG_OID = "long-oid", "names an object with 142 arcs in mid-table", |oid, _| {
    if oid.len() < INSTANCE || oid.last() != Some(&3) {
        return None;
    }
    let mut long = oid.to_vec();
    long.resize(LONG, 1);
    Some((long, Value::Counter32(7)))
});
