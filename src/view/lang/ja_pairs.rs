//! Japanese (です・ます) of what comes in pairs and rings that open by themselves, and of pause frames: more of the catalogue in
//! `ja`, with its terms.

/// English form and Japanese form. Looked up after the catalogues that this goes on with.
pub(super) const CATALOGUE: &[(&str, &str)] = &[
    (
        "Packet storm {span}: {device} uses the address of {who}, which had it first, and both announce it, {rate} times a second. Now: unplug one of them. Then: give each of them an address of its own.",
        "{span}パケットストームが発生しています。先に使っていた{who}のアドレスを{device}も使い、双方が合わせて毎秒{rate}回、告知し合っています。まず、どちらか1台のケーブルを抜いてください。次に、それぞれに別のアドレスを割り当ててください。",
    ),
    (
        "Packet storm {span}: {who} hold the same address and announce it against each other, {rate} times a second. Now: unplug one of them. Then: give each of them an address of its own.",
        "{span}パケットストームが発生しています。{who}が同じアドレスを使い、合わせて毎秒{rate}回、互いに告知し合っています。まず、どちらか1台のケーブルを抜いてください。次に、それぞれに別のアドレスを割り当ててください。",
    ),
    (
        "Packet storm {span}: two devices, at {ports}, send {rate} broadcasts a second each, one as often as the other, as two do that hold the same address. Now: unplug one of them. Then: give each of them an address of its own.",
        "{span}パケットストームが発生しています。{ports}の2台が、それぞれ毎秒{rate}個のブロードキャストを同じ量だけ送信しています。同じアドレスを使う2台に見られる動きです。まず、どちらか1台のケーブルを抜いてください。次に、それぞれに別のアドレスを割り当ててください。",
    ),
    (
        "Packet storm {span}: {device} used the address of {who}, which had it first, and both announced it, {rate} times a second. If it returns: unplug one of them. Then: give each of them an address of its own.",
        "{span}パケットストームが発生しました。先に使っていた{who}のアドレスを{device}も使い、双方が合わせて毎秒{rate}回、告知し合っていました。再発したときは、どちらか1台のケーブルを抜き、それぞれに別のアドレスを割り当ててください。",
    ),
    (
        "Packet storm {span}: {who} held the same address and announced it against each other, {rate} times a second. If it returns: unplug one of them. Then: give each of them an address of its own.",
        "{span}パケットストームが発生しました。{who}が同じアドレスを使い、合わせて毎秒{rate}回、互いに告知し合っていました。再発したときは、どちらか1台のケーブルを抜き、それぞれに別のアドレスを割り当ててください。",
    ),
    (
        "Packet storm {span}: two devices, at {ports}, sent {rate} broadcasts a second each, one as often as the other, as two do that hold the same address. If it returns: unplug one of them. Then: give each of them an address of its own.",
        "{span}パケットストームが発生しました。{ports}の2台が、それぞれ毎秒{rate}個のブロードキャストを同じ量だけ送信していました。同じアドレスを使う2台に見られる動きです。再発したときは、どちらか1台のケーブルを抜き、それぞれに別のアドレスを割り当ててください。",
    ),
    (
        "No storm yet, but a flood {span}: {device} uses the address of {who}, which had it first, and both announce it, {rate} times a second. Now: unplug one of them. Then: give each of them an address of its own.",
        "ストームには至っていませんが、{span}大量の送信が続いています。先に使っていた{who}のアドレスを{device}も使い、双方が合わせて毎秒{rate}回、告知し合っています。まず、どちらか1台のケーブルを抜いてください。次に、それぞれに別のアドレスを割り当ててください。",
    ),
    (
        "No storm yet, but a flood {span}: {who} hold the same address and announce it against each other, {rate} times a second. Now: unplug one of them. Then: give each of them an address of its own.",
        "ストームには至っていませんが、{span}大量の送信が続いています。{who}が同じアドレスを使い、合わせて毎秒{rate}回、互いに告知し合っています。まず、どちらか1台のケーブルを抜いてください。次に、それぞれに別のアドレスを割り当ててください。",
    ),
    (
        "No storm yet, but a flood {span}: two devices, at {ports}, send {rate} broadcasts a second each, one as often as the other, as two do that hold the same address. Now: unplug one of them. Then: give each of them an address of its own.",
        "ストームには至っていませんが、{span}大量の送信が続いています。{ports}の2台が、それぞれ毎秒{rate}個のブロードキャストを同じ量だけ送信しています。同じアドレスを使う2台に見られる動きです。まず、どちらか1台のケーブルを抜いてください。次に、それぞれに別のアドレスを割り当ててください。",
    ),
    (
        "No storm yet, but a flood {span}: {device} used the address of {who}, which had it first, and both announced it, {rate} times a second. If it returns: unplug one of them. Then: give each of them an address of its own.",
        "ストームには至りませんでしたが、{span}大量の送信がありました。先に使っていた{who}のアドレスを{device}も使い、双方が合わせて毎秒{rate}回、告知し合っていました。再発したときは、どちらか1台のケーブルを抜き、それぞれに別のアドレスを割り当ててください。",
    ),
    (
        "No storm yet, but a flood {span}: {who} held the same address and announced it against each other, {rate} times a second. If it returns: unplug one of them. Then: give each of them an address of its own.",
        "ストームには至りませんでしたが、{span}大量の送信がありました。{who}が同じアドレスを使い、合わせて毎秒{rate}回、互いに告知し合っていました。再発したときは、どちらか1台のケーブルを抜き、それぞれに別のアドレスを割り当ててください。",
    ),
    (
        "No storm yet, but a flood {span}: two devices, at {ports}, sent {rate} broadcasts a second each, one as often as the other, as two do that hold the same address. If it returns: unplug one of them. Then: give each of them an address of its own.",
        "ストームには至りませんでしたが、{span}大量の送信がありました。{ports}の2台が、それぞれ毎秒{rate}個のブロードキャストを同じ量だけ送信していました。同じアドレスを使う2台に見られる動きです。再発したときは、どちらか1台のケーブルを抜き、それぞれに別のアドレスを割り当ててください。",
    ),
    (
        "Now: unplug or switch off one of the two devices that hold the same address. The flood stops at once.",
        "まず、同じアドレスを使う2台のうち、どちらか1台の電源を切るかケーブルを抜いてください。大量の送信はすぐに止まります。",
    ),
    (
        "If it returns: unplug or switch off one of the two devices that hold the same address. The flood stops at once.",
        "再発したときは、同じアドレスを使う2台のうち、どちらか1台の電源を切るかケーブルを抜いてください。大量の送信はすぐに止まります。",
    ),
    (
        "Then: let both get their addresses by DHCP, or give one of them a fixed address that nobody else has and that lies outside the range of the DHCP server.",
        "次に、両方ともDHCPでアドレスを取得させるか、一方に、ほかの機器が使っておらずDHCPサーバーの配布範囲にもない固定アドレスを設定してください。",
    ),
    (
        "Two routers that share an address on purpose (VRRP, HSRP): see that they hear each other, and have the same group number (VRID).",
        "2台のルーターでアドレスを共有している場合（VRRP、HSRP）は、互いのパケットが届いていること、グループ番号（VRID）が同じであることを確認してください。",
    ),
    (
        "Several MACs announce the same address, again and again",
        "複数のMACアドレスが、同じIPアドレスを繰り返し告知しています",
    ),
    ("the address {ip} is announced by {macs}", "アドレス{ip}を{macs}が告知"),
    (
        "one owner; a device that finds another one gives way, or defends itself once in 10 s",
        "持ち主は1台。重複に気づいた機器は譲るか、10秒に1回だけ主張します",
    ),
    ("Nothing else comes again and again", "ほかに繰り返し届くものはありません"),
    ("only these announcements repeat", "繰り返しているのはこの告知だけ"),
    ("in a ring of cables everybody's frames do", "ケーブルのループなら、すべての機器のフレームが繰り返します"),
    (
        "Which of them had {ip} first is not known: both were there when it was first heard of.",
        "どちらが先に{ip}を使っていたかはわかりません。最初に見えたときには、すでに両方が使っていました。",
    ),
    (
        "Two devices send as many broadcasts as each other, since the same time",
        "2台の機器が、同じ時刻から同じ量のブロードキャストを送信しています",
    ),
    ("{n} a second at {port}, {m} at {other}", "{port}で毎秒{n}個、{other}で毎秒{m}個"),
    (
        "devices that flood by themselves have nothing to do with each other",
        "それぞれが勝手に大量送信している場合は、互いに関係がありません",
    ),
    (
        "let frames be captured there: do both announce the same address by ARP?",
        "その場所でフレームをキャプチャし、双方が同じアドレスをARPで告知しているかを確かめます",
    ),
    (
        "No storm yet: {device} at {port} and {who} both repeat others' mDNS questions into the LAN that they came from, because both are mDNS reflectors with all their interfaces in one LAN. This wiring can become a storm. Turn the reflector of one of them off, then check again.",
        "ストームはまだ起きていませんが、{device}（{port}）と{who}が、ほかの機器のmDNSの質問を、来たのと同じLANへ送り返しています。どちらもmDNSリフレクターで、すべてのインターフェースが同じLANにあるためです。このままではストームになるおそれがあります。どちらかのリフレクターをオフにして、再確認してください。",
    ),
    (
        "No storm yet: {device} at {port} and {who} have both repeated others' mDNS questions into the LAN that they came from, because both are mDNS reflectors with all their interfaces in one LAN. This wiring can become a storm. Turn the reflector of one of them off, then check again.",
        "ストームはまだ起きていませんが、{device}（{port}）と{who}が、ほかの機器のmDNSの質問を、来たのと同じLANへ送り返しました。どちらもmDNSリフレクターで、すべてのインターフェースが同じLANにあるためです。このままではストームになるおそれがあります。どちらかのリフレクターをオフにして、再確認してください。",
    ),
    (
        "No storm yet: {device} and {who} both repeat others' mDNS questions into the LAN that they came from, because both are mDNS reflectors with all their interfaces in one LAN. This wiring can become a storm. Turn the reflector of one of them off, then check again.",
        "ストームはまだ起きていませんが、{device}と{who}が、ほかの機器のmDNSの質問を、来たのと同じLANへ送り返しています。どちらもmDNSリフレクターで、すべてのインターフェースが同じLANにあるためです。このままではストームになるおそれがあります。どちらかのリフレクターをオフにして、再確認してください。",
    ),
    (
        "No storm yet: {device} and {who} have both repeated others' mDNS questions into the LAN that they came from, because both are mDNS reflectors with all their interfaces in one LAN. This wiring can become a storm. Turn the reflector of one of them off, then check again.",
        "ストームはまだ起きていませんが、{device}と{who}が、ほかの機器のmDNSの質問を、来たのと同じLANへ送り返しました。どちらもmDNSリフレクターで、すべてのインターフェースが同じLANにあるためです。このままではストームになるおそれがあります。どちらかのリフレクターをオフにして、再確認してください。",
    ),
    (
        "a host asks its own questions, and not one that another has just asked (RFC 6762, 7.3)",
        "機器は自分の質問だけを送り、ほかの機器が直前に送った質問は繰り返しません（RFC 6762、7.3）",
    ),
    (
        "Packet storm {span}: {device} at {port} and {who} repeat each other's mDNS messages, {rate} a second, because both are mDNS reflectors with all their interfaces in one LAN. Now: unplug one of them, or turn its reflector off. Then: leave one reflector, and one interface of it in each network.",
        "{span}パケットストームが発生しています。すべてのインターフェースが同じLANにつながった2台のmDNSリフレクター、{device}（{port}）と{who}が、互いのmDNSメッセージを毎秒{rate}個繰り返しています。まず、どちらか1台のケーブルを抜くか、リフレクター機能をオフにしてください。次に、リフレクターは1台だけにし、インターフェースをそれぞれ別のネットワークにつないでください。",
    ),
    (
        "Packet storm {span}: {device} and {who} repeat each other's mDNS messages, {rate} a second, because both are mDNS reflectors with all their interfaces in one LAN. Now: unplug one of them, or turn its reflector off. Then: leave one reflector, and one interface of it in each network.",
        "{span}パケットストームが発生しています。すべてのインターフェースが同じLANにつながった2台のmDNSリフレクター、{device}と{who}が、互いのmDNSメッセージを毎秒{rate}個繰り返しています。まず、どちらか1台のケーブルを抜くか、リフレクター機能をオフにしてください。次に、リフレクターは1台だけにし、インターフェースをそれぞれ別のネットワークにつないでください。",
    ),
    (
        "Packet storm {span}: {device} at {port} and {who} repeated each other's mDNS messages, {rate} a second, because both are mDNS reflectors with all their interfaces in one LAN. If it returns: unplug one of them, or turn its reflector off. Then: leave one reflector, and one interface of it in each network.",
        "{span}パケットストームが発生しました。すべてのインターフェースが同じLANにつながった2台のmDNSリフレクター、{device}（{port}）と{who}が、互いのmDNSメッセージを毎秒{rate}個繰り返していました。再発したときは、どちらか1台のケーブルを抜くか、リフレクター機能をオフにしてください。次に、リフレクターは1台だけにし、インターフェースをそれぞれ別のネットワークにつないでください。",
    ),
    (
        "Packet storm {span}: {device} and {who} repeated each other's mDNS messages, {rate} a second, because both are mDNS reflectors with all their interfaces in one LAN. If it returns: unplug one of them, or turn its reflector off. Then: leave one reflector, and one interface of it in each network.",
        "{span}パケットストームが発生しました。すべてのインターフェースが同じLANにつながった2台のmDNSリフレクター、{device}と{who}が、互いのmDNSメッセージを毎秒{rate}個繰り返していました。再発したときは、どちらか1台のケーブルを抜くか、リフレクター機能をオフにしてください。次に、リフレクターは1台だけにし、インターフェースをそれぞれ別のネットワークにつないでください。",
    ),
    (
        "Now: unplug {device}, or turn its mDNS reflector (repeater, gateway, Bonjour forwarding) off.",
        "まず、{device}のケーブルを抜くか、mDNSリフレクター（リピーター、ゲートウェイ、Bonjour転送）をオフにしてください。",
    ),
    (
        "If it returns: unplug {device}, or turn its mDNS reflector (repeater, gateway, Bonjour forwarding) off.",
        "再発したときは、{device}のケーブルを抜くか、mDNSリフレクター（リピーター、ゲートウェイ、Bonjour転送）をオフにしてください。",
    ),
    ("one of the two devices", "2台のうちの1台"),
    (
        "Then: leave one reflector between two networks, and connect each of its interfaces to another network. A device that is wired and on the Wi-Fi of the same network needs none.",
        "次に、リフレクターは2つのネットワークの間に1台だけとし、各インターフェースを別々のネットワークにつないでください。同じネットワークに有線とWi-Fiでつながる機器には必要ありません。",
    ),
    (
        "With avahi-daemon: set enable-reflector=no, or name the interfaces that are in different networks with allow-interfaces.",
        "avahi-daemonでは、enable-reflector=noとするか、別々のネットワークにあるインターフェースをallow-interfacesで指定してください。",
    ),
    (
        "Several MACs say again what another has just said, word for word",
        "複数のMACアドレスが、別の機器の直前のメッセージを一字一句繰り返しています",
    ),
    (
        "a host asks its own questions; ten that ask the same do so once each",
        "機器が送るのは自分の質問で、10台が同じ質問をしても1回ずつです",
    ),
    (
        "It goes on and on: what one repeats the other repeats again",
        "終わりがありません。一方が繰り返したものを、もう一方がまた繰り返します",
    ),
    ("{n} repeated messages a second", "繰り返されたメッセージが毎秒{n}個"),
    (
        "a reflector between two networks repeats a message once, in the other one",
        "2つのネットワークの間のリフレクターなら、もう一方のネットワークで1回繰り返すだけです",
    ),
    (
        "Packet storm {span}: broadcasts circle in your LAN, {rate} a second, on and off: a ring opens and closes by itself, as where a mesh device is connected by cable and by radio at once. Now: pull the network cable out of the mesh satellite (or Sonos loudspeaker). Then: leave it the cable or the radio link, not both. {who} is not at fault.",
        "{span}パケットストームが発生しています。ブロードキャストが、断続的に毎秒{rate}個LANを回っています。メッシュWi-Fiの機器が有線と無線の両方でつながったときのように、輪がひとりでに開閉しています。まず、メッシュWi-Fiの中継機（またはSonosのスピーカー）からネットワークケーブルを抜いてください。次に、有線か無線のどちらか一方だけにしてください。{who}は原因ではありません。",
    ),
    (
        "Packet storm {span}: broadcasts circle in your LAN, {rate} a second, on and off: a ring opens and closes by itself, as where a mesh device is connected by cable and by radio at once. Now: pull the network cable out of the mesh satellite (or Sonos loudspeaker). Then: leave it the cable or the radio link, not both. {who} are not at fault.",
        "{span}パケットストームが発生しています。ブロードキャストが、断続的に毎秒{rate}個LANを回っています。メッシュWi-Fiの機器が有線と無線の両方でつながったときのように、輪がひとりでに開閉しています。まず、メッシュWi-Fiの中継機（またはSonosのスピーカー）からネットワークケーブルを抜いてください。次に、有線か無線のどちらか一方だけにしてください。{who}は原因ではありません。",
    ),
    (
        "Packet storm {span}: broadcasts circled in your LAN, {rate} a second, on and off: a ring opens and closes by itself, as where a mesh device is connected by cable and by radio at once. If it returns: pull the network cable out of the mesh satellite (or Sonos loudspeaker). Then: leave it the cable or the radio link, not both. {who} is not at fault.",
        "{span}パケットストームが発生しました。ブロードキャストが、断続的に毎秒{rate}個LANを回っていました。メッシュWi-Fiの機器が有線と無線の両方でつながったときのように、輪がひとりでに開閉しています。再発したときは、メッシュWi-Fiの中継機（またはSonosのスピーカー）からネットワークケーブルを抜いてください。次に、有線か無線のどちらか一方だけにしてください。{who}は原因ではありません。",
    ),
    (
        "Packet storm {span}: broadcasts circled in your LAN, {rate} a second, on and off: a ring opens and closes by itself, as where a mesh device is connected by cable and by radio at once. If it returns: pull the network cable out of the mesh satellite (or Sonos loudspeaker). Then: leave it the cable or the radio link, not both. {who} are not at fault.",
        "{span}パケットストームが発生しました。ブロードキャストが、断続的に毎秒{rate}個LANを回っていました。メッシュWi-Fiの機器が有線と無線の両方でつながったときのように、輪がひとりでに開閉しています。再発したときは、メッシュWi-Fiの中継機（またはSonosのスピーカー）からネットワークケーブルを抜いてください。次に、有線か無線のどちらか一方だけにしてください。{who}は原因ではありません。",
    ),
    (
        "Now: pull the network cable out of the mesh satellites, repeaters and Sonos devices, one at a time, and watch whether the storm stops.",
        "まず、メッシュWi-Fiの中継機、リピーター、Sonosの機器から1台ずつネットワークケーブルを抜き、ストームが止まるか確認してください。",
    ),
    (
        "If it returns: pull the network cable out of the mesh satellites, repeaters and Sonos devices, one at a time, and watch whether the storm stops.",
        "再発したときは、メッシュWi-Fiの中継機、リピーター、Sonosの機器から1台ずつネットワークケーブルを抜き、ストームが止まるか確認してください。",
    ),
    (
        "Then: choose for each of them the cable or the radio link: turn its wireless backhaul (SonosNet, wireless uplink) off, or leave the cable out. Where the maker has a setting for a wired backhaul, turn that on first.",
        "次に、それぞれの機器で有線か無線のどちらかを選んでください。無線バックホール（SonosNet、無線アップリンク）をオフにするか、ケーブルを抜いたままにします。有線バックホールの設定がある機種では、先にそれをオンにしてください。",
    ),
    (
        "If there is no such device: look for a cable with a loose plug that connects two switches a second time.",
        "そのような機器がない場合は、2台のスイッチを二重につないでいる、差し込みのゆるいケーブルがないか調べてください。",
    ),
    ("What circles stops by itself, and begins anew", "回っていたものがひとりでに止まり、また始まっています"),
    ("{n} times within a minute, for {each}", "1分間に{n}回（{each}）"),
    (
        "a ring of cables stays closed until somebody pulls one",
        "ケーブルの輪は、誰かがケーブルを抜くまで閉じたままです",
    ),
    (
        "A person who pulls a cable and plugs it in again and again opens a ring as well.",
        "人がケーブルを何度も抜き差ししている場合も、輪は開閉します。",
    ),
    (
        "Flood {span}: {rate} pause frames a second come in at {port}, and the switch holds back everything that is for it. Now: pull the cable at {same}, and restart {device}. Then: update its network driver, and turn flow control (802.3x) off at that port.",
        "{span}異常な送信が続いています。{port}に毎秒{rate}個のポーズフレームが入り、スイッチがその先への送信をすべて止めています。まず、{same}のケーブルを抜き、{device}を再起動してください。次に、ネットワークドライバーを更新し、そのポートのフロー制御（802.3x）をオフにしてください。",
    ),
    (
        "Flood {span}: {rate} pause frames a second come in at {port}, and the switch held back everything that is for it. If it returns: pull the cable at {same}, and restart {device}. Then: update its network driver, and turn flow control (802.3x) off at that port.",
        "{span}異常な送信がありました。{port}に毎秒{rate}個のポーズフレームが入り、スイッチがその先への送信をすべて止めていました。再発したときは、{same}のケーブルを抜き、{device}を再起動してください。次に、ネットワークドライバーを更新し、そのポートのフロー制御（802.3x）をオフにしてください。",
    ),
    ("the device there", "そこにつながる機器"),
    (
        "Now: pull the cable at {port}, or switch off what is connected there. If it is asleep or hangs, restart it.",
        "まず、{port}のケーブルを抜くか、そこにつながる機器の電源を切ってください。スリープ中や応答がない場合は、再起動してください。",
    ),
    (
        "If it returns: pull the cable at {port}, or switch off what is connected there. If it is asleep or hangs, restart it.",
        "再発したときは、{port}のケーブルを抜くか、そこにつながる機器の電源を切ってください。スリープ中や応答がない場合は、再起動してください。",
    ),
    ("that port", "そのポート"),
    (
        "Then: update the driver and the firmware of its network card, and turn flow control (802.3x, pause) off there or at the switch's port.",
        "次に、ネットワークカードのドライバーとファームウェアを更新し、その機器かスイッチのポートでフロー制御（802.3x、ポーズ）をオフにしてください。",
    ),
    (
        "If a switch is connected there: look at its ports for the one at which pause frames come in; it only passes on that it is held up.",
        "そこにスイッチがつながっている場合は、そのスイッチのどのポートにポーズフレームが入っているかを調べてください。そのスイッチは、止められていることを伝えているだけです。",
    ),
    ("Pause frames come in at {port}, again and again", "{port}にポーズフレームが入り続けています"),
    ("{n} a second (dot3InPauseFrames)", "毎秒{n}個（dot3InPauseFrames）"),
    ("none, or a few when the device at its other end is busy", "なし。相手の機器が混み合ったときに数個"),
    ("Hardly anything goes out of {port}", "{port}からほとんど何も出ていません"),
    (
        "{n} octets a second; {m} packets a second are dropped",
        "毎秒{n}オクテット。毎秒{m}個のパケットが破棄されています",
    ),
    (
        "a device that is only busy still takes in what it can",
        "混み合っているだけの機器なら、受け取れる分は受け取ります",
    ),
];
