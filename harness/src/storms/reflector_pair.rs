//! Two hosts reflect mDNS from one interface to the other, and all four interfaces are in one LAN: each repeats what the
//! other says.

use super::{Injector, Step, actor_of, partner_of};
use crate::Mac;
use crate::scenario::{Host, Scenario, Storm};
use crate::world::proxy::Side;
use crate::world::reflector::{Leg, Reflector};
use crate::world::wiring::Socket;
use crate::world::{World, article};
use std::net::Ipv4Addr;
use std::time::Duration;

/// `reflector_pair`.
pub(super) struct ReflectorPair;

/// The radio interface of a host: the next MAC, and an address of its own.
fn radio(host: &Host, socket: Socket) -> Leg {
    let (mut mac, [a, b, c, d]) = (host.mac, host.ip.octets());
    mac.0[5] = mac.0[5].wrapping_add(1);
    Leg { socket, mac, ip: Ipv4Addr::new(a, b, c, d ^ 0x80) }
}

fn legs(scenario: &Scenario, storm: &Storm) -> Vec<[Leg; 2]> {
    let hosts = [actor_of(scenario, storm), partner_of(scenario, storm)].into_iter().flatten();
    let radios = [Side::Lan, Side::Wan].map(|side| scenario.second_router.socket(side));
    let pair = |(index, socket): (usize, Socket)| {
        let host = &scenario.hosts[index];
        [Leg { socket: host.socket(), mac: host.mac, ip: host.ip }, radio(host, socket)]
    };
    hosts.zip(radios).map(pair).collect()
}

impl Injector for ReflectorPair {
    fn id(&self) -> &'static str {
        "reflector_pair"
    }

    fn about(&self) -> &'static str {
        "Two hosts run an mDNS reflector with both their interfaces in one LAN, and repeat each other."
    }

    /// Multicasts that come in at one port: device, router and cable look alike there.
    fn by_counters(&self) -> Option<&'static str> {
        Some("unexplained")
    }

    fn culprits(&self, scenario: &Scenario, storm: &Storm) -> Vec<Mac> {
        legs(scenario, storm).iter().flatten().map(|leg| leg.mac).collect()
    }

    fn sockets(&self, scenario: &Scenario, storm: &Storm) -> Vec<Socket> {
        legs(scenario, storm).iter().flatten().map(|leg| leg.socket).collect()
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let storm = world.storm(index).clone();
        let legs = legs(world.scenario(), &storm);
        match step {
            Step::Begin => {
                for socket in legs.iter().map(|[_, radio]| radio.socket) {
                    world.set_up(socket, true);
                }
                let rate_pps = storm.rate_pps / 2;
                world.set_reflectors(legs.iter().map(|legs| Reflector::new(legs.to_vec(), rate_pps)).collect());
                let actor = actor_of(world.scenario(), &storm)?;
                let name = article(&world.scenario().hosts[actor].name);
                world.tell(&format!("{name} and another host begin to reflect mDNS, with both interfaces in one LAN"));
                Some(world.now() + storm.kindle_after)
            }
            Step::Next(_) => {
                let gateway =
                    world.scenario().hosts.iter().position(|host| host.kind == crate::scenario::Kind::Gateway);
                let asking = gateway.unwrap_or(0);
                let host = world.scenario().hosts[asking].clone();
                world.mdns(asking, &host, crate::world::habits::Action::Ask);
                None
            }
            Step::End => {
                world.set_reflectors(Vec::new());
                world.tell("the reflectors are turned off");
                None
            }
        }
    }
}
