//! A message for ntfy, published as JSON: its headers would need every title in ASCII, and a device's name in a header is a
//! header to be split. Knows no server and no token.

use super::{Message, clip};
use crate::model::notice::Topic;
use serde_json::{Value, json};

/// A longer message becomes an attachment (docs.ntfy.sh/publish, limitations: 4,096 bytes).
const MAX_MESSAGE: usize = 4_000;

/// The body of the request.
#[must_use]
pub fn body(message: &Message, topic: &str) -> Value {
    let (priority, tag) = match message.notice.topic {
        // 5 rings through most silences; the end of a storm need not.
        Topic::Storm if message.is_urgent() => (5, "rotating_light"),
        Topic::Storm => (3, "white_check_mark"),
        Topic::Warning => (4, "warning"),
        Topic::Blind if message.is_over() => (3, "white_check_mark"),
        Topic::Blind => (4, "see_no_evil"),
        Topic::PortOpened => (3, "unlock"),
        Topic::Test => (3, "test_tube"),
    };
    let mut body = json!({
        "topic": topic,
        "title": message.title,
        "message": clip(&message.plain(), MAX_MESSAGE),
        "priority": priority,
        "tags": [tag],
    });
    if let (Some(link), Some(fields)) = (&message.link, body.as_object_mut()) {
        fields.insert("click".to_owned(), link.as_str().into());
    }
    body
}
