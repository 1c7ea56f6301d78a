//! Memberships of the watched groups. A snooping switch sends a group only to ports that joined it (on a snooping
//! bridge with a querier a PC that had not joined saw 1 frame of a storm, a member 149,847; promiscuous mode did not
//! help), so that we join for real, by IGMP and MLD. Receives nothing: the ring does.

use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Groups in which reflections have been seen or are likely: SSDP and WS-Discovery, mDNS, LLMNR.
pub(super) const WATCHED_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(239, 255, 255, 250), Ipv4Addr::new(224, 0, 0, 251), Ipv4Addr::new(224, 0, 0, 252)];

/// The same for IPv6. No router passes ff02::/16 on; site-local ff05::/16 is what a proxy may send back.
pub(super) const WATCHED_V6: [Ipv6Addr; 5] = [
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xc),
    Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0, 0xc),
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb),
    Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0, 0xfb),
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 3),
];

/// Memberships, held until dropped.
#[derive(Debug)]
pub(super) struct Joins {
    _v4: Option<Socket>,
    _v6: Option<Socket>,
    refused: Vec<IpAddr>,
}

impl Joins {
    /// Joins every watched group on the interface. What cannot be joined (no IPv6 there, the host's limit of
    /// memberships reached) is listed, not an error: the rest is still worth watching.
    pub(super) fn hold(index: u32) -> Self {
        let mut refused = Vec::new();
        let v4 = member_socket(Domain::IPV4).ok();
        for group in &WATCHED_V4 {
            let joined = v4.as_ref().map(|s| s.join_multicast_v4_n(group, &InterfaceIndexOrAddress::Index(index)));
            if !matches!(joined, Some(Ok(()))) {
                refused.push(IpAddr::V4(*group));
            }
        }
        let v6 = member_socket(Domain::IPV6).ok();
        for group in &WATCHED_V6 {
            let joined = v6.as_ref().map(|s| s.join_multicast_v6(group, index));
            if !matches!(joined, Some(Ok(()))) {
                refused.push(IpAddr::V6(*group));
            }
        }
        Self { _v4: v4, _v6: v6, refused }
    }

    /// No membership at all: every watched group counts as not joined.
    pub(super) fn none() -> Self {
        let groups = WATCHED_V4.into_iter().map(IpAddr::V4).chain(WATCHED_V6.into_iter().map(IpAddr::V6));
        Self { _v4: None, _v6: None, refused: groups.collect() }
    }

    /// Groups that could not be joined.
    pub(super) fn refused(&self) -> &[IpAddr] {
        &self.refused
    }
}

/// Never bound to a port, so that no datagram is ever queued to it.
#[expect(clippy::disallowed_methods, reason = "memberships are io")]
fn member_socket(domain: Domain) -> io::Result<Socket> {
    Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))
}
