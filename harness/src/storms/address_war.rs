//! Two hosts hold one address and defend it against each other by announcements (RFC 5227), one answering the other.

use super::{Injector, Step, actor_of, gap, partner_of};
use crate::Mac;
use crate::packets::{self, ArpOperation};
use crate::scenario::{Scenario, Storm};
use crate::world::wiring::Socket;
use crate::world::{World, article};
use std::ops::RangeInclusive;
use std::time::Duration;

/// `address_war`.
pub(super) struct AddressWar;

fn both(scenario: &Scenario, storm: &Storm) -> Vec<usize> {
    [actor_of(scenario, storm), partner_of(scenario, storm)].into_iter().flatten().collect()
}

impl Injector for AddressWar {
    fn id(&self) -> &'static str {
        "address_war"
    }

    fn about(&self) -> &'static str {
        "Two hosts hold the same address, and announce it against each other."
    }

    fn rates(&self) -> RangeInclusive<u64> {
        20..=400
    }

    fn culprits(&self, scenario: &Scenario, storm: &Storm) -> Vec<Mac> {
        both(scenario, storm).into_iter().map(|index| scenario.hosts[index].mac).collect()
    }

    fn may_be_nobody(&self) -> bool {
        true
    }

    fn sockets(&self, scenario: &Scenario, storm: &Storm) -> Vec<Socket> {
        both(scenario, storm).into_iter().map(|index| scenario.hosts[index].socket()).collect()
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let storm = world.storm(index).clone();
        let both = both(world.scenario(), &storm);
        let hosts = both.iter().map(|index| world.scenario().hosts[*index].clone()).collect::<Vec<_>>();
        let first = hosts.first()?;
        match step {
            Step::Begin => {
                world.tell(&format!("somebody gives another host the address of {}", article(&first.name)));
            }
            Step::End => {
                world.tell("the address is given back");
                return None;
            }
            Step::Next(count) => {
                let host = &hosts[count as usize % hosts.len()];
                let own = (host.mac, first.ip);
                world.send(world.now(), host.socket(), packets::arp(ArpOperation::Request, own, own));
            }
        }
        Some(world.now() + gap(world, index))
    }
}
