//! The first copies of every datagram that came again, with frame number, sender and TTL: whether the TTL falls from
//! copy to copy is what tells a router from a cable. Keeps what a report can show; the tally counts.

use crate::model::frames::{FrameMeta, Protocol};
use crate::model::{MacAddr, Time};
use crate::observe::replica::WINDOW;
use crate::wire::digest::Secret;
use crate::wire::frame::Frame;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// First copies kept of one datagram.
const MAX_RUNGS: usize = 16;
/// Datagrams kept that came again.
const MAX_KEPT: usize = 64;
/// Datagrams of the last second remembered in case they come again; twice as many while a generation ends.
const MAX_YOUNG: usize = 1024;
/// Copies from which on a datagram is kept: healthy devices say the same two or three times.
const KEPT_FROM: u64 = 3;
/// Healthy networks repeat one datagram at most 4 times within a second (99 captures): with so many copies it stays.
const SETTLED_FROM: u64 = 6;
/// The hash tells datagrams of one file apart; nobody can aim at it who writes the file before it is read, and a
/// collision costs a line of a report.
const SEED: u64 = 0x1add_e125;

/// One sight of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// The frame's number in its file.
    pub number: u64,
    /// When.
    pub at: Time,
    /// Who sent it, by Ethernet.
    pub mac: MacAddr,
    /// TTL or hop limit; 0 without an IP header.
    pub ttl: u8,
}

/// One datagram and its first copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// The capture source that saw it.
    pub interface: Arc<str>,
    /// VLAN id, 0 for untagged.
    pub vlan: u16,
    /// Source address.
    pub ip: Option<IpAddr>,
    /// Destination.
    pub group: Option<IpAddr>,
    /// IPv4 identification.
    pub ip_id: Option<u16>,
    /// What it carries.
    pub protocol: Protocol,
    /// Sights in all, the first included.
    pub copies: u64,
    /// The last sight.
    pub last: Time,
    /// The first sights, in the order of the file.
    pub rungs: Vec<Rung>,
}

impl Ladder {
    fn begin(interface: &Arc<str>, frame: &Frame<'_>, rung: Rung) -> Self {
        Self {
            interface: Arc::clone(interface),
            vlan: frame.vlan,
            ip: frame.ip,
            group: frame.destination_ip,
            ip_id: frame.ip_id,
            protocol: frame.protocol,
            copies: 1,
            last: rung.at,
            rungs: vec![rung],
        }
    }

    /// Takes one more sight; true if it came within a second of the one before.
    fn climb(&mut self, rung: Rung) -> bool {
        let close = rung.at.since(self.last) <= WINDOW;
        if !close && self.copies < SETTLED_FROM {
            self.rungs.clear();
            self.copies = 0;
        }
        self.copies += 1;
        self.last = self.last.max(rung.at);
        if self.rungs.len() < MAX_RUNGS {
            self.rungs.push(rung);
        }
        close
    }

    /// It was seen in the broadcast domain that a verdict calls `segment`.
    #[must_use]
    pub fn is_in(&self, segment: &str) -> bool {
        match segment.strip_prefix(&*self.interface) {
            Some("") => self.vlan == 0,
            Some(rest) => rest.strip_prefix('.').is_some_and(|vlan| vlan.parse() == Ok(self.vlan)),
            None => false,
        }
    }
}

/// The datagrams that came again.
#[derive(Debug, Default)]
pub struct Ladders {
    /// By hash, those that came at least [`KEPT_FROM`] times.
    kept: BTreeMap<u64, Ladder>,
    young: BTreeMap<u64, Ladder>,
    old: BTreeMap<u64, Ladder>,
    turned: Option<Time>,
    refused: u64,
}

impl Ladders {
    /// Takes a group frame; true if its datagram was seen within the second before.
    pub(super) fn see(&mut self, interface: &Arc<str>, meta: &FrameMeta, frame: &Frame<'_>) -> bool {
        // The same datagram in another capture source is another sight of it, not a copy.
        let place = interface.bytes().fold(SEED, |sum, byte| sum.rotate_left(5) ^ u64::from(byte));
        let hash = frame.replica_hash(&Secret::new(place));
        let rung = Rung { number: meta.number, at: meta.at, mac: frame.source, ttl: frame.ttl };
        if let Some(ladder) = self.kept.get_mut(&hash) {
            return ladder.climb(rung);
        }
        self.turn(meta.at);
        let mut ladder = match self.young.remove(&hash).or_else(|| self.old.remove(&hash)) {
            Some(ladder) => ladder,
            None => {
                self.young.insert(hash, Ladder::begin(interface, frame, rung));
                return false;
            }
        };
        let close = ladder.climb(rung);
        if ladder.copies >= KEPT_FROM {
            self.keep(hash, ladder);
        } else {
            self.young.insert(hash, ladder);
        }
        close
    }

    /// Forgets what has not come again within a second or two.
    fn turn(&mut self, now: Time) {
        let due = self.turned.is_none_or(|turned| now.since(turned) > WINDOW);
        if due || self.young.len() >= MAX_YOUNG {
            self.old = std::mem::take(&mut self.young);
            self.turned = Some(now);
        }
    }

    fn keep(&mut self, hash: u64, ladder: Ladder) {
        if self.kept.len() >= MAX_KEPT {
            let least = self.kept.iter().min_by_key(|(_, known)| (known.copies, known.last));
            match least.map(|(hash, known)| (*hash, known.copies)) {
                Some((least, copies)) if copies < SETTLED_FROM => drop(self.kept.remove(&least)),
                _ => {
                    self.refused += 1;
                    return;
                }
            }
        }
        self.kept.insert(hash, ladder);
    }

    /// Those that came at least three times, most copies first.
    #[must_use]
    pub fn all(&self) -> Vec<&Ladder> {
        let mut all = self.kept.values().collect::<Vec<_>>();
        all.sort_by_key(|ladder| (std::cmp::Reverse(ladder.copies), ladder.rungs.first().map(|rung| rung.number)));
        all
    }

    /// Datagrams that found no room.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frames::LinkType;
    use crate::wire::frame;
    use etherparse::PacketBuilder;
    use std::time::Duration;

    fn see(ladders: &mut Ladders, number: u64, ms: u64, ttl: u8, text: &str) -> bool {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [1, 0, 0x5e, 0x7f, 0xff, 0xfa])
            .ipv4([192, 168, 1, 10], [239, 255, 255, 250], ttl)
            .udp(50_000, 1900)
            .write(&mut bytes, text.as_bytes())
            .expect("writing to a vector");
        let at = Time::from_secs(0).plus(Duration::from_millis(ms));
        let meta = FrameMeta { at, number, interface: 0, link: LinkType::Ethernet, vlan: None, original_len: 60 };
        ladders.see(&"lan0".into(), &meta, &frame::parse(&meta, &bytes).expect("a good frame"))
    }

    #[test]
    fn the_first_copies_stand_in_order() {
        let mut ladders = Ladders::default();
        let repeats = (0..40).filter(|n| see(&mut ladders, *n + 1, *n, 40 - *n as u8, "search")).count();
        assert_eq!(repeats, 39);
        let all = ladders.all();
        assert_eq!((all.len(), all[0].copies, all[0].rungs.len()), (1, 40, MAX_RUNGS));
        assert!(all[0].rungs.is_sorted_by_key(|rung| (rung.number, 255 - rung.ttl)));
        assert!(all[0].is_in("lan0") && !all[0].is_in("lan0.5") && !all[0].is_in("lan1"));
    }

    #[test]
    fn what_devices_repeat_slowly_is_no_ladder_and_a_crowd_does_not_hide_one() {
        let mut ladders = Ladders::default();
        for n in 0..20 {
            assert!(!see(&mut ladders, n, n * 5_000, 4, "slowly"));
        }
        assert!(ladders.all().is_empty());
        for n in 0..20_000 {
            see(&mut ladders, n, 200_000 + n / 10, 4, &format!("fresh {n}"));
            see(&mut ladders, n, 200_000 + n / 10, 4, &format!("three times {}", n / 3));
            if n % 10 == 0 {
                see(&mut ladders, n, 200_000 + n / 10, 4, "storm");
            }
        }
        assert!(ladders.kept.len() <= MAX_KEPT && ladders.young.len() <= MAX_YOUNG && ladders.old.len() <= MAX_YOUNG);
        assert_eq!(ladders.all()[0].copies, 2_000);
    }
}
