//! Descriptions of devices and of services: any bytes are read or refused within the limits, and the tree is a tree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormglass::wire::description::{self, MAX_DEVICES, MAX_SERVICES, MAX_TEXT};
use stormglass::wire::http_url::HttpUrl;
use stormglass::wire::scpd::{self, MAX_ACTIONS, MAX_ARGUMENTS};

fuzz_target!(|body: &[u8]| {
    if let Ok(actions) = scpd::parse(body) {
        assert!(actions.len() <= MAX_ACTIONS);
        assert!(actions.iter().all(|action| action.arguments.len() <= MAX_ARGUMENTS));
    }
    let Ok(description) = description::parse(body) else { return };
    let location = HttpUrl::parse("http://192.168.1.1:5000/a/b.xml").expect("a literal");
    assert!(!description.devices.is_empty() && description.devices.len() <= MAX_DEVICES);
    assert!(description.devices.iter().map(|device| device.services.len()).sum::<usize>() <= MAX_SERVICES);
    for (index, device) in description.devices.iter().enumerate() {
        assert!(device.parent.is_none_or(|parent| parent < index));
        assert!(description.ancestry(index).count() <= description.devices.len());
        for text in [&device.udn, &device.friendly_name, &device.device_type, &device.presentation_url] {
            assert!(text.chars().count() <= MAX_TEXT && !text.contains(char::is_control));
        }
        for service in &device.services {
            if let Ok(url) = description.resolve(&location, &service.control_url) {
                assert!(url.path.starts_with('/') && !url.path.contains(char::is_whitespace));
            }
        }
    }
});
