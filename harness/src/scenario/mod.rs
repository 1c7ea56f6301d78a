//! A scenario: topology, storms with their times, faults, and the verdict that is expected. Knows what there is, not how
//! it is written nor what it does.

mod read;

use crate::Mac;
use crate::world::proxy::Side;
use crate::world::switch::Manners;
use crate::world::wiring::{Socket, Trunk};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

/// The scenarios compiled in: name and text.
const BUILTIN: &[(&str, &str)] = &[
    ("home", include_str!("../../scenarios/home.toml")),
    ("quiet", include_str!("../../scenarios/quiet.toml")),
    ("warning", include_str!("../../scenarios/warning.toml")),
    ("wan-side", include_str!("../../scenarios/wan-side.toml")),
    ("both-directions", include_str!("../../scenarios/both-directions.toml")),
    ("cable-loop", include_str!("../../scenarios/cable-loop.toml")),
    ("chatty-device", include_str!("../../scenarios/chatty-device.toml")),
    ("power-cut", include_str!("../../scenarios/power-cut.toml")),
    ("pass-through", include_str!("../../scenarios/pass-through.toml")),
    ("desk-loop", include_str!("../../scenarios/desk-loop.toml")),
    ("mesh-backhaul", include_str!("../../scenarios/mesh-backhaul.toml")),
    ("two-reflectors", include_str!("../../scenarios/two-reflectors.toml")),
    ("waking-tablet", include_str!("../../scenarios/waking-tablet.toml")),
    ("sleeping-pc", include_str!("../../scenarios/sleeping-pc.toml")),
    ("conference", include_str!("../../scenarios/conference.toml")),
    ("stream-without-members", include_str!("../../scenarios/stream-without-members.toml")),
    ("two-queriers", include_str!("../../scenarios/two-queriers.toml")),
    ("arp-sweep", include_str!("../../scenarios/arp-sweep.toml")),
    ("neighbour-storm", include_str!("../../scenarios/neighbour-storm.toml")),
    ("dhcp-storm", include_str!("../../scenarios/dhcp-storm.toml")),
    ("two-owners", include_str!("../../scenarios/two-owners.toml")),
    ("silent-server", include_str!("../../scenarios/silent-server.toml")),
    ("restless-tree", include_str!("../../scenarios/restless-tree.toml")),
    ("hung-card", include_str!("../../scenarios/hung-card.toml")),
    ("nine-in-ten-lost", include_str!("../../scenarios/nine-in-ten-lost.toml")),
    ("started-late", include_str!("../../scenarios/started-late.toml")),
    ("office-reflector", include_str!("../../scenarios/office-reflector.toml")),
    ("healthy-vlan-gateway", include_str!("../../scenarios/healthy-vlan-gateway.toml")),
    ("healthy-iptv", include_str!("../../scenarios/healthy-iptv.toml")),
    ("healthy-iptv-snooped", include_str!("../../scenarios/healthy-iptv-snooped.toml")),
    ("healthy-virtual-routers", include_str!("../../scenarios/healthy-virtual-routers.toml")),
    ("healthy-backup", include_str!("../../scenarios/healthy-backup.toml")),
    ("healthy-roaming", include_str!("../../scenarios/healthy-roaming.toml")),
    ("healthy-repeater", include_str!("../../scenarios/healthy-repeater.toml")),
    ("healthy-mdns-bursts", include_str!("../../scenarios/healthy-mdns-bursts.toml")),
    ("healthy-ring-with-stp", include_str!("../../scenarios/healthy-ring-with-stp.toml")),
    ("healthy-proxy-arp", include_str!("../../scenarios/healthy-proxy-arp.toml")),
];

/// Most ports a switch may have here: dot1d bridge ports of one device.
pub const MAX_PORTS: usize = 64;
/// Fastest forwarding and fastest flood that can be asked for, frames per second: the bound of a second's work.
pub const MAX_RATE_PPS: u64 = 50_000;

/// Why a scenario could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// No such name among those compiled in.
    #[error("there is no scenario '{name}'; there are: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The text is wrong.
    #[error("scenario '{name}', line {line}: {message}")]
    Invalid {
        /// Name of the scenario.
        name: String,
        /// Line in its text, from 1.
        line: usize,
        /// What is wrong and what is allowed.
        message: String,
    },
}

/// What a host is, and with it how it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The provider's router: default gateway, DHCP server, IGMP querier.
    Gateway,
    /// Network storage.
    Nas,
    /// A voice assistant that searches by SSDP.
    Echo,
    /// A small server.
    Pi,
    /// A television.
    Tv,
    /// A computer.
    Pc,
}

/// A host on a port of the switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What the user calls it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its MAC.
    pub mac: Mac,
    /// Its address.
    pub ip: Ipv4Addr,
    /// Index of the switch it is plugged into.
    pub switch: usize,
    /// Its port, from 1.
    pub port: usize,
    /// VLAN of that port.
    pub vlan: u16,
    /// Speed of that port.
    pub speed_mbps: u64,
}

impl Host {
    /// Where it is plugged in.
    #[must_use]
    pub const fn socket(&self) -> Socket {
        Socket::new(self.switch, self.port)
    }
}

/// A switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchSpec {
    /// What its agent calls it.
    pub name: String,
    /// How many ports it has.
    pub ports: usize,
    /// It has an agent.
    pub managed: bool,
    /// How it works.
    pub manners: Manners,
}

/// The second router, both of whose sides can end in the LAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondRouter {
    /// What the user calls it.
    pub name: String,
    /// MAC of its LAN side.
    pub lan_mac: Mac,
    /// MAC of its WAN side.
    pub wan_mac: Mac,
    /// Its address in the LAN.
    pub ip: Ipv4Addr,
    /// Index of the switch both its sides are plugged into.
    pub switch: usize,
    /// The port its LAN side is plugged into, from 1.
    pub lan_port: usize,
    /// The port its WAN side is plugged into, from 1.
    pub wan_port: usize,
}

impl SecondRouter {
    /// Where a side is plugged in.
    #[must_use]
    pub const fn socket(&self, side: Side) -> Socket {
        match side {
            Side::Lan => Socket::new(self.switch, self.lan_port),
            Side::Wan => Socket::new(self.switch, self.wan_port),
        }
    }

    /// The side that is plugged in there.
    #[must_use]
    pub fn side(&self, socket: Socket) -> Option<Side> {
        [Side::Lan, Side::Wan].into_iter().find(|side| self.socket(*side) == socket)
    }
}

/// What the proxy does with the TTL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TtlMode {
    /// Lowers it, as the standard asks: each message dies out.
    Falling,
    /// Sends with the same: nothing ends a message.
    Constant,
}

/// Which way the proxy forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Heard on the WAN side, sent on the LAN side with the LAN side's MAC.
    WanToLan,
    /// Heard on the LAN side, sent on the WAN side with the WAN side's MAC.
    LanToWan,
    /// Both.
    Both,
}

/// A storm and its parameters; each injector reads those that it knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Storm {
    /// Id of the injector, one of [`crate::storms::INJECTORS`].
    pub kind: String,
    /// When it begins.
    pub from: Duration,
    /// When it ends; `None`: it goes on.
    pub until: Option<Duration>,
    /// TTL of a reflector's copies.
    pub ttl: TtlMode,
    /// Which way a reflector forwards.
    pub direction: Direction,
    /// Frames per second: of a reflector or a loop in all, of a chatty source what it sends.
    pub rate_pps: u64,
    /// Name of the host that acts: it kindles a reflection, or is the chatty one.
    pub host: Option<String>,
    /// How long after the beginning that host acts.
    pub kindle_after: Duration,
    /// Name of the second host, where it takes two.
    pub with: Option<String>,
}

impl Storm {
    /// A storm of this kind with the usual parameters.
    #[must_use]
    pub fn new(kind: &str, from: Duration) -> Self {
        Self {
            kind: kind.to_owned(),
            from,
            until: None,
            ttl: TtlMode::Constant,
            direction: Direction::WanToLan,
            rate_pps: 1800,
            host: None,
            kindle_after: Duration::from_millis(1500),
            with: None,
        }
    }
}

/// The verdict that a judge of this scenario should give.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Id of the cause; `None`: nothing is wrong.
    pub cause: Option<String>,
    /// Id of the cause that frames alone can tell, where it is a wider one.
    pub by_frames: Option<String>,
    /// `storm` or `warning`.
    pub severity: Option<String>,
    /// MACs of the device to be blamed, any of which is right.
    #[serde(default)]
    pub culprit_macs: Vec<Mac>,
    /// Addresses whose messages are abused; they must be named as origin and never as culprit.
    #[serde(default)]
    pub origins: Vec<Ipv4Addr>,
    /// Ports, as `switch port`, any of which is right where a judge can poll the switches; empty: none is asked for.
    #[serde(default)]
    pub ports: Vec<String>,
    /// Seconds from the storm's beginning within which it should be told.
    pub within_s: Option<f64>,
    /// Seconds from the world's beginning by which the storm should be over.
    pub over_by_s: Option<f64>,
    /// It cannot be seen in frames at all, so that a capture alone must say nothing wrong, and may say nothing.
    #[serde(default)]
    pub invisible: bool,
}

/// What goes wrong on the way from the world to its judge. Whoever judges applies them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Share of the captured frames that are lost, 0 to 1.
    pub capture_loss: f64,
    /// Share of the polls that are not answered, 0 to 1.
    pub poll_loss: f64,
    /// The judge begins to look this late.
    pub start: Duration,
}

/// Everything that a world is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it shows, in a sentence.
    pub about: String,
    /// How long it takes.
    pub duration: Duration,
    /// The switches; the first is in the middle.
    pub switches: Vec<SwitchSpec>,
    /// The cables between them.
    pub trunks: Vec<Trunk>,
    /// Name of the host at which frames are captured.
    pub capture: String,
    /// That host is at a mirror port: it sees what comes in at every other port of its switch.
    pub mirror: bool,
    /// The hosts.
    pub hosts: Vec<Host>,
    /// The second router, plugged in when a storm needs it.
    pub second_router: SecondRouter,
    /// The storms.
    pub storms: Vec<Storm>,
    /// What goes wrong on the way to the judge.
    pub faults: Faults,
    /// What should be said about them.
    pub expected: Expected,
}

impl Scenario {
    /// One of the scenarios compiled in.
    ///
    /// # Errors
    /// No such name.
    pub fn builtin(name: &str) -> Result<Self, ScenarioError> {
        let known = || Self::names().collect::<Vec<_>>().join(", ");
        let found = BUILTIN.iter().find(|(known, _)| *known == name);
        let (name, text) = found.ok_or_else(|| ScenarioError::Unknown { name: name.to_owned(), known: known() })?;
        Self::parse(name, text)
    }

    /// Names of the scenarios compiled in, the default first.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// Reads the text of a scenario file.
    ///
    /// # Errors
    /// A key that is unknown or missing, a value that is not allowed, a name that is not declared: with its line.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        read::scenario(name, text)
    }

    /// Plugs another switch into `socket`, by its own port 1; gives its index.
    pub fn attach(&mut self, spec: SwitchSpec, socket: Socket) -> usize {
        let index = self.switches.len();
        self.switches.push(spec);
        let ends = [Socket::new(index, 1), socket];
        // 5 ns for each metre of cable.
        self.trunks.push(Trunk { ends, delay: Duration::from_nanos(100), loss: 0.0 });
        index
    }

    /// `hub port7`: what a judge that polls the switches calls a socket.
    #[must_use]
    pub fn port_name(&self, socket: Socket) -> Option<String> {
        let switch = self.switches.get(socket.switch).filter(|switch| switch.managed)?;
        Some(format!("{} {}", switch.name, crate::snmp::switch_mib::port_name(socket.port)))
    }

    /// The same of the polled switch that is nearest to a socket, on the way from it: the port that leads there.
    #[must_use]
    pub fn polled_port(&self, socket: Socket) -> Option<String> {
        let mut socket = socket;
        // Switches hang on each other as a tree, by their own port 1.
        for _ in 0..=self.switches.len() {
            if let Some(name) = self.port_name(socket) {
                return Some(name);
            }
            socket = self.trunks.iter().find_map(|trunk| trunk.far_end(Socket::new(socket.switch, 1)))?;
        }
        None
    }

    /// The host of this name.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.iter().find(|host| host.name == name)
    }

    /// What the user calls the devices, by MAC in text form.
    #[must_use]
    pub fn device_names(&self) -> BTreeMap<Mac, String> {
        let router = &self.second_router;
        let hosts = self.hosts.iter().map(|host| (host.mac, host.name.clone()));
        hosts.chain([(router.lan_mac, router.name.clone()), (router.wan_mac, router.name.clone())]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_scenario_is_valid_and_says_what_it_expects() {
        for name in Scenario::names() {
            let scenario = Scenario::builtin(name).unwrap_or_else(|error| panic!("{error}"));
            assert!(!scenario.about.is_empty() && scenario.host(&scenario.capture).is_some(), "{name}");
            let expected = &scenario.expected;
            let sick = scenario.storms.iter().filter_map(|storm| Some((crate::storms::injector(&storm.kind)?, storm)));
            let sick = sick.filter(|(injector, _)| injector.cause().is_some()).collect::<Vec<_>>();
            assert_eq!(sick.first().and_then(|(injector, _)| injector.cause()), expected.cause.as_deref(), "{name}");
            for (injector, storm) in sick {
                let culprits = injector.culprits(&scenario, storm);
                assert!(expected.culprit_macs.iter().all(|mac| culprits.contains(mac)), "{name}");
                let ports = injector.sockets(&scenario, storm).into_iter().filter_map(|s| scenario.port_name(s));
                let ports = ports.collect::<Vec<_>>();
                assert!(expected.ports.iter().all(|port| ports.contains(port)), "{name}: {ports:?}");
            }
            assert!(scenario.storms.iter().all(|storm| storm.from < scenario.duration), "{name}");
        }
    }

    #[test]
    fn an_error_names_its_line_and_what_is_allowed() {
        let cases = [
            ("about = \"x\"\nduration_s = 1\nspeed = 3\n", 3, "unknown field"),
            ("about = \"x\"\nduration_s = 1\n\n[[storms]]\nkind = \"rain\"\nfrom_s = 1\n", 5, "l3_reflector"),
            (
                "about = \"x\"\nduration_s = 1\n[[storms]]\nkind = \"l2_loop\"\nfrom_s = 2\nuntil_s = 1\n",
                6,
                "ends before",
            ),
            (
                "about = \"x\"\nduration_s = 1\n[[storms]]\nkind = \"chatty_source\"\nfrom_s = 2\nhost = \"Ech\"\n",
                6,
                "Echo",
            ),
            ("about = \"x\"\nduration_s = 1\n[[storms]]\nkind = \"l2_loop\"\nfrom_s = 2\nrate_pps = 0\n", 6, "50000"),
            ("about = \"x\"\nduration_s = 1\n[[storms]]\nkind = \"l2_loop\"\nfrom_s = -2\n", 5, "not a time"),
        ];
        for (text, wanted, words) in cases {
            match Scenario::parse("test", text) {
                Err(ScenarioError::Invalid { line, message, .. }) => {
                    assert_eq!(line, wanted, "{text}");
                    assert!(message.contains(words), "{message}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        let unknown = Scenario::builtin("sea").expect_err("not there").to_string();
        assert!(unknown.contains("home") && unknown.contains("power-cut"), "{unknown}");
    }
}
