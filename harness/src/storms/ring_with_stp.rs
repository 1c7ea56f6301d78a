//! A cable closes a ring between two sockets of a switch that has a spanning tree: it blocks one, and nothing happens.
//! Nothing is wrong with it.

use super::{Injector, Step};
use crate::scenario::Scenario;
use crate::world::World;
use crate::world::proxy::Side;
use std::time::Duration;

/// `ring_with_stp`.
pub(super) struct RingWithStp;

impl Injector for RingWithStp {
    fn id(&self) -> &'static str {
        "ring_with_stp"
    }

    fn about(&self) -> &'static str {
        "A cable closes a ring, and the spanning tree blocks it. Healthy."
    }

    fn cause(&self) -> Option<&'static str> {
        None
    }

    fn prepare(&self, scenario: &mut Scenario, _: usize) {
        for switch in scenario.switches.iter_mut().filter(|switch| switch.managed) {
            switch.manners.stp = true;
        }
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let ends = [Side::Lan, Side::Wan].map(|side| world.scenario().second_router.socket(side));
        let (plugged, now) = (step == Step::Begin, world.now());
        if let Some(switch) = world.switch_mut(ends[1].switch) {
            // Rapid spanning tree hears its own BPDU before it lets the port forward.
            switch.block(ends[1].port, plugged);
            switch.change_topology(now);
        }
        super::l2_loop::plug(world, index, ends, plugged);
        world.tell(if plugged {
            "a cable closes a ring, which the spanning tree blocks"
        } else {
            "the cable is pulled"
        });
        None
    }
}
