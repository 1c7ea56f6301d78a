//! A real gateway daemon of both versions: what we say of it is what the reference client says.

use super::net::{Home, Result, output, text, wait};
use super::trials::{check, gateway};
use serde_json::Value;
use std::time::Duration;

/// As `InternetGatewayDevice:2`, which it is by default.
pub fn second_version() -> Result<()> {
    agrees("igd2", "")
}

/// As `InternetGatewayDevice:1`, which it becomes for clients that know no other.
pub fn first_version() -> Result<()> {
    agrees("igd1", "force_igd_desc_v1=yes\n")
}

fn list() -> Result<Value> {
    let (_, json, said) = super::probe::probe(&["list", "--format", "json"])?;
    serde_json::from_str(&json).map_err(|error| format!("{error}: {said}"))
}

fn upnpc(host: &str, arguments: &str) -> Result<String> {
    output(&format!("ip netns exec {host} upnpc -m eth0 {arguments}"))
}

fn agrees(kind: &str, extra: &str) -> Result<()> {
    let mut home = Home::build(kind)?;
    let rates = "bitrate_up=10000000\nbitrate_down=50000000\n";
    gateway(&mut home, &format!("{rates}{extra}"))?;
    wait("the gateway answers upnpc", Duration::from_secs(20), || {
        Ok(upnpc("nas", "-a 192.168.1.20 5001 5001 TCP 3600")?.contains("is redirected to internal"))
    })?;
    let found = list()?;
    let gateway = &found[0];
    check(gateway["kind"] == kind, "its version", gateway)?;
    status_agrees(gateway)?;
    mappings_agree(gateway)?;
    check(gateway["reachability"]["class"] == "public", "11.22.33.44 is public", gateway)?;
    let judged = &gateway["mappings"][0]["reachability"];
    check(judged["verdict"] == "reachable", "the NAS answers and there is one router", judged)?;
    let management = gateway["findings"].as_array().into_iter().flatten().any(|one| one["id"] == "management_port");
    check(management, "DSM is open to the world", gateway)?;
    // A port comes, and goes: both are seen.
    upnpc("nas", "-a 192.168.1.20 6690 6690 UDP")?;
    let more = list()?;
    mappings_agree(&more[0])?;
    check(more[0]["mappings"].as_array().is_some_and(|m| m.len() == 2), "it was added", &more)?;
    upnpc("nas", "-d 6690 UDP")?;
    let fewer = list()?;
    mappings_agree(&fewer[0])?;
    check(fewer[0]["mappings"].as_array().is_some_and(|m| m.len() == 1), "it was removed", &fewer)?;
    println!("    {kind} in {}: status, rates, counters and mappings as upnpc tells them", text(&home.dir));
    Ok(())
}

/// `upnpc -s` against our reading.
fn status_agrees(gateway: &Value) -> Result<()> {
    let said = upnpc("pc", "-s")?;
    let after = |label: &str| {
        let rest = said.split_once(label).map(|(_, rest)| rest.trim_start())?;
        Some(rest.split([' ', ',', '\n', '\t']).next().unwrap_or("").to_owned())
    };
    let number = |label: &str| after(label).and_then(|text| text.trim_end_matches("bps").parse::<u64>().ok());
    let (connection, link) = (&gateway["connections"][0], &gateway["links"][0]);
    let same =
        |ours: &Value, label: &str| check(ours.as_str() == after(label).as_deref(), label, &format!("{ours} {said}"));
    same(&gateway["external_address"], "ExternalIPAddress =")?;
    same(&connection["status"], "Status :")?;
    same(&connection["connection_type"], "Connection Type :")?;
    // It was asked later than we: the clock has gone on, by little.
    let uptime = said.split_once("uptime=").and_then(|(_, rest)| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<u64>().ok()
    });
    let ours = connection["uptime_seconds"].as_u64();
    let close = matches!((ours, uptime), (Some(ours), Some(theirs)) if theirs >= ours && theirs - ours < 60);
    check(close, "uptime", &format!("{ours:?} {said}"))?;
    let rates = [("down_bits_per_second", 50_000_000_u64), ("up_bits_per_second", 10_000_000)];
    for (key, expected) in rates {
        check(link[key] == expected, key, gateway)?;
    }
    for key in ["bytes_sent", "bytes_received", "packets_sent", "packets_received"] {
        check(link[key].is_u64(), key, gateway)?;
    }
    // Nothing leaves by the WAN side in here, so that the counters stand still.
    check(link["bytes_sent"].as_u64() == number("Sent:"), "bytes sent", &format!("{link} {said}"))
}

/// `upnpc -l` against our list: the same ports, clients and descriptions.
fn mappings_agree(gateway: &Value) -> Result<()> {
    let said = upnpc("pc", "-l")?;
    let theirs = said.lines().filter(|line| line.contains("->") && !line.contains("exPort")).count();
    let ours = gateway["mappings"].as_array().cloned().unwrap_or_default();
    check(ours.len() == theirs, "as many", &format!("{ours:?} {said}"))?;
    for mapping in &ours {
        let word = |key: &str| mapping[key].as_str().unwrap_or_default().to_owned();
        let line = format!("{}->{}:{}", mapping["external_port"], word("internal_client"), mapping["internal_port"]);
        let found = said.lines().any(|known| {
            known.contains(&line) && known.contains(&word("protocol")) && known.contains(&word("description"))
        });
        check(found, &line, &said)?;
    }
    Ok(())
}
