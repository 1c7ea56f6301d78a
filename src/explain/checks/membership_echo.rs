//! Does somebody repeat our membership? An IGMP proxy reports on its WAN side what its LAN wants. If its WAN side is in
//! this LAN, it reports a group that only we have joined, with its own MAC, and without a single data packet.

use super::words::{self, PROXY_OFF, UNPLUG_WAN};
use super::{Answer, Check, Judge, Look, Place, Said, Status};
use crate::model::probe::MEMBERSHIP;
use crate::model::text::Text;

/// The check.
pub(super) static CHECK: Check = Check {
    id: "membership_echo",
    question: Text {
        en: "Does an IGMP proxy have its WAN side in your LAN?",
        ja: "IGMPプロキシのWAN側がLANにつながっていませんか?",
    },
    judge: Judge::Place(judge),
};

const REPEATED: Text = Text {
    en: "{who} repeated our membership of a group that nobody else knows, {delay} ms later: its IGMP proxy has its WAN side \
         in this LAN.",
    ja: "{who} が、ほかの誰も知らないグループへの参加を {delay} ミリ秒後に繰り返しました。IGMPプロキシのWAN側がこのLANにあります。",
};
const NOT_SEEN: Text = Text {
    en: "Not seen: nobody repeated our membership, and others' reports are heard here.",
    ja: "見られませんでした。こちらの参加を繰り返す機器はなく、ほかの機器のレポートは聞こえています。",
};
const UNSURE: Text = Text {
    en: "Nobody repeated our membership. No report of anybody was heard in {seconds} s, either: a switch with IGMP snooping \
         may keep them from this computer.",
    ja: "こちらの参加を繰り返す機器はありませんでした。ただし、{seconds} 秒間、誰のレポートも聞こえませんでした。IGMPスヌーピング対応の\
         スイッチが、レポートをこのコンピューターへ転送していない可能性があります。",
};

fn judge(look: &Look, place: &Place) -> Answer {
    let heard = match &place.heard {
        Ok(heard) => heard,
        Err(why) => return words::blind(why),
    };
    let Some(sent) = place.sent(&MEMBERSHIP) else { return words::not_sent(place, heard, &MEMBERSHIP) };
    let repeated = heard.repeaters.iter().map(|(mac, at)| {
        let facts = [("who", look.called(*mac, None)), ("delay", at.since(sent).as_millis().to_string())];
        Answer::new(Status::Warning, Said::with(&REPEATED, facts))
            .then(Said::plain(&UNPLUG_WAN))
            .then(Said::plain(&PROXY_OFF))
    });
    if let Some(found) = repeated.reduce(Answer::and) {
        return found;
    }
    if heard.wants.values().any(|wants| wants.reports.is_some()) {
        return Answer::new(Status::Ok, Said::plain(&NOT_SEEN));
    }
    Answer::new(Status::Unasked, Said::with(&UNSURE, [("seconds", words::seconds(heard.listened()))]))
}
