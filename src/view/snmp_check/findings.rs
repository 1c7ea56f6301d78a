//! The problems in a check, each with what to do next. Judges; shows nothing.

use super::{Answer, Check, Facts, counters};
use crate::mib::pulse::Refresh;
use crate::model::observation::CounterKind;
use std::time::Duration;

/// A poll must fit into this, the default of `snmp.timeout`.
const POLL_WITHIN: Duration = Duration::from_secs(5);
/// Counters refreshed more rarely than this are told: two refreshes make a rate, and a storm should be seen in seconds.
const REFRESH_WITHIN: Duration = Duration::from_secs(5);
/// Ports found with less confidence are not named.
const SURE: f64 = 0.5;
/// Above this a 32-bit octet counter wraps within 34 s, bits per second.
const FAST: u64 = 1_000_000_000;

/// A problem and its next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Never translated.
    pub id: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub next: String,
}

impl Finding {
    fn new(id: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { id, what: what.into(), next: next.into() }
    }
}

/// All of them, the gravest first.
#[must_use]
pub fn findings(check: &Check) -> Vec<Finding> {
    let Some(facts) = &check.facts else { return Vec::new() };
    let mut found = Vec::new();
    access(check, &mut found);
    found.extend(ports(facts));
    multicast(facts, &mut found);
    width(check, facts, &mut found);
    found.extend(refresh(facts));
    found.extend(bridge(facts));
    found.extend(speed(facts));
    for table in &facts.tables {
        if let Err(why) = &table.rows {
            let next = "See the sentence; the rest of the device is read all the same".to_owned();
            found.push(Finding::new("table", format!("{} could not be read: {why}", table.name), next));
        }
    }
    for problem in &facts.second.problems {
        found.push(Finding::new("odd", problem.clone(), "Update the device's firmware; stormglass goes on without it"));
    }
    found
}

fn access(check: &Check, found: &mut Vec<Finding>) {
    if check.public {
        found.push(Finding::new(
            "public",
            "it also answers to the community `public`, so SNMPv3 protects nothing",
            "Switch SNMPv1 and SNMPv2c off on the device, or set a community that cannot be guessed",
        ));
    }
    let reads = |wanted: &str| {
        check.answers.iter().any(|(version, answer)| *version == wanted && matches!(answer, Answer::Reads(_)))
    };
    if check.version == "v1" && reads("v2c") {
        found.push(Finding::new(
            "old_version",
            "it is asked in SNMPv1, and answers in SNMPv2c as well",
            "Use `version: 2`: SNMPv1 has no 64-bit counters, and takes a request for each row",
        ));
    }
}

fn ports(facts: &Facts) -> Option<Finding> {
    facts.second.ports.is_empty().then(|| {
        Finding::new(
            "no_ports",
            "it has no interfaces",
            "Include IF-MIB (1.3.6.1.2.1.2 and 1.3.6.1.2.1.31) in the SNMP view of this community or user",
        )
    })
}

/// Storms are made of multicast and broadcast.
fn multicast(facts: &Facts, found: &mut Vec<Finding>) {
    if facts.second.ports.is_empty() {
        return;
    }
    let counters = counters(&facts.first, &facts.second);
    let fact = |kind| counters.iter().find(|fact| fact.kind == kind);
    let kinds = [
        (CounterKind::InMulticast, "ifHCInMulticastPkts"),
        (CounterKind::OutMulticast, "ifHCOutMulticastPkts"),
        (CounterKind::InBroadcast, "ifHCInBroadcastPkts"),
        (CounterKind::OutBroadcast, "ifHCOutBroadcastPkts"),
    ];
    let absent = kinds.iter().filter(|(kind, _)| fact(*kind).is_none()).map(|(_, name)| *name).collect::<Vec<_>>();
    if !absent.is_empty() {
        found.push(Finding::new(
            "no_multicast",
            format!("no port has {}", absent.join(", ")),
            "Capture on a computer at this switch as well: by its counters alone a storm shows only in all packets together",
        ));
    }
    let lively = fact(CounterKind::InUnicast).is_some_and(|fact| fact.zero < fact.ports);
    let dead = kinds.iter().filter(|(kind, _)| fact(*kind).is_some_and(|fact| fact.zero == fact.ports));
    let dead = dead.map(|(_, name)| *name).collect::<Vec<_>>();
    if lively && !dead.is_empty() {
        found.push(Finding::new(
            "zero_multicast",
            format!("zero on every port, though unicast is counted: {}", dead.join(", ")),
            "Some agents never fill these in: capture on a computer at this switch as well, and update the firmware",
        ));
    }
}

fn width(check: &Check, facts: &Facts, found: &mut Vec<Finding>) {
    let counters = counters(&facts.first, &facts.second);
    let octets = counters.iter().find(|fact| fact.kind == CounterKind::InOctets);
    let fast = facts.second.ports.iter().filter(|port| port.speed_bps >= FAST).count();
    if let Some(narrow) = octets.filter(|fact| fact.wide < fact.ports && fast > 0) {
        let next = if check.version == "v1" {
            "Use `version: 2` or 3: SNMPv1 cannot carry 64-bit counters"
        } else {
            "Poll at an interval of 15s or less; stormglass tells such a wrap from a restart as long as it polls in between"
        };
        let what = format!(
            "{} of {} ports count octets with 32 bits, which at a gigabit a second wrap in 34 s",
            narrow.ports - narrow.wide,
            narrow.ports
        );
        found.push(Finding::new("narrow_counters", what, next));
    }
}

fn refresh(facts: &Facts) -> Option<Finding> {
    match facts.refresh? {
        Refresh::Every(period) if period > REFRESH_WITHIN => Some(Finding::new(
            "slow_refresh",
            format!("its counters are refreshed about every {:.0} s; a rate takes two refreshes", period.as_secs_f64()),
            format!(
                "Set `interval: {:.0}s` for this target; capture as well where a storm must be seen sooner",
                period.as_secs_f64().ceil()
            ),
        )),
        Refresh::Unseen(watched) if !facts.second.ports.is_empty() => Some(Finding::new(
            "no_refresh",
            format!("no two refreshes of its counters were seen in {:.0} s", watched.as_secs_f64()),
            "Either nothing was sent, or it refreshes them more rarely: check again with --watch 60s",
        )),
        _ => None,
    }
}

fn bridge(facts: &Facts) -> Option<Finding> {
    let bridge = &facts.bridge;
    if bridge.addresses() == 0 {
        return Some(Finding::new(
            "no_addresses",
            "it tells of no address behind which port it lives",
            "Include BRIDGE-MIB and Q-BRIDGE-MIB (1.3.6.1.2.1.17) in the SNMP view; without them no verdict names a port. \
             A router has none",
        ));
    }
    if let Some(guess) = bridge.numbering.iter().find(|one| one.confidence < SURE) {
        return Some(Finding::new(
            "guessed_ports",
            format!(
                "{} addresses are behind ports that several numberings fit; {} is a mere guess, so no verdict names them",
                guess.addresses, guess.way
            ),
            "Compare one device whose port you know with the page, and report the model with a walk of 1.3.6.1.2.1.17",
        ));
    }
    (bridge.base_ports == 0).then(|| {
        Finding::new(
            "no_base_ports",
            "it has no dot1dBasePortTable: its bridge ports are taken for interface numbers",
            "Compare one device whose port you know with the page; report the model if it is wrong",
        )
    })
}

fn speed(facts: &Facts) -> Option<Finding> {
    (facts.cost.poll > POLL_WITHIN).then(|| {
        Finding::new(
            "slow",
            format!("a poll takes {:.1} s, more than the default of snmp.timeout", facts.cost.poll.as_secs_f64()),
            format!(
                "Set `timeout: {:.0}s` and an `interval` above it for this target",
                facts.cost.poll.as_secs_f64() * 2.0
            ),
        )
    })
}
