//! What a cause says when it recognises itself. A finding is of one moment; the engine makes a storm's life of many.

use crate::model::frames::Protocol;
use crate::model::verdict::{Candidate, Evidence, Severity};
use crate::model::{MacAddr, Time};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// A device by its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Suspect {
    /// Its MAC.
    pub mac: Option<MacAddr>,
    /// Its address.
    pub ip: Option<IpAddr>,
}

/// A cause recognised.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Id of the cause.
    pub cause: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// Who does it, if anyone can be named.
    pub culprit: Option<Suspect>,
    /// Every MAC that the storm's frames carry; findings that share one are one storm.
    pub macs: BTreeSet<MacAddr>,
    /// Whose messages are abused.
    pub origins: Vec<Suspect>,
    /// Destination groups.
    pub groups: Vec<IpAddr>,
    /// What the frames carry, mostly.
    pub protocol: Protocol,
    /// First frame of it.
    pub started: Time,
    /// Last frame of it.
    pub last: Time,
    /// Frames of it since the last summary.
    pub fresh: u64,
    /// Frames of it in all, as far as the tally still knows.
    pub frames: u64,
    /// Frames of it in the last second.
    pub rate: u64,
    /// Why.
    pub evidence: Vec<Evidence>,
    /// Other causes not excluded.
    pub candidates: Vec<Candidate>,
    /// What would make it surer.
    pub lacks: Vec<String>,
    /// Addresses whose owner should be asked for.
    pub ask: Vec<IpAddr>,
}

impl Finding {
    /// The same storm as `other`: the same cause and a MAC in common, or two MACs of one device; a cause that blames
    /// nobody is one storm per segment.
    #[must_use]
    pub fn continues(&self, cause: &str, macs: &BTreeSet<MacAddr>, reach: u64) -> bool {
        self.cause == cause
            && (self.culprit.is_none() && self.macs.len() > 1
                || self.macs.iter().any(|a| macs.contains(a) || macs.iter().any(|b| a.is_neighbour_of(*b, reach))))
    }
}
