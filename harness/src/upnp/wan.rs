//! The WAN side of a simulated gateway: its connections, its line, its IPv6 firewall, and what their services answer
//! (UPnP WANIPConnection:1 and :2, WANPPPConnection:1, WANCommonInterfaceConfig:1, WANIPv6FirewallControl:1). Knows no
//! description and no socket.

use super::gateway::{GatewayOptions, PortMapping, argument, entry};
use super::soap::{action, answer, fault};
use crate::upnp::device::escape;
use crate::upnp::http::{Request, Response};

/// `WANCommonInterfaceConfig:1`.
pub const WAN_COMMON: &str = "urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1";
/// `WANIPv6FirewallControl:1`.
pub const FIREWALL: &str = "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1";
/// `Layer3Forwarding:1`.
pub const FORWARDING: &str = "urn:schemas-upnp-org:service:Layer3Forwarding:1";

/// Which connection service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// `WANIPConnection:1`.
    Ip1,
    /// `WANIPConnection:2`.
    Ip2,
    /// `WANPPPConnection:1`.
    Ppp,
}

impl Service {
    /// Its service type.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Ip1 => "urn:schemas-upnp-org:service:WANIPConnection:1",
            Self::Ip2 => "urn:schemas-upnp-org:service:WANIPConnection:2",
            Self::Ppp => "urn:schemas-upnp-org:service:WANPPPConnection:1",
        }
    }

    /// Its service id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        if matches!(self, Self::Ppp) { "WANPPPConn1" } else { "WANIPConn1" }
    }
}

/// What a connection says when asked for its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum External {
    /// This text, whatever it is.
    Says(String),
    /// `501 Action Failed`.
    Faults,
}

/// A WAN connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its service.
    pub service: Service,
    /// Its address.
    pub external: External,
    /// `ConnectionStatus`.
    pub status: &'static str,
    /// `Uptime`, seconds.
    pub uptime_s: u32,
    /// Its own table; `None` shows the gateway's.
    pub mappings: Option<Vec<PortMapping>>,
}

impl Connection {
    /// Connected for a day, with this address.
    #[must_use]
    pub fn with_address(service: Service, address: &str) -> Self {
        let external = External::Says(address.to_owned());
        Self { service, external, status: "Connected", uptime_s: 86_400, mappings: None }
    }
}

/// An IPv6 firewall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firewall {
    /// `FirewallEnabled`.
    pub enabled: bool,
    /// `InboundPinholeAllowed`.
    pub pinholes: bool,
}

/// What a connection answers.
#[must_use]
pub fn connection(request: &Request, options: &GatewayOptions, number: usize) -> Response {
    let Some(connection) = options.connections.get(number) else { return Response::not_found() };
    let (name, service) = (action(request), connection.service.kind());
    let mappings = connection.mappings.as_deref().unwrap_or(&options.mappings);
    match name.as_str() {
        "GetExternalIPAddress" => match &connection.external {
            External::Says(text) => {
                let address = format!("<NewExternalIPAddress>{}</NewExternalIPAddress>", escape(text));
                answer(service, &name, address.as_bytes())
            }
            External::Faults => fault(501, "ActionFailed"),
        },
        "GetStatusInfo" => {
            let (status, uptime) = (connection.status, connection.uptime_s);
            let body = format!(
                "<NewConnectionStatus>{status}</NewConnectionStatus><NewLastConnectionError>ERROR_NONE\
                 </NewLastConnectionError><NewUptime>{uptime}</NewUptime>"
            );
            answer(service, &name, body.as_bytes())
        }
        "GetConnectionTypeInfo" => answer(
            service,
            &name,
            b"<NewConnectionType>IP_Routed</NewConnectionType><NewPossibleConnectionTypes>IP_Routed\
            </NewPossibleConnectionTypes>",
        ),
        "GetNATRSIPStatus" => {
            answer(service, &name, b"<NewRSIPAvailable>0</NewRSIPAvailable><NewNATEnabled>1</NewNATEnabled>")
        }
        "GetLinkLayerMaxBitRates" if connection.service == Service::Ppp => answer(
            service,
            &name,
            b"<NewUpstreamMaxBitRate>100000000</NewUpstreamMaxBitRate><NewDownstreamMaxBitRate>200000000\
            </NewDownstreamMaxBitRate>",
        ),
        "GetGenericPortMappingEntry" => generic_entry(request, service, mappings),
        "GetListOfPortMappings" if connection.service == Service::Ip2 => listing(request, service, mappings),
        _ => fault(401, "Invalid Action"),
    }
}

fn generic_entry(request: &Request, service: &str, mappings: &[PortMapping]) -> Response {
    match argument(&request.body, "NewPortMappingIndex").and_then(|index| index.parse::<usize>().ok()) {
        Some(index) => match mappings.get(index) {
            Some(mapping) => answer(service, "GetGenericPortMappingEntry", &entry(mapping)),
            // UPnP WANIPConnection:1, 2.4.14.
            None => fault(713, "SpecifiedArrayIndexInvalid"),
        },
        None => fault(402, "Invalid Args"),
    }
}

/// The mappings of one protocol as a document within the document (WANIPConnection:2, 2.5.21).
fn listing(request: &Request, service: &str, mappings: &[PortMapping]) -> Response {
    let wanted = argument(&request.body, "NewProtocol").unwrap_or_default();
    let entries = mappings.iter().filter(|mapping| mapping.protocol == wanted).map(|mapping| {
        format!(
            "<p:PortMappingEntry><p:NewRemoteHost></p:NewRemoteHost><p:NewExternalPort>{}</p:NewExternalPort>\
             <p:NewProtocol>{}</p:NewProtocol><p:NewInternalPort>{}</p:NewInternalPort><p:NewInternalClient>{}\
             </p:NewInternalClient><p:NewEnabled>1</p:NewEnabled><p:NewDescription>{}</p:NewDescription>\
             <p:NewLeaseTime>{}</p:NewLeaseTime></p:PortMappingEntry>",
            mapping.external_port,
            mapping.protocol,
            mapping.internal_port,
            mapping.internal_client,
            escape(&mapping.description),
            mapping.lease_s
        )
    });
    let entries = entries.collect::<String>();
    if entries.is_empty() {
        return fault(730, "PortMappingNotFound");
    }
    let list = format!(
        "<NewPortListing><![CDATA[<p:PortMappingList xmlns:p=\"urn:schemas-upnp-org:gw:WANIPConnection\">{entries}\
         </p:PortMappingList>]]></NewPortListing>"
    );
    answer(service, "GetListOfPortMappings", list.as_bytes())
}

/// What the line answers. Its counters have wrapped: they are what a 32-bit gateway shows.
#[must_use]
pub fn line(request: &Request) -> Response {
    let name = action(request);
    let body: &[u8] = match name.as_str() {
        "GetCommonLinkProperties" => {
            b"<NewWANAccessType>Ethernet</NewWANAccessType>\
            <NewLayer1UpstreamMaxBitRate>1000000000</NewLayer1UpstreamMaxBitRate>\
            <NewLayer1DownstreamMaxBitRate>1000000000</NewLayer1DownstreamMaxBitRate>\
            <NewPhysicalLinkStatus>Up</NewPhysicalLinkStatus>"
        }
        "GetTotalBytesSent" => b"<NewTotalBytesSent>4294967295</NewTotalBytesSent>",
        "GetTotalBytesReceived" => b"<NewTotalBytesReceived>17</NewTotalBytesReceived>",
        "GetTotalPacketsSent" => b"<NewTotalPacketsSent>1000</NewTotalPacketsSent>",
        "GetTotalPacketsReceived" => b"<NewTotalPacketsReceived>2000</NewTotalPacketsReceived>",
        _ => return fault(401, "Invalid Action"),
    };
    answer(WAN_COMMON, &name, body)
}

/// The description of the IPv6 firewall: what can be asked without knowing the number of a pinhole, and what needs one
/// (WANIPv6FirewallControl:1, 2.4). No action lists the numbers.
#[must_use]
pub fn firewall_scpd() -> String {
    let argument = |name: &str, direction: &str, variable: &str| {
        format!(
            "<argument><name>{name}</name><direction>{direction}</direction>\
             <relatedStateVariable>{variable}</relatedStateVariable></argument>"
        )
    };
    let action = |name: &str, arguments: String| {
        format!("<action><name>{name}</name><argumentList>{arguments}</argumentList></action>")
    };
    let status = argument("FirewallEnabled", "out", "FirewallEnabled")
        + &argument("InboundPinholeAllowed", "out", "InboundPinholeAllowed");
    let packets = argument("UniqueID", "in", "A_ARG_TYPE_UniqueID")
        + &argument("PinholePackets", "out", "A_ARG_TYPE_PinholePackets");
    let variable = |name: &str, kind: &str| {
        format!("<stateVariable sendEvents=\"no\"><name>{name}</name><dataType>{kind}</dataType></stateVariable>")
    };
    let variables = variable("FirewallEnabled", "boolean")
        + &variable("InboundPinholeAllowed", "boolean")
        + &variable("A_ARG_TYPE_UniqueID", "ui2")
        + &variable("A_ARG_TYPE_PinholePackets", "ui4");
    format!(
        "<?xml version=\"1.0\"?><scpd xmlns=\"urn:schemas-upnp-org:service-1-0\"><specVersion><major>1</major>\
         <minor>0</minor></specVersion><actionList>{}{}</actionList><serviceStateTable>{variables}\
         </serviceStateTable></scpd>",
        action("GetFirewallStatus", status),
        action("GetPinholePackets", packets)
    )
}

/// What the IPv6 firewall answers. It knows one pinhole, number 1, if it allows any.
#[must_use]
pub fn firewall(request: &Request, firewall: Firewall) -> Response {
    let name = action(request);
    if name == "GetPinholePackets" {
        let known = argument(&request.body, "UniqueID").as_deref() == Some("1") && firewall.pinholes;
        return match (firewall.enabled, known) {
            (true, true) => answer(FIREWALL, &name, b"<PinholePackets>42</PinholePackets>"),
            // WANIPv6FirewallControl:1, 2.4: NoSuchEntry, and FirewallDisabled.
            (true, false) => fault(704, "NoSuchEntry"),
            (false, _) => fault(702, "FirewallDisabled"),
        };
    }
    if name != "GetFirewallStatus" {
        return fault(401, "Invalid Action");
    }
    let body = format!(
        "<FirewallEnabled>{}</FirewallEnabled><InboundPinholeAllowed>{}</InboundPinholeAllowed>",
        u8::from(firewall.enabled),
        u8::from(firewall.pinholes)
    );
    answer(FIREWALL, &name, body.as_bytes())
}

/// What Layer3Forwarding answers: the last connection is the default.
#[must_use]
pub fn forwarding(request: &Request, options: &GatewayOptions) -> Response {
    let name = action(request);
    let Some((at, last)) = options.connections.iter().enumerate().next_back() else { return Response::not_found() };
    if name != "GetDefaultConnectionService" {
        return fault(401, "Invalid Action");
    }
    let body = format!(
        "<NewDefaultConnectionService>{}-con{at}:WANConnectionDevice:1,urn:upnp-org:serviceId:{}\
         </NewDefaultConnectionService>",
        escape(&options.about.udn),
        last.service.id()
    );
    answer(FORWARDING, &name, body.as_bytes())
}
