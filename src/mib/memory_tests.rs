//! Tests of [`super`]: a poll that reads little gives the same sample as one that reads all, and what has changed is read.

use super::*;
use crate::mib::poll::Due;
use crate::mib::test_agent::{TestAgent, limits, run};
use crate::mib::{Reply, Request};
use crate::model::observation::PollSample;

/// A switch and what is remembered of it.
struct Watch {
    agent: TestAgent,
    memory: Memory,
    now: Time,
    /// The second walks fail.
    deaf: bool,
}

impl Watch {
    fn new() -> Self {
        let agent = TestAgent { room: 60, ..TestAgent::switch(52) };
        Self { agent, memory: Memory::default(), now: Time::from_secs(1000), deaf: false }
    }

    fn poll(&mut self) -> (PollSample, Due) {
        self.now = self.now.plus(Duration::from_secs(10));
        let mut answer = |request: &Request| Reply::Bindings(self.agent.answer(request).into());
        let mut rows = run(self.memory.first(limits()), &mut answer).expect("a good agent");
        let due = self.memory.due(self.now, &rows);
        let second = Memory::second(due, &rows, limits()).filter(|_| !self.deaf);
        let lasting = second.is_some() && due.lasting;
        if let Some(second) = second {
            rows.append(run(second, &mut answer).expect("a good agent"));
        }
        let brought = Brought { rows: &rows, at: self.now, took: Duration::ZERO, lasting };
        (self.memory.sample("hub".into(), &brought, &mut Names::default()), due)
    }

    /// As if nothing were remembered.
    fn poll_anew(&mut self) -> PollSample {
        let memory = std::mem::take(&mut self.memory);
        let (sample, _) = self.poll();
        self.memory = memory;
        sample
    }
}

#[test]
fn what_hardly_changes_is_read_every_five_minutes() {
    let mut watch = Watch::new();
    let (first, due) = watch.poll();
    assert!(due.lasting && !due.narrow);
    let mut read = Vec::new();
    for _ in 0..62 {
        let (sample, due) = watch.poll();
        assert_eq!(sample.ports, first.ports);
        assert_eq!(
            (&sample.sys_name, &sample.sys_descr, sample.sys_uptime),
            (&first.sys_name, &first.sys_descr, first.sys_uptime)
        );
        read.push(due.lasting);
    }
    assert_eq!(read.iter().filter(|lasting| **lasting).count(), 2, "in ten minutes");
    assert!(read[29] && read[59], "{read:?}");
}

#[test]
fn a_poll_that_reads_little_takes_few_requests() {
    let mut watch = Watch::new();
    watch.poll();
    watch.agent.room = 60;
    let before = watch.agent.asked;
    watch.poll();
    assert!(watch.agent.asked - before <= 14, "{} requests of 60 bindings for 52 × 15", watch.agent.asked - before);
    watch.agent.room = 1000;
    let before = watch.agent.asked;
    watch.poll();
    assert_eq!(watch.agent.asked - before, 2, "requests, where answers have room");
}

#[test]
fn a_port_that_comes_is_whole_at_the_second_poll() {
    let mut watch = Watch::new();
    watch.poll();
    let first = TestAgent::switch(53);
    watch.agent.objects.extend(first.objects.into_iter().filter(|(name, _)| name.arcs().ends_with(&[53])));
    assert!(watch.poll().1.lasting);
    let (sample, _) = watch.poll();
    assert_eq!(sample.ports, watch.poll_anew().ports);
    assert_eq!(sample.ports.len(), 53);
}

#[test]
fn changes_are_seen_at_once() {
    // What happens, and whether the ports' lasting part is read because of it.
    type Case = (&'static str, fn(&mut TestAgent), bool);
    let octets = "1.3.6.1.2.1.31.1.1.1.6.7";
    let table: &[Case] = &[
        ("nothing", |_| {}, false),
        ("counters count", |agent| agent.set("1.3.6.1.2.1.31.1.1.1.6.7", Value::Counter64(1)), false),
        ("a new name", |agent| agent.set("1.3.6.1.2.1.31.1.1.1.1.7", Value::Octets(b"xe7".to_vec())), true),
        ("a link goes down", |agent| agent.set("1.3.6.1.2.1.2.2.1.8.7", Value::Integer(2)), true),
        ("a restart", |agent| agent.set("1.3.6.1.2.1.1.3.0", Value::TimeTicks(100)), true),
        (
            "a port goes",
            |agent| {
                for column in 1..23 {
                    agent.remove(&format!("1.3.6.1.2.1.2.2.1.{column}.52"));
                    agent.remove(&format!("1.3.6.1.2.1.31.1.1.1.{column}.52"));
                }
            },
            true,
        ),
        ("a port comes", |agent| agent.set("1.3.6.1.2.1.2.2.1.8.600", Value::Integer(1)), true),
        ("time goes on", |agent| agent.set("1.3.6.1.2.1.1.3.0", Value::TimeTicks(360_001)), false),
    ];
    assert!(Watch::new().agent.objects.contains_key(&octets.parse().expect("a literal")));
    for (name, change, expected) in table {
        let mut watch = Watch::new();
        watch.poll();
        change(&mut watch.agent);
        let (sample, due) = watch.poll();
        assert_eq!(due.lasting, *expected, "{name}");
        assert_eq!(sample.ports, watch.poll_anew().ports, "{name}");
        assert!(!watch.poll().1.lasting, "{name}: once is enough");
    }
}

#[test]
fn renumbered_ports_keep_their_own_description() {
    let mut watch = Watch::new();
    watch.poll();
    // Ports 1 and 2 change places while the second walk fails: neither may get the other's description.
    watch.agent.set("1.3.6.1.2.1.31.1.1.1.1.1", Value::Octets(b"ge2".to_vec()));
    watch.agent.set("1.3.6.1.2.1.31.1.1.1.1.2", Value::Octets(b"ge1".to_vec()));
    watch.deaf = true;
    let (sample, _) = watch.poll();
    let told = sample.ports[..3].iter().map(|port| (&*port.name, &*port.descr));
    assert!(told.eq([("ge2", ""), ("ge1", ""), ("ge3", "Port 3")]));
    assert!(watch.poll().1.lasting, "it is tried again");
    watch.deaf = false;
    let (sample, due) = watch.poll();
    assert!(due.lasting);
    assert_eq!(&*sample.ports[0].descr, "Port 1");
}

#[test]
fn a_restart_is_not_forgotten_when_the_second_walk_fails() {
    let mut watch = Watch::new();
    watch.poll();
    watch.agent.set("1.3.6.1.2.1.1.3.0", Value::TimeTicks(100));
    watch.deaf = true;
    watch.poll();
    watch.deaf = false;
    assert!(watch.poll().1.lasting);
    assert!(!watch.poll().1.lasting);
}

#[test]
fn narrow_counters_are_read_with_the_others_once_known() {
    let mut watch = Watch::new();
    watch.agent.remove("1.3.6.1.2.1.31.1.1.1.6.2");
    assert!(watch.poll().1.narrow);
    let (sample, due) = watch.poll();
    assert!(!due.narrow && !due.lasting);
    assert_eq!(sample.ports, watch.poll_anew().ports);
}

#[test]
fn names_are_kept_once_and_not_without_end() {
    let mut names = Names::default();
    let (one, two) = (names.intern("Port 1"), names.intern("Port 1"));
    assert!(Arc::ptr_eq(&one, &two));
    for number in 0..MAX_NAMES {
        names.intern(&number.to_string());
    }
    assert_eq!(names.refused(), 0, "what nobody uses made room");
    assert!(Arc::ptr_eq(&one, &names.intern("Port 1")), "what is used stayed");
    let used = (0..MAX_NAMES).map(|number| names.intern(&format!("used {number}"))).collect::<Vec<_>>();
    assert!(names.refused() > 0 && used.iter().all(|name| name.starts_with("used")));
}
