//! A learning switch: forwarding database per VLAN, flooding, snooping, spanning tree, egress queues of real links, and
//! the IF-MIB counters of every port, which it shows as they were at their last refresh. Decides nothing about the network.

use super::Bytes;
use super::snooping::Snooping;
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
/// ifSpeed of a port where nothing else is said, bits per second.
pub const SPEED_BPS: u64 = 1_000_000_000;
/// Where bridges talk to each other (IEEE 802.1D-2004, 7.12.3); a bridge passes nothing on that goes to 01:80:c2:00:00:0x.
const BRIDGE_GROUP: Mac = Mac([0x01, 0x80, 0xc2, 0, 0, 0]);
/// Where pause frames go (IEEE 802.3, annex 31B).
const PAUSE_GROUP: Mac = Mac([0x01, 0x80, 0xc2, 0, 0, 1]);
/// How long the longest pause holds a port: 65,535 quanta of 512 bit times at 1 Gb/s (IEEE 802.3, annex 31B.2).
const PAUSE: Duration = Duration::from_micros(33_553);

/// How a switch works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manners {
    /// It has a spanning tree.
    pub stp: bool,
    /// It passes streams on only where they are wanted.
    pub snooping: bool,
    /// Its agent shows counters that are this old at most; zero: always the present ones.
    pub refresh: Duration,
    /// Its agent's multicast, broadcast and unicast columns stay zero, as with one real agent in four.
    pub zero_packets: bool,
}

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
    const NONE: Self = Self { octets: 0, unicast: 0, multicast: 0, broadcast: 0, discards: 0 };

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// Something that is switched on is plugged in.
    pub up: bool,
    /// The spanning tree keeps it out of the tree.
    pub blocked: bool,
    /// ifSpeed, bits per second.
    pub speed_bps: u64,
    /// VLAN of untagged frames.
    pub vlan: u16,
    /// It carries every VLAN: what is at its other end is a switch.
    pub trunk: bool,
    /// When it came up or went down last (`ifLastChange`), since the world began.
    pub changed: Duration,
    /// Into the switch.
    pub incoming: Traffic,
    /// Out of the switch.
    pub outgoing: Traffic,
    /// `dot3InPauseFrames` (RFC 3635).
    pub pauses: u64,
    paused_until: Duration,
    busy_until: Duration,
}

impl Port {
    const EMPTY: Self = Self {
        up: false,
        blocked: false,
        speed_bps: SPEED_BPS,
        vlan: 1,
        trunk: false,
        changed: Duration::ZERO,
        incoming: Traffic::NONE,
        outgoing: Traffic::NONE,
        pauses: 0,
        paused_until: Duration::ZERO,
        busy_until: Duration::ZERO,
    };
}

/// A frame that comes in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    /// When.
    pub(super) now: Duration,
    /// At which port, from 1.
    pub(super) port: usize,
    /// The VLAN that a switch at the other end has put it in; `None`: that of the port.
    pub(super) vlan: Option<u16>,
}

/// The switch.
#[derive(Clone, Debug)]
pub struct Switch {
    manners: Manners,
    /// By port number minus 1.
    ports: Vec<Port>,
    /// As its agent shows them.
    shown: Vec<Port>,
    fdb: BTreeMap<(u16, Mac), (usize, Duration)>,
    snooping: Snooping,
    /// Entries that moved from one port to another.
    moves: u64,
    topology_changes: u32,
    topology_changed: Duration,
}

impl Switch {
    pub(super) fn new(ports: usize, manners: Manners) -> Self {
        let ports = vec![Port::EMPTY; ports];
        Self {
            manners,
            shown: ports.clone(),
            ports,
            fdb: BTreeMap::new(),
            snooping: Snooping::default(),
            moves: 0,
            topology_changes: 0,
            topology_changed: Duration::ZERO,
        }
    }

    /// How it works.
    #[must_use]
    pub const fn manners(&self) -> Manners {
        self.manners
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

    pub(super) fn port_mut(&mut self, number: usize) -> Option<&mut Port> {
        self.ports.get_mut(number.checked_sub(1)?)
    }

    /// The tree blocks a port, or lets it in.
    pub(crate) fn block(&mut self, port: usize, blocked: bool) {
        if let Some(port) = self.port_mut(port) {
            port.blocked = blocked;
        }
    }

    /// A topology change: what was learned is forgotten (IEEE 802.1D-2004, 17.11).
    pub(crate) fn change_topology(&mut self, now: Duration) {
        self.topology_changed = now;
        self.topology_changes = self.topology_changes.wrapping_add(1);
        self.fdb.clear();
    }

    pub(super) fn refresh(&mut self, now: Duration, vlan: u16, mac: Mac, port: usize) {
        let key = (vlan, mac);
        if self.fdb.len() >= MAX_FDB && !self.fdb.contains_key(&key) {
            self.fdb.retain(|_, (_, seen)| now.saturating_sub(*seen) < AGEING);
            if self.fdb.len() >= MAX_FDB {
                return;
            }
        }
        if let Some((old, _)) = self.fdb.insert(key, (port, now)) {
            self.moves += u64::from(old != port);
        }
    }

    /// Takes a frame in, and adds by which ports it leaves and when it has left. Gives its VLAN, if it was taken.
    pub(super) fn forward(
        &mut self,
        arrival: Arrival,
        frame: &Bytes,
        leaving: &mut Vec<(usize, Duration)>,
    ) -> Option<u16> {
        let Arrival { now, port: from, vlan } = arrival;
        let (destination, source) = (packets::destination_of(frame)?, packets::source_of(frame)?);
        let length = frame.len() as u64;
        let stp = self.manners.stp;
        let port = self.port_mut(from).filter(|port| port.up)?;
        let vlan = vlan.unwrap_or(port.vlan);
        if destination == PAUSE_GROUP {
            port.pauses += 1;
            port.paused_until = now + PAUSE;
            return None;
        }
        port.incoming.count(destination, length);
        if destination == BRIDGE_GROUP && stp {
            if packets::is_topology_change(frame) {
                self.change_topology(now);
            }
            return None;
        }
        if port.blocked {
            return None;
        }
        if !source.is_group() {
            self.refresh(now, vlan, source, from);
        }
        let group = destination.is_group();
        let known = self.fdb.get(&(vlan, destination)).filter(|(_, seen)| now.saturating_sub(*seen) < AGEING);
        let only = known.filter(|_| !group).map(|(port, _)| *port);
        let snoops = self.manners.snooping && group;
        if snoops {
            self.snooping.hear(now, vlan, from, frame);
        }
        for (number, port) in (1..).zip(&mut self.ports) {
            if !port.up || port.blocked || number == from || only.is_some_and(|only| only != number) {
                continue;
            }
            if !port.trunk && port.vlan != vlan {
                continue;
            }
            if snoops && !port.trunk && !self.snooping.passes(now, vlan, destination, number) {
                continue;
            }
            let start = (now + LATENCY).max(port.busy_until);
            if start - now > MAX_WAIT || now < port.paused_until {
                port.outgoing.discards += 1;
                continue;
            }
            port.busy_until = start + Duration::from_nanos((length + WIRE_OVERHEAD) * 8_000_000_000 / port.speed_bps);
            port.outgoing.count(destination, length);
            leaving.push((number, port.busy_until));
        }
        Some(vlan)
    }

    /// Counts unicast that nobody but its receiver sees, without a frame of it.
    pub(super) fn count_unicast(&mut self, now: Duration, [from, to]: [usize; 2], packets: u64, mean_length: u64) {
        for (number, incoming) in [(from, true), (to, false)] {
            if let Some(port) = self.port_mut(number) {
                if !incoming && now < port.paused_until {
                    port.outgoing.discards += packets;
                    continue;
                }
                let traffic = if incoming { &mut port.incoming } else { &mut port.outgoing };
                traffic.unicast += packets;
                traffic.octets += packets * mean_length;
            }
        }
    }

    /// The agent's counters are renewed.
    pub(super) fn show(&mut self) {
        self.shown.clone_from(&self.ports);
    }

    /// Every port with its number, from 1, as the switch's agent shows it.
    pub fn shown(&self) -> impl Iterator<Item = (usize, Port)> {
        let zero = self.manners.zero_packets;
        let ports = if self.manners.refresh.is_zero() { &self.ports } else { &self.shown };
        (1..).zip(ports).map(move |(number, port)| {
            let hidden = |traffic: Traffic| Traffic { unicast: 0, multicast: 0, broadcast: 0, ..traffic };
            let mut port = *port;
            if zero {
                (port.incoming, port.outgoing) = (hidden(port.incoming), hidden(port.outgoing));
            }
            (number, port)
        })
    }

    /// Every port with its number, from 1.
    pub fn ports(&self) -> impl Iterator<Item = (usize, &Port)> {
        (1..).zip(&self.ports)
    }

    /// dot1dStpTopChanges (RFC 4188).
    #[must_use]
    pub const fn topology_changes(&self) -> u32 {
        self.topology_changes
    }

    /// When the topology changed last, since the world began (dot1dStpTimeSinceTopologyChange counts from there).
    #[must_use]
    pub const fn topology_changed(&self) -> Duration {
        self.topology_changed
    }

    /// The forwarding database: MAC and port, aged entries left out.
    pub fn fdb(&self, now: Duration) -> impl Iterator<Item = (Mac, usize)> + '_ {
        let young = move |seen: &Duration| now.saturating_sub(*seen) < AGEING;
        self.fdb.iter().filter(move |(_, (_, seen))| young(seen)).map(|((_, mac), (port, _))| (*mac, *port))
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

    fn forward(switch: &mut Switch, now: Duration, port: usize, frame: &Bytes) -> Vec<usize> {
        let mut leaving = Vec::new();
        switch.forward(Arrival { now, port, vlan: None }, frame, &mut leaving);
        leaving.into_iter().map(|(port, _)| port).collect()
    }

    const A: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const B: Mac = Mac([2, 0, 0, 0, 0, 2]);
    const NOW: Duration = Duration::from_secs(1);

    #[test]
    fn learns_floods_and_counts() {
        let mut switch = Switch::new(4, Manners::default());
        (1..=3).for_each(|port| switch.plug(port));
        assert_eq!(forward(&mut switch, NOW, 1, &frame(B, A)), [2, 3], "unknown: to all that are up");
        assert_eq!(forward(&mut switch, NOW, 2, &frame(A, B)), [1], "learned");
        assert_eq!(forward(&mut switch, NOW, 1, &frame(Mac::BROADCAST, A)), [2, 3]);
        assert_eq!(forward(&mut switch, NOW + AGEING, 1, &frame(B, A)), [2, 3], "aged");
        assert!(forward(&mut switch, NOW, 4, &frame(B, A)).is_empty(), "down");
        let port = |number: usize| *switch.ports().nth(number - 1).expect("a port").1;
        assert_eq!((port(1).incoming.unicast, port(1).incoming.broadcast, port(1).outgoing.unicast), (2, 1, 1));
        assert_eq!((port(2).outgoing.broadcast, port(2).outgoing.octets), (1, 3 * 118));
        assert_eq!(switch.fdb_moves(), 0);
    }

    #[test]
    fn a_full_link_discards() {
        let mut switch = Switch::new(2, Manners::default());
        (1..=2).for_each(|port| switch.plug(port));
        let wave = frame(Mac::BROADCAST, A);
        let sent = (0..10_000).filter(|_| !forward(&mut switch, NOW, 1, &wave).is_empty()).count();
        let port = switch.ports().nth(1).expect("a port").1;
        assert!((3_000..5_000).contains(&sent), "4 ms of 138-byte frames at 1 Gb/s: {sent}");
        assert_eq!(port.outgoing.discards as usize, 10_000 - sent);
    }

    #[test]
    fn vlans_stay_apart_and_trunks_carry_all() {
        let mut switch = Switch::new(4, Manners::default());
        (1..=4).for_each(|port| switch.plug(port));
        for port in [2, 3] {
            switch.port_mut(port).expect("a port").vlan = 20;
        }
        switch.port_mut(4).expect("a port").trunk = true;
        assert_eq!(forward(&mut switch, NOW, 1, &frame(Mac::BROADCAST, A)), [4]);
        assert_eq!(forward(&mut switch, NOW, 2, &frame(A, B)), [3, 4], "A is known in another VLAN only");
    }

    #[test]
    fn a_topology_change_floods_and_a_pause_silences() {
        let mut switch = Switch::new(3, Manners { stp: true, ..Manners::default() });
        (1..=3).for_each(|port| switch.plug(port));
        forward(&mut switch, NOW, 2, &frame(A, B));
        assert_eq!(forward(&mut switch, NOW, 1, &frame(B, A)), [2]);
        let change: Bytes = packets::bpdu(Mac([2, 0, 0, 0, 0, 9]), true).into();
        assert!(forward(&mut switch, NOW, 3, &change).is_empty(), "bridges keep what bridges say");
        assert_eq!((switch.topology_changes(), forward(&mut switch, NOW, 1, &frame(B, A))), (1, vec![2, 3]));
        let pause: Bytes = packets::pause(B).into();
        forward(&mut switch, NOW, 2, &pause);
        assert_eq!(forward(&mut switch, NOW, 1, &frame(Mac::BROADCAST, A)), [3]);
        assert_eq!(forward(&mut switch, NOW + PAUSE, 1, &frame(Mac::BROADCAST, A)), [2, 3]);
        switch.block(3, true);
        assert_eq!(forward(&mut switch, NOW + PAUSE, 1, &frame(Mac::BROADCAST, A)), [2]);
    }
}
