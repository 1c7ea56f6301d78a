//! Everything that a cause may look at. Borrowed from the engine for one judgement.

use crate::detect::segment::{TalkerKey, announces_a_virtual_router, talks_media};
use crate::detect::{Segment, Talker, Thresholds};
use crate::model::verdict::Party;
use crate::model::{MacAddr, Time, vendor};
use crate::observe::owners::OwnerTable;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::attribution::{self, Circulating};
use super::finding::Suspect;

/// MACs this far apart in one block belong to one device: makers number the sides and radios of a router in a row.
pub const DEVICE_REACH: u64 = 8;

/// A flood that is heard until so long before the end of a recording has not ended in it.
const CUT_OFF: Duration = Duration::from_millis(100);

/// Names of devices: what the user calls them, else what they call themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// By MAC.
    pub by_mac: BTreeMap<MacAddr, Arc<str>>,
    /// By address.
    pub by_ip: BTreeMap<IpAddr, Arc<str>>,
}

/// The addresses of the host we run on.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// Its MACs.
    pub macs: BTreeSet<MacAddr>,
    /// Its addresses.
    pub ips: BTreeSet<IpAddr>,
    /// Which interface has which MAC and address.
    pub addresses: Vec<(Arc<str>, MacAddr, IpAddr)>,
    /// Its addresses with interface and prefix length, those of interfaces without a MAC included.
    pub links: Vec<(Arc<str>, IpAddr, u8)>,
    /// The next hops of its default routes, with their interface; `None` where they could not be read.
    pub default_routes: Option<Vec<(Arc<str>, IpAddr)>>,
}

/// A talker and who it is.
pub type Talking<'a> = (&'a TalkerKey, &'a Talker);

/// The talkers of a segment that have been over the limit for long enough.
#[derive(Debug, Default)]
pub struct Heard<'a> {
    /// What of them is to be judged: without media, and without what the user has told to expect.
    pub loud: Vec<(&'a TalkerKey, Cow<'a, Talker>)>,
    /// Those that only send what the user has told to expect.
    pub excused: Vec<Talking<'a>>,
}

impl<'a> Heard<'a> {
    /// Those of a segment.
    #[must_use]
    pub fn of(segment: &'a Segment, thresholds: &Thresholds, ends: bool) -> Self {
        let mut heard = Self::default();
        for (key, talker) in &segment.talkers {
            let over = talker.seconds.over_now(thresholds.source_pps) >= thresholds.source_seconds
                || ends && is_cut_off(segment, talker, thresholds);
            // What has no sender is everybody's together, and no one device is loud.
            let nobody = key.0 == MacAddr::ZERO;
            if !over || nobody || talks_media(key, talker) || announces_a_virtual_router(key, talker) {
                continue;
            }
            match segment.beyond_expected(key, talker, thresholds) {
                Some(beyond) => heard.loud.push((key, beyond)),
                None => heard.excused.push((key, talker)),
            }
        }
        heard
    }

    /// The loud ones as the causes take them.
    #[must_use]
    pub fn loud(&self) -> Vec<Talking<'_>> {
        self.loud.iter().map(|(key, talker)| (*key, &**talker)).collect()
    }
}

/// At the end of a recording: it was at a storm's rate until then, for too short a time to be told from a burst.
#[must_use]
pub fn is_cut_off(segment: &Segment, talker: &Talker, thresholds: &Thresholds) -> bool {
    let until_the_end = segment.at.since(talker.last) < CUT_OFF;
    until_the_end && talker.seconds.busiest() >= thresholds.critical_pps && !talker.seconds.fades()
}

/// One judgement's view of the world.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Now.
    pub at: Time,
    /// The broadcast domain in question.
    pub segment: &'a Segment,
    /// Who owns which address there.
    pub owners: &'a OwnerTable,
    /// This host.
    pub own: &'a Own,
    /// Names of devices.
    pub names: &'a Names,
    /// The limits.
    pub thresholds: &'a Thresholds,
    /// Those of the segment's talkers that are loud ([`Heard`]), in order: most causes begin with them, and there are a
    /// thousand talkers and seldom any that is loud.
    pub loud: &'a [Talking<'a>],
    /// Those that would be, had the user not told to expect it.
    pub excused: &'a [Talking<'a>],
    /// Owners were asked for and did not answer in time.
    pub asked: &'a BTreeSet<IpAddr>,
    /// The recording ends here: nothing is decided by waiting.
    pub ends: bool,
}

impl Scene<'_> {
    /// The datagrams that circulate now, each with whoever sends it round.
    #[must_use]
    pub fn circulating(&self) -> Vec<Circulating<'_>> {
        attribution::classify(self)
    }

    /// The device behind a suspect: name, maker, and the address that belongs to it.
    #[must_use]
    pub fn party(&self, suspect: Suspect) -> Party {
        let suspect = Suspect { mac: suspect.mac.filter(|mac| *mac != MacAddr::ZERO), ..suspect };
        let ip = suspect
            .ip
            .or_else(|| suspect.mac.and_then(|mac| self.owners.device_address(mac, DEVICE_REACH)).map(|(ip, _)| ip));
        let by_mac = suspect.mac.and_then(|mac| self.names.by_mac.get(&mac));
        let mine = suspect.mac.is_some_and(|mac| self.own.macs.contains(&mac))
            || suspect.ip.is_some_and(|ip| self.own.ips.contains(&ip));
        let name =
            if mine { Some("this computer".into()) } else { by_mac.or_else(|| self.names.by_ip.get(&ip?)).cloned() };
        Party { mac: suspect.mac, ip, vendor: suspect.mac.and_then(vendor::vendor).map(Arc::from), port: None, name }
    }

    /// The owner's MAC of an address, if exactly known.
    #[must_use]
    pub fn owner(&self, ip: IpAddr) -> Option<MacAddr> {
        self.owners.of(ip).first().map(|owner| owner.mac)
    }
}
