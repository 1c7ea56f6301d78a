//! The hot path: every captured frame is parsed in place and counted here without allocation. What it knows leaves as
//! a bounded [`FrameSummary`]. It does not know owners beyond what a frame claims, and decides nothing.

use super::owners;
use super::replica::{MAX_REPORTED, ReplicaRules, ReplicaTable, Sight};
use super::sources::TopSources;
use crate::model::Time;
use crate::model::frames::{FrameMeta, FrameSummary, OwnerClaim, Protocol, SourceKey};
use crate::wire::frame::{self, Frame};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Claims of ownership handed over per summary.
const MAX_CLAIMS: usize = 256;
/// Places to remember which claims were handed over lately, so that one ARP conversation does not fill a summary.
const CLAIM_PLACES: usize = 256;
/// A claim is handed over again after this long, so that the engine knows that it still holds.
const CLAIM_INTERVAL: Duration = Duration::from_secs(10);
/// Before this long the tally may have missed the original of what it sees: it started in the middle.
const WARM_AFTER: Duration = Duration::from_secs(1);

/// Counts the frames of one capture source.
#[derive(Debug)]
pub struct Tally {
    interface: Arc<str>,
    replicas: ReplicaTable,
    sources: TopSources,
    recent_claims: Box<[Option<OwnerClaim>; CLAIM_PLACES]>,
    claims: Vec<OwnerClaim>,
    group_frames: [u64; Protocol::ALL.len()],
    frames: u64,
    replica_frames: u64,
    malformed: u64,
    refused: u64,
    since: Option<Time>,
    from: Time,
    urgent: bool,
}

impl Tally {
    /// A tally for `interface`. `started`: since when frames would have been seen; `None` if that is not known, as for
    /// a file, whose first frame tells. `seed`: the secret of the replica hash.
    #[must_use]
    pub fn new(interface: Arc<str>, rules: ReplicaRules, started: Option<Time>, seed: u64) -> Self {
        Self {
            interface,
            replicas: ReplicaTable::new(rules, seed),
            sources: TopSources::default(),
            recent_claims: Box::new([None; CLAIM_PLACES]),
            claims: Vec::with_capacity(MAX_CLAIMS),
            group_frames: [0; Protocol::ALL.len()],
            frames: 0,
            replica_frames: 0,
            malformed: 0,
            refused: 0,
            since: started,
            from: started.unwrap_or(Time::MIN),
            urgent: false,
        }
    }

    /// Counts one frame.
    pub fn frame(&mut self, meta: &FrameMeta, bytes: &[u8]) {
        self.frames += 1;
        let warm = match self.since {
            Some(since) => meta.at.since(since) >= WARM_AFTER,
            None => {
                self.since = Some(meta.at);
                self.from = meta.at;
                false
            }
        };
        match frame::parse(meta, bytes) {
            Ok(frame) if frame.outgoing => {}
            Ok(frame) => self.parsed(&frame, meta, warm),
            Err(_) => self.malformed += 1,
        }
    }

    fn parsed(&mut self, frame: &Frame<'_>, meta: &FrameMeta, warm: bool) {
        if let Some(claim) = owners::claim(frame, meta) {
            self.claim(claim);
        }
        if !frame.group {
            return;
        }
        self.group_frames[frame.protocol as usize] += 1;
        let sight = self.replicas.see(frame, meta.at, meta.number, meta.original_len, warm);
        let repeat = sight != Sight::New;
        self.replica_frames += u64::from(repeat);
        self.urgent |= sight == Sight::Fired;
        let key = SourceKey {
            vlan: frame.vlan,
            mac: frame.source,
            ip: frame.ip,
            group: frame.destination_ip.filter(|_| frame.protocol != Protocol::Arp),
            protocol: frame.protocol,
        };
        self.sources.count(&key, meta.original_len, meta.at, repeat);
    }

    fn claim(&mut self, claim: OwnerClaim) {
        let low = match claim.ip {
            IpAddr::V4(v4) => u32::from(v4) as usize,
            IpAddr::V6(v6) => u128::from(v6) as usize,
        };
        let place = low.wrapping_mul(31).wrapping_add(claim.mac.as_u64() as usize) % CLAIM_PLACES;
        let known = self.recent_claims[place].is_some_and(|old| {
            (old.ip, old.mac) == (claim.ip, claim.mac)
                && old.proof <= claim.proof
                && claim.at.since(old.at) < CLAIM_INTERVAL
        });
        if known {
            return;
        }
        if self.claims.len() >= MAX_CLAIMS {
            self.refused += 1;
            return;
        }
        self.recent_claims[place] = Some(claim);
        self.claims.push(claim);
    }

    /// A replica rule holds: the summary should not wait for the end of the second.
    #[must_use]
    pub fn urgent(&self) -> bool {
        self.urgent
    }

    /// Hands over everything counted since the last call. `until`: the time up to which frames have been seen;
    /// `dropped`: frames that the kernel lost meanwhile.
    pub fn flush(&mut self, until: Time, dropped: u64) -> FrameSummary {
        let mut replicas = Vec::with_capacity(MAX_REPORTED.min(8));
        let mut sources = Vec::new();
        let crowded = self.replicas.drain(until, &mut replicas) + self.sources.drain(&mut sources);
        let from = std::mem::replace(&mut self.from, until);
        self.urgent = false;
        FrameSummary {
            interface: Arc::clone(&self.interface),
            from: if from == Time::MIN { until } else { from },
            until,
            frames: std::mem::take(&mut self.frames),
            group_frames: std::mem::take(&mut self.group_frames),
            replica_frames: std::mem::take(&mut self.replica_frames),
            dropped,
            malformed: std::mem::take(&mut self.malformed),
            sources,
            replicas,
            owners: std::mem::take(&mut self.claims),
            refused: std::mem::take(&mut self.refused) + crowded,
        }
    }
}
