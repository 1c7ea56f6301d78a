//! What goes into the engine and what comes out of it, and what it tells of searching and listening.

use super::agenda::Counts;
use super::feeds::FeedStatus;
use crate::detect::Thresholds;
use crate::detect::expected::Entries;
use crate::explain::causes::Times;
use crate::explain::checks::Status;
use crate::explain::reach::MapE;
use crate::explain::{Names, Own};
use crate::model::Time;
use crate::model::announcement::Heard;
use crate::model::device::Discovery;
use crate::model::frames::{FrameSummary, OwnerClaim};
use crate::model::history::{Remembered, StorageStatus};
use crate::model::note::Note;
use crate::model::notice::NotifyStatus;
use crate::model::observation::Poll;
use crate::model::recording::{RecorderStatus, Recording};
use crate::model::text::Sentence;
use crate::model::topology::{LookUp, Sighting};
use crate::model::verdict::Verdict;
use crate::observe::catalogue::MappingChange;
use crate::observe::devices::DeviceChange;
use crate::observe::topology::MacMove;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// What the engine is told at the start, and again when the user has changed it ([`Input::Settings`]).
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The limits.
    pub thresholds: Thresholds,
    /// What the user calls the devices.
    pub names: Names,
    /// Traffic that the user has told to expect.
    pub expected: Entries,
    /// Local time minus UTC, for the sentences.
    pub times: Times,
    /// Whoever owns the engine can ask the network for owners ([`Output::AskOwner`]).
    pub can_ask: bool,
    /// This customer's share of a MAP-E address, where the user told it.
    pub map_e: Option<MapE>,
}

/// A dated fact.
#[derive(Clone, Debug)]
pub enum Input {
    /// What a tally saw.
    Frames(Box<FrameSummary>),
    /// Who owns which address, by the neighbour table, by SNMP, or because the user said so. `interface` `None`: valid
    /// everywhere.
    Owners {
        /// Where it holds.
        interface: Option<Arc<str>>,
        /// Who owns what.
        claims: Vec<OwnerClaim>,
    },
    /// The SNMP targets there are, with their addresses, so that one that never answers is listed too.
    Targets(Vec<(Arc<str>, String)>),
    /// How the polling of them goes.
    Polling(Counts),
    /// A poll of an SNMP target, or of this host's own interface counters.
    Poll(Poll),
    /// What came of an [`Output::LookUp`].
    Sighted(Box<Sighting>),
    /// Nothing came of it; the target's name.
    NotSighted(Arc<str>),
    /// The result of a UPnP search.
    Discovery(Box<Discovery>),
    /// What devices announced by themselves.
    Announced(Box<Heard>),
    /// What a capture file calls the addresses in it; the user's own names come first.
    Names(Vec<(IpAddr, Arc<str>)>),
    /// The flight recorder kept the onset of storms.
    Recorded(Recording),
    /// How the flight recorder is doing.
    Recorder(RecorderStatus),
    /// The storms of earlier runs of the program, oldest first; the newest [`super::MAX_HISTORY`] find room.
    Remembered(Vec<Remembered>),
    /// What people said of storms in earlier runs, oldest first.
    Notes(Vec<Note>),
    /// How the writing of the history goes.
    Storage(StorageStatus),
    /// How telling people goes; `None`: nobody is told any more.
    Notify(Option<NotifyStatus>),
    /// The addresses of the host we run on.
    Own(Own),
    /// The owner of this address could not be asked for, so that no answer means nothing.
    NotAsked(IpAddr),
    /// A feed is gone, as its interface is.
    FeedGone {
        /// `capture`, `snmp` or `discovery`.
        feed: &'static str,
        /// Interface or target.
        name: Arc<str>,
    },
    /// A feed works, or does not.
    Feed(FeedStatus),
    /// Somebody has checked that what was over at this time does not come back: the trigger was tried, and nothing was seen.
    Verified(Time),
    /// The user has changed the settings. Baselines, owners and open storms stay.
    Settings(Box<Settings>),
    /// What the checks of an examination have come to, by their ids.
    Examined(Vec<(&'static str, Status)>),
}

/// What the engine wants done, or has to tell.
#[derive(Clone, Debug)]
pub enum Output {
    /// Ask the network who owns `ip`: at most three unicast ARP or NS requests, then [`Input::Owners`].
    AskOwner {
        /// On which interface.
        interface: Arc<str>,
        /// Whose owner.
        ip: IpAddr,
    },
    /// Ask a target for the forwarding entries of these addresses by name, then [`Input::Sighted`].
    LookUp(Box<LookUp>),
    /// A verdict is new, or has changed in phase, severity, cause or culprit.
    Changed(Arc<Verdict>),
    /// Something was said of storms, or does not hold any more.
    Noted(Arc<Note>),
    /// A port mapping came or went.
    Mapping(Box<MappingChange>),
    /// A UPnP device came, went or changed.
    Device(Box<DeviceChange>),
    /// A MAC address is behind another switch port than before.
    Moved(Box<MacMove>),
}

/// How the latest UPnP search went.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// When it ended; `None` before the first.
    pub at: Option<Time>,
    /// Answers refused, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// What could not be searched, and why.
    pub problems: Vec<Sentence>,
}

/// How listening to announcements goes.
#[derive(Clone, Debug, Default)]
pub struct Listening {
    /// Announcements taken since the start: alive, update, byebye.
    pub taken: [u64; 3],
    /// Refused since the start, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Per interface why nothing is heard there, or `None` where it is.
    pub interfaces: BTreeMap<Arc<str>, Option<Sentence>>,
}
