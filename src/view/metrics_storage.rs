//! `/metrics`: the families of the storms' history on the disk. Absent where none is kept.

use super::exposition::{Exposition, Family, Kind};
use crate::model::history::StorageStatus;

const BYTES: Family = Family {
    name: "stormglass_storage_bytes",
    kind: Kind::Gauge,
    labels: &[],
    help: "Bytes of the files with the history of storms.",
};
const WRITTEN: Family = Family {
    name: "stormglass_storage_last_write_timestamp_seconds",
    kind: Kind::Gauge,
    labels: &[],
    help: "When the history of storms was last written; absent before the first time. It is written when storms change.",
};
const ERRORS: Family = Family {
    name: "stormglass_storage_errors_total",
    kind: Kind::Counter,
    labels: &["reason"],
    help: "Attempts to write the history of storms that failed since the start: no_space, permission, busy or other.",
};

/// The families of this file, in order.
pub const FAMILIES: &[&Family] = &[&BYTES, &WRITTEN, &ERRORS];

/// Every reason, so that an alert on a rise sees the first one.
const REASONS: [&str; 4] = ["no_space", "permission", "busy", "other"];

/// Writes how the history is kept, if it is.
pub fn storage(out: &mut Exposition, status: Option<&StorageStatus>) {
    let Some(status) = status else { return };
    out.family(&BYTES);
    out.sample(&BYTES, &[], status.bytes as f64);
    if let Some(written) = status.written {
        out.family(&WRITTEN);
        out.sample(&WRITTEN, &[], written.as_secs_f64());
    }
    out.family(&ERRORS);
    for reason in REASONS {
        out.sample(&ERRORS, &[reason], status.errors.get(reason).copied().unwrap_or(0) as f64);
    }
}
