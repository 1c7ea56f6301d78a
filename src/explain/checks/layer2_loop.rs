//! Is there a ring of cables? A frame of ours that comes back again and again with our own MAC circles: a loop never lets
//! it die, while a bond or a mirror port returns it once.

use super::reflection::is_of;
use super::words;
use super::{Answer, Check, Judge, Look, Place, Said, Status};
use crate::model::probe::{ARP, ROUTER_SOLICITATION};
use crate::model::text::Text;

/// The check.
pub(super) static CHECK: Check = Check {
    id: "layer2_loop",
    question: Text { en: "Is there a ring of cables?", ja: "ケーブルがループになっていませんか?" },
    judge: Judge::Place(judge),
};

/// Returns of one frame from which on it circles: a bond returns it once, a bond of bonds twice.
const CIRCLES: u64 = 3;

const RING: Text = Text {
    en: "Our own frame came back {times} times with our own MAC: the LAN has a ring.",
    ja: "こちらの送信したフレームが、自分のMACのまま {times} 回戻りました。LANがループになっています。",
};
const IPV6_RING: Text = Text {
    en: "Our own IPv6 frames came back {times} times, IPv4 did not: something bridges IPv6 back into the LAN (IPv6 \
         pass-through).",
    ja: "IPv6のフレームだけが {times} 回戻りました(IPv4は戻りません)。IPv6をLANへ橋渡しして戻す機器があります\
         (IPv6パススルー)。",
};
const OVERHEARD: Text = Text {
    en: "Others' frames circle in the LAN ({frames} so far): it has a ring.",
    ja: "ほかの機器のフレームがLANを回り続けています(これまで {frames} 個)。LANがループになっています。",
};
const PULL: Text = Text {
    en: "Pull the cable that closes the ring: one between two switches that are connected already, or one that leads back to \
         the same switch. Then turn on loop protection or spanning tree.",
    ja: "ループを作っているケーブルを抜いてください(すでにつながっているスイッチ同士の2本目か、同じスイッチへ戻るケーブルです)。次に、\
         ループ防止機能かスパニングツリーを有効にしてください。",
};
const PASS_THROUGH_OFF: Text = Text {
    en: "Turn IPv6 pass-through off on the second router, or unplug its WAN side from the LAN.",
    ja: "2台目のルーターのIPv6パススルーをオフにするか、WAN側をLANから外してください。",
};
const ONCE: Text = Text {
    en: "Not seen. Our own frame came back {times} times, as over a bond or a mirror port; a ring would not stop.",
    ja: "見られませんでした。自分のフレームは {times} 回戻りましたが、リンク集約やミラーポートでも起こる回数です(ループなら止まりません)。",
};
const NOT_SEEN: Text = Text {
    en: "Not seen: an ARP request and an IPv6 solicitation of ours did not come back.",
    ja: "見られませんでした。こちらのARP要求とIPv6ルーター要請は戻りませんでした。",
};
const NOT_SEEN_V4: Text = Text {
    en: "Not seen: an ARP request of ours did not come back. IPv6 was not tried.",
    ja: "見られませんでした。こちらのARP要求は戻りませんでした。IPv6では試していません。",
};

fn judge(look: &Look, place: &Place) -> Answer {
    let heard = match &place.heard {
        Ok(heard) => heard,
        Err(why) => return words::blind(why),
    };
    let most = |ipv6: bool| {
        heard.returns.values().filter(|found| found.ipv6 == ipv6).map(|found| found.times).max().unwrap_or(0)
    };
    let (v4, v6) = (most(false), most(true));
    let times = |times: u64| [("times", times.to_string())];
    if v4 >= CIRCLES {
        return Answer::new(Status::Problem, Said::with(&RING, times(v4.max(v6)))).then(Said::plain(&PULL));
    }
    if v6 >= CIRCLES {
        return Answer::new(Status::Problem, Said::with(&IPV6_RING, times(v6))).then(Said::plain(&PASS_THROUGH_OFF));
    }
    let circling = look.verdicts.iter().find(|verdict| verdict.cause == "l2_loop" && is_of(&verdict.segment, place));
    if let Some(verdict) = circling {
        let seen = Said::with(&OVERHEARD, [("frames", verdict.frames.to_string())]);
        return Answer::new(Status::Problem, seen).then(Said::plain(&PULL));
    }
    match (place.sent(&ARP), place.sent(&ROUTER_SOLICITATION)) {
        (None, _) => words::not_sent(place, heard, &ARP),
        _ if v4.max(v6) > 0 => Answer::new(Status::Ok, Said::with(&ONCE, times(v4.max(v6)))),
        (Some(_), Some(_)) => Answer::new(Status::Ok, Said::plain(&NOT_SEEN)),
        (Some(_), None) => Answer::new(Status::Ok, Said::plain(&NOT_SEEN_V4)),
    }
}
