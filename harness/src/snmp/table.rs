//! What an agent can be asked: values by object identifier, in order. Knows no encoding.

use super::book::Book;
use super::counters::Kind;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

/// An object identifier.
pub type Oid = Vec<u32>;

/// A value (RFC 2578, 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// INTEGER.
    Integer(i64),
    /// OCTET STRING.
    Octets(Vec<u8>),
    /// Nothing.
    Null,
    /// OBJECT IDENTIFIER.
    Oid(Oid),
    /// IpAddress.
    Ip(Ipv4Addr),
    /// Counter32.
    Counter32(u32),
    /// Gauge32 or Unsigned32.
    Gauge32(u32),
    /// TimeTicks, hundredths of a second.
    TimeTicks(u32),
    /// TimeTicks that the agent fills in when it answers: its uptime, beginning with this.
    Uptime(u32),
    /// A counter that goes on by itself: 32 bits of it.
    Live32(Live),
    /// A counter that goes on by itself: all of it.
    Live64(Live),
    /// The agent's own name.
    OwnName,
    /// The agent's own MAC address, with this number added: one for each port.
    OwnMac(u8),
    /// The requests that came in, Counter32.
    Requests,
    /// Opaque.
    Opaque(Vec<u8>),
    /// A tag and a content that need not fit together: what a broken agent sends.
    Raw(u8, Vec<u8>),
    /// Counter64.
    Counter64(u64),
    /// The object does not exist (RFC 3416, 4.2.1).
    NoSuchObject,
    /// The object exists, not this instance of it.
    NoSuchInstance,
    /// Nothing comes after this.
    EndOfMibView,
}

/// A counter that nobody stores: see [`super::counters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// What it counts.
    pub kind: Kind,
    /// Of which port.
    pub port: u32,
    /// What it had counted when the agent came into the world; lost with a reboot.
    pub from: u64,
}

/// Values in the order of their identifiers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table(BTreeMap<Oid, Value>);

impl Table {
    /// Puts in a value; an older one of the same identifier goes.
    pub fn set(&mut self, oid: Oid, value: Value) {
        self.0.insert(oid, value);
    }

    /// The value of exactly this object.
    #[must_use]
    pub fn get(&self, oid: &[u32]) -> Option<&Value> {
        self.0.get(oid)
    }

    /// The first object after this identifier.
    #[must_use]
    pub fn next(&self, oid: &[u32]) -> Option<(&Oid, &Value)> {
        self.0.range::<[u32], _>((Bound::Excluded(oid), Bound::Unbounded)).next()
    }

    /// Takes out every object below this identifier.
    pub fn remove_below(&mut self, oid: &[u32]) {
        self.0.retain(|known, _| !known.starts_with(oid));
    }

    /// Changes what `change` likes to change.
    pub fn for_each(&mut self, mut change: impl FnMut(&[u32], &mut Value)) {
        self.0.iter_mut().for_each(|(oid, value)| change(oid, value));
    }

    /// How many objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// No objects.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every object in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Oid, &Value)> {
        self.0.iter()
    }
}

/// A table that its owner replaces while agents answer from it.
#[derive(Clone, Debug, Default)]
pub struct SharedTable(Arc<Mutex<Arc<Book>>>);

impl SharedTable {
    /// Shares a table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(Book::new(table)))))
    }

    /// The present table, in the form that agents read.
    #[must_use]
    pub fn get(&self) -> Arc<Book> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces it: an agent's counters are refreshed all at once.
    pub fn set(&self, table: Table) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(Book::new(table));
    }
}

impl IntoIterator for Table {
    type Item = (Oid, Value);
    type IntoIter = std::collections::btree_map::IntoIter<Oid, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
