//! Live capture and neighbours against the real kernel: veth pairs in a network namespace that this test makes for
//! itself and that ends with it. Needs root, `unshare`, `setpriv` and `ip`; without them every trial is ignored, with
//! the reason, or fails under `STORMGLASS_LAB=require`. Sends nothing outside its namespace.

mod namespaces;

use libtest_mimic::{Arguments, Failed, Trial};
use socket2::{Domain, Socket, Type};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Command, ExitCode};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use stormglass::io::capture::afpacket::Ring;
use stormglass::io::capture::live::{self, Settings, State};
use stormglass::io::capture::{CaptureError, FrameSource};
use stormglass::io::clock::Clock;
use stormglass::io::interfaces::{self, HostCounters, Interface};
use stormglass::io::neighbours;
use stormglass::model::frames::{OwnerProof, Protocol};
use stormglass::model::observation::Counter;
use stormglass::model::{MacAddr, Time};
use stormglass::observe::replica::ReplicaRules;
use stormglass::wire::frame;

/// Set for the run inside the namespace, and for its run as nobody.
const INSIDE: &str = "STORMGLASS_CAPTURE_NETNS";
const SSDP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(239, 255, 255, 250)), 1900);
type Check = fn() -> Result<(), Failed>;
const TRIALS: [(&str, Check); 11] = [
    ("group_frames_are_seen_with_their_time_and_length", group_frames),
    ("a_burst_that_fits_the_ring_waits_there", burst_that_fits),
    ("what_does_not_fit_is_counted", burst_that_does_not_fit),
    ("a_vlan_tag_is_told", vlan_tag),
    ("unicast_and_own_frames_are_left_out", left_out),
    ("groups_are_joined_while_capturing", groups_joined),
    ("a_replica_is_reported_before_the_second_is_over", replica),
    ("link_down_is_an_error_and_link_up_is_survived", link_down_and_up),
    ("cap_net_raw_alone_is_enough", capability),
    ("a_neighbour_is_asked_and_listed", neighbour),
    ("the_counters_of_this_host_advance", counters),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    match std::env::var(INSIDE).as_deref() {
        Ok("root") => {}
        Ok(_) => return as_nobody(),
        Err(_) => {
            let missing = namespaces::missing(&[("setpriv", "util-linux"), ("ip", "iproute2")]);
            if missing.is_none() && !arguments.list {
                return enter();
            }
            return trials_without_namespace(&arguments, missing.as_deref());
        }
    }
    if let Err(error) = set_up() {
        eprintln!("the namespace could not be set up: {error}");
        return ExitCode::FAILURE;
    }
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, TRIALS.map(|(name, run)| Trial::test(name, run)).into()).exit_code()
}

/// This program again in namespaces, for its exit code.
fn enter() -> ExitCode {
    match namespaces::again(INSIDE, "root").and_then(|mut command| command.status()) {
        Ok(status) => ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)),
        Err(error) => {
            eprintln!("unshare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn trials_without_namespace(arguments: &Arguments, missing: Option<&str>) -> ExitCode {
    let missing = missing.unwrap_or("only listed").to_owned();
    let trial = |(name, _): (&str, Check)| {
        let missing = missing.clone();
        Trial::ignorable_test(name, move || namespaces::left_out(missing))
    };
    libtest_mimic::run(arguments, TRIALS.map(trial).into()).exit_code()
}

/// `far` sends, `near` is captured; `lan` has a neighbour in a namespace of its own.
fn set_up() -> Result<(), String> {
    run("mount -t tmpfs tmpfs /run")?;
    for line in [
        "link set lo up",
        "link add far type veth peer name near",
        "addr add 10.9.0.1/24 dev far",
        "addr add 10.9.0.2/24 dev near",
        "link set far up",
        "link set near up",
        "neigh add 10.9.0.9 lladdr 02:00:00:00:00:09 dev far",
        "netns add neighbour",
        "link add lan type veth peer name theirs",
        "link set theirs netns neighbour",
        "addr add 10.8.0.2/24 dev lan",
        "addr add fd08::2/64 dev lan nodad",
        "link set lan up",
        "-n neighbour addr add 10.8.0.1/24 dev theirs",
        "-n neighbour addr add fd08::1/64 dev theirs nodad",
        "-n neighbour link set theirs up",
    ] {
        run(&format!("ip {line}"))?;
    }
    Ok(())
}

fn run(line: &str) -> Result<String, String> {
    let mut words = line.split_whitespace();
    let output = Command::new(words.next().unwrap_or_default()).args(words).output();
    let output = output.map_err(|error| format!("{line}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{line}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn interface(name: &str) -> Result<Interface, Failed> {
    let found = interfaces::list()?.into_iter().find(|interface| &*interface.name == name);
    found.ok_or_else(|| format!("{name} is not listed").into())
}

#[expect(clippy::disallowed_methods, reason = "this test is the network")]
fn sender(device: &str) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.bind_device(Some(device.as_bytes()))?;
    socket.set_multicast_loop_v4(false)?;
    Ok(socket)
}

/// Sends `count` datagrams of 200 bytes, each with its number, as fast as the kernel takes them.
fn send(device: &str, to: SocketAddr, count: u32) -> std::io::Result<()> {
    let socket = sender(device)?;
    let mut payload = [b'.'; 200];
    for number in 0..count {
        payload[..4].copy_from_slice(&number.to_be_bytes());
        socket.send_to(&payload, &to.into())?;
    }
    Ok(())
}

/// What came of the datagrams to the SSDP port, within a time limit.
#[derive(Debug, Default)]
struct Seen {
    frames: u64,
    per_sender: BTreeMap<(Option<IpAddr>, MacAddr, u16), u64>,
    lengths: BTreeMap<(u32, usize), u64>,
    times: Vec<Time>,
    numbers: Vec<u64>,
    others: u64,
}

/// Reads until `enough` frames have come, or nothing more within a second.
fn read(ring: &mut Ring, clock: &Clock, enough: u64) -> Result<Seen, Failed> {
    let mut seen = Seen::default();
    let mut quiet_since = clock.now();
    while seen.frames < enough && clock.now().since(quiet_since) < Duration::from_secs(1) {
        let before = seen.frames;
        ring.frames(Duration::from_millis(100), &mut |meta, bytes| {
            let frame = frame::parse(meta, bytes).expect("the kernel sends good frames");
            if frame.protocol != Protocol::Ssdp {
                seen.others += 1;
                return;
            }
            seen.frames += 1;
            *seen.per_sender.entry((frame.ip, frame.source, frame.vlan)).or_default() += 1;
            *seen.lengths.entry((meta.original_len, bytes.len())).or_default() += 1;
            seen.times.push(meta.at);
            seen.numbers.push(meta.number);
        })?;
        if seen.frames > before {
            quiet_since = clock.now();
        }
    }
    Ok(seen)
}

fn ring(name: &str, clock: Clock) -> Result<Ring, Failed> {
    Ok(Ring::open(&name.into(), clock)?)
}

fn settings(name: &str, clock: Clock) -> Settings {
    let interface: Arc<str> = name.into();
    Settings { interface, rules: ReplicaRules::default(), clock, seed: 1, sample_one_in: None, recorder: None }
}

fn check(condition: bool, what: impl std::fmt::Display) -> Result<(), Failed> {
    if condition { Ok(()) } else { Err(what.to_string().into()) }
}

fn group_frames() -> Result<(), Failed> {
    let clock = Clock::start();
    let mut ring = ring("near", clock)?;
    let before = clock.now();
    send("far", SSDP, 3)?;
    let seen = read(&mut ring, &clock, 3)?;
    let after = clock.now();
    check(seen.frames == 3 && ring.dropped() == 0, format!("{seen:?}"))?;
    let sender = ([10, 9, 0, 1].into(), interface("far")?.mac.ok_or("far has a MAC")?);
    check(seen.per_sender == BTreeMap::from([((Some(sender.0), sender.1, 0), 3)]), format!("{seen:?}"))?;
    check(seen.lengths == BTreeMap::from([((242, 242), 3)]), format!("14 + 20 + 8 + 200 bytes: {seen:?}"))?;
    // The kernel's stamp and our clock are converted through two reads of the clock, microseconds apart.
    let slack = Duration::from_millis(1);
    check(seen.times.is_sorted() && seen.numbers.is_sorted(), format!("{seen:?}"))?;
    check(
        seen.times.iter().all(|at| *at >= before.minus(slack) && *at <= after),
        format!("{before} {after} {seen:?}"),
    )?;
    check(ring.not_joined().is_empty(), format!("not joined: {:?}", ring.not_joined()))
}

fn burst_that_fits() -> Result<(), Failed> {
    let clock = Clock::start();
    let mut ring = ring("near", clock)?;
    send("far", SSDP, 15_000)?;
    let seen = read(&mut ring, &clock, 15_000)?;
    check((seen.frames, ring.dropped()) == (15_000, 0), format!("{} seen", seen.frames))
}

fn burst_that_does_not_fit() -> Result<(), Failed> {
    let clock = Clock::start();
    let mut ring = ring("near", clock)?;
    send("far", SSDP, 100_000)?;
    let seen = read(&mut ring, &clock, 100_000)?;
    let dropped = ring.dropped();
    check(dropped > 0 && ring.dropped() == 0, "the kernel's count is taken once")?;
    // A few of the dropped may be the kernel's own group frames.
    let total = seen.frames + dropped;
    check((100_000..100_050).contains(&total), format!("{} seen and {dropped} dropped", seen.frames))?;
    send("far", SSDP, 10)?;
    check(read(&mut ring, &clock, 10)?.frames == 10, "it goes on afterwards")
}

fn vlan_tag() -> Result<(), Failed> {
    let clock = Clock::start();
    let mut ring = ring("near", clock)?;
    let tag = etherparse::VlanId::try_new(7)?;
    let mut tagged = Vec::new();
    etherparse::PacketBuilder::ethernet2([2, 0, 0, 0, 0, 7], [1, 0, 0x5e, 0x7f, 0xff, 0xfa])
        .single_vlan(tag)
        .ipv4([10, 7, 0, 1], [239, 255, 255, 250], 4)
        .udp(50_000, 1900)
        .write(&mut tagged, b"M-SEARCH * HTTP/1.1\r\n\r\n")?;
    raw_sender(interface("far")?.index)?.send(&tagged)?;
    let seen = read(&mut ring, &clock, 1)?;
    let sender = (Some([10, 7, 0, 1].into()), MacAddr([2, 0, 0, 0, 0, 7]), 7);
    check(seen.per_sender == BTreeMap::from([(sender, 1)]), format!("{seen:?}"))
}

fn replica() -> Result<(), Failed> {
    let clock = Clock::start();
    let settings = settings("near", clock);
    let (sender, receiver) = mpsc::channel();
    let capture = live::spawn(settings, move |summary| sender.send(summary).err().map(|e| e.0))?;
    let quiet = receiver.recv_timeout(Duration::from_secs(3))?;
    check(quiet.replicas.is_empty(), format!("{quiet:?}"))?;
    let began = clock.now();
    let mut search = Vec::new();
    etherparse::PacketBuilder::ethernet2([2, 0, 0, 0, 0, 7], [1, 0, 0x5e, 0x7f, 0xff, 0xfa])
        .ipv4([10, 9, 0, 33], [239, 255, 255, 250], 3)
        .udp(50_000, 1900)
        .write(&mut search, b"M-SEARCH * HTTP/1.1\r\n\r\n")?;
    let socket = raw_sender(interface("far")?.index)?;
    for _ in 0..12 {
        socket.send(&search)?;
    }
    let storm = receiver.recv_timeout(Duration::from_secs(3))?;
    let took = clock.now().since(began);
    check(storm.replicas.first().is_some_and(|replica| replica.copies == 12), format!("{storm:?}"))?;
    // Without the urgent flush it would be a second.
    check(took < Duration::from_millis(800), format!("took {took:?}"))?;
    capture.stop();
    Ok(())
}

/// Sends frames as they are: there may be no VLAN device to make tagged ones.
#[expect(
    clippy::disallowed_methods,
    unsafe_code,
    reason = "this test is the network, and packet sockets have no safe address"
)]
fn raw_sender(index: u32) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
    // SAFETY: a sockaddr_ll fits the zeroed storage, and its whole length is set.
    let ((), address) = unsafe {
        socket2::SockAddr::try_init(|storage, length| {
            let address = storage.cast::<libc::sockaddr_ll>();
            (*address).sll_family = libc::AF_PACKET as u16;
            (*address).sll_ifindex = index.cast_signed();
            *length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
            Ok(())
        })
    }?;
    socket.bind(&address)?;
    Ok(socket)
}

fn left_out() -> Result<(), Failed> {
    let clock = Clock::start();
    let mut ring = ring("near", clock)?;
    send("far", SocketAddr::from(([10, 9, 0, 9], 1900)), 100)?;
    send("near", SSDP, 100)?;
    send("far", SSDP, 1)?;
    let seen = read(&mut ring, &clock, 2)?;
    check(seen.frames == 1, format!("{seen:?}"))
}

fn groups_joined() -> Result<(), Failed> {
    let joined = || -> Result<[bool; 2], Failed> {
        let four = std::fs::read_to_string("/proc/net/igmp")?;
        // The blocks of /proc/net/igmp begin with the interface; groups are in host order.
        let block = four.split_once("\tnear").map_or("", |(_, rest)| rest);
        let block = block.split("\n").skip(1).take_while(|line| line.starts_with("\t\t")).collect::<String>();
        let group = u32::from_ne_bytes([239, 255, 255, 250]);
        let six = std::fs::read_to_string("/proc/net/igmp6")?;
        let six = six.lines().any(|line| line.contains("near") && line.contains("ff05000000000000000000000000000c"));
        Ok([block.contains(&format!("{group:08X}")), six])
    };
    check(joined()? == [false; 2], "nobody else has joined")?;
    let ring = ring("near", Clock::start())?;
    check(joined()? == [true; 2], "joined while the ring is open")?;
    drop(ring);
    check(joined()? == [false; 2], "left with it")
}

fn link_down_and_up() -> Result<(), Failed> {
    let clock = Clock::start();
    let mut ring = ring("near", clock)?;
    run("ip link set near down")?;
    let outcome = (0..10).find_map(|_| ring.frames(Duration::from_millis(100), &mut |_, _| {}).err());
    check(outcome.as_ref().is_some_and(|e| e.kind() == std::io::ErrorKind::NetworkDown), format!("{outcome:?}"))?;
    drop(ring);
    let refused = Ring::open(&"near".into(), clock).err();
    check(matches!(refused, Some(CaptureError::Down { .. })), format!("{refused:?}"))?;
    let gone = Ring::open(&"nowhere".into(), clock).err();
    check(matches!(gone, Some(CaptureError::NoInterface { .. })), format!("{gone:?}"))?;

    let settings = settings("near", clock);
    let (sender, receiver) = mpsc::channel();
    let capture = live::spawn(settings, move |summary| sender.send(summary).err().map(|e| e.0))?;
    check(matches!(capture.status().state, State::Waiting { .. }), format!("{:?}", capture.status()))?;
    for round in 1..=2 {
        run("ip link set near up")?;
        wait_for(&clock, "capturing", || capture.status().state == State::Capturing)?;
        send("far", SSDP, 10)?;
        let mut seen = 0;
        while seen < 10 {
            let summary = receiver.recv_timeout(Duration::from_secs(3))?;
            seen += summary.group_frames[Protocol::Ssdp as usize];
        }
        run("ip link set near down")?;
        wait_for(&clock, "waiting", || matches!(capture.status().state, State::Waiting { .. }))?;
        check(capture.status().reopened == round, format!("{:?}", capture.status()))?;
    }
    run("ip link set near up")?;
    let began = clock.now();
    capture.stop();
    check(clock.now().since(began) < Duration::from_millis(200), "stopped within 200 ms")
}

fn wait_for(clock: &Clock, what: &str, mut condition: impl FnMut() -> bool) -> Result<(), Failed> {
    let began = clock.now();
    while !condition() {
        check(clock.now().since(began) < Duration::from_secs(8), format!("not {what} within 8 s"))?;
        std::thread::park_timeout(Duration::from_millis(10));
    }
    Ok(())
}

/// Runs this program as uid 65534 from a place where that user may read it.
fn capability() -> Result<(), Failed> {
    std::fs::copy(std::env::current_exe()?, "/run/capture_netns")?;
    let nobody = |capabilities: &str| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]);
        for set in ["inh", "ambient"] {
            command.arg(format!("--{set}-caps={capabilities}"));
        }
        command.args(["--bounding-set=-all,+net_raw", "/run/capture_netns"]).env(INSIDE, "nobody").output()
    };
    let output = nobody("-all,+net_raw")?;
    let text = String::from_utf8_lossy(&output.stdout);
    check(text.contains("10 frames, 1 owner"), format!("{text}{}", String::from_utf8_lossy(&output.stderr)))?;
    let output = nobody("-all")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let wanted =
        "capturing on near needs the capability CAP_NET_RAW: run `sudo setcap cap_net_raw=ep /run/capture_netns`";
    check(text.contains(wanted), format!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

fn as_nobody() -> ExitCode {
    let clock = Clock::start();
    let work = || -> Result<String, Failed> {
        let mut ring = ring("near", clock)?;
        send("far", SSDP, 10)?;
        let seen = read(&mut ring, &clock, 10)?;
        let owners = neighbours::ask(&interface("lan")?, [10, 8, 0, 1].into(), &clock)?;
        neighbours::table(clock.now())?;
        HostCounters::default().sample(&clock)?;
        Ok(format!("{} frames, {} owner", seen.frames, owners.len()))
    };
    match work() {
        Ok(text) => println!("{text}"),
        Err(error) => println!("{}", error.message().unwrap_or_default()),
    }
    ExitCode::SUCCESS
}

fn neighbour() -> Result<(), Failed> {
    let clock = Clock::start();
    let lan = interface("lan")?;
    check(lan.addresses.contains(&([10, 8, 0, 2].into(), 24)) && lan.up && lan.multicast, format!("{lan:?}"))?;
    let theirs = run("ip netns exec neighbour cat /sys/class/net/theirs/address").or_else(|_| {
        run("ip -n neighbour -o link show theirs")
            .map(|line| line.split("link/ether ").nth(1).unwrap_or_default().chars().take(17).collect())
    })?;
    let mac = theirs.trim().parse::<MacAddr>().map_err(|e| format!("{theirs}: {e}"))?;
    for (ip, proof) in [("10.8.0.1", OwnerProof::Arp), ("fd08::1", OwnerProof::Nd)] {
        let ip = ip.parse::<IpAddr>()?;
        let claims = neighbours::ask(&lan, ip, &clock)?;
        let fine = claims.len() == 1 && (claims[0].ip, claims[0].mac, claims[0].proof) == (ip, mac, proof);
        check(fine, format!("{ip} is at {mac}: {claims:?}"))?;
    }
    let began = clock.now();
    check(neighbours::ask(&lan, [10, 8, 0, 77].into(), &clock)?.is_empty(), "nobody has this address")?;
    check(clock.now().since(began) < Duration::from_millis(1200), "given up within about a second")?;
    let elsewhere = neighbours::ask(&lan, [10, 9, 0, 1].into(), &clock);
    check(matches!(elsewhere, Err(CaptureError::NotOnLink { .. })), format!("{elsewhere:?}"))?;
    // A datagram makes the kernel resolve, so that its table has an entry.
    send("lan", SocketAddr::from(([10, 8, 0, 1], 9)), 1)?;
    let listed = || {
        neighbours::table(clock.now()).is_ok_and(|table| {
            table.iter().any(|n| n.interface == lan.index && n.claim.mac == mac && n.claim.proof == OwnerProof::Arp)
        })
    };
    wait_for(&clock, "in the table", listed)
}

fn counters() -> Result<(), Failed> {
    let clock = Clock::start();
    let mut host = HostCounters::default();
    let frames = |host: &mut HostCounters| -> Result<u64, Failed> {
        let sample = host.sample(&clock)?;
        let port = sample.ports.iter().find(|port| &*port.name == "near").ok_or("near is missing")?;
        let count = |counter| match counter {
            Some(Counter::C64(value)) => value,
            _ => 0,
        };
        check(port.admin_up && port.oper_up && port.if_type == 6 && port.mac.is_some(), format!("{port:?}"))?;
        Ok(count(port.counters.in_unicast) + count(port.counters.in_multicast))
    };
    let before = frames(&mut host)?;
    send("far", SSDP, 1000)?;
    let after = frames(&mut host)?;
    check((1000..1100).contains(&(after - before)), format!("{before} {after}"))
}
