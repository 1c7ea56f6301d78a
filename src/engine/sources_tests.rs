//! Where a storm comes in: ends of a ring that do not stand out, and switches that only pass on what comes in at another.

use super::counting_tests::{Load, Net, QUIET, mac, port_of, receive, table};
use super::*;
use crate::model::topology::Topology;

/// `core` with `edge` behind its port 4, whose own way back is its last port.
fn two_switches(back: u32) -> [Topology; 2] {
    let of = |bridge: MacAddr, entries: &[(MacAddr, u32)]| Topology { bridge: Some(bridge), ..table(entries) };
    [
        of(mac(100), &[(mac(1), 1), (mac(2), 2), (mac(101), 4), (mac(30), 4), (mac(31), 4)]),
        of(mac(101), &[(mac(30), 1), (mac(31), 2), (mac(100), back), (mac(1), back), (mac(2), back)]),
    ]
}

fn warm(ports: [usize; 2]) -> Net {
    let mut net = Net::new();
    let [core, edge] = two_switches(ports[1] as u32);
    net.poll("core", &vec![QUIET; ports[0]], Some(core));
    net.poll("edge", &vec![QUIET; ports[1]], Some(edge));
    net.later();
    for _ in 0..80 {
        net.poll("core", &vec![QUIET; ports[0]], None);
        net.poll("edge", &vec![QUIET; ports[1]], None);
        net.later();
    }
    net
}

/// Each end of the ring brings half of it in, too little to stand out; everybody gets all of it. What everybody gets is
/// weak: it must last.
#[test]
fn two_ends_that_do_not_stand_out_are_named_together() {
    let end = Load { into: [92, 1, 200], out: [92, 2, 150], octets: 200 };
    let mut net = Net::new();
    net.warm("hub", 6, table(&[(mac(1), 1), (mac(4), 4)]));
    let mut loads = vec![receive(190, 2); 6];
    (loads[1], loads[2]) = (end, end);
    net.rounds(90, "hub", &loads);
    assert!(net.open().is_empty(), "fifteen minutes");
    net.rounds(2, "hub", &loads);
    let verdict = net.only();
    assert_eq!(port_of(&verdict), Some("hub ge2 and hub ge3"), "{}", verdict.sentence);
    assert_eq!(verdict.peak_pps, 93, "what each of them brings");

    // A third that brings as much: who is to say which two of them are the ends?
    let mut net = Net::new();
    net.warm("hub", 6, table(&[(mac(1), 1), (mac(4), 4)]));
    loads[4] = end;
    net.rounds(92, "hub", &loads);
    assert_eq!(port_of(&net.only()), None);
}

/// The uplink of `core` stands out, and no port of `edge` that brings it in: the ends of a ring there do, each by a half.
#[test]
fn an_uplink_is_not_named_where_the_switch_behind_it_storms() {
    let end = Load { into: [92, 1, 200], out: [92, 2, 150], octets: 200 };
    let out = receive(190, 2);
    let mut net = warm([4, 5]);
    for _ in 0..3 {
        net.poll("core", &[out, out, out, Load { into: [190, 2, 200], ..QUIET }], None);
        net.poll("edge", &[end, end, out, out, out], None);
        net.later();
    }
    let verdict = net.only();
    assert_eq!(port_of(&verdict), Some("edge ge1 and edge ge2"), "{}", verdict.sentence);
}

/// A switch of three ports shows no flood of its own: what comes in there is found by following it back.
#[test]
fn flooded_unicasts_are_followed_to_the_port_where_they_come_in() {
    let get = Load { out: [6, 2, 3000], into: [3, 1, 2], octets: 900 };
    let bring = Load { into: [3, 1, 3000], out: [6, 2, 8], octets: 900 };
    let mut net = warm([5, 3]);
    let core = [get, get, get, bring, get];
    // The one behind has not answered since: the port of the first is all that is known.
    for _ in 0..2 {
        net.poll("core", &core, None);
        net.later();
    }
    let first = net.only();
    assert_eq!((first.cause, port_of(&first)), ("unknown_unicast_flood", Some("core ge4, an uplink to edge")));
    for _ in 0..2 {
        net.poll("core", &core, None);
        net.poll("edge", &[bring, get, get], None);
        net.later();
    }
    let verdict = net.only();
    assert_eq!((verdict.cause, port_of(&verdict)), ("unknown_unicast_flood", Some("edge ge1")), "{}", verdict.sentence);
    assert_eq!(verdict.started, first.started, "one flood");
    assert!(verdict.evidence.iter().any(|fact| fact.observed.contains("core ge4")), "{:#?}", verdict.evidence);

    // Two that bring as much: it is not known which.
    for _ in 0..3 {
        net.poll("core", &core, None);
        net.poll("edge", &[bring, bring, get], None);
        net.later();
    }
    assert!(port_of(&net.only()).is_some_and(|port| !port.contains("ge2")), "{:?}", port_of(&net.only()));
}
