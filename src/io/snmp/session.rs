//! A conversation with one device in one version of SNMP: a question goes out, its answer comes back or does not.
//! The one place that speaks through the client library, where `usm` cannot do without it. Knows no walks.

use super::auth::Auth;
use super::diagnosis::UsmFault;
use super::error::Cause;
use super::transport::Handle;
use super::usm::{Outcome, Question};
use super::v3;
use crate::io::clock::Clock;
use crate::mib::{Reply, Request};
use crate::model::snmp::{Bindings, Oid, Value};
use crate::wire::snmp::Ask;
use async_snmp::{ClientBuilder, DecodeConfig, Error, Retry, SecurityLevel, Transport as _};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Names in one GETNEXT that the library passes on unsplit; `mib::walk` keeps below it.
const MAX_NAMES: usize = 64;

/// A conversation with one device.
pub(super) struct Session {
    auth: Auth,
    handle: Handle,
    deadline: Duration,
    shared: Arc<v3::Shared>,
    clock: Clock,
    /// Made when it is first needed: most conversations in SNMPv3 do without.
    client: OnceLock<Result<async_snmp::Client<Handle>, String>>,
}

impl Session {
    /// Begins it. `deadline` bounds every request of it.
    ///
    /// # Errors
    /// [`Cause::Protocol`]: the credentials cannot be used.
    pub(super) fn open(
        auth: &Auth,
        handle: Handle,
        deadline: Duration,
        shared: &Arc<v3::Shared>,
        clock: &Clock,
    ) -> Result<Self, Cause> {
        if let Auth::V3(usm) = auth {
            usm.check().map_err(Cause::Protocol)?;
        }
        let (auth, shared) = (auth.clone(), Arc::clone(shared));
        Ok(Self { auth, handle, deadline, shared, clock: *clock, client: OnceLock::new() })
    }

    fn client(&self) -> Result<&async_snmp::Client<Handle>, Cause> {
        let make = || {
            let builder = match &self.auth {
                Auth::V1 { community } => ClientBuilder::new(async_snmp::Auth::v1(community.reveal().to_owned())),
                Auth::V2c { community } => ClientBuilder::new(async_snmp::Auth::v2c(community.reveal().to_owned())),
                Auth::V3(usm) => self.shared.builder(usm, &self.clock)?,
            };
            library_client(builder, self.handle.clone(), self.deadline).map_err(|error| error.to_string())
        };
        self.client.get_or_init(make).as_ref().map_err(|error| Cause::Protocol(error.clone()))
    }

    /// `v1`, `v2c` or `v3`.
    pub(super) fn version(&self) -> &'static str {
        self.auth.version()
    }

    /// Asks, and waits for the answer for as long as `patience`. A v3 engine that was restarted or replaced is discovered
    /// afresh, once, and asked again.
    ///
    /// # Errors
    /// Asking was not possible at all, or a v3 engine says why it does not answer. That nothing came back is a [`Reply`].
    pub(super) async fn ask(&self, request: &Request, patience: Duration) -> Result<Reply, Cause> {
        let ask =
            request.repetitions.map_or(Ask::GetNext, |repetitions| Ask::GetBulk { non_repeaters: 1, repetitions });
        self.exchange(ask, &request.oids, patience).await
    }

    /// Asks for exactly these names; otherwise as [`Session::ask`].
    ///
    /// # Errors
    /// As [`Session::ask`].
    pub(super) async fn get(&self, names: &[Oid], patience: Duration) -> Result<Reply, Cause> {
        self.exchange(Ask::Get, names, patience).await
    }

    async fn exchange(&self, ask: Ask, names: &[Oid], patience: Duration) -> Result<Reply, Cause> {
        match self.exchange_once(ask, names, patience).await {
            Err(Cause::Usm(fault)) if fault.mends_by_discovery() => {
                self.shared.count_rediscovery();
                tracing::info!(address = %self.handle.peer_addr(), reason = fault.reason(), "SNMPv3 engine discovered anew");
                match tokio::time::timeout(patience, self.client()?.rediscover_engine()).await {
                    Ok(Ok(())) => self.exchange_once(ask, names, patience).await,
                    _ => Err(Cause::Usm(fault)),
                }
            }
            answer => answer,
        }
    }

    /// Asks without the library, where that can be. What it takes to be in step is forgotten as soon as an answer is
    /// missing or strange, so that the library finds out why.
    async fn exchange_directly(&self, ask: Ask, names: &[Oid], patience: Duration) -> Option<Reply> {
        let Auth::V3(usm) = &self.auth else { return None };
        let address = self.handle.peer_addr();
        let engine = self.shared.direct(address, usm)?;
        let question = Question { ask, names, patience };
        let outcome = engine.ask(&self.handle, &self.shared, &self.clock, question).await;
        if !matches!(outcome, Outcome::Reply(Reply::Bindings(_) | Reply::Status(..))) {
            self.shared.unlearn(address);
        }
        match outcome {
            Outcome::Reply(reply) => Some(reply),
            Outcome::Trouble => None,
        }
    }

    async fn exchange_once(&self, ask: Ask, names: &[Oid], patience: Duration) -> Result<Reply, Cause> {
        if let Some(reply) = self.exchange_directly(ask, names, patience).await {
            return Ok(reply);
        }
        let client = self.client()?;
        let oids = names.iter().map(|oid| async_snmp::Oid::from_slice(oid.arcs())).collect::<Vec<_>>();
        let answer = tokio::time::timeout(patience, async {
            match ask {
                Ask::GetBulk { repetitions, .. } => {
                    client.get_bulk_with_metadata(&oids, 1, repetitions).await.map(|answer| answer.varbinds)
                }
                Ask::GetNext => client.get_next_many(&oids).await.map(|answer| answer.varbinds),
                Ask::Get => client.get_many(&oids).await.map(|answer| answer.varbinds),
            }
        })
        .await;
        let (malformed, rejected) = {
            let mut notes = self.handle.notes();
            (std::mem::take(&mut notes.malformed), notes.rejected.take())
        };
        let reply = match answer {
            Ok(Ok(bindings)) => {
                if let Auth::V3(usm) = &self.auth {
                    self.shared.learn(self.handle.peer_addr(), usm, self.clock.now());
                }
                return Ok(Reply::Bindings(taken(bindings)));
            }
            Ok(Err(error)) => reply_of(&error)?,
            Err(_) if malformed => Reply::Malformed,
            Err(_) => Reply::Timeout,
        };
        // What was not accepted may be the agent's reason.
        match rejected.filter(|_| self.version() == "v3").and_then(|datagram| UsmFault::read(&datagram)) {
            Some(fault) if matches!(reply, Reply::Malformed | Reply::Timeout) => Err(Cause::Usm(fault)),
            _ => Ok(reply),
        }
    }

    /// What silence means, found out by SNMPv3's discovery, which needs no user: nobody is there (`None`), another engine
    /// is, or one that ignores us. In v1 and v2c nothing can be found out.
    pub(super) async fn silence(&self, patience: Duration) -> Option<UsmFault> {
        if self.version() != "v3" {
            return None;
        }
        let address = self.handle.peer_addr();
        let before = self.shared.engine(address);
        let client = self.client().ok()?;
        tokio::time::timeout(patience, client.rediscover_engine()).await.ok()?.ok()?;
        let same = before.is_none() || before == self.shared.engine(address);
        if !same {
            self.shared.count_rediscovery();
            tracing::warn!(%address, "another SNMPv3 engine answers here than before: the device was replaced or reset");
        }
        Some(match (same, client.security_level()) {
            (false, _) => UsmFault::EngineChanged,
            (true, Some(SecurityLevel::AuthPriv)) => UsmFault::IgnoredPrivate,
            (true, _) => UsmFault::Ignored,
        })
    }

    /// Whether an SNMPv3 engine answers discovery within `patience`.
    pub(super) async fn discovers(&self, patience: Duration) -> bool {
        let Ok(client) = self.client() else { return false };
        matches!(tokio::time::timeout(patience, client.rediscover_engine()).await, Ok(Ok(())))
    }

    /// Where an answer came from that was not accepted, because another address was asked.
    pub(super) fn answered_elsewhere(&self) -> Option<SocketAddr> {
        self.handle.notes().elsewhere.take()
    }
}

/// The library's client with its defaults replaced: strict decoding (a lenient one turns an empty Counter64 into 0, a
/// false reset), no retries of its own (about 23 s for a dead request; `mib::walk` does them), answers from the target
/// alone, and in v3 no clock taken from an unsigned Report.
fn library_client(
    builder: ClientBuilder,
    handle: Handle,
    deadline: Duration,
) -> async_snmp::Result<async_snmp::Client<Handle>> {
    builder
        .request_timeout(deadline)
        .exchange_timeout(Some(deadline))
        .retry(Retry::none())
        .max_oids_per_request(MAX_NAMES)
        .decode_config(DecodeConfig::STRICT)
        .community_response_policy(async_snmp::CommunityResponsePolicy::Exact)
        .build_with_transport(handle)
}

fn reply_of(error: &Error) -> Result<Reply, Cause> {
    match error {
        Error::Timeout { .. } => Ok(Reply::Timeout),
        Error::MalformedResponse { .. } | Error::Decode(_) => Ok(Reply::Malformed),
        Error::Snmp { status, index, .. } => Ok(Reply::Status(status.as_i32(), *index)),
        Error::Report { status, .. } => Err(Cause::Usm(UsmFault::of(status))),
        Error::Network { source, .. } => Err(Cause::Unreachable(source.kind().into())),
        Error::Exchange { source, .. } => reply_of(source),
        Error::SharedOperation { source } => reply_of(source),
        other => Err(Cause::Protocol(other.to_string())),
    }
}

/// All names in one buffer: an answer of five hundred numbers is two allocations.
fn taken(bindings: Vec<async_snmp::VarBind>) -> Bindings {
    let mut all = Bindings::with_capacity(bindings.len());
    for binding in bindings {
        all.push(binding.oid.arcs(), value(binding.value));
    }
    all
}

fn value(value: async_snmp::Value) -> Value {
    use async_snmp::Value as Theirs;
    match value {
        Theirs::Integer(number) => Value::Integer(number),
        Theirs::OctetString(bytes) => Value::Octets(bytes.into()),
        Theirs::Null => Value::Null,
        Theirs::ObjectIdentifier(oid) => Value::ObjectId(Oid::new(oid.arcs())),
        Theirs::IpAddress(bytes) => Value::IpAddress(bytes),
        Theirs::Counter32(number) => Value::Counter32(number),
        Theirs::Gauge32(number) | Theirs::UInteger32(number) => Value::Gauge32(number),
        Theirs::TimeTicks(number) => Value::TimeTicks(number),
        Theirs::Counter64(number) => Value::Counter64(number),
        Theirs::NoSuchObject => Value::NoSuchObject,
        Theirs::NoSuchInstance => Value::NoSuchInstance,
        Theirs::EndOfMibView => Value::EndOfMibView,
        Theirs::Opaque(bytes) | Theirs::Nsap(bytes) | Theirs::Unknown { data: bytes, .. } => {
            Value::Opaque(bytes.into())
        }
        _ => Value::Null,
    }
}
