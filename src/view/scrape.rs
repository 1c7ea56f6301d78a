//! One scrape of `/metrics`: what it needs of the engine is read in slices, each a fraction of a millisecond, because the
//! engine must not be kept from frames and polls; the text is written from that, wherever there is time. Names no metric.
//!
//! Memory: about 64 bytes a target and 32 a feed while it lasts.

use super::exposition::{Exposition, Format};
use super::metrics_config::Reloads;
use super::metrics_feeds::{Reasons, TargetLine};
use super::metrics_targets::Counts;
use super::sink::{Plain, Sink};
use super::{
    metrics, metrics_config, metrics_detect, metrics_doctor, metrics_feeds, metrics_notes, metrics_notify,
    metrics_recorder, metrics_storage, metrics_targets, metrics_upnp,
};
use crate::detect::Thresholds;
use crate::engine::{Coverage, Engine, Snapshot, agenda};
use std::sync::Arc;

/// Feeds or targets read at once: less than 0.1 ms (`benches/fleet.rs` prints the longest slice).
const SLICE: usize = 1024;

/// What is read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Feeds,
    Targets,
    Discovery,
    Gateways,
    Done,
}

/// What a scrape has read so far.
#[derive(Debug)]
pub struct Scrape {
    format: Format,
    snapshot: Arc<Snapshot>,
    counts: Counts,
    reloads: Option<Reloads>,
    limits: Thresholds,
    stage: Stage,
    feeds: Vec<Coverage>,
    targets: Vec<TargetLine>,
    errors: Reasons,
    discontinuities: Reasons,
    polling: agenda::Counts,
    /// The families of discovery, which are small; and those of the gateways.
    discovery: Vec<u8>,
    gateways: Vec<u8>,
    announcements: Vec<u8>,
    recorder: Vec<u8>,
    doctor: Vec<u8>,
    storage: Vec<u8>,
    notify: Vec<u8>,
}

impl Scrape {
    /// A scrape that has read nothing of the engine yet but the `snapshot` that it published last. `counts`: where the
    /// targets come from.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>, counts: Counts, format: Format) -> Self {
        Self {
            format,
            snapshot,
            counts,
            reloads: None,
            limits: Thresholds::default(),
            stage: Stage::Feeds,
            feeds: Vec::new(),
            targets: Vec::new(),
            errors: Reasons::new(),
            discontinuities: Reasons::new(),
            polling: agenda::Counts::default(),
            discovery: Vec::new(),
            gateways: Vec::new(),
            announcements: Vec::new(),
            recorder: Vec::new(),
            doctor: Vec::new(),
            storage: Vec::new(),
            notify: Vec::new(),
        }
    }

    /// With how the configuration was read last, where it can be read again.
    #[must_use]
    pub fn reloaded(self, reloads: Option<Reloads>) -> Self {
        Self { reloads, ..self }
    }

    /// Reads the next slice; false once there is none left. Between two slices the engine may have taken facts: a feed or
    /// target that comes or goes meanwhile is in or not, but never twice.
    pub fn read(&mut self, engine: &Engine) -> bool {
        match self.stage {
            Stage::Feeds => {
                self.feeds.reserve(engine.feeds().len().saturating_sub(self.feeds.len()));
                let before = self.feeds.len();
                engine.feeds().coverage_after(self.feeds.last().cloned().as_ref(), SLICE, &mut self.feeds);
                if self.feeds.len() < before + SLICE {
                    self.stage = Stage::Targets;
                }
            }
            Stage::Targets => {
                self.targets.reserve(engine.targets().len().saturating_sub(self.targets.len()));
                let before = self.targets.len();
                let last = self.targets.last().cloned();
                let more = engine.targets().statuses_after(last.as_ref().map(TargetLine::name));
                self.targets.extend(more.take(SLICE).map(TargetLine::from));
                if self.targets.len() < before + SLICE {
                    self.errors = engine.targets().errors().collect();
                    self.discontinuities = engine.targets().discontinuities().collect();
                    self.polling = *engine.polling();
                    self.stage = Stage::Discovery;
                }
            }
            Stage::Discovery => {
                self.limits = *engine.thresholds();
                let (catalogue, search, listening) = (engine.catalogue(), engine.search(), engine.listening());
                self.discovery = part(self.format, |out| metrics_feeds::upnp(out, catalogue, search));
                self.announcements = part(self.format, |out| metrics_feeds::announcements(out, catalogue, listening));
                self.recorder = part(self.format, |out| metrics_recorder::recorder(out, engine.recorder()));
                self.doctor = part(self.format, |out| metrics_doctor::write(out, engine.examined()));
                self.storage = part(self.format, |out| metrics_storage::storage(out, engine.storage()));
                self.notify = part(self.format, |out| metrics_notify::write(out, engine.notify()));
                self.stage = Stage::Gateways;
            }
            Stage::Gateways => {
                let (catalogue, assessment) = (engine.catalogue(), engine.assessment());
                self.gateways = part(self.format, |out| metrics_upnp::gateways(out, catalogue, assessment));
                self.stage = Stage::Done;
            }
            Stage::Done => {}
        }
        self.stage != Stage::Done
    }

    /// Reads all that is left. For whoever owns the engine and nothing else to do.
    #[must_use]
    pub fn whole(mut self, engine: &Engine) -> Self {
        while self.read(engine) {}
        self
    }

    /// About how many series there are.
    #[must_use]
    pub fn series(&self) -> usize {
        let small = self.discovery.len() + self.gateways.len() + self.announcements.len();
        // A line of those has about so many bytes.
        self.feeds.len() + 4 * self.targets.len() + small / 64
    }

    /// Writes the whole document.
    pub fn write<S: Sink + ?Sized>(&self, mut to: &mut S) {
        let mut out = Exposition::new(self.format, &mut to);
        metrics::write(&mut out, &self.snapshot);
        metrics_notes::write(&mut out, &self.snapshot);
        metrics_detect::write(&mut out, &self.limits);
        metrics::feeds(&mut out, &self.feeds, &self.snapshot.feed_counts);
        metrics_feeds::snmp(&mut out, &self.targets, &self.errors, &self.discontinuities);
        metrics_feeds::polling(&mut out, &self.polling);
        let (doctor, storage, notify) = (&self.doctor, &self.storage, &self.notify);
        for written in [&self.discovery, &self.gateways, &self.announcements, &self.recorder, doctor, storage, notify] {
            out.written(written);
        }
        metrics_targets::write(&mut out, &self.counts);
        metrics_config::write(&mut out, self.reloads.as_ref());
        out.finish();
    }
}

/// A part of the document, written by itself.
fn part(format: Format, write: impl FnOnce(&mut Exposition<'_>)) -> Vec<u8> {
    let mut text = Vec::new();
    let mut keep = |chunk: &[u8]| text.extend_from_slice(chunk);
    let mut plain = Plain::new(&mut keep);
    let mut out = Exposition::new(format, &mut plain);
    write(&mut out);
    out.end_part();
    plain.finish();
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{FeedStatus, Input, Settings};
    use crate::model::Time;
    use crate::model::observation::{Gap, Poll};

    fn text(scrape: &Scrape) -> String {
        let mut text = Vec::new();
        let mut keep = |chunk: &[u8]| text.extend_from_slice(chunk);
        scrape.write(&mut Plain::new(&mut keep));
        String::from_utf8(text).expect("UTF-8")
    }

    fn report(engine: &mut Engine, name: &str, ok: bool) {
        let status = FeedStatus { feed: "snmp", name: name.into(), ok, message: String::new(), last_success: None };
        engine.handle(Time::from_secs(5), Input::Feed(status));
    }

    #[test]
    fn what_changes_between_slices_is_written_once() {
        let now = Time::from_secs(5);
        let mut engine = Engine::new(Settings::default());
        for n in 0..2 * SLICE {
            let target: Arc<str> = format!("s{n:05}").into();
            let message = "no answer".to_owned();
            engine.handle(now, Input::Poll(Poll::Gap(Gap { target, at: now, reason: "timeout", message })));
        }
        let mut scrape = Scrape::new(Arc::new(engine.snapshot(now)), Counts::default(), Format::Text);
        assert!(scrape.read(&engine));
        // Of those that were read some work now, one is gone, and one has come; so of those that were not.
        for n in [0, 7, SLICE + 1] {
            report(&mut engine, &format!("s{n:05}"), true);
        }
        for name in ["s00003", "s02000"] {
            engine.handle(now, Input::FeedGone { feed: "snmp", name: name.into() });
        }
        report(&mut engine, "a", true);
        report(&mut engine, "z", false);
        let written = text(&scrape.whole(&engine));
        let lines = written.lines().filter(|line| line.starts_with("stormglass_segment_covered{")).collect::<Vec<_>>();
        let mut once = lines.clone();
        once.sort_by_key(|line| line.split(' ').next());
        once.dedup_by_key(|line| line.split(' ').next());
        assert_eq!((lines.len(), once.len()), (2 * SLICE, 2 * SLICE), "one went before it was read, one came after");
        assert!(lines.contains(&"stormglass_segment_covered{segment=\"z\",feed=\"snmp\"} 0"));
        assert!(!written.contains("s02000\",feed"));
        assert_eq!(written.lines().filter(|line| line.starts_with("stormglass_up{")).count(), 2 * SLICE);
    }

    #[test]
    fn the_last_line_of_each_part_is_there() {
        let now = Time::from_secs(5);
        let mut engine = Engine::new(Settings::default());
        engine.handle(now, Input::Storage(crate::model::history::StorageStatus::default()));
        engine.handle(now, Input::Examined(vec![("dhcp", crate::explain::checks::Status::Ok)]));
        let written =
            text(&Scrape::new(Arc::new(engine.snapshot(now)), Counts::default(), Format::Text).whole(&engine));
        for line in [
            "stormglass_storage_errors_total{reason=\"other\"} 0",
            "stormglass_doctor_last_run_timestamp_seconds 5",
            "stormglass_doctor_check_status{check=\"dhcp\",status=\"problem\"} 0",
        ] {
            assert!(written.lines().any(|one| one == line), "{line}: {written}");
        }
        assert!(written.ends_with('\n'), "{written}");
    }

    #[test]
    fn slices_and_the_whole_give_the_same_document() {
        let now = Time::from_secs(5);
        let mut engine = Engine::new(Settings::default());
        for n in 0..SLICE + 5 {
            report(&mut engine, &format!("s{n:05}"), n.is_multiple_of(3));
        }
        for format in [Format::Text, Format::OpenMetrics] {
            let scrape = || Scrape::new(Arc::new(engine.snapshot(now)), Counts::default(), format);
            let (mut sliced, mut slices) = (scrape(), 1);
            while sliced.read(&engine) {
                slices += 1;
            }
            assert!(slices > 4, "{slices} slices");
            let written = text(&sliced);
            assert_eq!(written, text(&scrape().whole(&engine)));
            assert_eq!(written.ends_with("# EOF\n"), format == Format::OpenMetrics);
        }
    }
}
