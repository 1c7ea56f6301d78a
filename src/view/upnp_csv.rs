//! Port mappings as CSV (RFC 4180), for spreadsheets: a line each, in no language. Judges nothing.

use super::upnp::printable;
use crate::explain::reach::{Assessment, MappingReach};
use crate::model::device::{Gateway, PortMapping};

/// Heads of the columns.
const COLUMNS: [&str; 18] = [
    "gateway",
    "gateway_name",
    "gateway_address",
    "interface",
    "external_address",
    "external_class",
    "protocol",
    "external_port",
    "remote_host",
    "internal_client",
    "internal_name",
    "internal_vendor",
    "internal_port",
    "enabled",
    "lease_seconds",
    "description",
    "reachability",
    "reason",
];

/// Every mapping as a line: CRLF, quoted where needed. A text that a spreadsheet would take for a formula gets an
/// apostrophe in front: descriptions are a stranger's.
#[must_use]
pub fn csv(gateways: &[Gateway], assessment: &Assessment) -> String {
    let mut text = COLUMNS.join(",");
    text.push_str("\r\n");
    for gateway in gateways {
        for (place, mapping) in gateway.mappings.iter().enumerate() {
            let judged = assessment.mapping(gateway.key(), place);
            text.push_str(&line(gateway, mapping, judged, assessment).map(|value| cell(&value)).join(","));
            text.push_str("\r\n");
        }
    }
    text
}

fn line(
    gateway: &Gateway,
    mapping: &PortMapping,
    judged: Option<&MappingReach>,
    assessment: &Assessment,
) -> [String; COLUMNS.len()] {
    let ip = |ip: Option<std::net::IpAddr>| ip.map(|ip| ip.to_string()).unwrap_or_default();
    let class = assessment.gateway(gateway.key()).map_or("", |reach| reach.class.id());
    let client = judged.map(|judged| &judged.client);
    [
        gateway.key().to_owned(),
        gateway.friendly_name.clone(),
        ip(gateway.ip),
        gateway.interface.to_string(),
        ip(gateway.external_address),
        class.to_owned(),
        mapping.protocol.as_str().to_owned(),
        mapping.external_port.to_string(),
        mapping.remote_host.clone().unwrap_or_default(),
        mapping.internal_client.clone(),
        client.and_then(|client| client.name.as_deref()).unwrap_or_default().to_owned(),
        client.and_then(|client| client.vendor).unwrap_or_default().to_owned(),
        mapping.internal_port.to_string(),
        mapping.enabled.to_string(),
        mapping.lease_seconds.to_string(),
        mapping.description.clone(),
        judged.map_or("", |judged| judged.reach.id()).to_owned(),
        judged.map_or("", |judged| judged.reason().reason.id).to_owned(),
    ]
}

fn cell(value: &str) -> String {
    // What some spreadsheets skip in front of a formula is no letter: white space, and marks without a width.
    let skipped = |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    // Tabs and line breaks become U+FFFD: a cell is one line.
    let value = printable(value);
    let formula = value.trim_start_matches(|c: char| skipped(c) || c == char::REPLACEMENT_CHARACTER);
    let formula = formula.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let value = if formula { format!("'{value}") } else { value };
    if value.contains(['"', ',', ';']) || value != value.trim() {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::reach::{Surroundings, assess_now};
    use crate::model::device::{AddressAnswer, Connection, MappingProtocol};

    fn lines(descriptions: &[&str]) -> Vec<String> {
        let mapping = |description: &&str| PortMapping {
            protocol: MappingProtocol::Tcp,
            external_port: 80,
            internal_client: "192.168.1.2".into(),
            internal_port: 8080,
            description: (*description).into(),
            enabled: true,
            lease_seconds: 0,
            remote_host: None,
            connection: 0,
        };
        let address = [192, 0, 0, 2].into();
        let gateways = [Gateway {
            udn: "uuid:1".into(),
            friendly_name: "@home".into(),
            mappings: descriptions.iter().map(mapping).collect(),
            external_address: Some(address),
            connections: vec![Connection {
                external_address: AddressAnswer::Is(address),
                status: Some("Connected".into()),
                ..Connection::default()
            }],
            ip: Some([192, 168, 1, 1].into()),
            interface: "eth0".into(),
            ..Gateway::default()
        }];
        let text = csv(&gateways, &assess_now(&gateways, &Surroundings::default()));
        assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']), "{text}");
        text.split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_line_says_where_and_whether() {
        let lines = lines(&["plain"]);
        assert_eq!(lines[0].split(',').collect::<Vec<_>>(), COLUMNS);
        let expected = "uuid:1,'@home,192.168.1.1,eth0,192.0.0.2,ds_lite,TCP,80,,192.168.1.2,,,8080,true,0,plain,\
                        unreachable,external_address";
        assert_eq!(lines[1], expected);
    }

    #[test]
    fn descriptions_are_quoted_and_no_formula() {
        let cases = [
            ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("a, b", "\"a, b\""),
            (" =1+1", "' =1+1"),
            ("\u{feff}=1+1", "'\u{feff}=1+1"),
            ("\t=1", "'\u{fffd}=1"),
            ("plain", "plain"),
            ("\u{1b}[2J", "\u{fffd}[2J"),
        ];
        let lines = lines(&cases.map(|(description, _)| description));
        for (line, (description, expected)) in lines[1..].iter().zip(cases) {
            let (_, after) = line.split_once(",true,0,").expect("the columns");
            assert_eq!(after.strip_suffix(",unreachable,external_address"), Some(expected), "{description:?}");
        }
    }
}
