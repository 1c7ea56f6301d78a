//! Channels against receivers of the test's own, on loopback.

#![expect(clippy::disallowed_methods, reason = "tests of the io floor open sockets")]

use super::net::{Dialer, Endpoint, Trust};
use super::*;
use crate::engine::outbox::Delivery;
use crate::io::clock::Clock;
use crate::io::tls::{self, ClientAuth, Pem, Version};
use crate::model::text::Language;
use crate::view::notify::{message, mqtt::Names, test};
use std::collections::VecDeque;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

fn manner() -> Manner {
    Manner { language: Language::English, utc_offset_seconds: 0, external_url: None }
}

fn a_message() -> Arc<dyn Draft> {
    let now = Clock::start().now();
    let delivery = Delivery { id: 0, channel: "c".into(), begun: Some(test(now)), over: None, left_out: 0 };
    Arc::new(message(&delivery, now, &manner()).expect("a message"))
}

fn dialer() -> Arc<Dialer> {
    Arc::new(Dialer::new(None))
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

/// Answers each connection with the next of these, and tells what it was asked.
async fn web(answers: &[&str]) -> (u16, mpsc::UnboundedReceiver<String>) {
    let (listener, port) = listener().await;
    let (asked, asks) = mpsc::unbounded_channel();
    let mut answers = answers.iter().map(|text| (*text).to_owned()).collect::<VecDeque<_>>();
    tokio::spawn(async move {
        while let Some(answer) = answers.pop_front() {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut text = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let read = stream.read(&mut buffer).await.expect("a request");
                text.extend_from_slice(&buffer[..read]);
                let said = String::from_utf8_lossy(&text).into_owned();
                let Some((head, body)) = said.split_once("\r\n\r\n") else { continue };
                let length =
                    head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                if body.len() >= length.unwrap_or(0_usize) {
                    let _ = asked.send(said);
                    break;
                }
            }
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (port, asks)
}

fn endpoint(text: &str) -> Endpoint {
    Endpoint::parse(text, [("http", 80), ("https", 443)]).expect("a URL")
}

fn hook(url: &str, trust: Trust, login: Login) -> webhook::Webhook {
    webhook::Webhook { settings: webhook::Settings { endpoint: endpoint(url), trust, login }, dialer: dialer() }
}

#[tokio::test]
async fn a_webhook_is_asked_once_and_its_answer_judged() {
    let answers = [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\nContent-Length: 9\r\n\r\nslow down",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 18\r\n\r\n<html>nope</html>\n",
        "no HTTP at all\r\n\r\n",
    ];
    let (port, mut asks) = web(&answers).await;
    let login = Login::Token(Secret::new("to ken"));
    let hook = hook(&format!("http://127.0.0.1:{port}/a/hush?x=1"), Trust::default(), login);
    let message = a_message();
    assert_eq!(hook.send(Arc::clone(&message)).await, Ok("204 No Content".to_owned()));
    let asked = asks.recv().await.expect("asked");
    assert!(asked.starts_with("POST /a/hush?x=1 HTTP/1.1\r\n"), "{asked}");
    let head = asked.to_lowercase();
    assert!(
        head.contains("authorization: bearer to ken\r\n") && head.contains(&format!("host: 127.0.0.1:{port}\r\n")),
        "{asked}"
    );
    let body: serde_json::Value = serde_json::from_str(asked.split_once("\r\n\r\n").expect("a body").1).expect("JSON");
    assert_eq!((&body["version"], &body["topic"]), (&1.into(), &"test".into()));
    for (refused, patience, says) in [
        (false, Some(17), "429 Too Many Requests (slow down)"),
        (false, None, "a problem of its own"),
        (true, None, "redirects are not followed"),
        (true, None, "says 404 Not Found: check the URL"),
        (false, None, "the connection broke"),
    ] {
        let error = hook.send(Arc::clone(&message)).await.expect_err(says);
        assert_eq!((error.refused, error.retry_after), (refused, patience.map(Duration::from_secs)), "{error}");
        assert!(error.what.contains(says) && !error.what.contains("hush") && !error.what.contains("evil"), "{error}");
    }
    let closed = hook.send(Arc::clone(&message)).await.expect_err("nobody listens");
    assert!(closed.what.contains("nothing listens there") && !closed.refused, "{closed}");
}

#[tokio::test]
async fn what_cannot_be_reached_says_why() {
    let nowhere = Dialer::new(Some("no-such-if0".to_owned()));
    let error = nowhere.connect("127.0.0.1", 9).await.expect_err("no interface");
    assert!(error.what.contains("no interface no-such-if0: correct notify.interface"), "{error}");
    let error = dialer().connect("no-such-host.invalid", 9).await.expect_err("no name");
    assert!(error.what.contains("no-such-host.invalid has no address"), "{error}");
}

/// A certificate for `localhost`, its key, and the authority behind it.
fn certificates() -> (Pem, Pem, Arc<[u8]>) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut parameters = rcgen::CertificateParams::new(Vec::<String>::new()).expect("no names");
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "an authority");
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = parameters.self_signed(&key).expect("an authority").pem();
    let issuer = rcgen::Issuer::new(parameters, key);
    let key = rcgen::KeyPair::generate().expect("a key");
    let parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = parameters.signed_by(&key, &issuer).expect("signed").pem();
    (Pem::new(certificate.into_bytes()), Pem::new(key.serialize_pem().into_bytes()), ca.into_bytes().into())
}

fn acceptor(cert: Pem, key: Pem) -> tokio_rustls::TlsAcceptor {
    let settings = tls::Settings {
        cert,
        key,
        client: ClientAuth::None,
        client_ca: None,
        versions: (Version::Tls12, Version::Tls13),
        suites: Vec::new(),
        curves: Vec::new(),
        our_order: true,
    };
    tls::server(&settings).expect("a server").into()
}

#[tokio::test]
async fn a_certificate_must_be_trusted_and_for_the_name() {
    let (cert, key, ca) = certificates();
    let (listener, port) = listener().await;
    let acceptor = acceptor(cert, key);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
                let _ = stream.shutdown().await;
            }
        }
    });
    let message = a_message();
    let own = Trust { ca: Some(ca) };
    let url = format!("https://localhost:{port}/");
    assert_eq!(hook(&url, own.clone(), Login::None).send(Arc::clone(&message)).await, Ok("200 OK".to_owned()));
    let (_, _, other) = certificates();
    let stranger =
        hook(&url, Trust { ca: Some(other) }, Login::None).send(Arc::clone(&message)).await.expect_err("a stranger");
    assert!(stranger.refused && stranger.what.contains("`ca_file`"), "{stranger}");
    let url = format!("https://127.0.0.1:{port}/");
    let misnamed = hook(&url, own, Login::None).send(Arc::clone(&message)).await.expect_err("another name");
    assert!(misnamed.what.contains("not for 127.0.0.1: write the name"), "{misnamed}");
    let (listener, port) = self::listener().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.read(&mut [0; 4096]).await;
    });
    let plain = hook(&format!("https://127.0.0.1:{port}/"), Trust::default(), Login::None);
    let plain = plain.send(Arc::clone(&message)).await.expect_err("no TLS");
    assert!(plain.what.contains("does not speak TLS there"), "{plain}");
}

fn mail_channel(port: u16, encryption: email::Encryption, trust: Trust, login: Login) -> email::Email {
    let settings = email::Settings {
        host: "localhost".to_owned(),
        port,
        encryption,
        trust,
        login,
        from: "pi@example.org".to_owned(),
        to: vec!["me@example.org".to_owned(), "you@example.org".to_owned()],
    };
    email::Email { settings, dialer: dialer(), utc_offset_seconds: 0 }
}

/// Talks as a mail server: to each line the next of these, a mail being one line.
async fn mail_talk(stream: impl net::Stream, greeting: &str, answers: &[&str]) -> Vec<String> {
    let mut stream = BufReader::new(stream);
    let mut heard = Vec::new();
    stream.get_mut().write_all(greeting.as_bytes()).await.expect("written");
    for answer in answers {
        let mut line = String::new();
        loop {
            let before = line.len();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return heard;
            }
            let in_mail = heard.last().is_some_and(|last: &String| last == "DATA");
            if !in_mail || &line[before..] == ".\r\n" {
                break;
            }
        }
        heard.push(line.trim_end().to_owned());
        stream.get_mut().write_all(answer.as_bytes()).await.expect("written");
    }
    heard
}

const TAKES: [&str; 6] =
    ["250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go on\r\n", "250 queued as 7\r\n", "221 bye\r\n"];

#[tokio::test]
async fn a_mail_goes_out_with_starttls_and_a_login() {
    let (cert, key, ca) = certificates();
    let (listener, port) = listener().await;
    let acceptor = acceptor(cert, key);
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let before = ["250-mx\r\n250 STARTTLS\r\n", "220 go on\r\n"];
        let plain = mail_talk(&mut stream, "220 mx\r\n", &before).await;
        let stream = acceptor.accept(stream).await.expect("TLS");
        let answers = [&["250-mx\r\n250 AUTH LOGIN PLAIN\r\n", "235 welcome\r\n"][..], &TAKES[..]].concat();
        (plain, mail_talk(stream, "", &answers).await)
    });
    let login = Login::Password("me".to_owned(), Secret::new("pass"));
    let channel = mail_channel(port, email::Encryption::StartTls, Trust { ca: Some(ca) }, login);
    assert_eq!(channel.send(a_message()).await, Ok("250 queued as 7".to_owned()));
    let (plain, said) = server.await.expect("the server");
    assert_eq!(plain, ["EHLO stormglass.invalid", "STARTTLS"]);
    let lines = [
        "AUTH PLAIN AG1lAHBhc3M=",
        "MAIL FROM:<pi@example.org>",
        "RCPT TO:<me@example.org>",
        "RCPT TO:<you@example.org>",
        "DATA",
    ];
    assert_eq!(said[1..6], lines);
    assert!(said[6].contains("\r\nSubject: =?UTF-8?B?") && said[6].ends_with("\r\n."), "{}", said[6]);
}

#[tokio::test]
async fn what_a_mail_server_refuses_says_what_to_do() {
    for (greeting, answers, encryption, refused, says) in [
        ("220 mx\r\n", &["250 mx\r\n"][..], email::Encryption::StartTls, true, "offers no STARTTLS"),
        ("554 go away\r\n", &[][..], email::Encryption::None, true, "refuses us (554 go away)"),
        ("220 mx\r\n", &["250 mx\r\n", "530 5.7.0 log in\r\n"][..], email::Encryption::None, true, "set `username`"),
        (
            "220 mx\r\n",
            &["250 mx\r\n", "250 ok\r\n", "451 later\r\n"][..],
            email::Encryption::None,
            false,
            "me@example.org",
        ),
        (
            "220 mx\r\n",
            &["250 mx\r\n", "250 ok\r\n", "550 no\r\n"][..],
            email::Encryption::None,
            true,
            "check `from` and `to`",
        ),
        ("HTTP/1.1 400\r\n", &[][..], email::Encryption::None, true, "does not speak SMTP"),
    ] {
        let (listener, port) = listener().await;
        let talk = async {
            let (stream, _) = listener.accept().await.expect("a connection");
            mail_talk(stream, greeting, answers).await
        };
        let channel = mail_channel(port, encryption, Trust::default(), Login::None);
        let message = a_message();
        let (_, sent) = tokio::join!(talk, channel.send(Arc::clone(&message)));
        let error = sent.expect_err(says);
        assert!(error.what.contains(says) && error.refused == refused, "{error:?}");
    }
}

/// Reads packets until there are `count`, and answers each; gives topic and payload of what was published.
async fn broker(stream: &mut tokio::net::TcpStream, code: u8, count: usize) -> Vec<(String, String, bool)> {
    let mut found = Vec::new();
    while found.len() < count {
        let Ok(kind) = stream.read_u8().await else { return found };
        let mut length = 0;
        for place in 0..4 {
            let digit = stream.read_u8().await.expect("a length");
            length |= usize::from(digit & 0x7f) << (7 * place);
            if digit & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("a packet");
        match kind >> 4 {
            1 => {
                found.push(("CONNECT".to_owned(), String::from_utf8_lossy(&body).into_owned(), false));
                stream.write_all(&[0x20, 2, 0, code]).await.expect("written");
            }
            3 => {
                let end = 2 + usize::from(u16::from_be_bytes([body[0], body[1]]));
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                found.push((text(&body[2..end]), text(&body[end + 2..]), kind & 1 == 1));
                // Whoever says goodbye may have gone.
                let _ = stream.write_all(&[0x40, 2, body[end], body[end + 1]]).await;
            }
            other => found.push((format!("packet {other}"), String::new(), false)),
        }
    }
    found
}

fn broker_settings(port: u16) -> mqtt::Settings {
    let names = Names { prefix: "sg".into(), discovery: String::new(), node: "pi".into(), own: Vec::new() };
    let endpoint =
        Endpoint::parse(&format!("mqtt://127.0.0.1:{port}"), [("mqtt", 1883), ("mqtts", 8883)]).expect("a URL");
    let login = Login::Password("me".to_owned(), Secret::new("pass"));
    mqtt::Settings { endpoint, trust: Trust::default(), login, names }
}

#[tokio::test]
async fn a_broker_hears_that_we_are_here_what_happens_and_goodbye() {
    let (listener, port) = listener().await;
    let channel = mqtt::Mqtt::open(broker_settings(port), manner(), dialer(), false);
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let hello = broker(&mut stream, 0, 2).await;
    assert!(hello[0].1.contains("sg/availability") && hello[0].1.contains("offline"), "{hello:?}");
    assert_eq!(hello[1], ("sg/availability".to_owned(), "online".to_owned(), true));
    let message = a_message();
    let (heard, sent) = tokio::join!(broker(&mut stream, 0, 1), channel.send(Arc::clone(&message)));
    assert_eq!((heard[0].0.as_str(), heard[0].2, sent), ("sg/event", false, Ok("taken by the broker".to_owned())));
    let engine = crate::engine::Engine::new(crate::engine::Settings::default());
    let snapshot = Arc::new(engine.snapshot(Clock::start().now()));
    channel.show(&snapshot);
    channel.show(&snapshot);
    let state = broker(&mut stream, 0, 1).await;
    assert!(state[0].0 == "sg/state" && state[0].1.contains("\"storm\":\"OFF\"") && state[0].2, "{state:?}");
    // The broker is gone, and comes back: the message is sent at once, and the state with it.
    drop(stream);
    let sending = async { while channel.send(Arc::clone(&message)).await.is_err() {} };
    let again = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let heard = broker(&mut stream, 0, 4).await;
        (stream, heard)
    };
    let ((mut stream, heard), ()) = tokio::join!(again, sending);
    assert!(heard.iter().any(|one| one.0 == "sg/event") && heard.iter().any(|one| one.0 == "sg/state"), "{heard:?}");
    let (bye, ()) = tokio::join!(broker(&mut stream, 0, 2), channel.close());
    assert_eq!(bye[0], ("sg/availability".to_owned(), "offline".to_owned(), true));
    assert_eq!(bye[1].0, "packet 14");
}

#[tokio::test]
async fn a_broker_that_refuses_the_login_says_so() {
    let (listener, port) = listener().await;
    let channel = mqtt::Mqtt::open(broker_settings(port), manner(), dialer(), true);
    let message = a_message();
    let refuse = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        broker(&mut stream, 5, 1).await
    };
    let (_, sent) = tokio::join!(refuse, channel.send(Arc::clone(&message)));
    let error = sent.expect_err("refused");
    assert!(error.refused && error.what.contains("check `username` and `password`"), "{error}");
}

#[test]
fn the_queue_outlives_a_restart_and_a_full_disk() {
    use crate::engine::outbox::Outbox;
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("kept");
    let now = Clock::start().now();
    let mut outbox = Outbox::default();
    outbox.put(now, &"hook".into(), test(now));
    let (mut queue, left) = queue::Queue::open(Some(&place));
    assert!(left.is_empty());
    queue.keep(outbox.parcels());
    let (mut queue, left) = queue::Queue::open(Some(&place));
    assert_eq!(left.len(), 1);
    // Something in the way of the new file, as a disk without room is.
    std::fs::create_dir(place.join("outbox.jsonl.new")).expect("in the way");
    outbox.put(now, &"mail".into(), test(now));
    queue.keep(outbox.parcels());
    queue.keep(outbox.parcels());
    assert_eq!((queue.errors(), queue::Queue::open(Some(&place)).1.len()), (2, 1));
    std::fs::remove_dir(place.join("outbox.jsonl.new")).expect("out of the way");
    queue.keep(outbox.parcels());
    assert_eq!((queue.errors(), queue::Queue::open(Some(&place)).1.len()), (2, 2));
    let file = place.join(queue::FILE);
    let whole = std::fs::read(&file).expect("written");
    std::fs::write(&file, &whole[..whole.len() - 9]).expect("torn");
    assert_eq!(queue::Queue::open(Some(&place)).1.len(), 1);
    let (mut none, left) = queue::Queue::open(None);
    none.keep(outbox.parcels());
    assert!(left.is_empty() && none.errors() == 0);
}
