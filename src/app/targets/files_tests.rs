//! What target files may say, what is said about their mistakes, and that a mistake loses nothing.

use super::*;
use crate::app::config;
use std::time::Duration;

fn section() -> Snmp {
    config::parse("snmp: {auths: {core: {version: 2c, community: s3cret}}}", "stormglass.yml").expect("good").snmp
}

#[test]
fn yaml_and_json_say_the_same() {
    let yaml = "
- targets: [192.168.1.2, \"switch.lan:1161\"]
  labels: {__param_auth: core, module: \"system,if_mib\", interval: 30s, room: attic}
- targets: [\"[fd00::2]:161\"]
  labels: {name: hub}
";
    let json = r#"[{"targets":["192.168.1.2","switch.lan:1161"],
        "labels":{"auth":"core","__param_module":"system,if_mib","interval":"30s","room":"attic"}},
        {"targets":["[fd00::2]:161"],"labels":{"name":"hub"}}]"#;
    let listed = parse(yaml, &section()).expect("good");
    assert_eq!(listed.targets, parse(json, &section()).expect("good").targets);
    let names = listed.targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>();
    assert_eq!(names, ["192.168.1.2", "switch.lan:1161", "hub"]);
    assert_eq!(listed.targets[1].place, Place::Name("switch.lan".to_owned(), 1161));
    assert_eq!((listed.targets[0].auth.as_str(), listed.targets[2].auth.as_str()), ("core", DEFAULT_AUTH));
    assert_eq!(listed.targets[0].interval, Duration::from_secs(30));
    assert_eq!(listed.targets[0].module.as_deref(), Some("system,if_mib"));
    assert_eq!(listed.ignored.into_iter().collect::<Vec<_>>(), ["room"]);
    for empty in ["", "# none yet\n", "[]"] {
        assert_eq!(parse(empty, &section()).expect("empty is good").targets.len(), 0, "{empty:?}");
    }
}

#[test]
fn mistakes_are_named_with_their_line() {
    for (text, wanted) in [
        ("- targets: [a b]", [":1:", "not an IP address or host name"]),
        ("- targets: [10.0.0.1]\n  labels: {auth: nobody}", [":2:", "unknown auth"]),
        ("- targets: [10.0.0.1]\n  labels: {module: none}", [":2:", "unknown module"]),
        ("- targets: [10.0.0.1]\n  labels: {interval: fast}", [":2:", "unit"]),
        ("- targets: [10.0.0.1]\n  labels: {interval: 10ms}", [":2:", "below 1s"]),
        ("- targets: [10.0.0.1, 10.0.0.2]\n  labels: {name: hub}", [":2:", "group of its own"]),
        ("- targets: [10.0.0.1]\n- targets: [10.0.0.1]", [":2:", "listed twice"]),
        ("- target: [10.0.0.1]", [":1:", "unknown field"]),
        ("{", [":", ""]),
    ] {
        let message = parse(text, &section()).expect_err(text);
        assert!(wanted.iter().all(|part| message.contains(part)) && message.starts_with(':'), "{text}: {message}");
        assert!(!message.contains("s3cret"), "{message}");
    }
}

#[test]
fn patterns_fit_names() {
    for (pattern, name, fitting) in [
        ("*.yml", "a.yml", true),
        ("*.yml", ".yml", true),
        ("*.yml", "a.yml.swp", false),
        ("sw-*-b*.json", "sw-1-b2.json", true),
        ("sw-*-b*.json", "sw-1-c.json", false),
        ("a.yml", "a.yml", true),
        ("a.yml", "ba.yml", false),
        ("a*a.yml", "a.yml", false),
    ] {
        assert_eq!(fits(pattern, name), fitting, "{pattern} {name}");
    }
    assert!(check_pattern("targets/*.yml").is_ok() && check_pattern("a.json").is_ok());
    assert!(check_pattern("*/a.yml").is_err() && check_pattern("targets/*").is_err());
}

#[test]
fn a_broken_file_keeps_its_targets_and_a_removed_one_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.yml");
    let mut files = Files::new(vec![folder.path().join("*.yml")]);
    let count = |files: &Files| files.targets().map(|(_, targets)| targets.len()).sum::<usize>();
    assert!(!files.look(&section()).changed);
    std::fs::write(&file, "- targets: [10.0.0.1, 10.0.0.2]\n  labels: {room: attic}\n").expect("written");
    let news = files.look(&section());
    assert!(news.changed && news.notes.len() == 1, "{news:?}");
    assert_eq!((count(&files), files.counts()), (2, (1, 0)));
    assert!(!files.look(&section()).changed, "nothing is new");
    std::fs::write(&file, "- targets: [10.0.0.1\n").expect("written");
    assert!(files.look(&section()).changed);
    assert_eq!((count(&files), files.counts()), (2, (0, 1)));
    let problem = files.problems().next().expect("one").clone();
    assert!(problem.contains("a.yml:") && problem.contains("2 targets that it gave before are kept"), "{problem}");
    std::fs::write(&file, "- targets: [10.0.0.3]\n").expect("written");
    assert!(files.look(&section()).changed);
    assert_eq!((count(&files), files.counts()), (1, (1, 0)));
    std::fs::remove_file(&file).expect("removed");
    assert!(files.look(&section()).changed);
    assert_eq!((count(&files), files.counts()), (0, (0, 0)));
}
