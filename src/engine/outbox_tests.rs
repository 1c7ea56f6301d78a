//! The outbox, a moment at a time. Its laws are in `proptests/tests/outbox.rs`.

use super::*;
use crate::model::notice::Wording;

pub(crate) fn notice(moment: Moment, key: &str, at: i64) -> Notice {
    Notice {
        topic: Topic::Storm,
        moment,
        key: key.into(),
        at: Time::from_secs(at),
        storm: "".into(),
        segment: "eth0".into(),
        cause: "l3_reflector".into(),
        severity: None,
        culprit: None,
        started: Time::from_secs(at),
        ended: None,
        frames: 0,
        peak_pps: 0,
        words: [Wording::default(), Wording::default()],
    }
}

const FAILED: Ended = Ended::Failed { chance: Chance(1000), retry_after: None, refused: false };

fn at(seconds: i64) -> Time {
    Time::from_secs(seconds)
}

fn hook() -> Arc<str> {
    "hook".into()
}

/// The next delivery as its two moments.
fn poll(outbox: &mut Outbox, now: i64) -> Option<(u64, Option<Moment>, bool)> {
    let delivery = outbox.poll(at(now))?;
    Some((delivery.id, delivery.begun.map(|notice| notice.moment), delivery.over.is_some()))
}

#[test]
fn a_start_settles_and_its_end_is_a_message_of_its_own() {
    let mut outbox = Outbox::default();
    outbox.put(at(0), &hook(), notice(Moment::Begun, "a", 0));
    outbox.put(at(1), &hook(), notice(Moment::Changed, "a", 1));
    assert_eq!((poll(&mut outbox, 1), outbox.next_due()), (None, Some(at(2))));
    assert_eq!(poll(&mut outbox, 2), Some((1, Some(Moment::Begun), false)));
    // While it is under way nothing else is.
    outbox.put(at(2), &hook(), notice(Moment::Over, "a", 2));
    assert_eq!(poll(&mut outbox, 100), None);
    outbox.ended(at(3), 1, Ended::Delivered);
    assert_eq!((poll(&mut outbox, 11), poll(&mut outbox, 12)), (None, Some((2, None, true))));
    outbox.ended(at(12), 2, Ended::Delivered);
    assert!(outbox.parcels().is_empty() && poll(&mut outbox, 99_999).is_none());
    assert_eq!(outbox.counts()[&(hook(), Outcome::Delivered)], 2);
}

#[test]
fn what_could_not_be_told_in_time_is_told_in_the_past_tense() {
    let mut outbox = Outbox::default();
    outbox.put(at(0), &hook(), notice(Moment::Begun, "a", 0));
    assert_eq!(poll(&mut outbox, 2), Some((1, Some(Moment::Begun), false)));
    // Its end comes while the attempt goes on.
    outbox.put(at(8), &hook(), notice(Moment::Over, "a", 8));
    outbox.ended(at(9), 1, FAILED);
    assert_eq!(outbox.parcels().len(), 1);
    assert_eq!(outbox.next_due(), Some(at(11)));
    assert_eq!(poll(&mut outbox, 11), Some((1, Some(Moment::Begun), true)));
    outbox.ended(at(12), 1, Ended::Delivered);
    assert!(outbox.parcels().is_empty());
}

#[test]
fn what_is_not_said_yet_can_be_said_better() {
    let mut outbox = Outbox::default();
    outbox.put(at(0), &hook(), notice(Moment::Begun, "a", 0));
    assert_eq!(poll(&mut outbox, 2), Some((1, Some(Moment::Begun), false)));
    assert_eq!(outbox.amend(1), None);
    outbox.put(at(8), &hook(), notice(Moment::Over, "a", 8));
    let better = outbox.amend(1).expect("it is over");
    assert!(better.begun.is_some() && better.over.is_some());
    assert_eq!((outbox.amend(1), outbox.amend(2)), (None, None));
    outbox.ended(at(9), 1, Ended::Delivered);
    assert!(outbox.parcels().is_empty());
}

#[test]
fn an_end_that_was_none_is_withdrawn() {
    let mut outbox = Outbox::default();
    outbox.put(at(0), &hook(), notice(Moment::Over, "a", 0));
    outbox.put(at(5), &hook(), notice(Moment::Returned, "a", 5));
    assert!(outbox.parcels().is_empty());
    outbox.put(at(6), &hook(), notice(Moment::Returned, "a", 6));
    assert_eq!(poll(&mut outbox, 8), Some((2, Some(Moment::Returned), false)));
}

#[test]
fn pauses_grow_to_a_minute_and_patience_is_given() {
    let mut outbox = Outbox::default();
    outbox.put(at(0), &hook(), notice(Moment::Once, "a", 0));
    let mut now = 0;
    let mut pauses = Vec::new();
    for _ in 0..8 {
        let (id, ..) = poll(&mut outbox, now).expect("due");
        outbox.ended(at(now), id, FAILED);
        let due = outbox.next_due().expect("again").since(Time::from_secs(0)).as_secs() as i64;
        pauses.push(due - now);
        now = due;
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60]);
    let (id, ..) = poll(&mut outbox, now).expect("due");
    let patient = Ended::Failed { chance: Chance(0), retry_after: Some(Duration::from_secs(90)), refused: false };
    outbox.ended(at(now), id, patient);
    assert_eq!(outbox.next_due(), Some(at(now + 90)));
    outbox.hurry(at(now + 1));
    let (id, ..) = poll(&mut outbox, now + 1).expect("hurried");
    outbox.ended(at(now), id, Ended::Failed { chance: Chance(0), retry_after: None, refused: true });
    assert_eq!(outbox.next_due(), Some(at(now + 300)));
    // What is a day old is no news.
    assert_eq!(poll(&mut outbox, 90_000), None);
    assert_eq!(outbox.counts()[&(hook(), Outcome::Expired)], 1);
}

#[test]
fn an_hour_has_room_for_a_dozen_and_says_what_it_left_out() {
    let mut outbox = Outbox::default();
    for n in 0..20 {
        outbox.put(at(n), &hook(), notice(Moment::Begun, &format!("s{n}"), n));
        outbox.put(at(n), &hook(), notice(Moment::Over, &format!("s{n}"), n));
    }
    assert_eq!(outbox.parcels().len(), MAX_PER_HOUR);
    let delivery = outbox.poll(at(100)).expect("due");
    assert_eq!(delivery.left_out, 8);
    outbox.ended(at(100), delivery.id, Ended::Delivered);
    assert_eq!(outbox.poll(at(100)).expect("due").left_out, 0);
    // Another channel has an hour of its own, and the next hour is another one.
    outbox.put(at(101), &"mail".into(), notice(Moment::Once, "x", 101));
    outbox.put(at(4_000), &hook(), notice(Moment::Once, "y", 4_000));
    assert_eq!((outbox.waiting("mail"), outbox.waiting("hook")), (1, MAX_PER_HOUR as u64));
}

#[test]
fn room_is_made_by_what_is_no_storm() {
    let mut outbox = Outbox::default();
    let channel = |n: usize| Arc::<str>::from(format!("c{n}"));
    for n in 0..MAX_WAITING {
        let topic = if n == 7 { Topic::PortOpened } else { Topic::Storm };
        outbox.put(at(n as i64), &channel(n), Notice { topic, ..notice(Moment::Once, &format!("{n}"), n as i64) });
    }
    outbox.put(at(999), &channel(999), notice(Moment::Once, "new", 999));
    assert_eq!((outbox.parcels().len(), outbox.waiting("c7"), outbox.waiting("c999")), (MAX_WAITING, 0, 1));
    outbox.put(at(999), &channel(1000), notice(Moment::Once, "newer", 999));
    assert_eq!((outbox.waiting("c0"), outbox.counts()[&(channel(0), Outcome::Dropped)]), (0, 1));
    let big = Wording { sentence: "x".repeat(MAX_BYTES / 2), ..Wording::default() };
    for n in 0..3 {
        let words = [big.clone(), Wording::default()];
        outbox.put(at(1000 + n), &hook(), Notice { words, ..notice(Moment::Once, &format!("big{n}"), 1000 + n) });
    }
    assert!(outbox.parcels().iter().map(Parcel::weight).sum::<usize>() <= MAX_BYTES);
}

#[test]
fn an_earlier_runs_start_waits_for_what_became_of_it() {
    let mut first = Outbox::default();
    first.put(at(0), &hook(), notice(Moment::Begun, "a", 0));
    first.put(at(0), &hook(), notice(Moment::Once, "port", 0));
    let (id, ..) = poll(&mut first, 2).expect("due");
    first.ended(at(2), id, FAILED);
    let text = serde_json::to_string(first.parcels()).expect("JSON");
    let mut outbox = Outbox::resume(at(100), serde_json::from_str(&text).expect("parcels"));
    assert_eq!(poll(&mut outbox, 100), Some((2, Some(Moment::Once), false)));
    outbox.ended(at(100), 2, Ended::Delivered);
    // As when the configuration is read at the start.
    outbox.hurry(at(101));
    assert_eq!(outbox.next_due(), Some(at(175)));
    outbox.put(at(160), &hook(), notice(Moment::Over, "a", 160));
    assert_eq!(poll(&mut outbox, 170), Some((1, Some(Moment::Begun), true)));
    outbox.retain(&BTreeSet::new());
    assert!(outbox.parcels().is_empty());
}
