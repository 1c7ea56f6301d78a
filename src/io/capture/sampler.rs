//! Leaves out frames before the tally, for hosts too weak for a storm: verdicts must hold on a sample. Counts what it
//! left out. The seed is an argument.

/// Leaves out frames at random: regular gaps would fall in step with regular traffic.
#[derive(Debug)]
pub(super) struct Sampler {
    one_in: u64,
    state: u64,
    left_out: u64,
}

impl Sampler {
    /// Keeps one frame in `one_in`; `None`, 0 and 1: every frame.
    pub(super) fn new(one_in: Option<u32>, seed: u64) -> Self {
        // Xorshift must not start at 0.
        Self { one_in: u64::from(one_in.unwrap_or(1).max(1)), state: seed | 1, left_out: 0 }
    }

    /// Whether to tally the next frame.
    pub(super) fn keeps(&mut self) -> bool {
        if self.one_in == 1 {
            return true;
        }
        // Xorshift (Marsaglia, 2003).
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        // The high half times the divisor: a range without a division.
        let kept = ((self.state >> 32) * self.one_in) >> 32 == 0;
        self.left_out += u64::from(!kept);
        kept
    }

    /// Frames left out since the last call.
    pub(super) fn take_left_out(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_as_large_as_asked_for_and_counts_the_rest() {
        for (one_in, expected) in [(None, 100_000), (Some(0), 100_000), (Some(1), 100_000), (Some(10), 10_000)] {
            let mut sampler = Sampler::new(one_in, 0);
            let kept = (0..100_000).filter(|_| sampler.keeps()).count() as u64;
            assert!(kept.abs_diff(expected) < 500, "one in {one_in:?}: {kept}");
            assert_eq!(kept + sampler.take_left_out(), 100_000);
            assert_eq!(sampler.take_left_out(), 0);
        }
    }

    #[test]
    fn the_sample_does_not_fall_in_step_with_a_pattern() {
        let mut sampler = Sampler::new(Some(10), 7);
        let mut per_phase = [0_u32; 10];
        for i in 0..100_000 {
            per_phase[i % 10] += u32::from(sampler.keeps());
        }
        assert!(per_phase.iter().all(|count| (800..1200).contains(count)), "{per_phase:?}");
    }
}
