//! A cable closes a ring on a small switch without an agent, which hangs on one port of the big one: from there the storm
//! comes out of a single port.

use super::{Injector, Step, l2_loop};
use crate::Mac;
use crate::scenario::{Scenario, Storm, SwitchSpec};
use crate::world::World;
use crate::world::proxy::Side;
use crate::world::switch::Manners;
use crate::world::wiring::Socket;
use std::time::Duration;

/// `loop_behind_port`.
pub(super) struct LoopBehindPort;

/// The small switch: the first without an agent.
fn small(scenario: &Scenario) -> Option<usize> {
    scenario.switches.iter().position(|switch| !switch.managed)
}

/// Its last two ports, which hold the cable.
fn ends(scenario: &Scenario) -> Option<[Socket; 2]> {
    let switch = small(scenario)?;
    let ports = scenario.switches[switch].ports;
    Some([Socket::new(switch, ports - 1), Socket::new(switch, ports)])
}

impl Injector for LoopBehindPort {
    fn id(&self) -> &'static str {
        "loop_behind_port"
    }

    fn about(&self) -> &'static str {
        "A cable closes a ring on a small switch without management, behind one port of the big one."
    }

    /// What circles looks the same wherever the ring is.
    fn by_frames(&self) -> Option<&'static str> {
        Some("l2_loop")
    }

    fn prepare(&self, scenario: &mut Scenario, _: usize) {
        if small(scenario).is_none() {
            let name = "desk switch".to_owned();
            let spec = SwitchSpec { name, ports: 5, managed: false, manners: Manners::default() };
            scenario.attach(spec, scenario.second_router.socket(Side::Lan));
        }
    }

    fn culprits(&self, _: &Scenario, _: &Storm) -> Vec<Mac> {
        Vec::new()
    }

    fn sockets(&self, scenario: &Scenario, _: &Storm) -> Vec<Socket> {
        let Some(switch) = small(scenario) else { return Vec::new() };
        let up = scenario.trunks.iter().filter_map(|trunk| trunk.far_end(Socket::new(switch, 1)));
        up.collect()
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let ends = ends(world.scenario())?;
        let plugged = step == Step::Begin;
        l2_loop::plug(world, index, ends, plugged);
        world.tell(if plugged {
            "a cable is plugged into two sockets of the small switch on the desk"
        } else {
            "the cable is pulled out of the small switch"
        });
        None
    }
}
