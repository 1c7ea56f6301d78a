//! `snmp.auths`: credentials by name, in snmp_exporter's words so that they can be copied, and their checks. Reads the
//! files that hold secrets; shows no secret to anybody.

use crate::io::snmp::Auth;
use crate::io::snmp::auth::{AuthProtocol, Level, MAX_USER, MIN_PASSWORD, PrivProtocol, Secret, Usm};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_saphyr::{Location, Spanned};
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Largest secret read from a file, bytes.
const MAX_SECRET: u64 = 4096;
/// The auth of a target that names none.
pub const DEFAULT_AUTH: &str = "public_v2";
/// What is wrong, and where: the place as `:line:column`.
type Fault = (String, String);

/// A place in the file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct At {
    line: u64,
    column: u64,
}

impl At {
    pub(super) fn of<T>(spanned: &Spanned<T>) -> Self {
        Self { line: spanned.referenced.line(), column: spanned.referenced.column() }
    }

    pub(super) fn place(self) -> String {
        if self.line == 0 { String::new() } else { format!(":{}:{}", self.line, self.column) }
    }

    fn fault<T>(self, message: impl Into<String>) -> Result<T, Fault> {
        Err((self.place(), message.into()))
    }
}

/// Protocol versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// SNMPv1 (RFC 1157).
    V1,
    /// SNMPv2c (RFC 1901).
    V2c,
    /// SNMPv3 (RFC 3410).
    V3,
}

impl std::str::FromStr for Version {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "1" => Ok(Self::V1),
            "2" | "2c" => Ok(Self::V2c),
            "3" => Ok(Self::V3),
            _ => Err("unknown version: expected one of 1, 2 (or 2c), 3"),
        }
    }
}

/// Security levels of SNMPv3 (RFC 3411).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecurityLevel {
    /// A user name alone.
    #[default]
    NoAuthNoPriv,
    /// Signed.
    AuthNoPriv,
    /// Signed and encrypted.
    AuthPriv,
}

impl std::str::FromStr for SecurityLevel {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [("noAuthNoPriv", Self::NoAuthNoPriv), ("authNoPriv", Self::AuthNoPriv), ("authPriv", Self::AuthPriv)]
            .into_iter()
            .find_map(|(name, level)| name.eq_ignore_ascii_case(text).then_some(level))
            .ok_or("unknown security level: expected one of noAuthNoPriv, authNoPriv, authPriv")
    }
}

/// An authentication protocol as the file names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedAuth(pub AuthProtocol);

impl std::str::FromStr for NamedAuth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = || AuthProtocol::ALL.iter().map(|protocol| protocol.name()).collect::<Vec<_>>().join(", ");
        AuthProtocol::named(text)
            .map(Self)
            .ok_or_else(|| format!("unknown authentication protocol: expected one of {}", known()))
    }
}

/// A privacy protocol as the file names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedPriv(pub PrivProtocol);

impl std::str::FromStr for NamedPriv {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = || PrivProtocol::ALL.iter().map(|protocol| protocol.name()).collect::<Vec<_>>().join(", ");
        PrivProtocol::named(text)
            .map(Self)
            .ok_or_else(|| format!("unknown privacy protocol: expected one of {}", known()))
    }
}

/// Reads a word, a bare number included, and never echoes it: somebody may have mixed up the keys.
fn word<'de, D: Deserializer<'de>, T: std::str::FromStr<Err: fmt::Display>>(deserializer: D) -> Result<T, D::Error> {
    struct Word<T>(std::marker::PhantomData<T>);
    impl<T: std::str::FromStr<Err: fmt::Display>> Visitor<'_> for Word<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a word")
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Word(std::marker::PhantomData))
}

macro_rules! words {
    ($($name:ty),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                word(deserializer)
            }
        }
    )*};
}
words!(Version, SecurityLevel, NamedAuth, NamedPriv);

/// A secret as the file holds it.
#[derive(Clone, Debug)]
pub struct Hidden(pub Secret);

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As a string, so that a password of digits is one too.
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

/// A value that stands in no file.
#[must_use]
pub fn unplaced<T>(value: T) -> Spanned<T> {
    Spanned::new(value, Location::UNKNOWN, Location::UNKNOWN)
}

/// An entry of `snmp.auths`, as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthEntry {
    /// Protocol version; 2 where it is not said.
    pub version: Option<Spanned<Version>>,
    /// The community, which is a password; `public` where it is not said.
    pub community: Option<Spanned<Hidden>>,
    /// A file that holds it.
    pub community_file: Option<Spanned<PathBuf>>,
    /// The v3 user.
    pub username: Option<Spanned<String>>,
    /// `noAuthNoPriv`, `authNoPriv` or `authPriv`; the first where it is not said.
    pub security_level: Option<Spanned<SecurityLevel>>,
    /// The password that messages are signed with.
    pub password: Option<Spanned<Hidden>>,
    /// A file that holds it.
    pub password_file: Option<Spanned<PathBuf>>,
    /// How messages are signed; MD5 where it is not said, as in snmp_exporter.
    pub auth_protocol: Option<Spanned<NamedAuth>>,
    /// How messages are encrypted; DES where it is not said, as in snmp_exporter.
    pub priv_protocol: Option<Spanned<NamedPriv>>,
    /// The password that messages are encrypted with.
    pub priv_password: Option<Spanned<Hidden>>,
    /// A file that holds it.
    pub priv_password_file: Option<Spanned<PathBuf>>,
    /// The v3 context; usually none.
    pub context_name: Option<Spanned<String>>,
    /// The engine behind a proxy that is meant (RFC 3411, 3.3.1). Not supported; here so that the message can say what to
    /// do instead.
    pub context_engine_id: Option<Spanned<String>>,
}

impl AuthEntry {
    /// The credentials, complete and checked. `name` is for the messages, `at` where the entry stands; files are looked
    /// for from `folder`.
    ///
    /// # Errors
    /// What is missing, too short or superfluous, and where.
    pub(super) fn ready(&self, name: &str, at: At, folder: &Path) -> Result<Auth, Fault> {
        if let Some(engine) = &self.context_engine_id {
            return At::of(engine).fault(format!(
                "auth `{name}`: `context_engine_id` is not supported: a request is always for the device that answers it, \
                 never for one behind an SNMPv3 proxy (RFC 3413, 3.5). Take it out, and make the device behind the proxy \
                 a target at its own address; where the proxy tells devices apart by name, use `context_name`"
            ));
        }
        let version = self.version.as_ref().map_or(Version::V2c, |version| version.value);
        if version == Version::V3 {
            return self.user(name, at, folder);
        }
        let of_v3 = [
            ("username", self.username.as_ref().map(At::of)),
            ("security_level", self.security_level.as_ref().map(At::of)),
            ("password", self.password.as_ref().map(At::of)),
            ("password_file", self.password_file.as_ref().map(At::of)),
            ("priv_password", self.priv_password.as_ref().map(At::of)),
            ("priv_password_file", self.priv_password_file.as_ref().map(At::of)),
        ];
        if let Some((key, at)) = of_v3.into_iter().find_map(|(key, at)| Some((key, at?))) {
            return at.fault(format!("auth `{name}`: `{key}` belongs to SNMPv3: set `version: 3`, or take it out"));
        }
        let community = secret(name, "community", self.community.as_ref(), self.community_file.as_ref(), folder)?;
        let community = community.map_or_else(|| Secret::new("public"), |(secret, _)| secret);
        if community.reveal().is_empty() {
            return at.fault(format!("auth `{name}`: an empty community: leave it out for `public`"));
        }
        Ok(if version == Version::V1 { Auth::V1 { community } } else { Auth::V2c { community } })
    }

    /// The credentials that a command line gives, complete and checked.
    ///
    /// # Errors
    /// What is missing, too short or superfluous.
    pub fn given(&self) -> Result<Auth, String> {
        self.ready("given", At::default(), Path::new("")).map_err(|(_, message)| message)
    }

    fn user(&self, name: &str, at: At, folder: &Path) -> Result<Auth, Fault> {
        let user = match &self.username {
            Some(user) if (1..=MAX_USER).contains(&user.value.len()) => user.value.clone(),
            Some(user) => {
                let message = format!("auth `{name}`: a username has 1 to {MAX_USER} octets (RFC 3414)");
                return At::of(user).fault(message);
            }
            None => return at.fault(format!("auth `{name}`: SNMPv3 needs a `username`")),
        };
        let level = self.security_level.as_ref();
        let level_at = level.map_or(at, At::of);
        let level = level.map_or_else(SecurityLevel::default, |level| level.value);
        let password = secret(name, "password", self.password.as_ref(), self.password_file.as_ref(), folder)?;
        let priv_password =
            secret(name, "priv_password", self.priv_password.as_ref(), self.priv_password_file.as_ref(), folder)?;
        let auth = self.auth_protocol.as_ref().map_or(AuthProtocol::Md5, |protocol| protocol.value.0);
        let privacy = self.priv_protocol.as_ref().map_or(PrivProtocol::Des, |protocol| protocol.value.0);
        let long_enough = |key: &str, secret: Option<(Secret, At)>| match secret {
            None => {
                let message = format!("auth `{name}`: this security level needs a `{key}` or `{key}_file`");
                level_at.fault(message)
            }
            Some((secret, at)) if secret.reveal().chars().count() < MIN_PASSWORD => {
                let message = format!(
                    "auth `{name}`: `{key}` is too short: SNMPv3 passwords have at least {MIN_PASSWORD} characters \
                     (RFC 3414, 11.2)"
                );
                at.fault(message)
            }
            Some((secret, _)) => Ok(secret),
        };
        let level = match level {
            SecurityLevel::NoAuthNoPriv => match password.or(priv_password) {
                Some((_, at)) => {
                    let message = format!(
                        "auth `{name}`: a password, but the security level is noAuthNoPriv: set `security_level` to \
                         authNoPriv or authPriv, or take the password out"
                    );
                    return at.fault(message);
                }
                None => Level::NoAuthNoPriv,
            },
            SecurityLevel::AuthNoPriv => Level::AuthNoPriv(auth, long_enough("password", password)?),
            SecurityLevel::AuthPriv => {
                let password = long_enough("password", password)?;
                Level::AuthPriv(auth, password, privacy, long_enough("priv_password", priv_password)?)
            }
        };
        let context = self.context_name.as_ref().map(|name| name.value.clone()).unwrap_or_default();
        Ok(Auth::v3(Usm::new(user, level, context)))
    }
}

/// A secret from the file itself or from a file of its own, and where it is said.
fn secret(
    name: &str,
    key: &str,
    here: Option<&Spanned<Hidden>>,
    file: Option<&Spanned<PathBuf>>,
    folder: &Path,
) -> Result<Option<(Secret, At)>, Fault> {
    match (here, file) {
        (Some(_), Some(file)) => {
            let message = format!("auth `{name}`: both `{key}` and `{key}_file`: leave one of them out");
            At::of(file).fault(message)
        }
        (Some(here), None) => Ok(Some((here.value.0.clone(), At::of(here)))),
        (None, Some(file)) => {
            let at = At::of(file);
            let read = read_secret(&folder.join(&file.value));
            read.map(|secret| Some((secret, at)))
                .or_else(|error| at.fault(format!("auth `{name}`: `{key}_file`: {error}")))
        }
        (None, None) => Ok(None),
    }
}

/// The first line of a file. One line break at its end is not part of the secret.
///
/// # Errors
/// It can't be read, is empty, or is no secret; in words.
pub fn read_secret(path: &Path) -> Result<Secret, String> {
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_SECRET + 1).read_to_string(&mut text));
    let shown = path.display();
    read.map_err(|error| format!("{shown} can't be read: {error}"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(format!("{shown} is empty"));
    }
    if text.len() as u64 > MAX_SECRET || line.contains('\n') {
        return Err(format!("{shown} is no secret: it should be one line of at most {MAX_SECRET} bytes"));
    }
    Ok(Secret::new(line))
}

/// All of them, and the two that snmp_exporter brings along.
///
/// # Errors
/// The first that is wrong, and where.
pub(super) fn ready(
    entries: &BTreeMap<String, Spanned<AuthEntry>>,
    folder: &Path,
) -> Result<BTreeMap<String, Auth>, Fault> {
    let mut auths = BTreeMap::new();
    for (name, entry) in entries {
        auths.insert(name.clone(), entry.value.ready(name, At::of(entry), folder)?);
    }
    auths.entry("public_v1".to_owned()).or_insert_with(|| Auth::v1("public"));
    auths.entry(DEFAULT_AUTH.to_owned()).or_insert_with(|| Auth::v2c("public"));
    Ok(auths)
}

#[cfg(test)]
#[path = "auths_tests.rs"]
mod tests;
