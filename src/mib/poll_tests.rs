//! Tests of [`super`]: samples from agents with every habit that real ones have.

use super::*;
use crate::mib::slow::{self, Slow};
use crate::mib::test_agent::{TestAgent, limits, run};
use crate::mib::{Reply, Request};
use crate::model::topology::Fdb;
use std::collections::BTreeMap;

pub(in crate::mib) fn poll(agent: &mut TestAgent) -> PollSample {
    let mut rows = Rows::default();
    let lasting = read(&Memory::default(), Time::from_secs(1), agent, &mut rows);
    let mut answer = |request: &Request| Reply::Bindings(agent.answer(request).into());
    for table in Slow::ALL {
        let mut brought = run(table.walk(limits()), &mut answer).expect("a good agent");
        if let Some(more) = table.more(&brought) {
            brought.append(run(more(limits()), &mut answer).expect("a good agent"));
        }
        rows.append(brought);
    }
    let brought = Brought { rows: &rows, at: Time::from_secs(1), took: Duration::ZERO, lasting };
    let mut sample = Memory::default().sample("hub".into(), &brought, &mut Names::default());
    let topology = slow::topology(&rows, &sample.ports, &Slow::ALL.into(), Time::from_secs(1));
    sample.topology = Some(Box::new(topology));
    sample
}

/// The two walks of a poll; whether what hardly changes was read.
fn read(memory: &Memory, now: Time, agent: &mut TestAgent, rows: &mut Rows) -> bool {
    let mut answer = |request: &Request| Reply::Bindings(agent.answer(request).into());
    rows.append(run(memory.first(limits()), &mut answer).expect("a good agent"));
    let due = memory.due(now, rows);
    if let Some(second) = Memory::second(due, rows, limits()) {
        rows.append(run(second, &mut answer).expect("a good agent"));
    }
    due.lasting
}

#[test]
fn sixty_four_bits_where_there_are_any() {
    let mut agent = TestAgent::switch(3);
    agent.remove("1.3.6.1.2.1.31.1.1.1.6.2");
    let sample = poll(&mut agent);
    assert_eq!((sample.sys_name.as_str(), sample.sys_uptime), ("hub", Some(360_000)));
    let ports = sample.ports.iter().map(|port| (&*port.name, port.counters.in_octets, port.speed_bps));
    let wide = |port: u64| Some(Counter::C64((1 << 40) + 6000 + port));
    let expected = [
        ("ge1", wide(1), 1_000_000_000),
        ("ge2", Some(Counter::C32(10_002)), 1_000_000_000),
        ("ge3", wide(3), 1_000_000_000),
    ];
    assert!(ports.eq(expected));
    assert_eq!(sample.ports[0].uptimes, [Some(360_000); 12]);
    assert!(sample.problems.is_empty(), "{:?}", sample.problems);
}

#[test]
fn names_that_ports_share_are_told_apart() {
    let mut agent = TestAgent::switch(3);
    agent.set("1.3.6.1.2.1.31.1.1.1.1.3", Value::Octets(b"ge1".to_vec()));
    agent.remove("1.3.6.1.2.1.31.1.1.1.1.2");
    let sample = poll(&mut agent);
    assert!(sample.ports.iter().map(|port| &*port.name).eq(["ge1", "Port 2", "ge1 (ifIndex 3)"]));
    assert_eq!(sample.problems.len(), 1);
}

#[test]
fn an_agent_with_nothing_gives_an_empty_sample() {
    let mut agent = TestAgent { objects: BTreeMap::new(), room: 60, asked: 0 };
    let sample = poll(&mut agent);
    let fdb = sample.topology.and_then(|topology| topology.fdb);
    assert_eq!((sample.ports.len(), sample.sys_uptime, fdb), (0, None, Some(Fdb::default())));
}
