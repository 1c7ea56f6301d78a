//! Who sends most: Space-Saving (Metwally, Agrawal, El Abbadi 2005) over a fixed number of places. A flood of forged
//! sources cannot grow it, and a source with more than 1/k of the frames is in it: always, or of more than 16,000 frames as
//! good as always (`ONE_IN`).

use crate::model::frames::{FrameMeta, Protocol, SourceCount, SourceKey};
use crate::model::{MacAddr, Time};
use crate::wire::digest::Secret;
use crate::wire::frame::Frame;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Places; the count of any source is at most total / K too large.
pub const K: usize = 256;
const BUCKETS: usize = 512;
/// From so many frames of the lightest on (and so K times as many of all), sources without a place are far too many to be told
/// of one by one.
const CROWDED: u64 = 64;
/// Then a source gets one by each of its frames with this chance, one in so many; a power of two. Giving a place away costs
/// more than all else that is done with a frame of a flood, and nearly all is given to whom it will be taken from a moment
/// later. (By chance rather than always: Ben-Basat, Einziger, Friedman, Kassner 2017.) One that is heavy, with 1/K of the frames,
/// has more than [`CROWDED`]; that none of them gets it a place has a probability of 0.0002, and with twice as many of 4·10⁻⁸.
const ONE_IN: u64 = 8;
const NONE: u16 = u16::MAX;

/// Frames of one source that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// How many.
    pub frames: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// When the last of them came.
    pub at: Time,
}

impl Load {
    /// One frame.
    #[inline]
    #[must_use]
    pub fn of(meta: &FrameMeta) -> Self {
        Self { frames: 1, bytes: u64::from(meta.original_len), at: meta.at }
    }

    /// All of these more.
    #[inline]
    pub fn join(&mut self, other: &Self) {
        self.frames += other.frames;
        self.bytes += other.bytes;
        self.at = self.at.max(other.at);
    }

    /// One frame more.
    #[inline]
    pub fn add(&mut self, meta: &FrameMeta) {
        self.frames += 1;
        self.bytes += u64::from(meta.original_len);
        self.at = self.at.max(meta.at);
    }
}

/// Who sends what to which group, as [`SourceKey`] has it, in six words: they are compared and hashed faster than its
/// fields, and read from a frame without a copy in between.
#[derive(Clone, Copy, Debug)]
pub struct Key([u64; 6]);

impl PartialEq for Key {
    /// Without a branch for each word, nor a call.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let [a, b, c, d, e, f] = self.0;
        let [g, h, i, j, k, l] = other.0;
        (a ^ g) | (b ^ h) | (c ^ i) | (d ^ j) | (e ^ k) | (f ^ l) == 0
    }
}

impl Eq for Key {}

/// Kinds of addresses in a key.
const IPV4: u64 = 4;
const IPV6: u64 = 6;

#[inline(always)]
fn pack(ip: Option<&IpAddr>) -> (u64, u64, u64) {
    match ip {
        None => (0, 0, 0),
        Some(IpAddr::V4(v4)) => (IPV4, u64::from(v4.to_bits()), 0),
        Some(IpAddr::V6(v6)) => (IPV6, v6.to_bits() as u64, (v6.to_bits() >> 64) as u64),
    }
}

fn unpack(kind: u64, low: u64, high: u64) -> Option<IpAddr> {
    match kind {
        IPV4 => Some(Ipv4Addr::from_bits(low as u32).into()),
        IPV6 => Some(Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low)).into()),
        _ => None,
    }
}

impl Key {
    /// Of a group frame. ARP has no group: it asks everybody.
    #[inline(always)]
    #[must_use]
    pub fn of(frame: &Frame<'_>) -> Self {
        let group = if frame.protocol == Protocol::Arp { None } else { frame.destination_ip.as_ref() };
        Self::new(frame.vlan, frame.source, frame.protocol, frame.ip.as_ref(), group)
    }

    #[inline(always)]
    fn new(vlan: u16, mac: MacAddr, protocol: Protocol, ip: Option<&IpAddr>, group: Option<&IpAddr>) -> Self {
        let ((kind, low, high), (group_kind, group_low, group_high)) = (pack(ip), pack(group));
        let place = mac.as_u64() << 16 | u64::from(vlan);
        Self([place, protocol as u64 | kind << 8 | group_kind << 16, low, high, group_low, group_high])
    }

    /// Source MAC.
    #[inline]
    #[must_use]
    pub fn mac(&self) -> MacAddr {
        let [a, b, c, d, e, f, _, _] = self.0[0].to_be_bytes();
        MacAddr([a, b, c, d, e, f])
    }

    /// What it carries.
    #[inline]
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        Protocol::ALL[self.0[1] as usize % Protocol::ALL.len()]
    }

    fn source(&self) -> SourceKey {
        let [place, kinds, low, high, group_low, group_high] = self.0;
        SourceKey {
            vlan: place as u16,
            mac: self.mac(),
            ip: unpack(kinds >> 8 & 0xff, low, high),
            group: unpack(kinds >> 16 & 0xff, group_low, group_high),
            protocol: self.protocol(),
        }
    }

    #[inline]
    fn bucket(&self, secret: &Secret) -> usize {
        let [a, b, c, d, e, f] = self.0;
        let mixed = secret.mix(secret.mix(a, c) ^ secret.mix(e, d.rotate_left(32) ^ f), b);
        mixed as usize % BUCKETS
    }
}

/// Where a source was counted.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Which of the places.
    pub index: u16,
    /// Whose place it is.
    pub key: Key,
}

/// What is counted of a source beside its frames.
#[derive(Clone, Copy, Debug)]
struct Entry {
    overcount: u64,
    bytes: u64,
    repeats: u64,
    echoes: u64,
    first: Time,
    last: Time,
}

/// The heaviest sources since the last drain.
#[derive(Debug)]
pub struct TopSources {
    entries: Vec<Entry>,
    keys: Vec<Key>,
    /// Frames of each source, apart, so that the lightest is found quickly.
    frames: Vec<u64>,
    /// The next place of the same bucket.
    next: Vec<u16>,
    /// The bucket that each is in.
    buckets: Vec<u16>,
    heads: Box<[u16; BUCKETS]>,
    /// Keeps an attacker from filling one bucket.
    secret: Secret,
    /// Where the search for the lightest entry goes on, and the count it had last: entries only grow, so that the scan
    /// starts over only when no entry of that count is left.
    cursor: usize,
    lightest: u64,
    replaced: u64,
    /// Frames of these are being counted elsewhere, so that their counts are too small until that is told.
    held: [bool; K],
}

impl TopSources {
    /// None yet.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self {
            entries: Vec::with_capacity(K),
            keys: Vec::with_capacity(K),
            frames: Vec::with_capacity(K),
            next: Vec::with_capacity(K),
            buckets: Vec::with_capacity(K),
            heads: Box::new([NONE; BUCKETS]),
            secret,
            cursor: 0,
            lightest: 0,
            replaced: 0,
            held: [false; K],
        }
    }

    /// Counts frames of `key`, where it has a place, and tells which; `repeat` if their datagram was seen within the last second.
    #[inline]
    pub fn count(&mut self, key: &Key, load: &Load, repeat: bool) -> Option<u16> {
        let mut index = self.heads[key.bucket(&self.secret)];
        // NONE lies beyond all of them.
        while let Some(known) = self.keys.get(usize::from(index)) {
            if known == key {
                self.add(usize::from(index), load, repeat);
                return Some(index);
            }
            index = self.next[usize::from(index)];
        }
        None
    }

    /// Frames of this source are counted elsewhere from now on, and told before it must make room for another
    /// ([`Self::in_the_way`]) or is taken out.
    pub fn hold(&mut self, place: u16) {
        if let Some(held) = self.held.get_mut(usize::from(place)) {
            *held = true;
        }
    }

    /// Whether a source that has no place gets none for these frames either, which are then counted as those of the lightest, so
    /// that none is lost; that it has fewer of its own is still known. `chance`: a number that no sender can foresee.
    #[inline]
    pub fn pass_over(&mut self, load: &Load, chance: u64) -> bool {
        if self.lightest < CROWDED || self.entries.len() < K || chance.is_multiple_of(ONE_IN) {
            return false;
        }
        // Frames of it that are counted elsewhere make it heavier, never lighter: it has what it is taken for, and more.
        let place = self.lightest_entry();
        self.frames[place] += load.frames;
        self.entries[place].overcount += load.frames;
        self.replaced += 1;
        true
    }

    /// The place that another source would get, if frames of the one that has it may be counted elsewhere: they are to be
    /// told now, after which it is held no more.
    pub fn in_the_way(&mut self) -> Option<u16> {
        if self.entries.len() < K {
            return None;
        }
        let place = self.lightest_entry();
        std::mem::take(&mut self.held[place]).then_some(place as u16)
    }

    /// Counts more frames of a source, repeats, where it was counted last; false if it has no place any more, so that
    /// they must be [counted](Self::count) as any other.
    #[inline]
    pub fn count_again(&mut self, place: &Place, load: &Load) -> bool {
        let index = usize::from(place.index);
        let still = self.keys.get(index) == Some(&place.key);
        if still {
            self.add(index, load, true);
        }
        still
    }

    /// What was counted last there said again what another device had just said.
    pub fn echoed(&mut self, place: u16) {
        if let Some(entry) = self.entries.get_mut(usize::from(place)) {
            entry.echoes += 1;
        }
    }

    #[inline]
    fn add(&mut self, index: usize, load: &Load, repeat: bool) {
        self.frames[index] += load.frames;
        let entry = &mut self.entries[index];
        entry.bytes += load.bytes;
        entry.repeats += if repeat { load.frames } else { 0 };
        // Frames that were counted together may be told after later ones.
        entry.last = entry.last.max(load.at);
    }

    /// Gives a source that has no place a free one, or that of the lightest, whose count it takes over.
    #[inline]
    pub fn enter(&mut self, key: &Key, load: &Load, repeat: bool) -> u16 {
        let bucket = key.bucket(&self.secret);
        let Load { frames, bytes, at } = *load;
        let repeats = if repeat { frames } else { 0 };
        let mut fresh = Entry { overcount: 0, bytes, repeats, echoes: 0, first: at, last: at };
        let place = if self.entries.len() < K {
            self.entries.push(fresh);
            self.keys.push(*key);
            self.frames.push(frames);
            self.next.push(NONE);
            self.buckets.push(bucket as u16);
            self.entries.len() - 1
        } else {
            let place = self.lightest_entry();
            self.unlink(place);
            fresh.overcount = self.frames[place];
            self.entries[place] = fresh;
            self.keys[place] = *key;
            self.buckets[place] = bucket as u16;
            self.frames[place] += frames;
            self.replaced += 1;
            place
        };
        self.next[place] = self.heads[bucket];
        self.heads[bucket] = place as u16;
        place as u16
    }

    fn lightest_entry(&mut self) -> usize {
        for _ in 0..2 {
            let rest = self.frames.get(self.cursor..).unwrap_or(&[]);
            if let Some(found) = rest.iter().position(|frames| *frames <= self.lightest) {
                self.cursor += found;
                return self.cursor;
            }
            self.cursor = 0;
            self.lightest = self.frames.iter().copied().min().unwrap_or(0);
        }
        0
    }

    fn unlink(&mut self, place: usize) {
        let bucket = usize::from(self.buckets[place]) % BUCKETS;
        let target = place as u16;
        if self.heads[bucket] == target {
            self.heads[bucket] = self.next[place];
            return;
        }
        let mut index = usize::from(self.heads[bucket]);
        while let Some(&following) = self.next.get(index) {
            if following == target {
                self.next[index] = self.next[place];
                return;
            }
            index = usize::from(following);
        }
    }

    /// Takes everything, heaviest first, and the number of sources that had to make room.
    pub fn drain(&mut self, into: &mut Vec<SourceCount>) -> u64 {
        // Most have few frames and so as many as others: the count and the MAC decide in one number, and the key in whole
        // is looked at only where a MAC sends several things.
        let word = |place: usize| self.keys[place].0[0].rotate_right(16);
        let weigh = |place: usize| u128::from(u64::MAX - self.frames[place]) << 64 | u128::from(word(place));
        let mut order = (0..self.entries.len()).map(|place| (weigh(place), place as u16)).collect::<Vec<_>>();
        order.sort_unstable_by(|(weight, place), (other_weight, other)| {
            let source = |place: u16| self.keys[usize::from(place)].source();
            weight.cmp(other_weight).then_with(|| source(*place).cmp(&source(*other)))
        });
        let report = |&(_, place): &(u128, u16)| {
            let frames = self.frames[usize::from(place)];
            let Entry { overcount, bytes, repeats, echoes, first, last } = self.entries[usize::from(place)];
            let key = self.keys[usize::from(place)].source();
            SourceCount { key, frames, overcount, bytes, repeats, echoes, first, last }
        };
        into.extend(order.iter().map(report));
        self.entries.clear();
        self.keys.clear();
        self.frames.clear();
        self.next.clear();
        self.buckets.clear();
        self.heads.fill(NONE);
        self.cursor = 0;
        self.lightest = 0;
        self.held = [false; K];
        std::mem::take(&mut self.replaced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> Key {
        let mut mac = [0; 6];
        mac.copy_from_slice(&n.to_be_bytes()[2..]);
        Key::new(0, MacAddr(mac), Protocol::Ssdp, None, None)
    }

    fn count(top: &mut TopSources, key: &Key, load: &Load, repeat: bool) -> u16 {
        top.count(key, load, repeat).unwrap_or_else(|| top.enter(key, load, repeat))
    }

    fn load(bytes: u64) -> Load {
        Load { frames: 1, bytes, at: Time::from_secs(1) }
    }

    #[test]
    fn heavy_sources_survive_forged_ones() {
        let mut top = TopSources::new(Secret::new(7));
        let mut total = 0_u64;
        for n in 0..200_000_u64 {
            count(&mut top, &key(1_000 + n), &load(60), false);
            total += 1;
            if n % 10 == 0 {
                for heavy in 0..3 {
                    count(&mut top, &key(heavy), &load(60), heavy == 2);
                    total += 1;
                }
            }
        }
        let mut sources = Vec::new();
        assert!(top.drain(&mut sources) > 0);
        assert_eq!(sources.len(), K);
        for heavy in 0..3 {
            let found = sources.iter().find(|s| s.key == key(heavy).source()).expect("more than 1/k of the frames");
            assert!(found.frames >= 20_000 && found.frames - found.overcount <= 20_000, "{found:?}");
            assert!(found.overcount <= total / K as u64);
        }
        assert_eq!(sources.iter().map(|s| s.frames).sum::<u64>(), total, "Space-Saving loses no count");
    }

    #[test]
    fn heavy_sources_are_right_among_too_many_to_be_told_of() {
        let (mut top, secret) = (TopSources::new(Secret::new(7)), Secret::new(8));
        // One frame in so many, and those that there are.
        let mut heavy = [(4, 0), (16, 0), (64, 0), (100, 0)];
        let total = 400_000;
        let mut passed = 0_u64;
        for n in 0..total {
            let of = (0..).zip(&mut heavy).find(|(number, (one_in, _))| n % *one_in == *number);
            let source = match of {
                Some((number, (_, frames))) => {
                    *frames += 1;
                    number
                }
                None => 1_000 + n,
            };
            if top.count(&key(source), &load(60), false).is_none() {
                if top.pass_over(&load(60), secret.mix(n, 5)) {
                    passed += 1;
                } else {
                    top.enter(&key(source), &load(60), false);
                }
            }
        }
        assert!(passed > total / 2, "{passed}: most forged ones get no place");
        let mut sources = Vec::new();
        top.drain(&mut sources);
        assert_eq!(sources.iter().map(|s| s.frames).sum::<u64>(), total, "no frame is lost");
        // And none is said to be a source's own that was another's: forged ones have sent one each.
        let is_forged = |s: &&SourceCount| s.key.mac.as_u64() >= 1_000;
        assert!(sources.iter().filter(is_forged).all(|s| s.frames - s.overcount <= 1));
        for (number, (_, frames)) in (0..).zip(heavy) {
            let found = sources.iter().find(|s| s.key == key(number).source()).expect("more than 1/k of the frames");
            let sure = found.frames - found.overcount;
            // What came before it had a place: until the lightest had so many, nobody was passed over.
            assert!(sure <= frames && sure + CROWDED >= frames, "{number}: {frames}, {found:?}");
            assert!(found.frames >= frames && found.overcount <= total / K as u64, "{number}: {frames}, {found:?}");
        }
        assert_eq!(sources[0].key, key(0).source());
    }

    #[test]
    fn a_key_is_told_as_it_was_read() {
        let addresses = [None, Some(IpAddr::from([192, 168, 1, 255])), "fe80::ff00:1".parse().ok(), "::".parse().ok()];
        let mac = MacAddr([0xfe, 1, 2, 3, 4, 0xff]);
        for (ip, group) in addresses.iter().flat_map(|ip| addresses.iter().map(move |group| (*ip, *group))) {
            for (vlan, protocol) in
                [0, 4095].into_iter().flat_map(|vlan| Protocol::ALL.map(|protocol| (vlan, protocol)))
            {
                let key = Key::new(vlan, mac, protocol, ip.as_ref(), group.as_ref());
                assert_eq!(key.source(), SourceKey { vlan, mac, ip, group, protocol });
            }
        }
    }

    #[test]
    fn few_sources_are_exact() {
        let mut top = TopSources::new(Secret::new(7));
        for n in 0..100 {
            for _ in 0..=n {
                count(&mut top, &key(n), &load(100), false);
            }
        }
        let mut sources = Vec::new();
        assert_eq!(top.drain(&mut sources), 0);
        assert!(sources.iter().all(|s| s.overcount == 0 && s.frames == s.key.mac.as_u64() + 1));
        assert_eq!(sources[0].key, key(99).source());
    }
}
