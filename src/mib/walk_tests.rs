//! Tests of [`super::walk`]: every cell is read once whatever an agent does, and every walk ends.

use super::if_mib::{IF_DESCR, IF_HC_IN_OCTETS, IF_IN_OCTETS, IF_X_TABLE, MODULE};
use super::test_agent::{TestAgent, limits, run};
use super::{Limits, Reply, Request, Rows, Walk, WalkError};
use crate::model::Time;
use crate::model::snmp::{Bindings, Oid, Value, VarBind};
use std::collections::BTreeMap;

/// Every cell that the agent has is read once, with its value, and columns are in order.
fn check(rows: &Rows, agent: &TestAgent) {
    let mut read = BTreeMap::new();
    let mut last = None;
    for (object, cell) in rows.cells() {
        let name = Oid::joined(object.oid, cell.index);
        assert!(last.replace(name.clone()).is_none_or(|last| last < name || !last.arcs().starts_with(object.oid)));
        assert_eq!(cell.uptime, Some(360_000));
        assert_eq!(Some(cell.value), agent.objects.get(&name), "{name}");
        assert!(read.insert(name, ()).is_none(), "a cell twice");
    }
    let below = |table: &[u32]| agent.objects.keys().filter(|oid| oid.below(table).is_some()).count();
    assert_eq!(read.len(), below(&[1, 3, 6, 1, 2, 1, 2, 2, 1]) + below(&[1, 3, 6, 1, 2, 1, 31, 1, 1, 1]));
}

fn walk(agent: &mut TestAgent, limits: Limits) -> Result<Rows, WalkError> {
    run(Walk::module(&MODULE, limits), |request| Reply::Bindings(agent.answer(request).into()))
}

#[test]
fn rows_are_whole_whatever_fits_into_an_answer() {
    // 12 is one row of ten columns, with sysUpTime and one more; below that the columns must be split.
    for room in [2, 3, 5, 11, 12, 13, 21, 60, 1000] {
        for ports in [0, 1, 24, 25, 52] {
            let mut agent = TestAgent { room, ..TestAgent::switch(ports) };
            check(&walk(&mut agent, limits()).expect("a good agent"), &agent);
        }
    }
}

#[test]
fn holes_and_missing_columns_do_not_shift_rows() {
    let mut agent = TestAgent::switch(52);
    for gone in
        ["1.3.6.1.2.1.31.1.1.1.6.7", "1.3.6.1.2.1.31.1.1.1.8", "1.3.6.1.2.1.2.2.1.2.52", "1.3.6.1.2.1.31.1.1.1.1.1"]
    {
        agent.remove(gone);
    }
    // A column that has rows of its own, far beyond the others.
    agent.set("1.3.6.1.2.1.31.1.1.1.6.10101", Value::Counter64(5));
    let rows = walk(&mut agent, limits()).expect("a good agent");
    check(&rows, &agent);
    assert!(rows.cell(&IF_HC_IN_OCTETS, &[7]).is_none());
    assert_eq!(rows.column(&IF_HC_IN_OCTETS).count(), 52);
    assert_eq!(rows.column(&IF_DESCR).count(), 51);
}

#[test]
fn ten_columns_share_a_pdu() {
    let mut agent = TestAgent { room: 1000, ..TestAgent::switch(24) };
    let mut widest = 0;
    run(Walk::module(&MODULE, limits()), |request| {
        widest = widest.max(request.oids.len());
        Reply::Bindings(agent.answer(request).into())
    })
    .expect("a good agent");
    assert_eq!(widest, 11, "ten columns and sysUpTime; a T1600G crashes beyond 14");
    assert!(agent.asked <= 7, "{} requests for 41 columns of 24 rows", agent.asked);
}

/// What an agent does to a request before it answers.
type Mood = fn(&Request, usize) -> Option<Reply>;

#[test]
fn moody_agents_are_read_to_the_end() {
    let table: &[(&str, Mood)] = &[
        ("too big above 4 rows", |request, _| (request.repetitions > Some(4)).then_some(Reply::Status(1, 0))),
        ("too big above 3 columns", |request, _| (request.oids.len() > 4).then_some(Reply::Status(1, 0))),
        ("every third answer is lost", |_, count| (count % 3 == 2).then_some(Reply::Timeout)),
        ("big answers are lost", |request, _| (request.repetitions > Some(6)).then_some(Reply::Timeout)),
        ("no GETBULK at all", |request, _| request.repetitions.is_some().then_some(Reply::Timeout)),
        ("GETBULK gives genErr", |request, _| (request.repetitions > Some(1)).then_some(Reply::Status(5, 1))),
    ];
    for (name, mood) in table {
        let mut agent = TestAgent::switch(28);
        let mut count = 0;
        let rows = run(Walk::module(&MODULE, limits()), |request| {
            count += 1;
            mood(request, count).unwrap_or_else(|| Reply::Bindings(agent.answer(request).into()))
        });
        let rows = rows.unwrap_or_else(|error| panic!("{name}: {error}"));
        check(&rows, &agent);
        assert!(count < 700, "{name}: {count} requests");
    }
}

#[test]
fn snmp_v1_ends_columns_by_no_such_name() {
    let mut agent = TestAgent::switch(5);
    agent.remove("1.3.6.1.2.1.31.1.1.1.19");
    let walk = Walk::new(&[], [IF_X_TABLE.columns], limits()).without_bulk();
    let rows = run(walk, |request| {
        assert_eq!(request.repetitions, None);
        let answer = agent.answer(request);
        let end = answer.iter().position(|binding| binding.value == Value::EndOfMibView);
        end.map_or_else(
            || Reply::Bindings(answer.clone().into()),
            |place| Reply::Status(2, u32::try_from(place + 1).expect("small")),
        )
    })
    .expect("a good agent");
    assert_eq!(rows.column(&IF_HC_IN_OCTETS).count(), 5);
}

#[test]
fn a_value_that_cannot_be_read_costs_its_column_only() {
    let mut agent = TestAgent::switch(28);
    let bad: Oid = "1.3.6.1.2.1.2.2.1.10.17".parse().expect("a literal");
    let rows = run(Walk::module(&MODULE, limits()), |request| {
        let answer = agent.answer(request);
        if answer.iter().any(|binding| binding.oid == bad) { Reply::Malformed } else { Reply::Bindings(answer.into()) }
    })
    .expect("the rest is fine");
    assert_eq!(rows.unreadable.iter().map(|object| object.name).collect::<Vec<_>>(), ["ifInOctets"]);
    assert_eq!(rows.column(&IF_IN_OCTETS).count(), 16);
    assert_eq!(rows.column(&IF_DESCR).count(), 28);
    assert_eq!(rows.column(&IF_HC_IN_OCTETS).count(), 28);
}

#[test]
fn hostile_agents_are_left() {
    let bind = |oid: Oid, value| VarBind { oid, value };
    let uptime = || bind("1.3.6.1.2.1.1.3.0".parse().expect("a literal"), Value::TimeTicks(1));
    // Answers of one row, as `next` makes them from the name asked for.
    let fake = |next: fn(&Oid) -> Oid, value: Value| {
        let value = std::rc::Rc::new(value);
        move |request: &Request| {
            let columns = request.oids[1..].iter().map(|oid| bind(next(oid), (*value).clone()));
            Reply::Bindings(std::iter::once(uptime()).chain(columns).collect())
        }
    };
    let walk = || Walk::new(&[], [IF_X_TABLE.columns], limits());
    let not_increasing = |result| matches!(result, Err(WalkError::NotIncreasing { .. }));
    assert!(not_increasing(run(walk(), fake(Oid::clone, Value::Null))), "the same name");
    assert!(not_increasing(run(walk(), fake(|oid| Oid::new(&oid.arcs()[..3]), Value::Null))), "an earlier name");
    assert!(not_increasing(run(walk(), fake(|_| Oid::default(), Value::Null))), "an empty name");
    let longer = fake(|oid| Oid::joined(oid.arcs(), &[1]), Value::Integer(1));
    assert_eq!(run(walk(), longer).map(drop), Err(WalkError::Malformed), "endless, deeper and deeper");
    let endless = |oid: &Oid| {
        let column = &oid.arcs()[..11];
        Oid::joined(column, &[oid.arcs().get(11).map_or(0, |last| last + 1)])
    };
    assert!(matches!(run(walk(), fake(endless, Value::Integer(1))), Err(WalkError::Limit { what: "rows", .. })));
    let fat = fake(endless, Value::Octets(vec![0; 60_000]));
    assert!(matches!(run(walk(), fat), Err(WalkError::Limit { what: "bytes", .. })));
    assert_eq!(run(walk(), |_| Reply::Timeout).map(drop), Err(WalkError::Timeout { attempts: 3 }));
    assert!(matches!(run(walk(), |_| Reply::Bindings(Bindings::default())), Err(WalkError::Shape { got: 0, .. })));
    assert_eq!(run(walk(), |_| Reply::Status(16, 0)).map(drop), Err(WalkError::Status { status: 16 }));
    assert_eq!(run(walk(), |_| Reply::Status(1, 0)).map(drop), Err(WalkError::Status { status: 1 }));
    assert!(matches!(run(walk(), |_| Reply::Status(2, 4_000_000_000)), Err(WalkError::Status { status: 2 })));
}

#[test]
fn a_walk_ends_at_its_deadline() {
    let mut walk = Walk::module(&MODULE, limits());
    assert!(walk.next(Time::from_secs(4599)).is_ok_and(|request| request.is_some()));
    assert_eq!(walk.next(Time::from_secs(4600)), Err(WalkError::Deadline { rows: 0 }));
}
