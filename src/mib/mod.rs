//! SNMP tables: which objects to read and what a row means. Knows no sockets and no client library.
//!
//! A table is one file plus one line in [`TABLES`]; a module is a list of tables that are read together, plus one line
//! in [`MODULES`].

pub mod bridge;
pub mod ether_like;
pub mod exchange;
pub mod forwarding;
pub mod if_mib;
pub mod if_type;
pub mod igmp;
pub mod ip_mib;
pub mod lldp;
pub mod lookup;
pub mod memory;
pub mod mgmd;
mod pace;
pub mod poll;
pub mod pulse;
pub mod q_bridge;
pub mod resolver;
pub mod rows;
pub mod slow;
pub mod storm;
pub mod stp;
pub mod surroundings;
pub mod system;
#[cfg(test)]
pub(crate) mod test_agent;
pub mod titles;
pub mod vlans;
pub mod walk;
#[cfg(test)]
mod walk_tests;

pub use exchange::{Limits, Reply, Request, WalkError};
pub use memory::{Memory, Names};
pub use rows::{Cell, Column, Indexes, Rows, Stats};
pub use titles::Titles;
pub use walk::Walk;

/// What a value means, and so how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// A number that goes up and down, an enumeration, or a time stamp.
    Gauge,
    /// Counter32 or Counter64.
    Counter,
    /// An enumeration whose names matter more than its numbers.
    EnumInfo(&'static [(u32, &'static str)]),
    /// Text (RFC 2579 DisplayString).
    Text,
    /// Bytes, or an object identifier.
    Octets,
    /// A MAC address (RFC 2579 PhysAddress or MacAddress).
    PhysAddress,
}

/// An object: a column of a table, or a scalar.
#[derive(Debug, PartialEq, Eq)]
pub struct Object {
    /// Its descriptor in the MIB: `ifInOctets`.
    pub name: &'static str,
    /// Where it is registered, without an instance.
    pub oid: &'static [u32],
    /// What its values mean.
    pub syntax: Syntax,
    /// What it tells, for HELP lines and documentation.
    pub help: &'static str,
}

/// A part of a table's index (RFC 2578, 7.7): the label that it becomes, and how its arcs are read.
#[derive(Debug, PartialEq, Eq)]
pub struct Index {
    /// The label: the descriptor of the index object.
    pub label: &'static str,
    /// How its arcs are read.
    pub syntax: IndexSyntax,
}

/// How the arcs of an index are read (RFC 2578, 7.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexSyntax {
    /// One arc: the number.
    Number,
    /// Six arcs: a MAC address.
    PhysAddress,
    /// Four arcs: an IPv4 address.
    IpAddress,
    /// InetAddressType and InetAddress (RFC 4001): the type, the length, then an arc for each byte.
    InetAddress,
}

impl Index {
    /// An index of one arc.
    #[must_use]
    pub const fn number(label: &'static str) -> Self {
        Self { label, syntax: IndexSyntax::Number }
    }
}

/// A table: columns that share an index.
#[derive(Debug)]
pub struct Table {
    /// Its descriptor in the MIB: `ifTable`.
    pub name: &'static str,
    /// What its index is made of, in order; each becomes a label.
    pub indexes: &'static [Index],
    /// Columns whose values name a row for a person; each becomes a label, in the order of their names.
    pub lookups: &'static [&'static Object],
    /// The lookups are labels only, not series of their own.
    pub lookups_hidden: bool,
    /// Its columns, in the order of their last arcs.
    pub columns: &'static [&'static Object],
}

impl Table {
    /// The same table with some of its columns: those that a module has a use for. What is to be a label must be among
    /// them.
    #[must_use]
    pub const fn only(&self, columns: &'static [&'static Object]) -> Self {
        Self {
            name: self.name,
            indexes: self.indexes,
            lookups: self.lookups,
            lookups_hidden: self.lookups_hidden,
            columns,
        }
    }
}

/// Tables and scalars that are read together, under a name that a scrape may ask for.
#[derive(Debug)]
pub struct Module {
    /// `if_mib`.
    pub name: &'static str,
    /// Objects with the one instance 0.
    pub scalars: &'static [&'static Object],
    /// Tables.
    pub tables: &'static [&'static Table],
}

impl Module {
    /// The module of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        MODULES.iter().copied().find(|module| module.name == name)
    }
}

/// Every table, in the order of their object identifiers.
pub static TABLES: &[&Table] = &[
    &lldp::LOC_PORT_TABLE,
    &lldp::REM_TABLE,
    &lldp::REM_MAN_ADDR_TABLE,
    &system::SYS_OR_TABLE,
    &if_mib::IF_TABLE,
    &ip_mib::NET_TO_MEDIA_TABLE,
    &ip_mib::NET_TO_PHYSICAL_TABLE,
    &ether_like::STATS_TABLE,
    &ether_like::PAUSE_TABLE,
    &bridge::BASE_PORT_TABLE,
    &stp::PORT_TABLE,
    &bridge::FDB_TABLE,
    &q_bridge::Q_FDB_TABLE,
    &if_mib::IF_X_TABLE,
    &igmp::INTERFACE_TABLE,
    &mgmd::ROUTER_INTERFACE_TABLE,
];

/// Every module that a scrape may ask for.
pub static MODULES: &[&Module] = &[
    &system::MODULE,
    &if_mib::MODULE,
    &storm::MODULE,
    &bridge::MODULE,
    &lldp::MODULE,
    &ip_mib::MODULE,
    &ether_like::MODULE,
    &igmp::MODULE,
];

/// Joins the object identifier of a table's entry with a column's last arc, at compile time.
macro_rules! oid {
    ([$($prefix:literal),*], $arc:literal) => { &[$($prefix,)* $arc] };
}
pub(crate) use oid;

/// Declares objects that share a parent: a `static` for each, and the list of them all.
macro_rules! objects {
    ($list:ident, $parent:tt, { $($constant:ident = $arc:literal $name:literal $syntax:expr, $help:literal;)* }) => {
        $(
            #[doc = concat!("`", $name, "`: ", $help)]
            pub static $constant: $crate::mib::Object = $crate::mib::Object {
                name: $name, oid: $crate::mib::oid!($parent, $arc), syntax: $syntax, help: $help,
            };
        )*
        /// The objects of this parent, in order.
        pub static $list: &[&$crate::mib::Object] = &[$(&$constant),*];
    };
}
pub(crate) use objects;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_registry_is_consistent() {
        let mut oids = BTreeSet::new();
        let mut names = BTreeSet::new();
        for table in TABLES {
            assert!(!table.columns.is_empty(), "{}", table.name);
            assert!(table.columns.iter().map(|column| column.oid).is_sorted(), "{} is out of order", table.name);
            assert!(table.lookups.iter().map(|lookup| lookup.name).is_sorted(), "{}: labels are sorted", table.name);
            for column in table.columns {
                assert!(oids.insert(column.oid), "{} twice", column.name);
                assert!(names.insert(column.name), "{} twice", column.name);
                assert!(!column.help.is_empty());
            }
        }
        for module in MODULES {
            assert!(Module::named(module.name).is_some_and(|found| std::ptr::eq(found, *module)));
            for table in module.tables {
                let whole = TABLES.iter().find(|known| known.name == table.name).expect(table.name);
                let mut rest = whole.columns.iter();
                let in_order = table.columns.iter().all(|column| rest.any(|known| std::ptr::eq(*known, *column)));
                assert!(in_order && !table.columns.is_empty(), "{}: not columns of {}", module.name, table.name);
            }
            // A label that several tables share may be a column of another one of the module.
            for lookup in module.tables.iter().flat_map(|table| table.lookups) {
                let read = module.tables.iter().flat_map(|table| table.columns);
                assert!(read.clone().any(|column| std::ptr::eq(*column, *lookup)), "{}: {}", module.name, lookup.name);
            }
        }
        assert!(Module::named("no_such").is_none());
    }
}
