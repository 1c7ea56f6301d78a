//! Does a router's WAN side end in this LAN? It gives itself away: it looks for a PPPoE line, or it speaks with a MAC next
//! to that of a device whose other side is here, too.

use super::words::{self, UNPLUG_WAN};
use super::{Answer, Check, Judge, Look, Place, Said, Status, owners};
use crate::explain::scene::DEVICE_REACH;
use crate::model::MacAddr;
use crate::model::text::Text;
use crate::observe::hearing::Heard;
use std::net::IpAddr;

/// The check.
pub(super) static CHECK: Check = Check {
    id: "wan_in_lan",
    question: Text {
        en: "Does the WAN side of a router end in your LAN?",
        ja: "ルーターのWAN側がLANにつながっていませんか?",
    },
    judge: Judge::Place(judge),
};

const NOT_SEEN: Text = Text {
    en: "No sign of it in {seconds} s. A WAN side that is connected elsewhere and quiet cannot be told from one that is here \
         and quiet.",
    ja: "{seconds} 秒間、兆候はありませんでした(つながっていても通信していなければ、見つけられません)。",
};
const PPPOE: Text = Text {
    en: "{who} looks for a PPPoE line in this LAN, {times} times: the WAN side of a router is plugged in here.",
    ja: "{who} が、このLANでPPPoE回線を {times} 回探しました。ルーターのWAN側がここにつながっています。",
};
const TWO_SIDES: Text = Text {
    en: "{wan} {what}, and its neighbouring MAC is {lan}: both sides of one router are in this LAN.",
    ja: "{wan} が、ここで{what_ja}。隣り合うMACは {lan} です。1台のルーターの両側がこのLANにあります。",
};
const ANSWERS_TWICE: Text = Text {
    en: "{ip} answers with two neighbouring MACs, {who}: both sides of one router are in this LAN.",
    ja: "{ip} が、隣り合う2つのMAC({who})で応答しています。1台のルーターの両側がこのLANにあります。",
};
const SWITCH: Text = Text {
    en: "Then: put a switch between the ONU and both routers and plug the WAN side in there. If the ONU is inside the first \
         router, give the second one a subnet of its own and turn its IGMP proxy and pass-through off.",
    ja: "次に、ONUと2台のルーターの間にスイッチを置き、WAN側はそこへつないでください。ONUが1台目のルーターに内蔵されている場合は、\
         2台目を別のサブネットにし、IGMPプロキシとパススルーをオフにしてください。",
};

fn judge(look: &Look, place: &Place) -> Answer {
    let heard = match &place.heard {
        Ok(heard) => heard,
        Err(why) => return words::blind(why),
    };
    let warning = |said: Said| Answer::new(Status::Warning, said);
    let lines = heard.wants.iter().filter(|(_, wants)| wants.pppoe > 0).map(|(mac, wants)| {
        let facts = [("who", look.called(*mac, None)), ("times", wants.pppoe.to_string())];
        warning(Said::with(&PPPOE, facts))
    });
    let sides = heard.wants.keys().filter_map(|mac| other_side(look, place, heard, *mac)).map(warning);
    let twice = heard.claimed.iter().filter_map(|ip| answers_twice(heard, *ip)).map(warning);
    let found = lines.chain(sides).chain(twice).reduce(Answer::and);
    match found {
        Some(found) => found.then(Said::plain(&UNPLUG_WAN)).then(Said::plain(&SWITCH)),
        None => Answer::new(Status::Ok, Said::with(&NOT_SEEN, [("seconds", words::seconds(heard.listened()))])),
    }
}

/// A MAC that behaves like a WAN side, next to one that has an address of this LAN.
fn other_side(look: &Look, place: &Place, heard: &Heard, wan: MacAddr) -> Option<Said> {
    let wants = heard.wants.get(&wan)?;
    let foreign = wants.reports.filter(|ip| !ip.is_unspecified() && !place.is_on_link(IpAddr::V4(*ip)));
    // Without an address of ours nobody can say what is foreign.
    let foreign = foreign.filter(|_| place.addresses.iter().any(|(own, _)| own.is_ipv4()));
    let (what, what_ja) = match (wants.dhcp > 0, foreign) {
        (true, _) => ("asks here for an address by DHCP".to_owned(), "DHCPでアドレスを求めています".to_owned()),
        (false, Some(ip)) => (
            format!("reports groups here from {ip}, which is no address of this LAN"),
            format!("、このLANのものではないアドレス {ip} からグループへの参加を通知しています"),
        ),
        (false, None) => return None,
    };
    let here = |ip: &IpAddr| ip.is_ipv4() && place.is_on_link(*ip);
    if heard.owners.addresses_of(wan).any(|ip| here(&ip)) {
        return None;
    }
    // By ARP, or by what it says in IGMP, which no router passes on.
    let owned = heard.claimed.iter().flat_map(|ip| heard.owners.of(*ip).iter().map(|owner| (owner.mac, *ip)));
    let asked = heard.queriers.iter().map(|((_, mac), querier)| (*mac, querier.ip));
    let reported = heard.wants.iter().filter_map(|(mac, wants)| Some((*mac, IpAddr::V4(wants.reports?))));
    let mut known = owned.chain(asked).chain(reported);
    let (mac, ip) = known.find(|(mac, ip)| here(ip) && mac.is_neighbour_of(wan, DEVICE_REACH))?;
    let facts = [("wan", wan.to_string()), ("what", what), ("what_ja", what_ja), ("lan", look.called(mac, Some(ip)))];
    Some(Said::with(&TWO_SIDES, facts))
}

fn answers_twice(heard: &Heard, ip: IpAddr) -> Option<Said> {
    let claimants = owners::claimants(heard, ip);
    let first = *claimants.first()?;
    let second = claimants.iter().find(|mac| mac.is_neighbour_of(first, DEVICE_REACH))?;
    let facts = [("ip", ip.to_string()), ("who", format!("{first}, {second}"))];
    Some(Said::with(&ANSWERS_TWICE, facts))
}
