//! Tells people: what the teller finds worth a message goes into the outbox, what is due there goes out by its channel, and all that
//! waits is on the disk before it is tried. Nothing waits for this task; decides only what a configuration asks for.

use super::blocking;
use crate::app::config::HEARTBEAT;
use crate::app::hub::{Change, Hub};
use crate::engine::outbox::{Chance, Delivery, Ended, Outbox};
use crate::engine::teller::Teller;
use crate::engine::{Input, Snapshot};
use crate::io::clock::{self, Clock};
use crate::io::notify::queue::Queue;
use crate::io::notify::{Channel, Dialer, Draft, SendError, Settings, heartbeat};
use crate::model::Time;
use crate::model::notice::{Notice, NotifyStatus, Outcome, Topic};
use crate::observe::catalogue;
use crate::view::notify::{Manner, Message, message, notice, opened};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

/// Time passes for the teller at least this often: blindness is no change that anybody is told of.
const TICK: Duration = Duration::from_secs(1);
/// An engine that does not answer by then is not alive.
const ALIVE_WITHIN: Duration = Duration::from_secs(5);
/// Seconds after the start in which the first sign of life waits for something to be seen.
const FIRST_SIGHT: u32 = 30;
/// Outcomes of signs of life that wait to be counted.
const MAX_BEATS: usize = 8;

/// What telling needs.
pub struct Telling {
    /// The engine.
    pub hub: Hub,
    /// The one clock.
    pub clock: Clock,
    /// Where messages wait; without it in memory.
    pub folder: Option<PathBuf>,
    /// Who is told.
    pub section: watch::Receiver<Arc<Settings>>,
    /// What was known at the start: the run before has told of it.
    pub known: Arc<Snapshot>,
    /// Turns true at the end.
    pub stopped: watch::Receiver<bool>,
}

/// What came of a delivery.
type Came = (u64, Arc<str>, Result<String, SendError>);

/// A delivery under way, which may become another one until it is put into words.
struct Underway {
    manner: Manner,
    clock: Clock,
    /// What is to be said; and whether it was.
    state: Mutex<(Delivery, bool)>,
}

impl Draft for Underway {
    fn message(&self) -> Message {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.1 = true;
        message(&state.0, self.clock.now(), &self.manner).expect("a delivery has a notice")
    }
}

/// A channel that is open.
#[derive(Clone)]
struct Open {
    channel: Arc<dyn Channel>,
    manner: Manner,
    events: BTreeSet<Topic>,
}

struct Desk {
    hub: Hub,
    clock: Clock,
    outbox: Outbox,
    queue: Option<Queue>,
    teller: Teller,
    open: BTreeMap<Arc<str>, Open>,
    sending: JoinSet<Came>,
    underway: BTreeMap<u64, Arc<Underway>>,
    beating: Option<AbortHandle>,
    beats: mpsc::Sender<Outcome>,
    told: Option<NotifyStatus>,
    /// Why a channel fails, as it was logged: once for each reason.
    failing: BTreeMap<Arc<str>, String>,
}

/// Tells people until `stopped` turns true.
pub async fn tell_people(telling: Telling) {
    let Telling { hub, clock, folder, mut section, known, mut stopped } = telling;
    let (beats, mut beaten) = mpsc::channel(MAX_BEATS);
    let mut changes = hub.changes();
    let now = clock.now();
    let in_memory = folder.is_none();
    let opened = blocking(move || Ok(Queue::open(folder.as_deref()))).await;
    // It fails only where the program ends.
    let Ok((queue, left)) = opened else { return };
    let mut desk = Desk {
        hub,
        clock,
        outbox: Outbox::resume(now, left),
        queue: Some(queue),
        teller: Teller::new(now, &known.verdicts),
        open: BTreeMap::new(),
        sending: JoinSet::new(),
        underway: BTreeMap::new(),
        beating: None,
        beats,
        told: None,
        failing: BTreeMap::new(),
    };
    let settings = section.borrow_and_update().clone();
    if in_memory && !settings.channels.is_empty() {
        tracing::info!("notify: messages that wait are lost with a restart: set storage.path to keep them on the disk");
    }
    desk.configure(&settings).await;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        desk.dispatch().await;
        let due = desk.outbox.next_due().map(|due| due.since(clock.now()).max(Duration::from_millis(10)));
        tokio::select! {
            biased;
            () = told_to_stop(&mut stopped) => break,
            Ok(()) = section.changed() => {
                let settings = section.borrow_and_update().clone();
                desk.configure(&settings).await;
            }
            Some(came) = desk.sending.join_next() => {
                if let Ok(came) = came {
                    desk.ended(came);
                }
            }
            Some(outcome) = beaten.recv() => desk.outbox.count(&HEARTBEAT.into(), outcome),
            change = changes.recv() => match change {
                Ok(change) => desk.changed(&change),
                Err(RecvError::Lagged(_)) => desk.look(),
                Err(RecvError::Closed) => break,
            },
            _ = tick.tick() => desk.look(),
            () = tokio::time::sleep(due.unwrap_or(TICK)), if due.is_some() => {}
        }
    }
    // What is under way stays in the queue: better told twice than never.
    desk.keep().await;
    desk.close().await;
}

/// Keeps no hold of the word itself, which others read.
async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

impl Desk {
    /// Opens the channels of a configuration, and closes those that are not in it any more.
    async fn configure(&mut self, settings: &Settings) {
        self.close().await;
        self.failing.clear();
        let dialer = Arc::new(Dialer::new(settings.interface.clone()));
        let utc_offset_seconds = clock::utc_offset_seconds(self.clock.now());
        for mut channel in settings.channels.iter().cloned() {
            channel.manner.utc_offset_seconds = utc_offset_seconds;
            let open = Open {
                channel: channel.open(&dialer, false),
                manner: channel.manner.clone(),
                events: channel.events.clone(),
            };
            self.open.insert(channel.name, open);
        }
        if let Some(beat) = settings.heartbeat.clone() {
            let beating = beat_on(self.hub.clone(), dialer, beat, self.beats.clone());
            self.beating = Some(tokio::spawn(beating).abort_handle());
        }
        self.outbox.retain(&self.open.keys().cloned().collect());
        self.outbox.hurry(self.clock.now());
        if settings.is_empty() {
            self.told = None;
            // A hub that is gone means that the program ends.
            let _ = self.hub.send(Input::Notify(None)).await;
        }
        self.look();
    }

    async fn close(&mut self) {
        if let Some(beating) = self.beating.take() {
            beating.abort();
        }
        for open in std::mem::take(&mut self.open).into_values() {
            open.channel.close().await;
        }
    }

    /// Also while nobody is told: who is told from now on is told of what happens from now on.
    fn look(&mut self) {
        let (now, snapshot) = (self.clock.now(), self.hub.snapshot());
        for told in self.teller.observe(now, &snapshot) {
            self.put(now, &notice(&told, now));
        }
        for open in self.open.values() {
            open.channel.show(&snapshot);
        }
    }

    fn changed(&mut self, change: &Change) {
        match change {
            Change::Storm(_) | Change::Noted(_) => self.look(),
            Change::Mapping(change) if change.change == catalogue::Change::Added => {
                let now = self.clock.now();
                self.put(now, &opened(change, now));
            }
            Change::Mapping(_) | Change::Device(_) | Change::Moved(_) => {}
        }
    }

    fn put(&mut self, now: Time, notice: &Notice) {
        for (name, open) in &self.open {
            if open.events.contains(&notice.topic) {
                self.outbox.put(now, name, notice.clone());
            }
        }
    }

    /// What waits is on the disk.
    async fn keep(&mut self) {
        let parcels = self.outbox.parcels();
        if let Some(mut queue) = self.queue.take_if(|queue| queue.cares(parcels)) {
            let parcels = parcels.to_vec();
            let kept = blocking(move || {
                queue.keep(&parcels);
                Ok(queue)
            });
            // It fails only where the program ends.
            self.queue = kept.await.ok();
        }
    }

    /// Sends what is due, once it is on the disk; and says how it all goes.
    async fn dispatch(&mut self) {
        self.amend();
        self.keep().await;
        let now = self.clock.now();
        while let Some(delivery) = self.outbox.poll(now) {
            let (id, name) = (delivery.id, Arc::clone(&delivery.channel));
            let Some(open) = self.open.get(&name).cloned() else {
                // A channel that is closed has no messages; should it have one, it waits.
                let failed = Ended::Failed { chance: chance(now), retry_after: None, refused: true };
                self.outbox.ended(now, id, failed);
                continue;
            };
            let state = Mutex::new((delivery, false));
            let draft = Arc::new(Underway { manner: open.manner, clock: self.clock, state });
            self.underway.insert(id, Arc::clone(&draft));
            self.sending.spawn(async move { (id, name, open.channel.send(draft).await) });
        }
        self.report().await;
    }

    /// What was not said yet is said as it is now.
    fn amend(&mut self) {
        for (id, draft) in &self.underway {
            let mut state = draft.state.lock().unwrap_or_else(PoisonError::into_inner);
            if !state.1
                && let Some(better) = self.outbox.amend(*id)
            {
                state.0 = better;
            }
        }
    }

    fn ended(&mut self, (id, channel, sent): Came) {
        let now = self.clock.now();
        self.underway.remove(&id);
        let ended = match sent {
            Ok(_) => {
                self.failing.remove(&channel);
                tracing::info!(%channel, "a message was delivered");
                Ended::Delivered
            }
            Err(SendError { what, refused, retry_after }) => {
                if self.failing.get(&channel) != Some(&what) {
                    tracing::warn!(%channel, "notify: {what}. The message waits");
                    self.failing.insert(Arc::clone(&channel), what);
                }
                Ended::Failed { chance: chance(now), retry_after, refused }
            }
        };
        self.outbox.ended(now, id, ended);
    }

    async fn report(&mut self) {
        let beats = self.beating.is_some().then(|| (Arc::from(HEARTBEAT), 0));
        let waiting = self.open.keys().map(|name| (Arc::clone(name), self.outbox.waiting(name))).chain(beats);
        let status = NotifyStatus {
            waiting: waiting.collect(),
            counts: self.outbox.counts().clone(),
            disk_errors: self.queue.as_ref().map_or(0, Queue::errors),
        };
        if status.waiting.is_empty() || self.told.as_ref() == Some(&status) {
            return;
        }
        self.told = Some(status.clone());
        // A hub that is gone means that the program ends.
        let _ = self.hub.send(Input::Notify(Some(status))).await;
    }
}

/// Where in the span of the next pause: what the clock's last digits say is chance enough.
fn chance(now: Time) -> Chance {
    Chance(u16::try_from(now.as_nanos().rem_euclid(1001)).unwrap_or(0))
}

/// The engine answers, and sees something. The question waits in the same queue as every fact, and is answered on the engine's
/// thread.
async fn lives(hub: &Hub) -> bool {
    let sees = hub.query(|engine, _| {
        engine.feeds().counts().iter().any(|(feed, count)| count.working > 0 && *feed != "discovery")
    });
    matches!(tokio::time::timeout(ALIVE_WITHIN, sees).await, Ok(Ok(true)))
}

/// Gives signs of life for as long as the engine answers and sees something.
async fn beat_on(hub: Hub, dialer: Arc<Dialer>, settings: heartbeat::Settings, beats: mpsc::Sender<Outcome>) {
    // The feeds take some seconds: a first sign of life is not withheld for that.
    for _ in 0..FIRST_SIGHT {
        if lives(&hub).await {
            break;
        }
        tokio::time::sleep(TICK).await;
    }
    let mut timer = tokio::time::interval(settings.interval);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = String::new();
    loop {
        timer.tick().await;
        let outcome = if lives(&hub).await {
            match heartbeat::beat(&dialer, &settings).await {
                Ok(_) => {
                    failing.clear();
                    Outcome::Delivered
                }
                Err(error) => {
                    if failing != error.what {
                        tracing::warn!("notify.heartbeat: {}", error.what);
                        failing = error.what;
                    }
                    Outcome::Failed
                }
            }
        } else {
            Outcome::Withheld
        };
        if beats.send(outcome).await.is_err() {
            return;
        }
    }
}
