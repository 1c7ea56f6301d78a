//! The switch of the world as its management sees it: system, ifTable, ifXTable and the bridge's tables. Numbers only;
//! judges nothing.

use super::table::{Oid, Table, Value};
use crate::world::switch::{Port, Switch, Traffic};
use crate::world::{World, switch_mac};
use std::time::Duration;

/// mib-2 (RFC 1213).
const MIB2: [u32; 6] = [1, 3, 6, 1, 2, 1];
/// An agent has been up for this long when its world begins, hundredths of a second: eleven days.
const UPTIME_BEFORE: u32 = 95_040_000;
/// IANAifType ethernetCsmacd.
const ETHERNET: i64 = 6;

fn under_mib2(rest: &[u32]) -> Oid {
    [&MIB2, rest].concat()
}

/// The name of a port (`ifName`).
#[must_use]
pub fn port_name(number: usize) -> String {
    format!("port{number}")
}

/// Everything that the agent of the first switch knows now.
#[must_use]
pub fn table(world: &World) -> Table {
    table_of(world, 0)
}

/// Everything that the agent of switch `index` knows now; nothing where there is no such switch.
#[must_use]
pub fn table_of(world: &World, index: usize) -> Table {
    let mut table = Table::default();
    let (Some(switch), Some(spec)) = (world.switches().get(index), world.scenario().switches.get(index)) else {
        return table;
    };
    system(&mut table, &spec.name, spec.ports);
    table.set(under_mib2(&[2, 1, 0]), Value::Integer(switch.ports().count() as i64));
    let own_mac = switch_mac(index).0;
    for (number, port) in switch.shown() {
        interface(&mut table, own_mac, number, &port);
    }
    bridge(&mut table, own_mac, switch, world.now());
    table
}

fn text(text: &str) -> Value {
    Value::Octets(text.as_bytes().to_vec())
}

/// SNMPv2-MIB system (RFC 3418).
fn system(table: &mut Table, name: &str, ports: usize) {
    let rows = [
        (1, text(&format!("Simulated {ports}-port gigabit switch"))),
        // Net-SNMP's experimental arc: no maker is imitated.
        (2, Value::Oid(vec![1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 1])),
        (3, Value::Uptime(UPTIME_BEFORE)),
        (4, text("")),
        (5, text(name)),
        (6, text("living room")),
        (7, Value::Integer(2)),
    ];
    for (object, value) in rows {
        table.set(under_mib2(&[1, object, 0]), value);
    }
}

/// ifTable and ifXTable (RFC 2863).
fn interface(table: &mut Table, own_mac: [u8; 6], number: usize, port: &Port) {
    let index = number as u32;
    let speed_bps = port.speed_bps;
    let mut mac = own_mac;
    mac[5] = number as u8;
    let status = if port.up { 1 } else { 2 };
    let changed = UPTIME_BEFORE.wrapping_add(hundredths(port.changed));
    let (incoming, outgoing) = (&port.incoming, &port.outgoing);
    let non_unicast = |traffic: &Traffic| traffic.multicast + traffic.broadcast;
    let c32 = |n: u64| Value::Counter32(n as u32);
    let if_table = [
        (1, Value::Integer(i64::from(index))),
        (2, text(&format!("Port {number}"))),
        (3, Value::Integer(ETHERNET)),
        (4, Value::Integer(1500)),
        (5, Value::Gauge32(u32::try_from(speed_bps).unwrap_or(u32::MAX))),
        (6, Value::Octets(mac.to_vec())),
        (7, Value::Integer(1)),
        (8, Value::Integer(status)),
        (9, Value::TimeTicks(if port.changed.is_zero() { 0 } else { changed })),
        (10, c32(incoming.octets)),
        (11, c32(incoming.unicast)),
        (12, c32(non_unicast(incoming))),
        (13, c32(incoming.discards)),
        (14, c32(0)),
        (15, c32(0)),
        (16, c32(outgoing.octets)),
        (17, c32(outgoing.unicast)),
        (18, c32(non_unicast(outgoing))),
        (19, c32(outgoing.discards)),
        (20, c32(0)),
        (21, Value::Gauge32(0)),
        (22, Value::Oid(vec![0, 0])),
    ];
    let c64 = Value::Counter64;
    let if_x_table = [
        (1, text(&port_name(number))),
        (2, c32(incoming.multicast)),
        (3, c32(incoming.broadcast)),
        (4, c32(outgoing.multicast)),
        (5, c32(outgoing.broadcast)),
        (6, c64(incoming.octets)),
        (7, c64(incoming.unicast)),
        (8, c64(incoming.multicast)),
        (9, c64(incoming.broadcast)),
        (10, c64(outgoing.octets)),
        (11, c64(outgoing.unicast)),
        (12, c64(outgoing.multicast)),
        (13, c64(outgoing.broadcast)),
        (14, Value::Integer(2)),
        (15, Value::Gauge32((speed_bps / 1_000_000) as u32)),
        (16, Value::Integer(2)),
        (17, Value::Integer(1)),
        (18, text("")),
        (19, Value::TimeTicks(0)),
    ];
    for (column, value) in if_table {
        table.set(under_mib2(&[2, 2, 1, column, index]), value);
    }
    for (column, value) in if_x_table {
        table.set(under_mib2(&[31, 1, 1, 1, column, index]), value);
    }
    // EtherLike-MIB dot3PauseTable: dot3InPauseFrames (RFC 3635).
    table.set(under_mib2(&[10, 7, 10, 1, 3, index]), c32(port.pauses));
}

fn hundredths(time: Duration) -> u32 {
    (time.as_millis() / 10) as u32
}

/// dot1dBase and dot1dTp (RFC 4188).
fn bridge(table: &mut Table, own_mac: [u8; 6], switch: &Switch, now: Duration) {
    let ports = switch.ports().count() as u32;
    table.set(under_mib2(&[17, 1, 1, 0]), Value::Octets(own_mac.to_vec()));
    table.set(under_mib2(&[17, 1, 2, 0]), Value::Integer(i64::from(ports)));
    table.set(under_mib2(&[17, 1, 3, 0]), Value::Integer(2));
    for port in 1..=ports {
        table.set(under_mib2(&[17, 1, 4, 1, 1, port]), Value::Integer(i64::from(port)));
        table.set(under_mib2(&[17, 1, 4, 1, 2, port]), Value::Integer(i64::from(port)));
        table.set(under_mib2(&[17, 1, 4, 1, 3, port]), Value::Oid(vec![0, 0]));
        table.set(under_mib2(&[17, 1, 4, 1, 4, port]), Value::Counter32(0));
        table.set(under_mib2(&[17, 1, 4, 1, 5, port]), Value::Counter32(0));
    }
    if switch.manners().stp {
        // dot1dStp: specification ieee8021d, topology changes, root is the switch itself.
        table.set(under_mib2(&[17, 2, 1, 0]), Value::Integer(3));
        let age = hundredths(now.saturating_sub(switch.topology_changed()));
        table.set(under_mib2(&[17, 2, 3, 0]), Value::TimeTicks(age));
        table.set(under_mib2(&[17, 2, 4, 0]), Value::Counter32(switch.topology_changes()));
        table.set(under_mib2(&[17, 2, 5, 0]), Value::Octets([&[0x80, 0], &own_mac[..]].concat()));
        table.set(under_mib2(&[17, 2, 7, 0]), Value::Integer(0));
    }
    table.set(under_mib2(&[17, 4, 1, 0]), Value::Counter32(0));
    table.set(under_mib2(&[17, 4, 2, 0]), Value::Integer(300));
    for (mac, port) in switch.fdb(now) {
        let row = mac.0.map(u32::from);
        let set = |table: &mut Table, column, value| {
            table.set(under_mib2(&[&[17, 4, 3, 1, column], &row[..]].concat()), value);
        };
        set(table, 1, Value::Octets(mac.0.to_vec()));
        set(table, 2, Value::Integer(port as i64));
        set(table, 3, Value::Integer(3));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scenario;

    #[test]
    fn shows_the_storm_and_where_the_router_is() {
        let scenario = Scenario::builtin("home").expect("a scenario");
        let mut world = World::new(&scenario, 1);
        let at = |world: &mut World, second| {
            world.advance(Duration::from_secs(second));
            table(world)
        };
        let counter = |table: &Table, column, port| match table.get(&under_mib2(&[31, 1, 1, 1, column, port])) {
            Some(Value::Counter64(n)) => *n,
            other => panic!("{other:?}"),
        };
        let (before, storm) = (at(&mut world, 20), at(&mut world, 28));
        let rate = |column, port| (counter(&storm, column, port) - counter(&before, column, port)) / 8;
        assert!(rate(8, 7) > 1500, "in from the router's LAN side: {}", rate(8, 7));
        assert!(rate(8, 4) < 5, "not from the Echo: {}", rate(8, 4));
        assert!((1..=8).filter(|port| *port != 7).all(|port| rate(12, port) > 1500), "out everywhere else");
        let lan = scenario.second_router.lan_mac.0.map(u32::from);
        let fdb = under_mib2(&[&[17, 4, 3, 1, 2], &lan[..]].concat());
        assert_eq!(storm.get(&fdb), Some(&Value::Integer(7)));
        assert_eq!(before.get(&under_mib2(&[1, 3, 0])), Some(&Value::Uptime(UPTIME_BEFORE)));
    }
}
