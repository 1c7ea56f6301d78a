//! The incident: a second router whose both sides end in one LAN, with its IGMP proxy on. A search soon after shows it.

use super::{Injector, Step, actor};
use crate::Mac;
use crate::scenario::{Scenario, Storm};
use crate::world::proxy::{Proxy, Side};
use crate::world::wiring::Socket;
use crate::world::{World, article};
use std::ops::RangeInclusive;
use std::time::Duration;

/// `l3_reflector`.
pub(super) struct L3Reflector;

impl Injector for L3Reflector {
    fn id(&self) -> &'static str {
        "l3_reflector"
    }

    fn about(&self) -> &'static str {
        "The second router is switched on, and its IGMP proxy sends the LAN's multicast back into the LAN."
    }

    /// Multicasts that come in at one port: device, router and cable look alike there.
    fn by_counters(&self) -> Option<&'static str> {
        Some("unexplained")
    }

    fn rates(&self) -> RangeInclusive<u64> {
        150..=5000
    }

    fn culprits(&self, scenario: &Scenario, _: &Storm) -> Vec<Mac> {
        vec![scenario.second_router.lan_mac, scenario.second_router.wan_mac]
    }

    fn sockets(&self, scenario: &Scenario, _: &Storm) -> Vec<Socket> {
        [Side::Lan, Side::Wan].map(|side| scenario.second_router.socket(side)).to_vec()
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let storm = world.storm(index).clone();
        let router = article(&world.scenario().second_router.name);
        match step {
            Step::Begin => {
                world.set_proxy(Some(Proxy::new(storm.ttl, storm.direction, storm.rate_pps)));
                world.plug_router();
                world.tell(&format!("{router} is switched on: its LAN side and its WAN side both end in your LAN"));
                Some(world.now() + storm.kindle_after)
            }
            Step::Next(_) => {
                let host = actor(world, index)?;
                let sender = world.scenario().hosts[host].clone();
                world.search(host, &sender);
                None
            }
            Step::End => {
                world.set_proxy(None);
                world.tell(&format!("the IGMP proxy of {router} is turned off"));
                None
            }
        }
    }
}
