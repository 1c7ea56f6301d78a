//! How often an agent refreshes its counters: what to read for it, again and again, and what the readings say. Many agents
//! copy their counters from the hardware every 1 to 30 s; read in between, they seem to stand still. Knows no sockets.

use super::if_mib::{IF_HC_IN_OCTETS, IF_HC_OUT_OCTETS, IF_IN_OCTETS, IF_OUT_OCTETS};
use super::{Index, Module, Rows, Table};
use crate::model::Time;
use std::time::Duration;

static WIDE_TABLE: Table = Table {
    name: "ifXTable",
    indexes: &[Index::number("ifIndex")],
    lookups: &[],
    lookups_hidden: true,
    columns: &[&IF_HC_IN_OCTETS, &IF_HC_OUT_OCTETS],
};
static NARROW_TABLE: Table = Table {
    name: "ifTable",
    indexes: &[Index::number("ifIndex")],
    lookups: &[],
    lookups_hidden: true,
    columns: &[&IF_IN_OCTETS, &IF_OUT_OCTETS],
};

/// The octet counters, 64-bit: they move whenever anything does.
pub static WIDE: Module = Module { name: "pulse", scalars: &[], tables: &[&WIDE_TABLE] };
/// The same for agents that have only 32 bits.
pub static NARROW: Module = Module { name: "pulse", scalars: &[], tables: &[&NARROW_TABLE] };

/// One reading: the counters in order, and when they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    at: Time,
    counters: Vec<u64>,
}

impl Reading {
    /// From the rows of [`WIDE`] or [`NARROW`].
    #[must_use]
    pub fn new(at: Time, rows: &Rows) -> Self {
        let columns = [&IF_HC_IN_OCTETS, &IF_HC_OUT_OCTETS, &IF_IN_OCTETS, &IF_OUT_OCTETS];
        let counters =
            columns.into_iter().flat_map(|column| rows.column(column)).filter_map(|cell| cell.value.as_u64());
        Self { at, counters: counters.collect() }
    }

    /// Whether there is anything to compare.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counters.is_empty()
    }
}

/// How often the counters are refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// At every reading, or nearly: more often than this.
    Within(Duration),
    /// About this often.
    Every(Duration),
    /// No more than once in this time: no traffic, or a longer period.
    Unseen(Duration),
}

/// Changes needed to speak of a period.
const MIN_CHANGES: usize = 3;

/// What the readings say; `None` if there are too few.
#[must_use]
pub fn refresh(readings: &[Reading]) -> Option<Refresh> {
    let (first, last) = (readings.first()?, readings.last()?);
    let spacing = median(readings.windows(2).map(|two| two[1].at.since(two[0].at)).collect())?;
    // A reading with a hole in it has not changed, it is incomplete.
    let differ = |a: &Reading, b: &Reading| a.counters.len() == b.counters.len() && a.counters != b.counters;
    let changed = readings.windows(2).filter(|two| differ(&two[0], &two[1])).map(|two| two[1].at);
    let changed = changed.collect::<Vec<_>>();
    let gaps = changed.windows(2).map(|two| two[1].since(two[0])).collect::<Vec<_>>();
    Some(match median(gaps) {
        // Between two changes lie whole readings: one of them, mostly.
        Some(gap) if changed.len() >= MIN_CHANGES && gap < spacing.mul_f32(1.5) => Refresh::Within(spacing),
        Some(gap) => Refresh::Every(gap),
        None => Refresh::Unseen(last.at.since(first.at)),
    })
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readings every 250 ms for ten seconds; the counters are what `count` says of the milliseconds.
    fn seen(count: impl Fn(u64) -> u64) -> Option<Refresh> {
        let readings = (0..40_u64).map(|n| {
            let at = Time::from_secs(1000).plus(Duration::from_millis(n * 250));
            Reading { at, counters: vec![7, count(n * 250)] }
        });
        refresh(&readings.collect::<Vec<_>>())
    }

    #[test]
    fn the_period_is_found() {
        assert_eq!(seen(|ms| ms), Some(Refresh::Within(Duration::from_millis(250))));
        assert_eq!(seen(|ms| ms / 1000), Some(Refresh::Every(Duration::from_secs(1))));
        assert_eq!(seen(|ms| (ms + 400) / 3000), Some(Refresh::Every(Duration::from_secs(3))));
        assert_eq!(seen(|ms| ms / 4500), Some(Refresh::Every(Duration::from_millis(4500))));
        assert_eq!(seen(|_| 1), Some(Refresh::Unseen(Duration::from_millis(9750))));
        assert_eq!(seen(|ms| ms / 9000), Some(Refresh::Unseen(Duration::from_millis(9750))));
        assert_eq!(refresh(&[]), None);
    }
}
