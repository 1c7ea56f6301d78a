//! A host announces its services as mDNS asks for it: some at once, again after one, two, four seconds (RFC 6762, 8.3).
//! Nothing is wrong with it.

use super::{Injector, Step, actor};
use crate::packets::{self, Ipv4, MDNS_GROUP};
use crate::world::{World, article};
use std::time::Duration;

/// Services of the host.
const SERVICES: u64 = 24;

/// `mdns_bursts`.
pub(super) struct MdnsBursts;

impl Injector for MdnsBursts {
    fn id(&self) -> &'static str {
        "mdns_bursts"
    }

    fn about(&self) -> &'static str {
        "A host announces two dozen services by mDNS, and again after one, two and four seconds. Healthy."
    }

    fn cause(&self) -> Option<&'static str> {
        None
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let host = actor(world, index)?;
        let sender = world.scenario().hosts[host].clone();
        match step {
            Step::Begin => world.tell(&format!("{} announces its services", article(&sender.name))),
            Step::End => return None,
            Step::Next(count) => {
                for service in 0..SERVICES {
                    let ip = Ipv4 { source: sender.ip, destination: MDNS_GROUP, ttl: 255, id: world.ip_id(host) };
                    let answer = packets::mdns_answer(0, &format!("service-{service}.local"), sender.ip, 120);
                    let at = world.now() + Duration::from_millis(service * 4);
                    world.send(at, sender.socket(), packets::udp_group(sender.mac, &ip, (5353, 5353), &answer));
                }
                return (count < 4).then(|| world.now() + Duration::from_secs(1 << count));
            }
        }
        Some(world.now())
    }
}
