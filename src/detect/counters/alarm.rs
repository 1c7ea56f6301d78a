//! A port above what it is used to: suspected, confirmed, clearing. Knows no other port.

use super::limits::CounterLimits;
use crate::model::Time;
use std::sync::Arc;
use std::time::Duration;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Into the switch: from what is behind the port.
    In,
    /// Out of it.
    Out,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Multicast and broadcast packets.
    Group,
    /// Broadcast packets alone, where multicasts would have hidden them.
    Broadcast,
    /// All packets: the agent's multicast and broadcast counters have always been zero, which means that it has none.
    All,
}

/// A port above what it is used to.
#[derive(Clone, Debug, PartialEq)]
pub struct PortAlarm {
    /// Name of the target.
    pub target: Arc<str>,
    /// Name of the port.
    pub port: Arc<str>,
    /// Which way.
    pub direction: Direction,
    /// The rest.
    pub state: Alarm,
}

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alarm {
    /// First sample above; what it counts began up to [`Alarm::span`] before.
    pub since: Time,
    /// Latest sample.
    pub at: Time,
    /// Latest sample that was not below the share at which it clears.
    pub above_at: Time,
    /// Time that the latest sample spans.
    pub span: Duration,
    /// Packets per second in the latest sample.
    pub pps: f64,
    /// Share of broadcasts in them.
    pub broadcast_share: f64,
    /// Mean length of the frames in octets, where it can be told from that of unicasts.
    pub frame_octets: Option<f64>,
    /// What the port is used to, packets per second; `None` if it was not watched for long enough to tell.
    pub usual_pps: Option<f64>,
    /// What is counted.
    pub counted: Counted,
    /// Samples above the floor.
    pub polls: u8,
    /// Samples of these that were no [weak](super::CounterLimits::weak_factor) ones.
    pub strong_polls: u8,
    /// The rate that began it.
    pub(super) floor: f64,
    pub(super) below_since: Option<Time>,
}

impl Alarm {
    /// Seen often enough not to be a burst.
    #[must_use]
    pub const fn confirmed(&self, polls: u8) -> bool {
        self.polls >= polls
    }

    /// Confirmed, and too strong or too long for a burst: such an alarm says by itself that something is wrong. Others
    /// tell where it goes.
    #[must_use]
    pub fn sure(&self, limits: &CounterLimits) -> bool {
        self.strong_polls >= limits.confirm_polls
            || self.confirmed(limits.confirm_polls) && self.above_at.since(self.since) >= limits.weak_for
    }

    /// Below the share of its beginning at which it clears.
    #[must_use]
    pub const fn clearing(&self) -> bool {
        self.below_since.is_some()
    }
}
