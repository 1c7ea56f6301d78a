//! What an external address says about a gateway: whether the Internet can reach it at all, over IPv4. One entry of
//! [`CLASSES`] per answer. Judges no single mapping.

use super::map_e::MapE;
use crate::model::device::{AddressAnswer, Connection, Gateway};
use crate::model::text::Text;
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr};

/// What kind of place on the Internet a WAN connection has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExternalClass {
    /// A public address, as far as anyone can tell from here.
    Public,
    /// A public address shared by MAP-E, of which the configuration says which ports are ours.
    MapE,
    /// A public address, and a sign that it may be shared.
    MapEPossible,
    /// DS-Lite (RFC 6333).
    DsLite,
    /// The provider's own NAT (RFC 6598).
    Cgnat,
    /// A private address in a network of another router that we know.
    DoubleNat,
    /// A private address (RFC 1918).
    Private,
    /// It says that it has no address.
    NoAddress,
    /// It says that it is not connected.
    Down,
    /// It does not tell, or tells something that no connection has.
    Unknown,
}

/// An entry of [`CLASSES`].
#[derive(Clone, Copy, Debug)]
pub struct ClassRule {
    /// The class.
    pub class: ExternalClass,
    /// Its name in JSON and in the metrics label `class`.
    pub id: &'static str,
    /// A few words for it, to stand within a sentence.
    pub name: Text,
    /// What it means. Facts: `gateway`, `address`, `outer`.
    pub sentence: Text,
    /// What to do.
    pub remedy: Text,
}

/// Every class, in the order of the metrics.
pub const CLASSES: &[ClassRule] = &[
    ClassRule {
        class: ExternalClass::Public,
        id: "public",
        name: Text { en: "a public address", ja: "グローバルアドレス" },
        sentence: Text {
            en: "{gateway} has the public address {address}: it can be reached from the Internet. An address alone does \
                 not tell whether it is shared with other customers (MAP-E, as with v6プラス or OCN's virtual connect).",
            ja: "{gateway} のアドレス {address} はグローバルアドレスで、インターネットから到達できます。ただし、アドレスだけでは、\
                 MAP-E(v6プラスやOCNバーチャルコネクトなど)で他の契約者と共有されているかどうかは分かりません。",
        },
        remedy: Text {
            en: "If your contract is IPv4 over IPv6 by MAP-E, copy offset, length and PSID from the router's status page \
                 to upnp.map_e: then each port is judged exactly.",
            ja: "ご契約がMAP-E方式のIPv4 over IPv6であれば、ルーターの状態画面にあるオフセット・長さ・PSIDを upnp.map_e に\
                 設定してください。ポートごとに正確に判定できます。",
        },
    },
    ClassRule {
        class: ExternalClass::MapE,
        id: "map_e",
        name: Text { en: "an address shared by MAP-E", ja: "MAP-Eの共有アドレス" },
        sentence: Text {
            en: "{gateway} shares the address {address} with other customers (MAP-E): only {ports} ports of it are yours.",
            ja: "{gateway} のアドレス {address} は他の契約者と共有されています(MAP-E)。使えるのは {ports} 個のポートだけです。",
        },
        remedy: Text {
            en: "Choose external ports from your ranges: {ranges}.",
            ja: "外部ポートは次の範囲から選んでください: {ranges}。",
        },
    },
    ClassRule {
        class: ExternalClass::MapEPossible,
        id: "map_e_possible",
        name: Text {
            en: "a public address that may be shared", ja: "共有の可能性があるグローバルアドレス"
        },
        sentence: Text {
            en: "{gateway} has the public address {address}, but calls itself a router for IPv4 over IPv6 ({hint}): the \
                 address may be shared (MAP-E), and most of its ports may belong to other customers.",
            ja: "{gateway} のアドレス {address} はグローバルアドレスですが、IPv4 over IPv6 用のルーターを名乗っています({hint})。\
                 アドレスが共有され(MAP-E)、ほとんどのポートが他の契約者のものである可能性があります。",
        },
        remedy: Text {
            en: "Copy offset, length and PSID from the router's status page to upnp.map_e. With a fixed-address contract, \
                 set psid_length to 0: all ports are yours.",
            ja: "ルーターの状態画面にあるオフセット・長さ・PSIDを upnp.map_e に設定してください。固定IP契約の場合は psid_length を \
                 0 にしてください。すべてのポートが使えます。",
        },
    },
    ClassRule {
        class: ExternalClass::DsLite,
        id: "ds_lite",
        name: Text { en: "DS-Lite", ja: "DS-Lite接続" },
        sentence: Text {
            en: "{gateway} is connected by DS-Lite ({address}, RFC 6333): its IPv4 address is the provider's, shared, and \
                 nothing from the Internet can reach it over IPv4, whatever port is opened.",
            ja: "{gateway} はDS-Lite接続です({address}、RFC 6333)。IPv4アドレスは事業者側で共有されているため、どのポートを\
                 開けても、インターネットからIPv4で到達することはできません。",
        },
        remedy: Text {
            en: "Use IPv6: give the device's IPv6 address, and allow it in the router's IPv6 firewall{pinholes}. Or use a \
                 PPPoE connection or a fixed-address contract beside it, a VPN, or the maker's relay service.",
            ja: "IPv6を使ってください。機器のIPv6アドレスを使い、ルーターのIPv6ファイアウォールで許可します{pinholes_ja}。\
                 あるいは、PPPoE接続や固定IP契約の併用、VPN、メーカーの中継サービスを使う方法があります。",
        },
    },
    ClassRule {
        class: ExternalClass::Cgnat,
        id: "cgnat",
        name: Text { en: "the provider's own NAT", ja: "事業者のNAT" },
        sentence: Text {
            en: "{gateway} is behind the provider's own NAT ({address}, RFC 6598): nothing from the Internet can reach it \
                 over IPv4, whatever port is opened.",
            ja: "{gateway} は事業者のNAT(CGNAT)の内側にあります({address}、RFC 6598)。どのポートを開けても、インターネットから\
                 IPv4で到達することはできません。",
        },
        remedy: Text {
            en: "Ask the provider for a public address, or use IPv6 (allow the device in the router's IPv6 \
                 firewall{pinholes}) or a VPN.",
            ja: "事業者にグローバルアドレスを依頼するか、IPv6(ルーターのIPv6ファイアウォールで機器を許可します{pinholes_ja})\
                 またはVPNを使ってください。",
        },
    },
    ClassRule {
        class: ExternalClass::DoubleNat,
        id: "double_nat",
        name: Text { en: "behind another router of this network", ja: "二重NAT" },
        sentence: Text {
            en: "{gateway} has the address {address} outside, in the network of another router, {outer}: the Internet ends \
                 at that one, and a port opened on this one alone is not reached.",
            ja: "{gateway} の外側のアドレスは {address} で、別のルーター {outer} のネットワークにあります(二重NAT)。\
                 インターネットからの接続はそのルーターで止まるため、こちらのポートだけを開けても到達しません。",
        },
        remedy: Text {
            en: "Make one of them an access point (bridge mode). Or forward the same ports on {outer} to {address}.",
            ja: "どちらかをアクセスポイント(ブリッジモード)にしてください。または {outer} で同じポートを {address} へ転送して\
                 ください。",
        },
    },
    ClassRule {
        class: ExternalClass::Private,
        id: "private",
        name: Text { en: "behind another router", ja: "別のルーターの内側" },
        sentence: Text {
            en: "{gateway} has the private address {address} outside: another router, of yours, of the building or of the \
                 provider, stands between it and the Internet, and a port opened here alone is not reached.",
            ja: "{gateway} の外側のアドレスは {address}(プライベートアドレス)です。インターネットとの間に、ご自宅・建物・事業者の\
                 別のルーターがあるため、こちらのポートだけを開けても到達しません。",
        },
        remedy: Text {
            en: "If the other router is yours, make one of the two an access point (bridge mode), or forward the same \
                 ports there to {address}. Otherwise ask whoever runs it, or use IPv6 or a VPN.",
            ja: "別のルーターがご自分のものであれば、どちらかをアクセスポイント(ブリッジモード)にするか、そちらで同じポートを \
                 {address} へ転送してください。そうでなければ管理者に依頼するか、IPv6またはVPNを使ってください。",
        },
    },
    ClassRule {
        class: ExternalClass::NoAddress,
        id: "no_address",
        name: Text { en: "it says that it has no address", ja: "アドレスなし" },
        sentence: Text {
            en: "{gateway} says that it has no external address: it is not connected, or it is behind DS-Lite and does not \
                 say so.",
            ja: "{gateway} は外部アドレスを持っていないと答えました。接続されていないか、DS-Lite接続でそれを知らせていない可能性が\
                 あります。",
        },
        remedy: Text {
            en: "Look at the router's status page: what IPv4 connection it has, and which address.",
            ja: "ルーターの状態画面で、IPv4の接続方式とアドレスを確かめてください。",
        },
    },
    ClassRule {
        class: ExternalClass::Down,
        id: "down",
        name: Text { en: "its connection is down", ja: "接続断" },
        sentence: Text {
            en: "{gateway} says that its connection to the Internet is down ({status}).",
            ja: "{gateway} は、インターネット接続が切れていると答えました({status})。",
        },
        remedy: Text {
            en: "Check the line and, with PPPoE, name and password; then look again.",
            ja: "回線と、PPPoEの場合は接続IDとパスワードを確かめてから、もう一度調べてください。",
        },
    },
    ClassRule {
        class: ExternalClass::Unknown,
        id: "unknown",
        name: Text { en: "its address is unknown", ja: "アドレス不明" },
        sentence: Text {
            en: "The external address of {gateway} could not be learned ({address}): whether anything can reach it is \
                 unknown.",
            ja: "{gateway} の外部アドレスが分かりませんでした({address})。外部から到達できるかどうかは不明です。",
        },
        remedy: Text {
            en: "Look at the router's status page: what IPv4 connection it has, and which address.",
            ja: "ルーターの状態画面で、IPv4の接続方式とアドレスを確かめてください。",
        },
    },
];

impl ExternalClass {
    /// Its entry of [`CLASSES`].
    #[must_use]
    pub fn rule(self) -> &'static ClassRule {
        CLASSES.iter().find(|rule| rule.class == self).unwrap_or(&CLASSES[CLASSES.len() - 1])
    }

    /// Its name in JSON and metrics.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.rule().id
    }
}

/// Words in a gateway's name that say IPv4 over IPv6, in lower case. An address range would be a better sign, but the
/// providers publish none that holds: the same blocks serve shared and whole addresses.
const MAP_E_HINTS: [&str; 6] = ["map-e", "v6プラス", "v6plus", "ipoe", "バーチャルコネクト", "4over6"];

/// The sign that a gateway may share its address, if it gives one.
#[must_use]
pub fn map_e_hint(gateway: &Gateway) -> Option<&'static str> {
    let name = gateway.friendly_name.to_lowercase();
    MAP_E_HINTS.into_iter().find(|hint| name.contains(hint))
}

/// The class of a connection. `lan`: networks of other routers that are known, by an address in each and its prefix
/// length.
#[must_use]
pub fn of(gateway: &Gateway, connection: Option<&Connection>, map_e: Option<MapE>, outer: bool) -> ExternalClass {
    let by_address = match connection.map_or(AddressAnswer::Unread, |c| c.external_address) {
        AddressAnswer::None => ExternalClass::NoAddress,
        AddressAnswer::Unread | AddressAnswer::Is(IpAddr::V6(_)) => ExternalClass::Unknown,
        AddressAnswer::Is(IpAddr::V4(address)) => of_address(address, outer),
    };
    // A DS-Lite router may well call its IPv4 connection disconnected: the address says more.
    let line_down = matches!(gateway.links.as_slice(), [only] if only.physical.as_deref() == Some("Down"));
    let down = connection.and_then(Connection::is_up) == Some(false) || line_down;
    match by_address {
        ExternalClass::Public | ExternalClass::NoAddress | ExternalClass::Unknown if down => ExternalClass::Down,
        ExternalClass::Public => match map_e {
            Some(share) if share.psid_length > 0 => ExternalClass::MapE,
            None if map_e_hint(gateway).is_some() => ExternalClass::MapEPossible,
            _ => ExternalClass::Public,
        },
        class => class,
    }
}

/// The class of an address by itself (IANA's registry of special-purpose addresses). Documentation, benchmark and
/// reserved addresses are nobody's: a gateway that names one tells nothing.
#[must_use]
pub fn of_address(address: Ipv4Addr, outer: bool) -> ExternalClass {
    let [a, b, c, d] = address.octets();
    match (a, b, c) {
        // 192.0.0.0/29 (RFC 7335).
        (192, 0, 0) if d < 8 => ExternalClass::DsLite,
        (100, 64..=127, _) => ExternalClass::Cgnat,
        _ if address.is_private() && outer => ExternalClass::DoubleNat,
        _ if address.is_private() => ExternalClass::Private,
        // It asked for an address and got none (RFC 3927).
        (169, 254, _) => ExternalClass::NoAddress,
        (0 | 127 | 224..=255, ..) | (192, 0, 0 | 2) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => {
            ExternalClass::Unknown
        }
        _ => ExternalClass::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |text: &str, expected: ExternalClass| {
            assert_eq!(of_address(text.parse().expect("an address"), false), expected, "{text}");
        };
        check("11.22.33.44", ExternalClass::Public);
        check("192.0.0.2", ExternalClass::DsLite);
        check("192.0.0.8", ExternalClass::Unknown);
        check("192.0.1.1", ExternalClass::Public);
        check("100.63.255.255", ExternalClass::Public);
        check("100.64.0.1", ExternalClass::Cgnat);
        check("100.127.255.255", ExternalClass::Cgnat);
        check("100.128.0.1", ExternalClass::Public);
        check("192.168.1.100", ExternalClass::Private);
        check("172.31.0.1", ExternalClass::Private);
        check("172.32.0.1", ExternalClass::Public);
        check("169.254.7.7", ExternalClass::NoAddress);
        check("203.0.113.9", ExternalClass::Unknown);
        check("198.19.0.1", ExternalClass::Unknown);
        check("255.255.255.255", ExternalClass::Unknown);
        assert_eq!(of_address([10, 0, 0, 2].into(), true), ExternalClass::DoubleNat);
    }

    #[test]
    fn every_class_has_its_entry() {
        for rule in CLASSES {
            assert_eq!(rule.class.id(), rule.id);
        }
        let connection = |status: &str, address| Connection {
            status: Some(status.into()),
            external_address: address,
            ..Connection::default()
        };
        let is = |address: [u8; 4]| AddressAnswer::Is(address.into());
        let mut gateway = Gateway::default();
        let check = |gateway: &Gateway, connection: &Connection, map_e, expected| {
            assert_eq!(of(gateway, Some(connection), map_e, false), expected, "{connection:?}");
        };
        check(&gateway, &connection("Connected", is([11, 2, 3, 4])), None, ExternalClass::Public);
        check(&gateway, &connection("Disconnected", is([11, 2, 3, 4])), None, ExternalClass::Down);
        check(&gateway, &connection("Disconnected", is([192, 0, 0, 2])), None, ExternalClass::DsLite);
        check(&gateway, &connection("Disconnected", AddressAnswer::None), None, ExternalClass::Down);
        check(&gateway, &connection("Connected", AddressAnswer::None), None, ExternalClass::NoAddress);
        check(&gateway, &connection("Connected", AddressAnswer::Unread), None, ExternalClass::Unknown);
        let share = MapE { psid_offset: 4, psid_length: 8, psid: 1 };
        check(&gateway, &connection("Connected", is([11, 2, 3, 4])), Some(share), ExternalClass::MapE);
        let whole = MapE { psid_offset: 0, psid_length: 0, psid: 0 };
        gateway.friendly_name = "WG2600 (v6プラス)".into();
        check(&gateway, &connection("Connected", is([11, 2, 3, 4])), Some(whole), ExternalClass::Public);
        check(&gateway, &connection("Connected", is([11, 2, 3, 4])), None, ExternalClass::MapEPossible);
    }
}
