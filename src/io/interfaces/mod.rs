//! This host's network interfaces: what they are, their addresses, and their counters, which stand in for SNMP where no
//! target is configured. Chooses none; `app` does.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use linux as system;

pub use crate::model::observation::THIS_HOST;
pub use system::{HostCounters, hostname, is_wireless, list};

use crate::model::MacAddr;
use std::net::IpAddr;
use std::sync::Arc;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// `eth0`.
    pub name: Arc<str>,
    /// Its index in the kernel.
    pub index: u32,
    /// Its MAC, if it has one.
    pub mac: Option<MacAddr>,
    /// Its addresses with prefix lengths.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Administratively up and with a carrier (`IFF_UP`, `IFF_RUNNING`).
    pub up: bool,
    /// The loopback.
    pub loopback: bool,
    /// Can send multicast (`IFF_MULTICAST`).
    pub multicast: bool,
    /// Enslaved to a bridge or bond: its master is the one to look at.
    pub enslaved: bool,
}
