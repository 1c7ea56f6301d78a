//! What is judged about gateways, mappings and findings, as JSON and as lines for a person. Judges nothing.

use super::upnp::printable;
use crate::explain::reach::{Assessment, GatewayFinding, GatewayReach, Judgement, MappingReach, Presence};
use crate::model::device::Gateway;
use crate::model::text::{Facts, Language};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Gateways with what is judged about them: the list of `/api/v1/port-mappings`, and of `upnp-probe list --format json`.
#[must_use]
pub fn gateways<'a>(gateways: impl Iterator<Item = &'a Gateway>, assessment: &Assessment, language: Language) -> Value {
    let judged = gateways.map(|gateway| {
        let mut value = json!(gateway);
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
        "evidence": judgement.facts,
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
    let facts = facts.iter().filter(|(name, value)| !name.starts_with("pinholes") && !value.is_empty());
    facts.map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into()
}

/// The word for a mapping in a table.
#[must_use]
pub fn word(judged: Option<&MappingReach>, language: Language) -> &'static str {
    use crate::model::device::Reach;
    match (judged.map(|judged| judged.reach), language) {
        (Some(Reach::Reachable), Language::English) => "reachable",
        (Some(Reach::Reachable), Language::Japanese) => "到達可",
        (Some(Reach::Unreachable), Language::English) => "unreachable",
        (Some(Reach::Unreachable), Language::Japanese) => "到達不可",
        (Some(Reach::Unknown), Language::English) => "unknown",
        (Some(Reach::Unknown), Language::Japanese) => "不明",
        (None, Language::English) => "not judged",
        (None, Language::Japanese) => "未判定",
    }
}

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
