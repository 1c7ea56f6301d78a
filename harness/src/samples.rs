//! What a capture holds, as bytes: frames of every kind that the worlds send, and files with them in it, as seeds for
//! fuzzers. Opens no file and no socket.

use crate::scenario::Scenario;
use crate::world::{CapturedFrame, World};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long each world is listened to: storms begin at 15 s, and what is of use to a fuzzer comes in their first seconds.
const LISTENED: Duration = Duration::from_secs(17);
/// Frames kept of a kind, and kinds kept.
const OF_A_KIND: usize = 2;
/// See [`OF_A_KIND`].
const MAX_KINDS: usize = 128;
/// Ports from here on are a client's own, and one as good as the other.
const EPHEMERAL: u8 = 40;
/// Bytes of the longest frame: fuzzers go through short seeds faster.
const MAX_FRAME: usize = 400;
/// Frames in one file.
const IN_A_FILE: usize = 8;

/// Frames of every world, a few of each kind: as told by EtherType, the next header's protocol, and its ports or type.
#[must_use]
pub fn frames() -> Vec<CapturedFrame> {
    let mut kinds = BTreeMap::<Vec<u8>, Vec<CapturedFrame>>::new();
    for name in Scenario::names() {
        let Ok(scenario) = Scenario::builtin(name) else { continue };
        for frame in World::new(&scenario, 1).advance(LISTENED) {
            let kind = kind(&frame.bytes);
            if kinds.len() >= MAX_KINDS && !kinds.contains_key(&kind) {
                continue;
            }
            let known = kinds.entry(kind).or_default();
            if known.len() < OF_A_KIND && frame.bytes.len() <= MAX_FRAME {
                known.push(frame);
            }
        }
    }
    kinds.into_values().flatten().collect()
}

fn kind(frame: &[u8]) -> Vec<u8> {
    let field = |at: usize, length: usize| frame.get(at..at + length).unwrap_or(&[]);
    let (protocol, above) = match field(12, 2) {
        [0x08, 0x00] => (field(23, 1), field(34, 4)),
        [0x86, 0xdd] => (field(20, 1), field(54, 4)),
        _ => (field(20, 2), &[][..]),
    };
    let above = match (protocol, above) {
        ([17], [_, _, high, _]) if *high >= EPHEMERAL => &[],
        ([17], [_, _, port @ ..]) => port,
        (_, above) => above.get(..1).unwrap_or(&[]),
    };
    [field(12, 2), protocol, above].concat()
}

/// One frame each, as the target `frame` reads them: a byte that chooses the link type (0: Ethernet), then the frame; and the
/// same under the two headers that Linux writes for its `any` interface, and without any.
#[must_use]
pub fn single_frames(frames: &[CapturedFrame]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for frame in frames {
        let (ethernet, ethertype) = (&frame.bytes[..], &frame.bytes[12..14]);
        let (source, packet) = (&frame.bytes[6..12], &frame.bytes[14..]);
        all.push([&[0], ethernet].concat());
        // LINUX_SLL: packet type, ARPHRD_ETHER, length of the address, the address in eight bytes, protocol.
        all.push([&[1, 0, 2, 0, 1, 0, 6], source, &[0, 0], ethertype, packet].concat());
        // LINUX_SLL2: protocol, reserved, interface, ARPHRD_ETHER, packet type, length of the address, the address.
        all.push([&[2], ethertype, &[0, 0, 0, 0, 0, 2, 0, 1, 2, 6], source, &[0, 0], packet].concat());
        if ethertype == [8, 0] || ethertype == [0x86, 0xdd] {
            all.push([&[3], packet].concat());
        }
    }
    all
}

/// Several frames each, as the target `tally` reads them: length, pause in units of 8 ms, frame; a length of 0 repeats the frame
/// before, 255 asks for a summary.
#[must_use]
pub fn sequences(frames: &[CapturedFrame]) -> Vec<Vec<u8>> {
    let short = frames.iter().filter(|frame| frame.bytes.len() < 255).collect::<Vec<_>>();
    let sequence = |frames: &[&CapturedFrame]| {
        let mut bytes = Vec::new();
        for frame in frames {
            bytes.extend([frame.bytes.len() as u8, 1]);
            bytes.extend(&frame.bytes[..]);
            // As often as makes a replica of it.
            bytes.extend([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
        }
        bytes.extend([255, 125]);
        bytes
    };
    short.chunks(IN_A_FILE).map(sequence).collect()
}

/// Frames as what an examination hears, and what is in their datagrams, as the target `lan_hearing` reads them.
#[must_use]
pub fn heard(frames: &[CapturedFrame]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for frame in frames {
        all.push(frame.bytes.to_vec());
        match &frame.bytes[12..14] {
            // DHCP and NAT-PMP begin after the headers of IPv4 and UDP, a router advertisement after that of IPv6.
            [0x08, 0x00] => all.extend(frame.bytes.get(42..).map(<[u8]>::to_vec)),
            [0x86, 0xdd] => all.extend(frame.bytes.get(54..).map(<[u8]>::to_vec)),
            _ => {}
        }
    }
    all
}

/// Capture files, as the target `capture_file` reads them: a byte for the size of the window, then pcap in either byte order
/// and with either fraction of a second, or pcapng with a name, statistics and simple packets.
#[must_use]
pub fn captures(frames: &[CapturedFrame]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (number, some) in frames.chunks(IN_A_FILE).enumerate() {
        let file = match number % 4 {
            0 => pcap(some, 0xa1b2_c3d4, 1_000, u32::to_le_bytes),
            1 => pcap(some, 0xa1b2_c3d4, 1_000, u32::to_be_bytes),
            2 => pcap(some, 0xa1b2_3c4d, 1, u32::to_le_bytes),
            _ => pcapng(some),
        };
        all.push([&[63], &file[..]].concat());
    }
    all
}

/// draft-ietf-opsawg-pcap. `unit`: nanoseconds of one unit of the fraction.
fn pcap(frames: &[CapturedFrame], magic: u32, unit: u32, word: fn(u32) -> [u8; 4]) -> Vec<u8> {
    let swapped = word(1) == 1_u32.to_be_bytes();
    let version = if swapped { [0, 2, 0, 4] } else { [2, 0, 4, 0] };
    let mut file = [word(magic), version, [0; 4], [0; 4], word(65_535), word(1)].concat();
    for frame in frames {
        let length = frame.bytes.len() as u32;
        let seconds = 1_700_000_000 + frame.at.as_secs() as u32;
        file.extend([seconds, frame.at.subsec_nanos() / unit, length, length].map(word).concat());
        file.extend(&frame.bytes[..]);
    }
    file
}

/// draft-ietf-opsawg-pcapng: section, interface with a name and nanoseconds, a name for an address, packets, statistics.
fn pcapng(frames: &[CapturedFrame]) -> Vec<u8> {
    fn block(file: &mut Vec<u8>, kind: u32, body: &[u8]) {
        let padding = body.len().next_multiple_of(4) - body.len();
        let length = (12 + body.len() + padding) as u32;
        file.extend([kind, length].map(u32::to_le_bytes).concat());
        file.extend(body);
        file.extend(std::iter::repeat_n(0, padding));
        file.extend(length.to_le_bytes());
    }
    let mut file = Vec::new();
    block(&mut file, 0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat());
    // Options: if_name, if_tsresol (10⁻⁹), end.
    let options = [&[2, 0, 4, 0][..], b"lan0", &[9, 0, 1, 0, 9, 0, 0, 0], &[0; 4]].concat();
    block(&mut file, 1, &[&[1, 0, 0, 0, 0, 0, 0, 0][..], &options].concat());
    block(&mut file, 4, &[&[1, 0, 9, 0, 192, 168, 1, 10][..], b"echo\0", &[0; 3], &[0; 4]].concat());
    for (number, frame) in frames.iter().enumerate() {
        let length = frame.bytes.len() as u32;
        let nanos = 1_700_000_000_000_000_000 + frame.at.as_nanos() as u64;
        let stamp = [(nanos >> 32) as u32, nanos as u32];
        if number % 4 == 3 {
            block(&mut file, 3, &[&length.to_le_bytes()[..], &frame.bytes].concat());
        } else {
            let header = [0, stamp[0], stamp[1], length, length].map(u32::to_le_bytes).concat();
            block(&mut file, 6, &[&header[..], &frame.bytes].concat());
        }
    }
    // isb_ifdrop: seven.
    let dropped = [&[5, 0, 8, 0][..], &7_u64.to_le_bytes(), &[0; 4]].concat();
    block(&mut file, 5, &[&[0; 12][..], &dropped].concat());
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_is_a_frame_of_every_kind_that_matters() {
        let frames = frames();
        let ethertypes = frames.iter().map(|frame| [frame.bytes[12], frame.bytes[13]]).collect::<BTreeSet<_>>();
        for wanted in [[8, 0], [8, 6], [0x86, 0xdd]] {
            assert!(ethertypes.contains(&wanted), "{wanted:x?} of {ethertypes:x?}");
        }
        assert!((20..=OF_A_KIND * MAX_KINDS).contains(&frames.len()), "{}", frames.len());
        assert!(captures(&frames).len() > 2 && sequences(&frames).len() > 2 && heard(&frames).len() > frames.len());
        assert!(single_frames(&frames).iter().all(|one| one.len() <= MAX_FRAME + 16 && one[0] < 4));
    }
}
