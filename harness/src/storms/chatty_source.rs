//! One device goes mad: it asks by mDNS, each time anew, from its own MAC and address.

use super::{Injector, Step, actor};
use crate::packets::{self, Ipv4, MDNS_GROUP};
use crate::world::{World, article};
use std::time::Duration;

/// `chatty_source`.
pub(super) struct ChattySource;

impl Injector for ChattySource {
    fn id(&self) -> &'static str {
        "chatty_source"
    }

    fn about(&self) -> &'static str {
        "One host floods the LAN with fresh mDNS questions."
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let host = actor(world, index)?;
        let sender = world.scenario().hosts[host].clone();
        let name = article(&sender.name);
        match step {
            Step::Begin => world.tell(&format!("{name} begins to flood the LAN with questions")),
            Step::End => {
                world.tell(&format!("{name} falls silent"));
                return None;
            }
            Step::Next(count) => {
                let ip = Ipv4 { source: sender.ip, destination: MDNS_GROUP, ttl: 255, id: world.ip_id(host) };
                let question = packets::mdns_question(0, &format!("device-{count}._http._tcp.local"));
                let frame = packets::udp_group(sender.mac, &ip, (5353, 5353), &question);
                world.send(world.now(), sender.port, frame);
            }
        }
        let gap = Duration::from_nanos(1_000_000_000 / world.storm(index).rate_pps.max(1));
        let gap = world.rng.jitter(gap);
        Some(world.now() + gap)
    }
}
