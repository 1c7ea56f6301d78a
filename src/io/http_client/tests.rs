//! Servers that do not do as they should, on loopback.
#![expect(clippy::disallowed_methods, reason = "tests of the io floor measure time")]

use super::*;
use crate::io::scripted_server::{Act, http, loopback};
use std::net::Ipv4Addr;

const IP: Ipv4Addr = Ipv4Addr::new(127, 0, 9, 1);

async fn ask(act: Act) -> Result<Response, HttpError> {
    let server = http(IP, move |_| act.clone()).await;
    let url = HttpUrl::parse(&format!("http://{IP}:{}/a%20b?c", server.port)).expect("a URL");
    let peer = Peer { local: Some(loopback(IP).addresses[0].0), interface: 1 };
    request(&peer, &url, None, Duration::from_millis(400)).await
}

#[track_caller]
fn check(outcome: &Result<Response, HttpError>, expected: Result<(u16, &str), &str>) {
    let found = outcome.as_ref().map(|r| (r.status, String::from_utf8_lossy(&r.body).into_owned()));
    let found = found.map_err(HttpError::reason);
    assert_eq!(found, expected.map(|(status, body)| (status, body.to_owned())), "{outcome:?}");
}

#[tokio::test]
async fn sloppy_servers_are_understood() {
    let raw = |text: &str| Act::Raw(text.as_bytes().to_vec());
    check(&ask(Act::Send(200, b"x".to_vec())).await, Ok((200, "x")));
    check(&ask(Act::Send(500, b"fault".to_vec())).await, Ok((500, "fault")));
    check(&ask(raw("HTTP/1.0 200 OK\r\n\r\nto the end")).await, Ok((200, "to the end")));
    check(&ask(raw("HTTP/1.1 200\nServer : x\nContent-Length: 1\n\ny")).await, Ok((200, "y")));
    check(&ask(raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ncut")).await, Ok((200, "cut")));
    check(
        &ask(raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")).await,
        Ok((200, "ab")),
    );
    check(&ask(raw("HTTP/1.1 200 OK\r\nbad header\r\nContent-Length: 1\r\n\r\nz")).await, Ok((200, "z")));
}

#[tokio::test]
async fn hostile_servers_end_in_time_and_size() {
    let began = tokio::time::Instant::now();
    check(&ask(Act::Hang).await, Err("http_timeout"));
    check(&ask(Act::SlowHeaders).await, Err("http_timeout"));
    check(&ask(Act::Endless).await, Err("http_body_too_large"));
    check(&ask(Act::Send(200, vec![b'a'; MAX_BODY + 1])).await, Err("http_body_too_large"));
    let redirect = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n";
    check(&ask(Act::Raw(redirect.to_vec())).await, Err("http_redirect"));
    check(&ask(Act::Raw(b"SSH-2.0-x\r\n".to_vec())).await, Err("http_broken"));
    check(&ask(Act::Raw(Vec::new())).await, Err("http_broken"));
    check(&ask(Act::Raw([b"HTTP/1.1 200 OK\r\n".to_vec(), vec![b'a'; 1 << 20]].concat())).await, Err("http_broken"));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn nobody_there() {
    let port = http(IP, |_| Act::Hang).await.port;
    tokio::task::yield_now().await;
    let url = HttpUrl::parse(&format!("http://{IP}:{port}/")).expect("a URL");
    let peer = Peer { local: None, interface: 1 };
    let outcome = request(&peer, &url, None, Duration::from_secs(1)).await;
    assert_eq!(outcome.map_err(|e| e.reason()), Err("http_connect"));
}

#[tokio::test]
async fn a_call_is_what_the_architecture_asks_for() {
    let server = http(IP, |request| Act::Send(200, format!("{}\n{}", request.head, request.body).into_bytes())).await;
    let url = HttpUrl::parse(&format!("http://{IP}:{}/ctl", server.port)).expect("a URL");
    let peer = Peer { local: None, interface: 1 };
    let call = Call { action: "\"urn:x#Y\"".into(), body: "<e/>".into() };
    let response = request(&peer, &url, Some(&call), Duration::from_secs(1)).await.expect("an echo");
    let text = String::from_utf8(response.body).expect("text");
    assert!(text.starts_with("POST /ctl HTTP/1.1\r\n"), "{text}");
    assert!(text.to_ascii_lowercase().contains("soapaction: \"urn:x#y\"\r\n"), "{text}");
    assert!(text.contains(&format!("Host: {IP}:{}\r\n", server.port)), "{text}");
    assert!(text.ends_with("<e/>"), "{text}");
}
