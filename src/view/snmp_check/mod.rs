//! What `stormglass snmp check` found at a device, the problems in it, and how both are shown. Knows no sockets and asks
//! nothing: the facts are handed in.

mod findings;
mod show;
mod words;

pub use findings::{Finding, findings};
pub use show::{json, text};

use crate::mib::pulse::Refresh;
use crate::model::observation::{Counter, CounterKind, PollSample};
use crate::model::topology::{Fdb, Way};
use std::collections::BTreeMap;
use std::time::Duration;

/// How a device answers in one version of SNMP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It lets us read; the time from a request to its answer.
    Reads(Duration),
    /// Its SNMPv3 engine is there; no user was tried.
    Speaks,
    /// Nothing came back. In v1 and v2c a wrong community looks the same.
    Silent,
    /// It says no, or the question could not be put: reason and sentence.
    Fails(&'static str, String),
    /// It was not asked: there are no credentials for it.
    NotAsked,
}

/// A table, and how many rows of it came, or why none did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFact {
    /// Its descriptor in the MIB.
    pub name: &'static str,
    /// Rows, or the sentence.
    pub rows: Result<usize, String>,
}

/// A counter on all ports together, from two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterFact {
    /// Which.
    pub kind: CounterKind,
    /// Ports that have it.
    pub ports: usize,
    /// Of these, with 64 bits.
    pub wide: usize,
    /// Ports where it moved from the first reading to the second.
    pub moved: usize,
    /// Ports where it was zero both times.
    pub zero: usize,
}

/// Bridge ports that were taken for interfaces in one way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Numbering {
    /// Which.
    pub way: Way,
    /// Bridge ports.
    pub ports: usize,
    /// Addresses behind them.
    pub addresses: usize,
    /// How sure the least sure of them is, 0 to 1.
    pub confidence: f64,
}

/// Where bridge ports are, and how they lead to interfaces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bridge {
    /// Rows of dot1dBasePortTable.
    pub base_ports: usize,
    /// By what the ports were found, the way of most addresses first; empty if none was.
    pub numbering: Vec<Numbering>,
    /// Addresses behind bridge ports that belong to no interface.
    pub unresolved: usize,
    /// Addresses of which the device tells no bridge port (it says 0).
    pub untold: usize,
}

impl Bridge {
    /// From the rows of dot1dBasePortTable and the forwarding database, if there is one.
    #[must_use]
    pub fn new(base_ports: usize, fdb: Option<&Fdb>) -> Self {
        let Some(fdb) = fdb else { return Self { base_ports, ..Self::default() } };
        let mut ways = BTreeMap::<Way, Numbering>::new();
        for (port, found) in &fdb.ports {
            let addresses = fdb.entries.values().filter(|behind| *behind == port).count();
            let fresh = Numbering { way: found.way, ports: 0, addresses: 0, confidence: 1.0 };
            let sum = ways.entry(found.way).or_insert(fresh);
            (sum.ports, sum.addresses) = (sum.ports + 1, sum.addresses + addresses);
            sum.confidence = sum.confidence.min(found.confidence);
        }
        let mut numbering = ways.into_values().collect::<Vec<_>>();
        numbering.sort_by_key(|way| std::cmp::Reverse(way.addresses));
        Self { base_ports, numbering, unresolved: fdb.unresolved, untold: fdb.untold }
    }

    /// Addresses for which an interface was found.
    #[must_use]
    pub fn resolved(&self) -> usize {
        self.numbering.iter().map(|way| way.addresses).sum()
    }

    /// All addresses that it tells of.
    #[must_use]
    pub fn addresses(&self) -> usize {
        self.resolved() + self.unresolved + self.untold
    }
}

/// What asking cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Requests of one poll without the forwarding database.
    pub round_trips: u64,
    /// How long that poll took.
    pub poll: Duration,
    /// Size of the largest answer, bytes.
    pub largest: u64,
}

/// Everything found at a device that answers.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The two readings, the later with the forwarding database.
    pub first: PollSample,
    /// See `first`.
    pub second: PollSample,
    /// Every table that this program knows.
    pub tables: Vec<TableFact>,
    /// How often the counters are refreshed; `None` if that was not seen.
    pub refresh: Option<Refresh>,
    /// Rows of dot1dBasePortTable, and what came of them.
    pub bridge: Bridge,
    /// What it cost.
    pub cost: Cost,
}

/// A check.
#[derive(Clone, Debug)]
pub struct Check {
    /// What the target is called.
    pub target: String,
    /// Where it was asked.
    pub address: String,
    /// The version that was asked for: `v1`, `v2c` or `v3`.
    pub version: &'static str,
    /// How it answers in v1, v2c and v3.
    pub answers: [(&'static str, Answer); 3],
    /// It also reads to anybody who knows the community `public`, though SNMPv3 was asked for.
    pub public: bool,
    /// What it has; `None` if it could not be read, and then its answer says why.
    pub facts: Option<Facts>,
}

impl Check {
    /// How it answers in the version that was asked for.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        self.answers
            .iter()
            .find(|(version, _)| *version == self.version)
            .map_or(&Answer::NotAsked, |(_, answer)| answer)
    }
}

/// The counters of two readings, port by port; those that no port has are left out.
#[must_use]
pub fn counters(first: &PollSample, second: &PollSample) -> Vec<CounterFact> {
    let value = |counter| match counter {
        Counter::C32(value) => u64::from(value),
        Counter::C64(value) => value,
    };
    let mut facts = Vec::new();
    for kind in CounterKind::ALL {
        let mut fact = CounterFact { kind, ports: 0, wide: 0, moved: 0, zero: 0 };
        for port in &second.ports {
            let Some(now) = port.counters.get(kind) else { continue };
            fact.ports += 1;
            fact.wide += usize::from(matches!(now, Counter::C64(_)));
            let before = first.ports.iter().find(|known| known.if_index == port.if_index);
            let Some(before) = before.and_then(|port| port.counters.get(kind)) else { continue };
            fact.moved += usize::from(value(before) != value(now));
            fact.zero += usize::from(value(before) == 0 && value(now) == 0);
        }
        if fact.ports > 0 {
            facts.push(fact);
        }
    }
    facts
}

#[cfg(test)]
mod tests;
