//! What `snmp.auths` accepts, and what a person reads when it does not.

use super::*;
use crate::app::config::{Config, parse};

fn good(auths: &str) -> Config {
    let text = format!("snmp:\n  auths:\n{auths}");
    parse(&text, "f.yml").unwrap_or_else(|error| panic!("{auths}: {error}"))
}

fn auth<'a>(config: &'a Config, name: &str) -> &'a Auth {
    config.snmp.credentials().get(name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn a_section_of_snmp_exporter_can_be_copied() {
    let config = good(
        "    public_v1:
      community: public
      security_level: noAuthNoPriv
      auth_protocol: MD5
      priv_protocol: DES
      version: 1
    with_user:
      community: SomeCommunityString
      security_level: authPriv
      username: watcher
      password: maplesyrup
      auth_protocol: SHA256
      priv_protocol: AES256C
      priv_password: 12345678
      context_name: vlan-100
      version: 3
"
        .replace("      security_level: noAuthNoPriv\n", "")
        .as_str(),
    );
    assert_eq!(auth(&config, "public_v1"), &Auth::v1("public"));
    let level = Level::AuthPriv(
        AuthProtocol::Sha256,
        Secret::new("maplesyrup"),
        PrivProtocol::Aes256C,
        Secret::new("12345678"),
    );
    assert_eq!(auth(&config, "with_user"), &Auth::v3(Usm::new("watcher", level, "vlan-100")));
    for secret in ["maplesyrup", "12345678", "SomeCommunityString"] {
        assert!(!format!("{config:?}").contains(secret), "{config:?}");
    }
}

#[test]
fn what_is_not_said_is_as_in_snmp_exporter() {
    let config = Config::default();
    assert_eq!((auth(&config, "public_v1"), auth(&config, "public_v2")), (&Auth::v1("public"), &Auth::v2c("public")));
    let config = good("    public_v2: {community: mine}\n    a: {version: 2c}\n    b: {version: 3, username: u}\n");
    assert_eq!(auth(&config, "public_v2"), &Auth::v2c("mine"));
    assert_eq!(auth(&config, "a"), &Auth::v2c("public"));
    assert_eq!(auth(&config, "b"), &Auth::v3(Usm::new("u", Level::NoAuthNoPriv, "")));
    let config = good(
        "    c: {version: 3, username: u, security_level: authPriv, password: aaaaaaaa, priv_password: bbbbbbbb}\n",
    );
    let level = Level::AuthPriv(AuthProtocol::Md5, Secret::new("aaaaaaaa"), PrivProtocol::Des, Secret::new("bbbbbbbb"));
    assert_eq!(auth(&config, "c"), &Auth::v3(Usm::new("u", level, "")));
}

/// Each: the entry, where the fault is, and what the message must contain.
#[test]
fn errors_name_the_place_and_what_is_allowed() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("{version: 4}", "f.yml:3:", &["expected one of 1, 2 (or 2c), 3"]),
        ("{version: 3}", "f.yml:3:", &["auth `x`", "username"]),
        ("{version: 3, username: \"\"}", "f.yml:3:", &["1 to 32"]),
        ("{version: 3, username: u, security_level: high}", "f.yml:3:", &["noAuthNoPriv, authNoPriv, authPriv"]),
        ("{version: 3, username: u, auth_protocol: SHA3}", "f.yml:3:", &["MD5, SHA, SHA224, SHA256, SHA384, SHA512"]),
        (
            "{version: 3, username: u, priv_protocol: RC4}",
            "f.yml:3:",
            &["DES, 3DES, AES, AES192, AES192C, AES256, AES256C"],
        ),
        ("{version: 3, username: u, security_level: authNoPriv}", "f.yml:3:", &["`password` or `password_file`"]),
        (
            "{version: 3, username: u, security_level: authPriv, password: s3cret-word}",
            "f.yml:3:",
            &["`priv_password` or `priv_password_file`"],
        ),
        (
            "{version: 3, username: u, security_level: authNoPriv, password: s3cret}",
            "f.yml:3:",
            &["`password` is too short", "8 characters", "RFC 3414"],
        ),
        (
            "{version: 3, username: u, security_level: authPriv, password: s3cret-word, priv_password: s3cret}",
            "f.yml:3:",
            &["`priv_password` is too short"],
        ),
        ("{version: 3, username: u, password: s3cret-word}", "f.yml:3:", &["noAuthNoPriv", "take the password out"]),
        ("{version: 2, username: u}", "f.yml:3:", &["`username` belongs to SNMPv3", "version: 3"]),
        ("{community: s3cret-word, community_file: /etc/x}", "f.yml:3:", &["both `community` and `community_file`"]),
        ("{community_file: /nowhere/s3cret}", "f.yml:3:", &["`community_file`: /nowhere/", "can't be read"]),
        ("{community: \"\"}", "f.yml:3:", &["empty community"]),
        ("{comunity: s3cret-word}", "f.yml:3:", &["comunity", "expected one of"]),
        ("{version: s3cret-word}", "f.yml:3:", &["unknown version"]),
    ];
    for (entry, place, wanted) in cases {
        let text = format!("snmp:\n  auths:\n    x: {entry}\n");
        let message = parse(&text, "f.yml").expect_err(entry).to_string();
        assert!(message.starts_with(place), "{entry}: {message}");
        for part in *wanted {
            assert!(message.contains(part), "{entry}: {message:?} lacks {part:?}");
        }
        assert!(!message.replace("/nowhere/s3cret", "").contains("s3cret") && !message.contains('\n'), "{message}");
    }
}

#[test]
fn secrets_may_lie_in_files_beside_the_configuration() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("community", "quiet please\n");
    write("password", "maplesyrup\r\n");
    write("empty", "\n");
    write("two", "one\ntwo\n");
    let file = folder.path().join("stormglass.yml").display().to_string();
    let parsed = |entry: &str| parse(&format!("snmp:\n  auths:\n    x: {entry}\n"), &file);
    let config = parsed("{community_file: community}").expect("good");
    assert_eq!(auth(&config, "x"), &Auth::v2c("quiet please"));
    let user =
        "{version: 3, username: u, security_level: authPriv, password_file: password, priv_password_file: password}";
    let config = parsed(user).expect("good");
    let secret = || Secret::new("maplesyrup");
    let level = Level::AuthPriv(AuthProtocol::Md5, secret(), PrivProtocol::Des, secret());
    assert_eq!(auth(&config, "x"), &Auth::v3(Usm::new("u", level, "")));
    for (name, wanted) in [("empty", "is empty"), ("two", "one line"), ("none", "can't be read")] {
        let message = parsed(&format!("{{community_file: {name}}}")).expect_err(name).to_string();
        assert!(message.contains(wanted) && message.contains(":3:"), "{message}");
    }
}

#[test]
fn targets_have_settings_of_their_own() {
    let text = "
snmp:
  request_timeout: 1s
  retries: 1
  auths: {lab: {version: 3, username: u}}
  targets:
    - {name: a, address: switch.lan, port: 1161, auth: lab, retries: 4, max_columns: 5, max_repetitions: 60}
    - {name: b, address: \"[fd00::2]:1161\"}
";
    let config = parse(text, "f.yml").expect("good");
    let settings = |n: usize| config.snmp.targets[n].settings(&config.snmp).expect("known credentials");
    let (a, b) = (settings(0), settings(1));
    assert_eq!((a.retries, a.max_columns, a.max_repetitions, a.auth.version()), (4, 5, 60, "v3"));
    assert_eq!((b.retries, b.max_columns, b.max_repetitions, b.auth.version()), (1, 10, 100, "v2c"));
    assert_eq!((a.request_timeout, b.request_timeout), (b.request_timeout, std::time::Duration::from_secs(1)));
    let place = |n: usize| config.snmp.targets[n].place().map(|place| place.to_string());
    assert_eq!((place(0).as_deref(), place(1).as_deref()), (Ok("switch.lan:1161"), Ok("[fd00::2]:1161")));
    for (from, to, wanted) in [
        ("retries: 4", "retries: 40", "f.yml:7:"),
        ("max_columns: 5", "max_columns: 0", "f.yml:7:"),
        ("port: 1161", "port: 0", "f.yml:7:"),
        ("[fd00::2]:1161\"", "[fd00::2]:1161\", port: 161", "f.yml:8:"),
        ("switch.lan", "192.168.1.300", "f.yml:7:"),
        ("retries: 1\n", "retries: 11\n", "f.yml: snmp: "),
        ("auth: lab", "auth: none", "expected `lab`, `public_v1`, `public_v2`"),
    ] {
        let message = parse(&text.replacen(from, to, 1), "f.yml").expect_err(to).to_string();
        assert!(message.contains(wanted), "{to}: {message}");
    }
}

#[test]
fn a_context_engine_is_refused_with_what_to_do_instead() {
    for version in ["version: 3", "version: 2"] {
        let text = format!("snmp:\n  auths:\n    far: {{{version}, context_engine_id: \"0x80001f8804\"}}\n");
        let error = parse(&text, "f.yml").expect_err("not supported").to_string();
        assert!(error.starts_with("f.yml:3:") && error.contains("at its own address"), "{error}");
    }
}
