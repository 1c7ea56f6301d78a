//! The tally, fed with any frames: its summaries stay within their bounds and count each frame once. The bytes are cut into
//! frames: a length, the milliseconds since the frame before, then so much of a frame. A length of 0 repeats the frame
//! before, as a storm does; one of 255 asks for a summary.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use stormglass::model::Time;
use stormglass::model::frames::{FrameMeta, FrameSummary, LinkType};
use stormglass::observe::replica::ReplicaRules;
use stormglass::observe::tally::Tally;

fuzz_target!(|bytes: &[u8]| {
    let mut at = Time::from_secs(1_800_000_000);
    let mut tally = Tally::new("eth0".into(), ReplicaRules::default(), None, 7);
    let (mut rest, mut last) = (bytes, &[][..]);
    let (mut number, mut counted) = (0, 0);
    while let Some((&[length, pause], after)) = rest.split_first_chunk() {
        rest = after;
        at = at.plus(Duration::from_millis(u64::from(pause) * 8));
        if length == u8::MAX {
            counted += check(&tally.flush(at, 0));
            continue;
        }
        if length > 0 {
            let (frame, after) = rest.split_at(usize::from(length).min(rest.len()));
            (last, rest) = (frame, after);
        }
        number += 1;
        let link = if pause & 0x40 == 0 { LinkType::Ethernet } else { LinkType::LinuxSll2 };
        let original_len = last.len() as u32;
        tally.frame(&FrameMeta { at, number, interface: 0, link, vlan: None, original_len }, last);
    }
    counted += check(&tally.flush(at, 0));
    assert_eq!(counted, number);
});

/// Its frames.
fn check(summary: &FrameSummary) -> u64 {
    let group = summary.group_frames.iter().sum::<u64>();
    assert!(group + summary.malformed <= summary.frames && summary.replica_frames <= group);
    assert!(summary.sources.len() <= 256 && summary.replicas.len() <= 64 && summary.owners.len() <= 256);
    assert_eq!(summary.sources.iter().map(|source| source.frames).sum::<u64>(), group);
    for replica in &summary.replicas {
        assert_eq!(replica.senders.iter().map(|sender| sender.frames).sum::<u64>(), replica.copies);
        assert!(replica.fresh <= replica.copies && replica.first <= replica.last);
    }
    summary.frames
}
