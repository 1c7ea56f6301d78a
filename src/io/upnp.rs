//! One discovery: search, read the descriptions, read the gateways. Carries out; what it means over time is the
//! catalogue's (`observe::catalogue`).

mod candidates;
pub mod control;
mod gateway;
mod gateways;
mod intake;
mod mappings;
pub mod passive;
mod table_walk;
mod troubles;

use super::clock::Clock;
use super::interfaces::Interface;
use super::ssdp::{self, SearchSettings, StopProbes};
use crate::model::device::Discovery;
use crate::model::text::Sentence;
pub use gateways::MAX_GATEWAYS;
use gateways::Readings;
use intake::Intake;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// Replies that wait to be looked at; the search counts what finds no room.
const REPLY_BACKLOG: usize = 1024;

/// How to discover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The search.
    pub search: SearchSettings,
    /// The whole discovery, search included. Must be longer than the search's window, or nothing is read.
    pub total: Duration,
    /// One HTTP exchange.
    pub request: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let (total, request) = (Duration::from_secs(12), Duration::from_secs(3));
        Self { search: SearchSettings::default(), total, request }
    }
}

impl Settings {
    /// Everything within `total`: the search gets a third of it, at least long enough for its guard, at most 4 s.
    #[must_use]
    pub fn within(total: Duration) -> Self {
        let mut settings = Self { total, ..Self::default() };
        let guarded = settings.search.guard + Duration::from_millis(500);
        settings.search.window = (total / 3).max(guarded).min(settings.search.window).min(total);
        settings.search.mx_seconds = if settings.search.window >= Duration::from_millis(3500) { 2 } else { 1 };
        settings.request = settings.request.min(total / 3);
        settings
    }

    /// The same for somebody who waits for the answer: devices are asked to answer within a second, and when that has
    /// passed and a gateway is among those who did, the search is over. Where none is, it goes on to its end.
    #[must_use]
    pub fn hurried(total: Duration) -> Self {
        let mut settings = Self::within(total);
        settings.search.mx_seconds = 1;
        settings.search.grace = Some(Duration::from_millis(300));
        settings
    }
}

/// Searches `interfaces` and reads what answers: the description of every device, and every mapping of every gateway.
/// Descriptions are read while replies still come in, and gateways too where somebody waits. Ends at [`Settings::total`] at the latest, with what it has.
pub async fn discover(interfaces: &[Interface], settings: &Settings, stop: &StopProbes, clock: &Clock) -> Discovery {
    let began = clock.now();
    let deadline = now() + settings.total;
    let mut intake = Intake::new(interfaces, settings.request);
    let mut readings = Readings::new(gateway::Reader { request: settings.request, deadline, stop: stop.clone() });
    let (sender, mut replies) = mpsc::channel(REPLY_BACKLOG);
    let report = {
        let mut search = std::pin::pin!(ssdp::search(interfaces, &settings.search, stop, &sender));
        loop {
            tokio::select! {
                report = &mut search => break report,
                Some(reply) = replies.recv() => intake.take(reply),
                // Who waits for the answer need not wait for slower devices first.
                true = intake.progress() => if settings.search.grace.is_some() { readings.begin(intake.newest()) },
                true = readings.progress() => {}
            }
        }
    };
    while let Ok(reply) = replies.try_recv() {
        intake.take(reply);
    }
    if !report.stopped {
        // Unread descriptions stay devices without a name when the time is over.
        let _ = timeout_at(deadline, async { while intake.progress().await {} }).await;
    }
    let mut found = intake.finish();
    let mut discovery = Discovery { interfaces: report.interfaces, problems: report.problems, ..Discovery::default() };
    add(&mut discovery.refused, report.refused);
    add(&mut discovery.refused, std::mem::take(&mut found.refused));
    if report.stopped || stop.is_stopped() {
        discovery.problems.push(Sentence::of(troubles::SEARCH_STOPPED));
        discovery.stopped = true;
    } else {
        discovery.gateways = readings.finish(found.candidates, &mut discovery.refused).await;
    }
    discovery.at = clock.now();
    discovery.took = discovery.at.since(began);
    discovery.devices = found.devices.into_iter().map(|device| device.seen(discovery.at)).collect();
    discovery
}

/// The address of `interface` that `ip` is best reached from.
pub(super) fn local_for(interface: &Interface, ip: std::net::IpAddr) -> Option<std::net::IpAddr> {
    control::peer(interface, ip).local
}

fn add(to: &mut BTreeMap<&'static str, u64>, from: BTreeMap<&'static str, u64>) {
    for (reason, count) in from {
        *to.entry(reason).or_default() += count;
    }
}

#[expect(clippy::disallowed_methods, reason = "the io floor times its own probes")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
