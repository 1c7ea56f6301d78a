//! Which datagrams were seen again, and by whom: a fixed set-associative table, so that neither a storm nor forged
//! datagrams can grow it. Counts; does not say what a replica means.

use super::repeats::Run;
use crate::model::frames::{CopyCount, FrameMeta, Protocol, Replica};
use crate::model::{MacAddr, Time};
use crate::wire::frame::Frame;
use std::net::IpAddr;
use std::time::Duration;

/// Sets × ways: places for datagrams seen lately. The busiest healthy second measured had 27 group frames, so that
/// 2,048 places hold a minute of the busiest LAN; under a flood of fresh datagrams the oldest go first.
const SETS: usize = 512;
const WAYS: usize = 4;

/// Copies that lie further apart are not one event: identical healthy frames came up to 4 times within one second,
/// but 59 times within a minute (99 captures), so that only windows of a second discriminate.
pub const WINDOW: Duration = Duration::from_nanos(WINDOW_NANOS);
const WINDOW_NANOS: u64 = 1_000_000_000;

/// Datagrams reported in one summary.
pub const MAX_REPORTED: usize = 64;

/// When copies are worth a report.
#[derive(Clone, Copy, Debug)]
pub struct ReplicaRules {
    /// This many copies within [`WINDOW`], whoever sent them (6: the healthy maximum was 4).
    pub copies: u64,
}

impl Default for ReplicaRules {
    fn default() -> Self {
        Self { copies: 6 }
    }
}

/// The datagrams of one set, side by side in one cache line: what every frame looks at.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Set {
    hashes: [u64; WAYS],
    /// When each was last seen; [`Time::MIN`]: an empty place.
    lasts: [Time; WAYS],
}

/// What is noted of a datagram at first sight; most are never seen again.
#[derive(Clone, Copy)]
struct First {
    at: Time,
    number: u64,
    frame_len: u32,
    mac: MacAddr,
    ttl: u8,
    warm: bool,
}

/// What is counted from the second sight on; means nothing before.
#[derive(Clone, Copy)]
struct Track {
    fresh: u64,
    /// Start and count of the current window.
    window_start: Time,
    window_copies: u64,
    last_number: u64,
    ttl_falls: u32,
    ttl_same: u32,
    last_ttl: u8,
    senders: u8,
    fired: bool,
    protocol: Protocol,
    vlan: u16,
    ip_id: Option<u16>,
    per_sender: [CopyCount; Replica::MAX_MACS],
    ip: Option<IpAddr>,
    group: Option<IpAddr>,
}

const EMPTY: Set = Set { hashes: [0; WAYS], lasts: [Time::MIN; WAYS] };

const NOTHING: First = First { at: Time::MIN, number: 0, frame_len: 0, mac: MacAddr::ZERO, ttl: 0, warm: false };

const NOBODY: CopyCount = CopyCount { mac: MacAddr::ZERO, frames: 0, ttl_min: 0, ttl_max: 0, first: Time::MIN };

const UNTRACKED: Track = Track {
    fresh: 0,
    window_start: Time::MIN,
    window_copies: 0,
    last_number: 0,
    ttl_falls: 0,
    ttl_same: 0,
    last_ttl: 0,
    senders: 0,
    fired: false,
    protocol: Protocol::Other,
    vlan: 0,
    ip_id: None,
    per_sender: [NOBODY; Replica::MAX_MACS],
    ip: None,
    group: None,
};

const fn one_copy(mac: MacAddr, ttl: u8, first: Time) -> CopyCount {
    CopyCount { mac, frames: 1, ttl_min: ttl, ttl_max: ttl, first }
}

/// A frame more than [`WINDOW`] after `last` begins anew.
const fn is_past(at: Time, last: Time) -> bool {
    at.nanos_since(last) > WINDOW_NANOS
}

/// How a datagram was found by [`ReplicaTable::see`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Not seen within the last second.
    New,
    /// Seen before, and nothing that a healthy network doesn't do.
    Repeat,
    /// A replica rule holds for this datagram, from this frame on.
    Fires,
    /// A replica rule holds for it, as before.
    Fired,
}

/// Where a datagram is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    index: u32,
    hash: u64,
}

impl Slot {
    /// The set that it is in.
    #[inline]
    pub(super) fn set(self) -> usize {
        self.index as usize / WAYS
    }
}

/// The datagrams of the last seconds.
pub struct ReplicaTable {
    sets: Box<[Set]>,
    /// Copies of each so far, the first included.
    copies: Box<[[u64; WAYS]]>,
    firsts: Box<[First]>,
    tracks: Box<[Track]>,
    fired: Vec<u32>,
    /// Sets with a datagram whose copies are being counted elsewhere, a bit each.
    held: [u64; SETS.div_ceil(64)],
    rules: ReplicaRules,
    evicted: u64,
}

impl std::fmt::Debug for ReplicaTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplicaTable").field("fired", &self.fired.len()).field("evicted", &self.evicted).finish()
    }
}

impl ReplicaTable {
    /// An empty table.
    #[must_use]
    pub fn new(rules: ReplicaRules) -> Self {
        Self {
            sets: vec![EMPTY; SETS].into_boxed_slice(),
            copies: vec![[0; WAYS]; SETS].into_boxed_slice(),
            firsts: vec![NOTHING; SETS * WAYS].into_boxed_slice(),
            tracks: vec![UNTRACKED; SETS * WAYS].into_boxed_slice(),
            fired: Vec::with_capacity(MAX_REPORTED),
            held: [0; SETS.div_ceil(64)],
            rules,
            evicted: 0,
        }
    }

    /// Copies of the datagram at `slot` are counted elsewhere from now on, and told before anything else is looked for in
    /// its set.
    pub(super) fn hold(&mut self, slot: Slot) {
        let set = slot.set();
        self.held[set / 64] |= 1 << (set % 64);
    }

    /// The set in which `hash` is to be looked for, if copies of one of its datagrams may be counted elsewhere: they are to
    /// be told now, after which it is held no more.
    #[inline]
    pub(super) fn in_the_way(&mut self, hash: u64) -> Option<usize> {
        let set = hash as usize % SETS;
        let (word, bit) = (&mut self.held[set / 64], 1 << (set % 64));
        (*word & bit != 0).then(|| {
            *word &= !bit;
            set
        })
    }

    /// Nothing is counted elsewhere any more.
    pub(super) fn release(&mut self) {
        self.held = [0; SETS.div_ceil(64)];
    }

    /// Counts one group frame of the datagram [known by](Frame::replica_hash) `hash`. `warm`: the tally has been listening for a
    /// second or more.
    #[inline(always)]
    pub fn see(&mut self, hash: u64, frame: &Frame<'_>, meta: &FrameMeta, warm: bool) -> (Sight, Slot) {
        // The low bits choose the set; all of them are compared.
        let number = hash as usize % SETS;
        let set = &self.sets[number];
        let known = (0..WAYS).find(|&way| set.hashes[way] == hash);
        let slot = |way: usize| Slot { index: (number * WAYS + way) as u32, hash };
        let way = match known {
            Some(way) if !is_past(meta.at, set.lasts[way]) => {
                self.again(slot(way), &Datagram::of(frame));
                return (self.count(slot(way), frame.source, frame.ttl, meta), slot(way));
            }
            Some(way) => way,
            None => self.least_missed(number, meta.at),
        };
        self.start(number, way, hash, First::of(frame, meta, warm));
        (Sight::New, slot(way))
    }

    /// Begins to keep track of a datagram at its second sight.
    #[inline(never)]
    fn again(&mut self, slot: Slot, datagram: &Datagram) {
        let index = slot.index as usize;
        if self.copies[index / WAYS][index % WAYS] == 1 {
            self.tracks[index] = Track::of(&self.firsts[index], datagram);
        }
    }

    /// Counts one more frame of a datagram that was last found at `slot`, from the same MAC and with the same TTL as
    /// then. `None`: it is not there any more, or has paused, so that the frame must be [seen](Self::see).
    #[inline]
    pub fn see_again(&mut self, slot: Slot, source: MacAddr, ttl: u8, meta: &FrameMeta) -> Option<Sight> {
        let index = slot.index as usize;
        let (set, way) = (self.sets.get(index / WAYS)?, index % WAYS);
        if set.hashes[way] != slot.hash || is_past(meta.at, set.lasts[way]) || self.copies[index / WAYS][way] < 2 {
            return None;
        }
        Some(self.count(slot, source, ttl, meta))
    }

    /// Counts frames of a datagram for which a rule holds, since the last one of which it was the latest to be counted:
    /// found at `slot`, from the same MAC and with the same TTL.
    pub(super) fn run(&mut self, slot: Slot, source: MacAddr, run: &Run) {
        let index = slot.index as usize;
        let set = &mut self.sets[index / WAYS];
        debug_assert!(set.hashes[index % WAYS] == slot.hash && self.tracks[index].fired, "the run has outlived it");
        set.lasts[index % WAYS] = set.lasts[index % WAYS].max(run.load.at);
        self.copies[index / WAYS][index % WAYS] += run.load.frames;
        self.tracks[index].run(source, run);
    }

    /// The place least missed: the oldest of those whose datagram is no longer coming, else the one with fewest copies.
    #[inline]
    fn least_missed(&mut self, number: usize, at: Time) -> usize {
        let (lasts, copies) = (&self.sets[number].lasts, &self.copies[number]);
        // Of two with equal weights the first; without a branch, which could not be foreseen.
        let older = |one: usize, other: usize| if lasts[other] < lasts[one] { other } else { one };
        let oldest = (1..WAYS).fold(0, older);
        if is_past(at, lasts[oldest]) {
            return oldest;
        }
        self.evicted += 1;
        // Where nothing comes twice, as in a flood of fresh datagrams, that is the one.
        if *copies == [1; WAYS] {
            return oldest;
        }
        let lighter = |one: usize, other: usize| {
            if (copies[other], lasts[other]) < (copies[one], lasts[one]) { other } else { one }
        };
        (1..WAYS).fold(0, lighter)
    }

    #[inline]
    fn start(&mut self, number: usize, way: usize, hash: u64, first: First) {
        let index = number * WAYS + way;
        // A fired datagram that pauses or is evicted must not leave its number behind for the newcomer.
        if self.copies[number][way] > 1 {
            self.forget(index);
        }
        let set = &mut self.sets[number];
        set.hashes[way] = hash;
        set.lasts[way] = first.at;
        self.copies[number][way] = 1;
        self.firsts[index] = first;
    }

    #[inline(never)]
    fn forget(&mut self, index: usize) {
        if std::mem::take(&mut self.tracks[index].fired) {
            self.fired.retain(|&i| i as usize != index);
        }
    }

    #[inline]
    fn count(&mut self, slot: Slot, source: MacAddr, ttl: u8, meta: &FrameMeta) -> Sight {
        let index = slot.index as usize;
        let last = &mut self.sets[index / WAYS].lasts[index % WAYS];
        *last = meta.at.max(*last);
        self.copies[index / WAYS][index % WAYS] += 1;
        let track = &mut self.tracks[index];
        track.add(source, ttl, meta);
        if !track.fired {
            let many = track.window_copies >= self.rules.copies;
            let falling = track.ttl_falls >= 2 && track.ttl_same == 0;
            let foreign = track.senders >= 2;
            if !(many || falling || foreign) || self.fired.len() >= MAX_REPORTED {
                return Sight::Repeat;
            }
            track.fired = true;
            self.fired.push(slot.index);
            return Sight::Fires;
        }
        Sight::Fired
    }

    /// Takes the fired datagrams that had copies since the last call, most copies first, and the number of entries
    /// that had to make room while they were still in use.
    pub fn drain(&mut self, now: Time, into: &mut Vec<Replica>) -> u64 {
        for &index in &self.fired {
            let index = index as usize;
            let (set, way) = (&self.sets[index / WAYS], index % WAYS);
            let track = &mut self.tracks[index];
            if track.fresh > 0 {
                let copies = self.copies[index / WAYS][way];
                into.push(track.report(&self.firsts[index], copies, set.hashes[way], set.lasts[way]));
                track.fresh = 0;
            }
        }
        let (sets, tracks) = (&mut self.sets, &mut self.tracks);
        self.fired.retain(|&index| {
            let index = index as usize;
            let last = &mut sets[index / WAYS].lasts[index % WAYS];
            let alive = !is_past(now, *last);
            if !alive {
                tracks[index].fired = false;
                *last = Time::MIN;
            }
            alive
        });
        into.sort_by(|a, b| b.copies.cmp(&a.copies).then(a.hash.cmp(&b.hash)));
        std::mem::take(&mut self.evicted)
    }
}

impl First {
    #[inline(always)]
    fn of(frame: &Frame<'_>, meta: &FrameMeta, warm: bool) -> Self {
        let (at, number, frame_len) = (meta.at, meta.number, meta.original_len);
        Self { at, number, frame_len, mac: frame.source, ttl: frame.ttl, warm }
    }
}

/// What all copies of a datagram have in common.
struct Datagram {
    protocol: Protocol,
    vlan: u16,
    ip_id: Option<u16>,
    ip: Option<IpAddr>,
    group: Option<IpAddr>,
}

impl Datagram {
    #[inline(always)]
    fn of(frame: &Frame<'_>) -> Self {
        let Frame { protocol, vlan, ip_id, ip, destination_ip: group, .. } = *frame;
        Self { protocol, vlan, ip_id, ip, group }
    }
}

impl Track {
    /// Begins with the first sight.
    fn of(first: &First, datagram: &Datagram) -> Self {
        let Datagram { protocol, vlan, ip_id, ip, group } = *datagram;
        let mut track = Self {
            fresh: 1,
            window_start: first.at,
            window_copies: 1,
            last_number: first.number,
            last_ttl: first.ttl,
            senders: 1,
            protocol,
            vlan,
            ip_id,
            ip,
            group,
            ..UNTRACKED
        };
        track.per_sender[0] = one_copy(first.mac, first.ttl, first.at);
        track
    }

    #[inline]
    fn add(&mut self, source: MacAddr, ttl: u8, meta: &FrameMeta) {
        self.fresh += 1;
        self.last_number = meta.number;
        if is_past(meta.at, self.window_start) {
            self.window_start = meta.at;
            self.window_copies = 0;
        }
        self.window_copies += 1;
        self.ttl_falls += u32::from(ttl < self.last_ttl);
        self.ttl_same += u32::from(ttl == self.last_ttl);
        self.last_ttl = ttl;
        let senders = usize::from(self.senders).min(Replica::MAX_MACS);
        match self.per_sender[..senders].iter_mut().find(|s| s.mac == source) {
            Some(sender) => {
                sender.frames += 1;
                sender.ttl_min = sender.ttl_min.min(ttl);
                sender.ttl_max = sender.ttl_max.max(ttl);
            }
            None if senders < Replica::MAX_MACS => {
                self.per_sender[senders] = one_copy(source, ttl, meta.at);
                self.senders += 1;
            }
            None => self.per_sender[Replica::MAX_MACS - 1].frames += 1,
        }
    }

    /// Counts frames that differ from the one before in nothing but their time. The window of the rules is not looked at
    /// any more once one of them holds.
    fn run(&mut self, source: MacAddr, run: &Run) {
        let frames = run.load.frames;
        self.fresh += frames;
        self.last_number = run.number;
        self.ttl_same = self.ttl_same.saturating_add(u32::try_from(frames).unwrap_or(u32::MAX));
        let senders = usize::from(self.senders).min(Replica::MAX_MACS);
        let known = self.per_sender[..senders].iter().position(|sender| sender.mac == source);
        // Those that have no place of their own are counted to the last.
        self.per_sender[known.unwrap_or(Replica::MAX_MACS - 1)].frames += frames;
    }

    fn report(&self, first: &First, copies: u64, hash: u64, last: Time) -> Replica {
        Replica {
            hash,
            vlan: self.vlan,
            ip: self.ip,
            group: self.group,
            protocol: self.protocol,
            ip_id: self.ip_id,
            copies,
            fresh: self.fresh,
            frame_len: first.frame_len,
            first: first.at,
            last,
            first_number: first.number,
            last_number: self.last_number,
            first_mac: first.mac,
            first_ttl: first.ttl,
            ttl_falls: self.ttl_falls,
            ttl_same: self.ttl_same,
            senders: self.per_sender[..usize::from(self.senders).min(Replica::MAX_MACS)].to_vec(),
            warm: first.warm,
        }
    }
}
