//! The engine fed through the tally, as `io` feeds it: the incident with and without a falling TTL, and silence.

use super::*;
use crate::model::MacAddr;
use crate::model::frames::OwnerProof;
use crate::model::frames::{FrameMeta, LinkType};
use crate::model::verdict::{Phase, Severity};
use crate::observe::replica::ReplicaRules;
use crate::observe::tally::Tally;
use etherparse::PacketBuilder;

pub(super) const ECHO: [u8; 6] = [0x44, 0x65, 0x0d, 1, 0, 0x0a];
pub(super) const ROUTER: [u8; 6] = [0x3c, 0x84, 0x6a, 0x10, 0, 0xc8];

struct Bench {
    engine: Engine,
    tally: Tally,
    number: u64,
    flushed: Time,
}

impl Bench {
    fn new(can_ask: bool) -> Self {
        let engine = Engine::new(Settings { can_ask, ..Settings::default() });
        let start = Time::from_secs(1_700_000_000);
        let tally = Tally::new("eth0".into(), ReplicaRules::default(), Some(start), 7);
        Self { engine, tally, number: 0, flushed: start }
    }

    /// Milliseconds after the start.
    fn at(ms: i64) -> Time {
        Time::from_nanos(1_700_000_000_000_000_000 + ms * 1_000_000)
    }

    fn frame(&mut self, ms: i64, bytes: &[u8]) {
        self.number += 1;
        let at = Self::at(ms);
        let meta = FrameMeta {
            at,
            number: self.number,
            interface: 0,
            link: LinkType::Ethernet,
            vlan: None,
            original_len: bytes.len() as u32,
        };
        self.tally.frame(&meta, bytes);
        if self.tally.is_due(self.flushed, at) {
            self.flush(ms);
        }
    }

    fn flush(&mut self, ms: i64) {
        let at = Self::at(ms);
        let summary = self.tally.flush(at, 0);
        self.flushed = at;
        self.engine.handle(at, Input::Frames(Box::new(summary)));
        self.engine.tick(at);
    }
}

pub(super) fn search(mac: [u8; 6], ttl: u8, id: u16) -> Vec<u8> {
    let mut header =
        etherparse::Ipv4Header::new(0, ttl, etherparse::IpNumber::UDP, [192, 168, 1, 10], [239, 255, 255, 250])
            .expect("a short payload");
    header.identification = id;
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2(mac, [1, 0, 0x5e, 0x7f, 0xff, 0xfa])
        .ip(etherparse::IpHeaders::Ipv4(header, etherparse::Ipv4Extensions::default()))
        .udp(50_000, 1900)
        .write(&mut bytes, b"M-SEARCH * HTTP/1.1\r\n\r\n")
        .expect("writing to a vector");
    bytes
}

#[test]
fn falling_ttl_is_a_warning_and_then_over() {
    let mut bench = Bench::new(false);
    bench.frame(2_000, &search(ECHO, 4, 77));
    for (n, ttl) in [3, 2, 1].into_iter().enumerate() {
        bench.frame(2_001 + n as i64, &search(ROUTER, ttl, 77));
    }
    bench.flush(2_100);
    let [verdict] = bench.engine.verdicts().try_into().expect("one verdict");
    assert_eq!((verdict.cause, verdict.severity), ("l3_reflector", Severity::Warning));
    assert_eq!(verdict.culprit.as_ref().and_then(|c| c.mac), Some(MacAddr(ROUTER)));
    assert_eq!(verdict.frames, 3);
    assert_eq!(verdict.origins[0].mac, Some(MacAddr(ECHO)));
    for second in 3..20 {
        bench.flush(second * 1000);
    }
    let [verdict] = bench.engine.verdicts().try_into().expect("still one verdict");
    assert_eq!(verdict.phase, Phase::Over);
    assert_eq!(bench.engine.snapshot(Bench::at(20_000)).state, State::Warning, "the wiring is still there");
}

#[test]
fn constant_ttl_is_a_storm_within_a_second_and_ends() {
    let mut bench = Bench::new(false);
    bench.frame(2_000, &search(ECHO, 4, 77));
    let mut news = Vec::new();
    for n in 0..9_000 {
        bench.frame(2_001 + n / 9 * 5, &search(ROUTER, 4, 77));
        while let Some(output) = bench.engine.poll() {
            if let Output::Changed(verdict) = output {
                news.push(verdict);
            }
        }
    }
    assert!(news[0].detected.since(Bench::at(2_001)) < Duration::from_secs(1), "{:?}", news[0].detected);
    let storm = news.iter().find(|v| v.severity == Severity::Storm).expect("a storm");
    assert!(storm.detected.since(Bench::at(2_001)) < Duration::from_secs(1));
    assert_eq!(bench.engine.verdicts()[0].phase, Phase::Active);
    for second in 7..20 {
        bench.flush(second * 1000);
    }
    let [verdict] = bench.engine.verdicts().try_into().expect("one verdict");
    assert_eq!((verdict.cause, verdict.phase), ("l3_reflector", Phase::Over));
    assert_eq!(verdict.frames, 9_000);
    assert!((1_700..=1_900).contains(&verdict.peak_pps), "{}", verdict.peak_pps);
    assert_eq!(bench.engine.snapshot(Bench::at(20_000)).state, State::Over);
}

#[test]
fn in_the_middle_it_asks_and_is_never_a_loop() {
    let mut bench = Bench::new(true);
    for n in 0..2_000 {
        bench.frame(n, &search(ROUTER, 4, 77));
    }
    bench.flush(2_000);
    let verdict = Arc::clone(&bench.engine.verdicts()[0]);
    assert_ne!(verdict.cause, "l2_loop");
    let asked = std::iter::from_fn(|| bench.engine.poll())
        .filter_map(|output| if let Output::AskOwner { ip, .. } = output { Some(ip) } else { None })
        .collect::<Vec<_>>();
    assert_eq!(asked, [IpAddr::from([192, 168, 1, 10])], "asked once");
    let claim =
        OwnerClaim { ip: [192, 168, 1, 10].into(), mac: MacAddr(ECHO), proof: OwnerProof::Arp, at: Bench::at(2_001) };
    bench.engine.handle(Bench::at(2_001), Input::Owners { interface: Some("eth0".into()), claims: vec![claim] });
    // A storm of two seconds is told once a second.
    for n in 2_001..3_010 {
        bench.frame(n, &search(ROUTER, 4, 77));
    }
    let verdicts = bench.engine.verdicts();
    assert_eq!(verdicts.len(), 1, "{verdicts:#?}");
    assert_eq!(verdicts[0].cause, "l3_reflector");
    assert!(verdicts[0].confidence > 0.9, "{}", verdicts[0].confidence);
}

/// A switch with the router behind this port, which leads to `core`, and an ARP table that knows the Echo.
fn switch(at: Time, if_index: u32) -> Input {
    use crate::model::observation::{PollSample, PortSample};
    use crate::model::topology::{Fdb, Remote, Resolved, Topology, Way};
    let claim = OwnerClaim { ip: [192, 168, 1, 10].into(), mac: MacAddr(ECHO), proof: OwnerProof::Snmp, at };
    let port = |if_index| PortSample { if_index, name: format!("ge{if_index}").into(), ..PortSample::default() };
    let found = Resolved { if_index, way: Way::BasePortTable, confidence: 0.95 };
    let fdb =
        Fdb { entries: [(MacAddr(ROUTER), if_index)].into(), ports: [(if_index, found)].into(), ..Fdb::default() };
    let remote = Remote { if_index: 7, name: "core".to_owned(), chassis: None, capabilities: Some(0x20) };
    let topology = Topology { fdb: Some(fdb), remotes: Some(vec![remote]), owners: vec![claim], ..Topology::default() };
    Input::Poll(Poll::Answered(Box::new(PollSample {
        target: "hub".into(),
        at,
        took: Duration::ZERO,
        sys_uptime: Some(1),
        sys_name: String::new(),
        sys_descr: String::new(),
        ports: vec![port(3), port(7)],
        topology: Some(Box::new(topology)),
        problems: Vec::new(),
    })))
}

#[test]
fn what_switches_know_names_the_port_and_the_owner() {
    let mut bench = Bench::new(false);
    bench.engine.handle(Bench::at(0), switch(Bench::at(0), 3));
    bench.engine.handle(Bench::at(1_000), switch(Bench::at(1_000), 7));
    let moves = std::iter::from_fn(|| bench.engine.poll());
    let moves = moves.filter_map(|output| if let Output::Moved(moved) = output { Some(moved) } else { None });
    let moves = moves.map(|moved| (moved.mac, moved.from.to_string(), moved.to.to_string())).collect::<Vec<_>>();
    assert_eq!(moves, [(MacAddr(ROUTER), "ge3".to_owned(), "ge7".to_owned())]);
    // Started in the middle: the owner was never seen, and the switch's ARP table is all there is.
    for n in 2_000..3_000 {
        bench.frame(n, &search(ROUTER, 4, 77));
    }
    bench.flush(3_000);
    let verdict = Arc::clone(&bench.engine.verdicts()[0]);
    let culprit = verdict.culprit.as_ref().expect("the router");
    assert_eq!((verdict.cause, culprit.mac), ("l3_reflector", Some(MacAddr(ROUTER))));
    assert_eq!(culprit.port.as_deref(), Some("hub ge7, an uplink to core"));
}

/// The proxy's loop is broken, but it still returns each search three times: the storm ends, and that is a warning.
#[test]
fn bounded_echoes_do_not_keep_a_storm_alive() {
    let mut bench = Bench::new(false);
    bench.frame(2_000, &search(ECHO, 4, 77));
    for n in 0..2_000 {
        bench.frame(2_001 + n, &search(ROUTER, 4, 77));
    }
    for second in 4..40 {
        let at = second * 1_000 + 500;
        bench.frame(at, &search(ECHO, 4, 100 + second as u16));
        for ttl in [3, 2, 1] {
            bench.frame(at + 1, &search(ROUTER, ttl, 100 + second as u16));
        }
        bench.flush(second * 1_000 + 900);
    }
    let verdicts = bench.engine.verdicts();
    let of = |severity| verdicts.iter().filter(|v| v.severity == severity).collect::<Vec<_>>();
    let (storms, warnings) = (of(Severity::Storm), of(Severity::Warning));
    assert_eq!((storms.len(), warnings.len()), (1, 1), "{verdicts:#?}");
    assert_eq!((storms[0].phase, warnings[0].phase), (Phase::Over, Phase::Active));
    assert!(warnings[0].started >= storms[0].ended.expect("an end"));
    assert!((1_999..=2_001).contains(&storms[0].frames), "{}", storms[0].frames);
}

/// Both sides of the router send, now one more, now the other: one device, one name, one piece of news.
#[test]
fn the_culprit_named_first_stays_named() {
    let mut bench = Bench::new(false);
    let mut wan = ROUTER;
    wan[5] += 1;
    bench.frame(2_000, &search(ECHO, 4, 77));
    let mut ids = BTreeSet::new();
    let mut storms = 0;
    for n in 0..6_000_i64 {
        let mac = if (n / 500) % 2 == 0 { ROUTER } else { wan };
        bench.frame(2_001 + n, &search(mac, 4, 77));
        while let Some(output) = bench.engine.poll() {
            if let Output::Changed(verdict) = output {
                ids.insert(Arc::clone(&verdict.id));
                storms += u32::from(verdict.severity == Severity::Storm);
            }
        }
    }
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert!(storms <= 2, "{storms} pieces of news of one storm");
    assert_eq!(bench.engine.snapshot(Bench::at(8_000)).storms_started.values().sum::<u64>(), 1);
}

/// A question that nobody answers must not keep the engine awake.
#[test]
fn an_unanswered_question_is_one_deadline() {
    let mut bench = Bench::new(true);
    for n in 0..4_000 {
        bench.frame(n, &search(ROUTER, 4, 77));
    }
    bench.flush(4_000);
    let lacks = &bench.engine.verdicts()[0].lacks;
    assert!(lacks.iter().any(|lack| lack.contains("did not answer")), "{lacks:?}");
    assert!(bench.engine.next_deadline().is_none_or(|deadline| deadline > Bench::at(4_000)));
    bench.engine.handle(Bench::at(4_001), Input::NotAsked([192, 168, 1, 10].into()));
    bench.frame(4_002, &search(ROUTER, 4, 77));
    bench.flush(4_010);
    let lacks = &bench.engine.verdicts()[0].lacks;
    assert!(!lacks.iter().any(|lack| lack.contains("did not answer")), "nobody was asked: {lacks:?}");
}

#[test]
fn silence_is_blind_until_something_is_watched() {
    let mut engine = Engine::new(Settings::default());
    assert_eq!(engine.snapshot(Time::from_secs(1)).state, State::Blind);
    engine.handle(
        Time::from_secs(1),
        Input::Feed(FeedStatus {
            feed: "capture",
            name: "eth0".into(),
            ok: true,
            message: String::new(),
            last_success: None,
        }),
    );
    assert_eq!(engine.snapshot(Time::from_secs(2)).state, State::Quiet);
}

/// An mDNS question of host `mac` at 192.168.1.`last`: a name of one letter.
fn question(mac: [u8; 6], last: u8, id: u16, name: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let question = [&id.to_be_bytes()[..], &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, name, 0, 0, 12, 0, 1]].concat();
    PacketBuilder::ethernet2(mac, [1, 0, 0x5e, 0, 0, 0xfb])
        .ipv4([192, 168, 1, last], [224, 0, 0, 251], 255)
        .udp(5353, 5353)
        .write(&mut bytes, &question)
        .expect("writing to a vector");
    bytes
}

#[test]
fn two_reflectors_that_send_every_question_back_once_are_a_warning_and_a_crowd_is_none() {
    let (one, other) = ([2, 0, 0, 0, 0, 0x20], [6, 1, 1, 1, 1, 0x60]);
    for reflectors in [&[(one, 20), (other, 60)][..], &[(one, 20)], &[]] {
        let mut bench = Bench::new(false);
        let mut id = 0;
        for second in 0..40_i64 {
            // Three phones, each with questions of its own; and of a crowd all ask the same, now one first, now another.
            let phone = (second % 3) as u8 + 1;
            let crowd = if reflectors.is_empty() { 10 } else { 0 };
            let asks = std::iter::once(([2, 0, 0, 0, 9, phone], phone)).chain(reflectors.iter().copied());
            let asks = asks.chain((0..crowd).map(|n| {
                let n = (n + second as u8) % 10;
                ([2, 0, 0, 0, 8, n * 20], 100 + n)
            }));
            for (place, (mac, last)) in asks.enumerate() {
                id += 1;
                bench.frame(2_000 + second * 1_000 + place as i64 * 2, &question(mac, last, id, b'a' + phone));
            }
        }
        bench.flush(42_000);
        let said = bench.engine.verdicts();
        if reflectors.len() < 2 {
            assert!(said.is_empty(), "{reflectors:?}: {said:#?}");
            continue;
        }
        let [verdict] = said.try_into().expect("one verdict");
        assert_eq!((verdict.cause, verdict.severity), ("reflector_pair", Severity::Warning));
        let named = verdict.origins.iter().filter_map(|origin| origin.mac).collect::<BTreeSet<_>>();
        assert_eq!(named, BTreeSet::from([MacAddr(one), MacAddr(other)]));
        assert!(verdict.sentence.starts_with("No storm yet: "), "{}", verdict.sentence);
    }
}
