//! Announcements on the loopback, and the requests that they lead to.

use super::*;
use crate::io::scripted_server::{Act, http, loopback};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const DESCRIPTION: &str = "<root><device><deviceType>urn:x:device:NAS:1</deviceType><friendlyName>NAS</friendlyName>\
    <UDN>uuid:passive-nas</UDN></device></root>";

#[expect(clippy::disallowed_methods, reason = "a device of the test")]
fn speaker(ip: Ipv4Addr) -> UdpSocket {
    let socket = UdpSocket::bind((ip, 0)).expect("a port");
    socket2::SockRef::from(&socket).set_multicast_if_v4(&Ipv4Addr::LOCALHOST).expect("loopback");
    socket
}

fn notify(from: &UdpSocket, nts: &str, usn: &str, location: &str) {
    let text = format!(
        "NOTIFY * HTTP/1.1\r\nNT: upnp:rootdevice\r\nNTS: ssdp:{nts}\r\nUSN: {usn}\r\nLOCATION: {location}\r\n\
         CACHE-CONTROL: max-age=1\r\n\r\n"
    );
    from.send_to(text.as_bytes(), (crate::wire::ssdp::GROUP_V4, crate::wire::ssdp::PORT)).expect("sent");
}

#[tokio::test]
async fn a_device_is_read_once_and_heard_to_go() {
    let ip = Ipv4Addr::new(127, 0, 6, 1);
    let requests = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&requests);
    let server = http(ip, move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Act::Send(200, DESCRIPTION.into())
    });
    let server = server.await;
    // A server that nobody may be sent to.
    let forbidden = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&forbidden);
    let elsewhere = http(Ipv4Addr::new(127, 0, 6, 2), move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Act::Send(200, DESCRIPTION.into())
    });
    let elsewhere = elsewhere.await;
    let interface = Interface { addresses: vec![([127, 0, 6, 9].into(), 24)], ..loopback([127, 0, 6, 9].into()) };
    let (_tune, tuned) = watch::channel(vec![interface]);
    let (sender, mut out) = mpsc::channel(4);
    let listening = tokio::spawn(listen(tuned, Duration::from_secs(2), StopProbes::default(), Clock::start(), sender));
    let first = out.recv().await.expect("what is listened to");
    assert_eq!(first.listening.get("lo"), Some(&None));
    let device = speaker(ip);
    let location = format!("http://{ip}:{}/d.xml", server.port);
    notify(&device, "alive", "uuid:forged::upnp:rootdevice", &format!("http://127.0.6.2:{}/d.xml", elsewhere.port));
    for _ in 0..200 {
        notify(&device, "alive", "uuid:passive-nas::upnp:rootdevice", &location);
        notify(&device, "update", "uuid:passive-nas::upnp:rootdevice", &location);
    }
    let mut sum = Heard::default();
    let mut here = Vec::new();
    while here.is_empty() {
        let batch = out.recv().await.expect("a batch");
        for announcement in batch.announcements {
            if let Announcement::Here { device, life } = announcement {
                here.push((device, life));
            }
        }
        for (reason, count) in batch.refused {
            *sum.refused.entry(reason).or_default() += count;
        }
    }
    let (nas, life) = here.pop().expect("a device");
    assert_eq!((nas.udn.as_str(), nas.friendly_name.as_str()), ("uuid:passive-nas", "NAS"));
    assert_eq!((nas.ip, life), (IpAddr::V4(ip), announced::LIFE.0), "a life of a second is none");
    notify(&device, "byebye", "uuid:passive-nas::upnp:rootdevice", "");
    let gone = Announcement::Gone { udn: "uuid:passive-nas".into(), ip: ip.into() };
    while !out.recv().await.expect("a batch").announcements.contains(&gone) {}
    assert_eq!(requests.load(Ordering::SeqCst), 1, "400 announcements are one request");
    assert_eq!(forbidden.load(Ordering::SeqCst), 0);
    assert_eq!(sum.refused.get("location_elsewhere"), Some(&1));
    listening.abort();
}
