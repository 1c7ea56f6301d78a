//! The loop of one capture: frames into a tally, the tally's summaries to whoever decides, on a thread of its own.
//! The same for the ring and for the simulated network of the demo. Reads clocks; judges nothing.

use super::afpacket::Ring;
use super::sampler::Sampler;
use super::{CaptureError, FrameSource};
use crate::io::clock::Clock;
use crate::io::recorder::Recorder;
use crate::model::Time;
use crate::model::frames::FrameSummary;
use crate::observe::replica::ReplicaRules;
use crate::observe::tally::Tally;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The longest wait for frames: how soon a stop is noticed.
const WAIT: Duration = Duration::from_millis(100);
/// How long to wait before opening a source again, doubled with each failure in a row.
const REOPEN_FIRST: Duration = Duration::from_millis(250);
/// See [`REOPEN_FIRST`].
const REOPEN_LAST: Duration = Duration::from_secs(5);

type Source = Box<dyn FrameSource>;
type Open = Box<dyn FnMut(&Settings) -> Result<Source, CaptureError> + Send>;

/// What a capture is to do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The interface.
    pub interface: Arc<str>,
    /// When copies are worth a report.
    pub rules: ReplicaRules,
    /// The one clock.
    pub clock: Clock,
    /// The secret of the replica hash, and of the sampling.
    pub seed: u64,
    /// Tally one frame in this many, chosen at random, for hosts too weak for a storm; the others are counted as
    /// dropped. `None`, 0 and 1: all of them.
    pub sample_one_in: Option<u32>,
    /// Who keeps the frames around the onset of a storm, if anybody.
    pub recorder: Option<Recorder>,
}

/// What a capture is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Frames are seen.
    Capturing,
    /// The interface is down or gone; opened again when it comes back. Blind meanwhile.
    Waiting {
        /// The sentence for the person.
        why: String,
    },
    /// Given up. Blind.
    Failed {
        /// The sentence for the person.
        why: String,
    },
    /// Stopped by request.
    Stopped,
}

/// A capture as it stands: what it sees and what it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// What it is doing.
    pub state: State,
    /// Since when.
    pub since: Time,
    /// Frames tallied so far.
    pub frames: u64,
    /// Frames lost so far: dropped by the kernel or left out of the sample.
    pub dropped: u64,
    /// Times the source was opened again.
    pub reopened: u64,
    /// Watched groups that could not be joined.
    pub not_joined: Vec<IpAddr>,
}

/// A running capture. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Capture {
    interface: Arc<str>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    stop: AtomicBool,
    status: Mutex<Status>,
}

impl Shared {
    fn update(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn enter(&self, now: Time, state: State) {
        self.update(|status| {
            if status.state != state {
                (status.state, status.since) = (state, now);
            }
        });
    }

    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

impl Capture {
    /// The interface.
    #[must_use]
    pub fn interface(&self) -> &Arc<str> {
        &self.interface
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        let mut status = self.shared.status.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let ended = self.thread.as_ref().is_some_and(JoinHandle::is_finished);
        if ended && !matches!(status.state, State::Failed { .. } | State::Stopped) {
            status.state = State::Failed { why: "its thread has ended, which is a mistake in stormglass".to_owned() };
        }
        status
    }

    /// Stops it and waits for its last summary: 200 ms at most, unless the receiver of the summaries blocks.
    pub fn stop(mut self) {
        self.signal();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed; there is nothing to add.
            let _ = thread.join();
        }
    }

    fn signal(&self) {
        self.shared.stop.store(true, Ordering::Release);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.signal();
    }
}

/// Captures an interface until stopped, through link down and up.
///
/// `deliver` takes each summary (`None`), or gives it back if it cannot take it now, as `try_send` does on a full
/// channel: it must not block. It is offered again; meanwhile the tally, which is bounded, goes on accumulating, so that nothing
/// counted is lost and no frame waits.
///
/// # Errors
/// No permission, no such interface, no Ethernet: what time does not cure. An interface that is only down is waited for.
pub fn spawn<D>(settings: Settings, deliver: D) -> Result<Capture, CaptureError>
where
    D: FnMut(FrameSummary) -> Option<FrameSummary> + Send + 'static,
{
    let open = |settings: &Settings| -> Result<Source, CaptureError> {
        Ok(Box::new(Ring::open(&settings.interface, settings.clock)?))
    };
    let first = match open(&settings) {
        Err(error @ CaptureError::Down { .. }) => Err(error),
        other => Ok(other?),
    };
    start(settings, first, Some(Box::new(open)), deliver)
}

/// The same loop on a source that is already open, as the demo's simulated network is. If it fails, the capture ends.
///
/// # Errors
/// The system has no thread left.
pub fn spawn_source<D>(settings: Settings, source: Box<dyn FrameSource>, deliver: D) -> Result<Capture, CaptureError>
where
    D: FnMut(FrameSummary) -> Option<FrameSummary> + Send + 'static,
{
    start(settings, Ok(source), None, deliver)
}

fn start<D>(
    settings: Settings,
    first: Result<Source, CaptureError>,
    open: Option<Open>,
    deliver: D,
) -> Result<Capture, CaptureError>
where
    D: FnMut(FrameSummary) -> Option<FrameSummary> + Send + 'static,
{
    let interface = Arc::clone(&settings.interface);
    let state = match &first {
        Ok(_) => State::Capturing,
        Err(error) => State::Waiting { why: error.to_string() },
    };
    let status = Status {
        state,
        since: settings.clock.now(),
        frames: 0,
        dropped: 0,
        reopened: 0,
        not_joined: first.as_ref().map(|source| source.not_joined().to_vec()).unwrap_or_default(),
    };
    let shared = Arc::new(Shared { stop: AtomicBool::new(false), status: Mutex::new(status) });
    let mut hand_over = HandOver { shared: Arc::clone(&shared), deliver, waiting: None };
    let sampler = Sampler::new(settings.sample_one_in, settings.seed);
    let body = move || supervise(&settings, first, open, sampler, &mut hand_over);
    let thread = thread::Builder::new()
        .name(format!("capture {interface}"))
        .spawn(body)
        .map_err(CaptureError::at(&interface, "starting a thread"))?;
    Ok(Capture { interface, shared, thread: Some(thread) })
}

/// Runs the source until stopped; opens it again whenever it fails, as long as that may help.
fn supervise<D>(
    settings: &Settings,
    first: Result<Source, CaptureError>,
    mut open: Option<Open>,
    mut sampler: Sampler,
    hand_over: &mut HandOver<D>,
) where
    D: FnMut(FrameSummary) -> Option<FrameSummary>,
{
    let shared = Arc::clone(&hand_over.shared);
    let mut pause = REOPEN_FIRST;
    let mut source = first;
    loop {
        let error = match source {
            Ok(mut source) => {
                let began = settings.clock.now();
                match run(settings, source.as_mut(), &mut sampler, hand_over) {
                    Ok(()) => break,
                    Err(error) => {
                        // One that ran for a while starts the back-off anew.
                        if settings.clock.now().since(began) > REOPEN_LAST {
                            pause = REOPEN_FIRST;
                        }
                        CaptureError::at(&settings.interface, "reading frames")(error)
                    }
                }
            }
            Err(error) => error,
        };
        let why = error.to_string();
        let Some(open) = open.as_mut().filter(|_| error.may_pass()) else {
            shared.enter(settings.clock.now(), State::Failed { why });
            return;
        };
        shared.enter(settings.clock.now(), State::Waiting { why });
        hand_over.retry();
        if !wait(settings, &shared, pause) {
            break;
        }
        pause = (pause * 2).min(REOPEN_LAST);
        source = open(settings);
        if let Ok(source) = &source {
            shared.update(|status| {
                status.reopened += 1;
                status.not_joined = source.not_joined().to_vec();
            });
            shared.enter(settings.clock.now(), State::Capturing);
        }
    }
    shared.enter(settings.clock.now(), State::Stopped);
}

/// Waits; false as soon as the capture is to stop.
fn wait(settings: &Settings, shared: &Shared, pause: Duration) -> bool {
    let until = settings.clock.now().plus(pause);
    loop {
        let left = until.since(settings.clock.now());
        if shared.stopping() || left.is_zero() {
            return !shared.stopping();
        }
        // Stopping unparks; so may anything else.
        thread::park_timeout(left);
    }
}

/// Tallies one source until it fails or is stopped.
fn run<D>(
    settings: &Settings,
    source: &mut dyn FrameSource,
    sampler: &mut Sampler,
    hand_over: &mut HandOver<D>,
) -> io::Result<()>
where
    D: FnMut(FrameSummary) -> Option<FrameSummary>,
{
    let clock = settings.clock;
    let mut flushed = clock.now();
    // A new tally for each opening: what it missed meanwhile must not be taken for silence.
    let mut tally = Tally::new(Arc::clone(&settings.interface), settings.rules, Some(flushed), settings.seed);
    let mut reel = settings.recorder.as_ref().map(|recorder| recorder.reel(&settings.interface));
    loop {
        let since = clock.now().since(flushed);
        let due = tally.due_after();
        let timeout = if hand_over.waiting.is_some() { WAIT } else { due.saturating_sub(since).min(WAIT) };
        let outcome = source.frames(timeout, &mut |meta, bytes| {
            if let Some(reel) = &mut reel {
                reel.frame(meta, bytes);
            }
            if sampler.keeps() {
                tally.frame(meta, bytes);
            }
        });
        let stopping = hand_over.shared.stopping();
        hand_over.retry();
        let now = clock.now();
        if let Some(reel) = &mut reel {
            reel.turn(now);
        }
        // While a summary waits for its receiver, the tally goes on accumulating.
        if hand_over.waiting.is_none() && (stopping || outcome.is_err() || now.since(flushed) >= tally.due_after()) {
            let dropped = source.dropped() + sampler.take_left_out();
            hand_over.offer(tally.flush(now, dropped));
            flushed = now;
        }
        outcome?;
        if stopping {
            return Ok(());
        }
    }
}

/// The way of summaries to their receiver, with one place for the summary that it could not take.
struct HandOver<D> {
    shared: Arc<Shared>,
    deliver: D,
    waiting: Option<FrameSummary>,
}

impl<D: FnMut(FrameSummary) -> Option<FrameSummary>> HandOver<D> {
    fn offer(&mut self, summary: FrameSummary) {
        self.shared.update(|status| {
            status.frames += summary.frames;
            status.dropped += summary.dropped;
        });
        self.waiting = (self.deliver)(summary);
    }

    fn retry(&mut self) {
        if let Some(summary) = self.waiting.take() {
            self.waiting = (self.deliver)(summary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frames::{FrameMeta, LinkType};
    use std::sync::mpsc::{self, TrySendError};

    /// Hands out one search a call, `frames` of them, then fails or is silent.
    struct Script {
        frames: u64,
        fails: bool,
        clock: Clock,
        number: u64,
    }

    impl FrameSource for Script {
        fn frames(&mut self, timeout: Duration, sink: &mut dyn FnMut(&FrameMeta, &[u8])) -> io::Result<()> {
            if self.number == self.frames {
                thread::park_timeout(timeout.min(Duration::from_millis(5)));
                return if self.fails { Err(io::ErrorKind::NetworkDown.into()) } else { Ok(()) };
            }
            self.number += 1;
            let mut bytes = vec![0; 60];
            bytes[..14].copy_from_slice(&[1, 0, 0x5e, 0x7f, 0xff, 0xfa, 2, 0, 0, 0, 0, 1, 0x12, 0x34]);
            let (at, number) = (self.clock.now(), self.number);
            let meta = FrameMeta { at, number, interface: 0, link: LinkType::Ethernet, vlan: None, original_len: 60 };
            sink(&meta, &bytes);
            Ok(())
        }

        fn dropped(&mut self) -> u64 {
            3
        }
    }

    fn settings(sample_one_in: Option<u32>) -> Settings {
        let rules = ReplicaRules::default();
        Settings { interface: "lan0".into(), rules, clock: Clock::start(), seed: 1, sample_one_in, recorder: None }
    }

    fn script(settings: &Settings, frames: u64, fails: bool) -> Box<Script> {
        Box::new(Script { frames, fails, clock: settings.clock, number: 0 })
    }

    #[test]
    fn a_replica_is_reported_at_once_and_a_stop_within_200_ms() {
        let settings = settings(None);
        let clock = settings.clock;
        let source = script(&settings, 50, false);
        let (sender, receiver) = mpsc::channel();
        let began = clock.now();
        let capture = spawn_source(settings, source, move |s| sender.send(s).err().map(|e| e.0)).expect("a thread");
        let first = receiver.recv().expect("a summary");
        assert!(clock.now().since(began) < Duration::from_secs(1), "the same frame again and again is urgent");
        assert!(!first.replicas.is_empty() && first.dropped == 3, "{first:?}");
        assert_eq!(capture.status().state, State::Capturing);
        let stopped = clock.now();
        capture.stop();
        assert!(clock.now().since(stopped) < Duration::from_millis(200));
        let rest = receiver.iter().map(|summary| summary.frames).sum::<u64>();
        assert_eq!(first.frames + rest, 50, "the last summary was handed over");
    }

    #[test]
    fn a_full_channel_loses_nothing() {
        let settings = settings(None);
        let source = script(&settings, 500, false);
        let (sender, receiver) = mpsc::sync_channel(1);
        let deliver = move |summary| match sender.try_send(summary) {
            Ok(()) => None,
            Err(TrySendError::Full(summary) | TrySendError::Disconnected(summary)) => Some(summary),
        };
        let capture = spawn_source(settings, source, deliver).expect("a thread");
        // Two summaries find their places (channel, waiting); everything after stays in the tally.
        while capture.status().frames == 0 {
            thread::yield_now();
        }
        let mut frames = 0;
        while frames < 500 {
            frames += receiver.recv().expect("the thread runs").frames;
        }
        assert_eq!(frames, 500);
        capture.stop();
    }

    #[test]
    fn a_source_that_cannot_be_opened_again_ends_the_capture() {
        let settings = settings(Some(2));
        let source = script(&settings, 1000, true);
        let (sender, receiver) = mpsc::channel();
        let capture = spawn_source(settings, source, move |s| sender.send(s).err().map(|e| e.0)).expect("a thread");
        let (frames, dropped, flushes) =
            receiver.iter().fold((0, 0, 0), |(f, d, n), s| (f + s.frames, d + s.dropped, n + 1));
        assert_eq!(frames + dropped - 3 * flushes, 1000, "what is not in the sample counts as dropped");
        assert!((400..600).contains(&frames));
        let status = capture.status();
        assert!(matches!(status.state, State::Failed { ref why } if why.contains("lan0 is down")), "{status:?}");
        assert_eq!((status.frames, status.dropped), (frames, dropped));
    }

    #[test]
    fn an_interface_is_opened_again_after_it_was_down() {
        let settings = settings(None);
        let clock = settings.clock;
        let failures = [Err(()), Ok(true), Ok(false)];
        let mut answers = failures.into_iter();
        let open: Open = Box::new(move |settings: &Settings| match answers.next() {
            Some(Ok(fails)) => Ok(script(settings, 10, fails) as Source),
            _ => Err(CaptureError::Down { interface: Arc::clone(&settings.interface) }),
        });
        let (sender, receiver) = mpsc::channel();
        let down = Err(CaptureError::Down { interface: "lan0".into() });
        let began = clock.now();
        let capture = start(settings, down, Some(open), move |s| sender.send(s).err().map(|e| e.0)).expect("a thread");
        assert!(matches!(capture.status().state, State::Waiting { .. }));
        let frames = receiver.recv().expect("the first opening").frames + receiver.recv().expect("the second").frames;
        assert_eq!(frames, 20);
        assert!(clock.now().since(began) >= REOPEN_FIRST * 3, "250 ms, then 500 ms");
        let status = capture.status();
        assert_eq!((status.state, status.reopened), (State::Capturing, 2));
        drop(capture);
        assert!(receiver.iter().count() <= 1, "dropping it ends the thread, which closes the channel");
    }
}
