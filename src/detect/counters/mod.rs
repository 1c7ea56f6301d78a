//! Ports whose counters rise beyond what they are used to, and switches that flood. Symptoms, never a verdict: knows no MAC
//! address and no cause.

mod alarm;
pub mod attribution;
pub mod flood;
mod limits;
mod port;
mod series;

pub use alarm::{Alarm, Counted, Direction, PortAlarm};
pub use flood::{Flood, Traffic, copied, copies, flood};
pub use limits::CounterLimits;
pub use series::{Height, Look, Series};

use super::thresholds::Thresholds;
use crate::model::Time;
use crate::observe::ports::PortStatus;
use port::{Moment, Port, Reading};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

/// Ports followed, each in both directions; beyond it ports are refused and counted. About 90 bytes each.
pub const MAX_PORTS: usize = 1 << 20;
/// Alarms kept at a time: what a person could read, many times over, and few enough to look through with each snapshot. A
/// fleet that storms everywhere has more; they are counted.
pub const MAX_ALARMS: usize = 4096;
/// New ports that a target hardly ever has more of.
const USUAL_PORTS: usize = 512;
/// A port not heard of for this long is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(3600);
/// The same.
const FORGET_AFTER_MINUTES: i32 = 60;

/// Learns what ports are used to.
#[derive(Debug, Default)]
pub struct CounterWatch {
    targets: BTreeMap<Arc<str>, Watched>,
    /// The few ports that stand out, so that nobody has to look for them among half a million.
    alarms: Alarms,
    ports: usize,
    refused: u64,
    /// Ports that are new, while a target is looked at. Kept, because one that grows for each new target among what stays
    /// for good leaves holes as big as itself.
    fresh: Vec<Port>,
}

/// Target, port and direction.
pub type Key = (Arc<str>, Arc<str>, Direction);
type Alarms = BTreeMap<Key, Alarm>;

/// The ports of a target, by name.
#[derive(Debug)]
struct Watched {
    at: Time,
    ports: Vec<Port>,
}

impl CounterWatch {
    /// Takes the rates of a target's ports. Call it when its counters were renewed, not for a stale or missed poll.
    pub fn observe<'a>(
        &mut self,
        target: &Arc<str>,
        at: Time,
        ports: impl Iterator<Item = &'a PortStatus>,
        thresholds: &Thresholds,
    ) {
        if !self.targets.contains_key(target) {
            self.targets.insert(Arc::clone(target), Watched { at, ports: Vec::new() });
        }
        let watched = self.targets.get_mut(target).expect("just put there");
        let moment = Moment { at, span: at.since(watched.at), thresholds };
        watched.at = at;
        let fresh = &mut self.fresh;
        let mut heard = 0;
        // Both lists are in order: the place of the port before is next to that of the next.
        let mut next = 0;
        for status in ports {
            let readings = [Direction::In, Direction::Out].map(|direction| Reading::of(&status.rates, direction));
            if readings.iter().all(Option::is_none) {
                continue;
            }
            let place = match watched.ports.get(next) {
                // Nearly always the very same name, which needs no comparing.
                Some(port) if Arc::ptr_eq(&port.name, &status.name) || port.name == status.name => Ok(next),
                _ => watched.ports.binary_search_by(|port| port.name.cmp(&status.name)),
            };
            match place {
                Ok(place) => {
                    (next, heard) = (place + 1, heard + 1);
                    let port = &mut watched.ports[place];
                    self.refused += observe_port(port, target, readings, &moment, &mut self.alarms);
                }
                Err(_) if self.ports + fresh.len() >= MAX_PORTS => self.refused += 1,
                Err(_) => {
                    let mut port = Port::new(Arc::clone(&status.name), minute(at));
                    self.refused += observe_port(&mut port, target, readings, &moment, &mut self.alarms);
                    fresh.push(port);
                }
            }
        }
        let before = watched.ports.len();
        if fresh.is_empty() && heard == before {
            return;
        }
        if !fresh.is_empty() {
            watched.ports.reserve_exact(fresh.len());
            watched.ports.append(fresh);
            fresh.shrink_to(USUAL_PORTS);
            watched.ports.sort_by(|one, other| one.name.cmp(&other.name));
        }
        let oldest = minute(at).saturating_sub(FORGET_AFTER_MINUTES);
        let alarms = &mut self.alarms;
        watched.ports.retain(|port| {
            let kept = port.minute > oldest;
            if !kept {
                silence(alarms, target, port);
            }
            kept
        });
        self.ports = self.ports + watched.ports.len() - before;
    }

    /// Forgets targets that are not heard of any more, and their alarms. Call it now and then.
    pub fn forget(&mut self, now: Time) {
        self.keep(|_, watched| now.since(watched.at) < FORGET_AFTER);
    }

    /// Forgets targets that are not wanted any more.
    pub fn retain_targets(&mut self, wanted: impl Fn(&str) -> bool) {
        self.keep(|name, _| wanted(name));
    }

    fn keep(&mut self, kept: impl Fn(&str, &Watched) -> bool) {
        self.targets.retain(|name, watched| kept(name, watched));
        let targets = &self.targets;
        self.alarms.retain(|(target, ..), _| targets.contains_key(target));
        self.ports = targets.values().map(|watched| watched.ports.len()).sum();
    }

    /// Ports above what they are used to, by target and port.
    pub fn alarms(&self) -> impl Iterator<Item = PortAlarm> {
        self.alarms.iter().map(|(key, alarm)| named(key, alarm))
    }

    /// Those of one target.
    pub fn alarms_of(&self, target: &Arc<str>) -> impl Iterator<Item = PortAlarm> {
        let first = (Arc::clone(target), Arc::from(""), Direction::In);
        let from = self.alarms.range((Bound::Included(first), Bound::Unbounded));
        from.take_while(move |((name, ..), _)| name == target).map(|(key, alarm)| named(key, alarm))
    }

    /// Targets with a port above what it is used to, by name.
    pub fn alarmed_targets(&self) -> impl Iterator<Item = &Arc<str>> {
        let mut before: Option<&Arc<str>> = None;
        self.alarms.keys().map(|(target, ..)| target).filter(move |target| before.replace(*target) != Some(*target))
    }

    /// The alarm of one port and direction, if it is above what it is used to.
    #[must_use]
    pub fn alarm(&self, target: &Arc<str>, port: &Arc<str>, direction: Direction) -> Option<&Alarm> {
        self.alarms.get(&(Arc::clone(target), Arc::clone(port), direction))
    }

    /// Nothing stands out.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.alarms.is_empty()
    }

    /// Samples of ports that were not followed, or gave no alarm, for want of room.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

fn named((target, port, direction): &Key, state: &Alarm) -> PortAlarm {
    PortAlarm { target: Arc::clone(target), port: Arc::clone(port), direction: *direction, state: *state }
}

fn minute(at: Time) -> i32 {
    // 2^31 minutes are four thousand years.
    i32::try_from(at.as_nanos().div_euclid(60_000_000_000)).unwrap_or(i32::MAX)
}

fn silence(alarms: &mut Alarms, target: &Arc<str>, port: &Port) {
    for direction in [Direction::In, Direction::Out].into_iter().filter(|way| port.alarmed[*way as usize]) {
        alarms.remove(&(Arc::clone(target), Arc::clone(&port.name), direction));
    }
}

/// Takes the readings of a port; gives how many alarms found no room.
fn observe_port(
    port: &mut Port,
    target: &Arc<str>,
    readings: [Option<Reading>; 2],
    moment: &Moment<'_>,
    alarms: &mut Alarms,
) -> u64 {
    let mut refused = 0;
    let now = minute(moment.at);
    if now.saturating_sub(port.minute) >= FORGET_AFTER_MINUTES {
        silence(alarms, target, port);
        *port = Port::new(Arc::clone(&port.name), now);
    }
    port.turn(now, &moment.thresholds.counters);
    for (direction, reading) in [Direction::In, Direction::Out].into_iter().zip(readings) {
        let Some(reading) = reading else { continue };
        let way = direction as usize;
        let key = |port: &Port| (Arc::clone(target), Arc::clone(&port.name), direction);
        let before = if port.alarmed[way] { alarms.remove(&key(port)) } else { None };
        let alarm = port.observe(direction, reading, before, moment);
        // Without room the port goes on without an alarm; it does not learn from what it would alarm about.
        port.alarmed[way] = alarm.is_some() && alarms.len() < MAX_ALARMS;
        match alarm {
            Some(alarm) if port.alarmed[way] => drop(alarms.insert(key(port), alarm)),
            Some(_) => refused += 1,
            None => {}
        }
    }
    refused
}

#[cfg(test)]
mod tests;
