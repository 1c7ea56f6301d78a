//! The recent past of what is watched, for the eye: the frames of each second on a capture interface, and the readings of
//! switch ports. Bounded; judges nothing, and nothing is judged by it.

use super::ports::PortStatus;
use crate::model::Time;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Seconds kept of an interface: the five minutes that a person who has just been called will ask about.
pub const SECONDS: usize = 300;
/// Readings kept of a port.
pub const READINGS: usize = 60;
/// Ports followed, of all targets together: 1 MiB. A home or an office has fewer; of a fleet it is the busiest targets.
pub const MAX_PORTS: usize = 1024;
/// Ports followed of one target, the busiest first.
pub const MAX_PORTS_OF_ONE: usize = 128;
/// What is left of how busy a target was, after each of its polls: one burst must not hold a place for ever.
const FADES: f32 = 0.9;

/// Frames of each second up to the latest.
#[derive(Clone, Debug, Default)]
pub struct Seconds {
    last: i64,
    frames: VecDeque<u32>,
}

impl Seconds {
    /// Adds `frames` seen up to `until`; a summary ends at or within the second that it belongs to.
    pub fn add(&mut self, until: Time, frames: u64) {
        let second = second(until);
        self.advance(second);
        let Ok(back) = usize::try_from(self.last.saturating_sub(second)) else { return };
        if let Some(count) = self.frames.len().checked_sub(back + 1).and_then(|place| self.frames.get_mut(place)) {
            *count = count.saturating_add(u32::try_from(frames).unwrap_or(u32::MAX));
        }
    }

    fn advance(&mut self, second: i64) {
        if self.frames.is_empty() {
            self.last = second;
            self.frames.push_back(0);
        }
        let ahead = second.saturating_sub(self.last);
        // The one that is not complete is kept beside those that are.
        for _ in 0..ahead.clamp(0, SECONDS as i64 + 1) {
            if self.frames.len() > SECONDS {
                self.frames.pop_front();
            }
            self.frames.push_back(0);
        }
        self.last = self.last.max(second);
    }

    /// The complete seconds before `now`, oldest first; empty where nothing was ever heard.
    #[must_use]
    pub fn until(&self, now: Time) -> Vec<u32> {
        if self.frames.is_empty() {
            return Vec::new();
        }
        let mut seconds = self.clone();
        seconds.advance(second(now));
        seconds.frames.pop_back();
        seconds.frames.into()
    }
}

fn second(until: Time) -> i64 {
    until.as_nanos().saturating_sub(1).div_euclid(1_000_000_000)
}

/// What a port carried at one poll.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// When.
    pub at: Time,
    /// Packets per second, all casts.
    pub in_pps: f32,
    /// See `in_pps`.
    pub out_pps: f32,
}

#[derive(Debug, Default)]
struct Known {
    /// By the name of the port.
    lines: Vec<(Arc<str>, VecDeque<Reading>)>,
    busiest: f32,
}

/// The readings of ports.
#[derive(Debug, Default)]
pub struct PortTrails {
    targets: BTreeMap<Arc<str>, Known>,
    ports: usize,
    refused: u64,
}

impl PortTrails {
    /// Takes the rates of a target's ports, which have just been renewed.
    pub fn observe<'a>(&mut self, target: &Arc<str>, at: Time, ports: impl Iterator<Item = &'a PortStatus>) {
        let reading = |port: &'a PortStatus| {
            let (read, written) = (port.rates.in_packets(), port.rates.out_packets());
            let rate = |rate: Option<f64>| rate.unwrap_or(0.0) as f32;
            let reading = Reading { at, in_pps: rate(read), out_pps: rate(written) };
            (read.is_some() || written.is_some()).then_some((&port.name, reading))
        };
        let busy = |reading: &Reading| reading.in_pps.max(reading.out_pps);
        let mut readings = ports.filter_map(reading).collect::<Vec<_>>();
        readings.sort_by(|(_, one), (_, other)| busy(other).total_cmp(&busy(one)));
        readings.truncate(MAX_PORTS_OF_ONE);
        let Some(busiest) = readings.first().map(|(_, first)| busy(first)) else { return };
        if !self.targets.contains_key(target) && !self.make_room(readings.len(), busiest) {
            self.refused += 1;
            return;
        }
        let known = self.targets.entry(Arc::clone(target)).or_default();
        known.busiest = (known.busiest * FADES).max(busiest);
        for (name, reading) in readings {
            match known.lines.binary_search_by(|(port, _)| port.cmp(name)) {
                Ok(place) => {
                    let line = &mut known.lines[place].1;
                    if line.len() == READINGS {
                        line.pop_front();
                    }
                    line.push_back(reading);
                }
                Err(place) if known.lines.len() < MAX_PORTS_OF_ONE && self.ports < MAX_PORTS => {
                    known.lines.insert(place, (Arc::clone(name), VecDeque::from([reading])));
                    self.ports += 1;
                }
                Err(_) => self.refused += 1,
            }
        }
    }

    /// Quieter targets make room for a busier one.
    fn make_room(&mut self, ports: usize, busiest: f32) -> bool {
        while self.ports + ports > MAX_PORTS {
            let quietest = self.targets.iter().min_by(|(_, one), (_, other)| one.busiest.total_cmp(&other.busiest));
            let Some((name, _)) = quietest.filter(|(_, known)| known.busiest < busiest) else { return false };
            let name = Arc::clone(name);
            self.forget(&name);
        }
        true
    }

    fn forget(&mut self, target: &str) {
        if let Some(gone) = self.targets.remove(target) {
            self.ports -= gone.lines.len();
        }
    }

    /// Forgets targets that are not wanted any more.
    pub fn retain_targets(&mut self, wanted: impl Fn(&str) -> bool) {
        let gone = self.targets.keys().filter(|name| !wanted(name)).cloned().collect::<Vec<_>>();
        gone.iter().for_each(|name| self.forget(name));
    }

    /// The readings of a port, oldest first.
    pub fn of(&self, target: &str, port: &str) -> impl Iterator<Item = Reading> + '_ {
        let known = self.targets.get(target);
        let line = known.and_then(|known| {
            let place = known.lines.binary_search_by(|(name, _)| (**name).cmp(port)).ok()?;
            Some(&known.lines[place].1)
        });
        line.into_iter().flatten().copied()
    }

    /// Readings that found no room.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::{CounterKind, PortSample};
    use crate::observe::ports::{About, Rates};

    #[test]
    fn seconds_without_frames_count_as_none() {
        let mut seconds = Seconds::default();
        let at = |millis: i64| Time::from_nanos(millis * 1_000_000);
        assert!(seconds.until(at(9_000)).is_empty());
        for (until, frames) in [(1_000, 3), (1_500, 1), (2_000, 1), (4_100, 7), (1_900, 9)] {
            seconds.add(at(until), frames);
        }
        assert_eq!(seconds.until(at(6_500)), [3, 11, 0, 0, 7, 0]);
        assert_eq!(seconds.until(at(4_200)), [3, 11, 0, 0]);
        seconds.add(at(1_000_000), 2);
        assert_eq!(seconds.until(at(1_000_001)).len(), SECONDS);
        assert_eq!(seconds.until(at(1_000_001)).last(), Some(&2));
        // Long ago: there is no place for it any more.
        seconds.add(at(1_000), 99);
        assert!(!seconds.until(at(1_000_001)).contains(&99));
    }

    fn port(name: &str, pps: f64) -> PortStatus {
        let sample = PortSample { name: name.into(), ..PortSample::default() };
        let about = Arc::new(About { descr: "".into(), alias: "".into() });
        let mut port = PortStatus::new(&sample, name.into(), about, Time::from_secs(1));
        port.rates = Rates::from_fn(|kind| (kind == CounterKind::InUnicast).then_some(pps));
        port
    }

    #[test]
    fn a_busier_target_takes_the_place_of_the_quietest() {
        let mut trails = PortTrails::default();
        let ports = |pps: f64| (0..100).map(|n| port(&format!("p{n:03}"), pps)).collect::<Vec<_>>();
        for n in 0..12 {
            trails.observe(&format!("s{n:02}").into(), Time::from_secs(1), ports(f64::from(n) + 1.0).iter());
        }
        assert!(trails.ports <= MAX_PORTS);
        let known = |trails: &PortTrails, name: &str| trails.of(name, "p000").count();
        assert_eq!((known(&trails, "s00"), known(&trails, "s11")), (0, 1), "one of the quietest has made room");
        trails.observe(&"quiet".into(), Time::from_secs(2), ports(0.5).iter());
        assert_eq!((known(&trails, "quiet"), trails.refused()), (0, 1));
        for n in 0..2 * READINGS as i64 {
            trails.observe(&"s11".into(), Time::from_secs(3 + n), ports(5.0).iter());
        }
        assert_eq!(known(&trails, "s11"), READINGS);
        trails.retain_targets(|name| name == "s11");
        assert_eq!((trails.ports, known(&trails, "s05")), (100, 0));
    }
}
