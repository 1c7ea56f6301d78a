//! What this host knows around it: its networks, its default routes, who is in the kernel's neighbour table, and, where
//! it may ask, who else is there. For whoever looks once; the engine learns the same over time. Judges nothing.

use super::clock::Clock;
use super::interfaces::Interface;
use super::{interfaces, neighbours, routes};
use crate::explain::Names;
use crate::explain::reach::{Host, MapE, Presence, Surroundings, in_prefix};
use crate::model::Time;
use crate::model::device::{Device, Gateway};
use crate::model::vendor;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// A neighbour that the kernel heard of within this time is there.
const HEARD_WITHIN: Duration = Duration::from_secs(900);
/// Hosts asked for by one look, all at once: each question is two broadcast frames at most, and takes a second at most.
pub const MAX_ASKED: usize = 16;

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Around {
    interfaces: Vec<Interface>,
    links: Vec<(Arc<str>, IpAddr, u8)>,
    default_routes: Option<Vec<(Arc<str>, IpAddr)>>,
    hosts: BTreeMap<IpAddr, Host>,
    names: Names,
}

impl Around {
    /// Reads it all from the kernel. What cannot be read is not known, and that is all.
    ///
    /// # Errors
    /// The interfaces cannot be listed.
    pub fn read(now: Time) -> io::Result<Self> {
        let all = interfaces::list()?;
        let default_routes = routes::defaults().ok().map(|routes| {
            let named = |route: routes::DefaultRoute| Some((name(&all, route.interface)?, route.next_hop));
            routes.into_iter().filter_map(named).collect()
        });
        let mut hosts = BTreeMap::new();
        for neighbour in neighbours::table(now).unwrap_or_default() {
            let claim = neighbour.claim;
            let heard = now.since(claim.at) < HEARD_WITHIN;
            let presence = if heard { Presence::Present } else { Presence::Unknown };
            hosts.insert(claim.ip, Host { presence, mac: Some(claim.mac) });
        }
        Ok(Self { links: links(&all), default_routes, hosts, names: Names::default(), interfaces: all })
    }

    /// What the user calls hosts: outranks what they call themselves.
    pub fn call(&mut self, names: Names) {
        self.names = names;
    }

    /// Devices that have just answered are there, and have names.
    pub fn know(&mut self, devices: &[Device]) {
        for device in devices {
            let host = self.hosts.entry(device.ip).or_default();
            host.presence = Presence::Present;
            host.mac = host.mac.or(device.mac);
            if !device.friendly_name.is_empty() {
                self.names.by_ip.entry(device.ip).or_insert_with(|| device.friendly_name.as_str().into());
            }
        }
    }

    /// Asks the LAN for the hosts that mappings lead to and that nothing is known of: who answers is there, who does not
    /// is silent. Without the permission to ask (CAP_NET_RAW) they stay unknown; false then.
    pub fn ask(&mut self, gateways: &[Gateway], clock: &Clock) -> bool {
        let clients = gateways.iter().flat_map(|g| &g.mappings).filter_map(|m| m.internal_client.parse().ok());
        let unknown = |ip: &IpAddr| {
            let own = self.links.iter().any(|(_, own, _)| own == ip);
            !own && self.hosts.get(ip).is_none_or(|host| host.presence == Presence::Unknown)
        };
        let on_link = |ip: IpAddr| {
            let near = |one: &&Interface| one.addresses.iter().any(|(own, length)| in_prefix(ip, *own, *length));
            self.interfaces.iter().filter(|one| !one.loopback).find(near).map(|one| (one, ip))
        };
        let wanted = clients.filter(unknown).collect::<BTreeSet<_>>();
        let wanted = wanted.into_iter().filter_map(on_link).take(MAX_ASKED).collect::<Vec<_>>();
        let answers = std::thread::scope(|scope| {
            let ask = |(interface, ip)| (ip, scope.spawn(move || neighbours::ask(interface, ip, clock)));
            let asked = wanted.into_iter().map(ask).collect::<Vec<_>>();
            asked.into_iter().map(|(ip, thread)| (ip, thread.join())).collect::<Vec<_>>()
        });
        let mut all = true;
        for (ip, answer) in answers {
            let Ok(Ok(claims)) = answer else {
                all = false;
                continue;
            };
            let mac = claims.first().map(|claim| claim.mac);
            let presence = if mac.is_some() { Presence::Present } else { Presence::Silent };
            self.hosts.insert(ip, Host { presence, mac });
        }
        all
    }

    /// Nothing is known of a host that could have been asked for.
    #[must_use]
    pub fn is_unasked(&self, ip: IpAddr) -> bool {
        let on_link = self.links.iter().any(|(_, own, length)| in_prefix(ip, *own, *length));
        on_link && self.hosts.get(&ip).is_none_or(|host| host.presence == Presence::Unknown)
    }

    /// Gives devices the MAC of their address, and with it their maker.
    pub fn name_makers(&self, devices: &mut [Device]) {
        for device in devices {
            let mac = self.hosts.get(&device.ip).and_then(|host| host.mac);
            device.mac = device.mac.or(mac);
            device.vendor = device.vendor.take().or_else(|| device.mac.and_then(vendor::vendor).map(str::to_owned));
        }
    }

    /// The facts for the judge.
    #[must_use]
    pub fn surroundings(&self, map_e: Option<MapE>) -> Surroundings<'_> {
        Surroundings {
            links: &self.links,
            default_routes: self.default_routes.as_deref(),
            hosts: Some(&self.hosts),
            names: Some(&self.names),
            map_e,
        }
    }
}

fn name(all: &[Interface], index: u32) -> Option<Arc<str>> {
    all.iter().find(|one| one.index == index).map(|one| Arc::clone(&one.name))
}

/// Every address with its interface and prefix length.
fn links(all: &[Interface]) -> Vec<(Arc<str>, IpAddr, u8)> {
    let of = |one: &Interface| {
        let name = Arc::clone(&one.name);
        one.addresses.iter().map(move |(ip, length)| (Arc::clone(&name), *ip, *length)).collect::<Vec<_>>()
    };
    all.iter().flat_map(of).collect()
}
