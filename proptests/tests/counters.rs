//! Laws of the counter side: a delta is never negative and deltas add up, whatever is lost, wraps or restarts; and a
//! walk ends, whatever the agent answers.

use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use stormglass::mib::poll::Brought;
use stormglass::mib::slow::Slow;
use stormglass::mib::{Limits, MODULES, Memory, Names, Reply, Rows, Walk, forwarding, slow};
use stormglass::model::Time;
use stormglass::model::observation::{Counter, CounterKind, Gap, Poll, PollSample, PortCounters, PortSample};
use stormglass::model::snmp::{Oid, Value, VarBind};
use stormglass::observe::delta::{Context, delta, interval};
use stormglass::observe::ledger::{Ledger, Polled};
use stormglass::observe::packed::Packed;
use stormglass::observe::ports::{About, PortStatus};
use stormglass::observe::targets::{Outcome, Targets};
use stormglass_harness::snmp::{Table, Value as Told, switch_mib};
use stormglass_harness::{Scenario, World};
use stormglass_proptests::config;

const GIGABIT: u64 = 1_000_000_000;
const IN: CounterKind = CounterKind::InOctets;

/// What happens between two polls of an agent.
#[derive(Clone, Copy, Debug)]
struct Leg {
    /// Time between them, seconds.
    seconds: u32,
    /// Octets that come in meanwhile, as a share of what the line carries, in thousandths.
    load: u64,
    /// What else happens.
    event: Happening,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happening {
    Nothing,
    /// The poll is lost.
    Lost,
    /// The agent restarts: its counters and its uptime begin anew.
    Restart,
    /// Somebody clears the counters, and the agent says so.
    Cleared,
}

fn leg() -> impl Strategy<Value = Leg> {
    let event = prop_oneof![
        6 => Just(Happening::Nothing),
        2 => Just(Happening::Lost),
        1 => Just(Happening::Restart),
        1 => Just(Happening::Cleared),
    ];
    (5_u32..25, 0_u64..1000, event).prop_map(|(seconds, load, event)| Leg { seconds, load, event })
}

/// An agent with one port, and the truth about it.
struct Agent {
    wide: bool,
    counter: u64,
    uptime: u32,
    declared: u32,
    now: Time,
    /// Octets since the last answered poll that began a count, and whether something broke it since.
    since: u64,
    broken: bool,
}

impl Agent {
    fn sample(&self) -> Poll {
        let value = if self.wide { Counter::C64(self.counter) } else { Counter::C32(self.counter as u32) };
        let port = PortSample {
            if_index: 1,
            name: "port1".into(),
            speed_bps: GIGABIT,
            oper_up: true,
            discontinuity: Some(self.declared),
            counters: PortCounters { in_octets: Some(value), ..PortCounters::default() },
            ..PortSample::default()
        };
        Poll::Answered(Box::new(PollSample {
            target: "hub".into(),
            at: self.now,
            took: Duration::from_millis(3),
            sys_uptime: Some(self.uptime),
            sys_name: String::new(),
            sys_descr: String::new(),
            ports: vec![port],
            topology: None,
            problems: Vec::new(),
        }))
    }

    fn go(&mut self, leg: &Leg) {
        if leg.event == Happening::Restart {
            (self.counter, self.uptime, self.broken) = (0, 0, true);
        }
        if leg.event == Happening::Cleared {
            (self.counter, self.declared, self.broken) = (0, self.uptime.wrapping_add(1), true);
        }
        let octets = GIGABIT / 8 * u64::from(leg.seconds) * leg.load / 1000;
        self.counter = self.counter.wrapping_add(octets);
        self.since += octets;
        // A restart takes the agent some of the time.
        let up = if leg.event == Happening::Restart { leg.seconds * 10 } else { leg.seconds * 100 };
        self.uptime = self.uptime.wrapping_add(up);
        self.now = self.now.plus(Duration::from_secs(u64::from(leg.seconds)));
    }
}

proptest! {
    #![proptest_config(config(500))]

    /// The sum of the deltas is the truth where nothing was broken, and never more than the truth. A rate is never more
    /// than the line carries.
    #[test]
    fn deltas_add_up_and_never_exceed_the_truth(
        wide in any::<bool>(),
        start in any::<u64>(),
        uptime in any::<u32>(),
        legs in proptest::collection::vec(leg(), 1..40),
    ) {
        // A Counter64 does not wrap: an agent's counts from its start.
        let counter = if wide { start >> 4 } else { start };
        let now = Time::from_secs(1_800_000_000);
        let mut agent = Agent { wide, counter, uptime, declared: 0, now, since: 0, broken: false };
        let mut targets = Targets::new();
        let mut total = 0;
        let mut observe = |targets: &mut Targets, poll: &Poll| {
            targets.observe_counting(poll, &mut |_, kind, delta| total += if kind == IN { delta } else { 0 })
        };
        observe(&mut targets, &agent.sample());
        let (mut honest, mut most) = (0_u64, 0_u64);
        let mut restarted = None;
        for leg in &legs {
            agent.go(leg);
            if leg.event == Happening::Restart {
                restarted = Some(agent.now);
            }
            if leg.event == Happening::Lost {
                let gap = Gap { target: "hub".into(), at: agent.now, reason: "timeout", message: String::new() };
                observe(&mut targets, &Poll::Gap(gap));
                // Across a gap a narrow counter can wrap unseen, and may be refused.
                agent.broken |= !agent.wide;
                continue;
            }
            if observe(&mut targets, &agent.sample()) == Outcome::Stale {
                // The next delta spans this leg as well; a narrow counter can wrap within both.
                agent.broken |= !agent.wide;
                continue;
            }
            // An agent that restarts twice within the slack of the clocks (15 s and a tenth) looks like one that answers
            // from a cache: what is added is true then, but less than the truth.
            let settled = restarted.is_none_or(|at: Time| agent.now.since(at) >= Duration::from_secs(60));
            most += agent.since;
            honest += if agent.broken || !settled { 0 } else { agent.since };
            (agent.since, agent.broken) = (0, false);
            let port = targets.port("hub", "port1").expect("a port");
            if let Some(rate) = port.rates.get(IN) {
                // Where the agent's clock lags by more than half a second and a tenth, the line is the bound, with a tenth
                // for rounding; else its clock and ours differ by so much: 5 s become 4 s.
                let most = if settled { 1.11 } else { 1.26 };
                prop_assert!(rate >= 0.0 && rate <= most * GIGABIT as f64 / 8.0, "{rate} octets/s");
            }
        }
        prop_assert!(total <= most, "{total} counted, {most} happened");
        prop_assert!(total >= honest, "{total} counted, at least {honest} happened without a break");
    }

    /// Two samples: what is said to have been added leads from the one to the other; else there is a reason.
    #[test]
    fn a_delta_leads_from_one_value_to_the_next(
        before in any::<u64>(), after in any::<u64>(), near in any::<bool>(), step in 0_u64..1 << 34,
        centis in 1_u64..100_000, speed_bps in prop_oneof![Just(0), Just(10_000_000), Just(GIGABIT), any::<u64>()],
        same_discontinuity in any::<bool>(), kind in prop::sample::select(CounterKind::ALL.to_vec()),
    ) {
        let after = if near { before.wrapping_add(step) } else { after };
        let context = Context { centis, speed_bps, same_discontinuity };
        if let Ok(delta) = delta(kind, Counter::C64(before), Counter::C64(after), &context) {
            prop_assert_eq!(before.checked_add(delta), Some(after));
            prop_assert!(same_discontinuity);
        }
        let (before, after) = (before as u32, after as u32);
        if let Ok(delta) = delta(kind, Counter::C32(before), Counter::C32(after), &context) {
            prop_assert_eq!(before.wrapping_add(u32::try_from(delta).expect("less than a turn")), after);
        }
    }

    /// The agent's time between two samples is what passed, give or take the slack, or there is a reason.
    #[test]
    fn an_interval_is_near_the_time_that_passed(before in any::<u32>(), after in any::<u32>(), passed_ms in 0_u64..100_000_000) {
        let passed = Duration::from_millis(passed_ms);
        if let Ok(centis) = interval(before, after, passed) {
            let apart = (centis * 10).abs_diff(passed_ms);
            prop_assert!(apart <= 15_010 + passed_ms / 10, "{centis} hundredths for {passed:?}");
        }
    }
}

/// One poll of a port with [`SOME`] counters.
#[derive(Clone, Debug)]
struct Count {
    seconds: u32,
    slow: bool,
    /// For each counter: whether the agent tells it, by how much it went up, and how much later its PDU came, hundredths
    /// of a second.
    counters: [(bool, u32, u32); SOME.len()],
}

/// More than a port keeps times for.
const SOME: [CounterKind; 5] =
    [IN, CounterKind::OutOctets, CounterKind::InUnicast, CounterKind::InMulticast, CounterKind::OutErrors];

fn count() -> impl Strategy<Value = Count> {
    let counter = || (prop::bool::weighted(0.8), 0_u32..1_000_000, 0_u32..300);
    let counters = [counter(), counter(), counter(), counter(), counter()];
    (20_u32..90, any::<bool>(), counters).prop_map(|(seconds, slow, counters)| Count { seconds, slow, counters })
}

/// A counter with all its past, kept the long way.
#[derive(Clone, Copy, Default)]
struct Plain {
    value: u32,
    before: Option<(u32, u32, Time)>,
    single: Option<f64>,
}

proptest! {
    #![proptest_config(config(500))]

    /// What a port keeps in few bytes gives the rates that keeping every value, time and width of each counter gives: the
    /// same to seven digits, and where the agent is slow the mean of the latest two.
    #[test]
    fn rates_are_those_of_every_counter_for_itself(counts in proptest::collection::vec(count(), 1..30)) {
        let (mut at, mut uptime) = (Time::from_secs(1_800_000_000), 5000_u32);
        let mut plain = [Plain::default(); SOME.len()];
        let mut port: Option<PortStatus> = None;
        let (mut rest, mut bytes) = (Packed::default(), Vec::new());
        for Count { seconds, slow, counters } in counts {
            at = at.plus(Duration::from_secs(u64::from(seconds)));
            uptime += seconds * 100;
            let mut sample = PortSample { name: "port1".into(), speed_bps: GIGABIT, ..PortSample::default() };
            for ((kind, plain), (told, step, later)) in SOME.into_iter().zip(&mut plain).zip(counters) {
                plain.value += step;
                sample.uptimes[kind as usize] = Some(uptime + later);
                let narrow = kind == CounterKind::OutErrors;
                let value = if narrow { Counter::C32(plain.value) } else { Counter::C64(plain.value.into()) };
                *sample.counters.get_mut(kind) = told.then_some(value);
            }
            let about = Arc::new(About { descr: "".into(), alias: "".into() });
            let mut ledgers = Vec::new();
            match port {
                Some(_) => rest.unpack(1, &mut ledgers),
                None => ledgers.push(Ledger::new(&sample, at)),
            }
            let port = port.get_or_insert_with(|| PortStatus::new(&sample, "port1".into(), about, at));
            let mut sums = [0; CounterKind::ALL.len()];
            let polled = Polled { uptime: None, at, slow };
            let reasons = ledgers[0].count(port, &sample, polled, &mut |kind, delta| sums[kind as usize] += delta);
            rest.pack(&ledgers, &mut bytes);
            prop_assert!(reasons.is_empty(), "{reasons:?}");
            for ((kind, plain), (told, _, later)) in SOME.into_iter().zip(&mut plain).zip(counters) {
                let rate = port.rates.get(kind);
                if !told {
                    prop_assert_eq!(sums[kind as usize], 0);
                    continue;
                }
                let now = (plain.value, uptime + later, at);
                let Some(before) = plain.before.replace(now) else {
                    prop_assert_eq!(rate, None);
                    continue;
                };
                let centis = interval(before.1, now.1, now.2.since(before.2)).expect("honest");
                prop_assert_eq!(sums[kind as usize], u64::from(now.0 - before.0));
                let single = f64::from(now.0 - before.0) * 100.0 / centis as f64;
                let other = plain.single.replace(single).filter(|_| slow).unwrap_or(single);
                let (least, most) = (single.min(other), single.max(other));
                let rate = rate.expect("two values");
                prop_assert!(rate >= least * (1.0 - 1e-6) && rate <= most * (1.0 + 1e-6), "{least} {rate} {most}");
            }
        }
    }
}

/// Every value of the harness's agent in stormglass's own type, as the io floor decodes it.
fn decoded(value: &Told) -> Value {
    match value {
        Told::Integer(n) => Value::Integer(*n as i32),
        Told::Octets(bytes) => Value::Octets(bytes.clone()),
        Told::Null => Value::Null,
        Told::Oid(oid) => Value::ObjectId(Oid::new(oid)),
        Told::Ip(ip) => Value::IpAddress(ip.octets()),
        Told::Counter32(n) => Value::Counter32(*n),
        Told::Gauge32(n) => Value::Gauge32(*n),
        Told::TimeTicks(n) | Told::Uptime(n) => Value::TimeTicks(*n),
        Told::Opaque(bytes) => Value::Opaque(bytes.clone()),
        Told::Counter64(n) => Value::Counter64(*n),
        Told::NoSuchObject => Value::NoSuchObject,
        Told::NoSuchInstance => Value::NoSuchInstance,
        Told::EndOfMibView => Value::EndOfMibView,
        // What an agent fills in by itself when it answers; the world's switch has no such values.
        other => panic!("not a value of the world's switch: {other:?}"),
    }
}

/// An honest answer from a table (RFC 3416, 4.2.2 and 4.2.3).
fn honest(table: &Table, oids: &[Oid], repetitions: Option<u32>) -> Vec<VarBind> {
    let next = |oid: &Oid| match table.next(oid.arcs()) {
        Some((next, value)) => VarBind { oid: Oid::new(next), value: decoded(value) },
        None => VarBind { oid: oid.clone(), value: Value::EndOfMibView },
    };
    let Some(repetitions) = repetitions else { return oids.iter().map(next).collect() };
    let mut bindings = oids.iter().take(1).map(next).collect::<Vec<_>>();
    let mut at = oids[1..].to_vec();
    for _ in 0..repetitions.min(40) {
        for oid in &mut at {
            let binding = next(oid);
            *oid = binding.oid.clone();
            bindings.push(binding);
        }
    }
    bindings
}

/// What becomes of an honest answer on its way.
#[derive(Clone, Debug)]
enum Fate {
    Honest,
    Timeout,
    Malformed,
    Status(i32, u32),
    /// Cut after some bindings.
    Cut(prop::sample::Index),
    /// One binding is another.
    Replaced(prop::sample::Index, Vec<u32>, u8),
    /// Two change places.
    Swapped(prop::sample::Index, prop::sample::Index),
    /// Bindings that nobody asked for.
    Flood(Vec<u32>, u16),
}

fn fate() -> impl Strategy<Value = Fate> {
    let arcs = || {
        prop_oneof![
            proptest::collection::vec(any::<u32>(), 0..14),
            proptest::collection::vec(0_u32..32, 0..4)
                .prop_map(|tail| [&[1, 3, 6, 1, 2, 1, 2, 2, 1, 10][..], &tail].concat()),
        ]
    };
    let index = any::<prop::sample::Index>;
    prop_oneof![
        8 => Just(Fate::Honest),
        1 => Just(Fate::Timeout),
        1 => Just(Fate::Malformed),
        1 => (0_i32..20, any::<u32>()).prop_map(|(status, at)| Fate::Status(status, at)),
        2 => index().prop_map(Fate::Cut),
        2 => (index(), arcs(), any::<u8>()).prop_map(|(at, arcs, kind)| Fate::Replaced(at, arcs, kind)),
        1 => (index(), index()).prop_map(|(a, b)| Fate::Swapped(a, b)),
        1 => (arcs(), any::<u16>()).prop_map(|(arcs, count)| Fate::Flood(arcs, count)),
    ]
}

fn reply(fate: &Fate, mut bindings: Vec<VarBind>) -> Reply {
    match fate {
        Fate::Honest => {}
        Fate::Timeout => return Reply::Timeout,
        Fate::Malformed => return Reply::Malformed,
        Fate::Status(status, at) => return Reply::Status(*status, *at),
        Fate::Cut(at) => bindings.truncate(at.index(bindings.len() + 1)),
        Fate::Replaced(at, arcs, kind) if !bindings.is_empty() => {
            let at = at.index(bindings.len());
            let value = match kind % 5 {
                0 => Value::Counter64(u64::MAX),
                1 => Value::Octets(vec![0xff; 300]),
                2 => Value::EndOfMibView,
                3 => Value::NoSuchInstance,
                _ => Value::Integer(-1),
            };
            bindings[at] = VarBind { oid: Oid::new(arcs), value };
        }
        Fate::Swapped(a, b) if !bindings.is_empty() => {
            let (a, b) = (a.index(bindings.len()), b.index(bindings.len()));
            bindings.swap(a, b);
        }
        Fate::Flood(arcs, count) => {
            let one = |n| VarBind { oid: Oid::joined(arcs, &[n]), value: Value::Counter32(n) };
            bindings.extend((0..u32::from(*count)).map(one));
        }
        Fate::Replaced(..) | Fate::Swapped(..) => {}
    }
    Reply::Bindings(bindings.into())
}

fn table() -> Table {
    let scenario = Scenario::builtin("home").expect("the harness tests its scenarios");
    let mut world = World::new(&scenario, 1);
    world.advance(Duration::from_secs(20));
    switch_mib::table(&world)
}

proptest! {
    #![proptest_config(config(500))]

    /// A walk ends within its limits, whatever comes back, and what it read makes a sample.
    #[test]
    fn a_walk_ends(fates in proptest::collection::vec(fate(), 1..12), which in 0_usize..14, rows in 1_usize..200) {
        let table = table();
        let start = Time::from_secs(1_800_000_000);
        let limits = Limits { rows, ..Limits::until(start.plus(Duration::from_secs(100))) };
        let mut walk = match which {
            0 => Memory::default().first(limits),
            1 => forwarding::fdb(limits),
            2..=5 => Slow::ALL[which - 2].walk(limits),
            _ => Walk::module(MODULES[which % MODULES.len()], limits),
        };
        let mut requests = 0_u64;
        for step in 0.. {
            let now = start.plus(Duration::from_millis(10 * step));
            let Ok(Some(request)) = walk.next(now) else { break };
            requests += 1;
            // The deadline ends it at the latest, and every request has its time.
            prop_assert!(requests <= 10_001, "it goes on beyond its deadline");
            prop_assert!(request.oids.len() <= limits.columns + 1);
            let honest = honest(&table, &request.oids, request.repetitions);
            let fate = &fates[step as usize % fates.len()];
            if walk.on_reply(now, reply(fate, honest)).is_err() {
                break;
            }
        }
        let read = walk.into_rows();
        // The forwarding database has a limit of its own.
        let rows = if which == 1 || which == 2 { 65_536 } else { rows };
        let longest = read.cells().map(|(object, _)| read.column(object).count()).max().unwrap_or(0);
        prop_assert!(longest <= rows);
        let sample = sample(&read, start);
        let topology = slow::topology(&read, &sample.ports, &Slow::ALL.into(), start);
        let fdb = topology.fdb.expect("asked for");
        prop_assert!(fdb.ports.values().all(|found| sample.ports.iter().any(|port| port.if_index == found.if_index)));
    }
}

/// What a poll makes of rows when nothing is remembered.
fn sample(rows: &Rows, at: Time) -> PollSample {
    let brought = Brought { rows, at, took: Duration::ZERO, lasting: true };
    Memory::default().sample(Arc::from("hub"), &brought, &mut Names::default())
}

/// An honest agent is read in full, so that the law above reaches behind the first answer.
#[test]
fn an_honest_agent_is_read_in_full() {
    let table = table();
    let start = Time::from_secs(1_800_000_000);
    let limits = Limits::until(start.plus(Duration::from_secs(10)));
    let read = |mut walk: Walk| {
        while let Some(request) = walk.next(start).expect("no error") {
            let bindings = honest(&table, &request.oids, request.repetitions);
            walk.on_reply(start, Reply::Bindings(bindings.into())).expect("a good answer");
        }
        walk.into_rows()
    };
    let memory = Memory::default();
    let mut rows = read(memory.first(limits));
    let due = memory.due(start, &rows);
    rows.append(read(Memory::second(due, &rows, limits).expect("all is due at first")));
    let sample = sample(&rows, start);
    assert_eq!((sample.ports.len(), sample.sys_name.as_str()), (8, "hub"));
    assert!(sample.sys_uptime.is_some());
    let into_switch = sample.ports.iter().find(|port| port.if_index == 7).expect("the second router's LAN side");
    assert!(matches!(into_switch.counters.in_multicast, Some(Counter::C64(n)) if n > 1000), "{into_switch:?}");
}
