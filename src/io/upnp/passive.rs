//! Passive discovery: announcements heard, and the descriptions they lead to. Carries out: which are fetched and when
//! is `observe::announced`'s, what it means over time `observe::devices`'. Sends nothing but those requests.

use super::intake;
use super::troubles;
use crate::io::clock::Clock;
use crate::io::http_client::Peer;
use crate::io::interfaces::Interface;
use crate::io::ssdp::listen::Listener;
use crate::io::ssdp::{Reply, StopProbes};
use crate::model::Time;
use crate::model::announcement::{Announcement, Heard};
use crate::model::device::Device;
use crate::model::text::Sentence;
use crate::observe::announced::{self, Alive, Consequence, Place, Plan};
use crate::wire::description::Description;
use crate::wire::http_url::{HttpUrl, Origin};
use crate::wire::ssdp::Kind;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Announcements handed over at once; what finds no room in a batch is counted and lost, and comes again.
pub const MAX_BATCH: usize = 256;
/// How often they are handed over.
const HAND_OVER: Duration = Duration::from_millis(250);

/// What a fetch needs.
#[derive(Clone)]
struct Errand {
    reply: Reply,
    url: HttpUrl,
    life: Duration,
}

type Outcome = (Place, Errand, Result<Description, (&'static str, Sentence)>);

/// Listens on whatever `interfaces` holds, until that is closed or `out` is. `request` is the time for one description.
/// While [`StopProbes`] is set, nothing is fetched.
pub async fn listen(
    mut interfaces: watch::Receiver<Vec<Interface>>,
    request: Duration,
    stop: StopProbes,
    clock: Clock,
    out: mpsc::Sender<Heard>,
) {
    let mut hearing = Hearing { plan: Plan::default(), heard: Heard::default(), fetching: JoinSet::new() };
    let mut listener = Listener::default();
    let mut now_on = interfaces.borrow_and_update().clone();
    hearing.tuned(listener.tune(&now_on));
    let mut buffer = vec![0; 65_536];
    let mut timer = tokio::time::interval(HAND_OVER);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        if !stop.is_stopped() {
            hearing.start(clock.now(), request);
        }
        tokio::select! {
            changed = interfaces.changed() => {
                if changed.is_err() {
                    return;
                }
                now_on.clone_from(&interfaces.borrow_and_update());
                hearing.tuned(listener.tune(&now_on));
            }
            reply = listener.next(&mut buffer) => hearing.take(clock.now(), reply, &now_on),
            Some(outcome) = hearing.fetching.join_next() => {
                if let Ok(outcome) = outcome {
                    hearing.read(clock.now(), outcome);
                }
            }
            _ = timer.tick() => {
                for (reason, count) in listener.refused() {
                    *hearing.heard.refused.entry(reason).or_default() += count;
                }
                if !hearing.hand_over(clock.now(), &out) {
                    return;
                }
            }
        }
    }
}

struct Hearing {
    plan: Plan<Errand>,
    heard: Heard,
    fetching: JoinSet<Outcome>,
}

impl Hearing {
    fn refuse(&mut self, reason: &'static str) {
        *self.heard.refused.entry(reason).or_default() += 1;
    }

    fn tuned(&mut self, tuned: crate::io::ssdp::listen::Tuned) {
        self.heard.listening = tuned;
    }

    fn push(&mut self, announcement: Announcement) {
        if self.heard.announcements.len() >= MAX_BATCH {
            return self.refuse("announcements_backlog");
        }
        self.heard.announcements.push(announcement);
    }

    fn take(&mut self, now: Time, reply: Reply, interfaces: &[Interface]) {
        let (message, ip) = (&reply.message, reply.source.ip());
        match message.kind {
            Kind::Byebye => {
                self.heard.byebye += 1;
                let udn = message.udn().to_owned();
                if udn.is_empty() {
                    return self.refuse("announcement_without_udn");
                }
                self.plan.gone(&udn);
                return self.push(Announcement::Gone { udn, ip });
            }
            Kind::Update => self.heard.update += 1,
            _ => self.heard.alive += 1,
        }
        let link = interfaces.iter().find(|one| one.index == reply.interface_index);
        let origin = Origin { source: ip, link: link.map(|one| one.addresses.clone()).unwrap_or_default() };
        let url = match intake::location(&message.location, &origin) {
            Ok(url) => url,
            Err((reason, _)) => return self.refuse(reason),
        };
        let life = announced::life(message.max_age_seconds);
        let alive = Alive {
            place: (url.to_string(), reply.interface_index),
            udn: message.udn().to_owned(),
            root: message.target.eq_ignore_ascii_case("upnp:rootdevice"),
            update: message.kind == Kind::Update,
            source: ip,
            cargo: Errand { reply, url, life },
        };
        match self.plan.alive(now, alive) {
            Consequence::Known(udn) => self.push(Announcement::Still { udn, ip, life }),
            Consequence::Waiting => {}
            Consequence::Refused(reason) => self.refuse(reason),
        }
    }

    /// Starts the fetches that are due.
    fn start(&mut self, now: Time, timeout: Duration) {
        let refused = &mut self.heard.refused;
        while let Some((place, errand)) = self.plan.next(now, &mut |reason| *refused.entry(reason).or_default() += 1) {
            self.fetching.spawn(async move {
                let Errand { reply, url, .. } = &errand;
                let peer = Peer { local: Some(reply.local), interface: reply.interface_index };
                let outcome = intake::read(&peer, url, timeout).await;
                (place, errand, outcome)
            });
        }
    }

    fn read(&mut self, now: Time, (place, errand, outcome): Outcome) {
        let Errand { reply, url, life } = errand;
        let announced = reply.message.udn().to_owned();
        if self.plan.has_departed(&place) {
            self.plan.read(now, &place, None);
            return;
        }
        let device = match outcome {
            Ok(description) => {
                let device = intake::described(&reply, &url, &description);
                // Whatever device or service announced it last, it is the root device that is described.
                let udn = self.plan.read(now, &place, description.root().map(|root| root.udn.as_str()));
                Device { udn: udn.unwrap_or(device.udn.clone()), ..device }
            }
            Err((reason, why)) => {
                self.refuse(reason);
                // Without a description only the root device's own announcement tells which device this is.
                let Some(udn) = self.plan.read(now, &place, None) else { return };
                let problem = Some(troubles::because(troubles::NOT_READ, why));
                Device { problem, ..intake::device(&reply, udn, url.to_string()) }
            }
        };
        let device = Device { first_seen: now, last_seen: now, ..device };
        if device.udn.is_empty() && announced.is_empty() {
            return self.refuse("announcement_without_udn");
        }
        self.push(Announcement::Here { device: Box::new(device), life });
    }

    /// False: nobody listens any more.
    fn hand_over(&mut self, now: Time, out: &mpsc::Sender<Heard>) -> bool {
        if self.heard == Heard::default() {
            return !out.is_closed();
        }
        match out.try_reserve() {
            Ok(place) => {
                self.heard.at = now;
                place.send(std::mem::take(&mut self.heard));
                true
            }
            // The batch goes on growing, up to its limit.
            Err(mpsc::error::TrySendError::Full(())) => true,
            Err(mpsc::error::TrySendError::Closed(())) => false,
        }
    }
}

#[cfg(test)]
#[path = "passive_tests.rs"]
mod tests;
