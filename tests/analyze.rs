//! `stormglass analyze` as a black box: capture files in, text or JSON and an exit code out.

mod captures;

use assert_cmd::Command;
use captures::{
    Capture, ECHO, Encoding, PI, ROUTER, SECOND, chatty_source, healthy_minute, incident_constant, incident_falling,
    ip_text, l2_loop, mac_text, one_request_circles, relayed_mdns,
};
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Answer {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {} {}", self.stdout, self.stderr))
    }

    /// The only verdict.
    fn verdict(&self) -> Value {
        let verdicts = self.json()["verdicts"].as_array().cloned().expect("a list");
        assert_eq!((verdicts.len(), self.code), (1, 1), "{}{}", self.stdout, self.stderr);
        verdicts[0].clone()
    }
}

fn analyze<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>, input: Option<Vec<u8>>) -> Answer {
    let mut command = Command::cargo_bin("stormglass").expect("the binary is built");
    command.env("TZ", "UTC");
    command.arg("analyze").args(args).write_stdin(input.unwrap_or_default());
    let output = command.output().expect("it runs");
    Answer {
        code: output.status.code().expect("no signal ended it"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("room to write");
        path
    }

    fn capture(&self, name: &str, capture: &Capture) -> PathBuf {
        self.put(name, &Encoding::PCAP.write(capture))
    }
}

fn json(path: &Path, more: &[&str]) -> Answer {
    let path = path.to_str().expect("UTF-8");
    analyze([&[path, "--format", "json"], more].concat(), None)
}

fn confidence(verdict: &Value) -> f64 {
    verdict["confidence"].as_f64().expect("a number")
}

fn names_the_router(verdict: &Value, severity: &str) {
    assert_eq!((&verdict["cause"], &verdict["severity"]), (&"l3_reflector".into(), &severity.into()), "{verdict:#}");
    assert_eq!(verdict["culprit"]["mac"], mac_text(ROUTER.mac), "{verdict:#}");
    let origins = verdict["origins"].as_array().expect("a list");
    assert_eq!(origins.iter().map(|o| &o["ip"]).collect::<Vec<_>>(), [&Value::from(ip_text(ECHO.ip))], "{verdict:#}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("writing to a vector");
    encoder.finish().expect("writing to a vector")
}

#[test]
fn the_incident_is_named_in_every_format() {
    let files = Files::new();
    let capture = healthy_minute().and(incident_constant(3).later(60 * SECOND));
    let mut answers = Vec::new();
    for encoding in Encoding::all() {
        let bytes = encoding.write(&capture);
        let plain = json(&files.put("a.cap", &bytes), &[]);
        let verdict = plain.verdict();
        names_the_router(&verdict, "storm");
        assert!(confidence(&verdict) >= 0.9, "{verdict:#}");
        assert_eq!(verdict["culprit"]["ip"], ip_text(ROUTER.ip));
        assert_eq!(verdict["origins"][0]["mac"], mac_text(ECHO.mac));
        assert_eq!(plain.json()["frames"], capture.0.len());
        answers.push(verdict);
        let packed = json(&files.put("a.cap", &gzip(&bytes)), &[]);
        assert_eq!(packed.json(), plain.json(), "gzip changes nothing");
        let piped = analyze(["-", "--format", "json"], Some(bytes)).verdict();
        assert_eq!(piped["frames"], answers[0]["frames"]);
    }
    // Times are whole microseconds or nanoseconds; the frames are the same.
    for answer in &answers[1..] {
        for key in ["frames", "peak_pps", "confidence", "groups", "protocol", "evidence", "remedy"] {
            assert_eq!(answer[key], answers[0][key], "{key}");
        }
    }
    assert_eq!(answers[0]["started"], "2026-01-31T20:15:01.000000Z");
    assert_eq!((&answers[0]["protocol"], &answers[0]["groups"][0]), (&"ssdp".into(), &"239.255.255.250".into()));
    assert_eq!(answers[0]["frames"], 5_400);
}

#[test]
fn the_answer_has_the_promised_keys() {
    let files = Files::new();
    let answer = json(&files.capture("a.pcap", &incident_constant(1)), &[]);
    let value = answer.json();
    for key in ["files", "frames", "span_seconds", "verdicts"] {
        assert!(value.get(key).is_some(), "{key}");
    }
    assert!((value["span_seconds"].as_f64().expect("a number") - 1.0).abs() < 1e-9);
    let verdict = answer.verdict();
    for key in [
        "cause",
        "severity",
        "confidence",
        "started",
        "ended",
        "culprit",
        "origins",
        "groups",
        "protocol",
        "frames",
        "peak_pps",
        "evidence",
        "remedy",
    ] {
        assert!(verdict.get(key).is_some(), "{key}");
    }
    for key in ["mac", "ip", "vendor", "port"] {
        assert!(verdict["culprit"].get(key).is_some(), "culprit.{key}");
    }
    for evidence in verdict["evidence"].as_array().expect("a list") {
        for key in ["claim", "observed", "expected", "feed", "display_filter"] {
            assert!(evidence.get(key).is_some(), "evidence.{key}");
        }
    }
}

#[test]
fn from_the_middle_it_is_never_a_loop() {
    let files = Files::new();
    let middle = files.capture("middle.pcap", &incident_constant(3).cut_to_frame(3));
    let verdict = json(&middle, &[]).verdict();
    match verdict["cause"].as_str() {
        Some("l3_reflector") => {
            names_the_router(&verdict, "storm");
            assert!(confidence(&verdict) < 0.75, "{verdict:#}");
        }
        Some("unexplained") => assert_ne!(verdict["candidates"].as_array().map(Vec::len), Some(0)),
        other => panic!("{other:?}: {verdict:#}"),
    }
    assert_ne!(verdict["lacks"].as_array().map(Vec::len), Some(0), "it says what it lacks");

    let owner = format!("{}={}", ip_text(ECHO.ip), mac_text(ECHO.mac));
    let told = json(&middle, &["--owner", &owner]).verdict();
    names_the_router(&told, "storm");
    assert!(confidence(&told) >= 0.9, "{told:#}");

    // Another capture of the same network knows the owner, whichever is named first.
    let before = files.capture("before.pcap", &healthy_minute());
    let middle = files.capture("middle.pcap", &incident_constant(3).cut_to_frame(3).later(3600 * SECOND));
    for pair in [[&before, &middle], [&middle, &before]] {
        let args = pair.map(|path| path.to_str().expect("UTF-8"));
        let verdict = analyze([&args[..], &["--format", "json"]].concat(), None).verdict();
        names_the_router(&verdict, "storm");
        assert!(confidence(&verdict) >= 0.9, "{verdict:#}");
    }
}

#[test]
fn what_the_facts_do_not_settle_is_not_blamed_on_anybody() {
    let files = Files::new();
    for (capture, candidate) in [(relayed_mdns(), "l3_reflector"), (one_request_circles(), "l2_loop")] {
        let verdict = json(&files.capture("a.pcap", &capture), &[]).verdict();
        assert_eq!((&verdict["cause"], &verdict["culprit"]), (&"unexplained".into(), &Value::Null), "{verdict:#}");
        let candidates = verdict["candidates"].as_array().expect("a list");
        assert!(candidates.len() >= 2 && candidates.iter().any(|c| c["cause"] == candidate), "{verdict:#}");
    }
}

#[test]
fn a_reflection_that_dies_is_a_warning() {
    let files = Files::new();
    for ttl in [3, 4] {
        let capture = healthy_minute().and(incident_falling(ttl).later(50 * SECOND));
        let verdict = json(&files.capture("a.pcap", &capture), &[]).verdict();
        names_the_router(&verdict, "warning");
        assert_eq!(verdict["frames"], ttl - 1, "{verdict:#}");
    }
}

#[test]
fn nine_in_ten_frames_lost() {
    let files = Files::new();
    let capture = healthy_minute().and(incident_constant(3).one_in(10).later(60 * SECOND));
    names_the_router(&json(&files.capture("a.pcap", &capture), &[]).verdict(), "storm");
}

#[test]
fn a_healthy_network_gives_an_empty_list() {
    let files = Files::new();
    let path = files.capture("a.pcap", &healthy_minute());
    let answer = json(&path, &[]);
    assert_eq!((answer.code, &answer.json()["verdicts"]), (0, &Value::Array(Vec::new())), "{}", answer.stdout);
    let text = analyze([&path], None);
    assert_eq!((text.code, text.stderr.as_str()), (0, ""));
    assert!(text.stdout.starts_with("Nothing found in 583 frames of 1 file, "), "{}", text.stdout);
}

#[test]
fn loops_and_chatter_have_their_own_names() {
    let files = Files::new();
    let verdict = json(&files.capture("a.pcap", &healthy_minute().and(l2_loop().later(61 * SECOND))), &[]).verdict();
    assert_eq!((&verdict["cause"], &verdict["severity"]), (&"l2_loop".into(), &"storm".into()), "{verdict:#}");
    assert_eq!(verdict["culprit"], Value::Null);

    let verdict = json(&files.capture("a.pcap", &chatty_source()), &[]).verdict();
    assert_eq!((&verdict["cause"], &verdict["severity"]), (&"chatty_source".into(), &"storm".into()), "{verdict:#}");
    assert_eq!(verdict["culprit"]["mac"], mac_text(PI.mac));
}

#[test]
fn a_storm_that_ends_in_the_file_has_an_end() {
    let files = Files::new();
    let capture = incident_constant(3).and(healthy_minute().later(5 * SECOND));
    let verdict = json(&files.capture("a.pcap", &capture), &[]).verdict();
    names_the_router(&verdict, "storm");
    assert_eq!(verdict["ended"], "2026-01-31T20:14:04.000000Z");
}

#[test]
fn a_rotated_capture_is_one_storm() {
    let files = Files::new();
    let whole = healthy_minute().and(incident_constant(6).later(60 * SECOND));
    let mut parts = Vec::new();
    for (n, frames) in whole.0.chunks(3_000).enumerate() {
        parts.push(files.capture(&format!("part{n}.pcap"), &Capture(frames.to_vec())));
    }
    parts.reverse();
    assert!(parts.len() > 2);
    let args = parts.iter().map(|path| path.to_str().expect("UTF-8")).chain(["--format", "json"]);
    let answer = analyze(args, None);
    names_the_router(&answer.verdict(), "storm");
    assert_eq!(answer.json()["frames"], whole.0.len());
    // A datagram whose first copy in a part opens the part's count is counted as all others are.
    assert_eq!(answer.verdict()["frames"], 10_800);
}

#[test]
fn a_cut_file_is_used_as_far_as_it_goes() {
    let files = Files::new();
    let capture = healthy_minute().and(incident_constant(1).later(60 * SECOND));
    for encoding in Encoding::all() {
        let mut bytes = encoding.write(&capture);
        bytes.truncate(bytes.len() - 7);
        let answer = json(&files.put("cut.cap", &bytes), &[]);
        names_the_router(&answer.verdict(), "storm");
        assert_eq!(answer.json()["frames"], capture.0.len() - 1);
        let told = format!("after frame {}: the file ends in the middle", capture.0.len() - 1);
        assert!(answer.stderr.contains(&told), "{}", answer.stderr);
        if encoding.big_endian || encoding.nanoseconds {
            continue; // They differ in numbers, not in lengths.
        }
        for length in (0..bytes.len()).step_by(bytes.len() / 12) {
            let answer = json(&files.put("cut.cap", &bytes[..length]), &[]);
            assert!((0..=2).contains(&answer.code), "{length}");
            assert_eq!(answer.code == 2, answer.json()["frames"] == 0, "{length}: {}", answer.stderr);
        }
    }
}

#[test]
fn what_cannot_be_looked_at_is_code_2_and_says_why() {
    let files = Files::new();
    let good = files.capture("good.pcap", &incident_constant(1));
    let healthy = files.capture("healthy.pcap", &healthy_minute());
    let mut wireless = Encoding::PCAP.write(&healthy_minute());
    wireless[20] = 127;
    let cases = [
        (files.0.path().join("missing.pcap"), "No such file"),
        (files.put("notes.txt", b"these are notes"), "not a pcap or pcapng capture"),
        (files.put("empty.pcap", b""), "the file is empty"),
        (files.0.path().to_path_buf(), "it is a directory"),
        (files.put("wireless.pcap", &wireless), "link type 127, which is not read"),
        (files.capture("none.pcap", &Capture::default()), "it holds no frames"),
    ];
    for (path, why) in &cases {
        let answer = analyze([path], None);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{}", answer.stderr);
        let shown = path.to_str().expect("UTF-8");
        assert!(answer.stderr.contains(why) && answer.stderr.contains(shown), "{}", answer.stderr);
        // One bad file does not lose the others.
        let answer = analyze([path, &good], None);
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        assert!(answer.stderr.contains(why) && answer.stdout.starts_with("Packet storm"), "{}", answer.stdout);
    }
    // "Nothing found" would be said of a file that nobody saw.
    let answer = analyze([&cases[0].0, &healthy], None);
    assert_eq!(answer.code, 2, "{}", answer.stdout);
    assert_eq!(analyze(["-", "-"], None).code, 2);
    assert_eq!(analyze(["a.pcap", "--owner", "192.168.1.10"], None).code, 2);
}

#[test]
fn two_interfaces_that_saw_the_same_are_no_loop() {
    let files = Files::new();
    let encoding = Encoding { pcapng: true, ..Encoding::PCAP };
    let healthy = json(&files.put("a.pcapng", &encoding.write_twice(&healthy_minute())), &[]);
    assert_eq!((healthy.code, &healthy.json()["frames"]), (0, &Value::from(2 * 583)), "{}", healthy.stdout);
    let storm = healthy_minute().and(incident_constant(2).later(60 * SECOND));
    let storm = json(&files.put("a.pcapng", &encoding.write_twice(&storm)), &[]).json();
    let verdicts = storm["verdicts"].as_array().expect("a list");
    let mut segments = verdicts.iter().map(|v| v["segment"].as_str().expect("text")).collect::<Vec<_>>();
    segments.sort_unstable();
    assert_eq!(segments, ["a.pcapng", "a.pcapng:eth1"]);
    for verdict in verdicts {
        names_the_router(verdict, "storm");
    }
}

#[test]
fn the_text_is_for_a_person() {
    let files = Files::new();
    let capture = healthy_minute().and(incident_constant(3).later(60 * SECOND));
    let answer = analyze([files.capture("home.pcap", &capture)], None);
    insta::assert_snapshot!(answer.stdout);
}
