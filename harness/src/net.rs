//! Sockets on loopback, and nowhere else: there is no way to ask for another address. Threads that end when their owner
//! is dropped. Knows no protocol.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a thread waits for its socket before it looks whether it should stop.
pub(crate) const PATIENCE: Duration = Duration::from_millis(50);

/// A host of the simulated world: an address of 127.0.0.0/8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u8, u8);

impl Place {
    /// 127.0.0.1, where everybody lives by default.
    pub const HOME: Self = Self(0, 1);

    /// 127.0.`street`.`number`, for those who must be told apart by their address.
    #[must_use]
    pub const fn at(street: u8, number: u8) -> Self {
        Self(street, number)
    }

    /// Its address.
    #[must_use]
    pub const fn ip(self) -> Ipv4Addr {
        Ipv4Addr::new(127, 0, self.0, self.1)
    }
}

/// A UDP socket on 127.0.0.1; port 0 lets the system choose.
pub(crate) fn udp(port: u16) -> io::Result<UdpSocket> {
    udp_in(Place::HOME, port)
}

/// The same at another place.
pub(crate) fn udp_in(place: Place, port: u16) -> io::Result<UdpSocket> {
    #[expect(clippy::disallowed_methods, reason = "the harness serves the world over real sockets")]
    let socket = UdpSocket::bind((place.ip(), port))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// A UDP socket on ::1, which not every host has; port 0 lets the system choose.
pub(crate) fn udp6(port: u16) -> io::Result<UdpSocket> {
    #[expect(clippy::disallowed_methods, reason = "the harness serves the world over real sockets")]
    let socket = UdpSocket::bind((IpAddr::V6(Ipv6Addr::LOCALHOST), port))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket)
}

/// A UDP socket on another loopback address, where the system has them (Linux has all of 127.0.0.0/8).
pub(crate) fn udp_at(address: SocketAddrV4) -> io::Result<UdpSocket> {
    if !address.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{address} is not a loopback address")));
    }
    #[expect(clippy::disallowed_methods, reason = "the harness serves the world over real sockets")]
    UdpSocket::bind(address)
}

/// A TCP listener on 127.0.0.1; port 0 lets the system choose.
pub(crate) fn tcp(port: u16) -> io::Result<TcpListener> {
    #[expect(clippy::disallowed_methods, reason = "the harness serves the world over real sockets")]
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// A TCP listener at another place, on a port that the system chooses.
pub(crate) fn tcp_at(place: Place) -> io::Result<TcpListener> {
    #[expect(clippy::disallowed_methods, reason = "the harness serves the world over real sockets")]
    TcpListener::bind((place.ip(), 0))
}

/// A UDP socket that hears the group on the loopback interface, beside others that do.
pub(crate) fn group(group: Ipv4Addr, port: u16) -> io::Result<UdpSocket> {
    #[expect(clippy::disallowed_methods, reason = "the harness serves the world over real sockets")]
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    // Without this, Linux hands over the group's datagrams from every interface where anybody has joined it (ip(7),
    // IP_MULTICAST_ALL): the real LAN's searches among them.
    #[cfg(target_os = "linux")]
    socket.set_multicast_all_v4(false)?;
    socket.bind(&SocketAddr::V4(SocketAddrV4::new(group, port)).into())?;
    socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST)?;
    socket.set_multicast_if_v4(&Ipv4Addr::LOCALHOST)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket.into())
}

/// No datagram was there in time, or the peer of an earlier one is gone: nothing to worry about.
pub(crate) fn is_idle(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted | ConnectionRefused | ConnectionReset)
}

/// A thread that is told to stop, and waited for, when this is dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    stop: Arc<AtomicBool>,
    /// A listener that has to be woken up by a connection.
    wake: Option<SocketAddr>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts `work`, which has to return soon after the flag is set.
    pub(crate) fn start(
        name: &str,
        wake: Option<SocketAddr>,
        work: impl FnOnce(&Arc<AtomicBool>) + Send + 'static,
    ) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&flag))?;
        Ok(Self { stop, wake, thread: Some(thread) })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(address) = self.wake {
            #[expect(clippy::disallowed_methods, reason = "wakes up our own listener on loopback")]
            let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// True once the owner is gone.
pub(crate) fn stopped(stop: &AtomicBool) -> bool {
    stop.load(Ordering::SeqCst)
}
