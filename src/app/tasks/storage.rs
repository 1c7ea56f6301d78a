//! The history of storms between engine and disk: written when storms change, at most once a second, and once a minute as
//! long as one goes on. The disk may be slow; nothing but this task waits for it.

use super::blocking;
use crate::app::hub::{Change, Hub};
use crate::engine::Input;
use crate::io::clock::Clock;
use crate::io::storage::Storage;
use crate::view::history::Kept;
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;

/// How often the frames of a storm that goes on are written.
const QUIETLY: Duration = Duration::from_secs(60);
/// Changes within this time are written together.
const BREATH: Duration = Duration::from_secs(1);

/// Keeps the history until `stopped` turns true, and then a last time. `changes`: from before the engine's first fact.
pub async fn keep(
    hub: Hub,
    clock: Clock,
    mut storage: Storage,
    mut changes: broadcast::Receiver<Change>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut minute = tokio::time::interval(QUIETLY);
    minute.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut told = None;
    loop {
        let (all, last) = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => (true, true),
            _ = minute.tick() => (true, false),
            change = changes.recv() => match change {
                Ok(Change::Storm(_) | Change::Noted(_)) | Err(RecvError::Lagged(_)) => (false, false),
                Ok(_) => continue,
                Err(RecvError::Closed) => (true, true),
            },
        };
        let (snapshot, now) = (hub.snapshot(), clock.now());
        let written = blocking(move || {
            let (verdicts, verified) = (&snapshot.verdicts, &snapshot.verified);
            storage.keep(now, &Kept { verdicts, notes: &snapshot.notes, verified }, all);
            Ok(storage)
        });
        // It fails only where the program ends.
        let Ok(back) = written.await else { return };
        storage = back;
        if last {
            return;
        }
        if told.as_ref() != Some(storage.status()) {
            told = Some(storage.status().clone());
            if hub.send(Input::Storage(storage.status().clone())).await.is_err() {
                return;
            }
        }
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => {}
            () = tokio::time::sleep(BREATH) => {}
        }
    }
}
