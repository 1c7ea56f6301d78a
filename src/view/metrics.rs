//! `/metrics`: the families of stormglass about itself, about storms and about frames. No MAC, address or group is a
//! label without a bound: the loudest ten, the latest sixteen; the rest is JSON.

use super::exposition::{Exposition, Family, Kind};
use crate::engine::{Coverage, Delays, FeedCount, Snapshot, State};
use crate::explain::CAUSES;
use crate::model::Time;
use crate::model::frames::Protocol;
use crate::model::verdict::{Party, Phase, Severity, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Storms shown by `stormglass_storm_info`.
const MAX_INFO: usize = 16;
/// A storm that is over is shown there this long, so that no scrape misses it.
const INFO_FOR: Duration = Duration::from_secs(3600);

const BUILD_INFO: Family = Family {
    name: "stormglass_build_info",
    kind: Kind::Gauge,
    labels: &["version"],
    help: "1, with the version of this program.",
};
const STATE: Family = Family {
    name: "stormglass_state",
    kind: Kind::Gauge,
    labels: &["state"],
    help: "1 for the present state of the network: quiet, blind (nothing is watched), over (not yet verified), warning or storm.",
};
const STORM_ACTIVE: Family = Family {
    name: "stormglass_storm_active",
    kind: Kind::Gauge,
    labels: &["segment", "cause", "severity"],
    help: "Storms and warnings that go on now.",
};
const STORM_INFO: Family = Family {
    name: "stormglass_storm_info",
    kind: Kind::Gauge,
    labels: &["storm", "segment", "cause", "severity", "mac", "ip", "vendor", "name", "port"],
    help: "1 while the storm goes on, 0 for an hour after it, with the culprit (at most 16 storms).",
};
const STORMS: Family = Family {
    name: "stormglass_storms_total",
    kind: Kind::Counter,
    labels: &["segment", "cause"],
    help: "Storms begun since the start, by cause.",
};
const STORM_FRAMES: Family = Family {
    name: "stormglass_storm_frames_per_second",
    kind: Kind::Gauge,
    labels: &["storm"],
    help: "Frames of the storm in the last second (at most 16 storms).",
};
const STORM_START: Family = Family {
    name: "stormglass_storm_last_start_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &["segment"],
    help: "When the latest storm of the segment began.",
};
const STORM_END: Family = Family {
    name: "stormglass_storm_last_end_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &["segment"],
    help: "When the latest storm of the segment that is over ended.",
};
const UNVERIFIED: Family = Family {
    name: "stormglass_storm_unverified",
    kind: Kind::Gauge,
    labels: &["segment"],
    help: "1 if the latest storm of the segment is over and nobody has verified that it can't come back.",
};
const DELAY: Family = Family {
    name: "stormglass_verdict_delay_seconds",
    kind: Kind::Histogram,
    labels: &["feed"],
    help: "Time from the first frame of a storm or warning to its verdict.",
};
const COVERED: Family = Family {
    name: "stormglass_segment_covered",
    kind: Kind::Gauge,
    labels: &["segment", "feed"],
    help: "1 if the feed works: capture per interface, snmp per target, discovery per interface.",
};
const GROUP_FRAMES: Family = Family {
    name: "stormglass_group_frames_total",
    kind: Kind::Counter,
    labels: &["interface", "protocol"],
    help: "Multicast and broadcast frames captured, by what they carry.",
};
const REPLICAS: Family = Family {
    name: "stormglass_replica_frames_total",
    kind: Kind::Counter,
    labels: &["interface"],
    help: "Group frames that repeated a datagram seen within the last second.",
};
const TOP_SOURCES: Family = Family {
    name: "stormglass_top_source_frames_per_second",
    kind: Kind::Gauge,
    labels: &["interface", "mac"],
    help: "Group frames per second of the loudest sources (at most 10 per interface).",
};
const TOP_FLOWS: Family = Family {
    name: "stormglass_top_flow_frames_per_second",
    kind: Kind::Gauge,
    labels: &["segment", "mac", "protocol"],
    help: "Group frames per second by source and by what they carry, the busiest of each capture interface (at most 10).",
};
const DROPPED: Family = Family {
    name: "stormglass_capture_dropped_frames_total",
    kind: Kind::Counter,
    labels: &["interface"],
    help: "Frames lost before they were looked at: PACKET_STATISTICS tp_drops, and what sampling left out.",
};
const MALFORMED: Family = Family {
    name: "stormglass_capture_malformed_frames_total",
    kind: Kind::Counter,
    labels: &["interface"],
    help: "Captured frames that could not be read.",
};
const REFUSED: Family = Family {
    name: "stormglass_refused_total",
    kind: Kind::Counter,
    labels: &["table"],
    help: "Entries that found no room in a bounded table.",
};
const LAST_SUCCESS: Family = Family {
    name: "stormglass_feed_last_success_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &["feed"],
    help: "When the feed last brought facts.",
};

/// The families of this file, in order.
pub const FAMILIES: &[&Family] = &[
    &BUILD_INFO,
    &STATE,
    &STORM_ACTIVE,
    &STORM_INFO,
    &STORMS,
    &STORM_FRAMES,
    &STORM_START,
    &STORM_END,
    &UNVERIFIED,
    &DELAY,
    &COVERED,
    &GROUP_FRAMES,
    &REPLICAS,
    &TOP_SOURCES,
    &TOP_FLOWS,
    &DROPPED,
    &MALFORMED,
    &REFUSED,
    &LAST_SUCCESS,
];

/// Writes storms and frames of a snapshot.
pub fn write(out: &mut Exposition, snapshot: &Snapshot) {
    out.family(&BUILD_INFO);
    out.sample(&BUILD_INFO, &[env!("CARGO_PKG_VERSION")], 1.0);
    out.family(&STATE);
    for state in State::ALL {
        out.sample(&STATE, &[state.id()], flag(state == snapshot.state));
    }
    storms(out, snapshot);
    frames(out, snapshot);
}

fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}

fn storms(out: &mut Exposition, snapshot: &Snapshot) {
    let open = || snapshot.verdicts.iter().filter(|v| v.phase != Phase::Over);
    let mut active: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    // Zero where there is nothing, so that an alert on a rise sees the first one.
    for segment in &snapshot.segments {
        for cause in CAUSES {
            for severity in Severity::ALL {
                active.insert((segment, cause.id(), severity.id()), 0);
            }
        }
    }
    for verdict in open() {
        *active.entry((&verdict.segment, verdict.cause, verdict.severity.id())).or_default() += 1;
    }
    out.family(&STORM_ACTIVE);
    for ((segment, cause, severity), n) in active {
        out.sample(&STORM_ACTIVE, &[segment, cause, severity], n as f64);
    }
    let shown = info(snapshot);
    out.family(&STORM_INFO);
    for verdict in &shown {
        storm_info(out, verdict);
    }
    out.family(&STORM_FRAMES);
    for verdict in &shown {
        out.sample(&STORM_FRAMES, &[&verdict.id], verdict.current_pps as f64);
    }
    out.family(&STORMS);
    let mut started = snapshot.storms_started.clone();
    for segment in &snapshot.segments {
        for cause in CAUSES {
            started.entry((Arc::clone(segment), cause.id())).or_default();
        }
    }
    for ((segment, cause), n) in &started {
        out.sample(&STORMS, &[segment, cause], *n as f64);
    }
    latest(out, snapshot);
    out.family(&DELAY);
    let delays = &snapshot.delays;
    let buckets = Delays::BOUNDS.iter().copied().zip(delays.within).collect::<Vec<_>>();
    out.histogram(&DELAY, &["capture"], &buckets, delays.sum, delays.count);
}

/// The storms with an info series: open ones first, each id once.
pub(super) fn info(snapshot: &Snapshot) -> Vec<&Verdict> {
    let lately = |v: &&Arc<Verdict>| v.ended.is_none_or(|ended| snapshot.at.since(ended) < INFO_FOR);
    let mut shown = snapshot.verdicts.iter().filter(lately).collect::<Vec<_>>();
    shown.sort_by_key(|v| v.phase == Phase::Over);
    let mut ids = BTreeSet::new();
    shown.retain(|v| ids.insert((&v.id, v.severity)));
    let mut names = BTreeSet::new();
    shown.retain(|v| names.insert(&v.id));
    shown.truncate(MAX_INFO);
    shown.into_iter().map(|v| &**v).collect()
}

fn storm_info(out: &mut Exposition, verdict: &Verdict) {
    let nobody = Party { mac: None, ip: None, vendor: None, port: None, name: None };
    let culprit = verdict.culprit.as_ref().unwrap_or(&nobody);
    let mac = culprit.mac.map_or_else(String::new, |mac| mac.to_string());
    let ip = culprit.ip.map_or_else(String::new, |ip| ip.to_string());
    let text = |value: &Option<Arc<str>>| value.as_deref().unwrap_or("").to_owned();
    let labels = [
        &*verdict.id,
        &*verdict.segment,
        verdict.cause,
        verdict.severity.id(),
        &mac,
        &ip,
        &text(&culprit.vendor),
        &text(&culprit.name),
        &text(&culprit.port),
    ];
    out.sample(&STORM_INFO, &labels, flag(verdict.phase != Phase::Over));
}

fn latest(out: &mut Exposition, snapshot: &Snapshot) {
    let storms = || snapshot.verdicts.iter().filter(|v| v.severity == Severity::Storm);
    let of = |segment: &str| storms().find(|v| &*v.segment == segment);
    let each = |out: &mut Exposition, family: &Family, value: &dyn Fn(&str) -> Option<f64>| {
        out.family(family);
        for segment in &snapshot.segments {
            if let Some(value) = value(segment) {
                out.sample(family, &[segment], value);
            }
        }
    };
    each(out, &STORM_START, &|segment| of(segment).map(|v| v.started.as_secs_f64()));
    let ended = |segment: &str| storms().filter(|v| &*v.segment == segment).filter_map(|v| v.ended).max();
    each(out, &STORM_END, &|segment| ended(segment).map(Time::as_secs_f64));
    each(out, &UNVERIFIED, &|segment| Some(flag(unverified(snapshot, segment).is_some())));
}

/// The latest storm of the segment, if it is over and nobody has verified that it can't come back.
pub(super) fn unverified<'a>(snapshot: &'a Snapshot, segment: &str) -> Option<&'a Verdict> {
    let mut storms = snapshot.verdicts.iter().filter(|v| v.severity == Severity::Storm && &*v.segment == segment);
    storms.next().map(|v| &**v).filter(|v| v.phase == Phase::Over && !snapshot.is_verified(v))
}

fn frames(out: &mut Exposition, snapshot: &Snapshot) {
    out.family(&GROUP_FRAMES);
    for (interface, totals) in &snapshot.totals {
        for (protocol, n) in Protocol::ALL.iter().zip(totals.group_frames) {
            out.sample(&GROUP_FRAMES, &[interface, protocol.id()], n as f64);
        }
    }
    let mut each = |family: &Family, value: &dyn Fn(&crate::engine::Totals) -> u64| {
        out.family(family);
        for (interface, totals) in &snapshot.totals {
            out.sample(family, &[interface], value(totals) as f64);
        }
    };
    each(&REPLICAS, &|totals| totals.replica_frames);
    each(&DROPPED, &|totals| totals.dropped);
    each(&MALFORMED, &|totals| totals.malformed);
    out.family(&TOP_SOURCES);
    for source in &snapshot.sources {
        out.sample(&TOP_SOURCES, &[&source.interface, &source.mac.to_string()], source.pps as f64);
    }
    out.family(&TOP_FLOWS);
    for flow in &snapshot.flows {
        out.sample(&TOP_FLOWS, &[&flow.segment, &flow.mac.to_string(), flow.protocol.id()], flow.pps as f64);
    }
    out.family(&REFUSED);
    out.sample(&REFUSED, &["engine"], snapshot.refused as f64);
    out.sample(&REFUSED, &["tally"], snapshot.totals.values().map(|t| t.refused).sum::<u64>() as f64);
}

/// Writes which feeds work, and when each kind last did.
pub(super) fn feeds(out: &mut Exposition, feeds: &[Coverage], counts: &BTreeMap<&'static str, FeedCount>) {
    out.family(&COVERED);
    for feed in feeds {
        out.sample(&COVERED, &[&feed.name, feed.feed], flag(feed.ok));
    }
    out.family(&LAST_SUCCESS);
    for (name, last) in counts.iter().filter_map(|(name, count)| Some((name, count.last_success?))) {
        out.sample(&LAST_SUCCESS, &[name], last.as_secs_f64());
    }
}
