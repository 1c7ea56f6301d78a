//! A router whose multicast proxy sends a LAN's multicast back into the LAN it came from, because both its sides end
//! there. Recognised by copies from a MAC that does not own the source address.

use super::{Cause, Times, groups, main_protocol, source_filter, translators};
use crate::explain::attribution::{Circulating, Forwarding, UNHEARD};
use crate::explain::counted::{ANY_BROADCASTS, CounterFinding, CounterScene, SourcePort, counted};
use crate::explain::finding::{Finding, Suspect};
use crate::explain::page::{Page, Source, counters, frames, text};
use crate::explain::scene::{DEVICE_REACH, Scene};
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::frames::{OwnerProof, Protocol, Replica};
use crate::model::verdict::{Candidate, Evidence, Severity, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A device by its MACs, and what it sends on.
type Forwarder<'a> = (BTreeSet<MacAddr>, Vec<(&'a Circulating<'a>, Forwarding)>);

/// `l3_reflector`.
pub(super) struct L3Reflector;

impl Cause for L3Reflector {
    fn id(&self) -> &'static str {
        "l3_reflector"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, scene: &Scene<'_>, circulating: &[Circulating<'_>], _: &BTreeSet<MacAddr>) -> Vec<Finding> {
        // One finding per device: LAN and WAN side are neighbours, or send copies of the same datagram.
        let mut devices: Vec<Forwarder<'_>> = Vec::new();
        for one in circulating {
            // No router sends ARP on (RFC 826 has it answered or not).
            let arp = one.track.replica.protocol == Protocol::Arp;
            let Some(forwarding) = one.role.forwarding().filter(|_| !arp) else { continue };
            // Whoever else sends copies of it is another side of the same device: the original is not among them.
            let sides = || {
                let copying = one.track.replica.senders.iter().map(|sender| sender.mac);
                copying.filter(|mac| Some(*mac) != forwarding.origin).chain([forwarding.forwarder])
            };
            let same = |macs: &BTreeSet<MacAddr>| {
                sides().any(|mac| macs.iter().any(|known| *known == mac || known.is_neighbour_of(mac, DEVICE_REACH)))
            };
            match devices.iter_mut().find(|(macs, _)| same(macs)) {
                Some((macs, found)) => {
                    macs.extend(sides());
                    found.push((one, forwarding));
                }
                None => devices.push((sides().collect(), vec![(one, forwarding)])),
            }
        }
        let bridging = translators(circulating);
        devices.retain(|(macs, _)| macs.is_disjoint(&bridging));
        devices.iter().map(|(macs, found)| finding(scene, macs, found)).collect()
    }

    /// Both sides of one device, each alone at its port: what comes in at one goes out at the other, no broadcast is among it
    /// (no proxy sends those on), and nobody's address has moved, as it would in a ring.
    fn count(&self, scene: &CounterScene<'_>, sources: &[&SourcePort]) -> Vec<CounterFinding> {
        let sides = sources.iter().copied().filter(|source| source.returns).collect::<Vec<_>>();
        let [one, other] = sides.as_slice() else { return Vec::new() };
        let quiet = |source: &SourcePort| source.read_since && source.broadcast_share < ANY_BROADCASTS;
        let device = one.device().zip(other.device());
        let device = device.filter(|(one, other)| one == other || one.is_neighbour_of(*other, DEVICE_REACH));
        let Some((mac, second)) = device.filter(|_| quiet(one) && quiet(other) && scene.moves == 0) else {
            return Vec::new();
        };
        let evidence = counted(
            format!("Two ports lead to one device, {mac} and {second}, and what comes in at one goes out at the other"),
            "multicasts alone; no address has moved from port to port since it began".to_owned(),
            "in a ring of cables broadcasts circle too, and everybody's address moves".to_owned(),
        );
        let found = CounterFinding::new(self.id(), 0.7, scene, &sides).blaming(Some(mac.min(second)));
        let mut found = found.because(Some(evidence));
        found.finding.macs.insert(mac.max(second));
        let both = "let frames be captured there: does it send what others sent, or messages of its own at both ports?";
        vec![found.or([("chatty_source", 0.2, both.to_owned())])]
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        let router = verdict.culprit.as_ref().map_or_else(|| "a router".to_owned(), |c| words::device(c, "router"));
        let what = messages(verdict);
        let setting = if relays_broadcasts(verdict) { "its forwarding of broadcasts" } else { "IGMP proxy" };
        let origin = words::several(&verdict.origins);
        if verdict.severity == Severity::Warning {
            let copies = if verdict.frames == 1 {
                "once".to_owned()
            } else {
                format!("{} times", words::number(verdict.frames))
            };
            return format!(
                "No storm yet: {router} returned {what} {copies}. This wiring can become a storm. \
                 Turn {setting} off, then check again."
            );
        }
        let rate = words::about(verdict.peak_pps);
        let maybe = if verdict.confidence < 0.65 { "probably " } else { "" };
        let (verb, todo) = if verdict.ended.is_some() {
            let todo =
                format!("It has stopped, but the wiring can bring it back. Turn {setting} off, then check again.");
            ("sent", todo)
        } else {
            ("sends", format!("Now: unplug its WAN cable (or its power). Then: turn {setting} off."))
        };
        let innocent = if verdict.origins.is_empty() {
            String::new()
        } else {
            format!(" {} is not at fault.", words::sentence_case(&origin))
        };
        let innocent = if verdict.origins.len() > 1 { innocent.replace(" is not", " are not") } else { innocent };
        format!(
            "Packet storm {}: {router} {maybe}{verb} {what} back into your LAN, {rate} a second. {todo}{innocent}",
            times.span(verdict)
        )
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        let router = verdict.culprit.as_ref().map_or_else(|| "that router".to_owned(), words::short);
        let v6 = verdict.groups.iter().any(IpAddr::is_ipv6);
        let mut remedy = Vec::new();
        if verdict.severity == Severity::Storm {
            let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
            remedy.push(format!(
                "{now}: pull the cable out of the WAN (Internet) socket of {router}. If you are not sure which cable it \
                 is, unplug its power. The storm stops at once."
            ));
        }
        let (when, after) = match verdict.severity {
            Severity::Storm => ("Then", "Save, and plug the cable back in."),
            Severity::Warning => ("Now", "Save, and watch whether it comes back."),
        };
        if relays_broadcasts(verdict) {
            remedy.push(format!(
                "{when}: open the settings page of {router} and turn the forwarding of broadcasts off (also called broadcast \
                 relay, UDP relay or helper, directed broadcast, or Wake on LAN from the Internet). If a program on it \
                 relays them (as for games, network drives or speakers), end that program. {after}"
            ));
        } else {
            remedy.push(format!(
            "{when}: open the settings page of {router} and turn \"IGMP proxy\" off (also called IPTV, multicast proxy or \
             multicast routing; usually under LAN, Network or Advanced){}. {after}",
            if v6 { ", and IPv6 pass-through and MLD proxy as well" } else { "" }
        ));
        }
        remedy.push(
            "If that router has to stay beside the provider's (for PPPoE): put a switch between the fibre modem (ONU) and \
             both routers, so that its WAN side is no longer in your LAN. If the modem is built into the first router, \
             leave IGMP proxy off, or give the second router a network (subnet) of its own."
                .to_owned(),
        );
        remedy
    }
}

/// Broadcasts alone come back: an IGMP proxy sends on multicasts, never those (RFC 4605, 4.1); a relay of broadcasts does.
fn relays_broadcasts(verdict: &Verdict) -> bool {
    !verdict.groups.is_empty() && !verdict.groups.iter().any(IpAddr::is_multicast)
}

/// `the Echo's searches`, `searches of the Echo and the TV`.
fn messages(verdict: &Verdict) -> String {
    let noun = verdict.protocol.noun();
    match verdict.origins.as_slice() {
        [] => noun.to_owned(),
        [one] => format!("{}'s {noun}", words::short(one)),
        several => format!("{noun} of {}", words::several(several)),
    }
}

fn finding(scene: &Scene<'_>, macs: &BTreeSet<MacAddr>, found: &[(&Circulating<'_>, Forwarding)]) -> Finding {
    let all = found.iter().map(|(one, _)| *one).collect::<Vec<_>>();
    let rate = all.iter().map(|one| one.pps(scene.at)).sum::<u64>();
    let dies = all.iter().all(|one| one.falls());
    let storm = rate >= scene.thresholds.critical_pps || (rate >= scene.thresholds.replica_pps && !dies);
    let by_share = heaviest_forwarder(found);
    let confidence = found.iter().map(|(_, f)| f.confidence).fold(0.0, f64::max);
    // A storm is what does not die; what died before it was its warning, and has been told.
    let counted = found.iter().filter(|(one, _)| dies || !one.falls()).collect::<Vec<_>>();
    let started = counted.iter().map(|(one, _)| one.track.replica.first).min().unwrap_or(scene.at);
    let last = counted.iter().map(|(one, _)| one.track.replica.last).max().unwrap_or(scene.at);
    let mut finding = Finding {
        cause: L3Reflector.id(),
        severity: if storm { Severity::Storm } else { Severity::Warning },
        confidence,
        culprit: Some(Suspect { mac: Some(by_share), ip: None }),
        macs: macs.clone(),
        origins: origins(found),
        groups: groups(&all),
        protocol: main_protocol(&all),
        started,
        last,
        fresh: counted.iter().map(|(one, f)| fresh(&one.track.replica, f)).sum(),
        frames: counted.iter().map(|(one, f)| forwarded(&one.track.replica, f)).sum(),
        rate,
        evidence: Vec::new(),
        candidates: Vec::new(),
        lacks: Vec::new(),
        ask: Vec::new(),
    };
    // The surest datagram speaks for all; of those the most copied, so that the figures are the storm's.
    let witness = found.iter().max_by(|(a, f), (b, g)| {
        f.confidence.total_cmp(&g.confidence).then(a.track.replica.copies.cmp(&b.track.replica.copies))
    });
    if let Some((one, forwarding)) = witness {
        finding.evidence = evidence(scene, &one.track.replica, forwarding, dies);
        if forwarding.proof.is_none() {
            doubt(scene, &mut finding, &one.track.replica);
        } else if !forwarding.original_seen && forwarding.confidence <= UNHEARD {
            unheard(&mut finding, &one.track.replica, forwarding.forwarder);
        }
    }
    // Whoever copies the same datagram is taken for another side of it, and need not be one: pulling one plug may not do.
    let strangers = macs.iter().filter(|mac| **mac != by_share && !mac.is_neighbour_of(by_share, DEVICE_REACH));
    finding.lacks.extend(strangers.map(|mac| {
        format!("Copies come from {mac} as well: it is the other side of that router, or a second device that does the same.")
    }));
    if by_neighbour(scene, by_share) {
        finding.evidence.extend(neighbour_evidence(scene, by_share));
    }
    finding
}

fn heaviest_forwarder(found: &[(&Circulating<'_>, Forwarding)]) -> MacAddr {
    let mut frames: BTreeMap<MacAddr, u64> = BTreeMap::new();
    for (one, forwarding) in found {
        *frames.entry(forwarding.forwarder).or_default() += one.track.replica.copies;
    }
    frames.into_iter().max_by_key(|(_, frames)| *frames).map_or(MacAddr::ZERO, |(mac, _)| mac)
}

/// Copies without the original.
fn forwarded(replica: &Replica, forwarding: &Forwarding) -> u64 {
    replica.copies.saturating_sub(u64::from(forwarding.original_seen))
}

fn fresh(replica: &Replica, forwarding: &Forwarding) -> u64 {
    let first_report = replica.fresh == replica.copies;
    replica.fresh.saturating_sub(u64::from(forwarding.original_seen && first_report))
}

fn origins(found: &[(&Circulating<'_>, Forwarding)]) -> Vec<Suspect> {
    let mut origins: Vec<Suspect> = Vec::new();
    for (one, forwarding) in found {
        // A router that returns its own messages is no innocent origin of them.
        let same =
            |mac: MacAddr| mac == forwarding.forwarder || mac.is_neighbour_of(forwarding.forwarder, DEVICE_REACH);
        if forwarding.origin.is_some_and(same) {
            continue;
        }
        let ip = one.track.replica.ip;
        match origins.iter_mut().find(|o| o.ip == ip) {
            Some(known) => known.mac = known.mac.or(forwarding.origin),
            None => origins.push(Suspect { mac: forwarding.origin, ip }),
        }
    }
    origins.truncate(16);
    origins
}

fn evidence(scene: &Scene<'_>, replica: &Replica, forwarding: &Forwarding, dies: bool) -> Vec<Evidence> {
    let ip = replica.ip.map_or_else(|| "this source".to_owned(), |ip| ip.to_string());
    let mac = forwarding.forwarder;
    let source = source_filter(replica.ip, replica.protocol == Protocol::Arp).unwrap_or_default();
    let numbers = Some((replica.first_number, replica.last_number));
    let who = match (forwarding.origin, forwarding.proof) {
        (Some(owner), Some(proof)) => format!("only {owner} sends from {ip}, its owner by {}", proof.describe()),
        (Some(origin), None) => format!("only {origin}, which sent the original, sends from {ip}"),
        _ => format!("a MAC sends from its own addresses, and not from {ip} as well"),
    };
    let owned = if forwarding.proof.is_none() && forwarding.origin.is_none() {
        "and nobody has said that it owns it"
    } else {
        "which it does not own"
    };
    let mut evidence = vec![Evidence {
        claim: format!("{mac} sends frames with the source address {ip}, {owned}"),
        observed: format!("{} such frames of one datagram", words::number(forwarded(replica, forwarding))),
        expected: who,
        feed: "capture",
        display_filter: format!("eth.src == {mac} && {source}"),
        frame_numbers: numbers,
    }];
    let id_filter = replica.ip_id.map_or_else(|| source.clone(), |id| format!("ip.id == {id:#06x} && {source}"));
    let id = replica.ip_id.map_or_else(String::new, |id| format!(" (IP ID {id:#06x})"));
    let span = replica.last.since(replica.first).as_secs_f64();
    evidence.push(Evidence {
        claim: "The same datagram was on the wire again and again".to_owned(),
        observed: format!("one datagram{id} {} times in {span:.3} s", words::number(replica.copies)),
        expected: "once; healthy networks repeat one at most 4 times within a second".to_owned(),
        feed: "capture",
        display_filter: id_filter.clone(),
        frame_numbers: numbers,
    });
    let ttl = replica.senders.iter().find(|s| s.mac == mac);
    if let Some(copies) = ttl {
        let range = if copies.ttl_min == copies.ttl_max {
            copies.ttl_min.to_string()
        } else {
            format!("{} down to {}", copies.ttl_max, copies.ttl_min)
        };
        let original =
            if forwarding.original_seen { format!("; the original had {}", replica.first_ttl) } else { String::new() };
        evidence.push(Evidence {
            claim: if dies {
                "The TTL falls from copy to copy: a router sends them, and each message dies out".to_owned()
            } else {
                "The TTL does not fall from copy to copy: nothing ends this datagram".to_owned()
            },
            observed: format!("copies with TTL {range}{original}"),
            expected: "no copies, so one TTL per datagram (0 of 4,219 captures had more)".to_owned(),
            feed: "capture",
            display_filter: format!("{id_filter} && eth.src == {mac}"),
            frame_numbers: numbers,
        });
    }
    if forwarding.proof == Some(OwnerProof::Traffic) && scene.segment.dropped > 0 {
        evidence.push(sampled(scene));
    }
    evidence
}

fn sampled(scene: &Scene<'_>) -> Evidence {
    Evidence {
        claim: "This was judged on a sample".to_owned(),
        observed: format!(
            "{} frames were dropped before they could be looked at",
            words::number(scene.segment.dropped)
        ),
        expected: "none dropped".to_owned(),
        feed: "capture",
        display_filter: String::new(),
        frame_numbers: None,
    }
}

/// The owner of the source address is not known: say what else it could be, and what was asked.
fn doubt(scene: &Scene<'_>, finding: &mut Finding, replica: &Replica) {
    let Some(ip) = replica.ip else { return };
    let asked = scene.asked.contains(&ip);
    finding.lacks.push(if asked {
        format!("The owner of {ip} was asked for by ARP and did not answer, so that the MAC that really owns it is not known.")
    } else {
        format!("Nobody has said yet which MAC owns {ip}: the capture may have begun after the storm.")
    });
    finding.ask.push(ip);
    if finding.confidence < 0.75 {
        finding.candidates.push(Candidate {
            cause: "l2_loop",
            confidence: 1.0 - finding.confidence,
            mac: None,
            needs: format!("the MAC that owns {ip} (analyze --owner {ip}=MAC): if it is the sender of the copies, a cable loop is likelier"),
        });
    }
}

/// The owner of the source address is known, and has sent no original.
fn unheard(finding: &mut Finding, replica: &Replica, mac: MacAddr) {
    let Some(ip) = replica.ip else { return };
    finding.lacks.push(format!(
        "Nothing like it was heard from {ip} before: {mac} may have made up that source address, as in an attack or a test."
    ));
    finding.candidates.push(Candidate {
        cause: "chatty_source",
        confidence: 1.0 - finding.confidence,
        mac: Some(mac),
        needs: format!("see what {mac} is: a router or a relay sends on what others say, any other device makes it up"),
    });
}

fn by_neighbour(scene: &Scene<'_>, mac: MacAddr) -> bool {
    scene.owners.addresses_of(mac).next().is_none()
}

fn neighbour_evidence(scene: &Scene<'_>, mac: MacAddr) -> Option<Evidence> {
    let (ip, other) = scene.owners.device_address(mac, DEVICE_REACH)?;
    Some(Evidence {
        claim: format!("{mac} is the other side of the device at {ip}"),
        observed: format!(
            "{ip} belongs to {other}, {} away in the same maker's block",
            mac.as_u64().abs_diff(other.as_u64())
        ),
        expected: "a router's LAN and WAN side have neighbouring MACs".to_owned(),
        feed: "capture",
        display_filter: format!("eth.src == {mac} || eth.src == {other}"),
        frame_numbers: None,
    })
}

const PAGE: Page = Page {
    about: text(
        "A router with both its sides in one LAN sends the LAN's multicast back into it (IGMP proxy, MLD proxy).",
        "WAN側とLAN側の両方が同じLANにつながったルーターが、LANのマルチキャストを同じLANへ送り返しています（IGMPプロキシ、MLDプロキシ）。",
    ),
    recognised: &[
        frames(
            "Copies of one datagram come from a MAC that does not own its source address. Owners are learned from ARP, neighbour discovery and DHCP, and from the ARP tables of routers and switches.",
            "同じデータグラムの複製が、送信元アドレスの持ち主ではないMACアドレスから届きます。持ち主は、ARP、近隣探索、DHCP、ルーターやスイッチのARPテーブルから学びます。",
        ),
        frames(
            "Where nobody has told who owns the address: a second MAC sends the copies, or one MAC sends copies with the addresses of several hosts, or the TTL falls from copy to copy. The verdict is then less sure, and the owner is asked for.",
            "持ち主がわからない場合は、別のMACアドレスが複製を送っている、1つのMACアドレスが複数の機器のアドレスで複製を送っている、または複製のたびにTTLが減ることから判断します。この場合は確度を下げ、持ち主を問い合わせます。",
        ),
        frames(
            "If the TTL falls, each message dies out by itself: a warning, as long as there are fewer than {critical_pps} copies a second. If it stays the same, nothing ends the message: a storm from {replica_pps} copies a second on.",
            "TTLが減る場合、それぞれのメッセージは自然に消えるため、複製が毎秒{critical_pps}個未満なら警告とします。TTLが減らない場合は自然には消えないため、毎秒{replica_pps}個からストームとします。",
        ),
        counters(
            "Two ports lead to one device, alone at each by a forwarding table that was read since: what comes in at one goes out at the other, hardly any of it broadcasts, and no address has moved.",
            "2つのポートの先が同じ機器だけで（開始後に読んだ転送テーブルによる）、一方から入ったものがもう一方から出ており、ブロードキャストはほとんどなく、移ったアドレスもありません。",
        ),
    ],
    not_this: &[
        text(
            "l2_loop: in a ring of cables the copies carry their senders' own MACs, and everybody's broadcasts circle. A router's proxy passes multicasts on, never broadcasts.",
            "l2_loop: ケーブルのループでは、複製は送信元本来のMACアドレスのままで、すべての機器のブロードキャストが回ります。ルーターのプロキシが転送するのはマルチキャストだけです。",
        ),
        text(
            "An mDNS gateway or a multicast router between two networks (VLANs) is healthy: original and copy are then in different networks, and only copies within one network count.",
            "2つのネットワーク（VLAN）の間で働くmDNSゲートウェイやマルチキャストルーターは正常です。元のフレームと複製は別々のネットワークにあり、数えるのは同じネットワーク内の複製だけです。",
        ),
        text(
            "Routers with a shared address (VRRP, HSRP) send from a MAC of their own by design, but nothing twice. Such a MAC makes the verdict less sure, and never excuses copies.",
            "アドレスを共有するルーター（VRRP、HSRP）は、仕様により共有のMACアドレスから送信しますが、同じものを2回は送りません。このようなMACアドレスでは確度を下げますが、複製があれば見逃しません。",
        ),
    ],
    numbers: &[],
    sources: &[
        Source::Rfc(4605, "IGMP/MLD-Based Multicast Forwarding (\"IGMP/MLD Proxying\")", "1"),
        Source::Rfc(1812, "Requirements for IP Version 4 Routers", "5.3.1"),
    ],
};
