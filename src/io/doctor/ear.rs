//! One interface heard during an examination: each frame goes to the tally and the engine, which know storms, and to the
//! hearing, which knows the rest. On a thread of its own. Sends nothing but, with a permit, memberships.

use crate::engine::{Engine, Input, Settings};
use crate::io::capture::afpacket::Ring;
use crate::io::capture::{CaptureError, FrameSource as _};
use crate::io::clock::Clock;
use crate::model::probe::Permit;
use crate::model::verdict::{Phase, Severity, Verdict};
use crate::observe::hearing::{Heard, Hearing, Marks};
use crate::observe::replica::ReplicaRules;
use crate::observe::tally::Tally;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The longest wait for frames: how soon a stop or a storm is noticed.
const WAIT: Duration = Duration::from_millis(50);
/// What an ear is told.
#[derive(Debug)]
pub struct EarSettings {
    /// The interface.
    pub interface: Arc<str>,
    /// By what our own packets are known again.
    pub marks: Marks,
    /// What the engine is told once.
    pub engine: Settings,
    /// What the engine is told before the first frame: this host, and its neighbours.
    pub before: Vec<Input>,
    /// The one clock.
    pub clock: Clock,
}

/// What an ear heard: facts, and storms and warnings, newest first.
pub type Ended = (Heard, Vec<Arc<Verdict>>);

/// A running ear. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Ear {
    shared: Arc<Shared>,
    not_joined: Vec<IpAddr>,
    thread: Option<JoinHandle<Result<Ended, CaptureError>>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    alarmed: AtomicBool,
}

impl Ear {
    /// Listens. With a permit for memberships it joins the watched groups; without, it stays silent, and a switch with
    /// snooping shows it less.
    ///
    /// # Errors
    /// No permission, no such interface, no Ethernet, or it is down.
    pub fn open(settings: EarSettings, memberships: Option<Permit>) -> Result<Self, CaptureError> {
        let name = Arc::clone(&settings.interface);
        let ring = match memberships {
            Some(_permit) => Ring::open(&name, settings.clock)?,
            None => Ring::open_unjoined(&name, settings.clock)?,
        };
        let not_joined = ring.not_joined().to_vec();
        let shared = Arc::new(Shared::default());
        let told = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name(format!("ear {name}"))
            .spawn(move || listen(settings, ring, &told))
            .map_err(CaptureError::at(&name, "starting a thread"))?;
        Ok(Self { shared, not_joined, thread: Some(thread) })
    }

    /// A storm goes on, or something was sent back: nothing more may be sent.
    #[must_use]
    pub fn is_alarmed(&self) -> bool {
        self.shared.alarmed.load(Ordering::Acquire)
    }

    /// Watched groups that are not joined.
    #[must_use]
    pub fn not_joined(&self) -> &[IpAddr] {
        &self.not_joined
    }

    /// Ends it and gives what it heard, with storms and warnings, newest first. Waits for a tenth of a second at most.
    ///
    /// # Errors
    /// The sentence why it could not go on listening.
    pub fn finish(mut self) -> Result<Ended, String> {
        self.shared.stop.store(true, Ordering::Release);
        let ended = self.thread.take().map(JoinHandle::join);
        match ended {
            Some(Ok(heard)) => heard.map_err(|error| error.to_string()),
            // A panic there has been printed.
            Some(Err(_)) | None => Err("its thread has ended, which is a mistake in stormglass".to_owned()),
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
    }
}

fn listen(settings: EarSettings, mut ring: Ring, shared: &Shared) -> Result<Ended, CaptureError> {
    let EarSettings { interface, marks, engine, before, clock } = settings;
    let rules = ReplicaRules { copies: engine.thresholds.replica_copies };
    let began = clock.now();
    let mut tally = Tally::new(Arc::clone(&interface), rules, Some(began), marks.seed);
    let mut hearing = Hearing::new(marks, began);
    let mut engine = Engine::new(engine);
    for input in before {
        engine.handle(began, input);
    }
    let mut flushed = began;
    loop {
        let outcome = ring.frames(WAIT, &mut |meta, bytes| {
            tally.frame(meta, bytes);
            hearing.frame(meta, bytes);
        });
        let now = clock.now();
        let stopping = shared.stop.load(Ordering::Acquire) || outcome.is_err();
        if stopping || now.since(flushed) >= tally.due_after() {
            flushed = now;
            engine.handle(now, Input::Frames(Box::new(tally.flush(now, ring.dropped()))));
            engine.tick(now);
            // Requests and news are for those who stay longer.
            while engine.poll().is_some() {}
        }
        if hearing.something_returned() || engine.verdicts().iter().any(|verdict| alarms(verdict)) {
            shared.alarmed.store(true, Ordering::Release);
        }
        outcome.map_err(CaptureError::at(&interface, "reading frames"))?;
        if stopping {
            return Ok((hearing.heard(clock.now()), engine.verdicts()));
        }
    }
}

/// A storm, or the mistake that another packet could turn into one.
fn alarms(verdict: &Verdict) -> bool {
    verdict.phase != Phase::Over
        && (verdict.severity == Severity::Storm || matches!(verdict.cause, "l3_reflector" | "l2_loop"))
}
