//! What a fleet costs, on virtual time and without a network: memory by part for each port and device, time for each poll,
//! question and scrape. Knows no sockets; `benches/fleet.sh` runs the whole program.
//!
//! `cargo bench -p stormglass --no-default-features --bench fleet -- TARGETS PORTS MINUTES` (10000 52 70). Seventy
//! minutes fill the hour of history that each port has, and read every forwarding database five times.
//!
//! # The budget
//! 10,000 switches with 52 ports and 122 addresses each, of 300 MB in all. Resident bytes a port, the allocator's own
//! included, as this bench prints them (glibc, x86-64; the share of a device is laid on its ports):
//!
//! | part | where | a port |
//! |---|---|---|
//! | state, words and rates of a port | `observe::ports` | 112 |
//! | its counters | `observe::packed` | 54 |
//! | its addresses (8 each), its bridge port (32), the index (2 to 4 an address) | `observe::{topology, places}` | 64 |
//! | what it is used to | `detect::counters` | 83 |
//! | what the client remembers of it | `mib::memory` | 53 |
//!
//! That are 366 bytes, 190 MB. An alias that no other port has costs about 100 more. What the program holds of a device
//! beside that (configuration, plan, status) is not in it; `benches/fleet.sh` measures the whole.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stormglass::detect::Thresholds;
use stormglass::detect::counters::CounterWatch;
use stormglass::engine::{Engine, FeedStatus, Input, Settings};
use stormglass::mib::poll::Brought;
use stormglass::mib::{Limits, Memory, Names, Reply, Request};
use stormglass::model::device::{Discovery, Gateway, MappingProtocol, PortMapping};
use stormglass::model::observation::{Counter, CounterKind, Poll, PollSample, PortSample};
use stormglass::model::snmp::Value;
use stormglass::model::topology::{Fdb, Resolved, Topology, Way};
use stormglass::model::{MacAddr, Time};
use stormglass::observe::targets::{MAX_TARGETS, Targets};
use stormglass::view::exposition::Format;
use stormglass::view::metrics_targets::Counts;
use stormglass::view::scrape::Scrape;
use stormglass::view::sink::Plain;

/// One poll in this many is timed together with a snapshot.
const SNAPSHOT_EVERY: usize = 1000;
/// Forwarding databases are read in one poll of so many.
const FDB_EVERY: usize = 15;
/// Addresses that every switch knows, behind its last port.
const KNOWN_TO_ALL: u32 = 20;
const START: Time = Time::from_secs(1_800_000_000);

/// How big a fleet.
#[derive(Clone, Copy)]
struct Fleet {
    targets: usize,
    ports: usize,
    minutes: usize,
}

fn main() {
    let arguments = std::env::args().skip(1).filter(|argument| argument != "--bench").collect::<Vec<_>>();
    let numbers = arguments.iter().filter_map(|argument| argument.parse::<usize>().ok()).collect::<Vec<_>>();
    let number = |place: usize, usual| numbers.get(place).copied().unwrap_or(usual);
    let fleet = Fleet { targets: number(0, 10_000), ports: number(1, 52), minutes: number(2, 70) };
    match arguments.first().map(String::as_str) {
        Some("part") => part(arguments.get(1).map_or("", String::as_str), fleet),
        Some("scrape") => scrape_of_full_tables(),
        _ => {
            // Each in a process of its own: what one leaves to the allocator would flatter the next.
            println!("part                              bytes/port  MiB in all");
            for name in PARTS {
                child(&["part", name], fleet);
            }
            child(&["scrape"], fleet);
            println!(
                "\ntargets  ports  minutes  bytes/port  µs/poll  snapshot µs  port_of µs  longest slice µs  /metrics ms  KiB"
            );
            measure(fleet);
        }
    }
}

fn child(arguments: &[&str], fleet: Fleet) {
    let program = std::env::current_exe().expect("a running program has a file");
    let numbers = [fleet.targets, fleet.ports, fleet.minutes].map(|number| number.to_string());
    let status = std::process::Command::new(program).args(arguments).args(numbers).status().expect("it starts again");
    assert!(status.success(), "{arguments:?} failed");
}

/// Wall clock; a benchmark may look at it.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn timed<T>(sum: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    *sum += started.elapsed();
    result
}

/// Parts of a fleet's memory that are measured on their own.
const PARTS: [&str; 4] =
    ["observe: ports", "observe: ports and addresses", "detect: what ports are used to", "mib: what clients remember"];

/// One part alone; prints its line.
fn part(name: &str, fleet: Fleet) {
    let Fleet { targets, ports, .. } = fleet;
    let names = names(targets);
    let before = resident_bytes();
    let (mut observed, mut watch) = (Targets::new(), CounterWatch::default());
    let (mut words, mut memories) = (Names::default(), Vec::new());
    for (n, name_of) in names.iter().enumerate() {
        match name {
            "mib: what clients remember" => memories.push(remembered(name_of, &mut words, n, ports)),
            "detect: what ports are used to" => {
                // One switch stands for all, so that what is known of it is kept once.
                let one = Arc::<str>::from("one");
                for minute in 3 * n..3 * n + 3 {
                    let at = START.plus(Duration::from_secs(60 * minute as u64));
                    observed.observe(&poll(&one, at, minute, 0, ports));
                    watch.observe(name_of, at, observed.ports(&one), &Thresholds::default());
                }
            }
            _ => {
                for minute in 0..3 {
                    let at = START.plus(Duration::from_secs(60 * minute as u64));
                    let mut poll = poll(name_of, at, minute, n, ports);
                    if let Poll::Answered(sample) = &mut poll {
                        let with = name.ends_with("addresses") && minute == 0;
                        sample.topology = with.then(|| Box::new(surroundings(n, ports)));
                    }
                    observed.observe(&poll);
                }
            }
        }
    }
    let bytes = resident_bytes().saturating_sub(before);
    println!("{name:<33} {:>10}  {:>10}", bytes / (targets * ports) as u64, bytes >> 20);
    drop((observed, watch, words, memories));
}

fn names(targets: usize) -> Vec<Arc<str>> {
    (0..targets).map(|n| format!("switch-{n:05}").into()).collect()
}

fn measure(fleet: Fleet) {
    let Fleet { targets, ports, minutes } = fleet;
    let before = resident_bytes();
    let mut engine = Engine::new(Settings::default());
    let names = names(targets);
    let told = names.iter().map(|name| (Arc::clone(name), "10.0.0.1:161".to_owned())).collect();
    engine.handle(START, Input::Targets(told));
    let (mut polls, mut publishing, mut snapshots) = (Vec::new(), Duration::ZERO, 0_u32);
    for minute in 0..minutes {
        for (n, name) in names.iter().enumerate() {
            let at = START.plus(Duration::from_millis((minute * 60_000 + n * 60_000 / targets) as u64));
            let mut poll = poll(name, at, minute, n, ports);
            if let Poll::Answered(sample) = &mut poll
                && (minute + n).is_multiple_of(FDB_EVERY)
            {
                sample.topology = Some(Box::new(surroundings(n, ports)));
            }
            let mut handling = Duration::ZERO;
            timed(&mut handling, || engine.handle(at, Input::Poll(poll)));
            // Of the last two rounds, in which nothing is new: other programs share the processor, and a mean is theirs.
            if minute + 2 >= minutes {
                polls.push(handling);
            }
            while engine.poll().is_some() {}
            if n % SNAPSHOT_EVERY == 0 {
                snapshots += 1;
                drop(timed(&mut publishing, || engine.snapshot(at)));
            }
        }
    }
    let bytes = resident_bytes().saturating_sub(before);
    let end = START.plus(Duration::from_secs(minutes as u64 * 60));
    let mut asking = Duration::ZERO;
    let asked = targets.min(1000);
    for (n, name) in names.iter().enumerate().take(asked) {
        let mac = host(n, 3, 0);
        let found = timed(&mut asking, || engine.targets().port_of(mac));
        assert!(found.is_some_and(|place| place.target == *name), "switch {n} knows its own hosts");
    }
    let scrape = scrape(&engine, end);
    polls.sort();
    let median = polls.get(polls.len() / 2).copied().unwrap_or_default();
    let micros = |sum: Duration, of: usize| sum.as_secs_f64() * 1e6 / of.max(1) as f64;
    println!(
        "{targets:>7}  {ports:>5}  {minutes:>7}  {:>10}  {:>7.1}  {:>11.1}  {:>10.1}  {:>16.0}  {:>11.2}  {:>3}",
        bytes / (targets * ports) as u64,
        micros(median, 1),
        micros(publishing, snapshots as usize),
        micros(asking, asked),
        micros(scrape.longest, 1),
        scrape.whole.as_secs_f64() * 1e3,
        scrape.bytes / 1024
    );
}

/// What a scrape took.
struct Took {
    /// The longest time for which the engine was kept from its work.
    longest: Duration,
    /// All of it, the text included.
    whole: Duration,
    bytes: usize,
}

/// The best of several, slice by slice: other programs share the processor, and what they take is not ours.
fn scrape(engine: &Engine, now: Time) -> Took {
    // The engine publishes its snapshot anyhow.
    let snapshot = Arc::new(engine.snapshot(now));
    let (mut slices, mut writing, mut bytes) = (Vec::<Duration>::new(), Duration::MAX, 0);
    for _ in 0..20 {
        let mut scrape = Scrape::new(Arc::clone(&snapshot), Counts::default(), Format::Text);
        for place in 0.. {
            let mut slice = Duration::ZERO;
            let more = timed(&mut slice, || scrape.read(engine));
            match slices.get_mut(place) {
                Some(best) => *best = slice.min(*best),
                None => slices.push(slice),
            }
            if !more {
                break;
            }
        }
        let mut write = Duration::ZERO;
        bytes = 0;
        timed(&mut write, || scrape.write(&mut Plain::new(&mut |chunk| bytes += chunk.len())));
        writing = writing.min(write);
    }
    let longest = slices.iter().max().copied().unwrap_or_default();
    Took { longest, whole: writing + slices.iter().sum(), bytes }
}

/// As many targets, feeds, gateways and mappings as are kept; prints what a scrape of them takes.
fn scrape_of_full_tables() {
    let mut engine = Engine::new(Settings::default());
    for name in names(MAX_TARGETS) {
        engine.handle(START, Input::Poll(poll(&name, START, 0, 0, 4)));
        let (ok, message) = (true, String::new());
        engine.handle(START, Input::Feed(FeedStatus { feed: "snmp", name, ok, message, last_success: Some(START) }));
    }
    tell("all targets and feeds there can be", &scrape(&engine, START));
    let mapping = |n: u16| PortMapping {
        protocol: MappingProtocol::Udp,
        external_port: n,
        internal_client: format!("192.168.1.{}", n % 250),
        internal_port: n,
        description: "a game".to_owned(),
        enabled: true,
        lease_seconds: 0,
        remote_host: None,
        connection: 0,
    };
    let gateways = (0..64).map(|n| Gateway {
        udn: format!("uuid:{n}"),
        mappings: (0..8192).map(mapping).collect(),
        complete: true,
        ..Gateway::default()
    });
    let found = Discovery { at: START, gateways: gateways.collect(), ..Discovery::default() };
    engine.handle(START, Input::Discovery(Box::new(found)));
    tell("64 gateways with 8192 mappings as well", &scrape(&engine, START));
}

fn tell(what: &str, took: &Took) {
    println!(
        "a scrape with {what}: {:.1} ms, {} KiB; the engine is kept for {:.2} ms at most",
        took.whole.as_secs_f64() * 1e3,
        took.bytes / 1024,
        took.longest.as_secs_f64() * 1e3
    );
}

/// A poll as the client makes it: every string is new. Every port carries something, in every counter but the errors.
fn poll(name: &Arc<str>, at: Time, minute: usize, target: usize, ports: usize) -> Poll {
    let ports = (1..=ports).map(|port| {
        let mut sample = PortSample {
            if_index: port as u32,
            name: format!("Gi1/0/{port}").into(),
            descr: format!("GigabitEthernet1/0/{port}").into(),
            if_type: 6,
            speed_bps: 1_000_000_000,
            admin_up: true,
            oper_up: true,
            ..PortSample::default()
        };
        for kind in CounterKind::ALL.into_iter().take(8) {
            // A few packets to all each second and some hundreds in all: no port stands out.
            let groups = !kind.is_octets() && kind > CounterKind::OutUnicast;
            let step = if groups { 30 } else { 600 } * (1 + (kind as u64 + port as u64 * 7 + target as u64) % 60);
            *sample.counters.get_mut(kind) = Some(Counter::C64(1_000_000 + minute as u64 * step));
        }
        for kind in CounterKind::ALL.into_iter().skip(8) {
            *sample.counters.get_mut(kind) = Some(Counter::C32(0));
        }
        sample
    });
    Poll::Answered(Box::new(PollSample {
        target: Arc::clone(name),
        at,
        took: Duration::from_millis(20),
        sys_uptime: Some(1_000_000 + (minute * 6000) as u32),
        sys_name: name.to_string(),
        sys_descr: "A switch of the usual kind, with a long description as they have it".to_owned(),
        ports: ports.collect(),
        topology: None,
        problems: Vec::new(),
    }))
}

/// A host's address: behind a port of a switch.
fn host(target: usize, port: u32, n: u32) -> MacAddr {
    let [.., high, low] = (target as u64).to_be_bytes();
    MacAddr([2, high, low, 0, port as u8, n as u8])
}

/// Two hosts behind each port, and behind the last one those that everybody knows.
fn surroundings(target: usize, ports: usize) -> Topology {
    let ports = ports as u32;
    let resolved = |if_index| Resolved { if_index, way: Way::BasePortTable, confidence: 1.0 };
    let own = (1..ports).flat_map(|port| (0..2).map(move |n| (host(target, port, n), port)));
    let all = (0..KNOWN_TO_ALL).map(|n| (MacAddr([6, 0, 0, 0, 0, n as u8]), ports));
    let fdb = Fdb {
        entries: own.chain(all).collect(),
        ports: (1..=ports).map(|port| (port, resolved(port))).collect(),
        ..Fdb::default()
    };
    Topology { fdb: Some(fdb), bridge: Some(host(target, 0, 0)), ..Topology::default() }
}

/// What a client keeps of a switch after its first poll.
fn remembered(name: &Arc<str>, words: &mut Names, target: usize, ports: usize) -> Memory {
    let mut memory = Memory::default();
    let limits = Limits::until(START.plus(Duration::from_secs(60)));
    let Poll::Answered(said) = poll(name, START, 0, target, ports) else { return memory };
    let table = table(&said.ports, target);
    let mut rows = walked(memory.first(limits), &table);
    let due = memory.due(START, &rows);
    if let Some(second) = Memory::second(due, &rows, limits) {
        rows.append(walked(second, &table));
    }
    let brought = Brought { rows: &rows, at: START, took: Duration::ZERO, lasting: due.lasting };
    drop(memory.sample(Arc::clone(name), &brought, words));
    memory
}

/// The columns of IF-MIB that a poll reads, by their last arcs.
fn table(ports: &[PortSample], target: usize) -> BTreeMap<Vec<u32>, Value> {
    let mut table = BTreeMap::new();
    for port in ports {
        let text = |text: &str| Value::Octets(text.as_bytes().to_vec());
        let mac = Value::Octets(host(target, port.if_index, 9).0.to_vec());
        let if_table = [(2, text(&port.descr)), (3, Value::Integer(6)), (5, Value::Gauge32(1_000_000_000)), (6, mac)];
        let states = [(7, Value::Integer(1)), (8, Value::Integer(1))];
        for (column, value) in if_table.into_iter().chain(states) {
            table.insert(vec![1, 3, 6, 1, 2, 1, 2, 2, 1, column, port.if_index], value);
        }
        let wide = (6..=13).map(|column| (column, Value::Counter64(1_000_000)));
        let alias = text(&format!("desk {}", port.if_index));
        for (column, value) in wide.chain([(1, text(&port.name)), (15, Value::Gauge32(1000)), (18, alias)]) {
            table.insert(vec![1, 3, 6, 1, 2, 1, 31, 1, 1, 1, column, port.if_index], value);
        }
    }
    table
}

/// A walk over a table.
fn walked(mut walk: stormglass::mib::Walk, table: &BTreeMap<Vec<u32>, Value>) -> stormglass::mib::Rows {
    use std::ops::Bound::{Excluded, Unbounded};
    let answer = |request: &Request| {
        let mut bindings = stormglass::model::snmp::Bindings::default();
        let mut names = request.oids.iter().map(|oid| oid.arcs().to_vec()).collect::<Vec<_>>();
        for round in 0..request.repetitions.unwrap_or(1) {
            // sysUpTime comes once.
            for (place, name) in names.iter_mut().enumerate().skip(usize::from(round > 0)) {
                if place == 0 {
                    bindings.push(&[1, 3, 6, 1, 2, 1, 1, 3, 0], Value::TimeTicks(1_000_000));
                } else if let Some((next, value)) = table.range((Excluded(name.clone()), Unbounded)).next() {
                    name.clone_from(next);
                    bindings.push(next, value.clone());
                } else {
                    bindings.push(name, Value::EndOfMibView);
                }
            }
        }
        Reply::Bindings(bindings)
    };
    while let Ok(Some(request)) = walk.next(START) {
        if walk.on_reply(START, answer(&request)).is_err() {
            break;
        }
    }
    walk.into_rows()
}

/// Memory that this process has in RAM, the allocator's overhead included.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}
