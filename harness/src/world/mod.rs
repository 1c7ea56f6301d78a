//! The simulated network on virtual time: a queue of dated events, and what each of them does. Deterministic by
//! scenario and seed; has no clock and no sockets, and does not know what a storm is called.

pub mod cable;
pub mod habits;
pub mod proxy;
pub mod reflector;
mod snooping;
pub mod switch;
pub mod wiring;

use crate::Mac;
use crate::packets;
use crate::rng::Rng;
use crate::scenario::{Host, Kind, Scenario, Storm};
use crate::storms;
use cable::LoopCable;
use habits::Action;
use proxy::{Proxy, Side};
use reflector::Reflector;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use switch::{Arrival, Switch};
use wiring::{Socket, Ways};

/// The bytes of a frame, shared by everybody who sees it.
pub type Bytes = Arc<[u8]>;

/// A frame as the capturing host receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedFrame {
    /// Virtual time since the world began.
    pub at: Duration,
    /// VLAN, where a mirror port shows several; `None`: untagged.
    pub vlan: Option<u16>,
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
    /// A frame comes in at a socket; `vlan` where a switch sent it.
    Send { socket: Socket, vlan: Option<u16>, frame: Bytes },
    /// The proxy has a copy ready.
    Forward { side: Side, frame: Bytes },
    /// A reflector says something.
    Say { reflector: usize, socket: Socket, frame: Bytes },
    /// The loop's cable hands over the frame that waited longest.
    Lap { into: Socket },
    /// The second router talks by itself.
    Router { step: u32 },
    /// Unicast of the last second.
    Unicast,
    /// An agent's counters are renewed.
    Refresh { switch: usize },
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
    switches: Vec<Switch>,
    ways: Ways,
    /// By socket, the trunk that is plugged in there.
    trunks: BTreeMap<Socket, usize>,
    capture: Socket,
    /// Next IP identification per host; `None` for stacks that send 0.
    ip_ids: Vec<Option<u16>>,
    router_plugged: bool,
    proxy: Option<Proxy>,
    cable: Option<LoopCable>,
    reflectors: Vec<Reflector>,
    captured: VecDeque<CapturedFrame>,
    events: VecDeque<WorldEvent>,
    /// Room for the ports that a frame leaves by.
    leaving: Vec<(usize, Duration)>,
    delivered: u64,
}

impl World {
    /// The network of `scenario` before its first second. The seed decides everything that the scenario leaves open.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let scenario = scenario.clone();
        let mut rng = Rng::new(seed);
        let ip_ids =
            scenario.hosts.iter().map(|host| habits::counts_ids(host.kind).then(|| rng.bits() as u16)).collect();
        let trunks = scenario.trunks.iter().enumerate();
        let mut world = Self {
            rng,
            now: Duration::ZERO,
            queue: BinaryHeap::new(),
            scheduled: 0,
            switches: plugged(&scenario),
            ways: Ways::new(scenario.switches.len(), &scenario.trunks),
            trunks: trunks.flat_map(|(index, trunk)| trunk.ends.map(|end| (end, index))).collect(),
            capture: scenario.host(&scenario.capture).map(Host::socket).unwrap_or_default(),
            ip_ids,
            router_plugged: false,
            proxy: None,
            cable: None,
            reflectors: Vec::new(),
            captured: VecDeque::new(),
            events: VecDeque::new(),
            leaving: Vec::new(),
            delivered: 0,
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
        // Whoever captures has joined what it watches, or a switch that snoops would keep it away.
        if let Some(host) = self.scenario.hosts.iter().position(|host| host.name == self.scenario.capture) {
            self.at(Duration::from_millis(10), Event::Act { host, action: Action::Report, again: false });
        }
        // Not on the full second, on which whoever polls looks: in a loop the switches know who is where for moments only.
        let phase = Rng::new(self.rng.clone().bits()).between(Duration::ZERO, UNICAST_EVERY);
        self.at(UNICAST_EVERY + phase, Event::Unicast);
        for index in 0..self.scenario.storms.len() {
            let Storm { from, until, .. } = self.scenario.storms[index];
            self.at(from, Event::Storm { index, step: storms::Step::Begin });
            if let Some(until) = until {
                self.at(until, Event::Storm { index, step: storms::Step::End });
            }
        }
        for switch in 0..self.switches.len() {
            let every = self.switches[switch].manners().refresh;
            if !every.is_zero() {
                let first = self.rng.between(Duration::ZERO, every);
                self.at(first, Event::Refresh { switch });
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
            Event::Send { socket, vlan, frame } => self.receive(socket, vlan, &frame),
            Event::Forward { side, frame } => {
                let alive = self.proxy.as_mut().is_some_and(Proxy::sent);
                if alive {
                    self.receive(self.scenario.second_router.socket(side), None, &frame);
                }
            }
            Event::Say { reflector, socket, frame } => {
                if let Some(reflector) = self.reflectors.get_mut(reflector) {
                    reflector.sent();
                    self.receive(socket, None, &frame);
                }
            }
            Event::Lap { into } => {
                if let Some(frame) = self.cable.as_mut().and_then(|cable| cable.pop(into)) {
                    self.receive(into, None, &frame);
                }
                self.lap(into);
            }
            Event::Router { step } => self.router_habit(step),
            Event::Unicast => self.unicast(),
            Event::Refresh { switch } => {
                self.switches[switch].show();
                self.at(self.now + self.switches[switch].manners().refresh, Event::Refresh { switch });
            }
            Event::Storm { index, step } => storms::run(self, index, step),
        }
    }

    /// A frame comes in at a socket; whatever hangs on the ports it leaves by gets it.
    fn receive(&mut self, socket: Socket, vlan: Option<u16>, frame: &Bytes) {
        let mut leaving = std::mem::take(&mut self.leaving);
        leaving.clear();
        let arrival = Arrival { now: self.now, port: socket.port, vlan };
        let taken = self.switches.get_mut(socket.switch).and_then(|s| s.forward(arrival, frame, &mut leaving));
        if let Some(vlan) = taken {
            self.delivered += 1 + leaving.len() as u64;
            // A mirror port shows what comes in at every other.
            if self.scenario.mirror && socket.switch == self.capture.switch {
                let vlan = (vlan != 1).then_some(vlan);
                self.captured.push_back(CapturedFrame { at: self.now, vlan, bytes: Arc::clone(frame) });
            }
            for &(port, at) in &leaving {
                self.deliver(Socket { port, ..socket }, at, vlan, frame);
            }
        }
        self.leaving = leaving;
    }

    /// A frame has left by a socket.
    fn deliver(&mut self, socket: Socket, at: Duration, vlan: u16, frame: &Bytes) {
        if socket == self.capture && !self.scenario.mirror {
            self.captured.push_back(CapturedFrame { at, vlan: None, bytes: Arc::clone(frame) });
        }
        if let Some(trunk) = self.trunks.get(&socket).map(|index| self.scenario.trunks[*index]) {
            if let Some(far) = trunk.far_end(socket)
                && !(trunk.loss > 0.0 && self.rng.chance(trunk.loss))
            {
                self.at(at + trunk.delay, Event::Send { socket: far, vlan: Some(vlan), frame: Arc::clone(frame) });
            }
            return;
        }
        if self.router_plugged
            && let Some(side) = self.scenario.second_router.side(socket)
        {
            self.reflect(side, at, frame);
        }
        if !self.reflectors.is_empty() {
            self.say_again(socket, at, frame);
        }
        if let Some(cable) = &mut self.cable
            && let Some(into) = cable.other_end(socket)
            && cable.push(into, frame, &mut self.rng)
        {
            self.lap(into);
        }
    }

    /// The second router hears a frame on one side, and may have a copy for the other.
    fn reflect(&mut self, heard: Side, at: Duration, frame: &Bytes) {
        let Some(proxy) = &mut self.proxy else { return };
        let Some((side, done, copy)) = proxy.hear(heard, at, frame, &self.scenario.second_router, &mut self.rng) else {
            return;
        };
        if proxy.copies == 1 {
            let source = packets::source_of(frame);
            let host = self.scenario.hosts.iter().find(|host| Some(host.mac) == source);
            let who = host.map_or_else(|| "a host".to_owned(), |host| article(&host.name));
            let router = article(&self.scenario.second_router.name);
            self.tell(&format!("{who} sends to its multicast group, and {router} sends it back into the same LAN"));
        }
        self.at(done, Event::Forward { side, frame: copy });
    }

    fn say_again(&mut self, socket: Socket, at: Duration, frame: &Bytes) {
        for index in 0..self.reflectors.len() {
            for (socket, at, frame) in self.reflectors[index].hear(socket, at, frame, &mut self.rng) {
                self.at(at, Event::Say { reflector: index, socket, frame });
            }
        }
    }

    /// The cable's next hand-over at socket `into`, if a frame waits.
    fn lap(&mut self, into: Socket) {
        if let Some(gap) = self.cable.as_mut().and_then(|cable| cable.next(into)) {
            let gap = self.rng.jitter(gap);
            self.at(self.now + gap, Event::Lap { into });
        }
    }

    fn unicast(&mut self) {
        let gateway = self.scenario.hosts.iter().find(|host| host.kind == Kind::Gateway).cloned();
        for index in 0..self.scenario.hosts.len() {
            let (mac, socket) = (self.scenario.hosts[index].mac, self.scenario.hosts[index].socket());
            self.learn(self.scenario.hosts[index].vlan, mac, socket);
            let kind = self.scenario.hosts[index].kind;
            let Some(gateway) = gateway.as_ref().filter(|gateway| gateway.mac != mac) else { continue };
            let (up, down) = habits::unicast_pps(kind);
            let (up, down) = (self.rng.below(2 * up), self.rng.below(2 * down));
            self.count_unicast([socket, gateway.socket()], up, 180);
            self.count_unicast([gateway.socket(), socket], down, 900);
        }
        for switch in 0..self.switches.len() {
            // Its management answers, so that the other switches know where it is.
            if self.scenario.switches[switch].managed {
                self.learn(1, switch_mac(switch), Socket::new(switch, 0));
            }
        }
        self.at(self.now + UNICAST_EVERY, Event::Unicast);
    }

    /// Every switch has just seen where an address is, by unicast.
    fn learn(&mut self, vlan: u16, mac: Mac, socket: Socket) {
        for (index, switch) in self.switches.iter_mut().enumerate() {
            let port = self.ways.port(index, socket);
            if port != 0 {
                switch.refresh(self.now, vlan, mac, port);
            }
        }
    }

    /// Counts unicast on its way from one socket to another.
    pub(crate) fn count_unicast(&mut self, [from, to]: [Socket; 2], packets: u64, mean_length: u64) {
        let on_the_way = |index: usize| {
            let (back, forth) = (self.ways.port(index, from), self.ways.port(index, to));
            (back != 0 && forth != 0 && back != forth).then_some((index, back, forth))
        };
        let ports = (0..self.switches.len()).filter_map(on_the_way).collect::<Vec<_>>();
        for (index, back, forth) in ports {
            self.switches[index].count_unicast(self.now, [back, forth], packets, mean_length);
        }
    }

    pub(crate) fn at(&mut self, at: Duration, event: Event) {
        self.scheduled += 1;
        self.queue.push(Reverse(Scheduled { at, number: self.scheduled, event }));
    }

    pub(crate) fn send(&mut self, at: Duration, socket: Socket, frame: Vec<u8>) {
        self.at(at, Event::Send { socket, vlan: None, frame: frame.into() });
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

    /// The next IP identification of a host.
    pub(crate) fn ip_id(&mut self, host: usize) -> u16 {
        self.ip_ids[host].as_mut().map_or(0, |id| {
            // 0 would say "none".
            *id = id.wrapping_add(1).max(1);
            *id
        })
    }

    /// Plugs in and switches on the second router, both sides.
    pub(crate) fn plug_router(&mut self) {
        if self.router_plugged {
            return;
        }
        self.router_plugged = true;
        for side in [Side::Lan, Side::Wan] {
            let socket = self.scenario.second_router.socket(side);
            self.switches[socket.switch].plug(socket.port);
        }
        self.at(self.now, Event::Router { step: 0 });
    }

    pub(crate) fn set_proxy(&mut self, proxy: Option<Proxy>) {
        self.proxy = proxy;
    }

    pub(crate) fn set_cable(&mut self, cable: Option<LoopCable>) {
        self.cable = cable;
    }

    pub(crate) fn set_reflectors(&mut self, reflectors: Vec<Reflector>) {
        self.reflectors = reflectors;
    }

    /// Something is plugged into a socket, or pulled out.
    pub(crate) fn set_up(&mut self, socket: Socket, up: bool) {
        let now = self.now;
        if let Some(switch) = self.switches.get_mut(socket.switch) {
            switch.set_up(now, socket.port, up);
        }
    }

    /// Something is plugged into a socket of a VLAN.
    pub(crate) fn plug_leg(&mut self, socket: Socket, vlan: u16) {
        self.set_up(socket, true);
        if let Some(port) = self.switches.get_mut(socket.switch).and_then(|switch| switch.port_mut(socket.port)) {
            port.vlan = vlan;
        }
    }

    /// A host takes its cable, or its radio, elsewhere; it may be known by another MAC there.
    pub(crate) fn move_host(&mut self, index: usize, socket: Socket, mac: Mac) {
        let (before, vlan) = (self.scenario.hosts[index].socket(), self.scenario.hosts[index].vlan);
        self.plug_leg(socket, vlan);
        let host = &mut self.scenario.hosts[index];
        (host.switch, host.port, host.mac) = (socket.switch, socket.port, mac);
        if self.capture == before {
            self.capture = socket;
        }
    }

    pub(crate) fn switch_mut(&mut self, index: usize) -> Option<&mut Switch> {
        self.switches.get_mut(index)
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

    /// Frames that came into or went out of a port so far.
    #[must_use]
    pub fn frame_events(&self) -> u64 {
        self.delivered
    }

    /// The first switch with its counters and forwarding database.
    #[must_use]
    pub fn switch(&self) -> &Switch {
        &self.switches[0]
    }

    /// Every switch, in the scenario's order.
    #[must_use]
    pub fn switches(&self) -> &[Switch] {
        &self.switches
    }

    /// What it was made from; hosts that have moved are where they are now.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }
}

/// The switches of a scenario with everything plugged in that is there from the beginning.
fn plugged(scenario: &Scenario) -> Vec<Switch> {
    let mut switches = scenario.switches.iter().map(|spec| Switch::new(spec.ports, spec.manners)).collect::<Vec<_>>();
    for host in &scenario.hosts {
        let Some(switch) = switches.get_mut(host.switch) else { continue };
        switch.plug(host.port);
        if let Some(port) = switch.port_mut(host.port) {
            (port.vlan, port.speed_bps) = (host.vlan, host.speed_mbps.max(1) * 1_000_000);
        }
    }
    for end in scenario.trunks.iter().flat_map(|trunk| trunk.ends) {
        let Some(switch) = switches.get_mut(end.switch) else { continue };
        switch.plug(end.port);
        if let Some(port) = switch.port_mut(end.port) {
            port.trunk = true;
        }
    }
    switches
}

/// The MAC of a switch's management: TP-Link's block, ones that nothing else here has. Its ports count on in the last byte.
#[must_use]
pub const fn switch_mac(index: usize) -> Mac {
    Mac([0x50, 0xc7, 0xbf, 0x00, 0x08 + index as u8, 0x00])
}

/// `the Echo`; names that bring their own article or possessor keep theirs.
pub(crate) fn article(name: &str) -> String {
    format!("the {name}")
}

#[cfg(test)]
mod tests {
    use super::*;
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
