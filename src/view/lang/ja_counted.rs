//! Japanese (です・ます) of what counters and forwarding tables show: more of the catalogue in `ja`, with its terms.

/// English form and Japanese form. Looked up after the catalogues that this goes on with.
pub(super) const CATALOGUE: &[(&str, &str)] = &[
    // ---- sentences ----
    (
        "Packet storm {span}: a loop behind {port} sends back everything that reaches it, {rate} packets a second. Now: pull the cable at {same}. Then: look at the switch behind it for a cable with both ends in it. Nobody whose address appears there is at fault.",
        "{span}パケットストームが発生しています。{port}の先のループが、届いたものをすべて毎秒{rate}個送り返しています。まず{same}のケーブルを抜き、次にその先のスイッチに、両端が挿さったケーブルがないか調べてください。そこにアドレスが見える機器は原因ではありません。",
    ),
    (
        "Packet storm {span}: a loop behind {port} sends back everything that reaches it, {rate} packets a second. If it returns: pull the cable at {same}. Then: look at the switch behind it for a cable with both ends in it. Nobody whose address appears there is at fault.",
        "{span}パケットストームが発生しました。{port}の先のループが、届いたものをすべて毎秒{rate}個送り返していました。再発したときは、まず{same}のケーブルを抜き、次にその先のスイッチに、両端が挿さったケーブルがないか調べてください。そこにアドレスが見える機器は原因ではありません。",
    ),
    (
        "Packet storm {span}: {rate} packets a second circle in your LAN, in and out at {ports}, because a cable closes a ring. Now: pull the cable at one of these ports. Then: turn on loop protection or spanning tree (STP).",
        "{span}パケットストームが発生しています。ケーブルの接続が輪になり、毎秒{rate}個のパケットが{ports}を出入りしてLANを回り続けています。まず、このポートのどれか1つのケーブルを抜いてください。次に、ループ防止機能またはスパニングツリー（STP）をオンにしてください。",
    ),
    (
        "Packet storm {span}: {rate} packets a second circle in your LAN, in and out at {ports}, because a cable closes a ring. If it returns: pull the cable at one of these ports. Then: turn on loop protection or spanning tree (STP).",
        "{span}パケットストームが発生しました。ケーブルの接続が輪になり、毎秒{rate}個のパケットが{ports}を出入りしてLANを回り続けていました。再発したときは、このポートのどれか1つのケーブルを抜いてください。次に、ループ防止機能またはスパニングツリー（STP）をオンにしてください。",
    ),
    (
        "Flood {span}: the spanning tree has changed, and switches send {rate} unicasts a second to every port until they know again where everybody is. Now: find the port whose link goes up and down. Then: set ports to computers and other devices as edge ports.",
        "{span}大量の通信が全ポートへ流れています。スパニングツリーが変化したため、スイッチは各機器の場所を学習し直すまで、毎秒{rate}個のユニキャストをすべてのポートへ送信します。まず、リンクが切れたりつながったりしているポートを探してください。次に、コンピューターなどの機器につながるポートをエッジポートに設定してください。",
    ),
    (
        "Flood {span}: {rate} unicasts a second that come in at {port} go to every port, because the switch does not know where their receiver is. Now: see which device they are for, and let it send something. Then: make the switch's forwarding table live longer than the senders' ARP tables. The sender is not at fault.",
        "{span}大量の通信が全ポートへ流れています。スイッチが受信側の場所を知らないため、{port}から入る毎秒{rate}個のユニキャストがすべてのポートへ流れます。まず、どの機器宛てかを調べ、その機器から何か送信させてください。次に、スイッチの転送テーブルの保持時間を、送信側のARPテーブルより長くしてください。送信元は原因ではありません。",
    ),
    (
        "No storm, but a flood {span}: a multicast stream of {rate} packets a second that comes in at {port} goes to every port, and some are too slow for it. Now: turn on IGMP snooping in the switch. Then: see that one device in the LAN is the IGMP querier.",
        "ストームではありませんが、{span}大量の通信が全ポートへ流れています。{port}から入る毎秒{rate}個のマルチキャストがすべてのポートへ流れ、遅いポートでは処理しきれません。まず、スイッチのIGMPスヌーピングをオンにしてください。次に、LANの1台がIGMPクエリアになっていることを確認してください。",
    ),
    (
        "Packet storm {span}: {rate} {what} a second come in at {port}, where {device} is. What sends them is not certain. Most likely: {cause} ({p} %). {todo}: pull the cable at {same}; if that ends it, what is behind it is the cause. A capture of the frames there tells what it is.",
        "{span}パケットストームが発生しています。{device}のある{port}から、毎秒{rate}個の{what}が入ってきます。本当の送信元は確定できません。最も可能性が高いのは{cause}（{p} %）です。{todo}、{same}のケーブルを抜いてください。それで止まれば、その先に原因があります。そこでフレームをキャプチャすると、原因の種類もわかります。",
    ),
    (
        "Packet storm {span}: {rate} {what} a second come in at {port}. What sends them is not certain. Most likely: {cause} ({p} %). {todo}: pull the cable at {same}; if that ends it, what is behind it is the cause. A capture of the frames there tells what it is.",
        "{span}パケットストームが発生しています。{port}から、毎秒{rate}個の{what}が入ってきます。送信元は確定できません。最も可能性が高いのは{cause}（{p} %）です。{todo}、{same}のケーブルを抜いてください。それで止まれば、その先に原因があります。そこでフレームをキャプチャすると、原因の種類もわかります。",
    ),
    (
        "Unusual traffic {span}: {rate} {what} a second come in at {port}, where {device} is. What sends them is not certain. Most likely: {cause} ({p} %). {todo}: pull the cable at {same}; if that ends it, what is behind it is the cause. A capture of the frames there tells what it is.",
        "{span}通常と異なる通信が続いています。{device}のある{port}から、毎秒{rate}個の{what}が入ってきます。本当の送信元は確定できません。最も可能性が高いのは{cause}（{p} %）です。{todo}、{same}のケーブルを抜いてください。それで止まれば、その先に原因があります。そこでフレームをキャプチャすると、原因の種類もわかります。",
    ),
    (
        "Unusual traffic {span}: {rate} {what} a second come in at {port}. What sends them is not certain. Most likely: {cause} ({p} %). {todo}: pull the cable at {same}; if that ends it, what is behind it is the cause. A capture of the frames there tells what it is.",
        "{span}通常と異なる通信が続いています。{port}から、毎秒{rate}個の{what}が入ってきます。送信元は確定できません。最も可能性が高いのは{cause}（{p} %）です。{todo}、{same}のケーブルを抜いてください。それで止まれば、その先に原因があります。そこでフレームをキャプチャすると、原因の種類もわかります。",
    ),
    (
        "Very many devices are behind the ports that bring it in",
        "大量に入ってくるポートの先に、非常に多くの機器があります",
    ),
    ("{n} addresses behind {m} ports", "{m}ポートの先に{n}アドレス"),
    (
        "where one device floods, one port brings in most of it",
        "1台の機器が大量に送信しているときは、そのほとんどが1つのポートから入ります",
    ),
    (
        "let frames be captured there: do many devices look for services?",
        "その場所でフレームをキャプチャし、多くの機器がサービスを探しているかを確かめます",
    ),
    // ---- what to do ----
    (
        "Now: pull the cable at one of these ports: {ports}.",
        "まず、次のポートのどれか1つのケーブルを抜いてください: {ports}。",
    ),
    (
        "If it returns: pull the cable at one of these ports: {ports}.",
        "再発したときは、次のポートのどれか1つのケーブルを抜いてください: {ports}。",
    ),
    (
        "Now: pull the cable at {port}, or switch that port off.",
        "まず、{port}のケーブルを抜くか、そのポートを無効にしてください。",
    ),
    (
        "If it returns: pull the cable at {port}, or switch that port off.",
        "再発したときは、{port}のケーブルを抜くか、そのポートを無効にしてください。",
    ),
    (
        "Then: at the other end of that cable, find the small switch (also one inside a telephone, a wall socket or a mesh device) and the cable that has both ends in it, and pull one end.",
        "次に、そのケーブルの反対側で小型のスイッチ（電話機、壁のコンセント、メッシュ機器に内蔵のものを含む）と、両端がそこに挿さったケーブルを探し、片方を抜いてください。",
    ),
    (
        "Turn on loop protection at {port}, if the switch has it: it will then close the port by itself.",
        "スイッチにループ防止機能があれば、{port}でオンにしてください。次からは自動でポートが閉じます。",
    ),
    (
        "Now: look in the switches' logs, or at their lights, for a port whose link goes up and down; change its cable or unplug it.",
        "まず、リンクが切れたりつながったりしているポートを、スイッチのログやランプで探し、ケーブルを交換するか抜いてください。",
    ),
    (
        "Then: set every port to a single device as an edge port (PortFast): its link then changes no tree.",
        "次に、1台の機器だけがつながるポートをすべてエッジポート（PortFast）に設定してください。そのリンクはスパニングツリーを変化させなくなります。",
    ),
    (
        "Now: find the receiver (a capture shows the address that all these frames go to). A ping to it makes it answer, and the switch learns its port again.",
        "まず、受信側の機器を探してください（キャプチャすると、これらのフレームの宛先アドレスがわかります）。pingを送ると応答し、スイッチがそのポートを学習し直します。",
    ),
    (
        "Then: set the switch's address ageing above the ARP timeout of the senders (300 s against up to 4 hours on routers), or give the receiver something to say now and then.",
        "次に、スイッチのアドレス保持時間を送信側のARPの保持時間より長くするか（スイッチは300秒、ルーターは最長4時間が一般的です）、受信側がときどき送信するようにしてください。",
    ),
    (
        "Now: turn on IGMP snooping in every switch on the way, so that the stream goes where somebody watches.",
        "まず、経路上のすべてのスイッチでIGMPスヌーピングをオンにし、視聴している機器だけに届くようにしてください。",
    ),
    (
        "Then: see that one device is the IGMP querier (the router, or a switch): without one, snooping forgets who watches after some minutes and floods again.",
        "次に、1台（ルーターかスイッチ）がIGMPクエリアになっていることを確認してください。クエリアがないと、スヌーピングは数分で視聴者を忘れ、再びすべてのポートへ送信します。",
    ),
    (
        "If the stream must reach slow ports or Wi-Fi, let the access point turn multicasts into unicasts.",
        "遅いポートやWi-Fiに届ける必要がある場合は、アクセスポイントでマルチキャストをユニキャストに変換してください。",
    ),
    // ---- why ----
    ("More comes in at {port} than is usual there", "{port}から入る量が、ふだんより多くなっています"),
    ("It goes out of the other ports, and not out of {port}", "ほかのポートから出ていますが、{port}からは出ていません"),
    (
        "{n} multicasts and broadcasts a second, of {m} octets on average",
        "毎秒{n}個のマルチキャストとブロードキャスト、平均{m}オクテット",
    ),
    ("{n} multicasts and broadcasts a second", "毎秒{n}個のマルチキャストとブロードキャスト"),
    ("{n} broadcasts a second, of {m} octets on average", "毎秒{n}個のブロードキャスト、平均{m}オクテット"),
    ("{n} broadcasts a second", "毎秒{n}個のブロードキャスト"),
    (
        "{n} packets (this agent counts multicasts and broadcasts as zero, or not at all) a second, of {m} octets on average",
        "毎秒{n}個のパケット（このエージェントのマルチキャストとブロードキャストのカウンターは0か、ありません）、平均{m}オクテット",
    ),
    (
        "{n} packets (this agent counts multicasts and broadcasts as zero, or not at all) a second",
        "毎秒{n}個のパケット（このエージェントのマルチキャストとブロードキャストのカウンターは0か、ありません）",
    ),
    (
        "not known: the port has not been watched for long enough, so that only the absolute limit speaks",
        "不明。このポートの監視を始めたばかりのため、固定の上限だけで判断しています",
    ),
    ("about {n} a second, by the last hour", "この1時間では毎秒約{n}個"),
    ("It is sent on to everybody", "すべての機器へ転送されています"),
    (
        "{n} of {m} ports send up to {rate} a second; what goes out is what comes in at the others to {p} %",
        "{m}個のポートのうち{n}個が毎秒最大{rate}個を送信し、出る量はほかのポートに入る量と{p} %以内で一致します",
    ),
    ("{n} of {m} ports send up to {rate} a second", "{m}個のポートのうち{n}個が毎秒最大{rate}個を送信しています"),
    ("what is usual there", "ふだんの量"),
    ("The network does not know any more who is where", "どの機器がどこにあるのか、ネットワークが見失っています"),
    (
        "{n} addresses have moved from port to port; the spanning tree has just changed",
        "{n}個のアドレスが別のポートに移り、スパニングツリーが変化したばかりです",
    ),
    (
        "{n} addresses have moved from port to port; the spanning tree is not known to have changed",
        "{n}個のアドレスが別のポートに移りました。スパニングツリーの変化は確認されていません",
    ),
    ("none: devices stay where they are", "移動なし。機器の場所は変わりません"),
    ("Addresses known elsewhere are now behind {port}", "別の場所にあったアドレスが、現在は{port}の先にあります"),
    ("{n} addresses have moved there", "{n}個のアドレスがそこへ移りました"),
    ("none: a device's address stays behind its port", "移動なし。機器のアドレスは同じポートの先にあります"),
    (
        "One device is behind {port}, and nothing has moved there",
        "{port}の先にあるのは1台で、そこへ移ったアドレスはありません",
    ),
    ("{p} % of it are broadcasts", "その{p} %がブロードキャスト"),
    ("in a loop, addresses of others appear there", "ループなら、ほかの機器のアドレスがそこに現れます"),
    ("The spanning tree has just changed", "スパニングツリーが変化したばかりです"),
    ("dot1dStpTimeSinceTopologyChange is below five minutes", "dot1dStpTimeSinceTopologyChangeが5分未満です"),
    ("no change while no cable is touched", "ケーブルに触れなければ変化しません"),
    ("Unicasts go out of every port", "ユニキャストがすべてのポートから出ています"),
    (
        "{n} a second come in at {port}; out of each port goes what comes in at the others, to {p} %",
        "{port}から毎秒{n}個入り、各ポートから出る量は、ほかのポートに入る量と{p} %以内で一致します",
    ),
    (
        "{n} a second come in at {port} and go out of {m} ports, beside {s} that go out of one each",
        "{port}から毎秒{n}個入り、{m}個のポートから出ています。ほかに、1つのポートだけから出るものが毎秒{s}個あります",
    ),
    (
        "This agent counts octets alone: the rates are what they would be of the longest packets, 1,518 octets each.",
        "このエージェントはオクテットだけを数えます。ここでの個数は、最長のパケット（1,518オクテット）に換算した値です。",
    ),
    ("out of the receiver's port alone", "受信側のポートからだけ出る"),
    (
        "Long multicast frames go out of every port, and ports can't take them",
        "長いマルチキャストフレームがすべてのポートから出ており、処理しきれないポートがあります",
    ),
    (
        "{n} a second from {port} to {m} ports; {rate} a second are dropped, the fullest port is used to {p} %",
        "{port}から{m}個のポートへ毎秒{n}個。毎秒{rate}個が破棄され、最も混んだポートの使用率は{p} %です",
    ),
    (
        "What comes in at one port goes out of every port, and ports can't take it",
        "1つのポートから入るものがすべてのポートから出ており、処理しきれないポートがあります",
    ),
    ("only to ports where somebody watches", "視聴している機器のあるポートだけに届く"),
    // ---- what it could be, and what is not known ----
    (
        "let frames be captured there: whose address do they carry, and does it belong to the device?",
        "その場所でフレームをキャプチャし、誰のアドレスを持つか、それがその機器のものかを確かめる",
    ),
    (
        "read the forwarding table: do addresses from elsewhere appear behind {port}?",
        "転送テーブルを読み、{port}の先に別の場所のアドレスが現れていないか確かめる",
    ),
    (
        "read the forwarding tables: in a ring, addresses move from port to port",
        "転送テーブルを読む（輪があれば、アドレスがポートを移り続けます）",
    ),
    (
        "poll the switches on the way, and read their forwarding tables",
        "途中のスイッチもポーリングし、転送テーブルを読む",
    ),
    (
        "No polled port brings it in: its source is behind a switch that is not polled, or unmanaged.",
        "監視しているポートからは入ってきていません。送信元は、監視していないスイッチか、管理機能のないスイッチの先にあります。",
    ),
    (
        "Who is behind {port} is not known: the switch's forwarding table was not read.",
        "{port}の先にある機器はわかりません。スイッチの転送テーブルが読めていません。",
    ),
    (
        "{n} addresses are behind {port}; counters can't tell them apart.",
        "{port}の先には{n}個のアドレスがあり、カウンターでは区別できません。",
    ),
    (
        "Frames are not captured here, so that what they carry is not known.",
        "ここではフレームをキャプチャしていないため、その内容はわかりません。",
    ),
    // ---- devices and ports; short forms, after the sentences that they are in ----
    ("the {maker} router ({where}) at {port}", "{port}の先にある{maker}ルーター（{where}）"),
    ("the {maker} device ({where}) at {port}", "{port}の先にある{maker}の機器（{where}）"),
    ("the {name} ({where}) at {port}", "{port}の先にある{name}（{where}）"),
    ("a device ({where}) at {port}", "{port}の先にある機器（{where}）"),
    ("the router that stands beside the provider's", "事業者のルーターと並べて使っているルーター"),
    ("a router at {port}", "{port}の先にあるルーター"),
    ("a device at {port}", "{port}の先にある機器"),
    ("this computer ({where})", "このコンピューター（{where}）"),
    ("a router", "あるルーター"),
    ("a device", "ある機器"),
    ("{port}, an uplink to {switch}", "{port}（{switch}へのアップリンク）"),
    ("{port}, an uplink", "{port}（アップリンク）"),
    ("this computer's {port}", "このコンピューターの{port}"),
    ("one port", "1つのポート"),
];
