//! What the user has told to expect, and how much of it there is: for the page and for programs. Judges nothing.

use super::html::pen::{NAME, Pen};
use crate::engine::ExpectedUse;
use crate::explain::words::number;
use crate::model::text::Text;
use serde_json::{Value, json};

/// Lines shown.
const MAX_LINES: usize = 32;

words! {
    TITLE: "Expected traffic", "想定済みの通信";
    NOTE: "Told in the configuration (expected:). Below its rate it is no storm; copies of it, other senders, and what is above it are reported all the same.", "設定（expected:）で想定した通信です。上限以下ならストームとはしません。その複製、ほかの送信元、上限を超えた分は、これまでどおり報告します。";
    WITHIN: "expected: {why}, {pps} of {max} frames/s, until {until}", "想定内：{why}、毎秒{pps}／{max}フレーム、{until}まで";
    EXCEEDED: "more than expected: {why}, {pps} of {max} frames/s, until {until}; it is judged like any other traffic", "想定超過：{why}、毎秒{pps}／{max}フレーム、{until}まで。ほかの通信と同じように判定しています";
    ENDED: "no longer expected: {why}, its time was over at {until}; {pps} of {max} frames/s now", "想定期間終了：{why}、期限は{until}でした。現在は毎秒{pps}／{max}フレーム";
    AT: "{who} at {place}", "{who}（{place}）";
    UNSEEN: "{who}: nothing of it now", "{who}：現在の通信なし";
    BY_COUNTERS: "by counters", "カウンターによる";
}

/// Whose it is, or to which group.
fn who(one: &ExpectedUse) -> String {
    let mac = one.mac.map(|mac| mac.to_string());
    let group = one.entry.group.map(|group| group.to_string());
    [mac, group].into_iter().flatten().collect::<Vec<_>>().join(" → ")
}

const fn text(one: &ExpectedUse) -> &'static Text {
    match (one.ended, one.exceeded) {
        (true, _) => &ENDED,
        (false, true) => &EXCEEDED,
        (false, false) => &WITHIN,
    }
}

/// The entries, each with what there is of it.
pub(super) fn write(pen: &mut Pen, uses: &[ExpectedUse]) {
    if uses.is_empty() {
        return;
    }
    pen.raw("<h3>").say(&TITLE).raw("</h3><p class=\"note\">").say(&NOTE).raw("</p><ul class=\"expected\">");
    for one in uses.iter().take(MAX_LINES) {
        let facts = [
            ("why", one.entry.why.to_string()),
            ("pps", number(one.pps)),
            ("max", number(one.entry.max_pps)),
            ("until", pen.clock(one.entry.until)),
        ];
        let said = pen.fill(text(one), facts);
        pen.raw("<li>").text(&said).raw(" <span class=\"note\">");
        let place = match &one.place {
            Some(place) => pen.fill(&AT, [("who", who(one)), ("place", super::html::pen::cut(place, NAME))]),
            None => pen.fill(&UNSEEN, [("who", who(one))]),
        };
        pen.text(&place);
        if one.feed == "snmp" {
            pen.raw(", ").say(&BY_COUNTERS);
        }
        pen.raw("</span></li>");
    }
    pen.raw("</ul>");
}

/// The same for programs; `sentence` is in English.
#[must_use]
pub fn json(uses: &[ExpectedUse]) -> Vec<Value> {
    let one = |one: &ExpectedUse| {
        let facts = [
            ("why", one.entry.why.to_string()),
            ("pps", number(one.pps)),
            ("max", number(one.entry.max_pps)),
            ("until", one.entry.until.to_string()),
        ];
        json!({
            "mac": one.entry.mac,
            "group": one.entry.group,
            "max_pps": one.entry.max_pps,
            "until": one.entry.until,
            "why": one.entry.why,
            "place": one.place,
            "sender": one.mac,
            "pps": one.pps,
            "feed": one.place.as_ref().map(|_| one.feed),
            "exceeded": one.exceeded,
            "ended": one.ended,
            "sentence": text(one).fill(crate::model::text::Language::English, &facts.into()),
        })
    };
    uses.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Expected;
    use crate::model::text::Language;
    use crate::model::{MacAddr, Time};
    use std::sync::Arc;

    fn example() -> ExpectedUse {
        let mac = Some(MacAddr([0, 0x11, 0x32, 0, 0, 1]));
        let until = Time::from_secs(1_798_718_400);
        let entry = Expected { mac, group: None, max_pps: 5_000, until, why: "NAS <backup>".into() };
        let place = Some("eth0".into());
        ExpectedUse { entry: Arc::new(entry), place, mac, pps: 4_100, feed: "capture", exceeded: false, ended: false }
    }

    #[test]
    fn it_says_how_much_of_how_much_until_when() {
        let value = &json(&[example()])[0];
        assert_eq!(
            value["sentence"],
            "expected: NAS <backup>, 4,100 of 5,000 frames/s, until 2026-12-31T12:00:00.000000Z"
        );
        assert_eq!(
            (&value["pps"], &value["exceeded"], &value["feed"]),
            (&4_100.into(), &false.into(), &"capture".into())
        );
        for (language, says) in [(Language::English, "4,100 of 5,000"), (Language::Japanese, "毎秒4,100／5,000")] {
            let mut pen = Pen {
                html: crate::view::html::escape::Html::new(),
                language,
                now: Time::from_secs(1_798_700_000),
                utc_offset_seconds: 0,
            };
            write(&mut pen, &[example()]);
            let html = pen.html.finish();
            assert!(html.contains(says) && html.contains("NAS &lt;backup&gt;"), "{html}");
        }
    }

    #[test]
    fn both_languages_say_the_same_things() {
        for text in ALL {
            assert_eq!(text.places(Language::English), text.places(Language::Japanese), "{}", text.en);
        }
    }
}
