//! A point in time and its arithmetic. Never asks a clock: `io::clock` and capture files make the values.

use std::fmt;
use std::time::Duration;

/// Nanoseconds since 1970-01-01T00:00:00Z.
///
/// Live, it is anchored once to the wall clock and then advances with the monotonic clock, so that a clock step is
/// never seen below `io`; from a capture file it is the frame's own time stamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// The earliest time there is; older than anything observed.
    pub const MIN: Self = Self(i64::MIN);

    /// From nanoseconds since the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From whole seconds since the epoch, saturating.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Seconds since the epoch, with fraction: the form of a Prometheus timestamp metric.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanos_since(earlier))
    }

    /// The same in nanoseconds: for the frame path, where the division that makes a [`Duration`] would show.
    #[inline]
    #[must_use]
    pub const fn nanos_since(self, earlier: Self) -> u64 {
        // The difference of two i64 fits u64 whenever it is not negative.
        if self.0 > earlier.0 { self.0.wrapping_sub(earlier.0).cast_unsigned() } else { 0 }
    }

    /// `self + duration`, saturating.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// `self - duration`, saturating.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// RFC 3339 in UTC with microseconds, `2026-01-31T20:14:05.000000Z`; times outside years -9999..9999 are clamped.
    #[must_use]
    pub fn rfc3339(self) -> String {
        format!("{:.6}", self.timestamp())
    }

    /// Hour and minute at the given offset from UTC, `20:14`: what a person reads.
    #[must_use]
    pub fn hour_minute(self, utc_offset_seconds: i32) -> String {
        let seconds = self.0.div_euclid(1_000_000_000).saturating_add(i64::from(utc_offset_seconds)).rem_euclid(86_400);
        format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60)
    }

    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Time::from_secs(5).since(Time::from_secs(7)), Duration::ZERO);
        assert_eq!(Time::from_secs(7).since(Time::from_secs(5)), Duration::from_secs(2));
        assert_eq!(Time::MIN.since(Time::from_secs(i64::MAX)), Duration::ZERO);
        assert_eq!(Time::from_nanos(i64::MAX).nanos_since(Time::MIN), u64::MAX);
        assert_eq!(Time::from_nanos(i64::MAX).since(Time::MIN), Duration::from_nanos(u64::MAX));
        assert_eq!(Time::from_nanos(i64::MAX).plus(Duration::MAX), Time::from_nanos(i64::MAX));
    }

    #[test]
    fn text_forms() {
        let time = Time::from_nanos(1_700_000_000_123_456_789);
        assert_eq!(time.rfc3339(), "2023-11-14T22:13:20.123456Z");
        assert_eq!(time.hour_minute(0), "22:13");
        assert_eq!(time.hour_minute(9 * 3600), "07:13");
    }
}
