//! This host: its addresses, its neighbours, its own counters, and the questions that it asks for the engine.

use super::{blocking, report};
use crate::app::hub::{Hub, Question};
use crate::engine::Input;
use crate::explain::Own;
use crate::io::clock::Clock;
use crate::io::interfaces::{self, HostCounters, Interface, THIS_HOST};
use crate::io::neighbours;
use crate::io::routes::{self, DefaultRoute};
use crate::model::frames::OwnerClaim;
use crate::model::observation::{Poll, PollSample};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// The neighbour table changes slowly; what matters is that it was read before the storm.
const NEIGHBOURS_EVERY: Duration = Duration::from_secs(10);

/// Tells the engine who we are, who our neighbours are and, with `counters`, what this host's interfaces count.
pub async fn watch_host(hub: Hub, clock: Clock, counters: Option<Duration>) {
    let mut host = HostCounters::default();
    let mut neighbours = tokio::time::interval(NEIGHBOURS_EVERY);
    let mut count = tokio::time::interval(counters.unwrap_or(Duration::from_secs(3600)));
    loop {
        let result = tokio::select! {
            _ = neighbours.tick() => tell_addresses(&hub, &clock).await,
            _ = count.tick(), if counters.is_some() => match sample(&mut host, clock).await {
                Ok(sample) => hub.send(Input::Poll(Poll::Answered(Box::new(sample)))).await.map_err(std::io::Error::other),
                Err(error) => {
                    report(&hub, "snmp", &THIS_HOST.into(), Err(format!("netlink: {error}"))).await;
                    Ok(())
                }
            },
        };
        if let Err(error) = result {
            tracing::debug!(%error, "this host could not be looked at");
        }
    }
}

async fn sample(host: &mut HostCounters, clock: Clock) -> std::io::Result<PollSample> {
    let mut counters = std::mem::take(host);
    let (counters, sample) = blocking(move || {
        let sample = counters.sample(&clock);
        Ok((counters, sample))
    })
    .await?;
    *host = counters;
    sample
}

async fn tell_addresses(hub: &Hub, clock: &Clock) -> std::io::Result<()> {
    let all = blocking(interfaces::list).await?;
    let routes = blocking(routes::defaults).await;
    hub.send(Input::Own(own(&all, routes))).await.map_err(std::io::Error::other)?;
    let mut by_interface: BTreeMap<Arc<str>, Vec<OwnerClaim>> = BTreeMap::new();
    let now = clock.now();
    for neighbour in blocking(move || neighbours::table(now)).await? {
        let usable = |one: &&Interface| one.index == neighbour.interface && !one.loopback && !one.enslaved;
        if let Some(interface) = all.iter().find(usable) {
            by_interface.entry(Arc::clone(&interface.name)).or_default().push(neighbour.claim);
        }
    }
    for (interface, claims) in by_interface {
        hub.send(Input::Owners { interface: Some(interface), claims }).await.map_err(std::io::Error::other)?;
    }
    Ok(())
}

pub(in crate::app) fn own(all: &[Interface], routes: std::io::Result<Vec<DefaultRoute>>) -> Own {
    let lan = all.iter().filter(|one| !one.loopback && !one.enslaved);
    let mut own = Own::default();
    for interface in lan {
        own.macs.extend(interface.mac);
        for (ip, length) in &interface.addresses {
            own.links.push((Arc::clone(&interface.name), *ip, *length));
            own.ips.insert(*ip);
            own.addresses.extend(interface.mac.map(|mac| (Arc::clone(&interface.name), mac, *ip)));
        }
    }
    let named = |route: DefaultRoute| {
        let interface = all.iter().find(|one| one.index == route.interface)?;
        Some((Arc::clone(&interface.name), route.next_hop))
    };
    match routes {
        Ok(routes) => own.default_routes = Some(routes.into_iter().filter_map(named).collect()),
        Err(error) => tracing::debug!(%error, "the default routes could not be read"),
    }
    own
}

/// Asks the network what the engine wants to know: who owns an address. Ends with the hub.
pub async fn answer_questions(hub: Hub, clock: Clock, mut questions: mpsc::Receiver<Question>) {
    while let Some((name, ip)) = questions.recv().await {
        // An interface is `eth0`, a segment of it `eth0.20`; the question goes out where the frames came in.
        let asked = tokio::task::spawn_blocking(move || {
            let all = interfaces::list().map_err(|error| error.to_string())?;
            let interface = all.iter().find(|one| one.name == name).ok_or("it is gone")?;
            let claims = neighbours::ask(interface, ip, &clock).map_err(|error| error.to_string())?;
            Ok::<_, String>((name, claims))
        });
        match asked.await {
            Ok(Ok((interface, claims))) => {
                tracing::info!(%ip, answers = claims.len(), "asked the network who owns the address");
                if !claims.is_empty() && hub.send(Input::Owners { interface: Some(interface), claims }).await.is_err() {
                    return;
                }
            }
            Ok(Err(error)) => {
                tracing::info!(%ip, %error, "the owner of the address could not be asked for");
                if hub.send(Input::NotAsked(ip)).await.is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}
