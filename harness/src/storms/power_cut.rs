//! The power comes back: every device asks for its address, tells who it is, and announces what it has. Nothing is wrong
//! with it.

use super::{Injector, Step};
use crate::packets::{self, ArpOperation};
use crate::scenario::Kind;
use crate::world::World;
use crate::world::habits::Action;
use std::time::Duration;

/// The devices start within this time of each other.
const SPREAD: Duration = Duration::from_secs(2);

/// `power_cut`.
pub(super) struct PowerCut;

impl Injector for PowerCut {
    fn id(&self) -> &'static str {
        "power_cut"
    }

    fn about(&self) -> &'static str {
        "The power comes back: DHCP, ARP announcements, mDNS and SSDP from every device at once. Healthy."
    }

    fn cause(&self) -> Option<&'static str> {
        None
    }

    fn step(&self, world: &mut World, _: usize, step: Step) -> Option<Duration> {
        match step {
            Step::Begin => {
                world.tell("the power comes back");
                return Some(world.now());
            }
            Step::End => return None,
            Step::Next(count) => {
                let index = count as usize;
                let host = world.scenario().hosts.get(index)?.clone();
                world.renew(index, &host);
                // RFC 5227, 2.3: two announcements, two seconds apart.
                let own = (host.mac, host.ip);
                for after in [200, 2200] {
                    let announcement = packets::arp(ArpOperation::Request, own, own);
                    world.send(world.now() + Duration::from_millis(after), host.socket(), announcement);
                }
                // RFC 6762, 8.1 and 8.3: the name is probed, then announced.
                for _ in 0..3 {
                    world.mdns(index, &host, Action::Name);
                }
                if !matches!(host.kind, Kind::Pc | Kind::Pi) {
                    world.announce(index, &host, 3);
                }
            }
        }
        let hosts = world.scenario().hosts.len() as u32;
        Some(world.now() + world.rng.jitter(SPREAD / hosts.max(1)))
    }
}
