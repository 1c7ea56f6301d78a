//! The injectors: what makes a healthy world sick, or looks as if it did, one file each. Adding one is a file and a line in
//! [`INJECTORS`].

mod address_war;
mod announcement_burst;
mod arp_storm;
mod backhaul_loop;
mod backup;
mod chatty_source;
mod dhcp_storm;
mod discovery_swarm;
mod ethertype_bridge_loop;
mod iptv;
mod l2_loop;
mod l3_reflector;
mod loop_behind_port;
mod mdns_bursts;
mod mdns_gateway;
mod nd_storm;
mod pause_flood;
mod power_cut;
mod proxy_arp;
mod query_storm;
mod reflector_pair;
mod repeater;
mod ring_with_stp;
mod roaming;
mod sleep_mld;
mod stream_flood;
mod tcn_flood;
mod unknown_unicast_flood;
mod virtual_routers;
mod wake_burst;

use crate::Mac;
use crate::scenario::{Host, Kind, Scenario, Storm};
use crate::world::wiring::Socket;
use crate::world::{Event, World, article};
use std::ops::RangeInclusive;
use std::time::Duration;

/// A moment of a storm's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It begins.
    Begin,
    /// It goes on: the moment that the injector asked for, with its count.
    Next(u64),
    /// It ends.
    End,
}

/// Something that can be done to a world.
pub trait Injector: Sync {
    /// The identifier in scenario files; of a sick world that of its cause.
    fn id(&self) -> &'static str;

    /// What it does, in one sentence.
    fn about(&self) -> &'static str;

    /// The cause that a judge should give; `None`: the world stays healthy.
    fn cause(&self) -> Option<&'static str> {
        Some(self.id())
    }

    /// The cause that frames alone can tell, where it is a wider one.
    fn by_frames(&self) -> Option<&'static str> {
        None
    }

    /// The cause that counters alone can tell, where it is a wider one.
    fn by_counters(&self) -> Option<&'static str> {
        None
    }

    /// Frames per second at which it occurs, above the floor of what has to be told.
    fn rates(&self) -> RangeInclusive<u64> {
        150..=3000
    }

    /// Makes of any scenario one in which storm `index` can happen.
    fn prepare(&self, _scenario: &mut Scenario, _index: usize) {}

    /// MACs of the device that does it, any of which is right; empty: nobody is to be blamed.
    fn culprits(&self, scenario: &Scenario, storm: &Storm) -> Vec<Mac> {
        actor_of(scenario, storm).map(|index| scenario.hosts[index].mac).into_iter().collect()
    }

    /// A judge who names nobody is right as well.
    fn may_be_nobody(&self) -> bool {
        false
    }

    /// Sockets that lead to it, any of which is right.
    fn sockets(&self, scenario: &Scenario, storm: &Storm) -> Vec<Socket> {
        actor_of(scenario, storm).map(|index| scenario.hosts[index].socket()).into_iter().collect()
    }

    /// Frames show it where they are captured at a host. What is not visible there need not be told by a capture alone.
    fn is_visible(&self) -> bool {
        true
    }

    /// Acts on the world at one moment, as storm `index` of its scenario asks. Returns when to be called again.
    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration>;
}

/// Every injector, those of storms in the order of their causes, then the healthy ones.
pub const INJECTORS: &[&dyn Injector] = &[
    &l3_reflector::L3Reflector,
    &ethertype_bridge_loop::EthertypeBridgeLoop,
    &l2_loop::L2Loop,
    &loop_behind_port::LoopBehindPort,
    &backhaul_loop::BackhaulLoop,
    &reflector_pair::ReflectorPair,
    &chatty_source::ChattySource,
    &wake_burst::WakeBurst,
    &sleep_mld::SleepMld,
    &discovery_swarm::DiscoverySwarm,
    &stream_flood::StreamFlood,
    &query_storm::QueryStorm,
    &arp_storm::ArpStorm,
    &nd_storm::NdStorm,
    &dhcp_storm::DhcpStorm,
    &address_war::AddressWar,
    &unknown_unicast_flood::UnknownUnicastFlood,
    &tcn_flood::TcnFlood,
    &pause_flood::PauseFlood,
    &announcement_burst::AnnouncementBurst,
    &power_cut::PowerCut,
    &mdns_gateway::MdnsGateway,
    &mdns_bursts::MdnsBursts,
    &iptv::Iptv,
    &virtual_routers::VirtualRouters,
    &proxy_arp::ProxyArp,
    &backup::Backup,
    &roaming::Roaming,
    &repeater::Repeater,
    &ring_with_stp::RingWithStp,
];

/// The injector with this id.
#[must_use]
pub fn injector(id: &str) -> Option<&'static dyn Injector> {
    INJECTORS.iter().copied().find(|injector| injector.id() == id)
}

/// Runs one moment of storm `index`. What an injector asks for after the storm's end does not happen.
pub(crate) fn run(world: &mut World, index: usize, step: Step) {
    let over = world.storm(index).until.is_some_and(|until| world.now() >= until);
    if over && step != Step::End {
        return;
    }
    let Some(injector) = injector(&world.storm(index).kind) else { return };
    if let Some(at) = injector.step(world, index, step) {
        let count = if let Step::Next(count) = step { count + 1 } else { 0 };
        world.at(at, Event::Storm { index, step: Step::Next(count) });
    }
}

/// The host that acts in a storm: the one named, else the Echo or whatever comes first.
fn actor_of(scenario: &Scenario, storm: &Storm) -> Option<usize> {
    let position = |name: &str| scenario.hosts.iter().position(|host| host.name == name);
    let named = storm.host.as_deref().and_then(position);
    let echo = || scenario.hosts.iter().position(|host| host.kind == Kind::Echo);
    named.or_else(echo).or(if scenario.hosts.is_empty() { None } else { Some(0) })
}

fn actor(world: &World, index: usize) -> Option<usize> {
    actor_of(world.scenario(), world.storm(index))
}

/// The second host of a storm: the one named, else the next after the actor that is neither it nor the gateway nor at the
/// capture.
fn partner_of(scenario: &Scenario, storm: &Storm) -> Option<usize> {
    partners_of(scenario, storm).first().copied()
}

/// All that can be the second host, the likeliest first.
fn partners_of(scenario: &Scenario, storm: &Storm) -> Vec<usize> {
    let Some(actor) = actor_of(scenario, storm) else { return Vec::new() };
    if let Some(name) = storm.with.as_deref() {
        return scenario.hosts.iter().position(|host| host.name == name).into_iter().collect();
    }
    let count = scenario.hosts.len();
    let can = |index: &usize| {
        let host = &scenario.hosts[*index];
        host.kind != Kind::Gateway && host.name != scenario.capture && host.vlan == scenario.hosts[actor].vlan
    };
    (1..count).map(|step| (actor + step) % count).filter(can).collect()
}

/// Time to the next frame at the storm's rate.
fn gap(world: &mut World, index: usize) -> Duration {
    let gap = Duration::from_nanos(1_000_000_000 / world.storm(index).rate_pps.max(1));
    world.rng.jitter(gap)
}

/// What every flooder does: one frame after the other, at the storm's rate, from the socket of the host that acts.
fn flood(
    world: &mut World,
    index: usize,
    step: Step,
    [begins, ends]: [&str; 2],
    frame: impl FnOnce(&mut World, usize, &Host, u64) -> Vec<u8>,
) -> Option<Duration> {
    let actor = actor(world, index)?;
    let host = world.scenario().hosts[actor].clone();
    match step {
        Step::Begin => world.tell(&format!("{} {begins}", article(&host.name))),
        Step::End => {
            world.tell(&format!("{} {ends}", article(&host.name)));
            return None;
        }
        Step::Next(count) => {
            let frame = frame(world, actor, &host, count);
            world.send(world.now(), host.socket(), frame);
        }
    }
    Some(world.now() + gap(world, index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_every_injector_acts_and_stops() {
        let ids = INJECTORS.iter().map(|injector| injector.id()).collect::<BTreeSet<_>>();
        assert_eq!(ids.len(), INJECTORS.len());
        let mut quiet = Scenario::builtin("quiet").expect("a scenario");
        quiet.duration = Duration::from_secs(60);
        let busy = |world: &mut World, from: u64, to: u64| {
            world.advance(Duration::from_secs(from));
            let before = world.frame_events();
            world.advance(Duration::from_secs(to));
            (world.frame_events() - before) / (to - from)
        };
        for injector in INJECTORS {
            let mut scenario = quiet.clone();
            let mut storm = Storm::new(injector.id(), Duration::from_secs(20));
            storm.until = Some(Duration::from_secs(30));
            storm.rate_pps = *injector.rates().start();
            storm.host = Some("television".to_owned());
            scenario.storms.push(storm);
            injector.prepare(&mut scenario, 0);
            let mut world = World::new(&scenario, 1);
            let (before, during) = (busy(&mut world, 5, 20), busy(&mut world, 20, 30));
            let after = busy(&mut world, 35, 60);
            let id = injector.id();
            assert!(before < 60 && after < 60, "{id}: {before} before, {after} after");
            if injector.cause().is_some() {
                let least = if id == "pause_flood" { 0 } else { *injector.rates().start() / 3 };
                assert!(during >= least, "{id}: {during} during");
                assert!(injector.sockets(&scenario, &scenario.storms[0]).iter().all(|s| s.port > 0), "{id}");
            }
            assert!(!injector.about().is_empty() && !world.take_events().is_empty(), "{id} tells nothing");
        }
    }
}
