//! A network card hangs and sends pause frames without end: the port of the switch falls silent.

use super::{Injector, Step, flood};
use crate::packets;
use crate::world::World;
use std::ops::RangeInclusive;
use std::time::Duration;

/// `pause_flood`.
pub(super) struct PauseFlood;

impl Injector for PauseFlood {
    fn id(&self) -> &'static str {
        "pause_flood"
    }

    fn about(&self) -> &'static str {
        "A hung network card sends pause frames without end, and its port drops everything."
    }

    fn rates(&self) -> RangeInclusive<u64> {
        200..=5000
    }

    fn is_visible(&self) -> bool {
        false
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let words = ["hangs, and its network card begins to send pause frames", "is restarted"];
        flood(world, index, step, words, |_, _, sender, _| packets::pause(sender.mac))
    }
}
