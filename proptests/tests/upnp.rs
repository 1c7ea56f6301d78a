//! Laws of the three parsers of UPnP: total on any bytes, within their limits, and true to what the harness's encoders,
//! which know nothing of them, have written.

use proptest::prelude::*;
use std::net::Ipv4Addr;
use stormglass::model::device::PortMapping as Read;
use stormglass::wire::http_url::HttpUrl;
use stormglass::wire::soap::{Answer, Entry, Fields};
use stormglass::wire::ssdp::{Kind, MAX_VALUE, Message};
use stormglass::wire::{description, scpd, soap, ssdp};
use stormglass_harness::upnp::device::{About, describe};
use stormglass_harness::upnp::gateway::{GatewayOptions, PortMapping, respond};
use stormglass_harness::upnp::samples;
use stormglass_harness::upnp::ssdp::{Identity, Life, Notice};
use stormglass_harness::upnp::wan::{Connection, Service};
use stormglass_proptests::bytes::{any_bytes, spoiled};
use stormglass_proptests::config;

// ---- Any bytes ----

fn short(text: &str, most: usize) -> Result<(), TestCaseError> {
    prop_assert!(text.chars().count() <= most && !text.contains(char::is_control), "{text:?}");
    Ok(())
}

fn ssdp_law(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(message) = ssdp::parse(bytes) else { return Ok(()) };
    for text in [&message.target, &message.usn, &message.location, &message.server] {
        short(text, MAX_VALUE)?;
    }
    prop_assert!(message.usn.contains(message.udn()));
    Ok(())
}

fn description_law(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(actions) = scpd::parse(bytes) {
        prop_assert!(actions.len() <= scpd::MAX_ACTIONS);
        prop_assert!(actions.iter().all(|action| action.arguments.len() <= scpd::MAX_ARGUMENTS));
    }
    let Ok(description) = description::parse(bytes) else { return Ok(()) };
    let location = HttpUrl::parse("http://192.168.1.1:5000/a/b.xml").expect("a literal");
    prop_assert!((1..=description::MAX_DEVICES).contains(&description.devices.len()));
    let services = description.devices.iter().map(|device| device.services.len()).sum::<usize>();
    prop_assert!(services <= description::MAX_SERVICES);
    for (index, device) in description.devices.iter().enumerate() {
        prop_assert!(device.parent.is_none_or(|parent| parent < index), "a tree");
        prop_assert!(description.ancestry(index).count() <= description.devices.len(), "its ancestors go round");
        for text in [&device.udn, &device.friendly_name, &device.manufacturer, &device.presentation_url] {
            short(text, description::MAX_TEXT)?;
        }
    }
    let _ = description.resolve(&location, &String::from_utf8_lossy(bytes));
    Ok(())
}

fn entry_law(entry: &Entry) -> Result<(), TestCaseError> {
    let Read { description, internal_client, protocol, remote_host, .. } = &entry.mapping;
    for text in [description, internal_client, &protocol.as_str().to_owned(), &remote_host.clone().unwrap_or_default()]
    {
        short(text, soap::MAX_TEXT)?;
    }
    Ok(())
}

fn soap_law(bytes: &[u8]) -> Result<(), TestCaseError> {
    match soap::parse(bytes) {
        Ok(Answer::Result(fields)) => {
            if let Ok(entry) = soap::port_mapping(&fields) {
                entry_law(&entry)?;
            }
            let (entries, _) = soap::port_listing(&fields);
            prop_assert!(entries.len() <= soap::MAX_LISTED);
            entries.iter().try_for_each(entry_law)
        }
        Ok(Answer::Fault(fault)) => short(&fault.text, soap::MAX_TEXT),
        Err(_) => Ok(()),
    }
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in any_bytes(4000)) {
        ssdp_law(&bytes)?;
        description_law(&bytes)?;
        soap_law(&bytes)?;
    }

    #[test]
    fn announcements_with_a_few_bytes_wrong(bytes in spoiled(samples::ssdp())) {
        ssdp_law(&bytes)?;
    }

    #[test]
    fn descriptions_with_a_few_bytes_wrong(bytes in spoiled(samples::descriptions())) {
        description_law(&bytes)?;
    }

    #[test]
    fn answers_with_a_few_bytes_wrong(bytes in spoiled(samples::soap())) {
        soap_law(&bytes)?;
    }
}

proptest! {
    #![proptest_config(config(60))]

    /// More of everything than is kept.
    #[test]
    fn limits_hold(devices in 0..400_usize, services in 0..700_usize, actions in 0..400_usize, length in 0..3000_usize) {
        let text = "x".repeat(length);
        let inner = "<device><UDN>u</UDN></device>".repeat(devices);
        let service = "<service><serviceId>s</serviceId></service>".repeat(services);
        let body = format!(
            "<root><device><friendlyName>{text}</friendlyName><serviceList>{service}</serviceList><deviceList>{inner}\
             </deviceList></device></root>"
        );
        description_law(body.as_bytes())?;
        let action = "<action><name>a</name><argumentList><argument><name>b</name></argument></argumentList></action>";
        description_law(format!("<scpd><actionList>{}</actionList></scpd>", action.repeat(actions)).as_bytes())?;
        ssdp_law(format!("NOTIFY * HTTP/1.1\r\nUSN: {text}\r\nLOCATION: {text}\r\nSERVER: {text}\r\n").as_bytes())?;
    }
}

// ---- What the harness wrote ----

/// Text as devices have it: anything that XML can hold, without white space at its ends and in runs.
fn name() -> impl Strategy<Value = String> {
    "[ -~à-üぁ-ん一-鿋]{1,60}".prop_map(|text| text.trim().to_owned()).prop_filter("a text", |text| !text.is_empty())
}

/// Fit for a header.
fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9][a-zA-Z0-9._/-]{0,40}"
}

fn identity() -> impl Strategy<Value = Identity> {
    ("[a-f0-9-]{1,36}", proptest::collection::vec(token(), 0..4), any::<(u8, u16)>(), token()).prop_map(
        |(udn, types, (host, port), server)| Identity {
            udn: format!("uuid:{udn}"),
            types,
            location: format!("http://192.168.1.{host}:{port}/rootDesc.xml"),
            server,
        },
    )
}

fn mapping() -> impl Strategy<Value = PortMapping> {
    let protocol = prop::sample::select(vec!["TCP", "UDP"]);
    // The daemon's own faults (no escaping, 64 bytes) have tests of their own.
    (protocol, any::<(u16, u16)>(), any::<[u8; 4]>(), "[a-zA-Z0-9][a-zA-Z0-9 .,_-]{0,50}[a-z]", any::<u32>()).prop_map(
        |(protocol, (external_port, internal_port), client, description, lease_s)| PortMapping {
            protocol,
            external_port,
            internal_client: Ipv4Addr::from(client),
            internal_port,
            description,
            lease_s,
        },
    )
}

fn fields(body: &[u8]) -> Result<Fields, TestCaseError> {
    match soap::parse(body) {
        Ok(Answer::Result(fields)) => Ok(fields),
        other => Err(TestCaseError::fail(format!("{other:?}"))),
    }
}

fn same(told: &PortMapping, read: &Read) -> Result<(), TestCaseError> {
    prop_assert_eq!(read.protocol.as_str(), told.protocol);
    prop_assert_eq!((read.external_port, read.internal_port), (told.external_port, told.internal_port));
    prop_assert_eq!(&read.internal_client, &told.internal_client.to_string());
    prop_assert_eq!(&read.description, &told.description);
    prop_assert_eq!(read.lease_seconds, told.lease_s);
    prop_assert!(read.enabled && read.remote_host.is_none());
    Ok(())
}

fn told(text: &str) -> Result<Message, TestCaseError> {
    ssdp::parse(text.as_bytes()).map_err(|error| TestCaseError::fail(format!("{error}: {text}")))
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn answers_and_announcements_come_through(identity in identity(), max_age_s in any::<u32>(), boot in any::<u32>()) {
        for text in identity.answers("ssdp:all") {
            let read = told(&text)?;
            prop_assert_eq!((read.kind, read.udn()), (Kind::Response, identity.udn.as_str()));
            prop_assert_eq!((&read.location, &read.server), (&identity.location, &identity.server));
        }
        let life = Life { max_age_s, boot, config: 1 };
        for (notice, kind, age) in [
            (Notice::Alive, Kind::Alive, Some(max_age_s)),
            (Notice::Update { next_boot: boot }, Kind::Update, None),
            (Notice::Byebye, Kind::Byebye, None),
        ] {
            let texts = identity.notices("[ff02::c]:1900", notice, life);
            prop_assert_eq!(texts.len(), 2 + identity.types.len());
            for text in texts {
                let read = told(&text)?;
                prop_assert_eq!((read.kind, read.udn(), read.max_age_seconds), (kind, identity.udn.as_str(), age));
                let location = if kind == Kind::Byebye { "" } else { &identity.location };
                prop_assert_eq!(&read.location, location);
            }
        }
    }

    #[test]
    fn descriptions_come_through(texts in [name(), name(), name()], kind in token(), udn in "[a-f0-9-]{1,36}") {
        let [friendly_name, manufacturer, model] = texts;
        let about = About { udn: format!("uuid:{udn}"), device_type: kind, friendly_name, manufacturer, model };
        let read = description::parse(describe(&about, "").as_bytes());
        let read = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let root = read.root().expect("a description has a device");
        prop_assert_eq!((read.devices.len(), read.broken, read.refused), (1, None, 0));
        let found = [&root.udn, &root.device_type, &root.friendly_name, &root.manufacturer, &root.model_name];
        prop_assert_eq!(found, [&about.udn, &about.device_type, &about.friendly_name, &about.manufacturer, &about.model]);
    }

    #[test]
    fn mappings_come_through(mappings in proptest::collection::vec(mapping(), 0..8), address in any::<[u8; 4]>()) {
        let address = Ipv4Addr::from(address).to_string();
        let home = GatewayOptions::home("uuid:7".to_owned(), Ipv4Addr::new(192, 168, 1, 20)).second_version();
        let connections = vec![Connection::with_address(Service::Ip2, &address)];
        let options = GatewayOptions { mappings: mappings.clone(), connections, ..home };
        for (index, told) in mappings.iter().enumerate() {
            let entry = soap::port_mapping(&fields(&respond(&samples::mapping_request(index), &options).body)?);
            let entry = entry.map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert!(!entry.damaged);
            same(told, &entry.mapping)?;
        }
        let end = soap::parse(&respond(&samples::mapping_request(mappings.len()), &options).body);
        prop_assert!(matches!(end, Ok(Answer::Fault(fault)) if fault.code == 713));
        for protocol in ["TCP", "UDP"] {
            let of = mappings.iter().filter(|mapping| mapping.protocol == protocol).collect::<Vec<_>>();
            let body = respond(&samples::listing_request(protocol), &options).body;
            if of.is_empty() {
                prop_assert!(matches!(soap::parse(&body), Ok(Answer::Fault(fault)) if fault.code == 730));
                continue;
            }
            let (entries, refused) = soap::port_listing(&fields(&body)?);
            prop_assert_eq!((entries.len(), refused), (of.len(), 0));
            of.iter().zip(&entries).try_for_each(|(told, entry)| same(told, &entry.mapping))?;
        }
    }
}

/// A gateway with the faults of a real one is read in full: no mapping is lost, and the list has an end.
#[test]
fn every_mapping_of_the_gateway_is_read() {
    let gateway = samples::gateway();
    let answer = |index| respond(&samples::mapping_request(index), &gateway).body;
    for (index, told) in gateway.mappings.iter().enumerate() {
        let Ok(Answer::Result(fields)) = soap::parse(&answer(index)) else { panic!("mapping {index}") };
        let entry = soap::port_mapping(&fields).unwrap_or_else(|error| panic!("mapping {index}: {error}"));
        let read = (entry.mapping.external_port, entry.mapping.internal_port, entry.mapping.protocol.as_str());
        assert_eq!(read, (told.external_port, told.internal_port, told.protocol), "mapping {index}");
        let begins = told.description.get(..60).unwrap_or(&told.description);
        assert!(entry.mapping.description.starts_with(begins), "mapping {index}: {:?}", entry.mapping.description);
    }
    let Ok(Answer::Fault(fault)) = soap::parse(&answer(gateway.mappings.len())) else { panic!("the end of the list") };
    assert_eq!(fault.code, 713);
}
