//! A learning switch: forwarding database, flooding, egress queues of real links, and the IF-MIB counters of every
//! port. Has no spanning tree and no IGMP snooping, like the cheap one in the incident.

use super::Bytes;
use crate::Mac;
use crate::packets;
use std::collections::BTreeMap;
use std::time::Duration;

/// Time to look up and switch a frame (store and forward, typical of unmanaged gigabit switches).
const LATENCY: Duration = Duration::from_micros(5);
/// A frame that would wait longer than this in an egress queue is discarded: 512 KiB of buffer at 1 Gb/s.
const MAX_WAIT: Duration = Duration::from_millis(4);
/// Entries of the forwarding database: what an 8-port switch has.
pub const MAX_FDB: usize = 4096;
/// IEEE 802.1D-2004, 7.9: default ageing time.
const AGEING: Duration = Duration::from_secs(300);
/// Preamble, check sequence and gap that occupy the wire beside the frame, bytes (IEEE 802.3).
const WIRE_OVERHEAD: u64 = 24;
/// ifSpeed of every port, bits per second.
const SPEED_BPS: u64 = 1_000_000_000;

/// Frames and octets one way (RFC 2863). Octets include the check sequence of 4 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// `ifHCInOctets` or `ifHCOutOctets`.
    pub octets: u64,
    /// `ifHCInUcastPkts` or `ifHCOutUcastPkts`.
    pub unicast: u64,
    /// `ifHCInMulticastPkts` or `ifHCOutMulticastPkts`.
    pub multicast: u64,
    /// `ifHCInBroadcastPkts` or `ifHCOutBroadcastPkts`.
    pub broadcast: u64,
    /// `ifInDiscards` or `ifOutDiscards`.
    pub discards: u64,
}

impl Traffic {
    fn count(&mut self, destination: Mac, length: u64) {
        self.octets += length + 4;
        match destination {
            Mac::BROADCAST => self.broadcast += 1,
            group if group.is_group() => self.multicast += 1,
            _ => self.unicast += 1,
        }
    }
}

/// A port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Port {
    /// Something that is switched on is plugged in.
    pub up: bool,
    /// When it came up or went down last (`ifLastChange`), since the world began.
    pub changed: Duration,
    /// Into the switch.
    pub incoming: Traffic,
    /// Out of the switch.
    pub outgoing: Traffic,
    busy_until: Duration,
}

/// The switch.
#[derive(Clone, Debug)]
pub struct Switch {
    /// By port number minus 1.
    ports: Vec<Port>,
    fdb: BTreeMap<Mac, (usize, Duration)>,
    /// Entries that moved from one port to another.
    moves: u64,
}

impl Switch {
    pub(super) fn new(ports: usize) -> Self {
        Self { ports: vec![Port::default(); ports], fdb: BTreeMap::new(), moves: 0 }
    }

    pub(super) fn plug(&mut self, port: usize) {
        self.set_up(Duration::ZERO, port, true);
    }

    /// Brings a port up or down.
    pub(crate) fn set_up(&mut self, now: Duration, port: usize, up: bool) {
        if let Some(port) = self.port_mut(port) {
            (port.up, port.changed) = (up, now);
        }
    }

    fn port_mut(&mut self, number: usize) -> Option<&mut Port> {
        self.ports.get_mut(number.checked_sub(1)?)
    }

    pub(super) fn refresh(&mut self, now: Duration, mac: Mac, port: usize) {
        if self.fdb.len() >= MAX_FDB && !self.fdb.contains_key(&mac) {
            self.fdb.retain(|_, (_, seen)| now.saturating_sub(*seen) < AGEING);
            if self.fdb.len() >= MAX_FDB {
                return;
            }
        }
        if let Some((old, _)) = self.fdb.insert(mac, (port, now)) {
            self.moves += u64::from(old != port);
        }
    }

    /// Takes a frame in at `from`, and says by which ports it leaves and when it has left.
    pub(super) fn forward(&mut self, now: Duration, from: usize, frame: &Bytes) -> Vec<(usize, Duration)> {
        let (Some(destination), Some(source)) = (packets::destination_of(frame), packets::source_of(frame)) else {
            return Vec::new();
        };
        let length = frame.len() as u64;
        match self.port_mut(from).filter(|port| port.up) {
            Some(port) => port.incoming.count(destination, length),
            None => return Vec::new(),
        }
        if !source.is_group() {
            self.refresh(now, source, from);
        }
        let known = self.fdb.get(&destination).filter(|(_, seen)| now.saturating_sub(*seen) < AGEING);
        let only = known.filter(|_| !destination.is_group()).map(|(port, _)| *port);
        let mut leaving = Vec::with_capacity(self.ports.len());
        for (number, port) in (1..).zip(&mut self.ports) {
            if !port.up || number == from || only.is_some_and(|only| only != number) {
                continue;
            }
            let start = (now + LATENCY).max(port.busy_until);
            if start - now > MAX_WAIT {
                port.outgoing.discards += 1;
                continue;
            }
            port.busy_until = start + Duration::from_nanos((length + WIRE_OVERHEAD) * 8 * 1_000_000_000 / SPEED_BPS);
            port.outgoing.count(destination, length);
            leaving.push((number, port.busy_until));
        }
        leaving
    }

    /// Counts unicast that nobody but its receiver sees, without a frame of it.
    pub(super) fn count_unicast(&mut self, from: usize, to: usize, packets: u64, mean_length: u64) {
        for (number, incoming) in [(from, true), (to, false)] {
            if let Some(port) = self.port_mut(number) {
                let traffic = if incoming { &mut port.incoming } else { &mut port.outgoing };
                traffic.unicast += packets;
                traffic.octets += packets * mean_length;
            }
        }
    }

    /// Every port with its number, from 1.
    pub fn ports(&self) -> impl Iterator<Item = (usize, &Port)> {
        (1..).zip(&self.ports)
    }

    /// Speed of a port, bits per second.
    #[must_use]
    pub const fn speed_bps(&self) -> u64 {
        SPEED_BPS
    }

    /// The forwarding database: MAC and port, aged entries left out.
    pub fn fdb(&self, now: Duration) -> impl Iterator<Item = (Mac, usize)> + '_ {
        let young = move |seen: &Duration| now.saturating_sub(*seen) < AGEING;
        self.fdb.iter().filter(move |(_, (_, seen))| young(seen)).map(|(mac, (port, _))| (*mac, *port))
    }

    /// How often an entry of the forwarding database moved to another port.
    #[must_use]
    pub fn fdb_moves(&self) -> u64 {
        self.moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(destination: Mac, source: Mac) -> Bytes {
        packets::ethernet(destination, source, 0x88b5, &[0; 100]).into()
    }

    #[test]
    fn learns_floods_and_counts() {
        let mut switch = Switch::new(4);
        (1..=3).for_each(|port| switch.plug(port));
        let (a, b) = (Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2]));
        let now = Duration::from_secs(1);
        let left = |leaving: Vec<(usize, Duration)>| leaving.into_iter().map(|(port, _)| port).collect::<Vec<_>>();
        assert_eq!(left(switch.forward(now, 1, &frame(b, a))), [2, 3], "unknown: to all that are up");
        assert_eq!(left(switch.forward(now, 2, &frame(a, b))), [1], "learned");
        assert_eq!(left(switch.forward(now, 1, &frame(Mac::BROADCAST, a))), [2, 3]);
        assert_eq!(left(switch.forward(now + AGEING, 1, &frame(b, a))), [2, 3], "aged");
        assert!(switch.forward(now, 4, &frame(b, a)).is_empty(), "down");
        let port = |number: usize| *switch.ports().nth(number - 1).expect("a port").1;
        assert_eq!((port(1).incoming.unicast, port(1).incoming.broadcast, port(1).outgoing.unicast), (2, 1, 1));
        assert_eq!((port(2).outgoing.broadcast, port(2).outgoing.octets), (1, 3 * 118));
        assert_eq!(switch.fdb_moves(), 0);
    }

    #[test]
    fn a_full_link_discards() {
        let mut switch = Switch::new(2);
        (1..=2).for_each(|port| switch.plug(port));
        let wave = frame(Mac::BROADCAST, Mac([2, 0, 0, 0, 0, 1]));
        let sent = (0..10_000).filter(|_| !switch.forward(Duration::from_secs(1), 1, &wave).is_empty()).count();
        let port = switch.ports().nth(1).expect("a port").1;
        assert!((3_000..5_000).contains(&sent), "4 ms of 138-byte frames at 1 Gb/s: {sent}");
        assert_eq!(port.outgoing.discards as usize, 10_000 - sent);
    }
}
