//! The engine on its own thread: facts come in by a bounded channel, a snapshot goes out with each piece of news and tick. Wires, and
//! decides nothing.

use crate::engine::{Engine, Input, Output, Settings, Snapshot};
use crate::io::clock::Clock;
use crate::model::Time;
use crate::model::frames::FrameSummary;
use crate::model::history::Remembered;
use crate::model::note::Note;
use crate::model::topology::LookUp;
use crate::model::verdict::Verdict;
use crate::observe::catalogue::MappingChange;
use crate::observe::devices::DeviceChange;
use crate::observe::topology::MacMove;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// Facts waiting for the engine. Polls wait for a place; a tally goes on accumulating. The sample of a switch with 52 ports is
/// 20 KB, and where the machine is so busy that they queue up, a thousand of them were a tenth of the program.
const MAX_WAITING: usize = 256;
/// Facts taken before news is looked for.
const MAX_BATCH: usize = 64;
/// Time passes for the engine at least this often.
const TICK: Duration = Duration::from_millis(250);
/// A page or client that lags this many changes behind misses the oldest.
const MAX_CHANGES: usize = 64;
/// Owners to be asked for, waiting for the asker.
const MAX_QUESTIONS: usize = 64;
/// Look-ups waiting to be made; the engine asks for no more than half of these at once.
const MAX_LOOK_UPS: usize = 64;

type Query = Box<dyn FnOnce(&Engine, Time) + Send>;
type Order = Box<dyn FnOnce(&mut Engine, Time) + Send>;

enum Message {
    Input(Input),
    Query(Query),
    Order(Order),
}

/// The engine seen from everywhere else.
#[derive(Clone)]
pub struct Hub {
    sender: mpsc::Sender<Message>,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    changes: broadcast::Sender<Change>,
    look_ups: broadcast::Sender<Arc<LookUp>>,
}

/// What has changed.
#[derive(Clone, Debug)]
pub enum Change {
    /// A storm or warning.
    Storm(Arc<Verdict>),
    /// A port mapping.
    Mapping(Arc<MappingChange>),
    /// A UPnP device came, went or changed.
    Device(Arc<DeviceChange>),
    /// A MAC address is behind another switch port.
    Moved(Arc<MacMove>),
    /// Something was said of storms, or does not hold any more.
    Noted(Arc<Note>),
}

/// What is known of earlier runs of the program, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Storms and warnings.
    pub storms: Vec<Remembered>,
    /// What people have said of them.
    pub notes: Vec<Note>,
}

/// An owner to be asked for: interface and address.
pub type Question = (Arc<str>, IpAddr);

/// The engine does not run any more; only at the end of the program.
#[derive(Debug, thiserror::Error)]
#[error("stormglass is stopping")]
pub struct Stopped;

impl Hub {
    /// Starts the engine. It ends when the last hub is dropped.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(settings: Settings, clock: Clock) -> std::io::Result<(Self, mpsc::Receiver<Question>)> {
        Self::resume(settings, clock, Past::default())
    }

    /// Starts the engine with what is known of earlier runs: already the first snapshot has it, so that nobody takes the
    /// network for quiet in between.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn resume(settings: Settings, clock: Clock, past: Past) -> std::io::Result<(Self, mpsc::Receiver<Question>)> {
        let mut engine = Engine::new(settings);
        engine.handle(clock.now(), Input::Remembered(past.storms));
        engine.handle(clock.now(), Input::Notes(past.notes));
        let (sender, inbox) = mpsc::channel(MAX_WAITING);
        let (publish, snapshot) = watch::channel(Arc::new(engine.snapshot(clock.now())));
        let (changes, _) = broadcast::channel(MAX_CHANGES);
        let (ask, questions) = mpsc::channel(MAX_QUESTIONS);
        let (look_ups, _) = broadcast::channel(MAX_LOOK_UPS);
        let outside = Outside { publish, changes: changes.clone(), ask, look_ups: look_ups.clone() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || runtime.block_on(run(engine, clock, inbox, outside)))?;
        Ok((Self { sender, snapshot, changes, look_ups }, questions))
    }

    /// Hands a fact over, waiting for a place.
    ///
    /// # Errors
    /// The program is stopping.
    pub async fn send(&self, input: Input) -> Result<(), Stopped> {
        self.sender.send(Message::Input(input)).await.map_err(|_| Stopped)
    }

    /// Hands a fact over from a thread that may wait for a place.
    ///
    /// # Errors
    /// The program is stopping.
    pub fn send_waiting(&self, input: Input) -> Result<(), Stopped> {
        self.sender.blocking_send(Message::Input(input)).map_err(|_| Stopped)
    }

    /// Hands a summary over, or gives it back if there is no place just now.
    #[must_use]
    pub fn offer(&self, summary: FrameSummary) -> Option<FrameSummary> {
        match self.sender.try_reserve() {
            Ok(place) => {
                place.send(Message::Input(Input::Frames(Box::new(summary))));
                None
            }
            Err(_) => Some(summary),
        }
    }

    /// Asks the engine; the question runs on its thread and should be short.
    ///
    /// # Errors
    /// The program is stopping.
    pub async fn query<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine, Time) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (answer, result) = oneshot::channel();
        let query = Box::new(move |engine: &Engine, now: Time| {
            // A client that went away has no use for the answer.
            let _ = answer.send(question(engine, now));
        });
        self.sender.send(Message::Query(query)).await.map_err(|_| Stopped)?;
        result.await.map_err(|_| Stopped)
    }

    /// Has the engine do something that it answers at once.
    ///
    /// # Errors
    /// The program is stopping.
    pub async fn order<T: Send + 'static>(
        &self,
        order: impl FnOnce(&mut Engine, Time) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (answer, result) = oneshot::channel();
        let order = Box::new(move |engine: &mut Engine, now: Time| {
            // A client that went away has no use for the answer.
            let _ = answer.send(order(engine, now));
        });
        self.sender.send(Message::Order(order)).await.map_err(|_| Stopped)?;
        result.await.map_err(|_| Stopped)
    }

    /// The latest snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.borrow())
    }

    /// Resolves when the engine has ended, which it does by itself only if it fails.
    pub async fn ended(&self) {
        let mut snapshot = self.snapshot.clone();
        while snapshot.changed().await.is_ok() {}
    }

    /// Changes, from now on.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Forwarding entries that the engine wants to be asked for, from now on. Whoever takes them answers each by
    /// [`Input::Sighted`] or [`Input::NotSighted`].
    #[must_use]
    pub fn look_ups(&self) -> broadcast::Receiver<Arc<LookUp>> {
        self.look_ups.subscribe()
    }
}

struct Outside {
    publish: watch::Sender<Arc<Snapshot>>,
    changes: broadcast::Sender<Change>,
    ask: mpsc::Sender<Question>,
    look_ups: broadcast::Sender<Arc<LookUp>>,
}

async fn run(mut engine: Engine, clock: Clock, mut inbox: mpsc::Receiver<Message>, outside: Outside) {
    let mut ticked = clock.now();
    let mut unwatched = true;
    loop {
        let due = ticked.plus(TICK);
        let wake = engine.next_deadline().map_or(due, |deadline| deadline.min(due));
        // A deadline that has passed must not keep the inbox from being read.
        let wait = wake.since(clock.now()).max(Duration::from_millis(1));
        match tokio::time::timeout(wait, inbox.recv()).await {
            Ok(Some(message)) => {
                take(&mut engine, &clock, message);
                for _ in 0..MAX_BATCH {
                    let Ok(message) = inbox.try_recv() else { break };
                    take(&mut engine, &clock, message);
                }
            }
            Ok(None) => return,
            Err(_) => {}
        }
        let now = clock.now();
        if now >= due || engine.next_deadline().is_some_and(|deadline| deadline <= now) {
            engine.tick(now);
            ticked = now;
        }
        // The snapshot first: whoever hears of a change finds it there. At once for news and for the first feed; what else
        // has changed can wait for the tick: a fleet brings hundreds of polls a second.
        let news = std::iter::from_fn(|| engine.poll()).collect::<Vec<_>>();
        let first = unwatched && !engine.feeds().counts().is_empty();
        unwatched &= !first;
        if first || ticked == now || !news.is_empty() {
            outside.publish.send_replace(Arc::new(engine.snapshot(now)));
        }
        for output in news {
            match output {
                // Nobody listening: the change is in the snapshot.
                Output::Changed(verdict) => drop(outside.changes.send(Change::Storm(verdict))),
                Output::Noted(note) => drop(outside.changes.send(Change::Noted(note))),
                Output::Mapping(change) => drop(outside.changes.send(Change::Mapping(Arc::from(change)))),
                Output::Device(change) => drop(outside.changes.send(Change::Device(Arc::from(change)))),
                Output::Moved(moved) => drop(outside.changes.send(Change::Moved(Arc::from(moved)))),
                Output::LookUp(look_up) => {
                    if let Err(error) = outside.look_ups.send(Arc::from(look_up)) {
                        engine.handle(now, Input::NotSighted(Arc::clone(&error.0.target)));
                    }
                }
                Output::AskOwner { interface, ip } => {
                    if outside.ask.try_send((interface, ip)).is_err() {
                        engine.handle(now, Input::NotAsked(ip));
                    }
                }
            }
        }
    }
}

fn take(engine: &mut Engine, clock: &Clock, message: Message) {
    match message {
        Message::Input(input) => engine.handle(clock.now(), input),
        Message::Query(query) => query(engine, clock.now()),
        Message::Order(order) => order(engine, clock.now()),
    }
}
