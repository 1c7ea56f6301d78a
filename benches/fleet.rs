//! What a fleet costs the engine: memory for each port, time for each poll, snapshot and page of `/metrics`, on virtual
//! time and without a network. Knows no SNMP: `benches/fleet.sh` runs the whole program.
//!
//! `cargo bench -p stormglass --no-default-features --bench fleet -- TARGETS PORTS MINUTES` (10000 52 70). Seventy
//! minutes fill the hour of history that each port has.

use std::sync::Arc;
use std::time::{Duration, Instant};
use stormglass::engine::{Engine, FeedStatus, Input, Settings};
use stormglass::model::Time;
use stormglass::model::observation::{Counter, CounterKind, Poll, PollSample, PortSample};
use stormglass::view::exposition::Format;
use stormglass::view::metrics;
use stormglass::view::metrics_targets::Counts;
use stormglass::view::sink::Plain;

/// One poll in this many is timed together with a snapshot.
const SNAPSHOT_EVERY: usize = 1000;

fn main() {
    // `cargo bench` passes --bench.
    let numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok()).collect::<Vec<_>>();
    let number = |place: usize, usual| numbers.get(place).copied().unwrap_or(usual);
    let (targets, ports, minutes) = (number(0, 10_000), number(1, 52), number(2, 70));
    println!("targets  ports  minutes  bytes/port  µs/poll  snapshot µs  /metrics ms  /metrics KiB");
    // The smaller fleet first: what it leaves to the allocator would flatter the figures of the second otherwise.
    for targets in [targets.div_ceil(10), targets] {
        measure(targets, ports, minutes);
    }
}

/// Wall clock; a benchmark may look at it.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn timed<T>(sum: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    *sum += started.elapsed();
    result
}

fn measure(targets: usize, ports: usize, minutes: usize) {
    let before = resident_bytes();
    let mut engine = Engine::new(Settings::default());
    let names = (0..targets).map(|n| format!("switch-{n:05}").into()).collect::<Vec<Arc<str>>>();
    let told = names.iter().map(|name| (Arc::clone(name), "10.0.0.1:161".to_owned())).collect();
    let start = Time::from_secs(1_800_000_000);
    engine.handle(start, Input::Targets(told));
    let (mut handling, mut publishing, mut snapshots) = (Duration::ZERO, Duration::ZERO, 0_u32);
    for minute in 0..minutes {
        for (n, name) in names.iter().enumerate() {
            let at = start.plus(Duration::from_millis((minute * 60_000 + n * 60_000 / targets) as u64));
            let poll = poll(name, at, minute, n, ports);
            let ok = FeedStatus {
                feed: "snmp",
                name: Arc::clone(name),
                ok: true,
                message: String::new(),
                last_success: Some(at),
            };
            timed(&mut handling, || {
                engine.handle(at, Input::Poll(poll));
                engine.handle(at, Input::Feed(ok));
            });
            if n % SNAPSHOT_EVERY == 0 {
                snapshots += 1;
                drop(timed(&mut publishing, || engine.snapshot(at)));
            }
        }
    }
    let bytes = resident_bytes().saturating_sub(before);
    let end = start.plus(Duration::from_secs(minutes as u64 * 60));
    let mut rendering = Duration::ZERO;
    let mut written = 0;
    timed(&mut rendering, || {
        metrics::render(
            &engine,
            &Counts::default(),
            end,
            Format::Text,
            &mut Plain::new(&mut |chunk| written += chunk.len()),
        );
    });
    let micros = |sum: Duration, of: usize| sum.as_secs_f64() * 1e6 / of.max(1) as f64;
    println!(
        "{targets:>7}  {ports:>5}  {minutes:>7}  {:>10}  {:>7.1}  {:>11.1}  {:>11.2}  {:>12}",
        bytes / (targets * ports) as u64,
        micros(handling, targets * minutes),
        micros(publishing, snapshots as usize),
        rendering.as_secs_f64() * 1e3,
        written / 1024
    );
}

/// A poll as the client makes it: every string is new. Every port carries something, in every counter but the errors.
fn poll(name: &Arc<str>, at: Time, minute: usize, target: usize, ports: usize) -> Poll {
    let ports = (1..=ports).map(|port| {
        let mut sample = PortSample {
            if_index: port as u32,
            name: format!("Gi1/0/{port}").into(),
            descr: format!("GigabitEthernet1/0/{port}").into(),
            if_type: 6,
            speed_bps: 1_000_000_000,
            admin_up: true,
            oper_up: true,
            ..PortSample::default()
        };
        for kind in CounterKind::ALL.into_iter().take(8) {
            // A few packets to all each second and some hundreds in all: no port stands out.
            let groups = !kind.is_octets() && kind > CounterKind::OutUnicast;
            let step = if groups { 30 } else { 600 } * (1 + (kind as u64 + port as u64 * 7 + target as u64) % 60);
            *sample.counters.get_mut(kind) = Some(Counter::C64(1_000_000 + minute as u64 * step));
        }
        for kind in CounterKind::ALL.into_iter().skip(8) {
            *sample.counters.get_mut(kind) = Some(Counter::C32(0));
        }
        sample
    });
    Poll::Answered(Box::new(PollSample {
        target: Arc::clone(name),
        at,
        took: Duration::from_millis(20),
        sys_uptime: Some(1_000_000 + (minute * 6000) as u32),
        sys_name: name.to_string(),
        sys_descr: "A switch of the usual kind, with a long description as they have it".to_owned(),
        ports: ports.collect(),
        topology: None,
        problems: Vec::new(),
    }))
}

/// Memory that this process has in RAM, the allocator's overhead included.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}
