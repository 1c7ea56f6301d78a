//! `doctor` in a running program: its harmless part repeated on a timer, and its passive part for whoever presses the button
//! of the page. Nobody is there to agree to the searches, so that they are not sent.

use super::chosen;
use crate::app::config::{Config, Interfaces};
use crate::app::doctor::{Manners, Visit, place};
use crate::app::hub::{Hub, Stopped};
use crate::engine::{Input, State};
use crate::explain::{Names, checks};
use crate::io::clock::Clock;
use crate::io::interfaces;
use crate::model::text::Language;
use crate::view::doctor::Examination;
use crate::view::html::Examining;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The first examination waits for the captures to be warm and the first polls to be over.
const FIRST: Duration = Duration::from_secs(30);
/// How long each one listens before it sends anything.
const LISTEN: Duration = Duration::from_secs(5);
/// How long one listens that sends nothing.
const LISTEN_ONLY: Duration = Duration::from_secs(10);
/// Interfaces examined.
const MAX_INTERFACES: usize = 4;

/// Lets one examination happen at a time, and keeps what the latest came to.
#[derive(Debug)]
pub struct Examiner {
    state: watch::Sender<Examining>,
    wanted: tokio::sync::Notify,
    interfaces: Interfaces,
}

impl Examiner {
    /// Nothing has been examined yet. `interfaces`: where frames are captured.
    #[must_use]
    pub fn new(interfaces: Interfaces) -> Self {
        Self { state: watch::Sender::new(Examining::Never), wanted: tokio::sync::Notify::new(), interfaces }
    }

    /// How the latest one went.
    #[must_use]
    pub fn state(&self) -> Examining {
        self.state.borrow().clone()
    }

    /// Asks for one that only listens. Whoever runs [`Examiner::run`] makes it; while one goes on, that is it.
    pub fn ask(&self) {
        let begun = self.state.send_if_modified(|state| {
            let idle = !matches!(state, Examining::Running);
            *state = Examining::Running;
            idle
        });
        if begun {
            self.wanted.notify_one();
        }
    }

    /// Examines when asked, and the harmless part every `interval` if there is one, until the task is dropped. `names`: what
    /// the user calls devices.
    pub async fn run(self: Arc<Self>, hub: Hub, clock: Clock, interval: Option<Duration>, names: Names) {
        // The run before this one was dropped while it examined.
        if matches!(self.state(), Examining::Running) {
            self.wanted.notify_one();
        }
        let mut next = clock.now().plus(FIRST);
        loop {
            let passive = tokio::select! {
                () = self.wanted.notified() => true,
                () = tokio::time::sleep(next.since(clock.now())), if interval.is_some() => false,
            };
            if !passive {
                next = clock.now().plus(interval.unwrap_or(FIRST));
                // Over but unverified is not over: what lit the storm may still be there.
                if matches!(hub.snapshot().state, State::Storm | State::Warning | State::Over) {
                    tracing::info!("the LAN is not examined while a storm or warning is open");
                    continue;
                }
            }
            if self.once(&hub, &clock, passive, &names).await.is_err() {
                return;
            }
        }
    }

    async fn once(&self, hub: &Hub, clock: &Clock, passive: bool, names: &Names) -> Result<(), Stopped> {
        // Whoever asks meanwhile gets this one.
        self.state.send_replace(Examining::Running);
        let began = clock.now();
        let (interfaces, names) = (self.interfaces.clone(), names.clone());
        // On a thread of its own, with a runtime of its own: netlink can wait for seconds.
        let outcome = tokio::task::spawn_blocking(move || examine(&interfaces, names, passive)).await;
        let ended = match outcome {
            Ok(Ok(examination)) => {
                tracing::debug!(seconds = clock.now().since(began).as_secs_f64(), "the LAN was examined");
                // What only listens cannot answer most questions: the metrics are of those that ask.
                if !passive {
                    tell(&examination);
                    let statuses = examination.checked.iter().map(|one| (one.check.id, one.answer.status)).collect();
                    hub.send(Input::Examined(statuses)).await?;
                }
                Examining::Done(Arc::new(examination))
            }
            Ok(Err(error)) => {
                tracing::warn!("the LAN could not be examined: {error:#}");
                Examining::Failed(format!("{error:#}").into())
            }
            Err(_) => Examining::Failed("its thread has ended, which is a mistake in stormglass".into()),
        };
        self.state.send_replace(ended);
        Ok(())
    }
}

/// Findings in the log.
fn tell(examination: &Examination) {
    for one in examination.findings() {
        let seen = one.answer.seen.iter().map(|said| said.fill(Language::English)).collect::<Vec<_>>().join(" ");
        tracing::warn!(check = one.check.id, verdict = one.answer.status.id(), "{seen}");
    }
}

fn examine(which: &Interfaces, names: Names, passive: bool) -> anyhow::Result<Examination> {
    let (mut interfaces, _) = chosen(which, &interfaces::list()?);
    interfaces.retain(|one| one.up && !one.loopback && one.mac.is_some());
    interfaces.truncate(MAX_INTERFACES);
    anyhow::ensure!(
        !interfaces.is_empty(),
        "no interface on a LAN is captured here: capture.interfaces in the configuration chooses them"
    );
    let config = Config::default();
    let listen_first = if passive { LISTEN_ONLY } else { LISTEN };
    let visit = Visit {
        interfaces: &interfaces,
        manners: Manners { passive, agreed: false, listen_first },
        config: &config,
        tell: &|_| {},
        ask: &|| false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut seen = runtime.block_on(visit.look())?;
    runtime.shutdown_background();
    seen.look.names = names;
    let (places, checked) = (interfaces.iter().map(place).collect(), checks::examine(&seen.look));
    Ok(Examination { places, checked, sent: seen.sent, took: seen.took, at: seen.at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Settings;

    #[tokio::test]
    async fn what_could_not_be_examined_says_what_to_change() {
        let clock = Clock::start();
        let (hub, _questions) = Hub::start(Settings::default(), clock).expect("a hub");
        let examiner = Arc::new(Examiner::new(Interfaces::None));
        let mut state = examiner.state.subscribe();
        let task = tokio::spawn(Arc::clone(&examiner).run(hub, clock, None, Names::default()));
        examiner.ask();
        assert!(matches!(examiner.state(), Examining::Running));
        examiner.ask();
        let ended = state.wait_for(|state| !matches!(state, Examining::Running)).await.expect("an end").clone();
        let Examining::Failed(why) = ended else { panic!("{ended:?}") };
        assert!(why.contains("capture.interfaces"), "{why}");
        task.abort();
    }
}
