//! Why a mapping can or cannot be reached: one entry of [`REASONS`] each, the most telling first. What is to be true for
//! each is decided by the judge next door.

use crate::model::device::Reach;
use crate::model::text::Text;

/// An entry of [`REASONS`].
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// Its name in JSON.
    pub id: &'static str,
    /// Where it leads.
    pub reach: Reach,
    /// What it means. Facts: see [`super::judge`].
    pub sentence: Text,
    /// What to do; empty where there is nothing to do.
    pub remedy: Text,
}

/// No remedy needed.
const NOTHING: Text = Text { en: "", ja: "" };
/// Where the gateway's own class says what to do.
const SEE_GATEWAY: Text = Text { en: "See the gateway.", ja: "ルーターの項目をご覧ください。" };

/// The entry was switched off.
pub static DISABLED: Reason = Reason {
    id: "disabled",
    reach: Reach::Unreachable,
    sentence: Text {
        en: "The mapping is switched off on the router.",
        ja: "このポート開放はルーターで無効になっています。",
    },
    remedy: Text {
        en: "Switch it on in the router, or let {client} ask for it again.",
        ja: "ルーターで有効にするか、{client} からもう一度設定してください。",
    },
};
/// Its time has run out since it was read.
pub static LEASE_OVER: Reason = Reason {
    id: "lease_over",
    reach: Reach::Unreachable,
    sentence: Text {
        en: "Its lease of {lease} s has run out since it was read: the router has closed it, unless {client} renewed it.",
        ja: "読み取り後に有効期間({lease}秒)が切れました。{client} が更新していなければ、ルーターはもう閉じています。",
    },
    remedy: Text {
        en: "Look again; if it is gone, see why {client} does not renew it.",
        ja: "もう一度調べてください。消えていれば、{client} が更新しない理由を確かめてください。",
    },
};
/// The external address cannot be reached.
pub static ADDRESS: Reason = Reason {
    id: "external_address",
    reach: Reach::Unreachable,
    sentence: Text {
        en: "The router's external address {address} cannot be reached from the Internet: {class_name}.",
        ja: "ルーターの外部アドレス {address} は、インターネットから到達できません({class_name_ja})。",
    },
    remedy: SEE_GATEWAY,
};
/// The connection is down.
pub static DOWN: Reason = Reason {
    id: "connection_down",
    reach: Reach::Unreachable,
    sentence: Text {
        en: "The router's connection to the Internet is down.",
        ja: "ルーターのインターネット接続が切れています。",
    },
    remedy: SEE_GATEWAY,
};
/// The port belongs to another customer.
pub static FOREIGN_PORT: Reason = Reason {
    id: "foreign_port",
    reach: Reach::Unreachable,
    sentence: Text {
        en: "Port {port} is not one of yours: with MAP-E, what comes in for it goes to another customer.",
        ja: "ポート {port} は割り当てられた範囲にありません。MAP-Eでは、このポート宛ての通信は他の契約者に届きます。",
    },
    remedy: Text {
        en: "Choose an external port from your ranges: {ranges}.",
        ja: "外部ポートを割り当て範囲から選んでください: {ranges}。",
    },
};
/// No host can have this address.
pub static NO_HOST: Reason = Reason {
    id: "client_unusable",
    reach: Reach::Unreachable,
    sentence: Text {
        en: "It leads to {client}, which no device on this LAN can be.",
        ja: "転送先 {client} は、このLANの機器のアドレスではありえません。",
    },
    remedy: Text {
        en: "Remove the mapping, and set it up again with the device's address.",
        ja: "このポート開放を削除し、機器のアドレスで設定し直してください。",
    },
};
/// The host was asked for and did not answer.
pub static CLIENT_SILENT: Reason = Reason {
    id: "client_silent",
    reach: Reach::Unreachable,
    sentence: Text {
        en: "It leads to {client}, and nobody answers for that address now: the device is off, or has another address.",
        ja: "転送先 {client} は現在応答がありません。機器の電源が切れているか、アドレスが変わっています。",
    },
    remedy: Text {
        en: "Switch the device on, or give it a fixed address and set the mapping up again; remove it if the device is gone.",
        ja: "機器の電源を入れるか、固定アドレスを割り当てて設定し直してください。機器がもうない場合は削除してください。",
    },
};
/// This computer would answer by another router.
pub static NOT_DEFAULT: Reason = Reason {
    id: "not_default_gateway",
    reach: Reach::Unreachable,
    sentence: Text {
        en: "It leads to this computer, whose default gateway is {default}, not this router: answers would leave by the \
             wrong door.",
        ja: "転送先はこのコンピューターですが、デフォルトゲートウェイはこのルーターではなく {default} です。応答が別のルーターから\
             出てしまいます。",
    },
    remedy: Text {
        en: "Make this router the default gateway of this computer, or open the port on {default}.",
        ja: "このルーターをこのコンピューターのデフォルトゲートウェイにするか、{default} でポートを開けてください。",
    },
};
/// The gateway does not answer any more.
pub static GATEWAY_SILENT: Reason = Reason {
    id: "gateway_silent",
    reach: Reach::Unknown,
    sentence: Text {
        en: "The router did not answer the last search: this is what it said before.",
        ja: "ルーターは直近の検索に応答しませんでした。これは以前の情報です。",
    },
    remedy: Text {
        en: "See whether the router is on.", ja: "ルーターの電源が入っているか確かめてください。"
    },
};
/// The external address says nothing.
pub static ADDRESS_UNKNOWN: Reason = Reason {
    id: "external_address_unknown",
    reach: Reach::Unknown,
    sentence: Text {
        en: "The router's external address is not known.", ja: "ルーターの外部アドレスが分かりません。"
    },
    remedy: SEE_GATEWAY,
};
/// The address may be shared.
pub static SHARED: Reason = Reason {
    id: "map_e_possible",
    reach: Reach::Unknown,
    sentence: Text {
        en: "The router's address may be shared (MAP-E): whether port {port} is yours is unknown.",
        ja: "ルーターのアドレスが共有されている可能性があり(MAP-E)、ポート {port} が使えるかどうかは不明です。",
    },
    remedy: SEE_GATEWAY,
};
/// Another router in front has a mapping that leads on.
pub static OUTER: Reason = Reason {
    id: "outer_forwards",
    reach: Reach::Unknown,
    sentence: Text {
        en: "The router in front, {outer}, passes this port on to this router: it works if it works there.",
        ja: "手前のルーター {outer} がこのポートを転送しています。そちらで到達できれば、ここにも届きます。",
    },
    remedy: Text {
        en: "Look at the same port of {outer}.", ja: "{outer} の同じポートの判定をご覧ください。"
    },
};
/// The router says that it translates nothing.
pub static NAT_OFF: Reason = Reason {
    id: "nat_off",
    reach: Reach::Unknown,
    sentence: Text {
        en: "The router says that address translation (NAT) is off on this connection: what its mappings do then, it alone knows.",
        ja: "ルーターは、この接続でアドレス変換(NAT)が無効だと答えました。その場合のポート開放の動作は分かりません。",
    },
    remedy: Text {
        en: "Look at the router's NAT setting.", ja: "ルーターのNAT設定を確かめてください。"
    },
};
/// A name instead of an address.
pub static CLIENT_NAMED: Reason = Reason {
    id: "client_is_a_name",
    reach: Reach::Unknown,
    sentence: Text {
        en: "It leads to a name, {client}, which only the router can look up.",
        ja: "転送先は名前 {client} で指定されており、ルーターでしか調べられません。",
    },
    remedy: NOTHING,
};
/// Outside of the networks that can be seen.
pub static CLIENT_ELSEWHERE: Reason = Reason {
    id: "client_elsewhere",
    reach: Reach::Unknown,
    sentence: Text {
        en: "It leads to {client}, in a network that cannot be seen from here.",
        ja: "転送先 {client} は、ここからは見えないネットワークにあります。",
    },
    remedy: Text {
        en: "If the LAN's addresses have changed, remove the mapping and set it up again.",
        ja: "LANのアドレスが変わった場合は、このポート開放を削除して設定し直してください。",
    },
};
/// Nobody has heard of it, and nobody has asked.
pub static CLIENT_UNSEEN: Reason = Reason {
    id: "client_not_seen",
    reach: Reach::Unknown,
    sentence: Text {
        en: "It leads to {client}, which has not been heard of here: whether it is there is unknown.",
        ja: "転送先 {client} はここからはまだ確認できていません。存在するかどうかは不明です。",
    },
    remedy: Text {
        en: "See whether the device is on. With the capability CAP_NET_RAW, stormglass asks for it by itself.",
        ja: "機器の電源が入っているか確かめてください。CAP_NET_RAW があれば、stormglass が自分で問い合わせます。",
    },
};
/// Whether that host answers by this router.
pub static ROUTE_UNKNOWN: Reason = Reason {
    id: "default_gateway_unknown",
    reach: Reach::Unknown,
    sentence: Text {
        en: "It works only if the default gateway of {client} is this router, which cannot be seen from here.",
        ja: "{client} のデフォルトゲートウェイがこのルーターである場合にだけ届きます。それはここからは分かりません。",
    },
    remedy: Text {
        en: "Look at the network settings of {client}: its default gateway must be {router}.",
        ja: "{client} のネットワーク設定を確かめてください。デフォルトゲートウェイが {router} である必要があります。",
    },
};
/// One host of the Internet alone may use it.
pub static OPEN_TO_ONE: Reason = Reason {
    id: "open_to_one",
    reach: Reach::Reachable,
    sentence: Text {
        en: "From the Internet, {remote} alone can reach {client} by port {port}.",
        ja: "インターネットからは、{remote} だけがポート {port} で {client} に到達できます。",
    },
    remedy: NOTHING,
};
/// Everybody may.
pub static OPEN: Reason = Reason {
    id: "open",
    reach: Reach::Reachable,
    sentence: Text {
        en: "Anyone on the Internet can reach {client} by port {port}, as far as can be judged without trying.",
        ja: "実際に試してはいませんが、インターネットの誰からでも、ポート {port} で {client} に到達できると判断されます。",
    },
    remedy: NOTHING,
};

/// Every reason: what excludes first, then what leaves it open, then what speaks for it.
pub static REASONS: [&Reason; 19] = [
    &DISABLED,
    &LEASE_OVER,
    &DOWN,
    &ADDRESS,
    &FOREIGN_PORT,
    &NO_HOST,
    &CLIENT_SILENT,
    &NOT_DEFAULT,
    &GATEWAY_SILENT,
    &ADDRESS_UNKNOWN,
    &OUTER,
    &SHARED,
    &NAT_OFF,
    &CLIENT_NAMED,
    &CLIENT_ELSEWHERE,
    &CLIENT_UNSEEN,
    &ROUTE_UNKNOWN,
    &OPEN_TO_ONE,
    &OPEN,
];
