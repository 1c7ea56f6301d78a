//! A simple UPnP device: it answers searches and describes itself.

use super::http::{HttpServer, Response};
use super::ssdp::{self, Identity};
use crate::net::Worker;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// Who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// `uuid:…`.
    pub udn: String,
    /// `urn:schemas-upnp-org:device:…`.
    pub device_type: String,
    /// What it calls itself.
    pub friendly_name: String,
    /// Its maker.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
}

/// A running device; it stops when dropped.
#[derive(Debug)]
pub struct SsdpDevice {
    http: HttpServer,
    about: About,
    _ssdp: Worker,
}

impl SsdpDevice {
    /// Starts it on loopback.
    ///
    /// # Errors
    /// No port, no thread, or SSDP's port is held by somebody who does not share it.
    pub fn start(about: About) -> io::Result<Self> {
        let body = describe(&about, "");
        let http = HttpServer::start(Arc::new(move |request| match request.path.as_str() {
            "/description.xml" => Response::xml(body.clone()),
            _ => Response::not_found(),
        }))?;
        let identity = Identity {
            udn: about.udn.clone(),
            types: vec![about.device_type.clone()],
            location: format!("http://{}/description.xml", http.addr()),
            server: "Linux/4.9 UPnP/1.0 Device/1.0".to_owned(),
        };
        Ok(Self { http, about, _ssdp: ssdp::start(identity)? })
    }

    /// Where its description is.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.http.addr()
    }

    /// Who it is.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }
}

/// Text as it may stand in XML.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A device description (UPnP Device Architecture 2.0, 2.3). `inside`: XML of services and embedded devices.
#[must_use]
pub fn describe(about: &About, inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\"><specVersion><major>1</major>\
         <minor>1</minor></specVersion><device>{}{inside}</device></root>\n",
        fields(about)
    )
}

/// The fields of one device in a description.
#[must_use]
pub fn fields(about: &About) -> String {
    format!(
        "<deviceType>{}</deviceType><friendlyName>{}</friendlyName><manufacturer>{}</manufacturer>\
         <modelName>{}</modelName><UDN>{}</UDN>",
        escape(&about.device_type),
        escape(&about.friendly_name),
        escape(&about.manufacturer),
        escape(&about.model),
        escape(&about.udn)
    )
}
