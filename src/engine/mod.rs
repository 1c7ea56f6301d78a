//! One facade over the pure floors: facts go in by [`Engine::handle`], time by [`Engine::tick`], requests and news come
//! out by [`Engine::poll`]. It never asks a clock, opens a socket or takes a lock; whoever owns it brings the time.

pub mod agenda;
mod case;
mod case_counted;
mod counting;
#[cfg(test)]
mod counting_tests;
mod feeds;
mod floods;
pub mod hosts;
#[cfg(test)]
mod joining_tests;
mod lans;
mod memory;
mod place;
pub mod pursuit;
mod reach;
#[cfg(test)]
mod reach_tests;
mod snapshot;
#[cfg(test)]
mod tests;
mod trace;
mod verified;

pub use case::MAX_HISTORY;
pub use feeds::{Coverage, FeedCount, FeedStatus, Feeds};
pub use snapshot::{Delays, Snapshot, SourceRate, State, Totals};
pub use verified::StormKey;

use crate::detect::Thresholds;
use crate::detect::counters::CounterWatch;
use crate::explain::causes::Times;
use crate::explain::checks::Status;
use crate::explain::reach::MapE;
use crate::explain::{Names, Own};
use crate::model::announcement::Heard;
use crate::model::device::Discovery;
use crate::model::frames::{FrameSummary, OwnerClaim, OwnerProof};
use crate::model::history::{Remembered, StorageStatus};
use crate::model::observation::Poll;
use crate::model::recording::{RecorderStatus, Recording};
use crate::model::text::Sentence;
use crate::model::topology::{LookUp, Sighting};
use crate::model::verdict::Verdict;
use crate::model::{MacAddr, Time};
use crate::observe::catalogue::{Catalogue, MappingChange};
use crate::observe::devices::DeviceChange;
use crate::observe::targets::{Outcome, Targets};
use crate::observe::topology::MacMove;
use crate::observe::trails::PortTrails;
use agenda::Counts;
use case::Cases;
use place::Place;
use pursuit::Pursuit;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Capture interfaces (or files) followed; more are refused.
pub const MAX_PLACES: usize = 64;
/// Requests and news waiting to be fetched by [`Engine::poll`]; the oldest go first.
pub const MAX_OUTPUTS: usize = 1024;
/// Addresses whose owner was asked for, remembered to be answered or not.
const MAX_ASKED: usize = 256;
/// An owner who has not answered by then will not: ARP on a LAN answers within milliseconds, a phone asleep in 1 s.
const ANSWER_WITHIN: Duration = Duration::from_millis(1500);
/// Names of addresses taken from capture files, those of the user included.
const MAX_TOLD_NAMES: usize = 4096;
/// Characters kept of the name that a device gives itself.
const MAX_NAME: usize = 48;
/// Addresses heard in a segment by which its switches are known.
const MAX_WITNESSES: usize = 256;
/// Where no switch is known to be of a segment, all are asked if they are no more than these: a home.
const A_HOME: usize = 8;
/// Targets that are not heard of any more are looked for this often.
const FORGET_EVERY: Duration = Duration::from_secs(300);
/// The same owner is not asked for again before that.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What the engine is told once.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The limits.
    pub thresholds: Thresholds,
    /// What the user calls the devices.
    pub names: Names,
    /// Local time minus UTC, for the sentences.
    pub times: Times,
    /// Whoever owns the engine can ask the network for owners ([`Output::AskOwner`]).
    pub can_ask: bool,
    /// This customer's share of a MAP-E address, where the user told it.
    pub map_e: Option<MapE>,
}

/// A dated fact.
#[derive(Clone, Debug)]
pub enum Input {
    /// What a tally saw.
    Frames(Box<FrameSummary>),
    /// Who owns which address, by the neighbour table, by SNMP, or because the user said so. `interface` `None`: valid
    /// everywhere.
    Owners {
        /// Where it holds.
        interface: Option<Arc<str>>,
        /// Who owns what.
        claims: Vec<OwnerClaim>,
    },
    /// The SNMP targets there are, with their addresses, so that one that never answers is listed too.
    Targets(Vec<(Arc<str>, String)>),
    /// How the polling of them goes.
    Polling(Counts),
    /// A poll of an SNMP target, or of this host's own interface counters.
    Poll(Poll),
    /// What came of an [`Output::LookUp`].
    Sighted(Box<Sighting>),
    /// Nothing came of it; the target's name.
    NotSighted(Arc<str>),
    /// The result of a UPnP search.
    Discovery(Box<Discovery>),
    /// What devices announced by themselves.
    Announced(Box<Heard>),
    /// What a capture file calls the addresses in it; the user's own names come first.
    Names(Vec<(IpAddr, Arc<str>)>),
    /// The flight recorder kept the onset of storms.
    Recorded(Recording),
    /// How the flight recorder is doing.
    Recorder(RecorderStatus),
    /// The storms of earlier runs of the program, oldest first; the newest [`MAX_HISTORY`] find room.
    Remembered(Vec<Remembered>),
    /// How the writing of the history goes.
    Storage(StorageStatus),
    /// The addresses of the host we run on.
    Own(Own),
    /// The owner of this address could not be asked for, so that no answer means nothing.
    NotAsked(IpAddr),
    /// A feed is gone, as its interface is.
    FeedGone {
        /// `capture`, `snmp` or `discovery`.
        feed: &'static str,
        /// Interface or target.
        name: Arc<str>,
    },
    /// A feed works, or does not.
    Feed(FeedStatus),
    /// Somebody has checked that what was over at this time does not come back: the trigger was tried, and nothing was seen.
    Verified(Time),
    /// What the checks of an examination have come to, by their ids.
    Examined(Vec<(&'static str, Status)>),
}

/// What the engine wants done, or has to tell.
#[derive(Clone, Debug)]
pub enum Output {
    /// Ask the network who owns `ip`: at most three unicast ARP or NS requests, then [`Input::Owners`].
    AskOwner {
        /// On which interface.
        interface: Arc<str>,
        /// Whose owner.
        ip: IpAddr,
    },
    /// Ask a target for the forwarding entries of these addresses by name, then [`Input::Sighted`].
    LookUp(Box<LookUp>),
    /// A verdict is new, or has changed in phase, severity, cause or culprit.
    Changed(Arc<Verdict>),
    /// A port mapping came or went.
    Mapping(Box<MappingChange>),
    /// A UPnP device came, went or changed.
    Device(Box<DeviceChange>),
    /// A MAC address is behind another switch port than before.
    Moved(Box<MacMove>),
}

/// How the latest UPnP search went.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// When it ended; `None` before the first.
    pub at: Option<Time>,
    /// Answers refused, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// What could not be searched, and why.
    pub problems: Vec<Sentence>,
}

/// How listening to announcements goes.
#[derive(Clone, Debug, Default)]
pub struct Listening {
    /// Announcements taken since the start: alive, update, byebye.
    pub taken: [u64; 3],
    /// Refused since the start, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Per interface why nothing is heard there, or `None` where it is.
    pub interfaces: BTreeMap<Arc<str>, Option<Sentence>>,
}

/// The engine.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    names: Names,
    own: Own,
    places: BTreeMap<Arc<str>, Place>,
    /// Claims that hold in every place, also in those that are still to come.
    everywhere: BTreeMap<(IpAddr, MacAddr), OwnerClaim>,
    asked: BTreeMap<IpAddr, Time>,
    /// Of those, which could not be asked after all.
    not_asked: BTreeMap<IpAddr, Time>,
    clients: reach::Clients,
    in_force: reach::InForce,
    cases: Cases,
    targets: Targets,
    counters: CounterWatch,
    pursuit: Pursuit,
    lans: lans::Lans,
    floods: floods::Floods,
    traces: trace::Traces,
    trails: PortTrails,
    verified: BTreeSet<StormKey>,
    forgot_at: Time,
    ticked: Time,
    catalogue: Catalogue,
    search: Search,
    listening: Listening,
    polling: Counts,
    recorder: Option<RecorderStatus>,
    storage: Option<StorageStatus>,
    feeds: Feeds,
    examined: Option<(Time, Vec<(&'static str, Status)>)>,
    outputs: VecDeque<Output>,
    refused: u64,
}

impl Engine {
    /// An engine that knows nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let names = settings.names.clone();
        Self {
            settings,
            names,
            own: Own::default(),
            places: BTreeMap::new(),
            everywhere: BTreeMap::new(),
            asked: BTreeMap::new(),
            not_asked: BTreeMap::new(),
            clients: reach::Clients::default(),
            in_force: reach::InForce::default(),
            cases: Cases::default(),
            targets: Targets::default(),
            counters: CounterWatch::default(),
            pursuit: Pursuit::default(),
            lans: lans::Lans::default(),
            floods: floods::Floods::default(),
            traces: trace::Traces::default(),
            trails: PortTrails::default(),
            verified: BTreeSet::new(),
            forgot_at: Time::MIN,
            ticked: Time::MIN,
            catalogue: Catalogue::default(),
            search: Search::default(),
            listening: Listening::default(),
            polling: Counts::default(),
            recorder: None,
            storage: None,
            feeds: Feeds::default(),
            examined: None,
            outputs: VecDeque::new(),
            refused: 0,
        }
    }

    /// Takes a fact. `now` is not earlier than in any call before; a fact may be older.
    pub fn handle(&mut self, now: Time, input: Input) {
        match input {
            Input::Frames(summary) => self.frames(now, &summary),
            Input::Owners { interface, claims } => self.owners(interface.as_ref(), &claims),
            Input::Targets(targets) => self.configured(targets),
            Input::Polling(counts) => self.polling = counts,
            Input::Poll(poll) => self.polled(now, &poll),
            Input::Sighted(seen) => self.sighted(now, &seen),
            Input::NotSighted(target) => {
                self.pursuit.ended(&target, |_| false);
                self.look_up(now);
            }
            Input::Discovery(found) => self.discovered(now, *found),
            Input::Announced(heard) => self.announced(now, *heard),
            Input::Names(names) => {
                self.called(&names);
                self.rejudge(now);
            }
            Input::Recorded(recording) => {
                for verdict in self.cases.recorded(&recording.storms, &recording.path) {
                    push(&mut self.outputs, Output::Changed(verdict));
                }
            }
            Input::Recorder(status) => self.recorder = Some(status),
            Input::Remembered(past) => self.cases.remember(now, past, &self.settings.times),
            Input::Storage(status) => self.storage = Some(status),
            Input::Own(own) => {
                self.learn_own(now, own);
                self.rejudge(now);
            }
            Input::NotAsked(ip) => {
                self.clients.not_asked(ip);
                self.not_asked.insert(ip, now);
            }
            Input::FeedGone { feed, name } => self.feeds.gone(feed, name),
            Input::Feed(status) => self.feeds.report(status),
            Input::Verified(at) => self.verify(at),
            Input::Examined(statuses) => self.examined = Some((now, statuses)),
        }
    }

    /// Lets time pass: storms clear and end, unanswered questions are given up.
    pub fn tick(&mut self, now: Time) {
        self.ticked = now;
        let interfaces = self.places.keys().cloned().collect::<Vec<_>>();
        for interface in interfaces {
            if let Some(place) = self.places.get_mut(&interface) {
                place.advance(now, &self.settings.thresholds);
            }
            self.judge(now, &interface, false);
        }
        self.cases.settle(now, &self.counters, &self.floods, &mut |changed| {
            push(&mut self.outputs, Output::Changed(changed));
        });
        self.cases
            .age(now, &self.settings.thresholds, &mut |changed| push(&mut self.outputs, Output::Changed(changed)));
        self.keep_verified(now);
        self.pursue(now);
        self.trace(now);
        self.ask_for_clients(now);
        self.rejudge_if_due(now);
        self.catalogue.devices.advance(now);
        self.tell_devices();
        self.asked.retain(|_, at| now.since(*at) < ASK_AGAIN_AFTER);
        self.not_asked.retain(|ip, _| self.asked.contains_key(ip));
    }

    /// The next request or piece of news.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Engine::tick`] has something to do, if nothing else happens.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let answers = self.asked.values().map(|at| at.plus(ANSWER_WITHIN)).filter(|at| *at > self.ticked);
        let clients = self.clients.deadline().filter(|at| *at > self.ticked);
        let rounds = self.pursuit.next_deadline();
        answers.chain(self.cases.next_deadline(&self.settings.thresholds)).chain(clients).chain(rounds).min()
    }

    /// Every verdict that is remembered, newest first.
    #[must_use]
    pub fn verdicts(&self) -> Vec<Arc<Verdict>> {
        self.cases.verdicts()
    }

    /// What the outside may know: bounded, cheap to clone.
    #[must_use]
    pub fn snapshot(&self, now: Time) -> Snapshot {
        let refused = self.refused + self.feeds.refused() + self.pursuit.refused();
        let known = snapshot::Known {
            places: &self.places,
            cases: &self.cases,
            feeds: &self.feeds,
            verified: &self.verified,
            refused,
        };
        snapshot::take(now, &known)
    }

    /// The limits in force.
    #[must_use]
    pub fn thresholds(&self) -> &Thresholds {
        &self.settings.thresholds
    }

    /// Polled devices and their ports.
    #[must_use]
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// UPnP devices, gateways and their mappings, over time.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What works and what does not.
    #[must_use]
    pub const fn feeds(&self) -> &Feeds {
        &self.feeds
    }

    /// When the LAN was examined last, and what each check has come to.
    #[must_use]
    pub const fn examined(&self) -> Option<&(Time, Vec<(&'static str, Status)>)> {
        self.examined.as_ref()
    }

    /// How the polling of SNMP targets goes.
    #[must_use]
    pub const fn polling(&self) -> &Counts {
        &self.polling
    }

    /// How the flight recorder is doing; `None` where nothing is recorded.
    #[must_use]
    pub const fn recorder(&self) -> Option<&RecorderStatus> {
        self.recorder.as_ref()
    }

    /// How the writing of the history goes; `None` where none is kept.
    #[must_use]
    pub const fn storage(&self) -> Option<&StorageStatus> {
        self.storage.as_ref()
    }

    /// How the latest UPnP search went.
    #[must_use]
    pub fn search(&self) -> &Search {
        &self.search
    }

    /// How listening to announcements goes.
    #[must_use]
    pub fn listening(&self) -> &Listening {
        &self.listening
    }

    /// Takes the list of targets; what was known of others is forgotten.
    fn configured(&mut self, targets: Vec<(Arc<str>, String)>) {
        self.targets.configured(targets);
        let targets = &self.targets;
        self.counters.retain_targets(|name| targets.status(name).is_some());
        self.floods.retain_targets(|name| targets.status(name).is_some());
        self.feeds.retain_targets(|name| targets.status(name).is_some());
        self.trails.retain_targets(|name| targets.status(name).is_some());
    }

    /// Takes a poll; what ports are used to is learned from renewed counters alone.
    fn polled(&mut self, now: Time, poll: &Poll) {
        self.feeds.polled(poll);
        let outcome = self.targets.observe(poll);
        if let (Outcome::Refreshed, Poll::Answered(sample)) = (outcome, poll) {
            let ports = self.targets.ports(&sample.target);
            self.counters.observe(&sample.target, sample.at, ports, &self.settings.thresholds);
            self.trails.observe(&sample.target, sample.at, self.targets.ports(&sample.target));
        }
        if let Poll::Answered(sample) = poll
            && let Some(read) = &sample.topology
        {
            self.owners(None, &read.owners);
            for moved in self.targets.new_moves() {
                push(&mut self.outputs, Output::Moved(Box::new(moved)));
            }
        }
        if let (Outcome::Refreshed, Poll::Answered(sample)) = (outcome, poll) {
            self.count(now, &sample.target);
            self.trace_ports(&sample.target);
        }
        if now.since(self.forgot_at) >= FORGET_EVERY {
            self.forgot_at = now;
            self.counters.forget(now);
            self.floods.forget(now);
        }
    }

    /// Follows the suspects of the storms and warnings that go on.
    fn pursue(&mut self, now: Time) {
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
    fn switches_of(&self, segment: &str) -> Vec<Arc<str>> {
        let found = self.places.iter().find_map(|(interface, place)| {
            Some((interface, place.segments.values().find(|known| *known.id == *segment)?))
        });
        let Some((interface, segment)) = found else { return Vec::new() };
        let own = self.own.addresses.iter().filter(|(on, ..)| on == interface).map(|(_, mac, _)| *mac);
        let heard = segment.talkers.keys().map(|(mac, _)| *mac);
        let there = self.targets.seeing(&own.chain(heard).take(MAX_WITNESSES).collect());
        if there.is_empty() { self.targets.all_askable(A_HOME) } else { there }
    }

    fn look_up(&mut self, now: Time) {
        while let Some((target, macs)) = self.pursuit.next(now) {
            match self.targets.look_up(&target, macs) {
                Some(look_up) => push(&mut self.outputs, Output::LookUp(Box::new(look_up))),
                None => self.pursuit.ended(&target, |_| false),
            }
        }
    }

    /// Takes what a look-up found; the storms that go on get the port at once.
    fn sighted(&mut self, now: Time, seen: &Sighting) {
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

    /// Merges a search; names that devices give themselves are used where the user gave none.
    fn discovered(&mut self, now: Time, found: Discovery) {
        let changes = self.catalogue.merge(&found);
        self.catalogue.forget(now);
        self.know_devices();
        self.tell_changes(now, changes);
        self.look_for_clients(now);
        self.rejudge(now);
        self.search = Search { at: Some(found.at), refused: found.refused, problems: found.problems };
    }

    fn announced(&mut self, now: Time, heard: Heard) {
        for announcement in &heard.announcements {
            self.catalogue.devices.heard(announcement, heard.at);
        }
        self.catalogue.devices.advance(now);
        self.know_devices();
        for (sum, more) in self.listening.taken.iter_mut().zip([heard.alive, heard.update, heard.byebye]) {
            *sum += more;
        }
        for (reason, count) in heard.refused {
            *self.listening.refused.entry(reason).or_default() += count;
        }
        if !heard.listening.is_empty() {
            self.listening.interfaces.clone_from(&heard.listening);
        }
    }

    fn called(&mut self, names: &[(IpAddr, Arc<str>)]) {
        let room = MAX_TOLD_NAMES.saturating_sub(self.settings.names.by_ip.len());
        self.refused += names.len().saturating_sub(room) as u64;
        for (ip, name) in names.iter().take(room) {
            self.settings.names.by_ip.entry(*ip).or_insert_with(|| Arc::clone(name));
        }
        self.know_devices();
    }

    /// Devices get the MACs that the owners tell, and addresses the names that devices give themselves.
    fn know_devices(&mut self) {
        let ips = self.catalogue.devices().map(|device| device.ip).collect::<BTreeSet<_>>();
        for ip in ips {
            let owner = self.places.values().find_map(|place| place.owners.of(ip).first().map(|owner| owner.mac));
            if let Some(mac) = owner {
                self.catalogue.know_mac(ip, mac);
            }
        }
        self.names = self.settings.names.clone();
        for (ip, name) in self.catalogue.names() {
            self.names.by_ip.entry(ip).or_insert_with(|| name.chars().take(MAX_NAME).collect::<String>().into());
        }
        self.tell_devices();
    }

    fn tell_devices(&mut self) {
        for change in self.catalogue.devices.news() {
            push(&mut self.outputs, Output::Device(Box::new(change)));
        }
    }

    fn frames(&mut self, now: Time, summary: &FrameSummary) {
        let thresholds = self.settings.thresholds;
        let Some(place) = self.place(&summary.interface, summary.from) else { return };
        place.observe(summary, &thresholds);
        self.judge(now.max(summary.until), &summary.interface, true);
    }

    /// What is known of an interface; a new one needs room.
    fn place(&mut self, interface: &Arc<str>, since: Time) -> Option<&mut Place> {
        if !self.places.contains_key(interface) {
            if self.places.len() >= MAX_PLACES {
                self.refused += 1;
                // One that has never brought a frame makes room: containers come and go by the hundred.
                let idle =
                    self.places.iter().find(|(_, place)| place.totals.last.is_none()).map(|(name, _)| name.clone())?;
                self.places.remove(&idle);
            }
            let mut place = Place::new(Arc::clone(interface), since);
            for claim in self.everywhere.values() {
                place.owners.learn(claim);
            }
            self.places.insert(Arc::clone(interface), place);
        }
        self.places.get_mut(interface)
    }

    fn owners(&mut self, interface: Option<&Arc<str>>, claims: &[OwnerClaim]) {
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
    fn learn_own(&mut self, now: Time, own: Own) {
        for (interface, mac, ip) in &own.addresses {
            let claim = OwnerClaim { ip: *ip, mac: *mac, proof: OwnerProof::Told, at: now };
            self.owners(Some(interface), &[claim]);
        }
        self.own = own;
    }

    /// Asks every cause about every segment of an interface. `fresh`: a summary has just come, so that its new frames
    /// count.
    fn judge(&mut self, now: Time, interface: &Arc<str>, fresh: bool) {
        let Some(place) = self.places.get(interface) else { return };
        let unanswered = self
            .asked
            .iter()
            .filter(|(ip, at)| now.since(**at) >= ANSWER_WITHIN && !self.not_asked.contains_key(*ip))
            .map(|(ip, _)| *ip)
            .collect::<BTreeSet<_>>();
        let view = place::View {
            at: now,
            own: &self.own,
            names: &self.names,
            thresholds: &self.settings.thresholds,
            asked: &unanswered,
        };
        let outputs = &mut self.outputs;
        let ask = place.judge(&view, &mut |scene, finding| {
            let context = case::Context {
                fresh,
                times: &self.settings.times,
                targets: &self.targets,
                counters: &self.counters,
                own: &self.own,
            };
            if let Some(changed) = self.cases.take(scene, finding, &context) {
                push(outputs, Output::Changed(changed));
            }
        });
        self.ask(now, interface, &ask);
    }

    fn ask(&mut self, now: Time, interface: &Arc<str>, ips: &BTreeSet<IpAddr>) {
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

/// Queues an output; a consumer that does not come loses the oldest, not the newest.
fn push(outputs: &mut VecDeque<Output>, output: Output) {
    if outputs.len() >= MAX_OUTPUTS {
        outputs.pop_front();
    }
    outputs.push_back(output);
}
