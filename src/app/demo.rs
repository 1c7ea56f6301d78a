//! `stormglass demo`: the real `serve` beside a simulated home network, on the loopback alone. Only the frames are handed
//! in, since a raw socket would need a privilege; SNMP, SSDP, SOAP and HTTP run over real sockets.

use super::cli::fail;
use super::config::{self, Interval};
use super::hub::Change;
use super::serve::{self, Frames, Plan, Running};
use super::signals;
use crate::io::capture::FrameSource;
use crate::io::clock::Clock;
use crate::model::Time;
use crate::model::frames::{FrameMeta, LinkType};
use crate::model::text::Language;
use crate::model::verdict::{Phase, Severity, Verdict};
use crate::view;
use crate::view::text::{self, Style};
use anyhow::Context as _;
use clap::Args;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use stormglass_harness::{FrameFeed, LiveWorld, Scenario, WorldEvent};
use tokio::sync::mpsc;

/// Where the frames seem to come from.
const INTERFACE: &str = "lan0";
/// Every demo runs the same: the world is made from this.
const SEED: u64 = 1;
/// A machine that was asleep has lost time that the world does not catch up.
const MAX_LAG: Duration = Duration::from_millis(500);

/// `stormglass demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Where the page and the metrics are; loopback only.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:10116")]
    listen: SocketAddr,
    /// End after this time, as in 40s; without it, Ctrl-C ends the demo.
    #[arg(long, value_name = "TIME")]
    exit_after: Option<Interval>,
    /// What happens in the home.
    #[arg(long, value_name = "NAME", default_value = "home", value_parser = scenario)]
    scenario: String,
}

fn scenario(name: &str) -> Result<String, String> {
    Scenario::builtin(name).map(|_| name.to_owned()).map_err(|error| error.to_string())
}

/// Runs `stormglass demo`.
#[must_use]
pub fn main(args: &DemoArgs) -> ExitCode {
    if !args.listen.ip().is_loopback() {
        return fail(&format!(
            "--listen {}: the demo listens on the loopback only, as in 127.0.0.1:10116",
            args.listen
        ));
    }
    serve::log("error", "text");
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the system gives no threads: {error}")),
    };
    let result = runtime.block_on(run(args));
    runtime.shutdown_timeout(Duration::from_millis(100));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}")),
    }
}

async fn run(args: &DemoArgs) -> anyhow::Result<()> {
    let ended = signals::stop()?;
    let scenario = Scenario::builtin(&args.scenario)?;
    let clock = Clock::start();
    let world = LiveWorld::start(&scenario, SEED)?;
    let running = start(&world, args.listen, clock).await?;
    let narrator = Narrator::new(clock, running.addresses[0]);
    narrator.welcome(&scenario, &world);
    let events = world.events().map(forward).transpose()?;
    let telling = narrator.tell(&running, events);
    let limit = async {
        match args.exit_after {
            Some(limit) => tokio::time::sleep(limit.0).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = telling => {}
        () = ended => {}
        () = limit => {}
    }
    running.stop().await;
    say("The demo has ended.");
    Ok(())
}

/// The configuration a user would write for such a home, with the agent's loopback address.
fn configuration(world: &LiveWorld) -> String {
    let mut text = format!(
        "snmp:\n  auths: {{home: {{version: 2c, community: public}}}}\n  targets: [{{name: hub, address: \"{}\", auth: home, \
         interval: 2s}}]\nupnp: {{interfaces: [lo], interval: 20s}}\nnames:\n",
        world.served().snmp_addr
    );
    for (mac, name) in world.names() {
        let _ = writeln!(text, "  \"{mac}\": \"{name}\"");
    }
    text
}

async fn start(world: &LiveWorld, listen: SocketAddr, clock: Clock) -> anyhow::Result<Running> {
    let config = config::parse(&configuration(world), "the demo's configuration")?;
    let source = Simulated { feed: world.frames(), began: clock.now(), clock, number: 0 };
    let frames = Frames::Given(vec![(INTERFACE.into(), Box::new(source))]);
    let plan = Plan { config, listen: vec![listen], frames, watch_host: false, clock, service: None };
    serve::start(plan).await.context("the demo can't start (--listen 127.0.0.1:0 takes any free port)")
}

/// Frames of the simulated network, dated by its virtual time.
struct Simulated {
    feed: FrameFeed,
    began: Time,
    clock: Clock,
    number: u64,
}

impl FrameSource for Simulated {
    fn frames(&mut self, timeout: Duration, sink: &mut dyn FnMut(&FrameMeta, &[u8])) -> std::io::Result<()> {
        let batch = self.feed.next_batch(timeout);
        if let Some(last) = batch.last() {
            let lag = self.clock.now().since(self.began.plus(last.at));
            if lag > MAX_LAG {
                self.began = self.began.plus(lag);
            }
        }
        for frame in batch {
            self.number += 1;
            let meta = FrameMeta {
                at: self.began.plus(frame.at),
                number: self.number,
                interface: 0,
                link: LinkType::Ethernet,
                vlan: None,
                original_len: u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX),
            };
            sink(&meta, &frame.bytes);
        }
        if self.feed.ended() { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    fn dropped(&mut self) -> u64 {
        self.feed.take_dropped()
    }
}

/// Events of the world's own thread, for an async reader.
fn forward(events: std::sync::mpsc::Receiver<WorldEvent>) -> std::io::Result<mpsc::Receiver<WorldEvent>> {
    let (sender, receiver) = mpsc::channel(64);
    std::thread::Builder::new().name("demo-events".to_owned()).spawn(move || {
        for event in events {
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    })?;
    Ok(receiver)
}

fn say(line: &str) {
    // A closed standard output ends the telling, not the demo.
    let _ = writeln!(std::io::stdout(), "{line}");
}

struct Narrator {
    clock: Clock,
    began: Time,
    address: SocketAddr,
    style: Style,
}

impl Narrator {
    fn new(clock: Clock, address: SocketAddr) -> Self {
        let color = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { clock, began: clock.now(), address, style: Style { color, width: 96, ..Style::PLAIN } }
    }

    fn welcome(&self, scenario: &Scenario, world: &LiveWorld) {
        say("stormglass demo: a simulated home on 127.0.0.1. Nothing is sent into your own network.");
        say(&format!("  the page       http://{}/", self.address));
        say(&format!("  the metrics    http://{}/metrics", self.address));
        say(&format!("  the storms     http://{}/api/v1/storms", self.address));
        say(&format!("  the switch     answers SNMP at {} (community public)", world.served().snmp_addr));
        let others = Scenario::names().filter(|name| *name != scenario.name).collect::<Vec<_>>().join(", ");
        say(&format!("  this scenario  {}: {}", scenario.name, scenario.about));
        say(&format!("  others         --scenario {others}"));
        if let Some(problem) = &world.served().problem {
            say(&format!("  without UPnP   {problem}"));
        }
        say("");
    }

    fn stamp(&self) -> String {
        let seconds = self.clock.now().since(self.began).as_secs();
        format!("[{:02}:{:02}]", seconds / 60, seconds % 60)
    }

    fn line(&self, who: &str, text: &str) {
        say(&format!("{} {who:<10} {text}", self.stamp()));
    }

    /// Tells what the world does and what stormglass says to it, for as long as both go on.
    async fn tell(&self, running: &Running, events: Option<mpsc::Receiver<WorldEvent>>) {
        let mut changes = running.hub.changes();
        let mut events = events;
        let mut told: Vec<(Arc<str>, Severity)> = Vec::new();
        let mut mappings = tokio::time::interval(Duration::from_millis(250));
        let mut listed = false;
        loop {
            tokio::select! {
                event = next(&mut events) => match event {
                    Some(event) => self.line("the home", &event.text),
                    None => events = None,
                },
                change = changes.recv() => match change {
                    Ok(Change::Storm(verdict)) => self.verdict(&verdict, &mut told),
                    Ok(Change::Mapping(change)) => self.line("stormglass", &view::upnp::change(&change, Language::English)),
                    Ok(Change::Device(change)) => self.line("stormglass", &view::upnp::device_change(&change, Language::English)),
                    Ok(Change::Noted(note)) => self.line("stormglass", &view::notes::sentence(&note, Language::English)),
                    Ok(Change::Moved(_)) => {}
                    Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
                },
                _ = mappings.tick(), if !listed => listed = self.mappings(running).await,
            }
        }
    }

    fn verdict(&self, verdict: &Verdict, told: &mut Vec<(Arc<str>, Severity)>) {
        let key = (Arc::clone(&verdict.id), verdict.severity);
        if verdict.phase == Phase::Active && !told.contains(&key) {
            told.push(key);
            if verdict.severity == Severity::Warning {
                self.line("stormglass", &format!("A warning. {}", verdict.sentence));
                return;
            }
            self.line("stormglass", "A STORM.");
            say("");
            for line in text::verdict(verdict, self.style).lines() {
                say(&format!("    {line}"));
            }
            say("");
            return;
        }
        match verdict.phase {
            Phase::Active => match verdict.culprit.as_ref().and_then(|culprit| culprit.port.as_ref()) {
                Some(port) => self.line("stormglass", &format!("The switch says where: {port}.")),
                None => self.line("stormglass", "It goes on."),
            },
            Phase::Clearing => self.line("stormglass", "Nothing of it for two seconds: clearing."),
            Phase::Over => self.line("stormglass", &format!("It is over. {}", verdict.sentence)),
        }
    }

    /// The port mappings, once they have been found.
    async fn mappings(&self, running: &Running) -> bool {
        let found = running.hub.query(|engine, _| {
            engine.search().at?;
            let catalogue = engine.catalogue();
            Some((catalogue.gateways().cloned().collect::<Vec<_>>(), catalogue.devices().count()))
        });
        let Some((gateways, devices)) = found.await.ok().flatten() else { return false };
        for gateway in &gateways {
            let mappings = gateway.mappings.iter().map(|m| format!("{} {}", m.protocol.as_str(), m.external_port));
            let mappings = mappings.collect::<Vec<_>>().join(", ");
            self.line("stormglass", &format!("{} has these ports open by UPnP: {mappings}", gateway.friendly_name));
        }
        self.line("stormglass", &format!("{devices} UPnP devices have answered."));
        true
    }
}

async fn next(events: &mut Option<mpsc::Receiver<WorldEvent>>) -> Option<WorldEvent> {
    match events {
        Some(events) => events.recv().await,
        None => std::future::pending().await,
    }
}
