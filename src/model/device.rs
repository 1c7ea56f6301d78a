//! What answers UPnP: devices, gateways and the port mappings on them. Knows no XML and no sockets.

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
    /// `NewExternalIPAddress`; `None` where it gave none.
    pub external_address: Option<IpAddr>,
    /// Every mapping that could be read, in the gateway's order.
    pub mappings: Vec<PortMapping>,
    /// What could not be read, or does not fit: a sentence each.
    pub problems: Vec<String>,
    /// The list of mappings was read to its end: what is not in it is not there.
    #[serde(skip)]
    pub complete: bool,
    /// The address that answered.
    #[serde(skip)]
    pub ip: Option<IpAddr>,
    /// The interface it answered on.
    #[serde(skip)]
    pub interface: Arc<str>,
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
    pub problem: Option<String>,
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
    pub problems: Vec<String>,
    /// It was cut short because a storm is running: who is not in it may be there all the same.
    pub stopped: bool,
}
