//! One device goes mad: it asks by mDNS, each time anew, from its own MAC and address.

use super::{Injector, Step, flood};
use crate::packets::{self, Ipv4, MDNS_GROUP};
use crate::world::World;
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

    /// Multicasts that come in at one port: device, router and cable look alike there.
    fn by_counters(&self) -> Option<&'static str> {
        Some("unexplained")
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let words = ["begins to flood the LAN with questions", "falls silent"];
        flood(world, index, step, words, |world, host, sender, count| {
            let ip = Ipv4 { source: sender.ip, destination: MDNS_GROUP, ttl: 255, id: world.ip_id(host) };
            let question = packets::mdns_question(0, &format!("device-{count}._http._tcp.local"));
            packets::udp_group(sender.mac, &ip, (5353, 5353), &question)
        })
    }
}
