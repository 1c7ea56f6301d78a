//! What one column of a port is used to: level and scale of ln(1 + packets/s), and a one-sided CUSUM above them. Pure
//! arithmetic; knows no port and no time but the minutes it is told of.
//!
//! Level and scale are streaming estimates. The median and the median absolute deviation over an hour of minutes would
//! need 60 bytes for each of two million series; these need twelve, and what pulls a mean away is cut off at three scales
//! (Huber's proposal). The bench `counter_side` compares the two on the same series.

use super::limits::CounterLimits;

/// Steps of a unit of ln(1 + pps) in which level, scale and sums are kept: 2,048 of them reach to 32, and no rate there is
/// goes beyond 28.
const STEPS: f64 = 2048.0;
/// A minute that is further off than this many scales moves the level no more than one that is as far.
const CUT_OFF: f64 = 3.0;
/// Mean absolute deviation to standard deviation, for normal data: √(π/2).
const DEVIATION_TO_SIGMA: f64 = 1.2533;

/// One column of a port. There are two million of these.
#[derive(Clone, Copy, Debug, Default)]
pub struct Series {
    level: u16,
    scale: u16,
    cusum: u16,
    /// Mean of the present minute, and of how many samples.
    present: u16,
    samples: u8,
    /// Minutes learned, up to the memory.
    minutes: u8,
}

/// ln(1 + packets/s) of a sample: what a series looks at and learns, worked out once for both.
#[derive(Clone, Copy, Debug)]
pub struct Height(f64);

impl Height {
    /// Of a rate in packets per second.
    #[must_use]
    pub fn of(pps: f64) -> Self {
        // Rates have seven digits and steps are 1/2048: a logarithm in single precision is exact enough, in a third of the time.
        Self(f64::from((1.0 + pps as f32).ln()))
    }
}

/// How a sample looks to a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// The usual rate as it is kept, in steps; `None` if it was not watched for long enough to tell.
    level: Option<u16>,
    /// In scales above what is usual; 0 in a cold start.
    pub z: f64,
    /// It is far above at once, or has been above for some time.
    pub unusual: bool,
}

impl Look {
    /// Nobody knows yet what is usual.
    #[must_use]
    pub const fn is_cold(&self) -> bool {
        self.level.is_none()
    }

    /// The usual rate, packets per second. Worked out where it is asked for: of ten thousand samples one is unusual.
    #[must_use]
    pub fn usual_pps(&self) -> Option<f64> {
        self.level.map(|level| unpack(level).exp_m1())
    }
}

fn pack(value: f64) -> u16 {
    // Saturates at both ends: a float that does not fit becomes the nearest that does. To the nearest step: nothing here is
    // negative, and `round` is a call into the C library on processors of the oldest kind.
    (value * STEPS + 0.5) as u16
}

fn unpack(value: u16) -> f64 {
    f64::from(value) / STEPS
}

impl Series {
    /// Looks at a sample and enters it in the CUSUM; learns nothing from it.
    pub fn look(&mut self, sample: Height, limits: &CounterLimits) -> Look {
        if self.minutes < limits.warm_minutes {
            return Look { level: None, z: 0.0, unusual: false };
        }
        let scale = unpack(self.scale).clamp(limits.scale_min, limits.scale_max);
        let z = (sample.0 - unpack(self.level)) / scale;
        // A single sample brings no more than what alarms at once: what is over at once is no drift.
        let sum = unpack(self.cusum) + (z.min(limits.z_at_once) - limits.cusum_allowance) / 2.0;
        self.cusum = pack(sum.max(0.0));
        // Kept in halves, so that the limit fits.
        let unusual = z >= limits.z_at_once || sum * 2.0 >= limits.cusum_limit;
        Look { level: Some(self.level), z, unusual }
    }

    /// Learns from a sample of the present minute.
    pub fn learn(&mut self, sample: Height) {
        self.samples = self.samples.saturating_add(1);
        let mean = unpack(self.present);
        self.present = pack(mean + (sample.0 - mean) / f64::from(self.samples));
    }

    /// A minute is over: what was learned in it enters level and scale.
    pub fn close_minute(&mut self, limits: &CounterLimits) {
        if self.samples == 0 {
            return;
        }
        let value = unpack(self.present);
        (self.present, self.samples) = (0, 0);
        self.minutes = self.minutes.saturating_add(1).min(limits.memory_minutes.max(limits.warm_minutes).max(1));
        if self.minutes == 1 {
            (self.level, self.scale) = (pack(value), 0);
            return;
        }
        let share = 1.0 / f64::from(self.minutes);
        let (level, scale) = (unpack(self.level), unpack(self.scale));
        let most = CUT_OFF * scale.clamp(limits.scale_min, limits.scale_max);
        let off = (value - level).clamp(-most, most);
        self.level = pack(level + off * share);
        self.scale = pack(scale + (off.abs() * DEVIATION_TO_SIGMA - scale) * share);
    }

    /// What was above is over.
    pub fn calm(&mut self) {
        self.cusum = 0;
    }

    /// Minutes learned so far, up to the memory.
    #[must_use]
    pub const fn minutes(&self) -> u8 {
        self.minutes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(minutes: impl IntoIterator<Item = f64>) -> Series {
        let mut series = Series::default();
        for pps in minutes {
            series.learn(Height::of(pps));
            series.close_minute(&CounterLimits::default());
        }
        series
    }

    #[test]
    fn level_and_scale_are_those_of_the_bulk() {
        let limits = CounterLimits::default();
        let spiky = (0..60).map(|n| if n % 10 == 9 { 80.0 } else { 5.0 });
        // Name, what was learned, what comes, whether that is unusual at once.
        let table: &[(&str, Vec<f64>, f64, bool)] = &[
            ("cold", vec![5.0; 9], 5000.0, false),
            ("six times what is usual", vec![5.0; 60], 36.0, true),
            ("less than that", vec![5.0; 60], 30.0, false),
            ("one minute in ten is another", spiky.collect(), 500.0, true),
            ("a silent port", vec![0.0; 60], 6.0, true),
            ("an hour of another level is what is usual", [vec![5.0; 60], vec![50.0; 60]].concat(), 120.0, false),
        ];
        for (name, minutes, pps, unusual) in table {
            let mut series = learned(minutes.iter().copied());
            assert_eq!(series.look(Height::of(*pps), &limits).unusual, *unusual, "{name}: {series:?}");
        }
    }

    #[test]
    fn the_sum_finds_what_no_sample_shows() {
        let limits = CounterLimits::default();
        let mut series = learned([5.0; 60]);
        let first = (1..100).find(|_| series.look(Height::of(12.0), &limits).unusual);
        // ln(13/6) / 0.3 is 2.6 scales, of which 2.1 add up.
        assert_eq!(first, Some(6));
        series.calm();
        assert!(!series.look(Height::of(5.0), &limits).unusual);
    }

    #[test]
    fn it_stays_small() {
        assert!(size_of::<Series>() <= 12, "{}", size_of::<Series>());
    }
}
