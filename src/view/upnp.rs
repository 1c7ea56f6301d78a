//! Devices, gateways and port mappings as rows, plain text and JSON. Draws no borders (`app` does, where there is a
//! terminal) and judges nothing.

use super::upnp_list_words as list;
use super::upnp_words::{self as words, say};
use crate::explain::reach::Assessment;
use crate::model::device::{Device, Discovery, Gateway, PortMapping};
use crate::model::text::Language;
use crate::observe::catalogue::{Change, MappingChange};
use crate::observe::devices::{DeviceChange, Presence, Reason};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

/// What a stranger named himself, fit for a terminal: control characters (escape sequences) and the marks that turn
/// the reading direction become U+FFFD.
#[must_use]
pub fn printable(text: &str) -> String {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    text.chars().map(|c| if harmful(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A lease as a person reads it, by its two largest units.
#[must_use]
pub fn lease(seconds: u32, language: Language) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let text = match (days, hours, minutes) {
        _ if seconds == 0 => &list::NO_END,
        (0, 0, 0) => &list::SECONDS,
        (0, 0, _) => &list::MINUTES,
        (0, ..) => &list::HOURS,
        _ => &list::DAYS,
    };
    let facts = [("days", days), ("hours", hours), ("minutes", minutes), ("seconds", seconds)];
    say(text, language, facts.map(|(name, number)| (name, number.to_string())))
}

/// What devices call themselves, by address. Where several share one, the first by name in the alphabet.
#[must_use]
pub fn names(devices: &[Device]) -> BTreeMap<IpAddr, &str> {
    let mut names: BTreeMap<IpAddr, &str> = BTreeMap::new();
    for device in devices.iter().filter(|d| !d.friendly_name.is_empty()) {
        let name = names.entry(device.ip).or_insert(&device.friendly_name);
        *name = (*name).min(&device.friendly_name);
    }
    names
}

/// What is judged about gateways, and in which language to say it.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The judgement.
    pub assessment: &'a Assessment,
    /// Whom to.
    pub language: Language,
}

/// Something in it deserves a look: a finding, or a gateway that could not be read as it should.
#[must_use]
pub fn worth_a_look(discovery: &Discovery, assessment: &Assessment) -> bool {
    !assessment.findings.is_empty() || discovery.gateways.iter().any(|gateway| !gateway.problems.is_empty())
}

/// Every device that `wanted` may mean: by UDN (with or without `uuid:`) or address, else by name, else by a part of
/// it. Several are ambiguous.
#[must_use]
pub fn matching<'a>(devices: &'a [Device], wanted: &str) -> Vec<&'a Device> {
    let wanted = wanted.trim().to_lowercase();
    let by = |fits: &dyn Fn(&Device) -> bool| devices.iter().filter(|device| fits(device)).collect::<Vec<_>>();
    let exact = by(&|device| {
        let udn = device.udn.to_lowercase();
        udn == wanted || udn.strip_prefix("uuid:") == Some(&*wanted) || device.ip.to_string() == wanted
    });
    if !exact.is_empty() || wanted.is_empty() {
        return exact;
    }
    let named = by(&|device| device.friendly_name.to_lowercase() == wanted);
    if named.is_empty() { by(&|device| device.friendly_name.to_lowercase().contains(&wanted)) } else { named }
}

/// The mappings of a gateway, a row each.
#[must_use]
pub fn mapping_rows(gateway: &Gateway, names: &BTreeMap<IpAddr, &str>, judged: Judged<'_>) -> Vec<[String; 6]> {
    let rows = gateway.mappings.iter().enumerate();
    let row = |(place, mapping): (usize, &PortMapping)| {
        let reach = judged.assessment.mapping(gateway.key(), place);
        // What the user calls it, then what it calls itself.
        let called = reach.and_then(|reach| reach.client.name.as_deref());
        let itself = || mapping.internal_client.parse().ok().and_then(|ip: IpAddr| names.get(&ip).copied());
        mapping_row(mapping, called.or_else(itself), super::reach::word(reach, judged.language), judged.language)
    };
    rows.map(row).collect()
}

fn mapping_row(mapping: &PortMapping, name: Option<&str>, reach: &str, language: Language) -> [String; 6] {
    let client = printable(&mapping.internal_client);
    let name = name.map(|name| format!(" ({})", printable(name))).unwrap_or_default();
    let mut external = match mapping.external_port {
        0 => list::EVERY_PORT.template(language).to_owned(),
        port => port.to_string(),
    };
    if let Some(host) = &mapping.remote_host {
        external = say(&list::FROM_HOST, language, [("port", external), ("host", printable(host))]);
    }
    if !mapping.enabled {
        external = say(&list::DISABLED, language, [("port", external)]);
    }
    [
        printable(mapping.protocol.as_str()),
        external,
        format!("{client}:{}{name}", mapping.internal_port),
        reach.into(),
        lease(mapping.lease_seconds, language),
        printable(&mapping.description),
    ]
}

/// Every device, a row each.
#[must_use]
pub fn device_rows(devices: &[Device], language: Language) -> Vec<[String; 4]> {
    let row = |device: &Device| {
        let name = match (&device.friendly_name, &device.problem) {
            (name, _) if !name.is_empty() => printable(name),
            (_, Some(problem)) => format!("? {}", printable(&problem.say(language))),
            _ => "?".into(),
        };
        let parts = [device.manufacturer.as_str(), device.model.as_str()];
        let model = parts.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(" ");
        let model = if model.is_empty() { &device.server } else { &model };
        [device.ip.to_string(), name, printable(model), device.interface.to_string()]
    };
    devices.iter().map(row).collect()
}

/// The lines above a gateway's mappings: name, address, external address, description.
#[must_use]
pub fn gateway_heading(gateway: &Gateway, language: Language) -> String {
    let nameless = list::NAMELESS_GATEWAY.template(language);
    let name = if gateway.friendly_name.is_empty() { nameless } else { &gateway.friendly_name };
    let unknown = || list::UNKNOWN.template(language).to_owned();
    let external = gateway.external_address.map_or_else(unknown, |address| address.to_string());
    let count = match gateway.mappings.len() {
        0 if gateway.complete => &list::NO_MAPPINGS,
        0 => &list::NONE_READ,
        1 => &list::ONE_MAPPING,
        _ => &list::MANY_MAPPINGS,
    };
    let count = say(count, language, [("count", gateway.mappings.len().to_string())]);
    let (head, ip) = match gateway.ip {
        Some(ip) => (&list::HEADING, ip.to_string()),
        None => (&list::HEADING_NOWHERE, String::new()),
    };
    let facts = [("name", printable(name)), ("ip", ip), ("interface", gateway.interface.to_string()), ("count", count)];
    let head = say(head, language, facts);
    let location = printable(&gateway.location);
    let facts = [("external", external), ("location", location), ("udn", printable(&gateway.udn))];
    let mut text = format!("{head}\n{}", say(&list::GATEWAY_FACTS, language, facts));
    for line in connection_lines(gateway, language) {
        let _ = writeln!(text, "  {line}");
    }
    text
}

/// `ConnectionStatus` (WANIPConnection:1, 2.2.3) in words; what the standard does not know, as it came.
#[must_use]
pub fn connection_status(status: &str, language: Language) -> String {
    let known = list::STATUSES.iter().find(|(id, _)| id.eq_ignore_ascii_case(status));
    known.map_or_else(|| printable(status), |(_, text)| text.template(language).to_owned())
}

/// What a gateway says of its connection, its line and its IPv6 firewall: a line each, as far as it tells.
fn connection_lines(gateway: &Gateway, language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(status) = gateway.primary().and_then(|primary| primary.status.as_deref()) {
        let status = connection_status(status, language);
        let uptime = gateway.primary().and_then(|primary| primary.uptime_seconds).filter(|uptime| *uptime > 0);
        lines.push(match uptime {
            Some(uptime) => {
                say(&list::CONNECTION_FOR, language, [("status", status), ("time", lease(uptime, language))])
            }
            None => say(&list::CONNECTION, language, [("status", status)]),
        });
    }
    for link in &gateway.links {
        if let (Some(down), Some(up)) = (link.down_bits_per_second, link.up_bits_per_second) {
            let facts = [("down", megabits(down)), ("up", megabits(up))];
            lines.push(say(&list::LINE, language, facts));
        }
        if let (Some(down), Some(up)) = (link.bytes_received, link.bytes_sent) {
            lines.push(say(&list::TRAFFIC, language, [("down", bytes(down)), ("up", bytes(up))]));
        }
    }
    if let Some(firewall) = gateway.ipv6_firewall {
        let text = match (firewall.enabled, firewall.pinholes_allowed) {
            (false, _) => &list::FIREWALL_OFF,
            (true, true) => &list::FIREWALL_PINHOLES,
            (true, false) => &list::FIREWALL_CLOSED,
        };
        lines.push(text.template(language).to_owned());
    }
    lines
}

/// Megabits a second, with a decimal below ten.
fn megabits(bits: u64) -> String {
    if bits < 10_000_000 { format!("{:.1}", bits as f64 / 1e6) } else { (bits / 1_000_000).to_string() }
}

/// Bytes in the largest decimal unit that leaves a whole number.
fn bytes(count: u64) -> String {
    let units = [(1_000_000_000_000_u64, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    match units.iter().find(|(size, _)| count >= *size) {
        Some((size, unit)) => format!("{:.1} {unit}", count as f64 / *size as f64),
        None => format!("{count} B"),
    }
}

/// Devices as JSON, their sentences in one language.
#[must_use]
pub fn devices_json<'a>(devices: impl Iterator<Item = &'a Device>, language: Language) -> Value {
    let device = |device: &Device| {
        let mut value = json!(device);
        value["problem"] = json!(device.problem.as_ref().map(|problem| problem.say(language)));
        value
    };
    devices.map(device).collect()
}

/// The problems of a gateway, a line each, indented.
#[must_use]
pub fn gateway_problems(gateway: &Gateway, language: Language) -> String {
    gateway.problems.iter().fold(String::new(), |mut text, problem| {
        let _ = writeln!(text, "  ! {}", printable(&problem.say(language)));
        text
    })
}

/// A discovery as plain text: aligned columns without borders.
#[must_use]
pub fn plain(discovery: &Discovery, judged: Judged<'_>) -> String {
    render(discovery, judged, &mut |head, rows| columns(head, rows))
}

/// Draws a table from its head and its rows, a line break at the end included.
pub type DrawTable<'a> = dyn FnMut(&[&str], &[Vec<String>]) -> String + 'a;

/// A discovery as text whose tables `table` draws.
pub fn render(discovery: &Discovery, judged: Judged<'_>, table: &mut DrawTable<'_>) -> String {
    let names = names(&discovery.devices);
    let head = list::MAPPING_COLUMNS.map(|text| text.template(judged.language));
    let mut text = String::new();
    for gateway in &discovery.gateways {
        text.push_str(&gateway_heading(gateway, judged.language));
        let rows = mapping_rows(gateway, &names, judged).into_iter().map(Vec::from).collect::<Vec<_>>();
        if !rows.is_empty() {
            text.push_str(&table(&head, &rows));
        }
        text.push_str(&super::reach::lines(gateway, judged.assessment, judged.language));
        text.push_str(&gateway_problems(gateway, judged.language));
        text.push('\n');
    }
    text.push_str(&devices(&discovery.devices, judged.language, table));
    text
}

/// The devices as text whose table `table` draws; nothing where there are none.
pub fn devices(devices: &[Device], language: Language, table: &mut DrawTable<'_>) -> String {
    let rows = device_rows(devices, language).into_iter().map(Vec::from).collect::<Vec<_>>();
    if rows.is_empty() {
        return String::new();
    }
    let columns = list::DEVICE_COLUMNS.map(|text| text.template(language));
    let head = say(&list::ANSWERED, language, [("count", rows.len().to_string())]);
    format!("{head}\n{}", table(&columns, &rows))
}

/// Left-aligned columns, two spaces apart; the last is not padded.
#[must_use]
pub fn columns(head: &[&str], rows: &[Vec<String>]) -> String {
    let head = head.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    let mut widths = vec![0; head.len()];
    for (widest, cell) in std::iter::once(&head).chain(rows).flat_map(|row| widths_of(row).enumerate()) {
        widths[widest] = cell.max(widths[widest]);
    }
    let mut text = String::new();
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::from("  ");
        for ((cell, wide), widest) in row.iter().zip(widths_of(row)).zip(&widths) {
            let _ = write!(line, "{cell}{:padding$}  ", "", padding = widest - wide);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn widths_of(row: &[String]) -> impl Iterator<Item = usize> {
    row.iter().map(|cell| cell.chars().map(cells).sum())
}

/// Terminal cells of a character (Unicode Annex 11, East Asian wide and fullwidth, by block): devices in Japan have
/// Japanese names.
fn cells(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200d | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// Why nobody, or no gateway, may have answered: `None` where there is nothing to explain. `searched` names each
/// interface with the address that it was searched from.
#[must_use]
pub fn silence(discovery: &Discovery, searched: &[String], seconds: f64, language: Language) -> Option<String> {
    let place = if searched.is_empty() { "-".into() } else { searched.join(", ") };
    let (head, reasons) = match (discovery.devices.is_empty(), discovery.gateways.is_empty()) {
        (true, _) => (&words::NO_DEVICE, words::NO_DEVICE_REASONS.as_slice()),
        (false, true) => (&words::NO_GATEWAY, words::NO_GATEWAY_REASONS.as_slice()),
        (false, false) => return None,
    };
    let mut text = say(head, language, [("place", place), ("seconds", format!("{seconds:.0}"))]);
    text.push('\n');
    for reason in reasons {
        let _ = writeln!(text, "  - {}", reason.template(language));
    }
    if !discovery.refused.is_empty() {
        let list = discovery.refused.iter().map(|(reason, count)| format!("{reason} {count}"));
        let list = list.collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "{}", say(&words::ANSWERS_REFUSED, language, [("list", list)]));
    }
    Some(text)
}

/// A change of a mapping as a sentence.
#[must_use]
pub fn change(change: &MappingChange, language: Language) -> String {
    let text = match change.change {
        Change::Added => &list::OPENED,
        Change::Removed => &list::CLOSED,
    };
    let mapping = &change.mapping;
    let judged = change.judged.as_ref();
    let who = judged.and_then(|judged| judged.client_name.as_deref().or(judged.client_vendor));
    let who = who.map(|who| say(&list::WHO, language, [("name", printable(who))])).unwrap_or_default();
    let reach = judged.map(|judged| {
        let reach = super::reach::reach_word(judged.reachability, language).to_owned();
        let facts = [("reach", reach), ("reason", printable(&judged.why.say(language)))];
        say(&list::FROM_INTERNET, language, facts)
    });
    let facts = [
        ("protocol", printable(mapping.protocol.as_str())),
        ("port", mapping.external_port.to_string()),
        ("gateway", printable(&change.gateway_name)),
        ("target", format!("{}:{}", printable(&mapping.internal_client), mapping.internal_port)),
        ("who", who),
        ("description", printable(&mapping.description)),
        ("reach", reach.unwrap_or_default()),
    ];
    say(text, language, facts)
}

/// A device that came, went or changed, as a sentence.
#[must_use]
pub fn device_change(change: &DeviceChange, language: Language) -> String {
    let device = &change.device;
    let name = if device.friendly_name.is_empty() { &device.udn } else { &device.friendly_name };
    let text = match change.change {
        Presence::Came => &list::CAME,
        Presence::Went => &list::WENT,
        Presence::Changed => &list::CHANGED,
    };
    let how = match change.reason {
        Reason::Answer => &list::BY_ANSWER,
        Reason::Announcement => &list::BY_ANNOUNCEMENT,
        Reason::Goodbye => &list::BY_GOODBYE,
        Reason::Silence => &list::BY_SILENCE,
    };
    let facts = [
        ("name", printable(name)),
        ("ip", device.ip.to_string()),
        ("interface", device.interface.to_string()),
        ("how", how.template(language).to_owned()),
    ];
    say(text, language, facts)
}

#[cfg(test)]
#[path = "upnp_tests.rs"]
mod tests;
