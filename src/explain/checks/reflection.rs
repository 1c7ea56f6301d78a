//! Does anybody send multicast back into the LAN it came from? The mistake that becomes a storm, found before there is
//! one: by others' messages first, then by marked messages of the three kinds that are forwarded in homes.

use super::look::SSDP_GROUP as GROUP;
use super::words::{self, PROXY_OFF, UNPLUG_WAN};
use super::{Answer, Check, Judge, Look, Place, Said, Status, storm};
use crate::model::frames::Protocol;
use crate::model::probe::{GUARD, GUARD_MDNS, GUARD_WS_DISCOVERY, Probe};
use crate::model::text::Text;
use crate::model::{MacAddr, Time};
use crate::observe::hearing::Echo;

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
    en: "{who} sent our search ({protocol}) back into the LAN (frames: {times}; TTL {ttl}; first after {delay} ms). \
         Somebody's next search can become a storm.",
    ja: "{who} が、こちらの探索パケット({protocol})を同じLANへ {times} 回送り返しました(TTL {ttl}、最初は {delay} ミリ秒後)。\
         次の探索がストームになるおそれがあります。",
};
const REPEATED: Text = Text {
    en: "{who} repeated our mDNS question in the LAN that it came from (frames: {times}; first after {delay} ms). A second \
         such reflector, or one more way through this one, makes a storm of anybody's question.",
    ja: "{who} が、こちらのmDNSの質問を、受信元と同じLANで {times} 回繰り返しました(最初は {delay} ミリ秒後)。同じようなリフレクター\
         がもう1つあるか、この機器にもう1つ経路ができると、誰かの質問がストームになります。",
};
const ONE_LEG: Text = Text {
    en: "Now: leave that device only one connection into this LAN (one cable, or Wi-Fi alone), or turn off what is called \
         mDNS repeater, mDNS reflector or Bonjour gateway on it.",
    ja: "まず、その機器からこのLANへの接続を1つだけにするか(ケーブル1本、またはWi-Fiのみ)、「mDNSリピーター」「mDNSリフレクター」\
         「Bonjourゲートウェイ」などの機能をオフにしてください。",
};
const ONE_A_PAIR: Text = Text {
    en: "Then: between two networks (VLANs) let one single device reflect mDNS, with its two sides in different ones.",
    ja: "次に、2つのネットワーク(VLAN)の間でmDNSを中継する機器は1台だけにし、その両側を別々のネットワークに置いてください。",
};
const OVERHEARD: Text = Text {
    en: "{who} sent others' messages ({protocol}) back into the LAN, {frames} frames. The senders are not at fault.",
    ja: "{who} が、ほかの機器のパケット({protocol})を同じLANへ {frames} 個送り返しました。元の送信者は原因ではありません。",
};
const NOT_SEEN: Text = Text {
    en: "Not seen: our marks (TTL 2; {protocols}) did not come back, and nobody's message did in {seconds} s.",
    ja: "見られませんでした。目印付きの探索(TTL 2、{protocols})は戻らず、{seconds} 秒間、ほかの機器のパケットも送り返されていません。",
};
const NOT_JOINED: Text = Text {
    en: "the group 239.255.255.250 could not be joined, so that a switch may keep it from this computer",
    ja: "グループ 239.255.255.250 に参加できず、スイッチがこのコンピューターへ転送しない可能性があります",
};

/// The marked messages.
static MARKS: [(Protocol, &Probe); 3] =
    [(Protocol::Ssdp, &GUARD), (Protocol::WsDiscovery, &GUARD_WS_DISCOVERY), (Protocol::Mdns, &GUARD_MDNS)];

/// What people call it.
const fn name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Mdns => "mDNS",
        Protocol::WsDiscovery => "WS-Discovery",
        _ => "SSDP",
    }
}

/// A mark of ours came back. A reflector of mDNS asks by itself, with its own TTL; all others pass on.
fn returned(look: &Look, place: &Place, mac: MacAddr, protocol: Protocol, echo: Echo) -> Answer {
    let sent = MARKS.iter().find(|(known, _)| *known == protocol).and_then(|(_, probe)| place.sent(probe));
    let delay = echo.first.since(sent.unwrap_or(Time::MIN)).as_millis().to_string();
    let (who, times) = (look.called(mac, None), echo.times.to_string());
    if protocol == Protocol::Mdns {
        let seen = Said::with(&REPEATED, [("who", who), ("times", times), ("delay", delay)]);
        return Answer::new(Status::Problem, seen).then(Said::plain(&ONE_LEG)).then(Said::plain(&ONE_A_PAIR));
    }
    let (high, low) = echo.ttl;
    let ttl = if high == low { high.to_string() } else { format!("{high}-{low}") };
    let facts =
        [("who", who), ("protocol", name(protocol).to_owned()), ("times", times), ("ttl", ttl), ("delay", delay)];
    Answer::new(Status::Problem, Said::with(&SENT_BACK, facts))
        .then(Said::plain(&UNPLUG_WAN))
        .then(Said::plain(&PROXY_OFF))
}

fn judge(look: &Look, place: &Place) -> Answer {
    let heard = match &place.heard {
        Ok(heard) => heard,
        Err(why) => return words::blind(why),
    };
    let blame =
        |seen: Said| Answer::new(Status::Problem, seen).then(Said::plain(&UNPLUG_WAN)).then(Said::plain(&PROXY_OFF));
    let sent = place.sent(&GUARD);
    let by_mark = heard.echoes.iter().map(|((mac, protocol), echo)| returned(look, place, *mac, *protocol, *echo));
    // A mark of ours is in the verdicts, too, where it came back often.
    let overheard =
        look.verdicts.iter().filter(|verdict| verdict.cause == "l3_reflector" && is_of(&verdict.segment, place));
    let overheard = overheard.filter(|verdict| {
        let mac = verdict.culprit.as_ref().and_then(|party| party.mac);
        mac.is_none_or(|mac| heard.echoes.keys().all(|(other, _)| *other != mac))
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
        Some(_) => {
            let marks = MARKS.iter().filter(|(_, probe)| place.sent(probe).is_some());
            let protocols = marks.map(|(protocol, _)| name(*protocol)).collect::<Vec<_>>().join(", ");
            let facts = [("protocols", protocols), ("seconds", words::seconds(heard.listened()))];
            Answer::new(Status::Ok, Said::with(&NOT_SEEN, facts))
        }
        None => words::not_sent(place, heard, &GUARD),
    }
}

/// A segment is an interface, or a VLAN of one: `eth0`, `eth0.20`.
pub(super) fn is_of(segment: &str, place: &Place) -> bool {
    segment.strip_prefix(&*place.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
