//! What `doctor` found, as a page to hand on: one file without script that loads nothing.

use super::words;
use crate::explain::checks::Status;
use crate::model::Time;
use crate::model::text::{Facts, Language, Text};
use crate::view::doctor::{self, Examination};
use crate::view::html::escape::Html;
use crate::view::html::examination::{body, examined};
use std::time::Duration;

const TITLE: Text = Text { en: "stormglass · examination of a LAN", ja: "stormglass · LANの検査結果" };

/// The whole document. `utc_offset_seconds`: local time minus UTC, for its date.
#[must_use]
pub fn page(examination: &Examination, utc_offset_seconds: i32, language: Language) -> String {
    let findings = examination.findings();
    let (class, word) = match findings.first().map(|one| one.answer.status) {
        Some(Status::Problem) => ("storm", doctor::word(Status::Problem)),
        Some(_) => ("warning", doctor::word(Status::Warning)),
        None => ("quiet", doctor::word(Status::Ok)),
    };
    let mut html = Html::new();
    let lang = if language == Language::Japanese { "ja" } else { "en" };
    html.raw("<!doctype html>\n<html lang=\"").raw(lang).raw("\"><head><meta charset=\"utf-8\">");
    html.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    html.raw("<meta name=\"referrer\" content=\"no-referrer\"><title>").text(TITLE.template(language));
    html.raw("</title><style>").raw(include_str!("report.css")).raw("</style></head><body><header class=\"");
    html.raw(class).raw("\"><p class=\"kind\"><b>").text(word.template(language)).raw("</b> · ");
    html.text(TITLE.template(language)).raw("</p><h1>");
    match findings.first().and_then(|one| one.answer.seen.first()) {
        Some(said) => html.text(&doctor::sentence(said, language)),
        None => html.text(doctor::ALL_GOOD.template(language)),
    };
    html.raw("</h1><p>").text(&examined(examination, language)).raw(" ");
    html.text(&date(examination.at, utc_offset_seconds)).raw("</p></header><main>");
    body(&mut html, examination, language);
    html.raw("</main><footer><p>");
    let facts = Facts::from([("version", env!("CARGO_PKG_VERSION").to_owned())]);
    html.text(&words::FOOTER.fill(language, &facts)).raw("</p></footer></body></html>\n");
    html.finish()
}

/// `2026-01-31 20:14:05 UTC+09:00`.
fn date(at: Time, utc_offset_seconds: i32) -> String {
    let shift = Duration::from_secs(utc_offset_seconds.unsigned_abs().into());
    let local = if utc_offset_seconds < 0 { at.minus(shift) } else { at.plus(shift) };
    let text = local.rfc3339();
    let text = text.split('.').next().unwrap_or_default().replace('T', " ");
    format!("{text} {}", super::zone(utc_offset_seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::checks::{self, Look};

    #[test]
    fn a_page_holds_every_question_and_no_markup_of_others() {
        let mut look = Look::default();
        let why = Err("<script>alert(1)</script>".to_owned());
        look.snmp = Some(vec![checks::SnmpLook { target: "<b>hub</b>".to_owned(), outcome: why }]);
        let examination = Examination {
            places: vec!["eth0 (192.168.1.30)".to_owned()],
            checked: checks::examine(&look),
            sent: vec![(&crate::model::probe::ARP, 2)],
            took: Duration::from_millis(6_810),
            at: Time::from_secs(1_700_000_000),
        };
        for language in [Language::English, Language::Japanese] {
            let page = page(&examination, 9 * 3600, language);
            assert!(!page.contains("<script") && !page.contains("<b>hub"), "{page}");
            for check in checks::CHECKS {
                assert!(page.contains(&*check.question.template(language).replace('\'', "&#39;")), "{}", check.id);
            }
            assert!(page.contains("2023-11-15 07:13:20 UTC+09:00") && page.contains("6.8"), "{page}");
        }
    }
}
