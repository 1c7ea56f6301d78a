//! Two devices hold one IP address, and announce it against each other without giving way: each announcement of one is
//! answered by one of the other. Their frames come again and again, as in a ring of cables, but theirs alone, and all of them
//! say that one address is theirs.

use super::{Cause, Times};
use crate::explain::attribution::{Circulating, Role};
use crate::explain::counted::{CounterFinding, CounterScene, MOSTLY, SourcePort, counted};
use crate::explain::finding::{Finding, Suspect};
use crate::explain::page::{Page, Source, counters, frames, text};
use crate::explain::scene::{DEVICE_REACH, Scene};
use crate::explain::words;
use crate::model::frames::{OwnerProof, Protocol};
use crate::model::verdict::{Evidence, Severity, Verdict};
use crate::model::{MacAddr, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// Who was seen to own the address so long before the other had it first.
const BEFORE: Duration = Duration::from_secs(5);
/// Of two that answer each other one sends as much as the other, to this part (1 in 5), by counters.
const EVEN_PERCENT: f64 = 20.0;

/// What began at the same time is seen so far apart: agents renew their counters every 30 s at most (measured), and a rate at
/// the limit is above it in one poll and not in the next.
const SAME_TIME: Duration = Duration::from_secs(30);

/// `address_war`.
pub(super) struct AddressWar;

/// The announcements of one device.
type Said<'a, 'b> = Vec<&'a Circulating<'b>>;

impl Cause for AddressWar {
    fn id(&self) -> &'static str {
        "address_war"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
        let limit = scene.thresholds.replica_copies;
        let own = |one: &&Circulating<'_>| !matches!(one.role, Role::Forwarded(_)) && one.goes_on(limit);
        let mut by_address: BTreeMap<IpAddr, BTreeMap<MacAddr, Said<'_, '_>>> = BTreeMap::new();
        let mut others = 0;
        for one in circulating.iter().filter(own) {
            let replica = &one.track.replica;
            match replica.ip.filter(|ip| !ip.is_unspecified()) {
                Some(ip) if replica.protocol == Protocol::Arp && replica.senders.len() == 1 => {
                    by_address.entry(ip).or_default().entry(replica.first_mac).or_default().push(one);
                }
                _ => others += 1,
            }
        }
        // In a ring of cables everything circles: other frames, and the ARP of those who hold an address alone.
        let is_contested = |said: &BTreeMap<MacAddr, Said<'_, '_>>| strangers(said.keys().copied());
        if others > 0 || !by_address.values().all(is_contested) {
            return Vec::new();
        }
        let free = by_address.into_iter().filter(|(_, said)| said.keys().all(|mac| !taken.contains(mac)));
        free.filter_map(|(ip, said)| finding(scene, ip, &said)).collect()
    }

    /// Two ports, one device behind each, from which as many broadcasts come, since the same time.
    fn count(&self, scene: &CounterScene<'_>, sources: &[&SourcePort]) -> Vec<CounterFinding> {
        let open = sources.iter().copied().filter(|source| source.is_one_flooding_device()).collect::<Vec<_>>();
        let [one, other] = open.as_slice() else { return Vec::new() };
        let uneven = (one.pps - other.pps).abs() * 100.0 > EVEN_PERCENT * one.pps.max(other.pps);
        if uneven
            || apart(one, other) > SAME_TIME
            || !strangers([one, other].into_iter().filter_map(|one| one.device()))
        {
            return Vec::new();
        }
        let evidence = counted(
            "Two devices send as many broadcasts as each other, since the same time".to_owned(),
            format!(
                "{} a second at {}, {} at {}",
                words::number(one.pps.round() as u64),
                one.label,
                words::number(other.pps.round() as u64),
                other.label
            ),
            "devices that flood by themselves have nothing to do with each other".to_owned(),
        );
        let found = CounterFinding::new(self.id(), 0.6, scene, &open).because(Some(evidence));
        let capture = || "let frames be captured there: do both announce the same address by ARP?".to_owned();
        vec![found.or([("address_war", 0.6, capture()), ("chatty_source", 0.3, capture())])]
    }

    /// Each of the two floods, and one of them may be known of before the other.
    fn sharpens(&self) -> &'static [&'static str] {
        &["chatty_source"]
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        let storm = if verdict.severity == Severity::Storm { "Packet storm" } else { "No storm yet, but a flood" };
        let (span, rate) = (times.span(verdict), words::about(verdict.peak_pps));
        let ended = verdict.ended.is_some();
        let now = if ended { "If it returns" } else { "Now" };
        let announce = if ended { "announced" } else { "announce" };
        let todo = format!("{now}: unplug one of them. Then: give each of them an address of its own.");
        let culprit = verdict.culprit.as_ref();
        if let Some(ports) = culprit.filter(|culprit| culprit.mac.is_none()).and_then(|c| c.port.as_deref()) {
            return format!(
                "{storm} {span}: two devices, at {ports}, {} {rate} broadcasts a second each, one as often as the other, as \
                 two do that hold the same address. {todo}",
                if ended { "sent" } else { "send" }
            );
        }
        let Some(culprit) = culprit else {
            return format!(
                "{storm} {span}: {} {} the same address and {announce} it against each other, {rate} times a second. {todo}",
                words::several(&verdict.origins),
                if ended { "held" } else { "hold" }
            );
        };
        let device = words::device(culprit, "device");
        let first = verdict.origins.iter().find(|origin| origin.mac != culprit.mac);
        let first = first.map_or_else(|| "another device".to_owned(), words::short);
        format!(
            "{storm} {span}: {device} {} the address of {first}, which had it first, and both {announce} it, {rate} times a \
             second. {todo}",
            if ended { "used" } else { "uses" }
        )
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
        vec![
            format!("{now}: unplug or switch off one of the two devices that hold the same address. The flood stops at once."),
            "Then: let both get their addresses by DHCP, or give one of them a fixed address that nobody else has and that \
             lies outside the range of the DHCP server."
                .to_owned(),
            "Two routers that share an address on purpose (VRRP, HSRP): see that they hear each other, and have the same \
             group number (VRID)."
                .to_owned(),
        ]
    }
}

fn apart(one: &SourcePort, other: &SourcePort) -> Duration {
    one.since.since(other.since).max(other.since.since(one.since))
}

/// There are two of them at least, and not two sides of one device.
fn strangers(macs: impl Iterator<Item = MacAddr>) -> bool {
    let macs = macs.collect::<Vec<_>>();
    let Some(first) = macs.first() else { return false };
    macs.iter().any(|mac| mac != first && !mac.is_neighbour_of(*first, DEVICE_REACH))
}

/// Who came last, where it is known that the other had the address before.
fn latecomer(scene: &Scene<'_>, ip: IpAddr, rivals: &BTreeSet<MacAddr>, started: Time) -> Option<MacAddr> {
    let owners = scene.owners.of(ip).iter().filter(|owner| owner.proof < OwnerProof::Traffic);
    let mut known = owners.filter(|owner| rivals.contains(&owner.mac)).collect::<Vec<_>>();
    known.sort_by_key(|owner| owner.first);
    match known.as_slice() {
        [first, .., last] if first.first < started && last.first.since(first.first) >= BEFORE => Some(last.mac),
        _ => None,
    }
}

fn finding(scene: &Scene<'_>, ip: IpAddr, said: &BTreeMap<MacAddr, Said<'_, '_>>) -> Option<Finding> {
    let all = || said.values().flatten().map(|one| &one.track.replica);
    let macs = said.keys().copied().collect::<BTreeSet<_>>();
    let started = all().map(|replica| replica.first).min()?;
    let last = all().map(|replica| replica.last).max()?;
    let late = latecomer(scene, ip, &macs, started);
    let suspect = |mac: MacAddr| Suspect { mac: Some(mac), ip: Some(ip) };
    let rate = said.values().flatten().map(|one| one.pps(scene.at)).sum::<u64>();
    let storm = rate >= scene.thresholds.storm_pps;
    Some(Finding {
        cause: AddressWar.id(),
        severity: if storm { Severity::Storm } else { Severity::Warning },
        confidence: if late.is_some() { 0.97 } else { 0.96 },
        culprit: late.map(suspect),
        evidence: evidence(ip, said),
        origins: macs.iter().filter(|mac| Some(**mac) != late).map(|mac| suspect(*mac)).collect(),
        macs,
        groups: Vec::new(),
        protocol: Protocol::Arp,
        started,
        last,
        fresh: all().map(|replica| replica.fresh).sum(),
        frames: all().map(|replica| replica.copies).sum(),
        rate,
        candidates: Vec::new(),
        lacks: if late.is_some() {
            Vec::new()
        } else {
            vec![format!("Which of them had {ip} first is not known: both were there when it was first heard of.")]
        },
        ask: Vec::new(),
    })
}

fn evidence(ip: IpAddr, said: &BTreeMap<MacAddr, Said<'_, '_>>) -> Vec<Evidence> {
    let copies = |said: &Said<'_, '_>| said.iter().map(|one| one.track.replica.copies).sum::<u64>();
    let each = said.iter().map(|(mac, said)| format!("{mac} ({})", words::number(copies(said)))).collect::<Vec<_>>();
    let frames = said.values().flatten().map(|one| &one.track.replica);
    let numbers = frames.map(|one| (one.first_number, one.last_number));
    let filter = format!("arp.src.proto_ipv4 == {ip}");
    vec![
        Evidence {
            claim: "Several MACs announce the same address, again and again".to_owned(),
            observed: format!("the address {ip} is announced by {}", each.join(", ")),
            expected: "one owner; a device that finds another one gives way, or defends itself once in 10 s".to_owned(),
            feed: "capture",
            display_filter: filter.clone(),
            frame_numbers: numbers.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1))),
        },
        Evidence {
            claim: "Nothing else comes again and again".to_owned(),
            observed: "only these announcements repeat".to_owned(),
            expected: "in a ring of cables everybody's frames do".to_owned(),
            feed: "capture",
            display_filter: format!("eth.dst.ig == 1 && !({filter})"),
            frame_numbers: None,
        },
    ]
}

const PAGE: Page = Page {
    about: text(
        "Two devices hold the same IP address and announce it against each other without pause.",
        "2台の機器が同じIPアドレスを使い、互いに打ち消し合うように告知し続けています。",
    ),
    recognised: &[
        frames(
            "The same ARP announcement comes {replica_copies} times within a second or more, from each of two devices, and both say that one address is theirs.",
            "2台の機器から、それぞれ同じARPの告知が1秒間に{replica_copies}回以上届き、どちらも同じアドレスを自分のものとしています。",
        ),
        frames(
            "Nothing else comes again and again meanwhile. It is a storm from {storm_pps} a second on, and a warning below.",
            "その間、ほかに繰り返し届くものはありません。毎秒{storm_pps}個からストーム、それ未満は警告とします。",
        ),
        frames(
            "The one at fault is named if the other was seen with the address {before} s before: it had it first.",
            "もう一方が{before}秒以上前からそのアドレスを使っていたとわかる場合だけ、後から使い始めた機器を原因とします。",
        ),
        counters(
            "At two ports with one device each, {mostly} % or more of what comes in are broadcasts, as many at one as at the other (to {even} %), since the same time.",
            "機器が1台ずつつながる2つのポートで、入ってくるものの{mostly} %以上がブロードキャストで、その量は{even} %以内で等しく、同時に始まっています。",
        ),
    ],
    not_this: &[
        text(
            "l2_loop: in a ring of cables the frames of everybody come again, and not the ARP of two alone.",
            "l2_loop: ケーブルのループでは、2台のARPだけでなく、すべての機器のフレームが戻ってきます。",
        ),
        text(
            "arp_storm: one device asks for many addresses, one after the other; here two say again and again that one is theirs.",
            "arp_storm: 1台が次々と多くのアドレスを問い合わせます。この原因では、2台が1つのアドレスを自分のものだと繰り返します。",
        ),
        text(
            "Routers that share an address by VRRP or HSRP, a proxy that answers for others, and a sleep proxy announce it once, when it changes hands.",
            "VRRPやHSRPでアドレスを共有するルーター、代理で応答する機器、スリーププロキシの告知は、担当が替わるときの1回だけです。",
        ),
    ],
    numbers: &[("before", BEFORE.as_secs()), ("mostly", (MOSTLY * 100.0) as u64), ("even", EVEN_PERCENT as u64)],
    sources: &[
        Source::Rfc(5227, "IPv4 Address Conflict Detection", "2.4"),
        Source::Rfc(5798, "Virtual Router Redundancy Protocol (VRRP) Version 3 for IPv4 and IPv6", "6.4"),
    ],
};
