//! One port of a target through time: its counters' baselines and its rates. Knows no other port; `targets` knows whether
//! the agent had anything new to say.
//!
//! A fleet has half a million of these, so that each byte here is half a megabyte: times that counters have in common are
//! kept once, rates as `f32` (seven digits; a counter read twice is no better than that), and what few ports need is kept
//! aside.

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
/// PDUs of one poll whose sysUpTime is kept with the port itself; counters of further ones are kept aside.
const SHARED: usize = 3;

/// Rates of a port, per second by the agent's own clock; `None` where there is no honest one.
#[derive(Clone, Copy, Debug)]
pub struct Rates([f32; KINDS]);

impl Default for Rates {
    fn default() -> Self {
        Self([f32::NAN; KINDS])
    }
}

impl PartialEq for Rates {
    fn eq(&self, other: &Self) -> bool {
        CounterKind::ALL.iter().all(|&kind| self.get(kind) == other.get(kind))
    }
}

impl Rates {
    /// Octets or packets per second, to seven digits.
    #[must_use]
    pub fn get(&self, kind: CounterKind) -> Option<f64> {
        self.single(kind).map(f64::from)
    }

    /// What `rate` tells of each counter.
    #[must_use]
    pub fn from_fn(mut rate: impl FnMut(CounterKind) -> Option<f64>) -> Self {
        let mut rates = Self::default();
        for kind in CounterKind::ALL {
            rates.set(kind, rate(kind));
        }
        rates
    }

    fn single(&self, kind: CounterKind) -> Option<f32> {
        // Not a number stands for none: a rate is a quotient of finite numbers, and the divisor is never zero.
        Some(self.0[kind as usize]).filter(|rate| !rate.is_nan())
    }

    fn set(&mut self, kind: CounterKind, rate: Option<f64>) {
        self.0[kind as usize] = rate.map_or(f32::NAN, |rate| rate as f32);
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
        serializer.collect_map(CounterKind::ALL.iter().map(|&kind| (kind.key(), self.single(kind))))
    }
}

/// What a port says of itself in words. Ports of one model say the same, and share it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct About {
    /// `ifDescr`.
    pub descr: Arc<str>,
    /// `ifAlias`.
    pub alias: Arc<str>,
}

/// A port as it was last seen.
#[derive(Clone, Debug, Serialize)]
pub struct PortStatus {
    /// `ifName`, or what stands in for it: what the port is known by.
    pub name: Arc<str>,
    /// `ifIndex`, which may change when the device restarts.
    pub if_index: u32,
    /// `ifDescr` and `ifAlias`.
    #[serde(flatten)]
    pub about: Arc<About>,
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
}

/// A set of counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kinds(u16);

impl Kinds {
    const fn has(self, kind: CounterKind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }

    fn set(&mut self, kind: CounterKind, member: bool) {
        self.0 = (self.0 & !(1 << kind as u16)) | (u16::from(member) << kind as u16);
    }
}

/// What few ports need at a time.
#[derive(Clone, Debug)]
struct Aside {
    /// Counters whose time is not one that the port keeps: those that were left out of the latest answer, and those of a
    /// poll of many PDUs.
    kinds: Kinds,
    times: [(Option<u32>, Time); KINDS],
    /// Rates over the latest renewal alone, where the agent is slow and those of the port span two.
    single: Option<Rates>,
}

/// A port through time.
#[derive(Clone, Debug)]
pub struct Port {
    /// As it was last seen.
    pub status: PortStatus,
    values: [u64; KINDS],
    /// Counters that have a baseline, and those of them that have 64 bits.
    known: Kinds,
    wide: Kinds,
    /// Which of `uptimes` is that of each counter, two bits each.
    which: u32,
    /// sysUpTime of the first PDUs of the latest count, where the agent has it.
    uptimes: [u32; SHARED],
    timed: bool,
    declared: u8,
    has_discontinuity: bool,
    discontinuity: u32,
    /// Time that the latest delta spans, hundredths of a second.
    leg: u32,
    /// When the counters were taken that are not aside.
    counted: Time,
    aside: Option<Box<Aside>>,
}

impl Port {
    /// A port without a past. `about`: what it says of itself, perhaps shared with others.
    #[must_use]
    pub fn new(sample: &PortSample, name: Arc<str>, about: Arc<About>, at: Time) -> Self {
        let status = PortStatus {
            name,
            if_index: sample.if_index,
            about,
            if_type: sample.if_type,
            speed_bps: sample.speed_bps,
            admin_up: sample.admin_up,
            oper_up: sample.oper_up,
            rates: Rates::default(),
            rates_at: None,
            seen: at,
        };
        Self {
            status,
            values: [0; KINDS],
            known: Kinds::default(),
            wide: Kinds::default(),
            which: 0,
            uptimes: [0; SHARED],
            timed: false,
            declared: 0,
            has_discontinuity: sample.discontinuity.is_some(),
            discontinuity: sample.discontinuity.unwrap_or(0),
            leg: 0,
            counted: at,
            aside: None,
        }
    }

    fn value(&self, kind: CounterKind) -> Option<Counter> {
        let value = self.values[kind as usize];
        // A narrow one was stored from 32 bits.
        let counter = if self.wide.has(kind) { Counter::C64(value) } else { Counter::C32(value as u32) };
        self.known.has(kind).then_some(counter)
    }

    fn baseline(&self, kind: CounterKind) -> Option<Baseline> {
        let value = self.value(kind)?;
        if let Some(aside) = self.aside.as_ref().filter(|aside| aside.kinds.has(kind)) {
            let (uptime, at) = aside.times[kind as usize];
            return Some(Baseline { value, uptime, at });
        }
        let which = (self.which >> (2 * kind as u32)) & 3;
        let uptime = self.timed.then(|| self.uptimes[which as usize]);
        Some(Baseline { value, uptime, at: self.counted })
    }

    /// Keeps the baselines, all of them read at `at` or before.
    fn keep(&mut self, baselines: &[Option<Baseline>; KINDS], at: Time) {
        let mut shared = [None; SHARED];
        let mut aside_kinds = Kinds::default();
        let mut times = [(None, at); KINDS];
        let of_now = || baselines.iter().flatten().filter(|baseline| baseline.at == at);
        // With and without sysUpTime in one poll there is none in common.
        self.timed = of_now().next().is_some_and(|first| first.uptime.is_some());
        (self.which, self.counted) = (0, at);
        for (kind, baseline) in CounterKind::ALL.into_iter().zip(baselines) {
            self.known.set(kind, baseline.is_some());
            let Some(Baseline { value, uptime, at: read }) = *baseline else { continue };
            let (wide, value) = match value {
                Counter::C32(value) => (false, u64::from(value)),
                Counter::C64(value) => (true, value),
            };
            self.wide.set(kind, wide);
            self.values[kind as usize] = value;
            let place = (read == at && uptime.is_some() == self.timed)
                .then(|| shared.iter().position(|&other| other.is_none_or(|other| other == uptime)))
                .flatten();
            match place {
                Some(place) => {
                    shared[place] = Some(uptime);
                    self.uptimes[place] = uptime.unwrap_or(0);
                    self.which |= (place as u32) << (2 * kind as u32);
                }
                None => {
                    aside_kinds.set(kind, true);
                    times[kind as usize] = (uptime, read);
                }
            }
        }
        let single = self.aside.take().and_then(|aside| aside.single);
        if aside_kinds != Kinds::default() || single.is_some() {
            self.aside = Some(Box::new(Aside { kinds: aside_kinds, times, single }));
        }
    }

    /// A counter of `sample` is not what it was.
    #[must_use]
    pub fn differs(&self, sample: &PortSample) -> bool {
        let differs =
            |&kind: &CounterKind| sample.counters.get(kind).is_some_and(|after| self.value(kind) != Some(after));
        CounterKind::ALL.iter().any(differs)
    }

    /// Takes over what a port says of itself in numbers, the counters apart.
    pub fn describe(&mut self, sample: &PortSample, at: Time) {
        let status = &mut self.status;
        (status.if_index, status.if_type, status.seen) = (sample.if_index, sample.if_type, at);
        (status.admin_up, status.oper_up) = (sample.admin_up, sample.oper_up);
        status.speed_bps = sample.speed_bps;
    }

    /// Takes new counters. With `slow` the agent renews its counters more slowly than it is asked, and rates are taken
    /// over two renewals. Tells every honest delta, and gives the reasons for which a counter had none.
    pub fn count(
        &mut self,
        sample: &PortSample,
        poll: Polled,
        counted: &mut dyn FnMut(CounterKind, u64),
    ) -> BTreeSet<Discontinuity> {
        let mut reasons = BTreeSet::new();
        let same_discontinuity = self.same_discontinuity(sample);
        let mut baselines = CounterKind::ALL.map(|kind| self.baseline(kind));
        // Rates over one renewal: those of the port, where it is not slow.
        let singles = self.aside.as_ref().and_then(|aside| aside.single).unwrap_or(self.status.rates);
        let (mut renewed, mut leg) = (singles, 0);
        for kind in CounterKind::ALL {
            let Some(value) = sample.counters.get(kind) else {
                // An object the agent leaves out for once: the delta will span the hole.
                continue;
            };
            let fresh = Baseline { value, uptime: sample.uptime_of(kind, poll.uptime), at: poll.at };
            let Some(before) = baselines[kind as usize].replace(fresh) else { continue };
            match step(kind, &before, &fresh, sample.speed_bps, same_discontinuity) {
                // Nothing is new: the delta will span this as well.
                Ok((_, 0)) => baselines[kind as usize] = Some(before),
                Ok((delta, centis)) => {
                    counted(kind, delta);
                    renewed.set(kind, Some(delta as f64 * 100.0 / centis as f64));
                    leg = leg.max(centis);
                    let span = |rate: f64| rate * f64::from(self.leg) / 100.0;
                    let (more, longer) = singles
                        .get(kind)
                        .filter(|_| poll.slow)
                        .map_or((0.0, 0), |rate| (span(rate), u64::from(self.leg)));
                    let rate = (delta as f64 + more) * 100.0 / (centis + longer) as f64;
                    self.status.rates.set(kind, Some(rate));
                    self.status.rates_at = Some(poll.at);
                }
                Err(reason) => {
                    reasons.insert(reason);
                    renewed.set(kind, None);
                    self.status.rates.set(kind, None);
                }
            }
        }
        if leg > 0 {
            self.leg = u32::try_from(leg).unwrap_or(u32::MAX);
        }
        self.keep(&baselines, poll.at);
        // Of a counter that was left out just now, the port may still have the rate over two.
        let apart = poll.slow || renewed != self.status.rates;
        self.keep_single(apart.then_some(renewed));
        reasons
    }

    fn keep_single(&mut self, single: Option<Rates>) {
        match (&mut self.aside, single) {
            (Some(aside), single) => aside.single = single,
            (None, Some(_)) => {
                let times = [(None, self.counted); KINDS];
                self.aside = Some(Box::new(Aside { kinds: Kinds::default(), times, single }));
            }
            (None, None) => {}
        }
        if self.aside.as_ref().is_some_and(|aside| aside.single.is_none() && aside.kinds == Kinds::default()) {
            self.aside = None;
        }
    }

    fn same_discontinuity(&mut self, sample: &PortSample) -> bool {
        let before = self.has_discontinuity.then_some(self.discontinuity);
        let same = before == sample.discontinuity || sample.discontinuity.is_none();
        if let Some(discontinuity) = sample.discontinuity {
            (self.has_discontinuity, self.discontinuity) = (true, discontinuity);
        }
        self.declared = if same { 0 } else { self.declared.saturating_add(1) };
        same || self.declared > MAX_DECLARED
    }
}

/// What all ports of a poll have in common.
#[derive(Clone, Copy, Debug)]
pub struct Polled {
    /// sysUpTime of the whole poll, hundredths of a second, where a counter has none of its own.
    pub uptime: Option<u32>,
    /// When it was answered.
    pub at: Time,
    /// The agent renews its counters more slowly than it is asked.
    pub slow: bool,
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
