//! SNMPv2c on the wire for the tests, written apart from the client library so that a mistake cannot cancel itself out,
//! and able to write what must not be written.

use crate::model::snmp::{Oid, Value, VarBind};

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) community: Vec<u8>,
    pub(super) id: Vec<u8>,
    /// `None`: GETNEXT.
    pub(super) repetitions: Option<u32>,
    pub(super) oids: Vec<Oid>,
}

/// A tag, its content, and what follows.
fn read(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&short, rest) = rest.split_first()?;
    let (length, rest) = if short < 0x80 {
        (usize::from(short), rest)
    } else {
        let (length, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
        (length.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte))
}

pub(super) fn parse(datagram: &[u8]) -> Option<Asked> {
    let (_, message, _) = read(datagram)?;
    let (_, version, rest) = read(message)?;
    assert_eq!(version, [1], "SNMPv2c");
    let (_, community, rest) = read(rest)?;
    let (kind, pdu, _) = read(rest)?;
    let (_, id, rest) = read(pdu)?;
    let (_, first, rest) = read(rest)?;
    let (_, second, rest) = read(rest)?;
    let (_, mut list, _) = read(rest)?;
    let mut oids = Vec::new();
    while let Some((_, binding, rest)) = read(list) {
        oids.push(arcs(read(binding)?.1));
        list = rest;
    }
    let repetitions = (kind == 0xa5).then(|| number(second));
    assert!(kind == 0xa1 || (kind == 0xa5 && number(first) == 1), "GETNEXT, or GETBULK with one non-repeater");
    Some(Asked { community: community.to_vec(), id: id.to_vec(), repetitions, oids })
}

fn arcs(bytes: &[u8]) -> Oid {
    let mut arcs = vec![1, 3];
    let mut arc = 0;
    for &byte in &bytes[1..] {
        arc = arc << 7 | u32::from(byte & 0x7f);
        if byte < 0x80 {
            arcs.push(std::mem::take(&mut arc));
        }
    }
    Oid::new(&arcs)
}

pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match content.len() {
        short @ 0..0x80 => bytes.push(u8::try_from(short).expect("short")),
        long => {
            bytes.push(0x82);
            bytes.extend(u16::try_from(long).expect("a datagram").to_be_bytes());
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// INTEGER and its kin: the fewest bytes that keep the sign.
fn integer(tag: u8, number: i128) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let spare = |at: usize| {
        let negative = bytes[at + 1] >= 0x80;
        (bytes[at] == 0 && !negative) || (bytes[at] == 0xff && negative)
    };
    let start = (0..15).take_while(|&at| spare(at)).count();
    tlv(tag, &bytes[start..])
}

fn oid(oid: &Oid) -> Vec<u8> {
    let mut bytes = Vec::new();
    let rest = oid.arcs().get(2..).unwrap_or_default();
    for arc in std::iter::once(40 * oid.arcs()[0] + oid.arcs().get(1).copied().unwrap_or(0)).chain(rest.iter().copied())
    {
        let groups = (1..5).take_while(|&group| arc >> (7 * group) > 0).count();
        for group in (0..=groups).rev() {
            let more = if group > 0 { 0x80 } else { 0 };
            bytes.push(u8::try_from(arc >> (7 * group) & 0x7f).expect("seven bits") | more);
        }
    }
    tlv(6, &bytes)
}

fn value(value: &Value) -> Vec<u8> {
    match value {
        Value::Integer(number) => integer(2, i128::from(*number)),
        Value::Octets(bytes) => tlv(4, bytes),
        Value::Null => tlv(5, &[]),
        Value::ObjectId(name) => oid(name),
        Value::IpAddress(bytes) => tlv(0x40, bytes),
        Value::Counter32(number) => integer(0x41, i128::from(*number)),
        Value::Gauge32(number) => integer(0x42, i128::from(*number)),
        Value::TimeTicks(number) => integer(0x43, i128::from(*number)),
        // Any bytes under Counter64's tag: how the tests write a value that is not one.
        Value::Opaque(bytes) => tlv(0x46, bytes),
        Value::Counter64(number) => integer(0x46, i128::from(*number)),
        Value::NoSuchObject => tlv(0x80, &[]),
        Value::NoSuchInstance => tlv(0x81, &[]),
        Value::EndOfMibView => tlv(0x82, &[]),
    }
}

/// An answer to `asked`, well formed if the bindings are.
pub(super) fn answer(asked: &Asked, status: i32, bindings: &[VarBind]) -> Vec<u8> {
    let list = bindings.iter().flat_map(|binding| tlv(0x30, &[oid(&binding.oid), value(&binding.value)].concat()));
    let list = tlv(0x30, &list.collect::<Vec<_>>());
    let pdu = [tlv(2, &asked.id), integer(2, i128::from(status)), integer(2, 0), list].concat();
    tlv(0x30, &[integer(2, 1), tlv(4, &asked.community), tlv(0xa2, &pdu)].concat())
}
