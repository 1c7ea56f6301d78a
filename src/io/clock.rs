//! The one clock: the wall clock read once, then the monotonic clock, so that a step of the wall clock never looks
//! like a storm or a gap. Decides nothing.

use crate::model::Time;
use std::time::{Instant, SystemTime};

/// A clock that never goes back.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    anchor: Instant,
    wall: Time,
}

impl Clock {
    /// Anchors the clock to the wall clock of this moment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the io floor's clock")]
    pub fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { anchor: Instant::now(), wall: Time::from_nanos(0).plus(since_epoch) }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Time {
        self.wall.plus(self.anchor.elapsed())
    }

    /// How far the wall clock runs ahead of this one (negative: behind), in nanoseconds: what turns the kernel's
    /// frame time stamps, which are wall clock, into ours.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the io floor's clock")]
    pub fn wall_offset_nanos(&self) -> i64 {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Time::from_nanos(0).plus(wall).as_nanos().saturating_sub(self.now().as_nanos())
    }
}

/// Local time minus UTC at `at`, seconds, by the system's time zone: sentences tell the time as the clock on the wall.
#[must_use]
pub fn utc_offset_seconds(at: Time) -> i32 {
    let at = jiff::Timestamp::from_nanosecond(i128::from(at.as_nanos())).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::tz::TimeZone::system().to_offset(at).seconds()
}
