//! The decoder of SNMP responses, on any bytes: it never panics, and what it says of them lies within them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormglass::wire::snmp::{Response, identity, v3};

fuzz_target!(|datagram: &[u8]| {
    let whose = identity(datagram);
    match Response::decode(datagram) {
        Ok(response) => {
            assert_eq!(whose, Some(response.identity));
            assert!(response.bindings.iter().count() == response.bindings.len());
            assert!(response.bindings.len() * 7 <= datagram.len());
        }
        Err(error) => assert!(error.offset <= datagram.len()),
    }
    match v3::decode_message(datagram) {
        Ok((message, mac_at)) => {
            assert_eq!(v3::message_id(datagram), Some(message.id));
            assert_eq!(datagram.get(mac_at..mac_at + message.security.mac.len()), Some(message.security.mac));
        }
        Err(error) => assert!(error.offset <= datagram.len()),
    }
    if let Err(error) = v3::decode_scoped(datagram) {
        assert!(error.offset <= datagram.len());
    }
});
