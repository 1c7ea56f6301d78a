//! A conversation with one device in one version of SNMP: a question goes out, its answer comes back or does not.
//! The one place that knows the client library. Knows no walks.

use super::error::Cause;
use super::target::Auth;
use super::transport::Handle;
use crate::mib::{Reply, Request};
use crate::model::snmp::{Oid, Value, VarBind};
use async_snmp::{ClientBuilder, DecodeConfig, Error, Retry};
use std::net::SocketAddr;
use std::time::Duration;

/// Names in one GETNEXT that the library passes on unsplit; `mib::walk` keeps below it.
const MAX_NAMES: usize = 64;

/// A conversation with one device.
pub(super) struct Session {
    client: async_snmp::Client<Handle>,
    handle: Handle,
}

impl Session {
    /// Begins it. `deadline` bounds every request of it.
    ///
    /// # Errors
    /// [`Cause::Protocol`]: the credentials cannot be used.
    pub(super) fn open(auth: &Auth, handle: Handle, deadline: Duration) -> Result<Self, Cause> {
        let client = library_client(auth, handle.clone(), deadline);
        let client = client.map_err(|error| Cause::Protocol(error.to_string()))?;
        Ok(Self { client, handle })
    }

    /// Asks, and waits for the answer for as long as `patience`.
    ///
    /// # Errors
    /// Asking was not possible at all. That nothing came back is a [`Reply`].
    pub(super) async fn ask(&self, request: &Request, patience: Duration) -> Result<Reply, Cause> {
        let oids = request.oids.iter().map(|oid| async_snmp::Oid::from_slice(oid.arcs())).collect::<Vec<_>>();
        let answer = tokio::time::timeout(patience, async {
            match request.repetitions {
                Some(repetitions) => {
                    self.client.get_bulk_with_metadata(&oids, 1, repetitions).await.map(|answer| answer.varbinds)
                }
                None => self.client.get_next_many(&oids).await.map(|answer| answer.varbinds),
            }
        })
        .await;
        match answer {
            Ok(Ok(bindings)) => Ok(Reply::Bindings(bindings.into_iter().map(binding).collect())),
            Ok(Err(error)) => reply_of(*error),
            Err(_) if std::mem::take(&mut self.handle.notes().malformed) => Ok(Reply::Malformed),
            Err(_) => Ok(Reply::Timeout),
        }
    }

    /// Where an answer came from that was not accepted, because another address was asked.
    pub(super) fn answered_elsewhere(&self) -> Option<SocketAddr> {
        self.handle.notes().elsewhere.take()
    }
}

/// The library's client with its defaults replaced: strict decoding (a lenient one turns an empty Counter64 into 0, a
/// false reset), no retries of its own (about 23 s for a dead request; `mib::walk` does them), answers from the target
/// alone.
fn library_client(auth: &Auth, handle: Handle, deadline: Duration) -> async_snmp::Result<async_snmp::Client<Handle>> {
    let auth = match auth {
        Auth::V2c { community } => async_snmp::Auth::v2c(community.as_str()),
    };
    ClientBuilder::new(auth)
        .request_timeout(deadline)
        .exchange_timeout(Some(deadline))
        .retry(Retry::none())
        .max_oids_per_request(MAX_NAMES)
        .decode_config(DecodeConfig::STRICT)
        .community_response_policy(async_snmp::CommunityResponsePolicy::Exact)
        .build_with_transport(handle)
}

fn reply_of(error: Error) -> Result<Reply, Cause> {
    match error {
        Error::Timeout { .. } => Ok(Reply::Timeout),
        Error::MalformedResponse { .. } | Error::Decode(_) => Ok(Reply::Malformed),
        Error::Snmp { status, index, .. } => Ok(Reply::Status(status.as_i32(), index)),
        Error::Network { source, .. } => Err(Cause::Unreachable(source)),
        Error::Exchange { source, .. } => reply_of(*source),
        other => Err(Cause::Protocol(other.to_string())),
    }
}

fn binding(binding: async_snmp::VarBind) -> VarBind {
    VarBind { oid: Oid::new(binding.oid.arcs()), value: value(binding.value) }
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
