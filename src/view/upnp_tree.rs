//! A device as a tree of devices, services and actions; results of a call. Pure text.

use super::upnp::printable;
use super::upnp_list_words as list;
use super::upnp_words::say;
use crate::model::device_tree::{ActionSpec, DeviceInfo, DeviceTree, Direction, ServiceInfo};
use crate::model::text::{Language, Sentence};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The tree of a device: an indented line for each device, service and action with its arguments.
#[must_use]
pub fn tree(tree: &DeviceTree, language: Language) -> String {
    let mut text = String::new();
    for device in &tree.devices {
        device_lines(&mut text, device, language);
    }
    let location = say(&list::DESCRIPTION, language, [("url", printable(&tree.location))]);
    let _ = writeln!(text, "  {location}");
    for problem in &tree.problems {
        let _ = writeln!(text, "  ! {}", printable(&problem.say(language)));
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
            let _ = writeln!(text, "{indent}      ! {}", printable(&problem.say(language)));
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

/// The tree as JSON, its sentences in one language.
#[must_use]
pub fn json(tree: &DeviceTree, language: Language) -> Value {
    let mut value = json!(tree);
    value["problems"] = json!(Sentence::all(&tree.problems, language));
    for (device, shown) in tree.devices.iter().zip(value["devices"].as_array_mut().into_iter().flatten()) {
        for (service, shown) in device.services.iter().zip(shown["services"].as_array_mut().into_iter().flatten()) {
            shown["problem"] = json!(service.problem.as_ref().map(|problem| problem.say(language)));
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::device_tree::Argument;
    use crate::model::text::Text;

    const ODD: Text = Text { en: "It is odd.", ja: "変です。" };

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
            problem: Some(Sentence::of(ODD)),
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
}
