//! The LAN as it was learned, for the eye: who is in it, what they are called, and what went on lately. Gathered when asked
//! for; judges nobody.

use super::Engine;
use crate::detect::Segment;
use crate::model::frames::OwnerProof;
use crate::model::{MacAddr, Time, vendor};
use crate::observe::trails::{PortTrails, Seconds};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Hosts told of; a flood of forged sources has no end.
pub const MAX_HOSTS: usize = 4096;
/// Addresses told of one host: IPv6 gives each several.
const MAX_ADDRESSES: usize = 4;

/// A host in the LAN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Its MAC; `None` where it answered by IP and nobody has told its MAC.
    pub mac: Option<MacAddr>,
    /// Its addresses, at most four, IPv4 first.
    pub ips: Vec<IpAddr>,
    /// What the user or the host itself calls it.
    pub name: Option<Arc<str>>,
    /// Its maker by MAC.
    pub vendor: Option<&'static str>,
    /// Its model, by its own account (UPnP).
    pub model: String,
    /// When it was last heard of here; `None`: known from a switch's table alone.
    pub heard: Option<Time>,
}

impl Host {
    fn owns(&mut self, ip: IpAddr) {
        if self.ips.len() < MAX_ADDRESSES && !self.ips.contains(&ip) {
            self.ips.push(ip);
            self.ips.sort();
        }
    }
}

impl Engine {
    /// What the busiest ports carried lately.
    #[must_use]
    pub const fn trails(&self) -> &PortTrails {
        &self.trails
    }

    /// The group frames of each of the last seconds, by capture interface.
    pub fn seconds(&self) -> impl Iterator<Item = (&Arc<str>, &Seconds)> {
        self.places.iter().map(|(name, place)| (name, &place.seconds))
    }

    /// The broadcast domains that are heard.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.places.values().flat_map(|place| place.segments.values())
    }

    /// Everybody who was heard of, in the order of addresses, [`MAX_HOSTS`] at most; and how many were left off.
    #[must_use]
    pub fn lan(&self) -> (Vec<Host>, usize) {
        let mut by_mac = BTreeMap::<MacAddr, Host>::new();
        let mut left_off = 0;
        let mut meet = |mac: MacAddr, ip: Option<IpAddr>, heard: Option<Time>| {
            if mac.is_group() || mac == MacAddr::ZERO {
                return;
            }
            if by_mac.len() >= MAX_HOSTS && !by_mac.contains_key(&mac) {
                left_off += 1;
                return;
            }
            let host = by_mac.entry(mac).or_default();
            host.heard = host.heard.max(heard);
            if let Some(ip) = ip {
                host.owns(ip);
            }
        };
        for (_, mac, ip) in &self.own.addresses {
            meet(*mac, Some(*ip), Some(self.ticked));
        }
        let claims = self.places.values().flat_map(|place| place.owners.iter());
        for (ip, owner) in claims.flat_map(|(ip, owners)| owners.iter().map(move |owner| (ip, owner))) {
            meet(owner.mac, Some(ip), Some(owner.last).filter(|_| owner.proof != OwnerProof::Snmp));
        }
        for claim in self.everywhere.values() {
            meet(claim.mac, Some(claim.ip), None);
        }
        for segment in self.places.values().flat_map(|place| place.segments.values()) {
            for ((mac, _), talker) in &segment.talkers {
                meet(*mac, None, Some(talker.last));
            }
        }
        let mut hosts = by_mac.into_iter().map(|(mac, host)| Host { mac: Some(mac), ..host }).collect::<Vec<_>>();
        self.introduce(&mut hosts);
        hosts.sort_by_key(|host| (host.ips.is_empty(), host.ips.first().copied(), host.mac));
        (hosts, left_off)
    }

    /// Names, makers and models; devices that nobody has told the MAC of are added.
    fn introduce(&self, hosts: &mut Vec<Host>) {
        let mut places = BTreeMap::new();
        for (place, host) in hosts.iter().enumerate() {
            places.extend(host.ips.iter().map(|ip| (*ip, place)));
        }
        for device in self.catalogue.devices() {
            let place = *places.entry(device.ip).or_insert_with(|| {
                hosts.push(Host { ips: vec![device.ip], ..Host::default() });
                hosts.len() - 1
            });
            let host = &mut hosts[place];
            host.heard = host.heard.max(Some(device.last_seen));
            if host.model.is_empty() {
                host.model.clone_from(&device.model);
            }
        }
        for host in hosts {
            let by_mac = host.mac.and_then(|mac| self.names.by_mac.get(&mac));
            let by_ip = || host.ips.iter().find_map(|ip| self.names.by_ip.get(ip));
            host.name = by_mac.or_else(by_ip).cloned();
            host.vendor = host.mac.and_then(vendor::vendor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Input, Settings};
    use crate::explain::Names;
    use crate::model::frames::OwnerClaim;

    #[test]
    fn addresses_of_one_device_are_one_host_and_a_flood_is_bounded() {
        let mac = MacAddr([0x3c, 0x84, 0x6a, 0x10, 0, 0xc8]);
        let names = Names { by_mac: BTreeMap::from([(mac, "second router".into())]), ..Names::default() };
        let mut engine = Engine::new(Settings { names, ..Settings::default() });
        let at = Time::from_secs(7);
        let claim = |ip: IpAddr, mac, proof| OwnerClaim { ip, mac, proof, at };
        let both = vec![
            claim([192, 168, 1, 100].into(), mac, OwnerProof::Arp),
            claim("fe80::1".parse().expect("an address"), mac, OwnerProof::Nd),
            claim([192, 168, 1, 7].into(), MacAddr([2, 0, 0, 0, 0, 7]), OwnerProof::Snmp),
        ];
        engine.handle(at, Input::Owners { interface: Some("eth0".into()), claims: both });
        let (hosts, left_off) = engine.lan();
        assert_eq!((hosts.len(), left_off), (2, 0));
        assert_eq!((hosts[0].heard, hosts[0].name.as_deref()), (None, None), "a switch's table is no sign of life");
        assert_eq!((hosts[1].ips.len(), hosts[1].name.as_deref()), (2, Some("second router")));
        assert_eq!(hosts[1].heard, Some(at));
        for n in 0..2 * MAX_HOSTS as u32 {
            let [_, a, b, c] = n.to_be_bytes();
            let claims = vec![claim([10, a, b, c].into(), MacAddr([2, 1, 0, a, b, c]), OwnerProof::Arp)];
            engine.handle(at, Input::Owners { interface: Some(format!("eth{}", n % 4).into()), claims });
        }
        let (hosts, left_off) = engine.lan();
        assert_eq!(hosts.len(), MAX_HOSTS);
        assert!(left_off > 0);
    }
}
