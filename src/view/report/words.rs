//! The fixed words of a report in both languages. Everything else comes from verdicts and captures.

use crate::model::frames::Protocol;
use crate::model::text::Text;

words! {
    TITLE: "Network report", "ネットワーク診断レポート";
    STORM: "Packet storm", "パケットストーム";
    WARNING: "Warning", "警告";
    QUIET: "Nothing found", "異常なし";
    NOTHING: "No packet storm and no sign of one in {frames} frames.", "{frames}個のフレームを調べましたが、パケットストームもその兆候も見つかりませんでした。";
    CAPTURED: "Captured", "キャプチャ期間";
    FRAMES: "Frames", "フレーム数";
    FILES: "Files", "ファイル";
    WHAT_TO_DO: "What to do", "対処方法";
    PATH: "The path of the frames", "フレームの経路";
    WHEN: "When it happened", "いつ起きたか";
    TRAFFIC: "Traffic to all, over time", "全体への通信量の推移";
    LADDER: "One datagram, copy by copy", "1つのデータグラムの複製の様子";
    WHY: "Why: what can be checked", "根拠（確認できる事実）";
    ELSE: "What else it could be", "ほかに考えられる原因";
    COULD_BE: "What it could be", "考えられる原因";
    UNKNOWN: "What is not known", "わかっていないこと";
    GROUPS: "Who sends to which group", "どのグループに誰が送信しているか";
    SOURCES: "Who sends most", "送信の多い機器";
    SEEN: "What was seen, and what could not be seen", "調べた範囲と、調べられなかったこと";
    WORDS: "Words", "用語";
    CAUSE: "Cause", "原因";
    SURE: "Sure", "確度";
    AMOUNT: "Frames of it", "該当フレーム数";
    PEAK: "Busiest second", "最も多い1秒";
    BEGAN: "Began", "開始";
    ENDED: "Ended", "終了";
    NOT_ENDED: "not before the end of the capture", "キャプチャの終わりまで継続";
    SEGMENT: "Segment", "セグメント";
    PROTOCOL: "Protocol", "プロトコル";
    OBSERVED: "Seen", "観測";
    EXPECTED: "Expected", "正常な場合";
    CHECK: "In Wireshark", "Wiresharkで確認";
    NUMBERS: "frames {first} to {last}", "フレーム {first}～{last}";
    NUMBER: "frame {first}", "フレーム {first}";
    COLUMN_FRAME: "Frame", "フレーム";
    COLUMN_TIME: "Time", "経過時間";
    COLUMN_TTL: "TTL", "TTL";
    COLUMN_SENDER: "Sent by", "送信元";
    COLUMN_GROUP: "Group", "グループ";
    COLUMN_SENDERS: "Senders, most frames first", "送信元（フレームの多い順）";
    COLUMN_REPEATS: "Repeats", "繰り返し";
    COLUMN_MAC: "MAC address", "MACアドレス";
    COLUMN_MAKER: "Maker", "メーカー";
    COLUMN_ADDRESS: "Addresses used", "使用したアドレス";
    COLUMN_MOSTLY: "Mostly", "主な内容";
    COLUMN_SHARE: "Share", "割合";
    ROLE_ORIGINAL: "original", "元のフレーム";
    ROLE_COPY: "copy", "複製";
    ROLE_FIRST: "first seen", "最初の観測";
    ORIGIN: "origin, not at fault", "本来の送信元（原因ではない）";
    FORWARDER: "sends it back", "送り返している機器";
    CULPRIT: "sends too much", "送信しすぎている機器";
    SOMEBODY: "not certain who", "送信元は未確定";
    RING: "a ring of cables", "ケーブルの輪";
    RING_WHAT: "copies every frame", "フレームが回り続ける";
    LAN: "your LAN", "LAN";
    EVERYBODY: "reaches everybody in", "全機器に届く";
    A_SECOND: "{n} a second", "毎秒{n}個";
    AGAIN: "and again", "繰り返し";
    DEVICE: "device", "機器";
    OTHERS: "and {n} more", "ほか{n}台";
    MORE_SENDERS: "and {n} more", "ほか{n}件";
    BROADCAST: "(to all, without IP)", "（全体宛て、IPなし）";
    NO_MAKER: "private or random", "ローカル管理またはランダム";
    OTHER_PROTOCOLS: "others", "その他";
    STORM_SHADE: "the storm", "ストーム";
    CHART: "Frames per second to groups and to all, by protocol, from {from} to {to}; {peak} a second at most.", "グループ宛てと全体宛てのフレーム数（毎秒）、プロトコル別。{from}から{to}まで。最大毎秒{peak}個。";
    CHART_SHADE: "The shaded time is that of the storm.", "色を付けた時間帯がストームです。";
    LADDER_TEXT: "The first {shown} of {copies} sights of one {protocol} datagram from {ip} to {group}{id}.", "{ip}から{group}への1つの{protocol}データグラム{id}の、{copies}回の観測のうち最初の{shown}回。";
    FALLS: "The TTL falls with each copy, as a router lowers it: the message dies out by itself.", "複製のたびにルーターがTTLを減らしており、メッセージはいずれ消えます。";
    STAYS: "The TTL stays the same from copy to copy: nothing ends this message.", "TTLは複製しても変わりません。メッセージは自然には消えません。";
    PATH_TEXT: "From where the frames come, who sends them on, and where they go.", "フレームの本来の送信元、転送している機器、届く先を示します。";
    SAW: "{frames} frames of {files} over {span} s; of those {group} went to groups or to all, and were judged.", "{files}の{span}秒間、{frames}個のフレーム。うち、グループ宛て・全体宛ての{group}個を判断の対象としました。";
    SAW_ALL_READ: "Every frame could be read.", "すべてのフレームを読み取れました。";
    SAW_UNREAD: "{n} frames could not be read.", "{n}個のフレームは読み取れませんでした。";
    SAW_DROPPED: "The capturing computer lost {n} frames before they came into the file: the verdict was made on a sample.", "キャプチャしたコンピューターで{n}個のフレームが失われています。残りのフレームから判断しました。";
    SAW_CUT: "{n} frames are in the file only with their beginning (snapshot length); that suffices for what is judged here.", "{n}個のフレームは先頭部分だけが保存されています（スナップ長）。この診断には十分です。";
    LIMIT_SNOOPING: "A switch with IGMP snooping keeps groups away from a port on which nobody has joined them: what is absent here need not be absent in the network.", "IGMPスヌーピングを行うスイッチは、参加者のいないポートにはそのグループのフレームを送りません。ここに見えないものが、ネットワークに存在しないとは限りません。";
    LIMIT_PORT: "A capture does not show switch ports: which cable leads to the device is found by its MAC address in the switch's address table.", "キャプチャからはスイッチのポートはわかりません。該当機器のケーブルは、スイッチのアドレステーブルでMACアドレスを調べると特定できます。";
    LIMIT_PLACE: "It was seen from one place. What happened behind other routers was not seen.", "1か所で観測した結果です。ほかのルーターの先で起きたことはわかりません。";
    PROBLEM: "Note", "注意";
    WORD_TTL: "TTL: how many routers a message may still pass; each lowers it by one. A copy with a lower TTL has passed a router.", "TTL：メッセージが通過できるルーターの残り台数です。ルーターを通るたびに1減るため、TTLの小さい複製はルーターを通ってきたものです。";
    WORD_GROUP: "Group: a multicast address; what is sent to it reaches every device that wants it, and on most home switches every device.", "グループ：マルチキャストアドレスのことです。希望する全機器に届き、家庭用スイッチの多くでは全機器に届きます。";
    WORD_REPLICA: "Copy: the same datagram seen again, but for TTL and header checksum. Healthy networks show at most 4 in a second.", "複製：TTLとヘッダーのチェックサム以外が同一の、再び観測されたデータグラムです。正常なネットワークでは1秒間に最大4個です。";
    WORD_PROXY: "IGMP proxy: lets multicast (IPTV) pass from a router's one side to the other. Where both sides are in one LAN, it sends the LAN's messages back into it.", "IGMPプロキシ：マルチキャスト（IPTVなど）をルーターの一方から他方へ通す機能です。両側が同じLANにつながっていると、LANのメッセージを同じLANへ送り返します。";
    FOOTER: "Made by stormglass {version} on the computer of whoever sent it to you. This page loads nothing and sends nothing.", "stormglass {version}で作成しました。このページは外部から何も読み込まず、何も送信しません。";
    TIMES: "Times are {offset}.", "時刻は{offset}です。";
    REDACTED: "Addresses and names were replaced; the makers' half of MAC addresses is real.", "アドレスと名前は置き換えてあります。MACアドレスの前半（メーカー部分）は実際の値です。";
}

/// What a person calls a protocol; the same in both languages.
pub(super) const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Ssdp => "SSDP",
        Protocol::Mdns => "mDNS",
        Protocol::Llmnr => "LLMNR",
        Protocol::WsDiscovery => "WS-Discovery",
        Protocol::Netbios => "NetBIOS",
        Protocol::Dhcp => "DHCP",
        Protocol::Arp => "ARP",
        Protocol::Igmp => "IGMP",
        Protocol::Mld => "MLD",
        Protocol::Nd => "ND (IPv6)",
        Protocol::Pppoe => "PPPoE",
        Protocol::Stp => "STP",
        Protocol::Pause => "PAUSE",
        Protocol::OtherUdp => "UDP",
        Protocol::OtherIp => "IP",
        Protocol::Other => "Ethernet",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::Language;

    #[test]
    fn both_languages_say_the_same_things() {
        for text in ALL {
            assert_eq!(text.places(Language::English), text.places(Language::Japanese), "{}", text.en);
            assert!(!text.ja.is_empty() && !text.en.is_empty());
        }
    }
}
