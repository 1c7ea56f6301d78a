//! IF-MIB (RFC 2863): interfaces, their state and their counters.

use super::if_type::IF_TYPE_NAMES;
use super::system::SYS_UP_TIME;
use super::{Index, Module, Object, Syntax, Table, objects};

objects!(SCALARS, [1, 3, 6, 1, 2, 1, 2], {
    IF_NUMBER = 1 "ifNumber" Syntax::Gauge, "How many interfaces there are, up or down.";
});

objects!(IF_COLUMNS, [1, 3, 6, 1, 2, 1, 2, 2, 1], {
    IF_INDEX = 1 "ifIndex" Syntax::Gauge, "The interface's number; may change when the device restarts.";
    IF_DESCR = 2 "ifDescr" Syntax::Text, "The interface as its maker describes it.";
    IF_TYPE = 3 "ifType" Syntax::EnumInfo(IF_TYPE_NAMES), "The kind of interface, by IANA's list.";
    IF_MTU = 4 "ifMtu" Syntax::Gauge, "The largest packet it carries, octets.";
    IF_SPEED = 5 "ifSpeed" Syntax::Gauge, "Bits per second; 4294967295 means faster than this can tell.";
    IF_PHYS_ADDRESS = 6 "ifPhysAddress" Syntax::PhysAddress, "Its own address at the link layer.";
    IF_ADMIN_STATUS = 7 "ifAdminStatus" Syntax::Gauge, "What it is told to be: 1 up, 2 down, 3 testing.";
    IF_OPER_STATUS = 8 "ifOperStatus" Syntax::Gauge,
        "What it is: 1 up, 2 down, 3 testing, 4 unknown, 5 dormant, 6 notPresent, 7 lowerLayerDown.";
    IF_LAST_CHANGE = 9 "ifLastChange" Syntax::Gauge, "sysUpTime when ifOperStatus last changed.";
    IF_IN_OCTETS = 10 "ifInOctets" Syntax::Counter, "Octets received, framing included.";
    IF_IN_UCAST = 11 "ifInUcastPkts" Syntax::Counter, "Unicast packets received.";
    IF_IN_NUCAST = 12 "ifInNUcastPkts" Syntax::Counter, "Multicast and broadcast packets received.";
    IF_IN_DISCARDS = 13 "ifInDiscards" Syntax::Counter, "Packets without an error dropped on receipt.";
    IF_IN_ERRORS = 14 "ifInErrors" Syntax::Counter, "Packets received with an error.";
    IF_IN_UNKNOWN = 15 "ifInUnknownProtos" Syntax::Counter, "Packets received for an unknown protocol.";
    IF_OUT_OCTETS = 16 "ifOutOctets" Syntax::Counter, "Octets sent, framing included.";
    IF_OUT_UCAST = 17 "ifOutUcastPkts" Syntax::Counter, "Unicast packets to send, dropped ones included.";
    IF_OUT_NUCAST = 18 "ifOutNUcastPkts" Syntax::Counter, "Multicast and broadcast packets to send.";
    IF_OUT_DISCARDS = 19 "ifOutDiscards" Syntax::Counter, "Packets without an error dropped instead of being sent.";
    IF_OUT_ERRORS = 20 "ifOutErrors" Syntax::Counter, "Packets that could not be sent because of an error.";
    IF_OUT_QLEN = 21 "ifOutQLen" Syntax::Gauge, "Packets waiting to be sent.";
    IF_SPECIFIC = 22 "ifSpecific" Syntax::Octets, "Where the MIB of the medium is registered.";
});

objects!(IF_X_COLUMNS, [1, 3, 6, 1, 2, 1, 31, 1, 1, 1], {
    IF_NAME = 1 "ifName" Syntax::Text, "The interface's name on the device's console.";
    IF_IN_MULTICAST = 2 "ifInMulticastPkts" Syntax::Counter, "Multicast packets received.";
    IF_IN_BROADCAST = 3 "ifInBroadcastPkts" Syntax::Counter, "Broadcast packets received.";
    IF_OUT_MULTICAST = 4 "ifOutMulticastPkts" Syntax::Counter, "Multicast packets to send.";
    IF_OUT_BROADCAST = 5 "ifOutBroadcastPkts" Syntax::Counter, "Broadcast packets to send.";
    IF_HC_IN_OCTETS = 6 "ifHCInOctets" Syntax::Counter, "Octets received, framing included, 64 bits.";
    IF_HC_IN_UCAST = 7 "ifHCInUcastPkts" Syntax::Counter, "Unicast packets received, 64 bits.";
    IF_HC_IN_MULTICAST = 8 "ifHCInMulticastPkts" Syntax::Counter, "Multicast packets received, 64 bits.";
    IF_HC_IN_BROADCAST = 9 "ifHCInBroadcastPkts" Syntax::Counter, "Broadcast packets received, 64 bits.";
    IF_HC_OUT_OCTETS = 10 "ifHCOutOctets" Syntax::Counter, "Octets sent, framing included, 64 bits.";
    IF_HC_OUT_UCAST = 11 "ifHCOutUcastPkts" Syntax::Counter, "Unicast packets to send, 64 bits.";
    IF_HC_OUT_MULTICAST = 12 "ifHCOutMulticastPkts" Syntax::Counter, "Multicast packets to send, 64 bits.";
    IF_HC_OUT_BROADCAST = 13 "ifHCOutBroadcastPkts" Syntax::Counter, "Broadcast packets to send, 64 bits.";
    IF_TRAP_ENABLE = 14 "ifLinkUpDownTrapEnable" Syntax::Gauge, "Whether link changes are trapped: 1 enabled, 2 not.";
    IF_HIGH_SPEED = 15 "ifHighSpeed" Syntax::Gauge, "Millions of bits per second.";
    IF_PROMISCUOUS = 16 "ifPromiscuousMode" Syntax::Gauge, "Takes every frame of the medium: 1 true, 2 false.";
    IF_CONNECTOR = 17 "ifConnectorPresent" Syntax::Gauge, "Has a connector: 1 true, 2 false.";
    IF_ALIAS = 18 "ifAlias" Syntax::Text, "What an administrator wrote about the interface.";
    IF_DISCONTINUITY = 19 "ifCounterDiscontinuityTime" Syntax::Gauge,
        "sysUpTime when a counter of the interface last jumped.";
});

/// What names an interface to a person, and so becomes labels of each of its series.
pub static LABELS: &[&Object] = &[&IF_ALIAS, &IF_DESCR, &IF_NAME];

/// Interfaces.
pub static IF_TABLE: Table = Table {
    name: "ifTable",
    indexes: &[Index::number("ifIndex")],
    lookups: LABELS,
    lookups_hidden: true,
    columns: IF_COLUMNS,
};

/// Interfaces, continued: names and 64-bit counters.
pub static IF_X_TABLE: Table = Table {
    name: "ifXTable",
    indexes: &[Index::number("ifIndex")],
    lookups: LABELS,
    lookups_hidden: true,
    columns: IF_X_COLUMNS,
};

/// Both tables, as snmp_exporter's module of this name reads them.
pub static MODULE: Module =
    Module { name: "if_mib", scalars: &[&SYS_UP_TIME, &IF_NUMBER], tables: &[&IF_TABLE, &IF_X_TABLE] };
