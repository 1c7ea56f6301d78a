//! Who of the described devices is a gateway, and where its services are asked: every WAN connection, line and firewall
//! of the tree, wherever it sits. Trusts the description, not what a search was answered with. Calls no action.

use super::intake::Task;
use super::troubles::{self, Url};
use crate::io::http_client::Peer;
use crate::model::device::GatewayKind;
use crate::model::text::Sentence;
use crate::wire::description::{Description, DeviceNode, ServiceNode};
use crate::wire::http_url::{HttpUrl, UrlError};
use crate::wire::igd;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// WAN connections of one gateway. The largest known description has 5.
const MAX_CONNECTIONS: usize = 8;
/// Services of each other kind asked of one gateway.
const MAX_OTHERS: usize = 4;

/// A service that can be asked.
#[derive(Clone, Debug)]
pub(super) struct Service {
    /// As the description says it.
    pub(super) service_type: String,
    /// Where.
    pub(super) url: HttpUrl,
    /// `serviceId`, and the UDN of the device that it belongs to: what `DefaultConnectionService` names.
    pub(super) service_id: String,
    pub(super) device_udn: String,
}

/// A gateway by one of its addresses.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) udn: String,
    pub(super) friendly_name: String,
    pub(super) kind: GatewayKind,
    pub(super) location: HttpUrl,
    pub(super) ip: IpAddr,
    pub(super) interface: Arc<str>,
    pub(super) peer: Peer,
    /// Every WANIPConnection and WANPPPConnection.
    pub(super) connections: Vec<Service>,
    /// Every WANCommonInterfaceConfig.
    pub(super) links: Vec<Service>,
    /// Every Layer3Forwarding: it knows the default connection.
    pub(super) forwarding: Vec<Service>,
    /// Every WANIPv6FirewallControl.
    pub(super) firewalls: Vec<Service>,
    pub(super) problems: Vec<Sentence>,
}

impl Candidate {
    fn new(task: &Task, description: &Description, index: usize) -> Self {
        let node = &description.devices[index];
        let root = description.root().unwrap_or(node);
        let udn = [&node.udn, &root.udn].into_iter().find(|u| !u.is_empty());
        Self {
            udn: udn.cloned().unwrap_or_else(|| task.reply.message.udn().to_owned()),
            friendly_name: if node.friendly_name.is_empty() { &root.friendly_name } else { &node.friendly_name }
                .clone(),
            kind: igd::kind(&node.device_type),
            location: task.url.clone(),
            ip: task.reply.source.ip(),
            interface: Arc::clone(&task.reply.interface),
            peer: task.peer.clone(),
            connections: Vec::new(),
            links: Vec::new(),
            forwarding: Vec::new(),
            firewalls: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The same gateway by the same way, and nothing else is known to be wrong with it.
    pub(super) fn same_way(&self, other: &Self) -> bool {
        let key = |one: &Self| (one.ip, one.location.clone(), one.udn.clone(), one.interface.clone());
        key(self) == key(other) && self.problems == other.problems
    }

    /// Where a service of this type is kept, and how many there may be.
    fn place(&mut self, role: Role) -> (&mut Vec<Service>, usize) {
        match role {
            Role::Connection => (&mut self.connections, MAX_CONNECTIONS),
            Role::Link => (&mut self.links, MAX_OTHERS),
            Role::Forwarding => (&mut self.forwarding, MAX_OTHERS),
            Role::Firewall => (&mut self.firewalls, MAX_OTHERS),
        }
    }
}

/// What a service is to a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Connection,
    Link,
    Forwarding,
    Firewall,
}

/// The parts of a service type that tell its role.
const ROLES: [(&str, Role); 5] = [
    (":WANIPConnection:", Role::Connection),
    (":WANPPPConnection:", Role::Connection),
    (":WANCommonInterfaceConfig:", Role::Link),
    (":Layer3Forwarding:", Role::Forwarding),
    (":WANIPv6FirewallControl:", Role::Firewall),
];

fn role(service_type: &str) -> Option<Role> {
    ROLES.iter().find(|(part, _)| service_type.contains(part)).map(|(_, role)| *role)
}

fn is_gateway(device: &DeviceNode) -> bool {
    device.device_type.contains(":InternetGatewayDevice:")
}

/// The gateways in a description: each Internet gateway device (or, where none is above it, the root) that has a WAN
/// connection somewhere below. Services that cannot be asked are counted in `refused`.
pub(super) fn of(task: &Task, description: &Description, refused: &mut BTreeMap<&'static str, u64>) -> Vec<Candidate> {
    let mut found: BTreeMap<usize, Candidate> = BTreeMap::new();
    let services = description.devices.iter().enumerate().flat_map(|(index, device)| {
        device.services.iter().filter_map(move |service| Some((index, device, service, role(&service.service_type)?)))
    });
    let services = services.collect::<Vec<_>>();
    let top = |index| description.ancestry(index).find(|(_, device)| is_gateway(device)).map_or(0, |(at, _)| at);
    let gateways = description.devices.iter().enumerate().filter(|(_, device)| is_gateway(device)).map(|(at, _)| at);
    let connected = services.iter().filter(|s| s.3 == Role::Connection).map(|(index, ..)| top(*index));
    for index in gateways.chain(connected) {
        found.entry(index).or_insert_with(|| Candidate::new(task, description, index));
    }
    for (index, device, service, role) in services {
        // A line without a connection below a device that is no gateway is nobody's.
        if let Some(candidate) = found.get_mut(&top(index)) {
            add(candidate, task, description, (device, service, role), refused);
        }
    }
    for candidate in found.values_mut() {
        if let Some(broken) = description.broken {
            candidate.problems.push(troubles::because(troubles::GATEWAY_BROKEN, broken.sentence()));
        }
        if candidate.connections.is_empty() && candidate.problems.is_empty() {
            candidate.problems.push(Sentence::of(troubles::NO_CONNECTION));
        }
    }
    found.into_values().collect()
}

fn add(
    candidate: &mut Candidate,
    task: &Task,
    description: &Description,
    (device, service, role): (&DeviceNode, &ServiceNode, Role),
    refused: &mut BTreeMap<&'static str, u64>,
) {
    match control_url(task, description, &service.control_url) {
        Ok(url) => {
            let (place, limit) = candidate.place(role);
            if place.len() >= limit {
                *refused.entry("connections_too_many").or_default() += 1;
                return;
            }
            place.push(Service {
                service_type: service.service_type.clone(),
                url,
                service_id: service.service_id.clone(),
                device_udn: device.udn.clone(),
            });
        }
        Err((reason, why)) => {
            *refused.entry(reason).or_default() += 1;
            let problem = troubles::because(troubles::NOT_ASKED, why);
            candidate.problems.push(problem.with("service", service.service_type.as_str()));
        }
    }
}

/// Two IPv4 addresses on one interface by one UDN: one router with two addresses, or two routers whose maker gave all
/// of them the same name. Nothing here can tell, so the person is told.
pub(super) fn warn_of_twins(ways: &mut [Candidate]) {
    let Some((first, others)) = ways.split_first_mut() else { return };
    let twin = others.iter().find(|way| way.ip != first.ip && way.ip.is_ipv4() && way.interface == first.interface);
    if let Some(twin) = twin {
        let (one, other) = (first.ip, twin.ip);
        first.problems.push(Sentence::of(troubles::TWINS).count("one", one).count("other", other));
    }
}

fn control_url(task: &Task, description: &Description, text: &str) -> Result<HttpUrl, (&'static str, Sentence)> {
    match description.resolve(&task.url, text) {
        Ok(url) if task.origin.may_name(url.host) => Ok(url),
        Ok(url) => Err(("control_url_elsewhere", Url::Control.elsewhere(url.host))),
        Err(UrlError::Missing) => Err(("control_url_missing", Url::Control.missing())),
        Err(error) => Err(("control_url_unusable", Url::Control.unusable(error.sentence()))),
    }
}
