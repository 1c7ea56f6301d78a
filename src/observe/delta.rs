//! What happened between two samples of a counter, honestly: a delta, nothing new, or a discontinuity. Knows no
//! storms and keeps no history; `targets` does.
//!
//! A delta is never negative, and the deltas between two discontinuities add up to the difference of the values at
//! their ends (modulo the counter's width).

use crate::model::observation::{Counter, CounterKind};
use serde::Serialize;
use std::time::Duration;

/// Why there is no honest delta. The list is closed: it is a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Discontinuity {
    /// The agent started again: sysUpTime fell, or advanced much less than the time that passed.
    Restart,
    /// sysUpTime ran ahead of the time that passed: no rate can be dated by it.
    UptimeJump,
    /// ifCounterDiscontinuityTime changed.
    Declared,
    /// A Counter64 fell. It cannot have wrapped: that takes years at any rate there is.
    Fell,
    /// A Counter32 fell, and a wrap would mean more than the port can carry, or its speed is unknown.
    NoWrap,
    /// Within this time a Counter32 can wrap more than once at the port's speed.
    Ambiguous,
    /// The counter changed its width.
    Width,
    /// The delta is more than any port can carry.
    Implausible,
}

impl Discontinuity {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Restart,
        Self::UptimeJump,
        Self::Declared,
        Self::Fell,
        Self::NoWrap,
        Self::Ambiguous,
        Self::Width,
        Self::Implausible,
    ];

    /// The metric label `reason`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::UptimeJump => "uptime_jump",
            Self::Declared => "declared",
            Self::Fell => "fell",
            Self::NoWrap => "no_wrap",
            Self::Ambiguous => "ambiguous",
            Self::Width => "width",
            Self::Implausible => "implausible",
        }
    }
}

/// sysUpTime and our own clock may disagree by this much, and by [`CLOCK_RATIO`] of the time passed: agents cache, and
/// their crystals are cheap.
const CLOCK_SLACK: Duration = Duration::from_secs(15);
/// See [`CLOCK_SLACK`]: one part in this many.
const CLOCK_RATIO: u32 = 10;
/// Octets of the shortest frame on the wire: 64, preamble 8, gap 12 (IEEE 802.3).
const MIN_FRAME_OCTETS: u64 = 84;
/// More than any port carries, bits per second: 1.6 Tb/s.
const MAX_BPS: u128 = 1_600_000_000_000;
/// TimeTicks wrap here, hundredths of a second: 497 days.
const UPTIME_MODULUS: u64 = 1 << 32;

/// The time between two samples by the agent's own clock, in hundredths of a second, wrap included. Zero: the agent
/// answered from a cache.
///
/// `passed` is the time between them by our clock, which tells a wrap of sysUpTime from a restart.
///
/// # Errors
/// [`Discontinuity::Restart`] or [`Discontinuity::UptimeJump`]: the samples do not belong to one life of the agent.
pub fn interval(before: u32, after: u32, passed: Duration) -> Result<u64, Discontinuity> {
    let advanced = u64::from(after.wrapping_sub(before));
    let slack = CLOCK_SLACK + passed / CLOCK_RATIO;
    let centis = |duration: Duration| u64::try_from(duration.as_millis() / 10).unwrap_or(u64::MAX);
    let (least, most) = (centis(passed.saturating_sub(slack)), centis(passed + slack));
    // More than a whole turn of sysUpTime between two samples: nothing can be said.
    if most >= UPTIME_MODULUS {
        return Err(Discontinuity::Restart);
    }
    if (least..=most).contains(&advanced) {
        return Ok(advanced);
    }
    if after < before || advanced < least { Err(Discontinuity::Restart) } else { Err(Discontinuity::UptimeJump) }
}

/// What is known about a port while two samples are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// Time between the samples, hundredths of a second; not zero.
    pub centis: u64,
    /// Speed of the port, bits per second; 0 if unknown.
    pub speed_bps: u64,
    /// ifCounterDiscontinuityTime is the same in both.
    pub same_discontinuity: bool,
}

impl Context {
    /// How far a counter can get in this time at this speed; `None` if the speed is unknown. A tenth is added for
    /// speeds that are rounded.
    fn reach(&self, kind: CounterKind, speed_bps: u128) -> Option<u128> {
        let octets = speed_bps * u128::from(self.centis) / 800;
        let octets = octets + octets / 10 + u128::from(MIN_FRAME_OCTETS);
        (speed_bps > 0).then_some(if kind.is_octets() { octets } else { octets / u128::from(MIN_FRAME_OCTETS) })
    }
}

/// By how much a counter went up.
///
/// # Errors
/// Why that cannot be said.
pub fn delta(kind: CounterKind, before: Counter, after: Counter, context: &Context) -> Result<u64, Discontinuity> {
    if !context.same_discontinuity {
        return Err(Discontinuity::Declared);
    }
    let delta = match (before, after) {
        (Counter::C64(before), Counter::C64(after)) => after.checked_sub(before).ok_or(Discontinuity::Fell)?,
        (Counter::C32(before), Counter::C32(after)) => {
            let delta = u64::from(after.wrapping_sub(before));
            match context.reach(kind, u128::from(context.speed_bps)) {
                Some(reach) if reach >= 1 << 32 => return Err(Discontinuity::Ambiguous),
                Some(reach) if after < before && u128::from(delta) > reach => return Err(Discontinuity::NoWrap),
                None if after < before => return Err(Discontinuity::NoWrap),
                _ => delta,
            }
        }
        _ => return Err(Discontinuity::Width),
    };
    // The port's own speed is not used here: agents say 10 Mb/s of virtual ports that carry gigabits.
    match context.reach(kind, MAX_BPS) {
        Some(reach) if u128::from(delta) > reach => Err(Discontinuity::Implausible),
        _ => Ok(delta),
    }
}

/// An agent's clock that lags behind ours by no more than this, and by [`CLOCK_RATIO`] of the time passed, is believed.
const LAG: Duration = Duration::from_millis(500);

/// Whether a delta, known to be honest, can be made a rate by the agent's own clock: `centis` of it, while `passed` went by
/// on ours. An agent that restarts twice within `CLOCK_SLACK` looks as if it had hardly lived; what it counted in all of
/// that time would be a rate above what the line can carry. The speed is believed in this case alone: where both clocks
/// agree, it is the speed that is wrong.
///
/// # Errors
/// [`Discontinuity::Implausible`].
pub fn dated(kind: CounterKind, delta: u64, context: &Context, passed: Duration) -> Result<u64, Discontinuity> {
    let allowed = passed.saturating_sub(LAG + passed / CLOCK_RATIO);
    let lags = u128::from(context.centis) * 10 < allowed.as_millis();
    match context.reach(kind, u128::from(context.speed_bps)) {
        Some(reach) if lags && u128::from(delta) > reach => Err(Discontinuity::Implausible),
        _ => Ok(delta),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn uptime() {
        use Discontinuity::{Restart, UptimeJump};
        let day = Duration::from_secs(86_400);
        type Case = (&'static str, u32, u32, Duration, Result<u64, Discontinuity>);
        let table: &[Case] = &[
            ("ten seconds", 100_000, 101_000, 10 * SECOND, Ok(1000)),
            ("cached answer", 100_000, 100_000, 10 * SECOND, Ok(0)),
            ("slow agent clock", 100_000, 195_000, 1000 * SECOND, Ok(95_000)),
            ("wrap after 497 days", u32::MAX - 499, 500, 10 * SECOND, Ok(1000)),
            ("restart", 100_000, 300, 10 * SECOND, Err(Restart)),
            ("restart of a young agent", 900, 300, 10 * SECOND, Err(Restart)),
            ("restart shortly before the wrap", u32::MAX - 499, 500, 3600 * SECOND, Err(Restart)),
            ("restart behind a long gap", 6_000, 30_000, 3600 * SECOND, Err(Restart)),
            ("clock jump", 100_000, 500_000, 10 * SECOND, Err(UptimeJump)),
            ("two years of silence", 100_000, 101_000, 730 * day, Err(Restart)),
        ];
        for &(name, before, after, passed, expected) in table {
            assert_eq!(interval(before, after, passed), expected, "{name}");
        }
    }

    #[test]
    fn counters() {
        use Counter::{C32, C64};
        use CounterKind::{InMulticast, InOctets};
        use Discontinuity::{Ambiguous, Declared, Fell, Implausible, NoWrap, Width};
        const GIGABIT: u64 = 1_000_000_000;
        let at = |centis, speed_bps| Context { centis, speed_bps, same_discontinuity: true };
        let declared = Context { same_discontinuity: false, ..at(1000, GIGABIT) };
        let top = u32::MAX;
        type Case = (&'static str, CounterKind, Counter, Counter, Context, Result<u64, Discontinuity>);
        let table: &[Case] = &[
            ("plain", InOctets, C64(10), C64(25), at(1000, GIGABIT), Ok(15)),
            ("equal is zero here", InOctets, C64(10), C64(10), at(1000, GIGABIT), Ok(0)),
            ("beyond 2^63", InOctets, C64(u64::MAX - 5), C64(u64::MAX), at(1000, GIGABIT), Ok(5)),
            ("64 bits fell", InOctets, C64(10), C64(9), at(1000, GIGABIT), Err(Fell)),
            ("64 bits from the top", InOctets, C64(u64::MAX), C64(0), at(1000, GIGABIT), Err(Fell)),
            ("32 bits wrap", InOctets, C32(top - 9), C32(10), at(1000, GIGABIT), Ok(20)),
            ("32 bits reset", InOctets, C32(3_000_000_000), C32(10), at(1000, 100_000_000), Err(NoWrap)),
            ("speed unknown, fell", InOctets, C32(top - 9), C32(10), at(1000, 0), Err(NoWrap)),
            ("speed unknown, rose", InOctets, C32(10), C32(20), at(1000, 0), Ok(10)),
            ("wraps in 34 s at 1 Gb/s", InOctets, C32(10), C32(20), at(3500, GIGABIT), Err(Ambiguous)),
            ("packets do not", InMulticast, C32(10), C32(20), at(3500, GIGABIT), Ok(10)),
            ("more packets than fit", InMulticast, C32(4_000_000_000), C32(5), at(1000, GIGABIT), Err(NoWrap)),
            ("declared", InOctets, C64(10), C64(25), declared, Err(Declared)),
            ("width", InOctets, C32(10), C64(25), at(1000, GIGABIT), Err(Width)),
            ("garbage", InOctets, C64(10), C64(1 << 60), at(1000, GIGABIT), Err(Implausible)),
            ("a wrong speed", InOctets, C64(0), C64(1_000_000_000), at(1000, 10_000_000), Ok(1_000_000_000)),
        ];
        for (name, kind, before, after, context, expected) in table {
            assert_eq!(delta(*kind, *before, *after, context), *expected, "{name}");
        }
    }

    #[test]
    fn a_clock_that_lags_makes_no_rate_above_the_line() {
        use CounterKind::{InMulticast, InOctets};
        use Discontinuity::Implausible;
        const GIGABIT: u64 = 1_000_000_000;
        // (name, counter, delta, hundredths by the agent, seconds by us, speed, expected)
        type Case = (&'static str, CounterKind, u64, u64, u64, u64, Result<(), Discontinuity>);
        let table: &[Case] = &[
            ("both clocks agree", InOctets, 2_000_000_000, 1000, 10, GIGABIT, Ok(())),
            (
                "restarted twice, line rate in all that time",
                InOctets,
                1_250_000_000,
                300,
                10,
                GIGABIT,
                Err(Implausible),
            ),
            ("restarted twice, and little counted", InOctets, 300_000_000, 300, 10, GIGABIT, Ok(())),
            ("packets", InMulticast, 14_880_000, 300, 10, GIGABIT, Err(Implausible)),
            ("an agent with a slow crystal", InOctets, 1_250_000_000, 950, 10, GIGABIT, Ok(())),
            ("speed unknown", InOctets, 1_250_000_000, 300, 10, 0, Ok(())),
            ("a virtual port that says 10 Mb/s", InOctets, 1_250_000_000, 1000, 10, 10_000_000, Ok(())),
        ];
        for &(name, kind, delta, centis, seconds, speed_bps, expected) in table {
            let context = Context { centis, speed_bps, same_discontinuity: true };
            let got = dated(kind, delta, &context, Duration::from_secs(seconds));
            assert_eq!(got, expected.map(|()| delta), "{name}");
        }
    }

    #[test]
    fn labels_are_distinct() {
        let mut labels = Discontinuity::ALL.map(Discontinuity::as_str);
        labels.sort_unstable();
        assert!(labels.windows(2).all(|pair| pair[0] != pair[1]));
        for reason in Discontinuity::ALL {
            assert_eq!(serde_json::to_value(reason).expect("a string"), reason.as_str());
        }
    }
}
