//! Asks a bridge for the forwarding entries of a few addresses by name, instead of walking all of them: what to ask, and
//! what the answers mean. In a storm the walk of a quarter of an hour ago is old, and a new one is expensive. Knows no
//! sockets; when it is done, `engine::pursuit` knows.

use super::bridge::{BASE_PORT_IF_INDEX, FDB_PORT, FDB_STATUS};
use super::exchange::{GEN_ERR, NO_SUCH_NAME, TOO_BIG};
use super::forwarding::{INVALID, OWN};
use super::q_bridge::{Q_FDB_PORT, Q_FDB_STATUS};
use super::{Object, Reply, WalkError};
use crate::model::MacAddr;
use crate::model::snmp::{Oid, Value};
use crate::model::topology::{Keys, LookUp, MAX_LOOKED_UP, Sighting};
use crate::model::{Time, topology};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Requests of one look-up at most, refused and unanswered ones included: eight addresses in eight databases are 128
/// names, ten in each request, and an agent that wants them one by one is asked for the most part of them.
const MAX_REQUESTS: usize = 64;

/// What a name is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// The bridge port of an entry, by the entry's place.
    Port(usize),
    /// Its status.
    Status(usize),
    /// The interface of a bridge port.
    Interface(u32),
}

/// An entry of an address, in one database.
#[derive(Clone, Copy, Debug)]
struct Entry {
    mac: MacAddr,
    /// What the agent says, once it has said it: a port, or that there is no such entry.
    port: Option<Option<u32>>,
    status: Option<Option<u64>>,
}

/// The names that are still to be asked for, and what was answered.
#[derive(Debug)]
pub struct Inquiry {
    names: VecDeque<(Oid, Wanted)>,
    entries: Vec<Entry>,
    base: BTreeMap<u32, u32>,
    based: bool,
    /// Names in one request.
    width: usize,
    retries: u32,
    silent: u32,
    requests: usize,
}

impl Inquiry {
    /// Asks what `look_up` wants, at most `width` names at a time; a request that is not answered is repeated so often.
    #[must_use]
    pub fn new(look_up: &LookUp, width: usize, retries: u32) -> Self {
        let mut inquiry = Self {
            names: VecDeque::new(),
            entries: Vec::new(),
            base: BTreeMap::new(),
            based: false,
            width: width.max(1),
            retries,
            silent: 0,
            requests: 0,
        };
        for &mac in look_up.macs.iter().take(MAX_LOOKED_UP) {
            let arcs = mac.0.map(u32::from);
            match &look_up.keys {
                Keys::Unknown => {}
                Keys::Plain => inquiry.ask(mac, [&FDB_PORT, &FDB_STATUS], &arcs),
                Keys::ByDatabase { databases, with_length } => {
                    for &database in databases.iter().take(topology::MAX_DATABASES) {
                        let head: &[u32] = if *with_length { &[database, 6] } else { &[database] };
                        inquiry.ask(mac, [&Q_FDB_PORT, &Q_FDB_STATUS], &[head, &arcs[..]].concat());
                    }
                }
            }
        }
        inquiry
    }

    fn ask(&mut self, mac: MacAddr, [port, status]: [&Object; 2], index: &[u32]) {
        let place = self.entries.len();
        self.entries.push(Entry { mac, port: None, status: None });
        self.names.push_back((Oid::joined(port.oid, index), Wanted::Port(place)));
        self.names.push_back((Oid::joined(status.oid, index), Wanted::Status(place)));
    }

    /// The names of the next GET; `None` when everything was asked.
    #[must_use]
    pub fn next_names(&mut self) -> Option<Vec<Oid>> {
        if self.names.is_empty() && !self.based {
            self.based = true;
            let ports = self.entries.iter().filter_map(|entry| entry.port.flatten()).filter(|port| *port > 0);
            for port in ports.collect::<BTreeSet<u32>>() {
                self.names.push_back((Oid::joined(BASE_PORT_IF_INDEX.oid, &[port]), Wanted::Interface(port)));
            }
        }
        let names = self.names.iter().take(self.width).map(|(name, _)| name.clone()).collect::<Vec<_>>();
        (!names.is_empty()).then_some(names)
    }

    /// Takes the answer to the GET that `Inquiry::next_names` gave last.
    ///
    /// # Errors
    /// It makes no sense to go on; what was answered so far is kept.
    pub fn on_reply(&mut self, reply: &Reply) -> Result<(), WalkError> {
        let sent = self.width.min(self.names.len());
        self.requests += 1;
        if self.requests > MAX_REQUESTS {
            return Err(WalkError::Limit { what: "requests", limit: MAX_REQUESTS });
        }
        match reply {
            Reply::Bindings(bindings) if bindings.len() < sent => {
                return Err(WalkError::Shape { got: bindings.len(), want: sent });
            }
            Reply::Bindings(bindings) => {
                let asked = self.names.drain(..sent).collect::<Vec<_>>();
                for ((name, wanted), (answered, value)) in asked.iter().zip(bindings.iter()) {
                    // An agent that answers another name has said nothing of this one.
                    if name.arcs() == answered {
                        self.take(*wanted, value);
                    }
                }
            }
            Reply::Status(TOO_BIG, _) if sent > 1 => self.width = sent / 2,
            Reply::Status(NO_SUCH_NAME, place) if (1..=sent).contains(&(*place as usize)) => {
                if let Some((_, wanted)) = self.names.remove(*place as usize - 1) {
                    self.take(wanted, &Value::NoSuchInstance);
                }
            }
            Reply::Status(GEN_ERR | NO_SUCH_NAME, _) if sent > 1 => self.width = 1,
            // Of this one nothing will be known.
            Reply::Status(GEN_ERR, _) => drop(self.names.pop_front()),
            Reply::Status(status, _) => return Err(WalkError::Status { status: *status }),
            Reply::Malformed => return Err(WalkError::Malformed),
            Reply::Timeout => {
                self.silent += 1;
                return if self.silent > self.retries {
                    Err(WalkError::Timeout { attempts: self.silent })
                } else {
                    Ok(())
                };
            }
        }
        self.silent = 0;
        Ok(())
    }

    fn take(&mut self, wanted: Wanted, value: &Value) {
        let absent = matches!(value, Value::NoSuchInstance | Value::NoSuchObject | Value::EndOfMibView);
        match wanted {
            Wanted::Port(place) if absent => self.entries[place].port = Some(None),
            Wanted::Port(place) => self.entries[place].port = value.as_u32().map(Some),
            Wanted::Status(place) if absent => self.entries[place].status = Some(None),
            Wanted::Status(place) => self.entries[place].status = value.as_u64().map(Some),
            Wanted::Interface(port) => drop(value.as_u32().and_then(|index| self.base.insert(port, index))),
        }
    }

    /// Timeouts in a row: the next request may wait longer.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.silent
    }

    /// What was found by `at`.
    #[must_use]
    pub fn sighting(self, look_up: &LookUp, at: Time) -> Sighting {
        let mut unanswered = BTreeSet::new();
        let mut entries = BTreeMap::new();
        for entry in &self.entries {
            let Some(port) = entry.port else {
                unanswered.insert(entry.mac);
                continue;
            };
            let counts = !matches!(entry.status.flatten(), Some(INVALID | OWN));
            if let Some(port) = port.filter(|_| counts) {
                // In several databases, the first one that tells a port counts, as in the walk.
                let known = entries.entry(entry.mac).or_insert(port);
                if *known == 0 {
                    *known = port;
                }
            }
        }
        let answered = self.entries.iter().map(|entry| entry.mac).filter(|mac| !unanswered.contains(mac));
        let answered = answered.collect::<BTreeSet<MacAddr>>();
        Sighting { target: look_up.target.clone(), at, answered, entries, base: self.base }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::snmp::Bindings;

    const MAC: MacAddr = MacAddr([2, 0, 0, 0, 1, 7]);
    const OTHER: MacAddr = MacAddr([2, 0, 0, 0, 1, 8]);

    fn look_up(keys: Keys) -> LookUp {
        LookUp { target: "hub".into(), macs: vec![MAC, OTHER], keys }
    }

    /// An agent with these objects; everything else has no instance.
    fn answer(names: &[Oid], objects: &[(&str, i32)]) -> Reply {
        let mut bindings = Bindings::default();
        for name in names {
            let known = objects.iter().find(|(known, _)| known.parse::<Oid>().as_ref() == Ok(name));
            bindings.push(name.arcs(), known.map_or(Value::NoSuchInstance, |(_, value)| Value::Integer(*value)));
        }
        Reply::Bindings(bindings)
    }

    const Q: &str = "1.3.6.1.2.1.17.7.1.2.2.1";

    #[test]
    fn entries_are_asked_for_in_every_form() {
        let by_database = |with_length| Keys::ByDatabase { databases: vec![1, 20], with_length };
        let entry = |column, index: &str| format!("{Q}.{column}.{index}.2.0.0.0.1.7");
        let plain = |column: u32| format!("1.3.6.1.2.1.17.4.3.1.{column}.2.0.0.0.1.7");
        // (keys, objects of the agent, port that is found)
        type Case = (Keys, Vec<(String, i32)>, Option<u32>);
        let table: Vec<Case> = vec![
            (Keys::Plain, vec![(plain(2), 5), (plain(3), 3)], Some(5)),
            (by_database(false), vec![(entry(2, "20"), 5), (entry(3, "20"), 3)], Some(5)),
            (by_database(true), vec![(entry(2, "1.6"), 5), (entry(3, "1.6"), 3)], Some(5)),
            // The first database tells none, the second does.
            (by_database(false), vec![(entry(2, "1"), 0), (entry(2, "20"), 9)], Some(9)),
            // The bridge's own address, and one that no longer counts.
            (Keys::Plain, vec![(plain(2), 5), (plain(3), 4)], None),
            (Keys::Plain, vec![(plain(2), 5), (plain(3), 2)], None),
            (by_database(false), vec![], None),
        ];
        for (keys, mut objects, expected) in table {
            objects.push(("1.3.6.1.2.1.17.1.4.1.2.5".to_owned(), 105));
            let objects = objects.iter().map(|(name, value)| (name.as_str(), *value)).collect::<Vec<_>>();
            let look_up = look_up(keys);
            let mut inquiry = Inquiry::new(&look_up, 3, 0);
            while let Some(names) = inquiry.next_names() {
                assert!(names.len() <= 3);
                inquiry.on_reply(&answer(&names, &objects)).expect("an answer");
            }
            let seen = inquiry.sighting(&look_up, Time::from_secs(9));
            assert_eq!(seen.entries.get(&MAC).copied(), expected, "{look_up:?}");
            if expected == Some(5) {
                assert_eq!(seen.base, [(5, 105)].into(), "{look_up:?}");
            }
            assert!(seen.answered.contains(&MAC) && seen.answered.contains(&OTHER), "{seen:?}");
        }
        assert_eq!(Inquiry::new(&look_up(Keys::Unknown), 10, 0).next_names(), None, "nothing can be asked for");
    }

    #[test]
    fn what_an_agent_refuses_ends_in_bounded_time_and_takes_nothing_back() {
        type Refusal = (&'static str, fn(&[Oid]) -> Reply);
        let hostile: [Refusal; 6] = [
            ("tooBig", |_| Reply::Status(1, 0)),
            ("genErr", |_| Reply::Status(5, 1)),
            ("noSuchName of a place that was not asked", |_| Reply::Status(2, 900)),
            ("no bindings", |_| Reply::Bindings(Bindings::default())),
            ("silence", |_| Reply::Timeout),
            ("other names", |names| answer(&vec![Oid::new(&[1, 3, 6]); names.len()], &[])),
        ];
        for (name, reply) in hostile {
            let look_up = look_up(Keys::ByDatabase { databases: (1..100).collect(), with_length: false });
            let mut inquiry = Inquiry::new(&look_up, 10, 2);
            let mut asked = 0;
            while let Some(names) = inquiry.next_names() {
                asked += 1;
                if inquiry.on_reply(&reply(&names)).is_err() {
                    break;
                }
            }
            assert!((1..=MAX_REQUESTS + 1).contains(&asked), "{name}: {asked}");
            assert!(inquiry.sighting(&look_up, Time::from_secs(9)).answered.is_empty(), "{name}");
        }
        // SNMPv1 refuses the whole request for one name: that one is left out, and is an answer.
        let look_up = look_up(Keys::Plain);
        let mut inquiry = Inquiry::new(&look_up, 10, 0);
        while inquiry.next_names().is_some() {
            inquiry.on_reply(&Reply::Status(2, 1)).expect("the rest is asked for");
        }
        assert_eq!(inquiry.sighting(&look_up, Time::from_secs(9)).answered, [MAC, OTHER].into());
    }
}
