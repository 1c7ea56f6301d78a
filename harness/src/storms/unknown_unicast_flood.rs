//! A host sends to one that only ever listens: the switches have forgotten where it is, the sender has not, and every frame
//! goes everywhere.

use super::{Injector, Step, actor_of, flood};
use crate::Mac;
use crate::packets::{self, Ipv4};
use crate::scenario::{Scenario, Storm};
use crate::world::World;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The one that only listens: a log server, a recorder.
const SILENT: Mac = Mac([0x00, 0x1e, 0x06, 0x55, 0x00, 0x01]);

/// `unknown_unicast_flood`.
pub(super) struct UnknownUnicastFlood;

impl Injector for UnknownUnicastFlood {
    fn id(&self) -> &'static str {
        "unknown_unicast_flood"
    }

    fn about(&self) -> &'static str {
        "A host sends to one that never speaks, so that no switch knows where it is and all of them flood."
    }

    fn rates(&self) -> RangeInclusive<u64> {
        500..=5000
    }

    fn culprits(&self, scenario: &Scenario, storm: &Storm) -> Vec<Mac> {
        let sender = actor_of(scenario, storm).map(|index| scenario.hosts[index].mac);
        sender.into_iter().chain([SILENT]).collect()
    }

    fn may_be_nobody(&self) -> bool {
        true
    }

    /// A network card passes on no unicast that is for another, unless it is asked to, and then every host's traffic with it.
    fn is_visible(&self) -> bool {
        false
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let words = ["begins to send to a recorder that never answers", "stops sending"];
        flood(world, index, step, words, |world, host, sender, count| {
            let [a, b, c, _] = sender.ip.octets();
            let ip =
                Ipv4 { source: sender.ip, destination: Ipv4Addr::new(a, b, c, 251), ttl: 64, id: world.ip_id(host) };
            let mut payload = vec![0; 1000];
            payload[..8].copy_from_slice(&count.to_be_bytes());
            packets::udp_to(SILENT, sender.mac, &ip, (40_000, 9000), &payload)
        })
    }
}
