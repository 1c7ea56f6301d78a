//! A correct mDNS gateway between two VLANs: what is asked in one is asked again in the other, once. Nothing is wrong with it.

use super::{Injector, Step, partner_of};
use crate::Mac;
use crate::scenario::{Kind, Scenario};
use crate::world::World;
use crate::world::habits::Action;
use crate::world::proxy::Side;
use crate::world::reflector::{Leg, Reflector};
use std::net::Ipv4Addr;
use std::time::Duration;

/// The second VLAN.
const VLAN: u16 = 20;
/// The gateway's two legs, in one maker's block.
const MACS: [Mac; 2] = [Mac([0xdc, 0xa6, 0x32, 0x70, 0x00, 0x10]), Mac([0xdc, 0xa6, 0x32, 0x70, 0x00, 0x11])];

/// `mdns_gateway`.
pub(super) struct MdnsGateway;

impl Injector for MdnsGateway {
    fn id(&self) -> &'static str {
        "mdns_gateway"
    }

    fn about(&self) -> &'static str {
        "An mDNS gateway repeats in one VLAN what is asked in the other. Healthy."
    }

    fn cause(&self) -> Option<&'static str> {
        None
    }

    fn prepare(&self, scenario: &mut Scenario, index: usize) {
        // Of the hosts that are neither gateway nor at the capture, one moves to the other VLAN.
        if let Some(host) = partner_of(scenario, &scenario.storms[index]) {
            scenario.hosts[host].vlan = VLAN;
        }
    }

    fn step(&self, world: &mut World, _: usize, step: Step) -> Option<Duration> {
        match step {
            Step::Begin => {
                let sockets = [Side::Lan, Side::Wan].map(|side| world.scenario().second_router.socket(side));
                let ips = [Ipv4Addr::new(192, 168, 1, 5), Ipv4Addr::new(192, 168, 20, 5)];
                let legs = (0..2).map(|n| Leg { socket: sockets[n], mac: MACS[n], ip: ips[n] }).collect();
                world.plug_leg(sockets[0], 1);
                world.plug_leg(sockets[1], VLAN);
                world.set_reflectors(vec![Reflector::new(legs, 200)]);
                world.tell("an mDNS gateway connects the two VLANs");
            }
            Step::End => {
                world.set_reflectors(Vec::new());
                return None;
            }
            Step::Next(count) => {
                // Hosts of both VLANs ask more than they usually do.
                let hosts = world.scenario().hosts.len();
                let asking = count as usize % hosts;
                let host = world.scenario().hosts[asking].clone();
                if host.kind != Kind::Gateway {
                    world.mdns(asking, &host, Action::Ask);
                }
            }
        }
        Some(world.now() + world.rng.jitter(Duration::from_millis(800)))
    }
}
