//! What the engine asks the network for, and what it makes of the answers: who owns an address, and behind which port of
//! which switch a suspect is.

use super::{Engine, Output, push};
use crate::explain::Own;
use crate::model::frames::{OwnerClaim, OwnerProof};
use crate::model::topology::Sighting;
use crate::model::{MacAddr, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Addresses whose owner was asked for, remembered to be answered or not.
const MAX_ASKED: usize = 256;
/// Addresses heard in a segment by which its switches are known.
const MAX_WITNESSES: usize = 256;
/// Where no switch is known to be of a segment, all are asked if they are no more than these: a home.
const A_HOME: usize = 8;

impl Engine {
    /// Follows the suspects of the storms and warnings that go on.
    pub(super) fn pursue(&mut self, now: Time) {
        self.pursuit.suspect(now, self.cases.suspects());
        if self.pursuit.is_due(now) {
            let targets = &self.targets;
            self.pursuit.judge(&|mac| targets.port_of(mac).map(|port| (port.target, port.if_index)));
            let mut wanted = BTreeMap::<Arc<str>, BTreeSet<MacAddr>>::new();
            let mut switches = BTreeMap::new();
            for (segment, mac) in self.pursuit.open() {
                let there = switches.entry(Arc::clone(segment)).or_insert_with(|| self.switches_of(segment));
                for target in there.iter() {
                    wanted.entry(Arc::clone(target)).or_default().insert(mac);
                }
            }
            self.pursuit.begin(now, wanted);
        }
        self.look_up(now);
    }

    /// The switches of a segment: they know this host's address in it, or a device's that is heard in it.
    pub(super) fn switches_of(&self, segment: &str) -> Vec<Arc<str>> {
        let found = self.places.iter().find_map(|(interface, place)| {
            Some((interface, place.segments.values().find(|known| *known.id == *segment)?))
        });
        let Some((interface, segment)) = found else { return Vec::new() };
        let own = self.own.addresses.iter().filter(|(on, ..)| on == interface).map(|(_, mac, _)| *mac);
        let heard = segment.talkers.keys().map(|(mac, _)| *mac);
        let there = self.targets.seeing(&own.chain(heard).take(MAX_WITNESSES).collect());
        if there.is_empty() { self.targets.all_askable(A_HOME) } else { there }
    }

    pub(super) fn look_up(&mut self, now: Time) {
        while let Some((target, macs)) = self.pursuit.next(now) {
            match self.targets.look_up(&target, macs) {
                Some(look_up) => push(&mut self.outputs, Output::LookUp(Box::new(look_up))),
                None => self.pursuit.ended(&target, |_| false),
            }
        }
    }

    /// Takes what a look-up found; the storms that go on get the port at once.
    pub(super) fn sighted(&mut self, now: Time, seen: &Sighting) {
        self.targets.sighted(seen);
        for moved in self.targets.new_moves() {
            push(&mut self.outputs, Output::Moved(Box::new(moved)));
        }
        self.pursuit.ended(&seen.target, |mac| seen.entries.contains_key(&mac));
        for interface in self.places.keys().cloned().collect::<Vec<_>>() {
            self.judge(now, &interface, false);
        }
        self.look_up(now);
    }

    pub(super) fn owners(&mut self, interface: Option<&Arc<str>>, claims: &[OwnerClaim]) {
        for claim in claims {
            // A switch's table answers no question that was put to the network.
            if claim.proof != OwnerProof::Snmp {
                self.asked.remove(&claim.ip);
                self.clients.heard(claim.ip);
            }
            match interface {
                Some(interface) => {
                    if let Some(place) = self.place(interface, claim.at) {
                        place.owners.learn(claim);
                    }
                }
                None => {
                    for place in self.places.values_mut() {
                        place.owners.learn(claim);
                    }
                    let key = (claim.ip, claim.mac);
                    let known = self.everywhere.get(&key).map(|known| known.proof);
                    if known.is_some() || self.everywhere.len() < crate::observe::owners::MAX_ADDRESSES {
                        let proof = known.map_or(claim.proof, |known| known.min(claim.proof));
                        self.everywhere.insert(key, OwnerClaim { proof, ..*claim });
                    } else {
                        self.refused += 1;
                    }
                }
            }
        }
    }

    /// This host's addresses are certain, and its own frames never pass its own tally.
    pub(super) fn learn_own(&mut self, now: Time, own: Own) {
        for (interface, mac, ip) in &own.addresses {
            let claim = OwnerClaim { ip: *ip, mac: *mac, proof: OwnerProof::Told, at: now };
            self.owners(Some(interface), &[claim]);
        }
        self.own = own;
    }

    pub(super) fn ask(&mut self, now: Time, interface: &Arc<str>, ips: &BTreeSet<IpAddr>) {
        if !self.settings.can_ask {
            return;
        }
        for ip in ips.iter().filter(|ip| crate::observe::owners::is_on_link(**ip)) {
            if self.asked.contains_key(ip) || self.asked.len() >= MAX_ASKED {
                continue;
            }
            self.asked.insert(*ip, now);
            push(&mut self.outputs, Output::AskOwner { interface: Arc::clone(interface), ip: *ip });
        }
    }
}
