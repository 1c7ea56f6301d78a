//! What happens in a LAN with real daemons: two gateways, a lease that is renewed, a gateway that restarts, neighbours by
//! IPv6 alone, and who is found by others.

use super::net::{Home, Result, output, run, text, wait};
use super::probe::probe;
use super::trials::{check, gateway, services};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

fn list(arguments: &[&str]) -> Result<Value> {
    let (_, json, said) = probe(&[&["list", "--format", "json"], arguments].concat())?;
    serde_json::from_str(&json).map_err(|error| format!("{error}: {said}"))
}

/// Its description came from an address that begins so.
fn is_at(gateway: &Value, address: &str) -> bool {
    gateway["location"].as_str().is_some_and(|location| location.starts_with(&format!("http://{address}")))
}

fn open_port(port: u16) -> Result<bool> {
    open_port_on("", port)
}

/// `gateway`: with `-u` the one that is meant. Else upnpc takes whichever answers first.
fn open_port_on(gateway: &str, port: u16) -> Result<bool> {
    let line = format!("ip netns exec nas upnpc -m eth0 {gateway} -a 192.168.1.20 {port} {port} TCP 3600");
    Ok(output(&line)?.contains("is redirected to internal"))
}

/// The second router is a gateway too: both are listed, told apart, and the person is told that there are two.
pub fn two_gateways() -> Result<()> {
    let mut home = Home::build("two-gateways")?;
    gateway(&mut home, "")?;
    second_gateway(&mut home)?;
    wait("the first opens a port", SOON, || open_port_on("-u http://192.168.1.1:5000/rootDesc.xml", 5001))?;
    let mut found = Value::Null;
    wait("both are found", SOON, || {
        found = list(&[])?;
        Ok(found.as_array().is_some_and(|all| all.len() == 2))
    })?;
    let by = |address: &str| found.as_array().into_iter().flatten().find(|one| is_at(one, address)).cloned();
    let (Some(first), Some(second)) = (by("192.168.1.1:"), by("192.168.1.100:")) else {
        return Err(format!("by their addresses: {found:#}"));
    };
    check(first["mappings"].as_array().is_some_and(|m| m.len() == 1), "the port is on the first", &found)?;
    check(second["mappings"].as_array().is_some_and(Vec::is_empty), "and not on the second", &found)?;
    let ids =
        found.as_array().into_iter().flatten().flat_map(|one| one["findings"].as_array().cloned().unwrap_or_default());
    let ids = ids.map(|finding| finding["id"].to_string()).collect::<BTreeSet<_>>();
    check(ids.contains("\"two_gateways\""), "that there are two is a finding", &format!("{ids:?}"))?;
    // Nobody can say which is meant.
    let (code, _, said) = probe(&["remove", "tcp", "5001", "--yes"])?;
    check(code == 2 && said.contains("--gateway") && said.contains("192.168.1.100"), "which one is asked", &said)
}

/// miniupnpd on the second router, with a line of its own.
fn second_gateway(home: &mut Home) -> Result<()> {
    for line in [
        "ip -n router link add wan9 type veth peer name wan9peer",
        "ip -n router addr add 11.22.44.55/24 dev wan9",
        "ip -n router link set wan9 up",
        "ip -n router link set wan9peer up",
        "ip -n router route add default via 11.22.44.1 dev wan9",
    ] {
        run(line)?;
    }
    let tables = home.file(
        "second.nft",
        "table inet filter {\n chain miniupnpd { }\n chain prerouting_miniupnpd { }\n chain postrouting_miniupnpd { }\n}\n",
    )?;
    run(&format!("ip netns exec router nft -f {}", text(&tables)))?;
    let config = home.file(
        "second.conf",
        "ext_ifname=wan9\nlistening_ip=lan0\nhttp_port=5000\nenable_upnp=yes\nsecure_mode=yes\nfriendly_name=Second router\n\
         uuid=3b622b8b-03e1-410c-bd59-000000000002\nupnp_table_name=filter\nupnp_nat_table_name=filter\n\
         allow 1024-65535 192.168.1.0/24 1024-65535\ndeny 0-65535 0.0.0.0/0 0-65535\n",
    )?;
    let pid = text(&home.dir.join("second.pid"));
    home.start_logged("router", &format!("miniupnpd -d -f {} -P {pid}", text(&config)), "second").map(drop)
}

/// A NAS that asks again for what it has renews its lease: that is no change. Another port is one.
pub fn a_lease_is_renewed() -> Result<()> {
    let mut home = Home::build("lease")?;
    gateway(&mut home, "")?;
    wait("the NAS opens a port", SOON, || open_port(5001))?;
    let program = env!("CARGO_BIN_EXE_upnp-probe");
    home.start_logged("pc", &format!("{program} watch --interface eth0 --interval 5s --format json"), "watch")?;
    let lease = || -> Result<u64> {
        let found = list(&[])?;
        found[0]["mappings"][0]["lease_seconds"].as_u64().ok_or_else(|| format!("{found:#}"))
    };
    let mut before = lease()?;
    wait("the lease runs", SOON, || {
        before = lease()?;
        Ok(before <= 3595)
    })?;
    check(open_port(5001)?, "it is renewed", &before)?;
    let after = lease()?;
    check(after > before, "it is longer again", &format!("{before} {after}"))?;
    check(open_port(6690)?, "another port", &after)?;
    let events = |home: &Home| {
        let log = home.log("watch");
        let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        events
            .filter(|e| e["event"] == "port_mapping")
            .map(|e| e["mapping"]["external_port"].clone())
            .collect::<Vec<_>>()
    };
    wait("the other port is told", SOON, || Ok(!events(&home).is_empty()))?;
    check(events(&home) == [6690], "and the renewal is not", &format!("{:?}", events(&home)))
}

/// A gateway that restarts within seconds is the same gateway, with what it kept, and as long up as it says.
pub fn a_gateway_restarts() -> Result<()> {
    let mut home = Home::build("restart")?;
    gateway(&mut home, "")?;
    wait("the NAS opens a port", SOON, || open_port(5001))?;
    let program = env!("CARGO_BIN_EXE_upnp-probe");
    home.start_logged("pc", &format!("{program} watch --interface eth0 --interval 5s --format json"), "watch")?;
    let before = list(&[])?;
    let ports = |found: &Value| found[0]["mappings"].as_array().map_or(0, Vec::len);
    check(ports(&before) == 1, "it has one port", &before)?;
    home.end("miniupnpd")?;
    let config = text(&home.dir.join("miniupnpd.conf"));
    home.start("gw", &format!("miniupnpd -d -f {config} -P {}", text(&home.dir.join("miniupnpd.pid"))))?;
    let mut after = Value::Null;
    wait("it is there again", SOON, || {
        after = list(&[])?;
        Ok(after.as_array().is_some_and(|all| all.len() == 1))
    })?;
    check(after[0]["udn"] == before[0]["udn"], "the same gateway", &after)?;
    let theirs = output("ip netns exec pc upnpc -m eth0 -l")?;
    let theirs = theirs.lines().filter(|line| line.contains("->") && !line.contains("exPort")).count();
    check(ports(&after) == theirs, "as many mappings as upnpc sees", &format!("{after:#} {theirs}"))?;
    // A port that is opened now is told: watch reads the new one.
    check(open_port(7070)?, "a port after it", &after)?;
    wait("watch goes on", SOON, || Ok(home.log("watch").contains("7070")))
        .map_err(|error| format!("{error}\n{}", home.log("watch")))
}

/// A PC whose IPv4 does not work still sees the gateway, by IPv6, with every port and the firewall.
pub fn by_ipv6_alone() -> Result<()> {
    let mut home = Home::build("ipv6")?;
    run("ip -n gw addr add fd00:77::1/64 dev eth0 nodad")?;
    run("ip -n pc addr add fd00:77::30/64 dev eth0 nodad")?;
    gateway(&mut home, "ipv6_disable=no\n")?;
    wait("the NAS opens a port", SOON, || open_port(5001))?;
    let both = list(&[])?;
    run("ip -n pc -4 addr flush dev eth0")?;
    let mut alone = Value::Null;
    wait("it is found by IPv6", SOON, || {
        alone = list(&[])?;
        Ok(alone.as_array().is_some_and(|all| all.len() == 1))
    })?;
    check(is_at(&alone[0], "["), "by an IPv6 address", &alone)?;
    for key in ["udn", "kind", "external_address", "ipv6_firewall"] {
        check(alone[0][key] == both[0][key], key, &format!("{alone:#} {both:#}"))?;
    }
    let port = &alone[0]["mappings"][0];
    check(port["external_port"] == 5001 && port["internal_client"] == "192.168.1.20", "with its port", &alone)
}

/// Whoever GNOME's library finds, we find: and nobody twice.
pub fn as_many_as_gssdp_finds() -> Result<()> {
    let mut home = Home::build("gssdp")?;
    services(&mut home)?;
    let line = "timeout -k 1 15 gssdp-discover -i eth0 -t upnp:rootdevice -n 4";
    let theirs = output(&format!("ip netns exec pc {line}"))?;
    let udn = |text: &str| text.split("uuid:").nth(1).and_then(|rest| rest.split("::").next()).map(str::to_owned);
    let theirs = theirs.lines().filter_map(|line| udn(line.trim())).collect::<BTreeSet<_>>();
    let (_, json, said) = probe(&["devices", "--format", "json"])?;
    let ours: Value = serde_json::from_str(&json).map_err(|error| format!("{error}: {said}"))?;
    let all = ours.as_array().into_iter().flatten().filter_map(|d| udn(&format!("{}::", d["udn"].as_str()?)));
    let ours = all.collect::<Vec<_>>();
    let once = ours.iter().cloned().collect::<BTreeSet<_>>();
    check(once.len() == ours.len() && ours.len() == 2, "gateway and NAS, once each", &format!("{ours:?}"))?;
    check(theirs == once, "the same as gssdp-discover", &format!("{theirs:?} {once:?}"))
}
