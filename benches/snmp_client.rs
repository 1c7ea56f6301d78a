//! What reading switches over SNMP costs this process: CPU time and round trips for 1,000 readings of 52 ports. Run it by
//! `cargo bench --bench snmp_client`; `-- --polls 5000` reads more often. Judges nothing: a figure belongs next to another
//! one of the same run. The agents are the harness's, in a process of their own, on loopback.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use stormglass::io::clock::Clock;
use stormglass::io::snmp::{Auth, Client, Target};
use stormglass::mib::Module;
use stormglass::model::observation::Poll;
use stormglass::view::sink::Gzip;
use stormglass::view::snmp_text;
use stormglass_harness::snmp::answer::Manners;
use stormglass_harness::snmp::{AgentOptions, SharedTable, SnmpAgent, Table, Value};

/// Switches; each is read many times.
const SWITCHES: usize = 50;
const PORTS: u32 = 52;
/// Readings at the same time, as snmp_exporter was measured.
const CONCURRENCY: usize = 50;
/// Longest answers: what an Ethernet frame carries, and what some agents send in fragments.
const REPLY_BYTES: [usize; 2] = [1472, 16_000];
const DEADLINE: Duration = Duration::from_secs(30);

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments = std::env::args().collect::<Vec<_>>();
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse::<usize>().ok()
    };
    if let Some(reply_bytes) = after("--agents") {
        return agents(reply_bytes);
    }
    let polls = after("--polls").unwrap_or(2000).clamp(SWITCHES, 100_000);
    let threads = after("--threads").unwrap_or(1);
    let runtime = match threads {
        1 => tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        more => tokio::runtime::Builder::new_multi_thread().worker_threads(more).enable_all().build()?,
    };
    println!(
        "{polls} readings of {PORTS} ports, {CONCURRENCY} at a time, {threads} thread(s); figures per 1,000 readings"
    );
    println!("{:<34} {:>8} {:>8} {:>12} {:>9}", "what", "answer", "CPU s", "round trips", "wall s");
    for reply_bytes in REPLY_BYTES {
        let fleet = Fleet::start(reply_bytes)?;
        for work in [Work::Poll, Work::Collect, Work::Text] {
            runtime.block_on(measure(&fleet, work, polls, reply_bytes))?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Debug)]
enum Work {
    Poll,
    Collect,
    Text,
}

impl Work {
    const fn name(self) -> &'static str {
        match self {
            Self::Poll => "Client::poll",
            Self::Collect => "Client::collect(if_mib)",
            Self::Text => "the same, as gzipped text",
        }
    }

    async fn once(self, client: &Client, target: &Target) -> Outcome<()> {
        if let Self::Poll = self {
            return match client.poll(target, &BTreeSet::new(), DEADLINE).await {
                Poll::Answered(sample) if sample.ports.len() == PORTS as usize => Ok(()),
                Poll::Answered(sample) => Err(format!("{} ports of {PORTS}", sample.ports.len()).into()),
                Poll::Gap(gap) => Err(gap.message.into()),
            };
        }
        let module = Module::named("if_mib").ok_or("no module if_mib")?;
        let rows = client.collect(target, module, DEADLINE).await?;
        if let Self::Text = self {
            let mut length = 0;
            let mut count = |chunk: &[u8]| length += chunk.len();
            snmp_text::write(
                &[snmp_text::Scrape { module, rows: &rows, took: Duration::ZERO }],
                &mut Gzip::new(&mut count),
            );
            if length == 0 {
                return Err("no text".into());
            }
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
async fn measure(fleet: &Fleet, work: Work, polls: usize, reply_bytes: usize) -> Outcome<()> {
    let client = Arc::new(Client::start(Clock::start()));
    // The first reading of each switch is another kind of work: it learns the device.
    for target in fleet.targets.iter() {
        work.once(&client, target).await?;
    }
    let (asked, cpu, wall) = (fleet.asked()?, cpu_seconds()?, Instant::now());
    let next = Arc::new(AtomicUsize::new(0));
    let mut readers = Vec::new();
    for _ in 0..CONCURRENCY {
        let (client, next, targets) = (Arc::clone(&client), Arc::clone(&next), Arc::clone(&fleet.targets));
        readers.push(tokio::spawn(async move {
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if turn >= polls {
                    return Outcome::Ok(());
                }
                work.once(&client, &targets[turn % SWITCHES]).await?;
            }
        }));
    }
    for reader in readers {
        reader.await??;
    }
    let (cpu, wall) = (cpu_seconds()? - cpu, wall.elapsed().as_secs_f64());
    let per = polls as f64;
    let trips = (fleet.asked()? - asked) as f64 / per;
    println!(
        "{:<34} {reply_bytes:>8} {:>8.3} {trips:>12.1} {:>9.2}",
        work.name(),
        cpu * 1000.0 / per,
        wall * 1000.0 / per
    );
    Ok(())
}

/// User and system time of this process, all threads, to a hundredth of a second.
fn cpu_seconds() -> Outcome<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').ok_or("an odd /proc/self/stat")?.1;
    let fields = after_name.split_whitespace().collect::<Vec<_>>();
    let ticks = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(ticks as f64 / 100.0)
}

/// The agents' process; it ends with this, or when its input closes.
struct Fleet {
    child: Child,
    input: ChildStdin,
    output: std::sync::Mutex<BufReader<ChildStdout>>,
    targets: Arc<Vec<Target>>,
}

impl Fleet {
    fn start(reply_bytes: usize) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--agents", &reply_bytes.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = child.stdin.take().ok_or("no pipe")?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no pipe")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let addresses = line.split_whitespace().map(str::parse).collect::<Result<Vec<SocketAddr>, _>>()?;
        let target = |address: SocketAddr| Target::new(address.to_string(), address, Auth::v2c("public"));
        let targets = Arc::new(addresses.into_iter().map(target).collect());
        Ok(Self { child, input, output: std::sync::Mutex::new(output), targets })
    }

    /// Requests that came in so far.
    fn asked(&self) -> Outcome<u64> {
        (&self.input).write_all(b"count\n")?;
        let mut line = String::new();
        self.output.lock().map_err(|_| "poisoned")?.read_line(&mut line)?;
        Ok(line.trim().parse()?)
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn agents(reply_bytes: usize) -> Outcome<()> {
    let table = SharedTable::new(switch());
    let manners = || Manners { max_reply_bytes: reply_bytes, ..Manners::default() };
    let start = || SnmpAgent::start(table.clone(), AgentOptions { manners: manners(), ..AgentOptions::default() });
    let agents = (0..SWITCHES).map(|_| start()).collect::<Result<Vec<_>, _>>()?;
    let addresses = agents.iter().map(|agent| agent.addr().to_string()).collect::<Vec<_>>();
    println!("{}", addresses.join(" "));
    for _ in std::io::stdin().lock().lines() {
        println!("{}", agents.iter().map(SnmpAgent::requests).sum::<u64>());
    }
    Ok(())
}

/// A switch with both interface tables in full, and counters as after some weeks of use.
fn switch() -> Table {
    let mut table = Table::default();
    let octets = |text: String| Value::Octets(text.into_bytes());
    table.set(vec![1, 3, 6, 1, 2, 1, 1, 1, 0], octets("a switch of 52 ports, software 1.0".to_owned()));
    table.set(vec![1, 3, 6, 1, 2, 1, 1, 3, 0], Value::Uptime(180_000_000));
    table.set(vec![1, 3, 6, 1, 2, 1, 1, 5, 0], octets("hub".to_owned()));
    table.set(vec![1, 3, 6, 1, 2, 1, 2, 1, 0], Value::Integer(i64::from(PORTS)));
    for port in 1..=PORTS {
        let busy = u64::from(port) * 0x9e37_79b9 % 0xffff_ffff;
        let low = busy as u32;
        for column in 1..=22_u32 {
            let value = match column {
                1 => Value::Integer(i64::from(port)),
                2 => octets(format!("Gigabit Ethernet port {port}")),
                3 => Value::Integer(6),
                4 => Value::Integer(1500),
                5 => Value::Gauge32(1_000_000_000),
                6 => Value::Octets(vec![2, 0, 0, 0, 1, port as u8]),
                7 | 8 => Value::Integer(1),
                9 => Value::TimeTicks(4200),
                10 | 11 | 16 | 17 => Value::Counter32(low),
                13 | 14 | 19 | 20 => Value::Counter32(port * 7 % 300),
                21 => Value::Gauge32(0),
                22 => Value::Oid(vec![0, 0]),
                _ => Value::Counter32(0),
            };
            table.set(vec![1, 3, 6, 1, 2, 1, 2, 2, 1, column, port], value);
        }
        for column in 1..=19_u32 {
            let value = match column {
                1 => octets(format!("ge{port}")),
                6 | 10 => Value::Counter64(busy * 700),
                7 | 11 => Value::Counter64(busy),
                8 | 9 | 12 | 13 => Value::Counter64(busy / 97),
                2..=5 => Value::Counter32((busy / 97) as u32),
                14 | 17 => Value::Integer(1),
                16 => Value::Integer(2),
                15 => Value::Gauge32(1000),
                18 => octets(String::new()),
                _ => Value::TimeTicks(0),
            };
            table.set(vec![1, 3, 6, 1, 2, 1, 31, 1, 1, 1, column, port], value);
        }
    }
    table
}
