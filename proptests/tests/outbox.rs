//! Laws of messages on their way: whatever comes when and whatever fails, what was told of a storm in the end is what is so; its
//! end is never told before its start, and nothing is told twice.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use stormglass::engine::outbox::{Chance, Delivery, Ended, Outbox};
use stormglass::model::Time;
use stormglass::model::notice::{Moment, Notice, Topic, Wording};
use stormglass_proptests::config;

/// What happens: a storm of a number takes its next turn, time passes, or a message is tried.
#[derive(Clone, Copy, Debug)]
enum Event {
    Turn(usize),
    Pass(u16),
    Try(bool),
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0..3_usize).prop_map(Event::Turn),
        3 => (1..200_u16).prop_map(Event::Pass),
        4 => any::<bool>().prop_map(Event::Try),
        1 => Just(Event::Restart),
    ]
}

fn notice(moment: Moment, key: usize, at: Time) -> Notice {
    Notice {
        topic: Topic::Storm,
        moment,
        key: format!("storm {key}").into(),
        at,
        storm: "".into(),
        segment: "".into(),
        cause: "".into(),
        severity: None,
        culprit: None,
        started: at,
        ended: None,
        frames: 0,
        peak_pps: 0,
        words: [Wording::default(), Wording::default()],
    }
}

/// What a receiver has heard.
#[derive(Default)]
struct Heard {
    last: BTreeMap<Arc<str>, Moment>,
    seen: BTreeSet<(Arc<str>, Time, bool)>,
}

impl Heard {
    fn take(&mut self, delivery: &Delivery) -> Result<(), TestCaseError> {
        for notice in delivery.begun.iter().chain(&delivery.over) {
            let over = notice.moment == Moment::Over;
            let new = self.seen.insert((Arc::clone(&notice.key), notice.at, over));
            prop_assert!(new, "told twice: {delivery:?}");
            let before = self.last.insert(Arc::clone(&notice.key), notice.moment);
            prop_assert!(
                !over || before.is_some_and(Moment::opens),
                "an end of what was not told, or was over: {delivery:?}"
            );
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn what_is_told_in_the_end_is_what_is_so(events in proptest::collection::vec(event(), 1..60)) {
        let channel = Arc::<str>::from("hook");
        let mut now = Time::from_secs(1_000_000);
        let (mut outbox, mut heard) = (Outbox::default(), Heard::default());
        let mut turns = [0_usize; 3];
        for event in events {
            now = now.plus(Duration::from_secs(1));
            match event {
                Event::Turn(storm) => {
                    // No more than the hour has room for: what is left out is another law.
                    if turns[storm] >= 6 {
                        continue;
                    }
                    let moment = match turns[storm] {
                        0 => Moment::Begun,
                        turn if turn % 2 == 0 => Moment::Returned,
                        _ => Moment::Over,
                    };
                    turns[storm] += 1;
                    outbox.put(now, &channel, notice(moment, storm, now));
                }
                Event::Pass(seconds) => now = now.plus(Duration::from_secs(seconds.into())),
                Event::Try(works) => {
                    if let Some(delivery) = outbox.poll(now) {
                        if works {
                            heard.take(&delivery)?;
                            outbox.ended(now, delivery.id, Ended::Delivered);
                        } else {
                            let failed = Ended::Failed { chance: Chance(500), retry_after: None, refused: false };
                            outbox.ended(now, delivery.id, failed);
                        }
                    }
                }
                Event::Restart => outbox = Outbox::resume(now, outbox.parcels().to_vec()),
            }
        }
        let mut steps = 0;
        while let Some(due) = outbox.next_due() {
            now = now.max(due);
            let delivery = outbox.poll(now).expect("it is due");
            heard.take(&delivery)?;
            outbox.ended(now, delivery.id, Ended::Delivered);
            steps += 1;
            prop_assert!(steps < 100, "it does not come to an end");
        }
        prop_assert!(outbox.parcels().is_empty());
        for (storm, turns) in turns.into_iter().enumerate().filter(|(_, turns)| *turns > 0) {
            let last = heard.last.get(format!("storm {storm}").as_str());
            prop_assert_eq!(last.map(|moment| moment.opens()), Some(turns % 2 == 1), "storm {}", storm);
        }
    }

    #[test]
    fn room_is_bounded_and_what_finds_none_is_counted(
        puts in proptest::collection::vec((0..40_usize, 0..200_usize, 0..4_usize, 0..20_000_usize), 1..400),
    ) {
        let mut outbox = Outbox::default();
        let mut now = Time::from_secs(1_000_000);
        for (channel, key, kind, long) in puts {
            now = now.plus(Duration::from_secs(7));
            let moment = [Moment::Begun, Moment::Over, Moment::Returned, Moment::Once][kind];
            let words = [Wording { sentence: "x".repeat(long), ..Wording::default() }, Wording::default()];
            outbox.put(now, &format!("c{channel}").into(), Notice { words, ..notice(moment, key, now) });
            prop_assert!(outbox.parcels().len() <= stormglass::engine::outbox::MAX_WAITING);
        }
        let weight = stormglass::view::notify::store::encode(outbox.parcels()).len();
        prop_assert!(weight <= 2 * stormglass::engine::outbox::MAX_BYTES, "{} bytes", weight);
    }
}
