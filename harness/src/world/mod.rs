//! The simulated home network on virtual time: a queue of dated events, and what each of them does. Deterministic by
//! scenario and seed; has no clock and no sockets, and does not know what a storm is called.

pub mod cable;
pub mod habits;
pub mod proxy;
pub mod switch;

use crate::packets;
use crate::rng::Rng;
use crate::scenario::{Scenario, Storm};
use crate::storms;
use cable::LoopCable;
use habits::Action;
use proxy::{Proxy, Side};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use switch::Switch;

/// The bytes of a frame, shared by everybody who sees it.
pub type Bytes = Arc<[u8]>;

/// A frame as the capturing host receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedFrame {
    /// Virtual time since the world began.
    pub at: Duration,
    /// From the destination MAC to the end of the payload, without check sequence.
    pub bytes: Bytes,
}

/// Something that a narrator would mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldEvent {
    /// Virtual time since the world began.
    pub at: Duration,
    /// A sentence for a person.
    pub text: String,
}

/// Events kept for a narrator who does not come for them.
const MAX_EVENTS: usize = 256;
/// How often unicast traffic, which nobody but its receiver sees, is added to the counters.
const UNICAST_EVERY: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A host does something and decides when to do it again.
    Act { host: usize, action: Action, again: bool },
    /// A frame comes in at a port.
    Send { port: usize, frame: Bytes },
    /// The proxy has a copy ready.
    Forward { side: Side, frame: Bytes },
    /// The loop's cable hands over the frame that waited longest.
    Lap { into: usize },
    /// The second router talks by itself.
    Router { step: u32 },
    /// Unicast of the last second.
    Unicast,
    /// A storm begins, acts, or ends.
    Storm { index: usize, step: storms::Step },
}

#[derive(Debug, PartialEq, Eq)]
struct Scheduled {
    at: Duration,
    number: u64,
    event: Event,
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The network.
#[derive(Debug)]
pub struct World {
    scenario: Scenario,
    pub(crate) rng: Rng,
    now: Duration,
    queue: BinaryHeap<Reverse<Scheduled>>,
    scheduled: u64,
    switch: Switch,
    capture_port: usize,
    /// Next IP identification per host; `None` for stacks that send 0.
    ip_ids: Vec<Option<u16>>,
    router_plugged: bool,
    proxy: Option<Proxy>,
    cable: Option<LoopCable>,
    captured: VecDeque<CapturedFrame>,
    events: VecDeque<WorldEvent>,
}

impl World {
    /// The network of `scenario` before its first second. The seed decides everything that the scenario leaves open.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let scenario = scenario.clone();
        let mut rng = Rng::new(seed);
        let ip_ids =
            scenario.hosts.iter().map(|host| habits::counts_ids(host.kind).then(|| rng.bits() as u16)).collect();
        let capture_port = scenario.host(&scenario.capture).map_or(0, |host| host.port);
        let mut switch = Switch::new(scenario.ports);
        for host in &scenario.hosts {
            switch.plug(host.port);
        }
        let mut world = Self {
            rng,
            now: Duration::ZERO,
            queue: BinaryHeap::new(),
            scheduled: 0,
            switch,
            capture_port,
            ip_ids,
            router_plugged: false,
            proxy: None,
            cable: None,
            captured: VecDeque::new(),
            events: VecDeque::new(),
            scenario,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        for host in 0..self.scenario.hosts.len() {
            for &(action, every) in habits::of(self.scenario.hosts[host].kind) {
                // Nobody waits for the world to begin: each habit is somewhere in the middle of its period.
                let first = self.rng.between(Duration::ZERO, Duration::from_secs(every));
                self.at(first, Event::Act { host, action, again: true });
            }
        }
        self.at(UNICAST_EVERY, Event::Unicast);
        for index in 0..self.scenario.storms.len() {
            let Storm { from, until, .. } = self.scenario.storms[index];
            self.at(from, Event::Storm { index, step: storms::Step::Begin });
            if let Some(until) = until {
                self.at(until, Event::Storm { index, step: storms::Step::End });
            }
        }
    }

    /// Lets virtual time pass up to `until` and hands over the frames that were captured meanwhile, in order.
    pub fn advance(&mut self, until: Duration) -> Vec<CapturedFrame> {
        while self.queue.peek().is_some_and(|Reverse(next)| next.at <= until) {
            let Some(Reverse(next)) = self.queue.pop() else { break };
            self.now = next.at;
            self.handle(next.event);
        }
        self.now = self.now.max(until);
        // A frame that is still on the capturing host's cable comes with the next call.
        let ready = self.captured.iter().take_while(|frame| frame.at <= until).count();
        self.captured.drain(..ready).collect()
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Act { host, action, again } => self.act(host, action, again),
            Event::Send { port, frame } => self.receive(port, &frame),
            Event::Forward { side, frame } => {
                let alive = self.proxy.as_mut().is_some_and(Proxy::sent);
                if alive {
                    self.receive(self.router_port(side), &frame);
                }
            }
            Event::Lap { into } => {
                if let Some(frame) = self.cable.as_mut().and_then(|cable| cable.pop(into)) {
                    self.receive(into, &frame);
                }
                self.lap(into);
            }
            Event::Router { step } => self.router_habit(step),
            Event::Unicast => self.unicast(),
            Event::Storm { index, step } => storms::run(self, index, step),
        }
    }

    /// A frame comes in at a port of the switch; whatever hangs on the ports it leaves by gets it.
    fn receive(&mut self, port: usize, frame: &Bytes) {
        let leaving = self.switch.forward(self.now, port, frame);
        for (port, at) in leaving {
            if port == self.capture_port {
                self.captured.push_back(CapturedFrame { at, bytes: Arc::clone(frame) });
            }
            let router = &self.scenario.second_router;
            let side = match port {
                port if port == router.lan_port => Some(Side::Lan),
                port if port == router.wan_port => Some(Side::Wan),
                _ => None,
            };
            if let (Some(side), true) = (side, self.router_plugged) {
                self.reflect(side, at, frame);
            }
            if let Some(cable) = &mut self.cable
                && let Some(into) = cable.other_end(port)
                && cable.push(into, frame, &mut self.rng)
            {
                self.lap(into);
            }
        }
    }

    /// The second router hears a frame on one side, and may have a copy for the other.
    fn reflect(&mut self, heard: Side, at: Duration, frame: &Bytes) {
        let Some(proxy) = &mut self.proxy else { return };
        let Some((side, done, copy)) = proxy.hear(heard, at, frame, &self.scenario.second_router, &mut self.rng) else {
            return;
        };
        if proxy.copies == 1 {
            let source = packets::routable(frame).map(|packet| packet.source);
            let host = self.scenario.hosts.iter().find(|host| Some(host.ip) == source);
            let who = host.map_or_else(|| "a host".to_owned(), |host| article(&host.name));
            let router = article(&self.scenario.second_router.name);
            self.tell(&format!("{who} sends to its multicast group, and {router} sends it back into the same LAN"));
        }
        self.at(done, Event::Forward { side, frame: copy });
    }

    /// The cable's next hand-over at port `into`, if a frame waits.
    fn lap(&mut self, into: usize) {
        if let Some(gap) = self.cable.as_mut().and_then(|cable| cable.next(into)) {
            let gap = self.rng.jitter(gap);
            self.at(self.now + gap, Event::Lap { into });
        }
    }

    fn unicast(&mut self) {
        let gateway = self.scenario.hosts.iter().find(|host| host.kind == crate::scenario::Kind::Gateway).cloned();
        for host in self.scenario.hosts.clone() {
            self.switch.refresh(self.now, host.mac, host.port);
            let Some(gateway) = gateway.as_ref().filter(|gateway| gateway.mac != host.mac) else { continue };
            let (up, down) = habits::unicast_pps(host.kind);
            let (up, down) = (self.rng.below(2 * up), self.rng.below(2 * down));
            self.switch.count_unicast(host.port, gateway.port, up, 180);
            self.switch.count_unicast(gateway.port, host.port, down, 900);
        }
        self.at(self.now + UNICAST_EVERY, Event::Unicast);
    }

    pub(crate) fn at(&mut self, at: Duration, event: Event) {
        self.scheduled += 1;
        self.queue.push(Reverse(Scheduled { at, number: self.scheduled, event }));
    }

    pub(crate) fn send(&mut self, at: Duration, port: usize, frame: Vec<u8>) {
        self.at(at, Event::Send { port, frame: frame.into() });
    }

    pub(crate) fn tell(&mut self, text: &str) {
        if self.events.len() >= MAX_EVENTS {
            self.events.pop_front();
        }
        let mut chars = text.chars();
        let text = chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect());
        self.events.push_back(WorldEvent { at: self.now, text });
    }

    pub(crate) fn storm(&self, index: usize) -> &Storm {
        &self.scenario.storms[index]
    }

    /// Index of the host of this name.
    pub(crate) fn host_index(&self, name: &str) -> Option<usize> {
        self.scenario.hosts.iter().position(|host| host.name == name)
    }

    /// The next IP identification of a host.
    pub(crate) fn ip_id(&mut self, host: usize) -> u16 {
        self.ip_ids[host].as_mut().map_or(0, |id| {
            // 0 would say "none".
            *id = id.wrapping_add(1).max(1);
            *id
        })
    }

    fn router_port(&self, side: Side) -> usize {
        match side {
            Side::Lan => self.scenario.second_router.lan_port,
            Side::Wan => self.scenario.second_router.wan_port,
        }
    }

    /// Plugs in and switches on the second router, both sides.
    pub(crate) fn plug_router(&mut self) {
        if self.router_plugged {
            return;
        }
        self.router_plugged = true;
        self.switch.plug(self.scenario.second_router.lan_port);
        self.switch.plug(self.scenario.second_router.wan_port);
        self.at(self.now, Event::Router { step: 0 });
    }

    pub(crate) fn set_proxy(&mut self, proxy: Option<Proxy>) {
        self.proxy = proxy;
    }

    pub(crate) fn set_cable(&mut self, cable: Option<LoopCable>) {
        self.cable = cable;
    }

    pub(crate) fn switch_mut(&mut self) -> &mut Switch {
        &mut self.switch
    }

    /// What happened since the last call, for a narrator.
    pub fn take_events(&mut self) -> Vec<WorldEvent> {
        self.events.drain(..).collect()
    }

    /// Virtual time.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// The switch with its counters and forwarding database.
    #[must_use]
    pub fn switch(&self) -> &Switch {
        &self.switch
    }

    /// What it was made from.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }
}

/// `the Echo`; names that bring their own article or possessor keep theirs.
pub(crate) fn article(name: &str) -> String {
    format!("the {name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mac;
    use std::collections::BTreeMap;

    fn run(name: &str, seed: u64) -> (World, Vec<CapturedFrame>) {
        let scenario = Scenario::builtin(name).expect("a scenario");
        let mut world = World::new(&scenario, seed);
        let frames = world.advance(scenario.duration);
        (world, frames)
    }

    fn group_frames(frames: &[CapturedFrame], from: u64, until: u64) -> usize {
        let within = |frame: &&CapturedFrame| (from..until).contains(&frame.at.as_secs());
        frames.iter().filter(within).filter(|frame| frame.bytes[0] & 1 == 1).count()
    }

    #[test]
    fn one_seed_one_world_however_it_is_advanced() {
        let scenario = Scenario::builtin("home").expect("a scenario");
        let whole = World::new(&scenario, 7).advance(Duration::from_secs(20));
        let mut world = World::new(&scenario, 7);
        let parts = (1..=2000).flat_map(|n| world.advance(Duration::from_millis(10 * n))).collect::<Vec<_>>();
        assert_eq!(whole, parts);
        assert_ne!(whole, World::new(&scenario, 8).advance(Duration::from_secs(20)));
        assert!(whole.is_sorted_by_key(|frame| frame.at));
    }

    #[test]
    fn a_quiet_home_is_as_quiet_as_real_ones() {
        for seed in 0..20 {
            let (_, frames) = run("quiet", seed);
            let mean = group_frames(&frames, 0, 120) as f64 / 120.0;
            // 99 real captures: median 0.26/s, p95 3.2/s, busiest second 27.
            assert!((0.1..3.2).contains(&mean), "seed {seed}: {mean}");
            let busiest = (0..120).map(|second| group_frames(&frames, second, second + 1)).max();
            assert!(busiest <= Some(27), "seed {seed}: {busiest:?}");
        }
    }

    #[test]
    fn a_constant_ttl_never_ends_a_search_and_a_falling_one_does() {
        let copies = |name: &str, mac: Mac| {
            let (_, frames) = run(name, 1);
            let mut ttls: BTreeMap<u8, usize> = BTreeMap::new();
            let storm = frames.iter().filter(|f| packets::source_of(&f.bytes) == Some(mac));
            for frame in storm.filter(|f| packets::routable(&f.bytes).is_some_and(|p| p.source.octets()[3] == 10)) {
                *ttls.entry(frame.bytes[22]).or_default() += 1;
            }
            ttls
        };
        let router = Scenario::builtin("home").expect("a scenario").second_router;
        let constant = copies("home", router.lan_mac);
        assert!(constant.len() == 1 && constant.get(&4) > Some(&15_000), "{constant:?}");
        let falling = copies("warning", router.lan_mac);
        assert_eq!(falling.keys().copied().collect::<Vec<_>>(), [1, 2, 3]);
        assert!(falling.values().all(|n| *n < 10), "{falling:?}");
        let wan = copies("wan-side", router.wan_mac);
        assert!(wan.get(&4) > Some(&10_000), "{wan:?}");
    }

    #[test]
    fn storms_begin_and_end_when_they_should_at_their_rate() {
        for (name, at_least, at_most) in [
            ("home", 1500, 2200),
            ("both-directions", 2500, 3500),
            ("cable-loop", 1500, 4500),
            ("chatty-device", 250, 350),
        ] {
            let (_, frames) = run(name, 3);
            assert!(group_frames(&frames, 0, 15) < 60, "{name}: quiet before");
            let rate = group_frames(&frames, 20, 28) / 8;
            assert!((at_least..=at_most).contains(&rate), "{name}: {rate}/s");
            assert!(group_frames(&frames, 29, 45) < 80, "{name}: quiet afterwards");
        }
        let (_, frames) = run("power-cut", 3);
        assert!((120..150).contains(&group_frames(&frames, 15, 16)), "{}", group_frames(&frames, 15, 16));
    }

    #[test]
    fn in_a_cable_loop_everybody_circles_with_his_own_mac() {
        let (world, frames) = run("cable-loop", 5);
        let mut by_mac: BTreeMap<Mac, usize> = BTreeMap::new();
        for frame in frames.iter().filter(|f| (20..28).contains(&f.at.as_secs())) {
            *by_mac.entry(packets::source_of(&frame.bytes).expect("a frame")).or_default() += 1;
        }
        let hosts = world.scenario().hosts.iter().filter(|h| by_mac.get(&h.mac).is_some_and(|n| *n > 100)).count();
        assert!(hosts >= 4, "{by_mac:?}");
        assert!(by_mac.keys().all(|mac| world.scenario().hosts.iter().any(|h| h.mac == *mac)), "{by_mac:?}");
    }
}
