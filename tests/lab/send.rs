//! What one host of the lab sends: floods by ordinary sockets, at a rate and for a time, bounded in both.

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io::{Error, Read as _, Result, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// More than this many datagrams a second, or seconds, no errand sends.
const MAX_RATE: u32 = 5_000;
const MAX_SECONDS: u32 = 20;
/// How often it looks at the clock.
const STEP: Duration = Duration::from_millis(2);

/// Carries out `flood:KIND:RATE:SECONDS:ADDRESS`, `sink:PORT` or `pour:PORT:SECONDS:ADDRESS`.
pub fn errand(words: &[&str]) -> Result<()> {
    let number = |text: &str| text.parse::<u32>().map_err(Error::other);
    match words {
        ["flood", kind, rate, seconds, own] => {
            let own = own.parse().map_err(Error::other)?;
            let send = sender(kind, own)?;
            let (rate, seconds) = (number(rate)?.min(MAX_RATE), number(seconds)?.min(MAX_SECONDS));
            flood(rate, seconds, send)
        }
        ["sink", port] => sink(number(port)? as u16),
        ["pour", port, seconds, to] => {
            let to: IpAddr = to.parse().map_err(Error::other)?;
            pour(SocketAddr::new(to, number(port)? as u16), number(seconds)?.min(MAX_SECONDS))
        }
        _ => Err(Error::other("no such errand")),
    }
}

/// Sends the datagrams of one number after the other, evenly.
fn flood(rate: u32, seconds: u32, send: impl Fn(u32) -> Result<()>) -> Result<()> {
    let began = Instant::now();
    let most = rate * seconds;
    let mut sent = 0;
    while sent < most && began.elapsed() < Duration::from_secs(seconds.into()) {
        let due = (began.elapsed().as_secs_f64() * f64::from(rate)) as u32 + 1;
        while sent < due.min(most) {
            // A full queue is no reason to end.
            let _ = send(sent);
            sent += 1;
        }
        std::thread::sleep(STEP);
    }
    Ok(())
}

type Send = Box<dyn Fn(u32) -> Result<()>>;

/// To a group, from the interface with this address.
fn group(own: Ipv4Addr, from_port: u16, to: ([u8; 4], u16), text: impl Fn(u32) -> Vec<u8> + 'static) -> Result<Send> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_multicast_if_v4(&own)?;
    socket.set_multicast_ttl_v4(if to.1 == 1900 { 4 } else { 1 })?;
    socket.set_multicast_loop_v4(false)?;
    socket.bind(&SockAddr::from(SocketAddr::from((own, from_port))))?;
    let to = SockAddr::from(SocketAddr::from((Ipv4Addr::from(to.0), to.1)));
    Ok(Box::new(move |n| socket.send_to(&text(n), &to).map(drop)))
}

/// What sends the datagram of a number.
fn sender(kind: &str, own: Ipv4Addr) -> Result<Send> {
    match kind {
        "ssdp" => group(own, 0, ([239, 255, 255, 250], 1900), |n| {
            format!("NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: urn:n{n}\r\nNTS: ssdp:alive\r\nUSN: uuid:{n}\r\n\r\n")
                .into_bytes()
        }),
        "search" => group(own, 0, ([239, 255, 255, 250], 1900), |_| super::net::SEARCH.to_vec()),
        "mdns" => group(own, 5353, ([224, 0, 0, 251], 5353), |n| {
            let name = format!("host-{n:08}");
            let mut question = vec![0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, name.len() as u8];
            question.extend(name.bytes());
            question.extend(b"\x05local\0\0\x01\0\x01");
            question
        }),
        "stream" => group(own, 0, ([239, 1, 1, 1], 5004), |n| {
            let mut packet = vec![0x80, 33];
            packet.extend((n as u16).to_be_bytes());
            packet.extend(n.wrapping_mul(1_500).to_be_bytes());
            packet.resize(1328, n as u8);
            packet
        }),
        "dhcp" => dhcp(own),
        "query" => query(own),
        "mld" => icmp6([0xff02, 0, 0, 0, 0, 1, 0xff00, 0x14], |_| {
            let mut report = vec![131, 0, 0, 0, 0, 0, 0, 0];
            report.extend(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 0x14).octets());
            report
        }),
        "ns" => icmp6([0xff02, 0, 0, 0, 0, 1, 0xff00, 0x77], |n| {
            let mut solicitation = vec![135, 0, 0, 0, 0, 0, 0, 0];
            let [.., low, lowest] = n.to_be_bytes();
            solicitation.extend(Ipv6Addr::new(0xfe80, 0, 0, 0, low.into(), lowest.into(), 0, 0x77).octets());
            solicitation
        }),
        _ => Err(Error::other(format!("{kind}: no such flood"))),
    }
}

/// DISCOVERs (RFC 2131, 4.1), each of a new exchange.
fn dhcp(own: Ipv4Addr) -> Result<Send> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_broadcast(true)?;
    socket.bind_device(Some(b"eth0"))?;
    socket.bind(&SockAddr::from(SocketAddr::from((own, 68))))?;
    let to = SockAddr::from(SocketAddr::from((Ipv4Addr::BROADCAST, 67)));
    Ok(Box::new(move |n| {
        let mut message = vec![1, 1, 6, 0];
        message.extend(n.to_be_bytes());
        message.resize(28, 0);
        message.extend([0, 0x11, 0x32, 1, 0, 0x14]);
        message.resize(236, 0);
        message.extend([99, 130, 83, 99, 53, 1, 1, 255]);
        message.resize(300, 0);
        socket.send_to(&message, &to).map(drop)
    }))
}

/// General queries of IGMPv2 (RFC 2236, 2).
fn query(own: Ipv4Addr) -> Result<Send> {
    let socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(2)))?;
    socket.set_multicast_if_v4(&own)?;
    socket.set_multicast_ttl_v4(1)?;
    let to = SockAddr::from(SocketAddr::from((Ipv4Addr::new(224, 0, 0, 1), 0)));
    let query = [0x11, 100, 0xee, 0x9b, 0, 0, 0, 0];
    Ok(Box::new(move |_| socket.send_to(&query, &to).map(drop)))
}

/// ICMPv6 to a group; the kernel adds source address and checksum (RFC 3542, 3.1).
fn icmp6(group: [u16; 8], message: impl Fn(u32) -> Vec<u8> + 'static) -> Result<Send> {
    let index = nix::net::if_::if_nametoindex("eth0").map_err(Error::other)?;
    let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
    socket.set_multicast_if_v6(index)?;
    socket.set_multicast_hops_v6(255)?;
    let to = SockAddr::from(SocketAddr::from(SocketAddrV6::new(Ipv6Addr::from(group), 0, 0, index)));
    Ok(Box::new(move |n| socket.send_to(&message(n), &to).map(drop)))
}

/// Takes what one connection brings.
fn sink(port: u16) -> Result<()> {
    let (mut stream, _) = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?.accept()?;
    let mut buffer = vec![0; 1 << 16];
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

/// A backup: as fast as it goes.
fn pour(to: SocketAddr, seconds: u32) -> Result<()> {
    let mut stream = TcpStream::connect_timeout(&to, Duration::from_secs(5))?;
    let (began, block) = (Instant::now(), vec![0x5a; 1 << 16]);
    while began.elapsed() < Duration::from_secs(seconds.into()) {
        stream.write_all(&block)?;
    }
    Ok(())
}

/// One datagram to an address, so that it is known on the wire.
pub fn greet(address: &str) -> Result<()> {
    UdpSocket::bind("0.0.0.0:0")?.send_to(b"hello", address).map(drop)
}
