//! What this host knows around it without asking anybody: its networks, its default routes, and who is in the kernel's
//! neighbour table. For whoever looks once; the engine learns the same over time. Judges nothing.

use super::interfaces::Interface;
use super::{interfaces, neighbours, routes};
use crate::explain::Names;
use crate::explain::reach::{Host, MapE, Presence, Surroundings};
use crate::model::Time;
use crate::model::device::Device;
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// A neighbour that the kernel heard of within this time is there.
const HEARD_WITHIN: Duration = Duration::from_secs(900);

/// What is known.
#[derive(Clone, Debug, Default)]
pub struct Around {
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
        Ok(Self { links: links(&all), default_routes, hosts, names: Names::default() })
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
