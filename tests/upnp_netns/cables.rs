//! This computer with two cables: `eth0`, by which its default route leads, to the namespace `near`, and `eth1` to `far`.
//! Gateways of the harness live at their other ends; `upnp-probe` runs here.

use libtest_mimic::Failed;
use nix::sched::{CloneFlags, setns};
use serde_json::Value;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use stormglass_harness::upnp::{GatewayOptions, Habits, LanGateway, Port};

/// Addresses at the other end of `eth0`: IPv4, link-local, and one of the site.
pub const NEAR: [&str; 3] = ["192.168.1.1", "fe80::1", "fd00:1::1"];
/// The same of `eth1`.
pub const FAR: [&str; 3] = ["192.168.2.1", "fe80::2:1", "fd00:2::1"];
/// Another host at the other end of `eth0`, and one that is not on its link.
pub const OTHER_HOST: &str = "192.168.1.50";
pub const OFF_LINK: &str = "fd00:9::1";
/// The ports that every gateway of the harness has open.
pub const HOME_PORTS: [u64; 4] = [5001, 6690, 8080, 51820];
/// How long anything may take that is to happen at once.
pub const SOON: Duration = Duration::from_secs(20);

/// Makes the namespaces and cables.
pub fn lay() -> Result<(), String> {
    for line in ["mount -t tmpfs tmpfs /run", "ip link set lo up", "ip netns add near", "ip netns add far"] {
        run(line)?;
    }
    cable("eth0", "near", "lab0", ("1", "fe80::30"), &NEAR)?;
    cable("eth1", "far", "lab1", ("2", "fe80::31"), &FAR)?;
    for line in [
        "ip -n near addr add 192.168.1.50/24 dev lab0",
        "ip -n near addr add fd00:9::1/128 dev lab0 nodad",
        "ip -n near link set lo up",
        "ip -n far link set lo up",
    ] {
        run(line)?;
    }
    routes()
}

/// The routes by `eth0`, which go with it.
pub fn routes() -> Result<(), String> {
    run("ip route add default via 192.168.1.1 dev eth0")?;
    run("ip -6 route add fd00:9::/64 via fe80::1 dev eth0")
}

/// A cable with its addresses at both ends; none that the kernel would make by itself or test first.
pub fn cable(
    here: &str,
    namespace: &str,
    there: &str,
    (net, link_local): (&str, &str),
    theirs: &[&str; 3],
) -> Result<(), String> {
    run(&format!("ip link add {here} type veth peer name {there} netns {namespace}"))?;
    let at = format!("-n {namespace}");
    for (place, device, [v4, link, site]) in
        [("", here, [&*format!("192.168.{net}.30"), link_local, &*format!("fd00:{net}::30")]), (&*at, there, *theirs)]
    {
        for line in [
            format!("link set {device} addrgenmode none"),
            format!("link set {device} up"),
            format!("addr add {v4}/24 dev {device}"),
            format!("addr add {link}/64 dev {device} nodad"),
            format!("addr add {site}/64 dev {device} nodad"),
        ] {
            run(&format!("ip {place} {line}"))?;
        }
    }
    Ok(())
}

/// Runs a command to its end.
pub fn run(line: &str) -> Result<(), String> {
    let mut words = line.split_whitespace();
    let output = Command::new(words.next().unwrap_or_default()).args(words).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{line}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("{line}: {}", String::from_utf8_lossy(&output.stderr))) }
}

/// Does something in another namespace: sockets made there stay there.
pub fn inside<T: Send>(namespace: &str, work: impl FnOnce() -> T + Send) -> Result<T, Failed> {
    let place = File::open(format!("/run/netns/{namespace}"))?;
    std::thread::scope(|scope| {
        let done = scope.spawn(move || setns(place, CloneFlags::CLONE_NEWNET).map(|()| work()));
        done.join().map_err(|_| "it panicked")?.map_err(|error| format!("{namespace}: {error}").into())
    })
}

/// A gateway by this UDN, as every home has one.
pub fn home(udn: &str) -> GatewayOptions {
    GatewayOptions::home(udn.to_owned(), Ipv4Addr::new(192, 168, 1, 20))
}

/// Starts a gateway at the other end of `eth0` ("near") or `eth1` ("far") by some of the addresses there.
pub fn start(
    namespace: &str,
    addresses: &[&str],
    options: GatewayOptions,
    habits: Habits,
) -> Result<LanGateway, Failed> {
    let interface = if namespace == "near" { "lab0" } else { "lab1" };
    let addresses = addresses.iter().map(|text| text.parse::<IpAddr>()).collect::<Result<Vec<_>, _>>()?;
    let gateway = inside(namespace, move || {
        let index = nix::net::if_::if_nametoindex(interface).map_err(std::io::Error::from)?;
        LanGateway::start(options, &Port { interface: interface.to_owned(), index, addresses }, habits)
    })?;
    Ok(gateway?)
}

/// What `upnp-probe` said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs `upnp-probe` to its end.
pub fn probe(arguments: &[&str]) -> Result<Said, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_upnp-probe")).args(arguments).stdin(Stdio::null()).output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Said { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) })
}

/// The gateways that `upnp-probe list` finds on an interface.
/// Patiently: on a busy machine the usual 12 s may not do for all that a trial sets up.
pub fn gateways(interface: &str) -> Result<Vec<Value>, Failed> {
    let said = probe(&["list", "--format", "json", "--interface", interface, "--timeout", "30s"])?;
    check((0..2).contains(&said.code), "it looks", &said.err)?;
    Ok(serde_json::from_str(&said.out)?)
}

/// The gateway of this UDN among them.
pub fn find<'a>(gateways: &'a [Value], udn: &str) -> Result<&'a Value, Failed> {
    gateways.iter().find(|one| one["udn"] == udn).ok_or_else(|| format!("{udn} is not in {gateways:#?}").into())
}

/// It is known by this address.
pub fn is_at(gateway: &Value, address: &str) -> bool {
    let host = if address.contains(':') { format!("//[{address}]:") } else { format!("//{address}:") };
    gateway["location"].as_str().is_some_and(|location| location.contains(&host))
}

/// Its open ports, sorted.
pub fn ports(gateway: &Value) -> Vec<u64> {
    let mappings = gateway["mappings"].as_array().into_iter().flatten();
    let mut ports = mappings.filter_map(|mapping| mapping["external_port"].as_u64()).collect::<Vec<_>>();
    ports.sort_unstable();
    ports
}

/// A running `upnp-probe watch` that searches only once, at its start: what it tells later, it has heard.
pub struct Watch {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Watch {
    /// Starts it, and waits until its first search is over.
    pub fn start(interface: &str) -> Result<Self, Failed> {
        let (out, err) = (PathBuf::from("/run/watch.out"), PathBuf::from("/run/watch.err"));
        let child = Command::new(env!("CARGO_BIN_EXE_upnp-probe"))
            .args(["watch", "--interval", "1h", "--format", "json", "--interface", interface])
            .stdin(Stdio::null())
            .stdout(File::create(&out)?)
            .stderr(File::create(&err)?)
            .spawn()?;
        let watch = Self { child, out, err };
        wait("watch has searched", SOON, || Ok(watch.said().contains("What usually explains it")))?;
        Ok(watch)
    }

    /// What it said on standard error.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.err).unwrap_or_default()
    }

    /// Its events about the device of this UDN: change, reason, and the name it had.
    pub fn events(&self, udn: &str) -> Vec<(String, String, String)> {
        let text = std::fs::read_to_string(&self.out).unwrap_or_default();
        let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let events = events.filter(|event| event["device"]["udn"] == udn);
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        events.map(|e| (word(&e["change"]), word(&e["reason"]), word(&e["device"]["friendly_name"]))).collect()
    }

    /// Waits for an event about that device.
    pub fn wait(&self, udn: &str, change: &str, reason: &str, limit: Duration) -> Result<(), Failed> {
        let what = format!("{udn} {change} by {reason}");
        wait(&what, limit, || Ok(self.events(udn).iter().any(|(c, r, _)| c == change && r == reason)))
            .map_err(|error| format!("{error:?}: {:?} {}", self.events(udn), self.said()).into())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something to become true.
pub fn wait(what: &str, limit: Duration, mut check: impl FnMut() -> Result<bool, Failed>) -> Result<(), Failed> {
    let began = Instant::now();
    while began.elapsed() < limit {
        if check()? {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(format!("{what}: not within {limit:?}").into())
}

/// A sentence that has to be true, and what was seen.
pub fn check(truth: bool, what: &str, seen: &dyn std::fmt::Debug) -> Result<(), Failed> {
    if truth { Ok(()) } else { Err(format!("{what}: {seen:#?}").into()) }
}
