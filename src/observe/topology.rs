//! Behind which port of a switch an address is, and how many others are there. Knows no counters and draws no
//! conclusions.

use crate::model::{MacAddr, Time};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Forwarding entries kept of one target.
pub const MAX_FDB: usize = 32_768;

/// Where a MAC address is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortOf {
    /// Name of the target.
    pub target: Arc<str>,
    /// Name of the port.
    pub port: Arc<str>,
    /// `ifIndex`.
    pub if_index: u32,
    /// Addresses seen behind that port: 1 is a device on its own, many are another switch or an access point.
    pub neighbours: usize,
    /// When the forwarding database was read.
    pub read: Time,
}

/// The forwarding database of one target, as it was last read.
#[derive(Debug, Default)]
pub struct Forwarding {
    fdb: BTreeMap<MacAddr, u32>,
    /// Addresses behind each ifIndex.
    crowd: BTreeMap<u32, usize>,
}

impl Forwarding {
    /// Takes a new reading; gives how many addresses are behind another port than before.
    pub fn replace(&mut self, fdb: &BTreeMap<MacAddr, u32>) -> u64 {
        let moved = fdb.iter().filter(|(mac, port)| self.fdb.get(mac).is_some_and(|before| before != *port)).count();
        self.fdb = fdb.iter().take(MAX_FDB).map(|(&mac, &port)| (mac, port)).collect();
        self.crowd = BTreeMap::new();
        for &port in self.fdb.values() {
            *self.crowd.entry(port).or_default() += 1;
        }
        moved as u64
    }

    /// The `ifIndex` behind which an address is.
    #[must_use]
    pub fn port_of(&self, mac: MacAddr) -> Option<u32> {
        self.fdb.get(&mac).copied()
    }

    /// Addresses behind a port; of one that is known to lead somewhere, at least 1.
    #[must_use]
    pub fn neighbours(&self, if_index: u32) -> usize {
        self.crowd.get(&if_index).copied().unwrap_or(1)
    }

    /// Addresses known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fdb.len()
    }

    /// None is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fdb.is_empty()
    }
}
