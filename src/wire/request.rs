//! Questions to the LAN as whole Ethernet frames: ARP, Neighbour and Router Solicitation, and a UDP datagram that is to
//! be sent exactly as written. Pure bytes: sends nothing.

use crate::model::MacAddr;
use std::net::{Ipv4Addr, Ipv6Addr};

/// RFC 826: who has `ip`? Broadcast, padded to the 60 bytes of a shortest Ethernet frame by the driver. From 0.0.0.0 it
/// enters nobody's table (an ARP probe, RFC 5227, 2.1).
#[must_use]
pub fn arp(mac: MacAddr, sender: Ipv4Addr, ip: Ipv4Addr) -> Vec<u8> {
    let mut frame = Vec::with_capacity(42);
    frame.extend([0xff; 6]);
    frame.extend(mac.0);
    frame.extend([0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend(mac.0);
    frame.extend(sender.octets());
    frame.extend([0; 6]);
    frame.extend(ip.octets());
    frame
}

/// RFC 4861, 4.3: a Neighbour Solicitation to the solicited-node group of `ip` (RFC 4291, 2.7.1), with our MAC, so
/// that the answer is unicast.
#[must_use]
pub fn neighbour_solicitation(mac: MacAddr, sender: Ipv6Addr, ip: Ipv6Addr) -> Vec<u8> {
    let [.., a, b, c] = ip.octets();
    let group = Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c]);
    let mut message = vec![135, 0, 0, 0, 0, 0, 0, 0];
    message.extend(ip.octets());
    message.extend([1, 1]);
    message.extend(mac.0);
    icmp6(mac, sender, group, message)
}

/// RFC 4861, 4.1: a Router Solicitation to all routers (ff02::2), from a link-local address, with our MAC.
#[must_use]
pub fn router_solicitation(mac: MacAddr, sender: Ipv6Addr) -> Vec<u8> {
    let mut message = vec![133, 0, 0, 0, 0, 0, 0, 0, 1, 1];
    message.extend(mac.0);
    icmp6(mac, sender, Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2), message)
}

/// An ICMPv6 message to a group; its checksum is put in. The hop limit of 255 is what receivers insist on.
fn icmp6(mac: MacAddr, sender: Ipv6Addr, group: Ipv6Addr, mut message: Vec<u8>) -> Vec<u8> {
    let length = message.len() as u16;
    let mut pseudo = Vec::with_capacity(40 + message.len());
    pseudo.extend(sender.octets());
    pseudo.extend(group.octets());
    pseudo.extend([0, 0]);
    pseudo.extend(length.to_be_bytes());
    pseudo.extend([0, 0, 0, 58]);
    pseudo.extend(&message);
    message[2..4].copy_from_slice(&checksum(&pseudo).to_be_bytes());
    let [.., a, b, c, d] = group.octets();
    let mut frame = Vec::with_capacity(54 + message.len());
    // RFC 2464, 7.
    frame.extend([0x33, 0x33, a, b, c, d]);
    frame.extend(mac.0);
    frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
    frame.extend(length.to_be_bytes());
    frame.extend([58, 255]);
    frame.extend(sender.octets());
    frame.extend(group.octets());
    frame.extend(message);
    frame
}

/// Where a datagram comes from and goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Our MAC.
    pub mac: MacAddr,
    /// Source address and port.
    pub from: (Ipv4Addr, u16),
    /// Destination address and port: a group or 255.255.255.255, whose MAC follows from it.
    pub to: (Ipv4Addr, u16),
    /// TTL.
    pub ttl: u8,
    /// IPv4 identification.
    pub id: u16,
    /// What it carries, at most 1,400 bytes.
    pub payload: &'a [u8],
}

/// Most bytes of a [`Datagram`]; the rest is cut off.
const MAX_PAYLOAD: usize = 1400;

/// RFC 791 and 768, to a group (RFC 1112, 6.4) or to everybody.
#[must_use]
pub fn udp(datagram: &Datagram<'_>) -> Vec<u8> {
    let payload = datagram.payload.get(..MAX_PAYLOAD).unwrap_or(datagram.payload);
    let udp_length = 8 + payload.len() as u16;
    let (from, to) = (datagram.from.0.octets(), datagram.to.0.octets());
    let mut segment = Vec::with_capacity(8 + payload.len());
    segment.extend(datagram.from.1.to_be_bytes());
    segment.extend(datagram.to.1.to_be_bytes());
    segment.extend(udp_length.to_be_bytes());
    segment.extend([0, 0]);
    segment.extend(payload);
    let mut pseudo = [from, to].concat();
    pseudo.extend([0, 17]);
    pseudo.extend(udp_length.to_be_bytes());
    pseudo.extend(&segment);
    // A sum of zero is written as its other form: zero means that there is none.
    let sum = Some(checksum(&pseudo)).filter(|sum| *sum != 0).unwrap_or(0xffff);
    segment[6..8].copy_from_slice(&sum.to_be_bytes());
    let mut header = vec![0x45, 0];
    header.extend((20 + udp_length).to_be_bytes());
    header.extend(datagram.id.to_be_bytes());
    header.extend([0, 0, datagram.ttl, 17, 0, 0]);
    header.extend(from);
    header.extend(to);
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    let mac = if datagram.to.0.is_multicast() { [1, 0, 0x5e, to[1] & 0x7f, to[2], to[3]] } else { [0xff; 6] };
    let mut frame = mac.to_vec();
    frame.extend(datagram.mac.0);
    frame.extend([8, 0]);
    frame.extend(header);
    frame.extend(segment);
    frame
}

/// RFC 1071: the one's complement of the one's complement sum.
fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low));
    let mut sum = bytes.chunks(2).map(word).sum::<u32>();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{InternetSlice, SlicedPacket, TransportSlice};

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

    #[test]
    fn solicitations_have_good_checksums() {
        let from: Ipv6Addr = "fe80::5".parse().expect("a literal");
        for (frame, to) in [
            (router_solicitation(MAC, from), "ff02::2"),
            (neighbour_solicitation(MAC, from, "fe80::1:2:3".parse().expect("a literal")), "ff02::1:ff02:3"),
        ] {
            let slices = SlicedPacket::from_ethernet(&frame).expect("a packet");
            let Some(TransportSlice::Icmpv6(icmp)) = slices.transport else { panic!("ICMPv6 expected") };
            let to: Ipv6Addr = to.parse().expect("a literal");
            assert!(icmp.is_checksum_valid(from.octets(), to.octets()));
        }
    }

    #[test]
    fn datagrams_are_what_etherparse_writes() {
        for payload in [&b"hello"[..], b"", b"even"] {
            let datagram = Datagram {
                mac: MAC,
                from: ([192, 168, 1, 5].into(), 50_000),
                to: ([239, 255, 255, 250].into(), 1900),
                ttl: 2,
                id: 0x1234,
                payload,
            };
            let frame = udp(&datagram);
            let slices = SlicedPacket::from_ethernet(&frame).expect("a packet");
            let Some(InternetSlice::Ipv4(ip)) = slices.net else { panic!("IPv4 expected") };
            let header = ip.header().to_header();
            assert_eq!((header.time_to_live, header.identification), (2, 0x1234));
            assert_eq!(header.header_checksum, header.calc_header_checksum());
            let Some(TransportSlice::Udp(found)) = slices.transport else { panic!("UDP expected") };
            let expected = found.to_header().calc_checksum_ipv4_raw(
                ip.header().source(),
                ip.header().destination(),
                found.payload(),
            );
            assert_eq!((Ok(found.checksum()), found.payload()), (expected.map_err(|_| ()), payload));
            assert_eq!(frame[..6], [1, 0, 0x5e, 0x7f, 0xff, 0xfa]);
        }
    }
}
