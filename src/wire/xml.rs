//! Walks XML of the kind that routers and televisions send: elements and their text, whatever is broken around them.
//! Knows no vocabulary (`description` and `soap` do), resolves no external entity, and builds no tree.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};
use std::borrow::Cow;

/// Elements open at once. Real descriptions reach 9; a hostile one of 512 KiB could reach 170,000.
pub const MAX_DEPTH: usize = 64;
/// Elements looked at in one document: ten times the largest description known.
pub const MAX_ELEMENTS: usize = 20_000;
/// Bytes kept of one element's text. The longest that we need is a list of port mappings (4,096 × about 500 bytes would
/// be 2 MiB, but no body is larger than 512 KiB).
pub const MAX_TEXT: usize = 512 * 1024;

/// Why the walk ended before the end of the document. What came before it has been handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XmlError {
    /// A document type declaration: UPnP has none, entity bombs need one.
    Doctype,
    /// Deeper than [`MAX_DEPTH`].
    TooDeep,
    /// More than [`MAX_ELEMENTS`].
    TooMany,
    /// Not XML from this byte on.
    Syntax(u64),
    /// The text ended with elements open.
    Truncated,
}

/// What the walk meets. Names are without prefix.
#[derive(Debug, PartialEq, Eq)]
pub enum Node<'a> {
    /// A start tag.
    Open(&'a str),
    /// The end of the element opened last, with its own text (that of its children excluded), not trimmed.
    Close(&'a str, String),
    /// The same of an element that has no end tag of its own: an outer one, or the end of the document, closed it.
    Torn(&'a str, String),
}

/// Bytes to text: UTF-8 with or without BOM, UTF-16 with BOM; what is neither becomes U+FFFD.
#[must_use]
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let utf16 = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect::<Vec<_>>();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        _ => String::from_utf8_lossy(bytes),
    }
}

struct Open<'a> {
    name: &'a str,
    text: String,
}

/// Walks `text` and hands every element to `visit`. A stray end tag is skipped; an end tag that names an outer element
/// closes those within. Lone `&` and unknown entities stand for themselves.
///
/// # Errors
/// See [`XmlError`]; the elements that were open are closed for `visit` first.
pub fn walk<'a>(text: &'a str, visit: &mut dyn FnMut(Node<'a>)) -> Result<(), XmlError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut open: Vec<Open<'a>> = Vec::new();
    let outcome = walk_events(text, &mut open, visit);
    let truncated = outcome.is_ok() && !open.is_empty();
    while let Some(Open { name, text }) = open.pop() {
        visit(Node::Torn(name, text));
    }
    if truncated { Err(XmlError::Truncated) } else { outcome }
}

fn walk_events<'a>(text: &'a str, open: &mut Vec<Open<'a>>, visit: &mut dyn FnMut(Node<'a>)) -> Result<(), XmlError> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    let mut elements = 0_usize;
    loop {
        let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event().map_err(|_| XmlError::Syntax(reader.error_position()))?;
        match event {
            Event::Start(_) | Event::Empty(_) => {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return Err(XmlError::TooMany);
                }
                let name = name_at(text, before + 1);
                visit(Node::Open(name));
                if matches!(event, Event::Empty(_)) {
                    visit(Node::Close(name, String::new()));
                } else if open.len() >= MAX_DEPTH {
                    return Err(XmlError::TooDeep);
                } else {
                    open.push(Open { name, text: String::new() });
                }
            }
            Event::End(_) => {
                let name = name_at(text, before + 2);
                if open.iter().any(|o| o.name == name) {
                    while let Some(Open { name: inner, text }) = open.pop() {
                        if inner == name {
                            visit(Node::Close(inner, text));
                            break;
                        }
                        visit(Node::Torn(inner, text));
                    }
                }
            }
            Event::Text(part) => append(open, &part.xml10_content()),
            Event::CData(part) => append(open, &part.xml10_content()),
            Event::GeneralRef(entity) => append(open, &resolve(&entity)),
            Event::DocType(_) => return Err(XmlError::Doctype),
            Event::Eof => return Ok(()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

fn append(open: &mut [Open<'_>], part: &str) {
    if let Some(Open { text, .. }) = open.last_mut()
        && text.len() + part.len() <= MAX_TEXT
    {
        text.push_str(part);
    }
}

/// The local name that begins at `start`. Taken from the document, whose life the nodes share, and not from the event.
fn name_at(text: &str, start: usize) -> &str {
    let rest = text.get(start..).unwrap_or("");
    let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(rest.len());
    let name = &rest[..end];
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn resolve(entity: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = entity.resolve_char_ref() {
        return character.into();
    }
    let name: &str = entity;
    entity_value(name).map_or_else(|| format!("&{name};"), String::from)
}

/// The five entities that XML itself defines (XML 1.0, 4.6).
fn entity_value(name: &str) -> Option<&'static str> {
    Some(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    })
}

/// Replaces character and predefined entity references in a text that was cut out of broken XML.
#[must_use]
pub fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // The longest reference that means anything is `&#x10FFFF;`.
        let end = rest.bytes().take(12).position(|b| b == b';');
        match end.and_then(|end| reference(&rest[1..end]).map(|value| (end, value))) {
            Some((end, value)) => {
                out.push(value);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn reference(name: &str) -> Option<char> {
    let number = name.strip_prefix('#').and_then(|n| match n.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => n.parse().ok(),
    });
    number.and_then(char::from_u32).or_else(|| entity_value(name)?.chars().next())
}

/// Writes `text` so that it can stand in an element.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    quick_xml::escape::escape(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(text: &str) -> (Vec<(String, String)>, Result<(), XmlError>) {
        let mut out = Vec::new();
        let outcome = walk(text, &mut |node| {
            if let Node::Close(name, text) | Node::Torn(name, text) = node {
                out.push((name.to_owned(), text));
            }
        });
        (out, outcome)
    }

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)], outcome: Result<(), XmlError>) {
        let (found, result) = leaves(text);
        let found = found.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect::<Vec<_>>();
        assert_eq!((found.as_slice(), result), (expected, outcome), "{text}");
    }

    #[test]
    fn broken_documents_give_what_is_in_them() {
        check("<a>x</a>", &[("a", "x")], Ok(()));
        check("<u:a xmlns:u='q'>x &amp; y</u:a >", &[("a", "x & y")], Ok(()));
        check("<a>Sync & Share</a>", &[("a", "Sync & Share")], Ok(()));
        check("<a>A&B; &#65; &bogus;&</a>", &[("a", "A&B; A &bogus;&")], Ok(()));
        check("<a><![CDATA[<b>]]></a>", &[("a", "<b>")], Ok(()));
        check("<a><b/>x<c>y</c>z</a>", &[("b", ""), ("c", "y"), ("a", "xz")], Ok(()));
        check("<a><b>x</a>", &[("b", "x"), ("a", "")], Ok(()));
        check("<a>x</b></a>", &[("a", "x")], Ok(()));
        check("<a><b>x", &[("b", "x"), ("a", "")], Err(XmlError::Truncated));
        check("<a>x</a><b", &[("a", "x")], Err(XmlError::Syntax(8)));
        check("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", &[], Err(XmlError::Doctype));
        check("", &[], Ok(()));
    }

    #[test]
    fn depth_and_number_are_capped() {
        let deep = "<a>".repeat(1_000_000);
        assert_eq!(leaves(&deep).1, Err(XmlError::TooDeep));
        let many = "<a/>".repeat(MAX_ELEMENTS + 1);
        let (found, outcome) = leaves(&many);
        assert_eq!((found.len(), outcome), (MAX_ELEMENTS, Err(XmlError::TooMany)));
    }

    #[test]
    fn encodings() {
        assert_eq!(decode(b"\xef\xbb\xbf<a/>"), "<a/>");
        assert_eq!(decode(b"\xff\xfe<\0a\0"), "<a");
        assert_eq!(decode(b"\xfe\xff\0<\0a"), "<a");
        assert_eq!(decode(b"<a>\xff</a>"), "<a>\u{fffd}</a>");
    }

    #[test]
    fn references_in_cut_text() {
        assert_eq!(unescape("a &amp; b &lt;c&#x3e; & d &nope; &#1114112;&"), "a & b <c> & d &nope; &#1114112;&");
    }
}
