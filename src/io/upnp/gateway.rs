//! Reads one gateway: its external address and every port mapping, around whatever is broken in between. Knows
//! nothing of searches.

use super::intake::Candidate;
use super::now;
use super::table_walk::{End, Got, TableWalk};
use crate::io::http_client::{self, Call, HttpError, Peer};
use crate::io::ssdp::StopProbes;
use crate::model::device::{Gateway, MappingProtocol, PortMapping};
use crate::wire::http_url::HttpUrl;
use crate::wire::soap::{self, Action, Answer, Entry, Fault, Fields, SoapError};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Mappings kept of one gateway.
const MAX_MAPPINGS: usize = 8192;
/// Problems kept of one gateway.
const MAX_PROBLEMS: usize = 16;
/// Entries named in one sentence.
const NAMED: usize = 8;

/// How patiently to read.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) request: Duration,
    pub(super) deadline: Instant,
    pub(super) stop: StopProbes,
}

type Counts = BTreeMap<&'static str, u64>;

/// Reads the gateway by its first address that answers.
pub(super) async fn read_any(ways: &[Candidate], reader: &Reader) -> (Gateway, Counts) {
    let mut counts = Counts::new();
    let mut first = None;
    for way in ways {
        let mut reading = Reading::new(way, reader);
        reading.all(&way.connections).await;
        for (reason, count) in std::mem::take(&mut reading.counts) {
            *counts.entry(reason).or_default() += count;
        }
        let answered = reading.answered;
        let gateway = reading.finish();
        if answered {
            return (gateway, counts);
        }
        first.get_or_insert(gateway);
    }
    (first.unwrap_or_default(), counts)
}

/// What identifies a mapping in a gateway's table (WANIPConnection:1, 2.4.16).
type Key = (MappingProtocol, u16, Option<String>);

fn key(mapping: &PortMapping) -> Key {
    (mapping.protocol.clone(), mapping.external_port, mapping.remote_host.clone())
}

struct Reading<'a> {
    reader: &'a Reader,
    peer: &'a Peer,
    gateway: Gateway,
    /// Where each mapping stands in the gateway's list, and whether it came in broken XML.
    places: BTreeMap<Key, (usize, bool)>,
    answered: bool,
    counts: Counts,
}

enum CallError {
    Http(HttpError),
    Soap(u16, SoapError),
    Fault(Fault),
    NoMore(&'static str),
}

impl<'a> Reading<'a> {
    fn new(way: &'a Candidate, reader: &'a Reader) -> Self {
        let gateway = Gateway {
            udn: way.udn.clone(),
            friendly_name: way.friendly_name.clone(),
            location: way.location.to_string(),
            external_address: None,
            mappings: Vec::new(),
            problems: way.problems.clone(),
            complete: false,
            ip: Some(way.ip),
            interface: Arc::clone(&way.interface),
        };
        let (places, counts) = (BTreeMap::new(), Counts::new());
        Self { reader, peer: &way.peer, gateway, places, answered: false, counts }
    }

    async fn all(&mut self, connections: &[(String, HttpUrl)]) {
        self.gateway.complete = !connections.is_empty();
        for (service_type, url) in connections {
            self.address(service_type, url).await;
            let complete = self.mappings(service_type, url).await;
            self.gateway.complete &= complete;
            // Since version 2 the whole list can be had at once: it knows what an index that broke did not tell.
            if self.answered && service_type.ends_with(":2") {
                self.listing(service_type, url).await;
            }
        }
    }

    async fn address(&mut self, service_type: &str, url: &HttpUrl) {
        let action = Action { service_type, name: "GetExternalIPAddress", arguments: &[] };
        match self.call(url, &action).await {
            Ok(fields) => {
                let text = fields.get("NewExternalIPAddress").unwrap_or_default();
                match text.parse::<IpAddr>() {
                    Ok(address) if !address.is_unspecified() => match self.gateway.external_address {
                        Some(first) if first != address => {
                            self.problem(format!("Another of its connections has the external address {address}."));
                        }
                        _ => self.gateway.external_address = Some(address),
                    },
                    // Not connected, or DS-Lite that does not say so.
                    Ok(_) => self.problem("It gave no external address: it is not connected, or does not tell.".into()),
                    Err(_) if text.is_empty() => {
                        self.problem("It gave no external address: it is not connected, or does not tell.".into());
                    }
                    Err(_) => self.problem("What it gave as its external address is none.".into()),
                }
            }
            Err(error) => self.problem(format!("Its external address could not be read: {}.", sentence(&error))),
        }
    }

    /// Reads mappings by index. True: to the end of the list, none missing.
    async fn mappings(&mut self, service_type: &str, url: &HttpUrl) -> bool {
        let mut walk = TableWalk::default();
        let mut shown = BTreeSet::new();
        let end = loop {
            let number = walk.next().to_string();
            let arguments = [("NewPortMappingIndex", number.as_str())];
            let action = Action { service_type, name: "GetGenericPortMappingEntry", arguments: &arguments };
            let got = match self.call(url, &action).await {
                Ok(fields) => match soap::port_mapping(&fields) {
                    Ok(entry) if shown.insert(key(&entry.mapping)) => {
                        self.keep(entry);
                        Got::New
                    }
                    Ok(_) => Got::Repeated,
                    Err(_) => Got::Unreadable,
                },
                Err(CallError::Fault(fault)) => Got::Fault(fault),
                Err(CallError::Soap(..)) => Got::Unreadable,
                Err(error @ CallError::Http(_)) => Got::Silence(sentence(&error)),
                Err(error @ CallError::NoMore(_)) => Got::OutOfTime(sentence(&error)),
            };
            if let Some(end) = walk.on(got) {
                break end;
            }
        };
        let whole = self.report_end(&end, shown.len());
        self.report_unreadable(walk.unreadable());
        whole && walk.unreadable().is_empty()
    }

    /// Says how the list ended, unless as it should. True: it was its end.
    fn report_end(&mut self, end: &End, read: usize) -> bool {
        match end {
            End::Regular => return true,
            End::Fault(at, fault) => {
                self.problem(format!("Its list of mappings ends at entry {at} with {fault} instead of error 713."));
                // Some routers answer an index beyond the end with 402, invalid argument.
                return fault.code == 402 && *at > 0;
            }
            End::Silence(at, why) => self.problem(format!("Its list of mappings was read up to entry {at}: {why}.")),
            End::Endless => self.problem(format!("Its list of mappings has no end: {read} were read.")),
        }
        false
    }

    fn report_unreadable(&mut self, indices: &[u32]) {
        if indices.is_empty() {
            return;
        }
        *self.counts.entry("mapping_unreadable").or_default() += indices.len() as u64;
        let list = indices.iter().take(NAMED).map(u32::to_string).collect::<Vec<_>>().join(", ");
        let more = if indices.len() > NAMED { ", …" } else { "" };
        self.problem(format!("Of its list of mappings these entries could not be read: {list}{more}."));
    }

    async fn listing(&mut self, service_type: &str, url: &HttpUrl) {
        for protocol in ["TCP", "UDP"] {
            let arguments = [
                ("NewStartPort", "0"),
                ("NewEndPort", "65535"),
                ("NewProtocol", protocol),
                ("NewManage", "1"),
                ("NewNumberOfPorts", "1000"),
            ];
            let action = Action { service_type, name: "GetListOfPortMappings", arguments: &arguments };
            // A supplement: 730 (none there), 606 (not for us) and silence are no news.
            let Ok(fields) = self.call(url, &action).await else { continue };
            for entry in soap::port_listing(&fields).0 {
                self.keep(entry);
            }
        }
    }

    /// Keeps a mapping unless it is known; a known one that came broken takes the whole description.
    fn keep(&mut self, entry: Entry) {
        if let Some((place, damaged)) = self.places.get(&key(&entry.mapping)) {
            if *damaged
                && !entry.damaged
                && let Some(known) = self.gateway.mappings.get_mut(*place)
            {
                known.description = entry.mapping.description;
            }
            return;
        }
        if self.places.len() >= MAX_MAPPINGS {
            *self.counts.entry("mappings_too_many").or_default() += 1;
            return;
        }
        self.places.insert(key(&entry.mapping), (self.gateway.mappings.len(), entry.damaged));
        self.gateway.mappings.push(entry.mapping);
    }

    fn problem(&mut self, sentence: String) {
        let problems = &mut self.gateway.problems;
        if problems.len() < MAX_PROBLEMS && !problems.contains(&sentence) {
            problems.push(sentence);
        }
    }

    async fn call(&mut self, url: &HttpUrl, action: &Action<'_>) -> Result<Fields, CallError> {
        let left = self.reader.deadline.saturating_duration_since(now());
        if self.reader.stop.is_stopped() {
            return Err(CallError::NoMore("a packet storm is running"));
        }
        if left.is_zero() {
            return Err(CallError::NoMore("the time was over (a longer timeout reads more)"));
        }
        let call = Call { action: action.header(), body: action.body() };
        let timeout = left.min(self.reader.request);
        let response = match http_client::request(self.peer, url, Some(&call), timeout).await {
            Ok(response) => response,
            Err(error) => {
                *self.counts.entry(error.reason()).or_default() += 1;
                return Err(CallError::Http(error));
            }
        };
        self.answered = true;
        match soap::parse(&response.body) {
            Ok(Answer::Result(fields)) => Ok(fields),
            Ok(Answer::Fault(fault)) => Err(CallError::Fault(fault)),
            Err(error) => {
                *self.counts.entry("soap_unreadable").or_default() += 1;
                Err(CallError::Soap(response.status, error))
            }
        }
    }

    fn finish(mut self) -> Gateway {
        let mut damaged = self.places.iter().filter(|(_, (_, damaged))| *damaged).collect::<Vec<_>>();
        damaged.sort_by_key(|(_, (place, _))| *place);
        if !damaged.is_empty() {
            let names = damaged.iter().take(NAMED).map(|((p, port, _), _)| format!("{} {port}", p.as_str()));
            let names = names.collect::<Vec<_>>().join(", ");
            let more = if damaged.len() > NAMED { ", …" } else { "" };
            self.problem(format!(
                "It sent broken XML for {names}{more}. They were read nevertheless; many programs miss them, and \
                 whatever follows them."
            ));
        }
        self.gateway
    }
}

fn sentence(error: &CallError) -> String {
    match error {
        CallError::Http(error) => error.to_string(),
        CallError::Soap(status, error) => format!("the answer (status {status}) is no use, {error}"),
        CallError::Fault(fault) => fault.to_string(),
        CallError::NoMore(why) => (*why).into(),
    }
}
