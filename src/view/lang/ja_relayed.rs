//! Japanese for broadcasts that come back (a relay of broadcasts, a repeater in a ring), and for what a capture that ends early
//! leaves open. The rules of [`super::ja`].

/// English form and Japanese form.
pub(super) const CATALOGUE: &[(&str, &str)] = &[
    // ---- l3_reflector: broadcasts alone ----
    (
        "No storm yet: {router} returned {what} once. This wiring can become a storm. Turn its forwarding of broadcasts off, then check again.",
        "ストームはまだ起きていませんが、{router}が{what}を同じLANへ1回送り返しました。このままではストームになるおそれがあります。ブロードキャストの転送をオフにしてから、もう一度確認してください。",
    ),
    (
        "No storm yet: {router} returned {what} {n} times. This wiring can become a storm. Turn its forwarding of broadcasts off, then check again.",
        "ストームはまだ起きていませんが、{router}が{what}を同じLANへ{n}回送り返しました。このままではストームになるおそれがあります。ブロードキャストの転送をオフにしてから、もう一度確認してください。",
    ),
    (
        "Now: unplug its WAN cable (or its power). Then: turn its forwarding of broadcasts off. {who} is not at fault.",
        "まずこのルーターのWAN側ケーブル（または電源）を抜き、次にブロードキャストの転送をオフにしてください。{who}は原因ではありません。",
    ),
    (
        "Now: unplug its WAN cable (or its power). Then: turn its forwarding of broadcasts off. {who} are not at fault.",
        "まずこのルーターのWAN側ケーブル（または電源）を抜き、次にブロードキャストの転送をオフにしてください。{who}は原因ではありません。",
    ),
    (
        "Now: unplug its WAN cable (or its power). Then: turn its forwarding of broadcasts off.",
        "まずこのルーターのWAN側ケーブル（または電源）を抜き、次にブロードキャストの転送をオフにしてください。",
    ),
    (
        "It has stopped, but the wiring can bring it back. Turn its forwarding of broadcasts off, then check again. {who} is not at fault.",
        "現在は止まっていますが、配線がこのままでは再発するおそれがあります。ブロードキャストの転送をオフにしてから、もう一度確認してください。{who}は原因ではありません。",
    ),
    (
        "It has stopped, but the wiring can bring it back. Turn its forwarding of broadcasts off, then check again. {who} are not at fault.",
        "現在は止まっていますが、配線がこのままでは再発するおそれがあります。ブロードキャストの転送をオフにしてから、もう一度確認してください。{who}は原因ではありません。",
    ),
    (
        "It has stopped, but the wiring can bring it back. Turn its forwarding of broadcasts off, then check again.",
        "現在は止まっていますが、配線がこのままでは再発するおそれがあります。ブロードキャストの転送をオフにしてから、もう一度確認してください。",
    ),
    (
        "{when}: open the settings page of {router} and turn the forwarding of broadcasts off (also called broadcast relay, UDP relay or helper, directed broadcast, or Wake on LAN from the Internet). If a program on it relays them (as for games, network drives or speakers), end that program. {after}",
        "{when}、{router}の設定画面を開き、ブロードキャストの転送（「ブロードキャストリレー」「UDPリレー」「UDPヘルパー」「ダイレクトブロードキャスト」「インターネットからのWake on LAN」とも呼ばれます）をオフにしてください。ゲーム、ネットワークドライブ、スピーカーなどのために転送するプログラムが動いている場合は、そのプログラムを終了してください。{after}",
    ),
    (
        "Nothing like it was heard from {ip} before: {mac} may have made up that source address, as in an attack or a test.",
        "{ip}からこのようなフレームが届いたことはありません。攻撃や試験のように、{mac}が送信元アドレスを偽っているのかもしれません。",
    ),
    (
        "see what {mac} is: a router or a relay sends on what others say, any other device makes it up",
        "{mac}がどの機器か調べてください。ルーターや中継機能ならほかの機器のメッセージを転送しており、そのほかの機器なら自分で作って送信しています",
    ),
    (
        "Copies come from {mac} as well: it is the other side of that router, or a second device that does the same.",
        "複製は{mac}からも届いています。同じルーターのもう一方の側か、同じ動作をしている2台目の機器です。",
    ),
    // ---- chatty_source: a relay that hears itself ----
    (
        "If it is a router or a server: a program on it that passes discovery messages or broadcasts on between networks (for mDNS, SSDP, games, speakers) may hear its own. Turn that off, or give it one interface in each network.",
        "ルーターやサーバーの場合は、探索メッセージやブロードキャストをネットワーク間で転送するプログラム（mDNS、SSDP、ゲーム、スピーカー用など）が、自分の送信を受け取って再び転送しているかもしれません。その機能をオフにするか、各ネットワークにつなぐインターフェースを1つずつにしてください。",
    ),
    // ---- backhaul_loop: a repeater that is known ----
    (
        "Packet storm {span}: {device} sends everybody's broadcasts back into your LAN, {rate} a second, as a Wi-Fi repeater does that is connected by cable and by radio at once. Now: pull its network cable out. Then: leave it the cable or the radio link, not both. {who} not at fault.",
        "{span}パケットストームが発生しています。{device}が、すべての機器のブロードキャストを同じLANへ毎秒{rate}個送り返しています。有線と無線の両方でつながったWi-Fi中継機に見られる動作です。まずこの機器のネットワークケーブルを抜き、次に有線か無線のどちらか一方だけにしてください。{who}。",
    ),
    (
        "Packet storm {span}: {device} sent everybody's broadcasts back into your LAN, {rate} a second, as a Wi-Fi repeater does that is connected by cable and by radio at once. If it returns: pull its network cable out. Then: leave it the cable or the radio link, not both. {who} not at fault.",
        "{span}パケットストームが発生しました。{device}が、すべての機器のブロードキャストを同じLANへ毎秒{rate}個送り返していました。有線と無線の両方でつながったWi-Fi中継機に見られる動作です。再発したときは、まずこの機器のネットワークケーブルを抜き、次に有線か無線のどちらか一方だけにしてください。{who}。",
    ),
    (
        "{mac} sends others' frames on with its own MAC, ARP among them",
        "{mac}が、ほかの機器のフレームを（ARPも含めて）自分のMACアドレスで送り直しています",
    ),
    ("one ARP packet {n} times", "同じARPパケットが{n}回"),
    (
        "a router sends no ARP on; what a repeater sends on comes once",
        "ルーターはARPを転送せず、中継機が転送するものは1回だけ届く",
    ),
    ("the {a} repeater ({where})", "{a}の中継機（{where}）"),
    ("a repeater ({where})", "ある中継機（{where}）"),
    // ---- pause_flood: seen in a capture ----
    (
        "Flood {span}: {device} sends {rate} pause frames a second, which hold back everything that is for it. Now: pull its cable, and restart it. Then: update its network driver, and turn flow control (802.3x) off there.",
        "{span}{device}が毎秒{rate}個のポーズフレームを送り続け、その機器宛ての通信をすべて止めています。まずこの機器のケーブルを抜いて再起動し、次にネットワークドライバーを更新して、フロー制御（802.3x）をオフにしてください。",
    ),
    (
        "Flood {span}: {device} sent {rate} pause frames a second, which hold back everything that is for it. If it returns: pull its cable, and restart it. Then: update its network driver, and turn flow control (802.3x) off there.",
        "{span}{device}が毎秒{rate}個のポーズフレームを送り続け、その機器宛ての通信をすべて止めていました。再発したときは、まずこの機器のケーブルを抜いて再起動し、次にネットワークドライバーを更新して、フロー制御（802.3x）をオフにしてください。",
    ),
    // ---- query_storm: few queries, many answers ----
    ("Every member answers every query", "すべてのメンバーが、すべてのクエリに応答しています"),
    ("{n} messages a second in all", "全体で毎秒{n}個のメッセージ"),
    ("a few for each query, spread over ten seconds", "クエリごとに数個で、10秒ほどに分散する"),
    // ---- what is left open ----
    (
        "The capture ends {n} s after it began: whether it goes on, or is a burst that is soon over, is not known.",
        "キャプチャは開始から{n}秒後に終わっているため、続くのか、すぐに収まる一時的なものかはわかりません。",
    ),
    (
        "see in the switches' forwarding tables behind which port so many addresses appear: one device there may make them up",
        "スイッチの転送テーブルで、多数のアドレスが現れているポートを調べてください。その先の1台が、アドレスを偽って送信しているかもしれません",
    ),
];
