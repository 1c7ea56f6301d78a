//! An examination by `doctor` for people: what was found with what to do, then every question with its answer, then what was
//! sent. The live page shows what it came to, with the button for the part that sends nothing.

use super::escape::Html;
use super::face::{Examining, Face};
use super::lists::{Manner, document};
use super::pen::{Pen, tag};
use crate::explain::checks::{Said, Status};
use crate::model::text::{Facts, Language, Text};
use crate::view::doctor::{self, Examination};

const TITLE: Text = Text { en: "Examination of the LAN", ja: "LANの検査" };
/// In the navigation.
pub(super) const NAV: Text = Text { en: "Examination", ja: "検査" };
const ABOUT: Text = Text {
    en: "Listens for ten seconds and says what is wrong in this LAN, by what the devices say themselves. Nothing is sent. The \
         whole examination, with its questions to the LAN, is `stormglass doctor`.",
    ja: "10秒間待ち受け、機器自身の発言からLANの異常を探します。パケットは送信しません。LANへの問い合わせを含む検査は \
         `stormglass doctor` で行えます。",
};
const BUTTON: Text = Text { en: "Examine (sends nothing)", ja: "検査する(送信なし)" };
const RUNNING: Text = Text {
    en: "The LAN is being examined: ten seconds of listening.",
    ja: "LANを検査しています(10秒間待ち受けます)。",
};
const FAILED: Text =
    Text { en: "The LAN could not be examined: {why}", ja: "LANを検査できませんでした: {why}" };
const CAME_TO: Text = Text {
    en: "Examined at {time}: {findings} of {questions} questions found something wrong; {skipped} were not looked at.",
    ja: "{time} の検査: {questions} 項目のうち、異常が {findings} 件、調べていないものが {skipped} 件です。",
};
const IN_FULL: Text = Text { en: "Every question and its answer", ja: "すべての項目と結果" };
const SEEN: Text = Text { en: "What was seen", ja: "見えたこと" };
const QUESTIONS: Text = Text { en: "Every question", ja: "すべての項目" };
const SENT: Text = Text { en: "What was sent", ja: "送信したもの" };
const TIMES: Text = Text { en: "times", ja: "回数" };

/// The part of the live page: what the latest one came to, and the button.
pub(super) fn latest(pen: &mut Pen, face: &Face) {
    pen.heading("examination", &TITLE);
    match &face.examining {
        Examining::Done(examination) => {
            for one in examination.findings().into_iter().take(3) {
                let said = one.answer.seen.first().map(|said| doctor::sentence(said, pen.language));
                pen.raw("<p><b>").say(doctor::word(one.answer.status)).raw("</b> ");
                pen.text(&said.unwrap_or_default()).raw("</p>");
            }
            pen.raw("<p>");
            came_to(pen, examination);
            let lang = tag(pen.language);
            pen.raw(" <a href=\"/doctor?lang=").raw(lang).raw("\">").say(&IN_FULL).raw("</a></p>");
        }
        other => state(pen, other),
    }
    button(pen, &face.examining, &face.token);
}

/// A page of its own.
#[must_use]
pub fn page(examining: &Examining, token: &str, manner: Manner) -> String {
    document(&TITLE, manner, |pen| {
        pen.raw("<section>");
        if let Examining::Done(examination) = examining {
            pen.raw("<p>");
            came_to(pen, examination);
            pen.raw("</p>");
        } else {
            state(pen, examining);
        }
        button(pen, examining, token);
        pen.raw("</section>");
        if let Examining::Done(examination) = examining {
            body(&mut pen.html, examination, pen.language);
        }
    })
}

fn state(pen: &mut Pen, examining: &Examining) {
    match examining {
        Examining::Running => {
            pen.raw("<p role=\"status\">").say(&RUNNING).raw("</p>");
        }
        Examining::Failed(why) => {
            let said = pen.fill(&FAILED, [("why", why.to_string())]);
            pen.raw("<p role=\"status\">").text(&said).raw("</p>");
        }
        Examining::Never | Examining::Done(_) => {}
    }
}

fn came_to(pen: &mut Pen, examination: &Examination) {
    let skipped = |status| matches!(status, Status::Unable | Status::Unasked);
    let facts = [
        ("time", pen.clock(examination.at)),
        ("findings", examination.findings().len().to_string()),
        ("questions", examination.checked.len().to_string()),
        ("skipped", examination.checked.iter().filter(|one| skipped(one.answer.status)).count().to_string()),
    ];
    let said = pen.fill(&CAME_TO, facts);
    pen.text(&said);
}

fn button(pen: &mut Pen, examining: &Examining, token: &str) {
    if matches!(examining, Examining::Running) {
        return;
    }
    pen.raw("<p class=\"note\">").say(&ABOUT).raw("</p><form method=\"post\" action=\"/doctor\">");
    pen.raw("<input type=\"hidden\" name=\"token\" value=\"").text(token).raw("\">");
    let lang = tag(pen.language);
    pen.raw("<input type=\"hidden\" name=\"lang\" value=\"").raw(lang).raw("\">");
    pen.raw("<button id=\"doctor-button\">").say(&BUTTON).raw("</button></form>");
}

/// What was found, every question, and what was sent. Every text is escaped: device names are in it.
pub(in crate::view) fn body(html: &mut Html, examination: &Examination, language: Language) {
    for one in examination.findings() {
        let class = if one.answer.status == Status::Problem { "storm" } else { "warning" };
        html.raw("<section class=\"")
            .raw(class)
            .raw("\"><h2>")
            .text(doctor::word(one.answer.status).template(language));
        html.raw(" · ").text(one.check.question.template(language)).raw("</h2>");
        sentences(html, &one.answer.seen, language);
        html.raw("<ol class=\"remedy\">");
        for said in &one.answer.remedy {
            html.raw("<li>").text(&doctor::sentence(said, language)).raw("</li>");
        }
        html.raw("</ol></section>");
    }
    html.raw("<section><h2>").text(QUESTIONS.template(language)).raw("</h2>");
    html.raw("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"").text(QUESTIONS.template(language));
    html.raw("\"><table><thead><tr>");
    for name in [&doctor::QUESTION, &doctor::ANSWER, &SEEN] {
        html.raw("<th scope=\"col\">").text(name.template(language)).raw("</th>");
    }
    html.raw("</tr></thead><tbody>");
    for one in &examination.checked {
        html.raw("<tr><th scope=\"row\">").text(one.check.question.template(language)).raw("</th><td><b>");
        html.text(doctor::word(one.answer.status).template(language)).raw("</b></td><td>");
        sentences(html, &one.answer.seen, language);
        // What to do about a finding stands above.
        if !one.answer.status.is_finding() {
            sentences(html, &one.answer.remedy, language);
        }
        html.raw("</td></tr>");
    }
    html.raw("</tbody></table></div></section><section><h2>").text(SENT.template(language)).raw("</h2>");
    if examination.sent.is_empty() {
        html.raw("<p>").text(doctor::SENT_NOTHING.template(language)).raw("</p></section>");
        return;
    }
    html.raw("<ul>");
    for (probe, times) in &examination.sent {
        html.raw("<li>").text(probe.what.template(language)).raw(" (").text(&times.to_string()).raw(" ");
        html.text(TIMES.template(language)).raw(")</li>");
    }
    html.raw("</ul></section>");
}

fn sentences(html: &mut Html, all: &[Said], language: Language) {
    for said in all {
        html.raw("<p>").text(&doctor::sentence(said, language)).raw("</p>");
    }
}

/// Where and for how long, in a sentence.
pub(in crate::view) fn examined(examination: &Examination, language: Language) -> String {
    let seconds = format!("{:.1}", examination.took.as_secs_f64());
    doctor::HEAD.fill(language, &Facts::from([("places", examination.places.join(", ")), ("seconds", seconds)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::checks::{self, Look, SnmpLook};
    use crate::model::Time;
    use std::time::Duration;

    fn examination() -> Examination {
        let target = "<script>alert(1)</script>".to_owned();
        let look =
            Look { snmp: Some(vec![SnmpLook { target, outcome: Err("timeout".to_owned()) }]), ..Look::default() };
        Examination {
            places: vec!["eth0".to_owned()],
            checked: checks::examine(&look),
            sent: Vec::new(),
            took: Duration::from_secs(10),
            at: Time::from_secs(1_700_000_000),
        }
    }

    #[test]
    fn each_state_has_its_words_and_a_button_unless_it_runs() {
        let manner = |language| Manner { language, now: Time::from_secs(1_700_000_060), utc_offset_seconds: 0 };
        let done = Examining::Done(examination().into());
        for (examining, words, buttons) in [
            (Examining::Never, ["Listens for ten seconds", "10秒間待ち受け、"], 1),
            (Examining::Running, ["is being examined", "検査しています"], 0),
            (
                Examining::Failed("no <interface>".into()),
                ["could not be examined: no &lt;interface&gt;", "検査できませんでした"],
                1,
            ),
            (done, ["Examined at 22:13:20: 1 of 12", "12 項目のうち、異常が 1 件"], 1),
        ] {
            for (language, word) in [Language::English, Language::Japanese].into_iter().zip(words) {
                let page = page(&examining, "0123", manner(language));
                assert!(page.contains(word), "{word}: {page}");
                assert_eq!(page.matches("<button").count(), buttons, "{page}");
                assert!(!page.contains("<script>"), "{page}");
            }
        }
    }
}
