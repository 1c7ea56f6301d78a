//! Laws of the index from an address to the switches that know it: whatever is read and forgotten, in whatever order, a
//! question after an address has the answer that looking through every target has.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use stormglass::model::observation::{Poll, PollSample, PortSample};
use stormglass::model::topology::{Fdb, Remote, Resolved, Topology, Way};
use stormglass::model::{MacAddr, Time};
use stormglass::observe::targets::Targets;
use stormglass::observe::topology::PortRole;
use stormglass_proptests::config;

const TARGETS: u8 = 5;
const MACS: u8 = 40;

fn mac(last: u8) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0, last])
}

/// One thing that happens to the fleet.
#[derive(Clone, Debug)]
enum Step {
    /// A target's forwarding database is read: address to bridge port, and the interface of each bridge port with how
    /// sure that is.
    Read {
        target: u8,
        entries: BTreeMap<u8, u32>,
        ports: BTreeMap<u32, (u32, bool)>,
        heard: Option<(u32, u8)>,
        bridge: Option<u8>,
    },
    /// From now on only these are wanted.
    Configured(Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    let read = (
        0..TARGETS,
        btree_map(0..MACS, 0_u32..12, 0..60),
        btree_map(0_u32..12, (1_u32..9, prop::bool::weighted(0.8)), 0..12),
        prop::option::of((1_u32..9, prop::sample::select(vec![0_u8, 0x20, 0x80]))),
        prop::option::of(0..MACS),
    );
    let read =
        read.prop_map(|(target, entries, ports, heard, bridge)| Step::Read { target, entries, ports, heard, bridge });
    prop_oneof![12 => read, 1 => vec(0..TARGETS, 0..6).prop_map(Step::Configured)]
}

fn name(target: u8) -> Arc<str> {
    format!("switch {target}").into()
}

fn take(targets: &mut Targets, second: i64, step: &Step) {
    let (target, entries, ports, heard, bridge) = match step {
        Step::Configured(wanted) => return targets.configured(wanted.iter().map(|n| (name(*n), String::new()))),
        Step::Read { target, entries, ports, heard, bridge } => (*target, entries, ports, heard, bridge),
    };
    let resolved = |&(if_index, sure): &(u32, bool)| Resolved {
        if_index,
        way: if sure { Way::BasePortTable } else { Way::Offset(7) },
        confidence: if sure { 1.0 } else { 0.25 },
    };
    let fdb = Fdb {
        // As the reader of the tables makes it: only ports that lead somewhere.
        entries: entries
            .iter()
            .filter(|(_, port)| ports.contains_key(port))
            .map(|(n, port)| (mac(*n), *port))
            .collect(),
        ports: ports.iter().map(|(port, found)| (*port, resolved(found))).collect(),
        ..Fdb::default()
    };
    let heard = heard.map(|(if_index, capabilities)| {
        vec![Remote { if_index, name: "neighbour".to_owned(), chassis: None, capabilities: Some(capabilities) }]
    });
    let topology = Topology { fdb: Some(fdb), remotes: heard, bridge: bridge.map(mac), ..Topology::default() };
    let port = |if_index| PortSample { if_index, name: format!("ge{if_index}").into(), ..PortSample::default() };
    targets.observe(&Poll::Answered(Box::new(PollSample {
        target: name(target),
        at: Time::from_secs(second),
        took: Duration::from_millis(5),
        sys_uptime: Some(1000),
        sys_name: String::new(),
        sys_descr: String::new(),
        ports: (1..9).map(port).collect(),
        topology: Some(Box::new(topology)),
        problems: Vec::new(),
    })));
}

/// What is to be found, by looking through every target: target, ifIndex, role, addresses behind it.
fn walk(targets: &Targets, mac: MacAddr) -> Option<(Arc<str>, u32, PortRole, usize)> {
    let found = targets.statuses().filter_map(|status| {
        let around = targets.surroundings(&status.name)?;
        let place = around.place(mac)?;
        let role = targets.roles(&status.name).remove(&place.if_index)?;
        Some((Arc::clone(&status.name), place.if_index, role, around.neighbours(place.if_index)))
    });
    found.min_by_key(|(_, _, role, neighbours)| (role.role, *neighbours))
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn the_index_answers_as_the_walk_does(steps in vec(step(), 1..25)) {
        let mut targets = Targets::new();
        for (second, step) in (0..).zip(&steps) {
            take(&mut targets, 60 * second, step);
            for last in 0..MACS {
                let place = targets.port_of(mac(last));
                let indexed = place.map(|found| (found.target, found.if_index, found.role, found.neighbours));
                prop_assert_eq!(indexed, walk(&targets, mac(last)), "address {} after {:?}", last, step);
            }
        }
    }
}
