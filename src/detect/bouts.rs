//! When frames circle, and when they pause: a ring that opens and closes by itself shows it. Bounded; knows no cause.

use crate::model::frames::Replica;
use crate::model::{MacAddr, Time};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

/// Bouts remembered, the latest ones.
const MAX_BOUTS: usize = 16;
/// MACs remembered of each.
const MAX_MACS: usize = 8;
/// What circles comes round many times a second. (Of the least storm that has to be told, 110 frames a second, a hole of
/// this length is one in e⁶⁶, whatever share of the frames was lost.)
const PAUSE: Duration = Duration::from_millis(600);

/// A time in which frames circled without a pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bout {
    /// The first frame of it.
    pub first: Time,
    /// The last.
    pub last: Time,
    /// Copies in it.
    pub copies: u64,
    /// Whose frames, the first few.
    pub macs: BTreeSet<MacAddr>,
}

impl Bout {
    /// How long it took.
    #[must_use]
    pub fn lasted(&self) -> Duration {
        self.last.since(self.first)
    }
}

/// The bouts of one broadcast domain, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Bouts(VecDeque<Bout>);

impl Bouts {
    /// Takes the datagrams of a summary that came again, from one MAC each: several MACs, or a TTL that falls, are a
    /// router's.
    pub fn observe<'a>(&mut self, replicas: impl Iterator<Item = &'a Replica>) {
        let mut circling = replicas.filter(|one| one.senders.len() == 1 && one.ttl_falls == 0).collect::<Vec<_>>();
        // What went on before comes first, so that what is new is compared with the end of all that.
        circling.sort_by_key(|replica| replica.first);
        for replica in circling {
            let goes_on = self.0.back().is_some_and(|bout| replica.first.since(bout.last) < PAUSE);
            if !goes_on {
                if self.0.len() >= MAX_BOUTS {
                    self.0.pop_front();
                }
                let (first, last) = (replica.first, replica.first);
                self.0.push_back(Bout { first, last, copies: 0, macs: BTreeSet::new() });
            }
            let Some(bout) = self.0.back_mut() else { continue };
            bout.last = bout.last.max(replica.last);
            bout.copies += replica.fresh;
            if bout.macs.len() < MAX_MACS {
                bout.macs.insert(replica.first_mac);
            }
        }
    }

    /// Those that ended after `since`, oldest first, the present one included.
    pub fn after(&self, since: Time) -> impl Iterator<Item = &Bout> {
        self.0.iter().filter(move |bout| bout.last >= since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frames::{CopyCount, Protocol};

    fn ms(ms: i64) -> Time {
        Time::from_nanos(1_000_000_000_000 + ms * 1_000_000)
    }

    fn replica(mac: u8, first: i64, last: i64, fresh: u64) -> Replica {
        let mac = MacAddr([2, 0, 0, 0, 0, mac]);
        let sender = CopyCount { mac, frames: fresh, ttl_min: 4, ttl_max: 4, first: ms(first) };
        Replica {
            hash: 1,
            vlan: 0,
            ip: None,
            group: None,
            protocol: Protocol::Arp,
            ip_id: None,
            copies: fresh,
            fresh,
            frame_len: 60,
            first: ms(first),
            last: ms(last),
            first_number: 1,
            last_number: 2,
            first_mac: mac,
            first_ttl: 0,
            ttl_falls: 0,
            ttl_same: 1,
            senders: vec![sender],
            warm: true,
        }
    }

    #[test]
    fn a_bout_ends_with_a_pause() {
        let mut bouts = Bouts::default();
        bouts.observe([replica(2, 900, 1000, 50), replica(1, 0, 1000, 500)].iter());
        bouts.observe([replica(1, 0, 1900, 300), replica(3, 2400, 2500, 20)].iter());
        let routed = Replica { ttl_falls: 3, ..replica(9, 5000, 5100, 4) };
        bouts.observe([replica(3, 3200, 4000, 60), routed].iter());
        let told = bouts.after(Time::MIN).map(|bout| (bout.copies, bout.macs.len(), bout.lasted().as_millis()));
        assert_eq!(told.collect::<Vec<_>>(), [(870, 3, 2500), (60, 1, 800)]);
        assert_eq!(bouts.after(ms(3000)).count(), 1);
        for n in 0..100 {
            bouts.observe([replica(1, 10_000 + n * 1000, 10_100 + n * 1000, 9)].iter());
        }
        assert_eq!(bouts.after(Time::MIN).count(), MAX_BOUTS);
    }
}
