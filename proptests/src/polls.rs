//! What a poll of a simulated switch brings, as the poller would make it of the agent's answers. Knows the agent's counters
//! and nothing of what happens in the network.

use crate::watch::{mac_addr, time};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use stormglass::model::MacAddr;
use stormglass::model::observation::{Counter, PollSample, PortCounters, PortSample};
use stormglass::model::topology::{Fdb, Resolved, Stp, Topology, Way};
use stormglass_harness::World;
use stormglass_harness::snmp::switch_mib::port_name;
use stormglass_harness::world::switch::{Port, Switch};
use stormglass_harness::world::switch_mac;

/// An agent has been up for this long when its world begins, hundredths of a second.
const UPTIME_BEFORE: u64 = 95_040_000;
/// IANAifType ethernetCsmacd.
const ETHERNET: u32 = 6;

/// The answer of the agent of switch `index`.
#[must_use]
pub fn sample(world: &World, index: usize) -> PollSample {
    let (switch, spec) = (&world.switches()[index], &world.scenario().switches[index]);
    let now = world.now();
    PollSample {
        target: spec.name.as_str().into(),
        at: time(now),
        took: Duration::from_millis(20),
        sys_uptime: Some((UPTIME_BEFORE + u64::try_from(now.as_millis() / 10).unwrap_or(0)) as u32),
        sys_name: spec.name.clone(),
        sys_descr: "Simulated switch".to_owned(),
        ports: switch.shown().map(|(number, port)| port_sample(index, number, &port)).collect(),
        topology: Some(Box::new(topology(switch, index, now))),
        problems: Vec::new(),
    }
}

fn port_sample(index: usize, number: usize, port: &Port) -> PortSample {
    let c64 = |n| Some(Counter::C64(n));
    let (into, out) = (&port.incoming, &port.outgoing);
    let mut mac = mac_addr(switch_mac(index));
    mac.0[5] = number as u8;
    PortSample {
        if_index: number as u32,
        name: port_name(number).into(),
        descr: format!("Port {number}").into(),
        alias: "".into(),
        if_type: ETHERNET,
        speed_bps: port.speed_bps,
        admin_up: true,
        oper_up: port.up,
        mac: Some(mac),
        discontinuity: Some(0),
        counters: PortCounters {
            in_octets: c64(into.octets),
            out_octets: c64(out.octets),
            in_unicast: c64(into.unicast),
            out_unicast: c64(out.unicast),
            in_multicast: c64(into.multicast),
            out_multicast: c64(out.multicast),
            in_broadcast: c64(into.broadcast),
            out_broadcast: c64(out.broadcast),
            in_discards: c64(into.discards),
            out_discards: c64(out.discards),
            in_errors: c64(0),
            out_errors: c64(0),
        },
        uptimes: Default::default(),
    }
}

fn topology(switch: &Switch, index: usize, now: Duration) -> Topology {
    let entries = switch.fdb(now).filter(|(_, port)| *port != 0);
    let entries = entries.map(|(mac, port)| (mac_addr(mac), port as u32)).collect::<BTreeMap<MacAddr, u32>>();
    let resolved = |if_index| Resolved { if_index, way: Way::BasePortTable, confidence: 1.0 };
    let ports = switch.ports().map(|(number, _)| (number as u32, resolved(number as u32))).collect();
    let blocked = switch.ports().filter(|(_, port)| port.blocked).map(|(number, _)| number as u32);
    let stp = switch.manners().stp.then(|| Stp {
        root: Some(mac_addr(switch_mac(0))),
        topology_changes: Some(switch.topology_changes()),
        since_change: Some((now.saturating_sub(switch.topology_changed()).as_millis() / 10) as u32),
        blocked: blocked.collect(),
        ..Stp::default()
    });
    let bridge = Some(mac_addr(switch_mac(index)));
    let pauses = switch.shown().map(|(number, port)| (number as u32, port.pauses)).collect();
    let fdb = Some(Fdb { entries, ports, ..Fdb::default() });
    Topology { fdb, stp, pauses: Some(pauses), bridge, ..Topology::default() }
}

/// What of an answer changes when the agent renews its counters.
#[must_use]
pub fn fingerprint(sample: &PollSample) -> Arc<[Option<Counter>]> {
    sample.ports.iter().flat_map(|port| [port.counters.in_octets, port.counters.out_octets]).collect()
}
