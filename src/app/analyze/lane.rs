//! One capture file being tallied: frames in, a summary for every second of file time out, and at once when a replica
//! rule fires. The same hand-over as live; only the time comes from the file.

use crate::io::capture::file::{CaptureFile, FileError};
use crate::model::Time;
use crate::model::frames::{FrameMeta, FrameSummary, LinkType};
use crate::observe::replica::ReplicaRules;
use crate::observe::tally::Tally;
use std::sync::Arc;
use std::time::Duration;

/// Interfaces of one file that are tallied apart; frames of further ones are tallied with the last.
const MAX_INTERFACES: usize = 8;
/// Frames written a little out of order, as several interfaces in one file are, stand where they are; a greater step
/// back is a clock that was set, or files put together, and time goes on from where it was.
const OUT_OF_ORDER_NANOS: u64 = 2_000_000_000;
/// The hash secret keeps an attacker from choosing collisions live; a file is not written against the seed it is read
/// with, and one seed makes the parts of a rotated capture agree about a datagram.
const SEED: u64 = 0x5eed;

/// The start of the whole second after `time`.
pub(super) fn next_second(time: Time) -> Time {
    Time::from_secs(time.as_nanos().div_euclid(1_000_000_000).saturating_add(1))
}

/// Time stamps of a file made into a time that does not run backwards.
#[derive(Debug)]
struct Steady {
    latest: Time,
    shift_nanos: i64,
    steps: u64,
}

impl Steady {
    #[inline]
    fn time(&mut self, stamp: Time) -> Time {
        let time = Time::from_nanos(stamp.as_nanos().saturating_add(self.shift_nanos));
        if time >= self.latest {
            self.latest = time;
        } else {
            self.step_back(time);
        }
        self.latest
    }

    #[cold]
    fn step_back(&mut self, time: Time) {
        let back = self.latest.nanos_since(time);
        if back > OUT_OF_ORDER_NANOS {
            self.shift_nanos = self.shift_nanos.saturating_add(i64::try_from(back).unwrap_or(i64::MAX));
            self.steps += 1;
        }
    }
}

/// What was counted up to a time.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) until: Time,
    pub(super) summaries: Vec<FrameSummary>,
}

/// A file being tallied.
#[derive(Debug)]
pub(super) struct Lane {
    file: CaptureFile,
    counter: Counter,
    done: bool,
}

impl Lane {
    /// `name`: of the segment of its first interface. `first`: time of its first frame, from which on it is counted.
    pub(super) fn new(file: CaptureFile, name: Arc<str>, first: Time) -> Self {
        Self { file, counter: Counter::new(name, first), done: false }
    }

    /// The segment name of its first interface.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.counter.name
    }

    /// Time of the latest frame.
    pub(super) fn latest(&self) -> Time {
        self.counter.steady.latest
    }

    /// Frames so far.
    pub(super) fn frames(&self) -> u64 {
        self.file.frames()
    }

    /// The whole file has been handed over.
    pub(super) fn done(&self) -> bool {
        self.done
    }

    /// Interfaces tallied apart.
    pub(super) fn places(&self) -> usize {
        self.counter.tallies.len()
    }

    /// Counts frames until there is something to hand over; `None` after the end of the file.
    pub(super) fn next(&mut self) -> Option<Batch> {
        if self.done {
            return None;
        }
        while let Some((meta, bytes)) = self.file.next_frame() {
            let batch = if self.counter.knows(meta.interface) {
                self.counter.count(meta, bytes)
            } else {
                let bytes = bytes.to_vec();
                self.counter.learn(meta.interface, self.file.interface_name(meta.interface));
                self.counter.count(meta, &bytes)
            };
            if batch.is_some() {
                return batch;
            }
        }
        self.done = true;
        // A summary ends within the second that it belongs to, and after its last frame.
        let until = self.latest().plus(Duration::from_nanos(1));
        Some(self.counter.flush(until, self.file.dropped()))
    }

    /// What was wrong with the file, a sentence each, and whether nothing of it could be used.
    pub(super) fn problems(&self) -> (Vec<String>, bool) {
        let mut problems = Vec::new();
        let trouble = self.file.trouble();
        problems.extend(trouble.map(ToString::to_string));
        let Counter { unread, headless, steady, .. } = &self.counter;
        if let Some((kind, frames)) = unread {
            let what = if *kind == u32::MAX {
                "of an interface that the file does not describe".to_owned()
            } else {
                format!("of link type {kind}, which is not read")
            };
            problems.push(format!("{frames} of {} frames are {what}", self.frames()));
        }
        if *headless {
            problems.push(
                "its frames have no MAC addresses (raw IP), so that nobody can be named: capture on the network card itself"
                    .to_owned(),
            );
        }
        if steady.steps > 0 {
            problems.push(format!(
                "its time steps back {} times; times after that are later than in the file",
                steady.steps
            ));
        }
        (problems, trouble.is_some_and(FileError::is_fatal))
    }
}

/// The tallies of a file, one for each interface, and their time.
#[derive(Debug)]
struct Counter {
    name: Arc<str>,
    tallies: Vec<(u16, Tally)>,
    /// Index of the tally that took the last frame.
    current: usize,
    steady: Steady,
    /// End of the second that is being counted.
    second: Time,
    flushed: Time,
    /// A link type that is not read, and the frames that were not.
    unread: Option<(u32, u64)>,
    /// Frames without a MAC address were seen.
    headless: bool,
}

impl Counter {
    fn new(name: Arc<str>, first: Time) -> Self {
        Self {
            name,
            tallies: Vec::new(),
            current: 0,
            steady: Steady { latest: first, shift_nanos: 0, steps: 0 },
            second: next_second(first),
            flushed: first,
            unread: None,
            headless: false,
        }
    }

    /// There is a tally for `interface`, which is now the current one.
    #[inline]
    fn knows(&mut self, interface: u16) -> bool {
        if self.tallies.get(self.current).is_some_and(|(id, _)| *id == interface) {
            return true;
        }
        match self.tallies.iter().position(|(id, _)| *id == interface) {
            Some(index) => self.current = index,
            None if self.tallies.len() >= MAX_INTERFACES => self.current = MAX_INTERFACES - 1,
            None => return false,
        }
        true
    }

    fn learn(&mut self, interface: u16, called: Option<&str>) {
        let name = match (self.tallies.is_empty(), called) {
            (true, _) => Arc::clone(&self.name),
            (false, Some(called)) => format!("{}:{called}", self.name).into(),
            (false, None) => format!("{}:{interface}", self.name).into(),
        };
        self.current = self.tallies.len();
        self.tallies.push((interface, Tally::new(name, ReplicaRules::default(), None, SEED)));
    }

    /// Counts a frame of the current tally's interface; gives what was counted before it, if that is due.
    #[inline]
    fn count(&mut self, mut meta: FrameMeta, bytes: &[u8]) -> Option<Batch> {
        meta.at = self.steady.time(meta.at);
        match meta.link {
            LinkType::Ethernet | LinkType::LinuxSll | LinkType::LinuxSll2 => {}
            LinkType::RawIp => self.headless = true,
            LinkType::Other(kind) => self.unread.get_or_insert((kind, 0)).1 += 1,
        }
        let batch = if meta.at >= self.second {
            let until = std::mem::replace(&mut self.second, next_second(meta.at));
            Some(self.flush(until, 0))
        } else if self.tallies[self.current].1.is_due(self.flushed, meta.at) {
            Some(self.flush(meta.at, 0))
        } else {
            None
        };
        self.tallies[self.current].1.frame(&meta, bytes);
        batch
    }

    fn flush(&mut self, until: Time, dropped: u64) -> Batch {
        self.flushed = until;
        let mut dropped = dropped;
        // Drops are told for the whole file; the first interface stands for it.
        let summaries = self.tallies.iter_mut().map(|(_, t)| t.flush(until, std::mem::take(&mut dropped))).collect();
        Batch { until, summaries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_run_backwards() {
        let mut steady = Steady { latest: Time::from_secs(100), shift_nanos: 0, steps: 0 };
        let seconds = [100, 103, 102, 104, 50, 51, 51, 55];
        let times = seconds.map(|s| steady.time(Time::from_secs(s)).as_nanos() / 1_000_000_000);
        assert_eq!(times, [100, 103, 103, 104, 104, 105, 105, 109]);
        assert_eq!(steady.steps, 1);
    }

    #[test]
    fn a_second_begins_on_the_second() {
        assert_eq!(next_second(Time::from_nanos(5_000_000_000)), Time::from_secs(6));
        assert_eq!(next_second(Time::from_nanos(5_999_999_999)), Time::from_secs(6));
        assert_eq!(next_second(Time::from_nanos(-1)), Time::from_secs(0));
    }
}
