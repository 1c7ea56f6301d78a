//! An Internet gateway device: description, control, and a table of port mappings, two of which it answers with the
//! broken XML of a real daemon (miniupnpd 2.3.1 does not escape, and runs over after 64 bytes).

use super::device::{About, describe, escape, fields};
use super::http::{HttpServer, Request, Response};
use super::ssdp::{self, Identity};
use crate::net::Worker;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

const WAN_IP: &str = "urn:schemas-upnp-org:service:WANIPConnection:1";
const WAN_COMMON: &str = "urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1";
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
    /// `NewExternalIPAddress`.
    pub external_address: Ipv4Addr,
    /// Its table.
    pub mappings: Vec<PortMapping>,
}

impl GatewayOptions {
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
            external_address: Ipv4Addr::new(192, 0, 0, 2),
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
        let http = HttpServer::start(Arc::new(move |request| respond(request, &shared)))?;
        let identity = Identity {
            udn: options.about.udn.clone(),
            types: vec![
                options.about.device_type.clone(),
                "urn:schemas-upnp-org:device:WANDevice:1".to_owned(),
                "urn:schemas-upnp-org:device:WANConnectionDevice:1".to_owned(),
                WAN_COMMON.to_owned(),
                WAN_IP.to_owned(),
            ],
            location: format!("http://{}/rootDesc.xml", http.addr()),
            server: "Linux/4.4 UPnP/1.1 HomeGateway/2.0".to_owned(),
        };
        Ok(Self { http, options, _ssdp: ssdp::start(identity)? })
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

/// What the gateway answers to a request. Pure.
#[must_use]
pub fn respond(request: &Request, options: &GatewayOptions) -> Response {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/rootDesc.xml") => Response::xml(description(&options.about)),
        ("GET", "/WANIPCn.xml" | "/WANCfg.xml") => Response::xml(scpd()),
        ("POST", "/ctl/IPConn") => ip_connection(request, options),
        ("POST", "/ctl/CmnIfCfg") => match action(request).as_str() {
            "GetCommonLinkProperties" => answer(
                WAN_COMMON,
                "GetCommonLinkProperties",
                b"<NewWANAccessType>Ethernet</NewWANAccessType>\
                <NewLayer1UpstreamMaxBitRate>1000000000</NewLayer1UpstreamMaxBitRate>\
                <NewLayer1DownstreamMaxBitRate>1000000000</NewLayer1DownstreamMaxBitRate>\
                <NewPhysicalLinkStatus>Up</NewPhysicalLinkStatus>",
            ),
            _ => fault(401, "Invalid Action"),
        },
        _ => Response::not_found(),
    }
}

fn action(request: &Request) -> String {
    request.soap_action.rsplit_once('#').map_or_else(String::new, |(_, action)| action.to_owned())
}

fn ip_connection(request: &Request, options: &GatewayOptions) -> Response {
    let name = action(request);
    match name.as_str() {
        "GetExternalIPAddress" => {
            let address = options.external_address;
            answer(WAN_IP, &name, format!("<NewExternalIPAddress>{address}</NewExternalIPAddress>").as_bytes())
        }
        "GetStatusInfo" => answer(
            WAN_IP,
            &name,
            b"<NewConnectionStatus>Connected</NewConnectionStatus><NewLastConnectionError>ERROR_NONE\
            </NewLastConnectionError><NewUptime>86400</NewUptime>",
        ),
        "GetConnectionTypeInfo" => answer(
            WAN_IP,
            &name,
            b"<NewConnectionType>IP_Routed</NewConnectionType><NewPossibleConnectionTypes>IP_Routed\
            </NewPossibleConnectionTypes>",
        ),
        "GetGenericPortMappingEntry" => {
            match argument(&request.body, "NewPortMappingIndex").and_then(|index| index.parse::<usize>().ok()) {
                Some(index) => match options.mappings.get(index) {
                    Some(mapping) => answer(WAN_IP, &name, &entry(mapping)),
                    // UPnP WANIPConnection:1, 2.4.14.
                    None => fault(713, "SpecifiedArrayIndexInvalid"),
                },
                None => fault(402, "Invalid Args"),
            }
        }
        _ => fault(401, "Invalid Action"),
    }
}

/// The text of an argument of a SOAP action; prefixes are not looked for, because clients send none.
fn argument(body: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once(&format!("<{name}"))?;
    let (_, rest) = rest.split_once('>')?;
    Some(rest.split_once('<')?.0.trim().to_owned())
}

/// An entry as the daemon writes it: a description is copied without escaping, and one that is longer than its buffer
/// runs into whatever memory follows.
fn entry(mapping: &PortMapping) -> Vec<u8> {
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

const ENVELOPE: &str = "<?xml version=\"1.0\"?>\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
     s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>";

fn answer(service: &str, action: &str, arguments: &[u8]) -> Response {
    let mut body = format!("{ENVELOPE}<u:{action}Response xmlns:u=\"{service}\">").into_bytes();
    body.extend(arguments);
    body.extend(format!("</u:{action}Response></s:Body></s:Envelope>\r\n").as_bytes());
    Response::xml(body)
}

/// A fault comes with status 500 (UPnP Device Architecture 2.0, 3.2.6).
fn fault(code: u16, text: &str) -> Response {
    let body = format!(
        "{ENVELOPE}<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>\
         <UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\"><errorCode>{code}</errorCode>\
         <errorDescription>{text}</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>\r\n"
    );
    Response { status: "500 Internal Server Error", body: body.into_bytes() }
}

fn service(kind: &str, id: &str, scpd: &str, control: &str) -> String {
    format!(
        "<service><serviceType>{kind}</serviceType><serviceId>urn:upnp-org:serviceId:{id}</serviceId>\
         <SCPDURL>{scpd}</SCPDURL><controlURL>{control}</controlURL><eventSubURL>{}</eventSubURL></service>",
        control.replace("ctl", "evt")
    )
}

/// The connection service sits two devices deep (UPnP InternetGatewayDevice:1, 2.1).
fn description(about: &About) -> String {
    let part = |kind: &str, name: &str, suffix: &str| {
        fields(&About {
            udn: format!("{}{suffix}", about.udn),
            device_type: format!("urn:schemas-upnp-org:device:{kind}:1"),
            friendly_name: name.to_owned(),
            ..about.clone()
        })
    };
    let inside = format!(
        "<deviceList><device>{}<serviceList>{}</serviceList><deviceList><device>{}<serviceList>{}</serviceList>\
         </device></deviceList></device></deviceList><presentationURL>{}</presentationURL>",
        part("WANDevice", "WAN device", "-wan"),
        service(WAN_COMMON, "WANCommonIFC1", "/WANCfg.xml", "/ctl/CmnIfCfg"),
        part("WANConnectionDevice", "WAN connection device", "-con"),
        service(WAN_IP, "WANIPConn1", "/WANIPCn.xml", "/ctl/IPConn"),
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
            soap_action: format!("{WAN_IP}#{action}"),
            body: body.as_bytes().to_vec(),
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
