//! Media by multicast that goes to everybody because no switch knows who wants it, and drowns ports that are too slow for
//! it. Its rate alone is no fault: what is lost, or how full a port is, makes it one.

use super::{Cause, Times};
use crate::explain::attribution::Circulating;
use crate::explain::counted::{CounterFinding, CounterScene, SourcePort, counted};
use crate::explain::finding::Finding;
use crate::explain::page::{Page, Source, counters, if_mib, text};
use crate::explain::scene::Scene;
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::verdict::{Severity, Verdict};
use std::collections::BTreeSet;

/// `stream_flood`.
pub(super) struct StreamFlood;

impl Cause for StreamFlood {
    fn id(&self) -> &'static str {
        "stream_flood"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, _: &Scene<'_>, _: &[Circulating<'_>], _: &BTreeSet<MacAddr>) -> Vec<Finding> {
        Vec::new()
    }

    fn count(&self, scene: &CounterScene<'_>, _: &[&SourcePort]) -> Vec<CounterFinding> {
        let Some(media) = scene.media else { return Vec::new() };
        let storm = media.discards_pps >= scene.thresholds.storm_pps as f64;
        let severity = if storm { Severity::Storm } else { Severity::Warning };
        let found = CounterFinding::of_flood(self.id(), 0.8, scene, media, severity);
        let evidence = media.harm().map(|harm| {
            counted(
                "Long multicast frames go out of every port, and ports can't take them".to_owned(),
                harm,
                "only to ports where somebody watches".to_owned(),
            )
        });
        found.map(|found| found.because(evidence)).into_iter().collect()
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        let port = verdict.culprit.as_ref().and_then(|culprit| culprit.port.as_deref()).unwrap_or("one port");
        format!(
            "No storm, but a flood {}: a multicast stream of {} packets a second that comes in at {port} goes to every port, \
             and some are too slow for it. Now: turn on IGMP snooping in the switch. Then: see that one device in the LAN \
             is the IGMP querier.",
            times.span(verdict),
            words::about(verdict.peak_pps),
        )
    }

    fn remedy(&self, _: &Verdict) -> Vec<String> {
        vec![
            "Now: turn on IGMP snooping in every switch on the way, so that the stream goes where somebody watches.".to_owned(),
            "Then: see that one device is the IGMP querier (the router, or a switch): without one, snooping forgets who \
             watches after some minutes and floods again."
                .to_owned(),
            "If the stream must reach slow ports or Wi-Fi, let the access point turn multicasts into unicasts.".to_owned(),
        ]
    }
}

const PAGE: Page = Page {
    about: text(
        "A multicast stream (television, cameras, disk images) floods every port, because no switch knows who wants it.",
        "どの機器が視聴しているかをスイッチが知らないため、マルチキャストの映像など（テレビ、カメラ、ディスクイメージ）がすべてのポートへ流れています。",
    ),
    recognised: &[
        counters(
            "Multicasts of {stream_octets} octets or more on average that come in at one port go out of all others, {storm_pps} a second or more, in {confirm_polls} renewed polls.",
            "1つのポートから入った平均{stream_octets}オクテット以上のマルチキャストが、毎秒{storm_pps}個以上、ほかのすべてのポートから出ています。更新されたポーリング{confirm_polls}回で確認します。",
        ),
        counters(
            "It does harm: ports drop packets, or one of them is short of room. It is a storm if {storm_pps} packets a second are dropped, and a warning below. The rate alone is no fault.",
            "実害があります。ポートでパケットが破棄されているか、帯域の余裕がなくなっています。破棄が毎秒{storm_pps}個からストーム、それ未満は警告とします。流量が多いだけでは異常としません。",
        ),
        counters(
            "Where an agent counts octets alone, as many frames to groups as carry that much are captured in the same LAN. Without a capture it is `unexplained`, with its port.",
            "エージェントがオクテットだけを数える場合は、同じLANで、その量に見合うグループ宛てのフレームがキャプチャされていることを確かめます。キャプチャがなければ、ポートを示したうえで`unexplained`とします。",
        ),
    ],
    not_this: &[
        text(
            "l3_reflector, l2_loop: what circles is mostly short, as discovery and ARP are.",
            "l3_reflector、l2_loop: 回り続けるのは、機器の探索やARPなど、多くは短いフレームです。",
        ),
        text(
            "Television, cameras or audio that reach only those who listen, or that every port has room for, are healthy.",
            "テレビ、カメラ、音声のマルチキャストが、受信する機器だけに届いている場合や、どのポートにも余裕がある場合は正常です。",
        ),
    ],
    numbers: &[],
    sources: &[
        Source::Rfc(4541, "Considerations for IGMP and MLD Snooping Switches", "2.1.2"),
        if_mib("ifOutDiscards"),
    ],
};
