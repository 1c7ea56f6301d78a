//! Every message as a person or a receiver gets it, also from devices with hostile names.

use super::*;
use crate::engine::teller::Told;
use crate::model::verdict::{Phase, Verdict};
use crate::view::text::tests::example;
use std::sync::Arc;

const HOSTILE: &str =
    "Echo\r\nBcc: x@evil.example\n\u{202e}@everyone <@1> [x](http://evil.example) **b** `c` |d| # \"</script>";

pub(crate) fn manner(language: Language) -> Manner {
    Manner { language, utc_offset_seconds: 0, external_url: Some("http://pi.home.arpa:10116".to_owned()) }
}

fn of(verdict: Verdict, moment: Moment) -> Notice {
    let at = verdict.ended.unwrap_or(verdict.detected);
    let told = Told { topic: Topic::Storm, moment, key: "eth0/1".into(), verdict: Some(Arc::new(verdict)) };
    notice(&told, at)
}

fn over() -> Verdict {
    let sentence =
        "Packet storm from 22:13 to 22:20: a router (192.168.1.100, MAC 3c:84:6a:10:00:c8) sent the Echo's searches \
                    back into your LAN, about 1,800 a second."
            .to_owned();
    Verdict { phase: Phase::Over, ended: Some(Time::from_secs(1_700_000_400)), sentence, ..example() }
}

pub(crate) fn delivery(begun: Option<Notice>, over: Option<Notice>, left_out: u64) -> Delivery {
    Delivery { id: 1, channel: "hook".into(), begun, over, left_out }
}

fn told(delivery: &Delivery, now: i64, language: Language) -> Message {
    message(delivery, Time::from_secs(now), &manner(language)).expect("a message")
}

fn begun() -> Message {
    told(&delivery(Some(of(example(), Moment::Begun)), None, 0), 1_700_000_002, Language::English)
}

fn hostile() -> Message {
    let mut verdict = example();
    if let Some(culprit) = &mut verdict.culprit {
        culprit.name = Some(HOSTILE.into());
        culprit.port = Some(HOSTILE.into());
    }
    verdict.sentence = format!("Packet storm: {HOSTILE} sends.");
    told(&delivery(Some(of(verdict, Moment::Begun)), None, 0), 1_700_000_002, Language::English)
}

#[test]
fn every_text_has_the_same_places_in_both_languages() {
    let titles = [&STORM, &BLIND].into_iter().flat_map(|t| [t.begun, t.changed, t.returned, t.over, t.past]);
    for text in titles.chain([WARNING, PORT, TEST]).chain(ALL.iter().chain(notices::ALL).copied()) {
        assert_eq!(text.places(Language::English), text.places(Language::Japanese), "{text:?}");
    }
}

#[test]
fn a_storm_as_plain_text() {
    let message = begun();
    insta::assert_snapshot!(format!("{}\n\n{}", message.title, message.plain()), @r"
    Packet storm: 192.168.1.100, 3c:84:6a:10:00:c8

    Packet storm since 22:13: a router (192.168.1.100, MAC 3c:84:6a:10:00:c8) sends the Echo's searches back into your LAN, about 1,800 a second.

    What to do
    1. Now: pull the WAN cable.
    2. Then: turn IGMP proxy off.

    http://pi.home.arpa:10116/
    ");
}

#[test]
fn what_is_told_late_is_told_in_the_past_tense() {
    let both = delivery(Some(of(example(), Moment::Begun)), Some(of(over(), Moment::Over)), 3);
    let english = told(&both, 1_700_003_600, Language::English);
    insta::assert_snapshot!(format!("{}\n\n{}", english.title, english.plain()), @r"
    There was a packet storm: 192.168.1.100, 3c:84:6a:10:00:c8

    Packet storm from 22:13 to 22:20: a router (192.168.1.100, MAC 3c:84:6a:10:00:c8) sent the Echo's searches back into your LAN, about 1,800 a second.

    What to do
    1. Now: pull the WAN cable.
    2. Then: turn IGMP proxy off.

    Written at 22:20; it could not be delivered earlier.

    3 more messages were left out; the page has them all.

    http://pi.home.arpa:10116/storms/eth0-l3_reflector-3c846a1000c8/1700000000000000000
    ");
    let japanese = told(&both, 1_700_003_600, Language::Japanese);
    assert_eq!(japanese.title, "パケットストームがありました: 192.168.1.100, 3c:84:6a:10:00:c8");
    assert!(japanese.notes[0].starts_with("22:20に作成しました"), "{:?}", japanese.notes);
    let alone = delivery(None, Some(of(over(), Moment::Over)), 0);
    assert!(told(&alone, 1_700_000_402, Language::English).title.starts_with("The packet storm is over: "));
}

#[test]
fn the_body_of_a_webhook() {
    insta::assert_snapshot!(format!("{:#}", webhook::body(&begun())));
    insta::assert_snapshot!(format!("{:#}", ntfy::body(&begun(), "my-topic")));
    insta::assert_snapshot!(format!("{:#}", discord::body(&begun())));
}

#[test]
fn a_hostile_name_is_a_name() {
    let message = hostile();
    assert!(!message.plain().contains('\r') && !message.plain().contains('\u{202e}'), "{message:?}");
    assert!(!message.title.contains('\n'), "{message:?}");
    let discord = discord::body(&message);
    let embed = &discord["embeds"][0];
    for text in [&embed["title"], &embed["description"], &embed["fields"][2]["value"]] {
        let text = text.as_str().expect("text");
        for bare in [" @everyone", "<@1", "**", " `c", "](http://", " [x"] {
            assert!(!text.contains(bare), "{bare}: {text}");
        }
    }
    assert_eq!(discord["allowed_mentions"]["parse"], serde_json::json!([]));
    let envelope = email::Envelope { from: "pi@example.org".into(), to: vec!["me@example.org".into()], id: "7".into() };
    let mail = email::mail(&message, &envelope, Time::from_secs(1_700_000_002), 0);
    let (head, body) = mail.split_once("\r\n\r\n").expect("head and body");
    assert!(!head.contains("Bcc") && head.lines().all(|line| line.len() <= 78), "{head}");
    assert!(body.lines().all(|line| line.len() <= 76 && !line.starts_with('.')), "{body}");
    // Bytes that are not ASCII or that a mail server would take for something else are in neither.
    assert!(mail.bytes().all(|byte| byte == b'\r' || byte == b'\n' || (0x20..0x7f).contains(&byte)));
}

#[test]
fn limits_hold_whatever_is_said() {
    let mut verdict = example();
    verdict.sentence = "嵐*".repeat(5_000);
    verdict.remedy = vec!["_步_".repeat(5_000); 40];
    verdict.segment = "x".repeat(10_000).into();
    let notice = of(verdict, Moment::Begun);
    assert!(notice.weight() < 16 << 10, "{}", notice.weight());
    let message = told(&delivery(Some(notice), None, u64::MAX), 1_800_000_000, Language::Japanese);
    let discord = discord::body(&message);
    let embed = &discord["embeds"][0];
    let mut total = 0;
    for (text, most) in [(&embed["title"], 256), (&embed["description"], 4096)] {
        let letters = text.as_str().expect("text").chars().count();
        assert!(letters <= most, "{letters}");
        total += letters;
    }
    for field in embed["fields"].as_array().expect("fields") {
        let (name, value) = (field["name"].as_str().expect("text"), field["value"].as_str().expect("text"));
        assert!(name.chars().count() <= 256 && value.chars().count() <= 1024);
        total += name.chars().count() + value.chars().count();
    }
    assert!(total <= 6_000, "{total}");
    let ntfy = ntfy::body(&message, "t");
    assert!(ntfy["message"].as_str().expect("text").len() <= 4_096);
}

#[test]
fn a_mail() {
    let envelope = email::Envelope {
        from: "pi@example.org".into(),
        to: vec!["me@example.org".into(), "you@example.org".into()],
        id: "eth0/1".into(),
    };
    let mail = email::mail(&begun(), &envelope, Time::from_secs(1_700_000_002), 9 * 3600);
    insta::assert_snapshot!(mail.replace("\r\n", "\n"));
}

#[test]
fn lines_of_the_queue_come_back_and_torn_ones_cost_themselves_alone() {
    use crate::engine::outbox::Outbox;
    let mut outbox = Outbox::default();
    for n in 0..3 {
        let notice = Notice { key: format!("k{n}").into(), ..of(example(), Moment::Begun) };
        outbox.put(Time::from_secs(n), &"hook".into(), notice);
    }
    let text = store::encode(outbox.parcels());
    let read = store::decode(text.as_bytes());
    assert_eq!((read.unreadable, read.parcels.len()), (0, 3));
    assert_eq!(store::encode(&read.parcels), text);
    let torn = store::decode(&text.as_bytes()[..text.len() - 30]);
    assert_eq!((torn.unreadable, torn.parcels.len(), torn.newer), (1, 2, None));
    assert_eq!(
        store::decode(b"{\"v\":9,\"letters\":[]}\nx\n"),
        store::Read { unreadable: 1, newer: Some(9), parcels: vec![] }
    );
}

#[test]
fn home_assistant_finds_the_device_by_its_mac() {
    use crate::engine::{Engine, Settings};
    let names = mqtt::Names {
        prefix: "stormglass".into(),
        discovery: "homeassistant".into(),
        node: "stormglass_0200000000aa".into(),
        own: vec!["02:00:00:00:00:aa".parse().expect("a MAC")],
    };
    let mut snapshot = Engine::new(Settings::default()).snapshot(Time::from_secs(1_700_000_002));
    snapshot.verdicts = vec![Arc::new(example())];
    let culprits = mqtt::culprits(&snapshot);
    let english = manner(Language::English);
    let all = [names.discovery(&english, &culprits), names.state(&snapshot, &english, &culprits)].concat();
    assert!(all.iter().all(|one| one.retain && !one.topic.contains(['#', '+', ' '])));
    let text = all.iter().map(|one| {
        let body: serde_json::Value = serde_json::from_str(&one.payload).expect("JSON");
        format!("{}\n{body:#}\n", one.topic)
    });
    insta::assert_snapshot!(text.collect::<String>());
    snapshot.verdicts = vec![Arc::new(over())];
    let calm = names.state(&snapshot, &english, &culprits);
    assert!(calm.iter().all(|one| one.payload.contains("\"storm\":\"OFF\"")), "{calm:?}");
}
