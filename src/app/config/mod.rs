//! The configuration file: YAML, strict. Every error names file, line and what is allowed, and never shows a value,
//! which may be a password. Opens no sockets and starts nothing.

mod auths;
mod detect;
mod expected;
mod notify;
mod recorder;
mod restart;
mod storage;
mod subnet;
mod targets;
mod units;
mod web_file;

pub use auths::{AuthEntry, DEFAULT_AUTH, Hidden, NamedAuth, NamedPriv, SecurityLevel, Version, read_secret, unplaced};
pub use detect::DetectCounters;
pub use expected::ExpectedEntry;
pub use notify::{HEARTBEAT, Notify};
pub use recorder::Recorder;
pub use restart::needing_restart;
pub use storage::Storage;
pub use subnet::{Discover, Subnet};
pub use targets::{Gentleness, Target};
pub use units::{Interfaces, Interval};
pub use web_file::WebFile;

use crate::app::targets::check_pattern;
use crate::detect::Thresholds;
use crate::explain::Names;
use crate::explain::reach::MapE;
use crate::io::snmp::{self, Auth};
use crate::model::MacAddr;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Largest configuration file read, bytes.
const MAX_FILE: u64 = 4 << 20;
/// Shortest interval at which a target is polled: agents refresh their counters every 1-30 s.
pub const MIN_POLL: Duration = Duration::from_secs(1);

/// Entries of each list of sources.
const MAX_SOURCES: usize = 64;

/// The whole file. An absent section has its defaults; an empty file is a valid configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What is polled by SNMP.
    pub snmp: Snmp,
    /// Which interfaces are captured.
    pub capture: Capture,
    /// Which interfaces are searched for UPnP devices.
    pub upnp: Upnp,
    /// Whether the harmless part of `doctor` is repeated.
    pub doctor: Doctor,
    /// Where the exporter listens.
    pub web: Web,
    /// What the user calls the devices, by MAC or address.
    pub names: BTreeMap<String, Spanned<String>>,
    /// Traffic that is no storm; [`Config::expectations`] has it ready.
    pub expected: Vec<Spanned<ExpectedEntry>>,
    /// The limits.
    pub detect: Detect,
    /// What is kept of the frames around the onset of a storm.
    pub recorder: Recorder,
    /// Where the history of storms is kept.
    pub storage: Storage,
    /// Who is told of storms, and how.
    pub notify: Notify,
}

/// `snmp:`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Snmp {
    /// Credentials by name, as written; [`Snmp::credentials`] has them ready.
    pub auths: BTreeMap<String, Spanned<AuthEntry>>,
    /// What is polled.
    pub targets: Vec<Target>,
    /// Files of more targets, in the format of Prometheus' file-based service discovery; `*` in the name.
    pub target_files: Vec<Spanned<String>>,
    /// Blocks of addresses that are searched for targets.
    pub discover: Vec<Discover>,
    /// Blocks of addresses that `/snmp` may read although they are no targets.
    pub allowed_subnets: Vec<Spanned<String>>,
    /// How often, where the target does not say.
    pub interval: Interval,
    /// How long one poll may take, where the target does not say.
    pub timeout: Interval,
    /// [`Gentleness::request_timeout`].
    pub request_timeout: Option<Interval>,
    /// [`Gentleness::retries`].
    pub retries: Option<u32>,
    /// [`Gentleness::max_repetitions`].
    pub max_repetitions: Option<u32>,
    /// [`Gentleness::max_columns`].
    pub max_columns: Option<usize>,
    #[serde(skip)]
    credentials: BTreeMap<String, Auth>,
    #[serde(skip)]
    allowed: Vec<Subnet>,
    /// Where the configuration file is.
    #[serde(skip)]
    folder: PathBuf,
}

impl Default for Snmp {
    fn default() -> Self {
        Self {
            auths: BTreeMap::new(),
            targets: Vec::new(),
            target_files: Vec::new(),
            discover: Vec::new(),
            allowed_subnets: Vec::new(),
            interval: Interval::seconds(10),
            timeout: Interval::seconds(5),
            request_timeout: None,
            retries: None,
            max_repetitions: None,
            max_columns: None,
            credentials: auths::ready(&BTreeMap::new(), Path::new("")).unwrap_or_default(),
            allowed: Vec::new(),
            folder: PathBuf::new(),
        }
    }
}

impl Snmp {
    /// Whether anything may be polled: then this host's own counters need not stand in.
    #[must_use]
    pub fn has_targets(&self) -> bool {
        !(self.targets.is_empty() && self.target_files.is_empty() && self.discover.is_empty())
    }

    /// Whether `/snmp` may read this address although it is no target.
    #[must_use]
    pub fn allows(&self, ip: IpAddr) -> bool {
        self.allowed.iter().any(|subnet| subnet.contains(ip))
    }

    /// An address of [`Snmp::allows`] as a target, asked with [`DEFAULT_AUTH`].
    #[must_use]
    pub fn any_target(&self, address: SocketAddr) -> snmp::Target {
        let auth = self.credentials.get(DEFAULT_AUTH).cloned().unwrap_or_else(|| Auth::v2c("public"));
        let mut target = snmp::Target::new(address.to_string(), address, auth);
        self.gentleness().apply(&mut target);
        target
    }

    /// Paths of the target files, `*` in the name included; relative ones begin where the configuration file is.
    #[must_use]
    pub fn target_file_patterns(&self) -> Vec<PathBuf> {
        self.target_files.iter().map(|pattern| self.folder.join(&pattern.value)).collect()
    }

    /// Credentials by name, complete and checked: those of the file, and `public_v1` and `public_v2`.
    #[must_use]
    pub fn credentials(&self) -> &BTreeMap<String, Auth> {
        &self.credentials
    }

    /// How gently every target is asked that does not say otherwise.
    #[must_use]
    pub fn gentleness(&self) -> Gentleness {
        Gentleness {
            request_timeout: self.request_timeout,
            retries: self.retries,
            max_repetitions: self.max_repetitions,
            max_columns: self.max_columns,
        }
    }
}

/// `capture:`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Capture {
    /// Which interfaces.
    pub interfaces: Interfaces,
    /// Look at one frame in this many, chosen at random: for hosts too weak for a storm. Counts are then of the sample.
    pub sample_one_in: Option<std::num::NonZeroU32>,
}

/// `upnp:`
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upnp {
    /// Which interfaces.
    pub interfaces: Interfaces,
    /// How often.
    pub interval: Interval,
    /// How long one search may take.
    pub timeout: Interval,
    /// This line's share of a MAP-E address, from the router's status page: then each port is judged exactly.
    pub map_e: Option<Spanned<MapE>>,
}

impl Default for Upnp {
    fn default() -> Self {
        Self {
            interfaces: Interfaces::Auto,
            interval: Interval::seconds(60),
            timeout: Interval::seconds(5),
            map_e: None,
        }
    }
}

/// By what is meant, wherever in the file it stands.
impl PartialEq for Upnp {
    fn eq(&self, other: &Self) -> bool {
        let share = |upnp: &Self| upnp.map_e.as_ref().map(|share| share.value);
        (&self.interfaces, self.interval, self.timeout, share(self))
            == (&other.interfaces, other.interval, other.timeout, share(other))
    }
}

/// `doctor:`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Doctor {
    /// How often; never, where it is not said.
    pub interval: Option<Interval>,
}

/// `web:`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// `address:port` or `:port`; the flag `--web.listen-address` outranks it.
    pub listen: Vec<Spanned<String>>,
    /// Names by which browsers and scrapers may ask for this host, without port. Addresses, names without a dot and those
    /// in `.local`, `.home.arpa`, `.internal`, `.localhost` and `.test` need not be listed.
    pub allowed_hosts: Vec<Spanned<String>>,
    /// Where the page is for whoever reads a message, as in `http://pi.home.arpa:10116`.
    pub external_url: Option<Spanned<String>>,
}

/// `detect:`; the origin of each default stands at [`Thresholds`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Detect {
    /// [`Thresholds::replica_copies`].
    pub replica_copies: Option<u64>,
    /// [`Thresholds::source_pps`].
    pub source_pps: Option<u64>,
    /// [`Thresholds::source_seconds`].
    pub source_seconds: Option<u32>,
    /// [`Thresholds::storm_pps`].
    pub storm_pps: Option<u64>,
    /// [`Thresholds::critical_pps`].
    pub critical_pps: Option<u64>,
    /// [`Thresholds::replica_pps`].
    pub replica_pps: Option<u64>,
    /// [`Thresholds::clearing_after`].
    pub clearing_after: Option<Interval>,
    /// [`Thresholds::over_after`].
    pub over_after: Option<Interval>,
    /// [`Thresholds::counters`].
    pub counters: DetectCounters,
}

impl Detect {
    /// The limits, defaults included.
    #[must_use]
    pub fn thresholds(&self) -> Thresholds {
        let default = Thresholds::default();
        Thresholds {
            replica_copies: self.replica_copies.unwrap_or(default.replica_copies),
            source_pps: self.source_pps.unwrap_or(default.source_pps),
            source_seconds: self.source_seconds.unwrap_or(default.source_seconds),
            storm_pps: self.storm_pps.unwrap_or(default.storm_pps),
            critical_pps: self.critical_pps.unwrap_or(default.critical_pps),
            replica_pps: self.replica_pps.unwrap_or(default.replica_pps),
            clearing_after: self.clearing_after.map_or(default.clearing_after, |i| i.0),
            over_after: self.over_after.map_or(default.over_after, |i| i.0),
            counters: self.counters.limits(),
        }
    }
}

impl Config {
    /// What the user calls devices (`names:`), as the judges take it. Keys that are neither were refused when reading.
    #[must_use]
    pub fn called(&self) -> Names {
        let mut names = Names::default();
        for (key, name) in &self.names {
            if let Ok(mac) = key.parse() {
                names.by_mac.insert(mac, name.value.as_str().into());
            } else if let Ok(ip) = key.parse() {
                names.by_ip.insert(ip, name.value.as_str().into());
            }
        }
        names
    }
}

/// What is wrong with a configuration, and where.
#[derive(Debug, thiserror::Error)]
#[error("{file}{place}: {message}")]
pub struct ConfigError {
    file: String,
    place: String,
    message: String,
}

/// Reads and checks a file.
///
/// # Errors
/// It can't be read, is not YAML, has an unknown key, a wrong unit, or contradicts itself: with file, line and column.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let file = path.display().to_string();
    let read = || -> std::io::Result<String> {
        use std::io::Read as _;
        let mut text = String::new();
        std::fs::File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
        Ok(text)
    };
    let failed = |message: String| ConfigError { file: file.clone(), place: String::new(), message };
    let text = read().map_err(|error| failed(format!("can't be read: {error}")))?;
    if text.len() as u64 > MAX_FILE {
        return Err(failed(format!("is larger than {} MiB; is it the right file?", MAX_FILE >> 20)));
    }
    parse(&text, &file)
}

/// Checks the text of a configuration; `file` is for the messages.
///
/// # Errors
/// As [`load`].
pub fn parse(text: &str, file: &str) -> Result<Config, ConfigError> {
    let error = |place: String, message: String| ConfigError { file: file.to_owned(), place, message };
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Config::default());
    }
    let mut config: Config = yaml(text).map_err(|(at, message)| error(at, message))?;
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    let ready = auths::ready(&config.snmp.auths, folder).map_err(|(at, message)| error(at, message))?;
    config.snmp.credentials = ready;
    config.snmp.folder = folder.to_owned();
    sources(&mut config.snmp).map_err(|(at, message)| error(at, message))?;
    check(&config).map_err(|(at, message)| error(at, message))?;
    let page = config.web.external_url.as_ref();
    config.notify.prepare(folder, page).map_err(|(at, message)| error(at, message))?;
    Ok(config)
}

/// Reads YAML. The error is place and message.
pub(crate) fn yaml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, (String, String)> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|failure| {
        let place = failure.location().map_or_else(String::new, |l| format!(":{}:{}", l.line(), l.column()));
        (place, without_values(&failure.to_string()))
    })
}

/// Checks where targets come from beside the list.
fn sources(section: &mut Snmp) -> Result<(), (String, String)> {
    for pattern in &section.target_files {
        check_pattern(&pattern.value).map_err(|message| (place(pattern), message.to_owned()))?;
    }
    for entry in &section.discover {
        entry.check(|auth| section.credentials.contains_key(auth))?;
    }
    for subnet in &section.allowed_subnets {
        section.allowed.push(subnet.value.parse().map_err(|message: &str| (place(subnet), message.to_owned()))?);
    }
    let most = MAX_SOURCES;
    if section.target_files.len().max(section.discover.len()).max(section.allowed_subnets.len()) > most {
        let message = format!("snmp: more than {most} entries of target_files, discover or allowed_subnets");
        return Err((String::new(), message));
    }
    Ok(())
}

/// The message of the YAML reader without what stands in double quotes: that is a value, and may be a password. Its own
/// mention of the line goes as well, since ours stands in front.
fn without_values(message: &str) -> String {
    let first = message.lines().next().unwrap_or("not readable");
    let first = first.split(" at line ").next().unwrap_or(first);
    // From the first to the last double quote: a value may hold quotes of its own.
    let mut text = match (first.find('"'), first.rfind('"')) {
        (Some(from), Some(to)) if to > from => format!("{}(value not shown){}", &first[..from], &first[to + 1..]),
        _ => first.to_owned(),
    };
    // An unknown variant is a value too, in backticks.
    if let Some((before, rest)) = text.split_once("unknown variant `")
        && let Some((_, after)) = rest.split_once('`')
    {
        text = format!("{before}unknown value (not shown){after}");
    }
    text.trim_start_matches("error: ").to_owned()
}

fn place<T>(spanned: &Spanned<T>) -> String {
    format!(":{}:{}", spanned.referenced.line(), spanned.referenced.column())
}

/// What types alone do not say. The error is place and message.
fn check(config: &Config) -> Result<(), (String, String)> {
    let mut names = BTreeMap::new();
    for target in &config.snmp.targets {
        if let Some(first) = names.insert(&target.name.value, &target.name) {
            let message = format!(
                "duplicate target `{}`, first named in line {}: give each target a name of its own",
                target.name.value,
                first.referenced.line()
            );
            return Err((place(&target.name), message));
        }
        target.check(config.snmp.credentials())?;
        let interval = target.interval.unwrap_or(config.snmp.interval);
        if interval.0 < MIN_POLL {
            return Err((
                place(&target.name),
                format!("target `{}`: an interval below 1s is refused; agents refresh every 1-30s", target.name.value),
            ));
        }
    }
    let mut listen = BTreeSet::new();
    for address in &config.web.listen {
        let parsed = listen_address(&address.value).map_err(|message| (place(address), message))?;
        if !listen.insert(parsed) {
            return Err((place(address), "the same address is listed twice".to_owned()));
        }
    }
    for host in &config.web.allowed_hosts {
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if host.value.is_empty() || !host.value.chars().all(named) {
            let message = "web.allowed_hosts: not the name of a host: write it without http:// and port, as in \
                           storm.example.com";
            return Err((place(host), message.to_owned()));
        }
    }
    for (name, called) in &config.names {
        if name.parse::<MacAddr>().is_err() && name.parse::<IpAddr>().is_err() {
            let message = format!("names: `{name}` is neither a MAC (3c:84:6a:10:00:c8) nor an address (192.168.1.10)");
            return Err((place(called), message));
        }
    }
    if let Some(share) = &config.upnp.map_e {
        share.value.check().map_err(|error| (place(share), format!("upnp.map_e: {error}")))?;
    }
    expected::check(&config.expected)?;
    limits(config).map_err(|message| (String::new(), message.to_owned()))
}

/// Shortest interval of searches: each is a handful of multicasts.
const MIN_SEARCH: Duration = Duration::from_secs(10);

/// Shortest interval of examinations: each is a handful of broadcasts.
const MIN_EXAMINATION: Duration = Duration::from_secs(300);

/// Numbers that would turn the watcher into the flood.
fn limits(config: &Config) -> Result<(), &'static str> {
    let detect = &config.detect;
    let rates = [detect.source_pps, detect.storm_pps, detect.critical_pps, detect.replica_pps];
    config.recorder.check()?;
    config.storage.check()?;
    detect.counters.check()?;
    let wrong = [
        (config.snmp.interval.0 < MIN_POLL, "snmp.interval: below 1s is refused; agents refresh every 1-30s"),
        (config.snmp.gentleness().check().is_err(), targets::GENTLE),
        (config.upnp.interval.0 < MIN_SEARCH, "upnp.interval: below 10s is refused; searches are multicasts"),
        (
            config.doctor.interval.is_some_and(|interval| interval.0 < MIN_EXAMINATION),
            "doctor.interval: below 5m is refused; each examination is a handful of broadcasts",
        ),
        (
            detect.replica_copies.is_some_and(|n| n < 3),
            "detect.replica_copies: below 3 every healthy repeat is a storm",
        ),
        (detect.source_seconds == Some(0), "detect.source_seconds: 0 makes every frame a flood; 1 is the least"),
        (rates.contains(&Some(0)), "detect: a rate of 0 makes every frame a flood; 1 is the least"),
    ];
    wrong.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, message)| Err(message))
}

/// `:10116`, `127.0.0.1:10116` or `[::1]:10116`; a bare port listens on every address, IPv6 included.
///
/// # Errors
/// What a listen address looks like.
pub fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let full = if text.starts_with(':') { format!("[::]{text}") } else { text.to_owned() };
    full.parse().map_err(|_| {
        "not a listen address: write \":10116\" for every interface, or \"127.0.0.1:10116\" for this computer alone"
            .to_owned()
    })
}

#[cfg(test)]
mod tests;
