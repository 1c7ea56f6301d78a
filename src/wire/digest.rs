//! A keyed 64-bit hash of bytes, by which fixed tables tell datagrams and sources apart at line rate. It is of the kind of
//! wyhash and rapidhash: words are multiplied to 128 bits and the halves folded together, four lanes side by side. No
//! cryptography: it promises that whoever does not know the seed cannot choose collisions, and hides nothing.

/// What makes the hash this process's own.
#[derive(Clone, Copy)]
pub struct Secret([u64; 4]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The halves of the 128-bit product, folded.
#[inline]
const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

/// Bytes of a block: one pair of words for each lane.
const BLOCK: usize = 64;
/// Bytes that one lane takes at once.
const PAIR: usize = 16;

/// The two words of a pair.
#[inline]
fn words(pair: &[u8; PAIR]) -> (u64, u64) {
    let both = u128::from_le_bytes(*pair);
    (both as u64, (both >> 64) as u64)
}

impl Secret {
    /// Spreads a seed over the lanes (SplitMix64; Steele, Lea, Flood 2014).
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        let mut lanes = [0; 4];
        let mut state = seed;
        let mut lane = 0;
        while lane < lanes.len() {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            lanes[lane] = mixed ^ (mixed >> 31);
            lane += 1;
        }
        Self(lanes)
    }

    /// Two words in one.
    #[inline]
    #[must_use]
    pub const fn mix(&self, one: u64, two: u64) -> u64 {
        fold(one ^ self.0[0], two ^ self.0[1])
    }

    /// The hash of `bytes` and of what was [mixed](Self::mix) before.
    #[inline]
    #[must_use]
    pub fn digest(&self, before: u64, bytes: &[u8]) -> u64 {
        let mut lanes = [self.0[1], self.0[2], self.0[3], self.0[0]];
        let mut take = |lane: usize, pair: &[u8; PAIR]| {
            let (one, two) = words(pair);
            lanes[lane] = fold(one ^ self.0[lane], two ^ lanes[lane]);
        };
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        for block in blocks {
            // Lanes do not wait for one another: four products are under way at once.
            let (pairs, _) = block.as_chunks::<PAIR>();
            for (lane, pair) in pairs.iter().enumerate() {
                take(lane, pair);
            }
        }
        match bytes.last_chunk::<BLOCK>() {
            // What is left is the end of the last block that there is, some of it taken for a second time: no loop, whose end
            // nobody could foresee. The length, which says where that block begins, goes in below.
            Some(last) => {
                let (pairs, _) = last.as_chunks::<PAIR>();
                for (lane, pair) in pairs.iter().enumerate() {
                    take(lane, pair);
                }
            }
            // At most three whole pairs, for the first lanes; the last sixteen bytes, in the same way, are the fourth's.
            None => {
                let (pairs, _) = rest.as_chunks::<PAIR>();
                for (lane, pair) in pairs.iter().enumerate() {
                    take(lane, pair);
                }
                match bytes.last_chunk::<PAIR>() {
                    Some(last) => take(3, last),
                    None => {
                        let mut last = [0; PAIR];
                        last[..bytes.len()].copy_from_slice(bytes);
                        take(3, &last);
                    }
                }
            }
        }
        let [a, b, c, d] = lanes;
        fold(fold(a, b) ^ before, fold(c, d) ^ self.0[2] ^ bytes.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Bytes that look like nothing in particular.
    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|n| (n.wrapping_mul(167) ^ (n >> 3)) as u8).collect()
    }

    #[test]
    fn every_bit_of_every_byte_counts() {
        let secret = Secret::new(7);
        for length in (0..200).chain([1472, 1500]) {
            let text = bytes(length);
            let whole = secret.digest(1, &text);
            for at in 0..length {
                for bit in 0..8 {
                    let mut other = text.clone();
                    other[at] ^= 1 << bit;
                    let changed = (secret.digest(1, &other) ^ whole).count_ones();
                    assert!(changed > 8, "byte {at} of {length}, bit {bit}: {changed} bits");
                }
            }
            assert_ne!(whole, secret.digest(2, &text), "what came before counts");
            assert_ne!(whole, Secret::new(8).digest(1, &text), "the seed counts");
        }
    }

    #[test]
    fn lengths_and_places_are_told_apart() {
        let secret = Secret::new(7);
        let zeros = (0..2000).map(|length| secret.digest(0, &vec![0; length])).collect::<BTreeSet<_>>();
        assert_eq!(zeros.len(), 2000);
        // The same pair in other lanes, as a permutation of blocks has it.
        let places = (0..64).map(|at| {
            let mut text = [0; 1024];
            text[at * PAIR] = 1;
            secret.digest(0, &text)
        });
        assert_eq!(places.collect::<BTreeSet<_>>().len(), 64);
    }

    #[test]
    fn buckets_fill_evenly() {
        let secret = Secret::new(7);
        let mut buckets = [0_u32; 256];
        for n in 0..100_000_u32 {
            buckets[secret.digest(0, &n.to_be_bytes()) as usize % 256] += 1;
            buckets[secret.mix(u64::from(n), 5) as usize % 256] += 1;
        }
        let mean = 200_000.0 / 256.0;
        let chi = buckets.iter().map(|count| (f64::from(*count) - mean).powi(2) / mean).sum::<f64>();
        // 255 degrees of freedom: mean 255, standard deviation 23.
        assert!((150.0..370.0).contains(&chi), "{chi}");
    }
}
