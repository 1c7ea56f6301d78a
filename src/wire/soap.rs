//! SOAP of UPnP control (UPnP Device Architecture 2.0, chapter 3) and the port mappings of IGD in it: actions written,
//! answers and faults read. Knows no HTTP: a fault is a fault whatever the status was.

use super::xml::{self, Node, XmlError};
use crate::model::device::{MappingProtocol, PortMapping};

/// Fields kept of one answer; no action that we use has more than 12.
pub const MAX_FIELDS: usize = 256;
/// Mappings kept of one `GetListOfPortMappings`.
pub const MAX_LISTED: usize = 4096;
/// Characters kept of a description or host name.
pub const MAX_TEXT: usize = 512;

/// An action to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action<'a> {
    /// `urn:schemas-upnp-org:service:WANIPConnection:1`, as the description says it.
    pub service_type: &'a str,
    /// `GetExternalIPAddress`.
    pub name: &'a str,
    /// In arguments in the order of the service's description, which some routers insist on.
    pub arguments: &'a [(&'a str, &'a str)],
}

impl Action<'_> {
    /// The body of the request.
    #[must_use]
    pub fn body(&self) -> String {
        let service = xml::escape(self.service_type);
        let arguments = self.arguments.iter().map(|(name, value)| format!("<{name}>{}</{name}>", xml::escape(value)));
        let (name, arguments) = (self.name, arguments.collect::<String>());
        format!(
            "<?xml version=\"1.0\"?>\r\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body><u:{name} xmlns:u=\"{service}\">\
             {arguments}</u:{name}></s:Body></s:Envelope>\r\n"
        )
    }

    /// The value of the `SOAPACTION` header; characters that a header cannot hold are left out.
    #[must_use]
    pub fn header(&self) -> String {
        let mut text = format!("\"{}#{}\"", self.service_type, self.name);
        text.retain(|c| c.is_ascii_graphic());
        text
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The action's result.
    Result(Fields),
    /// It was refused.
    Fault(Fault),
}

/// `UPnPError` (UPnP Device Architecture 2.0, 3.2.5): 713 and 714 end a list of port mappings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `errorCode`; 0 where the fault names none.
    pub code: u32,
    /// `errorDescription`, else `faultstring`; empty where there is none.
    pub text: String,
}

/// Why an answer is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoapError {
    /// No element that a SOAP answer has.
    NotSoap,
    /// Broken before anything useful.
    Broken(XmlError),
    /// Lacks this field.
    Field(&'static str),
}

/// The out arguments of an answer: elements without prefix, and their text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    list: Vec<(String, String)>,
    /// The raw text, for what the XML reader could not reach.
    source: String,
    /// The XML was broken: something may be missing or odd.
    pub damaged: bool,
}

impl Fields {
    /// The first field of this name, trimmed. From a broken document it is cut out by its tags.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let found = self.list.iter().find(|(n, _)| n == name).map(|(_, value)| value.trim().to_owned());
        found.or_else(|| if self.damaged { cut_out(&self.source, name) } else { None })
    }

    /// The field as one line without control characters, at most [`MAX_TEXT`] of them; `None` where it is empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| clean(&value)).filter(|value| !value.is_empty())
    }

    /// The field as a number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// The field as a boolean (UPnP Device Architecture 2.0, 2.5): `1`, `true`, `yes` and their opposites.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)?.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" => Some(true),
            "0" | "false" | "no" => Some(false),
            _ => None,
        }
    }
}

/// Reads an answer. Lone `&`, stray bytes and a missing end are survived: what is there counts.
///
/// # Errors
/// See [`SoapError`].
pub fn parse(body: &[u8]) -> Result<Answer, SoapError> {
    let text = xml::decode(body);
    let mut fields = Fields { damaged: is_damaged(&text), ..Fields::default() };
    let (mut fault, mut result, mut torn) = (false, false, false);
    let outcome = xml::walk(&text, &mut |node| match node {
        Node::Open(name) => {
            fault |= name == "Fault" || name == "UPnPError";
            result |= name.ends_with("Response");
        }
        Node::Close(name, text) => {
            if fields.list.len() < MAX_FIELDS {
                fields.list.push((name.to_owned(), text));
            }
        }
        Node::Torn(..) => torn = true,
    });
    fields.damaged |= torn || outcome.is_err();
    if fields.damaged {
        fields.source = text.into_owned();
    }
    if fault {
        let code = fields.get("errorCode").and_then(|code| code.parse().ok()).unwrap_or(0);
        let said = fields.get("errorDescription").filter(|t| !t.is_empty()).or_else(|| fields.get("faultstring"));
        return Ok(Answer::Fault(Fault { code, text: clean(&said.unwrap_or_default()) }));
    }
    match outcome {
        _ if result => Ok(Answer::Result(fields)),
        Err(error) => Err(SoapError::Broken(error)),
        Ok(()) => Err(SoapError::NotSoap),
    }
}

/// Bytes that no XML document may hold: control characters, U+FFFD where the bytes were no UTF-8, or a lone `&`. They
/// come from gateways that copy a description without escaping it, or past its end (miniupnpd 2.3.1, measured).
fn is_damaged(text: &str) -> bool {
    text.chars().any(is_stray)
        || text.match_indices('&').any(|(at, _)| {
            let rest = &text.as_bytes()[at + 1..];
            let name = rest.iter().take(10).take_while(|b| b.is_ascii_alphanumeric() || **b == b'#').count();
            name == 0 || rest.get(name) != Some(&b';')
        })
}

fn is_stray(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\r' | '\n')) || c == char::REPLACEMENT_CHARACTER
}

/// The text between `<name>` or `<x:name …>` and the last end tag of that name.
fn cut_out(text: &str, name: &str) -> Option<String> {
    let mut from = 0;
    // At most 64 tries: a hostile text may repeat the name.
    for _ in 0..64 {
        let at = from + text[from..].find(name)?;
        from = at + name.len();
        let before = text[..at].rfind('<').map(|open| &text[open + 1..at]);
        let starts = before.is_some_and(|p| p.is_empty() || (p.ends_with(':') && !p.contains(['/', '>', ' '])));
        let rest = &text[from..];
        if !starts || !rest.starts_with(['>', ' ', '\t', '\r', '\n']) {
            continue;
        }
        let content = &rest[rest.find('>')? + 1..];
        let end = content.rfind(&format!("{name}>")).and_then(|end| content[..end].rfind("</"))?;
        return Some(xml::unescape(content[..end].trim()));
    }
    None
}

/// A port mapping as a gateway told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The mapping. Its texts have no control characters.
    pub mapping: PortMapping,
    /// It came in broken XML: other programs miss it, and its description may end in stray characters.
    pub damaged: bool,
}

/// The mapping in an answer to `GetGenericPortMappingEntry` (WANIPConnection:1, 2.4.14).
///
/// # Errors
/// [`SoapError::Field`] where protocol, ports or client are missing or make no sense.
pub fn port_mapping(fields: &Fields) -> Result<Entry, SoapError> {
    let text = |name| fields.get(name).map(|value| clean(&value));
    let number =
        |name: &'static str| fields.get(name).and_then(|value| value.parse::<u16>().ok()).ok_or(SoapError::Field(name));
    let description = fields.get("NewPortMappingDescription").or_else(|| fields.get("NewDescription"));
    let description = description.unwrap_or_default();
    let protocol = match text("NewProtocol").ok_or(SoapError::Field("NewProtocol"))? {
        tcp if tcp.eq_ignore_ascii_case("TCP") => MappingProtocol::Tcp,
        udp if udp.eq_ignore_ascii_case("UDP") => MappingProtocol::Udp,
        other => MappingProtocol::Other(other),
    };
    let lease = fields.get("NewLeaseDuration").or_else(|| fields.get("NewLeaseTime"));
    let mapping = PortMapping {
        protocol,
        external_port: number("NewExternalPort")?,
        internal_client: text("NewInternalClient").ok_or(SoapError::Field("NewInternalClient"))?,
        internal_port: number("NewInternalPort")?,
        description: clean(&description),
        // Absent counts as enabled: the entry is there.
        enabled: fields.flag("NewEnabled") != Some(false),
        lease_seconds: lease.and_then(|value| value.parse().ok()).unwrap_or(0),
        remote_host: text("NewRemoteHost").filter(|host| !host.is_empty()),
        connection: 0,
    };
    Ok(Entry { mapping, damaged: fields.damaged })
}

/// The mappings in an answer to `GetListOfPortMappings` (WANIPConnection:2, 2.5.21): a document within the document,
/// in CDATA or escaped. Entries that make no sense are counted in the second value.
#[must_use]
pub fn port_listing(fields: &Fields) -> (Vec<Entry>, u32) {
    let Some(listing) = fields.get("NewPortListing") else { return (Vec::new(), 0) };
    let mut entries = Vec::new();
    let mut refused = 0;
    let mut entry = Fields::default();
    // The outcome does not matter: what was whole has been handed out, and the index knows the rest.
    let _ = xml::walk(&listing, &mut |node| match node {
        Node::Open("PortMappingEntry") => entry = Fields::default(),
        Node::Close("PortMappingEntry", _) => match port_mapping(&entry) {
            Ok(entry) if entries.len() < MAX_LISTED => entries.push(entry),
            _ => refused += 1,
        },
        Node::Close(name, text) if entry.list.len() < MAX_FIELDS => {
            entry.damaged |= is_damaged(&text.replace('&', ""));
            entry.list.push((name.to_owned(), text));
        }
        _ => {}
    });
    (entries, refused)
}

/// One line without control characters, at most [`MAX_TEXT`] characters.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests;
