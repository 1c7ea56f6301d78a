//! The periodic UPnP search, and the ear for what devices announce by themselves. A search of ours can be the frame that never dies, so that it stops at the first replica
//! and stays stopped until the storm is verified over.

use super::{blocking, chosen, report};
use crate::app::config::{Interfaces, Upnp};
use crate::app::hub::Hub;
use crate::engine::{Input, State};
use crate::io::clock::Clock;
use crate::io::interfaces;
use crate::io::ssdp::StopProbes;
use crate::io::upnp::{self, Settings};
use crate::model::announcement::Heard;
use crate::model::text::Sentence;
use crate::model::verdict::Phase;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How often the running search is told whether a storm goes on.
const STOP_CHECK: Duration = Duration::from_millis(100);

/// The first search waits for this long: a capture needs a second to be warm and a tenth to report.
const LISTEN_FIRST: Duration = Duration::from_secs(2);

/// How often it is looked whether interfaces have come or gone: a membership does not survive its interface.
const TUNE_EVERY: Duration = Duration::from_secs(10);
/// Batches of announcements that wait for the hub.
const MAX_BATCHES: usize = 4;
/// Time for the description that an announcement leads to.
const DESCRIPTION_WITHIN: Duration = Duration::from_secs(3);

/// Listens to announcements until the task is dropped. What cannot be heard is logged once, with what to do.
pub async fn listen(hub: Hub, clock: Clock, section: Upnp) {
    if section.interfaces == Interfaces::None {
        return;
    }
    let stop = StopProbes::default();
    let (tune, tuned) = watch::channel(Vec::new());
    let (sender, mut heard) = mpsc::channel(MAX_BATCHES);
    let forward = async {
        let mut told = BTreeMap::new();
        while let Some(batch) = heard.recv().await {
            tell(&batch, &mut told);
            if hub.send(Input::Announced(Box::new(batch))).await.is_err() {
                return;
            }
        }
    };
    let follow = async {
        let mut due = tokio::time::interval(TUNE_EVERY);
        due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut check = tokio::time::interval(STOP_CHECK);
        loop {
            tokio::select! {
                _ = check.tick() => allow(&hub, &stop, false),
                // What cannot be listed this time can be the next; the search says so.
                _ = due.tick() => if let Ok(all) = blocking(interfaces::list).await {
                    tune.send_replace(chosen(&section.interfaces, &all).0);
                },
            }
        }
    };
    tokio::select! {
        () = upnp::passive::listen(tuned, DESCRIPTION_WITHIN, stop.clone(), clock, sender) => {}
        () = forward => {}
        () = follow => {}
    }
}

/// Says what cannot be heard, and when it can again, once each.
fn tell(batch: &Heard, told: &mut BTreeMap<Arc<str>, Option<Sentence>>) {
    for (interface, problem) in &batch.listening {
        let before = told.insert(Arc::clone(interface), problem.clone());
        match (before.flatten(), problem) {
            (before, Some(problem)) if before.as_ref() != Some(problem) => tracing::warn!("{problem}"),
            (Some(_), None) => tracing::info!("announcements on {interface} are heard again"),
            _ => {}
        }
    }
}

/// Over but unverified is not over: what lit the storm may still be there. `checking`: somebody wants to know, and nothing
/// goes on as far as is seen.
fn allow(hub: &Hub, stop: &StopProbes, checking: bool) {
    let snapshot = hub.snapshot();
    let goes_on = || snapshot.verdicts.iter().any(|verdict| verdict.phase != Phase::Over);
    if matches!(snapshot.state, State::Storm | State::Warning | State::Over) && (!checking || goes_on()) {
        stop.stop();
    } else {
        stop.resume();
    }
}

/// Searches until the task is dropped: on its timer, and at once when a check begins.
pub async fn search(hub: Hub, clock: Clock, section: Upnp, mut checking: watch::Receiver<bool>) {
    if section.interfaces == Interfaces::None {
        return;
    }
    let stop = StopProbes::default();
    let settings = Settings::within(section.timeout.0);
    // Not before somebody listens: a storm that goes on already must be seen before we add a frame to it.
    tokio::time::sleep(LISTEN_FIRST).await;
    let mut timer = tokio::time::interval(section.interval.0);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let due = tokio::select! {
            _ = timer.tick() => true,
            Ok(()) = checking.changed() => *checking.borrow_and_update(),
        };
        if !due {
            continue;
        }
        let watch = {
            let (hub, stop, checking) = (hub.clone(), stop.clone(), checking.clone());
            async move {
                loop {
                    allow(&hub, &stop, *checking.borrow());
                    tokio::time::sleep(STOP_CHECK).await;
                }
            }
        };
        tokio::select! {
            // The watch first: a search must not begin before it knows of the storm.
            biased;
            () = watch => {}
            () = once(&hub, &clock, &section, &settings, &stop) => {}
        }
    }
}

async fn once(hub: &Hub, clock: &Clock, section: &Upnp, settings: &Settings, stop: &StopProbes) {
    let all = match blocking(interfaces::list).await {
        Ok(all) => all,
        Err(error) => {
            report(hub, "discovery", &"interfaces".into(), Err(format!("can't be listed (netlink): {error}"))).await;
            return;
        }
    };
    let (wanted, missing) = chosen(&section.interfaces, &all);
    for name in missing {
        let message = format!("there is no interface {name}: `ip link` lists those there are");
        report(hub, "discovery", &name.as_str().into(), Err(message)).await;
    }
    if stop.is_stopped() {
        for interface in &wanted {
            let message = "searches are stopped since a replica was seen: a search could feed the storm".to_owned();
            report(hub, "discovery", &interface.name, Err(message)).await;
        }
        return;
    }
    let found = upnp::discover(&wanted, settings, stop, clock).await;
    for interface in &wanted {
        let searched = found.interfaces.contains(&interface.name);
        let problem = found.problems.iter().map(ToString::to_string).find(|said| said.contains(&*interface.name));
        let result = match problem {
            Some(problem) if !searched => Err(problem),
            _ => Ok(found.at),
        };
        report(hub, "discovery", &interface.name, result).await;
    }
    // The hub is gone only at the end of the program.
    let _ = hub.send(Input::Discovery(Box::new(found))).await;
}
