//! The injectors: what makes a healthy world sick, one file each. Adding one is a file and a line in [`INJECTORS`].

mod announcement_burst;
mod chatty_source;
mod igmp_proxy_reflection;
mod l2_loop;

use crate::world::{Event, World};
use std::time::Duration;

/// A moment of a storm's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It begins.
    Begin,
    /// It goes on: the moment that the injector asked for, with its count.
    Next(u64),
    /// It ends.
    End,
}

/// Something that can be done to a world.
pub trait Injector: Sync {
    /// The identifier in scenario files.
    fn id(&self) -> &'static str;

    /// What it does, in one sentence.
    fn about(&self) -> &'static str;

    /// Acts on the world at one moment, as storm `index` of its scenario asks. Returns when to be called again.
    fn step(&self, world: &mut World, index: usize, step: Step) -> Option<Duration>;
}

/// Every injector.
pub const INJECTORS: &[&dyn Injector] = &[
    &igmp_proxy_reflection::IgmpProxyReflection,
    &l2_loop::L2Loop,
    &chatty_source::ChattySource,
    &announcement_burst::AnnouncementBurst,
];

/// The injector with this id.
#[must_use]
pub fn injector(id: &str) -> Option<&'static dyn Injector> {
    INJECTORS.iter().copied().find(|injector| injector.id() == id)
}

/// Runs one moment of storm `index`. What an injector asks for after the storm's end does not happen.
pub(crate) fn run(world: &mut World, index: usize, step: Step) {
    let over = world.storm(index).until.is_some_and(|until| world.now() >= until);
    if over && step != Step::End {
        return;
    }
    let Some(injector) = injector(&world.storm(index).kind) else { return };
    if let Some(at) = injector.step(world, index, step) {
        let count = if let Step::Next(count) = step { count + 1 } else { 0 };
        world.at(at, Event::Storm { index, step: Step::Next(count) });
    }
}

/// The host that acts in a storm: the one named, else the Echo or whatever comes first.
fn actor(world: &World, index: usize) -> Option<usize> {
    let storm = world.storm(index);
    let named = storm.host.as_deref().and_then(|name| world.host_index(name));
    let hosts = &world.scenario().hosts;
    named.or_else(|| hosts.iter().position(|host| host.kind == crate::scenario::Kind::Echo)).or(if hosts.is_empty() {
        None
    } else {
        Some(0)
    })
}
