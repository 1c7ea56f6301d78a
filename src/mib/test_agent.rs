//! An agent for the tests: objects in a map, answered as RFC 3416 says, with limits that real agents have.

use super::{Limits, Reply, Request, Rows, Walk, WalkError};
use crate::model::Time;
use crate::model::snmp::{Oid, Value, VarBind};
use std::collections::BTreeMap;
use std::ops::Bound;

/// Objects by name.
#[derive(Clone, Debug)]
pub(crate) struct TestAgent {
    pub(crate) objects: BTreeMap<Oid, Value>,
    /// Bindings in an answer: what lies beyond is cut off.
    pub(crate) room: usize,
    /// Requests answered.
    pub(crate) asked: usize,
}

impl TestAgent {
    /// A switch with this many ports, with ifTable and ifXTable, up for an hour.
    pub(crate) fn switch(ports: u32) -> Self {
        let mut agent = Self { objects: BTreeMap::new(), room: 60, asked: 0 };
        agent.set("1.3.6.1.2.1.1.1.0", Value::Octets(b"a switch".to_vec()));
        agent.set("1.3.6.1.2.1.1.3.0", Value::TimeTicks(360_000));
        agent.set("1.3.6.1.2.1.1.5.0", Value::Octets(b"hub".to_vec()));
        agent.set("1.3.6.1.2.1.2.1.0", Value::Integer(i32::try_from(ports).expect("small")));
        for port in 1..=ports {
            let mut row = |column: &str, value| agent.set(&format!("1.3.6.1.2.1.{column}.{port}"), value);
            row("2.2.1.2", Value::Octets(format!("Port {port}").into_bytes()));
            row("2.2.1.3", Value::Integer(6));
            row("2.2.1.5", Value::Gauge32(1_000_000_000));
            row("2.2.1.6", Value::Octets(vec![2, 0, 0, 0, 0, u8::try_from(port % 256).expect("small")]));
            row("2.2.1.7", Value::Integer(1));
            row("2.2.1.8", Value::Integer(1));
            for column in [10, 11, 13, 14, 16, 17, 19, 20] {
                row(&format!("2.2.1.{column}"), Value::Counter32(column * 1000 + port));
            }
            row("31.1.1.1.1", Value::Octets(format!("ge{port}").into_bytes()));
            for column in 6..=13_u64 {
                row(&format!("31.1.1.1.{column}"), Value::Counter64((1 << 40) + column * 1000 + u64::from(port)));
            }
            row("31.1.1.1.15", Value::Gauge32(1000));
            row("31.1.1.1.18", Value::Octets(Vec::new()));
            row("31.1.1.1.19", Value::TimeTicks(0));
        }
        agent
    }

    pub(crate) fn set(&mut self, oid: &str, value: Value) {
        self.objects.insert(oid.parse().expect("a literal"), value);
    }

    pub(crate) fn remove(&mut self, below: &str) {
        let below: Oid = below.parse().expect("a literal");
        self.objects.retain(|oid, _| oid.below(below.arcs()).is_none());
    }

    fn after(&self, oid: &Oid) -> VarBind {
        let next = self.objects.range((Bound::Excluded(oid), Bound::Unbounded)).next();
        next.map_or_else(
            || VarBind { oid: oid.clone(), value: Value::EndOfMibView },
            |(oid, value)| VarBind { oid: oid.clone(), value: value.clone() },
        )
    }

    /// The answer to GETNEXT or GETBULK with one non-repeater.
    pub(crate) fn answer(&mut self, request: &Request) -> Vec<VarBind> {
        self.asked += 1;
        let Some(repetitions) = request.repetitions else {
            return request.oids.iter().map(|oid| self.after(oid)).collect();
        };
        let mut bindings = vec![self.after(&request.oids[0])];
        let mut row = request.oids[1..].to_vec();
        for _ in 0..repetitions {
            let next = row.iter().map(|oid| self.after(oid)).collect::<Vec<_>>();
            row = next.iter().map(|binding| binding.oid.clone()).collect();
            bindings.extend(next);
        }
        bindings.truncate(self.room);
        bindings
    }
}

/// Runs a walk against whatever answers.
pub(crate) fn run(mut walk: Walk, mut answer: impl FnMut(&Request) -> Reply) -> Result<Rows, WalkError> {
    let now = Time::from_secs(1000);
    for _ in 0..100_000 {
        let Some(request) = walk.next(now)? else { return Ok(walk.into_rows()) };
        let reply = answer(&request);
        walk.on_reply(now, reply)?;
    }
    panic!("the walk does not end");
}

/// Limits for tests, an hour long.
pub(crate) fn limits() -> Limits {
    Limits::until(Time::from_secs(4600))
}
