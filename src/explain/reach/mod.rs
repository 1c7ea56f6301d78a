//! Whether what is open on a gateway can be reached from the Internet, and what is wrong with it: per gateway its class,
//! per mapping an answer with its reasons, and findings. Judged from facts alone: nothing is tried, and nothing asked.

pub mod class;
pub mod findings;
pub mod judge;
pub mod map_e;
pub mod reasons;
pub mod surroundings;
#[cfg(test)]
mod tests;

pub use class::{CLASSES, ExternalClass};
pub use findings::{FINDINGS, GatewayFinding, NEVER_SEEN_ID, Severity};
pub use judge::{Judgement, MappingReach};
pub use map_e::{MapE, MapEError};
pub use surroundings::{Client, Host, Lan, Presence, Surroundings, in_prefix};

use crate::model::device::{AddressAnswer, Connection, Gateway, MappingProtocol, PortMapping};
use crate::model::text::{Facts, Language};
use class::ClassRule;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Mappings judged in all. A home has a dozen; the rest is listed without a judgement.
pub const MAX_JUDGED: usize = 2048;
/// Ranges of a MAP-E share named in one sentence.
const NAMED_RANGES: usize = 4;

/// A gateway as it was read.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// What it said.
    pub gateway: &'a Gateway,
    /// It answered the last search.
    pub up: bool,
    /// Seconds since it said so.
    pub age_seconds: u64,
}

/// A gateway judged.
#[derive(Clone, Debug)]
pub struct GatewayReach {
    /// [`Gateway::key`].
    pub key: String,
    /// What its external address says.
    pub class: ExternalClass,
    /// What that rests on.
    pub facts: Facts,
    /// One per mapping, in the gateway's order; shorter where [`MAX_JUDGED`] was reached.
    pub mappings: Vec<MappingReach>,
}

impl GatewayReach {
    /// What its class means.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        self.rule().sentence.fill(language, &self.facts)
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self, language: Language) -> String {
        self.rule().remedy.fill(language, &self.facts)
    }

    fn rule(&self) -> &'static ClassRule {
        self.class.rule()
    }
}

/// All gateways judged.
#[derive(Clone, Debug, Default)]
pub struct Assessment {
    /// One per gateway, in the order given.
    pub gateways: Vec<GatewayReach>,
    /// What is wrong, worst first.
    pub findings: Vec<GatewayFinding>,
    /// Mappings not judged, and findings not kept, for want of room.
    pub left_off: usize,
}

impl Assessment {
    /// The judgement of a gateway.
    #[must_use]
    pub fn gateway(&self, key: &str) -> Option<&GatewayReach> {
        self.gateways.iter().find(|gateway| gateway.key == key)
    }

    /// The judgement of a mapping of a gateway, by its place in the gateway's list.
    #[must_use]
    pub fn mapping(&self, key: &str, place: usize) -> Option<&MappingReach> {
        self.gateway(key)?.mappings.get(place)
    }

    /// There are findings at least this bad.
    #[must_use]
    pub fn has(&self, severity: Severity) -> bool {
        self.findings.iter().any(|finding| finding.kind.severity >= severity)
    }
}

/// Judges the gateways of one search, which have just been read.
#[must_use]
pub fn assess_now(gateways: &[Gateway], around: &Surroundings<'_>) -> Assessment {
    let seen = gateways.iter().map(|gateway| Seen { gateway, up: true, age_seconds: 0 });
    assess(&seen.collect::<Vec<_>>(), around)
}

/// Judges gateways and their mappings, and looks for what is wrong.
#[must_use]
pub fn assess(seen: &[Seen<'_>], around: &Surroundings<'_>) -> Assessment {
    let mut room = MAX_JUDGED;
    let mut assessment = Assessment::default();
    for one in seen {
        let (reach, left_off) = gateway(one, seen, around, &mut room);
        assessment.left_off += left_off;
        assessment.gateways.push(reach);
    }
    let (found, left_off) = findings::look(seen, &assessment.gateways, around);
    assessment.findings = found;
    assessment.left_off += left_off;
    assessment
}

/// Judges the mappings of one gateway.
pub struct GatewayJudge<'a> {
    one: Seen<'a>,
    around: &'a Surroundings<'a>,
    prefixes: Vec<(IpAddr, u8)>,
    routers: usize,
    class: ExternalClass,
    /// The router in front, where its address lies in that one's LAN.
    outer: Option<String>,
    /// Per connection: its class, and what routers in front pass on to its external address.
    connections: Vec<(ExternalClass, Forwards<'a>)>,
}

/// Protocol and external port of this gateway, and the gateway in front that passes them on.
type Forwards<'a> = BTreeMap<(&'a MappingProtocol, u16), &'a Gateway>;

impl<'a> GatewayJudge<'a> {
    /// `all`: every gateway, this one included.
    #[must_use]
    pub fn new(one: Seen<'a>, all: &[Seen<'a>], around: &'a Surroundings<'a>) -> Self {
        let gateway = one.gateway;
        let prefixes = around.links.iter().filter(|(name, ..)| *name == gateway.interface);
        let class_of = |connection: Option<&Connection>| {
            let outer = external_v4(connection).and_then(|ip| outer_router(ip, &one, all, around));
            (class::of(gateway, connection, around.map_e, outer.is_some()), outer)
        };
        let connections = gateway
            .connections
            .iter()
            .map(|connection| (class_of(Some(connection)).0, forwards(connection, &one, all)));
        let connections = connections.collect();
        let (class, outer) = class_of(gateway.primary());
        Self {
            one,
            around,
            prefixes: prefixes.map(|(_, ip, length)| (*ip, *length)).collect(),
            routers: neighbours(&one, all, around),
            class,
            outer,
            connections,
        }
    }

    /// One of its mappings, whether it is still in its table or not.
    #[must_use]
    pub fn judge(&self, mapping: &PortMapping) -> MappingReach {
        let known = self.connections.get(mapping.connection);
        let forwarder = known.and_then(|(_, forwards)| forwards.get(&(&mapping.protocol, mapping.external_port)));
        let outer = forwarder.map(|outer| called(outer, self.around));
        let case = judge::Case {
            mapping,
            connection: self.one.gateway.connections.get(mapping.connection),
            class: known.map_or(self.class, |(class, _)| *class),
            up: self.one.up,
            age_seconds: self.one.age_seconds,
            outer: outer.as_deref(),
            lan: Lan { ip: self.one.gateway.ip, prefixes: &self.prefixes, routers: self.routers },
        };
        judge::judge(&case, self.around)
    }
}

fn gateway(one: &Seen<'_>, all: &[Seen<'_>], around: &Surroundings<'_>, room: &mut usize) -> (GatewayReach, usize) {
    let gateway = one.gateway;
    let judge = GatewayJudge::new(*one, all, around);
    let mappings = gateway.mappings.iter().take(*room).map(|mapping| judge.judge(mapping)).collect::<Vec<_>>();
    *room -= mappings.len();
    let left_off = gateway.mappings.len() - mappings.len();
    let facts = gateway_facts(gateway, judge.outer.as_deref(), around);
    (GatewayReach { key: gateway.key().to_owned(), class: judge.class, facts, mappings }, left_off)
}

/// Routers on the gateway's interface: the gateways that answer there, and next hops that are none of them.
fn neighbours(one: &Seen<'_>, all: &[Seen<'_>], around: &Surroundings<'_>) -> usize {
    let interface = &one.gateway.interface;
    let here = all.iter().filter(|other| other.gateway.interface == *interface);
    let ips = here.clone().filter_map(|other| other.gateway.ip).collect::<Vec<_>>();
    let hops = around.default_routes.unwrap_or_default().iter();
    // A next hop that may be one of them by another address counts until its MAC says so.
    let other = |hop: &IpAddr| {
        let mac = around.host(*hop).mac;
        !ips.contains(hop) && !ips.iter().any(|ip| mac.is_some() && around.host(*ip).mac == mac)
    };
    here.count() + hops.filter(|(name, hop)| name == interface && hop.is_ipv4() && other(hop)).count()
}

fn external_v4(connection: Option<&Connection>) -> Option<IpAddr> {
    match connection?.external_address {
        AddressAnswer::Is(ip) if ip.is_ipv4() => Some(ip),
        _ => None,
    }
}

/// The other router whose LAN a gateway's external address lies in: a gateway whose network is one of ours, or the next
/// hop of a default route.
fn outer_router(external: IpAddr, one: &Seen<'_>, all: &[Seen<'_>], around: &Surroundings<'_>) -> Option<String> {
    let network = around.links.iter().find(|(_, own, length)| in_prefix(external, *own, *length));
    let inside = |ip: IpAddr| network.is_some_and(|(_, own, length)| in_prefix(ip, *own, *length));
    let others = all.iter().filter(|other| other.gateway.key() != one.gateway.key());
    let other = others.map(|other| other.gateway).find(|other| other.ip.is_some_and(inside));
    if let Some(other) = other {
        return Some(called(other, around));
    }
    let hops = around.default_routes.unwrap_or_default().iter().map(|(_, hop)| *hop);
    hops.filter(|hop| Some(*hop) != one.gateway.ip && inside(*hop)).map(|hop| around.called(hop)).next()
}

/// What gateways in front pass on to the external address of a connection.
fn forwards<'a>(connection: &Connection, one: &Seen<'_>, all: &[Seen<'a>]) -> Forwards<'a> {
    let Some(external) = external_v4(Some(connection)).map(|ip| ip.to_string()) else { return Forwards::new() };
    let others = all.iter().filter(|other| other.gateway.key() != one.gateway.key()).map(|other| other.gateway);
    let passed = others.flat_map(|other| other.mappings.iter().map(move |mapping| (mapping, other)));
    let passed = passed.filter(|(mapping, _)| mapping.enabled && mapping.internal_client == external);
    passed.take(MAX_JUDGED).map(|(mapping, other)| ((&mapping.protocol, mapping.internal_port), other)).collect()
}

/// A gateway as one says it: `Home gateway (192.168.1.1)`.
#[must_use]
pub fn called(gateway: &Gateway, around: &Surroundings<'_>) -> String {
    match gateway.ip {
        Some(ip) if gateway.friendly_name.is_empty() => around.called(ip),
        Some(ip) => format!("{} ({ip})", gateway.friendly_name),
        None if gateway.friendly_name.is_empty() => gateway.key().to_owned(),
        None => gateway.friendly_name.clone(),
    }
}

fn gateway_facts(gateway: &Gateway, outer: Option<&str>, around: &Surroundings<'_>) -> Facts {
    let primary = gateway.primary();
    let (pinholes, pinholes_ja) = match gateway.ipv6_firewall {
        Some(firewall) if !firewall.enabled => {
            (" (which is off: everything is reachable)", "(現在は無効で、すべて到達できます)")
        }
        Some(firewall) if firewall.pinholes_allowed => {
            (", where programs may open pinholes by themselves", "(プログラムが自分で穴を開けることも許可されています)")
        }
        Some(_) => (", by hand, since programs may not", "(プログラムからは開けられないため、手動で設定します)"),
        None => ("", ""),
    };
    let mut facts = Facts::from([
        ("gateway", called(gateway, around)),
        ("address", address_text(primary)),
        ("status", primary.and_then(|c| c.status.clone()).unwrap_or_else(|| "PhysicalLinkStatus: Down".to_owned())),
        ("pinholes", pinholes.to_owned()),
        ("pinholes_ja", pinholes_ja.to_owned()),
    ]);
    facts.extend(outer.map(|outer| ("outer", outer.to_owned())));
    facts.extend(class::map_e_hint(gateway).map(|hint| ("hint", hint.to_owned())));
    if let Some(share) = around.map_e {
        facts.extend([("ports", share.count().to_string()), ("ranges", range_text(share))]);
    }
    facts
}

/// What a connection said about its external address.
fn address_text(connection: Option<&Connection>) -> String {
    match connection.map_or(AddressAnswer::Unread, |c| c.external_address) {
        AddressAnswer::Is(ip) => ip.to_string(),
        AddressAnswer::None => "0.0.0.0".to_owned(),
        AddressAnswer::Unread => "-".to_owned(),
    }
}

/// `4928-4943, 9024-9039, … (15 × 16)`.
fn range_text(share: MapE) -> String {
    let ranges = share.ranges().take(NAMED_RANGES).map(|(low, high)| format!("{low}-{high}"));
    let named = ranges.collect::<Vec<_>>().join(", ");
    let (all, each) =
        (share.ranges().count(), share.count() / u32::try_from(share.ranges().count()).unwrap_or(1).max(1));
    if all > NAMED_RANGES { format!("{named}, … ({all} × {each})") } else { named }
}

/// A mapping in few letters: `TCP 5001`.
fn short(mapping: &PortMapping) -> String {
    let protocol = mapping.protocol.as_str();
    match mapping.external_port {
        0 => format!("{protocol} 1-65535"),
        port => format!("{protocol} {port}"),
    }
}
