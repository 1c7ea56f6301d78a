//! The part of a capture that is to be looked at: `--from` and `--to`, as a clock time or as seconds from the first frame.

use crate::model::Time;
use std::str::FromStr;
use std::time::Duration;

/// A moment as the user writes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// `2026-01-31T20:14:05Z`, or with another offset, or by the clock of this computer without one.
    At(Time),
    /// `20:14:05`: by the clock of this computer, on the day of the first frame.
    Clock(jiff::civil::Time),
    /// `+12.5`: seconds after the first frame.
    After(Duration),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(seconds) = text.strip_prefix('+') {
            let seconds = seconds.parse::<f64>().map_err(|_| HOW.to_owned())?;
            return Duration::try_from_secs_f64(seconds).map(Self::After).map_err(|_| HOW.to_owned());
        }
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::At(time_of(at)));
        }
        if let Ok(local) = text.parse::<jiff::civil::DateTime>() {
            let at = jiff::tz::TimeZone::system().to_timestamp(local).map_err(|_| HOW.to_owned())?;
            return Ok(Self::At(time_of(at)));
        }
        text.parse().map(Self::Clock).map_err(|_| HOW.to_owned())
    }
}

const HOW: &str = "not a time: write 2026-01-31T20:14:05Z, \"2026-01-31 20:14:05\" or 20:14:05 (this computer's time), or \
                   +90 for 90 seconds after the first frame";

fn time_of(at: jiff::Timestamp) -> Time {
    Time::from_nanos(i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX))
}

impl Moment {
    /// The time it means in a capture that begins at `first`.
    fn resolve(self, first: Time) -> Time {
        match self {
            Self::At(at) => at,
            Self::After(after) => first.plus(after),
            Self::Clock(clock) => {
                let first = jiff::Timestamp::from_nanosecond(first.as_nanos().into()).unwrap_or_default();
                let zone = jiff::tz::TimeZone::system();
                let day = zone.to_datetime(first).date();
                zone.to_timestamp(day.to_datetime(clock)).map_or(Time::MIN, time_of)
            }
        }
    }
}

/// What is looked at: both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    from: Time,
    to: Time,
}

impl Span {
    /// From and to in a capture that begins at `first`.
    ///
    /// # Errors
    /// It ends before it begins.
    pub(super) fn new(from: Option<Moment>, to: Option<Moment>, first: Time) -> Result<Self, String> {
        let from = from.map_or(Time::MIN, |moment| moment.resolve(first));
        let to = to.map_or(Time::from_nanos(i64::MAX), |moment| moment.resolve(first));
        if to < from {
            return Err(format!("--to ({to}) is before --from ({from}): exchange them"));
        }
        Ok(Self { from, to })
    }

    #[inline]
    pub(super) fn holds(self, at: Time) -> bool {
        self.from <= at && at <= self.to
    }

    /// The first moment that does not belong to it any more; the last one that there is, if it has no end.
    #[inline]
    pub(super) fn end(self) -> Time {
        Time::from_nanos(self.to.as_nanos().saturating_add(1))
    }

    #[inline]
    pub(super) fn is_past(self, at: Time) -> bool {
        self.to < at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let first = Time::from_secs(1_769_890_440);
        for (text, seconds) in [
            ("2026-01-31T20:14:05Z", 1_769_890_445),
            ("2026-02-01T05:14:05+09:00", 1_769_890_445),
            ("+0", 1_769_890_440),
            ("+90", 1_769_890_530),
        ] {
            let moment = text.parse::<Moment>().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(moment.resolve(first), Time::from_secs(seconds), "{text}");
        }
        assert!(matches!("20:14:05".parse(), Ok(Moment::Clock(_))));
        assert!(matches!("2026-01-31 20:14:05".parse(), Ok(Moment::At(_))));
        for text in ["", "yesterday", "+", "+-1", "+NaN", "31.1."] {
            assert!(text.parse::<Moment>().is_err_and(|error| error.contains("+90")), "{text}");
        }
    }

    #[test]
    fn a_span_has_two_ends() {
        let first = Time::from_secs(100);
        let after = |seconds| Some(Moment::After(Duration::from_secs(seconds)));
        let span = Span::new(after(5), after(7), first).expect("in order");
        let held = (100..110).filter(|s| span.holds(Time::from_secs(*s))).collect::<Vec<_>>();
        assert_eq!(held, [105, 106, 107]);
        assert!(span.is_past(Time::from_secs(108)) && !span.is_past(Time::from_secs(107)));
        assert!(Span::new(after(7), after(5), first).is_err());
        assert!(Span::new(None, None, first).is_ok_and(|span| span.holds(Time::MIN)));
    }
}
