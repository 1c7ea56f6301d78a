//! The packets of one visit: one after the other, each with its permit, and none after something has come back.

use super::visit::Visit;
use crate::app::tasks::host;
use crate::detect::Thresholds;
use crate::engine::{Input, Settings};
use crate::explain::causes::Times;
use crate::explain::checks::{Fate, Machine, Place};
use crate::io::clock::{self, Clock};
use crate::io::doctor::{self, Ear, EarSettings, Membership, Sender};
use crate::io::interfaces::{self, Interface};
use crate::io::{neighbours, routes};
use crate::model::probe::{self, Budget, GAP, Permit, Probe, Refusal};
use crate::observe::hearing::Marks;
use crate::wire::request::{self, Datagram};
use crate::wire::{dhcp, mdns, nat_pmp, ssdp, ws_discovery};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

/// After the guard search.
const GUARD: Duration = Duration::from_secs(1);
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

/// An interface while it is looked at.
pub(super) struct Post<'a> {
    pub(super) interface: &'a Interface,
    marks: Marks,
    ear: Result<Ear, String>,
    sender: Option<Sender>,
    membership: Option<Membership>,
    pub(super) sent: BTreeMap<&'static str, Fate>,
}

/// The packets and their budget.
pub(super) struct Round<'a> {
    pub(super) clock: Clock,
    pub(super) budget: Budget,
    pub(super) posts: Vec<Post<'a>>,
}

impl<'a> Post<'a> {
    pub(super) fn leave(self, machine: Machine) -> (Place, Vec<Arc<crate::model::verdict::Verdict>>) {
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
    pub(super) async fn open(&mut self, visit: &Visit<'a>) -> anyhow::Result<()> {
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

    pub(super) async fn listen(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    pub(super) fn is_alarmed(&self) -> bool {
        self.posts.iter().any(|post| post.ear.as_ref().is_ok_and(Ear::is_alarmed))
    }

    /// A search would be sent if somebody agreed.
    pub(super) fn may_ask(&mut self) -> bool {
        if self.is_alarmed() {
            self.budget.stop();
        }
        let ears = self.posts.iter().any(|post| post.sender.is_some());
        ears && !self.budget.is_stopped()
    }

    /// The right to send, once it may be had. Why not is noted. A storm, or anything that came back, ends all sending.
    pub(super) async fn draw(&mut self, at: usize, probe: &'static Probe) -> Option<Permit> {
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
    pub(super) async fn harmless(
        &mut self,
        default_routes: &[(Arc<str>, IpAddr)],
    ) -> Option<(Ipv4Addr, Option<Ipv4Addr>)> {
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
    pub(super) async fn guard(&mut self) {
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
