//! The queries of the dashboards, with their variables filled in as Grafana does when everything is chosen by name.

use super::Result;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A dashboard as its file has it.
pub(super) struct Dashboard {
    /// The name of the file.
    pub(super) name: String,
    json: Value,
}

/// A query of a panel.
pub(super) struct Query<'a> {
    /// The panel's title.
    pub(super) title: &'a str,
    /// Asks for one moment, not for a span of time.
    pub(super) instant: bool,
    text: &'a str,
}

/// What stands for each variable.
type Filled = BTreeMap<String, String>;

impl Dashboard {
    /// All of them.
    pub(super) fn all() -> Result<Vec<Self>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("grafana/dashboards");
        let entries = std::fs::read_dir(folder).map_err(|error| error.to_string())?;
        let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<_>>();
        paths.sort();
        let one = |path: &std::path::PathBuf| {
            let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
            let json = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(Self { name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), json })
        };
        paths.iter().map(one).collect()
    }

    /// The values of its variables, asked for in their order: those further down may name those above.
    pub(super) fn variables(&self, ask: &dyn Fn(&str) -> Result<Value>) -> Result<Filled> {
        let mut filled = Filled::new();
        for variable in self.json["templating"]["list"].as_array().into_iter().flatten() {
            let (Some(name), "query") = (variable["name"].as_str(), variable["type"].as_str().unwrap_or_default())
            else {
                continue;
            };
            let query = variable["query"]["query"].as_str().unwrap_or_default();
            let inside = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
            let (selector, label) = inside.and_then(|inside| inside.rsplit_once(", ")).ok_or(query)?;
            let selector = fill(selector, &filled);
            let found = ask(&format!("/api/v1/label/{label}/values?match[]={}", super::encoded(&selector)))?;
            let values = found.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
            super::ensure(!values.is_empty(), || format!("{}: ${name} has no value: {selector}", self.name))?;
            filled.insert(name.to_owned(), pattern(&values));
        }
        Ok(filled)
    }

    /// Every query of every panel, and of the annotations.
    pub(super) fn queries(&self) -> Vec<Query<'_>> {
        let mut queries = Vec::new();
        for panel in self.json["panels"].as_array().into_iter().flatten() {
            for target in panel["targets"].as_array().into_iter().flatten() {
                queries.push(Query {
                    title: panel["title"].as_str().unwrap_or_default(),
                    instant: target["instant"] == true,
                    text: target["expr"].as_str().unwrap_or_default(),
                });
            }
        }
        queries
    }
}

impl Query<'_> {
    /// The query as Prometheus gets it.
    pub(super) fn filled(&self, variables: &Filled, rate_interval_seconds: u64) -> String {
        fill(&self.text.replace("$__rate_interval", &format!("{rate_interval_seconds}s")), variables)
    }
}

fn fill(text: &str, variables: &Filled) -> String {
    // The longest names first: `$instance` is not `$in` and the rest.
    let mut names = variables.iter().collect::<Vec<_>>();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${name}"), value))
}

/// Grafana's form of several values for Prometheus: an alternative of all, special characters escaped for a regular
/// expression in a string.
fn pattern(values: &[&str]) -> String {
    let escaped = |value: &&str| {
        let mut text = String::new();
        for letter in value.chars() {
            if r"\^$*+?.()|[]{}".contains(letter) {
                text.push_str(r"\\");
            }
            text.push(letter);
        }
        text
    };
    match values {
        [one] => escaped(one),
        several => format!("({})", several.iter().map(escaped).collect::<Vec<_>>().join("|")),
    }
}
