//! A device wakes and announces everything it has at once, each message anew; after some seconds it is done.

use super::{Injector, Step, actor};
use crate::packets::{self, Ipv4, MDNS_GROUP};
use crate::world::{World, article};
use std::ops::RangeInclusive;
use std::time::Duration;

/// The rate is down to a third after each of these.
const DECAY_S: f64 = 3.0;
/// Below this part of the first rate it is over.
const END: f64 = 0.02;

/// `wake_burst`.
pub(super) struct WakeBurst;

impl Injector for WakeBurst {
    fn id(&self) -> &'static str {
        "wake_burst"
    }

    fn about(&self) -> &'static str {
        "A device wakes and announces all it has by mDNS, fast at first, and done after some seconds."
    }

    /// Multicasts that come in at one port: device, router and cable look alike there.
    fn by_counters(&self) -> Option<&'static str> {
        Some("unexplained")
    }

    fn rates(&self) -> RangeInclusive<u64> {
        400..=3000
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let host = actor(world, index)?;
        let sender = world.scenario().hosts[host].clone();
        let storm = world.storm(index).clone();
        match step {
            Step::Begin => world.tell(&format!("{} wakes and announces everything it has", article(&sender.name))),
            Step::End => return None,
            Step::Next(count) => {
                let ip = Ipv4 { source: sender.ip, destination: MDNS_GROUP, ttl: 255, id: world.ip_id(host) };
                let answer = packets::mdns_answer(0, &format!("service-{count}.local"), sender.ip, 120);
                let frame = packets::udp_group(sender.mac, &ip, (5353, 5353), &answer);
                world.send(world.now(), sender.socket(), frame);
            }
        }
        let left = (-(world.now() - storm.from).as_secs_f64() / DECAY_S).exp();
        if left < END {
            return None;
        }
        let gap = Duration::from_secs_f64(1.0 / (storm.rate_pps as f64 * left).max(1.0));
        Some(world.now() + world.rng.jitter(gap))
    }
}
