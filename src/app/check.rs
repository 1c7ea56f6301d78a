//! *Check again*: whether what is over comes back. What set a storm off is mostly a search, so that one search of ours is let
//! through, with its guard frame and its stop at the first replica, and then what comes back is listened for. Only a capture
//! that works can say that nothing did: who has not looked says so.

use super::hub::{Hub, Stopped};
use crate::engine::{Input, State};
use crate::io::clock::Clock;
use crate::model::Time;
use crate::model::verdict::Phase;
use crate::view::html::Check;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The search has begun and ended by then, whatever its settings; else it could not be made.
const SEARCH_WITHIN: Duration = Duration::from_secs(45);
/// How long is listened after it: the seed's storm needed a second, and the slowest reflection seen 2.5 s.
const LISTEN: Duration = Duration::from_secs(5);
/// The engine tells what it knows every quarter of a second.
const KNOWN_WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked.
const STEP: Duration = Duration::from_millis(200);

/// What became of a wish to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It begins.
    Begun,
    /// One is going on already.
    Running,
    /// Nothing is over and unverified, or something goes on.
    Refused,
}

/// Lets one check happen at a time.
#[derive(Debug)]
pub struct Checker {
    state: watch::Sender<Check>,
    /// A check is under way: the search need not wait for the storm to be verified.
    allowed: watch::Sender<bool>,
}

impl Default for Checker {
    fn default() -> Self {
        Self { state: watch::Sender::new(Check::None), allowed: watch::Sender::new(false) }
    }
}

impl Checker {
    /// How the latest one went.
    #[must_use]
    pub fn state(&self) -> Check {
        *self.state.borrow()
    }

    /// Whether a search may be made although a storm is not verified over.
    #[must_use]
    pub fn allowed(&self) -> watch::Receiver<bool> {
        self.allowed.subscribe()
    }

    /// Asks for one. Whoever runs [`Checker::run`] makes it.
    pub fn ask(&self, hub: &Hub) -> Asked {
        let snapshot = hub.snapshot();
        let over = matches!(snapshot.state, State::Over | State::Warning);
        if !over || snapshot.verdicts.iter().any(|verdict| verdict.phase != Phase::Over) {
            return Asked::Refused;
        }
        let begun = self.state.send_if_modified(|state| {
            let idle = *state != Check::Running;
            *state = Check::Running;
            idle
        });
        if begun { Asked::Begun } else { Asked::Running }
    }

    /// Makes the checks that are asked for, until the task is dropped.
    pub async fn run(self: Arc<Self>, hub: Hub, clock: Clock) {
        let mut asked = self.state.subscribe();
        while asked.wait_for(|state| *state == Check::Running).await.is_ok() {
            self.allowed.send_replace(true);
            let outcome = once(&hub, &clock).await;
            self.allowed.send_replace(false);
            let Ok(outcome) = outcome else { return };
            tracing::info!(?outcome, "what is over was checked");
            self.state.send_replace(outcome);
        }
    }
}

async fn once(hub: &Hub, clock: &Clock) -> Result<Check, Stopped> {
    let began = clock.now();
    let back = || hub.snapshot().verdicts.iter().any(|verdict| verdict.phase != Phase::Over);
    let mut listened_from: Option<Time> = None;
    loop {
        tokio::time::sleep(STEP).await;
        let now = clock.now();
        if back() {
            return Ok(Check::Back(now));
        }
        if listened_from.is_none() {
            let searched = hub.query(|engine, _| engine.search().at.filter(|_| engine.search().problems.is_empty()));
            listened_from = searched.await?.filter(|at| *at > began);
        }
        match listened_from {
            Some(from) if now.since(from) >= LISTEN => break,
            None if now.since(began) >= SEARCH_WITHIN => return Ok(Check::Unable(now)),
            _ => {}
        }
    }
    let captured = hub.snapshot().feed_counts.get("capture").is_some_and(|c| c.working > 0 && c.failing == 0);
    if !captured {
        return Ok(Check::Unable(clock.now()));
    }
    hub.send(Input::Verified(began)).await?;
    // The engine first: a search that has begun meanwhile must not be stopped for a storm that was just verified over.
    let until = clock.now().plus(KNOWN_WITHIN);
    while clock.now() < until && matches!(hub.snapshot().state, State::Over | State::Warning) {
        tokio::time::sleep(STEP).await;
    }
    Ok(Check::Clean(clock.now()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Settings;

    #[tokio::test]
    async fn nothing_is_checked_where_nothing_is_over() {
        let (hub, _questions) = Hub::start(Settings::default(), Clock::start()).expect("a hub");
        let checker = Checker::default();
        assert_eq!(checker.ask(&hub), Asked::Refused);
        assert_eq!(checker.state(), Check::None);
        assert!(!*checker.allowed().borrow());
    }
}
