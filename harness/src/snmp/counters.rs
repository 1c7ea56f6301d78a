//! Counters that nobody stores. What a counter shows is a function of the agent's seed, the port, what is counted, and
//! how long the agent has been up, so that ten thousand switches need no memory for their four million counters and one
//! seed always tells the same. They never go backwards. Knows no table and no clock.

use crate::rng::Rng;
use std::f64::consts::TAU;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Octets.
    Octets(Direction),
    /// Packets to one receiver.
    Unicast(Direction),
    /// Packets to groups.
    Multicast(Direction),
    /// Packets to all.
    Broadcast(Direction),
    /// Packets to groups and to all (the old ifInNUcastPkts).
    NonUnicast(Direction),
    /// Packets dropped, or with an error: some a day.
    Trouble(Direction),
}

/// Seen from the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into it.
    In,
    /// Out of it.
    Out,
}

/// Octets of a packet in the mean: between an acknowledgement's and a full frame's.
const MEAN_PACKET: (f64, f64) = (90.0, 1200.0);
/// Unicast packets a second of the busiest port; the others are spread below it by orders of magnitude.
const BUSIEST_PPS: f64 = 20_000.0;
/// And of one where nobody does anything.
const IDLE_PPS: f64 = 1.0;
/// Packets a second to groups, and to all: what a healthy network of some hundred hosts has.
const MULTICAST_PPS: (f64, f64) = (0.2, 12.0);
const BROADCAST_PPS: (f64, f64) = (0.1, 6.0);
/// Errors and drops a second.
const TROUBLE_PPS: (f64, f64) = (0.0, 0.001);
/// Traffic swells and ebbs by half, over minutes: the period of a port, seconds.
const PERIOD: (f64, f64) = (120.0, 900.0);

/// What `kind` of port `port` of the agent with this seed shows after `uptime` seconds since it began to count.
#[must_use]
pub fn count(seed: u64, port: u32, kind: Kind, uptime: f64) -> u64 {
    let (phase, period) = swell(seed, port);
    // The integral of rate x (1 + sin / 2): it never falls.
    let lived = uptime + period / TAU / 2.0 * (phase.cos() - (TAU * uptime / period + phase).cos());
    let at = |rate: f64| (rate * lived) as u64;
    match kind {
        Kind::NonUnicast(direction) => {
            at(rate(seed, port, Kind::Multicast(direction))) + at(rate(seed, port, Kind::Broadcast(direction)))
        }
        _ => at(rate(seed, port, kind)),
    }
}

fn swell(seed: u64, port: u32) -> (f64, f64) {
    let mut chance = Rng::new(seed ^ u64::from(port).rotate_left(40));
    let phase = TAU * share(&mut chance);
    (phase, within(PERIOD, share(&mut chance)))
}

/// A second, in the mean.
fn rate(seed: u64, port: u32, kind: Kind) -> f64 {
    let (number, direction) = match kind {
        Kind::Octets(direction) | Kind::Unicast(direction) => (1, direction),
        Kind::Multicast(direction) => (2, direction),
        Kind::Broadcast(direction) | Kind::NonUnicast(direction) => (3, direction),
        Kind::Trouble(direction) => (4, direction),
    };
    let mut chance = Rng::new(seed ^ u64::from(port) << 8 ^ number << 1 ^ u64::from(direction == Direction::Out));
    let first = share(&mut chance);
    match kind {
        // By powers: most ports idle, some busy.
        Kind::Unicast(_) => IDLE_PPS + BUSIEST_PPS * first.powi(6),
        Kind::Octets(_) => (IDLE_PPS + BUSIEST_PPS * first.powi(6)) * within(MEAN_PACKET, share(&mut chance)),
        Kind::Multicast(_) => within(MULTICAST_PPS, first),
        Kind::Broadcast(_) | Kind::NonUnicast(_) => within(BROADCAST_PPS, first),
        Kind::Trouble(_) => within(TROUBLE_PPS, first),
    }
}

fn share(chance: &mut Rng) -> f64 {
    chance.bits() as f64 / u64::MAX as f64
}

fn within((low, high): (f64, f64), share: f64) -> f64 {
    low + (high - low) * share
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 6] = [
        Kind::Octets(Direction::In),
        Kind::Unicast(Direction::In),
        Kind::Multicast(Direction::Out),
        Kind::Broadcast(Direction::In),
        Kind::NonUnicast(Direction::Out),
        Kind::Trouble(Direction::In),
    ];

    #[test]
    fn counters_are_a_function_of_seed_port_and_time_and_never_fall() {
        for seed in 0..20 {
            for port in 1..=10 {
                for kind in KINDS {
                    let shown = (0..200).map(|tick| count(seed, port, kind, f64::from(tick) * 7.5));
                    let shown = shown.collect::<Vec<_>>();
                    assert!(shown.is_sorted(), "{seed} {port} {kind:?}: {shown:?}");
                    assert_eq!(shown[0], 0);
                    assert_eq!(count(seed, port, kind, 1492.5), shown[199]);
                }
            }
        }
        let at = |seed, port| count(seed, port, Kind::Octets(Direction::In), 1e6);
        assert_ne!(at(1, 1), at(2, 1));
        assert_ne!(at(1, 1), at(1, 2));
    }

    #[test]
    fn traffic_is_that_of_a_healthy_network() {
        let seconds = 86_400.0;
        for port in 1..=52 {
            let rate = |kind| count(7, port, kind, seconds) as f64 / seconds;
            let (octets, packets) = (rate(Kind::Octets(Direction::In)), rate(Kind::Unicast(Direction::In)));
            assert!(octets <= 1250.0 * packets + 1.0 && octets + 90.0 >= 89.0 * packets, "{octets} {packets}");
            assert!(rate(Kind::Multicast(Direction::In)) < 20.0);
            assert!((rate(Kind::NonUnicast(Direction::In)) - rate(Kind::Multicast(Direction::In))) < 10.0);
        }
    }
}
