//! A worm, or a scanner without a limit: one host asks by ARP for one address after the other.

use super::{Injector, Step, flood};
use crate::Mac;
use crate::packets::{self, ArpOperation};
use crate::world::World;
use std::net::Ipv4Addr;
use std::time::Duration;

/// `arp_storm`.
pub(super) struct ArpStorm;

impl Injector for ArpStorm {
    fn id(&self) -> &'static str {
        "arp_storm"
    }

    fn about(&self) -> &'static str {
        "One host asks by ARP for one address after the other, at a high rate."
    }

    /// Broadcasts of one device; of which protocol nobody counts.
    fn by_counters(&self) -> Option<&'static str> {
        Some("chatty_source")
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let words = ["begins to ask for every address there is", "stops asking"];
        flood(world, index, step, words, |_, _, sender, count| {
            let [a, b, c, _] = sender.ip.octets();
            let wanted = Ipv4Addr::new(a, b, c, (count % 254 + 1) as u8);
            packets::arp(ArpOperation::Request, (sender.mac, sender.ip), (Mac([0; 6]), wanted))
        })
    }
}
