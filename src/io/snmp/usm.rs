//! SNMPv3 without the client library, for a device whose engine is known and whose clock is followed: requests are written
//! and answers read by this program's own codec, signed and encrypted with the library's keys (RFC 3414, 3). The
//! library's decoding and copying was a third of the processor time of a scrape (perf, during `benches/snmp.sh`).
//!
//! Only what goes well is done here. Anything but a signed answer in time ends it, and the library asks: it discovers,
//! follows a restart, and finds out what is wrong. Knows no walks.

use super::auth::Usm;
use super::transport::{Handle, lock};
use super::v3::Shared;
use crate::io::clock::Clock;
use crate::mib::Reply;
use crate::model::Time;
use crate::model::snmp::Oid;
use crate::wire::snmp::Ask;
use crate::wire::snmp::v3::{
    AUTH, MAX_MAC, Message, PRIVACY, REPORTABLE, Scope, Security, decode_message, decode_scoped, encode_message,
    encode_scoped,
};
use async_snmp::v3::{DerivedKeys, EngineState, LocalizedKey, PrivKey};
use async_snmp::{PrivProtocol, Transport as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Seconds that a message may be late (RFC 3414, 2.2.3).
const TIME_WINDOW: u32 = 150;
/// Greatest snmpEngineBoots and snmpEngineTime (RFC 3414, 2.2.2).
const MAX_ENGINE_TIME: u32 = i32::MAX as u32;

/// A device's engine, as a user of it knows it.
pub(super) struct Engine {
    usm: Arc<Usm>,
    id: Vec<u8>,
    /// Bytes of the longest message that it takes.
    max_size: usize,
    auth: LocalizedKey,
    privacy: Option<PrivKey>,
    time: Mutex<EngineTime>,
}

/// A question to a device.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) ask: Ask,
    pub(super) names: &'a [Oid],
    /// How long the answer is waited for.
    pub(super) patience: Duration,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A signed answer, or none in time.
    Reply(Reply),
    /// The device says something else, or cannot be asked in this way: the library should ask.
    Trouble,
}

/// What a datagram is.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Outcome(Outcome),
    /// Anybody may have sent it.
    Noise,
}

/// How a request and its answer are known.
#[derive(Clone, Copy)]
struct Ids {
    message: i32,
    request: i32,
}

impl Engine {
    /// From what the library has just learned by asking. `None` for a user without a password, which is not worth it, and
    /// for DES, whose salts the library counts.
    pub(super) fn learned(usm: &Arc<Usm>, state: &EngineState, now: Time) -> Option<Self> {
        let time = state.authenticated_time()?;
        let DerivedKeys { auth_key, priv_key } = usm.library().ok()?.derive_keys(state.engine_id()).ok()?;
        let salted = |key: &PrivKey| matches!(key.protocol(), PrivProtocol::Des | PrivProtocol::Des3);
        if priv_key.as_ref().is_some_and(salted) {
            return None;
        }
        Some(Self {
            usm: Arc::clone(usm),
            id: state.engine_id().to_vec(),
            max_size: state.msg_max_size().as_usize(),
            auth: auth_key?,
            privacy: priv_key,
            time: Mutex::new(EngineTime { boots: time.boots(), time: time.latest_received_time(), at: now }),
        })
    }

    /// Whether these are the credentials that it is known by.
    pub(super) fn is_of(&self, usm: &Arc<Usm>) -> bool {
        Arc::ptr_eq(&self.usm, usm)
    }

    fn level(&self) -> u8 {
        if self.privacy.is_some() { AUTH | PRIVACY } else { AUTH }
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&self, handle: &Handle, shared: &Shared, clock: &Clock, question: Question<'_>) -> Outcome {
        let ids = Ids { message: shared.number(), request: shared.number() };
        let Some(datagram) = self.request(shared, clock.now(), ids, question) else { return Outcome::Trouble };
        let mut answers = handle.expect(ids.message);
        if handle.send(&datagram).await.is_err() {
            return Outcome::Trouble;
        }
        let mut noise = false;
        let heard = tokio::time::timeout(question.patience, async {
            while let Some(mut answer) = answers.next().await {
                match self.read(&mut answer, ids, clock.now()) {
                    Heard::Outcome(outcome) => return outcome,
                    Heard::Noise => noise = true,
                }
            }
            Outcome::Trouble
        });
        let reply = heard.await;
        reply.unwrap_or(Outcome::Reply(if noise { Reply::Malformed } else { Reply::Timeout }))
    }

    /// The request as it goes out; `None` if that cannot be.
    fn request(&self, shared: &Shared, now: Time, ids: Ids, question: Question<'_>) -> Option<Vec<u8>> {
        let scope = Scope { engine_id: &self.id, context: self.usm.context.as_bytes(), request_id: ids.request };
        let mut scoped = Vec::new();
        encode_scoped(&mut scoped, &scope, question.ask, question.names.iter().map(Oid::arcs)).ok()?;
        let (boots, time) = lock(&self.time).now(now);
        let encrypt = |key: &PrivKey| key.encrypt_aes(&scoped, boots, time, shared.salts()?).ok();
        let encrypted = match &self.privacy {
            Some(key) => Some(encrypt(key)?),
            None => None,
        };
        let (data, salt) = encrypted.as_ref().map_or((&scoped[..], &[][..]), |(data, salt)| (&data[..], &salt[..]));
        let mac_length = self.auth.mac_len();
        let mac = [0; MAX_MAC];
        let user = self.usm.user.as_bytes();
        let security = Security { engine_id: &self.id, boots, time, user, mac: mac.get(..mac_length)?, salt };
        let mut datagram = Vec::new();
        let message = Message { id: ids.message, flags: self.level() | REPORTABLE, security, data };
        let mac_at = encode_message(&mut datagram, &message).ok()?;
        let mac = self.auth.compute_hmac(&datagram).ok()?;
        datagram.get_mut(mac_at..mac_at + mac_length)?.copy_from_slice(mac.get(..mac_length)?);
        (datagram.len() <= self.max_size).then_some(datagram)
    }

    /// In the order of RFC 3414, 3.2: whose it is, the signature, the time, and only then the content.
    fn read(&self, datagram: &mut [u8], ids: Ids, now: Time) -> Heard {
        let Ok((message, mac_at)) = decode_message(datagram) else { return Heard::Noise };
        let Security { engine_id, user, mac, .. } = message.security;
        if message.id != ids.message {
            return Heard::Noise;
        }
        // Reports are not always signed, and what they say the library finds out.
        if message.flags & (AUTH | PRIVACY) != self.level() || engine_id != self.id || user != self.usm.user.as_bytes()
        {
            return Heard::Outcome(Outcome::Trouble);
        }
        let (mut kept, length) = ([0; MAX_MAC], mac.len());
        if length != self.auth.mac_len() || length > MAX_MAC {
            return Heard::Noise;
        }
        kept[..length].copy_from_slice(mac);
        datagram[mac_at..mac_at + length].fill(0);
        if !matches!(self.auth.verify_hmac(datagram, &kept[..length]), Ok(true)) {
            return Heard::Noise;
        }
        let Ok((message, _)) = decode_message(datagram) else { return Heard::Noise };
        let Security { boots, time, salt, .. } = message.security;
        if !lock(&self.time).takes(boots, time, now) {
            return Heard::Outcome(Outcome::Trouble);
        }
        match &self.privacy {
            None => self.answer(message.data, ids),
            Some(key) => match key.decrypt(message.data, boots, time, salt) {
                Ok(scoped) => self.answer(&scoped, ids),
                Err(_) => Heard::Outcome(Outcome::Trouble),
            },
        }
    }

    /// What the device says, now that it is known to be the device.
    fn answer(&self, scoped: &[u8], ids: Ids) -> Heard {
        let Ok(scoped) = decode_scoped(scoped) else { return Heard::Outcome(Outcome::Reply(Reply::Malformed)) };
        let Some(answer) = scoped.answer else { return Heard::Outcome(Outcome::Trouble) };
        if answer.request_id != ids.request || scoped.context != self.usm.context.as_bytes() {
            return Heard::Noise;
        }
        Heard::Outcome(Outcome::Reply(match answer.status {
            0 => Reply::Bindings(answer.bindings),
            status => Reply::Status(status, answer.index),
        }))
    }
}

/// The notion of an engine's time (RFC 3414, 2.3).
#[derive(Clone, Copy, Debug)]
struct EngineTime {
    boots: u32,
    /// The greatest that was heard since that boot, and when.
    time: u32,
    at: Time,
}

impl EngineTime {
    /// snmpEngineBoots and snmpEngineTime as they should be there now.
    fn now(&self, now: Time) -> (u32, u32) {
        let since = u32::try_from(now.since(self.at).as_secs()).unwrap_or(MAX_ENGINE_TIME);
        (self.boots, self.time.saturating_add(since).min(MAX_ENGINE_TIME))
    }

    /// Takes over what a signed message says; false if it is too old to be believed (RFC 3414, 3.2, 7b).
    fn takes(&mut self, boots: u32, time: u32, now: Time) -> bool {
        if (boots, time) > (self.boots, self.time) {
            *self = Self { boots, time, at: now };
        }
        let (own_boots, own_time) = self.now(now);
        own_boots != MAX_ENGINE_TIME && boots == own_boots && time >= own_time.saturating_sub(TIME_WINDOW)
    }
}

#[cfg(test)]
#[path = "usm_tests.rs"]
mod tests;
