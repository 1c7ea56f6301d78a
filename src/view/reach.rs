//! What is judged about gateways, mappings and findings, as JSON and as lines for a person. Judges nothing.

use super::upnp::printable;
use crate::explain::reach::{Assessment, GatewayFinding, GatewayReach, Judgement, MappingReach, Presence};
use crate::model::device::{Gateway, Reach};
use crate::model::text::{Facts, Language, Sentence, Text};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Gateways with what is judged about them: the list of `/api/v1/port-mappings`, and of `upnp-probe list --format json`.
#[must_use]
pub fn gateways<'a>(gateways: impl Iterator<Item = &'a Gateway>, assessment: &Assessment, language: Language) -> Value {
    let judged = gateways.map(|gateway| {
        let mut value = json!(gateway);
        value["problems"] = json!(Sentence::all(&gateway.problems, language));
        let reach = assessment.gateway(gateway.key());
        value["reachability"] = reach.map_or(Value::Null, |reach| gateway_json(reach, language));
        for (place, mapping) in value["mappings"].as_array_mut().into_iter().flatten().enumerate() {
            let judged = reach.and_then(|reach| reach.mappings.get(place));
            mapping["reachability"] = judged.map_or(Value::Null, |judged| mapping_json(judged, language));
        }
        let findings = assessment.findings.iter().filter(|finding| finding.gateway == gateway.key());
        value["findings"] = findings.map(|finding| finding_json(finding, language)).collect();
        value
    });
    judged.collect()
}

fn gateway_json(reach: &GatewayReach, language: Language) -> Value {
    json!({
        "class": reach.class.id(),
        "sentence": reach.sentence(language),
        "remedy": reach.remedy(language),
        "evidence": evidence(&reach.facts),
    })
}

fn mapping_json(judged: &MappingReach, language: Language) -> Value {
    let first = judged.reason();
    let client = &judged.client;
    json!({
        "verdict": judged.reach.id(),
        "reason": first.reason.id,
        "sentence": first.sentence(language),
        "remedy": first.remedy(language),
        "reasons": judged.reasons.iter().map(|reason| reason_json(reason, language)).collect::<Vec<_>>(),
        "client": {
            "name": client.name,
            "vendor": client.vendor,
            "mac": client.mac,
            "this_host": client.mine,
            "present": match client.presence {
                Presence::Present => Some(true),
                Presence::Silent => Some(false),
                Presence::Unknown => None,
            },
        },
    })
}

fn reason_json(judgement: &Judgement, language: Language) -> Value {
    json!({
        "id": judgement.reason.id,
        "reachability": judgement.reason.reach.id(),
        "sentence": judgement.sentence(language),
        "remedy": judgement.remedy(language),
        "evidence": evidence(&judgement.facts),
    })
}

/// One finding.
#[must_use]
pub fn finding_json(finding: &GatewayFinding, language: Language) -> Value {
    json!({
        "id": finding.kind.id,
        "severity": finding.kind.severity.id(),
        "gateway": finding.gateway,
        "mapping": finding.mapping,
        "sentence": finding.sentence(language),
        "remedy": finding.remedy(language),
        "evidence": evidence(&finding.facts),
    })
}

/// Facts without those that are words of one language.
fn evidence(facts: &Facts) -> Value {
    let words = ["pinholes", "class_name"];
    let worded = |name: &str| words.iter().any(|word| name.starts_with(word));
    let facts = facts.iter().filter(|(name, value)| !worded(name) && !value.is_empty());
    facts.map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into()
}

/// The word for a mapping in a table.
#[must_use]
pub fn word(judged: Option<&MappingReach>, language: Language) -> &'static str {
    judged.map_or(NOT_JUDGED.template(language), |judged| reach_word(judged.reach, language))
}

/// The same of an answer alone.
#[must_use]
pub const fn reach_word(reach: Reach, language: Language) -> &'static str {
    match reach {
        Reach::Reachable => REACHABLE.template(language),
        Reach::Unreachable => UNREACHABLE.template(language),
        Reach::Unknown => UNKNOWN.template(language),
    }
}

const REACHABLE: Text = Text { en: "reachable", ja: "到達可" };
const UNREACHABLE: Text = Text { en: "unreachable", ja: "到達不可" };
const UNKNOWN: Text = Text { en: "unknown", ja: "不明" };
const NOT_JUDGED: Text = Text { en: "not judged", ja: "未判定" };

/// What is judged about a gateway and what is wrong with it, for a terminal: each thing once, with its remedy.
#[must_use]
pub fn lines(gateway: &Gateway, assessment: &Assessment, language: Language) -> String {
    let mut text = String::new();
    let mut tell = |sentence: &str, remedy: &str| {
        let _ = writeln!(text, "  {}", printable(sentence));
        if !remedy.is_empty() {
            let _ = writeln!(text, "    -> {}", printable(remedy));
        }
    };
    let Some(reach) = assessment.gateway(gateway.key()) else { return text };
    tell(&reach.sentence(language), &reach.remedy(language));
    for finding in assessment.findings.iter().filter(|finding| finding.gateway == gateway.key()) {
        tell(&format!("! {}", finding.sentence(language)), &finding.remedy(language));
    }
    text
}
