//! Captures written by hand, read back: good, cut, swapped, damaged and hostile ones.

use super::*;

/// Frames of a file and how it ends, read through windows of `step` more bytes at a time: the same whether records at the
/// front are asked for first or not.
fn read(file: &[u8], step: usize) -> (Vec<(FrameMeta, Vec<u8>)>, Option<Damage>) {
    let found = read_by(file, step, false);
    assert_eq!(found, read_by(file, step, true));
    found
}

/// `records`: asks for a record at the front first.
fn read_by(file: &[u8], step: usize, records: bool) -> (Vec<(FrameMeta, Vec<u8>)>, Option<Damage>) {
    let mut reader = Reader::default();
    let (mut start, mut end) = (0, step.min(file.len()));
    let mut frames = Vec::new();
    loop {
        let front = Some(&file[start..end]).filter(|_| records).and_then(|rest| reader.record(rest));
        if let Some(Record { meta, bytes, length }) = front {
            frames.push((meta, file[start..end][bytes].to_vec()));
            start += length;
            continue;
        }
        match reader.step(&file[start..end]) {
            Step::Frame { meta, bytes, consumed } => {
                frames.push((meta, file[start..end][bytes].to_vec()));
                start += consumed;
            }
            Step::More { consumed, wanted } => {
                assert!(wanted <= MAX_WANTED && wanted > end - start - consumed, "asks for no more than it has");
                start += consumed;
                if end == file.len() {
                    return (frames, reader.finish(&file[start..], wanted));
                }
                end = (end + step).min(file.len());
            }
            Step::Damaged(damage) => return (frames, Some(damage)),
        }
        assert!(start <= end);
    }
}

#[derive(Clone, Copy)]
struct Bytes {
    big: bool,
}

impl Bytes {
    fn u16(self, n: u16) -> [u8; 2] {
        if self.big { n.to_be_bytes() } else { n.to_le_bytes() }
    }
    fn u32(self, n: u32) -> [u8; 4] {
        if self.big { n.to_be_bytes() } else { n.to_le_bytes() }
    }
    fn u64(self, n: u64) -> [u8; 8] {
        if self.big { n.to_be_bytes() } else { n.to_le_bytes() }
    }

    fn pcap(self, magic: u32, extra: usize, frames: &[(u32, u32, &[u8])]) -> Vec<u8> {
        let mut file = [&self.u32(magic)[..], &self.u16(2), &self.u16(4), &[0; 8]].concat();
        file.extend([self.u32(65_535), self.u32(1)].concat());
        for (seconds, fraction, bytes) in frames {
            let length = bytes.len() as u32;
            file.extend([self.u32(*seconds), self.u32(*fraction), self.u32(length), self.u32(length + 7)].concat());
            file.extend(vec![0; extra]);
            file.extend(*bytes);
        }
        file
    }

    fn block(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let mut padded = body.to_vec();
        padded.resize(body.len().next_multiple_of(4), 0);
        let length = self.u32(padded.len() as u32 + 12);
        [&self.u32(kind)[..], &length, &padded, &length].concat()
    }

    fn section(self) -> Vec<u8> {
        self.block(0x0a0d_0d0a, &[&self.u32(0x1a2b_3c4d)[..], &self.u16(1), &self.u16(0), &[0xff; 8]].concat())
    }

    fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
        let mut option = [&self.u16(code)[..], &self.u16(value.len() as u16), value].concat();
        option.resize(option.len().next_multiple_of(4), 0);
        option
    }

    fn interface(self, link: u16, snaplen: u32, options: &[Vec<u8>]) -> Vec<u8> {
        self.block(1, &[&self.u16(link)[..], &[0, 0], &self.u32(snaplen), &options.concat()].concat())
    }

    fn enhanced(self, interface: u32, ticks: u64, frame: &[u8], options: &[Vec<u8>]) -> Vec<u8> {
        let mut body = [self.u32(interface), self.u32((ticks >> 32) as u32), self.u32(ticks as u32)].concat();
        body.extend([self.u32(frame.len() as u32), self.u32(frame.len() as u32)].concat());
        body.extend(frame);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(options.concat());
        self.block(6, &body)
    }
}

const BOTH: [Bytes; 2] = [Bytes { big: false }, Bytes { big: true }];

#[test]
fn pcap_in_every_variant() {
    let frames: [(u32, u32, &[u8]); 2] = [(1_700_000_000, 123_456, b"first frame"), (1_700_000_001, 5, b"")];
    for bytes in BOTH {
        for (magic, extra, unit) in [(0xa1b2_c3d4, 0, 1_000), (0xa1b2_3c4d, 0, 1), (0xa1b2_cd34, 8, 1_000)] {
            let file = bytes.pcap(magic, extra, &frames);
            for step in [1, 7, 1 << 20] {
                let (found, damage) = read(&file, step);
                assert_eq!(damage, None);
                assert_eq!(found.len(), 2);
                assert_eq!(found[0].1, b"first frame");
                assert_eq!(found[0].0.at, Time::from_nanos(1_700_000_000_000_000_000 + 123_456 * unit));
                assert_eq!((found[1].0.number, found[1].0.link), (2, LinkType::Ethernet));
                assert_eq!(found[0].0.original_len, 18, "the length on the wire, not the captured one");
            }
        }
    }
}

#[test]
fn the_frame_check_bits_are_not_the_link_type() {
    let mut file = BOTH[0].pcap(0xa1b2_c3d4, 0, &[(1, 1, b"x")]);
    file[23] = 0x24;
    assert_eq!(read(&file, 100).0[0].0.link, LinkType::Ethernet);
}

#[test]
fn pcapng_sections_interfaces_and_units() {
    for (one, other) in [(BOTH[0], BOTH[1]), (BOTH[1], BOTH[0])] {
        let file = [
            one.section(),
            one.interface(1, 0, &[one.option(2, b"eth0"), one.option(9, &[9])]),
            one.interface(276, 0, &[one.option(9, &[0x80 | 10]), one.option(14, &one.u64(100)), one.option(0, &[])]),
            one.block(0x0bad_cafe, b"of a kind that nobody knows"),
            one.enhanced(0, 1_700_000_000_000_000_001, b"nanoseconds", &[one.option(1, b"a comment")]),
            one.enhanced(1, 1024 * 7 + 512, b"binary", &[]),
            other.section(),
            other.interface(1, 4, &[other.option(9, &[12])]),
            other.enhanced(0, 5_000, b"picoseconds", &[]),
            other.block(3, &[&other.u32(9)[..], b"simp"].concat()),
            // Interface 0, 3 drops, then as in an enhanced block.
            other.block(
                2,
                &[&other.u16(0)[..], &other.u16(3), &[0; 4], &other.u32(9_000), &other.u32(3), &other.u32(3), b"old"]
                    .concat(),
            ),
            other.enhanced(7, 1, b"of nobody", &[]),
            other.block(5, &[&other.u32(0)[..], &[0; 8], &other.option(5, &other.u64(42))].concat()),
        ]
        .concat();
        for step in [1, 13, 1 << 20] {
            let (found, damage) = read(&file, step);
            assert_eq!(damage, None, "{found:?}");
            let texts = found.iter().map(|(_, bytes)| bytes.as_slice()).collect::<Vec<_>>();
            assert_eq!(texts, [&b"nanoseconds"[..], b"binary", b"picoseconds", b"simp", b"old", b"of nobody"]);
            let times = found.iter().map(|(meta, _)| meta.at.as_nanos()).collect::<Vec<_>>();
            assert_eq!(times, [1_700_000_000_000_000_001, 107_500_000_000, 5, 5, 9, 9]);
            let places = found.iter().map(|(meta, _)| (meta.interface, meta.link)).collect::<Vec<_>>();
            let ethernet = LinkType::Ethernet;
            assert_eq!(places[..3], [(0, ethernet), (1, LinkType::LinuxSll2), (2, ethernet)]);
            assert_eq!(places[5], (u16::MAX, LinkType::Other(u32::MAX)), "an interface that was never described");
            assert_eq!(found[3].0.original_len, 9, "cut to the interface's snapshot length");
        }
    }
}

#[test]
fn interfaces_tell_their_name_and_drops() {
    let bytes = BOTH[0];
    let file = [
        bytes.section(),
        bytes.interface(1, 0, &[bytes.option(2, b"wlan0\x1b[2J")]),
        bytes.block(5, &[&bytes.u32(0)[..], &[0; 8], &bytes.option(5, &bytes.u64(42))].concat()),
    ]
    .concat();
    let mut reader = Reader::default();
    assert!(matches!(reader.step(&file), Step::More { .. }));
    assert_eq!((reader.interface_name(0), reader.dropped()), (Some("wlan0[2J"), 42));
}

/// Files cut anywhere, and with any byte replaced, give the frames before and an end that is told.
#[test]
fn cut_and_damaged_anywhere() {
    let bytes = BOTH[0];
    let frames: [(u32, u32, &[u8]); 3] = [(1, 0, b"one"), (2, 0, b"two"), (3, 0, b"three")];
    let pcapng = [bytes.section(), bytes.interface(1, 0, &[bytes.option(2, b"e")])].into_iter();
    let pcapng = pcapng.chain((1..=3).map(|n| bytes.enhanced(0, n, b"frame", &[bytes.option(1, b"c")])));
    for whole in [bytes.pcap(0xa1b2_c3d4, 0, &frames), pcapng.collect::<Vec<_>>().concat()] {
        let mut ends = 0;
        for length in 0..whole.len() {
            let (found, damage) = read(&whole[..length], 1 << 20);
            assert_eq!((&found, damage), (&read(&whole[..length], 3).0, read(&whole[..length], 3).1));
            match damage {
                // Only between two frames or blocks is a shorter file whole.
                None => ends += 1,
                Some(damage) => {
                    assert_eq!(damage.frame, found.len() as u64);
                    assert!(damage.byte <= length as u64, "{damage}");
                    assert_eq!(damage.is_no_capture(), length < 4, "{length}: {damage}");
                }
            }
        }
        assert!((3..=4).contains(&ends), "{ends}");
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut hostile = whole.clone();
                hostile[at] = value;
                let (found, _) = read(&hostile, 1 << 20);
                assert!(found.len() <= 3);
            }
        }
    }
}

#[test]
fn hostile_lengths_are_damage() {
    let bytes = BOTH[1];
    let mut file = bytes.pcap(0xa1b2_c3d4, 0, &[(1, 0, b"good"), (2, 0, b"bad")]);
    let second = 24 + 16 + 4;
    file[second + 8..second + 12].copy_from_slice(&u32::MAX.to_be_bytes());
    let damage = read(&file, 1 << 20).1.expect("damaged");
    assert_eq!(
        damage.to_string(),
        "byte 44, after frame 1: a frame says that it is 4294967295 bytes long, which cannot be"
    );
    let mut file = [bytes.section(), bytes.interface(1, 0, &[]), bytes.enhanced(0, 1, b"good", &[])].concat();
    let last = file.len() - 1;
    file[last] ^= 4;
    assert!(matches!(read(&file, 1 << 20).1, Some(Damage { reason: Reason::Trailer { .. }, .. })));
    // A huge block of unknown kind is passed over, not held.
    let mut reader = Reader::default();
    let head = [bytes.section(), bytes.u32(99).to_vec(), bytes.u32(0xffff_fff0).to_vec()].concat();
    assert_eq!(reader.step(&head), Step::More { consumed: head.len(), wanted: 1 });
    assert!(matches!(
        reader.finish(&[], 1),
        Some(Damage { reason: Reason::Truncated { missing: 4_294_967_268.. }, .. })
    ));
}

#[test]
fn what_is_no_capture_is_told() {
    for (file, reason) in [
        (&b""[..], "the file is empty"),
        (b"<html>", "not a pcap or pcapng capture (it begins with the bytes 3c 68 74 6d)"),
        (b"\x0a\x0d\x0d\x0aaaaabbbb", "not a pcap or pcapng capture (it begins with the bytes 62 62 62 62)"),
    ] {
        let damage = read(file, 100).1.expect("no capture");
        assert!(damage.is_no_capture());
        assert_eq!(damage.reason.to_string(), reason);
    }
}
