//! What `upnp-probe` says to a person, in both languages: one constant a sentence. Keys, protocols and identifiers are
//! in none. Knows no devices.

use crate::model::text::{Facts, Language, Text};

/// Before a change: what will be sent, to whom.
pub const ABOUT_TO_SEND: Text = Text {
    en: "This will be sent to {device} at {address}:",
    ja: "次の内容を{device}（{address}）に送信します。",
};
/// The question.
pub const CONFIRM: Text = Text { en: "Send it? [y/N] ", ja: "送信しますか？ [y/N] " };
/// The answer was not yes.
pub const NOT_SENT: Text = Text { en: "Nothing was sent.", ja: "何も送信していません。" };
/// No terminal to ask on.
pub const NOBODY_TO_ASK: Text = Text {
    en: "Nothing was sent: there is no terminal to confirm on. Repeat it with --yes if the above is what you want.",
    ja: "何も送信していません。確認するための端末がありません。上の内容でよければ --yes を付けて実行してください。",
};
/// A mapping was made.
pub const ADDED: Text = Text {
    en: "{protocol} {port} on {device} now leads to {target} (lease: {lease}).",
    ja: "{device}の{protocol} {port}は{target}につながりました（有効期間：{lease}）。",
};
/// It was made, but cannot be seen.
pub const ADDED_UNSEEN: Text = Text {
    en: "{device} accepted it, but does not show the mapping when asked for it ({why}). `upnp-probe list` tells what is there.",
    ja: "{device}は受け付けましたが、問い合わせてもマッピングが見えません（{why}）。`upnp-probe list`で現状を確認してください。",
};
/// A mapping was taken away.
pub const REMOVED: Text =
    Text { en: "{protocol} {port} on {device} is closed.", ja: "{device}の{protocol} {port}を閉じました。" };
/// Whom the mapping to be removed leads to.
pub const LEADS_TO: Text = Text {
    en: "  (now leads to {target}: {description})",
    ja: "　（現在の転送先：{target}、説明：{description}）",
};
/// It is not in the list.
pub const NOT_LISTED: Text = Text {
    en: "  (its list shows no such mapping)",
    ja: "　（このマッピングは一覧に見当たりません）",
};
/// The device said no.
pub const REFUSED: Text = Text {
    en: "{device} refused: error {code}{text}.",
    ja: "{device}が拒否しました：エラー{code}{text}。",
};
/// The device said nothing of use.
pub const UNANSWERED: Text =
    Text { en: "{device} gave no answer: {why}.", ja: "{device}から応答がありませんでした：{why}。" };
/// An action without results.
pub const DONE: Text = Text {
    en: "Done: {action} answered without values.",
    ja: "完了しました。{action}が返した値はありません。",
};

/// Nobody at all answered.
pub const NO_DEVICE: Text = Text {
    en: "No UPnP device answered on {place} within {seconds} s. What usually explains it:",
    ja: "{place}では{seconds}秒以内にUPnP機器の応答がありませんでした。よくある原因は次のとおりです。",
};
/// Nobody who is a gateway answered.
pub const NO_GATEWAY: Text = Text {
    en: "No Internet gateway answered on {place} within {seconds} s. What usually explains it:",
    ja: "{place}では{seconds}秒以内にインターネットゲートウェイの応答がありませんでした。よくある原因は次のとおりです。",
};
/// Why nobody answers, and the next step, the most frequent first.
pub const NO_DEVICE_REASONS: [Text; 6] = [
    Text {
        en: "a firewall on this computer drops the answers, which are UDP from a port of theirs to a port of ours: allow UDP \
             from the local network, or switch it off for one try",
        ja: "このコンピューターのファイアウォールが応答（UDP）を捨てている：ローカルネットワークからのUDPを許可するか、一度だけ無効にして試してください",
    },
    Text {
        en: "guest Wi-Fi or \"client isolation\" keeps devices apart: try by cable, or switch it off on the access point",
        ja: "ゲスト用Wi-Fiや「プライバシーセパレーター」が機器どうしの通信を止めている：有線で試すか、アクセスポイントで無効にしてください",
    },
    Text {
        en: "a switch snoops IGMP and there is no querier, so that it forgets who wants 239.255.255.250: enable a querier on \
             the router or switch, or switch snooping off",
        ja: "スイッチのIGMPスヌーピングが有効なのにクエリアがなく、239.255.255.250宛てが届かない：ルーターかスイッチでクエリアを有効にするか、スヌーピングを無効にしてください",
    },
    Text {
        en: "UPnP is off on the router, and no other UPnP device is on: look for \"UPnP\" on the router's own page",
        ja: "ルーターのUPnPが無効で、ほかに動いているUPnP機器がない：ルーターの設定画面で「UPnP」を確認してください",
    },
    Text {
        en: "this is a container or virtual machine behind NAT, which is not on the LAN: use host networking or a bridge",
        ja: "NATの内側のコンテナーや仮想マシンで実行している：ホストネットワークかブリッジを使ってください",
    },
    Text {
        en: "the devices are on another interface or VLAN: name it with --interface",
        ja: "機器が別のインターフェースやVLANにある：--interfaceで指定してください",
    },
];
/// The same for gateways.
pub const NO_GATEWAY_REASONS: [Text; 2] = [
    Text {
        en: "UPnP is off on the router (many providers' routers have none): then no program opens ports by itself",
        ja: "ルーターのUPnPが無効（プロバイダーのルーターには機能がないものも多い）：その場合、プログラムが自動でポートを開けることはありません",
    },
    Text {
        en: "the router is on another network than the interfaces searched: name its interface with --interface",
        ja: "ルーターが探索したインターフェースとは別のネットワークにある：--interfaceで指定してください",
    },
];
/// Answers that were thrown away.
pub const ANSWERS_REFUSED: Text =
    Text { en: "Answers refused: {list}.", ja: "受け入れなかった応答：{list}。" };

/// No device fits the selector.
pub const NO_SUCH_DEVICE: Text = Text {
    en: "No device that answered is called \"{wanted}\". These answered:",
    ja: "「{wanted}」に当てはまる機器の応答はありませんでした。応答した機器は次のとおりです。",
};
/// Several do.
pub const WHICH_DEVICE: Text = Text {
    en: "\"{wanted}\" fits {count} devices. Name one by its address or UDN:",
    ja: "「{wanted}」に当てはまる機器が{count}台あります。アドレスかUDNで1台を指定してください。",
};
/// Several gateways, and none named.
pub const WHICH_GATEWAY: Text = Text {
    en: "There are {count} gateways. Name one with --gateway, by its address or UDN:",
    ja: "ゲートウェイが{count}台あります。--gatewayにアドレスかUDNを指定してください。",
};

/// What `watch` begins with.
pub const WATCHING: Text = Text {
    en: "Watching {place}. Devices: {devices}, gateways: {gateways}, open ports: {mappings}. A line for each change:",
    ja: "{place}を監視しています：機器{devices}台、ゲートウェイ{gateways}台、開いているポート{mappings}個。変化ごとに1行表示します。",
};

/// What a fault means and what to do, for the codes that port mappings meet (WANIPConnection:1, 2.4.16, and :2, 2.5.16).
const FAULTS: [(u32, Text); 14] = [
    (
        401,
        Text {
            en: "The gateway does not have this action. `upnp-probe show DEVICE` lists what it has.",
            ja: "この機器にそのアクションはありません。`upnp-probe show DEVICE`で使えるものを確認できます。",
        },
    ),
    (
        402,
        Text {
            en: "It does not accept an argument. Try a whole-hour --lease, a --description in plain ASCII, and an --internal address of its own LAN.",
            ja: "引数を受け付けませんでした。--leaseを3600などに、--descriptionを英数字だけに、--internalをそのルーターのLANのアドレスにしてください。",
        },
    ),
    (
        501,
        Text {
            en: "It failed on its side. Its table may be full, or it needs a restart: look at the router's own page.",
            ja: "機器側で失敗しました。テーブルがいっぱいか、再起動が必要かもしれません。ルーターの設定画面を確認してください。",
        },
    ),
    (
        606,
        Text {
            en: "It does not let this computer do that. Most routers let a host open ports only for itself, and some no port below 1024: run this on the host that the port is for, or open the port on the router's own page.",
            ja: "このコンピューターには許可されていません。多くのルーターは自分自身宛てのポートしか開けさせず、1024番未満を禁じるものもあります。転送先の機器で実行するか、ルーターの設定画面で開けてください。",
        },
    ),
    (
        714,
        Text {
            en: "There is no such mapping. `upnp-probe list` shows those there are.",
            ja: "そのマッピングはありません。`upnp-probe list`で一覧を確認してください。",
        },
    ),
    (
        715,
        Text {
            en: "It wants a mapping that is open to a single remote host only. Use the router's own page.",
            ja: "接続元を1つに限ったマッピングしか作れません。ルーターの設定画面を使ってください。",
        },
    ),
    (
        716,
        Text {
            en: "It wants an exact external port, not every port. Give --external a number above 0.",
            ja: "外部ポートには具体的な番号が必要です。--externalに1以上の番号を指定してください。",
        },
    ),
    (
        718,
        Text {
            en: "The port is taken: it leads to another host already, or the router itself uses it, or it lets this host map for itself alone. `upnp-probe list` shows who has it; choose another --external port, or remove that mapping first.",
            ja: "そのポートは使用中です。すでに別の機器につながっているか、ルーター自身が使っているか、自分自身宛てしか許可されていません。`upnp-probe list`で確認し、別の--externalを選ぶか、先にそのマッピングを削除してください。",
        },
    ),
    (
        724,
        Text {
            en: "It can only map a port to the same number. Make --internal end with the --external port.",
            ja: "外部と内部のポート番号が同じでなければなりません。--internalのポートを--externalと同じにしてください。",
        },
    ),
    (
        725,
        Text {
            en: "It only makes mappings without an end. Repeat with --lease 0, and remember to remove it.",
            ja: "期限のないマッピングしか作れません。--lease 0で実行し、不要になったら削除してください。",
        },
    ),
    (
        727,
        Text {
            en: "It wants the external port to be any port. Use the router's own page.",
            ja: "外部ポートを限定できません。ルーターの設定画面を使ってください。",
        },
    ),
    (
        728,
        Text {
            en: "Its table is full. Remove mappings that nobody needs: `upnp-probe list`, then `upnp-probe remove`.",
            ja: "マッピングの数が上限に達しています。`upnp-probe list`で確認し、不要なものを`upnp-probe remove`で削除してください。",
        },
    ),
    (
        729,
        Text {
            en: "It conflicts with another mechanism of the router, such as a port that was opened by hand. Look at its own page.",
            ja: "ルーターの別の設定（手動のポート開放など）と衝突しています。ルーターの設定画面を確認してください。",
        },
    ),
    (
        732,
        Text {
            en: "It does not accept \"anyone\" as the remote host. Use the router's own page.",
            ja: "接続元を「だれでも」にできません。ルーターの設定画面を使ってください。",
        },
    ),
];

/// What the fault `code` means and what to do next, where we know.
#[must_use]
pub fn fault(code: u32, language: Language) -> Option<&'static str> {
    FAULTS.iter().find(|(known, _)| *known == code).map(|(_, text)| text.template(language))
}

/// `text` with its facts.
#[must_use]
pub fn say<const N: usize>(text: &Text, language: Language, facts: [(&'static str, String); N]) -> String {
    text.fill(language, &Facts::from(facts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_have_a_next_step() {
        for code in [402, 606, 718, 725] {
            assert!(fault(code, Language::English).is_some_and(|text| text.contains('.')), "{code}");
        }
        assert_eq!(fault(899, Language::Japanese), None);
    }
}
