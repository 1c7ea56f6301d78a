//! One capture interface: its owners, its segments, its totals. Blames nobody by itself.

use super::snapshot::Totals;
use crate::detect::expected::Entries;
use crate::detect::segment::with_the_lost;
use crate::detect::{Segment, Thresholds};
use crate::explain::attribution::Role;
use crate::explain::scene::Heard;
use crate::explain::{CAUSES, Finding, Names, Own, Scene};
use crate::model::Time;
use crate::model::frames::FrameSummary;
use crate::observe::owners::OwnerTable;
use crate::observe::trails::Seconds;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// VLANs followed per interface; a flood of forged tags is counted, not followed.
const MAX_VLANS: usize = 64;

/// What is known of one capture interface.
#[derive(Debug)]
pub(super) struct Place {
    interface: Arc<str>,
    /// Who owns which address there.
    pub(super) owners: OwnerTable,
    /// By VLAN id.
    pub(super) segments: BTreeMap<u16, Segment>,
    /// Everything counted since the start.
    pub(super) totals: Totals,
    /// Group frames of the last seconds.
    pub(super) seconds: Seconds,
    /// The same with those that were dropped: at most, if they all were, and most likely, if as many as of those read.
    pub(super) at_most: Seconds,
    pub(super) likely: Seconds,
    /// The time up to which it knows, if it was judged at that time and nothing was learned since: another look would find
    /// the same.
    pub(super) judged: Option<Time>,
    since: Time,
}

/// What a judgement needs beside the place.
pub(super) struct View<'a> {
    pub(super) at: Time,
    pub(super) own: &'a Own,
    pub(super) names: &'a Names,
    pub(super) thresholds: &'a Thresholds,
    pub(super) asked: &'a BTreeSet<IpAddr>,
    /// The recording ends here.
    pub(super) ends: bool,
}

impl Place {
    pub(super) fn new(interface: Arc<str>, since: Time) -> Self {
        Self {
            interface,
            owners: OwnerTable::default(),
            segments: BTreeMap::new(),
            totals: Totals::default(),
            seconds: Seconds::default(),
            at_most: Seconds::default(),
            likely: Seconds::default(),
            judged: None,
            since,
        }
    }

    /// Takes a summary apart by VLAN.
    pub(super) fn observe(&mut self, summary: &FrameSummary, thresholds: &Thresholds, expected: &Entries) {
        self.totals.add(summary);
        let groups = summary.group_frames.iter().sum::<u64>();
        self.seconds.add(summary.until, groups);
        self.at_most.add(summary.until, groups.saturating_add(summary.dropped));
        self.likely.add(summary.until, with_the_lost(groups, summary));
        for claim in &summary.owners {
            self.owners.learn(claim);
        }
        let mut vlans = self.segments.keys().copied().chain([0]).collect::<BTreeSet<_>>();
        for vlan in summary.sources.iter().map(|s| s.key.vlan).chain(summary.replicas.iter().map(|r| r.vlan)) {
            if !vlans.contains(&vlan) {
                vlans.insert(vlan);
            }
        }
        for vlan in vlans {
            if !self.segments.contains_key(&vlan) {
                if self.segments.len() >= MAX_VLANS {
                    self.totals.refused += 1;
                    continue;
                }
                let id =
                    if vlan == 0 { Arc::clone(&self.interface) } else { format!("{}.{vlan}", self.interface).into() };
                self.segments.insert(vlan, Segment::new(id, self.since));
            }
            if let Some(segment) = self.segments.get_mut(&vlan) {
                segment.expected.told(expected);
                segment.observe(summary, vlan, thresholds);
            }
        }
    }

    /// Lets time pass without frames.
    pub(super) fn advance(&mut self, at: Time, thresholds: &Thresholds) {
        for segment in self.segments.values_mut() {
            segment.advance(at, thresholds);
        }
    }

    /// Asks every cause, in order, about every segment in which anything stands out.
    /// Gives the addresses whose owner would help to know.
    pub(super) fn judge(&self, view: &View<'_>, found: &mut dyn FnMut(&Scene<'_>, Finding)) -> BTreeSet<IpAddr> {
        let mut ask = BTreeSet::new();
        for segment in self.segments.values() {
            let heard = Heard::of(segment, view.thresholds, view.ends);
            let loud = heard.loud();
            let scene = Scene {
                at: view.at,
                segment,
                owners: &self.owners,
                own: view.own,
                names: view.names,
                thresholds: view.thresholds,
                loud: &loud,
                excused: &heard.excused,
                asked: view.asked,
                ends: view.ends,
            };
            let circulating = scene.circulating();
            // Also where no cause has spoken yet: with most frames lost, the answer is what makes the finding.
            let unknown = circulating.iter().filter(|one| one.role == Role::Unknown);
            ask.extend(unknown.filter_map(|one| one.track.replica.ip));
            let mut taken = BTreeSet::new();
            for cause in CAUSES {
                for finding in cause.judge(&scene, &circulating, &taken) {
                    taken.extend(finding.macs.iter().copied());
                    ask.extend(finding.ask.iter().copied());
                    found(&scene, finding);
                }
            }
        }
        ask
    }
}
