//! The dashboards as files: what Grafana would stumble over, or show as an empty panel without a word. That their queries bring
//! data from a Prometheus is for tests/grafana.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use stormglass::mib::MODULES;
use stormglass::view::exposition::Kind;
use stormglass::view::families;

/// Ids of Grafana's units (its registry of value formats) that our numbers have.
const UNITS: [&str; 9] = ["short", "s", "percentunit", "pps", "cps", "Bps", "bytes", "dateTimeFromNow", "none"];
/// What Prometheus itself says of each scrape.
const OF_PROMETHEUS: [&str; 3] = ["up", "scrape_duration_seconds", "scrape_samples_scraped"];
/// Labels that a scrape adds.
const OF_SCRAPES: [&str; 2] = ["job", "instance"];
/// Words of PromQL that are neither metrics nor functions.
const WORDS: [&str; 10] =
    ["by", "without", "on", "ignoring", "group_left", "group_right", "bool", "or", "and", "unless"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every dashboard, by the name of its file.
fn dashboards() -> BTreeMap<String, Value> {
    let files = std::fs::read_dir(root().join("grafana/dashboards")).expect("the dashboards");
    let paths = files.map(|entry| entry.expect("an entry").path()).collect::<Vec<PathBuf>>();
    let read = |path: &PathBuf| serde_json::from_str(&std::fs::read_to_string(path).expect("a text")).expect("JSON");
    let name = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), read(path))).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Labels of every series that a panel can ask for, by name.
fn known_series() -> BTreeMap<String, BTreeSet<String>> {
    let with = |labels: &[&str]| labels.iter().chain(&OF_SCRAPES).map(|label| (*label).to_owned()).collect();
    let mut known = BTreeMap::new();
    for family in families::all() {
        let parts: &[&str] = if family.kind == Kind::Histogram { &["_bucket", "_sum", "_count"] } else { &[""] };
        for part in parts {
            let mut labels: BTreeSet<String> = with(family.labels);
            labels.extend((*part == "_bucket").then(|| "le".to_owned()));
            known.insert(format!("{}{part}", family.name), labels);
        }
    }
    // What /snmp gives of a switch is named as the MIB names it.
    for table in MODULES.iter().flat_map(|module| module.tables) {
        let lookups = table.lookups.iter().map(|object| object.name);
        let labels = table.indexes.iter().map(|index| index.label).chain(lookups).collect::<Vec<_>>();
        for column in table.columns {
            known.entry(column.name.to_owned()).or_insert_with(|| with(&labels));
        }
    }
    known.extend(OF_PROMETHEUS.map(|name| (name.to_owned(), with(&[]))));
    known
}

/// A query without what its braces, brackets and quotes hold, and the labels of each pair of braces.
fn outline(query: &str) -> (String, Vec<String>) {
    let (mut plain, mut labels, mut rest) = (String::new(), Vec::new(), query);
    while let Some(at) = rest.find(['{', '[', '"']) {
        let close = match &rest[at..=at] {
            "{" => '}',
            "[" => ']',
            _ => '"',
        };
        let (inside, after) = rest[at + 1..].split_once(close).unwrap_or_else(|| panic!("{query}: no {close}"));
        plain.push_str(&rest[..at]);
        if close == '}' {
            plain.push_str(" {} ");
            let matchers = inside.split(',').map(|one| one.split(['=', '!']).next().unwrap_or_default().trim());
            labels.push(matchers.collect::<Vec<_>>().join(","));
        }
        rest = after;
    }
    plain.push_str(rest);
    (plain, labels)
}

/// Names in a query: metrics with the labels they are selected by, and labels it groups or joins by.
fn names(query: &str) -> (Vec<(String, Vec<String>)>, BTreeSet<String>) {
    let (plain, labels) = outline(query);
    let (mut metrics, mut grouped, mut selected) = (Vec::new(), BTreeSet::new(), labels.into_iter());
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':' || c == '$';
    let mut rest = plain.as_str();
    let mut before = String::new();
    while let Some(at) = rest.find(|c: char| word(c) || c == '(') {
        rest = &rest[at..];
        if let Some(inside) = rest.strip_prefix('(') {
            // Only a list of labels follows these words.
            if WORDS[..6].contains(&before.as_str()) {
                let (list, after) = inside.split_once(')').expect("a closed list");
                grouped.extend(list.split(',').map(|label| label.trim().to_owned()).filter(|label| !label.is_empty()));
                rest = after;
            } else {
                rest = inside;
            }
            before.clear();
            continue;
        }
        let (name, after) = rest.split_at(rest.find(|c| !word(c)).unwrap_or(rest.len()));
        // An aggregation has its labels before or after what it aggregates.
        let next = after.trim_start();
        let function = next.starts_with('(') || ["by (", "without ("].iter().any(|word| next.starts_with(word));
        if !WORDS.contains(&name) && !function && !name.starts_with(|c: char| c.is_ascii_digit()) {
            let braces = after.trim_start().starts_with("{}");
            let of = if braces { selected.next().unwrap_or_default() } else { String::new() };
            metrics.push((name.to_owned(), of.split(',').filter(|l| !l.is_empty()).map(str::to_owned).collect()));
        }
        // `sum by (x)` and `sum(x)`: what stands right before a bracket.
        name.clone_into(&mut before);
        rest = after;
    }
    (metrics, grouped)
}

/// Every metric exists, with every label that it is selected, grouped and shown by.
fn check_query(place: &str, query: &str, known: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let (metrics, grouped) = names(query);
    assert!(!metrics.is_empty(), "{place}: asks for nothing: {query}");
    let mut all = BTreeSet::new();
    for (metric, selected) in metrics {
        let labels = known.get(&metric).unwrap_or_else(|| panic!("{place}: there is no {metric}: {query}"));
        for label in selected {
            assert!(labels.contains(&label), "{place}: {metric} has no label `{label}`: {query}");
        }
        all.extend(labels.iter().cloned());
    }
    for label in &grouped {
        assert!(all.contains(label), "{place}: nothing in it has the label `{label}`: {query}");
    }
    for part in query.match_indices("rate(").chain(query.match_indices("increase(")) {
        let range = query[part.0..].split(['[', ']']).nth(1);
        assert!(matches!(range, Some("$__rate_interval" | "1d")), "{place}: {range:?}");
    }
    grouped
}

/// Names in `{{ }}`.
fn shown(legend: &str) -> impl Iterator<Item = &str> {
    legend.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim()))
}

fn check_place(place: &str, panel: &Value, taken: &mut BTreeSet<(u64, u64)>) {
    let side = |key: &str| panel["gridPos"][key].as_u64().unwrap_or_else(|| panic!("{place}: no gridPos.{key}"));
    assert!(side("w") > 0 && side("h") > 0, "{place}: has no size");
    for x in side("x")..side("x") + side("w") {
        for y in side("y")..side("y") + side("h") {
            assert!(x < 24 && taken.insert((x, y)), "{place}: overlaps or leaves the grid at {x}, {y}");
        }
    }
}

fn check_panel(place: &str, panel: &Value, variables: &BTreeSet<&str>, known: &BTreeMap<String, BTreeSet<String>>) {
    let unit = text(&panel["fieldConfig"]["defaults"]["unit"]);
    assert!(UNITS.contains(&unit), "{place}: Grafana knows no unit {unit:?}");
    assert!(!text(&panel["description"]).is_empty(), "{place}: no description");
    assert_eq!(panel["datasource"]["uid"], "${datasource}", "{place}");
    let targets = list(&panel["targets"]);
    assert!(!targets.is_empty(), "{place}: no query");
    let refs = targets.iter().map(|target| text(&target["refId"])).collect::<BTreeSet<_>>();
    assert_eq!(refs.len(), targets.len(), "{place}: refIds repeat");
    for target in targets {
        let query = text(&target["expr"]);
        assert_eq!(target["datasource"]["uid"], "${datasource}", "{place}");
        let grouped = check_query(place, query, known);
        for label in shown(text(&target["legendFormat"])) {
            assert!(grouped.contains(label), "{place}: `{label}` of the legend is not in the result: {query}");
        }
        let own = [r#"job=~"$job""#, r#"instance=~"$instance""#].iter().all(|part| query.contains(part));
        let of_switches = [r#"job=~"$snmp_job""#, r#"instance=~"$target""#].iter().all(|part| query.contains(part));
        assert!(own || of_switches, "{place}: does not select job and instance: {query}");
        for name in query.split('$').skip(1) {
            let name = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
            assert!(name == "__rate_interval" || variables.contains(name), "{place}: no variable ${name}: {query}");
        }
        for transformation in list(&panel["transformations"]) {
            let columns = transformation["options"]["renameByName"].as_object().expect("columns");
            for column in columns.keys().filter(|column| *column != "Value") {
                assert!(grouped.contains(column), "{place}: no column `{column}`: {query}");
            }
            let mut seen = grouped.iter().filter(|label| !OF_SCRAPES.contains(&label.as_str()));
            assert!(seen.all(|label| columns.contains_key(label)), "{place}: a column without a name");
        }
    }
}

#[test]
fn dashboards_are_whole() {
    let (known, mut titles, mut panels_seen) = (known_series(), BTreeSet::new(), 0);
    let dashboards = dashboards();
    let wanted = ["health", "overview", "ports", "segment", "upnp"].map(|name| format!("stormglass-{name}"));
    assert_eq!(dashboards.keys().cloned().collect::<Vec<_>>(), wanted);
    for (name, dashboard) in &dashboards {
        assert_eq!(dashboard["uid"], **name, "links and Grafana's own state go by it");
        assert!(titles.insert(text(&dashboard["title"])), "{name}: two of one title");
        assert!(dashboard["id"].is_null(), "{name}: the id is for Grafana to give");
        let variables = list(&dashboard["templating"]["list"]);
        let names = variables.iter().map(|variable| text(&variable["name"])).collect::<BTreeSet<_>>();
        assert_eq!(names.len(), variables.len(), "{name}: variables repeat");
        assert!(["datasource", "job", "instance"].iter().all(|wanted| names.contains(wanted)), "{name}: {names:?}");
        for variable in variables.iter().filter(|variable| variable["type"] == "query") {
            let query = text(&variable["query"]["query"]);
            let inside = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
            let (selector, label) = inside.and_then(|inside| inside.rsplit_once(", ")).expect("label_values(x, y)");
            check_query(name, selector, &known);
            let (metrics, _) = self::names(selector);
            assert!(known[&metrics[0].0].contains(label), "{name}: {query}");
        }
        for annotation in list(&dashboard["annotations"]["list"]) {
            check_query(name, text(&annotation["expr"]), &known);
        }
        let panels = list(&dashboard["panels"]);
        let ids = panels.iter().map(|panel| panel["id"].as_u64()).collect::<BTreeSet<_>>();
        assert!(ids.len() == panels.len() && !ids.contains(&None), "{name}: panel ids repeat");
        let mut taken = BTreeSet::new();
        for panel in panels {
            let place = format!("{name}: {:?}", text(&panel["title"]));
            assert!(!text(&panel["title"]).is_empty(), "{place}: no title");
            check_place(&place, panel, &mut taken);
            if panel["type"] != "row" {
                check_panel(&place, panel, &names, &known);
                panels_seen += 1;
            }
        }
    }
    assert!(panels_seen > 60, "{panels_seen} panels");
}

#[test]
fn the_checker_sees_what_does_not_exist() {
    let known = known_series();
    let good = r#"sum by (target) (rate(stormglass_fdb_moves_total{job=~"$job"}[$__rate_interval])) or vector(0)"#;
    assert_eq!(check_query("good", good, &known), BTreeSet::from(["target".to_owned()]));
    for (from, to) in [
        ("fdb_moves", "fdb_movez"),
        ("job=~", "jobs=~"),
        ("by (target)", "by (switch)"),
        ("$__rate_interval", "5m"),
        ("vector(0)", "stormglass_ups"),
    ] {
        let bad = good.replace(from, to);
        let refused = std::panic::catch_unwind(|| check_query("bad", &bad, &known_series()));
        assert!(refused.is_err(), "{bad}");
    }
}

/// The compose file mounts what is there.
#[test]
fn the_compose_file_finds_its_files() {
    let folder = root().join("grafana/compose");
    let compose = std::fs::read_to_string(folder.join("compose.yml")).expect("the compose file");
    let mounted = compose.lines().filter_map(|line| line.trim().strip_prefix("- .")).collect::<Vec<_>>();
    assert!(mounted.len() >= 7, "{mounted:?}");
    for line in mounted {
        let source = format!(".{}", line.split(':').next().unwrap_or_default());
        assert!(folder.join(&source).exists(), "compose.yml mounts {source}, which is not there");
    }
    let dockerfile = root().join("packaging/Dockerfile");
    assert!(compose.contains("dockerfile: packaging/Dockerfile") && dockerfile.exists());
}
