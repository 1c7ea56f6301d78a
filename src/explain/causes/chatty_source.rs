//! One device that sends far too much by itself: fresh datagrams, or the same one over and over, from its own MAC and
//! address, while everybody else's frames come once.

use super::{Cause, ONE_LAP, Times};
use crate::detect::segment::TalkerKey;
use crate::detect::{Talker, Thresholds};
use crate::explain::attribution::{Circulating, Role};
use crate::explain::counted::{CounterFinding, CounterScene, MOSTLY, SourcePort, counted};
use crate::explain::finding::{Finding, Suspect};
use crate::explain::page::{Page, Sign, WIRELESS, counters, frames, mdns, text};
use crate::explain::scene::{DEVICE_REACH, Scene, Talking, is_cut_off};
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::frames::{OwnerProof, Protocol};
use crate::model::text::Text;
use crate::model::verdict::{Evidence, Severity, Verdict};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// `chatty_source`.
pub(super) struct ChattySource;

impl Cause for ChattySource {
    fn id(&self) -> &'static str {
        "chatty_source"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for (key, talker) in suspects(scene) {
            if taken.contains(&key.0) {
                continue;
            }
            let Some(own) = ownership(scene, circulating, key, talker) else { continue };
            let finding = finding(scene, key, talker, own);
            match findings.iter_mut().find(|f| f.culprit.and_then(|c| c.mac) == Some(key.0)) {
                Some(known) => merge(known, finding),
                None => findings.push(finding),
            }
        }
        findings
    }

    /// Broadcasts from a port with one device behind it, which no router's proxy sends on; by a forwarding table that was
    /// read since, so that a loop there would have brought others' addresses.
    fn count(&self, scene: &CounterScene<'_>, sources: &[&SourcePort]) -> Vec<CounterFinding> {
        let finding = |source: &&SourcePort| {
            let evidence = counted(
                format!("One device is behind {}, and nothing has moved there", source.label),
                format!("{:.0} % of it are broadcasts", source.broadcast_share * 100.0),
                "in a loop, addresses of others appear there".to_owned(),
            );
            CounterFinding::new(self.id(), 0.75, scene, &[*source]).blaming(source.device()).because(Some(evidence))
        };
        sources.iter().filter(|source| source.is_one_flooding_device()).map(finding).collect()
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        let device = verdict.culprit.as_ref().map_or_else(|| "one device".to_owned(), |c| words::device(c, "device"));
        let port = verdict.culprit.as_ref().and_then(|culprit| culprit.port.as_deref());
        let at = port.map_or_else(String::new, |port| format!(" at {port}"));
        let storm = if verdict.severity == Severity::Storm { "Packet storm" } else { "No storm yet, but a flood" };
        let (verb, now) = if verdict.ended.is_some() { ("sent", "If it returns") } else { ("sends", "Now") };
        format!(
            "{storm} {}: {device}{at} {verb} {} {} to everybody each second. {now}: unplug it or turn it off. \
             Then: restart it, update its software, and see whether it stays quiet.",
            times.span(verdict),
            words::about(verdict.peak_pps),
            verdict.protocol.noun(),
        )
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        let device = verdict.culprit.as_ref().map_or_else(|| "the device".to_owned(), words::short);
        let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
        vec![
            format!("{now}: unplug or switch off {device}, or take it off the Wi-Fi."),
            format!(
                "Then: start it again. If the flood returns, update its firmware or the app on it that looks for devices, \
                 or reset it to factory settings; until then keep {device} off the network."
            ),
            "If it is a router or a server: a program on it that passes discovery messages or broadcasts on between networks \
             (for mDNS, SSDP, games, speakers) may hear its own. Turn that off, or give it one interface in each network."
                .to_owned(),
        ]
    }
}

/// Talkers over the limit for long enough, media excepted, and what may be a burst that decays: one that goes on, or is
/// over, is told from it within a second.
pub(super) fn suspects<'a>(scene: &Scene<'a>) -> impl Iterator<Item = Talking<'a>> {
    let limits = scene.thresholds;
    let cut_off = |talker: &Talker| scene.ends && is_cut_off(scene.segment, talker, limits);
    scene.loud.iter().copied().filter(move |(_, talker)| cut_off(talker) || !may_be_a_burst(talker, limits))
}

/// One of them is over the limit, but may be a burst that decays: it is named soon, as one or the other.
pub(super) fn is_awaited(scene: &Scene<'_>) -> bool {
    scene.loud.iter().any(|(_, talker)| may_be_a_burst(talker, scene.thresholds))
}

/// Seconds that a loud device is given to show that its rate goes down: two that fall are a decay (`WholeSeconds::fades`).
/// After them it is no burst, whatever the portions in which its frames are counted.
const DECIDED_AFTER: u32 = 2;

/// How sure it is at most where the recording ends before a burst would have.
const CUT_OFF: f64 = 0.6;

/// It may be a burst that decays, and is not yet too old for one.
fn may_be_a_burst(talker: &Talker, thresholds: &Thresholds) -> bool {
    let seconds = &talker.seconds;
    let undecided = seconds.over_now(thresholds.source_pps) < thresholds.source_seconds + DECIDED_AFTER;
    !talker.repeats_itself()
        && (seconds.fades() || (undecided && seconds.may_be_falling()))
        && talker.last.since(talker.busy_since) < super::wake_burst::LONGEST
}

/// Why the device is held to speak for itself.
#[derive(Clone, Copy)]
pub(super) struct Ownership {
    pub(super) confidence: f64,
    pub(super) proof: Option<OwnerProof>,
    pub(super) repeats: bool,
}

pub(super) fn ownership(
    scene: &Scene<'_>,
    circulating: &[Circulating<'_>],
    key: &TalkerKey,
    talker: &Talker,
) -> Option<Ownership> {
    let mac = key.0;
    let mut proof = None;
    for ip in talker.ips.iter().filter(|ip| !ip.is_unspecified()) {
        let owners = scene.owners.of(*ip);
        let mine = owners.iter().find(|owner| owner.mac == mac);
        // Somebody else owns that address: this is no device that speaks for itself.
        if !owners.is_empty() && mine.is_none() {
            return None;
        }
        proof = proof.min(mine.map(|owner| owner.proof)).or(mine.map(|owner| owner.proof));
    }
    if !talker.repeats_itself() {
        let confidence = if proof.is_some() || talker.ips.is_empty() { 0.95 } else { 0.8 };
        return Some(Ownership { confidence, proof, repeats: false });
    }
    // The same datagram over and over. A loop or a reflector look like this too, unless the sender is known to own the
    // address and the datagram carries no identification that a fresh one would change.
    let its =
        || circulating.iter().filter(|one| one.track.replica.first_mac == mac && one.track.replica.protocol == key.1);
    let identified = its().any(|one| one.track.replica.ip_id.is_some_and(|id| id != 0));
    let known = its().all(|one| one.role == Role::ByOwner);
    // Listening since before its first frame, and nothing lost: an original from another MAC would have been seen.
    let from_the_start = its().all(|one| one.track.replica.warm) && scene.segment.dropped == 0;
    // Two hosts that repeat themselves at the same time are none: their frames go round.
    let company = circulating.iter().any(|one| {
        let first = one.track.replica.first_mac;
        let other = first != mac && !first.is_neighbour_of(mac, DEVICE_REACH);
        other && !matches!(one.role, Role::Forwarded(_)) && one.goes_on(scene.thresholds.replica_copies)
    });
    if company {
        return None;
    }
    let v6 = its().any(|one| one.track.replica.ip.is_some_and(|ip| ip.is_ipv6()));
    let others = scene.segment.talkers.iter().any(|((other, protocol), other_talker)| {
        let alike = only_v6(*protocol, other_talker) == v6 && is_pppoe(*protocol) == is_pppoe(key.1);
        *other != mac && alike && (v6 || goes_everywhere(*protocol, other_talker)) && came_once(talker, other_talker)
    });
    let confidence = match (known, identified, from_the_start, others) {
        (true, false, _, true) => 0.85,
        (true, true, _, true) | (false, false, true, true) => 0.6,
        _ => return None,
    };
    Some(Ownership { confidence, proof, repeats: true })
}

/// Everything it sends is IPv6: a router's pass-through makes a ring for that alone, in which IPv4 comes once all the same.
fn only_v6(protocol: Protocol, talker: &Talker) -> bool {
    matches!(protocol, Protocol::Mld | Protocol::Nd)
        || (!talker.ips.is_empty() && talker.ips.iter().all(IpAddr::is_ipv6))
}

/// The other thing that a router may pass through alone.
fn is_pppoe(protocol: Protocol) -> bool {
    protocol == Protocol::Pppoe
}

/// What every switch sends out of all ports: broadcasts, and 224.0.0.0/24 (RFC 4541, 2.1.2). Other groups are kept out of a ring by
/// IGMP snooping, and what bridges keep for themselves (LLDP, BPDUs) never goes round.
fn goes_everywhere(protocol: Protocol, talker: &Talker) -> bool {
    let everywhere = |group: &IpAddr| match group {
        IpAddr::V4(v4) => !v4.is_multicast() || v4.octets()[..3] == [224, 0, 0],
        IpAddr::V6(_) => false,
    };
    protocol == Protocol::Arp || (!talker.groups.is_empty() && talker.groups.iter().all(everywhere))
}

/// The frames of another host came once while this one repeated itself, and had the time to come round: in a young loop only
/// one host's frame circles, and it looks like a host that repeats itself; when the ring is open again, everybody's come
/// once. Until somebody else speaks in between, nobody is blamed.
fn came_once(talker: &Talker, other: &Talker) -> bool {
    other.last >= talker.busy_since && talker.last.since(other.last) >= ONE_LAP && !other.repeats_itself()
}

pub(super) fn finding(scene: &Scene<'_>, key: &TalkerKey, talker: &Talker, own: Ownership) -> Finding {
    let rate = talker.seconds.busiest();
    let ip =
        talker.ips.iter().find(|ip| ip.is_ipv4()).or(talker.ips.first()).copied().filter(|ip| !ip.is_unspecified());
    let suspect = Suspect { mac: Some(key.0), ip };
    let (limits, at) = (scene.thresholds, scene.segment.at);
    let too_short =
        talker.seconds.over_now(limits.source_pps) < limits.source_seconds || may_be_a_burst(talker, limits);
    let cut_off = scene.ends && too_short;
    let mut lacks = if own.proof.is_none() && ip.is_some() {
        vec!["Nobody has said which MAC owns its address; that it speaks for itself is inferred.".to_owned()]
    } else {
        Vec::new()
    };
    if cut_off {
        let lasted = at.since(talker.busy_since).as_secs_f64();
        lacks.push(format!(
            "The capture ends {lasted:.1} s after it began: whether it goes on, or is a burst that is soon over, is not known."
        ));
    }
    Finding {
        cause: ChattySource.id(),
        severity: if rate >= scene.thresholds.storm_pps { Severity::Storm } else { Severity::Warning },
        confidence: if cut_off { own.confidence.min(CUT_OFF) } else { own.confidence },
        culprit: Some(suspect),
        macs: BTreeSet::from([key.0]),
        origins: vec![suspect],
        groups: talker.groups.iter().copied().filter(IpAddr::is_multicast).collect(),
        protocol: key.1,
        started: talker.busy_since,
        last: talker.last,
        fresh: talker.fresh,
        frames: talker.frames,
        rate,
        evidence: evidence(scene, key, talker, own),
        candidates: Vec::new(),
        lacks,
        ask: if own.proof.is_none() { ip.into_iter().collect() } else { Vec::new() },
    }
}

fn evidence(scene: &Scene<'_>, key: &TalkerKey, talker: &Talker, own: Ownership) -> Vec<Evidence> {
    let filter = if key.1 == Protocol::Arp {
        format!("eth.src == {} && arp", key.0)
    } else {
        format!("eth.src == {} && eth.dst.ig == 1", key.0)
    };
    let mut evidence = vec![Evidence {
        claim: "One MAC sends far more to everybody than a healthy network in all".to_owned(),
        observed: format!(
            "{} {} frames a second, {} in the busiest second",
            words::number(talker.seconds.busiest()),
            key.1.id(),
            words::number(talker.seconds.peak)
        ),
        expected: format!(
            "below {} for {} s (the busiest second of a healthy segment had 27)",
            scene.thresholds.source_pps, scene.thresholds.source_seconds
        ),
        feed: "capture",
        display_filter: filter.clone(),
        frame_numbers: None,
    }];
    evidence.push(Evidence {
        claim: if own.repeats {
            "It repeats itself; the frames of others came once".to_owned()
        } else {
            "They are fresh messages, not copies that circle".to_owned()
        },
        observed: format!(
            "{} of {} frames in the busiest second repeated one before",
            talker.repeats.busiest(),
            talker.seconds.busiest()
        ),
        expected: "in a loop or a reflection nearly all are copies, and other hosts' too".to_owned(),
        feed: "capture",
        display_filter: filter,
        frame_numbers: None,
    });
    if let (Some(proof), Some(ip)) = (own.proof, talker.ips.first()) {
        evidence.push(Evidence {
            claim: "It speaks for itself".to_owned(),
            observed: format!("{ip} belongs to {} by {}", key.0, proof.describe()),
            expected: "a forwarder would send from addresses of others".to_owned(),
            feed: "capture",
            display_filter: format!("eth.src == {}", key.0),
            frame_numbers: None,
        });
    }
    evidence
}

/// One device that floods by several protocols (mDNS over IPv4 and IPv6, say) is one storm.
pub(super) fn merge(known: &mut Finding, other: Finding) {
    known.severity = known.severity.max(other.severity);
    known.confidence = known.confidence.max(other.confidence);
    known.started = known.started.min(other.started);
    known.last = known.last.max(other.last);
    known.fresh += other.fresh;
    known.frames += other.frames;
    known.groups.extend(other.groups);
    known.groups.sort();
    known.groups.dedup();
    if other.rate > known.rate {
        known.protocol = other.protocol;
    }
    known.rate += other.rate;
    known.evidence.extend(other.evidence);
}

/// How loud a device is that sends too much by itself.
pub(super) const LOUD: Sign = frames(
    "One MAC sends {source_pps} frames a second or more to everybody, {source_seconds} seconds in a row, and the rate does not fall as after waking.",
    "1つのMACアドレスが、毎秒{source_pps}個以上のフレームを{source_seconds}秒続けて全体に送信し、起動直後のように減っていきません。",
);

/// That the messages are its own.
pub(super) const OWN: Sign = frames(
    "They are messages of its own: nobody else owns the address they come from, and they are new ones, or the same over and over while the frames of others come once.",
    "その機器自身のメッセージです。送信元アドレスの持ち主がほかにおらず、毎回新しいか、ほかの機器のフレームが1回だけ届く間に同じものを繰り返しています。",
);

/// What is no message of its own.
pub(super) const RING: Text = text(
    "l2_loop: in a ring of cables the frames come again and again as well, but those of all devices do.",
    "l2_loop: ケーブルのループでもフレームが繰り返し届きますが、すべての機器のフレームで起きます。",
);

const PAGE: Page = Page {
    about: text(
        "One device floods the LAN with messages of its own.",
        "1台の機器が、自分のメッセージをLANへ大量に送信しています。",
    ),
    recognised: &[
        LOUD,
        OWN,
        frames(
            "Media is left out: long UDP frames to groups that routers pass on, as television and audio have them. It is a storm from {storm_pps} frames a second on.",
            "映像や音声は除きます。ルーターが転送するグループ宛ての長いUDPフレームです。毎秒{storm_pps}個からストームとします。",
        ),
        counters(
            "One device is alone behind the port that brings it in, no address has moved there, and {mostly} % of it or more are broadcasts, which no router's proxy sends on.",
            "大量に入ってくるポートの先にある機器は1台だけで、そこへ移ったアドレスはなく、{mostly} %以上が、ルーターのプロキシが転送しないブロードキャストです。",
        ),
    ],
    not_this: &[
        text(
            "l3_reflector: the frames carry the addresses of others, and others' MACs are known to own them.",
            "l3_reflector: フレームにはほかの機器のアドレスがあり、その持ち主は別のMACアドレスだとわかっています。",
        ),
        RING,
        text(
            "wake_burst: the rate goes down by itself within seconds.",
            "wake_burst: 送信量は数秒のうちに自然に減ります。",
        ),
    ],
    numbers: &[("mostly", (MOSTLY * 100.0) as u64)],
    sources: &[mdns("5.2"), WIRELESS],
};
