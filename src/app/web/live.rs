//! The live page and its stream of changes: one rendering for all who look, made when the first of them asks and the last one
//! has become old. Nobody looks: nothing is rendered. Knows no part of the page by name.

use super::App;
use crate::app::check::Checker;
use crate::app::hub::{Change, Hub, Stopped};
use crate::app::tasks::Examiner;
use crate::io::clock::Clock;
use crate::model::Time;
use crate::model::text::Language;
use crate::view::html::{self, Face, Frame};
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, OwnedSemaphorePermit, broadcast};

/// A page that is asked for is no older than this.
const PAGE_AGE: Duration = Duration::from_millis(250);
/// Streams look for changes this often.
const RHYTHM: Duration = Duration::from_secs(1);
/// A change of a verdict or mapping is shown at once, but of a burst of them only the last.
const BURST: Duration = Duration::from_millis(100);
/// After this long without a change a stream says that it is alive: proxies and phones cut what is silent.
const ALIVE_EVERY: u32 = 15;

/// A part as the page has it, and as the stream sends it.
#[derive(Debug)]
struct Sent {
    part: html::Part,
    event: Bytes,
}

/// The page at one moment. Parts that have not changed since the moment before are the same allocation.
#[derive(Debug)]
struct Rendered {
    at: Time,
    parts: Vec<Arc<Sent>>,
}

/// The page in both languages.
pub(super) struct Live {
    hub: Hub,
    clock: Clock,
    checker: Arc<Checker>,
    examiner: Arc<Examiner>,
    token: Arc<str>,
    utc_offset_seconds: i32,
    latest: Mutex<BTreeMap<Language, Arc<Rendered>>>,
}

impl Live {
    pub(super) fn new(app: &App) -> Self {
        Self {
            hub: app.hub.clone(),
            clock: app.clock,
            checker: Arc::clone(&app.checker),
            examiner: Arc::clone(&app.examiner),
            token: token(&app.clock),
            utc_offset_seconds: app.utc_offset_seconds,
            latest: Mutex::default(),
        }
    }

    /// What whoever posts a form of the page must know.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The page, at most `age` old. Whoever comes while it is made waits for it.
    async fn current(&self, language: Language, age: Duration) -> Result<Arc<Rendered>, Stopped> {
        let mut latest = self.latest.lock().await;
        let known = latest.get(&language);
        if let Some(known) = known.filter(|known| self.clock.now().since(known.at) < age) {
            return Ok(Arc::clone(known));
        }
        let frame = Frame {
            check: self.checker.state(),
            examining: self.examiner.state(),
            token: Arc::clone(&self.token),
            utc_offset_seconds: self.utc_offset_seconds,
        };
        let (face, at) = self.hub.query(move |engine, now| (Face::gather(engine, now, &frame), now)).await?;
        let parts = html::parts(&face, language).into_iter().enumerate().map(|(place, part)| {
            let before = known.and_then(|known| known.parts.get(place)).filter(|sent| sent.part == part);
            before.map_or_else(|| Arc::new(Sent { event: event(&part), part }), Arc::clone)
        });
        let rendered = Arc::new(Rendered { at, parts: parts.collect() });
        latest.insert(language, Arc::clone(&rendered));
        Ok(rendered)
    }

    /// The whole document.
    pub(super) async fn page(&self, language: Language) -> Result<String, Stopped> {
        let rendered = self.current(language, PAGE_AGE).await?;
        let parts = rendered.parts.iter().map(|sent| sent.part.clone()).collect::<Vec<_>>();
        Ok(html::page(&parts, language))
    }

    /// Every part, then those that change, until the reader goes.
    pub(super) fn stream(self: Arc<Self>, language: Language, place: OwnedSemaphorePermit) -> Response {
        let reader = Reader { changes: self.hub.changes(), live: self, language, seen: None, silent: 0, place };
        let chunks = futures_util::stream::unfold(reader, |mut reader| async move {
            let chunk = reader.next().await?;
            Some((Ok::<_, Infallible>(chunk), reader))
        });
        let mut response = Body::from_stream(chunks).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // nginx would keep the events back.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }
}

/// One who looks.
struct Reader {
    live: Arc<Live>,
    language: Language,
    changes: broadcast::Receiver<Change>,
    seen: Option<Arc<Rendered>>,
    silent: u32,
    #[expect(dead_code, reason = "held while the stream lasts")]
    place: OwnedSemaphorePermit,
}

impl Reader {
    /// The next bytes for the reader; `None` at the end of the program.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let age = if self.seen.is_some() { self.wait().await? } else { PAGE_AGE };
            let now = self.live.current(self.language, age).await.ok()?;
            let before = self.seen.replace(Arc::clone(&now));
            let fresh = now.parts.iter().enumerate().filter(|(place, sent)| {
                let known = before.as_ref().and_then(|before| before.parts.get(*place));
                known.is_none_or(|known| !Arc::ptr_eq(known, sent))
            });
            let mut chunk = Vec::new();
            fresh.for_each(|(_, sent)| chunk.extend_from_slice(&sent.event));
            if !chunk.is_empty() {
                self.silent = 0;
                return Some(chunk.into());
            }
            self.silent += 1;
            if self.silent >= ALIVE_EVERY {
                self.silent = 0;
                return Some(Bytes::from_static(b"event: alive\ndata:\n\n"));
            }
        }
    }

    /// Waits for a change or for the next beat; how old a rendering may be then.
    async fn wait(&mut self) -> Option<Duration> {
        tokio::select! {
            change = self.changes.recv() => match change {
                Ok(_) | Err(RecvError::Lagged(_)) => {
                    tokio::time::sleep(BURST).await;
                    self.changes = self.changes.resubscribe();
                    Some(BURST)
                }
                Err(RecvError::Closed) => None,
            },
            // Beats of readers who came at different moments share a rendering.
            () = tokio::time::sleep(RHYTHM) => Some(RHYTHM / 2),
        }
    }
}

/// A part as an event (WHATWG HTML, 9.2): JSON has no line ends.
fn event(part: &html::Part) -> Bytes {
    let data = serde_json::json!({ "id": part.id, "class": part.class, "html": part.html });
    format!("event: part\ndata: {data}\n\n").into()
}

/// 128 bits that a page elsewhere cannot guess: the keys that the system gives the standard library's hash maps.
fn token(clock: &Clock) -> Arc<str> {
    use std::hash::{BuildHasher as _, Hasher as _};
    let half = || {
        let mut hasher = std::hash::RandomState::new().build_hasher();
        hasher.write_i64(clock.now().as_nanos());
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(), half()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_data_whatever_a_device_is_called() {
        let html = "a\n\nevent: part\r\ndata: {\"id\":\"word\"}".to_owned();
        let part = html::Part { id: "hosts", class: "part", html: html.clone() };
        let event = String::from_utf8(event(&part).to_vec()).expect("UTF-8");
        assert_eq!(event.lines().count(), 3, "{event}");
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
        let value: serde_json::Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(value["html"], html);
    }

    #[test]
    fn tokens_differ() {
        let clock = Clock::start();
        assert_ne!(token(&clock), token(&clock));
        assert_eq!(token(&clock).len(), 32);
    }
}
