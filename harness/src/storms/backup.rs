//! A backup runs at full speed from one host to another: unicast that nobody else sees. Nothing is wrong with it.

use super::{Injector, Step, actor_of, partner_of};
use crate::world::{World, article};
use std::ops::RangeInclusive;
use std::time::Duration;

/// How often the packets of the backup are added to the counters.
const EVERY: Duration = Duration::from_millis(100);

/// `backup`.
pub(super) struct Backup;

impl Injector for Backup {
    fn id(&self) -> &'static str {
        "backup"
    }

    fn about(&self) -> &'static str {
        "A backup runs at full speed between two hosts, by unicast. Healthy."
    }

    fn cause(&self) -> Option<&'static str> {
        None
    }

    fn rates(&self) -> RangeInclusive<u64> {
        2000..=45_000
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let storm = world.storm(index).clone();
        let (from, to) = (actor_of(world.scenario(), &storm)?, partner_of(world.scenario(), &storm)?);
        match step {
            Step::Begin => {
                let name = article(&world.scenario().hosts[from].name);
                world.tell(&format!("{name} begins its backup"));
            }
            Step::End => return None,
            Step::Next(_) => {
                let sockets = [from, to].map(|host| world.scenario().hosts[host].socket());
                let packets = storm.rate_pps / 10;
                let packets = packets / 2 + world.rng.below(packets.max(1));
                world.count_unicast(sockets, packets, 1450);
                // One acknowledgement for two segments (RFC 5681, 4.2).
                world.count_unicast([sockets[1], sockets[0]], packets / 2, 70);
            }
        }
        Some(world.now() + EVERY)
    }
}
