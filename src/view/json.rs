//! Verdicts and reports as JSON: the keys that `analyze --format json` and `/api/v1/storms` share. Never translated.

use crate::engine::{Engine, FeedStatus, Snapshot};
use crate::model::frames::Protocol;
use crate::model::text::{Language, Sentence};
use crate::model::verdict::{Candidate, Evidence, Party, Phase, Verdict};
use crate::observe::targets::{TargetStatus, Targets};
use crate::observe::topology::{MacMove, Surroundings};
use serde_json::{Value, json};
use std::sync::Arc;

/// One verdict.
#[must_use]
pub fn verdict_json(verdict: &Verdict) -> Value {
    json!({
        "cause": verdict.cause,
        "severity": verdict.severity.id(),
        "confidence": hundredths(verdict.confidence),
        "started": verdict.started,
        "ended": verdict.ended,
        "culprit": verdict.culprit.as_ref().map(party_json),
        "origins": verdict.origins.iter().map(party_json).collect::<Vec<_>>(),
        "groups": verdict.groups,
        "protocol": verdict.protocol,
        "frames": verdict.frames,
        "peak_pps": verdict.peak_pps,
        "evidence": verdict.evidence.iter().map(evidence_json).collect::<Vec<_>>(),
        "remedy": verdict.remedy,
        "id": verdict.id,
        "segment": verdict.segment,
        "phase": verdict.phase,
        "sentence": verdict.sentence,
        "candidates": verdict.candidates.iter().map(candidate_json).collect::<Vec<_>>(),
        "lacks": verdict.lacks,
        "detected": verdict.detected,
        "current_pps": verdict.current_pps,
        "recording": verdict.recording,
        "acknowledged": super::notes::acknowledged(verdict),
        "muted_until": verdict.muted_until(),
    })
}

fn party_json(party: &Party) -> Value {
    json!({
        "mac": party.mac,
        "ip": party.ip,
        "vendor": party.vendor,
        "port": party.port,
        "name": party.name,
    })
}

/// `frame_numbers` is `[first, last]`, or null where no single frames show it.
fn evidence_json(evidence: &Evidence) -> Value {
    json!({
        "claim": evidence.claim,
        "observed": evidence.observed,
        "expected": evidence.expected,
        "feed": evidence.feed,
        "display_filter": evidence.display_filter,
        "frame_numbers": evidence.frame_numbers,
    })
}

fn candidate_json(candidate: &Candidate) -> Value {
    json!({
        "cause": candidate.cause,
        "confidence": hundredths(candidate.confidence),
        "mac": candidate.mac,
        "needs": candidate.needs,
    })
}

/// More digits would claim a precision that no confidence has, and 0.6000000000000001 is not for reading.
fn hundredths(confidence: f64) -> f64 {
    (confidence.clamp(0.0, 1.0) * 100.0).round() / 100.0
}

/// What `analyze` found.
#[derive(Clone, Copy, Debug)]
pub struct Analysis<'a, V> {
    /// The files, as the user named them.
    pub files: &'a [String],
    /// Frames read.
    pub frames: u64,
    /// From the first to the last frame, seconds.
    pub span_seconds: f64,
    /// Newest first.
    pub verdicts: &'a [V],
    /// What could not be read, a sentence each.
    pub problems: &'a [String],
}

/// The whole answer of `analyze --format json`.
#[must_use]
pub fn analysis_json<V: AsRef<Verdict>>(analysis: &Analysis<'_, V>) -> Value {
    json!({
        "files": analysis.files,
        "frames": analysis.frames,
        "span_seconds": analysis.span_seconds,
        "verdicts": analysis.verdicts.iter().map(|verdict| verdict_json(verdict.as_ref())).collect::<Vec<_>>(),
        "problems": analysis.problems,
    })
}

/// `/api/v1/status`: the state in one word, the sentence, what is watched and what is not. Of a fleet `watched` and
/// `not_watched` name the first 64 each, and `feeds` counts them all.
#[must_use]
pub fn status(snapshot: &Snapshot) -> Value {
    let interfaces = snapshot.totals.iter().map(|(name, totals)| {
        let group = Protocol::ALL.iter().zip(totals.group_frames).filter(|(_, n)| *n > 0);
        json!({
            "interface": name,
            "frames": totals.frames,
            "group_frames": group.map(|(protocol, n)| (protocol.id().to_owned(), json!(n))).collect::<serde_json::Map<_, _>>(),
            "replica_frames": totals.replica_frames,
            "dropped": totals.dropped,
            "malformed": totals.malformed,
            "refused": totals.refused,
            "last": totals.last,
        })
    });
    let covered = |ok: bool| snapshot.feeds.iter().filter(|f| f.ok == ok).map(|f| feed_json(f)).collect::<Vec<_>>();
    let open = snapshot.verdicts.iter().filter(|v| v.phase != Phase::Over);
    json!({
        "state": snapshot.state,
        "since": snapshot.since,
        "sentence": snapshot.sentence,
        "at": snapshot.at,
        "version": env!("CARGO_PKG_VERSION"),
        "open": open.map(|v| open_json(v)).collect::<Vec<_>>(),
        "segments": snapshot.segments,
        "watched": covered(true),
        "not_watched": covered(false),
        "feeds": snapshot.feed_counts,
        "interfaces": interfaces.collect::<Vec<_>>(),
        "top_sources": snapshot.sources,
        "expected": super::expected::json(&snapshot.expected),
    })
}

fn open_json(verdict: &Verdict) -> Value {
    json!({
        "id": verdict.id,
        "cause": verdict.cause,
        "severity": verdict.severity,
        "phase": verdict.phase,
        "acknowledged": verdict.acknowledged.is_some(),
        "muted_until": verdict.muted_until(),
    })
}

fn feed_json(feed: &FeedStatus) -> Value {
    json!({"feed": feed.feed, "name": feed.name, "message": feed.message, "last_success": feed.last_success})
}

/// Targets in one answer of `/api/v1/targets` that are listed unless the question says otherwise, and at most.
pub const MAX_TARGETS: usize = 200;

/// Which targets are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetPage {
    /// That many are passed over.
    pub offset: usize,
    /// That many are listed, [`MAX_TARGETS`] at most.
    pub limit: usize,
    /// Only those that answered the last poll, or only those that did not.
    pub up: Option<bool>,
}

impl TargetPage {
    /// The targets of this page, by name, and how many there are in all.
    #[must_use]
    pub fn names(&self, targets: &Targets) -> (Vec<Arc<str>>, usize) {
        let wanted = || targets.statuses().filter(|status| self.up.is_none_or(|up| up == status.up));
        let page = wanted().skip(self.offset).take(self.limit.min(MAX_TARGETS));
        (page.map(|status| Arc::clone(&status.name)).collect(), wanted().count())
    }
}

/// One target with all its ports, what they carry, what they lead to, and how many addresses are behind them; `None` if it
/// is gone.
#[must_use]
pub fn target(targets: &Targets, name: &str) -> Option<Value> {
    Some(target_json(targets, targets.status(name)?))
}

fn target_json(targets: &Targets, status: &TargetStatus) -> Value {
    let (roles, surroundings) = (targets.roles(&status.name), targets.surroundings(&status.name));
    let ports = targets.ports(&status.name).map(|port| {
        let found = surroundings.and_then(|around| around.found_by(port.if_index));
        let mut value = json!(port);
        let role = roles.get(&port.if_index);
        value["role"] = json!(role.map(|role| role.role));
        value["role_reason"] = json!(role.map(|role| &role.role_reason));
        value["leads_to"] = json!(role.and_then(|role| role.leads_to.as_ref()));
        value["addresses"] = json!(surroundings.map(|around| around.neighbours(port.if_index)));
        value["found_by"] = json!(found.map(|found| found.way));
        value["found_confidence"] = json!(found.map(|found| hundredths(found.confidence)));
        value
    });
    let ports = ports.collect::<Vec<_>>();
    let mut value = json!(status);
    value["ports"] = json!(ports);
    value["stp"] = json!(surroundings.and_then(Surroundings::stp));
    value["fdb_unresolved"] = json!(surroundings.map(Surroundings::unresolved));
    value["fdb_untold"] = json!(surroundings.map(Surroundings::untold));
    value
}

/// `/api/v1/targets`. `left_off`: how many of the `total` are beyond this page. `moves`: the latest
/// moves of addresses between ports.
#[must_use]
pub fn targets(page: TargetPage, total: usize, shown: &[Value], moves: &[MacMove]) -> Value {
    let left_off = total.saturating_sub(page.offset).saturating_sub(shown.len());
    json!({"targets": shown, "total": total, "offset": page.offset, "left_off": left_off, "mac_moves": moves})
}

/// `/api/v1/devices`.
#[must_use]
pub fn devices(engine: &Engine, language: Language) -> Value {
    let search = engine.search();
    let heard = engine.listening().interfaces.iter();
    let heard = heard.map(|(name, problem)| (name.to_string(), json!(problem.as_ref().map(|p| p.say(language)))));
    json!({
        "at": search.at,
        "devices": super::upnp::devices_json(engine.catalogue().devices(), language),
        "refused": search.refused,
        "problems": Sentence::all(&search.problems, language),
        "announcements": {
            "alive": engine.listening().taken[0],
            "update": engine.listening().taken[1],
            "byebye": engine.listening().taken[2],
            "refused": engine.listening().refused,
            "interfaces": heard.collect::<serde_json::Map<_, _>>(),
        },
    })
}

/// `/api/v1/port-mappings`: the same list as `upnp-probe list --format json`.
#[must_use]
pub fn port_mappings(engine: &Engine, language: Language) -> Value {
    super::reach::gateways(engine.catalogue().gateways(), engine.assessment(), language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::text::tests::example;

    #[test]
    fn every_key_is_there_and_absence_is_null() {
        let mut verdict = example();
        let value = verdict_json(&verdict);
        assert_eq!(value["culprit"]["mac"], "3c:84:6a:10:00:c8");
        assert_eq!(value["origins"][0]["ip"], "192.168.1.10");
        assert_eq!(value["started"], "2023-11-14T22:13:20.000000Z");
        assert_eq!(value["confidence"], 0.98);
        assert_eq!((&value["protocol"], &value["groups"][0]), (&json!("ssdp"), &json!("239.255.255.250")));
        assert_eq!(value["evidence"][0]["display_filter"], "eth.src == 3c:84:6a:10:00:c8 && ip.src == 192.168.1.10");
        verdict.culprit = None;
        let value = verdict_json(&verdict);
        let object = value.as_object().expect("an object");
        for key in ["culprit", "ended"] {
            assert_eq!(object.get(key), Some(&Value::Null), "{key}");
        }
        for key in ["vendor", "port"] {
            assert_eq!(value["origins"][0].as_object().and_then(|o| o.get(key)), Some(&Value::Null), "{key}");
        }
    }
}
