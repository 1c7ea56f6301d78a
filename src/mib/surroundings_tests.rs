//! Tests of [`super`]: spanning trees, LLDP and neighbour tables with every habit that real ones have.

use super::*;
use crate::mib::poll::tests::poll;
use crate::mib::test_agent::TestAgent;
use crate::model::topology::Topology;

const LLDP: &str = "1.0.8802.1.1.2.1.4.1.1";

fn read(agent: &mut TestAgent) -> Topology {
    *poll(agent).topology.expect("asked for")
}

fn octets(bytes: &[u8]) -> Value {
    Value::Octets(bytes.to_vec())
}

#[test]
fn the_tree_tells_where_other_bridges_are() {
    let mut agent = TestAgent::switch(3);
    let (own, other) = ([0x80, 0, 2, 0, 0, 0, 9, 9], [0x10, 0, 2, 0, 0, 0, 7, 7]);
    agent.set("1.3.6.1.2.1.17.1.1.0", octets(&own[2..]));
    agent.set("1.3.6.1.2.1.17.2.4.0", Value::Counter32(12));
    agent.set("1.3.6.1.2.1.17.2.5.0", octets(&other));
    agent.set("1.3.6.1.2.1.17.2.7.0", Value::Integer(1));
    // Towards the root; served by itself; blocked, and by a Zyxel's text served by another.
    for (port, state, bridge) in
        [(1, 5, octets(&other)), (2, 5, octets(&own)), (3, 2, octets(b"4096-02.00.00.00.07.08"))]
    {
        agent.set(&format!("1.3.6.1.2.1.17.2.15.1.3.{port}"), Value::Integer(state));
        agent.set(&format!("1.3.6.1.2.1.17.2.15.1.8.{port}"), bridge);
    }
    let stp = read(&mut agent).stp.expect("read");
    let expected = Stp {
        root: Some(MacAddr([2, 0, 0, 0, 7, 7])),
        topology_changes: Some(12),
        since_change: None,
        root_port: Some(1),
        foreign: [1, 3].into(),
        blocked: [3].into(),
    };
    assert_eq!(stp, expected);
}

#[test]
fn a_port_that_is_down_leads_nowhere() {
    let mut agent = TestAgent::switch(2);
    agent.set("1.3.6.1.2.1.17.1.1.0", octets(&[2, 0, 0, 0, 9, 9]));
    agent.set("1.3.6.1.2.1.17.2.7.0", Value::Integer(1));
    agent.set("1.3.6.1.2.1.17.2.15.1.3.1", Value::Integer(1));
    agent.set("1.3.6.1.2.1.17.2.15.1.8.1", octets(&[0x10, 0, 2, 0, 0, 0, 7, 7]));
    let stp = read(&mut agent).stp.expect("read");
    assert_eq!((stp.root_port, stp.foreign.len()), (None, 0));
}

#[test]
fn devices_are_heard_at_interfaces() {
    let chassis = octets(&[2, 0, 0, 0, 7, 7]);
    // (name, index, lldpLocPortId of port n, expected ifIndex)
    for (name, index, local, expected) in [
        ("by the local port's name", "61.102.1", &[(101, "ge1"), (102, "ge2")][..], 2),
        ("by number", "61.2.1", &[(1, "AA"), (2, "BB")], 2),
        ("without the time mark", "2.1", &[], 2),
    ] {
        let mut agent = TestAgent::switch(3);
        agent.set(&format!("{LLDP}.4.{index}"), Value::Integer(4));
        agent.set(&format!("{LLDP}.5.{index}"), chassis.clone());
        agent.set(&format!("{LLDP}.9.{index}"), octets(b"core"));
        agent.set(&format!("{LLDP}.12.{index}"), octets(&[0x28, 0]));
        for (port, text) in local {
            agent.set(&format!("1.0.8802.1.1.2.1.3.7.1.3.{port}"), octets(text.as_bytes()));
        }
        let topology = read(&mut agent);
        let remotes = topology.remotes.expect("read");
        let expected = Remote {
            if_index: expected,
            name: "core".to_owned(),
            chassis: Some(MacAddr([2, 0, 0, 0, 7, 7])),
            capabilities: Some(0x28),
        };
        assert_eq!((&remotes[..], remotes[0].passes_on()), (&[expected][..], Some(true)), "{name}");
    }
}

#[test]
fn telephones_pass_nothing_on_that_matters() {
    let remote = |capabilities| Remote { if_index: 1, name: String::new(), chassis: None, capabilities };
    for (capabilities, expected) in [
        (Some(0x24), Some(false)), // bridge and telephone
        (Some(0x20), Some(true)),
        (Some(0x10), Some(true)),
        (Some(0x01), Some(false)),
        (Some(0x00), None),
        (None, None),
    ] {
        assert_eq!(remote(capabilities).passes_on(), expected, "{capabilities:02x?}");
    }
}

#[test]
fn owners_are_read_from_both_tables() {
    let mut agent = TestAgent::switch(1);
    let mac = |last| octets(&[2, 0, 0, 0, 1, last]);
    let (media, physical) = ("1.3.6.1.2.1.4.22.1", "1.3.6.1.2.1.4.35.1");
    for (entry, mac, kind) in [("1.192.168.1.10", mac(1), 3), ("1.192.168.1.11", mac(2), 2), ("1.0.0.0.0", mac(3), 3)] {
        agent.set(&format!("{media}.2.{entry}"), mac);
        agent.set(&format!("{media}.4.{entry}"), Value::Integer(kind));
    }
    let link_local = "9.4.20.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.9.0.1.134.160";
    for (entry, mac, state) in [
        ("9.1.4.192.168.1.10", mac(1), 1),
        ("9.1.4.192.168.1.12", mac(4), 7),
        ("9.1.9.192.168.1.13", mac(5), 1),
        ("9.1.4.255.255.255.255", octets(&[255; 6]), 1),
        (link_local, mac(6), 2),
    ] {
        agent.set(&format!("{physical}.4.{entry}"), mac);
        agent.set(&format!("{physical}.7.{entry}"), Value::Integer(state));
    }
    let owners = read(&mut agent).owners;
    assert!(owners.iter().all(|claim| claim.proof == OwnerProof::Snmp));
    let found = owners.iter().map(|claim| (claim.ip.to_string(), claim.mac.0[5])).collect::<Vec<_>>();
    assert_eq!(found, [("192.168.1.10".to_owned(), 1), ("fe80::9".to_owned(), 6)]);
}

#[test]
fn capabilities_come_as_bits_and_as_text() {
    for (bytes, expected) in [
        (&[0x28, 0][..], Some(0x28)),
        (&[0x30], Some(0x30)),
        (b"00", Some(0)),
        (b"24 2 5", Some(0x24)),
        (b"30 30 2 3 10 11", Some(0)),
        (b"", None),
    ] {
        assert_eq!(capabilities_of(bytes), expected, "{bytes:02x?}");
    }
}
