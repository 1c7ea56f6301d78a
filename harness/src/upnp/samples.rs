//! What gateways and devices of the harness say, as bytes: good examples of each kind, for tests that spoil them and as
//! seeds for fuzzers. Opens no socket.

use super::device::{About, describe};
use super::gateway::{GatewayOptions, respond};
use super::hostile::{MISBEHAVIOURS, Misbehaviour};
use super::http::Request;
use super::ssdp::{Identity, Life, Notice};
use super::wan::{Connection, Firewall, Service};
use crate::packets;
use std::net::Ipv4Addr;

/// Bytes of the longest sample: fuzzers go through short seeds faster, and what is hostile by size alone teaches nothing.
const MAX_SAMPLE: usize = 16 * 1024;

/// A gateway with all there is.
#[must_use]
pub fn gateway() -> GatewayOptions {
    let home = GatewayOptions::home("uuid:7".to_owned(), Ipv4Addr::new(192, 168, 1, 20)).second_version();
    GatewayOptions {
        connections: vec![
            Connection::with_address(Service::Ip2, "192.0.0.2"),
            Connection::with_address(Service::Ppp, "11.22.33.44"),
        ],
        firewall: Some(Firewall { enabled: true, pinholes: true }),
        ..home
    }
}

/// Answers, announcements and searches.
#[must_use]
pub fn ssdp() -> Vec<Vec<u8>> {
    let identity = Identity {
        udn: "uuid:7".to_owned(),
        types: vec!["urn:schemas-upnp-org:device:InternetGatewayDevice:1".to_owned()],
        location: "http://192.168.1.1:5000/rootDesc.xml".to_owned(),
        server: "Linux/4.4 UPnP/1.1 HomeGateway/2.0".to_owned(),
    };
    let mut texts = identity.answers("ssdp:all");
    let life = Life { max_age_s: 1800, boot: 7, config: 3 };
    for notice in [Notice::Alive, Notice::Update { next_boot: 8 }, Notice::Byebye] {
        texts.extend(identity.notices("[ff02::c]:1900", notice, life));
    }
    texts.push(packets::m_search("ssdp:all", 3));
    texts.push(packets::notify_alive(Ipv4Addr::new(192, 168, 1, 1), "upnp:rootdevice", "uuid:7::upnp:rootdevice", "s"));
    texts.into_iter().map(String::into_bytes).collect()
}

/// Descriptions of devices, of services, and what the hostile make of them.
#[must_use]
pub fn descriptions() -> Vec<Vec<u8>> {
    let get = |path: &str| Request { method: "GET".to_owned(), path: path.to_owned(), ..Request::default() };
    let television = About {
        udn: "uuid:9".to_owned(),
        device_type: "urn:schemas-upnp-org:device:MediaRenderer:1".to_owned(),
        friendly_name: "リビング <TV> & co".to_owned(),
        manufacturer: "Simulated".to_owned(),
        model: "TV-1".to_owned(),
    };
    let mut bodies = vec![describe(&television, "").into_bytes()];
    for request in [get("/rootDesc.xml"), get("/WANIPCn.xml")] {
        let honest = respond(&request, &gateway());
        bodies.push(honest.body.clone());
        bodies.extend(spoiled(&request, &honest));
    }
    bodies
}

/// Results and faults of actions, and what the hostile make of them.
#[must_use]
pub fn soap() -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    for request in calls() {
        let honest = respond(&request, &gateway());
        bodies.push(honest.body.clone());
        bodies.extend(spoiled(&request, &honest));
    }
    bodies.sort();
    bodies.dedup();
    bodies
}

/// The request for the mapping at `index`.
#[must_use]
pub fn mapping_request(index: usize) -> Request {
    let body = format!("<NewPortMappingIndex>{index}</NewPortMappingIndex>");
    call("/ctl/IPConn", Service::Ip2.kind(), "GetGenericPortMappingEntry", body)
}

/// The request for all mappings of a protocol.
#[must_use]
pub fn listing_request(protocol: &str) -> Request {
    let body = format!("<NewProtocol>{protocol}</NewProtocol>");
    call("/ctl/IPConn", Service::Ip2.kind(), "GetListOfPortMappings", body)
}

fn calls() -> Vec<Request> {
    let mut calls = (0..5).map(mapping_request).collect::<Vec<_>>();
    calls.extend(["TCP", "UDP", "SCTP"].map(listing_request));
    for name in ["GetExternalIPAddress", "GetStatusInfo", "GetConnectionTypeInfo", "GetNATRSIPStatus", "Nothing"] {
        calls.push(call("/ctl/IPConn", Service::Ip2.kind(), name, String::new()));
    }
    calls.push(call("/ctl/IPConn1", Service::Ppp.kind(), "GetLinkLayerMaxBitRates", String::new()));
    calls.push(call("/ctl/CmnIfCfg", super::wan::WAN_COMMON, "GetCommonLinkProperties", String::new()));
    calls.push(call("/ctl/IP6FWCtl", super::wan::FIREWALL, "GetFirewallStatus", String::new()));
    calls.push(call("/ctl/L3F", super::wan::FORWARDING, "GetDefaultConnectionService", String::new()));
    calls
}

fn call(path: &str, service: &str, action: &str, body: String) -> Request {
    Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        soap_action: format!("{service}#{action}"),
        body: body.into_bytes(),
        ..Request::default()
    }
}

fn spoiled(request: &Request, honest: &super::http::Response) -> Vec<Vec<u8>> {
    let spoil = |kind| Misbehaviour { kind, seed: 1 }.respond(request, honest.clone()).body;
    let bodies = MISBEHAVIOURS.iter().map(spoil).filter(|body| body.len() <= MAX_SAMPLE && *body != honest.body);
    let mut bodies = bodies.collect::<Vec<_>>();
    bodies.sort();
    bodies.dedup();
    bodies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_many_and_they_are_small() {
        for (kind, samples) in [("ssdp", ssdp()), ("descriptions", descriptions()), ("soap", soap())] {
            assert!(samples.len() >= 10, "{} of {kind}", samples.len());
            assert!(samples.iter().all(|sample| sample.len() <= MAX_SAMPLE), "{kind}");
        }
    }
}
