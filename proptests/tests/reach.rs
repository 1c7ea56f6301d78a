//! Laws of the judgement of port mappings: total, and a fact more never turns *reachable* into *unreachable* or back; and
//! of MAP-E's shares, which part the ports of an address among its customers.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use stormglass::explain::reach::{Assessment, Host, MapE, Presence, Surroundings, assess_now};
use stormglass::model::MacAddr;
use stormglass::model::device::{AddressAnswer, Connection, Gateway, MappingProtocol, PortMapping, Reach};
use stormglass::model::text::Language;

fn share() -> impl Strategy<Value = MapE> {
    (0_u8..=16).prop_flat_map(|offset| (Just(offset), 0..=16 - offset)).prop_flat_map(|(psid_offset, psid_length)| {
        let largest = u16::try_from((1_u32 << psid_length) - 1).unwrap_or(u16::MAX);
        (0..=largest).prop_map(move |psid| MapE { psid_offset, psid_length, psid })
    })
}

/// A few addresses, so that they meet: the LAN, another network, the specials, and the Internet.
fn address() -> impl Strategy<Value = IpAddr> {
    let some = (0_u8..6, 0_u8..5).prop_map(|(network, last)| {
        let [a, b, c] = [[192, 168, 1], [192, 168, 9], [192, 0, 0], [100, 64, 0], [11, 22, 33], [203, 0, 113]]
            [usize::from(network)];
        IpAddr::from([a, b, c, last])
    });
    prop_oneof![8 => some, 1 => any::<[u8; 4]>().prop_map(IpAddr::from), 1 => any::<[u8; 16]>().prop_map(IpAddr::from)]
}

fn connection() -> impl Strategy<Value = Connection> {
    let answer = prop_oneof![
        6 => address().prop_map(AddressAnswer::Is),
        1 => Just(AddressAnswer::None),
        1 => Just(AddressAnswer::Unread),
    ];
    let status = prop::option::of(prop::sample::select(vec!["Connected", "Disconnected", "Connecting", ""]));
    (answer, status, prop::option::of(any::<bool>())).prop_map(|(external_address, status, nat_enabled)| Connection {
        external_address,
        status: status.map(str::to_owned),
        nat_enabled,
        ..Connection::default()
    })
}

fn mapping() -> impl Strategy<Value = PortMapping> {
    let client = prop_oneof![9 => address().prop_map(|ip| ip.to_string()), 1 => ".{0,12}"];
    let protocol =
        prop_oneof![Just(MappingProtocol::Tcp), Just(MappingProtocol::Udp), ".{0,4}".prop_map(MappingProtocol::Other)];
    let numbers = (any::<u16>(), any::<u16>(), 0_u32..3, 0_usize..3);
    (client, protocol, numbers, any::<bool>(), prop::option::of(".{0,8}"), ".{0,20}").prop_map(
        |(
            internal_client,
            protocol,
            (external_port, internal_port, lease_seconds, connection),
            enabled,
            remote_host,
            description,
        )| {
            PortMapping {
                protocol,
                external_port,
                internal_client,
                internal_port,
                description,
                enabled,
                lease_seconds,
                remote_host,
                connection,
            }
        },
    )
}

fn gateways() -> impl Strategy<Value = Vec<Gateway>> {
    let parts = (
        prop::option::of(address()),
        prop::collection::vec(connection(), 0..3),
        prop::collection::vec(mapping(), 0..6),
        prop::sample::select(vec!["", "router", "IPoE router"]),
    );
    let gateway = parts.prop_map(|(ip, connections, mappings, name)| Gateway {
        ip,
        connections,
        mappings,
        friendly_name: name.to_owned(),
        interface: "eth0".into(),
        ..Gateway::default()
    });
    prop::collection::vec(gateway, 0..4).prop_map(|mut gateways| {
        (1..).zip(&mut gateways).for_each(|(n, gateway)| gateway.udn = format!("uuid:{n}"));
        gateways
    })
}

/// What is known around: networks, routes, hosts.
#[derive(Clone, Debug)]
struct Known {
    links: Vec<(Arc<str>, IpAddr, u8)>,
    routes: Option<Vec<(Arc<str>, IpAddr)>>,
    hosts: BTreeMap<IpAddr, Host>,
    map_e: Option<MapE>,
}

fn known() -> impl Strategy<Value = Known> {
    let host = (prop::sample::select(vec![Presence::Present, Presence::Silent]), 0_u8..4)
        .prop_map(|(presence, mac)| Host { presence, mac: Some(MacAddr([2, 0, 0, 0, 0, mac])) });
    let hosts = prop::collection::btree_map(address(), host, 0..20);
    let routes = prop::collection::vec(address().prop_map(|hop| (Arc::from("eth0"), hop)), 0..3);
    (address(), 0_u8..=32, routes, hosts, prop::option::of(share())).prop_map(|(own, length, routes, hosts, map_e)| {
        Known { links: vec![("eth0".into(), own, length)], routes: Some(routes), hosts, map_e }
    })
}

fn judge(gateways: &[Gateway], known: &Known) -> Assessment {
    let around = Surroundings {
        links: &known.links,
        default_routes: known.routes.as_deref(),
        hosts: Some(&known.hosts),
        names: None,
        map_e: known.map_e,
    };
    assess_now(gateways, &around)
}

fn answers(assessment: &Assessment) -> Vec<Reach> {
    assessment.gateways.iter().flat_map(|gateway| gateway.mappings.iter().map(|mapping| mapping.reach)).collect()
}

proptest! {
    #[test]
    fn every_mapping_has_an_answer_that_its_reasons_bear_out(gateways in gateways(), known in known()) {
        let assessment = judge(&gateways, &known);
        prop_assert_eq!(assessment.gateways.len(), gateways.len());
        for (gateway, reach) in gateways.iter().zip(&assessment.gateways) {
            prop_assert_eq!(gateway.mappings.len(), reach.mappings.len());
            for mapping in &reach.mappings {
                prop_assert!(!mapping.reasons.is_empty());
                prop_assert_eq!(mapping.reason().reason.reach, mapping.reach);
                let all = mapping.reasons.iter().map(|reason| reason.reason.reach).collect::<Vec<_>>();
                prop_assert_eq!(mapping.reach == Reach::Unreachable, all.contains(&Reach::Unreachable));
                prop_assert_eq!(mapping.reach == Reach::Reachable, all.iter().all(|reach| *reach == Reach::Reachable));
                for language in [Language::English, Language::Japanese] {
                    prop_assert!(!mapping.reason().sentence(language).is_empty());
                }
            }
        }
        for finding in &assessment.findings {
            prop_assert!(gateways.iter().any(|gateway| gateway.key() == finding.gateway));
        }
    }

    #[test]
    fn a_fact_less_makes_an_answer_unknown_at_most(
        gateways in gateways(),
        full in known(),
        forgotten in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        without_routes in any::<bool>(),
    ) {
        let mut less = full.clone();
        for index in forgotten {
            if !less.hosts.is_empty() {
                let ip = *index.get(&less.hosts.keys().copied().collect::<Vec<_>>());
                less.hosts.remove(&ip);
            }
        }
        if without_routes {
            less.routes = None;
        }
        let (more, less) = (answers(&judge(&gateways, &full)), answers(&judge(&gateways, &less)));
        for (more, less) in more.iter().zip(&less) {
            prop_assert!(less == more || *less == Reach::Unknown || (*less == Reach::Unreachable && *more == Reach::Unreachable),
                "{less:?} became {more:?}");
        }
    }

    #[test]
    fn the_shares_of_an_address_part_its_ports(share in share(), port in any::<u16>()) {
        prop_assert!(share.check().is_ok());
        let in_range = share.ranges().any(|(low, high)| (low..=high).contains(&port));
        prop_assert_eq!(share.contains(port), in_range);
        // RFC 7597, 5.1: 2^m ports in each of 2^a - 1 ranges, or one range where there is no offset.
        let (a, k) = (u32::from(share.psid_offset), u32::from(share.psid_length));
        let ranges = if a == 0 { 1 } else { (1 << a) - 1 };
        prop_assert_eq!(share.count(), ranges << (16 - a - k));
        // A port belongs to the share of exactly one PSID, or (below the first range) to nobody.
        let owners = (0..1_u32 << k).filter(|psid| {
            let psid = u16::try_from(*psid).expect("at most 16 bits");
            MapE { psid, ..share }.contains(port)
        });
        let well_known = a > 0 && u32::from(port) < 1 << (16 - a);
        prop_assert_eq!(owners.count(), usize::from(!well_known));
    }

    #[test]
    fn nothing_special_is_public(address in any::<[u8; 4]>().prop_map(Ipv4Addr::from)) {
        use stormglass::explain::reach::class::{ExternalClass, of_address};
        let class = of_address(address, false);
        let special = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_documentation()
            || address.is_multicast() || address.is_broadcast() || address.is_unspecified();
        prop_assert!(!(special && class == ExternalClass::Public), "{address} {class:?}");
    }
}

#[test]
fn the_services_that_people_have() {
    let count = |psid_offset, psid_length| MapE { psid_offset, psid_length, psid: 1 }.count();
    assert_eq!((count(4, 8), count(6, 6)), (15 * 16, 63 * 16));
}
