//! Tests of the client over real UDP on loopback, against an agent that can misbehave.

use super::test_wire::{Asked, answer, parse};
use super::*;
use crate::mib::Request;
use crate::mib::test_agent::TestAgent;
use crate::mib::{self, if_mib};
use crate::model::snmp::{Oid, Value, VarBind};
use std::sync::atomic::AtomicUsize;
use tokio::net::UdpSocket;

const PATIENCE: Duration = Duration::from_millis(150);
const DEADLINE: Duration = Duration::from_secs(10);

/// What an agent sends for a request it could answer with these bindings; the count is of requests so far.
type Prank = fn(&Asked, &[VarBind], usize) -> Vec<Vec<u8>>;

/// An agent in a task of its own, which ends with this.
struct Agent {
    target: Target,
    task: tokio::task::JoinHandle<()>,
    asked: Arc<AtomicUsize>,
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Agent {
    #[expect(clippy::disallowed_methods, reason = "the agent's socket")]
    async fn start(host: &str, mut objects: TestAgent, prank: Prank) -> Self {
        let socket = UdpSocket::bind((host, 0)).await.expect("loopback");
        let address = socket.local_addr().expect("bound");
        let asked_so_far = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked_so_far);
        let task = tokio::spawn(async move {
            let mut buffer = vec![0; 65_535];
            let mut count = 0;
            while let Ok((length, source)) = socket.recv_from(&mut buffer).await {
                let asked = parse(&buffer[..length]).expect("a request of ours");
                let request = Request { oids: asked.oids.clone(), repetitions: asked.repetitions, attempt: 0 };
                let bindings = objects.answer(&request);
                count += 1;
                counter.store(count, Ordering::Relaxed);
                for datagram in prank(&asked, &bindings, count) {
                    let _ = socket.send_to(&datagram, source).await;
                }
            }
        });
        let target = Target { request_timeout: PATIENCE, ..Target::new("hub", address, Auth::v2c("public")) };
        Self { target, task, asked: asked_so_far }
    }

    /// Requests answered.
    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn honest(asked: &Asked, bindings: &[VarBind], _: usize) -> Vec<Vec<u8>> {
    vec![answer(asked, 0, bindings)]
}

/// Everything is read, exactly once, whatever else came; at least `strays` datagrams were counted and dropped.
async fn reads_all(name: &str, prank: Prank, strays: u64) {
    let objects = TestAgent::switch(28);
    let agent = Agent::start("127.0.0.1", objects.clone(), prank).await;
    let client = Client::start(Clock::start());
    let rows = client.collect(&agent.target, &if_mib::MODULE, DEADLINE).await;
    let rows = rows.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(rows.cells().count(), objects.objects.len() - 4, "{name}: all but the scalars");
    for cell in rows.column(&if_mib::IF_HC_IN_OCTETS) {
        assert_eq!(Some(cell.value), objects.objects.get(&Oid::joined(if_mib::IF_HC_IN_OCTETS.oid, cell.index)));
    }
    let counted = client.strays();
    assert!(counted.unexpected + counted.refused + counted.other_source >= strays, "{name}: {counted:?}");
}

#[tokio::test]
async fn nothing_is_lost_to_a_noisy_agent() {
    reads_all("honest", honest, 0).await;
    reads_all("garbage first", |a, b, _| vec![vec![0xff; 40], vec![], answer(a, 0, b)], 10).await;
    reads_all("truncated first", |a, b, _| vec![answer(a, 0, b)[..30].to_vec(), answer(a, 0, b)], 5).await;
    reads_all("duplicates", |a, b, _| vec![answer(a, 0, b); 3], 5).await;
    let late: Prank = |a, b, _| {
        let old = Asked { id: vec![1, 2, 3], ..a.clone() };
        vec![answer(&old, 0, b), answer(a, 0, b)]
    };
    reads_all("a wrong request id first", late, 5).await;
    let stranger: Prank = |a, b, _| {
        let other = Asked { community: b"private".to_vec(), ..a.clone() };
        vec![answer(&other, 0, b), answer(a, 0, b)]
    };
    reads_all("a wrong community first", stranger, 5).await;
    let oversized: Prank = |a, b, _| vec![vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, 1], answer(a, 0, b)];
    reads_all("an oversized length first", oversized, 5).await;
    reads_all("nested without end", |a, b, _| vec![[0x30, 0x80].repeat(9000), answer(a, 0, b)], 5).await;
    let long: Prank = |a, b, _| {
        let mut name = b.to_vec();
        name[0].oid = Oid::joined(&[1, 3], &[7; 140]);
        vec![answer(a, 0, &name), answer(a, 0, b)]
    };
    reads_all("a name of 142 arcs first", long, 0).await;
    reads_all("a third is lost", |a, b, count| if count % 3 == 2 { vec![] } else { honest(a, b, count) }, 0).await;
    let too_big: Prank = |a, b, _| {
        if a.repetitions > Some(5) { vec![answer(a, 1, &[])] } else { honest(a, b, 0) }
    };
    reads_all("tooBig above five rows", too_big, 0).await;
}

/// The walk fails with this reason, in good time, and says what to do.
async fn fails(prank: Prank, reason: &str, advice: &str) {
    let agent = Agent::start("127.0.0.1", TestAgent::switch(28), prank).await;
    let client = Client::start(Clock::start());
    let error = client.collect(&agent.target, &if_mib::MODULE, DEADLINE).await.expect_err(reason);
    assert_eq!(error.cause.reason(), reason, "{error}");
    let text = error.to_string();
    assert!(text.starts_with("hub (127.0.0.1:") && text.contains(advice), "{text}");
    let Poll::Gap(gap) = client.poll(&agent.target, &BTreeSet::new(), DEADLINE).await else {
        panic!("{reason}: a sample")
    };
    assert_eq!((&*gap.target, gap.reason), ("hub", reason));
}

#[tokio::test]
async fn a_hopeless_agent_gives_a_reason() {
    fails(|_, _, _| vec![], "timeout", "community").await;
    fails(|_, _, _| vec![vec![0xff; 40]], "timeout", "access list").await;
    fails(|a, _, _| vec![answer(a, 16, &[])], "access_denied", "authorizationError").await;
    fails(|a, _, _| vec![answer(a, 13, &[])], "refused", "resourceUnavailable").await;
    let backwards: Prank = |a, b, _| {
        let mut bindings = b.to_vec();
        bindings.reverse();
        let own = bindings.iter().map(|binding| VarBind { oid: Oid::new(&[1, 3, 6]), ..binding.clone() });
        vec![answer(a, 0, &if a.repetitions.is_some() { own.collect::<Vec<_>>() } else { b.to_vec() })]
    };
    fails(backwards, "not_increasing", "firmware").await;
}

#[tokio::test]
async fn an_endless_agent_is_left_at_the_deadline() {
    let endless: Prank = |a, _, count| {
        let next = |oid: &Oid| match oid.arcs() {
            short if short.len() < 11 => Oid::joined(short, &[0]),
            long => Oid::joined(&long[..long.len() - 1], &[long[long.len() - 1] + 1]),
        };
        let _ = count;
        vec![answer(
            a,
            0,
            &a.oids.iter().map(|oid| VarBind { oid: next(oid), value: Value::Counter64(1) }).collect::<Vec<_>>(),
        )]
    };
    let agent = Agent::start("127.0.0.1", TestAgent::switch(1), endless).await;
    let client = Client::start(Clock::start());
    let started = Clock::start();
    let begin = started.now();
    let error = client.collect(&agent.target, &if_mib::MODULE, Duration::from_millis(400)).await.expect_err("endless");
    assert!(["deadline", "limit", "not_increasing"].contains(&error.cause.reason()), "{error}");
    assert!(started.now().since(begin) < Duration::from_secs(3));
}

#[tokio::test]
async fn one_bad_binding_costs_its_column() {
    // An empty Counter64 in mid-list: a lenient decoder makes 0 of it, and a reset of that.
    let mut objects = TestAgent::switch(28);
    objects.set("1.3.6.1.2.1.31.1.1.1.8.17", Value::Opaque(Vec::new()));
    let agent = Agent::start("127.0.0.1", objects, honest).await;
    let client = Client::start(Clock::start());
    let Poll::Answered(sample) = client.poll(&agent.target, &BTreeSet::new(), DEADLINE).await else { panic!("a gap") };
    assert_eq!(sample.ports.len(), 28);
    assert!(sample.ports.iter().all(|port| port.counters.in_octets.is_some()));
    assert_eq!(sample.ports[16].counters.in_multicast, None);
    assert_eq!(sample.problems.len(), 1, "{:?}", sample.problems);
    assert!(sample.problems[0].starts_with("ifHCInMulticastPkts"), "{:?}", sample.problems);
}

#[tokio::test]
async fn an_answer_from_another_port_is_not_taken_but_told() {
    #[expect(clippy::disallowed_methods, reason = "the test's sockets")]
    let (front, back) = (
        UdpSocket::bind("127.0.0.1:0").await.expect("loopback"),
        UdpSocket::bind("127.0.0.1:0").await.expect("loopback"),
    );
    let address = front.local_addr().expect("bound");
    let elsewhere = back.local_addr().expect("bound");
    let task = tokio::spawn(async move {
        let mut buffer = vec![0; 65_535];
        let mut objects = TestAgent::switch(2);
        while let Ok((length, source)) = front.recv_from(&mut buffer).await {
            let asked = parse(&buffer[..length]).expect("a request of ours");
            let request = Request { oids: asked.oids.clone(), repetitions: asked.repetitions, attempt: 0 };
            let _ = back.send_to(&answer(&asked, 0, &objects.answer(&request)), source).await;
        }
    });
    let client = Client::start(Clock::start());
    let target = Target { request_timeout: PATIENCE, ..Target::new("hub", address, Auth::v2c("public")) };
    let error = client.collect(&target, &if_mib::MODULE, DEADLINE).await.expect_err("from elsewhere");
    task.abort();
    assert_eq!(error.cause.reason(), "other_source");
    assert!(error.to_string().contains(&elsewhere.to_string()), "{error}");
    assert_eq!(client.strays().other_source, 3);
}

#[tokio::test]
async fn slow_agents_are_waited_for() {
    // The agent answers after more than the first patience, and less than the second.
    #[expect(clippy::disallowed_methods, reason = "the test's socket")]
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.expect("loopback"));
    let address = socket.local_addr().expect("bound");
    let objects = TestAgent::switch(2);
    let task = tokio::spawn(async move {
        let mut buffer = vec![0; 65_535];
        while let Ok((length, source)) = socket.recv_from(&mut buffer).await {
            let asked = parse(&buffer[..length]).expect("a request of ours");
            let (socket, mut objects) = (Arc::clone(&socket), objects.clone());
            tokio::spawn(async move {
                tokio::time::sleep(PATIENCE.mul_f32(1.4)).await;
                let request = Request { oids: asked.oids.clone(), repetitions: asked.repetitions, attempt: 0 };
                let _ = socket.send_to(&answer(&asked, 0, &objects.answer(&request)), source).await;
            });
        }
    });
    let client = Client::start(Clock::start());
    let target = Target { request_timeout: PATIENCE, ..Target::new("hub", address, Auth::v2c("public")) };
    let rows = client.collect(&target, &mib::system::MODULE, DEADLINE).await.expect("slow, but there");
    task.abort();
    assert_eq!(rows.scalars.len(), 3);
    assert!(client.strays().unexpected > 0, "late answers are counted");
}

#[tokio::test]
async fn ipv6_and_an_unused_port() {
    let client = Client::start(Clock::start());
    let nobody = Target {
        request_timeout: PATIENCE,
        retries: 1,
        ..Target::new("n", ([127, 0, 0, 1], 9).into(), Auth::v2c("x"))
    };
    let error = client.collect(&nobody, &if_mib::MODULE, DEADLINE).await.expect_err("nobody listens");
    assert_eq!(error.cause.reason(), "port_closed", "{error}");
    if client.ipv6.communities.is_err() {
        return;
    }
    let agent = Agent::start("::1", TestAgent::switch(3), honest).await;
    let Poll::Answered(sample) = client.poll(&agent.target, &Slow::ALL.into(), DEADLINE).await else { panic!("a gap") };
    assert_eq!((sample.ports.len(), sample.topology), (3, None));
}

#[tokio::test]
async fn slow_tables_are_read_when_due_and_not_asked_for_where_there_are_none() {
    let client = Client::start(Clock::start());
    let mut objects = TestAgent::switch(3);
    objects.set("1.3.6.1.2.1.17.7.1.2.2.1.2.1.2.0.0.0.1.1", Value::Integer(2));
    let agent = Agent::start("127.0.0.1", objects, honest).await;
    let mut asked = Vec::new();
    for due in [Slow::ALL.into(), Slow::ALL.into(), BTreeSet::new()] {
        let before = agent.asked();
        let Poll::Answered(sample) = client.poll(&agent.target, &due, DEADLINE).await else { panic!("a gap") };
        asked.push(agent.asked() - before);
        assert!(sample.problems.is_empty(), "{:?}", sample.problems);
        let Some(topology) = sample.topology else {
            assert!(due.is_empty());
            continue;
        };
        let mac = crate::model::MacAddr([2, 0, 0, 0, 1, 1]);
        assert_eq!(topology.fdb.and_then(|fdb| fdb.place(mac)).map(|found| found.if_index), Some(2));
        assert_eq!((topology.stp, topology.remotes), (None, None), "the agent has none");
    }
    assert!(asked[0] > asked[1] && asked[1] > asked[2], "requests: {asked:?}");
}

#[tokio::test]
async fn both_ways_read_the_same() {
    let mut objects = TestAgent::switch(5);
    for (place, value) in [
        Value::Counter64(u64::MAX),
        Value::Counter32(u32::MAX),
        Value::Integer(i32::MIN),
        Value::Gauge32(1 << 31),
        Value::ObjectId(Oid::new(&[2, 999, u32::MAX, 0, 128])),
        Value::IpAddress([255, 0, 127, 128]),
        Value::Octets(vec![0x80; 300]),
        Value::NoSuchInstance,
        Value::Null,
    ]
    .into_iter()
    .enumerate()
    {
        objects.set(&format!("1.3.6.1.2.1.31.1.1.1.20.{place}"), value);
    }
    let agent = Agent::start("127.0.0.1", objects, |a, b, count| vec![answer(a, [0, 0, 0, 5][count % 4], b)]).await;
    let (address, auth) = (agent.target.address, &agent.target.auth);
    let (sockets, shared, clock) = (Sockets::bind(false, &Arc::default()), Arc::default(), Clock::start());
    let handle = sockets.library.as_ref().expect("a socket").handle(address);
    let library = session::Session::open(auth, handle, DEADLINE, &shared, &clock);
    let mut theirs = Conversation::Library(library.unwrap_or_else(|cause| panic!("{cause}")));
    let ours = Conversation::open(auth, address, DEADLINE, Means { sockets: &sockets, v3: &shared, clock: &clock });
    let mut ours = ours.unwrap_or_else(|cause| panic!("{cause}"));
    let names = |names: &[&str]| names.iter().map(|name| name.parse().expect("a literal")).collect::<Vec<Oid>>();
    let columns = names(&["1.3.6.1.2.1.1.3", "1.3.6.1.2.1.2.2.1.6", "1.3.6.1.2.1.31.1.1.1.20"]);
    let mut replies = 0;
    for repetitions in [None, Some(0), Some(1), Some(12), None, Some(60), Some(3)] {
        let request = Request { oids: columns.clone(), repetitions, attempt: 0 };
        // Answers 4, 8, … have an error: each of the two ways gets its turn at one.
        let ours = ours.ask(&request, DEADLINE).await.expect("asked");
        let theirs = theirs.ask(&request, DEADLINE).await.expect("asked");
        if !matches!((&ours, &theirs), (mib::Reply::Status(..), _) | (_, mib::Reply::Status(..))) {
            assert_eq!(ours, theirs, "{repetitions:?}");
            replies += 1;
        }
    }
    assert!(replies >= 3, "only {replies} were compared");
}

#[tokio::test]
async fn snmp_v1_is_read_row_by_row() {
    use stormglass_harness::snmp::{AgentOptions, SharedTable, SnmpAgent, Table, Value as Told};
    let mut table = Table::default();
    table.set(vec![1, 3, 6, 1, 2, 1, 1, 3, 0], Told::Uptime(100));
    for port in 1..=9 {
        table.set(vec![1, 3, 6, 1, 2, 1, 2, 2, 1, 2, port], Told::Octets(b"port".to_vec()));
        table.set(vec![1, 3, 6, 1, 2, 1, 2, 2, 1, 10, port], Told::Counter32(port));
        table.set(vec![1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, port], Told::Counter64(1 << 40));
    }
    let agent = SnmpAgent::start(SharedTable::new(table), AgentOptions::default()).expect("an agent");
    let client = Client::start(Clock::start());
    let target = |auth| Target { request_timeout: PATIENCE, ..Target::new("old", agent.addr(), auth) };
    let Poll::Answered(sample) = client.poll(&target(Auth::v1("public")), &BTreeSet::new(), DEADLINE).await else {
        panic!("a gap")
    };
    let octets = sample.ports.iter().map(|port| port.counters.in_octets);
    assert!(octets.eq((1..=9).map(|port| Some(crate::model::observation::Counter::C32(port)))));
    let error = client.collect(&target(Auth::v1("private")), &if_mib::MODULE, DEADLINE).await.expect_err("denied");
    assert_eq!(error.cause.reason(), "timeout", "{error}");
}

#[tokio::test]
async fn what_was_lent_is_given_back() {
    let client = Client::start(Clock::start());
    let agent = Agent::start("127.0.0.1", TestAgent::switch(3), |_, _, _| vec![]).await;
    let nothing_slow = BTreeSet::new();
    let waiting = client.poll(&agent.target, &nothing_slow, DEADLINE);
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_err(), "it waits");
    drop(agent);
    // The conversation was dropped in the middle: its line is free again, and so is the device.
    let agent = Agent::start("127.0.0.1", TestAgent::switch(3), honest).await;
    let Poll::Answered(sample) = client.poll(&agent.target, &BTreeSet::new(), DEADLINE).await else { panic!("a gap") };
    assert_eq!(sample.ports.len(), 3);
    assert_eq!(client.permits.available_permits(), MAX_IN_FLIGHT);
}

#[tokio::test]
async fn addresses_are_read_in_every_form() {
    for (text, expected) in [
        ("192.168.1.2", "192.168.1.2:161"),
        ("192.168.1.2:1161", "192.168.1.2:1161"),
        ("::ffff:192.168.1.2", "192.168.1.2:161"),
        ("2001:db8::1", "[2001:db8::1]:161"),
        ("[2001:db8::1]", "[2001:db8::1]:161"),
        ("[2001:db8::1]:16161", "[2001:db8::1]:16161"),
        ("fe80::1%7", "[fe80::1%7]:161"),
    ] {
        assert_eq!(resolve(text).await.map(|address| address.to_string()), Ok(expected.to_owned()));
    }
    for wrong in ["", ":161", "192.168.1.2:x", "a b", "http://x/", "fe80::1%../etc"] {
        assert!(resolve(wrong).await.is_err(), "{wrong}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let target = Target::new("hub", ([127, 0, 0, 1], 161).into(), Auth::v2c("s3cret"));
    assert!(!format!("{target:?}").contains("s3cret"));
}

#[tokio::test]
async fn the_dead_hold_no_place_that_the_living_wait_for() {
    let silent: Prank = |_, _, _| Vec::new();
    let client = Arc::new(Client::start(Clock::start()));
    let mut waiting = tokio::task::JoinSet::new();
    let mut dead = Vec::new();
    for _ in 0..2 * MAX_IN_FLIGHT {
        let agent = Agent::start("127.0.0.1", TestAgent::switch(1), silent).await;
        let (client, target) = (Arc::clone(&client), Target { request_timeout: DEADLINE * 60, ..agent.target.clone() });
        dead.push(agent);
        waiting.spawn(async move { client.poll(&target, &BTreeSet::new(), DEADLINE * 60).await });
    }
    // All places are taken, and by requests that nobody will answer for ten minutes.
    while client.permits.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    let living = Agent::start("127.0.0.1", TestAgent::switch(4), honest).await;
    let poll = client.poll(&living.target, &BTreeSet::new(), DEADLINE * 60).await;
    assert!(matches!(poll, Poll::Answered(_)), "{poll:?}");
    assert_eq!(waiting.try_join_next().map(|ended| ended.is_ok()), None, "the dead are still waited for");
}

#[tokio::test]
async fn a_scrape_beyond_the_row_places_waits_within_its_time() {
    let client = Client::start(Clock::start());
    let agent = Agent::start("127.0.0.1", TestAgent::switch(4), honest).await;
    let asked = || agent.asked.load(Ordering::Relaxed);
    let all = u32::try_from(MAX_READING).expect("few");
    let held = client.reading.acquire_many(all).await.expect("all places are free");
    let error = client.collect(&agent.target, &if_mib::MODULE, PATIENCE).await.expect_err("no place in time");
    assert_eq!((error.cause.reason(), asked()), ("deadline", 1), "it has waited behind the first answer: {error}");
    let mut scrape = std::pin::pin!(client.collect(&agent.target, &if_mib::MODULE, DEADLINE));
    assert!(tokio::time::timeout(PATIENCE, &mut scrape).await.is_err(), "it waits");
    assert_eq!(asked(), 2);
    // Polls do not wait for scrapes.
    let other = Agent::start("127.0.0.1", TestAgent::switch(4), honest).await;
    assert!(matches!(client.poll(&other.target, &BTreeSet::new(), DEADLINE).await, Poll::Answered(_)));
    drop(held);
    let rows = scrape.await.expect("a place became free");
    assert_eq!(rows.column(&if_mib::IF_NAME).count(), 4);
    assert_eq!(client.reading.available_permits(), MAX_READING);
}
