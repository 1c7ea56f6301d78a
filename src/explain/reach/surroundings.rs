//! What is known around a gateway: this host's networks and default routes, who is there, and what they are called.
//! Plain facts, borrowed for one judgement; asks nobody.

use super::map_e::MapE;
use crate::explain::scene::Names;
use crate::model::{MacAddr, vendor};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Whether a host is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// It was heard of lately.
    Present,
    /// It was asked for and did not answer.
    Silent,
    /// Neither.
    #[default]
    Unknown,
}

/// What is known of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Whether it is there.
    pub presence: Presence,
    /// Its MAC.
    pub mac: Option<MacAddr>,
}

/// Everything that is known, but for the gateways. The default knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Surroundings<'a> {
    /// This host's addresses, with interface and prefix length.
    pub links: &'a [(Arc<str>, IpAddr, u8)],
    /// The next hops of this host's default routes, with their interface; `None` where the routes could not be read.
    pub default_routes: Option<&'a [(Arc<str>, IpAddr)]>,
    /// Other hosts.
    pub hosts: Option<&'a BTreeMap<IpAddr, Host>>,
    /// What they are called.
    pub names: Option<&'a Names>,
    /// This customer's share of a MAP-E address, where the user configured it.
    pub map_e: Option<MapE>,
}

/// The internal client of a mapping, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Its address, where the gateway gave one.
    pub ip: Option<IpAddr>,
    /// It is this host.
    pub mine: bool,
    /// Whether it is there.
    pub presence: Presence,
    /// Its MAC.
    pub mac: Option<MacAddr>,
    /// Its name.
    pub name: Option<Arc<str>>,
    /// Its maker, by its MAC.
    pub vendor: Option<&'static str>,
    /// Name or maker with the address: `DiskStation (192.168.1.20)`.
    pub called: String,
}

/// Where a gateway stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lan<'a> {
    /// The address that it answered from.
    pub ip: Option<IpAddr>,
    /// This host's networks on the interface that it answered on.
    pub prefixes: &'a [(IpAddr, u8)],
    /// Gateways known on that interface, itself included.
    pub routers: usize,
}

impl Lan<'_> {
    /// The address belongs to one of the networks.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.prefixes.iter().any(|(network, length)| in_prefix(ip, *network, *length))
    }
}

impl Surroundings<'_> {
    /// What is known of a host.
    #[must_use]
    pub fn host(&self, ip: IpAddr) -> Host {
        self.hosts.and_then(|hosts| hosts.get(&ip)).copied().unwrap_or_default()
    }

    /// This host has the address.
    #[must_use]
    pub fn is_mine(&self, ip: IpAddr) -> bool {
        self.links.iter().any(|(_, own, _)| *own == ip)
    }

    /// Name or maker with the address.
    #[must_use]
    pub fn called(&self, ip: IpAddr) -> String {
        self.client(&ip.to_string()).called
    }

    /// The internal client of a mapping.
    #[must_use]
    pub fn client(&self, text: &str) -> Client {
        let Ok(ip) = text.parse::<IpAddr>() else {
            return Client { called: text.to_owned(), ..Client::default() };
        };
        let (host, mine) = (self.host(ip), self.is_mine(ip));
        let by_mac = || self.names?.by_mac.get(&host.mac?).cloned();
        let name = by_mac().or_else(|| self.names?.by_ip.get(&ip).cloned());
        let vendor = host.mac.and_then(vendor::vendor);
        let short = vendor.map(|vendor| vendor::short_name(vendor).into_owned());
        let called = match name.as_deref().map(str::to_owned).or(short) {
            Some(name) => format!("{name} ({ip})"),
            None => ip.to_string(),
        };
        let presence = if mine { Presence::Present } else { host.presence };
        Client { ip: Some(ip), mine, presence, mac: host.mac, name, vendor, called }
    }

    /// This host's default route leads by that gateway; `None` where that cannot be told.
    #[must_use]
    pub fn is_default(&self, lan: &Lan<'_>) -> Option<bool> {
        let routes = self.default_routes?;
        let ip = lan.ip?;
        let mut hops = routes.iter().map(|(_, hop)| *hop).filter(IpAddr::is_ipv4);
        if hops.clone().any(|hop| hop == ip) {
            return Some(true);
        }
        // A router may have several addresses on one LAN: one MAC is one router, and an address whose MAC is not known
        // may be anybody's.
        let mac = self.host(ip).mac;
        let macs = hops.clone().map(|hop| self.host(hop).mac).collect::<Vec<_>>();
        match mac {
            _ if hops.next().is_none() => Some(false),
            Some(_) if macs.contains(&mac) => Some(true),
            Some(_) if macs.iter().all(Option::is_some) => Some(false),
            _ => None,
        }
    }
}

/// The address lies in the network of `length` bits that `network` lies in.
#[must_use]
pub fn in_prefix(ip: IpAddr, network: IpAddr, length: u8) -> bool {
    let differing = match (ip, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        _ => return false,
    };
    differing >= u32::from(length)
}
