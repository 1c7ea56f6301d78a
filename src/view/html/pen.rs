//! What every part of the page writes with: the language, the clock on the wall, and texts cut to what there is room for.

use super::escape::Html;
use super::words;
use crate::model::Time;
use crate::model::text::{Facts, Language, Text};
use std::time::Duration;

/// Longest name shown; a device can call itself anything.
pub(in crate::view) const NAME: usize = 48;
/// Longest sentence shown of what comes from outside.
pub(in crate::view) const SENTENCE: usize = 400;

/// Writes a part.
#[derive(Debug)]
pub(in crate::view) struct Pen {
    pub(in crate::view) html: Html,
    pub(in crate::view) language: Language,
    pub(in crate::view) now: Time,
    pub(in crate::view) utc_offset_seconds: i32,
}

impl Pen {
    pub(in crate::view) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.html.raw(markup);
        self
    }

    pub(in crate::view) fn text(&mut self, text: &str) -> &mut Self {
        self.html.text(text);
        self
    }

    /// A fixed text.
    pub(in crate::view) fn say(&mut self, text: &Text) -> &mut Self {
        let text = text.template(self.language);
        self.text(text)
    }

    /// A fixed text with its facts.
    pub(in crate::view) fn fill<const N: usize>(&self, text: &Text, facts: [(&'static str, String); N]) -> String {
        text.fill(self.language, &Facts::from(facts))
    }

    /// A text from outside, cut.
    pub(in crate::view) fn cut(&mut self, text: &str, most: usize) -> &mut Self {
        self.text(&cut(text, most))
    }

    /// `20:14:05`, with the date where that is not today's.
    pub(in crate::view) fn clock(&self, at: Time) -> String {
        let (date, time) = self.local(at);
        if date == self.local(self.now).0 { time } else { format!("{date} {time}") }
    }

    fn local(&self, at: Time) -> (String, String) {
        let shift = Duration::from_secs(self.utc_offset_seconds.unsigned_abs().into());
        let local = if self.utc_offset_seconds < 0 { at.minus(shift) } else { at.plus(shift) };
        let text = local.rfc3339();
        let text = text.split('.').next().unwrap_or_default();
        let (date, time) = text.split_once('T').unwrap_or((text, ""));
        (date.to_owned(), time.to_owned())
    }

    /// `3 min ago`.
    pub(in crate::view) fn age(&self, at: Time) -> String {
        let seconds = self.now.since(at).as_secs();
        let (text, n) = match seconds {
            0 => (&words::AGO_NOW, 0),
            1..120 => (&words::AGO_SECONDS, seconds),
            120..7200 => (&words::AGO_MINUTES, seconds / 60),
            7200..172_800 => (&words::AGO_HOURS, seconds / 3600),
            _ => (&words::AGO_DAYS, seconds / 86_400),
        };
        self.fill(text, [("n", n.to_string())])
    }

    /// The same to the minute, for what need not change with every second.
    pub(in crate::view) fn rough_age(&self, at: Time) -> String {
        if self.now.since(at).as_secs() < 120 {
            words::AGO_NOW.template(self.language).to_owned()
        } else {
            self.age(at)
        }
    }

    /// The beginning of a section with its heading, by which it is called.
    pub(in crate::view) fn heading(&mut self, id: &'static str, text: &Text) -> &mut Self {
        self.raw("<h2 id=\"h-").raw(id).raw("\">").say(text).raw("</h2>")
    }

    /// The head of a table in a box that scrolls by itself, and by keyboard; `name` is what it is called.
    pub(in crate::view) fn table(&mut self, name: &Text, head: &[&Text]) -> &mut Self {
        self.raw("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"").say(name).raw("\"><table>");
        self.raw("<thead><tr>");
        for column in head {
            self.raw("<th scope=\"col\">").say(column).raw("</th>");
        }
        self.raw("</tr></thead><tbody>")
    }

    pub(in crate::view) fn end_table(&mut self) -> &mut Self {
        self.raw("</tbody></table></div>")
    }

    /// A link of our own with the language carried along. `path` is ours, `query` is escaped.
    pub(in crate::view) fn link(&mut self, path: &'static str, query: &str, label: &str) -> &mut Self {
        let lang = tag(self.language);
        self.raw("<a href=\"").raw(path).text(query).raw("?lang=").raw(lang).raw("\">").text(label).raw("</a>")
    }
}

/// The language as HTML names it.
pub(in crate::view) const fn tag(language: Language) -> &'static str {
    match language {
        Language::English => "en",
        Language::Japanese => "ja",
    }
}

/// The first `most` characters, with a mark that there are more.
pub(in crate::view) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A rate as a person reads it.
pub(in crate::view) fn rate(pps: f64) -> String {
    crate::explain::words::number(pps.max(0.0).round() as u64)
}
