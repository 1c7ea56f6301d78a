//! Encoders of the frames that the hosts of the world send: from message to bytes on the wire. Knows no host, no switch
//! and no time. Multi-byte fields are big-endian, as everywhere on the wire.

mod control;

pub use control::{
    bpdu, dhcp_discover, hsrp_hello, igmp_of, is_topology_change, mld_query, mld_report, pause, vrrp_advertisement,
};

use crate::Mac;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Shortest Ethernet frame without its check sequence (IEEE 802.3, 4A.4.2): shorter ones are padded.
const MIN_FRAME: usize = 60;
/// The group of SSDP (UPnP Device Architecture 2.0, 1.1).
pub const SSDP_GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
/// The group of mDNS (RFC 6762, 3).
pub const MDNS_GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
/// IP protocol number of UDP.
const UDP: u8 = 17;
/// IP protocol number of IGMP (RFC 2236, 2).
const IGMP: u8 = 2;
/// IP protocol number of ICMPv6.
const ICMPV6: u8 = 58;

/// An Ethernet II frame, padded to the shortest length.
#[must_use]
pub fn ethernet(destination: Mac, source: Mac, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity((14 + payload.len()).max(MIN_FRAME));
    frame.extend(destination.0);
    frame.extend(source.0);
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    frame.resize(frame.len().max(MIN_FRAME), 0);
    frame
}

/// The Internet checksum (RFC 1071) of several parts in a row; every part but the last has an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u32;
    for part in parts {
        for pair in part.chunks(2) {
            let (high, low) = (pair[0], pair.get(1).copied().unwrap_or(0));
            sum += u32::from(u16::from_be_bytes([high, low]));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// The Ethernet address of an IPv4 group (RFC 1112, 6.4), or broadcast.
#[must_use]
pub fn group_mac(group: Ipv4Addr) -> Mac {
    let [_, b, c, d] = group.octets();
    if group.is_broadcast() { Mac::BROADCAST } else { Mac([0x01, 0x00, 0x5e, b & 0x7f, c, d]) }
}

/// The Ethernet address of an IPv6 group (RFC 2464, 7).
fn group_mac6(group: Ipv6Addr) -> Mac {
    let [.., a, b, c, d] = group.octets();
    Mac([0x33, 0x33, a, b, c, d])
}

/// The header fields of an IPv4 packet that differ from message to message.
#[derive(Clone, Copy, Debug)]
pub struct Ipv4 {
    /// Source address.
    pub source: Ipv4Addr,
    /// Destination address.
    pub destination: Ipv4Addr,
    /// Time to live.
    pub ttl: u8,
    /// Identification; 0 is what many stacks send with "don't fragment".
    pub id: u16,
}

impl Ipv4 {
    fn packet(&self, protocol: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
        let header_len = 20 + options.len();
        let total = (header_len + payload.len()) as u16;
        let flags: u16 = if self.id == 0 { 0x4000 } else { 0 };
        let mut packet = vec![0x40 | (header_len / 4) as u8, 0];
        packet.extend(total.to_be_bytes());
        packet.extend(self.id.to_be_bytes());
        packet.extend(flags.to_be_bytes());
        packet.extend([self.ttl, protocol, 0, 0]);
        packet.extend(self.source.octets());
        packet.extend(self.destination.octets());
        packet.extend(options);
        let sum = checksum(&[&packet]);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        packet.extend(payload);
        packet
    }
}

fn udp_datagram(pseudo: &[u8], source_port: u16, destination_port: u16, payload: &[u8]) -> Vec<u8> {
    let length = (8 + payload.len()) as u16;
    let mut datagram = Vec::with_capacity(8 + payload.len());
    datagram.extend(source_port.to_be_bytes());
    datagram.extend(destination_port.to_be_bytes());
    datagram.extend(length.to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    let sum = match checksum(&[pseudo, &datagram]) {
        // RFC 768: a computed zero is sent as all ones, because zero means "none".
        0 => 0xffff,
        sum => sum,
    };
    datagram[6..8].copy_from_slice(&sum.to_be_bytes());
    datagram
}

/// A UDP datagram over IPv4 to a group or to broadcast, from `mac`.
#[must_use]
pub fn udp_group(mac: Mac, ip: &Ipv4, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    udp_to(group_mac(ip.destination), mac, ip, ports, payload)
}

/// A UDP datagram over IPv4 to the given MAC.
#[must_use]
pub fn udp_to(to: Mac, mac: Mac, ip: &Ipv4, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut pseudo = Vec::with_capacity(12);
    pseudo.extend(ip.source.octets());
    pseudo.extend(ip.destination.octets());
    pseudo.extend([0, UDP]);
    pseudo.extend(((8 + payload.len()) as u16).to_be_bytes());
    let datagram = udp_datagram(&pseudo, ports.0, ports.1, payload);
    ethernet(to, mac, 0x0800, &ip.packet(UDP, &[], &datagram))
}

/// ARP operation (RFC 826).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArpOperation {
    /// Who has that address?
    Request,
    /// I have.
    Reply,
}

/// An ARP packet. A request goes to everybody, a reply to `target`.
#[must_use]
pub fn arp(operation: ArpOperation, sender: (Mac, Ipv4Addr), target: (Mac, Ipv4Addr)) -> Vec<u8> {
    let (code, to, target_mac) = match operation {
        ArpOperation::Request => (1, Mac::BROADCAST, Mac([0; 6])),
        ArpOperation::Reply => (2, target.0, target.0),
    };
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, code];
    packet.extend(sender.0.0);
    packet.extend(sender.1.octets());
    packet.extend(target_mac.0);
    packet.extend(target.1.octets());
    ethernet(to, sender.0, 0x0806, &packet)
}

/// IGMPv2 message types (RFC 2236, 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Igmp {
    /// Membership query, general.
    GeneralQuery,
    /// Membership report of a group.
    Report(Ipv4Addr),
    /// A group is left.
    Leave(Ipv4Addr),
}

/// An IGMPv2 message with TTL 1 and the router alert option (RFC 2113).
#[must_use]
pub fn igmp(mac: Mac, source: Ipv4Addr, id: u16, message: Igmp) -> Vec<u8> {
    let (kind, response, group, destination) = match message {
        Igmp::GeneralQuery => (0x11, 100, Ipv4Addr::UNSPECIFIED, Ipv4Addr::new(224, 0, 0, 1)),
        Igmp::Report(group) => (0x16, 0, group, group),
        // RFC 2236, 3: leaving is told to all routers.
        Igmp::Leave(group) => (0x17, 0, group, Ipv4Addr::new(224, 0, 0, 2)),
    };
    let mut body = vec![kind, response, 0, 0];
    body.extend(group.octets());
    let sum = checksum(&[&body]);
    body[2..4].copy_from_slice(&sum.to_be_bytes());
    let ip = Ipv4 { source, destination, ttl: 1, id };
    ethernet(group_mac(destination), mac, 0x0800, &ip.packet(IGMP, &[0x94, 4, 0, 0], &body))
}

/// The text of an M-SEARCH (UPnP Device Architecture 2.0, 1.3.2).
#[must_use]
pub fn m_search(st: &str, mx: u8) -> String {
    format!(
        "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: {mx}\r\nST: {st}\r\n\r\n"
    )
}

/// The text of a NOTIFY ssdp:alive (UPnP Device Architecture 2.0, 1.2.2).
#[must_use]
pub fn notify_alive(ip: Ipv4Addr, nt: &str, usn: &str, server: &str) -> String {
    format!(
        "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\n\
         LOCATION: http://{ip}:49152/description.xml\r\nNT: {nt}\r\nNTS: ssdp:alive\r\nSERVER: {server}\r\nUSN: {usn}\r\n\r\n"
    )
}

fn dns_name(into: &mut Vec<u8>, name: &str) {
    for label in name.split('.').filter(|label| !label.is_empty()) {
        // RFC 1035, 2.3.4: a label has at most 63 bytes.
        let label = &label.as_bytes()[..label.len().min(63)];
        into.push(label.len() as u8);
        into.extend(label);
    }
    into.push(0);
}

/// An mDNS question for the PTR records of `name` (RFC 6762, 5.1).
#[must_use]
pub fn mdns_question(id: u16, name: &str) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    dns_name(&mut message, name);
    message.extend([0, 12, 0, 1]);
    message
}

/// An mDNS answer: `name` has address `ip` (RFC 6762, 6). `ttl_s`: seconds to keep it.
#[must_use]
pub fn mdns_answer(id: u16, name: &str, ip: Ipv4Addr, ttl_s: u32) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend([0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    dns_name(&mut message, name);
    message.extend([0, 1, 0x80, 1]);
    message.extend(ttl_s.to_be_bytes());
    message.extend([0, 4]);
    message.extend(ip.octets());
    message
}

/// DHCP message types (RFC 2132, 9.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dhcp {
    /// A client looks for a server.
    Discover,
    /// A client asks to keep its address.
    Request,
    /// The server agrees.
    Ack,
}

/// A DHCP message about the address `ip` of the client `mac` (RFC 2131, 2).
#[must_use]
pub fn dhcp(kind: Dhcp, xid: u32, mac: Mac, ip: Ipv4Addr, server: Ipv4Addr) -> Vec<u8> {
    let (op, code) = match kind {
        Dhcp::Discover => (1, 1),
        Dhcp::Request => (1, 3),
        Dhcp::Ack => (2, 5),
    };
    let mut message = vec![op, 1, 6, 0];
    message.extend(xid.to_be_bytes());
    message.extend([0, 0, 0x80, 0, 0, 0, 0, 0]);
    message.extend(if kind == Dhcp::Ack { ip.octets() } else { [0; 4] });
    message.extend(server.octets());
    message.extend([0; 4]);
    message.extend(mac.0);
    // The rest of chaddr, sname and file: 10 + 64 + 128 bytes.
    message.extend([0; 202]);
    message.extend([99, 130, 83, 99, 53, 1, code]);
    // A client that looks for a server knows neither an address nor one.
    if kind != Dhcp::Discover {
        message.extend([50, 4]);
        message.extend(ip.octets());
        message.extend([54, 4]);
        message.extend(server.octets());
    }
    message.push(255);
    message
}

/// The link-local address that a host makes from its MAC (RFC 4291, appendix A).
#[must_use]
pub fn link_local(mac: Mac) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac.0;
    Ipv6Addr::from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f])
}

fn icmpv6(mac: Mac, destination: Ipv6Addr, mut body: Vec<u8>) -> Vec<u8> {
    let source = link_local(mac);
    let length = body.len() as u16;
    let sum =
        checksum(&[&source.octets(), &destination.octets(), &[0, 0], &length.to_be_bytes(), &[0, 0, 0, ICMPV6], &body]);
    body[2..4].copy_from_slice(&sum.to_be_bytes());
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([ICMPV6, 255]);
    packet.extend(source.octets());
    packet.extend(destination.octets());
    packet.extend(body);
    ethernet(group_mac6(destination), mac, 0x86dd, &packet)
}

/// A router advertisement to all nodes (RFC 4861, 4.2).
#[must_use]
pub fn router_advertisement(mac: Mac) -> Vec<u8> {
    let mut body = vec![134, 0, 0, 0, 64, 0];
    body.extend(1800_u16.to_be_bytes());
    body.extend([0; 8]);
    body.extend([1, 1]);
    body.extend(mac.0);
    icmpv6(mac, Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1), body)
}

/// A neighbour solicitation for the link-local address of `target` (RFC 4861, 4.3).
#[must_use]
pub fn neighbour_solicitation(mac: Mac, target: Mac) -> Vec<u8> {
    let wanted = link_local(target);
    let [.., a, b, c] = wanted.octets();
    let mut body = vec![135, 0, 0, 0, 0, 0, 0, 0];
    body.extend(wanted.octets());
    body.extend([1, 1]);
    body.extend(mac.0);
    let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from_be_bytes([b, c]));
    icmpv6(mac, group, body)
}

/// A PPPoE discovery initiation: a router looks for its provider (RFC 2516, 5.1).
#[must_use]
pub fn pppoe_initiation(mac: Mac, host_uniq: u32) -> Vec<u8> {
    let mut body = vec![0x11, 0x09, 0, 0, 0, 12, 0x01, 0x01, 0, 0, 0x01, 0x03, 0, 4];
    body.extend(host_uniq.to_be_bytes());
    ethernet(Mac::BROADCAST, mac, 0x8863, &body)
}

/// What a multicast router looks at in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routable {
    /// Source address.
    pub source: Ipv4Addr,
    /// Destination group.
    pub group: Ipv4Addr,
    /// Time to live.
    pub ttl: u8,
}

/// Reads a frame as a multicast proxy does: a UDP datagram over IPv4 to a group outside 224.0.0.0/24, which no router
/// may pass on (RFC 4541, 2.1.2).
#[must_use]
pub fn routable(frame: &[u8]) -> Option<Routable> {
    let address = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(frame.get(at..at + 4)?).ok()?));
    if frame.get(12..14)? != [0x08, 0x00] || frame.get(14)? >> 4 != 4 || *frame.get(23)? != UDP {
        return None;
    }
    let (source, group) = (address(26)?, address(30)?);
    let local = group.octets()[..3] == [224, 0, 0];
    (group.is_multicast() && !local).then_some(Routable { source, group, ttl: *frame.get(22)? })
}

/// The frame as a multicast router sends it on: another source MAC, another TTL, the header checksum made good.
#[must_use]
pub fn forwarded(frame: &[u8], source: Mac, ttl: u8) -> Vec<u8> {
    let mut copy = frame.to_vec();
    copy[6..12].copy_from_slice(&source.0);
    copy[22] = ttl;
    let end = 14 + usize::from(copy[14] & 0x0f) * 4;
    copy[24..26].fill(0);
    let sum = checksum(&[&copy[14..end.min(frame.len())]]);
    copy[24..26].copy_from_slice(&sum.to_be_bytes());
    copy
}

/// The payload of an mDNS datagram over IPv4, with its source address and whether it is a question.
#[must_use]
pub fn mdns_of(frame: &[u8]) -> Option<(Ipv4Addr, &[u8], bool)> {
    if frame.get(12..14)? != [0x08, 0x00] || *frame.get(23)? != UDP || frame.get(30..34)? != MDNS_GROUP.octets() {
        return None;
    }
    let at = 14 + usize::from(frame.get(14)? & 0x0f) * 4;
    if frame.get(at + 2..at + 4)? != 5353_u16.to_be_bytes() {
        return None;
    }
    let length = usize::from(u16::from_be_bytes(frame.get(at + 4..at + 6)?.try_into().ok()?));
    let message = frame.get(at + 8..at + length)?;
    let source = <[u8; 4]>::try_from(frame.get(26..30)?).ok()?;
    Some((source.into(), message, message.get(2)? & 0x80 == 0))
}

/// Source MAC of a frame that has one.
#[must_use]
pub fn source_of(frame: &[u8]) -> Option<Mac> {
    Some(Mac(frame.get(6..12)?.try_into().ok()?))
}

/// Destination MAC of a frame that has one.
#[must_use]
pub fn destination_of(frame: &[u8]) -> Option<Mac> {
    Some(Mac(frame.get(..6)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECHO: Mac = Mac([0x44, 0x65, 0x0d, 1, 2, 3]);
    const ROUTER: Mac = Mac([0x3c, 0x84, 0x6a, 0x10, 0, 0xc8]);

    fn search(ttl: u8) -> Vec<u8> {
        let ip = Ipv4 { source: Ipv4Addr::new(192, 168, 1, 10), destination: SSDP_GROUP, ttl, id: 0x1234 };
        udp_group(ECHO, &ip, (50_000, 1900), m_search("ssdp:all", 3).as_bytes())
    }

    #[test]
    fn checksums_verify() {
        let frame = search(4);
        assert_eq!(checksum(&[&frame[14..34]]), 0, "IPv4 header");
        let length = (frame.len() - 34) as u16;
        let pseudo = [&frame[26..34], &[0, UDP], &length.to_be_bytes()].concat();
        assert_eq!(checksum(&[&pseudo, &frame[34..]]), 0, "UDP");
        let report = igmp(ECHO, Ipv4Addr::new(192, 168, 1, 10), 1, Igmp::Report(SSDP_GROUP));
        assert_eq!((checksum(&[&report[14..38]]), checksum(&[&report[38..46]])), (0, 0), "IGMP");
        let advertisement = router_advertisement(ROUTER);
        let pseudo = [&advertisement[22..54], &[0, 0, 0, 24, 0, 0, 0, ICMPV6]].concat();
        assert_eq!(checksum(&[&pseudo, &advertisement[54..78]]), 0, "ICMPv6");
    }

    #[test]
    fn a_forwarded_frame_differs_in_mac_ttl_and_checksum_alone() {
        let (frame, copy) = (search(4), forwarded(&search(4), ROUTER, 3));
        let differing = (0..frame.len()).filter(|&i| frame[i] != copy[i]).collect::<Vec<_>>();
        assert!(differing.iter().all(|i| (6..12).contains(i) || [22, 24, 25].contains(i)), "{differing:?}");
        assert_eq!(checksum(&[&copy[14..34]]), 0);
        assert_eq!(routable(&copy).map(|r| r.ttl), Some(3));
    }

    #[test]
    fn link_local_groups_and_reports_are_not_routable() {
        let ip = Ipv4 { source: Ipv4Addr::new(192, 168, 1, 10), destination: MDNS_GROUP, ttl: 255, id: 0 };
        assert_eq!(routable(&udp_group(ECHO, &ip, (5353, 5353), &mdns_question(0, "_http._tcp.local"))), None);
        assert_eq!(routable(&igmp(ECHO, ip.source, 1, Igmp::Report(SSDP_GROUP))), None);
        assert_eq!(routable(&arp(ArpOperation::Request, (ECHO, ip.source), (ROUTER, ip.source))), None);
        assert!((0..60).all(|n| routable(&search(4)[..n]).is_none() || n >= 34), "short frames are refused");
    }
}
