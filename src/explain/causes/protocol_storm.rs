//! What the storms of one protocol from one device have in common: a device that sends too much, as `chatty_source` has it,
//! and a message by which the fault is known. Blames nobody whose address is only on the frames.

use super::Times;
use super::chatty_source::{Ownership, finding, merge, ownership, suspects};
use crate::detect::Talker;
use crate::detect::segment::TalkerKey;
use crate::explain::attribution::Circulating;
use crate::explain::finding::Finding;
use crate::explain::scene::Scene;
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::verdict::{Evidence, Severity, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// One kind of storm.
pub(super) struct Trade {
    /// Id of the cause.
    pub(super) cause: &'static str,
    /// What it sends, as a person says it.
    pub(super) noun: &'static str,
    /// This talker sends that.
    pub(super) does: fn(&TalkerKey, &Talker) -> bool,
    /// What the evidence claims of it.
    pub(super) claim: &'static str,
    /// What a healthy device does.
    pub(super) expected: &'static str,
    /// A display filter for these messages, beside the sender.
    pub(super) filter: &'static str,
    /// What to do then, within the sentence.
    pub(super) then: &'static str,
    /// What to do then, step by step.
    pub(super) advice: &'static [&'static str],
}

/// Everything of this trade that one MAC sends.
type Sent<'a> = Vec<(&'a TalkerKey, &'a Talker)>;

impl Trade {
    /// The devices that do it.
    pub(super) fn judge(
        &self,
        scene: &Scene<'_>,
        circulating: &[Circulating<'_>],
        taken: &BTreeSet<MacAddr>,
    ) -> Vec<Finding> {
        let sent = self.senders(scene, taken);
        let owned = |(_, sent): (MacAddr, Sent<'_>)| {
            let own = sent.iter().filter_map(|(key, talker)| ownership(scene, circulating, key, talker));
            let own = own.max_by(|one, other| one.confidence.total_cmp(&other.confidence))?;
            self.finding(scene, &sent, own)
        };
        sent.into_iter().filter_map(owned).collect()
    }

    /// By MAC, those that nobody has explained.
    pub(super) fn senders<'a>(&self, scene: &Scene<'a>, taken: &BTreeSet<MacAddr>) -> BTreeMap<MacAddr, Sent<'a>> {
        let mut by_mac: BTreeMap<MacAddr, Sent<'a>> = BTreeMap::new();
        for (key, talker) in suspects(scene) {
            if (self.does)(key, talker) && !taken.contains(&key.0) {
                by_mac.entry(key.0).or_default().push((key, talker));
            }
        }
        by_mac
    }

    /// The finding about one device.
    pub(super) fn finding(&self, scene: &Scene<'_>, sent: &Sent<'_>, own: Ownership) -> Option<Finding> {
        let mut each = sent.iter().map(|(key, talker)| finding(scene, key, talker, own));
        let mut found = each.next()?;
        each.for_each(|other| merge(&mut found, other));
        found.cause = self.cause;
        let storm = found.rate >= scene.thresholds.storm_pps;
        found.severity = if storm { Severity::Storm } else { Severity::Warning };
        let mac = found.culprit.and_then(|culprit| culprit.mac)?;
        let fault = Evidence {
            claim: self.claim.to_owned(),
            observed: format!("{} a second", words::number(found.rate)),
            expected: self.expected.to_owned(),
            feed: "capture",
            display_filter: format!("eth.src == {mac} && {}", self.filter),
            frame_numbers: None,
        };
        found.evidence.insert(0, fault);
        Some(found)
    }

    /// Who, what, how fast, since when, what to do.
    pub(super) fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        let device = verdict.culprit.as_ref().map_or_else(|| "one device".to_owned(), |c| words::device(c, "device"));
        let port = verdict.culprit.as_ref().and_then(|culprit| culprit.port.as_deref());
        let at = port.map_or_else(String::new, |port| format!(" at {port}"));
        let storm = if verdict.severity == Severity::Storm { "Packet storm" } else { "No storm yet, but a flood" };
        let (verb, now) = if verdict.ended.is_some() { ("sent", "If it returns") } else { ("sends", "Now") };
        let rate = words::about(verdict.peak_pps);
        format!(
            "{storm} {}: {device}{at} {verb} {rate} {} to everybody each second. {now}: unplug it or turn it off. Then: {}",
            times.span(verdict),
            self.noun,
            self.then
        )
    }

    /// What to do, in order.
    pub(super) fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        let device = verdict.culprit.as_ref().map_or_else(|| "the device".to_owned(), words::short);
        let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
        let first = format!("{now}: unplug or switch off {device}, or take it off the Wi-Fi.");
        std::iter::once(first).chain(self.advice.iter().map(|step| (*step).to_owned())).collect()
    }
}
