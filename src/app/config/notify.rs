//! `notify:`, who is told of storms, and how. Reads the files and the environment that hold secrets; shows no secret to anybody.

mod kinds;
#[cfg(test)]
mod tests;

use super::auths::{At, Hidden, read_secret};
use super::{Interval, place};
use crate::io::notify::{ChannelSettings, Endpoint, Settings, Trust, heartbeat};
use crate::io::snmp::auth::Secret;
use crate::io::tls_client;
use crate::model::notice::Topic;
use crate::model::text::Language;
use crate::view::notify::Manner;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Channels; more are refused.
const MAX_CHANNELS: usize = 16;
/// Largest file of certificates, bytes.
const MAX_CA: u64 = 1 << 20;
/// Shortest and longest interval of signs of life.
const BEATS: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(86_400));
/// The channel under which signs of life are counted.
pub const HEARTBEAT: &str = "heartbeat";
/// The schemes of the web.
const WEB: [(&str, u16); 2] = [("http", 80), ("https", 443)];

/// What is wrong, and where.
type Fault = (String, String);

/// `notify:`; without it nobody is told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notify {
    /// Who is told.
    pub channels: Vec<Spanned<Entry>>,
    /// The sign of life.
    pub heartbeat: Option<Spanned<Heartbeat>>,
    /// The interface through which messages leave, as a modem that the storm is not in.
    pub interface: Option<Spanned<String>>,
    #[serde(skip)]
    ready: Arc<Settings>,
}

/// `notify.heartbeat:`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Heartbeat {
    /// The URL, which is a secret; or where it stands.
    pub url: Option<Hidden>,
    /// A file that holds it.
    pub url_file: Option<PathBuf>,
    /// A variable of the environment that holds it.
    pub url_env: Option<String>,
    /// Certificates to trust there, in PEM, instead of those of the system.
    pub ca_file: Option<PathBuf>,
    /// How often; every minute, where it is not said.
    pub interval: Option<Interval>,
}

/// One of `notify.channels`, as written. Each type takes some of the keys (see `kinds.rs`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entry {
    /// Its name in messages and metrics.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// The language of its messages: `en` or `ja`.
    pub language: Option<String>,
    /// What is told there.
    pub events: Option<Vec<String>>,
    /// Where to; a secret.
    pub url: Option<Hidden>,
    /// A file that holds it.
    pub url_file: Option<PathBuf>,
    /// A variable of the environment that holds it.
    pub url_env: Option<String>,
    /// A token to show there.
    pub token: Option<Hidden>,
    /// A file that holds it.
    pub token_file: Option<PathBuf>,
    /// A variable of the environment that holds it.
    pub token_env: Option<String>,
    /// Who we are there.
    pub username: Option<String>,
    /// And the password.
    pub password: Option<Hidden>,
    /// A file that holds it.
    pub password_file: Option<PathBuf>,
    /// A variable of the environment that holds it.
    pub password_env: Option<String>,
    /// Certificates to trust there, in PEM, instead of those of the system.
    pub ca_file: Option<PathBuf>,
    /// ntfy: the topic, which is a secret too; MQTT: what our topics begin with.
    pub topic: Option<Hidden>,
    /// A file that holds it.
    pub topic_file: Option<PathBuf>,
    /// A variable of the environment that holds it.
    pub topic_env: Option<String>,
    /// E-mail: the server, `mail.example.org:587`.
    pub server: Option<String>,
    /// E-mail: `starttls`, `tls` or `none`.
    pub tls: Option<String>,
    /// E-mail: the sender.
    pub from: Option<String>,
    /// E-mail: the receivers.
    pub to: Option<Vec<String>>,
    /// MQTT: our name at the broker.
    pub client_id: Option<String>,
    /// MQTT: where Home Assistant looks for what there is; empty: it is told nothing.
    pub discovery: Option<String>,
}

impl Notify {
    /// Everything complete and checked.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.ready)
    }

    /// Completes and checks it. Files are looked for from `folder`; messages have links to the `page`.
    pub(super) fn prepare(&mut self, folder: &Path, page: Option<&Spanned<String>>) -> Result<(), Fault> {
        if let Some(url) = page.filter(|url| Endpoint::parse(&url.value, WEB).is_err()) {
            let message = "web.external_url: not the address of the page: write it as in http://pi.home.arpa:10116";
            return Err((place(url), message.to_owned()));
        }
        let page = page.map(|url| url.value.trim_end_matches('/'));
        let mut channels: Vec<ChannelSettings> = Vec::new();
        for entry in &self.channels {
            let at = At::of(entry).place();
            let channel = entry.value.ready(folder, page).map_err(|message| (at.clone(), message))?;
            if channels.iter().any(|other| other.name == channel.name) {
                return Err((at, format!("notify: two channels are called `{}`", channel.name)));
            }
            channels.push(channel);
        }
        if channels.len() > MAX_CHANNELS {
            return Err((String::new(), format!("notify: more than {MAX_CHANNELS} channels")));
        }
        let heartbeat = self.heartbeat.as_ref().map(|beat| {
            beat.value.ready(folder).map_err(|message| (At::of(beat).place(), format!("notify.heartbeat: {message}")))
        });
        let interface = self.interface.as_ref().map(|name| {
            // IFNAMSIZ is 16, the closing zero included.
            let good = !name.value.is_empty() && name.value.len() <= 15 && !name.value.contains(['/', ' ']);
            let message = "notify.interface: an interface name has 1 to 15 characters, no space and no slash";
            if good { Ok(name.value.clone()) } else { Err((place(name), message.to_owned())) }
        });
        self.ready =
            Arc::new(Settings { channels, heartbeat: heartbeat.transpose()?, interface: interface.transpose()? });
        Ok(())
    }
}

impl Heartbeat {
    fn ready(&self, folder: &Path) -> Result<heartbeat::Settings, String> {
        let url = secret("url", self.url.as_ref(), self.url_file.as_ref(), self.url_env.as_ref(), folder)?;
        let url = url.ok_or("it needs a `url`, `url_file` or `url_env`")?;
        let interval = self.interval.map_or(Duration::from_secs(60), |interval| interval.0);
        if interval < BEATS.0 || interval > BEATS.1 {
            return Err("`interval`: from 10s to 24h".to_owned());
        }
        let endpoint = Endpoint::parse(url.reveal(), WEB).map_err(|error| format!("`url`: {error}"))?;
        Ok(heartbeat::Settings { endpoint, trust: trust(self.ca_file.as_ref(), folder)?, interval })
    }
}

impl Entry {
    fn ready(&self, folder: &Path, external_url: Option<&str>) -> Result<ChannelSettings, String> {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.name.is_empty() || self.name.len() > 40 || !self.name.chars().all(known) || self.name == HEARTBEAT {
            return Err(format!(
                "notify: a channel needs a `name` of 1 to 40 letters, digits, `-`, `_` or `.`, and not `{HEARTBEAT}`"
            ));
        }
        let told = |message: String| format!("notify: channel `{}`: {message}", self.name);
        let language = match self.language.as_deref() {
            None | Some("en") => Language::English,
            Some("ja") => Language::Japanese,
            Some(_) => return Err(told("`language`: expected one of en, ja".to_owned())),
        };
        let manner = Manner { language, utc_offset_seconds: 0, external_url: external_url.map(str::to_owned) };
        let kind = kinds::ready(self, folder).map_err(&told)?;
        Ok(ChannelSettings { name: self.name.as_str().into(), manner, events: self.told().map_err(told)?, kind })
    }

    fn told(&self) -> Result<BTreeSet<Topic>, String> {
        let Some(events) = &self.events else { return Ok([Topic::Storm, Topic::Blind].into()) };
        let topic = |name: &String| Topic::EVENTS.into_iter().find(|topic| topic.id() == name);
        let found = events.iter().map(topic).collect::<Option<BTreeSet<_>>>();
        found.filter(|events| !events.is_empty()).ok_or_else(|| {
            let all = Topic::EVENTS.map(Topic::id).join(", ");
            format!("`events`: expected some of {all}")
        })
    }

    /// A secret of this entry.
    fn url(&self, folder: &Path) -> Result<Option<Secret>, String> {
        secret("url", self.url.as_ref(), self.url_file.as_ref(), self.url_env.as_ref(), folder)
    }

    fn token(&self, folder: &Path) -> Result<Option<Secret>, String> {
        secret("token", self.token.as_ref(), self.token_file.as_ref(), self.token_env.as_ref(), folder)
    }

    fn password(&self, folder: &Path) -> Result<Option<Secret>, String> {
        secret("password", self.password.as_ref(), self.password_file.as_ref(), self.password_env.as_ref(), folder)
    }

    fn topic(&self, folder: &Path) -> Result<Option<Secret>, String> {
        secret("topic", self.topic.as_ref(), self.topic_file.as_ref(), self.topic_env.as_ref(), folder)
    }
}

/// A secret from one of the three places where it may stand.
fn secret(
    key: &str,
    here: Option<&Hidden>,
    file: Option<&PathBuf>,
    env: Option<&String>,
    folder: &Path,
) -> Result<Option<Secret>, String> {
    match (here, file, env) {
        (None, None, None) => Ok(None),
        (Some(here), None, None) if here.0.reveal().is_empty() => Err(format!("`{key}` is empty")),
        (Some(here), None, None) => Ok(Some(here.0.clone())),
        (None, Some(file), None) => {
            read_secret(&folder.join(file)).map(Some).map_err(|error| format!("`{key}_file`: {error}"))
        }
        (None, None, Some(name)) => {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty());
            let missing = || format!("`{key}_env`: the environment has no variable `{name}` with a value");
            value.map(|value| Some(Secret::new(value))).ok_or_else(missing)
        }
        _ => Err(format!("more than one of `{key}`, `{key}_file` and `{key}_env`: leave one of them")),
    }
}

/// Whom to trust.
fn trust(file: Option<&PathBuf>, folder: &Path) -> Result<Trust, String> {
    use std::io::Read as _;
    let Some(file) = file else { return Ok(Trust::default()) };
    let place = folder.join(file);
    let mut pem = Vec::new();
    let read = std::fs::File::open(&place).and_then(|file| file.take(MAX_CA).read_to_end(&mut pem));
    read.map_err(|error| format!("`ca_file`: {} can't be read: {error}", place.display()))?;
    tls_client::named(&pem).map_err(|error| format!("`ca_file`: {}: {error}", place.display()))?;
    Ok(Trust { ca: Some(pem.into()) })
}
