//! Q-BRIDGE-MIB (RFC 4363): behind which bridge port a MAC address was last seen, by filtering database, of bridges that
//! know VLANs. Most switches have their addresses here and none in BRIDGE-MIB (8 of 10 real walks).

use super::{Index, IndexSyntax, Syntax, Table, objects};

objects!(Q_FDB_COLUMNS, [1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2, 1], {
    Q_FDB_PORT = 2 "dot1qTpFdbPort" Syntax::Gauge, "The bridge port behind which the address was seen; 0 is unknown.";
    Q_FDB_STATUS = 3 "dot1qTpFdbStatus" Syntax::Gauge, "How it got there: 3 learned, 4 the bridge's own, 5 set by hand.";
});

/// The forwarding databases. The index is the database's number, which need not be the VLAN's (ProCurve), and the six
/// bytes of a MAC address, an arc each.
pub static Q_FDB_TABLE: Table = Table {
    name: "dot1qTpFdbTable",
    indexes: &[Index::number("dot1qFdbId"), Index { label: "dot1qTpFdbAddress", syntax: IndexSyntax::PhysAddress }],
    lookups: &[],
    lookups_hidden: false,
    columns: Q_FDB_COLUMNS,
};
