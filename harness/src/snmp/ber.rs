//! The Basic Encoding Rules as far as SNMP needs them (RFC 3417, 8; X.690): definite lengths, one-byte tags. Total on
//! any bytes. Knows no table.

use super::table::{Oid, Value};
use std::ops::Range;

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const NULL: u8 = 0x05;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// RFC 3416, 2: an identifier has at most 128 parts.
const MAX_ARCS: usize = 128;
/// Variables of one request that are looked at.
const MAX_VARIABLES: usize = 512;

/// Protocol data units (RFC 3416, 3).
pub mod pdu {
    /// GetRequest.
    pub const GET: u8 = 0xa0;
    /// GetNextRequest.
    pub const GET_NEXT: u8 = 0xa1;
    /// Response.
    pub const RESPONSE: u8 = 0xa2;
    /// GetBulkRequest.
    pub const GET_BULK: u8 = 0xa5;
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// 0 for SNMPv1, 1 for SNMPv2c (RFC 1901, 3).
    pub version: i64,
    /// Community.
    pub community: Vec<u8>,
    /// One of [`pdu`].
    pub kind: u8,
    /// Request id.
    pub id: i64,
    /// Non-repeaters of a GetBulkRequest.
    pub non_repeaters: i64,
    /// Max-repetitions of a GetBulkRequest.
    pub max_repetitions: i64,
    /// The objects asked for.
    pub oids: Vec<Oid>,
}

/// A response without its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// As in the request.
    pub version: i64,
    /// As in the request.
    pub community: Vec<u8>,
    /// As in the request.
    pub id: i64,
    /// Error status (RFC 3416, 3).
    pub status: i64,
    /// Which variable is to blame, from 1.
    pub index: i64,
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The next element: tag and content.
    fn element(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let count = usize::from(first & 0x7f);
            if !(1..=4).contains(&count) {
                return None;
            }
            let (bytes, rest) = rest.split_at_checked(count)?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    fn expect(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.element().filter(|(tag, _)| *tag == wanted).map(|(_, content)| content)
    }

    fn integer(&mut self) -> Option<i64> {
        let content = self.expect(INTEGER)?;
        let negative = content.first()? & 0x80 != 0;
        (content.len() <= 8)
            .then(|| content.iter().fold(if negative { -1 } else { 0 }, |value, byte| value << 8 | i64::from(*byte)))
    }
}

/// Reads a request.
#[must_use]
pub fn decode(datagram: &[u8]) -> Option<Request> {
    let mut message = Reader(Reader(datagram).expect(SEQUENCE)?);
    let version = message.integer()?;
    let community = message.expect(OCTETS)?.to_vec();
    let (kind, content) = message.element()?;
    let mut body = Reader(content);
    let (id, non_repeaters, max_repetitions) = (body.integer()?, body.integer()?, body.integer()?);
    let mut list = Reader(body.expect(SEQUENCE)?);
    let mut oids = Vec::new();
    while !list.0.is_empty() {
        let mut variable = Reader(list.expect(SEQUENCE)?);
        oids.push(oid(variable.expect(OID)?)?);
        variable.element()?;
        if oids.len() > MAX_VARIABLES {
            return None;
        }
    }
    Some(Request { version, community, kind, id, non_repeaters, max_repetitions, oids })
}

fn oid(content: &[u8]) -> Option<Oid> {
    let mut arcs: Oid = Vec::with_capacity(content.len() + 1);
    let mut value = 0_u32;
    let mut open = false;
    for byte in content {
        value = value.checked_mul(128)?.checked_add(u32::from(byte & 0x7f))?;
        open = byte & 0x80 != 0;
        if open {
            continue;
        }
        if arcs.is_empty() {
            // X.690, 8.19.4: the first two parts share a number.
            let first = (value / 40).min(2);
            arcs.extend([first, value - 40 * first]);
        } else {
            arcs.push(value);
        }
        value = 0;
        if arcs.len() > MAX_ARCS {
            return None;
        }
    }
    (!open && !arcs.is_empty()).then_some(arcs)
}

fn put(into: &mut Vec<u8>, tag: u8, content: &[u8]) {
    into.push(tag);
    put_length(into, content.len());
    into.extend_from_slice(content);
}

fn put_length(into: &mut Vec<u8>, length: usize) {
    match length {
        0..=0x7f => into.push(length as u8),
        0x80..=0xff => into.extend([0x81, length as u8]),
        0x100..=0xffff => into.extend([0x82, (length >> 8) as u8, length as u8]),
        _ => into.extend([0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8]),
    }
}

/// The shortest two's complement form.
fn put_signed(into: &mut Vec<u8>, value: i64) {
    let bytes = value.to_be_bytes();
    let redundant = |i: &usize| {
        let next = bytes[i + 1] & 0x80;
        (bytes[*i] == 0 && next == 0) || (bytes[*i] == 0xff && next != 0)
    };
    let skip = (0..7).take_while(redundant).count();
    put(into, INTEGER, &bytes[skip..]);
}

/// The shortest unsigned form with a zero in front where the first bit is set.
fn put_unsigned(into: &mut Vec<u8>, tag: u8, value: u64) {
    // Nine bytes, so that there is room for the zero.
    let bytes = (u128::from(value) << 56).to_be_bytes();
    let bytes = &bytes[..9];
    let used = 8 - value.leading_zeros() as usize / 8;
    let content = &bytes[9 - used.max(1)..];
    let sign = usize::from(content[0] & 0x80 != 0);
    put(into, tag, &bytes[9 - used.max(1) - sign..]);
}

fn put_oid(into: &mut Vec<u8>, oid: &[u32]) {
    let first = oid.first().copied().unwrap_or(0).wrapping_mul(40).wrapping_add(oid.get(1).copied().unwrap_or(0));
    into.extend([OID, 0]);
    let start = into.len();
    for arc in std::iter::once(first).chain(oid.iter().skip(2).copied()) {
        if arc < 0x80 {
            into.push(arc as u8);
            continue;
        }
        let groups = (32 - arc.leading_zeros()).div_ceil(7);
        for group in (0..groups).rev() {
            let more = if group > 0 { 0x80 } else { 0 };
            into.push((arc >> (7 * group)) as u8 & 0x7f | more);
        }
    }
    close(into, start);
}

/// Writes the length of what begins at `start`, for which one byte has been left free.
fn close(into: &mut Vec<u8>, start: usize) {
    let length = into.len() - start;
    if length < 0x80 {
        into[start - 1] = length as u8;
        return;
    }
    let mut long = Vec::with_capacity(4);
    put_length(&mut long, length);
    into.splice(start - 1..start, long);
}

/// What is not known before the agent answers ([`Value::Uptime`], live counters) is not a thing of the wire: it is
/// written as Null.
fn put_value(into: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Integer(n) => put_signed(into, *n),
        Value::Octets(bytes) => put(into, OCTETS, bytes),
        Value::Oid(oid) => put_oid(into, oid),
        Value::Ip(ip) => put(into, 0x40, &ip.octets()),
        Value::Counter32(n) => put_unsigned(into, 0x41, u64::from(*n)),
        Value::Gauge32(n) => put_unsigned(into, 0x42, u64::from(*n)),
        Value::TimeTicks(n) => put_unsigned(into, 0x43, u64::from(*n)),
        Value::Opaque(bytes) => put(into, 0x44, bytes),
        Value::Raw(tag, bytes) => put(into, *tag, bytes),
        Value::Counter64(n) => put_unsigned(into, 0x46, *n),
        Value::NoSuchObject => put(into, 0x80, &[]),
        Value::NoSuchInstance => put(into, 0x81, &[]),
        Value::EndOfMibView => put(into, 0x82, &[]),
        Value::Null
        | Value::Uptime(_)
        | Value::Live32(_)
        | Value::Live64(_)
        | Value::OwnName
        | Value::OwnMac(_)
        | Value::Requests => put(into, NULL, &[]),
    }
}

/// Adds one variable to a list of them.
pub fn put_variable(list: &mut Vec<u8>, oid: &[u32], value: &Value) {
    list.extend([SEQUENCE, 0]);
    let start = list.len();
    put_oid(list, oid);
    put_value(list, value);
    close(list, start);
}

/// Writes a response around a list of variables.
#[must_use]
pub fn encode(response: &Response, list: &[u8]) -> Vec<u8> {
    let numbers = [response.id, response.status, response.index];
    message(response.version, &response.community, pdu::RESPONSE, numbers, list)
}

fn message(version: i64, community: &[u8], kind: u8, numbers: [i64; 3], list: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(list.len() + 40);
    for number in numbers {
        put_signed(&mut body, number);
    }
    put(&mut body, SEQUENCE, list);
    let mut content = Vec::with_capacity(body.len() + community.len() + 16);
    put_signed(&mut content, version);
    put(&mut content, OCTETS, community);
    put(&mut content, kind, &body);
    let mut message = Vec::with_capacity(content.len() + 8);
    put(&mut message, SEQUENCE, &content);
    message
}

/// Where the community and the request id stand in a message, without their tags and lengths: community, id.
#[must_use]
pub fn places(datagram: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
    let whole = Reader(datagram).expect(SEQUENCE)?;
    let mut message = Reader(whole);
    message.integer()?;
    let community = message.expect(OCTETS)?;
    let mut body = Reader(message.element()?.1);
    let id = body.expect(INTEGER)?;
    // Both are parts of the datagram.
    let place = |part: &[u8]| {
        let start = part.as_ptr().addr() - datagram.as_ptr().addr();
        start..start + part.len()
    };
    Some((place(community), place(id)))
}

/// Writes a request, for clients in tests.
#[must_use]
pub fn encode_request(request: &Request) -> Vec<u8> {
    let mut list = Vec::new();
    for oid in &request.oids {
        put_variable(&mut list, oid, &Value::Null);
    }
    let numbers = [request.id, request.non_repeaters, request.max_repetitions];
    message(request.version, &request.community, request.kind, numbers, &list)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A GETBULK as net-snmp 5.9 sends it: `snmpbulkget -v2c -c public -Cn1 -Cr2 … sysUpTime ifName`.
    const BULK: &[u8] = &[
        0x30, 0x35, 0x02, 0x01, 0x01, 0x04, 0x06, b'p', b'u', b'b', b'l', b'i', b'c', 0xa5, 0x28, 0x02, 0x04, 0x12,
        0x34, 0x56, 0x78, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02, 0x30, 0x1a, 0x30, 0x0b, 0x06, 0x07, 0x2b, 0x06, 0x01,
        0x02, 0x01, 0x01, 0x03, 0x05, 0x00, 0x30, 0x0b, 0x06, 0x07, 0x2b, 0x06, 0x01, 0x02, 0x01, 0x1f, 0x01, 0x05,
        0x00,
    ];

    #[test]
    fn reads_a_request_and_writes_it_again() {
        let request = decode(BULK).expect("a request");
        assert_eq!(
            (request.kind, request.id, request.non_repeaters, request.max_repetitions),
            (0xa5, 0x1234_5678, 1, 2)
        );
        assert_eq!(request.oids, [vec![1, 3, 6, 1, 2, 1, 1, 3], vec![1, 3, 6, 1, 2, 1, 31, 1]]);
        assert_eq!(encode_request(&request), BULK);
    }

    #[test]
    fn any_prefix_and_any_flip_is_survived() {
        assert!((0..BULK.len()).all(|n| decode(&BULK[..n]).is_none()));
        for at in 0..BULK.len() {
            for bit in 0..8 {
                let mut bytes = BULK.to_vec();
                bytes[at] ^= 1 << bit;
                let _ = decode(&bytes);
            }
        }
    }

    #[test]
    fn numbers_take_their_shortest_form() {
        let content = |value: Value| {
            let mut list = Vec::new();
            put_variable(&mut list, &[1, 3], &value);
            list[5..].to_vec()
        };
        assert_eq!(content(Value::Integer(0)), [2, 1, 0]);
        assert_eq!(content(Value::Integer(-1)), [2, 1, 0xff]);
        assert_eq!(content(Value::Integer(128)), [2, 2, 0, 0x80]);
        assert_eq!(content(Value::Integer(-129)), [2, 2, 0xff, 0x7f]);
        assert_eq!(content(Value::Counter64(u64::MAX)), [0x46, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
        assert_eq!(content(Value::Counter32(0)), [0x41, 1, 0]);
        assert_eq!(content(Value::Gauge32(0x80)), [0x42, 2, 0, 0x80]);
        assert_eq!(content(Value::TimeTicks(0x0102_0304)), [0x43, 4, 1, 2, 3, 4]);
        assert_eq!(
            content(Value::Oid(vec![1, 3, 6, 1, 4, 1, 8072, u32::MAX])),
            [6, 12, 0x2b, 6, 1, 4, 1, 0xbf, 0x08, 0x8f, 0xff, 0xff, 0xff, 0x7f]
        );
    }

    #[test]
    fn long_parts_have_long_lengths() {
        let mut list = Vec::new();
        put_variable(&mut list, &[1, 3], &Value::Octets(vec![7; 300]));
        assert_eq!(list[..4], [0x30, 0x82, 1, 0x33]);
        assert_eq!(list[4..11], [6, 1, 0x2b, 4, 0x82, 1, 0x2c]);
        assert_eq!(list.len(), 4 + 0x133);
        list.clear();
        let long = [&[1, 3][..], &[u32::MAX; 140]].concat();
        put_variable(&mut list, &long, &Value::Null);
        assert_eq!(list[..8], [0x30, 0x82, 2, 0xc3, 6, 0x82, 2, 0xbd], "140 arcs of five bytes and one more");
    }

    #[test]
    fn places_are_found() {
        let (community, id) = places(BULK).expect("a message");
        assert_eq!((&BULK[community], &BULK[id]), (&b"public"[..], &[0x12, 0x34, 0x56, 0x78][..]));
        assert_eq!(places(&BULK[..20]), None);
    }
}
