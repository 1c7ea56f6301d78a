//! Judges one mapping: which reasons hold, from the mapping, its gateway and what is known around. Total, and a fact more
//! never turns *reachable* into *unreachable* or back: what is not known gives *unknown*.

use super::class::ExternalClass;
use super::reasons::{self, Reason};
use super::surroundings::{Client, Lan, Presence, Surroundings};
use crate::model::device::{Connection, PortMapping, Reach};
use crate::model::text::{Facts, Language};
use std::net::IpAddr;

/// A reason with its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Which.
    pub reason: &'static Reason,
    /// What it rests on.
    pub facts: Facts,
}

impl Judgement {
    /// Its sentence.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        self.reason.sentence.fill(language, &self.facts)
    }

    /// What to do; empty where there is nothing to do.
    #[must_use]
    pub fn remedy(&self, language: Language) -> String {
        self.reason.remedy.fill(language, &self.facts)
    }
}

/// Whether a mapping can be reached, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingReach {
    /// The answer: unreachable as soon as one reason says so, reachable only if all say so.
    pub reach: Reach,
    /// Every reason that holds, the most telling first. Never empty.
    pub reasons: Vec<Judgement>,
    /// Whom it leads to.
    pub client: Client,
}

impl MappingReach {
    /// The reason that decides.
    #[must_use]
    pub fn reason(&self) -> &Judgement {
        // `judge` never leaves the list empty: the last two reasons exclude each other and one of them always holds.
        &self.reasons[0]
    }
}

/// A mapping with what is known of its gateway.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The mapping.
    pub mapping: &'a PortMapping,
    /// The connection in whose table it stands.
    pub connection: Option<&'a Connection>,
    /// What that connection's address says.
    pub class: ExternalClass,
    /// The gateway answered the last search.
    pub up: bool,
    /// Seconds since the mapping was read.
    pub age_seconds: u64,
    /// The router in front, if it is known and passes this port on.
    pub outer: Option<&'a str>,
    /// The gateway's own place.
    pub lan: Lan<'a>,
}

/// The reasons that hold.
#[must_use]
pub fn judge(case: &Case<'_>, around: &Surroundings<'_>) -> MappingReach {
    let client = around.client(&case.mapping.internal_client);
    let facts = facts(case, around, &client);
    let mut holding: Vec<&'static Reason> = Vec::new();
    holding.extend(of_table(case));
    holding.extend(of_gateway(case, around));
    holding.extend(of_client(case, &client));
    holding.extend(of_route(case, &client, around));
    holding.push(if case.mapping.remote_host.is_some() { &reasons::OPEN_TO_ONE } else { &reasons::OPEN });
    let reaches = holding.iter().map(|reason| reason.reach);
    let reach = reaches.max_by_key(|reach| match reach {
        Reach::Reachable => 0,
        Reach::Unknown => 1,
        Reach::Unreachable => 2,
    });
    let reach = reach.unwrap_or(Reach::Unknown);
    // What speaks for it is only worth telling where nothing speaks against.
    holding.retain(|reason| reach == Reach::Reachable || reason.reach != Reach::Reachable);
    holding.sort_by_key(|reason| reasons::REASONS.iter().position(|known| known == reason));
    let reasons = holding.into_iter().map(|reason| Judgement { reason, facts: used(reason, &facts) }).collect();
    MappingReach { reach, reasons, client }
}

/// The facts that a reason's own words name: the rest is no evidence for it.
fn used(reason: &Reason, facts: &Facts) -> Facts {
    let mut places = reason.sentence.places(Language::English);
    places.extend(reason.remedy.places(Language::English));
    let told = |name: &str| {
        let in_any_language = name.trim_end_matches("_ja");
        places.contains(&in_any_language) || (name == "class" && places.contains(&"class_name"))
    };
    facts.iter().filter(|(name, _)| told(name)).map(|(name, value)| (*name, value.clone())).collect()
}

fn facts(case: &Case<'_>, around: &Surroundings<'_>, client: &Client) -> Facts {
    let mapping = case.mapping;
    let port = if mapping.external_port == 0 { "1-65535".to_owned() } else { mapping.external_port.to_string() };
    let mut facts = Facts::from([
        ("client", client.called.clone()),
        ("port", format!("{port} ({})", mapping.protocol.as_str())),
        ("class", case.class.id().to_owned()),
        ("class_name", case.class.rule().name.en.to_owned()),
        ("class_name_ja", case.class.rule().name.ja.to_owned()),
        ("address", super::address_text(case.connection)),
        ("lease", mapping.lease_seconds.to_string()),
        ("remote", mapping.remote_host.clone().unwrap_or_default()),
        ("outer", case.outer.unwrap_or_default().to_owned()),
        ("router", case.lan.ip.map_or_else(|| "?".to_owned(), |ip| ip.to_string())),
    ]);
    facts.insert("ranges", around.map_e.map(super::range_text).unwrap_or_default());
    let defaults = around.default_routes.unwrap_or_default().iter().map(|(_, ip)| ip.to_string());
    let defaults = defaults.collect::<Vec<_>>().join(", ");
    facts.insert("default", if defaults.is_empty() { "-".to_owned() } else { defaults });
    facts
}

fn of_table(case: &Case<'_>) -> Vec<&'static Reason> {
    let mapping = case.mapping;
    let over = mapping.lease_seconds > 0 && case.age_seconds > u64::from(mapping.lease_seconds);
    let checks = [(!mapping.enabled, &reasons::DISABLED), (over, &reasons::LEASE_OVER)];
    checks.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason).collect()
}

fn of_gateway(case: &Case<'_>, around: &Surroundings<'_>) -> Vec<&'static Reason> {
    use ExternalClass as Class;
    let mut found: Vec<&'static Reason> = Vec::new();
    if !case.up {
        found.push(&reasons::GATEWAY_SILENT);
    }
    let port = case.mapping.external_port;
    match case.class {
        Class::DoubleNat | Class::Private if case.outer.is_some() => found.push(&reasons::OUTER),
        Class::DsLite | Class::Cgnat | Class::DoubleNat | Class::Private => found.push(&reasons::ADDRESS),
        Class::Down => found.push(&reasons::DOWN),
        Class::NoAddress | Class::Unknown => found.push(&reasons::ADDRESS_UNKNOWN),
        Class::MapEPossible => found.push(&reasons::SHARED),
        // Every port includes ours.
        Class::MapE if port != 0 && around.map_e.is_some_and(|share| !share.contains(port)) => {
            found.push(&reasons::FOREIGN_PORT);
        }
        Class::MapE | Class::Public => {}
    }
    if case.connection.and_then(|c| c.nat_enabled) == Some(false) {
        found.push(&reasons::NAT_OFF);
    }
    found
}

fn of_client(case: &Case<'_>, client: &Client) -> Option<&'static Reason> {
    let Some(ip) = client.ip else { return Some(&reasons::CLIENT_NAMED) };
    match ip {
        _ if client.mine => None,
        IpAddr::V4(v4) if !can_be_a_host(v4) => Some(&reasons::NO_HOST),
        _ if !case.lan.contains(ip) => Some(&reasons::CLIENT_ELSEWHERE),
        _ => match client.presence {
            Presence::Present => None,
            Presence::Silent => Some(&reasons::CLIENT_SILENT),
            Presence::Unknown => Some(&reasons::CLIENT_UNSEEN),
        },
    }
}

/// Not what a device on a LAN can have: nobody, everybody, itself, a group, or nobody's yet.
fn can_be_a_host(ip: std::net::Ipv4Addr) -> bool {
    !(ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || ip.octets()[0] == 0 || ip.octets()[0] >= 240)
}

fn of_route(case: &Case<'_>, client: &Client, around: &Surroundings<'_>) -> Option<&'static Reason> {
    let by_this = around.is_default(&case.lan);
    match (client.mine, by_this) {
        (true, Some(false)) => Some(&reasons::NOT_DEFAULT),
        (_, None) | (false, Some(false)) => Some(&reasons::ROUTE_UNKNOWN),
        (true, Some(true)) => None,
        // Other hosts have their default gateway from the same place as this one, unless there are several to choose
        // from.
        (false, Some(true)) => (case.lan.routers > 1).then_some(&reasons::ROUTE_UNKNOWN),
    }
}
