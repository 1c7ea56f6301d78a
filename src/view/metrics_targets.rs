//! `/metrics`: where the SNMP targets come from, and whether they stayed the same devices. Nothing of a single target.

use super::exposition::{Exposition, Family, Kind};

/// Where the targets come from, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Targets of the configuration.
    pub configured: u64,
    /// Targets of files.
    pub listed: u64,
    /// Targets found by search.
    pub found: u64,
    /// Target files that could be read.
    pub files_good: u64,
    /// Target files whose former list is kept, because they cannot be read.
    pub files_bad: u64,
    /// Questions of the search that were answered.
    pub answered: u64,
    /// Questions of the search that were not.
    pub silent: u64,
    /// SNMPv3 engines that were known and had to be discovered afresh.
    pub rediscoveries: u64,
}

const TARGETS: Family = Family {
    name: "stormglass_snmp_targets",
    kind: Kind::Gauge,
    labels: &["source"],
    help: "SNMP targets by where they come from: the configuration, target files, or a search.",
};
const FILES: Family = Family {
    name: "stormglass_target_files",
    kind: Kind::Gauge,
    labels: &["state"],
    help: "Target files: good ones, and bad ones whose former list is kept.",
};
const QUESTIONS: Family = Family {
    name: "stormglass_discovery_questions_total",
    kind: Kind::Counter,
    labels: &["outcome"],
    help: "Addresses asked by the search for SNMP targets: sysUpTime once, without repetition.",
};

const REDISCOVERIES: Family = Family {
    name: "stormglass_snmp_engine_rediscoveries_total",
    kind: Kind::Counter,
    labels: &[],
    help: "SNMPv3 engines that were known and had to be discovered afresh: the device was restarted, reset or replaced.",
};

/// The families of this file, in order.
pub const FAMILIES: &[&Family] = &[&TARGETS, &FILES, &QUESTIONS, &REDISCOVERIES];

/// Writes the counts.
pub fn write(out: &mut Exposition, counts: &Counts) {
    let samples: [(&Family, &[(&str, u64)]); 3] = [
        (&TARGETS, &[("configuration", counts.configured), ("file", counts.listed), ("discovery", counts.found)]),
        (&FILES, &[("good", counts.files_good), ("bad", counts.files_bad)]),
        (&QUESTIONS, &[("answered", counts.answered), ("silent", counts.silent)]),
    ];
    for (family, samples) in samples {
        out.family(family);
        for (label, n) in samples {
            out.sample(family, &[label], *n as f64);
        }
    }
    out.family(&REDISCOVERIES);
    out.sample(&REDISCOVERIES, &[], counts.rediscoveries as f64);
}
