//! Worlds that were once told wrong: by the seeds of the score, with what was wrong about each.

use stormglass_proptests::generate::{Feeds, What};
use stormglass_proptests::score::{Judged, Told, judge};

/// What is said of a world, which is right.
fn is_right(what: &str, seed: u64, feeds: Feeds) -> Judged {
    let judged = judge(What::by_id(what).expect("it is known"), seed, feeds);
    assert!(judged.outcome.right, "{what}, {seed}: {:?}\n{}", judged.outcome, judged.report.story());
    judged
}

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
    for (seed, feeds) in
        [(1, Feeds::Both), (2, Feeds::Both), (11, Feeds::Both), (58, Feeds::Capture), (91, Feeds::Capture)]
    {
        is_right("discovery_swarm", seed, feeds);
    }
}

/// A programme, by agents that count octets alone, beside a capture that loses four of five frames: it was called a flood of
/// unicasts, as so few frames to its group were seen.
#[test]
fn a_capture_that_loses_frames_tells_nothing_of_what_there_is_not() {
    is_right("iptv", 7, Feeds::Both);
}

/// A ring behind one port, beside an agent that counts octets alone: frames told of a ring, and where it is nobody, though
/// addresses moved to that port.
#[test]
fn a_ring_is_found_by_addresses_that_move_where_packets_are_not_counted() {
    let judged = is_right("loop_behind_port", 14, Feeds::Both);
    assert_eq!(judged.outcome.port, Told::Right, "{}", judged.report.story());
}

/// A stream by octets alone, in which a port drowns: nothing was said. What it is frames tell; without them its port is
/// told all the same.
#[test]
fn a_flood_of_octets_that_does_harm_is_told() {
    let what = What::by_id("stream_flood").expect("an injector");
    for (feeds, cause) in [(Feeds::Both, "stream_flood"), (Feeds::Counters, "unexplained")] {
        let judged = judge(what, 6, feeds);
        let (outcome, story) = (&judged.outcome, judged.report.story());
        assert!(outcome.right && outcome.port == Told::Right, "{feeds:?}: {outcome:?}\n{story}");
        assert_eq!(outcome.verdict, Some(cause), "{story}");
    }
}

/// The program was started while a network card repeated its reports, from an address that is made of its MAC: nobody was named.
#[test]
fn a_sleeper_met_in_the_middle_is_named() {
    is_right("sleep_mld", 11, Feeds::Capture);
}

/// The switch behind an uplink had not been polled yet when the burst was over: the uplink was named.
#[test]
fn a_burst_that_comes_from_the_next_switch_is_named_there() {
    is_right("wake_burst", 9, Feeds::Counters);
}

/// After a minute one reflector became the other's echo, and in that moment both were called chatty.
#[test]
fn two_reflectors_stay_two_reflectors() {
    is_right("reflector_pair", 36, Feeds::Both);
}

/// One of two that hold an address was above the limit a poll before the other, and each was called chatty for good.
#[test]
fn a_war_is_told_though_one_side_is_seen_first() {
    is_right("address_war", 7, Feeds::Counters);
}

/// A programme for four of six ports, beside a download of the fifth, by agents that count octets alone: it was called a flood of
/// unicasts to all.
#[test]
fn a_programme_for_most_ports_is_no_flood_to_all() {
    is_right("iptv", 3008, Feeds::Both);
}

/// One host's ARP goes round in a young ring, and others' multicasts come once, which snooping keeps out of it: that host was named.
#[test]
fn nobody_is_blamed_for_what_snooping_keeps_out_of_a_ring() {
    for seed in [6017, 6039] {
        is_right("l2_loop", seed, Feeds::Both);
    }
}
