//! SSDP datagrams (UPnP Device Architecture 2.0, chapter 1): searches written, answers and announcements read, however
//! sloppy they are. Knows no sockets, and does not judge what a `LOCATION` points to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// UDP port of SSDP.
pub const PORT: u16 = 1900;
/// IPv4 group (administratively scoped).
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
/// IPv6 group, link-local scope.
pub const GROUP_V6_LINK: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xc);
/// IPv6 group, site-local scope.
pub const GROUP_V6_SITE: Ipv6Addr = Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0, 0xc);

/// Bytes kept of one header's value. Real ones are below 200.
pub const MAX_VALUE: usize = 1024;
/// Header lines read of one datagram. Real ones have at most 15.
pub const MAX_LINES: usize = 64;

/// What a datagram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An answer to a search.
    Response,
    /// `NTS: ssdp:alive`, or an announcement without NTS.
    Alive,
    /// `NTS: ssdp:update`.
    Update,
    /// `NTS: ssdp:byebye`.
    Byebye,
    /// Somebody's search.
    Search,
}

/// A datagram, read. A header that was not there is an empty text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is.
    pub kind: Kind,
    /// `ST` of searches and answers, `NT` of announcements.
    pub target: String,
    /// `USN`.
    pub usn: String,
    /// `LOCATION` (or `AL`, which some send instead), unchecked.
    pub location: String,
    /// `SERVER`.
    pub server: String,
    /// `max-age` of `CACHE-CONTROL`, seconds.
    pub max_age_seconds: Option<u32>,
}

/// Why a datagram is none of SSDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SsdpError {
    /// The first line is neither an HTTP status line nor a request that SSDP has.
    #[error("the first line is not SSDP's")]
    FirstLine,
    /// An answer with a status other than 200.
    #[error("the answer has an error status")]
    Status,
}

impl Message {
    /// The unique device name in the USN: `uuid:…` up to `::`. Empty where there is none.
    #[must_use]
    pub fn udn(&self) -> &str {
        let usn = self.usn.trim();
        let udn = usn.split("::").next().unwrap_or("");
        if udn.get(..5).is_some_and(|p| p.eq_ignore_ascii_case("uuid:")) { udn } else { "" }
    }
}

/// Reads a datagram: `\r\n` or `\n`, HTTP/1.0 or 1.1, headers in any case and order, with padding, repeated (the first
/// counts) or missing; bytes that are not UTF-8 become U+FFFD.
///
/// # Errors
/// See [`SsdpError`]. Everything after a valid first line is accepted.
pub fn parse(datagram: &[u8]) -> Result<Message, SsdpError> {
    let mut lines = datagram.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.next().unwrap_or_default().to_ascii_uppercase();
    let mut message = Message {
        kind: kind_of(&first)?,
        target: String::new(),
        usn: String::new(),
        location: String::new(),
        server: String::new(),
        max_age_seconds: None,
    };
    let (mut nts, mut alternate) = (String::new(), String::new());
    for line in lines.take(MAX_LINES) {
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        let (name, value) = (line[..colon].trim_ascii_end(), line[colon + 1..].trim_ascii());
        let slot = match name.to_ascii_uppercase().as_slice() {
            b"ST" if matches!(message.kind, Kind::Response | Kind::Search) => &mut message.target,
            b"NT" if !matches!(message.kind, Kind::Response | Kind::Search) => &mut message.target,
            b"USN" => &mut message.usn,
            b"LOCATION" => &mut message.location,
            b"AL" => &mut alternate,
            b"SERVER" => &mut message.server,
            b"NTS" => &mut nts,
            b"CACHE-CONTROL" => {
                message.max_age_seconds = message.max_age_seconds.or_else(|| max_age(value));
                continue;
            }
            _ => continue,
        };
        if slot.is_empty() {
            *slot = text_of(value);
        }
    }
    if message.kind == Kind::Alive {
        match nts.to_ascii_lowercase().as_str() {
            "ssdp:byebye" => message.kind = Kind::Byebye,
            "ssdp:update" => message.kind = Kind::Update,
            _ => {}
        }
    }
    if message.location.is_empty() {
        // `AL: <http://…>` (UPnP Device Architecture 1.0 drafts).
        message.location = alternate.trim_matches(['<', '>']).to_owned();
    }
    Ok(message)
}

fn kind_of(first: &[u8]) -> Result<Kind, SsdpError> {
    if let Some(rest) = first.strip_prefix(b"HTTP/") {
        let status = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).nth(1);
        // A status line without a status is out there; an error status is not an answer.
        return if matches!(status, None | Some(b"200")) { Ok(Kind::Response) } else { Err(SsdpError::Status) };
    }
    match first.split(u8::is_ascii_whitespace).next() {
        Some(b"NOTIFY") => Ok(Kind::Alive),
        Some(b"M-SEARCH") => Ok(Kind::Search),
        _ => Err(SsdpError::FirstLine),
    }
}

/// A header's value as text without control characters, at most [`MAX_VALUE`] bytes long.
fn text_of(value: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(&value[..value.len().min(MAX_VALUE)]).into_owned();
    text.retain(|c| !c.is_control());
    text
}

fn max_age(value: &[u8]) -> Option<u32> {
    let value = value.to_ascii_lowercase();
    let at = value.windows(7).position(|w| w == b"max-age")?;
    let digits = value[at + 7..].iter().skip_while(|b| matches!(b, b' ' | b'=' | b'\t'));
    let digits = digits.take_while(|b| b.is_ascii_digit()).take(10).map(|b| u32::from(b - b'0'));
    let mut seen = false;
    let age = digits.fold(0_u32, |sum, digit| {
        seen = true;
        sum.saturating_mul(10).saturating_add(digit)
    });
    seen.then_some(age)
}

/// Writes a search (UPnP Device Architecture 2.0, 1.3.2) for `target`, to be sent to `group`; answers are to come
/// within `mx_seconds`.
#[must_use]
pub fn search(group: IpAddr, target: &str, mx_seconds: u8) -> Vec<u8> {
    let host = std::net::SocketAddr::new(group, PORT);
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "M-SEARCH * HTTP/1.1\r\nHOST: {host}\r\nMAN: \"ssdp:discover\"\r\nMX: {mx_seconds}\r\nST: {target}\r\n\
         USER-AGENT: stormglass/{version} UPnP/2.0\r\n\r\n"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(datagram: &[u8], kind: Kind, target: &str, udn: &str, location: &str, max_age: Option<u32>) {
        let message = parse(datagram).expect("a message");
        assert_eq!(
            (message.kind, message.target.as_str(), message.udn(), message.location.as_str(), message.max_age_seconds),
            (kind, target, udn, location, max_age)
        );
    }

    #[test]
    fn answers() {
        check(
            b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: upnp:rootdevice\r\nUSN: uuid:1::upnp:rootdevice\r\n\
              EXT:\r\nLOCATION: http://192.168.77.1:5000/rootDesc.xml\r\n\r\n",
            Kind::Response,
            "upnp:rootdevice",
            "uuid:1",
            "http://192.168.77.1:5000/rootDesc.xml",
            Some(120),
        );
        let sloppy = b"http/1.0 200\nlocation :  http://10.0.0.1/\nCache-Control: no-cache, MAX-AGE = 99999999999999";
        check(sloppy, Kind::Response, "", "", "http://10.0.0.1/", Some(u32::MAX));
        check(b"HTTP/1.1\r\nUSN: x", Kind::Response, "", "", "", None);
        let odd = b"HTTP/1.1 200 OK\r\nST: \xff\x1b[31m\r\nST: second\r\nAL: <http://10.0.0.9/>\r\nUSN: UUID:a";
        check(odd, Kind::Response, "\u{fffd}[31m", "UUID:a", "http://10.0.0.9/", None);
    }

    #[test]
    fn announcements() {
        check(
            b"NOTIFY * HTTP/1.1\r\nNT: upnp:rootdevice\r\nNTS: ssdp:byebye\r\nUSN: uuid:2::upnp:rootdevice\r\n\r\n",
            Kind::Byebye,
            "upnp:rootdevice",
            "uuid:2",
            "",
            None,
        );
        check(b"NOTIFY * HTTP/1.1\nNTS: ssdp:update\nST: x", Kind::Update, "", "", "", None);
        check(b"NOTIFY * HTTP/1.1\nNT: uuid:3", Kind::Alive, "uuid:3", "", "", None);
        check(&search(GROUP_V4.into(), "ssdp:all", 2), Kind::Search, "ssdp:all", "", "", None);
    }

    #[test]
    fn others_are_refused() {
        assert_eq!(parse(b""), Err(SsdpError::FirstLine));
        assert_eq!(parse(b"GET / HTTP/1.1\r\n\r\n"), Err(SsdpError::FirstLine));
        assert_eq!(parse(b"HTTP/1.1 404 Not Found\r\n\r\n"), Err(SsdpError::Status));
    }

    #[test]
    fn every_size_is_read_and_kept_short() {
        for size in (0..=65_507).step_by(251) {
            let mut datagram = b"HTTP/1.1 200 OK\r\nUSN: uuid:".to_vec();
            datagram.resize(size.max(28), b'a');
            assert!(parse(&datagram).expect("an answer").usn.len() <= MAX_VALUE);
        }
    }

    #[test]
    fn a_search_is_what_the_architecture_asks_for() {
        let text = String::from_utf8(search(GROUP_V6_LINK.into(), "upnp:rootdevice", 1)).expect("ASCII");
        assert!(text.starts_with("M-SEARCH * HTTP/1.1\r\nHOST: [ff02::c]:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n"));
        assert!(text.ends_with("\r\n\r\n"));
    }
}
