//! A mesh satellite is wired and keeps its radio backhaul: the second way closes a ring at the radio's rate, again and again
//! for some seconds, as its firmware notices and forgets it.

use super::{Injector, Step, l2_loop};
use crate::Mac;
use crate::scenario::{Scenario, Storm, SwitchSpec};
use crate::world::World;
use crate::world::proxy::Side;
use crate::world::switch::Manners;
use crate::world::wiring::Socket;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How long the ring is closed, and how long it then is open.
const CLOSED: Duration = Duration::from_secs(4);
const OPEN: Duration = Duration::from_secs(1);
/// What the satellite is called.
const SATELLITE: &str = "mesh satellite";

/// `backhaul_loop`.
pub(super) struct BackhaulLoop;

fn ends(scenario: &Scenario) -> Option<[Socket; 2]> {
    let satellite = scenario.switches.iter().position(|switch| switch.name == SATELLITE)?;
    Some([scenario.second_router.socket(Side::Wan), Socket::new(satellite, 2)])
}

impl Injector for BackhaulLoop {
    fn id(&self) -> &'static str {
        "backhaul_loop"
    }

    fn about(&self) -> &'static str {
        "A mesh satellite is connected by cable and by radio at once, and bridges the two."
    }

    fn rates(&self) -> RangeInclusive<u64> {
        200..=1500
    }

    fn prepare(&self, scenario: &mut Scenario, _: usize) {
        let spec = SwitchSpec { name: SATELLITE.to_owned(), ports: 4, managed: false, manners: Manners::default() };
        scenario.attach(spec, scenario.second_router.socket(Side::Lan));
    }

    fn culprits(&self, _: &Scenario, _: &Storm) -> Vec<Mac> {
        Vec::new()
    }

    /// It opens and closes within seconds: in the nine of a short world once, as where somebody plugs a cable in again.
    fn by_frames(&self) -> Option<&'static str> {
        Some("l2_loop")
    }

    /// Counters are read every few seconds, and a second in which it is open is not seen in them.
    fn by_counters(&self) -> Option<&'static str> {
        Some("l2_loop")
    }

    /// The port of the cable, and that of the satellite's other way.
    fn sockets(&self, scenario: &Scenario, _: &Storm) -> Vec<Socket> {
        let Some([cable, satellite]) = ends(scenario) else { return Vec::new() };
        let uplink = Socket::new(satellite.switch, 1);
        scenario.trunks.iter().filter_map(|trunk| trunk.far_end(uplink)).chain([cable]).collect()
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let ends = ends(world.scenario())?;
        match step {
            Step::Begin => world.tell("the mesh satellite is wired, and keeps its radio link as well"),
            Step::End => {
                l2_loop::plug(world, index, ends, false);
                world.tell("the satellite's cable is pulled out");
                return None;
            }
            Step::Next(count) => {
                let closed = count % 2 == 0;
                l2_loop::plug(world, index, ends, closed);
                return Some(world.now() + world.rng.jitter(if closed { CLOSED } else { OPEN }));
            }
        }
        Some(world.now() + Duration::from_millis(100))
    }
}
