//! A computer sleeps, and its network card goes on answering for it: MLD reports without end (Intel I217 and I218).

use super::{Injector, Step, flood};
use crate::packets;
use crate::world::World;
use std::net::Ipv6Addr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// `sleep_mld`.
pub(super) struct SleepMld;

impl Injector for SleepMld {
    fn id(&self) -> &'static str {
        "sleep_mld"
    }

    fn about(&self) -> &'static str {
        "A sleeping computer's network card repeats its MLD reports thousands of times a second."
    }

    /// Multicasts that come in at one port: device, router and cable look alike there.
    fn by_counters(&self) -> Option<&'static str> {
        Some("unexplained")
    }

    fn rates(&self) -> RangeInclusive<u64> {
        500..=5000
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let words = ["goes to sleep, and its network card begins to repeat MLD reports", "wakes up"];
        flood(world, index, step, words, |_, _, sender, count| {
            // The groups that every IPv6 host is in: its solicited-node group, mDNS, LLMNR.
            let [.., a, b, c] = sender.mac.0;
            let solicited = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | u16::from(a), u16::from_be_bytes([b, c]));
            let group = match count % 3 {
                0 => solicited,
                1 => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb),
                _ => Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 3),
            };
            packets::mld_report(sender.mac, group)
        })
    }
}
