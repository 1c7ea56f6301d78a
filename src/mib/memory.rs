//! What is remembered of a device from one poll to the next: what hardly changes, so that a poll need not read it. Knows
//! no requests, and no counters.

use super::if_mib::{
    IF_ADMIN_STATUS, IF_ALIAS, IF_DESCR, IF_HC_IN_OCTETS, IF_HIGH_SPEED, IF_NAME, IF_OPER_STATUS, IF_PHYS_ADDRESS,
    IF_SPEED, IF_TYPE,
};
use super::poll::{Brought, mac_of, single, unreadable_text};
use super::system::{SYS_DESCR, SYS_NAME};
use super::{Object, Rows};
use crate::model::observation::PortSample;
use crate::model::snmp::Value;
use crate::model::{MacAddr, Time};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// Ports kept of one target; a chassis of 20,000 interfaces fits.
pub const MAX_PORTS: usize = 20_480;
/// Characters kept of a name or description.
pub const MAX_NAME: usize = 255;
/// How long it is taken for granted that nothing has changed. A change of a port's name or state, another set of ports
/// or a restart of the agent are seen in every poll and end this at once.
pub const REMEMBERED: Duration = Duration::from_secs(300);

/// What hardly changes.
pub(super) static LASTING: &[&Object] =
    &[&IF_DESCR, &IF_TYPE, &IF_SPEED, &IF_PHYS_ADDRESS, &IF_ADMIN_STATUS, &IF_HIGH_SPEED, &IF_ALIAS];

/// A device's memory: 48 bytes a port, and what it has in words of its own, as few have.
#[derive(Debug, Default)]
pub struct Memory {
    /// When it was all read; `None` if something has changed since.
    read_at: Option<Time>,
    /// sysUpTime at the last poll.
    uptime: Option<u32>,
    /// Of names, states and set of the ports when all was read.
    signature: u64,
    /// Some ports have 32-bit counters alone.
    pub(super) narrow: bool,
    sys_name: Box<str>,
    sys_descr: Box<str>,
    ports: Box<[Lasting]>,
    problems: Vec<String>,
}

/// What hardly changes of a port, in the words of [`PortSample`].
#[derive(Clone, Debug)]
pub(super) struct Lasting {
    /// Shared with the same port of other switches of the kind.
    words: Arc<Words>,
    /// What people write there is hardly ever the same.
    alias: Arc<str>,
    speed_bps: u64,
    if_index: u32,
    if_type: u32,
    mac: Option<MacAddr>,
    admin_up: bool,
}

const _: () = assert!(size_of::<Lasting>() <= 48);

/// What a port is called by its maker.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Words {
    name: Arc<str>,
    descr: Arc<str>,
}

impl Lasting {
    /// The port, without what changes.
    pub(super) fn sample(&self) -> PortSample {
        PortSample {
            if_index: self.if_index,
            name: Arc::clone(&self.words.name),
            descr: Arc::clone(&self.words.descr),
            alias: Arc::clone(&self.alias),
            if_type: self.if_type,
            speed_bps: self.speed_bps,
            admin_up: self.admin_up,
            // An EdgeSwitch has the ports in ifXTable alone, without a status.
            oper_up: true,
            mac: self.mac,
            ..PortSample::default()
        }
    }
}

impl Memory {
    pub(super) fn ports(&self) -> &[Lasting] {
        &self.ports
    }

    pub(super) fn problems(&self) -> &[String] {
        &self.problems
    }

    pub(super) const fn sys_name(&self) -> &str {
        &self.sys_name
    }

    pub(super) const fn sys_descr(&self) -> &str {
        &self.sys_descr
    }

    /// What is remembered is too old, or what the first walk of a poll brought shows that it may no longer hold.
    pub(super) fn is_stale(&self, now: Time, first: &Rows) -> bool {
        let fresh = self.read_at.is_some_and(|read_at| now.since(read_at) < REMEMBERED);
        !fresh || self.restarted(first) || self.signature != signature(first)
    }

    /// The first walk found a port that is not remembered, or a row that belongs to none and took the place of one that
    /// does: a walk that trusts the number of ports ended too early.
    #[must_use]
    pub fn finds_more(&self, first: &Rows) -> bool {
        let known = |index| self.ports.binary_search_by_key(&index, |port| port.if_index).is_ok();
        let mut indexes = [&IF_OPER_STATUS, &IF_NAME, &IF_HC_IN_OCTETS]
            .into_iter()
            .flat_map(|object| first.column(object))
            .map(|cell| single(cell.index));
        (1..MAX_PORTS).contains(&self.ports.len()) && indexes.any(|index| index.is_none_or(|index| !known(index)))
    }

    /// sysUpTime fell. Once in 497 days it only wraps.
    fn restarted(&self, rows: &Rows) -> bool {
        rows.uptime.zip(self.uptime).is_some_and(|(now, before)| now < before)
    }

    /// Takes over what a poll brought. Where it did not bring all, and something has changed, what is known of ports that
    /// are still there is kept.
    pub(super) fn update(&mut self, brought: &Brought<'_>, names: &mut Names) {
        let rows = brought.rows;
        let signature = signature(rows);
        if self.restarted(rows) {
            self.read_at = None;
        }
        if brought.lasting || signature != self.signature {
            let mut problems = Vec::new();
            self.ports = self.learn(rows, brought.lasting, &mut problems, names).into_boxed_slice();
            let unreadable = rows.unreadable.iter().filter(|object| LASTING.contains(object));
            problems.extend(unreadable.map(|object| unreadable_text(object)));
            self.problems = problems;
            self.signature = signature;
            self.read_at = brought.lasting.then_some(brought.at);
        }
        if brought.lasting {
            let text = |object| clip(rows.scalar(object).and_then(Value::as_text).unwrap_or_default()).into();
            self.sys_name = text(&SYS_NAME);
            self.sys_descr = text(&SYS_DESCR);
        }
        self.uptime = rows.uptime.or(self.uptime);
    }

    /// Rows of either table; an interface that only ifTable or only ifXTable knows is kept.
    fn learn(&self, rows: &Rows, in_full: bool, problems: &mut Vec<String>, names: &mut Names) -> Vec<Lasting> {
        let known = [&IF_DESCR, &IF_OPER_STATUS, &IF_NAME, &IF_HC_IN_OCTETS];
        let indexes = known.iter().flat_map(|object| rows.column(object)).filter_map(|cell| single(cell.index));
        let indexes = indexes.collect::<BTreeSet<u32>>();
        if indexes.len() > MAX_PORTS {
            problems.push(format!("{} interfaces; only the first {MAX_PORTS} are kept", indexes.len()));
        }
        let mut taken = BTreeSet::<Arc<str>>::new();
        let mut doubles = 0_usize;
        let mut ports = Vec::with_capacity(indexes.len().min(MAX_PORTS));
        for index in indexes.into_iter().take(MAX_PORTS) {
            let before = self.ports.binary_search_by_key(&index, |port| port.if_index).ok();
            let before = before.map(|place| &self.ports[place]).filter(|_| !in_full);
            let mut port = lasting(rows, index, before, names);
            // A name that two ports share names neither: the later one gets its number added.
            if !taken.insert(Arc::clone(&port.words.name)) {
                doubles += 1;
                let words = &port.words;
                port.words = names.words(&format!("{} (ifIndex {index})", words.name), &words.descr);
                taken.insert(Arc::clone(&port.words.name));
            }
            ports.push(port);
        }
        if doubles > 0 {
            problems
                .push(format!("{doubles} interfaces share a name with another; they are known by their ifIndex too"));
        }
        ports
    }
}

/// What is read of a port in every poll and tells that other things may have changed. A link that comes up again may have
/// another speed.
fn signature(rows: &Rows) -> u64 {
    // Without a key of its own: the same rows give the same number.
    let mut hasher = DefaultHasher::new();
    for object in [&IF_NAME, &IF_OPER_STATUS, &IF_HC_IN_OCTETS] {
        object.oid.hash(&mut hasher);
        for cell in rows.column(object) {
            cell.index.hash(&mut hasher);
            match cell.value {
                Value::Octets(bytes) => bytes.hash(&mut hasher),
                Value::Integer(number) => number.hash(&mut hasher),
                _ => {}
            }
        }
    }
    hasher.finish()
}

/// A port's row; without the lasting columns what was known `before` of a port of this number and name.
fn lasting(rows: &Rows, index: u32, before: Option<&Lasting>, names: &mut Names) -> Lasting {
    let cell = |object: &'static Object| rows.cell(object, &[index]);
    let text = |object| cell(object).and_then(|cell| cell.value.as_text()).map(clip).unwrap_or_default();
    let number = |object| cell(object).and_then(|cell| cell.value.as_u64());
    let small = |object| number(object).and_then(|number| u32::try_from(number).ok());
    let descr = text(&IF_DESCR);
    let name = Some(text(&IF_NAME)).filter(|name| !name.is_empty());
    if let Some(before) = before.filter(|before| name.as_deref().is_none_or(|name| *name == *before.words.name)) {
        return before.clone();
    }
    let name = name.or_else(|| Some(descr.clone()).filter(|descr| !descr.is_empty()));
    Lasting {
        if_index: index,
        if_type: small(&IF_TYPE).unwrap_or(0),
        words: names.words(&name.unwrap_or_else(|| index.to_string()), &descr),
        alias: names.intern(&text(&IF_ALIAS)),
        speed_bps: match number(&IF_HIGH_SPEED) {
            Some(mbps) if mbps > 0 => mbps.saturating_mul(1_000_000),
            _ => number(&IF_SPEED).unwrap_or(0),
        },
        mac: cell(&IF_PHYS_ADDRESS).and_then(|cell| mac_of(cell.value)),
        // An EdgeSwitch has the ports in ifXTable alone, without a status.
        admin_up: small(&IF_ADMIN_STATUS).is_none_or(|status| status == 1),
    }
}

pub(super) fn clip(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_NAME) {
        text.truncate(end);
    }
    text
}

/// Strings kept once, however many devices have them.
#[derive(Debug, Default)]
pub struct Names {
    kept: BTreeSet<Arc<str>>,
    words: BTreeSet<Arc<Words>>,
    refused: u64,
}

/// Different strings kept in [`Names`]; about 100 bytes each. Descriptions and names of ports are few within a kind of
/// switch; what people write as ifAlias is not.
pub const MAX_NAMES: usize = 262_144;

impl Names {
    /// The kept string that equals `text`. When all places are taken, those that nobody uses any more are given up; if all
    /// are in use, `text` gets a string of its own, which is counted.
    pub fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(kept) = self.kept.get(text) {
            return Arc::clone(kept);
        }
        let fresh: Arc<str> = text.into();
        // Looking through all of them is worth it only now and then.
        if self.kept.len() == MAX_NAMES && self.refused.is_multiple_of(MAX_NAMES as u64) {
            self.kept.retain(|name| Arc::strong_count(name) > 1);
        }
        if self.kept.len() < MAX_NAMES {
            self.kept.insert(Arc::clone(&fresh));
        } else {
            self.refused += 1;
        }
        fresh
    }

    /// The same for what a port is called.
    fn words(&mut self, name: &str, descr: &str) -> Arc<Words> {
        let fresh = Arc::new(Words { name: self.intern(name), descr: self.intern(descr) });
        if let Some(kept) = self.words.get(&fresh) {
            return Arc::clone(kept);
        }
        if self.words.len() == MAX_NAMES && self.refused.is_multiple_of(MAX_NAMES as u64) {
            self.words.retain(|words| Arc::strong_count(words) > 1);
        }
        if self.words.len() < MAX_NAMES {
            self.words.insert(Arc::clone(&fresh));
        } else {
            self.refused += 1;
        }
        fresh
    }

    /// Strings that found no place.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
