//! One visit: listen, then ask, and stop at the first thing that comes back. Gathers facts; judges nothing.

use super::round::Round;
use crate::app::config::Config;
use crate::explain::checks::{Fate, Look, Machine, SnmpLook};
use crate::explain::reach;
use crate::io::around::Around;
use crate::io::clock::Clock;
use crate::io::interfaces::{self, HostCounters, Interface};
use crate::io::snmp::{Client, Located};
use crate::io::ssdp::StopProbes;
use crate::io::{neighbours, routes, upnp};
use crate::model::Time;
use crate::model::observation::{Counter, CounterKind, Poll, PollSample, PortSample};
use crate::model::probe::{self, Budget, GAP, Probe};
use crate::model::text::Text;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub(super) const LISTENING: Text = Text { en: "listening", ja: "待ち受けています" };
const ASKING: Text = Text { en: "asking the LAN", ja: "LANに問い合わせています" };
const GUARDING: Text =
    Text { en: "waiting whether the mark comes back", ja: "目印が戻らないか確かめています" };
const SEARCHING: Text = Text { en: "looking for gateways", ja: "ゲートウェイを探しています" };

/// After the harmless questions and before the search: routers answer within half a second (RFC 4861, 6.2.6), proxies
/// repeated a membership 12 ms later (measured).
const HARMLESS: Duration = Duration::from_millis(1200);
/// From the DISCOVER to the end at least: some servers try the address for 3 s before they offer it (dnsmasq).
const OFFERS: Duration = Duration::from_millis(4500);
/// The UPnP search and reading of gateways.
const SEARCH: Duration = Duration::from_secs(4);
/// Targets asked by SNMP, and how long each may take.
const MAX_TARGETS: usize = 16;
/// See [`MAX_TARGETS`].
const POLL: Duration = Duration::from_secs(3);

/// How it behaves.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// Sends nothing.
    pub passive: bool,
    /// Somebody has agreed to the searches before.
    pub agreed: bool,
    /// How long it listens before anything is sent.
    pub listen_first: Duration,
}

/// What is to be looked at, and how.
pub struct Visit<'a> {
    /// The interfaces.
    pub interfaces: &'a [Interface],
    /// How it behaves.
    pub manners: Manners,
    /// Targets, names, share of the ports.
    pub config: &'a Config,
    /// Is told what is being done.
    pub tell: &'a (dyn Fn(&'static Text) + Send + Sync),
    /// Asks whether the searches may be sent; not called where they may not, or need not.
    pub ask: &'a (dyn Fn() -> bool + Send + Sync),
}

/// What a visit brings home.
#[derive(Debug)]
pub struct Seen {
    /// The facts.
    pub look: Look,
    /// What was sent, and how often.
    pub sent: Vec<(&'static Probe, u32)>,
    /// How long it took.
    pub took: Duration,
    /// When it ended.
    pub at: Time,
}

impl Visit<'_> {
    /// Looks. Takes about seven seconds where it listens first for two, and longer where many interfaces are examined.
    ///
    /// # Errors
    /// The kernel cannot be asked for this host's own interfaces.
    pub async fn look(&self) -> anyhow::Result<Seen> {
        let clock = Clock::start();
        let began = clock.now();
        let mut counters = HostCounters::default();
        let before = counters.sample(&clock)?;
        let default_routes = routes::defaults().ok().map(|routes| self.named(routes));
        let mut round = Round { clock, budget: Budget::new(self.manners.passive), posts: Vec::new() };
        round.open(self).await?;
        let client = Client::start(clock);
        let targets = self.targets();
        (self.tell)(&LISTENING);
        let (first, ()) = tokio::join!(poll_all(&client, &targets, clock), round.listen(self.manners.listen_first));
        (self.tell)(&ASKING);
        let nat_pmp = round.harmless(default_routes.as_deref().unwrap_or_default()).await;
        let asked = clock.now();
        round.listen(HARMLESS).await;
        if self.manners.agreed || round.may_ask() && (self.ask)() {
            round.budget.agree();
        }
        (self.tell)(&GUARDING);
        round.guard().await;
        (self.tell)(&SEARCHING);
        let discovery = self.search(&mut round).await?;
        let rest = if self.manners.passive { Duration::ZERO } else { OFFERS };
        round.listen(rest.saturating_sub(clock.now().since(asked))).await;
        let snmp = self.snmp(&client, &targets, first, clock).await;
        let after = counters.sample(&clock).ok();
        let sent = round.budget.drawn();
        let mut look =
            Look { default_routes, discovery, nat_pmp, snmp, names: self.config.called(), ..Look::default() };
        for neighbour in neighbours::table(began).unwrap_or_default() {
            if self.interfaces.iter().any(|one| one.index == neighbour.interface) {
                look.neighbours.learn(&neighbour.claim);
            }
        }
        for post in round.posts {
            let machine = machine(post.interface, &before, after.as_ref());
            let (place, verdicts) = post.leave(machine);
            look.verdicts.extend(verdicts);
            look.places.push(place);
        }
        let at = clock.now();
        Ok(Seen { look, sent, took: at.since(began), at })
    }

    fn named(&self, routes: Vec<routes::DefaultRoute>) -> Vec<(Arc<str>, IpAddr)> {
        let name = |index| self.interfaces.iter().find(|one| one.index == index).map(|one| Arc::clone(&one.name));
        routes.into_iter().filter_map(|route| Some((name(route.interface)?, route.next_hop))).collect()
    }

    fn targets(&self) -> Vec<Located> {
        let section = &self.config.snmp;
        // A passive look sends nothing, to nobody.
        let most = if self.manners.passive { 0 } else { MAX_TARGETS };
        let located =
            |target: &crate::app::config::Target| Some(Located::new(target.settings(section)?, target.place().ok()?));
        section.targets.iter().filter_map(located).take(most).collect()
    }

    /// The UPnP search, unless nobody has agreed to it, or something has come back.
    async fn search(
        &self,
        round: &mut Round<'_>,
    ) -> anyhow::Result<Option<(crate::model::device::Discovery, reach::Assessment)>> {
        let mut wanted = Vec::new();
        for at in 0..round.posts.len() {
            if round.posts[at].interface.addresses.is_empty() {
                round.posts[at].sent.insert(probe::SEARCH.id, Fate::NoAddress);
            } else if round.draw(at, &probe::SEARCH).await.is_some() {
                wanted.push(round.posts[at].interface.clone());
                round.posts[at].sent.insert(probe::SEARCH.id, Fate::Sent(round.clock.now()));
            }
        }
        if wanted.is_empty() {
            return Ok(None);
        }
        let stop = StopProbes::default();
        let settings = upnp::Settings::hurried(SEARCH);
        let watch = async {
            loop {
                if round.is_alarmed() {
                    stop.stop();
                }
                tokio::time::sleep(GAP).await;
            }
        };
        let mut discovery = tokio::select! {
            biased;
            () = watch => return Ok(None),
            found = upnp::discover(&wanted, &settings, &stop, &round.clock) => found,
        };
        let mut around = Around::read(round.clock.now())?;
        around.call(self.config.called());
        around.know(&discovery.devices);
        around.name_makers(&mut discovery.devices);
        let map_e = self.config.upnp.map_e.as_ref().map(|share| share.value);
        let assessment = reach::assess_now(&discovery.gateways, &around.surroundings(map_e));
        Ok(Some((discovery, assessment)))
    }

    /// The second poll of each target, against the first.
    async fn snmp(
        &self,
        client: &Client,
        targets: &[Located],
        first: Vec<Result<PollSample, String>>,
        clock: Clock,
    ) -> Option<Vec<SnmpLook>> {
        if targets.is_empty() {
            return None;
        }
        // One that did not answer is not waited for twice.
        let again = async |(target, first): (&Located, Result<PollSample, String>)| {
            let outcome = match first {
                Ok(first) => poll(client, target, clock).await.map(|second| moved(&first, &second)),
                Err(why) => Err(why),
            };
            SnmpLook { target: target.name().to_string(), outcome }
        };
        Some(futures_util::future::join_all(targets.iter().zip(first).map(again)).await)
    }
}

async fn poll(client: &Client, target: &Located, clock: Clock) -> Result<PollSample, String> {
    let found = target.target(clock.now()).await.map_err(|error| error.to_string())?;
    match client.poll(&found, &BTreeSet::new(), POLL).await {
        Poll::Answered(sample) => Ok(*sample),
        Poll::Gap(gap) => Err(gap.message),
    }
}

async fn poll_all(client: &Client, targets: &[Located], clock: Clock) -> Vec<Result<PollSample, String>> {
    futures_util::future::join_all(targets.iter().map(|target| poll(client, target, clock))).await
}

/// Ports that are up, and whether any counter has moved.
fn moved(first: &PollSample, second: &PollSample) -> (usize, bool) {
    let before = first.ports.iter().map(|port| (port.if_index, port.counters)).collect::<BTreeMap<_, _>>();
    let up = second.ports.iter().filter(|port| port.oper_up);
    let changed = |port: &PortSample| before.get(&port.if_index).is_some_and(|counters| *counters != port.counters);
    (up.clone().count(), up.into_iter().any(changed))
}

/// Speed, radio and broken frames of an interface.
fn machine(interface: &Interface, before: &PollSample, after: Option<&PollSample>) -> Machine {
    let port = |sample: &PollSample| sample.ports.iter().find(|port| port.if_index == interface.index).cloned();
    let errors = |sample: &PollSample| match port(sample)?.counters.get(CounterKind::InErrors)? {
        Counter::C64(errors) => Some(errors),
        Counter::C32(errors) => Some(errors.into()),
    };
    let grown = after.and_then(errors).unwrap_or(0).saturating_sub(errors(before).unwrap_or(0));
    let speed_bps = port(before).map_or(0, |port| port.speed_bps);
    Machine { speed_bps, wireless: interfaces::is_wireless(interface), new_errors: grown }
}
