//! What answers UPnP: devices, gateways and the port mappings on them. Knows no XML and no sockets.

use super::text::Sentence;
use super::{MacAddr, Time};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Transport protocol of a port mapping (`PortMappingProtocol`, UPnP WANIPConnection:1, 2.2.17).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum MappingProtocol {
    /// TCP.
    #[serde(rename = "TCP")]
    Tcp,
    /// UDP.
    #[serde(rename = "UDP")]
    Udp,
    /// What the gateway said, where it is neither.
    #[serde(untagged)]
    Other(String),
}

impl MappingProtocol {
    /// `TCP`, `UDP`, or what the gateway said.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Other(text) => text,
        }
    }
}

/// One entry of a gateway's port mapping table (UPnP WANIPConnection:1, 2.2.12 to 2.2.21).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PortMapping {
    /// `PortMappingProtocol`.
    pub protocol: MappingProtocol,
    /// `ExternalPort`; 0 means every port.
    pub external_port: u16,
    /// `InternalClient`: an address or a host name.
    pub internal_client: String,
    /// `InternalPort`.
    pub internal_port: u16,
    /// `PortMappingDescription`.
    pub description: String,
    /// `PortMappingEnabled`.
    pub enabled: bool,
    /// `PortMappingLeaseDuration`, seconds; 0 is for ever.
    pub lease_seconds: u32,
    /// `RemoteHost`; `None` (empty on the wire) means anyone.
    pub remote_host: Option<String>,
    /// Index in [`Gateway::connections`] of the connection whose table it stands in.
    pub connection: usize,
}

/// Which version of the Internet gateway device a gateway says it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum GatewayKind {
    /// `InternetGatewayDevice:1`.
    #[serde(rename = "igd1")]
    Igd1,
    /// `InternetGatewayDevice:2`, or a later one.
    #[serde(rename = "igd2")]
    Igd2,
    /// WAN connections below a device that does not call itself a gateway.
    #[default]
    #[serde(rename = "other")]
    Other,
}

impl GatewayKind {
    /// Every kind, in the order of the metrics.
    pub const ALL: [Self; 3] = [Self::Igd1, Self::Igd2, Self::Other];

    /// Value of the metric label `kind`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Igd1 => "igd1",
            Self::Igd2 => "igd2",
            Self::Other => "other",
        }
    }
}

/// What a gateway said when asked for its external address (`GetExternalIPAddress`, WANIPConnection:1, 2.4.18).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressAnswer {
    /// Nothing usable: a fault, silence, or text that is no address.
    #[default]
    Unread,
    /// An empty text or `0.0.0.0`: it says that it has none.
    None,
    /// This one.
    #[serde(untagged)]
    Is(IpAddr),
}

/// One `WANIPConnection` or `WANPPPConnection`, as far as it could be read. What the gateway did not tell is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// `urn:schemas-upnp-org:service:WANIPConnection:1`.
    pub service_type: String,
    /// It is the one that the gateway names as its default (`GetDefaultConnectionService`, Layer3Forwarding:1, 2.4.2).
    pub default: bool,
    /// `ConnectionStatus`: `Connected`, `Disconnected`, `Connecting`, …
    pub status: Option<String>,
    /// `LastConnectionError`: `ERROR_NONE`, `ERROR_AUTHENTICATION_FAILURE`, …
    pub last_error: Option<String>,
    /// `Uptime`, seconds since the connection came up.
    pub uptime_seconds: Option<u32>,
    /// `ConnectionType`: `IP_Routed`, `IP_Bridged`, `PPPoE_Relay`, …
    pub connection_type: Option<String>,
    /// `NATEnabled`.
    pub nat_enabled: Option<bool>,
    /// `ExternalIPAddress`.
    pub external_address: AddressAnswer,
    /// `UpstreamMaxBitRate`, bit/s: of the PPP link (`GetLinkLayerMaxBitRates`, WANPPPConnection:1, 2.4.4).
    pub up_bits_per_second: Option<u64>,
    /// `DownstreamMaxBitRate`, likewise.
    pub down_bits_per_second: Option<u64>,
}

impl Connection {
    /// It says that it is connected, or that it is not; `None` where it says neither.
    #[must_use]
    pub fn is_up(&self) -> Option<bool> {
        self.status.as_deref().map(|status| status.eq_ignore_ascii_case("Connected"))
    }
}

/// A WAN device: the line behind one or more connections (WANCommonInterfaceConfig:1). What the gateway did not tell is
/// `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WanLink {
    /// `WANAccessType`: `DSL`, `POTS`, `Cable`, `Ethernet`, …
    pub access_type: Option<String>,
    /// `PhysicalLinkStatus`: `Up`, `Down`, `Initializing`, `Unavailable`.
    pub physical: Option<String>,
    /// `Layer1UpstreamMaxBitRate`, bit/s.
    pub up_bits_per_second: Option<u64>,
    /// `Layer1DownstreamMaxBitRate`, bit/s.
    pub down_bits_per_second: Option<u64>,
    /// `TotalBytesSent`: on many gateways modulo 2^32, which a gigabit line fills in 34 s. Only good for rates taken
    /// closer together than that.
    pub bytes_sent: Option<u64>,
    /// `TotalBytesReceived`, likewise.
    pub bytes_received: Option<u64>,
    /// `TotalPacketsSent`, likewise.
    pub packets_sent: Option<u64>,
    /// `TotalPacketsReceived`, likewise.
    pub packets_received: Option<u64>,
}

impl WanLink {
    /// It says that the line is up, or that it is not; `None` where it says neither.
    #[must_use]
    pub fn is_up(&self) -> Option<bool> {
        self.physical.as_deref().map(|status| status.eq_ignore_ascii_case("Up"))
    }
}

/// `GetFirewallStatus` (WANIPv6FirewallControl:1, 2.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ipv6Firewall {
    /// `FirewallEnabled`: connections from outside are dropped unless a pinhole lets them in.
    pub enabled: bool,
    /// `InboundPinholeAllowed`: programs on the LAN may open such pinholes.
    pub pinholes_allowed: bool,
}

/// An Internet gateway device, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Gateway {
    /// Unique device name, `uuid:…`.
    pub udn: String,
    /// What it calls itself.
    pub friendly_name: String,
    /// URL of its description.
    pub location: String,
    /// Which gateway device it says it is.
    pub kind: GatewayKind,
    /// The external address of its [primary](Gateway::primary) connection; `None` where it gave none.
    pub external_address: Option<IpAddr>,
    /// Every WAN connection in its description, in document order.
    pub connections: Vec<Connection>,
    /// Every WAN device with a `WANCommonInterfaceConfig`, in document order.
    pub links: Vec<WanLink>,
    /// The state of its IPv6 firewall, where it has that service.
    pub ipv6_firewall: Option<Ipv6Firewall>,
    /// Every mapping that could be read, in the gateway's order.
    pub mappings: Vec<PortMapping>,
    /// What could not be read, or does not fit: a sentence each.
    pub problems: Vec<Sentence>,
    /// The list of mappings was read to its end: what is not in it is not there.
    pub complete: bool,
    /// The address that answered.
    pub ip: Option<IpAddr>,
    /// The interface it answered on.
    pub interface: Arc<str>,
}

impl Gateway {
    /// The name of its series and of findings about it: its UDN, or where its description is.
    #[must_use]
    pub fn key(&self) -> &str {
        if self.udn.is_empty() { &self.location } else { &self.udn }
    }

    /// The connection that carries its traffic, as far as it tells: the one it names as its default, else one that is
    /// connected and has an address, else one that has an address, else the first.
    #[must_use]
    pub fn primary(&self) -> Option<&Connection> {
        let addressed = |c: &&Connection| matches!(c.external_address, AddressAnswer::Is(_));
        // Some gateways name a default that is not connected, beside another that is.
        let default = self.connections.iter().find(|c| c.default && c.is_up() != Some(false));
        default
            .or_else(|| self.connections.iter().filter(addressed).find(|c| c.is_up() == Some(true)))
            .or_else(|| self.connections.iter().find(addressed))
            .or_else(|| self.connections.first())
    }
}

/// A UPnP root device that answered a search or announced itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Unique device name, `uuid:…`; empty where the answer had none.
    pub udn: String,
    /// What it calls itself; empty where its description could not be read.
    pub friendly_name: String,
    /// Its maker, by its own account.
    pub manufacturer: String,
    /// Its model, by its own account.
    pub model: String,
    /// `urn:schemas-upnp-org:device:…`.
    pub device_type: String,
    /// `SERVER` header of its answer.
    pub server: String,
    /// URL of its description; empty where the answer had none.
    pub location: String,
    /// The address that answered.
    pub ip: IpAddr,
    /// The MAC of that address, where the neighbour table or a frame told.
    pub mac: Option<MacAddr>,
    /// Maker by MAC.
    pub vendor: Option<String>,
    /// The interface it answered on.
    pub interface: Arc<str>,
    /// First and last answer.
    pub first_seen: Time,
    /// See `first_seen`.
    pub last_seen: Time,
    /// Why its description could not be read, if so.
    pub problem: Option<Sentence>,
}

/// The result of one search over all chosen interfaces. Bounded by the searcher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// When it ended.
    pub at: Time,
    /// How long it took.
    pub took: Duration,
    /// Interfaces searched.
    pub interfaces: Vec<Arc<str>>,
    /// Root devices.
    pub devices: Vec<Device>,
    /// Gateways among them.
    pub gateways: Vec<Gateway>,
    /// Answers refused, by reason (`location_elsewhere`, `body_too_large`, …).
    pub refused: BTreeMap<&'static str, u64>,
    /// What could not be searched, or was not, and why: a sentence each.
    pub problems: Vec<Sentence>,
    /// It was cut short because a storm is running: who is not in it may be there all the same.
    pub stopped: bool,
}

/// Whether a mapping can be used from the Internet over IPv4, judged from what is known here: nothing is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Everything known speaks for it.
    Reachable,
    /// Something known excludes it.
    Unreachable,
    /// Something that decides is not known.
    Unknown,
}

impl Reach {
    /// Every answer, in the order of the metrics.
    pub const ALL: [Self; 3] = [Self::Reachable, Self::Unreachable, Self::Unknown];

    /// Its name in JSON and metrics.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Reachable => "reachable",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
        }
    }
}
