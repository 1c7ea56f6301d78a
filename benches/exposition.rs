//! What a series costs to write, plain and as gzip, and how big it gets: the answer to `/snmp` for a switch of 52 ports,
//! module `if_mib`, as a simulated agent gives it; and a `/metrics` family. `cargo bench --bench exposition`.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};
use stormglass::io::clock::Clock;
use stormglass::io::snmp::{Auth, Client, Target};
use stormglass::mib::{Module, Rows};
use stormglass::view::exposition::{Exposition, Family, Format, Kind};
use stormglass::view::sink::{Gzip, Plain, Sink};
use stormglass::view::snmp_text::{self, Scrape};
use stormglass_harness::snmp::{AgentOptions, SharedTable, SnmpAgent, walk_file};

const ROUNDS: u32 = 200;

/// A walk file of a switch with every column of ifTable and ifXTable.
fn walk(ports: u32) -> String {
    let mut text = format!("1.3.6.1.2.1.1.3.0|67|123456789\n1.3.6.1.2.1.2.1.0|2|{ports}\n");
    let mut line = |column: &str, port: u32, tag: &str, value: &str| {
        let _ = writeln!(text, "1.3.6.1.2.1.{column}.{port}|{tag}|{value}");
    };
    let columns = (1..=22).map(|column| (format!("2.2.1.{column}"), column));
    for (name, column) in columns.chain((1..=19).map(|column| (format!("31.1.1.1.{column}"), 100 + column))) {
        for port in 1..=ports {
            // Counters that have run for a while, each port its own.
            let big = u64::from(port) * 7_919 * (column * 104_729) % 100_000_007 * 13_577;
            match column {
                2 => line(&name, port, "4", &format!("GigabitEthernet 1/0/{port}")),
                6 => line(&name, port, "4x", &format!("02000000{port:04x}")),
                22 => line(&name, port, "6", "0.0"),
                101 => line(&name, port, "4", &format!("gi1/0/{port}")),
                118 => line(&name, port, "4", if port % 3 == 0 { "uplink to the hall" } else { "" }),
                1 => line(&name, port, "2", &port.to_string()),
                3 | 4 | 7 | 8 | 114 | 116 | 117 => line(&name, port, "2", "1"),
                5 | 9 | 21 | 115 | 119 => line(&name, port, "66", "1000000000"),
                106..=113 => line(&name, port, "70", &big.to_string()),
                _ => line(&name, port, "65", &(big & 0xffff_ffff).to_string()),
            }
        }
    }
    text
}

/// Asks a simulated agent, so that the rows are those of the real way.
fn rows(module: &Module, ports: u32) -> Rows {
    let table = walk_file::parse(walk(ports).as_bytes()).expect("a good walk file");
    let agent = SnmpAgent::start(SharedTable::new(table), AgentOptions::default()).expect("an agent");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let target = Target::new("switch", agent.addr(), Auth::v2c("public"));
        let client = Client::start(Clock::start());
        client.collect(&target, module, Duration::from_secs(60)).await.expect("the agent answers")
    })
}

/// The least time of a round: what it takes when nothing else disturbs.
fn least(mut round: impl FnMut()) -> Duration {
    let took = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        round();
        began.elapsed()
    });
    took.min().unwrap_or_default()
}

fn line(what: &str, took: Duration, series: usize, bytes: usize) {
    let nanos = took.as_nanos() as f64 / series as f64;
    println!("{what:<44} {nanos:>8.1} ns/series {bytes:>9} bytes {:>6.1} B/series", bytes as f64 / series as f64);
}

/// A text that writes itself, as those that the program answers with: each sink has a writer of its own.
trait Text {
    fn write<S: Sink>(&self, out: &mut S);
}

/// A device's answer to `/snmp`.
struct Device<'a>([Scrape<'a>; 1]);

impl Text for Device<'_> {
    fn write<S: Sink>(&self, out: &mut S) {
        snmp_text::write(&self.0, out);
    }
}

const UP: Family = Family { name: "stormglass_up", kind: Kind::Gauge, labels: &["target"], help: "1 if it is up." };

/// A family of `/metrics`.
struct Up<'a>(&'a [String]);

impl Text for Up<'_> {
    fn write<S: Sink>(&self, out: &mut S) {
        let mut out = Exposition::new(Format::Text, out);
        out.family(&UP);
        self.0.iter().for_each(|name| out.sample(&UP, &[name], 1.0));
        out.finish();
    }
}

/// Measures a writer, plain and as gzip; gives its text.
fn both(what: &str, series: usize, written: &impl Text) -> Vec<u8> {
    let mut text = Vec::new();
    written.write(&mut Plain::new(&mut |chunk| text.extend_from_slice(chunk)));
    let took = least(|| written.write(&mut Plain::new(&mut |chunk| _ = black_box(chunk))));
    line(&format!("{what}, plain"), took, series, text.len());
    let mut size = 0;
    written.write(&mut Gzip::new(&mut |chunk| size += chunk.len()));
    let took = least(|| written.write(&mut Gzip::new(&mut |chunk| _ = black_box(chunk))));
    line(&format!("{what}, gzip"), took, series, size);
    copied(&text, series);
    text
}

/// The same bytes copied in chunks: what a text costs at least that is put together from ready pieces.
fn copied(text: &[u8], series: usize) {
    let mut chunk = vec![0; 64 << 10];
    let mut copy = || {
        for piece in text.chunks(64 << 10) {
            chunk[..piece.len()].copy_from_slice(piece);
            black_box(&chunk);
        }
    };
    line("  the same bytes copied by 64 KiB", least(&mut copy), series, text.len());
}

/// The same text by a general compressor: what finding out costs.
fn searched(text: &[u8], series: usize) {
    for level in 1..=6 {
        let zip = || {
            let mut out = GzEncoder::new(Vec::new(), Compression::new(level));
            out.write_all(text).expect("memory");
            out.finish().expect("memory")
        };
        let took = least(|| drop(black_box(zip())));
        line(&format!("  gzip alone by flate2 level {level}"), took, series, zip().len());
    }
}

/// Strings made by the standard library, one for the labels and one for the line of each series.
fn formatted(series: usize) {
    let write = || {
        let mut text = String::new();
        for n in 0..series {
            let labels =
                format!("ifAlias=\"{}\",ifDescr=\"GigabitEthernet 1/0/{n}\",ifIndex=\"{n}\",ifName=\"gi{n}\"", "");
            let _ = writeln!(text, "ifHCInOctets{{{labels}}} {}", n as u64 * 1_234_567_891);
        }
        text
    };
    line("std formatting, plain", least(|| drop(black_box(write()))), series, write().len());
}

/// A device: what its answer costs.
fn device(module: &Module, ports: u32, rounds_of_search: bool) {
    let rows = rows(module, ports);
    let scrapes = [Scrape { module, rows: &rows, took: Duration::from_millis(12) }];
    let series = module.tables.iter().flat_map(|table| table.columns).map(|column| rows.column(column).count()).sum();
    println!("/snmp, if_mib, {ports} ports, {series} cells");
    let columns = || module.tables.iter().flat_map(|table| table.columns);
    let read = || columns().flat_map(|column| rows.column(column)).filter_map(|cell| cell.value.as_u64()).sum::<u64>();
    line("  reading the rows alone", least(|| _ = black_box(read())), series, 0);
    let text = both("view::snmp_text", series, &Device(scrapes));
    if let Ok(folder) = std::env::var("STORMGLASS_BENCH_TEXTS") {
        std::fs::write(format!("{folder}/{ports}.txt"), &text).expect("a place for the text");
    }
    if rounds_of_search {
        searched(&text, series);
        formatted(series);
    }
    println!();
}

fn main() {
    let module = Module::named("if_mib").expect("known");
    device(module, 52, true);
    device(module, 2_000, false);

    let names = (0..10_000).map(|n| format!("switch-{n:05}")).collect::<Vec<_>>();
    println!("/metrics, one family of {} targets", names.len());
    let text = both("view::exposition", names.len(), &Up(&names));
    searched(&text, names.len());
}
