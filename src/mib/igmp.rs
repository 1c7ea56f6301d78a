//! IGMP-STD-MIB (RFC 2933): who asks for group memberships on each interface, by which version, and whether it is a
//! proxy.

use super::mgmd::ROUTER_INTERFACE_TABLE;
use super::system::SYS_UP_TIME;
use super::{Index, Module, Syntax, Table, objects};

objects!(INTERFACE_COLUMNS, [1, 3, 6, 1, 2, 1, 85, 1, 1, 1], {
    QUERY_INTERVAL = 2 "igmpInterfaceQueryInterval" Syntax::Gauge, "Seconds between general queries.";
    VERSION = 4 "igmpInterfaceVersion" Syntax::Gauge, "The version of IGMP spoken there.";
    QUERIER = 5 "igmpInterfaceQuerier" Syntax::Octets, "The querier of the network.";
    QUERIER_UP_TIME = 7 "igmpInterfaceQuerierUpTime" Syntax::Gauge,
        "Hundredths of a second since the querier became another.";
    QUERIER_EXPIRY_TIME = 8 "igmpInterfaceQuerierExpiryTime" Syntax::Gauge,
        "Hundredths of a second until the querier is given up; 0 if it is the device itself.";
    WRONG_VERSION_QUERIES = 10 "igmpInterfaceWrongVersionQueries" Syntax::Counter,
        "Queries of another version: a router there is set up differently.";
    JOINS = 11 "igmpInterfaceJoins" Syntax::Counter, "Times a group got its first member there.";
    PROXY_IF_INDEX = 12 "igmpInterfaceProxyIfIndex" Syntax::Gauge,
        "The interface that memberships are passed on to; 0 is none.";
    GROUPS = 13 "igmpInterfaceGroups" Syntax::Gauge, "Groups with members there.";
});

/// Interfaces with IGMP.
pub static INTERFACE_TABLE: Table = Table {
    name: "igmpInterfaceTable",
    indexes: &[Index::number("igmpInterfaceIfIndex")],
    lookups: &[],
    lookups_hidden: false,
    columns: INTERFACE_COLUMNS,
};

/// Group membership, by this MIB and by its successor.
pub static MODULE: Module =
    Module { name: "igmp", scalars: &[&SYS_UP_TIME], tables: &[&INTERFACE_TABLE, &ROUTER_INTERFACE_TABLE] };
