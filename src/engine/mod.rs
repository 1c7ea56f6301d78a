//! One facade over the pure floors: facts go in by [`Engine::handle`], time by [`Engine::tick`], requests and news come
//! out by [`Engine::poll`]. It never asks a clock, opens a socket or takes a lock; whoever owns it brings the time.

pub mod agenda;
mod asking;
mod case;
mod case_counted;
mod counting;
#[cfg(test)]
mod counting_tests;
mod facts;
mod feeds;
mod floods;
pub mod hosts;
#[cfg(test)]
mod joining_tests;
mod lans;
mod memory;
mod notes;
pub mod outbox;
mod pauses;
mod place;
pub mod pursuit;
mod reach;
#[cfg(test)]
mod reach_tests;
mod rings;
mod snapshot;
mod sources;
#[cfg(test)]
mod sources_tests;
pub mod teller;
#[cfg(test)]
mod tests;
mod told;
#[cfg(test)]
mod told_tests;
mod trace;
mod upkeep;
mod upstream;
mod verified;

pub use case::MAX_HISTORY;
pub use facts::{Input, Listening, Output, Search, Settings};
pub use feeds::{Coverage, FeedCount, FeedStatus, Feeds};
pub use notes::{About, MAX_NOTES, NoteError, Wish};
pub use snapshot::{Delays, FlowRate, Snapshot, SourceRate, State, Totals};
pub use told::ExpectedUse;
pub use verified::StormKey;

use crate::detect::Thresholds;
use crate::detect::counters::CounterWatch;
use crate::explain::checks::Status;
use crate::explain::{Names, Own};
use crate::model::announcement::Heard;
use crate::model::device::Discovery;
use crate::model::frames::{FrameSummary, OwnerClaim};
use crate::model::history::StorageStatus;
use crate::model::notice::NotifyStatus;
use crate::model::observation::Poll;
use crate::model::recording::RecorderStatus;
use crate::model::verdict::Verdict;
use crate::model::{MacAddr, Time};
use crate::observe::catalogue::Catalogue;
use crate::observe::targets::{Outcome, Targets};
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
/// An owner who has not answered by then will not: ARP on a LAN answers within milliseconds, a phone asleep in 1 s.
const ANSWER_WITHIN: Duration = Duration::from_millis(1500);
/// Targets that are not heard of any more are looked for this often.
const FORGET_EVERY: Duration = Duration::from_secs(300);
/// The same owner is not asked for again before that.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(60);

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
    counted_expected: told::Counted,
    forgot_at: Time,
    ticked: Time,
    notes: notes::Notes,
    catalogue: Catalogue,
    search: Search,
    listening: Listening,
    polling: Counts,
    recorder: Option<RecorderStatus>,
    storage: Option<StorageStatus>,
    notify: Option<NotifyStatus>,
    feeds: Feeds,
    examined: Option<(Time, Vec<(&'static str, Status)>)>,
    outputs: VecDeque<Output>,
    refused: u64,
    /// The recording has ended.
    ends: bool,
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
            counted_expected: told::Counted::new(),
            forgot_at: Time::MIN,
            ticked: Time::MIN,
            notes: notes::Notes::default(),
            catalogue: Catalogue::default(),
            search: Search::default(),
            listening: Listening::default(),
            polling: Counts::default(),
            recorder: None,
            storage: None,
            notify: None,
            feeds: Feeds::default(),
            examined: None,
            outputs: VecDeque::new(),
            refused: 0,
            ends: false,
        }
    }

    /// Takes a fact. `now` is not earlier than in any call before; a fact may be older.
    pub fn handle(&mut self, now: Time, input: Input) {
        if !matches!(input, Input::Frames(_)) {
            // What other feeds tell may change what frames of the same moment mean.
            self.places.values_mut().for_each(|place| place.judged = None);
        }
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
            Input::Remembered(past) => self.recall(now, past),
            Input::Notes(past) => self.recall_notes(past),
            Input::Storage(status) => self.storage = Some(status),
            Input::Notify(status) => self.notify = status,
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
            Input::Settings(settings) => {
                self.settings = *settings;
                self.know_devices();
                self.rejudge(now);
            }
            Input::Examined(statuses) => self.examined = Some((now, statuses)),
        }
    }

    /// Lets time pass: storms clear and end, unanswered questions are given up.
    pub fn tick(&mut self, now: Time) {
        self.ticked = now;
        let interfaces = self.places.keys().cloned().collect::<Vec<_>>();
        // What one source knows changes what is told of another: only one that is alone needs no second look.
        let alone = interfaces.len() == 1;
        for interface in interfaces {
            let Some(place) = self.places.get_mut(&interface) else { continue };
            place.advance(now, &self.settings.thresholds);
            if place.judged.replace(now) != Some(now) || !alone {
                self.judge(now, &interface, false);
            }
        }
        self.cases.settle(now, &self.counters, &self.floods, &mut |changed| {
            push(&mut self.outputs, Output::Changed(changed));
        });
        self.cases
            .age(now, &self.settings.thresholds, &mut |changed| push(&mut self.outputs, Output::Changed(changed)));
        self.keep_verified(now);
        self.keep_notes(now);
        self.pursue(now);
        self.trace(now);
        self.ask_for_clients(now);
        self.rejudge_if_due(now);
        self.catalogue.devices.advance(now);
        self.tell_devices();
        self.asked.retain(|_, at| now.since(*at) < ASK_AGAIN_AFTER);
        self.not_asked.retain(|ip, _| self.asked.contains_key(ip));
    }

    /// The recording ends: what was not decided because more might come is decided now. Nothing is to be handed in after it.
    pub fn finish(&mut self, now: Time) {
        self.ends = true;
        for interface in self.places.keys().cloned().collect::<Vec<_>>() {
            self.judge(now, &interface, false);
        }
    }

    /// The next request or piece of news.
    pub fn poll(&mut self) -> Option<Output> {
        Some(match self.outputs.pop_front()? {
            Output::Changed(verdict) => Output::Changed(self.notes.on(verdict)),
            other => other,
        })
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
        self.cases.verdicts().into_iter().map(|verdict| self.notes.on(verdict)).collect()
    }

    /// What the outside may know: bounded, cheap to clone.
    #[must_use]
    pub fn snapshot(&self, now: Time) -> Snapshot {
        let refused = self.refused + self.feeds.refused() + self.pursuit.refused();
        let expected = self.expected_uses(now);
        let known = snapshot::Known {
            places: &self.places,
            cases: &self.cases,
            feeds: &self.feeds,
            verified: &self.verified,
            notes: &self.notes,
            expected,
            refused,
        };
        snapshot::take(now, known)
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
            let pauses = sample.topology.as_ref().and_then(|read| read.pauses.as_ref());
            if let Some(counts) = pauses {
                let lowest = self.settings.thresholds.storm_pps as f64;
                self.floods.pauses.look((&sample.target, sample.at), counts, &self.targets, lowest);
            }
            self.count(now, &sample.target);
            self.trace_ports(&sample.target);
        }
        if now.since(self.forgot_at) >= FORGET_EVERY {
            self.forgot_at = now;
            self.counters.forget(now);
            self.floods.forget(now);
        }
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

    fn frames(&mut self, now: Time, summary: &FrameSummary) {
        let (thresholds, expected) = (self.settings.thresholds, Arc::clone(&self.settings.expected));
        let Some(place) = self.place(&summary.interface, summary.from) else { return };
        place.observe(summary, &thresholds, &expected);
        place.judged = Some(summary.until).filter(|until| now <= *until);
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
            ends: self.ends,
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
            for ended in self.cases.take_absorbed() {
                push(outputs, Output::Changed(ended));
            }
        });
        self.ask(now, interface, &ask);
    }
}

/// Queues an output; a consumer that does not come loses the oldest, not the newest.
fn push(outputs: &mut VecDeque<Output>, output: Output) {
    if outputs.len() >= MAX_OUTPUTS {
        outputs.pop_front();
    }
    outputs.push_back(output);
}
