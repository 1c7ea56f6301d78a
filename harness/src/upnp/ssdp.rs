//! The SSDP responder of one device: hears searches to the group on loopback and answers those that mean it. Refuses
//! whatever does not come from loopback.

use crate::net::{self, Place, Worker};
use crate::packets::SSDP_GROUP;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::AtomicBool;

/// SSDP's port (UPnP Device Architecture 2.0, 1.1).
pub const SSDP_PORT: u16 = 1900;

/// What a device answers to.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `uuid:…`.
    pub udn: String,
    /// Its device and service types.
    pub types: Vec<String>,
    /// URL of its description.
    pub location: String,
    /// The `SERVER` header.
    pub server: String,
}

impl Identity {
    /// The answers to a search for `st`, in the order of the standard.
    #[must_use]
    pub fn answers(&self, st: &str) -> Vec<String> {
        let wanted = |(kind, _): &&(String, String)| st == "ssdp:all" || same_type(kind, st);
        self.names()
            .iter()
            .filter(wanted)
            .map(|(kind, usn)| self.answer(if st == "ssdp:all" { kind } else { st }, usn))
            .collect()
    }

    /// What it goes by: each notification type with its unique service name.
    fn names(&self) -> Vec<(String, String)> {
        let mut known = vec![("upnp:rootdevice".to_owned(), format!("{}::upnp:rootdevice", self.udn))];
        known.push((self.udn.clone(), self.udn.clone()));
        known.extend(self.types.iter().map(|kind| (kind.clone(), format!("{}::{kind}", self.udn))));
        known
    }

    fn answer(&self, st: &str, usn: &str) -> String {
        format!(
            "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\nLOCATION: {}\r\nSERVER: {}\r\nST: {st}\r\n\
             USN: {usn}\r\nBOOTID.UPNP.ORG: 1\r\nCONFIGID.UPNP.ORG: 1\r\n\r\n",
            self.location, self.server
        )
    }
}

/// What an announcement says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// `ssdp:alive`.
    Alive,
    /// `ssdp:update`, before the boot id becomes this.
    Update {
        /// `NEXTBOOTID.UPNP.ORG`.
        next_boot: u32,
    },
    /// `ssdp:byebye`.
    Byebye,
}

/// What an announcement promises, and which life of the device it belongs to (UPnP Device Architecture 2.0, 1.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// `CACHE-CONTROL: max-age`, seconds.
    pub max_age_s: u32,
    /// `BOOTID.UPNP.ORG`: grows with each start.
    pub boot: u32,
    /// `CONFIGID.UPNP.ORG`: changes with the description.
    pub config: u32,
}

impl Identity {
    /// An announcement for each of its names, in the order of the standard, to the group written as `host`.
    #[must_use]
    pub fn notices(&self, host: &str, notice: Notice, life: Life) -> Vec<String> {
        self.names().iter().map(|(kind, usn)| self.notice(host, notice, life, (kind, usn))).collect()
    }

    fn notice(&self, host: &str, notice: Notice, life: Life, (nt, usn): (&str, &str)) -> String {
        let (location, server) = (&self.location, &self.server);
        let Life { max_age_s, boot, config } = life;
        let ids = format!("BOOTID.UPNP.ORG: {boot}\r\nCONFIGID.UPNP.ORG: {config}\r\n");
        let (nts, rest) = match notice {
            Notice::Alive => {
                let server = format!("SERVER: {server}\r\n");
                ("alive", format!("CACHE-CONTROL: max-age={max_age_s}\r\nLOCATION: {location}\r\n{server}{ids}"))
            }
            Notice::Update { next_boot } => {
                ("update", format!("LOCATION: {location}\r\n{ids}NEXTBOOTID.UPNP.ORG: {next_boot}\r\n"))
            }
            Notice::Byebye => ("byebye", ids),
        };
        format!("NOTIFY * HTTP/1.1\r\nHOST: {host}\r\nNT: {nt}\r\nNTS: ssdp:{nts}\r\nUSN: {usn}\r\n{rest}\r\n")
    }
}

/// A device of version 2 answers to searches for version 1 as well (UPnP Device Architecture 2.0, 1.3.2).
fn same_type(known: &str, wanted: &str) -> bool {
    let split = |text: &str| {
        text.rsplit_once(':').and_then(|(kind, version)| Some((kind.to_owned(), version.parse::<u32>().ok()?)))
    };
    match (split(known), split(wanted)) {
        (Some((kind, version)), Some((wanted, at_least))) => kind == wanted && version >= at_least,
        _ => known == wanted,
    }
}

/// The `ST` of a search, or nothing if it is none.
#[must_use]
pub fn search_target(datagram: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(datagram);
    let mut lines = text.lines();
    if !lines.next()?.to_ascii_uppercase().starts_with("M-SEARCH * HTTP/1.") {
        return None;
    }
    let headers = lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.trim(), value.trim()));
    let mut discover = false;
    let mut st = None;
    for (name, value) in headers {
        discover |= name.eq_ignore_ascii_case("MAN") && value.trim_matches('"').eq_ignore_ascii_case("ssdp:discover");
        if name.eq_ignore_ascii_case("ST") {
            st = Some(value.to_owned());
        }
    }
    st.filter(|_| discover)
}

/// Starts the responder.
pub(crate) fn start(identity: Identity) -> io::Result<Worker> {
    start_at(Place::HOME, Box::new(move |st| identity.answers(st).into_iter().map(String::into_bytes).collect()))
}

/// What answers a search for a type: datagrams, honest or not.
pub(crate) type Answers = Box<dyn Fn(&str) -> Vec<Vec<u8>> + Send>;

/// Starts a responder that answers from another place, with whatever it likes.
pub(crate) fn start_at(place: Place, answers: Answers) -> io::Result<Worker> {
    let listener = net::group(SSDP_GROUP, SSDP_PORT)?;
    let speaker = net::udp_in(place, 0)?;
    Worker::start("harness-ssdp", None, move |stop| serve(&listener, &speaker, &answers, stop))
}

fn serve(listener: &UdpSocket, speaker: &UdpSocket, answers: &Answers, stop: &AtomicBool) {
    let mut buffer = [0; 2048];
    while !net::stopped(stop) {
        let (length, peer): (usize, SocketAddr) = match listener.recv_from(&mut buffer) {
            Ok(received) => received,
            Err(error) if net::is_idle(&error) => continue,
            Err(_) => return,
        };
        let Some(st) = search_target(&buffer[..length]).filter(|_| peer.ip().is_loopback()) else { continue };
        // At once instead of within MX seconds: a demo should not wait.
        for answer in answers(&st) {
            if net::stopped(stop) {
                return;
            }
            let _ = speaker.send_to(&answer, peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_what_is_meant_for_it() {
        let identity = Identity {
            udn: "uuid:1".to_owned(),
            types: vec!["urn:schemas-upnp-org:device:InternetGatewayDevice:2".to_owned()],
            location: "http://127.0.0.1:1/d.xml".to_owned(),
            server: "s".to_owned(),
        };
        let count = |st: &str| identity.answers(st).len();
        assert_eq!((count("ssdp:all"), count("upnp:rootdevice"), count("uuid:1"), count("uuid:2")), (3, 1, 1, 0));
        let older = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";
        assert!(identity.answers(older).iter().all(|answer| answer.contains(&format!("ST: {older}\r\n"))));
        assert_eq!((count(older), count("urn:schemas-upnp-org:device:InternetGatewayDevice:3")), (1, 0));
    }

    #[test]
    fn a_search_is_a_search() {
        let text = crate::packets::m_search("upnp:rootdevice", 1);
        assert_eq!(search_target(text.as_bytes()), Some("upnp:rootdevice".to_owned()));
        assert_eq!(search_target(text.replace("\r\n", "\n").as_bytes()), Some("upnp:rootdevice".to_owned()));
        assert_eq!(search_target(text.replace("ssdp:discover", "x").as_bytes()), None);
        assert_eq!(search_target(b"NOTIFY * HTTP/1.1\r\nST: ssdp:all\r\n\r\n"), None);
        assert_eq!(search_target(&[0xff; 64]), None);
    }
}
