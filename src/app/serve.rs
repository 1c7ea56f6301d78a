//! `stormglass serve`: starts what the configuration asks for, says where it listens, and stops it in order.

use super::check::Checker;
use super::cli::{ServeArgs, fail};
use super::config::{self, Config, Interfaces};
use super::hub::{Change, Hub};
use super::targets;
use super::tasks::{self, Captures, Examiner, Subject};
use super::web;
use crate::engine::Settings;
use crate::explain::causes::Times;
use crate::io::capture::FrameSource;
use crate::io::capture::live::Capture;
use crate::io::clock::{self, Clock};
use crate::io::http_server;
use crate::io::snmp::Client;
use crate::io::storage::Storage;
use crate::model::text::Language;
use crate::observe::replica::ReplicaRules;
use crate::view;
use anyhow::Context as _;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The port of the exporter.
pub const DEFAULT_PORT: u16 = 10_116;
/// After a request to end, this long at most: the bar is a second.
const END_WITHIN: Duration = Duration::from_millis(800);

/// Where the frames come from.
pub enum Frames {
    /// The interfaces that the configuration names.
    Interfaces,
    /// Sources that are already open, with the name of the interface they stand for.
    Given(Vec<(Arc<str>, Box<dyn FrameSource>)>),
}

/// What is to be started.
pub struct Plan {
    /// The configuration.
    pub config: Config,
    /// Where to listen.
    pub listen: Vec<SocketAddr>,
    /// Where the frames come from.
    pub frames: Frames,
    /// Look at this host: its addresses, neighbours and counters.
    pub watch_host: bool,
    /// The one clock.
    pub clock: Clock,
}

/// Everything that was started. Stops when dropped, in order with [`Running::stop`].
pub struct Running {
    /// The engine.
    pub hub: Hub,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    /// What ends by itself when told to: the pages, and the history with its last line.
    orderly: JoinSet<()>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Ends everything: connections first, then the feeds, then the engine.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        self.tasks.abort_all();
        let ended = async {
            while self.orderly.join_next().await.is_some() {}
            while self.tasks.join_next().await.is_some() {}
        };
        if tokio::time::timeout(END_WITHIN, ended).await.is_err() {
            tracing::debug!("some tasks did not end in time");
        }
    }
}

/// Runs `stormglass serve`.
#[must_use]
pub fn main(args: &ServeArgs) -> ExitCode {
    let mut config = match args.config_file.as_deref().map(config::load) {
        Some(Ok(config)) => config,
        Some(Err(error)) => return fail(&error),
        None => Config::default(),
    };
    if args.config_check {
        use std::io::Write as _;
        let what = args
            .config_file
            .as_ref()
            .map_or_else(|| "the default configuration".to_owned(), |f| f.display().to_string());
        let _ = writeln!(std::io::stdout(), "{what}: good ({} SNMP targets)", config.snmp.targets.len());
        return ExitCode::SUCCESS;
    }
    if let Some(folder) = &args.recorder_path {
        config.recorder.path = Some(folder.clone());
    }
    if let Some(folder) = &args.storage_path {
        config.storage.path = Some(folder.clone());
    }
    log(&args.log_level, &args.log_format);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the system gives no threads: {error}")),
    };
    let code = match runtime.block_on(until_told(config, args.listen.clone())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}")),
    };
    // A blocking question to the network may still run; the process need not wait for it.
    runtime.shutdown_timeout(Duration::from_millis(100));
    code
}

async fn until_told(config: Config, flags: Vec<SocketAddr>) -> anyhow::Result<()> {
    let ended = stop_signal()?;
    let listen = listen_on(&config, flags)?;
    let plan = Plan { config, listen, frames: Frames::Interfaces, watch_host: true, clock: Clock::start() };
    let mut running = start(plan).await?;
    for address in &running.addresses {
        tracing::info!("ready at http://{address}/ (metrics at /metrics)");
    }
    let mut changes = running.hub.changes();
    let telling = tokio::spawn(async move {
        loop {
            match changes.recv().await {
                Ok(Change::Storm(verdict)) => {
                    tracing::warn!(storm = %verdict.id, phase = ?verdict.phase, "{}", verdict.sentence);
                }
                Ok(Change::Mapping(change)) => tracing::info!("{}", view::upnp::change(&change, Language::English)),
                Ok(Change::Device(change)) => {
                    tracing::info!("{}", view::upnp::device_change(&change, Language::English));
                }
                Ok(Change::Moved(moved)) => tracing::info!(
                    target = %moved.target, mac = %moved.mac, from = %moved.from, to = %moved.to, count = moved.count,
                    "a device is behind another switch port"
                ),
                Err(tokio::sync::broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::warn!(
                        missed,
                        "changes came faster than they could be logged; /api/v1/storms has them all"
                    );
                }
                Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            }
        }
    });
    let failed = tokio::select! {
        () = ended => false,
        () = running.hub.ended() => true,
        () = failed_task(&mut running.tasks) => true,
    };
    tracing::info!("stopping");
    telling.abort();
    running.stop().await;
    // A page that goes on showing the last state would be worse than none.
    anyhow::ensure!(
        !failed,
        "a part has failed, which is a mistake in stormglass: start it again, and report what it printed"
    );
    Ok(())
}

/// Resolves when a task has panicked. One that ended because its section is switched off has not.
async fn failed_task(tasks: &mut JoinSet<()>) {
    loop {
        match tasks.join_next().await {
            Some(Err(error)) if error.is_panic() => return,
            Some(_) => {}
            None => std::future::pending().await,
        }
    }
}

/// Resolves when the process is told to end (SIGTERM, SIGINT).
///
/// # Errors
/// The system gives no signal handlers.
pub fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("signals can't be waited for")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("signals can't be waited for")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Flags outrank the file, the file outranks the default.
fn listen_on(config: &Config, flags: Vec<SocketAddr>) -> anyhow::Result<Vec<SocketAddr>> {
    if !flags.is_empty() {
        return Ok(flags);
    }
    let of_file = config.web.listen.iter().map(|a| config::listen_address(&a.value).map_err(anyhow::Error::msg));
    let of_file = of_file.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(if of_file.is_empty() { vec![SocketAddr::from(([0_u16; 8], DEFAULT_PORT))] } else { of_file })
}

/// Logs to standard error, once per process.
pub fn log(level: &str, format: &str) {
    use tracing_subscriber::EnvFilter;
    // The libraries below log nothing that a user could act on.
    let filter = EnvFilter::new(format!("warn,async_snmp=off,stormglass={level}"));
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(color);
    let result = if format == "json" { builder.json().try_init() } else { builder.try_init() };
    // A second call (the demo inside a test) keeps the first logger.
    drop(result);
}

/// Starts everything that the plan asks for.
///
/// # Errors
/// An address can't be listened on.
pub async fn start(plan: Plan) -> anyhow::Result<Running> {
    let Plan { config, listen, frames, watch_host, clock } = plan;
    let listeners = listen.iter().map(|address| {
        http_server::listen(*address).with_context(|| {
            format!("can't listen on {address}: choose another with --web.listen-address, or stop what listens there")
        })
    });
    let listeners = listeners.collect::<anyhow::Result<Vec<_>>>()?;
    let addresses = listeners.iter().map(tokio::net::TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
    let settings = Settings {
        thresholds: config.detect.thresholds(),
        names: config.called(),
        times: Times { utc_offset_seconds: clock::utc_offset_seconds(clock.now()) },
        can_ask: watch_host,
        map_e: config.upnp.map_e.as_ref().map(|share| share.value),
    };
    let rules = ReplicaRules { copies: settings.thresholds.replica_copies };
    let utc_offset_seconds = settings.times.utc_offset_seconds;
    let storage = config.storage.path.as_deref().map(Storage::open).transpose()?;
    let past = storage.as_ref().map_or_else(Vec::new, |storage| storage.history().storms().to_vec());
    let (hub, questions) = Hub::resume(settings, clock, past).context("the system gives no threads")?;
    let (stop, stopped) = watch::channel(false);
    let (mut tasks, mut orderly) = (JoinSet::new(), JoinSet::new());
    if let Some(storage) = storage {
        orderly.spawn(tasks::keep(hub.clone(), clock, storage, hub.changes(), stopped.clone()));
    }
    if watch_host {
        let counters = (!config.snmp.has_targets()).then_some(config.snmp.interval.0);
        tasks.spawn(tasks::watch_host(hub.clone(), clock, counters));
        tasks.spawn(tasks::answer_questions(hub.clone(), clock, questions));
    }
    let recorder = tasks::recorder(&config.recorder, &hub, clock)?;
    if let Some(recorder) = recorder.clone() {
        tasks.spawn(tasks::trigger(hub.clone(), clock, recorder));
    }
    let captures = Captures::new(hub.clone(), clock, config.capture.clone(), rules, secret(&clock));
    let captures = captures.recorded_by(recorder);
    let examined = match frames {
        Frames::Interfaces => config.capture.interfaces.clone(),
        // They stand for interfaces that are not there.
        Frames::Given(_) => Interfaces::None,
    };
    match frames {
        Frames::Interfaces => {
            tasks.spawn(captures.run());
        }
        Frames::Given(sources) => {
            let mut running: Vec<Capture> = Vec::new();
            for (interface, source) in sources {
                running.push(tasks::given(&captures, &interface, source)?);
            }
            tasks.spawn(captures.report_given(running));
        }
    }
    let client = Arc::new(Client::start(clock));
    let section = Arc::new(config.snmp.clone());
    let keeper = targets::start(Arc::clone(&section), hub.clone(), clock, Arc::clone(&client)).await?;
    let (list, counts) = (keeper.list(), keeper.counts());
    tasks.spawn(keeper.run());
    let checker = Arc::new(Checker::default());
    tasks.spawn(tasks::search(hub.clone(), clock, config.upnp.clone(), checker.allowed()));
    tasks.spawn(Arc::clone(&checker).run(hub.clone(), clock));
    tasks.spawn(tasks::listen(hub.clone(), clock, config.upnp.clone()));
    let examiner = Arc::new(Examiner::new(Subject { interfaces: examined, names: config.called() }));
    let interval = config.doctor.interval.map(|interval| interval.0);
    tasks.spawn(Arc::clone(&examiner).run(hub.clone(), clock, interval));
    let router = web::router(web::App {
        hub: hub.clone(),
        client,
        targets: list,
        counts,
        snmp: section,
        scrapes: web::scrape_places(),
        checker,
        examiner,
        allowed_hosts: config.web.allowed_hosts.iter().map(|host| host.value.clone()).collect(),
        clock,
        utc_offset_seconds,
    });
    for listener in listeners {
        orderly.spawn(http_server::serve(listener, router.clone(), stopped.clone()));
    }
    Ok(Running { hub, addresses, stop, orderly, tasks })
}

/// The secret of the replica hash, so that nobody outside can choose frames that collide in it.
fn secret(clock: &Clock) -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    let mut hasher = std::hash::RandomState::new().build_hasher();
    hasher.write_i64(clock.now().as_nanos());
    hasher.finish()
}
