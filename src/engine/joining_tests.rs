//! A storm that is captured and counted: one storm of both feeds, and its port where no table tells it.

use super::counting_tests::{Load, Net, QUIET, bring, mac, mac_of, port_of, receive, table};
use super::tests::{ECHO, ROUTER, search};
use super::*;
use crate::model::frames::{FrameMeta, LinkType};
use crate::observe::replica::ReplicaRules;
use crate::observe::tally::Tally;

/// A capture beside a switch whose forwarding table nobody can read: the port that follows the storm is named, and both
/// feeds tell of one storm.
#[test]
fn the_port_of_a_captured_storm_is_named_without_a_table() {
    let mut net = Net::new();
    net.rounds(80, "hub", &[QUIET; 4]);
    let mut tally = Tally::new("eth0".into(), ReplicaRules::default(), Some(net.now()), 7);
    let mut number = 0;
    let mut second = |net: &mut Net, pps: u64| {
        for n in 0..pps {
            number += 1;
            let from = if number == 1 { ECHO } else { ROUTER };
            let bytes = search(from, 4, 77);
            let at = net.now().plus(Duration::from_nanos(n * 1_000_000_000 / pps));
            let original_len = bytes.len() as u32;
            tally.frame(
                &FrameMeta { at, number, interface: 0, link: LinkType::Ethernet, vlan: None, original_len },
                &bytes,
            );
        }
        net.second += 1;
        let now = net.now();
        net.engine.handle(now, Input::Frames(Box::new(tally.flush(now, 0))));
        net.engine.tick(now);
    };
    // It goes up and down, and another port has a life of its own.
    for round in 0..10_u64 {
        let pps = [900, 300, 700, 1000, 400][round as usize % 5];
        for _ in 0..10 {
            second(&mut net, pps);
        }
        let out = receive(pps, 2);
        net.poll("hub", &[out, out, bring(pps, 1), out], None);
    }
    let verdict = net.only();
    assert_eq!((verdict.cause, mac_of(&verdict)), ("l3_reflector", Some(MacAddr(ROUTER))));
    assert_eq!(port_of(&verdict), Some("hub ge3"), "{:#?}", verdict.evidence);
    assert!(verdict.evidence.iter().any(|fact| fact.claim.contains("goes up and down")), "{:#?}", verdict.evidence);
    assert_eq!(
        net.engine.snapshot(net.now()).storms_started.keys().filter(|(_, cause)| *cause == "l3_reflector").count(),
        1
    );
}

/// The switch knows the culprit's address: counters and frames tell of one storm, whichever comes first.
#[test]
fn a_storm_of_both_feeds_is_one() {
    for frames_first in [true, false] {
        let mut net = Net::new();
        net.warm("hub", 4, table(&[(mac(1), 1), (MacAddr(ECHO), 2), (MacAddr(ROUTER), 3)]));
        let mut tally = Tally::new("eth0".into(), ReplicaRules::default(), Some(net.now()), 7);
        let out = receive(1000, 2);
        let loads = [out, out, bring(1000, 1), out];
        if !frames_first {
            net.rounds(3, "hub", &loads);
            assert_eq!(&*net.only().segment, "hub");
        }
        let mut number = 0;
        for round in 0..30 {
            for n in 0..1000 {
                number += 1;
                let bytes = search(if number == 1 { ECHO } else { ROUTER }, 4, 77);
                let at = net.now().plus(Duration::from_millis(n));
                let original_len = bytes.len() as u32;
                tally.frame(
                    &FrameMeta { at, number, interface: 0, link: LinkType::Ethernet, vlan: None, original_len },
                    &bytes,
                );
            }
            net.second += 1;
            let now = net.now();
            net.engine.handle(now, Input::Frames(Box::new(tally.flush(now, 0))));
            net.engine.tick(now);
            if round % 10 == 9 {
                net.poll("hub", &loads, None);
            }
        }
        let verdict = net.only();
        assert_eq!((verdict.cause, &*verdict.segment), ("l3_reflector", "eth0"), "frames first: {frames_first}");
        assert_eq!((port_of(&verdict), mac_of(&verdict)), (Some("hub ge3"), Some(MacAddr(ROUTER))));
        assert!(verdict.evidence.iter().any(|fact| fact.feed == "snmp"), "{:#?}", verdict.evidence);
        // The capture ends it; what the next poll still counts of it opens no other.
        for _ in 0..9 {
            net.second += 1;
            let now = net.now();
            net.engine.handle(now, Input::Frames(Box::new(tally.flush(now, 0))));
            net.engine.tick(now);
        }
        net.poll(
            "hub",
            &loads.map(|load| Load { into: load.into.map(|n| n / 5), out: load.out.map(|n| n / 5), ..load }),
            None,
        );
        net.later();
        net.rounds(10, "hub", &[QUIET; 4]);
        assert!(net.open().is_empty(), "{:#?}", net.open());
        assert_eq!(net.engine.verdicts().len(), 1, "frames first: {frames_first}");
    }
}

/// Frames tell that it is a ring, counters where it is closed: the verdict of both has both, whichever comes first, and what
/// frames say again does not take the ports away.
#[test]
fn a_ring_of_both_feeds_has_its_ports() {
    for frames_first in [true, false] {
        let mut net = Net::new();
        net.warm("hub", 5, table(&[(mac(1), 1), (MacAddr(ECHO), 2), (mac(4), 4), (mac(30), 5)]));
        let mut tally = Tally::new("eth0".into(), ReplicaRules::default(), Some(net.now()), 7);
        let end = Load { into: [4000, 9000, 200], out: [4000, 9000, 150], octets: 200 };
        let out = receive(8000, 18_000);
        let loads = [out, end, end, out, out];
        let moved = || Some(table(&[(mac(1), 2), (MacAddr(ECHO), 3), (mac(4), 2), (mac(30), 3)]));
        if !frames_first {
            for _ in 0..3 {
                net.poll("hub", &loads, moved());
                net.later();
            }
            assert_eq!(net.only().cause, "l2_loop");
        }
        let mut number = 0;
        for round in 0..40 {
            for n in 0..1000 {
                number += 1;
                let (from, last) = if n % 2 == 0 { (ECHO, 10) } else { (mac(30).0, 30) };
                let mut bytes = search(from, 4, 77);
                bytes[29] = last;
                let at = net.now().plus(Duration::from_millis(n));
                let original_len = bytes.len() as u32;
                tally.frame(
                    &FrameMeta { at, number, interface: 0, link: LinkType::Ethernet, vlan: None, original_len },
                    &bytes,
                );
            }
            net.second += 1;
            let now = net.now();
            net.engine.handle(now, Input::Frames(Box::new(tally.flush(now, 0))));
            net.engine.tick(now);
            if round % 10 == 9 {
                net.poll("hub", &loads, moved());
            }
        }
        let verdict = net.only();
        assert_eq!((verdict.cause, &*verdict.id), ("l2_loop", "eth0-l2_loop"), "frames first: {frames_first}");
        assert_eq!((port_of(&verdict), mac_of(&verdict)), (Some("hub ge2 and hub ge3"), None), "{frames_first}");
        assert!(verdict.sentence.contains("in and out at hub ge2 and hub ge3"), "{}", verdict.sentence);
        let feeds = verdict.evidence.iter().map(|fact| fact.feed).collect::<BTreeSet<_>>();
        assert_eq!(feeds.into_iter().collect::<Vec<_>>(), ["capture", "snmp"], "frames first: {frames_first}");
    }
}
