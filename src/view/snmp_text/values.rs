//! Values and indexes as snmp_exporter shows them, each appended to a text without a copy on the way. Knows no labels.

use crate::mib::IndexSyntax;
use crate::model::snmp::Value;
use crate::view::sink::Digits;
use std::io::Write as _;
use std::net::IpAddr;

/// Counter64 is exported modulo this, as snmp_exporter does it: a float64 counts no further without holes, and `rate()`
/// takes the wrap for the reset of a counter.
const WRAP: u64 = 1 << 53;

/// The value as a number, if it is one.
#[inline]
pub(super) fn number(value: &Value) -> Option<i64> {
    match *value {
        Value::Counter32(number) | Value::Gauge32(number) | Value::TimeTicks(number) => Some(number.into()),
        Value::Counter64(number) => Some((number % WRAP) as i64),
        Value::Integer(number) => Some(number.into()),
        _ => None,
    }
}

/// The name of the number, or the number.
pub(super) fn enum_text(names: &[(u32, &str)], value: &Value, out: &mut Vec<u8>) {
    let Some(number) = value.as_u32() else { return };
    match names.binary_search_by_key(&number, |&(number, _)| number) {
        Ok(at) => out.extend_from_slice(names[at].1.as_bytes()),
        Err(_) => Digits::of(number.into()).append(out),
    }
}

/// As text; what is not UTF-8 is replaced.
pub(super) fn text(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Octets(bytes) | Value::Opaque(bytes) => {
            out.extend_from_slice(String::from_utf8_lossy(bytes).as_bytes());
        }
        other => octets(other, out),
    }
}

/// Bytes in hexadecimal, everything else as it is written.
pub(super) fn octets(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Octets(bytes) | Value::Opaque(bytes) if bytes.is_empty() => {}
        Value::Octets(bytes) | Value::Opaque(bytes) => {
            out.extend_from_slice(b"0x");
            bytes.iter().for_each(|byte| hex(*byte, out));
        }
        Value::ObjectId(oid) => arcs_text(oid.arcs(), out),
        Value::IpAddress(ip) => ip_text(IpAddr::from(*ip), out),
        other => number(other).into_iter().for_each(|number| Digits::signed(number).append(out)),
    }
}

/// Six bytes: shorter addresses are filled up with zeros and longer ones cut, as snmp_exporter does it.
pub(super) fn phys_address(bytes: &[u8], out: &mut Vec<u8>) {
    for place in 0..6 {
        if place > 0 {
            out.push(b':');
        }
        hex(bytes.get(place).copied().unwrap_or(0), out);
    }
}

fn hex(byte: u8, out: &mut Vec<u8>) {
    let digit = |nibble: u8| b"0123456789ABCDEF"[usize::from(nibble)];
    out.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
}

/// Numbers with dots between.
pub(super) fn arcs_text(arcs: &[u32], out: &mut Vec<u8>) {
    for (place, arc) in arcs.iter().enumerate() {
        if place > 0 {
            out.push(b'.');
        }
        match u8::try_from(*arc) {
            Ok(digit @ 0..=9) => out.push(b'0' + digit),
            _ => Digits::of((*arc).into()).append(out),
        }
    }
}

fn ip_text(ip: IpAddr, out: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = write!(out, "{ip}");
}

/// Appends one part of an index, and gives the arcs after it. Arcs that do not fit the syntax are shown as they are.
pub(super) fn index_text<'a>(syntax: IndexSyntax, arcs: &'a [u32], out: &mut Vec<u8>) -> &'a [u32] {
    let bytes = |arcs: &[u32]| arcs.iter().map(|&arc| u8::try_from(arc).ok()).collect::<Option<Vec<u8>>>();
    let fitting = match syntax {
        IndexSyntax::Number => arcs.split_first().map(|(arc, rest)| {
            Digits::of((*arc).into()).append(out);
            rest
        }),
        IndexSyntax::PhysAddress => arcs.split_at_checked(6).and_then(|(arcs, rest)| {
            phys_address(&bytes(arcs)?, out);
            Some(rest)
        }),
        IndexSyntax::IpAddress => arcs.split_at_checked(4).and_then(|(arcs, rest)| {
            ip_text(inet_address(&bytes(arcs)?)?, out);
            Some(rest)
        }),
        IndexSyntax::InetAddress => match arcs {
            [_, length, rest @ ..] => usize::try_from(*length)
                .ok()
                .and_then(|length| rest.split_at_checked(length))
                .and_then(|(arcs, rest)| {
                    ip_text(inet_address(&bytes(arcs)?)?, out);
                    Some(rest)
                }),
            _ => None,
        },
    };
    fitting.unwrap_or_else(|| {
        arcs_text(arcs, out);
        &[]
    })
}

/// An IPv4 or IPv6 address by its length (RFC 4001); a zone number of four bytes more is left out.
fn inet_address(bytes: &[u8]) -> Option<IpAddr> {
    Some(match bytes {
        [a, b, c, d] | [a, b, c, d, _, _, _, _] => [*a, *b, *c, *d].into(),
        [ip @ .., _, _, _, _] if ip.len() == 16 => <[u8; 16]>::try_from(ip).ok()?.into(),
        ip => <[u8; 16]>::try_from(ip).ok()?.into(),
    })
}
