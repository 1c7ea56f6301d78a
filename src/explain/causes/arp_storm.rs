//! One host asks by ARP without pause: a scanner without a limit, a worm, or a router through which somebody scans.

use super::protocol_storm::Trade;
use super::{Cause, Times};
use crate::explain::attribution::Circulating;
use crate::explain::finding::Finding;
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

    fn about(&self) -> &'static str {
        "One device asks by ARP for one address after the other, and everybody has to listen."
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
