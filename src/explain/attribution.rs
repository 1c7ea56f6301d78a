//! Who sends a datagram round: its owner again and again (a loop, or a device that repeats itself), or somebody who
//! does not own its source address (a forwarder). The heart of the diagnosis; keeps no state.

use super::scene::{DEVICE_REACH, Scene};
use crate::detect::ReplicaTrack;
use crate::model::frames::{CopyCount, OwnerProof, Replica};
use crate::model::{MacAddr, Time};
use crate::observe::owners;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// TTLs and hop limits that senders start with: RFC defaults and what was seen in captures (SSDP: 1, 2, 4, 127, 255).
/// Another value has likely been through a router.
const INITIAL_TTLS: [u8; 15] = [1, 2, 4, 5, 8, 10, 16, 20, 30, 32, 60, 64, 127, 128, 255];

/// Copies of a capture point (SPAN ports, `-i any` on a bridge: seven were measured) come within a millisecond or two
/// and stop; what circulates goes on, or comes in masses.
const GOES_ON: Duration = Duration::from_millis(100);
const MASSES: u64 = 50;
/// Identical frames of a healthy host within a second (99 captures).
const HEALTHY_REPEATS: u64 = 4;

/// From this long on, copies and time make a rate; before, they are a burst.
const RATE_AFTER: Duration = Duration::from_millis(50);

/// How sure it is that what was never heard from its owner is sent on, and not made up.
pub const UNHEARD: f64 = 0.6;

/// What is known of the sender of the copies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    /// Sent by a MAC that does not own the source address.
    Forwarded(Forwarding),
    /// Sent by the owner's MAC alone: a loop, or a device that repeats itself.
    ByOwner,
    /// One MAC, and nobody knows who owns the address.
    Unknown,
}

impl Role {
    /// How it is sent on, if it is.
    #[must_use]
    pub const fn forwarding(self) -> Option<Forwarding> {
        match self {
            Self::Forwarded(forwarding) => Some(forwarding),
            Self::ByOwner | Self::Unknown => None,
        }
    }
}

/// A datagram sent on by somebody else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forwarding {
    /// Who.
    pub forwarder: MacAddr,
    /// The MAC of the original, if it was seen or is known.
    pub origin: Option<MacAddr>,
    /// The original was seen in this segment.
    pub original_seen: bool,
    /// How sure.
    pub confidence: f64,
    /// By what the owner is known.
    pub proof: Option<OwnerProof>,
}

/// A datagram that circulates.
#[derive(Clone, Copy, Debug)]
pub struct Circulating<'a> {
    /// Its copies.
    pub track: &'a ReplicaTrack,
    /// Who sends it.
    pub role: Role,
}

impl Circulating<'_> {
    /// The TTL fell from copy to copy and was never twice the same.
    #[must_use]
    pub fn falls(&self) -> bool {
        let replica = &self.track.replica;
        replica.ttl_falls > 0 && replica.ttl_same == 0
    }

    /// Copies per second. One that has circled for less than a second has a rate all the same: without it the first
    /// verdict would name a tenth of what goes on. A falling TTL ends it, so that its burst is no rate.
    #[must_use]
    pub fn pps(&self, at: Time) -> u64 {
        let replica = &self.track.replica;
        let seen = replica.last.since(replica.first);
        let counted = self.track.rate.total(at);
        if self.falls() || replica.copies < MASSES || !(RATE_AFTER..Duration::from_secs(1)).contains(&seen) {
            return counted;
        }
        counted.max(((replica.copies - 1) as f64 / seen.as_secs_f64()).round() as u64)
    }

    /// More than the copies that a capture point makes by itself.
    #[must_use]
    pub fn goes_on(&self, limit: u64) -> bool {
        let replica = &self.track.replica;
        replica.copies >= limit && (replica.last.since(replica.first) >= GOES_ON || replica.copies >= MASSES)
    }
}

/// Gives every circulating datagram its role.
#[must_use]
pub fn classify<'a>(scene: &Scene<'a>) -> Vec<Circulating<'a>> {
    let tracks = || scene.segment.tracks.values();
    // Which MACs send round datagrams of several hosts: a host has one IPv4 address, a forwarder has everyone's.
    let mut hosts: BTreeMap<MacAddr, BTreeSet<IpAddr>> = BTreeMap::new();
    for replica in tracks().map(|track| &track.replica) {
        for sender in &replica.senders {
            hosts.entry(sender.mac).or_default().extend(replica.ip.filter(IpAddr::is_ipv4));
        }
    }
    tracks().map(|track| Circulating { track, role: role(scene, &track.replica, &hosts) }).collect()
}

fn role(scene: &Scene<'_>, replica: &Replica, hosts: &BTreeMap<MacAddr, BTreeSet<IpAddr>>) -> Role {
    let Some(ip) = replica.ip.filter(|ip| !ip.is_unspecified()) else { return Role::ByOwner };
    let known = scene.owners.of(ip);
    if known.is_empty() || replica.first_mac == MacAddr::ZERO {
        return without_owner(scene, replica, hosts);
    }
    let is_owner = |mac: MacAddr| known.iter().any(|owner| owner.mac == mac);
    let proof = known.iter().map(|owner| owner.proof).min();
    let original = replica.senders.iter().find(|s| is_owner(s.mac));
    let foreign = replica.senders.iter().filter(|s| !is_owner(s.mac)).max_by_key(|s| s.frames);
    let strong = proof.is_some_and(|proof| proof < OwnerProof::Traffic);
    let foreign = foreign.filter(|copies| original.is_none_or(|original| !is_repeated_once(replica, original, copies)));
    let Some(foreign) = foreign else {
        // Started in the middle, a reflector's own copies are all the traffic there is: no proof that it owns the address.
        if !strong && !replica.warm {
            return without_owner(scene, replica, hosts);
        }
        return by_owner_alone(replica);
    };
    // An owner who was listened to before the first copy, with nothing lost, and has said nothing by this protocol (a relay that
    // writes the headers anew leaves no more than that in common): somebody may have made the address up, with a TTL that
    // no router has lowered.
    let unheard = replica.warm && scene.segment.dropped == 0 && foreign.ttl_min == foreign.ttl_max;
    let unheard = unheard && INITIAL_TTLS.contains(&foreign.ttl_max);
    let says = |mac: MacAddr| scene.segment.talkers.contains_key(&(mac, replica.protocol));
    let unheard = unheard && !known.iter().any(|owner| says(owner.mac));
    let confidence = match (strong, original.is_some()) {
        (true, true) => 0.98,
        (true, false) if unheard => UNHEARD,
        (true, false) => 0.93,
        (false, true) => 0.9,
        (false, false) => 0.7,
    };
    forwarded(
        foreign.mac,
        original.map(|o| o.mac).or(known.first().map(|o| o.mac)),
        original.is_some(),
        confidence,
        proof,
    )
}

/// One copy with the TTL that the original had: a router lowers the TTL, and with one that does not lower it there is no end
/// of copies. Once is what a Wi-Fi repeater does that puts its own MAC in, or a relay that knows its own messages again.
fn is_repeated_once(replica: &Replica, original: &CopyCount, copies: &CopyCount) -> bool {
    replica.copies == 2 && copies.ttl_max == original.ttl_max
}

fn forwarded(
    forwarder: MacAddr,
    origin: Option<MacAddr>,
    original_seen: bool,
    confidence: f64,
    proof: Option<OwnerProof>,
) -> Role {
    // Virtual routers send from shared MACs by design. That lowers the confidence and never outweighs replicas.
    let confidence = if forwarder.is_virtual_router() { confidence * 0.8 } else { confidence };
    Role::Forwarded(Forwarding { forwarder, origin, original_seen, confidence, proof })
}

/// Copies from the owner's MAC alone. A TTL that falls still proves a router: it reflects its own messages.
fn by_owner_alone(replica: &Replica) -> Role {
    if replica.ttl_falls >= 2 && replica.ttl_same == 0 {
        return forwarded(replica.first_mac, Some(replica.first_mac), true, 0.85, None);
    }
    Role::ByOwner
}

/// The owner is unknown, as when the program is started in the middle of the storm.
fn without_owner(scene: &Scene<'_>, replica: &Replica, hosts: &BTreeMap<MacAddr, BTreeSet<IpAddr>>) -> Role {
    let first = replica.first_mac;
    // Frames without a link-layer header have no sender (raw IP, tunnels): whose copies they are nobody can say.
    if first == MacAddr::ZERO {
        return Role::Unknown;
    }
    if let Some(other) = replica.senders.iter().filter(|s| s.mac != first).max_by_key(|s| s.frames) {
        // With one TTL in all, only masses tell the one who sends them from the one who said it first.
        if replica.copies < MASSES && other.ttl_max == replica.first_ttl {
            return Role::Unknown;
        }
        let (origin, forwarder) = order(replica, other);
        let lower = other.ttl_max < replica.first_ttl;
        let confidence = match (lower, replica.copies >= scene.thresholds.replica_copies) {
            (true, _) => 0.9,
            (false, true) => 0.8,
            (false, false) => 0.65,
        };
        return forwarded(forwarder, origin, origin.is_some(), confidence, None);
    }
    // A host may have several addresses, and say a thing some times. What a reflector sends on without lowering the TTL does
    // not end after a few copies.
    let endless = replica.copies >= MASSES;
    let several = hosts.get(&first).is_some_and(|ips| ips.iter().filter(|ip| owners::is_on_link(**ip)).count() >= 2);
    let other = |ip: IpAddr| Some(ip) != replica.ip && ip.is_ipv4() && owners::is_on_link(ip);
    let owns_another = scene.owners.addresses_of(first).any(other);
    let routed = replica.first_ttl != 0 && !INITIAL_TTLS.contains(&replica.first_ttl);
    if replica.ttl_falls >= 2 && replica.ttl_same == 0 {
        forwarded(first, None, false, 0.85, None)
    } else if several && endless {
        forwarded(first, None, false, 0.8, None)
    } else if owns_another && endless && replica.ip.is_some_and(|ip| ip.is_ipv4()) {
        forwarded(first, None, false, 0.7, None)
    } else if routed && replica.copies >= scene.thresholds.replica_copies {
        forwarded(first, None, false, 0.55, None)
    } else {
        Role::Unknown
    }
}

/// Two MACs, no owner: the first seen is the original, unless both are sides of one device (then the original was
/// missed), or the TTLs say otherwise.
fn order(replica: &Replica, other: &CopyCount) -> (Option<MacAddr>, MacAddr) {
    let first = replica.first_mac;
    if first.is_neighbour_of(other.mac, DEVICE_REACH) {
        return (None, other.mac);
    }
    // An original is sent once, or a few times by hosts that say things thrice; captures that were put together may show a
    // copy before it. Who sends masses of it is no origin, and if both do, neither is.
    let sent = replica.senders.iter().find(|sender| sender.mac == first).map_or(0, |sender| sender.frames);
    let few = |frames: u64| frames <= HEALTHY_REPEATS;
    match (few(sent), few(other.frames)) {
        (false, false) => (None, if sent > other.frames { first } else { other.mac }),
        _ if other.ttl_min > replica.first_ttl => (Some(other.mac), first),
        (false, true) if other.ttl_min == replica.first_ttl => (Some(other.mac), first),
        _ => (Some(first), other.mac),
    }
}
