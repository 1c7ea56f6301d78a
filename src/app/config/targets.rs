//! An entry of `snmp.targets`: where a device is, as whom it is asked, and how gently. Resolves no names.

use super::auths::{At, DEFAULT_AUTH};
use super::units::Interval;
use crate::io::snmp::{self, Auth, PORT, Place};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::time::Duration;

/// What [`Gentleness`] allows.
pub(super) const GENTLE: &str = "snmp: request_timeout is 50ms to 60s, retries 0 to 10, max_repetitions 1 to 2000, and \
                                 max_columns 1 to 40";

/// How gently a device is asked. What is not said has the default of [`snmp::Target::new`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gentleness {
    /// How long the first attempt of a request waits; each further one waits twice as long.
    pub request_timeout: Option<Interval>,
    /// Further attempts.
    pub retries: Option<u32>,
    /// Rows in one GETBULK, at most.
    pub max_repetitions: Option<u32>,
    /// Columns in one request; some devices crash above 14.
    pub max_columns: Option<usize>,
}

impl Gentleness {
    /// Numbers that would turn a poll into an attack, or into nothing.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let fits = self
            .request_timeout
            .is_none_or(|time| (Duration::from_millis(50)..=Duration::from_secs(60)).contains(&time.0))
            && self.retries.is_none_or(|retries| retries <= 10)
            && self.max_repetitions.is_none_or(|rows| (1..=2000).contains(&rows))
            && self.max_columns.is_none_or(|columns| (1..=40).contains(&columns));
        if fits { Ok(()) } else { Err(GENTLE) }
    }

    /// Sets what is said.
    pub fn apply(&self, target: &mut snmp::Target) {
        target.request_timeout = self.request_timeout.map_or(target.request_timeout, |time| time.0);
        target.retries = self.retries.unwrap_or(target.retries);
        target.max_repetitions = self.max_repetitions.unwrap_or(target.max_repetitions);
        target.max_columns = self.max_columns.unwrap_or(target.max_columns);
    }
}

/// A device that is polled.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What it is called in metrics and messages.
    pub name: Spanned<String>,
    /// An IP address or host name; `:port` may follow.
    pub address: Spanned<String>,
    /// The port, where the address does not say it; 161 where neither does.
    #[serde(default)]
    pub port: Option<Spanned<u16>>,
    /// Name of an entry of `snmp.auths`; [`DEFAULT_AUTH`] where it is not said.
    #[serde(default)]
    pub auth: Option<Spanned<String>>,
    /// How often.
    #[serde(default)]
    pub interval: Option<Interval>,
    /// How long one poll may take.
    #[serde(default)]
    pub timeout: Option<Interval>,
    /// [`Gentleness::request_timeout`].
    #[serde(default)]
    pub request_timeout: Option<Interval>,
    /// [`Gentleness::retries`].
    #[serde(default)]
    pub retries: Option<u32>,
    /// [`Gentleness::max_repetitions`].
    #[serde(default)]
    pub max_repetitions: Option<u32>,
    /// [`Gentleness::max_columns`].
    #[serde(default)]
    pub max_columns: Option<usize>,
}

impl Target {
    /// Where it is.
    ///
    /// # Errors
    /// What an address looks like.
    pub fn place(&self) -> Result<Place, String> {
        Place::parse(&self.address.value, self.port.as_ref().map_or(PORT, |port| port.value))
    }

    /// The name of its credentials.
    #[must_use]
    pub fn auth_name(&self) -> &str {
        self.auth.as_ref().map_or(DEFAULT_AUTH, |auth| auth.value.as_str())
    }

    /// Its own settings.
    #[must_use]
    pub fn gentleness(&self) -> Gentleness {
        Gentleness {
            request_timeout: self.request_timeout,
            retries: self.retries,
            max_repetitions: self.max_repetitions,
            max_columns: self.max_columns,
        }
    }

    /// As the poller takes it, but for the address: that is for [`Target::place`] to say. `None` if there are no such
    /// credentials.
    #[must_use]
    pub fn settings(&self, section: &super::Snmp) -> Option<snmp::Target> {
        let auth = section.credentials().get(self.auth_name())?.clone();
        let mut target = snmp::Target::new(self.name.value.as_str(), ([0, 0, 0, 0], 0).into(), auth);
        section.gentleness().apply(&mut target);
        self.gentleness().apply(&mut target);
        Some(target)
    }

    /// What types alone do not say.
    pub(super) fn check(&self, auths: &BTreeMap<String, Auth>) -> Result<(), (String, String)> {
        let address = || At::of(&self.address).place();
        self.place().map_err(|_| {
            let message = "not an IP address or host name with an optional port: write it as \"192.168.1.2:161\", \
                           \"[fd00::2]:161\" or \"switch.lan\"";
            (address(), message.to_owned())
        })?;
        if let Some(port) = &self.port {
            let with_port = Place::parse(&self.address.value, 1) != Place::parse(&self.address.value, 2);
            if port.value == 0 || !with_port {
                let message = "a port of 0, or a second port: the address has one already. Leave one of them out";
                return Err((At::of(port).place(), message.to_owned()));
            }
        }
        if !auths.contains_key(self.auth_name()) {
            let known = auths.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let at = self.auth.as_ref().map_or_else(address, |auth| At::of(auth).place());
            return Err((at, format!("unknown auth, expected {known}")));
        }
        self.gentleness().check().map_err(|message| (At::of(&self.name).place(), message.to_owned()))
    }
}
