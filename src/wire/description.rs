//! Device descriptions (UPnP Device Architecture 2.0, chapter 2): every device and service of the tree, as a flat list.
//! Knows no transport and does not decide which URLs may be followed.

use super::http_url::{HttpUrl, UrlError};
use super::xml::{self, Node, XmlError};

/// Devices kept of one description; the largest known has 9.
pub const MAX_DEVICES: usize = 128;
/// Services kept of one description; the largest known has 31.
pub const MAX_SERVICES: usize = 512;
/// Characters kept of one text.
pub const MAX_TEXT: usize = 512;

/// A description, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// `URLBase` (deprecated since 1.1, still sent).
    pub url_base: Option<String>,
    /// Devices in document order; the first is the root device.
    pub devices: Vec<DeviceNode>,
    /// What stopped the reading, if the document is broken.
    pub broken: Option<XmlError>,
    /// Devices and services beyond the limits.
    pub refused: u32,
}

/// One `device` element. Texts are trimmed; absent ones are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceNode {
    /// Index of the device that it is embedded in.
    pub parent: Option<usize>,
    /// `deviceType`.
    pub device_type: String,
    /// `friendlyName`.
    pub friendly_name: String,
    /// `manufacturer`.
    pub manufacturer: String,
    /// `modelName`.
    pub model_name: String,
    /// `modelNumber`.
    pub model_number: String,
    /// `UDN`.
    pub udn: String,
    /// `presentationURL`, unresolved.
    pub presentation_url: String,
    /// Its own services, those of embedded devices excluded.
    pub services: Vec<ServiceNode>,
}

/// One `service` element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceNode {
    /// `serviceType`.
    pub service_type: String,
    /// `serviceId`.
    pub service_id: String,
    /// `controlURL`, unresolved: [`Description::resolve`].
    pub control_url: String,
    /// `SCPDURL`, where its actions are described; unresolved.
    pub scpd_url: String,
}

/// Why there is nothing to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescriptionError {
    /// Broken before the first device.
    Broken(XmlError),
    /// XML (or nothing), but not a description.
    NoDevice,
    /// Refused whatever else is in it.
    Doctype,
}

impl Description {
    /// The root device.
    #[must_use]
    pub fn root(&self) -> Option<&DeviceNode> {
        self.devices.first()
    }

    /// An URL of the description: absolute, or relative to `URLBase`, or (without a usable one) to where the
    /// description came from.
    ///
    /// # Errors
    /// See [`UrlError`].
    pub fn resolve(&self, location: &HttpUrl, reference: &str) -> Result<HttpUrl, UrlError> {
        let base = self.url_base.as_deref().and_then(|base| HttpUrl::parse(base).ok());
        base.as_ref().unwrap_or(location).join(reference)
    }

    /// The device at `index` and those that it is embedded in, innermost first.
    pub fn ancestry(&self, index: usize) -> impl Iterator<Item = (usize, &DeviceNode)> {
        std::iter::successors(Some(index), |at| self.devices.get(*at)?.parent)
            .take(xml::MAX_DEPTH)
            .filter_map(|at| Some((at, self.devices.get(at)?)))
    }
}

/// Reads a description.
///
/// # Errors
/// See [`DescriptionError`]. A document that breaks after its first device is a result, with
/// [`Description::broken`] set.
pub fn parse(body: &[u8]) -> Result<Description, DescriptionError> {
    let text = xml::decode(body);
    let mut reading = Reading::default();
    let outcome = xml::walk(&text, &mut |node| match node {
        Node::Open(name) => reading.open(name),
        Node::Close(name, text) | Node::Torn(name, text) => reading.close(name, &text),
    });
    let mut description = reading.description;
    match outcome {
        Err(XmlError::Doctype) => Err(DescriptionError::Doctype),
        Err(error) if description.devices.is_empty() => Err(DescriptionError::Broken(error)),
        Ok(()) if description.devices.is_empty() => Err(DescriptionError::NoDevice),
        outcome => {
            description.broken = outcome.err();
            Ok(description)
        }
    }
}

#[derive(Default)]
struct Reading {
    description: Description,
    /// Devices open now, outermost first; `None` for one beyond the limit.
    open: Vec<Option<usize>>,
    /// The service open now.
    service: Option<ServiceNode>,
    services: usize,
    /// Inside an element whose children have names of their own (`icon`, `specVersion`).
    skipping: u32,
}

impl Reading {
    fn open(&mut self, name: &str) {
        match name {
            "icon" | "specVersion" => self.skipping += 1,
            "device" if self.description.devices.len() < MAX_DEVICES => {
                let parent = self.open.last().copied().flatten();
                self.open.push(Some(self.description.devices.len()));
                self.description.devices.push(DeviceNode { parent, ..DeviceNode::default() });
            }
            "device" => {
                self.description.refused += 1;
                self.open.push(None);
            }
            "service" => self.service = Some(ServiceNode::default()),
            _ => {}
        }
    }

    fn close(&mut self, name: &str, text: &str) {
        match name {
            "icon" | "specVersion" => self.skipping = self.skipping.saturating_sub(1),
            "device" => drop(self.open.pop()),
            "service" => self.close_service(),
            "URLBase" if self.open.is_empty() => set_option(&mut self.description.url_base, text),
            _ if self.skipping > 0 => {}
            _ => self.leaf(name, text),
        }
    }

    fn device(&mut self) -> Option<&mut DeviceNode> {
        let index = self.open.last().copied().flatten()?;
        self.description.devices.get_mut(index)
    }

    fn close_service(&mut self) {
        let Some(service) = self.service.take() else { return };
        if self.services >= MAX_SERVICES {
            self.description.refused += 1;
            return;
        }
        self.services += 1;
        if let Some(device) = self.device() {
            device.services.push(service);
        }
    }

    fn leaf(&mut self, name: &str, text: &str) {
        if let Some(service) = &mut self.service {
            match name {
                "serviceType" => set(&mut service.service_type, text),
                "serviceId" => set(&mut service.service_id, text),
                "controlURL" => set(&mut service.control_url, text),
                "SCPDURL" => set(&mut service.scpd_url, text),
                _ => {}
            }
            return;
        }
        let Some(device) = self.device() else { return };
        match name {
            "deviceType" => set(&mut device.device_type, text),
            "friendlyName" => set(&mut device.friendly_name, text),
            "manufacturer" => set(&mut device.manufacturer, text),
            "modelName" => set(&mut device.model_name, text),
            "modelNumber" => set(&mut device.model_number, text),
            "UDN" => set(&mut device.udn, text),
            "presentationURL" => set(&mut device.presentation_url, text),
            _ => {}
        }
    }
}

/// The first one counts.
fn set(slot: &mut String, text: &str) {
    if slot.is_empty() {
        *slot = text.trim().chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
    }
}

fn set_option(slot: &mut Option<String>, text: &str) {
    let mut value = slot.take().unwrap_or_default();
    set(&mut value, text);
    *slot = (!value.is_empty()).then_some(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    const IGD: &str = r#"<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>
<URLBase> http://192.168.1.1:49152/igd/ </URLBase>
<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<friendlyName> Tom & Ana's </friendlyName><UDN>uuid:igd</UDN>
<iconList><icon><url>/x.png</url><UDN>uuid:not-this</UDN></icon></iconList>
<serviceList><service><serviceType>L3F</serviceType><controlURL>/l3f</controlURL></service></serviceList>
<deviceList><device><UDN>uuid:wan</UDN><deviceList><device><UDN>uuid:conn</UDN><serviceList>
<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL> ctl/ip
</controlURL></service><service><serviceType>none</serviceType></service></serviceList></device></deviceList>
</device></deviceList><presentationURL>/</presentationURL></device></root>"#;

    #[test]
    fn the_whole_tree_with_its_control_urls() {
        let description = parse(IGD.as_bytes()).expect("a description");
        let names = description.devices.iter().map(|d| (d.udn.as_str(), d.parent, d.services.len()));
        let expected = [("uuid:igd", None, 1), ("uuid:wan", Some(0), 0), ("uuid:conn", Some(1), 2)];
        assert_eq!(names.collect::<Vec<_>>(), expected);
        assert_eq!(description.devices[0].friendly_name, "Tom & Ana's");
        assert_eq!(description.devices[0].presentation_url, "/");
        let location = HttpUrl::parse("http://192.168.1.1:80/desc/root.xml").expect("a literal");
        let resolve = |index: usize, service: usize| {
            let reference = &description.devices[index].services[service].control_url;
            description.resolve(&location, reference).map(|u| u.to_string())
        };
        assert_eq!(resolve(0, 0).as_deref(), Ok("http://192.168.1.1:49152/l3f"));
        assert_eq!(resolve(2, 0).as_deref(), Ok("http://192.168.1.1:49152/igd/ctl/ip"));
        assert_eq!(resolve(2, 1), Err(UrlError::Missing));
        let up = description.ancestry(2).map(|(_, device)| device.udn.as_str()).collect::<Vec<_>>();
        assert_eq!(up, ["uuid:conn", "uuid:wan", "uuid:igd"]);
    }

    #[test]
    fn without_a_usable_base_the_location_counts() {
        let location = HttpUrl::parse("http://10.0.0.1:8080/d/root.xml").expect("a literal");
        for base in ["", "<URLBase/>", "<URLBase>http://router.local/</URLBase>"] {
            let text = format!("<root>{base}<device><UDN>uuid:1</UDN></device></root>");
            let description = parse(text.as_bytes()).expect("a description");
            let url = description.resolve(&location, "ctl").map(|u| u.to_string());
            assert_eq!(url.as_deref(), Ok("http://10.0.0.1:8080/d/ctl"), "{base}");
        }
    }

    #[test]
    fn broken_ones() {
        let cut = parse(&IGD.as_bytes()[..IGD.len() - 200]).expect("the part that came");
        assert_eq!((cut.devices.len(), cut.broken.is_some()), (3, true));
        assert_eq!(parse(b"<html><body>login</body></html>"), Err(DescriptionError::NoDevice));
        assert_eq!(parse(b""), Err(DescriptionError::NoDevice));
        assert!(matches!(parse(b"\0\x01<<"), Err(DescriptionError::Broken(XmlError::Syntax(_)))));
        assert_eq!(parse(b"<!DOCTYPE r SYSTEM 'file:///x'><root><device/></root>"), Err(DescriptionError::Doctype));
        let late = parse(b"<root><device/><!DOCTYPE x></root>");
        assert_eq!(late, Err(DescriptionError::Doctype));
        let bytes = b"<root><device><friendlyName>\xc3\x28\x1b[2J</friendlyName></device></root>";
        assert_eq!(parse(bytes).expect("lossy").devices[0].friendly_name, "\u{fffd}([2J");
    }

    #[test]
    fn the_number_of_devices_is_capped() {
        let text = format!("<root>{}</root>", "<device><UDN>u</UDN></device>".repeat(MAX_DEVICES + 5));
        let description = parse(text.as_bytes()).expect("a description");
        assert_eq!((description.devices.len(), description.refused), (MAX_DEVICES, 5));
    }
}
