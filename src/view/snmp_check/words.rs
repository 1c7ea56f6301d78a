//! What a check says, in both languages. Judges nothing.

use crate::model::text::Text;

words! {
    HEAD: "{target} ({address}), asked in SNMP{version}", "{target}（{address}）、SNMP{version}で問い合わせ";
    GOOD: "Nothing to mend.", "直すべき点はありません。";
    MEND: "To mend", "直すべき点";
    LIST: ", ", "、";
    FINDING: "{what}. {next}.", "{what}。{next}。";

    ANSWERS: "answers", "応答";
    DEVICE: "device", "機器";
    UP_FOR: "up for", "稼働時間";
    PORTS: "ports", "ポート";
    ROWS: "rows", "行数";
    COUNTERS: "counters", "カウンター";
    REFRESH: "refresh", "更新間隔";
    BRIDGE: "bridge", "ブリッジ";
    COST: "cost", "負荷";

    READS: "yes ({time})", "あり（{time}）";
    SPEAKS: "yes (no user tried)", "あり（ユーザーは未確認）";
    SILENT: "no answer", "なし";
    FAILS: "no ({reason})", "読み取り不可（{reason}）";
    NOT_ASKED: "not asked", "問い合わせなし";
    NOT_TOLD: "not told", "不明";
    MILLISECONDS: "{n} ms", "{n}ミリ秒";
    SECONDS: "{n} s", "{n}秒";
    UPTIME: "{days} d {clock}", "{days}日 {clock}";
    HOW_MANY_PORTS: "{ports}, {up} of them up", "{ports}個（うちリンクアップ {up}個）";
    NOT_READABLE: "{table} not readable", "{table} 読み取り不可";
    WIDTH_32: "32 bit", "32ビット";
    WIDTH_64: "64 bit", "64ビット";
    WIDTH_BOTH: "32 and 64 bit", "32ビットと64ビット";
    ONE_PORT: "1 port", "1ポート";
    MANY_PORTS: "{n} ports", "{n}ポート";
    COUNTER: "{bits}, on {ports}: {moved} moved, {zero} always zero", "{bits}、{ports}: 変化 {moved}、常にゼロ {zero}";
    WITHIN: "at every reading, so within {time}", "読み取るたび（{time}以内）";
    EVERY: "about every {time}", "約{time}ごと";
    UNSEEN: "not seen twice in {time}", "{time}の間に2回は見られず";
    NOT_WATCHED: "not watched", "未調査";
    COSTS: "{round_trips} round trips and {time} a poll, largest answer {largest} bytes", "ポーリング1回につき往復{round_trips}回、{time}。最大の応答 {largest}バイト";
    NO_BASE: "no dot1dBasePortTable", "dot1dBasePortTableなし";
    BASE: "dot1dBasePortTable has {n} ports", "dot1dBasePortTableのポート {n}個";
    NO_ADDRESSES: "no addresses behind its ports, nothing to number; {base}", "ポートにアドレスがなく、番号の対応は調べられません。{base}";
    NUMBERED: "{n} by {way} ({ports}, confidence {confidence})", "{way} {n}個（{ports}、確信度 {confidence}）";
    NO_NUMBERING: "numbering: none", "番号の対応なし";
    UNRESOLVED: "{n} behind ports that belong to no interface", "インターフェースのないポート {n}個";
    UNTOLD: "{n} without a port", "ポート不明 {n}個";
    RESOLVED: "{resolved} of {all} addresses resolved to an interface: {parts}; {base}", "アドレス{all}個のうち{resolved}個のインターフェースを特定: {parts}。{base}";

    PUBLIC: "it also answers to the community `public`, so SNMPv3 protects nothing", "コミュニティ名`public`にも応答するため、SNMPv3を使う意味がありません";
    PUBLIC_NEXT: "Switch SNMPv1 and SNMPv2c off on the device, or set a community that cannot be guessed", "機器でSNMPv1とSNMPv2cを無効にするか、推測されにくいコミュニティ名に変えてください";
    OLD_VERSION: "it is asked in SNMPv1, and answers in SNMPv2c as well", "SNMPv1で問い合わせていますが、SNMPv2cにも応答します";
    OLD_VERSION_NEXT: "Use `version: 2`: SNMPv1 has no 64-bit counters, and takes a request for each row", "`version: 2`を使ってください。SNMPv1には64ビットのカウンターがなく、1行ごとに要求が必要です";
    NO_PORTS: "it has no interfaces", "インターフェースが見つかりません";
    NO_PORTS_NEXT: "Include IF-MIB (1.3.6.1.2.1.2 and 1.3.6.1.2.1.31) in the SNMP view of this community or user", "このコミュニティ名かユーザーのSNMPビューに、IF-MIB（1.3.6.1.2.1.2と1.3.6.1.2.1.31）を加えてください";
    NO_MULTICAST: "no port has {names}", "どのポートにも{names}がありません";
    NO_MULTICAST_NEXT: "Capture on a computer at this switch as well: by its counters alone a storm shows only in all packets together", "このスイッチにつないだコンピューターでもキャプチャしてください。カウンターだけでは、ストームは全パケット数の増加としてしか見えません";
    ZERO_MULTICAST: "zero on every port, though unicast is counted: {names}", "ユニキャストは数えられているのに、すべてのポートでゼロのままです: {names}";
    ZERO_MULTICAST_NEXT: "Some agents never fill these in: capture on a computer at this switch as well, and update the firmware", "この値を入れない機器があります。このスイッチにつないだコンピューターでもキャプチャし、ファームウェアを更新してください";
    NARROW: "{narrow} of {ports} ports count octets with 32 bits, which at a gigabit a second wrap in 34 s", "{ports}ポートのうち{narrow}ポートが、オクテット数を32ビットで数えています。毎秒1ギガビットでは34秒で一周します";
    NARROW_V1_NEXT: "Use `version: 2` or 3: SNMPv1 cannot carry 64-bit counters", "`version: 2`か`version: 3`を使ってください。SNMPv1では64ビットのカウンターを読み取れません";
    NARROW_NEXT: "Poll at an interval of 15s or less; stormglass tells such a wrap from a restart as long as it polls in between", "ポーリングの間隔を15秒以下にしてください。一周する前に読み取れば、再起動と区別できます";
    SLOW_REFRESH: "its counters are refreshed about every {n} s; a rate takes two refreshes", "カウンターの更新が約{n}秒ごとです。速度を求めるには更新が2回必要です";
    SLOW_REFRESH_NEXT: "Set `interval: {n}s` for this target; capture as well where a storm must be seen sooner", "このターゲットに`interval: {n}s`を設定してください。より早くストームに気づく必要がある場所では、キャプチャも使ってください";
    NO_REFRESH: "no two refreshes of its counters were seen in {n} s", "{n}秒の間に、カウンターの更新が2回は見られませんでした";
    NO_REFRESH_NEXT: "Either nothing was sent, or it refreshes them more rarely: check again with --watch 60s", "何も送信されなかったか、更新の間隔がもっと長いかのどちらかです。`--watch 60s`を付けてもう一度確認してください";
    NO_FDB: "it tells of no address behind which port it lives", "どのアドレスがどのポートにあるかを答えません";
    NO_FDB_NEXT: "Include BRIDGE-MIB and Q-BRIDGE-MIB (1.3.6.1.2.1.17) in the SNMP view; without them no verdict names a port. A router has none", "SNMPビューにBRIDGE-MIBとQ-BRIDGE-MIB（1.3.6.1.2.1.17）を加えてください。これがないと、診断でポートを示せません。ルーターにはこの情報がありません";
    GUESSED: "{n} addresses are behind ports that several numberings fit; {way} is a mere guess, so no verdict names them", "{n}個のアドレスのポートに、当てはまる番号の付け方が複数あります。{way}は推測にすぎないため、診断ではポートを示しません";
    GUESSED_NEXT: "Compare one device whose port you know with the page, and report the model with a walk of 1.3.6.1.2.1.17", "ポートがわかっている機器を1台、画面と見比べてください。また、機種名を1.3.6.1.2.1.17のウォークとともに開発元へお知らせください";
    NO_BASE_PORTS: "it has no dot1dBasePortTable: its bridge ports are taken for interface numbers", "dot1dBasePortTableがないため、ブリッジポートの番号をインターフェースの番号とみなしています";
    NO_BASE_PORTS_NEXT: "Compare one device whose port you know with the page; report the model if it is wrong", "ポートがわかっている機器を1台、画面と見比べてください。違っていれば、機種名を開発元へお知らせください";
    SLOW: "a poll takes {n} s, more than the default of snmp.timeout", "ポーリング1回に{n}秒かかり、`snmp.timeout`の既定値を超えています";
    SLOW_NEXT: "Set `timeout: {n}s` and an `interval` above it for this target", "このターゲットに`timeout: {n}s`と、それより長い`interval`を設定してください";
    TABLE: "{table} could not be read: {why}", "{table}を読み取れませんでした: {why}";
    TABLE_NEXT: "See the sentence; the rest of the device is read all the same", "この文の説明を参照してください。機器の残りの情報は読み取れています";
    ODD: "{problem}", "{problem}";
    ODD_NEXT: "Update the device's firmware; stormglass goes on without it", "機器のファームウェアを更新してください。更新しなくても監視は続けられます";
}
