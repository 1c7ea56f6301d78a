//! A scenario: topology, storms with their times, and the verdict that is expected, read from one TOML file. Knows
//! what may be written, not what it does.

use crate::Mac;
use crate::storms;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;

/// The topology of a scenario that brings none.
const TOPOLOGY: &str = include_str!("../scenarios/topology/home.toml");

/// The scenarios compiled in: name and text.
const BUILTIN: &[(&str, &str)] = &[
    ("home", include_str!("../scenarios/home.toml")),
    ("quiet", include_str!("../scenarios/quiet.toml")),
    ("warning", include_str!("../scenarios/warning.toml")),
    ("wan-side", include_str!("../scenarios/wan-side.toml")),
    ("both-directions", include_str!("../scenarios/both-directions.toml")),
    ("cable-loop", include_str!("../scenarios/cable-loop.toml")),
    ("chatty-device", include_str!("../scenarios/chatty-device.toml")),
    ("power-cut", include_str!("../scenarios/power-cut.toml")),
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
    /// Its port, from 1.
    pub port: usize,
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
    /// The port its LAN side is plugged into, from 1.
    pub lan_port: usize,
    /// The port its WAN side is plugged into, from 1.
    pub wan_port: usize,
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
    /// Id of the injector, one of [`storms::INJECTORS`].
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
        }
    }
}

/// The verdict that a judge of this scenario should give.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Id of the cause; `None`: nothing is wrong.
    pub cause: Option<String>,
    /// `storm` or `warning`.
    pub severity: Option<String>,
    /// MACs of the device to be blamed, any of which is right.
    #[serde(default)]
    pub culprit_macs: Vec<Mac>,
    /// Addresses whose messages are abused; they must be named as origin and never as culprit.
    #[serde(default)]
    pub origins: Vec<Ipv4Addr>,
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
    /// Ports of the switch.
    pub ports: usize,
    /// Name of the host at which frames are captured.
    pub capture: String,
    /// The hosts.
    pub hosts: Vec<Host>,
    /// The second router, plugged in when a storm needs it.
    pub second_router: SecondRouter,
    /// The storms.
    pub storms: Vec<Storm>,
    /// What should be said about them.
    pub expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScenario {
    about: String,
    duration_s: f64,
    network: Option<RawNetwork>,
    #[serde(default)]
    storms: Vec<RawStorm>,
    #[serde(default)]
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNetwork {
    ports: Spanned<usize>,
    capture: Spanned<String>,
    hosts: Vec<RawHost>,
    second_router: RawRouter,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHost {
    name: Spanned<String>,
    kind: Kind,
    mac: Mac,
    ip: Ipv4Addr,
    port: Spanned<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRouter {
    name: String,
    lan_mac: Mac,
    wan_mac: Mac,
    ip: Ipv4Addr,
    lan_port: Spanned<usize>,
    wan_port: Spanned<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStorm {
    kind: Spanned<String>,
    from_s: Spanned<f64>,
    until_s: Option<Spanned<f64>>,
    ttl: Option<TtlMode>,
    direction: Option<Direction>,
    rate_pps: Option<Spanned<u64>>,
    host: Option<Spanned<String>>,
    kindle_after_s: Option<Spanned<f64>>,
}

/// What is wrong, and where in the text.
type Fault = (Range<usize>, String);

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
        let invalid = |text: &str, (span, message): Fault| {
            let before = text.get(..span.start.min(text.len())).unwrap_or(text);
            ScenarioError::Invalid { name: name.to_owned(), line: before.matches('\n').count() + 1, message }
        };
        let read = |error: &toml::de::Error| (error.span().unwrap_or(0..0), error.message().to_owned());
        let raw: RawScenario = toml::from_str(text).map_err(|error| invalid(text, read(&error)))?;
        let (network, network_text) = match raw.network {
            Some(network) => (network, text),
            None => (toml::from_str(TOPOLOGY).map_err(|error| invalid(TOPOLOGY, read(&error)))?, TOPOLOGY),
        };
        let mut scenario = Self {
            name: name.to_owned(),
            about: raw.about,
            duration: seconds(raw.duration_s).map_err(|message| invalid(text, (0..0, message)))?,
            ports: *network.ports.as_ref(),
            capture: network.capture.as_ref().clone(),
            hosts: Vec::new(),
            second_router: router(&network.second_router),
            storms: Vec::new(),
            expected: raw.expected,
        };
        scenario.take_network(&network).map_err(|fault| invalid(network_text, fault))?;
        for storm in &raw.storms {
            let storm = scenario.storm(storm).map_err(|fault| invalid(text, fault))?;
            scenario.storms.push(storm);
        }
        Ok(scenario)
    }

    fn take_network(&mut self, network: &RawNetwork) -> Result<(), Fault> {
        if !(2..=MAX_PORTS).contains(&self.ports) {
            return Err((network.ports.span(), format!("a switch has 2 to {MAX_PORTS} ports")));
        }
        let router = &network.second_router;
        let mut taken = BTreeSet::new();
        let mut port = |port: &Spanned<usize>| {
            let number = *port.as_ref();
            if !(1..=self.ports).contains(&number) {
                Err((port.span(), format!("port {number} is not one of 1 to {}", self.ports)))
            } else if !taken.insert(number) {
                Err((port.span(), format!("something is plugged into port {number} already")))
            } else {
                Ok(number)
            }
        };
        for host in &network.hosts {
            let port = port(&host.port)?;
            if self.hosts.iter().any(|known| known.name == *host.name.as_ref()) {
                return Err((host.name.span(), format!("there is a '{}' already", host.name.as_ref())));
            }
            let name = host.name.as_ref().clone();
            self.hosts.push(Host { name, kind: host.kind, mac: host.mac, ip: host.ip, port });
        }
        port(&router.lan_port)?;
        port(&router.wan_port)?;
        self.host_named(&network.capture).map(|_| ())
    }

    fn host_named(&self, name: &Spanned<String>) -> Result<&Host, Fault> {
        self.host(name.as_ref()).ok_or_else(|| {
            let known = self.hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>().join(", ");
            (name.span(), format!("there is no host '{}'; there are: {known}", name.as_ref()))
        })
    }

    fn storm(&self, raw: &RawStorm) -> Result<Storm, Fault> {
        let time = |value: &Spanned<f64>| seconds(*value.as_ref()).map_err(|message| (value.span(), message));
        let kind = raw.kind.as_ref();
        if storms::injector(kind).is_none() {
            let known = storms::INJECTORS.iter().map(|injector| injector.id()).collect::<Vec<_>>().join(", ");
            return Err((raw.kind.span(), format!("there is no storm '{kind}'; there are: {known}")));
        }
        let mut storm = Storm::new(kind, time(&raw.from_s)?);
        if let Some(until) = &raw.until_s {
            storm.until = Some(time(until)?);
            if storm.until <= Some(storm.from) {
                return Err((until.span(), "it ends before it begins: until_s must be more than from_s".to_owned()));
            }
        }
        storm.ttl = raw.ttl.unwrap_or(storm.ttl);
        storm.direction = raw.direction.unwrap_or(storm.direction);
        if let Some(rate) = &raw.rate_pps {
            storm.rate_pps = *rate.as_ref();
            if !(1..=MAX_RATE_PPS).contains(&storm.rate_pps) {
                return Err((rate.span(), format!("rate_pps must be 1 to {MAX_RATE_PPS} frames per second")));
            }
        }
        if let Some(host) = &raw.host {
            storm.host = Some(self.host_named(host)?.name.clone());
        }
        if let Some(after) = &raw.kindle_after_s {
            storm.kindle_after = time(after)?;
        }
        Ok(storm)
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

fn router(raw: &RawRouter) -> SecondRouter {
    SecondRouter {
        name: raw.name.clone(),
        lan_mac: raw.lan_mac,
        wan_mac: raw.wan_mac,
        ip: raw.ip,
        lan_port: *raw.lan_port.as_ref(),
        wan_port: *raw.wan_port.as_ref(),
    }
}

/// A day is the longest: virtual time is cheap, not free.
fn seconds(value: f64) -> Result<Duration, String> {
    if (0.0..=86_400.0).contains(&value) {
        Ok(Duration::from_secs_f64(value))
    } else {
        Err(format!("{value} is not a time: 0 to 86400 seconds"))
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
            let router = &scenario.second_router;
            let known = |mac: &Mac| {
                [router.lan_mac, router.wan_mac].contains(mac) || scenario.hosts.iter().any(|host| host.mac == *mac)
            };
            assert!(scenario.expected.culprit_macs.iter().all(known), "{name}");
            assert!(scenario.storms.iter().all(|storm| storm.from < scenario.duration), "{name}");
        }
    }

    #[test]
    fn an_error_names_its_line_and_what_is_allowed() {
        let cases = [
            ("about = \"x\"\nduration_s = 1\nspeed = 3\n", 3, "unknown field"),
            ("about = \"x\"\nduration_s = 1\n\n[[storms]]\nkind = \"rain\"\nfrom_s = 1\n", 5, "igmp_proxy_reflection"),
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
