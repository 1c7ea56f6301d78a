//! Findings about whom a mapping leads to: nobody, or somebody else than the one who asked for it.

use super::{FindingKind, Hit, Mapped, Severity, View};
use crate::explain::reach::reasons;
use crate::model::text::{Facts, Text};
use std::net::Ipv4Addr;

/// It leads to nobody.
pub(super) static GONE: FindingKind = FindingKind {
    id: "client_gone",
    severity: Severity::Notice,
    sentence: Text {
        en: "{port} of {gateway} leads to {client} (\"{description}\"), where nobody answers; its lease ends in {lease} s.",
        ja: "{gateway} の {port} の転送先 {client}(「{description}」)は応答がありません。有効期間は残り {lease} 秒です。",
    },
    remedy: Text {
        en: "Nothing, if the device is only switched off. Otherwise give it a fixed address.",
        ja: "電源が切れているだけであれば問題ありません。そうでなければ、機器に固定アドレスを割り当ててください。",
    },
    look: |view| silent(view, false),
};

/// It leads to nobody, and will for ever.
pub(super) static LEFT_BEHIND: FindingKind = FindingKind {
    id: "left_behind",
    severity: Severity::Warning,
    sentence: Text {
        en: "{port} of {gateway} leads to {client} (\"{description}\"), where nobody answers, and it never ends: whatever \
             gets that address next stands open to the Internet.",
        ja: "{gateway} の {port} の転送先 {client}(「{description}」)は応答がなく、有効期間もありません。次にこのアドレスを\
             使う機器が、インターネットに公開されてしまいます。",
    },
    remedy: Text {
        en: "Remove the mapping if the device is gone; if it has moved, set the mapping up again.",
        ja: "機器がもうない場合は、このポート開放を削除してください。アドレスが変わった場合は設定し直してください。",
    },
    look: |view| silent(view, true),
};

fn holds(one: &Mapped<'_>, reason: &'static reasons::Reason) -> bool {
    one.reach.reasons.iter().any(|judgement| judgement.reason == reason)
}

fn silent(view: &View<'_>, for_ever: bool) -> Vec<Hit> {
    let gone = view.mappings().filter(|one| {
        one.mapping.enabled && (one.mapping.lease_seconds == 0) == for_ever && holds(one, &reasons::CLIENT_SILENT)
    });
    let hits = gone.map(|one| view.mapping_hit(one, Facts::from([("lease", one.mapping.lease_seconds.to_string())])));
    hits.collect()
}

/// The id of that finding: one who looks but once leaves it out.
pub const NEVER_SEEN_ID: &str = "client_never_seen";

/// It leads to somebody never heard of, or to no host.
pub(super) static NEVER_SEEN: FindingKind = FindingKind {
    id: NEVER_SEEN_ID,
    severity: Severity::Notice,
    sentence: Text {
        en: "{port} of {gateway} leads to {client} (\"{description}\"), which has never been heard of on this LAN.",
        ja: "{gateway} の {port} の転送先 {client}(「{description}」)は、このLANで一度も確認されていません。",
    },
    remedy: Text {
        en: "If you do not know the device, remove the mapping and see what sets it up again.",
        ja: "心当たりのない機器であれば、このポート開放を削除し、何が再び設定するか確かめてください。",
    },
    look: never_seen,
};

fn never_seen(view: &View<'_>) -> Vec<Hit> {
    let reasons = [&reasons::CLIENT_UNSEEN, &reasons::CLIENT_ELSEWHERE, &reasons::NO_HOST];
    let unseen = view.mappings().filter(|one| one.mapping.enabled && reasons.iter().any(|reason| holds(one, reason)));
    unseen.map(|one| view.mapping_hit(one, Facts::new())).collect()
}

/// It was asked for by one host, and leads to another.
pub(super) static NOT_REQUESTER: FindingKind = FindingKind {
    id: "not_the_requester",
    severity: Severity::Warning,
    sentence: Text {
        en: "{port} of {gateway} leads to {client}, but its description names {requester} (\"{description}\"): one device \
             opened a port for another.",
        ja: "{gateway} の {port} の転送先は {client} ですが、説明には {requester} とあります(「{description}」)。ある機器が別の\
             機器のためにポートを開けています。",
    },
    remedy: Text {
        en: "If you did not set this up, remove it, and switch on the router's secure mode, which lets a device open ports \
             for itself alone.",
        ja: "ご自身で設定したものでなければ削除し、ルーターのセキュアモード(機器が自分自身のポートだけを開けられる設定)を有効にして\
             ください。",
    },
    look: not_requester,
};

fn not_requester(view: &View<'_>) -> Vec<Hit> {
    let hits = view.mappings().filter_map(|one| {
        let client: Ipv4Addr = one.mapping.internal_client.parse().ok()?;
        let requester = named_address(&one.mapping.description).filter(|named| *named != client)?;
        Some(view.mapping_hit(one, Facts::from([("requester", view.around.called(requester.into()))])))
    });
    hits.collect()
}

/// The private address in a description: some programs name the host that they run on (`Skype UDP at
/// 192.168.1.10:31234`). No other protocol tells who asked.
fn named_address(description: &str) -> Option<Ipv4Addr> {
    let words = description.split(|c: char| !c.is_ascii_digit() && c != '.');
    words.map(|word| word.trim_matches('.')).filter_map(|word| word.parse().ok()).find(Ipv4Addr::is_private)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_descriptions() {
        let check = |text: &str, expected: Option<[u8; 4]>| {
            assert_eq!(named_address(text), expected.map(Ipv4Addr::from), "{text}");
        };
        check("Skype UDP at 192.168.1.10:31234 (1337)", Some([192, 168, 1, 10]));
        check("Teredo 10.0.0.5:3544->3544 UDP", Some([10, 0, 0, 5]));
        check("WhatsApp (1700000000)", None);
        check("version 1.2.3.4", None);
        check("192.168.1.300", None);
        check("ends with 192.168.1.7.", Some([192, 168, 1, 7]));
    }
}
