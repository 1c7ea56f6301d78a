//! The power comes back, and every UPnP device announces itself at once: 120 messages in 0.3 s, measured on a healthy
//! network. Nothing is wrong with it.

use super::{Injector, Step};
use crate::scenario::Kind;
use crate::world::World;
use crate::world::habits;
use std::time::Duration;

/// Messages of the burst, and how long it takes.
const MESSAGES: usize = 120;
const SPAN: Duration = Duration::from_millis(300);

/// `announcement_burst`.
pub(super) struct AnnouncementBurst;

impl Injector for AnnouncementBurst {
    fn id(&self) -> &'static str {
        "announcement_burst"
    }

    fn about(&self) -> &'static str {
        "Every UPnP device announces itself at once, as after a power cut. Healthy."
    }

    fn cause(&self) -> Option<&'static str> {
        None
    }

    fn step(&self, world: &mut World, _: usize, step: Step) -> Option<Duration> {
        if step != Step::Begin {
            return None;
        }
        world.tell("the power comes back, and every device announces itself");
        let hosts = world.scenario().hosts.clone();
        let devices = hosts.iter().enumerate().filter(|(_, host)| !matches!(host.kind, Kind::Pc | Kind::Pi));
        let devices = devices.collect::<Vec<_>>();
        for message in 0..MESSAGES {
            let Some((index, host)) = devices.get(message % devices.len().max(1)) else { break };
            let udn = habits::udn(host);
            // Each message twice, as the standard recommends against loss.
            let nt = format!("urn:schemas-upnp-org:service:Service{}:1", message / devices.len() / 2);
            let at = world.now() + world.rng.between(Duration::ZERO, SPAN);
            world.notify(*index, host, at, &nt, &format!("{udn}::{nt}"));
        }
        None
    }
}
