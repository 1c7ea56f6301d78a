//! The report that is handed on: one HTML page without script that loads nothing, for whoever has to act: the sentence,
//! what to do, where the frames go, when, and what can be checked. Everything from the capture is escaped; the pictures
//! are SVG of our own, each with its text. Pure: the same capture gives the same page.

mod chart;
mod examination;
mod ladder;
pub(in crate::view) mod path;
mod tables;
mod words;

pub use examination::page as examination;

use super::html::escape::Html;
use crate::explain::words::number;
use crate::model::text::{Facts, Language, Text};
use crate::model::verdict::{Evidence, Phase, Severity, Verdict};
use crate::model::{MacAddr, Time, vendor};
use crate::observe::chronicle::Chronicle;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// What a person calls a protocol; the same in both languages.
pub(in crate::view) const fn protocol_name(protocol: crate::model::frames::Protocol) -> &'static str {
    words::protocol(protocol)
}

/// Verdicts explained in full; a capture with more is no home's.
const MAX_VERDICTS: usize = 8;
/// Files and problems listed.
const MAX_LISTED: usize = 32;

/// What a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Newest first, in English; the report translates them.
    pub verdicts: &'a [Arc<Verdict>],
    /// The frames.
    pub chronicle: &'a Chronicle,
    /// The files, as the user named them.
    pub files: &'a [String],
    /// What could not be read, a sentence each.
    pub problems: &'a [String],
    /// What addresses are called.
    pub names: &'a BTreeMap<IpAddr, Arc<str>>,
    /// Frames looked at, and of those how many could be read.
    pub frames: u64,
    /// See `frames`.
    pub readable: u64,
    /// Frames that the capturing system lost.
    pub dropped: u64,
    /// The first and the last frame; `None` if there was none.
    pub span: Option<(Time, Time)>,
    /// Local time minus UTC, seconds.
    pub utc_offset_seconds: i32,
    /// Addresses and names were replaced.
    pub redacted: bool,
    /// The language.
    pub language: Language,
}

impl Report<'_> {
    /// A fixed text.
    fn say(&self, text: &Text) -> &'static str {
        text.template(self.language)
    }

    /// A fixed text with its facts.
    fn fill<const N: usize>(&self, text: &Text, facts: [(&'static str, String); N]) -> String {
        text.fill(self.language, &Facts::from(facts))
    }

    /// `20:14:05`, by the clock of the report.
    fn clock(&self, at: Time) -> String {
        let seconds = at.as_nanos().div_euclid(1_000_000_000).rem_euclid(60);
        format!("{}:{seconds:02}", at.hour_minute(self.utc_offset_seconds))
    }

    /// `2026-01-31 20:14:05`, by the clock of the report.
    fn date(&self, at: Time) -> String {
        let shift = Duration::from_secs(self.utc_offset_seconds.unsigned_abs().into());
        let local = if self.utc_offset_seconds < 0 { at.minus(shift) } else { at.plus(shift) };
        local.rfc3339().split('.').next().unwrap_or_default().replace('T', " ")
    }

    /// What a device is called: its name, else its maker, else nothing.
    fn called(&self, mac: Option<MacAddr>, ip: Option<IpAddr>) -> Option<String> {
        let name = ip.and_then(|ip| self.names.get(&ip)).map(ToString::to_string);
        name.or_else(|| mac.and_then(vendor::vendor).map(|maker| vendor::short_name(maker).into_owned()))
    }
}

/// `UTC+09:00`.
fn zone(utc_offset_seconds: i32) -> String {
    let minutes = utc_offset_seconds.unsigned_abs() / 60;
    let sign = if utc_offset_seconds < 0 { '-' } else { '+' };
    if minutes == 0 { "UTC".to_owned() } else { format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60) }
}

/// The whole document.
#[must_use]
pub fn page(report: &Report<'_>) -> String {
    let verdicts = report.verdicts.iter().map(|verdict| super::lang::verdict(verdict, report.language));
    let mut verdicts = verdicts.collect::<Vec<_>>();
    // The worst first; among equals the newest, as they came.
    verdicts.sort_by_key(|verdict| std::cmp::Reverse(verdict.severity));
    let mut html = Html::new();
    head(&mut html, report, &verdicts);
    html.raw("<main>");
    for (index, verdict) in verdicts.iter().take(MAX_VERDICTS).enumerate() {
        explained(&mut html, report, verdict, index);
    }
    html.raw("<section><h2>").text(report.say(if verdicts.is_empty() { &words::TRAFFIC } else { &words::WHEN }));
    html.raw("</h2>");
    chart::draw(&mut html, report, &verdicts);
    html.raw("</section>");
    tables::groups(&mut html, report);
    tables::sources(&mut html, report);
    seen(&mut html, report);
    glossary(&mut html, report, !verdicts.is_empty());
    html.raw("</main><footer><p>");
    html.text(&report.fill(&words::FOOTER, [("version", env!("CARGO_PKG_VERSION").to_owned())])).raw(" ");
    html.text(&report.fill(&words::TIMES, [("offset", zone(report.utc_offset_seconds))]))
        .raw("</p></footer></body></html>\n");
    html.finish()
}

fn head(html: &mut Html, report: &Report<'_>, verdicts: &[Verdict]) {
    let lang = if report.language == Language::Japanese { "ja" } else { "en" };
    html.raw("<!doctype html>\n<html lang=\"").raw(lang).raw("\"><head><meta charset=\"utf-8\">");
    // No script, nothing from elsewhere: whoever opens the file need not trust the capture.
    html.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    html.raw("<meta name=\"referrer\" content=\"no-referrer\"><title>");
    let worst = verdicts.first();
    let (class, word) = match worst.map(|verdict| verdict.severity) {
        Some(Severity::Storm) => ("storm", &words::STORM),
        Some(Severity::Warning) => ("warning", &words::WARNING),
        None => ("quiet", &words::QUIET),
    };
    html.text(report.say(word)).raw(" · ").text(report.say(&words::TITLE)).raw("</title><style>");
    html.raw(include_str!("report.css"))
        .raw(include_str!("../html/svg.css"))
        .raw("</style></head><body><header class=\"")
        .raw(class)
        .raw("\">");
    html.raw("<p class=\"kind\"><b>").text(report.say(word)).raw("</b> · ").text(report.say(&words::TITLE));
    html.raw("</p><h1>");
    match worst {
        Some(verdict) => html.text(&verdict.sentence),
        None => html.text(&report.fill(&words::NOTHING, [("frames", number(report.frames))])),
    };
    html.raw("</h1><dl class=\"facts\">");
    if let Some((first, last)) = report.span {
        let span = format!("{} – {} ({})", report.date(first), report.clock(last), zone(report.utc_offset_seconds));
        fact(html, report.say(&words::CAPTURED), &span);
    }
    fact(html, report.say(&words::FRAMES), &number(report.frames));
    fact(html, report.say(&words::FILES), &listed(report.files));
    html.raw("</dl></header>");
}

fn listed(files: &[String]) -> String {
    let mut names = files.iter().take(3).map(|file| last_part(file)).collect::<Vec<_>>().join(", ");
    if files.len() > 3 {
        names.push_str(&format!(" +{}", files.len() - 3));
    }
    names
}

/// Where a file lies on somebody's disk is nobody else's business.
fn last_part(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

fn fact(html: &mut Html, name: &str, value: &str) {
    html.raw("<div><dt>").text(name).raw("</dt><dd>").text(value).raw("</dd></div>");
}

fn explained(html: &mut Html, report: &Report<'_>, verdict: &Verdict, index: usize) {
    let kind = if verdict.severity == Severity::Storm { "storm" } else { "warning" };
    html.raw("<article class=\"").raw(kind).raw("\">");
    if index > 0 {
        html.raw("<h2 class=\"sentence\">").text(&verdict.sentence).raw("</h2>");
    }
    html.raw("<section class=\"todo\"><h2>").text(report.say(&words::WHAT_TO_DO)).raw("</h2><ol>");
    for step in &verdict.remedy {
        html.raw("<li>").text(step).raw("</li>");
    }
    html.raw("</ol></section><section><h2>").text(report.say(&words::PATH)).raw("</h2>");
    let called = |mac, ip| report.called(mac, ip);
    let id = format!("path-{index}");
    path::draw(html, &path::Picture { verdict, language: report.language, id: &id, called: &called });
    facts(html, report, verdict);
    html.raw("</section>");
    ladder::draw(html, report, verdict, index);
    html.raw("<section><h2>").text(report.say(&words::WHY)).raw("</h2>");
    evidence(html, report, &verdict.evidence);
    doubts(html, report, verdict);
    html.raw("</section></article>");
}

fn facts(html: &mut Html, report: &Report<'_>, verdict: &Verdict) {
    html.raw("<dl class=\"facts\">");
    fact(html, report.say(&words::CAUSE), verdict.cause);
    fact(html, report.say(&words::SURE), &format!("{:.0} %", verdict.confidence * 100.0));
    fact(html, report.say(&words::PROTOCOL), words::protocol(verdict.protocol));
    fact(html, report.say(&words::AMOUNT), &number(verdict.frames));
    if verdict.peak_pps > 0 {
        let rate = report.fill(&words::A_SECOND, [("n", number(verdict.peak_pps))]);
        fact(html, report.say(&words::PEAK), &rate);
    }
    fact(html, report.say(&words::BEGAN), &report.date(verdict.started));
    match verdict.ended {
        Some(ended) => fact(html, report.say(&words::ENDED), &report.date(ended)),
        None if verdict.phase != Phase::Over => fact(html, report.say(&words::ENDED), report.say(&words::NOT_ENDED)),
        None => {}
    }
    fact(html, report.say(&words::SEGMENT), &verdict.segment);
    html.raw("</dl>");
}

fn evidence(html: &mut Html, report: &Report<'_>, evidence: &[Evidence]) {
    html.raw("<ol class=\"evidence\">");
    for one in evidence {
        html.raw("<li><h3>").text(&one.claim).raw("</h3><dl><div><dt>").text(report.say(&words::OBSERVED));
        html.raw("</dt><dd>").text(&one.observed).raw("</dd></div><div><dt>").text(report.say(&words::EXPECTED));
        html.raw("</dt><dd>").text(&one.expected).raw("</dd></div>");
        if !one.display_filter.is_empty() || one.frame_numbers.is_some() {
            html.raw("<div class=\"check\"><dt>").text(report.say(&words::CHECK)).raw("</dt><dd>");
            if !one.display_filter.is_empty() {
                html.raw("<code>").text(&one.display_filter).raw("</code> ");
            }
            if let Some((first, last)) = one.frame_numbers {
                let text = if first == last { &words::NUMBER } else { &words::NUMBERS };
                let numbers = Facts::from([("first", first.to_string()), ("last", last.to_string())]);
                html.raw("<span>").text(&text.fill(report.language, &numbers)).raw("</span>");
            }
            html.raw("</dd></div>");
        }
        html.raw("</dl></li>");
    }
    html.raw("</ol>");
}

fn doubts(html: &mut Html, report: &Report<'_>, verdict: &Verdict) {
    if !verdict.candidates.is_empty() {
        let title = if verdict.culprit.is_some() { &words::ELSE } else { &words::COULD_BE };
        html.raw("<h3>").text(report.say(title)).raw("</h3><ul>");
        for candidate in &verdict.candidates {
            html.raw("<li><code>").text(candidate.cause).raw("</code> ");
            html.text(&format!("({:.0} %): {}", candidate.confidence * 100.0, candidate.needs)).raw("</li>");
        }
        html.raw("</ul>");
    }
    if !verdict.lacks.is_empty() {
        html.raw("<h3>").text(report.say(&words::UNKNOWN)).raw("</h3><ul>");
        for lack in &verdict.lacks {
            html.raw("<li>").text(lack).raw("</li>");
        }
        html.raw("</ul>");
    }
}

fn seen(html: &mut Html, report: &Report<'_>) {
    html.raw("<section><h2>").text(report.say(&words::SEEN)).raw("</h2><ul class=\"seen\">");
    let span = report.span.map_or(0.0, |(first, last)| last.since(first).as_secs_f64());
    let group = report.chronicle.timeline().protocols().iter().map(|(_, frames)| frames).sum::<u64>();
    let files = report.files.iter().take(MAX_LISTED).map(|file| last_part(file)).collect::<Vec<_>>().join(", ");
    let mut line = |text: String| {
        html.raw("<li>").text(&text).raw("</li>");
    };
    line(report.fill(
        &words::SAW,
        [("frames", number(report.frames)), ("files", files), ("span", format!("{span:.1}")), ("group", number(group))],
    ));
    let unread = report.frames.saturating_sub(report.readable);
    match unread {
        0 => line(report.say(&words::SAW_ALL_READ).to_owned()),
        n => line(report.fill(&words::SAW_UNREAD, [("n", number(n))])),
    }
    if report.dropped > 0 {
        line(report.fill(&words::SAW_DROPPED, [("n", number(report.dropped))]));
    }
    if report.chronicle.cut() > 0 {
        line(report.fill(&words::SAW_CUT, [("n", number(report.chronicle.cut()))]));
    }
    for problem in report.problems.iter().take(MAX_LISTED) {
        line(format!("{}: {}", report.say(&words::PROBLEM), last_part_of_problem(problem)));
    }
    for limit in [&words::LIMIT_SNOOPING, &words::LIMIT_PORT, &words::LIMIT_PLACE] {
        line(report.say(limit).to_owned());
    }
    if report.redacted {
        line(report.say(&words::REDACTED).to_owned());
    }
    html.raw("</ul></section>");
}

/// A problem begins with the path of its file.
fn last_part_of_problem(problem: &str) -> String {
    match problem.split_once(": ") {
        Some((path, what)) if path.contains('/') => format!("{}: {what}", last_part(path)),
        _ => problem.to_owned(),
    }
}

fn glossary(html: &mut Html, report: &Report<'_>, found: bool) {
    if !found {
        return;
    }
    html.raw("<section class=\"words\"><h2>").text(report.say(&words::WORDS)).raw("</h2><ul>");
    for word in [&words::WORD_GROUP, &words::WORD_REPLICA, &words::WORD_TTL, &words::WORD_PROXY] {
        html.raw("<li>").text(report.say(word)).raw("</li>");
    }
    html.raw("</ul></section>");
}

#[cfg(test)]
mod tests;
