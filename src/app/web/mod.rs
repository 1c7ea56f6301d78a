//! The routes: metrics, the SNMP drop-in, JSON, events and the page. Each asks the hub and renders by `view`.

mod body;
mod guard;
mod lifecycle;
mod live;
mod notes;
mod pages;
mod snmp;
mod users;

pub(crate) use snmp::modules;

use self::body::{Document, respond};
use self::live::Live;
use super::check::Checker;
use super::config;
use super::hub::{Change, Hub, Stopped};
use super::reload::Reload;
use super::targets::{Counts, List};
use super::tasks::Examiner;
use super::web_access::Current;
use crate::engine::Engine;
use crate::io::clock::Clock;
use crate::io::snmp::Client;
use crate::model::Time;
use crate::model::text::Language;
use crate::view::exposition::Format;
use crate::view::scrape::Scrape;
use crate::view::sink::Sink;
use crate::view::{self, json};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::Stream;
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use tower_http::compression::CompressionLayer;

/// Targets whose ports are read in one question to the engine, which must not be kept from its storm: 8 × 52 ports are
/// about a millisecond.
const TARGETS_AT_ONCE: usize = 8;
/// Event streams served at once.
const MAX_STREAMS: usize = 64;

/// What every route may use.
#[derive(Clone)]
pub struct App {
    /// The engine.
    pub hub: Hub,
    /// Reads SNMP for `/snmp`.
    pub client: Arc<Client>,
    /// What may be read: the targets, as they are now.
    pub targets: tokio::sync::watch::Receiver<Arc<List>>,
    /// Where the targets come from, counted.
    pub counts: tokio::sync::watch::Receiver<Counts>,
    /// Credentials by name, and which addresses may be read beside the targets.
    pub snmp: tokio::sync::watch::Receiver<Arc<config::Snmp>>,
    /// Places for scrapes of `/snmp`.
    pub scrapes: Arc<tokio::sync::Semaphore>,
    /// Checks what is over, when asked.
    pub checker: Arc<Checker>,
    /// Examines the LAN, when asked.
    pub examiner: Arc<Examiner>,
    /// Names by which this host may be asked, beside those that are safe anyway.
    pub allowed_hosts: tokio::sync::watch::Receiver<Arc<[String]>>,
    /// TLS, users and headers in force.
    pub access: Current,
    /// Has the configuration read anew, where it can be.
    pub reload: Option<Reload>,
    /// `POST /-/reload` may ask for that.
    pub lifecycle: bool,
    /// The one clock.
    pub clock: Clock,
    /// Local time minus UTC, seconds.
    pub utc_offset_seconds: i32,
}

/// As many places as there may be scrapes at once.
#[must_use]
pub fn scrape_places() -> Arc<tokio::sync::Semaphore> {
    Arc::new(tokio::sync::Semaphore::new(snmp::MAX_SCRAPES))
}

/// All routes.
pub fn router(app: App) -> Router {
    let streams = Arc::new(tokio::sync::Semaphore::new(MAX_STREAMS));
    let live = Arc::new(Live::new(&app));
    let plain = pages::routes(Arc::clone(&live))
        .route("/sd/snmp", get(snmp::discovery))
        .route("/api/v1/status", get(status))
        .route("/api/v1/storms", get(storms))
        .route("/api/v1/targets", get(targets))
        .route("/api/v1/devices", get(devices))
        .route("/api/v1/port-mappings", get(port_mappings))
        .route("/-/healthy", get(|| async { "stormglass is healthy.\n" }))
        .route("/-/ready", get(ready))
        .route("/-/reload", post(lifecycle::reload).put(lifecycle::reload).layer(Extension(Arc::clone(&live))))
        .fallback(|| async { problem(StatusCode::NOT_FOUND, "no such page; / lists what there is") })
        .layer(CompressionLayer::new());
    let events = get(move |state| events(state, Arc::clone(&streams)));
    // These compress by themselves: they know what repeats.
    let texts = Router::new().route("/metrics", get(metrics)).route("/snmp", get(snmp::snmp));
    let allowed: guard::Allowed = app.allowed_hosts.clone();
    let door = Arc::new(users::Door::new(app.access.clone()));
    plain
        .merge(texts)
        .merge(notes::routes(Arc::clone(&live)))
        .merge(pages::stream(live))
        .route("/api/v1/events", events)
        .layer(axum::middleware::from_fn_with_state(door, users::door))
        .layer(axum::middleware::from_fn_with_state(allowed, guard::host))
        .layer(axum::middleware::map_response(secure))
        .with_state(app)
}

/// Nothing is loaded from elsewhere, nothing is framed, no type is guessed. Others do not learn where a link was followed;
/// we must, since a browser that may not say so posts forms with `Origin: null`.
async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
                  base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        // The administrator may have set others by --web.config.file.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn problem(code: StatusCode, message: &str) -> Response {
    (code, format!("{message}\n")).into_response()
}

impl IntoResponse for Stopped {
    fn into_response(self) -> Response {
        problem(StatusCode::SERVICE_UNAVAILABLE, &self.to_string())
    }
}

async fn metrics(State(app): State<App>, headers: HeaderMap) -> Result<Response, Stopped> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    let format = Format::accepted(accept);
    let counts = Counts { rediscoveries: app.client.rediscoveries(), ..*app.counts.borrow() };
    let mut scrape = Scrape::new(app.hub.snapshot(), counts, format).reloaded(app.reload.as_ref().map(Reload::state));
    loop {
        let read = move |engine: &Engine, _| {
            let more = scrape.read(engine);
            (scrape, more)
        };
        let more;
        (scrape, more) = app.hub.query(read).await?;
        if !more {
            return Ok(respond(&headers, format.content_type(), scrape));
        }
    }
}

impl Document for Scrape {
    fn series(&self) -> usize {
        Self::series(self)
    }

    fn write<S: Sink + ?Sized>(&self, out: &mut S) {
        Self::write(self, out);
    }
}

fn json(value: &serde_json::Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], value.to_string())
        .into_response()
}

async fn status(State(app): State<App>) -> Response {
    json(&json::status(&app.hub.snapshot()))
}

async fn storms(State(app): State<App>) -> Response {
    let snapshot = app.hub.snapshot();
    let verdicts = snapshot.verdicts.iter().map(|verdict| json::verdict_json(verdict)).collect::<Vec<_>>();
    json(&serde_json::json!({ "verdicts": verdicts }))
}

#[derive(Debug, Deserialize)]
struct TargetsQuery {
    limit: Option<usize>,
    offset: Option<usize>,
    state: Option<String>,
}

async fn targets(State(app): State<App>, Query(query): Query<TargetsQuery>) -> Result<Response, Stopped> {
    let up = match query.state.as_deref() {
        None | Some("") => None,
        Some("up") => Some(true),
        Some("down") => Some(false),
        Some(_) => return Ok(problem(StatusCode::BAD_REQUEST, "'state' must be up or down, or left out")),
    };
    let limit = query.limit.unwrap_or(json::MAX_TARGETS).min(json::MAX_TARGETS);
    let page = json::TargetPage { offset: query.offset.unwrap_or(0), limit, up };
    let (names, total) = app.hub.query(move |engine, _| page.names(engine.targets())).await?;
    let mut shown = Vec::new();
    for some in names.chunks(TARGETS_AT_ONCE) {
        let some = some.to_vec();
        let read = move |engine: &Engine, _: Time| {
            some.iter().filter_map(|name| json::target(engine.targets(), name)).collect::<Vec<_>>()
        };
        shown.extend(app.hub.query(read).await?);
    }
    let moves = app.hub.query(|engine, _| engine.targets().moves().cloned().collect::<Vec<_>>()).await?;
    Ok(json(&json::targets(page, total, &shown, &moves)))
}

/// As [`port_mappings`].
async fn devices(State(app): State<App>, Query(spoken): Query<Spoken>) -> Result<Response, Stopped> {
    let language = spoken.language();
    Ok(json(&app.hub.query(move |engine, _| json::devices(engine, language)).await?))
}

#[derive(Debug, Default, Deserialize)]
struct Spoken {
    lang: Option<String>,
}

impl Spoken {
    fn language(&self) -> Language {
        match self.lang.as_deref() {
            Some("ja") => Language::Japanese,
            _ => Language::English,
        }
    }
}

/// `?lang=ja` gives the sentences in Japanese; keys and ids are in no language.
async fn port_mappings(State(app): State<App>, Query(spoken): Query<Spoken>) -> Result<Response, Stopped> {
    let language = spoken.language();
    Ok(json(&app.hub.query(move |engine, _| json::port_mappings(engine, language)).await?))
}

/// Ready once any feed has reported: before that, "all quiet" would be said by someone who has not looked.
async fn ready(State(app): State<App>) -> Response {
    if app.hub.snapshot().feeds.is_empty() {
        problem(StatusCode::SERVICE_UNAVAILABLE, "no feed has reported yet")
    } else {
        "stormglass is ready.\n".into_response()
    }
}

async fn events(State(app): State<App>, streams: Arc<tokio::sync::Semaphore>) -> Response {
    let Ok(place) = streams.try_acquire_owned() else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "too many event streams are open; close one");
    };
    let changes = app.hub.changes();
    Sse::new(stream(changes, place)).keep_alive(KeepAlive::default()).into_response()
}

fn stream(
    changes: tokio::sync::broadcast::Receiver<Change>,
    place: tokio::sync::OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    use tokio::sync::broadcast::error::RecvError;
    futures_util::stream::unfold((changes, place), |(mut changes, place)| async move {
        loop {
            match changes.recv().await {
                Ok(change) => {
                    let event = match change {
                        Change::Storm(verdict) => {
                            Event::default().event("storm").data(json::verdict_json(&verdict).to_string())
                        }
                        Change::Mapping(change) => {
                            Event::default().event("port_mapping").data(serde_json::json!(change).to_string())
                        }
                        Change::Device(change) => {
                            Event::default().event("device").data(serde_json::json!(change).to_string())
                        }
                        Change::Noted(note) => {
                            Event::default().event("note").data(view::notes::json(&note).to_string())
                        }
                        Change::Moved(moved) => {
                            Event::default().event("mac_move").data(serde_json::json!(moved).to_string())
                        }
                    };
                    return Some((Ok(event), (changes, place)));
                }
                // The client asks for the whole list when it hears of any change.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    })
}
