//! Thousands of agents in one process: who they are, where they are, what each answers. Agents of one kind share their
//! tables, and nothing is stored for a counter, so that an agent costs its identity (about 60 bytes) and its socket.
//! Sockets are [`serve`]'s.

mod addresses;
#[cfg(feature = "fleet")]
pub mod serve;

pub use addresses::{AddressError, Addresses};

use super::answer::{Identity, Manners, Outgoing, answer};
use super::faults::{Chosen, Moment, Shapes};
use super::table::Table;
use crate::rng::Rng;
use std::collections::BTreeMap;
use std::time::Duration;

/// Kinds of agents, by the faults they have, at most; each has tables of its own in memory.
const MAX_KINDS: usize = 64;
/// A switch has been up for up to this long when the fleet begins: a year.
const UP_BEFORE: Duration = Duration::from_secs(365 * 86_400);

/// What a fleet is made of.
#[derive(Clone, Debug)]
pub struct FleetOptions {
    /// Agents.
    pub count: u32,
    /// How many of them never answer.
    pub dead: u32,
    /// Where they are.
    pub addresses: Addresses,
    /// What a healthy one knows.
    pub table: Table,
    /// It was recorded, and its uptime with it.
    pub recorded: bool,
    /// Decides everything that differs between agents.
    pub seed: u64,
    /// What they answer; its faults are those of every agent.
    pub manners: Manners,
    /// Faults, and how many have them.
    pub faults: Vec<Chosen>,
}

/// Agents with the same faults.
#[derive(Debug)]
struct Kind {
    manners: Manners,
    shapes: Shapes,
}

#[derive(Debug)]
struct Agent {
    identity: Identity,
    /// Its kind's number; `None` for a dead one.
    kind: Option<u16>,
}

/// What has happened since the fleet began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Datagrams that came in, those to dead agents included.
    pub requests: u64,
    /// Datagrams that were sent.
    pub replies: u64,
    /// Bytes of them.
    pub reply_bytes: u64,
    /// Late answers beyond what can wait.
    pub refused: u64,
}

/// The agents.
#[derive(Debug)]
pub struct Fleet {
    agents: Vec<Agent>,
    kinds: Vec<Kind>,
    addresses: Addresses,
}

impl Fleet {
    /// Makes the agents.
    ///
    /// # Errors
    /// There are not so many addresses, or the faults make too many kinds of agents.
    pub fn new(options: &FleetOptions) -> Result<Self, AddressError> {
        options.addresses.check(options.count)?;
        let mut kinds = Vec::new();
        let mut known = BTreeMap::<Vec<bool>, u16>::new();
        let mut agents = Vec::with_capacity(options.count as usize);
        for number in 0..options.count {
            let mut chance = Rng::new(options.seed ^ u64::from(number) << 24);
            let identity = Identity {
                seed: chance.bits(),
                number,
                // Whole minutes say nothing; hundredths do.
                up_before: if options.recorded { Duration::ZERO } else { chance.between(Duration::ZERO, UP_BEFORE) },
                ..Identity::default()
            };
            let has = options.faults.iter().map(|chosen| chance.chance(chosen.share)).collect::<Vec<_>>();
            let kind = match known.get(&has) {
                Some(kind) => *kind,
                None if kinds.len() == MAX_KINDS => {
                    return Err(AddressError::Kinds { most: MAX_KINDS });
                }
                None => {
                    kinds.push(kind(options, &has));
                    let kind = kinds.len() as u16 - 1;
                    known.insert(has, kind);
                    kind
                }
            };
            agents.push(Agent { identity, kind: (!is_dead(number, options)).then_some(kind) });
        }
        Ok(Self { agents, kinds, addresses: options.addresses })
    }

    /// How many agents.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.agents.len() as u32
    }

    /// No agents.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty()
    }

    /// Where they are.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// What the agent of this number sends for a datagram, `elapsed` after the fleet began.
    #[must_use]
    pub fn answer(&mut self, number: u32, datagram: &[u8], elapsed: Duration) -> Vec<Outgoing> {
        let Some(agent) = self.agents.get_mut(number as usize) else { return Vec::new() };
        let Some(kind) = agent.kind.and_then(|kind| self.kinds.get(usize::from(kind))) else { return Vec::new() };
        let book = |moment: &Moment| kind.shapes.at(moment, &kind.manners.faults);
        answer(datagram, &mut agent.identity, &kind.manners, elapsed, book)
    }
}

fn kind(options: &FleetOptions, has: &[bool]) -> Kind {
    let mut manners = options.manners.clone();
    let chosen = options.faults.iter().zip(has).filter(|(_, has)| **has).map(|(chosen, _)| chosen.fault.clone());
    manners.faults.extend(chosen);
    let shapes = Shapes::new(&options.table, &manners.faults);
    Kind { manners, shapes }
}

/// The dead are spread evenly over the fleet.
fn is_dead(number: u32, options: &FleetOptions) -> bool {
    let upto = |n: u32| u64::from(n) * u64::from(options.dead) / u64::from(options.count.max(1));
    upto(number + 1) > upto(number)
}

#[cfg(test)]
mod tests;
