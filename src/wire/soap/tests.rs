//! Answers of real gateways (miniupnpd 2.3.1, recorded) and worse ones.

use super::*;

fn answer(description: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\"?>\r\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
         <u:GetGenericPortMappingEntryResponse xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">\
         <NewRemoteHost></NewRemoteHost><NewExternalPort>6690</NewExternalPort><NewProtocol>TCP</NewProtocol>\
         <NewInternalPort>6691</NewInternalPort><NewInternalClient>192.168.77.10</NewInternalClient>\
         <NewEnabled>1</NewEnabled><NewPortMappingDescription>{description}</NewPortMappingDescription>\
         <NewLeaseDuration>3590</NewLeaseDuration></u:GetGenericPortMappingEntryResponse></s:Body></s:Envelope>\r\n"
    )
    .into_bytes()
}

fn entry(body: &[u8]) -> Entry {
    let Ok(Answer::Result(fields)) = parse(body) else { panic!("no result: {}", String::from_utf8_lossy(body)) };
    port_mapping(&fields).expect("a mapping")
}

#[track_caller]
fn check(description: &str, expected: &str, damaged: bool) {
    let found = entry(&answer(description));
    let mapping = PortMapping {
        protocol: MappingProtocol::Tcp,
        external_port: 6690,
        internal_client: "192.168.77.10".into(),
        internal_port: 6691,
        description: expected.into(),
        enabled: true,
        lease_seconds: 3590,
        remote_host: None,
        connection: 0,
    };
    assert_eq!(found, Entry { mapping, damaged });
}

#[test]
fn whatever_the_description_is_there_is_a_mapping() {
    check("Synology DSM", "Synology DSM", false);
    check("Sync &amp; Share &#x26;", "Sync & Share &", false);
    check("Sync & Share", "Sync & Share", true);
    check("a&b; c", "a&b; c", false);
    check("miniupnpdPC\x1dM\x01V", "miniupnpdPCMV", true);
    check("ends in <\x01", "ends in <", true);
    check("<b", "<b", true);
    check("x <!-- y", "x <!-- y", true);
    check("</s:Envelope>", "</s:Envelope>", true);
    check("</NewPortMappingDescription>", "", false);
    check("写真", "写真", false);
}

#[test]
fn bytes_that_are_no_utf8() {
    let mut body = answer("@@");
    let at = body.windows(2).position(|w| w == b"@@").expect("the mark");
    body[at] = 0xff;
    body[at + 1] = 0;
    let found = entry(&body);
    assert_eq!((found.mapping.description.as_str(), found.damaged), ("\u{fffd}", true));
}

#[test]
fn a_cut_answer_still_counts() {
    let body = answer("x");
    let found = entry(&body[..body.len() - 150]);
    assert_eq!((found.mapping.external_port, found.damaged), (6690, true));
    let Ok(Answer::Result(fields)) = parse(&body[..300]) else { panic!("a result") };
    assert_eq!(port_mapping(&fields), Err(SoapError::Field("NewInternalClient")));
}

#[test]
fn faults_are_faults_whatever_the_dress() {
    let check = |body: &str, code: u32, text: &str| {
        assert_eq!(parse(body.as_bytes()), Ok(Answer::Fault(Fault { code, text: text.into() })), "{body}");
    };
    check(
        "<s:Envelope><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>\
         <UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\"><errorCode>713</errorCode>\
         <errorDescription>SpecifiedArrayIndexInvalid</errorDescription></UPnPError></detail></s:Fault></s:Body>",
        713,
        "SpecifiedArrayIndexInvalid",
    );
    check("<Fault><faultstring>no & no</faultstring></Fault>", 0, "no & no");
    check("<UPnPError><errorCode> 714 </errorCode>", 714, "");
    assert_eq!(parse(b"<html><title>500</title></html>"), Err(SoapError::NotSoap));
    assert_eq!(parse(b""), Err(SoapError::NotSoap));
    assert_eq!(parse(b"<a"), Err(SoapError::Broken(XmlError::Syntax(0))));
}

#[test]
fn a_list_in_a_list() {
    let inner = "<p:PortMappingList xmlns:p=\"urn:schemas-upnp-org:gw:WANIPConnection\">\
        <p:PortMappingEntry><p:NewRemoteHost>1.2.3.4</p:NewRemoteHost><p:NewExternalPort>18080</p:NewExternalPort>\
        <p:NewProtocol>udp</p:NewProtocol><p:NewInternalPort>8080</p:NewInternalPort>\
        <p:NewInternalClient>nas</p:NewInternalClient><p:NewEnabled>0</p:NewEnabled>\
        <p:NewDescription>Sync & Share</p:NewDescription><p:NewLeaseTime>5</p:NewLeaseTime></p:PortMappingEntry>\
        <p:PortMappingEntry><p:NewProtocol>TCP</p:NewProtocol></p:PortMappingEntry></p:PortMappingList>";
    for listing in [format!("<![CDATA[{inner}]]>"), xml::escape(inner).into_owned()] {
        let body = format!("<e><x:GetListOfPortMappingsResponse><NewPortListing>{listing}</NewPortListing>");
        let Ok(Answer::Result(fields)) = parse(body.as_bytes()) else { panic!("a result") };
        let (entries, refused) = port_listing(&fields);
        assert_eq!((entries.len(), refused), (1, 1));
        let mapping = &entries[0].mapping;
        assert_eq!((mapping.protocol.as_str(), mapping.enabled, mapping.lease_seconds), ("UDP", false, 5));
        assert_eq!((mapping.remote_host.as_deref(), mapping.description.as_str()), (Some("1.2.3.4"), "Sync & Share"));
    }
}

#[test]
fn actions() {
    let action = Action {
        service_type: "urn:schemas-upnp-org:service:WANIPConnection:1\r\nX: y",
        name: "GetGenericPortMappingEntry",
        arguments: &[("NewPortMappingIndex", "0<")],
    };
    assert_eq!(action.header(), "\"urn:schemas-upnp-org:service:WANIPConnection:1X:y#GetGenericPortMappingEntry\"");
    assert!(action.body().contains("<NewPortMappingIndex>0&lt;</NewPortMappingIndex></u:GetGeneric"));
}
