//! Classic BPF programs (bpf(4) numbering, Linux socket filters) that let the kernel leave out what we would not
//! count. Plain data: attaches nothing.

use std::net::IpAddr;

/// Bytes kept of a frame. Group datagrams are small; replicas of a jumbo frame are still told apart by their first
/// 2 KiB, and a block of the ring holds any number of frames of this size.
pub(in crate::io) const SNAPLEN: u32 = 2048;

/// One instruction: code, jump if true, jump if false (both relative to the next one), operand.
pub(in crate::io) type Instruction = (u16, u8, u8, u32);

const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF_INDEXED: u16 = 0x48;
/// X = 4 × (low nibble of the byte): the length of an IPv4 header.
const LOAD_IP_HEADER_LENGTH: u16 = 0xb1;
const IF_EQUAL: u16 = 0x15;
const IF_GREATER: u16 = 0x25;
const IF_AT_LEAST: u16 = 0x35;
const IF_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

// Offsets from the destination MAC on. The kernel has taken a VLAN tag out before it gets here.
const ETHERTYPE: u32 = 12;
const IPV4_FRAGMENT: u32 = 20;
const IPV4_PROTOCOL: u32 = 23;
const IPV4_DESTINATION: u32 = 30;
const IPV6_NEXT_HEADER: u32 = 20;
const IPV6_HOP_LIMIT: u32 = 21;
const IPV6_DESTINATION: u32 = 38;
const IPV6_PAYLOAD: u32 = 54;
const ARP_SENDER_IP: u32 = 28;
const ADVERTISEMENT_TARGET: u32 = 62;

/// What the capture needs: everything addressed to a group (by MAC, or by IP where an access point rewrote the MAC),
/// all ARP, and of unicast only what tells owners: neighbour discovery and the answers of DHCP servers. Other unicast
/// would tell owners too, but is the bulk of a host's traffic, and costs 80 to 250 ns a frame.
pub(in crate::io) const CAPTURE: [Instruction; 26] = [
    (LOAD_BYTE, 0, 0, 0),
    (IF_BIT, 22, 0, 1), // the group bit of the destination: accept
    (LOAD_HALF, 0, 0, ETHERTYPE),
    (IF_EQUAL, 20, 0, 0x0806), // accept
    (IF_EQUAL, 1, 0, 0x0800),
    (IF_EQUAL, 9, 19, 0x86dd), // IPv6 below, anything else: drop
    // IPv4: 224.0.0.0 and up are groups and broadcast.
    (LOAD_BYTE, 0, 0, IPV4_DESTINATION),
    (IF_AT_LEAST, 16, 0, 224),
    (LOAD_BYTE, 0, 0, IPV4_PROTOCOL),
    (IF_EQUAL, 0, 15, 17), // UDP
    (LOAD_HALF, 0, 0, IPV4_FRAGMENT),
    (IF_BIT, 13, 0, 0x1fff), // a later fragment has no ports
    (LOAD_IP_HEADER_LENGTH, 0, 0, 14),
    (LOAD_HALF_INDEXED, 0, 0, 14),
    (IF_EQUAL, 9, 10, 67), // from a DHCP server
    // IPv6: ff00::/8 are groups.
    (LOAD_BYTE, 0, 0, IPV6_DESTINATION),
    (IF_EQUAL, 7, 0, 0xff),
    (LOAD_BYTE, 0, 0, IPV6_NEXT_HEADER),
    (IF_EQUAL, 0, 6, 58), // ICMPv6
    (LOAD_BYTE, 0, 0, IPV6_HOP_LIMIT),
    (IF_EQUAL, 0, 4, 255), // no router passed it on
    (LOAD_BYTE, 0, 0, IPV6_PAYLOAD),
    (IF_AT_LEAST, 0, 2, 133), // router and neighbour solicitation and advertisement: 133 to 136
    (IF_GREATER, 1, 0, 136),
    (RETURN, 0, 0, SNAPLEN),
    (RETURN, 0, 0, 0),
];

/// Nothing: for a socket that only sends.
pub(in crate::io) const NOTHING: [Instruction; 1] = [(RETURN, 0, 0, 0)];

/// Only what says who owns `ip`: ARP whose sender it is, or neighbour advertisements for it.
pub(in crate::io) fn owner_of(ip: IpAddr) -> Vec<Instruction> {
    let conditions = match ip {
        // RFC 826: Ethernet, IPv4, address lengths 6 and 4.
        IpAddr::V4(ip) => vec![
            (LOAD_HALF, ETHERTYPE, 0x0806),
            (LOAD_WORD, 14, 0x0001_0800),
            (LOAD_HALF, 18, 0x0604),
            (LOAD_WORD, ARP_SENDER_IP, u32::from(ip)),
        ],
        IpAddr::V6(ip) => {
            let mut conditions = vec![
                (LOAD_HALF, ETHERTYPE, 0x86dd),
                (LOAD_BYTE, IPV6_NEXT_HEADER, 58),
                (LOAD_BYTE, IPV6_HOP_LIMIT, 255),
                (LOAD_BYTE, IPV6_PAYLOAD, 136),
            ];
            for (at, word) in (ADVERTISEMENT_TARGET..).step_by(4).zip(ip.octets().as_chunks().0) {
                conditions.push((LOAD_WORD, at, u32::from_be_bytes(*word)));
            }
            conditions
        }
    };
    let drop = 2 * conditions.len() + 1;
    let mut program = Vec::with_capacity(drop + 1);
    for (code, offset, value) in conditions {
        program.push((code, 0, 0, offset));
        // At most eight conditions, so that the distance fits a byte.
        let distance = (drop - program.len() - 1) as u8;
        program.push((IF_EQUAL, 0, distance, value));
    }
    program.extend([(RETURN, 0, 0, SNAPLEN), (RETURN, 0, 0, 0)]);
    program
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;

    /// The kernel's interpreter for the instructions used here: bytes kept of `frame`, 0 to drop it.
    fn kept(program: &[Instruction], frame: &[u8]) -> u32 {
        let load = |at: u32, size: usize| {
            let bytes = frame.get(at as usize..at as usize + size)?;
            Some(bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
        };
        let (mut at, mut a, mut x) = (0, 0, 0);
        loop {
            let (code, yes, no, k) = program[at];
            at += 1;
            let mut jump = |condition| at += usize::from(if condition { yes } else { no });
            let loaded = match code {
                LOAD_WORD => load(k, 4),
                LOAD_HALF => load(k, 2),
                LOAD_BYTE => load(k, 1),
                LOAD_HALF_INDEXED => load(x + k, 2),
                LOAD_IP_HEADER_LENGTH => match load(k, 1) {
                    Some(byte) => {
                        x = 4 * (byte & 15);
                        Some(a)
                    }
                    None => None,
                },
                RETURN => return k,
                _ => {
                    match code {
                        IF_EQUAL => jump(a == k),
                        IF_GREATER => jump(a > k),
                        IF_AT_LEAST => jump(a >= k),
                        IF_BIT => jump(a & k != 0),
                        other => panic!("instruction {other:#x} is not known"),
                    }
                    continue;
                }
            };
            // A load beyond the end ends the program: the frame is dropped.
            match loaded {
                Some(value) => a = value,
                None => return 0,
            }
        }
    }

    const UNICAST: [u8; 6] = [2, 0, 0, 0, 0, 2];
    const GROUP: [u8; 6] = [1, 0, 0x5e, 0x7f, 0xff, 0xfa];

    fn udp4(mac: [u8; 6], to: [u8; 4], ports: (u16, u16)) -> Vec<u8> {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], mac)
            .ipv4([192, 168, 1, 10], to, 64)
            .udp(ports.0, ports.1)
            .write(&mut bytes, b"hello")
            .expect("writing to a vector");
        bytes
    }

    fn icmp6(mac: [u8; 6], to: [u8; 16], hops: u8, kind: u8, target: [u8; 16]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut body = vec![0; 4];
        body.extend(target);
        PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], mac)
            .ipv6([0xfe; 16], to, hops)
            .icmpv6_raw(kind, 0, [0; 4])
            .write(&mut bytes, &body[4..])
            .expect("writing to a vector");
        bytes
    }

    fn arp(mac: [u8; 6], sender: [u8; 4]) -> Vec<u8> {
        let mut bytes = mac.to_vec();
        bytes.extend([2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 1]);
        bytes.extend(sender);
        bytes.extend([0; 10]);
        bytes
    }

    #[test]
    fn the_capture_sees_groups_and_owners() {
        let mut fragment = udp4(UNICAST, [192, 168, 1, 2], (67, 68));
        fragment[21] = 1;
        let cases = [
            ("multicast", udp4(GROUP, [239, 255, 255, 250], (50_000, 1900)), true),
            ("broadcast", udp4([255; 6], [192, 168, 1, 255], (137, 137)), true),
            ("STP, shorter than IP", [&[1, 0x80, 0xc2, 0, 0, 0][..], &[0; 10]].concat(), true),
            ("multicast to a rewritten MAC", udp4(UNICAST, [239, 255, 255, 250], (50_000, 1900)), true),
            ("broadcast to a rewritten MAC", udp4(UNICAST, [255; 4], (68, 67)), true),
            ("unicast ARP", arp(UNICAST, [192, 168, 1, 10]), true),
            ("unicast from a DHCP server", udp4(UNICAST, [192, 168, 1, 2], (67, 68)), true),
            ("a fragment that looks like it", fragment, false),
            ("unicast UDP", udp4(UNICAST, [192, 168, 1, 2], (5000, 5001)), false),
            ("unicast QUIC to port 67", udp4(UNICAST, [192, 168, 1, 2], (443, 67)), false),
            ("IPv6 multicast", icmp6([0x33; 6], [0xff; 16], 1, 131, [0; 16]), true),
            ("IPv6 multicast to a rewritten MAC", icmp6(UNICAST, [0xff; 16], 1, 131, [0; 16]), true),
            ("unicast advertisement", icmp6(UNICAST, [0x20; 16], 255, 136, [0x20; 16]), true),
            ("unicast solicitation", icmp6(UNICAST, [0x20; 16], 255, 133, [0x20; 16]), true),
            ("routed advertisement", icmp6(UNICAST, [0x20; 16], 254, 136, [0x20; 16]), false),
            ("echo", icmp6(UNICAST, [0x20; 16], 255, 129, [0x20; 16]), false),
            ("redirect", icmp6(UNICAST, [0x20; 16], 255, 137, [0x20; 16]), false),
            ("unicast of another EtherType", [&UNICAST[..], &[2; 6], &[0x88, 0x64], &[0; 40]].concat(), false),
            ("cut short", udp4(UNICAST, [192, 168, 1, 2], (67, 68))[..34].to_vec(), false),
        ];
        for (name, frame, wanted) in cases {
            assert_eq!(kept(&CAPTURE, &frame) == SNAPLEN, wanted, "{name}");
        }
    }

    #[test]
    fn an_answer_is_about_the_address_asked_for() {
        let four = owner_of([192, 168, 1, 10].into());
        assert_eq!(kept(&four, &arp(UNICAST, [192, 168, 1, 10])), SNAPLEN);
        assert_eq!(kept(&four, &arp(UNICAST, [192, 168, 1, 11])), 0);
        let mut six = [0x20; 16];
        let program = owner_of(six.into());
        assert_eq!(kept(&program, &icmp6(UNICAST, [0x20; 16], 255, 136, six)), SNAPLEN);
        assert_eq!(kept(&program, &icmp6(UNICAST, [0x20; 16], 255, 135, six)), 0);
        for byte in 0..16 {
            six[byte] ^= 1;
            assert_eq!(kept(&program, &icmp6(UNICAST, [0x20; 16], 255, 136, six)), 0, "byte {byte}");
            six[byte] ^= 1;
        }
    }
}
