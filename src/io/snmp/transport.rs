//! One UDP socket for all SNMP targets of an address family, as async-snmp's `Transport`. Knows no PDU.
//!
//! Of its own, because the client library's sets SO_REUSEADDR: of 1,000 sockets so bound to port 0, 20 shared a port
//! and lost answers. A request is known by its peer and, through the library, by its request id, version and community;
//! what matches none is counted and dropped.

use crate::wire::snmp::v3::message_id;
use async_snmp::{Candidate, Error, RequestRegistration, ResponseIdentity, Transport};
use hyper::body::Bytes;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// Receive buffer asked for. Default buffers overflowed at 100 requests in flight (measured).
const RECEIVE_BUFFER: usize = 4 << 20;
/// Answers kept for one request until they are looked at; an agent may send duplicates.
const MAX_CANDIDATES: usize = 4;
/// How long a right answer may come after one that was addressed right but could not be read.
const MALFORMED_GRACE: Duration = Duration::from_millis(250);
/// Pause after a failed receive.
const ERROR_PAUSE: Duration = Duration::from_millis(10);
/// Up to this many open requests an answer from a wrong address is compared with each, to tell the person about it.
/// Above it strays are only counted, so that a flood of them costs nothing.
const MAX_STRAY_SEARCH: usize = 16;

/// Datagrams that answered no request, by reason.
#[derive(Debug, Default)]
pub(super) struct Strays {
    /// From an address that was asked nothing.
    pub(super) other_source: AtomicU64,
    /// From a target, but late, a duplicate, with a wrong request id or community, or garbage.
    pub(super) unexpected: AtomicU64,
    /// More answers than [`MAX_CANDIDATES`].
    pub(super) refused: AtomicU64,
    /// No stray: the size of the largest answer, bytes.
    pub(super) largest: AtomicU64,
}

/// What a walk learns besides its answers.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// An answer to the present request could not be read.
    pub(super) malformed: bool,
    /// An answer came from this address, which is not the target's.
    pub(super) elsewhere: Option<SocketAddr>,
    /// The last answer to the present request that was not accepted: an SNMPv3 agent's complaint, perhaps.
    pub(super) rejected: Option<Bytes>,
}

/// How an answer is known.
enum Awaited {
    /// The library knows.
    Library(RequestRegistration),
    /// By msgID of SNMPv3. Who signed it is found out later.
    Message(i32),
}

impl Awaited {
    fn is(&self, datagram: &[u8], from_peer: bool) -> bool {
        match self {
            Self::Library(registration) => {
                registration.evaluate_response_identity(datagram, from_peer) != ResponseIdentity::Reject
            }
            Self::Message(id) => message_id(datagram) == Some(*id),
        }
    }
}

struct Pending {
    key: u64,
    awaited: Awaited,
    sender: mpsc::Sender<Bytes>,
    notes: Arc<Mutex<Notes>>,
}

struct Shared {
    socket: UdpSocket,
    local: SocketAddr,
    pending: Mutex<BTreeMap<SocketAddr, Vec<Pending>>>,
    next_key: AtomicU64,
    strays: Arc<Strays>,
}

/// The socket and the task that reads from it; the task ends with this.
pub(super) struct Socket {
    shared: Arc<Shared>,
    reader: tokio::task::AbortHandle,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Ignores poison: what the lock guards is valid after every statement.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One spelling for each address: IPv4 in IPv6 as IPv4, no flow label.
pub(super) fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(_) => address,
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(ip) => SocketAddr::from((ip, v6.port())),
            None => {
                // Only a link-local address needs its zone (RFC 4007, 6); the kernel tells none for others.
                let zone = if v6.ip().is_unicast_link_local() { v6.scope_id() } else { 0 };
                SocketAddrV6::new(*v6.ip(), v6.port(), 0, zone).into()
            }
        },
    }
}

impl Socket {
    /// Binds a port of its own, in the present tokio runtime.
    #[expect(clippy::disallowed_methods, reason = "the io floor's socket")]
    pub(super) fn bind(ipv6: bool, strays: Arc<Strays>) -> io::Result<Self> {
        use socket2::{Domain, Protocol, Socket as Raw, Type};
        let domain = if ipv6 { Domain::IPV6 } else { Domain::IPV4 };
        let raw = Raw::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        if ipv6 {
            raw.set_only_v6(true)?;
        }
        // The kernel may give less; then more answers are lost in a burst, and asked for again.
        let _ = raw.set_recv_buffer_size(RECEIVE_BUFFER);
        raw.set_nonblocking(true)?;
        let any = if ipv6 { SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)) } else { (Ipv4Addr::UNSPECIFIED, 0).into() };
        raw.bind(&any.into())?;
        let socket = UdpSocket::from_std(raw.into())?;
        let local = socket.local_addr()?;
        let shared = Arc::new(Shared { socket, local, pending: Mutex::default(), next_key: AtomicU64::new(0), strays });
        let reader = tokio::spawn(read(Arc::clone(&shared))).abort_handle();
        Ok(Self { shared, reader })
    }

    /// The way to one target.
    pub(super) fn handle(&self, peer: SocketAddr) -> Handle {
        Handle { shared: Arc::clone(&self.shared), peer, notes: Arc::default() }
    }
}

async fn read(shared: Arc<Shared>) {
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        match shared.socket.recv_from(&mut buffer).await {
            Ok((length, source)) => shared.deliver(&buffer[..length], canonical(source)),
            // An ICMP error of an earlier datagram is told once, and the request it belongs to times out. Should the
            // socket be broken for good, this does not turn into a busy loop.
            Err(_) => tokio::time::sleep(ERROR_PAUSE).await,
        }
    }
}

impl Shared {
    fn deliver(&self, datagram: &[u8], source: SocketAddr) {
        let pending = lock(&self.pending);
        let Some(waiting) = pending.get(&source) else {
            self.strays.other_source.fetch_add(1, Ordering::Relaxed);
            if pending.len() <= MAX_STRAY_SEARCH {
                let found = pending.values().flatten().find(|pending| pending.awaited.is(datagram, false));
                if let Some(found) = found {
                    lock(&found.notes).elsewhere = Some(source);
                }
            }
            return;
        };
        let mut matched = false;
        for pending in waiting {
            if pending.awaited.is(datagram, true) {
                matched = true;
                self.strays.largest.fetch_max(datagram.len() as u64, Ordering::Relaxed);
                if pending.sender.try_send(Bytes::copy_from_slice(datagram)).is_err() {
                    self.strays.refused.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        if !matched {
            self.strays.unexpected.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The way to one target, for one walk.
#[derive(Clone)]
pub(super) struct Handle {
    shared: Arc<Shared>,
    peer: SocketAddr,
    notes: Arc<Mutex<Notes>>,
}

impl Handle {
    /// What the walk has learned besides its answers.
    pub(super) fn notes(&self) -> MutexGuard<'_, Notes> {
        lock(&self.notes)
    }

    /// From now on answers with this msgID are kept, until what this gives is dropped.
    pub(super) fn expect(&self, message_id: i32) -> Answers {
        let (registered, receiver) = self.register(Awaited::Message(message_id));
        Answers { receiver, _registered: registered }
    }

    fn register(&self, awaited: Awaited) -> (Registered, mpsc::Receiver<Bytes>) {
        let (sender, receiver) = mpsc::channel(MAX_CANDIDATES);
        let key = self.shared.next_key.fetch_add(1, Ordering::Relaxed);
        let pending = Pending { key, awaited, sender, notes: Arc::clone(&self.notes) };
        lock(&self.shared.pending).entry(self.peer).or_default().push(pending);
        (Registered { shared: Arc::clone(&self.shared), peer: self.peer, key }, receiver)
    }

    fn timeout(&self) -> Box<Error> {
        Box::new(Error::Timeout { target: self.peer, elapsed: Duration::ZERO, retries: 0 })
    }
}

/// What may be answers to a message.
pub(super) struct Answers {
    receiver: mpsc::Receiver<Bytes>,
    _registered: Registered,
}

impl Answers {
    /// The next one.
    pub(super) async fn next(&mut self) -> Option<Vec<u8>> {
        self.receiver.recv().await.map(Vec::from)
    }
}

/// Takes the request out of the table however it ends, cancellation included.
struct Registered {
    shared: Arc<Shared>,
    peer: SocketAddr,
    key: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut pending = lock(&self.shared.pending);
        if let Some(waiting) = pending.get_mut(&self.peer) {
            waiting.retain(|pending| pending.key != self.key);
            if waiting.is_empty() {
                pending.remove(&self.peer);
            }
        }
    }
}

impl Transport for Handle {
    async fn send(&self, data: &[u8]) -> async_snmp::Result<()> {
        let sent = self.shared.socket.send_to(data, self.peer).await;
        sent.map(drop).map_err(|source| Box::new(Error::Network { target: self.peer, source }))
    }

    async fn request_with<T, F>(
        &self,
        data: &[u8],
        registration: RequestRegistration,
        mut validate: F,
    ) -> async_snmp::Result<T>
    where
        T: Send,
        F: FnMut(Bytes, SocketAddr) -> async_snmp::Result<Candidate<T>> + Send,
    {
        let mut deadline = registration.deadline();
        let (_registered, mut answers) = self.register(Awaited::Library(registration));
        self.send(data).await?;
        let mut malformed = false;
        loop {
            let Ok(answer) = tokio::time::timeout_at(deadline, answers.recv()).await else {
                let error = Box::new(Error::MalformedResponse { target: self.peer });
                return Err(if malformed { error } else { self.timeout() });
            };
            let Some(answer) = answer else { return Err(Box::new(Error::Closed { target: self.peer })) };
            match validate(answer.clone(), self.peer)? {
                Candidate::Accept(value) => {
                    while answers.try_recv().is_ok() {
                        self.shared.strays.unexpected.fetch_add(1, Ordering::Relaxed);
                    }
                    return Ok(value);
                }
                Candidate::Reject if malformed => lock(&self.notes).rejected = Some(answer),
                Candidate::Reject => {
                    malformed = true;
                    let mut notes = lock(&self.notes);
                    (notes.malformed, notes.rejected) = (true, Some(answer));
                    drop(notes);
                    let soon = tokio::time::sleep(MALFORMED_GRACE).deadline();
                    deadline = deadline.min(soon);
                }
            }
        }
    }

    fn peer_addr(&self) -> SocketAddr {
        self.peer
    }

    fn local_addr(&self) -> SocketAddr {
        self.shared.local
    }

    fn is_reliable(&self) -> bool {
        false
    }
}
