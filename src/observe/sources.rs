//! Who sends most: Space-Saving (Metwally, Agrawal, El Abbadi 2005) over a fixed number of places. A flood of forged
//! sources cannot grow it, and a source with more than 1/k of the frames is always in it.

use crate::model::Time;
use crate::model::frames::{SourceCount, SourceKey};
use std::net::IpAddr;

/// Places; the count of any source is at most total / K too large.
pub const K: usize = 256;
const BUCKETS: usize = 512;
const NONE: u16 = u16::MAX;

/// The heaviest sources since the last drain.
#[derive(Debug)]
pub struct TopSources {
    entries: Vec<SourceCount>,
    next: Vec<u16>,
    heads: Box<[u16; BUCKETS]>,
    /// Where the search for the lightest entry goes on, and the count it had last: entries only grow, so that the scan
    /// starts over only when no entry of that count is left.
    cursor: usize,
    lightest: u64,
    replaced: u64,
}

impl Default for TopSources {
    fn default() -> Self {
        Self {
            entries: Vec::with_capacity(K),
            next: Vec::with_capacity(K),
            heads: Box::new([NONE; BUCKETS]),
            cursor: 0,
            lightest: 0,
            replaced: 0,
        }
    }
}

fn bucket(key: &SourceKey) -> usize {
    let address = |ip: Option<IpAddr>| match ip {
        None => 0,
        Some(IpAddr::V4(v4)) => u64::from(u32::from(v4)),
        Some(IpAddr::V6(v6)) => (u128::from(v6) ^ (u128::from(v6) >> 64)) as u64,
    };
    let mixed = key.mac.as_u64().wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ address(key.ip).wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
        ^ address(key.group).wrapping_mul(0x1656_67b1_9e37_79f9)
        ^ u64::from(key.vlan) << 8
        ^ key.protocol as u64;
    (mixed.wrapping_mul(0xff51_afd7_ed55_8ccd) >> 40) as usize % BUCKETS
}

impl TopSources {
    /// Counts a frame of `key`; `repeat` if its datagram was seen within the last second.
    pub fn count(&mut self, key: &SourceKey, bytes: u32, at: Time, repeat: bool) {
        let bucket = bucket(key);
        let mut index = self.heads[bucket];
        while index != NONE {
            let entry = &mut self.entries[usize::from(index)];
            if entry.key == *key {
                entry.frames += 1;
                entry.bytes += u64::from(bytes);
                entry.repeats += u64::from(repeat);
                entry.last = at;
                return;
            }
            index = self.next[usize::from(index)];
        }
        let fresh = SourceCount {
            key: *key,
            frames: 1,
            overcount: 0,
            bytes: u64::from(bytes),
            repeats: u64::from(repeat),
            first: at,
            last: at,
        };
        let place = if self.entries.len() < K {
            self.entries.push(fresh);
            self.next.push(NONE);
            self.entries.len() - 1
        } else {
            let place = self.lightest_entry();
            self.unlink(place);
            let count = self.entries[place].frames;
            self.entries[place] = SourceCount { frames: count + 1, overcount: count, ..fresh };
            self.replaced += 1;
            place
        };
        self.next[place] = self.heads[bucket];
        self.heads[bucket] = place as u16;
    }

    fn lightest_entry(&mut self) -> usize {
        for _ in 0..2 {
            if let Some(found) = (self.cursor..K).find(|&i| self.entries[i].frames <= self.lightest) {
                self.cursor = found;
                return found;
            }
            self.cursor = 0;
            self.lightest = self.entries.iter().map(|e| e.frames).min().unwrap_or(0);
        }
        0
    }

    fn unlink(&mut self, place: usize) {
        let bucket = bucket(&self.entries[place].key);
        let target = place as u16;
        if self.heads[bucket] == target {
            self.heads[bucket] = self.next[place];
            return;
        }
        let mut index = self.heads[bucket];
        while index != NONE {
            let following = self.next[usize::from(index)];
            if following == target {
                self.next[usize::from(index)] = self.next[place];
                return;
            }
            index = following;
        }
    }

    /// Takes everything, heaviest first, and the number of sources that had to make room.
    pub fn drain(&mut self, into: &mut Vec<SourceCount>) -> u64 {
        into.append(&mut self.entries);
        into.sort_by(|a, b| b.frames.cmp(&a.frames).then(a.key.cmp(&b.key)));
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

    #[test]
    fn heavy_sources_survive_forged_ones() {
        let mut top = TopSources::default();
        let mut total = 0_u64;
        for n in 0..200_000_u64 {
            top.count(&key(1_000 + n), 60, Time::from_secs(1), false);
            total += 1;
            if n % 10 == 0 {
                for heavy in 0..3 {
                    top.count(&key(heavy), 60, Time::from_secs(1), heavy == 2);
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
        let mut top = TopSources::default();
        for n in 0..100 {
            for _ in 0..=n {
                top.count(&key(n), 100, Time::from_secs(1), false);
            }
        }
        let mut sources = Vec::new();
        assert_eq!(top.drain(&mut sources), 0);
        assert!(sources.iter().all(|s| s.overcount == 0 && s.frames == s.key.mac.as_u64() + 1));
        assert_eq!(sources[0].key, key(99));
    }
}
