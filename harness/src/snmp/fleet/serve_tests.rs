//! A fleet on real sockets on loopback.

use super::*;
use crate::snmp::ber::{self, Request, pdu};
use crate::snmp::fleet::FleetOptions;
use crate::snmp::{Manners, faults, template};

fn request() -> Vec<u8> {
    let oids = vec![vec![1, 3, 6, 1, 2, 1, 1, 5, 0]];
    let community = b"public".to_vec();
    ber::encode_request(&Request {
        version: 1,
        community,
        kind: pdu::GET,
        id: 1,
        non_repeaters: 0,
        max_repetitions: 0,
        oids,
    })
}

fn options(addresses: Addresses, list: &str) -> FleetOptions {
    let faults = faults::parse(list).expect("a list");
    let (count, table, manners) = (50, template::switch(4), Manners::default());
    FleetOptions { count, dead: 0, addresses, table, recorded: false, seed: 3, manners, faults }
}

/// Asks agent 17 and gives the answer and where it came from.
fn asked(options: &FleetOptions) -> (Vec<u8>, SocketAddrV4) {
    let mut served = Served::open(Fleet::new(options).expect("a fleet")).expect("sockets");
    let client = net::udp(0).expect("a socket");
    client.set_nonblocking(true).expect("a flag");
    let agent = options.addresses.of(17).expect("an address");
    client.send_to(&request(), agent).expect("sent");
    let mut got = None;
    let mut buffer = [0; 2000];
    served
        .run(|_, elapsed| {
            if let Ok((length, std::net::SocketAddr::V4(from))) = client.recv_from(&mut buffer) {
                got = Some((buffer[..length].to_vec(), from));
            }
            got.is_none() && elapsed < Duration::from_secs(10)
        })
        .expect("it runs");
    assert_eq!((served.totals().requests, served.totals().replies), (1, 1));
    got.expect("an answer")
}

#[test]
fn agents_answer_from_where_they_are_asked() {
    // A port below the system's own range for clients, away from the defaults of the command line.
    let ports = Addresses::ports("127.0.0.1:19200").expect("loopback");
    let hosts = Addresses::hosts("127.77.0.0/24", 19_161).expect("loopback");
    for addresses in [ports, hosts] {
        for (faults, same_port, same_ip) in [
            ("", true, true),
            ("latency=30ms", true, true),
            ("other-port", false, true),
            ("other-address", false, false),
        ] {
            let (answer, from) = asked(&options(addresses, faults));
            assert!(answer.ends_with(b"sw00017"), "{addresses:?} {faults}");
            let agent = addresses.of(17).expect("an address");
            assert_eq!(from.port() == agent.port(), same_port, "{addresses:?} {faults}: {from}");
            assert_eq!(from.ip() == agent.ip(), same_ip, "{addresses:?} {faults}: {from}");
        }
    }
}
