//! Tests of [`super`]: small switches of our own making, each with one habit that real ones have.

use super::*;

/// Interfaces `(ifIndex, ifType, ifName)`.
fn interfaces(list: &[(u32, u32, &str)]) -> Vec<PortSample> {
    let port = |&(if_index, if_type, name): &(u32, u32, &str)| PortSample {
        if_index,
        if_type,
        name: name.into(),
        ..PortSample::default()
    };
    list.iter().map(port).collect()
}

/// Twelve ports from this ifIndex on, with this name before the number.
fn row(first: u32, name: &str) -> Vec<PortSample> {
    let names = (1..=12).map(|number| format!("{name}{number}")).collect::<Vec<_>>();
    let list = names.iter().zip(first..).map(|(name, index)| (index, 6, name.as_str())).collect::<Vec<_>>();
    interfaces(&list)
}

struct Case {
    name: &'static str,
    ports: Vec<PortSample>,
    base: &'static [(u32, u32)],
    used: &'static [u32],
    /// Bridge port, ifIndex, way; `None` where there is no answer.
    expected: &'static [(u32, Option<(u32, Way)>)],
    /// At least and at most so sure.
    confidence: (f64, f64),
}

fn with(mut ports: Vec<PortSample>, more: &[(u32, u32, &str)]) -> Vec<PortSample> {
    ports.extend(interfaces(more));
    ports.sort_by_key(|port| port.if_index);
    ports
}

fn check(case: &Case) {
    let name = case.name;
    let used = case.used.iter().copied().collect();
    let found = resolve(&case.base.iter().copied().collect(), &case.ports, &used);
    for (port, expected) in case.expected {
        let answer = found.ports.get(port).map(|found| (found.if_index, found.way));
        assert_eq!(answer, *expected, "{name}: port {port} of {found:?}");
    }
    let (least, most) = case.confidence;
    let weakest = found.weakest().map_or(0.0, |found| found.confidence);
    assert!((least..=most).contains(&weakest), "{name}: {weakest}");
}

#[test]
fn by_the_switches_own_table() {
    for case in [
        Case {
            name: "a permutation is believed, whatever the names say",
            ports: row(101, "ge"),
            base: &[(1, 103), (2, 101), (3, 102)],
            used: &[1, 2, 3],
            expected: &[(1, Some((103, Way::BasePortTable))), (2, Some((101, Way::BasePortTable)))],
            confidence: (0.95, 0.95),
        },
        Case {
            name: "a tunnel is a port where the table says so",
            ports: interfaces(&[(1, 1, "lo"), (6, 6, "ether5"), (10, 131, "eoip1")]),
            base: &[(1, 6), (2, 10)],
            used: &[1, 2],
            expected: &[(1, Some((6, Way::BasePortTable))), (2, Some((10, Way::BasePortTable)))],
            confidence: (0.95, 0.95),
        },
        Case {
            name: "ifTable is full of the agent's own interfaces, the ports are in ifXTable alone",
            ports: with(
                interfaces(&[(1, 24, "lo"), (2, 6, "eth0")]),
                &[(1_000_001, 0, "Gi 1/1"), (1_000_002, 0, "Gi 1/2")],
            ),
            base: &[(1, 1_000_001), (2, 1_000_002)],
            used: &[0, 1, 2],
            expected: &[(0, None), (1, Some((1_000_001, Way::BasePortTable)))],
            confidence: (0.95, 0.95),
        },
        Case {
            name: "bridge ports counted from 0",
            ports: row(1, "port "),
            base: &[(0, 1), (1, 2), (2, 3)],
            used: &[0, 2],
            expected: &[(0, Some((1, Way::BasePortTable))), (2, Some((3, Way::BasePortTable)))],
            confidence: (0.95, 0.95),
        },
        Case {
            name: "all at 0 is not known, whatever the table has",
            ports: row(1, "port "),
            base: &[(0, 1), (1, 2), (2, 3)],
            used: &[0],
            expected: &[(0, None)],
            confidence: (0.0, 0.0),
        },
        Case {
            name: "ifIndex with gaps, stacked units, aggregates with numbers of their own",
            ports: interfaces(&[
                (5_001, 53, "Po1"),
                (10_101, 6, "Gi1/0/1"),
                (10_102, 6, "Gi1/0/2"),
                (10_601, 6, "Gi2/0/1"),
                (20_567, 136, "Vlan1"),
            ]),
            base: &[(1, 10_101), (2, 10_102), (57, 10_601), (456, 5_001)],
            used: &[1, 57, 456],
            expected: &[
                (1, Some((10_101, Way::BasePortTable))),
                (57, Some((10_601, Way::BasePortTable))),
                (456, Some((5_001, Way::BasePortTable))),
            ],
            confidence: (0.95, 0.95),
        },
        Case {
            name: "logical units are counted as their ports",
            ports: interfaces(&[(501, 6, "ge-0/0/0"), (502, 53, "ge-0/0/0.0"), (503, 53, "irb.7")]),
            base: &[(513, 502), (514, 503)],
            used: &[513, 514],
            expected: &[(513, Some((501, Way::BasePortTable))), (514, Some((503, Way::BasePortTable)))],
            confidence: (0.95, 0.95),
        },
    ] {
        check(&case);
    }
}

#[test]
fn without_a_table_by_what_fits() {
    let cases = [
        Case {
            name: "numbers of interfaces",
            ports: row(1, "port "),
            base: &[],
            used: &[2, 5],
            expected: &[(2, Some((2, Way::IfIndex))), (5, Some((5, Way::IfIndex)))],
            confidence: (0.8, 0.95),
        },
        Case {
            name: "an offset that the names prove",
            ports: with(row(49_153, "gigabitEthernet 1/0/"), &[(1, 6, "Vlan-interface1"), (2, 6, "Vlan-interface2")]),
            base: &[],
            used: &[2, 11],
            expected: &[(2, Some((49_154, Way::Offset(49_152)))), (11, Some((49_163, Way::Offset(49_152))))],
            confidence: (0.9, 0.9),
        },
        Case {
            name: "the same beside a table of other numbers",
            ports: row(49_153, "gigabitEthernet 1/0/"),
            base: &[(49_153, 49_153), (49_154, 49_154)],
            used: &[2, 11],
            expected: &[(2, Some((49_154, Way::Offset(49_152))))],
            confidence: (0.9, 0.9),
        },
        Case {
            name: "an offset that is the only one which fits all ports",
            ports: interfaces(&[(10, 6, "a"), (11, 6, "b"), (12, 6, "c"), (13, 6, "d")]),
            base: &[],
            used: &[1, 2, 3, 4],
            expected: &[(1, Some((10, Way::Offset(9)))), (4, Some((13, Way::Offset(9))))],
            confidence: (0.6, 0.6),
        },
        Case {
            name: "several fit: a guess, and known as one",
            ports: interfaces(&[(10, 6, "a"), (11, 6, "b"), (12, 6, "c"), (13, 6, "d")]),
            base: &[],
            used: &[2],
            expected: &[],
            confidence: (0.0, 0.3),
        },
        Case {
            name: "names that count from 0",
            ports: interfaces(&[(501, 6, "ge-0/0/0"), (502, 6, "ge-0/0/1"), (503, 6, "ge-0/0/2")]),
            base: &[],
            used: &[1, 3],
            expected: &[(1, Some((501, Way::Offset(500)))), (3, Some((503, Way::Offset(500))))],
            confidence: (0.9, 0.9),
        },
        Case {
            name: "an invalid table is not believed",
            ports: row(1, "port "),
            base: &[(1, 777), (2, 778), (3, 779)],
            used: &[2, 5],
            expected: &[(2, Some((2, Way::IfIndex)))],
            confidence: (0.7, 0.95),
        },
        Case {
            name: "nor one that leads everything to one interface",
            ports: row(1, "port "),
            base: &[(1, 1), (2, 1), (3, 1), (4, 1), (5, 1)],
            used: &[2, 5],
            expected: &[(2, Some((2, Way::IfIndex)))],
            confidence: (0.7, 0.95),
        },
        Case {
            name: "a table cut short goes on as it began",
            ports: row(101, "port "),
            base: &[(1, 101), (2, 102)],
            used: &[2, 5],
            expected: &[(2, Some((102, Way::BasePortTable))), (5, Some((105, Way::Offset(100))))],
            confidence: (0.8, 0.8),
        },
        Case {
            name: "an aggregate with a number of its own",
            ports: with(row(1, "port"), &[(55, 54, "trunk")]),
            base: &[(1, 1), (2, 2), (13, 55)],
            used: &[2, 32_768],
            expected: &[(2, Some((2, Way::BasePortTable))), (32_768, Some((55, Way::SoleAggregate)))],
            confidence: (0.5, 0.5),
        },
        Case {
            name: "numbers of interfaces beside a table of bridge ports",
            ports: row(10_101, "GigabitEthernet1/0/"),
            base: &[(1, 10_101), (2, 10_102), (3, 10_103)],
            used: &[10_101, 10_103],
            expected: &[(10_101, Some((10_101, Way::IfIndex))), (10_103, Some((10_103, Way::IfIndex)))],
            confidence: (0.7, 0.95),
        },
        Case {
            name: "from 10101 on, without a table",
            ports: with(row(10_101, "GigabitEthernet1/0/"), &[(5_001, 53, "Port-channel1"), (20_567, 136, "Vlan1")]),
            base: &[],
            used: &[1, 7, 12],
            expected: &[(1, Some((10_101, Way::Offset(10_100)))), (12, Some((10_112, Way::Offset(10_100))))],
            confidence: (0.9, 0.9),
        },
        Case {
            name: "nowhere",
            ports: interfaces(&[(1, 24, "lo"), (2, 136, "vlan1")]),
            base: &[],
            used: &[1, 2],
            expected: &[(1, None), (2, None)],
            confidence: (0.0, 0.0),
        },
    ];
    for case in &cases {
        check(case);
    }
}

#[test]
fn the_last_number_of_a_name() {
    for (name, expected) in [
        ("gigabitEthernet 1/0/15 : copper", Some(15)),
        ("gi7", Some(7)),
        ("ポート3番", Some(3)),
        ("internal", None),
        ("99999999999999", None),
        ("", None),
    ] {
        assert_eq!(last_number(name), expected, "{name}");
    }
}
