//! `upnp-probe watch`: a line for each change, from searches and from what devices announce. Keeps no state of its own:
//! the catalogue does.

use super::look::{choose, look, settings};
use super::screen::Screen;
use super::{Common, parse_span, wrong};
use crate::io::clock::{Clock, utc_offset_seconds};
use crate::io::interfaces;
use crate::io::ssdp::StopProbes;
use crate::io::upnp;
use crate::model::Time;
use crate::model::announcement::Heard;
use crate::model::text::{Language, Sentence};
use crate::observe::catalogue::{Catalogue, MappingChange};
use crate::observe::devices::DeviceChange;
use crate::view;
use crate::view::upnp::printable;
use crate::view::upnp_list_words as list_words;
use crate::view::upnp_words::{self as words, say};
use clap::Args;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How often goodbyes and lives are looked at.
const ADVANCE: Duration = Duration::from_millis(500);
/// How often it is looked whether interfaces have come or gone.
const TUNE_EVERY: Duration = Duration::from_secs(10);
/// Batches of announcements that wait.
const MAX_BATCHES: usize = 4;

/// `upnp-probe watch`.
#[derive(Args, Clone, Debug)]
pub(super) struct WatchArgs {
    /// Stop after this time, as in 60s or 10m [default: when interrupted]
    #[arg(long = "for", value_name = "TIME", value_parser = parse_for)]
    duration: Option<Duration>,
    /// How often to search; announcements are heard at any time
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_interval)]
    interval: Duration,
}

fn parse_for(text: &str) -> Result<Duration, String> {
    parse_span(text, 365.0 * 86_400.0, &list_words::FOR_BOUNDS)
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    // Faster searches are a burden to everybody: a search makes each device send a dozen frames.
    let interval = parse_span(text, 86_400.0, &list_words::INTERVAL_BOUNDS)?;
    if interval < Duration::from_secs(5) { Err(wrong(&list_words::INTERVAL_BOUNDS)) } else { Ok(interval) }
}

/// Watches until it is told to stop.
pub(super) fn run(common: &Common, screen: &Screen, args: &WatchArgs) -> anyhow::Result<ExitCode> {
    let look = look(common, screen)?;
    let mut catalogue = Catalogue::default();
    catalogue.merge(&look.discovery);
    if !common.json() {
        let mappings = look.discovery.gateways.iter().map(|gateway| gateway.mappings.len()).sum::<usize>();
        let facts = [
            ("place", look.places().join(", ")),
            ("devices", look.discovery.devices.len().to_string()),
            ("gateways", look.discovery.gateways.len().to_string()),
            ("mappings", mappings.to_string()),
        ];
        eprintln!("{}", say(&words::WATCHING, screen.language, facts));
    }
    look.explain_silence(screen);
    let watching = Watching { common, screen, args, catalogue, told: BTreeMap::new() };
    look.runtime.block_on(watching.go())?;
    Ok(ExitCode::SUCCESS)
}

struct Watching<'a> {
    common: &'a Common,
    screen: &'a Screen,
    args: &'a WatchArgs,
    catalogue: Catalogue,
    /// Per interface what was last said of listening there.
    told: BTreeMap<Arc<str>, Option<Sentence>>,
}

impl Watching<'_> {
    async fn go(mut self) -> anyhow::Result<()> {
        let clock = Clock::start();
        let settings = settings(self.common);
        let (tune, tuned) = watch::channel(chosen(&self.common.interface));
        let (sender, mut heard) = mpsc::channel(MAX_BATCHES);
        let stop = StopProbes::default();
        let mut listening = std::pin::pin!(upnp::passive::listen(tuned, settings.request, stop.clone(), clock, sender));
        let mut end = std::pin::pin!(async {
            match self.args.duration {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        });
        let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
        let delayed = |period| {
            let mut timer = tokio::time::interval(period);
            // The look before this was the first search.
            timer.reset();
            timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            timer
        };
        let (mut advance, mut search, mut look) = (delayed(ADVANCE), delayed(self.args.interval), delayed(TUNE_EVERY));
        let (results, mut found) = mpsc::channel(1);
        loop {
            tokio::select! {
                () = &mut listening => return Ok(()),
                () = &mut end => return Ok(()),
                _ = &mut interrupted => return Ok(()),
                Some(batch) = heard.recv() => self.hear(&batch, clock.now())?,
                Some(discovery) = found.recv() => {
                    for change in self.catalogue.merge(&discovery) {
                        self.mapping(&change)?;
                    }
                    self.devices(clock.now())?;
                }
                _ = advance.tick() => self.devices(clock.now())?,
                _ = look.tick() => drop(tune.send_replace(chosen(&self.common.interface))),
                _ = search.tick() => {
                    // Beside the listening: a search takes seconds, in which devices go on announcing.
                    let (interfaces, stop, results) = (tune.borrow().clone(), stop.clone(), results.clone());
                    tokio::spawn(async move {
                        let discovery = upnp::discover(&interfaces, &settings, &stop, &clock).await;
                        // One that finds the last still unread is dropped: the next comes soon.
                        let _ = results.try_send(discovery);
                    });
                }
            }
        }
    }

    fn hear(&mut self, batch: &Heard, now: Time) -> anyhow::Result<()> {
        for (interface, problem) in &batch.listening {
            let before = self.told.insert(Arc::clone(interface), problem.clone()).flatten();
            if let Some(problem) = problem.as_ref().filter(|problem| before.as_ref() != Some(problem)) {
                eprintln!("upnp: {}", printable(&problem.say(self.screen.language)));
            }
        }
        for announcement in &batch.announcements {
            self.catalogue.devices.heard(announcement, batch.at);
        }
        self.devices(now)
    }

    fn devices(&mut self, now: Time) -> anyhow::Result<()> {
        self.catalogue.devices.advance(now);
        let news = self.catalogue.devices.news().collect::<Vec<_>>();
        news.iter().try_for_each(|change| self.device(change))
    }

    fn device(&self, change: &DeviceChange) -> anyhow::Result<()> {
        self.line(
            "device",
            change.at,
            serde_json::json!(change),
            &view::upnp::device_change(change, self.screen.language),
        )
    }

    fn mapping(&self, change: &MappingChange) -> anyhow::Result<()> {
        self.line(
            "port_mapping",
            change.at,
            serde_json::json!(change),
            &view::upnp::change(change, self.screen.language),
        )
    }

    fn line(&self, event: &str, at: Time, mut value: serde_json::Value, sentence: &str) -> anyhow::Result<()> {
        if self.common.json() {
            if let Some(fields) = value.as_object_mut() {
                fields.insert("event".into(), event.into());
            }
            return self.screen.json(&value, true);
        }
        let seconds = at.as_nanos().div_euclid(1_000_000_000).rem_euclid(60);
        let time = at.hour_minute(utc_offset_seconds(at));
        Ok(self.screen.print(&format!("{time}:{seconds:02}  {sentence}\n"))?)
    }
}

/// The interfaces to listen on now; none if those asked for are all down, or cannot be listed.
fn chosen(wanted: &[String]) -> Vec<interfaces::Interface> {
    let all = interfaces::list().unwrap_or_default();
    if wanted.is_empty() {
        return choose(all, wanted, Language::English).unwrap_or_default();
    }
    let there = |one: &interfaces::Interface| one.up && wanted.iter().any(|name| *one.name == **name);
    all.into_iter().filter(there).collect()
}
