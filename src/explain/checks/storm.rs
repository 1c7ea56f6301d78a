//! Is there a storm already? Then everything else waits: nothing is sent into it.

use super::look::SSDP_GROUP;
use super::words::{self, PROXY_OFF, UNPLUG_WAN};
use super::{Answer, Check, Judge, Look, Place, Said, Status};
use crate::model::text::Text;
use crate::model::verdict::{Party, Phase, Severity, Verdict};

/// The check.
pub(super) static CHECK: Check = Check {
    id: "storm",
    question: Text {
        en: "Is there a packet storm now?", ja: "今、パケットストームが起きていますか?"
    },
    judge: Judge::Whole(judge),
};

const QUIET: Text = Text {
    en: "No storm: {frames} frames to groups in {seconds} s.",
    ja: "ストームはありません({seconds} 秒間のグループ宛てフレームは {frames} 個)。",
};
const HALF_SEEN: Text = Text {
    en: "No storm in what reaches this computer in {seconds} s. No group was joined (--passive), so that a switch with snooping may \
         keep one from it.",
    ja: "{seconds} 秒間にこのコンピューターへ届いた範囲では、ストームはありません。グループに参加していないため(--passive)、スヌーピング対応の\
         スイッチが転送していない可能性があります。",
};
const NOT_JOINED: Text = Text {
    en: "No storm in what reaches this computer in {seconds} s, but the group 239.255.255.250 could not be joined, so that a \
         switch may keep one from it.",
    ja: "{seconds} 秒間にこのコンピューターへ届いた範囲では、ストームはありません。ただし、グループ 239.255.255.250 に参加できず、スイッチが\
         転送していない可能性があります。",
};
const STORM: Text = Text {
    en: "A packet storm on {segment} ({cause}): {pps} frames in its busiest second. They come from {who}.",
    ja: "{segment} でパケットストームが起きています({cause})。最も多い1秒で {pps} フレーム、送信元は {who} です。",
};
const NAMELESS: Text = Text {
    en: "A packet storm on {segment} ({cause}): {pps} frames in its busiest second. Nobody can be named yet.",
    ja: "{segment} でパケットストームが起きています({cause})。最も多い1秒で {pps} フレームです。原因の機器はまだ特定できません。",
};
const RING: Text = Text {
    en: "Now: pull the cable that was plugged in last between switches, or one that leads from a switch back to itself. \
         Then: turn on loop protection or spanning tree.",
    ja: "まず、スイッチの間に最後に挿したケーブルか、スイッチから自分自身へ戻っているケーブルを抜いてください。次に、ループ防止機能か\
         スパニングツリーを有効にしてください。",
};
const SOURCE: Text = Text {
    en: "Now: unplug that device. Then: update or restart it, and plug it in again.",
    ja: "まず、その機器のケーブルを抜いてください。次に、更新または再起動してからつなぎ直してください。",
};
const UNKNOWN: Text = Text {
    en: "Unplug cables one after the other until the lights calm down; the last one leads to the cause. `stormglass serve` \
         gathers more evidence.",
    ja: "点滅が収まるまでケーブルを1本ずつ抜いてください。最後に抜いたケーブルの先に原因があります。`stormglass serve` で\
         さらに証拠を集められます。",
};

fn judge(look: &Look) -> Answer {
    let storms = look.verdicts.iter().filter(|v| v.severity == Severity::Storm && v.phase == Phase::Active);
    let answers = storms.map(|verdict| storm(look, verdict));
    if let Some(answer) = answers.reduce(Answer::and) {
        return answer;
    }
    let heard = look.places.iter().filter_map(|place| place.heard.as_ref().ok());
    let (frames, listened) = heard
        .fold((0, None), |(frames, longest), heard| (frames + heard.group_frames, longest.max(Some(heard.listened()))));
    match (listened, look.places.iter().find_map(|place| place.heard.as_ref().err())) {
        (Some(listened), None) if look.places.iter().any(|place| place.is_deaf_to(SSDP_GROUP)) => {
            Answer::new(Status::Unable, Said::with(&NOT_JOINED, [("seconds", words::seconds(listened))]))
        }
        (Some(listened), None) if look.places.iter().any(Place::is_silent) => {
            Answer::new(Status::Unasked, Said::with(&HALF_SEEN, [("seconds", words::seconds(listened))]))
        }
        (Some(listened), None) => {
            let facts = [("frames", frames.to_string()), ("seconds", words::seconds(listened))];
            Answer::new(Status::Ok, Said::with(&QUIET, facts))
        }
        (_, Some(why)) => words::blind(why),
        (None, None) => Answer::new(Status::Unable, Said::plain(&words::NOWHERE)),
    }
}

fn storm(look: &Look, verdict: &Verdict) -> Answer {
    let mut facts = vec![
        ("segment", verdict.segment.to_string()),
        ("cause", verdict.cause.to_owned()),
        ("pps", verdict.peak_pps.to_string()),
    ];
    let who = verdict.culprit.as_ref().and_then(|party| named(look, party));
    let text = if who.is_some() { &STORM } else { &NAMELESS };
    facts.extend(who.map(|who| ("who", who)));
    let seen = Said { text, facts: facts.into_iter().collect() };
    let answer = Answer::new(Status::Problem, seen);
    match verdict.cause {
        "l3_reflector" => answer.then(Said::plain(&UNPLUG_WAN)).then(Said::plain(&PROXY_OFF)),
        "l2_loop" => answer.then(Said::plain(&RING)),
        "chatty_source" => answer.then(Said::plain(&SOURCE)),
        _ => answer.then(Said::plain(&UNKNOWN)),
    }
}

/// A device of a verdict, as the other checks call it.
pub(super) fn named(look: &Look, party: &Party) -> Option<String> {
    match (party.mac, party.ip) {
        (Some(mac), ip) => Some(look.called(mac, ip)),
        (None, ip) => ip.map(|ip| ip.to_string()),
    }
}
