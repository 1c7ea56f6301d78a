//! A message for a Discord webhook: one embed within Discord's limits, in which no name can mention anybody or mark anything up.
//! Knows no URL.

use super::{HEAD_CAUSE, HEAD_CULPRIT, HEAD_PORT, HEAD_SEGMENT, HEAD_WHAT_TO_DO, Message, clip};
use crate::model::notice::Topic;
use serde_json::{Value, json};

/// Limits of an embed, in characters (Discord's developer documentation, Embed Limits), such that all of it has less than the
/// 6,000 that it may; ours are in bytes, which are more.
const MAX_TITLE: usize = 256;
const MAX_DESCRIPTION: usize = 2_800;
const MAX_FIELD: usize = 1_024;

const RED: u32 = 0x00d3_2f2f;
const AMBER: u32 = 0x00f9_a825;
const GREEN: u32 = 0x0038_8e3c;
const BLUE: u32 = 0x0019_76d2;

/// The body of the request.
#[must_use]
pub fn body(message: &Message) -> Value {
    let notice = &message.notice;
    let color = match notice.topic {
        _ if message.is_over() => GREEN,
        Topic::Storm => RED,
        Topic::Warning | Topic::Blind => AMBER,
        Topic::PortOpened | Topic::Test => BLUE,
    };
    let mut fields = Vec::new();
    let mut field = |head: &crate::model::text::Text, value: &str, inline: bool| {
        if !value.is_empty() {
            let value = clip(value, MAX_FIELD);
            fields.push(json!({ "name": head.template(message.language), "value": value, "inline": inline }));
        }
    };
    let steps = message.remedy.iter().enumerate().map(|(n, step)| format!("{}\\. {}", n + 1, escaped(step)));
    field(&HEAD_WHAT_TO_DO, &steps.collect::<Vec<_>>().join("\n"), false);
    let culprit = notice.culprit.as_ref();
    let mac = culprit.and_then(|party| party.mac).map(|mac| mac.to_string());
    field(&HEAD_CULPRIT, &escaped(&mac.unwrap_or_default()), true);
    field(&HEAD_PORT, &escaped(culprit.and_then(|party| party.port.as_deref()).unwrap_or_default()), true);
    field(&HEAD_CAUSE, &escaped(&notice.cause), true);
    field(&HEAD_SEGMENT, &escaped(&notice.segment), true);
    let text = std::iter::once(&message.sentence).chain(&message.notes).map(|part| escaped(part));
    let text = text.collect::<Vec<_>>().join("\n\n");
    let mut embed = json!({
        "title": clip(&escaped(&message.title), MAX_TITLE),
        "description": clip(&text, MAX_DESCRIPTION),
        "color": color,
        "timestamp": notice.at.rfc3339(),
        "fields": fields,
        "footer": { "text": "stormglass" },
    });
    if let (Some(link), Some(fields)) = (&message.link, embed.as_object_mut()) {
        fields.insert("url".to_owned(), link.as_str().into());
    }
    json!({ "username": "stormglass", "embeds": [embed], "allowed_mentions": { "parse": [] } })
}

/// Text in which Discord finds no markup, mention or link.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (at, letter) in text.char_indices() {
        let markup =
            matches!(letter, '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '<' | '#' | '[' | ']' | '(' | ')' | '@');
        let address = letter == ':' && text[at..].starts_with("://");
        if (markup && !matches!(letter, '(' | ')')) || address {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}
