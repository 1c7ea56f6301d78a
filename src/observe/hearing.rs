//! What an examination of a LAN hears on one interface beside storms: who comes back, who repeats, who serves addresses
//! and routes, who looks for a line. Bounded facts; judges nobody (`explain::checks` does).

use super::owners::{self, OwnerTable};
use crate::model::frames::{FrameMeta, OwnerProof, Protocol};
use crate::model::{MacAddr, Time};
use crate::wire::dhcp::{self, Kind};
use crate::wire::digest::Secret;
use crate::wire::frame::{self, Frame, L3};
use crate::wire::mdns;
use crate::wire::membership::{self, Membership};
use crate::wire::pppoe::{self, Discovery};
use crate::wire::router_advertisement;

pub use crate::wire::router_advertisement::Advertisement;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Devices kept in each list; a home has a dozen that say such things.
pub const MAX_DEVICES: usize = 64;
/// Frames of our own that are followed.
pub const MAX_MARKS: usize = 256;
/// Offers kept.
pub const MAX_OFFERS: usize = 16;

/// By what our own packets are known again.
#[derive(Clone, Debug)]
pub struct Marks {
    /// Our MAC on this interface.
    pub mac: MacAddr,
    /// The text in the guard messages, which nobody else uses.
    pub token: String,
    /// The group that only we have joined.
    pub group: Ipv4Addr,
    /// The number of our DHCP exchange.
    pub xid: u32,
    /// The secret of the replica hash.
    pub seed: u64,
}

/// A frame of ours that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Return {
    /// How often.
    pub times: u64,
    /// It is IPv6; else IPv4, ARP or another.
    pub ipv6: bool,
}

/// A message with our mark, sent by somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// How often.
    pub times: u64,
    /// The highest and the lowest TTL.
    pub ttl: (u8, u8),
    /// When the first one came.
    pub first: Time,
}

/// Somebody who asks who wants which group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Querier {
    /// Its address.
    pub ip: IpAddr,
    /// Version of IGMP or MLD.
    pub version: u8,
    /// General queries heard.
    pub queries: u64,
}

/// What a DHCP server offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The server's MAC.
    pub mac: MacAddr,
    /// The server, by its own word, else by the packet's source.
    pub server: Ipv4Addr,
    /// Routers.
    pub routers: Vec<Ipv4Addr>,
    /// DNS servers.
    pub dns: Vec<Ipv4Addr>,
}

/// What only the WAN side of a router says, or says with its MAC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// It looked for a PPPoE line (PADI).
    pub pppoe: u64,
    /// It looked for a DHCP server.
    pub dhcp: u64,
    /// It reported memberships; the last source address.
    pub reports: Option<Ipv4Addr>,
}

/// Everything heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Frames.
    pub frames: u64,
    /// Frames to a group that others sent.
    pub group_frames: u64,
    /// Since when, and until when.
    pub span: Option<(Time, Time)>,
    /// Our own frames that came back with our own MAC, by what they are.
    pub returns: BTreeMap<u64, Return>,
    /// Who sent a marked message of ours again, and which: SSDP, WS-Discovery or mDNS.
    pub echoes: BTreeMap<(MacAddr, Protocol), Echo>,
    /// Who reported the group that only we have joined, and when first.
    pub repeaters: BTreeMap<MacAddr, Time>,
    /// Who asks for memberships: IPv6, MAC.
    pub queriers: BTreeMap<(bool, MacAddr), Querier>,
    /// DHCP offers to us, one for each server.
    pub offers: Vec<Offer>,
    /// Router advertisements, the latest of each.
    pub routers: BTreeMap<MacAddr, (IpAddr, Advertisement)>,
    /// What others want.
    pub wants: BTreeMap<MacAddr, Wants>,
    /// Who claims which address.
    pub owners: OwnerTable,
    /// Addresses claimed by ARP or Neighbour Discovery.
    pub claimed: BTreeSet<IpAddr>,
    /// What found no room.
    pub refused: u64,
}

impl Heard {
    /// For how long.
    #[must_use]
    pub fn listened(&self) -> Duration {
        self.span.map_or(Duration::ZERO, |(from, until)| until.since(from))
    }
}

/// The listener of one interface.
#[derive(Debug)]
pub struct Hearing {
    marks: Marks,
    heard: Heard,
}

impl Hearing {
    /// It listens from `now` on.
    #[must_use]
    pub fn new(marks: Marks, now: Time) -> Self {
        Self { marks, heard: Heard { span: Some((now, now)), ..Heard::default() } }
    }

    /// Everything so far; heard until `now`.
    #[must_use]
    pub fn heard(&self, now: Time) -> Heard {
        let mut heard = self.heard.clone();
        heard.span = heard.span.map(|(from, _)| (from, now));
        heard
    }

    /// Somebody sent our search or our frames back.
    #[must_use]
    pub fn something_returned(&self) -> bool {
        !self.heard.echoes.is_empty() || self.heard.returns.values().any(|r| r.times >= 3)
    }

    /// Takes a frame that came in.
    pub fn frame(&mut self, meta: &FrameMeta, bytes: &[u8]) {
        self.heard.frames += 1;
        let Ok(frame) = frame::parse(meta, bytes) else { return };
        if frame.outgoing {
            return;
        }
        if frame.source == self.marks.mac {
            self.returned(&frame);
            return;
        }
        self.heard.group_frames += u64::from(frame.group);
        if let Some(claim) = owners::claim(&frame, meta)
            && matches!(claim.proof, OwnerProof::Arp | OwnerProof::Nd)
        {
            self.heard.owners.learn(&claim);
            if self.heard.claimed.len() < owners::MAX_ADDRESSES {
                self.heard.claimed.insert(claim.ip);
            }
        }
        match frame.protocol {
            Protocol::Ssdp | Protocol::WsDiscovery => self.echo(&frame, meta.at),
            // Behind the UDP header.
            Protocol::Mdns if frame.l3.get(frame.payload_offset + 8..).is_some_and(mdns::is_question) => {
                self.echo(&frame, meta.at);
            }
            Protocol::Igmp | Protocol::Mld => self.membership(&frame, meta.at),
            Protocol::Dhcp => self.dhcp(&frame),
            Protocol::Nd => self.advertised(&frame),
            Protocol::Pppoe if pppoe::parse(frame.l3) == Some(Discovery::Initiation) => {
                if let Some(wants) = self.wants(frame.source) {
                    wants.pppoe += 1;
                }
            }
            _ => {}
        }
    }

    fn returned(&mut self, frame: &Frame<'_>) {
        let hash = frame.replica_hash(&Secret::new(self.marks.seed));
        let fresh = Return { times: 0, ipv6: frame.l3_kind == L3::Ipv6 };
        match place(&mut self.heard.returns, hash, MAX_MARKS, fresh) {
            Some(found) => found.times += 1,
            None => self.heard.refused += 1,
        }
    }

    fn echo(&mut self, frame: &Frame<'_>, at: Time) {
        let token = self.marks.token.as_bytes();
        if token.is_empty() || !frame.l3.windows(token.len()).any(|window| window == token) {
            return;
        }
        let fresh = Echo { times: 0, ttl: (frame.ttl, frame.ttl), first: at };
        match place(&mut self.heard.echoes, (frame.source, frame.protocol), MAX_DEVICES, fresh) {
            Some(echo) => {
                echo.times += 1;
                echo.ttl = (echo.ttl.0.max(frame.ttl), echo.ttl.1.min(frame.ttl));
            }
            None => self.heard.refused += 1,
        }
    }

    fn membership(&mut self, frame: &Frame<'_>, at: Time) {
        match membership::parse(frame) {
            Some(Membership::Query { version, group: None }) => {
                let Some(ip) = frame.ip else { return };
                let key = (ip.is_ipv6(), frame.source);
                match place(&mut self.heard.queriers, key, MAX_DEVICES, Querier { ip, version, queries: 0 }) {
                    Some(querier) => querier.queries += 1,
                    None => self.heard.refused += 1,
                }
            }
            Some(Membership::Report { groups }) => {
                if groups.contains(&IpAddr::V4(self.marks.group)) {
                    let room = place(&mut self.heard.repeaters, frame.source, MAX_DEVICES, at).is_some();
                    self.heard.refused += u64::from(!room);
                }
                if let (Some(IpAddr::V4(ip)), Some(wants)) = (frame.ip, self.wants(frame.source)) {
                    wants.reports = Some(ip);
                }
            }
            _ => {}
        }
    }

    fn dhcp(&mut self, frame: &Frame<'_>) {
        // Behind the UDP header.
        let Some(Ok(message)) = frame.l3.get(frame.payload_offset + 8..).map(dhcp::parse) else { return };
        match (message.kind, frame.ip) {
            (Kind::Discover, _) => {
                if let Some(wants) = self.wants(frame.source) {
                    wants.dhcp += 1;
                }
            }
            (Kind::Offer, Some(IpAddr::V4(source))) if message.xid == self.marks.xid => {
                let server = message.server.unwrap_or(source);
                let offer = Offer { mac: frame.source, server, routers: message.routers, dns: message.dns };
                if self.heard.offers.contains(&offer) {
                    return;
                }
                if self.heard.offers.len() < MAX_OFFERS {
                    self.heard.offers.push(offer);
                } else {
                    self.heard.refused += 1;
                }
            }
            _ => {}
        }
    }

    fn advertised(&mut self, frame: &Frame<'_>) {
        // The hop limit proves that it comes from this link.
        let message = frame.l3.get(frame.payload_offset..).filter(|_| frame.ttl == 255);
        let (Some(found), Some(ip)) = (message.and_then(router_advertisement::parse), frame.ip) else { return };
        match place(&mut self.heard.routers, frame.source, MAX_DEVICES, (ip, Advertisement::default())) {
            Some(router) => *router = (ip, found),
            None => self.heard.refused += 1,
        }
    }

    fn wants(&mut self, mac: MacAddr) -> Option<&mut Wants> {
        let found = place(&mut self.heard.wants, mac, MAX_DEVICES, Wants::default());
        self.heard.refused += u64::from(found.is_none());
        found
    }
}

/// The entry of a bounded map; `None` where there is no room for a new one.
fn place<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, most: usize, fresh: V) -> Option<&mut V> {
    (map.len() < most || map.contains_key(&key)).then(|| map.entry(key).or_insert(fresh))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frames::LinkType;
    use crate::wire::request::{self, Datagram};
    use crate::wire::ws_discovery;

    const OWN: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
    const OTHER: MacAddr = MacAddr([2, 0, 0, 0, 0, 9]);

    fn hearing() -> Hearing {
        let marks = Marks { mac: OWN, token: "guard-0123456789".into(), group: [239, 9, 9, 9].into(), xid: 7, seed: 3 };
        Hearing::new(marks, Time::from_secs(10))
    }

    fn hear(hearing: &mut Hearing, frame: &[u8]) {
        let at = Time::from_secs(11);
        let meta = FrameMeta { at, number: 1, interface: 0, link: LinkType::Ethernet, vlan: None, original_len: 0 };
        hearing.frame(&meta, frame);
    }

    fn udp(mac: MacAddr, ports: (u16, u16), to: [u8; 4], ttl: u8, payload: &[u8]) -> Vec<u8> {
        let from = ([192, 168, 1, 9].into(), ports.0);
        request::udp(&Datagram { mac, from, to: (to.into(), ports.1), ttl, id: 1, payload })
    }

    #[test]
    fn what_comes_back_is_told_from_what_is_sent_on() {
        let mut hearing = hearing();
        let search = |mac, ttl| udp(mac, (50_000, 1900), [239, 255, 255, 250], ttl, b"ST: urn:guard-0123456789");
        hear(&mut hearing, &search(OTHER, 1));
        assert!(hearing.something_returned());
        hear(&mut hearing, &search(OTHER, 2));
        hear(&mut hearing, &udp(OTHER, (50_000, 1900), [239, 255, 255, 250], 1, b"ST: ssdp:all"));
        for ttl in [2, 1] {
            hear(&mut hearing, &search(OWN, ttl));
        }
        hear(&mut hearing, &request::router_solicitation(OWN, "fe80::1".parse().expect("a literal")));
        let heard = hearing.heard(Time::from_secs(15));
        assert_eq!((heard.listened(), heard.frames, heard.group_frames), (Duration::from_secs(5), 6, 3));
        let echo = heard.echoes[&(OTHER, Protocol::Ssdp)];
        assert_eq!((heard.echoes.len(), echo.times, echo.ttl), (1, 2, (2, 1)));
        let returns = heard.returns.values().map(|r| (r.times, r.ipv6)).collect::<BTreeSet<_>>();
        assert_eq!(returns, [(1, true), (2, false)].into());
    }

    #[test]
    fn each_kind_of_mark_is_known_again_and_an_answer_is_none() {
        let mut hearing = hearing();
        let probe = ws_discovery::probe("guard-0123456789", 1);
        hear(&mut hearing, &udp(OTHER, (50_000, 3702), [239, 255, 255, 250], 1, &probe));
        let mut question = mdns::question("guard-0123456789");
        hear(&mut hearing, &udp(OTHER, (5353, 5353), [224, 0, 0, 251], 255, &question));
        hear(&mut hearing, &udp(OTHER, (5353, 5353), [224, 0, 0, 251], 255, &mdns::question("nas")));
        question[2] = 0x84;
        let third = MacAddr([2, 0, 0, 0, 0, 8]);
        hear(&mut hearing, &udp(third, (5353, 5353), [224, 0, 0, 251], 255, &question));
        let heard = hearing.heard(Time::from_secs(15));
        let echoes = heard.echoes.iter().map(|(key, echo)| (*key, echo.times)).collect::<Vec<_>>();
        assert_eq!(echoes, [((OTHER, Protocol::Mdns), 1), ((OTHER, Protocol::WsDiscovery), 1)]);
    }

    #[test]
    fn only_offers_to_us_count_and_each_once() {
        let mut hearing = hearing();
        for (mac, xid) in [(OTHER, 7), (OTHER, 7), (OTHER, 8)] {
            let mut offer = dhcp::discover(xid, OWN);
            (offer[0], offer[242]) = (2, 2);
            hear(&mut hearing, &udp(mac, (67, 68), [255; 4], 64, &offer));
        }
        let discover = dhcp::discover(9, OTHER);
        hear(&mut hearing, &udp(OTHER, (68, 67), [255; 4], 64, &discover));
        let heard = hearing.heard(Time::from_secs(11));
        assert_eq!(heard.offers.len(), 1);
        assert_eq!((heard.offers[0].mac, heard.offers[0].server), (OTHER, [192, 168, 1, 9].into()));
        assert_eq!(heard.wants[&OTHER].dhcp, 1);
    }

    #[test]
    fn forged_devices_find_no_room() {
        let mut hearing = hearing();
        for n in 0..1000_u16 {
            let [high, low] = n.to_be_bytes();
            let mac = MacAddr([2, 1, 0, 0, high, low]);
            let frame = udp(mac, (50_000, 1900), [239, 255, 255, 250], 1, b"guard-0123456789");
            hear(&mut hearing, &frame);
        }
        let heard = hearing.heard(Time::from_secs(11));
        assert_eq!((heard.echoes.len() as u64 + heard.refused, heard.echoes.len()), (1000, MAX_DEVICES));
    }
}
