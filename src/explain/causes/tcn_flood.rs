//! Flooding that follows changes of the spanning tree: with each, every bridge forgets in seconds where everybody is (IEEE
//! 802.1D-2004, 17.11), and sends unicasts to all until it has learned it again. A port whose link flaps, and that is not
//! set as an edge, is enough.

use super::unknown_unicast_flood::{FLOODS, finding};
use super::{Cause, Times};
use crate::explain::attribution::Circulating;
use crate::explain::counted::{CounterFinding, CounterScene, OCTETS_ALONE, Relearning, SourcePort, counted};
use crate::explain::finding::Finding;
use crate::explain::page::{Page, STP_TROUBLE, Source, bridge_mib, counters, text};
use crate::explain::scene::Scene;
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::verdict::{Severity, Verdict};
use std::collections::BTreeSet;
use std::sync::Arc;

/// `tcn_flood`.
pub(super) struct TcnFlood;

impl TcnFlood {
    /// The tree has changed more than once, and what is flooded in between is less than all.
    fn of(&self, scene: &CounterScene<'_>, relearned: &Relearning) -> CounterFinding {
        let evidence = [
            counted(
                "The spanning tree changes again and again".to_owned(),
                format!("dot1dStpTopChanges of {} has risen by {}", relearned.target, relearned.changes),
                "no change while no cable is touched".to_owned(),
            ),
            counted(
                "Unicasts go out of ports for which they are not".to_owned(),
                format!(
                    "at least {} a second out of nearly every port, of the {} a second that come in at {} {}",
                    words::number(relearned.least_pps.round() as u64),
                    words::number(relearned.pps.round() as u64),
                    relearned.target,
                    relearned.source
                ),
                "out of the receiver's port alone".to_owned(),
            ),
        ];
        let mut found = CounterFinding::new(self.id(), 0.75, scene, &[]);
        found.finding.evidence.extend(evidence);
        let critical = relearned.pps >= scene.thresholds.critical_pps as f64;
        found.finding.severity = if critical { Severity::Storm } else { Severity::Warning };
        found.finding.rate = relearned.pps.round() as u64;
        (found.finding.started, found.finding.last) = (relearned.since, relearned.last);
        // That no polled port brings it in is not so here.
        found.finding.lacks.remove(0);
        if relearned.octets {
            found.finding.lacks.push(OCTETS_ALONE.to_owned());
        }
        found.ports = vec![(Arc::clone(&relearned.target), Arc::clone(&relearned.source))];
        // Whoever sends at that time is not the one whose link goes up and down.
        found.label = None;
        found
    }
}

impl Cause for TcnFlood {
    fn id(&self) -> &'static str {
        "tcn_flood"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, _: &Scene<'_>, _: &[Circulating<'_>], _: &BTreeSet<MacAddr>) -> Vec<Finding> {
        Vec::new()
    }

    fn count(&self, scene: &CounterScene<'_>, _: &[&SourcePort]) -> Vec<CounterFinding> {
        if let Some(relearned) = scene.relearned {
            return vec![self.of(scene, relearned)];
        }
        let flooding = scene.unicasts.filter(|_| scene.tree_changed);
        let evidence = counted(
            "The spanning tree has just changed".to_owned(),
            "dot1dStpTimeSinceTopologyChange is below five minutes".to_owned(),
            "no change while no cable is touched".to_owned(),
        );
        let found = flooding.and_then(|flooding| finding(self.id(), 0.7, scene, flooding));
        let found = found.map(|found| CounterFinding { label: None, ..found.because(Some(evidence)) });
        found.into_iter().collect()
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        format!(
            "Flood {}: the spanning tree has changed, and switches send {} unicasts a second to every port until they know \
             again where everybody is. Now: find the port whose link goes up and down. Then: set ports to computers and \
             other devices as edge ports.",
            times.span(verdict),
            words::about(verdict.peak_pps),
        )
    }

    fn remedy(&self, _: &Verdict) -> Vec<String> {
        vec![
            "Now: look in the switches' logs, or at their lights, for a port whose link goes up and down; change its cable or \
             unplug it."
                .to_owned(),
            "Then: set every port to a single device as an edge port (PortFast): its link then changes no tree.".to_owned(),
        ]
    }
}

const PAGE: Page = Page {
    about: text(
        "The spanning tree changes again and again, and with each change switches flood until they have learned anew.",
        "スパニングツリーが何度も変化し、そのたびにスイッチがアドレスを学習し直すまで全ポートへ送信しています。",
    ),
    recognised: &[
        FLOODS,
        counters(
            "The spanning tree has changed (dot1dStpTopChanges is above zero), and last within {tree_change} s (dot1dStpTimeSinceTopologyChange).",
            "スパニングツリーが変化しており（dot1dStpTopChangesが1以上）、最後の変化は{tree_change}秒以内です（dot1dStpTimeSinceTopologyChange）。",
        ),
        counters(
            "Or dot1dStpTopChanges rises again and again, and meanwhile unicasts that come in at one port go out of nearly all others.",
            "または、dot1dStpTopChangesが何度も増え、その間、1つのポートから入ったユニキャストがほとんどすべてのポートから出ています。",
        ),
    ],
    not_this: &[
        text(
            "unknown_unicast_flood: the same flood while the tree is at rest.",
            "unknown_unicast_flood: 同じ現象ですが、スパニングツリーは変化していません。",
        ),
        text(
            "l2_loop: a ring changes the tree as well, but multicasts and broadcasts circle in it, and addresses move from port to port.",
            "l2_loop: 輪もスパニングツリーを変化させますが、マルチキャストとブロードキャストが回り、アドレスがポートを移り続けます。",
        ),
    ],
    numbers: &[("tree_change", crate::explain::counted::TREE_CHANGE.as_secs())],
    sources: &[
        Source::Other("IEEE 802.1D-2004, 17.11: Updating learned station location information", ""),
        bridge_mib("dot1dStpTopChanges"),
        STP_TROUBLE,
    ],
};
