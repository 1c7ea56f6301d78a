//! Which switches know an address: an index over the forwarding databases of all targets, so that a question after one
//! address does not look through ten thousand of them. Knows no ports.
//!
//! Addresses are spread over `DRAWERS` drawers, and a drawer holds the numbers of the targets that know one of its
//! addresses: whoever asks looks those up. With a million addresses that are a score of targets for a question, and two
//! bytes an address; a set of pairs would take twenty. Were all addresses in one drawer, a question would look through
//! every target, as without an index.

use crate::model::MacAddr;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Addresses kept of all forwarding databases together: 10,000 switches with 400 each. About 12 bytes each, 8 of them in
/// the database itself and the rest here.
pub const MAX_ENTRIES: usize = 1 << 22;
/// Drawers: a drawer's number has 16 bits.
const DRAWERS: usize = 1 << 16;

/// A target's number in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(u16);

/// The drawers in which a target is, as many as have an address of it.
pub type Drawers = BTreeSet<u16>;

/// The index.
#[derive(Debug, Default)]
pub struct Places {
    /// Numbers of targets in order, by drawer; all of them as soon as there is one.
    drawers: Vec<Vec<u16>>,
    names: Vec<Option<Arc<str>>>,
    free: Vec<u16>,
    entries: usize,
}

impl Places {
    /// A number for a target; `None` when all 65,536 are taken.
    pub fn enter(&mut self, name: &Arc<str>) -> Option<Id> {
        let number = match self.free.pop() {
            Some(number) => number,
            None => {
                let number = u16::try_from(self.names.len()).ok()?;
                self.names.push(None);
                number
            }
        };
        self.names[usize::from(number)] = Some(Arc::clone(name));
        Some(Id(number))
    }

    /// The target is gone; its number is given to another. `known`: all addresses that it knows.
    pub fn leave(&mut self, id: Id, known: impl Iterator<Item = MacAddr>) {
        let (before, count) = drawers_of(known);
        self.replace(id, (&before, count), std::iter::empty());
        if let Some(name) = self.names.get_mut(usize::from(id.0)).filter(|name| name.is_some()) {
            *name = None;
            self.free.push(id.0);
        }
    }

    /// The target knows these addresses from now on, and no others; `before`: what [`drawers_of`] said of those that it
    /// knew.
    pub fn replace(&mut self, id: Id, before: (&Drawers, usize), known: impl Iterator<Item = MacAddr>) {
        let (now, count) = drawers_of(known);
        if self.drawers.is_empty() {
            self.drawers = vec![Vec::new(); DRAWERS];
        }
        for drawer in before.0.difference(&now) {
            let held = &mut self.drawers[usize::from(*drawer)];
            if let Ok(place) = held.binary_search(&id.0) {
                held.remove(place);
            }
            if held.is_empty() {
                *held = Vec::new();
            }
        }
        for drawer in now.difference(before.0) {
            let held = &mut self.drawers[usize::from(*drawer)];
            if let Err(place) = held.binary_search(&id.0) {
                // Doubling would waste half of it.
                if held.len() == held.capacity() {
                    held.reserve_exact(4 + held.len() / 8);
                }
                held.insert(place, id.0);
            }
        }
        self.entries = (self.entries + count).saturating_sub(before.1);
    }

    /// Targets that may know an address, and all that do.
    pub fn of(&self, mac: MacAddr) -> impl Iterator<Item = &Arc<str>> {
        let held = self.drawers.get(usize::from(drawer(mac))).into_iter().flatten();
        held.filter_map(|number| self.names.get(usize::from(*number))?.as_ref())
    }

    /// Addresses for which there is still room.
    #[must_use]
    pub fn room(&self) -> usize {
        MAX_ENTRIES.saturating_sub(self.entries)
    }
}

/// The drawers of these addresses, and how many addresses there are.
#[must_use]
pub fn drawers_of(known: impl Iterator<Item = MacAddr>) -> (Drawers, usize) {
    let mut count = 0;
    let drawers = known.inspect(|_| count += 1).map(drawer).collect();
    (drawers, count)
}

/// Vendors' addresses differ in their last bytes alone, those of virtual machines in others: all count.
fn drawer(mac: MacAddr) -> u16 {
    // Multiplicative hashing by the golden ratio; the highest bits depend on all.
    let mixed = mac.as_u64().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 48) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(last: u8) -> MacAddr {
        MacAddr([0xff, 0, 0, 0, 0, last])
    }

    fn of(places: &Places, last: u8) -> Vec<String> {
        places.of(mac(last)).map(ToString::to_string).collect()
    }

    #[test]
    fn targets_come_and_go_and_numbers_are_used_again() {
        let mut places = Places::default();
        assert!(of(&places, 1).is_empty());
        let ids = ["core", "attic", "shed"].map(|name| places.enter(&name.into()).expect("room"));
        let nothing = Drawers::new();
        for (id, known) in ids.into_iter().zip([&[1][..], &[1, 2], &[3]]) {
            places.replace(id, (&nothing, 0), known.iter().map(|last| mac(*last)));
        }
        assert_eq!(
            (of(&places, 1), of(&places, 2)),
            (vec!["core".to_owned(), "attic".to_owned()], vec!["attic".to_owned()])
        );
        assert_eq!(places.room(), MAX_ENTRIES - 4);
        let (before, count) = drawers_of([mac(1)].into_iter());
        places.replace(ids[0], (&before, count), [mac(7)].into_iter());
        places.leave(ids[1], [mac(1), mac(2)].into_iter());
        places.leave(ids[1], std::iter::empty());
        assert!(of(&places, 1).is_empty() && of(&places, 2).is_empty() && of(&places, 7) == ["core"]);
        let (again, more) = (places.enter(&"new".into()).expect("room"), places.enter(&"newer".into()).expect("room"));
        assert!(again == ids[1] && more != again, "given back once");
        places.replace(again, (&nothing, 0), [mac(9)].into_iter());
        assert_eq!((of(&places, 9), of(&places, 3)), (vec!["new".to_owned()], vec!["shed".to_owned()]));
        assert_eq!(places.room(), MAX_ENTRIES - 3);
    }

    #[test]
    fn addresses_of_one_maker_are_spread() {
        let numbers = (0..DRAWERS as u32).map(|n| {
            let [_, a, b, c] = n.to_be_bytes();
            MacAddr([0x3c, 0x84, 0x6a, a, b, c])
        });
        let (drawers, count) = drawers_of(numbers);
        // Of as many addresses as drawers, thrown at random, 63 % of the drawers get one.
        assert!(count == DRAWERS && drawers.len() > DRAWERS / 2, "{}", drawers.len());
    }

    #[test]
    fn numbers_are_bounded() {
        let mut places = Places::default();
        let entered = (0..70_000).filter(|n: &u32| places.enter(&n.to_string().into()).is_some()).count();
        assert_eq!(entered, usize::from(u16::MAX) + 1);
    }
}
