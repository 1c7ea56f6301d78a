//! `/metrics`: what people have said of storms, for alert rules, and what the user has told to expect. Bounded by the storms
//! with an info series, and by the list of what is expected.

use super::exposition::{Exposition, Family, Kind};
use super::metrics;
use crate::detect::Expected;
use crate::engine::Snapshot;
use crate::model::Time;
use crate::model::verdict::{Phase, Verdict};
use std::collections::BTreeMap;

const MUTED: Family = Family {
    name: "stormglass_storm_muted",
    kind: Kind::Gauge,
    labels: &["segment", "cause", "severity"],
    help: "Of the storms and warnings in stormglass_storm_active, those that are muted; absent where none is.",
};
const MUTED_UNTIL: Family = Family {
    name: "stormglass_storm_muted_until_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &["storm"],
    help: "When the mute of the storm ends (at most 16 storms); absent where it is not muted.",
};
const ACKNOWLEDGED: Family = Family {
    name: "stormglass_storm_acknowledged",
    kind: Kind::Gauge,
    labels: &["storm"],
    help: "1 if somebody has said to be on the storm, else 0 (at most 16 storms).",
};
const UNVERIFIED_MUTED: Family = Family {
    name: "stormglass_storm_unverified_muted",
    kind: Kind::Gauge,
    labels: &["segment"],
    help: "1 if the storm of stormglass_storm_unverified is muted; absent where it is not, or where there is none.",
};
const EXPECTED: Family = Family {
    name: "stormglass_expected_frames_per_second",
    kind: Kind::Gauge,
    labels: &["mac", "group"],
    help: "Frames of the traffic that the configuration tells to expect (expected:), where most of it is.",
};
const EXPECTED_MOST: Family = Family {
    name: "stormglass_expected_limit_frames_per_second",
    kind: Kind::Gauge,
    labels: &["mac", "group"],
    help: "Frames per second up to which it is expected (max_pps).",
};
const EXPECTED_UNTIL: Family = Family {
    name: "stormglass_expected_until_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &["mac", "group"],
    help: "Until when it is expected.",
};

/// The families of this file, in order.
pub const FAMILIES: &[&Family] =
    &[&MUTED, &MUTED_UNTIL, &ACKNOWLEDGED, &UNVERIFIED_MUTED, &EXPECTED, &EXPECTED_MOST, &EXPECTED_UNTIL];

/// Writes all of it.
pub fn write(out: &mut Exposition, snapshot: &Snapshot) {
    out.family(&MUTED);
    let mut muted: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for verdict in snapshot.verdicts.iter().filter(|verdict| verdict.phase != Phase::Over && verdict.hushed()) {
        *muted.entry((&verdict.segment, verdict.cause, verdict.severity.id())).or_default() += 1;
    }
    for ((segment, cause, severity), n) in muted {
        out.sample(&MUTED, &[segment, cause, severity], n as f64);
    }
    let shown = metrics::info(snapshot);
    out.family(&MUTED_UNTIL);
    for verdict in &shown {
        if let Some(until) = verdict.muted_until() {
            out.sample(&MUTED_UNTIL, &[&verdict.id], until.as_secs_f64());
        }
    }
    out.family(&ACKNOWLEDGED);
    for verdict in &shown {
        out.sample(&ACKNOWLEDGED, &[&verdict.id], f64::from(u8::from(verdict.acknowledged.is_some())));
    }
    // After an hour the storm has no info series any more that a rule could join: this one stays as long as the mute.
    out.family(&UNVERIFIED_MUTED);
    for segment in &snapshot.segments {
        if metrics::unverified(snapshot, segment).is_some_and(Verdict::hushed) {
            out.sample(&UNVERIFIED_MUTED, &[segment], 1.0);
        }
    }
    let mut most: BTreeMap<&Expected, u64> = BTreeMap::new();
    for one in &snapshot.expected {
        let pps = most.entry(&one.entry).or_default();
        *pps = (*pps).max(one.pps);
    }
    let each = |out: &mut Exposition, family: &Family, value: &dyn Fn(&Expected, u64) -> f64| {
        out.family(family);
        for (entry, pps) in &most {
            let mac = entry.mac.map_or_else(String::new, |mac| mac.to_string());
            let group = entry.group.map_or_else(String::new, |group| group.to_string());
            out.sample(family, &[&mac, &group], value(entry, *pps));
        }
    };
    each(out, &EXPECTED, &|_, pps| pps as f64);
    each(out, &EXPECTED_MOST, &|entry, _| entry.max_pps as f64);
    each(out, &EXPECTED_UNTIL, &|entry, _| Time::as_secs_f64(entry.until));
}
