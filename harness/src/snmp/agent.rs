//! An SNMP agent on a UDP port of loopback, one thread. What it answers is decided in [`super::answer`].

use super::answer::{Manners, Misbehaviour, answer};
use super::table::SharedTable;
use crate::net::{self, Worker};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Answers that wait for their time.
const MAX_LATE: usize = 1024;
/// Longest datagram that is read.
const MAX_REQUEST: usize = 65_535;

/// How an agent is set up.
#[derive(Clone, Debug, Default)]
pub struct AgentOptions {
    /// UDP port on 127.0.0.1; 0 lets the system choose.
    pub port: u16,
    /// What it answers.
    pub manners: Manners,
}

/// A running agent; it stops when dropped.
#[derive(Debug)]
pub struct SnmpAgent {
    addr: SocketAddr,
    manners: Arc<Mutex<Manners>>,
    requests: Arc<AtomicU64>,
    _worker: Worker,
}

impl SnmpAgent {
    /// Starts an agent that answers from `table`.
    ///
    /// # Errors
    /// The port is taken, or no thread can be had.
    pub fn start(table: SharedTable, options: AgentOptions) -> io::Result<Self> {
        let socket = net::udp(options.port)?;
        let addr = socket.local_addr()?;
        let manners = Arc::new(Mutex::new(options.manners));
        let requests = Arc::new(AtomicU64::new(0));
        let (shared, count) = (Arc::clone(&manners), Arc::clone(&requests));
        let worker = Worker::start("harness-snmp", None, move |stop| serve(&socket, &table, &shared, &count, stop))?;
        Ok(Self { addr, manners, requests, _worker: worker })
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

    /// Makes it go wrong from now on, or right again.
    pub fn misbehave(&self, misbehaviour: Misbehaviour) {
        self.manners.lock().unwrap_or_else(PoisonError::into_inner).misbehaviour = misbehaviour;
    }
}

#[expect(clippy::disallowed_methods, reason = "an agent has an uptime and can be late")]
fn now() -> Instant {
    Instant::now()
}

fn serve(
    socket: &std::net::UdpSocket,
    table: &SharedTable,
    manners: &Mutex<Manners>,
    count: &AtomicU64,
    stop: &AtomicBool,
) {
    let started = now();
    let mut buffer = vec![0; MAX_REQUEST];
    let mut late: Vec<(Instant, SocketAddr, Vec<u8>)> = Vec::new();
    while !net::stopped(stop) {
        let received = socket.recv_from(&mut buffer);
        let at = now();
        late.retain(|(due, peer, reply)| {
            let waits = *due > at;
            if !waits {
                let _ = socket.send_to(reply, peer);
            }
            waits
        });
        let (length, peer) = match received {
            Ok(received) => received,
            Err(error) if net::is_idle(&error) => continue,
            Err(_) => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
        let manners = manners.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let uptime = (at - started).as_millis() / 10;
        let replies = answer(&buffer[..length], &table.get(), &manners, uptime as u32);
        let delay = if let Misbehaviour::Delay(delay) = manners.misbehaviour { delay } else { Duration::ZERO };
        for reply in replies {
            if delay.is_zero() {
                let _ = socket.send_to(&reply, peer);
            } else if late.len() < MAX_LATE {
                late.push((at + delay, peer, reply));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ber::{self, Request, pdu};
    use super::super::table::{Table, Value};
    use super::*;

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
        for misbehaviour in [Misbehaviour::None, Misbehaviour::Delay(Duration::from_millis(60))] {
            agent.misbehave(misbehaviour);
            client.send_to(&ber::encode_request(&request), agent.addr()).expect("sent");
            let length = client.recv(&mut buffer).expect("an answer");
            assert!(buffer[..length].ends_with(b"hub"));
        }
        assert_eq!(agent.requests(), 2);
        let addr = agent.addr();
        drop(agent);
        net::udp(addr.port()).expect("its port is free again");
    }
}
