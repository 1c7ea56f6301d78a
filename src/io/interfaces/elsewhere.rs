//! Interfaces where there is no netlink: names and addresses. Their counters and MAC addresses are not read there.

use super::Interface;
use crate::io::clock::Clock;
use crate::model::observation::PollSample;
use if_addrs::IfAddr;
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

/// Every interface with its addresses, by name. One that has none is not told of.
///
/// # Errors
/// The system does not tell.
pub fn list() -> io::Result<Vec<Interface>> {
    let mut interfaces = BTreeMap::<String, Interface>::new();
    for told in if_addrs::get_if_addrs()? {
        let (ip, length) = match &told.addr {
            IfAddr::V4(v4) => (IpAddr::from(v4.ip), v4.prefixlen),
            IfAddr::V6(v6) => (IpAddr::from(v6.ip), v6.prefixlen),
        };
        let interface = interfaces.entry(told.name.clone()).or_insert_with(|| Interface {
            name: Arc::from(told.name.as_str()),
            index: told.index.unwrap_or(0),
            mac: None,
            addresses: Vec::new(),
            up: true,
            loopback: told.is_loopback(),
            multicast: !told.is_loopback(),
            enslaved: false,
        });
        interface.addresses.push((ip, length));
    }
    Ok(interfaces.into_values().collect())
}

/// This host's name, as its environment has it; empty if it does not say.
#[must_use]
pub fn hostname() -> String {
    ["COMPUTERNAME", "HOSTNAME"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default()
}

/// The interface works by radio; not known here.
#[must_use]
pub const fn is_wireless(_: &Interface) -> bool {
    false
}

/// This host's interface counters, which cannot be read here.
#[derive(Debug, Default)]
pub struct HostCounters;

impl HostCounters {
    /// See [`HostCounters`].
    ///
    /// # Errors
    /// Always.
    pub fn sample(&mut self, _: &Clock) -> io::Result<PollSample> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this system's own interface counters are read on Linux alone; poll a switch by SNMP (snmp.targets)",
        ))
    }
}
