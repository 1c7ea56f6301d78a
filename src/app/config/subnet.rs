//! Address blocks, and the `snmp.discover` entries that are made of them. Sends nothing.

use super::auths::{At, DEFAULT_AUTH};
use super::units::Interval;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::time::Duration;

/// Addresses of one entry: a /22. At the pace of the search that is under a minute.
const MAX_ADDRESSES: u32 = 1024;
/// Shortest interval of a search.
const MIN_INTERVAL: Duration = Duration::from_secs(60);
/// Blocks of addresses that belong to nobody else (RFC 1918, RFC 6598, RFC 3927, and loopback).
const PRIVATE: [&str; 6] =
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"];

/// A block of addresses: `192.168.1.0/24`, `fd00::/64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    base: IpAddr,
    bits: u8,
}

impl FromStr for Subnet {
    type Err = &'static str;

    /// The address must be the block's first, for otherwise it is a mistake.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "not a block of addresses: write its first address and the bits that its addresses share, \
                             as in 192.168.1.0/24";
        let (base, bits) = text.split_once('/').ok_or(WRONG)?;
        let base: IpAddr = base.parse().map_err(|_| WRONG)?;
        let bits: u8 = bits.parse().map_err(|_| WRONG)?;
        if bits > if base.is_ipv4() { 32 } else { 128 } {
            return Err(WRONG);
        }
        let subnet = Self { base, bits };
        let host_bits = match base {
            IpAddr::V4(ip) => u128::from(ip.to_bits() & !mask(32, bits) as u32),
            IpAddr::V6(ip) => ip.to_bits() & !mask(128, bits),
        };
        if host_bits == 0 { Ok(subnet) } else { Err("not the first address of such a block: its last bits must be 0") }
    }
}

/// `bits` ones at the top of `width` bits.
fn mask(width: u32, bits: u8) -> u128 {
    let all = if width == 128 { u128::MAX } else { (1 << width) - 1 };
    all.checked_shr(u32::from(bits)).map_or(all, |below| all & !below)
}

impl Subnet {
    /// Whether the address lies in it.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.base, ip.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(ip)) => (base.to_bits() ^ ip.to_bits()) & mask(32, self.bits) as u32 == 0,
            (IpAddr::V6(base), IpAddr::V6(ip)) => (base.to_bits() ^ ip.to_bits()) & mask(128, self.bits) == 0,
            _ => false,
        }
    }

    /// The addresses that hosts may have, in order, if it is IPv4: without network and broadcast address, which a block
    /// of one or two has not (RFC 3021).
    pub fn hosts(&self) -> impl Iterator<Item = Ipv4Addr> + use<> {
        let (first, last) = match self.base {
            IpAddr::V4(base) if self.bits >= 31 => (base.to_bits(), base.to_bits() | !mask(32, self.bits) as u32),
            IpAddr::V4(base) => (base.to_bits() + 1, (base.to_bits() | !mask(32, self.bits) as u32) - 1),
            IpAddr::V6(_) => (1, 0),
        };
        (first..=last).map(Ipv4Addr::from_bits)
    }

    fn addresses(&self) -> u64 {
        1 << (32 - u32::from(self.bits).min(32))
    }

    fn is_private(&self) -> bool {
        PRIVATE
            .iter()
            .filter_map(|text| text.parse::<Self>().ok())
            .any(|known| known.bits <= self.bits && known.contains(self.base))
    }
}

/// An entry of `snmp.discover`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discover {
    /// What is searched.
    pub subnet: Spanned<String>,
    /// Name of an entry of `snmp.auths`; [`DEFAULT_AUTH`] where it is not said.
    #[serde(default)]
    pub auth: Option<Spanned<String>>,
    /// From the start of one search to the start of the next.
    #[serde(default = "ten_minutes")]
    pub interval: Interval,
    /// Where agents listen.
    #[serde(default = "snmp_port")]
    pub port: u16,
    /// Search addresses that may belong to somebody else.
    #[serde(default)]
    pub allow_public: bool,
}

fn ten_minutes() -> Interval {
    Interval::seconds(600)
}

fn snmp_port() -> u16 {
    crate::io::snmp::PORT
}

impl Discover {
    /// The name of its credentials.
    #[must_use]
    pub fn auth_name(&self) -> &str {
        self.auth.as_ref().map_or(DEFAULT_AUTH, |auth| auth.value.as_str())
    }

    /// The block. [`super::load`] has checked it.
    ///
    /// # Errors
    /// What a block looks like.
    pub fn block(&self) -> Result<Subnet, &'static str> {
        self.subnet.value.parse()
    }

    /// What types alone do not say.
    pub(super) fn check(&self, knows_auth: impl Fn(&str) -> bool) -> Result<(), (String, String)> {
        let fault = |message: String| Err((At::of(&self.subnet).place(), message));
        let block = match self.block() {
            Ok(block) => block,
            Err(message) => return fault(message.to_owned()),
        };
        let first = block.base;
        if first.is_ipv6() {
            return fault(
                "IPv6 blocks are too large to be searched: name those targets, or list them in a file".to_owned(),
            );
        }
        if block.addresses() > u64::from(MAX_ADDRESSES) {
            return fault(format!(
                "more than {MAX_ADDRESSES} addresses: a /22 is the most; make several entries of it"
            ));
        }
        if first.is_multicast() || first.is_unspecified() || first == IpAddr::V4(Ipv4Addr::BROADCAST) {
            return fault("not a block of hosts".to_owned());
        }
        if !block.is_private() && !self.allow_public {
            return fault("not a private block: if these devices are yours, say `allow_public: true`".to_owned());
        }
        if self.interval.0 < MIN_INTERVAL || self.port == 0 {
            return fault("an interval below 1m, or port 0: a search is not a poll".to_owned());
        }
        if knows_auth(self.auth_name()) {
            return Ok(());
        }
        Err((At::of(self.auth.as_ref().unwrap_or(&self.subnet)).place(), "unknown auth".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_and_contain() {
        let block = |text: &str| text.parse::<Subnet>();
        let lan = block("192.168.4.0/22").expect("good");
        for (ip, inside) in [
            ("192.168.4.0", true),
            ("192.168.7.255", true),
            ("192.168.8.0", false),
            ("::ffff:192.168.5.1", true),
            ("fd00::1", false),
        ] {
            assert_eq!(lan.contains(ip.parse().expect("an address")), inside, "{ip}");
        }
        let everything = block("0.0.0.0/0").expect("good");
        assert!(everything.contains([255, 1, 2, 3].into()) && !everything.is_private());
        assert!(block("fd00:1::/32").expect("good").contains("fd00:1:ffff::1".parse().expect("an address")));
        assert!(block("::/0").expect("good").contains("fe80::1".parse().expect("an address")));
        for wrong in
            ["192.168.1.1/24", "192.168.1.0", "192.168.1.0/33", "192.168.1/24", "fd00::1/64", "x/8", "1.2.3.4/-1"]
        {
            assert!(block(wrong).is_err(), "{wrong}");
        }
        for (text, private) in [("10.1.0.0/16", true), ("172.16.0.0/11", false), ("8.8.8.0/24", false)] {
            assert_eq!(block(text).map(|block| block.is_private()).unwrap_or_default(), private, "{text}");
        }
    }

    #[test]
    fn hosts_are_without_network_and_broadcast() {
        let hosts =
            |text: &str| text.parse::<Subnet>().expect("good").hosts().map(|ip| ip.to_string()).collect::<Vec<_>>();
        assert_eq!(hosts("10.0.0.0/30"), ["10.0.0.1", "10.0.0.2"]);
        assert_eq!(hosts("10.0.0.0/31"), ["10.0.0.0", "10.0.0.1"]);
        assert_eq!(hosts("255.255.255.255/32"), ["255.255.255.255"]);
        assert_eq!(hosts("192.168.0.0/22").len(), 1022);
        assert_eq!(hosts("fd00::/120").len(), 0);
    }
}
