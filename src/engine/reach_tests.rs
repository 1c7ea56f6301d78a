//! Gateways in the engine: hosts are asked for one after the other, and changes are told with their judgement.

use super::*;
use crate::model::MacAddr;
use crate::model::device::{AddressAnswer, Connection, Gateway, MappingProtocol, PortMapping, Reach};
use crate::model::frames::OwnerProof;

const NAS: [u8; 4] = [192, 168, 1, 20];

fn at(seconds: i64) -> Time {
    Time::from_secs(1_700_000_000 + seconds)
}

fn mapping(port: u16, last: u8) -> PortMapping {
    PortMapping {
        protocol: MappingProtocol::Tcp,
        external_port: port,
        internal_client: format!("192.168.1.{last}"),
        internal_port: port,
        description: String::new(),
        enabled: true,
        lease_seconds: 0,
        remote_host: None,
        connection: 0,
    }
}

fn discovery(seconds: i64, mappings: Vec<PortMapping>) -> Input {
    let connection =
        Connection { external_address: AddressAnswer::Is([11, 22, 33, 44].into()), ..Connection::default() };
    let gateway = Gateway {
        udn: "uuid:gw".into(),
        connections: vec![connection],
        mappings,
        complete: true,
        ip: Some([192, 168, 1, 1].into()),
        interface: "eth0".into(),
        ..Gateway::default()
    };
    let found =
        Discovery { at: at(seconds), interfaces: vec!["eth0".into()], gateways: vec![gateway], ..Discovery::default() };
    Input::Discovery(Box::new(found))
}

/// This host is .30, and the gateway its default route.
fn engine(can_ask: bool) -> Engine {
    let mut engine = Engine::new(Settings { can_ask, ..Settings::default() });
    let own = Own {
        links: vec![("eth0".into(), [192, 168, 1, 30].into(), 24)],
        default_routes: Some(vec![("eth0".into(), [192, 168, 1, 1].into())]),
        ..Own::default()
    };
    engine.handle(at(0), Input::Own(own));
    engine
}

fn heard(engine: &mut Engine, seconds: i64, ip: [u8; 4]) {
    let claim = OwnerClaim {
        ip: ip.into(),
        mac: MacAddr([0, 0x11, 0x32, 0, 0, ip[3]]),
        proof: OwnerProof::Arp,
        at: at(seconds),
    };
    engine.handle(at(seconds), Input::Owners { interface: Some("eth0".into()), claims: vec![claim] });
}

fn asked(engine: &mut Engine) -> Vec<IpAddr> {
    let outputs = std::iter::from_fn(|| engine.poll());
    outputs.filter_map(|output| if let Output::AskOwner { ip, .. } = output { Some(ip) } else { None }).collect()
}

fn reach(engine: &mut Engine, seconds: i64) -> Vec<(&'static str, &'static str)> {
    engine.rejudge(at(seconds));
    let assessment = engine.assessment();
    let mappings = assessment.gateways.iter().flat_map(|gateway| &gateway.mappings);
    mappings.map(|mapping| (mapping.reach.id(), mapping.reason().reason.id)).collect()
}

#[test]
fn hosts_are_asked_for_one_after_the_other() {
    let mut engine = engine(true);
    heard(&mut engine, 1, NAS);
    heard(&mut engine, 1, [192, 168, 1, 1]);
    engine.handle(at(2), discovery(2, vec![mapping(1, 20), mapping(2, 66), mapping(3, 67), mapping(4, 68)]));
    let unseen = ("unknown", "client_not_seen");
    assert_eq!(reach(&mut engine, 2), [("reachable", "open"), unseen, unseen, unseen]);
    // One at a time; nobody answers for .66.
    engine.tick(at(3));
    assert_eq!(asked(&mut engine), [IpAddr::from([192, 168, 1, 66])]);
    engine.tick(at(4));
    assert!(asked(&mut engine).is_empty());
    engine.tick(at(6));
    assert_eq!(asked(&mut engine), [IpAddr::from([192, 168, 1, 67])]);
    let silent = ("unreachable", "client_silent");
    assert_eq!(reach(&mut engine, 6), [("reachable", "open"), silent, unseen, unseen]);
    // .67 answers; .68 could not be asked for, which says nothing.
    heard(&mut engine, 7, [192, 168, 1, 67]);
    engine.tick(at(8));
    assert_eq!(asked(&mut engine), [IpAddr::from([192, 168, 1, 68])]);
    engine.handle(at(8), Input::NotAsked([192, 168, 1, 68].into()));
    engine.tick(at(20));
    assert_eq!(reach(&mut engine, 20), [("reachable", "open"), silent, ("reachable", "open"), unseen]);
    // The one that was silent is back.
    heard(&mut engine, 21, [192, 168, 1, 66]);
    assert_eq!(reach(&mut engine, 21)[1], ("reachable", "open"));
}

/// Another device's ARP table gives a MAC; a host that is silent stays silent, and one never heard of is not there by it.
#[test]
fn the_table_of_a_switch_is_no_sign_of_life() {
    let mut engine = engine(true);
    heard(&mut engine, 1, [192, 168, 1, 1]);
    engine.handle(at(2), discovery(2, vec![mapping(1, 66)]));
    engine.tick(at(3));
    engine.tick(at(7));
    assert_eq!(reach(&mut engine, 7), [("unreachable", "client_silent")]);
    let claim = |last| OwnerClaim {
        ip: [192, 168, 1, last].into(),
        mac: MacAddr([0, 0x11, 0x32, 0, 0, last]),
        proof: OwnerProof::Snmp,
        at: at(8),
    };
    engine.handle(at(8), Input::Owners { interface: Some("eth0".into()), claims: vec![claim(66), claim(67)] });
    assert_eq!(reach(&mut engine, 8), [("unreachable", "client_silent")]);
    engine.handle(at(9), discovery(9, vec![mapping(1, 67)]));
    assert_eq!(reach(&mut engine, 9), [("unknown", "client_not_seen")]);
    assert!(engine.assessment().gateways[0].mappings[0].client.mac.is_some());
}

#[test]
fn nobody_is_asked_for_who_cannot_be() {
    let mut engine = engine(false);
    engine.handle(at(2), discovery(2, vec![mapping(1, 66)]));
    engine.tick(at(3));
    assert!(asked(&mut engine).is_empty());
}

#[test]
fn a_change_is_told_with_its_judgement() {
    let mut engine = engine(false);
    heard(&mut engine, 1, NAS);
    heard(&mut engine, 1, [192, 168, 1, 1]);
    engine.handle(at(2), discovery(2, Vec::new()));
    engine.handle(at(60), discovery(60, vec![mapping(5001, 20)]));
    let told =
        std::iter::from_fn(|| engine.poll()).find_map(|o| if let Output::Mapping(c) = o { Some(c) } else { None });
    let told = told.expect("a change");
    let judged = told.judged.as_ref().expect("judged");
    assert_eq!((judged.reachability, judged.reason), (Reach::Reachable, "open"));
    assert!(judged.client_vendor.is_some_and(|vendor| vendor.starts_with("Synology")), "{judged:?}");
    let json = serde_json::json!(told);
    assert_eq!((&json["reachability"], &json["change"]), (&"reachable".into(), &"added".into()));
    assert_eq!(engine.catalogue().changes().count(), 1);
}

/// A scrape pays for no judgement: it is made by searches, and by what is heard of hosts since.
#[test]
fn a_judgement_is_kept_until_something_changes_it() {
    let mut engine = engine(false);
    heard(&mut engine, 1, [192, 168, 1, 1]);
    engine.handle(at(2), discovery(2, vec![mapping(1, 66)]));
    let first = |engine: &Engine| engine.assessment().gateways[0].mappings[0].reason().reason.id;
    assert_eq!(first(&engine), "client_not_seen");
    heard(&mut engine, 3, [192, 168, 1, 66]);
    engine.tick(at(4));
    assert_eq!(first(&engine), "client_not_seen");
    engine.tick(at(7));
    assert_eq!(first(&engine), "open");
    // Nobody is heard of any more: the same presence, until it is too long ago.
    engine.tick(at(800));
    assert_eq!(first(&engine), "open");
    engine.tick(at(1000));
    assert_eq!(first(&engine), "client_not_seen");
    let mut gone = engine;
    gone.handle(at(1001), discovery(1001, Vec::new()));
    assert!(gone.assessment().gateways[0].mappings.is_empty());
}
