//! Traffic that the user has told to expect, by its sender or its group, up to a rate and a day; and how much of it there is
//! in a segment. It says only that a source sends as much as it was said to: copies are looked for elsewhere, and never
//! excused. Blames nobody.

use super::thresholds::Thresholds;
use super::window::WholeSeconds;
use crate::model::frames::SourceCount;
use crate::model::{MacAddr, Time};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Entries that there may be.
pub const MAX_EXPECTED: usize = 64;
/// Senders to an expected group that are followed until one of them is known to be the one that is meant.
const MAX_SENDERS: usize = 16;
/// A sender to a group stays the one that was meant for so long after its last frame: a nightly backup comes back, and a
/// stranger in its absence is none.
const HOLDS_FOR: Duration = Duration::from_secs(24 * 3600);
/// Counters tell of times that are past: of so long a stretch, and the one before it, the most is known.
const STRETCH: Duration = Duration::from_secs(60);
/// A sender that is not meant is forgotten after this long.
const FORGET_AFTER: Duration = Duration::from_secs(10);

/// Traffic that is no storm, as the user said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expected {
    /// Whose. `None`: of whoever sends to the group first.
    pub mac: Option<MacAddr>,
    /// To which group. `None`: to any, broadcasts included.
    pub group: Option<IpAddr>,
    /// Frames per second up to which it is expected.
    pub max_pps: u64,
    /// From then on it is not expected any more.
    pub until: Time,
    /// What it is.
    pub why: Arc<str>,
}

impl Expected {
    /// Whether it holds.
    #[must_use]
    pub fn holds(&self, at: Time) -> bool {
        at < self.until
    }

    fn is_of(&self, source: &SourceCount) -> bool {
        self.mac.is_none_or(|mac| mac == source.key.mac)
            && self.group.is_none_or(|group| source.key.group == Some(group))
    }
}

/// All that the user has told to expect.
pub type Entries = Arc<[Arc<Expected>]>;

/// What there is of one entry in a segment.
#[derive(Clone, Debug, Default)]
pub struct Quota {
    /// Whose it is, and when that was last heard.
    holder: Option<(MacAddr, Time)>,
    /// Of an entry that names no sender, those that send there before it is known who is meant.
    senders: BTreeMap<MacAddr, (WholeSeconds, Time)>,
    /// Frames per second of the holder.
    seconds: WholeSeconds,
    /// The most of them in a second, in the present stretch of time and the one before, and when the present one began.
    most: [u64; 2],
    since: Time,
}

impl Quota {
    /// Who sends it.
    #[must_use]
    pub fn holder(&self) -> Option<MacAddr> {
        self.holder.map(|(mac, _)| mac)
    }

    /// Frames in its present or last second.
    #[must_use]
    pub fn pps(&self) -> u64 {
        self.seconds.busiest()
    }
}

/// What of the expected traffic there is in one segment.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    entries: Entries,
    /// Of those entries of which anything was heard.
    quotas: BTreeMap<Arc<Expected>, Quota>,
}

/// From how many frames in a second on a sender is a suspect, and for how many seconds in a row.
#[derive(Clone, Copy, Debug)]
pub struct Suspicious {
    /// Frames per second.
    pub pps: u64,
    /// Seconds in a row.
    pub seconds: u32,
}

impl From<&Thresholds> for Suspicious {
    fn from(limits: &Thresholds) -> Self {
        Self { pps: limits.source_pps, seconds: limits.source_seconds }
    }
}

impl Expectations {
    /// Takes the list. What is known of entries that stay is kept.
    pub fn told(&mut self, entries: &Entries) {
        if !Arc::ptr_eq(&self.entries, entries) {
            self.entries = Arc::clone(entries);
            self.quotas.retain(|entry, _| entries.contains(entry));
        }
    }

    /// Nothing is expected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Counts a source up to `at`; of its `frames` none were lost. Whether they are expected, and no more than that.
    pub fn take(&mut self, source: &SourceCount, frames: u64, at: Time, limit: Suspicious) -> bool {
        let mut covered = false;
        for entry in self.entries.iter().filter(|entry| entry.holds(at) && entry.is_of(source)) {
            let quota = self.quotas.entry(Arc::clone(entry)).or_default();
            let mac = source.key.mac;
            if entry.mac.is_some() {
                quota.holder = Some((mac, at));
            } else if quota.holder.is_none_or(|(_, last)| at.since(last) >= HOLDS_FOR) {
                quota.look_for_holder(mac, frames, at, limit.pps);
            }
            if quota.holder() != Some(mac) {
                continue;
            }
            quota.holder = Some((mac, at));
            quota.seconds.add(at, frames, entry.max_pps.saturating_add(1));
            quota.remember(at);
            covered |= !exceeds(entry, quota, limit);
        }
        covered
    }

    /// Lets time pass.
    pub fn advance(&mut self, at: Time) {
        for (entry, quota) in &mut self.quotas {
            quota.seconds.advance(at, entry.max_pps.saturating_add(1));
            quota.senders.retain(|_, (_, last)| at.since(*last) < FORGET_AFTER);
        }
    }

    /// This sender sends more than was told, for as long as makes any sender a suspect.
    #[must_use]
    pub fn exceeded_by(&self, mac: MacAddr, limit: Suspicious) -> bool {
        self.quotas.iter().any(|(entry, quota)| quota.holder() == Some(mac) && exceeds(entry, quota, limit))
    }

    /// More of it is sent than was told, for as long as makes any sender a suspect.
    #[must_use]
    pub fn is_exceeded(&self, entry: &Arc<Expected>, limits: &Thresholds) -> bool {
        self.of(entry).is_some_and(|quota| exceeds(entry, quota, limits.into()))
    }

    /// The most frames per second of all entries together within the last minute or two; of those that are exceeded, or have
    /// ended, nothing.
    #[must_use]
    pub fn lately(&self, at: Time, limits: &Thresholds) -> u64 {
        let good = self.quotas.iter().filter(|(entry, quota)| entry.holds(at) && !exceeds(entry, quota, limits.into()));
        good.map(|(_, quota)| quota.lately(at)).sum()
    }

    /// Who sends it.
    pub fn senders(&self) -> impl Iterator<Item = MacAddr> {
        self.quotas.values().filter_map(Quota::holder)
    }

    /// What there is of an entry.
    #[must_use]
    pub fn of(&self, entry: &Arc<Expected>) -> Option<&Quota> {
        self.quotas.get(entry)
    }
}

fn exceeds(entry: &Expected, quota: &Quota, limit: Suspicious) -> bool {
    quota.seconds.over_now(entry.max_pps.saturating_add(1)) >= limit.seconds
}

impl Quota {
    fn remember(&mut self, at: Time) {
        if at.since(self.since) >= STRETCH {
            let before = if at.since(self.since) < STRETCH * 2 { self.most[0] } else { 0 };
            (self.most, self.since) = ([0, before], at);
        }
        self.most[0] = self.most[0].max(self.seconds.busiest());
    }

    fn lately(&self, at: Time) -> u64 {
        let [present, before] = self.most;
        match at.since(self.since) {
            age if age < STRETCH => present.max(before),
            age if age < STRETCH * 2 => present,
            _ => 0,
        }
    }

    /// The first that sends there as much as makes a suspect is the one that is meant: whoever comes after it is another.
    fn look_for_holder(&mut self, mac: MacAddr, frames: u64, at: Time, limit: u64) {
        self.holder = None;
        if self.senders.len() >= MAX_SENDERS && !self.senders.contains_key(&mac) {
            return;
        }
        let (seconds, last) = self.senders.entry(mac).or_insert_with(|| (WholeSeconds::default(), at));
        seconds.add(at, frames, limit);
        *last = at;
        if seconds.over_now(limit) > 0 {
            self.holder = Some((mac, at));
            self.senders.clear();
            self.seconds = WholeSeconds::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frames::{Protocol, SourceKey};

    const NAS: MacAddr = MacAddr([0x00, 0x11, 0x32, 0, 0, 1]);
    const OTHER: MacAddr = MacAddr([0x00, 0x11, 0x32, 9, 9, 9]);
    const LIMIT: Suspicious = Suspicious { pps: 50, seconds: 3 };

    fn entry(mac: Option<MacAddr>, group: Option<&str>, until: i64) -> Arc<Expected> {
        let group = group.map(|group| group.parse().expect("an address"));
        Arc::new(Expected { mac, group, max_pps: 5_000, until: Time::from_secs(until), why: "NAS backup".into() })
    }

    /// Lets each of these send so many frames a second, and gives whether those of the last second are expected.
    fn send(told: &mut Expectations, from: i64, seconds: i64, senders: &[(MacAddr, &str, u64)]) -> Vec<bool> {
        let mut covered = Vec::new();
        for second in from..from + seconds {
            let at = Time::from_secs(second + 1);
            covered = senders
                .iter()
                .map(|(mac, group, frames)| {
                    let group = group.parse().ok();
                    let key = SourceKey { vlan: 0, mac: *mac, ip: None, group, protocol: Protocol::OtherUdp };
                    let source = SourceCount {
                        key,
                        frames: *frames,
                        overcount: 0,
                        bytes: 0,
                        repeats: 0,
                        echoes: 0,
                        first: at,
                        last: at,
                    };
                    told.take(&source, *frames, at, LIMIT)
                })
                .collect();
            told.advance(at);
        }
        covered
    }

    fn expecting(entry: Arc<Expected>) -> Expectations {
        let mut told = Expectations::default();
        told.told(&[entry].into());
        told
    }

    #[test]
    fn a_device_is_expected_up_to_its_rate_and_until_its_day_and_nobody_else_is() {
        let mut told = expecting(entry(Some(NAS), None, 100));
        assert_eq!(send(&mut told, 0, 5, &[(NAS, "", 4_100), (OTHER, "", 4_100)]), [true, false]);
        assert_eq!(told.of(&told.entries[0].clone()).map(Quota::pps), Some(4_100));
        assert_eq!(send(&mut told, 5, 2, &[(NAS, "", 5_001)]), [true], "as anybody else, it has three seconds");
        assert!(!told.exceeded_by(NAS, LIMIT));
        assert_eq!(send(&mut told, 7, 1, &[(NAS, "", 5_001)]), [false]);
        assert!(told.exceeded_by(NAS, LIMIT) && !told.exceeded_by(OTHER, LIMIT));
        assert_eq!(send(&mut told, 8, 2, &[(NAS, "", 4_100)]), [true]);
        assert_eq!(send(&mut told, 100, 1, &[(NAS, "", 4_100)]), [false], "its day is over");
    }

    #[test]
    fn an_expected_group_is_of_whoever_sent_there_first_and_of_no_other() {
        let group = "239.1.2.3";
        let mut told = expecting(entry(None, Some(group), 900_000));
        // One that says little there is not meant.
        assert_eq!(
            send(&mut told, 0, 3, &[(OTHER, group, 1), (NAS, group, 900), (NAS, "239.9.9.9", 900)]),
            [false, true, false]
        );
        assert_eq!(send(&mut told, 3, 5, &[(OTHER, group, 700), (NAS, group, 900)]), [false, true]);
        // Also after it has been silent for a while.
        assert_eq!(send(&mut told, 3_600, 9, &[(OTHER, group, 700)]), [false]);
        assert_eq!(send(&mut told, 100_000, 2, &[(OTHER, group, 700)]), [true], "after a day it is another's");
    }

    #[test]
    fn what_is_told_anew_keeps_what_is_known_of_entries_that_stay() {
        let (stays, goes) = (entry(Some(NAS), None, 100), entry(Some(OTHER), None, 100));
        let mut told = Expectations::default();
        told.told(&[Arc::clone(&stays), Arc::clone(&goes)].into());
        send(&mut told, 0, 2, &[(NAS, "", 900), (OTHER, "", 900)]);
        told.told(&[Arc::new((*stays).clone())].into());
        assert_eq!((told.of(&stays).map(Quota::pps), told.of(&goes).is_none()), (Some(900), true));
    }
}
