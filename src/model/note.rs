//! What a person has said about a storm: that somebody is on it, or that nobody is to be told of it until a time. Knows
//! neither how it is said nor what follows from it.

use super::verdict::{Party, Verdict};
use super::{MacAddr, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// The longest mute: what is muted longer is forgotten.
pub const MAX_MUTE: Duration = Duration::from_secs(30 * 86_400);
/// Longest name of whoever said it, and longest reason, characters.
pub const MAX_BY: usize = 40;
/// See [`MAX_BY`].
pub const MAX_WHY: usize = 200;

/// A storm that is back within this time is the same.
const SAME_STORM: Duration = Duration::from_secs(60);

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteKind {
    /// Somebody is on it.
    Acknowledgement,
    /// Nobody is to be told of it.
    Mute,
}

/// Who does it, as far as a mute must know to hide nobody else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Culprit {
    /// The device.
    Mac(MacAddr),
    /// Whoever is behind a port of a segment.
    Port(Arc<str>, Arc<str>),
}

impl Culprit {
    /// Whom a verdict names; `None`: nobody.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Option<Self> {
        let Party { mac, port, .. } = verdict.culprit.as_ref()?;
        let port = || port.as_ref().map(|port| Self::Port(Arc::clone(&verdict.segment), Arc::clone(port)));
        mac.map(Self::Mac).or_else(port)
    }
}

/// Of what it is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// Of a storm.
    Storm {
        /// Its id, which is made of its segment, its cause and its culprit.
        id: Arc<str>,
        /// Whom it named.
        culprit: Option<Culprit>,
    },
    /// Of storms whose culprit is this device.
    Mac(MacAddr),
    /// Of storms of a cause, by culprits that were known of it when it was said.
    Cause {
        /// The id of the cause.
        id: Arc<str>,
        /// Those.
        culprits: Vec<Culprit>,
    },
}

/// Why a note does not hold any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// Its time was over.
    Expired,
    /// Somebody has taken it back.
    Lifted,
    /// The storm has another cause or culprit now, or came anew.
    Changed,
}

/// Something said, by whom, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its name, by which it is taken back.
    pub id: Arc<str>,
    /// What.
    pub kind: NoteKind,
    /// Of what.
    pub subject: Subject,
    /// Who has said it.
    pub by: Arc<str>,
    /// Why.
    pub why: Arc<str>,
    /// When.
    pub at: Time,
    /// Until when it holds. A mute always has an end.
    pub until: Option<Time>,
    /// It has ended, when and why.
    pub ended: Option<(Time, End)>,
}

impl Note {
    /// It holds.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.ended.is_none()
    }

    /// It is said of this storm. One of which nobody is known to be the culprit is only the storm that had begun when it was
    /// said: the next one may be another's. And somebody is on what has begun, not on what comes.
    #[must_use]
    pub fn is_of(&self, verdict: &Verdict) -> bool {
        let had_begun = verdict.started <= self.at;
        let culprit = Culprit::of(verdict);
        let of_it = match &self.subject {
            Subject::Storm { id, culprit: named } => *id == verdict.id && *named == culprit,
            Subject::Mac(mac) => culprit == Some(Culprit::Mac(*mac)),
            Subject::Cause { id, culprits } => {
                **id == *verdict.cause && culprit.as_ref().is_none_or(|culprit| culprits.contains(culprit))
            }
        };
        match self.kind {
            NoteKind::Mute => of_it && (had_begun || culprit.is_some()),
            // Not of an earlier one of the same name.
            NoteKind::Acknowledgement => {
                of_it && had_begun && verdict.ended.is_none_or(|ended| ended.plus(SAME_STORM) >= self.at)
            }
        }
    }
}

impl Verdict {
    /// Nobody wants to be told of it now: whoever sends messages leaves this one out.
    #[must_use]
    pub const fn hushed(&self) -> bool {
        self.muted.is_some()
    }

    /// Until when.
    #[must_use]
    pub fn muted_until(&self) -> Option<Time> {
        self.muted.as_ref().and_then(|note| note.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTER: MacAddr = MacAddr([0x3c, 0x84, 0x6a, 0x10, 0, 0xc8]);

    fn note(kind: NoteKind, subject: Subject) -> Note {
        let (at, until) = (Time::from_secs(100), Some(Time::from_secs(900)));
        Note { id: "1".into(), kind, subject, by: "ann".into(), why: "on it".into(), at, until, ended: None }
    }

    fn storm(id: &str, started: i64, mac: Option<MacAddr>, port: Option<&str>) -> Verdict {
        let culprit = Party { mac, ip: None, vendor: None, port: port.map(Arc::from), name: None };
        let culprit = Some(culprit).filter(|party| party.mac.is_some() || party.port.is_some());
        Verdict {
            id: id.into(),
            started: Time::from_secs(started),
            culprit,
            ..Verdict::blank("eth0".into(), "l3_reflector")
        }
    }

    #[test]
    fn a_mute_is_of_its_culprit_and_an_acknowledgement_of_what_has_begun() {
        use NoteKind::{Acknowledgement, Mute};
        let by_id = |mac: Option<MacAddr>| Subject::Storm { id: "a".into(), culprit: mac.map(Culprit::Mac) };
        let (by_id, of_nobody) = (by_id(Some(ROUTER)), by_id(None));
        let culprits = vec![Culprit::Mac(ROUTER), Culprit::Port("eth0".into(), "hub 7".into())];
        let by_cause = Subject::Cause { id: "l3_reflector".into(), culprits };
        let other = Some(MacAddr([2; 6]));
        for (kind, subject, storm, holds) in [
            (Mute, &by_id, storm("a", 50, Some(ROUTER), None), true),
            (Mute, &by_id, storm("a", 500, Some(ROUTER), None), true),
            (Mute, &by_id, storm("b", 50, Some(ROUTER), None), false),
            (Mute, &by_id, storm("a", 50, None, None), false),
            (Mute, &of_nobody, storm("a", 50, None, None), true),
            // Nobody is named: tomorrow's may be another's.
            (Mute, &of_nobody, storm("a", 500, None, None), false),
            (Mute, &of_nobody, storm("a", 50, Some(ROUTER), None), false),
            (Acknowledgement, &by_id, storm("a", 50, Some(ROUTER), None), true),
            (Acknowledgement, &by_id, storm("a", 500, Some(ROUTER), None), false),
            (Mute, &Subject::Mac(ROUTER), storm("x", 500, Some(ROUTER), None), true),
            (Mute, &Subject::Mac(ROUTER), storm("x", 50, other, None), false),
            (Mute, &Subject::Mac(ROUTER), storm("x", 50, None, Some("hub 7")), false),
            (Mute, &by_cause, storm("x", 500, Some(ROUTER), None), true),
            (Mute, &by_cause, storm("x", 500, None, Some("hub 7")), true),
            (Mute, &by_cause, storm("x", 50, None, Some("hub 8")), false),
            (Mute, &by_cause, storm("x", 50, other, None), false),
            (Mute, &by_cause, storm("x", 50, None, None), true),
            (Mute, &by_cause, storm("x", 500, None, None), false),
        ] {
            assert_eq!(note(kind, subject.clone()).is_of(&storm), holds, "{kind:?} {subject:?} {storm:?}");
        }
    }
}
