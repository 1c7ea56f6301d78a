//! A Wi-Fi repeater that puts its own MAC into the frames of the hosts behind it: a host that walks there keeps its address
//! and has another MAC. Nothing is wrong with it.

use super::{Injector, Step, actor};
use crate::Mac;
use crate::packets::{self, ArpOperation};
use crate::world::habits::Action;
use crate::world::proxy::Side;
use crate::world::{World, article};
use std::time::Duration;

/// The repeater's MAC.
const REPEATER: Mac = Mac([0x02, 0x84, 0x6a, 0x77, 0x00, 0x01]);

/// `repeater`.
pub(super) struct Repeater;

impl Injector for Repeater {
    fn id(&self) -> &'static str {
        "repeater"
    }

    fn about(&self) -> &'static str {
        "A host walks behind a repeater that translates its MAC. Healthy."
    }

    fn cause(&self) -> Option<&'static str> {
        None
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let roamer = actor(world, index)?;
        let host = world.scenario().hosts[roamer].clone();
        match step {
            Step::Begin => {
                world.tell(&format!("{} is now behind a repeater", article(&host.name)));
                let socket = world.scenario().second_router.socket(Side::Lan);
                world.move_host(roamer, socket, REPEATER);
                let own = (REPEATER, host.ip);
                world.send(world.now(), socket, packets::arp(ArpOperation::Request, own, own));
            }
            Step::End => return None,
            Step::Next(count) => {
                if count % 2 == 0 {
                    world.search(roamer, &host);
                } else {
                    world.mdns(roamer, &host, Action::Ask);
                }
            }
        }
        Some(world.now() + world.rng.jitter(Duration::from_secs(2)))
    }
}
