//! Group frames over time, by protocol, in equal buckets that grow wider as the capture grows longer, so that a second
//! and a month take the same room.

use crate::model::Time;
use crate::model::frames::Protocol;
use std::time::Duration;

/// Buckets at most: more than a page has pixels for is of no use.
const MAX_BUCKETS: usize = 480;
/// Width of a bucket at first: the incident's flood leaves 18 frames in one.
const FIRST_WIDTH: Duration = Duration::from_millis(10);

/// Group frames of one stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// By protocol, in the order of [`Protocol::ALL`].
    pub frames: [u64; Protocol::ALL.len()],
    /// Of them, repeats of a datagram seen less than a second before.
    pub repeats: u64,
}

impl Bucket {
    fn absorb(&mut self, other: &Self) {
        for (mine, more) in self.frames.iter_mut().zip(other.frames) {
            *mine += more;
        }
        self.repeats += other.repeats;
    }

    /// All protocols together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.frames.iter().sum()
    }
}

/// Group frames over time.
#[derive(Debug)]
pub struct Timeline {
    start: Time,
    width: Duration,
    buckets: Vec<Bucket>,
}

impl Timeline {
    pub(super) fn new(start: Time) -> Self {
        Self { start, width: FIRST_WIDTH, buckets: Vec::with_capacity(MAX_BUCKETS) }
    }

    /// Counts a group frame. One from before the start is counted with the first.
    pub(super) fn add(&mut self, at: Time, protocol: Protocol, repeat: bool) {
        let since = at.since(self.start).as_nanos();
        let mut index = since / self.width.as_nanos();
        while index >= MAX_BUCKETS as u128 {
            self.widen();
            index = since / self.width.as_nanos();
        }
        let index = usize::try_from(index).unwrap_or(0);
        if index >= self.buckets.len() {
            self.buckets.resize(index + 1, Bucket::default());
        }
        let bucket = &mut self.buckets[index];
        bucket.frames[protocol as usize] += 1;
        bucket.repeats += u64::from(repeat);
    }

    /// Joins neighbours two by two.
    fn widen(&mut self) {
        self.width = self.width.saturating_mul(2);
        let joined = self.buckets.chunks(2).map(|pair| {
            let mut first = pair[0];
            if let Some(second) = pair.get(1) {
                first.absorb(second);
            }
            first
        });
        let joined = joined.collect::<Vec<_>>();
        self.buckets.clear();
        self.buckets.extend(joined);
    }

    /// When the first bucket begins.
    #[must_use]
    pub const fn start(&self) -> Time {
        self.start
    }

    /// How long each bucket is.
    #[must_use]
    pub const fn width(&self) -> Duration {
        self.width
    }

    /// The buckets, without gaps, up to the last frame.
    #[must_use]
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// Frames of all buckets, by protocol, the most frequent first; those without frames are left out.
    #[must_use]
    pub fn protocols(&self) -> Vec<(Protocol, u64)> {
        let sum = |protocol: Protocol| self.buckets.iter().map(|bucket| bucket.frames[protocol as usize]).sum::<u64>();
        let mut sums = Protocol::ALL.into_iter().map(|protocol| (protocol, sum(protocol))).collect::<Vec<_>>();
        sums.retain(|(_, frames)| *frames > 0);
        sums.sort_by_key(|(protocol, frames)| (std::cmp::Reverse(*frames), *protocol));
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_widen_and_lose_nothing() {
        let start = Time::from_secs(1_000);
        for step_ms in [1, 10, 999, 60_000, 86_400_000] {
            let mut timeline = Timeline::new(start);
            for n in 0..2_000_u64 {
                timeline.add(start.plus(Duration::from_millis(n * step_ms)), Protocol::Ssdp, n % 2 == 0);
            }
            assert!(timeline.buckets().len() <= MAX_BUCKETS);
            assert_eq!(timeline.protocols(), [(Protocol::Ssdp, 2_000)], "{step_ms}");
            assert_eq!(timeline.buckets().iter().map(|b| b.repeats).sum::<u64>(), 1_000);
            let covered = timeline.width() * timeline.buckets().len() as u32;
            assert!(covered.as_millis() as u64 >= 1_999 * step_ms, "{step_ms}: {covered:?}");
        }
        let mut timeline = Timeline::new(start);
        timeline.add(Time::MIN, Protocol::Arp, false);
        timeline.add(Time::from_nanos(i64::MAX), Protocol::Arp, false);
        assert_eq!(timeline.protocols(), [(Protocol::Arp, 2)], "times that no clock has shown");
    }
}
