//! What goes on in one broadcast domain: datagrams that circulate and sources that talk too much, with their rates.
//! All tables are bounded. Knows no owners and no causes.

use super::bouts::Bouts;
use super::expected::Expectations;
use super::parroting::Parroting;
use super::thresholds::Thresholds;
use super::window::{SlidingSecond, WholeSeconds};
use crate::model::frames::{FrameSummary, Protocol, Replica, SourceCount, SourceKey};
use crate::model::{MacAddr, Time};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

/// Circulating datagrams followed per segment.
pub const MAX_TRACKS: usize = 256;
/// Talkers followed per segment.
pub const MAX_TALKERS: usize = 1024;
/// Addresses and groups kept per talker.
const MAX_PER_TALKER: usize = 8;
/// The groups of all hosts (RFC 1112, 4; RFC 4291, 2.7.1). Nobody reports membership of them.
const ALL_HOSTS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(224, 0, 0, 1)), IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1))];
/// From so many group frames in a second on it is chance who says the same as another. Somewhat less than three
/// times the busiest second of 99 healthy captures (27): each question, and what two reflectors make of it. In a crowd of
/// devices there are hundreds.
const CROWD: u64 = 75;
/// Facts older than this no longer speak.
pub const MEMORY: Duration = Duration::from_secs(10);

/// One datagram that circulates.
#[derive(Clone, Debug)]
pub struct ReplicaTrack {
    /// The latest report of it.
    pub replica: Replica,
    /// Copies seen per second.
    pub rate: SlidingSecond,
}

/// Everything that one MAC sends of one protocol.
#[derive(Clone, Debug)]
pub struct Talker {
    /// First frame.
    pub first: Time,
    /// Start of the present run of busy seconds.
    pub busy_since: Time,
    /// Last frame.
    pub last: Time,
    /// Frames, all time.
    pub frames: u64,
    /// Frames since the last summary.
    pub fresh: u64,
    /// Bytes, all time.
    pub bytes: u64,
    /// Frames per second.
    pub seconds: WholeSeconds,
    /// Frames per second that the user has not told to expect; `None` while none was ever expected.
    pub unexpected: Option<WholeSeconds>,
    /// Frames per second that repeated a datagram.
    pub repeats: WholeSeconds,
    /// Frames per second to all hosts (224.0.0.1, ff02::1): of IGMP and MLD these are general queries.
    pub to_all_hosts: WholeSeconds,
    /// Frames per second that said again, in a datagram of their own, what another device had just said (mDNS).
    pub echoes: WholeSeconds,
    /// The same over a minute or two, beside all that it said by mDNS.
    pub parroting: Parroting,
    /// Source addresses.
    pub ips: BTreeSet<IpAddr>,
    /// Destination groups.
    pub groups: BTreeSet<IpAddr>,
}

impl Talker {
    fn new(source: &SourceCount) -> Self {
        Self {
            first: source.first,
            busy_since: source.first,
            last: source.last,
            frames: 0,
            fresh: 0,
            bytes: 0,
            seconds: WholeSeconds::default(),
            unexpected: None,
            repeats: WholeSeconds::default(),
            to_all_hosts: WholeSeconds::default(),
            echoes: WholeSeconds::default(),
            parroting: Parroting::default(),
            ips: BTreeSet::new(),
            groups: BTreeSet::new(),
        }
    }

    /// Most of what it sent lately repeated a datagram already seen.
    #[must_use]
    pub fn repeats_itself(&self) -> bool {
        self.repeats.busiest() * 2 > self.seconds.busiest()
    }
}

/// Who talks: a MAC and a protocol.
pub type TalkerKey = (MacAddr, Protocol);

/// The state of one broadcast domain.
#[derive(Debug)]
pub struct Segment {
    /// `eth0`, or `eth0.20` for a VLAN.
    pub id: Arc<str>,
    /// First frame or start of listening.
    pub since: Time,
    /// End of the last summary.
    pub at: Time,
    /// Circulating datagrams by replica hash.
    pub tracks: BTreeMap<u64, ReplicaTrack>,
    /// Talkers.
    pub talkers: BTreeMap<TalkerKey, Talker>,
    /// Frames of the lightest of them, as far as this summary has told; what has no more takes nobody's place.
    lightest: u64,
    /// Group frames that count as control traffic (no streams, and nothing that the user has told to expect), per second.
    pub control: WholeSeconds,
    /// What the user has told to expect, and how much of it there is.
    pub expected: Expectations,
    /// Copies of datagrams, per second.
    pub replica_rate: SlidingSecond,
    /// When frames circled, and when they paused.
    pub bouts: Bouts,
    /// Frames that the kernel dropped, all time.
    pub dropped: u64,
    /// Entries refused.
    pub refused: u64,
}

impl Segment {
    /// A segment that is heard since `since`.
    #[must_use]
    pub fn new(id: Arc<str>, since: Time) -> Self {
        Self {
            id,
            since,
            at: since,
            tracks: BTreeMap::new(),
            talkers: BTreeMap::new(),
            lightest: 0,
            control: WholeSeconds::default(),
            expected: Expectations::default(),
            replica_rate: SlidingSecond::default(),
            bouts: Bouts::default(),
            dropped: 0,
            refused: 0,
        }
    }

    /// Takes the part of a summary that belongs to `vlan`.
    pub fn observe(&mut self, summary: &FrameSummary, vlan: u16, thresholds: &Thresholds) {
        self.at = summary.until;
        self.dropped += summary.dropped;
        self.tracks.retain(|_, track| {
            track.replica.fresh = 0;
            speaks(summary.until, track.replica.last)
        });
        self.talkers.retain(|_, talker| {
            talker.fresh = 0;
            speaks(summary.until, talker.last)
        });
        self.bouts.observe(summary.replicas.iter().filter(|r| r.vlan == vlan));
        for replica in summary.replicas.iter().filter(|r| r.vlan == vlan) {
            self.replica(replica, summary.until);
        }
        self.lightest = 0;
        let mut expected = 0;
        for source in summary.sources.iter().filter(|s| s.key.vlan == vlan) {
            let covered = self.is_expected(source, summary, thresholds);
            expected += if covered { control_part(source) } else { 0 };
            self.source(source, covered, summary.until, thresholds.source_pps);
        }
        let control = with_the_lost(control_frames(summary, vlan).saturating_sub(expected), summary);
        self.control.add(summary.until, control, thresholds.critical_pps);
    }

    /// Lets time pass without frames.
    pub fn advance(&mut self, at: Time, thresholds: &Thresholds) {
        self.control.advance(at, thresholds.critical_pps);
        for talker in self.talkers.values_mut() {
            talker.seconds.advance(at, thresholds.source_pps);
            talker.repeats.advance(at, thresholds.source_pps);
            talker.to_all_hosts.advance(at, thresholds.source_pps);
            talker.echoes.advance(at, thresholds.source_pps);
            if let Some(unexpected) = &mut talker.unexpected {
                unexpected.advance(at, thresholds.source_pps);
            }
        }
        self.expected.advance(at);
        self.tracks.retain(|_, track| speaks(at, track.replica.last));
        self.talkers.retain(|_, talker| speaks(at, talker.last));
    }

    fn replica(&mut self, replica: &Replica, at: Time) {
        self.replica_rate.add(at, replica.fresh);
        if let Some(track) = self.tracks.get_mut(&replica.hash) {
            track.rate.add(at, replica.fresh);
            track.replica = replica.clone();
            return;
        }
        if self.tracks.len() >= MAX_TRACKS {
            let weakest = self.tracks.iter().min_by_key(|(_, t)| (t.replica.copies, t.replica.last)).map(|(h, _)| *h);
            if let Some(weakest) = weakest {
                self.tracks.remove(&weakest);
            }
            self.refused += 1;
        }
        let mut rate = SlidingSecond::default();
        rate.add(at, replica.fresh);
        self.tracks.insert(replica.hash, ReplicaTrack { replica: replica.clone(), rate });
    }

    /// Counts a source as expected, and gives whether it is no more than was told.
    fn is_expected(&mut self, source: &SourceCount, summary: &FrameSummary, thresholds: &Thresholds) -> bool {
        if self.expected.is_empty() {
            return false;
        }
        let frames = with_the_lost(source.frames - source.overcount, summary);
        self.expected.take(source, frames, summary.until, thresholds.into())
    }

    /// What of a talker is to be judged by its rate: all of it, or without that which the user has told to expect. `None`:
    /// it is as it was told. `talker` is one of this segment.
    #[must_use]
    pub fn beyond_expected<'a>(
        &self,
        key: &TalkerKey,
        talker: &'a Talker,
        thresholds: &Thresholds,
    ) -> Option<Cow<'a, Talker>> {
        let Some(rest) = talker.unexpected else { return Some(Cow::Borrowed(talker)) };
        if self.expected.exceeded_by(key.0, thresholds.into()) {
            return Some(Cow::Borrowed(talker));
        }
        let loud = rest.over_now(thresholds.source_pps) >= thresholds.source_seconds;
        loud.then(|| Cow::Owned(Talker { seconds: rest, ..talker.clone() }))
    }

    fn source(&mut self, source: &SourceCount, covered: bool, at: Time, limit: u64) {
        let SourceKey { mac, ip, group, protocol, .. } = source.key;
        let frames = source.frames - source.overcount;
        if frames == 0 {
            return;
        }
        let full = self.talkers.len() >= MAX_TALKERS;
        if full && !self.talkers.contains_key(&(mac, protocol)) {
            self.refused += 1;
            if !self.make_room(frames) {
                return;
            }
        }
        let crowded = self.control.busiest() >= CROWD;
        let talker = self.talkers.entry((mac, protocol)).or_insert_with(|| Talker::new(source));
        if talker.seconds.over_now(limit) == 0 {
            // Counts are of the flood, not of what the device has ever said.
            talker.busy_since = source.first;
            talker.frames = 0;
            talker.bytes = 0;
        }
        talker.last = talker.last.max(source.last);
        // A stream is not judged by its rate, whatever else its sender says: who sends an image to a classroom calls the
        // receivers by broadcast first, from the same port (udpcast).
        let (said, bytes) = if is_stream(source) { (0, 0) } else { (frames, source.bytes) };
        talker.frames += said;
        talker.fresh += said;
        talker.bytes += bytes;
        if covered && talker.unexpected.is_none() {
            talker.unexpected = Some(talker.seconds);
        }
        talker.seconds.add(at, said, limit);
        if let Some(unexpected) = &mut talker.unexpected {
            unexpected.add(at, if covered { 0 } else { said }, limit);
        }
        talker.repeats.add(at, source.repeats.min(frames), limit);
        let to_all = group.is_some_and(|group| ALL_HOSTS.contains(&group));
        talker.to_all_hosts.add(at, if to_all { frames } else { 0 }, limit);
        talker.echoes.add(at, source.echoes.min(frames), limit);
        if protocol == Protocol::Mdns && !crowded {
            talker.parroting.add(at, frames, source.echoes.min(frames));
        }
        for (known, address) in [(&mut talker.ips, ip), (&mut talker.groups, group)] {
            // Nearly all have one.
            let news = |address: &IpAddr| known.len() < MAX_PER_TALKER && known.first() != Some(address);
            if let Some(address) = address.filter(news) {
                known.insert(address);
            }
        }
    }

    /// Lets the lightest talker go for one with more frames: forged sources that fill the table must not hide a heavy one
    /// that begins after them. Summaries tell the heaviest first, so that of those that find no room the first one alone
    /// costs a look at all.
    fn make_room(&mut self, frames: u64) -> bool {
        if frames <= self.lightest {
            return false;
        }
        let lightest = self.talkers.iter().min_by_key(|(_, talker)| (talker.frames, talker.last));
        let Some((key, count)) = lightest.map(|(key, talker)| (*key, talker.frames)) else { return false };
        self.lightest = count;
        frames > count && self.talkers.remove(&key).is_some()
    }
}

/// Of the frames of a source, those that [`control_frames`] counts.
fn control_part(source: &SourceCount) -> u64 {
    let media = source.key.protocol == Protocol::OtherUdp && is_stream(source);
    if media { 0 } else { source.frames - source.overcount }
}

/// What was seen last at `last` still speaks.
fn speaks(at: Time, last: Time) -> bool {
    at.nanos_since(last) <= MEMORY.as_nanos() as u64
}

/// Group frames of a VLAN that are no streams. From sources that are too many to be counted one by one only their sum is
/// known, which the VLANs share as they share what is counted.
fn control_frames(summary: &FrameSummary, vlan: u16) -> u64 {
    let (mut all, mut here, mut udp) = (0, 0, 0);
    for source in &summary.sources {
        all += source.frames;
        if source.key.vlan == vlan {
            here += source.frames;
            let counts = source.key.protocol == Protocol::OtherUdp && !is_stream(source);
            udp += if counts { source.frames - source.overcount } else { 0 };
        }
    }
    if all == 0 {
        return 0;
    }
    let others =
        Protocol::ALL.iter().zip(&summary.group_frames).filter(|(protocol, _)| **protocol != Protocol::OtherUdp);
    let others = others.map(|(_, frames)| *frames).sum::<u64>();
    udp + (u128::from(others) * u128::from(here) / u128::from(all)) as u64
}

/// What was on the wire, where the kernel has dropped a part of it: of the lost as much was of this kind as of those that
/// were read. (The capture's filter lets through what is counted here, and little else.)
#[must_use]
pub fn with_the_lost(frames: u64, summary: &FrameSummary) -> u64 {
    if summary.dropped == 0 || summary.frames == 0 {
        return frames;
    }
    let all = u128::from(summary.frames) + u128::from(summary.dropped);
    u64::try_from(u128::from(frames) * all / u128::from(summary.frames)).unwrap_or(u64::MAX)
}

/// Media by multicast: IPTV (about 1,000 frames/s of 1,328 bytes) and audio-over-IP (up to 4,000 frames/s of 200 bytes
/// and more) are steady and healthy. Discovery and broadcasts are not streams, and neither is a flood of tiny frames.
fn is_stream(source: &SourceCount) -> bool {
    let group = match source.key.group {
        Some(IpAddr::V4(v4)) => v4.is_multicast() && v4.octets()[..3] != [224, 0, 0],
        Some(IpAddr::V6(v6)) => v6.is_multicast() && v6.segments()[0] & 0x000f > 2,
        None => false,
    };
    let media = source.bytes >= 150 * source.frames || source.key.group.is_some_and(is_clock);
    group && source.key.protocol == Protocol::OtherUdp && media
}

/// The groups of PTP (IEEE 1588, Annex C: 224.0.1.129 to 132; Annex D: ff0x::181 to 184): clocks are told the time, and each of
/// them asks back, many times a second by design, in messages that are small.
fn is_clock(group: IpAddr) -> bool {
    match group {
        IpAddr::V4(v4) => (129..=132).contains(&v4.octets()[3]) && v4.octets()[..3] == [224, 0, 1],
        IpAddr::V6(v6) => matches!(v6.segments(), [_, 0, 0, 0, 0, 0, 0, 0x181..=0x184]),
    }
}

/// The same for a talker.
#[must_use]
pub fn talks_media(key: &TalkerKey, talker: &Talker) -> bool {
    let routed_group = talker.groups.iter().all(|group| match group {
        IpAddr::V4(v4) => v4.is_multicast() && v4.octets()[..3] != [224, 0, 0],
        IpAddr::V6(v6) => v6.is_multicast() && v6.segments()[0] & 0x000f > 2,
    });
    key.1 == Protocol::OtherUdp && routed_group && talker.bytes >= 150 * talker.frames
}

/// The groups of VRRP (RFC 9568, 5.1.1.2 and 5.1.2.2).
const VRRP: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18)), IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12))];
/// A virtual router announces itself as often as once in a hundredth of a second (RFC 9568, 5.2.7), by IPv4 and IPv6 each, and its
/// clock need not be ours.
const MOST_OFTEN: u64 = 2 * 100 * 11 / 10;

/// A virtual router that announces itself, no more often than it may.
#[must_use]
pub fn announces_a_virtual_router(key: &TalkerKey, talker: &Talker) -> bool {
    let to_routers = !talker.groups.is_empty() && talker.groups.iter().all(|group| VRRP.contains(group));
    key.0.is_virtual_router() && to_routers && talker.seconds.busiest() <= MOST_OFTEN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(until: Time, sources: Vec<SourceCount>) -> FrameSummary {
        FrameSummary {
            interface: "eth0".into(),
            from: until,
            until,
            frames: sources.iter().map(|source| source.frames).sum(),
            group_frames: [0; Protocol::ALL.len()],
            replica_frames: 0,
            dropped: 0,
            malformed: 0,
            sources,
            replicas: Vec::new(),
            owners: Vec::new(),
            refused: 0,
        }
    }

    #[test]
    fn what_the_kernel_has_dropped_counts_as_what_was_read() {
        let at = Time::from_secs(5);
        let mut summary = summary(at, Vec::new());
        (summary.frames, summary.dropped) = (100, 300);
        assert_eq!(with_the_lost(80, &summary), 320);
        summary.dropped = 0;
        assert_eq!(with_the_lost(80, &summary), 80);
        (summary.frames, summary.dropped) = (0, u64::MAX);
        assert_eq!(with_the_lost(0, &summary), 0);
    }

    #[test]
    fn a_stream_is_no_flood_whatever_else_its_sender_says() {
        let mac = MacAddr([2, 0, 0, 0, 0, 9]);
        let to = |group: [u8; 4], frames: u64, size: u64, at: Time| SourceCount {
            key: SourceKey {
                vlan: 0,
                mac,
                ip: Some(IpAddr::from([192, 168, 1, 20])),
                group: Some(IpAddr::from(group)),
                protocol: Protocol::OtherUdp,
            },
            frames,
            overcount: 0,
            bytes: size * frames,
            repeats: 0,
            echoes: 0,
            first: at,
            last: at,
        };
        let thresholds = Thresholds::default();
        // What is sent each second beside one broadcast, and whether it is a flood. A clock asks in small messages.
        let image: ([u8; 4], u64, u64) = ([232, 1, 1, 1], 1_700, 1_498);
        for (sent, floods) in [(image, false), (([224, 0, 1, 129], 800, 86), false), (([239, 1, 1, 1], 800, 86), true)]
        {
            let mut segment = Segment::new("eth0".into(), Time::from_secs(0));
            for second in 1..=5 {
                let at = Time::from_secs(second);
                let (group, frames, size) = sent;
                let sources = vec![to(group, frames, size, at), to([192, 168, 1, 255], 1, 60, at)];
                segment.observe(&summary(at, sources), 0, &thresholds);
            }
            let talker = &segment.talkers[&(mac, Protocol::OtherUdp)];
            let over = talker.seconds.over_now(thresholds.source_pps) >= thresholds.source_seconds;
            assert_eq!(over && !talks_media(&(mac, Protocol::OtherUdp), talker), floods, "{sent:?}");
        }
    }

    #[test]
    fn forged_sources_do_not_hide_a_heavy_one_that_begins_after_them() {
        let mac = |number: u32| {
            let [a, b, c, d] = number.to_be_bytes();
            MacAddr([2, 0, a, b, c, d])
        };
        let source = |number: u32, frames: u64, at: Time| {
            let mac = mac(number);
            let key = SourceKey { vlan: 0, mac, ip: None, group: None, protocol: Protocol::OtherUdp };
            SourceCount { key, frames, overcount: 0, bytes: 60 * frames, repeats: 0, echoes: 0, first: at, last: at }
        };
        let thresholds = Thresholds::default();
        let mut segment = Segment::new("eth0".into(), Time::from_secs(0));
        for round in 0..8 {
            let at = Time::from_secs(1 + round / 2);
            let number = 1000 * (round as u32 + 1);
            let forged = (0..256).map(|n| source(number + n, 1, at));
            let heavy = (round >= 5).then(|| source(99, 5_000, at));
            let sources = heavy.into_iter().chain(forged).collect::<Vec<_>>();
            segment.observe(&summary(at, sources), 0, &thresholds);
        }
        assert_eq!(segment.talkers.len(), MAX_TALKERS);
        let heavy = &segment.talkers[&(mac(99), Protocol::OtherUdp)];
        assert!(heavy.fresh == 5_000 && segment.refused > 500, "{heavy:?}");
    }
}
