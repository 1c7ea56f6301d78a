//! Somebody tidies up and plugs both ends of a cable into the switch. The sockets are those of the second router, which
//! is not there.

use super::{Injector, Step};
use crate::Mac;
use crate::scenario::{Scenario, Storm};
use crate::world::World;
use crate::world::cable::LoopCable;
use crate::world::proxy::Side;
use crate::world::wiring::Socket;
use std::time::Duration;

/// `l2_loop`.
pub(super) struct L2Loop;

impl Injector for L2Loop {
    fn id(&self) -> &'static str {
        "l2_loop"
    }

    fn about(&self) -> &'static str {
        "A cable connects two sockets of the switch, which has no spanning tree."
    }

    fn culprits(&self, _: &Scenario, _: &Storm) -> Vec<Mac> {
        Vec::new()
    }

    fn sockets(&self, scenario: &Scenario, _: &Storm) -> Vec<Socket> {
        [Side::Lan, Side::Wan].map(|side| scenario.second_router.socket(side)).to_vec()
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let ends = [Side::Lan, Side::Wan].map(|side| world.scenario().second_router.socket(side));
        let plugged = step == Step::Begin;
        plug(world, index, ends, plugged);
        world.tell(if plugged {
            "a cable is plugged into two sockets of the same switch"
        } else {
            "the cable that closed the ring is pulled out"
        });
        None
    }
}

/// Plugs a cable into two sockets, or pulls it out.
pub(super) fn plug(world: &mut World, index: usize, ends: [Socket; 2], plugged: bool) {
    let rate_pps = world.storm(index).rate_pps;
    world.set_cable(plugged.then(|| LoopCable::new(ends, rate_pps)));
    for socket in ends {
        world.set_up(socket, plugged);
    }
}
