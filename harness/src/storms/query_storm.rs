//! Two queriers outbid each other, or one has lost its timer: general queries without end.

use super::{Injector, Step, flood};
use crate::packets::{self, Igmp};
use crate::world::World;
use std::time::Duration;

/// `query_storm`.
pub(super) struct QueryStorm;

impl Injector for QueryStorm {
    fn id(&self) -> &'static str {
        "query_storm"
    }

    fn about(&self) -> &'static str {
        "One host sends IGMP and MLD general queries at a high rate."
    }

    /// Multicasts that come in at one port: device, router and cable look alike there.
    fn by_counters(&self) -> Option<&'static str> {
        Some("unexplained")
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let words = ["begins to ask everybody for group memberships, without pause", "stops asking"];
        flood(world, index, step, words, |world, host, sender, count| {
            if count % 2 == 0 {
                packets::igmp(sender.mac, sender.ip, world.ip_id(host), Igmp::GeneralQuery)
            } else {
                packets::mld_query(sender.mac, 10_000)
            }
        })
    }
}
