//! `/snmp`, snmp_exporter's drop-in, and `/sd/snmp`, which tells Prometheus what to ask it for. Only targets that are
//! configured, found or allowed by subnet are read: `/snmp` is no scanner.

use super::body::{Document, respond};
use super::{App, problem};
use crate::app::targets::{Entry, List};
use crate::io::snmp::{Cause, CollectError, PORT, Place, Target};
use crate::mib::{Module, Rows};
use crate::view::sink::Sink;
use crate::view::snmp_text::{self, Scrape};
use axum::extract::{Query, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;

/// Scrapes at once; each holds the rows of a device. More are sent away with the time to come back.
pub(super) const MAX_SCRAPES: usize = 200;
/// A scrape takes this long at most where the scraper does not say; snmp_exporter's default for a walk is alike.
const WITHIN: Duration = Duration::from_secs(20);
/// And this long whatever it says.
const WITHIN_AT_MOST: Duration = Duration::from_secs(120);
/// Left of the scraper's own limit for the answer to travel, as snmp_exporter leaves it.
const MARGIN: Duration = Duration::from_millis(500);
/// Where the scraper names no module.
const DEFAULT_MODULE: &str = "if_mib";

/// What a scrape asks for: each parameter once at most.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    target: Option<String>,
    module: Option<String>,
    auth: Option<String>,
}

impl Wanted {
    /// Parameters of other names are left alone, as snmp_exporter does.
    fn of(parameters: Vec<(String, String)>) -> Result<Self, String> {
        let mut wanted = Self::default();
        for (name, value) in parameters {
            let place = match name.as_str() {
                "target" => &mut wanted.target,
                "module" => &mut wanted.module,
                "auth" => &mut wanted.auth,
                _ => continue,
            };
            if place.replace(value).is_some() {
                let several = if name == "module" { "; several modules go into one, with commas between" } else { "" };
                return Err(format!("'{name}' parameter must be specified once{several}"));
            }
        }
        for place in [&mut wanted.target, &mut wanted.module, &mut wanted.auth] {
            place.take_if(|value| value.is_empty());
        }
        Ok(wanted)
    }
}

/// The modules of `module=system,if_mib`, each once.
pub(crate) fn modules(names: &str) -> Result<Vec<&'static Module>, String> {
    let mut modules: Vec<&'static Module> = Vec::new();
    for name in names.split(',') {
        let module = Module::named(name).ok_or_else(|| format!("unknown module '{}'", name.escape_default()))?;
        if !modules.iter().any(|known| std::ptr::eq(*known, module)) {
            modules.push(module);
        }
    }
    Ok(modules)
}

/// How long a scrape may take: what the scraper allows, less the way back.
fn within(headers: &HeaderMap) -> Duration {
    let limit = headers.get("x-prometheus-scrape-timeout-seconds").and_then(|value| value.to_str().ok()?.parse().ok());
    let limit =
        limit.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok()).filter(|limit| !limit.is_zero());
    limit.map_or(WITHIN, |limit| (limit - MARGIN.min(limit / 2)).min(WITHIN_AT_MOST))
}

/// The target that a scrape means, with the credentials that it names.
async fn meant(app: &App, list: &List, wanted: &Wanted) -> Result<Target, Response> {
    let section = Arc::clone(&app.snmp.borrow());
    let bad = |message: &str| problem(StatusCode::BAD_REQUEST, message);
    let Some(name) = &wanted.target else {
        return Err(bad("'target' parameter must be specified once: the name or address of a target"));
    };
    let auth = match &wanted.auth {
        Some(name) => Some(section.credentials().get(name).ok_or_else(|| {
            let known = section.credentials().keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            bad(&format!("unknown 'auth' parameter '{}': expected one of {known}", name.escape_default()))
        })?),
        None => None,
    };
    let place = Place::parse(name, PORT).ok();
    let mut target = match list.find(name, place.as_ref()) {
        Some(entry) => {
            let found = entry.located.target(app.clock.now()).await;
            found.map_err(|unresolved| problem(StatusCode::INTERNAL_SERVER_ERROR, &unresolved.to_string()))?
        }
        None => match place.as_ref().and_then(Place::address) {
            Some(address) if section.allows(address.ip()) => section.any_target(address),
            _ => {
                return Err(bad("unknown target: /snmp reads targets of the configuration by name or address, and \
                                addresses of snmp.allowed_subnets"));
            }
        },
    };
    if let Some(auth) = auth {
        target.auth = auth.clone();
    }
    Ok(target)
}

fn failed(error: &CollectError) -> Response {
    match error.cause {
        // The device is not at fault: another walk of it took all the time.
        Cause::Busy { .. } => later(&error.to_string()),
        _ => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn later(message: &str) -> Response {
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, message);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// What was collected, to be written.
struct Scraped(Vec<(&'static Module, Rows, Duration)>);

impl Document for Scraped {
    fn series(&self) -> usize {
        let of = |(module, rows, _): &(&'static Module, Rows, Duration)| -> usize {
            let columns = module.tables.iter().flat_map(|table| table.columns).flat_map(|object| rows.columns(object));
            columns.map(|column| column.values().len()).sum()
        };
        self.0.iter().map(of).sum()
    }

    fn write<S: Sink + ?Sized>(&self, out: &mut S) {
        let scrape = |(module, rows, took)| Scrape { module, rows, took };
        let scrapes = self.0.iter().map(|(module, rows, took)| scrape((*module, rows, *took))).collect::<Vec<_>>();
        snmp_text::write(&scrapes, out);
    }
}

/// Walks the modules one after the other and answers with all of them, or with what went wrong.
pub(super) async fn snmp(
    State(app): State<App>,
    Query(parameters): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let began = app.clock.now();
    let until = began.plus(within(&headers));
    let Ok(_place) = app.scrapes.try_acquire() else {
        return later(&format!("{MAX_SCRAPES} scrapes are running already: spread them, or ask less often"));
    };
    let asked = Wanted::of(parameters).and_then(|wanted| {
        let modules = modules(wanted.module.as_deref().unwrap_or(DEFAULT_MODULE))?;
        Ok((wanted, modules))
    });
    let (wanted, modules) = match asked {
        Ok(asked) => asked,
        Err(message) => return problem(StatusCode::BAD_REQUEST, &message),
    };
    let list = app.targets.borrow().clone();
    let target = match meant(&app, &list, &wanted).await {
        Ok(target) => target,
        Err(response) => return response,
    };
    let mut scraped = Vec::new();
    for module in modules {
        let started = app.clock.now();
        match app.client.collect(&target, module, until.since(started)).await {
            Ok(rows) => scraped.push((module, rows, app.clock.now().since(started))),
            Err(error) => return failed(&error),
        }
    }
    respond(&headers, snmp_text::CONTENT_TYPE, Scraped(scraped))
}

/// All targets in Prometheus' form for HTTP service discovery, complete, so that no relabelling is needed: where to ask,
/// what for, and what the series are called.
pub(super) async fn discovery(
    State(app): State<App>,
    Query(parameters): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()).and_then(authority) else {
        let message = "the Host header is missing or no host: Prometheus is told to ask where it found this list";
        return problem(StatusCode::BAD_REQUEST, message);
    };
    let module = match Wanted::of(parameters) {
        Ok(wanted) => wanted.module,
        Err(message) => return problem(StatusCode::BAD_REQUEST, &message),
    };
    if let Some(Err(message)) = module.as_deref().map(modules) {
        return problem(StatusCode::BAD_REQUEST, &message);
    }
    let list = app.targets.borrow().clone();
    let at = At { host: &host, encrypted: app.access.borrow().tls.is_some() };
    let groups = list.entries().iter().map(|entry| group(&at, module.as_deref(), entry)).collect::<Vec<_>>();
    axum::Json(groups).into_response()
}

/// A host and port as they may stand in a list of targets: no user, no path.
fn authority(host: &str) -> Option<String> {
    let parsed = host.parse::<Authority>().ok()?;
    (!parsed.host().is_empty() && !host.contains('@')).then(|| parsed.to_string())
}

/// Where we are asked.
struct At<'a> {
    host: &'a str,
    encrypted: bool,
}

fn group(at: &At<'_>, module: Option<&str>, entry: &Entry) -> serde_json::Value {
    let name = entry.located.name();
    let mut group = serde_json::json!({
        "targets": [at.host],
        "labels": {
            "instance": &**name,
            "__metrics_path__": "/snmp",
            "__param_target": &**name,
            "__param_module": entry.module.as_deref().or(module).unwrap_or(DEFAULT_MODULE),
            "__param_auth": entry.auth,
        },
    });
    if at.encrypted {
        group["labels"]["__scheme__"] = "https".into();
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_given_once() {
        let of = |text: &str| {
            let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
            Wanted::of(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
        };
        let wanted = of("target=hub&module=if_mib&x=1&x=2&auth=").expect("good");
        assert_eq!((wanted.target.as_deref(), wanted.module.as_deref()), (Some("hub"), Some("if_mib")));
        assert_eq!(wanted.auth, None);
        for (twice, word) in [
            ("target=a&target=a", "'target' parameter must be specified once"),
            ("module=system&module=if_mib", "commas"),
            ("auth=&auth=x", "'auth' parameter"),
        ] {
            assert!(of(twice).expect_err("twice").contains(word), "{twice}");
        }
    }

    #[test]
    fn modules_are_named_with_commas() {
        let names = |text| modules(text).map(|found| found.iter().map(|module| module.name).collect::<Vec<_>>());
        assert_eq!(names("system,if_mib,system"), Ok(vec!["system", "if_mib"]));
        for unknown in ["none", "", "system,", "if_mib system"] {
            assert!(names(unknown).is_err(), "{unknown}");
        }
    }

    #[test]
    fn the_scraper_s_limit_is_kept_with_a_margin() {
        let with = |seconds: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-prometheus-scrape-timeout-seconds", seconds.parse().expect("a value"));
            within(&headers).as_millis()
        };
        for (seconds, millis) in
            [("10", 9_500), ("0.4", 200), ("1000", 120_000), ("-1", 20_000), ("NaN", 20_000), ("0", 20_000)]
        {
            assert_eq!(with(seconds), millis, "{seconds}");
        }
        assert_eq!(within(&HeaderMap::new()), WITHIN);
    }

    #[test]
    fn hosts_are_hosts() {
        for good in ["localhost:10116", "192.168.1.30:10116", "[fd00::2]:10116", "glass.lan"] {
            assert_eq!(authority(good).as_deref(), Some(good));
        }
        for bad in ["", "a@b:1", "a/b", "a b", "a\"b", ":80"] {
            assert_eq!(authority(bad), None, "{bad}");
        }
    }
}
