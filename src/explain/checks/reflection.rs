//! Does anybody send multicast back into the LAN it came from? The mistake that becomes a storm, found before there is
//! one: by others' messages first, then by one marked search.

use super::look::SSDP_GROUP as GROUP;
use super::words::{self, PROXY_OFF, UNPLUG_WAN};
use super::{Answer, Check, Judge, Look, Place, Said, Status, storm};
use crate::model::Time;
use crate::model::probe::GUARD;
use crate::model::text::Text;

/// The check.
pub(super) static CHECK: Check = Check {
    id: "reflection",
    question: Text {
        en: "Does a device send multicast back into your LAN?",
        ja: "マルチキャストを同じLANへ送り返す機器がありますか?",
    },
    judge: Judge::Place(judge),
};

const SENT_BACK: Text = Text {
    en: "{who} sent our search back into the LAN {times} times (TTL {ttl}), first after {delay} ms. Somebody's next search \
         can become a storm.",
    ja: "{who} が、こちらの探索パケットを同じLANへ {times} 回送り返しました(TTL {ttl}、最初は {delay} ミリ秒後)。次の探索が\
         ストームになるおそれがあります。",
};
const OVERHEARD: Text = Text {
    en: "{who} sent others' messages ({protocol}) back into the LAN, {frames} frames. The senders are not at fault.",
    ja: "{who} が、ほかの機器のパケット({protocol})を同じLANへ {frames} 個送り返しました。元の送信者は原因ではありません。",
};
const NOT_SEEN: Text = Text {
    en: "Not seen: our marked search (TTL 2) did not come back, and nobody's message did in {seconds} s.",
    ja: "見られませんでした。目印付きの探索(TTL 2)は戻らず、{seconds} 秒間、ほかの機器のパケットも送り返されていません。",
};
const NOT_JOINED: Text = Text {
    en: "the group 239.255.255.250 could not be joined, so that a switch may keep it from this computer",
    ja: "グループ 239.255.255.250 に参加できず、スイッチがこのコンピューターへ転送しない可能性があります",
};

fn judge(look: &Look, place: &Place) -> Answer {
    let heard = match &place.heard {
        Ok(heard) => heard,
        Err(why) => return words::blind(why),
    };
    let blame =
        |seen: Said| Answer::new(Status::Problem, seen).then(Said::plain(&UNPLUG_WAN)).then(Said::plain(&PROXY_OFF));
    let sent = place.sent(&GUARD);
    let by_mark = heard.echoes.iter().map(|(mac, echo)| {
        let (high, low) = echo.ttl;
        let ttl = if high == low { high.to_string() } else { format!("{high}-{low}") };
        let delay = echo.first.since(sent.unwrap_or(Time::MIN)).as_millis();
        let facts = [
            ("who", look.called(*mac, None)),
            ("times", echo.times.to_string()),
            ("ttl", ttl),
            ("delay", delay.to_string()),
        ];
        blame(Said::with(&SENT_BACK, facts))
    });
    // A mark of ours is in the verdicts, too, where it came back often.
    let overheard =
        look.verdicts.iter().filter(|verdict| verdict.cause == "l3_reflector" && is_of(&verdict.segment, place));
    let overheard = overheard.filter(|verdict| {
        let mac = verdict.culprit.as_ref().and_then(|party| party.mac);
        mac.is_none_or(|mac| !heard.echoes.contains_key(&mac))
    });
    let overheard = overheard.map(|verdict| {
        let who = verdict.culprit.as_ref().and_then(|party| storm::named(look, party));
        let facts = [
            ("who", who.unwrap_or_else(|| "?".to_owned())),
            ("protocol", verdict.protocol.id().to_owned()),
            ("frames", verdict.frames.to_string()),
        ];
        blame(Said::with(&OVERHEARD, facts))
    });
    if let Some(found) = by_mark.chain(overheard).reduce(Answer::and) {
        return found;
    }
    // Without a membership by choice, the choice is the reason.
    if place.is_deaf_to(GROUP) {
        return Answer::new(Status::Unable, Said::plain(&NOT_JOINED));
    }
    match sent {
        Some(_) => Answer::new(Status::Ok, Said::with(&NOT_SEEN, [("seconds", words::seconds(heard.listened()))])),
        None => words::not_sent(place, heard, &GUARD),
    }
}

/// A segment is an interface, or a VLAN of one: `eth0`, `eth0.20`.
pub(super) fn is_of(segment: &str, place: &Place) -> bool {
    segment.strip_prefix(&*place.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
