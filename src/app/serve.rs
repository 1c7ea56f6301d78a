//! `stormglass serve`: starts what the configuration asks for, says where it listens, and stops it in order.

use super::check::Checker;
use super::cli::{ServeArgs, fail};
use super::config::{self, Config, Interfaces};
use super::hub::{Change, Hub, Past};
use super::reload::{self, Reload, Reloadable, Reloader, Sections, Source};
use super::signals;
use super::targets;
use super::tasks::{self, Captures, Examiner, Telling};
use super::web;
use super::web_access::WebAccess;
use crate::engine::Settings;
use crate::explain::causes::Times;
use crate::io::capture::FrameSource;
use crate::io::capture::live::Capture;
use crate::io::clock::{self, Clock};
use crate::io::http_server;
use crate::io::snmp::Client;
use crate::io::storage::Storage;
use crate::io::supervisor::Supervisor;
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
    /// What belongs to a service, and not to a demonstration.
    pub service: Option<Service>,
}

/// A service goes on for years: its configuration can be read anew, and somebody watches over it.
#[derive(Debug)]
pub struct Service {
    /// Where the configuration comes from.
    pub source: Source,
    /// `POST /-/reload` may ask for it to be read anew.
    pub lifecycle: bool,
    /// Who watches over it.
    pub supervisor: Option<Arc<Supervisor>>,
}

/// Everything that was started. Stops when dropped, in order with [`Running::stop`].
pub struct Running {
    /// The engine.
    pub hub: Hub,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// Has the configuration read anew.
    pub reload: Option<Reload>,
    /// Connections are encrypted, at the start at least.
    pub encrypted: bool,
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
    let source = Source {
        file: args.config_file.clone(),
        recorder_path: args.recorder_path.clone(),
        storage_path: args.storage_path.clone(),
        web_file: args.web_config_file.clone(),
    };
    let config = match source.load() {
        Ok(config) => config,
        Err(error) => return fail(&error),
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
    log(&args.log_level, &args.log_format);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the system gives no threads: {error}")),
    };
    let service = match Supervisor::from_environment() {
        Ok(supervisor) => Service { source, lifecycle: args.enable_lifecycle, supervisor: supervisor.map(Arc::new) },
        Err(error) => return fail(&format!("NOTIFY_SOCKET: the supervisor can't be reached: {error}")),
    };
    let code = match runtime.block_on(until_told(config, args.listen.clone(), service)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}")),
    };
    // A blocking question to the network may still run; the process need not wait for it.
    runtime.shutdown_timeout(Duration::from_millis(100));
    code
}

async fn until_told(config: Config, flags: Vec<SocketAddr>, service: Service) -> anyhow::Result<()> {
    let ended = signals::stop()?;
    let hangup = signals::Hangup::wait_for()?;
    let supervisor = service.supervisor.clone();
    let listen = listen_on(&config, flags)?;
    let plan = Plan {
        config,
        listen,
        frames: Frames::Interfaces,
        watch_host: true,
        clock: Clock::start(),
        service: Some(service),
    };
    let mut running = start(plan).await?;
    let scheme = if running.encrypted { "https" } else { "http" };
    for address in &running.addresses {
        tracing::info!("ready at {scheme}://{address}/ (metrics at /metrics)");
    }
    supervisor.iter().for_each(|supervisor| supervisor.ready());
    let telling = tokio::spawn(tell(running.hub.changes()));
    let reloading = running.reload.clone().map(|reload| tokio::spawn(reload_at(hangup, reload)));
    let failed = tokio::select! {
        () = ended => false,
        () = running.hub.ended() => true,
        () = failed_task(&mut running.tasks) => true,
    };
    tracing::info!("stopping");
    supervisor.iter().for_each(|supervisor| supervisor.stopping());
    telling.abort();
    reloading.iter().for_each(tokio::task::JoinHandle::abort);
    running.stop().await;
    // A page that goes on showing the last state would be worse than none.
    anyhow::ensure!(
        !failed,
        "a part has failed, which is a mistake in stormglass: start it again, and report what it printed"
    );
    Ok(())
}

/// Has the configuration read anew with each SIGHUP. What comes of it is logged where it is done.
async fn reload_at(mut hangup: signals::Hangup, reload: Reload) {
    while hangup.recv().await.is_some() {
        let _ = reload.ask().await;
    }
}

/// Logs every change.
async fn tell(mut changes: tokio::sync::broadcast::Receiver<Change>) {
    loop {
        match changes.recv().await {
            Ok(Change::Storm(verdict)) => {
                tracing::warn!(storm = %verdict.id, phase = ?verdict.phase, "{}", verdict.sentence);
            }
            Ok(Change::Mapping(change)) => tracing::info!("{}", view::upnp::change(&change, Language::English)),
            Ok(Change::Device(change)) => {
                tracing::info!("{}", view::upnp::device_change(&change, Language::English));
            }
            Ok(Change::Noted(note)) => {
                tracing::info!(note = %note.id, "{}", view::notes::sentence(&note, Language::English));
            }
            Ok(Change::Moved(moved)) => tracing::info!(
                target = %moved.target, mac = %moved.mac, from = %moved.from, to = %moved.to, count = moved.count,
                "a device is behind another switch port"
            ),
            Err(tokio::sync::broadcast::error::RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "changes came faster than they could be logged; /api/v1/storms has them all");
            }
            Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
        }
    }
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
    let Plan { config, listen, frames, watch_host, clock, service } = plan;
    let listeners = listen.iter().map(open).collect::<anyhow::Result<Vec<_>>>()?;
    let addresses = listeners.iter().map(tokio::net::TcpListener::local_addr).collect::<Result<Vec<_>, _>>()?;
    let times = Times { utc_offset_seconds: clock::utc_offset_seconds(clock.now()) };
    let settings = reload::settings(&config, &Settings { times, can_ask: watch_host, ..Settings::default() });
    let sections = Sections::of(&config);
    let rules = ReplicaRules { copies: settings.thresholds.replica_copies };
    let utc_offset_seconds = settings.times.utc_offset_seconds;
    let storage = config.storage.path.as_deref().map(Storage::open).transpose()?;
    let past = storage.as_ref().map_or_else(Past::default, |storage| Past {
        storms: storage.history().storms().to_vec(),
        notes: storage.history().notes().to_vec(),
    });
    let (hub, questions) = Hub::resume(settings.clone(), clock, past).context("the system gives no threads")?;
    let (stop, stopped) = watch::channel(false);
    let (mut tasks, mut orderly) = (JoinSet::new(), JoinSet::new());
    orderly.spawn(tasks::tell_people(Telling {
        hub: hub.clone(),
        clock,
        folder: config.storage.path.clone(),
        section: sections.notify.subscribe(),
        known: hub.snapshot(),
        stopped: stopped.clone(),
    }));
    if let Some(storage) = storage {
        orderly.spawn(tasks::keep(hub.clone(), clock, storage, hub.changes(), stopped.clone()));
    }
    if watch_host {
        let own = hub.clone();
        let watch = move |counters| tasks::watch_host(own.clone(), clock, counters);
        tasks.spawn(tasks::renewed(sections.counters.subscribe(), watch));
        tasks.spawn(tasks::answer_questions(hub.clone(), clock, questions));
    }
    let recorder = tasks::recorder(&config.recorder, &hub, clock)?;
    if let Some(recorder) = recorder.clone() {
        tasks.spawn(tasks::trigger(hub.clone(), clock, recorder));
    }
    let captures = Captures::new(hub.clone(), clock, config.capture.clone(), rules, secret(&clock));
    let examined = match frames {
        Frames::Interfaces => config.capture.interfaces.clone(),
        // They stand for interfaces that are not there.
        Frames::Given(_) => Interfaces::None,
    };
    capture(&mut tasks, captures.recorded_by(recorder), frames)?;
    let client = Arc::new(Client::start(clock));
    let keeper = targets::start(sections.snmp.subscribe(), hub.clone(), clock, Arc::clone(&client)).await?;
    let (list, counts) = (keeper.list(), keeper.counts());
    tasks.spawn(keeper.run());
    let checker = Arc::new(Checker::default());
    tasks.spawn(Arc::clone(&checker).run(hub.clone(), clock));
    let examiner = Arc::new(Examiner::new(examined));
    discover(&mut tasks, &sections, &hub, clock, (&checker, &examiner));
    let (snmp, allowed_hosts) = (sections.snmp.subscribe(), sections.allowed_hosts.subscribe());
    let lifecycle = service.as_ref().is_some_and(|service| service.lifecycle);
    let (web, again) = watch::channel(());
    let web_file = service.as_ref().and_then(|service| service.source.web_file.clone());
    let web_access = WebAccess::open(web_file, again)?;
    let access = web_access.current();
    let encrypted = access.borrow().tls.is_some();
    tasks.spawn(web_access.follow());
    let reload = service.map(|Service { source, supervisor, .. }| {
        if let Some((supervisor, limit)) = supervisor.clone().and_then(|one| Some((one.clone(), one.watchdog()?))) {
            tasks.spawn(tasks::watchdog(hub.clone(), supervisor, limit));
        }
        let (ask, reloader) =
            Reloader::new(Reloadable { source, config, settings, sections, hub: hub.clone(), clock, supervisor, web });
        tasks.spawn(reloader.run());
        ask
    });
    let router = web::router(web::App {
        hub: hub.clone(),
        client,
        targets: list,
        counts,
        snmp,
        scrapes: web::scrape_places(),
        checker,
        examiner,
        allowed_hosts,
        access: access.clone(),
        reload: reload.clone(),
        lifecycle,
        clock,
        utc_offset_seconds,
    });
    for listener in listeners {
        let access = access.clone();
        let tls = move || access.borrow().tls.clone();
        orderly.spawn(http_server::serve(listener, router.clone(), tls, stopped.clone()));
    }
    Ok(Running { hub, addresses, reload, encrypted, stop, orderly, tasks })
}

fn open(address: &SocketAddr) -> anyhow::Result<tokio::net::TcpListener> {
    http_server::listen(*address).with_context(|| {
        format!("can't listen on {address}: choose another with --web.listen-address, or stop what listens there")
    })
}

/// Captures from where the frames come from.
fn capture(tasks: &mut JoinSet<()>, captures: Captures, frames: Frames) -> anyhow::Result<()> {
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
    Ok(())
}

/// Searches, listens and examines, as long as the sections say so.
fn discover(
    tasks: &mut JoinSet<()>,
    sections: &Sections,
    hub: &Hub,
    clock: Clock,
    (checker, examiner): (&Checker, &Arc<Examiner>),
) {
    let (own, allowed) = (hub.clone(), checker.allowed());
    let search = move |section| tasks::search(own.clone(), clock, section, allowed.clone());
    tasks.spawn(tasks::renewed(sections.upnp.subscribe(), search));
    let own = hub.clone();
    let listen = move |section| tasks::listen(own.clone(), clock, section);
    tasks.spawn(tasks::renewed(sections.upnp.subscribe(), listen));
    let (own, examiner) = (hub.clone(), Arc::clone(examiner));
    let examine = move |(interval, names)| Arc::clone(&examiner).run(own.clone(), clock, interval, names);
    tasks.spawn(tasks::renewed(sections.examination.subscribe(), examine));
}

/// The secret of the replica hash, so that nobody outside can choose frames that collide in it.
fn secret(clock: &Clock) -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    let mut hasher = std::hash::RandomState::new().build_hasher();
    hasher.write_i64(clock.now().as_nanos());
    hasher.finish()
}
