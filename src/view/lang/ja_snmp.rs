//! Japanese of what SNMP devices answer, and why they do not: the sentences of `io::snmp`, of `mib::walk`, and the
//! problems that `mib` notes. Names of objects and settings stay as they are.

/// English form and Japanese form.
pub(super) const CATALOGUE: &[(&str, &str)] = &[
    // ---- why a device could not be read ----
    (
        "no answer to {n} SNMP{version} requests within {time}. {hint}",
        "SNMP{version}の要求を{n}回送りましたが、{time}以内に応答がありませんでした。{hint}",
    ),
    (
        "Not even SNMPv3's discovery was answered, which needs no user and no password: check that this is the device's address, that SNMPv3 is switched on there, and that its access list or firewall lets this host in",
        "ユーザー名もパスワードも要らないSNMPv3のディスカバリーにも応答がありません。機器のアドレスが正しいか、機器でSNMPv3が有効か、機器のアクセス制限やファイアウォールがこのホストを許可しているかを確認してください",
    ),
    (
        "A wrong community looks the same, since agents answer it with silence: check the community first, then that this is the device's address, that SNMP{version} is switched on there, and that its access list or firewall lets this host in",
        "コミュニティ名が違う場合も、機器は何も応答しないため同じように見えます。まずコミュニティ名を、次に機器のアドレスが正しいか、機器でSNMP{version}が有効か、機器のアクセス制限やファイアウォールがこのホストを許可しているかを確認してください",
    ),
    (
        "the answer came from {from} instead, so it was not accepted. Use that address for this target, or set the device to answer from the address it is asked at",
        "応答が別のアドレス（{from}）から届いたため、受け付けませんでした。このターゲットにそのアドレスを指定するか、問い合わせを受けたアドレスから応答するように機器を設定してください",
    ),
    (
        "the device is there, but nothing listens on that port. Switch SNMP on there, or correct the port (usually 161)",
        "機器はありますが、そのポートでは何も待ち受けていません。機器でSNMPを有効にするか、ポート番号（通常は161）を直してください",
    ),
    (
        "not finished within {time}; {n} rows were read. Allow more time, or poll it less often",
        "{time}以内に終わりませんでした（読み取れたのは{n}行）。制限時間を延ばすか、ポーリングの間隔を長くしてください",
    ),
    (
        "another walk of this device was still running after {time}. Allow more time, or ask less often",
        "この機器の別の読み取りが、{time}たっても終わりませんでした。制限時間を延ばすか、問い合わせる回数を減らしてください",
    ),
    (
        "the request did not get there: {error}. Check the address, and this host's routes and cable",
        "要求が届きませんでした（{error}）。アドレスと、このホストの経路とケーブルを確認してください",
    ),
    (
        "this host has no socket for that address: {error}. Use an address of the other kind (IPv4, IPv6)",
        "このホストでは、そのアドレス用のソケットを使えません（{error}）。もう一方の種類（IPv4、IPv6）のアドレスを指定してください",
    ),
    (
        "it answers, but shows nothing, not even sysUpTime. Its SNMP view for this community, user or context is empty: include mib-2 (1.3.6.1.2.1) in it",
        "応答はありますが、sysUpTimeも含めて何も見えません。このコミュニティ名、ユーザー、コンテキストに対する機器のSNMPビューが空です。ビューにmib-2（1.3.6.1.2.1）を加えてください",
    ),
    (
        "SNMP could not be spoken: {error}. Please report this",
        "SNMPで通信できませんでした（{error}）。開発元へお知らせください",
    ),
    // ---- what SNMPv3 says ----
    (
        "the device has no SNMPv3 user of this name. Check `username`, and that the user exists on this device",
        "この名前のSNMPv3ユーザーは機器に登録されていません。`username`と、機器に登録されたユーザーを確認してください",
    ),
    (
        "the device knows the SNMPv3 user, but not this signature. Check `password` and `auth_protocol` against the user on the device",
        "SNMPv3ユーザーは機器に登録されていますが、署名が一致しません。`password`と`auth_protocol`が、機器に登録されたユーザーの設定と同じか確認してください",
    ),
    (
        "the device accepts the SNMPv3 user's signature, but cannot decrypt the request. Check `priv_password` and `priv_protocol` (for AES192 and AES256 also the variants AES192C and AES256C) against the user on the device",
        "SNMPv3ユーザーの署名は受け付けられましたが、機器が要求を復号できません。`priv_password`と`priv_protocol`（AES192とAES256では、AES192CとAES256Cも）が、機器に登録されたユーザーの設定と同じか確認してください",
    ),
    (
        "the device does not offer this security level to the SNMPv3 user. Set `security_level`, with its protocols, to what the user has on the device",
        "機器は、このSNMPv3ユーザーにこのセキュリティレベルを許可していません。`security_level`とプロトコルを、機器に登録されたユーザーの設定に合わせてください",
    ),
    (
        "the device finds the request outside its time window, even after its clock was asked for again. Its snmpEngineBoots or snmpEngineTime runs wild, or two devices share an engine ID: give each an ID of its own, and restart the SNMP agent",
        "機器の時計を問い合わせ直しても、要求が機器の許容する時間の範囲に入りません。機器のsnmpEngineBootsかsnmpEngineTimeが乱れているか、2台の機器が同じエンジンIDを使っています。それぞれに別のIDを設定し、SNMPエージェントを再起動してください",
    ),
    (
        "the device does not know the engine ID that it has just told. Another device may answer at its address, or its SNMP agent is at fault: restart the agent",
        "機器が、直前に自分で知らせたエンジンIDを知らないと答えています。別の機器が同じアドレスで応答しているか、機器のSNMPエージェントの不具合です。エージェントを再起動してください",
    ),
    (
        "the device has no SNMPv3 context of this name. Check `context_name`; most devices want none",
        "この名前のSNMPv3コンテキストは機器にありません。`context_name`を確認してください。多くの機器では指定不要です",
    ),
    (
        "the device refuses the SNMPv3 message with a Report that is not known here. Look into the device's own log",
        "機器が、未知の理由（Report）でSNMPv3のメッセージを拒否しています。機器のログを確認してください",
    ),
    (
        "the device answers SNMPv3's discovery, but not the encrypted request. Most agents tell a wrong user or signature, and many are silent to a wrong `priv_password` or `priv_protocol` (for AES192 and AES256 also the variants AES192C and AES256C): check these first, then `context_name` if you set one, and the user's access on the device",
        "機器はSNMPv3のディスカバリーには応答しますが、暗号化した要求には応答しません。ユーザー名や署名の誤りは多くの機器が知らせますが、`priv_password`や`priv_protocol`の誤りには応答しないものが少なくありません。まずこの2つ（AES192とAES256では、AES192CとAES256Cも）を、次に指定していれば`context_name`と、機器でのユーザーのアクセス権を確認してください",
    ),
    (
        "the device answers SNMPv3's discovery, but not the request. Check `context_name` if you set one (net-snmp is silent to an unknown context), `username` and `password`; then the user's access list and view on the device",
        "機器はSNMPv3のディスカバリーには応答しますが、要求には応答しません。指定していれば`context_name`（net-snmpは未知のコンテキストに応答しません）と、`username`、`password`を、次に機器でのユーザーのアクセス制限とビューを確認してください",
    ),
    (
        "another SNMPv3 engine answers at this address than before: the device was replaced or reset. It has been discovered anew, and the next poll will use it",
        "このアドレスで応答するSNMPv3エンジンが以前と変わりました。機器が交換されたか、初期化されています。新しいエンジンを検出済みで、次のポーリングから使います",
    ),
    // ---- how a walk ended ----
    (
        "{what}. The device's SNMP agent is at fault: update its firmware, or leave this target out",
        "{what}。機器のSNMPエージェントの不具合です。ファームウェアを更新するか、このターゲットを対象から外してください",
    ),
    (
        "{what}. Check that the community or user may read the whole of mib-2 (1.3.6.1.2.1), in the device's SNMP views",
        "{what}。このコミュニティ名やユーザーがmib-2（1.3.6.1.2.1）全体を読み取れるか、機器のSNMPビューを確認してください",
    ),
    (
        "{what}: the device knows this community or user, but denies it. Give it a read view of mib-2 (1.3.6.1.2.1), at the security level that is used here",
        "{what}。このコミュニティ名やユーザーは機器に登録されていますが、アクセスを拒否されました。ここで使っているセキュリティレベルで、mib-2（1.3.6.1.2.1）の読み取りビューを割り当ててください",
    ),
    ("no answer to {n} requests", "{n}回の要求に応答がありませんでした"),
    ("not finished in time: {n} rows were read", "時間内に終わりませんでした（読み取れたのは{n}行）"),
    ("the answer went backwards at {oid}", "応答が{oid}で前に戻りました"),
    ("more than {n} rows", "{n}行を超えました"),
    ("more than {n} bytes", "{n}バイトを超えました"),
    ("the answer has {n} bindings where {m} were asked for", "要求した値は{m}個ですが、応答には{n}個しかありません"),
    ("the answer cannot be read", "応答を読み取れません"),
    (
        "the agent answered with error-status {n} (see RFC 3416)",
        "機器がエラー（error-status {n}、RFC 3416を参照）を返しました",
    ),
    ("the agent answered with error-status {n} ({name})", "機器がエラー（error-status {n}、{name}）を返しました"),
    // ---- where a target is ----
    (
        "the name {host} cannot be resolved ({error}): check it, or use the IP address",
        "名前{host}を解決できません（{error}）。名前を確認するか、IPアドレスを指定してください",
    ),
    (
        "the name {host} has no address: use the IP address",
        "名前{host}にアドレスがありません。IPアドレスを指定してください",
    ),
    ("no answer from the resolver within {time}", "名前解決の応答が{time}以内にありませんでした"),
    ("no interface for the address {text}: {form}", "アドレス{text}のインターフェースがありません。{form}"),
    ("no port in {text}: {form}", "{text}のポート番号が正しくありません。{form}"),
    ("not an address: {text}: {form}", "アドレスではありません: {text}。{form}"),
    (
        "write an IP address or host name, with a port if it is not 161: {examples}",
        "IPアドレスかホスト名を、ポート番号が161でなければポート番号も付けて指定してください（例: {examples}）",
    ),
    // ---- what was odd ----
    ("names and speeds: {why}", "名前と速度: {why}"),
    ("spanning tree: {why}", "スパニングツリー: {why}"),
    ("forwarding database: {why}", "転送テーブル: {why}"),
    ("forwarding database of VLAN {vlan}: {why}", "VLAN {vlan}の転送テーブル: {why}"),
    (
        "forwarding databases of {n} VLANs; only the first {m} are read",
        "転送テーブルのあるVLANが{n}個あり、先頭の{m}個だけを読み取ります",
    ),
    ("LLDP neighbours: {why}", "LLDPの隣接機器: {why}"),
    ("ARP and neighbour tables: {why}", "ARPテーブルと近隣テーブル: {why}"),
    ("pause frames: {why}", "ポーズフレーム: {why}"),
    (
        "{object}: the agent sends a value that cannot be decoded; it is left out",
        "{object}: 機器が解読できない値を送ってきたため、この項目は使いません",
    ),
    ("{n} interfaces; only the first {m} are kept", "インターフェースが{n}個あり、先頭の{m}個だけを扱います"),
    (
        "{n} interfaces share a name with another; they are known by their ifIndex too",
        "{n}個のインターフェースの名前が他と重複しているため、ifIndexを付けて区別します",
    ),
    (
        "{n} LLDP neighbours were heard at ports that belong to no interface",
        "LLDPの隣接機器{n}台が、対応するインターフェースのないポートで見つかりました",
    ),
    (
        "the switch tells no port for any of the {n} addresses in its forwarding database (it says 0): behind which port a device is can't be known from it",
        "スイッチは、転送テーブルにある{n}個のアドレスのポートをどれも答えません（値が0です）。機器がどのポートにあるかは、このスイッチからはわかりません",
    ),
    (
        "{n} addresses of the forwarding database are behind {m} bridge ports that belong to no interface",
        "転送テーブルの{n}個のアドレスは、対応するインターフェースのない{m}個のブリッジポートにあります",
    ),
    (
        "a bridge port that is in no table was taken for ifIndex {n}, the only link aggregate left",
        "どのテーブルにもないブリッジポートを、残る唯一のリンクアグリゲーション（ifIndex {n}）とみなしました",
    ),
    (
        "the switch tells no port for any address (it says 0): all were taken to be behind ifIndex {n}, the only port that is up",
        "スイッチはどのアドレスのポートも答えません（値が0です）。リンクアップしている唯一のポート（ifIndex {n}）にあるとみなしました",
    ),
    (
        "{why}: bridge ports were taken for {how}, which is a guess: several numberings fit",
        "{why}。ブリッジポートを{how}とみなしましたが、当てはまる番号の付け方が複数あり、推測にすぎません",
    ),
    ("{why}: bridge ports were taken for {how}", "{why}。ブリッジポートを{how}とみなしました"),
    ("no usable dot1dBasePortTable", "使えるdot1dBasePortTableがありません"),
    ("dot1dBasePortTable leads to no interfaces", "dot1dBasePortTableに対応するインターフェースがありません"),
    (
        "dot1dBasePortTable lacks ports of the forwarding database",
        "dot1dBasePortTableに、転送テーブルのポートが足りません",
    ),
    ("interface numbers less {offset}", "インターフェースの番号から{offset}を引いたもの"),
    ("interface numbers", "インターフェースの番号"),
];
