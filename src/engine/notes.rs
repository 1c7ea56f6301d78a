//! What people have said of storms: acknowledgements, and mutes with an end. They change what is told of a verdict, never the
//! verdict: each holds for the cause and culprit that it was said of, so that no other hides behind it. Knows no form in
//! which it is said.

use super::{Engine, Output, push};
use crate::explain::cause;
use crate::model::note::{Culprit, End, MAX_BY, MAX_MUTE, MAX_WHY, Note, NoteKind, Subject};
use crate::model::verdict::{Phase, Verdict};
use crate::model::{MacAddr, Time};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Notes that hold at the same time; more are refused, and whoever wants one is told.
pub const MAX_NOTES: usize = 64;
/// Notes kept that have ended; the oldest go first.
const MAX_ENDED: usize = 64;
/// It is said for so long that a note has ended.
const SAID_FOR: Duration = Duration::from_secs(86_400);

/// Of what something is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// The storm with this id.
    Storm(String),
    /// Storms of this device.
    Mac(MacAddr),
    /// Storms of this cause, by those who are known to have made one.
    Cause(String),
}

/// What somebody wants to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Acknowledge or mute.
    pub kind: NoteKind,
    /// Of what.
    pub about: About,
    /// Who says it.
    pub by: String,
    /// Why.
    pub why: String,
    /// Until when.
    pub until: Option<Time>,
}

/// Why it is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteError {
    /// No such storm is remembered.
    NoStorm,
    /// The storm is over: nobody need be on it.
    Over,
    /// Only a storm is acknowledged.
    NotAStorm,
    /// No such cause.
    NoCause,
    /// No storm of the cause is remembered, so that nobody is known whom to mute.
    NoCulprit,
    /// A mute has an end.
    NoEnd,
    /// The end is past, or too far.
    WrongEnd,
    /// Nobody says it, or not in a line.
    By,
    /// There is no reason, or not in a line.
    Why,
    /// There are [`MAX_NOTES`].
    Full,
    /// Nothing of that name holds.
    NoNote,
}

impl NoteError {
    /// It names something that is not there.
    #[must_use]
    pub const fn is_absence(self) -> bool {
        matches!(self, Self::NoStorm | Self::NoCause | Self::NoNote)
    }

    /// It asks for what cannot be now.
    #[must_use]
    pub const fn is_conflict(self) -> bool {
        matches!(self, Self::Over | Self::NoCulprit | Self::Full)
    }
}

/// All that was said.
#[derive(Debug, Default)]
pub(super) struct Notes {
    notes: Vec<Arc<Note>>,
    /// The number of the latest.
    last: u64,
}

impl Notes {
    /// The verdict with what is said of it.
    pub(super) fn on(&self, verdict: Arc<Verdict>) -> Arc<Verdict> {
        if self.notes.is_empty() {
            return verdict;
        }
        let of = |kind: NoteKind| {
            let its = self.notes.iter().filter(|note| note.holds() && note.kind == kind && note.is_of(&verdict));
            // The one that holds longest.
            its.max_by_key(|note| note.until.map_or(i64::MAX, Time::as_nanos)).cloned()
        };
        let (acknowledged, muted) = (of(NoteKind::Acknowledgement), of(NoteKind::Mute));
        if (&acknowledged, &muted) == (&verdict.acknowledged, &verdict.muted) {
            return verdict;
        }
        let mut verdict = verdict;
        let noted = Arc::make_mut(&mut verdict);
        (noted.acknowledged, noted.muted) = (acknowledged, muted);
        verdict
    }

    pub(super) fn all(&self) -> &[Arc<Note>] {
        &self.notes
    }

    fn holding(&self) -> usize {
        self.notes.iter().filter(|note| note.holds()).count()
    }
}

impl Engine {
    /// What is said of storms, and what has ended lately.
    #[must_use]
    pub fn notes(&self) -> &[Arc<Note>] {
        self.notes.all()
    }

    /// Says something of a storm, a device or a cause. What was said of the same before is taken back.
    ///
    /// # Errors
    /// It cannot be said, with what to do instead.
    pub fn note(&mut self, now: Time, wish: &Wish) -> Result<Arc<Note>, NoteError> {
        let [by, why] = [(&wish.by, MAX_BY, NoteError::By), (&wish.why, MAX_WHY, NoteError::Why)]
            .map(|(text, most, error)| line(text, most).ok_or(error));
        let (by, why) = (by?, why?);
        let until = until(now, wish)?;
        let subject = self.subject(wish)?;
        let same = |note: &Arc<Note>| note.holds() && note.kind == wish.kind && names_same(&note.subject, &subject);
        let before = self.notes.notes.iter().filter(|note| same(note)).map(|note| Arc::clone(&note.id));
        let before = before.collect::<BTreeSet<_>>();
        if self.notes.holding() - before.len() >= MAX_NOTES {
            return Err(NoteError::Full);
        }
        self.end(now, &mut |note| before.contains(&note.id).then_some(End::Lifted));
        self.notes.last += 1;
        let letter = if wish.kind == NoteKind::Mute { 'm' } else { 'a' };
        let id = format!("{letter}{}", self.notes.last).into();
        let note = Arc::new(Note { id, kind: wish.kind, subject, by, why, at: now, until, ended: None });
        self.notes.notes.push(Arc::clone(&note));
        self.tell_of(&note);
        Ok(note)
    }

    /// Takes back what was said.
    ///
    /// # Errors
    /// Nothing of that name holds.
    pub fn take_back(&mut self, now: Time, id: &str) -> Result<Arc<Note>, NoteError> {
        self.end(now, &mut |note| (*note.id == *id).then_some(End::Lifted)).pop().ok_or(NoteError::NoNote)
    }

    /// Takes what was said in an earlier run of the program.
    pub(super) fn recall_notes(&mut self, past: Vec<Note>) {
        let number = |note: &Note| note.id.get(1..).and_then(|number| number.parse().ok()).unwrap_or(0);
        self.notes.last = past.iter().map(number).max().unwrap_or(0).max(self.notes.last);
        let newest = past.len().saturating_sub(MAX_NOTES + MAX_ENDED);
        self.notes.notes.extend(past.into_iter().skip(newest).map(Arc::new));
    }

    /// Ends what is past, and what was said of a storm that is another now.
    pub(super) fn keep_notes(&mut self, now: Time) {
        if self.notes.notes.is_empty() {
            return;
        }
        let verdicts = self.cases.verdicts();
        self.end(now, &mut |note| {
            let expired = note.until.is_some_and(|until| until <= now);
            let of_one = match &note.subject {
                Subject::Storm { culprit, .. } => note.kind == NoteKind::Acknowledgement || culprit.is_none(),
                Subject::Mac(_) | Subject::Cause { .. } => false,
            };
            let gone = || of_one && !verdicts.iter().any(|verdict| note.is_of(verdict));
            if expired { Some(End::Expired) } else { gone().then_some(End::Changed) }
        });
        let notes = &mut self.notes.notes;
        notes.retain(|note| note.ended.is_none_or(|(at, _)| now.since(at) < SAID_FOR));
        let mut over = notes.iter().filter(|note| !note.holds()).count().saturating_sub(MAX_ENDED);
        notes.retain(|note| {
            let goes = !note.holds() && over > 0;
            over -= usize::from(goes);
            !goes
        });
    }

    /// Ends notes that hold, and tells of it. Gives those.
    fn end(&mut self, now: Time, why: &mut dyn FnMut(&Note) -> Option<End>) -> Vec<Arc<Note>> {
        let mut ended = Vec::new();
        for note in self.notes.notes.iter_mut().filter(|note| note.holds()) {
            if let Some(end) = why(note) {
                Arc::make_mut(note).ended = Some((now, end));
                ended.push(Arc::clone(note));
            }
        }
        for note in &ended {
            self.tell_of(note);
        }
        ended
    }

    /// Tells of a note that is new or has ended, and of the verdicts that it is said of, those that go on alone.
    fn tell_of(&mut self, note: &Arc<Note>) {
        push(&mut self.outputs, Output::Noted(Arc::clone(note)));
        let open = self.cases.verdicts().into_iter().filter(|verdict| verdict.phase != Phase::Over);
        for verdict in open.filter(|verdict| note.is_of(verdict)) {
            push(&mut self.outputs, Output::Changed(verdict));
        }
    }

    fn subject(&self, wish: &Wish) -> Result<Subject, NoteError> {
        let acknowledges = wish.kind == NoteKind::Acknowledgement;
        match &wish.about {
            About::Storm(id) => {
                // Newest first.
                let verdicts = self.cases.verdicts();
                let verdict = verdicts.iter().find(|verdict| *verdict.id == **id).ok_or(NoteError::NoStorm)?;
                if acknowledges && verdict.phase == Phase::Over {
                    return Err(NoteError::Over);
                }
                Ok(Subject::Storm { id: Arc::clone(&verdict.id), culprit: Culprit::of(verdict) })
            }
            _ if acknowledges => Err(NoteError::NotAStorm),
            About::Mac(mac) => Ok(Subject::Mac(*mac)),
            About::Cause(id) => {
                let id = cause(id).ok_or(NoteError::NoCause)?.id();
                let of_it = self.cases.verdicts().into_iter().filter(|verdict| verdict.cause == id);
                let of_it = of_it.collect::<Vec<_>>();
                if of_it.is_empty() {
                    return Err(NoteError::NoCulprit);
                }
                let culprits = of_it.iter().filter_map(|verdict| Culprit::of(verdict)).collect::<BTreeSet<_>>();
                Ok(Subject::Cause { id: id.into(), culprits: culprits.into_iter().collect() })
            }
        }
    }
}

fn names_same(one: &Subject, other: &Subject) -> bool {
    match (one, other) {
        (Subject::Cause { id: one, .. }, Subject::Cause { id: other, .. }) => one == other,
        (Subject::Storm { id: one, .. }, Subject::Storm { id: other, .. }) => one == other,
        _ => one == other,
    }
}

fn until(now: Time, wish: &Wish) -> Result<Option<Time>, NoteError> {
    let mute = wish.kind == NoteKind::Mute;
    match wish.until {
        None if mute => Err(NoteError::NoEnd),
        Some(until) if until <= now || mute && until > now.plus(MAX_MUTE) => Err(NoteError::WrongEnd),
        until => Ok(until),
    }
}

/// One line, without the spaces around it.
fn line(text: &str, most: usize) -> Option<Arc<str>> {
    let text = text.trim();
    let good = !text.is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control);
    good.then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Input, Settings};
    use crate::model::history::Remembered;
    use crate::model::verdict::{Party, Severity};

    const NOW: Time = Time::from_secs(1_700_000_000);
    const HOUR: Duration = Duration::from_secs(3600);
    const ROUTER: MacAddr = MacAddr([0x3c, 0x84, 0x6a, 0x10, 0, 0xc8]);

    /// An engine that knows a storm of the router, and one that nobody is blamed for, both going on.
    fn engine() -> Engine {
        let culprit = Party { mac: Some(ROUTER), ip: None, vendor: None, port: None, name: None };
        let storm = |id: &str, cause: &'static str, culprit: Option<Party>| {
            let started = NOW.minus(Duration::from_secs(20));
            let verdict = Verdict {
                id: id.into(),
                severity: Severity::Storm,
                started,
                culprit,
                ..Verdict::blank("eth0".into(), cause)
            };
            Remembered { at: NOW, verdict, verified: false }
        };
        let mut engine = Engine::new(Settings::default());
        let past = vec![storm("router", "l3_reflector", Some(culprit)), storm("crowd", "discovery_swarm", None)];
        engine.handle(NOW, Input::Remembered(past));
        engine
    }

    fn wish(kind: NoteKind, about: About) -> Wish {
        let until = (kind == NoteKind::Mute).then(|| NOW.plus(HOUR * 2));
        Wish { kind, about, by: "ann".to_owned(), why: "known".to_owned(), until }
    }

    fn storm(id: &str) -> About {
        About::Storm(id.to_owned())
    }

    fn said(engine: &Engine) -> Vec<(String, bool, bool)> {
        let of = |verdict: &Arc<Verdict>| (verdict.id.to_string(), verdict.acknowledged.is_some(), verdict.hushed());
        engine.verdicts().iter().map(of).collect()
    }

    #[test]
    fn what_is_said_is_on_the_verdict_until_it_ends_and_the_end_is_told() {
        let mut engine = engine();
        engine.note(NOW, &wish(NoteKind::Acknowledgement, storm("router"))).expect("acknowledged");
        let mute = engine.note(NOW, &wish(NoteKind::Mute, About::Mac(ROUTER))).expect("muted");
        assert!(said(&engine).contains(&("router".into(), true, true)));
        assert!(said(&engine).contains(&("crowd".into(), false, false)), "{:?}", said(&engine));
        let told = std::iter::from_fn(|| engine.poll()).collect::<Vec<_>>();
        let hushed = |output: &Output| matches!(output, Output::Changed(verdict) if verdict.hushed());
        assert!(told.iter().any(hushed), "{told:?}");
        engine.keep_notes(NOW.plus(HOUR * 2));
        assert!(said(&engine).contains(&("router".into(), true, false)));
        let mut ended = std::iter::from_fn(|| engine.poll());
        let of_it = |output: Output| matches!(output, Output::Noted(note) if note.id == mute.id && !note.holds());
        assert!(ended.any(of_it));
        assert_eq!(engine.notes()[1].ended.map(|(_, why)| why), Some(End::Expired));
        engine.keep_notes(NOW.plus(HOUR * 27));
        assert!(!engine.notes().iter().any(|note| note.id == mute.id), "after a day it need not be said any more");
    }

    #[test]
    fn a_cause_is_muted_for_those_who_were_known() {
        let mut engine = engine();
        engine.note(NOW, &wish(NoteKind::Mute, About::Cause("l3_reflector".to_owned()))).expect("muted");
        assert!(said(&engine).contains(&("router".into(), false, true)));
        let error = engine.note(NOW, &wish(NoteKind::Mute, About::Cause("arp_storm".to_owned())));
        assert_eq!(error.err(), Some(NoteError::NoCulprit));
    }

    #[test]
    fn what_cannot_be_said_has_a_reason() {
        use NoteKind::{Acknowledgement, Mute};
        let mut engine = engine();
        let good = wish(Mute, storm("router"));
        for (wish, error) in [
            (wish(Acknowledgement, storm("nobody")), NoteError::NoStorm),
            (wish(Acknowledgement, About::Mac(ROUTER)), NoteError::NotAStorm),
            (wish(Mute, About::Cause("weather".to_owned())), NoteError::NoCause),
            (Wish { until: None, ..good.clone() }, NoteError::NoEnd),
            (Wish { until: Some(NOW), ..good.clone() }, NoteError::WrongEnd),
            (Wish { until: Some(NOW.plus(HOUR * 721)), ..good.clone() }, NoteError::WrongEnd),
            (Wish { by: " ".to_owned(), ..good.clone() }, NoteError::By),
            (Wish { why: "a\nb".to_owned(), ..good.clone() }, NoteError::Why),
            (Wish { why: "x".repeat(MAX_WHY + 1), ..good.clone() }, NoteError::Why),
        ] {
            assert_eq!(engine.note(NOW, &wish).err(), Some(error), "{wish:?}");
        }
        assert_eq!(engine.take_back(NOW, "m1").err(), Some(NoteError::NoNote));
        for n in 0..MAX_NOTES {
            let mac = MacAddr([2, 0, 0, 0, 0, n as u8]);
            engine.note(NOW, &wish(Mute, About::Mac(mac))).expect("there is room");
        }
        assert_eq!(engine.note(NOW, &good).err(), Some(NoteError::Full));
        // What is said again takes the place of what was said before.
        engine.note(NOW, &wish(Mute, About::Mac(MacAddr([2, 0, 0, 0, 0, 7])))).expect("the same again");
        let note = engine.take_back(NOW, "m3").expect("it holds");
        assert_eq!(note.ended, Some((NOW, End::Lifted)));
    }

    #[test]
    fn an_earlier_run_has_said_it() {
        let mut before = engine();
        before.note(NOW, &wish(NoteKind::Acknowledgement, storm("crowd"))).expect("acknowledged");
        before.note(NOW, &wish(NoteKind::Mute, storm("router"))).expect("muted");
        let mut after = engine();
        after.handle(NOW, Input::Notes(before.notes().iter().map(|note| (**note).clone()).collect()));
        after.keep_notes(NOW.plus(HOUR));
        assert!(
            said(&after).contains(&("router".into(), false, true))
                && said(&after).contains(&("crowd".into(), true, false))
        );
        let next = after.note(NOW, &wish(NoteKind::Mute, About::Mac(ROUTER))).expect("muted");
        assert_eq!(&*next.id, "m3", "no id is given twice");
    }
}
