//! An examination of the LAN for people and programs: a line for each question, the details of what is not good, what was
//! sent. Pure text.

use super::upnp::printable;
use crate::explain::checks::{Checked, Said, Status};
use crate::model::Time;
use crate::model::probe::Probe;
use crate::model::text::{Facts, Language, Text};
use serde_json::{Value, json};
use std::time::Duration;

/// An examination.
#[derive(Clone, Debug)]
pub struct Examination {
    /// Where: `eth0 (192.168.1.30)`.
    pub places: Vec<String>,
    /// The checks with their answers.
    pub checked: Vec<Checked>,
    /// What was sent, and how often permitted.
    pub sent: Vec<(&'static Probe, u32)>,
    /// How long it took.
    pub took: Duration,
    /// When it ended.
    pub at: Time,
}

impl Examination {
    /// What was found, the worst first; the rest in the order of the table.
    #[must_use]
    pub fn findings(&self) -> Vec<&Checked> {
        let mut findings = self.checked.iter().filter(|one| one.answer.status.is_finding()).collect::<Vec<_>>();
        findings.sort_by_key(|one| std::cmp::Reverse(one.answer.status));
        findings
    }
}

pub(super) const HEAD: Text =
    Text { en: "Examined {places} for {seconds} s.", ja: "{places} を {seconds} 秒間調べました。" };
const OK: Text = Text { en: "ok", ja: "正常" };
const WARNING: Text = Text { en: "WARNING", ja: "警告" };
const PROBLEM: Text = Text { en: "PROBLEM", ja: "異常" };
const UNABLE: Text = Text { en: "could not look", ja: "調査不可" };
const UNASKED: Text = Text { en: "not looked", ja: "未調査" };
pub(super) const QUESTION: Text = Text { en: "question", ja: "確認した内容" };
pub(super) const ANSWER: Text = Text { en: "answer", ja: "結果" };
pub(super) const ALL_GOOD: Text = Text {
    en: "Nothing was found. What was not looked at, or could not be, may still be wrong.",
    ja: "異常は見つかりませんでした。調べていない項目に異常がないことを示すものではありません。",
};
const SENT: Text = Text { en: "Sent: {list}.", ja: "送信したもの: {list}。" };
pub(super) const SENT_NOTHING: Text =
    Text { en: "Nothing was sent.", ja: "パケットは送信していません。" };

pub(super) fn word(status: Status) -> &'static Text {
    match status {
        Status::Ok => &OK,
        Status::Unasked => &UNASKED,
        Status::Unable => &UNABLE,
        Status::Warning => &WARNING,
        Status::Problem => &PROBLEM,
    }
}

pub(super) fn sentence(said: &Said, language: Language) -> String {
    printable(&said.fill(language))
}

/// Makes a table of a head and rows.
pub type Draw<'a> = dyn FnMut(&[&str], &[Vec<String>]) -> String + 'a;

/// One screen.
pub fn text(examination: &Examination, language: Language, draw: &mut Draw<'_>) -> String {
    let places = examination.places.join(", ");
    let seconds = format!("{:.1}", examination.took.as_secs_f64());
    let mut out = HEAD.fill(language, &Facts::from([("places", places), ("seconds", seconds)]));
    out.push('\n');
    let row = |one: &Checked| {
        vec![word(one.answer.status).template(language).to_owned(), one.check.question.template(language).to_owned()]
    };
    let rows = examination.checked.iter().map(row).collect::<Vec<_>>();
    out.push_str(&draw(&[ANSWER.template(language), QUESTION.template(language)], &rows));
    let mut details = examination.checked.iter().filter(|one| one.answer.status != Status::Ok).collect::<Vec<_>>();
    // The worst first; the rest in the order of the table.
    details.sort_by_key(|one| std::cmp::Reverse(one.answer.status));
    for one in &details {
        let sign = if one.answer.status.is_finding() { "! " } else { "- " };
        out.push_str(&format!("\n{sign}{}: {}\n", word(one.answer.status).template(language), one.check.id));
        for said in &one.answer.seen {
            out.push_str(&format!("    {}\n", sentence(said, language)));
        }
        for said in &one.answer.remedy {
            out.push_str(&format!("    > {}\n", sentence(said, language)));
        }
    }
    out.push('\n');
    if examination.findings().is_empty() {
        out.push_str(&format!("{}\n", ALL_GOOD.template(language)));
    }
    let list = examination.sent.iter().map(|(probe, times)| format!("{} {times}x", probe.id)).collect::<Vec<_>>();
    if list.is_empty() {
        out.push_str(&format!("{}\n", SENT_NOTHING.template(language)));
    } else {
        out.push_str(&format!("{}\n", SENT.fill(language, &Facts::from([("list", list.join(", "))]))));
    }
    out
}

/// The same as JSON. `seen` and `remedy` are sentences; `could_not_look` tells the two ways to be skipped apart.
#[must_use]
pub fn json(examination: &Examination, language: Language) -> Value {
    let sentences = |all: &[Said]| all.iter().map(|said| sentence(said, language)).collect::<Vec<_>>();
    let checks = examination.checked.iter().map(|one| {
        json!({
            "id": one.check.id,
            "question": one.check.question.template(language),
            "verdict": one.answer.status.id(),
            "could_not_look": one.answer.status == Status::Unable,
            "seen": sentences(&one.answer.seen),
            "remedy": sentences(&one.answer.remedy),
        })
    });
    let sent = examination.sent.iter().map(|(probe, times)| json!({ "id": probe.id, "times": times }));
    json!({
        "interfaces": examination.places,
        "seconds": examination.took.as_secs_f64(),
        "checks": checks.collect::<Vec<_>>(),
        "sent": sent.collect::<Vec<_>>(),
    })
}
