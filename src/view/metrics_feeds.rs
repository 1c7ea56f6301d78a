//! `/metrics`: what the SNMP and discovery feeds found, bounded.

use super::exposition::{Exposition, Family, Kind};
use crate::engine::agenda::Counts;
use crate::engine::{Listening, Search};
use crate::model::Time;
use crate::model::device::Gateway;
use crate::observe::catalogue::{Catalogue, Change};
use crate::observe::devices::Presence;
use crate::observe::targets::TargetStatus;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Port mappings that get a series of their own; the rest is counted.
const MAX_MAPPINGS: usize = 256;
/// Port mappings that are looked at one by one; a gateway may have 8,192, and the engine waits meanwhile.
const MAX_LOOKED_AT: usize = 1024;

const UP: Family = Family {
    name: "stormglass_up",
    kind: Kind::Gauge,
    labels: &["target"],
    help: "1 if the SNMP target answered the last poll.",
};
const POLL_SECONDS: Family = Family {
    name: "stormglass_poll_duration_seconds",
    kind: Kind::Gauge,
    labels: &["target"],
    help: "How long the last answered poll took.",
};
const LAST_POLL: Family = Family {
    name: "stormglass_target_last_success_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &["target"],
    help: "When the target last answered; polls run on a timer of their own.",
};
const POLLS: Family = Family {
    name: "stormglass_polls_total",
    kind: Kind::Counter,
    labels: &[],
    help: "Polls of SNMP targets begun since the start.",
};
const POLLS_LATE: Family = Family {
    name: "stormglass_polls_late_total",
    kind: Kind::Counter,
    labels: &[],
    help: "Polls that began more than a second after their time.",
};
const POLLS_MISSED: Family = Family {
    name: "stormglass_polls_missed_total",
    kind: Kind::Counter,
    labels: &[],
    help: "Polls that were left out, because the one before had not ended by then.",
};
const LATENESS: Family = Family {
    name: "stormglass_poll_lateness_seconds_total",
    kind: Kind::Counter,
    labels: &[],
    help: "By how much polls began after their time, all together.",
};
const IN_FLIGHT: Family = Family {
    name: "stormglass_polls_in_flight",
    kind: Kind::Gauge,
    labels: &[],
    help: "Polls that have begun and not ended.",
};
const WAITING: Family = Family {
    name: "stormglass_polls_waiting",
    kind: Kind::Gauge,
    labels: &[],
    help: "Polls that are due and wait for others to end.",
};
const ERRORS: Family = Family {
    name: "stormglass_poll_errors_total",
    kind: Kind::Counter,
    labels: &["reason"],
    help: "Polls that were not answered, by reason.",
};
const DISCONTINUITIES: Family = Family {
    name: "stormglass_discontinuities_total",
    kind: Kind::Counter,
    labels: &["reason"],
    help: "Counter intervals without an honest difference: restarts, wraps, renumbering.",
};
const FDB_MOVES: Family = Family {
    name: "stormglass_fdb_moves_total",
    kind: Kind::Counter,
    labels: &["target"],
    help: "MAC addresses found behind another port than before (BRIDGE-MIB dot1dTpFdbPort).",
};
const DEVICES: Family = Family {
    name: "stormglass_upnp_devices",
    kind: Kind::Gauge,
    labels: &["kind"],
    help: "UPnP root devices known, by kind of device type.",
};
const GATEWAY_UP: Family = Family {
    name: "stormglass_upnp_gateway_up",
    kind: Kind::Gauge,
    labels: &["gateway"],
    help: "1 if the gateway answered the last search (by UDN, at most 16).",
};
const CHANGES: Family = Family {
    name: "stormglass_upnp_mapping_changes_total",
    kind: Kind::Counter,
    labels: &["change"],
    help: "Port mappings that came or went since the start.",
};
const MAPPINGS: Family = Family {
    name: "stormglass_upnp_port_mappings",
    kind: Kind::Gauge,
    labels: &["gateway"],
    help: "Port mappings of the gateway.",
};
const MAPPING: Family = Family {
    name: "stormglass_upnp_port_mapping",
    kind: Kind::Gauge,
    labels: &["gateway", "protocol", "external_port", "internal_client"],
    help: "1 for each enabled port mapping, 0 for a disabled one (at most 256 in all).",
};
const LEFT_OFF: Family = Family {
    name: "stormglass_upnp_port_mappings_left_off",
    kind: Kind::Gauge,
    labels: &[],
    help: "Port mappings without a series, because there are more than 256.",
};
const ANSWERS_REFUSED: Family = Family {
    name: "stormglass_upnp_answers_refused",
    kind: Kind::Gauge,
    labels: &["reason"],
    help: "Answers of the last search that were refused, by reason.",
};

const DEVICE_CHANGES: Family = Family {
    name: "stormglass_upnp_device_changes_total",
    kind: Kind::Counter,
    labels: &["change"],
    help: "UPnP devices that came, went or changed since the start.",
};
const ANNOUNCEMENTS: Family = Family {
    name: "stormglass_upnp_announcements_total",
    kind: Kind::Counter,
    labels: &["kind"],
    help: "SSDP NOTIFY datagrams taken since the start: alive, update, byebye.",
};
const ANNOUNCEMENTS_REFUSED: Family = Family {
    name: "stormglass_upnp_announcements_refused_total",
    kind: Kind::Counter,
    labels: &["reason"],
    help: "Announcements, and fetches they asked for, that were refused since the start, by reason.",
};

/// The families of this file, in order.
pub const FAMILIES: &[&Family] = &[
    &UP,
    &POLL_SECONDS,
    &LAST_POLL,
    &POLLS,
    &POLLS_LATE,
    &POLLS_MISSED,
    &LATENESS,
    &IN_FLIGHT,
    &WAITING,
    &ERRORS,
    &DISCONTINUITIES,
    &FDB_MOVES,
    &DEVICES,
    &GATEWAY_UP,
    &CHANGES,
    &MAPPINGS,
    &MAPPING,
    &LEFT_OFF,
    &ANSWERS_REFUSED,
    &DEVICE_CHANGES,
    &ANNOUNCEMENTS,
    &ANNOUNCEMENTS_REFUSED,
];

/// Gateways with series; more than two in one LAN is already a finding.
const MAX_GATEWAYS: usize = 16;

/// What is written of a target.
#[derive(Clone, Debug)]
pub struct TargetLine {
    name: Arc<str>,
    up: bool,
    poll_seconds: Option<f64>,
    last_success: Option<Time>,
    fdb_moves: u64,
}

impl From<&TargetStatus> for TargetLine {
    fn from(status: &TargetStatus) -> Self {
        Self {
            name: Arc::clone(&status.name),
            up: status.up,
            poll_seconds: status.poll_seconds,
            last_success: status.last_success,
            fdb_moves: status.fdb_moves,
        }
    }
}

impl TargetLine {
    /// What the target is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Counts since the start, by reason.
pub type Reasons = Vec<(&'static str, u64)>;

/// Writes the state of the polled targets. `errors`: polls that were not answered; `discontinuities`: intervals without an
/// honest difference.
pub fn snmp(out: &mut Exposition, targets: &[TargetLine], errors: &Reasons, discontinuities: &Reasons) {
    out.family(&UP);
    for target in targets {
        out.sample(&UP, &[&target.name], f64::from(u8::from(target.up)));
    }
    out.family(&POLL_SECONDS);
    for (target, seconds) in targets.iter().filter_map(|target| Some((target, target.poll_seconds?))) {
        out.sample(&POLL_SECONDS, &[&target.name], seconds);
    }
    out.family(&LAST_POLL);
    for (target, at) in targets.iter().filter_map(|target| Some((target, target.last_success?))) {
        out.sample(&LAST_POLL, &[&target.name], at.as_secs_f64());
    }
    for (family, counts) in [(&ERRORS, errors), (&DISCONTINUITIES, discontinuities)] {
        out.family(family);
        for (reason, n) in counts {
            out.sample(family, &[reason], *n as f64);
        }
    }
    out.family(&FDB_MOVES);
    for target in targets {
        out.sample(&FDB_MOVES, &[&target.name], target.fdb_moves as f64);
    }
}

/// Parts of device types that have a kind of their own; everything else is `other`.
const DEVICE_KINDS: [(&str, &str); 6] = [
    (":InternetGatewayDevice:", "gateway"),
    (":MediaServer:", "media_server"),
    (":MediaRenderer:", "media_renderer"),
    (":WLANAccessPointDevice:", "access_point"),
    (":Printer:", "printer"),
    ("", "other"),
];

fn device_kind(device_type: &str) -> &'static str {
    DEVICE_KINDS.iter().find(|(part, _)| device_type.contains(part)).map_or("other", |(_, kind)| kind)
}

/// Writes how the polling of SNMP targets goes.
pub fn polling(out: &mut Exposition, counts: &Counts) {
    let mut one = |family: &Family, value: f64| {
        out.family(family);
        out.sample(family, &[], value);
    };
    one(&POLLS, counts.started as f64);
    one(&POLLS_LATE, counts.late as f64);
    one(&POLLS_MISSED, counts.missed as f64);
    one(&LATENESS, counts.lateness_seconds);
    one(&IN_FLIGHT, counts.in_flight as f64);
    one(&WAITING, counts.waiting as f64);
}

/// Writes what the UPnP searches found.
pub fn upnp(out: &mut Exposition, catalogue: &Catalogue, search: &Search) {
    out.family(&DEVICES);
    let mut kinds = BTreeMap::from(DEVICE_KINDS.map(|(_, kind)| (kind, 0_u64)));
    for device in catalogue.devices() {
        *kinds.entry(device_kind(&device.device_type)).or_default() += 1;
    }
    for (kind, n) in kinds {
        out.sample(&DEVICES, &[kind], n as f64);
    }
    out.family(&GATEWAY_UP);
    // One that names no UDN is known by where its description is.
    let name = |gateway: &Gateway| if gateway.udn.is_empty() { gateway.location.clone() } else { gateway.udn.clone() };
    let records = catalogue.records().map(|record| (name(&record.gateway), record)).collect::<BTreeMap<_, _>>();
    for (udn, record) in records.iter().take(MAX_GATEWAYS) {
        out.sample(&GATEWAY_UP, &[udn], f64::from(u8::from(record.up)));
    }
    let gateways = records.iter().map(|(udn, record)| (udn.as_str(), &record.gateway)).collect::<BTreeMap<_, _>>();
    out.family(&CHANGES);
    for change in [Change::Added, Change::Removed] {
        out.sample(&CHANGES, &[change.id()], catalogue.count(change) as f64);
    }
    out.family(&MAPPINGS);
    for (udn, gateway) in gateways.iter().take(MAX_GATEWAYS) {
        out.sample(&MAPPINGS, &[udn], gateway.mappings.len() as f64);
    }
    let mut series = BTreeMap::new();
    let all = || gateways.iter().take(MAX_GATEWAYS).flat_map(|(udn, g)| g.mappings.iter().map(move |m| (udn, m)));
    // Beyond those nobody looks whether they share a series with an earlier one.
    let mut left_off = all().count().saturating_sub(MAX_LOOKED_AT);
    for (udn, mapping) in all().take(MAX_LOOKED_AT) {
        let key = (*udn, mapping.protocol.as_str(), mapping.external_port, mapping.internal_client.as_str());
        if series.len() < MAX_MAPPINGS || series.contains_key(&key) {
            *series.entry(key).or_insert(false) |= mapping.enabled;
        } else {
            left_off += 1;
        }
    }
    out.family(&MAPPING);
    for ((udn, protocol, port, client), enabled) in series {
        out.sample(&MAPPING, &[udn, protocol, &port.to_string(), client], f64::from(u8::from(enabled)));
    }
    out.family(&LEFT_OFF);
    out.sample(&LEFT_OFF, &[], left_off as f64);
    out.family(&ANSWERS_REFUSED);
    for (reason, n) in &search.refused {
        out.sample(&ANSWERS_REFUSED, &[reason], *n as f64);
    }
}

/// Writes what devices announced by themselves.
pub fn announcements(out: &mut Exposition, catalogue: &Catalogue, listening: &Listening) {
    out.family(&DEVICE_CHANGES);
    for change in Presence::ALL {
        out.sample(&DEVICE_CHANGES, &[change.id()], catalogue.devices.count(change) as f64);
    }
    out.family(&ANNOUNCEMENTS);
    for (kind, count) in ["alive", "update", "byebye"].into_iter().zip(listening.taken) {
        out.sample(&ANNOUNCEMENTS, &[kind], count as f64);
    }
    out.family(&ANNOUNCEMENTS_REFUSED);
    for (reason, count) in &listening.refused {
        out.sample(&ANNOUNCEMENTS_REFUSED, &[reason], *count as f64);
    }
}
