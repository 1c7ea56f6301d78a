//! Ports whose counters rise beyond what they are used to, and switches that flood. A reason to look, never a verdict:
//! knows no MAC address and no cause.

use super::thresholds::Thresholds;
use crate::model::Time;
use crate::model::observation::CounterKind;
use crate::observe::ports::{PortStatus, Rates};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Series followed, two for each port; beyond it ports are refused and counted. About 300 bytes each.
pub const MAX_SERIES: usize = 1 << 20;
/// Minutes of baseline.
const MINUTES: usize = 60;
/// Below this many minutes a baseline says nothing, and only the absolute floor speaks.
const WARM_MINUTES: usize = 10;
/// Robust z-score that alarms at once (DETECTION: 6; derived).
const Z_AT_ONCE: f64 = 6.0;
/// One-sided CUSUM: allowance and limit, in scales.
const CUSUM_ALLOWANCE: f64 = 0.5;
/// See [`CUSUM_ALLOWANCE`].
const CUSUM_LIMIT: f64 = 12.0;
/// A quiet port's scale would be 0, and every packet an alarm.
const MIN_SCALE: f64 = 0.3;
/// The median absolute deviation of normal data is this much smaller than their standard deviation.
const MAD_TO_SIGMA: f64 = 1.4826;
/// Ten times the baseline alarms, but this much alarms in any case, or an IPTV port would hide 20,000 packets/s.
const FLOOR_CAP_PPS: f64 = 5_000.0;
/// See [`FLOOR_CAP_PPS`].
const FLOOR_FACTOR: f64 = 10.0;
/// An alarm ends below half of what began it, for this long.
const CLEAR_AFTER: Duration = Duration::from_secs(60);
/// A port not heard of for this long is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(3600);

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Into the switch: from what is behind the port.
    In,
    /// Out of it.
    Out,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Multicast and broadcast packets.
    Group,
    /// All packets: the agent's multicast and broadcast counters have always been zero, which means that it has none.
    All,
}

/// A port above what it is used to.
#[derive(Clone, Debug, PartialEq)]
pub struct PortAlarm {
    /// Name of the target.
    pub target: Arc<str>,
    /// Name of the port.
    pub port: Arc<str>,
    /// Which way.
    pub direction: Direction,
    /// First sample above.
    pub since: Time,
    /// Latest sample.
    pub at: Time,
    /// Packets per second in the latest sample.
    pub pps: f64,
    /// What the port is used to, packets per second; `None` if it was not watched for long enough to tell.
    pub baseline_pps: Option<f64>,
    /// What is counted.
    pub counted: Counted,
}

/// Learns what ports are used to.
#[derive(Debug, Default)]
pub struct CounterWatch {
    series: BTreeMap<(Arc<str>, Arc<str>, Direction), Series>,
    refused: u64,
}

impl CounterWatch {
    /// Takes the rates of a target's ports. Call it when its counters were renewed, not for a stale or missed poll.
    pub fn observe<'a>(
        &mut self,
        target: &Arc<str>,
        at: Time,
        ports: impl Iterator<Item = &'a PortStatus>,
        thresholds: &Thresholds,
    ) {
        for port in ports {
            for direction in [Direction::In, Direction::Out] {
                let Some((group, all)) = packets(&port.rates, direction) else { continue };
                let key = (Arc::clone(target), Arc::clone(&port.name), direction);
                if !self.series.contains_key(&key) && self.series.len() >= MAX_SERIES {
                    self.refused += 1;
                    continue;
                }
                self.series.entry(key).or_default().observe(at, group, all, thresholds);
            }
        }
    }

    /// Forgets ports that are gone. Call it now and then.
    pub fn forget(&mut self, now: Time) {
        self.series.retain(|_, series| now.since(series.at) < FORGET_AFTER);
    }

    /// Ports above what they are used to, by target and port.
    pub fn alarms(&self) -> impl Iterator<Item = PortAlarm> {
        self.series.iter().filter_map(|((target, port, direction), series)| {
            let alarm = series.alarm.as_ref()?;
            Some(PortAlarm {
                target: Arc::clone(target),
                port: Arc::clone(port),
                direction: *direction,
                since: alarm.since,
                at: series.at,
                pps: series.pps,
                baseline_pps: alarm.baseline_pps,
                counted: series.counted(),
            })
        })
    }

    /// Samples of ports that were not followed, for want of room.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

/// Multicast and broadcast, and all packets; `None` where nothing is counted.
fn packets(rates: &Rates, direction: Direction) -> Option<(f64, f64)> {
    let (group, all) = match direction {
        Direction::In => ([CounterKind::InMulticast, CounterKind::InBroadcast], rates.in_packets()),
        Direction::Out => ([CounterKind::OutMulticast, CounterKind::OutBroadcast], rates.out_packets()),
    };
    Some((group.into_iter().filter_map(|kind| rates.get(kind)).sum(), all?))
}

#[derive(Debug)]
struct Alarm {
    since: Time,
    floor: f64,
    baseline_pps: Option<f64>,
    below_since: Option<Time>,
}

#[derive(Debug, Default)]
struct Series {
    /// Mean of 1000 × ln(1 + pps) for each minute, oldest first.
    minutes: VecDeque<u16>,
    minute: i64,
    sum: f64,
    samples: u32,
    cusum: f64,
    /// A multicast or broadcast packet was ever counted.
    counts_groups: bool,
    pps: f64,
    at: Time,
    alarm: Option<Alarm>,
}

impl Series {
    fn counted(&self) -> Counted {
        if self.counts_groups { Counted::Group } else { Counted::All }
    }

    fn observe(&mut self, at: Time, group: f64, all: f64, thresholds: &Thresholds) {
        if group > 0.0 && !self.counts_groups {
            // What was learned of all packets says nothing of these.
            *self = Self { counts_groups: true, ..Self::default() };
        }
        self.pps = if self.counts_groups { group } else { all };
        self.at = at;
        let level = self.pps.ln_1p();
        let baseline = self.baseline();
        let (z, used_to) = match baseline {
            Some((median, scale)) => ((level - median) / scale, Some(median.exp_m1())),
            None => (0.0, None),
        };
        let lowest = thresholds.storm_pps as f64;
        let floor = used_to.map_or(lowest, |pps| lowest.max((FLOOR_FACTOR * pps).min(FLOOR_CAP_PPS)));
        self.cusum = (self.cusum + z.min(Z_AT_ONCE) - CUSUM_ALLOWANCE).max(0.0);
        let unusual = match baseline {
            Some(_) => z >= Z_AT_ONCE || self.cusum >= CUSUM_LIMIT,
            // A cold start. Only groups have an absolute floor: any backup moves thousands of packets a second.
            None => self.counts_groups,
        };
        match &mut self.alarm {
            None if unusual && self.pps >= floor => {
                self.alarm = Some(Alarm { since: at, floor, baseline_pps: used_to, below_since: None });
            }
            None => self.learn(at, level),
            // A cold start: what began before us may be what the port is used to. An hour tells.
            Some(alarm) if alarm.baseline_pps.is_none() && self.minutes.len() == MINUTES && !unusual => self.clear(),
            // Otherwise the baseline stands still, or a storm would become what the port is used to.
            Some(alarm) if self.pps >= alarm.floor / 2.0 => {
                alarm.below_since = None;
                if alarm.baseline_pps.is_none() {
                    self.learn(at, level);
                }
            }
            Some(alarm) => {
                if at.since(*alarm.below_since.get_or_insert(at)) >= CLEAR_AFTER {
                    self.clear();
                }
            }
        }
    }

    fn clear(&mut self) {
        self.alarm = None;
        self.cusum = 0.0;
    }

    fn learn(&mut self, at: Time, level: f64) {
        let minute = at.as_nanos().div_euclid(60_000_000_000);
        if minute != self.minute && self.samples > 0 {
            if self.minutes.len() == MINUTES {
                self.minutes.pop_front();
            }
            // ln(1 + pps) of a terabit is 21.3: it fits.
            self.minutes.push_back((self.sum / f64::from(self.samples) * 1000.0) as u16);
            (self.sum, self.samples) = (0.0, 0);
        }
        self.minute = minute;
        self.sum += level;
        self.samples += 1;
    }

    /// Median and scale of ln(1 + pps).
    fn baseline(&self) -> Option<(f64, f64)> {
        if self.minutes.len() < WARM_MINUTES {
            return None;
        }
        let mut values = self.minutes.iter().copied().collect::<Vec<_>>();
        let middle = values.len() / 2;
        let median = *values.select_nth_unstable(middle).1;
        for value in &mut values {
            *value = value.abs_diff(median);
        }
        let deviation = *values.select_nth_unstable(middle).1;
        let scale = f64::from(deviation) / 1000.0 * MAD_TO_SIGMA;
        Some((f64::from(median) / 1000.0, scale.max(MIN_SCALE)))
    }
}

/// Below this many octets per second nothing is said of flooding: 100 small packets.
const MIN_FLOOD_BPS: f64 = 10_000.0;
/// Out must agree with the others' in to this part (DETECTION: Conservation).
const MAX_RESIDUAL: f64 = 0.2;
/// `ifType` ethernetCsmacd.
const ETHERNET: u32 = 6;

/// A switch that sends what comes in at one port out of all others: multicast, broadcast or unknown unicast, by octets,
/// which agents count even where their packet counters stand still.
#[derive(Clone, Debug, PartialEq)]
pub struct Flood {
    /// Ports that bring it in, with their octets per second, the strongest first. A loop has at least two.
    pub sources: Vec<(Arc<str>, f64)>,
    /// Ports it goes out of.
    pub ports: usize,
    /// By how much out differs from what the other ports bring in, 0 to 0.2.
    pub residual: f64,
}

/// Whether a switch floods: out of each port ≈ in at all the others. Needs three ports that are up; with two the sum
/// always agrees.
#[must_use]
pub fn flood<'a>(ports: impl Iterator<Item = &'a PortStatus>) -> Option<Flood> {
    let rates = ports.filter(|port| port.oper_up && port.if_type == ETHERNET).filter_map(|port| {
        let (into, out) = (port.rates.get(CounterKind::InOctets)?, port.rates.get(CounterKind::OutOctets)?);
        Some((Arc::clone(&port.name), into, out))
    });
    let rates = rates.collect::<Vec<_>>();
    let total: f64 = rates.iter().map(|(_, into, _)| into).sum();
    if rates.len() < 3 || total < MIN_FLOOD_BPS {
        return None;
    }
    let (mut expected, mut off) = (0.0, 0.0);
    for (_, into, out) in &rates {
        expected += total - into;
        off += (total - into - out).abs();
    }
    let residual = off / expected;
    let count = rates.len();
    let mut sources = rates.into_iter().map(|(name, into, _)| (name, into)).collect::<Vec<_>>();
    // A port that brings less than a tenth of the whole is not where it comes from.
    sources.retain(|(_, into)| *into >= total / 10.0);
    sources.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    (residual <= MAX_RESIDUAL).then_some(Flood { sources, ports: count, residual })
}

#[cfg(test)]
mod tests {
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
                fdb: None,
                problems: Vec::new(),
            })));
            self.watch.observe(&"hub".into(), at, self.targets.ports("hub"), &Thresholds::default());
        }

        fn minutes(&mut self, minutes: usize, multicast: u64) {
            for second in 0..minutes * 6 {
                self.run(&[[multicast + second as u64 % 3, 50, 0, 0]]);
            }
        }

        fn alarms(&self) -> Vec<PortAlarm> {
            self.watch.alarms().collect()
        }
    }

    #[test]
    fn a_surge_alarms_in_the_first_renewed_poll_and_clears_after_a_minute() {
        let mut switch = Switch::new(1);
        switch.minutes(30, 5);
        assert_eq!(switch.alarms(), []);
        switch.run(&[[1800, 50, 0, 0]]);
        let alarm = &switch.alarms()[0];
        assert_eq!(
            (&*alarm.port, alarm.direction, alarm.counted, alarm.pps),
            ("ge0", Direction::In, Counted::Group, 1800.0)
        );
        assert!(alarm.baseline_pps.is_some_and(|pps| (4.0..8.0).contains(&pps)), "{alarm:?}");
        // An hour of storm is not what the port is used to.
        switch.minutes(60, 1800);
        assert_eq!(switch.alarms().len(), 1);
        for _ in 0..6 {
            switch.run(&[[5, 50, 0, 0]]);
            assert_eq!(switch.alarms().len(), 1, "half a minute of quiet is not the end");
        }
        switch.run(&[[5, 50, 0, 0]]);
        assert_eq!(switch.alarms(), []);
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
    fn television_is_told_from_a_storm_by_an_hour() {
        let mut switch = Switch::new(1);
        switch.minutes(59, 4148);
        assert_eq!(switch.alarms().len(), 1, "nobody can know yet");
        switch.minutes(3, 4148);
        assert_eq!(switch.alarms(), []);
        // Ten times 4,148 would hide this.
        switch.run(&[[30_000, 50, 0, 0]]);
        assert_eq!(switch.alarms().len(), 1);
    }

    #[test]
    fn a_cold_start_has_the_absolute_floor_only() {
        let mut switch = Switch::new(1);
        switch.minutes(1, 1);
        switch.run(&[[99, 100_000, 0, 0]]);
        assert_eq!(switch.alarms(), []);
        switch.run(&[[101, 0, 0, 0]]);
        assert_eq!(switch.alarms()[0].baseline_pps, None);
        // Without group counters there is none: a backup is no storm.
        let mut switch = Switch::new(1);
        for _ in 0..10 {
            switch.run(&[[0, 80_000, 0, 0]]);
        }
        assert_eq!(switch.alarms(), []);
    }

    #[test]
    fn flooding_is_seen_in_octets() {
        let rates = |rates: &[[u64; 2]]| {
            let mut switch = Switch::new(rates.len());
            let rates = rates.iter().map(|&[into, out]| [0, 0, into, out]).collect::<Vec<_>>();
            switch.run(&rates);
            switch.run(&rates);
            flood(switch.targets.ports("hub"))
                .map(|flood| flood.sources.iter().map(|(name, _)| name.to_string()).collect())
        };
        let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect::<Vec<_>>());
        const M: u64 = 1_000_000;
        assert_eq!(rates(&[[M, 0], [0, M], [0, M], [0, M]]), names(&["ge0"]), "one port in, all others out");
        assert_eq!(rates(&[[M, M], [M, M], [0, 2 * M], [0, 2 * M]]), names(&["ge0", "ge1"]), "a loop of two ports");
        assert_eq!(rates(&[[M, 0], [0, M], [0, 0], [0, 0]]), None, "unicast from one port to another");
        assert_eq!(rates(&[[M, 0], [0, M]]), None, "two ports always agree");
        assert_eq!(rates(&[[500, 0], [0, 500], [0, 500]]), None, "next to nothing");
    }
}
