//! The numbers of the counter side, each with its origin. Configurable as `detect: counters:`; the absolute floor is
//! [`Thresholds::storm_pps`](crate::detect::Thresholds::storm_pps), which both sides share.

use std::time::Duration;

/// When a port carries more than it is used to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CounterLimits {
    /// Robust z-score of ln(1 + packets/s) that is unusual at once. Six scales: with the least scale of 0.3 that is six
    /// times the usual rate.
    pub z_at_once: f64,
    /// What the one-sided CUSUM forgives in each sample, in scales: half of the shift it shall find (Page 1954).
    pub cusum_allowance: f64,
    /// The sum at which the CUSUM is unusual, in scales: twelve samples one and a half scales above what is usual.
    pub cusum_limit: f64,
    /// Least scale. A quiet port's would be 0, and every packet unusual.
    pub scale_min: f64,
    /// Greatest scale: a port that swings between nothing and much would hide any storm otherwise.
    pub scale_max: f64,
    /// Minutes over which level and scale are averaged: as long a memory as the median over an hour has (half of an hour
    /// of another level moves it).
    pub memory_minutes: u8,
    /// Minutes below which nothing is said of what is usual, and only the absolute floor speaks.
    pub warm_minutes: u8,
    /// Nothing below so many times the usual rate alarms: the busiest second of healthy segments is ten times and more
    /// their mean, their busiest minute is not.
    pub floor_factor: f64,
    /// Above this rate ten times the usual one is not asked for, or a port with television (4,148 packets/s, the 99th
    /// percentile of 2,477 ports) would hide 20,000; twice the usual rate is.
    pub floor_cap_pps: f64,
    /// Renewed samples in a row above the floor that make a storm. One is a burst: announcements after a power cut.
    pub confirm_polls: u8,
    /// Below so many times the usual rate an alarm is weak: a burst of people's work (a meeting begins, a site comes back)
    /// reaches it. The bench `counter_side` draws bursts of eight times a level that itself swings by two.
    pub weak_factor: f64,
    /// Weak alarms alone make a storm when they have gone on for this long. Bursts are drawn up to six minutes there, and of
    /// two in a row some last ten.
    pub weak_for: Duration,
    /// Below this share of what began it an alarm is clearing.
    pub clear_share: f64,
    /// And after this time it ends.
    pub clear_after: Duration,
    /// Multicast frames at least this long on average are media: television has 1,358 octets, the longest discovery
    /// messages about 500.
    pub stream_octets: f64,
    /// Up to this rate media is not a storm by its rate: ten channels in high definition. Above it is where the port is
    /// used to a third of it, and nearly all frames are as long as television's.
    pub stream_pps: f64,
    /// Out must agree with the others' in to this part for a flood.
    pub residual: f64,
}

impl Default for CounterLimits {
    fn default() -> Self {
        Self {
            z_at_once: 6.0,
            cusum_allowance: 0.5,
            cusum_limit: 12.0,
            scale_min: 0.3,
            scale_max: 1.0,
            memory_minutes: 40,
            warm_minutes: 10,
            floor_factor: 10.0,
            floor_cap_pps: 5_000.0,
            confirm_polls: 2,
            weak_factor: 25.0,
            weak_for: Duration::from_secs(900),
            clear_share: 0.5,
            clear_after: Duration::from_secs(60),
            stream_octets: 700.0,
            stream_pps: 10_000.0,
            residual: 0.2,
        }
    }
}

impl CounterLimits {
    /// The rate, packets per second, below which nothing alarms. `lowest`: the absolute floor; `usual`: what the port is
    /// used to, where that is known.
    #[must_use]
    pub fn floor(&self, lowest: f64, usual: Option<f64>) -> f64 {
        let above = |usual: f64| (self.floor_factor * usual).min(self.floor_cap_pps.max(2.0 * usual));
        usual.map_or(lowest, |usual| lowest.max(above(usual)))
    }
}
