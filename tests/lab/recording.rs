//! The flight recorder in the lab: the file of a storm shows what was said live, and a full disk costs nothing else.

use super::agent::{ADDRESS, Agent, PROGRAM};
use super::net::{Copies, Home, Result, get, run, text, wait};
use super::trials::{VERDICT_WITHIN, check, ends, is_storm, storm};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A home with a recorder that writes to `folder`, and a storm in it.
fn recorded(home: &mut Home, folder: &Path) -> Result<(Agent, Value)> {
    let section = format!("{{interfaces: auto}}\nrecorder: {{path: {}, after: 2s}}", text(folder));
    let agent = Agent::start(home, &section)?;
    // The Echo says who it is, as it does every minute or so.
    run("ip netns exec echo arping -q -c 1 -I eth0 192.168.1.1").ok();
    home.proxy_on(Copies::FromLanSide)?;
    home.keep_ttl()?;
    home.slow_down(Copies::FromLanSide, 1_800)?;
    let verdict = storm(home, &agent, VERDICT_WITHIN)?;
    Ok((agent, verdict))
}

pub fn same_verdict() -> Result<()> {
    let mut home = Home::build("recording")?;
    let folder = home.dir.join("recordings");
    let (agent, live) = recorded(&mut home, &folder)?;
    let linked =
        agent.verdict("a recording", Duration::from_secs(10), |v| is_storm(v) && v["recording"].is_string())?;
    let file = linked["recording"].as_str().unwrap_or_default().to_owned();
    ends(&mut home, &agent)?;
    let tshark = Command::new("tshark").args(["-n", "-r", &file, "-T", "fields", "-e", "frame.number"]).output();
    if let Ok(tshark) = tshark {
        let frames = String::from_utf8_lossy(&tshark.stdout).lines().count();
        println!("    tshark reads {frames} frames");
        check(tshark.status.success() && frames > 1_000, "tshark reads it", &String::from_utf8_lossy(&tshark.stderr))?;
    }
    let owner = format!("192.168.1.10={}", super::net::ECHO_MAC);
    let said = Command::new(PROGRAM).args(["analyze", "--format", "json", "--owner", &owner, &file]).output();
    let said = said.map_err(|error| error.to_string())?;
    let report: Value = serde_json::from_slice(&said.stdout).map_err(|error| error.to_string())?;
    let verdict = &report["verdicts"][0];
    for key in ["cause", "severity", "protocol", "groups"] {
        check(verdict[key] == live[key], key, &format!("{verdict:#} live {live:#}"))?;
    }
    check(verdict["culprit"]["mac"] == live["culprit"]["mac"], "the same culprit", verdict)?;
    let metrics = get(&format!("http://{ADDRESS}/metrics"))?;
    let counted = metrics.lines().any(|line| {
        line.strip_prefix("stormglass_recorder_recordings_total ")
            .is_some_and(|n| n.parse::<f64>().is_ok_and(|n| n >= 1.0))
    });
    check(counted, "the recording is counted", &metrics)
}

pub fn full_disk() -> Result<()> {
    let mut home = Home::build("full-disk")?;
    let folder = home.dir.join("small");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    run(&format!("mount -t tmpfs -o size=64k tmpfs {}", text(&folder)))?;
    let (agent, _) = recorded(&mut home, &folder)?;
    wait("the failure is counted", Duration::from_secs(10), || {
        let metrics = get(&format!("http://{ADDRESS}/metrics"))?;
        Ok(metrics.contains("stormglass_recorder_errors_total{reason=\"no_space\"} 1"))
    })?;
    let left = std::fs::read_dir(&folder).map_err(|error| error.to_string())?.count();
    check(left == 0, "nothing unfinished is left behind", &left)?;
    ends(&mut home, &agent)
}
