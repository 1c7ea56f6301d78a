//! Which switches know an address: an index over the forwarding databases of all targets, so that a question after one
//! address does not look through ten thousand of them. Knows no ports.

use crate::model::MacAddr;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Addresses kept of all forwarding databases together: 10,000 switches with 400 each. About 24 bytes each, 8 of them in
/// the database itself and the rest here.
pub const MAX_ENTRIES: usize = 1 << 22;
/// Bits of a pair that tell the target.
const BITS: u32 = 16;

/// A target's number in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(u16);

/// The index.
#[derive(Debug, Default)]
pub struct Places {
    /// The address, then the number of a target that knows it.
    pairs: BTreeSet<u64>,
    names: Vec<Option<Arc<str>>>,
    free: Vec<u16>,
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
        known.for_each(|mac| self.remove(id, mac));
        if let Some(name) = self.names.get_mut(usize::from(id.0)).filter(|name| name.is_some()) {
            *name = None;
            self.free.push(id.0);
        }
    }

    /// The target knows this address from now on.
    pub fn insert(&mut self, id: Id, mac: MacAddr) {
        self.pairs.insert(pair(mac, id));
    }

    /// The target does not know this address any more.
    pub fn remove(&mut self, id: Id, mac: MacAddr) {
        self.pairs.remove(&pair(mac, id));
    }

    /// The targets that know an address.
    pub fn of(&self, mac: MacAddr) -> impl Iterator<Item = &Arc<str>> {
        let pairs = self.pairs.range(pair(mac, Id(0))..=pair(mac, Id(u16::MAX)));
        pairs.filter_map(|pair| self.names.get(usize::from(*pair as u16))?.as_ref())
    }

    /// Addresses for which there is still room.
    #[must_use]
    pub fn room(&self) -> usize {
        MAX_ENTRIES.saturating_sub(self.pairs.len())
    }
}

fn pair(mac: MacAddr, Id(number): Id) -> u64 {
    mac.as_u64() << BITS | u64::from(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(last: u8) -> MacAddr {
        MacAddr([0xff, 0, 0, 0, 0, last])
    }

    #[test]
    fn targets_come_and_go_and_numbers_are_used_again() {
        let mut places = Places::default();
        let names: Vec<Arc<str>> = ["core", "attic", "shed"].map(Arc::from).to_vec();
        let ids = names.iter().map(|name| places.enter(name).expect("room")).collect::<Vec<_>>();
        for (id, last) in [(ids[0], 1), (ids[1], 1), (ids[1], 2), (ids[2], 3)] {
            places.insert(id, mac(last));
        }
        let of = |places: &Places, last| places.of(mac(last)).map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            (of(&places, 1), of(&places, 2)),
            (vec!["core".to_owned(), "attic".to_owned()], vec!["attic".to_owned()])
        );
        places.remove(ids[0], mac(1));
        places.leave(ids[1], [mac(1), mac(2)].into_iter());
        places.leave(ids[1], std::iter::empty());
        assert!(of(&places, 1).is_empty() && of(&places, 2).is_empty());
        let (again, more) = (places.enter(&"new".into()).expect("room"), places.enter(&"newer".into()).expect("room"));
        assert!(again == ids[1] && more != again, "given back once");
        places.insert(again, mac(9));
        assert_eq!((of(&places, 9), of(&places, 3)), (vec!["new".to_owned()], vec!["shed".to_owned()]));
        assert_eq!(places.room(), MAX_ENTRIES - 2);
    }

    #[test]
    fn numbers_are_bounded() {
        let mut places = Places::default();
        let entered = (0..70_000).filter(|n: &u32| places.enter(&n.to_string().into()).is_some()).count();
        assert_eq!(entered, usize::from(u16::MAX) + 1);
    }
}
