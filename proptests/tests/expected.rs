//! Laws of what the user tells: expected traffic is silent and hides nothing else, and a mute hides no other culprit.

use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use stormglass::engine::{About, Engine, Input, Settings, Wish};
use stormglass::explain::CAUSES;
use stormglass::model::history::Remembered;
use stormglass::model::note::NoteKind;
use stormglass::model::verdict::{Party, Severity, Verdict};
use stormglass::model::{MacAddr, Time};
use stormglass_proptests::config;
use stormglass_proptests::generate::{Feeds, What, generate};
use stormglass_proptests::score::leading;
use stormglass_proptests::watch::{Report, Watch, watch};

/// What frames tell by copies and echoes, whatever the rates.
const COPIES: [&str; 6] =
    ["l3_reflector", "l2_loop", "loop_behind_port", "reflector_pair", "ethertype_bridge_loop", "address_war"];
/// What is a device's own flood.
const FLOODS: [&str; 4] = ["chatty_source", "arp_storm", "dhcp_storm", "nd_storm"];

/// What is said in the end: cause, and who is named.
fn said(report: &Report) -> Option<(&'static str, Option<MacAddr>)> {
    leading(report).map(|verdict| (verdict.cause, verdict.culprit.as_ref().and_then(|culprit| culprit.mac)))
}

fn what(id: &str) -> What {
    What::by_id(id).expect("an injector for every cause")
}

proptest! {
    #![proptest_config(config(16))]

    /// Everybody is expected at any rate: a reflection, a loop and a war of two are told all the same.
    #[test]
    fn expected_never_hides_a_reflection(id in prop::sample::select(COPIES.as_slice()), seed in any::<u64>()) {
        let world = generate(what(id), seed, Feeds::Capture);
        let told = watch(&world.scenario, seed, Watch { expect_pps: Some(10_000_000), ..world.watch });
        let untold = watch(&world.scenario, seed, world.watch);
        prop_assert_eq!(said(&told), said(&untold), "{} {}:\n{}and\n{}", id, seed, told.story(), untold.story());
    }

    /// A device's own flood is silent up to the rate that was told, by frames and by counters, and is told above it.
    #[test]
    fn a_flood_is_silent_up_to_its_rate_and_no_further(
        id in prop::sample::select(FLOODS.as_slice()), seed in any::<u64>(), both in any::<bool>()
    ) {
        let feeds = if both { Feeds::Both } else { Feeds::Capture };
        let world = generate(what(id), seed, feeds);
        let silent = watch(&world.scenario, seed, Watch { expect_pps: Some(10_000_000), ..world.watch });
        // One that says the same over and over cannot be told from a young ring before another host has spoken.
        let unnamed = silent.said.iter().all(|(_, verdict)| verdict.cause == "unexplained" && verdict.culprit.is_none());
        let quiet = silent.said.is_empty() || unnamed && id != "chatty_source";
        prop_assert!(quiet, "{id} {seed} {feeds:?}:\n{}", silent.story());
        let loud = watch(&world.scenario, seed, Watch { expect_pps: Some(60), ..world.watch });
        let untold = watch(&world.scenario, seed, world.watch);
        prop_assert_eq!(said(&loud), said(&untold), "{} {}:\n{}and\n{}", id, seed, loud.story(), untold.story());
    }
}

const NOW: Time = Time::from_secs(1_800_000_000);

/// A storm of one of a few devices, or at one of a few ports, or of nobody.
fn storm() -> impl Strategy<Value = Verdict> {
    let cause = prop::sample::select(CAUSES.iter().map(|cause| cause.id()).collect::<Vec<_>>());
    let mac = proptest::option::of((0..4_u8).prop_map(|last| MacAddr([2, 0, 0, 0, 0, last])));
    let port = proptest::option::of((1..4_u8).prop_map(|port| format!("hub ge{port}")));
    (cause, mac, port, 1..100_u64).prop_map(|(cause, mac, port, ago)| {
        let party = Party { mac, ip: None, vendor: None, port: port.as_deref().map(Arc::from), name: None };
        let culprit = Some(party).filter(|party| party.mac.is_some() || party.port.is_some());
        let who = mac.map(|mac| mac.to_string()).or(port).unwrap_or_default();
        Verdict {
            id: format!("eth0-{cause}-{who}").into(),
            severity: Severity::Storm,
            started: NOW.minus(Duration::from_secs(ago)),
            culprit,
            ..Verdict::blank("eth0".into(), cause)
        }
    })
}

/// Whom it blames: the device, else the port.
fn blamed(verdict: &Verdict) -> Option<(Option<MacAddr>, Option<Arc<str>>)> {
    let culprit = verdict.culprit.as_ref()?;
    Some((culprit.mac, culprit.port.clone().filter(|_| culprit.mac.is_none())))
}

fn engine(storms: &[Verdict]) -> Engine {
    let mut engine = Engine::new(Settings::default());
    let past = storms.iter().map(|verdict| Remembered { at: NOW, verdict: verdict.clone(), verified: false }).collect();
    engine.handle(NOW, Input::Remembered(past));
    engine
}

proptest! {
    #![proptest_config(config(256))]

    /// Whatever is muted: a storm of whom nobody had blamed before is told, unless it is the device that was named.
    #[test]
    fn a_mute_never_hides_another_culprit(
        known in prop::collection::vec(storm(), 1..6),
        which in any::<prop::sample::Index>(),
        by in 0..3_u8,
        newcomer in storm(),
        later in 1..100_u64
    ) {
        let mut before = engine(&known);
        let one = which.get(&known);
        let about = match (by, one.culprit.as_ref().and_then(|culprit| culprit.mac)) {
            (0, Some(mac)) => About::Mac(mac),
            (1, _) => About::Cause(one.cause.to_owned()),
            _ => About::Storm(one.id.to_string()),
        };
        let until = Some(NOW.plus(Duration::from_secs(7_200)));
        let wish = Wish { kind: NoteKind::Mute, about, by: "ann".to_owned(), why: "known".to_owned(), until };
        prop_assert!(before.note(NOW, &wish).is_ok());
        prop_assert!(before.verdicts().iter().any(|verdict| verdict.id == one.id && verdict.hushed()));
        // It breaks out later, in the same network.
        let newcomer = Verdict { started: NOW.plus(Duration::from_secs(later)), ..newcomer };
        let is_new = blamed(&newcomer).is_none_or(|who| known.iter().all(|verdict| blamed(verdict) != Some(who.clone())));
        let mut after = engine(&[]);
        let now = NOW.plus(Duration::from_secs(later));
        let remembered = Remembered { at: now, verdict: newcomer.clone(), verified: false };
        after.handle(now, Input::Remembered(vec![remembered]));
        after.handle(now, Input::Notes(before.notes().iter().map(|note| (**note).clone()).collect()));
        let told = after.verdicts();
        prop_assert!(!(is_new && told[0].hushed()), "{wish:?} hides {newcomer:?}");
        // Nor does a mute of a storm or a cause hide another cause.
        let other = !matches!(wish.about, About::Mac(_)) && newcomer.cause != one.cause;
        prop_assert!(!(other && told[0].hushed()), "{wish:?} hides {newcomer:?}");
    }
}
