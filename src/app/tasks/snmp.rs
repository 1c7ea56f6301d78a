//! Polls the SNMP targets there are at present. Which is polled when, `engine::agenda` decides; what an answer means, the
//! engine.

use crate::app::hub::Hub;
use crate::engine::agenda::{Agenda, Counts, Start, share};
use crate::engine::{Input, State};
use crate::io::clock::Clock;
use crate::io::snmp::{Client, Located, UNRESOLVED};
use crate::model::Time;
use crate::model::observation::{Gap, Poll};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The forwarding database is big and changes slowly; in polls, at ten seconds, this is a quarter of an hour.
const FDB_EVERY: Duration = Duration::from_secs(900);
/// While a storm goes on, the ports of those in it are looked up much more often.
const FDB_IN_STORM: Duration = Duration::from_secs(2);
/// At most one forwarding database in this time, on average: it is several times the work of a poll.
const FDB_PACE: Duration = Duration::from_millis(20);
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
    /// When its forwarding database was asked for, or from when on it may be.
    fdb_asked: Option<Time>,
    fdb_from: Time,
}

struct Poller {
    hub: Hub,
    client: Arc<Client>,
    clock: Clock,
    agenda: Agenda,
    known: BTreeMap<Arc<str>, Known>,
    polls: JoinSet<(Arc<str>, bool)>,
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
                        if !self.take(&wanted).await {
                            return;
                        }
                    }
                    // Nobody can change the list any more; it goes on being polled.
                    Err(_) => list = watch::channel(Wanted::default()).1,
                },
                Some(ended) = self.polls.join_next() => match ended {
                    Ok((name, answered)) => self.agenda.finished(self.clock.now(), &name, answered),
                    // Passed on, so that the program says that it has failed.
                    Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    Err(_) => return,
                },
                _ = tell.tick() => {
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

    /// Takes a new list; false if the program is stopping.
    async fn take(&mut self, wanted: &[(Arc<Located>, Rhythm)]) -> bool {
        let now = self.clock.now();
        let spread = FDB_PACE.saturating_mul(u32::try_from(wanted.len()).unwrap_or(u32::MAX)).min(FDB_EVERY);
        let mut before = std::mem::take(&mut self.known);
        if before.is_empty() && wanted.is_empty() {
            // Without targets this host's own counters stand in, and an empty list would forget them.
            return true;
        }
        for (target, rhythm) in wanted {
            let known = match before.remove(target.name()) {
                // Where it was found last is known to the old one.
                Some(known) if known.target.is_same(target) => Known { rhythm: *rhythm, ..known },
                _ => Known {
                    target: Arc::clone(target),
                    rhythm: *rhythm,
                    fdb_asked: None,
                    fdb_from: now.plus(share(target.name(), spread)),
                },
            };
            self.known.entry(Arc::clone(target.name())).or_insert(known);
        }
        self.agenda.set(now, self.known.iter().map(|(name, known)| (Arc::clone(name), known.rhythm.interval)));
        let list = self.known.iter().map(|(name, known)| (Arc::clone(name), known.target.place().to_string()));
        self.hub.send(Input::Targets(list.collect())).await.is_ok()
    }

    fn begin(&mut self, now: Time, start: &Start) {
        let fleet = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let Some(known) = self.known.get_mut(&start.target) else {
            // Cannot be: both have the same names. A place that is never given back would be worse than a wrong guess.
            self.agenda.finished(now, &start.target, false);
            return;
        };
        let storm = self.hub.snapshot().state == State::Storm;
        let fdb_every = if storm { FDB_IN_STORM.max(FDB_PACE.saturating_mul(fleet)) } else { FDB_EVERY };
        let want_fdb = !start.silent
            && known.fdb_asked.map_or(now >= known.fdb_from, |asked| now.since(asked) >= fdb_every.min(FDB_EVERY));
        if want_fdb {
            known.fdb_asked = Some(now);
        }
        let ask =
            Ask { target: Arc::clone(&known.target), silent: start.silent, want_fdb, within: known.rhythm.timeout };
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
            (Arc::clone(ask.target.name()), answered)
        });
    }
}

struct Ask {
    target: Arc<Located>,
    silent: bool,
    want_fdb: bool,
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
                client.poll(&found, self.want_fdb, self.within).await
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
