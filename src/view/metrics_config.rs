//! `/metrics`: whether the configuration on the disk is the one in force, in Prometheus' own words for it. Absent where there is
//! nothing that could be read anew.

use super::exposition::{Exposition, Family, Kind};
use crate::model::Time;

/// How the configuration was read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reloads {
    /// The last reading succeeded; otherwise the one before it is in force.
    pub good: bool,
    /// When one last succeeded, the one at the start included.
    pub at: Time,
}

const GOOD: Family = Family {
    name: "stormglass_config_last_reload_successful",
    kind: Kind::Gauge,
    labels: &[],
    help: "1 if the configuration could be read the last time, 0 if the one before it is still in force.",
};
const AT: Family = Family {
    name: "stormglass_config_last_reload_success_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &[],
    help: "When the configuration was last read with success.",
};

/// The families of this file, in order.
pub const FAMILIES: &[&Family] = &[&GOOD, &AT];

/// Writes how it was read, if it can be read again.
pub fn write(out: &mut Exposition, reloads: Option<&Reloads>) {
    let Some(reloads) = reloads else { return };
    out.family(&GOOD);
    out.sample(&GOOD, &[], f64::from(u8::from(reloads.good)));
    out.family(&AT);
    out.sample(&AT, &[], reloads.at.as_secs_f64());
}
