//! A device to be asked: where, with which credentials, how gently. Sends nothing, but may ask the resolver.

use super::auth::Auth;
use super::error::{Cause, CollectError};
use super::transport::canonical;
use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;

/// SNMP's port (RFC 3417).
pub const PORT: u16 = 161;

/// A device to be asked, and how gently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// Where it listens.
    pub address: SocketAddr,
    /// How to be let in.
    pub auth: Auth,
    /// Columns in one PDU, sysUpTime not counted. A TP-Link T1600G crashes when asked for more than 14.
    pub max_columns: usize,
    /// Max-repetitions of GETBULK, at most; fewer are used where fewer rows are left, their number is not known, or the
    /// device wants fewer.
    pub max_repetitions: u32,
    /// How long the first attempt of a request waits; each further one waits twice as long.
    pub request_timeout: Duration,
    /// Further attempts.
    pub retries: u32,
}

impl Target {
    /// A target with the defaults: 10 columns, 100 repetitions, 2 s, 2 retries.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, address: SocketAddr, auth: Auth) -> Self {
        Self {
            name: name.into(),
            address,
            auth,
            max_columns: 10,
            max_repetitions: 100,
            request_timeout: Duration::from_secs(2),
            retries: 2,
        }
    }

    /// The error of this target.
    pub(super) fn failed(&self, cause: Cause) -> CollectError {
        CollectError { target: Arc::clone(&self.name), address: self.address, cause }
    }
}

/// What an address looks like.
const FORM: &str = "write an IP address or host name, with a port if it is not 161: 192.168.1.2, 192.168.1.2:1161, \
                    [2001:db8::1]:161, fe80::1%eth0, switch.lan";

/// Where a target is, as a person wrote it: an address, or a name still to be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An address.
    Address(SocketAddr),
    /// A host name and the port.
    Name(String, u16),
}

impl Place {
    /// Reads `192.168.1.2`, `192.168.1.2:161`, `2001:db8::1`, `[2001:db8::1]:161`, `fe80::1%eth0` or a host name with or
    /// without a port; `port` is for those without one.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str, port: u16) -> Result<Self, String> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self::Address(canonical(address)));
        }
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(Self::Address(canonical(SocketAddr::new(ip, port))));
        }
        if let Some((ip, zone)) = bare.split_once('%') {
            let address =
                scoped(ip, zone, port).ok_or_else(|| format!("no interface for the address {text:?}: {FORM}"));
            return address.map(Self::Address);
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| format!("no port in {text:?}: {FORM}"))?),
            None => (text, port),
        };
        // Letters, digits, hyphens and dots (RFC 1123, 2.1); underscores occur in practice.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        // Digits and dots alone are an address with a mistake in it; a resolver would make something of `10.1`.
        let address_like = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if address_like || host.len() > 253 || !(host.is_ascii() && host.bytes().all(plain)) {
            return Err(format!("not an address: {text:?}: {FORM}"));
        }
        Ok(Self::Name(host.to_owned(), port))
    }

    /// The address, if no resolver is needed for it.
    #[must_use]
    pub const fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Name(..) => None,
        }
    }

    /// Asks the resolver, if need be, for the first address.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the name.
    pub async fn resolve(&self) -> Result<SocketAddr, String> {
        let (host, port) = match self {
            Self::Address(address) => return Ok(*address),
            Self::Name(host, port) => (host.as_str(), *port),
        };
        let found = tokio::net::lookup_host((host, port)).await.map_err(|error| {
            format!("the name {host:?} cannot be resolved ({error}): check it, or use the IP address")
        })?;
        let found = found.map(canonical).next();
        found.ok_or_else(|| format!("the name {host:?} has no address: use the IP address"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(out),
            Self::Name(host, port) => write!(out, "{host}:{port}"),
        }
    }
}

/// Reads a [`Place`] at SNMP's own port and resolves it.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub async fn resolve(text: &str) -> Result<SocketAddr, String> {
    Place::parse(text, PORT)?.resolve().await
}

/// A link-local IPv6 address with its interface, by name or number.
fn scoped(ip: &str, zone: &str, port: u16) -> Option<SocketAddr> {
    let ip = ip.parse().ok()?;
    let plain = !zone.is_empty() && zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let index = zone.parse().ok().or_else(|| {
        let path = format!("/sys/class/net/{zone}/ifindex");
        plain.then(|| std::fs::read_to_string(path).ok()).flatten()?.trim().parse().ok()
    })?;
    Some(canonical(SocketAddrV6::new(ip, port, 0, index).into()))
}
