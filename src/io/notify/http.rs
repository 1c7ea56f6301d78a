//! One HTTP request to a receiver that the administrator named: bounded in time and size. Follows no redirect, since a secret in
//! the URL would follow it. Knows no receiver.

use super::net::{Dialer, Endpoint, Trust};
use super::{Login, SendError};
use crate::view::notify::email::base64;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use std::time::Duration;

/// Bytes of an answer that are looked at: what else it says does not matter.
const MAX_ANSWER: usize = 8 << 10;
/// Bytes of all headers.
const MAX_HEAD: usize = 64 << 10;
/// Characters of an answer that are shown.
const MAX_SHOWN: usize = 160;

/// A request.
pub(super) struct Ask<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) trust: &'a Trust,
    pub(super) login: &'a Login,
    /// Writes JSON, once the receiver listens; `None`: a GET.
    pub(super) body: Option<&'a (dyn Fn() -> String + Sync)>,
}

/// Asks, and judges the answer.
pub(super) async fn ask(dialer: &Dialer, ask: Ask<'_>) -> Result<String, SendError> {
    let host = ask.endpoint.host.clone();
    let stream = dialer.open(ask.endpoint, ask.trust).await?;
    let broken = |error: hyper::Error| SendError::later(format!("{host}: the connection broke ({error})"));
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(MAX_HEAD).handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let request = build(&ask)?;
    // It runs beside the request and dies with this future.
    let answer = async {
        let response = sender.send_request(request).await.map_err(broken)?;
        let (status, headers) = (response.status(), response.headers());
        let patience = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let patience = patience.map(Duration::from_secs);
        let mut body = response.into_body();
        let mut text = Vec::new();
        while let Some(Ok(frame)) = body.frame().await {
            text.extend_from_slice(frame.data_ref().map_or(&[][..], |data| &data[..]));
            if text.len() >= MAX_ANSWER {
                break;
            }
        }
        judge(&host, status, patience, &text)
    };
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        outcome = &mut answer => outcome,
        // It has ended first: whatever it delivered is already with the request.
        _ = connection => answer.await,
    }
}

fn build(ask: &Ask<'_>) -> Result<Request<Full<Bytes>>, SendError> {
    let builder = Request::builder()
        .uri(ask.endpoint.path.as_str())
        .header(header::HOST, ask.endpoint.authority())
        .header(header::USER_AGENT, concat!("stormglass/", env!("CARGO_PKG_VERSION")))
        .header(header::CONNECTION, "close");
    let builder = match ask.login {
        Login::None => builder,
        Login::Token(token) => builder.header(header::AUTHORIZATION, format!("Bearer {}", token.reveal())),
        Login::Password(user, password) => {
            let both = base64(format!("{user}:{}", password.reveal()).as_bytes());
            builder.header(header::AUTHORIZATION, format!("Basic {both}"))
        }
    };
    let request = match ask.body {
        None => builder.body(Full::default()),
        Some(body) => builder
            .method(Method::POST)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .body(Full::from(body())),
    };
    request.map_err(|_| SendError::refused("the URL or the token has characters that a request can't have"))
}

/// What a status means for whoever waits.
fn judge(host: &str, status: StatusCode, patience: Option<Duration>, text: &[u8]) -> Result<String, SendError> {
    let said = said(text);
    if status.is_success() {
        return Ok(format!("{status}"));
    }
    let what_to_do = match status.as_u16() {
        300..400 => {
            "it is somewhere else now: write that URL; redirects are not followed, since the URL may be a secret"
        }
        401 | 403 => "check the token, or the user and the password, and what they may do there",
        404 | 410 => "check the URL; it may have been deleted there",
        413 => "the message is too long for it",
        429 => "it wants fewer messages; it is tried again when it says so",
        400..500 => "it does not understand the message: is it a receiver of this type?",
        _ => "it has a problem of its own; it is tried again",
    };
    let what = if said.is_empty() {
        format!("{host} says {status}: {what_to_do}")
    } else {
        format!("{host} says {status} ({said}): {what_to_do}")
    };
    let refused = !matches!(status.as_u16(), 408 | 425 | 429 | 500..);
    Err(SendError { what, refused, retry_after: patience })
}

/// What it says in one line, without what could harm a terminal.
fn said(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    // A page for browsers says nothing in its first line.
    if text.trim_start().starts_with('<') {
        return String::new();
    }
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|c| !c.is_control()).take(MAX_SHOWN).collect()
}
