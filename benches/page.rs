//! What the live page costs where everything is full: 200 switches with 10,000 ports, 1,000 devices, a storm, and 60 readings of
//! each port that is followed. Prints how long the engine is kept, how long the writing takes, and the bytes.
//! `cargo bench --bench page`; the bar is 50 ms for both together.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::hint::black_box;
use std::time::{Duration, Instant};
use stormglass::engine::{Engine, Input, Settings};
use stormglass::model::device::{Device, Discovery};
use stormglass::model::frames::{OwnerClaim, OwnerProof};
use stormglass::model::observation::{Counter, Poll, PollSample, PortCounters, PortSample};
use stormglass::model::text::Language;
use stormglass::model::topology::{Fdb, Resolved, Topology, Way};
use stormglass::model::{MacAddr, Time};
use stormglass::view::html::{self, Face, Frame};

const SWITCHES: u32 = 200;
const PORTS: u32 = 50;
const DEVICES: u32 = 1000;
const POLLS: u64 = 60;
const ROUNDS: u32 = 20;

fn mac(n: u32) -> MacAddr {
    let [_, a, b, c] = n.to_be_bytes();
    MacAddr([0x3c, 0x84, 0x6a, a, b, c])
}

fn poll(switch: u32, at: Time, round: u64) -> Poll {
    let port = |n: u32| {
        let count = Counter::C64(round * u64::from(n * (switch + 7)) * 100);
        PortSample {
            if_index: n,
            name: format!("gi1/0/{n}").into(),
            oper_up: true,
            counters: PortCounters { in_unicast: Some(count), out_unicast: Some(count), ..PortCounters::default() },
            ..PortSample::default()
        }
    };
    // Five devices behind each switch; everybody else is behind its first port.
    let behind = |n: u32| if n / 5 == switch { 2 + n % 5 } else { 1 };
    let found = |n: u32| (n, Resolved { if_index: n, way: Way::BasePortTable, confidence: 0.9 });
    let fdb = Fdb {
        entries: (0..DEVICES).map(|n| (mac(n), behind(n))).collect(),
        ports: (1..=PORTS).map(found).collect(),
        ..Fdb::default()
    };
    let topology = (round == 0).then(|| Box::new(Topology { fdb: Some(fdb), ..Topology::default() }));
    Poll::Answered(Box::new(PollSample {
        target: format!("switch-{switch:03}").into(),
        at,
        took: Duration::from_millis(5),
        sys_uptime: Some(round as u32 * 1000 + 1),
        sys_name: format!("floor-{switch}"),
        sys_descr: String::new(),
        ports: (1..=PORTS).map(port).collect(),
        topology,
        problems: Vec::new(),
    }))
}

fn device(n: u32, at: Time) -> Device {
    let [_, a, b, c] = n.to_be_bytes();
    Device {
        udn: format!("uuid:{n}"),
        friendly_name: format!("Device {n} on the ground floor"),
        manufacturer: "Maker".to_owned(),
        model: "Model 7".to_owned(),
        device_type: "urn:schemas-upnp-org:device:MediaRenderer:1".to_owned(),
        server: String::new(),
        location: String::new(),
        ip: [10, a, b, c].into(),
        mac: Some(mac(n)),
        vendor: None,
        interface: "eth0".into(),
        first_seen: at,
        last_seen: at,
        problem: None,
    }
}

fn main() {
    let start = Time::from_secs(1_700_000_000);
    let mut engine = Engine::new(Settings::default());
    let mut now = start;
    for round in 0..POLLS {
        now = start.plus(Duration::from_secs(10 * round));
        for switch in 0..SWITCHES {
            engine.handle(now, Input::Poll(poll(switch, now, round)));
        }
    }
    let claim = |n: u32| {
        let [_, a, b, c] = n.to_be_bytes();
        OwnerClaim { ip: [10, a, b, c].into(), mac: mac(n), proof: OwnerProof::Arp, at: now }
    };
    engine.handle(now, Input::Owners { interface: Some("eth0".into()), claims: (0..DEVICES).map(claim).collect() });
    let devices = (0..DEVICES).map(|n| device(n, now)).collect();
    engine.handle(now, Input::Discovery(Box::new(Discovery { at: now, devices, ..Discovery::default() })));
    let (mut gathering, mut writing, mut bytes) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let face = Face::gather(&engine, now, &Frame::default());
        gathering.push(began.elapsed());
        let began = Instant::now();
        let page = html::page(&html::parts(&face, Language::English), Language::English);
        writing.push(began.elapsed());
        bytes = black_box(page).len();
    }
    for (what, times) in [("gathered from the engine", &mut gathering), ("written", &mut writing)] {
        times.sort();
        println!("{what}: median {:?}, longest {:?}", times[times.len() / 2], times[times.len() - 1]);
    }
    println!("{bytes} bytes, and {} of style and script", html::STYLE.len() + html::SCRIPT.len());
}
