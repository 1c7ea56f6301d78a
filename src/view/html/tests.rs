//! The page as a whole: each state in both languages, hostile names, and its size where everything is full.

use super::*;
use crate::engine::{Engine, FeedStatus, Input, Settings, State};
use crate::explain::Names;
use crate::model::device::{Device, Discovery, Gateway, MappingProtocol, PortMapping};
use crate::model::frames::{OwnerClaim, OwnerProof};
use crate::model::history::Remembered;
use crate::model::observation::{Counter, Gap, Poll, PollSample, PortCounters, PortSample};
use crate::model::text::{Language, Sentence, Text};
use crate::model::verdict::{Phase, Severity, Verdict};
use crate::model::{MacAddr, Time};
use crate::view::text::tests::example;
use std::time::Duration;

const SCRIPT_NAME: &str = "<script>alert(1)</script>";
const NOW: Time = Time::from_secs(1_700_000_100);
/// All that a browser loads for the first page.
const MAX_BYTES: usize = 100 << 10;

/// A problem with a device's own words in it.
fn said(name: &str) -> Sentence {
    Sentence::of(Text { en: "It said {it}.", ja: "「{it}」と答えました。" }).with("it", name)
}

fn frame() -> Frame {
    Frame { check: Check::None, examining: Examining::Never, token: "0123".into(), utc_offset_seconds: 0 }
}

fn shown(engine: &Engine, frame: &Frame, language: Language) -> String {
    page(&parts(&Face::gather(engine, NOW, frame), language), language)
}

fn sample(target: &str, at: Time, name: &dyn Fn(u32) -> String, ports: u32) -> Poll {
    let port = |n: u32| {
        let count = u64::from(n) * 1_000 + at.as_nanos() as u64 / 1_000_000;
        PortSample {
            if_index: n,
            name: name(n).into(),
            oper_up: true,
            admin_up: true,
            counters: PortCounters {
                in_unicast: Some(Counter::C64(count)),
                out_unicast: Some(Counter::C64(count * 2)),
                ..PortCounters::default()
            },
            ..PortSample::default()
        }
    };
    Poll::Answered(Box::new(PollSample {
        target: target.into(),
        at,
        took: Duration::from_millis(3),
        sys_uptime: Some((at.as_nanos() / 10_000_000 % 1_000_000) as u32),
        sys_name: name(0),
        sys_descr: String::new(),
        ports: (1..=ports).map(port).collect(),
        topology: None,
        problems: vec![name(0)],
    }))
}

fn device(n: u32, name: &str) -> Device {
    let [_, a, b, c] = n.to_be_bytes();
    Device {
        udn: format!("uuid:{n}"),
        friendly_name: name.to_owned(),
        manufacturer: name.to_owned(),
        model: name.to_owned(),
        device_type: name.to_owned(),
        server: name.to_owned(),
        location: String::new(),
        ip: [10, a, b, c].into(),
        mac: None,
        vendor: None,
        interface: "eth0".into(),
        first_seen: NOW,
        last_seen: NOW,
        problem: Some(said(name)),
    }
}

fn gateway(n: u32, name: &str) -> Gateway {
    let mapping = PortMapping {
        protocol: MappingProtocol::Other(name.chars().take(8).collect()),
        external_port: 22,
        internal_client: name.to_owned(),
        internal_port: 22,
        description: name.to_owned(),
        enabled: true,
        lease_seconds: 0,
        remote_host: None,
        connection: 0,
    };
    Gateway {
        udn: format!("uuid:gateway-{n}"),
        friendly_name: name.to_owned(),
        mappings: (0..200).map(|port| PortMapping { external_port: port, ..mapping.clone() }).collect(),
        problems: vec![said(name); 8],
        complete: true,
        ip: Some([10, 0, 0, 1].into()),
        ..Gateway::default()
    }
}

/// A network in which everything that can have a name is called this.
fn network(name: &str, switches: u32, hosts: u32) -> Engine {
    let mut engine = Engine::new(Settings { names: Names::default(), ..Settings::default() });
    let earlier = NOW.minus(Duration::from_secs(200));
    for switch in 0..switches {
        for round in 0..12 {
            let at = earlier.plus(Duration::from_secs(10 * round));
            let named = |n: u32| format!("{n} {name}");
            engine.handle(at, Input::Poll(sample(&format!("{switch:04} {name}"), at, &named, 50)));
        }
    }
    for silent in 0..switches {
        let gap =
            Gap { target: format!("x{silent} {name}").into(), at: NOW, reason: "timeout", message: name.repeat(9) };
        engine.handle(NOW, Input::Poll(Poll::Gap(gap)));
    }
    let claims = (0..hosts).map(|n| {
        let [_, a, b, c] = n.to_be_bytes();
        let mac = MacAddr([0x3c, 0x84, 0x6a, a, b, c]);
        OwnerClaim { ip: [10, a, b, c].into(), mac, proof: OwnerProof::Arp, at: NOW }
    });
    engine.handle(NOW, Input::Owners { interface: Some("eth0".into()), claims: claims.collect() });
    let found = Discovery {
        at: NOW,
        devices: (0..hosts).map(|n| device(n, name)).collect(),
        gateways: (0..4).map(|n| gateway(n, name)).collect(),
        problems: vec![said(name)],
        interfaces: vec!["eth0".into()],
        ..Discovery::default()
    };
    engine.handle(NOW, Input::Discovery(Box::new(found)));
    for n in 0..100 {
        for ok in [true, false] {
            let name = format!("{ok}{n} {name}").into();
            let message = SCRIPT_NAME.repeat(9);
            engine.handle(NOW, Input::Feed(FeedStatus { feed: "capture", name, ok, message, last_success: Some(NOW) }));
        }
    }
    let storm = |n: i64| {
        let mut verdict = Verdict {
            id: format!("{n} {name}").into(),
            segment: name.into(),
            sentence: format!("{name} {n}"),
            remedy: vec![name.repeat(9); 9],
            lacks: vec![name.repeat(9); 9],
            recording: Some(format!("/var/lib/{name}/storm.pcapng").into()),
            severity: if n % 2 == 0 { Severity::Storm } else { Severity::Warning },
            started: Time::from_secs(1_700_000_000 - n),
            ended: Some(Time::from_secs(1_700_000_000 - n + 1)),
            phase: Phase::Over,
            ..example()
        };
        let party = verdict.culprit.iter_mut().chain(&mut verdict.origins);
        party.for_each(|party| (party.name, party.port) = (Some(name.into()), Some(name.into())));
        for one in &mut verdict.evidence {
            (one.claim, one.observed, one.display_filter) = (name.repeat(9), name.repeat(9), name.to_owned());
        }
        Remembered { at: NOW, verdict, verified: false }
    };
    engine.handle(NOW, Input::Remembered((0..128).rev().map(storm).collect()));
    engine
}

/// Every element that begins ends, and nothing is markup that is not ours.
fn is_sound(page: &str) {
    assert!(!page.contains("<script>"), "a name became markup");
    assert!(!page.contains(" on") || !page.contains("onerror="), "a handler in the markup");
    for tag in
        ["section", "table", "tr", "td", "th", "svg", "ol", "ul", "li", "h1", "h2", "h3", "p", "div", "nav", "main"]
    {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "<{tag}>");
    }
}

#[test]
fn a_device_called_script_stays_text_everywhere() {
    let engine = network(SCRIPT_NAME, 3, 30);
    let snapshot = engine.snapshot(NOW);
    for language in [Language::English, Language::Japanese] {
        let text = shown(&engine, &frame(), language);
        is_sound(&text);
        assert!(text.matches("&lt;script&gt;alert(1)&lt;/script&gt;").count() > 50);
        assert_eq!(text.matches("<script").count(), 1, "our own, by address");
        let manner = Manner { language, now: NOW, utc_offset_seconds: 0 };
        is_sound(&hosts_page(&face::hosts_page(&engine, 0), manner));
        is_sound(&ports_page(&face::ports_page(&engine, 0), manner));
        is_sound(&targets_page(&face::targets_page(&engine, 0), manner));
        is_sound(&storm_page(&snapshot, snapshot.verdicts.first().map(|verdict| &**verdict), "t0ken", manner));
        is_sound(&storm_page(&snapshot, None, "t0ken", manner));
    }
}

/// 10,000 ports and 1,000 devices, all with long names. How long it takes is printed, and judged by `benches/page.rs`.
#[test]
fn the_page_is_small_however_big_the_network() {
    let engine = network(&"長い名前 & <long> ".repeat(20), 200, 1000);
    for language in [Language::English, Language::Japanese] {
        let text = shown(&engine, &frame(), language);
        is_sound(&text);
        let bytes = text.len() + STYLE.len() + SCRIPT.len();
        println!("{language:?}: {bytes} bytes, {} of them the document", text.len());
        assert!(bytes <= 4 * MAX_BYTES, "{bytes} bytes of names that no network has");
    }
    let engine = network("NetGear GS108Ev4 ground floor", 200, 1000);
    let text = shown(&engine, &frame(), Language::English);
    let bytes = text.len() + STYLE.len() + SCRIPT.len();
    println!("usual names: {bytes} bytes, {} of them the document", text.len());
    for part in parts(&Face::gather(&engine, NOW, &frame()), Language::English) {
        println!("  {} {}", part.id, part.html.len());
    }
    assert!(bytes <= MAX_BYTES, "{bytes} bytes");
}

#[test]
fn lists_are_paged_and_bounded() {
    let engine = network("switch", 30, 250);
    let ports = face::ports_page(&engine, 14);
    assert_eq!((ports.total, ports.lines.len()), (1500, face::PAGE));
    assert_eq!((&*ports.lines[0].0, &*ports.lines[0].1.name), ("0028 switch", "1 switch"));
    assert_eq!(face::ports_page(&engine, 15).lines.len(), 0);
    assert_eq!(face::hosts_page(&engine, 2).lines.len(), 50);
    assert_eq!(face::hosts_page(&engine, usize::MAX).lines.len(), 0);
    assert_eq!(face::targets_page(&engine, 0).lines.len(), 60);
    let manner = Manner { language: Language::English, now: NOW, utc_offset_seconds: 0 };
    let text = ports_page(&ports, manner);
    assert!(text.contains("Page 15 of 15") && text.contains("Previous") && !text.contains("Next"));
}

/// An engine in each state, and what it must say in English and Japanese.
fn states() -> Vec<(State, Engine, [&'static str; 2])> {
    let blind = Engine::new(Settings::default());
    let watched = || {
        let mut engine = Engine::new(Settings::default());
        let feed =
            FeedStatus { feed: "capture", name: "eth0".into(), ok: true, message: String::new(), last_success: None };
        engine.handle(NOW, Input::Feed(feed));
        engine
    };
    let known = |verdict: Verdict| {
        let mut engine = watched();
        engine.handle(NOW, Input::Remembered(vec![Remembered { at: NOW, verdict, verified: false }]));
        engine
    };
    let over = Verdict { phase: Phase::Over, ended: Some(Time::from_secs(1_700_000_050)), ..example() };
    let warning = Verdict { severity: Severity::Warning, ..over.clone() };
    vec![
        (State::Blind, blind, ["Blind: nothing is watched", "何も監視できていません"]),
        (
            State::Quiet,
            watched(),
            ["All quiet. Watched: frames on eth0.", "異常はありません。監視対象：eth0 のフレーム。"],
        ),
        (State::Over, known(over), ["Check again", "再確認する"]),
        (State::Warning, known(warning), ["Warning", "警告"]),
    ]
}

#[test]
fn each_state_says_so_in_both_languages() {
    for (state, engine, said) in states() {
        assert_eq!(engine.snapshot(NOW).state, state);
        for (language, said) in [Language::English, Language::Japanese].into_iter().zip(said) {
            let text = shown(&engine, &frame(), language);
            is_sound(&text);
            assert!(text.contains(said), "{state:?}: {said}: {text}");
            assert!(text.contains(&format!("<header id=\"state\" class=\"state {}\">", state.id())));
            let button = text.contains("id=\"check-button\"");
            assert_eq!(button, matches!(state, State::Over | State::Warning), "{state:?}");
            // The other one examines the LAN, in every state.
            let forms = 1 + usize::from(button);
            assert_eq!(
                (text.matches("<form").count(), text.matches("value=\"0123\"").count()),
                (forms, forms),
                "{state:?}"
            );
        }
        let japanese = shown(&engine, &frame(), Language::Japanese);
        for word in ["What to do", "Switches", "Hosts", "as of", "No switch", "Expected"] {
            assert!(!japanese.contains(word), "{state:?}: {word}");
        }
    }
}

#[test]
fn a_verified_storm_no_longer_decides_the_state() {
    let (_, mut engine, _) = states().remove(2);
    engine.handle(NOW, Input::Verified(Time::from_secs(1_700_000_049)));
    assert_eq!(engine.snapshot(NOW).state, State::Over, "it had not ended yet when that was checked");
    engine.handle(NOW, Input::Verified(NOW));
    engine.tick(NOW);
    let snapshot = engine.snapshot(NOW);
    assert_eq!(snapshot.state, State::Quiet);
    assert!(snapshot.is_verified(&snapshot.verdicts[0]));
    let checked = Frame { check: Check::Clean(NOW), ..frame() };
    let text = shown(&engine, &checked, Language::English);
    assert!(text.contains("over, checked") && text.contains("nothing came back") && !text.contains("check-button"));
}

#[test]
fn only_parts_that_changed_differ() {
    let (_, engine, _) = states().remove(1);
    let face = |seconds: i64| Face::gather(&engine, NOW.plus(Duration::from_secs(seconds as u64)), &frame());
    let (before, after) = (parts(&face(0), Language::English), parts(&face(1), Language::English));
    let changed = before.iter().zip(&after).filter(|(a, b)| a != b).map(|(a, _)| a.id).collect::<Vec<_>>();
    assert_eq!(changed, ["when"]);
    let ids = before.iter().map(|part| part.id).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(ids.len(), before.len());
}
