//! Tests of [`super`]: forwarding databases with every habit that real ones have.

use super::*;
use crate::mib::poll::tests::poll;
use crate::mib::test_agent::TestAgent;
use crate::model::snmp::Value;

/// Address to ifIndex, and what was odd.
fn places(agent: &mut TestAgent) -> (BTreeMap<MacAddr, u32>, Vec<String>) {
    let topology = poll(agent).topology.expect("asked for");
    let fdb = topology.fdb.expect("asked for");
    let places = fdb.entries.keys().map(|mac| (*mac, fdb.place(*mac).expect("its port is known").if_index));
    (places.collect(), topology.problems)
}

#[test]
fn addresses_are_found_behind_interfaces() {
    let mac = |last| MacAddr([2, 0, 0, 0, 1, last]);
    // (name, ifIndex of the three ports, dot1dBasePortIfIndex by bridge port, expected ifIndex of bridge port 2)
    type Case = (&'static str, [u32; 3], &'static [(u32, u32)], Option<u32>);
    let table: &[Case] = &[
        ("by the base-port table", [101, 102, 103], &[(1, 101), (2, 103), (3, 102)], Some(103)),
        ("without one, by number", [1, 2, 3], &[], Some(2)),
        ("by an offset that the names prove", [49_153, 49_154, 49_155], &[], Some(49_154)),
        ("an invalid base-port table", [1, 2, 3], &[(1, 777), (2, 778), (3, 779)], Some(2)),
    ];
    for &(name, indexes, base, expected) in table {
        let mut agent = TestAgent::switch(0);
        for (number, index) in (1..).zip(indexes) {
            let name = format!("port {number}").into_bytes();
            agent.set(&format!("1.3.6.1.2.1.2.2.1.2.{index}"), Value::Octets(name));
        }
        for (port, index) in base {
            agent.set(&format!("1.3.6.1.2.1.17.1.4.1.2.{port}"), Value::Integer(i32::try_from(*index).expect("small")));
        }
        // Learned behind 2 and 3; the bridge's own, an unknown one, a group, and a malformed index, which do not count.
        for (entry, port, status) in [
            ("2.0.0.0.1.1", 2, 3),
            ("2.0.0.0.1.2", 3, 3),
            ("2.0.0.0.1.3", 1, 4),
            ("2.0.0.0.1.4", 0, 3),
            ("1.0.94.0.0.1", 2, 3),
            ("2.0.0.0.1.300", 2, 3),
        ] {
            agent.set(&format!("1.3.6.1.2.1.17.4.3.1.2.{entry}"), Value::Integer(port));
            agent.set(&format!("1.3.6.1.2.1.17.4.3.1.3.{entry}"), Value::Integer(status));
        }
        let fdb = places(&mut agent).0;
        assert_eq!(fdb.get(&mac(1)).copied(), expected, "{name}");
        assert_eq!(fdb.len(), if expected.is_some() { 2 } else { 0 }, "{name}: {fdb:?}");
    }
}

#[test]
fn forwarding_tables_come_in_four_forms() {
    let expected = BTreeMap::from([(MacAddr([2, 0, 0, 0, 1, 1]), 2)]);
    let mut by_vlan = TestAgent::switch(3);
    by_vlan.set("1.3.6.1.2.1.17.7.1.2.2.1.2.42.2.0.0.0.1.1", Value::Integer(2));
    by_vlan.set("1.3.6.1.2.1.17.7.1.2.2.1.3.42.2.0.0.0.1.1", Value::Integer(3));
    // What the plain table says besides is of the default VLAN only.
    by_vlan.set("1.3.6.1.2.1.17.4.3.1.2.2.0.0.0.1.1", Value::Integer(1));
    assert_eq!(places(&mut by_vlan).0, expected);
    let mut with_length = TestAgent::switch(3);
    with_length.set("1.3.6.1.2.1.17.7.1.2.2.1.2.42.6.2.0.0.0.1.1", Value::Integer(2));
    assert_eq!(places(&mut with_length).0, expected);
    let mut counted = TestAgent::switch(3);
    counted.set("1.3.6.1.2.1.17.4.3.1.1.1", Value::Octets(vec![2, 0, 0, 0, 1, 1]));
    counted.set("1.3.6.1.2.1.17.4.3.1.2.1", Value::Integer(2));
    assert_eq!(places(&mut counted).0, expected);
}

#[test]
fn a_switch_that_tells_no_port_is_asked_for_its_other_table() {
    let mut agent = TestAgent::switch(3);
    agent.set("1.3.6.1.2.1.17.7.1.2.2.1.2.1.2.0.0.0.1.1", Value::Integer(0));
    let (found, problems) = places(&mut agent);
    assert_eq!((found.len(), problems.len()), (0, 1), "{problems:?}");
    assert!(problems[0].contains("tells no port for any of the 1 addresses"), "{problems:?}");
    agent.set("1.3.6.1.2.1.17.4.3.1.2.2.0.0.0.1.1", Value::Integer(3));
    let (found, _) = places(&mut agent);
    assert_eq!(found, BTreeMap::from([(MacAddr([2, 0, 0, 0, 1, 1]), 3)]));
}

#[test]
fn the_switchs_own_addresses_are_nobodys() {
    let mut agent = TestAgent::switch(3);
    // Its second port, and the bridge itself, without a status that says so.
    agent.set("1.3.6.1.2.1.17.1.1.0", Value::Octets(vec![2, 0, 0, 0, 9, 9]));
    for entry in ["2.0.0.0.0.2", "2.0.0.0.9.9", "2.0.0.0.1.1"] {
        agent.set(&format!("1.3.6.1.2.1.17.4.3.1.2.{entry}"), Value::Integer(1));
    }
    assert_eq!(places(&mut agent).0, BTreeMap::from([(MacAddr([2, 0, 0, 0, 1, 1]), 1)]));
}

#[test]
fn with_one_port_up_there_is_one_answer() {
    let mut agent = TestAgent::switch(3);
    for port in 1..=3 {
        agent.set(&format!("1.3.6.1.2.1.17.1.4.1.2.{port}"), Value::Integer(port));
        // Port 1 is the aggregate of which port 2 is the only member that is up.
        agent.set(&format!("1.3.6.1.2.1.2.2.1.8.{port}"), Value::Integer(if port == 3 { 2 } else { 1 }));
    }
    agent.set("1.3.6.1.2.1.17.7.1.2.2.1.2.1.2.0.0.0.1.1", Value::Integer(0));
    assert_eq!(places(&mut agent).0.len(), 0, "two ports are up");
    for (port, state) in [(1, 5), (2, 1), (3, 1)] {
        agent.set(&format!("1.3.6.1.2.1.17.2.15.1.3.{port}"), Value::Integer(state));
    }
    let (found, problems) = places(&mut agent);
    assert_eq!(found, BTreeMap::from([(MacAddr([2, 0, 0, 0, 1, 1]), 1)]));
    assert!(problems[0].contains("all were taken to be behind ifIndex 1"), "{problems:?}");
}
