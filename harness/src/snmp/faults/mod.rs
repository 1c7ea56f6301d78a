//! How agents go wrong. A fault is one small injector and one line in [`FAULTS`]; help texts and the parser come from the
//! list. Pure: chance and time are arguments.
//!
//! A list of faults is written `NAME[+][=VALUE][@SHARE]`, with commas: `loss=0.3,reboot=300s@10%,wrong-id+`. `VALUE` is a
//! probability, a time (`200ms`, `30s`, `5m`) or a number, as the fault's line says; `@SHARE` gives the fault to that
//! share of the agents, chosen by seed; `+`, for faults that replace an answer, sends the right one after it.

mod datagrams;
mod refusals;
mod shapes;
mod times;
mod walks;

use super::answer::Outgoing;
use super::ber::Request;
use super::book::Book;
use super::table::{Oid, Table, Value};
use crate::rng::Rng;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What time it is for an agent.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The agent's seed.
    pub seed: u64,
    /// Since the agent's world began.
    pub elapsed: Duration,
    /// Since its last boot.
    pub uptime: Duration,
    /// Boots since its world began.
    pub boots: u32,
    /// It takes its counters afresh only so often.
    pub counts_every: Option<Duration>,
    /// When its 32-bit counters pass zero, since its world began.
    pub wraps_at: Option<Duration>,
}

impl Moment {
    /// The uptime at which its counters were taken.
    #[must_use]
    pub fn counted(&self) -> Duration {
        let Some(step) = self.counts_every.filter(|step| !step.is_zero()) else { return self.uptime };
        let over = self.uptime.as_nanos() % step.as_nanos();
        self.uptime.saturating_sub(Duration::from_nanos(u64::try_from(over).unwrap_or(0)))
    }
}

/// What is to be done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Answer it.
    Answer,
    /// Do not answer it.
    Silence,
    /// The agent crashes, and is away for [`super::answer::CRASHED_FOR`].
    Crash,
    /// Answer with this error-status (RFC 3416, 3).
    Status(i64),
}

/// A request and its right answer.
#[derive(Debug)]
pub struct Occasion<'a> {
    /// What was asked.
    pub request: &'a Request,
    /// The message that answers it.
    pub right: &'a [u8],
}

/// One way to go wrong. Every step of an answer can be changed; most faults change one.
pub trait Fault: fmt::Debug + Send + Sync {
    /// Changes what time it is for the agent.
    fn time(&self, _moment: &mut Moment) {}

    /// How many shapes of the agent's table there are. They are made once, and shared.
    fn shapes(&self) -> usize {
        1
    }

    /// Which of them is the present one.
    fn shape(&self, _moment: &Moment) -> usize {
        0
    }

    /// Makes one of them.
    fn reshape(&self, _shape: usize, _table: &mut Table) {}

    /// Whether the request is answered.
    fn admit(&self, _request: &Request, _moment: &Moment, _chance: &mut Rng) -> Admission {
        Admission::Answer
    }

    /// What comes after `oid`, if not what comes in truth.
    fn next(&self, _oid: &[u32], _book: &Book) -> Option<(Oid, Value)> {
        None
    }

    /// Changes what is sent.
    fn send(&self, _occasion: &Occasion<'_>, _chance: &mut Rng, _replies: &mut Vec<Outgoing>) {}
}

/// What can be said about a fault in its `VALUE`.
#[derive(Clone, Copy, Debug)]
pub enum Setting {
    /// Nothing.
    None,
    /// A probability, with its default.
    Chance(f64),
    /// A time, with its default in milliseconds.
    Time(u64),
    /// A number, with its default.
    Number(u32),
}

/// The `VALUE` as it was said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Given {
    /// Nothing can be said.
    None,
    /// A probability.
    Chance(f64),
    /// A time.
    Time(Duration),
    /// A number.
    Number(u32),
}

impl Given {
    fn chance(self) -> f64 {
        if let Self::Chance(chance) = self { chance } else { 1.0 }
    }

    fn time(self) -> Duration {
        if let Self::Time(time) = self { time } else { Duration::ZERO }
    }

    fn number(self) -> u32 {
        if let Self::Number(number) = self { number } else { 0 }
    }
}

/// What is known about a kind of fault.
pub struct FaultKind {
    /// Its name in a list of faults.
    pub name: &'static str,
    /// What it does, for the help.
    pub help: &'static str,
    /// What can be said about it.
    pub setting: Setting,
    /// It replaces answers, and the right one can follow (`+`).
    pub replaces: bool,
    make: fn(Given, bool) -> Arc<dyn Fault>,
}

impl fmt::Debug for FaultKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("FaultKind").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Every fault there is.
pub static FAULTS: &[&FaultKind] = &[
    &datagrams::LOSS,
    &datagrams::LATENCY,
    &datagrams::LATE,
    &datagrams::DUPLICATE,
    &datagrams::TRUNCATED,
    &datagrams::GARBAGE,
    &datagrams::WRONG_ID,
    &datagrams::WRONG_COMMUNITY,
    &datagrams::NESTED,
    &datagrams::OVERSIZED,
    &datagrams::OTHER_PORT,
    &datagrams::OTHER_ADDRESS,
    &refusals::SILENT,
    &refusals::ERROR_STATUS,
    &refusals::GEN_ERR,
    &refusals::TOO_BIG_ABOVE,
    &refusals::BULK_TOO_BIG,
    &refusals::NO_BULK,
    &refusals::V1_ONLY,
    &refusals::CRASH_ABOVE,
    &walks::SAME_OID,
    &walks::DECREASING_OID,
    &walks::ENDLESS_OID,
    &walks::LONG_OID,
    &shapes::BAD_VARBIND,
    &shapes::EMPTY_COUNTER64,
    &shapes::ZERO_MULTICAST,
    &shapes::NO_IF_X_TABLE,
    &shapes::FDB_AFTER_BOOT,
    &times::REBOOT,
    &times::RENUMBER,
    &times::STALE,
    &times::WRAP,
];

/// A fault of a list, and how many of the agents have it.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The fault.
    pub fault: Arc<dyn Fault>,
    /// From 0 to 1.
    pub share: f64,
}

/// What is wrong with a list of faults.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{part}`: {reason}")]
pub struct FaultError {
    /// The part of the list.
    pub part: String,
    /// What is wrong with it, and what to write.
    pub reason: String,
}

/// Reads a list of faults.
///
/// # Errors
/// A name that there is not, or a value that is not of the fault's kind.
pub fn parse(list: &str) -> Result<Vec<Chosen>, FaultError> {
    let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| one(part).map_err(|reason| FaultError { part: part.to_owned(), reason })).collect()
}

/// A single fault that every agent has, for tests.
///
/// # Panics
/// There is no such fault: a mistake in the test.
#[must_use]
pub fn named(text: &str) -> Arc<dyn Fault> {
    one(text).map_or_else(|reason| panic!("{text}: {reason}"), |chosen| chosen.fault)
}

fn one(part: &str) -> Result<Chosen, String> {
    let (part, share) = match part.split_once('@') {
        Some((part, share)) => (part, probability(share).ok_or("the share is 0 to 1 or a percentage, as in @5%")?),
        None => (part, 1.0),
    };
    let (name, value) = part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value)));
    let (name, then_right) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
    let Some(kind) = FAULTS.iter().find(|kind| kind.name == name) else {
        let names = FAULTS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
        return Err(format!("no such fault; there are {names}"));
    };
    if then_right && !kind.replaces {
        return Err(format!("{name} replaces no answer: leave the + out"));
    }
    Ok(Chosen { fault: (kind.make)(kind.setting.read(value)?, then_right), share })
}

impl Setting {
    fn read(self, value: Option<&str>) -> Result<Given, String> {
        let (given, form) = match (self, value) {
            (Self::None, None) => (Some(Given::None), ""),
            (Self::Chance(default), None) => (Some(Given::Chance(default)), ""),
            (Self::Time(default), None) => (Some(Given::Time(Duration::from_millis(default))), ""),
            (Self::Number(default), None) => (Some(Given::Number(default)), ""),
            (Self::None, Some(_)) => (None, "it takes no value"),
            (Self::Chance(_), Some(text)) => {
                (probability(text).map(Given::Chance), "its value is a probability, as in =0.3 or =30%")
            }
            (Self::Time(_), Some(text)) => {
                (time(text).map(Given::Time), "its value is a time, as in =200ms, =30s or =5m")
            }
            (Self::Number(_), Some(text)) => (text.parse().ok().map(Given::Number), "its value is a number, as in =14"),
        };
        given.ok_or_else(|| form.to_owned())
    }
}

fn probability(text: &str) -> Option<f64> {
    let (digits, scale) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits, 100.0));
    digits.parse::<f64>().ok().map(|number| number / scale).filter(|share| (0.0..=1.0).contains(share))
}

/// Reads `200ms`, `30s`, `5m` or `2h`.
#[must_use]
pub fn time(text: &str) -> Option<Duration> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let number = text[..end].parse::<u64>().ok()?;
    let unit = match &text[end..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(unit).map(Duration::from_millis)
}

/// The tables of agents with these faults: one for each combination of their shapes.
#[derive(Debug)]
pub struct Shapes {
    books: Vec<Arc<Book>>,
}

/// Shapes of one kind of agent at most; each is a table of its own in memory.
const MAX_SHAPES: usize = 16;

impl Shapes {
    /// Makes them all from the table of a healthy agent.
    ///
    /// # Panics
    /// More than 16 combinations: a list of faults that no test needs.
    #[must_use]
    pub fn new(healthy: &Table, faults: &[Arc<dyn Fault>]) -> Self {
        let combinations = faults.iter().map(|fault| fault.shapes()).product::<usize>();
        assert!(combinations <= MAX_SHAPES, "{combinations} shapes of one agent: give it fewer faults");
        let book = |combination: usize| {
            let mut table = healthy.clone();
            let mut rest = combination;
            for fault in faults {
                fault.reshape(rest % fault.shapes(), &mut table);
                rest /= fault.shapes();
            }
            Arc::new(Book::new(table))
        };
        Self { books: (0..combinations).map(book).collect() }
    }

    /// The table at this moment.
    #[must_use]
    pub fn at(&self, moment: &Moment, faults: &[Arc<dyn Fault>]) -> &Book {
        let number = faults.iter().rev().fold(0, |number, fault| number * fault.shapes() + fault.shape(moment));
        &self.books[number]
    }
}

#[cfg(test)]
mod tests;
