//! Traffic that the user has told to expect: silent up to its rate and its day, and never a place to hide behind.

use super::counting_tests::{Load, Net, QUIET, bring, mac, mac_of, port_of, receive, table};
use super::tests::{ECHO, ROUTER, search};
use super::*;
use crate::detect::Expected;
use crate::detect::expected::Entries;
use crate::model::frames::{FrameMeta, LinkType};
use crate::model::observation::THIS_HOST;
use crate::observe::replica::ReplicaRules;
use crate::observe::tally::Tally;

const NAS: [u8; 6] = [0x00, 0x11, 0x32, 0, 0, 1];
const OTHER: [u8; 6] = [0x00, 0x11, 0x32, 0, 9, 9];
const SSDP: &str = "239.255.255.250";

fn entry(mac: Option<[u8; 6]>, group: Option<&str>, max_pps: u64, until: Time) -> Arc<Expected> {
    let group = group.map(|group| group.parse().expect("an address"));
    Arc::new(Expected { mac: mac.map(MacAddr), group, max_pps, until, why: "NAS backup".into() })
}

fn tell(engine: &mut Engine, now: Time, expected: Entries) {
    engine.handle(now, Input::Settings(Box::new(Settings { expected, ..Settings::default() })));
}

/// A capture that takes fresh searches of these senders, so many a second.
struct Ear {
    tally: Tally,
    number: u64,
}

impl Ear {
    fn new(now: Time) -> Self {
        Self { tally: Tally::new("eth0".into(), ReplicaRules::default(), Some(now), 7), number: 0 }
    }

    fn hear(&mut self, at: Time, bytes: &[u8]) {
        self.number += 1;
        let original_len = bytes.len() as u32;
        let number = self.number;
        self.tally
            .frame(&FrameMeta { at, number, interface: 0, link: LinkType::Ethernet, vlan: None, original_len }, bytes);
    }

    /// A second of it. Each sender has an address of its own, or they would be taken for forwarders of each other.
    fn second(&mut self, net: &mut Net, senders: &[([u8; 6], u64)]) {
        for (mac, pps) in senders {
            for n in 0..*pps {
                let at = net.now().plus(Duration::from_nanos(n * 1_000_000_000 / pps));
                let mut bytes = search(*mac, 4, (self.number % 65_000) as u16 + 1);
                bytes[29] = mac[5];
                self.hear(at, &bytes);
            }
        }
        net.second += 1;
        let now = net.now();
        net.engine.handle(now, Input::Frames(Box::new(self.tally.flush(now, 0))));
        net.engine.tick(now);
    }
}

fn causes(net: &Net) -> Vec<(&'static str, Option<MacAddr>)> {
    net.open().iter().map(|verdict| (verdict.cause, mac_of(verdict))).collect()
}

#[test]
fn it_is_silent_up_to_its_rate_and_its_day_and_nobody_hides_behind_it() {
    let mut net = Net::new();
    let mut ear = Ear::new(net.now());
    let until = net.now().plus(Duration::from_secs(100));
    for entry in [entry(Some(NAS), None, 1_000, until), entry(None, Some(SSDP), 1_000, until)] {
        let now = net.now();
        tell(&mut net.engine, now, [Arc::clone(&entry)].into());
        for _ in 0..10 {
            ear.second(&mut net, &[(NAS, 900)]);
        }
        assert_eq!(causes(&net), [], "{entry:?}");
        let uses = net.engine.snapshot(net.now()).expected;
        assert_eq!((uses[0].mac, uses[0].pps, uses[0].exceeded), (Some(MacAddr(NAS)), 900, false));
        // Another sender to the same group, and no louder.
        for _ in 0..6 {
            ear.second(&mut net, &[(NAS, 900), (OTHER, 200)]);
        }
        assert_eq!(causes(&net), [("chatty_source", Some(MacAddr(OTHER)))], "{entry:?}");
        for _ in 0..20 {
            ear.second(&mut net, &[(NAS, 900)]);
        }
        assert_eq!(causes(&net), [], "{entry:?}");
    }
    // The same sender above its rate: then all that it sends counts.
    for _ in 0..6 {
        ear.second(&mut net, &[(NAS, 1_200)]);
    }
    assert_eq!(causes(&net), [("chatty_source", Some(MacAddr(NAS)))]);
    assert!(net.open()[0].current_pps >= 1_200 && net.engine.snapshot(net.now()).expected[0].exceeded);
    for _ in 0..10 {
        ear.second(&mut net, &[(NAS, 900)]);
    }
    assert_eq!(causes(&net), []);
    // Its day is over.
    while net.now() < until.plus(Duration::from_secs(6)) {
        ear.second(&mut net, &[(NAS, 900)]);
    }
    assert_eq!(causes(&net), [("chatty_source", Some(MacAddr(NAS)))]);
    assert!(net.engine.snapshot(net.now()).expected[0].ended);
}

#[test]
fn a_reflection_is_one_whoever_is_expected() {
    let mut net = Net::new();
    let mut ear = Ear::new(net.now());
    let until = net.now().plus(Duration::from_secs(1_000));
    let all = [entry(Some(ROUTER), None, 90_000, until), entry(Some(ECHO), None, 90_000, until)];
    let now = net.now();
    tell(&mut net.engine, now, all.into_iter().chain([entry(None, Some(SSDP), 90_000, until)]).collect());
    for second in 0..3 {
        for n in 0..900 {
            let from = if second + n == 0 { ECHO } else { ROUTER };
            let at = net.now().plus(Duration::from_millis(n));
            ear.hear(at, &search(from, 4, 77));
        }
        ear.second(&mut net, &[]);
    }
    assert_eq!(causes(&net), [("l3_reflector", Some(MacAddr(ROUTER)))]);
}

#[test]
fn counters_leave_out_the_port_where_it_alone_is_and_no_other() {
    let mut net = Net::new();
    let tables = || table(&[(mac(1), 1), (mac(2), 2), (MacAddr(NAS), 3), (mac(4), 4)]);
    net.warm("hub", 4, tables());
    let until = net.now().plus(Duration::from_secs(10_000));
    let now = net.now();
    tell(&mut net.engine, now, [entry(Some(NAS), None, 1_000, until)].into());
    let out = receive(900, 2);
    let backup = [out, out, bring(900, 1), out];
    for _ in 0..6 {
        net.poll("hub", &backup, Some(tables()));
        net.later();
    }
    assert_eq!(net.open().len(), 0, "{:#?}", net.open());
    let uses = net.engine.snapshot(net.now()).expected;
    assert_eq!((uses[0].place.as_deref(), uses[0].feed), (Some("hub ge3"), "snmp"), "{uses:?}");
    // Another port, beside it.
    let more = receive(1_500, 2);
    for _ in 0..4 {
        net.poll("hub", &[more, bring(600, 1), bring(900, 1), more], Some(tables()));
        net.later();
    }
    assert_eq!(net.open().iter().map(|verdict| port_of(verdict)).collect::<Vec<_>>(), [Some("hub ge2")]);
    net.rounds(12, "hub", &[QUIET; 4]);
    // More than was told.
    let more = receive(1_300, 2);
    for _ in 0..4 {
        net.poll("hub", &[more, more, bring(1_300, 1), more], Some(tables()));
        net.later();
    }
    assert_eq!(net.open().iter().map(|verdict| port_of(verdict)).collect::<Vec<_>>(), [Some("hub ge3")]);
    net.rounds(12, "hub", &[QUIET; 4]);
    // Somebody else is behind that port as well.
    let two = || table(&[(mac(1), 1), (mac(2), 2), (MacAddr(NAS), 3), (mac(9), 3), (mac(4), 4)]);
    for _ in 0..4 {
        net.poll("hub", &backup, Some(two()));
        net.later();
    }
    assert_eq!(net.open().iter().map(|verdict| port_of(verdict)).collect::<Vec<_>>(), [Some("hub ge3")]);
}

/// This computer captures, and its own counters see the same frames: they must not tell as unknown what is expected.
#[test]
fn what_a_capture_knows_to_be_expected_its_counters_do_not_tell() {
    for expected in [true, false] {
        let mut net = Net::new();
        net.engine.handle(net.now(), Input::Targets(vec![(THIS_HOST.into(), String::new())]));
        net.rounds(80, THIS_HOST, &[QUIET]);
        let until = net.now().plus(Duration::from_secs(10_000));
        if expected {
            let now = net.now();
            tell(&mut net.engine, now, [entry(Some(NAS), None, 1_000, until)].into());
        }
        let mut ear = Ear::new(net.now());
        let interface: Arc<str> = "ge1".into();
        ear.tally = Tally::new(interface, ReplicaRules::default(), Some(net.now()), 7);
        let host = |pps: u64| Load { into: [pps, 1, 200], ..QUIET };
        for _ in 0..6 {
            for _ in 0..10 {
                ear.second(&mut net, &[(NAS, 900)]);
            }
            net.poll(THIS_HOST, &[host(900)], None);
        }
        assert_eq!(causes(&net).is_empty(), expected, "{:#?}", net.open());
        // It stops, and the counters are behind.
        for _ in 0..10 {
            ear.second(&mut net, &[(NAS, 1)]);
        }
        net.poll(THIS_HOST, &[host(450)], None);
        net.later();
        if expected {
            assert_eq!(net.engine.verdicts().len(), 0, "{:#?}", net.engine.verdicts());
        }
    }
}
