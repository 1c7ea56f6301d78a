//! Worlds by the thousand: any injector in a network whose topology, addresses, rates and faults the seed decides, with the
//! truth about it. Judges nothing.

use crate::watch::{Polling, Watch, mac_addr};
use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;
use stormglass::model::MacAddr;
use stormglass_harness::rng::Rng;
use stormglass_harness::scenario::{Direction, Kind, Storm, TtlMode};
use stormglass_harness::storms::{INJECTORS, Injector, injector};
use stormglass_harness::world::wiring::Socket;
use stormglass_harness::{Mac, Scenario};

/// What stormglass gets to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feeds {
    /// Frames at one host.
    Capture,
    /// The counters and forwarding databases of the switches that have an agent.
    Counters,
    /// Both.
    Both,
}

impl Feeds {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Capture, Self::Counters, Self::Both];

    /// As on the command line.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Counters => "counters",
            Self::Both => "both",
        }
    }
}

/// What happens in a world.
#[derive(Clone, Copy)]
pub enum What {
    /// Nothing at all.
    Quiet,
    /// This.
    Injected(&'static dyn Injector),
}

impl fmt::Debug for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl What {
    /// Everything that can happen, storms first.
    pub fn all() -> impl Iterator<Item = Self> {
        INJECTORS.iter().map(|injector| Self::Injected(*injector)).chain([Self::Quiet])
    }

    /// By its id.
    #[must_use]
    pub fn by_id(id: &str) -> Option<Self> {
        if id == "quiet" { Some(Self::Quiet) } else { injector(id).map(Self::Injected) }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Injected(injector) => injector.id(),
        }
    }

    /// The cause that should be given; `None`: it is healthy.
    #[must_use]
    pub fn cause(&self) -> Option<&'static str> {
        match self {
            Self::Quiet => None,
            Self::Injected(injector) => injector.cause(),
        }
    }
}

/// What is true about a world.
#[derive(Clone, Debug)]
pub struct Truth {
    /// The cause; `None`: it is healthy.
    pub cause: Option<&'static str>,
    /// The cause that frames alone can tell, where it is a wider one.
    pub by_frames: Option<&'static str>,
    /// The cause that counters alone can tell, where it is a wider one.
    pub by_counters: Option<&'static str>,
    /// MACs of the device to be blamed; empty: nobody.
    pub culprits: BTreeSet<MacAddr>,
    /// A judge who names nobody is right as well.
    pub may_be_nobody: bool,
    /// Ports that lead to it, as `switch port`, of the nearest switches that have an agent.
    pub ports: BTreeSet<String>,
    /// When the storm begins, if it is not seen to begin later.
    pub onset: Duration,
    /// Frames show it.
    pub visible: bool,
}

/// A world, how it is watched, and the truth about it.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The world.
    pub scenario: Scenario,
    /// How it is watched.
    pub watch: Watch,
    /// The truth.
    pub truth: Truth,
}

/// Polls are this far apart.
const POLL_EVERY: Duration = Duration::from_secs(5);
/// Frames alone tell within seconds, counters need polls that are renewed: how long a storm lasts.
const LASTS: Duration = Duration::from_secs(9);
/// Of a ring that looks like another until a host has spoken that had not before: one in a home of six asks by ARP within 5 s in
/// six of seven cases, and half of the frames may be lost.
const LASTS_RINGS: Duration = Duration::from_secs(20);
const LASTS_POLLED: Duration = Duration::from_secs(60);
/// Quiet before and after.
const BEFORE: Duration = Duration::from_secs(16);
const BEFORE_POLLED: Duration = Duration::from_secs(45);
const AFTER: Duration = Duration::from_secs(8);
/// So many frames a second have to be left of a storm: the floor above which it must be told, twice a source's limit.
const VISIBLE_PPS: f64 = 110.0;
/// Where the switches are polled worlds live longer; above that rate they would only take longer to compute.
const FASTEST_POLLED_PPS: u64 = 1500;

/// The world of `seed` in which `what` happens.
///
/// # Panics
/// Never: a test of the harness reads every scenario that is compiled in.
#[must_use]
pub fn generate(what: What, seed: u64, feeds: Feeds) -> Generated {
    let name = what
        .id()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mut rng = Rng::new(seed ^ name);
    let base = if rng.chance(0.6) { "quiet" } else { "office-reflector" };
    let mut scenario = Scenario::builtin(base).expect("the harness tests its scenarios");
    scenario.name = format!("{} of seed {seed}", what.id());
    scenario.about.clear();
    scenario.storms.clear();
    scenario.expected = Default::default();
    scenario.faults = Default::default();
    renumber(&mut scenario, &mut rng);
    rewire(&mut scenario, &mut rng);
    let polled = feeds != Feeds::Capture;
    manners(&mut scenario, &mut rng, polled);
    let mut watch = Watch {
        answers: true,
        no_capture: feeds == Feeds::Counters,
        polls: polled.then(|| Polling { every: POLL_EVERY, loss: if rng.chance(0.3) { 0.2 } else { 0.0 } }),
        ..Watch::default()
    };
    let truth = match what {
        What::Quiet => {
            scenario.duration = Duration::from_secs(900);
            watch.drop_share = if rng.chance(0.3) { 0.9 } else { 0.0 };
            healthy()
        }
        What::Injected(injector) => inject(injector, &mut scenario, &mut watch, &mut rng),
    };
    Generated { scenario, watch, truth }
}

fn healthy() -> Truth {
    Truth {
        cause: None,
        by_frames: None,
        by_counters: None,
        culprits: BTreeSet::new(),
        may_be_nobody: true,
        ports: BTreeSet::new(),
        onset: Duration::ZERO,
        visible: true,
    }
}

fn inject(injector: &'static dyn Injector, scenario: &mut Scenario, watch: &mut Watch, rng: &mut Rng) -> Truth {
    let polled = watch.polls.is_some();
    let lasts = if ["ethertype_bridge_loop", "backhaul_loop"].contains(&injector.id()) { LASTS_RINGS } else { LASTS };
    let (before, lasts) = if polled { (BEFORE_POLLED, LASTS_POLLED) } else { (BEFORE, lasts) };
    let mut storm = Storm::new(injector.id(), before + rng.between(Duration::ZERO, Duration::from_secs(3)));
    storm.until = Some(storm.from + lasts);
    let (low, high) = (*injector.rates().start(), *injector.rates().end());
    let high = if polled { high.min(FASTEST_POLLED_PPS.max(low)) } else { high };
    storm.rate_pps = log_uniform(low, high, rng);
    storm.kindle_after = rng.between(Duration::from_millis(200), Duration::from_millis(1500));
    storm.ttl = if rng.chance(0.2) { TtlMode::Falling } else { TtlMode::Constant };
    storm.direction = [Direction::WanToLan, Direction::LanToWan, Direction::Both][rng.below(3) as usize];
    let acting = scenario.hosts.iter().filter(|host| host.kind != Kind::Gateway && host.vlan == 1);
    let acting = acting.filter(|host| host.name != scenario.capture).map(|host| host.name.clone()).collect::<Vec<_>>();
    storm.host = Some(acting[rng.below(acting.len() as u64) as usize].clone());
    scenario.duration = storm.from + lasts + AFTER;
    // With frames lost, enough of them must be left for the storm to be one; single copies must not be lost at all.
    let most_lost = 1.0 - VISIBLE_PPS / storm.rate_pps as f64;
    let falling = injector.id() == "l3_reflector" && storm.ttl == TtlMode::Falling;
    if most_lost > 0.0 && !falling && rng.chance(0.5) {
        watch.drop_share = most_lost.min(0.9) * (rng.below(1001) as f64 / 1000.0);
    }
    if !polled && !falling && injector.id() != "wake_burst" && rng.chance(0.15) {
        watch.start_at = storm.from + Duration::from_secs(3);
    }
    scenario.storms.push(storm);
    injector.prepare(scenario, 0);
    let storm = &scenario.storms[0];
    if injector.cause().is_none() {
        return healthy();
    }
    Truth {
        cause: injector.cause(),
        by_frames: injector.by_frames(),
        // What is flooded agents that count octets alone do not tell.
        by_counters: injector.by_counters().or_else(|| octets_alone(scenario).then_some("unexplained")),
        culprits: injector.culprits(scenario, storm).into_iter().map(mac_addr).collect(),
        may_be_nobody: injector.may_be_nobody(),
        ports: injector.sockets(scenario, storm).into_iter().filter_map(|s| scenario.polled_port(s)).collect(),
        onset: storm.from + storm.kindle_after,
        visible: injector.is_visible(),
    }
}

fn octets_alone(scenario: &Scenario) -> bool {
    let mut managed = scenario.switches.iter().filter(|switch| switch.managed).peekable();
    managed.peek().is_some() && managed.all(|switch| switch.manners.zero_packets)
}

fn log_uniform(low: u64, high: u64, rng: &mut Rng) -> u64 {
    let (low, high) = ((low as f64).ln(), (high as f64).ln());
    (low + (high - low) * (rng.below(10_001) as f64 / 10_000.0)).exp().round() as u64
}

/// Other MACs from the same makers, other addresses in another network.
pub fn renumber(scenario: &mut Scenario, rng: &mut Rng) {
    let mut fresh = |mac: Mac| {
        let [a, b, c, ..] = mac.0;
        let bits = rng.bits().to_be_bytes();
        Mac([a, b, c, bits[0], bits[1], bits[2]])
    };
    for host in &mut scenario.hosts {
        host.mac = fresh(host.mac);
    }
    let router = &mut scenario.second_router;
    router.lan_mac = fresh(router.lan_mac);
    // LAN and WAN side are numbered in a row; the last byte must not wrap.
    router.lan_mac.0[5] &= 0xf0;
    router.wan_mac = router.lan_mac;
    router.wan_mac.0[5] += 1 + rng.below(4) as u8;
    let net = if rng.chance(0.5) { [192, 168, rng.below(250) as u8] } else { [10, rng.below(250) as u8, 7] };
    let mut taken = BTreeSet::from([0, 1, 2, 3, 4, 5, 9, 251]);
    let mut address = |vlan: u16, gateway: bool, rng: &mut Rng| {
        let mut last = if gateway { 1 } else { 6 + rng.below(240) as u8 };
        while !gateway && !taken.insert(last) {
            last = 6 + rng.below(240) as u8;
        }
        let [a, b, c] = net;
        Ipv4Addr::new(a, b, if vlan == 1 { c } else { 250 }, last)
    };
    for host in &mut scenario.hosts {
        host.ip = address(host.vlan, host.kind == Kind::Gateway, rng);
    }
    scenario.second_router.ip = address(1, false, rng);
}

/// The same devices in other sockets, and captured at another of them.
fn rewire(scenario: &mut Scenario, rng: &mut Rng) {
    let managed = |socket: &Socket| scenario.switches[socket.switch].managed;
    let movable = (0..scenario.hosts.len()).filter(|index| managed(&scenario.hosts[*index].socket()));
    let movable = movable.collect::<Vec<_>>();
    for place in (1..movable.len()).rev() {
        let other = rng.below(place as u64 + 1) as usize;
        let [one, two] = [movable[place], movable[other]].map(|index| scenario.hosts[index].socket());
        for (index, socket) in [(movable[place], two), (movable[other], one)] {
            (scenario.hosts[index].switch, scenario.hosts[index].port) = (socket.switch, socket.port);
        }
    }
    let watching = scenario.hosts.iter().filter(|host| host.kind != Kind::Gateway && host.vlan == 1);
    let watching = watching.map(|host| host.name.clone()).collect::<Vec<_>>();
    scenario.capture = watching[rng.below(watching.len() as u64) as usize].clone();
    scenario.mirror = rng.chance(0.1);
}

fn manners(scenario: &mut Scenario, rng: &mut Rng, polled: bool) {
    let snooping = rng.chance(0.2);
    let refresh = if polled { [0, 1, 5, 10][rng.below(4) as usize] } else { 0 };
    let zero_packets = rng.chance(0.25);
    for switch in scenario.switches.iter_mut().filter(|switch| switch.managed) {
        switch.manners.snooping = snooping;
        switch.manners.refresh = Duration::from_secs(refresh);
        switch.manners.zero_packets = zero_packets;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_world_is_sound_and_its_seed_is_all_of_it() {
        for what in What::all() {
            for (seed, feeds) in (0..20).flat_map(|seed| Feeds::ALL.map(|feeds| (seed, feeds))) {
                let one = generate(what, seed, feeds);
                assert_eq!(one.scenario, generate(what, seed, feeds).scenario);
                let hosts = &one.scenario.hosts;
                let sockets = hosts.iter().map(stormglass_harness::scenario::Host::socket).collect::<BTreeSet<_>>();
                let addresses = hosts.iter().map(|host| host.ip).collect::<BTreeSet<_>>();
                assert_eq!((sockets.len(), addresses.len()), (hosts.len(), hosts.len()), "{what:?} {seed}");
                assert!(one.scenario.host(&one.scenario.capture).is_some());
                assert!(one.truth.cause.is_some() || one.truth.culprits.is_empty());
            }
        }
    }
}
