//! `detect: counters:`, the limits of the counter side. What each number means and where its default comes from stands at
//! [`CounterLimits`]; knows nothing of how they are used.

use super::Interval;
use crate::detect::counters::CounterLimits;
use serde::Deserialize;

/// `detect: counters:`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetectCounters {
    /// [`CounterLimits::z_at_once`].
    pub z_at_once: Option<f64>,
    /// [`CounterLimits::cusum_allowance`].
    pub cusum_allowance: Option<f64>,
    /// [`CounterLimits::cusum_limit`].
    pub cusum_limit: Option<f64>,
    /// [`CounterLimits::scale_min`].
    pub scale_min: Option<f64>,
    /// [`CounterLimits::scale_max`].
    pub scale_max: Option<f64>,
    /// [`CounterLimits::memory_minutes`].
    pub memory_minutes: Option<u8>,
    /// [`CounterLimits::warm_minutes`].
    pub warm_minutes: Option<u8>,
    /// [`CounterLimits::floor_factor`].
    pub floor_factor: Option<f64>,
    /// [`CounterLimits::floor_cap_pps`].
    pub floor_cap_pps: Option<f64>,
    /// [`CounterLimits::confirm_polls`].
    pub confirm_polls: Option<u8>,
    /// [`CounterLimits::weak_factor`].
    pub weak_factor: Option<f64>,
    /// [`CounterLimits::weak_for`].
    pub weak_for: Option<Interval>,
    /// [`CounterLimits::clear_share`].
    pub clear_share: Option<f64>,
    /// [`CounterLimits::clear_after`].
    pub clear_after: Option<Interval>,
    /// [`CounterLimits::stream_octets`].
    pub stream_octets: Option<f64>,
    /// [`CounterLimits::stream_pps`].
    pub stream_pps: Option<f64>,
    /// [`CounterLimits::residual`].
    pub residual: Option<f64>,
}

impl DetectCounters {
    /// The limits, defaults included.
    #[must_use]
    pub fn limits(&self) -> CounterLimits {
        let default = CounterLimits::default();
        CounterLimits {
            z_at_once: self.z_at_once.unwrap_or(default.z_at_once),
            cusum_allowance: self.cusum_allowance.unwrap_or(default.cusum_allowance),
            cusum_limit: self.cusum_limit.unwrap_or(default.cusum_limit),
            scale_min: self.scale_min.unwrap_or(default.scale_min),
            scale_max: self.scale_max.unwrap_or(default.scale_max),
            memory_minutes: self.memory_minutes.unwrap_or(default.memory_minutes),
            warm_minutes: self.warm_minutes.unwrap_or(default.warm_minutes),
            floor_factor: self.floor_factor.unwrap_or(default.floor_factor),
            floor_cap_pps: self.floor_cap_pps.unwrap_or(default.floor_cap_pps),
            confirm_polls: self.confirm_polls.unwrap_or(default.confirm_polls),
            weak_factor: self.weak_factor.unwrap_or(default.weak_factor),
            weak_for: self.weak_for.map_or(default.weak_for, |interval| interval.0),
            clear_share: self.clear_share.unwrap_or(default.clear_share),
            clear_after: self.clear_after.map_or(default.clear_after, |interval| interval.0),
            stream_octets: self.stream_octets.unwrap_or(default.stream_octets),
            stream_pps: self.stream_pps.unwrap_or(default.stream_pps),
            residual: self.residual.unwrap_or(default.residual),
        }
    }

    /// Refuses what would make the watcher blind, or everything a storm.
    ///
    /// # Errors
    /// The key, and what it may be.
    pub fn check(&self) -> Result<(), &'static str> {
        let limits = self.limits();
        // Not a number is within no range.
        let wrong = [
            (
                !(1.0..=100.0).contains(&limits.z_at_once),
                "detect.counters.z_at_once: from 1 to 100; below 1 every other sample is unusual",
            ),
            (!(0.0..=5.0).contains(&limits.cusum_allowance), "detect.counters.cusum_allowance: from 0 to 5 scales"),
            (
                !(1.0..=60.0).contains(&limits.cusum_limit),
                "detect.counters.cusum_limit: from 1 to 60 scales; more than 60 is not kept",
            ),
            (
                !(0.05..=limits.scale_max).contains(&limits.scale_min) || limits.scale_max.is_nan(),
                "detect.counters.scale_min: from 0.05 to scale_max; at 0 every packet on a quiet port is unusual",
            ),
            (!(0.05..=10.0).contains(&limits.scale_max), "detect.counters.scale_max: from 0.05 to 10"),
            (
                limits.warm_minutes == 0 || limits.memory_minutes < limits.warm_minutes,
                "detect.counters.memory_minutes: at least warm_minutes, and that at least 1",
            ),
            (!(1.0..=1000.0).contains(&limits.floor_factor), "detect.counters.floor_factor: from 1 to 1000"),
            (!(1.0..=1e9).contains(&limits.floor_cap_pps), "detect.counters.floor_cap_pps: from 1 to 1000000000"),
            (
                limits.confirm_polls == 0,
                "detect.counters.confirm_polls: 0 makes a storm of nothing; 1 is the least, 2 leaves out bursts",
            ),
            (
                !(1.0..=1000.0).contains(&limits.weak_factor),
                "detect.counters.weak_factor: from 1 to 1000; at floor_factor and below no alarm is weak",
            ),
            (!(0.01..=1.0).contains(&limits.clear_share), "detect.counters.clear_share: from 0.01 to 1"),
            (
                !(64.0..=10_000.0).contains(&limits.stream_octets),
                "detect.counters.stream_octets: from 64, the shortest frame, to 10000",
            ),
            (!(0.0..=1e9).contains(&limits.stream_pps), "detect.counters.stream_pps: from 0 to 1000000000"),
            (!(0.01..=0.5).contains(&limits.residual), "detect.counters.residual: from 0.01 to 0.5"),
        ];
        wrong.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, message)| Err(message))
    }
}
