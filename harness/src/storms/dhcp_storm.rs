//! One host looks for a DHCP server without pause, each time with a new transaction.

use super::{Injector, Step, flood};
use crate::packets;
use crate::world::World;
use std::time::Duration;

/// `dhcp_storm`.
pub(super) struct DhcpStorm;

impl Injector for DhcpStorm {
    fn id(&self) -> &'static str {
        "dhcp_storm"
    }

    fn about(&self) -> &'static str {
        "One host broadcasts DHCP discoveries at a high rate."
    }

    /// Broadcasts of one device; of which protocol nobody counts.
    fn by_counters(&self) -> Option<&'static str> {
        Some("chatty_source")
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let words = ["begins to look for a DHCP server, without pause", "stops looking"];
        flood(world, index, step, words, |world, host, sender, _| {
            let xid = world.rng.bits() as u32;
            packets::dhcp_discover(xid, sender.mac, world.ip_id(host))
        })
    }
}
