//! Storms and warnings: those that go on with all that can be checked, the others as a list that leads to the same.

use super::face::Face;
use super::pen::{NAME, Pen, SENTENCE, cut};
use super::words;
use crate::engine::Snapshot;
use crate::explain::words::number;
use crate::model::text::Text;
use crate::model::verdict::{Evidence, Phase, Severity, Verdict};
use crate::model::{Time, vendor};
use crate::view::report::path;
use crate::view::{lang, notes};

/// Verdicts explained in full; the others are in the list.
const MAX_OPEN: usize = 4;
/// Lines of the history.
const MAX_HISTORY: usize = 24;
/// Steps, facts, other causes and open questions shown of one.
const MAX_LINES: usize = 12;

/// What goes on, or has just ended.
pub(super) fn open(pen: &mut Pen, face: &Face) {
    let (open, _) = face.verdicts();
    for (index, verdict) in open.iter().take(MAX_OPEN).enumerate() {
        explained(pen, &face.snapshot, verdict, &format!("v{index}"));
        pen.raw("<p class=\"note\">");
        storm_link(pen, verdict, &notes::TITLE);
        pen.raw("</p>");
    }
}

/// One verdict with all that is known; `id` tells its headings from those of others.
pub(super) fn explained(pen: &mut Pen, snapshot: &Snapshot, verdict: &Verdict, id: &str) {
    let said = lang::verdict(verdict, pen.language);
    let kind = if verdict.severity == Severity::Storm { "storm" } else { "warning" };
    pen.raw("<section class=\"verdict ").raw(kind).raw("\" aria-labelledby=\"h-").text(id).raw("\"><h2 id=\"h-");
    pen.text(id).raw("\">").say(&words::TODO).raw("</h2>");
    notes::of(pen, verdict);
    if snapshot.sentence != verdict.sentence {
        pen.raw("<p class=\"said\">").cut(&said.sentence, SENTENCE).raw("</p>");
    }
    pen.raw("<ol class=\"remedy\">");
    for step in said.remedy.iter().take(MAX_LINES) {
        pen.raw("<li>").cut(step, SENTENCE).raw("</li>");
    }
    pen.raw("</ol><h3>").say(&words::PATH).raw("</h3>");
    let called = |mac: Option<_>, _| mac.and_then(vendor::vendor).map(|maker| vendor::short_name(maker).into_owned());
    let (language, id) = (pen.language, format!("path-{id}"));
    path::draw(&mut pen.html, &path::Picture { verdict: &said, language, id: &id, called: &called });
    facts(pen, snapshot, &said);
    pen.raw("<h3>").say(&words::WHY).raw("</h3>");
    evidence(pen, &said.evidence);
    if !said.candidates.is_empty() {
        pen.raw("<h3>").say(&words::ELSE).raw("</h3><ul>");
        for candidate in said.candidates.iter().take(MAX_LINES) {
            let sure = format!(" ({:.0} %): ", candidate.confidence * 100.0);
            pen.raw("<li><code>").text(candidate.cause).raw("</code>").text(&sure);
            pen.cut(&candidate.needs, SENTENCE).raw("</li>");
        }
        pen.raw("</ul>");
    }
    if !said.lacks.is_empty() {
        pen.raw("<h3>").say(&words::LACKS).raw("</h3><ul class=\"lack\">");
        for lack in said.lacks.iter().take(MAX_LINES) {
            pen.raw("<li>").cut(lack, SENTENCE).raw("</li>");
        }
        pen.raw("</ul>");
    }
    pen.raw("</section>");
}

const fn phase(verified: bool, phase: Phase) -> &'static Text {
    match (phase, verified) {
        (Phase::Active, _) => &words::PHASE_ACTIVE,
        (Phase::Clearing, _) => &words::PHASE_CLEARING,
        (Phase::Over, false) => &words::PHASE_OVER,
        (Phase::Over, true) => &words::PHASE_VERIFIED,
    }
}

fn moment(pen: &Pen, at: Time) -> String {
    pen.fill(&words::MOMENT, [("time", pen.clock(at)), ("age", pen.age(at))])
}

fn facts(pen: &mut Pen, snapshot: &Snapshot, verdict: &Verdict) {
    pen.raw("<h3 class=\"aloud\">").say(&words::FACTS).raw("</h3><dl class=\"facts\">");
    let a_second = |n: u64| [("n", number(n))];
    let state = phase(snapshot.is_verified(verdict), verdict.phase);
    let said = state.template(pen.language);
    let now = pen.fill(&words::A_SECOND, a_second(verdict.current_pps));
    let peak = pen.fill(&words::A_SECOND, a_second(verdict.peak_pps));
    let began = moment(pen, verdict.started);
    let ended = verdict.ended.map(|ended| moment(pen, ended));
    let frames = number(verdict.frames);
    let facts = [
        (&words::CAUSE, Some(verdict.cause.to_owned())),
        (&words::SURE, Some(format!("{:.0} %", verdict.confidence * 100.0))),
        (&words::PHASE, Some(said.to_owned())),
        (&words::FRAMES, Some(frames)),
        (&words::NOW, Some(now).filter(|_| verdict.phase == Phase::Active)),
        (&words::PEAK, Some(peak)),
        (&words::BEGAN, Some(began)),
        (&words::ENDED, ended),
        (&words::SEGMENT, Some(verdict.segment.to_string())),
        (&words::RECORDING, verdict.recording.as_ref().map(ToString::to_string)),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            pen.raw("<div><dt>").say(name).raw("</dt><dd>").cut(&value, 160).raw("</dd></div>");
        }
    }
    pen.raw("</dl>");
}

fn evidence(pen: &mut Pen, evidence: &[Evidence]) {
    pen.table(&words::WHY, &[&words::CLAIM, &words::SEEN, &words::EXPECTED, &words::LOOK]);
    for one in evidence.iter().take(MAX_LINES) {
        pen.raw("<tr><th scope=\"row\">").cut(&one.claim, SENTENCE).raw("</th><td>").cut(&one.observed, SENTENCE);
        pen.raw("</td><td>").cut(&one.expected, SENTENCE).raw("</td><td>");
        if !one.display_filter.is_empty() {
            pen.raw("<code>").cut(&one.display_filter, SENTENCE).raw("</code>");
        }
        if let Some((first, last)) = one.frame_numbers {
            let facts = [("first", first.to_string()), ("last", last.to_string())];
            let numbers = pen.fill(&words::FRAME_NUMBERS, facts);
            pen.raw(" ").text(&numbers);
        }
        pen.raw("</td></tr>");
    }
    pen.end_table();
}

/// All of them, newest first, each with the way to its evidence and recording.
pub(super) fn history(pen: &mut Pen, face: &Face) {
    pen.heading("history", &words::HISTORY);
    let verdicts = &face.snapshot.verdicts;
    if verdicts.is_empty() {
        pen.raw("<p>").say(&words::NO_HISTORY).raw("</p>");
        return;
    }
    let columns = [&words::WHEN, &words::PHASE, &words::WHAT, &words::PEAK, &words::RECORDING];
    pen.table(&words::HISTORY, &columns);
    for verdict in verdicts.iter().take(MAX_HISTORY) {
        let sentence = lang::headline(verdict, pen.language);
        let state = phase(face.snapshot.is_verified(verdict), verdict.phase);
        let when = pen.clock(verdict.started);
        pen.raw("<tr><td class=\"n\">").text(&when).raw("</td><td>").say(state).raw("</td><td>");
        pen.cut(&sentence, SENTENCE).raw(" ");
        notes::badges(pen, verdict);
        storm_link(pen, verdict, &words::DETAILS);
        pen.raw("</td><td class=\"n\">");
        pen.text(&number(verdict.peak_pps)).raw("</td><td>");
        if let Some(path) = &verdict.recording {
            // Where it lies is in the storm's own page; the name is enough to find it.
            let file = path.rsplit('/').next().unwrap_or_default();
            pen.raw("<code>").text(&cut(file, NAME)).raw("</code>");
        }
        pen.raw("</td></tr>");
    }
    pen.end_table();
    notes::list(pen, &face.snapshot.notes);
}

/// The way to the page of a storm.
fn storm_link(pen: &mut Pen, verdict: &Verdict, label: &Text) {
    let query = format!("{}/{}", encoded(&verdict.id), verdict.started.as_nanos());
    pen.link("/storms/", &query, label.template(pen.language));
}

/// An id as part of a path: everything else than letters, digits, `-`, `_` and `.` as `%XX` (RFC 3986, 2.3).
fn encoded(id: &str) -> String {
    let mut text = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
