//! What users were told agrees with the program, and with itself: metrics, links, commands and the configuration of both
//! READMEs and the alert rules. The dashboards have tests of their own; that the metrics have values is for those that run the
//! program.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use stormglass::view::exposition::Kind;
use stormglass::view::families;

const PREFIX: &str = "stormglass_";

fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

fn read(relative: &str) -> String {
    fs::read_to_string(path(relative)).unwrap_or_else(|e| panic!("{relative}: {e}"))
}

/// Names of our metrics in a text, each with what follows it. Recorded series (`level:stormglass_x:rate1m`) are not ours.
fn names(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.match_indices(PREFIX).filter_map(move |(at, _)| {
        let (before, from) = text.split_at(at);
        let (name, after) = from.split_at(from.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(from.len()));
        (!before.ends_with([':', '.', '/', '_']) && name != PREFIX).then_some((name, after))
    })
}

/// The rows of the README's table of metrics: name, labels, type.
fn documented(readme: &str) -> BTreeSet<(String, BTreeSet<String>, String)> {
    let text = read(readme);
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `stormglass_"));
    rows.map(|row| {
        let (signature, rest) = row.split_once("` | ").unwrap_or_else(|| panic!("{readme}: not a row: {row}"));
        let (name, labels) = signature.split_once('{').unwrap_or((signature, ""));
        let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
        let kind = rest.split(' ').next().unwrap_or_default();
        (format!("{PREFIX}{name}"), labels.map(str::to_owned).collect(), kind.to_owned())
    })
    .collect()
}

/// The documented series behind a name in a query: histograms are asked for by their parts.
fn check_query(place: &str, query: &str) {
    let table = documented("README.md");
    for (name, after) in names(query) {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
        let row = table.iter().find(|row| row.0 == name || (row.0 == base && row.2 == "histogram"));
        let (_, labels, _) = row.unwrap_or_else(|| panic!("{place}: {name} is not in README.md"));
        let inside = after.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(inside, _)| inside);
        for matcher in inside.split(',').map(str::trim) {
            let label = matcher.split(['=', '!', '~']).next().unwrap_or_default();
            let known = ["", "job", "instance"].contains(&label) || labels.contains(label);
            assert!(known, "{place}: {name} has no label `{label}`: {query}");
        }
    }
}

#[test]
fn both_readmes_tell_the_same() {
    let (english, japanese) = (documented("README.md"), documented("README.ja.md"));
    assert!(english.len() >= 20, "{} metrics", english.len());
    assert_eq!(english, japanese);
    let blocks = |name: &str| {
        let text = read(name);
        // Comments in the blocks are translated, commands are not.
        let code = text.split("```").skip(1).step_by(2).flat_map(str::lines);
        code.map(|line| line.split('#').next().unwrap_or_default().trim_end().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(blocks("README.md"), blocks("README.ja.md"));
}

#[test]
fn every_cause_is_documented() {
    let known = stormglass::explain::CAUSES.iter().map(|cause| cause.id().to_owned()).collect::<BTreeSet<_>>();
    for (readme, head) in [("README.md", "| cause |"), ("README.ja.md", "| 原因 |")] {
        let text = read(readme);
        let table =
            text.lines().skip_while(|line| !line.starts_with(head)).skip(2).take_while(|l| l.starts_with("| `"));
        let rows = table.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(rows, known, "{readme}");
    }
}

#[test]
fn every_metric_is_documented() {
    let exported = families::all().map(|family| {
        let kind = families::kind(family);
        // Prometheus' naming: the suffix is for counters, and for all of them.
        assert_eq!(family.name.ends_with("_total"), family.kind == Kind::Counter, "{}", family.name);
        let labels = family.labels.iter().map(|label| (*label).to_owned()).collect();
        (family.name.to_owned(), labels, kind.to_owned())
    });
    let exported = exported.collect::<BTreeSet<_>>();
    // A family that is written but missing in its file's list, or whose list is missing in the list of lists.
    let files = fs::read_dir(path("src/view"))
        .expect("the view")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let files = files.filter(|name| name.starts_with("metrics")).map(|name| format!("src/view/{name}"));
    for file in files {
        for name in read(&file).split("name: \"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(exported.iter().any(|family| family.0 == name), "{file}: {name} is in no list of families");
        }
    }
    assert_eq!(exported, documented("README.md"));
}

#[test]
fn the_configuration_shown_is_good() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for readme in ["README.md", "README.ja.md"] {
        let text = read(readme);
        // Those of Prometheus and lists of targets have no section of ours.
        let blocks = text.split("```yaml").skip(1).filter_map(|rest| rest.split("```").next());
        let ours = |block: &&str| block.lines().any(|line| line == "snmp:" || line == "notify:");
        let blocks = blocks.filter(ours).collect::<Vec<_>>();
        assert!(blocks.len() >= 3, "{readme}: {} configurations", blocks.len());
        for yaml in blocks {
            let file = folder.path().join("stormglass.yml");
            // Secrets lie where the configuration says, here beside it.
            fs::write(&file, yaml.replace("/etc/stormglass/", "")).expect("the configuration");
            for secret in ["lab.auth", "lab.priv", "mail-password"] {
                fs::write(folder.path().join(secret), "correct horse battery").expect("a secret");
            }
            fs::write(folder.path().join("ntfy-topic"), "a-long-topic").expect("a secret");
            for url in ["discord-url", "heartbeat-url"] {
                fs::write(folder.path().join(url), "https://example.org/secret").expect("a secret");
            }
            let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_stormglass"));
            command.arg("serve").arg(format!("--config.file={}", file.display())).arg("--config.check");
            command.env("MQTT_PASSWORD", "correct horse battery");
            command.assert().success();
        }
    }
}

#[test]
fn links_lead_somewhere() {
    for name in ["README.md", "README.ja.md", "CHANGELOG.md"] {
        let text = read(name);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            assert!(path(link).exists(), "{name}: {link} does not exist");
        }
    }
}

#[test]
fn alerts_ask_for_known_metrics() {
    let rules = read("grafana/rules/stormglass.yml");
    for line in rules.lines().filter(|line| !line.trim_start().starts_with(['#', '-']) && line.contains(PREFIX)) {
        check_query("grafana/rules/stormglass.yml", line);
    }
}

#[test]
fn the_program_lists_its_metrics_itself() {
    let run = |format: &str| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_stormglass"));
        let output = command.args(["metrics", "--format", format]).assert().success().get_output().stdout.clone();
        String::from_utf8(output).expect("UTF-8")
    };
    let list: Value = serde_json::from_str(&run("json")).expect("JSON");
    let listed = list.as_array().expect("a list").iter().map(|family| {
        let text = |key: &str| family[key].as_str().unwrap_or_default().to_owned();
        let labels = family["labels"].as_array().into_iter().flatten();
        let labels = labels.filter_map(|label| label.as_str().map(str::to_owned)).collect();
        assert!(!text("help").is_empty(), "{family}");
        (text("name"), labels, text("type"))
    });
    assert_eq!(listed.collect::<BTreeSet<_>>(), documented("README.md"));
    let table = run("markdown");
    let rows = table.lines().filter(|line| line.starts_with("| `stormglass_")).count();
    assert_eq!(rows, documented("README.md").len());
}
