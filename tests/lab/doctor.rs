//! `stormglass doctor` in homes of real software: each mistake gives exactly its findings, and the healthy home none.

use super::agent::PROGRAM;
use super::net::{Copies, Home, Result, output, ring_of_bridges, run, text, wait};
use super::trials::{check, gateway};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);
/// The kernel has repeated its first IGMP reports by then (RFC 3376, 8.11: within a second or two).
const REPORTED: Duration = Duration::from_secs(4);

/// Runs `doctor` on the PC.
fn doctor(arguments: &[&str]) -> Result<(i32, Value)> {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", "pc", PROGRAM, "doctor", "--interface", "eth0", "--format", "json"]);
    answered(command.args(arguments))
}

fn answered(command: &mut Command) -> Result<(i32, Value)> {
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}: {said}"))?;
    Ok((output.status.code().unwrap_or(-1), report))
}

/// Every check with its verdict.
fn verdicts(report: &Value) -> BTreeMap<String, String> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    report["checks"].as_array().into_iter().flatten().map(|one| (word(&one["id"]), word(&one["verdict"]))).collect()
}

/// Exactly these findings, and the exit status that belongs to them.
fn found(answer: &(i32, Value), expected: &[(&str, &str)]) -> Result<()> {
    let (code, report) = answer;
    let mut findings = verdicts(report);
    findings.retain(|_, verdict| verdict == "warning" || verdict == "problem");
    let wanted = expected.iter().map(|(id, verdict)| ((*id).to_owned(), (*verdict).to_owned())).collect();
    check(findings == wanted, &format!("exactly {expected:?}"), report)?;
    check(*code == i32::from(!expected.is_empty()), "the exit status", report)?;
    println!("    {findings:?} in {:.1} s", report["seconds"].as_f64().unwrap_or_default());
    Ok(())
}

fn seen(report: &Value, id: &str) -> String {
    let checks = report["checks"].as_array().into_iter().flatten();
    checks.filter(|one| one["id"] == id).map(|one| one["seen"].to_string()).collect()
}

/// How often each packet was sent.
fn sent(report: &Value, id: &str) -> u64 {
    let all = report["sent"].as_array().into_iter().flatten();
    all.filter(|one| one["id"] == id).filter_map(|one| one["times"].as_u64()).sum()
}

/// A DHCP server as it comes, its check by ping before an offer included.
fn dhcp(home: &mut Home, host: &str, device: &str, router: &str) -> Result<()> {
    let pid = text(&home.dir.join(format!("dnsmasq-{host}.pid")));
    let line = format!(
        "dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface={device} --bind-interfaces \
         --dhcp-range=192.168.1.50,192.168.1.90,1h --dhcp-option=3,{router} --dhcp-option=6,{router} --leasefile-ro \
         --user=root --pid-file={pid}"
    );
    home.start_logged(host, &line, &format!("dnsmasq-{host}"))?;
    wait("the DHCP server listens", SOON, || {
        Ok(output(&format!("ip netns exec {host} cat /proc/net/udp"))?.contains(":0043 "))
    })
}

/// A router of IPv6.
fn advertises(home: &mut Home, host: &str, device: &str, prefix: &str) -> Result<()> {
    run(&format!("ip netns exec {host} sysctl -qw net.ipv6.conf.all.forwarding=1"))?;
    let config = format!(
        "interface {device} {{\n AdvSendAdvert on;\n MinRtrAdvInterval 3;\n MaxRtrAdvInterval 10;\n prefix {prefix} {{ }};\n}};\n"
    );
    let config = home.file(&format!("radvd-{host}.conf"), &config)?;
    let pid = text(&home.dir.join(format!("radvd-{host}.pid")));
    let line = format!("radvd -n -m stderr -C {} -p {pid}", text(&config));
    home.start_logged(host, &line, &format!("radvd-{host}")).map(drop)
}

/// The home before the second router came: one gateway with DHCP, IPv6 and UPnP.
fn before(name: &str, extra: &str) -> Result<Home> {
    let mut home = Home::build(name)?;
    for side in ["lan0", "wan0"] {
        run(&format!("ip -n router link set {side} down"))?;
    }
    furnish(&mut home, extra)?;
    Ok(home)
}

fn furnish(home: &mut Home, extra: &str) -> Result<()> {
    gateway(home, extra)?;
    dhcp(home, "gw", "eth0", "192.168.1.1")?;
    advertises(home, "gw", "eth0", "fd00:77:1::/64")
}

/// The home in the end: a switch before the second router, whose WAN side is out of the LAN.
fn finally(name: &str) -> Result<Home> {
    let mut home = Home::build(name)?;
    for line in [
        "ip -n sw link add br1 type bridge mcast_snooping 0",
        "ip -n sw link set br1 up",
        "ip -n sw link set p-wan master br1",
    ] {
        run(line)?;
    }
    furnish(&mut home, "")?;
    Ok(home)
}

/// A real IGMP proxy on the second router.
fn igmp_proxy(home: &mut Home) -> Result<()> {
    let config =
        "quickleave\nphyint wan0 upstream ratelimit 0 threshold 1\nphyint lan0 downstream ratelimit 0 threshold 1\n";
    let config = home.file("igmpproxy.conf", config)?;
    home.start("router", &format!("igmpproxy -n {}", text(&config)))?;
    wait("the proxy has its interfaces", SOON, || {
        Ok(output("ip netns exec router cat /proc/net/ip_mr_vif")?.lines().count() > 2)
    })?;
    std::thread::sleep(REPORTED);
    Ok(())
}

/// The multicast proxy that sends what the PC sends back into the LAN.
fn reflect(home: &mut Home) -> Result<()> {
    let config = home.file(
        "reflect.conf",
        "phyint wan0 enable ttl-threshold 1\nphyint lan0 enable ttl-threshold 1\nmgroup from wan0 group 239.255.255.250\nmroute \
         from wan0 source 192.168.1.30 group 239.255.255.250 to lan0\n",
    )?;
    let (pid, socket) = (home.dir.join("smcroute.pid"), home.dir.join("smcroute.sock"));
    home.start(
        "router",
        &format!("smcrouted -n -N -l info -f {} -P {} -u {}", text(&config), text(&pid), text(&socket)),
    )?;
    wait("the proxy's route", SOON, || {
        Ok(output("ip netns exec router cat /proc/net/ip_mr_cache")?.lines().count() > 1)
    })?;
    std::thread::sleep(REPORTED);
    Ok(())
}

/// The healthy home: no finding, everything looked at, and no more sent than is told.
pub fn healthy_before() -> Result<()> {
    let _home = before("doctor-before", "")?;
    let answer = doctor(&["--yes"])?;
    found(&answer, &[])?;
    let verdicts = verdicts(&answer.1);
    for id in [
        "storm",
        "reflection",
        "layer2_loop",
        "wan_in_lan",
        "dhcp",
        "ipv6_routers",
        "gateways",
        "owners",
        "own_machine",
    ] {
        check(verdicts.get(id).is_some_and(|verdict| verdict == "ok"), id, &answer.1)?;
    }
    check(seen(&answer.1, "dhcp").contains("192.168.1.1"), "the server is named", &answer.1)?;
    check(seen(&answer.1, "ipv6_routers").contains("fd00:77:1::/64"), "the prefix is named", &answer.1)?;
    check(seen(&answer.1, "gateways").contains("11.22.33.44"), "by UPnP and NAT-PMP", &answer.1)?;
    for (id, times) in [
        ("arp", 2),
        ("dhcp_discover", 1),
        ("guard_search", 1),
        ("guard_ws_discovery", 1),
        ("guard_mdns", 1),
        ("upnp_search", 1),
        ("membership", 1),
    ] {
        check(sent(&answer.1, id) == times, id, &answer.1)?;
    }
    // Nobody agreed: no search, and it is not called good.
    let answer = doctor(&[])?;
    found(&answer, &[])?;
    check(sent(&answer.1, "guard_search") == 0 && sent(&answer.1, "upnp_search") == 0, "no search", &answer.1)?;
    check(self::verdicts(&answer.1)["reflection"] == "skipped", "not called good", &answer.1)
}

/// `--passive` sends not a single packet, and neither does it without the capability to hear.
pub fn passive_sends_nothing() -> Result<()> {
    let _home = before("doctor-passive", "")?;
    run("ip netns exec pc sysctl -qw net.ipv6.conf.all.disable_ipv6=1")?;
    run("ip -n pc route flush cache")?;
    let count = || -> Result<u64> {
        let stats = output("ip netns exec pc cat /proc/net/dev")?;
        let line = stats.lines().find_map(|line| line.trim().strip_prefix("eth0:")).ok_or("no eth0")?;
        line.split_whitespace().nth(9).and_then(|text| text.parse().ok()).ok_or_else(|| stats.clone())
    };
    let before = count()?;
    let answer = doctor(&["--passive"])?;
    check(count()? == before, "nothing was sent", &answer.1)?;
    found(&answer, &[])?;
    check(answer.1["sent"].as_array().is_some_and(Vec::is_empty), "and it says so", &answer.1)?;
    let mut deaf = Command::new("ip");
    deaf.args([
        "netns",
        "exec",
        "pc",
        "setpriv",
        "--bounding-set",
        "-net_raw",
        "--inh-caps",
        "-net_raw",
        PROGRAM,
        "doctor",
    ]);
    let (code, report) = answered(deaf.args(["--interface", "eth0", "--format", "json"]))?;
    check(code == 2, "could not look", &report)?;
    check(seen(&report, "reflection").contains("setcap"), "with the line that helps", &report)?;
    check(!verdicts(&report).values().any(|verdict| verdict == "ok"), "nothing is called good", &report)
}

/// The fatal wiring with a real IGMP proxy: found by memberships alone, before any storm.
pub fn fatal_igmp_proxy() -> Result<()> {
    let mut home = Home::build("doctor-fatal")?;
    furnish(&mut home, "")?;
    igmp_proxy(&mut home)?;
    let answer = doctor(&["--yes"])?;
    found(&answer, &[("membership_echo", "warning"), ("wan_in_lan", "warning")])?;
    check(seen(&answer.1, "membership_echo").contains("3c:84:6a:10:00:c9"), "the WAN MAC is named", &answer.1)?;
    // A page to hand on.
    let page = text(&home.dir.join("doctor.html"));
    doctor(&["--yes", "--report", &page])?;
    let page = std::fs::read_to_string(&page).map_err(|error| error.to_string())?;
    check(
        page.contains("3c:84:6a:10:00:c9") && page.contains("unplug the WAN-side cable"),
        "who, and the plug",
        &page,
    )?;
    // The same for a person, who reads which plug to pull.
    for (language, plug) in [("en", "unplug the WAN-side cable"), ("ja", "WAN側ケーブル")] {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", "pc", PROGRAM, "doctor", "--interface", "eth0", "--yes", "--lang", language]);
        let output = command.output().map_err(|error| error.to_string())?;
        let screen = String::from_utf8_lossy(&output.stdout).into_owned();
        println!("{screen}");
        check(screen.contains(plug) && output.status.code() == Some(1), "the remedy is on the screen", &screen)?;
    }
    Ok(())
}

/// The same proxy with its WAN side behind a switch before the router.
pub fn final_wiring() -> Result<()> {
    let mut home = finally("doctor-final")?;
    igmp_proxy(&mut home)?;
    let answer = doctor(&["--yes"])?;
    found(&answer, &[])?;
    check(seen(&answer.1, "ipv6_routers").contains("fd00:77:1::/64"), "the LAN is alive", &answer.1)
}

/// Behind a switch with snooping the proxy's reports do not reach the PC: that is not called good.
pub fn a_switch_that_hides_reports() -> Result<()> {
    let mut home = Home::build("doctor-snooping")?;
    run("ip -n sw link set br0 type bridge mcast_snooping 1")?;
    furnish(&mut home, "")?;
    igmp_proxy(&mut home)?;
    let (_, report) = doctor(&["--yes"])?;
    let verdicts = verdicts(&report);
    println!("    {verdicts:?}");
    check(verdicts["membership_echo"] != "ok", "what a switch may hide is not called good", &report)?;
    check(verdicts["reflection"] == "ok", "the group that we have joined is heard", &report)
}

/// A proxy that lowers the TTL: the mark comes back once, and everything else is left unsent.
pub fn reflection_with_falling_ttl() -> Result<()> {
    let mut home = Home::build("doctor-falling")?;
    furnish(&mut home, "")?;
    reflect(&mut home)?;
    let answer = doctor(&["--yes"])?;
    found(&answer, &[("reflection", "problem")])?;
    let said = seen(&answer.1, "reflection");
    println!("    {said}");
    check(said.contains("3c:84:6a:10:00:c8") && said.contains("TTL 1"), "the router's MAC and the TTL", &answer.1)?;
    check(sent(&answer.1, "upnp_search") == 0, "it stopped", &answer.1)
}

/// A proxy that keeps the TTL: the one mark circles, which is a storm.
pub fn reflection_with_constant_ttl() -> Result<()> {
    let mut home = Home::build("doctor-constant")?;
    reflect(&mut home)?;
    home.keep_ttl()?;
    // A little faster than the seed's storm. The bucket holds our mark, which is longer than the Echo's search.
    run("ip netns exec router tc qdisc add dev lan0 root tbf rate 4mbit burst 1600 limit 300000")?;
    let answer = doctor(&["--yes"])?;
    found(&answer, &[("reflection", "problem"), ("storm", "problem")])?;
    println!("    {} {}", seen(&answer.1, "storm"), seen(&answer.1, "reflection"));
    check(sent(&answer.1, "guard_search") == 1 && sent(&answer.1, "upnp_search") == 0, "one mark", &answer.1)?;
    // Asked again in the storm: not a single question more.
    let answer = doctor(&["--yes"])?;
    found(&answer, &[("reflection", "problem"), ("storm", "problem")])?;
    check(sent(&answer.1, "guard_search") == 0, "no mark into a storm", &answer.1)
}

/// Avahi as the gateway of mDNS between the two sides of a router.
pub fn avahi(home: &mut Home, host: &str) -> Result<()> {
    let config = home.file(
        &format!("avahi-{host}.conf"),
        "[server]\nhost-name=router\nallow-interfaces=lan0,wan0\nenable-dbus=no\nuse-ipv6=no\n[publish]\ndisable-publishing=yes\n\
         [reflector]\nenable-reflector=yes\n",
    )?;
    // It takes itself for the only one where another's lock lies in its folder.
    let script = home.script(
        &format!("avahi-{host}.sh"),
        &format!(
            "mkdir -p /run/avahi-daemon && mount -t tmpfs tmpfs /run/avahi-daemon && exec avahi-daemon --no-drop-root \
             --no-chroot --no-rlimits -f {}",
            text(&config)
        ),
    )?;
    home.start_logged(host, &text(&script), &format!("avahi-{host}")).map(drop)
}

/// Avahi as the gateway of mDNS between two networks, on a router whose two sides are in one. What it asks is harmless by
/// itself; with a second one like it, every question circles.
pub fn mdns_reflector() -> Result<()> {
    let mut home = Home::build("doctor-avahi")?;
    furnish(&mut home, "")?;
    avahi(&mut home, "router")?;
    std::thread::sleep(REPORTED);
    let answer = doctor(&["--yes"])?;
    found(&answer, &[("reflection", "problem")])?;
    let said = seen(&answer.1, "reflection");
    println!("    {said}");
    check(
        said.contains("3c:84:6a:10:00:c") && said.contains("mDNS"),
        "the router's MAC, and what it repeats",
        &answer.1,
    )?;
    check(sent(&answer.1, "guard_mdns") == 1 && sent(&answer.1, "upnp_search") == 0, "it stopped", &answer.1)
}

/// Two such routers. (Avahi's do not circle: each repeats every question once, 140 of 140 in seven seconds, measured. Others'
/// may, and each makes three of every question.)
pub fn two_mdns_reflectors() -> Result<()> {
    let mut home = Home::build("doctor-avahis")?;
    furnish(&mut home, "")?;
    home.third_router(["50:c7:bf:20:00:01", "50:c7:bf:20:00:02"])?;
    avahi(&mut home, "router")?;
    avahi(&mut home, "third")?;
    std::thread::sleep(REPORTED);
    let answer = doctor(&["--yes"])?;
    found(&answer, &[("reflection", "problem")])?;
    let said = seen(&answer.1, "reflection");
    check(said.contains("3c:84:6a:10:00:c") && said.contains("50:c7:bf:20:00:0"), "both routers", &answer.1)
}

/// Somebody else's search is enough.
pub fn reflection_overheard() -> Result<()> {
    let mut home = Home::build("doctor-overheard")?;
    home.proxy_on(Copies::FromLanSide)?;
    std::thread::sleep(REPORTED);
    let line = format!("{PROGRAM} doctor --yes --interface eth0 --format json --watch 4s");
    home.start_logged("pc", &line, "doctor")?;
    std::thread::sleep(Duration::from_millis(2500));
    home.search(4)?;
    let mut report = Value::Null;
    wait("its answer", SOON, || {
        report = serde_json::from_str(&home.log("doctor")).map_err(|error| error.to_string())?;
        Ok(true)
    })?;
    found(&(1, report.clone()), &[("reflection", "problem")])?;
    check(sent(&report, "guard_search") == 0 && sent(&report, "arp") == 0, "nothing more was sent", &report)
}

/// The second router dials into the LAN.
pub fn dialling_into_the_lan() -> Result<()> {
    let mut home = Home::build("doctor-pppoe")?;
    home.start("router", "pppoe-discovery -I wan0")?;
    found(&doctor(&["--yes"])?, &[("wan_in_lan", "warning")])
}

/// The second router's DHCP server was left on.
pub fn two_dhcp_servers() -> Result<()> {
    let mut home = finally("doctor-dhcp")?;
    dhcp(&mut home, "router", "lan0", "192.168.1.100")?;
    let answer = doctor(&["--yes"])?;
    found(&answer, &[("dhcp", "problem")])?;
    let said = seen(&answer.1, "dhcp");
    check(said.contains("192.168.1.1,") && said.contains("192.168.1.100"), "both are named", &answer.1)
}

/// Both routers announce themselves in IPv6.
pub fn two_ipv6_routers() -> Result<()> {
    let mut home = finally("doctor-ra")?;
    advertises(&mut home, "router", "lan0", "fd00:77:2::/64")?;
    let answer = doctor(&["--yes"])?;
    found(&answer, &[("ipv6_routers", "warning")])?;
    let said = seen(&answer.1, "ipv6_routers");
    check(said.contains("fd00:77:1::/64") && said.contains("fd00:77:2::/64"), "both prefixes", &answer.1)
}

/// A port was opened, and then the line has become one that nothing from outside can reach: by DS-Lite, or behind another
/// router. (This daemon opens no port on a line that is so from the start, and takes no such `ext_ip`.)
pub fn ports_in_vain() -> Result<()> {
    for (name, external) in [("doctor-ds-lite", "192.0.0.2"), ("doctor-private", "10.20.30.40")] {
        let _home = before(name, "")?;
        wait("the NAS opens a port", SOON, || {
            let line = "ip netns exec nas upnpc -m eth0 -a 192.168.1.20 5001 5001 TCP";
            Ok(output(line)?.contains("is redirected to internal"))
        })?;
        found(&doctor(&["--yes"])?, &[])?;
        run("ip -n gw addr flush dev wan0")?;
        run(&format!("ip -n gw addr add {external}/24 dev wan0"))?;
        let answer = doctor(&["--yes"])?;
        found(&answer, &[("gateways", "warning")])?;
        check(seen(&answer.1, "gateways").contains("5001"), "which port", &answer.1)?;
    }
    Ok(())
}

/// Two that ask for memberships and take no notice of each other: the switch, whose address wins the election, and a proxy
/// that holds none.
pub fn two_queriers() -> Result<()> {
    let mut home = finally("doctor-queriers")?;
    run("ip -n sw link set br0 type bridge mcast_snooping 1 mcast_query_use_ifaddr 1 mcast_query_interval 500 \
         mcast_startup_query_interval 500 mcast_querier 1")?;
    // It has asked, so that it knows its own address: a bridge that hears of another before takes that for the one elected.
    std::thread::sleep(Duration::from_secs(7));
    igmp_proxy(&mut home)?;
    // The proxy asks for the second time 31 s after the first.
    let answer = doctor(&["--yes", "--watch", "60s"])?;
    found(&answer, &[("querier", "warning")])?;
    let said = seen(&answer.1, "querier");
    println!("    {said}");
    check(said.contains("192.168.1.2 (") && said.contains("(192.168.1.100,"), "both are named", &answer.1)
}

/// A switch that keeps groups from those who do not report, and nobody who asks for reports. That takes as long to tell as
/// two queries may be lost.
pub fn no_querier() -> Result<()> {
    let _home = before("doctor-no-querier", "")?;
    run("ip -n sw link set br0 type bridge mcast_snooping 1")?;
    let answer = doctor(&["--yes", "--watch", "260s"])?;
    found(&answer, &[("querier", "warning")])?;
    check(seen(&answer.1, "querier").contains("nobody asked"), "that nobody asks", &answer.1)
}

/// A switch that answers by SNMP, and one that does not know the community.
pub fn switches_by_snmp() -> Result<()> {
    let mut home = before("doctor-snmp", "")?;
    let snmpd = home.file("snmpd.conf", "agentaddress udp:192.168.1.2:161\nrocommunity public\nsysName hub\n")?;
    home.start("sw", &format!("snmpd -f -Lo -C -c {} -p {}", text(&snmpd), text(&home.dir.join("snmpd.pid"))))?;
    // A daemon that is not up yet would be a third case.
    wait("the switch answers", SOON, || {
        Ok(output("ip netns exec pc snmpget -v2c -c public -t 1 -r 0 192.168.1.2 1.3.6.1.2.1.1.5.0")
            .is_ok_and(|text| text.contains("hub")))
    })?;
    for (community, expected) in [("public", &[][..]), ("wrong", &[("snmp", "warning")][..])] {
        let config = format!(
            "snmp:\n  auths: {{home: {{version: 2c, community: {community}}}}}\n  targets: [{{name: hub, address: \
             \"192.168.1.2:161\", auth: home}}]\n"
        );
        let config = text(&home.file("doctor.yml", &config)?);
        let answer = doctor(&["--yes", "--config.file", &config])?;
        found(&answer, expected)?;
        check(seen(&answer.1, "snmp").contains("hub"), "the switch is named", &answer.1)?;
    }
    Ok(())
}

/// Another computer has the PC's address.
pub fn a_duplicate_address() -> Result<()> {
    let _home = before("doctor-duplicate", "")?;
    run("ip -n nas addr add 192.168.1.30/24 dev eth0")?;
    let answer = doctor(&["--yes"])?;
    found(&answer, &[("owners", "problem")])?;
    check(seen(&answer.1, "owners").contains("00:11:32:01:00:14"), "who it is", &answer.1)
}

/// Two bridges with two cables between them.
pub fn a_ring_of_two_bridges() -> Result<()> {
    let _home = before("doctor-ring", "")?;
    ring_of_bridges()?;
    let answer = doctor(&["--yes"]);
    // Open the ring before anything else is asked of this machine.
    run("ip -n sw link set s1 down")?;
    let answer = answer?;
    found(&answer, &[("layer2_loop", "problem"), ("storm", "problem")])?;
    check(sent(&answer.1, "guard_search") == 0, "nothing is sent into a ring", &answer.1)
}

/// `serve` repeats the harmless part, and Prometheus can read what it came to.
pub fn repeated_by_serve() -> Result<()> {
    let mut home = Home::build("doctor-serve")?;
    furnish(&mut home, "")?;
    igmp_proxy(&mut home)?;
    let agent = super::agent::Agent::start(&mut home, "{interfaces: auto}\ndoctor: {interval: 5m}");
    agent?;
    let metrics = || super::net::get(&format!("http://{}/metrics", super::agent::ADDRESS));
    let wanted = "stormglass_doctor_check_status{check=\"membership_echo\",status=\"warning\"} 1";
    wait("the examination is exported", Duration::from_secs(60), || Ok(metrics()?.contains(wanted)))
        .map_err(|error| format!("{error}\n{}", home.log("stormglass")))?;
    let metrics = metrics()?;
    for (check_id, status) in [("reflection", "skipped"), ("dhcp", "ok"), ("wan_in_lan", "warning")] {
        let line = format!("stormglass_doctor_check_status{{check=\"{check_id}\",status=\"{status}\"}} 1");
        check(metrics.contains(&line), &line, &metrics)?;
    }
    // The page has it in full. Whoever presses its button sends nothing: what only the packets show is not found then.
    let page = || super::net::get(&format!("http://{}/doctor?lang=en", super::agent::ADDRESS));
    let full = page()?;
    check(full.contains("repeated our membership") && full.contains("DHCP DISCOVER"), "what it sent and found", &full)?;
    super::net::post(&format!("http://{}/doctor", super::agent::ADDRESS))?;
    check(page()?.contains("is being examined"), "it says that it listens", &page()?)?;
    wait("the passive one is over", Duration::from_secs(30), || Ok(page()?.contains("Examined at")))?;
    let passive = page()?;
    check(passive.contains("Nothing was sent") && !passive.contains("repeated our"), "and sent nothing", &passive)
}
