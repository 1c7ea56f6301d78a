//! Keeps the one list of targets up to date: looks at the files, carries out the search, and tells who polls, the engine
//! and `/snmp`. Parses nothing and decides nothing about addresses.

use super::discover::{ANSWER_WITHIN, PACE, QUESTION, Question, Search};
use super::files::Files;
use super::{Counts, List, Origin, merged, of_configuration};
use crate::app::config::Snmp;
use crate::app::hub::{Hub, Stopped};
use crate::app::tasks::Scheduler;
use crate::engine::Input;
use crate::io::clock::Clock;
use crate::io::snmp::{Client, Target};
use crate::mib::system::SYS_NAME;
use crate::model::snmp::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What a search finds is published at most so often.
const PUBLISH_EVERY: Duration = Duration::from_secs(2);

/// What a question brought: the name that the device gives itself, or silence.
type Answer = (Question, Option<String>);

/// The list and where it comes from.
pub struct Keeper {
    section: Arc<Snmp>,
    sections: watch::Receiver<Arc<Snmp>>,
    hub: Hub,
    clock: Clock,
    client: Arc<Client>,
    scheduler: Scheduler,
    polling: JoinSet<()>,
    files: Files,
    search: Search,
    said: BTreeSet<String>,
    list: watch::Sender<Arc<List>>,
    counts: watch::Sender<Counts>,
}

/// Reads all sources, tells the engine and starts polling. The keeper is to be run; it follows each other section that comes.
///
/// # Errors
/// The program is stopping.
pub async fn start(
    mut sections: watch::Receiver<Arc<Snmp>>,
    hub: Hub,
    clock: Clock,
    client: Arc<Client>,
) -> Result<Keeper, Stopped> {
    let section = Arc::clone(&sections.borrow_and_update());
    let (scheduler, polls) = Scheduler::new(hub.clone(), Arc::clone(&client), clock);
    let mut polling = JoinSet::new();
    polling.spawn(polls);
    let mut keeper = Keeper {
        scheduler,
        polling,
        files: Files::new(section.target_file_patterns()),
        search: Search::new(&section),
        said: BTreeSet::new(),
        list: watch::Sender::new(Arc::default()),
        counts: watch::Sender::new(Counts::default()),
        section,
        sections,
        hub,
        clock,
        client,
    };
    keeper.look().await;
    keeper.publish().await?;
    Ok(keeper)
}

impl Keeper {
    /// The list, as it is now and will be.
    #[must_use]
    pub fn list(&self) -> watch::Receiver<Arc<List>> {
        self.list.subscribe()
    }

    /// Where the targets come from, counted.
    #[must_use]
    pub fn counts(&self) -> watch::Receiver<Counts> {
        self.counts.subscribe()
    }

    /// Goes on until the program ends.
    ///
    /// # Panics
    /// A poll has panicked: that must not go unnoticed.
    pub async fn run(mut self) {
        let mut look = timer(LOOK_EVERY);
        let mut pace = timer(PACE);
        let mut publish = timer(PUBLISH_EVERY);
        let mut asking: JoinSet<Answer> = JoinSet::new();
        let mut known = self.known();
        let mut changed = false;
        loop {
            tokio::select! {
                Some(ended) = self.polling.join_next() => match ended {
                    Err(error) if error.is_panic() => panic!("a poll has failed"),
                    // The hub is gone: the program ends.
                    _ => return,
                },
                Ok(()) = self.sections.changed() => {
                    if self.follow().await.is_err() {
                        return;
                    }
                    known = self.known();
                }
                _ = look.tick(), if !self.section.target_files.is_empty() => changed |= self.look().await,
                _ = pace.tick(), if !self.search.is_idle() => {
                    if let Some(question) = self.search.next(self.clock.now(), &known) {
                        self.ask(question, &mut asking);
                    }
                }
                Some(answer) = asking.join_next() => changed |= self.answered(answer),
                _ = publish.tick() => {
                    if std::mem::take(&mut changed) | self.search.forget(self.clock.now()) {
                        if self.publish().await.is_err() {
                            return;
                        }
                        known = self.known();
                    } else {
                        self.count();
                    }
                }
            }
        }
    }

    /// Takes the section that has come: the targets that stay as they were keep what is known of them.
    async fn follow(&mut self) -> Result<(), Stopped> {
        self.section = Arc::clone(&self.sections.borrow_and_update());
        self.files.follow(self.section.target_file_patterns());
        self.search.follow(&self.section);
        self.look().await;
        self.publish().await
    }

    fn ask(&self, question: Question, asking: &mut JoinSet<Answer>) {
        let Some(auth) = self.section.credentials().get(&question.auth).cloned() else { return };
        let mut target = Target::new(question.address.to_string(), question.address, auth);
        (target.retries, target.request_timeout) = (0, ANSWER_WITHIN);
        let client = Arc::clone(&self.client);
        asking.spawn(async move {
            let rows = client.collect(&target, &QUESTION, ANSWER_WITHIN).await.ok();
            let name = rows.map(|rows| rows.scalar(&SYS_NAME).and_then(Value::as_text).unwrap_or_default());
            (question, name)
        });
    }

    /// Whether the list is another now.
    fn answered(&mut self, answer: Result<Answer, tokio::task::JoinError>) -> bool {
        match answer {
            Ok((question, Some(name))) => self.search.answered(self.clock.now(), question, &name),
            Ok((_, None)) | Err(_) => {
                self.search.silent();
                false
            }
        }
    }

    /// Looks at the files where the disk may take its time. Whether the list is another now.
    async fn look(&mut self) -> bool {
        let (mut files, section) = (std::mem::take(&mut self.files), Arc::clone(&self.section));
        let looked = tokio::task::spawn_blocking(move || {
            let news = files.look(&section);
            (files, news)
        });
        // The look itself does not panic; if the runtime ends, so does everything.
        let Ok((files, news)) = looked.await else { return false };
        self.files = files;
        for note in news.notes {
            tracing::info!("{note}");
        }
        news.changed
    }

    /// Addresses of targets that need no search.
    fn known(&self) -> BTreeSet<std::net::SocketAddr> {
        let listed = self.files.targets().flat_map(|(_, targets)| targets.iter().map(|target| target.place.address()));
        let own = of_configuration(&self.section).into_iter().map(|target| target.place.address());
        listed.chain(own).flatten().collect()
    }

    /// Makes the list anew and tells everybody.
    async fn publish(&mut self) -> Result<(), Stopped> {
        let mut sources = BTreeMap::from([(Origin::Configuration, of_configuration(&self.section))]);
        for (file, targets) in self.files.targets() {
            sources.insert(Origin::File(file), targets.clone());
        }
        let taken = sources.values().flatten().map(|target| target.name.clone()).collect();
        let found = self.search.targets(&self.section, &self.known(), &taken);
        sources.insert(Origin::Discovery, found);
        let (list, problems) = merged(&sources, &self.list.borrow(), &self.section);
        let problems = problems.into_iter().chain(self.files.problems().cloned()).collect::<BTreeSet<_>>();
        // Each is said once, and again only after it was gone.
        for problem in problems.difference(&self.said) {
            tracing::warn!("{problem}");
        }
        self.said = problems;
        let places =
            list.entries().iter().map(|entry| (Arc::clone(entry.located.name()), entry.located.place().to_string()));
        let places = places.collect::<Vec<_>>();
        let before = self.list.borrow().entries().len();
        if before != places.len() {
            tracing::info!("{} SNMP targets, {before} before", places.len());
        }
        // Without targets this host's own counters stand in, and an empty list would forget them.
        if before > 0 || !places.is_empty() {
            self.hub.send(Input::Targets(places)).await?;
        }
        let polled = list.entries().iter().map(|entry| (Arc::clone(&entry.located), entry.rhythm()));
        self.scheduler.set(polled.collect());
        self.list.send_replace(Arc::new(list));
        self.count();
        Ok(())
    }

    fn count(&self) {
        let (files_good, files_bad) = self.files.counts();
        let (answered, silent) = self.search.counts();
        let listed = self.files.targets().map(|(_, targets)| targets.len() as u64).sum();
        let configured = self.section.targets.len() as u64;
        let all = self.list.borrow().entries().len() as u64;
        let found = all.saturating_sub(configured + listed);
        self.counts.send_if_modified(|counts| {
            let now = Counts { configured, listed, found, files_good, files_bad, answered, silent, ..*counts };
            std::mem::replace(counts, now) != now
        });
    }
}

fn timer(period: Duration) -> tokio::time::Interval {
    let mut timer = tokio::time::interval(period);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    timer
}
