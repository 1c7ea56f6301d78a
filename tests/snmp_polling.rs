//! The driver of the polls by itself, on loopback: targets that come, go and move while it runs, dead ones beside living
//! ones, an engine that takes nothing, and an end in the middle of a poll. Counts what agents are asked, and times nothing.

#![expect(clippy::disallowed_methods, reason = "a test that waits for what others do")]

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use stormglass::app::hub::Hub;
use stormglass::app::tasks::{Rhythm, Scheduler};
use stormglass::engine::agenda::{Counts, MAX_IN_FLIGHT, MAX_SILENT_IN_FLIGHT};
use stormglass::engine::{Input, Settings};
use stormglass::io::clock::Clock;
use stormglass::io::snmp::{Auth, Client, Located, Place, Target};
use stormglass::model::Time;
use stormglass_harness::snmp::{AgentOptions, SnmpAgent, faults, template};

const INTERVAL: Duration = Duration::from_millis(200);
/// Nothing here takes that long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(120);

fn agent() -> SnmpAgent {
    SnmpAgent::start_own(template::switch(4), AgentOptions::default()).expect("an agent")
}

/// A target that is polled every [`INTERVAL`]; one request may wait for `patience`.
fn target(name: &str, address: SocketAddr, patience: Duration) -> (Arc<Located>, Rhythm) {
    let settings = Target::new(name, ([0, 0, 0, 0], 0).into(), Auth::v2c("public"));
    let settings = Target { request_timeout: patience, retries: 0, ..settings };
    let rhythm = Rhythm { interval: INTERVAL, timeout: patience.max(INTERVAL) };
    (Arc::new(Located::new(settings, Place::Address(address))), rhythm)
}

fn living(name: &str, agent: &SnmpAgent) -> (Arc<Located>, Rhythm) {
    target(name, agent.addr(), Duration::from_secs(5))
}

struct Desk {
    hub: Hub,
    scheduler: Scheduler,
    polling: tokio::task::JoinHandle<()>,
}

impl Desk {
    fn start() -> Self {
        let clock = Clock::start();
        let (hub, _questions) = Hub::start(Settings::default(), clock).expect("a thread");
        let (scheduler, polls) = Scheduler::new(hub.clone(), Arc::new(Client::start(clock)), clock);
        Self { hub, scheduler, polling: tokio::spawn(polls) }
    }

    /// When each target last ended a poll, and whether it answered.
    async fn polls(&self) -> BTreeMap<String, (Option<Time>, bool)> {
        let read = |engine: &stormglass::engine::Engine, _| {
            engine.targets().statuses().map(|one| (one.name.to_string(), (one.last_poll, one.up))).collect()
        };
        self.hub.query(read).await.expect("the engine runs")
    }

    async fn counts(&self) -> Counts {
        self.hub.query(|engine, _| *engine.polling()).await.expect("the engine runs")
    }
}

async fn until(what: &str, mut fits: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !fits().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Waits until an agent was asked so many times more.
async fn asked(agent: &SnmpAgent, more: u64) {
    let enough = agent.requests() + more;
    until("asked again", async || agent.requests() >= enough).await;
}

#[tokio::test]
async fn targets_come_go_and_move_while_it_runs() {
    let desk = Desk::start();
    let [goes, stays, moves, comes, elsewhere] = [(); 5].map(|()| agent());
    desk.scheduler.set(vec![living("goes", &goes), living("stays", &stays), living("moves", &moves)]);
    for agent in [&goes, &stays, &moves] {
        asked(agent, 4).await;
    }
    assert_eq!((comes.requests(), elsewhere.requests()), (0, 0));
    desk.scheduler.set(vec![living("stays", &stays), living("moves", &elsewhere), living("comes", &comes)]);
    for agent in [&stays, &elsewhere, &comes] {
        asked(agent, 4).await;
    }
    // A poll that was in flight has ended by now: an agent answers within milliseconds.
    let gone = [goes.requests(), moves.requests()];
    for agent in [&stays, &elsewhere, &comes] {
        asked(agent, 20).await;
    }
    assert_eq!([goes.requests(), moves.requests()], gone, "whoever is gone is not asked any more");
    let polls = desk.polls().await;
    assert!(["stays", "moves", "comes"].iter().all(|name| polls[*name].1), "{polls:?}");
    desk.scheduler.set(Vec::new());
    until("nobody is polled", async || desk.counts().await.in_flight == 0).await;
    let last = [stays.requests(), elsewhere.requests(), comes.requests()];
    tokio::time::sleep(INTERVAL * 4).await;
    assert_eq!([stays.requests(), elsewhere.requests(), comes.requests()], last);
    // And back: what was set last counts, however fast.
    for _ in 0..50 {
        desk.scheduler.set(vec![living("goes", &goes)]);
        desk.scheduler.set(Vec::new());
    }
    desk.scheduler.set(vec![living("stays", &stays)]);
    asked(&stays, 4).await;
}

/// Datagrams that a socket has got and nobody has read.
fn got(socket: &UdpSocket) -> usize {
    socket.set_nonblocking(true).expect("a socket");
    std::iter::from_fn(|| socket.recv(&mut [0; 2048]).ok()).count()
}

#[tokio::test]
async fn dead_targets_cost_the_living_nothing() {
    let desk = Desk::start();
    let agents = [(); 3].map(|()| agent());
    // More than may be in flight of those that answer, and none of their polls ends while this test lasts: in one row with
    // them the living would never be asked, however quick or slow the machine is.
    let dead = (0..MAX_IN_FLIGHT + 44).map(|_| UdpSocket::bind("127.0.0.1:0").expect("a port")).collect::<Vec<_>>();
    let mut all = Vec::new();
    for (n, agent) in agents.iter().enumerate() {
        all.push(living(&format!("living{n}"), agent));
    }
    for (n, socket) in dead.iter().enumerate() {
        let address = socket.local_addr().expect("bound");
        all.push(target(&format!("dead{n:03}"), address, PATIENCE * 30));
    }
    desk.scheduler.set(all);
    until("all the dead are asked", async || desk.counts().await.in_flight >= dead.len()).await;
    for agent in &agents {
        asked(agent, 100).await;
    }
    let counts = desk.counts().await;
    assert!((dead.len()..=MAX_IN_FLIGHT + MAX_SILENT_IN_FLIGHT).contains(&counts.in_flight), "{counts:?}");
    for (name, (ended, up)) in desk.polls().await {
        assert_eq!((ended.is_some(), up), (name.starts_with("living"), name.starts_with("living")), "{name}");
    }
    let heard = dead.iter().map(got).collect::<Vec<_>>();
    assert!(heard.iter().all(|heard| *heard == 1), "asked once each while nothing comes: {heard:?}");
}

#[tokio::test]
async fn the_dead_are_asked_again_and_missed() {
    let desk = Desk::start();
    let dead = [(); 3].map(|()| UdpSocket::bind("127.0.0.1:0").expect("a port"));
    let address = |socket: &UdpSocket| socket.local_addr().expect("bound");
    desk.scheduler.set(dead.iter().enumerate().map(|(n, s)| target(&format!("t{n}"), address(s), INTERVAL)).collect());
    let mut heard = [0; 3];
    until("each is asked four times", async || {
        heard.iter_mut().zip(&dead).for_each(|(heard, socket)| *heard += got(socket));
        heard.iter().all(|heard| *heard >= 4)
    })
    .await;
    let polls = desk.polls().await;
    assert!(polls.values().all(|(ended, up)| ended.is_some() && !up), "{polls:?}");
}

#[tokio::test]
async fn an_engine_that_takes_nothing_holds_the_polls_back() {
    let desk = Desk::start();
    let agents = [(); 3].map(|()| agent());
    desk.scheduler.set(agents.iter().enumerate().map(|(n, agent)| living(&format!("t{n}"), agent)).collect());
    asked(&agents[0], 4).await;
    let (release, held) = std::sync::mpsc::channel::<()>();
    let hub = desk.hub.clone();
    let holding = tokio::spawn(async move {
        // Ends with an error when the other side is dropped: that is the release.
        let _ = hub.query(move |_, _| held.recv().is_err()).await;
    });
    // Until its inbox is full.
    let hub = desk.hub.clone();
    let filling = tokio::spawn(async move { while hub.send(Input::Polling(Counts::default())).await.is_ok() {} });
    let asked_so_far = || agents.each_ref().map(SnmpAgent::requests);
    let mut before = [0; 3];
    until("nobody is asked any more", async || {
        tokio::time::sleep(INTERVAL * 3).await;
        std::mem::replace(&mut before, asked_so_far()) == asked_so_far()
    })
    .await;
    tokio::time::sleep(INTERVAL * 3).await;
    assert_eq!(asked_so_far(), before, "polls that have ended keep their places");
    filling.abort();
    drop(release);
    holding.await.expect("the engine goes on");
    for agent in &agents {
        asked(agent, 8).await;
    }
}

#[tokio::test]
async fn it_ends_in_the_middle_of_a_poll() {
    let desk = Desk::start();
    let slow = agent();
    slow.misbehave(&[faults::named("latency=500ms")]);
    desk.scheduler.set(vec![living("slow", &slow)]);
    asked(&slow, 1).await;
    desk.polling.abort();
    let ended = desk.polling.await;
    assert!(ended.is_err_and(|error| error.is_cancelled()));
    let asked = slow.requests();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(slow.requests(), asked, "nothing more is asked after the end");
    // The engine is still there, and whoever holds the list may still change it.
    desk.scheduler.set(Vec::new());
    assert!(desk.hub.query(|_, _| true).await.is_ok());
}
