//! Many devices at once on addresses of the loopback, well-behaved or hostile by name: what a campus segment looks like,
//! and what an attacker could put into one. Everything stays within 127.0.0.0/8.

use super::device::{About, describe};
use super::ssdp::{Identity, SSDP_PORT, search_target};
use crate::net::{self, Worker};
use crate::packets::SSDP_GROUP;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Devices that share an address, as the media servers of one host do.
const PER_ADDRESS: usize = 4;
/// Connections served at once; the rest waits in the kernel.
const MAX_CONNECTIONS: usize = 96;
/// Between two answers: a thousand of them take half of the second that `MX: 1` allows.
const PACE: Duration = Duration::from_micros(400);
/// Longest time that a hostile server keeps a connection.
const MAX_HOLD: Duration = Duration::from_secs(30);

/// How a device of the crowd answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Good,
    /// Takes the request and says nothing.
    Hang,
    /// A body without end.
    Endless,
    /// A body of 100 MB, with its length.
    Huge,
    /// A header line a second.
    SlowHeaders,
    /// A body by one byte a second.
    SlowBody,
    /// A million elements within each other.
    Deep,
    /// An entity bomb.
    Entities,
    /// Points back to itself.
    Redirect,
    /// A LOCATION on another host.
    Elsewhere,
    /// A LOCATION that is no http.
    File,
    /// Without a LOCATION.
    NoLocation,
    /// Ten thousand answers.
    Flood,
    /// Answers of every size up to what UDP can carry.
    Sizes,
}

impl Manner {
    /// Every hostile one.
    pub const HOSTILE: [Self; 13] = [
        Self::Hang,
        Self::Endless,
        Self::Huge,
        Self::SlowHeaders,
        Self::SlowBody,
        Self::Deep,
        Self::Entities,
        Self::Redirect,
        Self::Elsewhere,
        Self::File,
        Self::NoLocation,
        Self::Flood,
        Self::Sizes,
    ];
}

struct Member {
    about: About,
    manner: Manner,
    /// Where it speaks from, and where its server is: index in the list of addresses.
    place: usize,
    identity: Identity,
}

/// A running crowd; it stops when dropped.
#[derive(Debug)]
pub struct Crowd {
    _ssdp: Worker,
    _http: Worker,
}

impl Crowd {
    /// Starts one device for each manner, named `Device 0`, `Device 1`, …, on 127.`net`.0.1 and the addresses after it.
    ///
    /// # Errors
    /// No ports, no threads, or SSDP's port is held by somebody who does not share it.
    pub fn start(net: u8, manners: &[Manner]) -> io::Result<Self> {
        let mut places = Vec::new();
        for n in 0..manners.len().div_ceil(PER_ADDRESS) {
            let ip = Ipv4Addr::new(127, net, u8::try_from(n / 250).unwrap_or(0), (n % 250 + 1) as u8);
            places.push(place(ip)?);
        }
        let members = manners.iter().enumerate().map(|(n, manner)| member(n, *manner, &places));
        let members: Arc<[Member]> = members.collect::<Vec<_>>().into();
        let (listeners, speakers): (Vec<_>, Vec<_>) = places.into_iter().unzip();
        let (of_ssdp, of_http) = (Arc::clone(&members), members);
        let group = net::group(SSDP_GROUP, SSDP_PORT)?;
        let ssdp = Worker::start("crowd-ssdp", None, move |stop| answer(&group, &speakers, &of_ssdp, stop))?;
        let http = Worker::start("crowd-http", None, move |stop| serve(&listeners, &of_http, stop))?;
        Ok(Self { _ssdp: ssdp, _http: http })
    }
}

#[expect(clippy::disallowed_methods, reason = "the harness serves the world over real sockets")]
fn place(ip: Ipv4Addr) -> io::Result<(TcpListener, UdpSocket)> {
    let listener = TcpListener::bind((ip, 0))?;
    listener.set_nonblocking(true)?;
    Ok((listener, UdpSocket::bind((ip, 0))?))
}

fn member(n: usize, manner: Manner, places: &[(TcpListener, UdpSocket)]) -> Member {
    let place = n / PER_ADDRESS;
    let server = places[place].0.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let about = About {
        udn: format!("uuid:crowd-{n}"),
        device_type: "urn:schemas-upnp-org:device:MediaServer:1".to_owned(),
        friendly_name: format!("Device {n}"),
        manufacturer: "Simulated".to_owned(),
        model: "M-1".to_owned(),
    };
    let location = match manner {
        Manner::Elsewhere => "http://127.0.0.99:80/d.xml".to_owned(),
        Manner::File => "file:///etc/hostname".to_owned(),
        _ => format!("http://{server}/{n}.xml"),
    };
    let identity = Identity {
        udn: about.udn.clone(),
        types: vec![about.device_type.clone()],
        location,
        server: "Linux/4.9 UPnP/1.0 Crowd/1.0".to_owned(),
    };
    Member { about, manner, place, identity }
}

fn answer(group: &UdpSocket, speakers: &[UdpSocket], members: &[Member], stop: &AtomicBool) {
    let mut buffer = [0; 2048];
    while !net::stopped(stop) {
        let Ok((length, peer)) = group.recv_from(&mut buffer) else { continue };
        let Some(st) = search_target(&buffer[..length]).filter(|_| peer.ip().is_loopback()) else { continue };
        for member in members {
            let answers = member.identity.answers(&st);
            if answers.is_empty() || net::stopped(stop) {
                continue;
            }
            speak(member, &answers, &speakers[member.place], peer);
            std::thread::park_timeout(PACE);
        }
    }
}

fn speak(member: &Member, answers: &[String], speaker: &UdpSocket, peer: SocketAddr) {
    let send = |bytes: &[u8]| drop(speaker.send_to(bytes, peer));
    match member.manner {
        Manner::Flood => (0..10_000).for_each(|n| send(format!("{}X: {n}\r\n", answers[0]).as_bytes())),
        Manner::Sizes => {
            for size in (0..=65_507).step_by(1024) {
                let mut bytes = answers[0].clone().into_bytes();
                bytes.resize(size, b'x');
                send(&bytes);
            }
        }
        Manner::NoLocation => send(answers[0].replace("LOCATION", "X-LOCATION").as_bytes()),
        _ => answers.iter().for_each(|text| send(text.as_bytes())),
    }
}

fn serve(listeners: &[TcpListener], members: &Arc<[Member]>, stop: &AtomicBool) {
    let quit = Arc::new(AtomicBool::new(false));
    let mut running: Vec<std::thread::JoinHandle<()>> = Vec::new();
    while !net::stopped(stop) {
        running.retain(|thread| !thread.is_finished());
        let mut idle = true;
        for listener in listeners {
            if running.len() >= MAX_CONNECTIONS {
                break;
            }
            let Ok((stream, _)) = listener.accept() else { continue };
            idle = false;
            let (members, quit) = (Arc::clone(members), Arc::clone(&quit));
            running.push(std::thread::spawn(move || drop(converse(stream, &members, &quit))));
        }
        if idle {
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
    quit.store(true, Ordering::SeqCst);
    for thread in running {
        let _ = thread.join();
    }
}

fn converse(mut stream: TcpStream, members: &[Member], quit: &AtomicBool) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.set_write_timeout(Some(Duration::from_secs(2)))?;
    let mut buffer = [0; 4096];
    let length = stream.read(&mut buffer)?;
    let head = String::from_utf8_lossy(&buffer[..length]).into_owned();
    let number = head.split(['/', '.']).nth(1).and_then(|number| number.parse::<usize>().ok());
    let Some(member) = number.and_then(|number| members.get(number)) else { return Ok(()) };
    let whole = |stream: &mut TcpStream, body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body))
    };
    match member.manner {
        Manner::Hang => hold(&mut stream, b"", quit),
        Manner::SlowHeaders => hold(&mut stream, b"HTTP/1.1 200 OK\r\nX: y\r\n", quit),
        Manner::SlowBody => hold(&mut stream, b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<root>", quit),
        Manner::Endless | Manner::Huge => {
            let length = if member.manner == Manner::Huge { "Content-Length: 104857600\r\n" } else { "" };
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{length}\r\n").as_bytes())?;
            for _ in 0..1600 {
                stream.write_all(&[b'a'; 65_536])?;
            }
            Ok(())
        }
        Manner::Deep => whole(&mut stream, "<a>".repeat(150_000).as_bytes()),
        Manner::Entities => {
            let bomb = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]><r>&b;&b;</r>";
            whole(&mut stream, bomb.as_bytes())
        }
        Manner::Redirect => {
            let to = &member.identity.location;
            stream.write_all(format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").as_bytes())
        }
        _ => whole(&mut stream, describe(&member.about, "").as_bytes()),
    }
}

/// Says something, and then a byte a second.
fn hold(stream: &mut TcpStream, first: &[u8], quit: &AtomicBool) -> io::Result<()> {
    stream.write_all(first)?;
    for tenth in 0..MAX_HOLD.as_secs() * 10 {
        if quit.load(Ordering::SeqCst) {
            break;
        }
        std::thread::park_timeout(Duration::from_millis(100));
        if tenth % 10 == 9 && !first.is_empty() {
            stream.write_all(b"x")?;
        }
    }
    Ok(())
}
