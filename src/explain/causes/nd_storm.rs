//! One host sends neighbour discovery without pause, mostly solicitations: the ARP storm of IPv6.

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

    fn about(&self) -> &'static str {
        "One device sends IPv6 neighbour discovery messages without pause."
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
