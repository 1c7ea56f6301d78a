//! `/metrics`: the families of the flight recorder. Absent where nothing is recorded.

use super::exposition::{Exposition, Family, Kind};
use crate::model::recording::RecorderStatus;

const FILES: Family = Family {
    name: "stormglass_recorder_files",
    kind: Kind::Gauge,
    labels: &[],
    help: "Recordings in the folder of the flight recorder.",
};
const BYTES: Family = Family {
    name: "stormglass_recorder_bytes",
    kind: Kind::Gauge,
    labels: &[],
    help: "Bytes of the recordings in the folder of the flight recorder.",
};
const WRITTEN: Family = Family {
    name: "stormglass_recorder_recordings_total",
    kind: Kind::Counter,
    labels: &[],
    help: "Recordings of the onset of a storm completed since the start.",
};
const LEFT_OUT: Family = Family {
    name: "stormglass_recorder_left_out_frames_total",
    kind: Kind::Counter,
    labels: &[],
    help: "Frames that found no room in a recording since the start.",
};
const ERRORS: Family = Family {
    name: "stormglass_recorder_errors_total",
    kind: Kind::Counter,
    labels: &["reason"],
    help: "Recordings that failed since the start: no_space, permission, busy or other.",
};

/// The families of this file, in order.
pub const FAMILIES: &[&Family] = &[&FILES, &BYTES, &WRITTEN, &LEFT_OUT, &ERRORS];

/// Every reason, so that an alert on a rise sees the first one.
const REASONS: [&str; 4] = ["no_space", "permission", "busy", "other"];

/// Writes how the recorder is doing, if there is one.
pub fn recorder(out: &mut Exposition, status: Option<&RecorderStatus>) {
    let Some(status) = status else { return };
    let values =
        [(&FILES, status.files), (&BYTES, status.bytes), (&WRITTEN, status.written), (&LEFT_OUT, status.left_out)];
    for (family, value) in values {
        out.family(family);
        out.sample(family, &[], value as f64);
    }
    out.family(&ERRORS);
    for reason in REASONS {
        out.sample(&ERRORS, &[reason], status.errors.get(reason).copied().unwrap_or(0) as f64);
    }
}
