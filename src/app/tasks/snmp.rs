//! One SNMP target on its own timer, evenly offset from the others.

use super::report;
use crate::app::hub::Hub;
use crate::engine::{Input, State};
use crate::io::clock::Clock;
use crate::io::snmp::{Client, Located, UNRESOLVED};
use crate::mib::slow::Schedule;
use crate::model::observation::{Gap, Poll};
use std::sync::Arc;
use std::time::Duration;

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
    let mut schedule = Schedule::default();
    let mut before = State::Quiet;
    loop {
        timer.tick().await;
        let state = hub.snapshot().state;
        // A warning stands for a day: what is news is that it comes.
        let alarm = state >= State::Warning && before < State::Warning;
        before = state;
        let begun = clock.now();
        let due = schedule.due(begun, state == State::Storm, alarm);
        let poll = match target.target(clock.now()).await {
            Ok(found) => client.poll(&found, &due, rhythm.timeout).await,
            Err(unresolved) => Poll::Gap(Gap {
                target: Arc::clone(target.name()),
                at: clock.now(),
                reason: UNRESOLVED,
                message: unresolved.to_string(),
            }),
        };
        match poll {
            Poll::Gap(_) => target.missed(),
            Poll::Answered(_) => schedule.asked(begun, &due),
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
