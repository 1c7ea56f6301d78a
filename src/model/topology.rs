//! What the slow tables of a switch tell of its surroundings: who is behind which port, and what is at its other end.
//! Knows no encoding and no other switch.

use super::frames::OwnerClaim;
use super::{MacAddr, Time};
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Databases of one bridge in which an address is looked up; the fullest ones.
pub const MAX_DATABASES: usize = 8;
/// Addresses in one look-up.
pub const MAX_LOOKED_UP: usize = 8;

/// By what a bridge port was taken for an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// dot1dBasePortTable says so.
    BasePortTable,
    /// The bridge port's number is the interface's.
    IfIndex,
    /// A number is to be added to it.
    Offset(i64),
    /// It is the one port that is not accounted for, and the one link aggregate that is left.
    SoleAggregate,
    /// It is the one port that is up: the switch tells no port, and there is no other.
    SolePort,
}

impl fmt::Display for Way {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BasePortTable => out.write_str("base_port_table"),
            Self::IfIndex => out.write_str("if_index"),
            Self::Offset(offset) => write!(out, "offset({offset})"),
            Self::SoleAggregate => out.write_str("sole_aggregate"),
            Self::SolePort => out.write_str("sole_port"),
        }
    }
}

impl Serialize for Way {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A bridge port and the interface it was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Resolved {
    /// `ifIndex`, of an interface that exists.
    pub if_index: u32,
    /// By what.
    pub way: Way,
    /// How sure, 0 to 1.
    pub confidence: f64,
}

/// A forwarding database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fdb {
    /// Address to bridge port; only ports that are in `ports`. Port 0 is there where the switch tells none and it can
    /// be concluded all the same.
    pub entries: BTreeMap<MacAddr, u32>,
    /// The bridge ports that lead somewhere.
    pub ports: BTreeMap<u32, Resolved>,
    /// Addresses behind bridge ports that could not be taken for an interface.
    pub unresolved: usize,
    /// Addresses whose bridge port the switch does not tell (it says 0).
    pub untold: usize,
    /// How its entries are named.
    pub keys: Keys,
}

/// How the entries of a forwarding database are named, so that one can be asked for without a walk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// By nothing that follows from the address (a FortiSwitch counts its rows), or there are none.
    #[default]
    Unknown,
    /// dot1dTpFdbTable: by the address.
    Plain,
    /// dot1qTpFdbTable: by the number of a database and the address.
    ByDatabase {
        /// The databases, at most [`MAX_DATABASES`].
        databases: Vec<u32>,
        /// The address's length is written between them, as a Zyxel does.
        with_length: bool,
    },
}

/// Forwarding entries to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookUp {
    /// Name of the target.
    pub target: Arc<str>,
    /// The addresses, at most [`MAX_LOOKED_UP`].
    pub macs: Vec<MacAddr>,
    /// How its entries are named.
    pub keys: Keys,
}

/// What came of a [`LookUp`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Name of the target.
    pub target: Arc<str>,
    /// When it was answered.
    pub at: Time,
    /// The addresses of which the bridge has said where they are, or that it does not know.
    pub answered: BTreeSet<MacAddr>,
    /// Of these, those that it knows, and the bridge port; 0 where it tells none.
    pub entries: BTreeMap<MacAddr, u32>,
    /// dot1dBasePortIfIndex of these ports, where there is one.
    pub base: BTreeMap<u32, u32>,
}

impl Fdb {
    /// Where an address is.
    #[must_use]
    pub fn place(&self, mac: MacAddr) -> Option<Resolved> {
        self.ports.get(self.entries.get(&mac)?).copied()
    }
}

/// What is heard at a port by LLDP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// The interface it is heard at.
    pub if_index: u32,
    /// What the device calls itself; its address where it does not.
    pub name: String,
    /// Its chassis, where it is a MAC address.
    pub chassis: Option<MacAddr>,
    /// lldpRemSysCapEnabled: its first byte; `None` where the device does not tell.
    pub capabilities: Option<u8>,
}

impl Remote {
    /// It passes frames on: a bridge, a router or an access point, and no telephone with a socket for a computer.
    #[must_use]
    pub fn passes_on(&self) -> Option<bool> {
        // From the left: other, repeater, bridge, wlanAccessPoint, router, telephone, docsisCableDevice, stationOnly.
        self.capabilities.filter(|bits| *bits != 0).map(|bits| bits & 0b0111_1000 != 0 && bits & 0b0000_0101 == 0)
    }
}

/// The spanning tree as one bridge sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stp {
    /// The root's address.
    pub root: Option<MacAddr>,
    /// dot1dStpTopChanges.
    pub topology_changes: Option<u32>,
    /// dot1dStpTimeSinceTopologyChange, hundredths of a second.
    pub since_change: Option<u32>,
    /// `ifIndex` of the port towards the root; `None` where the bridge is the root.
    pub root_port: Option<u32>,
    /// `ifIndex` of ports that are up and served by another bridge.
    pub foreign: BTreeSet<u32>,
    /// `ifIndex` of ports that the tree keeps blocked.
    pub blocked: BTreeSet<u32>,
}

/// What the slow tables brought; `None`: not read this time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology {
    /// Forwarding database.
    pub fdb: Option<Fdb>,
    /// Spanning tree.
    pub stp: Option<Stp>,
    /// Devices heard by LLDP.
    pub remotes: Option<Vec<Remote>>,
    /// Who owns which IP address, by the device's own ARP and neighbour tables.
    pub owners: Vec<OwnerClaim>,
    /// dot3InPauseFrames by `ifIndex`.
    pub pauses: Option<BTreeMap<u32, u64>>,
    /// The bridge's own address.
    pub bridge: Option<MacAddr>,
    /// What was odd in the forwarding database and in LLDP's tables; holds until they are read again.
    pub problems: Vec<String>,
}
