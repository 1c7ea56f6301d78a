//! Which interface a bridge port is. By the standard dot1dBasePortTable says so; real switches leave it out, fill it with
//! interfaces that do not exist, or number the ports of their forwarding database otherwise. Knows no addresses.

use crate::model::observation::PortSample;
use crate::model::topology::{Resolved, Way};
use std::collections::{BTreeMap, BTreeSet};

/// Bridge ports that offsets are tried with; more would prove nothing more.
const MAX_TRIED: usize = 64;
/// Bridge ports whose distance to every interface is tried as an offset.
const MAX_SEEDS: usize = 4;

/// What an interface can be to a bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Something with a cable or an antenna, or of a type that the agent does not tell.
    Physical,
    /// A link aggregate.
    Aggregate,
    /// Virtual: only where the switch itself says so.
    Virtual,
    /// Never a port of a bridge.
    Never,
}

fn kind(port: &PortSample) -> Kind {
    match port.if_type {
        // ethernetCsmacd and its obsolete relatives. TP-Link and Ubiquiti have VLANs of this type.
        0 | 6 | 7 | 26 | 62 | 69 | 71 | 117 => {
            let named = |text: &str| text.to_ascii_lowercase().contains("vlan");
            if named(&port.name) || named(&port.descr) { Kind::Virtual } else { Kind::Physical }
        }
        // propMultiplexor (FortiSwitch, ProCurve) and ieee8023adLag.
        54 | 161 => Kind::Aggregate,
        // softwareLoopback, l3ipvlan, ipForward.
        24 | 136 | 142 => Kind::Never,
        _ => Kind::Virtual,
    }
}

/// What is to be said of dot1dBasePortTable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseMap {
    /// There is none.
    Absent,
    /// It leads to interfaces.
    Valid,
    /// It leads nowhere, or all ports to one interface, as some Junipers have it.
    Invalid,
}

/// The bridge ports in use, and what they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    /// Those that are known, surely or less so.
    pub ports: BTreeMap<u32, Resolved>,
    /// Those that belong to no interface.
    pub unresolved: BTreeSet<u32>,
    /// What is to be said of dot1dBasePortTable.
    pub base: BaseMap,
}

impl Resolution {
    /// The least sure of the ways taken.
    #[must_use]
    pub fn weakest(&self) -> Option<Resolved> {
        self.ports.values().copied().min_by(|a, b| a.confidence.total_cmp(&b.confidence))
    }
}

/// Takes the bridge ports in `used` for interfaces. `ports` are in the order of their ifIndex, as in a sample.
#[must_use]
pub fn resolve(base: &BTreeMap<u32, u32>, ports: &[PortSample], used: &BTreeSet<u32>) -> Resolution {
    let interfaces = Interfaces::new(ports);
    let (map, state) = interfaces.usable(base);
    let mut resolution = Resolution { ports: BTreeMap::new(), unresolved: BTreeSet::new(), base: state };
    // 0 says that the port is not known, unless the switch itself counts its ports from there.
    let counts_from_zero = used.len() > 1 && map.contains_key(&0);
    for port in used.iter().filter(|port| **port > 0 || counts_from_zero) {
        match map.get(port) {
            Some(&if_index) => {
                let found = Resolved { if_index, way: Way::BasePortTable, confidence: 0.95 };
                resolution.ports.insert(*port, found);
            }
            None => drop(resolution.unresolved.insert(*port)),
        }
    }
    let guess = match (resolution.ports.is_empty(), constant_offset(&map)) {
        _ if resolution.unresolved.is_empty() => None,
        (true, _) => interfaces.contest(&resolution.unresolved, state),
        // A map that was cut short goes on as it began; else the rest are numbers of interfaces, if anything.
        (false, Some(offset)) => Some(Guess { offset, confidence: 0.8 }),
        (false, None) => Some(Guess { offset: 0, confidence: 0.6 }),
    };
    if let Some(guess) = guess {
        interfaces.apply(guess, &mut resolution);
    }
    interfaces.sole_aggregate(base, &mut resolution);
    resolution
}

/// The same number is to be added to every port of the map.
fn constant_offset(map: &BTreeMap<u32, u32>) -> Option<i64> {
    let mut offsets = map.iter().map(|(port, index)| i64::from(*index) - i64::from(*port));
    let first = offsets.next().filter(|_| map.len() > 1)?;
    offsets.all(|offset| offset == first).then_some(first)
}

/// A numbering, and how sure it is.
#[derive(Clone, Copy, Debug)]
struct Guess {
    offset: i64,
    confidence: f64,
}

/// How well a numbering fits, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// Ports that land on an interface of a fitting kind.
    landed: usize,
    /// Each of them on one whose name ends in the port's number.
    all_named: bool,
    /// The numbers are the same: as simple as can be.
    same: bool,
    /// Those with the port's number at the end of the name.
    named: usize,
    /// Port 1 is the first of a block of interfaces.
    anchored: bool,
}

struct Interfaces<'a> {
    ports: &'a [PortSample],
    /// A name ends in 0: ports are counted from there.
    from_zero: bool,
}

impl<'a> Interfaces<'a> {
    fn new(ports: &'a [PortSample]) -> Self {
        let from_zero = ports.iter().any(|port| kind(port) == Kind::Physical && last_number(&port.name) == Some(0));
        Self { ports, from_zero }
    }

    fn get(&self, index: u32) -> Option<&'a PortSample> {
        self.ports.binary_search_by_key(&index, |port| port.if_index).ok().map(|at| &self.ports[at])
    }

    /// The entries of dot1dBasePortTable that lead to an interface a bridge can have; none, if too few do.
    fn usable(&self, base: &BTreeMap<u32, u32>) -> (BTreeMap<u32, u32>, BaseMap) {
        if base.is_empty() {
            return (BTreeMap::new(), BaseMap::Absent);
        }
        let fitting = |index: u32| self.get(index).filter(|port| kind(port) != Kind::Never);
        let map = base.iter().filter_map(|(&port, &index)| Some((port, self.unit_of(fitting(index)?))));
        let map = map.collect::<BTreeMap<u32, u32>>();
        let distinct = map.values().collect::<BTreeSet<_>>().len();
        let several = map.len() < 3 || distinct * 2 >= map.len();
        if map.len() * 2 >= base.len() && several { (map, BaseMap::Valid) } else { (BTreeMap::new(), BaseMap::Invalid) }
    }

    /// Junos maps bridge ports to logical units: `ge-0/0/1.0` is counted as `ge-0/0/1`, if that is there.
    fn unit_of(&self, port: &PortSample) -> u32 {
        let parent = (port.if_type == 53).then(|| port.name.rsplit_once('.')).flatten();
        let parent = parent.filter(|(_, unit)| unit.bytes().all(|byte| byte.is_ascii_digit()));
        let parent = parent
            .and_then(|(name, _)| self.ports.iter().find(|known| &*known.name == name && kind(known) != Kind::Never));
        parent.map_or(port.if_index, |parent| parent.if_index)
    }

    /// Where a port lands by an offset, if that is a place for one.
    fn land(&self, port: u32, offset: i64) -> Option<&'a PortSample> {
        let index = u32::try_from(i64::from(port).checked_add(offset)?).ok()?;
        self.get(index).filter(|port| matches!(kind(port), Kind::Physical | Kind::Aggregate))
    }

    fn fit(&self, tried: &[u32], offset: i64) -> Fit {
        let (mut landed, mut from_one, mut from_zero) = (0, 0, 0);
        for &port in tried {
            let Some(found) = self.land(port, offset) else { continue };
            landed += 1;
            let ends_in =
                |number| [&found.name, &found.descr].into_iter().any(|text| last_number(text) == Some(number));
            from_one += usize::from(ends_in(port));
            from_zero += usize::from(self.from_zero && ends_in(port - 1));
        }
        let named = from_one.max(from_zero);
        let anchored = self.land(1, offset).is_some() && self.land(0, offset).is_none();
        Fit { landed, all_named: landed > 0 && named == landed, same: offset == 0, named, anchored }
    }

    /// Finds the one number that, added to every port, leads to interfaces.
    fn contest(&self, ports: &BTreeSet<u32>, base: BaseMap) -> Option<Guess> {
        let tried = ports.iter().copied().take(MAX_TRIED).collect::<Vec<_>>();
        let seeds = tried.iter().take(MAX_SEEDS);
        let distance = |seed: &u32, port: &PortSample| i64::from(port.if_index) - i64::from(*seed);
        let offsets = seeds.flat_map(|seed| self.ports.iter().map(move |port| distance(seed, port)));
        let offsets = offsets.chain([0]).collect::<BTreeSet<i64>>();
        // A port or two may be the switch itself or an aggregate with a number of its own.
        let enough = (tried.len() * 3).div_ceil(4);
        let mut best: Option<(Fit, i64)> = None;
        let mut rivals = 0;
        for offset in offsets {
            let fit = self.fit(&tried, offset);
            if fit.landed < enough {
                continue;
            }
            let equal = best.is_some_and(|(known, _)| known.landed == fit.landed);
            rivals = if equal {
                rivals + 1
            } else if best.is_none_or(|(known, _)| fit > known) {
                0
            } else {
                rivals
            };
            if best.is_none_or(|(known, _)| fit >= known) {
                best = Some((fit, offset));
            }
        }
        let (fit, offset) = best?;
        let all = fit.landed == tried.len();
        let confidence = match (all, tried.len()) {
            (true, 2..) if fit.all_named => 0.9,
            _ if fit.all_named => 0.7,
            // With a table that leads nowhere the numbers are less to be believed.
            (true, 2..) if fit.same && base == BaseMap::Absent => 0.8,
            (true, _) if fit.same => 0.7,
            _ if fit.named * 2 > fit.landed => 0.6,
            (true, 3..) if rivals == 0 => 0.6,
            _ => 0.25,
        };
        Some(Guess { offset, confidence })
    }

    fn apply(&self, guess: Guess, resolution: &mut Resolution) {
        let way = if guess.offset == 0 { Way::IfIndex } else { Way::Offset(guess.offset) };
        let mut rest = BTreeSet::new();
        for port in std::mem::take(&mut resolution.unresolved) {
            match self.land(port, guess.offset) {
                Some(found) => {
                    let found = Resolved { if_index: found.if_index, way, confidence: guess.confidence };
                    resolution.ports.insert(port, found);
                }
                None => drop(rest.insert(port)),
            }
        }
        resolution.unresolved = rest;
    }

    /// A FortiSwitch gives its aggregate the bridge port 32768, which is in no table. Where one such number is left, and
    /// one aggregate to which no port leads, they belong together.
    fn sole_aggregate(&self, base: &BTreeMap<u32, u32>, resolution: &mut Resolution) {
        let taken = resolution.ports.values().map(|found| found.if_index).collect::<BTreeSet<_>>();
        let aggregates = self.ports.iter().filter(|port| kind(port) == Kind::Aggregate);
        let left = aggregates.filter(|port| !taken.contains(&port.if_index)).collect::<Vec<_>>();
        let beyond = |port: &u32| base.keys().last().is_some_and(|last| port > last);
        let unresolved = resolution.unresolved.iter().copied().collect::<Vec<_>>();
        if let ([aggregate], [port]) = (&left[..], &unresolved[..])
            && beyond(port)
            && !taken.is_empty()
        {
            let found = Resolved { if_index: aggregate.if_index, way: Way::SoleAggregate, confidence: 0.5 };
            resolution.ports.insert(*port, found);
            resolution.unresolved.clear();
        }
    }
}

/// The last number in a text: 15 in `gigabitEthernet 1/0/15 : copper`.
fn last_number(text: &str) -> Option<u32> {
    let end = text.rfind(|character: char| character.is_ascii_digit())? + 1;
    let start = text[..end]
        .rfind(|character: char| !character.is_ascii_digit())
        .map_or(0, |before| before + text[before..].chars().next().map_or(1, char::len_utf8));
    text[start..end].parse().ok()
}

#[cfg(test)]
#[path = "resolver_tests.rs"]
mod tests;
