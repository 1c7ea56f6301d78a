//! The hot path: every captured frame is parsed in place and counted here without allocation. What it knows leaves as
//! a bounded [`FrameSummary`]. It does not know owners beyond what a frame claims, and decides nothing.

use super::echoes::Echoes;
use super::owners;
use super::repeats::{Found, Known, Repeats};
use super::replica::{MAX_REPORTED, ReplicaRules, ReplicaTable, Sight};
use super::sources::{Key, Load, Place, TopSources};
use super::urgency::Urgency;
use crate::model::Time;
use crate::model::frames::{FrameMeta, FrameSummary, OwnerClaim, Protocol};
use crate::wire::digest::Secret;
use crate::wire::frame::{self, Frame};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Claims of ownership handed over per summary.
const MAX_CLAIMS: usize = 256;
/// Places to remember which claims were handed over lately, so that one ARP conversation does not fill a summary.
const CLAIM_PLACES: usize = 256;
/// A claim is handed over again after this long, so that the engine knows that it still holds.
const CLAIM_INTERVAL_NANOS: u64 = 10_000_000_000;
/// Before this long the tally may have missed the original of what it sees: it started in the middle.
const WARM_AFTER: Duration = Duration::from_secs(1);

/// Counts the frames of one capture source.
#[derive(Debug)]
pub struct Tally {
    interface: Arc<str>,
    replicas: ReplicaTable,
    sources: TopSources,
    repeats: Repeats,
    echoes: Echoes,
    recent_claims: Box<[Option<OwnerClaim>; CLAIM_PLACES]>,
    claims: Vec<OwnerClaim>,
    group_frames: [u64; Protocol::ALL.len()],
    frames: u64,
    replica_frames: u64,
    malformed: u64,
    refused: u64,
    /// From when on the tally is warm; `None` before the first frame.
    warm_at: Option<Time>,
    from: Time,
    urgency: Urgency,
}

impl Tally {
    /// A tally for `interface`. `started`: since when frames would have been seen; `None` if that is not known, as for
    /// a file, whose first frame tells. `seed`: the secret of the replica hash.
    #[must_use]
    pub fn new(interface: Arc<str>, rules: ReplicaRules, started: Option<Time>, seed: u64) -> Self {
        let secret = Secret::new(seed);
        Self {
            interface,
            replicas: ReplicaTable::new(rules, secret),
            sources: TopSources::new(secret),
            repeats: Repeats::new(secret),
            echoes: Echoes::new(secret),
            recent_claims: Box::new([None; CLAIM_PLACES]),
            claims: Vec::with_capacity(MAX_CLAIMS),
            group_frames: [0; Protocol::ALL.len()],
            frames: 0,
            replica_frames: 0,
            malformed: 0,
            refused: 0,
            warm_at: started.map(|started| started.plus(WARM_AFTER)),
            from: started.unwrap_or(Time::MIN),
            urgency: Urgency::default(),
        }
    }

    /// Counts one frame.
    #[inline(always)]
    pub fn frame(&mut self, meta: &FrameMeta, bytes: &[u8]) {
        self.frames += 1;
        match self.repeats.find(meta, bytes) {
            Found::Counted => {}
            Found::At(place) if self.repeated(place, meta) => {}
            Found::At(_) | Found::New => self.read(meta, bytes),
        }
    }

    #[inline(never)]
    fn read(&mut self, meta: &FrameMeta, bytes: &[u8]) {
        let warm_at = match self.warm_at {
            Some(warm_at) => warm_at,
            None => self.begin(meta.at),
        };
        match frame::plain_ipv4(meta, bytes) {
            Some(frame) => self.parsed(&frame, meta, bytes, meta.at >= warm_at),
            None => self.read_other(meta, bytes, meta.at >= warm_at),
        }
    }

    #[inline(never)]
    fn read_other(&mut self, meta: &FrameMeta, bytes: &[u8], warm: bool) {
        match frame::parse(meta, bytes) {
            Ok(frame) if frame.outgoing => {}
            Ok(frame) => self.parsed(&frame, meta, bytes, warm),
            Err(_) => self.malformed += 1,
        }
    }

    /// Counts a frame that repeats byte for byte the one remembered at `place`, and begins a run of them if more of the
    /// same would change nothing but a number; false if its datagram is not known any more.
    #[inline(never)]
    fn repeated(&mut self, place: usize, meta: &FrameMeta) -> bool {
        let Some(Known { slot, place: source, ttl }) = self.repeats.known(place).map(|known| *known) else {
            return false;
        };
        let (key, mac) = (source.key, source.key.mac());
        // The order in which the TTLs of a datagram come counts, so that of each one run is under way at most.
        self.tell(|_, known| known.slot.set() == slot.set());
        let Some(sight) = self.replicas.see_again(slot, mac, ttl, meta) else { return false };
        self.group_frames[key.protocol() as usize] += 1;
        self.replica_frames += 1;
        self.urgency.see(sight, mac);
        let mut index = source.index;
        if !self.sources.count_again(&source, &Load::of(meta)) {
            index = self.count(&key, &Load::of(meta), true);
            if let Some(known) = self.repeats.known(place) {
                known.place.index = index;
            }
        }
        if matches!(sight, Sight::Fires | Sight::Fired) {
            self.repeats.begin(place, meta);
            self.replicas.hold(slot);
            self.sources.hold(index);
        }
        true
    }

    /// Ends runs, and tells the tables of them. Runs stand between two looks at the tables, which hold what runs count:
    /// whatever looks at a set of datagrams, or gives a source's place to another, ends the runs there first.
    #[inline(never)]
    fn tell(&mut self, wanted: impl Fn(usize, &Known) -> bool) {
        let Self { repeats, replicas, sources, group_frames, replica_frames, .. } = self;
        repeats.end(wanted, |known, run| {
            group_frames[known.place.key.protocol() as usize] += run.load.frames;
            *replica_frames += run.load.frames;
            replicas.run(known.slot, known.place.key.mac(), run);
            let still = sources.count_again(&known.place, &run.load);
            debug_assert!(still, "the run has outlived the place of its source");
        });
    }

    /// Counts frames of a source, and tells its place.
    #[inline]
    fn count(&mut self, key: &Key, load: &Load, repeat: bool) -> u16 {
        if let Some(place) = self.sources.count(key, load, repeat) {
            return place;
        }
        while let Some(held) = self.sources.in_the_way() {
            self.tell(|_, known| known.place.index == held);
        }
        self.sources.enter(key, load, repeat)
    }

    /// The first frame tells since when frames would have been seen.
    #[cold]
    fn begin(&mut self, at: Time) -> Time {
        let warm_at = at.plus(WARM_AFTER);
        (self.from, self.warm_at) = (at, Some(warm_at));
        warm_at
    }

    #[inline(always)]
    fn parsed(&mut self, frame: &Frame<'_>, meta: &FrameMeta, bytes: &[u8], warm: bool) {
        let claim = owners::claim(frame, meta);
        if let Some(claim) = claim {
            self.claim(claim);
        }
        if !frame.group {
            return;
        }
        self.group_frames[frame.protocol as usize] += 1;
        let hash = self.replicas.hash(frame);
        if let Some(set) = self.replicas.in_the_way(hash) {
            self.tell(|_, known| known.slot.set() == set);
        }
        let (sight, slot) = self.replicas.see(hash, frame, meta, warm);
        let repeat = sight != Sight::New;
        let echo = self.echoes.hear(frame, meta.at, warm) && !repeat;
        self.replica_frames += u64::from(repeat);
        self.urgency.see(sight, frame.source);
        let index = self.count(&Key::of(frame), &Load::of(meta), repeat);
        if echo {
            self.sources.echoed(index);
        }
        // A frame that claims an address must be read each time, or the claim would grow old.
        if repeat && claim.is_none() {
            self.remember(meta, bytes, Known { slot, place: Place { index, key: Key::of(frame) }, ttl: frame.ttl });
        }
    }

    #[inline(never)]
    fn remember(&mut self, meta: &FrameMeta, bytes: &[u8], known: Known) {
        let Some(room) = self.repeats.place_for(bytes) else { return };
        self.tell(|place, _| place == room);
        self.repeats.remember(room, meta, bytes, known);
    }

    #[inline(never)]
    fn claim(&mut self, claim: OwnerClaim) {
        let low = match claim.ip {
            IpAddr::V4(v4) => u32::from(v4) as usize,
            IpAddr::V6(v6) => u128::from(v6) as usize,
        };
        let place = low.wrapping_mul(31).wrapping_add(claim.mac.as_u64() as usize) % CLAIM_PLACES;
        let known = self.recent_claims[place].is_some_and(|old| {
            (old.ip, old.mac) == (claim.ip, claim.mac)
                && old.proof <= claim.proof
                && claim.at.nanos_since(old.at) < CLAIM_INTERVAL_NANOS
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

    /// How long after the last summary the next one is due: a second, or less while there is news of replicas.
    #[must_use]
    pub fn due_after(&self) -> Duration {
        Duration::from_nanos(self.urgency.due_after_nanos())
    }

    /// A summary is due at `now`, the last one having been made at `since`.
    #[inline]
    #[must_use]
    pub fn is_due(&self, since: Time, now: Time) -> bool {
        now.nanos_since(since) >= self.urgency.due_after_nanos()
    }

    /// Hands over everything counted since the last call. `until`: the time up to which frames have been seen;
    /// `dropped`: frames that the kernel lost meanwhile.
    pub fn flush(&mut self, until: Time, dropped: u64) -> FrameSummary {
        self.tell(|_, _| true);
        self.replicas.release();
        let mut replicas = Vec::with_capacity(MAX_REPORTED.min(8));
        let mut sources = Vec::new();
        let crowded = self.replicas.drain(until, &mut replicas) + self.sources.drain(&mut sources);
        let from = std::mem::replace(&mut self.from, until);
        self.urgency.flushed();
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
            // Copied, so that the next second's need no memory.
            owners: self.claims.drain(..).collect(),
            refused: std::mem::take(&mut self.refused) + crowded,
        }
    }
}
