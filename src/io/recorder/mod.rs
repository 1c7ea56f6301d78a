//! The flight recorder: the seconds before and after the onset of a storm, as pcapng in a folder of bounded size. The
//! capture thread keeps the frames ([`Reel`]) and hands over whole seconds; a thread of its own writes them, so that a
//! slow or full disk delays no frame. Judges nothing.

mod store;

use crate::io::clock::Clock;
use crate::model::Time;
use crate::model::frames::FrameMeta;
use crate::model::recording::{RecorderStatus, Recording};
use crate::observe::tape::{Stretch, Tape, TapeLimits};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use store::Store;
pub(in crate::io) use store::reason;

/// Seconds of frames waiting to be written, over all interfaces; a disk that is further behind loses them.
const MAX_WAITING: usize = 128;
/// Storms that no capture has taken up yet.
const MAX_TRIGGERS: usize = 64;

/// What is kept, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The folder.
    pub folder: PathBuf,
    /// Time kept before the onset, up to a minute.
    pub before: Duration,
    /// Time kept after it.
    pub after: Duration,
    /// Bytes kept of each frame.
    pub snaplen: usize,
    /// Recordings kept; the oldest go first.
    pub max_files: usize,
    /// Bytes of all recordings.
    pub max_bytes: u64,
}

impl Default for Settings {
    /// Ten seconds to both sides and the headers show what happened; more of a frame may be somebody's data.
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            before: Duration::from_secs(10),
            after: Duration::from_secs(10),
            snaplen: 128,
            max_files: 50,
            max_bytes: 256 << 20,
        }
    }
}

/// The onset of a storm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Its id.
    pub storm: Arc<str>,
    /// The broadcast domain: the interface, with `.VLAN` where tagged.
    pub segment: Arc<str>,
    /// The sentence about it.
    pub sentence: String,
    /// When it began.
    pub started: Time,
}

/// News of the recorder.
#[derive(Clone, Debug)]
pub enum News {
    /// A recording is complete.
    Done(Recording),
    /// How it is doing.
    Status(RecorderStatus),
}

enum Message {
    Begin {
        reel: u64,
        interface: Arc<str>,
        trigger: Trigger,
    },
    /// Another storm on the same tape.
    Also {
        reel: u64,
        storm: Arc<str>,
    },
    Stretch {
        reel: u64,
        stretch: Stretch,
    },
    End {
        reel: u64,
    },
}

/// The recorder, as captures and the wiring hold it.
#[derive(Clone, Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    clock: Clock,
    triggers: Mutex<Vec<(u64, Trigger)>>,
    /// Triggers so far; what a capture looks at between batches of frames.
    count: AtomicU64,
    reels: AtomicU64,
    writer: SyncSender<Message>,
}

impl Recorder {
    /// Opens the folder and starts the writer, which tells `news` on its own thread.
    ///
    /// # Errors
    /// The folder can't be made or written to, or the system has no thread left.
    pub fn start(settings: Settings, clock: Clock, news: impl Fn(News) + Send + 'static) -> std::io::Result<Self> {
        let mut store = Store::open(&settings)?;
        let (writer, inbox) = mpsc::sync_channel(MAX_WAITING);
        let body = move || {
            news(News::Status(store.status().clone()));
            // Ends when the last holder of the recorder is gone.
            for message in inbox {
                let done = match message {
                    Message::Begin { reel, interface, trigger } => store.begin(reel, &interface, &trigger),
                    Message::Also { reel, storm } => store.also(reel, storm),
                    Message::Stretch { reel, stretch } => store.write(reel, &stretch),
                    Message::End { reel } => store.end(reel, clock.now()),
                };
                match done {
                    Ok(None) => continue,
                    Ok(Some(recording)) => {
                        tracing::info!(path = %recording.path, frames = recording.frames, "recorded the onset");
                        news(News::Done(recording));
                    }
                    Err(error) => tracing::warn!("recorder.path: {error}"),
                }
                news(News::Status(store.status().clone()));
            }
        };
        thread::Builder::new().name("recorder".to_owned()).spawn(body)?;
        let shared = Shared {
            settings,
            clock,
            triggers: Mutex::default(),
            count: AtomicU64::new(0),
            reels: AtomicU64::new(0),
            writer,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// A storm begins: the capture of its interface keeps what it has.
    pub fn trigger(&self, trigger: Trigger) {
        let mut triggers = self.shared.triggers.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.shared.count.load(Ordering::Relaxed) + 1;
        if triggers.len() >= MAX_TRIGGERS {
            triggers.remove(0);
        }
        triggers.push((number, trigger));
        self.shared.count.store(number, Ordering::Release);
    }

    /// The tape of a capture that begins now.
    #[must_use]
    pub fn reel(&self, interface: &Arc<str>) -> Reel {
        let Settings { before, snaplen, .. } = self.shared.settings;
        Reel {
            id: self.shared.reels.fetch_add(1, Ordering::Relaxed),
            interface: Arc::clone(interface),
            seen: self.shared.count.load(Ordering::Acquire),
            tape: Tape::new(TapeLimits { before, snaplen }),
            until: None,
            lost: 0,
            shared: Arc::clone(&self.shared),
        }
    }
}

/// The tape of one capture, on the thread of the capture.
#[derive(Debug)]
pub struct Reel {
    id: u64,
    interface: Arc<str>,
    /// Triggers looked at.
    seen: u64,
    tape: Tape,
    /// A recording goes on up to this time.
    until: Option<Time>,
    /// Frames that the writer had no room for.
    lost: u64,
    shared: Arc<Shared>,
}

impl Reel {
    /// Takes a frame: the one call on the path of every frame.
    #[inline]
    pub fn frame(&mut self, meta: &FrameMeta, bytes: &[u8]) {
        self.tape.frame(meta, bytes);
    }

    /// Between batches of frames: sees whether a storm has begun, and hands over the seconds that are complete.
    pub fn turn(&mut self, now: Time) {
        let count = self.shared.count.load(Ordering::Acquire);
        if count != self.seen {
            self.look_for_triggers(now);
            self.seen = count;
        }
        if let Some(until) = self.until {
            let over = now >= until;
            self.hand_over(now, over);
            if over {
                self.until = None;
                self.send(Message::End { reel: self.id });
            }
        }
    }

    fn look_for_triggers(&mut self, now: Time) {
        let mine = |segment: &str| {
            segment.strip_prefix(&*self.interface).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let triggers = self.shared.triggers.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = triggers.iter().filter(|(number, trigger)| *number > self.seen && mine(&trigger.segment));
        let fresh = fresh.map(|(_, trigger)| trigger.clone()).collect::<Vec<_>>();
        drop(triggers);
        for trigger in fresh {
            if self.until.is_some() {
                self.send(Message::Also { reel: self.id, storm: trigger.storm });
                continue;
            }
            self.until = Some(now.plus(self.shared.settings.after));
            let interface = Arc::clone(&self.interface);
            self.send(Message::Begin { reel: self.id, interface, trigger });
        }
    }

    fn hand_over(&mut self, now: Time, all: bool) {
        for mut stretch in self.tape.take(now, all) {
            stretch.left_out += std::mem::take(&mut self.lost);
            let frames = stretch.frames + stretch.left_out;
            if !self.send(Message::Stretch { reel: self.id, stretch }) {
                self.lost += frames;
            }
        }
    }

    /// Never waits: the writer may be behind, and the frames may not.
    fn send(&self, message: Message) -> bool {
        self.shared.writer.try_send(message).is_ok()
    }
}

impl Drop for Reel {
    /// The capture ends or begins anew: what there is of a recording is a recording.
    fn drop(&mut self) {
        if self.until.take().is_some() {
            self.hand_over(self.shared.clock.now(), true);
            self.send(Message::End { reel: self.id });
        }
    }
}

#[cfg(test)]
mod tests;
