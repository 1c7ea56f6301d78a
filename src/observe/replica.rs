//! Which datagrams were seen again, and by whom: a fixed set-associative table, so that neither a storm nor forged
//! datagrams can grow it. Counts; does not say what a replica means.

use crate::model::frames::{CopyCount, Protocol, Replica};
use crate::model::{MacAddr, Time};
use crate::wire::frame::Frame;
use std::net::IpAddr;
use std::time::Duration;

/// Sets × ways: places for datagrams seen lately. The busiest healthy second measured had 27 group frames, so that
/// 2,048 places hold a minute of the busiest LAN; under a flood of fresh datagrams the oldest go first.
const SETS: usize = 512;
const WAYS: usize = 4;

/// Copies that lie further apart are not one event: identical healthy frames came up to 4 times within one second,
/// but 59 times within a minute (99 captures), so that only windows of a second discriminate.
pub const WINDOW: Duration = Duration::from_secs(1);

/// Datagrams reported in one summary.
pub const MAX_REPORTED: usize = 64;

/// When copies are worth a report.
#[derive(Clone, Copy, Debug)]
pub struct ReplicaRules {
    /// This many copies within [`WINDOW`], whoever sent them (6: the healthy maximum was 4).
    pub copies: u64,
}

impl Default for ReplicaRules {
    fn default() -> Self {
        Self { copies: 6 }
    }
}

#[derive(Clone, Copy)]
struct Slot {
    hash: u64,
    copies: u64,
    fresh: u64,
    first: Time,
    last: Time,
    /// Start and count of the current window.
    window_start: Time,
    window_copies: u64,
    first_number: u64,
    last_number: u64,
    frame_len: u32,
    ttl_falls: u32,
    ttl_same: u32,
    ip: Option<IpAddr>,
    group: Option<IpAddr>,
    ip_id: Option<u16>,
    vlan: u16,
    last_ttl: u8,
    first_ttl: u8,
    protocol: Protocol,
    senders: u8,
    fired: bool,
    warm: bool,
    per_sender: [CopyCount; Replica::MAX_MACS],
}

const NOBODY: CopyCount = CopyCount { mac: MacAddr::ZERO, frames: 0, ttl_min: 0, ttl_max: 0, first: Time::MIN };

const EMPTY: Slot = Slot {
    hash: 0,
    copies: 0,
    fresh: 0,
    first: Time::MIN,
    last: Time::MIN,
    window_start: Time::MIN,
    window_copies: 0,
    first_number: 0,
    last_number: 0,
    frame_len: 0,
    ttl_falls: 0,
    ttl_same: 0,
    ip: None,
    group: None,
    ip_id: None,
    vlan: 0,
    last_ttl: 0,
    first_ttl: 0,
    protocol: Protocol::Other,
    senders: 0,
    fired: false,
    warm: false,
    per_sender: [NOBODY; Replica::MAX_MACS],
};

/// What [`ReplicaTable::see`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Not seen within the last second.
    New,
    /// Seen before, and nothing that a healthy network doesn't do.
    Repeat,
    /// A replica rule holds for this datagram.
    Fired,
}

/// The datagrams of the last seconds.
pub struct ReplicaTable {
    slots: Box<[Slot]>,
    fired: Vec<u32>,
    rules: ReplicaRules,
    seed: u64,
    evicted: u64,
}

impl std::fmt::Debug for ReplicaTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplicaTable").field("fired", &self.fired.len()).field("evicted", &self.evicted).finish()
    }
}

impl ReplicaTable {
    /// An empty table. `seed` is the secret of the hash.
    #[must_use]
    pub fn new(rules: ReplicaRules, seed: u64) -> Self {
        let slots = vec![EMPTY; SETS * WAYS].into_boxed_slice();
        Self { slots, fired: Vec::with_capacity(MAX_REPORTED), rules, seed, evicted: 0 }
    }

    /// Counts one group frame. `warm`: the tally has been listening for a second or more.
    pub fn see(&mut self, frame: &Frame<'_>, at: Time, number: u64, frame_len: u32, warm: bool) -> Sight {
        let hash = frame.replica_hash(self.seed);
        let base = (hash as usize % SETS) * WAYS;
        let index = match (base..base + WAYS).find(|&i| self.slots[i].hash == hash && self.slots[i].copies > 0) {
            Some(index) if at.since(self.slots[index].last) <= WINDOW => index,
            Some(index) => return self.start(index, hash, frame, at, number, frame_len, warm),
            None => {
                // The place least missed: one whose datagram is no longer coming, else the one with fewest copies.
                let least =
                    |i: &usize| (at.since(self.slots[*i].last) <= WINDOW, self.slots[*i].copies, self.slots[*i].last);
                let index = (base..base + WAYS).min_by_key(least).unwrap_or(base);
                self.evicted += u64::from(at.since(self.slots[index].last) <= WINDOW);
                return self.start(index, hash, frame, at, number, frame_len, warm);
            }
        };
        self.count(index, frame, at, number)
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one slot, on the hot path")]
    fn start(
        &mut self,
        index: usize,
        hash: u64,
        frame: &Frame<'_>,
        at: Time,
        number: u64,
        frame_len: u32,
        warm: bool,
    ) -> Sight {
        // A fired datagram that pauses or is evicted must not leave its number behind for the newcomer.
        if self.slots[index].fired {
            self.fired.retain(|&i| i as usize != index);
        }
        let mut per_sender = [NOBODY; Replica::MAX_MACS];
        per_sender[0] = CopyCount { mac: frame.source, frames: 1, ttl_min: frame.ttl, ttl_max: frame.ttl, first: at };
        self.slots[index] = Slot {
            hash,
            copies: 1,
            fresh: 1,
            first: at,
            last: at,
            window_start: at,
            window_copies: 1,
            first_number: number,
            last_number: number,
            frame_len,
            ip: frame.ip,
            group: frame.destination_ip,
            ip_id: frame.ip_id,
            vlan: frame.vlan,
            first_ttl: frame.ttl,
            last_ttl: frame.ttl,
            protocol: frame.protocol,
            senders: 1,
            warm,
            per_sender,
            ..EMPTY
        };
        Sight::New
    }

    fn count(&mut self, index: usize, frame: &Frame<'_>, at: Time, number: u64) -> Sight {
        let slot = &mut self.slots[index];
        slot.copies += 1;
        slot.fresh += 1;
        slot.last = slot.last.max(at);
        slot.last_number = number;
        if at.since(slot.window_start) > WINDOW {
            slot.window_start = at;
            slot.window_copies = 0;
        }
        slot.window_copies += 1;
        slot.ttl_falls += u32::from(frame.ttl < slot.last_ttl);
        slot.ttl_same += u32::from(frame.ttl == slot.last_ttl);
        slot.last_ttl = frame.ttl;
        let senders = usize::from(slot.senders);
        match slot.per_sender[..senders].iter_mut().find(|s| s.mac == frame.source) {
            Some(sender) => {
                sender.frames += 1;
                sender.ttl_min = sender.ttl_min.min(frame.ttl);
                sender.ttl_max = sender.ttl_max.max(frame.ttl);
            }
            None if senders < Replica::MAX_MACS => {
                slot.per_sender[senders] =
                    CopyCount { mac: frame.source, frames: 1, ttl_min: frame.ttl, ttl_max: frame.ttl, first: at };
                slot.senders += 1;
            }
            None => slot.per_sender[Replica::MAX_MACS - 1].frames += 1,
        }
        if !slot.fired {
            let many = slot.window_copies >= self.rules.copies;
            let falling = slot.ttl_falls >= 2 && slot.ttl_same == 0;
            let foreign = slot.senders >= 2;
            if !(many || falling || foreign) || self.fired.len() >= MAX_REPORTED {
                return Sight::Repeat;
            }
            slot.fired = true;
            self.fired.push(index as u32);
        }
        Sight::Fired
    }

    /// Takes the fired datagrams that had copies since the last call, most copies first, and the number of entries
    /// that had to make room while they were still in use.
    pub fn drain(&mut self, now: Time, into: &mut Vec<Replica>) -> u64 {
        for &index in &self.fired {
            let slot = &mut self.slots[index as usize];
            if slot.fresh == 0 {
                continue;
            }
            into.push(Replica {
                hash: slot.hash,
                vlan: slot.vlan,
                ip: slot.ip,
                group: slot.group,
                protocol: slot.protocol,
                ip_id: slot.ip_id,
                copies: slot.copies,
                fresh: slot.fresh,
                frame_len: slot.frame_len,
                first: slot.first,
                last: slot.last,
                first_number: slot.first_number,
                last_number: slot.last_number,
                first_mac: slot.per_sender[0].mac,
                first_ttl: slot.first_ttl,
                ttl_falls: slot.ttl_falls,
                ttl_same: slot.ttl_same,
                senders: slot.per_sender[..usize::from(slot.senders)].to_vec(),
                warm: slot.warm,
            });
            slot.fresh = 0;
        }
        let slots = &mut self.slots;
        self.fired.retain(|&index| {
            let alive = now.since(slots[index as usize].last) <= WINDOW;
            if !alive {
                slots[index as usize].fired = false;
                slots[index as usize].copies = 0;
            }
            alive
        });
        into.sort_by(|a, b| b.copies.cmp(&a.copies).then(a.hash.cmp(&b.hash)));
        std::mem::take(&mut self.evicted)
    }
}
