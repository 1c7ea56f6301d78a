//! Unicasts to an address that the switch does not know (any more): it sends them to everybody. Devices that only listen,
//! or an ARP table that outlives the forwarding table, do that.

use super::{Cause, Times};
use crate::explain::attribution::Circulating;
use crate::explain::counted::{CounterFinding, CounterScene, Flooding, SourcePort, TREE_CHANGE, counted};
use crate::explain::finding::Finding;
use crate::explain::page::{Page, Sign, Source, bridge_mib, counters, text};
use crate::explain::scene::Scene;
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::verdict::{Severity, Verdict};
use std::collections::BTreeSet;

/// `unknown_unicast_flood`.
pub(super) struct UnknownUnicastFlood;

impl Cause for UnknownUnicastFlood {
    fn id(&self) -> &'static str {
        "unknown_unicast_flood"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, _: &Scene<'_>, _: &[Circulating<'_>], _: &BTreeSet<MacAddr>) -> Vec<Finding> {
        Vec::new()
    }

    fn count(&self, scene: &CounterScene<'_>, _: &[&SourcePort]) -> Vec<CounterFinding> {
        let flooding = scene.unicasts.filter(|_| !scene.tree_changed && scene.relearned.is_none());
        flooding.and_then(|flooding| finding(self.id(), 0.75, scene, flooding)).into_iter().collect()
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        let port = verdict.culprit.as_ref().and_then(|culprit| culprit.port.as_deref()).unwrap_or("one port");
        format!(
            "Flood {}: {} unicasts a second that come in at {port} go to every port, because the switch does not know where \
             their receiver is. Now: see which device they are for, and let it send something. Then: make the switch's \
             forwarding table live longer than the senders' ARP tables. The sender is not at fault.",
            times.span(verdict),
            words::about(verdict.peak_pps),
        )
    }

    fn remedy(&self, _: &Verdict) -> Vec<String> {
        vec![
            "Now: find the receiver (a capture shows the address that all these frames go to). A ping to it makes it answer, \
             and the switch learns its port again."
                .to_owned(),
            "Then: set the switch's address ageing above the ARP timeout of the senders (300 s against up to 4 hours on \
             routers), or give the receiver something to say now and then."
                .to_owned(),
        ]
    }
}

/// A finding about unicasts that a switch floods.
pub(super) fn finding(
    cause: &'static str,
    confidence: f64,
    scene: &CounterScene<'_>,
    flooding: &Flooding,
) -> Option<CounterFinding> {
    let (source, pps) = flooding.flood.sources.first()?;
    let evidence = counted(
        "Unicasts go out of every port".to_owned(),
        if flooding.flood.beside > 0.0 {
            format!(
                "{} a second come in at {} {source} and go out of {} ports, beside {} that go out of one each",
                words::number(pps.round() as u64),
                flooding.target,
                flooding.flood.ports - 1,
                words::number(flooding.flood.beside.round() as u64)
            )
        } else {
            format!(
                "{} a second come in at {} {source}; out of each port goes what comes in at the others, to {:.0} %",
                words::number(pps.round() as u64),
                flooding.target,
                flooding.flood.residual * 100.0
            )
        },
        "out of the receiver's port alone".to_owned(),
    );
    let critical = *pps >= scene.thresholds.critical_pps as f64;
    let severity = if critical { Severity::Storm } else { Severity::Warning };
    let found = CounterFinding::of_flood(cause, confidence, scene, flooding, severity)?;
    Some(found.because(Some(evidence)))
}

/// A switch floods unicasts.
pub(super) const FLOODS: Sign = counters(
    "Unicasts that come in at one port go out of all others, {storm_pps} a second or more: out of each port goes what comes in at the others, to within {residual} %; or, among other traffic, so many more go out than come in that each port has got a copy. In {confirm_polls} renewed polls.",
    "1つのポートから入ったユニキャストが、毎秒{storm_pps}個以上、ほかのすべてのポートから出ています。各ポートから出る量が、ほかのポートに入る量の合計と{residual} %以内で一致するか、ほかの通信に混じって、各ポートに1個ずつ複製された分だけ、出る量の合計が入る量より多くなっています。更新されたポーリング{confirm_polls}回で確認します。",
);

const PAGE: Page = Page {
    about: text(
        "Traffic between two devices goes to every port, because the switch has forgotten where one of them is.",
        "スイッチが受信側の場所を忘れたため、2台の間の通信がすべてのポートへ流れています。",
    ),
    recognised: &[
        FLOODS,
        counters(
            "Where an agent counts octets alone, what is flooded is unicasts if frames captured in the same LAN show less than a quarter of it, each frame taken to be as long as it can, and those that the capture lost to be of groups.",
            "エージェントがオクテットだけを数える場合は、同じLANでキャプチャしたフレームが、すべて最大長で、取りこぼしたフレームがすべてグループ宛てだったとしても4分の1に満たないとき、流れているのはユニキャストです。",
        ),
        counters(
            "The spanning tree has not changed within {tree_change} s. It is a storm from {critical_pps} a second on, and a warning below.",
            "スパニングツリーは{tree_change}秒以内に変化していません。毎秒{critical_pps}個からストーム、それ未満は警告とします。",
        ),
    ],
    not_this: &[
        text(
            "tcn_flood: the same flood, because the spanning tree changes.",
            "tcn_flood: 同じ現象ですが、スパニングツリーの変化が原因です。",
        ),
        text(
            "stream_flood: multicasts go to every port, and not unicasts.",
            "stream_flood: すべてのポートへ流れるのは、ユニキャストではなくマルチキャストです。",
        ),
        text(
            "A mirror port (SPAN) gets the traffic of others by design; the other ports of the switch do not.",
            "ミラーポート（SPAN）にはほかの機器の通信が仕様どおり流れますが、スイッチのほかのポートには流れません。",
        ),
    ],
    numbers: &[("tree_change", TREE_CHANGE.as_secs())],
    sources: &[
        bridge_mib("dot1dTpAgingTime"),
        Source::Other(
            "NetworkLessons: Unicast flooding due to asymmetric routing",
            "https://networklessons.com/cisco/ccnp-switch/unicast-flooding-due-to-asymmetric-routing",
        ),
    ],
};
