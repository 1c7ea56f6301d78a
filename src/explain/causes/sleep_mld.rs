//! A computer sleeps, and its network card repeats the MLD reports that it keeps for it, thousands of times a second.

use super::chatty_source::{LOUD, OWN, Ownership};
use super::protocol_storm::Trade;
use super::{Cause, ONE_LAP, Times};
use crate::detect::Talker;
use crate::detect::segment::TalkerKey;
use crate::explain::attribution::{Circulating, Role};
use crate::explain::finding::Finding;
use crate::explain::page::{Page, Source, frames, text};
use crate::explain::scene::Scene;
use crate::model::MacAddr;
use crate::model::frames::Protocol;
use crate::model::verdict::Verdict;
use std::collections::BTreeSet;
use std::net::IpAddr;

const TRADE: Trade = Trade {
    cause: "sleep_mld",
    noun: "MLD reports",
    does: |(_, protocol), talker| {
        *protocol == Protocol::Mld && talker.to_all_hosts.busiest() * 2 <= talker.seconds.busiest()
    },
    claim: "One device reports its IPv6 group memberships (MLD), without pause",
    expected: "one report per group in two minutes",
    filter: "(icmpv6.type == 131 || icmpv6.type == 143)",
    then: "update its network driver, or turn its wake-on-LAN off.",
    advice: &[
        "Then: wake the computer. If the flood ends with its sleep, update the driver of its network card (Intel I217 and I218 are known for it) and its BIOS.",
        "Until there is a good driver: turn off wake-on-LAN, or the protocol offload for sleep (ARP and NS offload) in its settings, or IPv6 on that card.",
    ],
};

/// `sleep_mld`.
pub(super) struct SleepMld;

impl Cause for SleepMld {
    fn id(&self) -> &'static str {
        TRADE.cause
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
        let mut findings = TRADE.judge(scene, circulating, taken);
        let known = findings.iter().flat_map(|found| found.macs.iter().copied());
        let known = known.chain(taken.iter().copied()).collect::<BTreeSet<_>>();
        for (mac, sent) in TRADE.senders(scene, &known) {
            let own = same_few(scene, circulating, mac, &sent);
            findings.extend(own.and_then(|own| TRADE.finding(scene, &sent, own)));
        }
        findings
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        TRADE.sentence(verdict, times)
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        TRADE.remedy(verdict)
    }
}

/// The same few reports over and over, and nothing else circles. With frames lost, the original of a copy may be among them,
/// from another MAC: but not where the address is made of this one. A ring for IPv6 alone looks like this only if a host that
/// joins groups says nothing else: a host that joins has asked for its neighbours before (RFC 4862, 5.4), and that would circle.
fn same_few(
    scene: &Scene<'_>,
    circulating: &[Circulating<'_>],
    mac: MacAddr,
    sent: &[(&TalkerKey, &Talker)],
) -> Option<Ownership> {
    let limit = scene.thresholds.replica_copies;
    let mut reports = 0;
    for one in circulating.iter().filter(|one| one.goes_on(limit)) {
        let replica = &one.track.replica;
        let its = replica.first_mac == mac && replica.senders.len() == 1 && replica.protocol == Protocol::Mld;
        // What was on the wire when we came may have had another sender, but not if its address is made of this one's (and no
        // router forwards what is link-local: RFC 4291, 2.5.6).
        let from_it = replica.warm || replica.ip.is_some_and(|ip| mac.is_in(ip));
        if !its || !from_it || matches!(one.role, Role::Forwarded(_)) {
            return None;
        }
        reports += 1;
    }
    let since = sent.iter().map(|(_, talker)| talker.busy_since).min()?;
    let once = |((other, protocol), talker): (&TalkerKey, &Talker)| {
        let v4 = *protocol == Protocol::Arp || talker.ips.iter().any(IpAddr::is_ipv4);
        *other != mac
            && v4
            && talker.last >= since
            && scene.at.since(talker.last) >= ONE_LAP
            && !talker.repeats_itself()
    };
    let others = scene.segment.talkers.iter().any(once);
    let its_own = sent.iter().all(|(_, talker)| talker.ips.iter().all(|ip| mac.is_in(*ip)));
    (reports > 1 && others && (scene.segment.dropped == 0 || its_own)).then_some(Ownership {
        confidence: 0.75,
        proof: None,
        repeats: true,
    })
}

const PAGE: Page = Page {
    about: text(
        "A sleeping computer's network card repeats its IPv6 group memberships (MLD) without pause.",
        "スリープ中のコンピューターのネットワークカードが、IPv6のグループ参加（MLD）の通知を繰り返しています。",
    ),
    recognised: &[
        frames(
            "What counts is MLD, of which at most half goes to all hosts: it is reports, and not queries.",
            "数えるのはMLDです。全ホスト宛ては半分以下で、クエリではなくレポートです。",
        ),
        LOUD,
        OWN,
        frames(
            "If the same few reports come over and over: they were heard from the first on and with no frame lost, or come from an address that is made of the MAC; nothing else circles, and ARP or IPv4 of another host came once.",
            "同じ数個のレポートが繰り返される場合は、最初から損失なく受信しているか、アドレスがMACアドレスから作られたもので、ほかに回り続けるものがなく、別の機器のARPかIPv4が1回だけ届いていることを確かめます。",
        ),
    ],
    not_this: &[
        text("query_storm: queries go to all hosts.", "query_storm: クエリは全ホスト宛てです。"),
        text(
            "ethertype_bridge_loop: there the frames of several hosts circle, and neighbour discovery as well.",
            "ethertype_bridge_loop: 複数の機器のフレームが回り、近隣探索も回ります。",
        ),
    ],
    numbers: &[],
    sources: &[
        Source::Other(
            "T. Baschak, Sleep Talking: three sleeping computers with Intel I217-LM, about 3,300 packets a second",
            "https://bgp.guru/2015/02/10/sleep-talking/",
        ),
        Source::Rfc(3810, "Multicast Listener Discovery Version 2 (MLDv2) for IPv6", ""),
    ],
};
