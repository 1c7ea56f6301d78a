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

    /// Forgets targets that are not wanted any more.
    pub fn retain_targets(&mut self, wanted: impl Fn(&str) -> bool) {
        self.series.retain(|(target, ..), _| wanted(target));
    }

    /// Forgets ports that are gone. Call it now and then.
    pub fn forget(&mut self, now: Time) {
        self.series.retain(|_, series| now.since(series.at) < FORGET_AFTER);
    }

    /// Ports above what they are used to, by target and port.
    pub fn alarms(&self) -> impl Iterator<Item = PortAlarm> {
        self.series.iter().filter_map(|(key, series)| series.port_alarm(key))
    }

    /// The port that brings in most above what it is used to, if any does.
    #[must_use]
    pub fn loudest_alarm(&self) -> Option<PortAlarm> {
        let loud = self.series.iter().filter(|((_, _, direction), s)| *direction == Direction::In && s.alarm.is_some());
        let (key, series) = loud.max_by(|(_, a), (_, b)| a.pps.total_cmp(&b.pps))?;
        series.port_alarm(key)
    }

    /// The alarm of one port and direction, if it is above what it is used to.
    #[must_use]
    pub fn alarm(&self, target: &Arc<str>, port: &Arc<str>, direction: Direction) -> Option<PortAlarm> {
        let key = (Arc::clone(target), Arc::clone(port), direction);
        self.series.get(&key)?.port_alarm(&key)
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
    fn port_alarm(&self, (target, port, direction): &(Arc<str>, Arc<str>, Direction)) -> Option<PortAlarm> {
        let alarm = self.alarm.as_ref()?;
        Some(PortAlarm {
            target: Arc::clone(target),
            port: Arc::clone(port),
            direction: *direction,
            since: alarm.since,
            at: self.at,
            pps: self.pps,
            baseline_pps: alarm.baseline_pps,
            counted: self.counted(),
        })
    }

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
#[path = "counters_tests.rs"]
mod tests;
