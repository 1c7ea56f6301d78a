//! A router answers ARP for hosts behind it (RFC 1027): several addresses have its MAC, some of them also their own. Nothing
//! is wrong with it.

use super::{Injector, Step};
use crate::packets::{self, ArpOperation};
use crate::scenario::Kind;
use crate::world::World;
use std::time::Duration;

/// `proxy_arp`.
pub(super) struct ProxyArp;

impl Injector for ProxyArp {
    fn id(&self) -> &'static str {
        "proxy_arp"
    }

    fn about(&self) -> &'static str {
        "A router answers ARP for other hosts. Healthy."
    }

    fn cause(&self) -> Option<&'static str> {
        None
    }

    fn step(&self, world: &mut World, _: usize, step: Step) -> Option<Duration> {
        match step {
            Step::Begin => world.tell("the gateway answers ARP for the hosts behind it"),
            Step::End => return None,
            Step::Next(count) => {
                let gateway = world.scenario().hosts.iter().find(|host| host.kind == Kind::Gateway)?.clone();
                let hosts = world.scenario().hosts.clone();
                let of = &hosts[count as usize % hosts.len()];
                let asking = hosts.iter().find(|host| host.name == world.scenario().capture)?;
                // To everybody who listens on a mirror; a host hears only what is for it.
                let answer = packets::arp(ArpOperation::Reply, (gateway.mac, of.ip), (asking.mac, asking.ip));
                world.send(world.now(), gateway.socket(), answer);
            }
        }
        Some(world.now() + world.rng.jitter(Duration::from_secs(1)))
    }
}
