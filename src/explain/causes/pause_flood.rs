//! A network card that hangs and sends pause frames (IEEE 802.3, annex 31B) without end: the switch holds back everything for
//! its port, and a switch that has one buffer for all ports soon holds back everything. No switch passes a pause frame on, so
//! that only the one at the other end of the cable sees them, and counts them (EtherLike-MIB).

use super::chatty_source::{finding, ownership, suspects};
use super::{Cause, Times};
use crate::explain::attribution::Circulating;
use crate::explain::counted::{CounterFinding, CounterScene, Paused, STARVED_OCTETS, SourcePort, counted};
use crate::explain::finding::Finding;
use crate::explain::page::{Page, Source, counters, if_mib, text};
use crate::explain::scene::Scene;
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::frames::Protocol;
use crate::model::verdict::{Severity, Verdict};
use crate::observe::topology::Role;
use std::collections::BTreeSet;

/// `pause_flood`.
pub(super) struct PauseFlood;

impl PauseFlood {
    fn of(&self, scene: &CounterScene<'_>, paused: &Paused) -> CounterFinding {
        let port = &paused.port;
        // Behind an uplink it may be a switch that is held up itself.
        let confidence = if port.role == Role::Uplink { 0.7 } else { 0.9 };
        let mut found = CounterFinding::new(self.id(), confidence, scene, &[]);
        found.finding.evidence = vec![
            counted(
                format!("Pause frames come in at {}, again and again", port.label),
                format!("{} a second (dot3InPauseFrames)", words::number(port.pps.round() as u64)),
                "none, or a few when the device at its other end is busy".to_owned(),
            ),
            counted(
                format!("Hardly anything goes out of {}", port.label),
                format!(
                    "{} octets a second; {} packets a second are dropped",
                    words::number(paused.out_octets.round() as u64),
                    words::number(paused.discards_pps.round() as u64)
                ),
                "a device that is only busy still takes in what it can".to_owned(),
            ),
        ];
        // What the frames are is known here, and who brings them too.
        found.finding.lacks = Vec::new();
        found.finding.severity = Severity::Storm;
        found.finding.protocol = Protocol::Pause;
        found.finding.rate = port.pps.round() as u64;
        (found.finding.started, found.finding.last) = (port.since, port.last);
        found.ports = vec![port.key()];
        found.label = Some(port.label.clone());
        found.blaming(port.device())
    }
}

impl Cause for PauseFlood {
    fn id(&self) -> &'static str {
        "pause_flood"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    /// A capture at the cable itself (a tap, a card that hands them on) shows the frames, and so who sends them.
    fn judge(&self, scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
        let sent = suspects(scene).filter(|(key, _)| key.1 == Protocol::Pause && !taken.contains(&key.0));
        let found = sent.filter_map(|(key, talker)| {
            let own = ownership(scene, circulating, key, talker)?;
            Some(Finding { cause: self.id(), ..finding(scene, key, talker, own) })
        });
        found.collect()
    }

    fn count(&self, scene: &CounterScene<'_>, _: &[&SourcePort]) -> Vec<CounterFinding> {
        scene.paused.iter().map(|paused| self.of(scene, paused)).collect()
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        let culprit = verdict.culprit.as_ref();
        let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
        if let Some(sender) = culprit.filter(|culprit| culprit.port.is_none() && culprit.mac.is_some()) {
            return format!(
                "Flood {}: {} {} {} pause frames a second, which hold back everything that is for it. {now}: pull its cable, \
                 and restart it. Then: update its network driver, and turn flow control (802.3x) off there.",
                times.span(verdict),
                words::device(sender, "device"),
                if verdict.ended.is_some() { "sent" } else { "sends" },
                words::about(verdict.peak_pps),
            );
        }
        let port = culprit.and_then(|culprit| culprit.port.as_deref()).unwrap_or("one port");
        let device = culprit.filter(|culprit| culprit.mac.is_some());
        let device = device.map_or_else(|| "the device there".to_owned(), |culprit| words::device(culprit, "device"));
        let verb = if verdict.ended.is_some() { "held" } else { "holds" };
        format!(
            "Flood {}: {} pause frames a second come in at {port}, and the switch {verb} back everything that is for it. \
             {now}: pull the cable at {port}, and restart {device}. Then: update its network driver, and turn flow control \
             (802.3x) off at that port.",
            times.span(verdict),
            words::about(verdict.peak_pps),
        )
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        let port = verdict.culprit.as_ref().and_then(|culprit| culprit.port.as_deref()).unwrap_or("that port");
        let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
        vec![
            format!(
                "{now}: pull the cable at {port}, or switch off what is connected there. If it is asleep or hangs, restart it."
            ),
            "Then: update the driver and the firmware of its network card, and turn flow control (802.3x, pause) off there \
             or at the switch's port."
                .to_owned(),
            "If a switch is connected there: look at its ports for the one at which pause frames come in; it only passes \
             on that it is held up."
                .to_owned(),
        ]
    }
}

const PAGE: Page = Page {
    about: text(
        "A hung network card sends pause frames without end, and the switch holds back everything that is for it.",
        "異常になったネットワークカードがポーズフレームを送り続け、スイッチがその宛先への送信をすべて止めています。",
    ),
    recognised: &[
        counters(
            "At one port {storm_pps} pause frames a second or more come in (dot3InPauseFrames), in {confirm_polls} renewed readings in a row. No frame that is captured elsewhere shows them: a switch passes none on.",
            "1つのポートに、毎秒{storm_pps}個以上のポーズフレームが、更新された読み取りで{confirm_polls}回続けて入っています（dot3InPauseFrames）。スイッチが転送しないため、ほかの場所のキャプチャでは見えません。",
        ),
        counters(
            "Meanwhile hardly anything goes out of it: {starved} octets a second at most.",
            "その間、そのポートからはほとんど何も出ていません（毎秒{starved}オクテット以下）。",
        ),
    ],
    not_this: &[
        text(
            "A device that is slower than what it is sent pauses its port all day, and takes in what it can: much goes out of the port.",
            "送られてくる量に処理が追いつかない機器も、ポートを何度も止めますが、受け取れる分は受け取るため、ポートからは多くが出ています。",
        ),
        text(
            "stream_flood: a port that is too slow drops packets as well, and sends as much as it can.",
            "stream_flood: 遅いポートでもパケットが破棄されますが、送れる分は送っています。",
        ),
    ],
    numbers: &[("starved", STARVED_OCTETS as u64)],
    sources: &[
        Source::Rfc(3635, "Definitions of Managed Objects for the Ethernet-like Interface Types", "dot3InPauseFrames"),
        Source::Other("IEEE 802.3, annex 31B: MAC Control PAUSE operation", ""),
        if_mib("ifOutDiscards"),
    ],
};
