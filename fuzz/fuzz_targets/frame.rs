//! The header walk of the frame path and the claims of ownership (ARP, neighbour discovery, DHCP), on any bytes: what they
//! say of a frame lies within it, and TTL and checksum do not tell replicas apart. The first byte chooses the link type.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormglass::model::Time;
use stormglass::model::frames::{FrameMeta, LinkType};
use stormglass::observe::owners;
use stormglass::wire::digest::Secret;
use stormglass::wire::frame::{self, L3};

const LINKS: [LinkType; 4] = [LinkType::Ethernet, LinkType::LinuxSll, LinkType::LinuxSll2, LinkType::RawIp];

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let link = LINKS[usize::from(first) % LINKS.len()];
    let vlan = (first & 0x80 != 0).then_some(u16::from(first));
    let meta = FrameMeta { at: Time::from_secs(1), number: 1, interface: 0, link, vlan, original_len: 60 };
    let frame = match frame::parse(&meta, bytes) {
        Ok(frame) => frame,
        Err(error) => return assert!(error.offset <= bytes.len()),
    };
    assert!(frame.payload_offset <= frame.l3.len() && frame.l3.len() <= bytes.len());
    if let Some(claim) = owners::claim(&frame, &meta) {
        assert!(!claim.ip.is_multicast() && !claim.ip.is_unspecified() && !claim.mac.is_group());
    }
    // The same datagram one router on.
    let secret = Secret::new(7);
    let mut other = frame.l3.to_vec();
    match (frame.l3_kind, other.as_mut_slice()) {
        (L3::Ipv4, [_, _, _, _, _, _, _, _, ttl, _, high, low, ..]) => (*ttl, *high, *low) = (!*ttl, !*high, !*low),
        (L3::Ipv6, [_, _, _, _, _, _, _, hops, ..]) => *hops = !*hops,
        _ => {}
    }
    let copy = frame::Frame { l3: &other, ..frame };
    assert_eq!(frame.replica_hash(&secret), copy.replica_hash(&secret));
});
