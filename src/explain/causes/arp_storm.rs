//! One host asks by ARP without pause: a scanner without a limit, a worm, or a router through which somebody scans.

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
    cause: "arp_storm",
    noun: "ARP requests",
    does: |(_, protocol), _| *protocol == Protocol::Arp,
    claim: "One device asks everybody by ARP, without pause",
    expected: "a host asks for the few it talks to, once a minute or so each",
    filter: "arp",
    then: "look for a network scanner or malware on it before it comes back.",
    advice: &[
        "Then: look for a program on it that scans the network (an inventory or camera finder, a badly set monitoring tool, malware), and remove it or limit its rate.",
        "If it is a router: somebody behind it, or on the Internet, may be scanning your addresses through it. Look at its log, and block that at its firewall.",
    ],
};

/// `arp_storm`.
pub(super) struct ArpStorm;

impl Cause for ArpStorm {
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
        "One device asks by ARP for one address after the other, and everybody has to listen.",
        "1台の機器が、ARPで次々とアドレスを問い合わせ、すべての機器が受信しなければなりません。",
    ),
    recognised: &[
        frames(
            "What counts is ARP: requests and announcements alike.",
            "数えるのはARPです。要求と告知の両方を含みます。",
        ),
        LOUD,
        OWN,
    ],
    not_this: &[
        RING,
        text(
            "A scan that you have started yourself looks the same, and ends when it has been through the addresses.",
            "ご自身で実行したネットワークのスキャンも同じように見えますが、アドレスを一巡すると終わります。",
        ),
        text(
            "A router that looks for every address of its LAN is scanned from outside: it sends, but who makes it do so is elsewhere.",
            "ルーターがLANのアドレスを次々と探している場合は、外部からスキャンされています。送信元はルーターですが、原因は別の場所にあります。",
        ),
    ],
    numbers: &[],
    sources: &[
        Source::Rfc(826, "An Ethernet Address Resolution Protocol", ""),
        Source::Rfc(1122, "Requirements for Internet Hosts -- Communication Layers", "2.3.2.1"),
    ],
};
