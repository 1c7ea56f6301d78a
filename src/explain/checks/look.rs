//! Everything that a check may look at, gathered before the first one judges.

use crate::explain::reach::Assessment;
use crate::explain::scene::{DEVICE_REACH, Names};
use crate::model::device::Discovery;
use crate::model::probe::{LISTEN, Probe, Refusal};
use crate::model::verdict::Verdict;
use crate::model::{MacAddr, Time, vendor};
use crate::observe::hearing::Heard;
use crate::observe::owners::OwnerTable;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The group of the guard search, and of most storms.
pub(super) const SSDP_GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(239, 255, 255, 250));

/// What became of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Sent, then last.
    Sent(Time),
    /// Not sent, by the budget.
    Refused(Refusal),
    /// This host has no address of that kind there to send it from.
    NoAddress,
    /// It could not be sent: the sentence for the person.
    Failed(String),
}

/// This host's interface as such.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Bits a second; 0: the driver does not say.
    pub speed_bps: u64,
    /// By radio.
    pub wireless: bool,
    /// Received frames that were broken, since the start of the look.
    pub new_errors: u64,
}

/// One interface.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name.
    pub name: Arc<str>,
    /// Its MAC.
    pub mac: Option<MacAddr>,
    /// Its addresses with prefix lengths.
    pub addresses: Vec<(IpAddr, u8)>,
    /// What was heard there, or why nothing could be.
    pub heard: Result<Heard, String>,
    /// Groups that could not be joined: a switch with snooping may keep them from us.
    pub not_joined: Vec<IpAddr>,
    /// What became of each probe, by its id.
    pub sent: BTreeMap<&'static str, Fate>,
    /// The interface as such.
    pub machine: Machine,
}

impl Place {
    /// When a probe was sent.
    #[must_use]
    pub fn sent(&self, probe: &Probe) -> Option<Time> {
        match self.sent.get(probe.id) {
            Some(Fate::Sent(at)) => Some(*at),
            _ => None,
        }
    }

    /// The group could not be joined, so that a switch may keep it from us. Not, where nobody wanted to join.
    #[must_use]
    pub fn is_deaf_to(&self, group: IpAddr) -> bool {
        self.not_joined.contains(&group) && !self.is_silent()
    }

    /// Nothing was to be sent, memberships included.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.sent.get(LISTEN.id) == Some(&Fate::Refused(Refusal::Passive))
    }

    /// The address lies in one of this host's networks here.
    #[must_use]
    pub fn is_on_link(&self, ip: IpAddr) -> bool {
        self.addresses.iter().any(|(own, length)| crate::explain::reach::in_prefix(ip, *own, *length))
    }
}

/// A target that was asked by SNMP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnmpLook {
    /// Its name.
    pub target: String,
    /// Ports that are up, and whether any counter of theirs has moved; or why there was no answer.
    pub outcome: Result<(usize, bool), String>,
}

/// One examination.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The interfaces.
    pub places: Vec<Place>,
    /// Storms and warnings, newest first.
    pub verdicts: Vec<Arc<Verdict>>,
    /// The next hops of the default routes, with their interface; `None`: they could not be read.
    pub default_routes: Option<Vec<(Arc<str>, IpAddr)>>,
    /// What UPnP found, where it was searched.
    pub discovery: Option<(Discovery, Assessment)>,
    /// The external address by NAT-PMP, with the gateway that said so; `None` in it: it speaks PCP alone, or refused.
    pub nat_pmp: Option<(Ipv4Addr, Option<Ipv4Addr>)>,
    /// Targets asked by SNMP; `None`: there are none.
    pub snmp: Option<Vec<SnmpLook>>,
    /// What the user calls devices.
    pub names: Names,
    /// Who the kernel says owns what: to name devices by, never to accuse them.
    pub neighbours: OwnerTable,
}

impl Look {
    /// A device in any language: `second router (192.168.1.100, 3c:84:6a:10:00:c8)`, with its maker where it has no name.
    #[must_use]
    pub fn called(&self, mac: MacAddr, ip: Option<IpAddr>) -> String {
        let owners = self.places.iter().filter_map(|place| place.heard.as_ref().ok()).map(|heard| &heard.owners);
        let ip = ip.or_else(|| {
            let mut owners = owners.chain([&self.neighbours]);
            owners.find_map(|owners| owners.device_address(mac, DEVICE_REACH)).map(|(ip, _)| ip)
        });
        let name = self.names.by_mac.get(&mac).or_else(|| self.names.by_ip.get(&ip?)).map(ToString::to_string);
        let name = name.or_else(|| vendor::vendor(mac).map(|maker| vendor::short_name(maker).into_owned()));
        let addresses = ip.map_or_else(|| mac.to_string(), |ip| format!("{ip}, {mac}"));
        match name {
            Some(name) => format!("{name} ({addresses})"),
            None => ip.map_or_else(|| mac.to_string(), |ip| format!("{ip} ({mac})")),
        }
    }

    /// The default routers of an interface.
    pub fn routers_of<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = IpAddr> + 'a {
        let routes = self.default_routes.as_deref().unwrap_or_default().iter();
        routes.filter(|(name, _)| *name == place.name).map(|(_, ip)| *ip)
    }
}
