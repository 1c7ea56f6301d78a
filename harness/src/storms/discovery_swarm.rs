//! A conference: a thousand phones look for each other, none of them often, all of them together too much.

use super::{Injector, Step, gap};
use crate::Mac;
use crate::packets::{self, Ipv4, MDNS_GROUP, SSDP_GROUP};
use crate::scenario::{Scenario, Storm};
use crate::world::World;
use crate::world::wiring::Socket;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How many phones there are.
const PHONES: u64 = 2000;

/// `discovery_swarm`.
pub(super) struct DiscoverySwarm;

impl Injector for DiscoverySwarm {
    fn id(&self) -> &'static str {
        "discovery_swarm"
    }

    fn about(&self) -> &'static str {
        "Two thousand phones look for services, none of them often."
    }

    /// Multicasts that come in at every port.
    fn by_counters(&self) -> Option<&'static str> {
        Some("unexplained")
    }

    fn rates(&self) -> RangeInclusive<u64> {
        800..=4000
    }

    fn culprits(&self, _: &Scenario, _: &Storm) -> Vec<Mac> {
        Vec::new()
    }

    fn sockets(&self, _: &Scenario, _: &Storm) -> Vec<Socket> {
        Vec::new()
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        match step {
            Step::Begin => world.tell("two thousand phones come in and look for services"),
            Step::End => {
                world.tell("the phones go home");
                return None;
            }
            Step::Next(_) => {
                let phone = world.rng.below(PHONES) as u16;
                let [high, low] = phone.to_be_bytes();
                let mac = Mac([0x06, 0x50, 0x48, 0x4f, high, low]);
                let source = Ipv4Addr::new(192, 168, 8 + high, low);
                let id = world.rng.bits() as u16 | 1;
                let frame = if phone.is_multiple_of(3) {
                    let ip = Ipv4 { source, destination: SSDP_GROUP, ttl: 2, id };
                    packets::udp_group(mac, &ip, (50_000 + phone, 1900), packets::m_search("ssdp:all", 3).as_bytes())
                } else {
                    let ip = Ipv4 { source, destination: MDNS_GROUP, ttl: 255, id };
                    packets::udp_group(mac, &ip, (5353, 5353), &packets::mdns_question(0, "_airplay._tcp.local"))
                };
                // Each behind one of the ports where hosts are.
                let hosts = world.scenario().hosts.iter().filter(|host| host.name != world.scenario().capture);
                let sockets = hosts.map(crate::scenario::Host::socket).collect::<Vec<_>>();
                let socket = sockets[usize::from(phone) % sockets.len().max(1)];
                world.send(world.now(), socket, frame);
            }
        }
        Some(world.now() + gap(world, index))
    }
}
