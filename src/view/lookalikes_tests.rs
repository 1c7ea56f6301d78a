//! Storms by other mechanisms than the incident's, and healthy traffic that looks like one: frames in, verdicts out, in both
//! languages.

use super::lang;
use crate::engine::{Engine, Input, Settings};
use crate::model::frames::{FrameMeta, LinkType, Protocol};
use crate::model::text::Language;
use crate::model::verdict::{Severity, Verdict};
use crate::model::{MacAddr, Time};
use crate::observe::replica::ReplicaRules;
use crate::observe::tally::Tally;
use std::collections::BTreeSet;
use std::sync::Arc;

const ECHO: [u8; 6] = [0x44, 0x65, 0x0d, 1, 0, 0x0a];
const ROUTER: [u8; 6] = [0x3c, 0x84, 0x6a, 0x10, 0, 0xc8];
const ALL: [u8; 6] = [0xff; 6];
/// Words that no sentence in Japanese has.
const ENGLISH: [&str; 7] = ["the", "is", "are", "not", "and", "it", "of"];

/// Frames with their milliseconds, in any order.
type Frames = Vec<(i64, Vec<u8>)>;

fn at(ms: i64) -> Time {
    Time::from_nanos(1_700_000_000_000_000_000 + ms * 1_000_000)
}

/// What is said of frames that are listened to from 0 ms to `end`. `cut`: as of a recording that ends there.
fn told_of(mut frames: Frames, end: i64, link: LinkType, cut: bool) -> Vec<Arc<Verdict>> {
    frames.sort_by_key(|(ms, _)| *ms);
    let mut engine = Engine::new(Settings::default());
    let mut tally = Tally::new("eth0".into(), ReplicaRules::default(), Some(at(0)), 7);
    let mut frames = frames.iter().enumerate().peekable();
    let mut flushed = at(0);
    for tick in 1..=end / 10 {
        let now = at(tick * 10);
        while let Some((number, (ms, bytes))) = frames.next_if(|(_, (ms, _))| *ms < tick * 10) {
            let (number, original_len) = (number as u64 + 1, bytes.len() as u32);
            tally.frame(&FrameMeta { at: at(*ms), number, interface: 0, link, vlan: None, original_len }, bytes);
        }
        if tally.is_due(flushed, now) || tick % 100 == 0 {
            engine.handle(now, Input::Frames(Box::new(tally.flush(now, 0))));
            flushed = now;
        }
        if tick % 100 == 0 {
            engine.tick(now);
        }
    }
    if cut {
        engine.handle(at(end), Input::Frames(Box::new(tally.flush(at(end), 0))));
        engine.finish(at(end));
    }
    engine.verdicts()
}

fn told(frames: Frames, end: i64) -> Vec<Arc<Verdict>> {
    told_of(frames, end, LinkType::Ethernet, false)
}

/// The one verdict, of which every sentence is known in Japanese.
fn only(verdicts: Vec<Arc<Verdict>>) -> Arc<Verdict> {
    let [verdict] = verdicts.try_into().unwrap_or_else(|all: Vec<_>| panic!("{} verdicts: {all:#?}", all.len()));
    let told = lang::verdict(&verdict, Language::Japanese);
    let texts = told.remedy.iter().chain(&told.lacks).chain([&told.sentence]);
    let texts = texts.chain(told.evidence.iter().flat_map(|fact| [&fact.claim, &fact.observed, &fact.expected]));
    for text in texts.chain(told.candidates.iter().map(|candidate| &candidate.needs)) {
        let english = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| ENGLISH.contains(word));
        assert_eq!(english.collect::<Vec<_>>(), [""; 0], "{text}");
    }
    verdict
}

fn culprit(verdict: &Verdict) -> Option<MacAddr> {
    verdict.culprit.as_ref().and_then(|culprit| culprit.mac)
}

/// From `from` on for `lasts` milliseconds, `pps` a second.
fn every(from: i64, lasts: i64, pps: i64, frame: impl Fn(u16) -> Vec<u8>) -> Frames {
    (0..lasts * pps / 1000).map(|n| (from + n * 1000 / pps, frame(n as u16))).collect()
}

fn host(n: u8) -> [u8; 6] {
    [0xb8, 0x27, 0xeb, n, 0, n]
}

fn ethernet(to: [u8; 6], from: [u8; 6], kind: u16, packet: &[u8]) -> Vec<u8> {
    let mut frame = [to, from].concat();
    frame.extend(kind.to_be_bytes());
    frame.extend(packet);
    frame.resize(frame.len().max(60), 0);
    frame
}

/// An ARP request of `sender` for `target`, sent by `from`: by itself, or by one that bridges it.
fn arp(from: [u8; 6], sender: ([u8; 6], u8), target: u8) -> Vec<u8> {
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, 1];
    packet.extend(sender.0);
    packet.extend([192, 168, 1, sender.1, 0, 0, 0, 0, 0, 0, 192, 168, 1, target]);
    ethernet(ALL, from, 0x0806, &packet)
}

/// IPv4 from 192.168.1.`source`.
fn ipv4(from: [u8; 6], source: u8, to: [u8; 4], (protocol, ttl, id): (u8, u8, u16), payload: &[u8]) -> Vec<u8> {
    let group = if to[0] & 0xf0 == 224 { [1, 0, 0x5e, to[1] & 0x7f, to[2], to[3]] } else { ALL };
    let [high, low] = id.to_be_bytes();
    let mut packet =
        vec![0x45, 0, 0, 20 + payload.len() as u8, high, low, 0, 0, ttl, protocol, 0, 0, 192, 168, 1, source];
    packet.extend(to);
    packet.extend(payload);
    ethernet(group, from, 0x0800, &packet)
}

fn udp(from: [u8; 6], source: u8, to: [u8; 4], id: u16) -> Vec<u8> {
    let payload = [[0x9c, 0x40, 0, 9, 0, 24, 0, 0].as_slice(), &[0xff; 16]].concat();
    ipv4(from, source, to, (17, 64, id), &payload)
}

/// A search of the Echo, sent by `from`.
fn search(from: [u8; 6], ttl: u8, id: u16) -> Vec<u8> {
    let text = b"M-SEARCH * HTTP/1.1\r\n\r\n";
    let payload = [[0xc3, 0x50, 0x07, 0x6c, 0, 8 + text.len() as u8, 0, 0].as_slice(), text].concat();
    ipv4(from, 10, [239, 255, 255, 250], (17, ttl, id), &payload)
}

/// Everybody has said by ARP who he is.
fn greetings() -> Frames {
    let of = |n: u8| (200 + i64::from(n) * 10, arp(host(n), (host(n), n), 1));
    (2..8).map(of).chain([(100, arp(ECHO, (ECHO, 10), 1)), (150, arp(ROUTER, (ROUTER, 100), 1))]).collect()
}

#[test]
fn frames_without_a_sender_blame_nobody() {
    // Two hosts', as one MAC that is not there would have sent on.
    let echo = every(2_000, 3_000, 400, |_| search(ROUTER, 4, 77)[14..].to_vec());
    let other = every(2_001, 3_000, 100, |_| udp(ROUTER, 20, [239, 255, 255, 250], 78)[14..].to_vec());
    let verdict = only(told_of([echo, other].concat(), 6_000, LinkType::RawIp, false));
    assert_eq!((verdict.cause, culprit(&verdict)), ("unexplained", None));
    assert!(verdict.candidates.iter().all(|candidate| candidate.mac.is_none()), "{:?}", verdict.candidates);
    assert!(verdict.origins.iter().all(|origin| origin.mac.is_none() && origin.vendor.is_none()), "{verdict:#?}");
}

#[test]
fn both_who_hold_an_address_are_named() {
    let of = |n: u8, from: i64| every(from, 4_000, 100, move |_| arp(host(n), (host(n), 50), 50));
    let verdict = only(told([greetings(), of(2, 2_000), of(3, 2_005)].concat(), 6_500));
    assert_eq!(verdict.cause, "address_war");
    let named = verdict.origins.iter().filter_map(|origin| origin.mac).collect::<BTreeSet<_>>();
    assert_eq!(named, BTreeSet::from([MacAddr(host(2)), MacAddr(host(3))]), "{}", verdict.sentence);
}

/// An IGMP proxy sends no broadcasts on: to have it turned off would help nobody.
#[test]
fn broadcasts_that_come_back_are_no_igmp_proxy_s() {
    for to in [[192, 168, 1, 255], [255; 4]] {
        let original = vec![(2_000, udp(host(2), 2, to, 77))];
        let copies = every(2_005, 3_000, 400, |_| udp(ROUTER, 2, to, 77));
        let verdict = only(told([greetings(), original, copies].concat(), 6_000));
        assert_eq!((verdict.cause, culprit(&verdict)), ("l3_reflector", Some(MacAddr(ROUTER))));
        let said = format!("{} {}", verdict.sentence, verdict.remedy[1]);
        assert!(said.contains("forwarding of broadcasts") && !said.contains("IGMP"), "{said}");
    }
}

#[test]
fn a_repeater_that_bridges_everything_is_no_router() {
    let repeater = host(99);
    let originals = (2..6).map(|n| (2_000 + i64::from(n), arp(host(n), (host(n), n), 1)));
    let copies = (2..6_u8).flat_map(|n| every(2_010, 3_000, 200, move |_| arp(repeater, (host(n), n), 1)));
    // A multicast may be the first that goes round, as behind a router.
    let first = [vec![(1_500, search(ECHO, 4, 77))], every(1_503, 3_000, 200, |_| search(repeater, 4, 77))].concat();
    let verdict = only(told(greetings().into_iter().chain(first).chain(originals).chain(copies).collect(), 6_000));
    assert_eq!((verdict.cause, culprit(&verdict)), ("backhaul_loop", Some(MacAddr(repeater))), "{}", verdict.sentence);
    assert!(verdict.sentence.contains("repeater") && verdict.origins.len() == 5, "{}", verdict.sentence);
    assert!(
        verdict.groups.iter().all(std::net::IpAddr::is_multicast),
        "whom ARP asks for is no group: {:?}",
        verdict.groups
    );
}

/// A cluster announces a MAC that nobody sends from: who announces it is no repeater, and no router.
#[test]
fn the_mac_of_a_cluster_makes_no_repeater() {
    let shared = [2, 0xbf, 192, 168, 1, 254];
    let known = vec![(300, arp(shared, (shared, 254), 1))];
    let flood = every(2_000, 6_000, 200, |_| arp(host(2), (shared, 254), 254));
    let verdict = only(told([greetings(), known, flood].concat(), 9_000));
    assert_eq!((verdict.cause, culprit(&verdict)), ("unexplained", None), "{}", verdict.sentence);
    assert_eq!(verdict.origins.first().and_then(|origin| origin.mac), Some(MacAddr(host(2))));
}

#[test]
fn a_tool_that_says_a_thing_many_times_is_no_ring() {
    let wake = || every(2_000, 300, 200, |_| udp(host(2), 2, [255; 4], 0));
    let said = told([greetings(), wake()].concat(), 12_000);
    assert!(said.is_empty(), "{said:#?}");
}

#[test]
fn a_host_with_two_addresses_is_no_router() {
    let times = |source: u8| every(2_000, 600, 13, move |_| udp(host(2), source, [239, 255, 255, 250], 0));
    let said = told([times(20), times(21)].concat(), 12_000);
    assert!(said.is_empty(), "{said:#?}");
    let verdict =
        only(told([every(2_000, 600, 200, |_| udp(host(2), 20, [239, 255, 255, 250], 7)), times(21)].concat(), 6_000));
    assert_eq!(verdict.cause, "l3_reflector", "what does not end is sent on");
}

/// A Wi-Fi repeater that puts its own MAC in sends once what it hears, with the TTL that it had.
#[test]
fn what_is_repeated_once_is_not_reflected() {
    let search_at = |ms: i64, id: u16, ttl: u8| vec![(ms, search(ECHO, 4, id)), (ms + 3, search(host(99), ttl, id))];
    let said = told([greetings(), search_at(2_000, 7, 4), search_at(4_000, 8, 4)].concat(), 9_000);
    assert!(said.is_empty(), "{said:#?}");
    let verdict = only(told([greetings(), search_at(2_000, 7, 3)].concat(), 9_000));
    assert_eq!((verdict.cause, verdict.severity), ("l3_reflector", Severity::Warning), "a router lowers it");
}

#[test]
fn a_flood_that_the_recording_cuts_off_is_told_with_a_doubt() {
    let flood = || every(2_100, 1_500, 900, |id| udp(host(2), 2, [255; 4], id));
    let live = told([greetings(), flood()].concat(), 3_600);
    assert!(live.is_empty(), "it may be a burst: {live:#?}");
    let verdict = only(told_of([greetings(), flood()].concat(), 3_600, LinkType::Ethernet, true));
    assert_eq!((verdict.cause, culprit(&verdict)), ("chatty_source", Some(MacAddr(host(2)))));
    assert!(verdict.confidence <= 0.6 && verdict.lacks.iter().any(|l| l.contains("ends")), "{verdict:#?}");
    let over = told_of([greetings(), flood()].concat(), 8_000, LinkType::Ethernet, true);
    assert!(over.is_empty(), "a burst that was over: {over:#?}");
}

#[test]
fn who_asks_all_members_without_pause_is_the_cause_not_they() {
    let query = |id: u16| ipv4(ROUTER, 100, [224, 0, 0, 1], (2, 1, id), &[0x11, 1, 0xee, 0xfe, 0, 0, 0, 0]);
    let report =
        |n: u8| move |id: u16| ipv4(host(n), n, [239, 1, 1, 1], (2, 1, id), &[0x16, 0, 0xf9, 0xfd, 239, 1, 1, 1]);
    let reports = (2..62_u8).flat_map(|n| every(2_000 + i64::from(n), 6_000, 20, report(n)));
    let frames = greetings().into_iter().chain(every(2_000, 6_000, 20, query)).chain(reports).collect();
    let verdict = only(told(frames, 9_000));
    assert_eq!((verdict.cause, culprit(&verdict)), ("query_storm", Some(MacAddr(ROUTER))));
    assert_eq!(verdict.severity, Severity::Storm);
}

/// The owner was listened to, and has sent nothing of the kind.
#[test]
fn an_address_may_be_made_up() {
    let forged = every(2_000, 4_000, 300, |_| {
        ipv4(host(2), 10, [192, 168, 1, 255], (1, 255, 7), &[8, 0, 0xf7, 0xff, 0, 0, 0, 0])
    });
    let verdict = only(told([greetings(), forged].concat(), 7_000));
    assert_eq!(culprit(&verdict), Some(MacAddr(host(2))));
    assert!(verdict.confidence <= 0.6 && verdict.sentence.contains("probably"), "{}", verdict.sentence);
    assert!(verdict.candidates.iter().any(|candidate| candidate.cause == "chatty_source"), "{:?}", verdict.candidates);
    // A relay that writes the headers anew (another id) has something to send on.
    let original = vec![(2_000, search(ECHO, 4, 77))];
    let relayed = every(2_005, 3_000, 400, |_| search(ROUTER, 4, 78));
    let verdict = only(told([greetings(), original, relayed].concat(), 6_000));
    assert_eq!((verdict.cause, culprit(&verdict)), ("l3_reflector", Some(MacAddr(ROUTER))));
    assert!(verdict.confidence > 0.9 && verdict.lacks.is_empty(), "{verdict:#?}");
}

#[test]
fn pause_frames_in_a_capture_name_their_sender() {
    let pause = |_| ethernet([1, 0x80, 0xc2, 0, 0, 1], host(2), 0x8808, &[0, 1, 0xff, 0xff]);
    let verdict = only(told(
        [greetings(), every(2_000, 6_000, 600, pause), every(3_000, 4_000, 2, |n| udp(host(3), 3, [255; 4], n))]
            .concat(),
        9_000,
    ));
    assert_eq!((verdict.cause, culprit(&verdict)), ("pause_flood", Some(MacAddr(host(2)))), "{}", verdict.sentence);
}

/// A thousand senders that say one thing each are one that makes them up.
#[test]
fn made_up_senders_are_no_crowd() {
    let request = |n: u16| {
        let [high, low] = n.to_be_bytes();
        let from = [2, 0, 0, 0, high, low];
        let mut packet = vec![0x60, 0, 0, 0, 0, 16, 58, 255, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, high, low];
        packet.extend([
            0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0,
        ]);
        ethernet([0x33, 0x33, 0, 0, 0, 1], from, 0x86dd, &packet)
    };
    let verdict = only(told([greetings(), every(2_000, 6_000, 1_000, request)].concat(), 9_000));
    assert_eq!((verdict.cause, culprit(&verdict), verdict.protocol), ("unexplained", None, Protocol::Nd));
    let first = verdict.candidates.first().map(|candidate| (candidate.cause, candidate.mac));
    assert_eq!(first, Some(("chatty_source", None)), "{:?}", verdict.candidates);
}

/// In a ring everything circles: one more host's frame is no storm of its own.
#[test]
fn a_ring_is_told_once() {
    let circles = |n: u8, from: i64, pps: i64| every(from, 2_000, pps, move |_| arp(host(n), (host(n), n), 1));
    let ring = (2..6).flat_map(|n| circles(n, 2_000, 300)).collect();
    let once = (20..30).map(|n| (4_500, arp(host(n), (host(n), n), 1))).collect();
    let verdict = only(told([ring, once, circles(40, 4_800, 400)].concat(), 7_500));
    assert_eq!((verdict.cause, culprit(&verdict)), ("l2_loop", None), "{}", verdict.sentence);
}

/// VRRP may announce a router a hundred times a second.
#[test]
fn a_virtual_router_may_announce_itself_often() {
    let router = [0, 0, 0x5e, 0, 1, 51];
    let announce =
        |pps: i64| every(2_000, 6_000, pps, |id| ipv4(router, 200, [224, 0, 0, 18], (112, 255, id), &[0x31; 12]));
    let said = told([greetings(), announce(100)].concat(), 9_000);
    assert!(said.is_empty(), "{said:#?}");
    let verdict = only(told([greetings(), announce(500)].concat(), 9_000));
    assert_eq!(culprit(&verdict), Some(MacAddr(router)), "not that often");
}

#[test]
fn a_second_device_that_copies_is_told() {
    let original = vec![(2_000, search(ECHO, 4, 77))];
    let copies = |from: [u8; 6], at: i64| every(at, 3_000, 400, move |_| search(from, 4, 77));
    let verdict = only(told([greetings(), original, copies(ROUTER, 2_005), copies(host(7), 2_006)].concat(), 6_000));
    assert_eq!(verdict.cause, "l3_reflector");
    let both = [ROUTER, host(7)].map(|mac| MacAddr(mac).to_string());
    let said = format!("{:?} {}", culprit(&verdict).map(|mac| mac.to_string()), verdict.lacks.join(" "));
    assert!(both.iter().all(|mac| said.contains(mac)), "{said}");
}

/// Captures that were put together may show a copy before the original, which is sent once.
#[test]
fn who_sends_masses_is_not_the_origin() {
    let original = vec![(2_003, search(ECHO, 4, 77))];
    let verdict = only(told([original, every(2_000, 3_000, 400, |_| search(ROUTER, 4, 77))].concat(), 6_000));
    assert_eq!((verdict.cause, culprit(&verdict)), ("l3_reflector", Some(MacAddr(ROUTER))), "{}", verdict.sentence);
    assert_eq!(verdict.origins[0].mac, Some(MacAddr(ECHO)));
}

/// A router that looks for its provider (PADI) may have its frame passed round by another one: that IPv4 comes once says
/// nothing about it.
#[test]
fn who_speaks_pppoe_is_not_blamed_for_a_ring_of_it() {
    let padi = |_| ethernet(ALL, ROUTER, 0x8863, &[0x11, 9, 0, 0, 0, 4, 1, 1, 0, 0]);
    let others = every(2_500, 5_000, 2, |n| udp(host(3), 3, [255; 4], n));
    let verdict = only(told([greetings(), every(2_000, 6_000, 800, padi), others].concat(), 9_000));
    assert_eq!((verdict.cause, culprit(&verdict)), ("unexplained", None), "{}", verdict.sentence);
    let first = verdict.candidates.first().map(|candidate| candidate.cause);
    assert_eq!(first, Some("ethertype_bridge_loop"), "{:?}", verdict.candidates);
}
