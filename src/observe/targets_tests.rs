//! Tests of [`super`]: lost polls, stale answers, restarts and forwarding tables.

use super::*;
use crate::model::Time;
use crate::model::observation::{Counter, Gap, PortSample};
use std::time::Duration;

const GIGABIT: u64 = 1_000_000_000;

/// A poll of target `hub` at this second, with sysUpTime in step, of ports `(ifIndex, name, ifHCInOctets)`.
fn poll(second: i64, uptime: u32, ports: &[(u32, &str, u64)]) -> Poll {
    let port = |&(if_index, name, octets): &(u32, &str, u64)| {
        let mut port =
            PortSample { if_index, name: name.into(), speed_bps: GIGABIT, oper_up: true, ..PortSample::default() };
        port.counters.in_octets = Some(Counter::C64(octets));
        port
    };
    Poll::Answered(Box::new(PollSample {
        target: "hub".into(),
        at: Time::from_secs(second),
        took: Duration::from_millis(5),
        sys_uptime: Some(uptime),
        sys_name: "hub".to_owned(),
        sys_descr: String::new(),
        ports: ports.iter().map(port).collect(),
        topology: None,
        problems: Vec::new(),
    }))
}

fn gap(second: i64) -> Poll {
    let (target, at) = ("hub".into(), Time::from_secs(second));
    Poll::Gap(Gap { target, at, reason: "timeout", message: "no answer. Check the address".to_owned() })
}

fn rate(targets: &Targets, port: &str) -> Option<f64> {
    targets.port("hub", port)?.rates.get(CounterKind::InOctets)
}

/// Targets, and the sum of what was told of `ifHCInOctets` for each port.
#[derive(Default)]
struct Counted {
    targets: Targets,
    totals: BTreeMap<String, u64>,
}

impl Counted {
    fn observe(&mut self, poll: &Poll) -> Outcome {
        let totals = &mut self.totals;
        self.targets.observe_counting(poll, &mut |port, kind, delta| {
            assert_eq!(kind, CounterKind::InOctets);
            *totals.entry(port.to_owned()).or_default() += delta;
        })
    }

    fn total(&self, port: &str) -> u64 {
        self.totals.get(port).copied().unwrap_or(0)
    }
}

fn seen(targets: &Targets, reason: &str) -> u64 {
    targets.discontinuities().find(|&(known, _)| known == reason).expect("listed").1
}

#[test]
fn a_lost_poll_is_data_and_loses_no_octets() {
    let mut counted = Counted::default();
    counted
        .targets
        .configured([("hub".into(), "192.168.1.2:161".to_owned()), ("mute".into(), "192.168.1.3:161".to_owned())]);
    assert_eq!(counted.observe(&poll(10, 1000, &[(1, "ge1", 500)])), Outcome::Refreshed);
    assert_eq!(rate(&counted.targets, "ge1"), None, "one sample is no rate");
    assert_eq!(counted.observe(&gap(20)), Outcome::Missed);
    let status = counted.targets.status("hub").expect("configured");
    assert_eq!((status.up, status.consecutive_failures, status.reason), (false, 1, Some("timeout")));
    assert!(counted.observe(&poll(30, 3000, &[(1, "ge1", 2500)])) == Outcome::Refreshed);
    assert_eq!((rate(&counted.targets, "ge1"), counted.total("ge1")), (Some(100.0), 2000));
    let status = counted.targets.status("hub").expect("configured");
    assert_eq!((status.up, status.consecutive_failures, status.reason), (true, 0, None));
    assert_eq!(counted.targets.errors().collect::<Vec<_>>(), [("timeout", 1)]);
    assert!(counted.targets.status("mute").is_some_and(|mute| !mute.up && mute.last_success.is_none()));
    let json = serde_json::to_value(counted.targets.statuses().collect::<Vec<_>>()).expect("plain data");
    assert_eq!((&json[0]["name"], &json[1]["up"]), (&"hub".into(), &false.into()));
}

#[test]
fn equal_samples_are_stale_not_zero() {
    let mut counted = Counted::default();
    counted.observe(&poll(0, 1000, &[(1, "ge1", 0)]));
    counted.observe(&poll(10, 2000, &[(1, "ge1", 1000)]));
    assert_eq!(counted.observe(&poll(20, 3000, &[(1, "ge1", 1000)])), Outcome::Stale);
    assert_eq!(rate(&counted.targets, "ge1"), Some(100.0), "the last honest rate stands");
    assert!(counted.targets.status("hub").is_some_and(|hub| hub.stale));
    // Over two renewals: 1,000 in 10 s and 4,000 in 20 s.
    assert_eq!(counted.observe(&poll(30, 4000, &[(1, "ge1", 5000)])), Outcome::Refreshed);
    assert_eq!(rate(&counted.targets, "ge1").map(f64::round), Some(167.0));
    assert_eq!(counted.total("ge1"), 5000);
    assert_eq!(counted.targets.status("hub").and_then(|hub| hub.refresh_seconds), Some(20.0));
    // Twice the slowest refresh there is: now it is a true zero.
    assert_eq!(counted.observe(&poll(80, 9000, &[(1, "ge1", 5000)])), Outcome::Stale);
    assert_eq!(counted.observe(&poll(90, 10_000, &[(1, "ge1", 5000)])), Outcome::Refreshed);
    assert!(rate(&counted.targets, "ge1").is_some_and(|rate| rate < 60.0));
}

#[test]
fn another_ports_news_make_an_equal_value_a_true_zero() {
    let mut targets = Targets::new();
    targets.observe(&poll(0, 1000, &[(1, "ge1", 7), (2, "ge2", 0)]));
    assert_eq!(targets.observe(&poll(10, 2000, &[(1, "ge1", 7), (2, "ge2", 10)])), Outcome::Refreshed);
    assert_eq!((rate(&targets, "ge1"), rate(&targets, "ge2")), (Some(0.0), Some(1.0)));
}

#[test]
fn a_restart_with_new_numbers_is_no_storm() {
    let mut counted = Counted::default();
    counted.observe(&poll(0, 900_000, &[(1, "ge1", 1_000_000), (2, "ge2", 5_000_000)]));
    counted.observe(&poll(10, 901_000, &[(1, "ge1", 1_001_000), (2, "ge2", 5_000_000)]));
    // ge2 has become number 1, and counts from 0.
    counted.observe(&poll(60, 3000, &[(1, "ge2", 6_000_000), (2, "ge1", 40)]));
    assert_eq!((rate(&counted.targets, "ge1"), rate(&counted.targets, "ge2")), (None, None));
    assert_eq!(seen(&counted.targets, "restart"), 1, "once for the target");
    counted.observe(&poll(70, 4000, &[(1, "ge2", 6_000_500), (2, "ge1", 140)]));
    assert_eq!((rate(&counted.targets, "ge1"), rate(&counted.targets, "ge2")), (Some(10.0), Some(50.0)));
    assert_eq!((counted.total("ge1"), counted.targets.port("hub", "ge1").map(|port| port.if_index)), (1100, Some(2)));
}

#[test]
fn a_counter_reset_alone_is_counted_and_no_rate() {
    let mut counted = Counted::default();
    counted.observe(&poll(0, 1000, &[(1, "ge1", 1000)]));
    counted.observe(&poll(10, 2000, &[(1, "ge1", 10)]));
    assert_eq!((rate(&counted.targets, "ge1"), seen(&counted.targets, "fell")), (None, 1));
    counted.observe(&poll(20, 3000, &[(1, "ge1", 20)]));
    assert_eq!((rate(&counted.targets, "ge1"), counted.total("ge1")), (Some(1.0), 10));
}

#[test]
fn a_discontinuity_time_that_always_changes_is_not_believed() {
    let mut targets = Targets::new();
    for step in 0..8_u32 {
        let octets = u64::from(step) * 1000;
        let Poll::Answered(mut sample) = poll(i64::from(step) * 10, 1000 * (step + 1), &[(1, "ge1", octets)]) else {
            unreachable!("an answer");
        };
        sample.ports[0].discontinuity = Some(1000 * step);
        targets.observe(&Poll::Answered(sample));
    }
    assert_eq!(seen(&targets, "declared"), 3);
    assert_eq!(rate(&targets, "ge1"), Some(100.0));
}

#[test]
fn tables_are_bounded() {
    let mut targets = Targets::new();
    let names = (0..MAX_TARGETS + 5).map(|number| (format!("t{number}").into(), String::new()));
    targets.configured(names);
    assert_eq!((targets.statuses().count(), targets.refused()), (MAX_TARGETS, 5));
    assert_eq!(targets.observe(&gap(1)), Outcome::Refused);
    let mut targets = Targets::new();
    for round in 0..3 {
        let names = (0..MAX_PORTS).map(|port| format!("p{round}-{port}")).collect::<Vec<_>>();
        let ports = names.iter().map(|name| (1, name.as_str(), 1)).collect::<Vec<_>>();
        targets.observe(&poll(round * 10, 1000, &ports));
        assert!(targets.ports("hub").count() <= MAX_PORTS);
    }
}
