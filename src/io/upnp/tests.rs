//! Whole discoveries on loopback, of gateways and devices that misbehave.

use super::*;
use crate::io::scripted_server::{Act, Request, http, loopback, ssdp as responder};
use crate::io::ssdp::Reply;
use crate::model::device::Device;
use crate::model::text::Language;
use crate::wire;
use std::net::{IpAddr, Ipv4Addr};

const SERVICE: &str = "urn:schemas-upnp-org:service:WANPPPConnection:1";

fn description(udn: &str, control: &str) -> Vec<u8> {
    format!(
        "<root><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>\
         <friendlyName>Router & Co</friendlyName><UDN>{udn}</UDN><deviceList><device><serviceList><service>\
         <serviceType>{SERVICE}</serviceType><controlURL>{control}</controlURL></service></serviceList></device>\
         </deviceList></device></root>"
    )
    .into_bytes()
}

fn mapping(port: u16, description: &str) -> Act {
    let body = format!(
        "<e><GetGenericPortMappingEntryResponse><NewExternalPort>{port}</NewExternalPort><NewProtocol>UDP</NewProtocol>\
         <NewInternalPort>1</NewInternalPort><NewInternalClient>192.168.1.20</NewInternalClient>\
         <NewPortMappingDescription>{description}</NewPortMappingDescription></GetGenericPortMappingEntryResponse></e>"
    );
    Act::Send(200, body.into_bytes())
}

fn fault(code: u32) -> Act {
    Act::Send(500, format!("<Fault><UPnPError><errorCode>{code}</errorCode></UPnPError></Fault>").into_bytes())
}

fn redirect() -> Act {
    Act::Raw(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_vec())
}

/// The external address, and the table given.
fn control(request: &Request, table: &[Act]) -> Act {
    if request.body.contains("GetExternalIPAddress") {
        let body = "<r><GetExternalIPAddressResponse><NewExternalIPAddress>203.0.113.9</NewExternalIPAddress>";
        return Act::Send(200, body.into());
    }
    let index = request.body.split("<NewPortMappingIndex>").nth(1).and_then(|rest| rest.split('<').next());
    let index = index.and_then(|index| index.parse::<usize>().ok()).unwrap_or(usize::MAX);
    table.get(index).cloned().unwrap_or_else(|| fault(713))
}

fn answer(udn: &str, location: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: {udn}::upnp:rootdevice\r\nLOCATION: {location}\r\n\r\n")
        .into_bytes()
}

fn quick() -> Settings {
    let millis = Duration::from_millis;
    let search = SearchSettings { window: millis(500), guard: millis(50), ..SearchSettings::default() };
    Settings { search, total: millis(6000), request: millis(400) }
}

#[tokio::test]
async fn one_bad_entry_hides_no_other() {
    let ip = Ipv4Addr::new(127, 0, 9, 20);
    let table = [
        mapping(1, "plain"),
        Act::Hang,
        mapping(3, "Sync & Share"),
        redirect(),
        mapping(5, "stray\u{1}<"),
        Act::Endless,
        mapping(7, ""),
        Act::Send(200, b"<html>no</html>".to_vec()),
        mapping(9, "last"),
    ];
    let server = http(ip, move |request| match request.head.starts_with("GET") {
        true => Act::Send(200, description("uuid:gw", "/ctl")),
        false => control(request, &table),
    })
    .await;
    let location = format!("http://{ip}:{}/root.xml", server.port);
    let (_running, _) = responder(ip, move |_| vec![answer("uuid:gw", &location)]).await;
    let clock = Clock::start();
    let found = discover(&[loopback(ip)], &quick(), &StopProbes::default(), &clock).await;
    assert_eq!(found.gateways.len(), 1, "{found:?}");
    let gateway = &found.gateways[0];
    let ports = gateway.mappings.iter().map(|m| (m.external_port, m.description.as_str())).collect::<Vec<_>>();
    assert_eq!(ports, [(1, "plain"), (3, "Sync & Share"), (5, "stray<"), (7, ""), (9, "last")]);
    assert_eq!(gateway.external_address, Some(IpAddr::from([203, 0, 113, 9])));
    assert_eq!((gateway.friendly_name.as_str(), gateway.complete), ("Router & Co", false));
    let expected = [
        "Of its list of mappings these entries could not be read: 1, 3, 5, 7.",
        "It sent broken XML for UDP 3, UDP 5. They were read nevertheless; many programs miss them, and whatever \
         follows them.",
    ];
    assert_eq!(Sentence::all(&gateway.problems, Language::English), expected);
    assert_eq!(found.devices.len(), 1);
    assert!(found.took < Duration::from_secs(4), "{:?}", found.took);
}

#[tokio::test]
async fn a_silent_gateway_is_left_alone_in_time() {
    let ip = Ipv4Addr::new(127, 0, 9, 21);
    let server = http(ip, |request| match request.head.starts_with("GET") {
        true => Act::Send(200, description("uuid:mute", "ctl")),
        false => Act::Hang,
    })
    .await;
    let location = format!("http://{ip}:{}/root.xml", server.port);
    let (_running, _) = responder(ip, move |_| vec![answer("uuid:mute", &location)]).await;
    let found = discover(&[loopback(ip)], &quick(), &StopProbes::default(), &Clock::start()).await;
    let gateway = &found.gateways[0];
    assert!(gateway.mappings.is_empty() && !gateway.complete);
    assert_eq!(gateway.problems.len(), 3, "{:?}", gateway.problems);
    assert!(found.took < Duration::from_secs(3), "{:?}", found.took);
}

#[tokio::test]
async fn hostile_answers_are_counted_and_the_honest_device_is_found() {
    let ip = Ipv4Addr::new(127, 0, 9, 22);
    let server = http(ip, |request| {
        let page = request.head.split(' ').nth(1).unwrap_or("");
        match page {
            "/good" => Act::Send(200, b"<root><device><friendlyName>TV</friendlyName><UDN>uuid:tv</UDN>".to_vec()),
            "/hang" => Act::Hang,
            "/slow" => Act::SlowHeaders,
            "/endless" => Act::Endless,
            "/redirect" => redirect(),
            "/deep" => Act::Send(200, "<a>".repeat(100_000).into_bytes()),
            "/bomb" => Act::Send(200, b"<!DOCTYPE a [<!ENTITY b 'x'>]><root><device/></root>".to_vec()),
            "/404" => Act::Send(404, Vec::new()),
            _ => Act::Send(200, description("uuid:evil", "http://192.0.2.1/ctl")),
        }
    })
    .await;
    let port = server.port;
    let (_running, _) = responder(ip, move |target| {
        if target != "upnp:rootdevice" {
            return Vec::new();
        }
        let pages = ["good", "hang", "slow", "endless", "redirect", "deep", "bomb", "404", "control"];
        let pages = pages.iter().map(|page| answer(&format!("uuid:{page}"), &format!("http://{ip}:{port}/{page}")));
        let places = ["http://127.0.0.1:80/", "http://192.0.2.1/", "https://127.0.9.22/", "file:///etc/passwd", ""];
        let places = places.iter().enumerate().map(|(n, place)| answer(&format!("uuid:place{n}"), place));
        pages.chain(places).collect()
    })
    .await;
    let found = discover(&[loopback(ip)], &quick(), &StopProbes::default(), &Clock::start()).await;
    let named = found.devices.iter().filter(|d| d.friendly_name == "TV").collect::<Vec<&Device>>();
    assert_eq!((named.len(), named[0].udn.as_str()), (1, "uuid:tv"));
    let count = |reason| found.refused.get(reason).copied().unwrap_or(0);
    for (reason, at_least) in [
        ("http_timeout", 2),
        ("http_body_too_large", 1),
        ("http_redirect", 1),
        ("http_status", 1),
        ("description_unreadable", 2),
        ("location_elsewhere", 2),
        ("location_scheme", 2),
        ("location_missing", 1),
        ("control_url_elsewhere", 1),
    ] {
        assert!(count(reason) >= at_least, "{reason}: {:?}", found.refused);
    }
    assert_eq!(found.gateways.len(), 1);
    assert!(
        found.gateways[0].problems[0].to_string().contains("points to another host, 192.0.2.1"),
        "{:?}",
        found.gateways
    );
    assert!(found.devices.iter().any(|d| d.udn == "uuid:place0" && d.problem.is_some()));
    assert!(found.took < Duration::from_secs(4), "{:?}", found.took);
}

#[tokio::test]
async fn one_gateway_by_two_addresses_is_one() {
    let (good, mute) = (Ipv4Addr::new(127, 0, 9, 23), Ipv4Addr::new(127, 0, 9, 24));
    let server = http(good, |request| match request.head.starts_with("GET") {
        true => Act::Send(200, description("uuid:TWO", "/ctl")),
        false => control(request, &[mapping(80, "web")]),
    })
    .await;
    let deaf = http(mute, |request| match request.head.starts_with("GET") {
        true => Act::Send(200, description("uuid:two", "/ctl")),
        false => Act::Hang,
    })
    .await;
    let interfaces = [loopback(good), loopback(mute)];
    let mut intake = Intake::new(&interfaces, Duration::from_millis(300));
    for (ip, port) in [(mute, deaf.port), (good, server.port)] {
        let message = wire::ssdp::parse(&answer("uuid:two", &format!("http://{ip}:{port}/"))).expect("an answer");
        let (source, local) = ((ip, 1900).into(), ip.into());
        intake.take(Reply { message, source, interface: "lo".into(), interface_index: 1, local });
    }
    while intake.progress().await {}
    let finding = intake.finish();
    assert_eq!((finding.devices.len(), finding.candidates.len(), finding.candidates[0].len()), (1, 1, 2));
    // The mute one first: the other has to be tried.
    let mut ways = finding.candidates[0].clone();
    ways.sort_by_key(|way| way.ip != IpAddr::V4(mute));
    let deadline = now() + Duration::from_secs(5);
    let reader = gateway::Reader { request: Duration::from_millis(300), deadline, stop: StopProbes::default() };
    let (gateway, counts) = gateway::read_any(&ways, &reader).await;
    assert_eq!((gateway.ip, gateway.mappings.len(), gateway.complete), (Some(good.into()), 1, true));
    assert!(counts.get("http_timeout").is_some_and(|n| *n >= 2), "{counts:?}");
}

#[test]
fn a_time_limit_is_shared_out() {
    let check = |total_ms: u64, window_ms: u128| {
        let settings = Settings::within(Duration::from_millis(total_ms));
        assert_eq!(settings.search.window.as_millis(), window_ms, "{total_ms}");
        assert!(settings.search.window <= settings.total);
    };
    check(1000, 1000);
    check(3000, 1500);
    check(6000, 2000);
    check(12_000, 4000);
    check(60_000, 4000);
}
