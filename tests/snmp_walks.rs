//! Switches with the habits of real ones, through the client that `serve` uses: each is polled twice over UDP on loopback,
//! and what it says wrongly costs it neither its ports nor its neighbours' columns. Recorded walks of real devices, which
//! are not ours to publish, are read from the folder in `STORMGLASS_WALKS` by the ignored test at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use stormglass::io::clock::Clock;
use stormglass::io::snmp::{Auth, Client, Target};
use stormglass::mib::slow::Slow;
use stormglass::model::observation::{Counter, CounterKind, Poll, PollSample};
use stormglass::observe::targets::{Outcome, Targets};
use stormglass_harness::snmp::{AgentOptions, Manners, SharedTable, SnmpAgent, Table, Value, walk_file};

const PLAIN: &str = include_str!("walks/plain.snmprec");
const WITHIN: Duration = Duration::from_secs(60);
/// Ports of [`PLAIN`], and addresses in its forwarding database.
const PORTS: usize = 4;

/// What becomes of a walk in the poller's hands.
struct Read {
    sample: PollSample,
    targets: Targets,
}

async fn read(name: &str, table: Table) -> Read {
    read_all(name, table, None).await
}

/// `others`: what the switch shows to other communities.
async fn read_all(name: &str, table: Table, others: Option<Vec<(&str, Table)>>) -> Read {
    let manners = Manners { max_reply_bytes: 8192, ..Manners::default() };
    let options = AgentOptions { manners, ..AgentOptions::default() };
    let agent = SnmpAgent::start(SharedTable::new(table), options).expect("an agent");
    let silent = others.is_some();
    others.into_iter().flatten().for_each(|(community, table)| agent.also(community, table));
    let client = Client::start(Clock::start());
    // What is not shown to a community is silence, which is waited for once.
    let retries = if silent { 0 } else { 2 };
    let settings = Target::new("hub", agent.addr(), Auth::v2c("public"));
    let target = Target { request_timeout: Duration::from_secs(5), retries, ..settings };
    let mut targets = Targets::new();
    let all = Slow::ALL.into_iter().collect::<BTreeSet<_>>();
    let mut samples = Vec::new();
    for _ in 0..2 {
        let poll = client.poll(&target, &all, WITHIN).await;
        assert_ne!(targets.observe(&poll), Outcome::Refused, "{name}");
        match poll {
            Poll::Answered(sample) => samples.push(*sample),
            Poll::Gap(gap) => panic!("{name}: {}", gap.message),
        }
    }
    let sample = samples.remove(0);
    let ports = |sample: &PollSample| {
        sample.ports.iter().map(|port| (port.if_index, port.name.clone(), port.counters)).collect::<Vec<_>>()
    };
    assert_eq!(ports(&sample), ports(&samples[0]), "{name}: the second poll, which trusts the first, says the same");
    let moved = targets.moves().count();
    assert_eq!(moved, 0, "{name}: nothing has moved");
    Read { sample, targets }
}

impl Read {
    /// Names of the ports by ifIndex.
    fn names(&self) -> BTreeMap<u32, &str> {
        self.sample.ports.iter().map(|port| (port.if_index, &*port.name)).collect()
    }

    /// ifIndex of each address that is found, by the address's last byte.
    fn places(&self) -> BTreeMap<u8, u32> {
        let fdb = self.sample.topology.as_ref().and_then(|topology| topology.fdb.as_ref());
        let entries = fdb.into_iter().flat_map(|fdb| fdb.entries.keys().map(move |mac| (mac, fdb)));
        entries.filter_map(|(mac, fdb)| Some((mac.0[5], fdb.place(*mac)?.if_index))).collect()
    }

    fn said(&self) -> String {
        let odd = self.sample.topology.iter().flat_map(|topology| &topology.problems);
        self.sample.problems.iter().chain(odd).cloned().collect::<Vec<_>>().join("\n")
    }

    fn has(&self, if_index: u32, kind: CounterKind) -> Option<Counter> {
        self.sample.ports.iter().find(|port| port.if_index == if_index)?.counters.get(kind)
    }
}

const IF: &str = "1.3.6.1.2.1.2.2.1";
const IFX: &str = "1.3.6.1.2.1.31.1.1.1";

/// The plain switch without what lies below `without`, and with these lines more.
fn plain(without: &[&str], with: &str) -> Table {
    let mut table = walk_file::parse(PLAIN.as_bytes()).expect("a good walk");
    for below in without {
        table.remove_below(&below.split('.').map(|arc| arc.parse().expect("an arc")).collect::<Vec<u32>>());
    }
    for (oid, value) in walk_file::parse(with.as_bytes()).expect("good lines") {
        table.set(oid, value);
    }
    table
}

#[tokio::test]
async fn a_plain_switch_is_read_in_full() {
    let plain = read("plain", plain(&[], "")).await;
    assert_eq!(plain.names(), [(1, "ge1"), (2, "ge2"), (3, "ge3"), (4, "ge4")].into());
    assert_eq!(plain.places(), [(0x11, 1), (0x12, 2), (0x13, 2)].into());
    assert_eq!(plain.said(), "");
    assert_eq!(plain.targets.ports("hub").count(), PORTS);
}

#[tokio::test]
async fn names_may_be_missing_empty_the_same_or_of_several_lines() {
    let by_descr = [(1, "Port 1"), (2, "Port 2"), (3, "Port 3"), (4, "Port 4")];
    let empty = (1..=4).map(|n| format!("{IFX}.1.{n}|4|\n")).collect::<String>();
    for (name, table) in [
        ("no ifName", plain(&[&format!("{IFX}.1")], "")),
        ("empty ifName", plain(&[], &empty)),
        ("no ifXTable", plain(&[IFX], "")),
        ("ifName that is a number", plain(&[], &(1..=4).map(|n| format!("{IFX}.1.{n}|2|{n}\n")).collect::<String>())),
    ] {
        assert_eq!(read(name, table).await.names(), by_descr.into(), "{name}");
    }
    for (name, table) in [
        ("the same ifName", plain(&[], &(1..=4).map(|n| format!("{IFX}.1.{n}|4|eth\n")).collect::<String>())),
        ("no name at all", plain(&[&format!("{IFX}.1"), &format!("{IF}.2")], "")),
        ("two of a name", plain(&[], &format!("{IFX}.1.2|4|ge1\n"))),
    ] {
        let read = read(name, table).await;
        let names = read.names().into_values().collect::<BTreeSet<_>>();
        assert_eq!((names.len(), read.targets.ports("hub").count()), (PORTS, PORTS), "{name}: {names:?}");
        assert_eq!(read.places().get(&0x12), Some(&2), "{name}");
    }
    // A line feed, bytes that are no UTF-8, a NUL, and 400 letters.
    let odd = format!(
        "{IFX}.18.1|4x|746f0a746865\n{IFX}.18.2|4x|ff00fe41\n{IFX}.1.3|4x|67653300\n{IFX}.1.4|4|{}\n",
        "x".repeat(400)
    );
    let odd = read("odd letters", plain(&[], &odd)).await;
    assert_eq!(odd.names().len(), PORTS);
    assert_eq!(odd.names()[&3], "ge3");
    assert!(odd.names()[&4].len() <= 255);
}

#[tokio::test]
async fn columns_may_be_missing_or_of_the_wrong_type() {
    use CounterKind::{InMulticast, InOctets};
    let narrow = read("32 bits alone", plain(&[IFX], "")).await;
    assert!(matches!(narrow.has(1, InOctets), Some(Counter::C32(_))));
    let zero = (1..=4).map(|n| format!("{IFX}.8.{n}|70|0\n{IFX}.12.{n}|70|0\n")).collect::<String>();
    assert_eq!(read("zero multicast", plain(&[], &zero)).await.has(1, InMulticast), Some(Counter::C64(0)));
    let text = (1..=4).map(|n| format!("{IFX}.6.{n}|4|12345\n{IF}.10.{n}|2|-5\n")).collect::<String>();
    let wrong = read("octets as text and as a negative INTEGER", plain(&[], &text)).await;
    assert_eq!(wrong.has(1, InOctets), None);
    assert!(wrong.has(1, InMulticast).is_some(), "its neighbours are read");
    let mixed = format!(
        "{IFX}.6.2|4|12345\n{IF}.3.1|2|-6\n{IF}.8.1|4|up\n{IF}.5.1|2|-1\n{IFX}.15.1|4|fast\n{IF}.6.1|4|02:00\n"
    );
    let mixed = read("one row wrong", plain(&[], &mixed)).await;
    assert!(mixed.has(1, InOctets).is_some() && mixed.has(3, InOctets).is_some());
    assert_eq!(mixed.names().len(), PORTS);
    assert_eq!(mixed.sample.ports[0].speed_bps, 0, "{:?}", mixed.sample.ports[0]);
    let odd = format!("{IFX}.6.1|5|\n{IFX}.6.2|68x|9f780442f60000\n{IF}.14.3|65|-1\n{IFX}.8.4|70|-1\n{IFX}.18.1|5|\n");
    let odd = read("NULL, Opaque, and counters written as negative numbers", plain(&[], &odd)).await;
    let narrow = |port| matches!(odd.has(port, InOctets), Some(Counter::C32(_)));
    assert!(narrow(1) && narrow(2), "the 32-bit ones are there: {:?}", odd.sample.ports);
    assert!(matches!(odd.has(3, InOctets), Some(Counter::C64(_))) && odd.has(1, InMulticast).is_some());
    assert_eq!(odd.has(3, CounterKind::InErrors), Some(Counter::C32(u32::MAX)));
    assert_eq!(odd.has(4, InMulticast), Some(Counter::C64(u64::MAX)));
    let timeless = read("no sysUpTime", plain(&["1.3.6.1.2.1.1.3"], "")).await;
    assert_eq!((timeless.sample.sys_uptime, timeless.names().len()), (None, PORTS));
    let systemless = read("no system group", plain(&["1.3.6.1.2.1.1"], "")).await;
    assert_eq!((&*systemless.sample.sys_name, systemless.names().len()), ("", PORTS));
    for lie in ["0", "-1", "99999"] {
        let lying = read("ifNumber lies", plain(&[], &format!("1.3.6.1.2.1.2.1.0|2|{lie}\n"))).await;
        assert_eq!(lying.names().len(), PORTS, "{lie}");
    }
    let deep = format!("{IF}.8.1.7|2|1\n{IFX}.1.1.7|4|deep\n{IFX}.6.1.7|70|5\n");
    assert_eq!(read("an index of two arcs", plain(&[], &deep)).await.names().len(), PORTS);
}

#[tokio::test]
async fn interfaces_may_have_any_number_and_be_many() {
    let mut far = String::new();
    for (n, index) in [(5, 2_147_483_649_u32), (6, u32::MAX), (7, 100_000)] {
        for (column, tag, value) in [(2, 4, format!("Port {n}")), (3, 2, "6".to_owned()), (8, 2, "1".to_owned())] {
            far.push_str(&format!("{IF}.{column}.{index}|{tag}|{value}\n"));
        }
        far.push_str(&format!("{IFX}.1.{index}|4|ge{n}\n{IFX}.6.{index}|70|{n}\n"));
    }
    let far = read("beyond 2^31", plain(&[], &far)).await;
    assert_eq!(far.names().len(), PORTS + 3, "{:?}", far.names());
    assert_eq!(far.names()[&u32::MAX], "ge6");
    // Sixteen ports with 255 subinterfaces each.
    let mut many = plain(&[IF, IFX], "");
    for index in 1..=4096_u32 {
        let (port, unit) = (index / 256, index % 256);
        let name = if unit == 0 { format!("xe-0/0/{port}") } else { format!("xe-0/0/{port}.{unit}") };
        let of = |prefix: &str, column: u32| {
            let arcs = prefix.split('.').map(|arc| arc.parse().expect("an arc"));
            arcs.chain([column, index]).collect::<Vec<u32>>()
        };
        many.set(of(IF, 2), Value::Octets(name.clone().into_bytes()));
        many.set(of(IF, 3), Value::Integer(if unit == 0 { 6 } else { 53 }));
        many.set(of(IF, 8), Value::Integer(1));
        many.set(of(IFX, 1), Value::Octets(name.into_bytes()));
        for column in 6..=13 {
            many.set(of(IFX, column), Value::Counter64(u64::from(index)));
        }
    }
    assert_eq!(read("4,096 interfaces", many).await.names().len(), 4096);
}

#[tokio::test]
async fn forwarding_databases_have_their_habits() {
    const BASE: &str = "1.3.6.1.2.1.17.1.4.1.2";
    const FDB: &str = "1.3.6.1.2.1.17.4.3.1";
    const Q_FDB: &str = "1.3.6.1.2.1.17.7.1.2.2.1";
    let entry = |last: u8, port: &str, status: u32| {
        format!("{FDB}.2.2.0.0.0.1.{last}|2|{port}\n{FDB}.3.2.0.0.0.1.{last}|2|{status}\n")
    };
    // Invalid and the bridge's own do not count; what was set by hand does.
    let states = [(1, 2), (2, 4), (3, 5), (4, 3), (5, 1)].map(|(last, status)| entry(last, "2", status)).concat();
    assert_eq!(read("statuses", plain(&[FDB], &states)).await.places(), [(3, 2), (4, 2), (5, 2)].into());
    let wrong = [entry(1, "-2", 3), entry(2, "900", 3), entry(3, "0", 3), entry(4, "4", 3)].concat();
    assert_eq!(read("ports that are none", plain(&[FDB], &wrong)).await.places(), [(4, 4)].into());
    // Database 3 is VLAN 42: neither is the other's number.
    let by_database =
        format!("{Q_FDB}.2.3.2.0.0.0.1.9|2|4\n{Q_FDB}.3.3.2.0.0.0.1.9|2|3\n1.3.6.1.2.1.17.7.1.4.2.1.3.0.42|66|3\n");
    assert_eq!(read("databases are not VLANs", plain(&[FDB], &by_database)).await.places(), [(9, 4)].into());
    let nowhere = (1..=4).map(|port| format!("{BASE}.{port}|2|0\n")).collect::<String>();
    let nowhere = read("base ports that lead to ifIndex 0", plain(&[], &nowhere)).await;
    assert_eq!(nowhere.places(), [(0x11, 1), (0x12, 2), (0x13, 2)].into(), "by number");
    assert!(nowhere.said().contains("dot1dBasePortTable leads to no interfaces"), "{}", nowhere.said());
    let same = (1..=4).map(|port| format!("{BASE}.{port}|2|1\n")).collect::<String>();
    assert_eq!(read("base ports that all lead to one", plain(&[], &same)).await.places()[&0x12], 2);
    let text = (1..=4).map(|port| format!("{BASE}.{port}|4|{port}\n")).collect::<String>();
    assert_eq!(read("base ports that are text", plain(&[], &text)).await.places()[&0x12], 2);
}

#[tokio::test]
async fn a_forwarding_database_for_each_vlan_is_read_by_the_vlans_community() {
    const STATE: &str = "1.3.6.1.4.1.9.9.46.1.3.1.1.2.1";
    const BASE: &str = "1.3.6.1.2.1.17.1.4.1.2";
    const FDB: &str = "1.3.6.1.2.1.17.4.3.1";
    // Operational: 1, 20, 30; suspended: 40; of every switch: 1002.
    let vlans = [(1, 1), (20, 1), (30, 1), (40, 2), (1002, 1)];
    let vlans = vlans.map(|(vlan, state)| format!("{STATE}.{vlan}|2|{state}\n")).concat();
    let bridge = |base: &[(u32, u32)], learned: &[(u8, u32)]| {
        let base = base.iter().map(|(port, index)| format!("{BASE}.{port}|2|{index}\n"));
        let learned = learned
            .iter()
            .map(|(last, port)| format!("{FDB}.2.2.0.0.0.1.{last}|2|{port}\n{FDB}.3.2.0.0.0.1.{last}|2|3\n"));
        base.chain(learned).collect::<String>()
    };
    let only = |text: String| walk_file::parse(text.as_bytes()).expect("good lines");
    let without = ["1.3.6.1.2.1.17.1.4", FDB];
    // Each VLAN shows its own ports alone, with numbers that are no ifIndex.
    let cisco = |first: &[(u8, u32)]| plain(&without, &(vlans.clone() + &bridge(&[(101, 1)], first)));
    let twenty = || only(bridge(&[(102, 2), (103, 3)], &[(2, 102), (3, 103)]));
    let thirty = || only(bridge(&[(104, 4)], &[(4, 104)]));
    let all = vec![("public@20", twenty()), ("public@30", thirty())];
    let read = read_all("all VLANs", cisco(&[(1, 101)]), Some(all)).await;
    assert_eq!(read.places(), [(1, 1), (2, 2), (3, 3), (4, 4)].into());
    assert_eq!(read.said(), "");
    let surroundings = read.targets.surroundings("hub").expect("known");
    assert_eq!(surroundings.len(), 4);
    assert!(read.targets.all_askable(9).is_empty(), "no address can be asked for without its VLAN");
    // Nobody is in VLAN 1, whose ports are none.
    let read = read_all(
        "VLAN 1 is empty",
        plain(&without, &vlans),
        Some(vec![("public@20", twenty()), ("public@30", thirty())]),
    );
    assert_eq!(read.await.places(), [(2, 2), (3, 3), (4, 4)].into());
    // One who may not see them loses what lies in them, is told so, and keeps the rest.
    let read = read_all("one VLAN is not shown", cisco(&[(1, 101)]), Some(vec![("public@20", twenty())])).await;
    assert_eq!(read.places(), [(1, 1), (2, 2), (3, 3)].into());
    assert!(read.said().contains("forwarding database of VLAN 30: no answer"), "{}", read.said());
    let read = read_all("no VLAN is shown", cisco(&[(1, 101)]), Some(Vec::new())).await;
    assert_eq!(read.places(), [(1, 1)].into());
    assert!(read.said().contains("forwarding database of VLAN 20: no answer"), "{}", read.said());
}

/// `STORMGLASS_WALKS=folder cargo test --test snmp_walks -- --ignored --nocapture`
#[tokio::test]
#[ignore = "needs recorded walks: set STORMGLASS_WALKS to a folder of .snmprec files"]
async fn recorded_walks_are_read() {
    let folder = std::env::var_os("STORMGLASS_WALKS").expect("STORMGLASS_WALKS names a folder");
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", Path::new(&folder).display()));
    let mut files = entries.filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<_>>();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "snmprec"));
    files.sort();
    assert!(!files.is_empty(), "no .snmprec file in {}", Path::new(&folder).display());
    for path in &files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = std::fs::read(path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let table = walk_file::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let read = read(&name, table).await;
        let ports = &read.sample.ports;
        let known = read.targets.ports("hub").count();
        let with = |kind| ports.iter().filter(|port| port.counters.get(kind).is_some()).count();
        let fdb = read.sample.topology.as_ref().and_then(|topology| topology.fdb.as_ref());
        let (found, unresolved, untold) = fdb.map_or((0, 0, 0), |fdb| (fdb.entries.len(), fdb.unresolved, fdb.untold));
        let ways = fdb
            .into_iter()
            .flat_map(|fdb| fdb.ports.values())
            .map(|found| format!("{} {}", found.way, found.confidence));
        println!(
            "{name:<28} {:>4} ports ({known} by name), octets {}, multicast {}, addresses {found} found {unresolved} \
             unresolved {untold} untold, {:?}, first {:?}\n    {}",
            ports.len(),
            with(CounterKind::InOctets),
            with(CounterKind::InMulticast),
            ways.collect::<BTreeSet<_>>(),
            ports.first().map(|port| &port.name),
            read.said().replace('\n', "\n    ")
        );
        assert_eq!(known, ports.len(), "{name}: every port has a name of its own");
    }
}
