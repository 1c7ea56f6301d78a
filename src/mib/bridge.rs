//! BRIDGE-MIB (RFC 4188): which bridge port is which interface, and behind which port a MAC address was last seen.

use super::system::SYS_UP_TIME;
use super::{Index, IndexSyntax, Module, Syntax, Table, lldp, objects, q_bridge, stp};

/// dot1dBaseType.
pub static BASE_TYPES: &[(u32, &str)] = &[(1, "unknown"), (2, "transparent-only"), (3, "sourceroute-only"), (4, "srt")];

objects!(BASE_SCALARS, [1, 3, 6, 1, 2, 1, 17, 1], {
    BASE_BRIDGE_ADDRESS = 1 "dot1dBaseBridgeAddress" Syntax::PhysAddress, "The bridge's own address.";
    BASE_NUM_PORTS = 2 "dot1dBaseNumPorts" Syntax::Gauge, "How many ports the bridge has.";
    BASE_TYPE = 3 "dot1dBaseType" Syntax::EnumInfo(BASE_TYPES), "What kind of bridging it does.";
});

objects!(BASE_PORT_COLUMNS, [1, 3, 6, 1, 2, 1, 17, 1, 4, 1], {
    BASE_PORT_IF_INDEX = 2 "dot1dBasePortIfIndex" Syntax::Gauge, "The interface of a bridge port.";
});

objects!(FDB_COLUMNS, [1, 3, 6, 1, 2, 1, 17, 4, 3, 1], {
    FDB_ADDRESS = 1 "dot1dTpFdbAddress" Syntax::PhysAddress, "The address, which by the standard is the index too.";
    FDB_PORT = 2 "dot1dTpFdbPort" Syntax::Gauge, "The bridge port behind which the address was seen; 0 is unknown.";
    FDB_STATUS = 3 "dot1dTpFdbStatus" Syntax::Gauge, "How it got there: 3 learned, 4 the bridge's own, 5 set by hand.";
});

/// Bridge ports. Some agents have none, some an invalid one: see [`super::resolver`].
pub static BASE_PORT_TABLE: Table = Table {
    name: "dot1dBasePortTable",
    indexes: &[Index::number("dot1dBasePort")],
    lookups: &[],
    lookups_hidden: false,
    columns: BASE_PORT_COLUMNS,
};

/// The forwarding database. Its index is the six bytes of a MAC address, an arc each; FortiSwitch counts rows instead.
pub static FDB_TABLE: Table = Table {
    name: "dot1dTpFdbTable",
    indexes: &[Index { label: "dot1dTpFdbAddress", syntax: IndexSyntax::PhysAddress }],
    lookups: &[],
    lookups_hidden: false,
    columns: FDB_COLUMNS,
};

/// What tells where devices are: bridge ports, forwarding databases, the spanning tree, neighbours by LLDP.
pub static MODULE: Module = Module {
    name: "bridge",
    scalars: &[
        &SYS_UP_TIME,
        &BASE_BRIDGE_ADDRESS,
        &BASE_NUM_PORTS,
        &BASE_TYPE,
        &stp::PROTOCOL,
        &stp::PRIORITY,
        &stp::TIME_SINCE_CHANGE,
        &stp::TOP_CHANGES,
        &stp::DESIGNATED_ROOT,
        &stp::ROOT_COST,
        &stp::ROOT_PORT,
    ],
    tables: &[&BASE_PORT_TABLE, &stp::PORT_TABLE, &FDB_TABLE, &q_bridge::Q_FDB_TABLE, &lldp::REM_TABLE],
};
