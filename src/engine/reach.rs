//! What the engine knows around the gateways, gathered for their judge, and the careful asking for hosts that mappings
//! lead to. Judges nothing itself.

use super::{Engine, Output, push};
use crate::explain::reach::{self, Assessment, GatewayJudge, Host, Presence, Seen, Surroundings, in_prefix};
use crate::model::Time;
use crate::model::frames::OwnerProof;
use crate::model::text::Sentence;
use crate::observe::catalogue::{Judged, MappingChange};
use crate::observe::owners;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// A host heard of within this time is there: phones renew their neighbours' view of them every few minutes.
const HEARD_WITHIN: Duration = Duration::from_secs(900);
/// Hosts waiting to be asked for after one search.
const MAX_WAITING: usize = 64;
/// Hosts remembered as silent.
const MAX_SILENT: usize = 256;
/// One that has not answered by then does not: three requests take 0.9 s, and another question may be under way.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// A host that was silent is asked for again after this long.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(600);

/// How often it is looked whether what was heard of hosts changes a judgement.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A judgement is made anew after this long in any case: it says how old what was read is.
const REJUDGE_EVERY: Duration = Duration::from_secs(60);

/// The internal clients of mappings that nobody has heard of, asked for one after the other: three ARP requests each,
/// so that a table full of dead hosts is no flood.
#[derive(Clone, Debug, Default)]
pub(super) struct Clients {
    waiting: VecDeque<(Arc<str>, IpAddr)>,
    asked: Option<(IpAddr, Time)>,
    silent: BTreeMap<IpAddr, Time>,
}

impl Clients {
    /// It was heard of.
    pub(super) fn heard(&mut self, ip: IpAddr) {
        self.silent.remove(&ip);
        self.asked = self.asked.filter(|(asked, _)| *asked != ip);
        self.waiting.retain(|(_, waiting)| *waiting != ip);
    }

    /// It could not be asked for: that nobody answered means nothing.
    pub(super) fn not_asked(&mut self, ip: IpAddr) {
        self.asked = self.asked.filter(|(asked, _)| *asked != ip);
    }

    /// When an answer is due.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.asked.map(|(_, at)| at.plus(ANSWER_WITHIN))
    }

    /// Lets time pass: who has not answered is silent, and the next one is to be asked for.
    fn tick(&mut self, now: Time) -> Option<(Arc<str>, IpAddr)> {
        if let Some((ip, at)) = self.asked {
            if now.since(at) < ANSWER_WITHIN {
                return None;
            }
            self.asked = None;
            if self.silent.len() < MAX_SILENT {
                self.silent.insert(ip, now);
            }
        }
        self.silent.retain(|_, at| now.since(*at) < ASK_AGAIN_AFTER);
        let next = self.waiting.pop_front()?;
        self.asked = Some((next.1, now));
        Some(next)
    }
}

/// The judgement of all gateways that is in force, and what it was made from. Kept, because whoever scrapes or looks at
/// the page would hold the engine for the whole of it: 35 to 64 ms for 8,192 mappings on 64 gateways.
#[derive(Clone, Debug, Default)]
pub(super) struct InForce {
    assessment: Assessment,
    hosts: BTreeMap<IpAddr, Host>,
    at: Time,
}

impl Engine {
    /// Every gateway and mapping judged: whether it can be reached, and what is wrong. Bounded by
    /// [`reach::MAX_JUDGED`]. Made anew after each search and whenever names or networks change; a host that came or
    /// went is in it within 5 s, the age of what was read within 60 s.
    #[must_use]
    pub fn assessment(&self) -> &Assessment {
        &self.in_force.assessment
    }

    /// Judges all gateways anew.
    pub(super) fn rejudge(&mut self, now: Time) {
        let hosts = self.hosts(now);
        let assessment = reach::assess(&self.seen(now), &self.surroundings(&hosts));
        self.in_force = InForce { assessment, hosts, at: now };
    }

    /// Judges them anew where time, or what was heard of their hosts, makes it necessary.
    pub(super) fn rejudge_if_due(&mut self, now: Time) {
        let age = now.since(self.in_force.at);
        if self.catalogue.gateways().next().is_none() || age < LOOK_EVERY {
            return;
        }
        if age >= REJUDGE_EVERY || self.hosts(now) != self.in_force.hosts {
            self.rejudge(now);
        }
    }

    fn seen(&self, now: Time) -> Vec<Seen<'_>> {
        let seen = self.catalogue.records().map(|record| Seen {
            gateway: &record.gateway,
            up: record.up,
            age_seconds: now.since(record.last_seen).as_secs(),
        });
        seen.collect()
    }

    fn surroundings<'a>(&'a self, hosts: &'a BTreeMap<IpAddr, Host>) -> Surroundings<'a> {
        Surroundings {
            links: &self.own.links,
            default_routes: self.own.default_routes.as_deref(),
            hosts: Some(hosts),
            names: Some(&self.names),
            map_e: self.settings.map_e,
        }
    }

    /// What is known of every host that a gateway names or is.
    fn hosts(&self, now: Time) -> BTreeMap<IpAddr, Host> {
        let gateways = || self.catalogue.gateways();
        let clients = gateways().flat_map(|g| g.mappings.iter()).filter_map(|m| m.internal_client.parse().ok());
        let hops = self.own.default_routes.iter().flatten().map(|(_, hop)| *hop);
        let ips: BTreeSet<IpAddr> =
            gateways().filter_map(|g| g.ip).chain(hops).chain(clients).take(reach::MAX_JUDGED).collect();
        let devices = self.catalogue.devices().map(|device| (device.ip, device.last_seen)).collect::<BTreeMap<_, _>>();
        let host = |ip: IpAddr| {
            let owner = self.places.values().flat_map(|place| place.owners.of(ip)).max_by_key(|owner| owner.last);
            // What a switch's table says is a MAC, and no sign of life.
            let seen = owner.filter(|owner| owner.proof != OwnerProof::Snmp).map(|owner| owner.last);
            let heard = seen.max(devices.get(&ip).copied());
            let presence = match heard {
                _ if self.clients.silent.contains_key(&ip) => Presence::Silent,
                Some(at) if now.since(at) < HEARD_WITHIN => Presence::Present,
                _ => Presence::Unknown,
            };
            Host { presence, mac: owner.map(|owner| owner.mac) }
        };
        ips.into_iter().map(|ip| (ip, host(ip))).collect()
    }

    /// Judges changes of mappings and tells them.
    pub(super) fn tell_changes(&mut self, now: Time, changes: Vec<MappingChange>) {
        if changes.is_empty() {
            return;
        }
        let hosts = self.hosts(now);
        let judged = {
            let around = self.surroundings(&hosts);
            let seen = self.seen(now);
            changes.iter().map(|change| judged(change, &seen, &around)).collect::<Vec<_>>()
        };
        for (mut change, judged) in changes.into_iter().zip(judged) {
            change.judged = judged;
            self.catalogue.remember(change.clone());
            push(&mut self.outputs, Output::Mapping(Box::new(change)));
        }
    }

    /// Queues the hosts that mappings lead to and nobody has heard of lately.
    pub(super) fn look_for_clients(&mut self, now: Time) {
        if !self.settings.can_ask {
            return;
        }
        let on_link = |ip: IpAddr| self.own.links.iter().find(|(_, own, length)| in_prefix(ip, *own, *length));
        let unheard = self.hosts(now).into_iter().filter(|(_, host)| host.presence == Presence::Unknown);
        let unheard = unheard.filter(|(ip, _)| owners::is_on_link(*ip) && !self.own.ips.contains(ip));
        let waiting = unheard.filter_map(|(ip, _)| Some((Arc::clone(&on_link(ip)?.0), ip)));
        let waiting = waiting.take(MAX_WAITING).collect();
        self.clients.waiting = waiting;
    }

    /// Asks for the next of them when it is its turn. A running storm needs no more frames.
    pub(super) fn ask_for_clients(&mut self, now: Time) {
        if self.cases.is_quiet()
            && let Some((interface, ip)) = self.clients.tick(now)
        {
            push(&mut self.outputs, Output::AskOwner { interface, ip });
        }
    }
}

/// What a change is told with: whom the mapping leads to, and whether it can be reached.
fn judged<'a>(change: &MappingChange, seen: &[Seen<'a>], around: &'a Surroundings<'a>) -> Option<Judged> {
    let one = seen.iter().find(|one| one.gateway.udn == *change.gateway)?;
    let mapping = GatewayJudge::new(*one, seen, around).judge(&change.mapping);
    Some(Judged {
        client_name: mapping.client.name.clone(),
        client_vendor: mapping.client.vendor,
        client_mac: mapping.client.mac,
        reachability: mapping.reach,
        reason: mapping.reason().reason.id,
        why: Sentence::with_facts(mapping.reason().reason.sentence, &mapping.reason().facts),
    })
}
