//! Who sends most: Space-Saving (Metwally, Agrawal, El Abbadi 2005) over a fixed number of places. A flood of forged
//! sources cannot grow it, and a source with more than 1/k of the frames is always in it.

use crate::model::Time;
use crate::model::frames::{FrameMeta, SourceCount, SourceKey};
use crate::wire::digest::Secret;
use std::cmp::Reverse;
use std::net::IpAddr;

/// Places; the count of any source is at most total / K too large.
pub const K: usize = 256;
const BUCKETS: usize = 512;
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

    /// One frame more.
    #[inline]
    pub fn add(&mut self, meta: &FrameMeta) {
        self.frames += 1;
        self.bytes += u64::from(meta.original_len);
        self.at = self.at.max(meta.at);
    }
}

/// A source key in six words, which are compared and hashed faster than its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Packed([u64; 6]);

impl Packed {
    #[inline]
    fn of(key: &SourceKey) -> Self {
        let address = |ip: Option<IpAddr>| match ip {
            None => (0, 0, 0),
            Some(IpAddr::V4(v4)) => (4, u64::from(v4.to_bits()), 0),
            Some(IpAddr::V6(v6)) => (6, v6.to_bits() as u64, (v6.to_bits() >> 64) as u64),
        };
        let ((kind, low, high), (group_kind, group_low, group_high)) = (address(key.ip), address(key.group));
        let place = key.mac.as_u64() << 16 | u64::from(key.vlan);
        Self([place, key.protocol as u64 | kind << 8 | group_kind << 16, low, high, group_low, group_high])
    }

    #[inline]
    fn bucket(&self, secret: &Secret) -> usize {
        let [a, b, c, d, e, f] = self.0;
        let mixed = secret.mix(secret.mix(a, c) ^ secret.mix(e, d.rotate_left(32) ^ f), b);
        mixed as usize % BUCKETS
    }
}

/// Where a source was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    index: u16,
    packed: Packed,
}

/// The heaviest sources since the last drain.
#[derive(Debug)]
pub struct TopSources {
    /// Everything of each source but its frames.
    entries: Vec<SourceCount>,
    keys: Vec<Packed>,
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
        }
    }

    /// Counts frames of `key`; `repeat` if their datagram was seen within the last second.
    pub fn count(&mut self, key: &SourceKey, load: &Load, repeat: bool) -> Place {
        let packed = Packed::of(key);
        let bucket = packed.bucket(&self.secret);
        let mut index = self.heads[bucket];
        // NONE lies beyond all of them.
        while let Some(known) = self.keys.get(usize::from(index)) {
            if *known == packed {
                self.add(usize::from(index), load, repeat);
                return Place { index, packed };
            }
            index = self.next[usize::from(index)];
        }
        let Load { frames, bytes, at } = *load;
        let repeats = if repeat { frames } else { 0 };
        let fresh = SourceCount { key: *key, frames, overcount: 0, bytes, repeats, first: at, last: at };
        self.enter(packed, bucket, fresh)
    }

    /// Counts more frames of a source, repeats, where it was counted last; false if it has no place any more, so that
    /// they must be [counted](Self::count) as any other.
    #[inline]
    pub fn count_again(&mut self, place: &Place, load: &Load) -> bool {
        let index = usize::from(place.index);
        let still = self.keys.get(index) == Some(&place.packed);
        if still {
            self.add(index, load, true);
        }
        still
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

    /// Gives a source a place: a free one, or that of the lightest, whose count it takes over.
    fn enter(&mut self, packed: Packed, bucket: usize, mut fresh: SourceCount) -> Place {
        let place = if self.entries.len() < K {
            self.entries.push(fresh);
            self.keys.push(packed);
            self.frames.push(fresh.frames);
            self.next.push(NONE);
            self.buckets.push(bucket as u16);
            self.entries.len() - 1
        } else {
            let place = self.lightest_entry();
            self.unlink(place);
            fresh.overcount = self.frames[place];
            self.entries[place] = fresh;
            self.keys[place] = packed;
            self.frames[place] += fresh.frames;
            self.replaced += 1;
            place
        };
        self.buckets[place] = bucket as u16;
        self.next[place] = self.heads[bucket];
        self.heads[bucket] = place as u16;
        Place { index: place as u16, packed }
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
        for (entry, frames) in self.entries.iter_mut().zip(&self.frames) {
            entry.frames = *frames;
        }
        // Most have few frames and so as many as others: what decides between those is looked at in one word first.
        let weight = |place: u16| {
            let entry = &self.entries[usize::from(place)];
            (Reverse(entry.frames), u64::from(entry.key.vlan) << 48 | entry.key.mac.as_u64())
        };
        let mut order = (0..self.entries.len() as u16).map(|place| (weight(place), place)).collect::<Vec<_>>();
        order.sort_unstable_by(|(one, a), (other, b)| {
            let key = |place: u16| &self.entries[usize::from(place)].key;
            one.cmp(other).then_with(|| key(*a).cmp(key(*b)))
        });
        into.extend(order.iter().map(|(_, place)| self.entries[usize::from(*place)]));
        self.entries.clear();
        self.buckets.clear();
        self.keys.clear();
        self.frames.clear();
        self.next.clear();
        self.heads.fill(NONE);
        self.cursor = 0;
        self.lightest = 0;
        std::mem::take(&mut self.replaced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MacAddr;
    use crate::model::frames::Protocol;

    fn key(n: u64) -> SourceKey {
        let mut mac = [0; 6];
        mac.copy_from_slice(&n.to_be_bytes()[2..]);
        SourceKey { vlan: 0, mac: MacAddr(mac), ip: None, group: None, protocol: Protocol::Ssdp }
    }

    fn load(bytes: u64) -> Load {
        Load { frames: 1, bytes, at: Time::from_secs(1) }
    }

    #[test]
    fn heavy_sources_survive_forged_ones() {
        let mut top = TopSources::new(Secret::new(7));
        let mut total = 0_u64;
        for n in 0..200_000_u64 {
            top.count(&key(1_000 + n), &load(60), false);
            total += 1;
            if n % 10 == 0 {
                for heavy in 0..3 {
                    top.count(&key(heavy), &load(60), heavy == 2);
                    total += 1;
                }
            }
        }
        let mut sources = Vec::new();
        assert!(top.drain(&mut sources) > 0);
        assert_eq!(sources.len(), K);
        for heavy in 0..3 {
            let found = sources.iter().find(|s| s.key == key(heavy)).expect("more than 1/k of the frames");
            assert!(found.frames >= 20_000 && found.frames - found.overcount <= 20_000, "{found:?}");
            assert!(found.overcount <= total / K as u64);
        }
        assert_eq!(sources.iter().map(|s| s.frames).sum::<u64>(), total, "Space-Saving loses no count");
    }

    #[test]
    fn few_sources_are_exact() {
        let mut top = TopSources::new(Secret::new(7));
        for n in 0..100 {
            for _ in 0..=n {
                top.count(&key(n), &load(100), false);
            }
        }
        let mut sources = Vec::new();
        assert_eq!(top.drain(&mut sources), 0);
        assert!(sources.iter().all(|s| s.overcount == 0 && s.frames == s.key.mac.as_u64() + 1));
        assert_eq!(sources[0].key, key(99));
    }
}
