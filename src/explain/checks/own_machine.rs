//! Can this computer see the LAN at all, and is its own cable good?

use super::words;
use super::{Answer, Check, Judge, Look, Place, Said, Status};
use crate::model::text::Text;

/// The check.
pub(super) static CHECK: Check = Check {
    id: "own_machine",
    question: Text {
        en: "Does this computer see the LAN, by a good cable?",
        ja: "このコンピューターはLANを見られ、ケーブルは正常ですか?",
    },
    judge: Judge::Place(judge),
};

/// Broken frames within one look, from which on a cable is bad: a good one has none in days.
const MANY_ERRORS: u64 = 10;
/// A link this slow is the mark of a broken pair, or of a sleeping network card.
const SLOW_BPS: u64 = 10_000_000;

const SEES: Text = Text {
    en: "{link}; {frames} frames heard in {seconds} s, {groups} of them to groups.",
    ja: "{link}。{seconds} 秒間に {frames} フレーム(うちグループ宛て {groups})を受信しました。",
};
const SEES_AT_SOME_SPEED: Text = Text {
    en: "Link speed unknown; {frames} frames heard in {seconds} s, {groups} of them to groups.",
    ja: "リンク速度は不明です。{seconds} 秒間に {frames} フレーム(うちグループ宛て {groups})を受信しました。",
};
const RADIO: Text = Text {
    en: "By radio: an access point may change or hold back multicast, so that a computer on a cable sees more.",
    ja: "無線接続です。アクセスポイントがマルチキャストを変換・抑制することがあるため、有線のコンピューターの方が多くを確認できます。",
};
const ERRORS: Text = Text {
    en: "{errors} frames arrived broken within {seconds} s.",
    ja: "{seconds} 秒間に {errors} 個のフレームが壊れて届きました。",
};
const SLOW: Text =
    Text { en: "The link runs at {link} only.", ja: "リンク速度が {link} しかありません。" };
const CABLE: Text = Text {
    en: "Try another cable and another port of the switch.",
    ja: "別のケーブルと、スイッチの別のポートで試してください。",
};

fn judge(_: &Look, place: &Place) -> Answer {
    let heard = match &place.heard {
        Ok(heard) => heard,
        Err(why) => return words::blind(why),
    };
    let machine = place.machine;
    let megabits = machine.speed_bps / 1_000_000;
    let sees = if megabits == 0 { &SEES_AT_SOME_SPEED } else { &SEES };
    let link = format!("{megabits} Mbit/s");
    let seconds = words::seconds(heard.listened());
    let facts = [
        ("link", link.clone()),
        ("frames", heard.frames.to_string()),
        ("groups", heard.group_frames.to_string()),
        ("seconds", seconds.clone()),
    ];
    let mut answer = Answer::new(Status::Ok, Said::with(sees, facts));
    if machine.wireless {
        answer.seen.push(Said::plain(&RADIO));
    }
    let broken = machine.new_errors >= MANY_ERRORS;
    let slow = !machine.wireless && (1..=SLOW_BPS).contains(&machine.speed_bps);
    if broken {
        let facts = [("errors", machine.new_errors.to_string()), ("seconds", seconds)];
        answer.seen.push(Said::with(&ERRORS, facts));
    }
    if slow {
        answer.seen.push(Said::with(&SLOW, [("link", link)]));
    }
    if broken || slow {
        answer.status = Status::Warning;
        return answer.then(Said::plain(&CABLE));
    }
    answer
}
