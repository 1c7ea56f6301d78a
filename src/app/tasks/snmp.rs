//! One SNMP target on its own timer, evenly offset from the others.

use super::report;
use crate::app::hub::Hub;
use crate::engine::Input;
use crate::io::clock::Clock;
use crate::io::snmp::{Client, Located, UNRESOLVED};
use crate::model::observation::{Gap, Poll};
use std::sync::Arc;
use std::time::Duration;

/// The forwarding database is big and changes slowly; in polls, at ten seconds, this is a quarter of an hour.
const FDB_EVERY: Duration = Duration::from_secs(900);
/// While a storm goes on, the ports of those in it are looked up much more often.
const FDB_IN_STORM: Duration = Duration::from_secs(2);

/// When and how long.
#[derive(Clone, Copy, Debug)]
pub struct Rhythm {
    /// From the start of one poll to the start of the next.
    pub interval: Duration,
    /// How long one poll may take.
    pub timeout: Duration,
    /// Before the first poll, so that targets are spread over the interval.
    pub offset: Duration,
}

/// Polls until the task is dropped.
pub async fn poll_target(hub: Hub, clock: Clock, client: Arc<Client>, target: Arc<Located>, rhythm: Rhythm) {
    tokio::time::sleep(rhythm.offset).await;
    let mut timer = tokio::time::interval(rhythm.interval);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut since_fdb: Option<Duration> = None;
    loop {
        timer.tick().await;
        let due = if hub.snapshot().state == crate::engine::State::Storm { FDB_IN_STORM } else { FDB_EVERY };
        let want_fdb = since_fdb.is_none_or(|since| since >= due);
        since_fdb = Some(if want_fdb { Duration::ZERO } else { since_fdb.unwrap_or_default() } + rhythm.interval);
        let poll = match target.target(clock.now()).await {
            Ok(found) => client.poll(&found, want_fdb, rhythm.timeout).await,
            Err(unresolved) => Poll::Gap(Gap {
                target: Arc::clone(target.name()),
                at: clock.now(),
                reason: UNRESOLVED,
                message: unresolved.to_string(),
            }),
        };
        if matches!(poll, Poll::Gap(_)) {
            target.missed();
        }
        let result = match &poll {
            Poll::Answered(sample) => Ok(sample.at),
            Poll::Gap(gap) => Err(gap.message.clone()),
        };
        report(&hub, "snmp", target.name(), result).await;
        if hub.send(Input::Poll(poll)).await.is_err() {
            return;
        }
    }
}
