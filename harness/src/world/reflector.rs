//! An mDNS reflector: what it hears on one leg it says again on the others, in a datagram of its own, as avahi-daemon does.
//! Does not know whether its legs are in different networks, as they should be.

use super::Bytes;
use super::wiring::Socket;
use crate::Mac;
use crate::packets::{self, Ipv4, MDNS_GROUP};
use crate::rng::Rng;
use std::net::Ipv4Addr;
use std::time::Duration;

/// Datagrams that wait; more are lost in the socket's buffer.
const MAX_WAITING: usize = 64;

/// An interface of the reflector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Where it is plugged in.
    pub socket: Socket,
    /// Its MAC.
    pub mac: Mac,
    /// Its address.
    pub ip: Ipv4Addr,
}

/// A reflector.
#[derive(Clone, Debug)]
pub struct Reflector {
    legs: Vec<Leg>,
    service: Duration,
    busy_until: Duration,
    waiting: usize,
    id: u16,
}

impl Reflector {
    /// A reflector that says at most `rate_pps` datagrams a second.
    #[must_use]
    pub fn new(legs: Vec<Leg>, rate_pps: u64) -> Self {
        let service = Duration::from_nanos(1_000_000_000 / rate_pps.max(1));
        Self { legs, service, busy_until: Duration::ZERO, waiting: 0, id: 1 }
    }

    /// Its interfaces.
    #[must_use]
    pub fn legs(&self) -> &[Leg] {
        &self.legs
    }

    /// Hears a frame at a socket; gives what it says, where and when.
    pub(super) fn hear(
        &mut self,
        socket: Socket,
        at: Duration,
        frame: &[u8],
        rng: &mut Rng,
    ) -> Vec<(Socket, Duration, Bytes)> {
        let Some((source, message, _)) = packets::mdns_of(frame) else { return Vec::new() };
        // avahi drops what comes from any of its own addresses.
        if self.legs.iter().any(|leg| leg.ip == source) {
            return Vec::new();
        }
        let mut said = Vec::new();
        for heard in self.legs.clone().iter().filter(|leg| leg.socket == socket) {
            for leg in self.legs.clone().iter().filter(|leg| leg.mac != heard.mac) {
                if self.waiting >= MAX_WAITING {
                    return said;
                }
                self.waiting += 1;
                self.id = self.id.wrapping_add(1).max(1);
                // Measured: 0.1 to 3 ms after what it heard, and each with a message id of its own.
                let thinking = rng.between(Duration::from_micros(100), Duration::from_millis(3));
                self.busy_until = (self.busy_until + rng.jitter(self.service)).max(at + thinking);
                let mut message = message.to_vec();
                message[..2].copy_from_slice(&self.id.to_be_bytes());
                let ip = Ipv4 { source: leg.ip, destination: MDNS_GROUP, ttl: 255, id: self.id };
                let frame = packets::udp_group(leg.mac, &ip, (5353, 5353), &message);
                said.push((leg.socket, self.busy_until, frame.into()));
            }
        }
        said
    }

    /// Something has been said.
    pub(super) fn sent(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
    }
}
