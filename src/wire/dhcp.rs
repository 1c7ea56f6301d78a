//! DHCP (RFC 2131 and 2132): what a server offers, and the DISCOVER that asks. Takes no address, and knows no sockets.

use crate::model::MacAddr;
use std::net::Ipv4Addr;

/// UDP port of servers; clients have the next one.
pub const SERVER_PORT: u16 = 67;
/// UDP port of clients.
pub const CLIENT_PORT: u16 = 68;
/// Addresses kept of one option.
pub const MAX_ADDRESSES: usize = 4;
/// Options read of one message; real ones have at most 30.
const MAX_OPTIONS: usize = 128;
/// Where the options begin, behind the magic cookie.
const OPTIONS: usize = 240;
const COOKIE: [u8; 4] = [99, 130, 83, 99];

/// What a message is (option 53); unknown ones are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A client looks for servers.
    Discover,
    /// A server offers an address.
    Offer,
    /// A client takes one.
    Request,
    /// A server agrees.
    Ack,
    /// Another, by its number.
    Other(u8),
}

/// A message, as far as it tells who serves what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is.
    pub kind: Kind,
    /// The client's number of the exchange.
    pub xid: u32,
    /// The client.
    pub client: MacAddr,
    /// The address that is offered; 0.0.0.0 in a DISCOVER.
    pub offered: Ipv4Addr,
    /// The server, by its own word (option 54).
    pub server: Option<Ipv4Addr>,
    /// Routers (option 3), best first.
    pub routers: Vec<Ipv4Addr>,
    /// DNS servers (option 6), best first.
    pub dns: Vec<Ipv4Addr>,
    /// Seconds that the address may be kept (option 51).
    pub lease_seconds: Option<u32>,
}

/// Why a datagram is no DHCP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("DHCP at byte {offset}: {reason}")]
pub struct DhcpError {
    /// Where.
    pub offset: usize,
    /// What is wrong.
    pub reason: &'static str,
}

/// Reads the payload of a UDP datagram. An option that is cut short ends the options; what was read before counts.
///
/// # Errors
/// It is shorter than a BOOTP message, not for Ethernet, without the cookie, or without a message type (BOOTP).
pub fn parse(payload: &[u8]) -> Result<Message, DhcpError> {
    let error = |offset, reason| DhcpError { offset, reason };
    let fixed = payload.get(..OPTIONS).ok_or(error(payload.len(), "shorter than a message"))?;
    if fixed[1..3] != [1, 6] {
        return Err(error(1, "not for Ethernet"));
    }
    if fixed[236..] != COOKIE {
        return Err(error(236, "no magic cookie"));
    }
    let mut message = Message {
        kind: Kind::Other(0),
        xid: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
        client: MacAddr([fixed[28], fixed[29], fixed[30], fixed[31], fixed[32], fixed[33]]),
        offered: Ipv4Addr::new(fixed[16], fixed[17], fixed[18], fixed[19]),
        server: None,
        routers: Vec::new(),
        dns: Vec::new(),
        lease_seconds: None,
    };
    let mut typed = false;
    let mut rest = &payload[OPTIONS..];
    for _ in 0..MAX_OPTIONS {
        let (Some(&code), length) = (rest.first(), rest.get(1)) else { break };
        if code == 0 {
            rest = &rest[1..];
            continue;
        }
        let Some(value) = length.and_then(|length| rest.get(2..2 + usize::from(*length))) else { break };
        match (code, value) {
            (53, [kind]) => (message.kind, typed) = (kind_of(*kind), true),
            (54, [a, b, c, d]) => message.server = Some(Ipv4Addr::new(*a, *b, *c, *d)),
            (51, [a, b, c, d]) => message.lease_seconds = Some(u32::from_be_bytes([*a, *b, *c, *d])),
            (3, list) => message.routers = addresses(list),
            (6, list) => message.dns = addresses(list),
            (255, _) => break,
            _ => {}
        }
        rest = &rest[2 + value.len()..];
    }
    if typed { Ok(message) } else { Err(error(OPTIONS, "no message type: BOOTP")) }
}

const fn kind_of(number: u8) -> Kind {
    match number {
        1 => Kind::Discover,
        2 => Kind::Offer,
        3 => Kind::Request,
        5 => Kind::Ack,
        other => Kind::Other(other),
    }
}

fn addresses(list: &[u8]) -> Vec<Ipv4Addr> {
    list.as_chunks::<4>().0.iter().take(MAX_ADDRESSES).map(|bytes| Ipv4Addr::from(*bytes)).collect()
}

/// A DISCOVER (RFC 2131, 4.4.1) whose answers are to be broadcast, so that every offer is heard, and which asks for
/// nothing but what is judged. Servers keep the address that they offer for some seconds, and then forget it.
#[must_use]
pub fn discover(xid: u32, mac: MacAddr) -> Vec<u8> {
    let mut message = vec![1, 1, 6, 0];
    message.extend(xid.to_be_bytes());
    message.extend([0, 0, 0x80, 0]);
    message.extend([0; 16]);
    message.extend(mac.0);
    message.resize(236, 0);
    message.extend(COOKIE);
    message.extend([53, 1, 1, 55, 3, 1, 3, 6, 255]);
    // Old relays drop what is shorter than a BOOTP message (RFC 1542, 2.1).
    message.resize(300, 0);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

    fn offer(options: &[u8]) -> Vec<u8> {
        let mut message = discover(7, MAC);
        message[0] = 2;
        message[16..20].copy_from_slice(&[192, 168, 1, 50]);
        message.truncate(OPTIONS);
        message.extend(options);
        message
    }

    #[test]
    fn a_discover_reads_as_one() {
        let message = parse(&discover(7, MAC)).expect("a message");
        assert_eq!((message.kind, message.xid, message.client), (Kind::Discover, 7, MAC));
        assert_eq!((message.server, message.routers.len()), (None, 0));
    }

    #[test]
    fn an_offer_says_who_and_what() {
        let options = [
            0, 53, 1, 2, 54, 4, 192, 168, 1, 1, 51, 4, 0, 0, 14, 16, 3, 4, 192, 168, 1, 1, 6, 8, 192, 168, 1, 1, 8, 8,
            8, 8, 255, 9, 9,
        ];
        let message = parse(&offer(&options)).expect("a message");
        assert_eq!((message.kind, message.offered), (Kind::Offer, [192, 168, 1, 50].into()));
        assert_eq!((message.server, message.lease_seconds), (Some([192, 168, 1, 1].into()), Some(3600)));
        assert_eq!(message.routers, [Ipv4Addr::new(192, 168, 1, 1)]);
        assert_eq!(message.dns, [Ipv4Addr::new(192, 168, 1, 1), Ipv4Addr::new(8, 8, 8, 8)]);
    }

    #[test]
    fn what_is_cut_short_or_foreign_is_told() {
        let cut = parse(&offer(&[53, 1, 2, 54, 4, 192])).expect("what was read before counts");
        assert_eq!((cut.kind, cut.server), (Kind::Offer, None));
        assert_eq!(parse(&offer(&[255])).map_err(|e| e.reason), Err("no message type: BOOTP"));
        assert_eq!(parse(&offer(&[])[..239]).map_err(|e| e.offset), Err(239));
        let mut token_ring = offer(&[53, 1, 2]);
        token_ring[1] = 6;
        assert_eq!(parse(&token_ring).map_err(|e| e.offset), Err(1));
        let many = [vec![53, 1, 2, 3, 200], [10, 0, 0, 1].repeat(50)].concat();
        assert_eq!(parse(&offer(&many)).expect("a message").routers.len(), MAX_ADDRESSES);
    }
}
