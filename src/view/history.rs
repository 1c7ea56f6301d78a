//! The history of storms as lines of JSON, a line for each change, and what is known after reading them. Knows no files.
//!
//! A line is whole or it is nothing: a torn or spoiled one is passed over and counted, and costs no other. Every line names
//! the version of its form, so that a program that is older than a line says so instead of misreading it.

use crate::engine::{MAX_HISTORY, StormKey};
use crate::explain::causes::cause;
use crate::model::Time;
use crate::model::frames::Protocol;
use crate::model::history::Remembered;
use crate::model::note::Note;
use crate::model::text::Language;
use crate::model::verdict::{Candidate, Evidence, Party, Phase, Severity, Verdict};
use crate::view::note_line::NoteLine;
use crate::view::{json, notes, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// The newest form of a line that this program reads.
pub const VERSION: u64 = 2;
/// The form of lines about storms.
const STORMS: u64 = 1;
/// The form of lines about what was said of them: a program that cannot read those must not take up the history, and tell
/// what was muted.
const NOTES: u64 = 2;
/// Notes kept, those that have ended included; the oldest of these go first.
const MAX_NOTES: usize = 2 * crate::engine::MAX_NOTES;
/// Longest line written or read, bytes; those of storms with all their evidence have 2 to 8 KiB.
pub const MAX_LINE: usize = 64 << 10;

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A storm is new, or has changed.
    Storm(Box<Remembered>),
    /// The open storm with this id has another name now, and lines of its own.
    Renamed {
        /// When.
        at: Time,
        /// Its former id.
        id: Arc<str>,
    },
    /// Something was said of storms, or does not hold any more.
    Note {
        /// When it was written.
        at: Time,
        /// What.
        note: Box<Note>,
    },
}

/// Why a line is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It is of a newer program.
    #[error("its form is of version {0}; this program reads up to {VERSION}")]
    Newer(u64),
    /// It is torn, spoiled or of no known cause.
    #[error("it is torn or spoiled")]
    Unreadable,
}

/// Every line begins with its version; everything else may change with it.
#[derive(Deserialize)]
struct Head {
    v: u64,
}

#[derive(Serialize, Deserialize)]
struct Line {
    v: u64,
    /// Nanoseconds since 1970, as all times here: RFC 3339 would lose some.
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    storm: Option<Storm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    renamed: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<NoteLine>,
}

#[derive(Serialize, Deserialize)]
struct Storm {
    id: Arc<str>,
    segment: Arc<str>,
    cause: String,
    severity: Severity,
    phase: Phase,
    /// Millionths: an integer comes back as it went.
    confidence: u32,
    started: i64,
    ended: Option<i64>,
    detected: i64,
    culprit: Option<Party>,
    origins: Vec<Party>,
    groups: Vec<IpAddr>,
    protocol: String,
    frames: u64,
    peak_pps: u64,
    current_pps: u64,
    sentence: String,
    remedy: Vec<String>,
    evidence: Vec<Fact>,
    candidates: Vec<Other>,
    lacks: Vec<String>,
    recording: Option<Arc<str>>,
    /// A program that does not know the field takes the storm for not verified: it knows less, and reads nothing wrong, so that
    /// the form is no newer for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    verified: bool,
}

#[derive(Serialize, Deserialize)]
struct Fact {
    claim: String,
    observed: String,
    expected: String,
    feed: String,
    display_filter: String,
    frame_numbers: Option<(u64, u64)>,
}

#[derive(Serialize, Deserialize)]
struct Other {
    cause: String,
    confidence: u32,
    mac: Option<crate::model::MacAddr>,
    needs: String,
}

const FEEDS: [&str; 3] = ["capture", "snmp", "discovery"];

fn millionths(confidence: f64) -> u32 {
    (confidence.clamp(0.0, 1.0) * 1e6).round() as u32
}

impl From<&Verdict> for Storm {
    fn from(verdict: &Verdict) -> Self {
        let fact = |fact: &Evidence| Fact {
            claim: fact.claim.clone(),
            observed: fact.observed.clone(),
            expected: fact.expected.clone(),
            feed: fact.feed.to_owned(),
            display_filter: fact.display_filter.clone(),
            frame_numbers: fact.frame_numbers,
        };
        let other = |other: &Candidate| Other {
            cause: other.cause.to_owned(),
            confidence: millionths(other.confidence),
            mac: other.mac,
            needs: other.needs.clone(),
        };
        Self {
            id: Arc::clone(&verdict.id),
            segment: Arc::clone(&verdict.segment),
            cause: verdict.cause.to_owned(),
            severity: verdict.severity,
            phase: verdict.phase,
            confidence: millionths(verdict.confidence),
            started: verdict.started.as_nanos(),
            ended: verdict.ended.map(Time::as_nanos),
            detected: verdict.detected.as_nanos(),
            culprit: verdict.culprit.clone(),
            origins: verdict.origins.clone(),
            groups: verdict.groups.clone(),
            protocol: verdict.protocol.id().to_owned(),
            frames: verdict.frames,
            peak_pps: verdict.peak_pps,
            current_pps: verdict.current_pps,
            sentence: verdict.sentence.clone(),
            remedy: verdict.remedy.clone(),
            evidence: verdict.evidence.iter().map(fact).collect(),
            candidates: verdict.candidates.iter().map(other).collect(),
            lacks: verdict.lacks.clone(),
            recording: verdict.recording.clone(),
            verified: false,
        }
    }
}

impl Storm {
    /// `None`: a cause, protocol or feed that this program does not know.
    fn verdict(self) -> Option<Verdict> {
        let evidence = self.evidence.into_iter().map(|fact| {
            Some(Evidence {
                feed: FEEDS.into_iter().find(|feed| *feed == fact.feed)?,
                claim: fact.claim,
                observed: fact.observed,
                expected: fact.expected,
                display_filter: fact.display_filter,
                frame_numbers: fact.frame_numbers,
            })
        });
        let candidates = self.candidates.into_iter().map(|other| {
            Some(Candidate {
                cause: cause(&other.cause)?.id(),
                confidence: f64::from(other.confidence.min(1_000_000)) / 1e6,
                mac: other.mac,
                needs: other.needs,
            })
        });
        Some(Verdict {
            id: self.id,
            segment: self.segment,
            cause: cause(&self.cause)?.id(),
            severity: self.severity,
            confidence: f64::from(self.confidence.min(1_000_000)) / 1e6,
            phase: self.phase,
            started: Time::from_nanos(self.started),
            ended: self.ended.map(Time::from_nanos),
            detected: Time::from_nanos(self.detected),
            culprit: self.culprit,
            origins: self.origins,
            groups: self.groups,
            protocol: Protocol::ALL.into_iter().find(|protocol| protocol.id() == self.protocol)?,
            frames: self.frames,
            peak_pps: self.peak_pps,
            current_pps: self.current_pps,
            sentence: self.sentence,
            remedy: self.remedy,
            evidence: evidence.collect::<Option<_>>()?,
            candidates: candidates.collect::<Option<_>>()?,
            lacks: self.lacks,
            recording: self.recording,
            // What is said of it has lines of its own.
            acknowledged: None,
            muted: None,
        })
    }
}

/// One line, with its newline. A storm whose line would be longer than [`MAX_LINE`] is told without its evidence.
#[must_use]
pub fn encode(entry: &Entry) -> String {
    let empty = |v: u64, at: Time| Line { v, at: at.as_nanos(), storm: None, renamed: None, note: None };
    let mut line = match entry {
        Entry::Storm(known) => {
            let storm = Storm { verified: known.verified, ..(&known.verdict).into() };
            Line { storm: Some(storm), ..empty(STORMS, known.at) }
        }
        Entry::Renamed { at, id } => Line { renamed: Some(Arc::clone(id)), ..empty(STORMS, *at) },
        Entry::Note { at, note } => Line { note: Some((&**note).into()), ..empty(NOTES, *at) },
    };
    // Strings and numbers in structs can't fail to be written.
    let mut text = serde_json::to_string(&line).unwrap_or_default();
    if let Some(storm) = line.storm.as_mut().filter(|_| text.len() >= MAX_LINE) {
        (storm.evidence, storm.candidates, storm.lacks) = (Vec::new(), Vec::new(), Vec::new());
        text = serde_json::to_string(&line).unwrap_or_default();
    }
    text.push('\n');
    text
}

/// Reads one line, with or without its newline.
///
/// # Errors
/// It is of a newer program, or torn or spoiled.
pub fn decode(line: &[u8]) -> Result<Entry, LineError> {
    if line.len() > MAX_LINE {
        return Err(LineError::Unreadable);
    }
    let head: Head = serde_json::from_slice(line).map_err(|_| LineError::Unreadable)?;
    if head.v > VERSION {
        return Err(LineError::Newer(head.v));
    }
    let line: Line = serde_json::from_slice(line).map_err(|_| LineError::Unreadable)?;
    let at = Time::from_nanos(line.at);
    let verified = line.storm.as_ref().is_some_and(|storm| storm.verified);
    match (line.storm.map(Storm::verdict), line.renamed, line.note.map(NoteLine::note)) {
        (Some(Some(verdict)), None, None) => Ok(Entry::Storm(Box::new(Remembered { at, verdict, verified }))),
        (None, Some(id), None) => Ok(Entry::Renamed { at, id }),
        (None, None, Some(Some(note))) => Ok(Entry::Note { at, note: Box::new(note) }),
        _ => Err(LineError::Unreadable),
    }
}

/// What is to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// All storms and warnings.
    pub verdicts: &'a [Arc<Verdict>],
    /// All that is said of them.
    pub notes: &'a [Arc<Note>],
    /// Of the storms that are over, which somebody has verified not to come back.
    pub verified: &'a BTreeSet<StormKey>,
}

/// A verdict without what is said of it, which has lines of its own.
fn plain(verdict: &Verdict) -> Verdict {
    Verdict { acknowledged: None, muted: None, ..verdict.clone() }
}

/// What the lines amount to: each storm as it was last known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    storms: Vec<Remembered>,
    notes: Vec<Note>,
    unreadable: u64,
    newer: Option<u64>,
    written: Option<Time>,
}

impl History {
    /// Reads lines; what is behind the last newline counts where it is whole.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let mut history = Self::default();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            history.line(line);
        }
        history
    }

    /// Takes a line.
    pub fn line(&mut self, line: &[u8]) {
        match decode(line) {
            Ok(entry) => self.take(entry),
            Err(LineError::Newer(version)) => self.newer = self.newer.max(Some(version)),
            Err(LineError::Unreadable) => self.unreadable += 1,
        }
    }

    /// Takes what a line says.
    pub fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Storm(known) => {
                self.written = self.written.max(Some(known.at));
                match self.place(&known.verdict) {
                    Some(place) => self.storms[place] = *known,
                    None => {
                        self.make_room();
                        self.storms.push(*known);
                    }
                }
            }
            Entry::Renamed { at, id } => {
                self.written = self.written.max(Some(at));
                if let Some(place) = self.storms.iter().rposition(|known| known.verdict.id == id && known.is_open()) {
                    self.storms.remove(place);
                }
            }
            Entry::Note { at, note } => {
                self.written = self.written.max(Some(at));
                match self.notes.iter_mut().find(|known| known.id == note.id) {
                    Some(known) => *known = *note,
                    None => {
                        if self.notes.len() >= MAX_NOTES {
                            self.notes.remove(self.notes.iter().position(|known| !known.holds()).unwrap_or(0));
                        }
                        self.notes.push(*note);
                    }
                }
            }
        }
    }

    /// An id is of segment, cause and culprit, so that the storm of another day has it too: the same storm is the one with
    /// the same start, else the one that had not ended when this began.
    fn place(&self, verdict: &Verdict) -> Option<usize> {
        let named = |known: &&Remembered| known.verdict.id == verdict.id;
        let last =
            |test: &dyn Fn(&Remembered) -> bool| self.storms.iter().rposition(|known| named(&known) && test(known));
        last(&|known| known.verdict.started == verdict.started)
            .or_else(|| last(&|known| known.is_open() || verdict.started < known.last_seen()))
    }

    /// As in the engine: what is over makes room, the oldest first.
    fn make_room(&mut self) {
        if self.storms.len() >= MAX_HISTORY {
            let place = self.storms.iter().position(|known| !known.is_open()).unwrap_or(0);
            self.storms.remove(place);
        }
    }

    /// What must be written for the lines to tell all this. Without `all`, small changes (how many frames) can wait.
    #[must_use]
    pub fn news(&self, at: Time, Kept { verdicts, notes, verified }: &Kept<'_>, all: bool) -> Vec<Entry> {
        let is_verified = |v: &Verdict| verified.contains(&(Arc::clone(&v.id), v.started));
        let told = |v: &Verdict| (v.phase, v.severity, v.cause, v.culprit.clone(), v.recording.clone());
        let mut oldest_first = verdicts.iter().collect::<Vec<_>>();
        oldest_first.sort_by_key(|verdict| verdict.started);
        let changed = oldest_first.into_iter().filter(|verdict| match self.place(verdict) {
            None => true,
            Some(place) => {
                let known = &self.storms[place];
                let was = &known.verdict;
                told(was) != told(verdict) || known.verified != is_verified(verdict) || all && *was != plain(verdict)
            }
        });
        let stays = |known: &Remembered| verdicts.iter().any(|verdict| verdict.id == known.verdict.id);
        let renamed = self.storms.iter().filter(|known| known.is_open() && !stays(known));
        let renamed = renamed.map(|known| Entry::Renamed { at, id: Arc::clone(&known.verdict.id) });
        let storm = |verdict: &Arc<Verdict>| {
            Entry::Storm(Box::new(Remembered { at, verdict: plain(verdict), verified: is_verified(verdict) }))
        };
        let said = notes.iter().filter(|note| !self.notes.iter().any(|known| *known == ***note));
        let said = said.map(|note| Entry::Note { at, note: Box::new((**note).clone()) });
        renamed.chain(changed.map(storm)).chain(said).collect()
    }

    /// All of it, as lines that tell it anew.
    #[must_use]
    pub fn everything(&self) -> Vec<Entry> {
        let storms = self.storms.iter().map(|known| Entry::Storm(Box::new(known.clone())));
        let at = self.written.unwrap_or_default();
        let notes = self.notes.iter().map(|note| Entry::Note { at, note: Box::new(note.clone()) });
        storms.chain(notes).collect()
    }

    /// What was said of storms, in the order in which it was.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The storms, in the order in which they were first written.
    #[must_use]
    pub fn storms(&self) -> &[Remembered] {
        &self.storms
    }

    /// Lines that were torn or spoiled.
    #[must_use]
    pub const fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Version of the newest line that this program can't read.
    #[must_use]
    pub const fn newer(&self) -> Option<u64> {
        self.newer
    }

    /// When the latest line was written.
    #[must_use]
    pub const fn written(&self) -> Option<Time> {
        self.written
    }
}

/// The last storms first, `limit` at most.
fn newest(history: &History, limit: usize) -> Vec<&Remembered> {
    let mut storms = history.storms().iter().collect::<Vec<_>>();
    storms.sort_by_key(|known| std::cmp::Reverse(known.verdict.started));
    storms.truncate(limit);
    storms
}

/// The last storms for a person.
#[must_use]
pub fn last(history: &History, limit: usize, style: text::Style) -> String {
    let ja = style.language == Language::Japanese;
    let storms = newest(history, limit);
    let mut out = String::new();
    for known in &storms {
        out.push_str(&text::verdict(&known.verdict, style));
        if known.is_open() {
            let at = known.at;
            out.push_str(&if ja {
                format!("\n最後に確認した時刻は{at}です。その後に終わったかどうかは記録されていません。\n")
            } else {
                format!("\nLast known at {at}; whether it has ended since is not written here.\n")
            });
        }
        out.push('\n');
    }
    for note in history.notes().iter().filter(|note| note.holds()) {
        out.push_str(&notes::sentence(note, style.language));
        out.push('\n');
    }
    let (shown, all) = (storms.len(), history.storms().len());
    out.push_str(&match (all, ja) {
        (0, false) => "No storm is remembered.\n".to_owned(),
        (0, true) => "記録されているストームはありません。\n".to_owned(),
        (_, false) => format!("{shown} of {all} remembered storms and warnings, newest first.\n"),
        (_, true) => format!("記録されているストームと警告{all}件のうち、新しい順に{shown}件です。\n"),
    });
    out
}

/// The same for a program: the verdicts as everywhere, each with `last_seen`.
#[must_use]
pub fn last_json(history: &History, limit: usize) -> serde_json::Value {
    let storms = newest(history, limit).into_iter().map(|known| {
        let mut value = json::verdict_json(&known.verdict);
        value["last_seen"] = serde_json::json!(known.last_seen());
        value
    });
    serde_json::json!({
        "verdicts": storms.collect::<Vec<_>>(),
        "remembered": history.storms().len(),
        "notes": history.notes().iter().map(notes::json).collect::<Vec<_>>(),
        "written": history.written(),
        "unreadable_lines": history.unreadable(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::note_line;
    use crate::view::text::tests::example;
    use std::time::Duration;

    fn open(id: &str, seconds: i64) -> Verdict {
        Verdict { id: id.into(), started: Time::from_secs(seconds), phase: Phase::Active, ended: None, ..example() }
    }

    fn over(verdict: Verdict, seconds: i64) -> Verdict {
        Verdict { phase: Phase::Over, ended: Some(Time::from_secs(seconds)), ..verdict }
    }

    /// Writes what is new at each step, and reads it all back.
    fn lived(steps: &[&[Verdict]]) -> (History, usize) {
        let (mut text, mut known, mut lines) = (String::new(), History::default(), 0);
        for (at, verdicts) in (1_000..).zip(steps) {
            let verdicts = verdicts.iter().cloned().map(Arc::new).collect::<Vec<_>>();
            for entry in known.news(
                Time::from_secs(at),
                &Kept { verdicts: &verdicts, notes: &[], verified: &BTreeSet::new() },
                false,
            ) {
                text.push_str(&encode(&entry));
                known.take(entry);
                lines += 1;
            }
        }
        let read = History::read(text.as_bytes());
        assert_eq!(read, known, "{text}");
        (read, lines)
    }

    fn summary(history: &History) -> Vec<(&str, bool)> {
        history.storms().iter().map(|known| (&*known.verdict.id, known.is_open())).collect()
    }

    #[test]
    fn a_storm_has_one_place_whatever_it_is_called() {
        let more = Verdict { frames: 9_999, ..open("a", 10) };
        let named = Verdict { culprit: None, ..open("b", 10) };
        for (steps, lines, is) in [
            (&[&[open("a", 10)][..], &[more], &[over(open("a", 10), 20)]][..], 2, &[("a", false)][..]),
            (&[&[open("a", 10)], &[named]], 3, &[("b", true)]),
            // It flickered, and kept its start; then one of the same name on another day.
            (&[&[over(open("a", 10), 20)], &[open("a", 10)]], 2, &[("a", true)]),
            (&[&[over(open("a", 10), 20)], &[over(open("a", 10), 20), open("a", 90)]], 2, &[("a", false), ("a", true)]),
            // Its start was found to be earlier.
            (&[&[open("a", 10)], &[over(open("a", 8), 20)]], 2, &[("a", false)]),
        ] {
            let (history, written) = lived(steps);
            assert_eq!((summary(&history), written), (is.to_vec(), lines));
        }
    }

    #[test]
    fn lines_repeated_after_a_rotation_change_nothing() {
        let (history, _) =
            lived(&[&[over(open("a", 10), 20)], &[over(open("a", 10), 20), open("a", 90), open("b", 95)]]);
        let mut again = history.clone();
        for known in history.storms() {
            again.take(Entry::Storm(Box::new(known.clone())));
        }
        assert_eq!(again, history);
    }

    #[test]
    fn a_newer_line_is_named_and_a_spoiled_one_counted() {
        let good = encode(&Entry::Storm(Box::new(Remembered {
            at: Time::from_secs(5),
            verdict: open("a", 1),
            verified: false,
        })));
        let unknown = good.replace("\"cause\":\"l3_reflector\"", "\"cause\":\"gremlins\"");
        assert_ne!(good, unknown);
        let text = format!("{good}{{\"v\":3,\"storms\":7}}\n\u{0}nonsense\n{unknown}{{\"v\":1,\"at\":3}}\n");
        let history = History::read(text.as_bytes());
        assert_eq!((history.newer(), history.unreadable()), (Some(3), 3));
        assert_eq!((summary(&history), history.written()), (vec![("a", true)], Some(Time::from_secs(5))));
    }

    #[test]
    fn what_was_said_is_read_as_it_was_written_and_told_anew_after_a_rotation() {
        let note = note_line::example("m1");
        let ended = Note { ended: Some((Time::from_secs(9), crate::model::note::End::Lifted)), ..note.clone() };
        let mut history = History::default();
        let said = [Arc::new(note.clone())];
        let mut text = String::new();
        for notes in [&said[..], &said, &[Arc::new(ended.clone())]] {
            for entry in
                history.news(Time::from_secs(5), &Kept { verdicts: &[], notes, verified: &BTreeSet::new() }, false)
            {
                text.push_str(&encode(&entry));
                history.take(entry);
            }
        }
        assert_eq!((text.lines().count(), history.notes()), (2, &[ended][..]));
        assert!(text.starts_with("{\"v\":2,"), "a program that cannot read it says so: {text}");
        assert_eq!(History::read(text.as_bytes()), history);
        let again = history.everything().iter().map(encode).collect::<String>();
        assert_eq!(History::read(again.as_bytes()).notes(), history.notes());
        let endless = encode(&Entry::Note { at: note.at, note: Box::new(Note { until: None, ..note }) });
        assert_eq!(decode(endless.trim_end().as_bytes()), Err(LineError::Unreadable));
        for n in 0..3 * MAX_NOTES {
            let note = Box::new(note_line::example(&format!("m{n}")));
            history.take(Entry::Note { at: Time::from_secs(9), note });
        }
        assert_eq!(history.notes().len(), MAX_NOTES);
    }

    #[test]
    fn it_is_bounded_and_what_goes_on_stays() {
        let mut history = History::default();
        let at = Time::from_secs(1);
        history.take(Entry::Storm(Box::new(Remembered { at, verdict: open("first", 0), verified: false })));
        for n in 1..=2 * MAX_HISTORY as i64 {
            let verdict = over(open(&format!("s{n}"), n * 10), n * 10 + 5);
            history.take(Entry::Storm(Box::new(Remembered {
                at: at.plus(Duration::from_secs(1)),
                verdict,
                verified: false,
            })));
        }
        assert_eq!(history.storms().len(), MAX_HISTORY);
        assert_eq!(&*history.storms()[0].verdict.id, "first");
        let huge = Verdict { lacks: vec!["x".repeat(MAX_LINE)], ..open("a", 1) };
        let line = encode(&Entry::Storm(Box::new(Remembered { at, verdict: huge, verified: false })));
        assert!(line.len() < MAX_LINE && decode(line.as_bytes()).is_ok(), "{}", line.len());
    }
}
