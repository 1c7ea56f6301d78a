//! `POST /-/reload`, as Prometheus and its exporters have it: off unless `--web.enable-lifecycle` is given. Reads nothing itself.

use super::live::Live;
use super::users::User;
use super::{App, guard, problem};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// 200 with what is in force now, or 500 with file, line and what is wrong: then nothing has changed.
pub(super) async fn reload(
    State(app): State<App>,
    Extension(live): Extension<Arc<Live>>,
    user: Option<Extension<User>>,
    from: guard::From,
) -> Response {
    let Some(reload) = app.reload.as_ref().filter(|_| app.lifecycle) else {
        return problem(
            StatusCode::FORBIDDEN,
            "the configuration is not read anew by HTTP: start stormglass with --web.enable-lifecycle, or send it SIGHUP",
        );
    };
    if !guard::may_change(&from, None, live.token()) {
        return problem(
            StatusCode::FORBIDDEN,
            "a reload is asked for on the computer that stormglass runs on, or by a user of --web.config.file: \
             curl -X POST http://127.0.0.1:10116/-/reload",
        );
    }
    if let Some(Extension(User(name))) = user {
        tracing::info!(user = %name, "a reload is asked for");
    }
    match reload.ask().await {
        Ok(said) => format!("{said}\n").into_response(),
        Err(why) => problem(StatusCode::INTERNAL_SERVER_ERROR, &why),
    }
}
