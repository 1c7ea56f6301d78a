//! The end of something, as a person writes it: a day, which belongs to it, a moment, or a span from now. Asks no clock.

use crate::model::Time;
use std::str::FromStr;
use std::time::Duration;

/// A day or a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Until(pub Time);

/// What is accepted.
pub const HOW: &str = "a day, as in 2026-12-31, which belongs to it, or a time, as in 2026-12-31T18:00 by the clock of this \
                       computer, or with an offset or Z";

impl FromStr for Until {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Ok(Self(time_of(at)));
        }
        let local = if text.contains(['T', 't', ' ']) {
            text.parse::<jiff::civil::DateTime>().map_err(|_| HOW)?
        } else {
            let day = text.parse::<jiff::civil::Date>().map_err(|_| HOW)?;
            day.tomorrow().map_err(|_| HOW)?.to_datetime(jiff::civil::Time::midnight())
        };
        jiff::tz::TimeZone::system().to_timestamp(local).map(|at| Self(time_of(at))).map_err(|_| HOW)
    }
}

fn time_of(at: jiff::Timestamp) -> Time {
    Time::from_nanos(i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX))
}

/// A span of time: `90m`, `2h`, `7d`.
///
/// # Errors
/// What one looks like.
pub fn span(text: &str) -> Result<Duration, &'static str> {
    const SPAN: &str = "a span of time is a whole number with its unit, `m`, `h` or `d`, as in `2h`";
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(SPAN),
    };
    let span = number.parse::<u64>().ok().and_then(|n| n.checked_mul(seconds)).map(Duration::from_secs);
    span.filter(|span| !span.is_zero()).ok_or(SPAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_with_an_offset_is_that_moment_and_a_day_is_whole() {
        let read = |text: &str| text.parse::<Until>().map(|until| until.0);
        assert_eq!(read("2026-12-31T12:00:00Z"), Ok(Time::from_secs(1_798_718_400)));
        assert_eq!(read("2026-12-31T21:00:00+09:00"), Ok(Time::from_secs(1_798_718_400)));
        let [day, midnight] = ["2026-12-31", "2027-01-01T00:00"].map(read);
        assert!(day.is_ok() && day == midnight);
        for wrong in ["", "soon", "2026-02-30", "2026-12-31T25:00", "31.12.2026", "-1", "99999-01-01"] {
            assert_eq!(read(wrong), Err(HOW), "{wrong}");
        }
    }

    #[test]
    fn spans_name_their_unit() {
        assert_eq!(span("90m"), Ok(Duration::from_secs(5400)));
        assert_eq!(span("30d"), Ok(Duration::from_secs(2_592_000)));
        for wrong in ["", "2", "h", "0h", "2 h", "-2h", "2w", "99999999999999999999h", "9999999999999999999d"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
