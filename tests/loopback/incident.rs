//! A switch whose counters go through a storm, as a world goes by in real time. Shared by the tests that need one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use stormglass_harness::snmp::{AgentOptions, SharedTable, SnmpAgent, switch_mib};
use stormglass_harness::{Scenario, World};

/// The world goes by in real time, or sysUpTime would not fit its counters; it begins shortly before its storm.
const BEGINS: Duration = Duration::from_secs(8);

/// The switch of the incident, until it is dropped.
pub(crate) struct Incident {
    pub(crate) agent: SnmpAgent,
    stop: Arc<AtomicBool>,
    world: Option<std::thread::JoinHandle<()>>,
}

impl Incident {
    /// Goes on for `limit` at most.
    pub(crate) fn start(scenario: &Scenario, limit: Duration) -> Self {
        let mut world = World::new(scenario, 3);
        drop(world.advance(BEGINS));
        let table = SharedTable::new(switch_mib::table(&world));
        let agent = SnmpAgent::start(table.clone(), AgentOptions::default()).expect("an agent");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let world = std::thread::spawn(move || {
            let began = Instant::now();
            while !stopped.load(Ordering::Relaxed) && began.elapsed() < limit {
                drop(world.advance(BEGINS + began.elapsed()));
                table.set(switch_mib::table(&world));
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        Self { agent, stop, world: Some(world) }
    }
}

impl Drop for Incident {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.world.take().map(std::thread::JoinHandle::join);
    }
}
