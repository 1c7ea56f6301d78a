//! Where a ring is that frames have told of, by switches whose counters do not stand out: because their agents count octets
//! alone, or because so many packets are usual there. Addresses that move say where, and octets that it is there that
//! something comes in. Opens no storm.

use super::case_counted::{RING, Seen, is_sharper};
use super::counting::MAX_SOURCES;
use super::lans::{Group, Node};
use super::sources::{RETURNS, only_nearest};
use super::upstream::sum;
use super::{Engine, Output, push};
use crate::detect::counters::Counted;
use crate::explain::CAUSES;
use crate::explain::counted::{CounterScene, PortKey, SourcePort};
use crate::model::Time;
use crate::model::observation::CounterKind;
use crate::model::verdict::Severity;
use std::sync::Arc;
use std::time::Duration;

/// Octets of the shortest frame (IEEE 802.3, 4A.4.2, with its check sequence): what circles is as long at least.
const SHORTEST_OCTETS: f64 = 64.0;
/// Polls are of other moments than frames, and a capture that loses some takes others for them.
const PART: f64 = 0.5;

impl Engine {
    /// Looks for the ports of the rings that frames tell of, at a target whose rates are new and that does not stand out.
    pub(super) fn look_for_rings(&mut self, now: Time, target: &Arc<str>) {
        if self.cases.rings().next().is_none() || self.counters.alarms_of(target).next().is_some() {
            return;
        }
        let beside = self.targets.peers(target).into_iter().take(MAX_SOURCES).map(Node::Target).collect();
        let group = self.lans.group(&Node::Target(Arc::clone(target)), &beside, &self.targets, &self.own);
        let rings = self.cases.rings().collect::<Vec<_>>();
        for pps in rings {
            let sources = self.where_addresses_move(now, &group, pps as f64);
            let moves = sources.iter().filter(|source| source.returns).map(|source| source.moved_here).sum();
            let scene = CounterScene {
                at: now,
                thresholds: &self.settings.thresholds,
                sources: sources.len(),
                reached: 0,
                up: 0,
                reached_pps: 0.0,
                reached_since: None,
                residual: None,
                unicasts: None,
                media: None,
                anything: None,
                relearned: None,
                paused: &[],
                moves,
                tree_changed: false,
            };
            let open = sources.iter().collect::<Vec<_>>();
            let of_it = CAUSES.iter().filter(|one| one.id() == RING || is_sharper(one.id(), RING));
            let found = of_it.flat_map(|one| one.count(&scene, &open)).collect::<Vec<_>>();
            for mut found in found {
                // It says where, and not how bad it is.
                found.finding.severity = Severity::Warning;
                let culprit = self.counted_party(&found);
                let (times, targets) = (&self.settings.times, &self.targets);
                let seen = Seen { now, group: &group, culprit, span: Duration::ZERO, times, targets };
                if let Some(changed) = self.cases.find_ring(&seen, &found) {
                    push(&mut self.outputs, Output::Changed(changed));
                }
            }
        }
    }

    /// Ports to which addresses have moved lately and that as much comes in at as circles, `pps` frames a second.
    fn where_addresses_move(&self, now: Time, group: &Group, pps: f64) -> Vec<SourcePort> {
        let moved = self.moves(now, group);
        let to = moved.iter().map(|(port, (_, here))| (port, *here)).filter(|(_, here)| *here > 0);
        let source = |((target, name), here): (&PortKey, usize)| {
            let port = self.targets.port(target, name)?;
            let into = sum(port, &[CounterKind::InOctets]);
            let out = sum(port, &[CounterKind::OutOctets]);
            if into < pps * SHORTEST_OCTETS * PART {
                return None;
            }
            let source = self.source_at(target, name, Some(port), &self.targets.roles(target));
            let returns = RETURNS.contains(&(out / into.max(1.0)));
            // Frames have told that broadcasts circle, and how many.
            let (counted, broadcast_share) = (Counted::All, 1.0);
            let (since, last) = (now, now);
            Some(SourcePort {
                since,
                last,
                pps,
                counted,
                broadcast_share,
                returns,
                moved_here: here,
                seen: returns,
                ..source
            })
        };
        let mut sources = to.filter_map(source).take(MAX_SOURCES).collect::<Vec<_>>();
        only_nearest(&mut sources);
        sources
    }
}
