//! SSDP searches on given interfaces: sent with care, because a search of ours can be the frame that never dies.
//! Fetches nothing and chooses no interfaces.

pub mod listen;

use super::interfaces::Interface;
use super::troubles;
use crate::model::text::Sentence;
use crate::wire::http_url::same_prefix;
use crate::wire::ssdp::{self, GROUP_V4, GROUP_V6_LINK, GROUP_V6_SITE, Kind, Message};
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// Replies taken in one search over all interfaces; a LAN of 100 devices gives about 1,500, and one of 1,000 that
/// answer each of the five searches by a few services 15,000.
pub const MAX_REPLIES: u32 = 32_768;
/// Replies taken from one address; the most talkative device known sends 60.
pub const MAX_REPLIES_PER_SOURCE: u32 = 256;
/// Addresses searched from.
pub const MAX_SOCKETS: usize = 64;
/// The search that is sent first and alone.
const GUARD: &str = "upnp:rootdevice";
/// What follows it.
const REST: [&str; 4] = [
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    "upnp:rootdevice",
    "ssdp:all",
];
/// Between two searches from one address.
const PACE: Duration = Duration::from_millis(60);
/// How often a waiting search looks whether it has to stop.
const STOP_CHECK: Duration = Duration::from_millis(50);

/// Tells every probe to stop at the first replica, and to stay stopped until the storm is verified over.
#[derive(Clone, Debug, Default)]
pub struct StopProbes(Arc<AtomicBool>);

impl StopProbes {
    /// Stops running probes and forbids new ones.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Allows probes again.
    pub fn resume(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Probes must not send.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchSettings {
    /// The whole search, guard included: the one deadline.
    pub window: Duration,
    /// How long to listen after the first search before the rest is sent.
    pub guard: Duration,
    /// TTL or hop limit. Devices on the same link need no more than 1.
    pub ttl: u8,
    /// `MX`: devices spread their answers over so many seconds.
    pub mx_seconds: u8,
    /// Where set, the search is over this long after `MX` has passed since its last frame, if a gateway has answered:
    /// what is slower than `MX` and the way there breaks its promise. Without a gateway it goes on to the window's end.
    pub grace: Option<Duration>,
}

impl Default for SearchSettings {
    fn default() -> Self {
        Self { window: Duration::from_secs(4), guard: Duration::from_secs(1), ttl: 1, mx_seconds: 2, grace: None }
    }
}

/// An answer, with where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it says.
    pub message: Message,
    /// Who sent it.
    pub source: SocketAddr,
    /// The interface that it came in on.
    pub interface: Arc<str>,
    /// Its index.
    pub interface_index: u32,
    /// Our address that was searched from.
    pub local: IpAddr,
}

/// How a search went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchReport {
    /// Interfaces that were searched.
    pub interfaces: Vec<Arc<str>>,
    /// Datagrams refused, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// What could not be searched: a sentence each.
    pub problems: Vec<Sentence>,
    /// [`StopProbes`] ended it.
    pub stopped: bool,
}

impl SearchReport {
    fn refuse(&mut self, reason: &'static str) {
        *self.refused.entry(reason).or_default() += 1;
    }
}

/// One address to search from.
struct Seat {
    interface: Arc<str>,
    index: u32,
    local: IpAddr,
    link: Vec<(IpAddr, u8)>,
    group: SocketAddr,
    /// Sends the guard: one frame per interface, not one per address.
    guard: bool,
    socket: UdpSocket,
    failed: bool,
}

/// Searches from every address of `interfaces`, one socket each, and hands replies to `replies` as they come. A full
/// `replies` drops and counts. Loopback is searched where it is given, in IPv4 (it has no IPv6 multicast).
///
/// One frame per interface goes out first. Only after [`SearchSettings::guard`] without [`StopProbes`] does the rest
/// follow. Ends at [`SearchSettings::window`] whatever still comes in.
pub async fn search(
    interfaces: &[Interface],
    settings: &SearchSettings,
    stop: &StopProbes,
    replies: &mpsc::Sender<Reply>,
) -> SearchReport {
    let mut report = SearchReport::default();
    let mut seats = Vec::new();
    if !stop.is_stopped() {
        for interface in interfaces {
            take_seats(interface, settings, &mut seats, &mut report);
        }
    }
    let start = now();
    let deadline = start + settings.window;
    let mut steps = Steps { start, settings: *settings, sent: 0 };
    let mut sources = BTreeMap::new();
    let mut taken = 0_u32;
    let mut gateway_answered = false;
    let mut buffer = vec![0; 65_536];
    loop {
        if stop.is_stopped() {
            report.stopped = true;
            break;
        }
        let at = now();
        if at >= deadline || seats.is_empty() || gateway_answered && steps.over(at) {
            break;
        }
        steps.send_due(at, &mut seats, &mut report);
        let wake = deadline.min(steps.next()).min(at + STOP_CHECK);
        let Ok((seat, length, source)) = timeout_at(wake, receive_any(&seats, taken, &mut buffer)).await else {
            continue;
        };
        match take(&seats[seat], source, &buffer[..length], &mut taken, &mut sources) {
            Ok(reply) => {
                gateway_answered |= is_gateway(&reply.message.target);
                if replies.try_send(reply).is_err() {
                    report.refuse("ssdp_backlog");
                }
            }
            Err(reason) => report.refuse(reason),
        }
    }
    report
}

#[expect(clippy::disallowed_methods, reason = "the io floor times its own probes")]
fn now() -> Instant {
    Instant::now()
}

/// Answers for an Internet gateway, by their `ST`: whether it is one, its description tells.
fn is_gateway(target: &str) -> bool {
    target.contains(":InternetGatewayDevice:")
}

/// What is sent when.
struct Steps {
    start: Instant,
    settings: SearchSettings,
    /// Steps done; step 0 is the guard.
    sent: u32,
}

impl Steps {
    /// Everything has been sent, and the time to answer has passed, where there is a [`SearchSettings::grace`].
    fn over(&self, at: Instant) -> bool {
        let Some(grace) = self.settings.grace else { return false };
        let last = self.settings.guard + PACE * (REST.len() as u32 - 1);
        let answers = Duration::from_secs(self.settings.mx_seconds.into());
        self.sent as usize > REST.len() && at >= self.start + last + answers + grace
    }

    /// When the next step is due; far away after the last.
    fn next(&self) -> Instant {
        match self.sent {
            0 => self.start,
            n if n as usize > REST.len() => self.start + Duration::from_secs(86_400),
            n => self.start + self.settings.guard + PACE * (n - 1),
        }
    }

    fn send_due(&mut self, at: Instant, seats: &mut [Seat], report: &mut SearchReport) {
        if at < self.next() {
            return;
        }
        let guard = self.sent == 0;
        let target = if guard { GUARD } else { REST[self.sent as usize - 1] };
        let mx = if guard { 1 } else { self.settings.mx_seconds };
        self.sent += 1;
        for seat in seats.iter_mut().filter(|seat| seat.guard || !guard) {
            let search = ssdp::search(seat.group.ip(), target, mx);
            // Past tokio, which holds a new socket for unwritable until its reactor has run; a datagram that finds no
            // room is lost like any other.
            let group = SockAddr::from(seat.group);
            if let Err(error) = SockRef::from(&seat.socket).send_to(&search, &group)
                && !seat.failed
            {
                seat.failed = true;
                report.problems.push(troubles::not_sent(seat.local, &seat.interface, &error));
            }
        }
    }
}

/// Waits for a datagram on any socket, beginning with a different one each time so that a flood on one starves none.
async fn receive_any(seats: &[Seat], turn: u32, buffer: &mut [u8]) -> (usize, usize, SocketAddr) {
    poll_fn(|context| {
        for step in 0..seats.len() {
            let place = (turn as usize + step) % seats.len();
            let mut space = ReadBuf::new(buffer);
            // An error here (an ICMP message of an earlier datagram) is not the end of the search.
            if let Poll::Ready(Ok(source)) = seats[place].socket.poll_recv_from(context, &mut space) {
                let length = space.filled().len();
                return Poll::Ready((place, length, source));
            }
        }
        Poll::Pending
    })
    .await
}

fn take(
    seat: &Seat,
    source: SocketAddr,
    datagram: &[u8],
    taken: &mut u32,
    sources: &mut BTreeMap<IpAddr, u32>,
) -> Result<Reply, &'static str> {
    // Checked first and cheapest: what a flood pays for.
    *taken = taken.saturating_add(1);
    if *taken > MAX_REPLIES {
        return Err("ssdp_too_many_replies");
    }
    let of_source = sources.entry(source.ip()).or_default();
    *of_source = of_source.saturating_add(1);
    if *of_source > MAX_REPLIES_PER_SOURCE {
        return Err("ssdp_too_many_from_one");
    }
    // The search does not leave the link, so an answer from elsewhere is forged.
    if !is_on_link(&seat.link, source.ip()) {
        return Err("ssdp_source_off_link");
    }
    let message = ssdp::parse(datagram).map_err(|_| "ssdp_unreadable")?;
    if message.kind != Kind::Response {
        return Err("ssdp_not_an_answer");
    }
    let (interface, interface_index) = (Arc::clone(&seat.interface), seat.index);
    Ok(Reply { message, source, interface, interface_index, local: seat.local })
}

fn is_on_link(link: &[(IpAddr, u8)], source: IpAddr) -> bool {
    let link_local = match source {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    link_local || link.iter().any(|(own, prefix)| same_prefix(*own, source, *prefix))
}

fn take_seats(interface: &Interface, settings: &SearchSettings, seats: &mut Vec<Seat>, report: &mut SearchReport) {
    let before = seats.len();
    for (local, group) in searched_addresses(interface) {
        if seats.len() >= MAX_SOCKETS {
            report.refuse("ssdp_too_many_addresses");
            break;
        }
        match open(interface, local, settings.ttl) {
            Ok(socket) => seats.push(Seat {
                interface: Arc::clone(&interface.name),
                index: interface.index,
                local,
                link: interface.addresses.clone(),
                group,
                guard: seats.len() == before,
                socket,
                failed: false,
            }),
            Err(error) => report.problems.push(troubles::no_socket(local, &interface.name, &error)),
        }
    }
    if seats.len() > before {
        report.interfaces.push(Arc::clone(&interface.name));
    }
}

/// Local addresses with the group searched from each: IPv4 first, then the link-local address (`ff02::c`), then at
/// most two others (`ff05::c`), because privacy addresses come in dozens.
fn searched_addresses(interface: &Interface) -> Vec<(IpAddr, SocketAddr)> {
    let v4 = interface.addresses.iter().filter_map(|(address, _)| match address {
        IpAddr::V4(v4) if !v4.is_unspecified() => Some((*address, SocketAddr::from((GROUP_V4, ssdp::PORT)))),
        _ => None,
    });
    let v6 = |link_local: bool| {
        let group = if link_local { GROUP_V6_LINK } else { GROUP_V6_SITE };
        let group = SocketAddr::V6(SocketAddrV6::new(group, ssdp::PORT, 0, interface.index));
        let chosen = interface.addresses.iter().filter_map(move |(address, _)| match address {
            IpAddr::V6(v6) if v6.is_unicast_link_local() == link_local && !v6.is_loopback() => Some((*address, group)),
            _ => None,
        });
        chosen.take(if interface.loopback { 0 } else { 2 })
    };
    v4.chain(v6(true).take(1)).chain(v6(false)).collect()
}

#[expect(clippy::disallowed_methods, reason = "the io floor's SSDP sockets")]
fn open(interface: &Interface, local: IpAddr, ttl: u8) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(SocketAddr::new(local, 0)), Type::DGRAM, Some(Protocol::UDP))?;
    match local {
        IpAddr::V4(v4) => {
            socket.bind(&SocketAddr::new(local, 0).into())?;
            socket.set_multicast_if_v4(&v4)?;
            socket.set_multicast_ttl_v4(ttl.into())?;
        }
        IpAddr::V6(v6) => {
            socket.set_only_v6(true)?;
            let scope = if v6.is_unicast_link_local() { interface.index } else { 0 };
            socket.bind(&SocketAddr::V6(SocketAddrV6::new(v6, 0, 0, scope)).into())?;
            socket.set_multicast_if_v6(interface.index)?;
            socket.set_multicast_hops_v6(ttl.into())?;
        }
    }
    // 1,500 answers of 400 bytes come within MX; a refusal to grow the buffer only loses some of them.
    let _ = socket.set_recv_buffer_size(1 << 20);
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

#[cfg(test)]
mod tests;
