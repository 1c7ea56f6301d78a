//! The second router's IPv6 pass-through bridges IPv6 from its WAN side to its LAN side, and both end in one LAN: a ring for
//! IPv6 alone.

use super::{Injector, Step, actor};
use crate::Mac;
use crate::scenario::{Scenario, Storm};
use crate::world::habits::Action;
use crate::world::proxy::{Proxy, Side};
use crate::world::wiring::Socket;
use crate::world::{Event, World, article};
use std::time::Duration;

/// EtherType of IPv6.
const IPV6: u16 = 0x86dd;

/// `ethertype_bridge_loop`.
pub(super) struct EthertypeBridgeLoop;

impl Injector for EthertypeBridgeLoop {
    fn id(&self) -> &'static str {
        "ethertype_bridge_loop"
    }

    fn about(&self) -> &'static str {
        "The second router's IPv6 pass-through bridges IPv6, and IPv6 alone, back into the LAN."
    }

    fn culprits(&self, scenario: &Scenario, _: &Storm) -> Vec<Mac> {
        vec![scenario.second_router.lan_mac, scenario.second_router.wan_mac]
    }

    /// The frames carry their senders' MACs: who bridges them can be told by its port at best.
    fn may_be_nobody(&self) -> bool {
        true
    }

    fn sockets(&self, scenario: &Scenario, _: &Storm) -> Vec<Socket> {
        [Side::Lan, Side::Wan].map(|side| scenario.second_router.socket(side)).to_vec()
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let storm = world.storm(index).clone();
        let router = article(&world.scenario().second_router.name);
        match step {
            Step::Begin => {
                world.set_proxy(Some(Proxy::bridge(IPV6, storm.rate_pps)));
                world.plug_router();
                world.tell(&format!("{router} is switched on with IPv6 pass-through, both its sides in your LAN"));
                Some(world.now() + storm.kindle_after)
            }
            Step::Next(count) => {
                // Everybody who looks for a neighbour by IPv6 adds a frame that never dies.
                let host = actor(world, index)?;
                let others = world.scenario().hosts.len();
                let host = (host + count as usize) % others;
                world.at(world.now(), Event::Act { host, action: Action::Solicit, again: false });
                (count < 4).then(|| world.now() + Duration::from_millis(700))
            }
            Step::End => {
                world.set_proxy(None);
                world.tell(&format!("the IPv6 pass-through of {router} is turned off"));
                None
            }
        }
    }
}
