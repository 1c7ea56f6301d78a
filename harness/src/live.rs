//! A world in real time: a thread lets virtual time follow the clock, an agent and UPnP responders serve it on loopback,
//! and frames and events are handed out as they happen. What happens is the world's affair.

use crate::mac::Mac;
use crate::net::{self, Worker};
use crate::scenario::{Host, Kind, Scenario};
use crate::snmp::{AgentOptions, SharedTable, SnmpAgent, switch_mib};
use crate::upnp::device::About;
use crate::upnp::{GatewayOptions, SsdpDevice, UpnpGateway};
use crate::world::{CapturedFrame, World, WorldEvent, habits};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often virtual time follows the clock.
const STEP: Duration = Duration::from_millis(10);
/// Most virtual time in one step: a machine that was asleep goes on from where it was, and does not catch up.
const MAX_STEP: Duration = Duration::from_millis(250);
/// How often the agent's counters are refreshed; real ones take 1 to 30 s.
const REFRESH: Duration = Duration::from_secs(1);
/// Frames that wait for a receiver; more are dropped and counted, as a capture ring does.
const MAX_QUEUED: usize = 65_536;
/// Events that wait for a narrator.
const MAX_EVENTS: usize = 256;

/// Why a world could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the simulated home network could not start its {what} on 127.0.0.1: {source}")]
pub struct StartError {
    /// What could not be started.
    pub what: &'static str,
    /// Why.
    pub source: io::Error,
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> StartError {
    move |source| StartError { what, source }
}

/// What is served on loopback. It stops when dropped.
#[derive(Debug)]
pub struct Served {
    /// Where the switch's SNMP agent answers, community `public`.
    pub snmp_addr: SocketAddr,
    /// The agent.
    pub snmp: SnmpAgent,
    /// The provider's router; `None` where nothing could be had on SSDP's port.
    pub gateway: Option<UpnpGateway>,
    /// NAS, television and Echo.
    pub devices: Vec<SsdpDevice>,
    /// Why there is no gateway or not every device, for the narrator.
    pub problem: Option<StartError>,
}

impl Served {
    /// Serves `scenario`: the agent answers from `table`.
    ///
    /// # Errors
    /// The agent could not be started. UPnP that could not be started is left out, and said in `problem`.
    pub fn start(scenario: &Scenario, table: SharedTable) -> Result<Self, StartError> {
        let snmp = SnmpAgent::start(table, AgentOptions::default()).map_err(failed("SNMP agent"))?;
        let mut served = Self { snmp_addr: snmp.addr(), snmp, gateway: None, devices: Vec::new(), problem: None };
        served.problem = served.start_upnp(scenario).err();
        Ok(served)
    }

    fn start_upnp(&mut self, scenario: &Scenario) -> Result<(), StartError> {
        let nas = scenario.hosts.iter().find(|host| host.kind == Kind::Nas);
        for host in &scenario.hosts {
            if host.kind == Kind::Gateway {
                let client = nas.map_or(Ipv4Addr::new(192, 168, 1, 20), |nas| nas.ip);
                let gateway = UpnpGateway::start(GatewayOptions::home(habits::udn(host), client));
                self.gateway = Some(gateway.map_err(failed("UPnP gateway"))?);
            } else if let Some(about) = about(host) {
                self.devices.push(SsdpDevice::start(about).map_err(failed("UPnP devices"))?);
            }
        }
        Ok(())
    }
}

/// How a host describes itself, if it is a UPnP device.
fn about(host: &Host) -> Option<About> {
    let (device_type, name, manufacturer, model) = match host.kind {
        Kind::Nas => ("MediaServer", "NAS", "Synology", "DiskStation"),
        Kind::Tv => ("MediaRenderer", "Television", "Sony", "Television"),
        Kind::Echo => ("Basic", "Echo", "Amazon", "Echo"),
        Kind::Gateway | Kind::Pi | Kind::Pc => return None,
    };
    Some(About {
        udn: habits::udn(host),
        device_type: format!("urn:schemas-upnp-org:device:{device_type}:1"),
        friendly_name: name.to_owned(),
        manufacturer: manufacturer.to_owned(),
        model: model.to_owned(),
    })
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<CapturedFrame>,
    dropped: u64,
    ended: bool,
}

/// The frames of a live world, for one receiver. Ends with the world.
#[derive(Clone, Debug, Default)]
pub struct FrameFeed(Arc<(Mutex<Queue>, Condvar)>);

impl FrameFeed {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, frames: Vec<CapturedFrame>) {
        if frames.is_empty() {
            return;
        }
        let mut queue = self.lock();
        let room = MAX_QUEUED.saturating_sub(queue.frames.len());
        queue.dropped += frames.len().saturating_sub(room) as u64;
        queue.frames.extend(frames.into_iter().take(room));
        self.0.1.notify_all();
    }

    fn end(&self) {
        self.lock().ended = true;
        self.0.1.notify_all();
    }

    /// Waits at most `timeout` for frames, and takes all that have come.
    #[must_use]
    pub fn next_batch(&self, timeout: Duration) -> Vec<CapturedFrame> {
        let waited = self.0.1.wait_timeout_while(self.lock(), timeout, |queue| queue.frames.is_empty() && !queue.ended);
        let (mut queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        queue.frames.drain(..).collect()
    }

    /// Frames dropped since the last call because nobody took them.
    #[must_use]
    pub fn take_dropped(&self) -> u64 {
        std::mem::take(&mut self.lock().dropped)
    }

    /// The world has been dropped; no more frames will come.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.lock().ended
    }
}

/// A world in real time. Everything stops when it is dropped.
#[derive(Debug)]
pub struct LiveWorld {
    served: Served,
    feed: FrameFeed,
    events: Mutex<Option<Receiver<WorldEvent>>>,
    names: BTreeMap<Mac, String>,
    capture_mac: Option<Mac>,
    _worker: Worker,
}

impl LiveWorld {
    /// Starts the world and everything that serves it.
    ///
    /// # Errors
    /// The SNMP agent or a thread could not be had.
    pub fn start(scenario: &Scenario, seed: u64) -> Result<Self, StartError> {
        let mut world = World::new(scenario, seed);
        let table = SharedTable::new(switch_mib::table(&world));
        let served = Served::start(scenario, table.clone())?;
        let feed = FrameFeed::default();
        let (tell, events) = sync_channel(MAX_EVENTS);
        let frames = feed.clone();
        let worker = Worker::start("harness-world", None, move |stop| run(&mut world, &table, &frames, &tell, stop));
        let capture_mac = scenario.host(&scenario.capture).map(|host| host.mac);
        Ok(Self {
            served,
            feed,
            events: Mutex::new(Some(events)),
            names: scenario.device_names(),
            capture_mac,
            _worker: worker.map_err(failed("clockwork"))?,
        })
    }

    /// The frames as the capturing host sees them, from the start of the world on. One receiver is meant.
    #[must_use]
    pub fn frames(&self) -> FrameFeed {
        self.feed.clone()
    }

    /// What happens, for a narrator. The first call gets it.
    #[must_use]
    pub fn events(&self) -> Option<Receiver<WorldEvent>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What is served, and where.
    #[must_use]
    pub fn served(&self) -> &Served {
        &self.served
    }

    /// What the user calls the devices.
    #[must_use]
    pub fn names(&self) -> &BTreeMap<Mac, String> {
        &self.names
    }

    /// MAC of the host at which frames are captured.
    #[must_use]
    pub fn capture_mac(&self) -> Option<Mac> {
        self.capture_mac
    }
}

#[expect(clippy::disallowed_methods, reason = "this world follows the clock")]
fn run(world: &mut World, table: &SharedTable, feed: &FrameFeed, tell: &SyncSender<WorldEvent>, stop: &AtomicBool) {
    let mut last = Instant::now();
    let mut refreshed = Duration::ZERO;
    while !net::stopped(stop) {
        std::thread::sleep(STEP);
        let now = Instant::now();
        let step = (now - last).min(MAX_STEP);
        last = now;
        feed.push(world.advance(world.now() + step));
        for event in world.take_events() {
            // A narrator who does not listen misses it.
            if let Err(TrySendError::Disconnected(_)) = tell.try_send(event) {
                break;
            }
        }
        if world.now() - refreshed >= REFRESH {
            refreshed = world.now();
            table.set(switch_mib::table(world));
        }
    }
    feed.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_is_served_and_stops() {
        let mut scenario = Scenario::builtin("home").expect("a scenario");
        scenario.storms[0].from = Duration::from_millis(100);
        scenario.storms[0].kindle_after = Duration::from_millis(100);
        let live = LiveWorld::start(&scenario, 1).expect("a live world");
        let feed = live.frames();
        let mut frames = Vec::new();
        for _ in 0..200 {
            frames.extend(feed.next_batch(Duration::from_millis(50)));
            if frames.len() > 500 {
                break;
            }
        }
        assert!(frames.len() > 500 && frames.is_sorted_by_key(|frame| frame.at), "{} frames", frames.len());
        let events = live.events().expect("events");
        assert!(live.events().is_none());
        let told = events.try_iter().map(|event| event.text).collect::<Vec<_>>();
        assert!(told.len() >= 2 && told[0].contains("switched on"), "{told:?}");
        assert!(live.served().snmp_addr.ip().is_loopback());
        assert_eq!(live.names().len(), 8);
        drop(live);
        assert!(feed.ended());
        let _ = feed.next_batch(Duration::from_secs(60));
    }
}
