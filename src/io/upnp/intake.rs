//! From replies to devices: checks where each reply wants us to go, and reads every description once. Calls no action,
//! and leaves it to its neighbour who is a gateway.

use super::candidates::{self, Candidate};
use super::troubles;
use crate::io::http_client::{self, HttpError, Peer};
use crate::io::interfaces::Interface;
use crate::io::ssdp::Reply;
use crate::model::Time;
use crate::model::device::Device;
use crate::model::text::{Sentence, Text};
use crate::wire::description::{self, Description};
use crate::wire::http_url::{HttpUrl, Origin, UrlError};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Descriptions read at once.
const MAX_FETCHES: usize = 16;
/// Descriptions read in one discovery: a campus segment of a thousand devices, and room for as many that lie.
pub(super) const MAX_LOCATIONS: usize = 2048;
/// Descriptions read from one address. The most seen in the field is 6 (a NAS with media servers).
pub(super) const MAX_LOCATIONS_PER_SOURCE: u32 = 16;
/// Devices kept that are known by their reply alone.
const MAX_UNREAD: usize = 1024;

/// A device, but for the time.
pub(super) struct Found(Device);

impl Found {
    pub(super) fn seen(self, at: Time) -> Device {
        Device { first_seen: at, last_seen: at, ..self.0 }
    }
}

/// What came of all replies.
pub(super) struct Finding {
    pub(super) devices: Vec<Found>,
    /// Per gateway its addresses, IPv4 first.
    pub(super) candidates: Vec<Vec<Candidate>>,
    pub(super) refused: BTreeMap<&'static str, u64>,
}

/// A description to be read, and the reply that named it.
pub(super) struct Task {
    pub(super) url: HttpUrl,
    pub(super) origin: Origin,
    pub(super) peer: Peer,
    pub(super) reply: Reply,
}

type Outcome = (Task, Result<Description, (&'static str, Sentence)>);

/// Takes replies and reads descriptions.
pub(super) struct Intake<'a> {
    interfaces: &'a [Interface],
    timeout: Duration,
    /// Locations seen, with the root device's UDN where a reply told it.
    locations: BTreeMap<(HttpUrl, u32), String>,
    per_source: BTreeMap<IpAddr, u32>,
    waiting: VecDeque<Task>,
    running: JoinSet<Outcome>,
    /// Replies of those that run: who has not finished at the end is a device all the same.
    under_way: BTreeMap<(HttpUrl, u32), Reply>,
    read: Vec<(Task, Description)>,
    /// By source, UDN and reason: devices that could not be read.
    unread: BTreeMap<(IpAddr, String), Device>,
    refused: BTreeMap<&'static str, u64>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(interfaces: &'a [Interface], timeout: Duration) -> Self {
        Self {
            interfaces,
            timeout,
            locations: BTreeMap::new(),
            per_source: BTreeMap::new(),
            waiting: VecDeque::new(),
            running: JoinSet::new(),
            under_way: BTreeMap::new(),
            read: Vec::new(),
            unread: BTreeMap::new(),
            refused: BTreeMap::new(),
        }
    }

    fn refuse(&mut self, reason: &'static str) {
        *self.refused.entry(reason).or_default() += 1;
    }

    /// Looks at a reply; its description is queued unless it is known or not to be trusted.
    pub(super) fn take(&mut self, reply: Reply) {
        let link = self.interfaces.iter().find(|i| i.index == reply.interface_index && i.name == reply.interface);
        let origin = Origin { source: reply.source.ip(), link: link.map(|i| i.addresses.clone()).unwrap_or_default() };
        let url = match location(&reply.message.location, &origin) {
            Ok(url) => url,
            Err((reason, why)) => return self.unread(&reply, reason, Sentence::of(why)),
        };
        let root = reply.message.usn.to_ascii_lowercase().ends_with("upnp:rootdevice");
        let key = (url.clone(), reply.interface_index);
        if let Some(udn) = self.locations.get_mut(&key) {
            if root || udn.is_empty() {
                reply.message.udn().clone_into(udn);
            }
            return;
        }
        let of_source = self.per_source.entry(origin.source).or_default();
        if *of_source >= MAX_LOCATIONS_PER_SOURCE || self.locations.len() >= MAX_LOCATIONS {
            return self.refuse("location_too_many");
        }
        *of_source += 1;
        self.locations.insert(key, reply.message.udn().to_owned());
        let peer = Peer { local: Some(reply.local), interface: reply.interface_index };
        self.waiting.push_back(Task { url, origin, peer, reply });
        self.start();
    }

    fn start(&mut self) {
        while self.running.len() < MAX_FETCHES
            && let Some(task) = self.waiting.pop_front()
        {
            let timeout = self.timeout;
            self.under_way.insert((task.url.clone(), task.reply.interface_index), task.reply.clone());
            self.running.spawn(async move {
                let outcome = read(&task.peer, &task.url, timeout).await;
                (task, outcome)
            });
        }
    }

    /// Waits for one description. False: none is under way.
    pub(super) async fn progress(&mut self) -> bool {
        let Some(outcome) = self.running.join_next().await else { return false };
        if let Ok((task, _)) = &outcome {
            self.under_way.remove(&(task.url.clone(), task.reply.interface_index));
        }
        match outcome {
            Ok((task, Ok(mut description))) => {
                if let Some(base) = description.url_base.as_deref().and_then(|base| HttpUrl::parse(base).ok())
                    && !task.origin.may_name(base.host)
                {
                    self.refuse("url_base_elsewhere");
                    description.url_base = None;
                }
                self.read.push((task, description));
            }
            Ok((task, Err((reason, why)))) => {
                let mut reply = task.reply;
                // The root device's name, not that of whichever service answered first.
                if let Some(udn) = self.locations.get(&(task.url, reply.interface_index)) {
                    reply.message.usn.clone_from(udn);
                }
                self.unread(&reply, reason, why);
            }
            Err(_) => self.refuse("description_task_failed"),
        }
        self.start();
        true
    }

    /// The gateways in the description that was read last.
    pub(super) fn newest(&self) -> Vec<Candidate> {
        // What cannot be asked is counted at the end, once.
        self.read.last().map(|(task, read)| candidates::of(task, read, &mut BTreeMap::new())).unwrap_or_default()
    }

    /// A device that answered and could not be read is a device all the same.
    fn unread(&mut self, reply: &Reply, reason: &'static str, why: Sentence) {
        self.refuse(reason);
        let message = &reply.message;
        // Without a description the services of one device cannot be told apart from devices: one entry per UDN.
        let key = (reply.source.ip(), message.udn().to_ascii_lowercase());
        if self.unread.len() >= MAX_UNREAD || self.unread.contains_key(&key) {
            return;
        }
        let device = Device {
            problem: Some(troubles::because(troubles::NOT_READ, why)),
            ..device(reply, message.udn().to_owned(), message.location.clone())
        };
        self.unread.insert(key, device);
    }

    /// What came of it all.
    pub(super) fn finish(mut self) -> Finding {
        let waiting = self.waiting.drain(..).map(|task| task.reply);
        let late = waiting.chain(std::mem::take(&mut self.under_way).into_values()).collect::<Vec<_>>();
        for reply in late {
            self.unread(&reply, "description_no_time", Sentence::of(troubles::NO_TIME));
        }
        // IPv4 first: people know their devices by it. Otherwise in a stable order.
        self.read.sort_by_key(|(task, _)| (task.reply.source.ip(), task.url.clone()));
        let mut devices = BTreeMap::new();
        let mut gateways: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for (task, description) in std::mem::take(&mut self.read) {
            known.extend(description.devices.iter().map(|d| d.udn.to_ascii_lowercase()));
            let device = described(&task.reply, &task.url, &description);
            let key = if device.udn.is_empty() { device.location.clone() } else { device.udn.to_ascii_lowercase() };
            devices.entry(key).or_insert(Found(device));
            for candidate in candidates::of(&task, &description, &mut self.refused) {
                // Without a UDN, each location is a gateway of its own.
                let name =
                    if candidate.udn.is_empty() { candidate.location.to_string() } else { candidate.udn.clone() };
                gateways.entry(name.to_ascii_lowercase()).or_default().push(candidate);
            }
        }
        let unread = std::mem::take(&mut self.unread).into_iter().filter(|((_, udn), _)| !known.contains(udn));
        let devices = devices.into_values().chain(unread.map(|(_, device)| Found(device))).collect();
        let mut candidates = gateways.into_values().collect::<Vec<_>>();
        candidates.iter_mut().for_each(|ways| candidates::warn_of_twins(ways));
        candidates.sort_by_key(|ways| ways.first().map(|way| way.ip));
        Finding { devices, candidates, refused: self.refused }
    }
}

/// Where a message says that the description is, or why nobody goes there: the reason to count, and the half sentence.
pub(super) fn location(text: &str, origin: &Origin) -> Result<HttpUrl, (&'static str, Text)> {
    match HttpUrl::parse(text) {
        Ok(url) if origin.may_name(url.host) => Ok(url),
        Ok(_) => Err(("location_elsewhere", troubles::LOCATION_ELSEWHERE)),
        Err(UrlError::Missing) => Err(("location_missing", troubles::LOCATION_MISSING)),
        Err(UrlError::Scheme) => Err(("location_scheme", troubles::LOCATION_SCHEME)),
        Err(UrlError::HostName) => Err(("location_host_name", troubles::LOCATION_NAME)),
        Err(UrlError::Malformed) => Err(("location_malformed", troubles::LOCATION_MALFORMED)),
    }
}

/// Fetches and reads a description, or says why not: the reason to count, and the half sentence.
pub(super) async fn read(
    peer: &Peer,
    url: &HttpUrl,
    timeout: Duration,
) -> Result<Description, (&'static str, Sentence)> {
    let answer = http_client::request(peer, url, None, timeout).await;
    let response = answer.map_err(|error: HttpError| (error.reason(), error.sentence()))?;
    if response.status != 200 {
        return Err(("http_status", troubles::status(troubles::HTTP_STATUS, response.status)));
    }
    description::parse(&response.body).map_err(|error| ("description_unreadable", error.sentence()))
}

/// A device that is known by its message alone.
pub(super) fn device(reply: &Reply, udn: String, location: String) -> Device {
    Device {
        udn,
        friendly_name: String::new(),
        manufacturer: String::new(),
        model: String::new(),
        device_type: String::new(),
        server: reply.message.server.clone(),
        location,
        ip: reply.source.ip(),
        mac: None,
        vendor: None,
        interface: Arc::clone(&reply.interface),
        first_seen: Time::default(),
        last_seen: Time::default(),
        problem: None,
    }
}

/// A device by its message and its description, which came from `url`.
pub(super) fn described(reply: &Reply, url: &HttpUrl, description: &Description) -> Device {
    let root = description.root().cloned().unwrap_or_default();
    let udn = if root.udn.is_empty() { reply.message.udn().to_owned() } else { root.udn };
    let model = [root.model_name.as_str(), root.model_number.as_str()];
    let model = model.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ");
    Device {
        friendly_name: root.friendly_name,
        manufacturer: root.manufacturer,
        model,
        device_type: root.device_type,
        problem: description.broken.map(|broken| troubles::because(troubles::BROKEN, broken.sentence())),
        ..device(reply, udn, url.to_string())
    }
}
