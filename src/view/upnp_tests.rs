//! What people and programs read of devices, gateways and mappings.

use super::*;
use crate::model::device::{AddressAnswer, Connection, GatewayKind, Ipv6Firewall, MappingProtocol, WanLink};
use crate::model::text::{Sentence, Text};

fn gateway() -> Gateway {
    let mapping = PortMapping {
        protocol: MappingProtocol::Tcp,
        external_port: 5001,
        internal_client: "192.168.77.10".into(),
        internal_port: 5001,
        description: "Synology\u{1b}[2J DSM".into(),
        enabled: true,
        lease_seconds: 604_788,
        remote_host: None,
        connection: 0,
    };
    let other = PortMapping {
        protocol: MappingProtocol::Other("SCTP".into()),
        external_port: 0,
        enabled: false,
        lease_seconds: 0,
        remote_host: Some("198.51.100.7".into()),
        ..mapping.clone()
    };
    Gateway {
        udn: "uuid:1".into(),
        friendly_name: "Lab gateway".into(),
        location: "http://192.168.77.1:5000/rootDesc.xml".into(),
        kind: GatewayKind::Igd1,
        external_address: Some([11, 22, 33, 44].into()),
        connections: vec![Connection {
            service_type: "urn:schemas-upnp-org:service:WANIPConnection:1".into(),
            status: Some("Connected".into()),
            external_address: AddressAnswer::Is([11, 22, 33, 44].into()),
            ..Connection::default()
        }],
        links: vec![WanLink { bytes_sent: Some(7), ..WanLink::default() }],
        ipv6_firewall: Some(Ipv6Firewall { enabled: true, pinholes_allowed: false }),
        mappings: vec![mapping, other],
        problems: vec![Sentence::of(Text { en: "It is odd.", ja: "変です。" })],
        complete: true,
        ip: Some([192, 168, 77, 1].into()),
        interface: "lan0".into(),
    }
}

#[test]
fn json_has_the_promised_keys() {
    let gateways = [gateway()];
    let value = crate::view::reach::gateways(gateways.iter(), &Assessment::default(), Language::English);
    let expected = serde_json::json!([{
        "udn": "uuid:1", "friendly_name": "Lab gateway", "location": "http://192.168.77.1:5000/rootDesc.xml",
        "kind": "igd1", "external_address": "11.22.33.44", "problems": ["It is odd."],
        "connections": [{
            "service_type": "urn:schemas-upnp-org:service:WANIPConnection:1", "default": false,
            "status": "Connected", "last_error": null, "uptime_seconds": null, "connection_type": null,
            "nat_enabled": null, "external_address": "11.22.33.44", "up_bits_per_second": null,
            "down_bits_per_second": null,
        }],
        "links": [{
            "access_type": null, "physical": null, "up_bits_per_second": null, "down_bits_per_second": null,
            "bytes_sent": 7, "bytes_received": null, "packets_sent": null, "packets_received": null,
        }],
        "ipv6_firewall": {"enabled": true, "pinholes_allowed": false},
        "mappings": [
            {"protocol": "TCP", "external_port": 5001, "internal_client": "192.168.77.10", "internal_port": 5001,
             "description": "Synology\u{1b}[2J DSM", "enabled": true, "lease_seconds": 604_788, "remote_host": null,
             "connection": 0, "reachability": null},
            {"protocol": "SCTP", "external_port": 0, "internal_client": "192.168.77.10", "internal_port": 5001,
             "description": "Synology\u{1b}[2J DSM", "enabled": false, "lease_seconds": 0,
             "remote_host": "198.51.100.7", "connection": 0, "reachability": null},
        ],
        "complete": true,
        "ip": "192.168.77.1",
        "interface": "lan0",
        "reachability": null,
        "findings": [],
    }]);
    assert_eq!(value, expected);
}

#[test]
fn plain_text_is_aligned_and_harmless() {
    let discovery = Discovery { gateways: vec![gateway()], ..Discovery::default() };
    let expected = "\
Lab gateway at 192.168.77.1 on lan0: 2 port mappings
  external address  11.22.33.44
  description       http://192.168.77.1:5000/rootDesc.xml
  uuid:1
  connection        connected
  IPv6 firewall     on; programs may not open pinholes in it
  PROTO  EXTERNAL                                 INTERNAL            REACH       LEASE     DESCRIPTION
  TCP    5001                                     192.168.77.10:5001  not judged  6 d 23 h  Synology\u{fffd}[2J DSM
  SCTP   every port from 198.51.100.7 (disabled)  192.168.77.10:5001  not judged  no end    Synology\u{fffd}[2J DSM
  ! It is odd.

";
    let judged = Judged { assessment: &Assessment::default(), language: Language::English };
    assert_eq!(plain(&discovery, judged), expected);
}

/// Whatever is not a name or an address is Japanese.
#[test]
fn the_list_is_japanese_for_those_who_read_it() {
    let discovery = Discovery { gateways: vec![gateway()], ..Discovery::default() };
    let judged = Judged { assessment: &Assessment::default(), language: Language::Japanese };
    let expected = "\
Lab gateway（192.168.77.1、lan0）：ポートマッピング2件
  外部アドレス  11.22.33.44
  記述          http://192.168.77.1:5000/rootDesc.xml
  uuid:1
  接続          接続済み
  IPv6 FW       有効。プログラムは穴を開けられません
  種別  外部                                内部                到達性  期間      説明
  TCP   5001                                192.168.77.10:5001  未判定  6日23時間  Synology\u{fffd}[2J DSM
  SCTP  全ポート（接続元198.51.100.7）（無効）  192.168.77.10:5001  未判定  無期限    Synology\u{fffd}[2J DSM
  ! 変です。

";
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&plain(&discovery, judged)), words(expected));
}

#[test]
fn wide_characters_take_two_cells() {
    let rows = [vec!["寝室のテレビ".to_owned(), "x".to_owned()], vec!["TV".to_owned(), "y".to_owned()]];
    assert_eq!(columns(&["NAME", "M"], &rows), "  NAME          M\n  寝室のテレビ  x\n  TV            y\n");
}

#[test]
fn leases() {
    let check = |seconds, expected: &str| assert_eq!(lease(seconds, Language::English), expected);
    check(0, "no end");
    check(59, "59 s");
    check(3590, "59 min");
    check(7260, "2 h 1 min");
    check(604_800, "7 d 0 h");
    assert_eq!(lease(7260, Language::Japanese), "2時間1分");
}

#[test]
fn devices_are_found_by_what_people_know() {
    let device = |udn: &str, last: u8, name: &str| Device {
        udn: udn.into(),
        friendly_name: name.into(),
        manufacturer: String::new(),
        model: String::new(),
        device_type: String::new(),
        server: String::new(),
        location: String::new(),
        ip: [192, 168, 1, last].into(),
        mac: None,
        vendor: None,
        interface: "eth0".into(),
        first_seen: crate::model::Time::default(),
        last_seen: crate::model::Time::default(),
        problem: None,
    };
    let devices = [device("uuid:AB", 1, "Living TV"), device("uuid:cd", 2, "TV"), device("uuid:ef", 2, "寝室のテレビ")];
    let check = |wanted: &str, expected: &[&str]| {
        let found = matching(&devices, wanted).iter().map(|d| d.udn.as_str()).collect::<Vec<_>>();
        assert_eq!(found, expected, "{wanted}");
    };
    check("uuid:ab", &["uuid:AB"]);
    check("CD", &["uuid:cd"]);
    check("tv", &["uuid:cd"]);
    check("living", &["uuid:AB"]);
    check("テレビ", &["uuid:ef"]);
    check("192.168.1.2", &["uuid:cd", "uuid:ef"]);
    check("radio", &[]);
    check("", &[]);
}

#[test]
fn silence_is_explained_only_where_there_is_some() {
    let mut discovery = Discovery::default();
    discovery.refused.insert("location_elsewhere", 3);
    let text = silence(&discovery, &["lan0 (192.168.77.20)".into()], 4.0, Language::English).expect("an explanation");
    assert!(text.starts_with("No UPnP device answered on lan0 (192.168.77.20) within 4 s."), "{text}");
    assert!(text.ends_with("Answers refused: location_elsewhere 3.\n"), "{text}");
    discovery.gateways.push(gateway());
    assert!(silence(&discovery, &[], 4.0, Language::English).is_some(), "gateways without a device do not happen");
}

#[test]
fn a_change_is_told_without_ids() {
    const WHY: Text = Text { en: "The router's address is shared.", ja: "アドレスが共有されています。" };
    let judged = crate::observe::catalogue::Judged {
        client_name: Some("NAS".into()),
        client_vendor: None,
        client_mac: None,
        reachability: crate::model::device::Reach::Unreachable,
        reason: "external_address",
        why: Sentence::of(WHY),
    };
    let told = MappingChange {
        gateway: "uuid:1".into(),
        gateway_name: "HGW".into(),
        change: Change::Added,
        mapping: gateway().mappings.remove(0),
        at: crate::model::Time::default(),
        judged: Some(judged),
    };
    let english = "TCP 5001 was opened on HGW, to 192.168.77.10:5001, NAS (Synology\u{fffd}[2J DSM); unreachable from the \
                   Internet: The router's address is shared.";
    let japanese = "HGWでTCP 5001が開きました。転送先は192.168.77.10:5001、NAS（Synology\u{fffd}[2J DSM）です。\
                    インターネットから：到達不可。アドレスが共有されています。";
    assert_eq!([change(&told, Language::English), change(&told, Language::Japanese)], [english, japanese]);
}

#[test]
fn numbers_as_people_read_them() {
    assert_eq!([bytes(0), bytes(999), bytes(4_294_967_295)], ["0 B", "999 B", "4.3 GB"]);
    assert_eq!([megabits(1_500_000), megabits(1_000_000_000)], ["1.5", "1000"]);
}
