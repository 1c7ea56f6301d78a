//! One capture per interface: started, restarted when an interface appears, and reported.

use super::{blocking, chosen, report};
use crate::app::config::{Capture as Section, Interfaces};
use crate::app::hub::Hub;
use crate::engine::Input;
use crate::io::capture::live::{self, Capture, Settings, State};
use crate::io::capture::{CaptureError, FrameSource};
use crate::io::clock::Clock;
use crate::io::interfaces::{self, Interface};
use crate::io::recorder::Recorder;
use crate::observe::replica::ReplicaRules;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// How often new interfaces are looked for and states reported.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The captures of `serve`.
pub struct Captures {
    hub: Hub,
    clock: Clock,
    section: Section,
    rules: ReplicaRules,
    seed: u64,
    recorder: Option<Recorder>,
    running: BTreeMap<Arc<str>, Capture>,
    told: bool,
    missed: BTreeSet<String>,
}

impl Captures {
    /// Nothing is captured yet.
    #[must_use]
    pub fn new(hub: Hub, clock: Clock, section: Section, rules: ReplicaRules, seed: u64) -> Self {
        let (running, missed) = (BTreeMap::new(), BTreeSet::new());
        Self { hub, clock, section, rules, seed, recorder: None, running, told: false, missed }
    }

    /// With a flight recorder.
    #[must_use]
    pub fn recorded_by(self, recorder: Option<Recorder>) -> Self {
        Self { recorder, ..self }
    }

    /// Captures until the task is dropped.
    pub async fn run(mut self) {
        if self.section.interfaces == Interfaces::None {
            return;
        }
        let mut timer = tokio::time::interval(LOOK_EVERY);
        loop {
            timer.tick().await;
            match blocking(interfaces::list).await {
                Ok(all) => self.look(&all).await,
                Err(error) => {
                    let message = format!("interfaces can't be listed (netlink): {error}");
                    report(&self.hub, "capture", &"interfaces".into(), Err(message)).await;
                }
            }
            for capture in self.running.values() {
                self.tell(capture).await;
            }
        }
    }

    /// Reports how a capture stands.
    async fn tell(&self, capture: &Capture) {
        let result = match capture.status().state {
            State::Capturing => Ok(self.clock.now()),
            State::Waiting { why } | State::Failed { why } => Err(why),
            State::Stopped => Err("stopped".to_owned()),
        };
        report(&self.hub, "capture", capture.interface(), result).await;
    }

    async fn look(&mut self, all: &[Interface]) {
        let (wanted, missing) = chosen(&self.section.interfaces, all);
        let gone =
            self.running.keys().filter(|name| all.iter().all(|one| one.name != **name)).cloned().collect::<Vec<_>>();
        for name in gone.into_iter().filter(|name| !missing.iter().any(|missing| **missing == **name)) {
            self.running.remove(&name);
            // A hub that is gone means that the program ends.
            let _ = self.hub.send(Input::FeedGone { feed: "capture", name }).await;
        }
        for name in missing {
            let message = format!("there is no interface {name}: `ip link` lists those there are");
            if self.missed.insert(name.clone()) {
                tracing::warn!("capture.interfaces: {message}");
            }
            report(&self.hub, "capture", &name.as_str().into(), Err(message)).await;
        }
        for interface in wanted {
            let dead = |capture: &Capture| matches!(capture.status().state, State::Failed { .. });
            if self.running.get(&interface.name).is_some_and(|capture| !dead(capture)) {
                continue;
            }
            match self.start(&interface.name, None) {
                Ok(capture) => {
                    tracing::info!(interface = %interface.name, "capturing");
                    self.running.insert(Arc::clone(&interface.name), capture);
                }
                Err(error) => self.failed(&interface.name, &error).await,
            }
        }
    }

    /// Says once what is missing; everything else goes on.
    async fn failed(&mut self, interface: &Arc<str>, error: &CaptureError) {
        if !self.told {
            tracing::warn!("{error}");
            self.told = true;
        }
        report(&self.hub, "capture", interface, Err(error.to_string())).await;
    }

    fn start(&self, interface: &Arc<str>, source: Option<Box<dyn FrameSource>>) -> Result<Capture, CaptureError> {
        let settings = Settings {
            interface: Arc::clone(interface),
            rules: self.rules,
            clock: self.clock,
            seed: self.seed,
            sample_one_in: self.section.sample_one_in.map(std::num::NonZeroU32::get),
            recorder: self.recorder.clone(),
        };
        let hub = self.hub.clone();
        let deliver = move |summary| hub.offer(summary);
        match source {
            Some(source) => live::spawn_source(settings, source, deliver),
            None => live::spawn(settings, deliver),
        }
    }
}

/// Captures from a source that is already open, as the demo's network is; reports it until dropped.
///
/// # Errors
/// The system has no thread left.
pub fn given(captures: &Captures, interface: &Arc<str>, source: Box<dyn FrameSource>) -> Result<Capture, CaptureError> {
    captures.start(interface, Some(source))
}

impl Captures {
    /// Reports the captures that were [`given`].
    pub async fn report_given(self, given: Vec<Capture>) {
        let mut timer = tokio::time::interval(LOOK_EVERY);
        loop {
            timer.tick().await;
            for capture in &given {
                self.tell(capture).await;
            }
        }
    }
}
