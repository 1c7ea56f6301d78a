//! A small HTTP/1.1 server: one request a connection, bounded in size, time and number. Knows no UPnP.

use crate::net::{self, Place, Worker};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::Duration;

/// Longest request line and headers.
const MAX_HEAD: usize = 16 * 1024;
/// Longest body.
const MAX_BODY: usize = 64 * 1024;
/// Connections at a time; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 16;
/// How long a client may take for anything.
const PATIENCE: Duration = Duration::from_secs(1);

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path with query.
    pub path: String,
    /// The `Host` header.
    pub host: String,
    /// The `SOAPAction` header without quotes.
    pub soap_action: String,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status code and phrase.
    pub status: &'static str,
    /// The body, XML.
    pub body: Vec<u8>,
    /// How it is sent.
    pub manner: Manner,
}

/// How an answer is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// As it should be.
    #[default]
    Honest,
    /// Never: the connection stays open, and silent.
    Hang,
    /// A header a second, for ever.
    SlowHeaders,
    /// The body again and again, this many bytes in all, by a length that is announced.
    Huge(u64),
    /// The body again and again, for ever, by no length.
    Endless,
    /// Nothing but a redirect.
    Redirect(String),
}

impl Response {
    /// 200 with XML.
    #[must_use]
    pub fn xml(body: impl Into<Vec<u8>>) -> Self {
        Self { status: "200 OK", body: body.into(), manner: Manner::Honest }
    }

    /// 404.
    #[must_use]
    pub fn not_found() -> Self {
        Self { status: "404 Not Found", body: Vec::new(), manner: Manner::Honest }
    }

    /// The same, sent otherwise.
    #[must_use]
    pub fn sent(self, manner: Manner) -> Self {
        Self { manner, ..self }
    }
}

/// What answers requests.
pub type Handler = Arc<dyn Fn(&Request) -> Response + Send + Sync>;

/// A running server; it stops when dropped.
#[derive(Debug)]
pub struct HttpServer {
    addr: SocketAddr,
    _worker: Worker,
}

impl HttpServer {
    /// Listens on a port of 127.0.0.1 that the system chooses.
    ///
    /// # Errors
    /// No port or no thread can be had.
    pub fn start(handler: Handler) -> io::Result<Self> {
        Self::serve(net::tcp(0)?, handler)
    }

    /// The same at another place.
    ///
    /// # Errors
    /// No port or no thread can be had.
    pub fn start_at(place: Place, handler: Handler) -> io::Result<Self> {
        Self::serve(net::tcp_at(place)?, handler)
    }

    /// On a listener that is there already. One with a read timeout looks by itself whether it is to stop; any other has
    /// to be connected to.
    pub(super) fn serve(listener: TcpListener, handler: Handler) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        let wakes_up = socket2::SockRef::from(&listener).read_timeout()?.is_some();
        let wake = (!wakes_up).then_some(addr);
        let worker = Worker::start("harness-http", wake, move |stop| serve(&listener, &handler, stop))?;
        Ok(Self { addr, _worker: worker })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

fn serve(listener: &TcpListener, handler: &Handler, stop: &Arc<AtomicBool>) {
    let mut running: Vec<JoinHandle<()>> = Vec::new();
    for stream in listener.incoming() {
        if net::stopped(stop) {
            break;
        }
        running.retain(|thread| !thread.is_finished());
        if running.len() >= MAX_CONNECTIONS {
            let _ = running.remove(0).join();
        }
        let (Ok(stream), handler) = (stream, Arc::clone(handler)) else { continue };
        let stop = Arc::clone(stop);
        let talk = move || {
            // A client that breaks off is its own affair.
            let _ = converse(stream, &handler, &stop);
        };
        if let Ok(thread) = std::thread::Builder::new().name("harness-http-client".to_owned()).spawn(talk) {
            running.push(thread);
        }
    }
    for thread in running {
        let _ = thread.join();
    }
}

fn converse(mut stream: TcpStream, handler: &Handler, stop: &AtomicBool) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let Some(request) = read(&mut stream)? else { return Ok(()) };
    let response = handler(&request);
    if response.manner != Manner::Honest {
        return misbehave(&mut stream, &response, stop);
    }
    let head = format!(
        "HTTP/1.1 {}\r\nContent-Type: text/xml; charset=\"utf-8\"\r\nContent-Length: {}\r\nServer: Linux/4.4 UPnP/1.1 \
         Simulated/1.0\r\nExt:\r\nConnection: close\r\n\r\n",
        response.status,
        response.body.len()
    );
    stream.write_all(&[head.as_bytes(), &response.body].concat())
}

/// A misbehaviour lasts this long at most: whoever is still there then has failed.
const MISBEHAVE_FOR: Duration = Duration::from_secs(30);
/// Between two headers of one who is slow.
const SLOW: Duration = Duration::from_millis(200);

/// Sends an answer as no answer should be sent, until the client has had enough.
fn misbehave(stream: &mut TcpStream, response: &Response, stop: &AtomicBool) -> io::Result<()> {
    let mut left = MISBEHAVE_FOR.as_millis() / SLOW.as_millis();
    let mut goes_on = || {
        left = left.saturating_sub(1);
        left > 0 && !net::stopped(stop)
    };
    let ok = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n";
    let body = if response.body.is_empty() { b" ".as_slice() } else { &response.body };
    match &response.manner {
        Manner::Honest => Ok(()),
        Manner::Redirect(to) => write!(stream, "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"),
        Manner::Hang => {
            while goes_on() && is_there(stream)? {}
            Ok(())
        }
        Manner::SlowHeaders => {
            stream.write_all(ok.as_bytes())?;
            while goes_on() && is_there(stream)? {
                stream.write_all(b"X-Slow: 1\r\n")?;
            }
            Ok(())
        }
        Manner::Huge(bytes) => {
            write!(stream, "{ok}Content-Length: {bytes}\r\n\r\n")?;
            let mut sent = 0;
            while sent < *bytes && !net::stopped(stop) {
                let part = usize::try_from(bytes - sent).unwrap_or(body.len()).min(body.len());
                stream.write_all(&body[..part])?;
                sent += part as u64;
            }
            Ok(())
        }
        Manner::Endless => {
            write!(stream, "{ok}Connection: close\r\n\r\n")?;
            while !net::stopped(stop) {
                stream.write_all(body)?;
            }
            Ok(())
        }
    }
}

/// Waits for [`SLOW`], and says whether the client is still there.
fn is_there(stream: &mut TcpStream) -> io::Result<bool> {
    stream.set_read_timeout(Some(SLOW))?;
    match stream.read(&mut [0; 64]) {
        Ok(length) => Ok(length > 0),
        Err(error) if net::is_idle(&error) => Ok(true),
        Err(error) => Err(error),
    }
}

fn read(stream: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        let length = stream.read(&mut buffer)?;
        if length == 0 || bytes.len() > MAX_HEAD {
            return Ok(None);
        }
        bytes.extend(&buffer[..length]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or("").split(' ');
    let mut request = Request {
        method: words.next().unwrap_or("").to_owned(),
        path: words.next().unwrap_or("").to_owned(),
        ..Request::default()
    };
    let mut length = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        match name.trim().to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "host" => value.trim().clone_into(&mut request.host),
            "soapaction" => request.soap_action = value.trim().trim_matches('"').to_owned(),
            _ => {}
        }
    }
    if length > MAX_BODY {
        return Ok(None);
    }
    while bytes.len() < end + length {
        let got = stream.read(&mut buffer)?;
        if got == 0 {
            return Ok(None);
        }
        bytes.extend(&buffer[..got]);
    }
    request.body = bytes[end..end + length].to_vec();
    Ok(Some(request))
}
