//! The incident: a second router whose both sides end in one LAN, with its IGMP proxy on. A search soon after shows it.

use super::{Injector, Step, actor};
use crate::world::World;
use crate::world::article;
use crate::world::proxy::Proxy;
use std::time::Duration;

/// `igmp_proxy_reflection`.
pub(super) struct IgmpProxyReflection;

impl Injector for IgmpProxyReflection {
    fn id(&self) -> &'static str {
        "igmp_proxy_reflection"
    }

    fn about(&self) -> &'static str {
        "The second router is switched on, and its IGMP proxy sends the LAN's multicast back into the LAN."
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
