//! LLDP-MIB (IEEE 802.1AB-2005): which device says that it is at the other end of a port.

use super::system::SYS_UP_TIME;
use super::{Index, IndexSyntax, Module, Syntax, Table, objects};

/// LldpChassisIdSubtype: what a chassis is named by.
pub static CHASSIS_ID_SUBTYPES: &[(u32, &str)] = &[
    (1, "chassisComponent"),
    (2, "interfaceAlias"),
    (3, "portComponent"),
    (4, "macAddress"),
    (5, "networkAddress"),
    (6, "interfaceName"),
    (7, "local"),
];

/// LldpPortIdSubtype: what a port is named by.
pub static PORT_ID_SUBTYPES: &[(u32, &str)] = &[
    (1, "interfaceAlias"),
    (2, "portComponent"),
    (3, "macAddress"),
    (4, "networkAddress"),
    (5, "interfaceName"),
    (6, "agentCircuitId"),
    (7, "local"),
];

objects!(LOC_PORT_COLUMNS, [1, 0, 8802, 1, 1, 2, 1, 3, 7, 1], {
    LOC_PORT_ID_SUBTYPE = 2 "lldpLocPortIdSubtype" Syntax::EnumInfo(PORT_ID_SUBTYPES), "What lldpLocPortId is.";
    LOC_PORT_ID = 3 "lldpLocPortId" Syntax::Octets, "What the port is named by in the frames that it sends.";
    LOC_PORT_DESC = 4 "lldpLocPortDesc" Syntax::Text, "The port in words, mostly its ifDescr.";
});

objects!(REM_COLUMNS, [1, 0, 8802, 1, 1, 2, 1, 4, 1, 1], {
    REM_CHASSIS_ID_SUBTYPE = 4 "lldpRemChassisIdSubtype" Syntax::EnumInfo(CHASSIS_ID_SUBTYPES),
        "What lldpRemChassisId is.";
    REM_CHASSIS_ID = 5 "lldpRemChassisId" Syntax::Octets, "The device at the other end, mostly its MAC address.";
    REM_PORT_ID_SUBTYPE = 6 "lldpRemPortIdSubtype" Syntax::EnumInfo(PORT_ID_SUBTYPES), "What lldpRemPortId is.";
    REM_PORT_ID = 7 "lldpRemPortId" Syntax::Octets, "The port at the other end.";
    REM_PORT_DESC = 8 "lldpRemPortDesc" Syntax::Text, "That port in words.";
    REM_SYS_NAME = 9 "lldpRemSysName" Syntax::Text, "The name of the device at the other end.";
    REM_SYS_DESC = 10 "lldpRemSysDesc" Syntax::Text, "What the device at the other end says it is.";
    REM_SYS_CAP_SUPPORTED = 11 "lldpRemSysCapSupported" Syntax::Octets,
        "What it can be, a bit each from the left: other, repeater, bridge, wlanAccessPoint, router, telephone, \
         docsisCableDevice, stationOnly.";
    REM_SYS_CAP_ENABLED = 12 "lldpRemSysCapEnabled" Syntax::Octets,
        "What of lldpRemSysCapSupported is switched on, in the same bits.";
});

objects!(REM_MAN_ADDR_COLUMNS, [1, 0, 8802, 1, 1, 2, 1, 4, 2, 1], {
    REM_MAN_ADDR_IF_SUBTYPE = 3 "lldpRemManAddrIfSubtype" Syntax::Gauge,
        "How lldpRemManAddrIfId counts: 1 unknown, 2 ifIndex, 3 systemPortNumber.";
    REM_MAN_ADDR_IF_ID = 4 "lldpRemManAddrIfId" Syntax::Gauge, "The interface with the management address.";
});

/// Ports that speak LLDP. Their numbers need not be those of bridge ports or interfaces.
pub static LOC_PORT_TABLE: Table = Table {
    name: "lldpLocPortTable",
    indexes: &[Index::number("lldpLocPortNum")],
    lookups: &[],
    lookups_hidden: false,
    columns: LOC_PORT_COLUMNS,
};

/// Devices heard. Some agents leave out the time mark of the index (a TP-Link T1600G-18TS).
pub static REM_TABLE: Table = Table {
    name: "lldpRemTable",
    indexes: &[Index::number("lldpRemTimeMark"), Index::number("lldpRemLocalPortNum"), Index::number("lldpRemIndex")],
    lookups: &[],
    lookups_hidden: false,
    columns: REM_COLUMNS,
};

/// Addresses by which the devices heard are managed: they are the last part of the index.
pub static REM_MAN_ADDR_TABLE: Table = Table {
    name: "lldpRemManAddrTable",
    indexes: &[
        Index::number("lldpRemTimeMark"),
        Index::number("lldpRemLocalPortNum"),
        Index::number("lldpRemIndex"),
        // AddressFamilyNumbers and a length, which is the form that InetAddress has too; 1 is IPv4 and 2 IPv6 in both.
        Index { label: "lldpRemManAddr", syntax: IndexSyntax::InetAddress },
    ],
    lookups: &[],
    lookups_hidden: false,
    columns: REM_MAN_ADDR_COLUMNS,
};

/// Local ports and all that is heard at them.
pub static MODULE: Module =
    Module { name: "lldp", scalars: &[&SYS_UP_TIME], tables: &[&LOC_PORT_TABLE, &REM_TABLE, &REM_MAN_ADDR_TABLE] };
