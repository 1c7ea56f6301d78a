//! Every scenario file gets the verdict that it expects, by frames alone and by frames and counters; what differs is shown
//! line by line.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;
use stormglass::model::verdict::Phase;
use stormglass_harness::Scenario;
use stormglass_proptests::score::{at_one_of, is_known, leading};
use stormglass_proptests::watch::{Polling, Report, Watch, mac_addr, time, watch};

/// Each scenario is judged in worlds of these seeds; the score has thousands more.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=1;

/// What was expected and what came, where they differ.
#[derive(Default)]
struct Difference(String);

impl Difference {
    fn expect(&mut self, what: &str, expected: &dyn std::fmt::Debug, came: &dyn std::fmt::Debug, holds: bool) {
        if !holds {
            let _ = writeln!(self.0, "    {what}:\n      - expected {expected:?}\n      + came     {came:?}");
        }
    }
}

fn compare(scenario: &Scenario, report: &Report, polled: bool) -> String {
    let expected = &scenario.expected;
    let mut difference = Difference::default();
    let culprits = expected.culprit_macs.iter().copied().map(mac_addr).collect::<BTreeSet<_>>();
    let blamed = report.blamed();
    difference.expect("blamed, nobody but", &culprits, &blamed, blamed.is_subset(&culprits));
    let causes = report.causes();
    let Some(cause) = &expected.cause else {
        difference.expect("causes", &"none", &causes, causes.is_empty());
        return difference.0;
    };
    let cause = expected.by_frames.as_ref().filter(|_| !polled).unwrap_or(cause);
    // Of a cause that the engine does not know it can only be held that no innocent is named.
    if !is_known(cause) || (expected.invisible && !polled) {
        return difference.0;
    }
    let verdict = leading(report);
    let said = verdict.map(|verdict| verdict.cause);
    difference.expect("cause", cause, &said, said == Some(cause.as_str()));
    let Some(verdict) = verdict else { return difference.0 };
    let severity = Some(verdict.severity.id());
    difference.expect("severity", &expected.severity, &severity, expected.severity.as_deref() == severity);
    // A port is a name too, but where no device is at fault it accuses nobody.
    let named = verdict.culprit.as_ref().is_some_and(|culprit| culprit.mac.is_some() || !culprits.is_empty());
    difference.expect("somebody is named", &!culprits.is_empty(), &named, named != culprits.is_empty());
    for origin in &expected.origins {
        let origins = verdict.origins.iter().filter_map(|party| party.ip).collect::<Vec<_>>();
        difference.expect("origin", origin, &origins, origins.contains(&(*origin).into()));
    }
    let ports = expected.ports.iter().cloned().collect::<BTreeSet<_>>();
    if polled && named && !ports.is_empty() {
        let port = verdict.culprit.as_ref().and_then(|culprit| culprit.port.as_deref());
        difference.expect("port", &ports, &port, port.is_some_and(|port| at_one_of(port, &ports)));
    }
    let begins = scenario.storms.iter().map(|storm| storm.from + storm.kindle_after).min().unwrap_or_default();
    let begins = begins.max(scenario.faults.start);
    if let Some(within) = expected.within_s {
        let first = report.said.iter().find(|(_, verdict)| verdict.cause == cause).map(|(at, _)| *at - begins.min(*at));
        difference.expect("seconds to the cause", &within, &first, first <= Some(Duration::from_secs_f64(within)));
    }
    if let Some(by) = expected.over_by_s {
        let ended = (verdict.phase, verdict.ended);
        let in_time = verdict.ended.is_some_and(|at| at <= time(Duration::from_secs_f64(by)));
        difference.expect("over by", &by, &ended, verdict.phase == Phase::Over && in_time);
    }
    difference.0
}

/// Scenarios whose verdict is not yet what it should be: by name, and whether by frames and counters (else by frames
/// alone). What is mended comes off the list, or the test fails.
const OPEN: &[(&str, bool)] = &[];

#[test]
fn scenarios_get_the_verdict_that_they_expect() {
    let mut failures = String::new();
    for name in Scenario::names() {
        let scenario = Scenario::builtin(name).expect("the harness tests its scenarios");
        for (seed, polled) in SEEDS.flat_map(|seed| [false, true].map(|polled| (seed, polled))) {
            let faults = scenario.faults;
            let watched = Watch {
                drop_share: faults.capture_loss,
                start_at: faults.start,
                answers: true,
                polls: polled.then(|| Polling { every: Duration::from_secs(2), loss: faults.poll_loss }),
                ..Watch::default()
            };
            let report = watch(&scenario, seed, watched);
            let difference = compare(&scenario, &report, polled);
            if OPEN.contains(&(name, polled)) {
                if difference.is_empty() {
                    let _ = writeln!(failures, "{name} (counters: {polled}) is right now: take it off the list OPEN");
                }
            } else if !difference.is_empty() {
                let feeds = if polled { "frames and counters" } else { "frames" };
                let _ = writeln!(failures, "{name}, seed {seed}, by {feeds}:\n{difference}{}", report.story());
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}
