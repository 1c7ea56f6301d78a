//! Acknowledging and muting from outside: the built program, its command line and the forms of its page, over loopback. The
//! storm is one that the history of an earlier run tells of, which has a minute to show itself.

#![expect(clippy::disallowed_methods, reason = "a test from outside reads the clock, connects, and waits for the disk")]

#[path = "loopback/program.rs"]
mod program;

use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant, SystemTime};
use stormglass::model::history::Remembered;
use stormglass::model::verdict::{Party, Severity, Verdict};
use stormglass::model::{MacAddr, Time};
use stormglass::view::history::{Entry, encode};

const PATIENCE: Duration = Duration::from_secs(40);
const ROUTER: MacAddr = MacAddr([0x3c, 0x84, 0x6a, 0x10, 0, 0xc8]);
const STORM: &str = "eth0-l3_reflector-3c846a1000c8";
const CROWD: &str = "eth0-discovery_swarm";

/// A history in which a storm of the router and one of nobody in particular have just been going on.
fn history(folder: &Path) -> PathBuf {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let now = Time::from_nanos(i64::try_from(now.as_nanos()).expect("before 2262"));
    let party = Party { mac: Some(ROUTER), ip: None, vendor: None, port: None, name: Some("second <router>".into()) };
    let line = |id: &str, cause: &'static str, culprit: Option<Party>| {
        let started = now.minus(Duration::from_secs(30));
        let verdict = Verdict {
            id: id.into(),
            severity: Severity::Storm,
            started,
            detected: started,
            culprit,
            sentence: "Packet storm.".to_owned(),
            ..Verdict::blank("eth0".into(), cause)
        };
        encode(&Entry::Storm(Box::new(Remembered { at: now, verdict, verified: false })))
    };
    let storage = folder.join("history");
    std::fs::create_dir(&storage).expect("a folder");
    let text = line(STORM, "l3_reflector", Some(party)) + &line(CROWD, "discovery_swarm", None);
    std::fs::write(storage.join("storms.jsonl"), text).expect("a history");
    storage
}

/// The program, ended (by SIGKILL) with the test.
struct Glass {
    child: Child,
    address: SocketAddr,
}

impl Glass {
    fn start(folder: &Path, storage: &Path) -> Self {
        let file = folder.join("stormglass.yml");
        let config = "snmp: {targets: [{name: hub, address: \"127.0.0.1:1\"}]}\ncapture: {interfaces: none}\n\
                      upnp: {interfaces: none}\nweb: {listen: [\"127.0.0.1:0\"]}\n\
                      expected:\n  - {mac: 00:11:32:aa:bb:cc, max_pps: 5000, until: 2099-12-31, why: NAS backup}\n";
        std::fs::write(&file, config).expect("the configuration");
        let arguments = [format!("--config.file={}", file.display()), format!("--storage.path={}", storage.display())];
        let (child, address, _) = program::serve(&arguments);
        Self { child, address }
    }

    /// Status, and everything else of the answer.
    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
        let (host, length) = (self.address, body.len());
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n");
        stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, answer)
    }

    fn get(&self, path: &str) -> String {
        self.ask("GET", path, "", "").1
    }

    fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        let body = answer.split_once("\r\n\r\n").expect("a head and a body").1;
        let (from, to) = (body.find('{').expect("JSON"), body.rfind('}').expect("JSON"));
        serde_json::from_str(&body[from..=to]).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    fn storm(&self, id: &str) -> Value {
        let all = self.json("/api/v1/storms");
        let storms = all["verdicts"].as_array().expect("a list");
        storms.iter().find(|storm| storm["id"] == id).unwrap_or_else(|| panic!("no {id}: {all:#}")).clone()
    }

    fn is_muted(&self, id: &str) -> bool {
        self.storm(id)["muted_until"].is_string()
    }

    /// The command line: exit code and all that it prints.
    fn run(&self, args: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
        let url = format!("--url=http://{}", self.address);
        let output = command.args(args).args([&url, "--lang=en"]).output().expect("the program");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    /// By the form of a page, as a browser sends it.
    fn post(&self, path: &str, origin: &str, body: &str) -> u16 {
        let headers = format!("Origin: {origin}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
        self.ask("POST", path, &headers, body).0
    }
}

impl Drop for Glass {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until_kept(storage: &Path, text: &str) {
    let began = Instant::now();
    while !std::fs::read_to_string(storage.join("storms.jsonl")).is_ok_and(|lines| lines.contains(text)) {
        assert!(began.elapsed() < PATIENCE, "{text} is not written");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn the_command_line_acknowledges_and_mutes_and_both_outlive_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = history(folder.path());
    let glass = Glass::start(folder.path(), &storage);
    assert_eq!(glass.run(&["mutes"]), (Some(0), "Nothing is acknowledged or muted.\n".to_owned()));

    let (code, said) = glass.run(&["acknowledge", STORM, "--why", "calling the provider", "--by", "ann"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("ann has acknowledged the storm") && said.contains("calling the provider"), "{said}");
    assert_eq!(glass.storm(STORM)["acknowledged"]["by"], "ann");
    assert!(glass.storm(CROWD)["acknowledged"].is_null(), "nobody is on that one");

    // A device that is not the culprit, a cause that has not been: neither hides this storm.
    let mute =
        |about: &[&str]| glass.run(&[&["mute"], about, &["--for", "2h", "--why", "known", "--by", "bob"]].concat());
    assert_eq!(mute(&["--mac", "3c:84:6a:10:00:c9"]).0, Some(0));
    assert!(!glass.is_muted(STORM));
    let (code, said) = mute(&["--cause", "arp_storm"]);
    assert!(code == Some(2) && said.contains("mute the device by its MAC"), "{said}");
    let (code, said) = mute(&["eth0-nothing"]);
    assert!(code == Some(2) && said.contains("/api/v1/storms"), "{said}");
    assert_eq!(mute(&[STORM]).0, Some(0));
    assert!(glass.is_muted(STORM) && !glass.is_muted(CROWD));
    let metrics = glass.get("/metrics");
    for line in [
        "stormglass_storm_muted{segment=\"eth0\",cause=\"l3_reflector\",severity=\"storm\"} 1",
        "stormglass_storm_acknowledged{storm=\"eth0-l3_reflector-3c846a1000c8\"} 1",
        "stormglass_expected_limit_frames_per_second{mac=\"00:11:32:aa:bb:cc\",group=\"\"} 5000",
    ] {
        assert!(metrics.lines().any(|known| known.trim_end() == line), "{line} is not in {metrics}");
    }
    let status = glass.json("/api/v1/status");
    let expected = status["expected"][0]["sentence"].as_str().unwrap_or_default();
    assert!(expected.starts_with("expected: NAS backup, 0 of 5,000 frames/s, until "), "{status:#}");
    let page = glass.get("/?lang=en");
    assert!(page.contains("acknowledged by ann: calling the provider") && page.contains("muted until"), "{page}");
    assert!(page.contains("NAS backup, 0 of 5,000 frames/s"), "{page}");
    assert!(glass.get("/?lang=ja").contains("annさんが対応中"));

    until_kept(&storage, "\"m3\"");
    drop(glass); // SIGKILL
    let glass = Glass::start(folder.path(), &storage);
    assert!(glass.is_muted(STORM) && !glass.is_muted(CROWD));
    assert_eq!(glass.storm(STORM)["acknowledged"]["why"], "calling the provider");
    let (code, said) = glass.run(&["mutes"]);
    assert_eq!((code, said.lines().count()), (Some(1), 3), "{said}");
    assert_eq!(glass.run(&["unmute", "m3"]).0, Some(0));
    assert!(!glass.is_muted(STORM));
    let (code, said) = glass.run(&["unmute", "m3"]);
    assert!(code == Some(2) && said.contains("/api/v1/mutes"), "{said}");
    let (_, said) = glass.run(&["mutes"]);
    assert!(said.contains("taken back at"), "{said}");
}

#[test]
fn a_mute_without_an_end_or_a_reason_is_refused_before_anybody_is_asked() {
    for args in [
        &["mute", STORM, "--why", "x"][..],
        &["mute", STORM, "--for", "2h"],
        &["mute", "--for", "2h", "--why", "x"],
        &["mute", STORM, "--mac", "3c:84:6a:10:00:c9", "--for", "2h", "--why", "x"],
        &["mute", STORM, "--for", "2", "--why", "x"],
        &["mute", STORM, "--until", "soon", "--why", "x"],
        &["mutes", "--url", "https://127.0.0.1:10116"],
        // Discards what it is sent (RFC 863), or nobody is there.
        &["mutes", "--url", "http://127.0.0.1:9"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_stormglass")).args(args).output().expect("the program");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(!output.stderr.is_empty(), "{args:?} has a reason");
    }
}

#[test]
fn the_page_needs_no_script_and_takes_no_orders_from_other_pages() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = history(folder.path());
    let glass = Glass::start(folder.path(), &storage);
    let storm = glass.storm(STORM);
    let page = glass.get("/?lang=ja");
    let mut links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let link = links.find(|link| link.starts_with(&format!("/storms/{STORM}/"))).expect("a link to the storm");
    let own = glass.get(link);
    let field = |name: &str| {
        let rest = own.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name}: {own}")).1;
        rest.split('"').next().expect("a value").to_owned()
    };
    assert_eq!(field("storm"), storm["id"].as_str().expect("an id"));
    for path in ["/api/v1/acknowledge", "/api/v1/mute"] {
        assert!(own.contains(&format!("method=\"post\" action=\"{path}\"")), "{own}");
    }
    let body = format!("token={}&lang=ja&storm={STORM}&by=%E8%8A%B1&why=%3Cb%3Eknown&for=1h", field("token"));
    let origin = format!("http://{}", glass.address);
    for (origin, body) in
        [("http://evil.test", body.as_str()), ("null", &body), (&origin, &body.replace("token=", "token=0"))]
    {
        assert_eq!(glass.post("/api/v1/mute", origin, body), 403, "{origin} {body}");
    }
    assert!(!glass.is_muted(STORM));
    assert_eq!(glass.post("/api/v1/mute", &origin, &body), 303);
    assert!(glass.is_muted(STORM));
    // A page is rendered for all who ask within a quarter of a second.
    let began = Instant::now();
    while !glass.get("/?lang=ja").contains("花さん") {
        assert!(began.elapsed() < PATIENCE, "{}", glass.get("/?lang=ja"));
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(glass.get("/?lang=ja").contains("&lt;b&gt;known"), "what is said is escaped");
    let own = glass.get(link);
    assert!(own.contains("action=\"/api/v1/unmute\""), "{own}");
    let id = format!("token={}&lang=ja&id=m1", field("token"));
    assert_eq!(glass.post("/api/v1/unmute", &origin, &id), 303);
    assert!(!glass.is_muted(STORM));
}
