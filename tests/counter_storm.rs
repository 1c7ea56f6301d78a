//! A storm that nobody captures: the built program polls a simulated switch over UDP on loopback, whose counters storm as in
//! the incident, and tells it by API, metrics and page, with the port and the device behind it.

#![expect(clippy::disallowed_methods, reason = "a test from outside connects, and waits for what others do")]

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use stormglass_harness::snmp::{AgentOptions, SharedTable, SnmpAgent, switch_mib};
use stormglass_harness::{Scenario, World};

/// The world goes by in real time, or sysUpTime would not fit its counters; it begins shortly before its storm.
const BEGINS: Duration = Duration::from_secs(8);
/// Long enough on a busy machine; the world's storm lasts 13 s, and its verdict longer.
const PATIENCE: Duration = Duration::from_secs(40);

/// The switch of the incident, until it is dropped.
struct Incident {
    agent: SnmpAgent,
    stop: Arc<AtomicBool>,
    world: Option<std::thread::JoinHandle<()>>,
}

impl Incident {
    fn start() -> Self {
        let scenario = Scenario::builtin("home").expect("a scenario");
        let mut world = World::new(&scenario, 3);
        drop(world.advance(BEGINS));
        let table = SharedTable::new(switch_mib::table(&world));
        let agent = SnmpAgent::start(table.clone(), AgentOptions::default()).expect("an agent");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let world = std::thread::spawn(move || {
            let began = Instant::now();
            while !stopped.load(Ordering::Relaxed) && began.elapsed() < PATIENCE {
                drop(world.advance(BEGINS + began.elapsed()));
                table.set(switch_mib::table(&world));
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        Self { agent, stop, world: Some(world) }
    }
}

impl Drop for Incident {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.world.take().map(std::thread::JoinHandle::join);
    }
}

/// The program, ended with the test.
struct Glass {
    child: Child,
    address: SocketAddr,
    _log: std::thread::JoinHandle<()>,
}

impl Glass {
    /// Watches nothing but one target on loopback.
    fn start(folder: &std::path::Path, target: SocketAddr) -> Self {
        let file = folder.join("stormglass.yml");
        let config = format!(
            "snmp:\n  targets: [{{name: hub, address: \"{target}\", interval: 1s}}]\ncapture: {{interfaces: none}}\nupnp: \
             {{interfaces: none}}\nweb: {{listen: [\"127.0.0.1:0\"]}}\n"
        );
        std::fs::write(&file, config).expect("the configuration");
        let mut child = Command::new(env!("CARGO_BIN_EXE_stormglass"))
            .arg("serve")
            .arg(format!("--config.file={}", file.display()))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        let ready = lines.find_map(|line| Some(line.split_once("http://")?.1.split('/').next()?.to_owned()));
        let address = ready.expect("it says where it listens").parse().expect("an address");
        // Its log must be read, or it would wait for a reader.
        let log = std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, _log: log }
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

impl Drop for Glass {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn counters_alone_name_the_port_and_the_device() {
    let folder = tempfile::tempdir().expect("a folder");
    let incident = Incident::start();
    let glass = Glass::start(folder.path(), incident.agent.addr());
    let began = Instant::now();
    let named = loop {
        let storms = glass.storms();
        let named = storms.iter().find(|storm| storm["culprit"]["mac"].is_string()).cloned();
        if let Some(named) = named {
            break named;
        }
        assert!(began.elapsed() < PATIENCE, "nothing is said: {storms:#?}");
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(named["severity"], "storm", "{named:#}");
    assert_eq!(named["segment"], "hub", "{named:#}");
    assert_eq!(named["culprit"]["port"], "hub port7", "{named:#}");
    assert_eq!(named["culprit"]["mac"], "3c:84:6a:10:00:c8", "{named:#}");
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
