//! The laws of what an examination hears: whatever the bytes, its parsers end, what they give is bounded, and what we write
//! is read again. Frames of every kind go through the hearing, and none makes it grow.

use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use stormglass::model::frames::{FrameMeta, LinkType};
use stormglass::model::{MacAddr, Time};
use stormglass::observe::hearing::{Hearing, MAX_DEVICES, MAX_MARKS, MAX_OFFERS, Marks};
use stormglass::wire::request::{self, Datagram};
use stormglass::wire::{dhcp, membership, nat_pmp, pppoe, router_advertisement};
use stormglass_proptests::bytes::{any_bytes, home_frames, spoiled};
use stormglass_proptests::config;

const OWN: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

fn meta(number: u64) -> FrameMeta {
    let at = Time::from_nanos(number as i64 * 1_000_000);
    FrameMeta { at, number, interface: 0, link: LinkType::Ethernet, vlan: None, original_len: 0 }
}

fn udp(ports: (u16, u16), to: [u8; 4], ttl: u8, payload: &[u8]) -> Vec<u8> {
    let from = (Ipv4Addr::new(192, 168, 1, 9), ports.0);
    request::udp(&Datagram { mac: OWN, from, to: (to.into(), ports.1), ttl, id: 1, payload })
}

/// An offer with a router, DNS servers and a lease.
fn offer() -> Vec<u8> {
    let mut message = dhcp::discover(7, OWN);
    message[0] = 2;
    message.truncate(240);
    message.extend([
        53, 1, 2, 54, 4, 192, 168, 1, 1, 51, 4, 0, 0, 14, 16, 3, 4, 192, 168, 1, 1, 6, 8, 1, 1, 1, 1, 8, 8, 8, 8,
    ]);
    message.push(255);
    message
}

/// An advertisement with two prefixes and a DNS server.
fn advertisement() -> Vec<u8> {
    let mut message = vec![134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    for last in 1..3 {
        message.extend([3, 4, 64, 0xc0, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 0, 0x20, 1, 0xd, 0xb8, 0, last]);
        message.extend([0; 10]);
    }
    message.extend([25, 3, 0, 0, 0, 0, 0, 9]);
    message.extend([0xfd; 16]);
    message
}

/// IGMP in IPv4: a version 3 report of two groups, and queries.
fn igmp(body: &[u8]) -> Vec<u8> {
    let mut frame = udp((1, 1), [224, 0, 0, 22], 1, &[0; 40]);
    frame[6..12].copy_from_slice(&[2, 0, 0, 0, 0, 9]);
    frame[23] = 2;
    frame.truncate(34);
    frame.extend(body);
    let length = (20 + body.len() as u16).to_be_bytes();
    frame[16..18].copy_from_slice(&length);
    frame
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = home_frames();
    let mut foreign = |mut frame: Vec<u8>| {
        frame[6..12].copy_from_slice(&[2, 0, 0, 0, 0, 9]);
        seeds.push(frame);
    };
    foreign(udp((67, 68), [255; 4], 64, &offer()));
    foreign(udp((68, 67), [255; 4], 64, &dhcp::discover(9, OWN)));
    foreign(udp((50_000, 1900), [239, 255, 255, 250], 1, b"M-SEARCH * HTTP/1.1\r\nST: urn:guard-0123456789\r\n\r\n"));
    foreign(igmp(&[0x22, 0, 0, 0, 0, 0, 0, 2, 4, 0, 0, 0, 239, 192, 9, 9, 2, 0, 0, 0, 239, 1, 2, 3]));
    foreign(igmp(&[0x11, 100, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0]));
    let router: Ipv6Addr = "fe80::1".parse().expect("a literal");
    let mut advertised = request::router_solicitation(OWN, router);
    advertised.truncate(54);
    advertised.extend(advertisement());
    advertised[18..20].copy_from_slice(&(advertisement().len() as u16).to_be_bytes());
    foreign(advertised);
    foreign([&[0xff; 6][..], &[2, 0, 0, 0, 0, 9, 0x88, 0x63, 0x11, 9, 0, 0, 0, 4, 1, 1, 0, 0]].concat());
    seeds.push(request::router_solicitation(OWN, router));
    seeds.push(request::arp(OWN, Ipv4Addr::UNSPECIFIED, [192, 168, 1, 30].into()));
    seeds
}

fn hearing() -> Hearing {
    let marks =
        Marks { mac: OWN, token: "guard-0123456789".into(), group: Ipv4Addr::new(239, 192, 9, 9), xid: 7, seed: 3 };
    Hearing::new(marks, Time::from_secs(0))
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn parsers_of_any_bytes(bytes in prop_oneof![any_bytes(600), spoiled(vec![offer(), advertisement()])]) {
        if let Ok(message) = dhcp::parse(&bytes) {
            prop_assert!(message.routers.len().max(message.dns.len()) <= dhcp::MAX_ADDRESSES);
        }
        if let Some(found) = router_advertisement::parse(&bytes) {
            prop_assert!(found.prefixes.len() <= router_advertisement::MAX_PREFIXES);
            prop_assert!(found.dns.len() <= router_advertisement::MAX_DNS);
            prop_assert!(found.prefixes.iter().all(|(_, length)| *length <= 128));
        }
        let _ = (pppoe::parse(&bytes), nat_pmp::parse(&bytes));
    }

    #[test]
    fn what_we_write_is_read_again(xid in any::<u32>(), mac in any::<[u8; 6]>(), ttl in any::<u8>(), ports in any::<(u16, u16)>()) {
        let message = dhcp::parse(&dhcp::discover(xid, MacAddr(mac))).expect("our own");
        prop_assert_eq!((message.kind, message.xid, message.client), (dhcp::Kind::Discover, xid, MacAddr(mac)));
        let bytes = udp(ports, [239, 255, 255, 250], ttl, b"hello");
        let frame = stormglass::wire::frame::parse(&meta(1), &bytes).expect("our own");
        prop_assert_eq!((frame.ttl, frame.destination_ip), (ttl, Some(IpAddr::from([239, 255, 255, 250]))));
        prop_assert_eq!(&frame.l3[frame.payload_offset + 8..], b"hello");
    }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn a_hearing_of_any_frames_stays_small(frames in proptest::collection::vec(spoiled(seeds()), 0..400)) {
        let mut hearing = hearing();
        for (number, bytes) in (1..).zip(&frames) {
            hearing.frame(&meta(number), bytes);
            if let Ok(frame) = stormglass::wire::frame::parse(&meta(number), bytes)
                && let Some(membership::Membership::Report { groups }) = membership::parse(&frame)
            {
                prop_assert!(groups.len() <= membership::MAX_GROUPS);
            }
        }
        let heard = hearing.heard(Time::from_secs(9));
        prop_assert_eq!(heard.frames, frames.len() as u64);
        prop_assert!(heard.group_frames <= heard.frames && heard.returns.len() <= MAX_MARKS);
        let lists = [heard.echoes.len(), heard.repeaters.len(), heard.queriers.len(), heard.routers.len(), heard.wants.len()];
        prop_assert!(lists.iter().all(|length| *length <= MAX_DEVICES) && heard.offers.len() <= MAX_OFFERS);
    }
}

/// The frames that the laws spoil are good ones: each says what it is meant to say.
#[test]
fn whole_frames_are_heard() {
    let mut hearing = hearing();
    for (number, bytes) in (1..).zip(&seeds()) {
        hearing.frame(&meta(number), bytes);
    }
    let heard = hearing.heard(Time::from_secs(9));
    assert_eq!((heard.offers.len(), heard.echoes.len(), heard.repeaters.len()), (1, 1, 1));
    let foreign = MacAddr([2, 0, 0, 0, 0, 9]);
    assert!(heard.queriers.contains_key(&(false, foreign)) && heard.routers[&foreign].1.prefixes.len() == 2);
    assert!(heard.wants.values().any(|wants| wants.pppoe == 1 && wants.dhcp == 1));
    assert!(heard.returns.len() >= 2);
}
