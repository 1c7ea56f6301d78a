//! `upnp-probe` among a thousand devices, and among hostile ones: nobody is missed, and memory stays bounded. On the
//! loopback alone. How long it took is printed (`--nocapture`) and not judged: machines are busy.

#![expect(clippy::disallowed_methods, reason = "a test measures from outside")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use stormglass_harness::upnp::{Crowd, GatewayOptions, Manner, UpnpGateway};

/// All of them search the one loopback: one after the other, or each finds the other's crowd.
static LOOPBACK: Mutex<()> = Mutex::new(());

/// Runs the program; its output as JSON, and the most memory it held, in KiB.
fn probe(arguments: &[&str]) -> (Value, u64) {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_upnp-probe"))
        .args(["--interface", "lo", "--format", "json"])
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut output = child.stdout.take().expect("a pipe");
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).map(|_| text)
    });
    let mut peak = 0;
    while child.try_wait().expect("a child").is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(5));
    }
    let text = reader.join().expect("the reader").expect("its output");
    println!("{arguments:?}: {:.1} s, {:.1} MiB", began.elapsed().as_secs_f64(), peak as f64 / 1024.0);
    (serde_json::from_str(&text).expect("JSON"), peak)
}

fn names(list: &Value) -> BTreeSet<String> {
    let names = list.as_array().into_iter().flatten().filter_map(|one| one["friendly_name"].as_str());
    names.map(str::to_owned).collect()
}

#[test]
fn a_thousand_devices_are_all_listed() {
    let _alone = LOOPBACK.lock();
    let _crowd = Crowd::start(21, &[Manner::Good; 1000]).expect("a crowd");
    let (devices, peak) = probe(&["devices", "--timeout", "30s"]);
    let found = names(&devices);
    let missed = (0..1000).map(|n| format!("Device {n}")).filter(|name| !found.contains(name)).collect::<Vec<_>>();
    assert!(missed.is_empty(), "{} missed: {missed:?}", missed.len());
    assert!(peak <= 64 * 1024, "{peak} KiB");
}

/// Everybody answers in time: the search ends early, and nobody is missed by it.
#[test]
fn a_healthy_lan_is_listed_whole() {
    let _alone = LOOPBACK.lock();
    let _crowd = Crowd::start(23, &[Manner::Good; 10]).expect("a crowd");
    let options = GatewayOptions::home("uuid:the-gateway".to_owned(), Ipv4Addr::new(192, 168, 1, 20));
    let _gateway = UpnpGateway::start(options).expect("a gateway");
    let (all, _) = probe(&["export"]);
    let found = names(&all["devices"]);
    let missed = (0..10).map(|n| format!("Device {n}")).filter(|name| !found.contains(name)).collect::<Vec<_>>();
    assert!(missed.is_empty(), "{} missed: {missed:?}", missed.len());
    let gateway = &all["gateways"][0];
    assert_eq!(gateway["mappings"].as_array().map(Vec::len), Some(4), "{gateway:#}");
    // Where it was found, for programs.
    assert_eq!((&gateway["ip"], &gateway["interface"]), (&"127.0.0.1".into(), &"lo".into()), "{gateway:#}");
}

#[test]
fn forty_hostile_responders_hide_nothing() {
    let _alone = LOOPBACK.lock();
    let manners = Manner::HOSTILE.iter().copied().cycle().take(40).collect::<Vec<_>>();
    let _crowd = Crowd::start(22, &manners).expect("a crowd");
    let options = GatewayOptions::home("uuid:the-good-one".to_owned(), Ipv4Addr::new(192, 168, 1, 20));
    let _gateway = UpnpGateway::start(options).expect("a gateway");
    let (gateways, peak) = probe(&["list", "--timeout", "12s"]);
    let good = gateways.as_array().into_iter().flatten().find(|one| one["udn"] == "uuid:the-good-one");
    let good = good.unwrap_or_else(|| panic!("{gateways:#}"));
    let ports = good["mappings"].as_array().into_iter().flatten().filter_map(|m| m["external_port"].as_u64());
    assert_eq!(ports.collect::<Vec<_>>(), [5001, 6690, 8080, 51820]);
    assert!(peak <= 32 * 1024, "{peak} KiB");
}
