//! Ports that are held up by pause frames, and for how long they have been: from how fast dot3InPauseFrames rises, and from
//! what still goes out. Knows no cause.

use crate::explain::counted::{PortKey, STARVED_OCTETS};
use crate::model::Time;
use crate::model::observation::CounterKind;
use crate::observe::targets::Targets;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Ports followed that are held up.
const MAX_PAUSED: usize = 4096;
/// A port of which nothing is seen any more for this long is free again: as an alarm.
const OVER: Duration = Duration::from_secs(60);
/// Readings further apart say nothing of a rate: the counter may have been set back meanwhile.
const MAX_APART: Duration = Duration::from_secs(600);
/// No more pause frames fit on a cable, per second: 64 octets and the gap at 10 Gb/s.
const MOST_PPS: f64 = 14_880_952.0;

/// A port that is held up.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Held {
    /// Since when, and when last.
    pub(super) since: Time,
    /// See `since`.
    pub(super) last: Time,
    /// Pause frames per second that come in.
    pub(super) pps: f64,
    /// Octets per second that still go out.
    pub(super) out_octets: f64,
    /// Packets per second that are dropped there.
    pub(super) discards_pps: f64,
    readings: u8,
}

/// The counters of a target, as they were read last.
#[derive(Debug)]
struct Read {
    at: Time,
    /// By ifIndex; the low half of a 64-bit counter tells a difference as well.
    counts: Box<[(u32, u32)]>,
}

/// The ports of all targets.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    read: BTreeMap<Arc<str>, Read>,
    held: BTreeMap<PortKey, Held>,
}

impl Pauses {
    /// Takes a reading of a target whose rates are new. `lowest`: pause frames per second below which nothing is held up.
    pub(super) fn look(
        &mut self,
        (target, at): (&Arc<str>, Time),
        counts: &BTreeMap<u32, u64>,
        targets: &Targets,
        lowest: f64,
    ) {
        // The low half: a difference of more than it holds is no rate that there is.
        let fresh = Read { at, counts: counts.iter().map(|(index, count)| (*index, *count as u32)).collect() };
        let before = self.read.insert(Arc::clone(target), fresh);
        let passed = before.as_ref().map(|before| at.since(before.at));
        let (Some(before), Some(passed)) = (before, passed.filter(|passed| !passed.is_zero() && *passed < MAX_APART))
        else {
            return;
        };
        let known = before.counts.iter().copied().collect::<BTreeMap<u32, u32>>();
        for port in targets.ports(target) {
            let (Some(now), Some(then)) = (counts.get(&port.if_index), known.get(&port.if_index)) else { continue };
            let pps = f64::from((*now as u32).wrapping_sub(*then)) / passed.as_secs_f64();
            let out_octets = port.rates.get(CounterKind::OutOctets);
            let stands = port.oper_up && (lowest..MOST_PPS).contains(&pps);
            let starved = out_octets.filter(|octets| stands && *octets <= STARVED_OCTETS);
            let key = (Arc::clone(target), Arc::clone(&port.name));
            match (starved, self.held.get_mut(&key)) {
                (Some(out_octets), held) => {
                    let discards_pps = port.rates.get(CounterKind::OutDiscards).unwrap_or(0.0);
                    let (since, readings) = held.map_or((at, 0), |held| (held.since, held.readings));
                    let readings = readings.saturating_add(1);
                    if self.held.len() < MAX_PAUSED || self.held.contains_key(&key) {
                        self.held.insert(key, Held { since, last: at, pps, out_octets, discards_pps, readings });
                    }
                }
                (None, Some(held)) if held.readings < 2 || at.since(held.last) >= OVER => {
                    self.held.remove(&key);
                }
                (None, _) => {}
            }
        }
    }

    /// Ports of a target that are held up, in `confirm` readings or more.
    pub(super) fn of(&self, target: &Arc<str>, confirm: u8) -> impl Iterator<Item = (&PortKey, &Held)> {
        let from = (Arc::clone(target), Arc::from(""));
        let its = self.held.range(from..).take_while({
            let target = Arc::clone(target);
            move |((name, _), _)| *name == target
        });
        its.filter(move |(_, held)| held.readings >= confirm)
    }

    /// A port of the target is held up.
    pub(super) fn stands(&self, target: &Arc<str>) -> bool {
        self.of(target, 0).next().is_some()
    }

    /// Forgets what was not seen for a long time.
    pub(super) fn forget(&mut self, now: Time) {
        self.read.retain(|_, read| now.since(read.at) < Duration::from_secs(3600));
        self.held.retain(|_, held| now.since(held.last) < Duration::from_secs(3600));
    }

    /// Forgets targets that are not wanted any more.
    pub(super) fn retain_targets(&mut self, wanted: impl Fn(&str) -> bool) {
        self.read.retain(|target, _| wanted(target));
        self.held.retain(|(target, _), _| wanted(target));
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::counting_tests::{Load, Net, QUIET, mac, mac_of, port_of, table};
    use crate::model::topology::Topology;
    use crate::model::verdict::Severity;

    const HELD: Load = Load { into: [0; 3], out: [0, 0, 1], octets: 200 };

    #[test]
    fn a_port_that_is_held_up_is_told_and_a_busy_one_is_not() {
        let edges = || table(&[(mac(1), 1), (mac(2), 2), (mac(30), 3), (mac(4), 4)]);
        for (name, load, pps, told) in [
            ("a hung card", HELD, 1000, true),
            ("a device that is busy, and takes in what it can", QUIET, 1000, false),
            ("a few pause frames", HELD, 30, false),
            ("a counter that was set back", HELD, -1_000_000_000, false),
        ] {
            let mut net = Net::new();
            let read = |net: &mut Net, load: Load, count: i64| {
                let pauses = [(1, 7), (3, count as u64)].into();
                let mut loads = [QUIET; 4];
                loads[2] = load;
                net.poll("hub", &loads, Some(Topology { pauses: Some(pauses), ..edges() }));
                net.later();
            };
            for _ in 0..10 {
                read(&mut net, QUIET, 2_000_000_000);
            }
            for round in 1..=3 {
                // Ten seconds each.
                read(&mut net, load, 2_000_000_000 + pps * 10 * if pps < 0 { 0 } else { round } + pps.min(0));
            }
            assert_eq!(net.open().len(), usize::from(told), "{name}: {:#?}", net.open());
            let Some(verdict) = net.open().first().cloned() else { continue };
            assert_eq!((verdict.cause, verdict.severity), ("pause_flood", Severity::Storm), "{name}");
            assert_eq!((port_of(&verdict), mac_of(&verdict)), (Some("hub ge3"), Some(mac(30))), "{name}");
            assert_eq!(verdict.peak_pps, 1000, "{name}");
            for _ in 0..9 {
                read(&mut net, QUIET, 2_000_000_000 + pps * 30);
            }
            assert!(net.open().is_empty(), "{name}: it ends");
        }
    }
}
