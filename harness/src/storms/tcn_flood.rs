//! A port that goes up and down tells the spanning tree of a change each time, and each time the switches forget everything
//! and flood what is under way.

use super::{Injector, Step, actor_of, flood, partner_of};
use crate::Mac;
use crate::packets::{self, Ipv4};
use crate::scenario::{Scenario, Storm};
use crate::world::World;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A change after this many frames of the stream that is under way.
const CHANGE_EVERY: u64 = 100;
/// The bridge that tells of them.
const BRIDGE: Mac = Mac([0x00, 0x1b, 0x0d, 0x10, 0x00, 0x01]);

/// `tcn_flood`.
pub(super) struct TcnFlood;

impl Injector for TcnFlood {
    fn id(&self) -> &'static str {
        "tcn_flood"
    }

    fn about(&self) -> &'static str {
        "The spanning tree changes again and again, and after each change unicast goes everywhere."
    }

    fn rates(&self) -> RangeInclusive<u64> {
        500..=4000
    }

    fn prepare(&self, scenario: &mut Scenario, _: usize) {
        for switch in scenario.switches.iter_mut().filter(|switch| switch.managed) {
            switch.manners.stp = true;
        }
    }

    fn may_be_nobody(&self) -> bool {
        true
    }

    fn culprits(&self, scenario: &Scenario, storm: &Storm) -> Vec<Mac> {
        actor_of(scenario, storm).map(|index| scenario.hosts[index].mac).into_iter().chain([BRIDGE]).collect()
    }

    /// What is flooded are unicasts for another, which a network card does not pass on; and what bridges tell each other they
    /// keep.
    fn is_visible(&self) -> bool {
        false
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let storm = world.storm(index).clone();
        let partner = partner_of(world.scenario(), &storm)?;
        let words =
            ["has a loose plug: its port goes up and down, and the spanning tree changes each time", "is fixed"];
        flood(world, index, step, words, |world, host, sender, count| {
            let receiver = world.scenario().hosts[partner].clone();
            if count % CHANGE_EVERY == 0 {
                return packets::bpdu(BRIDGE, true);
            }
            // The receiver answers one frame in ten, and is known again from then on.
            let (from, to) = if count % 10 == 9 { (&receiver, sender) } else { (sender, &receiver) };
            let ip = Ipv4 { source: from.ip, destination: to.ip, ttl: 64, id: world.ip_id(host) };
            let frame = packets::udp_to(to.mac, from.mac, &ip, (40_000, 873), &[0; 1200]);
            if from.mac == sender.mac {
                return frame;
            }
            world.send(world.now(), receiver.socket(), frame.clone());
            packets::udp_to(
                receiver.mac,
                sender.mac,
                &Ipv4 { source: sender.ip, destination: receiver.ip, ..ip },
                (40_000, 873),
                &[1],
            )
        })
    }
}
