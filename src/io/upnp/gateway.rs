//! Reads one gateway: every WAN connection with its address, state and mappings, the lines below them, and its IPv6
//! firewall. One call that fails never loses the rest. Knows nothing of searches, nor how a table is walked.

use super::candidates::{Candidate, Service};
use super::{now, troubles};
use crate::io::http_client::{self, Call, HttpError, Peer};
use crate::io::ssdp::StopProbes;
use crate::model::device::{AddressAnswer, Connection, Gateway, WanLink};
use crate::model::text::{Sentence, Text};
use crate::wire::igd;
use crate::wire::soap::{self, Action, Answer, Fault, Fields, SoapError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Problems kept of one gateway.
const MAX_PROBLEMS: usize = 16;
/// Calls in a row without an answer after which nothing optional is asked any more: each costs a whole timeout.
const MAX_SILENT_RUN: u32 = 2;

/// Takes what an answer says of a connection.
type ConnectionReader = fn(&Fields, &mut Connection);

/// How patiently to read.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) request: Duration,
    pub(super) deadline: Instant,
    pub(super) stop: StopProbes,
}

pub(super) type Counts = BTreeMap<&'static str, u64>;

/// Reads the gateway by its first address that answers.
pub(super) async fn read_any(ways: &[Candidate], reader: &Reader) -> (Gateway, Counts) {
    let mut counts = Counts::new();
    let mut first = None;
    for way in ways {
        let mut reading = Reading::new(way, reader);
        reading.all(way).await;
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

pub(super) struct Reading<'a> {
    reader: &'a Reader,
    peer: &'a Peer,
    pub(super) gateway: Gateway,
    /// Which mappings are known.
    pub(super) places: super::mappings::Places,
    answered: bool,
    silent_run: u32,
    pub(super) counts: Counts,
}

pub(super) enum CallError {
    Http(HttpError),
    Soap(u16, SoapError),
    Fault(Fault),
    NoMore(Text),
}

impl<'a> Reading<'a> {
    fn new(way: &'a Candidate, reader: &'a Reader) -> Self {
        let connection =
            |service: &Service| Connection { service_type: service.service_type.clone(), ..Connection::default() };
        let gateway = Gateway {
            udn: way.udn.clone(),
            friendly_name: way.friendly_name.clone(),
            location: way.location.to_string(),
            kind: way.kind,
            connections: way.connections.iter().map(connection).collect(),
            links: vec![WanLink::default(); way.links.len()],
            problems: way.problems.clone(),
            complete: !way.connections.is_empty(),
            ip: Some(way.ip),
            interface: Arc::clone(&way.interface),
            ..Gateway::default()
        };
        let places = super::mappings::Places::default();
        Self { reader, peer: &way.peer, gateway, places, answered: false, silent_run: 0, counts: Counts::new() }
    }

    /// What matters most comes first: the time may not suffice for everything.
    async fn all(&mut self, way: &Candidate) {
        for (at, service) in way.connections.iter().enumerate() {
            self.address(at, service).await;
            self.status(at, service).await;
            let complete = self.mappings(at, service).await;
            self.gateway.complete &= complete;
        }
        for (at, service) in way.connections.iter().enumerate() {
            self.details(at, service).await;
        }
        self.default_connection(way).await;
        for (at, service) in way.links.iter().enumerate() {
            self.link(at, service).await;
        }
        for service in &way.firewalls {
            if let Some(fields) = self.supplement(service, "GetFirewallStatus").await {
                self.gateway.ipv6_firewall = self.gateway.ipv6_firewall.or_else(|| igd::firewall(&fields));
            }
        }
    }

    async fn address(&mut self, at: usize, service: &Service) {
        let answer = match self.call(service, "GetExternalIPAddress", &[]).await {
            Ok(fields) => {
                let answer = igd::external_address(&fields);
                match answer {
                    AddressAnswer::Is(_) => {}
                    // Not connected, or DS-Lite that does not say so.
                    AddressAnswer::None => {
                        self.problem(Sentence::of(troubles::NO_ADDRESS));
                    }
                    AddressAnswer::Unread => self.problem(Sentence::of(troubles::ODD_ADDRESS)),
                }
                answer
            }
            Err(error) => {
                self.problem(troubles::because(troubles::ADDRESS_UNREAD, sentence(&error)));
                AddressAnswer::Unread
            }
        };
        if let Some(connection) = self.gateway.connections.get_mut(at) {
            connection.external_address = answer;
        }
    }

    async fn status(&mut self, at: usize, service: &Service) {
        if let Some(fields) = self.supplement(service, "GetStatusInfo").await
            && let Some(connection) = self.gateway.connections.get_mut(at)
        {
            igd::status(&fields, connection);
        }
    }

    async fn details(&mut self, at: usize, service: &Service) {
        let mut asked: Vec<(&str, ConnectionReader)> =
            vec![("GetConnectionTypeInfo", igd::connection_type), ("GetNATRSIPStatus", igd::nat)];
        if service.service_type.contains(":WANPPPConnection:") {
            asked.push(("GetLinkLayerMaxBitRates", igd::ppp_rates));
        }
        for (name, read) in asked {
            if let Some(fields) = self.supplement(service, name).await
                && let Some(connection) = self.gateway.connections.get_mut(at)
            {
                read(&fields, connection);
            }
        }
    }

    /// Only worth asking where there is a choice.
    async fn default_connection(&mut self, way: &Candidate) {
        let [service] = way.forwarding.as_slice() else { return };
        if way.connections.len() < 2 {
            return;
        }
        let Some(fields) = self.supplement(service, "GetDefaultConnectionService").await else { return };
        for (connection, service) in self.gateway.connections.iter_mut().zip(&way.connections) {
            connection.default = igd::names_service(&fields, &service.device_udn, &service.service_id);
        }
    }

    async fn link(&mut self, at: usize, service: &Service) {
        let properties: (&str, igd::CounterReader) = ("GetCommonLinkProperties", igd::link);
        for (name, read) in std::iter::once(properties).chain(igd::COUNTERS) {
            if let Some(fields) = self.supplement(service, name).await
                && let Some(link) = self.gateway.links.get_mut(at)
            {
                read(&fields, link);
            }
        }
    }

    /// Asks for something that a gateway may well not have. A fault says just that; anything else is told.
    async fn supplement(&mut self, service: &Service, name: &'static str) -> Option<Fields> {
        if self.silent_run >= MAX_SILENT_RUN {
            return None;
        }
        match self.call(service, name, &[]).await {
            Ok(fields) => Some(fields),
            Err(CallError::Fault(_)) => None,
            Err(error) => {
                self.problem(troubles::because(troubles::NOTHING_BROUGHT, sentence(&error)).with("action", name));
                None
            }
        }
    }

    pub(super) fn problem(&mut self, sentence: Sentence) {
        let problems = &mut self.gateway.problems;
        if problems.len() < MAX_PROBLEMS && !problems.contains(&sentence) {
            problems.push(sentence);
        }
    }

    /// Calls an action. A fault is a fault whatever the HTTP status.
    pub(super) async fn call(
        &mut self,
        service: &Service,
        name: &str,
        arguments: &[(&str, &str)],
    ) -> Result<Fields, CallError> {
        let left = self.reader.deadline.saturating_duration_since(now());
        if self.reader.stop.is_stopped() {
            return Err(CallError::NoMore(troubles::STORM));
        }
        if left.is_zero() {
            return Err(CallError::NoMore(troubles::TIME_OVER));
        }
        let action = Action { service_type: &service.service_type, name, arguments };
        let call = Call { action: action.header(), body: action.body() };
        let timeout = left.min(self.reader.request);
        let response = match http_client::request(self.peer, &service.url, Some(&call), timeout).await {
            Ok(response) => response,
            Err(error) => {
                self.silent_run += 1;
                *self.counts.entry(error.reason()).or_default() += 1;
                return Err(CallError::Http(error));
            }
        };
        (self.answered, self.silent_run) = (true, 0);
        match soap::parse(&response.body) {
            Ok(Answer::Result(fields)) => Ok(fields),
            Ok(Answer::Fault(fault)) => Err(CallError::Fault(fault)),
            Err(error) => {
                *self.counts.entry("soap_unreadable").or_default() += 1;
                Err(CallError::Soap(response.status, error))
            }
        }
    }

    pub(super) const fn has_answered(&self) -> bool {
        self.answered
    }

    fn finish(mut self) -> Gateway {
        if let Some(sentence) = self.places.damage() {
            self.problem(sentence);
        }
        self.gateway.external_address = match self.gateway.primary().map(|c| c.external_address) {
            Some(AddressAnswer::Is(address)) => Some(address),
            _ => None,
        };
        self.gateway
    }
}

pub(super) fn sentence(error: &CallError) -> Sentence {
    match error {
        CallError::Http(error) => error.sentence(),
        CallError::Soap(status, error) => {
            troubles::status(troubles::ANSWER_USELESS, status).with("why", error.sentence())
        }
        CallError::Fault(fault) => fault.sentence(),
        CallError::NoMore(why) => Sentence::of(*why),
    }
}
