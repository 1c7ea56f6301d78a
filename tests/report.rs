//! `stormglass analyze` around the diagnosis: what a report shows in both languages, what redacting takes out, which part
//! of a capture is looked at, and files in every coat they come in.

#[allow(dead_code, reason = "each test program uses a part of it")]
mod captures;

use assert_cmd::Command;
use captures::{
    Capture, ECHO, Encoding, ROUTER, SECOND, chatty_source, healthy_minute, incident_constant, incident_falling,
    ip_text, l2_loop, mac_text, one_request_circles, relayed_mdns,
};
use serde_json::Value;
use std::path::PathBuf;
use tempfile::TempDir;

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {} {}", self.stdout, self.stderr))
    }
}

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("room to write");
    }

    fn capture(&self, name: &str, capture: &Capture) {
        self.put(name, &Encoding::PCAP.write(capture));
    }

    /// Runs `analyze` in the folder, so that names are short.
    fn analyze(&self, arguments: &[&str]) -> Run {
        let mut command = Command::cargo_bin("stormglass").expect("the binary is built");
        command.env("TZ", "UTC").env("LANG", "C").current_dir(self.0.path());
        let output = command.arg("analyze").args(arguments).output().expect("it runs");
        Run {
            code: output.status.code().expect("no signal ended it"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    fn report(&self, capture: &Capture, more: &[&str]) -> String {
        self.capture("home.pcap", capture);
        let run = self.analyze(&[&["home.pcap", "--report", "report.html"], more].concat());
        assert!(run.code < 2, "{}", run.stderr);
        std::fs::read_to_string(self.path("report.html")).expect("it was written")
    }
}

fn incident() -> Capture {
    healthy_minute().and(incident_constant(2).later(60 * SECOND))
}

/// The text of a page, without what stands in `<style>` and `<code>`.
fn words(page: &str) -> Vec<String> {
    let body = page.split("</style>").nth(1).expect("a body");
    let mut out = Vec::new();
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        if !tag.starts_with("code") && !text.trim().is_empty() {
            out.push(text.trim().to_owned());
        }
    }
    out
}

#[test]
fn the_report_says_what_the_text_says() {
    let files = Files::new();
    let page = files.report(&incident(), &[]);
    let text = words(&page).join("\n");
    for says in [
        "Packet storm since 20:15: the TP-Link router (192.168.1.100, MAC …:C8) sends 192.168.1.10&#39;s searches back",
        "Now: pull the cable out of the WAN (Internet) socket",
        "frames 584 to 4184",
        "The first 16 of 3,601 sights of one SSDP datagram from 192.168.1.10 to 239.255.255.250 (IP ID 0xcfd7).",
        "TP-LINK TECHNOLOGIES CO.,LTD.",
        "2026-01-31 20:14:00",
    ] {
        assert!(text.contains(says), "{says}\n{text}");
    }
    assert!(page.contains("ip.id == 0xcfd7 &amp;&amp; ip.src == 192.168.1.10"), "the display filter");
    assert_eq!(page, files.report(&incident(), &[]), "the same capture gives the same page");
}

/// Whatever a person reads is in their language: no two English words in a row are left.
#[test]
fn in_japanese_nothing_is_left_in_english() {
    let files = Files::new();
    let captures = [
        incident(),
        healthy_minute(),
        healthy_minute().and(incident_falling(4).later(50 * SECOND)),
        healthy_minute().and(l2_loop().later(61 * SECOND)),
        incident_constant(2).and(healthy_minute().later(5 * SECOND)),
        incident_constant(3).cut_to_frame(3),
        chatty_source(),
        relayed_mdns(),
        one_request_circles(),
    ];
    for (n, capture) in captures.iter().enumerate() {
        let page = files.report(capture, &["--lang", "ja"]);
        assert!(page.contains("<html lang=\"ja\">"));
        let text = files.analyze(&["home.pcap", "--lang", "ja"]).stdout;
        let lines = text.lines().filter(|line| !line.contains("Wireshark")).map(str::to_owned);
        for line in words(&page).into_iter().chain(lines) {
            let small = |word: &&str| word.len() > 1 && word.bytes().all(|b| b.is_ascii_lowercase());
            let row = line.split(' ').collect::<Vec<_>>();
            let english = row.windows(2).find(|two| two.iter().all(small));
            assert!(english.is_none(), "capture {n}: {english:?} in {line}");
        }
    }
}

#[test]
fn a_redacted_answer_names_nobody() {
    let files = Files::new();
    let page = files.report(&incident(), &["--redact", "--lang", "en"]);
    let text = files.analyze(&["home.pcap", "--redact"]).stdout;
    let json = files.analyze(&["home.pcap", "--redact", "--format", "json"]);
    assert_eq!(json.json()["verdicts"][0]["cause"], "l3_reflector");
    for answer in [&page, &text, &json.stdout] {
        for secret in
            [mac_text(ROUTER.mac), ip_text(ROUTER.ip), mac_text(ECHO.mac), ip_text(ECHO.ip), "…:C8".to_owned()]
        {
            assert!(!answer.contains(&secret), "{secret}: {answer}");
        }
        assert!(answer.contains("3c:84:6a:00:00:") && answer.contains("239.255.255.250"), "{answer}");
    }
    assert!(page.contains("TP-Link"), "the maker stays");
}

#[test]
fn a_part_of_the_capture() {
    let files = Files::new();
    files.capture("a.pcap", &incident());
    let frames = |more: &[&str]| {
        let run = files.analyze(&[&["a.pcap", "--format", "json"], more].concat());
        (run.json()["frames"].as_u64().expect("a number"), run.code)
    };
    let whole = incident().0.len() as u64;
    assert_eq!(frames(&[]), (whole, 1));
    let (before, after) = (frames(&["--to", "+58"]), frames(&["--from", "2026-01-31T20:15:00Z"]));
    assert_eq!((before.1, after.1), (0, 1));
    assert_eq!(after.0, 2 * 1_800 + 1);
    assert_eq!(before.0 + after.0, whole);
    assert_eq!(frames(&["--from", "20:15:00"]), after, "the clock of this computer, TZ=UTC here");
    assert_eq!(frames(&["--from", "+61", "--to", "+61.5"]).0, 901);
    assert_eq!(frames(&["--max-frames", "100"]), (100, 0));
    assert!(files.analyze(&["a.pcap", "--max-frames", "100"]).stderr.contains("only the first 100 frames"));
    let nothing = files.analyze(&["a.pcap", "--from", "2027-01-01T00:00:00Z"]);
    assert_eq!(nothing.code, 2);
    assert!(nothing.stderr.contains("no frames between --from and --to"), "{}", nothing.stderr);
    let turned = files.analyze(&["a.pcap", "--from", "+9", "--to", "+3"]);
    assert!(turned.code == 2 && turned.stderr.contains("exchange them"), "{}", turned.stderr);
}

#[test]
fn names_in_the_file_are_the_names_in_the_answer() {
    let files = Files::new();
    let mut file = Encoding { pcapng: true, ..Encoding::PCAP }.write(&incident());
    let record = [&[1, 0, 16, 0][..], &ECHO.ip, b"Echo<b>\xe2\x80\xae!\0", &[0; 4]].concat();
    let length = (12 + record.len() as u32).to_le_bytes();
    let block = [&4_u32.to_le_bytes()[..], &length, &record, &length].concat();
    // Behind the section header, which takes 28 bytes.
    file.splice(28..28, block);
    files.put("a.pcapng", &file);
    let run = files.analyze(&["a.pcapng", "--format", "json", "--report", "a.html"]);
    let verdict = &run.json()["verdicts"][0];
    assert!(verdict["origins"][0]["name"].as_str().is_some_and(|name| name.starts_with("Echo<b>")), "{verdict:#}");
    let page = std::fs::read_to_string(files.path("a.html")).expect("written");
    assert!(page.contains("Echo&lt;b&gt;") && !page.contains("Echo<b>") && !page.contains('\u{202e}'));
}

/// Zstandard as RFC 8878 lays it out, without compression: a window of 128 KiB and raw blocks.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    let blocks = bytes.chunks(128 << 10).collect::<Vec<_>>();
    for (n, block) in blocks.iter().enumerate() {
        let header = (block.len() as u32) << 3 | u32::from(n + 1 == blocks.len());
        out.extend(&header.to_le_bytes()[..3]);
        out.extend(*block);
    }
    out
}

#[test]
fn zstd_changes_nothing_and_a_cut_is_told() {
    let files = Files::new();
    let bytes = Encoding::PCAP.write(&incident());
    let (one, two) = bytes.split_at(bytes.len() / 3);
    files.put("a.cap", &bytes);
    let plain = files.analyze(&["a.cap", "--format", "json"]).json();
    files.put("a.cap", &[zstd(one), zstd(two)].concat());
    assert_eq!(files.analyze(&["a.cap", "--format", "json"]).json(), plain);
    let mut cut = zstd(&bytes);
    cut.truncate(cut.len() - 100);
    files.put("a.cap", &cut);
    let run = files.analyze(&["a.cap", "--format", "json"]);
    assert!(run.code == 1 && run.stderr.contains("the zstd data is cut off or damaged after frame"), "{}", run.stderr);
}

/// What stands before the IP packet in each kind of capture.
fn dressed(capture: &Capture, kind: u32) -> Vec<u8> {
    let dress = |frame: &[u8]| match kind {
        113 => [&[0, 2, 0, 1, 0, 6][..], &frame[6..12], &[0, 0], &frame[12..]].concat(),
        276 => [&frame[12..14], &[0, 0, 0, 0, 0, 2, 0, 1, 2, 6], &frame[6..12], &[0, 0], &frame[14..]].concat(),
        101 => frame[14..].to_vec(),
        _ => frame.to_vec(),
    };
    let frames = capture.0.iter().filter(|(_, frame)| kind != 101 || frame[12..14] == [8, 0]);
    let mut file = Encoding::PCAP.write(&Capture(frames.map(|(at, frame)| (*at, dress(frame))).collect()));
    file[20..24].copy_from_slice(&kind.to_le_bytes());
    file
}

#[test]
fn link_types_that_can_be_read_and_those_that_cannot() {
    let files = Files::new();
    for kind in [113, 276] {
        files.put("a.cap", &dressed(&incident(), kind));
        let verdict = &files.analyze(&["a.cap", "--format", "json"]).json()["verdicts"][0];
        assert_eq!(
            (&verdict["cause"], &verdict["culprit"]["mac"]),
            (&"l3_reflector".into(), &mac_text(ROUTER.mac).into())
        );
    }
    files.put("a.cap", &dressed(&incident(), 101));
    let raw = files.analyze(&["a.cap"]);
    assert!(raw.stderr.contains("no MAC addresses (raw IP)"), "{}", raw.stderr);
    for (kind, says) in
        [(127, "off the air (802.11"), (105, "802.11"), (239, "firewall log (NFLOG)"), (147, "Ethernet")]
    {
        files.put("a.cap", &dressed(&incident(), kind));
        let run = files.analyze(&["a.cap"]);
        assert_eq!(run.code, 2);
        let told = format!("of link type {kind}, which is not read");
        assert!(run.stderr.contains(&told) && run.stderr.contains(says), "{kind}: {}", run.stderr);
    }
}

#[test]
fn tags_of_vlans_are_part_of_the_segment() {
    let files = Files::new();
    for tags in [&[0x81, 0, 0, 7][..], &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 9]] {
        let tagged = incident().0.into_iter().map(|(at, mut frame)| {
            frame.splice(12..12, tags.iter().copied());
            (at, frame)
        });
        files.capture("a.pcap", &Capture(tagged.collect()));
        let run = files.analyze(&["a.pcap", "--format", "json", "--report", "a.html"]);
        let verdict = &run.json()["verdicts"][0];
        assert_eq!(
            (&verdict["cause"], &verdict["segment"]),
            (&"l3_reflector".into(), &"a.pcap.7".into()),
            "{verdict:#}"
        );
        let page = std::fs::read_to_string(files.path("a.html")).expect("written");
        assert!(page.contains("<tr class=\"original\">"), "the ladder of the VLAN");
    }
}

#[test]
fn frames_cut_by_the_snapshot_length_suffice() {
    let files = Files::new();
    let mut capture = incident();
    for (_, frame) in &mut capture.0 {
        frame.truncate(60);
    }
    files.capture("a.pcap", &capture);
    let verdict = &files.analyze(&["a.pcap", "--format", "json"]).json()["verdicts"][0];
    assert_eq!((&verdict["cause"], &verdict["culprit"]["mac"]), (&"l3_reflector".into(), &mac_text(ROUTER.mac).into()));
}

#[test]
fn many_files_at_the_same_time_are_refused_beyond_a_limit() {
    let files = Files::new();
    let names = (0..40).map(|n| format!("{n:02}.pcap")).collect::<Vec<_>>();
    for name in &names {
        files.capture(name, &incident_falling(2));
    }
    let arguments = names.iter().map(String::as_str).collect::<Vec<_>>();
    let run = files.analyze(&arguments);
    assert_eq!(run.stderr.matches("mergecap").count(), 8, "{}", run.stderr);
    assert!(run.stderr.contains("more than 32 captures overlap"));
}

#[test]
fn a_report_that_cannot_be_written_is_code_2() {
    let files = Files::new();
    files.capture("a.pcap", &incident());
    let run = files.analyze(&["a.pcap", "--report", "no/such/folder/report.html"]);
    assert!(run.code == 2 && run.stderr.contains("the report cannot be written"), "{}", run.stderr);
    assert!(run.stdout.starts_with("Packet storm"), "the answer is printed all the same");
}
