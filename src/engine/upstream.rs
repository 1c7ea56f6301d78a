//! Follows what a switch floods to the port at which it comes into the polled network: the switch that is seen to flood may
//! have it from the next one, which has too few ports for a flood to be seen there, or has not been polled since.

use super::Engine;
use super::floods::What;
use crate::explain::counted::{Flooding, LONGEST_OCTETS, PortKey};
use crate::model::observation::CounterKind;
use crate::observe::ports::PortStatus;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Switches followed one after the other; a LAN is seven bridges deep at most (IEEE 802.1D-1998, 8.8.2).
pub(super) const MAX_HOPS: usize = 16;
/// A port brings a flood in that brings this part of it; polls are of other moments.
const PART: f64 = 0.6;
/// The next loudest port brings no more than this part of that.
const NEXT: f64 = 0.5;
/// What is counted of unicasts, and of what goes to groups or to all.
const UNICASTS: &[CounterKind] = &[CounterKind::InUnicast];
const OCTETS: &[CounterKind] = &[CounterKind::InOctets];
pub(super) const GROUPS: &[CounterKind] = &[CounterKind::InMulticast, CounterKind::InBroadcast];

impl Engine {
    /// The same flood with the port at which it comes in.
    pub(super) fn followed(&self, flooding: Flooding, what: What) -> Flooding {
        let pps = flooding.flood.sources.first().map_or(0.0, |(_, pps)| *pps);
        let (kinds, unit) = match what {
            What::Unicasts => (UNICASTS, 1.0),
            What::Media => (GROUPS, 1.0),
            What::Octets => (OCTETS, LONGEST_OCTETS),
        };
        let entry = self.upstream(flooding.entry.clone(), pps * unit, kinds);
        Flooding {
            label: self.label(&entry).into(),
            through: self.beyond(&entry).into_iter().collect(),
            entry,
            ..flooding
        }
    }

    /// The port at which comes in what comes in at this one, `rate` a second: itself, or one of a switch behind it.
    pub(super) fn upstream(&self, mut port: PortKey, rate: f64, kinds: &[CounterKind]) -> PortKey {
        let mut seen = BTreeSet::from([Arc::clone(&port.0)]);
        for _ in 0..MAX_HOPS {
            let next = self.beyond(&port).into_iter().filter(|target| !seen.contains(target));
            let ports = next.filter_map(|target| self.brings(&target, &port.0, rate, kinds)).collect::<Vec<_>>();
            let targets = ports.iter().map(|(target, _)| Arc::clone(target)).collect::<BTreeSet<_>>();
            // Of several switches behind a port each one may have it from the next.
            let Some(first) = ports.into_iter().find(|port| self.beyond(port).is_disjoint(&targets)) else { break };
            seen.extend(targets);
            port = first;
        }
        port
    }

    /// The port of a target that brings this much in, if it is one, and not one that leads back.
    fn brings(&self, target: &Arc<str>, back: &Arc<str>, pps: f64, kinds: &[CounterKind]) -> Option<PortKey> {
        let beyond = self.targets.beyond(target);
        let leads_back = |port: &PortStatus| beyond.get(&port.if_index).is_some_and(|behind| behind.contains(back));
        let others = self.targets.ports(target).filter(|port| port.oper_up && !leads_back(port));
        let mut rates = others.map(|port| (sum(port, kinds), port)).collect::<Vec<_>>();
        rates.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let (most, port) = rates.first()?;
        let next = rates.get(1).map_or(0.0, |(rate, _)| *rate);
        (*most >= pps * PART && next <= most * NEXT).then(|| (Arc::clone(target), Arc::clone(&port.name)))
    }

    /// Polled switches behind a port.
    pub(super) fn beyond(&self, (target, port): &PortKey) -> BTreeSet<Arc<str>> {
        let Some(status) = self.targets.port(target, port) else { return BTreeSet::new() };
        self.targets.beyond(target).remove(&status.if_index).unwrap_or_default()
    }
}

/// Rates of a port together, per second; what it does not count is none.
pub(super) fn sum(port: &PortStatus, kinds: &[CounterKind]) -> f64 {
    kinds.iter().filter_map(|kind| port.rates.get(*kind)).sum()
}
