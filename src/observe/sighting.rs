//! What a look-up of a few addresses changes in what is known of a bridge: they are behind another port, or behind none.
//! The rest of its forwarding database stays as the last walk found it.

use super::topology::{Moved, Surroundings};
use crate::mib::forwarding::MAX_FDB;
use crate::mib::resolver::resolve;
use crate::model::observation::PortSample;
use crate::model::topology::{Sighting, Way};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Bridge ports kept of one target. A bridge that invents a new one at each look-up is not believed for ever.
const MAX_BRIDGE_PORTS: usize = 32_768;
/// Addresses whose last look-up is remembered until the forwarding database is read again.
const MAX_SIGHTED: usize = 256;

impl Surroundings {
    /// Takes a look-up over. `ports` are asked for if a bridge port is new, in the order of their ifIndex. Gives the
    /// addresses that are behind another port than before.
    pub fn sight(
        &mut self,
        seen: &Sighting,
        ports: impl FnOnce() -> Vec<PortSample>,
        name_of: &dyn Fn(u32) -> Arc<str>,
    ) -> Vec<Moved> {
        self.learn_ports(seen, ports);
        let mut moves = Vec::new();
        for &mac in &seen.answered {
            let port = seen.entries.get(&mac).copied().filter(|port| self.fdb.ports.contains_key(port));
            let before = self.fdb.entries.get(&mac).copied();
            if self.sighted.len() >= MAX_SIGHTED && !self.sighted.contains_key(&mac) {
                self.sighted.pop_first();
            }
            self.sighted.insert(mac, seen.at);
            if before == port {
                continue;
            }
            let from = self.place(mac).map(|found| self.crowd_name(found.if_index, name_of));
            if let Some(before) = before {
                self.leave(before);
                self.fdb.entries.remove(&mac);
            }
            let Some(port) = port.filter(|_| self.fdb.entries.len() < MAX_FDB) else { continue };
            self.fdb.entries.insert(mac, port);
            let if_index = self.fdb.ports[&port].if_index;
            self.crowd.entry(if_index).or_insert_with(|| (name_of(if_index), 0)).1 += 1;
            let to = self.place(mac).map(|found| self.crowd_name(found.if_index, name_of));
            if let (Some(from), Some(to)) = (from, to)
                && from != to
            {
                moves.push((mac, from, to));
            }
        }
        moves
    }

    /// Bridge ports that no address was behind before. Those that are known stay what they are.
    fn learn_ports(&mut self, seen: &Sighting, ports: impl FnOnce() -> Vec<PortSample>) {
        let known = &self.fdb.ports;
        let fresh = seen.entries.values().copied().filter(|port| *port > 0 && !known.contains_key(port));
        let fresh = fresh.collect::<BTreeSet<u32>>();
        if fresh.is_empty() || known.len() + fresh.len() > MAX_BRIDGE_PORTS {
            return;
        }
        let by_table = known.iter().filter(|(_, found)| found.way == Way::BasePortTable);
        let mut base = by_table.map(|(port, found)| (*port, found.if_index)).collect::<BTreeMap<u32, u32>>();
        base.extend(&seen.base);
        let used = known.keys().copied().chain(fresh.iter().copied()).collect::<BTreeSet<u32>>();
        let found = resolve(&base, &ports(), &used).ports;
        self.fdb.ports.extend(fresh.into_iter().filter_map(|port| Some((port, *found.get(&port)?))));
    }

    /// One address fewer behind a bridge port.
    fn leave(&mut self, bridge_port: u32) {
        let Some(found) = self.fdb.ports.get(&bridge_port) else { return };
        if let Some((_, count)) = self.crowd.get_mut(&found.if_index) {
            *count = count.saturating_sub(1);
        }
    }

    fn crowd_name(&self, if_index: u32, name_of: &dyn Fn(u32) -> Arc<str>) -> Arc<str> {
        self.crowd.get(&if_index).map_or_else(|| name_of(if_index), |(name, _)| Arc::clone(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::{Fdb, Resolved, Topology};
    use crate::model::{MacAddr, Time};

    fn mac(last: u8) -> MacAddr {
        MacAddr([2, 0, 0, 0, 0, last])
    }

    fn name(index: u32) -> Arc<str> {
        format!("ge{index}").into()
    }

    fn ports() -> Vec<PortSample> {
        (101..=110)
            .map(|index| PortSample { if_index: index, name: name(index), if_type: 6, ..PortSample::default() })
            .collect()
    }

    /// Addresses 1 and 2 behind bridge port 1, which is ifIndex 101, and 3 behind port 2.
    fn walked() -> Surroundings {
        let found = |if_index| Resolved { if_index, way: Way::BasePortTable, confidence: 0.95 };
        let fdb = Fdb {
            entries: [(mac(1), 1), (mac(2), 1), (mac(3), 2)].into(),
            ports: [(1, found(101)), (2, found(102))].into(),
            ..Fdb::default()
        };
        let mut surroundings = Surroundings::default();
        surroundings.update(&Topology { fdb: Some(fdb), ..Topology::default() }, &name);
        surroundings
    }

    fn seen(entries: &[(u8, u32)], unknown: &[u8], base: &[(u32, u32)]) -> Sighting {
        let entries = entries.iter().map(|&(last, port)| (mac(last), port)).collect::<BTreeMap<MacAddr, u32>>();
        Sighting {
            target: "hub".into(),
            at: Time::from_secs(9),
            answered: entries.keys().copied().chain(unknown.iter().map(|last| mac(*last))).collect(),
            entries,
            base: base.iter().copied().collect(),
        }
    }

    #[test]
    fn an_address_is_where_it_was_seen_last() {
        let index = |surroundings: &Surroundings, last| surroundings.place(mac(last)).map(|found| found.if_index);
        let mut all = walked();
        // Seen where it was: nothing is new.
        assert_eq!(all.sight(&seen(&[(1, 1)], &[], &[]), ports, &name), []);
        // It moved to a port that is known, and to one that nobody was behind.
        assert_eq!(all.sight(&seen(&[(1, 2)], &[], &[]), ports, &name), [(mac(1), name(101), name(102))]);
        assert_eq!((index(&all, 1), all.neighbours(101), all.neighbours(102)), (Some(102), 1, 2));
        assert_eq!(all.sight(&seen(&[(1, 7)], &[], &[(7, 107)]), ports, &name), [(mac(1), name(102), name(107))]);
        assert_eq!((index(&all, 1), all.neighbours(102), all.neighbours(107)), (Some(107), 1, 1));
        // One that was never seen before is found, and has not moved; one that aged out is nowhere.
        assert_eq!(all.sight(&seen(&[(9, 2)], &[2], &[]), ports, &name), []);
        assert_eq!((index(&all, 9), index(&all, 2), all.neighbours(101)), (Some(102), None, 0));
        // A port that leads to no interface is no place, and neither is the one before any more.
        assert_eq!(all.sight(&seen(&[(3, 900)], &[], &[(900, 777)]), ports, &name), []);
        assert_eq!(index(&all, 3), None);
        // What was not answered stays.
        assert_eq!(index(&all, 9), Some(102));
    }
}
