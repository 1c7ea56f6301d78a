//! Why a device could not be asked or an interface not searched, in both languages. Half sentences stand behind a colon,
//! whole ones end with a full stop. Decides nothing.

use super::http_client::{HttpError, MAX_BODY};
use crate::model::text::{Sentence, Text};
use crate::wire::ssdp;
use std::fmt;
use std::io;
use std::net::IpAddr;

const NO_CONNECTION: Text =
    Text { en: "no connection to {address}: {why}", ja: "{address}に接続できません（{why}）" };
const LATE: Text = Text {
    en: "no complete answer within {seconds} s",
    ja: "{seconds}秒以内に応答が完了しませんでした",
};
const TOO_LARGE: Text =
    Text { en: "the answer is larger than {most} KiB", ja: "応答が{most} KiBを超えています" };
const REDIRECTS: Text = Text {
    en: "it redirects (status {status}), which is not followed",
    ja: "別の場所へ転送しようとしました（ステータス{status}）が、転送には従いません",
};
const BROKEN: Text = Text { en: "the answer is broken: {why}", ja: "応答が壊れています（{why}）" };
const UNASKABLE: Text =
    Text { en: "the address cannot be asked for", ja: "このアドレスは要求に使えません" };
const NOT_HTTP: Text = Text { en: "it is not HTTP", ja: "HTTPではありません" };
const CUT_OFF: Text =
    Text { en: "the connection ended before the answer did", ja: "応答の途中で接続が切れました" };
const OTHERWISE: Text = Text { en: "{detail}", ja: "詳細：{detail}" };

/// What the operating system says, by the kinds that a LAN shows.
const SYSTEM: [(io::ErrorKind, Text); 10] = [
    (io::ErrorKind::ConnectionRefused, Text { en: "the connection was refused", ja: "接続が拒否されました" }),
    (
        io::ErrorKind::ConnectionReset,
        Text { en: "the device broke the connection off", ja: "機器が接続を切断しました" },
    ),
    (io::ErrorKind::HostUnreachable, Text { en: "the host cannot be reached", ja: "ホストに到達できません" }),
    (
        io::ErrorKind::NetworkUnreachable,
        Text { en: "the network cannot be reached", ja: "ネットワークに到達できません" },
    ),
    (io::ErrorKind::NetworkDown, Text { en: "the interface is down", ja: "インターフェースが停止しています" }),
    (io::ErrorKind::TimedOut, Text { en: "the time was over", ja: "時間切れです" }),
    (
        io::ErrorKind::AddrInUse,
        Text { en: "another program holds the address", ja: "アドレスは別のプログラムが使用中です" },
    ),
    (
        io::ErrorKind::AddrNotAvailable,
        Text {
            en: "this computer does not have the address", ja: "このコンピューターにはそのアドレスがありません"
        },
    ),
    (io::ErrorKind::PermissionDenied, Text { en: "it is not permitted", ja: "許可されていません" }),
    (io::ErrorKind::UnexpectedEof, CUT_OFF),
];

/// An error of the operating system, as a half sentence.
pub(super) fn system(error: &io::Error) -> Sentence {
    match SYSTEM.iter().find(|(kind, _)| *kind == error.kind()) {
        Some((_, text)) => Sentence::of(*text),
        None => Sentence::of(OTHERWISE).with("detail", error.to_string()),
    }
}

impl HttpError {
    /// The half sentence.
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Connect(to, why) => Sentence::of(NO_CONNECTION).count("address", to).with("why", system(why)),
            Self::Timeout(limit) => Sentence::of(LATE).count("seconds", format_args!("{:.1}", limit.as_secs_f64())),
            Self::TooLarge => Sentence::of(TOO_LARGE).count("most", MAX_BODY / 1024),
            Self::Redirect(status) => Sentence::of(REDIRECTS).count("status", status),
            Self::Broken(error) => Sentence::of(BROKEN).with("why", broken(error)),
            Self::Unaskable => Sentence::of(UNASKABLE),
        }
    }
}

fn broken(error: &hyper::Error) -> Sentence {
    if error.is_parse() {
        Sentence::of(NOT_HTTP)
    } else if error.is_incomplete_message() {
        Sentence::of(CUT_OFF)
    } else {
        Sentence::of(OTHERWISE).with("detail", error.to_string())
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sentence().fmt(f)
    }
}

impl std::error::Error for HttpError {}

// ---- Searching and listening ----

const NOT_SENT: Text = Text {
    en: "The search from {local} on {interface} could not be sent: {why}.",
    ja: "{interface}の{local}から探索を送信できませんでした：{why}。",
};
const NO_SOCKET: Text = Text {
    en: "{local} on {interface} could not be searched from: {why}.",
    ja: "{interface}の{local}からは探索できませんでした：{why}。",
};
const TOO_MANY_EARS: Text = Text {
    en: "Announcements on {interface} are not heard: there are too many interfaces.",
    ja: "{interface}のアナウンスは受信できません：インターフェースが多すぎます。",
};
const PORT_HELD: Text = Text {
    en: "Announcements to {group} on {interface} are not heard: another program holds UDP port {port} and does not share it. \
         `ss -ulpn 'sport = :{port}'` (as root) names it; stop it, or give it SO_REUSEADDR. Searches go on.",
    ja: "{interface}で{group}宛てのアナウンスを受信できません：UDPポート{port}を別のプログラムが占有しています。\
         rootで`ss -ulpn 'sport = :{port}'`を実行すると名前が分かります。そのプログラムを止めるか、SO_REUSEADDRを有効にしてください。探索は続けます。",
};
const NOT_HEARD: Text = Text {
    en: "Announcements to {group} on {interface} are not heard: {why}.",
    ja: "{interface}で{group}宛てのアナウンスを受信できません：{why}。",
};

/// A search that could not be sent.
pub(super) fn not_sent(local: IpAddr, interface: &str, error: &io::Error) -> Sentence {
    about(NOT_SENT, interface).count("local", local).with("why", system(error))
}

/// An address that cannot be searched from.
pub(super) fn no_socket(local: IpAddr, interface: &str, error: &io::Error) -> Sentence {
    about(NO_SOCKET, interface).count("local", local).with("why", system(error))
}

/// An interface beyond those that are listened on.
pub(super) fn too_many_ears(interface: &str) -> Sentence {
    about(TOO_MANY_EARS, interface)
}

/// A group whose announcements are not heard.
pub(super) fn not_heard(interface: &str, group: IpAddr, error: &io::Error) -> Sentence {
    let held = error.kind() == io::ErrorKind::AddrInUse;
    let sentence = about(if held { PORT_HELD } else { NOT_HEARD }, interface).count("group", group);
    if held { sentence.count("port", ssdp::PORT) } else { sentence.with("why", system(error)) }
}

fn about(text: Text, interface: &str) -> Sentence {
    Sentence::of(text).with("interface", interface)
}
