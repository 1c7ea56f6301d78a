//! Searching blocks of addresses for SNMP agents: which address is asked next, what an answer or silence means, and what
//! the devices found are called. Decides; sends nothing and reads no clock.

use super::Described;
use crate::app::config::{Gentleness, Snmp, Subnet};
use crate::io::snmp::Place;
use crate::mib::Module;
use crate::mib::system::{SYS_NAME, SYS_UP_TIME};
use crate::model::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// From one question to the next, over all blocks: 20 a second by construction.
pub(super) const PACE: Duration = Duration::from_millis(50);
/// How long an address has to answer its one question.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// A device that was not found for so long is gone.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);
/// Longest name taken from a device, characters; sysName has 255 at most (RFC 3418).
const MAX_NAME: usize = 64;

/// What an address is asked: one GET.
pub(super) static QUESTION: Module = Module { name: "discovery", scalars: &[&SYS_UP_TIME, &SYS_NAME], tables: &[] };

/// A block that is searched.
#[derive(Debug)]
struct Block {
    subnet: Subnet,
    port: u16,
    auth: String,
    interval: Duration,
    /// Addresses that are still to be asked in this round.
    left: Vec<SocketAddr>,
    /// When the next round begins; `None`: at once.
    next_round: Option<Time>,
}

/// A device that was found.
#[derive(Debug)]
struct Found {
    /// What it calls itself; empty if it does not.
    name: String,
    auth: String,
    last_seen: Time,
}

/// The state of all searches.
#[derive(Debug)]
pub(super) struct Search {
    blocks: Vec<Block>,
    /// Whose turn it is.
    turn: usize,
    found: BTreeMap<SocketAddr, Found>,
    answered: u64,
    silent: u64,
}

/// A question to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) address: SocketAddr,
    pub(super) auth: String,
}

impl Search {
    pub(super) fn new(section: &Snmp) -> Self {
        let block = |entry: &crate::app::config::Discover| {
            Some(Block {
                subnet: entry.block().ok()?,
                port: entry.port,
                auth: entry.auth_name().to_owned(),
                interval: entry.interval.0,
                left: Vec::new(),
                next_round: None,
            })
        };
        let blocks = section.discover.iter().filter_map(block).collect();
        Self { blocks, turn: 0, found: BTreeMap::new(), answered: 0, silent: 0 }
    }

    /// Searches the blocks of another configuration from now on. Those that stay go on where they are; what was found in
    /// others is forgotten.
    pub(super) fn follow(&mut self, section: &Snmp) {
        let mut before = std::mem::replace(self, Self::new(section));
        for block in &mut self.blocks {
            let same = |old: &&mut Block| (old.subnet, old.port, &old.auth) == (block.subnet, block.port, &block.auth);
            if let Some(old) = before.blocks.iter_mut().find(same) {
                (block.left, block.next_round) = (std::mem::take(&mut old.left), old.next_round);
            }
        }
        before.found.retain(|address, found| {
            let in_it = |block: &Block| {
                block.subnet.contains(address.ip()) && (block.port, &block.auth) == (address.port(), &found.auth)
            };
            self.blocks.iter().any(in_it)
        });
        (self.found, self.answered, self.silent) = (before.found, before.answered, before.silent);
    }

    pub(super) fn is_idle(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The next question, if one is due; the blocks take turns. `known` addresses are polled anyway.
    pub(super) fn next(&mut self, now: Time, known: &BTreeSet<SocketAddr>) -> Option<Question> {
        for _ in 0..self.blocks.len() {
            self.turn = (self.turn + 1) % self.blocks.len();
            let block = &mut self.blocks[self.turn];
            if block.left.is_empty() && block.next_round.is_none_or(|due| due <= now) {
                block.next_round = Some(now.plus(block.interval));
                block.left.extend(block.subnet.hosts().map(|ip| SocketAddr::new(IpAddr::V4(ip), block.port)));
                block.left.reverse();
            }
            while let Some(address) = block.left.pop() {
                if !known.contains(&address) {
                    return Some(Question { address, auth: block.auth.clone() });
                }
            }
        }
        None
    }

    /// Takes an answer, with the name that the device gives itself. Whether the devices are others now.
    pub(super) fn answered(&mut self, now: Time, question: Question, name: &str) -> bool {
        self.answered += 1;
        let letters = name.chars().filter(|letter| !letter.is_control()).take(MAX_NAME);
        let fresh = Found { name: letters.collect::<String>().trim().to_owned(), auth: question.auth, last_seen: now };
        let before = self.found.insert(question.address, fresh);
        let after = &self.found[&question.address];
        before.is_none_or(|before| (&before.name, &before.auth) != (&after.name, &after.auth))
    }

    /// An address did not answer.
    pub(super) fn silent(&mut self) {
        self.silent += 1;
    }

    /// Forgets those that are gone. Whether there were any.
    pub(super) fn forget(&mut self, now: Time) -> bool {
        let before = self.found.len();
        self.found.retain(|_, found| now.since(found.last_seen) < KEPT_FOR);
        before != self.found.len()
    }

    /// Answers and silences so far.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.answered, self.silent)
    }

    /// The devices as targets, but for those that are `known`. Each is called what it calls itself; one that calls itself
    /// nothing, or what another is called already, by its address.
    pub(super) fn targets(
        &self,
        section: &Snmp,
        known: &BTreeSet<SocketAddr>,
        taken: &BTreeSet<String>,
    ) -> Vec<Described> {
        let mut names = taken.clone();
        let mut described = Vec::new();
        for (address, found) in self.found.iter().filter(|(address, _)| !known.contains(address)) {
            let own = !found.name.is_empty() && names.insert(found.name.clone());
            let place = Place::Address(*address);
            let by_address =
                if address.port() == crate::io::snmp::PORT { address.ip().to_string() } else { place.to_string() };
            described.push(Described {
                name: if own { found.name.clone() } else { by_address },
                place,
                auth: found.auth.clone(),
                module: None,
                interval: section.interval.0,
                timeout: section.timeout.0.min(section.interval.0),
                gentleness: Gentleness::default(),
            });
        }
        described
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config;

    fn section(discover: &str) -> Snmp {
        config::parse(&format!("snmp: {{discover: [{discover}]}}"), "stormglass.yml").expect("good").snmp
    }

    fn at(seconds: u64) -> Time {
        Time::from_nanos(0).plus(Duration::from_secs(seconds))
    }

    #[test]
    fn every_address_is_asked_once_in_a_round_and_blocks_take_turns() {
        let section = section("{subnet: 10.0.0.0/29}, {subnet: 10.9.0.0/30, port: 1161, interval: 1h}");
        let mut search = Search::new(&section);
        let known = BTreeSet::from(["10.0.0.3:161".parse().expect("an address")]);
        let mut asked =
            std::iter::from_fn(|| search.next(at(0), &known)).map(|q| q.address.to_string()).collect::<Vec<_>>();
        assert!(asked[..2].iter().any(|address| address == "10.9.0.1:1161"), "turns: {asked:?}");
        asked.sort();
        let expected = [
            "10.0.0.1:161",
            "10.0.0.2:161",
            "10.0.0.4:161",
            "10.0.0.5:161",
            "10.0.0.6:161",
            "10.9.0.1:1161",
            "10.9.0.2:1161",
        ];
        assert_eq!(asked, expected);
        assert_eq!(search.next(at(599), &known), None);
        let second = std::iter::from_fn(|| search.next(at(600), &known)).count();
        assert_eq!(second, 5, "the other block has an hour");
    }

    #[test]
    fn another_configuration_keeps_what_it_has_in_common() {
        let nobody = BTreeSet::new();
        let mut search = Search::new(&section("{subnet: 10.0.0.0/29}, {subnet: 10.9.0.0/30, port: 1161}"));
        for question in std::iter::from_fn(|| search.next(at(0), &nobody)).take(4).collect::<Vec<_>>() {
            search.answered(at(0), question, "");
        }
        let listed = |search: &Search, section: &Snmp| {
            let targets = search.targets(section, &BTreeSet::new(), &BTreeSet::new());
            targets.into_iter().map(|target| target.name).collect::<Vec<_>>()
        };
        // One block goes, one comes, one stays and is not asked from its beginning.
        let other = section("{subnet: 10.0.0.0/29, interval: 1h}, {subnet: 10.7.0.0/30}");
        search.follow(&other);
        assert_eq!(listed(&search, &other), ["10.0.0.1", "10.0.0.2"]);
        let mut rest =
            std::iter::from_fn(|| search.next(at(1), &nobody)).map(|q| q.address.ip().to_string()).collect::<Vec<_>>();
        rest.sort();
        assert_eq!(rest, ["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.7.0.1", "10.7.0.2"]);
        // Asked by other credentials, it must be found anew.
        let other = section("{subnet: 10.0.0.0/29, auth: public_v1}");
        search.follow(&other);
        assert_eq!(listed(&search, &other), [""; 0]);
        search.follow(&Snmp::default());
        assert!(search.is_idle());
    }

    #[test]
    fn devices_are_called_what_they_say_and_go_after_a_day() {
        let section = section("{subnet: 10.0.0.0/29}");
        let mut search = Search::new(&section);
        let nobody = BTreeSet::new();
        let names = |search: &Search, taken: &[&str]| {
            let taken = taken.iter().map(|name| (*name).to_owned()).collect();
            search.targets(&section, &BTreeSet::new(), &taken).into_iter().map(|target| target.name).collect::<Vec<_>>()
        };
        let mut questions = std::iter::from_fn(|| search.next(at(0), &nobody)).collect::<Vec<_>>().into_iter();
        for name in ["hub", "hub", "", "a\nb", "taken"] {
            let question = questions.next().expect("six addresses");
            assert!(search.answered(at(0), question.clone(), name));
            assert!(!search.answered(at(0), question, name), "nothing is new");
        }
        search.silent();
        assert_eq!(search.counts(), (10, 1));
        assert_eq!(names(&search, &["taken"]), ["hub", "10.0.0.2", "10.0.0.3", "ab", "10.0.0.5"]);
        let again = Question { address: "10.0.0.2:161".parse().expect("an address"), auth: "public_v2".to_owned() };
        assert!(search.answered(at(50_000), again, "attic"), "a new name");
        assert!(!search.forget(at(86_399)));
        assert!(search.forget(at(86_400)));
        assert_eq!(names(&search, &[]), ["attic"]);
    }
}
