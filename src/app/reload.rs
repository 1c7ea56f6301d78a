//! The configuration, read anew while everything runs: by SIGHUP and by `POST /-/reload`. A file that is wrong changes nothing;
//! what can change does; what cannot is named. Each part knows for itself what to do with a section that is another.

use super::config::{self, Config, ConfigError, Snmp, Upnp, WebFile};
use super::hub::Hub;
use crate::engine::{Input, Settings};
use crate::explain::Names;
use crate::io::clock::Clock;
use crate::io::notify;
use crate::io::supervisor::Supervisor;
use crate::view::metrics_config::Reloads;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Wishes that wait while one is carried out; each waits for its answer.
const MAX_WAITING: usize = 4;

/// Where the configuration comes from.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The file; without one the defaults.
    pub file: Option<PathBuf>,
    /// The flag `--recorder.path`, which outranks the file.
    pub recorder_path: Option<PathBuf>,
    /// The flag `--storage.path`, which outranks the file.
    pub storage_path: Option<PathBuf>,
    /// The flag `--web.config.file`: TLS, users and headers.
    pub web_file: Option<PathBuf>,
}

impl Source {
    /// Reads it. What the web server's own file says is only checked.
    ///
    /// # Errors
    /// As [`config::load`] and [`WebFile::load`].
    pub fn load(&self) -> Result<Config, ConfigError> {
        self.web_file.as_deref().map(WebFile::load).transpose()?;
        let mut config = self.file.as_deref().map_or_else(|| Ok(Config::default()), config::load)?;
        if let Some(folder) = &self.recorder_path {
            config.recorder.path = Some(folder.clone());
        }
        if let Some(folder) = &self.storage_path {
            config.storage.path = Some(folder.clone());
        }
        Ok(config)
    }

    /// For messages.
    fn name(&self) -> String {
        self.file.as_ref().map_or_else(|| "the default configuration".to_owned(), |file| file.display().to_string())
    }
}

/// How often the LAN is examined, and what its devices are called.
pub type Examination = (Option<Duration>, Names);

/// The sections that may become others while the program runs, for those who live by them.
#[derive(Debug)]
pub struct Sections {
    /// Targets, credentials and what `/snmp` may read.
    pub snmp: watch::Sender<Arc<Snmp>>,
    /// Searches and announcements.
    pub upnp: watch::Sender<Upnp>,
    /// The harmless part of `doctor`.
    pub examination: watch::Sender<Examination>,
    /// How often this host's own counters stand in for those of switches.
    pub counters: watch::Sender<Option<Duration>>,
    /// `web.allowed_hosts`, in lower case.
    pub allowed_hosts: watch::Sender<Arc<[String]>>,
    /// Who is told of storms.
    pub notify: watch::Sender<Arc<notify::Settings>>,
}

impl Sections {
    /// Those of a configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            snmp: watch::Sender::new(Arc::new(config.snmp.clone())),
            upnp: watch::Sender::new(config.upnp.clone()),
            examination: watch::Sender::new(examination(config)),
            counters: watch::Sender::new(counters(config)),
            allowed_hosts: watch::Sender::new(allowed_hosts(config)),
            notify: watch::Sender::new(config.notify.settings()),
        }
    }
}

fn examination(config: &Config) -> Examination {
    (config.doctor.interval.map(|interval| interval.0), config.called())
}

fn counters(config: &Config) -> Option<Duration> {
    (!config.snmp.has_targets()).then_some(config.snmp.interval.0)
}

fn allowed_hosts(config: &Config) -> Arc<[String]> {
    config.web.allowed_hosts.iter().map(|host| host.value.to_ascii_lowercase()).collect()
}

/// What the engine is told of a configuration. `before`: what it was told at the start, for all that no file says.
#[must_use]
pub fn settings(config: &Config, before: &Settings) -> Settings {
    Settings {
        thresholds: config.detect.thresholds(),
        names: config.called(),
        expected: config.expectations(),
        map_e: config.upnp.map_e.as_ref().map(|share| share.value),
        ..before.clone()
    }
}

/// What came of it, for a person: what is in force now, or why the configuration before it still is.
pub type Answer = Result<String, String>;

/// Asks for a reload, and knows how the last one went.
#[derive(Clone, Debug)]
pub struct Reload {
    ask: mpsc::Sender<oneshot::Sender<Answer>>,
    state: watch::Receiver<Reloads>,
}

impl Reload {
    /// Has the configuration read anew, and waits for what comes of it.
    ///
    /// # Errors
    /// The configuration is wrong and nothing has changed: file, line and why.
    pub async fn ask(&self) -> Answer {
        let stopping = |_| "stormglass is stopping".to_owned();
        let (sender, answer) = oneshot::channel();
        self.ask.send(sender).await.map_err(|_| stopping(()))?;
        answer.await.map_err(|_| stopping(()))?
    }

    /// How the last one went.
    #[must_use]
    pub fn state(&self) -> Reloads {
        *self.state.borrow()
    }
}

/// Carries reloads out, one after the other.
pub struct Reloader {
    source: Source,
    /// What was opened once is still as this says.
    started: Config,
    settings: Settings,
    sections: Sections,
    hub: Hub,
    clock: Clock,
    supervisor: Option<Arc<Supervisor>>,
    web: watch::Sender<()>,
    asked: mpsc::Receiver<oneshot::Sender<Answer>>,
    state: watch::Sender<Reloads>,
}

/// What a reloader changes.
pub struct Reloadable {
    /// Where the configuration comes from.
    pub source: Source,
    /// The one in force.
    pub config: Config,
    /// What the engine was told.
    pub settings: Settings,
    /// What the others live by.
    pub sections: Sections,
    /// The engine.
    pub hub: Hub,
    /// The one clock.
    pub clock: Clock,
    /// Who is told that it happens.
    pub supervisor: Option<Arc<Supervisor>>,
    /// Whoever reads the web server's own file is told to do so.
    pub web: watch::Sender<()>,
}

impl Reloader {
    /// A reloader that is to be run, and what to ask it by.
    #[must_use]
    pub fn new(reloadable: Reloadable) -> (Reload, Self) {
        let Reloadable { source, config: started, settings, sections, hub, clock, supervisor, web } = reloadable;
        let (ask, asked) = mpsc::channel(MAX_WAITING);
        let state = watch::Sender::new(Reloads { good: true, at: clock.now() });
        let reload = Reload { ask, state: state.subscribe() };
        (reload, Self { source, started, settings, sections, hub, clock, supervisor, web, asked, state })
    }

    /// Waits for wishes until nobody can have any.
    pub async fn run(mut self) {
        while let Some(answer) = self.asked.recv().await {
            self.supervisor.iter().for_each(|supervisor| supervisor.reloading());
            let came = self.once().await;
            self.state.send_modify(|state| {
                state.good = came.is_ok();
                if came.is_ok() {
                    state.at = self.clock.now();
                }
            });
            match &came {
                Ok(said) => tracing::info!("{said}"),
                Err(why) => tracing::error!("{why}"),
            }
            self.supervisor.iter().for_each(|supervisor| supervisor.ready());
            // Whoever asked may have gone.
            let _ = answer.send(came);
        }
    }

    async fn once(&mut self) -> Answer {
        let source = self.source.clone();
        // The disk, and the files with secrets, may take their time.
        let loaded = tokio::task::spawn_blocking(move || source.load()).await;
        let config = match loaded {
            Ok(Ok(config)) => config,
            Ok(Err(error)) => {
                return Err(format!("the configuration was not read anew, the one before it stays in force: {error}"));
            }
            Err(error) => return Err(format!("the configuration could not be read: {error}")),
        };
        self.take(&config).await.map_err(|stopped| stopped.to_string())?;
        let read = format!("{} was read anew", self.source.name());
        let restart = config::needing_restart(&self.started, &config);
        Ok(if restart.is_empty() { read } else { format!("{read}; restart needed for {}", restart.join(", ")) })
    }

    async fn take(&self, config: &Config) -> Result<(), super::hub::Stopped> {
        self.hub.send(Input::Settings(Box::new(settings(config, &self.settings)))).await?;
        if *self.sections.upnp.borrow() != config.upnp {
            self.forget_searches().await?;
        }
        let sections = &self.sections;
        replace(&sections.upnp, config.upnp.clone());
        replace(&sections.counters, counters(config));
        replace(&sections.examination, examination(config));
        replace(&sections.allowed_hosts, allowed_hosts(config));
        replace(&sections.notify, config.notify.settings());
        // Last: this host's counters have stopped by then where targets take their place. Targets find out by themselves
        // which of them are others.
        sections.snmp.send_replace(Arc::new(config.snmp.clone()));
        self.web.send_replace(());
        Ok(())
    }

    /// Interfaces that are searched no longer must not stand there as they were; the others report again.
    async fn forget_searches(&self) -> Result<(), super::hub::Stopped> {
        let names = self.hub.query(|engine, _| {
            let mut all = Vec::new();
            engine.feeds().coverage_after(None, engine.feeds().len(), &mut all);
            all.into_iter().filter(|one| one.feed == "discovery").map(|one| one.name).collect::<Vec<_>>()
        });
        for name in names.await? {
            self.hub.send(Input::FeedGone { feed: "discovery", name }).await?;
        }
        Ok(())
    }
}

/// Whoever lives by a section that stays as it was goes on undisturbed.
fn replace<T: PartialEq>(section: &watch::Sender<T>, wanted: T) {
    section.send_if_modified(|current| {
        let other = *current != wanted;
        if other {
            *current = wanted;
        }
        other
    });
}
