//! `upnp-probe list` against the harness's gateways on loopback: everything that an honest gateway has, and beside every
//! misbehaviour there is, the honest one in full. Knows nothing of how they are read.

use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::time::Duration;
use stormglass_harness::Place;
use stormglass_harness::upnp::wan::{Connection, External, Firewall, Service};
use stormglass_harness::upnp::{GatewayOptions, MISBEHAVIOURS, Misbehaviour, UpnpGateway};

/// Who misbehaves at once; with the honest one below the number of gateways that are read.
const AT_ONCE: usize = 8;
/// What a search and its reading may take.
const TIMEOUT_S: u64 = 8;
/// What the program may take beyond it: it starts, and the machine may be busy.
const MARGIN: Duration = Duration::from_secs(20);

fn gateway(udn: &str, place: Place) -> GatewayOptions {
    GatewayOptions { place, ..GatewayOptions::home(udn.to_owned(), Ipv4Addr::new(192, 168, 1, 20)) }
}

fn start(options: GatewayOptions) -> UpnpGateway {
    UpnpGateway::start(options).expect("a gateway")
}

/// The list as JSON. Panics where the program fails; one that takes too long is ended, and has failed.
fn list() -> Vec<Value> {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_upnp-probe"))
        .args(["list", "--format", "json", "--interface", "lo", "--timeout", &format!("{TIMEOUT_S}s")])
        .timeout(Duration::from_secs(TIMEOUT_S) + MARGIN)
        .output()
        .expect("upnp-probe runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code < 2), "{}: {said}", output.status);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn find<'a>(list: &'a [Value], udn: &str) -> Option<&'a Value> {
    list.iter().find(|gateway| gateway["udn"] == udn)
}

fn ports(gateway: &Value) -> Vec<(String, u64)> {
    let mappings = gateway["mappings"].as_array().into_iter().flatten();
    let ports =
        mappings.map(|m| (m["protocol"].as_str().unwrap_or("").to_owned(), m["external_port"].as_u64().unwrap_or(0)));
    let mut ports = ports.collect::<Vec<_>>();
    ports.sort();
    ports
}

fn home_ports() -> Vec<(String, u64)> {
    [("TCP", 5001), ("TCP", 6690), ("TCP", 8080), ("UDP", 51820)].map(|(p, n)| (p.to_owned(), n)).to_vec()
}

/// One test, not several: on one loopback they would hear each other.
#[test]
fn gateways_honest_and_hostile() {
    everything_that_a_gateway_has();
    every_class_of_address();
    for (batch, kinds) in (0_u8..).zip(MISBEHAVIOURS.chunks(AT_ONCE)) {
        let good = start(gateway("uuid:good", Place::at(40, 1)));
        let bad = (2_u8..).zip(kinds).map(|(number, kind)| {
            let place = Place::at(41 + batch, number);
            let mut options = gateway(&format!("uuid:{}", kind.id), place).second_version();
            options.misbehaviour = Misbehaviour::named(kind.id, u64::from(number));
            start(options)
        });
        let bad = bad.collect::<Vec<_>>();
        let list = list();
        let found = find(&list, "uuid:good").expect("the honest one is listed");
        assert_eq!(ports(found), home_ports(), "{found:#}");
        assert_eq!(found["connections"][0]["uptime_seconds"], 86_400);
        for kind in kinds.iter().filter(|kind| kind.readable) {
            let found = find(&list, &format!("uuid:{}", kind.id));
            assert_eq!(found.map(ports), Some(home_ports()), "{}: {list:#?}", kind.id);
        }
        drop((good, bad));
    }
}

fn everything_that_a_gateway_has() {
    let mut options = gateway("uuid:full", Place::at(39, 1)).second_version();
    options.firewall = Some(Firewall { enabled: true, pinholes: false });
    options.connections = vec![
        Connection { status: "Disconnected", ..Connection::with_address(Service::Ip2, "0.0.0.0") },
        Connection::with_address(Service::Ppp, "11.22.33.44"),
    ];
    let _running = start(options);
    let list = list();
    let found = find(&list, "uuid:full").expect("it is listed");
    assert_eq!((&found["kind"], &found["external_address"]), (&json!("igd2"), &json!("11.22.33.44")));
    let said = found["connections"].as_array().expect("connections").iter();
    let said = said
        .map(|c| (c["default"].clone(), c["status"].clone(), c["external_address"].clone(), c["nat_enabled"].clone()));
    let expected = [
        (json!(false), json!("Disconnected"), json!("none"), json!(true)),
        (json!(true), json!("Connected"), json!("11.22.33.44"), json!(true)),
    ];
    assert_eq!(said.collect::<Vec<_>>(), expected);
    assert_eq!(found["connections"][1]["down_bits_per_second"], 200_000_000);
    let line = json!({
        "access_type": "Ethernet", "physical": "Up", "up_bits_per_second": 1_000_000_000_u64,
        "down_bits_per_second": 1_000_000_000_u64, "bytes_sent": 4_294_967_295_u64, "bytes_received": 17,
        "packets_sent": 1000, "packets_received": 2000,
    });
    assert_eq!(found["links"], json!([line]));
    assert_eq!(found["ipv6_firewall"], json!({"enabled": true, "pinholes_allowed": false}));
    // Both services show one table: it is listed once, with the descriptions that the whole list has in full.
    assert_eq!(ports(found), home_ports());
    let described =
        found["mappings"].as_array().expect("mappings").iter().map(|m| m["description"].as_str().unwrap_or(""));
    assert!(described.clone().any(|text| text == "Sync & Share"), "{found:#}");
    assert!(described.clone().any(|text| text.ends_with("append stray bytes")), "{found:#}");
}

fn every_class_of_address() {
    let cases = [
        ("public", External::Says("11.22.33.44".to_owned()), "Connected"),
        ("ds_lite", External::Says("192.0.0.2".to_owned()), "Connected"),
        ("cgnat", External::Says("100.64.7.7".to_owned()), "Connected"),
        ("private", External::Says("10.0.0.7".to_owned()), "Connected"),
        ("no_address", External::Says(String::new()), "Connected"),
        ("down", External::Says("0.0.0.0".to_owned()), "Disconnected"),
        ("unknown", External::Faults, "Connected"),
        ("unknown", External::Says("not an address <&".to_owned()), "Connected"),
    ];
    let running = (1_u8..).zip(&cases).map(|(number, (_, external, status))| {
        let mut options = gateway(&format!("uuid:class-{number}"), Place::at(38, number));
        options.connections =
            vec![Connection { external: external.clone(), status, ..Connection::with_address(Service::Ip1, "") }];
        start(options)
    });
    let _running = running.collect::<Vec<_>>();
    let list = list();
    for (number, (class, ..)) in (1..).zip(&cases) {
        let found = find(&list, &format!("uuid:class-{number}")).expect("it is listed");
        assert_eq!(found["reachability"]["class"], *class, "{found:#}");
        let verdicts =
            found["mappings"].as_array().expect("mappings").iter().map(|m| m["reachability"]["verdict"].clone());
        let expected = match *class {
            "ds_lite" | "cgnat" | "private" | "down" => "unreachable",
            _ => "unknown",
        };
        assert!(verdicts.clone().count() == 4 && verdicts.clone().all(|verdict| verdict == expected), "{found:#}");
        let ids = found["findings"].as_array().expect("findings").iter().map(|f| f["id"].clone()).collect::<Vec<_>>();
        assert_eq!(ids.contains(&json!("opened_in_vain")), expected == "unreachable", "{ids:?}");
        // Ids are for programs; people get words.
        let said = found["findings"].as_array().into_iter().flatten().filter(|f| f["id"] == "opened_in_vain");
        let said = said.filter_map(|finding| finding["sentence"].as_str()).collect::<Vec<_>>();
        assert!(said.iter().all(|said| !said.contains('_')), "{said:?}");
    }
}
