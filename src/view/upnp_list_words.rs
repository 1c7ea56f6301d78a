//! What `upnp-probe` says in its lists, its lines of changes and its complaints, in both languages: one constant a
//! sentence. Knows no devices.

use crate::model::text::Text;

/// A gateway, above its mappings.
pub const HEADING: Text =
    Text { en: "{name} at {ip} on {interface}: {count}", ja: "{name}（{ip}、{interface}）：{count}" };
/// The same where it has no address.
pub const HEADING_NOWHERE: Text = Text { en: "{name}: {count}", ja: "{name}：{count}" };
/// A gateway that does not say its name.
pub const NAMELESS_GATEWAY: Text = Text { en: "Gateway without a name", ja: "名前のないゲートウェイ" };
/// Its list is empty.
pub const NO_MAPPINGS: Text = Text { en: "no port mappings", ja: "ポートマッピングなし" };
/// Its list was not read.
pub const NONE_READ: Text =
    Text { en: "no port mapping could be read", ja: "ポートマッピングを読み取れませんでした" };
/// How many it has.
pub const ONE_MAPPING: Text = Text { en: "1 port mapping", ja: "ポートマッピング1件" };
/// See [`ONE_MAPPING`].
pub const MANY_MAPPINGS: Text = Text { en: "{count} port mappings", ja: "ポートマッピング{count}件" };
/// The lines below the heading.
pub const GATEWAY_FACTS: Text = Text {
    en: "  external address  {external}\n  description       {location}\n  {udn}\n",
    ja: "  外部アドレス  {external}\n  記述          {location}\n  {udn}\n",
};
/// How the connection is.
pub const CONNECTION: Text = Text { en: "connection        {status}", ja: "接続          {status}" };
/// The same, and for how long.
pub const CONNECTION_FOR: Text =
    Text { en: "connection        {status} for {time}", ja: "接続          {status}（{time}）" };
/// The rates of the line.
pub const LINE: Text =
    Text { en: "line              {down}/{up} Mbit/s down/up", ja: "回線          下り{down}/上り{up} Mbit/s" };
/// The counters of the line.
pub const TRAFFIC: Text = Text {
    en: "traffic           {down} received, {up} sent (many routers count to 4.3 GB and begin again)",
    ja: "通信量        受信{down}、送信{up}（4.3 GBで0に戻るルーターが多くあります）",
};
/// `WANIPv6FirewallControl`: what it says. Pinholes have numbers that only their makers know: the standard
/// (WANIPv6FirewallControl:1, 2.4) has no way to list them.
pub const FIREWALL_OFF: Text = Text {
    en: "IPv6 firewall     off: every IPv6 device can be reached from the Internet",
    ja: "IPv6 FW       無効：IPv6の機器すべてにインターネットから到達できます",
};
/// See [`FIREWALL_OFF`].
pub const FIREWALL_PINHOLES: Text = Text {
    en: "IPv6 firewall     on; programs may open pinholes in it, which UPnP cannot list: see the router's own page",
    ja: "IPv6 FW       有効。プログラムが穴を開けられます（UPnPでは一覧できません。ルーターの設定画面を確認してください）",
};
/// See [`FIREWALL_OFF`].
pub const FIREWALL_CLOSED: Text = Text {
    en: "IPv6 firewall     on; programs may not open pinholes in it",
    ja: "IPv6 FW       有効。プログラムは穴を開けられません",
};
/// `ConnectionStatus` (WANIPConnection:1, 2.2.3).
pub const STATUSES: [(&str, Text); 7] = [
    ("Connected", Text { en: "connected", ja: "接続済み" }),
    ("Disconnected", Text { en: "disconnected", ja: "切断" }),
    ("Connecting", Text { en: "connecting", ja: "接続中" }),
    ("Disconnecting", Text { en: "disconnecting", ja: "切断中" }),
    ("PendingDisconnect", Text { en: "about to disconnect", ja: "まもなく切断" }),
    ("Authenticating", Text { en: "authenticating", ja: "認証中" }),
    ("Unconfigured", Text { en: "not configured", ja: "未設定" }),
];
/// Heads of the columns of mappings.
pub const MAPPING_COLUMNS: [Text; 6] = [
    Text { en: "PROTO", ja: "種別" },
    Text { en: "EXTERNAL", ja: "外部" },
    Text { en: "INTERNAL", ja: "内部" },
    Text { en: "REACH", ja: "到達性" },
    Text { en: "LEASE", ja: "期間" },
    Text { en: "DESCRIPTION", ja: "説明" },
];
/// Heads of the columns of devices.
pub const DEVICE_COLUMNS: [Text; 4] = [
    Text { en: "ADDRESS", ja: "アドレス" },
    Text { en: "NAME", ja: "名前" },
    Text { en: "MODEL", ja: "機種" },
    Text { en: "INTERFACE", ja: "インターフェース" },
];
/// A gateway that answered without values.
pub const EMPTY_ANSWER: Text = Text { en: "an empty answer", ja: "空の応答でした" };
/// The line of a tree that says where its description is.
pub const DESCRIPTION: Text = Text { en: "description  {url}", ja: "記述  {url}" };
/// An address that is not known.
pub const UNKNOWN: Text = Text { en: "unknown", ja: "不明" };
/// A lease.
pub const NO_END: Text = Text { en: "no end", ja: "無期限" };
/// See [`NO_END`].
pub const SECONDS: Text = Text { en: "{seconds} s", ja: "{seconds}秒" };
/// See [`NO_END`].
pub const MINUTES: Text = Text { en: "{minutes} min", ja: "{minutes}分" };
/// See [`NO_END`].
pub const HOURS: Text = Text { en: "{hours} h {minutes} min", ja: "{hours}時間{minutes}分" };
/// See [`NO_END`].
pub const DAYS: Text = Text { en: "{days} d {hours} h", ja: "{days}日{hours}時間" };
/// External port 0.
pub const EVERY_PORT: Text = Text { en: "every port", ja: "全ポート" };
/// A mapping for one remote host.
pub const FROM_HOST: Text = Text { en: "{port} from {host}", ja: "{port}（接続元{host}）" };
/// A mapping that is switched off.
pub const DISABLED: Text = Text { en: "{port} (disabled)", ja: "{port}（無効）" };
/// Above the table of devices.
pub const ANSWERED: Text =
    Text { en: "UPnP devices that answered: {count}", ja: "応答したUPnP機器：{count}台" };
/// A mapping was added.
pub const OPENED: Text = Text {
    en: "{protocol} {port} was opened on {gateway}, to {target}{who} ({description}){reach}",
    ja: "{gateway}で{protocol} {port}が開きました。転送先は{target}{who}（{description}）です{reach}",
};
/// A mapping was removed.
pub const CLOSED: Text = Text {
    en: "{protocol} {port} was closed on {gateway}, to {target}{who} ({description}){reach}",
    ja: "{gateway}で{protocol} {port}が閉じました。転送先は{target}{who}（{description}）でした{reach}",
};
/// Whom a changed mapping leads to.
pub const WHO: Text = Text { en: ", {name}", ja: "、{name}" };
/// Whether a changed mapping works.
pub const FROM_INTERNET: Text =
    Text { en: "; {reach} from the Internet: {reason}", ja: "。インターネットから：{reach}。{reason}" };
/// A device came.
pub const CAME: Text = Text {
    en: "{name} ({ip} on {interface}) has come: {how}",
    ja: "{name}（{ip}、{interface}）が現れました：{how}",
};
/// A device went.
pub const WENT: Text = Text {
    en: "{name} ({ip} on {interface}) is gone: {how}",
    ja: "{name}（{ip}、{interface}）がいなくなりました：{how}",
};
/// A device changed.
pub const CHANGED: Text = Text {
    en: "{name} ({ip} on {interface}) has changed: {how}",
    ja: "{name}（{ip}、{interface}）が変わりました：{how}",
};
/// How it is known.
pub const BY_ANSWER: Text = Text { en: "it answered a search", ja: "探索に応答しました" };
/// See [`BY_ANSWER`].
pub const BY_ANNOUNCEMENT: Text = Text { en: "it announced itself", ja: "自分から存在を知らせました" };
/// See [`BY_ANSWER`].
pub const BY_GOODBYE: Text = Text { en: "it said goodbye", ja: "終了を知らせました" };
/// See [`BY_ANSWER`].
pub const BY_SILENCE: Text = Text {
    en: "it has been silent for longer than it promised",
    ja: "約束の期間を過ぎても知らせがありません",
};
/// A device in a tree that has no name.
pub const NAMELESS: Text = Text { en: "(no name)", ja: "（名前なし）" };
/// Where a device has its own page.
pub const PAGE: Text = Text { en: "page {url}", ja: "設定画面 {url}" };
/// The progress line.
pub const SEARCHING: Text = Text {
    en: "Searching {place}, at most {seconds} s",
    ja: "{place}を探索しています（最長{seconds}秒）",
};
/// No search could be sent.
pub const NOT_SEARCHED: Text = Text {
    en: "no interface could be searched",
    ja: "探索できるインターフェースがありませんでした",
};
/// A gateway is needed and none is there.
pub const NO_GATEWAY_ANSWERED: Text =
    Text { en: "no gateway answered", ja: "応答したゲートウェイがありません" };
/// The gateway cannot be asked.
pub const NO_ADDRESS_OF_GATEWAY: Text =
    Text { en: "the gateway has no address", ja: "ゲートウェイのアドレスが分かりません" };
/// The device meant is another kind.
pub const IS_NO_GATEWAY: Text =
    Text { en: "{wanted} is no gateway", ja: "「{wanted}」はゲートウェイではありません" };
/// Nothing to search.
pub const NO_INTERFACE: Text = Text {
    en: "no interface is up, has an address and can multicast; this computer has {names}. Connect it, or name one with --interface",
    ja: "有効でアドレスがありマルチキャストできるインターフェースがありません（あるのは{names}）。接続するか、--interfaceで指定してください",
};
/// A name that is none.
pub const NO_SUCH_INTERFACE: Text = Text {
    en: "there is no interface \"{name}\"; this computer has {names}",
    ja: "「{name}」というインターフェースはありません。このコンピューターにあるのは{names}です",
};
/// It cannot be searched.
pub const INTERFACE_DOWN: Text = Text {
    en: "interface {name} is down: connect it, or bring it up",
    ja: "インターフェース{name}は停止しています。接続するか、有効にしてください",
};
/// See [`INTERFACE_DOWN`].
pub const INTERFACE_WITHOUT_ADDRESS: Text = Text {
    en: "interface {name} has no address to search from",
    ja: "インターフェース{name}には探索に使えるアドレスがありません",
};
/// No address of our own to lead to.
pub const HOST_NEEDED: Text = Text {
    en: "this computer has no IPv4 address there: name the host",
    ja: "このコンピューターにはそこで使えるIPv4アドレスがありません。転送先のホストを指定してください",
};
/// A gateway without a connection.
pub const NO_CONNECTION: Text = Text {
    en: "its description names no WAN connection that can be called",
    ja: "呼び出せるWAN接続がこの機器の記述にありません",
};
/// `call` names a service that is not there.
pub const NO_SUCH_SERVICE: Text = Text {
    en: "it has no service \"{wanted}\". It has:{list}",
    ja: "サービス「{wanted}」はありません。あるのは次のとおりです。{list}",
};
/// It is ambiguous.
pub const SEVERAL_SERVICES: Text = Text {
    en: "\"{wanted}\" fits several services; name one by its id:{list}",
    ja: "「{wanted}」に当てはまるサービスが複数あります。IDで指定してください。{list}",
};
/// The service is not to be used.
pub const NOT_CALLABLE: Text = Text {
    en: "the service cannot be called, or not checked. {why}",
    ja: "このサービスは呼び出せないか、確認できません。{why}",
};
/// `call` names an action that is not there.
pub const NO_SUCH_ACTION: Text = Text {
    en: "the service has no action \"{wanted}\". It has:{list}",
    ja: "アクション「{wanted}」はありません。あるのは次のとおりです。{list}",
};
/// `call` was given too much.
pub const NO_SUCH_ARGUMENT: Text = Text {
    en: "it takes no argument \"{name}\": the action is {action}",
    ja: "引数「{name}」はありません：アクションは{action}です",
};
/// See [`NO_SUCH_ARGUMENT`].
pub const GIVEN_TWICE: Text = Text { en: "{name} is given twice", ja: "{name}が2回指定されています" };
/// `call` was given too little.
pub const ARGUMENT_MISSING: Text = Text {
    en: "{name}=… is missing: the action is {action}",
    ja: "{name}=…がありません：アクションは{action}です",
};
/// A value of the wrong kind.
pub const MISFIT: Text = Text {
    en: "{name} must be {expected}: the action is {action}",
    ja: "{name}は{expected}でなければなりません：アクションは{action}です",
};
/// What it must be.
pub const ONE_OF: Text = Text { en: "one of {list}", ja: "次のいずれか（{list}）" };
/// See [`ONE_OF`].
pub const WHOLE_NUMBER: Text =
    Text { en: "a whole number from {least} to {most}", ja: "{least}から{most}までの整数" };
/// See [`ONE_OF`].
pub const ZERO_OR_ONE: Text = Text { en: "0 or 1", ja: "0か1" };
/// `export --format text`.
pub const EXPORT_IS_DATA: Text = Text {
    en: "export writes --format json or csv; `list` writes text",
    ja: "exportの形式は--format jsonかcsvです。テキストは`list`で表示できます",
};
/// `--format csv` elsewhere.
pub const CSV_IS_FOR_EXPORT: Text = Text {
    en: "--format csv is for export alone: `upnp-probe export --format csv`",
    ja: "--format csvはexport専用です：`upnp-probe export --format csv`",
};

/// What a time on the command line must look like.
pub const TIME_FORM: Text = Text {
    en: "write a time as in 10s, 500ms or 2m",
    ja: "時間は10s、500ms、2mのように書いてください",
};
/// See [`TIME_FORM`].
pub const TIME_UNIT: Text =
    Text { en: "the unit must be ms, s, m or h", ja: "単位はms、s、m、hのいずれかにしてください" };
/// See [`TIME_FORM`].
pub const TIMEOUT_BOUNDS: Text = Text { en: "it must be from 1s to 5m", ja: "1sから5mまでにしてください" };
/// See [`TIME_FORM`].
pub const FOR_BOUNDS: Text = Text { en: "it must be from 1s to a year", ja: "1sから1年までにしてください" };
/// See [`TIME_FORM`].
pub const INTERVAL_BOUNDS: Text =
    Text { en: "it must be from 5s to 24h", ja: "5sから24hまでにしてください" };
/// What `--internal` must look like.
pub const HOST_AND_PORT: Text = Text {
    en: "write HOST:PORT, as in 192.168.1.20:443",
    ja: "192.168.1.20:443のように、ホスト:ポートの形で書いてください",
};
/// See [`HOST_AND_PORT`].
pub const PORT_BOUNDS: Text =
    Text { en: "the port must be from 1 to 65535", ja: "ポートは1から65535までにしてください" };
/// See [`HOST_AND_PORT`].
pub const HOST_IS_ADDRESS: Text = Text {
    en: "the host must be an IPv4 address: gateways do not look names up",
    ja: "ホストはIPv4アドレスで指定してください（ゲートウェイは名前解決をしません）",
};
/// What `--description` must be.
pub const DESCRIPTION_LONG: Text = Text {
    en: "at most {most} bytes: some gateways break their list with more",
    ja: "{most}バイト以内にしてください（長いと一覧が壊れるゲートウェイがあります）",
};
/// See [`DESCRIPTION_LONG`].
pub const DESCRIPTION_ODD: Text = Text {
    en: "without control characters, &, < and >: some gateways break their list with them",
    ja: "制御文字、&、<、>は使えません（一覧が壊れるゲートウェイがあります）",
};
/// What an argument of `call` must look like.
pub const ASSIGNMENT: Text = Text {
    en: "write ARG=VALUE, as in NewExternalPort=5001",
    ja: "NewExternalPort=5001のように、引数名=値の形で書いてください",
};
