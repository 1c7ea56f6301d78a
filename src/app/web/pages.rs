//! What people look at: the live page with its stream, the lists, one storm, and the button. Renders nothing itself.

use super::live::Live;
use super::{App, guard, problem};
use crate::app::check::Asked;
use crate::app::hub::Stopped;
use crate::model::Time;
use crate::model::text::Language;
use crate::view::html::{self, Manner, face};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Event streams of pages served at once. A stream is a connection, and of those there are 256.
const MAX_READERS: usize = 200;
/// Longest body of a form, bytes.
const MAX_FORM: usize = 1024;

/// The routes.
pub(super) fn routes(live: Arc<Live>) -> Router<App> {
    Router::new()
        .route("/", get(page))
        .route("/hosts", get(hosts))
        .route("/ports", get(ports))
        .route("/targets", get(targets))
        .route("/storms/{id}/{started}", get(storm))
        .route("/check", post(check))
        .route("/doctor", get(doctor).post(examine))
        .layer(Extension(live))
        .layer(axum::extract::DefaultBodyLimit::max(MAX_FORM))
        .merge(assets())
}

/// The style and the script. They change with the program alone, but a browser must notice when they do.
fn assets() -> Router<App> {
    let kept = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text) })
    };
    Router::new()
        .route("/style.css", kept("text/css; charset=utf-8", html::STYLE))
        .route("/live.js", kept("text/javascript; charset=utf-8", html::SCRIPT))
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    lang: Option<String>,
    #[serde(default)]
    page: usize,
}

/// The language of a query, else the one that the browser likes best.
pub(super) fn language(lang: Option<&str>, headers: &HeaderMap) -> Language {
    match lang {
        Some("ja") => Language::Japanese,
        Some("en") => Language::English,
        _ => accepted(headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default()),
    }
}

/// By `Accept-Language` (RFC 9110, 12.5.4): of the two that we have, the one with the greater weight; English if neither.
fn accepted(text: &str) -> Language {
    let mut weights = [0.0_f32; 2];
    for range in text.split(',').take(32) {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.trim().parse::<f32>().ok());
        let weight = weight.filter(|q| (0.0..=1.0).contains(q)).unwrap_or(0.0);
        let primary = tag.trim().split('-').next().unwrap_or_default();
        for (known, place) in [("en", 0), ("ja", 1)] {
            if primary.eq_ignore_ascii_case(known) {
                weights[place] = weights[place].max(weight);
            }
        }
    }
    if weights[1] > weights[0] { Language::Japanese } else { Language::English }
}

fn document(text: String, language: Language) -> Response {
    let lang = match language {
        Language::English => "en",
        Language::Japanese => "ja",
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_LANGUAGE, lang),
        (header::VARY, "accept-language"),
    ];
    (headers, text).into_response()
}

async fn page(
    Extension(live): Extension<Arc<Live>>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Stopped> {
    let language = language(wanted.lang.as_deref(), &headers);
    Ok(document(live.page(language).await?, language))
}

/// Everything a list needs but its lines.
fn manner(app: &App, wanted: &Wanted, headers: &HeaderMap) -> Manner {
    let language = language(wanted.lang.as_deref(), headers);
    Manner { language, now: app.clock.now(), utc_offset_seconds: app.utc_offset_seconds }
}

async fn hosts(State(app): State<App>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Result<Response, Stopped> {
    let manner = manner(&app, &wanted, &headers);
    let listed = app.hub.query(move |engine, _| face::hosts_page(engine, wanted.page)).await?;
    Ok(document(html::hosts_page(&listed, manner), manner.language))
}

async fn ports(State(app): State<App>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Result<Response, Stopped> {
    let manner = manner(&app, &wanted, &headers);
    let listed = app.hub.query(move |engine, _| face::ports_page(engine, wanted.page)).await?;
    Ok(document(html::ports_page(&listed, manner), manner.language))
}

async fn targets(
    State(app): State<App>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Stopped> {
    let manner = manner(&app, &wanted, &headers);
    let listed = app.hub.query(move |engine, _| face::targets_page(engine, wanted.page)).await?;
    Ok(document(html::targets_page(&listed, manner), manner.language))
}

async fn storm(
    State(app): State<App>,
    Extension(live): Extension<Arc<Live>>,
    Path((id, started)): Path<(String, i64)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let manner = manner(&app, &wanted, &headers);
    let snapshot = app.hub.snapshot();
    let mut of_that_id = snapshot.verdicts.iter().filter(|verdict| *verdict.id == *id);
    let found = of_that_id.find(|verdict| verdict.started == Time::from_nanos(started));
    let text = html::storm_page(&snapshot, found.map(|found| &**found), live.token(), manner);
    let response = document(text, manner.language);
    if found.is_some() { response } else { (StatusCode::NOT_FOUND, response).into_response() }
}

#[derive(Debug, Default, Deserialize)]
struct Form {
    token: Option<String>,
    lang: Option<String>,
}

/// Asks for a check of what is over. A form's answer is the page again; it says how the check goes.
async fn check(
    State(app): State<App>,
    Extension(live): Extension<Arc<Live>>,
    from: guard::From,
    body: String,
) -> Response {
    let form: Form = form(&body);
    if !guard::may_change(&from, form.token.as_deref(), live.token()) {
        return problem(
            StatusCode::FORBIDDEN,
            "a check is asked for by the button of the page, or on the computer that stormglass runs on: \
             curl -X POST http://127.0.0.1:10116/check",
        );
    }
    match app.checker.ask(&app.hub) {
        Asked::Begun | Asked::Running => {}
        Asked::Refused => {
            return problem(StatusCode::CONFLICT, "there is nothing to check: nothing is over and unverified just now");
        }
    }
    begun(&form, ["/?lang=en", "/?lang=ja"], "the check has begun; / says how it goes\n")
}

/// The answer to a form is the page that it stood on; to a program, a sentence.
fn begun(form: &Form, pages: [&'static str; 2], said: &'static str) -> Response {
    let back = match form.lang.as_deref() {
        Some("en") => pages[0],
        Some("ja") => pages[1],
        _ => return (StatusCode::ACCEPTED, said).into_response(),
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, HeaderValue::from_static(back))]).into_response()
}

/// The latest examination of the LAN, in full.
async fn doctor(
    State(app): State<App>,
    Extension(live): Extension<Arc<Live>>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let manner = manner(&app, &wanted, &headers);
    document(html::examination_page(&app.examiner.state(), live.token(), manner), manner.language)
}

/// Asks for an examination that only listens.
async fn examine(
    State(app): State<App>,
    Extension(live): Extension<Arc<Live>>,
    from: guard::From,
    body: String,
) -> Response {
    let form: Form = form(&body);
    if !guard::may_change(&from, form.token.as_deref(), live.token()) {
        return problem(
            StatusCode::FORBIDDEN,
            "an examination is asked for by the button of the page, or on the computer that stormglass runs on: \
             curl -X POST http://127.0.0.1:10116/doctor",
        );
    }
    app.examiner.ask();
    begun(
        &form,
        ["/?lang=en#examination", "/?lang=ja#examination"],
        "the examination has begun; /doctor says what it comes to\n",
    )
}

/// The fields of `application/x-www-form-urlencoded` that are ours; their values need no decoding.
fn form(body: &str) -> Form {
    let field = |name: &str| {
        let mut fields = body.split('&').take(8).filter_map(|field| field.split_once('='));
        fields.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    };
    Form { token: field("token"), lang: field("lang") }
}

/// The stream of changes, by itself: compressed, its small events would wait for each other.
pub(super) fn stream(live: Arc<Live>) -> Router<App> {
    let readers = Arc::new(Semaphore::new(MAX_READERS));
    let events = move |Query(wanted): Query<Wanted>, headers: HeaderMap| async move {
        match readers.try_acquire_owned() {
            Ok(place) => live.stream(language(wanted.lang.as_deref(), &headers), place),
            Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "too many pages are open; close one"),
        }
    };
    Router::new().route("/events", get(events))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_wanted_most() {
        for (header, means) in [
            ("", Language::English),
            ("ja", Language::Japanese),
            ("ja-JP,ja;q=0.9,en;q=0.8", Language::Japanese),
            ("en-US,en;q=0.9,ja;q=0.8", Language::English),
            ("de, fr;q=0.5", Language::English),
            ("de, JA;q=0.1", Language::Japanese),
            ("ja;q=0", Language::English),
            ("ja;q=9, en;q=0.1", Language::English),
            (";;;,,ja;q=x", Language::English),
        ] {
            assert_eq!(accepted(header), means, "{header}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("ja"));
        assert_eq!(language(Some("en"), &headers), Language::English);
        assert_eq!(language(Some("xx"), &headers), Language::Japanese);
    }

    #[test]
    fn a_form_is_read_as_far_as_it_is_ours() {
        let read = form("x=1&token=0123&lang=ja");
        assert_eq!((read.token.as_deref(), read.lang.as_deref()), (Some("0123"), Some("ja")));
        assert!(form("").token.is_none() && form("token").token.is_none());
    }
}
