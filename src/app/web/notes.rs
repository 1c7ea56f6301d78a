//! Acknowledging and muting storms: `/api/v1/acknowledge`, `/api/v1/mute`, `/api/v1/unmute` for programs (JSON) and for the
//! forms of the page, and `/api/v1/mutes`, which lists what holds. Decides nothing: the engine does.

use super::live::Live;
use super::pages::language;
use super::{App, guard, json, problem};
use crate::app::hub::Stopped;
use crate::app::until::{self, Until};
use crate::engine::{About, NoteError, Wish};
use crate::model::Time;
use crate::model::note::{Note, NoteKind};
use crate::model::text::Language;
use crate::view::notes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Longest body, bytes: a reason of 200 characters, each of them encoded as nine.
const MAX_BODY: usize = 8 << 10;

/// The routes.
pub(super) fn routes(live: Arc<Live>) -> Router<App> {
    Router::new()
        .route("/api/v1/mutes", get(list))
        .route("/api/v1/acknowledge", post(acknowledge))
        .route("/api/v1/mute", post(mute))
        .route("/api/v1/unmute", post(unmute))
        .layer(Extension(live))
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
}

/// What holds, and what has ended lately.
async fn list(State(app): State<App>) -> Response {
    json(&notes::list_json(&app.hub.snapshot().notes))
}

async fn acknowledge(
    State(app): State<App>,
    Extension(live): Extension<Arc<Live>>,
    from: guard::From,
    body: String,
) -> Result<Response, Stopped> {
    say(&app, &live, &from, &body, NoteKind::Acknowledgement).await
}

async fn mute(
    State(app): State<App>,
    Extension(live): Extension<Arc<Live>>,
    from: guard::From,
    body: String,
) -> Result<Response, Stopped> {
    say(&app, &live, &from, &body, NoteKind::Mute).await
}

async fn say(app: &App, live: &Live, from: &guard::From, body: &str, kind: NoteKind) -> Result<Response, Stopped> {
    let asked = match Asked::read(from, live, body) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(*refusal),
    };
    let wish = match asked.wish(kind, app.clock.now()) {
        Ok(wish) => wish,
        Err(wrong) => return Ok(problem(StatusCode::BAD_REQUEST, &wrong)),
    };
    let said = app.hub.order(move |engine, now| engine.note(now, &wish)).await?;
    Ok(asked.answer(said, StatusCode::CREATED))
}

async fn unmute(
    State(app): State<App>,
    Extension(live): Extension<Arc<Live>>,
    from: guard::From,
    body: String,
) -> Result<Response, Stopped> {
    let asked = match Asked::read(&from, &live, &body) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(*refusal),
    };
    let id = asked.field("id").unwrap_or_default().to_owned();
    let ended = app.hub.order(move |engine, now| engine.take_back(now, &id)).await?;
    Ok(asked.answer(ended, StatusCode::OK))
}

/// A request that may change something, by its fields.
struct Asked {
    fields: BTreeMap<String, String>,
    language: Language,
    /// It is a form of the page, whose answer is the page.
    form: bool,
}

impl Asked {
    /// Reads a body of JSON, or of a form.
    fn read(from: &guard::From, live: &Live, body: &str) -> Result<Self, Box<Response>> {
        let fields = fields(&from.headers, body).ok_or_else(|| {
            let message = "not readable: send an object of strings as application/json, or the fields of a form";
            Box::new(problem(StatusCode::BAD_REQUEST, message))
        })?;
        let field = |name: &str| fields.get(name).map(String::as_str);
        if !guard::may_change(from, field("token"), live.token()) {
            let message = "storms are acknowledged and muted by the forms of the page, by users of --web.config.file, or on \
                           the computer that stormglass runs on: stormglass mute --help";
            return Err(Box::new(problem(StatusCode::FORBIDDEN, message)));
        }
        let language = language(field("lang"), &from.headers);
        let form = field("lang").is_some();
        Ok(Self { fields, language, form })
    }

    /// What a field holds; an empty one is none.
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn wish(&self, kind: NoteKind, now: Time) -> Result<Wish, String> {
        let about = match (self.field("storm"), self.field("mac"), self.field("cause")) {
            (Some(id), None, None) => About::Storm(id.to_owned()),
            (None, Some(mac), None) => About::Mac(mac.parse().map_err(|error| format!("mac: {error}"))?),
            (None, None, Some(cause)) => About::Cause(cause.to_owned()),
            _ => return Err("say of what: one of storm (an id), mac and cause".to_owned()),
        };
        let until = match (self.field("until"), self.field("for")) {
            (Some(_), Some(_)) => return Err("either until or for, not both".to_owned()),
            (Some(text), None) => Some(text.parse::<Until>().map_err(|how| format!("until is {how}"))?.0),
            (None, Some(text)) => Some(now.plus(until::span(text).map_err(|how| format!("for: {how}"))?)),
            (None, None) => None,
        };
        let text = |name: &str| self.field(name).unwrap_or_default().to_owned();
        Ok(Wish { kind, about, by: text("by"), why: text("why"), until })
    }

    fn answer(&self, said: Result<Arc<Note>, NoteError>, good: StatusCode) -> Response {
        let note = match said {
            Ok(note) => note,
            Err(error) => {
                let code = match error {
                    error if error.is_absence() => StatusCode::NOT_FOUND,
                    error if error.is_conflict() => StatusCode::CONFLICT,
                    _ => StatusCode::BAD_REQUEST,
                };
                return problem(code, notes::refusal(error).template(self.language));
            }
        };
        if self.form {
            let page = match self.language {
                Language::English => "/?lang=en#history",
                Language::Japanese => "/?lang=ja#history",
            };
            return (StatusCode::SEE_OTHER, [(header::LOCATION, HeaderValue::from_static(page))]).into_response();
        }
        (good, json(&notes::json(&note))).into_response()
    }
}

fn fields(headers: &HeaderMap, body: &str) -> Option<BTreeMap<String, String>> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_str(body).ok();
    }
    // A form's fields are written as those of a query are.
    let uri = format!("/?{body}").parse::<Uri>().ok()?;
    Query::try_from_uri(&uri).ok().map(|Query(fields)| fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_and_json_say_the_same() {
        let form = fields(&HeaderMap::new(), "storm=eth0-a&why=caf%C3%A9+%26+more&by=&for=2h").expect("a form");
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let json = r#"{"storm": "eth0-a", "why": "café & more", "by": "", "for": "2h"}"#;
        assert_eq!(Some(&form), fields(&headers, json).as_ref());
        assert_eq!(form["why"], "café & more");
        for wrong in ["{", "[]", r#"{"storm": 7}"#, ""] {
            assert_eq!(fields(&headers, wrong), None, "{wrong}");
        }
        let now = Time::from_secs(1_000);
        let asked = |fields| Asked { fields, language: Language::English, form: false };
        let wish = asked(form.clone()).wish(NoteKind::Mute, now).expect("a wish");
        assert_eq!((wish.about, wish.until), (About::Storm("eth0-a".to_owned()), Some(Time::from_secs(8_200))));
        for (name, value, says) in [
            ("mac", "3c:84:6a:10:00:c8", "one of storm"),
            ("until", "2026-12-31", "not both"),
            ("for", "2", "with its unit"),
        ] {
            let mut fields = form.clone();
            fields.insert(name.to_owned(), value.to_owned());
            let wrong = asked(fields).wish(NoteKind::Mute, now).expect_err(value);
            assert!(wrong.contains(says), "{wrong}");
        }
    }
}
