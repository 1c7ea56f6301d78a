//! What a person is told who is not looking: one moment of a storm, with its words in every language, so that it can wait on a
//! disk and be said by any channel later. Knows no channel and no verdict's rules.

use super::Time;
use super::text::Language;
use super::verdict::{Party, Severity};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// A storm.
    Storm,
    /// No storm yet; this can become one.
    Warning,
    /// Nothing is watched any more: quiet is not proven.
    Blind,
    /// A device opened a port on a gateway.
    PortOpened,
    /// Somebody tries the channel.
    Test,
}

impl Topic {
    /// Those that a configuration chooses from.
    pub const EVENTS: [Self; 4] = [Self::Storm, Self::Warning, Self::Blind, Self::PortOpened];

    /// The identifier in configurations and JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Storm => "storm",
            Self::Warning => "warning",
            Self::Blind => "blind",
            Self::PortOpened => "port_opened",
            Self::Test => "test",
        }
    }
}

/// Which moment of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// It has begun.
    Begun,
    /// It goes on, and has another culprit or cause than was told.
    Changed,
    /// It was over, and is back.
    Returned,
    /// It is over.
    Over,
    /// It has no duration.
    Once,
}

impl Moment {
    /// The identifier in JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Changed => "changed",
            Self::Returned => "returned",
            Self::Over => "over",
            Self::Once => "once",
        }
    }

    /// It goes on from here.
    #[must_use]
    pub const fn opens(self) -> bool {
        matches!(self, Self::Begun | Self::Changed | Self::Returned)
    }
}

/// What is said, in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// Who or what it is about, as short as a title needs it.
    pub who: String,
    /// Who, what, since when.
    pub sentence: String,
    /// What to do, in order.
    pub remedy: Vec<String>,
}

/// One moment of one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about.
    pub topic: Topic,
    /// Which moment of it.
    pub moment: Moment,
    /// The same for all moments of one storm, whatever it is called meanwhile.
    pub key: Arc<str>,
    /// When it became known.
    #[serde(with = "nanos")]
    pub at: Time,
    /// The storm's id; empty where there is none.
    pub storm: Arc<str>,
    /// Broadcast domain; empty where there is none.
    pub segment: Arc<str>,
    /// Id of the cause; empty where there is none.
    pub cause: Arc<str>,
    /// How bad, where that is said.
    pub severity: Option<Severity>,
    /// Who does it.
    pub culprit: Option<Party>,
    /// When it began.
    #[serde(with = "nanos")]
    pub started: Time,
    /// When it ended.
    #[serde(with = "maybe_nanos")]
    pub ended: Option<Time>,
    /// Frames of it.
    pub frames: u64,
    /// Most frames in one second.
    pub peak_pps: u64,
    /// English, then Japanese.
    pub words: [Wording; 2],
}

impl Notice {
    /// What is said in a language.
    #[must_use]
    pub const fn wording(&self, language: Language) -> &Wording {
        match language {
            Language::English => &self.words[0],
            Language::Japanese => &self.words[1],
        }
    }

    /// About the bytes that it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        let wording =
            |one: &Wording| one.who.len() + one.sentence.len() + one.remedy.iter().map(String::len).sum::<usize>();
        self.words.iter().map(wording).sum::<usize>() + self.key.len() + self.storm.len() + 256
    }
}

/// How telling goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotifyStatus {
    /// By channel and outcome, since the start.
    pub counts: BTreeMap<(Arc<str>, Outcome), u64>,
    /// Messages that wait, by channel.
    pub waiting: BTreeMap<Arc<str>, u64>,
    /// Attempts to write the queue to the disk that failed since the start.
    pub disk_errors: u64,
}

/// What became of a message, or of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The receiver has taken it.
    Delivered,
    /// An attempt failed; it waits for the next one.
    Failed,
    /// It has waited for too long.
    Expired,
    /// It found no room, or would have been one too many.
    Dropped,
    /// A sign of life that was not given, because nothing is watched.
    Withheld,
}

impl Outcome {
    /// All, in the order of the metrics.
    pub const ALL: [Self; 5] = [Self::Delivered, Self::Failed, Self::Expired, Self::Dropped, Self::Withheld];

    /// The identifier in metrics labels.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Dropped => "dropped",
            Self::Withheld => "withheld",
        }
    }
}

/// Times as nanoseconds since 1970: RFC 3339 would lose some.
mod nanos {
    use crate::model::Time;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(time.as_nanos())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        i64::deserialize(deserializer).map(Time::from_nanos)
    }
}

/// The same where there may be none.
mod maybe_nanos {
    use crate::model::Time;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Option<Time>, serializer: S) -> Result<S::Ok, S::Error> {
        time.map(Time::as_nanos).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
        Option::<i64>::deserialize(deserializer).map(|nanos| nanos.map(Time::from_nanos))
    }
}
