//! Interfaces and their counters by netlink, and what sysfs adds.

use super::Interface;
use crate::io::clock::Clock;
use crate::io::netlink;
use crate::model::MacAddr;
use crate::model::observation::{Counter, PollSample, PortCounters, PortSample, THIS_HOST};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::address::{AddressAttribute, AddressMessage};
use rtnetlink::packet_route::link::{LinkAttribute, LinkFlags, LinkLayerType, LinkMessage, State, Stats64};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

/// Every interface with its addresses, by index.
///
/// # Errors
/// The kernel's netlink cannot be asked.
pub fn list() -> io::Result<Vec<Interface>> {
    let mut interfaces = BTreeMap::new();
    for link in links()?.0 {
        let interface = Interface {
            name: name(&link),
            index: link.header.index,
            mac: mac(&link),
            addresses: Vec::new(),
            up: link.header.flags.contains(LinkFlags::Up | LinkFlags::Running),
            loopback: link.header.flags.contains(LinkFlags::Loopback),
            multicast: link.header.flags.contains(LinkFlags::Multicast),
            enslaved: link.attributes.iter().any(|a| matches!(a, LinkAttribute::Controller(master) if *master != 0)),
        };
        interfaces.insert(interface.index, interface);
    }
    let request = RouteNetlinkMessage::GetAddress(AddressMessage::default());
    for message in netlink::dump(&request)?.messages {
        let RouteNetlinkMessage::NewAddress(message) = message else { continue };
        if let Some(interface) = interfaces.get_mut(&message.header.index)
            && let Some(ip) = own_address(&message)
        {
            interface.addresses.push((ip, message.header.prefix_len));
        }
    }
    Ok(interfaces.into_values().collect())
}

/// On a point-to-point link `IFA_ADDRESS` is the peer's and `IFA_LOCAL` ours; elsewhere they are the same, and IPv6
/// has the former alone.
fn own_address(message: &AddressMessage) -> Option<IpAddr> {
    let local = message.attributes.iter().find_map(|a| match a {
        AddressAttribute::Local(ip) => Some(*ip),
        _ => None,
    });
    local.or_else(|| {
        message.attributes.iter().find_map(|a| match a {
            AddressAttribute::Address(ip) => Some(*ip),
            _ => None,
        })
    })
}

/// Every interface, and how many could not be read.
fn links() -> io::Result<(Vec<LinkMessage>, usize)> {
    let dump = netlink::dump(&RouteNetlinkMessage::GetLink(LinkMessage::default()))?;
    let link = |message| match message {
        RouteNetlinkMessage::NewLink(link) => Some(link),
        _ => None,
    };
    Ok((dump.messages.into_iter().filter_map(link).collect(), dump.unread))
}

fn name(link: &LinkMessage) -> Arc<str> {
    let name = link.attributes.iter().find_map(|a| match a {
        LinkAttribute::IfName(name) => Some(name.as_str()),
        _ => None,
    });
    name.map_or_else(|| link.header.index.to_string().into(), Arc::from)
}

fn mac(link: &LinkMessage) -> Option<MacAddr> {
    link.attributes.iter().find_map(|a| match a {
        LinkAttribute::Address(bytes) => {
            <[u8; 6]>::try_from(bytes.as_slice()).ok().map(MacAddr).filter(|mac| *mac != MacAddr::ZERO)
        }
        _ => None,
    })
}

/// This host's name, as the kernel has it; empty if it will not say.
#[must_use]
pub fn hostname() -> String {
    kernel_text("hostname")
}

fn kernel_text(name: &str) -> String {
    fs::read_to_string(format!("/proc/sys/kernel/{name}")).map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// Reads this host's interface counters, as a poll of a target named [`THIS_HOST`].
#[derive(Debug, Default)]
pub struct HostCounters {
    /// Per ifIndex: all frames received, and the unicast among them as reported last.
    received: BTreeMap<u32, (u64, u64)>,
}

impl HostCounters {
    /// One poll: every interface but the loopback, enslaved ones included. What Linux does not count (multicasts and
    /// broadcasts sent, broadcasts received apart) is `None`.
    ///
    /// # Errors
    /// The kernel's netlink cannot be asked.
    pub fn sample(&mut self, clock: &Clock) -> io::Result<PollSample> {
        let at = clock.now();
        let (links, unread) = links()?;
        let present = |index: &u32| links.iter().any(|link| link.header.index == *index);
        self.received.retain(|index, _| present(index));
        let ports = links.iter().filter(|link| !link.header.flags.contains(LinkFlags::Loopback));
        let ports = ports.map(|link| self.port(link)).collect();
        let problems = (unread > 0).then(|| format!("{unread} interfaces of this host could not be read"));
        Ok(PollSample {
            target: THIS_HOST.into(),
            at,
            took: clock.now().since(at),
            sys_uptime: uptime(),
            sys_name: hostname(),
            sys_descr: format!("Linux {}", kernel_text("osrelease")),
            ports,
            topology: None,
            problems: problems.into_iter().collect(),
        })
    }

    fn port(&mut self, link: &LinkMessage) -> PortSample {
        let name = name(link);
        let mac = mac(link);
        let index = link.header.index;
        let flags = link.header.flags;
        let mut port = PortSample {
            if_index: index,
            descr: Arc::clone(&name),
            speed_bps: speed_bps(&name, index, mac),
            name,
            if_type: if_type(link.header.link_layer_type),
            admin_up: flags.contains(LinkFlags::Up),
            oper_up: flags.contains(LinkFlags::Up | LinkFlags::Running),
            mac,
            ..PortSample::default()
        };
        for attribute in &link.attributes {
            match attribute {
                LinkAttribute::IfAlias(alias) => port.alias = alias.as_str().into(),
                // Virtual interfaces do not know their state; then the flags tell.
                LinkAttribute::OperState(state) if *state != State::Unknown => port.oper_up = *state == State::Up,
                LinkAttribute::Stats64(stats) => port.counters = self.counters(index, stats),
                _ => {}
            }
        }
        port
    }

    /// `rtnl_link_stats64`. Frames received include the multicasts, as far as the driver counts those.
    fn counters(&mut self, index: u32, stats: &Stats64) -> PortCounters {
        // The two are not read at one instant: their difference may seem to fall, which would look like a reset.
        let mut unicast = stats.rx_packets.saturating_sub(stats.multicast);
        if let Some((all_before, unicast_before)) = self.received.get(&index)
            && stats.rx_packets >= *all_before
        {
            unicast = unicast.max(*unicast_before);
        }
        self.received.insert(index, (stats.rx_packets, unicast));
        let count = |value| Some(Counter::C64(value));
        PortCounters {
            in_octets: count(stats.rx_bytes),
            out_octets: count(stats.tx_bytes),
            in_unicast: count(unicast),
            out_unicast: count(stats.tx_packets),
            in_multicast: count(stats.multicast),
            out_multicast: None,
            in_broadcast: None,
            out_broadcast: None,
            in_discards: count(stats.rx_dropped),
            out_discards: count(stats.tx_dropped),
            in_errors: count(stats.rx_errors),
            out_errors: count(stats.tx_errors),
        }
    }
}

/// Hundredths of a second since the start of this host, as sysUpTime wraps (2³², 497 days).
fn uptime() -> Option<u32> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    let seconds = text.split_whitespace().next()?.parse::<f64>().ok()?;
    Some((seconds * 100.0) as u64 as u32)
}

/// IANAifType.
fn if_type(kind: LinkLayerType) -> u32 {
    match kind {
        LinkLayerType::Ether => 6,
        LinkLayerType::Ppp => 23,
        LinkLayerType::Loopback => 24,
        LinkLayerType::Tunnel | LinkLayerType::Tunnel6 | LinkLayerType::Sit | LinkLayerType::Ipgre => 131,
        _ => 1,
    }
}

/// The interface works by radio, as far as sysfs says so.
#[must_use]
pub fn is_wireless(interface: &Interface) -> bool {
    let folder = format!("/sys/class/net/{}/phy80211", interface.name);
    is_here(&interface.name, interface.index, interface.mac) && fs::exists(folder).unwrap_or(false)
}

fn sysfs(name: &str, file: &str) -> String {
    fs::read_to_string(format!("/sys/class/net/{name}/{file}")).unwrap_or_default()
}

/// Sysfs may be that of another network namespace: then index or MAC differ.
fn is_here(name: &str, index: u32, mac: Option<MacAddr>) -> bool {
    // An interface name holds no slash (the kernel refuses it), but could be "..".
    !name.starts_with('.')
        && !name.contains('/')
        && sysfs(name, "ifindex").trim().parse() == Ok(index)
        && sysfs(name, "address").trim().parse().ok() == mac
}

/// Netlink does not tell the speed; sysfs does where it is of this network namespace (index and MAC agree) and the
/// driver knows it. 0 if unknown.
fn speed_bps(name: &str, index: u32, mac: Option<MacAddr>) -> u64 {
    let megabits = if is_here(name, index, mac) { sysfs(name, "speed").trim().parse::<i64>().unwrap_or(0) } else { 0 };
    u64::try_from(megabits).unwrap_or(0).saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_listed_and_not_counted() {
        let interfaces = list().expect("netlink");
        let lo = interfaces.iter().find(|i| i.loopback).expect("every namespace has a loopback");
        assert_eq!((&*lo.name, lo.mac, lo.enslaved), ("lo", None, false));
        let sample = HostCounters::default().sample(&Clock::start()).expect("netlink");
        assert_eq!(sample.ports.len(), interfaces.len() - 1);
        assert!(sample.sys_uptime.is_some_and(|hundredths| hundredths > 0));
        assert_eq!(sample.sys_name, hostname());
        for port in sample.ports {
            assert!(matches!(port.counters.in_octets, Some(Counter::C64(_))), "{port:?}");
        }
    }

    #[test]
    fn a_torn_read_is_no_reset_and_a_reset_is() {
        let mut host = HostCounters::default();
        let mut unicast = |rx_packets, multicast| {
            let mut stats = Stats64::default();
            (stats.rx_packets, stats.multicast) = (rx_packets, multicast);
            host.counters(7, &stats).in_unicast
        };
        assert_eq!(unicast(100, 50), Some(Counter::C64(50)));
        assert_eq!(unicast(100, 51), Some(Counter::C64(50)), "the multicast was counted, its frame not yet");
        assert_eq!(unicast(110, 51), Some(Counter::C64(59)));
        assert_eq!(unicast(3, 1), Some(Counter::C64(2)), "the driver was loaded again");
    }
}
