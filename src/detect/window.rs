//! Rates over the last second and per calendar second. Pure arithmetic on dated counts.

use crate::model::Time;
use std::collections::VecDeque;
use std::time::Duration;

/// Summaries kept for the sliding second; the tally flushes at most ten times a second.
const MAX_PARTS: usize = 16;
const SECOND: Duration = Duration::from_secs(1);

/// Frames within the last second, from dated counts.
#[derive(Clone, Debug, Default)]
pub struct SlidingSecond {
    /// Start, end and frames of each part.
    parts: VecDeque<(Time, Time, u64)>,
}

impl SlidingSecond {
    /// Adds `frames` seen up to `at`, since the call before.
    pub fn add(&mut self, at: Time, frames: u64) {
        let from = self.parts.back().map_or(at, |(_, until, _)| *until);
        while self.parts.front().is_some_and(|(_, until, _)| at.since(*until) >= SECOND) {
            self.parts.pop_front();
        }
        if self.parts.len() >= MAX_PARTS
            && let Some((_, until, last)) = self.parts.back_mut()
        {
            *until = at;
            *last += frames;
            return;
        }
        // After a pause nobody knows when in it the frames came: in the last second at the earliest, or they would have
        // been told before.
        let from = from.max(at.minus(SECOND));
        self.parts.push_back((from, at, frames));
    }

    /// Frames in the second before `at`. A part that reaches further back counts with the share that lies within.
    #[must_use]
    pub fn total(&self, at: Time) -> u64 {
        let start = at.minus(SECOND);
        let within = |(from, until, frames): &(Time, Time, u64)| {
            let length = until.since(*from);
            if *until <= start {
                0
            } else if *from >= start || length.is_zero() {
                *frames
            } else {
                (*frames as f64 * until.since(start).as_secs_f64() / length.as_secs_f64()).round() as u64
            }
        };
        self.parts.iter().map(within).sum()
    }
}

/// Frames per whole second of the stream's time, and for how many seconds in a row a limit was reached.
#[derive(Clone, Copy, Debug, Default)]
pub struct WholeSeconds {
    second: i64,
    current: u64,
    /// Frames in the last complete second.
    pub rate: u64,
    /// And in the one before it.
    before: u64,
    /// Most frames in one second.
    pub peak: u64,
    /// Complete seconds in a row, up to the last, with at least the limit.
    pub over: u32,
    /// Complete seconds in a row, up to the last, each with clearly less than the one before; once it is two, it holds
    /// until a second has clearly more.
    pub falls: u32,
}

impl WholeSeconds {
    /// A second with less than this share of the one before falls, in percent: a steady flood varies by a few.
    const FALLING: u64 = 85;
    /// One with less than this has been cut off, and tells of no decay.
    const CUT_OFF: u64 = 40;
    /// One with more than this rises again.
    const RISING: u64 = 120;

    /// Adds `frames` seen up to `until` (a summary ends at or within the second that it belongs to).
    pub fn add(&mut self, until: Time, frames: u64, limit: u64) {
        self.advance(until, limit);
        self.current += frames;
        self.peak = self.peak.max(self.current);
    }

    /// Closes the seconds before `until`.
    pub fn advance(&mut self, until: Time, limit: u64) {
        let second = until.as_nanos().saturating_sub(1).div_euclid(1_000_000_000);
        if second <= self.second {
            return;
        }
        let gap = second - self.second > 1;
        let percent = self.current.saturating_mul(100);
        if (self.rate * Self::CUT_OFF..self.rate * Self::FALLING).contains(&percent) {
            self.falls = self.falls.saturating_add(1);
        } else if self.falls < 2 || percent > self.rate.saturating_mul(Self::RISING) {
            self.falls = 0;
        }
        self.over = if self.current >= limit { self.over.saturating_add(1) } else { 0 };
        (self.before, self.rate) = (self.rate, self.current);
        if gap {
            self.over = 0;
            (self.before, self.rate) = (0, 0);
            self.falls = 0;
        }
        self.current = 0;
        self.second = second;
    }

    /// Frames in the current or the last complete second, whichever is more.
    #[must_use]
    pub fn busiest(&self) -> u64 {
        self.rate.max(self.current)
    }

    /// Frames in the current second so far.
    #[must_use]
    pub const fn current(&self) -> u64 {
        self.current
    }

    /// The rate may be going down: the last second fell, or the present one has not reached the one before yet; nor the one
    /// before that, unless that was a partial one. After a second that had more by chance, a steady flood falls too, but
    /// not below where it was (144 after 124 a second, and then 111).
    #[must_use]
    pub fn may_be_falling(&self) -> bool {
        let below = |rate: u64| self.current.saturating_mul(100) < rate.saturating_mul(Self::FALLING);
        let was_partial = self.rate.saturating_mul(100) > self.before.saturating_mul(Self::RISING);
        self.falls > 0 || below(self.rate) && (was_partial || below(self.before))
    }

    /// The rate has gone down for two seconds or more, and has not risen since.
    #[must_use]
    pub const fn fades(&self) -> bool {
        self.falls >= 2
    }

    /// Seconds in a row with at least the limit, the current one included once it has reached it.
    #[must_use]
    pub fn over_now(&self, limit: u64) -> u32 {
        self.over + u32::from(self.current >= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_busy_seconds_in_a_row() {
        let mut seconds = WholeSeconds::default();
        let at = |tenths: i64| Time::from_nanos(1_000_000_000_000 + tenths * 100_000_000);
        for tenth in 1..=30 {
            seconds.add(at(tenth), 6, 50);
        }
        assert_eq!((seconds.over, seconds.over_now(50), seconds.peak), (2, 3, 60));
        seconds.advance(at(60), 50);
        assert_eq!((seconds.over, seconds.rate), (0, 0), "a silent second ends the row");
    }

    #[test]
    fn what_decays_is_told_from_what_is_steady_or_cut_off() {
        let cases: [(&[u64], bool); 6] = [
            (&[900, 650, 460, 330], true),
            (&[900, 650, 460, 450, 440], true),
            (&[900, 650, 460, 700], false),
            (&[500, 480, 520, 490], false),
            (&[500, 500, 150, 0], false),
            (&[500, 400, 480, 400], false),
        ];
        for (rates, fades) in cases {
            let mut seconds = WholeSeconds::default();
            for (second, frames) in (101..).zip(rates) {
                seconds.add(Time::from_secs(second), *frames, 50);
            }
            seconds.advance(Time::from_nanos((101 + rates.len() as i64) * 1_000_000_000), 50);
            assert_eq!(seconds.fades(), fades, "{rates:?}: {seconds:?}");
        }
    }

    #[test]
    fn a_steady_flood_does_not_fall_after_a_second_of_chance() {
        let falling = |rates: &[u64]| {
            let mut seconds = WholeSeconds::default();
            for (second, frames) in (101..).zip(rates) {
                seconds.add(Time::from_secs(second), *frames, 50);
            }
            seconds.may_be_falling()
        };
        assert!(!falling(&[124, 144, 111]), "not below where it was");
        assert!(falling(&[900, 650, 460]), "a burst that decays");
        assert!(falling(&[80, 650, 460]), "one that began within a second");
    }

    #[test]
    fn sliding_second_forgets() {
        let mut sliding = SlidingSecond::default();
        let at = |tenths: i64| Time::from_nanos(tenths * 100_000_000);
        for tenth in 0..30 {
            sliding.add(at(tenth), 10);
        }
        assert_eq!(sliding.total(at(29)), 100);
        assert_eq!(sliding.total(at(34)), 50);
        assert_eq!(sliding.total(at(60)), 0);
        for second in [70, 80, 90] {
            sliding.add(at(second), 100);
        }
        assert_eq!((sliding.total(at(90)), sliding.total(at(95))), (100, 50), "a part a second, none counted twice");
        sliding.add(at(99), 90);
        assert_eq!(sliding.total(at(99)), 100);
    }
}
