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
/// Sets × ways: claims remembered that were handed over lately, so that one ARP conversation does not fill a summary. Devices
/// of one make have MACs and addresses in a row: a sum of both put 60 of them into 8 of 256 places, where they pushed one
/// another out, and each was told again and again. Where all places of a set are taken, the oldest goes.
const CLAIM_SETS: usize = 64;
/// See [`CLAIM_SETS`].
const CLAIM_WAYS: usize = 4;
/// A claim is handed over again after this long, so that the engine knows that it still holds.
const CLAIM_INTERVAL_NANOS: u64 = 10_000_000_000;
/// Before this long the tally may have missed the original of what it sees: it started in the middle.
const WARM_AFTER: Duration = Duration::from_secs(1);

/// A set of claims, and the hashes of address and MAC by which they are found.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    hashes: [u64; CLAIM_WAYS],
    claims: [Option<OwnerClaim>; CLAIM_WAYS],
}

/// Counts the frames of one capture source.
#[derive(Debug)]
pub struct Tally {
    interface: Arc<str>,
    replicas: ReplicaTable,
    sources: TopSources,
    repeats: Repeats,
    echoes: Echoes,
    recent_claims: Box<[Told; CLAIM_SETS]>,
    secret: Secret,
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
            replicas: ReplicaTable::new(rules),
            sources: TopSources::new(secret),
            repeats: Repeats::new(secret),
            echoes: Echoes::new(secret),
            recent_claims: Box::new([Told::default(); CLAIM_SETS]),
            secret,
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

    /// Counts one frame. True: it goes on with a run, as every copy of it does that follows within [`WINDOW`](super::replica::WINDOW)
    /// ([`Self::same_again`]).
    #[inline(always)]
    pub fn frame(&mut self, meta: &FrameMeta, bytes: &[u8]) -> bool {
        self.frames += 1;
        match self.repeats.find(meta, bytes) {
            Found::Counted => return true,
            Found::At(place) if self.repeated(place, meta) => {}
            Found::At(_) | Found::New => self.read(meta, bytes),
        }
        false
    }

    /// Counts copies of the frame before them, which went on with a run. `number`: of the last of them.
    #[inline]
    pub fn same_again(&mut self, load: &Load, number: u64) {
        self.frames += load.frames;
        self.repeats.go_on(load, number);
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
            index = self.count(&key, &Load::of(meta), None).unwrap_or(index);
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

    /// Counts frames of a source, and tells its place, where it has or gets one. `hash`: of the datagram, if it is none that
    /// came before; of others the sender is always told.
    #[inline]
    fn count(&mut self, key: &Key, load: &Load, hash: Option<u64>) -> Option<u16> {
        let repeat = hash.is_none();
        if let Some(place) = self.sources.count(key, load, repeat) {
            return Some(place);
        }
        // The low bits of the hash say where the datagram is known.
        if hash.is_some_and(|hash| self.sources.pass_over(load, hash >> 32)) {
            return None;
        }
        while let Some(held) = self.sources.in_the_way() {
            self.tell(|_, known| known.place.index == held);
        }
        Some(self.sources.enter(key, load, repeat))
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
        let words = frame.words_hash(&self.secret);
        let hash = frame.replica_hash_by(&self.secret, words);
        if let Some(set) = self.replicas.in_the_way(hash) {
            self.tell(|_, known| known.slot.set() == set);
        }
        let (sight, slot) = self.replicas.see(hash, frame, meta, warm);
        let repeat = sight != Sight::New;
        let echo = words.is_some_and(|words| self.echoes.hear(frame, words, meta.at, warm)) && !repeat;
        self.replica_frames += u64::from(repeat);
        self.urgency.see(sight, frame.source);
        let key = Key::of(frame);
        let Some(index) = self.count(&key, &Load::of(meta), (!repeat).then_some(hash)) else { return };
        if echo {
            self.sources.echoed(index);
        }
        // A frame that claims an address must be read each time, or the claim would grow old.
        if repeat && claim.is_none() {
            self.remember(meta, bytes, Known { slot, place: Place { index, key }, ttl: frame.ttl });
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
        let (high, low) = match claim.ip {
            IpAddr::V4(v4) => (0, u64::from(v4.to_bits())),
            IpAddr::V6(v6) => ((v6.to_bits() >> 64) as u64, v6.to_bits() as u64),
        };
        let hash = self.secret.mix(claim.mac.as_u64() ^ high, low);
        let told = &mut self.recent_claims[hash as usize % CLAIM_SETS];
        let known = told.hashes.iter().position(|known| *known == hash);
        let holds = |old: &OwnerClaim| {
            (old.ip, old.mac) == (claim.ip, claim.mac)
                && old.proof <= claim.proof
                && claim.at.nanos_since(old.at) < CLAIM_INTERVAL_NANOS
        };
        if known.and_then(|way| told.claims[way].as_ref()).is_some_and(holds) {
            return;
        }
        if self.claims.len() >= MAX_CLAIMS {
            self.refused += 1;
            return;
        }
        let at = |way: &usize| told.claims[*way].map_or(Time::MIN, |old| old.at);
        let way = known.or_else(|| (0..CLAIM_WAYS).min_by_key(at)).unwrap_or(0);
        (told.hashes[way], told.claims[way]) = (hash, Some(claim));
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

    /// When that is.
    #[inline]
    #[must_use]
    pub fn due_at(&self, since: Time) -> Time {
        Time::from_nanos(since.as_nanos().saturating_add_unsigned(self.urgency.due_after_nanos()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MacAddr;
    use crate::model::frames::LinkType;
    use std::collections::BTreeMap;

    #[test]
    fn devices_in_a_row_are_told_of_once() {
        let mut tally = Tally::new("eth0".into(), ReplicaRules::default(), None, 7);
        let mut told = BTreeMap::<MacAddr, u32>::new();
        for second in 1..=9 {
            let at = Time::from_secs(1_000 + second);
            // Sixty of one make, as DHCP gave them their addresses: each says every second who it is.
            for device in 0..60 {
                let mac = [0x3c, 0x84, 0x6a, 0x10, 0, device];
                let mut frame = [&[0xff; 6][..], &mac, &[8, 6, 0, 1, 8, 0, 6, 4, 0, 1], &mac].concat();
                frame.extend([192, 168, 1, 10 + device, 0, 0, 0, 0, 0, 0, 192, 168, 1, 10 + device]);
                frame.resize(60, 0);
                let (number, link) = (1, LinkType::Ethernet);
                tally.frame(&FrameMeta { at, number, interface: 0, link, vlan: None, original_len: 60 }, &frame);
            }
            for claim in tally.flush(at, 0).owners {
                *told.entry(claim.mac).or_default() += 1;
            }
        }
        assert_eq!(told.len(), 60);
        // Of sets that many fall into by chance a few are told of again.
        assert!(told.values().sum::<u32>() < 2 * 60, "{told:?}");
    }
}
