//! An Internet gateway device: description, control, and a table of port mappings, two of which it answers with the
//! broken XML of a real daemon (miniupnpd 2.3.1 does not escape, and runs over after 64 bytes).

use super::device::{About, describe, escape, fields};
use super::hostile::Misbehaviour;
use super::http::{HttpServer, Request, Response};
use super::ssdp::{self, Identity};
use super::wan::{self, Connection, Firewall, Service};
use crate::net::{Place, Worker};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Bytes of a description that the daemon's buffer holds.
const DESCRIPTION_BYTES: usize = 64;

/// An entry of the port mapping table (UPnP WANIPConnection:1, 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortMapping {
    /// `TCP` or `UDP`.
    pub protocol: &'static str,
    /// External port.
    pub external_port: u16,
    /// Internal client.
    pub internal_client: Ipv4Addr,
    /// Internal port.
    pub internal_port: u16,
    /// Description; sent as the daemon would, unescaped.
    pub description: String,
    /// Seconds; 0 is for ever.
    pub lease_s: u32,
}

/// What a gateway is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayOptions {
    /// Who it is.
    pub about: About,
    /// Its WAN connections, each in a WAN device of its own.
    pub connections: Vec<Connection>,
    /// The table of every connection that has none of its own.
    pub mappings: Vec<PortMapping>,
    /// Its IPv6 firewall, if it has one.
    pub firewall: Option<Firewall>,
    /// Where it answers from.
    pub place: Place,
    /// What it does wrong.
    pub misbehaviour: Option<Misbehaviour>,
}

impl GatewayOptions {
    /// The version of the Internet gateway device that it is.
    fn version(&self) -> &str {
        self.about.device_type.rsplit(':').next().unwrap_or("1")
    }

    /// The same as `InternetGatewayDevice:2`, with the connection service of that version.
    #[must_use]
    pub fn second_version(mut self) -> Self {
        self.about.device_type = "urn:schemas-upnp-org:device:InternetGatewayDevice:2".to_owned();
        for connection in self.connections.iter_mut().filter(|connection| connection.service == Service::Ip1) {
            connection.service = Service::Ip2;
        }
        self
    }

    /// The provider's router of the incident: behind DS-Lite (192.0.0.2, RFC 6333, 5.7), with what a NAS opened.
    #[must_use]
    pub fn home(udn: String, nas: Ipv4Addr) -> Self {
        let mapping = |protocol, external_port, internal_port, description: &str, lease_s| PortMapping {
            protocol,
            external_port,
            internal_client: nas,
            internal_port,
            description: description.to_owned(),
            lease_s,
        };
        let overlong = "a description of more than sixty-four characters makes the daemon append stray bytes";
        Self {
            about: About {
                udn,
                device_type: "urn:schemas-upnp-org:device:InternetGatewayDevice:1".to_owned(),
                friendly_name: "Home gateway".to_owned(),
                manufacturer: "Simulated".to_owned(),
                model: "HGW-1".to_owned(),
            },
            connections: vec![Connection::with_address(Service::Ip1, "192.0.0.2")],
            firewall: None,
            place: Place::HOME,
            misbehaviour: None,
            mappings: vec![
                mapping("TCP", 5001, 5001, "Synology DSM", 0),
                mapping("TCP", 6690, 6690, "Sync & Share", 3600),
                mapping("TCP", 8080, 18080, overlong, 0),
                mapping("UDP", 51820, 51820, "WireGuard", 0),
            ],
        }
    }
}

/// A running gateway; it stops when dropped.
#[derive(Debug)]
pub struct UpnpGateway {
    http: HttpServer,
    options: Arc<GatewayOptions>,
    _ssdp: Worker,
}

impl UpnpGateway {
    /// Starts it on loopback.
    ///
    /// # Errors
    /// No port, no thread, or SSDP's port is held by somebody who does not share it.
    pub fn start(options: GatewayOptions) -> io::Result<Self> {
        let options = Arc::new(options);
        let shared = Arc::clone(&options);
        let handler = Arc::new(move |request: &Request| match &shared.misbehaviour {
            Some(wrong) => wrong.respond(request, respond(request, &shared)),
            None => respond(request, &shared),
        });
        let http = HttpServer::start_at(options.place, handler)?;
        let identity = Identity {
            udn: options.about.udn.clone(),
            types: types(&options),
            location: format!("http://{}/rootDesc.xml", http.addr()),
            server: "Linux/4.4 UPnP/1.1 HomeGateway/2.0".to_owned(),
        };
        let wrong = options.misbehaviour;
        let answers = move |st: &str| {
            let honest = identity.answers(st).into_iter().map(String::into_bytes).collect();
            match wrong {
                Some(wrong) => wrong.answers(st, honest),
                None => honest,
            }
        };
        let ssdp = ssdp::start_at(options.place, Box::new(answers))?;
        Ok(Self { http, options, _ssdp: ssdp })
    }

    /// Where its description and control are.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.http.addr()
    }

    /// What it is.
    #[must_use]
    pub fn options(&self) -> &GatewayOptions {
        &self.options
    }
}

/// The device and service types that it answers searches for.
pub(super) fn types(options: &GatewayOptions) -> Vec<String> {
    let device = |kind: &str| format!("urn:schemas-upnp-org:device:{kind}:{}", options.version());
    let mut types = vec![device("InternetGatewayDevice"), device("WANDevice"), device("WANConnectionDevice")];
    types.push(wan::WAN_COMMON.to_owned());
    types.extend(options.connections.iter().map(|connection| connection.service.kind().to_owned()));
    types
}

/// What the gateway answers to a request. Pure.
#[must_use]
pub fn respond(request: &Request, options: &GatewayOptions) -> Response {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/rootDesc.xml") => Response::xml(description(options)),
        ("GET", "/WANIPCn.xml" | "/WANCfg.xml") => Response::xml(scpd()),
        ("GET", "/WANIP6.xml") if options.firewall.is_some() => Response::xml(wan::firewall_scpd()),
        ("POST", "/ctl/IPConn") => wan::connection(request, options, 0),
        ("POST", "/ctl/CmnIfCfg") => wan::line(request),
        ("POST", "/ctl/L3F") => wan::forwarding(request, options),
        ("POST", "/ctl/IP6FWCtl") => match options.firewall {
            Some(firewall) => wan::firewall(request, firewall),
            None => Response::not_found(),
        },
        ("POST", path) => match path.strip_prefix("/ctl/IPConn").and_then(|number| number.parse().ok()) {
            Some(number) => wan::connection(request, options, number),
            None => Response::not_found(),
        },
        _ => Response::not_found(),
    }
}

/// The text of an argument of a SOAP action; prefixes are not looked for, because clients send none.
pub(super) fn argument(body: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once(&format!("<{name}"))?;
    let (_, rest) = rest.split_once('>')?;
    Some(rest.split_once('<')?.0.trim().to_owned())
}

/// An entry as the daemon writes it: a description is copied without escaping, and one that is longer than its buffer
/// runs into whatever memory follows.
pub(super) fn entry(mapping: &PortMapping) -> Vec<u8> {
    let mut body = format!(
        "<NewRemoteHost></NewRemoteHost><NewExternalPort>{}</NewExternalPort><NewProtocol>{}</NewProtocol>\
         <NewInternalPort>{}</NewInternalPort><NewInternalClient>{}</NewInternalClient><NewEnabled>1</NewEnabled>\
         <NewPortMappingDescription>",
        mapping.external_port, mapping.protocol, mapping.internal_port, mapping.internal_client
    )
    .into_bytes();
    let description = mapping.description.as_bytes();
    body.extend(&description[..description.len().min(DESCRIPTION_BYTES)]);
    if description.len() > DESCRIPTION_BYTES {
        body.extend([0x90, 0xc6, 0x07, 0x3c, 0xfe, 0x7f]);
    }
    body.extend(b"</NewPortMappingDescription><NewLeaseDuration>");
    body.extend(mapping.lease_s.to_string().as_bytes());
    body.extend(b"</NewLeaseDuration>");
    body
}

fn service(kind: &str, id: &str, scpd: &str, control: &str) -> String {
    format!(
        "<service><serviceType>{kind}</serviceType><serviceId>urn:upnp-org:serviceId:{id}</serviceId>\
         <SCPDURL>{scpd}</SCPDURL><controlURL>{control}</controlURL><eventSubURL>{}</eventSubURL></service>",
        control.replace("ctl", "evt")
    )
}

/// Each connection sits two devices deep, in a WAN device of its own (UPnP InternetGatewayDevice:1, 2.1); the line belongs
/// to the first.
fn description(options: &GatewayOptions) -> String {
    let about = &options.about;
    let part = |kind: &str, name: &str, suffix: &str| {
        fields(&About {
            udn: format!("{}{suffix}", about.udn),
            device_type: format!("urn:schemas-upnp-org:device:{kind}:{}", options.version()),
            friendly_name: name.to_owned(),
            ..about.clone()
        })
    };
    let wan_device = |(at, connection): (usize, &Connection)| {
        let control = if at == 0 { "/ctl/IPConn".to_owned() } else { format!("/ctl/IPConn{at}") };
        let kind = connection.service;
        let mut inner = service(kind.kind(), kind.id(), "/WANIPCn.xml", &control);
        let mut outer = String::new();
        if at == 0 {
            outer.push_str(&service(wan::WAN_COMMON, "WANCommonIFC1", "/WANCfg.xml", "/ctl/CmnIfCfg"));
            if options.firewall.is_some() {
                inner.push_str(&service(wan::FIREWALL, "WANIPv6FirewallCtrl1", "/WANIP6.xml", "/ctl/IP6FWCtl"));
            }
        }
        let outer = if outer.is_empty() { outer } else { format!("<serviceList>{outer}</serviceList>") };
        format!(
            "<device>{}{outer}<deviceList><device>{}<serviceList>{inner}</serviceList></device></deviceList></device>",
            part("WANDevice", "WAN device", &format!("-wan{at}")),
            part("WANConnectionDevice", "WAN connection device", &format!("-con{at}")),
        )
    };
    let devices = options.connections.iter().enumerate().map(wan_device).collect::<String>();
    let forwarding = service(wan::FORWARDING, "L3Forwarding1", "/WANCfg.xml", "/ctl/L3F");
    let inside = format!(
        "<serviceList>{forwarding}</serviceList><deviceList>{devices}</deviceList><presentationURL>{}</presentationURL>",
        escape("/")
    );
    describe(about, &inside)
}

/// A service description with the actions that are answered (UPnP Device Architecture 2.0, 2.5).
fn scpd() -> String {
    let action = |name: &str, arguments: &[(&str, &str)]| {
        let arguments = arguments.iter().map(|(name, direction)| {
            format!(
                "<argument><name>{name}</name><direction>{direction}</direction>\
                 <relatedStateVariable>{}</relatedStateVariable></argument>",
                name.trim_start_matches("New")
            )
        });
        format!("<action><name>{name}</name><argumentList>{}</argumentList></action>", arguments.collect::<String>())
    };
    let entry = [
        ("NewPortMappingIndex", "in"),
        ("NewRemoteHost", "out"),
        ("NewExternalPort", "out"),
        ("NewProtocol", "out"),
        ("NewInternalPort", "out"),
        ("NewInternalClient", "out"),
        ("NewEnabled", "out"),
        ("NewPortMappingDescription", "out"),
        ("NewLeaseDuration", "out"),
    ];
    let variables = entry.iter().map(|(name, _)| *name).chain(["NewExternalIPAddress"]).map(|name| {
        let name = name.trim_start_matches("New");
        format!("<stateVariable sendEvents=\"no\"><name>{name}</name><dataType>string</dataType></stateVariable>")
    });
    format!(
        "<?xml version=\"1.0\"?>\n<scpd xmlns=\"urn:schemas-upnp-org:service-1-0\"><specVersion><major>1</major>\
         <minor>0</minor></specVersion><actionList>{}{}</actionList><serviceStateTable>{}</serviceStateTable></scpd>\n",
        action("GetExternalIPAddress", &[("NewExternalIPAddress", "out")]),
        action("GetGenericPortMappingEntry", &entry),
        variables.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(action: &str, body: &str) -> Response {
        let options = GatewayOptions::home("uuid:1".to_owned(), Ipv4Addr::new(192, 168, 1, 20));
        let request = Request {
            method: "POST".to_owned(),
            path: "/ctl/IPConn".to_owned(),
            soap_action: format!("{}#{action}", Service::Ip1.kind()),
            body: body.as_bytes().to_vec(),
            ..Request::default()
        };
        respond(&request, &options)
    }

    #[test]
    fn lists_its_mappings_until_713() {
        let entry = |index: usize| {
            let body = format!("<u:x><NewPortMappingIndex>{index}</NewPortMappingIndex></u:x>");
            let response = post("GetGenericPortMappingEntry", &body);
            (response.status, String::from_utf8_lossy(&response.body).into_owned(), response.body)
        };
        assert!(entry(0).1.contains("<NewPortMappingDescription>Synology DSM</NewPortMappingDescription>"));
        assert!(entry(0).1.contains("<NewInternalClient>192.168.1.20</NewInternalClient>"));
        assert!(entry(1).1.contains("Sync & Share"), "unescaped, as the daemon sends it");
        assert!(String::from_utf8(entry(2).2).is_err(), "stray bytes");
        let (status, text, _) = entry(4);
        assert!(status.starts_with("500") && text.contains("<errorCode>713</errorCode>"), "{text}");
        assert!(String::from_utf8_lossy(&post("DeleteEverything", "").body).contains("<errorCode>401</errorCode>"));
        assert!(String::from_utf8_lossy(&post("GetExternalIPAddress", "").body).contains(">192.0.0.2<"));
    }
}
