//! Laws of the judgement over generated worlds: a quiet network never storms, a reflection is always named with the
//! right MAC, and an innocent never is.

use proptest::prelude::*;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;
use stormglass::model::MacAddr;
use stormglass::model::verdict::{Phase, Severity};
use stormglass_harness::Scenario;
use stormglass_harness::scenario::{Storm, TtlMode};
use stormglass_proptests::config;
use stormglass_proptests::watch::{Report, Watch, mac_addr, watch};
use stormglass_proptests::worlds::{QUIET, Reflection, home, reflection};

fn router_macs(scenario: &Scenario) -> BTreeSet<MacAddr> {
    let router = &scenario.second_router;
    BTreeSet::from([mac_addr(router.lan_mac), mac_addr(router.wan_mac)])
}

/// Whoever is blamed is the router, and for nothing but reflecting.
fn only_the_router_is_blamed(scenario: &Scenario, report: &Report) -> Result<(), TestCaseError> {
    let router = router_macs(scenario);
    prop_assert!(report.blamed().is_subset(&router), "an innocent is blamed:\n{}", report.story());
    prop_assert!(
        report.causes().iter().all(|cause| ["l3_reflector", "unexplained"].contains(cause)),
        "{}",
        report.story()
    );
    Ok(())
}

proptest! {
    #![proptest_config(config(40))]

    /// Nothing is said about a healthy home, however much of it is seen, and whenever it is looked at.
    #[test]
    fn a_quiet_network_never_storms(seed in any::<u64>(), drop_share in 0.0..0.9, start_s in 0_u64..60) {
        let scenario = home();
        let report = watch(&scenario, seed, Watch { drop_share, start_at: Duration::from_secs(start_s), ..Watch::default() });
        prop_assert!(report.said.is_empty(), "seed {seed}:\n{}", report.story());
    }

    /// Nor about the burst of announcements after a power cut.
    #[test]
    fn a_power_cut_never_storms(seed in any::<u64>(), drop_share in 0.0..0.9) {
        let scenario = Scenario::builtin("power-cut").expect("the harness tests its scenarios");
        let report = watch(&scenario, seed, Watch { drop_share, ..Watch::default() });
        prop_assert!(report.said.is_empty(), "seed {seed}:\n{}", report.story());
    }
}

proptest! {
    #![proptest_config(config(60))]

    /// A reflection that never ends is named with a MAC of the router, soon after its first copy, whichever way
    /// it goes round and at whatever rate, with nine of ten frames lost, as long as fifty copies a second are left (the
    /// limit of a source; below it silence is allowed). The Echo is its origin and nobody else is blamed; when the
    /// proxy is off, it ends by itself.
    #[test]
    fn a_reflection_is_named_with_the_routers_mac(case in reflection(TtlMode::Constant)) {
        let scenario = case.scenario(Duration::from_secs(5));
        let watched = Watch { drop_share: case.drop_share, answers: true, ..Watch::default() };
        let report = watch(&scenario, case.seed, watched);
        only_the_router_is_blamed(&scenario, &report)?;
        prop_assert!(report.last.iter().all(|v| v.phase == Phase::Over), "{case:?}: it goes on\n{}", report.story());
        let visible_pps = case.rate_pps as f64 * (1.0 - case.drop_share);
        if visible_pps < 60.0 {
            return Ok(());
        }
        let Some((at, _)) = report.said.iter().find(|(_, verdict)| verdict.cause == "l3_reflector") else {
            return Err(TestCaseError::fail(format!("{case:?}: not named; said:\n{}", report.story())));
        };
        let took = *at - report.first_copy.expect("a reflection has copies");
        // Where hardly more is left than the limit of a source, it takes a second to be reached.
        let patience = if visible_pps < 150.0 { Duration::from_millis(2500) } else { Duration::from_secs(1) };
        prop_assert!(took <= patience, "{case:?}: {took:?} after the first copy\n{}", report.story());
        let echo = IpAddr::from([192, 168, 1, 10]);
        let named = report.last.iter().filter(|v| v.cause == "l3_reflector").collect::<Vec<_>>();
        prop_assert!(named.iter().any(|v| v.origins.iter().any(|o| o.ip == Some(echo))), "{case:?}\n{}", report.story());
        prop_assert!(named.iter().any(|v| v.severity == Severity::Storm), "{case:?}\n{}", report.story());
    }

    /// The warning sign: with the TTL falling there is no storm, and the router is named; where too much is lost to see
    /// it, nothing wrong is said.
    #[test]
    fn a_bounded_reflection_is_a_warning(case in reflection(TtlMode::Falling)) {
        let scenario = case.scenario(Duration::from_secs(5));
        let report = watch(&scenario, case.seed, Watch { drop_share: case.drop_share, ..Watch::default() });
        only_the_router_is_blamed(&scenario, &report)?;
        prop_assert!(report.said.iter().all(|(_, v)| v.severity == Severity::Warning), "{case:?}\n{}", report.story());
        if case.drop_share == 0.0 {
            prop_assert!(report.causes().contains("l3_reflector"), "{case:?}: nothing said");
        }
    }

    /// Started in the middle of the storm: the router or nobody, never a cable; with the owner's answer, the router.
    #[test]
    fn a_late_start_blames_the_router_or_nobody(case in reflection(TtlMode::Constant), answers in any::<bool>()) {
        let scenario = case.scenario(Duration::from_secs(6));
        let start_at = QUIET + Duration::from_millis(1500);
        let report = watch(&scenario, case.seed, Watch { drop_share: case.drop_share, start_at, answers, ..Watch::default() });
        only_the_router_is_blamed(&scenario, &report)?;
        if case.rate_pps as f64 * (1.0 - case.drop_share) >= 150.0 {
            prop_assert!(!report.said.is_empty(), "{case:?}: silence");
            if answers {
                prop_assert!(report.causes().contains("l3_reflector"), "{case:?}\n{}", report.story());
            }
        }
    }
}

proptest! {
    #![proptest_config(config(24))]

    /// A loop has no culprit among the devices, and is no reflection.
    #[test]
    fn a_cable_loop_blames_no_device(seed in any::<u64>(), rate_pps in 500_u64..4000, drop_share in 0.0..0.8) {
        let mut scenario = Scenario::builtin("cable-loop").expect("the harness tests its scenarios");
        scenario.storms[0].rate_pps = rate_pps;
        let report = watch(&scenario, seed, Watch { drop_share, ..Watch::default() });
        prop_assert!(report.blamed().is_empty(), "seed {seed}, {rate_pps}/s, {drop_share} lost:\n{}", report.story());
        prop_assert!(report.causes().contains("l2_loop"), "seed {seed}, {rate_pps}/s, {drop_share} lost:\n{}", report.story());
    }

    /// A device that floods the LAN by itself is named, whoever it is.
    #[test]
    fn a_chatty_device_is_named(seed in any::<u64>(), rate_pps in 150_u64..2000, which in 0_usize..5) {
        let mut scenario = home();
        let host = scenario.hosts[which].clone();
        let mut storm = Storm::new("chatty_source", QUIET);
        storm.until = Some(QUIET + Duration::from_secs(6));
        storm.rate_pps = rate_pps;
        storm.host = Some(host.name);
        scenario.storms = vec![storm];
        scenario.duration = QUIET + Duration::from_secs(14);
        let report = watch(&scenario, seed, Watch::default());
        prop_assert_eq!(report.blamed(), BTreeSet::from([mac_addr(host.mac)]), "seed {}:\n{}", seed, report.story());
        prop_assert_eq!(report.causes(), BTreeSet::from(["chatty_source"]), "seed {}:\n{}", seed, report.story());
    }
}

/// A failing case prints its seed; this is where to paste it.
#[test]
fn a_reflection_can_be_replayed() {
    let case = Reflection {
        seed: 1,
        ttl: TtlMode::Constant,
        direction: stormglass_harness::scenario::Direction::LanToWan,
        rate_pps: 1800,
        drop_share: 0.9,
    };
    let scenario = case.scenario(Duration::from_secs(5));
    let run = || watch(&scenario, case.seed, Watch { drop_share: case.drop_share, ..Watch::default() });
    assert_eq!(run().story(), run().story(), "one seed, one story");
    assert!(run().copies > 500);
}
