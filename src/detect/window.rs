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
    /// Most frames in one second.
    pub peak: u64,
    /// Complete seconds in a row, up to the last, with at least the limit.
    pub over: u32,
}

impl WholeSeconds {
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
        self.over = if self.current >= limit { self.over.saturating_add(1) } else { 0 };
        self.rate = self.current;
        if gap {
            self.over = 0;
            self.rate = 0;
        }
        self.current = 0;
        self.second = second;
    }

    /// Frames in the current or the last complete second, whichever is more.
    #[must_use]
    pub fn busiest(&self) -> u64 {
        self.rate.max(self.current)
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
