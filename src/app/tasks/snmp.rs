//! Polls the SNMP targets there are at present. Which is polled when, `engine::agenda` decides; what an answer means, the
//! engine.

use crate::app::hub::Hub;
use crate::engine::agenda::{Agenda, Counts, Start, share};
use crate::engine::{Input, State, pursuit};
use crate::io::clock::Clock;
use crate::io::snmp::{Client, Located, UNRESOLVED};
use crate::mib::slow::{Schedule, Slow};
use crate::model::Time;
use crate::model::observation::{Gap, Poll};
use crate::model::topology::LookUp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;

/// The slow tables of one target in this time, on average: they are several times the work of a poll.
const SLOW_PACE: Duration = Duration::from_millis(20);
/// At the start they are spread over no more than this.
const SLOW_SPREAD: Duration = Duration::from_secs(900);
/// How long a look-up may take: until the next one is due.
const LOOK_UP_WITHIN: Duration = pursuit::EVERY;
/// In a storm the targets of its segment are polled this often, if they can. Agents renew their counters every 1-30 s, so
/// that some answers bring nothing new.
const STORM_EVERY: Duration = Duration::from_secs(2);
/// The counts of the plan are told to the engine this often.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// When and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// From the start of one poll to the start of the next.
    pub interval: Duration,
    /// How long one poll may take; no longer than the interval.
    pub timeout: Duration,
}

type Wanted = Arc<Vec<(Arc<Located>, Rhythm)>>;

/// Says which targets are polled. Cheap to clone; polling ends when the task does, not with this.
#[derive(Clone, Debug)]
pub struct Scheduler {
    wanted: watch::Sender<Wanted>,
}

impl Scheduler {
    /// A scheduler without targets, and the task that polls, to be spawned. It ends when the hub is gone.
    pub fn new(hub: Hub, client: Arc<Client>, clock: Clock) -> (Self, impl Future<Output = ()>) {
        let (wanted, list) = watch::channel(Wanted::default());
        let poller = Poller {
            look_ups: hub.look_ups(),
            looking: JoinSet::new(),
            hub,
            client,
            clock,
            agenda: Agenda::default(),
            known: BTreeMap::new(),
            polls: JoinSet::new(),
            told: Counts::default(),
        };
        (Self { wanted }, poller.run(list))
    }

    /// Takes the targets there are from now on. They are told apart by name: those that stay keep their rhythm and all
    /// that is known of them, those with another address or rhythm are polled by the new one, those that are gone are
    /// forgotten. Returns at once; the polls follow, spread over the interval.
    pub fn set(&self, targets: Vec<(Arc<Located>, Rhythm)>) {
        self.wanted.send_replace(Arc::new(targets));
    }

    /// The targets that were set last, for `/snmp` and service discovery.
    #[must_use]
    pub fn targets(&self) -> Arc<Vec<(Arc<Located>, Rhythm)>> {
        Arc::clone(&self.wanted.borrow())
    }
}

struct Known {
    target: Arc<Located>,
    rhythm: Rhythm,
    /// When each of its slow tables was read.
    slow: Schedule,
    /// From when on they may be.
    slow_from: Time,
    /// When they were last asked for because of a storm.
    pressed: Option<Time>,
    /// The state of the network at its last poll.
    before: State,
}

/// How a poll ended.
struct Done {
    name: Arc<str>,
    begun: Time,
    tables: BTreeSet<Slow>,
    answered: bool,
}

struct Poller {
    hub: Hub,
    client: Arc<Client>,
    clock: Clock,
    agenda: Agenda,
    known: BTreeMap<Arc<str>, Known>,
    polls: JoinSet<Done>,
    look_ups: broadcast::Receiver<Arc<LookUp>>,
    looking: JoinSet<()>,
    told: Counts,
}

impl Poller {
    async fn run(mut self, mut list: watch::Receiver<Wanted>) {
        let mut tell = tokio::time::interval(TELL_EVERY);
        tell.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // The list may have been set before this task began.
        list.mark_changed();
        loop {
            let now = self.clock.now();
            while let Some(start) = self.agenda.next(now) {
                self.begin(now, &start);
            }
            let wait = self.agenda.next_deadline().map(|at| at.since(now));
            tokio::select! {
                changed = list.changed() => match changed {
                    Ok(()) => {
                        let wanted = Arc::clone(&list.borrow_and_update());
                        self.take(&wanted);
                    }
                    // Nobody can change the list any more; it goes on being polled.
                    Err(_) => list = watch::channel(Wanted::default()).1,
                },
                Some(ended) = self.polls.join_next() => match ended {
                    Ok(done) => self.done(&done),
                    // Passed on, so that the program says that it has failed.
                    Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    Err(_) => return,
                },
                asked = self.look_ups.recv(), if self.looking.len() < pursuit::MAX_IN_FLIGHT => {
                    // One that was missed is asked for again by the next round.
                    if let Ok(look_up) = asked {
                        self.look_up(&look_up);
                    }
                }
                Some(ended) = self.looking.join_next() => {
                    if let Err(error) = ended && error.is_panic() {
                        std::panic::resume_unwind(error.into_panic());
                    }
                }
                _ = tell.tick() => {
                    let now = self.clock.now();
                    self.agenda.hurry(now, &self.hub.snapshot().affected, STORM_EVERY);
                    let counts = self.agenda.counts(self.clock.now());
                    if counts != self.told {
                        self.told = counts;
                        if self.hub.send(Input::Polling(counts)).await.is_err() {
                            return;
                        }
                    }
                }
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {}
            }
        }
    }

    fn take(&mut self, wanted: &[(Arc<Located>, Rhythm)]) {
        let now = self.clock.now();
        let spread = SLOW_PACE.saturating_mul(u32::try_from(wanted.len()).unwrap_or(u32::MAX)).min(SLOW_SPREAD);
        let mut before = std::mem::take(&mut self.known);
        for (target, rhythm) in wanted {
            let known = match before.remove(target.name()) {
                // Where it was found last is known to the old one.
                Some(known) if known.target.is_same(target) => Known { rhythm: *rhythm, ..known },
                _ => Known {
                    target: Arc::clone(target),
                    rhythm: *rhythm,
                    slow: Schedule::default(),
                    slow_from: now.plus(share(target.name(), spread)),
                    pressed: None,
                    before: State::Quiet,
                },
            };
            self.known.entry(Arc::clone(target.name())).or_insert(known);
        }
        self.agenda.set(now, self.known.iter().map(|(name, known)| (Arc::clone(name), known.rhythm.interval)));
    }

    /// Asks for a few forwarding entries, beside the polls.
    fn look_up(&mut self, look_up: &Arc<LookUp>) {
        let (hub, client, clock) = (self.hub.clone(), Arc::clone(&self.client), self.clock);
        let known = self.known.get(&look_up.target).map(|known| Arc::clone(&known.target));
        let look_up = Arc::clone(look_up);
        self.looking.spawn(async move {
            let found = match known {
                Some(located) => match located.target(clock.now()).await {
                    Ok(target) => client.look_up(&target, &look_up, LOOK_UP_WITHIN).await.ok(),
                    Err(_) => None,
                },
                None => None,
            };
            let input = found
                .map_or_else(|| Input::NotSighted(Arc::clone(&look_up.target)), |seen| Input::Sighted(Box::new(seen)));
            // A hub that is gone means that the program ends.
            let _ = hub.send(input).await;
        });
    }

    fn done(&mut self, done: &Done) {
        self.agenda.finished(self.clock.now(), &done.name, done.answered);
        if let Some(known) = self.known.get_mut(&done.name).filter(|_| done.answered) {
            known.slow.asked(done.begun, &done.tables);
        }
    }

    fn begin(&mut self, now: Time, start: &Start) {
        let fleet = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let Some(known) = self.known.get_mut(&start.target) else {
            // Cannot be: both have the same names. A place that is never given back would be worse than a wrong guess.
            self.agenda.finished(now, &start.target, false);
            return;
        };
        let state = self.hub.snapshot().state;
        // Whoever is silent is asked no more than whether it is back, and keeps its claim to what is urgent.
        let tables = if start.silent { BTreeSet::new() } else { known.slow_tables(now, state, fleet) };
        let ask = Ask { target: Arc::clone(&known.target), silent: start.silent, tables, within: known.rhythm.timeout };
        let (hub, client, clock) = (self.hub.clone(), Arc::clone(&self.client), self.clock);
        self.polls.spawn(async move {
            let poll = ask.poll(&client, clock).await;
            let answered = matches!(poll, Poll::Answered(_));
            if !answered {
                ask.target.missed();
            }
            // Waits for a place in the engine's inbox, and keeps its place in the plan meanwhile: back-pressure. A hub
            // that is gone means that the program ends.
            let _ = hub.send(Input::Poll(poll)).await;
            Done { name: Arc::clone(ask.target.name()), begun: now, tables: ask.tables, answered }
        });
    }
}

impl Known {
    /// The slow tables that are due. A storm makes them due at almost every poll, but a fleet of `fleet` targets no faster
    /// than [`SLOW_PACE`] allows.
    fn slow_tables(&mut self, now: Time, state: State, fleet: u32) -> BTreeSet<Slow> {
        // A warning stands for a day: what is news is that it comes.
        let alarm = state >= State::Warning && self.before < State::Warning;
        self.before = state;
        let rested = self.pressed.is_none_or(|at| now.since(at) >= SLOW_PACE.saturating_mul(fleet));
        let (storm, alarm) = (state == State::Storm && rested, alarm && rested);
        if storm || alarm {
            self.pressed = Some(now);
        } else if now < self.slow_from {
            return BTreeSet::new();
        }
        self.slow.due(now, storm, alarm)
    }
}

struct Ask {
    target: Arc<Located>,
    silent: bool,
    tables: BTreeSet<Slow>,
    within: Duration,
}

impl Ask {
    async fn poll(&self, client: &Client, clock: Clock) -> Poll {
        match self.target.target(clock.now()).await {
            Ok(mut found) => {
                if self.silent {
                    // One request shows whether it is back.
                    found.retries = 0;
                }
                client.poll(&found, &self.tables, self.within).await
            }
            Err(unresolved) => Poll::Gap(Gap {
                target: Arc::clone(self.target.name()),
                at: clock.now(),
                reason: UNRESOLVED,
                message: unresolved.to_string(),
            }),
        }
    }
}
