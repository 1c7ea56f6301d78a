//! The sockets of a fleet, on loopback alone, in one thread: one for each agent, or one for all where each has an address
//! of its own (then bound to the loopback interface, so that nothing from outside can reach it). What agents answer, it
//! does not know.

use super::{Addresses, Fleet, Totals};
use crate::net;
use crate::snmp::answer::{From, Outgoing};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, sendmsg, setsockopt, sockopt,
};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

/// Answers that wait for their time.
const MAX_LATE: usize = 65_536;
/// Longest request that is read.
const MAX_REQUEST: usize = 65_535;
/// How long nothing may happen before the caller is asked whether to go on.
const PATIENCE: Duration = Duration::from_millis(100);
/// Events taken at once.
const EVENTS: usize = 256;
/// Receive buffer of the one socket of many agents: a thousand requests at once.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Files beside the agents' sockets.
const OTHER_FILES: u64 = 64;
/// From where agents answer that answer from another address.
const OTHER_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 254);

/// A fleet on the air.
#[derive(Debug)]
pub struct Served {
    fleet: Fleet,
    sockets: Vec<UdpSocket>,
    elsewhere: UdpSocket,
    other_port: UdpSocket,
    epoll: Epoll,
    late: BinaryHeap<Reverse<Late>>,
    totals: Totals,
    started: Instant,
}

/// An answer that waits. Compared by time, then by order of coming.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Late {
    due: Instant,
    order: u64,
    number: u32,
    peer: SocketAddrV4,
    bytes: Vec<u8>,
    from: u8,
}

#[expect(clippy::disallowed_methods, reason = "agents have an uptime and can be late")]
fn now() -> Instant {
    Instant::now()
}

impl Served {
    /// Opens the sockets.
    ///
    /// # Errors
    /// A port is taken, or the system gives no more files.
    pub fn open(fleet: Fleet) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let sockets = match fleet.addresses() {
            Addresses::Ports(_) => {
                allow_files(u64::from(fleet.len()) + OTHER_FILES)?;
                let all = (0..fleet.len()).filter_map(|number| fleet.addresses().of(number));
                all.map(net::udp_at).collect::<io::Result<Vec<_>>>()?
            }
            Addresses::Hosts { port, .. } => vec![every_loopback(port)?],
        };
        for (number, socket) in (0_u64..).zip(&sockets) {
            socket.set_nonblocking(true)?;
            epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, number))?;
        }
        let elsewhere = net::udp_at(SocketAddrV4::new(OTHER_ADDRESS, 0))?;
        let other_port = every_loopback(0)?;
        let (late, totals) = (BinaryHeap::new(), Totals::default());
        Ok(Self { fleet, sockets, elsewhere, other_port, epoll, late, totals, started: now() })
    }

    /// What has happened so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// How long it has been on the air.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        now() - self.started
    }

    /// Answers until `go_on` says no; it is asked at least ten times a second.
    ///
    /// # Errors
    /// The sockets cannot be waited for.
    pub fn run(&mut self, mut go_on: impl FnMut(&Totals, Duration) -> bool) -> io::Result<()> {
        let mut events = vec![EpollEvent::empty(); EVENTS];
        let mut buffer = vec![0; MAX_REQUEST];
        while go_on(&self.totals, self.elapsed()) {
            let wait = self.late.peek().map_or(PATIENCE, |late| late.0.due.saturating_duration_since(now()));
            // Rounded up, or the last millisecond would be spent in a circle.
            let wait = wait.min(PATIENCE).as_millis() as u16 + u16::from(!self.late.is_empty());
            let count = match self.epoll.wait(&mut events, EpollTimeout::from(wait)) {
                Ok(count) => count,
                Err(Errno::EINTR) => 0,
                Err(error) => return Err(error.into()),
            };
            self.send_due();
            for event in &events[..count] {
                self.receive(event.data() as usize, &mut buffer);
            }
        }
        Ok(())
    }

    fn receive(&mut self, socket: usize, buffer: &mut [u8]) {
        let received = match self.fleet.addresses() {
            Addresses::Ports(_) => match self.sockets[socket].recv_from(buffer) {
                Ok((length, std::net::SocketAddr::V4(peer))) => Some((socket as u32, length, peer)),
                _ => None,
            },
            Addresses::Hosts { .. } => receive_for(&self.sockets[socket], buffer).and_then(|(asked, length, peer)| {
                self.fleet.addresses().number(asked).map(|number| (number, length, peer))
            }),
        };
        let Some((number, length, peer)) = received else { return };
        self.totals.requests += 1;
        let at = now();
        for reply in self.fleet.answer(number, &buffer[..length], at - self.started) {
            if reply.delay.is_zero() {
                self.send(number, peer, &reply.bytes, reply.from);
            } else {
                self.put_off(at, number, peer, reply);
            }
        }
    }

    fn put_off(&mut self, at: Instant, number: u32, peer: SocketAddrV4, reply: Outgoing) {
        if self.late.len() >= MAX_LATE {
            self.totals.refused += 1;
            return;
        }
        let from = match reply.from {
            From::Asked => 0,
            From::OtherPort => 1,
            From::OtherAddress => 2,
        };
        let (due, order) = (at + reply.delay, self.totals.requests);
        self.late.push(Reverse(Late { due, order, number, peer, bytes: reply.bytes, from }));
    }

    fn send_due(&mut self) {
        let at = now();
        while self.late.peek().is_some_and(|late| late.0.due <= at) {
            let Some(Reverse(late)) = self.late.pop() else { return };
            let from = [From::Asked, From::OtherPort, From::OtherAddress][usize::from(late.from)];
            self.send(late.number, late.peer, &late.bytes, from);
        }
    }

    /// A datagram that cannot be sent is lost, as others are.
    fn send(&mut self, number: u32, peer: SocketAddrV4, bytes: &[u8], from: From) {
        let Some(own) = self.fleet.addresses().of(number) else { return };
        let sent = match (from, self.fleet.addresses()) {
            (From::OtherAddress, _) => self.elsewhere.send_to(bytes, peer),
            (From::OtherPort, _) => send_from(&self.other_port, *own.ip(), bytes, peer),
            (From::Asked, Addresses::Hosts { .. }) => send_from(&self.sockets[0], *own.ip(), bytes, peer),
            (From::Asked, Addresses::Ports(_)) => self.sockets[number as usize].send_to(bytes, peer),
        };
        if sent.is_ok() {
            self.totals.replies += 1;
            self.totals.reply_bytes += bytes.len() as u64;
        }
    }
}

/// Raises the limit of open files where that is allowed.
fn allow_files(count: u64) -> io::Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft >= count {
        return Ok(());
    }
    if hard < count {
        let message = format!(
            "{count} sockets are needed and {hard} files are allowed: raise the limit (ulimit -n), start fewer agents, \
             or give each an address instead of a port (--addresses)"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    Ok(setrlimit(Resource::RLIMIT_NOFILE, count, hard)?)
}

/// A socket for every address of the loopback interface, and of no other.
fn every_loopback(port: u16) -> io::Result<UdpSocket> {
    use socket2::{Domain, Protocol, Socket, Type};
    #[expect(clippy::disallowed_methods, reason = "the harness serves the world over real sockets")]
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.bind_device(Some(b"lo"))?;
    // Beyond the usual limit as root; else as much as there is.
    if setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER).is_err() {
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    }
    setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
    socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, port).into())?;
    Ok(socket.into())
}

/// A datagram, with the address that it was sent to.
fn receive_for(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(Ipv4Addr, usize, SocketAddrV4)> {
    let mut space = nix::cmsg_space!(nix::libc::in_pktinfo);
    let mut parts = [IoSliceMut::new(buffer)];
    let got = recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::empty()).ok()?;
    let asked = got.cmsgs().ok()?.find_map(|message| match message {
        ControlMessageOwned::Ipv4PacketInfo(info) => Some(Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr))),
        _ => None,
    })?;
    let peer = got.address?;
    Some((asked, got.bytes, SocketAddrV4::new(peer.ip(), peer.port())))
}

/// Sends from one of the host's own addresses.
fn send_from(socket: &UdpSocket, own: Ipv4Addr, bytes: &[u8], peer: SocketAddrV4) -> io::Result<usize> {
    let address = nix::libc::in_addr { s_addr: own.to_bits().to_be() };
    let info =
        nix::libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: address, ipi_addr: nix::libc::in_addr { s_addr: 0 } };
    let parts = [IoSlice::new(bytes)];
    let control = [ControlMessage::Ipv4PacketInfo(&info)];
    Ok(sendmsg(socket.as_raw_fd(), &parts, &control, MsgFlags::empty(), Some(&SockaddrIn::from(peer)))?)
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
