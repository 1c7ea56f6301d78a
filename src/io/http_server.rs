//! The accept loop of the web server: bounded connections, TLS where it is wanted, time limits for handshake and headers, an end
//! on request. Knows no routes.

use super::errno::NO_FAMILY;
use super::tls::ServerConfig;
use axum::Router;
use hyper::service::Service as _;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// Connections served at once; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 256;
/// A client has this long to agree on keys.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// A client has this long to send its headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// Largest header block, bytes.
const MAX_HEADERS: usize = 32 << 10;
/// Connections that are still busy at the end get this long.
const GRACE: Duration = Duration::from_millis(300);

/// Who asks: in the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Opens a listening socket. `[::]` accepts IPv4 as well; where the system has no IPv6, the same port on `0.0.0.0`.
///
/// # Errors
/// The address can't be had: in use, or not of this host.
#[expect(clippy::disallowed_methods, reason = "the io floor's listening socket")]
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let bind = |address: SocketAddr| -> std::io::Result<TcpListener> {
        let domain = socket2::Domain::for_address(address);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(!address.ip().is_unspecified())?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(128)?;
        TcpListener::from_std(socket.into())
    };
    bind(address).or_else(|error| {
        let no_ipv6 = error.raw_os_error() == Some(NO_FAMILY) || error.kind() == std::io::ErrorKind::AddrNotAvailable;
        if no_ipv6 && address == SocketAddr::from(([0_u16; 8], address.port())) {
            bind(SocketAddr::from(([0, 0, 0, 0], address.port())))
        } else {
            Err(error)
        }
    })
}

/// Serves `router` until `stop` turns true. `tls` says of each new connection how it is encrypted; not at all, if `None`.
pub async fn serve<T>(listener: TcpListener, router: Router, tls: T, mut stop: watch::Receiver<bool>)
where
    T: Fn() -> Option<Arc<ServerConfig>> + Send,
{
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = accept(&listener, &places) => accepted,
        };
        while connections.try_join_next().is_some() {}
        let Some((stream, peer, place)) = accepted else { continue };
        let (router, stop, tls) = (router.clone(), stop.clone(), tls());
        connections.spawn(async move {
            match tls {
                None => converse(stream, peer, router, stop).await,
                Some(config) => {
                    let handshake = TlsAcceptor::from(config).accept(stream);
                    match tokio::time::timeout(HANDSHAKE_WITHIN, handshake).await {
                        Ok(Ok(stream)) => converse(stream, peer, router, stop).await,
                        Ok(Err(error)) => tracing::debug!(peer = %peer.0, %error, "no TLS connection came about"),
                        Err(_) => tracing::debug!(peer = %peer.0, "a client did not end its TLS handshake"),
                    }
                }
            }
            drop(place);
        });
    }
    let _ = tokio::time::timeout(GRACE * 2, async { while connections.join_next().await.is_some() {} }).await;
}

/// Answers what comes on one connection.
async fn converse<S>(stream: S, peer: Peer, router: Router, mut stop: watch::Receiver<bool>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let router = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        router.call(request)
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN).max_buf_size(MAX_HEADERS);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // A client that misbehaves ends its own connection and nothing else: the result has no reader.
    let stopping = tokio::select! {
        _ = &mut connection => false,
        _ = stop.wait_for(|stop| *stop) => true,
    };
    if stopping {
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(GRACE, connection).await;
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(tokio::net::TcpStream, Peer, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            let _ = stream.set_nodelay(true);
            Some((stream, Peer(peer), place))
        }
        // Out of file descriptors, or the client is gone already: wait a little instead of spinning.
        Err(error) => {
            tracing::debug!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}
