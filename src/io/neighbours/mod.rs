//! Who owns an address on this link: what the kernel's neighbour table says, and the question itself, by ARP or
//! Neighbour Solicitation. A layer-3 reflector forwards other devices' packets, but does not forge either, so that
//! the answers are worth believing even in the middle of a storm. Judges no owner.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
pub use linux::table;

use super::capture::CaptureError;
use super::capture::afpacket;
use super::capture::filter;
use super::clock::Clock;
use super::interfaces::Interface;
use crate::model::Time;
use crate::model::frames::{FrameMeta, LinkType, OwnerClaim, OwnerProof};
use crate::observe::owners;
use crate::wire::{frame, request};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Entries taken from the table; Linux keeps 1,024 per family by default (`gc_thresh3`).
pub const MAX_NEIGHBOURS: usize = 4096;
/// Requests per question: enough for one lost answer or two, too few to add to a storm.
const MAX_REQUESTS: usize = 3;
/// How long each request waits for its answer. A storm delays, so more than the usual millisecond.
const ANSWER_WAIT: Duration = Duration::from_millis(300);
/// How long to listen after the first answer for another one that contradicts it (proxy ARP, a duplicate address).
const SECOND_ANSWER_WAIT: Duration = Duration::from_millis(100);
/// Different answers kept per question.
const MAX_ANSWERS: usize = 8;
/// Frames read per question, so that a flood of answers ends.
const MAX_ANSWER_FRAMES: usize = 256;
/// An entry of the kernel's neighbour table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Index of the interface it is on.
    pub interface: u32,
    /// Who owns what, by ARP or Neighbour Discovery, dated when the kernel had it confirmed last.
    pub claim: OwnerClaim,
}

/// The neighbour table, where there is no netlink: it is not known.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
pub const fn table(_: Time) -> io::Result<Vec<Neighbour>> {
    Ok(Vec::new())
}

/// Asks the link who owns `ip`, with at most three requests, and returns every different answer; none if nobody
/// answers. Blocks for a second at most. Needs CAP_NET_RAW, as capturing does, and nothing else: asking the kernel to
/// resolve (`NTF_USE`) would need CAP_NET_ADMIN, and a datagram that makes it resolve would land on the device. Our own
/// request also sees a second, contradicting answer, which the kernel would not tell.
///
/// # Errors
/// No permission, the interface is down or gone, or the address is not on its link.
pub fn ask(interface: &Interface, ip: IpAddr, clock: &Clock) -> Result<Vec<OwnerClaim>, CaptureError> {
    let at = |step| CaptureError::at(&interface.name, step);
    let not_on_link = || CaptureError::NotOnLink { interface: interface.name.clone(), ip };
    let mac = interface.mac.ok_or_else(not_on_link)?;
    let sender = sender(interface, ip).ok_or_else(not_on_link)?;
    let (question, ethertype) = match (ip, sender) {
        (IpAddr::V4(ip), IpAddr::V4(sender)) => (request::arp(mac, sender, ip), 0x0806),
        (IpAddr::V6(ip), IpAddr::V6(sender)) => (request::neighbour_solicitation(mac, sender, ip), 0x86dd),
        _ => return Err(not_on_link()),
    };
    let mut socket = afpacket::deaf_socket(&interface.name, &filter::owner_of(ip))?;
    afpacket::listen(&socket, &interface.name, interface.index, ethertype)?;
    let mut claims = Vec::new();
    let mut budget = MAX_ANSWER_FRAMES;
    for _ in 0..MAX_REQUESTS {
        socket.write_all(&question).map_err(at("asking for an owner"))?;
        let mut until = clock.now().plus(ANSWER_WAIT);
        let mut buffer = [0; 256];
        loop {
            let left = until.since(clock.now());
            // A read timeout of zero would mean for ever.
            if left < Duration::from_millis(1) || budget == 0 {
                break;
            }
            socket.set_read_timeout(Some(left)).map_err(at("setting a timeout"))?;
            let length = match socket.read(&mut buffer) {
                Ok(length) => length,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                    continue;
                }
                Err(error) => return Err(at("listening for an owner")(error)),
            };
            budget -= 1;
            let now = clock.now();
            if let Some(claim) = answer(&buffer[..length], ip, now).filter(|claim| claim.mac != mac) {
                if claims.is_empty() {
                    until = now.plus(SECOND_ANSWER_WAIT);
                }
                if claims.len() < MAX_ANSWERS && !claims.iter().any(|c: &OwnerClaim| c.mac == claim.mac) {
                    claims.push(claim);
                }
            }
        }
        if !claims.is_empty() || budget == 0 {
            break;
        }
    }
    Ok(claims)
}

/// The claim in an answer, by the same rules as for captured frames.
fn answer(bytes: &[u8], ip: IpAddr, at: Time) -> Option<OwnerClaim> {
    let original_len = bytes.len() as u32;
    let meta = FrameMeta { at, number: 1, interface: 0, link: LinkType::Ethernet, vlan: None, original_len };
    let claim = owners::claim(&frame::parse(&meta, bytes).ok()?, &meta)?;
    (claim.ip == ip && matches!(claim.proof, OwnerProof::Arp | OwnerProof::Nd)).then_some(claim)
}

/// The address to ask from: ours in the same prefix. An interface without any IPv4 address asks from 0.0.0.0, which
/// enters nobody's table (an ARP probe, RFC 5227, 2.1).
fn sender(interface: &Interface, ip: IpAddr) -> Option<IpAddr> {
    let ours = |own: &&(IpAddr, u8)| same_prefix(own.0, ip, own.1);
    let found = interface.addresses.iter().find(ours).map(|(own, _)| *own);
    let none_of_v4 = !interface.addresses.iter().any(|(own, _)| own.is_ipv4());
    found.or_else(|| (ip.is_ipv4() && none_of_v4).then_some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}

fn same_prefix(own: IpAddr, ip: IpAddr, length: u8) -> bool {
    let (own, ip, width) = match (own, ip) {
        (IpAddr::V4(own), IpAddr::V4(ip)) => (u128::from(u32::from(own)), u128::from(u32::from(ip)), 32),
        (IpAddr::V6(own), IpAddr::V6(ip)) => (u128::from(own), u128::from(ip), 128),
        _ => return false,
    };
    let host_bits = width - u32::from(length).min(width);
    // A shift by the whole width would overflow.
    own == ip || host_bits == 128 || own >> host_bits == ip >> host_bits
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::model::MacAddr;

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

    fn interface(addresses: &[(&str, u8)]) -> Interface {
        let addresses = addresses.iter().map(|(ip, length)| (ip.parse().expect("a literal"), *length)).collect();
        Interface {
            name: "lan0".into(),
            index: 2,
            mac: Some(MAC),
            addresses,
            up: true,
            loopback: false,
            multicast: true,
            enslaved: false,
        }
    }

    #[test]
    fn only_neighbours_are_asked() {
        let lan = interface(&[("192.168.1.5", 24), ("fe80::5", 64), ("10.0.0.1", 32)]);
        let from = |ip: &str| sender(&lan, ip.parse().expect("a literal")).map(|ip| ip.to_string());
        assert_eq!(from("192.168.1.10").as_deref(), Some("192.168.1.5"));
        assert_eq!(from("192.168.2.10"), None);
        assert_eq!(from("10.0.0.2"), None);
        assert_eq!(from("fe80::10").as_deref(), Some("fe80::5"));
        assert_eq!(from("2001:db8::1"), None);
        let bare = interface(&[("fe80::5", 64)]);
        assert_eq!(sender(&bare, [192, 168, 1, 10].into()), Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
        assert!(same_prefix("::1".parse().expect("a literal"), "ff::".parse().expect("a literal"), 0));
    }

    #[test]
    fn requests_read_as_what_they_are() {
        let arp = request::arp(MAC, [192, 168, 1, 5].into(), [192, 168, 1, 10].into());
        let claim = answer(&arp, [192, 168, 1, 5].into(), Time::from_secs(1)).expect("a request claims its sender");
        assert_eq!((claim.mac, claim.proof), (MAC, OwnerProof::Arp));
        assert_eq!(answer(&arp, [192, 168, 1, 10].into(), Time::from_secs(1)), None);

        let (from, to) = ("fe80::5".parse().expect("a literal"), "fe80::1:2:3".parse().expect("a literal"));
        let request = request::neighbour_solicitation(MAC, from, to);
        let claim = answer(&request, from.into(), Time::from_secs(1)).expect("a solicitation claims its sender");
        assert_eq!((claim.mac, claim.proof), (MAC, OwnerProof::Nd));
    }
}
