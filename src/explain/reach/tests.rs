//! Whole judgements: what a home looks like, and what is said about it.

use super::*;
use crate::explain::scene::Names;
use crate::model::device::{MappingProtocol, Reach};
use std::sync::Arc;

/// A LAN with this host at .30, the gateway at .1, a NAS at .20 that is there, and a host at .66 that is not.
struct Home {
    links: Vec<(Arc<str>, IpAddr, u8)>,
    routes: Option<Vec<(Arc<str>, IpAddr)>>,
    hosts: BTreeMap<IpAddr, Host>,
    names: Names,
    map_e: Option<MapE>,
}

fn lan(last: u8) -> IpAddr {
    [192, 168, 1, last].into()
}

impl Home {
    fn new() -> Self {
        let host = |last: u8, presence| {
            (lan(last), Host { presence, mac: Some(crate::model::MacAddr([2, 0, 0, 0, 0, last])) })
        };
        let hosts = [1, 2, 20].map(|last| host(last, Presence::Present));
        let mut hosts = BTreeMap::from(hosts);
        hosts.insert(lan(66), Host { presence: Presence::Silent, mac: None });
        let mut names = Names::default();
        names.by_ip.insert(lan(20), "DiskStation".into());
        let eth0: Arc<str> = "eth0".into();
        Self {
            links: vec![(Arc::clone(&eth0), lan(30), 24)],
            routes: Some(vec![(eth0, lan(1))]),
            hosts,
            names,
            map_e: None,
        }
    }

    fn around(&self) -> Surroundings<'_> {
        Surroundings {
            links: &self.links,
            default_routes: self.routes.as_deref(),
            hosts: Some(&self.hosts),
            names: Some(&self.names),
            map_e: self.map_e,
        }
    }
}

fn mapping(port: u16, client: &str) -> PortMapping {
    PortMapping {
        protocol: MappingProtocol::Tcp,
        external_port: port,
        internal_client: client.into(),
        internal_port: port,
        description: "DSM".into(),
        enabled: true,
        lease_seconds: 0,
        remote_host: None,
        connection: 0,
    }
}

fn router(last: u8, external: &str, mappings: Vec<PortMapping>) -> Gateway {
    let external_address = external.parse().map_or(AddressAnswer::None, AddressAnswer::Is);
    Gateway {
        udn: format!("uuid:{last}"),
        friendly_name: format!("Router {last}"),
        ip: Some(lan(last)),
        interface: "eth0".into(),
        connections: vec![Connection { status: Some("Connected".into()), external_address, ..Connection::default() }],
        external_address: external.parse().ok(),
        mappings,
        complete: true,
        ..Gateway::default()
    }
}

#[track_caller]
fn check(home: &Home, gateway: &Gateway, expected: (Reach, &str)) {
    let assessment = assess_now(std::slice::from_ref(gateway), &home.around());
    let judged = assessment.mapping(gateway.key(), 0).expect("a judgement");
    let reasons = judged.reasons.iter().map(|r| r.reason.id).collect::<Vec<_>>();
    assert_eq!((judged.reach, reasons.join(" ").as_str()), expected);
}

const NAS: &str = "192.168.1.20";

#[test]
fn one_mapping_by_everything_that_decides() {
    let mut home = Home::new();
    let with = |external: &str, mapping: PortMapping| router(1, external, vec![mapping]);
    let nas = || mapping(5001, NAS);
    check(&home, &with("11.22.33.44", nas()), (Reach::Reachable, "open"));
    let limited = PortMapping { remote_host: Some("198.51.100.7".into()), ..nas() };
    check(&home, &with("11.22.33.44", limited), (Reach::Reachable, "open_to_one"));
    check(&home, &with("192.0.0.2", nas()), (Reach::Unreachable, "external_address"));
    check(&home, &with("100.64.1.1", nas()), (Reach::Unreachable, "external_address"));
    check(&home, &with("", nas()), (Reach::Unknown, "external_address_unknown"));
    check(&home, &with("203.0.113.9", nas()), (Reach::Unknown, "external_address_unknown"));
    let disabled = PortMapping { enabled: false, ..nas() };
    check(&home, &with("192.0.0.2", disabled), (Reach::Unreachable, "disabled external_address"));
    check(&home, &with("11.22.33.44", mapping(80, "192.168.1.66")), (Reach::Unreachable, "client_silent"));
    check(&home, &with("11.22.33.44", mapping(80, "192.168.1.67")), (Reach::Unknown, "client_not_seen"));
    check(&home, &with("11.22.33.44", mapping(80, "192.168.9.9")), (Reach::Unknown, "client_elsewhere"));
    check(&home, &with("11.22.33.44", mapping(80, "0.0.0.0")), (Reach::Unreachable, "client_unusable"));
    check(&home, &with("11.22.33.44", mapping(80, "nas.local")), (Reach::Unknown, "client_is_a_name"));
    check(&home, &with("11.22.33.44", mapping(80, "192.168.1.30")), (Reach::Reachable, "open"));
    // The default route of this host leads by the other router: its own mapping is in vain, others' cannot be known.
    home.routes = Some(vec![("eth0".into(), lan(2))]);
    check(&home, &with("11.22.33.44", mapping(80, "192.168.1.30")), (Reach::Unreachable, "not_default_gateway"));
    check(&home, &with("11.22.33.44", nas()), (Reach::Unknown, "default_gateway_unknown"));
    home.routes = None;
    check(&home, &with("11.22.33.44", nas()), (Reach::Unknown, "default_gateway_unknown"));
}

#[test]
fn a_share_of_an_address_is_judged_port_by_port() {
    let mut home = Home::new();
    home.map_e = Some(MapE { psid_offset: 4, psid_length: 8, psid: 0x34 });
    check(&home, &router(1, "11.22.33.44", vec![mapping(0x1340, NAS)]), (Reach::Reachable, "open"));
    check(&home, &router(1, "11.22.33.44", vec![mapping(5001, NAS)]), (Reach::Unreachable, "foreign_port"));
    check(&home, &router(1, "192.0.0.2", vec![mapping(0x1340, NAS)]), (Reach::Unreachable, "external_address"));
    home.map_e = None;
    let mut hinted = router(1, "11.22.33.44", vec![mapping(5001, NAS)]);
    hinted.friendly_name = "IPoE router".into();
    check(&home, &hinted, (Reach::Unknown, "map_e_possible"));
}

#[test]
fn what_is_old_is_not_believed() {
    let home = Home::new();
    let leased = router(1, "11.22.33.44", vec![PortMapping { lease_seconds: 60, ..mapping(5001, NAS) }]);
    let check = |up, age_seconds, expected: &str| {
        let seen = [Seen { gateway: &leased, up, age_seconds }];
        let assessment = assess(&seen, &home.around());
        let reasons = assessment.gateways[0].mappings[0].reasons.iter().map(|r| r.reason.id).collect::<Vec<_>>();
        assert_eq!(reasons.join(" "), expected);
    };
    check(true, 60, "open");
    check(true, 61, "lease_over");
    check(false, 30, "gateway_silent");
}

fn found(assessment: &Assessment) -> Vec<(&str, &str, Option<usize>)> {
    assessment.findings.iter().map(|f| (f.kind.id, f.gateway.as_str(), f.mapping)).collect()
}

#[test]
fn the_incident_is_told_in_full() {
    // The provider's router behind DS-Lite, and the second router with both sides in its LAN.
    let home = Home::new();
    let first = router(1, "192.0.0.2", vec![mapping(5001, NAS), mapping(6690, NAS)]);
    let second = router(2, "192.168.1.100", vec![mapping(8080, "192.168.1.66")]);
    let assessment = assess_now(&[first, second], &home.around());
    let classes = assessment.gateways.iter().map(|g| g.class.id()).collect::<Vec<_>>();
    assert_eq!(classes, ["ds_lite", "double_nat"]);
    let expected = [
        ("two_gateways", "uuid:1", None),
        ("double_nat", "uuid:2", None),
        ("opened_in_vain", "uuid:1", None),
        ("opened_in_vain", "uuid:2", None),
        ("left_behind", "uuid:2", Some(0)),
    ];
    assert_eq!(found(&assessment), expected);
    let told = assessment.findings[0].sentence(Language::English);
    assert!(told.starts_with("Two gateways are in one LAN (eth0): Router 1 (192.168.1.1) and Router 2"), "{told}");
    let told = assessment.findings[1].sentence(Language::Japanese);
    assert!(told.contains("Router 1 (192.168.1.1) の内側にあります"), "{told}");
}

#[test]
fn the_outer_router_may_pass_it_on() {
    let home = Home::new();
    let outer = router(1, "11.22.33.44", vec![mapping(8443, "192.168.1.100")]);
    let inner = router(2, "192.168.1.100", vec![mapping(8443, NAS), mapping(8444, NAS)]);
    let assessment = assess_now(&[outer, inner], &home.around());
    let of = |place| assessment.mapping("uuid:2", place).map(|m| (m.reach, m.reason().reason.id));
    assert_eq!(of(0), Some((Reach::Unknown, "outer_forwards")));
    assert_eq!(of(1), Some((Reach::Unreachable, "external_address")));
}

#[test]
fn every_finding_has_a_case() {
    let home = Home::new();
    let mut open = router(1, "11.22.33.44", vec![mapping(5001, NAS), mapping(80, "192.168.1.67")]);
    open.mappings.push(mapping(80, NAS));
    open.mappings.push(PortMapping { lease_seconds: 600, ..mapping(7000, "192.168.1.66") });
    open.mappings.push(PortMapping { description: "Skype at 192.168.1.10:1".into(), ..mapping(7001, NAS) });
    open.mappings.push(PortMapping { protocol: MappingProtocol::Udp, ..mapping(5001, NAS) });
    let outside =
        Gateway { ip: Some([11, 0, 0, 1].into()), interface: "wan0".into(), ..router(9, "11.0.0.1", Vec::new()) };
    let assessment = assess_now(&[open, outside], &home.around());
    let mut ids = found(&assessment).iter().map(|(id, _, place)| (*id, *place)).collect::<Vec<_>>();
    ids.sort_unstable();
    let expected = [
        ("answers_from_wan", None),
        ("client_gone", Some(3)),
        ("client_never_seen", Some(1)),
        ("duplicate_mapping", Some(2)),
        ("management_port", Some(0)),
        ("management_port", Some(1)),
        ("management_port", Some(2)),
        ("not_the_requester", Some(4)),
    ];
    assert_eq!(ids, expected);
    let covered = ids.iter().map(|(id, _)| *id).chain(["two_gateways", "double_nat", "opened_in_vain", "left_behind"]);
    let covered = covered.collect::<std::collections::BTreeSet<_>>();
    assert_eq!(covered, FINDINGS.iter().map(|kind| kind.id).collect(), "this file and the incident show every kind");
    assert!(assessment.has(Severity::Danger));
}

#[test]
fn texts_say_the_same_in_both_languages() {
    let texts = CLASSES.iter().flat_map(|rule| [(rule.id, rule.sentence), (rule.id, rule.remedy)]);
    let texts = texts.chain(reasons::REASONS.iter().flat_map(|r| [(r.id, r.sentence), (r.id, r.remedy)]));
    let texts = texts.chain(FINDINGS.iter().flat_map(|kind| [(kind.id, kind.sentence), (kind.id, kind.remedy)]));
    for (id, text) in texts {
        let ja = text.places(Language::Japanese).iter().map(|name| name.trim_end_matches("_ja")).collect::<Vec<_>>();
        assert_eq!(text.places(Language::English), ja, "{id}");
        assert_eq!(text.en.is_empty(), text.ja.is_empty(), "{id}");
        assert!(text.en.is_empty() || (text.en.ends_with('.') && text.ja.ends_with('。')), "{id}: {}", text.ja);
    }
}

#[test]
fn no_place_stays_empty() {
    let mut home = Home::new();
    let gateways = ["11.1.1.1", "192.0.0.2", "100.64.0.1", "192.168.1.100", "10.0.0.1", "", "203.0.113.1"];
    let gateways = gateways.iter().zip([1, 2, 3, 4, 5, 6, 7]).map(|(external, last)| {
        let mut gateway = router(last, external, vec![mapping(5001, NAS), mapping(5001, "192.168.1.66")]);
        gateway.friendly_name = if last == 1 { "v6plus".into() } else { String::new() };
        gateway
    });
    let gateways = gateways.collect::<Vec<_>>();
    for map_e in [None, Some(MapE { psid_offset: 6, psid_length: 6, psid: 1 })] {
        home.map_e = map_e;
        let assessment = assess_now(&gateways, &home.around());
        for language in [Language::English, Language::Japanese] {
            let mut all =
                assessment.gateways.iter().flat_map(|g| [g.sentence(language), g.remedy(language)]).collect::<Vec<_>>();
            let mappings = assessment.gateways.iter().flat_map(|g| &g.mappings).flat_map(|m| &m.reasons);
            all.extend(mappings.flat_map(|reason| [reason.sentence(language), reason.remedy(language)]));
            all.extend(assessment.findings.iter().flat_map(|f| [f.sentence(language), f.remedy(language)]));
            assert!(all.len() > 40 && all.iter().all(|text| !text.contains('?')), "{all:?}");
        }
    }
}

#[test]
fn a_hostile_table_is_judged_up_to_a_limit() {
    let home = Home::new();
    let mappings = (0..3000).map(|n| mapping(1 + n, "192.168.1.66")).collect();
    let assessment = assess_now(&[router(1, "11.22.33.44", mappings)], &home.around());
    assert_eq!(assessment.gateways[0].mappings.len(), MAX_JUDGED);
    assert_eq!(assessment.findings.len(), findings::MAX_FINDINGS);
    assert!(assessment.left_off > 3000 - MAX_JUDGED);
}
