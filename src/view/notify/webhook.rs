//! The body of a generic webhook: stable keys, the labels and annotations of Prometheus' Alertmanager where they mean the same,
//! and a version that changes when a key does. Knows no URL.

use super::Message;
use crate::model::notice::Topic;
use crate::model::text::Language;
use crate::model::verdict::{Party, Severity};
use serde_json::{Value, json};

/// The form of the body.
const VERSION: u64 = 1;

/// The body.
#[must_use]
pub fn body(message: &Message) -> Value {
    let notice = &message.notice;
    let status = if message.is_over() { "resolved" } else { "firing" };
    let alert = match notice.topic {
        Topic::Storm => "Storm",
        Topic::Warning => "ReflectionWarning",
        Topic::Blind => "Blind",
        Topic::PortOpened => "PortOpened",
        Topic::Test => "Test",
    };
    let severity = match notice.severity {
        Some(Severity::Storm) => "critical",
        Some(Severity::Warning) => "warning",
        None if notice.topic == Topic::Blind => "warning",
        None => "info",
    };
    json!({
        "version": VERSION,
        "program": "stormglass",
        "topic": notice.topic.id(),
        "moment": message.moment.id(),
        "status": status,
        "key": notice.key,
        "language": if message.language == Language::Japanese { "ja" } else { "en" },
        "title": message.title,
        "text": message.sentence,
        "remedy": message.remedy,
        "notes": message.notes,
        "link": message.link,
        "labels": {
            "alertname": alert,
            "severity": severity,
            "segment": notice.segment,
            "cause": notice.cause,
            "storm": notice.storm,
        },
        "annotations": { "summary": message.title, "description": message.plain() },
        "startsAt": notice.started.rfc3339(),
        "endsAt": notice.ended.map(crate::model::Time::rfc3339),
        "writtenAt": notice.at.rfc3339(),
        "culprit": notice.culprit.as_ref().map(party),
        "frames": notice.frames,
        "peak_pps": notice.peak_pps,
    })
}

/// A device, every key always there.
pub(super) fn party(party: &Party) -> Value {
    json!({
        "mac": party.mac.map(|mac| mac.to_string()),
        "ip": party.ip,
        "vendor": party.vendor,
        "name": party.name,
        "port": party.port,
    })
}
