//! The top of the page: how it is in a word and a sentence, since when, and whether what is over can come back.

use super::face::{Check, Face};
use super::pen::{Pen, SENTENCE, cut};
use super::words;
use crate::engine::{Snapshot, State};
use crate::model::text::{Language, Text};
use crate::model::verdict::Phase;
use crate::view::lang;

/// Feeds of a kind that the sentence names.
const MAX_NAMED: usize = 4;

/// In a word.
pub(super) fn word(pen: &mut Pen, face: &Face) {
    let word = match face.snapshot.state {
        State::Quiet => &words::QUIET,
        State::Blind => &words::BLIND,
        State::Over => &words::OVER,
        State::Warning => &words::WARNING,
        State::Storm => &words::STORM,
    };
    pen.say(word);
}

/// In a sentence.
pub(super) fn sentence(pen: &mut Pen, face: &Face) {
    let snapshot = &face.snapshot;
    let sentence = match (snapshot.since, pen.language) {
        // A verdict's.
        (Some(_), language) => {
            let leading = snapshot.verdicts.iter().find(|verdict| verdict.sentence == snapshot.sentence);
            leading.map_or_else(
                || lang::sentence(&snapshot.sentence, language).into_owned(),
                |verdict| lang::headline(verdict, language),
            )
        }
        (None, Language::English) => snapshot.sentence.clone(),
        (None, Language::Japanese) => watched(pen, snapshot),
    };
    pen.cut(&sentence, SENTENCE);
}

/// What is watched, or that nothing is.
fn watched(pen: &Pen, snapshot: &Snapshot) -> String {
    let names = |feed: &str| {
        let count = snapshot.feed_counts.get(feed).map_or(0, |count| count.working);
        let working = snapshot.feeds.iter().filter(|status| status.feed == feed && status.ok);
        let shown = working.take(MAX_NAMED).map(|status| cut(&status.name, 24)).collect::<Vec<_>>().join("、");
        let more = count.saturating_sub(MAX_NAMED);
        if more == 0 { shown } else { pen.fill(&words::AND_MORE, [("names", shown), ("n", more.to_string())]) }
    };
    let (capture, counters) = (names("capture"), names("snmp"));
    match (snapshot.state, capture.is_empty(), counters.is_empty()) {
        (State::Blind, ..) => words::NOTHING_WATCHED.template(pen.language).to_owned(),
        (_, true, _) => pen.fill(&words::WATCHED_COUNTERS, [("counters", counters)]),
        (_, false, true) => pen.fill(&words::WATCHED_FRAMES, [("capture", capture)]),
        (_, false, false) => pen.fill(&words::WATCHED_BOTH, [("capture", capture), ("counters", counters)]),
    }
}

/// Since when, and as of when.
pub(super) fn when(pen: &mut Pen, face: &Face) {
    if let Some(since) = face.snapshot.since {
        let said = pen.fill(&words::SINCE, [("time", pen.clock(since)), ("age", pen.age(since))]);
        pen.text(&said).raw(" · ");
    }
    let said = pen.fill(&words::AS_OF, [("time", pen.clock(face.snapshot.at))]);
    pen.text(&said);
}

/// Whether what is over can come back, with the button that finds out; and how that went.
pub(super) fn check(pen: &mut Pen, face: &Face) {
    let snapshot = &face.snapshot;
    let quiet = snapshot.verdicts.iter().all(|verdict| verdict.phase == Phase::Over);
    let asked = quiet && matches!(snapshot.state, State::Over | State::Warning);
    let clean = matches!(face.check, Check::Clean(at) if snapshot.at.since(at).as_secs() < 3600);
    if !asked && !clean && face.check != Check::Running {
        return;
    }
    pen.raw("<section class=\"check\" aria-labelledby=\"h-check\">");
    if asked || face.check == Check::Running {
        pen.heading("check", &words::CHECK_TITLE);
    } else {
        pen.heading("check", &words::QUIET);
    }
    let told = |pen: &mut Pen, text: &Text, at| {
        let said = pen.fill(text, [("time", pen.clock(at))]);
        pen.raw("<p role=\"status\">").text(&said).raw("</p>");
    };
    match face.check {
        Check::Running => {
            pen.raw("<p role=\"status\">").say(&words::CHECK_RUNNING).raw("</p>");
        }
        Check::Clean(at) => told(pen, &words::CHECK_CLEAN, at),
        Check::Back(at) => told(pen, &words::CHECK_BACK, at),
        Check::Unable(at) => told(pen, &words::CHECK_BLIND, at),
        Check::None => {}
    }
    if asked && face.check != Check::Running {
        pen.raw("<p>").say(&words::CHECK_TEXT).raw("</p><form method=\"post\" action=\"/check\">");
        pen.raw("<input type=\"hidden\" name=\"token\" value=\"").text(&face.token).raw("\">");
        let lang = super::tag(pen.language);
        pen.raw("<input type=\"hidden\" name=\"lang\" value=\"").raw(lang).raw("\">");
        pen.raw("<button id=\"check-button\">").say(&words::CHECK_BUTTON).raw("</button></form>");
    }
    pen.raw("</section>");
}
