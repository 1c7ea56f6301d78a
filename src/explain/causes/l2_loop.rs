//! A cable that closes a ring without spanning tree: whatever one host sends to all comes back, from its own MAC and
//! with its TTL unchanged. Nobody is to be blamed but the cable.

use super::ethertype_bridge_loop::Family;
use super::{Cause, ONE_LAP, Times, bridged, groups, main_protocol};
use crate::explain::attribution::{Circulating, Role};
use crate::explain::counted::{ANY_BROADCASTS, CounterFinding, CounterScene, SourcePort, counted};
use crate::explain::finding::{Finding, Suspect};
use crate::explain::page::{Page, STP_TROUBLE, bridge_mib, counters, frames, text};
use crate::explain::scene::{DEVICE_REACH, Scene};
use crate::explain::words;
use crate::model::verdict::{Evidence, Severity, Verdict};
use crate::model::{MacAddr, Time};
use std::collections::BTreeSet;
use std::time::Duration;

/// Of the hosts that spoke during the loop, this share may have gone unreplicated (1 in 5): frames get lost in it.
pub(super) const CLEAN_SHARE: usize = 5;
/// Copies of our own frames that bonds and hairpins do not explain (they return one).
const OWN_RETURNED: u64 = 3;

/// In a network with IPv4 somebody has asked by ARP within this time: hosts do every 10 to 30 s, and one in a home of six
/// within 5 s in six of seven cases, which is not enough.
const OTHERS_SPEAK_WITHIN: Duration = Duration::from_secs(30);
/// As long as IPv6 alone (or PPPoE) was seen to circle, a pass-through is not excluded, and is surer once it is found.
const OF_ONE_FAMILY: f64 = 0.6;

/// `l2_loop`.
pub(super) struct L2Loop;

impl Cause for L2Loop {
    fn id(&self) -> &'static str {
        "l2_loop"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
        let looped = bridged(scene, circulating, taken);
        finding(scene, &looped).into_iter().collect()
    }

    /// Two ports through which the same comes in and goes out, and a network that does not know any more who is where.
    fn count(&self, scene: &CounterScene<'_>, sources: &[&SourcePort]) -> Vec<CounterFinding> {
        let ends = sources.iter().copied().filter(|source| source.returns).collect::<Vec<_>>();
        // A ring of cables takes broadcasts round too; without them it is one for a single EtherType.
        let everything = ends.iter().any(|source| source.broadcast_share >= ANY_BROADCASTS);
        if ends.len() < 2 || !everything || (scene.moves == 0 && !scene.tree_changed) {
            return Vec::new();
        }
        let confidence = if scene.moves > 0 { 0.85 } else { 0.7 };
        let evidence = counted(
            "The network does not know any more who is where".to_owned(),
            format!(
                "{} addresses have moved from port to port; the spanning tree {}",
                scene.moves,
                if scene.tree_changed { "has just changed" } else { "is not known to have changed" }
            ),
            "none: devices stay where they are".to_owned(),
        );
        let mut found = CounterFinding::new(self.id(), confidence, scene, &ends).because(Some(evidence));
        // Whose addresses are there is no one's fault.
        (found.device, found.finding.macs) = (None, BTreeSet::new());
        vec![found]
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        if let Some(ports) = ends(verdict) {
            let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
            return format!(
                "Packet storm {}: {} packets a second circle in your LAN, in and out at {ports}, because a cable closes a \
                 ring. {now}: pull the cable at one of these ports. Then: turn on loop protection or spanning tree (STP).",
                times.span(verdict),
                words::about(verdict.peak_pps),
            );
        }
        let (verb, now) = if verdict.ended.is_some() {
            ("circled", "It has stopped, but returns with the cable. Find")
        } else {
            ("circle", "Now: pull")
        };
        format!(
            "Packet storm {}: broadcasts {verb} in your LAN, {} a second, because a cable closes a ring. {now} the cable \
             that was plugged in last, or that connects two sockets of the same switches. Then: turn on loop protection \
             or spanning tree (STP). {} {} not at fault.",
            times.span(verdict),
            words::about(verdict.peak_pps),
            words::sentence_case(&words::several(&verdict.origins)),
            if verdict.origins.len() == 1 { "is" } else { "are" }
        )
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
        let at = ends(verdict).map(|ports| format!("{now}: pull the cable at one of these ports: {ports}."));
        let found = vec![
            format!(
                "{now}: pull out the network cable that was plugged in last. If that does not help, look for a cable with \
                 both ends in the same switch, or for two cables between the same two switches or wall sockets, and pull \
                 one. A mesh or Sonos device that is wired and on Wi-Fi closes a ring as well: leave it one of the two."
            ),
            "Then: turn on loop protection (loop prevention, loop detection) or spanning tree (STP, RSTP) in the switch's \
             settings, if it has them."
                .to_owned(),
        ];
        at.into_iter().chain(found).collect()
    }
}

/// The ports at which the ring is closed, where counters tell.
fn ends(verdict: &Verdict) -> Option<&str> {
    verdict.culprit.as_ref().filter(|culprit| culprit.mac.is_none())?.port.as_deref()
}

/// What circles, as the finding that it is a ring, if it is one.
pub(super) fn finding(scene: &Scene<'_>, looped: &[&Circulating<'_>]) -> Option<Finding> {
    let macs = looped.iter().map(|one| one.track.replica.first_mac).collect::<BTreeSet<_>>();
    let started = looped.iter().map(|one| one.track.replica.first).min()?;
    // A ring of cables takes everything round. As long as it is IPv6 alone, it may be a pass-through.
    let one_family = Family::of_all(looped).is_some_and(Family::may_be_bridged);
    if one_family && scene.at.since(started) < OTHERS_SPEAK_WITHIN {
        return None;
    }
    let last = looped.iter().map(|one| one.track.replica.last).max()?;
    let first_mac = *macs.first()?;
    let own_returned = looped
        .iter()
        .any(|one| scene.own.macs.contains(&one.track.replica.first_mac) && one.track.replica.copies >= OWN_RETURNED);
    let clean = clean_hosts(scene, &macs, started)?;
    let one_device = macs.iter().all(|mac| *mac == first_mac || mac.is_neighbour_of(first_mac, DEVICE_REACH));
    // One host alone: only if its MAC is known to be the owner's (else it may be a reflector, seen from the middle), and
    // the datagram is certainly the same (a device may repeat itself, but not its IP ID).
    let same_datagram =
        |one: &&&Circulating<'_>| one.role == Role::ByOwner && one.track.replica.ip_id.is_some_and(|id| id != 0);
    let confidence = match (one_device, own_returned) {
        (_, true) => 0.95,
        (false, false) => 0.9,
        (true, false) if looped.iter().any(|one| same_datagram(&one)) => 0.6,
        (true, false) => return None,
    };
    let confidence = if one_family { OF_ONE_FAMILY.min(confidence) } else { confidence };
    let rate = looped.iter().map(|one| one.pps(scene.at)).sum::<u64>();
    let storm = rate >= scene.thresholds.replica_pps;
    let origins = origins(looped);
    Some(Finding {
        cause: L2Loop.id(),
        severity: if storm { Severity::Storm } else { Severity::Warning },
        confidence,
        culprit: None,
        evidence: evidence(scene, looped, macs.len(), clean, own_returned),
        macs,
        origins,
        groups: groups(looped),
        protocol: main_protocol(looped),
        started,
        last,
        fresh: looped.iter().map(|one| one.track.replica.fresh).sum(),
        frames: looped.iter().map(|one| one.track.replica.copies).sum(),
        rate,
        candidates: Vec::new(),
        lacks: if one_device && !own_returned {
            vec!["Only one host's frames were seen to circle; nobody else has sent to all since.".to_owned()]
        } else {
            Vec::new()
        },
        ask: Vec::new(),
    })
}

/// Hosts beside those of `macs` whose frames came once since it `started`; `None` as soon as they are too many for a ring.
/// Newcomers decide: in a loop everybody's group frames come back, not one device's.
fn clean_hosts(scene: &Scene<'_>, macs: &BTreeSet<MacAddr>, started: Time) -> Option<usize> {
    let (mut clean, mut before) = (0, None);
    // In the order of their MACs, so that what one sends stands side by side.
    for ((mac, _), talker) in &scene.segment.talkers {
        let once = talker.last >= started && scene.at.since(talker.last) >= ONE_LAP && !talker.repeats_itself();
        if !once || before == Some(*mac) || macs.contains(mac) {
            continue;
        }
        before = Some(*mac);
        clean += 1;
        if clean * CLEAN_SHARE > macs.len() {
            return None;
        }
    }
    Some(clean)
}

pub(super) fn origins(looped: &[&Circulating<'_>]) -> Vec<Suspect> {
    let mut origins: Vec<Suspect> = Vec::new();
    for one in looped {
        let replica = &one.track.replica;
        if origins.iter().all(|known| known.mac != Some(replica.first_mac)) {
            origins.push(Suspect { mac: Some(replica.first_mac), ip: replica.ip.filter(|ip| !ip.is_unspecified()) });
        }
    }
    origins.truncate(16);
    origins
}

fn evidence(scene: &Scene<'_>, looped: &[&Circulating<'_>], hosts: usize, clean: usize, own: bool) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    if let Some(most) = looped.iter().map(|one| &one.track.replica).max_by_key(|replica| replica.copies) {
        let ttl = if most.first_ttl == 0 { String::new() } else { format!(", all with TTL {}", most.first_ttl) };
        evidence.push(Evidence {
            claim: "The same frame came again and again, unchanged, from its sender's own MAC".to_owned(),
            observed: format!(
                "{} copies from {} in {:.3} s{ttl}",
                words::number(most.copies),
                most.first_mac,
                most.last.since(most.first).as_secs_f64()
            ),
            expected: "one; a router would have used its own MAC".to_owned(),
            feed: "capture",
            display_filter: match most.ip_id {
                Some(id) => format!("eth.src == {} && ip.id == {id:#06x}", most.first_mac),
                None => format!("eth.src == {}", most.first_mac),
            },
            frame_numbers: Some((most.first_number, most.last_number)),
        });
    }
    evidence.push(Evidence {
        claim: "It happens to everybody who sends to all".to_owned(),
        observed: format!("frames of {hosts} hosts circle; {clean} other hosts' frames came once"),
        expected: "every frame once".to_owned(),
        feed: "capture",
        display_filter: "eth.dst.ig == 1".to_owned(),
        frame_numbers: None,
    });
    if own {
        evidence.push(Evidence {
            claim: "This computer's own frames came back to it".to_owned(),
            observed: format!("at least {OWN_RETURNED} copies"),
            expected: "none (a bond or a hairpin port returns one)".to_owned(),
            feed: "capture",
            display_filter: scene.own.macs.first().map_or_else(String::new, |mac| format!("eth.src == {mac}")),
            frame_numbers: None,
        });
    }
    evidence
}

const PAGE: Page = Page {
    about: text(
        "A cable (or a second link) closes a ring between switches, and every broadcast circles in it for ever.",
        "ケーブル（または2本目の接続）によってスイッチの間に輪ができ、すべてのブロードキャストが回り続けています。",
    ),
    recognised: &[
        frames(
            "Frames come back unchanged, with their senders' own MACs: at least {replica_copies} copies of each, from more than one device. It is less sure of one alone, whose IP ID shows that it is one datagram.",
            "フレームが変更されずに、送信元本来のMACアドレスのまま戻ってきます。それぞれ{replica_copies}個以上で、2台以上の機器のものです。1台だけでも、IP IDから同じデータグラムだとわかれば、確度を下げて判定します。",
        ),
        frames(
            "It happens to everybody: for {clean_share} hosts whose frames circle there is at most one whose frames came once meanwhile.",
            "すべての機器で起きます。フレームが回り続ける機器{clean_share}台に対し、その間に1回だけ届いた機器は1台以下です。",
        ),
        frames(
            "Surest of all: this computer's own frames come back to it, {own_returned} times or more. A bond or a hairpin port returns one.",
            "最も確かなのは、このコンピューター自身のフレームが{own_returned}回以上戻ってくることです。ボンディングやヘアピンポートで戻るのは1個です。",
        ),
        counters(
            "At two ports or more about as much goes out as comes in, broadcasts among it, and addresses move from port to port in the forwarding table, or the spanning tree has changed within {tree_change} s.",
            "2つ以上のポートで、ブロードキャストを含めて、入る量とほぼ同じ量が出ており、転送テーブルでアドレスが別のポートへ移り続けているか、スパニングツリーが{tree_change}秒以内に変化しています。",
        ),
    ],
    not_this: &[
        text(
            "l3_reflector: a router sends copies with a MAC of its own. ethertype_bridge_loop: IPv6 or PPPoE alone circles.",
            "l3_reflector: ルーターは自分のMACアドレスで複製を送ります。ethertype_bridge_loop: 回るのはIPv6またはPPPoEだけです。",
        ),
        text(
            "chatty_source: a device that repeats itself looks like a young loop, but the frames of others come once.",
            "chatty_source: 自分で繰り返す機器は、始まったばかりのループに似ていますが、ほかの機器のフレームは1回だけ届きます。",
        ),
        text(
            "A mirror port (SPAN), or a capture on all interfaces at once, shows every frame several times. Those copies come within a millisecond or two and stop; what circles goes on.",
            "ミラーポート（SPAN）や全インターフェースの同時キャプチャでは、どのフレームも複数回見えます。その複製は1～2ミリ秒のうちに届いて終わりますが、ループでは続きます。",
        ),
    ],
    numbers: &[
        ("clean_share", CLEAN_SHARE as u64),
        ("own_returned", OWN_RETURNED),
        ("tree_change", crate::explain::counted::TREE_CHANGE.as_secs()),
    ],
    sources: &[STP_TROUBLE, bridge_mib("dot1dTpFdbTable"), bridge_mib("dot1dStpTimeSinceTopologyChange")],
};
