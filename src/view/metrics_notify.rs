//! `/metrics`: the families of messages to people. Absent where nobody is told.

use super::exposition::{Exposition, Family, Kind};
use crate::model::notice::{NotifyStatus, Outcome};

const SENT: Family = Family {
    name: "stormglass_notifications_total",
    kind: Kind::Counter,
    labels: &["channel", "outcome"],
    help: "Messages to people since the start, by channel: delivered, failed (an attempt, which is repeated), expired (a day \
           old), dropped (no room, or one too many in an hour), withheld (a sign of life not given because nothing is \
           watched). The channel heartbeat is the sign of life.",
};
const WAITING: Family = Family {
    name: "stormglass_notifications_waiting",
    kind: Kind::Gauge,
    labels: &["channel"],
    help: "Messages to people that wait to be delivered, by channel.",
};
const ERRORS: Family = Family {
    name: "stormglass_notifications_disk_errors_total",
    kind: Kind::Counter,
    labels: &[],
    help: "Attempts to keep waiting messages on the disk that failed since the start.",
};

/// The families of this file, in order.
pub const FAMILIES: &[&Family] = &[&SENT, &WAITING, &ERRORS];

/// Writes how telling goes, if anybody is told. Every outcome from zero on, so that an alert on a rise sees the first one.
pub fn write(out: &mut Exposition, status: Option<&NotifyStatus>) {
    let Some(status) = status else { return };
    out.family(&SENT);
    for channel in status.waiting.keys() {
        for outcome in Outcome::ALL {
            let count = status.counts.get(&(std::sync::Arc::clone(channel), outcome)).copied().unwrap_or(0);
            out.sample(&SENT, &[channel, outcome.id()], count as f64);
        }
    }
    out.family(&WAITING);
    for (channel, waiting) in &status.waiting {
        out.sample(&WAITING, &[channel], *waiting as f64);
    }
    out.family(&ERRORS);
    out.sample(&ERRORS, &[], status.disk_errors as f64);
}
