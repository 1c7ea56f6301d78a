//! The frame path against an exact model of what it counts: maps without limits, which nothing fast is in. As long as its
//! tables have room they agree to the last frame; beyond it, the tables keep what they promise.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use stormglass::model::frames::{CopyCount, FrameMeta, FrameSummary, LinkType, Replica, SourceCount, SourceKey};
use stormglass::model::{MacAddr, Time};
use stormglass::observe::replica::{ReplicaRules, WINDOW};
use stormglass::observe::tally::Tally;
use stormglass::wire::digest::Secret;
use stormglass::wire::frame::{self, Frame};
use stormglass_harness::mac::Mac;
use stormglass_harness::packets::{self, Ipv4};
use stormglass_proptests::bytes::home_frames;
use stormglass_proptests::config;

const SEED: u64 = 11;
/// More than a second goes by between some frames, so that datagrams pause and come back.
const STEPS_MS: [i64; 6] = [0, 1, 20, 90, 400, 1_100];

/// One frame of a stream: which datagram, sent by whom, with which TTL, how long after the one before.
type Event = (usize, u8, u8, usize);

/// What the frame path is to have counted, found out slowly.
#[derive(Default)]
struct Model {
    datagrams: BTreeMap<u64, (Replica, Time, u64, u8, bool)>,
    sources: BTreeMap<SourceKey, SourceCount>,
    replica_frames: u64,
}

impl Model {
    fn frame(&mut self, frame: &Frame<'_>, meta: &FrameMeta, warm: bool) {
        let hash = frame.replica_hash(&Secret::new(SEED));
        let known = self.datagrams.get_mut(&hash).filter(|(replica, ..)| meta.at.since(replica.last) <= WINDOW);
        let repeat = known.is_some();
        match known {
            Some(known) => add(known, frame, meta),
            None => {
                self.datagrams.insert(hash, (first(hash, frame, meta, warm), meta.at, 1, frame.ttl, false));
            }
        }
        self.replica_frames += u64::from(repeat);
        let group = frame.destination_ip.filter(|_| frame.protocol != stormglass::model::frames::Protocol::Arp);
        let key = SourceKey { vlan: frame.vlan, mac: frame.source, ip: frame.ip, group, protocol: frame.protocol };
        let none = SourceCount {
            key,
            frames: 0,
            overcount: 0,
            bytes: 0,
            repeats: 0,
            echoes: 0,
            first: meta.at,
            last: meta.at,
        };
        let source = self.sources.entry(key).or_insert(none);
        source.frames += 1;
        source.bytes += u64::from(meta.original_len);
        source.repeats += u64::from(repeat);
        source.last = meta.at;
    }

    /// The datagrams that a summary at `now` reports.
    fn replicas(&mut self, now: Time) -> Vec<Replica> {
        let mut reported = Vec::new();
        self.datagrams.retain(|_, (replica, .., fired)| {
            if *fired && replica.fresh > 0 {
                reported.push(replica.clone());
                replica.fresh = 0;
            }
            !*fired || now.since(replica.last) <= WINDOW
        });
        reported.sort_by(|a, b| b.copies.cmp(&a.copies).then(a.hash.cmp(&b.hash)));
        reported
    }
}

fn first(hash: u64, frame: &Frame<'_>, meta: &FrameMeta, warm: bool) -> Replica {
    let (mac, ttl) = (frame.source, frame.ttl);
    Replica {
        hash,
        vlan: frame.vlan,
        ip: frame.ip,
        group: frame.destination_ip,
        protocol: frame.protocol,
        ip_id: frame.ip_id,
        copies: 1,
        fresh: 1,
        frame_len: meta.original_len,
        first: meta.at,
        last: meta.at,
        first_number: meta.number,
        last_number: meta.number,
        first_mac: mac,
        first_ttl: ttl,
        ttl_falls: 0,
        ttl_same: 0,
        senders: vec![CopyCount { mac, frames: 1, ttl_min: ttl, ttl_max: ttl, first: meta.at }],
        warm,
    }
}

/// One more copy. Beside the replica: start and copies of its window, the TTL before, whether a rule holds.
fn add(
    (replica, start, copies, before, fired): &mut (Replica, Time, u64, u8, bool),
    frame: &Frame<'_>,
    meta: &FrameMeta,
) {
    replica.copies += 1;
    replica.fresh += 1;
    replica.last = meta.at;
    replica.last_number = meta.number;
    if meta.at.since(*start) > WINDOW {
        (*start, *copies) = (meta.at, 0);
    }
    *copies += 1;
    replica.ttl_falls += u32::from(frame.ttl < *before);
    replica.ttl_same += u32::from(frame.ttl == *before);
    *before = frame.ttl;
    let (mac, ttl) = (frame.source, frame.ttl);
    match replica.senders.iter_mut().find(|sender| sender.mac == mac) {
        Some(sender) => {
            sender.frames += 1;
            (sender.ttl_min, sender.ttl_max) = (sender.ttl_min.min(ttl), sender.ttl_max.max(ttl));
        }
        None => replica.senders.push(CopyCount { mac, frames: 1, ttl_min: ttl, ttl_max: ttl, first: meta.at }),
    }
    let falling = replica.ttl_falls >= 2 && replica.ttl_same == 0;
    *fired |= *copies >= ReplicaRules::default().copies || falling || replica.senders.len() >= 2;
}

/// The frames of the stream: those that hosts of a home send, as they are or sent on by a router.
fn frame_of(home: &[Vec<u8>], (which, sender, ttl, _): Event) -> Vec<u8> {
    let frame = &home[which % home.len()];
    if sender == 0 || packets::routable(frame).is_none() {
        return frame.clone();
    }
    packets::forwarded(frame, Mac([2, 0, 0, 0, 0, sender]), ttl)
}

fn meta(at: Time, number: u64, length: usize) -> FrameMeta {
    FrameMeta { at, number, interface: 0, link: LinkType::Ethernet, vlan: None, original_len: length as u32 }
}

/// What both say of the time since the summary before.
fn agree(summary: &FrameSummary, model: &mut Model, until: Time) -> Result<(), TestCaseError> {
    prop_assert_eq!(summary.replica_frames, std::mem::take(&mut model.replica_frames));
    let mut sources = std::mem::take(&mut model.sources).into_values().collect::<Vec<_>>();
    sources.sort_by(|a, b| b.frames.cmp(&a.frames).then(a.key.cmp(&b.key)));
    prop_assert_eq!(&summary.sources, &sources);
    prop_assert_eq!(&summary.replicas, &model.replicas(until));
    prop_assert_eq!(summary.refused, 0, "there is room for all of them");
    Ok(())
}

proptest! {
    #![proptest_config(config(200))]

    /// Few datagrams, many copies: by whole frames, by other MACs, with other TTLs, with pauses, over several summaries.
    #[test]
    fn a_tally_counts_what_an_exact_model_counts(
        events in proptest::collection::vec((0..12_usize, 0..4_u8, 1..5_u8, 0..STEPS_MS.len()), 0..600),
        every in 5..200_usize,
    ) {
        let home = home_frames();
        let start = Time::from_secs(1_800_000_000);
        let mut tally = Tally::new("eth0".into(), ReplicaRules::default(), Some(start), SEED);
        let (mut model, mut at) = (Model::default(), start);
        for (index, event) in events.iter().enumerate() {
            at = at.plus(Duration::from_millis(STEPS_MS[event.3].cast_unsigned()));
            let bytes = frame_of(&home, *event);
            let meta = meta(at, index as u64 + 1, bytes.len());
            tally.frame(&meta, &bytes);
            let frame = frame::parse(&meta, &bytes).expect("good frames");
            if frame.group {
                model.frame(&frame, &meta, at.since(start) >= Duration::from_secs(1));
            }
            if index % every == every - 1 {
                agree(&tally.flush(at, 0), &mut model, at)?;
            }
        }
        agree(&tally.flush(at, 0), &mut model, at)?;
    }
}

/// 1,000,000 frames with forged sources, each its own MAC and address, and four real ones among them: the tables stay as
/// large as they are, and what they say of the real ones lies within the promised bound of the exact count.
#[test]
fn a_million_forged_sources_hide_nobody() {
    let start = Time::from_secs(1_800_000_000);
    let mut tally = Tally::new("eth0".into(), ReplicaRules::default(), Some(start), SEED);
    let text = packets::m_search("ssdp:all", 3);
    let search = |mac: Mac, ip: u32, id: u16| {
        let ip = Ipv4 { source: Ipv4Addr::from(ip), destination: packets::SSDP_GROUP, ttl: 4, id };
        packets::udp_group(mac, &ip, (50_000, 1900), text.as_bytes())
    };
    let real = |n: u8| (Mac([2, 0, 0, 0, 1, n]), 0xc0a8_0100 + u32::from(n));
    let mut exact = [0_u64; 4];
    let mut frames = 0_u64;
    for n in 0..1_000_000_u32 {
        let [a, b, c, d] = n.to_be_bytes();
        let mut send = |bytes: &[u8]| {
            frames += 1;
            // All within one second, as at line rate.
            tally.frame(&meta(start.plus(Duration::from_nanos(frames * 700)), frames, bytes.len()), bytes);
        };
        send(&search(Mac([6, 0, a, b, c, d]), 0x0a00_0000 + n, n as u16));
        for (which, count) in (0..4_u8).zip(&mut exact) {
            if n % (20 << which) == 0 {
                *count += 1;
                let (mac, ip) = real(which);
                send(&search(mac, ip, (n / 20) as u16));
            }
        }
    }
    let summary = tally.flush(start.plus(Duration::from_secs(1)), 0);
    assert_eq!(summary.frames, frames);
    assert_eq!(summary.sources.iter().map(|source| source.frames).sum::<u64>(), frames, "no frame is lost");
    assert!(summary.sources.len() <= 256 && summary.replicas.len() <= 64 && summary.owners.len() <= 256);
    assert!(summary.refused > 0, "and it says that there were more");
    for (which, exact) in (0..4_u8).zip(exact) {
        let (mac, ip) = real(which);
        let found = summary.sources.iter().find(|s| s.key.mac == MacAddr(mac.0));
        let Some(found) = found else { panic!("{which} sent {exact} of {frames} frames and is not there") };
        assert_eq!(found.key.ip, Some(IpAddr::from(Ipv4Addr::from(ip))));
        assert!(found.frames - found.overcount <= exact && exact <= found.frames, "{exact} were sent: {found:?}");
        assert!(found.overcount <= frames / 256, "{found:?}");
    }
}

/// A storm of one datagram among forged sources, of which each takes the place of another: its copies are counted aside while
/// the table of sources is fought over, and are all there in the end.
#[test]
fn a_storm_among_forged_sources_is_counted_to_the_frame() {
    let start = Time::from_secs(1_800_000_000);
    let mut tally = Tally::new("eth0".into(), ReplicaRules::default(), Some(start), SEED);
    let search = |mac: Mac, ip: u32, id: u16| {
        let ip = Ipv4 { source: Ipv4Addr::from(ip), destination: packets::SSDP_GROUP, ttl: 4, id };
        packets::udp_group(mac, &ip, (50_000, 1900), packets::m_search("ssdp:all", 3).as_bytes())
    };
    let storm = search(Mac([2, 0, 0, 0, 1, 1]), 0xc0a8_0101, 7);
    let (mut frames, mut copies, mut last) = (0, 0, 0);
    let mut send = |bytes: &[u8]| {
        frames += 1;
        tally.frame(&meta(start.plus(Duration::from_nanos(frames * 700)), frames, bytes.len()), bytes);
        frames
    };
    for n in 0..100_000_u32 {
        last = send(&storm);
        copies += 1;
        if n % 3 == 0 {
            let [a, b, c, d] = n.to_be_bytes();
            send(&search(Mac([6, 0, a, b, c, d]), 0x0a00_0000 + n, n as u16));
        }
    }
    let summary = tally.flush(start.plus(Duration::from_secs(1)), 0);
    assert_eq!(summary.sources.iter().map(|source| source.frames).sum::<u64>(), frames, "no frame is lost");
    assert_eq!(summary.replica_frames, copies - 1);
    let source = &summary.sources[0];
    assert_eq!((source.frames, source.overcount, source.repeats), (copies, 0, copies - 1), "{source:?}");
    assert_eq!(source.key.mac, MacAddr([2, 0, 0, 0, 1, 1]));
    let replica = &summary.replicas[0];
    assert_eq!((replica.copies, replica.fresh, replica.last_number), (copies, copies, last), "{replica:?}");
    assert_eq!(replica.senders.iter().map(|sender| sender.frames).collect::<Vec<_>>(), [copies]);
}
