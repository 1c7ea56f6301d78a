//! Japanese (です・ます). The keys are the English sentences of `explain`, longer ones before those they contain. Terms:
//! storm ストーム, replica 複製, forwarder 転送元の機器, loop ループ, capture キャプチャ, culprit 原因の機器, owner 持ち主.

/// English form and Japanese form.
pub(super) const CATALOGUE: &[(&str, &str)] = &[
    // ---- l3_reflector: the sentence ----
    (
        "No storm yet: {router} returned {what} once. This wiring can become a storm. Turn IGMP proxy off, then check again.",
        "ストームはまだ起きていませんが、{router}が{what}を同じLANへ1回送り返しました。このままではストームになるおそれがあります。「IGMPプロキシ」をオフにしてから、もう一度確認してください。",
    ),
    (
        "No storm yet: {router} returned {what} {n} times. This wiring can become a storm. Turn IGMP proxy off, then check again.",
        "ストームはまだ起きていませんが、{router}が{what}を同じLANへ{n}回送り返しました。このままではストームになるおそれがあります。「IGMPプロキシ」をオフにしてから、もう一度確認してください。",
    ),
    (
        "Packet storm {span}: {router} probably sends {what} back into your LAN, {rate} a second. {todo}",
        "{span}パケットストームが発生しています。おそらく{router}が、{what}を同じLANへ毎秒{rate}個送り返しています。{todo}",
    ),
    (
        "Packet storm {span}: {router} probably sent {what} back into your LAN, {rate} a second. {todo}",
        "{span}パケットストームが発生しました。おそらく{router}が、{what}を同じLANへ毎秒{rate}個送り返していました。{todo}",
    ),
    (
        "Packet storm {span}: {router} sends {what} back into your LAN, {rate} a second. {todo}",
        "{span}パケットストームが発生しています。{router}が、{what}を同じLANへ毎秒{rate}個送り返しています。{todo}",
    ),
    (
        "Packet storm {span}: {router} sent {what} back into your LAN, {rate} a second. {todo}",
        "{span}パケットストームが発生しました。{router}が、{what}を同じLANへ毎秒{rate}個送り返していました。{todo}",
    ),
    (
        "Now: unplug its WAN cable (or its power). Then: turn IGMP proxy off. {who} is not at fault.",
        "まずこのルーターのWAN側ケーブル（または電源）を抜き、次に「IGMPプロキシ」をオフにしてください。{who}は原因ではありません。",
    ),
    (
        "Now: unplug its WAN cable (or its power). Then: turn IGMP proxy off. {who} are not at fault.",
        "まずこのルーターのWAN側ケーブル（または電源）を抜き、次に「IGMPプロキシ」をオフにしてください。{who}は原因ではありません。",
    ),
    (
        "Now: unplug its WAN cable (or its power). Then: turn IGMP proxy off.",
        "まずこのルーターのWAN側ケーブル（または電源）を抜き、次に「IGMPプロキシ」をオフにしてください。",
    ),
    (
        "It has stopped, but the wiring can bring it back. Turn IGMP proxy off, then check again. {who} is not at fault.",
        "現在は止まっていますが、配線がこのままでは再発するおそれがあります。「IGMPプロキシ」をオフにしてから、もう一度確認してください。{who}は原因ではありません。",
    ),
    (
        "It has stopped, but the wiring can bring it back. Turn IGMP proxy off, then check again. {who} are not at fault.",
        "現在は止まっていますが、配線がこのままでは再発するおそれがあります。「IGMPプロキシ」をオフにしてから、もう一度確認してください。{who}は原因ではありません。",
    ),
    (
        "It has stopped, but the wiring can bring it back. Turn IGMP proxy off, then check again.",
        "現在は止まっていますが、配線がこのままでは再発するおそれがあります。「IGMPプロキシ」をオフにしてから、もう一度確認してください。",
    ),
    // ---- l3_reflector: what to do ----
    (
        "Now: pull the cable out of the WAN (Internet) socket of {router}. If you are not sure which cable it is, unplug its power. The storm stops at once.",
        "まず、{router}のWAN（インターネット）ポートからケーブルを抜いてください。どのケーブルかわからないときは、電源を抜いてください。ストームはすぐに止まります。",
    ),
    (
        "If it returns: pull the cable out of the WAN (Internet) socket of {router}. If you are not sure which cable it is, unplug its power. The storm stops at once.",
        "再発したときは、{router}のWAN（インターネット）ポートからケーブルを抜いてください。どのケーブルかわからないときは、電源を抜いてください。ストームはすぐに止まります。",
    ),
    (
        "{when}: open the settings page of {router} and turn \"IGMP proxy\" off (also called IPTV, multicast proxy or multicast routing; usually under LAN, Network or Advanced), and IPv6 pass-through and MLD proxy as well. {after}",
        "{when}、{router}の設定画面を開き、「IGMPプロキシ」（「IPTV」「マルチキャストプロキシ」「マルチキャストルーティング」とも呼ばれ、多くは「LAN」「ネットワーク」「詳細設定」にあります）をオフにしてください。IPv6パススルーとMLDプロキシもオフにしてください。{after}",
    ),
    (
        "{when}: open the settings page of {router} and turn \"IGMP proxy\" off (also called IPTV, multicast proxy or multicast routing; usually under LAN, Network or Advanced). {after}",
        "{when}、{router}の設定画面を開き、「IGMPプロキシ」（「IPTV」「マルチキャストプロキシ」「マルチキャストルーティング」とも呼ばれ、多くは「LAN」「ネットワーク」「詳細設定」にあります）をオフにしてください。{after}",
    ),
    ("Then", "次に"),
    ("Now", "まず"),
    ("Save, and plug the cable back in.", "設定を保存し、ケーブルを元に戻してください。"),
    ("Save, and watch whether it comes back.", "設定を保存し、再発しないか様子を見てください。"),
    (
        "If that router has to stay beside the provider's (for PPPoE): put a switch between the fibre modem (ONU) and both routers, so that its WAN side is no longer in your LAN. If the modem is built into the first router, leave IGMP proxy off, or give the second router a network (subnet) of its own.",
        "PPPoEなどのために、このルーターを事業者のルーターと並べて使う必要がある場合は、ONU（光回線終端装置）と2台のルーターの間にスイッチングハブを入れ、このルーターのWAN側がLANにつながらないようにしてください。ONUが1台目のルーターに内蔵されている場合は、IGMPプロキシをオフのままにするか、2台目のルーターに別のネットワーク（サブネット）を割り当ててください。",
    ),
    // ---- l3_reflector: why ----
    (
        "{mac} sends frames with the source address {ip}, which it does not own",
        "{mac}が、自分のものではない送信元アドレス{ip}のフレームを送信しています",
    ),
    (
        "{mac} sends frames with the source address {ip}, and nobody has said that it owns it",
        "{mac}が送信元アドレス{ip}のフレームを送信していますが、このアドレスの持ち主であることは確認できていません",
    ),
    ("{n} such frames of one datagram", "同一データグラムのフレームが{n}個"),
    ("only {mac} sends from {ip}, its owner by {proof}", "{ip}から送信するのは持ち主の{mac}だけ（{proof}で確認）"),
    ("only {mac}, which sent the original, sends from {ip}", "{ip}から送信するのは、元のフレームを送った{mac}だけ"),
    (
        "a MAC sends from its own addresses, and not from {ip} as well",
        "機器は自分のアドレスからだけ送信し、{ip}からは送信しない",
    ),
    (
        "The same datagram was on the wire again and again, from one MAC",
        "同じデータグラムが、1つのMACアドレスから繰り返し流れました",
    ),
    ("The same datagram was on the wire again and again", "同じデータグラムが繰り返し流れました"),
    ("one datagram (IP ID {id}) {n} times in {s} s", "1つのデータグラム（IP ID {id}）が{s}秒間に{n}回"),
    ("one datagram {n} times in {s} s", "1つのデータグラムが{s}秒間に{n}回"),
    (
        "once; healthy networks repeat one at most 4 times within a second",
        "1回。正常なネットワークでの繰り返しは、1秒間に最大4回です",
    ),
    (
        "The TTL falls from copy to copy: a router sends them, and each message dies out",
        "複製のたびにTTLが減っています。ルーターが転送しており、それぞれのメッセージはいずれ消えます",
    ),
    (
        "The TTL does not fall from copy to copy: nothing ends this datagram",
        "複製してもTTLが減りません。このデータグラムは自然には消えません",
    ),
    (
        "copies with TTL {from} down to {to}; the original had {first}",
        "複製のTTLは{from}から{to}まで減少、元のフレームは{first}",
    ),
    ("copies with TTL {from} down to {to}", "複製のTTLは{from}から{to}まで減少"),
    ("copies with TTL {ttl}; the original had {first}", "複製のTTLは{ttl}、元のフレームは{first}"),
    ("copies with TTL {ttl}", "複製のTTLは{ttl}"),
    (
        "no copies, so one TTL per datagram (0 of 4,219 captures had more)",
        "複製はなく、TTLはデータグラムごとに1つ（4,219件のキャプチャで例外は0件）",
    ),
    ("This was judged on a sample", "一部のフレームだけで判断しました"),
    ("{n} frames were dropped before they could be looked at", "{n}個のフレームは、調べる前に失われました"),
    ("none dropped", "損失なし"),
    ("{mac} is the other side of the device at {ip}", "{mac}は、{ip}の機器のもう一方の側です"),
    (
        "{ip} belongs to {mac}, {n} away in the same maker's block",
        "{ip}は{mac}のもので、同じメーカーの番号帯で{n}だけ離れています",
    ),
    ("a router's LAN and WAN side have neighbouring MACs", "ルーターのLAN側とWAN側のMACアドレスは隣り合っています"),
    (
        "The owner of {ip} was asked for by ARP and did not answer, so that the MAC that really owns it is not known.",
        "{ip}の持ち主をARPで問い合わせましたが応答がなく、本来の持ち主のMACアドレスはわかりません。",
    ),
    (
        "The owner of {ip} was asked for by ARP and did not answer.",
        "{ip}の持ち主をARPで問い合わせましたが、応答がありませんでした。",
    ),
    (
        "Nobody has said yet which MAC owns {ip}: the capture may have begun after the storm.",
        "{ip}の持ち主のMACアドレスは、まだわかりません。ストームが始まった後に取り始めたキャプチャかもしれません。",
    ),
    (
        "Nobody has said which MAC owns {ip}: the capture began inside the storm.",
        "{ip}の持ち主のMACアドレスはわかりません。このキャプチャは、ストームの途中から始まっています。",
    ),
    (
        "the MAC that owns {ip} (analyze --owner {same}=MAC): if it is the sender of the copies, a cable loop is likelier",
        "{ip}の持ち主のMACアドレス（analyze --owner {same}=MAC）を確認してください。それが複製の送信元なら、ケーブルのループの可能性が高くなります",
    ),
    // ---- l2_loop ----
    (
        "Packet storm {span}: broadcasts circle in your LAN, {rate} a second, because a cable closes a ring. Now: pull the cable that was plugged in last, or that connects two sockets of the same switches. Then: turn on loop protection or spanning tree (STP). {who} not at fault.",
        "{span}パケットストームが発生しています。ケーブルの接続が輪になり、ブロードキャストがLANを毎秒{rate}個回り続けています。まず、最後に挿したケーブルか、同じスイッチ同士を二重につないでいるケーブルを抜いてください。次に、ループ防止機能またはスパニングツリー（STP）をオンにしてください。{who}。",
    ),
    (
        "Packet storm {span}: broadcasts circled in your LAN, {rate} a second, because a cable closes a ring. It has stopped, but returns with the cable. Find the cable that was plugged in last, or that connects two sockets of the same switches. Then: turn on loop protection or spanning tree (STP). {who} not at fault.",
        "{span}パケットストームが発生しました。ケーブルの接続が輪になり、ブロードキャストがLANを毎秒{rate}個回り続けていました。現在は止まっていますが、ケーブルをつなぎ直すと再発します。最後に挿したケーブルか、同じスイッチ同士を二重につないでいるケーブルを探してください。次に、ループ防止機能またはスパニングツリー（STP）をオンにしてください。{who}。",
    ),
    ("{who} is", "{who}は原因ではありません"),
    ("{who} are", "{who}は原因ではありません"),
    (
        "Now: pull out the network cable that was plugged in last. If that does not help, look for a cable with both ends in the same switch, or for two cables between the same two switches or wall sockets, and pull one. A mesh or Sonos device that is wired and on Wi-Fi closes a ring as well: leave it one of the two.",
        "まず、最後に挿したLANケーブルを抜いてください。止まらないときは、両端が同じスイッチに挿さっているケーブルや、同じスイッチ（壁のコンセント）同士をつなぐ2本のケーブルを探し、1本を抜いてください。有線とWi-Fiの両方でつながっているメッシュ機器やSonosも輪を作ります。どちらか一方だけにしてください。",
    ),
    (
        "If it returns: pull out the network cable that was plugged in last. If that does not help, look for a cable with both ends in the same switch, or for two cables between the same two switches or wall sockets, and pull one. A mesh or Sonos device that is wired and on Wi-Fi closes a ring as well: leave it one of the two.",
        "再発したときは、最後に挿したLANケーブルを抜いてください。止まらないときは、両端が同じスイッチに挿さっているケーブルや、同じスイッチ（壁のコンセント）同士をつなぐ2本のケーブルを探し、1本を抜いてください。有線とWi-Fiの両方でつながっているメッシュ機器やSonosも輪を作ります。どちらか一方だけにしてください。",
    ),
    (
        "Then: turn on loop protection (loop prevention, loop detection) or spanning tree (STP, RSTP) in the switch's settings, if it has them.",
        "次に、スイッチの設定にループ防止（ループ検知）またはスパニングツリー（STP、RSTP）があれば、オンにしてください。",
    ),
    (
        "The same frame came again and again, unchanged, from its sender's own MAC",
        "同じフレームが、変更されずに、送信元本来のMACアドレスのまま繰り返し届きました",
    ),
    ("{n} copies from {mac} in {s} s, all with TTL {ttl}", "{mac}からの複製が{s}秒間に{n}個、TTLはすべて{ttl}"),
    ("{n} copies from {mac} in {s} s, TTL {ttl}", "{mac}からの複製が{s}秒間に{n}個、TTLは{ttl}"),
    ("{n} copies from {mac} in {s} s", "{mac}からの複製が{s}秒間に{n}個"),
    ("one; a router would have used its own MAC", "1個。ルーターなら自分のMACアドレスを使います"),
    ("It happens to everybody who sends to all", "全体に送信するすべての機器で起きています"),
    (
        "frames of {n} hosts circle; {m} other hosts' frames came once",
        "{n}台のフレームが回り続け、ほかの{m}台のフレームは1回だけ届きました",
    ),
    ("every frame once", "すべてのフレームが1回ずつ"),
    ("This computer's own frames came back to it", "このコンピューター自身のフレームが戻ってきました"),
    ("at least {n} copies", "少なくとも{n}個"),
    ("none (a bond or a hairpin port returns one)", "なし（ボンディングやヘアピンポートでは1個戻ります）"),
    (
        "Only one host's frames were seen to circle; nobody else has sent to all since.",
        "回り続けているのは1台のフレームだけで、その後、ほかの機器は全体への送信をしていません。",
    ),
    // ---- chatty_source ----
    (
        "Packet storm {span}: {device} sends {rate} {what} to everybody each second. Now: unplug it or turn it off. Then: restart it, update its software, and see whether it stays quiet.",
        "{span}パケットストームが発生しています。{device}が、毎秒{rate}個の{what}を全機器に送信しています。まず、この機器の電源を切るかケーブルを抜いてください。次に、再起動とソフトウェアの更新を行い、再発しないか確認してください。",
    ),
    (
        "Packet storm {span}: {device} sent {rate} {what} to everybody each second. If it returns: unplug it or turn it off. Then: restart it, update its software, and see whether it stays quiet.",
        "{span}パケットストームが発生しました。{device}が、毎秒{rate}個の{what}を全機器に送信していました。再発したときは、この機器の電源を切るかケーブルを抜いてください。次に、再起動とソフトウェアの更新を行い、再発しないか確認してください。",
    ),
    (
        "No storm yet, but a flood {span}: {device} sends {rate} {what} to everybody each second. Now: unplug it or turn it off. Then: restart it, update its software, and see whether it stays quiet.",
        "ストームには至っていませんが、{span}大量の送信が続いています。{device}が、毎秒{rate}個の{what}を全機器に送信しています。まず、この機器の電源を切るかケーブルを抜いてください。次に、再起動とソフトウェアの更新を行い、再発しないか確認してください。",
    ),
    (
        "No storm yet, but a flood {span}: {device} sent {rate} {what} to everybody each second. If it returns: unplug it or turn it off. Then: restart it, update its software, and see whether it stays quiet.",
        "ストームには至りませんでしたが、{span}大量の送信がありました。{device}が、毎秒{rate}個の{what}を全機器に送信していました。再発したときは、この機器の電源を切るかケーブルを抜いてください。次に、再起動とソフトウェアの更新を行い、再発しないか確認してください。",
    ),
    (
        "Now: unplug or switch off {device}, or take it off the Wi-Fi.",
        "まず、{device}の電源を切るかケーブルを抜くか、Wi-Fiから切断してください。",
    ),
    (
        "If it returns: unplug or switch off {device}, or take it off the Wi-Fi.",
        "再発したときは、{device}の電源を切るかケーブルを抜くか、Wi-Fiから切断してください。",
    ),
    (
        "Then: start it again. If the flood returns, update its firmware or the app on it that looks for devices, or reset it to factory settings; until then keep {device} off the network.",
        "次に、もう一度起動してください。大量送信が再発するときは、ファームウェアや、機器を探すアプリを更新するか、初期化してください。それまでは、{device}をネットワークにつながないでください。",
    ),
    (
        "One MAC sends far more to everybody than a healthy network in all",
        "1つのMACアドレスが、正常なネットワーク全体よりはるかに多く全体へ送信しています",
    ),
    (
        "{n} {protocol} frames a second, {m} in the busiest second",
        "{protocol}のフレームが毎秒{n}個、最も多い1秒に{m}個",
    ),
    ("{n} frames a second", "毎秒{n}個のフレーム"),
    (
        "below {n} for {s} s (the busiest second of a healthy segment had 27)",
        "{s}秒間を通じて{n}個未満（正常なネットワークで最も多い1秒は27個）",
    ),
    ("below {n} for {s} s", "{s}秒間を通じて{n}個未満"),
    (
        "It repeats itself; the frames of others came once",
        "この機器が自分で繰り返しています。ほかの機器のフレームは1回ずつです",
    ),
    ("They are fresh messages, not copies that circle", "回り続けている複製ではなく、毎回新しいメッセージです"),
    (
        "{n} of {m} frames in the busiest second repeated one before",
        "最も多い1秒の{m}個のうち{n}個が、前のフレームの繰り返し",
    ),
    (
        "in a loop or a reflection nearly all are copies, and other hosts' too",
        "ループや送り返しなら、ほかの機器の分も含めてほとんどが複製です",
    ),
    ("It speaks for itself", "自分のアドレスで送信しています"),
    ("{ip} belongs to {mac} by {proof}", "{ip}は{mac}のもの（{proof}で確認）"),
    ("a forwarder would send from addresses of others", "転送している機器なら、他の機器のアドレスで送信します"),
    (
        "Nobody has said which MAC owns its address; that it speaks for itself is inferred.",
        "このアドレスの持ち主のMACアドレスは確認できていません。自分のアドレスでの送信であることは推定です。",
    ),
    // ---- unexplained ----
    (
        "Packet storm {span}: {rate} {what} a second, with the sender MAC {macs}. What sends them is not certain. Most likely: {cause} ({p} %). {todo}: pull cables one at a time, starting with the device plugged in last, until it stops.",
        "{span}パケットストームが発生しています。毎秒{rate}個の{what}が流れており、送信元MACアドレスは{macs}です。本当の送信元は確定できません。最も可能性が高いのは{cause}（{p} %）です。{todo}、最後につないだ機器から順に、止まるまでケーブルを1本ずつ抜いてください。",
    ),
    (
        "Packet storm {span}: {rate} {what} a second. What sends them is not certain. Most likely: {cause} ({p} %). {todo}: pull cables one at a time, starting with the device plugged in last, until it stops.",
        "{span}パケットストームが発生しています。毎秒{rate}個の{what}が流れています。送信元は確定できません。最も可能性が高いのは{cause}（{p} %）です。{todo}、最後につないだ機器から順に、止まるまでケーブルを1本ずつ抜いてください。",
    ),
    (
        "Unusual traffic {span}: {rate} {what} a second, with the sender MAC {macs}. What sends them is not certain. Most likely: {cause} ({p} %). {todo}: pull cables one at a time, starting with the device plugged in last, until it stops.",
        "{span}通常と異なる通信が続いています。毎秒{rate}個の{what}が流れており、送信元MACアドレスは{macs}です。本当の送信元は確定できません。最も可能性が高いのは{cause}（{p} %）です。{todo}、最後につないだ機器から順に、止まるまでケーブルを1本ずつ抜いてください。",
    ),
    (
        "Unusual traffic {span}: {rate} {what} a second. What sends them is not certain. Most likely: {cause} ({p} %). {todo}: pull cables one at a time, starting with the device plugged in last, until it stops.",
        "{span}通常と異なる通信が続いています。毎秒{rate}個の{what}が流れています。送信元は確定できません。最も可能性が高いのは{cause}（{p} %）です。{todo}、最後につないだ機器から順に、止まるまでケーブルを1本ずつ抜いてください。",
    ),
    ("It has stopped. If it returns", "現在は止まっています。再発したときは"),
    (
        "Now: pull cables out of the switch one at a time, starting with what was plugged in last, and watch whether the storm stops. The cable that ends it leads to the cause.",
        "まず、最後に挿したものから順に、スイッチのケーブルを1本ずつ抜き、ストームが止まるか確認してください。抜いて止まったケーブルの先に原因があります。",
    ),
    (
        "If it returns: pull cables out of the switch one at a time, starting with what was plugged in last, and watch whether the storm stops. The cable that ends it leads to the cause.",
        "再発したときは、最後に挿したものから順に、スイッチのケーブルを1本ずつ抜き、ストームが止まるか確認してください。抜いて止まったケーブルの先に原因があります。",
    ),
    (
        "A second router beside the provider's: unplug its WAN cable first and turn its IGMP proxy off.",
        "事業者のルーターのほかに2台目のルーターがある場合は、最初にそのWAN側ケーブルを抜き、IGMPプロキシをオフにしてください。",
    ),
    ("To decide whether it is {cause}: {needs}.", "{cause}かどうかを判断するには: {needs}。"),
    ("To decide whether it is {cause}: {needs}", "{cause}かどうかを判断するには: {needs}。"),
    ("watch whether ARP and IPv4 broadcasts come back as well", "ARPとIPv4のブロードキャストも戻ってくるか確認する"),
    (
        "Nobody has sent ARP or IPv4 to all since the storm began.",
        "ストームが始まってから、ARPやIPv4を全体に送信した機器はありません。",
    ),
    (
        "learn which MAC owns {ip} (the router's device list, or analyze --owner {same}=MAC)",
        "{ip}の持ち主のMACアドレスを、ルーターの機器一覧で調べる（analyze --owner {same}=MAC で指定できます）",
    ),
    ("watch whether frames of other hosts come back as well", "ほかの機器のフレームも戻ってくるか確認する"),
    ("look up both MACs in the router's device list", "両方のMACアドレスをルーターの機器一覧で調べる"),
    ("see which program or device makes so many answer at once", "どのプログラムや機器が一斉に応答させているか調べる"),
    (
        "No other host has sent to all since the storm began.",
        "ストームが始まってから、ほかの機器は全体への送信をしていません。",
    ),
    (
        "{ip} belongs to another MAC; why {mac} sends from it is not known.",
        "{ip}は別のMACアドレスのものです。{mac}がそこから送信している理由はわかりません。",
    ),
    (
        "Group frames in all, from many sources, none of them heavy",
        "多数の送信元から全体への送信があり、突出した機器はありません",
    ),
    ("{n} a second from {m} sources", "{m}個の送信元から毎秒{n}個"),
    ("27 in the busiest second of a healthy segment", "正常なネットワークで最も多い1秒に27個"),
];

/// Times, numbers, devices, messages: words within sentences. Looked up after all sentences, since forms as short as
/// `{a} and {b}` fit most of them.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("since {a}", "{a}から"),
    ("from {a} to {b}", "{a}から{b}まで"),
    ("at {a} for {s} s", "{a}に{s}秒間、"),
    ("about {n}", "約{n}"),
    ("this computer", "このコンピューター"),
    ("an unknown device", "不明な機器"),
    ("that router", "そのルーター"),
    ("the device", "その機器"),
    ("one device", "1台の機器"),
    ("{a}'s searches", "{a}の探索パケット"),
    ("{a}'s {what}", "{a}の{what}"),
    ("searches of {a}", "{a}の探索パケット"),
    ("searches", "探索パケット"),
    ("mDNS messages of {a}", "{a}のmDNSメッセージ"),
    ("mDNS messages", "mDNSメッセージ"),
    ("name queries (LLMNR)", "名前の問い合わせ（LLMNR）"),
    ("WS-Discovery messages", "WS-Discoveryメッセージ"),
    ("NetBIOS broadcasts", "NetBIOSブロードキャスト"),
    ("DHCP messages", "DHCPメッセージ"),
    ("ARP requests", "ARP要求"),
    ("IGMP messages", "IGMPメッセージ"),
    ("MLD messages", "MLDメッセージ"),
    ("neighbour discovery messages", "近隣探索メッセージ"),
    ("PPPoE frames", "PPPoEフレーム"),
    ("spanning tree frames", "スパニングツリーのフレーム"),
    ("pause frames", "PAUSEフレーム"),
    ("UDP messages", "UDPメッセージ"),
    ("IP messages", "IPメッセージ"),
    ("broadcasts", "ブロードキャスト"),
    ("{a}, {b} and 1 other", "{a}、{b}ほか1台"),
    ("{a}, {b} and {n} others", "{a}、{b}ほか{n}台"),
    ("{a} and 1 other", "{a}ほか1台"),
    ("{a} and {n} others", "{a}ほか{n}台"),
    ("{a} and {b}", "{a}と{b}"),
    ("the {a} router ({where})", "{a}ルーター（{where}）"),
    ("the {a} device ({where})", "{a}の機器（{where}）"),
    ("a router ({where})", "あるルーター（{where}）"),
    ("a device ({where})", "ある機器（{where}）"),
    ("the {a} ({where})", "{a}（{where}）"),
    ("the {a} device {ip}", "{a}の機器{ip}"),
    ("the {a} device", "{a}の機器"),
    ("the {a}", "{a}"),
    ("{ip}, MAC …:{end}", "{ip}、MAC末尾{end}"),
    ("{ip}, MAC {mac}", "{ip}、MAC {mac}"),
    ("MAC …:{end}", "MAC末尾{end}"),
    ("told by you", "利用者の指定"),
    ("neighbour discovery", "近隣探索"),
    ("ARP table over SNMP", "SNMPで得たARPテーブル"),
    ("its own link-local traffic", "リンクローカル通信"),
];
