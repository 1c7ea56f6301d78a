//! The listener on the loopback, beside others on the same port.

use super::*;
use crate::io::scripted_server::loopback;
use std::net::UdpSocket as StdSocket;

const ALIVE: &[u8] = b"NOTIFY * HTTP/1.1\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\nUSN: uuid:1::upnp:rootdevice\r\n\
    LOCATION: http://127.0.5.1/d.xml\r\nCACHE-CONTROL: max-age=100\r\n\r\n";

#[expect(clippy::disallowed_methods, reason = "a device of the test")]
fn speaker(ip: [u8; 4]) -> StdSocket {
    let socket = StdSocket::bind((Ipv4Addr::from(ip), 0)).expect("a port");
    let reference = socket2::SockRef::from(&socket);
    reference.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).expect("loopback");
    socket
}

fn say(from: &StdSocket, datagram: &[u8]) {
    from.send_to(datagram, (GROUP_V4, ssdp::PORT)).expect("sent");
}

#[tokio::test]
async fn announcements_are_heard_and_the_rest_is_counted() {
    let interface = loopback([127, 0, 5, 9].into());
    let interface = Interface { addresses: vec![([127, 0, 5, 9].into(), 8)], ..interface };
    let (mut first, mut second) = (Listener::default(), Listener::default());
    // Two listeners share the port, as minidlna and we do.
    for listener in [&mut first, &mut second] {
        assert_eq!(listener.tune(std::slice::from_ref(&interface)), BTreeMap::from([("lo".into(), None)]));
    }
    let device = speaker([127, 0, 5, 1]);
    say(&device, b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n");
    say(&device, b"HTTP/1.1 200 OK\r\nUSN: uuid:test-of-the-listener\r\n\r\n");
    say(&device, ALIVE);
    let mut buffer = vec![0; 65_536];
    for listener in [&mut first, &mut second] {
        let heard = loop {
            let heard = listener.next(&mut buffer).await;
            // Other tests announce on the same loopback.
            if heard.source.ip() == IpAddr::from([127, 0, 5, 1]) {
                break heard;
            }
        };
        assert_eq!((heard.message.udn(), heard.message.max_age_seconds), ("uuid:1", Some(100)));
        assert_eq!((&*heard.interface, heard.local), ("lo", [127, 0, 5, 9].into()));
        assert!(listener.refused().contains_key("announcement_is_an_answer"));
    }
    assert_eq!(first.tune(&[]), BTreeMap::new());
    assert!(first.ears.is_empty(), "an interface that is gone is not listened to");
}

#[test]
fn a_taken_port_is_explained() {
    let error = io::Error::from(io::ErrorKind::AddrInUse);
    let text = troubles::not_heard("eth0", GROUP_V4.into(), &error).to_string();
    assert!(text.contains("another program holds UDP port 1900") && text.contains("ss -ulpn"), "{text}");
}
