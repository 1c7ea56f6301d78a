//! SNMPv2-MIB's system group (RFC 3418): what the device is, and how long its SNMP engine has been up.

use super::{Index, Module, Syntax, Table, objects};

objects!(SCALARS, [1, 3, 6, 1, 2, 1, 1], {
    SYS_DESCR = 1 "sysDescr" Syntax::Text, "What the device says it is: hardware, operating system, software.";
    SYS_OBJECT_ID = 2 "sysObjectID" Syntax::Octets, "The maker's identifier for this kind of device.";
    SYS_UP_TIME = 3 "sysUpTime" Syntax::Gauge, "Hundredths of a second since the SNMP engine started.";
    SYS_CONTACT = 4 "sysContact" Syntax::Text, "Who looks after the device.";
    SYS_NAME = 5 "sysName" Syntax::Text, "The name an administrator gave the device.";
    SYS_LOCATION = 6 "sysLocation" Syntax::Text, "Where the device stands.";
    SYS_SERVICES = 7 "sysServices" Syntax::Gauge, "The layers it works at, as a sum of powers of two.";
    SYS_OR_LAST_CHANGE = 8 "sysORLastChange" Syntax::Gauge, "sysUpTime when a row of sysORTable last changed.";
});

objects!(SYS_OR_COLUMNS, [1, 3, 6, 1, 2, 1, 1, 9, 1], {
    SYS_OR_ID = 2 "sysORID" Syntax::Octets, "A capability the agent claims.";
    SYS_OR_DESCR = 3 "sysORDescr" Syntax::Text, "That capability in words.";
    SYS_OR_UP_TIME = 4 "sysORUpTime" Syntax::Gauge, "sysUpTime when that capability was added.";
});

/// What the agent can do, by its own account.
pub static SYS_OR_TABLE: Table = Table {
    name: "sysORTable",
    indexes: &[Index::number("sysORIndex")],
    lookups: &[&SYS_OR_DESCR],
    lookups_hidden: false,
    columns: SYS_OR_COLUMNS,
};

/// The group and its table, as a scrape asks for them.
pub static MODULE: Module = Module { name: "system", scalars: SCALARS, tables: &[&SYS_OR_TABLE] };
