//! What devices announced by themselves (SSDP NOTIFY), after their descriptions were read. Knows no datagrams.

use super::Time;
use super::device::Device;
use super::text::Sentence;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// One announcement that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// A device is here; its description was read, or could not be ([`Device::problem`]).
    Here {
        /// Who.
        device: Box<Device>,
        /// How long it is valid without another (`CACHE-CONTROL: max-age`, bounded).
        life: Duration,
    },
    /// A device whose description is known is still here.
    Still {
        /// UDN of the root device.
        udn: String,
        /// Who said so.
        ip: IpAddr,
        /// See `Here`.
        life: Duration,
    },
    /// A device said goodbye.
    Gone {
        /// UDN of a device, root or not.
        udn: String,
        /// Who said so.
        ip: IpAddr,
    },
}

/// What was heard since the last time. Bounded by the listener.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// When it was handed over.
    pub at: Time,
    /// In the order of the wire.
    pub announcements: Vec<Announcement>,
    /// `ssdp:alive` datagrams taken.
    pub alive: u64,
    /// `ssdp:update`.
    pub update: u64,
    /// `ssdp:byebye`.
    pub byebye: u64,
    /// Datagrams, and fetches, refused, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Per interface why its announcements cannot be heard, or `None` where they can. Given when it changes.
    pub listening: BTreeMap<Arc<str>, Option<Sentence>>,
}
