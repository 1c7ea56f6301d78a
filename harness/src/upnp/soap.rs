//! SOAP as a gateway speaks it (UPnP Device Architecture 2.0, chapter 3): the action asked for, answers and faults. Knows
//! no service.

use super::http::{Manner, Request, Response};

const ENVELOPE: &str = "<?xml version=\"1.0\"?>\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
     s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>";

/// The action that a request asks for.
#[must_use]
pub fn action(request: &Request) -> String {
    request.soap_action.rsplit_once('#').map_or_else(String::new, |(_, action)| action.to_owned())
}

/// The answer of an action: its out arguments as XML.
#[must_use]
pub fn answer(service: &str, action: &str, arguments: &[u8]) -> Response {
    let mut body = format!("{ENVELOPE}<u:{action}Response xmlns:u=\"{service}\">").into_bytes();
    body.extend(arguments);
    body.extend(format!("</u:{action}Response></s:Body></s:Envelope>\r\n").as_bytes());
    Response::xml(body)
}

/// A fault, which comes with status 500 (UPnP Device Architecture 2.0, 3.2.6).
#[must_use]
pub fn fault(code: u16, text: &str) -> Response {
    let body = format!(
        "{ENVELOPE}<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>\
         <UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\"><errorCode>{code}</errorCode>\
         <errorDescription>{text}</errorDescription></UPnPError></detail></s:Fault></s:Body></s:Envelope>\r\n"
    );
    Response { status: "500 Internal Server Error", body: body.into_bytes(), manner: Manner::Honest }
}
