//! Worlds that were once told wrong: by the seeds of the score, with what was wrong about each.

use stormglass_proptests::generate::{Feeds, What};
use stormglass_proptests::score::{Told, judge};

/// Agents that count octets alone see a flood, and frames show that it is of no groups: it was not told at all.
#[test]
fn a_flood_of_unicasts_is_told_by_octets_where_frames_show_no_groups() {
    let what = What::by_id("unknown_unicast_flood").expect("an injector");
    let judged = judge(what, 5, Feeds::Both);
    assert!(judged.outcome.right, "{:?}\n{}", judged.outcome, judged.report.story());
    // By counters alone it may be of groups as well, and nobody can tell.
    let judged = judge(what, 5, Feeds::Counters);
    assert_eq!(judged.outcome.verdict, None, "{}", judged.report.story());
}

/// A crowd comes in at all ports: one of them was named.
#[test]
fn of_a_crowd_no_port_is_named() {
    let what = What::by_id("discovery_swarm").expect("an injector");
    for seed in [1, 3, 5] {
        let judged = judge(what, seed, Feeds::Counters);
        let (outcome, story) = (&judged.outcome, judged.report.story());
        assert!(outcome.right && outcome.port == Told::NotAsked, "{seed}: {outcome:?}\n{story}");
    }
}

/// A ring of which both feeds tell: its two ports were lost once frames had told of it.
#[test]
fn a_ring_of_both_feeds_has_its_ports() {
    let what = What::by_id("l2_loop").expect("an injector");
    let judged = (1..=3).map(|seed| judge(what, seed, Feeds::Both)).collect::<Vec<_>>();
    for one in &judged {
        assert!(one.outcome.right, "{:?}\n{}", one.outcome, one.report.story());
    }
    let named = judged.iter().filter(|one| one.outcome.port == Told::Right).count();
    assert!(named >= 2, "{named}");
}

/// Among thousands of devices that ask at once somebody has always just asked the same: two of them were called reflectors.
#[test]
fn of_a_crowd_nobody_is_a_reflector() {
    let what = What::by_id("discovery_swarm").expect("an injector");
    for (seed, feeds) in
        [(1, Feeds::Both), (2, Feeds::Both), (11, Feeds::Both), (58, Feeds::Capture), (91, Feeds::Capture)]
    {
        let judged = judge(what, seed, feeds);
        assert!(judged.outcome.right, "{seed}: {:?}\n{}", judged.outcome, judged.report.story());
    }
}

/// A programme, by agents that count octets alone, beside a capture that loses four of five frames: it was called a flood of
/// unicasts, as so few frames to its group were seen.
#[test]
fn a_capture_that_loses_frames_tells_nothing_of_what_there_is_not() {
    let judged = judge(What::by_id("iptv").expect("an injector"), 7, Feeds::Both);
    assert!(judged.outcome.right, "{:?}\n{}", judged.outcome, judged.report.story());
}
