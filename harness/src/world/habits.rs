//! What the devices of a home do by themselves, and how often: the healthy background. Knows no storm.

use super::proxy::Side;
use super::wiring::Socket;
use super::{Event, World};
use crate::packets::{self, ArpOperation, Dhcp, Igmp, Ipv4, MDNS_GROUP, SSDP_GROUP};
use crate::scenario::{Host, Kind};
use std::net::Ipv4Addr;
use std::time::Duration;

/// Something that a host does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Asks by ARP for the MAC of another host, and is answered.
    Arp,
    /// Searches by SSDP.
    Search,
    /// Announces itself by SSDP.
    Announce,
    /// Asks by mDNS.
    Ask,
    /// Announces its name by mDNS.
    Name,
    /// The querier asks who is member of which group; everybody answers within ten seconds.
    Query,
    /// Reports membership of the SSDP group.
    Report,
    /// Asks the DHCP server by broadcast to keep its address, and is answered.
    Renew,
    /// Advertises itself as IPv6 router.
    Advertise,
    /// Looks for a neighbour by IPv6.
    Solicit,
    /// Announces its name by NetBIOS broadcast.
    Netbios,
}

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What a host of this kind does, and about how often, in seconds. UPnP devices announce themselves at less than half of max-age
/// (UPnP Device Architecture 2.0, 1.2.2); the ARP periods are those of Linux's neighbour cache under light use.
pub(super) const fn of(kind: Kind) -> &'static [(Action, u64)] {
    use Action::{Advertise, Announce, Arp, Ask, Name, Netbios, Query, Renew, Search, Solicit};
    match kind {
        Kind::Gateway => &[(Arp, 25), (Query, 125), (Advertise, 60), (Announce, 600)],
        Kind::Nas => &[(Arp, 30), (Announce, 400), (Name, 120), (Netbios, 180), (Solicit, 60)],
        Kind::Echo => &[(Arp, 12), (Search, 90), (Ask, 40), (Name, 120), (Solicit, 45)],
        Kind::Pi => &[(Arp, 25), (Ask, 60), (Name, 120), (Solicit, 90)],
        Kind::Tv => &[(Arp, 20), (Search, 240), (Announce, 600), (Ask, 90), (Renew, 600)],
        Kind::Pc => &[(Arp, 10), (Search, 180), (Ask, 60), (Netbios, 240)],
    }
}

/// Kinds whose stacks count the IP identification up; the others send 0 with "don't fragment".
pub(super) const fn counts_ids(kind: Kind) -> bool {
    matches!(kind, Kind::Echo | Kind::Pc | Kind::Gateway | Kind::Nas)
}

/// Mean unicast frames per second to and from the Internet.
pub(super) const fn unicast_pps(kind: Kind) -> (u64, u64) {
    match kind {
        Kind::Tv => (90, 240),
        Kind::Pc => (40, 80),
        Kind::Nas => (20, 12),
        Kind::Echo | Kind::Pi => (4, 5),
        Kind::Gateway => (1, 1),
    }
}

/// TTL of a host's SSDP messages: 4 by the older standard, 2 by the newer.
const fn ssdp_ttl(kind: Kind) -> u8 {
    match kind {
        Kind::Tv | Kind::Pc => 2,
        Kind::Pi => 3,
        _ => 4,
    }
}

fn server(kind: Kind) -> &'static str {
    match kind {
        Kind::Gateway => "Linux/4.4 UPnP/1.1 HomeGateway/2.0",
        Kind::Nas => "Linux/5.10 UPnP/1.0 MediaServer/1.2",
        _ => "Linux/4.9 UPnP/1.0 Device/1.0",
    }
}

/// A unique device name made from the MAC, as many devices do.
pub(crate) fn udn(host: &Host) -> String {
    let [a, b, c, d, e, f] = host.mac.0;
    format!("uuid:4d696e69-5354-4f52-8d00-{a:02x}{b:02x}{c:02x}{d:02x}{e:02x}{f:02x}")
}

impl World {
    pub(super) fn act(&mut self, index: usize, action: Action, again: bool) {
        let Some(host) = self.scenario.hosts.get(index).cloned() else { return };
        match action {
            Action::Arp => self.arp(&host),
            Action::Search => self.search(index, &host),
            Action::Announce => self.announce(index, &host, 1),
            Action::Ask | Action::Name => self.mdns(index, &host, action),
            Action::Query => self.query(index, &host),
            Action::Report => {
                let frame = packets::igmp(host.mac, host.ip, self.ip_id(index), Igmp::Report(SSDP_GROUP));
                self.send(self.now, host.socket(), frame);
            }
            Action::Renew => self.renew(index, &host),
            Action::Advertise => self.send(self.now, host.socket(), packets::router_advertisement(host.mac)),
            Action::Solicit => {
                let other = self.another(&host);
                self.send(self.now, host.socket(), packets::neighbour_solicitation(host.mac, other.0));
            }
            Action::Netbios => {
                let [a, b, c, _] = host.ip.octets();
                let ip = Ipv4 { source: host.ip, destination: [a, b, c, 255].into(), ttl: 64, id: self.ip_id(index) };
                // RFC 1002, 4.4.2: a direct group datagram; the browser announcement inside is not modelled.
                let mut datagram = vec![0x11, 0x0a, 0, 0];
                datagram.extend(host.ip.octets());
                datagram.extend([0, 138, 0, 0, 0, 0]);
                datagram.resize(190, b'A');
                let frame = packets::udp_to(crate::Mac::BROADCAST, host.mac, &ip, (138, 138), &datagram);
                self.send(self.now, host.socket(), frame);
            }
        }
        if again && let Some((_, every)) = of(host.kind).iter().find(|(known, _)| *known == action) {
            let next = self.now + self.rng.jitter(s(*every));
            self.at(next, Event::Act { host: index, action, again });
        }
    }

    /// MAC, address and port of a random other host.
    fn another(&mut self, host: &Host) -> (crate::Mac, Ipv4Addr, Socket) {
        let others = self.scenario.hosts.iter().filter(|other| other.mac != host.mac && other.vlan == host.vlan);
        let mut others = others.map(|other| (other.mac, other.ip, other.socket())).collect::<Vec<_>>();
        if self.router_plugged && host.vlan == 1 {
            let router = &self.scenario.second_router;
            others.push((router.lan_mac, router.ip, router.socket(Side::Lan)));
        }
        let pick = self.rng.below(others.len() as u64) as usize;
        others.get(pick).copied().unwrap_or((host.mac, host.ip, host.socket()))
    }

    fn arp(&mut self, host: &Host) {
        let (mac, ip, port) = self.another(host);
        let request = packets::arp(ArpOperation::Request, (host.mac, host.ip), (mac, ip));
        self.send(self.now, host.socket(), request);
        let soon = self.now + self.rng.between(Duration::from_micros(200), Duration::from_millis(3));
        self.send(soon, port, packets::arp(ArpOperation::Reply, (mac, ip), (host.mac, host.ip)));
    }

    /// One M-SEARCH; the answers are unicast to the searcher and only counted.
    pub(crate) fn search(&mut self, index: usize, host: &Host) {
        let ip = Ipv4 { source: host.ip, destination: SSDP_GROUP, ttl: ssdp_ttl(host.kind), id: self.ip_id(index) };
        let st = ["ssdp:all", "upnp:rootdevice", "urn:schemas-upnp-org:device:basic:1"][self.rng.below(3) as usize];
        let port = 50_000 + self.rng.below(1000) as u16;
        let frame = packets::udp_group(host.mac, &ip, (port, 1900), packets::m_search(st, 3).as_bytes());
        self.send(self.now, host.socket(), frame);
    }

    /// What a device announces: root device, itself, its type and services; each `times` times.
    pub(crate) fn announce(&mut self, index: usize, host: &Host, times: u32) {
        let udn = udn(host);
        let types =
            ["upnp:rootdevice", "", "urn:schemas-upnp-org:device:Basic:1", "urn:schemas-upnp-org:service:Info:1"];
        let mut at = self.now;
        for nt in types.iter().cycle().take(types.len() * times as usize) {
            let (nt, usn) =
                if nt.is_empty() { (udn.clone(), udn.clone()) } else { ((*nt).to_owned(), format!("{udn}::{nt}")) };
            self.notify(index, host, at, &nt, &usn);
            at += self.rng.between(Duration::from_millis(5), Duration::from_millis(60));
        }
    }

    pub(crate) fn notify(&mut self, index: usize, host: &Host, at: Duration, nt: &str, usn: &str) {
        let ip = Ipv4 { source: host.ip, destination: SSDP_GROUP, ttl: ssdp_ttl(host.kind), id: self.ip_id(index) };
        let text = packets::notify_alive(host.ip, nt, usn, server(host.kind));
        self.send(at, host.socket(), packets::udp_group(host.mac, &ip, (1900, 1900), text.as_bytes()));
    }

    pub(crate) fn mdns(&mut self, index: usize, host: &Host, action: Action) {
        let ip = Ipv4 { source: host.ip, destination: MDNS_GROUP, ttl: 255, id: self.ip_id(index) };
        let services = ["_googlecast._tcp.local", "_airplay._tcp.local", "_http._tcp.local", "_smb._tcp.local"];
        let message = if action == Action::Name {
            packets::mdns_answer(0, &format!("{}.local", host.name.replace([' ', '.'], "-")), host.ip, 120)
        } else {
            packets::mdns_question(0, services[self.rng.below(4) as usize])
        };
        self.send(self.now, host.socket(), packets::udp_group(host.mac, &ip, (5353, 5353), &message));
    }

    fn query(&mut self, index: usize, host: &Host) {
        let frame = packets::igmp(host.mac, host.ip, self.ip_id(index), Igmp::GeneralQuery);
        self.send(self.now, host.socket(), frame);
        let vlan = host.vlan;
        for member in
            (0..self.scenario.hosts.len()).filter(|index| self.scenario.hosts[*index].vlan == vlan).collect::<Vec<_>>()
        {
            // RFC 2236, 3: a random delay up to the maximum response time.
            let at = self.now + self.rng.between(Duration::ZERO, s(10));
            self.at(at, Event::Act { host: member, action: Action::Report, again: false });
        }
    }

    pub(crate) fn renew(&mut self, index: usize, host: &Host) {
        let Some(gateway) =
            self.scenario.hosts.iter().position(|other| other.kind == Kind::Gateway && other.vlan == host.vlan)
        else {
            return;
        };
        let server = self.scenario.hosts[gateway].clone();
        let xid = self.rng.bits() as u32;
        let asking =
            Ipv4 { source: Ipv4Addr::UNSPECIFIED, destination: Ipv4Addr::BROADCAST, ttl: 64, id: self.ip_id(index) };
        let request = packets::dhcp(Dhcp::Request, xid, host.mac, host.ip, server.ip);
        self.send(self.now, host.socket(), packets::udp_group(host.mac, &asking, (68, 67), &request));
        let answering = Ipv4 { source: server.ip, destination: Ipv4Addr::BROADCAST, ttl: 64, id: self.ip_id(gateway) };
        let ack = packets::dhcp(Dhcp::Ack, xid, host.mac, host.ip, server.ip);
        let soon = self.now + self.rng.between(Duration::from_millis(1), Duration::from_millis(20));
        self.send(soon, server.socket(), packets::udp_group(server.mac, &answering, (67, 68), &ack));
    }

    /// What the second router says by itself: who it is, that its proxy listens, and that it looks for a provider.
    pub(super) fn router_habit(&mut self, step: u32) {
        let router = self.scenario.second_router.clone();
        // RFC 5227, 2.3: an announcement asks for one's own address.
        let own = (router.lan_mac, router.ip);
        let gateway = self.scenario.hosts.iter().find(|host| host.kind == Kind::Gateway);
        let target = if step == 0 { own } else { gateway.map_or(own, |host| (host.mac, host.ip)) };
        self.send(self.now, router.socket(Side::Lan), packets::arp(ArpOperation::Request, own, target));
        let id = self.rng.bits() as u16 | 1;
        let later = self.now + Duration::from_millis(40);
        self.send(later, router.socket(Side::Wan), packets::pppoe_initiation(router.wan_mac, u32::from(id)));
        if self.proxy.is_some() {
            // The proxy joins upstream with an address that is not of this LAN.
            let report = packets::igmp(router.wan_mac, Ipv4Addr::new(10, 255, 0, 2), id, Igmp::Report(SSDP_GROUP));
            self.send(later, router.socket(Side::Wan), report);
            // On its LAN side it is a UPnP device.
            let report = packets::igmp(router.lan_mac, router.ip, id, Igmp::Report(SSDP_GROUP));
            self.send(later, router.socket(Side::Lan), report);
        }
        let next = self.now + self.rng.jitter(s(20));
        self.at(next, Event::Router { step: step.saturating_add(1) });
    }
}
