//! The periodic UPnP search. A search of ours can be the frame that never dies, so that it stops at the first replica
//! and stays stopped until the storm is verified over.

use super::{blocking, chosen, report};
use crate::app::config::{Interfaces, Upnp};
use crate::app::hub::Hub;
use crate::engine::{Input, State};
use crate::io::clock::Clock;
use crate::io::interfaces;
use crate::io::ssdp::StopProbes;
use crate::io::upnp::{self, Settings};
use std::time::Duration;

/// How often the running search is told whether a storm goes on.
const STOP_CHECK: Duration = Duration::from_millis(100);

/// The first search waits for this long: a capture needs a second to be warm and a tenth to report.
const LISTEN_FIRST: Duration = Duration::from_secs(2);

/// Searches until the task is dropped.
pub async fn search(hub: Hub, clock: Clock, section: Upnp) {
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
        timer.tick().await;
        let watch = {
            let (hub, stop) = (hub.clone(), stop.clone());
            async move {
                loop {
                    // Over but unverified is not over: what lit the storm may still be there.
                    if matches!(hub.snapshot().state, State::Storm | State::Warning | State::Over) {
                        stop.stop();
                    } else {
                        stop.resume();
                    }
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
        let problem = found.problems.iter().find(|problem| problem.contains(&*interface.name));
        let result = match problem {
            Some(problem) if !searched => Err(problem.clone()),
            _ => Ok(found.at),
        };
        report(hub, "discovery", &interface.name, result).await;
    }
    // The hub is gone only at the end of the program.
    let _ = hub.send(Input::Discovery(Box::new(found))).await;
}
