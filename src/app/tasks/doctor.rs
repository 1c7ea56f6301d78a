//! The harmless part of `doctor`, repeated: nobody is there to agree to the searches, so that they are not sent.

use crate::app::config::Config;
use crate::app::doctor::{Manners, Visit};
use crate::app::hub::Hub;
use crate::engine::{Input, State};
use crate::explain::{Names, checks};
use crate::io::clock::Clock;
use crate::io::interfaces;
use std::time::Duration;

/// The first examination waits for the captures to be warm and the first polls to be over.
const FIRST: Duration = Duration::from_secs(30);
/// How long each one listens before it sends anything.
const LISTEN: Duration = Duration::from_secs(5);
/// Interfaces examined.
const MAX_INTERFACES: usize = 4;

/// Examines the LAN every `interval` until the task is dropped; never, where there is none.
pub async fn examine(hub: Hub, clock: Clock, interval: Option<Duration>, names: Names) {
    let Some(interval) = interval else { return };
    tokio::time::sleep(FIRST).await;
    let mut timer = tokio::time::interval(interval);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        timer.tick().await;
        // Over but unverified is not over: what lit the storm may still be there.
        if matches!(hub.snapshot().state, State::Storm | State::Warning | State::Over) {
            tracing::info!("the LAN is not examined while a storm or warning is open");
            continue;
        }
        let began = clock.now();
        let names = names.clone();
        // On a thread of its own, with a runtime of its own: netlink can wait for seconds.
        let outcome = tokio::task::spawn_blocking(move || once(&names)).await;
        match outcome {
            Ok(Ok(checked)) => {
                for one in checked.iter().filter(|one| one.answer.status.is_finding()) {
                    let seen = one.answer.seen.iter().map(|said| said.fill(crate::model::text::Language::English));
                    let seen = seen.collect::<Vec<_>>().join(" ");
                    tracing::warn!(check = one.check.id, verdict = one.answer.status.id(), "{seen}");
                }
                let statuses = checked.iter().map(|one| (one.check.id, one.answer.status)).collect();
                tracing::debug!(seconds = clock.now().since(began).as_secs_f64(), "the LAN was examined");
                if hub.send(Input::Examined(statuses)).await.is_err() {
                    return;
                }
            }
            Ok(Err(error)) => tracing::warn!("the LAN could not be examined: {error:#}"),
            Err(_) => return,
        }
    }
}

fn once(names: &Names) -> anyhow::Result<Vec<checks::Checked>> {
    let all = interfaces::list()?;
    let lan =
        |one: &interfaces::Interface| one.up && !one.loopback && one.multicast && !one.enslaved && one.mac.is_some();
    let interfaces = all.into_iter().filter(lan).take(MAX_INTERFACES).collect::<Vec<_>>();
    let config = Config::default();
    let visit = Visit {
        interfaces: &interfaces,
        manners: Manners { passive: false, agreed: false, listen_first: LISTEN },
        config: &config,
        tell: &|_| {},
        ask: &|| false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut seen = runtime.block_on(visit.look())?;
    runtime.shutdown_background();
    seen.look.names = names.clone();
    Ok(checks::examine(&seen.look))
}
