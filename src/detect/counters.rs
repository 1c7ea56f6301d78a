//! Ports whose counters rise beyond what they are used to, and switches that flood. A reason to look, never a verdict:
//! knows no MAC address and no cause.

use super::thresholds::Thresholds;
use crate::model::Time;
use crate::model::observation::CounterKind;
use crate::observe::ports::{PortStatus, Rates};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Ports followed, each in both directions; beyond it ports are refused and counted. About 190 bytes each.
pub const MAX_PORTS: usize = 1 << 20;
/// Alarms kept at a time: what a person could read, many times over, and few enough to look through with each snapshot. A
/// fleet that storms everywhere has more; they are counted.
pub const MAX_ALARMS: usize = 4096;
/// Minutes of baseline.
const MINUTES: usize = 60;
/// Below this many minutes a baseline says nothing, and only the absolute floor speaks.
const WARM_MINUTES: usize = 10;
/// Steps in which ln(1 + pps) is remembered, for each unit: 255 of them reach beyond a terabit (21.2), and half a step, 4 %,
/// is far below [`MIN_SCALE`].
const STEPS: f64 = 12.0;
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
/// The same.
const FORGET_AFTER_MINUTES: i32 = 60;

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
    targets: BTreeMap<Arc<str>, Watched>,
    /// The few ports that stand out, so that nobody has to look for them among half a million.
    alarms: Alarms,
    ports: usize,
    refused: u64,
}

type Alarms = BTreeMap<Key, Alarm>;
type Key = (Arc<str>, Arc<str>, Direction);

/// The ports of a target, by name.
#[derive(Debug)]
struct Watched {
    at: Time,
    ports: Vec<Port>,
}

#[derive(Debug)]
struct Port {
    name: Arc<str>,
    /// When it last had rates, in minutes since 1970.
    minute: i32,
    directions: [Series; 2],
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
        if !self.targets.contains_key(target) {
            self.targets.insert(Arc::clone(target), Watched { at, ports: Vec::new() });
        }
        let watched = self.targets.get_mut(target).expect("just put there");
        watched.at = at;
        let mut fresh = Vec::new();
        for status in ports {
            let packets = [Direction::In, Direction::Out].map(|direction| packets(&status.rates, direction));
            if packets == [None, None] {
                continue;
            }
            match watched.ports.binary_search_by(|port| port.name.cmp(&status.name)) {
                Ok(place) => {
                    self.refused +=
                        observe_port(&mut watched.ports[place], target, at, packets, thresholds, &mut self.alarms);
                }
                Err(_) if self.ports + fresh.len() >= MAX_PORTS => self.refused += 1,
                Err(_) => {
                    let name = Arc::clone(&status.name);
                    let mut port = Port { name, minute: minute(at), directions: Default::default() };
                    self.refused += observe_port(&mut port, target, at, packets, thresholds, &mut self.alarms);
                    fresh.push(port);
                }
            }
        }
        let before = watched.ports.len();
        watched.ports.reserve_exact(fresh.len());
        let grown = !fresh.is_empty();
        watched.ports.append(&mut fresh);
        if grown {
            watched.ports.sort_by(|one, other| one.name.cmp(&other.name));
        }
        let oldest = minute(at).saturating_sub(FORGET_AFTER_MINUTES);
        let alarms = &mut self.alarms;
        watched.ports.retain(|port| {
            let kept = port.minute > oldest;
            if !kept {
                silence(alarms, target, &port.name);
            }
            kept
        });
        self.ports = self.ports + watched.ports.len() - before;
    }

    /// Forgets targets that are not heard of any more, and their alarms. Call it now and then.
    pub fn forget(&mut self, now: Time) {
        self.keep(|_, watched| now.since(watched.at) < FORGET_AFTER);
    }

    /// Forgets targets that are not wanted any more.
    pub fn retain_targets(&mut self, wanted: impl Fn(&str) -> bool) {
        self.keep(|name, _| wanted(name));
    }

    fn keep(&mut self, kept: impl Fn(&str, &Watched) -> bool) {
        self.targets.retain(|name, watched| kept(name, watched));
        let targets = &self.targets;
        self.alarms.retain(|(target, ..), _| targets.contains_key(target));
        self.ports = targets.values().map(|watched| watched.ports.len()).sum();
    }

    /// Ports above what they are used to, by target and port.
    pub fn alarms(&self) -> impl Iterator<Item = PortAlarm> {
        self.alarms.iter().map(|(key, alarm)| alarm.of_port(key))
    }

    /// The port that brings in most above what it is used to, if any does.
    #[must_use]
    pub fn loudest_alarm(&self) -> Option<PortAlarm> {
        let loud = self.alarms.iter().filter(|((_, _, direction), _)| *direction == Direction::In);
        let (key, alarm) = loud.max_by(|(_, a), (_, b)| a.pps.total_cmp(&b.pps))?;
        Some(alarm.of_port(key))
    }

    /// The alarm of one port and direction, if it is above what it is used to.
    #[must_use]
    pub fn alarm(&self, target: &Arc<str>, port: &Arc<str>, direction: Direction) -> Option<PortAlarm> {
        let key = (Arc::clone(target), Arc::clone(port), direction);
        Some(self.alarms.get(&key)?.of_port(&key))
    }

    /// Samples of ports that were not followed, or gave no alarm, for want of room.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

fn minute(at: Time) -> i32 {
    // 2^31 minutes are four thousand years.
    i32::try_from(at.as_nanos().div_euclid(60_000_000_000)).unwrap_or(i32::MAX)
}

fn silence(alarms: &mut Alarms, target: &Arc<str>, port: &Arc<str>) {
    for direction in [Direction::In, Direction::Out] {
        alarms.remove(&(Arc::clone(target), Arc::clone(port), direction));
    }
}

/// Takes the rates of a port; gives how many alarms found no room.
fn observe_port(
    port: &mut Port,
    target: &Arc<str>,
    at: Time,
    packets: [Option<(f64, f64)>; 2],
    thresholds: &Thresholds,
    alarms: &mut Alarms,
) -> u64 {
    let mut refused = 0;
    if minute(at).saturating_sub(port.minute) >= FORGET_AFTER_MINUTES {
        silence(alarms, target, &port.name);
        port.directions = Default::default();
    }
    port.minute = minute(at);
    for (direction, packets) in [Direction::In, Direction::Out].into_iter().zip(packets) {
        let Some((group, all)) = packets else { continue };
        let series = &mut port.directions[direction as usize];
        let key = |name| (Arc::clone(target), Arc::clone(name), direction);
        let before = if series.alarmed { alarms.remove(&key(&port.name)) } else { None };
        let alarm = series.observe(at, before, [group, all], thresholds);
        // Without room the port goes on without an alarm; it does not learn from what it would alarm about.
        series.alarmed = alarm.is_some() && alarms.len() < MAX_ALARMS;
        match alarm {
            Some(alarm) if series.alarmed => drop(alarms.insert(key(&port.name), alarm)),
            Some(_) => refused += 1,
            None => {}
        }
    }
    refused
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
    at: Time,
    pps: f64,
    counted: Counted,
}

impl Alarm {
    fn of_port(&self, (target, port, direction): &Key) -> PortAlarm {
        PortAlarm {
            target: Arc::clone(target),
            port: Arc::clone(port),
            direction: *direction,
            since: self.since,
            at: self.at,
            pps: self.pps,
            baseline_pps: self.baseline_pps,
            counted: self.counted,
        }
    }
}

/// What one direction of a port is used to. There are a million of these: every byte is a megabyte.
#[derive(Debug)]
struct Series {
    /// Mean of ln(1 + pps) for each minute in [`STEPS`], the newest before `next`.
    minutes: [u8; MINUTES],
    /// How many of them there are.
    filled: u8,
    next: u8,
    /// The minute that `sum` is of, its lowest bits.
    minute: u16,
    samples: u16,
    sum: f32,
    cusum: f32,
    /// A multicast or broadcast packet was ever counted.
    counts_groups: bool,
    alarmed: bool,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            minutes: [0; MINUTES],
            filled: 0,
            next: 0,
            minute: 0,
            samples: 0,
            sum: 0.0,
            cusum: 0.0,
            counts_groups: false,
            alarmed: false,
        }
    }
}

impl Series {
    /// Takes packets per second, of groups and of all; gives the alarm there is after it.
    fn observe(
        &mut self,
        at: Time,
        before: Option<Alarm>,
        packets: [f64; 2],
        thresholds: &Thresholds,
    ) -> Option<Alarm> {
        let [group, all] = packets;
        let mut before = before;
        if group > 0.0 && !self.counts_groups {
            // What was learned of all packets says nothing of these.
            *self = Self { counts_groups: true, ..Self::default() };
            before = None;
        }
        let (pps, counted) = if self.counts_groups { (group, Counted::Group) } else { (all, Counted::All) };
        let level = pps.ln_1p();
        let baseline = self.baseline();
        let (z, used_to) = match baseline {
            Some((median, scale)) => ((level - median) / scale, Some(median.exp_m1())),
            None => (0.0, None),
        };
        let lowest = thresholds.storm_pps as f64;
        let floor = used_to.map_or(lowest, |pps| lowest.max((FLOOR_FACTOR * pps).min(FLOOR_CAP_PPS)));
        self.cusum = (f64::from(self.cusum) + z.min(Z_AT_ONCE) - CUSUM_ALLOWANCE).max(0.0) as f32;
        let unusual = match baseline {
            Some(_) => z >= Z_AT_ONCE || f64::from(self.cusum) >= CUSUM_LIMIT,
            // A cold start. Only groups have an absolute floor: any backup moves thousands of packets a second.
            None => self.counts_groups,
        };
        let Some(alarm) = before else {
            if unusual && pps >= floor {
                let (since, baseline_pps) = (at, used_to);
                return Some(Alarm { since, floor, baseline_pps, below_since: None, at, pps, counted });
            }
            self.learn(at, level);
            return None;
        };
        let mut alarm = Alarm { at, pps, counted, ..alarm };
        // A cold start: what began before us may be what the port is used to. An hour tells.
        if alarm.baseline_pps.is_none() && usize::from(self.filled) == MINUTES && !unusual {
            self.cusum = 0.0;
            return None;
        }
        // Otherwise the baseline stands still, or a storm would become what the port is used to.
        if pps >= alarm.floor / 2.0 {
            alarm.below_since = None;
            if alarm.baseline_pps.is_none() {
                self.learn(at, level);
            }
        } else if at.since(*alarm.below_since.get_or_insert(at)) >= CLEAR_AFTER {
            self.cusum = 0.0;
            return None;
        }
        Some(alarm)
    }

    fn learn(&mut self, at: Time, level: f64) {
        let minute = minute(at) as u16;
        if minute != self.minute && self.samples > 0 {
            let mean = f64::from(self.sum) / f64::from(self.samples);
            // Too much for a byte stays the most there is.
            self.minutes[usize::from(self.next)] = (mean * STEPS).round() as u8;
            self.next = (self.next + 1) % MINUTES as u8;
            self.filled = (self.filled + 1).min(MINUTES as u8);
            (self.sum, self.samples) = (0.0, 0);
        }
        self.minute = minute;
        self.sum += level as f32;
        self.samples = self.samples.saturating_add(1);
    }

    /// Median and scale of ln(1 + pps).
    fn baseline(&self) -> Option<(f64, f64)> {
        let filled = usize::from(self.filled);
        if filled < WARM_MINUTES {
            return None;
        }
        let mut values = self.minutes;
        let values = &mut values[..filled];
        let median = *values.select_nth_unstable(filled / 2).1;
        for value in &mut *values {
            *value = value.abs_diff(median);
        }
        let deviation = *values.select_nth_unstable(filled / 2).1;
        let scale = f64::from(deviation) / STEPS * MAD_TO_SIGMA;
        Some((f64::from(median) / STEPS, scale.max(MIN_SCALE)))
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
