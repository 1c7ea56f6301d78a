//! A gateway that tries to send its clients elsewhere: to this computer's own services, to other hosts, to names. Whether
//! anybody came is heard there, by listeners that are tried first.

use super::cables::{
    FAR, HOME_PORTS, NEAR, OFF_LINK, OTHER_HOST, check, find, gateways, home, inside, ports, run, start,
};
use libtest_mimic::Failed;
use nix::net::if_::if_nametoindex;
use serde_json::Value;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;
use stormglass_harness::upnp::Habits;

const UDN: &str = "uuid:honest-in-what-it-is";
/// Hosts that are tried in one search: their descriptions stay below the number that is read from one address.
const AT_ONCE: usize = 3;
/// Hosts without a listener: names, and other ways to write the same addresses.
const WRITTEN_OTHERWISE: [&str; 9] = [
    "localhost:80",
    "router.local:80",
    "[::ffff:127.0.0.1]:80",
    "[::ffff:192.168.1.50]:80",
    "127.1:80",
    "2130706433:80",
    "0.0.0.0:80",
    "[::]:80",
    "[ff02::1]:80",
];

/// A door that nobody may knock at.
struct Door {
    /// As a URL has it.
    host: String,
    listener: TcpListener,
}

/// The interface by which a link-local address is reached from here.
fn place(host: &str, scope: &str) -> Result<SocketAddr, Failed> {
    let address: SocketAddr = host.parse()?;
    Ok(match address.ip() {
        IpAddr::V6(v6) if v6.is_unicast_link_local() => {
            SocketAddrV6::new(v6, address.port(), 0, if_nametoindex(scope)?).into()
        }
        _ => address,
    })
}

impl Door {
    fn open(namespace: Option<&str>, host: &str, scope: &str) -> Result<Self, Failed> {
        let bind = || -> Result<TcpListener, String> {
            let listener = place(host, scope).map_err(|error| format!("{error:?}"))?;
            let listener = TcpListener::bind(listener).map_err(|error| format!("{host}: {error}"))?;
            listener.set_nonblocking(true).map_err(|error| error.to_string())?;
            Ok(listener)
        };
        let listener = match namespace {
            Some(namespace) => inside(namespace, bind)??,
            None => bind()?,
        };
        Ok(Self { host: host.to_owned(), listener })
    }

    fn visitors(&self) -> usize {
        std::iter::from_fn(|| self.listener.accept().ok()).count()
    }

    /// From here it can be reached: the door works.
    fn knock(&self, scope: &str) -> Result<(), Failed> {
        TcpStream::connect_timeout(&place(&self.host, scope)?, Duration::from_secs(5))
            .map_err(|error| format!("{}: {error}", self.host))?;
        check(self.visitors() == 1, "a visitor is heard", &self.host)
    }
}

fn doors() -> Result<Vec<Door>, Failed> {
    let own = ["127.0.0.1:80", "[::1]:80", "192.168.1.30:8080", "[fd00:1::30]:8080"];
    let mut doors = own.iter().map(|host| Door::open(None, host, "lo")).collect::<Result<Vec<_>, _>>()?;
    for host in [format!("{OTHER_HOST}:80"), format!("[{OFF_LINK}]:80")] {
        doors.push(Door::open(Some("near"), &host, "lab0")?);
    }
    for host in [format!("{}:80", FAR[0]), format!("[{}]:80", FAR[1]), format!("[{}]:80", FAR[2])] {
        doors.push(Door::open(Some("far"), &host, "lab1")?);
    }
    // The far link-local address is reached by eth1 alone; the answer came by eth0.
    doors.iter().try_for_each(|door| door.knock("eth1"))?;
    Ok(doors)
}

/// A name server that is asked by whoever looks a name up.
fn name_server() -> Result<UdpSocket, Failed> {
    std::fs::write("/run/resolv.conf", "nameserver 192.168.1.1\noptions timeout:1 attempts:1\n")?;
    run("mount --bind /run/resolv.conf /etc/resolv.conf")?;
    let server = inside("near", || -> io::Result<UdpSocket> {
        let socket = UdpSocket::bind((Ipv4Addr::new(192, 168, 1, 1), 53))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    })??;
    // The door works: the system's resolver asks here.
    let _ = std::net::ToSocketAddrs::to_socket_addrs(&("a-name-to-try.example", 80)).map(drop);
    check(questions(&server) > 0, "the name server is asked", &"nobody asked")?;
    Ok(server)
}

fn questions(server: &UdpSocket) -> usize {
    let mut buffer = [0; 512];
    std::iter::from_fn(|| server.recv(&mut buffer).ok()).count()
}

/// Every way of `harness::upnp::lures`, to every door, by each of the gateway's addresses.
pub fn nobody_is_asked_on_a_strangers_word() -> Result<(), Failed> {
    let (doors, server) = (doors()?, name_server()?);
    let hosts = doors.iter().map(|door| door.host.as_str()).chain(WRITTEN_OTHERWISE).collect::<Vec<_>>();
    for lures in hosts.chunks(AT_ONCE) {
        let lures = lures.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>();
        let count = lures.len();
        let _running = start("near", &NEAR, home(UDN), Habits { lures, ..Habits::default() })?;
        let found = gateways("eth0")?;
        check(ports(find(&found, UDN)?) == HOME_PORTS, "the gateway itself is listed in full", &found)?;
        // The lures were taken, and left: each is a gateway that could not be asked, or not be followed.
        for number in 0..count {
            for (way, why) in [("control", "control URL"), ("redirected-control", "redirect")] {
                let lure = find(&found, &format!("uuid:lure-{number}-{way}"))?;
                let said = lure["problems"].as_array().into_iter().flatten().any(|p| says(p, why));
                check(said, "it says why it was not asked", lure)?;
            }
        }
        let visited = doors.iter().filter(|door| door.visitors() > 0).map(|door| &door.host).collect::<Vec<_>>();
        check(visited.is_empty(), "nobody came", &visited)?;
    }
    check(questions(&server) == 0, "no name was looked up", &"the name server was asked")?;
    run("umount /etc/resolv.conf").map_err(Failed::from)
}

fn says(problem: &Value, what: &str) -> bool {
    problem.as_str().is_some_and(|text| text.contains(what))
}
