//! A television stream that somebody watches. With snooping it goes where it is wanted; without, everywhere, and nothing is
//! lost by it. Nothing is wrong with it.

use super::{Injector, Step, actor_of, partner_of, stream_flood};
use crate::packets::{self, Igmp};
use crate::scenario::{Kind, Scenario, Storm};
use crate::world::{World, article};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Packets between two reports of the viewer: a minute at the lowest rate.
const REPORT_EVERY: u64 = 20_000;

/// `iptv`.
pub(super) struct Iptv;

fn sender_and_viewer(scenario: &Scenario, storm: &Storm) -> Option<(usize, usize)> {
    let gateway = scenario.hosts.iter().position(|host| host.kind == Kind::Gateway)?;
    let viewer =
        actor_of(scenario, storm).filter(|viewer| *viewer != gateway).or_else(|| partner_of(scenario, storm))?;
    Some((gateway, viewer))
}

impl Injector for Iptv {
    fn id(&self) -> &'static str {
        "iptv"
    }

    fn about(&self) -> &'static str {
        "A television stream that somebody watches. Healthy."
    }

    fn cause(&self) -> Option<&'static str> {
        None
    }

    fn rates(&self) -> RangeInclusive<u64> {
        300..=1100
    }

    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration> {
        let storm = world.storm(index).clone();
        let (sender, viewer) = sender_and_viewer(world.scenario(), &storm)?;
        let watcher = world.scenario().hosts[viewer].clone();
        let id = world.ip_id(viewer);
        let say = |message| packets::igmp(watcher.mac, watcher.ip, id, message);
        match step {
            Step::Begin => world.tell(&format!("{} begins to show a programme", article(&watcher.name))),
            Step::End => {
                world.send(world.now(), watcher.socket(), say(Igmp::Leave(stream_flood::GROUP)));
                return None;
            }
            Step::Next(count) => {
                if count % REPORT_EVERY == 0 {
                    world.send(world.now(), watcher.socket(), say(Igmp::Report(stream_flood::GROUP)));
                }
                let socket = world.scenario().hosts[sender].socket();
                let frame = stream_flood::packet(world, sender, count);
                world.send(world.now(), socket, frame);
            }
        }
        let gap = Duration::from_nanos(1_000_000_000 / storm.rate_pps.max(1));
        Some(world.now() + gap)
    }
}
