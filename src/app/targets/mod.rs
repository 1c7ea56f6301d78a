//! All targets, wherever they come from: the configuration, files that may change, and searches. One list by name is the
//! result; who polls and who answers `/snmp` take it from here. Asks no device itself.

mod discover;
mod files;
mod keeper;

pub(crate) use files::check_pattern;
pub use keeper::{Keeper, start};

use super::config::{Gentleness, Snmp};
use super::tasks::Rhythm;
use crate::io::snmp::{self, Located, Place};
use crate::observe::targets::MAX_TARGETS;
pub use crate::view::metrics_targets::Counts;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A target as a source describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// Name of its credentials, which exist.
    pub auth: String,
    /// What a scrape that Prometheus is told of asks for, if it is not the usual.
    pub module: Option<String>,
    /// From the start of one poll to the start of the next.
    pub interval: Duration,
    /// How long one poll may take.
    pub timeout: Duration,
    /// How gently it is asked.
    pub gentleness: Gentleness,
}

/// A target that is polled and may be scraped.
#[derive(Debug)]
pub struct Entry {
    /// Name of its credentials.
    pub auth: String,
    /// What a scrape that Prometheus is told of asks for, if it is not the usual.
    pub module: Option<String>,
    /// Where and how it is asked.
    pub located: Arc<Located>,
    described: Described,
}

impl Entry {
    /// When it is polled, and how long that may take.
    #[must_use]
    pub fn rhythm(&self) -> Rhythm {
        Rhythm { interval: self.described.interval, timeout: self.described.timeout }
    }
}

/// All targets by name.
#[derive(Debug, Default)]
pub struct List {
    entries: Vec<Arc<Entry>>,
    /// By place; of several at one place the first by name.
    places: BTreeMap<String, usize>,
}

impl List {
    fn new(entries: Vec<Arc<Entry>>) -> Self {
        let mut places = BTreeMap::new();
        for (at, entry) in entries.iter().enumerate() {
            places.entry(entry.located.place().to_string()).or_insert(at);
        }
        Self { entries, places }
    }

    /// In the order of their names.
    #[must_use]
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// The target of that name, else the one at that place.
    #[must_use]
    pub fn find(&self, name: &str, place: Option<&Place>) -> Option<&Arc<Entry>> {
        let by_name = self.entries.binary_search_by(|entry| (**entry.located.name()).cmp(name)).ok();
        by_name.or_else(|| self.places.get(&place?.to_string()).copied()).map(|at| &self.entries[at])
    }
}

/// Where a target comes from; the first that names it wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Configuration,
    File(String),
    Discovery,
}

impl Origin {
    /// For people.
    fn text(&self) -> &str {
        match self {
            Self::Configuration => "snmp.targets",
            Self::File(file) => file,
            Self::Discovery => "discovery",
        }
    }
}

/// What all sources describe, as one list. Those that stay as they were keep what is known of them.
///
/// Gives the list and what is wrong with the descriptions: names given twice, places listed twice, too many.
fn merged(sources: &BTreeMap<Origin, Vec<Described>>, before: &List, section: &Snmp) -> (List, Vec<String>) {
    let mut problems = Vec::new();
    let mut taken: BTreeMap<&str, (&Origin, &Described)> = BTreeMap::new();
    let mut places: BTreeMap<String, &Origin> = BTreeMap::new();
    for (origin, described) in sources.iter().flat_map(|(origin, all)| all.iter().map(move |one| (origin, one))) {
        let (name, from) = (described.name.as_str(), origin.text());
        if let Some((first, _)) = taken.get(name) {
            problems.push(format!("target `{name}` of {from} is left out: {} has one of that name", first.text()));
            continue;
        }
        if taken.len() >= MAX_TARGETS {
            problems
                .push(format!("from target `{name}` of {from} on all are left out: there are more than {MAX_TARGETS}"));
            break;
        }
        if let Some(first) = places.insert(described.place.to_string(), origin) {
            let place = &described.place;
            problems.push(format!("target `{name}` of {from} is at {place}, where {} has one already", first.text()));
        }
        taken.insert(name, (origin, described));
    }
    let entries = taken.into_values().filter_map(|(_, described)| entry(described, before, section)).collect();
    (List::new(entries), problems)
}

fn entry(described: &Described, before: &List, section: &Snmp) -> Option<Arc<Entry>> {
    // Sources are checked when they are read: credentials that are not there cannot be named.
    let auth = section.credentials().get(&described.auth)?.clone();
    let mut target = snmp::Target::new(described.name.as_str(), ([0, 0, 0, 0], 0).into(), auth);
    section.gentleness().apply(&mut target);
    described.gentleness.apply(&mut target);
    let located = Located::new(target, described.place.clone());
    let same = |known: &&Arc<Entry>| known.described == *described && known.located.is_same(&located);
    if let Some(known) = before.find(&described.name, None).filter(same) {
        return Some(Arc::clone(known));
    }
    Some(Arc::new(Entry {
        auth: described.auth.clone(),
        module: described.module.clone(),
        located: Arc::new(located),
        described: described.clone(),
    }))
}

/// The targets of the configuration itself, which are checked already.
fn of_configuration(section: &Snmp) -> Vec<Described> {
    let described = |entry: &super::config::Target| {
        let interval = entry.interval.unwrap_or(section.interval).0;
        Some(Described {
            name: entry.name.value.clone(),
            place: entry.place().ok()?,
            auth: entry.auth_name().to_owned(),
            module: None,
            interval,
            timeout: entry.timeout.unwrap_or(section.timeout).0.min(interval),
            gentleness: entry.gentleness(),
        })
    };
    section.targets.iter().filter_map(described).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(name: &str, address: &str) -> Described {
        Described {
            name: name.to_owned(),
            place: Place::parse(address, 161).expect("an address"),
            auth: "public_v2".to_owned(),
            module: None,
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            gentleness: Gentleness::default(),
        }
    }

    #[test]
    fn the_first_source_of_a_name_wins_and_the_rest_is_said() {
        let section = Snmp::default();
        let sources = BTreeMap::from([
            (Origin::Discovery, vec![described("hub", "10.0.0.9"), described("new", "10.0.0.3")]),
            (Origin::File("b.yml".to_owned()), vec![described("attic", "10.0.0.1"), described("hub", "10.0.0.8")]),
            (Origin::Configuration, vec![described("hub", "10.0.0.1")]),
        ]);
        let (list, problems) = merged(&sources, &List::default(), &section);
        let names = list.entries().iter().map(|entry| &**entry.located.name()).collect::<Vec<_>>();
        assert_eq!(names, ["attic", "hub", "new"]);
        let hub = list.find("hub", None).expect("there");
        assert_eq!(hub.located.place().to_string(), "10.0.0.1:161");
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems.iter().any(|said| said.contains("`attic` of b.yml") && said.contains("snmp.targets")));
        // By place, the first by name.
        let place = Place::parse("10.0.0.1", 161).expect("an address");
        assert_eq!(
            list.find("10.0.0.1", Some(&place)).map(|entry| entry.located.name().to_string()).as_deref(),
            Some("attic")
        );
        assert!(list.find("10.0.0.77", Place::parse("10.0.0.77", 161).ok().as_ref()).is_none());
    }

    #[test]
    fn what_stays_as_it_was_is_kept() {
        let section = Snmp::default();
        let one = |address| {
            BTreeMap::from([(Origin::Configuration, vec![described("a", "10.0.0.1"), described("b", address)])])
        };
        let (first, _) = merged(&one("10.0.0.2"), &List::default(), &section);
        let (second, _) = merged(&one("10.0.0.3"), &first, &section);
        assert!(Arc::ptr_eq(&first.entries()[0], &second.entries()[0]));
        assert!(!Arc::ptr_eq(&first.entries()[1], &second.entries()[1]));
        // The same words mean something else once the password behind them has changed.
        let text = "snmp: {auths: {public_v2: {community: other}}}";
        let section = crate::app::config::parse(text, "stormglass.yml").expect("good").snmp;
        let (third, _) = merged(&one("10.0.0.3"), &second, &section);
        assert!(!Arc::ptr_eq(&second.entries()[0], &third.entries()[0]));
    }
}
