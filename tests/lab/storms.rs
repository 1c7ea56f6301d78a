//! Storms and their look-alikes by real software: each storm is named right, with its sender and nobody else, and each
//! healthy network stays silent.

use super::agent::{Agent, PROGRAM, api};
use super::net::{Copies, Home, ROUTER_MACS, Result, output, ring_of_bridges, run, text, wait};
use super::trials::check;
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

const NAS_MAC: &str = "00:11:32:01:00:14";
const NAS: &str = "192.168.1.20";
/// How long a storm may take to be named: the rate-based causes need some seconds of it.
const NAMED_WITHIN: Duration = Duration::from_secs(15);
/// How long a healthy network is watched after what happens in it has begun.
const WATCHED: Duration = Duration::from_secs(10);
/// The capture is warm: it has seen the network for longer than any window.
const WARM: Duration = Duration::from_secs(3);

/// What must be said.
struct Expected {
    cause: &'static str,
    /// One of these MACs is the culprit; empty: nobody may be named.
    culprits: &'static [&'static str],
}

const fn by_nas(cause: &'static str) -> Expected {
    Expected { cause, culprits: &[NAS_MAC] }
}

/// Sends a flood from the NAS.
fn flood(home: &mut Home, kind: &str, rate: u32) -> Result<()> {
    home.errand_beside("nas", &format!("flood:{kind}:{rate}:12:{NAS}"))
}

/// Lights a storm, waits for its name, and holds against it everything else that was said.
fn storm(name: &str, expected: &Expected, light: impl FnOnce(&mut Home) -> Result<()>) -> Result<()> {
    let mut home = Home::build(name)?;
    let agent = Agent::start(&mut home, "{interfaces: auto}")?;
    std::thread::sleep(WARM);
    light(&mut home)?;
    let named = agent.verdict(expected.cause, NAMED_WITHIN, |v| v["cause"] == expected.cause);
    let named = named.map_err(|error| format!("{error}\n{}", home.log("stormglass")))?;
    println!("    {}", named["sentence"].as_str().unwrap_or_default());
    for verdict in api("storms")?["verdicts"].as_array().into_iter().flatten() {
        let mac = verdict["culprit"]["mac"].as_str();
        let innocent = mac.is_some_and(|mac| !expected.culprits.contains(&mac));
        check(!innocent, "nobody else is named", verdict)?;
    }
    let mac = named["culprit"]["mac"].as_str();
    check(mac.is_some() != expected.culprits.is_empty(), "the sender is named, where there is one", &named)
}

/// Lets something healthy happen, and hears nothing about it.
fn healthy(name: &str, happens: impl FnOnce(&mut Home) -> Result<()>) -> Result<()> {
    let mut home = Home::build(name)?;
    let _agent = Agent::start(&mut home, "{interfaces: auto}")?;
    std::thread::sleep(WARM);
    happens(&mut home)?;
    std::thread::sleep(WATCHED);
    silent()
}

fn silent() -> Result<()> {
    let (all, status) = (api("storms")?, api("status")?);
    check(all["verdicts"].as_array().is_some_and(Vec::is_empty), "nothing is said", &all)?;
    check(status["state"] == "quiet", "and all is quiet", &status)
}

pub fn ssdp_flood() -> Result<()> {
    storm("storm-ssdp", &by_nas("chatty_source"), |home| flood(home, "ssdp", 1_500))
}

pub fn mdns_flood() -> Result<()> {
    storm("storm-mdns", &by_nas("chatty_source"), |home| flood(home, "mdns", 1_500))
}

pub fn query_flood() -> Result<()> {
    storm("storm-query", &by_nas("query_storm"), |home| flood(home, "query", 1_500))
}

pub fn dhcp_flood() -> Result<()> {
    storm("storm-dhcp", &by_nas("dhcp_storm"), |home| flood(home, "dhcp", 1_500))
}

pub fn mld_flood() -> Result<()> {
    storm("storm-mld", &by_nas("sleep_mld"), |home| flood(home, "mld", 2_500))
}

pub fn neighbour_flood() -> Result<()> {
    storm("storm-ns", &by_nas("nd_storm"), |home| flood(home, "ns", 1_500))
}

/// A real scanner asks for every address of a big network, some hundred times a second.
pub fn arp_flood() -> Result<()> {
    storm("storm-arp", &by_nas("arp_storm"), |home| {
        home.start("nas", "arp-scan --interface=eth0 --retry=1 --interval=500u 192.168.0.0/19").map(drop)
    })
}

/// Two cables between two bridges without spanning tree.
pub fn ring() -> Result<()> {
    storm("storm-ring", &Expected { cause: "l2_loop", culprits: &[] }, |home| {
        ring_of_bridges()?;
        home.errand_beside("nas", &format!("flood:mdns:5:10:{NAS}"))
    })
}

/// The second router bridges IPv6 alone between its two sides, as pass-through does: a ring for one EtherType.
pub fn pass_through() -> Result<()> {
    let culprits = &ROUTER_MACS;
    let mut home = Home::build("storm-pass-through")?;
    let agent = Agent::start(&mut home, "{interfaces: auto}")?;
    std::thread::sleep(WARM);
    let rules = home.file(
        "ipv6-alone.nft",
        "table netdev pass {\n chain both {\n  type filter hook ingress devices = { lan0, wan0 } priority 0;\n  meta protocol != \
         ip6 drop\n }\n}\n",
    )?;
    run(&format!("ip netns exec router nft -f {}", text(&rules)))?;
    run("ip -n router link add brp type bridge mcast_snooping 0")?;
    run("ip -n router link set brp up")?;
    for side in ["lan0", "wan0"] {
        run(&format!("ip netns exec router tc qdisc add dev {side} root tbf rate 1mbit burst 1600 limit 3000"))?;
        run(&format!("ip -n router link set {side} master brp"))?;
    }
    home.errand_beside("nas", &format!("flood:ns:4:12:{NAS}"))?;
    // Broadcasts that do not come back are what tells this ring from one of cables.
    home.errand_beside("nas", &format!("flood:dhcp:2:12:{NAS}"))?;
    let cause = "ethertype_bridge_loop";
    let named = agent.verdict(cause, NAMED_WITHIN, |v| v["cause"] == cause)?;
    println!("    {}", named["sentence"].as_str().unwrap_or_default());
    for verdict in api("storms")?["verdicts"].as_array().into_iter().flatten() {
        let mac = verdict["culprit"]["mac"].as_str();
        check(mac.is_none_or(|mac| culprits.contains(&mac)), "nobody else is named", verdict)?;
    }
    Ok(())
}

/// The proxy sends two devices' searches back: one mistake, and both are no more than origins.
pub fn two_sources() -> Result<()> {
    let mut home = Home::build("storm-two-sources")?;
    let agent = Agent::start(&mut home, "{interfaces: auto}")?;
    home.proxy_on(Copies::FromLanSide)?;
    let control = text(&home.dir.join("smcroute.sock"));
    run(&format!("ip netns exec router smcroutectl -u {control} add wan0 192.168.1.20 239.255.255.250 lan0"))?;
    home.keep_ttl()?;
    home.slow_down(Copies::FromLanSide, 1_800)?;
    std::thread::sleep(WARM);
    home.search(4)?;
    home.errand_beside("nas", &format!("flood:search:1:1:{NAS}"))?;
    let both = |v: &Value| v["origins"].as_array().is_some_and(|origins| origins.len() == 2);
    let of = |v: &Value| v["cause"] == "l3_reflector" && v["severity"] == "storm";
    let named = agent.verdict("a storm with two origins", NAMED_WITHIN, |v| of(v) && both(v))?;
    println!("    {}", named["sentence"].as_str().unwrap_or_default());
    let mac = named["culprit"]["mac"].as_str().unwrap_or_default();
    check(ROUTER_MACS.contains(&mac), "the culprit is the second router", &named)?;
    let all = api("storms")?;
    let storms = all["verdicts"].as_array().into_iter().flatten().filter(|v| v["severity"] == "storm").count();
    check(storms == 1, "it is one storm", &all)
}

/// Behind a switch with snooping and a querier, with a proxy that joins: the group reaches the PC because it joins, too.
pub fn behind_snooping() -> Result<()> {
    storm_by_proxy("storm-snooping", || {
        run("ip -n sw link set br0 type bridge mcast_snooping 1 mcast_query_use_ifaddr 1 mcast_query_interval 300 \
             mcast_startup_query_interval 300 mcast_querier 1")
    })
}

/// The second router answers ARP for everybody (proxy ARP): that makes it nobody's owner.
pub fn with_proxy_arp() -> Result<()> {
    storm_by_proxy("storm-proxy-arp", || {
        for side in ["lan0", "wan0"] {
            run(&format!("ip netns exec router sysctl -qw net.ipv4.conf.{side}.proxy_arp=1"))?;
        }
        // Whoever is asked for, both answer.
        for host in ["pc", "nas"] {
            run(&format!("ip -n {host} neigh flush dev eth0"))?;
        }
        Ok(())
    })
}

fn storm_by_proxy(name: &str, before: impl FnOnce() -> Result<()>) -> Result<()> {
    let mut home = Home::build(name)?;
    before()?;
    let agent = Agent::start(&mut home, "{interfaces: auto}")?;
    std::thread::sleep(WARM);
    home.proxy_on(Copies::FromLanSide)?;
    home.keep_ttl()?;
    home.slow_down(Copies::FromLanSide, 1_800)?;
    // A switch with snooping must have heard the proxy's membership.
    std::thread::sleep(WARM);
    super::trials::storm(&home, &agent, super::trials::VERDICT_WITHIN).map(drop)
}

pub fn announcements() -> Result<()> {
    healthy("healthy-announcements", |home| {
        // 120 in 0.3 s, as after a power cut, from two devices.
        home.errand_beside("nas", &format!("flood:ssdp:400:1:{NAS}"))?;
        home.errand_beside("gw", "flood:ssdp:200:1:192.168.1.1")
    })
}

pub fn stream() -> Result<()> {
    healthy("healthy-iptv", |home| home.errand_beside("nas", &format!("flood:stream:400:12:{NAS}")))
}

pub fn stream_behind_snooping() -> Result<()> {
    healthy("healthy-iptv-snooped", |home| {
        run("ip -n sw link set br0 type bridge mcast_snooping 1 mcast_query_interval 300 mcast_querier 1")?;
        home.errand_beside("nas", &format!("flood:stream:400:12:{NAS}"))
    })
}

pub fn backup() -> Result<()> {
    healthy("healthy-backup", |home| {
        home.errand_beside("gw", "sink:9000")?;
        wait("the backup server listens", Duration::from_secs(5), || {
            Ok(output("ip netns exec gw cat /proc/net/tcp")?.contains(":2328 "))
        })?;
        home.errand_beside("nas", "pour:9000:8:192.168.1.1")
    })
}

/// The address of a virtual router moves from one device to the other and back (VRRP's and HSRP's MAC).
pub fn virtual_routers() -> Result<()> {
    healthy("healthy-virtual-routers", |_| {
        for (mac, address) in [("00:00:5e:00:01:01", "192.168.1.253"), ("00:00:0c:07:ac:01", "192.168.1.254")] {
            for turn in 0..6 {
                let (here, device) = if turn % 2 == 0 { ("gw", "eth0") } else { ("router", "lan0") };
                run(&format!("ip -n {here} link add virtual link {device} address {mac} type macvlan mode private"))?;
                run(&format!("ip netns exec {here} sysctl -qw net.ipv4.conf.virtual.arp_notify=1"))?;
                run(&format!("ip -n {here} addr add {address}/24 dev virtual"))?;
                run(&format!("ip -n {here} link set virtual up"))?;
                std::thread::sleep(Duration::from_millis(300));
                run(&format!("ip -n {here} link del virtual"))?;
            }
        }
        Ok(())
    })
}

/// The PC's port gets a copy of everything that the NAS sends, as a monitoring port does, beside the frames themselves.
pub fn mirrored_port() -> Result<()> {
    healthy("healthy-span", |home| {
        let rules = home.file(
            "span.nft",
            "table netdev span {\n chain copy {\n  type filter hook ingress device p-nas priority 0;\n  dup to \"p-pc\"\n }\n}\n",
        )?;
        run(&format!("ip netns exec sw nft -f {}", text(&rules)))?;
        home.errand_beside("nas", &format!("flood:mdns:20:8:{NAS}"))?;
        home.errand_beside("nas", &format!("flood:search:3:8:{NAS}"))
    })
}

/// Avahi carries mDNS between two networks, which is what it is for.
pub fn mdns_gateway() -> Result<()> {
    healthy("healthy-mdns-gateway", |home| {
        run("ip -n sw link add br1 type bridge mcast_snooping 0")?;
        run("ip -n sw link set br1 up")?;
        run("ip -n sw link set p-wan master br1")?;
        super::doctor::avahi(home, "router")?;
        home.errand_beside("nas", &format!("flood:mdns:20:10:{NAS}"))
    })
}

/// A capture of a bridge and all its ports holds each frame several times. That is no loop; and the storm in it is found.
pub fn every_interface_at_once() -> Result<()> {
    let mut home = Home::build("any-capture")?;
    let judge = |home: &mut Home, name: &str, happens: &mut dyn FnMut(&mut Home) -> Result<()>| -> Result<Value> {
        let capture = text(&home.dir.join(name));
        home.start_logged("sw", &format!("tcpdump -i any -U -c 4000 -Z root -w {capture}"), "tcpdump")?;
        std::thread::sleep(Duration::from_secs(1));
        happens(home)?;
        std::thread::sleep(Duration::from_secs(4));
        home.end("tcpdump")?;
        let said = Command::new(PROGRAM).args(["analyze", "--format", "json", &capture]).output();
        let said = said.map_err(|error| error.to_string())?;
        serde_json::from_slice(&said.stdout)
            .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&said.stderr)))
    };
    let quiet = judge(&mut home, "quiet.pcap", &mut |home| {
        home.errand_beside("nas", &format!("flood:mdns:20:3:{NAS}"))?;
        home.errand_beside("nas", &format!("flood:search:3:3:{NAS}"))
    })?;
    check(quiet["verdicts"].as_array().is_some_and(Vec::is_empty), "nothing is wrong", &quiet)?;
    home.proxy_on(Copies::FromLanSide)?;
    home.keep_ttl()?;
    home.slow_down(Copies::FromLanSide, 1_800)?;
    let storm = judge(&mut home, "storm.pcap", &mut |home| home.search(4))?;
    let first = &storm["verdicts"][0];
    let mac = first["culprit"]["mac"].as_str().unwrap_or_default();
    check(first["cause"] == "l3_reflector" && ROUTER_MACS.contains(&mac), "the storm in it is found", &storm)
}
