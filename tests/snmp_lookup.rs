//! Where a suspect is, asked by name while a storm goes on: an agent of the harness whose forwarding database was walked a
//! quarter of an hour ago, the client that `serve` uses, and the engine on virtual time. The suspect has moved since, or
//! was not there yet; the verdict has its port after the first round of look-ups, and the second is the last.

use etherparse::PacketBuilder;
use std::sync::Arc;
use std::time::Duration;
use stormglass::engine::{Engine, Input, Output, Settings};
use stormglass::io::clock::Clock;
use stormglass::io::snmp::{Auth, Client, Target};
use stormglass::mib::slow::Slow;
use stormglass::model::frames::{FrameMeta, LinkType};
use stormglass::model::observation::Poll;
use stormglass::model::verdict::Verdict;
use stormglass::model::{MacAddr, Time};
use stormglass::observe::replica::ReplicaRules;
use stormglass::observe::tally::Tally;
use stormglass_harness::snmp::{AgentOptions, SharedTable, SnmpAgent, Table, Value, template};

const ECHO: [u8; 6] = [0x44, 0x65, 0x0d, 1, 0, 0x0a];
const ROUTER: [u8; 6] = [0x3c, 0x84, 0x6a, 0x10, 0, 0xc8];
const PORTS: u32 = 8;
const WITHIN: Duration = Duration::from_secs(10);

/// How a switch names its forwarding entries.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    /// By address.
    Plain,
    /// By database and address.
    ByDatabase,
    /// By database, length and address, as a Zyxel does.
    WithLength,
}

/// A switch with the Echo behind bridge port 2 and the router behind this one; bridge port n is interface n of the
/// template, by its base-port table.
fn switch(form: Form, router: Option<u32>) -> Table {
    let mut table = template::switch(PORTS);
    let indexes = table.iter().filter(|(oid, _)| oid.starts_with(&[1, 3, 6, 1, 2, 1, 2, 2, 1, 1]));
    let indexes = indexes.map(|(oid, _)| oid[10]).collect::<Vec<_>>();
    table.remove_below(&[1, 3, 6, 1, 2, 1, 17]);
    for (port, index) in (1..).zip(indexes) {
        table.set(vec![1, 3, 6, 1, 2, 1, 17, 1, 4, 1, 2, port], Value::Integer(i64::from(index)));
    }
    for (mac, port) in [(ECHO, Some(2)), (ROUTER, router)] {
        let Some(port) = port else { continue };
        for (column, value) in [(2, port), (3, 3)] {
            let head: &[u32] = match form {
                Form::Plain => &[4, 3, 1, column],
                Form::ByDatabase => &[7, 1, 2, 2, 1, column, 42],
                Form::WithLength => &[7, 1, 2, 2, 1, column, 42, 6],
            };
            let oid = [&[1, 3, 6, 1, 2, 1, 17], head, &mac.map(u32::from)].concat();
            table.set(oid, Value::Integer(i64::from(value)));
        }
    }
    table
}

fn search(mac: [u8; 6]) -> Vec<u8> {
    let destination = [239, 255, 255, 250];
    let mut header = etherparse::Ipv4Header::new(0, 4, etherparse::IpNumber::UDP, [192, 168, 1, 10], destination)
        .expect("a short payload");
    header.identification = 77;
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2(mac, [1, 0, 0x5e, 0x7f, 0xff, 0xfa])
        .ip(etherparse::IpHeaders::Ipv4(header, etherparse::Ipv4Extensions::default()))
        .udp(50_000, 1900)
        .write(&mut bytes, b"M-SEARCH * HTTP/1.1\r\n\r\n")
        .expect("writing to a vector");
    bytes
}

/// The storm, by the quarter of a second.
struct Storm {
    engine: Engine,
    tally: Tally,
    number: u64,
}

impl Storm {
    fn new(engine: Engine, begins: Time) -> Self {
        let tally = Tally::new("eth0".into(), ReplicaRules::default(), Some(begins), 7);
        Self { engine, tally, number: 0 }
    }

    fn frame(&mut self, at: Time, bytes: &[u8]) {
        self.number += 1;
        let meta = FrameMeta {
            at,
            number: self.number,
            interface: 0,
            link: LinkType::Ethernet,
            vlan: None,
            original_len: bytes.len() as u32,
        };
        self.tally.frame(&meta, bytes);
    }

    /// A quarter of a second at 1,000 copies a second, which ends at `now`.
    fn quarter(&mut self, from: Time, now: Time) {
        for ms in 0..250 {
            self.frame(from.plus(Duration::from_millis(ms)), &search(ROUTER));
        }
        let summary = self.tally.flush(now, 0);
        self.engine.handle(now, Input::Frames(Box::new(summary)));
        self.engine.tick(now);
    }

    fn verdict(&self) -> Option<Arc<Verdict>> {
        self.engine.verdicts().into_iter().next()
    }
}

/// Gives the port that the verdict names before any look-up and after each round, over twelve seconds.
async fn rounds(form: Form, before: Option<u32>, after: u32) -> Vec<Option<String>> {
    let shared = SharedTable::new(switch(form, before));
    let agent = SnmpAgent::start(shared.clone(), AgentOptions::default()).expect("an agent");
    let client = Client::start(Clock::start());
    let target = Target::new("hub", agent.addr(), Auth::v2c("public"));
    let mut engine = Engine::new(Settings::default());
    let Poll::Answered(mut sample) = client.poll(&target, &[Slow::Fdb].into(), WITHIN).await else {
        panic!("{form:?}: the walk")
    };
    let walked = Time::from_secs(1_700_000_000);
    sample.at = walked;
    engine.handle(walked, Input::Poll(Poll::Answered(sample)));
    shared.set(switch(form, Some(after)));
    let begins = walked.plus(Duration::from_secs(890));
    let mut storm = Storm::new(engine, begins);
    storm.frame(begins.plus(Duration::from_secs(2)), &search(ECHO));
    let mut named = Vec::new();
    for quarter in 8..56 {
        let from = begins.plus(Duration::from_millis(quarter * 250 + 1));
        let now = begins.plus(Duration::from_millis((quarter + 1) * 250));
        storm.quarter(from, now);
        while let Some(output) = storm.engine.poll() {
            let Output::LookUp(look_up) = output else { continue };
            assert_eq!((&*look_up.target, &look_up.macs[..]), ("hub", &[MacAddr(ROUTER)][..]), "{form:?}");
            let port = |storm: &Storm| Some(storm.verdict()?.culprit.as_ref()?.port.as_deref()?.to_owned());
            if named.is_empty() {
                named.push(port(&storm));
            }
            let mut seen = client.look_up(&target, &look_up, WITHIN).await.expect("an answer");
            seen.at = now;
            storm.engine.handle(now, Input::Sighted(Box::new(seen)));
            named.push(port(&storm));
        }
    }
    let verdict = storm.verdict().expect("a storm");
    assert_eq!(verdict.culprit.as_ref().and_then(|culprit| culprit.mac), Some(MacAddr(ROUTER)));
    named
}

#[tokio::test]
async fn a_suspect_that_came_or_moved_after_the_walk_is_found_within_two_rounds() {
    for form in [Form::Plain, Form::ByDatabase, Form::WithLength] {
        for (before, after) in [(Some(3), 7), (None, 7), (None, 2), (Some(3), 3)] {
            let named = rounds(form, before, after).await;
            let on = |port: &Option<String>, number: u32| {
                port.as_deref().is_some_and(|port| port.starts_with("hub ") && port.ends_with(&number.to_string()))
            };
            let case = format!("{form:?}, {before:?} to {after}: {named:?}");
            match before {
                Some(before) => assert!(on(&named[0], before), "{case}"),
                None => assert_eq!(named[0], None, "{case}"),
            }
            assert!(on(&named[1], after), "the first round: {case}");
            assert!(on(named.last().expect("some"), after) && named.len() == 3, "twice the same is enough: {case}");
        }
    }
}

#[tokio::test]
async fn a_look_up_is_bounded_whatever_the_agent_does() {
    use stormglass::model::topology::{Keys, LookUp};
    use stormglass_harness::snmp::faults;
    let macs = (0..8).map(|last| MacAddr([2, 0, 0, 0, 0, last])).collect::<Vec<_>>();
    let keys = Keys::ByDatabase { databases: (1..=8).collect(), with_length: false };
    let look_up = LookUp { target: "hub".into(), macs, keys };
    for fault in ["crash-above=14", "too-big-above=5", "gen-err=0.5", "error-status=5", "garbage", "wrong-id"] {
        let agent = SnmpAgent::start_own(switch(Form::ByDatabase, Some(3)), AgentOptions::default()).expect("an agent");
        agent.misbehave(&[faults::named(fault)]);
        let client = Client::start(Clock::start());
        let target = Target {
            request_timeout: Duration::from_millis(200),
            retries: 1,
            ..Target::new("hub", agent.addr(), Auth::v2c("public"))
        };
        let found = client.look_up(&target, &look_up, WITHIN).await;
        assert!(agent.requests() <= 64 + 1, "{fault}: {}", agent.requests());
        if let Ok(seen) = found {
            assert!(seen.entries.is_empty(), "{fault}: nobody is there");
        }
    }
}
