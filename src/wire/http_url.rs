//! The `http:` URLs of UPnP, whose host is an address: parsed, resolved, and checked against whoever named them.
//! Knows no DNS: a host name is refused.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Bytes of a URL that are read; longer ones are refused.
pub const MAX_URL: usize = 2048;

/// An `http:` URL with an address as its host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HttpUrl {
    /// The host. A zone (`%eth0`) is dropped: the interface that the URL came in on decides.
    pub host: IpAddr,
    /// The port, 80 where none is given.
    pub port: u16,
    /// Path and query, from the first `/`, fit for a request line.
    pub path: String,
}

/// Why a text is not a URL that we follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// Nothing there.
    Missing,
    /// `https:`, `file:` and the like.
    Scheme,
    /// The host is a name; nothing is looked up on a stranger's word.
    HostName,
    /// Anything else.
    Malformed,
}

impl HttpUrl {
    /// Reads an absolute URL. White space around it is ignored.
    ///
    /// # Errors
    /// See [`UrlError`].
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(UrlError::Missing);
        }
        if text.len() > MAX_URL {
            return Err(UrlError::Malformed);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UrlError::Malformed)?;
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(UrlError::Scheme);
        }
        let rest = rest.strip_prefix("//").ok_or(UrlError::Malformed)?;
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host, port) = parse_authority(authority)?;
        Ok(Self { host, port, path: clean_path(path) })
    }

    /// Resolves a reference found in a document of this URL (RFC 3986, 5.2): absolute, `//host/…`, from the root, or
    /// relative to the document's directory.
    ///
    /// # Errors
    /// As [`HttpUrl::parse`]; an empty reference is [`UrlError::Missing`].
    pub fn join(&self, reference: &str) -> Result<Self, UrlError> {
        let reference = reference.trim();
        if reference.is_empty() {
            return Err(UrlError::Missing);
        }
        if reference.len() > MAX_URL {
            return Err(UrlError::Malformed);
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::parse(&format!("http://{rest}"));
        }
        let before_path = &reference[..reference.find(['/', '?', '#']).unwrap_or(reference.len())];
        if before_path.contains(':') {
            return Self::parse(reference);
        }
        let directory = self.path.split('?').next().and_then(|p| p.rsplit_once('/')).map_or("", |(d, _)| d);
        let path = match reference.as_bytes() {
            [b'/', ..] => reference.to_owned(),
            [b'?' | b'#', ..] => format!("{}{reference}", self.path.split('?').next().unwrap_or("/")),
            _ => format!("{directory}/{reference}"),
        };
        Ok(Self { host: self.host, port: self.port, path: clean_path(&path) })
    }

    /// Host and port as a `Host` header has them.
    #[must_use]
    pub fn authority(&self) -> String {
        SocketAddr::new(self.host, self.port).to_string()
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.path)
    }
}

fn parse_authority(authority: &str) -> Result<(IpAddr, u16), UrlError> {
    if authority.contains('@') {
        return Err(UrlError::Malformed);
    }
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (inside, after) = rest.split_once(']').ok_or(UrlError::Malformed)?;
        let address = inside.split('%').next().unwrap_or("");
        let host = address.parse::<Ipv6Addr>().map_err(|_| UrlError::Malformed)?;
        (IpAddr::V6(host), after)
    } else {
        let (name, after) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        if name.is_empty() {
            return Err(UrlError::Malformed);
        }
        (IpAddr::V4(name.parse::<Ipv4Addr>().map_err(|_| UrlError::HostName)?), after)
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => 80,
        Some("") => 80,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().map_err(|_| UrlError::Malformed)?
        }
        _ => return Err(UrlError::Malformed),
    };
    if port == 0 { Err(UrlError::Malformed) } else { Ok((host, port)) }
}

/// Path and query without fragment and dot segments; whatever could break a request line is percent-encoded.
fn clean_path(text: &str) -> String {
    let text = text.split('#').next().unwrap_or("");
    let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
    let mut segments: Vec<&str> = Vec::new();
    let parts = path.trim_start_matches('/').split('/').collect::<Vec<_>>();
    for (place, part) in parts.iter().enumerate() {
        let last = place + 1 == parts.len();
        match *part {
            "." | ".." => {
                if *part == ".." {
                    segments.pop();
                }
                if last {
                    segments.push("");
                }
            }
            part => segments.push(part),
        }
    }
    let mut out = String::with_capacity(text.len() + 1);
    for segment in &segments {
        out.push('/');
        encode(segment, &mut out);
    }
    if let Some(query) = query {
        out.push('?');
        encode(query, &mut out);
    }
    out
}

fn encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// The two addresses are of one family and equal in their first `prefix` bits.
#[must_use]
pub fn same_prefix(one: IpAddr, other: IpAddr, prefix: u8) -> bool {
    let (difference, width) = match (one, other) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits() ^ b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits(), 128),
        _ => return false,
    };
    difference.checked_shr(width - u32::from(prefix).min(width)).unwrap_or(0) == 0
}

/// Whose word a URL is: where the answer that named it came from, and what is on the same link.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Source address of the answer.
    pub source: IpAddr,
    /// The receiving interface's own addresses with their prefix lengths.
    pub link: Vec<(IpAddr, u8)>,
}

impl Origin {
    /// Whether an answer from here may send us to `host`: itself, and in IPv6 (where a host has many addresses) any
    /// link-local or on-link address that is not ours. Otherwise one datagram could make us ask any host any question.
    #[must_use]
    pub fn may_name(&self, host: IpAddr) -> bool {
        if host == self.source {
            return true;
        }
        let (IpAddr::V6(v6), IpAddr::V6(_)) = (host, self.source) else { return false };
        let ours = self.link.iter().any(|(address, _)| *address == host);
        let on_link = self.link.iter().any(|(own, prefix)| *prefix >= 48 && same_prefix(*own, host, *prefix));
        !ours && !v6.is_multicast() && !v6.is_loopback() && (v6.is_unicast_link_local() || on_link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, UrlError>) {
        assert_eq!(HttpUrl::parse(text).map(|u| u.to_string()), expected.map(str::to_owned), "{text}");
    }

    #[test]
    fn absolute_urls() {
        check("http://192.168.1.1:5000/rootDesc.xml", Ok("http://192.168.1.1:5000/rootDesc.xml"));
        check("  HTTP://192.168.1.1\t", Ok("http://192.168.1.1:80/"));
        check("http://192.168.1.1:/a", Ok("http://192.168.1.1:80/a"));
        check("http://[fe80::1%25eth0]:80/a b", Ok("http://[fe80::1]:80/a%20b"));
        check("http://10.0.0.1?x=1#y", Ok("http://10.0.0.1:80/?x=1"));
        check("http://10.0.0.1/a/../../b/./c", Ok("http://10.0.0.1:80/b/c"));
        check("http://10.0.0.1/a\r\nX: y", Ok("http://10.0.0.1:80/a%0D%0AX:%20y"));
        check("", Err(UrlError::Missing));
        check("https://10.0.0.1/", Err(UrlError::Scheme));
        check("file:///etc/passwd", Err(UrlError::Scheme));
        check("http://nas.local/", Err(UrlError::HostName));
        check("http://0x7f000001/", Err(UrlError::HostName));
        check("http://010.0.0.1/", Err(UrlError::HostName));
        for broken in ["http:/x", "http://", "http://10.0.0.1:0/", "http://10.0.0.1:99999/", "http://u@10.0.0.1/", "x"]
        {
            check(broken, Err(UrlError::Malformed));
        }
        check(&format!("http://10.0.0.1/{}", "a".repeat(MAX_URL)), Err(UrlError::Malformed));
    }

    #[test]
    fn references() {
        let base = HttpUrl::parse("http://10.0.0.1:49152/desc/root.xml?v=1").expect("a literal");
        let check = |reference: &str, expected: Result<&str, UrlError>| {
            assert_eq!(base.join(reference).map(|u| u.to_string()), expected.map(str::to_owned), "{reference}");
        };
        check("/ctl/IPConn", Ok("http://10.0.0.1:49152/ctl/IPConn"));
        check("  /ctl\n", Ok("http://10.0.0.1:49152/ctl"));
        check("ctl", Ok("http://10.0.0.1:49152/desc/ctl"));
        check("../ctl?a=b:c", Ok("http://10.0.0.1:49152/ctl?a=b:c"));
        check("?a", Ok("http://10.0.0.1:49152/desc/root.xml?a"));
        check("http://10.0.0.2/x", Ok("http://10.0.0.2:80/x"));
        check("//10.0.0.3/x", Ok("http://10.0.0.3:80/x"));
        check("", Err(UrlError::Missing));
        check("javascript:x", Err(UrlError::Scheme));
    }

    #[test]
    fn prefixes() {
        let check = |one: &str, other: &str, prefix: u8, expected: bool| {
            let same = same_prefix(one.parse().expect("one"), other.parse().expect("other"), prefix);
            assert_eq!(same, expected, "{one} {other} /{prefix}");
        };
        check("192.168.1.5", "192.168.1.200", 24, true);
        check("192.168.1.5", "192.168.2.5", 24, false);
        check("192.168.1.5", "192.168.1.5", 32, true);
        check("192.168.1.5", "192.168.1.4", 32, false);
        check("192.168.1.5", "10.0.0.1", 0, true);
        check("fd77::1", "fd77::ffff:1", 64, true);
        check("fd77::1", "fd78::1", 64, false);
        check("::1", "127.0.0.1", 0, false);
    }

    #[test]
    fn nobody_sends_us_elsewhere() {
        let link = vec![("192.168.1.5".parse().expect("v4"), 24), ("fd77::20".parse().expect("v6"), 64)];
        let check = |source: &str, host: &str, expected: bool| {
            let origin = Origin { source: source.parse().expect("source"), link: link.clone() };
            assert_eq!(origin.may_name(host.parse().expect("host")), expected, "{source} names {host}");
        };
        check("192.168.1.1", "192.168.1.1", true);
        check("192.168.1.1", "192.168.1.2", false);
        check("192.168.1.1", "127.0.0.1", false);
        check("192.168.1.1", "fe80::1", false);
        check("fe80::1", "fe80::2", true);
        check("fe80::1", "fd77::1", true);
        check("fe80::1", "fd77::20", false);
        check("fe80::1", "fd78::1", false);
        check("fe80::1", "::1", false);
        check("fe80::1", "192.168.1.1", false);
        check("127.0.0.1", "127.0.0.1", true);
    }
}
