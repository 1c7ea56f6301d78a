//! The module `storm`: the 14 series of a port that say whether a storm goes through it, and nothing else. A third of
//! what the whole of IF-MIB costs.

use super::if_mib::{
    IF_ALIAS, IF_DESCR, IF_HC_IN_BROADCAST, IF_HC_IN_MULTICAST, IF_HC_IN_OCTETS, IF_HC_IN_UCAST, IF_HC_OUT_BROADCAST,
    IF_HC_OUT_MULTICAST, IF_HC_OUT_OCTETS, IF_HC_OUT_UCAST, IF_HIGH_SPEED, IF_IN_DISCARDS, IF_IN_ERRORS, IF_NAME,
    IF_OPER_STATUS, IF_OUT_DISCARDS, IF_OUT_ERRORS, IF_TABLE, IF_X_TABLE,
};
use super::system::SYS_UP_TIME;
use super::{Module, Table};

/// State, drops and errors.
static STATE: Table =
    IF_TABLE.only(&[&IF_DESCR, &IF_OPER_STATUS, &IF_IN_DISCARDS, &IF_IN_ERRORS, &IF_OUT_DISCARDS, &IF_OUT_ERRORS]);

/// Traffic, and the names that become labels.
static TRAFFIC: Table = IF_X_TABLE.only(&[
    &IF_NAME,
    &IF_HC_IN_OCTETS,
    &IF_HC_IN_UCAST,
    &IF_HC_IN_MULTICAST,
    &IF_HC_IN_BROADCAST,
    &IF_HC_OUT_OCTETS,
    &IF_HC_OUT_UCAST,
    &IF_HC_OUT_MULTICAST,
    &IF_HC_OUT_BROADCAST,
    &IF_HIGH_SPEED,
    &IF_ALIAS,
]);

/// Both.
pub static MODULE: Module = Module { name: "storm", scalars: &[&SYS_UP_TIME], tables: &[&STATE, &TRAFFIC] };
