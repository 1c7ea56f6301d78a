//! SSDP datagrams: any bytes are read or refused, what is kept is short and harmless, and what is written is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormglass::wire::http_url::HttpUrl;
use stormglass::wire::ssdp::{self, MAX_VALUE};

fuzz_target!(|datagram: &[u8]| {
    let Ok(message) = ssdp::parse(datagram) else { return };
    for text in [&message.target, &message.usn, &message.location, &message.server] {
        assert!(text.chars().count() <= MAX_VALUE && !text.contains(char::is_control));
    }
    assert!(message.usn.contains(message.udn()));
    if let Ok(url) = HttpUrl::parse(&message.location) {
        assert!(url.path.starts_with('/') && url.path.is_ascii() && !url.path.contains(char::is_whitespace));
        assert_eq!(HttpUrl::parse(&url.to_string()).as_ref(), Ok(&url));
    }
});
