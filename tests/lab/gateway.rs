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
    let before = upnpc("pc", "-s")?;
    let found = list()?;
    let after = upnpc("pc", "-s")?;
    let gateway = &found[0];
    check(gateway["kind"] == kind, "its version", gateway)?;
    status_agrees(gateway, &before, &after)?;
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

/// Our reading against `upnpc -s`, which was asked before us and after us: what stands is the same, and what grows lies
/// between the two. The WAN side is never quite still: IPv6 looks for routers on it.
fn status_agrees(gateway: &Value, before: &str, after: &str) -> Result<()> {
    let (connection, link) = (&gateway["connections"][0], &gateway["links"][0]);
    for (ours, label) in [
        (&gateway["external_address"], "ExternalIPAddress ="),
        (&connection["status"], "Status :"),
        (&connection["connection_type"], "Connection Type :"),
    ] {
        check(ours.as_str() == Some(&word(before, label)?), label, &format!("{ours} {before}"))?;
    }
    for (key, expected) in [("down_bits_per_second", 50_000_000_u64), ("up_bits_per_second", 10_000_000)] {
        check(link[key] == expected, key, gateway)?;
    }
    let grows = [
        (&connection["uptime_seconds"], "Status :", "uptime="),
        (&link["bytes_sent"], "Bytes:", "Sent:"),
        (&link["bytes_received"], "Bytes:", "Recv:"),
        (&link["packets_sent"], "Packets:", "Sent:"),
        (&link["packets_received"], "Packets:", "Recv:"),
    ];
    let line =
        |text: &str, start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_default().to_owned();
    for (ours, start, label) in grows {
        let (low, high) = (number(&line(before, start), label)?, number(&line(after, start), label)?);
        let between = ours.as_u64().is_some_and(|ours| (low..=high).contains(&ours));
        check(between, label, &format!("{ours} is not from {low} to {high}: {gateway:#}"))?;
    }
    Ok(())
}

/// The word after a label.
fn word(text: &str, label: &str) -> Result<String> {
    let (_, rest) = text.split_once(label).ok_or_else(|| format!("upnpc does not say {label} {text}"))?;
    Ok(rest.trim_start().split([' ', ',', '\n', '\t']).next().unwrap_or_default().to_owned())
}

/// The number after a label.
fn number(text: &str, label: &str) -> Result<u64> {
    let word = word(text, label)?;
    word.trim_end_matches('s').parse().map_err(|_| format!("upnpc says {label} {word}"))
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
