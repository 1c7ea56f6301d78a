//! The problems in a check, each with what to do next. Judges; shows nothing.

use super::{Answer, Check, Facts, counters, words};
use crate::mib::pulse::Refresh;
use crate::model::observation::CounterKind;
use crate::model::text::{Fact, Language, Sentence, Text};
use crate::view::lang;
use std::time::Duration;

/// A poll must fit into this, the default of `snmp.timeout`.
const POLL_WITHIN: Duration = Duration::from_secs(5);
/// Counters refreshed more rarely than this are told: two refreshes make a rate, and a storm should be seen in seconds.
const REFRESH_WITHIN: Duration = Duration::from_secs(5);
/// Ports found with less confidence are not named.
const SURE: f64 = 0.5;
/// Above this a 32-bit octet counter wraps within 34 s, bits per second.
const FAST: u64 = 1_000_000_000;

/// A problem and its next step, in the language that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Never translated.
    pub id: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub next: String,
}

/// The same in no language yet.
struct Found {
    id: &'static str,
    what: Sentence,
    next: Sentence,
}

impl Found {
    const fn new(id: &'static str, what: Text, next: Text) -> Self {
        Self { id, what: Sentence::of(what), next: Sentence::of(next) }
    }

    /// A fact of what is wrong.
    fn with(mut self, name: &'static str, fact: impl Into<Fact>) -> Self {
        self.what = self.what.with(name, fact);
        self
    }

    /// A fact of what to do.
    fn do_with(mut self, name: &'static str, fact: impl Into<Fact>) -> Self {
        self.next = self.next.with(name, fact);
        self
    }
}

/// All of them, the gravest first.
#[must_use]
pub fn findings(check: &Check, language: Language) -> Vec<Finding> {
    let said = |found: Found| Finding { id: found.id, what: found.what.say(language), next: found.next.say(language) };
    found(check, language).into_iter().map(said).collect()
}

fn found(check: &Check, language: Language) -> Vec<Found> {
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
            let finding = Found::new("table", words::TABLE, words::TABLE_NEXT);
            found.push(finding.with("table", table.name).with("why", lang::of_target(why, language).into_owned()));
        }
    }
    for problem in &facts.second.problems {
        let finding = Found::new("odd", words::ODD, words::ODD_NEXT);
        found.push(finding.with("problem", lang::sentence(problem, language).into_owned()));
    }
    found
}

fn access(check: &Check, found: &mut Vec<Found>) {
    if check.public {
        found.push(Found::new("public", words::PUBLIC, words::PUBLIC_NEXT));
    }
    let reads = |wanted: &str| {
        check.answers.iter().any(|(version, answer)| *version == wanted && matches!(answer, Answer::Reads(_)))
    };
    if check.version == "v1" && reads("v2c") {
        found.push(Found::new("old_version", words::OLD_VERSION, words::OLD_VERSION_NEXT));
    }
}

fn ports(facts: &Facts) -> Option<Found> {
    facts.second.ports.is_empty().then_some(Found::new("no_ports", words::NO_PORTS, words::NO_PORTS_NEXT))
}

/// Storms are made of multicast and broadcast.
fn multicast(facts: &Facts, found: &mut Vec<Found>) {
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
        let finding = Found::new("no_multicast", words::NO_MULTICAST, words::NO_MULTICAST_NEXT);
        found.push(finding.with("names", absent.join(", ")));
    }
    let lively = fact(CounterKind::InUnicast).is_some_and(|fact| fact.zero < fact.ports);
    let dead = kinds.iter().filter(|(kind, _)| fact(*kind).is_some_and(|fact| fact.zero == fact.ports));
    let dead = dead.map(|(_, name)| *name).collect::<Vec<_>>();
    if lively && !dead.is_empty() {
        let finding = Found::new("zero_multicast", words::ZERO_MULTICAST, words::ZERO_MULTICAST_NEXT);
        found.push(finding.with("names", dead.join(", ")));
    }
}

fn width(check: &Check, facts: &Facts, found: &mut Vec<Found>) {
    let counters = counters(&facts.first, &facts.second);
    let octets = counters.iter().find(|fact| fact.kind == CounterKind::InOctets);
    let fast = facts.second.ports.iter().filter(|port| port.speed_bps >= FAST).count();
    if let Some(narrow) = octets.filter(|fact| fact.wide < fact.ports && fast > 0) {
        let next = if check.version == "v1" { words::NARROW_V1_NEXT } else { words::NARROW_NEXT };
        let finding = Found::new("narrow_counters", words::NARROW, next);
        found.push(
            finding.with("narrow", (narrow.ports - narrow.wide).to_string()).with("ports", narrow.ports.to_string()),
        );
    }
}

fn refresh(facts: &Facts) -> Option<Found> {
    let whole = |seconds: f64| format!("{seconds:.0}");
    match facts.refresh? {
        Refresh::Every(period) if period > REFRESH_WITHIN => {
            let seconds = period.as_secs_f64();
            let finding = Found::new("slow_refresh", words::SLOW_REFRESH, words::SLOW_REFRESH_NEXT);
            Some(finding.with("n", whole(seconds)).do_with("n", whole(seconds.ceil())))
        }
        Refresh::Unseen(watched) if !facts.second.ports.is_empty() => {
            let finding = Found::new("no_refresh", words::NO_REFRESH, words::NO_REFRESH_NEXT);
            Some(finding.with("n", whole(watched.as_secs_f64())))
        }
        _ => None,
    }
}

fn bridge(facts: &Facts) -> Option<Found> {
    let bridge = &facts.bridge;
    if bridge.addresses() == 0 {
        return Some(Found::new("no_addresses", words::NO_FDB, words::NO_FDB_NEXT));
    }
    if let Some(guess) = bridge.numbering.iter().find(|one| one.confidence < SURE) {
        let finding = Found::new("guessed_ports", words::GUESSED, words::GUESSED_NEXT);
        return Some(finding.with("n", guess.addresses.to_string()).with("way", guess.way.to_string()));
    }
    let missing = Found::new("no_base_ports", words::NO_BASE_PORTS, words::NO_BASE_PORTS_NEXT);
    (bridge.base_ports == 0).then_some(missing)
}

fn speed(facts: &Facts) -> Option<Found> {
    let seconds = facts.cost.poll.as_secs_f64();
    let finding = Found::new("slow", words::SLOW, words::SLOW_NEXT);
    let finding = finding.with("n", format!("{seconds:.1}")).do_with("n", format!("{:.0}", seconds * 2.0));
    (facts.cost.poll > POLL_WITHIN).then_some(finding)
}
