//! A storm that nobody captures: the built program polls a simulated switch over UDP on loopback, whose counters storm as in
//! the incident, and tells it by API, metrics and page, with the port and the device behind it.

#![expect(clippy::disallowed_methods, reason = "a test from outside connects, and waits for what others do")]

#[path = "loopback/incident.rs"]
mod incident;
#[path = "loopback/program.rs"]
mod program;

use incident::Incident;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use stormglass_harness::Scenario;

/// Long enough on a busy machine; the world's storm lasts 13 s, and its verdict longer.
const PATIENCE: Duration = Duration::from_secs(40);

/// A storm that outlasts a restart.
const LONG: &str = "about = \"As at home, and nobody pulls the cable.\"\nduration_s = 200\n[[storms]]\nkind = \"l3_reflector\"\n\
    from_s = 10\nuntil_s = 190\nttl = \"constant\"\ndirection = \"wan-to-lan\"\nrate_pps = 1800\nhost = \"Echo\"\n\
    kindle_after_s = 1.5\n[expected]\ncause = \"l3_reflector\"\nseverity = \"storm\"\n\
    culprit_macs = [\"3c:84:6a:10:00:c8\"]\norigins = [\"192.168.1.10\"]\n";

/// The program, ended with the test.
struct Glass {
    child: Child,
    address: SocketAddr,
    /// What it said before it was ready.
    said: String,
}

impl Glass {
    /// Watches nothing but one target on loopback. `flags`: more of them.
    fn start(folder: &Path, target: SocketAddr, flags: &[String]) -> Self {
        let file = folder.join("stormglass.yml");
        let config = format!(
            "snmp:\n  targets: [{{name: hub, address: \"{target}\", interval: 1s}}]\ncapture: {{interfaces: none}}\nupnp: \
             {{interfaces: none}}\nweb: {{listen: [\"127.0.0.1:0\"]}}\n"
        );
        std::fs::write(&file, config).expect("the configuration");
        let arguments = [&[format!("--config.file={}", file.display())], flags].concat();
        let (child, address, said) = program::serve(&arguments);
        Self { child, address, said }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
        let request = format!("GET {path} HTTP/1.1\r\nHost: glass.test\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer.split_once("\r\n\r\n").expect("a head and a body").1.to_owned()
    }

    fn storms(&self) -> Vec<Value> {
        // The body may be in chunks (RFC 9112, 7.1): what is between the outer brackets of the JSON is all that counts.
        let body = self.get("/api/v1/storms");
        let (from, to) = (body.find(['[', '{']), body.rfind([']', '}']));
        let json = from.zip(to).and_then(|(from, to)| serde_json::from_str::<Value>(&body[from..=to]).ok());
        let json = json.unwrap_or_else(|| panic!("no JSON: {body}"));
        let list = json["verdicts"].as_array().expect("a list");
        list.clone()
    }
}

impl Glass {
    /// The first storm that fits.
    fn until(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let storms = self.storms();
            if let Some(found) = storms.iter().find(|storm| fits(storm)) {
                return found.clone();
            }
            assert!(began.elapsed() < PATIENCE, "not {what}: {storms:#?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// `stormglass last`: its exit code, the storms, and what it complains of.
fn last(folder: &Path) -> (Option<i32>, Vec<Value>, String) {
    let path = format!("--storage.path={}", folder.display());
    let program = Command::new(env!("CARGO_BIN_EXE_stormglass")).args(["last", "--format", "json", &path]).output();
    let output = program.expect("the program");
    let json = serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default();
    let storms = json["verdicts"].as_array().cloned().unwrap_or_default();
    (output.status.code(), storms, String::from_utf8_lossy(&output.stderr).into_owned())
}

fn kept(storage: &Path) -> Vec<String> {
    vec![format!("--storage.path={}", storage.display())]
}

impl Drop for Glass {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn counters_alone_name_the_port_and_accuse_nobody_behind_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let incident = Incident::start(&Scenario::builtin("home").expect("a scenario"), 3 * PATIENCE);
    let glass = Glass::start(folder.path(), incident.agent.addr(), &[]);
    let named = glass.until("named", |storm| storm["candidates"][0]["mac"].is_string());
    assert_eq!(named["severity"], "storm", "{named:#}");
    assert_eq!(named["segment"], "hub", "{named:#}");
    assert_eq!(named["culprit"]["port"], "hub port7", "{named:#}");
    assert!(named["culprit"]["mac"].is_null(), "a hub or a loop behind the port would look the same: {named:#}");
    assert_eq!(
        named["candidates"][0]["mac"], "3c:84:6a:10:00:c8",
        "who is known there is told all the same: {named:#}"
    );
    assert_eq!(named["cause"], "unexplained", "counters can't tell a reflector from a chatty device: {named:#}");
    let candidates = named["candidates"].as_array().expect("a list");
    assert!(candidates.iter().any(|candidate| candidate["cause"] == "l3_reflector"), "{named:#}");
    assert!(candidates.iter().all(|candidate| candidate["needs"].as_str().is_some_and(|needs| !needs.is_empty())));
    let metrics = glass.get("/metrics");
    let info = metrics.lines().find(|line| line.starts_with("stormglass_storm_info{"));
    assert!(info.is_some_and(|line| line.contains("port=\"hub port7\"")), "{info:?}");
    let active = metrics.lines().find(|line| line.starts_with("stormglass_storm_active{") && line.ends_with(" 1"));
    assert!(active.is_some_and(|line| line.contains("segment=\"hub\"")), "{active:?}");
    let page = glass.get("/");
    assert!(page.contains("hub port7"), "the page names the port");
    assert!(!named["sentence"].as_str().unwrap_or_default().contains("192.168.1.10"), "the Echo lent its address");
}

#[test]
fn a_storm_outlives_the_program_that_was_killed_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = folder.path().join("history");
    let incident = Incident::start(&Scenario::parse("long", LONG).expect("a scenario"), 3 * PATIENCE);
    let start = || Glass::start(folder.path(), incident.agent.addr(), &kept(&storage));
    let glass = start();
    let named = glass.until("named", |storm| storm["culprit"]["port"].is_string());
    let same = |storm: &Value| {
        assert_eq!((&storm["id"], &storm["started"]), (&named["id"], &named["started"]), "{storm:#}");
    };
    // The disk hears of it after the page, within a second.
    let began = Instant::now();
    while last(&storage).1.first().is_none_or(|storm| storm["id"] != named["id"]) {
        assert!(began.elapsed() < PATIENCE, "{:?}", last(&storage));
        std::thread::sleep(Duration::from_millis(200));
    }
    let (code, storms, _) = last(&storage);
    assert_eq!((code, storms.len()), (Some(1), 1), "{storms:#?}");
    same(&storms[0]);
    drop(glass); // SIGKILL
    let glass = start();
    let remembered = glass.storms();
    assert_eq!(remembered.len(), 1, "{remembered:#?}");
    same(&remembered[0]);
    same(&glass.until("going on", |storm| storm["phase"] == "active"));
    assert_eq!(glass.storms().len(), 1, "one storm is one: {:#?}", glass.storms());
    drop(glass);
    // A power failure in mid-line costs that line.
    let file = storage.join("storms.jsonl");
    let lines = std::fs::read(&file).expect("a history");
    std::fs::write(&file, &lines[..lines.len() - 9]).expect("torn");
    let (code, storms, complains) = last(&storage);
    assert_eq!(code, Some(1), "{complains}");
    assert!(complains.contains("passed over"), "{complains}");
    same(&storms[0]);
    let glass = start();
    assert!(glass.said.contains("1 torn or spoiled lines"), "{}", glass.said);
    same(&glass.storms()[0]);
}

#[test]
fn a_history_that_cannot_be_kept_stops_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let in_the_way = folder.path().join("file");
    std::fs::write(&in_the_way, "not a folder").expect("a file");
    let glass = Glass::start(folder.path(), SocketAddr::from(([127, 0, 0, 1], 9)), &kept(&in_the_way));
    assert!(glass.said.contains("can't be kept in"), "{}", glass.said);
    let began = Instant::now();
    let counted = |metrics: String| {
        metrics
            .lines()
            .any(|l| l.starts_with("stormglass_storage_errors_total{reason=\"other\"}") && !l.ends_with(" 0"))
    };
    while !counted(glass.get("/metrics")) {
        assert!(began.elapsed() < PATIENCE, "it is not counted");
        std::thread::sleep(Duration::from_millis(100));
    }
    let (code, _, complains) = last(folder.path());
    assert_eq!(code, Some(2), "{complains}");
    assert!(complains.contains("start `stormglass serve --storage.path="), "{complains}");
    std::fs::write(folder.path().join("storms.jsonl"), "{\"v\":99}\n").expect("a newer history");
    let serve = Command::new(env!("CARGO_BIN_EXE_stormglass"))
        .args(["serve", "--web.listen-address=127.0.0.1:0"])
        .arg(format!("--config.file={}", folder.path().join("stormglass.yml").display()))
        .args(kept(folder.path()))
        .output()
        .expect("the program");
    let complains = String::from_utf8_lossy(&serve.stderr);
    assert_eq!(serve.status.code(), Some(2), "{complains}");
    assert!(complains.contains("version 99") && complains.contains("choose another folder"), "{complains}");
    assert_eq!(last(folder.path()).0, Some(2));
}
