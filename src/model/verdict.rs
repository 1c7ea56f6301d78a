//! What stormglass says: a verdict with its evidence and remedy. Knows no rule by which one is reached.

use super::frames::Protocol;
use super::note::Note;
use super::{MacAddr, Time};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// No storm yet; this can become one.
    Warning,
    /// A storm.
    Storm,
}

impl Severity {
    /// Both, in the order of the metrics.
    pub const ALL: [Self; 2] = [Self::Warning, Self::Storm];

    /// The identifier in metrics labels and JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Storm => "storm",
        }
    }
}

/// Where a storm stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It goes on.
    Active,
    /// Nothing of it was seen for some seconds; it is not yet called over.
    Clearing,
    /// It has stopped. Nobody has verified that it can't come back.
    Over,
}

/// A device that has a part in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Its MAC as seen in the frames.
    pub mac: Option<MacAddr>,
    /// Its address.
    pub ip: Option<IpAddr>,
    /// Its maker by MAC.
    pub vendor: Option<Arc<str>>,
    /// `switch port`, where counters or a forwarding table tell.
    pub port: Option<Arc<str>>,
    /// What the user or the device itself calls it.
    pub name: Option<Arc<str>>,
}

/// One checkable fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What it shows.
    pub claim: String,
    /// What was seen.
    pub observed: String,
    /// What a healthy network would show.
    pub expected: String,
    /// Which feed saw it: `capture`, `snmp`, `discovery`.
    pub feed: &'static str,
    /// A Wireshark display filter that shows the frames; empty where there are none.
    pub display_filter: String,
    /// First and last frame number of the capture source, where frames show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_numbers: Option<(u64, u64)>,
}

/// A cause that the facts at hand do not exclude.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// Its id.
    pub cause: &'static str,
    /// How likely, 0 to 1.
    pub confidence: f64,
    /// The MAC it would put the blame on.
    pub mac: Option<MacAddr>,
    /// What would decide it.
    pub needs: String,
}

/// A storm or a warning, explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Made from segment, cause and culprit, so that two observers of one storm agree.
    pub id: Arc<str>,
    /// Broadcast domain: interface, with `.VLAN` where tagged.
    pub segment: Arc<str>,
    /// Id of the cause.
    pub cause: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// Where it stands.
    pub phase: Phase,
    /// First frame of it.
    pub started: Time,
    /// Last frame of it, once it has stopped.
    pub ended: Option<Time>,
    /// When the verdict was first given.
    pub detected: Time,
    /// Who does it. `None`: nobody is to be blamed, or nobody can be named honestly.
    pub culprit: Option<Party>,
    /// Whose messages are abused. They are not at fault.
    pub origins: Vec<Party>,
    /// Destination groups.
    pub groups: Vec<IpAddr>,
    /// What the frames carry, mostly.
    pub protocol: Protocol,
    /// Frames of it so far.
    pub frames: u64,
    /// Most frames in one second.
    pub peak_pps: u64,
    /// Frames in the last second seen.
    pub current_pps: u64,
    /// Who, what, how fast, since when, what to do.
    pub sentence: String,
    /// Why.
    pub evidence: Vec<Evidence>,
    /// What to do, in order: now, then.
    pub remedy: Vec<String>,
    /// Other causes not excluded, likeliest first.
    pub candidates: Vec<Candidate>,
    /// What was asked, or is lacking, to be surer.
    pub lacks: Vec<String>,
    /// Path of the frames around its onset, where the flight recorder kept them.
    pub recording: Option<Arc<str>>,
    /// Somebody is on it.
    pub acknowledged: Option<Arc<Note>>,
    /// Nobody wants to be told of it for a while; [`Verdict::hushed`] asks for that.
    pub muted: Option<Arc<Note>>,
}

impl Verdict {
    /// A warning that says nothing yet but where and what.
    #[must_use]
    pub fn blank(segment: Arc<str>, cause: &'static str) -> Self {
        Self {
            id: "".into(),
            segment,
            cause,
            severity: Severity::Warning,
            confidence: 0.0,
            phase: Phase::Active,
            started: Time::MIN,
            ended: None,
            detected: Time::MIN,
            culprit: None,
            origins: Vec::new(),
            groups: Vec::new(),
            protocol: Protocol::Other,
            frames: 0,
            peak_pps: 0,
            current_pps: 0,
            sentence: String::new(),
            evidence: Vec::new(),
            remedy: Vec::new(),
            candidates: Vec::new(),
            lacks: Vec::new(),
            recording: None,
            acknowledged: None,
            muted: None,
        }
    }
}
