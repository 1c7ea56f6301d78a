//! A poll task for each target: those of a new list that are new are started, those that are gone or changed are ended,
//! all others go on undisturbed. Knows no sources.

use super::{Entry, List};
use crate::app::hub::Hub;
use crate::app::tasks;
use crate::io::clock::Clock;
use crate::io::snmp::Client;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{AbortHandle, JoinSet};

/// Takes the whole list of targets that are to be polled.
pub(super) trait Polls: Send {
    /// From now on these are polled, and no others.
    fn set(&mut self, list: &List);
    /// Resolves when polling has failed, which is a mistake in this program.
    fn failed(&mut self) -> impl Future<Output = ()> + Send;
}

/// A task for each.
pub(super) struct Tasks {
    hub: Hub,
    clock: Clock,
    client: Arc<Client>,
    running: JoinSet<()>,
    by_name: BTreeMap<Arc<str>, (Arc<Entry>, AbortHandle)>,
}

impl Tasks {
    pub(super) fn new(hub: Hub, clock: Clock, client: Arc<Client>) -> Self {
        Self { hub, clock, client, running: JoinSet::new(), by_name: BTreeMap::new() }
    }

    fn start(&mut self, entry: &Arc<Entry>) {
        let (interval, timeout) = (entry.described.interval, entry.described.timeout);
        let rhythm = tasks::Rhythm { interval, timeout, offset: phase(entry.located.name(), interval) };
        let target = Arc::clone(&entry.located);
        let task = tasks::poll_target(self.hub.clone(), self.clock, Arc::clone(&self.client), target, rhythm);
        let handle = self.running.spawn(task);
        self.by_name.insert(Arc::clone(entry.located.name()), (Arc::clone(entry), handle));
    }
}

impl Polls for Tasks {
    fn set(&mut self, list: &List) {
        let stays =
            |entry: &Arc<Entry>| list.find(entry.located.name(), None).is_some_and(|now| Arc::ptr_eq(now, entry));
        self.by_name.retain(|_, (entry, task)| {
            let stays = stays(entry);
            if !stays {
                task.abort();
            }
            stays
        });
        for entry in list.entries() {
            if !self.by_name.contains_key(entry.located.name()) {
                self.start(entry);
            }
        }
    }

    async fn failed(&mut self) {
        loop {
            match self.running.join_next().await {
                Some(Err(error)) if error.is_panic() => return,
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }
}

/// When in its interval a target is polled: by its name, so that others that come and go do not move it. FNV-1a, and a
/// last mixing without which names that differ in a digit would lie together.
fn phase(name: &str, interval: Duration) -> Duration {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    let hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    interval.mul_f64(f64::from(hash ^ hash >> 16) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_lie_in_the_interval_and_spread() {
        let interval = Duration::from_secs(60);
        let mut in_second = [0_u32; 61];
        for n in 0..6_000 {
            let phase = phase(&format!("switch-{n}"), interval);
            assert!(phase <= interval);
            in_second[phase.as_secs() as usize] += 1;
        }
        // A hundred each; chance alone leaves this band once in many millions.
        assert!(in_second[..60].iter().all(|n| (40..=180).contains(n)), "{in_second:?}");
    }
}
