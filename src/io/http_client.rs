//! HTTP to devices on the LAN: one request on one connection, bounded in time and size. Follows no redirect, asks no
//! name server, uses no proxy. And HTTP or HTTPS to another stormglass that the user has named. Does not decide whom to ask.

use super::notify::SendError;
use super::notify::net::{Dialer, Endpoint, Stream, Trust};
use crate::wire::http_url::HttpUrl;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header;
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};

/// Bytes of a body. The largest description known has 40 KiB; rupnp read 946 MB from a server that did not stop.
pub const MAX_BODY: usize = 512 * 1024;
/// Bytes of all headers; also hyper's read buffer.
const MAX_HEAD: usize = 64 * 1024;

/// Whom to ask, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Local address that the connection is made from, so that it leaves by the interface the device is on.
    pub local: Option<IpAddr>,
    /// Index of that interface: the scope of a link-local address.
    pub interface: u32,
}

/// A call to a control URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `SOAPACTION`.
    pub action: String,
    /// The envelope.
    pub body: String,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// The body, whole.
    pub body: Vec<u8>,
}

/// Why there is no response.
#[derive(Debug)]
pub enum HttpError {
    /// Nobody there.
    Connect(SocketAddr, std::io::Error),
    /// Not finished in time.
    Timeout(Duration),
    /// More than [`MAX_BODY`].
    TooLarge,
    /// 3xx: what is to be found elsewhere is not this device's.
    Redirect(u16),
    /// Not HTTP, or cut off.
    Broken(hyper::Error),
    /// The URL cannot be put into a request.
    Unaskable,
}

impl HttpError {
    /// The reason under which it is counted.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Connect(..) => "http_connect",
            Self::Timeout(_) => "http_timeout",
            Self::TooLarge => "http_body_too_large",
            Self::Redirect(_) => "http_redirect",
            Self::Broken(_) | Self::Unaskable => "http_broken",
        }
    }
}

/// Fetches a document, or calls an action, within `timeout` from connection to last byte.
///
/// # Errors
/// See [`HttpError`]. Any status but 3xx is a response.
pub async fn request(
    peer: &Peer,
    url: &HttpUrl,
    call: Option<&Call>,
    timeout: Duration,
) -> Result<Response, HttpError> {
    let request = build(url, call)?;
    tokio::time::timeout(timeout, exchange(peer, url, request)).await.unwrap_or(Err(HttpError::Timeout(timeout)))
}

/// What is asked of another stormglass.
#[derive(Clone, Default)]
pub struct Ask {
    /// JSON to be posted; without it a document is fetched.
    pub json: Option<String>,
    /// The whole `Authorization`, which is a secret.
    pub authorization: Option<String>,
    /// `Accept-Language`.
    pub language: &'static str,
}

/// Why another stormglass has not answered.
#[derive(Debug)]
pub enum AskError {
    /// There is no connection, or no encryption that can be trusted; what to do.
    Unreached(SendError),
    /// As for devices.
    Http(HttpError),
}

/// Asks another stormglass, within `timeout`. The user has named it: a name is looked up, and TLS spoken where the URL says so.
///
/// # Errors
/// See [`AskError`].
pub async fn ask(place: &Endpoint, trust: &Trust, ask: Ask, timeout: Duration) -> Result<Response, AskError> {
    let builder = hyper::Request::builder()
        .uri(place.path.as_str())
        .method(if ask.json.is_some() { "POST" } else { "GET" })
        .header(header::HOST, place.authority())
        .header(header::USER_AGENT, concat!("stormglass/", env!("CARGO_PKG_VERSION")))
        .header(header::ACCEPT_LANGUAGE, ask.language)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close");
    let builder = match ask.authorization {
        Some(authorization) => builder.header(header::AUTHORIZATION, authorization),
        None => builder,
    };
    let request = builder.body(Full::from(ask.json.unwrap_or_default()));
    let request = request.map_err(|_| AskError::Http(HttpError::Unaskable))?;
    let answer = async {
        let stream = Dialer::default().open(place, trust).await.map_err(AskError::Unreached)?;
        speak(stream, request).await.map_err(AskError::Http)
    };
    tokio::time::timeout(timeout, answer).await.unwrap_or(Err(AskError::Http(HttpError::Timeout(timeout))))
}

async fn exchange(peer: &Peer, url: &HttpUrl, request: hyper::Request<Full<Bytes>>) -> Result<Response, HttpError> {
    speak(connect(peer, url).await?, request).await
}

/// One request on a connection that is open.
async fn speak(stream: impl Stream + 'static, request: hyper::Request<Full<Bytes>>) -> Result<Response, HttpError> {
    let (mut sender, connection) = http1::Builder::new()
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .title_case_headers(true)
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(HttpError::Broken)?;
    // The connection runs beside the request and dies with this future: nothing is left behind by a timeout.
    let answer = async {
        let response = sender.send_request(request).await.map_err(HttpError::Broken)?;
        let status = response.status();
        if status.is_redirection() {
            return Err(HttpError::Redirect(status.as_u16()));
        }
        let body = collect(response.into_body()).await?;
        Ok(Response { status: status.as_u16(), body })
    };
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        outcome = &mut answer => outcome,
        // The connection has ended first: whatever it delivered is already with the request.
        _ = connection => answer.await,
    }
}

async fn collect(mut body: hyper::body::Incoming) -> Result<Vec<u8>, HttpError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            // Small servers promise a length and close early: what came is kept, the parser says what is missing.
            return Ok(bytes);
        };
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > MAX_BODY {
                return Err(HttpError::TooLarge);
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}

fn build(url: &HttpUrl, call: Option<&Call>) -> Result<hyper::Request<Full<Bytes>>, HttpError> {
    let version = env!("CARGO_PKG_VERSION");
    let builder = hyper::Request::builder()
        .uri(url.path.as_str())
        .header(header::HOST, url.authority())
        .header(header::USER_AGENT, format!("stormglass/{version} UPnP/2.0"))
        .header(header::CONNECTION, "close");
    let request = match call {
        None => builder.body(Full::default()),
        Some(call) => builder
            .method("POST")
            .header(header::CONTENT_TYPE, "text/xml; charset=\"utf-8\"")
            .header("soapaction", call.action.as_str())
            .body(Full::from(call.body.clone())),
    };
    request.map_err(|_| HttpError::Unaskable)
}

#[expect(clippy::disallowed_methods, reason = "the io floor's HTTP client")]
async fn connect(peer: &Peer, url: &HttpUrl) -> Result<TcpStream, HttpError> {
    let scope = |ip: IpAddr, port| match ip {
        IpAddr::V6(v6) if v6.is_unicast_link_local() => SocketAddrV6::new(v6, port, 0, peer.interface).into(),
        ip => SocketAddr::new(ip, port),
    };
    let address = scope(url.host, url.port);
    let attempt = async {
        // A link-local source cannot reach a routed address, nor IPv4 an IPv6 one: then the kernel chooses.
        let local = peer.local.filter(|local| match (local, url.host) {
            (IpAddr::V4(_), IpAddr::V4(_)) => true,
            (IpAddr::V6(a), IpAddr::V6(b)) => a.is_unicast_link_local() == b.is_unicast_link_local(),
            _ => false,
        });
        let Some(local) = local else { return TcpStream::connect(address).await };
        let socket = if local.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind(scope(local, 0))?;
        socket.connect(address).await
    };
    attempt.await.map_err(|error| HttpError::Connect(address, error))
}

#[cfg(test)]
mod tests;
