//! Every metric family that `/metrics` can have, from one list: for `stormglass metrics`, the READMEs and whoever writes
//! dashboards. Gives no values.

use super::exposition::{Family, Kind};
use super::{
    metrics, metrics_config, metrics_detect, metrics_doctor, metrics_feeds, metrics_notes, metrics_notify,
    metrics_recorder, metrics_storage, metrics_targets, metrics_upnp,
};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The lists of the files that write metrics. A new file is a line here.
const LISTS: &[&[&Family]] = &[
    metrics::FAMILIES,
    metrics_notes::FAMILIES,
    metrics_detect::FAMILIES,
    metrics_feeds::FAMILIES,
    metrics_upnp::FAMILIES,
    metrics_targets::FAMILIES,
    metrics_recorder::FAMILIES,
    metrics_doctor::FAMILIES,
    metrics_storage::FAMILIES,
    metrics_notify::FAMILIES,
    metrics_config::FAMILIES,
];

/// Units by the end of a name, `_total` aside (Prometheus' naming: base units, in the plural), the longest first.
const UNITS: [(&str, &str); 6] = [
    ("_timestamp_seconds", "seconds since 1970"),
    ("_frames_per_second", "frames per second"),
    ("_bytes_per_second", "bytes per second"),
    ("_seconds", "seconds"),
    ("_bytes", "bytes"),
    ("_frames", "frames"),
];

/// All of them, in the order of `/metrics`.
pub fn all() -> impl Iterator<Item = &'static Family> {
    LISTS.iter().copied().flatten().copied()
}

/// `gauge`, `counter` or `histogram`.
#[must_use]
pub const fn kind(family: &Family) -> &'static str {
    match family.kind {
        Kind::Gauge => "gauge",
        Kind::Counter => "counter",
        Kind::Histogram => "histogram",
    }
}

/// The unit that its name says; `None` for a mere number.
#[must_use]
pub fn unit(family: &Family) -> Option<&'static str> {
    let name = family.name.strip_suffix("_total").unwrap_or(family.name);
    UNITS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, unit)| *unit)
}

/// `stormglass_up{target}`.
#[must_use]
pub fn signature(family: &Family) -> String {
    if family.labels.is_empty() {
        return family.name.to_owned();
    }
    format!("{}{{{}}}", family.name, family.labels.join(","))
}

/// For people: name and labels, then kind, unit and meaning.
#[must_use]
pub fn text() -> String {
    let mut out = String::new();
    for family in all() {
        let unit = unit(family).map(|unit| format!(", {unit}")).unwrap_or_default();
        // Writing to memory does not fail.
        let _ = writeln!(out, "{}\n    {}{unit}: {}", signature(family), kind(family), family.help);
    }
    out
}

/// A table in Markdown, with the columns of the README's.
#[must_use]
pub fn markdown() -> String {
    let mut out = "| metric | type | unit | meaning |\n|---|---|---|---|\n".to_owned();
    for family in all() {
        let help = family.help.replace('|', "\\|");
        let _ =
            writeln!(out, "| `{}` | {} | {} | {help} |", signature(family), kind(family), unit(family).unwrap_or(""));
    }
    out
}

/// For programs.
#[must_use]
pub fn json() -> Value {
    let one = |family: &Family| {
        json!({
            "name": family.name,
            "type": kind(family),
            "labels": family.labels,
            "unit": unit(family),
            "help": family.help,
        })
    };
    all().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_family_is_there_once_and_in_each_form() {
        let names = all().map(|family| family.name).collect::<Vec<_>>();
        assert!(names.len() > 50, "{}", names.len());
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        let (text, table, list) = (text(), markdown(), json());
        assert_eq!(table.lines().count(), names.len() + 2);
        assert_eq!(list.as_array().map(Vec::len), Some(names.len()));
        for family in all() {
            assert!(text.contains(&format!("{}\n    {}", signature(family), kind(family))), "{}", family.name);
        }
    }

    #[test]
    fn units_are_those_of_the_names() {
        let unit_of = |name: &'static str| unit(&Family { name, kind: Kind::Gauge, labels: &[], help: "" });
        for (name, unit) in [
            ("stormglass_feed_last_success_timestamp_seconds", Some("seconds since 1970")),
            ("stormglass_poll_lateness_seconds_total", Some("seconds")),
            ("stormglass_group_frames_total", Some("frames")),
            ("stormglass_storage_bytes", Some("bytes")),
            ("stormglass_up", None),
        ] {
            assert_eq!(unit_of(name), unit, "{name}");
        }
    }
}
