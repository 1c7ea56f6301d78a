//! One port of a target as it was last seen: its words, its state and its rates. Knows no other port, and nothing of the
//! counters that the rates were made of; those are `ledger`'s.
//!
//! A fleet has half a million of these, so that each byte here is half a megabyte: words are shared, and rates are `f32`
//! (seven digits; a counter read twice is no better than that).

use crate::model::Time;
use crate::model::observation::{CounterKind, PortSample};
use serde::{Serialize, Serializer};
use std::sync::Arc;

const KINDS: usize = CounterKind::ALL.len();

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

    pub(super) fn set(&mut self, kind: CounterKind, rate: Option<f64>) {
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

    /// As four bytes each, bit for bit.
    pub(super) fn bits(&self) -> [u32; KINDS] {
        self.0.map(f32::to_bits)
    }

    /// From what [`Self::bits`] gave.
    pub(super) fn from_bits(bits: [u32; KINDS]) -> Self {
        Self(bits.map(f32::from_bits))
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

/// A time, or none yet: in half the room of an `Option`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(Time);

impl Moment {
    /// None yet.
    pub const NEVER: Self = Self(Time::MIN);

    /// The time, if there is one.
    #[must_use]
    pub fn time(self) -> Option<Time> {
        Some(self.0).filter(|time| *time > Time::MIN)
    }
}

impl From<Time> for Moment {
    fn from(time: Time) -> Self {
        Self(time)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.time().serialize(serializer)
    }
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
    pub rates_at: Moment,
    /// When the port was last in an answer.
    pub seen: Time,
}

impl PortStatus {
    /// What the port said of itself, without its counters.
    #[must_use]
    pub fn as_said(&self) -> PortSample {
        PortSample {
            if_index: self.if_index,
            name: Arc::clone(&self.name),
            descr: Arc::clone(&self.about.descr),
            alias: Arc::clone(&self.about.alias),
            if_type: self.if_type,
            speed_bps: self.speed_bps,
            admin_up: self.admin_up,
            oper_up: self.oper_up,
            ..PortSample::default()
        }
    }

    /// A port without a past. `about`: what it says of itself, perhaps shared with others.
    #[must_use]
    pub fn new(sample: &PortSample, name: Arc<str>, about: Arc<About>, at: Time) -> Self {
        Self {
            name,
            if_index: sample.if_index,
            about,
            if_type: sample.if_type,
            speed_bps: sample.speed_bps,
            admin_up: sample.admin_up,
            oper_up: sample.oper_up,
            rates: Rates::default(),
            rates_at: Moment::NEVER,
            seen: at,
        }
    }

    /// Takes over what a port says of itself in numbers, the counters apart.
    pub fn describe(&mut self, sample: &PortSample, at: Time) {
        (self.if_index, self.if_type, self.seen) = (sample.if_index, sample.if_type, at);
        (self.admin_up, self.oper_up) = (sample.admin_up, sample.oper_up);
        self.speed_bps = sample.speed_bps;
    }
}

// Half a million of these: a byte more is half a megabyte.
const _: () = assert!(size_of::<PortStatus>() <= 112);
