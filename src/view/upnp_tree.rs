//! A device as a tree of devices, services and actions; results of a call; the table of mappings as CSV. Pure text.

use super::upnp::printable;
use super::upnp_list_words as list;
use super::upnp_words::say;
use crate::model::device::Gateway;
use crate::model::device_tree::{ActionSpec, DeviceInfo, DeviceTree, Direction, ServiceInfo};
use crate::model::text::Language;
use std::fmt::Write as _;

/// The tree of a device: an indented line for each device, service and action with its arguments.
#[must_use]
pub fn tree(tree: &DeviceTree, language: Language) -> String {
    let mut text = String::new();
    for device in &tree.devices {
        device_lines(&mut text, device, language);
    }
    let label = if language == Language::Japanese { "記述" } else { "description" };
    let _ = writeln!(text, "  {label}  {}", printable(&tree.location));
    for problem in &tree.problems {
        let _ = writeln!(text, "  ! {}", printable(problem));
    }
    text
}

fn device_lines(text: &mut String, device: &DeviceInfo, language: Language) {
    let indent = "  ".repeat(device.depth);
    let name = if device.friendly_name.is_empty() { list::NAMELESS.template(language) } else { &device.friendly_name };
    let made = [device.manufacturer.as_str(), device.model.as_str()];
    let made = made.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ");
    let made = if made.is_empty() { String::new() } else { format!("  [{}]", printable(&made)) };
    let _ = writeln!(text, "{indent}{}{made}", printable(name));
    let _ = writeln!(text, "{indent}  {}  {}", short(&device.device_type), printable(&device.udn));
    if !device.presentation_url.is_empty() {
        let page = say(&list::PAGE, language, [("url", printable(&device.presentation_url))]);
        let _ = writeln!(text, "{indent}  {page}");
    }
    for service in &device.services {
        let _ = writeln!(text, "{indent}  * {}  ({})", short(&service.service_type), printable(&service.service_id));
        for action in &service.actions {
            let _ = writeln!(text, "{indent}      {}", signature(action));
        }
        if let Some(problem) = &service.problem {
            let _ = writeln!(text, "{indent}      ! {}", printable(problem));
        }
    }
}

/// `urn:schemas-upnp-org:service:WANIPConnection:1` as `WANIPConnection:1`; others whole.
fn short(kind: &str) -> String {
    let standard = ["urn:schemas-upnp-org:service:", "urn:schemas-upnp-org:device:"];
    let rest = standard.iter().find_map(|prefix| kind.strip_prefix(prefix)).unwrap_or(kind);
    printable(rest)
}

/// `DeletePortMapping(NewExternalPort: ui2, NewProtocol: TCP|UDP) -> (…)`.
#[must_use]
pub fn signature(action: &ActionSpec) -> String {
    let list = |direction| {
        let of = action.arguments.iter().filter(move |argument| argument.direction == direction);
        of.map(|argument| {
            let kind =
                if argument.allowed.is_empty() { argument.data_type.clone() } else { argument.allowed.join("|") };
            if kind.is_empty() { argument.name.clone() } else { format!("{}: {kind}", argument.name) }
        })
        .collect::<Vec<_>>()
        .join(", ")
    };
    let out = list(Direction::Out);
    let out = if out.is_empty() { String::new() } else { format!(" -> {out}") };
    printable(&format!("{}({}){out}", action.name, list(Direction::In)))
}

/// The services of a tree, with the device that each belongs to.
pub fn services(tree: &DeviceTree) -> impl Iterator<Item = (&DeviceInfo, &ServiceInfo)> {
    tree.devices.iter().flat_map(|device| device.services.iter().map(move |service| (device, service)))
}

/// Names and values, aligned.
#[must_use]
pub fn values(pairs: &[(String, String)]) -> String {
    let widest = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    pairs.iter().fold(String::new(), |mut text, (name, value)| {
        let value = if value.is_empty() { "\"\"".into() } else { printable(value) };
        let _ = writeln!(text, "  {:widest$}  {value}", printable(name));
        text
    })
}

/// Heads of the columns of [`csv`].
const CSV_COLUMNS: [&str; 12] = [
    "gateway",
    "gateway_name",
    "gateway_address",
    "external_address",
    "protocol",
    "external_port",
    "remote_host",
    "internal_client",
    "internal_port",
    "enabled",
    "lease_seconds",
    "description",
];

/// Every mapping as a line of CSV (RFC 4180: CRLF, quoted where needed). A text that a spreadsheet would take for a
/// formula gets an apostrophe in front: descriptions are a stranger's.
#[must_use]
pub fn csv(gateways: &[Gateway]) -> String {
    let mut text = CSV_COLUMNS.join(",");
    text.push_str("\r\n");
    for gateway in gateways {
        for mapping in &gateway.mappings {
            let cells = [
                cell(&gateway.udn),
                cell(&gateway.friendly_name),
                gateway.ip.map(|ip| ip.to_string()).unwrap_or_default(),
                gateway.external_address.map(|ip| ip.to_string()).unwrap_or_default(),
                cell(mapping.protocol.as_str()),
                mapping.external_port.to_string(),
                cell(mapping.remote_host.as_deref().unwrap_or_default()),
                cell(&mapping.internal_client),
                mapping.internal_port.to_string(),
                mapping.enabled.to_string(),
                mapping.lease_seconds.to_string(),
                cell(&mapping.description),
            ];
            text.push_str(&cells.join(","));
            text.push_str("\r\n");
        }
    }
    text
}

fn cell(value: &str) -> String {
    let value = printable(value);
    // White space in front does not keep spreadsheets from looking.
    let formula = value.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let value = if formula { format!("'{value}") } else { value };
    if value.contains(['"', ',', '\r', '\n', ';']) || value != value.trim() {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::device::{MappingProtocol, PortMapping};
    use crate::model::device_tree::Argument;

    #[test]
    fn a_tree_shows_every_action() {
        let argument = |name: &str, direction, data_type: &str, allowed: &[&str]| Argument {
            name: name.into(),
            direction,
            data_type: data_type.into(),
            allowed: allowed.iter().map(|a| (*a).to_owned()).collect(),
        };
        let action = ActionSpec {
            name: "DeletePortMapping".into(),
            arguments: vec![
                argument("NewExternalPort", Direction::In, "ui2", &[]),
                argument("NewProtocol", Direction::In, "string", &["TCP", "UDP"]),
                argument("Result", Direction::Out, "", &[]),
            ],
        };
        let service = ServiceInfo {
            service_type: "urn:schemas-upnp-org:service:WANIPConnection:1".into(),
            service_id: "id".into(),
            actions: vec![action],
            problem: Some("It is odd.".into()),
            ..ServiceInfo::default()
        };
        let device = DeviceInfo {
            depth: 1,
            device_type: "urn:schemas-upnp-org:device:WANDevice:1".into(),
            friendly_name: "WAN\u{1b}[31m".into(),
            udn: "uuid:1".into(),
            services: vec![service],
            ..DeviceInfo::default()
        };
        let shown = tree(
            &DeviceTree { location: "http://192.0.2.1/".into(), devices: vec![device], problems: vec![] },
            Language::English,
        );
        let expected = "  WAN\u{fffd}[31m\n    WANDevice:1  uuid:1\n    * WANIPConnection:1  (id)\n        \
            DeletePortMapping(NewExternalPort: ui2, NewProtocol: TCP|UDP) -> Result\n        ! It is odd.\n  \
            description  http://192.0.2.1/\n";
        assert_eq!(shown, expected);
    }

    #[test]
    fn csv_is_quoted_and_no_formula() {
        let mapping = |description: &str| PortMapping {
            protocol: MappingProtocol::Tcp,
            external_port: 80,
            internal_client: "192.168.1.2".into(),
            internal_port: 8080,
            description: description.into(),
            enabled: true,
            lease_seconds: 0,
            remote_host: None,
            connection: 0,
        };
        let descriptions = ["=HYPERLINK(\"http://x\")", "+1", "-1", "@x", "a, b", " =1+1", "plain", "\u{1b}[2J"];
        let gateway = Gateway {
            udn: "uuid:1".into(),
            mappings: descriptions.into_iter().map(mapping).collect(),
            ..Gateway::default()
        };
        let text = csv(&[gateway]);
        let last = text.lines().skip(1).map(|line| line.split_once(",true,0,").expect("the columns").1);
        let expected =
            ["\"'=HYPERLINK(\"\"http://x\"\")\"", "'+1", "'-1", "'@x", "\"a, b\"", "' =1+1", "plain", "\u{fffd}[2J"];
        assert_eq!(last.collect::<Vec<_>>(), expected);
        assert!(text.ends_with("\r\n") && text.starts_with("gateway,gateway_name,"), "{text}");
    }
}
