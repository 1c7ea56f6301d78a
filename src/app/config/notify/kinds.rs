//! The types of channels in the configuration: which keys each takes, and what becomes of them. A new type is a line in the list.

use super::{Entry, WEB, trust};
use crate::io::interfaces;
use crate::io::notify::email::{self, Encryption};
use crate::io::notify::{Endpoint, Kind, Login, discord, mqtt, ntfy, webhook};
use crate::view::notify::email::is_address;
use crate::view::notify::mqtt::Names;
use std::collections::BTreeSet;
use std::path::Path;

/// A type of channel.
struct Type {
    name: &'static str,
    /// Of the keys that not every type has, those that it takes.
    keys: &'static [&'static str],
    ready: fn(&Entry, &Path) -> Result<Kind, String>,
}

const TYPES: [Type; 5] = [
    Type { name: "webhook", keys: &["url", "token", "username", "password"], ready: webhook },
    Type { name: "ntfy", keys: &["url", "token", "username", "password", "topic"], ready: ntfy },
    Type { name: "discord", keys: &["url"], ready: discord },
    Type { name: "email", keys: &["server", "tls", "username", "password", "from", "to"], ready: email },
    Type { name: "mqtt", keys: &["url", "username", "password", "topic", "client_id", "discovery"], ready: mqtt },
];

/// Receivers of one mail.
const MAX_RECEIVERS: usize = 20;

/// What an entry comes to.
pub(super) fn ready(entry: &Entry, folder: &Path) -> Result<Kind, String> {
    let kind = TYPES.iter().find(|kind| kind.name == entry.kind).ok_or_else(|| {
        let names = TYPES.map(|kind| kind.name).join(", ");
        format!("`type`: expected one of {names}")
    })?;
    let set = [
        ("url", entry.url.is_some() || entry.url_file.is_some() || entry.url_env.is_some()),
        ("token", entry.token.is_some() || entry.token_file.is_some() || entry.token_env.is_some()),
        ("username", entry.username.is_some()),
        ("password", entry.password.is_some() || entry.password_file.is_some() || entry.password_env.is_some()),
        ("topic", entry.topic.is_some() || entry.topic_file.is_some() || entry.topic_env.is_some()),
        ("server", entry.server.is_some()),
        ("tls", entry.tls.is_some()),
        ("from", entry.from.is_some()),
        ("to", entry.to.is_some()),
        ("client_id", entry.client_id.is_some()),
        ("discovery", entry.discovery.is_some()),
    ];
    if let Some((key, _)) = set.iter().find(|(key, set)| *set && !kind.keys.contains(key)) {
        let owners = TYPES.iter().filter(|kind| kind.keys.contains(key)).map(|kind| kind.name).collect::<Vec<_>>();
        return Err(format!("`{key}` belongs to {}: take it out of this {}", owners.join(", "), kind.name));
    }
    (kind.ready)(entry, folder)
}

fn endpoint(entry: &Entry, folder: &Path, schemes: [(&str, u16); 2]) -> Result<Option<Endpoint>, String> {
    let url = entry.url(folder)?;
    url.map(|url| Endpoint::parse(url.reveal(), schemes).map_err(|error| format!("`url`: {error}"))).transpose()
}

const NEEDS_URL: &str = "it needs a `url`, `url_file` or `url_env`";

fn login(entry: &Entry, folder: &Path) -> Result<Login, String> {
    let password = entry.password(folder)?;
    match (entry.token(folder)?, &entry.username, password) {
        (None, None, None) => Ok(Login::None),
        (Some(token), None, None) => Ok(Login::Token(token)),
        (None, Some(user), Some(password)) => Ok(Login::Password(user.clone(), password)),
        (Some(_), ..) => Err("both `token` and `username`: leave one of them out".to_owned()),
        (None, Some(_), None) => Err("`username` needs a `password`, `password_file` or `password_env`".to_owned()),
        (None, None, Some(_)) => Err("`password` needs a `username`".to_owned()),
    }
}

fn webhook(entry: &Entry, folder: &Path) -> Result<Kind, String> {
    let endpoint = endpoint(entry, folder, WEB)?.ok_or(NEEDS_URL)?;
    let (trust, login) = (trust(entry.ca_file.as_ref(), folder)?, login(entry, folder)?);
    Ok(Kind::Webhook(webhook::Settings { endpoint, trust, login }))
}

fn ntfy(entry: &Entry, folder: &Path) -> Result<Kind, String> {
    let server = endpoint(entry, folder, WEB)?;
    let endpoint = server.map_or_else(|| Endpoint::parse("https://ntfy.sh/", WEB), Ok)?;
    if endpoint.path != "/" {
        return Err("`url` is the server alone, as in https://ntfy.sh; the topic is `topic`".to_owned());
    }
    let topic = entry.topic(folder)?.ok_or("it needs a `topic`, `topic_file` or `topic_env`")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if topic.reveal().len() > 64 || !topic.reveal().chars().all(plain) {
        return Err("`topic`: 1 to 64 letters, digits, `-` or `_`".to_owned());
    }
    let (trust, login) = (trust(entry.ca_file.as_ref(), folder)?, login(entry, folder)?);
    Ok(Kind::Ntfy(ntfy::Settings { endpoint, topic, trust, login }))
}

fn discord(entry: &Entry, folder: &Path) -> Result<Kind, String> {
    let endpoint = endpoint(entry, folder, WEB)?.ok_or(NEEDS_URL)?;
    Ok(Kind::Discord(discord::Settings { endpoint, trust: trust(entry.ca_file.as_ref(), folder)? }))
}

fn email(entry: &Entry, folder: &Path) -> Result<Kind, String> {
    let encryption = match entry.tls.as_deref() {
        None | Some("starttls") => Encryption::StartTls,
        Some("tls") => Encryption::Tls,
        Some("none") => Encryption::None,
        Some(_) => return Err("`tls`: expected one of starttls, tls, none".to_owned()),
    };
    let server = entry.server.as_deref().ok_or("it needs a `server`, as in mail.example.org:587")?;
    let (host, port) = server.rsplit_once(':').ok_or("`server` needs its port, as in mail.example.org:587")?;
    let port = port.parse().map_err(|_| "`server` needs its port, as in mail.example.org:587".to_owned())?;
    let host = host.trim_matches(['[', ']']).to_owned();
    let from = entry.from.clone().unwrap_or_default();
    if !is_address(&from) {
        return Err("it needs a `from`, a plain address as in pi@example.org".to_owned());
    }
    let to = entry.to.clone().unwrap_or_default();
    if to.is_empty() || to.len() > MAX_RECEIVERS || !to.iter().all(|one| is_address(one)) {
        return Err(format!("it needs a list `to` of 1 to {MAX_RECEIVERS} plain addresses, as in [me@example.org]"));
    }
    let login = login(entry, folder)?;
    if encryption == Encryption::None && login != Login::None {
        return Err("a password is not sent in the clear: use `tls: starttls` or `tls: tls`".to_owned());
    }
    let trust = trust(entry.ca_file.as_ref(), folder)?;
    Ok(Kind::Email(email::Settings { host, port, encryption, trust, login, from, to }))
}

fn mqtt(entry: &Entry, folder: &Path) -> Result<Kind, String> {
    let endpoint = endpoint(entry, folder, [("mqtt", 1883), ("mqtts", 8883)])?.ok_or(NEEDS_URL)?;
    let plain = |text: &str, slash: bool| {
        text.len() <= 100
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') || slash && c == '/')
            && !text.starts_with('/')
            && !text.ends_with('/')
    };
    let prefix = entry.topic(folder)?.map_or_else(|| "stormglass".to_owned(), |topic| topic.reveal().to_owned());
    let discovery = entry.discovery.clone().unwrap_or_else(|| "homeassistant".to_owned());
    if prefix.is_empty() || !plain(&prefix, true) || !plain(&discovery, true) {
        return Err("`topic` and `discovery`: letters, digits, `-`, `_`, `.` and `/` between them".to_owned());
    }
    // Interfaces that the container has of its own have addresses that are nobody's.
    let all = interfaces::list().unwrap_or_default();
    let own = all.iter().filter(|one| !one.loopback && !one.enslaved).filter_map(|one| one.mac);
    // A VLAN's interface has the address of its parent.
    let own =
        own.filter(|mac| !mac.is_local() && !mac.is_group()).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    let usual = || {
        let mac = own.first().map(|mac| format!("_{mac}").replace(':', ""));
        format!("stormglass{}", mac.unwrap_or_default())
    };
    let node = entry.client_id.clone().unwrap_or_else(usual);
    if node.is_empty() || !plain(&node, false) || node.contains('.') {
        return Err("`client_id`: letters, digits, `-` and `_`".to_owned());
    }
    let (trust, login) = (trust(entry.ca_file.as_ref(), folder)?, login(entry, folder)?);
    Ok(Kind::Mqtt(mqtt::Settings { endpoint, trust, login, names: Names { prefix, discovery, node, own } }))
}
