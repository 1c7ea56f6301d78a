//! Does each address have one device? Two that claim the same one take each other's packets.

use super::words;
use super::{Answer, Check, Judge, Look, Place, Said, Status};
use crate::explain::scene::DEVICE_REACH;
use crate::model::MacAddr;
use crate::model::probe::ARP;
use crate::model::text::Text;
use crate::observe::hearing::Heard;
use std::net::IpAddr;

/// The check.
pub(super) static CHECK: Check = Check {
    id: "owners",
    question: Text {
        en: "Does each address have one device?", ja: "1つのアドレスを1台だけが使っていますか?"
    },
    judge: Judge::Place(judge),
};

/// Addresses that one device answers for, from which on it does so for others (proxy ARP, ND proxy).
const A_PROXY: usize = 3;

const ALONE: Text = Text {
    en: "{count} addresses were heard, each with one device; nobody else answers for {own}.",
    ja: "{count} 個のアドレスが聞こえ、それぞれ1台の機器のものでした。{own} に応答するほかの機器はありません。",
};
const TAKEN: Text = Text {
    en: "{who} answers for this computer's own address {ip}.",
    ja: "このコンピューター自身のアドレス {ip} に、{who} が応答しています。",
};
const DOUBLE: Text = Text {
    en: "{ip} is claimed by {count} devices: {who}.",
    ja: "{ip} を {count} 台の機器が名乗っています: {who}。",
};
const CHANGE: Text = Text {
    en: "Give one of them another address, best by DHCP; an address set by hand must lie outside the server's range.",
    ja: "どちらかのアドレスを変更してください(DHCPの利用をおすすめします)。手動で設定する場合は、DHCPサーバーの配布範囲の外に\
         してください。",
};

fn judge(look: &Look, place: &Place) -> Answer {
    let heard = match &place.heard {
        Ok(heard) => heard,
        Err(why) => return words::blind(why),
    };
    let found = heard.claimed.iter().filter_map(|ip| conflict(look, place, heard, *ip));
    if let Some(answer) = found.reduce(Answer::and) {
        return answer.then(Said::plain(&CHANGE));
    }
    if place.sent(&ARP).is_none() {
        return words::not_sent(place, heard, &ARP);
    }
    let own =
        place.addresses.iter().find(|(ip, _)| ip.is_ipv4()).map_or_else(|| "-".to_owned(), |(ip, _)| ip.to_string());
    Answer::new(Status::Ok, Said::with(&ALONE, [("count", heard.claimed.len().to_string()), ("own", own)]))
}

/// The devices that claim an address, without those that do so by design: virtual routers, and who answers for many.
pub(super) fn claimants(heard: &Heard, ip: IpAddr) -> Vec<MacAddr> {
    let owners = heard.owners.of(ip).iter().map(|owner| owner.mac);
    let proxy = |mac: &MacAddr| {
        heard.owners.addresses_of(*mac).filter(|other| other.is_ipv4() == ip.is_ipv4()).count() >= A_PROXY
    };
    owners.filter(|mac| !mac.is_virtual_router() && !proxy(mac)).collect()
}

fn conflict(look: &Look, place: &Place, heard: &Heard, ip: IpAddr) -> Option<Answer> {
    let claimants = claimants(heard, ip);
    if place.addresses.iter().any(|(own, _)| *own == ip) {
        let first = *claimants.first()?;
        let facts = [("ip", ip.to_string()), ("who", look.called(first, None))];
        return Some(Answer::new(Status::Problem, Said::with(&TAKEN, facts)));
    }
    let first = *claimants.first()?;
    // The sides of one router are another check's (`wan_in_lan`).
    let others = claimants.iter().filter(|mac| !mac.is_neighbour_of(first, DEVICE_REACH)).copied().collect::<Vec<_>>();
    if others.len() < 2 {
        return None;
    }
    let who = others.iter().map(|mac| look.called(*mac, Some(ip))).collect::<Vec<_>>().join("; ");
    let facts = [("ip", ip.to_string()), ("count", others.len().to_string()), ("who", who)];
    Some(Answer::new(Status::Warning, Said::with(&DOUBLE, facts)))
}
