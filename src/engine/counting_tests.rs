//! Switches whose counters storm while nobody captures a frame: what is said, of which port, and after how many polls. A
//! network of the tests' own, in rates; the harness has real agents.

use super::*;
use crate::model::frames::OwnerProof;
use crate::model::observation::{Counter, CounterKind, PollSample, PortSample, THIS_HOST};
use crate::model::topology::{Fdb, Resolved, Stp, Topology, Way};
use crate::model::verdict::{Phase, Severity};

/// What a port carries in a second: multicast, broadcast, unicast in; the same out.
#[derive(Clone, Copy, Default)]
pub(super) struct Load {
    pub(super) into: [u64; 3],
    pub(super) out: [u64; 3],
    pub(super) octets: u64,
}

pub(super) const QUIET: Load = Load { into: [3, 1, 200], out: [6, 2, 150], octets: 200 };

pub(super) fn bring(multicast: u64, broadcast: u64) -> Load {
    Load { into: [multicast, broadcast, 200], ..QUIET }
}

pub(super) fn receive(multicast: u64, broadcast: u64) -> Load {
    Load { out: [multicast, broadcast, 150], ..QUIET }
}

pub(super) struct Net {
    pub(super) engine: Engine,
    pub(super) second: i64,
    counts: BTreeMap<(String, u32, CounterKind), u64>,
    said: Vec<Arc<Verdict>>,
}

pub(super) fn mac(last: u8) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0, last])
}

/// Addresses and the ports they are behind.
pub(super) fn table(entries: &[(MacAddr, u32)]) -> Topology {
    let found =
        |port: &(MacAddr, u32)| (port.1, Resolved { if_index: port.1, way: Way::BasePortTable, confidence: 0.95 });
    let fdb = Fdb {
        entries: entries.iter().copied().collect(),
        ports: entries.iter().map(found).collect(),
        ..Fdb::default()
    };
    Topology { fdb: Some(fdb), ..Topology::default() }
}

impl Net {
    pub(super) fn new() -> Self {
        let engine = Engine::new(Settings::default());
        Self { engine, second: 1_800_000_000, counts: BTreeMap::new(), said: Vec::new() }
    }

    pub(super) fn now(&self) -> Time {
        Time::from_secs(self.second)
    }

    /// One switch answers, with what its ports carried in the last ten seconds.
    pub(super) fn poll(&mut self, target: &str, loads: &[Load], topology: Option<Topology>) {
        let at = self.now();
        let mut ports = Vec::new();
        for (place, load) in loads.iter().enumerate() {
            let if_index = place as u32 + 1;
            let name = format!("ge{if_index}").into();
            let mut port = PortSample {
                if_index,
                name,
                if_type: 6,
                oper_up: true,
                speed_bps: 1_000_000_000,
                ..PortSample::default()
            };
            let octets = |packets: [u64; 3]| packets.iter().sum::<u64>() * load.octets;
            use CounterKind::{
                InBroadcast, InMulticast, InOctets, InUnicast, OutBroadcast, OutMulticast, OutOctets, OutUnicast,
            };
            let rates = [
                (InMulticast, load.into[0]),
                (InBroadcast, load.into[1]),
                (InUnicast, load.into[2]),
                (InOctets, octets(load.into)),
                (OutMulticast, load.out[0]),
                (OutBroadcast, load.out[1]),
                (OutUnicast, load.out[2]),
                (OutOctets, octets(load.out)),
            ];
            for (kind, rate) in rates {
                let count = self.counts.entry((target.to_owned(), if_index, kind)).or_default();
                *count += rate * 10 + u64::from(kind.is_octets());
                *port.counters.get_mut(kind) = Some(Counter::C64(*count));
            }
            ports.push(port);
        }
        let sample = PollSample {
            target: target.into(),
            at,
            took: Duration::ZERO,
            sys_uptime: (target != THIS_HOST).then(|| (self.second - 1_799_000_000) as u32 * 100),
            sys_name: String::new(),
            sys_descr: String::new(),
            ports,
            topology: topology.map(Box::new),
            problems: Vec::new(),
        };
        self.engine.handle(at, Input::Poll(Poll::Answered(Box::new(sample))));
    }

    /// Ten seconds later; what is said meanwhile is kept.
    pub(super) fn later(&mut self) {
        self.second += 10;
        self.engine.tick(self.now());
        while let Some(output) = self.engine.poll() {
            if let Output::Changed(verdict) = output {
                self.said.push(verdict);
            }
        }
    }

    pub(super) fn rounds(&mut self, rounds: usize, target: &str, loads: &[Load]) {
        for _ in 0..rounds {
            self.poll(target, loads, None);
            self.later();
        }
    }

    pub(super) fn warm(&mut self, target: &str, ports: usize, topology: Topology) {
        self.poll(target, &vec![QUIET; ports], Some(topology));
        self.later();
        self.rounds(80, target, &vec![QUIET; ports]);
        assert!(self.said.is_empty(), "{:#?}", self.said);
    }

    pub(super) fn open(&self) -> Vec<Arc<Verdict>> {
        self.engine.verdicts().into_iter().filter(|verdict| verdict.phase != Phase::Over).collect()
    }

    pub(super) fn only(&self) -> Arc<Verdict> {
        let [verdict] = self.open().try_into().expect("one verdict");
        verdict
    }
}

pub(super) fn port_of(verdict: &Verdict) -> Option<&str> {
    verdict.culprit.as_ref()?.port.as_deref()
}

pub(super) fn mac_of(verdict: &Verdict) -> Option<MacAddr> {
    verdict.culprit.as_ref()?.mac
}

fn edges() -> Topology {
    table(&[(mac(1), 1), (mac(2), 2), (mac(30), 3), (mac(4), 4)])
}

#[test]
fn a_storm_is_told_in_the_second_renewed_poll_with_port_and_device_and_ends() {
    let mut net = Net::new();
    net.warm("hub", 4, edges());
    let storm = [receive(1805, 2), receive(1805, 2), bring(1800, 1), receive(1805, 2)];
    net.rounds(1, "hub", &storm);
    assert!(net.open().is_empty(), "one poll may be a burst");
    net.rounds(1, "hub", &storm);
    let verdict = net.only();
    assert_eq!((verdict.cause, verdict.severity, &*verdict.segment), ("unexplained", Severity::Storm, "hub"));
    assert_eq!((port_of(&verdict), mac_of(&verdict)), (Some("hub ge3"), None), "the port is certain, who sends is not");
    assert!(
        verdict.evidence.iter().any(|fact| fact.observed.contains(&mac(30).to_string())),
        "{:#?}",
        verdict.evidence
    );
    assert_eq!(verdict.peak_pps, 1801);
    assert!(verdict.sentence.contains("hub ge3") && verdict.sentence.contains("about 1,800"), "{}", verdict.sentence);
    let candidates = verdict.candidates.iter().map(|candidate| candidate.cause).collect::<Vec<_>>();
    assert_eq!(candidates, ["chatty_source", "l3_reflector", "loop_behind_port"]);
    assert!(verdict.candidates.iter().all(|candidate| !candidate.needs.is_empty()));
    assert!(verdict.evidence.iter().any(|fact| fact.observed.contains("3 of 4 ports")), "{:#?}", verdict.evidence);
    assert_eq!(net.engine.snapshot(net.now()).state, State::Storm);
    assert_eq!(net.engine.snapshot(net.now()).affected, [Arc::from("hub")]);
    net.rounds(30, "hub", &storm);
    assert_eq!(net.said.len(), 1, "one storm, one piece of news: {:#?}", net.said);
    net.rounds(12, "hub", &[QUIET; 4]);
    assert!(net.open().is_empty());
    let phases = net.said.iter().map(|verdict| verdict.phase).collect::<Vec<_>>();
    assert_eq!(phases, [Phase::Active, Phase::Clearing, Phase::Over]);
    let over = &net.engine.verdicts()[0];
    let lasted = over.ended.expect("an end").since(over.started).as_secs();
    assert!((300..=320).contains(&lasted), "{lasted}");
    assert!((560_000..=620_000).contains(&over.frames), "{}", over.frames);
}

/// What the facts say, and what is made of it: name, tables before, tables in the storm, the router, loads; cause, port,
/// device.
#[test]
fn causes_as_far_as_counters_tell() {
    let storm = |source: usize, load: Load, out: Load| {
        let mut loads = vec![out; 5];
        loads[source - 1] = load;
        loads
    };
    let tables =
        |more: &[(MacAddr, u32)]| table(&[&[(mac(1), 1), (mac(2), 2), (mac(4), 4), (mac(50), 5)], more].concat());
    let broadcasts = storm(3, bring(3, 900), receive(6, 905));
    let multicasts = storm(3, bring(1800, 1), receive(1805, 2));
    let ring = {
        let end = Load { into: [4000, 9000, 200], out: [4000, 9000, 150], octets: 200 };
        let mut loads = vec![receive(8000, 18_000); 5];
        (loads[1], loads[2]) = (end, end);
        loads
    };
    let unicasts = {
        let mut loads = vec![Load { out: [6, 2, 3000], into: [3, 1, 2], octets: 900 }; 5];
        loads[0] = Load { into: [3, 1, 3000], out: [6, 2, 8], octets: 900 };
        loads
    };
    let sides = {
        let side = Load { into: [1800, 1, 200], out: [1800, 2, 150], octets: 200 };
        let mut loads = vec![receive(3600, 2); 5];
        (loads[1], loads[2]) = (side, side);
        loads
    };
    // Everybody's phones: no port brings most of it.
    let everywhere = {
        let edge = Load { into: [300, 10, 200], out: [900, 30, 150], octets: 200 };
        vec![edge, edge, edge, edge, receive(1200, 40)]
    };
    let phones = (0..240_u8).map(|n| (MacAddr([6, 0x50, 0x48, 0x4f, 0, n]), u32::from(n % 4) + 1)).collect::<Vec<_>>();
    let crowd = tables(&phones);
    let both_sides = || table(&[(mac(1), 1), (mac(60), 2), (mac(61), 3), (mac(4), 4), (mac(50), 5)]);
    let tree = Stp { topology_changes: Some(9), since_change: Some(2000), ..Stp::default() };
    struct Case {
        name: &'static str,
        before: Topology,
        within: Topology,
        router: Option<MacAddr>,
        loads: Vec<Load>,
        cause: &'static str,
        first: Option<&'static str>,
        port: &'static str,
        mac: Option<MacAddr>,
    }
    let alone = || tables(&[(mac(30), 3)]);
    let case = |name, loads: &Vec<Load>, cause, first, port, mac| Case {
        name,
        before: alone(),
        within: alone(),
        router: None,
        loads: loads.clone(),
        cause,
        first,
        port,
        mac,
    };
    let table = [
        Case { within: crowd, ..case("a crowd", &everywhere, "discovery_swarm", Some("discovery_swarm"), "", None) },
        case("from many ports", &everywhere, "unexplained", Some("discovery_swarm"), "", None),
        case("broadcasts of one device", &broadcasts, "chatty_source", None, "hub ge3", Some(mac(30))),
        Case {
            router: Some(mac(30)),
            ..case("a router", &multicasts, "unexplained", Some("l3_reflector"), "hub ge3", None)
        },
        Case {
            within: tables(&[(mac(30), 3), (mac(1), 3), (mac(2), 3), (mac(4), 3)]),
            ..case("everybody is behind one port", &broadcasts, "loop_behind_port", None, "hub ge3", None)
        },
        Case {
            before: tables(&[(mac(30), 3), (mac(31), 3), (mac(32), 3)]),
            within: tables(&[(mac(30), 3), (mac(31), 3), (mac(32), 3)]),
            ..case("several behind one port", &multicasts, "unexplained", Some("l3_reflector"), "hub ge3", None)
        },
        Case {
            within: tables(&[(mac(30), 2), (mac(1), 3), (mac(4), 2)]),
            ..case("a ring", &ring, "l2_loop", None, "hub ge2 and hub ge3", None)
        },
        Case {
            before: Topology::default(),
            within: Topology::default(),
            ..case("a ring, and no table", &ring, "unexplained", Some("l2_loop"), "hub ge2 and hub ge3", None)
        },
        Case {
            before: Topology::default(),
            within: Topology::default(),
            ..case("no table", &multicasts, "unexplained", Some("l3_reflector"), "hub ge3", None)
        },
        Case {
            within: both_sides(),
            before: both_sides(),
            ..case(
                "both sides of a router",
                &sides,
                "l3_reflector",
                Some("chatty_source"),
                "hub ge2 and hub ge3",
                Some(mac(60)),
            )
        },
        Case {
            before: both_sides(),
            within: table(&[(mac(1), 2), (mac(60), 2), (mac(61), 3), (mac(4), 3), (mac(50), 5)]),
            ..case("multicasts alone in a ring", &sides, "ethertype_bridge_loop", None, "hub ge2 and hub ge3", None)
        },
        Case {
            before: both_sides(),
            within: Topology::default(),
            ..case("both sides, by an old table", &sides, "unexplained", Some("l2_loop"), "hub ge2 and hub ge3", None)
        },
        Case {
            within: Topology::default(),
            ..case("broadcasts, by an old table", &broadcasts, "unexplained", Some("chatty_source"), "hub ge3", None)
        },
        case("unicasts to nobody", &unicasts, "unknown_unicast_flood", None, "hub ge1", None),
        Case {
            within: Topology { stp: Some(tree), ..alone() },
            ..case("unicasts after a change of the tree", &unicasts, "tcn_flood", None, "", None)
        },
    ];
    for case in table {
        let mut net = Net::new();
        if let Some(router) = case.router {
            let ip = IpAddr::from([192, 168, 1, 1]);
            let claim = OwnerClaim { ip, mac: router, proof: OwnerProof::Snmp, at: net.now() };
            net.engine.handle(net.now(), Input::Owners { interface: None, claims: vec![claim] });
            let own = Own { default_routes: Some(vec![("eth0".into(), ip)]), ..Own::default() };
            net.engine.handle(net.now(), Input::Own(own));
        }
        net.warm("hub", 5, case.before);
        net.poll("hub", &case.loads, Some(case.within));
        net.later();
        net.rounds(5, "hub", &case.loads);
        let verdict = net.open().first().cloned().unwrap_or_else(|| panic!("{}: nothing is said", case.name));
        assert_eq!(net.open().len(), 1, "{}: {:#?}", case.name, net.open());
        assert_eq!(
            (verdict.cause, port_of(&verdict), mac_of(&verdict)),
            (case.cause, Some(case.port).filter(|port| !port.is_empty()), case.mac),
            "{}",
            case.name
        );
        let first = verdict.candidates.first().map(|candidate| candidate.cause);
        assert_eq!(first, case.first, "{}: {:?}", case.name, verdict.candidates);
        assert!(verdict.detected.since(verdict.started) <= Duration::from_secs(20), "{}", case.name);
        // A router is named by what it does, and its ports beside that.
        let routers = ["tcn_flood", "l3_reflector", "ethertype_bridge_loop"];
        let ports_told = routers.contains(&case.cause) || verdict.sentence.contains(case.port);
        assert!(ports_told, "{}: {}", case.name, verdict.sentence);
    }
}

/// Two switches that know each other are one segment: the storm is where it comes in, not where it is passed on.
#[test]
fn a_storm_of_two_switches_is_one_and_its_port_is_at_the_edge() {
    for joined in [true, false] {
        let mut net = Net::new();
        let bridges = [mac(100), mac(101)];
        let of = |bridge: MacAddr, entries: &[(MacAddr, u32)]| Topology { bridge: Some(bridge), ..table(entries) };
        let seen = |other: MacAddr| if joined { other } else { mac(77) };
        let core = of(bridges[0], &[(mac(1), 1), (seen(bridges[1]), 4), (mac(30), 4), (mac(31), 4)]);
        let edge = of(bridges[1], &[(mac(30), 1), (mac(31), 2), (seen(bridges[0]), 4), (mac(1), 4)]);
        net.poll("core", &[QUIET; 4], Some(core.clone()));
        net.poll("edge", &[QUIET; 4], Some(edge.clone()));
        net.later();
        for _ in 0..80 {
            net.poll("core", &[QUIET; 4], None);
            net.poll("edge", &[QUIET; 4], None);
            net.later();
        }
        let out = receive(3, 1205);
        for round in 0..6 {
            let tables = |topology: &Topology| (round == 0).then(|| topology.clone());
            net.poll("core", &[out, out, out, bring(3, 1200)], tables(&core));
            net.poll("edge", &[bring(3, 1200), out, out, out], tables(&edge));
            net.later();
        }
        let verdicts = net.open();
        if joined {
            let [verdict] = verdicts.try_into().expect("one storm");
            assert_eq!(
                (verdict.cause, port_of(&verdict), mac_of(&verdict)),
                ("chatty_source", Some("edge ge1"), Some(mac(30)))
            );
        } else {
            assert_eq!(verdicts.len(), 2, "without a sign that they are one network they are kept apart");
        }
    }
}

#[test]
fn two_storms_at_once_are_two() {
    let mut net = Net::new();
    let tables = table(&[(mac(1), 1), (mac(20), 2), (mac(40), 4)]);
    net.warm("hub", 5, tables.clone());
    let out = receive(3, 2105);
    let one = Load { into: [3, 900, 200], out: [3, 1205, 150], octets: 200 };
    let other = Load { into: [3, 1200, 200], out: [3, 905, 150], octets: 200 };
    for _ in 0..6 {
        net.poll("hub", &[out, one, out, other, out], Some(tables.clone()));
        net.later();
    }
    let mut named = net.open().iter().map(|v| (v.cause, port_of(v).map(str::to_owned))).collect::<Vec<_>>();
    named.sort();
    let expected = ["hub ge2", "hub ge4"].map(|port| ("chatty_source", Some(port.to_owned())));
    assert_eq!(named, expected);
}

/// The port with television brings a storm in that is small beside it: the others tell.
#[test]
fn a_storm_beside_television_is_seen_where_it_goes() {
    let mut net = Net::new();
    let mut usual = vec![QUIET; 5];
    usual[0] = Load { into: [4000, 1, 200], out: [6, 2, 150], octets: 1300 };
    net.rounds(300, "hub", &usual);
    assert!(net.open().is_empty(), "{:#?}", net.open());
    let mut loads = vec![receive(1805, 2); 5];
    loads[0] = Load { into: [5800, 1, 200], out: [6, 2, 150], octets: 1000 };
    net.rounds(3, "hub", &loads);
    let verdict = net.only();
    assert_eq!((verdict.cause, verdict.severity, port_of(&verdict)), ("unexplained", Severity::Storm, Some("hub ge1")));
}

#[test]
fn this_hosts_own_interface_tells_that_it_is_flooded() {
    let mut net = Net::new();
    net.rounds(80, THIS_HOST, &[QUIET; 2]);
    net.rounds(2, THIS_HOST, &[bring(1800, 1), QUIET]);
    let verdict = net.only();
    assert_eq!((verdict.cause, verdict.severity, &*verdict.segment), ("unexplained", Severity::Storm, "ge1"));
    assert_eq!(verdict.culprit, None, "who does it can't be told from one interface");
    // The other way round it is this computer that does it.
    let mut net = Net::new();
    net.rounds(80, THIS_HOST, &[QUIET; 2]);
    net.rounds(2, THIS_HOST, &[receive(1800, 1), QUIET]);
    assert_eq!(port_of(&net.only()), Some("this computer's ge1"));
}

#[test]
fn what_is_healthy_is_silent() {
    let television = Load { into: [900, 1, 200], out: [6, 2, 150], octets: 1300 };
    let viewer = Load { into: [3, 1, 200], out: [900, 2, 150], octets: 1300 };
    let backup = Load { into: [3, 1, 80_000], out: [6, 2, 4000], octets: 1400 };
    let taker = Load { into: [3, 1, 4000], out: [6, 2, 80_000], octets: 1400 };
    let blind = |load: Load| Load { into: [0, 0, load.into[2]], out: [0, 0, load.out[2]], octets: load.octets };
    for (name, usual, loads) in [
        ("television", [QUIET; 4], [television, viewer, QUIET, QUIET]),
        ("a backup", [QUIET; 4], [backup, taker, QUIET, QUIET]),
        ("a backup, no groups counted", [blind(QUIET); 4], [blind(backup), blind(taker), blind(QUIET), blind(QUIET)]),
    ] {
        let mut net = Net::new();
        net.rounds(120, "hub", &usual);
        net.rounds(60, "hub", &loads);
        assert!(net.said.is_empty(), "{name}: {:#?}", net.said);
    }
}

/// Agents that count no groups: what comes in at one port and goes out of all the others, in octets.
#[test]
fn fan_out_tells_where_groups_are_not_counted() {
    let blind = |into: u64, out: u64| Load { into: [0, 0, into], out: [0, 0, out], octets: 200 };
    let mut net = Net::new();
    net.rounds(80, "hub", &[blind(20, 20); 3]);
    net.rounds(3, "hub", &[blind(20, 5000), blind(5000, 40), blind(20, 5000)]);
    let verdict = net.only();
    assert_eq!((verdict.cause, verdict.severity, port_of(&verdict)), ("unexplained", Severity::Storm, Some("hub ge2")));
    assert!(verdict.lacks.iter().any(|lack| lack.contains("forwarding table")), "{:?}", verdict.lacks);
}

#[test]
fn media_that_drowns_a_slow_port_is_a_warning() {
    let mut net = Net::new();
    net.rounds(80, "hub", &[QUIET; 5]);
    let out = Load { into: [3, 1, 2], out: [60_000, 2, 2], octets: 1300 };
    let from = Load { into: [60_000, 1, 2], out: [12, 2, 2], octets: 1300 };
    net.rounds(4, "hub", &[from, out, out, out, out]);
    let verdicts = net.open();
    assert!(verdicts.iter().any(|v| v.cause == "stream_flood" && v.severity == Severity::Warning), "{verdicts:#?}");
}
