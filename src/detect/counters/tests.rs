//! Tests of [`super`], through the same `Targets` that feed it.

use super::*;
use crate::model::observation::{Counter, Poll, PollSample, PortSample};
use crate::observe::targets::Targets;

/// A switch whose ports count what the test tells, polled every ten seconds.
struct Switch {
    targets: Targets,
    watch: CounterWatch,
    second: i64,
    counts: Vec<[u64; 4]>,
}

impl Switch {
    fn new(ports: usize) -> Self {
        let (targets, watch) = (Targets::new(), CounterWatch::default());
        Self { targets, watch, second: 0, counts: vec![[0; 4]; ports] }
    }

    /// Ten seconds with these rates of multicast in, unicast in, octets in, octets out for each port.
    fn run(&mut self, rates: &[[u64; 4]]) {
        self.second += 10;
        let sample = |(place, (counts, rates)): (usize, (&mut [u64; 4], &[u64; 4]))| {
            for (count, rate) in counts.iter_mut().zip(rates) {
                *count += rate * 10;
            }
            let name = format!("ge{place}").into();
            let mut port = PortSample { if_type: 6, oper_up: true, name, ..PortSample::default() };
            let [multicast, unicast, into, out] = counts.map(|count| Some(Counter::C64(count)));
            (port.counters.in_multicast, port.counters.in_unicast) = (multicast, unicast);
            (port.counters.in_octets, port.counters.out_octets) = (into, out);
            port
        };
        let at = Time::from_secs(self.second);
        let ports = self.counts.iter_mut().zip(rates).enumerate().map(sample).collect();
        self.targets.observe(&Poll::Answered(Box::new(PollSample {
            target: "hub".into(),
            at,
            took: Duration::ZERO,
            sys_uptime: Some(u32::try_from(self.second * 100).expect("small")),
            sys_name: String::new(),
            sys_descr: String::new(),
            ports,
            topology: None,
            problems: Vec::new(),
        })));
        self.watch.observe(&"hub".into(), at, self.targets.ports("hub"), &Thresholds::default());
    }

    fn minutes(&mut self, minutes: usize, multicast: u64) {
        for second in 0..minutes * 6 {
            self.run(&[[multicast + second as u64 % 3, 50, 0, 0]]);
        }
    }

    /// Ports that are in alarm: name, way, and whether it is confirmed.
    fn alarms(&self) -> Vec<(String, Direction, bool)> {
        self.watch.alarms().map(|a| (a.port.to_string(), a.direction, a.state.confirmed(2))).collect()
    }

    fn only_alarm(&self) -> Alarm {
        let alarms = self.watch.alarms().collect::<Vec<_>>();
        assert_eq!(alarms.len(), 1, "{alarms:?}");
        alarms[0].state
    }
}

#[test]
fn a_surge_is_suspected_in_the_first_renewed_poll_confirmed_in_the_second_and_clears_after_a_minute() {
    let mut switch = Switch::new(1);
    switch.minutes(30, 5);
    assert_eq!(switch.alarms(), []);
    switch.run(&[[1800, 50, 0, 0]]);
    assert_eq!(switch.alarms(), [("ge0".to_owned(), Direction::In, false)]);
    switch.run(&[[1800, 50, 0, 0]]);
    assert_eq!(switch.alarms(), [("ge0".to_owned(), Direction::In, true)]);
    let alarm = switch.only_alarm();
    assert_eq!((alarm.counted, alarm.pps, alarm.span), (Counted::Group, 1800.0, Duration::from_secs(10)));
    assert!(alarm.usual_pps.is_some_and(|pps| (4.0..8.0).contains(&pps)), "{alarm:?}");
    // An hour of storm is not what the port is used to.
    switch.minutes(60, 1800);
    assert_eq!(switch.only_alarm().usual_pps, alarm.usual_pps);
    for _ in 0..6 {
        switch.run(&[[5, 50, 0, 0]]);
        assert!(switch.only_alarm().clearing(), "half a minute of quiet is not the end");
    }
    switch.run(&[[5, 50, 0, 0]]);
    assert_eq!(switch.alarms(), []);
}

#[test]
fn a_burst_within_one_poll_is_never_confirmed() {
    let mut switch = Switch::new(1);
    switch.minutes(30, 5);
    for _ in 0..20 {
        switch.run(&[[5000, 50, 0, 0]]);
        assert_eq!(switch.alarms(), [("ge0".to_owned(), Direction::In, false)]);
        switch.run(&[[5, 50, 0, 0]]);
        assert_eq!(switch.alarms(), [], "over when it is over");
    }
}

#[test]
fn what_a_port_is_used_to_does_not_alarm() {
    for multicast in [0, 27, 95] {
        let mut switch = Switch::new(1);
        switch.minutes(90, multicast);
        assert_eq!(switch.alarms(), [], "{multicast}");
        switch.run(&[[multicast * 2, 50, 0, 0]]);
        assert_eq!(switch.alarms(), [], "{multicast} doubled");
    }
}

#[test]
fn what_began_before_us_is_told_from_a_storm_by_its_memory() {
    let mut switch = Switch::new(1);
    switch.minutes(39, 4148);
    assert_eq!(switch.only_alarm().usual_pps, None, "nobody can know yet");
    switch.minutes(3, 4148);
    assert_eq!(switch.alarms(), []);
    // Ten times 4,148 would hide this.
    switch.run(&[[30_000, 50, 0, 0]]);
    assert_eq!(switch.alarms().len(), 1);
}

/// A meeting begins, and a port that is used to 12 a second has 150 for some minutes.
#[test]
fn a_weak_surge_is_told_only_when_it_lasts() {
    let limits = CounterLimits::default();
    let mut switch = Switch::new(1);
    switch.minutes(30, 12);
    let sure_after = |switch: &mut Switch, multicast: u64, most: usize| {
        (1..=most).find(|_| {
            switch.run(&[[multicast, 50, 0, 0]]);
            switch.watch.alarms().any(|alarm| alarm.state.sure(&limits))
        })
    };
    assert_eq!(sure_after(&mut switch, 150, 60), None, "ten minutes");
    assert_eq!(switch.alarms(), [("ge0".to_owned(), Direction::In, true)], "seen it is");
    switch.minutes(5, 12);
    assert_eq!(switch.alarms(), []);
    assert_eq!(sure_after(&mut switch, 150, 1000), Some(91), "fifteen minutes after the first poll");
    switch.minutes(5, 12);
    assert_eq!(sure_after(&mut switch, 400, 10), Some(2), "no burst is that much");
}

/// Television: long frames, in steps of a channel. A storm of short ones beside it is none.
#[test]
fn media_is_told_by_the_length_of_its_frames() {
    let mut switch = Switch::new(1);
    switch.minutes(30, 5);
    let channels = |channels: u64, more: u64| {
        let pps = channels * 900 + more;
        [[pps, 40, channels * 900 * 1358 + more * 300 + 40 * 90, 0]]
    };
    for count in [1, 3, 2, 9, 0, 1] {
        for _ in 0..12 {
            switch.run(&channels(count, 0));
            assert_eq!(switch.alarms(), [], "{count} channels");
        }
    }
    for _ in 0..2 {
        switch.run(&channels(1, 4000));
    }
    assert_eq!(switch.alarms(), [("ge0".to_owned(), Direction::In, true)]);
    // Nor does television that comes on make a storm of a weak burst before it.
    let mut switch = Switch::new(1);
    switch.minutes(30, 12);
    for _ in 0..12 {
        switch.run(&[[150, 40, 150 * 180, 0]]);
    }
    assert_eq!(switch.alarms(), [("ge0".to_owned(), Direction::In, true)]);
    for _ in 0..2 {
        switch.run(&channels(3, 12));
        assert_eq!(switch.alarms(), []);
    }
    // A head-end may double; a loop of what it sends may not.
    for (now, alarms) in [(16, 0), (60, 1)] {
        let mut switch = Switch::new(1);
        for _ in 0..300 {
            switch.run(&channels(7, 100));
        }
        switch.run(&channels(now, 100));
        assert_eq!(switch.alarms().len(), alarms, "{now} channels");
    }
    // Long frames alone excuse no flood at a rate that no media has.
    let mut switch = Switch::new(1);
    switch.minutes(30, 5);
    switch.run(&[[60_000, 40, 60_000 * 1358, 0]]);
    assert_eq!(switch.alarms().len(), 1);
}

#[test]
fn a_cold_start_has_the_absolute_floor_only() {
    let mut switch = Switch::new(1);
    switch.minutes(1, 1);
    switch.run(&[[99, 100_000, 0, 0]]);
    assert_eq!(switch.alarms(), []);
    switch.run(&[[101, 0, 0, 0]]);
    assert_eq!(switch.only_alarm().usual_pps, None);
    // Without group counters there is none: a backup is no storm.
    let mut switch = Switch::new(1);
    for _ in 0..10 {
        switch.run(&[[0, 80_000, 0, 0]]);
    }
    assert_eq!(switch.alarms(), []);
}

#[test]
fn flooding_is_seen_in_octets() {
    let limits = CounterLimits::default();
    let rates = |rates: &[[u64; 2]]| {
        let mut switch = Switch::new(rates.len());
        let rates = rates.iter().map(|&[into, out]| [0, 0, into, out]).collect::<Vec<_>>();
        switch.run(&rates);
        switch.run(&rates);
        let found = flood(switch.targets.ports("hub"), Traffic::Octets, &limits);
        found.map(|flood| flood.sources.iter().map(|(name, _)| name.to_string()).collect())
    };
    let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect::<Vec<_>>());
    const M: u64 = 1_000_000;
    assert_eq!(rates(&[[M, 0], [0, M], [0, M], [0, M]]), names(&["ge0"]), "one port in, all others out");
    assert_eq!(rates(&[[M, M], [M, M], [0, 2 * M], [0, 2 * M]]), names(&["ge0", "ge1"]), "a loop of two ports");
    assert_eq!(rates(&[[M, 0], [0, M], [0, 0], [0, 0]]), None, "unicast from one port to another");
    assert_eq!(rates(&[[M, 0], [0, M]]), None, "two ports always agree");
    assert_eq!(rates(&[[500, 0], [0, 500], [0, 500]]), None, "next to nothing");
}

#[test]
fn a_fleet_in_which_every_port_storms_is_bounded() {
    let mut watch = CounterWatch::default();
    let mut switch = Switch::new(60);
    let quiet = vec![[20, 50, 0, 0]; 60];
    let storm = vec![[9000, 50, 0, 0]; 60];
    for rates in [&quiet, &storm, &storm, &quiet] {
        switch.run(rates);
    }
    let names = (0..100).map(|n| Arc::from(n.to_string())).collect::<Vec<Arc<str>>>();
    let mut observe = |at: i64, multicast: u64| {
        switch.run(&vec![[multicast, 50, 0, 0]; 60]);
        for name in &names {
            watch.observe(name, Time::from_secs(at), switch.targets.ports("hub"), &Thresholds::default());
        }
        (watch.alarms().count(), watch.refused())
    };
    assert_eq!(observe(0, 20), (0, 0));
    assert_eq!(observe(10, 9000), (MAX_ALARMS, 6000 - MAX_ALARMS as u64));
    // Those without room learn nothing from it, and speak when others are done.
    watch.retain_targets(|name| name == "99");
    assert_eq!(watch.alarms().count(), 0);
    switch.run(&storm);
    watch.observe(&"99".into(), Time::from_secs(20), switch.targets.ports("hub"), &Thresholds::default());
    assert_eq!(watch.alarms().count(), 60);
    assert_eq!(watch.alarmed_targets().map(|name| &**name).collect::<Vec<_>>(), ["99"]);
    assert_eq!((watch.alarms_of(&"99".into()).count(), watch.alarms_of(&"9".into()).count()), (60, 0));
    watch.forget(Time::from_secs(20 + 3600));
    assert!(watch.is_calm());
}
