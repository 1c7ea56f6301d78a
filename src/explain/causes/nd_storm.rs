//! One host sends neighbour discovery without pause, mostly solicitations: the ARP storm of IPv6.

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
    cause: "nd_storm",
    noun: "neighbour discovery messages",
    does: |(_, protocol), _| *protocol == Protocol::Nd,
    claim: "One device sends neighbour discovery to everybody, without pause",
    expected: "a host asks for the few it talks to; a router advertises itself every few seconds at most",
    filter: "icmpv6.type >= 133 && icmpv6.type <= 137",
    then: "update its software, and look for a scanner on it, or behind it if it is a router.",
    advice: &[
        "Then: update its system and network driver, and look for a program on it that scans the network.",
        "If it is a router: somebody may be scanning your IPv6 addresses from outside, and the router looks for each of them. Block that at its firewall.",
    ],
};

/// `nd_storm`.
pub(super) struct NdStorm;

impl Cause for NdStorm {
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
        "One device sends IPv6 neighbour discovery messages without pause.",
        "1台の機器が、IPv6の近隣探索メッセージを送り続けています。",
    ),
    recognised: &[
        frames(
            "What counts is IPv6 neighbour discovery: solicitations and advertisements of routers and neighbours (ICMPv6 types 133 to 137).",
            "数えるのはIPv6の近隣探索です。ルーターと近隣の要請と広告（ICMPv6タイプ133～137）を含みます。",
        ),
        LOUD,
        OWN,
    ],
    not_this: &[
        text(
            "ethertype_bridge_loop: there the frames of several hosts come again and again.",
            "ethertype_bridge_loop: 複数の機器のフレームが繰り返し戻ってきます。",
        ),
        RING,
        text(
            "A router that looks for one address after the other is scanned from outside; that is stopped at its firewall.",
            "ルーターが次々とアドレスを探している場合は、外部からスキャンされています。ファイアウォールで止められます。",
        ),
    ],
    numbers: &[],
    sources: &[
        Source::Rfc(4861, "Neighbor Discovery for IP version 6 (IPv6)", "7.2.2"),
        Source::Rfc(6583, "Operational Neighbor Discovery Problems", ""),
    ],
};
