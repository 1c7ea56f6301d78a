//! A phone walks between two access points, a virtual machine between two hosts: its MAC is now behind one port, now behind
//! another, and it says so each time. Nothing is wrong with it.

use super::{Injector, Step, actor};
use crate::packets::{self, ArpOperation};
use crate::world::habits::Action;
use crate::world::proxy::Side;
use crate::world::wiring::Socket;
use crate::world::{World, article};
use std::time::Duration;

/// `roaming`.
pub(super) struct Roaming;

impl Injector for Roaming {
    fn id(&self) -> &'static str {
        "roaming"
    }

    fn about(&self) -> &'static str {
        "A host moves between two ports every few seconds, and announces itself. Healthy."
    }

    fn cause(&self) -> Option<&'static str> {
        None
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let roamer = actor(world, index)?;
        let host = world.scenario().hosts[roamer].clone();
        match step {
            Step::Begin => world.tell(&format!("{} begins to roam", article(&host.name))),
            Step::End => return None,
            Step::Next(_) => {
                let router = &world.scenario().second_router;
                let [near, far]: [Socket; 2] = [Side::Lan, Side::Wan].map(|side| router.socket(side));
                let target = if host.socket() == near { far } else { near };
                world.move_host(roamer, target, host.mac);
                let own = (host.mac, host.ip);
                world.send(world.now(), target, packets::arp(ArpOperation::Request, own, own));
                let moved = world.scenario().hosts[roamer].clone();
                for _ in 0..3 {
                    world.mdns(roamer, &moved, Action::Name);
                }
            }
        }
        Some(world.now() + world.rng.jitter(Duration::from_secs(4)))
    }
}
