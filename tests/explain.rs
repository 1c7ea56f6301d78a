//! `stormglass causes` and `stormglass explain` as a black box. That every cause's page is complete in both languages is
//! tested beside the pages.

use assert_cmd::Command;
use serde_json::Value;
use std::collections::BTreeSet;
use stormglass::explain::CAUSES;

/// Exit code, standard output, standard error.
fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::cargo_bin("stormglass").expect("the binary is built");
    let output = command.args(args).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn json(args: &[&str]) -> Value {
    let (code, out, error) = run(args);
    assert_eq!(code, Some(0), "{error}");
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}: {out}"))
}

#[test]
fn a_page_for_a_person() {
    let (code, text, _) = run(&["explain", "l3_reflector", "--lang", "en"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!(text);
}

#[test]
fn every_cause_is_listed_and_explained() {
    for lang in ["en", "ja"] {
        let list = json(&["causes", "--format", "json", "--lang", lang]);
        let listed = list["causes"].as_array().expect("a list");
        let ids = listed.iter().map(|one| one["id"].as_str().unwrap_or_default()).collect::<Vec<_>>();
        assert_eq!(ids, CAUSES.iter().map(|cause| cause.id()).collect::<Vec<_>>());
        let (_, text, _) = run(&["causes", "--lang", lang]);
        for one in listed {
            let id = one["id"].as_str().unwrap_or_default();
            assert!(text.lines().any(|line| line.starts_with(id)), "{id}: {text}");
            let page = json(&["explain", id, "--format", "json", "--lang", lang]);
            assert_eq!((&page["about"], &page["feeds"]), (&one["about"], &one["feeds"]), "{id}");
            for part in ["recognised", "remedy", "not_this", "sources", "feeds"] {
                assert!(page[part].as_array().is_some_and(|part| !part.is_empty()), "{id}: {part}");
            }
        }
        let feeds = listed.iter().map(|one| one["feeds"].to_string()).collect::<BTreeSet<_>>();
        let all = [r#"["capture"]"#, r#"["capture","snmp"]"#, r#"["snmp"]"#].map(str::to_owned);
        assert_eq!(feeds, BTreeSet::from(all));
    }
}

#[test]
fn an_unknown_cause_gets_the_list_and_the_nearest() {
    let (code, out, error) = run(&["explain", "l2_lop"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(CAUSES.iter().all(|cause| error.contains(cause.id())), "{error}");
    assert!(error.lines().any(|line| line.contains("similar") && line.contains("'l2_loop'")), "{error}");
}

#[test]
fn the_limits_are_those_of_the_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stormglass.yml");
    let file = file.to_str().expect("UTF-8");
    std::fs::write(file, "detect: {source_pps: 41}\n").expect("room to write");
    let (_, text, error) = run(&["explain", "arp_storm", "--lang", "en", "--config.file", file]);
    assert!(text.contains("sends 41 frames a second"), "{text}{error}");
    let (code, _, error) = run(&["explain", "arp_storm", "--config.file", &format!("{file}.not")]);
    assert!(code == Some(2) && error.contains("stormglass.yml.not"), "{error}");
}
