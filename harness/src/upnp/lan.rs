//! A gateway on a cable of a lab: IPv4 and IPv6 (`ff02::c` and `ff05::c`), searches answered, announcements by a
//! schedule, restarts and new descriptions with their boot and configuration ids. To be started inside the network
//! namespace that the cable leads to. On no real network: the interface's name must begin with [`PREFIX`], and every
//! socket is bound to it.

use super::gateway::{GatewayOptions, respond, types};
use super::http::{HttpServer, Request, Response};
use super::lures;
use super::ssdp::{Identity, Life, Notice, SSDP_PORT, search_target};
use crate::net::{self, Worker};
use crate::packets::SSDP_GROUP;
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// What the name of a lab's interface begins with; no system names one so by itself.
pub const PREFIX: &str = "lab";
/// Between two looks at the sockets.
const LOOK_EVERY: Duration = Duration::from_millis(5);
const LINK: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xc);
const SITE: Ipv6Addr = Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0, 0xc);

/// A place on a cable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The interface.
    pub interface: String,
    /// Its index.
    pub index: u32,
    /// Addresses of it: an IPv4 one answers what comes to 239.255.255.250, a link-local one what comes to `ff02::c`,
    /// another IPv6 one what comes to `ff05::c`.
    pub addresses: Vec<IpAddr>,
}

/// What it does beside answering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Habits {
    /// It answers searches.
    pub answers: bool,
    /// It announces itself at the start, and again each time this has passed.
    pub announces: Option<Duration>,
    /// For how long an announcement or an answer is good, seconds.
    pub max_age_s: u32,
    /// It says goodbye when it is dropped.
    pub polite: bool,
    /// Hosts (with ports) that it tries to send clients to, by every way that `lures` knows.
    pub lures: Vec<String>,
}

impl Default for Habits {
    fn default() -> Self {
        Self { answers: true, announces: None, max_age_s: 1800, polite: true, lures: Vec::new() }
    }
}

struct State {
    options: GatewayOptions,
    life: Life,
    /// Announcements to be sent.
    notices: Vec<Notice>,
}

type Shared = Arc<Mutex<State>>;

/// A running gateway; it stops when dropped.
pub struct LanGateway {
    state: Shared,
    _ssdp: Worker,
    _http: Vec<HttpServer>,
}

impl LanGateway {
    /// Starts it in the network namespace of the calling thread.
    ///
    /// # Errors
    /// The interface is none of a lab, an address is not its, or SSDP's port is held by somebody who does not share it.
    pub fn start(options: GatewayOptions, port: &Port, habits: Habits) -> io::Result<Self> {
        if !port.interface.starts_with(PREFIX) {
            let why = format!("{} is no interface of a lab: its name does not begin with {PREFIX}", port.interface);
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        let life = Life { max_age_s: habits.max_age_s, boot: 1, config: 1 };
        let notices = if habits.announces.is_some() { vec![Notice::Alive] } else { Vec::new() };
        let state = Arc::new(Mutex::new(State { options, life, notices }));
        let mut voices = Vec::new();
        let mut http = Vec::new();
        for address in &port.addresses {
            let (shared, lured) = (Arc::clone(&state), habits.lures.clone());
            let handler = Arc::new(move |request: &Request| answer(request, &lock(&shared), &lured));
            let server = HttpServer::serve(listener(port, *address)?, handler)?;
            voices.push(Voice::open(port, *address, server.addr().port())?);
            http.push(server);
        }
        let shared = Arc::clone(&state);
        let ssdp = Worker::start("lan-ssdp", None, move |stop| serve(&voices, &shared, &habits, stop))?;
        Ok(Self { state, _ssdp: ssdp, _http: http })
    }

    /// It says goodbye, and is there again with the next boot id.
    pub fn restart(&self) {
        let mut state = lock(&self.state);
        state.notices.extend([Notice::Byebye, Notice::Alive]);
    }

    /// It is called otherwise from now on: a new description by a new configuration id, announced by an update.
    pub fn rename(&self, name: &str) {
        let mut state = lock(&self.state);
        name.clone_into(&mut state.options.about.friendly_name);
        state.life.config += 1;
        let next_boot = state.life.boot + 1;
        state.notices.extend([Notice::Update { next_boot }, Notice::Alive]);
    }
}

fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn answer(request: &Request, state: &State, lured: &[String]) -> Response {
    if let Some(response) = lures::respond(request, &state.options, lured) {
        return response;
    }
    let honest = respond(request, &state.options);
    match &state.options.misbehaviour {
        Some(wrong) => wrong.respond(request, honest),
        None => honest,
    }
}

/// One address, the group that is heard for it, and where its server is.
struct Voice {
    ear: UdpSocket,
    mouth: UdpSocket,
    group: SocketAddr,
    host: String,
}

impl Voice {
    fn open(port: &Port, address: IpAddr, http_port: u16) -> io::Result<Self> {
        let group = match address {
            IpAddr::V4(_) => SocketAddr::from((SSDP_GROUP, SSDP_PORT)),
            IpAddr::V6(v6) if v6.is_unicast_link_local() => SocketAddrV6::new(LINK, SSDP_PORT, 0, port.index).into(),
            IpAddr::V6(_) => SocketAddrV6::new(SITE, SSDP_PORT, 0, port.index).into(),
        };
        let ear = bound(port, group, Type::DGRAM)?;
        match group.ip() {
            IpAddr::V4(v4) => ear.join_multicast_v4_n(&v4, &InterfaceIndexOrAddress::Index(port.index))?,
            IpAddr::V6(v6) => ear.join_multicast_v6(&v6, port.index)?,
        }
        let mouth = bound(port, scoped(address, port.index, 0), Type::DGRAM)?;
        match address {
            IpAddr::V4(v4) => mouth.set_multicast_if_v4(&v4)?,
            IpAddr::V6(_) => mouth.set_multicast_if_v6(port.index)?,
        }
        let host = SocketAddr::new(address, http_port).to_string();
        Ok(Self { ear: ear.into(), mouth: mouth.into(), group, host })
    }

    fn identity(&self, options: &GatewayOptions) -> Identity {
        Identity {
            udn: options.about.udn.clone(),
            types: types(options),
            location: format!("http://{}/rootDesc.xml", self.host),
            server: "Linux/4.4 UPnP/1.1 HomeGateway/2.0".to_owned(),
        }
    }

    /// What is written as `HOST` in announcements.
    fn group_text(&self) -> String {
        SocketAddr::new(self.group.ip(), SSDP_PORT).to_string()
    }

    fn say(&self, text: &[u8], to: SocketAddr) {
        // A cable that is out is the test's affair.
        let _ = self.mouth.send_to(text, to);
    }
}

fn scoped(address: IpAddr, index: u32, port: u16) -> SocketAddr {
    match address {
        IpAddr::V6(v6) if v6.is_unicast_link_local() => SocketAddrV6::new(v6, port, 0, index).into(),
        other => SocketAddr::new(other, port),
    }
}

/// A socket that is bound to the lab's interface, whatever its address says.
#[expect(clippy::disallowed_methods, reason = "the harness serves the world over real sockets")]
fn bound(port: &Port, address: SocketAddr, kind: Type) -> io::Result<Socket> {
    let protocol = if kind == Type::STREAM { Protocol::TCP } else { Protocol::UDP };
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    socket.bind_device(Some(port.interface.as_bytes()))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    if kind == Type::DGRAM {
        socket.set_nonblocking(true)?;
    }
    Ok(socket)
}

/// A listener that wakes up by itself now and then: nobody has to connect to it to stop it.
fn listener(port: &Port, address: IpAddr) -> io::Result<std::net::TcpListener> {
    let socket = bound(port, scoped(address, port.index, 0), Type::STREAM)?;
    socket.listen(16)?;
    socket.set_read_timeout(Some(net::PATIENCE))?;
    Ok(socket.into())
}

fn serve(voices: &[Voice], state: &Shared, habits: &Habits, stop: &AtomicBool) {
    let mut buffer = [0; 2048];
    let mut announced = now();
    while !net::stopped(stop) {
        for voice in voices {
            while let Ok((length, peer)) = voice.ear.recv_from(&mut buffer) {
                if let Some(st) = search_target(&buffer[..length]).filter(|_| habits.answers) {
                    let state = lock(state);
                    found(voice, &state, habits, &st).iter().for_each(|text| voice.say(text, peer));
                }
            }
        }
        let mut state = lock(state);
        if habits.announces.is_some_and(|every| announced.elapsed() >= every) {
            announced = now();
            state.notices.push(Notice::Alive);
        }
        announce(voices, &mut state);
        drop(state);
        std::thread::park_timeout(LOOK_EVERY);
    }
    if habits.polite {
        let mut state = lock(state);
        state.notices.push(Notice::Byebye);
        announce(voices, &mut state);
    }
}

#[expect(clippy::disallowed_methods, reason = "the harness lives in real time")]
fn now() -> Instant {
    Instant::now()
}

fn found(voice: &Voice, state: &State, habits: &Habits, st: &str) -> Vec<Vec<u8>> {
    let identity = voice.identity(&state.options);
    let mut answers = identity.answers(st).into_iter().map(String::into_bytes).collect::<Vec<_>>();
    if let Some(wrong) = &state.options.misbehaviour {
        answers = wrong.answers(st, answers);
    }
    answers.extend(lures::answers(&identity, &voice.host, st, &habits.lures));
    answers
}

fn announce(voices: &[Voice], state: &mut State) {
    for notice in std::mem::take(&mut state.notices) {
        for voice in voices {
            let texts = voice.identity(&state.options).notices(&voice.group_text(), notice, state.life);
            texts.iter().for_each(|text| voice.say(text.as_bytes(), voice.group));
        }
        match notice {
            Notice::Alive => {}
            Notice::Update { next_boot } => state.life.boot = next_boot,
            Notice::Byebye => state.life.boot += 1,
        }
    }
}

/// The addresses of a [`Port`], IPv4 first.
#[must_use]
pub fn addresses(v4: Option<Ipv4Addr>, v6: &[Ipv6Addr]) -> Vec<IpAddr> {
    v4.map(IpAddr::V4).into_iter().chain(v6.iter().copied().map(IpAddr::V6)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_interface_is_refused() {
        let options = GatewayOptions::home("uuid:1".to_owned(), Ipv4Addr::new(192, 168, 1, 20));
        let port =
            Port { interface: "eth0".to_owned(), index: 2, addresses: addresses(Some(Ipv4Addr::LOCALHOST), &[]) };
        let refused = LanGateway::start(options, &port, Habits::default()).err().expect("an error");
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
    }
}
