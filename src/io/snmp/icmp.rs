//! What ICMP says about datagrams of a socket that is connected to nobody: the kernel keeps it apart (IP_RECVERR, ip(7)),
//! with the address that the datagram was sent to. Knows no SNMP.

use super::transport::canonical;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt::Ipv4RecvErr, sockopt::Ipv6RecvErr,
};
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd};

/// ECONNREFUSED: nobody listens on the port.
pub(super) const REFUSED: i32 = libc::ECONNREFUSED;
/// Errors read at a time; what is left keeps the socket readable.
const MAX_ERRORS: usize = 64;
/// Bytes for the kernel's messages about one of them: an error and the address of who reported it.
const CONTROL: usize = 256;

/// Why a datagram did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Undelivered {
    /// Where it was sent.
    pub(super) to: SocketAddr,
    /// The error number, as errno(3) has them: ECONNREFUSED where nobody listens on the port.
    pub(super) errno: i32,
}

/// Asks the kernel to keep such errors.
pub(super) fn keep_errors(socket: &impl AsFd, ipv6: bool) -> io::Result<()> {
    let done = if ipv6 { setsockopt(socket, Ipv6RecvErr, &true) } else { setsockopt(socket, Ipv4RecvErr, &true) };
    done.map_err(io::Error::from)
}

/// The errors kept so far, at most [`MAX_ERRORS`]. Does not wait.
pub(super) fn errors(socket: &impl AsRawFd) -> Vec<Undelivered> {
    let mut found = Vec::new();
    let mut control = [0; CONTROL];
    while found.len() < MAX_ERRORS {
        // What was sent is of no use: the address says whose it is.
        let mut payload = [IoSliceMut::new(&mut [])];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let Ok(message) = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut payload, Some(&mut control), flags)
        else {
            break;
        };
        let error = message.cmsgs().into_iter().flatten().find_map(|control| match control {
            ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => Some(error),
            _ => None,
        });
        if let (Some(error), Some(to)) = (error, message.address.and_then(address)) {
            found.push(Undelivered { to, errno: i32::try_from(error.ee_errno).unwrap_or(0) });
        }
    }
    found
}

fn address(storage: SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|&address| SocketAddrV4::from(address).into());
    v4.or_else(|| storage.as_sockaddr_in6().map(|&address| SocketAddrV6::from(address).into())).map(canonical)
}
