//! Two routers share the gateway's address by VRRP, two others one by HSRP, and once the first pair changes over. Addresses
//! with several MACs are their trade. Nothing is wrong with it.

use super::{Injector, Step};
use crate::Mac;
use crate::packets::{self, ArpOperation};
use crate::scenario::Kind;
use crate::world::World;
use std::net::Ipv4Addr;
use std::time::Duration;

/// VRRP: virtual router 1 (RFC 5798, 7.3).
const VRRP_MAC: Mac = Mac([0x00, 0x00, 0x5e, 0x00, 0x01, 0x01]);

/// `virtual_routers`.
pub(super) struct VirtualRouters;

impl Injector for VirtualRouters {
    fn id(&self) -> &'static str {
        "virtual_routers"
    }

    fn about(&self) -> &'static str {
        "VRRP and HSRP share addresses between routers, and one pair changes over. Healthy."
    }

    fn cause(&self) -> Option<&'static str> {
        None
    }

    fn step(&self, world: &mut World, _: usize, step: Step) -> Option<Duration> {
        let gateway = world.scenario().hosts.iter().find(|host| host.kind == Kind::Gateway)?.clone();
        let [a, b, c, _] = gateway.ip.octets();
        let at = |last| Ipv4Addr::new(a, b, c, last);
        match step {
            Step::Begin => {
                world.tell("the gateway's address is shared by two routers");
                world.plug_router();
            }
            Step::End => return None,
            Step::Next(count) => {
                let router = world.scenario().second_router.clone();
                let (first, second) = (gateway.socket(), router.socket(crate::world::proxy::Side::Lan));
                // After eight seconds the second takes over, and tells so (RFC 5798, 6.4.1).
                let (socket, source, priority) = if count < 8 { (first, at(2), 200) } else { (second, at(3), 100) };
                let id = world.rng.bits() as u16 | 1;
                let now = world.now();
                world.send(now, socket, packets::vrrp_advertisement(source, gateway.ip, 1, priority, id));
                if count % 3 == 0 {
                    world.send(now, second, packets::hsrp_hello(at(4), at(9), 5, id));
                }
                if count == 0 || count == 8 {
                    let own = (VRRP_MAC, gateway.ip);
                    world.send(now, socket, packets::arp(ArpOperation::Request, own, own));
                }
            }
        }
        Some(world.now() + Duration::from_secs(1))
    }
}
