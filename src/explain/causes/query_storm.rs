//! General queries for group memberships (IGMP, MLD) without end: two queriers that outbid each other, or one that has lost its
//! timer. To all hosts nothing else is sent by these protocols.

use super::chatty_source::{LOUD, OWN, RING};
use super::protocol_storm::Trade;
use super::{Cause, Times};
use crate::explain::attribution::Circulating;
use crate::explain::finding::Finding;
use crate::explain::page::{Page, Source, frames, text};
use crate::explain::scene::Scene;
use crate::model::MacAddr;
use crate::model::frames::Protocol;
use crate::model::verdict::Verdict;
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
        TRADE.judge(scene, circulating, taken)
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        TRADE.sentence(verdict, times)
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        TRADE.remedy(verdict)
    }
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
        OWN,
    ],
    not_this: &[
        text(
            "sleep_mld: reports go to the group that they are about, or to routers, and not to all hosts.",
            "sleep_mld: レポートの宛先は、そのグループかルーターで、全ホストではありません。",
        ),
        RING,
    ],
    numbers: &[],
    sources: &[
        Source::Rfc(3376, "Internet Group Management Protocol, Version 3", "8.2"),
        Source::Rfc(3376, "Internet Group Management Protocol, Version 3", "6.6.2"),
        Source::Rfc(3810, "Multicast Listener Discovery Version 2 (MLDv2) for IPv6", "9.2"),
    ],
};
