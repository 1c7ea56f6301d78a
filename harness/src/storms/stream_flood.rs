//! A television stream without anybody who wants it, on a switch that does not snoop: every port gets it, and a slow one
//! drowns in it.

use super::{Injector, Step, flood, partners_of};
use crate::packets::{self, Ipv4};
use crate::scenario::Scenario;
use crate::world::World;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The stream's group.
pub(super) const GROUP: Ipv4Addr = Ipv4Addr::new(239, 192, 7, 1);
/// Seven transport stream packets behind an RTP header: what IPTV sends.
const PAYLOAD: usize = 1328;

/// `stream_flood`.
pub(super) struct StreamFlood;

/// One packet of a stream.
pub(super) fn packet(world: &mut World, host: usize, count: u64) -> Vec<u8> {
    let sender = world.scenario().hosts[host].clone();
    let id = (count as u16).max(1);
    let ip = Ipv4 { source: sender.ip, destination: GROUP, ttl: 8, id };
    let mut payload = vec![0x47; PAYLOAD];
    payload[2..4].copy_from_slice(&(count as u16).to_be_bytes());
    payload[4..12].copy_from_slice(&count.to_be_bytes());
    packets::udp_group(sender.mac, &ip, (5004, 5004), &payload)
}

impl Injector for StreamFlood {
    fn id(&self) -> &'static str {
        "stream_flood"
    }

    fn about(&self) -> &'static str {
        "A television stream that nobody wants reaches every port, a slow one included, which drops frames."
    }

    fn rates(&self) -> RangeInclusive<u64> {
        1200..=4000
    }

    fn prepare(&self, scenario: &mut Scenario, index: usize) {
        // With snooping and a querier the stream would reach nobody but the querier (RFC 4541, 2.1.2), and do no harm.
        scenario.switches.iter_mut().for_each(|switch| switch.manners.snooping = false);
        // 1,200 packets of 1,370 bytes a second are 13 Mb/s: more than the old Ethernet of a sleeping device takes. What is
        // dropped only the switch in front of it knows: one with an agent, where there is a choice.
        let partners = partners_of(scenario, &scenario.storms[index]);
        let managed = |host: &&usize| scenario.switches[scenario.hosts[**host].switch].managed;
        if let Some(slow) = partners.iter().find(managed).or(partners.first()) {
            scenario.hosts[*slow].speed_mbps = 10;
        }
    }

    fn may_be_nobody(&self) -> bool {
        true
    }

    /// What it does to slow ports no frame shows, and media by itself is no fault.
    fn is_visible(&self) -> bool {
        false
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let words = ["begins to send a stream that nobody has asked for", "stops its stream"];
        flood(world, index, step, words, |world, host, _, count| packet(world, host, count))
    }
}
