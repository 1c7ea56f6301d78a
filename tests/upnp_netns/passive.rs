//! What devices announce, as `upnp-probe watch` hears it: over both families, to the end of a life, beside others on the
//! port, and over cables that go and come back.

use super::cables::{
    FAR, HOME_PORTS, NEAR, SOON, Watch, cable, check, find, gateways, home, is_at, ports, probe, routes, run, start,
    wait,
};
use libtest_mimic::Failed;
use socket2::{Domain, Protocol, Socket, Type};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;
use stormglass_harness::upnp::Habits;

const UDN: &str = "uuid:heard";
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
const OURS: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 30);

/// Silent to searches, so that whatever is known of it was announced.
fn herald() -> Habits {
    Habits { answers: false, announces: Some(Duration::from_secs(1)), ..Habits::default() }
}

/// By each family alone, and by both at once: it comes once.
pub fn one_device_by_ipv4_and_ipv6_is_one() -> Result<(), Failed> {
    let watch = Watch::start("eth1")?;
    for (number, addresses) in [&FAR[..1], &FAR[1..2], &FAR[2..], &FAR[..]].into_iter().enumerate() {
        let udn = format!("uuid:family-{number}");
        let running = start("far", addresses, home(&udn), herald())?;
        watch.wait(&udn, "came", "announcement", SOON)?;
        drop(running);
        watch.wait(&udn, "went", "goodbye", SOON)?;
        let changes = watch.events(&udn).into_iter().map(|(change, ..)| change).collect::<Vec<_>>();
        check(changes == ["came", "went"], "it comes once and goes once", &changes)?;
    }
    Ok(())
}

/// A device that restarts says goodbye and comes again by another boot id: nobody has gone. One that stays away has.
pub fn goodbyes_are_heard_and_restarts_are_none() -> Result<(), Failed> {
    let watch = Watch::start("eth0")?;
    let running = start("near", &NEAR, home(UDN), herald())?;
    watch.wait(UDN, "came", "announcement", SOON)?;
    running.restart();
    // Longer than a goodbye takes to be believed.
    std::thread::sleep(Duration::from_secs(5));
    check(watch.events(UDN).len() == 1, "a restart is no change", &watch.events(UDN))?;
    drop(running);
    watch.wait(UDN, "went", "goodbye", SOON)
}

/// A device that is switched off without a word is gone when its promise is over; one with a new name has changed. Both
/// take the minute that is the least: of a life, and between two readings of one description.
pub fn silence_and_new_names_are_noticed() -> Result<(), Failed> {
    let watch = Watch::start("eth0")?;
    let once = Habits { announces: Some(Duration::from_secs(3600)), max_age_s: 60, polite: false, ..herald() };
    let silent = start("near", &NEAR, home("uuid:switched-off"), once)?;
    let named = start("near", &NEAR, home(UDN), herald())?;
    for udn in ["uuid:switched-off", UDN] {
        watch.wait(udn, "came", "announcement", SOON)?;
    }
    drop(silent);
    named.rename("Another name");
    let limit = Duration::from_secs(100);
    watch.wait("uuid:switched-off", "went", "silence", limit)?;
    watch.wait(UDN, "changed", "announcement", limit)?;
    let last = watch.events(UDN).pop();
    check(last.as_ref().is_some_and(|(_, _, name)| name == "Another name"), "by its new name", &last)
}

/// Down and up again, and then another interface by the same name: announcements are heard after either.
pub fn an_interface_may_go_and_come_back() -> Result<(), Failed> {
    let watch = Watch::start("eth0")?;
    run("ip link set eth0 down")?;
    run("ip link set eth0 up")?;
    run("ip addr add fe80::30/64 dev eth0 nodad")?;
    run("ip addr add fd00:1::30/64 dev eth0 nodad")?;
    for address in NEAR {
        let udn = format!("uuid:after-down-{address}");
        let _running = start("near", &[address], home(&udn), herald())?;
        watch.wait(&udn, "came", "announcement", SOON)?;
    }
    run("ip link del eth0")?;
    cable("eth0", "near", "lab0", ("1", "fe80::30"), &NEAR)?;
    run("ip -n near addr add 192.168.1.50/24 dev lab0")?;
    run("ip -n near addr add fd00:9::1/128 dev lab0 nodad")?;
    routes()?;
    for address in NEAR {
        let udn = format!("uuid:after-anew-{address}");
        let _running = start("near", &[address], home(&udn), herald())?;
        // Every ten seconds it is looked for new interfaces.
        watch.wait(&udn, "came", "announcement", Duration::from_secs(40))?;
    }
    Ok(())
}

#[track_caller]
fn port_1900(shared: bool) -> Result<UdpSocket, Failed> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(shared)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 1900)).into())?;
    socket.join_multicast_v4(&GROUP, &OURS)?;
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    Ok(socket.into())
}

/// Somebody holds the port for himself alone.
pub fn a_taken_port_is_explained_and_searches_go_on() -> Result<(), Failed> {
    let _holder = port_1900(false)?;
    let _running = start("near", &NEAR[..1], home(UDN), Habits::default())?;
    let said = probe(&["watch", "--for", "2s", "--interface", "eth0"])?;
    let explained = said.err.contains("another program holds UDP port 1900") && said.err.contains("ss -ulpn");
    check(explained && said.code == 0, "what is wrong and what to do", &(said.code, &said.err))?;
    check(said.err.contains("gateways: 1,"), "it was found by a search", &said.err)
}

/// A media server on the port goes on hearing the group, and what is sent to the port itself.
pub fn others_on_the_port_are_not_disturbed() -> Result<(), Failed> {
    let before = port_1900(true)?;
    let watch = Watch::start("eth0")?;
    let _running = start("near", &NEAR[..1], home(UDN), herald())?;
    watch.wait(UDN, "came", "announcement", SOON)?;
    let mut buffer = [0; 2048];
    let mut hears = |what: &str| {
        wait(what, SOON, || {
            let heard = before.recv(&mut buffer).ok().map(|length| buffer[..length].to_vec());
            Ok(heard.is_some_and(|bytes| String::from_utf8_lossy(&bytes).contains(what)))
        })
    };
    hears("ssdp:alive")?;
    let sender = UdpSocket::bind((OURS, 0))?;
    sender.send_to(b"to the port itself", (OURS, 1900))?;
    hears("to the port itself")
}

/// A gateway by three addresses is one gateway, known by the one that people know.
pub fn a_search_finds_ipv6_neighbours_once() -> Result<(), Failed> {
    let _running = start("near", &NEAR, home(UDN).second_version(), Habits::default())?;
    let ours = gateways("eth0")?;
    check(ours.len() == 1, "one gateway", &ours)?;
    let found = find(&ours, UDN)?;
    check(is_at(found, NEAR[0]) && ports(found) == HOME_PORTS, "by its IPv4 address", found)?;
    let said = probe(&["devices", "--format", "json", "--interface", "eth0"])?;
    let devices: Vec<serde_json::Value> = serde_json::from_str(&said.out)?;
    check(devices.len() == 1, "one device", &devices)
}
