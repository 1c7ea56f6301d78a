//! Who sent what to which group over the whole capture: the summaries of the tallies added up. Light sources make room
//! for heavy ones, and what was left out is counted.

use crate::model::frames::{FrameSummary, Protocol, SourceKey};
use crate::model::{MacAddr, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Flows kept at once; when there are more, the lighter half goes.
const MAX_FLOWS: usize = 2048;
/// Addresses listed for each source.
const MAX_ADDRESSES: usize = 4;

/// Traffic of one source to one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Frames; an upper bound where a second had more sources than a tally has places for.
    pub frames: u64,
    /// Bytes on the wire.
    pub bytes: u64,
    /// Of `frames`, repeats of a datagram seen shortly before.
    pub repeats: u64,
}

impl Flow {
    fn absorb(&mut self, other: Self) {
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.repeats += other.repeats;
    }
}

/// One MAC and all it sent to groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The capture source it was seen by.
    pub interface: Arc<str>,
    /// Who.
    pub mac: MacAddr,
    /// Source addresses it used, the most frequent first, at most four.
    pub ips: Vec<IpAddr>,
    /// Source addresses it used in all.
    pub addresses: usize,
    /// What it sent most.
    pub protocol: Protocol,
    /// How much.
    pub flow: Flow,
}

/// One group and who sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLine {
    /// The capture source it was seen by.
    pub interface: Arc<str>,
    /// The IP destination; `None`: frames without one (ARP and whatever else has no IP header).
    pub group: Option<IpAddr>,
    /// What was sent.
    pub protocol: Protocol,
    /// How much.
    pub flow: Flow,
    /// Senders and their frames, heaviest first, at most four.
    pub senders: Vec<(MacAddr, Option<IpAddr>, u64)>,
    /// Senders in all.
    pub sources: usize,
}

/// Everything sent to groups.
#[derive(Debug, Default)]
pub struct Flows {
    flows: BTreeMap<(Arc<str>, SourceKey), Flow>,
    total: Flow,
    left_out: u64,
    last: Option<Time>,
}

impl Flows {
    pub(super) fn add(&mut self, summary: &FrameSummary) {
        for source in &summary.sources {
            let more = Flow { frames: source.frames, bytes: source.bytes, repeats: source.repeats };
            self.total.absorb(more);
            self.last = self.last.max(Some(source.last));
            let key = (Arc::clone(&summary.interface), source.key);
            if !self.flows.contains_key(&key) && self.flows.len() >= MAX_FLOWS {
                self.thin();
            }
            self.flows.entry(key).or_default().absorb(more);
        }
    }

    /// Lets the lighter half go.
    fn thin(&mut self) {
        let mut weights = self.flows.values().map(|flow| flow.frames).collect::<Vec<_>>();
        weights.sort_unstable();
        let median = weights[weights.len() / 2];
        let mut kept = MAX_FLOWS / 2;
        let mut gone = 0;
        self.flows.retain(|_, flow| {
            let keep = flow.frames >= median && kept > 0;
            kept -= usize::from(keep);
            gone += if keep { 0 } else { flow.frames };
            keep
        });
        self.left_out += gone;
    }

    /// Frames, bytes and repeats of all flows, those left out included.
    #[must_use]
    pub const fn total(&self) -> Flow {
        self.total
    }

    /// Frames of light sources that made room for others.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The heaviest sources, at most `most`.
    #[must_use]
    pub fn sources(&self, most: usize) -> Vec<SourceLine> {
        #[derive(Default)]
        struct Sum {
            flow: Flow,
            ips: BTreeMap<IpAddr, u64>,
            protocols: BTreeMap<Protocol, u64>,
        }
        let mut sums: BTreeMap<(&Arc<str>, MacAddr), Sum> = BTreeMap::new();
        for ((interface, key), flow) in &self.flows {
            let sum = sums.entry((interface, key.mac)).or_default();
            sum.flow.absorb(*flow);
            *sum.protocols.entry(key.protocol).or_default() += flow.frames;
            if let Some(ip) = key.ip {
                *sum.ips.entry(ip).or_default() += flow.frames;
            }
        }
        let mut lines = sums
            .into_iter()
            .map(|((interface, mac), sum)| SourceLine {
                interface: Arc::clone(interface),
                mac,
                addresses: sum.ips.len(),
                ips: heaviest(sum.ips, MAX_ADDRESSES).into_iter().map(|(ip, _)| ip).collect(),
                protocol: heaviest(sum.protocols, 1).first().map_or(Protocol::Other, |(protocol, _)| *protocol),
                flow: sum.flow,
            })
            .collect::<Vec<_>>();
        lines.sort_by_key(|line| std::cmp::Reverse(line.flow.frames));
        lines.truncate(most);
        lines
    }

    /// The groups that were sent to most, at most `most`.
    #[must_use]
    pub fn groups(&self, most: usize) -> Vec<GroupLine> {
        type Senders = BTreeMap<(MacAddr, Option<IpAddr>), u64>;
        type Key<'a> = (&'a Arc<str>, Option<IpAddr>, Protocol);
        let mut sums: BTreeMap<Key<'_>, (Flow, Senders)> = BTreeMap::new();
        for ((interface, key), flow) in &self.flows {
            let (sum, senders) = sums.entry((interface, key.group, key.protocol)).or_default();
            sum.absorb(*flow);
            *senders.entry((key.mac, key.ip)).or_default() += flow.frames;
        }
        let mut lines = sums
            .into_iter()
            .map(|((interface, group, protocol), (flow, senders))| GroupLine {
                interface: Arc::clone(interface),
                group,
                protocol,
                flow,
                sources: senders.keys().map(|(mac, _)| *mac).collect::<BTreeSet<_>>().len(),
                senders: heaviest(senders, 4).into_iter().map(|((mac, ip), frames)| (mac, ip, frames)).collect(),
            })
            .collect::<Vec<_>>();
        lines.sort_by_key(|line| std::cmp::Reverse(line.flow.frames));
        lines.truncate(most);
        lines
    }
}

/// The entries with the greatest counts, in that order.
fn heaviest<K: Ord>(counts: BTreeMap<K, u64>, most: usize) -> Vec<(K, u64)> {
    let mut counts = counts.into_iter().collect::<Vec<_>>();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(most);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frames::SourceCount;

    fn summary(sources: Vec<SourceCount>) -> FrameSummary {
        let at = Time::from_secs(1);
        FrameSummary {
            interface: "lan0".into(),
            from: at,
            until: at,
            frames: 0,
            group_frames: [0; Protocol::ALL.len()],
            replica_frames: 0,
            dropped: 0,
            malformed: 0,
            sources,
            replicas: Vec::new(),
            owners: Vec::new(),
            refused: 0,
        }
    }

    fn source(n: u32, frames: u64) -> SourceCount {
        let [a, b, c, d] = n.to_be_bytes();
        let key = SourceKey {
            vlan: 0,
            mac: MacAddr([2, 0, a, b, c, d]),
            ip: Some([10, b, c, d].into()),
            group: Some([239, 255, 255, 250].into()),
            protocol: Protocol::Ssdp,
        };
        let at = Time::from_secs(1);
        SourceCount { key, frames, overcount: 0, bytes: 100 * frames, repeats: 0, echoes: 0, first: at, last: at }
    }

    #[test]
    fn a_crowd_of_light_sources_does_not_hide_the_heavy_one() {
        let mut flows = Flows::default();
        for round in 0..200 {
            let light = (0..100).map(|n| source(1_000 + round * 100 + n, 1));
            flows.add(&summary(light.chain([source(7, 50)]).collect()));
            assert!(flows.flows.len() <= MAX_FLOWS);
        }
        let top = flows.sources(3);
        assert_eq!((top[0].mac, top[0].flow.frames), (MacAddr([2, 0, 0, 0, 0, 7]), 10_000));
        assert_eq!(top.len(), 3);
        let kept = flows.flows.values().map(|flow| flow.frames).sum::<u64>();
        assert_eq!(kept + flows.left_out(), flows.total().frames);
        let groups = flows.groups(8);
        assert_eq!((groups.len(), groups[0].senders[0].2), (1, 10_000));
    }
}
