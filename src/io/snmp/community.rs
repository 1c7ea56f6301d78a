//! A conversation with one device in SNMPv1 or SNMPv2c: a question goes out, its answer comes back or does not. Knows no
//! walks; what the bytes mean, `wire::snmp` knows.

use super::error::Cause;
use super::icmp;
use super::postbox::Line;
use crate::mib::{Reply, Request};
use crate::model::snmp::Oid;
use crate::wire::snmp::{Ask, Identity, Version, encode_request};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long a right answer may come after one that was addressed right but could not be read.
const MALFORMED_GRACE: Duration = Duration::from_millis(250);

/// A conversation with one device.
pub(super) struct Session {
    line: Line,
    version: Version,
    community: Arc<[u8]>,
    /// The request, as bytes.
    buffer: Vec<u8>,
    /// The error number of an ICMP message other than that the port is closed; it may be over in a moment.
    unreachable: Option<i32>,
}

impl Session {
    /// Begins it.
    pub(super) fn open(version: Version, community: &str, line: Line) -> Self {
        Self { line, version, community: community.as_bytes().into(), buffer: Vec::new(), unreachable: None }
    }

    /// `v1` or `v2c`.
    pub(super) const fn version(&self) -> &'static str {
        match self.version {
            Version::V1 => "v1",
            Version::V2c => "v2c",
        }
    }

    /// Asks, and waits for the answer for as long as `patience`.
    ///
    /// # Errors
    /// Asking was not possible at all. That nothing came back is a [`Reply`].
    pub(super) async fn ask(&mut self, request: &Request, patience: Duration) -> Result<Reply, Cause> {
        let ask = match request.repetitions {
            Some(repetitions) => Ask::GetBulk { non_repeaters: 1, repetitions },
            None => Ask::GetNext,
        };
        self.exchange(ask, &request.oids, patience).await
    }

    /// Asks for exactly these names; otherwise as [`Session::ask`].
    ///
    /// # Errors
    /// As [`Session::ask`].
    pub(super) async fn get(&mut self, names: &[Oid], patience: Duration) -> Result<Reply, Cause> {
        self.exchange(Ask::Get, names, patience).await
    }

    async fn exchange(&mut self, ask: Ask, names: &[Oid], patience: Duration) -> Result<Reply, Cause> {
        let head = Identity { version: self.version, community: &self.community, request_id: self.line.request_id() };
        let names = names.iter().map(Oid::arcs);
        encode_request(&mut self.buffer, &head, ask, names).map_err(|error| Cause::Protocol(error.to_string()))?;
        self.line.expect(self.version, &self.community, head.request_id);
        let answer = match self.line.send(&self.buffer).await {
            Ok(()) => self.answer(patience).await,
            Err(error) => Err(Cause::Unreachable(error)),
        };
        self.line.give_up();
        answer
    }

    async fn answer(&mut self, patience: Duration) -> Result<Reply, Cause> {
        let mut timer = std::pin::pin!(tokio::time::sleep(patience));
        let mut in_grace = false;
        loop {
            let over = tokio::select! {
                biased;
                () = self.line.changed() => false,
                () = &mut timer => true,
            };
            let mut state = self.line.state();
            if let Some(reply) = state.reply.take() {
                return Ok(reply);
            }
            match state.undelivered.take() {
                Some(icmp::REFUSED) => return Err(Cause::PortClosed),
                Some(errno) => self.unreachable = Some(errno),
                None => {}
            }
            let malformed = state.malformed;
            drop(state);
            if over {
                return Ok(if malformed { Reply::Malformed } else { Reply::Timeout });
            }
            if malformed && !in_grace {
                in_grace = true;
                let soon = tokio::time::sleep(MALFORMED_GRACE).deadline().min(timer.deadline());
                timer.as_mut().reset(soon);
            }
        }
    }

    /// What is known of a device that did not answer: that another address did, or that the network has no way to it.
    pub(super) fn silence(&self) -> Option<Cause> {
        if let Some(from) = self.answered_elsewhere() {
            return Some(Cause::Elsewhere { from });
        }
        self.unreachable.map(|errno| Cause::Unreachable(io::Error::from_raw_os_error(errno)))
    }

    /// Where an answer came from that was not accepted, because another address was asked.
    fn answered_elsewhere(&self) -> Option<SocketAddr> {
        self.line.state().elsewhere.take()
    }
}
