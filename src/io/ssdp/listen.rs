//! Hears what devices announce (NOTIFY) on port 1900 of chosen interfaces, beside whoever else listens there. Sends
//! nothing, fetches nothing, and chooses no interfaces.

use super::{Reply, is_on_link};
use crate::io::interfaces::Interface;
use crate::io::troubles;
use crate::model::text::Sentence;
use crate::wire::ssdp::{self, GROUP_V4, GROUP_V6_LINK, GROUP_V6_SITE, Kind};
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

/// Sockets open at once; three an interface.
pub const MAX_EARS: usize = 96;
/// Datagrams taken from one socket in [`WINDOW`]; the rest waits in the kernel, and is dropped there. A LAN of 100
/// devices that get their power back announces about 900 in a second; a storm of searches, which arrive here as well,
/// brings 1,800 and must not cost us a core.
pub const MAX_PER_WINDOW: u32 = 1000;
/// See [`MAX_PER_WINDOW`].
pub const WINDOW: Duration = Duration::from_secs(1);
/// Room in the kernel for what waits.
const RECEIVE_BUFFER: usize = 256 << 10;

/// One group on one interface.
struct Ear {
    interface: Interface,
    group: IpAddr,
    socket: UdpSocket,
    window: Instant,
    taken: u32,
}

/// Everything that is listened to.
#[derive(Default)]
pub struct Listener {
    ears: Vec<Ear>,
    turn: usize,
    /// Datagrams refused, by reason, since they were fetched.
    refused: BTreeMap<&'static str, u64>,
}

/// Who is listened to on an interface, or why nobody is: a sentence.
pub type Tuned = BTreeMap<Arc<str>, Option<Sentence>>;

impl Listener {
    /// Listens on `interfaces`, and no longer on others; what is open stays open. To be called again when interfaces
    /// may have changed: one that was made anew has a new index, and a membership goes with the index.
    pub fn tune(&mut self, interfaces: &[Interface]) -> Tuned {
        self.ears.retain_mut(|ear| {
            let same = |one: &&Interface| one.index == ear.interface.index && one.name == ear.interface.name;
            match interfaces.iter().find(same) {
                Some(one) => {
                    ear.interface.addresses.clone_from(&one.addresses);
                    true
                }
                None => false,
            }
        });
        interfaces.iter().map(|one| (Arc::clone(&one.name), self.tune_one(one))).collect()
    }

    fn tune_one(&mut self, interface: &Interface) -> Option<Sentence> {
        let name = &interface.name;
        let mut problem = None;
        for group in groups(interface) {
            if self.ears.iter().any(|ear| ear.interface.index == interface.index && ear.group == group) {
                continue;
            }
            if self.ears.len() >= MAX_EARS {
                return Some(troubles::too_many_ears(name));
            }
            match open(interface, group) {
                Ok(socket) => {
                    let interface = interface.clone();
                    self.ears.push(Ear { interface, group, socket, window: super::now(), taken: 0 });
                }
                Err(error) => problem = Some(troubles::not_heard(name, group, &error)),
            }
        }
        problem
    }

    /// Waits for the next announcement. Searches of others, and whatever is no announcement, are counted and skipped.
    /// Can be dropped at any time without losing one.
    pub async fn next(&mut self, buffer: &mut [u8]) -> Reply {
        loop {
            let now = super::now();
            let mut pause = None;
            for ear in &mut self.ears {
                if now.saturating_duration_since(ear.window) >= WINDOW {
                    (ear.window, ear.taken) = (now, 0);
                } else if ear.taken >= MAX_PER_WINDOW {
                    let end = ear.window + WINDOW;
                    pause = Some(pause.map_or(end, |p: Instant| p.min(end)));
                }
            }
            let received = receive(&self.ears, self.turn, buffer);
            let (place, length, source) = match pause {
                None => received.await,
                Some(end) => match timeout_at(end, received).await {
                    Ok(received) => received,
                    Err(_) => continue,
                },
            };
            self.turn = place + 1;
            match self.take(place, source, &buffer[..length]) {
                Ok(Some(reply)) => return reply,
                Ok(None) => {}
                Err(reason) => *self.refused.entry(reason).or_default() += 1,
            }
        }
    }

    fn take(&mut self, place: usize, source: SocketAddr, datagram: &[u8]) -> Result<Option<Reply>, &'static str> {
        let ear = &mut self.ears[place];
        ear.taken += 1;
        if ear.taken == MAX_PER_WINDOW {
            *self.refused.entry("announcements_flood").or_default() += 1;
        }
        let message = ssdp::parse(datagram).map_err(|_| "announcement_unreadable")?;
        match message.kind {
            Kind::Search => return Ok(None),
            Kind::Response => return Err("announcement_is_an_answer"),
            Kind::Alive | Kind::Update | Kind::Byebye => {}
        }
        if !is_on_link(&ear.interface.addresses, source.ip()) {
            return Err("announcement_source_off_link");
        }
        let local = crate::io::upnp::local_for(&ear.interface, source.ip());
        let (interface, interface_index) = (Arc::clone(&ear.interface.name), ear.interface.index);
        let local = local.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(Some(Reply { message, source, interface, interface_index, local }))
    }

    /// What was refused since the last time, by reason.
    pub fn refused(&mut self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut self.refused)
    }
}

/// The groups of an interface: those of the address families that it has; the loopback has no IPv6 multicast.
fn groups(interface: &Interface) -> Vec<IpAddr> {
    let v4 = interface.addresses.iter().any(|(address, _)| address.is_ipv4());
    let v6 = !interface.loopback && interface.addresses.iter().any(|(address, _)| address.is_ipv6());
    let v4 = v4.then_some(GROUP_V4.into());
    let v6 = [GROUP_V6_LINK, GROUP_V6_SITE].map(IpAddr::from).into_iter().filter(|_| v6);
    v4.into_iter().chain(v6).collect()
}

/// Waits for a datagram on any socket that has not had its share, beginning at `turn`.
async fn receive(ears: &[Ear], turn: usize, buffer: &mut [u8]) -> (usize, usize, SocketAddr) {
    poll_fn(|context| {
        for step in 0..ears.len() {
            let place = (turn + step) % ears.len();
            let mut space = ReadBuf::new(buffer);
            if ears[place].taken < MAX_PER_WINDOW
                && let Poll::Ready(Ok(source)) = ears[place].socket.poll_recv_from(context, &mut space)
            {
                return Poll::Ready((place, space.filled().len(), source));
            }
        }
        Poll::Pending
    })
    .await
}

#[expect(clippy::disallowed_methods, reason = "the io floor's SSDP sockets")]
fn open(interface: &Interface, group: IpAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(SocketAddr::new(group, 0)), Type::DGRAM, Some(Protocol::UDP))?;
    // Beside minidlna and miniupnpd, which share the port this way; SO_REUSEPORT would have to be set by all.
    socket.set_reuse_address(true)?;
    // Bound to the group and not to every address: otherwise the last one to bind takes what is sent to the port itself
    // away from the media server that was there before. And only what this socket has joined (ip(7), IP_MULTICAST_ALL).
    match group {
        IpAddr::V4(v4) => {
            #[cfg(target_os = "linux")]
            socket.set_multicast_all_v4(false)?;
            // Windows binds to no group.
            let address = if cfg!(windows) { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { group };
            socket.bind(&SocketAddr::new(address, ssdp::PORT).into())?;
            socket.join_multicast_v4_n(&v4, &InterfaceIndexOrAddress::Index(interface.index))?;
        }
        IpAddr::V6(v6) => {
            socket.set_only_v6(true)?;
            #[cfg(target_os = "linux")]
            socket.set_multicast_all_v6(false)?;
            let scope = if is_link_scope(v6) { interface.index } else { 0 };
            let address = if cfg!(windows) { Ipv6Addr::UNSPECIFIED } else { v6 };
            socket.bind(&SocketAddr::V6(SocketAddrV6::new(address, ssdp::PORT, 0, scope)).into())?;
            socket.join_multicast_v6(&v6, interface.index)?;
        }
    }
    // A refusal to grow it only loses some of a burst.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

fn is_link_scope(group: Ipv6Addr) -> bool {
    group.segments()[0] & 0xf == 2
}

#[cfg(test)]
#[path = "listen_tests.rs"]
mod tests;
