//! General queries for group memberships (IGMP, MLD) without end: two queriers that outbid each other, or one that has lost its
//! timer. To all hosts nothing else is sent by these protocols.

use super::chatty_source::{LOUD, OWN, RING, ownership};
use super::protocol_storm::Trade;
use super::{Cause, Times};
use crate::detect::segment::TalkerKey;
use crate::explain::attribution::Circulating;
use crate::explain::finding::Finding;
use crate::explain::page::{Page, Source, frames, text};
use crate::explain::scene::Scene;
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::frames::Protocol;
use crate::model::verdict::{Evidence, Severity, Verdict};
use std::collections::BTreeSet;

const TRADE: Trade = Trade {
    cause: "query_storm",
    noun: "membership queries (IGMP, MLD)",
    does: |(_, protocol), talker| {
        matches!(protocol, Protocol::Igmp | Protocol::Mld)
            && talker.to_all_hosts.busiest() * 2 > talker.seconds.busiest()
    },
    claim: "One device asks everybody for group memberships, without pause",
    expected: "one general query every 125 seconds",
    filter: "(igmp.type == 0x11 || icmpv6.type == 130)",
    then: "leave one querier in the network, and turn IGMP and MLD queries off everywhere else.",
    advice: &[
        "Then: see which devices query (routers, switches with an IGMP snooping querier, access points), leave the one nearest to the router on, and turn the queriers of the others off.",
        "If it is the only querier: update its firmware, and set its query interval back to 125 s.",
    ],
};

/// General queries within a second that no working querier sends: the interval is 125 s, at start a quarter of it, and a group
/// that is left is asked for once a second (RFC 3376, 8.2, 8.6, 8.8).
const ASKS: u64 = 5;

/// `query_storm`.
pub(super) struct QueryStorm;

impl Cause for QueryStorm {
    fn id(&self) -> &'static str {
        TRADE.cause
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
        let found = TRADE.judge(scene, circulating, taken);
        if found.is_empty() { answered(scene, circulating, taken) } else { found }
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        TRADE.sentence(verdict, times)
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        TRADE.remedy(verdict)
    }
}

/// Queries that are few enough, and answers of all members to each of them that are not: who asks is the cause, and nobody
/// who answers.
fn answered(scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
    let control = &scene.segment.control;
    if control.over_now(scene.thresholds.critical_pps) < scene.thresholds.source_seconds {
        return Vec::new();
    }
    let speaks = |key: &TalkerKey| matches!(key.1, Protocol::Igmp | Protocol::Mld) && !taken.contains(&key.0);
    let members = || scene.segment.talkers.iter().filter(|(key, _)| speaks(key));
    let answers = members().map(|(_, talker)| talker.seconds.busiest()).sum::<u64>();
    if answers * 2 < control.busiest() {
        return Vec::new();
    }
    let askers = members().filter(|(_, talker)| talker.to_all_hosts.busiest() >= ASKS);
    let found = askers.filter_map(|(key, talker)| {
        let own = ownership(scene, circulating, key, talker)?;
        let mut found = TRADE.finding(scene, &vec![(key, talker)], own)?;
        found.severity = Severity::Storm;
        found.evidence.insert(
            1,
            Evidence {
                claim: "Every member answers every query".to_owned(),
                observed: format!("{} messages a second in all", words::number(answers)),
                expected: "a few for each query, spread over ten seconds".to_owned(),
                feed: "capture",
                display_filter: "igmp || icmpv6.type == 131 || icmpv6.type == 143".to_owned(),
                frame_numbers: None,
            },
        );
        Some(found)
    });
    found.collect()
}

const PAGE: Page = Page {
    about: text(
        "A querier asks for group memberships without pause, and every device has to answer.",
        "クエリアがグループ参加を問い合わせ続け、すべての機器が応答しなければなりません。",
    ),
    recognised: &[
        frames(
            "What counts is IGMP and MLD, of which more than half goes to all hosts (224.0.0.1, ff02::1): to them these protocols send nothing but general queries.",
            "数えるのはIGMPとMLDです。その半分を超える量が全ホスト宛て（224.0.0.1、ff02::1）で、この宛先に送られるのは一般クエリだけです。",
        ),
        LOUD,
        frames(
            "Or {asks} of them or more come within a second, and with the answers of all members there are {critical_pps} messages a second or more, most of them IGMP or MLD: who asks is named, and nobody who answers.",
            "または、1秒に{asks}個以上のクエリがあり、全メンバーの応答と合わせて毎秒{critical_pps}個以上のメッセージが流れ、その半分以上がIGMPかMLDです。名前を挙げるのは問い合わせる機器で、応答する機器ではありません。",
        ),
        OWN,
    ],
    not_this: &[
        text(
            "sleep_mld: reports go to the group that they are about, or to routers, and not to all hosts.",
            "sleep_mld: レポートの宛先は、そのグループかルーターで、全ホストではありません。",
        ),
        RING,
    ],
    numbers: &[("asks", ASKS)],
    sources: &[
        Source::Rfc(3376, "Internet Group Management Protocol, Version 3", "8.2"),
        Source::Rfc(3376, "Internet Group Management Protocol, Version 3", "6.6.2"),
        Source::Rfc(3810, "Multicast Listener Discovery Version 2 (MLDv2) for IPv6", "9.2"),
    ],
};
