//! One port of a target through time: its counters' baselines, its rates, its totals. Knows no other port; `targets`
//! knows whether the agent had anything new to say.

use super::delta::{Context, Discontinuity, delta, interval};
use crate::model::Time;
use crate::model::observation::{Counter, CounterKind, PortSample};
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::sync::Arc;

const KINDS: usize = CounterKind::ALL.len();
/// After this many samples in a row with a new ifCounterDiscontinuityTime it means nothing on this port: some agents
/// write the present time there.
const MAX_DECLARED: u8 = 3;

/// Rates of a port, per second by the agent's own clock; `None` where there is no honest one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates([Option<f64>; KINDS]);

impl Rates {
    /// Octets or packets per second.
    #[must_use]
    pub const fn get(&self, kind: CounterKind) -> Option<f64> {
        self.0[kind as usize]
    }

    /// Packets per second that came in, of all casts that are counted; `None` if none is.
    #[must_use]
    pub fn in_packets(&self) -> Option<f64> {
        self.sum([CounterKind::InUnicast, CounterKind::InMulticast, CounterKind::InBroadcast])
    }

    /// Packets per second that went out, of all casts that are counted; `None` if none is.
    #[must_use]
    pub fn out_packets(&self) -> Option<f64> {
        self.sum([CounterKind::OutUnicast, CounterKind::OutMulticast, CounterKind::OutBroadcast])
    }

    fn sum(&self, kinds: [CounterKind; 3]) -> Option<f64> {
        kinds.into_iter().filter_map(|kind| self.get(kind)).reduce(|sum, rate| sum + rate)
    }
}

impl Serialize for Rates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(CounterKind::ALL.iter().map(|&kind| (kind.key(), self.get(kind))))
    }
}

/// A port as it was last seen.
#[derive(Clone, Debug, Serialize)]
pub struct PortStatus {
    /// `ifName`, or what stands in for it: what the port is known by.
    pub name: Arc<str>,
    /// `ifIndex`, which may change when the device restarts.
    pub if_index: u32,
    /// `ifDescr`.
    pub descr: Arc<str>,
    /// `ifAlias`.
    pub alias: Arc<str>,
    /// `ifType`.
    pub if_type: u32,
    /// Bits per second, 0 if unknown.
    pub speed_bps: u64,
    /// `ifAdminStatus` is up.
    pub admin_up: bool,
    /// `ifOperStatus` is up.
    pub oper_up: bool,
    /// Octets and packets per second.
    pub rates: Rates,
    /// When the rates were last renewed.
    pub rates_at: Option<Time>,
    /// When the port was last in an answer.
    pub seen: Time,
}

/// A value to compare the next one with.
#[derive(Clone, Copy, Debug)]
struct Baseline {
    value: Counter,
    uptime: Option<u32>,
    at: Time,
    /// The delta and its time, hundredths of a second, that ended here.
    last: Option<(u64, u64)>,
}

/// A port through time.
#[derive(Clone, Debug)]
pub struct Port {
    /// As it was last seen.
    pub status: PortStatus,
    baselines: [Option<Baseline>; KINDS],
    totals: [u64; KINDS],
    discontinuity: Option<u32>,
    declared: u8,
}

impl Port {
    /// A port without a past.
    #[must_use]
    pub fn new(sample: &PortSample, at: Time) -> Self {
        let status = PortStatus {
            name: Arc::clone(&sample.name),
            if_index: sample.if_index,
            descr: Arc::clone(&sample.descr),
            alias: Arc::clone(&sample.alias),
            if_type: sample.if_type,
            speed_bps: sample.speed_bps,
            admin_up: sample.admin_up,
            oper_up: sample.oper_up,
            rates: Rates::default(),
            rates_at: None,
            seen: at,
        };
        let discontinuity = sample.discontinuity;
        Self { status, baselines: [None; KINDS], totals: [0; KINDS], discontinuity, declared: 0 }
    }

    /// The sum of all honest deltas since the port was first seen.
    #[must_use]
    pub const fn total(&self, kind: CounterKind) -> u64 {
        self.totals[kind as usize]
    }

    /// A counter of `sample` is not what it was.
    #[must_use]
    pub fn differs(&self, sample: &PortSample) -> bool {
        CounterKind::ALL.iter().any(|&kind| {
            let before = self.baselines[kind as usize].map(|baseline| baseline.value);
            sample.counters.get(kind).is_some_and(|after| before != Some(after))
        })
    }

    /// Takes over what a port says of itself, the counters apart.
    pub fn describe(&mut self, sample: &PortSample, at: Time) {
        let status = &mut self.status;
        for (known, said) in
            [(&mut status.name, &sample.name), (&mut status.descr, &sample.descr), (&mut status.alias, &sample.alias)]
        {
            if known != said {
                *known = Arc::clone(said);
            }
        }
        (status.if_index, status.if_type, status.seen) = (sample.if_index, sample.if_type, at);
        (status.admin_up, status.oper_up) = (sample.admin_up, sample.oper_up);
        status.speed_bps = sample.speed_bps;
    }

    /// Takes new counters. With `slow` the agent renews its counters more slowly than it is asked, and rates are taken
    /// over two renewals. Gives the reasons for which a counter had no delta.
    pub fn count(
        &mut self,
        sample: &PortSample,
        of_poll: Option<u32>,
        at: Time,
        slow: bool,
    ) -> BTreeSet<Discontinuity> {
        let mut reasons = BTreeSet::new();
        let same_discontinuity = self.same_discontinuity(sample);
        for kind in CounterKind::ALL {
            let place = kind as usize;
            let Some(value) = sample.counters.get(kind) else {
                // An object the agent leaves out for once: the delta will span the hole.
                continue;
            };
            let mut fresh = Baseline { value, uptime: sample.uptime_of(kind, of_poll), at, last: None };
            let Some(before) = self.baselines[place] else {
                self.baselines[place] = Some(fresh);
                continue;
            };
            match step(kind, &before, &fresh, sample.speed_bps, same_discontinuity) {
                Ok((_, 0)) => continue,
                Ok((delta, centis)) => {
                    self.totals[place] = self.totals[place].saturating_add(delta);
                    let (more, longer) = before.last.filter(|_| slow).unwrap_or((0, 0));
                    let rate = (delta as f64 + more as f64) * 100.0 / (centis + longer) as f64;
                    self.status.rates.0[place] = Some(rate);
                    self.status.rates_at = Some(at);
                    fresh.last = Some((delta, centis));
                }
                Err(reason) => {
                    reasons.insert(reason);
                    self.status.rates.0[place] = None;
                }
            }
            self.baselines[place] = Some(fresh);
        }
        reasons
    }

    fn same_discontinuity(&mut self, sample: &PortSample) -> bool {
        let same = self.discontinuity == sample.discontinuity || sample.discontinuity.is_none();
        self.discontinuity = sample.discontinuity.or(self.discontinuity);
        self.declared = if same { 0 } else { self.declared.saturating_add(1) };
        same || self.declared > MAX_DECLARED
    }
}

/// Delta and time, hundredths of a second, from one baseline to the next.
fn step(
    kind: CounterKind,
    before: &Baseline,
    after: &Baseline,
    speed_bps: u64,
    same_discontinuity: bool,
) -> Result<(u64, u64), Discontinuity> {
    let passed = after.at.since(before.at);
    let centis = match (before.uptime, after.uptime) {
        (Some(before), Some(after)) => interval(before, after, passed)?,
        // This host's own counters, or an agent without sysUpTime: our clock must do.
        _ => u64::try_from(passed.as_millis() / 10).unwrap_or(u64::MAX),
    };
    if centis == 0 {
        return Ok((0, 0));
    }
    Ok((delta(kind, before.value, after.value, &Context { centis, speed_bps, same_discontinuity })?, centis))
}
