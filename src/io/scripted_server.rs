//! For tests: an HTTP server and an SSDP responder on loopback that behave as badly as they are told to. Each test takes
//! an address of its own in 127.0.0.0/8, so that tests do not hear each other.
#![expect(clippy::disallowed_methods, reason = "tests of the io floor open sockets")]

use super::interfaces::Interface;
use crate::wire::ssdp;
use socket2::{Domain, Protocol, Socket, Type};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) head: String,
    pub(super) body: String,
}

/// What the server does with it.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// A proper response.
    Send(u16, Vec<u8>),
    /// These bytes, then the end.
    Raw(Vec<u8>),
    /// Nothing, for ever.
    Hang,
    /// A header a second, for ever.
    SlowHeaders,
    /// A body without end.
    Endless,
}

/// Ends with the test.
pub(super) struct Running {
    pub(super) port: u16,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The loopback as an interface with one address of its own; /32, so that only that address is on link.
pub(super) fn loopback(ip: Ipv4Addr) -> Interface {
    Interface {
        name: "lo".into(),
        index: 1,
        mac: None,
        addresses: vec![(IpAddr::V4(ip), 32)],
        up: true,
        loopback: true,
        multicast: false,
        enslaved: false,
    }
}

/// Serves HTTP at `ip`.
pub(super) async fn http(ip: Ipv4Addr, act: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Running {
    let listener = TcpListener::bind((ip, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let act = Arc::new(act);
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let act = Arc::clone(&act);
            tokio::spawn(async move { drop(serve(stream, &*act).await) });
        }
    });
    Running { port, task }
}

async fn serve(mut stream: TcpStream, act: &(dyn Fn(&Request) -> Act + Send + Sync)) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let request = loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .to_ascii_lowercase()
            .split_once("content-length:")
            .and_then(|(_, rest)| rest.lines().next().and_then(|value| value.trim().parse::<usize>().ok()));
        if body.len() >= length.unwrap_or(0) {
            break Request { head: head.into(), body: body.into() };
        }
    };
    match act(&request) {
        Act::Send(status, body) => {
            let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await
        }
        Act::Raw(bytes) => stream.write_all(&bytes).await,
        Act::Hang => std::future::pending().await,
        Act::SlowHeaders => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
            loop {
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                stream.write_all(b"X: y\r\n").await?;
            }
        }
        Act::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            loop {
                stream.write_all(&[b'a'; 65_536]).await?;
            }
        }
    }
}

/// Every `ST` that was searched for, in order.
pub(super) type Searches = Arc<Mutex<Vec<String>>>;

/// Answers the searches that come from `ip`, from `ip`, with whatever `answers` gives for an `ST`.
pub(super) async fn ssdp(
    ip: Ipv4Addr,
    answers: impl Fn(&str) -> Vec<Vec<u8>> + Send + Sync + 'static,
) -> (Running, Searches) {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).expect("a socket");
    socket.set_reuse_address(true).expect("reuse");
    socket.bind(&SocketAddr::from((ssdp::GROUP_V4, ssdp::PORT)).into()).expect("port 1900");
    socket.join_multicast_v4(&ssdp::GROUP_V4, &ip).expect("the group");
    socket.set_nonblocking(true).expect("non-blocking");
    let group = UdpSocket::from_std(socket.into()).expect("a socket");
    let own = UdpSocket::bind((ip, 0)).await.expect("a socket");
    let searches = Searches::default();
    let heard = Arc::clone(&searches);
    let task = tokio::spawn(async move {
        let mut buffer = vec![0; 2048];
        while let Ok((length, from)) = group.recv_from(&mut buffer).await {
            let Ok(message) = ssdp::parse(&buffer[..length]) else { continue };
            if from.ip() != IpAddr::V4(ip) || message.kind != ssdp::Kind::Search {
                continue;
            }
            heard.lock().expect("the list").push(message.target.clone());
            for answer in answers(&message.target) {
                let _ = own.send_to(&answer, from).await;
            }
        }
    });
    (Running { port: ssdp::PORT, task }, searches)
}
