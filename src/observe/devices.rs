//! Devices over time: who came, went and changed, by searches and by announcements. Knows no gateways and no sockets;
//! time comes with each fact.

use crate::model::announcement::Announcement;
use crate::model::device::Device;
use crate::model::{MacAddr, Time, vendor};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

/// Devices remembered; the one heard of longest ago goes first.
pub const MAX_DEVICES: usize = 1024;
/// Changes that wait to be fetched; the oldest go first.
const MAX_NEWS: usize = 256;
/// Addresses remembered of one device.
const MAX_ADDRESSES: usize = 8;
/// A device that has not answered for so long is forgotten: the shortest life of an announcement is 1,800 s (UPnP
/// Device Architecture 2.0, 1.2.2).
pub const FORGET_AFTER: Duration = Duration::from_secs(1800);
/// A goodbye counts only after so long without another word: many devices take leave when they start (miniupnpd and
/// minidlna are said to), to be back within a second.
pub const LINGER: Duration = Duration::from_secs(3);

/// What happened to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It was not there before.
    Came,
    /// It said goodbye, or was silent for longer than it promised.
    Went,
    /// Its name, model or place is another.
    Changed,
}

impl Presence {
    /// All, in the order of the metrics.
    pub const ALL: [Self; 3] = [Self::Came, Self::Went, Self::Changed];

    /// Value of the metric label `change`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Came => "came",
            Self::Went => "went",
            Self::Changed => "changed",
        }
    }
}

/// How we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It answered a search.
    Answer,
    /// It announced itself.
    Announcement,
    /// It said goodbye.
    Goodbye,
    /// Its life ran out.
    Silence,
}

/// A device came, went or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceChange {
    /// What.
    pub change: Presence,
    /// How we know.
    pub reason: Reason,
    /// The device, as last known.
    pub device: Device,
    /// When.
    pub at: Time,
}

#[derive(Clone, Debug)]
struct Entry {
    device: Device,
    /// Its addresses: who may say goodbye for it.
    addresses: Vec<IpAddr>,
    until: Time,
    leaving: Option<Time>,
}

/// Every device of the searched interfaces.
#[derive(Clone, Debug, Default)]
pub struct Devices {
    entries: BTreeMap<String, Entry>,
    news: VecDeque<DeviceChange>,
    counts: BTreeMap<Presence, u64>,
    refused: u64,
    settled: bool,
}

fn key(device: &Device) -> String {
    match (device.udn.as_str(), device.location.as_str()) {
        ("", "") => device.ip.to_string(),
        ("", location) => location.to_owned(),
        (udn, _) => udn.to_ascii_lowercase(),
    }
}

impl Devices {
    /// A device answered a search that ended at `at`.
    pub fn found(&mut self, device: &Device, at: Time) {
        self.merge(device, at, FORGET_AFTER, Reason::Answer);
    }

    /// A search has been read to its end: from now on, who is new is news.
    pub fn settle(&mut self) {
        self.settled = true;
    }

    /// A device announced itself.
    pub fn heard(&mut self, announcement: &Announcement, at: Time) {
        match announcement {
            Announcement::Here { device, life } => self.merge(device, at, *life, Reason::Announcement),
            Announcement::Still { udn, ip, life } => {
                if let Some(entry) = self.entries.get_mut(&udn.to_ascii_lowercase()) {
                    entry.device.last_seen = entry.device.last_seen.max(at);
                    entry.until = entry.until.max(at.plus(*life));
                    entry.leaving = None;
                    entry.remember(*ip);
                }
            }
            Announcement::Gone { udn, ip } => {
                // From another's address it is a forgery, or an address that we do not know it by.
                let entry = self.entries.get_mut(&udn.to_ascii_lowercase());
                if let Some(entry) = entry.filter(|entry| entry.addresses.contains(ip)) {
                    entry.leaving.get_or_insert(at.plus(LINGER));
                }
            }
        }
    }

    /// Lets time pass: goodbyes come true, and lives run out.
    pub fn advance(&mut self, now: Time) {
        let over = |entry: &Entry| entry.leaving.is_some_and(|at| at <= now) || entry.until <= now;
        let gone = self.entries.iter().filter(|(_, entry)| over(entry)).map(|(key, _)| key.clone()).collect::<Vec<_>>();
        for key in gone {
            if let Some(Entry { device, leaving, .. }) = self.entries.remove(&key) {
                let reason = if leaving.is_some() { Reason::Goodbye } else { Reason::Silence };
                self.tell(Presence::Went, reason, device, now);
            }
        }
    }

    fn merge(&mut self, device: &Device, at: Time, life: Duration, reason: Reason) {
        let key = key(device);
        let until = at.plus(life);
        let Some(entry) = self.entries.get_mut(&key) else {
            if self.entries.len() >= MAX_DEVICES {
                self.refused += 1;
                let oldest = self.entries.iter().min_by_key(|(_, e)| e.device.last_seen).map(|(key, _)| key.clone());
                oldest.and_then(|oldest| self.entries.remove(&oldest));
            }
            let device = Device { first_seen: at, last_seen: at, ..device.clone() };
            let addresses = vec![device.ip];
            self.entries.insert(key, Entry { device: device.clone(), addresses, until, leaving: None });
            self.tell(Presence::Came, reason, device, at);
            return;
        };
        entry.remember(device.ip);
        (entry.until, entry.leaving) = (entry.until.max(until), None);
        let known = &entry.device;
        let mut fresh = Device { first_seen: known.first_seen, last_seen: at, ..device.clone() };
        // People know their devices by IPv4: the same device heard by IPv6 has not moved.
        if known.ip.is_ipv4() && fresh.ip.is_ipv6() {
            fresh.ip = known.ip;
            fresh.location.clone_from(&known.location);
            fresh.interface = known.interface.clone();
        }
        if fresh.ip == known.ip {
            fresh.mac = fresh.mac.or(known.mac);
            fresh.vendor = fresh.vendor.or_else(|| known.vendor.clone());
        }
        // A description that could not be read this time does not take away what it told before.
        if fresh.friendly_name.is_empty() {
            fresh.friendly_name.clone_from(&known.friendly_name);
            fresh.manufacturer.clone_from(&known.manufacturer);
            fresh.model.clone_from(&known.model);
            fresh.device_type.clone_from(&known.device_type);
        }
        let moved =
            known.ip.is_ipv4() == fresh.ip.is_ipv4() && (known.ip, &known.location) != (fresh.ip, &fresh.location);
        let renamed = (&known.friendly_name, &known.model) != (&fresh.friendly_name, &fresh.model);
        let changed = moved || renamed && !known.friendly_name.is_empty();
        entry.device = fresh.clone();
        if changed {
            self.tell(Presence::Changed, reason, fresh, at);
        }
    }

    /// What was there before us is no news.
    fn tell(&mut self, change: Presence, reason: Reason, device: Device, at: Time) {
        if !self.settled {
            return;
        }
        *self.counts.entry(change).or_default() += 1;
        if self.news.len() >= MAX_NEWS {
            self.news.pop_front();
        }
        self.news.push_back(DeviceChange { change, reason, device, at });
    }

    /// Changes that were not fetched yet, oldest first.
    pub fn news(&mut self) -> impl Iterator<Item = DeviceChange> + '_ {
        self.news.drain(..)
    }

    /// `ip` belongs to `mac`: devices there get it, and its maker.
    pub fn know_mac(&mut self, ip: IpAddr, mac: MacAddr) {
        let there = self.entries.values_mut().map(|entry| &mut entry.device);
        for device in there.filter(|device| device.ip == ip && device.mac != Some(mac)) {
            device.mac = Some(mac);
            device.vendor = vendor::vendor(mac).map(str::to_owned);
        }
    }

    /// Every device, in the order of UDNs.
    pub fn iter(&self) -> impl Iterator<Item = &Device> {
        self.entries.values().map(|entry| &entry.device)
    }

    /// Changes of one kind since the start.
    #[must_use]
    pub fn count(&self, change: Presence) -> u64 {
        self.counts.get(&change).copied().unwrap_or(0)
    }

    /// Devices that were forgotten for want of room.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

impl Entry {
    fn remember(&mut self, ip: IpAddr) {
        if !self.addresses.contains(&ip) && self.addresses.len() < MAX_ADDRESSES {
            self.addresses.push(ip);
        }
    }
}

#[cfg(test)]
#[path = "devices_tests.rs"]
mod tests;
