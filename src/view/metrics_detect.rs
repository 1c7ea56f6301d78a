//! `/metrics`: what makes the other families readable by themselves: the limits that rates are held against, and in words what
//! each cause is and what to do about it. Bounded by the lists of limits and causes; knows no storm.

use super::exposition::{Exposition, Family, Kind};
use crate::detect::Thresholds;
use crate::explain::{CAUSES, page};

/// Steps of a remedy that are told: what to do now, and what then. The rest is on the page of the storm.
const STEPS: usize = 2;

const LIMIT: Family = Family {
    name: "stormglass_limit_frames_per_second",
    kind: Kind::Gauge,
    labels: &["limit"],
    help: "The limits that rates of frames are held against: source_pps, storm_pps, critical_pps and replica_pps of detect in \
           the configuration.",
};
const CAUSE: Family = Family {
    name: "stormglass_cause_info",
    kind: Kind::Gauge,
    labels: &["cause", "meaning", "remedy"],
    help: "1 for each cause that is known: what it is, and what to do about it, now and then.",
};

/// The families of this file, in order.
pub const FAMILIES: &[&Family] = &[&LIMIT, &CAUSE];

/// Writes the limits in force and all causes.
pub fn write(out: &mut Exposition, limits: &Thresholds) {
    out.family(&LIMIT);
    for (limit, pps) in [
        ("source_pps", limits.source_pps),
        ("storm_pps", limits.storm_pps),
        ("critical_pps", limits.critical_pps),
        ("replica_pps", limits.replica_pps),
    ] {
        out.sample(&LIMIT, &[limit], pps as f64);
    }
    out.family(&CAUSE);
    for cause in CAUSES {
        let remedy = page::remedy(*cause);
        let remedy = remedy.iter().take(STEPS).map(String::as_str).collect::<Vec<_>>().join(" ");
        out.sample(&CAUSE, &[cause.id(), cause.page().about.en, &remedy], 1.0);
    }
}
