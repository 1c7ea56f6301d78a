//! Acknowledgements and mutes in words, for programs, and on the page, with the forms by which they are made: these need no
//! script. Says nothing of how they are carried out.

use super::html::pen::{NAME, Pen, SENTENCE, cut, tag};
use crate::engine::NoteError;
use crate::model::Time;
use crate::model::note::{Culprit, End, Note, NoteKind, Subject};
use crate::model::text::{Facts, Language, Text};
use crate::model::verdict::{Phase, Verdict};
use serde_json::{Value, json};
use std::sync::Arc;

/// Lines shown of what holds, and of what has ended.
const MAX_LINES: usize = 32;
/// How long a mute by the page's form may last, and what that is called.
const SPANS: [(&str, &Text); 5] = [("1h", &HOUR), ("4h", &FOUR_HOURS), ("24h", &DAY), ("7d", &WEEK), ("30d", &MONTH)];

words! {
    ACKNOWLEDGED: "acknowledged by {by}: {why}", "{by}さんが対応中：{why}";
    MUTED: "muted until {until} by {by}: {why}", "{until}まで通知停止（{by}さん）：{why}";
    BADGE_ACKNOWLEDGED: "acknowledged", "対応中";
    BADGE_MUTED: "muted until {until}", "{until}まで通知停止";

    SAID_ACKNOWLEDGED: "{id}: {by} has acknowledged {what}: {why}", "{id}：{by}さんが{what}に対応中です：{why}";
    SAID_MUTED: "{id}: {by} has muted {what} until {until}: {why}", "{id}：{by}さんが{what}の通知を{until}まで停止しました：{why}";
    EXPIRED: "{said} (ended at {at}: its time was over)", "{said}（{at}に期限が来て終了しました）";
    LIFTED: "{said} (taken back at {at})", "{said}（{at}に取り消されました）";
    CHANGED: "{said} (ended at {at}: the storm has another cause or culprit, or came anew)", "{said}（{at}に終了しました。原因か原因の機器が変わったか、新たに発生したストームです）";
    OF_STORM: "the storm {id}", "ストーム {id}";
    OF_MAC: "storms of {mac}", "{mac} によるストーム";
    OF_CAUSE: "storms of the cause {cause} by {culprits}", "{culprits} による原因 {cause} のストーム";
    OF_NOBODY: "whoever it is, as long as that storm lasts", "特定の機器によらない（今回のストームに限る）";

    NO_STORM: "no storm with this id is remembered; the page and /api/v1/storms list them", "このIDのストームは記録にありません。ページと /api/v1/storms に一覧があります";
    OVER: "this storm is over, and there is nothing to be on; mute it if it is not to be told of when it returns", "このストームは終息しているため、対応中にはできません。再発時に通知しないようにするには、通知を停止してください";
    NOT_A_STORM: "a storm is acknowledged by its id; a device or a cause can only be muted", "対応中にできるのはストーム（ID）だけです。機器と原因は、通知の停止だけができます";
    NO_CAUSE: "no such cause; `stormglass causes` lists them", "そのような原因はありません。`stormglass causes` に一覧があります";
    NO_CULPRIT: "no storm of this cause is remembered: a cause is muted for the devices and ports that are known to make one, so that no other hides behind it. Mute it once it has begun, or mute the device by its MAC", "この原因のストームは記録にありません。ほかの機器を隠さないように、原因の通知停止は、その原因で知られている機器とポートだけに効きます。発生してから停止するか、機器をMACアドレスで指定してください";
    NO_END: "a mute needs an end: for (2h) or until (2026-12-31T18:00), at most 30 days from now", "通知の停止には終わりが必要です。for（2h）か until（2026-12-31T18:00）で、30日以内を指定してください";
    WRONG_END: "the end must lie ahead, and that of a mute within 30 days", "終わりには未来の時刻を指定してください。通知の停止は30日以内です";
    NO_BY: "by: the name of whoever says it, a line of 1 to 40 characters", "by：お名前を1行、1～40文字で入力してください";
    NO_WHY: "why: the reason, a line of 1 to 200 characters", "why：理由を1行、1～200文字で入力してください";
    FULL: "there are 64 acknowledgements and mutes already: take one back first", "対応中と通知停止がすでに64件あります。先にどれかを取り消してください";
    NO_NOTE: "no acknowledgement or mute with this id holds; /api/v1/mutes lists them", "このIDの対応中または通知停止はありません。/api/v1/mutes に一覧があります";

    TITLE: "Acknowledge or mute", "対応と通知停止";
    ABOUT: "Acknowledge it to tell others that somebody is on it. Mute it, and no message is sent of it until the time you choose; the page goes on showing it. Both hold for this cause and culprit alone: another one is told as ever.", "対応中とすると、誰かが対処していることをほかの人に示せます。通知を停止すると、選んだ時刻まで通知を送りません（このページには引き続き表示します）。どちらも、この原因と原因の機器だけに有効です。ほかのものは、これまでどおり通知します。";
    BY: "Your name", "お名前";
    WHY: "Why", "理由";
    FOR: "For", "期間";
    ACKNOWLEDGE: "Acknowledge", "対応中にする";
    MUTE: "Mute", "通知を停止する";
    TAKE_BACK: "Take back", "取り消す";
    HOUR: "1 hour", "1時間";
    FOUR_HOURS: "4 hours", "4時間";
    DAY: "1 day", "1日";
    WEEK: "7 days", "7日";
    MONTH: "30 days", "30日";
    LIST: "Acknowledged and muted", "対応中と通知停止";
}

/// Of what it is said.
fn what(subject: &Subject, language: Language) -> String {
    let fill = |text: &Text, facts: Vec<(&'static str, String)>| text.fill(language, &facts.into_iter().collect());
    match subject {
        Subject::Storm { id, .. } => fill(&OF_STORM, vec![("id", id.to_string())]),
        Subject::Mac(mac) => fill(&OF_MAC, vec![("mac", mac.to_string())]),
        Subject::Cause { id, culprits } => {
            let names = culprits.iter().take(MAX_LINES).map(culprit).collect::<Vec<_>>().join(", ");
            let names = if names.is_empty() { OF_NOBODY.template(language).to_owned() } else { names };
            fill(&OF_CAUSE, vec![("cause", id.to_string()), ("culprits", names)])
        }
    }
}

fn culprit(culprit: &Culprit) -> String {
    match culprit {
        Culprit::Mac(mac) => mac.to_string(),
        Culprit::Port(_, port) => port.to_string(),
    }
}

/// What was said, and how it ended; times as `clock` has them.
fn said(note: &Note, language: Language, clock: &dyn Fn(Time) -> String) -> String {
    let text = match note.kind {
        NoteKind::Acknowledgement => &SAID_ACKNOWLEDGED,
        NoteKind::Mute => &SAID_MUTED,
    };
    let facts = Facts::from([
        ("id", note.id.to_string()),
        ("by", note.by.to_string()),
        ("what", what(&note.subject, language)),
        ("until", note.until.map(clock).unwrap_or_default()),
        ("why", note.why.to_string()),
    ]);
    let said = text.fill(language, &facts);
    let Some((at, end)) = note.ended else { return said };
    let text = match end {
        End::Expired => &EXPIRED,
        End::Lifted => &LIFTED,
        End::Changed => &CHANGED,
    };
    text.fill(language, &Facts::from([("said", said), ("at", clock(at))]))
}

/// A note as a sentence, for a terminal or a log.
#[must_use]
pub fn sentence(note: &Note, language: Language) -> String {
    said(note, language, &|at| minute(at))
}

/// Why something is not said, and what to do instead.
#[must_use]
pub const fn refusal(error: NoteError) -> &'static Text {
    match error {
        NoteError::NoStorm => &NO_STORM,
        NoteError::Over => &OVER,
        NoteError::NotAStorm => &NOT_A_STORM,
        NoteError::NoCause => &NO_CAUSE,
        NoteError::NoCulprit => &NO_CULPRIT,
        NoteError::NoEnd => &NO_END,
        NoteError::WrongEnd => &WRONG_END,
        NoteError::By => &NO_BY,
        NoteError::Why => &NO_WHY,
        NoteError::Full => &FULL,
        NoteError::NoNote => &NO_NOTE,
    }
}

/// RFC 3339 to the second.
fn minute(at: Time) -> String {
    let text = at.rfc3339();
    text.split_once('.').map_or_else(|| text.clone(), |(before, _)| format!("{before}Z"))
}

/// A note for programs.
#[must_use]
pub fn json(note: &Note) -> Value {
    let (about, of, culprits) = match &note.subject {
        Subject::Storm { id, culprit } => ("storm", id.to_string(), culprit.iter().cloned().collect()),
        Subject::Mac(mac) => ("mac", mac.to_string(), vec![Culprit::Mac(*mac)]),
        Subject::Cause { id, culprits } => ("cause", id.to_string(), culprits.clone()),
    };
    json!({
        "id": note.id,
        "kind": note.kind,
        about: of,
        "culprits": culprits.iter().map(culprit).collect::<Vec<_>>(),
        "by": note.by,
        "why": note.why,
        "at": note.at,
        "until": note.until,
        "ended": note.ended.map(|(at, _)| at),
        "ended_because": note.ended.map(|(_, why)| why),
        "sentence": sentence(note, Language::English),
        "sentence_ja": sentence(note, Language::Japanese),
    })
}

/// All of them, those that hold first.
#[must_use]
pub fn list_json(notes: &[Arc<Note>]) -> Value {
    let (holding, ended): (Vec<_>, Vec<_>) = notes.iter().partition(|note| note.holds());
    json!({ "notes": holding.into_iter().chain(ended).map(|note| json(note)).collect::<Vec<_>>() })
}

/// Who is on a storm, as part of its JSON.
pub(super) fn acknowledged(verdict: &Verdict) -> Option<Value> {
    let note = verdict.acknowledged.as_ref()?;
    Some(json!({"id": note.id, "by": note.by, "why": note.why, "at": note.at, "until": note.until}))
}

/// What is said of a verdict, in whole sentences: a line each.
#[must_use]
pub fn lines(verdict: &Verdict, language: Language) -> Vec<String> {
    let facts = |note: &Note| {
        let until = note.until.map(minute).unwrap_or_default();
        Facts::from([("by", note.by.to_string()), ("why", note.why.to_string()), ("until", until)])
    };
    let acknowledged = verdict.acknowledged.iter().map(|note| ACKNOWLEDGED.fill(language, &facts(note)));
    acknowledged.chain(verdict.muted.iter().map(|note| MUTED.fill(language, &facts(note)))).collect()
}

/// In a word or two, beside the sentence.
pub(super) fn badges(pen: &mut Pen, verdict: &Verdict) {
    if verdict.acknowledged.is_some() {
        pen.raw("<span class=\"badge\">").say(&BADGE_ACKNOWLEDGED).raw("</span> ");
    }
    if let Some(until) = verdict.muted_until() {
        let until = pen.clock(until);
        let said = pen.fill(&BADGE_MUTED, [("until", until)]);
        pen.raw("<span class=\"badge\">").text(&said).raw("</span> ");
    }
}

/// What is said of a verdict, and by whom.
pub(super) fn of(pen: &mut Pen, verdict: &Verdict) {
    for (text, note) in [(&ACKNOWLEDGED, &verdict.acknowledged), (&MUTED, &verdict.muted)] {
        let Some(note) = note else { continue };
        let until = note.until.map(|until| pen.clock(until)).unwrap_or_default();
        let facts = [("by", cut(&note.by, NAME)), ("why", cut(&note.why, SENTENCE)), ("until", until)];
        let said = pen.fill(text, facts);
        pen.raw("<p class=\"noted\">").text(&said).raw("</p>");
    }
}

/// Everything that was said and holds, or has ended lately.
pub(super) fn list(pen: &mut Pen, notes: &[Arc<Note>]) {
    if notes.is_empty() {
        return;
    }
    pen.raw("<h3>").say(&LIST).raw("</h3><ul class=\"notes\">");
    let newest = notes.iter().rev();
    let (holding, ended): (Vec<_>, Vec<_>) = newest.partition(|note| note.holds());
    for note in holding.into_iter().take(MAX_LINES).chain(ended.into_iter().take(MAX_LINES)) {
        let said = said(note, pen.language, &|at| pen.clock(at));
        pen.raw("<li>").cut(&said, 2 * SENTENCE).raw("</li>");
    }
    pen.raw("</ul>");
}

/// The forms for one storm, on its own page, which does not renew itself under whoever writes.
pub(super) fn forms(pen: &mut Pen, verdict: &Verdict, token: &str) {
    pen.raw("<section id=\"note\"><h2>").say(&TITLE).raw("</h2><p class=\"note\">").say(&ABOUT).raw("</p>");
    for note in verdict.acknowledged.iter().chain(&verdict.muted) {
        let said = said(note, pen.language, &|at| pen.clock(at));
        begin(pen, "/api/v1/unmute", token);
        pen.raw("<input type=\"hidden\" name=\"id\" value=\"").text(&note.id).raw("\">");
        pen.raw("<p>").cut(&said, 2 * SENTENCE).raw(" <button>").say(&TAKE_BACK).raw("</button></p></form>");
    }
    if verdict.phase != Phase::Over {
        form(pen, "/api/v1/acknowledge", verdict, token, &ACKNOWLEDGE, false);
    }
    form(pen, "/api/v1/mute", verdict, token, &MUTE, true);
    pen.raw("</section>");
}

fn begin(pen: &mut Pen, action: &'static str, token: &str) {
    pen.raw("<form class=\"note\" method=\"post\" action=\"").raw(action).raw("\">");
    pen.raw("<input type=\"hidden\" name=\"token\" value=\"").text(token).raw("\">");
    let lang = tag(pen.language);
    pen.raw("<input type=\"hidden\" name=\"lang\" value=\"").raw(lang).raw("\">");
}

fn form(pen: &mut Pen, action: &'static str, verdict: &Verdict, token: &str, button: &Text, spans: bool) {
    begin(pen, action, token);
    pen.raw("<input type=\"hidden\" name=\"storm\" value=\"").text(&verdict.id).raw("\"><p><label>").say(&BY);
    pen.raw(" <input name=\"by\" required maxlength=\"40\" autocomplete=\"name\"></label> <label>").say(&WHY);
    pen.raw(" <input name=\"why\" required maxlength=\"200\"></label> ");
    if spans {
        pen.raw("<label>").say(&FOR).raw(" <select name=\"for\">");
        for (span, name) in SPANS {
            pen.raw("<option value=\"").raw(span).raw("\">").say(name).raw("</option>");
        }
        pen.raw("</select></label> ");
    }
    pen.raw("<button>").say(button).raw("</button></p></form>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::note_line::example;

    #[test]
    fn a_note_says_who_what_why_and_how_it_ended() {
        let note = example("m1");
        assert_eq!(
            sentence(&note, Language::English),
            "m1: ann has muted storms of the cause l3_reflector by 3c:84:6a:10:00:c8, hub ge7 until 2023-11-15T00:13:20Z: the \
             electrician comes at two"
        );
        let ended = Note { ended: Some((note.at, End::Changed)), ..note };
        assert!(sentence(&ended, Language::English).ends_with("the storm has another cause or culprit, or came anew)"));
        assert!(sentence(&ended, Language::Japanese).contains("annさんが"));
        let value = json(&ended);
        assert_eq!((&value["kind"], &value["cause"]), (&json!("mute"), &json!("l3_reflector")));
        assert_eq!((&value["ended_because"], &value["culprits"][1]), (&json!("changed"), &json!("hub ge7")));
    }

    #[test]
    fn both_languages_say_the_same_things() {
        for text in ALL {
            assert_eq!(text.places(Language::English), text.places(Language::Japanese), "{}", text.en);
        }
    }
}
