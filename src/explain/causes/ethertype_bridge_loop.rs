//! A router that passes IPv6 (or PPPoE) through between its two sides, both of which are in one LAN: a ring for that one
//! EtherType. What goes round keeps its sender's MAC and hop limit, as in a loop of cables, while ARP and IPv4 come once.

use super::l2_loop::origins;
use super::{Cause, ONE_LAP, Times, bridged, groups, main_protocol};
use crate::detect::Talker;
use crate::detect::segment::TalkerKey;
use crate::explain::attribution::Circulating;
use crate::explain::counted::{ANY_BROADCASTS, CounterFinding, CounterScene, SourcePort, counted};
use crate::explain::finding::Finding;
use crate::explain::page::{Page, Source, counters, frames, text};
use crate::explain::scene::{DEVICE_REACH, Scene};
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::frames::{Protocol, Replica};
use crate::model::verdict::{Evidence, Severity, Verdict};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

/// Counters need this long to tell that no broadcast goes round: in most networks somebody asks by ARP meanwhile.
const LONG_ENOUGH: Duration = Duration::from_secs(20);

/// What a bridge for one EtherType lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// EtherType 0x86dd.
    V6,
    /// EtherTypes 0x8863 and 0x8864.
    Pppoe,
    /// Everything else.
    Other,
}

impl Family {
    fn of(replica: &Replica) -> Self {
        match (replica.protocol, replica.ip) {
            (Protocol::Mld | Protocol::Nd, _) | (_, Some(IpAddr::V6(_))) => Self::V6,
            (Protocol::Pppoe, _) => Self::Pppoe,
            _ => Self::Other,
        }
    }

    /// The one that all of these are of.
    pub(super) fn of_all(looped: &[&Circulating<'_>]) -> Option<Self> {
        let mut families = looped.iter().map(|one| Self::of(&one.track.replica));
        let first = families.next()?;
        families.all(|family| family == first).then_some(first)
    }

    /// Routers have a setting that bridges it.
    pub(super) fn may_be_bridged(self) -> bool {
        self != Self::Other
    }

    const fn name(self) -> &'static str {
        match self {
            Self::V6 => "IPv6",
            Self::Pppoe => "PPPoE",
            Self::Other => "one protocol",
        }
    }

    const fn filter(self) -> &'static str {
        match self {
            Self::V6 => "eth.dst.ig == 1 && ipv6",
            Self::Pppoe => "pppoed || pppoes",
            Self::Other => "eth.dst.ig == 1",
        }
    }
}

/// `ethertype_bridge_loop`.
pub(super) struct EthertypeBridgeLoop;

impl Cause for EthertypeBridgeLoop {
    fn id(&self) -> &'static str {
        "ethertype_bridge_loop"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
        let looped = bridged(scene, circulating, taken);
        let family = Family::of_all(&looped).filter(|family| family.may_be_bridged());
        family.and_then(|family| finding(scene, &looped, family)).into_iter().collect()
    }

    /// The two ports of a ring in which multicasts alone go round, with their senders' addresses. PPPoE's
    /// discovery is broadcast (RFC 2516), so that it is IPv6.
    fn count(&self, scene: &CounterScene<'_>, sources: &[&SourcePort]) -> Vec<CounterFinding> {
        let ends = sources.iter().copied().filter(|source| source.returns).collect::<Vec<_>>();
        let alone = |source: &&SourcePort| {
            source.broadcast_share < ANY_BROADCASTS && source.last.since(source.since) >= LONG_ENOUGH
        };
        if ends.len() < 2 || scene.moves == 0 || !ends.iter().all(alone) {
            return Vec::new();
        }
        let evidence = counted(
            "Multicasts circle with their senders' addresses, and broadcasts do not".to_owned(),
            format!("{} addresses have moved from port to port; hardly any broadcasts come in there", scene.moves),
            "in a ring of cables everything circles, ARP too; a router's proxy would use its own address".to_owned(),
        );
        let mut found = CounterFinding::new(self.id(), 0.6, scene, &ends).because(Some(evidence));
        // Whose addresses are there is no one's fault.
        (found.device, found.finding.macs) = (None, BTreeSet::new());
        vec![found]
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        // That router is a host as well, and its own frames circle with the others'.
        let senders = words::sentence_case(&words::several(&verdict.origins));
        let innocent = match verdict.origins.len() {
            0 => String::new(),
            1 => format!(" {senders} is not at fault, unless it is that router."),
            _ => format!(" {senders} are not at fault, unless one of them is that router."),
        };
        let ends = verdict.culprit.as_ref().filter(|culprit| culprit.mac.is_none());
        let at = ends.and_then(|ends| ends.port.as_deref()).map_or_else(String::new, |ports| format!(", at {ports},"));
        let family = if verdict.protocol == Protocol::Pppoe { Family::Pppoe } else { Family::V6 }.name();
        let (verb, now) = if verdict.ended.is_some() { ("circled", "If it returns") } else { ("circle", "Now") };
        format!(
            "Packet storm {}: {family} multicasts {verb} in your LAN, {} a second, because a router with both its sides \
             in it{at} passes {family} through. {now}: unplug the second router's WAN cable (or its power). Then: turn its \
             {family} pass-through off.{innocent}",
            times.span(verdict),
            words::about(verdict.peak_pps),
        )
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
        vec![
            format!(
                "{now}: pull the cable out of the WAN (Internet) socket of the router that stands beside the provider's. \
                 If you are not sure which cable it is, unplug its power. The storm stops at once."
            ),
            "Then: open that router's settings page and turn IPv6 pass-through (IPv6 bridge) and PPPoE pass-through off. \
             Save, and plug the cable back in."
                .to_owned(),
            "If there is no second router: look for another device that is connected twice, and pull one of its cables."
                .to_owned(),
        ]
    }
}

/// A group frame of another protocol came once while these circled, and had the time to come round.
fn came_once(scene: &Scene<'_>, looped: &[&Circulating<'_>], (key, talker): (&TalkerKey, &Talker)) -> bool {
    let Some(since) = looped.iter().map(|one| one.track.replica.first).min() else { return false };
    let v4 = key.1 == Protocol::Arp || talker.ips.iter().any(IpAddr::is_ipv4);
    v4 && talker.last.since(since) >= ONE_LAP && scene.at.since(talker.last) >= ONE_LAP && !talker.repeats_itself()
}

fn finding(scene: &Scene<'_>, looped: &[&Circulating<'_>], family: Family) -> Option<Finding> {
    let macs = looped.iter().map(|one| one.track.replica.first_mac).collect::<BTreeSet<_>>();
    let first_mac = *macs.first()?;
    // One host alone may repeat itself, as sleeping network cards do.
    if macs.iter().all(|mac| *mac == first_mac || mac.is_neighbour_of(first_mac, DEVICE_REACH)) {
        return None;
    }
    let once = scene.segment.talkers.iter().filter(|talker| came_once(scene, looped, *talker));
    let once = once.map(|((mac, _), _)| *mac).collect::<BTreeSet<_>>();
    if once.is_empty() {
        return None;
    }
    let rate = looped.iter().map(|one| one.pps(scene.at)).sum::<u64>();
    let storm = rate >= scene.thresholds.replica_pps;
    Some(Finding {
        cause: EthertypeBridgeLoop.id(),
        severity: if storm { Severity::Storm } else { Severity::Warning },
        confidence: if once.len() > 1 { 0.92 } else { 0.85 },
        culprit: None,
        evidence: evidence(looped, family, (macs.len(), once.len())),
        macs,
        origins: origins(looped),
        groups: groups(looped),
        protocol: main_protocol(looped),
        started: looped.iter().map(|one| one.track.replica.first).min()?,
        last: looped.iter().map(|one| one.track.replica.last).max()?,
        fresh: looped.iter().map(|one| one.track.replica.fresh).sum(),
        frames: looped.iter().map(|one| one.track.replica.copies).sum(),
        rate,
        candidates: Vec::new(),
        lacks: vec![
            "Which router passes it through frames do not tell: they keep their senders' MACs. Its two switch ports do."
                .to_owned(),
        ],
        ask: Vec::new(),
    })
}

fn evidence(looped: &[&Circulating<'_>], family: Family, (hosts, others): (usize, usize)) -> Vec<Evidence> {
    let (name, filter) = (family.name(), family.filter());
    let most = looped.iter().map(|one| &one.track.replica).max_by_key(|replica| replica.copies);
    let most = most.map(|most| Evidence {
        claim: "The same frame came again and again, unchanged, from its sender's own MAC".to_owned(),
        observed: format!(
            "{} copies from {} in {:.3} s, all with TTL {}",
            words::number(most.copies),
            most.first_mac,
            most.last.since(most.first).as_secs_f64(),
            most.first_ttl
        ),
        expected: "one; a router would have used its own MAC".to_owned(),
        feed: "capture",
        display_filter: format!("eth.src == {} && {filter}", most.first_mac),
        frame_numbers: Some((most.first_number, most.last_number)),
    });
    let alone = Evidence {
        claim: format!("Only {name} circles: a bridge lets nothing else through"),
        observed: format!("{name} frames of {hosts} hosts circle; ARP and IPv4 broadcasts of {others} hosts came once"),
        expected: "in a ring of cables everything circles".to_owned(),
        feed: "capture",
        display_filter: "eth.dst.ig == 1 && (arp || ip)".to_owned(),
        frame_numbers: None,
    };
    most.into_iter().chain([alone]).collect()
}

const PAGE: Page = Page {
    about: text(
        "A router with both its sides in one LAN passes IPv6 (or PPPoE) through, and that alone circles for ever.",
        "WAN側とLAN側の両方が同じLANにつながったルーターがIPv6（またはPPPoE）を素通しし、それだけが回り続けています。",
    ),
    recognised: &[
        frames(
            "Frames of one protocol alone, IPv6 or PPPoE, circle: at least {replica_copies} copies of each, from two hosts or more, with their senders' own MACs and a hop limit that does not fall.",
            "IPv6またはPPPoEだけが回り続けます。2台以上の機器のフレームが、送信元本来のMACアドレスのまま、ホップリミットも減らずに、それぞれ{replica_copies}個以上届きます。",
        ),
        frames(
            "Meanwhile an ARP question or an IPv4 broadcast or multicast of some host comes once.",
            "その間、いずれかの機器のARP要求、またはIPv4のブロードキャストやマルチキャストは1回だけ届きます。",
        ),
        counters(
            "At two ports or more about as much goes out as comes in and addresses move, as in a ring, but for {long} s hardly any broadcasts are among it.",
            "2つ以上のポートで、入る量とほぼ同じ量が出て、アドレスがポートを移りますが、{long}秒間、ブロードキャストがほとんど含まれません。",
        ),
    ],
    not_this: &[
        text(
            "l2_loop: in a ring of cables ARP and IPv4 circle as well.",
            "l2_loop: ケーブルのループでは、ARPとIPv4も回ります。",
        ),
        text(
            "sleep_mld: one computer alone repeats its IPv6 messages; here those of several hosts come again.",
            "sleep_mld: 1台のコンピューターだけがIPv6のメッセージを繰り返します。この原因では、複数の機器のフレームが戻ってきます。",
        ),
        text(
            "l3_reflector: a proxy forwards with a MAC of its own; a pass-through leaves the sender's.",
            "l3_reflector: プロキシは自分のMACアドレスで転送しますが、パススルーは送信元のMACアドレスを変えません。",
        ),
    ],
    numbers: &[("long", LONG_ENOUGH.as_secs())],
    sources: &[
        Source::Rfc(2464, "Transmission of IPv6 Packets over Ethernet Networks", ""),
        Source::Rfc(2516, "A Method for Transmitting PPP Over Ethernet (PPPoE)", ""),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::verdict::Party;

    #[test]
    fn a_router_whose_own_frames_circle_is_not_acquitted() {
        let party = |name: &str| Party { mac: None, ip: None, vendor: None, port: None, name: Some(name.into()) };
        let ends = Party { port: Some("hub ge2 and hub ge3".into()), name: None, ..party("") };
        for (origins, culprit, says, at) in [
            (&["second router"][..], None, "The second router is not at fault, unless it is that router.", false),
            (&["Echo", "second router"], None, "are not at fault, unless one of them is that router.", false),
            (&[], Some(ends), "pass-through off.", true),
        ] {
            let origins = origins.iter().map(|name| party(name)).collect();
            let verdict = Verdict { origins, culprit, ..Verdict::blank("eth0".into(), EthertypeBridgeLoop.id()) };
            let sentence = EthertypeBridgeLoop.sentence(&verdict, &Times::default());
            assert!(sentence.ends_with(says), "{sentence}");
            assert_eq!(sentence.contains("in it, at hub ge2 and hub ge3, passes IPv6 through"), at, "{sentence}");
        }
    }
}
