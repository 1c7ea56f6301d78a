//! The switch of the world as its management sees it: system, ifTable, ifXTable and the bridge's tables. Numbers only;
//! judges nothing.

use super::table::{Oid, Table, Value};
use crate::world::World;
use crate::world::switch::{Port, Traffic};
use std::time::Duration;

/// mib-2 (RFC 1213).
const MIB2: [u32; 6] = [1, 3, 6, 1, 2, 1];
/// An agent has been up for this long when its world begins, hundredths of a second: eleven days.
const UPTIME_BEFORE: u32 = 95_040_000;
/// IANAifType ethernetCsmacd.
const ETHERNET: i64 = 6;
/// The MAC of the switch itself: TP-Link's block, one that nothing else here has.
const OWN_MAC: [u8; 6] = [0x50, 0xc7, 0xbf, 0x00, 0x08, 0x00];

fn under_mib2(rest: &[u32]) -> Oid {
    [&MIB2, rest].concat()
}

/// The name of a port (`ifName`).
#[must_use]
pub fn port_name(number: usize) -> String {
    format!("port{number}")
}

/// Everything that the switch's agent knows now.
#[must_use]
pub fn table(world: &World) -> Table {
    let mut table = Table::default();
    system(&mut table);
    table.set(under_mib2(&[2, 1, 0]), Value::Integer(world.switch().ports().count() as i64));
    for (number, port) in world.switch().ports() {
        interface(&mut table, number, port, world.switch().speed_bps());
    }
    bridge(&mut table, world);
    table
}

fn text(text: &str) -> Value {
    Value::Octets(text.as_bytes().to_vec())
}

/// SNMPv2-MIB system (RFC 3418).
fn system(table: &mut Table) {
    let rows = [
        (1, text("Simulated 8-port gigabit switch")),
        // Net-SNMP's experimental arc: no maker is imitated.
        (2, Value::Oid(vec![1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 1])),
        (3, Value::Uptime(UPTIME_BEFORE)),
        (4, text("")),
        (5, text("hub")),
        (6, text("living room")),
        (7, Value::Integer(2)),
    ];
    for (object, value) in rows {
        table.set(under_mib2(&[1, object, 0]), value);
    }
}

/// ifTable and ifXTable (RFC 2863).
fn interface(table: &mut Table, number: usize, port: &Port, speed_bps: u64) {
    let index = number as u32;
    let mut mac = OWN_MAC;
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
}

fn hundredths(time: Duration) -> u32 {
    (time.as_millis() / 10) as u32
}

/// dot1dBase and dot1dTp (RFC 4188).
fn bridge(table: &mut Table, world: &World) {
    let ports = world.switch().ports().count() as u32;
    table.set(under_mib2(&[17, 1, 1, 0]), Value::Octets(OWN_MAC.to_vec()));
    table.set(under_mib2(&[17, 1, 2, 0]), Value::Integer(i64::from(ports)));
    table.set(under_mib2(&[17, 1, 3, 0]), Value::Integer(2));
    for port in 1..=ports {
        table.set(under_mib2(&[17, 1, 4, 1, 1, port]), Value::Integer(i64::from(port)));
        table.set(under_mib2(&[17, 1, 4, 1, 2, port]), Value::Integer(i64::from(port)));
        table.set(under_mib2(&[17, 1, 4, 1, 3, port]), Value::Oid(vec![0, 0]));
        table.set(under_mib2(&[17, 1, 4, 1, 4, port]), Value::Counter32(0));
        table.set(under_mib2(&[17, 1, 4, 1, 5, port]), Value::Counter32(0));
    }
    table.set(under_mib2(&[17, 4, 1, 0]), Value::Counter32(0));
    table.set(under_mib2(&[17, 4, 2, 0]), Value::Integer(300));
    for (mac, port) in world.switch().fdb(world.now()) {
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
