//! What a look-up of a few addresses changes in what is known of a bridge: they are behind another port, or behind none.
//! The rest of its forwarding database stays as the last walk found it.

use super::topology::{Changes, Surroundings};
use crate::mib::forwarding::MAX_FDB;
use crate::mib::resolver::resolve;
use crate::model::MacAddr;
use crate::model::observation::PortSample;
use crate::model::topology::{Fdb, Sighting, Way};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Bridge ports kept of one target. A bridge that invents a new one at each look-up is not believed for ever.
const MAX_BRIDGE_PORTS: usize = 32_768;
/// Addresses whose last look-up is remembered until the forwarding database is read again.
const MAX_SIGHTED: usize = 256;

impl Surroundings {
    /// Takes a look-up over, with `most` addresses at most. `ports` are asked for if a bridge port is new, in the order of
    /// their ifIndex.
    ///
    /// The packed database is made anew if anything is different: that happens a few times in a storm, and costs less
    /// than a form that every target would have to keep for it.
    pub fn sight(
        &mut self,
        seen: &Sighting,
        most: usize,
        ports: impl FnOnce() -> Vec<PortSample>,
        name_of: &dyn Fn(u32) -> Arc<str>,
    ) -> Changes {
        let mut sighted = std::mem::take(&mut self.sighted);
        let is_new = |mac: &MacAddr| self.bridge_port(*mac) != seen.entries.get(mac).copied();
        let changes = if seen.answered.iter().any(is_new) {
            let mut fdb = self.unpacked();
            learn_ports(&mut fdb, seen, ports);
            for mac in &seen.answered {
                match seen.entries.get(mac).filter(|port| fdb.ports.contains_key(port)) {
                    Some(&port) => _ = fdb.entries.insert(*mac, port),
                    None => _ = fdb.entries.remove(mac),
                }
            }
            self.replace(&fdb, most.min(MAX_FDB), name_of)
        } else {
            Changes::default()
        };
        for &mac in &seen.answered {
            if sighted.len() >= MAX_SIGHTED && !sighted.contains_key(&mac) {
                sighted.pop_first();
            }
            sighted.insert(mac, seen.at);
        }
        self.sighted = sighted;
        changes
    }
}

/// Bridge ports that no address was behind before. Those that are known stay what they are.
fn learn_ports(fdb: &mut Fdb, seen: &Sighting, ports: impl FnOnce() -> Vec<PortSample>) {
    let known = &fdb.ports;
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
    fdb.ports.extend(fresh.into_iter().filter_map(|port| Some((port, *found.get(&port)?))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;
    use crate::model::topology::{Resolved, Topology};

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
        surroundings.update(&Topology { fdb: Some(fdb), ..Topology::default() }, MAX_FDB, &name);
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
        let sight = |all: &mut Surroundings, seen: &Sighting| all.sight(seen, MAX_FDB, ports, &name).moves;
        // Seen where it was: nothing is new.
        assert_eq!(sight(&mut all, &seen(&[(1, 1)], &[], &[])), []);
        // It moved to a port that is known, and to one that nobody was behind.
        assert_eq!(sight(&mut all, &seen(&[(1, 2)], &[], &[])), [(mac(1), name(101), name(102))]);
        assert_eq!((index(&all, 1), all.neighbours(101), all.neighbours(102)), (Some(102), 1, 2));
        assert_eq!(sight(&mut all, &seen(&[(1, 7)], &[], &[(7, 107)])), [(mac(1), name(102), name(107))]);
        assert_eq!((index(&all, 1), all.neighbours(102), all.neighbours(107)), (Some(107), 1, 1));
        // One that was never seen before is found, and has not moved; one that aged out is nowhere.
        assert_eq!(sight(&mut all, &seen(&[(9, 2)], &[2], &[])), []);
        assert_eq!((index(&all, 9), index(&all, 2), all.neighbours(101)), (Some(102), None, 0));
        // A port that leads to no interface is no place, and neither is the one before any more.
        assert_eq!(sight(&mut all, &seen(&[(3, 900)], &[], &[(900, 777)])), []);
        assert_eq!(index(&all, 3), None);
        // What was not answered stays.
        assert_eq!(index(&all, 9), Some(102));
    }
}
