//! MGMD-STD-MIB (RFC 5519): what IGMP-STD-MIB told of IPv4, for IGMPv3 and MLD too, of routers.

use super::{Index, Syntax, Table, objects};

objects!(ROUTER_INTERFACE_COLUMNS, [1, 3, 6, 1, 2, 1, 185, 1, 2, 1], {
    QUERIER = 3 "mgmdRouterInterfaceQuerier" Syntax::Octets, "The querier of the network.";
    QUERY_INTERVAL = 4 "mgmdRouterInterfaceQueryInterval" Syntax::Gauge, "Seconds between general queries.";
    VERSION = 6 "mgmdRouterInterfaceVersion" Syntax::Gauge, "The version of IGMP or MLD spoken there.";
    QUERIER_UP_TIME = 8 "mgmdRouterInterfaceQuerierUpTime" Syntax::Gauge,
        "Hundredths of a second since the querier became another.";
    QUERIER_EXPIRY_TIME = 9 "mgmdRouterInterfaceQuerierExpiryTime" Syntax::Gauge,
        "Hundredths of a second until the querier is given up; 0 if it is the device itself.";
    WRONG_VERSION_QUERIES = 10 "mgmdRouterInterfaceWrongVersionQueries" Syntax::Counter,
        "Queries of another version: a router there is set up differently.";
    JOINS = 11 "mgmdRouterInterfaceJoins" Syntax::Counter, "Times a group got its first member there.";
    PROXY_IF_INDEX = 12 "mgmdRouterInterfaceProxyIfIndex" Syntax::Gauge,
        "The interface that memberships are passed on to; 0 is none.";
    GROUPS = 13 "mgmdRouterInterfaceGroups" Syntax::Gauge, "Groups with members there.";
});

/// Interfaces with IGMP (querier type 1) or MLD (2).
pub static ROUTER_INTERFACE_TABLE: Table = Table {
    name: "mgmdRouterInterfaceTable",
    indexes: &[Index::number("mgmdRouterInterfaceIfIndex"), Index::number("mgmdRouterInterfaceQuerierType")],
    lookups: &[],
    lookups_hidden: false,
    columns: ROUTER_INTERFACE_COLUMNS,
};
