//! Several capture files in the order of their time: files that overlap are read side by side, files that follow one
//! another (a rotated capture) go on as one segment. Does not look into frames.

use super::Outcome;
use super::lane::{Batch, Common, Lane};
use crate::io::capture::file::{CaptureFile, Progress, display, short_names};
use crate::model::Time;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A file that begins within this time after the end of another goes on with its segment.
const GOES_ON_WITHIN: Duration = Duration::from_secs(60);

/// Files read side by side; each takes a window of a megabyte. Rotated parts overlap by no more than one.
const MAX_SIDE_BY_SIDE: usize = 32;

/// A file that has frames.
struct Planned {
    path: PathBuf,
    name: Arc<str>,
    first: Time,
    /// Kept open where it cannot be opened a second time (a pipe); the others take no memory until it is their turn.
    file: Option<CaptureFile>,
}

/// A file being read, with what it will hand over next.
struct Active {
    lane: Lane,
    shown: String,
    next: Batch,
}

/// What is read when.
pub(super) struct Plan {
    waiting: VecDeque<Planned>,
    active: Vec<Active>,
    /// Segments of files that were read to the end, and when they ended.
    ended: Vec<(Arc<str>, Time)>,
    start: Time,
    files: usize,
    size: u64,
    progress: Vec<Progress>,
}

impl Plan {
    /// Opens every file once to see when it begins. Those that cannot be used become problems of the outcome.
    pub(super) fn new(paths: &[PathBuf], outcome: &mut Outcome) -> Self {
        let mut waiting = Vec::new();
        let mut size = 0_u64;
        for (path, name) in paths.iter().zip(short_names(paths)) {
            let mut file = match CaptureFile::open(path) {
                Ok(file) => file,
                Err(error) => {
                    outcome.problems.push(format!("{}: {error}", display(path)));
                    outcome.unseen = true;
                    continue;
                }
            };
            let Some(meta) = file.peek() else {
                let why = file.trouble().map_or_else(|| "it holds no frames".to_owned(), ToString::to_string);
                outcome.unseen |= file.trouble().is_some();
                outcome.problems.push(format!("{}: {why}", display(path)));
                continue;
            };
            size = size.saturating_add(file.size().unwrap_or(0));
            let file = file.size().is_none().then_some(file);
            waiting.push(Planned { path: path.clone(), name: name.into(), first: meta.at, file });
        }
        // Stable: files that begin at the same time keep the user's order.
        waiting.sort_by_key(|planned| planned.first);
        let start = waiting.first().map_or(Time::default(), |planned| planned.first);
        let files = waiting.len();
        let waiting = waiting.into();
        Self { waiting, active: Vec::new(), ended: Vec::new(), start, files, size, progress: Vec::new() }
    }

    /// Time of the first frame of all.
    pub(super) fn start(&self) -> Time {
        self.start
    }

    /// Captures are judged together: several files, or several interfaces.
    pub(super) fn several(&self) -> bool {
        self.files > 1 || self.active.iter().any(|active| active.lane.places() > 1)
    }

    /// Bytes of all files, where known.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Bytes read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.progress.iter().map(Progress::bytes).sum()
    }

    /// The next batch in the order of time.
    pub(super) fn next(&mut self, outcome: &mut Outcome, common: &mut Common) -> Option<Batch> {
        self.start_due(outcome, common);
        let (index, _) = self.active.iter().enumerate().min_by_key(|(_, active)| active.next.until)?;
        let active = &mut self.active[index];
        if let Some(next) = active.lane.next(common) {
            return Some(std::mem::replace(&mut active.next, next));
        }
        let Active { lane, shown, next } = self.active.remove(index);
        let (problems, fatal) = lane.problems();
        outcome.problems.extend(problems.into_iter().map(|problem| format!("{shown}: {problem}")));
        outcome.unseen |= fatal;
        outcome.frames += lane.frames();
        if let Some(began) = lane.began() {
            outcome.first = Some(outcome.first.map_or(began, |first| first.min(began)));
            outcome.last = outcome.last.max(Some(lane.latest()));
        }
        self.ended.push((Arc::clone(lane.name()), lane.latest()));
        Some(next)
    }

    /// Starts every file that begins before the next batch ends, so that batches come in order.
    fn start_due(&mut self, outcome: &mut Outcome, common: &mut Common) {
        loop {
            let due = self.active.iter().map(|active| active.next.until).min();
            let next_is_due = |planned: &Planned| due.is_none_or(|due| planned.first < due);
            if !self.waiting.front().is_some_and(next_is_due) {
                return;
            }
            let Some(planned) = self.waiting.pop_front() else { return };
            if common.span.is_past(planned.first) || common.left == 0 {
                continue;
            }
            let shown = display(&planned.path);
            if self.active.len() >= MAX_SIDE_BY_SIDE {
                outcome.problems.push(format!(
                    "{shown}: more than {MAX_SIDE_BY_SIDE} captures overlap in time, and this one was left out: join them \
                     first (mergecap -w all.pcapng FILE…)"
                ));
                outcome.unseen = true;
                continue;
            }
            let name = self.segment(&planned);
            let opened = planned.file.map_or_else(|| CaptureFile::open(&planned.path), Ok);
            match opened {
                Ok(file) => {
                    self.progress.push(file.progress());
                    let mut lane = Lane::new(file, name, planned.first);
                    if let Some(next) = lane.next(common) {
                        self.active.push(Active { lane, shown, next });
                    }
                }
                Err(error) => {
                    outcome.problems.push(format!("{shown}: {error}"));
                    outcome.unseen = true;
                }
            }
        }
    }

    /// The segment that a file goes on with, or a new one of its own name.
    fn segment(&self, planned: &Planned) -> Arc<str> {
        let read = self.active.iter().filter(|active| active.lane.done());
        let ended = self.ended.iter().map(|(name, at)| (name, *at));
        let ended = ended.chain(read.map(|active| (active.lane.name(), active.lane.latest())));
        // A segment in which another file is still being read is not free.
        let free = |name: &Arc<str>| !self.active.iter().any(|a| !a.lane.done() && a.lane.name() == name);
        let before = ended
            .filter(|(name, at)| *at <= planned.first && planned.first.since(*at) <= GOES_ON_WITHIN && free(name))
            .max_by_key(|(_, at)| *at);
        before.map_or_else(|| Arc::clone(&planned.name), |(name, _)| Arc::clone(name))
    }
}
