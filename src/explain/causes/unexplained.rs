//! A storm that is certainly there and whose cause the facts do not settle: said as such, with what it could be and
//! what would decide it. A wrong name is the worst answer.

mod counted;

use super::chatty_source::{is_awaited, ownership, suspects};
use super::discovery_swarm::{CROWD, discovers, from_everywhere};
use super::ethertype_bridge_loop::Family;
use super::l2_loop::origins;
use super::{Cause, Times, groups, main_protocol};
use crate::detect::counters::Counted;
use crate::detect::segment::TalkerKey;
use crate::explain::attribution::{Circulating, Role};
use crate::explain::counted::{CounterFinding, CounterScene, SourcePort};
use crate::explain::finding::{Finding, Suspect};
use crate::explain::page::{Page, Source, bridge_mib, counters, frames, if_mib, text};
use crate::explain::scene::Scene;
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::frames::Protocol;
use crate::model::verdict::{Candidate, Evidence, Severity, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// What one device repeats for less than this, and not in masses, may be over.
const A_BURST: Duration = Duration::from_millis(800);

/// Who has said no more in the seconds that are remembered may not exist: addresses are made up for a frame each.
const SAID_ONCE: u64 = 2;

/// `unexplained`.
pub(super) struct Unexplained;

impl Cause for Unexplained {
    fn id(&self) -> &'static str {
        "unexplained"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
        let mut findings = circling(scene, circulating, taken);
        let known =
            findings.iter().flat_map(|f| f.macs.iter().copied()).chain(taken.iter().copied()).collect::<BTreeSet<_>>();
        findings.extend(loud(scene, &known));
        if findings.is_empty() && taken.is_empty() {
            findings.extend(swarm(scene));
        }
        findings
    }

    fn count(&self, scene: &CounterScene<'_>, sources: &[&SourcePort]) -> Vec<CounterFinding> {
        // All packets together may be a backup; only what goes to everybody is more.
        let stands = |source: &&SourcePort| source.counted != Counted::All || scene.residual.is_some();
        let open = sources.iter().copied().filter(stands).collect::<Vec<_>>();
        let (ends, others): (Vec<_>, Vec<_>) = open.iter().copied().partition(|source| source.returns);
        if open.is_empty() {
            let flooded = scene.unicasts.is_some() || scene.media.is_some() || scene.relearned.is_some();
            if let Some(flooding) = scene.anything.filter(|_| !flooded) {
                return counted::from_flood(scene, flooding).into_iter().collect();
            }
            let alone = scene.sources == 0 && scene.reached > 0 && !flooded;
            return alone.then(|| counted::from_nowhere(scene)).into_iter().collect();
        }
        let ring = (ends.len() > 1).then(|| counted::in_and_out(scene, &ends));
        let singles = if ring.is_some() { others } else { open };
        if ring.is_none() && from_everywhere(&singles) {
            return vec![counted::from_many(scene, &singles)];
        }
        singles.into_iter().map(|source| counted::from_port(scene, source)).chain(ring).collect()
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        let storm = if verdict.severity == Severity::Storm { "Packet storm" } else { "Unusual traffic" };
        let from = verdict.origins.iter().filter_map(|o| o.mac).map(|mac| mac.to_string()).take(3).collect::<Vec<_>>();
        let from = if from.is_empty() { String::new() } else { format!(", with the sender MAC {}", from.join(", ")) };
        let likely = verdict
            .candidates
            .first()
            .map_or_else(String::new, |c| format!(" Most likely: {} ({} %).", c.cause, (c.confidence * 100.0).round()));
        let now = if verdict.ended.is_some() { "It has stopped. If it returns" } else { "Now" };
        let culprit = verdict.culprit.as_ref();
        if let Some((culprit, port)) = culprit.and_then(|culprit| Some((culprit, culprit.port.as_deref()?))) {
            let device =
                culprit.mac.map_or_else(String::new, |_| format!(", where {} is", words::device(culprit, "device")));
            return format!(
                "{storm} {}: {} {} a second come in at {port}{device}. What sends them is not certain.{likely} {now}: pull \
                 the cable at {port}; if that ends it, what is behind it is the cause. A capture of the frames there tells \
                 what it is.",
                times.span(verdict),
                words::about(verdict.peak_pps),
                verdict.protocol.noun(),
            );
        }
        format!(
            "{storm} {}: {} {} a second{from}. What sends them is not certain.{likely} {now}: pull cables one at a time, \
             starting with the device plugged in last, until it stops.",
            times.span(verdict),
            words::about(verdict.peak_pps),
            verdict.protocol.noun(),
        )
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
        let mut remedy = vec![
            format!(
                "{now}: pull cables out of the switch one at a time, starting with what was plugged in last, and watch \
                 whether the storm stops. The cable that ends it leads to the cause."
            ),
            "A second router beside the provider's: unplug its WAN cable first and turn its IGMP proxy off.".to_owned(),
        ];
        remedy.extend(verdict.candidates.iter().map(|c| {
            let mark = if c.needs.ends_with('?') { "" } else { "." };
            format!("To decide whether it is {}: {}{mark}", c.cause, c.needs)
        }));
        remedy
    }
}

/// Devices that repeat themselves, certainly so, and no more than the user has told to expect of them. A reflection and a
/// ring of cables are no such device's repetition: see [`ownership`].
fn repeats_as_expected(scene: &Scene<'_>, circulating: &[Circulating<'_>]) -> BTreeSet<TalkerKey> {
    let own = scene
        .excused
        .iter()
        .filter(|(key, talker)| talker.repeats_itself() && ownership(scene, circulating, key, talker).is_some());
    own.map(|(key, _)| **key).collect()
}

/// Datagrams that circulate and that no cause claimed.
fn circling(scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
    let expected = repeats_as_expected(scene, circulating);
    let open = circulating
        .iter()
        .filter(|one| !matches!(one.role, Role::Forwarded(_)) && one.goes_on(scene.thresholds.replica_copies))
        .filter(|one| !expected.contains(&(one.track.replica.first_mac, one.track.replica.protocol)))
        .filter(|one| one.track.replica.senders.iter().all(|s| !taken.contains(&s.mac)))
        .collect::<Vec<_>>();
    let senders = open.iter().map(|one| one.track.replica.first_mac).collect::<BTreeSet<_>>();
    if senders.len() > 1 && Family::of_all(&open).is_some_and(Family::may_be_bridged) {
        return of_one_family(scene, &open, senders).into_iter().collect();
    }
    let of =
        |mac: MacAddr| open.iter().copied().filter(move |one| one.track.replica.first_mac == mac).collect::<Vec<_>>();
    senders.into_iter().filter_map(|mac| circling_from(scene, &of(mac), mac)).collect()
}

/// Of several hosts IPv6 alone circles, and nobody has sent anything else yet: one storm, a ring of cables or a pass-through.
fn of_one_family(scene: &Scene<'_>, open: &[&Circulating<'_>], senders: BTreeSet<MacAddr>) -> Option<Finding> {
    let most = open.iter().max_by_key(|one| one.track.replica.copies)?.track.replica.first_mac;
    let candidate = |cause: &'static str, confidence: f64| Candidate {
        cause,
        confidence,
        mac: None,
        needs: "watch whether ARP and IPv4 broadcasts come back as well".to_owned(),
    };
    Some(Finding {
        confidence: 0.5,
        origins: origins(open),
        macs: senders,
        candidates: vec![candidate("ethertype_bridge_loop", 0.5), candidate("l2_loop", 0.45)],
        lacks: vec!["Nobody has sent ARP or IPv4 to all since the storm began.".to_owned()],
        ..circling_from(scene, open, most)?
    })
}

/// One storm of all of `its`, whose heaviest is from `mac`.
fn circling_from(scene: &Scene<'_>, its: &[&Circulating<'_>], mac: MacAddr) -> Option<Finding> {
    let rate = its.iter().map(|one| one.pps(scene.at)).sum::<u64>();
    if rate < scene.thresholds.replica_pps {
        return None;
    }
    let copies = its.iter().map(|one| one.track.replica.copies).sum::<u64>();
    let last = its.iter().map(|one| one.track.replica.last).max()?;
    let lasted = last.since(its.iter().map(|one| one.track.replica.first).min()?);
    // A tool may say one thing some dozens of times at once (Wake on LAN); a ring does not end by itself.
    if copies < scene.thresholds.critical_pps && lasted < A_BURST {
        return None;
    }
    let most = &its.iter().max_by_key(|one| one.track.replica.copies)?.track.replica;
    let sender = Some(mac).filter(|mac| *mac != MacAddr::ZERO);
    let unknown = its.iter().any(|one| one.role == Role::Unknown);
    let ip = most.ip.filter(|ip| !ip.is_unspecified());
    let decides = match ip {
        Some(ip) if unknown => {
            format!("learn which MAC owns {ip} (the router's device list, or analyze --owner {ip}=MAC)")
        }
        _ => "watch whether frames of other hosts come back as well".to_owned(),
    };
    let candidates = if unknown {
        let fresh = most.ip_id.is_none_or(|id| id == 0);
        let chatty = Candidate {
            cause: "chatty_source",
            confidence: if fresh { 0.4 } else { 0.05 },
            mac: sender,
            needs: decides.clone(),
        };
        vec![
            Candidate {
                cause: "l3_reflector",
                confidence: if fresh { 0.35 } else { 0.55 },
                mac: sender,
                needs: decides.clone(),
            },
            chatty,
            Candidate {
                cause: "l2_loop",
                confidence: if fresh { 0.25 } else { 0.4 },
                mac: None,
                needs: decides.clone(),
            },
        ]
    } else {
        // Where anything else has come once it is no ring for everything.
        let bridged = Family::of_all(its).is_some_and(Family::may_be_bridged);
        let speaks =
            |protocol: Protocol| !matches!(protocol, Protocol::Nd | Protocol::Mld) && protocol != most.protocol;
        let once = scene.segment.talkers.iter().any(|((other, protocol), talker)| {
            *other != mac && talker.last > most.first && speaks(*protocol) && !talker.repeats_itself()
        });
        let ring = if bridged && once { "ethertype_bridge_loop" } else { "l2_loop" };
        vec![
            Candidate { cause: ring, confidence: 0.5, mac: None, needs: decides.clone() },
            Candidate { cause: "chatty_source", confidence: 0.4, mac: sender, needs: decides.clone() },
        ]
    };
    let mut candidates = candidates;
    candidates.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let asked = ip.filter(|ip| scene.asked.contains(ip));
    Some(Finding {
        cause: Unexplained.id(),
        severity: Severity::Storm,
        confidence: candidates.first().map_or(0.3, |c| c.confidence),
        culprit: None,
        macs: BTreeSet::from([mac]),
        origins: vec![Suspect { mac: if unknown { None } else { Some(mac) }, ip }],
        groups: groups(its),
        protocol: main_protocol(its),
        started: its.iter().map(|one| one.track.replica.first).min()?,
        last,
        fresh: its.iter().map(|one| one.track.replica.fresh).sum(),
        frames: copies,
        rate,
        evidence: vec![Evidence {
            claim: "The same datagram was on the wire again and again, from one MAC".to_owned(),
            observed: format!(
                "{} copies from {mac} in {:.3} s, TTL {}",
                words::number(most.copies),
                most.last.since(most.first).as_secs_f64(),
                most.first_ttl
            ),
            expected: "once; healthy networks repeat one at most 4 times within a second".to_owned(),
            feed: "capture",
            display_filter: match most.ip_id {
                Some(id) => format!("eth.src == {mac} && ip.id == {id:#06x}"),
                None => format!("eth.src == {mac}"),
            },
            frame_numbers: Some((most.first_number, most.last_number)),
        }],
        candidates,
        lacks: match (ip, asked, unknown) {
            (Some(ip), Some(_), true) => vec![format!("The owner of {ip} was asked for by ARP and did not answer.")],
            (Some(ip), None, true) => {
                vec![format!("Nobody has said which MAC owns {ip}: the capture began inside the storm.")]
            }
            _ => vec!["No other host has sent to all since the storm began.".to_owned()],
        },
        ask: if unknown { ip.into_iter().collect() } else { Vec::new() },
    })
}

/// A loud MAC that neither owns its source addresses nor repeats datagrams, so that it is neither of the known causes.
fn loud(scene: &Scene<'_>, known: &BTreeSet<MacAddr>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (key, talker) in suspects(scene) {
        let rate = talker.seconds.busiest();
        if known.contains(&key.0) || findings.iter().any(|f| f.macs.contains(&key.0)) {
            continue;
        }
        let owned = |ip: &IpAddr| scene.owners.of(*ip).iter().any(|owner| owner.mac == key.0);
        let foreign = talker.ips.iter().find(|ip| !scene.owners.of(**ip).is_empty() && !owned(ip));
        let needs = "look up both MACs in the router's device list".to_owned();
        findings.push(Finding {
            cause: Unexplained.id(),
            severity: if rate >= scene.thresholds.storm_pps { Severity::Storm } else { Severity::Warning },
            confidence: 0.4,
            culprit: None,
            macs: BTreeSet::from([key.0]),
            origins: vec![Suspect { mac: Some(key.0), ip: talker.ips.first().copied() }],
            groups: talker.groups.iter().copied().collect(),
            protocol: key.1,
            started: talker.busy_since,
            last: talker.last,
            fresh: talker.fresh,
            frames: talker.frames,
            rate,
            evidence: vec![Evidence {
                claim: "One MAC sends far more to everybody than a healthy network in all".to_owned(),
                observed: format!("{} frames a second", words::number(rate)),
                expected: format!("below {} for {} s", scene.thresholds.source_pps, scene.thresholds.source_seconds),
                feed: "capture",
                display_filter: format!("eth.src == {}", key.0),
                frame_numbers: None,
            }],
            // Copies of what was sent before are a reflector's trade; a device that floods makes new messages.
            // Who floods from its own address alone is no reflector, and may be one whose frames go round.
            candidates: {
                let (order, needs) = if foreign.is_none() && talker.ips.iter().any(owned) {
                    let others = "watch whether frames of other hosts come back as well";
                    (["chatty_source", "l2_loop"], others.to_owned())
                } else if key.1 == Protocol::Arp {
                    (["chatty_source", "backhaul_loop"], needs)
                } else if talker.repeats_itself() || foreign.is_some() {
                    (["l3_reflector", "chatty_source"], needs)
                } else {
                    (["chatty_source", "l3_reflector"], needs)
                };
                let blamed = |cause: &str| (cause != "l2_loop").then_some(key.0);
                let candidate =
                    |(cause, confidence)| Candidate { cause, confidence, mac: blamed(cause), needs: needs.clone() };
                order.into_iter().zip([0.4, 0.3]).map(candidate).collect()
            },
            lacks: foreign
                .map(|ip| format!("{ip} belongs to another MAC; why {} sends from it is not known.", key.0))
                .into_iter()
                .collect(),
            ask: Vec::new(),
        });
    }
    findings
}

/// Far too much in all, from nobody in particular.
fn swarm(scene: &Scene<'_>) -> Option<Finding> {
    let control = &scene.segment.control;
    if control.over_now(scene.thresholds.critical_pps) < scene.thresholds.source_seconds || is_awaited(scene) {
        return None;
    }
    let rate = control.busiest();
    let mut loudest = scene.segment.talkers.iter().collect::<Vec<_>>();
    loudest.sort_by_key(|(_, talker)| std::cmp::Reverse(talker.seconds.busiest()));
    // Of many that say a thing or two each, no one tells what most of it is.
    let mut by_protocol: BTreeMap<Protocol, u64> = BTreeMap::new();
    for ((_, protocol), talker) in &loudest {
        *by_protocol.entry(*protocol).or_default() += talker.frames;
    }
    let protocol = by_protocol.into_iter().max_by_key(|(_, frames)| *frames).map_or(Protocol::Other, |most| most.0);
    let strangers = loudest.iter().filter(|(_, talker)| talker.frames <= SAID_ONCE).count();
    let forged = strangers >= CROWD && strangers * 2 > loudest.len() && !discovers(protocol);
    let started = loudest.iter().map(|(_, talker)| talker.busy_since).min().unwrap_or(scene.at);
    Some(Finding {
        cause: Unexplained.id(),
        severity: Severity::Storm,
        confidence: 0.3,
        culprit: None,
        macs: loudest.iter().take(8).map(|((mac, _), _)| *mac).collect(),
        origins: loudest
            .iter()
            .take(8)
            .map(|((mac, _), t)| Suspect { mac: Some(*mac), ip: t.ips.first().copied() })
            .collect(),
        groups: Vec::new(),
        protocol,
        started,
        last: scene.at,
        fresh: loudest.iter().map(|(_, talker)| talker.fresh).sum(),
        frames: loudest.iter().map(|(_, talker)| talker.frames).sum(),
        rate,
        evidence: vec![Evidence {
            claim: "Group frames in all, from many sources, none of them heavy".to_owned(),
            observed: format!("{} a second from {} sources", words::number(rate), scene.segment.talkers.len()),
            expected: "27 in the busiest second of a healthy segment".to_owned(),
            feed: "capture",
            display_filter: "eth.dst.ig == 1".to_owned(),
            frame_numbers: None,
        }],
        candidates: {
            let crowd = "see which program or device makes so many answer at once";
            let port = "see in the switches' forwarding tables behind which port so many addresses appear: one device \
                        there may make them up";
            let candidate = |cause: &'static str, confidence: f64, needs: &str| Candidate {
                cause,
                confidence,
                mac: None,
                needs: needs.to_owned(),
            };
            if forged {
                vec![candidate("chatty_source", 0.3, port), candidate("discovery_swarm", 0.1, crowd)]
            } else {
                vec![candidate("discovery_swarm", 0.3, crowd)]
            }
        },
        lacks: Vec::new(),
        ask: Vec::new(),
    })
}

const PAGE: Page = Page {
    about: text(
        "A storm whose cause the facts at hand do not settle; the candidates are listed.",
        "ストームは確かに起きていますが、得られた情報だけでは原因が決まりません。候補を示します。",
    ),
    recognised: &[
        frames(
            "A datagram goes round ({replica_copies} copies or more, {replica_pps} a second), and it is not known who owns its source address, or whether others' frames circle as well.",
            "データグラムが回り続けていますが（{replica_copies}個以上、毎秒{replica_pps}個）、送信元アドレスの持ち主や、ほかの機器のフレームも回っているかどうかがわかりません。",
        ),
        frames(
            "One MAC sends {source_pps} frames a second or more, but with an address that is somebody else's, or copies that could be a reflector's. Or there are {critical_pps} a second in all, from nobody in particular.",
            "1つのMACアドレスが毎秒{source_pps}個以上送信していますが、アドレスが別の機器のものか、送り返しとも考えられる複製です。または、特定の送信元なしに合計で毎秒{critical_pps}個以上流れています。",
        ),
        counters(
            "More goes in or out of ports than is usual there, in {confirm_polls} renewed polls in a row (for {weak_minutes} minutes, if it is less than {weak_factor} times as much and nothing else rises by more), and counters and forwarding tables do not tell why.",
            "更新されたポーリングで{confirm_polls}回続けて、ポートの出入りがふだんより多くなっていますが（{weak_factor}倍に届かず、ほかにそれを超えて増えたものもなければ、{weak_minutes}分続いたとき）、カウンターと転送テーブルからは理由がわかりません。",
        ),
    ],
    not_this: &[
        text(
            "It is no cause of its own. The verdict lists what it can be, the likeliest first, each with what would decide it.",
            "これ自体は原因ではありません。判定には、考えられる原因を可能性の高い順に、見分ける方法とともに示します。",
        ),
        text(
            "A loud device that may be a burst that decays is not reported as this: a few seconds decide it.",
            "減っていく一時的な送信かもしれない機器は、これとして報告しません。数秒でどちらかに決まります。",
        ),
    ],
    numbers: &[],
    sources: &[
        Source::Rfc(826, "An Ethernet Address Resolution Protocol", ""),
        if_mib("ifHCInMulticastPkts"),
        bridge_mib("dot1dTpFdbTable"),
    ],
};
