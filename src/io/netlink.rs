//! One question to the kernel's routing netlink (rtnetlink(7)) and all its answers, synchronously: a dump takes tens
//! of microseconds, needs no privilege and no runtime, and works from any thread. Knows no interface and no neighbour.

use rtnetlink::packet_core::{NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use std::io;
use std::time::Duration;

/// Messages taken from one dump; more are counted. A host with more interfaces, addresses or neighbours than this
/// is not one that we can judge.
const MAX_MESSAGES: usize = 16_384;
/// The table may change while it is dumped, and the kernel says so: asked again this often.
const MAX_ATTEMPTS: usize = 3;
/// The kernel answers at once or not at all.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The answers to one question.
#[derive(Debug, Default)]
pub(super) struct Dump {
    /// In the kernel's order.
    pub(super) messages: Vec<RouteNetlinkMessage>,
    /// Messages that could not be read, or did not fit.
    pub(super) unread: usize,
}

/// Asks for a whole table.
///
/// # Errors
/// No netlink socket (a sandbox that forbids AF_NETLINK), or the kernel refuses the request.
pub(super) fn dump(request: &RouteNetlinkMessage) -> io::Result<Dump> {
    let mut result = Dump::default();
    for _ in 0..MAX_ATTEMPTS {
        let (answer, torn) = dump_once(request.clone())?;
        result = answer;
        if !torn {
            break;
        }
    }
    Ok(result)
}

fn dump_once(request: RouteNetlinkMessage) -> io::Result<(Dump, bool)> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket2::SockRef::from(&socket).set_read_timeout(Some(TIMEOUT))?;
    let mut message = NetlinkMessage::from(request);
    message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    socket.send(&bytes, 0)?;
    let mut dump = Dump::default();
    let mut torn = false;
    loop {
        let (datagram, _) = socket.recv_from_full()?;
        let mut rest = datagram.as_slice();
        // nlmsghdr: length, type, flags, …; each message starts at a multiple of 4 bytes.
        while let Some(length) = rest.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes) as usize) {
            let Some(one) = rest.get(..length).filter(|_| length >= 16) else { break };
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
            let Ok(message) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(one) else {
                dump.unread += 1;
                continue;
            };
            torn |= message.header.flags & NLM_F_DUMP_INTR != 0;
            match message.payload {
                NetlinkPayload::Done(_) => return Ok((dump, torn)),
                NetlinkPayload::Error(error) => return Err(error.to_io()),
                NetlinkPayload::InnerMessage(inner) if dump.messages.len() < MAX_MESSAGES => dump.messages.push(inner),
                _ => dump.unread += 1,
            }
        }
    }
}
