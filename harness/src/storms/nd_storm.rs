//! One host looks for IPv6 neighbours without pause.

use super::{Injector, Step, flood};
use crate::Mac;
use crate::packets;
use crate::world::World;
use std::time::Duration;

/// `nd_storm`.
pub(super) struct NdStorm;

impl Injector for NdStorm {
    fn id(&self) -> &'static str {
        "nd_storm"
    }

    fn about(&self) -> &'static str {
        "One host sends IPv6 neighbour solicitations at a high rate."
    }

    /// Multicasts that come in at one port: device, router and cable look alike there.
    fn by_counters(&self) -> Option<&'static str> {
        Some("unexplained")
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let words = ["begins to look for one IPv6 neighbour after the other", "stops looking"];
        flood(world, index, step, words, |_, _, sender, count| {
            let [a, b] = (count as u16).to_be_bytes();
            packets::neighbour_solicitation(sender.mac, Mac([2, 0x6e, 0x64, 0, a, b]))
        })
    }
}
