//! One look around: which interfaces, the search with its progress line, and which device or gateway is meant. Prints
//! no results.

use super::Common;
use super::screen::Screen;
use crate::app::config;
use crate::explain::Names;
use crate::explain::reach::MapE;
use crate::io::clock::Clock;
use crate::io::interfaces::{self, Interface};
use crate::io::ssdp::StopProbes;
use crate::io::upnp::control::{Reach, ReachError};
use crate::io::upnp::{self, Settings};
use crate::model::device::{Device, Discovery, Gateway};
use crate::model::device_tree::DeviceTree;
use crate::model::text::Language;
use crate::view;
use crate::view::upnp::printable;
use crate::view::upnp_list_words as list_words;
use crate::view::upnp_words::{self as words, say};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal};
use std::time::Duration;
use tokio::runtime::Runtime;

/// What was found, and where.
pub(super) struct Look {
    pub(super) discovery: Discovery,
    pub(super) interfaces: Vec<Interface>,
    pub(super) settings: Settings,
    pub(super) runtime: Runtime,
    pub(super) told: Told,
}

/// What the configuration tells about the network, if one is named.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) map_e: Option<MapE>,
    pub(super) names: Names,
}

impl Told {
    fn read(common: &Common) -> anyhow::Result<Self> {
        let Some(path) = &common.config_file else { return Ok(Self::default()) };
        let config = config::load(path)?;
        Ok(Self { map_e: config.upnp.map_e.as_ref().map(|share| share.value), names: config.called() })
    }
}

/// Searches once. Problems go to standard error.
pub(super) fn look(common: &Common, screen: &Screen) -> anyhow::Result<Look> {
    let language = screen.language;
    // Before the search: who has written it wrong should not have to wait.
    let told = Told::read(common)?;
    let interfaces = choose(interfaces::list()?, &common.interface, language)?;
    let settings = settings(common);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let progress = progress(&interfaces, &settings, language);
    let (stop, clock) = (StopProbes::default(), Clock::start());
    let discovery = runtime.block_on(upnp::discover(&interfaces, &settings, &stop, &clock));
    progress.finish_and_clear();
    for problem in &discovery.problems {
        eprintln!("upnp: {}", printable(&problem.say(language)));
    }
    anyhow::ensure!(!discovery.interfaces.is_empty(), list_words::NOT_SEARCHED.template(language));
    Ok(Look { discovery, interfaces, settings, runtime, told })
}

/// How to search for somebody who waits.
pub(super) fn settings(common: &Common) -> Settings {
    let mut settings = Settings::hurried(common.timeout);
    settings.search.ttl = common.ttl;
    settings
}

impl Look {
    /// Where it was searched: `eth0 (192.168.1.5)`.
    pub(super) fn places(&self) -> Vec<String> {
        let searched = self.interfaces.iter().filter(|one| self.discovery.interfaces.contains(&one.name));
        let place = |one: &Interface| {
            let address = one.addresses.first().map(|(address, _)| format!(" ({address})")).unwrap_or_default();
            format!("{}{address}", one.name)
        };
        searched.map(place).collect()
    }

    /// Says on standard error why nobody, or no gateway, answered, if so.
    pub(super) fn explain_silence(&self, screen: &Screen) {
        let seconds = self.settings.search.window.as_secs_f64();
        if let Some(text) = view::upnp::silence(&self.discovery, &self.places(), seconds, screen.language) {
            eprint!("{text}");
        }
    }

    /// The one device that `wanted` means, or the candidates as an error.
    pub(super) fn device(&self, wanted: &str, screen: &Screen) -> anyhow::Result<&Device> {
        let devices = &self.discovery.devices;
        let found = view::upnp::matching(devices, wanted);
        let shown = printable(wanted);
        match found.as_slice() {
            [one] => Ok(one),
            [] => {
                self.explain_silence(screen);
                let head = say(&words::NO_SUCH_DEVICE, screen.language, [("wanted", shown)]);
                anyhow::bail!("{head}{}", list(devices.iter()))
            }
            several => {
                let facts = [("wanted", shown), ("count", several.len().to_string())];
                let head = say(&words::WHICH_DEVICE, screen.language, facts);
                anyhow::bail!("{head}{}", list(several.iter().copied()))
            }
        }
    }

    /// The gateway that is meant: the one that `wanted` names, or the only one.
    pub(super) fn gateway(&self, wanted: Option<&str>, screen: &Screen) -> anyhow::Result<&Gateway> {
        let gateways = &self.discovery.gateways;
        if gateways.is_empty() {
            self.explain_silence(screen);
            anyhow::bail!(list_words::NO_GATEWAY_ANSWERED.template(screen.language));
        }
        let Some(wanted) = wanted else {
            let [one] = gateways.as_slice() else {
                let facts = [("count", gateways.len().to_string())];
                let head = say(&words::WHICH_GATEWAY, screen.language, facts);
                let names = gateways.iter().filter_map(|g| self.discovery.devices.iter().find(|d| Some(d.ip) == g.ip));
                anyhow::bail!("{head}{}", list(names))
            };
            return Ok(one);
        };
        let device = self.device(wanted, screen)?;
        let named = |gateway: &&Gateway| gateway.udn.eq_ignore_ascii_case(&device.udn) || gateway.ip == Some(device.ip);
        gateways.iter().find(named).ok_or_else(|| {
            let facts = [("wanted", printable(wanted))];
            anyhow::anyhow!(say(&list_words::IS_NO_GATEWAY, screen.language, facts))
        })
    }

    /// How a gateway is reached.
    pub(super) fn reach(&self, gateway: &Gateway, screen: &Screen) -> anyhow::Result<Reach> {
        let nowhere = || anyhow::anyhow!(list_words::NO_ADDRESS_OF_GATEWAY.template(screen.language));
        let ip = gateway.ip.ok_or_else(nowhere)?;
        let reach = Reach::to(ip, &gateway.interface, &gateway.location, &self.interfaces);
        reach.map_err(|error| told(&error, screen))
    }

    /// How a device is reached.
    pub(super) fn reach_device(&self, device: &Device, screen: &Screen) -> anyhow::Result<Reach> {
        let reach = Reach::to(device.ip, &device.interface, &device.location, &self.interfaces);
        reach.map_err(|error| told(&error, screen))
    }

    /// A device's tree, with the actions of its services if wanted.
    pub(super) fn tree(&self, reach: &Reach, actions: bool, screen: &Screen) -> anyhow::Result<DeviceTree> {
        let tree = self.runtime.block_on(reach.tree(actions, self.settings.request));
        tree.map_err(|error| told(&error, screen))
    }
}

fn told(error: &ReachError, screen: &Screen) -> anyhow::Error {
    anyhow::anyhow!(printable(&error.sentence().say(screen.language)))
}

fn list<'a>(devices: impl Iterator<Item = &'a Device>) -> String {
    devices.fold(String::new(), |text, device| {
        let name = if device.friendly_name.is_empty() { "?" } else { &device.friendly_name };
        format!("{text}\n  {}  {}  {}", device.ip, printable(name), printable(&device.udn))
    })
}

/// The interfaces asked for, or every one on which a LAN can be: up, with an address, able to multicast, not the
/// loopback, and not a part of a bridge or bond.
pub(super) fn choose(all: Vec<Interface>, wanted: &[String], language: Language) -> anyhow::Result<Vec<Interface>> {
    let names = all.iter().map(|i| i.name.to_string()).collect::<Vec<_>>().join(", ");
    if wanted.is_empty() {
        let lan = |i: &Interface| i.up && i.multicast && !i.loopback && !i.enslaved && !i.addresses.is_empty();
        let chosen = all.into_iter().filter(lan).collect::<Vec<_>>();
        anyhow::ensure!(!chosen.is_empty(), say(&list_words::NO_INTERFACE, language, [("names", names)]));
        return Ok(chosen);
    }
    let mut chosen: Vec<Interface> = Vec::new();
    for name in wanted {
        let wrong = |text| say(text, language, [("name", printable(name)), ("names", names.clone())]);
        let Some(interface) = all.iter().find(|i| *i.name == **name) else {
            anyhow::bail!(wrong(&list_words::NO_SUCH_INTERFACE));
        };
        anyhow::ensure!(interface.up, wrong(&list_words::INTERFACE_DOWN));
        anyhow::ensure!(!interface.addresses.is_empty(), wrong(&list_words::INTERFACE_WITHOUT_ADDRESS));
        if !chosen.contains(interface) {
            chosen.push(interface.clone());
        }
    }
    Ok(chosen)
}

fn progress(chosen: &[Interface], settings: &Settings, language: Language) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let names = chosen.iter().map(|i| &*i.name).collect::<Vec<_>>().join(", ");
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    let seconds = format!("{:.0}", settings.total.as_secs_f64());
    bar.set_message(say(&list_words::SEARCHING, language, [("place", names), ("seconds", seconds)]));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str) -> Interface {
        Interface {
            name: name.into(),
            index: 2,
            mac: None,
            addresses: vec![([192, 168, 1, 5].into(), 24)],
            up: true,
            loopback: false,
            multicast: true,
            enslaved: false,
        }
    }

    #[test]
    fn interfaces_are_chosen_or_the_choice_is_explained() {
        let loopback = Interface { loopback: true, ..interface("lo") };
        let port = Interface { enslaved: true, ..interface("eth1") };
        let down = Interface { up: false, ..interface("eth2") };
        let all = vec![loopback, interface("eth0"), port, down];
        let check = |wanted: &[&str], expected: Result<&[&str], &str>| {
            let wanted = wanted.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
            let chosen = choose(all.clone(), &wanted, Language::English);
            let chosen = chosen.map(|c| c.iter().map(|i| i.name.to_string()).collect::<Vec<_>>());
            match (chosen, expected) {
                (Ok(names), Ok(expected)) => assert_eq!(names, expected),
                (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
                (chosen, _) => panic!("{wanted:?}: {chosen:?}"),
            }
        };
        check(&[], Ok(&["eth0"]));
        check(&["lo", "eth0", "lo"], Ok(&["lo", "eth0"]));
        check(&["eth7"], Err("this computer has lo, eth0, eth1, eth2"));
        check(&["eth2"], Err("eth2 is down"));
    }
}
