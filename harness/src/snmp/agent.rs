//! An SNMP agent on a UDP port of loopback, one thread. What it answers is decided in [`super::answer`].

use super::answer::{From, Identity, Manners, Outgoing, answer};
use super::ber;
use super::book::Book;
use super::faults::{Fault, Shapes};
use super::table::{SharedTable, Table};
use crate::net::{self, Worker};
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Answers that wait for their time.
const MAX_LATE: usize = 1024;
/// Longest datagram that is read.
const MAX_REQUEST: usize = 65_535;
/// How long the thread waits for a request before it looks what else there is to do.
const PATIENCE: Duration = Duration::from_millis(50);
/// The other address of an agent that answers from one.
const OTHER_ADDRESS: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 2), 0);

/// How an agent is set up.
#[derive(Clone, Debug, Default)]
pub struct AgentOptions {
    /// UDP port on 127.0.0.1; 0 lets the system choose.
    pub port: u16,
    /// On ::1 instead. There is no other IPv6 address on loopback: what would be sent from one is lost.
    pub ipv6: bool,
    /// What it answers.
    pub manners: Manners,
    /// Makes its live counters and its luck.
    pub seed: u64,
    /// How long it had been up when its world began.
    pub up_before: Duration,
    /// How long ago its world began: what faults do at some time, they may have done already.
    pub age: Duration,
}

/// Where an agent's objects come from.
#[derive(Debug)]
enum Source {
    /// From a table that its owner replaces. Faults cannot change its shape.
    Shared(SharedTable),
    /// From one table, in the shapes that the faults ask for.
    Own(Table, Shapes),
}

/// What a running agent answers from.
#[derive(Debug)]
struct State {
    source: Source,
    manners: Manners,
    /// What it shows to other communities.
    others: BTreeMap<String, Book>,
}

/// A running agent; it stops when dropped.
#[derive(Debug)]
pub struct SnmpAgent {
    addr: SocketAddr,
    state: Arc<Mutex<State>>,
    requests: Arc<AtomicU64>,
    _worker: Worker,
}

impl SnmpAgent {
    /// Starts an agent that answers from `table`, which its owner may replace.
    ///
    /// # Errors
    /// The port is taken, or no thread can be had.
    pub fn start(table: SharedTable, options: AgentOptions) -> io::Result<Self> {
        Self::run(Source::Shared(table), options)
    }

    /// Starts an agent with a table of its own, which faults may change.
    ///
    /// # Errors
    /// As [`SnmpAgent::start`].
    pub fn start_own(table: Table, options: AgentOptions) -> io::Result<Self> {
        let shapes = Shapes::new(&table, &options.manners.faults);
        Self::run(Source::Own(table, shapes), options)
    }

    fn run(source: Source, options: AgentOptions) -> io::Result<Self> {
        let socket = if options.ipv6 { net::udp6(options.port)? } else { net::udp(options.port)? };
        let addr = socket.local_addr()?;
        let identity = Identity { seed: options.seed, up_before: options.up_before, ..Identity::default() };
        let state = Arc::new(Mutex::new(State { source, manners: options.manners, others: BTreeMap::new() }));
        let requests = Arc::new(AtomicU64::new(0));
        let (shared, count) = (Arc::clone(&state), Arc::clone(&requests));
        let age = options.age;
        let serve = move |stop: &Arc<AtomicBool>| Serving::new(socket, identity, age).run(&shared, &count, stop);
        let worker = Worker::start("harness-snmp", None, serve)?;
        Ok(Self { addr, state, requests, _worker: worker })
    }

    /// Where it answers.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Datagrams that came in so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Shows another table to whoever comes with this community, as Cisco's switches do for each VLAN.
    pub fn also(&self, community: &str, table: Table) {
        lock(&self.state).others.insert(community.to_owned(), Book::new(table));
    }

    /// Makes it go wrong from now on, or with an empty list right again.
    pub fn misbehave(&self, faults: &[Arc<dyn Fault>]) {
        let mut state = lock(&self.state);
        if let Source::Own(table, shapes) = &mut state.source {
            *shapes = Shapes::new(table, faults);
        }
        state.manners.faults = faults.to_vec();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "an agent has an uptime and can be late")]
fn now() -> Instant {
    Instant::now()
}

/// The thread's own things.
struct Serving {
    socket: UdpSocket,
    identity: Identity,
    age: Duration,
    /// Opened when a fault needs them.
    elsewhere: [Option<UdpSocket>; 2],
    late: Vec<(Instant, SocketAddr, Outgoing)>,
}

impl Serving {
    fn new(socket: UdpSocket, identity: Identity, age: Duration) -> Self {
        Self { socket, identity, age, elsewhere: [None, None], late: Vec::new() }
    }

    fn run(mut self, state: &Mutex<State>, count: &AtomicU64, stop: &AtomicBool) {
        let started = now();
        let mut buffer = vec![0; MAX_REQUEST];
        while !net::stopped(stop) {
            let wait = self.late.iter().map(|(due, ..)| due.saturating_duration_since(now())).min().unwrap_or(PATIENCE);
            let wait = wait.clamp(Duration::from_millis(1), PATIENCE);
            let received = self.socket.set_read_timeout(Some(wait)).and_then(|()| self.socket.recv_from(&mut buffer));
            let at = now();
            self.send_due(at);
            let (length, peer) = match received {
                Ok(received) => received,
                Err(error) if net::is_idle(&error) => continue,
                Err(_) => return,
            };
            count.fetch_add(1, Ordering::Relaxed);
            for reply in self.answer(&buffer[..length], state, self.age + (at - started)) {
                if reply.delay.is_zero() {
                    self.send(peer, &reply);
                } else if self.late.len() < MAX_LATE {
                    self.late.push((at + reply.delay, peer, reply));
                }
            }
        }
    }

    fn answer(&mut self, datagram: &[u8], state: &Mutex<State>, elapsed: Duration) -> Vec<Outgoing> {
        let state = lock(state);
        let State { source, manners, others } = &*state;
        let community = ber::decode(datagram).and_then(|request| String::from_utf8(request.community).ok());
        if let Some((community, book)) = community.and_then(|named| others.get_key_value(&named)) {
            let manners = Manners { community: community.clone(), ..manners.clone() };
            return answer(datagram, &mut self.identity, &manners, elapsed, |_| book);
        }
        match source {
            Source::Shared(table) => {
                let book = table.get();
                answer(datagram, &mut self.identity, manners, elapsed, |_| &book)
            }
            Source::Own(_, shapes) => {
                let book = |moment: &_| shapes.at(moment, &manners.faults);
                answer(datagram, &mut self.identity, manners, elapsed, book)
            }
        }
    }

    fn send_due(&mut self, at: Instant) {
        let (due, later) = std::mem::take(&mut self.late).into_iter().partition(|(due, ..)| *due <= at);
        self.late = later;
        let due: Vec<_> = due;
        for (_, peer, reply) in due {
            self.send(peer, &reply);
        }
    }

    /// A datagram that cannot be sent is lost, as others are.
    fn send(&mut self, peer: SocketAddr, reply: &Outgoing) {
        let socket = match reply.from {
            From::Asked => Some(&self.socket),
            From::OtherPort if peer.is_ipv6() => open(&mut self.elsewhere[0], || net::udp6(0)),
            From::OtherPort => open(&mut self.elsewhere[0], || net::udp(0)),
            From::OtherAddress => open(&mut self.elsewhere[1], || net::udp_at(OTHER_ADDRESS)),
        };
        if let Some(socket) = socket {
            let _ = socket.send_to(&reply.bytes, peer);
        }
    }
}

/// The socket in its place, opened the first time.
fn open(place: &mut Option<UdpSocket>, bind: impl FnOnce() -> io::Result<UdpSocket>) -> Option<&UdpSocket> {
    if place.is_none() {
        *place = bind().ok();
    }
    place.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snmp::ber::{Request, pdu};
    use crate::snmp::faults::named;
    use crate::snmp::table::Value;

    #[test]
    fn answers_on_loopback_and_stops() {
        let mut table = Table::default();
        table.set(vec![1, 3, 6, 1, 2, 1, 1, 5, 0], Value::Octets(b"hub".to_vec()));
        let agent = SnmpAgent::start(SharedTable::new(table), AgentOptions::default()).expect("an agent");
        assert!(agent.addr().ip().is_loopback());
        let client = net::udp(0).expect("a socket");
        client.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
        let request = Request {
            version: 1,
            community: b"public".to_vec(),
            kind: pdu::GET_NEXT,
            id: 9,
            non_repeaters: 0,
            max_repetitions: 0,
            oids: vec![vec![1, 3]],
        };
        let mut buffer = [0; 1500];
        for faults in [&[][..], &["latency=60ms"], &["other-port", "duplicate"], &["other-address"]] {
            agent.misbehave(&faults.iter().map(|fault| named(fault)).collect::<Vec<_>>());
            client.send_to(&ber::encode_request(&request), agent.addr()).expect("sent");
            for _ in 0..1 + usize::from(faults.len() == 2) {
                let (length, from) = client.recv_from(&mut buffer).expect("an answer");
                assert!(buffer[..length].ends_with(b"hub"));
                let elsewhere = faults.first().is_some_and(|fault| fault.starts_with("other"));
                assert_eq!(from != agent.addr(), elsewhere, "{faults:?}");
                assert_eq!(from.ip() != agent.addr().ip(), faults == ["other-address"], "{faults:?}");
            }
        }
        assert_eq!(agent.requests(), 4);
        let addr = agent.addr();
        drop(agent);
        net::udp(addr.port()).expect("its port is free again");
    }
}
