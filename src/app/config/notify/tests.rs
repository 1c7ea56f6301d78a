//! What `notify:` takes, and what it says of the rest.

use crate::app::config::parse;
use crate::io::notify::Kind;

#[test]
fn every_type_with_all_it_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("discord"), "https://discord.com/api/webhooks/1/secret-word\n").expect("a file");
    let text = "
web: {external_url: 'http://pi.home.arpa:10116/'}
notify:
  interface: lte0
  heartbeat: {url: 'https://hc-ping.com/secret-word', interval: 30s}
  channels:
    - {name: hook, type: webhook, url: 'http://127.0.0.1:9/secret-word', token: secret-word, events: [storm, warning, port_opened, blind]}
    - {name: phone, type: ntfy, topic: secret-word, language: ja}
    - {name: friends, type: discord, url_file: discord}
    - {name: mail, type: email, server: 'mail.example.org:587', username: me, password: secret-word, from: pi@example.org, to: [me@example.org]}
    - {name: home, type: mqtt, url: 'mqtt://192.168.1.5', username: me, password: secret-word, client_id: pi}
";
    let config = parse(text, &folder.path().join("s.yml").display().to_string()).expect("good");
    let settings = config.notify.settings();
    let names = settings.channels.iter().map(|channel| &*channel.name).collect::<Vec<_>>();
    assert_eq!(names, ["hook", "phone", "friends", "mail", "home"]);
    assert_eq!(settings.channels[0].manner.external_url.as_deref(), Some("http://pi.home.arpa:10116"));
    assert!(
        matches!(&settings.channels[4].kind, Kind::Mqtt(mqtt) if mqtt.endpoint.port == 1883 && mqtt.names.node == "pi")
    );
    assert!(
        matches!(&settings.channels[1].kind, Kind::Ntfy(ntfy) if ntfy.endpoint.host == "ntfy.sh" && ntfy.endpoint.tls)
    );
    assert!(!format!("{config:?}{settings:?}").contains("secret-word"));
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_never_with_its_value() {
    for (entry, says) in [
        ("{type: webhook, url: 'http://x/'}", "needs a `name`"),
        ("{name: heartbeat, type: webhook, url: 'http://x/'}", "not `heartbeat`"),
        ("{name: a, type: pager}", "expected one of webhook, ntfy, discord, email, mqtt"),
        ("{name: a, type: webhook}", "needs a `url`, `url_file` or `url_env`"),
        ("{name: a, type: webhook, url: 'ftp://secret-word/'}", "should begin with https:// or http://"),
        ("{name: a, type: webhook, url: 'http://u:secret-word@x/'}", "use `username` and `password`"),
        ("{name: a, type: webhook, url: 'http://x/', url_env: X}", "more than one of `url`, `url_file` and `url_env`"),
        ("{name: a, type: webhook, url_env: STORMGLASS_NO_SUCH_VARIABLE}", "no variable `STORMGLASS_NO_SUCH_VARIABLE`"),
        ("{name: a, type: webhook, url_file: no-such-file}", "`url_file`: no-such-file can't be read"),
        ("{name: a, type: discord, url: 'https://x/', topic: secret-word}", "`topic` belongs to ntfy, mqtt"),
        ("{name: a, type: ntfy}", "needs a `topic`"),
        ("{name: a, type: ntfy, topic: 'secret-word/x'}", "1 to 64 letters"),
        ("{name: a, type: ntfy, url: 'https://x/secret-word', topic: t}", "the server alone"),
        ("{name: a, type: email, server: mail.example.org}", "needs its port"),
        ("{name: a, type: email, server: 'm:25', from: 'a@b', to: ['a@b c']}", "plain addresses"),
        (
            "{name: a, type: email, server: 'm:25', from: 'a@b', to: [c@d], tls: none, username: u, password: secret-word}",
            "in the clear",
        ),
        ("{name: a, type: mqtt, url: 'mqtt://x', topic: 'secret-word/#'}", "`topic` and `discovery`"),
        ("{name: a, type: mqtt, url: 'mqtt://x', password: secret-word}", "needs a `username`"),
        ("{name: a, type: ntfy, topic: t, language: secret-word}", "expected one of en, ja"),
        (
            "{name: a, type: ntfy, topic: t, events: [storm, secret-word]}",
            "expected some of storm, warning, blind, port_opened",
        ),
        ("{name: a, type: ntfy, topic: t, volume: 11}", "unknown field"),
    ] {
        let error = parse(&format!("notify:\n  channels:\n    - {entry}\n"), "s.yml").expect_err(entry).to_string();
        assert!(error.contains(says) && error.starts_with("s.yml:3:") && !error.contains("secret-word"), "{error}");
    }
    for (text, says) in [
        ("notify: {heartbeat: {interval: 60s}}", "needs a `url`"),
        ("notify: {heartbeat: {url: 'http://x', interval: 1s}}", "from 10s to 24h"),
        ("notify: {interface: 'a b'}", "1 to 15 characters"),
        ("web: {external_url: 'pi:10116'}", "not the address of the page"),
        (
            "notify:\n  channels:\n  - {name: a, type: ntfy, topic: t}\n  - {name: a, type: ntfy, topic: t}",
            "two channels",
        ),
    ] {
        let error = parse(text, "s.yml").expect_err(text).to_string();
        assert!(error.contains(says), "{error}");
    }
}
