//! The built `stormglass` on the PC, judged by its sockets and its output alone.

use super::net::{Home, Result, get, text, wait};
use serde_json::Value;
use std::time::Duration;

/// Where it listens: inside the PC's namespace.
pub const ADDRESS: &str = "127.0.0.1:10116";
/// The built program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_stormglass");

/// A running `stormglass serve`.
pub struct Agent {
    pid: u32,
}

impl Agent {
    /// Starts it with the switch as SNMP target and everything else found by itself; `capture` is that section's text.
    pub fn start(home: &mut Home, capture: &str) -> Result<Self> {
        let config = format!(
            "snmp:\n  auths: {{home: {{version: 2c, community: public}}}}\n  targets: [{{name: hub, address: \
             \"192.168.1.2:161\", auth: home, interval: 2s}}]\ncapture: {capture}\nupnp: {{interfaces: auto, interval: \
             10s}}\nweb: {{listen: [\"{ADDRESS}\"]}}\nnames: {{\"{}\": Echo}}\n",
            super::net::ECHO_MAC
        );
        let config = home.file("stormglass.yml", &config)?;
        let pid = home.start_logged("pc", &format!("{PROGRAM} serve --config.file {}", text(&config)), "stormglass")?;
        wait("stormglass captures", Duration::from_secs(15), || {
            let status = api("status")?;
            let watched = status["watched"].as_array().cloned().unwrap_or_default();
            Ok(watched.iter().any(|feed| feed["feed"] == "capture" && feed["name"] == "eth0"))
        })
        .map_err(|error| format!("{error}\n{}", home.log("stormglass")))?;
        Ok(Self { pid })
    }

    /// Waits for a verdict that `fits`, at most `limit`.
    pub fn verdict(&self, what: &str, limit: Duration, fits: impl Fn(&Value) -> bool) -> Result<Value> {
        let mut found = None;
        let mut seen = Value::Null;
        let result = wait(what, limit, || {
            let storms = api("storms")?;
            let verdicts = storms["verdicts"].as_array().cloned().unwrap_or_default();
            found = verdicts.into_iter().find(|verdict| fits(verdict));
            seen = storms;
            Ok(found.is_some())
        });
        result.map_err(|error| format!("{error}; it says {seen:#}"))?;
        found.ok_or_else(|| "no verdict".to_owned())
    }

    /// CPU seconds used so far.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).map_err(|error| error.to_string())?;
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>();
        // utime and stime, fields 14 and 15 of proc(5), in hundredths of a second.
        let ticks = |n: usize| fields.get(n).and_then(|text| text.parse::<f64>().ok()).ok_or("no such field");
        Ok((ticks(11)? + ticks(12)?) / 100.0)
    }

    /// Highest resident memory, and what of the present one is the program file itself, both in MiB: of a debug build that is
    /// three times what it is of a release.
    pub fn memory_mib(&self) -> Result<(f64, f64)> {
        let read = |name: &str| {
            std::fs::read_to_string(format!("/proc/{}/{name}", self.pid)).map_err(|error| error.to_string())
        };
        let kib = |line: &str| line.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok());
        let status = read("status")?;
        let peak = status.lines().find(|line| line.starts_with("VmHWM:")).and_then(kib).ok_or("no VmHWM")?;
        let (mut of_program, mut program) = (false, 0.0);
        for line in read("smaps")?.lines() {
            // A mapping begins with its addresses, and its values follow.
            if line.split_once('-').is_some_and(|(start, _)| u64::from_str_radix(start, 16).is_ok()) {
                of_program = line.ends_with(PROGRAM);
            } else if of_program && line.starts_with("Rss:") {
                program += kib(line).unwrap_or(0.0);
            }
        }
        Ok((peak / 1024.0, program / 1024.0))
    }
}

/// `/api/v1/NAME`.
pub fn api(name: &str) -> Result<Value> {
    let body = get(&format!("http://{ADDRESS}/api/v1/{name}"))?;
    serde_json::from_str(&body).map_err(|error| format!("/api/v1/{name}: {error}: {body}"))
}
