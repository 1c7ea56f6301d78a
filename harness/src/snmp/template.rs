//! The table of a managed switch with as many ports as one likes, counters live. Every agent of a fleet answers from the
//! same one; what differs between them is filled in when they answer. Judges nothing.

use super::counters::{Direction, Kind};
use super::table::{Live, Oid, Table, Value};

/// mib-2 (RFC 1213).
const MIB2: [u32; 6] = [1, 3, 6, 1, 2, 1];
/// IANAifType ethernetCsmacd.
const ETHERNET: i64 = 6;
/// The last ports lead up: ten gigabits instead of one.
const UPLINKS: u32 = 4;
/// Addresses behind each port but the uplinks.
const HOSTS_A_PORT: u32 = 2;
/// The VLAN that everything is in.
const VLAN: u32 = 1;

fn under_mib2(rest: &[u32]) -> Oid {
    [&MIB2, rest].concat()
}

fn text(text: &str) -> Value {
    Value::Octets(text.as_bytes().to_vec())
}

/// A switch with this many ports.
#[must_use]
pub fn switch(ports: u32) -> Table {
    let mut table = Table::default();
    system(&mut table);
    table.set(under_mib2(&[2, 1, 0]), Value::Integer(i64::from(ports)));
    for port in 1..=ports {
        interface(&mut table, port, port + UPLINKS > ports);
    }
    bridge(&mut table, ports);
    table
}

/// SNMPv2-MIB: system and the one number of the group snmp that tells what a test wants to know (RFC 3418).
fn system(table: &mut Table) {
    let rows = [
        (1, text("Simulated managed switch")),
        // Net-SNMP's experimental arc: no maker is imitated.
        (2, Value::Oid(vec![1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 2])),
        (3, Value::Uptime(0)),
        (4, text("")),
        (5, Value::OwnName),
        (6, text("rack")),
        (7, Value::Integer(2)),
    ];
    for (object, value) in rows {
        table.set(under_mib2(&[1, object, 0]), value);
    }
    table.set(under_mib2(&[11, 1, 0]), Value::Requests);
}

/// ifTable and ifXTable (RFC 2863), every column.
fn interface(table: &mut Table, port: u32, uplink: bool) {
    use Direction::{In, Out};
    let live = |kind| Live { kind, port, from: 0 };
    let c32 = |kind| Value::Live32(live(kind));
    let c64 = |kind| Value::Live64(live(kind));
    let (mbps, alias) = if uplink { (10_000, format!("uplink {port}")) } else { (1000, format!("desk {port}")) };
    let speed = u32::try_from(u64::from(mbps) * 1_000_000).unwrap_or(u32::MAX);
    let if_table = [
        (1, Value::Integer(i64::from(port))),
        (2, text(&format!("Ethernet Interface {port}"))),
        (3, Value::Integer(ETHERNET)),
        (4, Value::Integer(1500)),
        (5, Value::Gauge32(speed)),
        (6, Value::OwnMac(port as u8)),
        (7, Value::Integer(1)),
        (8, Value::Integer(1)),
        (9, Value::TimeTicks(0)),
        (10, c32(Kind::Octets(In))),
        (11, c32(Kind::Unicast(In))),
        (12, c32(Kind::NonUnicast(In))),
        (13, c32(Kind::Trouble(In))),
        (14, c32(Kind::Trouble(In))),
        (15, Value::Counter32(0)),
        (16, c32(Kind::Octets(Out))),
        (17, c32(Kind::Unicast(Out))),
        (18, c32(Kind::NonUnicast(Out))),
        (19, c32(Kind::Trouble(Out))),
        (20, Value::Counter32(0)),
        (21, Value::Gauge32(0)),
        (22, Value::Oid(vec![0, 0])),
    ];
    let if_x_table = [
        (1, text(&format!("ge-0/0/{port}"))),
        (2, c32(Kind::Multicast(In))),
        (3, c32(Kind::Broadcast(In))),
        (4, c32(Kind::Multicast(Out))),
        (5, c32(Kind::Broadcast(Out))),
        (6, c64(Kind::Octets(In))),
        (7, c64(Kind::Unicast(In))),
        (8, c64(Kind::Multicast(In))),
        (9, c64(Kind::Broadcast(In))),
        (10, c64(Kind::Octets(Out))),
        (11, c64(Kind::Unicast(Out))),
        (12, c64(Kind::Multicast(Out))),
        (13, c64(Kind::Broadcast(Out))),
        (14, Value::Integer(2)),
        (15, Value::Gauge32(mbps)),
        (16, Value::Integer(2)),
        (17, Value::Integer(1)),
        (18, text(&alias)),
        (19, Value::TimeTicks(0)),
    ];
    for (column, value) in if_table {
        table.set(under_mib2(&[2, 2, 1, column, port]), value);
    }
    for (column, value) in if_x_table {
        table.set(under_mib2(&[31, 1, 1, 1, column, port]), value);
    }
}

/// dot1dBase, dot1dTp (RFC 4188) and dot1qTp (RFC 4363). The hosts are the same behind every switch.
fn bridge(table: &mut Table, ports: u32) {
    table.set(under_mib2(&[17, 1, 1, 0]), Value::OwnMac(0));
    table.set(under_mib2(&[17, 1, 2, 0]), Value::Integer(i64::from(ports)));
    table.set(under_mib2(&[17, 1, 3, 0]), Value::Integer(2));
    table.set(under_mib2(&[17, 4, 1, 0]), Value::Counter32(0));
    table.set(under_mib2(&[17, 4, 2, 0]), Value::Integer(300));
    for port in 1..=ports {
        for (column, value) in [
            (1, Value::Integer(i64::from(port))),
            (2, Value::Integer(i64::from(port))),
            (3, Value::Oid(vec![0, 0])),
            (4, Value::Counter32(0)),
            (5, Value::Counter32(0)),
        ] {
            table.set(under_mib2(&[17, 1, 4, 1, column, port]), value);
        }
        for host in 0..if port + UPLINKS > ports { 0 } else { HOSTS_A_PORT } {
            let [_, high, middle, low] = port.to_be_bytes();
            // Locally administered, apart from the agents' own.
            let mac = [0x06, 0, high, middle, low, host as u8];
            let row = mac.map(u32::from);
            for (column, value) in
                [(1, Value::Octets(mac.to_vec())), (2, Value::Integer(i64::from(port))), (3, Value::Integer(3))]
            {
                let plain = [&[17, 4, 3, 1, column], &row[..]].concat();
                let by_vlan = [&[17, 7, 1, 2, 2, 1, column, VLAN], &row[..]].concat();
                if column != 1 {
                    table.set(under_mib2(&by_vlan), value.clone());
                }
                table.set(under_mib2(&plain), value);
            }
        }
    }
}

/// Columns of ifTable and ifXTable that count, with what they count.
const COUNTERS: [(u32, u32, Kind); 22] = {
    use Direction::{In, Out};
    use Kind::{Broadcast, Multicast, NonUnicast, Octets, Trouble, Unicast};
    [
        (2, 10, Octets(In)),
        (2, 11, Unicast(In)),
        (2, 12, NonUnicast(In)),
        (2, 13, Trouble(In)),
        (2, 14, Trouble(In)),
        (2, 16, Octets(Out)),
        (2, 17, Unicast(Out)),
        (2, 18, NonUnicast(Out)),
        (2, 19, Trouble(Out)),
        (2, 20, Trouble(Out)),
        (31, 2, Multicast(In)),
        (31, 3, Broadcast(In)),
        (31, 4, Multicast(Out)),
        (31, 5, Broadcast(Out)),
        (31, 6, Octets(In)),
        (31, 7, Unicast(In)),
        (31, 8, Multicast(In)),
        (31, 9, Broadcast(In)),
        (31, 10, Octets(Out)),
        (31, 11, Unicast(Out)),
        (31, 12, Multicast(Out)),
        (31, 13, Broadcast(Out)),
    ]
};

/// Brings a recorded walk to life: its uptime goes on, and the interface counters that were not zero go on from where
/// they were. A column that is zero is one that the device does not count, and stays so.
pub fn enliven(table: &mut Table) {
    let (if_entry, if_x_entry) = (under_mib2(&[2, 2, 1]), under_mib2(&[31, 1, 1, 1]));
    let uptime = under_mib2(&[1, 3, 0]);
    table.for_each(|oid, value| {
        if let (true, Value::TimeTicks(ticks)) = (oid == uptime, &*value) {
            *value = Value::Uptime(*ticks);
            return;
        }
        let (group, rest) = match (oid.strip_prefix(&if_entry[..]), oid.strip_prefix(&if_x_entry[..])) {
            (Some(rest), _) => (2, rest),
            (_, Some(rest)) => (31, rest),
            _ => return,
        };
        let [column, port] = *rest else { return };
        let Some((.., kind)) = COUNTERS.iter().find(|(table, number, _)| (*table, *number) == (group, column)) else {
            return;
        };
        match *value {
            Value::Counter32(from) if from > 0 => {
                *value = Value::Live32(Live { kind: *kind, port, from: u64::from(from) });
            }
            Value::Counter64(from) if from > 0 => *value = Value::Live64(Live { kind: *kind, port, from }),
            _ => {}
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snmp::walk_file;

    #[test]
    fn a_switch_has_a_row_for_each_port_and_host() {
        let table = switch(52);
        let below = |prefix: &[u32]| table.iter().filter(|(oid, _)| oid.starts_with(&under_mib2(prefix))).count();
        assert_eq!((below(&[2, 2, 1]), below(&[31, 1, 1, 1])), (52 * 22, 52 * 19));
        assert_eq!((below(&[17, 4, 3, 1, 1]), below(&[17, 7, 1, 2, 2, 1, 2])), (96, 96));
        assert_eq!(table.get(&under_mib2(&[31, 1, 1, 1, 15, 52])), Some(&Value::Gauge32(10_000)));
        assert_eq!(table.get(&under_mib2(&[2, 2, 1, 5, 52])), Some(&Value::Gauge32(u32::MAX)));
    }

    #[test]
    fn a_walk_lives_where_it_lived() {
        let text = "1.3.6.1.2.1.1.3.0|67|1000\n1.3.6.1.2.1.2.2.1.10.7|65|5\n1.3.6.1.2.1.31.1.1.1.8.7|70|0\n\
                    1.3.6.1.2.1.31.1.1.1.6.7|70|9\n1.3.6.1.2.1.2.2.1.5.7|66|1000000000\n";
        let mut table = walk_file::parse(text.as_bytes()).expect("a walk");
        enliven(&mut table);
        assert_eq!(table.get(&under_mib2(&[1, 3, 0])), Some(&Value::Uptime(1000)));
        assert!(matches!(table.get(&under_mib2(&[2, 2, 1, 10, 7])), Some(Value::Live32(live)) if live.from == 5));
        assert!(matches!(table.get(&under_mib2(&[31, 1, 1, 1, 6, 7])), Some(Value::Live64(live)) if live.from == 9));
        assert_eq!(table.get(&under_mib2(&[31, 1, 1, 1, 8, 7])), Some(&Value::Counter64(0)));
    }
}
