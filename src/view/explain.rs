//! What is to be known of causes before they strike, for people and programs: the list of them, and the page of one. Pure
//! text; what is said of a cause stands in its own file.

use super::lang;
use super::text::{Style, heading, wrapped};
use crate::detect::Thresholds;
use crate::explain::page::{Page, SeenIn, remedy};
use crate::explain::{CAUSES, Cause};
use crate::model::text::{Language, Text};
use serde_json::{Value, json};
use std::fmt::Write;

const FRAMES: Text = Text { en: "frames", ja: "フレーム" };
const COUNTERS: Text = Text { en: "counters", ja: "カウンター" };
const BOTH: Text = Text { en: "frames or counters", ja: "フレームまたはカウンター" };
const RECOGNISED: Text = Text { en: "How it is recognised", ja: "見分け方" };
const TO_DO: Text = Text { en: "What to do", ja: "対処方法" };
const ALIKE: Text = Text { en: "What looks alike", ja: "似ている現象" };
const SOURCES: Text = Text { en: "Sources", ja: "参考資料" };
const MORE: Text =
    Text { en: "More of each: stormglass explain CAUSE", ja: "詳しく見るには: stormglass explain CAUSE" };

/// What a sign, or the signs of a cause, are seen in.
fn seen_in(frames: bool, counters: bool) -> &'static Text {
    match (frames, counters) {
        (true, true) => &BOTH,
        (true, false) => &FRAMES,
        (false, _) => &COUNTERS,
    }
}

fn title(cause: &dyn Cause, language: Language) -> String {
    let page = cause.page();
    let seen = seen_in(page.is_seen_in(SeenIn::Frames), page.is_seen_in(SeenIn::Counters)).template(language);
    match language {
        Language::English => format!("{} ({seen})", cause.id()),
        Language::Japanese => format!("{}（{seen}）", cause.id()),
    }
}

/// All causes, two or more lines each.
#[must_use]
pub fn list(style: Style) -> String {
    let mut out = String::new();
    for cause in CAUSES {
        wrapped(&mut out, style, "", "", &title(*cause, style.language));
        wrapped(&mut out, style, "    ", "    ", cause.page().about.template(style.language));
    }
    let _ = writeln!(out, "\n{}", MORE.template(style.language));
    out
}

/// One cause in full, with the limits that it is judged by.
#[must_use]
pub fn page(cause: &dyn Cause, thresholds: &Thresholds, style: Style) -> String {
    let (page, language) = (cause.page(), style.language);
    let facts = page.facts(thresholds);
    let mut out = String::new();
    wrapped(&mut out, style, "", "", &title(cause, language));
    wrapped(&mut out, style, "", "", &page.about.fill(language, &facts));
    heading(&mut out, style, RECOGNISED.template(language));
    for sign in page.recognised {
        let seen = seen_in(sign.seen_in == SeenIn::Frames, sign.seen_in == SeenIn::Counters).template(language);
        wrapped(&mut out, style, "  - ", "    ", &format!("{seen}: {}", sign.text.fill(language, &facts)));
    }
    heading(&mut out, style, TO_DO.template(language));
    for (index, step) in remedy(cause).iter().enumerate() {
        wrapped(&mut out, style, &format!("  {}. ", index + 1), "     ", &lang::sentence(step, language));
    }
    heading(&mut out, style, ALIKE.template(language));
    for text in page.not_this {
        wrapped(&mut out, style, "  - ", "    ", &text.fill(language, &facts));
    }
    heading(&mut out, style, SOURCES.template(language));
    for source in page.sources {
        wrapped(&mut out, style, "  - ", "    ", &source.title());
        // Never broken, so that it can be copied.
        if let Some(url) = source.url() {
            let _ = writeln!(out, "    {url}");
        }
    }
    out
}

fn feeds(page: &Page) -> Vec<&'static str> {
    let seen = [SeenIn::Frames, SeenIn::Counters].into_iter().filter(|feed| page.is_seen_in(*feed));
    seen.map(SeenIn::feed).collect()
}

/// `{"causes": [{"id", "about", "feeds"}]}`, in the order in which they are asked.
#[must_use]
pub fn list_json(language: Language) -> Value {
    let one = |cause: &&dyn Cause| {
        let page = cause.page();
        json!({ "id": cause.id(), "about": page.about.template(language), "feeds": feeds(page) })
    };
    json!({ "causes": CAUSES.iter().map(one).collect::<Vec<_>>() })
}

/// One cause in full. `feeds` are the words of a verdict's evidence; `not_this` is what looks alike.
#[must_use]
pub fn page_json(cause: &dyn Cause, thresholds: &Thresholds, language: Language) -> Value {
    let page = cause.page();
    let facts = page.facts(thresholds);
    let signs = page
        .recognised
        .iter()
        .map(|sign| json!({ "feed": sign.seen_in.feed(), "text": sign.text.fill(language, &facts) }));
    let remedy = remedy(cause);
    let sources = page.sources.iter().map(|source| json!({ "title": source.title(), "url": source.url() }));
    json!({
        "id": cause.id(),
        "about": page.about.fill(language, &facts),
        "feeds": feeds(page),
        "recognised": signs.collect::<Vec<_>>(),
        "remedy": remedy.iter().map(|step| lang::sentence(step, language)).collect::<Vec<_>>(),
        "not_this": page.not_this.iter().map(|text| text.fill(language, &facts)).collect::<Vec<_>>(),
        "sources": sources.collect::<Vec<_>>(),
    })
}
