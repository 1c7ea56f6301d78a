//! Strategies for worlds: the home of the incident with a reflection of any kind in it.

use proptest::prelude::*;
use std::time::Duration;
use stormglass_harness::Scenario;
use stormglass_harness::scenario::{Direction, Storm, TtlMode};

/// The second router is switched on after this: long enough to know who owns which address.
pub const QUIET: Duration = Duration::from_secs(14);

/// A reflection, and how well it is seen.
#[derive(Clone, Copy, Debug)]
pub struct Reflection {
    /// Seed of the world.
    pub seed: u64,
    /// What the proxy does with the TTL.
    pub ttl: TtlMode,
    /// Which way it forwards, and with it whose MAC the copies carry.
    pub direction: Direction,
    /// Copies per second at most.
    pub rate_pps: u64,
    /// Share of the frames that the capture loses.
    pub drop_share: f64,
}

impl Reflection {
    /// The scenario: quiet, then a reflection for `lasts`, then quiet for seven seconds.
    #[must_use]
    pub fn scenario(&self, lasts: Duration) -> Scenario {
        let mut scenario = home();
        let mut storm = Storm::new("l3_reflector", QUIET);
        storm.until = Some(QUIET + lasts);
        storm.ttl = self.ttl;
        storm.direction = self.direction;
        storm.rate_pps = self.rate_pps;
        storm.host = Some("Echo".to_owned());
        storm.kindle_after = Duration::from_millis(300);
        scenario.storms = vec![storm];
        scenario.duration = QUIET + lasts + Duration::from_secs(7);
        scenario
    }
}

/// The home without any storm.
///
/// # Panics
/// Never: a test of the harness reads every scenario that is compiled in.
#[must_use]
pub fn home() -> Scenario {
    Scenario::builtin("quiet").expect("the harness tests its scenarios")
}

/// Any way a router can forward.
pub fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::WanToLan), Just(Direction::LanToWan), Just(Direction::Both)]
}

/// A reflection with this TTL mode, with up to nine of ten frames lost.
pub fn reflection(ttl: TtlMode) -> impl Strategy<Value = Reflection> {
    let loss = prop_oneof![Just(0.0), 0.0..0.9, Just(0.9)];
    (any::<u64>(), direction(), 100_u64..5_000, loss).prop_map(move |(seed, direction, rate_pps, drop_share)| {
        Reflection { seed, ttl, direction, rate_pps, drop_share }
    })
}
