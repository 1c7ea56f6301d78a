//! The first law of the wire: no parser panics, whatever the bytes, and what it says about them lies within them.

use proptest::prelude::*;
use stormglass::model::Time;
use stormglass::model::frames::{FrameMeta, LinkType};
use stormglass::observe::replica::ReplicaRules;
use stormglass::observe::tally::Tally;
use stormglass::wire::capture_file::{Reader, Step};
use stormglass::wire::digest::Secret;
use stormglass::wire::frame;
use stormglass_proptests::bytes::{any_bytes, home_frames, link_type, spoiled};
use stormglass_proptests::config;

fn meta(link: LinkType, number: u64, vlan: Option<u16>) -> FrameMeta {
    FrameMeta { at: Time::from_nanos(number as i64 * 1_000_000), number, interface: 0, link, vlan, original_len: 0 }
}

/// Parses and hashes; a frame's parts lie within its bytes.
fn frame_law(link: LinkType, vlan: Option<u16>, bytes: &[u8]) -> Result<(), TestCaseError> {
    match frame::parse(&meta(link, 1, vlan), bytes) {
        Ok(frame) => {
            let _ = frame.replica_hash(&Secret::new(7));
            prop_assert!(frame.l3.len() <= bytes.len());
            prop_assert!(frame.payload_offset <= frame.l3.len());
            prop_assert!(frame.l3.is_empty() || bytes.as_ptr_range().contains(&frame.l3.as_ptr()));
        }
        Err(error) => prop_assert!(error.offset <= bytes.len(), "{error}"),
    }
    Ok(())
}

/// Reads a whole file in windows of `size` bytes more than asked for, as `io` does.
fn read_capture(file: &[u8], size: usize) -> Result<u64, TestCaseError> {
    let mut reader = Reader::default();
    let (mut start, mut end, mut steps) = (0, size.min(file.len()), 0_usize);
    loop {
        steps += 1;
        prop_assert!(steps <= 4 * file.len() + 16, "it does not end");
        match reader.step(&file[start..end]) {
            Step::Frame { bytes, consumed, .. } => {
                prop_assert!(bytes.start <= bytes.end && bytes.end <= end - start && consumed <= end - start);
                start += consumed;
            }
            Step::More { consumed, wanted } => {
                prop_assert!(consumed <= end - start);
                start += consumed;
                if end == file.len() {
                    let _ = reader.finish(&file[start..], wanted);
                    return Ok(reader.frames());
                }
                end = (start + wanted.max(size)).max(end + 1).min(file.len());
            }
            Step::Damaged(damage) => {
                prop_assert!(!damage.reason.to_string().is_empty());
                return Ok(reader.frames());
            }
        }
    }
}

/// A classic capture of the given frames (libpcap's file format, version 2.4, microseconds, Ethernet).
fn pcap(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        file.extend(word.to_le_bytes());
    }
    for (second, frame) in (1_u32..).zip(frames) {
        for word in [second, 0, frame.len() as u32, frame.len() as u32] {
            file.extend(word.to_le_bytes());
        }
        file.extend(frame);
    }
    file
}

/// The same as pcapng: a section, an interface, enhanced packets.
fn pcapng(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let padded = body.len().next_multiple_of(4);
        let length = (padded + 12) as u32;
        file.extend(kind.to_le_bytes());
        file.extend(length.to_le_bytes());
        file.extend(body);
        file.resize(file.len() + padded - body.len(), 0);
        file.extend(length.to_le_bytes());
    };
    let mut section = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    section.extend([1, 0, 0, 0]);
    section.extend([0xff; 8]);
    block(0x0a0d_0d0a, &section);
    block(1, &[1, 0, 0, 0, 0xff, 0xff, 0, 0]);
    for (second, frame) in (1_u64..).zip(frames) {
        let stamp = second * 1_000_000;
        let mut body = Vec::new();
        for word in [0, (stamp >> 32) as u32, stamp as u32, frame.len() as u32, frame.len() as u32] {
            body.extend(word.to_le_bytes());
        }
        body.extend(frame);
        block(6, &body);
    }
    file
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn frames_of_any_bytes(link in link_type(), vlan in proptest::option::of(any::<u16>()), bytes in any_bytes(1600)) {
        frame_law(link, vlan, &bytes)?;
    }

    #[test]
    fn frames_with_a_few_bytes_wrong(link in link_type(), bytes in spoiled(home_frames())) {
        frame_law(LinkType::Ethernet, None, &bytes)?;
        frame_law(link, None, bytes.get(14..).unwrap_or(&[]))?;
    }

    #[test]
    fn capture_files_of_any_bytes(bytes in any_bytes(2000), size in 1_usize..300) {
        read_capture(&bytes, size)?;
    }

    #[test]
    fn capture_files_with_a_few_bytes_wrong(bytes in spoiled(vec![pcap(&home_frames()), pcapng(&home_frames())]), size in 1_usize..3000) {
        read_capture(&bytes, size)?;
    }
}

proptest! {
    #![proptest_config(config(100))]

    /// The tally takes any frames, and its summary stays within its bounds and counts each frame once.
    #[test]
    fn a_tally_of_any_frames(frames in proptest::collection::vec((link_type(), spoiled(home_frames())), 0..600)) {
        let mut tally = Tally::new("eth0".into(), ReplicaRules::default(), None, 3);
        for (number, (link, bytes)) in (1..).zip(&frames) {
            tally.frame(&meta(*link, number, None), bytes);
        }
        let summary = tally.flush(Time::from_nanos(600_000_000), 0);
        prop_assert_eq!(summary.frames, frames.len() as u64);
        prop_assert!(summary.malformed <= summary.frames);
        let group = summary.group_frames.iter().sum::<u64>();
        prop_assert!(group + summary.malformed <= summary.frames && summary.replica_frames <= group);
        prop_assert!(summary.sources.len() <= 256 && summary.replicas.len() <= 64 && summary.owners.len() <= 256);
        prop_assert_eq!(summary.sources.iter().map(|s| s.frames).sum::<u64>(), group, "Space-Saving loses no count");
    }

    #[test]
    fn brokers_mail_servers_and_queues_may_say_anything(
        bytes in prop_oneof![
            any_bytes(4_096),
            spoiled(vec![b"\x20\x02\x00\x00\x40\x02\x00\x07".to_vec(), b"250-mx\r\n250 AUTH PLAIN\r\n".to_vec(), QUEUE.to_vec()]),
        ],
    ) {
        if let Ok(Some((_, used))) = stormglass::wire::mqtt::parse(&bytes) {
            prop_assert!(0 < used && used <= bytes.len());
        }
        if let Ok(Some((reply, used))) = stormglass::wire::smtp::parse(&bytes) {
            prop_assert!(0 < used && used <= bytes.len() && reply.text().chars().all(|c| !c.is_control()));
        }
        let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
        let read = stormglass::view::notify::store::decode(&bytes);
        prop_assert!(read.parcels.len() as u64 + read.unreadable <= lines);
    }
}

/// A line as the queue on the disk has it.
const QUEUE: &[u8] = b"{\"v\":1,\"parcel\":{\"id\":1,\"channel\":\"hook\",\"tries\":0}}\n";

/// The captures that the laws spoil are good ones, so that the laws reach behind the headers.
#[test]
fn whole_captures_are_read_whole() {
    let frames = home_frames();
    assert!(frames.len() > 10, "{} kinds of frames", frames.len());
    for file in [pcap(&frames), pcapng(&frames)] {
        for size in [1, 7, 100, 100_000] {
            assert_eq!(read_capture(&file, size).ok(), Some(frames.len() as u64), "windows of {size}");
        }
    }
    assert!(frames.iter().all(|bytes| frame::parse(&meta(LinkType::Ethernet, 1, None), bytes).is_ok()));
}
