//! Web Services Dynamic Discovery (OASIS WS-Discovery 1.1; its 2005/04 form, which printers and Windows speak): a Probe
//! for one type of service. Pure bytes.

use std::net::Ipv4Addr;

/// Its group (1.1, 2.4).
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 255, 255, 250);
/// Its UDP port.
pub const PORT: u16 = 3702;

/// A Probe (5.2) for the type `service` in a namespace of that name. Who offers no such type must not answer (5.3).
///
/// `service` is written as it is: letters, digits and `-` alone. `message` is the low half of the message's UUID.
#[must_use]
pub fn probe(service: &str, message: u64) -> Vec<u8> {
    let [a, b, rest @ ..] = message.to_be_bytes();
    let node = rest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" xmlns:n=\"urn:{service}\"><s:Header>\
         <a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>\
         <a:MessageID>urn:uuid:00000000-0000-4000-80{a:02x}-{b:02x}{}</a:MessageID>\
         <a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header><s:Body><d:Probe><d:Types>n:none</d:Types>\
         </d:Probe></s:Body></s:Envelope>",
        &node[..10]
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_well_formed_and_names_what_it_looks_for() {
        let message = probe("stormglass-guard-00ff", 0x0123_4567_89ab_cdef);
        let mut reader = quick_xml::Reader::from_reader(&message[..]);
        let mut depth = 0;
        loop {
            match reader.read_event().expect("well formed") {
                quick_xml::events::Event::Start(_) => depth += 1,
                quick_xml::events::Event::End(_) => depth -= 1,
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0);
        let text = String::from_utf8(message).expect("UTF-8");
        let id = text.split("urn:uuid:").nth(1).and_then(|rest| rest.get(..36)).expect("an id");
        let groups = id.split('-').map(str::len).collect::<Vec<_>>();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{id} (RFC 9562, 4)");
        assert!(text.contains("xmlns:n=\"urn:stormglass-guard-00ff\"") && text.len() < 1400, "{text}");
    }
}
