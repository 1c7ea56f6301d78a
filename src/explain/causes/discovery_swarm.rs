//! Thousands of devices look for each other, none of them often, all of them together too much: nobody is to blame.

use super::{Cause, Times};
use crate::detect::Segment;
use crate::explain::attribution::Circulating;
use crate::explain::counted::{CounterFinding, CounterScene, SourcePort, counted};
use crate::explain::finding::{Finding, Suspect};
use crate::explain::page::{Page, WIRELESS, counters, frames, mdns, text};
use crate::explain::scene::Scene;
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::frames::Protocol;
use crate::model::verdict::{Evidence, Severity, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// So many devices are a crowd. (A class C network holds 254.)
pub(super) const CROWD: usize = 200;
/// The loudest has less than this part of it all (1 in 10).
const NONE_HEAVY: u64 = 10;
/// So many ports bring it in where it comes from everywhere; two may be the ends of a ring, or two devices.
const MANY_PORTS: usize = 3;
/// Devices shown.
const SHOWN: usize = 8;

/// `discovery_swarm`.
pub(super) struct DiscoverySwarm;

impl Cause for DiscoverySwarm {
    fn id(&self) -> &'static str {
        "discovery_swarm"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, scene: &Scene<'_>, _: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
        if taken.is_empty() { finding(scene).into_iter().collect() } else { Vec::new() }
    }

    /// All edges bring in a part of it, and a crowd is behind them. No port is named: none of them is where it comes from.
    fn count(&self, scene: &CounterScene<'_>, sources: &[&SourcePort]) -> Vec<CounterFinding> {
        let behind = sources.iter().map(|source| source.behind).sum::<usize>();
        if behind < CROWD || !from_everywhere(sources) {
            return Vec::new();
        }
        let evidence = counted(
            "Very many devices are behind the ports that bring it in".to_owned(),
            format!("{} addresses behind {} ports", words::number(behind as u64), sources.len()),
            "where one device floods, one port brings in most of it".to_owned(),
        );
        let found = together(self.id(), 0.6, scene, sources).because(Some(evidence));
        let capture = || "let frames be captured there: do many devices look for services?".to_owned();
        vec![found.or([("discovery_swarm", 0.6, capture()), ("chatty_source", 0.2, capture())])]
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        let verb = if verdict.ended.is_some() { "looked" } else { "look" };
        format!(
            "Packet storm {}: very many devices {verb} for services, {} messages a second in all, none of them often. Now: \
             filter discovery (mDNS, SSDP) at the access points, or let fewer devices into this network. Then: divide it \
             into smaller ones (VLANs). No single device is at fault.",
            times.span(verdict),
            words::about(verdict.peak_pps),
        )
    }

    fn remedy(&self, _: &Verdict) -> Vec<String> {
        vec![
            "Now: turn on multicast filtering or isolation of clients at the access points (also called mDNS filter, \
             broadcast control, client isolation), if the devices need not find each other."
                .to_owned(),
            "Then: divide the network into smaller ones (VLANs, subnets), with an mDNS gateway between those that need \
             each other's services."
                .to_owned(),
        ]
    }
}

/// It comes in at many ports, and at none of them most of it.
pub(super) fn from_everywhere(sources: &[&SourcePort]) -> bool {
    let total = sources.iter().map(|source| source.pps).sum::<f64>();
    let strongest = sources.iter().map(|source| source.pps).fold(0.0, f64::max);
    sources.len() >= MANY_PORTS && strongest * 2.0 <= total && !sources.iter().any(|source| source.returns)
}

/// A finding about what many ports bring in together, which names none of them.
pub(super) fn together(
    cause: &'static str,
    confidence: f64,
    scene: &CounterScene<'_>,
    sources: &[&SourcePort],
) -> CounterFinding {
    let mut found = CounterFinding::new(cause, confidence, scene, sources);
    let total = sources.iter().map(|source| source.pps).sum::<f64>();
    let storm = total >= scene.thresholds.critical_pps as f64;
    found.finding.severity = if storm { Severity::Storm } else { Severity::Warning };
    found.finding.rate = total.round() as u64;
    (found.label, found.device, found.finding.macs) = (None, None, BTreeSet::new());
    found
}

/// Devices and services are looked for by it.
pub(super) const fn discovers(protocol: Protocol) -> bool {
    use Protocol::{Llmnr, Mdns, Netbios, Ssdp, WsDiscovery};
    matches!(protocol, Ssdp | Mdns | Llmnr | WsDiscovery | Netbios)
}

fn finding(scene: &Scene<'_>) -> Option<Finding> {
    let Segment { control, talkers, .. } = scene.segment;
    if control.over_now(scene.thresholds.critical_pps) < scene.thresholds.source_seconds {
        return None;
    }
    let rate = control.busiest();
    let mut by_protocol: BTreeMap<Protocol, u64> = BTreeMap::new();
    let (mut all, mut repeats, mut loudest) = (0, 0, 0);
    let mut crowd = BTreeSet::new();
    for ((mac, protocol), talker) in talkers {
        let frames = talker.frames;
        all += frames;
        repeats += talker.repeats.busiest();
        loudest = loudest.max(talker.seconds.busiest());
        *by_protocol.entry(*protocol).or_default() += frames;
        if discovers(*protocol) {
            crowd.insert(*mac);
        }
    }
    let discovery = by_protocol.iter().filter(|(protocol, _)| discovers(**protocol)).map(|(_, n)| n).sum::<u64>();
    let heavy = loudest >= scene.thresholds.source_pps || loudest * NONE_HEAVY >= rate;
    if crowd.len() < CROWD || heavy || discovery * 2 < all || repeats * 2 > rate {
        return None;
    }
    let (protocol, _) = by_protocol.into_iter().max_by_key(|(_, frames)| *frames)?;
    let shown = || talkers.iter().filter(|((_, protocol), _)| discovers(*protocol)).take(SHOWN);
    let groups = shown().flat_map(|(_, talker)| talker.groups.iter().copied()).collect::<BTreeSet<_>>();
    Some(Finding {
        cause: DiscoverySwarm.id(),
        severity: Severity::Storm,
        confidence: 0.85,
        culprit: None,
        macs: shown().map(|((mac, _), _)| *mac).collect(),
        origins: shown().map(|((mac, _), t)| Suspect { mac: Some(*mac), ip: t.ips.first().copied() }).collect(),
        groups: groups.into_iter().collect(),
        protocol,
        started: talkers.values().map(|talker| talker.busy_since).max().unwrap_or(scene.at).min(scene.at),
        last: scene.segment.at,
        fresh: control.current(),
        frames: rate,
        rate,
        evidence: evidence(crowd.len(), rate, loudest),
        candidates: Vec::new(),
        lacks: vec![
            "One device that forges addresses looks the same; then the switch shows all of them behind one port."
                .to_owned(),
        ],
        ask: Vec::new(),
    })
}

fn evidence(crowd: usize, rate: u64, loudest: u64) -> Vec<Evidence> {
    let filter = "udp.port in {1900, 3702, 5353, 5355, 137, 138}";
    let fact = |claim: &str, observed: String, expected: &str| Evidence {
        claim: claim.to_owned(),
        observed,
        expected: expected.to_owned(),
        feed: "capture",
        display_filter: filter.to_owned(),
        frame_numbers: None,
    };
    let (crowd, loudest) = (words::number(crowd as u64), words::number(loudest));
    vec![fact(
        "Group frames in all, from many sources, none of them heavy",
        format!("{} a second from {crowd} sources or more, the loudest with {loudest}", words::number(rate)),
        "27 in the busiest second of a healthy segment",
    )]
}

const PAGE: Page = Page {
    about: text(
        "Very many devices look for services, none of them often, all of them together too much.",
        "非常に多くの機器がサービスを探しており、それぞれは少なくても、合計すると多すぎます。",
    ),
    recognised: &[
        frames(
            "In all there are {critical_pps} frames a second or more to everybody, {source_seconds} seconds in a row, streams left out. Most are new, and no other cause explains them.",
            "映像や音声を除いた全体宛てのフレームが、合計で毎秒{critical_pps}個以上、{source_seconds}秒続きます。ほとんどが新しいフレームで、ほかの原因では説明できません。",
        ),
        frames(
            "At least half of it is discovery (SSDP, mDNS, LLMNR, WS-Discovery, NetBIOS), from {crowd} devices or more. The loudest sends less than {source_pps} a second, and less than one in {none_heavy} of all.",
            "その半分以上が、{crowd}台以上の機器による探索（SSDP、mDNS、LLMNR、WS-Discovery、NetBIOS）です。最も多い機器でも毎秒{source_pps}個未満で、全体の{none_heavy}分の1未満です。",
        ),
        counters(
            "{many_ports} ports or more bring it in, none of them half of it, and {crowd} addresses or more are behind them together.",
            "{many_ports}つ以上のポートから入り、どのポートも全体の半分以下で、その先に合計{crowd}以上のアドレスがあります。",
        ),
    ],
    not_this: &[
        text(
            "l3_reflector, l2_loop: there most frames are copies of one before.",
            "l3_reflector、l2_loop: ほとんどのフレームが、前のフレームの複製です。",
        ),
        text("chatty_source: there one device stands out.", "chatty_source: 1台の機器が突出しています。"),
    ],
    numbers: &[("many_ports", MANY_PORTS as u64), ("crowd", CROWD as u64), ("none_heavy", NONE_HEAVY)],
    sources: &[mdns("5.2"), WIRELESS],
};
