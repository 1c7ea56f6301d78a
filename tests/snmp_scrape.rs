//! `/snmp`, `/sd/snmp` and the sources of targets, from outside: the built program on loopback, asked by HTTP as
//! Prometheus asks, and simulated agents as the devices.

#![expect(clippy::disallowed_methods, reason = "a test from outside connects, and waits for what others do")]

#[path = "loopback/program.rs"]
mod program;

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use stormglass_harness::snmp::{AgentOptions, SharedTable, SnmpAgent, walk_file};

/// A device with what breaks writers: quotes, backslashes and line feeds in names, no name at all, only 32 bits on one
/// port, and a counter beyond 2^53 on the other.
const ODD: &str = include_str!("walks/odd.snmprec");

fn agent() -> SnmpAgent {
    let table = walk_file::parse(ODD.as_bytes()).expect("a good walk file");
    SnmpAgent::start(SharedTable::new(table), AgentOptions::default()).expect("an agent")
}

/// The program, ended with the test.
struct Glass {
    child: Child,
    address: SocketAddr,
}

impl Glass {
    /// Watches nothing but SNMP, and sends to loopback alone.
    fn start(folder: &Path, snmp: &str) -> Self {
        let file = folder.join("stormglass.yml");
        let config = format!(
            "snmp: {snmp}\ncapture: {{interfaces: none}}\nupnp: {{interfaces: none}}\nweb: {{listen: [\"127.0.0.1:0\"]}}\n"
        );
        std::fs::write(&file, config).expect("the configuration");
        let arguments = [format!("--config.file={}", file.display())];
        let (child, address, _) = program::serve(&arguments);
        Self { child, address }
    }

    fn connect(&self) -> Connection {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
        Connection(BufReader::new(stream))
    }

    fn get(&self, path: &str) -> Answer {
        self.connect().get(path, "")
    }

    /// Asks until the answer fits; a list that changes does so within seconds.
    fn until(&self, path: &str, fits: impl Fn(&Answer) -> bool) -> Answer {
        let began = std::time::Instant::now();
        loop {
            let answer = self.get(path);
            if fits(&answer) {
                return answer;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{path}: {} {}", answer.status, answer.text());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Glass {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Connection(BufReader<TcpStream>);

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Series with their values, without those that tell of the scrape itself.
    fn series(&self) -> Vec<String> {
        let text = self.text();
        text.lines().filter(|line| !line.starts_with("snmp_scrape_")).map(str::to_owned).collect()
    }
}

impl Connection {
    /// One request of several on the same connection (RFC 9112, 9.3).
    fn get(&mut self, path: &str, headers: &str) -> Answer {
        self.send(path, headers);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.0.read_line(&mut head).expect("a header") > 0, "closed after {head:?}");
        }
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
        let mut body = vec![0; length.expect("a small text has a length")];
        self.0.read_exact(&mut body).expect("the body");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        Answer { status, head, body }
    }

    fn send(&mut self, path: &str, headers: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: glass.test:10116\r\n{headers}\r\n");
        self.0.get_mut().write_all(request.as_bytes()).expect("sent");
    }
}

#[test]
fn a_switch_with_an_ipv6_address_is_polled_and_scraped_like_any_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = walk_file::parse(ODD.as_bytes()).expect("a good walk file");
    let options = AgentOptions { ipv6: true, ..AgentOptions::default() };
    let six = SnmpAgent::start(SharedTable::new(table), options).expect("an agent on ::1");
    let four = agent();
    let port = six.addr().port();
    let snmp = format!(
        "{{targets: [{{name: four, address: \"{}\"}}, {{name: six, address: \"[::1]:{port}\"}}, {{name: zoned, address: \
         \"::1%lo\", port: {port}}}], allowed_subnets: [\"::1/128\"]}}",
        four.addr()
    );
    let glass = Glass::start(folder.path(), &snmp);
    let scraped = |target: &str| {
        let answer = glass.get(&format!("/snmp?target={target}"));
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        answer.series()
    };
    let expected = scraped("four");
    assert!(expected.len() > 50);
    for target in ["six", "zoned", &format!("[::1]:{port}"), &format!("%5B::1%5D:{port}")] {
        assert_eq!(scraped(target), expected, "{target}");
    }
    let up = |name: &str| format!("stormglass_up{{target=\"{name}\"}} 1\n");
    glass.until("/metrics", |answer| ["four", "six", "zoned"].iter().all(|name| answer.text().contains(&up(name))));
}

fn with_hub(agent: &SnmpAgent, rest: &str) -> String {
    format!("{{targets: [{{name: hub, address: \"{}\"}}]{rest}}}", agent.addr())
}

#[test]
fn a_scrape_is_the_same_plain_and_as_gzip_on_one_connection() {
    let folder = tempfile::tempdir().expect("a folder");
    let agent = agent();
    let glass = Glass::start(folder.path(), &with_hub(&agent, ""));
    let mut connection = glass.connect();
    let plain = connection.get("/snmp?target=hub&module=if_mib", "");
    assert_eq!(plain.status, 200, "{}", plain.text());
    assert!(plain.head.contains("content-type: text/plain; version=0.0.4"), "{}", plain.head);
    assert!(!plain.head.contains("content-encoding"), "{}", plain.head);
    let zipped = connection.get("/snmp?target=hub&module=if_mib", "Accept-Encoding: gzip\r\n");
    assert!(zipped.head.contains("content-encoding: gzip"), "{}", zipped.head);
    assert!(zipped.head.contains("vary:") && zipped.head.contains("accept-encoding"), "{}", zipped.head);
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(&zipped.body[..]).read_to_end(&mut body).expect("gzip");
    assert_eq!(Answer { body, ..zipped }.series(), plain.series());
    let series = plain.series();
    for line in [
        r#"ifHCInOctets{ifAlias="to \"the\\attic\"\nup",ifDescr="Port 1",ifIndex="1",ifName="ge1"} 7"#,
        r#"ifInOctets{ifAlias="",ifDescr="Port 2",ifIndex="2",ifName=""} 4294967295"#,
        r#"ifPhysAddress{ifAlias="",ifDescr="Port 2",ifIndex="2",ifName="",ifPhysAddress="02:00:00:00:00:02"} 1"#,
    ] {
        assert!(series.iter().any(|found| found == line), "{line}\n{}", plain.text());
    }
    for (headers, kind) in
        [("", "text/plain"), ("Accept: application/openmetrics-text\r\n", "application/openmetrics-text")]
    {
        let own = connection.get("/metrics", headers);
        assert!(own.head.contains(&format!("content-type: {kind}")), "{}", own.head);
        assert!(own.text().contains("stormglass_snmp_targets{source=\"configuration\"} 1\n"), "{}", own.text());
    }
}

#[test]
fn what_cannot_be_meant_is_refused_and_what_is_dead_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let agent = agent();
    // A port that nobody has, for it was had and given back.
    let dead = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let rest = ", request_timeout: 100ms, retries: 0, allowed_subnets: [127.0.0.0/30], auths: {core: {version: 2c, \
                community: public}}";
    let snmp = with_hub(&agent, rest).replacen("]", &format!(", {{name: dead, address: \"{dead}\"}}]"), 1);
    let glass = Glass::start(folder.path(), &snmp);
    for (query, status, word) in [
        ("module=if_mib", 400, "'target' parameter must be specified once"),
        ("target=hub&target=hub", 400, "'target' parameter must be specified once"),
        ("target=hub&module=system&module=if_mib", 400, "'module' parameter must be specified once"),
        ("target=hub&module=none", 400, "unknown module 'none'"),
        ("target=hub&auth=none", 400, "unknown 'auth' parameter 'none'"),
        ("target=attic", 400, "unknown target"),
        ("target=127.0.0.4:161", 400, "unknown target"),
        ("target=dead", 500, "dead"),
    ] {
        let answer = glass.get(&format!("/snmp?{query}"));
        assert!(
            answer.status == status && answer.text().contains(word),
            "{query}: {} {}",
            answer.status,
            answer.text()
        );
    }
    // Another address of the block that is allowed, and no target: nobody is there, but it may be asked.
    let allowed = glass.get(&format!("/snmp?target=127.0.0.2:{}&auth=core", dead.port()));
    assert_eq!(allowed.status, 500, "{}", allowed.text());
    for query in
        [format!("target={}&auth=core", agent.addr()), "target=hub&module=system,if_mib&auth=public_v2".to_owned()]
    {
        let answer = glass.get(&format!("/snmp?{query}"));
        assert!(answer.status == 200 && answer.text().contains("ifHCInOctets{"), "{query}: {}", answer.text());
    }
}

#[test]
fn prometheus_is_told_all_targets_wherever_they_come_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let (hub, listed, found) = (agent(), agent(), agent());
    let list = folder.path().join("attic.yml");
    let write = |name: &str| {
        let text =
            format!("- targets: [\"{}\"]\n  labels: {{name: {name}, module: system, room: attic}}\n", listed.addr());
        std::fs::write(&list, text).expect("the list");
    };
    write("attic");
    let rest =
        format!(", target_files: [\"*.yml\"], discover: [{{subnet: 127.0.0.1/32, port: {}}}]", found.addr().port());
    // The configuration itself lies elsewhere than the lists, for its name would fit as well.
    let lists = format!("{}/*.yml", folder.path().display());
    let home = tempfile::tempdir().expect("a folder");
    let glass = Glass::start(home.path(), &with_hub(&hub, &rest.replace("*.yml", &lists)));
    let three = glass.until("/sd/snmp", |answer| answer.json().as_array().is_some_and(|groups| groups.len() == 3));
    let groups = three.json();
    let labels = |name: &str| {
        let group = groups.as_array().into_iter().flatten().find(|group| group["labels"]["instance"] == name);
        let group = group.unwrap_or_else(|| panic!("no {name}: {groups:#}"));
        assert_eq!(group["targets"], serde_json::json!(["glass.test:10116"]));
        group["labels"].clone()
    };
    let label = |name: &str, module: &str| {
        serde_json::json!({"instance": name, "__metrics_path__": "/snmp", "__param_target": name,
                           "__param_module": module, "__param_auth": "public_v2"})
    };
    assert_eq!(labels("hub"), label("hub", "if_mib"));
    assert_eq!(labels("attic"), label("attic", "system"));
    assert_eq!(labels("odd switch"), label("odd switch", "if_mib"));
    assert!(glass.get("/snmp?target=odd%20switch").text().contains("ifHCInOctets{"));
    // A list that changes is read again; a broken one changes nothing but is counted.
    write("cellar");
    glass.until("/sd/snmp", |answer| answer.text().contains("\"cellar\"") && !answer.text().contains("\"attic\""));
    std::fs::write(&list, "- targets: [").expect("the list");
    let metrics =
        glass.until("/metrics", |answer| answer.text().contains("stormglass_target_files{state=\"bad\"} 1\n"));
    for line in [
        "stormglass_snmp_targets{source=\"configuration\"} 1",
        "stormglass_snmp_targets{source=\"file\"} 1",
        "stormglass_snmp_targets{source=\"discovery\"} 1",
    ] {
        assert!(metrics.text().lines().any(|found| found == line), "{line}\n{}", metrics.text());
    }
    assert!(glass.get("/sd/snmp").text().contains("\"cellar\""));
    let bad = glass.connect().get("/sd/snmp?module=none", "");
    assert_eq!(bad.status, 400);
}

/// A port where nothing is ever answered, and a target there that may be waited for as long as a scrape can last.
fn silent() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("bound");
    (socket, format!("{{name: silent, address: \"{address}\", request_timeout: 60s, retries: 0}}"))
}

const PATIENT: &str = "X-Prometheus-Scrape-Timeout-Seconds: 120\r\n";

#[test]
fn more_scrapes_than_there_are_places_for_are_sent_away_until_there_is_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (agent, (_socket, target)) = (agent(), silent());
    let glass = Glass::start(folder.path(), &with_hub(&agent, "").replacen("]", &format!(", {target}]"), 1));
    let waiting = (0..220).map(|_| {
        let mut connection = glass.connect();
        connection.send("/snmp?target=silent", PATIENT);
        connection
    });
    let waiting = waiting.collect::<Vec<_>>();
    // Nothing else takes a place until 20 of them have been sent away: then the others have all 200.
    let answered = |connection: &&Connection| {
        let stream = connection.0.get_ref();
        stream.set_nonblocking(true).expect("a socket");
        stream.peek(&mut [0]).is_ok()
    };
    let began = std::time::Instant::now();
    while waiting.iter().filter(answered).count() < 20 {
        assert!(began.elapsed() < Duration::from_secs(60), "nobody is sent away");
        std::thread::sleep(Duration::from_millis(100));
    }
    let full = glass.get("/snmp?target=hub");
    assert_eq!(full.status, 503, "{}", full.text());
    assert!(full.head.contains("\r\nretry-after: 1\r\n"), "{}", full.head);
    assert!(full.text().contains("200 scrapes are running already"), "{}", full.text());
    // What is no scrape of a device is answered all the same.
    assert_eq!((glass.get("/sd/snmp").status, glass.get("/-/healthy").status), (200, 200));
    // Who goes away gives the place back.
    drop(waiting);
    let served = glass.until("/snmp?target=hub", |answer| answer.status == 200);
    assert!(served.text().contains("ifHCInOctets{"), "{}", served.text());
}

#[test]
fn who_waits_in_vain_for_another_walk_of_a_device_is_told_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (agent, (_socket, target)) = (agent(), silent());
    let glass = Glass::start(folder.path(), &with_hub(&agent, "").replacen("]", &format!(", {target}]"), 1));
    let mut first = glass.connect();
    first.send("/snmp?target=silent", PATIENT);
    let hurried = "X-Prometheus-Scrape-Timeout-Seconds: 1\r\n";
    // Which of the two comes first is decided elsewhere; the patient one stays.
    let mut answers = (0..20).map(|_| glass.connect().get("/snmp?target=silent", hurried));
    let second = answers.find(|answer| answer.status != 500).expect("the first walk holds the device");
    assert_eq!(second.status, 503, "{}", second.text());
    assert!(second.head.contains("\r\nretry-after: 1\r\n"), "{}", second.head);
    for word in ["silent", "another walk of this device was still running"] {
        assert!(second.text().contains(word), "{}", second.text());
    }
    // Another device is not kept waiting.
    assert_eq!(glass.connect().get("/snmp?target=hub", PATIENT).status, 200);
}

/// Stands before an agent, and counts the requests that came while one was being answered.
struct Porter {
    address: SocketAddr,
    at_once: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Porter {
    fn start(agent: SocketAddr) -> Self {
        let (front, back) = ("127.0.0.1:0", "127.0.0.1:0");
        let (front, back) = (UdpSocket::bind(front).expect("a port"), UdpSocket::bind(back).expect("a port"));
        back.connect(agent).expect("loopback");
        back.set_read_timeout(Some(Duration::from_secs(10))).expect("a time limit");
        let address = front.local_addr().expect("bound");
        let (at_once, stop) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (count, stopped) = (Arc::clone(&at_once), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut buffer = vec![0; 65_535];
            while !stopped.load(Ordering::Relaxed) {
                front.set_read_timeout(Some(Duration::from_millis(100))).expect("a time limit");
                let Ok((length, asker)) = front.recv_from(&mut buffer) else { continue };
                back.send(&buffer[..length]).expect("loopback");
                let length = back.recv(&mut buffer).expect("an answer");
                // Long enough for another walk to ask as well, if it is not kept from it.
                front.set_read_timeout(Some(Duration::from_millis(5))).expect("a time limit");
                if front.peek_from(&mut [0]).is_ok() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                front.send_to(&buffer[..length], asker).expect("loopback");
            }
        });
        Self { address, at_once, stop, thread: Some(thread) }
    }
}

impl Drop for Porter {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

#[test]
fn scrapes_of_one_device_wait_for_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let agent = agent();
    let porter = Porter::start(agent.addr());
    let snmp = format!("{{targets: [{{name: hub, address: \"{}\", request_timeout: 10s}}]}}", porter.address);
    let glass = Glass::start(folder.path(), &snmp);
    let answers = std::thread::scope(|scope| {
        let ask = || glass.connect().get("/snmp?target=hub&module=if_mib", PATIENT);
        let askers = (0..6).map(|_| scope.spawn(ask)).collect::<Vec<_>>();
        askers.into_iter().map(|asker| asker.join().expect("an answer")).collect::<Vec<_>>()
    });
    for answer in &answers {
        assert_eq!((answer.status, answer.series()), (200, answers[0].series()), "{}", answer.text());
    }
    assert_eq!(porter.at_once.load(Ordering::Relaxed), 0, "two walks of a device at once");
}
