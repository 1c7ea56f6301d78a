//! Laws of the look-ups of suspects: whatever comes in whatever order, they stay within their bounds, and they end.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use stormglass::engine::pursuit::{EVERY, MAX_IN_FLIGHT, MAX_SUSPECTS, Pursuit};
use stormglass::model::{MacAddr, Time};
use stormglass_proptests::config;

/// A quarter of a second of a storm.
#[derive(Clone, Debug)]
struct Tick {
    /// Who is suspected, by number; nobody where the storm is over.
    suspects: BTreeSet<u8>,
    /// Switches there are.
    switches: u16,
    /// Look-ups that end, of those in flight, in this order.
    ends: Vec<prop::sample::Index>,
    /// The port at which each suspect is.
    port: u32,
    /// The look-ups find them.
    known: bool,
}

fn tick() -> impl Strategy<Value = Tick> {
    let suspects = prop_oneof![1 => Just(BTreeSet::new()), 6 => btree_set(any::<u8>(), 1..20)];
    (suspects, 0_u16..80, vec(any::<prop::sample::Index>(), 0..40), 0_u32..3, any::<bool>())
        .prop_map(|(suspects, switches, ends, port, known)| Tick { suspects, switches, ends, port, known })
}

fn mac(last: u8) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0, last])
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn look_ups_stay_within_their_bounds(ticks in vec(tick(), 1..80)) {
        let mut pursuit = Pursuit::default();
        let mut now = Time::from_secs(1_700_000_000);
        let mut in_flight = BTreeMap::<Arc<str>, Time>::new();
        let mut last = BTreeMap::<Arc<str>, Time>::new();
        for tick in &ticks {
            now = now.plus(Duration::from_millis(250));
            pursuit.suspect(now, tick.suspects.iter().map(|last| ("eth0".into(), mac(*last))));
            prop_assert!(pursuit.open().count() <= MAX_SUSPECTS);
            prop_assert!(pursuit.open().all(|(_, one)| tick.suspects.contains(&one.0[5])));
            if pursuit.is_due(now) {
                pursuit.judge(&|_| Some(("sw0".into(), tick.port)));
                let open = pursuit.open().map(|(_, mac)| mac).collect::<BTreeSet<_>>();
                pursuit.begin(now, (0..tick.switches).map(|n| (format!("sw{n}").into(), open.clone())).collect());
            }
            for end in &tick.ends {
                if in_flight.is_empty() {
                    break;
                }
                let target = in_flight.keys().nth(end.index(in_flight.len())).expect("one of them").clone();
                in_flight.remove(&target);
                pursuit.ended(&target, |_| tick.known);
            }
            // What nobody ended is lost after ten seconds, and may be asked again.
            in_flight.retain(|_, begun| now.since(*begun) < Duration::from_secs(10));
            while let Some((target, macs)) = pursuit.next(now) {
                prop_assert!(!tick.suspects.is_empty(), "nobody is looked up when nothing goes on");
                prop_assert!((1..=MAX_SUSPECTS).contains(&macs.len()));
                prop_assert!(in_flight.insert(target.clone(), now).is_none(), "{target} twice at once");
                if let Some(before) = last.insert(target.clone(), now) {
                    // A round may wait for a place, and be followed by the next one at its time.
                    prop_assert!(now > before, "{target} twice in a moment");
                }
            }
            prop_assert!(in_flight.len() <= MAX_IN_FLIGHT, "{}", in_flight.len());
        }
    }

    /// With every look-up answered at once, a suspect that stays where it is is asked for twice, whoever else is suspected.
    #[test]
    fn who_stays_is_asked_for_twice(count in 1_u8..=8, switches in 1_u16..30, quarters in 20_u32..60) {
        let mut pursuit = Pursuit::default();
        let mut now = Time::from_secs(1_700_000_000);
        let mut asked = BTreeMap::<MacAddr, u32>::new();
        for _ in 0..quarters {
            pursuit.suspect(now, (0..count).map(|last| ("eth0".into(), mac(last))));
            if pursuit.is_due(now) {
                pursuit.judge(&|mac| Some(("sw0".into(), u32::from(mac.0[5]))));
                let open = pursuit.open().map(|(_, mac)| mac).collect::<BTreeSet<_>>();
                pursuit.begin(now, (0..switches).map(|n| (format!("sw{n}").into(), open.clone())).collect());
            }
            while let Some((target, macs)) = pursuit.next(now) {
                for mac in macs.into_iter().filter(|_| &*target == "sw0") {
                    *asked.entry(mac).or_default() += 1;
                }
                pursuit.ended(&target, |_| true);
            }
            now = now.plus(Duration::from_millis(250));
        }
        prop_assert_eq!(asked.len(), usize::from(count));
        prop_assert!(asked.values().all(|times| *times == 2), "{:?}", asked);
        prop_assert!(pursuit.next_deadline().is_none_or(|at| at <= now.plus(EVERY)));
    }
}
