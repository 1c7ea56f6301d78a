//! One visit: listen, then ask, one packet after the other and each with its permit, and stop at the first thing that
//! comes back. Gathers facts; judges nothing.

use crate::app::config::Config;
use crate::app::tasks::host;
use crate::detect::Thresholds;
use crate::engine::{Input, Settings};
use crate::explain::causes::Times;
use crate::explain::checks::{Fate, Look, Machine, Place, SnmpLook};
use crate::explain::reach;
use crate::io::around::Around;
use crate::io::clock::{self, Clock};
use crate::io::doctor::{self, Ear, EarSettings, Membership, Sender};
use crate::io::interfaces::{self, HostCounters, Interface};
use crate::io::snmp::{Client, Located};
use crate::io::ssdp::StopProbes;
use crate::io::{neighbours, routes, upnp};
use crate::model::Time;
use crate::model::observation::{Counter, CounterKind, Poll, PollSample, PortSample};
use crate::model::probe::{self, Budget, GAP, Permit, Probe, Refusal};
use crate::model::text::Text;
use crate::observe::hearing::Marks;
use crate::wire::request::{self, Datagram};
use crate::wire::{dhcp, mdns, nat_pmp, ssdp, ws_discovery};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
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
/// After the guard search.
const GUARD: Duration = Duration::from_secs(1);
/// From the DISCOVER to the end at least: some servers try the address for 3 s before they offer it (dnsmasq).
const OFFERS: Duration = Duration::from_millis(4500);
/// The UPnP search and reading of gateways.
const SEARCH: Duration = Duration::from_secs(4);
/// Targets asked by SNMP, and how long each may take.
const MAX_TARGETS: usize = 16;
/// See [`MAX_TARGETS`].
const POLL: Duration = Duration::from_secs(3);
/// After each guard that follows: what was sent back came within 12 ms (measured, of the kernel's forwarding and of a
/// reflector), and what is late is heard during the search for gateways.
const NEXT_GUARD: Duration = Duration::from_millis(250);
/// TTL of the guards: they cross one forwarder, and die at the second.
const GUARD_TTL: u8 = 2;

/// A message with a mark, which nobody has reason to send again.
struct Guard {
    probe: &'static Probe,
    to: (Ipv4Addr, u16),
    /// A fixed source port; else one by chance.
    from_port: Option<u16>,
    message: fn(&Marks) -> Vec<u8>,
    /// How long is listened before anything else is sent.
    listen: Duration,
}

/// In the order in which they are sent.
static GUARDS: [Guard; 3] = [
    Guard {
        probe: &probe::GUARD,
        to: (ssdp::GROUP_V4, ssdp::PORT),
        from_port: None,
        message: |marks| ssdp::search(ssdp::GROUP_V4.into(), &format!("urn:{}:service:none:1", marks.token), 1),
        listen: GUARD,
    },
    Guard {
        probe: &probe::GUARD_WS_DISCOVERY,
        to: (ws_discovery::GROUP_V4, ws_discovery::PORT),
        from_port: None,
        message: |marks| ws_discovery::probe(&marks.token, marks.xid.into()),
        listen: NEXT_GUARD,
    },
    // From another port it would be a question of the old kind, which each reflector answers to by itself (RFC 6762, 6.7).
    Guard {
        probe: &probe::GUARD_MDNS,
        to: (mdns::GROUP_V4, mdns::PORT),
        from_port: Some(mdns::PORT),
        message: |marks| mdns::question(&marks.token),
        listen: NEXT_GUARD,
    },
];

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

/// An interface while it is looked at.
struct Post<'a> {
    interface: &'a Interface,
    marks: Marks,
    ear: Result<Ear, String>,
    sender: Option<Sender>,
    membership: Option<Membership>,
    sent: BTreeMap<&'static str, Fate>,
}

/// The packets and their budget.
struct Round<'a> {
    clock: Clock,
    budget: Budget,
    posts: Vec<Post<'a>>,
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

impl<'a> Post<'a> {
    fn leave(self, machine: Machine) -> (Place, Vec<Arc<crate::model::verdict::Verdict>>) {
        let not_joined = self.ear.as_ref().map(|ear| ear.not_joined().to_vec()).unwrap_or_default();
        let (heard, verdicts) = match self.ear.and_then(Ear::finish) {
            Ok((heard, verdicts)) => (Ok(heard), verdicts),
            Err(why) => (Err(why), Vec::new()),
        };
        let place = Place {
            name: Arc::clone(&self.interface.name),
            mac: self.interface.mac,
            addresses: self.interface.addresses.clone(),
            heard,
            not_joined,
            sent: self.sent,
            machine,
        };
        (place, verdicts)
    }

    /// Its IPv4 address.
    fn ipv4(&self) -> Option<Ipv4Addr> {
        self.interface.addresses.iter().find_map(|(ip, _)| if let IpAddr::V4(ip) = ip { Some(*ip) } else { None })
    }

    /// Its link-local IPv6 address.
    fn link_local(&self) -> Option<Ipv6Addr> {
        self.interface.addresses.iter().find_map(|(ip, _)| match ip {
            IpAddr::V6(ip) if ip.is_unicast_link_local() => Some(*ip),
            _ => None,
        })
    }
}

impl<'a> Round<'a> {
    /// Ears on every interface. Listening itself joins groups, which needs a permit.
    async fn open(&mut self, visit: &Visit<'a>) -> anyhow::Result<()> {
        let now = self.clock.now();
        let all = interfaces::list()?;
        let own = host::own(&all, routes::defaults());
        let table = neighbours::table(now).unwrap_or_default();
        for interface in visit.interfaces {
            let claims = table.iter().filter(|one| one.interface == interface.index).map(|one| one.claim).collect();
            let marks = marks(interface);
            let settings = EarSettings {
                interface: Arc::clone(&interface.name),
                marks: marks.clone(),
                engine: Settings {
                    thresholds: Thresholds::default(),
                    names: visit.config.called(),
                    times: Times { utc_offset_seconds: clock::utc_offset_seconds(now) },
                    ..Settings::default()
                },
                before: vec![
                    Input::Own(own.clone()),
                    Input::Owners { interface: Some(Arc::clone(&interface.name)), claims },
                ],
                clock: self.clock,
            };
            self.posts.push(Post {
                interface,
                marks,
                ear: Err(String::new()),
                sender: None,
                membership: None,
                sent: BTreeMap::new(),
            });
            let at = self.posts.len() - 1;
            let permit = self.draw(at, &probe::LISTEN).await;
            self.posts[at].ear = Ear::open(settings, permit).map_err(|error| error.to_string());
            // Who cannot hear what comes back does not send either.
            if self.posts[at].ear.is_ok() && !visit.manners.passive {
                self.posts[at].sender = Sender::open(interface).ok();
            }
        }
        Ok(())
    }

    async fn listen(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn is_alarmed(&self) -> bool {
        self.posts.iter().any(|post| post.ear.as_ref().is_ok_and(Ear::is_alarmed))
    }

    /// A search would be sent if somebody agreed.
    fn may_ask(&mut self) -> bool {
        if self.is_alarmed() {
            self.budget.stop();
        }
        let ears = self.posts.iter().any(|post| post.sender.is_some());
        ears && !self.budget.is_stopped()
    }

    /// The right to send, once it may be had. Why not is noted. A storm, or anything that came back, ends all sending.
    async fn draw(&mut self, at: usize, probe: &'static Probe) -> Option<Permit> {
        loop {
            if self.is_alarmed() {
                self.budget.stop();
            }
            let name = Arc::clone(&self.posts[at].interface.name);
            match self.budget.draw(probe, &name, self.clock.now()) {
                Ok(permit) => return Some(permit),
                Err(Refusal::TooSoon) => tokio::time::sleep(GAP).await,
                Err(refusal) => {
                    self.posts[at].sent.insert(probe.id, Fate::Refused(refusal));
                    return None;
                }
            }
        }
    }

    /// Sends one frame, if it may. `frame` gives it; none where there is no address to send it from.
    async fn send(&mut self, at: usize, probe: &'static Probe, frame: impl FnOnce(&Post<'_>) -> Option<Vec<u8>>) {
        let made = frame(&self.posts[at]);
        let fate = match (made, self.posts[at].sender.is_some(), self.posts[at].ear.is_ok()) {
            (None, ..) if self.budget.is_passive() => Fate::Refused(Refusal::Passive),
            (None, ..) => Fate::NoAddress,
            // The ear says why it is deaf.
            (Some(_), false, false) => return,
            (Some(frame), ..) => {
                let Some(permit) = self.draw(at, probe).await else { return };
                match self.posts[at].sender.as_mut().map(|sender| sender.send(permit, &frame)) {
                    Some(Ok(())) => Fate::Sent(self.clock.now()),
                    Some(Err(error)) => Fate::Failed(error.to_string()),
                    None => Fate::Failed("there is no socket to send by".to_owned()),
                }
            }
        };
        self.posts[at].sent.insert(probe.id, fate);
    }

    /// Everything that needs nobody's consent. What the first default gateway says by NAT-PMP comes back.
    async fn harmless(&mut self, default_routes: &[(Arc<str>, IpAddr)]) -> Option<(Ipv4Addr, Option<Ipv4Addr>)> {
        let mut answer = None;
        for at in 0..self.posts.len() {
            self.send(at, &probe::DHCP, |post| {
                let mac = post.interface.mac?;
                let (from, to) = ((Ipv4Addr::UNSPECIFIED, dhcp::CLIENT_PORT), (Ipv4Addr::BROADCAST, dhcp::SERVER_PORT));
                let payload = dhcp::discover(post.marks.xid, mac);
                Some(request::udp(&Datagram { mac, from, to, ttl: 64, id: post.marks.xid as u16, payload: &payload }))
            })
            .await;
            self.send(at, &probe::ROUTER_SOLICITATION, |post| {
                let mac = post.interface.mac?;
                Some(request::router_solicitation(mac, post.link_local()?))
            })
            .await;
            let name = Arc::clone(&self.posts[at].interface.name);
            let router = default_routes.iter().filter(|(on, _)| *on == name).find_map(|(_, hop)| match hop {
                IpAddr::V4(hop) => Some(*hop),
                IpAddr::V6(_) => None,
            });
            // For our own address from nobody, so that no table learns anything; for the router as everybody asks.
            for target in [None, router].into_iter().take(1 + usize::from(router.is_some())) {
                self.send(at, &probe::ARP, |post| {
                    let (mac, own) = (post.interface.mac?, post.ipv4()?);
                    Some(target.map_or_else(
                        || request::arp(mac, Ipv4Addr::UNSPECIFIED, own),
                        |router| request::arp(mac, own, router),
                    ))
                })
                .await;
            }
            self.join(at).await;
            if let (Some(gateway), Some(local)) = (router, self.posts[at].ipv4())
                && let Some(permit) = self.draw(at, &probe::NAT_PMP).await
            {
                let clock = self.clock;
                let asked = tokio::task::spawn_blocking(move || doctor::ask_nat_pmp(permit, local, gateway, &clock));
                if let Ok(Ok(Some(said))) = asked.await {
                    let external = if let nat_pmp::Answer::External(address) = said { Some(address) } else { None };
                    answer = answer.or(Some((gateway, external)));
                }
                self.posts[at].sent.insert(probe::NAT_PMP.id, Fate::Sent(self.clock.now()));
            }
        }
        answer
    }

    /// Joins the group that nobody else knows.
    async fn join(&mut self, at: usize) {
        if self.posts[at].ear.is_err() {
            return;
        }
        let Some(permit) = self.draw(at, &probe::MEMBERSHIP).await else { return };
        let now = self.clock.now();
        let post = &mut self.posts[at];
        let fate = match doctor::join(permit, post.marks.group, post.interface) {
            Ok(membership) => {
                post.membership = Some(membership);
                Fate::Sent(now)
            }
            Err(error) => Fate::Failed(error.to_string()),
        };
        post.sent.insert(probe::MEMBERSHIP.id, fate);
    }

    /// The marked messages on one interface after the other: the search with its second of listening, and what a proxy or
    /// reflector may treat otherwise.
    async fn guard(&mut self) {
        for at in 0..self.posts.len() {
            for guard in &GUARDS {
                self.send(at, guard.probe, |post| {
                    let mac = post.interface.mac?;
                    let port = guard.from_port.unwrap_or(50_000 + post.marks.xid as u16 % 10_000);
                    let (from, payload) = ((post.ipv4()?, port), (guard.message)(&post.marks));
                    let id = (post.marks.xid >> 16) as u16;
                    Some(request::udp(&Datagram { mac, from, to: guard.to, ttl: GUARD_TTL, id, payload: &payload }))
                })
                .await;
                if matches!(self.posts[at].sent.get(guard.probe.id), Some(Fate::Sent(_))) {
                    self.listen(guard.listen).await;
                }
            }
        }
    }
}

/// Marks that nobody else has and nobody can foresee.
fn marks(interface: &Interface) -> Marks {
    use std::hash::{BuildHasher as _, Hasher as _};
    // Keyed anew by the system each time.
    let random = || std::hash::RandomState::new().build_hasher().finish();
    let [a, b, c, ..] = random().to_be_bytes();
    // 239.192.0.0/14 is for organisations to choose from (RFC 2365, 6.2). Not x.0.y, whose MAC is that of 224.0.0.y, which
    // switches pass on by other rules.
    let group = Ipv4Addr::new(239, 192 + a % 4, 1 + b % 254, 1 + c % 254);
    Marks {
        mac: interface.mac.unwrap_or_default(),
        token: format!("stormglass-guard-{:016x}", random()),
        group,
        xid: random() as u32,
        seed: random(),
    }
}
