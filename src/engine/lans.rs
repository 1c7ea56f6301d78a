//! Which switches and interfaces are in one broadcast domain, as far as their tables tell: a switch that knows another's
//! address, or that of an interface of ours, is in one LAN with it. Without such a sign two are kept apart.

use crate::explain::Own;
use crate::model::Time;
use crate::observe::targets::Targets;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Targets whose neighbours are remembered; beyond it they are worked out anew.
const MAX_REMEMBERED: usize = 1024;

/// A place where a segment is seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    /// An SNMP target.
    Target(Arc<str>),
    /// An interface of this host.
    Interface(Arc<str>),
}

impl Node {
    /// Its name.
    pub(super) const fn name(&self) -> &Arc<str> {
        match self {
            Self::Target(name) | Self::Interface(name) => name,
        }
    }
}

/// The neighbours of targets that stand out, as of the reading of their tables.
#[derive(Debug, Default)]
pub(super) struct Lans {
    known: BTreeMap<Arc<str>, (Option<Time>, BTreeSet<Node>)>,
}

/// What is in one LAN.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// Those of the nodes given that are.
    pub(super) nodes: BTreeSet<Node>,
    /// Interfaces of this host in it.
    pub(super) interfaces: BTreeSet<Arc<str>>,
}

impl Group {
    /// The name of the segment: that of its first switch, else of the interface.
    pub(super) fn name(&self) -> Option<&Arc<str>> {
        self.nodes.first().map(Node::name)
    }
}

impl Lans {
    /// Everything among `nodes` that is in one LAN with `first`, and `first` itself.
    pub(super) fn group(&mut self, first: &Node, nodes: &BTreeSet<Node>, targets: &Targets, own: &Own) -> Group {
        let mut edges = BTreeMap::<Node, BTreeSet<Node>>::new();
        let mut group = Group::default();
        for node in nodes.iter().chain([first]) {
            let beside = self.beside(node, targets, own);
            for other in &beside {
                edges.entry(other.clone()).or_default().insert(node.clone());
            }
            edges.entry(node.clone()).or_default().extend(beside);
        }
        let mut seen = BTreeSet::new();
        let mut next = vec![first.clone()];
        while let Some(node) = next.pop() {
            if !seen.insert(node.clone()) {
                continue;
            }
            if let Node::Interface(name) = &node {
                group.interfaces.insert(Arc::clone(name));
            }
            if nodes.contains(&node) || node == *first {
                group.nodes.insert(node.clone());
            }
            // An address that several switches know joins them too, a switch that does not stand out among them.
            next.extend(edges.get(&node).into_iter().flatten().cloned());
        }
        group
    }

    fn beside(&mut self, node: &Node, targets: &Targets, own: &Own) -> BTreeSet<Node> {
        let Node::Target(name) = node else { return BTreeSet::new() };
        let read = targets.status(name).and_then(|status| status.fdb_read);
        if let Some((of, beside)) = self.known.get(name)
            && *of == read
        {
            return beside.clone();
        }
        let switches = targets.peers(name).into_iter().map(Node::Target);
        let tables = targets.surroundings(name);
        let knows = |mac| tables.is_some_and(|tables| tables.place(mac).is_some());
        let mine = own.addresses.iter().filter(|(_, mac, _)| knows(*mac));
        let beside = switches.chain(mine.map(|(interface, ..)| Node::Interface(Arc::clone(interface)))).collect();
        if self.known.len() >= MAX_REMEMBERED {
            self.known.clear();
        }
        self.known.insert(Arc::clone(name), (read, BTreeSet::clone(&beside)));
        beside
    }
}

/// Whether two segments of this host's interfaces are one LAN: the same VLAN, and addresses of one subnet.
pub(super) fn one_lan(own: &Own, one: &str, other: &str) -> bool {
    let (one, other) = (interface_of(one), interface_of(other));
    if one.1 != other.1 || one.0 == other.0 {
        return one == other;
    }
    let subnets = |name: &str| {
        let links = own.links.iter().filter(|(interface, ip, _)| **interface == *name && !is_link_local(*ip));
        links.map(|(_, ip, length)| subnet(*ip, *length)).collect::<BTreeSet<_>>()
    };
    !subnets(one.0).is_disjoint(&subnets(other.0))
}

/// `eth0` and `20` of `eth0.20`.
pub(super) fn interface_of(segment: &str) -> (&str, Option<&str>) {
    match segment.rsplit_once('.') {
        Some((interface, vlan)) if vlan.bytes().all(|b| b.is_ascii_digit()) => (interface, Some(vlan)),
        _ => (segment, None),
    }
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.segments()[0] & 0xffc0 == 0xfe80,
    }
}

fn subnet(ip: IpAddr, length: u8) -> (IpAddr, u8) {
    let net = match ip {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
            IpAddr::from((v4.to_bits() & mask).to_be_bytes())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
            IpAddr::from((v6.to_bits() & mask).to_be_bytes())
        }
    };
    (net, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_of_one_subnet_are_one_lan() {
        let link = |name: &str, ip: &str| (Arc::from(name), ip.parse().expect("an address"), 24);
        let links = vec![link("eth0", "192.168.1.10"), link("wlan0", "192.168.1.77"), link("eth1", "192.168.2.10")];
        let own = Own { links, ..Own::default() };
        for (one, other, expected) in [
            ("eth0", "wlan0", true),
            ("eth0", "eth1", false),
            ("eth0", "eth0.20", false),
            ("eth0.20", "wlan0.20", true),
            ("eth0.20", "wlan0.30", false),
            ("eth0", "tun0", false),
        ] {
            assert_eq!(one_lan(&own, one, other), expected, "{one} {other}");
        }
    }
}
