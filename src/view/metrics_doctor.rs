//! `/metrics`: what the checks of `doctor` have come to, where `serve` repeats them. Bounded by the list of checks.

use super::exposition::{Exposition, Family, Kind};
use crate::explain::checks::Status;
use crate::model::Time;

const STATUS: Family = Family {
    name: "stormglass_doctor_check_status",
    kind: Kind::Gauge,
    labels: &["check", "status"],
    help: "1 for what the check came to in the last examination, 0 for the others: ok, skipped, warning, problem.",
};
const LAST: Family = Family {
    name: "stormglass_doctor_last_run_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &[],
    help: "When the LAN was examined last (doctor.interval).",
};

/// The families of this file, in order.
pub const FAMILIES: &[&Family] = &[&STATUS, &LAST];

/// Writes the last examination; nothing where there was none.
pub fn write(out: &mut Exposition, examined: Option<&(Time, Vec<(&'static str, Status)>)>) {
    out.family(&STATUS);
    for (check, status) in examined.into_iter().flat_map(|(_, statuses)| statuses) {
        for id in Status::IDS {
            out.sample(&STATUS, &[check, id], f64::from(u8::from(id == status.id())));
        }
    }
    out.family(&LAST);
    if let Some((at, _)) = examined {
        out.sample(&LAST, &[], at.as_secs_f64());
    }
}
