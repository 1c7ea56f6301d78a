//! The packets of an examination: each one needs a [`Permit`], which is gone when it is sent. What is sent when is
//! `app::doctor`'s; what it means is `explain::checks`'.

pub mod ear;

pub use ear::{Ear, EarSettings};

use super::capture::CaptureError;
use super::capture::{afpacket, filter};
use super::clock::Clock;
use super::interfaces::Interface;
use crate::model::probe::Permit;
use crate::wire::nat_pmp;
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, SockAddr, Socket, Type};
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How long a gateway is waited for.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// Datagrams read while waiting for it.
const MAX_ANSWERS: usize = 8;

/// Sends whole frames on one interface, and hears nothing.
#[derive(Debug)]
pub struct Sender {
    socket: Socket,
    interface: Arc<str>,
}

impl Sender {
    /// Opens it. Needs CAP_NET_RAW.
    ///
    /// # Errors
    /// Says which capability or interface is missing.
    pub fn open(interface: &Interface) -> Result<Self, CaptureError> {
        let socket = afpacket::deaf_socket(&interface.name, &filter::NOTHING)?;
        // Bound without a protocol: it stays deaf.
        afpacket::listen(&socket, &interface.name, interface.index, 0)?;
        Ok(Self { socket, interface: Arc::clone(&interface.name) })
    }

    /// Sends one frame.
    ///
    /// # Errors
    /// The interface is down or gone.
    #[expect(clippy::needless_pass_by_value, reason = "a permit is used up")]
    pub fn send(&mut self, permit: Permit, frame: &[u8]) -> Result<(), CaptureError> {
        self.socket.write_all(frame).map_err(CaptureError::at(&self.interface, permit.probe().id))
    }
}

/// A membership of one group, held until dropped: the kernel reports it, and takes it back. Nothing is received by it.
#[derive(Debug)]
pub struct Membership(#[expect(dead_code, reason = "held for its membership")] Socket);

/// Joins a group on an interface.
///
/// # Errors
/// The kernel refuses, as it does where the host's limit of memberships is reached.
#[expect(clippy::disallowed_methods, reason = "memberships are io")]
pub fn join(_permit: Permit, group: Ipv4Addr, interface: &Interface) -> io::Result<Membership> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(interface.index))?;
    Ok(Membership(socket))
}

/// Asks a gateway for its external address by NAT-PMP, once. Blocks for a second at most; `None`: no answer.
///
/// # Errors
/// The socket cannot be had.
#[expect(clippy::disallowed_methods, reason = "a question of the io floor")]
pub fn ask_nat_pmp(
    _permit: Permit,
    local: Ipv4Addr,
    gateway: Ipv4Addr,
    clock: &Clock,
) -> io::Result<Option<nat_pmp::Answer>> {
    let mut socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.bind(&SockAddr::from(SocketAddr::from((local, 0))))?;
    // Connected: answers of others do not arrive, and a closed port is an error at once.
    socket.connect(&SockAddr::from(SocketAddr::from((gateway, nat_pmp::PORT))))?;
    socket.send(&nat_pmp::REQUEST)?;
    let until = clock.now().plus(ANSWER_WITHIN);
    let mut buffer = [0; 64];
    for _ in 0..MAX_ANSWERS {
        let left = until.since(clock.now());
        // A read timeout of zero would mean for ever.
        if left < Duration::from_millis(1) {
            break;
        }
        socket.set_read_timeout(Some(left))?;
        match socket.read(&mut buffer) {
            Ok(length) => {
                if let Some(answer) = nat_pmp::parse(&buffer[..length]) {
                    return Ok(Some(answer));
                }
            }
            // Nobody there (ICMP), or time is up.
            Err(_) => break,
        }
    }
    Ok(None)
}
