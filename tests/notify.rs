//! Who is told of a storm, from outside: the built program polls a simulated switch on loopback whose counters storm, and a
//! receiver of webhooks here hears of the start and the end, each once; also when it was away meanwhile, and the program with
//! it. `stormglass notify test` says what came back.

#![expect(clippy::disallowed_methods, reason = "a test from outside listens, connects, and waits for what others do")]

#[path = "loopback/incident.rs"]
mod incident;
#[path = "loopback/program.rs"]
mod program;

use incident::Incident;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use stormglass_harness::Scenario;

/// Long enough on a busy machine; the world's storm lasts 13 s, and its verdict longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A receiver of webhooks and signs of life.
struct Hook {
    address: SocketAddr,
    heard: Receiver<(String, Value)>,
    /// What the next requests are answered with; 200 once there is none left.
    answers: Arc<Mutex<Vec<&'static str>>>,
}

impl Hook {
    fn start(listener: TcpListener, answers: &[&'static str]) -> Self {
        let address = listener.local_addr().expect("an address");
        let (sender, heard) = channel();
        let answers = Arc::new(Mutex::new(answers.iter().rev().copied().collect::<Vec<_>>()));
        let own = Arc::clone(&answers);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if one(stream, &sender, &own).is_none() {
                    return;
                }
            }
        });
        Self { address, heard, answers }
    }

    fn next(&self) -> Value {
        self.heard.recv_timeout(PATIENCE).expect("a message").1
    }
}

/// Takes one request. `None`: the test has ended.
fn one(mut stream: TcpStream, sender: &Sender<(String, Value)>, answers: &Mutex<Vec<&'static str>>) -> Option<()> {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap_or(0);
        text.extend_from_slice(&buffer[..read]);
        let said = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = said.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0_usize) {
                let answer = answers.lock().expect("whole").pop();
                let status = answer.unwrap_or("200 OK\r\n");
                let _ = stream.write_all(format!("HTTP/1.1 {status}Content-Length: 0\r\n\r\n").as_bytes());
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                if answer.is_none() {
                    return sender.send((path, serde_json::from_str(body).unwrap_or_default())).ok();
                }
                return Some(());
            }
        }
        if read == 0 {
            return Some(());
        }
    }
}

/// The program, ended with the test.
struct Glass {
    child: Child,
    address: SocketAddr,
    file: PathBuf,
}

impl Glass {
    fn start(folder: &Path, config: &str, flags: &[&str]) -> Self {
        let file = folder.join("stormglass.yml");
        write(&file, config);
        let flags = flags.iter().map(|flag| (*flag).to_owned());
        let arguments = ["--web.enable-lifecycle".to_owned(), format!("--config.file={}", file.display())]
            .into_iter()
            .chain(flags)
            .collect::<Vec<_>>();
        let (child, address, _) = program::serve(&arguments);
        Self { child, address, file }
    }

    /// Has another configuration read, by signal.
    fn reload(&self, config: &str) {
        write(&self.file, config);
        let sent = Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -HUP");
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
        let request = format!("GET {path} HTTP/1.1\r\nHost: glass.test\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// Waits until a series is at least this.
    fn until(&self, series: &str, least: f64) {
        let began = Instant::now();
        loop {
            let metrics = self.get("/metrics");
            let value = metrics.lines().find_map(|line| line.strip_prefix(series)?.trim().parse::<f64>().ok());
            if value.is_some_and(|value| value >= least) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{series} is {value:?}, not {least}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Glass {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Watches nothing but what `config` says.
fn write(file: &Path, config: &str) {
    let quiet = "capture: {interfaces: none}\nupnp: {interfaces: none}\n";
    let web = "web: {listen: [\"127.0.0.1:0\"], external_url: 'http://pi.test:10116'}\n";
    std::fs::write(file, format!("{config}{quiet}{web}")).expect("the configuration");
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port")
}

fn config(target: SocketAddr, hook: SocketAddr) -> String {
    format!(
        "snmp:\n  targets: [{{name: hub, address: \"{target}\", interval: 1s}}]\nnotify:\n  channels:\n    - {{name: hook, \
         type: webhook, url: 'http://{hook}/secret-word'}}\n"
    )
}

const DELIVERED: &str = "stormglass_notifications_total{channel=\"hook\",outcome=\"delivered\"}";
const FAILED: &str = "stormglass_notifications_total{channel=\"hook\",outcome=\"failed\"}";
const WAITING: &str = "stormglass_notifications_waiting{channel=\"hook\"}";

#[test]
fn a_storm_is_told_once_and_so_is_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let hook = Hook::start(listener(), &["500 Oops\r\n", "429 Slow\r\nRetry-After: 1\r\n"]);
    let incident = Incident::start(&Scenario::builtin("home").expect("a scenario"), 3 * PATIENCE);
    let glass = Glass::start(folder.path(), &config(incident.agent.addr(), hook.address), &[]);
    let begun = hook.next();
    assert_eq!((&begun["moment"], &begun["status"]), (&"begun".into(), &"firing".into()), "{begun:#}");
    assert_eq!(begun["culprit"]["port"], "hub port7", "{begun:#}");
    assert!(begun["title"].as_str().is_some_and(|title| title.starts_with("Packet storm: ")), "{begun:#}");
    assert_eq!(begun["link"], "http://pi.test:10116/", "{begun:#}");
    let over = hook.next();
    assert_eq!(
        (&over["moment"], &over["status"], &over["key"]),
        (&"over".into(), &"resolved".into(), &begun["key"]),
        "{over:#}"
    );
    assert!(over["endsAt"].is_string(), "{over:#}");
    glass.until(DELIVERED, 2.0);
    glass.until(FAILED, 2.0);
    glass.until(WAITING, 0.0);
    // Nothing else comes: the world is quiet from here on, and what would flap has had its time.
    std::thread::sleep(Duration::from_secs(15));
    assert!(hook.heard.try_recv().is_err(), "one storm is two messages");
    assert!(hook.answers.lock().expect("whole").is_empty());
}

#[test]
fn what_waited_through_a_restart_is_told_in_the_past_tense() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = format!("--storage.path={}", folder.path().join("kept").display());
    // A port that nobody listens on until later.
    let address = listener().local_addr().expect("an address");
    let incident = Incident::start(&Scenario::builtin("home").expect("a scenario"), 3 * PATIENCE);
    let text = config(incident.agent.addr(), address);
    let glass = Glass::start(folder.path(), &text, &[&kept]);
    glass.until(FAILED, 1.0);
    glass.until(WAITING, 1.0);
    // Killed in the middle of it. The storm goes on for some seconds, and is over when the program is there again.
    drop(glass);
    let queue = std::fs::read_to_string(folder.path().join("kept/outbox.jsonl")).expect("the queue");
    assert!(queue.lines().count() == 1 && !queue.contains("secret-word"), "{queue}");
    std::thread::sleep(Duration::from_secs(15));
    let glass = Glass::start(folder.path(), &text, &[&kept]);
    glass.until(WAITING, 1.0);
    let hook = Hook::start(TcpListener::bind(address).expect("the same port"), &[]);
    let told = hook.next();
    assert_eq!((&told["moment"], &told["status"]), (&"over".into(), &"resolved".into()), "{told:#}");
    assert!(told["title"].as_str().is_some_and(|title| title.starts_with("There was a packet storm: ")), "{told:#}");
    glass.until(DELIVERED, 1.0);
    std::thread::sleep(Duration::from_secs(12));
    assert!(hook.heard.try_recv().is_err(), "it is one message");
}

#[test]
fn a_sign_of_life_is_given_while_something_is_watched() {
    let folder = tempfile::tempdir().expect("a folder");
    let hook = Hook::start(listener(), &[]);
    let incident = Incident::start(&Scenario::builtin("home").expect("a scenario"), 3 * PATIENCE);
    let beat = |target: SocketAddr, path: &str| {
        format!(
            "snmp:\n  targets: [{{name: hub, address: \"{target}\", interval: 1s, timeout: 500ms}}]\nnotify: {{interface: lo, heartbeat: \
             {{url: 'http://{}/ping/{path}', interval: 10s}}}}\n",
            hook.address
        )
    };
    let glass = Glass::start(folder.path(), &beat(incident.agent.addr(), "secret"), &[]);
    let (path, _) = hook.heard.recv_timeout(PATIENCE).expect("a sign of life");
    assert_eq!(path, "/ping/secret");
    glass.until("stormglass_notifications_total{channel=\"heartbeat\",outcome=\"delivered\"}", 1.0);
    // Read anew, it goes elsewhere; and without one, nobody is told of in the metrics.
    glass.reload(&beat(incident.agent.addr(), "other"));
    while hook.heard.recv_timeout(PATIENCE).expect("a sign of life").0 != "/ping/other" {}
    glass.reload("snmp: {interval: 1s}\n");
    let began = Instant::now();
    while glass.get("/metrics").contains("stormglass_notifications_total") {
        assert!(began.elapsed() < PATIENCE, "it goes on");
        std::thread::sleep(Duration::from_millis(200));
    }
    drop(glass);
    // A switch that does not answer is nothing to see.
    while hook.heard.try_recv().is_ok() {}
    let glass = Glass::start(folder.path(), &beat(SocketAddr::from(([127, 0, 0, 1], 9)), "none"), &[]);
    glass.until("stormglass_notifications_total{channel=\"heartbeat\",outcome=\"withheld\"}", 2.0);
    assert!(hook.heard.try_recv().is_err(), "silence is the alert");
}

#[test]
fn a_test_says_what_came_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let hook = Hook::start(listener(), &[]);
    let file = folder.path().join("s.yml");
    let nobody = listener().local_addr().expect("an address");
    let text = format!(
        "notify:\n  channels:\n    - {{name: good, type: webhook, url: 'http://{}/secret-word', language: ja}}\n    - {{name: \
         gone, type: discord, url: 'http://{nobody}/secret-word'}}\n",
        hook.address
    );
    std::fs::write(&file, text).expect("the configuration");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
        command.args(["notify", "test", "--lang=en", &format!("--config.file={}", file.display())]).args(arguments);
        let output = command.output().expect("the program");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    let (code, said) = run(&[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("good: delivered (200 OK)") && said.contains("gone: failed: 127.0.0.1:"), "{said}");
    assert!(said.contains("nothing listens there") && !said.contains("secret-word"), "{said}");
    assert_eq!(hook.next()["title"], "stormglassのテスト通知");
    assert_eq!(run(&["good"]).0, Some(0));
    let (code, said) = run(&["other"]);
    assert!(code == Some(2) && said.contains("expected one of good, gone"), "{said}");
    std::fs::write(&file, "snmp: {interval: 10s}\n").expect("the configuration");
    let (code, said) = run(&[]);
    assert!(code == Some(2) && said.contains("nobody is told anything"), "{said}");
}
