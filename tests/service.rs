//! The service from outside, as systemd and an administrator see it: a configuration that is read anew by HTTP and by signal, a
//! bad one that changes nothing, and what the supervisor is told. The built program watches loopback alone.

#![expect(clippy::disallowed_methods, reason = "a test from outside connects, and waits for what others do")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use stormglass_harness::snmp::{AgentOptions, SharedTable, SnmpAgent, walk_file};

const WITHIN: Duration = Duration::from_secs(60);
/// What every configuration of these tests ends with: nothing but loopback is watched.
const QUIET: &str = "capture: {interfaces: none}\nupnp: {interfaces: none}\nweb: {listen: [\"127.0.0.1:0\"]}\n";

fn agent() -> SnmpAgent {
    let table = walk_file::parse(include_bytes!("walks/plain.snmprec")).expect("a good walk file");
    SnmpAgent::start(SharedTable::new(table), AgentOptions::default()).expect("an agent")
}

/// The program, ended with the test.
struct Glass {
    child: Child,
    address: SocketAddr,
    file: PathBuf,
    log: Receiver<String>,
}

impl Glass {
    fn start(folder: &Path, config: &str, flags: &[&str], environment: &[(&str, &str)]) -> Self {
        let file = folder.join("stormglass.yml");
        std::fs::write(&file, format!("{config}{QUIET}")).expect("the configuration");
        let mut child = Command::new(env!("CARGO_BIN_EXE_stormglass"))
            .arg("serve")
            .arg(format!("--config.file={}", file.display()))
            .args(flags)
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        let ready = lines.find_map(|line| Some(line.split_once("http://")?.1.split('/').next()?.to_owned()));
        let address = ready.expect("it says where it listens").parse().expect("an address");
        // Its log must be read, or it would wait for a reader.
        let (sender, log) = channel();
        std::thread::spawn(move || lines.for_each(|line| drop(sender.send(line))));
        Self { child, address, file, log }
    }

    fn write(&self, config: &str) {
        std::fs::write(&self.file, format!("{config}{QUIET}")).expect("the configuration");
    }

    /// Status and text of an answer.
    fn ask(&self, method: &str, path: &str, headers: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(WITHIN)).expect("a time limit");
        let host = if headers.contains("Host:") { String::new() } else { format!("Host: {}\r\n", self.address) };
        let request =
            format!("{method} {path} HTTP/1.1\r\n{host}{headers}Content-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }

    fn reload(&self) -> (u16, String) {
        self.ask("POST", "/-/reload", "")
    }

    fn metric(&self, series: &str) -> Option<f64> {
        let (_, text) = self.ask("GET", "/metrics", "");
        text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
    }

    fn until(&self, series: &str, wanted: f64) {
        let began = Instant::now();
        while self.metric(series) != Some(wanted) {
            assert!(began.elapsed() < WITHIN, "{series} is {:?}, not {wanted}", self.metric(series));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {name}");
    }

    fn logged(&self, part: &str) -> String {
        let began = Instant::now();
        loop {
            let line = self.log.recv_timeout(WITHIN.saturating_sub(began.elapsed())).expect(part);
            if line.contains(part) {
                return line;
            }
        }
    }
}

impl Drop for Glass {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const GOOD: &str = "stormglass_config_last_reload_successful";
const AT: &str = "stormglass_config_last_reload_success_timestamp_seconds";

#[test]
fn what_can_change_changes() {
    let (folder, agent) = (tempfile::tempdir().expect("a folder"), agent());
    let targets = |community: &str, names: &[&str]| {
        let one = |name: &&str| format!("{{name: {name}, address: \"{}\", auth: a, interval: 1s}}", agent.addr());
        let list = names.iter().map(one).collect::<Vec<_>>().join(", ");
        format!("snmp:\n  auths: {{a: {{community: {community}}}}}\n  timeout: 500ms\n  targets: [{list}]\n")
    };
    let glass = Glass::start(folder.path(), &targets("wrong", &["hub"]), &["--web.enable-lifecycle"], &[]);
    assert_eq!(glass.metric(GOOD), Some(1.0));
    let first = glass.metric(AT).expect("the start counts");
    glass.until("stormglass_up{target=\"hub\"}", 0.0);
    assert_eq!(glass.ask("GET", "/", "Host: storm.example.com\r\n").0, 421);

    // A password, a second target, a limit, and a name to be asked by.
    let limits = "detect: {storm_pps: 77}\n";
    glass.write(&format!("{}{limits}", targets("public", &["hub", "attic"])));
    let (status, said) = glass.reload();
    assert_eq!((status, said.trim_end().ends_with("was read anew")), (200, true), "{said}");
    for target in ["hub", "attic"] {
        glass.until(&format!("stormglass_up{{target=\"{target}\"}}"), 1.0);
    }
    assert_eq!(glass.metric("stormglass_limit_frames_per_second{limit=\"storm_pps\"}"), Some(77.0));
    assert!(glass.metric(AT).expect("a time") > first);
    // Another name for the same device: the rest is forgotten.
    glass.write(&targets("public", &["cellar"]));
    assert_eq!(glass.reload().0, 200);
    glass.until("stormglass_up{target=\"cellar\"}", 1.0);
    assert_eq!(glass.metric("stormglass_up{target=\"hub\"}"), None);
    let (_, listed) = glass.ask("GET", "/sd/snmp", "");
    assert!(listed.contains("cellar") && !listed.contains("attic"), "{listed}");
    // Without targets this host's own counters stand in.
    glass.write("snmp: {interval: 1s}\n");
    assert_eq!(glass.reload().0, 200);
    glass.until("stormglass_snmp_targets{source=\"configuration\"}", 0.0);
    assert_eq!(glass.metric("stormglass_up{target=\"cellar\"}"), None);
}

#[test]
fn what_cannot_change_is_named_and_a_bad_file_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let hub = "snmp: {targets: [{name: hub, address: \"127.0.0.1:1\"}]}\n";
    let glass = Glass::start(folder.path(), hub, &["--web.enable-lifecycle"], &[]);
    let bad = "snmp:\n  auths:\n    a: {version: 9, community: secret-word}\n";
    let before = glass.metric(AT);
    glass.write(bad);
    let (status, said) = glass.reload();
    assert_eq!(status, 500);
    assert!(said.contains("stormglass.yml:3:") && said.contains("expected one of 1, 2 (or 2c), 3"), "{said}");
    assert!(said.contains("stays in force") && !said.contains("secret-word"), "{said}");
    let logged = glass.logged("stormglass.yml:3:");
    assert!(logged.contains("ERROR") && !logged.contains("secret-word"), "{logged}");
    assert_eq!((glass.metric(GOOD), glass.metric(AT)), (Some(0.0), before));
    assert!(glass.ask("GET", "/sd/snmp", "").1.contains("hub"));

    // Twice: it is not in force after the first time either.
    let wanted = format!("{hub}recorder: {{path: /nowhere}}\ndetect: {{replica_copies: 9}}\n");
    for _ in 0..2 {
        glass.write(&wanted);
        let (status, said) = glass.reload();
        let named = "restart needed for detect.replica_copies, recorder";
        assert!(status == 200 && said.contains(named), "{status} {said}");
    }
    assert_eq!(glass.metric(GOOD), Some(1.0));
    // By signal, good and bad.
    glass.write(bad);
    glass.signal("-HUP");
    glass.until(GOOD, 0.0);
    glass.write(hub);
    glass.signal("-HUP");
    glass.until(GOOD, 1.0);
    std::fs::remove_file(&glass.file).expect("the file");
    let (status, said) = glass.reload();
    assert!(status == 500 && said.contains("can't be read"), "{said}");
}

#[test]
fn nobody_else_may_ask_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let off = Glass::start(folder.path(), "", &[], &[]);
    let (status, said) = off.reload();
    assert!(status == 403 && said.contains("--web.enable-lifecycle"), "{said}");
    drop(off);
    let glass = Glass::start(folder.path(), "", &["--web.enable-lifecycle"], &[]);
    for (headers, wanted) in [
        ("Origin: http://evil.example\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Host: evil.example\r\n", 421),
        ("", 200),
    ] {
        assert_eq!(glass.ask("POST", "/-/reload", headers).0, wanted, "{headers:?}");
    }
    assert_eq!(glass.ask("PUT", "/-/reload", "").0, 200);
    assert_eq!(glass.ask("GET", "/-/reload", "").0, 405);
}

/// READY after the start, signs of life from the engine, RELOADING and READY around a reload, STOPPING at the end.
#[test]
fn the_supervisor_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(WITHIN)).expect("a time limit");
    let path = path.display().to_string();
    let environment = [("NOTIFY_SOCKET", path.as_str()), ("WATCHDOG_USEC", "100000")];
    let glass = Glass::start(folder.path(), "", &[], &environment);
    let next = || {
        let mut buffer = [0; 256];
        let length = socket.recv(&mut buffer).expect("it is told");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    let until = |wanted: &str| {
        let mut alive = 0;
        loop {
            match next().as_str() {
                "WATCHDOG=1" => alive += 1,
                said => {
                    assert_eq!(said, wanted);
                    return alive;
                }
            }
        }
    };
    until("READY=1");
    for _ in 0..5 {
        assert_eq!(next(), "WATCHDOG=1");
    }
    glass.signal("-HUP");
    until("RELOADING=1");
    until("READY=1");
    glass.signal("-TERM");
    until("STOPPING=1");
}
