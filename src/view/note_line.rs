//! How a note stands in a line of the history. Knows no other line.

use crate::explain::cause;
use crate::model::Time;
use crate::model::note::{End, Note, NoteKind, Subject};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Culprits of one note that are read; one that is written has no more than there are storms.
const MAX_CULPRITS: usize = 128;

#[derive(Serialize, Deserialize)]
pub(super) struct NoteLine {
    id: Arc<str>,
    kind: NoteKind,
    subject: Subject,
    by: Arc<str>,
    why: Arc<str>,
    /// Nanoseconds since 1970, as all times there.
    at: i64,
    until: Option<i64>,
    ended: Option<(i64, End)>,
}

impl From<&Note> for NoteLine {
    fn from(note: &Note) -> Self {
        Self {
            id: Arc::clone(&note.id),
            kind: note.kind,
            subject: note.subject.clone(),
            by: Arc::clone(&note.by),
            why: Arc::clone(&note.why),
            at: note.at.as_nanos(),
            until: note.until.map(Time::as_nanos),
            ended: note.ended.map(|(at, why)| (at.as_nanos(), why)),
        }
    }
}

impl NoteLine {
    /// `None`: of a cause that this program does not know, or a mute without an end.
    pub(super) fn note(self) -> Option<Note> {
        let known = match &self.subject {
            Subject::Cause { id, culprits } => cause(id).is_some() && culprits.len() <= MAX_CULPRITS,
            Subject::Storm { .. } | Subject::Mac(_) => true,
        };
        let good = known && (self.kind == NoteKind::Acknowledgement || self.until.is_some());
        good.then(|| Note {
            id: self.id,
            kind: self.kind,
            subject: self.subject,
            by: self.by,
            why: self.why,
            at: Time::from_nanos(self.at),
            until: self.until.map(Time::from_nanos),
            ended: self.ended.map(|(at, why)| (Time::from_nanos(at), why)),
        })
    }
}

/// A mute that names a device, for tests.
#[cfg(test)]
pub(super) fn example(id: &str) -> Note {
    use crate::model::note::Culprit;
    let mac = crate::model::MacAddr([0x3c, 0x84, 0x6a, 0x10, 0, 0xc8]);
    let culprits = vec![Culprit::Mac(mac), Culprit::Port("eth0".into(), "hub ge7".into())];
    Note {
        id: id.into(),
        kind: NoteKind::Mute,
        subject: Subject::Cause { id: "l3_reflector".into(), culprits },
        by: "ann".into(),
        why: "the electrician comes at two".into(),
        at: Time::from_secs(1_700_000_000),
        until: Some(Time::from_secs(1_700_007_200)),
        ended: None,
    }
}
