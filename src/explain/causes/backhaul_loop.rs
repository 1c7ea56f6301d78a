//! A mesh satellite (or a loudspeaker of a Sonos) that is wired and keeps its radio link, and bridges the two: a ring of
//! cables and radio. It looks like any ring, but the device opens it again and again, as its firmware notices and forgets it:
//! what circles stops, and begins anew.

use super::l2_loop::{CLEAN_SHARE, finding};
use super::{Cause, Times, bridged, groups, main_protocol, translators};
use crate::detect::bouts::Bout;
use crate::explain::attribution::Circulating;
use crate::explain::finding::{Finding, Suspect};
use crate::explain::page::{Page, STP_TROUBLE, WIRELESS, frames, text};
use crate::explain::scene::Scene;
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::frames::Protocol;
use crate::model::verdict::{Evidence, Severity, Verdict};
use std::collections::BTreeSet;
use std::time::Duration;

/// Somebody who pulls a cable and plugs it in again opens a ring once; twice within this time, and nobody is there.
const WITHIN: Duration = Duration::from_secs(60);
/// See [`WITHIN`]: pauses, each with frames that circle before and after it.
const PAUSES: usize = 2;
/// Copies of a bout that was a ring: a device that repeats itself makes a few.
const MIN_COPIES: u64 = 50;
/// And so long it was closed.
const MIN_CLOSED: Duration = Duration::from_millis(500);

/// Devices named as those whose frames they are.
const MAX_ORIGINS: usize = 16;

/// `backhaul_loop`.
pub(super) struct BackhaulLoop;

impl Cause for BackhaulLoop {
    fn id(&self) -> &'static str {
        "backhaul_loop"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
        let translated = translators(circulating).into_iter().filter(|mac| !taken.contains(mac));
        let repeaters = translated.filter_map(|mac| by_repeater(scene, circulating, mac)).collect::<Vec<_>>();
        if !repeaters.is_empty() {
            return repeaters;
        }
        let looped = bridged(scene, circulating, taken);
        let Some(ring) = finding(scene, &looped) else { return Vec::new() };
        let bouts = scene.segment.bouts.after(scene.at.minus(WITHIN)).collect::<Vec<_>>();
        let closed = |bout: &&&Bout| bout.copies >= MIN_COPIES && bout.lasted() >= MIN_CLOSED;
        // The present one may have just begun: the ring that is found is it.
        let before = bouts.split_last().map_or(0, |(_, before)| before.iter().filter(closed).count());
        if before < PAUSES {
            return Vec::new();
        }
        let mut found = Finding { cause: self.id(), confidence: 0.8, ..ring };
        found.evidence.push(opened(&bouts));
        found.lacks.push("A person who pulls a cable and plugs it in again and again opens a ring as well.".to_owned());
        vec![found]
    }

    /// A ring it is; that it opens by itself is told later, and so is that ARP goes round where multicasts did first.
    fn sharpens(&self) -> &'static [&'static str] {
        &["l2_loop", "l3_reflector"]
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        let (verb, now) = if verdict.ended.is_some() { ("circled", "If it returns") } else { ("circle", "Now") };
        if let Some(repeater) = verdict.culprit.as_ref().filter(|culprit| culprit.mac.is_some()) {
            return format!(
                "Packet storm {}: {} {} everybody's broadcasts back into your LAN, {} a second, as a Wi-Fi repeater does that is \
                 connected by cable and by radio at once. {now}: pull its network cable out. Then: leave it the cable or the \
                 radio link, not both. {} {} not at fault.",
                times.span(verdict),
                words::device(repeater, "repeater"),
                if verdict.ended.is_some() { "sent" } else { "sends" },
                words::about(verdict.peak_pps),
                words::sentence_case(&words::several(&verdict.origins)),
                if verdict.origins.len() == 1 { "is" } else { "are" }
            );
        }
        format!(
            "Packet storm {}: broadcasts {verb} in your LAN, {} a second, on and off: a ring opens and closes by itself, as \
             where a mesh device is connected by cable and by radio at once. {now}: pull the network cable out of the mesh \
             satellite (or Sonos loudspeaker). Then: leave it the cable or the radio link, not both. {} {} not at fault.",
            times.span(verdict),
            words::about(verdict.peak_pps),
            words::sentence_case(&words::several(&verdict.origins)),
            if verdict.origins.len() == 1 { "is" } else { "are" }
        )
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
        vec![
            format!(
                "{now}: pull the network cable out of the mesh satellites, repeaters and Sonos devices, one at a time, and \
                 watch whether the storm stops."
            ),
            "Then: choose for each of them the cable or the radio link: turn its wireless backhaul (SonosNet, wireless \
             uplink) off, or leave the cable out. Where the maker has a setting for a wired backhaul, turn that on first."
                .to_owned(),
            "If there is no such device: look for a cable with a loose plug that connects two switches a second time.".to_owned(),
        ]
    }
}

/// What a device sends round that puts its own MAC on others' frames, ARP among them.
fn by_repeater(scene: &Scene<'_>, circulating: &[Circulating<'_>], mac: MacAddr) -> Option<Finding> {
    let its = |one: &&Circulating<'_>| one.role.forwarding().is_some_and(|forwarding| forwarding.forwarder == mac);
    let all = circulating.iter().filter(its).collect::<Vec<_>>();
    let replicas = || all.iter().map(|one| &one.track.replica);
    let rate = all.iter().map(|one| one.pps(scene.at)).sum::<u64>();
    if rate < scene.thresholds.replica_pps {
        return None;
    }
    let mut origins: Vec<Suspect> = Vec::new();
    for one in &all {
        let Some(forwarding) = one.role.forwarding() else { continue };
        let ip = one.track.replica.ip;
        if origins.iter().all(|known| known.ip != ip) && origins.len() < MAX_ORIGINS {
            origins.push(Suspect { mac: forwarding.origin, ip });
        }
    }
    let most = replicas().filter(|replica| replica.protocol == Protocol::Arp).max_by_key(|replica| replica.copies)?;
    Some(Finding {
        cause: BackhaulLoop.id(),
        severity: Severity::Storm,
        confidence: 0.85,
        culprit: Some(Suspect { mac: Some(mac), ip: None }),
        macs: BTreeSet::from([mac]),
        origins,
        groups: groups(&all),
        protocol: main_protocol(&all),
        started: replicas().map(|replica| replica.first).min()?,
        last: replicas().map(|replica| replica.last).max()?,
        fresh: replicas().map(|replica| replica.fresh).sum(),
        frames: replicas().map(|replica| replica.copies).sum(),
        rate,
        evidence: vec![Evidence {
            claim: format!("{mac} sends others' frames on with its own MAC, ARP among them"),
            observed: format!("one ARP packet {} times", words::number(most.copies)),
            expected: "a router sends no ARP on; what a repeater sends on comes once".to_owned(),
            feed: "capture",
            display_filter: format!("eth.src == {mac} && arp && arp.src.hw_mac != {mac}"),
            frame_numbers: Some((most.first_number, most.last_number)),
        }],
        candidates: Vec::new(),
        lacks: Vec::new(),
        ask: Vec::new(),
    })
}

fn opened(bouts: &[&Bout]) -> Evidence {
    let each = bouts.iter().map(|bout| format!("{:.1} s", bout.lasted().as_secs_f64())).collect::<Vec<_>>();
    Evidence {
        claim: "What circles stops by itself, and begins anew".to_owned(),
        observed: format!("{} times within a minute, for {}", bouts.len(), each.join(", ")),
        expected: "a ring of cables stays closed until somebody pulls one".to_owned(),
        feed: "capture",
        display_filter: "eth.dst.ig == 1".to_owned(),
        frame_numbers: None,
    }
}

const PAGE: Page = Page {
    about: text(
        "A mesh satellite or a Sonos loudspeaker is connected by cable and by radio at once, and closes a ring on and off.",
        "メッシュWi-Fiの中継機やSonosのスピーカーが、有線と無線の両方でつながって輪をつくり、開閉を繰り返しています。",
    ),
    recognised: &[
        frames(
            "It is a ring: frames come back unchanged, with their senders' own MACs, {replica_copies} copies or more of each, and for {clean_share} hosts whose frames circle at most one host's came once.",
            "輪になっています。フレームが送信元本来のMACアドレスのまま、それぞれ{replica_copies}個以上戻ってきます。フレームが回る機器{clean_share}台に対し、1回だけ届いた機器は1台以下です。",
        ),
        frames(
            "What circles has stopped and begun anew {pauses} times or more within {within} s. Until then it is told as a ring of cables.",
            "回っていたものが止まり、また始まることが、{within}秒以内に{pauses}回以上ありました。それまではケーブルのループとして知らせます。",
        ),
        frames(
            "Or one device sends others' frames round with its own MAC, ARP among them, as a Wi-Fi repeater does that translates MACs: then it is named, at once.",
            "または、1台の機器が、MACアドレスを変換するWi-Fi中継機のように、ほかの機器のフレームを（ARPも含めて）自分のMACアドレスで送り返し続けています。この場合は、その機器をすぐに知らせます。",
        ),
    ],
    not_this: &[
        text(
            "l2_loop: a ring of cables stays closed. Counters, which are read every few seconds, do not tell the two apart.",
            "l2_loop: ケーブルのループは閉じたままです。数秒ごとに読むカウンターでは、両者を区別できません。",
        ),
        text(
            "A switch whose loop protection closes a port for a while and then tries again waits for half a minute or more.",
            "ループ防止機能がポートを一時的に閉じて再び試すスイッチでは、間隔が30秒以上あります。",
        ),
    ],
    numbers: &[("pauses", PAUSES as u64), ("within", WITHIN.as_secs()), ("clean_share", CLEAN_SHARE as u64)],
    sources: &[STP_TROUBLE, WIRELESS],
};
