//! Somebody tidies up and plugs both ends of a cable into the switch. The sockets are those of the second router, which
//! is not there.

use super::{Injector, Step};
use crate::world::World;
use crate::world::cable::LoopCable;
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

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let rate_pps = world.storm(index).rate_pps;
        let router = &world.scenario().second_router;
        let ends = [router.lan_port, router.wan_port];
        let now = world.now();
        let plugged = step == Step::Begin;
        world.set_cable(plugged.then(|| LoopCable::new(ends, rate_pps)));
        for port in ends {
            world.switch_mut().set_up(now, port, plugged);
        }
        world.tell(if plugged {
            "a cable is plugged into two sockets of the same switch"
        } else {
            "the cable that closed the ring is pulled out"
        });
        None
    }
}
