//! The report as a page: what stands in it, what it must never hold, and both languages in full.

use super::*;
use crate::model::frames::{FrameMeta, LinkType};
use crate::view::text::tests::example;
use etherparse::PacketBuilder;

const START: i64 = 1_700_000_000;

/// One search of the Echo and its copies, as the forwarder sends them.
fn chronicle() -> Chronicle {
    let mut chronicle = Chronicle::new(Time::from_secs(START));
    for n in 0..400_u64 {
        let router = n > 0;
        let source = if router { [0x3c, 0x84, 0x6a, 0x10, 0, 0xc8] } else { [2, 0, 0, 0, 0, 0x10] };
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2(source, [1, 0, 0x5e, 0x7f, 0xff, 0xfa])
            .ipv4([192, 168, 1, 10], [239, 255, 255, 250], if router { 3 } else { 4 })
            .udp(50_000, 1900)
            .write(&mut bytes, b"M-SEARCH * HTTP/1.1\r\n\r\n")
            .expect("writing to a vector");
        let at = Time::from_secs(START).plus(Duration::from_millis(500 + 2 * n));
        let meta =
            FrameMeta { at, number: 7 + n, interface: 0, link: LinkType::Ethernet, vlan: None, original_len: 65 };
        chronicle.frame(&"eth0".into(), &meta, &bytes);
    }
    chronicle
}

fn made(language: Language, verdicts: &[Arc<Verdict>], names: &BTreeMap<IpAddr, Arc<str>>) -> String {
    page(&Report {
        verdicts,
        chronicle: &chronicle(),
        files: &["/somewhere/private/home.pcap".to_owned()],
        problems: &[],
        names,
        frames: 400,
        readable: 400,
        dropped: 0,
        span: Some((Time::from_secs(START), Time::from_secs(START + 2))),
        utc_offset_seconds: 9 * 3600,
        redacted: false,
        language,
    })
}

#[test]
fn the_page_loads_nothing_and_names_no_folder() {
    for language in [Language::English, Language::Japanese] {
        let page = made(language, &[Arc::new(example())], &BTreeMap::new());
        for banned in ["<script", "http://", "https://", "url(", "@import", "src=", "href=", "style=\"", "/somewhere"] {
            assert!(!page.contains(banned), "{banned}");
        }
        assert!(page.contains("default-src 'none'"));
        for (open, close) in [("<section", "</section>"), ("<svg", "</svg>"), ("<table", "</table>"), ("<tr", "</tr>")]
        {
            assert_eq!(page.matches(open).count(), page.matches(close).count(), "{open}");
        }
    }
}

#[test]
fn names_from_the_capture_stay_text() {
    let hostile = "<img src=x onerror=alert(1)>\u{202e}\"'";
    let mut verdict = example();
    verdict.sentence = hostile.to_owned();
    verdict.segment = hostile.into();
    verdict.remedy = vec![hostile.to_owned()];
    verdict.evidence[0].display_filter = hostile.to_owned();
    for origin in &mut verdict.origins {
        origin.name = Some(hostile.into());
    }
    let names = BTreeMap::from([(IpAddr::from([192, 168, 1, 10]), Arc::from(hostile))]);
    let page = made(Language::English, &[Arc::new(verdict)], &names);
    assert!(!page.contains("<img") && !page.contains('\u{202e}'), "markup came through");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
}

#[test]
fn the_ladder_of_the_verdict_is_shown() {
    let page = made(Language::English, &[Arc::new(example())], &BTreeMap::new());
    assert_eq!(page.matches("<tr class=\"original\">").count(), 1);
    assert_eq!(page.matches("<tr class=\"copy\">").count(), 15);
    assert!(page.contains("The first 16 of 400 sights of one SSDP datagram from 192.168.1.10 to 239.255.255.250"));
    assert!(page.contains("The TTL stays the same"));
}

#[test]
fn nothing_found_is_a_page_too() {
    let page = made(Language::Japanese, &[], &BTreeMap::new());
    assert!(page.contains("<html lang=\"ja\">") && page.contains("異常なし"));
    assert!(page.contains("<svg class=\"chart\""));
}

/// The words of a page, a line each: what changes in it is seen in review.
fn words_of(page: &str) -> String {
    let body = page.split("</style>").nth(1).expect("a body");
    let mut out = String::new();
    for part in body.split('<').skip(1) {
        let text = part.split_once('>').map_or("", |(_, text)| text).trim();
        if !text.is_empty() {
            out.push_str(text);
            out.push('\n');
        }
    }
    out
}

#[test]
fn the_words_of_both_languages() {
    let english = made(Language::English, &[Arc::new(example())], &BTreeMap::new());
    insta::assert_snapshot!("words_en", words_of(&english));
    let japanese = made(Language::Japanese, &[Arc::new(example())], &BTreeMap::new());
    insta::assert_snapshot!("words_ja", words_of(&japanese));
}
