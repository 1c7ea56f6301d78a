//! `stormglass-harness scrape`: asks an exporter about many targets, as Prometheus would, and says what that cost the
//! exporter. HTTP/1.1 by hand, so that every exporter is asked in exactly the same way. On loopback alone.

use super::Failure;
use clap::Args;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddrV4, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Longest answer, bytes: a chassis of 20,000 interfaces writes about 150 MB without gzip.
const MAX_ANSWER: u64 = 512 << 20;
/// Longest line of a header.
const MAX_LINE: u64 = 16 << 10;
/// Lines of a header at most.
const MAX_HEADERS: usize = 100;
/// How long an exporter may be silent.
const PATIENCE: Duration = Duration::from_secs(60);
/// Clock ticks a second in /proc (sysconf(_SC_CLK_TCK), which is 100 on every Linux of today).
const TICKS: f64 = 100.0;

/// `stormglass-harness scrape`.
#[derive(Debug, Args)]
pub(crate) struct ScrapeArgs {
    /// What to ask: `{target}` becomes the target, as in `http://127.0.0.1:10116/snmp?target={target}&module=if_mib`.
    #[arg(long, value_name = "URL")]
    url_template: String,
    /// Targets, one a line (`agents --print-config list`).
    #[arg(long, value_name = "FILE")]
    targets: PathBuf,
    /// Scrapes in all; the targets are taken in turn.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    count: u32,
    /// Scrapes at once.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: u16,
    /// Do not accept gzip.
    #[arg(long)]
    plain: bool,
    /// The exporter's process: its processor time and its peak of memory are measured.
    #[arg(long)]
    pid: Option<u32>,
}

/// One scrape.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    took: Duration,
    status: u16,
    bytes: u64,
}

#[expect(clippy::disallowed_methods, reason = "how long an exporter takes is what is measured")]
fn now() -> Instant {
    Instant::now()
}

/// Runs it.
pub(crate) fn run(args: &ScrapeArgs) -> Result<ExitCode, Failure> {
    let (server, path) = split(&args.url_template)?;
    let text = std::fs::read_to_string(&args.targets).map_err(|e| format!("{}: {e}", args.targets.display()))?;
    let targets = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>();
    if targets.is_empty() {
        return Err(format!("{}: no targets; write one a line", args.targets.display()).into());
    }
    let before = args.pid.map(cpu_seconds).transpose()?;
    let started = now();
    let (next, outcomes, failure) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(None::<String>));
    std::thread::scope(|scope| {
        for _ in 0..args.concurrency {
            scope.spawn(|| {
                let mut connection = None;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= args.count as usize {
                        return;
                    }
                    let path = path.replace("{target}", targets[number % targets.len()]);
                    let began = now();
                    let result = ask(&mut connection, server, &path, !args.plain);
                    let took = now() - began;
                    match result {
                        Ok((status, bytes)) => lock(&outcomes).push(Outcome { took, status, bytes }),
                        Err(error) => {
                            connection = None;
                            lock(&outcomes).push(Outcome { took, status: 0, bytes: 0 });
                            lock(&failure).get_or_insert_with(|| error.to_string());
                        }
                    }
                }
            });
        }
    });
    let seconds = (now() - started).as_secs_f64();
    let after = args.pid.map(cpu_seconds).transpose()?;
    let cpu = before.zip(after).map(|(before, after)| after - before);
    let outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{}", summary(outcomes, seconds, cpu, args.pid.map(peak_kib).transpose()?));
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        eprintln!("first failure: {error}");
    }
    Ok(ExitCode::SUCCESS)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One line of `name=value`, for scripts and for people.
fn summary(mut outcomes: Vec<Outcome>, seconds: f64, cpu: Option<f64>, peak_kib: Option<u64>) -> String {
    outcomes.sort_by_key(|outcome| outcome.took);
    let good = outcomes.iter().filter(|outcome| outcome.status == 200).count();
    let bytes = outcomes.iter().map(|outcome| outcome.bytes).sum::<u64>();
    let at = |share: usize| {
        let place = (outcomes.len() * share / 100).min(outcomes.len().saturating_sub(1));
        outcomes.get(place).map_or(0, |outcome| outcome.took.as_millis())
    };
    let mut line = format!(
        "scrapes={} ok={good} failed={} seconds={seconds:.3} bytes={bytes} p50_ms={} p99_ms={} max_ms={}",
        outcomes.len(),
        outcomes.len() - good,
        at(50),
        at(99),
        at(100)
    );
    if let Some(cpu) = cpu {
        let per_thousand = cpu * 1000.0 / outcomes.len().max(1) as f64;
        line += &format!(" cpu_s={cpu:.2} cpu_s_per_1000={per_thousand:.3}");
    }
    if let Some(kib) = peak_kib {
        line += &format!(" peak_mib={:.1}", kib as f64 / 1024.0);
    }
    line
}

/// The server and the path of a URL on loopback.
fn split(url: &str) -> Result<(SocketAddrV4, &str), Failure> {
    let form = || format!("--url-template {url}: write http://127.0.0.1:PORT/PATH with {{target}} in it");
    let rest = url.strip_prefix("http://").ok_or_else(form)?;
    let slash = rest.find('/').ok_or_else(form)?;
    let server = rest[..slash].parse::<SocketAddrV4>().map_err(|_| form())?;
    if !server.ip().is_loopback() {
        return Err(format!("{server} is not on loopback: this measures programs on this computer alone").into());
    }
    Ok((server, &rest[slash..]))
}

type Connection = BufReader<TcpStream>;

/// One request; the connection is kept for the next. Status and bytes of the body.
fn ask(kept: &mut Option<Connection>, server: SocketAddrV4, path: &str, gzip: bool) -> std::io::Result<(u16, u64)> {
    let encoding = if gzip { "Accept-Encoding: gzip\r\n" } else { "" };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {server}\r\n{encoding}Accept: text/plain\r\n\r\n");
    if let Some(connection) = kept
        && connection.get_mut().write_all(request.as_bytes()).is_ok()
        && connection.fill_buf().is_ok_and(|buffer| !buffer.is_empty())
    {
        return answer(kept);
    }
    // The server has closed it meanwhile, or this is the first.
    #[expect(clippy::disallowed_methods, reason = "a client of the exporter on loopback")]
    let mut stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    *kept = Some(BufReader::with_capacity(64 << 10, stream));
    answer(kept)
}

fn answer(kept: &mut Option<Connection>) -> std::io::Result<(u16, u64)> {
    let Some(connection) = kept.as_mut() else { return Err(bad("no connection")) };
    let first = line(connection)?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| bad("no status line"))?;
    let (mut length, mut chunked, mut close) = (None, false, false);
    for count in 0.. {
        let header = line(connection)?.to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if count == MAX_HEADERS {
            return Err(bad("too many headers"));
        }
        match header.split_once(':').map(|(name, value)| (name, value.trim())) {
            Some(("content-length", value)) => length = value.parse::<u64>().ok(),
            Some(("transfer-encoding", value)) => chunked = value == "chunked",
            Some(("connection", value)) => close = value == "close",
            _ => {}
        }
    }
    let bytes = match (chunked, length) {
        (true, _) => skip_chunks(connection)?,
        (false, Some(length)) => skip(connection, length)?,
        (false, None) => return Err(bad("neither a length nor chunks")),
    };
    if close {
        *kept = None;
    }
    Ok((status, bytes))
}

fn skip_chunks(connection: &mut Connection) -> std::io::Result<u64> {
    let mut total = 0;
    loop {
        let size = line(connection)?;
        let size = size.split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(size, 16).map_err(|_| bad("no size of a chunk"))?;
        if size == 0 {
            // No exporter here sends trailers.
            line(connection)?;
            return Ok(total);
        }
        total += skip(connection, size)?;
        line(connection)?;
        if total > MAX_ANSWER {
            return Err(bad("the answer does not end"));
        }
    }
}

fn skip(connection: &mut Connection, length: u64) -> std::io::Result<u64> {
    if length > MAX_ANSWER {
        return Err(bad("the answer is too long"));
    }
    let got = std::io::copy(&mut connection.take(length), &mut std::io::sink())?;
    if got == length { Ok(length) } else { Err(bad("the answer is cut off")) }
}

/// A line without its end.
fn line(connection: &mut Connection) -> std::io::Result<String> {
    let mut text = String::new();
    connection.take(MAX_LINE).read_line(&mut text)?;
    if !text.ends_with('\n') {
        return Err(bad("the answer is cut off in its header"));
    }
    Ok(text.trim_end().to_owned())
}

fn bad(what: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, what)
}

/// Processor time of a process and its ended threads, seconds: user and system (proc(5), fields 14 and 15 of stat).
fn cpu_seconds(pid: u32) -> Result<f64, Failure> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).map_err(|e| format!("--pid {pid}: {e}"))?;
    // The name of the program stands in parentheses, and may hold spaces.
    let after = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    Ok(fields.sum::<f64>() / TICKS)
}

/// The most memory a process has had, KiB (VmHWM).
fn peak_kib(pid: u32) -> Result<u64, Failure> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).map_err(|e| format!("--pid {pid}: {e}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    /// Answers on one connection, in order, and tells the requests.
    fn served(answers: &'static [&'static str]) -> (SocketAddrV4, std::thread::JoinHandle<Vec<String>>) {
        #[expect(clippy::disallowed_methods, reason = "the test's server")]
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
        let std::net::SocketAddr::V4(address) = listener.local_addr().expect("bound") else { panic!("IPv4") };
        let thread = std::thread::spawn(move || {
            let mut connection = BufReader::new(listener.accept().expect("a client").0);
            let mut requests = Vec::new();
            for answer in answers {
                requests.push(line(&mut connection).expect("a request"));
                while !line(&mut connection).expect("a header").is_empty() {}
                connection.get_mut().write_all(answer.as_bytes()).expect("sent");
            }
            requests
        });
        (address, thread)
    }

    #[test]
    fn answers_of_both_kinds_are_read_on_one_connection() {
        let (server, thread) = served(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\n\r\n",
            "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        ]);
        let mut kept = None;
        let asked = ["/a", "/b", "/c"].map(|path| ask(&mut kept, server, path, true).expect("an answer"));
        assert_eq!(asked, [(200, 5), (200, 13), (500, 0)]);
        assert!(kept.is_none());
        let requests = thread.join().expect("the server");
        assert_eq!(requests, ["GET /a HTTP/1.1", "GET /b HTTP/1.1", "GET /c HTTP/1.1"]);
    }

    #[test]
    fn only_loopback_is_asked() {
        assert!(split("http://127.0.0.1:9116/snmp?target={target}").is_ok());
        for wrong in ["http://192.0.2.1:80/x", "https://127.0.0.1:1/x", "http://localhost:1/x", "http://127.0.0.1:1"] {
            assert!(split(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_process_is_measured() {
        let own = std::process::id();
        assert!(cpu_seconds(own).is_ok_and(|seconds| seconds < 1e6) && peak_kib(own).is_ok_and(|kib| kib > 500));
        let outcome = |status| Outcome { took: Duration::from_millis(7), status, bytes: 10 };
        let line = summary(vec![outcome(200), outcome(500)], 0.5, Some(0.01), Some(2048));
        assert_eq!(
            line,
            "scrapes=2 ok=1 failed=1 seconds=0.500 bytes=20 p50_ms=7 p99_ms=7 max_ms=7 cpu_s=0.01 \
             cpu_s_per_1000=5.000 peak_mib=2.0"
        );
    }
}
