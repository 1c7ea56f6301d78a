//! An SNMPv3 agent on a UDP port of loopback, one thread: a user for each pair of protocols, and an engine that can boot
//! or be another one. The protocol is the agent of the crate `async-snmp`, which stormglass uses as a client: what it
//! proves is how a client behaves towards engines, not that the two understand RFC 3414 alike. For that, net-snmp's agent
//! is the one to ask. Knows the same tables as the other agents.

use super::answer::{Identity, look_after, look_up};
use super::book::Book;
use super::table::{Oid, Table, Value};
use crate::net;
use async_snmp::MasterKeys;
use async_snmp::agent::Agent;
use async_snmp::handler::{BoxFuture, GetNextResult, GetResult, HandlerResult, MibHandler, RequestContext};
use async_snmp::v3::{AuthoritativeEngine, DesSaltState, PersistedAuthoritativeEngine, PersistedDesSaltState};
pub use async_snmp::{AuthProtocol, PrivProtocol};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The authentication password of every user.
pub const AUTH_PASSWORD: &str = "authenticate me";
/// The privacy password of every user.
pub const PRIV_PASSWORD: &str = "keep it private";
/// The authentication protocols (RFC 3414, 6 and 7; RFC 7860), by the names their users have.
pub const AUTHS: [(&str, AuthProtocol); 6] = [
    ("md5", AuthProtocol::Md5),
    ("sha", AuthProtocol::Sha1),
    ("sha224", AuthProtocol::Sha224),
    ("sha256", AuthProtocol::Sha256),
    ("sha384", AuthProtocol::Sha384),
    ("sha512", AuthProtocol::Sha512),
];
/// The privacy protocols (RFC 3414, 8; RFC 3826; the longer keys as Cisco and Reeder extend them).
pub const PRIVS: [(&str, PrivProtocol); 5] = [
    ("des", PrivProtocol::Des),
    ("3des", PrivProtocol::Des3),
    ("aes", PrivProtocol::Aes128),
    ("aes192", PrivProtocol::Aes192Reeder),
    ("aes256", PrivProtocol::Aes256Reeder),
];
/// Private enterprise number of the engine IDs: Net-SNMP's, whose experimental arcs the tables use too (RFC 3411, 5).
const ENTERPRISE: [u8; 4] = [0x80, 0x00, 0x1f, 0x88];

/// How an agent is set up.
#[derive(Clone, Debug)]
pub struct V3Options {
    /// UDP port on 127.0.0.1; 0 lets the system choose.
    pub port: u16,
    /// Makes its counters and its engine ID.
    pub seed: u64,
    /// How long it has been up when it starts.
    pub up_before: Duration,
}

/// A running agent; it stops when dropped. Users: `none`, one for each of [`AUTHS`] (`sha256`), and one for each pair
/// with [`PRIVS`] (`sha256-aes`).
#[derive(Debug)]
pub struct V3Agent {
    table: Arc<Book>,
    options: V3Options,
    addr: SocketAddr,
    engine: Vec<u8>,
    boots: u32,
    running: Option<Running>,
}

/// The agent of one boot.
#[derive(Debug)]
struct Running {
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl V3Agent {
    /// Starts an agent that answers from `table`, with snmpEngineBoots 1.
    ///
    /// # Errors
    /// The port is taken, or no thread can be had.
    pub fn start(table: Table, mut options: V3Options) -> io::Result<Self> {
        // A port that stays the same through boots.
        let addr = net::udp(options.port)?.local_addr()?;
        options.port = addr.port();
        let engine = engine_id(options.seed);
        let mut agent = Self { table: Arc::new(Book::new(table)), options, addr, engine, boots: 0, running: None };
        agent.boot(agent.options.up_before)?;
        Ok(agent)
    }

    /// Where it answers.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// snmpEngineID (RFC 3411, 5).
    #[must_use]
    pub fn engine(&self) -> &[u8] {
        &self.engine
    }

    /// snmpEngineBoots.
    #[must_use]
    pub fn boots(&self) -> u32 {
        self.boots
    }

    /// Boots: snmpEngineBoots is one more; uptime, engine time and counters begin at zero.
    ///
    /// # Errors
    /// As [`V3Agent::start`].
    pub fn reboot(&mut self) -> io::Result<()> {
        self.boot(Duration::ZERO)
    }

    /// Another device takes its place: another engine ID, which has booted once.
    ///
    /// # Errors
    /// As [`V3Agent::start`].
    pub fn replace(&mut self, seed: u64) -> io::Result<()> {
        self.options.seed = seed;
        self.engine = engine_id(seed);
        self.boots = 0;
        self.boot(Duration::ZERO)
    }

    fn boot(&mut self, up_before: Duration) -> io::Result<()> {
        self.running = None;
        let identity = Identity { seed: self.options.seed, up_before, ..Identity::default() };
        let handler = Handler { book: Arc::clone(&self.table), identity, started: now(), asked: Mutex::default() };
        let (engine, boots, addr) = (self.engine.clone(), self.boots, self.addr);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("harness-snmpv3".to_owned()).spawn(move || {
            runtime.block_on(async move {
                match agent(addr, &engine, boots, handler).await {
                    Ok(agent) => {
                        let _ = ready.send(Ok(()));
                        tokio::select! {
                            _ = agent.run() => {}
                            _ = stopped => {}
                        }
                    }
                    Err(error) => drop(ready.send(Err(error))),
                }
            });
        })?;
        self.running = Some(Running { stop: Some(stop), thread: Some(thread) });
        let answer = is_ready.recv().map_err(|_| io::Error::other("the agent's thread has ended"))?;
        answer.map_err(io::Error::other)?;
        self.boots = boots + 1;
        Ok(())
    }
}

fn engine_id(seed: u64) -> Vec<u8> {
    // Format 5: octets of one's own choice.
    [&ENTERPRISE[..], &[5], &seed.to_be_bytes()].concat()
}

#[expect(clippy::disallowed_methods, reason = "an agent has an uptime")]
fn now() -> Instant {
    Instant::now()
}

/// Nothing is kept: the next boot counts on from here in memory.
#[expect(clippy::unnecessary_wraps, reason = "the library asks for a result")]
fn kept<T>(_: &T) -> Result<(), Infallible> {
    Ok(())
}

/// The library's agent after `boots` earlier boots.
async fn agent(addr: SocketAddr, engine: &[u8], boots: u32, handler: Handler) -> Result<Agent, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let (engine, salt) = if boots == 0 {
        let salt = DesSaltState::install(kept::<PersistedDesSaltState>).map_err(|error| said(&error))?;
        let engine = AuthoritativeEngine::install(engine.to_vec(), kept::<PersistedAuthoritativeEngine>);
        (engine.map_err(|error| said(&error))?, salt)
    } else {
        let before = PersistedDesSaltState::new(boots).map_err(|error| said(&error))?;
        let salt = DesSaltState::restart(before, kept::<PersistedDesSaltState>).map_err(|error| said(&error))?;
        let before = PersistedAuthoritativeEngine::new(engine.to_vec(), boots).map_err(|error| said(&error))?;
        let engine = AuthoritativeEngine::restart(before, kept::<PersistedAuthoritativeEngine>);
        (engine.map_err(|error| said(&error))?, salt)
    };
    let mut builder = Agent::builder()
        .bind(addr.to_string())
        .authoritative_engine(engine)
        .des_salt_state(salt)
        .without_builtin_handlers()
        .handler(async_snmp::Oid::from_slice(&[1, 3, 6, 1, 2, 1]), Arc::new(handler))
        .allow_all_access();
    builder = builder.usm_user("none", Ok).map_err(|error| said(&error))?;
    for (name, keys) in users()? {
        builder = builder.usm_user(name.clone(), |user| user.with_master_keys(keys.clone())).map_err(|e| said(&e))?;
    }
    builder.build().await.map_err(|error| said(&error))
}

/// All users that have a password, with their keys. To make a key of a password, a mebibyte is hashed (RFC 3414, A.2): once
/// for all agents and boots of this process, since what depends on the engine follows from it at once.
fn users() -> Result<&'static [(String, MasterKeys)], String> {
    static USERS: OnceLock<Result<Vec<(String, MasterKeys)>, String>> = OnceLock::new();
    let derive = || {
        let mut users = Vec::new();
        for (name, auth) in AUTHS {
            let keys = MasterKeys::new(auth, AUTH_PASSWORD.as_bytes())?;
            for (with, privacy) in PRIVS {
                users.push((format!("{name}-{with}"), keys.clone().with_privacy(privacy, PRIV_PASSWORD.as_bytes())?));
            }
            users.push((name.to_owned(), keys));
        }
        Ok(users)
    };
    let users = USERS.get_or_init(|| derive().map_err(|error: async_snmp::v3::CryptoError| error.to_string()));
    users.as_deref().map_err(Clone::clone)
}

/// Answers from the table.
struct Handler {
    book: Arc<Book>,
    identity: Identity,
    started: Instant,
    /// The id of the present request, and when it came.
    asked: Mutex<(i32, Duration)>,
}

impl Handler {
    /// When the request came: the library asks for each variable by itself, but what one answer says is of one moment.
    fn at(&self, context: &RequestContext) -> Duration {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.1.is_zero() || asked.0 != context.request_id() {
            *asked = (context.request_id(), now() - self.started);
        }
        asked.1
    }
}

impl MibHandler for Handler {
    fn get<'a>(
        &'a self,
        context: &'a RequestContext,
        oid: &'a async_snmp::Oid,
    ) -> BoxFuture<'a, HandlerResult<GetResult>> {
        let value = look_up(&self.book, self.identity.clone(), self.at(context), oid.arcs());
        Box::pin(std::future::ready(Ok(match value {
            Value::NoSuchObject => GetResult::NoSuchObject,
            Value::NoSuchInstance => GetResult::NoSuchInstance,
            value => GetResult::Value(encoded(value)),
        })))
    }

    fn get_next<'a>(
        &'a self,
        context: &'a RequestContext,
        oid: &'a async_snmp::Oid,
    ) -> BoxFuture<'a, HandlerResult<GetNextResult>> {
        let found: Option<(Oid, Value)> = look_after(&self.book, self.identity.clone(), self.at(context), oid.arcs());
        Box::pin(std::future::ready(Ok(found.map_or(GetNextResult::EndOfMibView, |(oid, value)| {
            let oid = async_snmp::Oid::from_slice(&oid);
            GetNextResult::Value(async_snmp::VarBind::new(oid, encoded(value)))
        }))))
    }
}

/// The library's own form of a value. What no library can say is Null.
fn encoded(value: Value) -> async_snmp::Value {
    use async_snmp::Value as Theirs;
    match value {
        Value::Integer(number) => Theirs::Integer(number as i32),
        Value::Octets(bytes) => Theirs::OctetString(bytes.into()),
        Value::Oid(oid) => Theirs::ObjectIdentifier(async_snmp::Oid::from_slice(&oid)),
        Value::Ip(ip) => Theirs::IpAddress(ip.octets()),
        Value::Counter32(number) => Theirs::Counter32(number),
        Value::Gauge32(number) => Theirs::Gauge32(number),
        Value::TimeTicks(number) => Theirs::TimeTicks(number),
        Value::Opaque(bytes) => Theirs::Opaque(bytes.into()),
        Value::Counter64(number) => Theirs::Counter64(number),
        _ => Theirs::Null,
    }
}

#[cfg(test)]
#[path = "v3_tests.rs"]
mod tests;
