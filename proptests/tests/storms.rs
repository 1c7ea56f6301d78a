//! Laws over generated networks: other devices, other addresses, other sockets in every one. What is healthy never alarms,
//! an innocent is never named, and it does not matter how the facts are handed over.

use proptest::prelude::*;
use std::time::Duration;
use stormglass_harness::Scenario;
use stormglass_harness::rng::Rng;
use stormglass_harness::scenario::Storm;
use stormglass_proptests::config;
use stormglass_proptests::generate::{Feeds, What, renumber};
use stormglass_proptests::score::{self, leading};
use stormglass_proptests::watch::{Report, Watch, watch};

/// Causes that are held to their bounds, each within so many seconds of the first frame that shows it: copies within one,
/// a flood within four, a loop as soon as a second host has spoken (its rate tells it long before).
const BOUNDS: &[(&str, f64)] = &[("l3_reflector", 2.5), ("chatty_source", 4.0)];

fn any_of(wanted: fn(&What) -> bool) -> impl Strategy<Value = What> {
    prop::sample::select(What::all().filter(wanted).collect::<Vec<_>>())
}

fn feeds() -> impl Strategy<Value = Feeds> {
    prop_oneof![3 => Just(Feeds::Capture), 1 => Just(Feeds::Both)]
}

/// What is said in the end: cause, and who is named.
fn said(report: &Report) -> Option<(&'static str, Option<String>)> {
    leading(report).map(|verdict| {
        let mac = verdict.culprit.as_ref().and_then(|culprit| culprit.mac).map(|mac| mac.to_string());
        (verdict.cause, mac)
    })
}

proptest! {
    #![proptest_config(config(24))]

    /// Nothing is said about what is healthy: announcements, gateways between VLANs, television, backups, roaming.
    #[test]
    fn what_is_healthy_never_alarms(what in any_of(|what| what.cause().is_none()), seed in any::<u64>(), feeds in feeds()) {
        let judged = score::judge(what, seed, feeds);
        prop_assert!(judged.report.said.is_empty(), "{what:?} {seed} {feeds:?}:\n{}", judged.report.story());
    }

    /// Whatever storms, whether its cause is known or not: nobody is named who did not do it.
    #[test]
    fn no_innocent_is_ever_named(what in any_of(|what| what.cause().is_some()), seed in any::<u64>(), feeds in feeds()) {
        let judged = score::judge(what, seed, feeds);
        prop_assert!(judged.outcome.innocents.is_empty(), "{what:?} {seed} {feeds:?}:\n{}", judged.report.story());
    }

    /// A storm above the floor is told in its bound, with its cause and its culprit.
    #[test]
    fn a_storm_is_told_in_its_bound(which in prop::sample::select(BOUNDS), seed in any::<u64>()) {
        let what = What::by_id(which.0).expect("an injector for every cause");
        let judged = score::judge(what, seed, Feeds::Capture);
        let (outcome, story) = (&judged.outcome, judged.report.story());
        prop_assert!(outcome.right, "{what:?} {seed}: {outcome:?}\n{story}");
        let bound = Duration::from_secs_f64(which.1);
        prop_assert!(outcome.explained <= Some(bound), "{what:?} {seed}: {outcome:?}\n{story}");
    }
}

/// A storm in the home, seen from its beginning.
fn storm_at_home(kind: &str) -> Scenario {
    let mut scenario = Scenario::builtin("quiet").expect("the harness tests its scenarios");
    let mut storm = Storm::new(kind, Duration::from_secs(16));
    storm.until = Some(Duration::from_secs(25));
    storm.rate_pps = 900;
    storm.host = Some("television".to_owned());
    scenario.storms.push(storm);
    scenario.duration = Duration::from_secs(33);
    scenario
}

fn kind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["l3_reflector", "chatty_source", "l2_loop"])
}

proptest! {
    #![proptest_config(config(16))]

    /// It does not matter in which portions frames come, nor what comes first of what is due at the same moment.
    #[test]
    fn the_way_of_handing_over_does_not_matter(
        kind in kind(), seed in any::<u64>(), flush_ms in 50_u64..1000, frames_last in any::<bool>()
    ) {
        let scenario = storm_at_home(kind);
        let usual = Watch { answers: true, ..Watch::default() };
        let other = Watch { flush_every: Some(Duration::from_millis(flush_ms)), frames_last, ..usual };
        let (one, two) = (watch(&scenario, seed, usual), watch(&scenario, seed, other));
        prop_assert!(said(&one).is_some(), "{kind} {seed}");
        prop_assert_eq!(said(&one), said(&two), "{} {}:\n{}and\n{}", kind, seed, one.story(), two.story());
    }

    /// Nor which MACs and addresses the devices have.
    #[test]
    fn numbers_do_not_matter(kind in kind(), seed in any::<u64>(), numbers in any::<u64>()) {
        let scenario = storm_at_home(kind);
        let mut renumbered = scenario.clone();
        renumber(&mut renumbered, &mut Rng::new(numbers));
        let usual = Watch { answers: true, ..Watch::default() };
        let told = |scenario: &Scenario| {
            let report = watch(scenario, seed, usual);
            let names = scenario.device_names();
            let named = said(&report).map(|(cause, mac)| {
                (cause, mac.map(|mac| names.get(&mac.parse().expect("a MAC")).cloned().unwrap_or(mac)))
            });
            (named, report.story())
        };
        let ((one, first), (two, second)) = (told(&scenario), told(&renumbered));
        prop_assert_eq!(one, two, "{} {} {}:\n{}and\n{}", kind, seed, numbers, first, second);
    }

    /// A restart in the middle of the storm comes to the same verdict.
    #[test]
    fn a_restart_comes_to_the_same_verdict(kind in kind(), seed in any::<u64>(), after_ms in 2500_u64..5000) {
        let scenario = storm_at_home(kind);
        let usual = Watch { answers: true, ..Watch::default() };
        let restart_at = Some(scenario.storms[0].from + Duration::from_millis(after_ms));
        let (one, two) = (watch(&scenario, seed, usual), watch(&scenario, seed, Watch { restart_at, ..usual }));
        prop_assert_eq!(said(&one), said(&two), "{} {}:\n{}and\n{}", kind, seed, one.story(), two.story());
    }
}

/// Worlds in which a storm was missed once, or told otherwise: a capture that no switch let through what it watches; frames
/// of which half were lost; IPv6 alone that circled for five seconds; a stream that harms a port of the next switch.
#[test]
fn what_was_missed_once_is_not_missed_again() {
    let cases = [
        ("l3_reflector", 276_185_084_033_340_873, Feeds::Capture),
        ("ethertype_bridge_loop", 3, Feeds::Capture),
        ("discovery_swarm", 2, Feeds::Capture),
        ("reflector_pair", 1, Feeds::Capture),
        ("sleep_mld", 2, Feeds::Both),
        ("stream_flood", 1, Feeds::Both),
        ("stream_flood", 2, Feeds::Both),
        ("unknown_unicast_flood", 1, Feeds::Both),
        ("tcn_flood", 1, Feeds::Both),
        ("backhaul_loop", 2, Feeds::Both),
    ];
    for (id, seed, feeds) in cases {
        let what = What::by_id(id).expect("an injector");
        let judged = score::judge(what, seed, feeds);
        assert!(judged.outcome.right, "{id} {seed}: {:?}\n{}", judged.outcome, judged.report.story());
    }
}

/// Worlds in which an innocent was named once: hosts whose IPv6 frames alone went round, while everybody's IPv4 came once;
/// and hosts of a ring that opens and closes; by counters, the one device behind the port of a ring that others kindled.
#[test]
fn an_innocent_named_once_is_not_named_again() {
    let cases = [
        ("ethertype_bridge_loop", 2, Feeds::Both),
        ("ethertype_bridge_loop", 12, Feeds::Capture),
        ("ethertype_bridge_loop", 20, Feeds::Capture),
        ("backhaul_loop", 13, Feeds::Both),
        ("backhaul_loop", 16, Feeds::Both),
        ("backhaul_loop", 25, Feeds::Both),
        ("loop_behind_port", 3, Feeds::Counters),
        ("loop_behind_port", 5, Feeds::Counters),
    ];
    for (id, seed, feeds) in cases {
        let what = What::by_id(id).expect("an injector");
        let judged = score::judge(what, seed, feeds);
        assert!(judged.outcome.innocents.is_empty(), "{id} {seed}: {:?}\n{}", judged.outcome, judged.report.story());
        assert!(judged.outcome.detected.is_some(), "{id} {seed}: silence");
    }
}
