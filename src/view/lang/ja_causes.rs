//! Japanese (です・ます) of the storms of one protocol, of bursts, crowds and pass-throughs: more of the catalogue in `ja`, with
//! its terms.

/// English form and Japanese form. Looked up after the catalogue that this goes on with.
pub(super) const CATALOGUE: &[(&str, &str)] = &[
    (
        "look for a network scanner or malware on it before it comes back.",
        "ネットワークをスキャンするプログラムやマルウェアがないか、つなぎ直す前に調べてください。",
    ),
    (
        "update its software, and look for a scanner on it, or behind it if it is a router.",
        "ソフトウェアを更新し、スキャンするプログラムがないか（ルーターならその先も）調べてください。",
    ),
    (
        "leave one querier in the network, and turn IGMP and MLD queries off everywhere else.",
        "クエリアはネットワークに1台だけ残し、ほかの機器のIGMP・MLDクエリをオフにしてください。",
    ),
    ("see why it gets no address, and restart it.", "アドレスを取得できない理由を調べ、再起動してください。"),
    (
        "update its network driver, or turn its wake-on-LAN off.",
        "ネットワークドライバーを更新するか、Wake-on-LANをオフにしてください。",
    ),
    ("membership queries (IGMP, MLD)", "グループ参加の問い合わせ（IGMP、MLD）"),
    ("MLD reports", "MLDレポート"),
    (
        "Packet storm {span}: {device} sends {rate} {what} to everybody each second. Now: unplug it or turn it off. Then: {todo}",
        "{span}パケットストームが発生しています。{device}が、毎秒{rate}個の{what}を全機器に送信しています。まず、この機器の電源を切るかケーブルを抜いてください。次に、{todo}",
    ),
    (
        "Packet storm {span}: {device} sent {rate} {what} to everybody each second. If it returns: unplug it or turn it off. Then: {todo}",
        "{span}パケットストームが発生しました。{device}が、毎秒{rate}個の{what}を全機器に送信していました。再発したときは、この機器の電源を切るかケーブルを抜いてください。次に、{todo}",
    ),
    (
        "No storm yet, but a flood {span}: {device} sends {rate} {what} to everybody each second. Now: unplug it or turn it off. Then: {todo}",
        "ストームには至っていませんが、{span}大量の送信が続いています。{device}が、毎秒{rate}個の{what}を全機器に送信しています。まず、この機器の電源を切るかケーブルを抜いてください。次に、{todo}",
    ),
    (
        "No storm yet, but a flood {span}: {device} sent {rate} {what} to everybody each second. If it returns: unplug it or turn it off. Then: {todo}",
        "ストームには至りませんでしたが、{span}大量の送信がありました。{device}が、毎秒{rate}個の{what}を全機器に送信していました。再発したときは、この機器の電源を切るかケーブルを抜いてください。次に、{todo}",
    ),
    (
        "Then: look for a program on it that scans the network (an inventory or camera finder, a badly set monitoring tool, malware), and remove it or limit its rate.",
        "次に、ネットワークをスキャンするプログラム（機器やカメラの検索、設定を誤った監視ツール、マルウェア）がないか調べ、削除するか送信間隔を広げてください。",
    ),
    (
        "If it is a router: somebody behind it, or on the Internet, may be scanning your addresses through it. Look at its log, and block that at its firewall.",
        "ルーターの場合は、その先やインターネットから誰かがアドレスをスキャンしているおそれがあります。ログを確認し、ファイアウォールで遮断してください。",
    ),
    (
        "Then: update its system and network driver, and look for a program on it that scans the network.",
        "次に、OSとネットワークドライバーを更新し、ネットワークをスキャンするプログラムがないか調べてください。",
    ),
    (
        "If it is a router: somebody may be scanning your IPv6 addresses from outside, and the router looks for each of them. Block that at its firewall.",
        "ルーターの場合は、外部からIPv6アドレスがスキャンされ、ルーターがその1つ1つを探しているおそれがあります。ファイアウォールで遮断してください。",
    ),
    (
        "Then: see which devices query (routers, switches with an IGMP snooping querier, access points), leave the one nearest to the router on, and turn the queriers of the others off.",
        "次に、クエリを送る機器（ルーター、IGMPスヌーピングクエリアのあるスイッチ、アクセスポイント）を調べ、ルーターに最も近い1台だけを残して、ほかのクエリアをオフにしてください。",
    ),
    (
        "If it is the only querier: update its firmware, and set its query interval back to 125 s.",
        "クエリアがその1台だけの場合は、ファームウェアを更新し、クエリ間隔を125秒に戻してください。",
    ),
    (
        "Then: see why it gets no address: a server that has none left, two servers, a port in the wrong network (VLAN), or a faulty driver. Restart it, and update its software.",
        "次に、アドレスを取得できない理由（アドレスの枯渇、2台のサーバー、VLANの誤り、ドライバーの不具合）を調べてください。再起動し、ソフトウェアを更新してください。",
    ),
    (
        "A program that empties the address pool on purpose does the same: then keep the device off the network.",
        "アドレスを故意に使い切るプログラムも同じ動きをします。その場合は、この機器をネットワークにつながないでください。",
    ),
    (
        "Then: wake the computer. If the flood ends with its sleep, update the driver of its network card (Intel I217 and I218 are known for it) and its BIOS.",
        "次に、コンピューターのスリープを解除してください。それで止まる場合は、ネットワークカードのドライバー（Intel I217とI218で知られています）とBIOSを更新してください。",
    ),
    (
        "Until there is a good driver: turn off wake-on-LAN, or the protocol offload for sleep (ARP and NS offload) in its settings, or IPv6 on that card.",
        "対応するドライバーがない間は、Wake-on-LANか、スリープ時のオフロード（ARP・NSオフロード）か、そのカードのIPv6をオフにしてください。",
    ),
    ("Nothing, if it does not return.", "再発しなければ、対処は不要です。"),
    (
        "If it returns each time {device} wakes: update its software, or turn off what it announces and nobody uses.",
        "{device}が起動するたびに再発するときは、ソフトウェアを更新するか、使わない機能の告知をオフにしてください。",
    ),
    (
        "A burst {span}: {device} announced itself with up to {rate} {what} a second, and less each second. Nothing is to be done, if it does not return.",
        "{span}一時的に送信が増えました。{device}が、最大で毎秒{rate}個の{what}を送信して自身を告知し、その量は毎秒減りました。再発しなければ、対処は不要です。",
    ),
    ("One device asks everybody by ARP, without pause", "1台の機器が、ARPで全体に問い合わせ続けています"),
    (
        "a host asks for the few it talks to, once a minute or so each",
        "機器が問い合わせるのは通信する数台だけで、それぞれ1分に1回程度です",
    ),
    (
        "One device sends neighbour discovery to everybody, without pause",
        "1台の機器が、近隣探索を全体に送り続けています",
    ),
    (
        "a host asks for the few it talks to; a router advertises itself every few seconds at most",
        "機器が問い合わせるのは通信する数台だけで、ルーターの広告は多くても数秒に1回です",
    ),
    (
        "One device asks everybody for group memberships, without pause",
        "1台の機器が、グループ参加を全体に問い合わせ続けています",
    ),
    ("one general query every 125 seconds", "一般クエリは125秒に1回"),
    ("One device asks for an address by DHCP, without pause", "1台の機器が、DHCPでアドレスを要求し続けています"),
    (
        "a few, each twice as long after the one before (4 s, 8 s, 16 s)",
        "数回。間隔は毎回2倍に広がります（4秒、8秒、16秒）",
    ),
    (
        "One device reports its IPv6 group memberships (MLD), without pause",
        "1台の機器が、IPv6のグループ参加（MLD）を通知し続けています",
    ),
    ("one report per group in two minutes", "2分間にグループごとに1回"),
    ("{n} a second", "毎秒{n}個"),
    (
        "It decays: each second has clearly less than the one before",
        "送信量が減っています。毎秒、前の1秒より明らかに少なくなっています",
    ),
    ("{n} a second at first, {m} now", "最初は毎秒{n}個、現在は{m}個"),
    ("a device that has gone wrong goes on at the same rate", "異常な機器なら、同じ頻度で送信し続けます"),
    ("it is", "それが"),
    ("one of them is", "そのうちの1台が"),
    ("a router with both its sides in it", "WAN側とLAN側の両方が同じLANにつながったルーター"),
    ("a router with both its sides in it, at {ports},", "WAN側とLAN側の両方が同じLAN（{ports}）につながったルーター"),
    (
        "Packet storm {span}: {family} multicasts circle in your LAN, {rate} a second, because {router} passes {same} through. Now: unplug the second router's WAN cable (or its power). Then: turn its {again} pass-through off. {who} not at fault, unless {it} that router.",
        "{span}パケットストームが発生しています。{router}が{same}を素通しし、{family}マルチキャストがLANを毎秒{rate}個回り続けています。まず2台目のルーターのWAN側ケーブル（または電源）を抜き、次に{again}パススルーをオフにしてください。{who}（{it}そのルーターである場合を除きます）。",
    ),
    (
        "Packet storm {span}: {family} multicasts circled in your LAN, {rate} a second, because {router} passes {same} through. If it returns: unplug the second router's WAN cable (or its power). Then: turn its {again} pass-through off. {who} not at fault, unless {it} that router.",
        "{span}パケットストームが発生しました。{router}が{same}を素通しし、{family}マルチキャストがLANを毎秒{rate}個回り続けていました。再発したときは、2台目のルーターのWAN側ケーブル（または電源）を抜き、次に{again}パススルーをオフにしてください。{who}（{it}そのルーターである場合を除きます）。",
    ),
    (
        "Packet storm {span}: {family} multicasts circle in your LAN, {rate} a second, because {router} passes {same} through. Now: unplug the second router's WAN cable (or its power). Then: turn its {again} pass-through off.",
        "{span}パケットストームが発生しています。{router}が{same}を素通しし、{family}マルチキャストがLANを毎秒{rate}個回り続けています。まず2台目のルーターのWAN側ケーブル（または電源）を抜き、次に{again}パススルーをオフにしてください。",
    ),
    (
        "Packet storm {span}: {family} multicasts circled in your LAN, {rate} a second, because {router} passes {same} through. If it returns: unplug the second router's WAN cable (or its power). Then: turn its {again} pass-through off.",
        "{span}パケットストームが発生しました。{router}が{same}を素通しし、{family}マルチキャストがLANを毎秒{rate}個回り続けていました。再発したときは、2台目のルーターのWAN側ケーブル（または電源）を抜き、次に{again}パススルーをオフにしてください。",
    ),
    (
        "Two ports lead to one device, {one} and {other}, and what comes in at one goes out at the other",
        "2つのポートが同じ機器（{one}と{other}）につながっており、一方から入ったものがもう一方から出ています",
    ),
    (
        "multicasts alone; no address has moved from port to port since it began",
        "マルチキャストだけです。始まってから別のポートに移ったアドレスはありません",
    ),
    (
        "in a ring of cables broadcasts circle too, and everybody's address moves",
        "ケーブルのループなら、ブロードキャストも回り、すべての機器のアドレスがポートを移ります",
    ),
    (
        "let frames be captured there: does it send what others sent, or messages of its own at both ports?",
        "その場所でフレームをキャプチャし、ほかの機器のフレームを送り返しているのか、自分のメッセージを両方のポートから送っているのかを確かめます",
    ),
    (
        "Multicasts circle with their senders' addresses, and broadcasts do not",
        "マルチキャストが送信元のアドレスのまま回っており、ブロードキャストは回っていません",
    ),
    (
        "{n} addresses have moved from port to port; hardly any broadcasts come in there",
        "{n}個のアドレスが別のポートに移りました。そのポートから入るブロードキャストはほとんどありません",
    ),
    (
        "in a ring of cables everything circles, ARP too; a router's proxy would use its own address",
        "ケーブルのループならARPを含むすべてが回ります。ルーターのプロキシなら自分のアドレスで送ります",
    ),
    ("One address is known behind {port}", "{port}の先で知られているアドレスは1つです"),
    (
        "this alone does not tell who sends: a loop or a reflection behind that port looks the same",
        "これだけでは送信元はわかりません。ポートの先にループや送り返しがある場合も同じように見えます",
    ),
    ("The spanning tree changes again and again", "スパニングツリーが何度も変化しています"),
    ("dot1dStpTopChanges of {switch} has risen by {n}", "{switch}のdot1dStpTopChangesが{n}増えました"),
    ("Unicasts go out of ports for which they are not", "宛先のないポートからもユニキャストが出ています"),
    (
        "at least {n} a second out of nearly every port, of the {m} a second that come in at {port}",
        "{port}から毎秒{m}個入り、ほとんどすべてのポートから毎秒{n}個以上出ています",
    ),
    (
        "Now: pull the cable out of the WAN (Internet) socket of the router that stands beside the provider's. If you are not sure which cable it is, unplug its power. The storm stops at once.",
        "まず、事業者のルーターと並べて使っているルーターのWAN（インターネット）ポートからケーブルを抜いてください。どのケーブルかわからないときは、電源を抜いてください。ストームはすぐに止まります。",
    ),
    (
        "If it returns: pull the cable out of the WAN (Internet) socket of the router that stands beside the provider's. If you are not sure which cable it is, unplug its power. The storm stops at once.",
        "再発したときは、事業者のルーターと並べて使っているルーターのWAN（インターネット）ポートからケーブルを抜いてください。どのケーブルかわからないときは、電源を抜いてください。ストームはすぐに止まります。",
    ),
    (
        "Then: open that router's settings page and turn IPv6 pass-through (IPv6 bridge) and PPPoE pass-through off. Save, and plug the cable back in.",
        "次に、そのルーターの設定画面で、IPv6パススルー（IPv6ブリッジ）とPPPoEパススルーをオフにしてください。設定を保存し、ケーブルを元に戻してください。",
    ),
    (
        "If there is no second router: look for another device that is connected twice, and pull one of its cables.",
        "2台目のルーターがない場合は、二重につながっている機器を探し、ケーブルを1本抜いてください。",
    ),
    (
        "Which router passes it through frames do not tell: they keep their senders' MACs. Its two switch ports do.",
        "どのルーターが素通ししているかは、フレームからはわかりません。フレームの送信元MACアドレスは変わらないためです。スイッチの2つのポートからわかります。",
    ),
    (
        "Only {family} circles: a bridge lets nothing else through",
        "回り続けているのは{family}だけで、ほかは通っていません",
    ),
    (
        "{family} frames of {n} hosts circle; ARP and IPv4 broadcasts of {m} hosts came once",
        "{n}台の{family}フレームが回り続け、{m}台のARPとIPv4のブロードキャストは1回だけ届きました",
    ),
    ("in a ring of cables everything circles", "ケーブルの輪なら、すべてが回り続けます"),
    (
        "Packet storm {span}: very many devices look for services, {rate} messages a second in all, none of them often. Now: filter discovery (mDNS, SSDP) at the access points, or let fewer devices into this network. Then: divide it into smaller ones (VLANs). No single device is at fault.",
        "{span}パケットストームが発生しています。非常に多くの機器がサービスを探しており、合計で毎秒{rate}個のメッセージが流れています。突出した機器はありません。まず、アクセスポイントで機器の探索（mDNS、SSDP）を制限するか、接続する機器を減らしてください。次に、ネットワークを小さく（VLANに）分けてください。特定の機器が原因ではありません。",
    ),
    (
        "Packet storm {span}: very many devices looked for services, {rate} messages a second in all, none of them often. Now: filter discovery (mDNS, SSDP) at the access points, or let fewer devices into this network. Then: divide it into smaller ones (VLANs). No single device is at fault.",
        "{span}パケットストームが発生しました。非常に多くの機器がサービスを探し、合計で毎秒{rate}個のメッセージが流れました。突出した機器はありません。まず、アクセスポイントで機器の探索（mDNS、SSDP）を制限するか、接続する機器を減らしてください。次に、ネットワークを小さく（VLANに）分けてください。特定の機器が原因ではありません。",
    ),
    (
        "Now: turn on multicast filtering or isolation of clients at the access points (also called mDNS filter, broadcast control, client isolation), if the devices need not find each other.",
        "まず、機器同士が互いを見つける必要がなければ、アクセスポイントでマルチキャストの制限か端末の分離（mDNSフィルター、ブロードキャスト制御、プライバシーセパレーターとも呼ばれます）をオンにしてください。",
    ),
    (
        "Then: divide the network into smaller ones (VLANs, subnets), with an mDNS gateway between those that need each other's services.",
        "次に、ネットワークを小さく（VLANやサブネットに）分け、互いのサービスが必要なもの同士はmDNSゲートウェイでつないでください。",
    ),
    (
        "One device that forges addresses looks the same; then the switch shows all of them behind one port.",
        "1台の機器がアドレスを偽っている場合も同じように見えます。その場合、スイッチではすべてが1つのポートの先に見えます。",
    ),
    (
        "{n} a second from {m} sources or more, the loudest with {rate}",
        "{m}個以上の送信元から毎秒{n}個、最も多いものは{rate}個",
    ),
];
