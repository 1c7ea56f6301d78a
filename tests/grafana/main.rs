//! Dashboards and rules on a real Prometheus that scrapes the demo during its storm, by the scrape configuration that users
//! get: every query of every panel brings data, its variables filled in as Grafana does; the recording rules record; the alert
//! fires and says who, where, why and what to do. Beside the demo runs a `serve` for what the demo does not have: a disk, a
//! configuration file, and a switch that does not answer. In namespaces of its own; needs root and Debian's `prometheus`;
//! without them the trial is ignored with the reason, or fails under `STORMGLASS_LAB=require`.

#![expect(clippy::disallowed_methods, reason = "a test from outside: it waits, measures and connects by itself")]

#[path = "../namespaces/apart.rs"]
mod apart;
#[path = "../namespaces/mod.rs"]
mod namespaces;
mod queries;

use libtest_mimic::Arguments;
use queries::Dashboard;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, String>;

/// Set for the run inside the namespaces, to the trial's name.
const INSIDE: &str = "STORMGLASS_GRAFANA_INSIDE";
const NEEDED: [(&str, &str); 3] = [("unshare", "util-linux"), ("ip", "iproute2"), ("prometheus", "prometheus")];
const DEMO: &str = "127.0.0.1:10116";
const SERVE: &str = "127.0.0.1:10117";
const PROMETHEUS: &str = "127.0.0.1:9090";
/// The storm begins 15 s after the start, and a busy machine is slow.
const STORM_WITHIN: Duration = Duration::from_secs(60);
/// The switch is asked for the port every two seconds.
const PORT_WITHIN: Duration = Duration::from_secs(20);
/// The MAC of the demo's second router.
const CULPRIT: &str = "3c:84:6a:10:00:c8";
/// As [`queries`] fills it in: four scrapes, as Grafana has it at least.
const SCRAPE_SECONDS: u64 = 1;

const TRIALS: [apart::Named<String>; 1] = [("panels_show_data_and_the_alert_fires", storm)];

fn main() -> ExitCode {
    apart::Trials { variable: INSIDE, needed: &NEEDED, trials: TRIALS, alone: 1, set_up }.run(Arguments::from_args())
}

fn set_up() -> std::result::Result<(), String> {
    for line in [
        "link set lo up",
        "link add lan9 type veth peer name lan9-end",
        "addr add 192.168.77.1/24 dev lan9",
        "link set lan9-end up",
        "link set lan9 up",
    ] {
        let done = Command::new("ip").args(line.split(' ')).status();
        ensure(done.is_ok_and(|status| status.success()), || format!("ip {line}: failed"))?;
    }
    Ok(())
}

fn ensure(fact: bool, why: impl FnOnce() -> String) -> Result<()> {
    if fact { Ok(()) } else { Err(why()) }
}

/// A program that runs; it ends with the value.
struct Running(Child);

impl Running {
    /// Starts it and waits until it says `ready`; what it says afterwards is read and dropped, or it would wait for a reader.
    fn start(mut command: Command, ready: &str) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|error| format!("{name}: {error}"))?;
        let mut said = BufReader::new(child.stderr.take().ok_or("no standard error")?);
        let running = Self(child);
        let mut all = String::new();
        while !all.contains(ready) {
            let read = said.read_line(&mut all).map_err(|error| error.to_string())?;
            ensure(read > 0, || format!("{name} ended: {all}"))?;
        }
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn demo() -> Result<Running> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
    command.args(["demo", "--listen", DEMO, "--exit-after", "240s"]);
    // It tells its story on standard output, which is quiet here: that it answers is told by its socket.
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let running = Running(spawned.map_err(|error| format!("the demo: {error}"))?);
    wait("the demo answers", Duration::from_secs(30), || get(DEMO, "/-/healthy").map(drop))?;
    Ok(running)
}

/// A switch that is silent, a capture of an interface nobody else has, recordings and history on the disk, and a receiver of
/// messages that has nothing to hear.
fn serve(folder: &Path) -> Result<Running> {
    let config = "snmp:\n  targets: [{name: attic, address: \"127.0.0.1:1\", interval: 2s, timeout: 1s}]\n\
                  capture: {interfaces: [lan9]}\nupnp: {interfaces: none}\n\
                  notify: {channels: [{name: hook, type: webhook, url: \"http://127.0.0.1:1/\", events: [storm]}]}\n";
    let file = folder.join("stormglass.yml");
    std::fs::write(&file, config).map_err(|error| error.to_string())?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
    command.arg("serve").arg(format!("--config.file={}", file.display()));
    command.arg(format!("--web.listen-address={SERVE}"));
    command.arg(format!("--recorder.path={}", folder.join("recorder").display()));
    command.arg(format!("--storage.path={}", folder.join("storage").display()));
    Running::start(command, "ready at")
}

/// By the configuration that users get, but for the pace, and with both programs as targets.
fn prometheus(folder: &Path) -> Result<Running> {
    let grafana = Path::new(env!("CARGO_MANIFEST_DIR")).join("grafana");
    let text = std::fs::read_to_string(grafana.join("prometheus.yml")).map_err(|error| error.to_string())?;
    let mut text = text;
    for (from, to) in [
        ("scrape_interval: 15s", format!("scrape_interval: {SCRAPE_SECONDS}s")),
        ("evaluation_interval: 15s", "evaluation_interval: 1s".to_owned()),
        ("scrape_interval: 1m", format!("scrape_interval: {SCRAPE_SECONDS}s")),
        ("[\"localhost:10116\"]", format!("[\"{DEMO}\", \"{SERVE}\"]")),
        ("http://localhost:10116", format!("http://{DEMO}")),
        ("- rules/*.yml", format!("- {}/rules/*.yml", grafana.display())),
    ] {
        ensure(text.contains(from), || format!("grafana/prometheus.yml: no {from:?}"))?;
        text = text.replace(from, &to);
    }
    let file = folder.join("prometheus.yml");
    std::fs::write(&file, text).map_err(|error| error.to_string())?;
    let mut command = Command::new("prometheus");
    command.arg(format!("--config.file={}", file.display()));
    command.arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()));
    command.arg(format!("--web.listen-address={PROMETHEUS}"));
    Running::start(command, "Server is ready to receive web requests")
}

/// The body of an answer; any status but 200 is an error.
fn get(address: &str, path: &str) -> Result<String> {
    let read = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
        let mut answer = Vec::new();
        stream.take(64 << 20).read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = read().map_err(|error| format!("{address}{path}: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("{address}{path}: no answer"))?;
    ensure(head.lines().next().is_some_and(|line| line.contains(" 200 ")), || format!("{path}: {head}\n{body}"))?;
    Ok(body.to_owned())
}

/// `data` of an answer of Prometheus.
fn ask(path: &str) -> Result<Value> {
    let body = get(PROMETHEUS, path)?;
    let value: Value = serde_json::from_str(&body).map_err(|error| format!("{path}: {error}"))?;
    Ok(value["data"].clone())
}

fn wait<T>(what: &str, within: Duration, mut check: impl FnMut() -> Result<T>) -> Result<T> {
    let began = Instant::now();
    loop {
        match check() {
            Ok(found) => return Ok(found),
            Err(error) if began.elapsed() > within => return Err(format!("{what}: not within {within:?}: {error}")),
            Err(_) => std::thread::sleep(Duration::from_millis(200)),
        }
    }
}

fn storm() -> Result<()> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let _demo = demo()?;
    let _serve = serve(folder.path())?;
    let _prometheus = prometheus(folder.path())?;
    wait("the alert fires", STORM_WITHIN, || firing().map(drop))?;
    let alert = wait("the alert names the port", PORT_WITHIN, || {
        let alert = firing()?;
        let port = alert["annotations"]["port"].as_str().unwrap_or_default();
        if port.starts_with("hub port") { Ok(alert) } else { Err(format!("port: {port:?}")) }
    })?;
    told(&alert["annotations"])?;
    say(&["acknowledge", "--until", "2099-12-31"])?;
    say(&["mute", "--for", "1h"])?;
    let muted = instant("stormglass_storm_muted_until_timestamp_seconds and stormglass_storm_acknowledged == 1");
    wait("what was said is scraped", PORT_WITHIN, || {
        ensure(has_data(&ask(&muted)?["result"]), || "neither muted nor acknowledged".to_owned())
    })?;
    let (mut asked, mut empty) = (0, Vec::new());
    for dashboard in Dashboard::all()? {
        let variables = dashboard.variables(&ask)?;
        for panel in dashboard.queries() {
            asked += 1;
            let query = panel.filled(&variables, 4 * SCRAPE_SECONDS);
            let path = if panel.instant { instant(&query) } else { range(&query) };
            if !has_data(&ask(&path)?["result"]) {
                empty.push(format!("{}: {}: {query}", dashboard.name, panel.title));
            }
        }
    }
    ensure(empty.is_empty(), || format!("{} of {asked} queries show nothing:\n{}", empty.len(), empty.join("\n")))?;
    println!("    {asked} queries of panels brought data");
    for recorded in ["group_frames", "replica_frames"] {
        let name = format!("instance_interface:stormglass_{recorded}:rate1m");
        ensure(has_data(&ask(&instant(&name))?["result"]), || format!("{name} is not recorded"))?;
    }
    Ok(())
}

/// The alert of the storm, once it fires.
fn firing() -> Result<Value> {
    let alerts = ask("/api/v1/alerts")?;
    let storm = |alert: &&Value| alert["labels"]["alertname"] == "Storm" && alert["state"] == "firing";
    alerts["alerts"].as_array().and_then(|all| all.iter().find(storm)).cloned().ok_or_else(|| alerts.to_string())
}

/// Says something of the storm, as a person does.
fn say(words: &[&str]) -> Result<()> {
    let [what, end @ ..] = words else { return Ok(()) };
    let storms = ask(&instant("stormglass_storm_info{severity=\"storm\"} == 1"))?;
    let storm = storms["result"][0]["metric"]["storm"].as_str().ok_or("no storm goes on")?.to_owned();
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
    command.args([what, storm.as_str(), "--why", "a test", "--by", "a test", "--url"]).arg(format!("http://{DEMO}"));
    let output = command.args(end).output().map_err(|error| error.to_string())?;
    ensure(output.status.success(), || format!("{what}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Who, where, why, what to do.
fn told(annotations: &Value) -> Result<()> {
    for (annotation, parts) in [
        ("summary", &["second router", CULPRIT, "192.168.1.100", "hub port"][..]),
        ("culprit", &["second router", CULPRIT, "192.168.1.100"]),
        ("cause", &["l3_reflector: ", "multicast back into it"]),
        ("remedy", &["WAN", "IGMP proxy"]),
        ("runbook_url", &["http://127.0.0.1:10116/"]),
    ] {
        let text = annotations[annotation].as_str().unwrap_or_default();
        let missing = parts.iter().find(|part| !text.contains(**part));
        ensure(missing.is_none(), || format!("{annotation} lacks {missing:?}: {text:?}"))?;
        println!("    {annotation}: {text}");
    }
    Ok(())
}

fn encoded(query: &str) -> String {
    query.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn instant(query: &str) -> String {
    format!("/api/v1/query?query={}", encoded(query))
}

/// The last half minute, as a panel asks for it.
fn range(query: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    let end = now.as_secs();
    format!("/api/v1/query_range?query={}&start={}&end={end}&step=5", encoded(query), end - 30)
}

/// At least one series has a number.
fn has_data(result: &Value) -> bool {
    let number =
        |point: &Value| point[1].as_str().and_then(|text| text.parse::<f64>().ok()).is_some_and(f64::is_finite);
    result.as_array().into_iter().flatten().any(|series| {
        number(&series["value"]) || series["values"].as_array().is_some_and(|values| values.iter().any(number))
    })
}
