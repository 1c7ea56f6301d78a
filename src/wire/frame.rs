//! The in-place header walk of the hot path: one captured frame to the few fields that storms are made of.
//! Allocates nothing, looks at no more than the headers, and does not know what a storm is.

use crate::model::MacAddr;
use crate::model::frames::{FrameMeta, LinkType, Protocol};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// VLAN tags followed before giving up (802.1Q in 802.1ad and two to spare).
const MAX_VLAN_TAGS: usize = 4;
/// IPv6 extension headers followed before giving up; RFC 8200 names six kinds.
const MAX_EXTENSION_HEADERS: usize = 8;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_IPV6: u16 = 0x86dd;

/// Which bytes stand at [`Frame::l3`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum L3 {
    /// An IPv4 packet, header included.
    Ipv4,
    /// An IPv6 packet, header included.
    Ipv6,
    /// An ARP packet.
    Arp,
    /// Anything else: what follows the Ethernet header.
    Other,
}

/// The fields of one frame. Borrows the bytes.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Interface within the source: the pcapng interface, or the index that a Linux `any` capture recorded.
    pub interface: u32,
    /// Source MAC; zero where the link type has none.
    pub source: MacAddr,
    /// The outermost VLAN id, 0 for untagged.
    pub vlan: u16,
    /// Addressed to a group: by MAC, or by IP where an access point rewrote the MAC.
    pub group: bool,
    /// Sent by the capturing host itself (Linux cooked captures say so).
    pub outgoing: bool,
    /// What it carries.
    pub protocol: Protocol,
    /// Source IP, or the sender's protocol address of ARP.
    pub ip: Option<IpAddr>,
    /// Destination IP.
    pub destination_ip: Option<IpAddr>,
    /// TTL or hop limit; 0 without an IP header.
    pub ttl: u8,
    /// IPv4 identification.
    pub ip_id: Option<u16>,
    /// Kind of `l3`.
    pub l3_kind: L3,
    /// The layer-3 packet without Ethernet padding; shorter than the packet where the capture cut it.
    pub l3: &'a [u8],
    /// Offset in `l3` of what follows the IP headers; `l3.len()` at most.
    pub payload_offset: usize,
}

/// Why a frame could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{layer} header at byte {offset}: {reason}")]
pub struct FrameError {
    /// Which header.
    pub layer: &'static str,
    /// Where it begins in the frame.
    pub offset: usize,
    /// What is wrong.
    pub reason: &'static str,
}

const fn short(layer: &'static str, offset: usize) -> FrameError {
    FrameError { layer, offset, reason: "the frame ends inside it" }
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn mac_at(bytes: &[u8], at: usize) -> Option<MacAddr> {
    Some(MacAddr(bytes.get(at..at + 6)?.try_into().ok()?))
}

fn ipv4_at(bytes: &[u8], at: usize) -> Option<Ipv4Addr> {
    Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(at..at + 4)?).ok()?))
}

/// The same for what most frames are, apart for speed and in the middle of the hot path: IPv4 without options, in Ethernet
/// without a tag. What is read stays in registers, where handing a frame over by memory costs as much as reading it. `None`:
/// it is another, or broken, and to be [parsed](parse).
#[inline(always)]
pub(crate) fn plain_ipv4<'a>(meta: &FrameMeta, bytes: &'a [u8]) -> Option<Frame<'a>> {
    const HEAD: usize = 14 + IPV4_HEADER;
    let head = bytes.first_chunk::<HEAD>().filter(|_| meta.link == LinkType::Ethernet)?;
    let &[d0, _, _, _, _, _, s0, s1, s2, s3, s4, s5, e0, e1, first, _, t0, t1, ref rest @ ..] = head;
    let &[i0, i1, f0, f1, ttl, next, _, _, a, b, c, d, e, f, g, h] = rest;
    let total = usize::from(u16::from_be_bytes([t0, t1]));
    if u16::from_be_bytes([e0, e1]) != ETHERTYPE_IPV4 || first != 0x45 || total < IPV4_HEADER {
        return None;
    }
    let packet = &bytes[14..];
    let packet = &packet[..total.min(packet.len())];
    let (source, destination) = (Ipv4Addr::new(a, b, c, d), Ipv4Addr::new(e, f, g, h));
    let fragment = u16::from_be_bytes([f0, f1]) & 0x1fff;
    Some(Frame {
        interface: u32::from(meta.interface),
        source: MacAddr([s0, s1, s2, s3, s4, s5]),
        vlan: meta.vlan.unwrap_or(0),
        group: d0 & 1 != 0 || destination.is_multicast() || destination.is_broadcast(),
        outgoing: false,
        protocol: ipv4_protocol(next, fragment, packet, IPV4_HEADER),
        ip: Some(IpAddr::V4(source)),
        destination_ip: Some(IpAddr::V4(destination)),
        ttl,
        ip_id: Some(u16::from_be_bytes([i0, i1])),
        l3_kind: L3::Ipv4,
        l3: packet,
        payload_offset: IPV4_HEADER,
    })
}

/// Reads one frame. Total: any bytes give a frame or an error that says where it broke.
///
/// # Errors
/// A header that is cut short or contradicts itself, or a link type that is not read.
pub fn parse<'a>(meta: &FrameMeta, bytes: &'a [u8]) -> Result<Frame<'a>, FrameError> {
    let mut frame = Frame {
        interface: u32::from(meta.interface),
        source: MacAddr::ZERO,
        vlan: meta.vlan.unwrap_or(0),
        group: false,
        outgoing: false,
        protocol: Protocol::Other,
        ip: None,
        destination_ip: None,
        ttl: 0,
        ip_id: None,
        l3_kind: L3::Other,
        l3: &[],
        payload_offset: 0,
    };
    let (ethertype, offset) = match meta.link {
        LinkType::Ethernet => ethernet(&mut frame, bytes)?,
        LinkType::LinuxSll => cooked(&mut frame, bytes)?,
        LinkType::LinuxSll2 => cooked2(&mut frame, bytes)?,
        LinkType::RawIp => match bytes.first().map(|b| b >> 4) {
            Some(4) => (ETHERTYPE_IPV4, 0),
            Some(6) => (ETHERTYPE_IPV6, 0),
            _ => return Err(FrameError { layer: "IP", offset: 0, reason: "neither version 4 nor 6" }),
        },
        LinkType::Other(_) => {
            return Err(FrameError { layer: "link", offset: 0, reason: "a link type that is not read" });
        }
    };
    let (ethertype, offset) = vlan_tags(&mut frame, bytes, ethertype, offset)?;
    let rest = bytes.get(offset..).unwrap_or(&[]);
    frame.l3 = rest;
    frame.payload_offset = rest.len();
    match ethertype {
        ETHERTYPE_IPV4 => ipv4(&mut frame, rest, offset)?,
        ETHERTYPE_IPV6 => ipv6(&mut frame, rest, offset)?,
        ETHERTYPE_ARP => arp(&mut frame, rest, offset)?,
        0x8863 | 0x8864 => frame.protocol = Protocol::Pppoe,
        0x8808 => frame.protocol = Protocol::Pause,
        // IEEE 802.3 length instead of an EtherType: 802.2 LLC. 0x42 is the bridge spanning tree's address.
        length @ 0..=1500 => {
            frame.l3 = rest.get(..usize::from(length)).unwrap_or(rest);
            frame.payload_offset = frame.l3.len();
            if rest.first() == Some(&0x42) {
                frame.protocol = Protocol::Stp;
            }
        }
        _ => {}
    }
    Ok(frame)
}

#[inline]
fn ethernet(frame: &mut Frame<'_>, bytes: &[u8]) -> Result<(u16, usize), FrameError> {
    let Some(&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, high, low]) = bytes.first_chunk() else {
        return Err(short("Ethernet", 0));
    };
    frame.group = MacAddr([d0, d1, d2, d3, d4, d5]).is_group();
    frame.source = MacAddr([s0, s1, s2, s3, s4, s5]);
    Ok((u16::from_be_bytes([high, low]), 14))
}

/// Packet types of `AF_PACKET` (packet(7)) as cooked captures record them.
fn packet_type(frame: &mut Frame<'_>, kind: u16) {
    frame.group = matches!(kind, 1 | 2);
    frame.outgoing = kind == 4;
}

fn cooked(frame: &mut Frame<'_>, bytes: &[u8]) -> Result<(u16, usize), FrameError> {
    let (Some(kind), Some(length), Some(source), Some(ethertype)) =
        (be16(bytes, 0), be16(bytes, 4), mac_at(bytes, 6), be16(bytes, 14))
    else {
        return Err(short("Linux cooked", 0));
    };
    packet_type(frame, kind);
    if length == 6 {
        frame.source = source;
    }
    Ok((ethertype, 16))
}

fn cooked2(frame: &mut Frame<'_>, bytes: &[u8]) -> Result<(u16, usize), FrameError> {
    let (Some(ethertype), Some(high), Some(low), Some(&kind), Some(&length), Some(source)) =
        (be16(bytes, 0), be16(bytes, 4), be16(bytes, 6), bytes.get(10), bytes.get(11), mac_at(bytes, 12))
    else {
        return Err(short("Linux cooked v2", 0));
    };
    if bytes.len() < 20 {
        return Err(short("Linux cooked v2", 0));
    }
    packet_type(frame, u16::from(kind));
    frame.interface = u32::from(high) << 16 | u32::from(low);
    if length == 6 {
        frame.source = source;
    }
    Ok((ethertype, 20))
}

#[inline]
fn vlan_tags(
    frame: &mut Frame<'_>,
    bytes: &[u8],
    mut ethertype: u16,
    mut offset: usize,
) -> Result<(u16, usize), FrameError> {
    for _ in 0..MAX_VLAN_TAGS {
        if !matches!(ethertype, 0x8100 | 0x88a8 | 0x9100) {
            return Ok((ethertype, offset));
        }
        let (Some(tag), Some(inner)) = (be16(bytes, offset), be16(bytes, offset + 2)) else {
            return Err(short("VLAN", offset));
        };
        if frame.vlan == 0 {
            frame.vlan = tag & 0x0fff;
        }
        ethertype = inner;
        offset += 4;
    }
    Ok((ethertype, offset))
}

/// Bytes of an IPv4 header without options.
const IPV4_HEADER: usize = 20;
/// Bytes of an IPv6 header.
const IPV6_HEADER: usize = 40;

#[inline]
fn ipv4<'a>(frame: &mut Frame<'a>, packet: &'a [u8], offset: usize) -> Result<(), FrameError> {
    let Some(bytes) = packet.first_chunk::<IPV4_HEADER>() else { return Err(short("IPv4", offset)) };
    let &[first, _, t0, t1, i0, i1, f0, f1, ttl, next, _, _, a, b, c, d, e, f, g, h] = bytes;
    let (total, fragment) = (u16::from_be_bytes([t0, t1]), u16::from_be_bytes([f0, f1]));
    let (source, destination) = (Ipv4Addr::new(a, b, c, d), Ipv4Addr::new(e, f, g, h));
    let header = usize::from(first & 0x0f) * 4;
    // Total length 0 is what segmentation offload leaves in captures of the sending host: take what is there.
    let total = if total == 0 { packet.len() } else { usize::from(total) };
    if first >> 4 != 4 || header < 20 || total < header {
        return Err(FrameError { layer: "IPv4", offset, reason: "version or lengths contradict each other" });
    }
    let packet = packet.get(..total).unwrap_or(packet);
    frame.l3_kind = L3::Ipv4;
    frame.l3 = packet;
    frame.payload_offset = header.min(packet.len());
    frame.ip = Some(source.into());
    frame.destination_ip = Some(destination.into());
    frame.ttl = ttl;
    frame.ip_id = Some(u16::from_be_bytes([i0, i1]));
    frame.group |= destination.is_multicast() || destination.is_broadcast();
    frame.protocol = ipv4_protocol(next, fragment & 0x1fff, packet, frame.payload_offset);
    Ok(())
}

/// `fragment`: its offset. Only the first one has ports.
#[inline(always)]
fn ipv4_protocol(next: u8, fragment: u16, packet: &[u8], payload_offset: usize) -> Protocol {
    match next {
        2 => Protocol::Igmp,
        17 if fragment == 0 => udp(packet, payload_offset),
        17 => Protocol::OtherUdp,
        _ => Protocol::OtherIp,
    }
}

fn ipv6<'a>(frame: &mut Frame<'a>, packet: &'a [u8], offset: usize) -> Result<(), FrameError> {
    let Some(&[first, _, _, _, l0, l1, next, hops, ref addresses @ ..]) = packet.first_chunk::<IPV6_HEADER>() else {
        return Err(short("IPv6", offset));
    };
    let (length, addresses) = (u16::from_be_bytes([l0, l1]), addresses.as_chunks::<16>().0);
    let [source, destination] = [addresses[0], addresses[1]].map(Ipv6Addr::from);
    if first >> 4 != 6 {
        return Err(FrameError { layer: "IPv6", offset, reason: "its version is not 6" });
    }
    let packet = packet.get(..IPV6_HEADER + usize::from(length)).unwrap_or(packet);
    frame.l3_kind = L3::Ipv6;
    frame.l3 = packet;
    frame.ip = Some(source.into());
    frame.destination_ip = Some(destination.into());
    frame.ttl = hops;
    frame.group |= destination.is_multicast();
    let (mut next, mut at) = (next, IPV6_HEADER);
    for _ in 0..MAX_EXTENSION_HEADERS {
        // Hop-by-hop, routing, destination options, mobility: all begin with next header and length (RFC 8200, 4).
        if !matches!(next, 0 | 43 | 60 | 135) {
            break;
        }
        let (Some(&following), Some(&units)) = (packet.get(at), packet.get(at + 1)) else { break };
        next = following;
        at += (usize::from(units) + 1) * 8;
    }
    frame.payload_offset = at.min(packet.len());
    frame.protocol = match next {
        17 => udp(packet, at),
        58 => match packet.get(at) {
            Some(130..=132 | 143) => Protocol::Mld,
            Some(133..=137) => Protocol::Nd,
            _ => Protocol::OtherIp,
        },
        _ => Protocol::OtherIp,
    };
    Ok(())
}

#[inline]
fn udp(packet: &[u8], at: usize) -> Protocol {
    let ports = packet.get(at..).and_then(|datagram| datagram.first_chunk());
    let Some(&[s0, s1, d0, d1]) = ports else { return Protocol::OtherUdp };
    let (source, destination) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
    let known = |port| match port {
        1900 => Some(Protocol::Ssdp),
        5353 => Some(Protocol::Mdns),
        5355 => Some(Protocol::Llmnr),
        3702 => Some(Protocol::WsDiscovery),
        137 | 138 => Some(Protocol::Netbios),
        67 | 68 | 546 | 547 => Some(Protocol::Dhcp),
        _ => None,
    };
    known(destination).or_else(|| known(source)).unwrap_or(Protocol::OtherUdp)
}

fn arp<'a>(frame: &mut Frame<'a>, packet: &'a [u8], offset: usize) -> Result<(), FrameError> {
    if packet.len() < 8 {
        return Err(short("ARP", offset));
    }
    frame.protocol = Protocol::Arp;
    frame.l3_kind = L3::Arp;
    // RFC 826 for Ethernet and IPv4: 28 bytes; what follows is padding.
    if packet.get(..6) == Some(&[0, 1, 8, 0, 6, 4]) {
        let packet = packet.get(..28).ok_or(short("ARP", offset))?;
        frame.l3 = packet;
        frame.payload_offset = packet.len();
        frame.ip = ipv4_at(packet, 14).map(IpAddr::from);
        frame.destination_ip = ipv4_at(packet, 24).map(IpAddr::from);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;
    use crate::wire::digest::Secret;
    use etherparse::PacketBuilder;

    fn meta(link: LinkType) -> FrameMeta {
        FrameMeta { at: Time::from_secs(0), number: 1, interface: 0, link, vlan: None, original_len: 0 }
    }

    fn search(ttl: u8) -> Vec<u8> {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [1, 0, 0x5e, 0x7f, 0xff, 0xfa])
            .ipv4([192, 168, 1, 10], [239, 255, 255, 250], ttl)
            .udp(50_000, 1900)
            .write(&mut bytes, b"M-SEARCH * HTTP/1.1\r\n\r\n")
            .expect("writing to a vector");
        bytes
    }

    #[test]
    fn reads_what_etherparse_wrote() {
        let bytes = search(4);
        let frame = parse(&meta(LinkType::Ethernet), &bytes).expect("a good frame");
        assert_eq!(frame.protocol, Protocol::Ssdp);
        assert_eq!(frame.ip, Some([192, 168, 1, 10].into()));
        assert_eq!(frame.destination_ip, Some([239, 255, 255, 250].into()));
        assert_eq!((frame.ttl, frame.group), (4, true));
        assert_eq!(&frame.l3[frame.payload_offset + 8..], b"M-SEARCH * HTTP/1.1\r\n\r\n");
    }

    #[test]
    fn a_replica_differs_in_ttl_and_checksum_alone() {
        let (one, two) = (search(4), search(3));
        let hash =
            |bytes: &[u8]| parse(&meta(LinkType::Ethernet), bytes).expect("a good frame").replica_hash(&Secret::new(7));
        assert_ne!(one, two);
        assert_eq!(hash(&one), hash(&two));
        let mut other = search(4);
        *other.last_mut().expect("not empty") ^= 1;
        assert_ne!(hash(&one), hash(&other));
        let mut padded = search(4);
        padded.extend([0; 9]);
        assert_eq!(hash(&one), hash(&padded), "Ethernet padding is not part of the datagram");
    }

    #[test]
    fn vlan_tags_are_stripped_and_remembered() {
        let mut bytes = search(4);
        bytes.splice(12..12, [0x88, 0xa8, 0, 100, 0x81, 0, 0, 7]);
        let frame = parse(&meta(LinkType::Ethernet), &bytes).expect("a good frame");
        assert_eq!((frame.vlan, frame.protocol), (100, Protocol::Ssdp));
    }

    #[test]
    fn mld_behind_hop_by_hop_is_seen() {
        let mut bytes = vec![0x33, 0x33, 0, 0, 0, 0x16, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 16, 0, 1];
        bytes.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        bytes.extend([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x16]);
        bytes.extend([58, 0, 5, 2, 0, 0, 1, 0, 143, 0, 0, 0, 0, 0, 0, 0]);
        let frame = parse(&meta(LinkType::Ethernet), &bytes).expect("a good frame");
        assert_eq!(frame.protocol, Protocol::Mld);
    }

    #[test]
    fn cut_frames_name_the_header() {
        let bytes = search(4);
        for length in 0..34 {
            let error = parse(&meta(LinkType::Ethernet), &bytes[..length]).expect_err("too short");
            assert_eq!(error.layer, if length < 14 { "Ethernet" } else { "IPv4" }, "{length} bytes");
        }
        assert!(parse(&meta(LinkType::Ethernet), &bytes[..34]).is_ok(), "ports are optional");
    }

    /// The oracle: wherever etherparse reads addresses and TTL, so do we, and the same.
    #[test]
    fn agrees_with_etherparse_on_mutations() {
        let mut random = 0x1234_5678_9abc_def1_u64;
        let mut step = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random as usize
        };
        let (mut compared, mut plainly) = (0, 0);
        for _ in 0..200_000 {
            let mut bytes = search(4);
            for _ in 0..1 + step() % 4 {
                let at = step() % bytes.len();
                bytes[at] = step() as u8;
            }
            bytes.truncate(bytes.len() - step() % 12);
            for link in [LinkType::Ethernet, LinkType::LinuxSll, LinkType::LinuxSll2, LinkType::RawIp] {
                let ours = parse(&meta(link), &bytes);
                if let Some(plain) = plain_ipv4(&meta(link), &bytes) {
                    plainly += 1;
                    assert_eq!(format!("{ours:?}"), format!("Ok({plain:?})"));
                }
                if let (LinkType::Ethernet, Ok(ours)) = (link, ours)
                    && let Ok(theirs) = etherparse::LaxSlicedPacket::from_ethernet(&bytes)
                    && let Some(etherparse::LaxNetSlice::Ipv4(ip)) = theirs.net
                {
                    compared += 1;
                    assert_eq!(ours.ip, Some(ip.header().source_addr().into()));
                    assert_eq!(ours.ttl, ip.header().ttl());
                    assert_eq!(ours.destination_ip, Some(ip.header().destination_addr().into()));
                }
                let _ = ours.map(|frame| frame.replica_hash(&Secret::new(1)));
            }
        }
        assert!(compared > 100_000 && plainly > 50_000, "the oracle must have a say, it had {compared}");
    }
}
