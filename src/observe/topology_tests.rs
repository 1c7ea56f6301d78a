//! Tests of [`super`]: what ports lead to, and addresses that move.

use super::*;
use crate::model::observation::{Poll, PollSample, PortSample};
use crate::observe::targets::Targets;

fn mac(last: u8) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0, last])
}

fn fdb(entries: &[(u8, u32)]) -> Fdb {
    let entries = entries.iter().map(|(last, port)| (mac(*last), *port)).collect::<BTreeMap<_, _>>();
    let resolved = |if_index| Resolved { if_index, way: Way::IfIndex, confidence: 0.8 };
    let ports = entries.values().map(|port| (*port, resolved(*port))).collect();
    Fdb { entries, ports, ..Fdb::default() }
}

/// A poll of a target with ports `ge1` to `ge9`.
fn poll(target: &str, second: i64, topology: Topology) -> Poll {
    let port = |if_index| PortSample { if_index, name: format!("ge{if_index}").into(), ..PortSample::default() };
    Poll::Answered(Box::new(PollSample {
        target: target.into(),
        at: Time::from_secs(second),
        took: Duration::from_millis(5),
        sys_uptime: Some(1000),
        sys_name: String::new(),
        sys_descr: String::new(),
        ports: (1..10).map(port).collect(),
        topology: Some(Box::new(topology)),
        problems: Vec::new(),
    }))
}

fn with_fdb(entries: &[(u8, u32)]) -> Topology {
    Topology { fdb: Some(fdb(entries)), ..Topology::default() }
}

#[test]
fn the_edge_port_is_named_for_an_address() {
    let mut targets = Targets::new();
    let remote = |name: &str, if_index, capabilities| Remote {
        if_index,
        name: name.to_owned(),
        chassis: None,
        capabilities: Some(capabilities),
    };
    // One device alone is behind core's port 7, as far as core knows: but there is the other switch.
    let core = Topology { remotes: Some(vec![remote("access", 7, 0x20)]), ..with_fdb(&[(1, 7)]) };
    targets.observe(&poll("core", 5, core));
    let crowded = [(1, 4), (2, 4), (3, 4), (4, 5)];
    targets.observe(&poll("access", 5, with_fdb(&crowded)));
    let place = targets.port_of(mac(1)).expect("in both");
    assert_eq!((&*place.target, &*place.port, place.neighbours), ("access", "ge4", 3));
    assert_eq!(place.role.role, Role::Unknown);
    assert_eq!(targets.port_of(mac(4)).map(|place| place.role.role), Some(Role::Edge));
    assert_eq!(targets.roles("core")[&7].leads_to.as_deref(), Some("access"));
    assert_eq!(targets.port_of(mac(9)), None);
}

#[test]
fn a_port_has_a_role_with_a_reason() {
    let stp = Stp { root_port: Some(1), foreign: [1, 2].into(), ..Stp::default() };
    let crowd = (100..150).map(|last| (last, 5)).collect::<Vec<_>>();
    let entries = [&[(1, 1), (2, 2), (3, 3), (9, 3), (4, 4)][..], &crowd].concat();
    let topology = Topology { stp: Some(stp), ..with_fdb(&entries) };
    let mut targets = Targets::new();
    targets.observe(&poll("hub", 5, topology));
    let other = Topology { bridge: Some(mac(9)), ..Topology::default() };
    targets.observe(&poll("other", 5, other));
    let roles = targets.roles("hub");
    for (port, role, reason) in [
        (1, Role::Uplink, "the spanning tree has another bridge there"),
        (2, Role::Uplink, "the spanning tree has another bridge there"),
        (3, Role::Uplink, "the address of other is behind it"),
        (4, Role::Edge, "one address is behind it"),
        (5, Role::Uplink, "50 addresses are behind it"),
        (6, Role::Unknown, "no address is known behind it"),
    ] {
        assert_eq!((roles[&port].role, roles[&port].role_reason.as_str()), (role, reason), "port {port}");
    }
}

#[test]
fn a_guess_names_no_port() {
    let mut guessed = fdb(&[(1, 4)]);
    guessed.ports.values_mut().for_each(|found| found.confidence = 0.25);
    let mut targets = Targets::new();
    targets.observe(&poll("hub", 5, Topology { fdb: Some(guessed), ..Topology::default() }));
    assert_eq!(targets.port_of(mac(1)), None);
    assert_eq!(targets.status("hub").and_then(|hub| hub.fdb_entries), Some(1));
}

#[test]
fn an_address_that_moves_all_the_time_makes_news_once_a_minute() {
    let mut targets = Targets::new();
    let mut told = Vec::new();
    for step in 0..70_u8 {
        let port = 1 + u32::from(step % 2);
        targets.observe(&poll("hub", 2 * i64::from(step), with_fdb(&[(1, port), (2, 5)])));
        told.extend(targets.new_moves());
    }
    assert_eq!(targets.status("hub").map(|hub| hub.fdb_moves), Some(69), "each is counted");
    let said = told.iter().map(|moved| (moved.at, moved.count, &*moved.from, &*moved.to)).collect::<Vec<_>>();
    let at = Time::from_secs;
    assert_eq!(said, [(at(2), 1, "ge1", "ge2"), (at(62), 30, "ge1", "ge2"), (at(122), 30, "ge1", "ge2")]);
    assert_eq!(targets.moves().count(), 3);
}

#[test]
fn a_restart_or_another_numbering_is_no_move() {
    let mut targets = Targets::new();
    targets.observe(&poll("hub", 0, with_fdb(&[(1, 3)])));
    // The same bridge port, and another interface.
    let mut renumbered = fdb(&[(1, 3)]);
    renumbered.ports.values_mut().for_each(|found| found.if_index = 4);
    targets.observe(&poll("hub", 60, Topology { fdb: Some(renumbered), ..Topology::default() }));
    assert_eq!(targets.new_moves().count(), 0);
}

#[test]
fn moves_are_bounded() {
    let mut moves = Moves::default();
    for number in 0..10_000_u32 {
        let [a, b, c, d] = number.to_be_bytes();
        let moved = (MacAddr([2, 0, a, b, c, d]), "ge1".into(), "ge2".into());
        moves.add(Time::from_secs(1), &"hub".into(), moved);
    }
    assert_eq!((moves.recent().count(), moves.news().count()), (MAX_MOVES, MAX_MOVES));
    assert_eq!(moves.refused(), 10_000 - MAX_MOVING as u64);
}
