//! Answers to actions: any bytes are read or refused, and mappings and faults have texts that are short and harmless.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormglass::wire::soap::{self, Answer, Entry, MAX_LISTED, MAX_TEXT};

fuzz_target!(|body: &[u8]| match soap::parse(body) {
    Ok(Answer::Result(fields)) => {
        harmless(&fields.text("NewConnectionStatus").unwrap_or_default());
        let _ = (fields.number("NewUptime"), fields.flag("NewNATEnabled"));
        if let Ok(entry) = soap::port_mapping(&fields) {
            mapping(&entry);
        }
        let (entries, _) = soap::port_listing(&fields);
        assert!(entries.len() <= MAX_LISTED);
        entries.iter().for_each(mapping);
    }
    Ok(Answer::Fault(fault)) => harmless(&fault.text),
    Err(_) => {}
});

fn mapping(entry: &Entry) {
    let mapping = &entry.mapping;
    harmless(&mapping.description);
    harmless(&mapping.internal_client);
    harmless(mapping.protocol.as_str());
    harmless(mapping.remote_host.as_deref().unwrap_or_default());
}

fn harmless(text: &str) {
    assert!(text.chars().count() <= MAX_TEXT && !text.contains(char::is_control));
}
