//! Captures of captures: whole Ethernet frames that a mirror port or a probe has packed into UDP or GRE and sent elsewhere.
//! Tells that a frame is one, and how much is in front of the frame inside; does not look into it.

/// Ethernet, IPv4 without options, UDP.
const UDP_HEADERS: usize = 14 + 20 + 8;
/// Ethernet, IPv4 without options.
const IP_HEADERS: usize = 14 + 20;

/// How a frame is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// What it is called.
    pub name: &'static str,
    /// Bytes in front of the frame inside.
    pub header: usize,
}

/// The tunnel that a frame is in, if it has the form of one: IPv4 in untagged Ethernet, as probes send it.
#[must_use]
pub fn of(frame: &[u8]) -> Option<Tunnel> {
    let be16 = |at: usize| Some(u16::from_be_bytes(frame.get(at..at + 2)?.try_into().ok()?));
    if be16(12)? != 0x0800 || *frame.get(14)? != 0x45 {
        return None;
    }
    match *frame.get(23)? {
        17 => match be16(36)? {
            // RFC 7348, 5: the flag that there is a network id.
            4789 | 8472 if frame.get(UDP_HEADERS)? & 0x08 != 0 => named("VXLAN", UDP_HEADERS + 8),
            // RFC 8926, 3.4: Ethernet is inside; options in words of four bytes.
            6081 if be16(UDP_HEADERS + 2)? == 0x6558 => {
                named("Geneve", UDP_HEADERS + 8 + usize::from(frame.get(UDP_HEADERS)? & 0x3f) * 4)
            }
            // TaZmen Sniffer Protocol, version 1, Ethernet inside, no tags but the last.
            37008 if frame.get(UDP_HEADERS..UDP_HEADERS + 5)? == [1, 0, 0, 1, 1] => named("TZSP", UDP_HEADERS + 5),
            _ => None,
        },
        47 => {
            // RFC 2784 and 2890: flags tell of checksum, key and sequence number, four bytes each.
            let flags = be16(IP_HEADERS)?;
            let optional = [0x8000, 0x2000, 0x1000].iter().filter(|flag| flags & **flag != 0).count() * 4;
            match be16(IP_HEADERS + 2)? {
                0x6558 => named("GRE", IP_HEADERS + 4 + optional),
                0x88be => named("ERSPAN", IP_HEADERS + 4 + optional + if flags & 0x1000 != 0 { 8 } else { 0 }),
                0x22eb => named("ERSPAN", IP_HEADERS + 4 + optional + 12),
                _ => None,
            }
        }
        _ => None,
    }
}

const fn named(name: &'static str, header: usize) -> Option<Tunnel> {
    Some(Tunnel { name, header })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(protocol: u8, behind: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; 12];
        frame.extend([8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        frame.extend(behind);
        frame
    }

    fn udp(port: u16, behind: &[u8]) -> Vec<u8> {
        let port = port.to_be_bytes();
        packed(17, &[&[0xc3, 0x50, port[0], port[1], 0, 0, 0, 0], behind].concat())
    }

    #[test]
    fn the_frame_inside_begins_where_its_header_ends() {
        let cases = [
            (udp(4789, &[8, 0, 0, 0, 0, 0, 42, 0]), Some(("VXLAN", 50))),
            (udp(4789, &[0; 8]), None),
            (udp(6081, &[1, 0, 0x65, 0x58, 0, 0, 42, 0, 0, 0, 0, 0]), Some(("Geneve", 54))),
            (udp(37008, &[1, 0, 0, 1, 1]), Some(("TZSP", 47))),
            (udp(1900, b"M-SEARCH"), None),
            (packed(47, &[0, 0, 0x65, 0x58]), Some(("GRE", 38))),
            (packed(47, &[0x20, 0, 0x65, 0x58, 0, 0, 0, 1]), Some(("GRE", 42))),
            (packed(47, &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0, 1, 0, 0, 0, 0]), Some(("ERSPAN", 50))),
            (packed(6, &[0; 20]), None),
        ];
        for (frame, expected) in cases {
            let found = of(&frame).map(|tunnel| (tunnel.name, tunnel.header));
            assert_eq!(found, expected, "{frame:02x?}");
            // Cut anywhere, it is none or the same.
            assert!((0..frame.len()).all(|end| of(&frame[..end]).is_none_or(|cut| Some(cut) == of(&frame))));
        }
    }
}
