//! Who gives out addresses? The second router's server, left on, sends half of the home to another gateway.

use super::words;
use super::{Answer, Check, Judge, Look, Place, Said, Status};
use crate::model::MacAddr;
use crate::model::probe::DHCP;
use crate::model::text::Text;
use crate::observe::hearing::Offer;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// The check.
pub(super) static CHECK: Check = Check {
    id: "dhcp",
    question: Text {
        en: "Does exactly one server give out addresses?", ja: "アドレスを配るサーバーは1台だけですか?"
    },
    judge: Judge::Place(judge),
};

const ONE: Text = Text {
    en: "One DHCP server, {who}: gateway {routers}, DNS {dns}.",
    ja: "DHCPサーバーは1台です: {who}(ゲートウェイ {routers}、DNS {dns})。",
};
const NONE: Text = Text {
    en: "No DHCP server answered within {seconds} s.",
    ja: "{seconds} 秒間に応答したDHCPサーバーはありませんでした。",
};
const OFFER: Text = Text {
    en: "{who} offers gateway {routers}, DNS {dns}.",
    ja: "{who} は、ゲートウェイ {routers}、DNS {dns} を提示しています。",
};
const DIFFERENT: Text = Text {
    en: "{count} DHCP servers offer different settings: which device gets which is chance.",
    ja: "{count} 台のDHCPサーバーが異なる設定を配っています。どの機器がどちらを受け取るかは偶然です。",
};
const ALIKE: Text = Text {
    en: "{count} DHCP servers offer the same settings.",
    ja: "{count} 台のDHCPサーバーが同じ設定を配っています。",
};
const TURN_OFF: Text = Text {
    en: "Turn off the DHCP server of all but one (on a second router usually under \"LAN\" or \"access point mode\"), then \
         restart the devices that got the wrong gateway.",
    ja: "1台を残して、ほかのDHCPサーバーをオフにしてください(2台目のルーターでは、多くの場合「LAN」または「アクセスポイントモード」の\
         設定です)。その後、誤ったゲートウェイを受け取った機器を再起動してください。",
};
const PLANNED: Text = Text {
    en: "If they are not a planned pair, turn one of them off: they may give the same address to two devices.",
    ja: "意図した冗長構成でなければ、1台をオフにしてください。同じアドレスを2台の機器に配るおそれがあります。",
};

fn judge(look: &Look, place: &Place) -> Answer {
    let heard = match &place.heard {
        Ok(heard) => heard,
        Err(why) => return words::blind(why),
    };
    let offers = &heard.offers;
    let servers = offers.iter().map(|offer| (offer.server, offer.mac)).collect::<BTreeSet<_>>();
    // One server that answers from two addresses or by a relay is one device.
    let devices = offers.iter().map(|offer| offer.mac).collect::<BTreeSet<MacAddr>>();
    let count = servers.len().min(devices.len().max(1));
    match (offers.as_slice(), count) {
        ([], _) => match place.sent(&DHCP) {
            Some(_) => Answer::new(Status::Ok, Said::with(&NONE, [("seconds", words::seconds(heard.listened()))])),
            None => words::not_sent(place, heard, &DHCP),
        },
        ([first, ..], 1) => Answer::new(Status::Ok, said(look, &ONE, first)),
        ([first, rest @ ..], _) => {
            let differ = rest.iter().any(|offer| (&offer.routers, &offer.dns) != (&first.routers, &first.dns));
            let (status, text, remedy) =
                if differ { (Status::Problem, &DIFFERENT, &TURN_OFF) } else { (Status::Warning, &ALIKE, &PLANNED) };
            let mut answer = Answer::new(status, Said::with(text, [("count", count.to_string())]));
            answer.seen.extend(offers.iter().map(|offer| said(look, &OFFER, offer)));
            answer.then(Said::plain(remedy))
        }
    }
}

fn said(look: &Look, text: &'static Text, offer: &Offer) -> Said {
    let list = |addresses: &[Ipv4Addr]| {
        let all = addresses.iter().map(ToString::to_string).collect::<Vec<_>>();
        if all.is_empty() { "-".to_owned() } else { all.join(" ") }
    };
    let facts = [
        ("who", look.called(offer.mac, Some(offer.server.into()))),
        ("routers", list(&offer.routers)),
        ("dns", list(&offer.dns)),
    ];
    Said::with(text, facts)
}
