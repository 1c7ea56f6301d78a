//! The kernel's neighbour table, by netlink.

use super::{MAX_NEIGHBOURS, Neighbour};
use crate::io::netlink;
use crate::model::frames::{OwnerClaim, OwnerProof};
use crate::model::{MacAddr, Time};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState};
use std::io;
use std::net::IpAddr;
use std::time::Duration;

/// The kernel counts the age of an entry in these (`USER_HZ` is 100 on every Linux that we run on).
const TICK: Duration = Duration::from_millis(10);

/// The kernel's neighbour table: the entries that were resolved to a MAC and may still hold.
///
/// # Errors
/// The kernel's netlink cannot be asked.
pub fn table(now: Time) -> io::Result<Vec<Neighbour>> {
    let dump = netlink::dump(&RouteNetlinkMessage::GetNeighbour(NeighbourMessage::default()))?;
    let neighbour = |message: &RouteNetlinkMessage| match message {
        RouteNetlinkMessage::NewNeighbour(entry) => resolved(entry, now),
        _ => None,
    };
    Ok(dump.messages.iter().filter_map(neighbour).take(MAX_NEIGHBOURS).collect())
}

fn resolved(entry: &NeighbourMessage, now: Time) -> Option<Neighbour> {
    use NeighbourState::{Delay, Permanent, Probe, Reachable, Stale};
    if !matches!(entry.header.state, Reachable | Stale | Delay | Probe | Permanent) {
        return None;
    }
    let (mut ip, mut mac, mut age) = (None, None, Duration::ZERO);
    for attribute in &entry.attributes {
        match attribute {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(v4)) => ip = Some(IpAddr::V4(*v4)),
            NeighbourAttribute::Destination(NeighbourAddress::Inet6(v6)) => ip = Some(IpAddr::V6(*v6)),
            NeighbourAttribute::LinkLayerAddress(bytes) => {
                mac = <[u8; 6]>::try_from(bytes.as_slice()).ok().map(MacAddr);
            }
            NeighbourAttribute::CacheInfo(info) => age = TICK * info.confirmed,
            _ => {}
        }
    }
    let (ip, mac) = (ip?, mac.filter(|mac| *mac != MacAddr::ZERO && !mac.is_group())?);
    if ip.is_multicast() || ip.is_unspecified() || ip.is_loopback() {
        return None;
    }
    let proof = if ip.is_ipv4() { OwnerProof::Arp } else { OwnerProof::Nd };
    Some(Neighbour { interface: entry.header.ifindex, claim: OwnerClaim { ip, mac, proof, at: now.minus(age) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

    #[test]
    fn unresolved_entries_say_nothing() {
        let entry = |state, mac: &[u8]| {
            let mut message = NeighbourMessage::default();
            message.header.state = state;
            message.header.ifindex = 2;
            message.attributes.push(NeighbourAttribute::Destination(NeighbourAddress::Inet([192, 168, 1, 10].into())));
            message.attributes.push(NeighbourAttribute::LinkLayerAddress(mac.to_vec()));
            resolved(&message, Time::from_secs(9))
        };
        let claim =
            OwnerClaim { ip: [192, 168, 1, 10].into(), mac: MAC, proof: OwnerProof::Arp, at: Time::from_secs(9) };
        assert_eq!(entry(NeighbourState::Stale, &MAC.0), Some(Neighbour { interface: 2, claim }));
        assert_eq!(entry(NeighbourState::Failed, &MAC.0), None);
        assert_eq!(entry(NeighbourState::Incomplete, &MAC.0), None);
        assert_eq!(entry(NeighbourState::Noarp, &MAC.0), None);
        assert_eq!(entry(NeighbourState::Reachable, &[0; 6]), None);
        assert_eq!(entry(NeighbourState::Reachable, &[2, 0, 0, 1]), None);
    }

    #[test]
    fn the_table_can_be_read() {
        let now = Time::from_secs(1_000_000_000);
        for neighbour in table(now).expect("netlink") {
            assert!(neighbour.claim.at <= now && neighbour.interface != 0);
        }
    }
}
