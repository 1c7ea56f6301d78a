//! Connections outward: names, the interface that is chosen for them, and TLS. What fails says what to do next, and shows no more
//! of an address than its host. Knows no protocol above.

use super::SendError;
use crate::io::errno::NO_DEVICE;
use hyper::Uri;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error as TlsError};

/// Addresses of a name that are tried.
const MAX_ADDRESSES: usize = 4;
/// An address that does not answer by then is passed over; in a storm a SYN is lost, and is sent again after 1 and 3 s.
const CONNECT_WITHIN: Duration = Duration::from_secs(8);
/// The resolver's own patience is 5 s for each of two servers.
const RESOLVE_WITHIN: Duration = Duration::from_secs(10);

/// What bytes go through.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Where something is sent: parts of a URL, which may be a secret as a whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether it is encrypted from the first byte.
    pub tls: bool,
    /// Path and query; the secret part.
    pub path: String,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Endpoint({}:{})", self.host, self.port)
    }
}

impl Endpoint {
    /// Reads a URL of one of two schemes, the second being the encrypted one, each with its port.
    ///
    /// # Errors
    /// What is wrong with it, without showing it.
    pub fn parse(text: &str, schemes: [(&str, u16); 2]) -> Result<Self, String> {
        let [(plain, _), (secure, _)] = schemes;
        let expected = format!("it should begin with {secure}:// or {plain}://");
        let uri = text.trim().parse::<Uri>().map_err(|_| format!("it is no URL: {expected}"))?;
        let scheme = uri.scheme_str().unwrap_or_default();
        let place = schemes.iter().position(|(name, _)| *name == scheme).ok_or(expected)?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("a user in a URL is not supported: use `username` and `password`, or `token`".to_owned());
        }
        if host.is_empty() {
            return Err("it names no host".to_owned());
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { host, port: uri.port_u16().unwrap_or(schemes[place].1), tls: place == 1, path })
    }

    /// Host and port as a `Host` header has them.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

/// Makes connections.
#[derive(Debug, Default)]
pub struct Dialer {
    interface: Option<String>,
    /// The last good answer for each name: in a storm a name server is hard to reach. Bounded by the channels there are.
    known: Mutex<BTreeMap<String, Vec<IpAddr>>>,
}

#[cfg(target_os = "linux")]
fn leave_through(socket: &TcpSocket, interface: &str) -> io::Result<()> {
    socket.bind_device(Some(interface.as_bytes()))
}

#[cfg(not(target_os = "linux"))]
fn leave_through(_: &TcpSocket, _: &str) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Dialer {
    /// Through an interface, or through whichever the routes say.
    #[must_use]
    pub fn new(interface: Option<String>) -> Self {
        Self { interface, known: Mutex::default() }
    }

    /// Connects.
    ///
    /// # Errors
    /// Nobody there, and what to look at.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, SendError> {
        let mut failed = None;
        for ip in self.addresses(host, port).await?.into_iter().take(MAX_ADDRESSES) {
            match tokio::time::timeout(CONNECT_WITHIN, self.dial(SocketAddr::new(ip, port))).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failed = Some(error),
                Err(_) => failed = Some(io::ErrorKind::TimedOut.into()),
            }
        }
        let error = failed.unwrap_or_else(|| io::ErrorKind::NotFound.into());
        Err(SendError::later(self.not_connected(host, port, &error)))
    }

    fn not_connected(&self, host: &str, port: u16, error: &io::Error) -> String {
        let what = match (&self.interface, error.kind(), error.raw_os_error()) {
            (Some(interface), _, Some(NO_DEVICE)) => {
                return format!("there is no interface {interface}: correct notify.interface, or take it out");
            }
            (Some(interface), io::ErrorKind::PermissionDenied, _) => {
                return format!(
                    "this user may not send through {interface} alone: Linux before 5.7 asks for CAP_NET_RAW for that"
                );
            }
            (Some(_), io::ErrorKind::Unsupported, _) => {
                return "notify.interface works on Linux alone: take it out".to_owned();
            }
            (_, io::ErrorKind::ConnectionRefused, _) => "nothing listens there: check the port, and that it runs",
            (_, io::ErrorKind::TimedOut, _) => "no answer: check the address, and that this computer reaches it",
            _ => "check the address, and that this computer reaches it",
        };
        let through = self.interface.as_ref().map(|name| format!(" through {name}")).unwrap_or_default();
        format!("{host}:{port} can't be reached{through} ({error}): {what}")
    }

    async fn addresses(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, SendError> {
        if let Ok(ip) = host.parse() {
            return Ok(vec![ip]);
        }
        let asked = tokio::time::timeout(RESOLVE_WITHIN, tokio::net::lookup_host((host, port))).await;
        let found = match asked {
            Ok(Ok(found)) => found.map(|address| address.ip()).collect::<Vec<_>>(),
            Ok(Err(_)) | Err(_) => Vec::new(),
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_empty() {
            let before = known.get(host).cloned();
            return before.ok_or_else(|| {
                SendError::later(format!("{host} has no address: check the name, and this computer's name server"))
            });
        }
        known.insert(host.to_owned(), found.clone());
        Ok(found)
    }

    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(interface) = &self.interface {
            leave_through(&socket, interface)?;
        }
        socket.connect(address).await
    }

    /// Connects, and encrypts where that is wanted.
    ///
    /// # Errors
    /// As [`Dialer::connect`] and [`encrypt`].
    pub async fn open(&self, endpoint: &Endpoint, trust: &Trust) -> Result<Box<dyn Stream>, SendError> {
        let stream = self.connect(&endpoint.host, endpoint.port).await?;
        if endpoint.tls { encrypt(stream, &endpoint.host, trust).await } else { Ok(Box::new(stream)) }
    }
}

/// Whose certificates are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Certificates in PEM instead of those of the system.
    pub ca: Option<Arc<[u8]>>,
}

/// Begins TLS on a connection.
///
/// # Errors
/// The certificate is not trusted, or it is no TLS; and what to do.
pub async fn encrypt(stream: impl Stream + 'static, host: &str, trust: &Trust) -> Result<Box<dyn Stream>, SendError> {
    let own = trust.clone();
    // The system's store is some hundred files.
    let config = tokio::task::spawn_blocking(move || crate::io::tls_client::config(own.ca.as_deref())).await;
    let config: Arc<ClientConfig> =
        config.map_err(|error| SendError::later(error.to_string()))?.map_err(SendError::refused)?;
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| SendError::refused(format!("{host} is no name that a certificate can have")))?;
    match TlsConnector::from(config).connect(name, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(not_encrypted(host, trust, &error)),
    }
}

fn not_encrypted(host: &str, trust: &Trust, error: &io::Error) -> SendError {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>());
    let why = match tls {
        // An authority of the same name with another key has signed nothing here.
        Some(TlsError::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature)) => {
            let whose = if trust.ca.is_some() { "the certificates of `ca_file`" } else { "those this system trusts" };
            format!("its certificate is signed by none of {whose}: set `ca_file` to the one that signed it")
        }
        Some(TlsError::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })) => {
            "its certificate has expired: renew it there; or this computer's clock is wrong".to_owned()
        }
        Some(TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => format!("its certificate is not for {host}: write the name that it is for"),
        Some(TlsError::InvalidMessage(_)) => "it does not speak TLS there: check port and scheme".to_owned(),
        Some(error) => format!("TLS fails: {error}"),
        None => return SendError::later(format!("{host}: the connection broke while TLS began ({error})")),
    };
    SendError::refused(format!("{host}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_and_never_shown() {
        let web = [("http", 80), ("https", 443)];
        let one = Endpoint::parse("https://ntfy.sh/secret-topic?x=1", web).expect("good");
        assert_eq!(
            (one.host.as_str(), one.port, one.tls, one.path.as_str()),
            ("ntfy.sh", 443, true, "/secret-topic?x=1")
        );
        assert!(!format!("{one:?}").contains("secret"));
        let two = Endpoint::parse("http://[fd00::1]:8080", web).expect("good");
        assert_eq!((two.authority().as_str(), two.path.as_str()), ("[fd00::1]:8080", "/"));
        for bad in ["", "ntfy.sh", "ftp://x/", "https:///secret", "https://user:secret@x/", "https://x y/secret"] {
            let error = Endpoint::parse(bad, web).expect_err(bad);
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
