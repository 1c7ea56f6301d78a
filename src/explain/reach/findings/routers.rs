//! Findings about the gateways themselves: too many, one behind the other, or open on the wrong side.

use super::{FindingKind, Hit, Severity, View};
use crate::explain::reach::class::{self, ExternalClass};
use crate::explain::reach::{Surroundings, called, in_prefix};
use crate::model::device::Gateway;
use crate::model::text::{Facts, Text};
use std::net::IpAddr;

/// Two gateways in one LAN.
pub(super) static TWO_GATEWAYS: FindingKind = FindingKind {
    id: "two_gateways",
    severity: Severity::Warning,
    sentence: Text {
        en: "Two gateways are in one LAN ({interface}): {gateway} and {other}. A port opened on one works only for \
             devices whose default gateway is that one, and programs may open it on the other.",
        ja: "1つのLAN({interface})に2台のルーター {gateway} と {other} があります。片方で開けたポートは、そのルーターを\
             デフォルトゲートウェイとする機器でしか使えず、プログラムがもう片方に開けてしまうこともあります。",
    },
    remedy: Text {
        en: "If one of them is not needed as a router, make it an access point. Otherwise switch UPnP off on the one \
             that cannot be reached from outside, and let only one give out addresses (DHCP).",
        ja: "片方がルーターとして不要であれば、アクセスポイントにしてください。両方必要な場合は、外部から到達できない方のUPnPを\
             無効にし、DHCPサーバーは1台だけにしてください。",
    },
    look: two_gateways,
};

/// Two gateways are two unless they answer from one address or one MAC.
fn two_gateways(view: &View<'_>) -> Vec<Hit> {
    let one_router = |a: &Gateway, b: &Gateway| {
        let mac = |gateway: &Gateway| gateway.ip.and_then(|ip| view.around.host(ip).mac);
        a.ip == b.ip || (mac(a).is_some() && mac(a) == mac(b))
    };
    let mut hits = Vec::new();
    for (at, (first, _)) in view.gateways().enumerate() {
        let rest = view.gateways().skip(at + 1).map(|(gateway, _)| gateway);
        let other = rest.filter(|other| other.interface == first.interface).find(|other| !one_router(first, other));
        if let Some(other) = other {
            let facts =
                Facts::from([("other", called(other, view.around)), ("interface", first.interface.to_string())]);
            hits.push(view.hit(first, facts));
        }
    }
    hits
}

/// One router behind another.
pub(super) static DOUBLE_NAT: FindingKind = FindingKind {
    id: "double_nat",
    severity: Severity::Warning,
    sentence: Text {
        en: "{gateway} is behind another router, {outer}: its external address {address} is one of that router's LAN.",
        ja: "{gateway} は別のルーター {outer} の内側にあります(二重NAT)。外側のアドレス {address} は、そのルーターのLANの\
             アドレスです。",
    },
    remedy: Text {
        en: "Make one of them an access point (bridge mode). If both of its sides are plugged into one LAN, pull the \
             cable of its WAN side: such a router can send the LAN's multicast round and round.",
        ja: "どちらかをアクセスポイント(ブリッジモード)にしてください。WAN側とLAN側の両方が同じLANにつながっている場合は、\
             WAN側のケーブルを抜いてください。マルチキャストがLAN内を回り続ける原因になります。",
    },
    look: double_nat,
};

fn double_nat(view: &View<'_>) -> Vec<Hit> {
    let behind = view.gateways().filter(|(_, reach)| reach.class == ExternalClass::DoubleNat);
    behind
        .map(|(gateway, reach)| {
            let fact = |name| reach.facts.get(name).cloned().unwrap_or_default();
            view.hit(gateway, Facts::from([("outer", fact("outer")), ("address", fact("address"))]))
        })
        .collect()
}

/// UPnP for everybody.
pub(super) static ANSWERS_FROM_WAN: FindingKind = FindingKind {
    id: "answers_from_wan",
    severity: Severity::Danger,
    sentence: Text {
        en: "{gateway} answers UPnP from its outer side ({address}): whoever is on that side may open ports on it.",
        ja: "{gateway} は外側({address})からのUPnPに応答しています。外側にいる誰でもポートを開けられるおそれがあります。",
    },
    remedy: Text {
        en: "Check which of its sockets the cable is in. If it is the LAN side, switch UPnP off and update the firmware: \
             a router must not offer it on the WAN side.",
        ja: "ケーブルがどのポートに差さっているか確かめてください。LAN側であれば、UPnPを無効にしてファームウェアを更新して\
             ください。ルーターはWAN側でUPnPを提供してはなりません。",
    },
    look: answers_from_wan,
};

/// Its own external address, or a public one that is in none of our networks.
fn answers_from_wan(view: &View<'_>) -> Vec<Hit> {
    let outside = |gateway: &Gateway| {
        let Some(IpAddr::V4(ip)) = gateway.ip else { return false };
        let public = class::of_address(ip, false) == ExternalClass::Public;
        gateway.external_address == Some(ip.into()) || (public && !is_ours(ip.into(), view.around))
    };
    let found = view.gateways().filter(|(gateway, _)| outside(gateway));
    found
        .map(|(gateway, _)| {
            let address = gateway.ip.map(|ip| ip.to_string()).unwrap_or_default();
            view.hit(gateway, Facts::from([("address", address)]))
        })
        .collect()
}

fn is_ours(ip: IpAddr, around: &Surroundings<'_>) -> bool {
    around.links.iter().any(|(_, own, length)| in_prefix(ip, *own, *length))
}
