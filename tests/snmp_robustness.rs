//! Everything that an SNMP agent can do wrong, over UDP on loopback, through the client that `serve` and `/snmp` use. In
//! each case a healthy neighbour is polled at the same moment and must not notice; what the ill agent did is told under
//! the right reason; and its next poll after it has recovered is whole again. What the agents do, the harness knows:
//! its counters are functions of seed and time, so that a value in the wrong row, or beside another's sysUpTime, is seen.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;
use stormglass::io::clock::Clock;
use stormglass::io::snmp::auth::{AuthProtocol, Level, PrivProtocol, Secret, Usm};
use stormglass::io::snmp::{Auth, Client, StrayCounts, Target};
use stormglass::mib;
use stormglass::mib::slow::Slow;
use stormglass::model::observation::{Counter, CounterKind, Poll, PollSample};
use stormglass_harness::snmp::counters::{self, Direction, Kind};
use stormglass_harness::snmp::v3::{AUTH_PASSWORD, PRIV_PASSWORD, V3Agent, V3Options};
use stormglass_harness::snmp::{AgentOptions, Manners, SnmpAgent, faults, template};

/// What the polls here read beside the counters.
static FDB: LazyLock<BTreeSet<Slow>> = LazyLock::new(|| [Slow::Fdb].into());
const PORTS: u32 = 24;
/// The first attempt of a request waits so long: enough on a busy machine, short where an answer never comes.
const PATIENCE: Duration = Duration::from_millis(250);
const DEADLINE: Duration = Duration::from_secs(30);
const UP_BEFORE: Duration = Duration::from_secs(1000);
/// How old the agents' world is, so that what happens every 100 s has happened once.
const AGE: Duration = Duration::from_secs(150);

/// A client, an agent that will fall ill, and its neighbour.
struct Ward {
    client: Client,
    ill: (SnmpAgent, Target),
    neighbour: (SnmpAgent, Target),
}

/// Seeds of the two.
const SEEDS: [u64; 2] = [11, 12];

fn agent(name: &str, seed: u64, ports: u32, manners: Manners) -> (SnmpAgent, Target) {
    let options = AgentOptions { manners, seed, up_before: UP_BEFORE, age: AGE, ..AgentOptions::default() };
    let agent = SnmpAgent::start_own(template::switch(ports), options).expect("an agent");
    let target = Target { request_timeout: PATIENCE, ..Target::new(name, agent.addr(), Auth::v2c("public")) };
    (agent, target)
}

impl Ward {
    fn new() -> Self {
        let client = Client::start(Clock::start());
        let [ill, neighbour] = SEEDS;
        Self {
            client,
            ill: agent("ill", ill, PORTS, Manners::default()),
            neighbour: agent("neighbour", neighbour, PORTS, Manners::default()),
        }
    }

    fn falls_ill(&self, list: &[&str]) {
        self.ill.0.misbehave(&list.iter().map(|fault| faults::named(fault)).collect::<Vec<_>>());
    }

    async fn poll(&self) -> Poll {
        self.client.poll(&self.ill.1, &FDB, DEADLINE).await
    }

    /// Polls both at once; the neighbour must be whole.
    async fn poll_both(&self, case: &str) -> Poll {
        let (ill, neighbour) = tokio::join!(self.poll(), self.client.poll(&self.neighbour.1, &FDB, DEADLINE));
        whole(&format!("the neighbour of {case}"), &neighbour, SEEDS[1], true);
        ill
    }

    async fn recovers(&self, case: &str) {
        self.falls_ill(&[]);
        whole(&format!("{case}, recovered"), &self.poll_both(case).await, SEEDS[0], true);
    }
}

/// What the harness counts for a counter of ours.
fn kind_of(kind: CounterKind) -> Kind {
    use Direction::{In, Out};
    match kind {
        CounterKind::InOctets => Kind::Octets(In),
        CounterKind::OutOctets => Kind::Octets(Out),
        CounterKind::InUnicast => Kind::Unicast(In),
        CounterKind::OutUnicast => Kind::Unicast(Out),
        CounterKind::InMulticast => Kind::Multicast(In),
        CounterKind::OutMulticast => Kind::Multicast(Out),
        CounterKind::InBroadcast => Kind::Broadcast(In),
        CounterKind::OutBroadcast => Kind::Broadcast(Out),
        CounterKind::InDiscards | CounterKind::InErrors => Kind::Trouble(In),
        CounterKind::OutDiscards | CounterKind::OutErrors => Kind::Trouble(Out),
    }
}

fn sample<'a>(case: &str, poll: &'a Poll) -> &'a PollSample {
    match poll {
        Poll::Answered(sample) => sample,
        Poll::Gap(gap) => panic!("{case}: a gap: {} ({})", gap.message, gap.reason),
    }
}

/// Every counter but `missing` is there, and is what the agent counted at the sysUpTime that came with it.
fn counted_right(case: &str, sample: &PollSample, seed: u64, missing: Option<CounterKind>) {
    assert_eq!(sample.ports.len(), PORTS as usize, "{case}: {:?}", sample.problems);
    for port in &sample.ports {
        let number = port.name.rsplit('/').next().and_then(|n| n.parse::<u32>().ok());
        let number = number.unwrap_or_else(|| panic!("{case}: a port without its name: {:?}", port.name));
        for kind in CounterKind::ALL.into_iter().filter(|kind| Some(*kind) != missing) {
            // The harness's agents never count these, as many do not.
            let never = kind == CounterKind::OutErrors;
            let uptime = f64::from(port.uptime_of(kind, sample.sys_uptime).expect("a sysUpTime")) / 100.0;
            let at = |uptime| if never { 0 } else { counters::count(seed, number, kind_of(kind), uptime) };
            let value = match port.counters.get(kind) {
                Some(Counter::C64(value)) => value,
                Some(Counter::C32(value)) => u64::from(value),
                None => panic!("{case}: port {number} has no {}", kind.key()),
            };
            let (low, high) = (at(uptime), at(uptime + 0.0101));
            let (low, high) = match port.counters.get(kind) {
                Some(Counter::C32(_)) => (low & 0xffff_ffff, high & 0xffff_ffff),
                _ => (low, high),
            };
            let fits = if low <= high { (low..=high).contains(&value) } else { value >= low || value <= high };
            assert!(fits, "{case}: port {number} {}: {value} is not in {low}..={high}", kind.key());
        }
    }
}

/// Nothing is missing and, if `clean`, nothing odd was said.
fn whole(case: &str, poll: &Poll, seed: u64, clean: bool) {
    let sample = sample(case, poll);
    counted_right(case, sample, seed, None);
    // Two hosts behind each port but the four uplinks.
    assert_eq!(
        sample.topology.as_ref().and_then(|topology| Some(topology.fdb.as_ref()?.entries.len())),
        Some(40),
        "{case}: {:?}",
        sample.problems
    );
    assert!(!clean || sample.problems.is_empty(), "{case}: {:?}", sample.problems);
}

fn all(strays: StrayCounts) -> u64 {
    strays.other_source + strays.unexpected + strays.refused
}

/// The ill agent is read in full all the same, and at least `strays` datagrams were counted and dropped.
async fn is_survived(list: &[&str], strays: u64) {
    let ward = Ward::new();
    let case = list.join(", ");
    ward.falls_ill(list);
    whole(&case, &ward.poll_both(&case).await, SEEDS[0], true);
    assert!(all(ward.client.strays()) >= strays, "{case}: {:?}", ward.client.strays());
    ward.recovers(&case).await;
}

/// The ill agent cannot be read, and the reason is this one.
async fn is_told(list: &[&str], reason: &str) {
    let mut ward = Ward::new();
    // Where nothing right ever comes, the number of attempts only takes time.
    ward.ill.1.retries = 1;
    let case = list.join(", ");
    ward.falls_ill(list);
    match ward.poll_both(&case).await {
        Poll::Answered(sample) => panic!("{case}: {} ports, {:?}", sample.ports.len(), sample.problems),
        Poll::Gap(gap) => {
            assert_eq!(gap.reason, reason, "{case}: {}", gap.message);
            assert!(gap.message.starts_with("ill (127.0.0.1:"), "{case}: {}", gap.message);
        }
    }
    ward.recovers(&case).await;
}

// ---- Datagrams ----

#[tokio::test]
async fn wrong_datagrams_before_the_right_one() {
    for fault in ["garbage+", "truncated+", "wrong-id+", "wrong-community+", "nested+", "oversized+", "duplicate"] {
        is_survived(&[fault], 5).await;
    }
}

#[tokio::test]
async fn wrong_datagrams_alone() {
    for fault in ["silent", "garbage", "wrong-id", "wrong-community", "nested", "oversized"] {
        is_told(&[fault], "timeout").await;
    }
    // What is cut off after its request id is known as an answer, and as one that cannot be read.
    is_told(&["truncated"], "malformed").await;
}

#[tokio::test]
async fn answers_from_elsewhere() {
    is_told(&["other-port"], "other_source").await;
    is_told(&["other-address"], "other_source").await;
}

#[tokio::test]
async fn a_third_of_the_answers_is_lost() {
    let mut ward = Ward::new();
    ward.ill.1.retries = 6;
    ward.falls_ill(&["loss=0.3"]);
    whole("loss", &ward.poll_both("loss").await, SEEDS[0], true);
    ward.recovers("loss").await;
}

#[tokio::test]
async fn late_answers_are_asked_for_again_and_counted() {
    let mut ward = Ward::new();
    ward.ill.1.retries = 6;
    ward.falls_ill(&["late=700ms"]);
    whole("late", &ward.poll_both("late").await, SEEDS[0], true);
    ward.recovers("late").await;
}

#[tokio::test]
async fn an_agent_that_takes_two_seconds_is_waited_for() {
    let ward = Ward::new();
    ward.falls_ill(&["latency=2s"]);
    let patient = Target { request_timeout: Duration::from_secs(5), ..ward.ill.1.clone() };
    let (slow, neighbour) = tokio::join!(
        ward.client.collect(&patient, &mib::system::MODULE, DEADLINE),
        ward.client.poll(&ward.neighbour.1, &FDB, DEADLINE)
    );
    assert!(slow.is_ok_and(|rows| rows.scalars.len() == 7));
    whole("the neighbour of a slow agent", &neighbour, SEEDS[1], true);
    ward.recovers("latency").await;
}

// ---- Walks ----

#[tokio::test]
async fn walks_that_stand_still_go_back_or_never_end() {
    is_told(&["same-oid"], "not_increasing").await;
    is_told(&["decreasing-oid"], "not_increasing").await;
    is_told(&["endless-oid"], "limit").await;
}

#[tokio::test]
async fn a_name_of_142_arcs_costs_no_more_than_its_table() {
    let ward = Ward::new();
    ward.falls_ill(&["long-oid"]);
    match ward.poll_both("long-oid").await {
        Poll::Answered(sample) => assert!(!sample.problems.is_empty(), "it is told"),
        Poll::Gap(gap) => assert_eq!(gap.reason, "malformed", "{}", gap.message),
    }
    ward.recovers("long-oid").await;
}

#[tokio::test]
async fn one_bad_value_costs_its_column_alone() {
    for (fault, lost, name) in [
        ("bad-varbind", CounterKind::InUnicast, "ifHCInUcastPkts"),
        ("empty-counter64", CounterKind::InMulticast, "ifHCInMulticastPkts"),
    ] {
        let ward = Ward::new();
        ward.falls_ill(&[fault]);
        let poll = ward.poll_both(fault).await;
        let sample = sample(fault, &poll);
        counted_right(fault, sample, SEEDS[0], Some(lost));
        assert!(sample.problems.len() == 1 && sample.problems[0].starts_with(name), "{fault}: {:?}", sample.problems);
        // Never a zero that the agent did not send: it would be taken for a reset.
        assert!(sample.ports.iter().all(|port| port.counters.get(lost) != Some(Counter::C64(0))), "{fault}");
        ward.recovers(fault).await;
    }
}

// ---- Refusals ----

#[tokio::test]
async fn errors_that_a_smaller_question_avoids() {
    is_survived(&["too-big-above=5"], 0).await;
    is_survived(&["bulk-too-big"], 0).await;
    is_survived(&["gen-err=0.15"], 0).await;
    is_survived(&["no-bulk"], 0).await;
    // TP-Link T1600G: a question with fifteen variables would be its last.
    is_survived(&["crash-above=14"], 0).await;
}

#[tokio::test]
async fn errors_that_nothing_avoids() {
    is_told(&["error-status=16"], "access_denied").await;
    is_told(&["error-status=5"], "refused").await;
}

// ---- Versions ----

#[tokio::test]
async fn an_agent_of_the_first_version_is_read_in_it() {
    is_told(&["v1-only"], "timeout").await;
    let ward = Ward::new();
    ward.falls_ill(&["v1-only"]);
    let first = Target { auth: Auth::v1("public"), ..ward.ill.1.clone() };
    let poll = ward.client.poll(&first, &FDB, DEADLINE).await;
    whole("v1-only", &poll, SEEDS[0], true);
    let narrow = |counter| matches!(counter, Some(Counter::C32(_)));
    assert!(sample("v1-only", &poll).ports.iter().all(|port| narrow(port.counters.in_multicast)), "no 64 bits in v1");
}

#[tokio::test]
async fn an_engine_that_boots_or_is_another_is_read_again() {
    let options = V3Options { port: 0, seed: SEEDS[0], up_before: UP_BEFORE };
    let mut agent = V3Agent::start(template::switch(PORTS), options).expect("an agent");
    let level = Level::AuthPriv(
        AuthProtocol::named("SHA256").expect("a protocol"),
        Secret::new(AUTH_PASSWORD),
        PrivProtocol::named("AES").expect("a protocol"),
        Secret::new(PRIV_PASSWORD),
    );
    let auth = Auth::v3(Usm::new("sha256-aes", level, ""));
    // The library's agent needs its time in a build without optimisation.
    let target = Target { request_timeout: Duration::from_secs(2), ..Target::new("v3", agent.addr(), auth) };
    let client = Client::start(Clock::start());
    whole("v3", &client.poll(&target, &FDB, DEADLINE).await, SEEDS[0], true);
    agent.reboot().expect("a boot");
    let poll = client.poll(&target, &FDB, DEADLINE).await;
    whole("v3, booted", &poll, SEEDS[0], true);
    assert!(sample("v3, booted", &poll).sys_uptime < Some(100_000) && agent.boots() == 2);
    agent.replace(SEEDS[1]).expect("another device");
    // The first poll of a device whose engine is another may be lost in finding that out; the second may not.
    let first = client.poll(&target, &FDB, DEADLINE).await;
    if let Poll::Gap(gap) = &first {
        assert_ne!(gap.reason, "timeout", "what it was is told: {}", gap.message);
    }
    whole("v3, replaced", &client.poll(&target, &FDB, DEADLINE).await, SEEDS[1], true);
}

/// Another device at the same address: the polls go on, what was between is said, and its counters begin anew once.
#[tokio::test]
async fn a_replaced_engine_is_one_discontinuity_and_is_counted() {
    use stormglass::observe::targets::{Outcome, Targets};
    let options = V3Options { port: 0, seed: SEEDS[0], up_before: UP_BEFORE };
    let mut agent = V3Agent::start(template::switch(PORTS), options).expect("an agent");
    let level = Level::AuthNoPriv(AuthProtocol::named("SHA").expect("a protocol"), Secret::new(AUTH_PASSWORD));
    let auth = Auth::v3(Usm::new("sha", level, ""));
    let target = Target { request_timeout: Duration::from_secs(2), ..Target::new("v3", agent.addr(), auth) };
    let client = Client::start(Clock::start());
    let mut targets = Targets::new();
    let mut outcomes = Vec::new();
    for poll in 0..5 {
        if poll == 1 {
            assert_eq!(client.rediscoveries(), 0);
            agent.replace(SEEDS[1]).expect("another device");
        }
        // At least a hundredth of a second later by the agent's clock.
        tokio::time::sleep(Duration::from_millis(50)).await;
        outcomes.push(targets.observe(&client.poll(&target, &BTreeSet::new(), DEADLINE).await));
    }
    let missed = outcomes.iter().filter(|outcome| **outcome == Outcome::Missed).count();
    assert!(missed <= 1 && outcomes[4] != Outcome::Missed, "{outcomes:?}");
    let restarts = targets.discontinuities().find(|(reason, _)| *reason == "restart").map(|(_, count)| count);
    assert_eq!(restarts, Some(1), "{outcomes:?}");
    assert_eq!(targets.errors().map(|(_, count)| count).sum::<u64>(), missed as u64);
    assert!(
        targets.errors().all(|(reason, _)| reason == "engine_changed"),
        "{:?}",
        targets.errors().collect::<Vec<_>>()
    );
    assert!((1..=2).contains(&client.rediscoveries()), "{}", client.rediscoveries());
}

// ---- Devices ----

#[tokio::test]
async fn an_agent_without_if_x_table_counts_in_32_bits() {
    let ward = Ward::new();
    ward.falls_ill(&["no-ifxtable"]);
    let poll = ward.poll_both("no-ifxtable").await;
    let sample = sample("no-ifxtable", &poll);
    assert_eq!(sample.ports.len(), PORTS as usize);
    for port in &sample.ports {
        assert!(port.name.starts_with("Ethernet Interface "), "{}", port.name);
        assert!(matches!(port.counters.in_octets, Some(Counter::C32(_))));
        assert_eq!(port.counters.in_multicast, None, "ifTable has none");
    }
    ward.recovers("no-ifxtable").await;
}

#[tokio::test]
async fn an_agent_that_has_booted_has_a_young_uptime_and_the_same_names() {
    for (fault, moved) in [("reboot=100s", 0), ("renumber=100s", 1000)] {
        let ward = Ward::new();
        let before = ward.poll().await;
        ward.falls_ill(&[fault]);
        let after = ward.poll_both(fault).await;
        whole(fault, &after, SEEDS[0], true);
        let (before, after) = (sample(fault, &before), sample(fault, &after));
        assert!(before.sys_uptime >= Some(115_000), "{fault}: {:?}", before.sys_uptime);
        assert!((Some(5_000)..Some(10_000)).contains(&after.sys_uptime), "{fault}: {:?}", after.sys_uptime);
        let names =
            |sample: &PollSample| sample.ports.iter().map(|port| port.name.to_string()).collect::<BTreeSet<_>>();
        assert_eq!(names(before), names(after), "{fault}");
        assert!(after.ports.iter().all(|port| (port.if_index >= 1000) == (moved > 0)), "{fault}");
        ward.recovers(fault).await;
    }
}

#[tokio::test]
async fn a_chassis_of_twenty_thousand_interfaces_is_read() {
    let manners = Manners { max_reply_bytes: 65_000, ..Manners::default() };
    let (_agent, target) = agent("chassis", 5, 20_000, manners);
    let target = Target { max_repetitions: 100, request_timeout: Duration::from_secs(5), ..target };
    let client = Client::start(Clock::start());
    let poll = client.poll(&target, &BTreeSet::new(), Duration::from_secs(300)).await;
    let sample = sample("chassis", &poll);
    assert_eq!((sample.ports.len(), &sample.problems[..]), (20_000, &[][..]));
    assert!(sample.ports.iter().all(|port| matches!(port.counters.in_multicast, Some(Counter::C64(_)))));
}
