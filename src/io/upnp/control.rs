//! One device at close range: its whole tree with the actions of every service, and calls of them. Reads and calls only
//! what it is told to; whom to trust is decided by the rules for LOCATION, as everywhere.

use super::intake;
use super::troubles::{self, Url};
use crate::io::http_client::{self, Call, Peer};
use crate::io::interfaces::Interface;
use crate::model::device_tree::{ActionSpec, CallOutcome, DeviceInfo, DeviceTree, Direction, ServiceInfo};
use crate::model::text::{Sentence, Text};
use crate::wire::description::{Description, DeviceNode, ServiceNode};
use crate::wire::http_url::{HttpUrl, Origin, UrlError, same_prefix};
use crate::wire::scpd;
use crate::wire::soap::{self, Action, Answer};
use std::net::IpAddr;
use std::time::Duration;
use tokio::task::JoinSet;

/// Service descriptions read of one device; the largest device known has 31 services.
const MAX_SCPDS: usize = 64;
/// Service descriptions read at once: small devices serve one or two connections at a time.
const MAX_FETCHES: usize = 4;

/// A device that can be read and called: who it is, and how it is reached.
#[derive(Clone, Debug)]
pub struct Reach {
    location: HttpUrl,
    origin: Origin,
    peer: Peer,
}

/// Why a device cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// The interface that it answered on is gone.
    #[error("the interface {0} is gone")]
    NoInterface(String),
    /// Where its description is, is not to be trusted or not to be read.
    #[error("its description was not read: {0}")]
    Location(Sentence),
}

const INTERFACE_GONE: Text =
    Text { en: "The interface {name} is gone.", ja: "インターフェース{name}がなくなりました。" };

impl ReachError {
    /// The sentence.
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::NoInterface(name) => Sentence::of(INTERFACE_GONE).with("name", name.as_str()),
            Self::Location(why) => troubles::because(troubles::NOT_READ, why.clone()),
        }
    }
}

impl Reach {
    /// How to reach a device by one of `interfaces`: the address and the interface that it answered on, and where its
    /// description is.
    ///
    /// # Errors
    /// See [`ReachError`].
    pub fn to(ip: IpAddr, interface: &str, location: &str, interfaces: &[Interface]) -> Result<Self, ReachError> {
        let interface = interfaces
            .iter()
            .find(|one| *one.name == *interface)
            .ok_or_else(|| ReachError::NoInterface(interface.to_owned()))?;
        let origin = Origin { source: ip, link: interface.addresses.clone() };
        let location =
            intake::location(location, &origin).map_err(|(_, why)| ReachError::Location(Sentence::of(why)))?;
        Ok(Self { location, origin, peer: peer(interface, ip) })
    }

    /// Reads the device's description, and with `actions` those of all its services.
    ///
    /// # Errors
    /// See [`ReachError`]; a service that cannot be read has a problem of its own.
    pub async fn tree(&self, actions: bool, timeout: Duration) -> Result<DeviceTree, ReachError> {
        let outcome = intake::read(&self.peer, &self.location, timeout).await;
        let mut description = outcome.map_err(|(_, why)| ReachError::Location(why))?;
        let mut tree = DeviceTree { location: self.location.to_string(), ..DeviceTree::default() };
        if let Some(base) = description.url_base.as_deref().and_then(|base| HttpUrl::parse(base).ok())
            && !self.origin.may_name(base.host)
        {
            tree.problems.push(Sentence::of(troubles::BASE_ELSEWHERE).count("host", base.host));
            description.url_base = None;
        }
        if let Some(broken) = description.broken {
            tree.problems.push(troubles::because(troubles::BROKEN, broken.sentence()));
        }
        let mut wanted = Vec::new();
        for (index, node) in description.devices.iter().enumerate() {
            let mut device = device(node, description.ancestry(index).count() - 1);
            for service in &node.services {
                let info = self.service(&description, service);
                if actions && info.problem.is_none() {
                    wanted.push((tree.devices.len(), device.services.len(), service.scpd_url.clone()));
                }
                device.services.push(info);
            }
            tree.devices.push(device);
        }
        if wanted.len() > MAX_SCPDS {
            let problem = Sentence::of(troubles::MANY_SERVICES);
            tree.problems.push(problem.count("count", wanted.len()).count("most", MAX_SCPDS));
            wanted.truncate(MAX_SCPDS);
        }
        self.read_actions(&description, wanted, &mut tree, timeout).await;
        Ok(tree)
    }

    fn service(&self, description: &Description, node: &ServiceNode) -> ServiceInfo {
        let mut info = ServiceInfo {
            service_type: node.service_type.clone(),
            service_id: node.service_id.clone(),
            ..ServiceInfo::default()
        };
        match self.resolve(description, &node.control_url, Url::Control) {
            Ok(url) => info.control_url = Some(url.to_string()),
            Err(why) => info.problem = Some(troubles::because(troubles::NOT_CALLABLE, why)),
        }
        info
    }

    /// An URL of the description, or why it is not followed.
    fn resolve(&self, description: &Description, text: &str, which: Url) -> Result<HttpUrl, Sentence> {
        match description.resolve(&self.location, text) {
            Ok(url) if self.origin.may_name(url.host) => Ok(url),
            Ok(url) => Err(which.elsewhere(url.host)),
            Err(UrlError::Missing) => Err(which.missing()),
            Err(error) => Err(which.unusable(error.sentence())),
        }
    }

    async fn read_actions(
        &self,
        description: &Description,
        wanted: Vec<(usize, usize, String)>,
        tree: &mut DeviceTree,
        timeout: Duration,
    ) {
        let mut running = JoinSet::new();
        let mut wanted = wanted.into_iter();
        loop {
            while running.len() < MAX_FETCHES
                && let Some((device, service, url)) = wanted.next()
            {
                match self.resolve(description, &url, Url::Scpd) {
                    Ok(url) => {
                        let peer = self.peer.clone();
                        running.spawn(async move { (device, service, actions_at(&peer, &url, timeout).await) });
                    }
                    Err(why) => {
                        let problem = troubles::because(troubles::ACTIONS_UNKNOWN, why);
                        tree.devices[device].services[service].problem = Some(problem);
                    }
                }
            }
            let Some(outcome) = running.join_next().await else { return };
            let Ok((device, service, outcome)) = outcome else { continue };
            let info = &mut tree.devices[device].services[service];
            match outcome {
                Ok(actions) => info.actions = actions,
                Err(why) => info.problem = Some(troubles::because(troubles::ACTIONS_UNKNOWN, why)),
            }
        }
    }

    /// Calls an action. `spec`: its out arguments are looked for in the answer.
    pub async fn call(
        &self,
        service: &ServiceInfo,
        spec: &ActionSpec,
        arguments: &[(&str, &str)],
        timeout: Duration,
    ) -> CallOutcome {
        // The tree is the caller's: what it says is checked again.
        let url = service.control_url.as_deref().and_then(|url| HttpUrl::parse(url).ok());
        let Some(url) = url.filter(|url| self.origin.may_name(url.host)) else {
            return CallOutcome::Unanswered(Sentence::of(troubles::NO_CONTROL_URL));
        };
        let action = Action { service_type: &service.service_type, name: &spec.name, arguments };
        let call = Call { action: action.header(), body: action.body() };
        let response = match http_client::request(&self.peer, &url, Some(&call), timeout).await {
            Ok(response) => response,
            Err(error) => return CallOutcome::Unanswered(error.sentence()),
        };
        match soap::parse(&response.body) {
            Ok(Answer::Result(fields)) => {
                let out = spec.arguments.iter().filter(|a| a.direction == Direction::Out);
                let value = |name: &str| fields.get(name).unwrap_or_default();
                CallOutcome::Answered(out.map(|a| (a.name.clone(), value(&a.name))).collect())
            }
            Ok(Answer::Fault(fault)) => CallOutcome::Refused { code: fault.code, text: fault.text },
            Err(error) => {
                let useless = troubles::status(troubles::ANSWER_USELESS, response.status);
                CallOutcome::Unanswered(useless.with("why", error.sentence()))
            }
        }
    }

    /// The address that it is reached from: what a gateway takes for the caller's.
    #[must_use]
    pub fn local(&self) -> Option<IpAddr> {
        self.peer.local
    }
}

/// The address of `interface` on the same link as `ip`, or else of the same kind.
pub(super) fn peer(interface: &Interface, ip: IpAddr) -> Peer {
    let alike = |own: &IpAddr| match (own, ip) {
        (IpAddr::V4(_), IpAddr::V4(_)) => true,
        (IpAddr::V6(own), IpAddr::V6(ip)) => own.is_unicast_link_local() == ip.is_unicast_link_local(),
        _ => false,
    };
    let mut own = interface.addresses.iter().filter(|(own, _)| alike(own));
    let near = own.clone().find(|(own, prefix)| same_prefix(*own, ip, *prefix)).or_else(|| own.next());
    Peer { local: near.map(|(own, _)| *own), interface: interface.index }
}

fn device(node: &DeviceNode, depth: usize) -> DeviceInfo {
    let model = [node.model_name.as_str(), node.model_number.as_str()];
    DeviceInfo {
        depth,
        device_type: node.device_type.clone(),
        friendly_name: node.friendly_name.clone(),
        manufacturer: node.manufacturer.clone(),
        model: model.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" "),
        udn: node.udn.clone(),
        presentation_url: node.presentation_url.clone(),
        services: Vec::new(),
    }
}

async fn actions_at(peer: &Peer, url: &HttpUrl, timeout: Duration) -> Result<Vec<ActionSpec>, Sentence> {
    let response = http_client::request(peer, url, None, timeout).await.map_err(|error| error.sentence())?;
    if response.status != 200 {
        return Err(troubles::status(troubles::SCPD_STATUS, response.status));
    }
    scpd::parse(&response.body).map_err(|error| troubles::because(troubles::SCPD_UNREADABLE, error.sentence()))
}
