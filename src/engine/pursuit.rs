//! Who is to be looked up on which switch, and when: the suspects of a storm, on the switches of the network it goes on
//! in, every two seconds until a port was named twice. Knows neither storms nor forwarding databases, and asks nobody.

use crate::model::topology::MAX_LOOKED_UP;
use crate::model::{MacAddr, Time};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// From one round of look-ups to the next.
pub const EVERY: Duration = Duration::from_secs(2);
/// Suspects followed, of all storms together; the rest is counted.
pub const MAX_SUSPECTS: usize = MAX_LOOKED_UP;
/// Look-ups in flight, each with one request at a time.
pub const MAX_IN_FLIGHT: usize = 32;
/// Switches that wait for their look-up; a network of more is not one broadcast domain.
const MAX_QUEUE: usize = 1024;
/// Rounds that must name the same port.
const ENOUGH: u8 = 2;
/// A look-up that nobody has ended by then is lost: the longest takes its deadline, and the resolver's.
const LOST_AFTER: Duration = Duration::from_secs(10);

/// A switch port: the target and its ifIndex.
pub type Port = (Arc<str>, u32);

/// Where a suspect was found so far.
#[derive(Clone, Debug, Default)]
struct Suspect {
    /// A switch knew it in the present round.
    seen: bool,
    named: Option<Port>,
    times: u8,
}

/// The plan.
#[derive(Debug, Default)]
pub struct Pursuit {
    /// By the segment they were heard in.
    suspects: BTreeMap<(Arc<str>, MacAddr), Suspect>,
    queue: VecDeque<(Arc<str>, BTreeSet<MacAddr>)>,
    in_flight: BTreeMap<Arc<str>, Time>,
    next_round: Option<Time>,
    left_out: usize,
    refused: u64,
}

impl Pursuit {
    /// Tells who is suspected now, the gravest first; whoever is no longer among them is not looked up any more.
    pub fn suspect(&mut self, now: Time, all: impl IntoIterator<Item = (Arc<str>, MacAddr)>) {
        let mut wanted = BTreeSet::new();
        let mut left_out = BTreeSet::new();
        for one in all {
            if wanted.len() < MAX_SUSPECTS {
                wanted.insert(one);
            } else if !wanted.contains(&one) && left_out.len() < MAX_QUEUE {
                left_out.insert(one);
            }
        }
        // Each is counted once, not at every tick.
        self.refused += left_out.len().saturating_sub(self.left_out) as u64;
        self.left_out = left_out.len();
        self.suspects.retain(|one, _| wanted.contains(one));
        let mut fresh = false;
        for one in wanted {
            self.suspects.entry(one).or_insert_with(|| {
                fresh = true;
                Suspect::default()
            });
        }
        if self.open().next().is_none() {
            self.next_round = None;
            self.queue.clear();
        } else if fresh && self.next_round.is_none() {
            self.next_round = Some(now);
        }
    }

    /// Those whose port is not sure yet.
    pub fn open(&self) -> impl Iterator<Item = (&Arc<str>, MacAddr)> {
        self.suspects.iter().filter(|(_, suspect)| suspect.times < ENOUGH).map(|((segment, mac), _)| (segment, *mac))
    }

    /// A round is to begin.
    #[must_use]
    pub fn is_due(&self, now: Time) -> bool {
        self.next_round.is_some_and(|at| at <= now)
    }

    /// Ends a round: `place` tells where an address is by all that was found.
    pub fn judge(&mut self, place: &dyn Fn(MacAddr) -> Option<Port>) {
        for ((_, mac), suspect) in &mut self.suspects {
            if suspect.times >= ENOUGH || !std::mem::take(&mut suspect.seen) {
                continue;
            }
            let port = place(*mac);
            suspect.times = match &port {
                None => 0,
                Some(_) if port == suspect.named => suspect.times + 1,
                Some(_) => 1,
            };
            suspect.named = port;
        }
    }

    /// Begins a round: these addresses on these switches. One that has not ended its last look-up is left out.
    pub fn begin(&mut self, now: Time, wanted: BTreeMap<Arc<str>, BTreeSet<MacAddr>>) {
        let any = self.open().next().is_some();
        self.next_round = any.then(|| now.plus(EVERY));
        self.in_flight.retain(|_, begun| now.since(*begun) < LOST_AFTER);
        // Whoever still waits from the round before keeps its place in the row.
        self.queue.retain(|(target, _)| wanted.contains_key(target));
        let waiting = self.queue.iter().map(|(target, _)| Arc::clone(target)).collect::<BTreeSet<_>>();
        for (target, macs) in wanted {
            if macs.is_empty() || self.in_flight.contains_key(&target) || waiting.contains(&target) {
                continue;
            }
            if self.queue.len() < MAX_QUEUE {
                self.queue.push_back((target, macs));
            } else {
                self.refused += 1;
            }
        }
    }

    /// The next look-up to be made; whoever makes it tells its end by [`Pursuit::ended`].
    pub fn next(&mut self, now: Time) -> Option<(Arc<str>, Vec<MacAddr>)> {
        if self.in_flight.len() >= MAX_IN_FLIGHT {
            return None;
        }
        let (target, macs) = self.queue.pop_front()?;
        self.in_flight.insert(Arc::clone(&target), now);
        Some((target, macs.into_iter().take(MAX_LOOKED_UP).collect()))
    }

    /// A look-up has ended; `found` is who is known there.
    pub fn ended(&mut self, target: &Arc<str>, found: impl Fn(MacAddr) -> bool) {
        self.in_flight.remove(target);
        for ((_, mac), suspect) in &mut self.suspects {
            suspect.seen |= found(*mac);
        }
    }

    /// When the next round is to begin.
    #[must_use]
    pub const fn next_deadline(&self) -> Option<Time> {
        self.next_round
    }

    /// Suspects and switches that found no room.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(last: u8) -> MacAddr {
        MacAddr([2, 0, 0, 0, 0, last])
    }

    fn at(ms: i64) -> Time {
        Time::from_nanos(1_700_000_000_000_000_000 + ms * 1_000_000)
    }

    fn suspects(count: u8) -> Vec<(Arc<str>, MacAddr)> {
        (0..count).map(|last| ("eth0".into(), mac(last))).collect()
    }

    fn wanted(pursuit: &Pursuit, targets: usize) -> BTreeMap<Arc<str>, BTreeSet<MacAddr>> {
        let macs = pursuit.open().map(|(_, mac)| mac).collect::<BTreeSet<_>>();
        (0..targets).map(|n| (format!("sw{n:04}").into(), macs.clone())).collect()
    }

    /// Every tick of a quarter of a second for so long; the switch answers within it. Gives when it was asked.
    fn live(pursuit: &mut Pursuit, ticks: i64, place: &dyn Fn(i64) -> Option<u32>) -> Vec<i64> {
        let mut asked = Vec::new();
        for tick in 0..ticks {
            let now = at(tick * 250);
            pursuit.suspect(now, suspects(1));
            if pursuit.is_due(now) {
                pursuit.judge(&|_| place(tick).map(|index| ("sw0000".into(), index)));
                let wanted = wanted(pursuit, 1);
                pursuit.begin(now, wanted);
            }
            while let Some((target, _)) = pursuit.next(now) {
                asked.push(tick * 250);
                pursuit.ended(&target, |_| place(tick).is_some());
            }
        }
        asked
    }

    #[test]
    fn a_port_that_is_named_twice_is_enough() {
        let mut pursuit = Pursuit::default();
        assert_eq!(live(&mut pursuit, 60, &|_| Some(7)), [0, 2000], "at once, once more, and no further");
        // It moves after the first look: another two that say the same.
        let mut pursuit = Pursuit::default();
        assert_eq!(live(&mut pursuit, 60, &|tick| Some(if tick < 9 { 7 } else { 8 })), [0, 2000, 4000]);
        // Nobody knows it: for as long as the storm goes on.
        let mut pursuit = Pursuit::default();
        assert_eq!(live(&mut pursuit, 41, &|_| None), [0, 2000, 4000, 6000, 8000, 10_000]);
        pursuit.suspect(at(20_000), []);
        assert!(!pursuit.is_due(at(60_000)) && pursuit.next_deadline().is_none(), "the storm is over");
    }

    #[test]
    fn suspects_and_look_ups_are_bounded_and_the_rest_is_counted_once() {
        let mut pursuit = Pursuit::default();
        for _ in 0..10 {
            pursuit.suspect(at(0), suspects(200));
        }
        assert_eq!(pursuit.open().count(), MAX_SUSPECTS);
        assert_eq!(pursuit.refused(), 200 - MAX_SUSPECTS as u64);
        assert!(pursuit.open().all(|(_, suspect)| suspect < mac(8)), "the first ones stay");
        let all = wanted(&pursuit, 100);
        pursuit.begin(at(0), all.clone());
        let begun = std::iter::from_fn(|| pursuit.next(at(0))).collect::<Vec<_>>();
        assert_eq!(begun.len(), MAX_IN_FLIGHT);
        assert!(begun.iter().all(|(_, macs)| macs.len() == MAX_SUSPECTS));
        assert!(pursuit.next(at(1)).is_none());
        // Each that ends makes room for one; those that waited come before those that were asked already.
        pursuit.begin(at(2000), all.clone());
        for (target, _) in &begun {
            pursuit.ended(target, |_| false);
            let (next, _) = pursuit.next(at(2001)).expect("room");
            assert!(!begun.iter().any(|(known, _)| *known == next), "{next}");
            assert!(pursuit.next(at(2001)).is_none());
        }
        // What is never ended is given up.
        pursuit.begin(at(30_000), all);
        assert_eq!(std::iter::from_fn(|| pursuit.next(at(30_000))).count(), MAX_IN_FLIGHT);
    }
}
