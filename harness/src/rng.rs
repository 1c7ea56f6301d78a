//! Pseudo-random numbers from a seed (SplitMix64: Steele, Lea, Flood 2014). The only chance in the world; never asks
//! the machine for entropy.

use std::time::Duration;

/// A stream of numbers that its seed determines.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0. The bias of the product method is below 2⁻³² for the bounds here.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// True in `share` of the cases (0 to 1).
    pub fn chance(&mut self, share: f64) -> bool {
        ((self.bits() >> 11) as f64) < share * (1_u64 << 53) as f64
    }

    /// A time from `from` up to, not including, `to`.
    pub fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let span = u64::try_from(to.saturating_sub(from).as_nanos()).unwrap_or(u64::MAX);
        from + Duration::from_nanos(self.below(span))
    }

    /// `time`, give or take a fifth: no device keeps time to the microsecond, and none shares another's phase.
    pub fn jitter(&mut self, time: Duration) -> Duration {
        self.between(time.mul_f64(0.8), time.mul_f64(1.2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_one_stream_within_its_bounds() {
        let stream = |seed| {
            let mut rng = Rng::new(seed);
            (0..1000).map(|_| rng.below(10)).collect::<Vec<_>>()
        };
        assert_eq!(stream(1), stream(1));
        assert_ne!(stream(1), stream(2));
        assert!((0..10).all(|n| stream(1).contains(&n)) && stream(1).iter().all(|n| *n < 10));
        let mut rng = Rng::new(3);
        let hits = (0..10_000).filter(|_| rng.chance(0.9)).count();
        assert!((8_800..9_200).contains(&hits), "{hits}");
    }
}
