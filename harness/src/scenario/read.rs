//! Reads a scenario file: TOML with line numbers in its errors. Knows what may be written, not what it means.

use super::{Direction, TtlMode};
use super::{
    Expected, Faults, Host, Kind, MAX_PORTS, MAX_RATE_PPS, Scenario, ScenarioError, SecondRouter, Storm, SwitchSpec,
};
use crate::Mac;
use crate::storms;
use crate::world::switch::Manners;
use crate::world::wiring::Socket;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;

/// The topologies compiled in; the first is that of a scenario that names and brings none.
const TOPOLOGIES: &[(&str, &str)] = &[
    ("home", include_str!("../../scenarios/topology/home.toml")),
    ("office", include_str!("../../scenarios/topology/office.toml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScenario {
    about: String,
    duration_s: f64,
    topology: Option<Spanned<String>>,
    network: Option<RawNetwork>,
    #[serde(default)]
    switch: RawManners,
    #[serde(default)]
    mirror: bool,
    #[serde(default)]
    storms: Vec<RawStorm>,
    #[serde(default)]
    faults: RawFaults,
    #[serde(default)]
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNetwork {
    ports: Spanned<usize>,
    capture: Spanned<String>,
    #[serde(default)]
    switches: Vec<RawSwitch>,
    hosts: Vec<RawHost>,
    second_router: RawRouter,
}

/// What all managed switches of the scenario do.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawManners {
    stp: bool,
    snooping: bool,
    refresh_s: Option<Spanned<f64>>,
    zero_packets: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawFaults {
    capture_loss: Option<Spanned<f64>>,
    poll_loss: Option<Spanned<f64>>,
    start_s: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSwitch {
    name: Spanned<String>,
    ports: Spanned<usize>,
    #[serde(default)]
    unmanaged: bool,
    /// The switch its port 1 leads to.
    uplink_to: Spanned<String>,
    /// And the port there.
    uplink_port: Spanned<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHost {
    name: Spanned<String>,
    kind: Kind,
    mac: Mac,
    ip: Ipv4Addr,
    switch: Option<Spanned<String>>,
    port: Spanned<usize>,
    vlan: Option<u16>,
    speed_mbps: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRouter {
    name: String,
    lan_mac: Mac,
    wan_mac: Mac,
    ip: Ipv4Addr,
    switch: Option<Spanned<String>>,
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
    with: Option<Spanned<String>>,
    kindle_after_s: Option<Spanned<f64>>,
}

/// What is wrong, and where in the text.
type Fault = (Range<usize>, String);

/// Reads the text of a scenario file.
pub(super) fn scenario(name: &str, text: &str) -> Result<Scenario, ScenarioError> {
    let invalid = |text: &str, (span, message): Fault| {
        let before = text.get(..span.start.min(text.len())).unwrap_or(text);
        ScenarioError::Invalid { name: name.to_owned(), line: before.matches('\n').count() + 1, message }
    };
    let read = |error: &toml::de::Error| (error.span().unwrap_or(0..0), error.message().to_owned());
    let raw: RawScenario = toml::from_str(text).map_err(|error| invalid(text, read(&error)))?;
    let (network, network_text) = match raw.network {
        Some(network) => (network, text),
        None => {
            let topology = topology(raw.topology.as_ref()).map_err(|fault| invalid(text, fault))?;
            (toml::from_str(topology).map_err(|error| invalid(topology, read(&error)))?, topology)
        }
    };
    let mut scenario = Scenario {
        name: name.to_owned(),
        about: raw.about,
        duration: seconds(raw.duration_s).map_err(|message| invalid(text, (0..0, message)))?,
        switches: Vec::new(),
        trunks: Vec::new(),
        capture: network.capture.as_ref().clone(),
        mirror: raw.mirror,
        hosts: Vec::new(),
        second_router: router(&network.second_router),
        storms: Vec::new(),
        faults: faults(&raw.faults).map_err(|fault| invalid(text, fault))?,
        expected: raw.expected,
    };
    let manners = manners(&raw.switch).map_err(|fault| invalid(text, fault))?;
    take_network(&mut scenario, &network, manners).map_err(|fault| invalid(network_text, fault))?;
    for storm in &raw.storms {
        let storm = take_storm(&scenario, storm).map_err(|fault| invalid(text, fault))?;
        scenario.storms.push(storm);
    }
    Ok(scenario)
}

fn topology(name: Option<&Spanned<String>>) -> Result<&'static str, Fault> {
    let Some(name) = name else { return Ok(TOPOLOGIES[0].1) };
    let found = TOPOLOGIES.iter().find(|(known, _)| known == name.as_ref());
    found.map(|(_, text)| *text).ok_or_else(|| {
        let known = TOPOLOGIES.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
        (name.span(), format!("there is no topology '{}'; there are: {known}", name.as_ref()))
    })
}

fn manners(raw: &RawManners) -> Result<Manners, Fault> {
    let refresh = raw.refresh_s.as_ref().map(time).transpose()?.unwrap_or_default();
    Ok(Manners { stp: raw.stp, snooping: raw.snooping, refresh, zero_packets: raw.zero_packets })
}

fn faults(raw: &RawFaults) -> Result<Faults, Fault> {
    let share = |value: &Option<Spanned<f64>>| match value {
        Some(value) if !(0.0..=1.0).contains(value.as_ref()) => {
            Err((value.span(), format!("{} is not a share: 0 to 1", value.as_ref())))
        }
        Some(value) => Ok(*value.as_ref()),
        None => Ok(0.0),
    };
    Ok(Faults {
        capture_loss: share(&raw.capture_loss)?,
        poll_loss: share(&raw.poll_loss)?,
        start: raw.start_s.as_ref().map(time).transpose()?.unwrap_or_default(),
    })
}

fn take_network(scenario: &mut Scenario, network: &RawNetwork, manners: Manners) -> Result<(), Fault> {
    let ports = |ports: &Spanned<usize>| {
        let allowed = (2..=MAX_PORTS).contains(ports.as_ref());
        allowed.then_some(*ports.as_ref()).ok_or_else(|| (ports.span(), format!("a switch has 2 to {MAX_PORTS} ports")))
    };
    let hub = SwitchSpec { name: "hub".to_owned(), ports: ports(&network.ports)?, managed: true, manners };
    scenario.switches.push(hub);
    let mut taken = BTreeSet::new();
    for raw in &network.switches {
        if scenario.switches.iter().any(|known| known.name == *raw.name.as_ref()) {
            return Err((raw.name.span(), format!("there is a '{}' already", raw.name.as_ref())));
        }
        let socket = socket(scenario, Some(&raw.uplink_to), &raw.uplink_port, &mut taken)?;
        let manners = if raw.unmanaged { Manners::default() } else { manners };
        let name = raw.name.as_ref().clone();
        let spec = SwitchSpec { name, ports: ports(&raw.ports)?, managed: !raw.unmanaged, manners };
        let index = scenario.attach(spec, socket);
        taken.insert(Socket::new(index, 1));
    }
    for raw in &network.hosts {
        let Socket { switch, port } = socket(scenario, raw.switch.as_ref(), &raw.port, &mut taken)?;
        if scenario.hosts.iter().any(|known| known.name == *raw.name.as_ref()) {
            return Err((raw.name.span(), format!("there is a '{}' already", raw.name.as_ref())));
        }
        scenario.hosts.push(Host {
            name: raw.name.as_ref().clone(),
            kind: raw.kind,
            mac: raw.mac,
            ip: raw.ip,
            switch,
            port,
            vlan: raw.vlan.unwrap_or(1),
            speed_mbps: raw.speed_mbps.unwrap_or(1000),
        });
    }
    let router = &network.second_router;
    scenario.second_router.switch = socket(scenario, router.switch.as_ref(), &router.lan_port, &mut taken)?.switch;
    socket(scenario, router.switch.as_ref(), &router.wan_port, &mut taken)?;
    host_named(scenario, &network.capture).map(|_| ())
}

/// A socket that is there and free; from now on it is taken.
fn socket(
    scenario: &Scenario,
    switch: Option<&Spanned<String>>,
    port: &Spanned<usize>,
    taken: &mut BTreeSet<Socket>,
) -> Result<Socket, Fault> {
    let index = match switch {
        None => 0,
        Some(name) => scenario.switches.iter().position(|known| known.name == *name.as_ref()).ok_or_else(|| {
            let known = scenario.switches.iter().map(|switch| switch.name.as_str()).collect::<Vec<_>>().join(", ");
            (name.span(), format!("there is no switch '{}'; there are: {known}", name.as_ref()))
        })?,
    };
    let (number, ports) = (*port.as_ref(), scenario.switches[index].ports);
    let socket = Socket::new(index, number);
    if !(1..=ports).contains(&number) {
        Err((port.span(), format!("port {number} is not one of 1 to {ports}")))
    } else if !taken.insert(socket) {
        Err((port.span(), format!("something is plugged into port {number} already")))
    } else {
        Ok(socket)
    }
}

fn host_named<'a>(scenario: &'a Scenario, name: &Spanned<String>) -> Result<&'a Host, Fault> {
    scenario.host(name.as_ref()).ok_or_else(|| {
        let known = scenario.hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>().join(", ");
        (name.span(), format!("there is no host '{}'; there are: {known}", name.as_ref()))
    })
}

fn take_storm(scenario: &Scenario, raw: &RawStorm) -> Result<Storm, Fault> {
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
    let named = |name: &Option<Spanned<String>>| {
        name.as_ref().map(|name| host_named(scenario, name).map(|host| host.name.clone())).transpose()
    };
    (storm.host, storm.with) = (named(&raw.host)?, named(&raw.with)?);
    if let Some(after) = &raw.kindle_after_s {
        storm.kindle_after = time(after)?;
    }
    Ok(storm)
}

fn router(raw: &RawRouter) -> SecondRouter {
    SecondRouter {
        name: raw.name.clone(),
        lan_mac: raw.lan_mac,
        wan_mac: raw.wan_mac,
        ip: raw.ip,
        switch: 0,
        lan_port: *raw.lan_port.as_ref(),
        wan_port: *raw.wan_port.as_ref(),
    }
}

fn time(value: &Spanned<f64>) -> Result<Duration, Fault> {
    seconds(*value.as_ref()).map_err(|message| (value.span(), message))
}

/// A day is the longest: virtual time is cheap, not free.
fn seconds(value: f64) -> Result<Duration, String> {
    if (0.0..=86_400.0).contains(&value) {
        Ok(Duration::from_secs_f64(value))
    } else {
        Err(format!("{value} is not a time: 0 to 86400 seconds"))
    }
}
