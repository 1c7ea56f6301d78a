//! The causes, one file each: how it is recognised, what it is called, what to do. Adding one is a file and a line in
//! [`CAUSES`]; help texts, metric labels and documentation follow from the list.

mod address_war;
mod arp_storm;
mod backhaul_loop;
mod chatty_source;
mod dhcp_storm;
mod discovery_swarm;
mod ethertype_bridge_loop;
mod l2_loop;
mod l3_reflector;
mod loop_behind_port;
mod nd_storm;
mod pause_flood;
mod protocol_storm;
mod query_storm;
mod reflector_pair;
mod sleep_mld;
mod stream_flood;
mod tcn_flood;
mod unexplained;
mod unknown_unicast_flood;
mod wake_burst;

use super::attribution::{Circulating, Role};
use super::counted::{CounterFinding, CounterScene, SourcePort};
use super::finding::Finding;
use super::page::Page;
use super::scene::Scene;
use crate::model::MacAddr;
use crate::model::frames::{Protocol, Replica};
use crate::model::verdict::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// One reason for which a network drowns.
pub trait Cause: Sync {
    /// The identifier in JSON, metrics and configuration. Never translated.
    fn id(&self) -> &'static str;

    /// What it is, how it is recognised, what looks alike, where to read on.
    fn page(&self) -> &'static Page;

    /// Looks for itself in the scene. `taken`: MACs that an earlier cause in the list has explained.
    fn judge(&self, scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding>;

    /// Looks for itself in what counters alone show. `sources`: ports that bring a storm in, those that an earlier cause
    /// in the list has explained apart.
    fn count(&self, _scene: &CounterScene<'_>, _sources: &[&SourcePort]) -> Vec<CounterFinding> {
        Vec::new()
    }

    /// Causes that are told in its place until more is known: that it is this one among them only counters tell, or time.
    fn sharpens(&self) -> &'static [&'static str] {
        &[]
    }

    /// The sentence: who, what, how fast, since when, what to do, who is not at fault.
    fn sentence(&self, verdict: &Verdict, times: &Times) -> String;

    /// What to do, in order.
    fn remedy(&self, verdict: &Verdict) -> Vec<String>;
}

/// Every cause in the order in which they are asked: the surer tell-tale first.
pub const CAUSES: &[&dyn Cause] = &[
    &l3_reflector::L3Reflector,
    &address_war::AddressWar,
    &reflector_pair::ReflectorPair,
    &ethertype_bridge_loop::EthertypeBridgeLoop,
    &backhaul_loop::BackhaulLoop,
    &l2_loop::L2Loop,
    &loop_behind_port::LoopBehindPort,
    &pause_flood::PauseFlood,
    &tcn_flood::TcnFlood,
    &unknown_unicast_flood::UnknownUnicastFlood,
    &stream_flood::StreamFlood,
    &arp_storm::ArpStorm,
    &query_storm::QueryStorm,
    &nd_storm::NdStorm,
    &dhcp_storm::DhcpStorm,
    &sleep_mld::SleepMld,
    &wake_burst::WakeBurst,
    &chatty_source::ChattySource,
    &discovery_swarm::DiscoverySwarm,
    &unexplained::Unexplained,
];

/// The cause with this id.
#[must_use]
pub fn cause(id: &str) -> Option<&'static dyn Cause> {
    CAUSES.iter().copied().find(|cause| cause.id() == id)
}

/// A frame newer than this may not have come round a loop yet, and proves nothing by having come once.
const ONE_LAP: Duration = Duration::from_millis(100);

/// Clock times as the person reads them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Local time minus UTC, seconds.
    pub utc_offset_seconds: i32,
}

impl Times {
    /// `since 20:14`, or once it has ended `from 20:14 to 20:16`, or within one minute `at 20:14 for 12 s`.
    #[must_use]
    pub fn span(&self, verdict: &Verdict) -> String {
        let clock = |time: crate::model::Time| time.hour_minute(self.utc_offset_seconds);
        match verdict.ended {
            Some(ended) if clock(ended) == clock(verdict.started) => {
                format!("at {} for {} s", clock(ended), ended.since(verdict.started).as_secs().max(1))
            }
            Some(ended) => format!("from {} to {}", clock(verdict.started), clock(ended)),
            None => format!("since {}", clock(verdict.started)),
        }
    }
}

/// What circles with the sender's own MAC, as frames in a ring of cables do, and is not explained yet: no router has
/// forwarded it.
fn bridged<'a, 'b>(
    scene: &Scene<'_>,
    circulating: &'a [Circulating<'b>],
    taken: &BTreeSet<MacAddr>,
) -> Vec<&'a Circulating<'b>> {
    let limit = scene.thresholds.replica_copies;
    circulating
        .iter()
        .filter(|one| matches!(one.role, Role::ByOwner | Role::Unknown) && one.goes_on(limit))
        .filter(|one| one.track.replica.senders.len() == 1 && !taken.contains(&one.track.replica.first_mac))
        .collect()
}

/// The most frequent protocol among circulating datagrams, by copies.
fn main_protocol(circulating: &[&Circulating<'_>]) -> Protocol {
    let heaviest = circulating.iter().max_by_key(|c| c.track.replica.copies);
    heaviest.map_or(Protocol::Other, |c| c.track.replica.protocol)
}

/// Destination groups of circulating datagrams, each once, in order; the broadcast address of a subnet among them.
fn groups(circulating: &[&Circulating<'_>]) -> Vec<IpAddr> {
    // Whom ARP asks for is no group.
    let to_all = circulating.iter().map(|c| &c.track.replica).filter(|replica| replica.protocol != Protocol::Arp);
    to_all.filter_map(|replica| replica.group).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Who sends on what several hosts said, ARP among it. No router sends that on, and no proxy of multicasts; and who answers for
/// another (proxy ARP, a sleep proxy) names its own MAC inside. A repeater that puts its own MAC on others' frames bridges them.
fn translators(circulating: &[Circulating<'_>]) -> BTreeSet<MacAddr> {
    let mut hosts: BTreeMap<MacAddr, (BTreeSet<IpAddr>, bool)> = BTreeMap::new();
    for one in circulating {
        let Replica { protocol, ip: Some(ip), .. } = &one.track.replica else { continue };
        let Some(forwarding) = one.role.forwarding() else { continue };
        let (ips, arp) = hosts.entry(forwarding.forwarder).or_default();
        ips.insert(*ip);
        *arp |= *protocol == Protocol::Arp;
    }
    // One's alone may be a second MAC of its own: a cluster announces a MAC that nobody sends from.
    hosts.into_iter().filter(|(_, (hosts, arp))| *arp && hosts.len() > 1).map(|(mac, _)| mac).collect()
}

/// `ip.src == 192.168.1.10`, or the IPv6 or ARP form of it.
fn source_filter(ip: Option<IpAddr>, arp: bool) -> Option<String> {
    Some(match ip? {
        IpAddr::V4(v4) if arp => format!("arp.src.proto_ipv4 == {v4}"),
        IpAddr::V4(v4) => format!("ip.src == {v4}"),
        IpAddr::V6(v6) => format!("ipv6.src == {v6}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_found() {
        let ids = CAUSES.iter().map(|cause| cause.id()).collect::<BTreeSet<_>>();
        assert_eq!(ids.len(), CAUSES.len());
        assert!(
            ids.iter().all(|id| cause(id).is_some()
                && id.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit()))
        );
    }
}
