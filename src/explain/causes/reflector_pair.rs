//! Two mDNS reflectors with all their interfaces in one LAN: each says again what the other has said, in datagrams of its
//! own, so that one question never ends. No datagram comes twice, and each sender owns its address: what tells is that the
//! words are those of another, a moment before.

use super::{Cause, Times};
use crate::detect::Talker;
use crate::detect::segment::TalkerKey;
use crate::explain::attribution::Circulating;
use crate::explain::finding::{Finding, Suspect};
use crate::explain::page::{Page, Source, frames, mdns, text};
use crate::explain::scene::{DEVICE_REACH, Scene};
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::frames::Protocol;
use crate::model::verdict::{Evidence, Severity, Verdict};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Two reflectors with two interfaces each.
const MAX_SIDES: usize = 4;

/// `reflector_pair`.
pub(super) struct ReflectorPair;

impl Cause for ReflectorPair {
    fn id(&self) -> &'static str {
        "reflector_pair"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, scene: &Scene<'_>, _: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
        let repeating = scene.segment.talkers.iter().filter(|((mac, protocol), talker)| {
            *protocol == Protocol::Mdns && !taken.contains(mac) && repeats_others(talker, scene)
        });
        let mut found = finding(scene, &repeating.collect::<Vec<_>>()).or_else(|| warning(scene, taken));
        if let Some(found) = &mut found {
            // The side that seemed to have said it first.
            let is_side = |mac: &MacAddr| found.macs.iter().any(|known| known.is_neighbour_of(*mac, DEVICE_REACH));
            let talking = scene.segment.talkers.keys().filter(|(_, protocol)| *protocol == Protocol::Mdns);
            let sides = talking.map(|(mac, _)| *mac).filter(is_side).collect::<Vec<_>>();
            found.macs.extend(sides);
        }
        found.into_iter().collect()
    }

    /// Each of the two is loud. In the moment in which the one that says it first becomes the other, neither repeats most.
    fn sharpens(&self) -> &'static [&'static str] {
        &["chatty_source"]
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        let culprit = verdict.culprit.as_ref();
        let device = culprit.map_or_else(|| "one device".to_owned(), |culprit| words::device(culprit, "device"));
        let at = culprit.and_then(|culprit| culprit.port.as_deref());
        let at = at.map_or_else(String::new, |port| format!(" at {port}"));
        let mac = culprit.and_then(|culprit| culprit.mac);
        let side = |one: MacAddr, other: MacAddr| one == other || one.is_neighbour_of(other, DEVICE_REACH);
        let other = verdict.origins.iter().find(|origin| !origin.mac.zip(mac).is_some_and(|(one, of)| side(one, of)));
        let other = other.map_or_else(|| "another device".to_owned(), words::short);
        if verdict.severity == Severity::Warning {
            let verb = if verdict.ended.is_some() { "have both repeated" } else { "both repeat" };
            return format!(
                "No storm yet: {device}{at} and {other} {verb} others' mDNS questions into the LAN that they came from, \
                 because both are mDNS reflectors with all their interfaces in one LAN. This wiring can become a storm. Turn \
                 the reflector of one of them off, then check again."
            );
        }
        let (verb, now) = if verdict.ended.is_some() { ("repeated", "If it returns") } else { ("repeat", "Now") };
        format!(
            "Packet storm {}: {device}{at} and {other} {verb} each other's mDNS messages, {} a second, because both are \
             mDNS reflectors with all their interfaces in one LAN. {now}: unplug one of them, or turn its reflector off. \
             Then: leave one reflector, and one interface of it in each network.",
            times.span(verdict),
            words::about(verdict.peak_pps),
        )
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        let device = verdict.culprit.as_ref().map_or_else(|| "one of the two devices".to_owned(), words::short);
        let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
        vec![
            format!("{now}: unplug {device}, or turn its mDNS reflector (repeater, gateway, Bonjour forwarding) off."),
            "Then: leave one reflector between two networks, and connect each of its interfaces to another network. A \
             device that is wired and on the Wi-Fi of the same network needs none."
                .to_owned(),
            "With avahi-daemon: set enable-reflector=no, or name the interfaces that are in different networks with \
             allow-interfaces."
                .to_owned(),
        ]
    }
}

/// Most of what it says another has just said, and it does so again and again.
fn repeats_others(talker: &Talker, scene: &Scene<'_>) -> bool {
    let echoes = talker.echoes.busiest();
    echoes >= scene.thresholds.replica_copies && echoes * 2 > talker.seconds.busiest()
}

/// Two that say again whatever others ask, each once: no storm, since neither repeats the other, or not for long. It is in the
/// same wiring.
fn warning(scene: &Scene<'_>, taken: &BTreeSet<MacAddr>) -> Option<Finding> {
    let parrots = scene.segment.talkers.iter().filter(|((mac, protocol), talker)| {
        *protocol == Protocol::Mdns && !taken.contains(mac) && talker.parroting.is_all_it_says()
    });
    let parrots = parrots.collect::<Vec<_>>();
    let macs = parrots.iter().map(|((mac, _), _)| *mac).collect::<BTreeSet<_>>();
    let first = *macs.first()?;
    let one_device = macs.iter().all(|mac| *mac == first || mac.is_neighbour_of(first, DEVICE_REACH));
    // Many who ask the same at the same time are a crowd.
    if one_device || macs.len() > MAX_SIDES {
        return None;
    }
    let address = |talker: &Talker| talker.ips.iter().find(|ip| ip.is_ipv4()).or(talker.ips.first()).copied();
    let suspect = |(key, talker): &(&TalkerKey, &Talker)| Suspect { mac: Some(key.0), ip: address(talker) };
    let most = parrots.iter().max_by_key(|(key, talker)| (talker.parroting.lately(), key.0))?;
    let each = |((mac, _), talker): &(&TalkerKey, &Talker)| {
        let (echoes, said) = talker.parroting.lately();
        format!("{mac} ({} of {})", words::number(echoes.into()), words::number(said.into()))
    };
    let from = macs.iter().map(|mac| format!("eth.src == {mac}")).collect::<Vec<_>>().join(" || ");
    let groups = parrots.iter().flat_map(|(_, talker)| talker.groups.iter().copied()).filter(IpAddr::is_multicast);
    Some(Finding {
        cause: ReflectorPair.id(),
        severity: Severity::Warning,
        confidence: 0.8,
        culprit: Some(suspect(most)),
        evidence: vec![Evidence {
            claim: "Several MACs say again what another has just said, word for word".to_owned(),
            observed: parrots.iter().map(each).collect::<Vec<_>>().join(", "),
            expected: "a host asks its own questions, and not one that another has just asked (RFC 6762, 7.3)"
                .to_owned(),
            feed: "capture",
            display_filter: format!("mdns && ({from})"),
            frame_numbers: None,
        }],
        origins: parrots.iter().map(suspect).collect(),
        groups: groups.collect::<BTreeSet<_>>().into_iter().collect(),
        macs,
        protocol: Protocol::Mdns,
        started: parrots.iter().map(|(_, talker)| talker.first).min()?,
        last: parrots.iter().map(|(_, talker)| talker.last).max()?,
        fresh: parrots.iter().map(|(_, talker)| talker.fresh).sum(),
        frames: parrots.iter().map(|(_, talker)| u64::from(talker.parroting.lately().0)).sum(),
        rate: parrots.iter().map(|(_, talker)| talker.echoes.busiest()).sum(),
        candidates: Vec::new(),
        lacks: Vec::new(),
        ask: Vec::new(),
    })
}

fn finding(scene: &Scene<'_>, repeating: &[(&TalkerKey, &Talker)]) -> Option<Finding> {
    let macs = repeating.iter().map(|((mac, _), _)| *mac).collect::<BTreeSet<_>>();
    let rate = repeating.iter().map(|(_, talker)| talker.echoes.busiest()).sum::<u64>();
    // The interfaces of one device have MACs in a row, mostly; one reflector alone is no pair, whatever asks through it.
    let first = *macs.first()?;
    let one_device = macs.iter().all(|mac| *mac == first || mac.is_neighbour_of(first, DEVICE_REACH));
    if one_device || rate < scene.thresholds.replica_pps {
        return None;
    }
    let address = |talker: &Talker| talker.ips.iter().find(|ip| ip.is_ipv4()).or(talker.ips.first()).copied();
    let suspect = |(key, talker): &(&TalkerKey, &Talker)| Suspect { mac: Some(key.0), ip: address(talker) };
    let loudest = repeating.iter().max_by_key(|(key, talker)| (talker.echoes.busiest(), key.0))?;
    let groups = repeating.iter().flat_map(|(_, talker)| talker.groups.iter().copied()).filter(IpAddr::is_multicast);
    Some(Finding {
        cause: ReflectorPair.id(),
        severity: Severity::Storm,
        confidence: 0.93,
        culprit: Some(suspect(loudest)),
        evidence: evidence(repeating, rate),
        origins: repeating.iter().map(suspect).collect(),
        groups: groups.collect::<BTreeSet<_>>().into_iter().collect(),
        macs,
        protocol: Protocol::Mdns,
        started: repeating.iter().map(|(_, talker)| talker.first.max(talker.busy_since)).min()?,
        last: repeating.iter().map(|(_, talker)| talker.last).max()?,
        fresh: repeating.iter().map(|(_, talker)| talker.fresh).sum(),
        frames: repeating.iter().map(|(_, talker)| talker.frames).sum(),
        rate,
        candidates: Vec::new(),
        lacks: Vec::new(),
        ask: Vec::new(),
    })
}

fn evidence(repeating: &[(&TalkerKey, &Talker)], rate: u64) -> Vec<Evidence> {
    let fact = |claim: &str, observed: String, expected: &str, filter: String| Evidence {
        claim: claim.to_owned(),
        observed,
        expected: expected.to_owned(),
        feed: "capture",
        display_filter: filter,
        frame_numbers: None,
    };
    let each = |((mac, _), talker): &(&TalkerKey, &Talker)| {
        format!("{mac} ({} of {})", words::number(talker.echoes.busiest()), words::number(talker.seconds.busiest()))
    };
    let from = repeating.iter().map(|((mac, _), _)| format!("eth.src == {mac}")).collect::<Vec<_>>().join(" || ");
    vec![
        fact(
            "Several MACs say again what another has just said, word for word",
            repeating.iter().map(each).collect::<Vec<_>>().join(", "),
            "a host asks its own questions; ten that ask the same do so once each",
            format!("mdns && ({from})"),
        ),
        fact(
            "It goes on and on: what one repeats the other repeats again",
            format!("{} repeated messages a second", words::number(rate)),
            "a reflector between two networks repeats a message once, in the other one",
            "mdns".to_owned(),
        ),
    ]
}

const PAGE: Page = Page {
    about: text(
        "Two mDNS reflectors have all their interfaces in one LAN, and each repeats what the other says.",
        "2台のmDNSリフレクターのインターフェースがすべて同じLANにあり、互いの発言を繰り返しています。",
    ),
    recognised: &[
        frames(
            "From two devices or more, most mDNS messages are what another device has said within {within} ms: the same words with another message id, from the sender's own MAC and address.",
            "2台以上の機器のmDNSメッセージのほとんどが、{within}ミリ秒以内に別の機器が送ったものと同じ内容です。メッセージIDだけが異なり、送信元のMACアドレスとIPアドレスは自分のものです。",
        ),
        frames(
            "Each of them repeats {replica_copies} messages a second or more, all of them together {replica_pps} or more.",
            "それぞれが毎秒{replica_copies}個以上、合計で毎秒{replica_pps}個以上のメッセージを繰り返しています。",
        ),
        frames(
            "A warning, at any rate: two devices, of {max_sides} MACs at most, say within a minute or two hardly anything but what others have just said.",
            "頻度によらない警告：2台の機器（MACアドレスは{max_sides}個以下）が、1～2分の間、ほかの機器が直前に送った内容ばかりを送信しています。",
        ),
    ],
    not_this: &[
        text(
            "chatty_source: a device that floods makes messages of its own, before others say them.",
            "chatty_source: 自分で大量に送信する機器は、ほかの機器より先に自分のメッセージを送ります。",
        ),
        text(
            "l3_reflector, l2_loop: there the same datagram comes again, with its sender's address and message id.",
            "l3_reflector、l2_loop: 送信元アドレスもメッセージIDも同じデータグラムが繰り返し届きます。",
        ),
        text(
            "Ten telephones that ask the same question at once are healthy, and so is one reflector between two networks.",
            "10台のスマートフォンが同時に同じ質問をするのは正常です。2つのネットワークをつなぐ1台のリフレクターも正常です。",
        ),
    ],
    numbers: &[("max_sides", MAX_SIDES as u64), ("within", crate::observe::echoes::WITHIN_MS)],
    sources: &[
        mdns("18.1"),
        Source::Other("avahi-daemon.conf(5), enable-reflector", "https://manpages.debian.org/avahi-daemon.conf.5"),
    ],
};
