//! Encoders of what keeps a network together and rarely is looked at: spanning tree, pause, virtual routers, MLD, DHCP
//! discovery. Knows no host and no time.

use super::{Dhcp, ICMPV6, Ipv4, checksum, dhcp, ethernet, group_mac, group_mac6, link_local, udp_group};
use crate::Mac;
use std::net::{Ipv4Addr, Ipv6Addr};

/// IP protocol number of VRRP (RFC 5798, 5.1.1.4).
const VRRP: u8 = 112;

/// A rapid spanning tree BPDU of the bridge `mac`, which is the root, with or without the topology change flag (IEEE
/// 802.1D-2004, 9.3.3).
#[must_use]
pub fn bpdu(mac: Mac, change: bool) -> Vec<u8> {
    // Designated, learning, forwarding.
    let flags = 0x3c | u8::from(change);
    let mut body = vec![0, 0, 2, 2, flags, 0x80, 0];
    body.extend(mac.0);
    body.extend([0; 4]);
    body.extend([0x80, 0]);
    body.extend(mac.0);
    // Port, message age, max age 20 s, hello 2 s, forward delay 15 s, version 1 length.
    body.extend([0x80, 1, 0, 0, 20, 0, 2, 0, 15, 0, 0]);
    let mut llc = vec![0x42, 0x42, 0x03];
    llc.extend(body);
    ethernet(Mac([0x01, 0x80, 0xc2, 0, 0, 0]), mac, llc.len() as u16, &llc)
}

/// A BPDU that tells of a topology change.
#[must_use]
pub fn is_topology_change(frame: &[u8]) -> bool {
    // Type 0x80 is the older notification, which has no flags.
    let kind = frame.get(20).copied();
    kind == Some(0x80) || frame.get(21).is_some_and(|flags| flags & 1 == 1)
}

/// A pause frame of the longest time (IEEE 802.3, annex 31B).
#[must_use]
pub fn pause(mac: Mac) -> Vec<u8> {
    ethernet(Mac([0x01, 0x80, 0xc2, 0, 0, 1]), mac, 0x8808, &[0, 1, 0xff, 0xff])
}

/// The shared MAC of a VRRP router (RFC 5798, 7.3).
const fn vrrp_mac(vrid: u8) -> Mac {
    Mac([0x00, 0x00, 0x5e, 0x00, 0x01, vrid])
}

/// A VRRP version 2 advertisement of `source` for the address `virtual_ip` (RFC 3768, 5).
#[must_use]
pub fn vrrp_advertisement(source: Ipv4Addr, virtual_ip: Ipv4Addr, vrid: u8, priority: u8, id: u16) -> Vec<u8> {
    let mut body = vec![0x21, vrid, priority, 1, 0, 1, 0, 0];
    body.extend(virtual_ip.octets());
    body.extend([0; 8]);
    let sum = checksum(&[&body]);
    body[6..8].copy_from_slice(&sum.to_be_bytes());
    let ip = Ipv4 { source, destination: Ipv4Addr::new(224, 0, 0, 18), ttl: 255, id };
    ethernet(group_mac(ip.destination), vrrp_mac(vrid), 0x0800, &ip.packet(VRRP, &[], &body))
}

/// An HSRP hello of the active router, from the group's shared MAC (RFC 2281, 5).
#[must_use]
pub fn hsrp_hello(source: Ipv4Addr, virtual_ip: Ipv4Addr, group: u8, id: u16) -> Vec<u8> {
    let mut body = vec![0, 0, 16, 3, 10, 100, group, 0];
    body.extend(*b"cisco\0\0\0");
    body.extend(virtual_ip.octets());
    let ip = Ipv4 { source, destination: Ipv4Addr::new(224, 0, 0, 2), ttl: 1, id };
    udp_group(Mac([0x00, 0x00, 0x0c, 0x07, 0xac, group]), &ip, (1985, 1985), &body)
}

/// An ICMPv6 message behind the router alert option, hop limit 1 (RFC 2710, 3).
fn mld(mac: Mac, destination: Ipv6Addr, mut body: Vec<u8>) -> Vec<u8> {
    let source = link_local(mac);
    let length = body.len() as u16;
    let pseudo = [&source.octets()[..], &destination.octets(), &[0, 0], &length.to_be_bytes(), &[0, 0, 0, ICMPV6]];
    let sum = checksum(&[&pseudo.concat(), &body]);
    body[2..4].copy_from_slice(&sum.to_be_bytes());
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((length + 8).to_be_bytes());
    packet.extend([0, 1]);
    packet.extend(source.octets());
    packet.extend(destination.octets());
    packet.extend([ICMPV6, 0, 5, 2, 0, 0, 1, 0]);
    packet.extend(body);
    ethernet(group_mac6(destination), mac, 0x86dd, &packet)
}

/// An MLDv1 report of membership in `group` (RFC 2710, 3).
#[must_use]
pub fn mld_report(mac: Mac, group: Ipv6Addr) -> Vec<u8> {
    let mut body = vec![131, 0, 0, 0, 0, 0, 0, 0];
    body.extend(group.octets());
    mld(mac, group, body)
}

/// An MLD general query (RFC 2710, 3). `response_ms`: maximum response delay.
#[must_use]
pub fn mld_query(mac: Mac, response_ms: u16) -> Vec<u8> {
    let mut body = vec![130, 0, 0, 0];
    body.extend(response_ms.to_be_bytes());
    body.extend([0; 18]);
    mld(mac, Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1), body)
}

/// A DHCP client looks for a server, from no address to all (RFC 2131, 3.1).
#[must_use]
pub fn dhcp_discover(xid: u32, mac: Mac, id: u16) -> Vec<u8> {
    let ip = Ipv4 { source: Ipv4Addr::UNSPECIFIED, destination: Ipv4Addr::BROADCAST, ttl: 64, id };
    let message = dhcp(Dhcp::Discover, xid, mac, Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED);
    udp_group(mac, &ip, (68, 67), &message)
}

/// Type and group of an IGMP message (RFC 2236, 2; RFC 1112, appendix I).
#[must_use]
pub fn igmp_of(frame: &[u8]) -> Option<(u8, Ipv4Addr)> {
    if frame.get(12..14)? != [0x08, 0x00] || *frame.get(23)? != 2 {
        return None;
    }
    let at = 14 + usize::from(frame.get(14)? & 0x0f) * 4;
    let group = <[u8; 4]>::try_from(frame.get(at + 4..at + 8)?).ok()?;
    Some((*frame.get(at)?, group.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packets::{Igmp, igmp};

    const MAC: Mac = Mac([0x44, 0x65, 0x0d, 1, 2, 3]);

    #[test]
    fn checksums_verify() {
        for frame in [mld_report(MAC, "ff02::fb".parse().expect("an address")), mld_query(MAC, 10_000)] {
            let body = &frame[62..];
            let length = (body.len() as u16).to_be_bytes();
            let pseudo = [&frame[22..54], &[0, 0], &length, &[0, 0, 0, ICMPV6]].concat();
            assert_eq!(checksum(&[&pseudo, body]), 0);
        }
        let advertisement = vrrp_advertisement([10, 0, 0, 2].into(), [10, 0, 0, 1].into(), 7, 100, 1);
        assert_eq!(checksum(&[&advertisement[34..54]]), 0);
        assert_eq!(advertisement[6..12], vrrp_mac(7).0);
    }

    #[test]
    fn what_a_switch_looks_for_is_found() {
        assert!(is_topology_change(&bpdu(MAC, true)) && !is_topology_change(&bpdu(MAC, false)));
        let group = Ipv4Addr::new(239, 1, 2, 3);
        assert_eq!(igmp_of(&igmp(MAC, [10, 0, 0, 1].into(), 1, Igmp::Report(group))), Some((0x16, group)));
        assert_eq!(igmp_of(&igmp(MAC, [10, 0, 0, 1].into(), 1, Igmp::Leave(group))), Some((0x17, group)));
        assert_eq!(igmp_of(&dhcp_discover(1, MAC, 0)), None);
    }
}
