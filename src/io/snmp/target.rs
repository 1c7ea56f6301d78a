//! A device to be asked: where, with which credentials, how gently. Sends nothing, but may ask the resolver.

use super::error::{Cause, CollectError};
use super::transport::canonical;
use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;

/// SNMP's port (RFC 3417).
pub const PORT: u16 = 161;

/// How to be let in.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth {
    /// SNMPv2c: the community, which anyone on the path can read.
    V2c {
        /// Usually `public`.
        community: String,
    },
}

impl Auth {
    /// SNMPv2c with this community.
    #[must_use]
    pub fn v2c(community: impl Into<String>) -> Self {
        Self::V2c { community: community.into() }
    }
}

/// Never shows a secret.
impl fmt::Debug for Auth {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V2c { .. } => out.write_str("V2c"),
        }
    }
}

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
    /// Max-repetitions of GETBULK, at most; fewer are used where the device wants fewer.
    pub max_repetitions: u32,
    /// How long the first attempt of a request waits; each further one waits twice as long.
    pub request_timeout: Duration,
    /// Further attempts.
    pub retries: u32,
}

impl Target {
    /// A target with the defaults: 10 columns, 25 repetitions, 2 s, 2 retries.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, address: SocketAddr, auth: Auth) -> Self {
        Self {
            name: name.into(),
            address,
            auth,
            max_columns: 10,
            max_repetitions: 25,
            request_timeout: Duration::from_secs(2),
            retries: 2,
        }
    }

    /// The error of this target.
    pub(super) fn failed(&self, cause: Cause) -> CollectError {
        CollectError { target: Arc::clone(&self.name), address: self.address, cause }
    }
}

/// Reads `192.168.1.2`, `192.168.1.2:161`, `2001:db8::1`, `[2001:db8::1]:161`, `fe80::1%eth0` or a host name with or
/// without a port, and resolves it.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub async fn resolve(text: &str) -> Result<SocketAddr, String> {
    let form = "write an IP address or host name, with a port if it is not 161: 192.168.1.2, 192.168.1.2:1161, \
                [2001:db8::1]:161, fe80::1%eth0, switch.lan";
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(canonical(address));
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Ok(canonical(SocketAddr::new(ip, PORT)));
    }
    if let Some((ip, zone)) = bare.split_once('%') {
        return scoped(ip, zone).ok_or_else(|| format!("no interface for the address {text:?}: {form}"));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| format!("no port in {text:?}: {form}"))?),
        None => (text, PORT),
    };
    if host.is_empty() || host.contains([':', '/', ' ']) {
        return Err(format!("not an address: {text:?}: {form}"));
    }
    let mut found = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| format!("the name {host:?} cannot be resolved ({error}): check it, or use the IP address"))?;
    found.next().map(canonical).ok_or_else(|| format!("the name {host:?} has no address: use the IP address"))
}

/// A link-local IPv6 address with its interface, by name or number.
fn scoped(ip: &str, zone: &str) -> Option<SocketAddr> {
    let ip = ip.parse().ok()?;
    let plain = !zone.is_empty() && zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let index = zone.parse().ok().or_else(|| {
        let path = format!("/sys/class/net/{zone}/ifindex");
        plain.then(|| std::fs::read_to_string(path).ok()).flatten()?.trim().parse().ok()
    })?;
    Some(SocketAddrV6::new(ip, PORT, 0, index).into())
}
