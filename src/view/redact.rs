//! Who is who, taken out of a text that is handed on: MAC addresses keep the maker's half, addresses become others of
//! the same kind, names become numbers; the same stays the same everywhere in the text. Works on the finished text, so
//! that no sentence can be forgotten. Knows no verdicts.

use crate::model::MacAddr;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Replaces what names devices and people.
#[derive(Debug)]
pub struct Redactor {
    names: Vec<Arc<str>>,
    macs: BTreeMap<MacAddr, MacAddr>,
    ips: BTreeMap<IpAddr, IpAddr>,
}

impl Redactor {
    /// One that replaces these names, too.
    pub fn new<'a>(names: impl Iterator<Item = &'a Arc<str>>) -> Self {
        // Longer ones first: `Echo` must not spoil `Echo in the kitchen`.
        let mut names = names.filter(|name| name.chars().count() > 1).cloned().collect::<Vec<_>>();
        names.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        names.dedup();
        Self { names, macs: BTreeMap::new(), ips: BTreeMap::new() }
    }

    /// The text without them.
    #[must_use]
    pub fn apply(mut self, text: &str) -> String {
        let mut named = text.to_owned();
        for (index, name) in self.names.iter().enumerate() {
            named = named.replace(&**name, &format!("device-{}", index + 1));
        }
        let part = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.' | '…');
        let mut out = String::with_capacity(named.len());
        let mut rest = named.as_str();
        while let Some(at) = rest.find(part) {
            let end = rest[at..].find(|c| !part(c)).map_or(rest.len(), |length| at + length);
            out.push_str(&rest[..at]);
            // Within a word there is no address.
            let inside = rest[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
            let token = &rest[at..end];
            match if inside { None } else { self.replaced(token) } {
                Some(other) => out.push_str(&other),
                None => out.push_str(token),
            }
            rest = &rest[end..];
        }
        out.push_str(rest);
        out
    }

    /// What an address becomes, if the token is one; a full stop or colon that ends a sentence stays.
    fn replaced(&mut self, token: &str) -> Option<String> {
        let bare = token.trim_end_matches(['.', ':']);
        let tail = &token[bare.len()..];
        if let Ok(mac) = bare.parse::<MacAddr>() {
            return Some(format!("{}{tail}", self.mac(mac)));
        }
        if let Some(end) = bare.strip_prefix("…:") {
            return (end.len() == 2).then(|| format!("…{tail}"));
        }
        // `::` alone and numbers with one point are no addresses of anybody.
        let ip = bare.parse::<IpAddr>().ok()?;
        Some(format!("{}{tail}", self.ip(ip)))
    }

    fn mac(&mut self, mac: MacAddr) -> MacAddr {
        if mac.is_group() || mac == MacAddr::ZERO {
            return mac;
        }
        let next = self.macs.len() as u32 + 1;
        *self.macs.entry(mac).or_insert_with(|| {
            let [_, high, middle, low] = next.to_be_bytes();
            let [a, b, c, ..] = mac.0;
            MacAddr([a, b, c, high, middle, low])
        })
    }

    fn ip(&mut self, ip: IpAddr) -> IpAddr {
        let kept = match ip {
            IpAddr::V4(v4) => v4.is_multicast() || v4.is_broadcast() || v4.is_unspecified() || v4.is_loopback(),
            IpAddr::V6(v6) => v6.is_multicast() || v6.is_unspecified() || v6.is_loopback(),
        };
        if kept {
            return ip;
        }
        let next = self.ips.len() as u32 + 1;
        *self.ips.entry(ip).or_insert_with(|| match ip {
            // 198.18.0.0/15 (RFC 2544) and 2001:db8::/32 (RFC 3849) belong to nobody.
            IpAddr::V4(_) => Ipv4Addr::from(0xc612_0000 + (next & 0xffff)).into(),
            IpAddr::V6(_) => Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(next)).into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_stays_the_same_and_the_maker_is_kept() {
        let names: [Arc<str>; 2] = ["Echo".into(), "Echo in the kitchen".into()];
        let text = "Echo in the kitchen (192.168.1.10, MAC …:C8) and Echo: 3c:84:6a:10:00:c8 sends to 239.255.255.250. \
                    It is 192.168.1.10. At 20:14:05, 3.5 s, fe80::1, not 01:00:5e:7f:ff:fa nor 0.0.0.0.";
        assert_eq!(
            Redactor::new(names.iter()).apply(text),
            "device-1 (198.18.0.1, MAC …) and device-2: 3c:84:6a:00:00:01 sends to 239.255.255.250. It is 198.18.0.1. \
             At 20:14:05, 3.5 s, 2001:db8::2, not 01:00:5e:7f:ff:fa nor 0.0.0.0."
        );
    }
}
