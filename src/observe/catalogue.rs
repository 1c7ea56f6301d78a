//! What discoveries found, merged over time: devices, gateways, and the port mappings that came and went. Judges
//! nothing, and never asks: time comes with each discovery.

use super::devices::{Devices, FORGET_AFTER};
use crate::model::device::{Device, Discovery, Gateway, MappingProtocol, PortMapping, Reach};
use crate::model::text::Sentence;
use crate::model::{MacAddr, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

/// Gateways remembered; the one heard of longest ago goes first.
pub const MAX_GATEWAYS: usize = 64;
/// Changes of port mappings remembered; the oldest go first.
pub const MAX_CHANGES: usize = 256;

/// What happened to a mapping. One whose target was changed is removed and added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
}

impl Change {
    /// Value of the metric label `change`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// A port mapping came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MappingChange {
    /// UDN of the gateway.
    pub gateway: Arc<str>,
    /// What it calls itself.
    pub gateway_name: Arc<str>,
    /// Which way.
    pub change: Change,
    /// The mapping, as last seen.
    pub mapping: PortMapping,
    /// End of the discovery that showed it.
    pub at: Time,
    /// Whom it leads to and whether it can be reached, judged when it came or went; `None` until it was judged.
    #[serde(flatten)]
    pub judged: Option<Judged>,
}

/// What is known of a mapping when it comes or goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Name of the internal client.
    pub client_name: Option<Arc<str>>,
    /// Its maker, by its MAC.
    pub client_vendor: Option<&'static str>,
    /// Its MAC.
    pub client_mac: Option<MacAddr>,
    /// Whether it can (or could) be reached from the Internet over IPv4.
    pub reachability: Reach,
    /// Id of the reason that decides.
    pub reason: &'static str,
    /// What it says.
    #[serde(skip)]
    pub why: Sentence,
}

/// A gateway over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayRecord {
    /// As last read. Where that reading was cut short, mappings known before are kept.
    pub gateway: Gateway,
    /// First and last answer.
    pub first_seen: Time,
    /// See `first_seen`.
    pub last_seen: Time,
    /// It was found by the last discovery that was not cut short.
    pub up: bool,
    /// Its mappings have been read to the end once: from then on a new one is a change.
    settled: bool,
}

/// Devices and gateways of all searched interfaces.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Who came, went and changed, by searches and announcements.
    pub devices: Devices,
    gateways: BTreeMap<String, GatewayRecord>,
    changes: VecDeque<MappingChange>,
    added: u64,
    removed: u64,
    refused: u64,
    last: Option<Time>,
}

/// What makes two readings of a mapping the same mapping. Not its lease, which runs down, nor its description, which
/// some gateways read past its end, so that it differs each time.
type Identity = (MappingProtocol, u16, Option<String>, String, u16, bool);

fn identity(mapping: &PortMapping) -> Identity {
    (
        mapping.protocol.clone(),
        mapping.external_port,
        mapping.remote_host.clone(),
        mapping.internal_client.clone(),
        mapping.internal_port,
        mapping.enabled,
    )
}

impl Catalogue {
    /// Takes the result of a discovery, and says which mappings came and went; [`Catalogue::remember`] keeps them. The first full reading of a gateway
    /// changes nothing: what was there before us is no news.
    pub fn merge(&mut self, discovery: &Discovery) -> Vec<MappingChange> {
        let at = discovery.at;
        self.last = self.last.max(Some(at));
        for device in &discovery.devices {
            self.devices.found(device, at);
        }
        if !discovery.stopped && !discovery.interfaces.is_empty() {
            self.devices.settle();
            self.gateways.values_mut().for_each(|record| record.up = false);
        }
        let mut changes = Vec::new();
        for gateway in &discovery.gateways {
            self.merge_gateway(gateway, at, &mut changes);
        }
        self.forget(at);
        for change in &changes {
            match change.change {
                Change::Added => self.added += 1,
                Change::Removed => self.removed += 1,
            }
        }
        changes
    }

    /// Keeps a change that [`Catalogue::merge`] told, now that it was judged.
    pub fn remember(&mut self, change: MappingChange) {
        if self.changes.len() >= MAX_CHANGES {
            self.changes.pop_front();
        }
        self.changes.push_back(change);
    }

    fn merge_gateway(&mut self, gateway: &Gateway, at: Time, changes: &mut Vec<MappingChange>) {
        let key = if gateway.udn.is_empty() { &gateway.location } else { &gateway.udn }.to_ascii_lowercase();
        let Some(record) = self.gateways.get_mut(&key) else {
            if self.gateways.len() >= MAX_GATEWAYS {
                self.refused += 1;
                let oldest = self.gateways.iter().min_by_key(|(_, r)| r.last_seen).map(|(key, _)| key.clone());
                oldest.and_then(|oldest| self.gateways.remove(&oldest));
            }
            let settled = gateway.complete;
            let gateway = gateway.clone();
            self.gateways.insert(key, GatewayRecord { gateway, first_seen: at, last_seen: at, up: true, settled });
            return;
        };
        let before = std::mem::replace(&mut record.gateway, gateway.clone());
        (record.up, record.last_seen) = (true, at);
        let had = before.mappings.iter().map(identity).collect::<BTreeSet<_>>();
        let has = gateway.mappings.iter().map(identity).collect::<BTreeSet<_>>();
        let gone = before.mappings.into_iter().filter(|m| !has.contains(&identity(m))).collect::<Vec<_>>();
        let (udn, name): (Arc<str>, Arc<str>) = (gateway.udn.as_str().into(), gateway.friendly_name.as_str().into());
        let mut tell = |change, mapping: &PortMapping| {
            let (gateway, gateway_name) = (Arc::clone(&udn), Arc::clone(&name));
            changes.push(MappingChange { gateway, gateway_name, change, mapping: mapping.clone(), at, judged: None });
        };
        if gateway.complete && record.settled {
            gone.iter().for_each(|mapping| tell(Change::Removed, mapping));
        }
        if record.settled {
            let new = gateway.mappings.iter().filter(|m| !had.contains(&identity(m)));
            new.for_each(|mapping| tell(Change::Added, mapping));
        }
        if !gateway.complete {
            record.gateway.mappings.extend(gone);
        }
        record.settled |= gateway.complete;
    }

    /// Forgets who has not answered for [`FORGET_AFTER`] at `now`.
    pub fn forget(&mut self, now: Time) {
        self.devices.advance(now);
        self.gateways.retain(|_, record| now.since(record.last_seen) < FORGET_AFTER);
    }

    /// `ip` belongs to `mac`: devices there get it, and its maker.
    pub fn know_mac(&mut self, ip: IpAddr, mac: MacAddr) {
        self.devices.know_mac(ip, mac);
    }

    /// Every device, in the order of UDNs: the list of `/api/v1/devices`.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter()
    }

    /// Every gateway with its history, in the order of UDNs.
    pub fn records(&self) -> impl Iterator<Item = &GatewayRecord> {
        self.gateways.values()
    }

    /// Every gateway with its mappings: the list of `/api/v1/port-mappings`.
    pub fn gateways(&self) -> impl Iterator<Item = &Gateway> {
        self.gateways.values().map(|record| &record.gateway)
    }

    /// The last changes of mappings, oldest first.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = &MappingChange> {
        self.changes.iter()
    }

    /// Changes of one kind since the start.
    #[must_use]
    pub const fn count(&self, change: Change) -> u64 {
        match change {
            Change::Added => self.added,
            Change::Removed => self.removed,
        }
    }

    /// What devices call themselves, by address; a gateway's name comes before that of whatever else it is.
    #[must_use]
    pub fn names(&self) -> BTreeMap<IpAddr, Arc<str>> {
        let gateways = self.gateways().filter_map(|g| Some((g.ip?, g.friendly_name.as_str())));
        let devices = self.devices().map(|d| (d.ip, d.friendly_name.as_str()));
        let mut names = BTreeMap::new();
        for (ip, name) in gateways.chain(devices).filter(|(_, name)| !name.is_empty()) {
            names.entry(ip).or_insert_with(|| Arc::from(name));
        }
        names
    }

    /// Devices and gateways that were forgotten for want of room.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused + self.devices.refused()
    }

    /// End of the last discovery.
    #[must_use]
    pub const fn last(&self) -> Option<Time> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::Text;

    const SLOW: Sentence = Sentence::of(Text { en: "slow", ja: "遅い" });

    fn mapping(port: u16, client: &str, description: &str, lease_seconds: u32) -> PortMapping {
        PortMapping {
            protocol: MappingProtocol::Tcp,
            external_port: port,
            internal_client: client.into(),
            internal_port: port,
            description: description.into(),
            enabled: true,
            lease_seconds,
            remote_host: None,
            connection: 0,
        }
    }

    fn discovery(seconds: i64, gateway: Option<(Vec<PortMapping>, bool)>) -> Discovery {
        let gateways = gateway.map(|(mappings, complete)| Gateway {
            udn: "uuid:GW".into(),
            friendly_name: "Router".into(),
            mappings,
            complete,
            ip: Some([192, 168, 1, 1].into()),
            ..Gateway::default()
        });
        Discovery {
            at: Time::from_secs(seconds),
            interfaces: vec!["eth0".into()],
            gateways: gateways.into_iter().collect(),
            ..Discovery::default()
        }
    }

    fn device(udn: &str, name: &str, last: u8) -> Device {
        Device {
            udn: udn.into(),
            friendly_name: name.into(),
            manufacturer: String::new(),
            model: String::new(),
            device_type: String::new(),
            server: String::new(),
            location: String::new(),
            ip: [192, 168, 1, last].into(),
            mac: None,
            vendor: None,
            interface: "eth0".into(),
            first_seen: Time::MIN,
            last_seen: Time::MIN,
            problem: None,
        }
    }

    fn told(changes: &[MappingChange]) -> Vec<(&str, u16)> {
        changes.iter().map(|c| (c.change.id(), c.mapping.external_port)).collect()
    }

    #[test]
    fn only_real_changes_are_told() {
        let mut catalogue = Catalogue::default();
        let mut step = |seconds, mappings: &[PortMapping], complete, expected: &[(&str, u16)], kept: usize| {
            let changes = catalogue.merge(&discovery(seconds, Some((mappings.to_vec(), complete))));
            assert_eq!(told(&changes), expected, "at {seconds}");
            assert_eq!(catalogue.gateways().map(|g| g.mappings.len()).sum::<usize>(), kept, "at {seconds}");
        };
        let nas = mapping(5001, "192.168.1.20", "DSM", 600);
        step(1, &[], false, &[], 0);
        step(2, std::slice::from_ref(&nas), true, &[], 1);
        step(3, &[mapping(5001, "192.168.1.20", "DSM\u{fffd}x", 540)], true, &[], 1);
        step(4, &[nas.clone(), mapping(22, "192.168.1.20", "", 0)], true, &[("added", 22)], 2);
        step(5, &[], false, &[], 2);
        step(6, &[mapping(23, "192.168.1.20", "", 0)], false, &[("added", 23)], 3);
        step(
            7,
            &[mapping(5001, "192.168.1.21", "DSM", 1)],
            true,
            &[("removed", 23), ("removed", 5001), ("removed", 22), ("added", 5001)],
            1,
        );
        assert_eq!((catalogue.count(Change::Added), catalogue.count(Change::Removed)), (3, 3));
    }

    #[test]
    fn a_gateway_is_down_only_if_somebody_looked() {
        let mut catalogue = Catalogue::default();
        let up = |catalogue: &Catalogue| catalogue.records().map(|r| r.up).collect::<Vec<_>>();
        catalogue.merge(&discovery(1, Some((Vec::new(), true))));
        assert_eq!(up(&catalogue), [true]);
        catalogue.merge(&Discovery { stopped: true, ..discovery(2, None) });
        catalogue.merge(&Discovery { interfaces: Vec::new(), ..discovery(3, None) });
        assert_eq!(up(&catalogue), [true]);
        catalogue.merge(&discovery(4, None));
        assert_eq!(up(&catalogue), [false]);
        catalogue.merge(&discovery(5, Some((Vec::new(), true))));
        assert_eq!(up(&catalogue), [true]);
        catalogue.forget(Time::from_secs(5).plus(FORGET_AFTER));
        assert_eq!(up(&catalogue), [false; 0]);
    }

    #[test]
    fn devices_keep_what_they_told() {
        let mut catalogue = Catalogue::default();
        let found = |seconds, devices| Discovery { devices, ..discovery(seconds, None) };
        catalogue.merge(&found(1, vec![device("uuid:A", "Echo", 10), device("uuid:b", "Television", 11)]));
        catalogue.know_mac([192, 168, 1, 10].into(), MacAddr([2, 0, 0, 0, 0, 1]));
        catalogue.merge(&found(9, vec![Device { problem: Some(SLOW), ..device("uuid:a", "", 10) }]));
        let echo = catalogue.devices().next().expect("the Echo");
        assert_eq!((echo.first_seen, echo.last_seen), (Time::from_secs(1), Time::from_secs(9)));
        assert_eq!((echo.friendly_name.as_str(), echo.problem.as_ref()), ("Echo", Some(&SLOW)));
        assert_eq!(echo.mac, Some(MacAddr([2, 0, 0, 0, 0, 1])));
        assert_eq!(catalogue.names().get(&[192, 168, 1, 11].into()).map(|n| &**n), Some("Television"));
    }

    #[test]
    fn forged_devices_and_gateways_do_not_grow_it() {
        let mut catalogue = Catalogue::default();
        for n in 0..3000_i64 {
            let mut found = discovery(n, Some((vec![mapping(1, "a", "", 0)], true)));
            found.gateways[0].udn = format!("uuid:g{n}");
            found.devices.push(device(&format!("uuid:{n}"), "x", 1));
            catalogue.merge(&found);
        }
        assert_eq!(
            (catalogue.devices().count(), catalogue.gateways.len()),
            (crate::observe::devices::MAX_DEVICES, MAX_GATEWAYS)
        );
        assert_eq!(catalogue.refused(), (3000 - 1024) + (3000 - 64));
        for n in 0..1000 {
            let found = discovery(4000 + n, Some((vec![mapping(1 + (n as u16 % 2), "a", "", 0)], true)));
            for change in catalogue.merge(&found) {
                catalogue.remember(change);
            }
        }
        assert_eq!(catalogue.changes().count(), MAX_CHANGES);
    }
}
