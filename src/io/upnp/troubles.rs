//! What could not be read of a device or gateway, or does not fit, in both languages: sentences, and half sentences that
//! stand behind a colon. Decides nothing.

use crate::model::text::{Sentence, Text};
use std::fmt::Display;
use std::net::IpAddr;

/// Half sentences: why a description is not read, or an address not followed.
pub(super) const LOCATION_ELSEWHERE: Text =
    Text { en: "its answer points to another host", ja: "応答が別のホストを指しています" };
pub(super) const LOCATION_MISSING: Text =
    Text { en: "its answer has no LOCATION", ja: "応答にLOCATIONがありません" };
pub(super) const LOCATION_SCHEME: Text =
    Text { en: "its LOCATION is not http:", ja: "LOCATIONがhttp:ではありません" };
pub(super) const LOCATION_NAME: Text = Text {
    en: "its LOCATION has a host name, which is not looked up",
    ja: "LOCATIONがホスト名です（名前解決は行いません）",
};
pub(super) const LOCATION_MALFORMED: Text =
    Text { en: "its LOCATION is malformed", ja: "LOCATIONの形式が正しくありません" };
pub(super) const NO_TIME: Text = Text { en: "there was no time left", ja: "時間が足りませんでした" };
pub(super) const HTTP_STATUS: Text = Text {
    en: "the server answered with status {status}",
    ja: "サーバーがステータス{status}を返しました",
};
const URL_ELSEWHERE: Text = Text {
    en: "its control URL points to another host, {host}",
    ja: "制御URLが別のホスト{host}を指しています",
};
const URL_MISSING: Text = Text { en: "it has no control URL", ja: "制御URLがありません" };
const URL_UNUSABLE: Text = Text { en: "about its control URL: {why}", ja: "制御URLについて、{why}" };
const SCPD_ELSEWHERE: Text = Text {
    en: "its SCPDURL points to another host, {host}",
    ja: "SCPDURLが別のホスト{host}を指しています",
};
const SCPD_MISSING: Text = Text { en: "it has no SCPDURL", ja: "SCPDURLがありません" };
const SCPD_UNUSABLE: Text = Text { en: "about its SCPDURL: {why}", ja: "SCPDURLについて、{why}" };
pub(super) const SCPD_STATUS: Text = Text {
    en: "its description of them came with status {status}",
    ja: "アクションの記述がステータス{status}で返されました",
};
pub(super) const SCPD_UNREADABLE: Text =
    Text { en: "about its description of them: {why}", ja: "アクションの記述について、{why}" };
pub(super) const ANSWER_USELESS: Text = Text {
    en: "the answer (status {status}) is no use, {why}",
    ja: "応答（ステータス{status}）が使えません（{why}）",
};
pub(super) const STORM: Text =
    Text { en: "a packet storm is running", ja: "パケットストームが発生しています" };
pub(super) const TIME_OVER: Text = Text {
    en: "the time was over (a longer timeout reads more)",
    ja: "時間切れです（制限時間を延ばすと、さらに読み取れます）",
};
pub(super) const NO_CONTROL_URL: Text =
    Text { en: "it has no control URL that may be followed", ja: "使用できる制御URLがありません" };

/// Sentences about devices.
pub(super) const NOT_READ: Text =
    Text { en: "Its description was not read: {why}.", ja: "記述を読み取れませんでした：{why}。" };
pub(super) const BROKEN: Text =
    Text { en: "Its description is broken: {why}.", ja: "記述が壊れています：{why}。" };
pub(super) const BASE_ELSEWHERE: Text = Text {
    en: "Its URLBase points to another host, {host}, and was left out.",
    ja: "URLBaseが別のホスト{host}を指しているため、無視しました。",
};
pub(super) const MANY_SERVICES: Text = Text {
    en: "It has {count} services; the actions of {most} were read.",
    ja: "サービスが{count}個あります。アクションは{most}個分だけ読み取りました。",
};
pub(super) const NOT_CALLABLE: Text =
    Text { en: "It cannot be called: {why}.", ja: "呼び出せません：{why}。" };
pub(super) const ACTIONS_UNKNOWN: Text =
    Text { en: "Its actions are unknown: {why}.", ja: "アクションが分かりません：{why}。" };
pub(super) const SEARCH_STOPPED: Text = Text {
    en: "The search was stopped because a packet storm is running: it would feed it.",
    ja: "パケットストームが発生しているため、探索を中止しました。続けるとストームを強めてしまいます。",
};

/// Sentences about gateways.
pub(super) const GATEWAY_BROKEN: Text = Text {
    en: "Its description is broken, services may be missing: {why}.",
    ja: "記述が壊れているため、サービスが欠けている可能性があります：{why}。",
};
pub(super) const NO_CONNECTION: Text = Text {
    en: "Its description names no WAN connection, so it lists no mappings.",
    ja: "記述にWAN接続がないため、マッピングの一覧はありません。",
};
pub(super) const NOT_ASKED: Text =
    Text { en: "{service} cannot be asked: {why}.", ja: "{service}に問い合わせできません：{why}。" };
pub(super) const TWINS: Text = Text {
    en: "{one} and {other} answer by the same UDN. If these are two routers, only the one at {one} was read.",
    ja: "{one}と{other}が同じUDNで応答しています。2台のルーターであれば、読み取ったのは{one}だけです。",
};
pub(super) const NO_ADDRESS: Text = Text {
    en: "It gave no external address: it is not connected, or does not tell.",
    ja: "外部アドレスを返しませんでした。未接続か、知らせない機種です。",
};
pub(super) const ODD_ADDRESS: Text = Text {
    en: "What it gave as its external address is none.",
    ja: "外部アドレスとして返した値が、アドレスではありません。",
};
pub(super) const ADDRESS_UNREAD: Text = Text {
    en: "Its external address could not be read: {why}.",
    ja: "外部アドレスを読み取れませんでした：{why}。",
};
pub(super) const NOTHING_BROUGHT: Text =
    Text { en: "{action} brought nothing: {why}.", ja: "{action}の結果を得られませんでした：{why}。" };
pub(super) const DAMAGED: Text = Text {
    en: "It sent broken XML for {names}. They were read nevertheless; many programs miss them, and whatever follows them.",
    ja: "{names}について壊れたXMLを返しました。ここでは読み取れましたが、多くのプログラムはこれらと後続を見落とします。",
};
pub(super) const ODD_END: Text = Text {
    en: "Its list of mappings ends at entry {at} with {fault} instead of error 713.",
    ja: "マッピングの一覧が、エラー713ではなく{at}番目の{fault}で終わっています。",
};
pub(super) const CUT_SHORT: Text = Text {
    en: "Its list of mappings was read up to entry {at}: {why}.",
    ja: "マッピングの一覧は{at}番目までしか読み取れませんでした：{why}。",
};
pub(super) const ENDLESS: Text = Text {
    en: "Its list of mappings has no end: {read} were read.",
    ja: "マッピングの一覧に終わりがありません。{read}件を読み取りました。",
};
pub(super) const UNREADABLE: Text = Text {
    en: "Of its list of mappings these entries could not be read: {list}.",
    ja: "マッピングの一覧のうち、次の番号は読み取れませんでした：{list}。",
};

/// Why an address in a description is not followed, by whose it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Url {
    /// `controlURL`.
    Control,
    /// `SCPDURL`.
    Scpd,
}

impl Url {
    /// It points to another host.
    pub(super) fn elsewhere(self, host: IpAddr) -> Sentence {
        Sentence::of(if matches!(self, Self::Control) { URL_ELSEWHERE } else { SCPD_ELSEWHERE }).count("host", host)
    }

    /// It is not there.
    pub(super) const fn missing(self) -> Sentence {
        Sentence::of(if matches!(self, Self::Control) { URL_MISSING } else { SCPD_MISSING })
    }

    /// It cannot be used.
    pub(super) fn unusable(self, why: Sentence) -> Sentence {
        because(if matches!(self, Self::Control) { URL_UNUSABLE } else { SCPD_UNUSABLE }, why)
    }
}

/// A sentence with its reason.
pub(super) fn because(text: Text, why: Sentence) -> Sentence {
    Sentence::of(text).with("why", why)
}

/// A half sentence about an HTTP status.
pub(super) fn status(text: Text, status: impl Display) -> Sentence {
    Sentence::of(text).count("status", status)
}
