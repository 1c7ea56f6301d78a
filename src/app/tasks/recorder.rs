//! The flight recorder between engine and captures: a storm that begins is told to the captures, a recording that is
//! complete to the engine.

use crate::app::config;
use crate::app::hub::{Change, Hub};
use crate::engine::Input;
use crate::io::clock::Clock;
use crate::io::recorder::{News, Recorder, Trigger};
use crate::model::verdict::{Phase, Verdict};
use anyhow::Context as _;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// An onset further back is not on the tape any more.
const FRESH: Duration = Duration::from_secs(10);
/// Storms remembered so as not to be recorded again with every change.
const MAX_KNOWN: usize = 128;

/// Starts the recorder, if the configuration names a folder.
///
/// # Errors
/// The folder can't be written to.
pub fn recorder(section: &config::Recorder, hub: &Hub, clock: Clock) -> anyhow::Result<Option<Recorder>> {
    let Some(settings) = section.settings() else { return Ok(None) };
    let folder = settings.folder.display().to_string();
    let hub = hub.clone();
    let news = move |news| {
        let input = match news {
            News::Done(recording) => Input::Recorded(recording),
            News::Status(status) => Input::Recorder(status),
        };
        // A hub that is gone means that the program ends.
        let _ = hub.send_waiting(input);
    };
    let started = Recorder::start(settings, clock, news);
    let why = || format!("recorder.path: {folder} can't be written to: make the folder writable, or choose another");
    started.map(Some).with_context(why)
}

/// Tells the captures of every storm that begins, until the program ends.
pub async fn trigger(hub: Hub, clock: Clock, recorder: Recorder) {
    let mut changes = hub.changes();
    let mut known = VecDeque::new();
    loop {
        match changes.recv().await {
            Ok(Change::Storm(verdict)) => {
                if begins(&verdict, clock, &mut known) {
                    recorder.trigger(Trigger {
                        storm: Arc::clone(&verdict.id),
                        segment: Arc::clone(&verdict.segment),
                        sentence: verdict.sentence.clone(),
                        started: verdict.started,
                    });
                }
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// It is news of a storm or warning that has just been found, and the first of it.
fn begins(verdict: &Verdict, clock: Clock, known: &mut VecDeque<(Arc<str>, crate::model::Time)>) -> bool {
    let onset = (Arc::clone(&verdict.id), verdict.detected);
    if verdict.phase == Phase::Over || clock.now().since(verdict.detected) > FRESH || known.contains(&onset) {
        return false;
    }
    if known.len() >= MAX_KNOWN {
        known.pop_front();
    }
    known.push_back(onset);
    true
}
