//! The home network of the lab: namespaces, cables, the second router, daemons. Each home is made by one trial and taken
//! down with it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

/// The second router's MACs: LAN and WAN side.
pub const ROUTER_MACS: [&str; 2] = ["3c:84:6a:10:00:c8", "3c:84:6a:10:00:c9"];
/// The Echo.
pub const ECHO_MAC: &str = "44:65:0d:01:00:0a";
const HOSTS: [(&str, &str, &str); 4] = [
    ("gw", "192.168.1.1/24", "00:3a:9d:01:00:01"),
    ("echo", "192.168.1.10/24", ECHO_MAC),
    ("nas", "192.168.1.20/24", "00:11:32:01:00:14"),
    ("pc", "192.168.1.30/24", "02:00:00:00:00:1e"),
];
/// What the Echo looks for.
pub const SEARCH: &[u8] =
    b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 3\r\nST: ssdp:all\r\n\r\n";
/// What a search is on the wire: Ethernet, IPv4 and UDP headers in front.
const SEARCH_FRAME: u64 = 14 + 20 + 8 + SEARCH.len() as u64;
/// An errand: what this program does when it is run again inside a host's namespace.
pub const ERRAND: &str = "STORMGLASS_LAB_ERRAND";

/// Everything fails with a sentence.
pub type Result<T> = std::result::Result<T, String>;

/// Which way the second router's proxy forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copies {
    /// WAN to LAN: copies carry the LAN side's MAC.
    FromLanSide,
    /// LAN to WAN: copies carry the WAN side's MAC.
    FromWanSide,
}

/// The home.
pub struct Home {
    processes: Vec<(String, Child)>,
    /// Configuration files and logs.
    pub dir: PathBuf,
}

impl Home {
    /// The hub with four hosts and the second router, both of whose sides are in the one LAN: the mistake.
    pub fn build(name: &str) -> Result<Self> {
        let dir = PathBuf::from("/run/lab").join(name);
        std::fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        let home = Self { processes: Vec::new(), dir };
        run("ip netns add sw")?;
        run("ip -n sw link set lo up")?;
        run("ip -n sw link add br0 type bridge mcast_snooping 0")?;
        run("ip -n sw addr add 192.168.1.2/24 dev br0")?;
        run("ip -n sw link set br0 up")?;
        for (host, address, mac) in HOSTS {
            home.namespace(host)?;
            home.plug(host, "eth0", &format!("p-{host}"), address, mac)?;
        }
        home.namespace("router")?;
        home.plug("router", "lan0", "p-lan", "192.168.1.100/24", ROUTER_MACS[0])?;
        home.plug("router", "wan0", "p-wan", "10.255.0.2/30", ROUTER_MACS[1])?;
        run("ip -n echo route add 224.0.0.0/4 dev eth0")?;
        for key in ["ip_forward=1", "conf.all.rp_filter=0", "conf.wan0.rp_filter=0", "conf.lan0.rp_filter=0"] {
            run(&format!("ip netns exec router sysctl -qw net.ipv4.{key}"))?;
        }
        // Hosts that have spoken with each other, as in every home: ARP tells who owns which address.
        for host in ["echo", "nas", "router"] {
            errand_in(host, "greet 192.168.1.30:9")?;
        }
        Ok(home)
    }

    /// Writes a shell script and gives its path.
    pub fn script(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.file(name, &format!("#!/bin/sh\n{text}\n"))?;
        run(&format!("chmod 755 {}", path.display()))?;
        Ok(path)
    }

    /// One more router like the second, with both of its sides in the LAN.
    pub fn third_router(&self, macs: [&str; 2]) -> Result<()> {
        self.namespace("third")?;
        self.plug("third", "lan0", "t-lan", "192.168.1.101/24", macs[0])?;
        self.plug("third", "wan0", "t-wan", "10.255.1.2/30", macs[1])
    }

    fn namespace(&self, name: &str) -> Result<()> {
        run(&format!("ip netns add {name}"))?;
        run(&format!("ip -n {name} link set lo up"))
    }

    fn plug(&self, host: &str, device: &str, port: &str, address: &str, mac: &str) -> Result<()> {
        run(&format!("ip link add {port} netns sw type veth peer name {device} netns {host}"))?;
        run(&format!("ip -n sw link set {port} master br0 up"))?;
        run(&format!("ip -n {host} link set {device} address {mac}"))?;
        run(&format!("ip -n {host} link set {device} up"))?;
        run(&format!("ip -n {host} addr add {address} dev {device}"))
    }

    /// Starts a daemon in a host's namespace; it ends with the home.
    pub fn start(&mut self, host: &str, line: &str) -> Result<u32> {
        self.start_logged(host, line, &line.split_whitespace().next().unwrap_or("daemon").replace('/', "_"))
    }

    /// Has a host do something by itself while the trial goes on; it ends with the home.
    pub fn errand_beside(&mut self, host: &str, errand: &str) -> Result<()> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        self.start_logged(host, &format!("env {ERRAND}={errand} {}", program.display()), "errand").map(drop)
    }

    /// The same, with a name for its log file.
    pub fn start_logged(&mut self, host: &str, line: &str, name: &str) -> Result<u32> {
        let log = self.dir.join(format!("{name}.log"));
        let file = || std::fs::File::options().create(true).append(true).open(&log).map_err(|error| error.to_string());
        let mut words = line.split_whitespace();
        let child = Command::new("ip")
            .args(["netns", "exec", host])
            // At home each device has a processor of its own: what gateway and media server spend on answering every copy
            // is not taken from the computer that watches.
            .args(["nice", "-n", if host == "pc" { "0" } else { "10" }])
            .arg(words.next().ok_or("an empty command line")?)
            .args(words)
            .stdin(Stdio::null())
            .stdout(file()?)
            .stderr(file()?)
            .spawn()
            .map_err(|error| format!("{line}: {error}"))?;
        let pid = child.id();
        self.processes.push((name.to_owned(), child));
        Ok(pid)
    }

    /// Ends one daemon politely and says how long that took.
    pub fn end(&mut self, name: &str) -> Result<Duration> {
        let at = self.processes.iter().position(|(known, _)| known == name).ok_or(format!("{name} does not run"))?;
        let (_, mut child) = self.processes.remove(at);
        let began = std::time::Instant::now();
        run(&format!("kill -TERM {}", child.id()))?;
        for _ in 0..1_500 {
            if child.try_wait().map_err(|error| error.to_string())?.is_some() {
                return Ok(began.elapsed());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(format!("{name} did not end within 15 s of SIGTERM"))
    }

    /// What a daemon has said.
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.join(format!("{name}.log"))).unwrap_or_default()
    }

    /// Writes a configuration file and gives its path.
    pub fn file(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.dir.join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    /// Turns the second router's multicast proxy on. The (S,G) route is static: with a (*,G) rule the first interface to
    /// see the frame wins, and that is a race.
    pub fn proxy_on(&mut self, copies: Copies) -> Result<()> {
        let (from, to) = match copies {
            Copies::FromLanSide => ("wan0", "lan0"),
            Copies::FromWanSide => ("lan0", "wan0"),
        };
        let config = format!(
            "phyint wan0 enable ttl-threshold 1\nphyint lan0 enable ttl-threshold 1\nmgroup from {from} group \
             239.255.255.250\nmroute from {from} source 192.168.1.10 group 239.255.255.250 to {to}\n"
        );
        let config = self.file("smcroute.conf", &config)?;
        let (pid, socket) = (self.dir.join("smcroute.pid"), self.dir.join("smcroute.sock"));
        let line =
            format!("smcrouted -n -N -l info -f {} -P {} -u {}", config.display(), pid.display(), socket.display());
        self.start("router", &line)?;
        wait("the proxy's route", Duration::from_secs(10), || {
            let routes = output("ip netns exec router cat /proc/net/ip_mr_cache")?;
            Ok(routes.lines().count() > 1)
        })
    }

    /// Turns it off again.
    pub fn proxy_off(&mut self) -> Result<()> {
        self.end("smcrouted").map(drop)
    }

    /// Firmware that re-sends with the same TTL. UDP alone: otherwise IGMPv2 reports circle too.
    pub fn keep_ttl(&self) -> Result<()> {
        let rules = "table ip mangle {\n chain pre {\n  type filter hook prerouting priority mangle;\n  meta l4proto udp ip \
                     daddr 239.0.0.0/8 ip ttl set 4\n }\n}\n";
        let path = self.file("keep-ttl.nft", rules)?;
        run(&format!("ip netns exec router nft -f {}", path.display()))
    }

    /// Slows the router down to the seed's rate: a token bucket with room for one frame delays, and drops nothing.
    pub fn slow_down(&self, copies: Copies, frames_per_second: u64) -> Result<()> {
        let device = if copies == Copies::FromLanSide { "lan0" } else { "wan0" };
        let bits = frames_per_second * SEARCH_FRAME * 8;
        run(&format!(
            "ip netns exec router tc qdisc add dev {device} root tbf rate {bits}bit burst {SEARCH_FRAME} limit 100000"
        ))
    }

    /// The Echo searches, once.
    pub fn search(&self, ttl: u8) -> Result<()> {
        errand_in("echo", &format!("search {ttl}")).map(drop)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for (_, child) in &mut self.processes {
            let _ = child.kill();
            let _ = child.wait();
        }
        for name in ["sw", "gw", "echo", "nas", "pc", "router"] {
            let _ = run(&format!("ip netns del {name}"));
        }
    }
}

/// A second bridge beside the hub, with two cables between them: `s1` down opens the ring. The cables are slow, so that it
/// does not take the whole machine.
pub fn ring_of_bridges() -> Result<()> {
    run("ip -n sw link add br9 type bridge mcast_snooping 0")?;
    run("ip -n sw link set br9 up")?;
    for (near, far) in [("r1", "r2"), ("s1", "s2")] {
        run(&format!("ip -n sw link add {near} type veth peer name {far}"))?;
        for (end, bridge) in [(near, "br0"), (far, "br9")] {
            run(&format!("ip netns exec sw tc qdisc add dev {end} root tbf rate 1mbit burst 1600 limit 3000"))?;
            run(&format!("ip -n sw link set {end} master {bridge} up"))?;
        }
    }
    Ok(())
}

/// Runs a command to its end.
pub fn run(line: &str) -> Result<()> {
    output(line).map(drop)
}

/// Runs a command and gives its standard output.
pub fn output(line: &str) -> Result<String> {
    let mut words = line.split_whitespace();
    let output = Command::new(words.next().unwrap_or_default()).args(words).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{line}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(format!("{line}: {}\n{text}{}", output.status, String::from_utf8_lossy(&output.stderr)))
}

/// Waits for something to become true, at most `limit`.
pub fn wait(what: &str, limit: Duration, mut check: impl FnMut() -> Result<bool>) -> Result<()> {
    let began = std::time::Instant::now();
    let mut last = String::new();
    while began.elapsed() < limit {
        match check() {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => last = error,
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(format!("{what}: not within {limit:?} {last}"))
}

/// Fetches a page as the PC.
pub fn get(url: &str) -> Result<String> {
    errand_in("pc", &format!("get {url}"))
}

/// Posts an empty form as the PC.
pub fn post(url: &str) -> Result<String> {
    errand_in("pc", &format!("post {url}"))
}

fn errand_in(host: &str, errand: &str) -> Result<String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    // Not `ip netns exec`, which mounts: a mount waits for the kernel to come to rest, and in a storm it does not.
    let output =
        Command::new("nsenter").arg(format!("--net=/run/netns/{host}")).arg(program).env(ERRAND, errand).output();
    let output = output.map_err(|error| format!("{errand}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(text)
    } else {
        Err(format!("{errand}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// Carries out an errand, if this run is one.
pub fn errand() -> Option<ExitCode> {
    let errand = std::env::var(ERRAND).ok()?;
    let words = errand.split(' ').collect::<Vec<_>>();
    let result = match words.as_slice() {
        ["search", ttl] => send_search(ttl.parse().unwrap_or(4)),
        ["greet", address] => super::send::greet(address),
        [one] if one.contains(':') => super::send::errand(&one.split(':').collect::<Vec<_>>()),
        ["get", url] => fetch("GET", url),
        ["post", url] => fetch("POST", url),
        ["odd-switch"] => super::drop_in::odd_switch(),
        _ => Err(std::io::Error::other("no such errand")),
    };
    Some(match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    })
}

fn send_search(ttl: u32) -> std::io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::new(192, 168, 1, 10), 0))?;
    socket.set_multicast_ttl_v4(ttl)?;
    socket.send_to(SEARCH, (Ipv4Addr::new(239, 255, 255, 250), 1900))?;
    Ok(())
}

/// One HTTP/1.0 request; an error if the status is none of success.
fn fetch(method: &str, url: &str) -> std::io::Result<()> {
    let bad = |why: &str| std::io::Error::other(format!("{url}: {why}"));
    let rest = url.strip_prefix("http://").ok_or_else(|| bad("no http URL"))?;
    let (host, path) = rest.split_once('/').ok_or_else(|| bad("no path"))?;
    let address: SocketAddr = host.parse().map_err(|_| bad("no address"))?;
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(3))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(format!("{method} /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n").as_bytes())?;
    let mut reply = Vec::new();
    stream.take(16 << 20).read_to_end(&mut reply)?;
    let text = String::from_utf8_lossy(&reply);
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| bad("no header"))?;
    if !head.lines().next().is_some_and(|status| status.contains(" 20")) {
        return Err(bad(&format!("{head}\n{body}")));
    }
    std::io::stdout().write_all(body.as_bytes())
}

/// Where a path is, as text.
pub fn text(path: &Path) -> String {
    path.display().to_string()
}
