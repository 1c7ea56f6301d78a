//! Which target is polled when: evenly spread, never twice at once, the silent ones aside. Knows targets by name alone;
//! who polls them, and what comes back, it does not.
//!
//! Every target has a second of its own in the interval, by a hash of its name, so that adding one moves no other and a
//! restart of the program changes nothing. A target that did not answer goes to a lane of its own until it does: hundreds
//! of dead ones hold no place that a living one waits for.

use crate::model::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Polls in flight of targets that answer. With 10,000 targets at 60 s, polls of 1 s each need 167.
pub const MAX_IN_FLIGHT: usize = 256;
/// Polls in flight of targets that did not answer the last time. 10,000 dead ones at 60 s, 2 s each, need 333.
pub const MAX_SILENT_IN_FLIGHT: usize = 512;
/// A poll that begins this much after its time is late: it makes a 10 s interval a tenth longer.
pub const LATE_AFTER: Duration = Duration::from_secs(1);
/// A poll that takes longer than this goes on in the lane of the silent: hundreds that die in one second hold the places
/// of the others no longer than that. The first attempt of a request has gone unanswered by then.
pub const SLOW_AFTER: Duration = Duration::from_secs(2);
/// New targets are asked for the first time at this pace, and a fleet for which that takes longer than its interval each at
/// its own second: a home hears of its one switch at once, a fleet does not begin with a burst, and its second round
/// follows the first without a pause.
pub const FIRST_PACE: Duration = Duration::from_millis(20);

/// Targets that are polled sooner than planned, at most: those of a storm's segment.
pub const MAX_HURRIED: usize = 64;

/// A poll to be begun now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Name of the target.
    pub target: Arc<str>,
    /// It did not answer the last time: one request shows whether it does now.
    pub silent: bool,
    /// How much later than planned.
    pub lateness: Duration,
}

/// Counts since the start, and how things stand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Polls begun.
    pub started: u64,
    /// Of those, later than [`LATE_AFTER`].
    pub late: u64,
    /// Polls that were left out, because the one before had not ended or found no place for a whole interval.
    pub missed: u64,
    /// The sum of all lateness, seconds.
    pub lateness_seconds: f64,
    /// Polls in flight.
    pub in_flight: usize,
    /// Polls that are due and wait for a place.
    pub waiting: usize,
}

#[derive(Debug)]
struct Slot {
    interval: Duration,
    /// When the next poll is due; of a running one, when it was.
    due: Time,
    /// When the poll in flight began.
    running: Option<Time>,
    /// In the lane of those that do not answer.
    silent: bool,
}

/// Polls that are under way or wait, of one kind of target.
#[derive(Debug)]
struct Lane {
    due: BTreeSet<(Time, Arc<str>)>,
    in_flight: usize,
    most: usize,
}

impl Lane {
    const fn new(most: usize) -> Self {
        Self { due: BTreeSet::new(), in_flight: 0, most }
    }

    fn ready(&self, now: Time) -> Option<&(Time, Arc<str>)> {
        self.due.first().filter(|(due, _)| self.in_flight < self.most && *due <= now)
    }
}

/// The plan.
#[derive(Debug)]
pub struct Agenda {
    slots: BTreeMap<Arc<str>, Slot>,
    /// Polls in flight of targets that are gone since, or gone and back: whether they are of the silent lane.
    orphans: BTreeMap<Arc<str>, bool>,
    answering: Lane,
    silent: Lane,
    /// Polls in flight in the lane of those that answer, by their beginning.
    begun: BTreeSet<(Time, Arc<str>)>,
    counts: Counts,
}

impl Default for Agenda {
    fn default() -> Self {
        Self::new(MAX_IN_FLIGHT, MAX_SILENT_IN_FLIGHT)
    }
}

impl Agenda {
    /// An empty plan with room for so many polls at once, of targets that answer and of those that do not.
    #[must_use]
    pub fn new(most: usize, most_silent: usize) -> Self {
        Self {
            slots: BTreeMap::new(),
            orphans: BTreeMap::new(),
            answering: Lane::new(most),
            silent: Lane::new(most_silent),
            begun: BTreeSet::new(),
            counts: Counts::default(),
        }
    }

    /// Takes the targets there are from now on, each with its interval. Those that stay keep their second, those that are
    /// gone are not polled again; a poll in flight ends by itself.
    pub fn set(&mut self, now: Time, targets: impl IntoIterator<Item = (Arc<str>, Duration)>) {
        let mut before = std::mem::take(&mut self.slots);
        self.answering.due.clear();
        self.silent.due.clear();
        let mut fresh = Vec::new();
        for (name, interval) in targets {
            // A zero would never let time pass.
            let interval = interval.max(Duration::from_millis(1));
            match before.remove(&name) {
                Some(slot) if slot.interval == interval => {
                    self.slots.insert(name, slot);
                }
                Some(slot) => {
                    // Of a running one the next is counted from now.
                    let due = if slot.running.is_some() { now } else { on_grid(&name, interval, now) };
                    self.slots.insert(name, Slot { interval, due, ..slot });
                }
                None => fresh.push((name, interval)),
            }
        }
        for (name, slot) in before {
            let Some(begun) = slot.running else { continue };
            self.begun.remove(&(begun, Arc::clone(&name)));
            self.orphans.insert(name, slot.silent);
        }
        let pace = FIRST_PACE.saturating_mul(u32::try_from(fresh.len()).unwrap_or(u32::MAX));
        for (name, interval) in fresh {
            let due = if pace < interval { now.plus(share(&name, pace)) } else { on_grid(&name, interval, now) };
            let orphan = self.orphans.remove(&name);
            let (running, silent) = (orphan.map(|_| now), orphan.unwrap_or(false));
            self.slots.entry(name).or_insert(Slot { interval, due, running, silent });
        }
        for (name, slot) in self.slots.iter().filter(|(_, slot)| slot.running.is_none()) {
            let lane = if slot.silent { &mut self.silent } else { &mut self.answering };
            lane.due.insert((slot.due, Arc::clone(name)));
        }
    }

    /// The next poll that is due and has a place; whoever takes it says when it has ended, by [`Agenda::finished`].
    pub fn next(&mut self, now: Time) -> Option<Start> {
        self.set_slow_aside(now);
        // Those that answer first: they are what the program is for.
        let lane = if self.answering.ready(now).is_some() { &mut self.answering } else { &mut self.silent };
        let (due, target) = lane.ready(now)?.clone();
        lane.due.remove(&(due, Arc::clone(&target)));
        lane.in_flight += 1;
        let slot = self.slots.get_mut(&target).expect("what is due has a slot");
        slot.running = Some(now);
        if !slot.silent {
            self.begun.insert((now, Arc::clone(&target)));
        }
        let lateness = now.since(due);
        self.counts.started += 1;
        self.counts.late += u64::from(lateness >= LATE_AFTER);
        self.counts.lateness_seconds += lateness.as_secs_f64();
        Some(Start { target, silent: slot.silent, lateness })
    }

    /// Brings the next polls of these targets, the first [`MAX_HURRIED`] of them, nearer: no later than `every` from now, as
    /// long as this goes on being called. Those that do not answer are left in their lane.
    pub fn hurry<'a>(&mut self, now: Time, targets: impl IntoIterator<Item = &'a Arc<str>>, every: Duration) {
        let soon = now.plus(every);
        for name in targets.into_iter().take(MAX_HURRIED) {
            let slot = self.slots.get_mut(name).filter(|slot| !slot.silent && slot.running.is_none());
            let Some(slot) = slot.filter(|slot| slot.due > soon) else { continue };
            self.answering.due.remove(&(slot.due, Arc::clone(name)));
            slot.due = soon;
            self.answering.due.insert((soon, Arc::clone(name)));
        }
    }

    /// A poll has ended, with an answer or without.
    pub fn finished(&mut self, now: Time, target: &Arc<str>, answered: bool) {
        let silent = match self.slots.get_mut(target).and_then(|slot| Some((slot.running?, slot))) {
            Some((begun, slot)) => {
                self.begun.remove(&(begun, Arc::clone(target)));
                std::mem::replace(&mut slot.silent, !answered)
            }
            None => match self.orphans.remove(target) {
                Some(silent) => silent,
                None => return,
            },
        };
        let lane = if silent { &mut self.silent } else { &mut self.answering };
        lane.in_flight = lane.in_flight.saturating_sub(1);
        let Some(slot) = self.slots.get_mut(target).filter(|slot| slot.running.is_some()) else { return };
        slot.running = None;
        let planned = following(target, slot.interval, slot.due);
        slot.due = if planned > now { planned } else { on_grid(target, slot.interval, now) };
        self.counts.missed += (slot.due.since(planned).as_nanos() / slot.interval.as_nanos()) as u64;
        let lane = if slot.silent { &mut self.silent } else { &mut self.answering };
        lane.due.insert((slot.due, Arc::clone(target)));
    }

    /// When [`Agenda::next`] has a poll, if none ends before; `None`: not until one ends or targets come.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let lanes = [&self.answering, &self.silent].into_iter().filter(|lane| lane.in_flight < lane.most);
        // A lane that is full has room when a slow poll leaves it.
        let moves = self.answering.in_flight >= self.answering.most && self.silent.in_flight < self.silent.most;
        let leaves = self.begun.first().filter(|_| moves).map(|(begun, _)| begun.plus(SLOW_AFTER));
        lanes.filter_map(|lane| Some(lane.due.first()?.0)).chain(leaves).min()
    }

    fn set_slow_aside(&mut self, now: Time) {
        while self.silent.in_flight < self.silent.most {
            let Some((begun, _)) = self.begun.first().filter(|(begun, _)| now.since(*begun) >= SLOW_AFTER) else {
                break;
            };
            let begun = *begun;
            let (_, target) = self.begun.pop_first().expect("just seen");
            let slot = self.slots.get_mut(&target).filter(|slot| slot.running == Some(begun) && !slot.silent);
            if let Some(slot) = slot {
                slot.silent = true;
                self.answering.in_flight -= 1;
                self.silent.in_flight += 1;
            }
        }
    }

    /// How things stand.
    #[must_use]
    pub fn counts(&self, now: Time) -> Counts {
        let waiting = |lane: &Lane| lane.due.iter().take_while(|(due, _)| *due <= now).count();
        Counts {
            in_flight: self.answering.in_flight + self.silent.in_flight,
            waiting: waiting(&self.answering) + waiting(&self.silent),
            ..self.counts
        }
    }

    /// Targets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

/// A part of `whole` that depends on the name alone, evenly distributed over the names.
#[must_use]
pub fn share(name: &str, whole: Duration) -> Duration {
    // FNV-1a, then a finaliser: names of a fleet differ in their last digits only, which FNV leaves in the low bits.
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = mixed ^ (mixed >> 29);
    let nanos = (u128::from(mixed) * whole.as_nanos()) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// The first time after `now` that is the target's own.
fn on_grid(name: &str, interval: Duration, now: Time) -> Time {
    let turn = i64::try_from(interval.as_nanos()).unwrap_or(i64::MAX);
    let own = i64::try_from(share(name, interval).as_nanos()).unwrap_or(0);
    let ahead = own.saturating_sub(now.as_nanos().rem_euclid(turn)).rem_euclid(turn);
    now.plus(Duration::from_nanos(if ahead == 0 { turn } else { ahead }.unsigned_abs()))
}

/// The target's own time after the one it was polled at. After a first poll that was not at its own time, the next is at
/// least half an interval away.
fn following(name: &str, interval: Duration, due: Time) -> Time {
    on_grid(name, interval, due.plus(interval / 2))
}

#[cfg(test)]
#[path = "agenda_tests.rs"]
mod tests;
