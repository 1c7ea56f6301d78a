//! What a check says, in full, and each problem by itself.

use super::*;
use crate::model::Time;
use crate::model::observation::{PortCounters, PortSample};
use crate::model::text::Language;
use crate::view::text::Style;
use std::sync::Arc;

fn port(index: u32, packets: u64, step: u64) -> PortSample {
    let wide = |value| Some(Counter::C64(value));
    let counters = PortCounters {
        in_octets: wide(packets * 100 + step),
        out_octets: wide(packets * 200 + step),
        in_unicast: wide(packets + step),
        out_unicast: wide(packets + step),
        in_multicast: wide(packets / 10 + step),
        out_multicast: wide(packets / 10),
        in_broadcast: wide(packets / 100),
        out_broadcast: wide(packets / 100),
        in_errors: Some(Counter::C32(0)),
        ..PortCounters::default()
    };
    let name: Arc<str> = format!("ge{index}").into();
    PortSample {
        if_index: index,
        name,
        speed_bps: 1_000_000_000,
        oper_up: index == 1,
        counters,
        ..PortSample::default()
    }
}

fn sample(step: u64) -> PollSample {
    PollSample {
        target: "hub".into(),
        at: Time::from_secs(1_700_000_000),
        took: Duration::from_millis(12),
        sys_uptime: Some(27_543_210),
        sys_name: "hub".to_owned(),
        sys_descr: "A switch\r\nwith 2 ports \u{1b}]0;owned\u{7}".to_owned(),
        ports: vec![port(1, 5000, step), port(2, 0, 0)],
        topology: None,
        problems: Vec::new(),
    }
}

fn numbering(way: Way, ports: usize, addresses: usize, confidence: f64) -> Numbering {
    Numbering { way, ports, addresses, confidence }
}

#[test]
fn the_numbering_of_bridge_ports_is_told_with_its_confidence() {
    use crate::model::MacAddr;
    use crate::model::topology::Resolved;
    let shown = |bridge: Bridge| {
        let mut check = healthy();
        check.facts.as_mut().expect("healthy").bridge = bridge;
        let text = text(&check, Style { width: 400, ..Style::PLAIN });
        let line = text.lines().find_map(|line| line.strip_prefix("  bridge    ")).expect("a line").to_owned();
        let ids = findings(&check, Language::English).iter().map(|finding| finding.id).collect::<Vec<_>>();
        (line, json(&check, Language::English)["device"]["bridge"].clone(), ids)
    };
    let found = |if_index, way, confidence| Resolved { if_index, way, confidence };
    let fdb = |ports: &[(u32, Resolved)], unresolved, untold| Fdb {
        entries: ports.iter().map(|(port, _)| (MacAddr([2, 0, 0, 0, 0, *port as u8]), *port)).collect(),
        ports: ports.iter().copied().collect(),
        unresolved,
        untold,
        ..Fdb::default()
    };
    // (rows of dot1dBasePortTable, forwarding database, in the text, way in JSON, findings)
    type Case<'a> = (usize, Option<Fdb>, &'a str, &'a str, &'a [&'a str]);
    let table: &[Case<'_>] = &[
        (
            28,
            Some(fdb(&[(1, found(1, Way::BasePortTable, 0.95)), (28, found(99, Way::SoleAggregate, 0.5))], 3, 0)),
            "2 of 5 addresses resolved to an interface: 1 by base_port_table (1 port, confidence 0.95), 1 by sole_aggregate \
             (1 port, confidence 0.5), 3 behind ports that belong to no interface; dot1dBasePortTable has 28 ports",
            "base_port_table",
            &[],
        ),
        (
            0,
            Some(fdb(
                &[(1, found(49_153, Way::Offset(49_152), 0.9)), (2, found(49_154, Way::Offset(49_152), 0.9))],
                0,
                0,
            )),
            "2 of 2 addresses resolved to an interface: 2 by offset(49152) (2 ports, confidence 0.9); no dot1dBasePortTable",
            "offset(49152)",
            &["no_base_ports"],
        ),
        (
            0,
            Some(fdb(&[(2, found(2, Way::IfIndex, 0.25))], 0, 0)),
            "1 of 1 addresses resolved to an interface: 1 by if_index (1 port, confidence 0.25); no dot1dBasePortTable",
            "if_index",
            &["guessed_ports"],
        ),
        (
            24,
            Some(fdb(&[], 0, 7)),
            "0 of 7 addresses resolved to an interface: numbering: none, 7 without a port; dot1dBasePortTable has 24 ports",
            "none",
            &[],
        ),
        (
            5,
            None,
            "no addresses behind its ports, nothing to number; dot1dBasePortTable has 5 ports",
            "none",
            &["no_addresses"],
        ),
    ];
    for (base, fdb, line, way, ids) in table {
        let (said, json, found) = shown(Bridge::new(*base, fdb.as_ref()));
        assert_eq!(said, *line);
        assert_eq!(json["way"], *way, "{json}");
        assert_eq!(found, *ids, "{line}");
    }
}

/// A device with nothing to mend.
fn healthy() -> Check {
    let table = |name, rows| TableFact { name, rows: Ok(rows) };
    Check {
        target: "hub".to_owned(),
        address: "192.168.1.2:161".to_owned(),
        version: "v2c",
        answers: [("v1", Answer::Silent), ("v2c", Answer::Reads(Duration::from_micros(1234))), ("v3", Answer::Speaks)],
        public: false,
        facts: Some(Facts {
            first: sample(0),
            second: sample(9),
            tables: vec![table("ifTable", 2), table("dot1dTpFdbTable", 1234)],
            refresh: Some(Refresh::Every(Duration::from_millis(2000))),
            bridge: Bridge {
                base_ports: 2,
                numbering: vec![numbering(Way::BasePortTable, 2, 1234, 0.95)],
                ..Bridge::default()
            },
            cost: Cost { round_trips: 4, poll: Duration::from_millis(12), largest: 8192 },
        }),
    }
}

#[test]
fn one_screen() {
    insta::assert_snapshot!(text(&healthy(), Style { width: 80, ..Style::PLAIN }), @"
    hub (192.168.1.2:161), asked in SNMPv2c
      answers   v1 no answer, v2c yes (1.2 ms), v3 yes (no user tried)
      device    hub: A switch with 2 ports �]0;owned�
      up for    3 d 04:30:32
      ports     2, 1 of them up
      rows      ifTable 2, dot1dTpFdbTable 1,234
      counters  in_octets     64 bit, on 2 ports: 1 moved, 1 always zero
                out_octets    64 bit, on 2 ports: 1 moved, 1 always zero
                in_unicast    64 bit, on 2 ports: 1 moved, 1 always zero
                out_unicast   64 bit, on 2 ports: 1 moved, 1 always zero
                in_multicast  64 bit, on 2 ports: 1 moved, 1 always zero
                out_multicast 64 bit, on 2 ports: 0 moved, 1 always zero
                in_broadcast  64 bit, on 2 ports: 0 moved, 1 always zero
                out_broadcast 64 bit, on 2 ports: 0 moved, 1 always zero
                in_errors     32 bit, on 2 ports: 0 moved, 2 always zero
      refresh   about every 2.0 s
      bridge    1,234 of 1,234 addresses resolved to an interface: 1,234 by
                base_port_table (2 ports, confidence 0.95); dot1dBasePortTable has 2
                ports
      cost      4 round trips and 12.0 ms a poll, largest answer 8,192 bytes

    Nothing to mend.
    ");
}

#[test]
fn one_screen_in_japanese() {
    insta::assert_snapshot!(text(&ill(), Style { width: 80, language: Language::Japanese, ..Style::PLAIN }), @"
    hub（192.168.1.2:161）、SNMPv2cで問い合わせ
      応答       v1 なし、v2c あり（1.2ミリ秒）、v3 あり（ユーザーは未確認）
      機器       hub: A switch with 2 ports �]0;owned�
      稼働時間   3日 04:30:32
      ポート     2個（うちリンクアップ 1個）
      行数       ifTable 2、dot1dTpFdbTable 読み取り不可
      カウンター in_octets     64ビット、2ポート: 変化 1、常にゼロ 1
                 out_octets    64ビット、2ポート: 変化 1、常にゼロ 1
                 in_unicast    64ビット、2ポート: 変化 1、常にゼロ 1
                 out_unicast   64ビット、2ポート: 変化 1、常にゼロ 1
                 in_multicast  64ビット、2ポート: 変化 1、常にゼロ 1
                 out_multicast 64ビット、2ポート: 変化 0、常にゼロ 1
                 in_broadcast  64ビット、2ポート: 変化 0、常にゼロ 1
                 out_broadcast 64ビット、2ポート: 変化 0、常にゼロ 1
                 in_errors     32ビット、2ポート: 変化 0、常にゼロ 2
      更新間隔   約15.0秒ごと
      ブリッジ   アドレス1,234個のうち1,234個のインターフェースを特定:
                 base_port_table 1,234個（2ポート、確信度 0.95）。dot1dBasePortTable
                 のポート 2個
      負荷       ポーリング1回につき往復4回、12.0ミリ秒。最大の応答 8,192バイト

    直すべき点
      1. コミュニティ名`public`にも応答するため、SNMPv3を使う意味がありません。機器
         でSNMPv1とSNMPv2cを無効にするか、推測されにくいコミュニティ名に変えてくださ
         い。
      2. カウンターの更新が約15秒ごとです。速度を求めるには更新が2回必要です。このター
         ゲットに`interval: 15s`を設定してください。より早くストームに気づく必要があ
         る場所では、キャプチャも使ってください。
      3. dot1dTpFdbTableを読み取れませんでした: 65536行を超えました。この文の説明を
         参照してください。機器の残りの情報は読み取れています。
      4. 2個のインターフェースの名前が他と重複しているため、ifIndexを付けて区別しま
         す。機器のファームウェアを更新してください。更新しなくても監視は続けられま
         す。
    ");
}

/// One with several things to mend.
fn ill() -> Check {
    let mut check = healthy();
    check.public = true;
    let facts = facts(&mut check);
    facts.refresh = Some(Refresh::Every(Duration::from_secs(15)));
    facts.tables[1].rows = Err("more than 65536 rows".to_owned());
    facts
        .second
        .problems
        .push("2 interfaces share a name with another; they are known by their ifIndex too".to_owned());
    check
}

#[test]
fn each_text_has_the_same_places_in_both_languages() {
    for text in words::ALL {
        assert_eq!(text.places(Language::English), text.places(Language::Japanese), "{}", text.en);
        let same = ["{problem}", ", "].contains(&text.en);
        assert!(same || !text.ja.is_ascii(), "{}", text.en);
    }
}

#[test]
fn every_problem_is_said_in_japanese() {
    let mut check = ill();
    check.version = "v1";
    every_port(&mut check, |c| {
        (c.in_octets, c.in_multicast, c.out_multicast) = (Some(Counter::C32(7)), None, Some(Counter::C64(0)));
    });
    facts(&mut check).bridge = Bridge::default();
    facts(&mut check).cost.poll = Duration::from_secs(7);
    for finding in findings(&check, Language::Japanese) {
        let said = format!("{}。{}", finding.what, finding.next);
        let words =
            said.split(|c: char| !c.is_ascii_alphabetic() && c != ' ').map(|run| run.split_whitespace().count());
        assert!(!said.contains('?') && words.max() < Some(4), "{}: {said}", finding.id);
    }
}

#[test]
fn a_silent_device_says_why() {
    let sentence = "no answer to 3 SNMPv2c requests. Check the community first";
    let check = Check {
        answers: [
            ("v1", Answer::Silent),
            ("v2c", Answer::Fails("timeout", sentence.to_owned())),
            ("v3", Answer::Silent),
        ],
        facts: None,
        ..healthy()
    };
    assert!(findings(&check, Language::English).is_empty());
    insta::assert_snapshot!(text(&check, Style { width: 80, ..Style::PLAIN }), @"
    hub (192.168.1.2:161), asked in SNMPv2c
      answers   v1 no answer, v2c no (timeout), v3 no answer
                no answer to 3 SNMPv2c requests. Check the community first
    ");
}

/// Exactly this is to be mended after the change.
fn mends(change: impl FnOnce(&mut Check), expected: &[&str]) {
    let mut check = healthy();
    change(&mut check);
    let found = findings(&check, Language::English);
    assert_eq!(found.iter().map(|finding| finding.id).collect::<Vec<_>>(), expected);
    for finding in &found {
        assert!(!finding.what.is_empty() && finding.next.len() > 20, "{finding:?}");
        assert!(text(&check, Style::PLAIN).contains("To mend"));
    }
    assert_eq!(json(&check, Language::English)["findings"].as_array().map(Vec::len), Some(expected.len()));
}

fn facts(check: &mut Check) -> &mut Facts {
    check.facts.as_mut().expect("a healthy device has facts")
}

fn every_port(check: &mut Check, change: impl Fn(&mut PortCounters)) {
    let facts = facts(check);
    facts.first.ports.iter_mut().chain(&mut facts.second.ports).for_each(|port| change(&mut port.counters));
}

#[test]
fn every_problem_has_a_next_step() {
    mends(|_| {}, &[]);
    mends(|check| check.public = true, &["public"]);
    mends(|check| check.version = "v1", &["old_version"]);
    let none = |check: &mut Check| {
        facts(check).first.ports.clear();
        facts(check).second.ports.clear();
    };
    mends(none, &["no_ports"]);
    mends(|check| every_port(check, |c| (c.in_multicast, c.out_multicast) = (None, None)), &["no_multicast"]);
    mends(|check| every_port(check, |c| c.in_multicast = Some(Counter::C64(0))), &["zero_multicast"]);
    mends(|check| every_port(check, |c| c.in_octets = Some(Counter::C32(7))), &["narrow_counters"]);
    mends(|check| facts(check).refresh = Some(Refresh::Every(Duration::from_secs(15))), &["slow_refresh"]);
    mends(|check| facts(check).refresh = Some(Refresh::Unseen(Duration::from_secs(10))), &["no_refresh"]);
    mends(|check| facts(check).refresh = Some(Refresh::Within(Duration::from_millis(250))), &[]);
    mends(|check| facts(check).bridge = Bridge::default(), &["no_addresses"]);
    mends(|check| facts(check).bridge.base_ports = 0, &["no_base_ports"]);
    mends(|check| facts(check).cost.poll = Duration::from_secs(7), &["slow"]);
    mends(|check| facts(check).tables[0].rows = Err("more than 65536 rows".to_owned()), &["table"]);
    mends(|check| facts(check).second.problems.push("two names".to_owned()), &["odd"]);
    // A network without traffic has nothing but zeros, and nothing to mend.
    let quiet = |check: &mut Check| {
        every_port(check, |c| {
            for kind in CounterKind::ALL {
                *c.get_mut(kind) = c.get(kind).map(|_| Counter::C64(0));
            }
        });
    };
    mends(quiet, &[]);
}

#[test]
fn counters_are_compared_port_by_port() {
    let (mut first, second) = (sample(0), sample(9));
    // The first reading had the ports in another order, and a port that has gone since.
    first.ports.reverse();
    first.ports.push(port(9, 1, 0));
    let facts = counters(&first, &second);
    let octets = facts.iter().find(|fact| fact.kind == CounterKind::InOctets).copied();
    let expected = CounterFact { kind: CounterKind::InOctets, ports: 2, wide: 2, moved: 1, zero: 1 };
    assert_eq!(octets, Some(expected));
    assert!(facts.iter().all(|fact| fact.kind != CounterKind::OutDiscards), "no port has it");
}
