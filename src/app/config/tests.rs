//! What the configuration accepts, and what a person reads when it does not.

use super::*;

const GOOD: &str = "
snmp:
  auths:
    home: {version: 2c, community: secret-word}
  targets:
    - {name: hub, address: \"192.168.1.2:161\", auth: home, interval: 10s}
    - {name: attic, address: \"fd00::2\", auth: home}
capture: {interfaces: auto}
upnp: {interfaces: [eth0], interval: 60s}
web: {listen: [\":10116\"]}
names: {\"3c:84:6a:10:00:c8\": second router}
detect: {source_pps: 40, over_after: 8s, counters: {floor_factor: 8, clear_after: 90s}}
";

#[test]
fn reads_the_documented_shape() {
    let config = parse(GOOD, "stormglass.yml").expect("good");
    let address = |n: usize| config.snmp.targets[n].place().map(|place| place.to_string());
    assert_eq!(address(0).as_deref(), Ok("192.168.1.2:161"));
    assert_eq!(address(1).as_deref(), Ok("[fd00::2]:161"));
    assert_eq!(config.upnp.interfaces, Interfaces::Named(vec!["eth0".into()]));
    assert_eq!(config.detect.thresholds().source_pps, 40);
    assert_eq!(config.detect.thresholds().over_after, Duration::from_secs(8));
    let counters = config.detect.thresholds().counters;
    assert_eq!(
        (counters.floor_factor, counters.clear_after, counters.confirm_polls),
        (8.0, Duration::from_secs(90), 2)
    );
    assert_eq!(parse("# nothing\n\n", "x").expect("empty is good").snmp.interval, Interval::seconds(10));
    assert!(!format!("{config:?}").contains("secret-word"), "a community is a password");
}

/// Each: what is replaced in the good file, by what, and all that the message must contain.
#[test]
fn errors_name_file_line_and_what_is_allowed() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "listen: [\":10116\"]",
            "allowed_hosts: [\"http://storm.example.com\"]",
            &["web.allowed_hosts", "without http:// and port"],
        ),
        (
            "capture: {interfaces: auto}",
            "capture: {interfases: auto}",
            &["stormglass.yml:8:", "interfases", "expected one of interfaces"],
        ),
        ("interval: 10s", "interval: 10", &["stormglass.yml:6:", "unit", "`10s`"]),
        ("interval: 10s", "interval: 10 sec", &["stormglass.yml:6:", "unit"]),
        ("name: attic", "name: hub", &["stormglass.yml:7:", "duplicate target `hub`", "line 6"]),
        ("\"fd00::2\"", "\"switch local\"", &["stormglass.yml:7:", "not an IP address or host name"]),
        ("\"fd00::2\", auth: home", "\"fd00::2\", auth: work", &["stormglass.yml:7:", "unknown auth", "`home`"]),
        ("version: 2c", "version: 2d", &["stormglass.yml:4:", "2c"]),
        ("[eth0]", "all", &["stormglass.yml:9:", "`auto`", "`none`"]),
        ("[eth0]", "[eth0, eth0]", &["stormglass.yml:9:", "listed twice"]),
        ("\":10116\"", "\"10116\"", &["stormglass.yml:10:", "listen address", "127.0.0.1:10116"]),
        ("3c:84:6a:10:00:c8", "the router", &["stormglass.yml:11:", "neither a MAC"]),
        ("interval: 60s", "interval: 1s", &["stormglass.yml: upnp.interval", "10s"]),
        ("source_pps: 40", "source_seconds: 0", &["stormglass.yml: detect.source_seconds"]),
        ("floor_factor: 8", "confirm_polls: 0", &["stormglass.yml: detect.counters.confirm_polls", "2 leaves out"]),
        ("floor_factor: 8", "residual: .nan", &["stormglass.yml: detect.counters.residual", "0.5"]),
        ("floor_factor: 8", "z_at_one: 6", &["stormglass.yml:12:", "z_at_one", "z_at_once"]),
        ("source_pps: 40", "source_pps: many", &["stormglass.yml:12:"]),
        ("auth: home, interval: 10s", "auth: home, interval: 10ms", &["stormglass.yml:6:", "below 1s"]),
    ];
    for (from, to, wanted) in cases {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let message = parse(&text, "stormglass.yml").expect_err(to).to_string();
        for part in *wanted {
            assert!(message.contains(part), "{to}: {message:?} lacks {part:?}");
        }
        assert!(!message.contains("secret-word") && !message.contains('\n'), "{message}");
    }
}

#[test]
fn a_misplaced_password_is_not_echoed() {
    let text = GOOD.replacen("home: {version: 2c, community: secret-word}", "home: \"secret-word\"", 1);
    let message = parse(&text, "f.yml").expect_err("not a map").to_string();
    assert!(message.starts_with("f.yml:4:") && !message.contains("secret-word"), "{message}");
    let swapped = GOOD.replacen("version: 2c, community: secret-word", "version: secret-word, community: 2c", 1);
    let quoted = GOOD.replacen("{interfaces: auto}", "{interfaces: 'a\"secret-word\"b'}", 1);
    let auth = GOOD.replacen("auth: home, interval", "auth: secret-word, interval", 1);
    for text in [swapped, quoted, auth] {
        let message = parse(&text, "f.yml").expect_err("a mistake").to_string();
        assert!(!message.contains("secret-word"), "{message}");
    }
    let text = GOOD.replacen("interval: 10s", "interval: \"secret-word\"", 1);
    assert!(!parse(&text, "f.yml").expect_err("no time span").to_string().contains("secret-word"));
}

#[test]
fn sources_of_targets_are_checked() {
    let config = parse(
        "snmp:\n  target_files: [\"lists/*.yml\", \"/srv/a.json\"]\n  discover: [{subnet: 192.168.4.0/22}]\n  allowed_subnets: \
         [10.0.0.0/8, \"fd00::/8\"]\n",
        "conf/stormglass.yml",
    );
    let section = config.expect("good").snmp;
    assert!(section.has_targets());
    let patterns = section.target_file_patterns();
    assert_eq!(patterns, [Path::new("conf/lists/*.yml"), Path::new("/srv/a.json")]);
    for (ip, allowed) in [("10.1.2.3", true), ("fd12::1", true), ("192.168.4.1", false)] {
        assert_eq!(section.allows(ip.parse().expect("an address")), allowed, "{ip}");
    }
    for (text, wanted) in [
        ("target_files: [lists/a.txt]", ["f.yml:1:", ".yml, .yaml or .json"]),
        ("target_files: [\"*/a.yml\"]", ["f.yml:1:", "not in its folder"]),
        ("discover: [{subnet: 192.168.1.1/24}]", ["f.yml:1:", "last bits must be 0"]),
        ("discover: [{subnet: 192.168.0.0/21}]", ["f.yml:1:", "a /22 is the most"]),
        ("discover: [{subnet: 8.8.8.0/24}]", ["f.yml:1:", "allow_public"]),
        ("discover: [{subnet: \"fd00::/120\"}]", ["f.yml:1:", "IPv6"]),
        ("discover: [{subnet: 224.0.0.0/24, allow_public: true}]", ["f.yml:1:", "not a block of hosts"]),
        ("discover: [{subnet: 10.0.0.0/24, interval: 10s}]", ["f.yml:1:", "below 1m"]),
        ("discover: [{subnet: 10.0.0.0/24, auth: nobody}]", ["f.yml:1:", "unknown auth"]),
        ("allowed_subnets: [10.0.0.0]", ["f.yml:1:", "192.168.1.0/24"]),
    ] {
        let message = parse(&format!("snmp: {{{text}}}"), "f.yml").expect_err(text).to_string();
        assert!(wanted.iter().all(|part| message.contains(part)), "{text}: {message}");
    }
    assert!(parse("snmp: {discover: [{subnet: 8.8.8.0/24, allow_public: true}]}", "f.yml").is_ok());
}
