//! A host looks for a DHCP server without pause. The server that answers it by broadcast is not to blame.

use super::chatty_source::{LOUD, OWN, RING, ownership};
use super::protocol_storm::Trade;
use super::{Cause, Times};
use crate::detect::Talker;
use crate::detect::segment::TalkerKey;
use crate::explain::attribution::Circulating;
use crate::explain::finding::Finding;
use crate::explain::page::{Page, Source, frames, text};
use crate::explain::scene::Scene;
use crate::model::MacAddr;
use crate::model::frames::Protocol;
use crate::model::verdict::Verdict;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

const TRADE: Trade = Trade {
    cause: "dhcp_storm",
    noun: "DHCP messages",
    does: |(_, protocol), _| *protocol == Protocol::Dhcp,
    claim: "One device asks for an address by DHCP, without pause",
    expected: "a few, each twice as long after the one before (4 s, 8 s, 16 s)",
    filter: "(dhcp || dhcpv6)",
    then: "see why it gets no address, and restart it.",
    advice: &[
        "Then: see why it gets no address: a server that has none left, two servers, a port in the wrong network (VLAN), or a faulty driver. Restart it, and update its software.",
        "A program that empties the address pool on purpose does the same: then keep the device off the network.",
    ],
};

/// `dhcp_storm`.
pub(super) struct DhcpStorm;

impl Cause for DhcpStorm {
    fn id(&self) -> &'static str {
        TRADE.cause
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
        let mut senders = TRADE.senders(scene, taken);
        let asks = |sent: &[(&TalkerKey, &Talker)]| sent.iter().any(|(_, talker)| is_client(talker));
        // Where somebody asks, those that have an address and broadcast as well are answering.
        let answering = if senders.values().any(|sent| asks(sent)) {
            let servers = senders.iter().filter(|(_, sent)| !asks(sent)).map(|(mac, _)| *mac);
            servers.collect::<BTreeSet<_>>()
        } else {
            BTreeSet::new()
        };
        senders.retain(|mac, _| !answering.contains(mac));
        let mut findings = Vec::new();
        for sent in senders.into_values() {
            let own = sent.iter().filter_map(|(key, talker)| ownership(scene, circulating, key, talker));
            let own = own.max_by(|one, other| one.confidence.total_cmp(&other.confidence));
            findings.extend(own.and_then(|own| TRADE.finding(scene, &sent, own)));
        }
        if let Some(first) = findings.first_mut() {
            first.macs.extend(answering);
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

/// Asks, and does not answer: from no address, or to the servers and relays of DHCPv6 (ff02::1:2; RFC 8415, 7.1).
fn is_client(talker: &Talker) -> bool {
    let servers = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
    talker.ips.iter().any(IpAddr::is_unspecified) || talker.groups.contains(&IpAddr::V6(servers))
}

const PAGE: Page = Page {
    about: text(
        "One device asks for an address by DHCP without pause.",
        "1台の機器が、DHCPでアドレスを要求し続けています。",
    ),
    recognised: &[
        frames(
            "What counts is DHCP and DHCPv6. Where somebody asks (from no address, or to the servers' group ff02::1:2), whoever only answers by broadcast is left out: the server is not to blame.",
            "数えるのはDHCPとDHCPv6です。要求する機器（アドレスなし、またはサーバーのグループff02::1:2宛て）がある場合、ブロードキャストで応答しているだけの機器は除きます。サーバーは原因ではありません。",
        ),
        LOUD,
        OWN,
    ],
    not_this: &[
        text(
            "After a power cut many devices ask at once, each a few times and at growing intervals.",
            "停電からの復旧時には多くの機器が一斉に要求しますが、それぞれ数回だけで、間隔は広がります。",
        ),
        RING,
    ],
    numbers: &[],
    sources: &[
        Source::Rfc(2131, "Dynamic Host Configuration Protocol", "4.1"),
        Source::Rfc(8415, "Dynamic Host Configuration Protocol for IPv6 (DHCPv6)", "15"),
    ],
};
