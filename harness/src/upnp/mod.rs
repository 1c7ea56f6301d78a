//! The UPnP side of the world: devices and an Internet gateway that answer SSDP searches, HTTP and SOAP on loopback.
//! Everything answers from 127.0.0.1, each from a port of its own; in a real home they would be different addresses.

pub mod crowd;
pub mod device;
pub mod gateway;
pub mod hostile;
pub mod http;
#[cfg(target_os = "linux")]
pub mod lan;
#[cfg(target_os = "linux")]
mod lures;
pub mod samples;
pub mod soap;
pub mod ssdp;
pub mod wan;

pub use crowd::{Crowd, Manner};
pub use device::SsdpDevice;
pub use gateway::{GatewayOptions, PortMapping, UpnpGateway};
pub use hostile::{MISBEHAVIOURS, Misbehaviour};
#[cfg(target_os = "linux")]
pub use lan::{Habits, LanGateway, Port};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{net, packets};
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpStream};
    use std::time::Duration;

    /// From a search over the real loopback to the last port mapping, and silence once it is dropped.
    #[test]
    fn is_found_read_and_gone() {
        let udn = "uuid:a-test-of-the-harness";
        let gateway = UpnpGateway::start(GatewayOptions::home(udn.to_owned(), Ipv4Addr::new(192, 168, 1, 20)));
        let gateway = gateway.expect("a gateway");
        let client = net::udp(0).expect("a socket");
        socket2::SockRef::from(&client).set_multicast_if_v4(&Ipv4Addr::LOCALHOST).expect("loopback");
        let answered = || {
            let search = packets::m_search(udn, 1);
            client.send_to(search.as_bytes(), (packets::SSDP_GROUP, ssdp::SSDP_PORT)).expect("sent");
            let mut buffer = [0; 2048];
            client.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
            client
                .recv_from(&mut buffer)
                .ok()
                .map(|(n, from)| (String::from_utf8_lossy(&buffer[..n]).into_owned(), from))
        };
        let (answer, from) = answered().expect("an answer");
        assert!(
            from.ip().is_loopback() && answer.contains(&format!("http://{}/rootDesc.xml", gateway.addr())),
            "{answer}"
        );
        let call = |request: &str| {
            #[expect(clippy::disallowed_methods, reason = "a client of our own server on loopback")]
            let mut stream = TcpStream::connect(gateway.addr()).expect("a connection");
            stream.write_all(request.as_bytes()).expect("sent");
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).expect("an answer");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        assert!(call("GET /rootDesc.xml HTTP/1.1\r\nHost: x\r\n\r\n").contains("WANIPConnection:1"));
        let entry = |index: usize| {
            let body = format!("<u:x><NewPortMappingIndex>{index}</NewPortMappingIndex></u:x>");
            let action = "urn:schemas-upnp-org:service:WANIPConnection:1#GetGenericPortMappingEntry";
            call(&format!(
                "POST /ctl/IPConn HTTP/1.1\r\nHost: x\r\nSOAPAction: \"{action}\"\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ))
        };
        assert!(entry(0).contains("Synology DSM") && entry(4).starts_with("HTTP/1.1 500"));
        drop(gateway);
        assert!(answered().is_none(), "it is gone");
    }
}
