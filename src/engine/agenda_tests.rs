//! Tests of [`super`]: the spread, the lanes and the counts, on virtual time.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
/// How long an answered poll takes.
const QUICK: Duration = Duration::from_millis(100);

fn start() -> Time {
    Time::from_secs(1_800_000_007)
}

fn fleet(count: usize) -> Vec<(Arc<str>, Duration)> {
    (0..count).map(|n| (format!("switch-{n:05}").into(), MINUTE)).collect()
}

/// What a simulated poller saw.
#[derive(Default)]
struct Seen {
    begun: BTreeMap<Arc<str>, Vec<Time>>,
    /// The most lateness among the targets that answer.
    late: Duration,
}

/// Polls from `from` for as long as `span`; `takes` says for a target how long its poll takes and whether it answers.
fn simulate(agenda: &mut Agenda, from: Time, span: Duration, takes: &dyn Fn(&Start) -> (Duration, bool)) -> Seen {
    let (mut seen, mut now, end) = (Seen::default(), from, from.plus(span));
    let mut ends: BTreeSet<(Time, Arc<str>, bool)> = BTreeSet::new();
    while now <= end {
        while let Some(begun) = agenda.next(now) {
            assert!(!ends.iter().any(|(_, target, _)| *target == begun.target), "{} twice at once", begun.target);
            let (took, answered) = takes(&begun);
            if answered {
                seen.late = seen.late.max(begun.lateness);
            }
            ends.insert((now.plus(took), Arc::clone(&begun.target), answered));
            seen.begun.entry(begun.target).or_default().push(now);
        }
        let ended = ends.first().map(|(at, ..)| *at);
        let Some(next) = ended.into_iter().chain(agenda.next_deadline()).min() else { break };
        now = now.max(next);
        while ends.first().is_some_and(|(at, ..)| *at <= now) {
            let (_, target, answered) = ends.pop_first().expect("just seen");
            agenda.finished(now, &target, answered);
        }
    }
    seen
}

#[test]
fn no_second_of_the_interval_gets_much_more_than_its_share() {
    for names in ["switch-{}", "10.0.{}", "{}.edge.example.net", "{}"] {
        let mut seconds = [0_usize; 60];
        for n in 0..10_000 {
            let name = names.replace("{}", &n.to_string());
            seconds[share(&name, MINUTE).as_secs() as usize] += 1;
        }
        // 167 on average; a fair throw of 10,000 dice with 60 sides stays below 220 in all but one of 10,000.
        assert!(seconds.iter().all(|&count| (110..=220).contains(&count)), "{names}: {seconds:?}");
    }
}

#[test]
fn each_is_polled_once_in_each_interval_and_at_its_own_second() {
    let mut agenda = Agenda::default();
    agenda.set(start(), fleet(1000));
    let seen = simulate(&mut agenda, start(), MINUTE * 10, &|_| (QUICK, true));
    assert_eq!((seen.begun.len(), seen.late), (1000, Duration::ZERO));
    for (name, begun) in &seen.begun {
        assert!((10..=11).contains(&begun.len()), "{name}: {}", begun.len());
        assert!(begun[1].since(begun[0]) >= MINUTE / 2);
        assert!(begun[1..].windows(2).all(|two| two[1].since(two[0]) == MINUTE), "{name}: {begun:?}");
    }
    let counts = agenda.counts(start().plus(MINUTE * 10));
    assert_eq!((counts.late, counts.missed, counts.waiting), (0, 0, 0));
}

#[test]
fn every_interval_of_a_fleet_has_all_its_polls_from_the_first_on() {
    // More than can be asked in one interval at the first pace; whenever in the minute the program starts.
    for second in [0, 7, 29, 30, 59] {
        let from = Time::from_secs(1_800_000_000 + second);
        let mut agenda = Agenda::default();
        agenda.set(from, fleet(3_000));
        let seen = simulate(&mut agenda, from, MINUTE * 4, &|_| (QUICK, true));
        let mut rounds = [0_usize; 4];
        for after in seen.begun.values().flatten().map(|at| at.since(from)).filter(|after| *after < MINUTE * 4) {
            rounds[(after.as_secs() / 60) as usize] += 1;
        }
        assert_eq!(rounds, [3_000; 4], "started at second {second}");
    }
}

#[test]
fn a_lone_target_is_asked_at_once() {
    let mut agenda = Agenda::default();
    agenda.set(start(), fleet(1));
    assert!(agenda.next_deadline().is_some_and(|at| at.since(start()) <= FIRST_PACE));
}

#[test]
fn a_change_of_the_list_moves_nobody_else() {
    let mut agenda = Agenda::default();
    agenda.set(start(), fleet(100));
    simulate(&mut agenda, start(), MINUTE * 2, &|_| (QUICK, true));
    let before = agenda.slots.iter().map(|(name, slot)| (Arc::clone(name), slot.due)).collect::<BTreeMap<_, _>>();
    let now = start().plus(MINUTE * 2);
    let mut list = fleet(150);
    list.remove(3);
    list[7].1 = MINUTE * 5;
    let changed = [Arc::clone(&list[7].0), "switch-00003".into()];
    agenda.set(now, list);
    assert_eq!((agenda.len(), agenda.slots.contains_key("switch-00003")), (149, false));
    for (name, due) in before.iter().filter(|(name, _)| !changed.contains(name)) {
        assert_eq!(agenda.slots[name].due, *due, "{name}");
    }
}

#[test]
fn five_hundred_dead_of_ten_thousand_delay_no_other() {
    // Three attempts of 2, 4 and 8 s at first, then one.
    let dead = |name: &str| name[7..].parse::<usize>().is_ok_and(|n| n % 20 == 7);
    assert_eq!(fleet(10_000).iter().filter(|(name, _)| dead(name)).count(), 500);
    let takes = |begun: &Start| match dead(&begun.target) {
        true if begun.silent => (Duration::from_secs(2), false),
        true => (Duration::from_secs(14), false),
        false => (QUICK, true),
    };
    for most in [MAX_IN_FLIGHT, 64] {
        let mut agenda = Agenda::new(most, MAX_SILENT_IN_FLIGHT);
        agenda.set(start(), fleet(10_000));
        let seen = simulate(&mut agenda, start(), MINUTE * 5, &takes);
        assert!(seen.late < LATE_AFTER / 20, "{most} places: {:?}", seen.late);
        let counts = agenda.counts(start().plus(MINUTE * 5));
        assert_eq!((counts.late, counts.missed), (0, 0), "{most} places");
    }
}

#[test]
fn the_dead_wait_for_each_other_alone() {
    // Everything dies but one in ten; each dead one takes a whole minute for its single request.
    let takes = |begun: &Start| if begun.target.ends_with('7') { (QUICK, true) } else { (MINUTE, false) };
    let mut agenda = Agenda::new(16, 16);
    let dead = |n: &usize| n % 10 != 7;
    agenda.set(start(), fleet(1000));
    // What they are known for already: a fleet that dies at once is the hardest moment, and is measured on its own.
    for slot in agenda.slots.iter_mut().enumerate().filter(|(n, _)| dead(n)).map(|(_, (_, slot))| slot) {
        slot.silent = true;
    }
    agenda.set(start(), fleet(1000));
    let seen = simulate(&mut agenda, start(), MINUTE * 10, &takes);
    assert_eq!(seen.late, Duration::ZERO);
    let living = seen.begun.iter().filter(|(name, _)| name.ends_with('7'));
    assert!(living.clone().count() == 100 && living.clone().all(|(_, begun)| begun.len() >= 10));
    let counts = agenda.counts(start().plus(MINUTE * 10));
    assert!(counts.in_flight <= 32 && counts.waiting > 500, "{counts:?}");
}

#[test]
fn one_that_answers_again_leaves_the_lane_of_the_silent() {
    let mut agenda = Agenda::default();
    agenda.set(start(), fleet(1));
    let poll = |agenda: &mut Agenda, answered| {
        let at = agenda.next_deadline().expect("one target");
        let begun = agenda.next(at).expect("it is due");
        agenda.finished(at.plus(QUICK), &begun.target, answered);
        begun.silent
    };
    assert_eq!([false, false, true, true].map(|answered| poll(&mut agenda, answered)), [false, true, true, false]);
}

#[test]
fn too_much_work_is_counted_and_never_piles_up() {
    // One place, a second and a half each: 40 polls a minute of the 100 wanted.
    let mut agenda = Agenda::new(1, 1);
    agenda.set(start(), fleet(100));
    let seen = simulate(&mut agenda, start(), MINUTE * 10, &|_| (Duration::from_millis(1500), true));
    let counts = agenda.counts(start().plus(MINUTE * 10));
    assert!((395..=402).contains(&counts.started), "{counts:?}");
    assert!(counts.late > 300 && counts.missed > 400 && counts.waiting <= 100, "{counts:?}");
    assert!(seen.begun.values().all(|begun| begun.len() >= 3), "nobody is left out for good");
}

#[test]
fn a_poll_in_flight_outlives_its_target_without_harm() {
    let mut agenda = Agenda::new(1, 1);
    agenda.set(start(), fleet(1));
    let now = agenda.next_deadline().expect("one target");
    let begun = agenda.next(now).expect("it is due");
    agenda.set(now, []);
    assert_eq!((agenda.is_empty(), agenda.next_deadline(), agenda.counts(now).in_flight), (true, None, 1));
    // Back again before the poll has ended: not begun twice.
    agenda.set(now, fleet(1));
    assert_eq!(agenda.next(now.plus(MINUTE)), None);
    agenda.finished(now.plus(MINUTE), &begun.target, true);
    assert_eq!(agenda.counts(now).in_flight, 0);
    assert!(agenda.next_deadline().is_some());
    agenda.finished(now.plus(MINUTE), &begun.target, true);
    assert_eq!(agenda.counts(now).in_flight, 0, "an end that belongs to nothing is no end");
}

/// In a storm its targets are polled every two seconds, the others as before; and afterwards all are.
#[test]
fn a_storm_brings_its_targets_forward() {
    let mut agenda = Agenda::default();
    let second = |n: i64| Time::from_secs(n);
    let names = ["calm", "storm"].map(Arc::<str>::from);
    agenda.set(second(0), names.iter().map(|name| (Arc::clone(name), Duration::from_secs(30))));
    let mut polls = BTreeMap::<(Arc<str>, i64), usize>::new();
    for now in 0..180 {
        if (60..120).contains(&now) {
            agenda.hurry(second(now), [&names[1], &"unknown".into()], Duration::from_secs(2));
        }
        while let Some(start) = agenda.next(second(now)) {
            *polls.entry((Arc::clone(&start.target), now / 60)).or_default() += 1;
            agenda.finished(second(now), &start.target, true);
        }
    }
    let counts = |name: &Arc<str>| [0, 1, 2].map(|minute| polls.get(&(Arc::clone(name), minute)).copied().unwrap_or(0));
    assert!(counts(&names[0]).iter().all(|polls| (2..=3).contains(polls)), "{polls:?}");
    let [before, within, after] = counts(&names[1]);
    assert!((2..=3).contains(&before) && (19..=31).contains(&within) && (1..=4).contains(&after), "{polls:?}");
    assert_eq!(agenda.counts(second(180)).missed, 0);
}
