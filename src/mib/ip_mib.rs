//! IP-MIB (RFC 4293): which MAC address a device sends to for an IP address, as ARP and neighbour discovery told it.

use super::system::SYS_UP_TIME;
use super::{Index, IndexSyntax, Module, Syntax, Table, objects};

/// ipNetToMediaType and ipNetToPhysicalType; only the latter has 5.
pub static ENTRY_TYPES: &[(u32, &str)] = &[(1, "other"), (2, "invalid"), (3, "dynamic"), (4, "static"), (5, "local")];

objects!(NET_TO_MEDIA_COLUMNS, [1, 3, 6, 1, 2, 1, 4, 22, 1], {
    NET_TO_MEDIA_PHYS_ADDRESS = 2 "ipNetToMediaPhysAddress" Syntax::PhysAddress, "The address at the link layer.";
    NET_TO_MEDIA_TYPE = 4 "ipNetToMediaType" Syntax::EnumInfo(ENTRY_TYPES), "How the entry came to be.";
});

objects!(NET_TO_PHYSICAL_COLUMNS, [1, 3, 6, 1, 2, 1, 4, 35, 1], {
    NET_TO_PHYSICAL_PHYS_ADDRESS = 4 "ipNetToPhysicalPhysAddress" Syntax::PhysAddress,
        "The address at the link layer.";
    NET_TO_PHYSICAL_LAST_UPDATED = 5 "ipNetToPhysicalLastUpdated" Syntax::Gauge,
        "sysUpTime when the entry last changed.";
    NET_TO_PHYSICAL_TYPE = 6 "ipNetToPhysicalType" Syntax::EnumInfo(ENTRY_TYPES), "How the entry came to be.";
    NET_TO_PHYSICAL_STATE = 7 "ipNetToPhysicalState" Syntax::Gauge,
        "1 reachable, 2 stale, 3 delay, 4 probe, 5 invalid, 6 unknown, 7 incomplete.";
});

/// The ARP table; deprecated by the next one, and still the only one of most switches.
pub static NET_TO_MEDIA_TABLE: Table = Table {
    name: "ipNetToMediaTable",
    indexes: &[
        Index::number("ipNetToMediaIfIndex"),
        Index { label: "ipNetToMediaNetAddress", syntax: IndexSyntax::IpAddress },
    ],
    lookups: &[],
    lookups_hidden: false,
    columns: NET_TO_MEDIA_COLUMNS,
};

/// Neighbours, IPv4 and IPv6.
pub static NET_TO_PHYSICAL_TABLE: Table = Table {
    name: "ipNetToPhysicalTable",
    indexes: &[
        Index::number("ipNetToPhysicalIfIndex"),
        Index { label: "ipNetToPhysicalNetAddress", syntax: IndexSyntax::InetAddress },
    ],
    lookups: &[],
    lookups_hidden: false,
    columns: NET_TO_PHYSICAL_COLUMNS,
};

/// Both tables.
pub static MODULE: Module =
    Module { name: "neighbours", scalars: &[&SYS_UP_TIME], tables: &[&NET_TO_MEDIA_TABLE, &NET_TO_PHYSICAL_TABLE] };
