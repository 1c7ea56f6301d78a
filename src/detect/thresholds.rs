//! The numbers a storm is measured by, each with its origin. Configurable as `detect:`.

use super::counters::CounterLimits;
use std::time::Duration;

/// When something is a storm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Copies of one datagram within a second that are no longer healthy. Healthy maximum in 99 captures: 4.
    pub replica_copies: u64,
    /// Frames per second of one source that make it a suspect. Busiest second of a whole healthy segment: 27.
    pub source_pps: u64,
    /// For how many seconds in a row. The burst of announcements after a power cut is over in one.
    pub source_seconds: u32,
    /// From this rate on one source is a storm, below it a warning: the floor of the counter side, 100 frames/s.
    pub storm_pps: u64,
    /// Any cause at this rate is a storm: 1,800/s, 0.2 % of a gigabit, killed the home this project began in.
    pub critical_pps: u64,
    /// Replicas per second that cannot be the bounded echo of single messages.
    pub replica_pps: u64,
    /// An active storm of which nothing was seen for this long is clearing.
    pub clearing_after: Duration,
    /// A clearing storm of which nothing was seen for this long is over.
    pub over_after: Duration,
    /// When a port's counters are beyond what the port is used to.
    pub counters: CounterLimits,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            replica_copies: 6,
            source_pps: 50,
            source_seconds: 3,
            storm_pps: 100,
            critical_pps: 500,
            replica_pps: 50,
            clearing_after: Duration::from_secs(2),
            over_after: Duration::from_secs(5),
            counters: CounterLimits::default(),
        }
    }
}
