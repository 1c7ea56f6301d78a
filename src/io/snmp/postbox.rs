//! The UDP sockets that all targets of an address family share, for the versions of SNMP that let in by a community: an
//! answer goes to whoever asked that address for it, all others are counted. Knows no walks.
//!
//! Of its own, without SO_REUSEADDR: of 1,000 sockets bound with it to port 0, 20 shared a port and lost answers.

use super::icmp::{self, Undelivered};
use super::transport::{Strays, canonical, lock};
use crate::mib::Reply;
use crate::wire::snmp::{Identity, Response, Version, identity};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::Notify;

/// Sockets of a family. Where the kernel grants a socket no more than its default buffer, several hold what one cannot:
/// at 100 requests in flight the default overflowed (measured).
const SOCKETS: usize = 4;
/// Receive buffer asked for, bytes.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Pause after a failed receive.
const ERROR_PAUSE: Duration = Duration::from_millis(10);
/// How often a datagram is sent again when the kernel gives back an older one's error instead of sending it.
const SEND_ATTEMPTS: usize = 4;
/// Up to this many devices in conversation an answer from a wrong address is compared with what each was asked, to tell
/// the person about it. Above it strays are only counted, so that a flood of them costs nothing.
const MAX_STRAY_SEARCH: usize = 16;

/// The sockets of one family, each with a task that reads from it; the tasks end with this.
pub(super) struct Postbox {
    sockets: Vec<Arc<Shared>>,
    readers: Vec<tokio::task::AbortHandle>,
    /// Makes request-ids that nobody outside can foretell, and spreads devices over the sockets.
    random: Arc<RandomState>,
    count: Arc<AtomicU64>,
}

impl Drop for Postbox {
    fn drop(&mut self) {
        self.readers.iter().for_each(tokio::task::AbortHandle::abort);
    }
}

struct Shared {
    socket: UdpSocket,
    /// Devices in conversation. A device has one at a time.
    slots: Mutex<BTreeMap<SocketAddr, Arc<Slot>>>,
    strays: Arc<Strays>,
}

/// What a device was asked, and what came of it.
#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    changed: Notify,
}

/// See [`Slot`].
#[derive(Default)]
pub(super) struct State {
    asked: Option<Asked>,
    /// The answer to it.
    pub(super) reply: Option<Reply>,
    /// An answer to it could not be read; a right one may still come.
    pub(super) malformed: bool,
    /// The network says that it did not arrive: an error number.
    pub(super) undelivered: Option<i32>,
    /// An answer came from this address, which is not the device's.
    pub(super) elsewhere: Option<SocketAddr>,
}

/// How the answer is known.
struct Asked {
    version: Version,
    community: Arc<[u8]>,
    request_id: i32,
}

impl Asked {
    fn is(&self, identity: &Identity<'_>) -> bool {
        self.request_id == identity.request_id
            && self.version == identity.version
            && *self.community == *identity.community
    }
}

impl Postbox {
    /// Binds the sockets, each to a port of its own, in the present tokio runtime.
    pub(super) fn bind(ipv6: bool, strays: &Arc<Strays>) -> io::Result<Self> {
        let socket = || {
            let socket = bind(ipv6)?;
            Ok(Arc::new(Shared { socket, slots: Mutex::default(), strays: Arc::clone(strays) }))
        };
        let sockets = (0..SOCKETS).map(|_| socket()).collect::<io::Result<Vec<_>>>()?;
        let readers = sockets.iter().map(|shared| tokio::spawn(read(Arc::clone(shared))).abort_handle());
        Ok(Self { readers: readers.collect(), sockets, random: Arc::default(), count: Arc::default() })
    }

    /// The way to one device, for one conversation.
    pub(super) fn line(&self, peer: SocketAddr) -> Line {
        let place = usize::try_from(self.random.hash_one(peer) % SOCKETS as u64).unwrap_or(0);
        let shared = Arc::clone(&self.sockets[place]);
        let slot = Arc::<Slot>::default();
        lock(&shared.slots).insert(peer, Arc::clone(&slot));
        Line { shared, slot, peer, random: Arc::clone(&self.random), count: Arc::clone(&self.count) }
    }
}

#[expect(clippy::disallowed_methods, reason = "the io floor's socket")]
fn bind(ipv6: bool) -> io::Result<UdpSocket> {
    use socket2::{Domain, Protocol, Socket, Type};
    let domain = if ipv6 { Domain::IPV6 } else { Domain::IPV4 };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if ipv6 {
        socket.set_only_v6(true)?;
    }
    // The kernel may give less, and need not keep errors; then more answers are lost in a burst and asked for again, and
    // a closed port looks like a silent one.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    let _ = icmp::keep_errors(&socket, ipv6);
    socket.set_nonblocking(true)?;
    let any = if ipv6 { SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)) } else { (Ipv4Addr::UNSPECIFIED, 0).into() };
    socket.bind(&any.into())?;
    UdpSocket::from_std(socket.into())
}

async fn read(shared: Arc<Shared>) {
    let mut buffer = vec![0; usize::from(u16::MAX)];
    loop {
        match shared.socket.recv_from(&mut buffer).await {
            Ok((length, source)) => shared.deliver(&buffer[..length], canonical(source)),
            Err(_) if shared.hand_out_errors() > 0 => {}
            // Should the socket be broken for good, this does not turn into a busy loop.
            Err(_) => tokio::time::sleep(ERROR_PAUSE).await,
        }
    }
}

impl Shared {
    fn deliver(&self, datagram: &[u8], source: SocketAddr) {
        let Some(slot) = lock(&self.slots).get(&source).map(Arc::clone) else {
            self.strays.other_source.fetch_add(1, Ordering::Relaxed);
            self.look_for_asker(datagram, source);
            return;
        };
        let mut state = lock(&slot.state);
        let asked = state.asked.as_ref().zip(identity(datagram)).is_some_and(|(asked, identity)| asked.is(&identity));
        if !asked {
            self.strays.unexpected.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.strays.largest.fetch_max(datagram.len() as u64, Ordering::Relaxed);
        match Response::decode(datagram) {
            Ok(response) => {
                state.asked = None;
                state.reply = Some(match response.status {
                    0 => Reply::Bindings(response.bindings),
                    status => Reply::Status(status, response.index),
                });
            }
            Err(error) => {
                tracing::debug!(%source, %error, "an answer cannot be read");
                self.strays.unexpected.fetch_add(1, Ordering::Relaxed);
                state.malformed = true;
            }
        }
        drop(state);
        slot.changed.notify_one();
    }

    /// An answer from an address that was asked nothing may be one that another address was asked for.
    fn look_for_asker(&self, datagram: &[u8], source: SocketAddr) {
        let slots = lock(&self.slots);
        if slots.len() > MAX_STRAY_SEARCH {
            return;
        }
        let Some(identity) = identity(datagram) else { return };
        for slot in slots.values() {
            let mut state = lock(&slot.state);
            if state.asked.as_ref().is_some_and(|asked| asked.is(&identity)) {
                state.elsewhere = Some(source);
            }
        }
    }

    /// Tells those who wait for an answer that their request did not arrive. Gives how many errors there were.
    fn hand_out_errors(&self) -> usize {
        let errors = icmp::errors(&self.socket);
        for Undelivered { to, errno } in &errors {
            let Some(slot) = lock(&self.slots).get(to).map(Arc::clone) else { continue };
            let mut state = lock(&slot.state);
            if state.asked.is_some() {
                state.undelivered = Some(*errno);
                drop(state);
                slot.changed.notify_one();
            }
        }
        errors.len()
    }
}

/// The way to one device. It is given back when this is dropped.
pub(super) struct Line {
    shared: Arc<Shared>,
    slot: Arc<Slot>,
    peer: SocketAddr,
    random: Arc<RandomState>,
    count: Arc<AtomicU64>,
}

impl Drop for Line {
    fn drop(&mut self) {
        let mut slots = lock(&self.shared.slots);
        if slots.get(&self.peer).is_some_and(|slot| Arc::ptr_eq(slot, &self.slot)) {
            slots.remove(&self.peer);
        }
    }
}

impl Line {
    /// A request-id that was not used lately: of 31 bits, not negative, as every agent can repeat it.
    pub(super) fn request_id(&self) -> i32 {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        i32::try_from(self.random.hash_one(count) >> 33).unwrap_or(i32::MAX)
    }

    /// What has come of the request.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.slot.state)
    }

    /// From now on answers to this request are taken, and to no other.
    pub(super) fn expect(&self, version: Version, community: &Arc<[u8]>, request_id: i32) {
        let mut state = self.state();
        let asked = Some(Asked { version, community: Arc::clone(community), request_id });
        *state = State { asked, elsewhere: state.elsewhere, ..State::default() };
    }

    /// From now on no answer is taken.
    pub(super) fn give_up(&self) {
        self.state().asked = None;
    }

    /// Sends a datagram. The kernel may answer with the error of an earlier one, to whomever; that is handed out.
    pub(super) async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        let mut attempts = 1;
        loop {
            match self.shared.socket.send_to(datagram, self.peer).await {
                Ok(_) => return Ok(()),
                Err(_) if attempts < SEND_ATTEMPTS && self.shared.hand_out_errors() > 0 => attempts += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until [`Self::state`] may have changed.
    pub(super) async fn changed(&self) {
        self.slot.changed.notified().await;
    }
}
