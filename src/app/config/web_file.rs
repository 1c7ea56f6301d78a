//! `--web.config.file`, in the format of Prometheus' exporter-toolkit: TLS, users with bcrypt hashes, headers. Every error names
//! file and line, and never shows a value, which may be a password, a hash or a key. Reads the files that it names; opens nothing.

use super::auths::{At, Hidden};
use super::{ConfigError, MAX_FILE, without_values, yaml};
use crate::io::snmp::auth::Secret;
use crate::io::tls::{self, ClientAuth, Pem, Settings, TlsError, Version};
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Users; each is a person or a scraper.
const MAX_USERS: usize = 256;
/// Largest cost of a hash: 2^14 rounds take about a second, which a stranger could have us spend with every guess.
const MAX_COST: u32 = 14;
/// Headers that may be set; they are exporter-toolkit's.
const HEADERS: [&str; 5] = [
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
];

/// What is wrong, and where: the place as `:line:column`.
type Fault = (String, String);

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    tls_server_config: Option<Spanned<Tls>>,
    http_server_config: Http,
    basic_auth_users: BTreeMap<String, Spanned<Hidden>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Http {
    /// Accepted, and of no effect: HTTP/1.1 is spoken, which every client of HTTP/2 speaks too.
    #[serde(rename = "http2")]
    _http2: Option<bool>,
    headers: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Tls {
    cert: Option<Spanned<String>>,
    cert_file: Option<Spanned<PathBuf>>,
    key: Option<Spanned<Hidden>>,
    key_file: Option<Spanned<PathBuf>>,
    client_auth_type: Option<Spanned<String>>,
    client_ca: Option<Spanned<String>>,
    client_ca_file: Option<Spanned<PathBuf>>,
    client_allowed_sans: Option<Spanned<Vec<String>>>,
    min_version: Option<Spanned<String>>,
    max_version: Option<Spanned<String>>,
    cipher_suites: Option<Spanned<Vec<String>>>,
    prefer_server_cipher_suites: Option<bool>,
    curve_preferences: Option<Spanned<Vec<String>>>,
}

/// What it says, complete and checked.
#[derive(Debug, Default)]
pub struct WebFile {
    /// How connections are encrypted; not at all, if `None`.
    pub tls: Option<Arc<tls::ServerConfig>>,
    /// Hashes by user. Without any, nobody is asked who he is.
    pub users: BTreeMap<String, Secret>,
    /// Headers of every answer.
    pub headers: Vec<(&'static str, String)>,
    /// All files that were read: when one changes, it is to be read anew.
    pub read: Vec<PathBuf>,
}

impl WebFile {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// It, or a file that it names, can't be read or is wrong: with file, line and column.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let error = |(place, message): Fault| ConfigError { file: file.clone(), place, message };
        let text = String::from_utf8(contents(path).map_err(|why| error((String::new(), why)))?);
        let text = text.map_err(|_| error((String::new(), "is no text in UTF-8".to_owned())))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut web = Self::parse(&text, folder).map_err(error)?;
        web.read.push(path.to_owned());
        Ok(web)
    }

    fn parse(text: &str, folder: &Path) -> Result<Self, Fault> {
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self::default());
        }
        let file: File = yaml(text).map_err(|(at, message)| (at, without_values(&message)))?;
        let mut web = Self { users: users(&file.basic_auth_users)?, ..Self::default() };
        for (name, value) in &file.http_server_config.headers {
            web.headers.push(header(name, value)?);
        }
        if let Some(section) = &file.tls_server_config {
            let at = At::of(section);
            let mut reader = Reader { folder, read: Vec::new() };
            let (settings, places) = section.value.settings(at, &mut reader)?;
            web.read = reader.read;
            web.tls = Some(tls::server(&settings).map_err(|error| places.fault(&error))?);
        }
        Ok(web)
    }
}

fn users(written: &BTreeMap<String, Spanned<Hidden>>) -> Result<BTreeMap<String, Secret>, Fault> {
    let mut users = BTreeMap::new();
    for (user, hash) in written {
        let fault = |message: &str| (At::of(hash).place(), format!("basic_auth_users: user `{user}`: {message}"));
        if user.is_empty() || user.contains(':') {
            return Err(fault("a name is not empty and has no colon in it (RFC 7617)"));
        }
        let parts: bcrypt::HashParts = hash.value.0.reveal().parse().map_err(|_| {
            fault("not a bcrypt hash: make one with `htpasswd -nBC 10 NAME`, and write what stands behind the colon")
        })?;
        if parts.get_cost() > MAX_COST {
            return Err(fault(&format!(
                "a cost above {MAX_COST} is refused: every guess would take us a second and more"
            )));
        }
        if users.len() >= MAX_USERS {
            return Err(fault(&format!("there are more than {MAX_USERS} users")));
        }
        users.insert(user.clone(), hash.value.0.clone());
    }
    Ok(users)
}

fn header(name: &str, value: &Spanned<String>) -> Result<(&'static str, String), Fault> {
    let fault = |message: String| (At::of(value).place(), format!("http_server_config: headers: {message}"));
    let known = HEADERS.into_iter().find(|known| known.eq_ignore_ascii_case(name));
    let known = known.ok_or_else(|| fault(format!("`{name}` can't be set, expected one of {}", HEADERS.join(", "))))?;
    let sendable = value.value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if sendable { Ok((known, value.value.clone())) } else { Err(fault(format!("`{known}`: not ASCII on one line"))) }
}

/// Where each part of the TLS section stands.
struct Places {
    cert: At,
    key: At,
    client_ca: At,
    suites: At,
    curves: At,
    whole: At,
}

impl Places {
    fn fault(&self, error: &TlsError) -> Fault {
        let at = match error {
            TlsError::Certificate(_) => self.cert,
            TlsError::Key(_) => self.key,
            TlsError::ClientCa(_) => self.client_ca,
            TlsError::Suite(_) => self.suites,
            TlsError::Curve(_) => self.curves,
            TlsError::Other(_) => self.whole,
        };
        (at.place(), format!("tls_server_config: {error}"))
    }
}

/// Reads the files that are named, and remembers them.
struct Reader<'a> {
    folder: &'a Path,
    read: Vec<PathBuf>,
}

impl Reader<'_> {
    /// What stands here or in a file, and where that is said; `None` if it is said nowhere.
    fn pem(
        &mut self,
        key: &str,
        here: Option<(&str, At)>,
        file: Option<&Spanned<PathBuf>>,
    ) -> Result<Option<(Pem, At)>, Fault> {
        match (here, file) {
            (Some(_), Some(file)) => {
                let message = format!("tls_server_config: both `{key}` and `{key}_file`: leave one of them out");
                Err((At::of(file).place(), message))
            }
            (Some((text, at)), None) => Ok(Some((Pem::new(text.as_bytes().to_vec()), at))),
            (None, Some(file)) => {
                let path = self.folder.join(&file.value);
                let at = At::of(file);
                let read = contents(&path).map_err(|why| {
                    (at.place(), format!("tls_server_config: `{key}_file`: {} {why}", path.display()))
                })?;
                self.read.push(path);
                Ok(Some((Pem::new(read), at)))
            }
            (None, None) => Ok(None),
        }
    }
}

impl Tls {
    fn settings(&self, whole: At, reader: &mut Reader<'_>) -> Result<(Settings, Places), Fault> {
        let fault = |at: At, message: &str| (at.place(), format!("tls_server_config: {message}"));
        let written = |text: &Option<Spanned<String>>| text.as_ref().map(|text| (text.value.clone(), At::of(text)));
        fn here(text: &Option<(String, At)>) -> Option<(&str, At)> {
            text.as_ref().map(|(text, at)| (text.as_str(), *at))
        }
        let (cert, ca) = (written(&self.cert), written(&self.client_ca));
        let key = self.key.as_ref().map(|key| (key.value.0.reveal(), At::of(key)));
        let (cert, cert_at) = reader
            .pem("cert", here(&cert), self.cert_file.as_ref())?
            .ok_or_else(|| fault(whole, "needs a `cert_file` (or `cert`)"))?;
        let (key, key_at) = reader
            .pem("key", key, self.key_file.as_ref())?
            .ok_or_else(|| fault(whole, "needs a `key_file` (or `key`)"))?;
        let ca = reader.pem("client_ca", here(&ca), self.client_ca_file.as_ref())?;
        if let Some(names) = &self.client_allowed_sans {
            let message = "`client_allowed_sans` is not supported: sign the certificates of those who may come in by a \
                           `client_ca_file` of their own";
            return Err(fault(At::of(names), message));
        }
        let client_at = self.client_auth_type.as_ref().map_or(whole, At::of);
        let client = match self.client_auth_type.as_ref().map_or("NoClientCert", |kind| kind.value.as_str()) {
            // A certificate that is asked for and not looked at proves nothing, and is not asked for here.
            "" | "NoClientCert" | "RequestClientCert" => ClientAuth::None,
            "VerifyClientCertIfGiven" => ClientAuth::IfGiven,
            "RequireAndVerifyClientCert" => ClientAuth::Required,
            "RequireAnyClientCert" => {
                let message = "`client_auth_type: RequireAnyClientCert` is not supported: a certificate that nobody verifies \
                               proves nothing. Use RequireAndVerifyClientCert with a `client_ca_file`";
                return Err(fault(client_at, message));
            }
            _ => {
                let message = "`client_auth_type`: unknown, expected one of NoClientCert, RequestClientCert, \
                               VerifyClientCertIfGiven, RequireAndVerifyClientCert";
                return Err(fault(client_at, message));
            }
        };
        match (&ca, client) {
            (Some((_, at)), ClientAuth::None) => {
                return Err(fault(*at, "a `client_ca_file`, but `client_auth_type` verifies no client"));
            }
            (None, ClientAuth::IfGiven | ClientAuth::Required) => {
                return Err(fault(client_at, "this `client_auth_type` needs a `client_ca_file`"));
            }
            _ => {}
        }
        let (min, max) =
            (version(self.min_version.as_ref(), "min_version")?, version(self.max_version.as_ref(), "max_version")?);
        let versions = (min.unwrap_or(Version::Tls12), max.unwrap_or(Version::Tls13));
        if versions.0 > versions.1 {
            return Err(fault(self.min_version.as_ref().map_or(whole, At::of), "`min_version` is above `max_version`"));
        }
        let list = |list: &Option<Spanned<Vec<String>>>| list.as_ref().map_or_else(Vec::new, |list| list.value.clone());
        let place = |list: &Option<Spanned<Vec<String>>>| list.as_ref().map_or(whole, At::of);
        let places = Places {
            cert: cert_at,
            key: key_at,
            client_ca: ca.as_ref().map_or(whole, |(_, at)| *at),
            suites: place(&self.cipher_suites),
            curves: place(&self.curve_preferences),
            whole,
        };
        let settings = Settings {
            cert,
            key,
            client,
            client_ca: ca.map(|(pem, _)| pem),
            versions,
            suites: list(&self.cipher_suites),
            curves: list(&self.curve_preferences),
            our_order: self.prefer_server_cipher_suites.unwrap_or(true),
        };
        Ok((settings, places))
    }
}

fn version(written: Option<&Spanned<String>>, key: &str) -> Result<Option<Version>, Fault> {
    let Some(written) = written else { return Ok(None) };
    let fault = |message: &str| (At::of(written).place(), format!("tls_server_config: `{key}`: {message}"));
    match written.value.as_str() {
        "TLS12" => Ok(Some(Version::Tls12)),
        "TLS13" => Ok(Some(Version::Tls13)),
        "TLS10" | "TLS11" => Err(fault("TLS 1.0 and 1.1 are broken (RFC 8996): use TLS12 or TLS13")),
        _ => Err(fault("unknown, expected TLS12 or TLS13")),
    }
}

fn contents(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
    read.map_err(|error| format!("can't be read: {error}"))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("is larger than {} MiB; is it the right file?", MAX_FILE >> 20));
    }
    Ok(bytes)
}

#[cfg(test)]
#[path = "web_file_tests.rs"]
mod tests;
