//! Files of targets in the format of Prometheus' file-based service discovery, JSON or YAML. A broken file keeps the list
//! that it gave last. Starts nothing.

use super::Described;
use crate::app::config::{DEFAULT_AUTH, Gentleness, Interval, MIN_POLL, Snmp, yaml};
use crate::app::web::modules;
use crate::io::snmp::{PORT, Place};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files read, all patterns together.
const MAX_FILES: usize = 256;
/// Largest file, bytes: 16,384 targets with labels have room.
const MAX_FILE: u64 = 16 << 20;
/// Endings of files that are read.
const ENDINGS: [&str; 3] = ["yml", "yaml", "json"];

/// A list of targets with their labels.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    targets: Vec<Spanned<String>>,
    #[serde(default)]
    labels: BTreeMap<String, Spanned<String>>,
}

/// What a file says: its targets, and the labels that mean nothing here.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) targets: Vec<Described>,
    pub(super) ignored: BTreeSet<String>,
}

/// Reads the text of a file.
///
/// # Errors
/// `:line:column: reason` of the first mistake.
pub(super) fn parse(text: &str, section: &Snmp) -> Result<Listed, String> {
    let mut listed = Listed::default();
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(listed);
    }
    let groups: Vec<Group> = yaml(text).map_err(|(place, message)| format!("{place}: {message}"))?;
    let mut names = BTreeSet::new();
    for group in groups {
        for described in targets(&group, section, &mut listed.ignored)? {
            let (described, at) = described;
            if !names.insert(described.name.clone()) {
                return Err(format!("{at}: target `{}` is listed twice", described.name));
            }
            listed.targets.push(described);
        }
    }
    Ok(listed)
}

fn at<T>(spanned: &Spanned<T>) -> String {
    format!(":{}:{}", spanned.referenced.line(), spanned.referenced.column())
}

fn targets(group: &Group, section: &Snmp, ignored: &mut BTreeSet<String>) -> Result<Vec<(Described, String)>, String> {
    let (mut auth, mut module, mut interval, mut name) = (DEFAULT_AUTH.to_owned(), None, section.interval.0, None);
    for (label, value) in &group.labels {
        let fault = |message: String| format!("{}: label `{label}`: {message}", at(value));
        match label.as_str() {
            "auth" | "__param_auth" => {
                if !section.credentials().contains_key(&value.value) {
                    let known =
                        section.credentials().keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                    return Err(fault(format!("unknown auth, expected {known}")));
                }
                auth.clone_from(&value.value);
            }
            "module" | "__param_module" => {
                modules(&value.value).map_err(fault)?;
                module = Some(value.value.clone());
            }
            "interval" => {
                interval = value.value.parse::<Interval>().map_err(|message| fault(message.to_owned()))?.0;
                if interval < MIN_POLL {
                    return Err(fault("an interval below 1s is refused; agents refresh every 1-30s".to_owned()));
                }
            }
            "name" if group.targets.len() > 1 => {
                return Err(fault("a name is for one target: give each a group of its own".to_owned()));
            }
            "name" => name = Some(value.value.clone()),
            _ => drop(ignored.insert(label.clone())),
        }
    }
    let described = |target: &Spanned<String>| {
        let place = Place::parse(&target.value, PORT).map_err(|_| {
            format!("{}: not an IP address or host name with an optional port, as in 192.168.1.2:161", at(target))
        })?;
        let described = Described {
            name: name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| target.value.clone()),
            place,
            auth: auth.clone(),
            module: module.clone(),
            interval,
            timeout: section.timeout.0.min(interval),
            gentleness: Gentleness::default(),
        };
        Ok((described, at(target)))
    };
    group.targets.iter().map(described).collect()
}

/// Whether a name fits a pattern in which `*` stands for any letters.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// What is wrong with a pattern, if anything.
pub(crate) fn check_pattern(pattern: &str) -> Result<(), &'static str> {
    let path = Path::new(pattern);
    let folder = path.parent().map(Path::to_string_lossy).unwrap_or_default();
    if folder.contains('*') {
        return Err("`*` may stand in the name of the file only, not in its folder");
    }
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if ENDINGS.contains(&ending) { Ok(()) } else { Err("must end in .yml, .yaml or .json, as in \"targets/*.yml\"") }
}

/// A file as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    changed: Option<SystemTime>,
    bytes: u64,
}

/// The files, as they were read last.
#[derive(Debug, Default)]
pub(super) struct Files {
    patterns: Vec<PathBuf>,
    known: BTreeMap<PathBuf, Known>,
}

#[derive(Debug)]
struct Known {
    stamp: Stamp,
    targets: Vec<Described>,
    problem: Option<String>,
}

/// What a look at the files brought.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Something was read, or a file is gone.
    pub(super) changed: bool,
    /// For the log: labels that were ignored.
    pub(super) notes: Vec<String>,
}

impl Files {
    pub(super) fn new(patterns: Vec<PathBuf>) -> Self {
        Self { patterns, known: BTreeMap::new() }
    }

    /// Follows other patterns from now on. What was read is read again at the next look, since it may mean something else by
    /// another configuration; what cannot be read then keeps its list.
    pub(super) fn follow(&mut self, patterns: Vec<PathBuf>) {
        self.patterns = patterns;
        for known in self.known.values_mut() {
            known.stamp = Stamp { changed: None, bytes: u64::MAX };
        }
    }

    /// Reads what has changed since the last look. May wait for the disk.
    pub(super) fn look(&mut self, section: &Snmp) -> News {
        let mut news = News::default();
        let found = self.found();
        let gone = self.known.keys().filter(|path| !found.contains_key(*path)).cloned().collect::<Vec<_>>();
        for path in gone {
            self.known.remove(&path);
            news.changed = true;
        }
        for (path, stamp) in found {
            if self.known.get(&path).is_some_and(|known| known.stamp == stamp) {
                continue;
            }
            news.changed = true;
            let file = path.display().to_string();
            let read = read(&path).and_then(|text| parse(&text, section));
            let known = self.known.entry(path).or_insert(Known { stamp, targets: Vec::new(), problem: None });
            known.stamp = stamp;
            match read {
                Ok(listed) => {
                    (known.targets, known.problem) = (listed.targets, None);
                    if !listed.ignored.is_empty() {
                        let labels = listed.ignored.into_iter().collect::<Vec<_>>().join(", ");
                        news.notes.push(format!("{file}: labels that mean nothing here are ignored: {labels}"));
                    }
                }
                Err(why) => {
                    let kept = known.targets.len();
                    known.problem = Some(format!("{file}{why}; the {kept} targets that it gave before are kept"));
                }
            }
        }
        news
    }

    fn found(&self) -> BTreeMap<PathBuf, Stamp> {
        let mut found = BTreeMap::new();
        for pattern in &self.patterns {
            let folder = pattern.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let wanted = pattern.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            // A folder that is not there yet has no files yet.
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let Ok(meta) = std::fs::metadata(&path) else { continue };
                if fits(&wanted, &name) && meta.is_file() && found.len() < MAX_FILES {
                    found.insert(path, Stamp { changed: meta.modified().ok(), bytes: meta.len() });
                }
            }
        }
        found
    }

    /// The targets of each file.
    pub(super) fn targets(&self) -> impl Iterator<Item = (String, &Vec<Described>)> {
        self.known.iter().map(|(path, known)| (path.display().to_string(), &known.targets))
    }

    /// What is wrong with files at present.
    pub(super) fn problems(&self) -> impl Iterator<Item = &String> {
        self.known.values().filter_map(|known| known.problem.as_ref())
    }

    /// Files that could be read, and files that could not.
    pub(super) fn counts(&self) -> (u64, u64) {
        let bad = self.problems().count();
        ((self.known.len() - bad) as u64, bad as u64)
    }
}

fn read(path: &Path) -> Result<String, String> {
    use std::io::Read as _;
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| format!(": can't be read: {error}"))?;
    file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(|error| format!(": can't be read: {error}"))?;
    if text.len() as u64 > MAX_FILE {
        return Err(format!(": larger than {} MiB; is it the right file?", MAX_FILE >> 20));
    }
    Ok(text)
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
