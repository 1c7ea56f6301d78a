//! The fixed words of the live page in both languages. What verdicts and feeds say comes from elsewhere.

use crate::model::text::Text;

words! {
    QUIET: "All quiet", "異常なし";
    BLIND: "Blind", "監視できていません";
    OVER: "Over, not verified", "終息（未確認）";
    WARNING: "Warning", "警告";
    STORM: "Storm", "ストーム発生中";
    LOST: "No connection to stormglass: what follows is the last that was seen", "stormglassに接続できません。以下は最後に受信した内容です";
    WATCHED_BOTH: "All quiet. Watched: frames on {capture}, counters of {counters}.", "異常はありません。監視対象：{capture} のフレーム、{counters} のカウンター。";
    WATCHED_FRAMES: "All quiet. Watched: frames on {capture}.", "異常はありません。監視対象：{capture} のフレーム。";
    WATCHED_COUNTERS: "Nothing stands out in the counters of {counters}. Frames are not captured, so that a storm and its port would be seen, but hardly its cause; see below what to do.", "{counters} のカウンターに異常は見られません。フレームをキャプチャしていないため、ストームの発生とポートはわかりますが、原因はほとんど判断できません。対処は下をご覧ください。";
    NOTHING_WATCHED: "Blind: nothing is watched. Frames can't be captured and no counters can be read; see the feeds below for what to do.", "何も監視できていません。フレームをキャプチャできず、カウンターも読み取れません。対処は下の監視状況をご覧ください。";
    AND_MORE: "{names} and {n} more", "{names} ほか{n}";
    SINCE: "since {time} ({age})", "{time}から（{age}）";
    AS_OF: "as of {time}", "{time}現在";
    MOMENT: "{time} ({age})", "{time}（{age}）";
    NAV_PORTS: "Open ports", "開いているポート";
    NAV_HISTORY: "History", "履歴";
    SKIP: "To the content", "本文へ移動";
    SECTIONS: "Sections", "目次";
    PICK_LANGUAGE: "Language", "言語";
    FOR_PROGRAMS: "For programs:", "プログラム用：";
    AGO_NOW: "just now", "たった今";
    AGO_SECONDS: "{n} s ago", "{n}秒前";
    AGO_MINUTES: "{n} min ago", "{n}分前";
    AGO_HOURS: "{n} h ago", "{n}時間前";
    AGO_DAYS: "{n} days ago", "{n}日前";
    NEVER: "never", "なし";

    CHECK_TITLE: "It is over. Will it come back?", "終息しました。再発しないか確認しましょう";
    CHECK_TEXT: "What set it off usually comes again within a day, and until somebody has checked, stormglass sends no searches. Put the remedy below in order first; then check: one search (TTL 1) is sent, and its copies are watched for. If the network is still wired wrongly, the storm can come back: then pull the cable named below.", "きっかけとなったパケットは、たいてい1日以内にまた流れます。確認が済むまで、stormglassは探索を送信しません。まず下の対処を済ませてから確認してください。探索（TTL 1）を1回送信し、複製が現れないかを見張ります。配線の誤りが残っていると、ストームが再発することがあります。そのときは、下に示すケーブルを抜いてください。";
    CHECK_BUTTON: "Check again", "再確認する";
    CHECK_RUNNING: "Checking: a search is sent, and what comes back is watched for. This takes up to a minute.", "確認しています。探索を送信し、戻ってくるパケットを見張っています（最大1分ほどかかります）。";
    CHECK_CLEAN: "Checked at {time}: a search was sent, and nothing came back.", "{time}に確認しました。探索を送信しましたが、複製は現れませんでした。";
    CHECK_BACK: "Checked at {time}: it came back.", "{time}に確認したところ、再発しました。";
    CHECK_BLIND: "Tried at {time}, but it could not be checked: frames must be captured, and a UPnP search must be possible; see what is watched, below.", "{time}に試みましたが、確認できませんでした。フレームのキャプチャとUPnP探索の両方が必要です。下の監視状況をご覧ください。";

    TODO: "What to do", "対処方法";
    PATH: "The path of the frames", "フレームの経路";
    FACTS: "Facts", "概要";
    WHY: "Why: what can be checked", "根拠（確認できる事実）";
    ELSE: "What else it could be", "ほかに考えられる原因";
    LACKS: "What is not known", "わかっていないこと";
    CAUSE: "Cause", "原因";
    SURE: "Sure", "確度";
    PHASE: "Phase", "状態";
    PHASE_ACTIVE: "going on", "継続中";
    PHASE_CLEARING: "clearing", "収束中";
    PHASE_OVER: "over, not verified", "終息（未確認）";
    PHASE_VERIFIED: "over, checked", "終息（確認済み）";
    FRAMES: "Frames of it", "該当フレーム数";
    NOW: "Now", "現在";
    PEAK: "Busiest second", "最も多い1秒";
    A_SECOND: "{n} a second", "毎秒{n}個";
    BEGAN: "Began", "開始";
    ENDED: "Ended", "終了";
    SEGMENT: "Segment", "セグメント";
    RECORDING: "Recording of the onset (pcapng)", "発生時の記録（pcapng）";
    CLAIM: "What it shows", "わかること";
    SEEN: "Seen", "観測";
    EXPECTED: "Expected", "正常な場合";
    LOOK: "In Wireshark", "Wiresharkで確認";
    FRAME_NUMBERS: "frames {first} to {last}", "フレーム {first}～{last}";

    TRAFFIC: "Traffic to all", "全体への通信";
    TRAFFIC_NOTE: "Frames to groups and to all, each second of the last five minutes.", "グループ宛てと全体宛てのフレーム数（毎秒、直近5分間）。";
    CURVE: "{interface}: {now} a second now, {peak} at most", "{interface}：現在毎秒{now}個、最大{peak}個";
    GROUPS: "Who sends to which group", "どのグループに誰が送信しているか";
    PROTOCOL: "Protocol", "プロトコル";
    GROUP: "Groups", "グループ";
    SENDERS: "Senders, loudest first", "送信元（多い順）";
    RATE: "Frames/s", "毎秒";
    BROADCAST: "to all, without IP", "全体宛て、IPなし";
    NOBODY_SENDS: "Nothing was heard in the last ten seconds.", "直近10秒間に受信したフレームはありません。";
    SENDER: "{who} ({n})", "{who}（{n}）";

    LAN: "Switches and ports", "スイッチとポート";
    NO_SWITCH: "No switch is polled. With the SNMP address of a switch in the configuration, each storm gets its port.", "SNMPで監視しているスイッチはありません。スイッチのアドレスを設定すると、ストームの発生ポートもわかります。";
    PORT: "Port", "ポート";
    LEADS_TO: "Leads to", "接続先";
    IN: "In/s", "受信/秒";
    OUT: "Out/s", "送信/秒";
    TREND: "Last readings", "推移";
    UPLINK: "uplink", "アップリンク";
    UPLINK_TO: "uplink to {name}", "{name}へのアップリンク";
    PORT_DOWN: "down", "リンクなし";
    MORE_PORTS: "All ports", "すべてのポート";
    TREND_KEY: "Area: in. Line: out. Each port has its own scale.", "面は受信、線は送信です。縦軸の尺度はポートごとに異なります。";

    HOSTS: "Hosts", "機器";
    NO_HOST: "Nobody was heard of yet.", "まだ機器は見つかっていません。";
    NAME: "Name", "名前";
    ADDRESS: "Address", "アドレス";
    MAC: "MAC address", "MACアドレス";
    MAKER: "Maker", "メーカー";
    MODEL: "Model", "機種";
    WHERE: "Switch port", "スイッチのポート";
    HEARD: "Heard", "最終受信";
    BY_TABLE: "by a switch's table", "スイッチの表による";
    PRIVATE: "private or random", "ローカル管理またはランダム";
    ALL_OF: "All {n}", "全{n}件";
    SHOWN_OF: "{n} of {all}", "{all}件中{n}件";

    TARGETS: "SNMP targets", "SNMPの監視対象";
    TARGET: "Target", "対象";
    STATE: "State", "状態";
    ANSWERED: "Answered", "最終応答";
    ABOUT: "About", "内容";
    ANSWERS: "answers", "応答あり";
    STALE: "answers, counters not renewed yet", "応答あり（カウンター未更新）";
    SILENT: "no answer", "応答なし";
    PORTS: "{name}, {n} ports", "{name}、{n}ポート";

    FEEDS: "What is watched", "監視状況";
    NOT_YET: "Nothing yet.", "まだ何もありません。";
    MORE_WORK: "and {n} more that work", "ほか{n}件は動作しています";
    MORE_FAIL: "and {n} more that do not work", "ほか{n}件は動作していません";
    WORKS: "works", "動作中";
    FAILS: "does not work", "動作していません";

    HISTORY: "Storms and warnings so far", "これまでのストームと警告";
    NO_HISTORY: "None is remembered.", "記録はありません。";
    WHEN: "When", "日時";
    WHAT: "What", "内容";
    DETAILS: "Evidence", "根拠を見る";
    MAPPINGS_LEFT: "{n} more mappings are in /api/v1/port-mappings.", "ほか{n}件のマッピングは /api/v1/port-mappings にあります。";
    BACK: "Back to the overview", "概要に戻る";
    PAGE: "Page {n} of {all}", "{all}ページ中{n}ページ目";
    PREVIOUS: "Previous", "前へ";
    NEXT: "Next", "次へ";
    GONE: "This storm is not remembered any more.", "このストームの記録はもうありません。";
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
