//! Tests of [`super`]: messages byte by byte, right and wrong. The laws over generated ones are in `proptests/`.

use super::*;
use crate::model::snmp::{Bindings, Oid, Value};

const HEAD: Identity<'_> = Identity { version: Version::V2c, community: b"public", request_id: 0x1234_5678 };

/// An element; contents here are short.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("short");
    let header = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
    [header, content.to_vec()].concat()
}

fn message(version: u8, kind: u8, numbers: [&[u8]; 3], list: &[u8]) -> Vec<u8> {
    let numbers = numbers.iter().flat_map(|number| tlv(2, number)).collect::<Vec<_>>();
    let pdu = tlv(kind, &[numbers, tlv(0x30, list)].concat());
    tlv(0x30, &[tlv(2, &[version]), tlv(4, b"public"), pdu].concat())
}

/// A response with one binding of the name 1.3.6.1 and this value.
fn with(value: &[u8]) -> Vec<u8> {
    let binding = tlv(0x30, &[&[6, 3, 0x2b, 6, 1], value].concat());
    message(1, 0xa2, [&[7], &[0], &[0]], &binding)
}

fn value(bytes: &[u8]) -> Result<Value, &'static str> {
    let datagram = with(bytes);
    let response = Response::decode(&datagram).map_err(|error| {
        assert!(error.offset <= datagram.len());
        error.reason
    })?;
    assert_eq!(response.bindings.len(), 1);
    assert_eq!(response.bindings.get(0).map(|(name, _)| name), Some(&[1, 3, 6, 1][..]));
    Ok(response.bindings.get(0).expect("one").1.clone())
}

#[test]
fn requests_are_written_as_net_snmp_writes_them() {
    // snmpbulkget -v2c -c public -Cn1 -Cr2 … sysUpTime ifName, of net-snmp 5.9.
    let expected: &[u8] = &[
        0x30, 0x35, 0x02, 0x01, 0x01, 0x04, 0x06, b'p', b'u', b'b', b'l', b'i', b'c', 0xa5, 0x28, 0x02, 0x04, 0x12,
        0x34, 0x56, 0x78, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02, 0x30, 0x1a, 0x30, 0x0b, 0x06, 0x07, 0x2b, 0x06, 0x01,
        0x02, 0x01, 0x01, 0x03, 0x05, 0x00, 0x30, 0x0b, 0x06, 0x07, 0x2b, 0x06, 0x01, 0x02, 0x01, 0x1f, 0x01, 0x05,
        0x00,
    ];
    let names: [&[u32]; 2] = [&[1, 3, 6, 1, 2, 1, 1, 3], &[1, 3, 6, 1, 2, 1, 31, 1]];
    let mut out = vec![1, 2, 3];
    let ask = Ask::GetBulk { non_repeaters: 1, repetitions: 2 };
    encode_request(&mut out, &HEAD, ask, names.into_iter()).expect("fits");
    assert_eq!(out, expected);
}

#[test]
fn requests_that_have_no_form_are_refused() {
    let mut out = Vec::new();
    let mut try_name = |name: &[u32]| encode_request(&mut out, &HEAD, Ask::GetNext, std::iter::once(name));
    for wrong in [&[][..], &[1], &[3, 1], &[1, 40], &[2, u32::MAX], &[1; 129]] {
        assert_eq!(try_name(wrong), Err(EncodeError::Name), "{wrong:?}");
    }
    for right in [&[0, 0][..], &[2, 47, u32::MAX], &[1; 128]] {
        assert_eq!(try_name(right), Ok(()), "{right:?}");
    }
    let v1 = Identity { version: Version::V1, ..HEAD };
    let bulk = Ask::GetBulk { non_repeaters: 0, repetitions: 1 };
    assert_eq!(encode_request(&mut out, &v1, bulk, std::iter::empty()), Err(EncodeError::NoBulk));
    let long = vec![1; 128];
    let names = std::iter::repeat_n(long.as_slice(), 1000);
    assert_eq!(encode_request(&mut out, &HEAD, Ask::Get, names), Err(EncodeError::Length));
    let community = vec![b'a'; MAX_MESSAGE];
    let head = Identity { community: &community, ..HEAD };
    assert_eq!(encode_request(&mut out, &head, Ask::Get, std::iter::empty()), Err(EncodeError::Length));
}

#[test]
fn values_are_read_to_the_last_bit() {
    let table: &[(&[u8], Value)] = &[
        (&[2, 1, 0xff], Value::Integer(-1)),
        (&[2, 4, 0x80, 0, 0, 0], Value::Integer(i32::MIN)),
        (&[2, 4, 0, 0, 0, 5], Value::Integer(5)),
        (&[4, 0], Value::Octets(Vec::new())),
        (&[4, 2, 0xff, 0], Value::Octets(vec![0xff, 0])),
        (&[5, 0], Value::Null),
        (&[6, 1, 0], Value::ObjectId(Oid::new(&[0, 0]))),
        (&[6, 6, 0x2b, 0x8f, 0xff, 0xff, 0xff, 0x7f], Value::ObjectId(Oid::new(&[1, 3, u32::MAX]))),
        (&[6, 2, 0x88, 0x37], Value::ObjectId(Oid::new(&[2, 999]))),
        (&[0x40, 4, 192, 0, 2, 1], Value::IpAddress([192, 0, 2, 1])),
        (&[0x41, 5, 0, 0xff, 0xff, 0xff, 0xff], Value::Counter32(u32::MAX)),
        (&[0x41, 4, 0xff, 0xff, 0xff, 0xff], Value::Counter32(u32::MAX)),
        (&[0x42, 1, 0], Value::Gauge32(0)),
        (&[0x47, 1, 7], Value::Gauge32(7)),
        (&[0x43, 3, 1, 0, 0], Value::TimeTicks(65_536)),
        (&[0x44, 2, 1, 2], Value::Opaque(vec![1, 2])),
        (&[0x45, 1, 9], Value::Opaque(vec![9])),
        (&[0x46, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255], Value::Counter64(u64::MAX)),
        (&[0x46, 8, 255, 255, 255, 255, 255, 255, 255, 255], Value::Counter64(u64::MAX)),
        (&[0x46, 0x82, 0, 1, 3], Value::Counter64(3)),
        (&[0x80, 0], Value::NoSuchObject),
        (&[0x81, 0], Value::NoSuchInstance),
        (&[0x82, 0], Value::EndOfMibView),
    ];
    for (bytes, expected) in table {
        assert_eq!(value(bytes), Ok(expected.clone()), "{bytes:02x?}");
    }
}

#[test]
fn what_is_not_quite_a_value_is_none() {
    let table: &[(&[u8], &str)] = &[
        (&[0x46, 0], "a number of no bytes"),
        (&[2, 0], "a number of no bytes"),
        (&[0x41, 0], "a number of no bytes"),
        (&[2, 5, 0, 0, 0, 0, 1], "a number beyond 32 bits"),
        (&[0x41, 5, 1, 0, 0, 0, 0], "a number of too many bytes"),
        (&[0x46, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0], "a number of too many bytes"),
        (&[0x46, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "a number of too many bytes"),
        (&[0x41, 1, 0xff], "a negative number where none can be"),
        (&[0x46, 4, 0xff, 0, 0, 0], "a negative number where none can be"),
        (&[0x40, 3, 1, 2, 3], "an IpAddress is four bytes"),
        (&[5, 1, 0], "bytes behind its end"),
        (&[0x82, 1, 0], "bytes behind its end"),
        (&[6, 0], "an object identifier of no bytes"),
        (&[6, 2, 0x2b, 0x86], "an arc without an end"),
        (&[6, 3, 0x2b, 0x80, 1], "an arc with zeros in front"),
        (&[6, 6, 0x2b, 0x90, 0x80, 0x80, 0x80, 0], "an arc beyond 32 bits"),
        (&[0x1f, 1, 0], "a tag of several bytes"),
        (&[0x24, 2, 4, 0], "not a value"),
        (&[2, 0x80, 1, 0, 0], "an indefinite length"),
        (&[2, 0x85, 0, 0, 0, 0, 1, 1], "a length beyond any message"),
        (&[4, 0x84, 0xff, 0xff, 0xff, 0xff], "longer than what holds it"),
        (&[4, 3, 1], "longer than what holds it"),
        (&[4], "cut off"),
        (&[], "cut off"),
        (&[2, 1, 1, 5, 0], "bytes behind its end"),
    ];
    for (bytes, reason) in table {
        assert_eq!(value(bytes), Err(*reason), "{bytes:02x?}");
    }
    let long = [vec![6, 0x81, 141, 0x2b], vec![7; 140]].concat();
    assert_eq!(value(&long), Err("more than 128 arcs"));
}

#[test]
fn an_error_names_its_place() {
    let good = with(&[0x46, 1, 5]);
    let error = Response::decode(&with(&[0x46, 0])).expect_err("an empty Counter64");
    assert_eq!(error.to_string(), format!("SNMP value at byte {}: a number of no bytes", good.len() - 1));
    let whole = |datagram: &[u8]| Response::decode(datagram).map(|_| ()).map_err(|error| (error.layer, error.reason));
    assert_eq!(whole(&[good.clone(), vec![0]].concat()), Err(("message", "bytes behind its end")));
    assert_eq!(whole(&message(3, 0xa2, [&[7], &[0], &[0]], &[])), Err(("message", "neither SNMPv1 nor SNMPv2c")));
    // A trap of version 1 and a request of another manager.
    for kind in [0xa4, 0xa1] {
        assert_eq!(whole(&message(0, kind, [&[7], &[0], &[0]], &[])), Err(("message", "not a response")));
    }
    assert_eq!(whole(&message(1, 0xa2, [&[7], &[0], &[0xff]], &[])), Err(("PDU", "a negative error-index")));
    assert_eq!(
        whole(&message(1, 0xa2, [&[7], &[0], &[0]], &[5, 0])),
        Err(("binding list", "a binding is no SEQUENCE"))
    );
    for cut in 0..good.len() {
        assert!(Response::decode(&good[..cut]).is_err(), "cut after {cut}");
    }
}

#[test]
fn errors_of_agents_come_without_their_bindings() {
    // tooBig of version 1 with the names of the request; the values of a genErr may be anything.
    let datagram = message(0, 0xa2, [&[7], &[5], &[2]], &[0x30, 1, 0xff]);
    let response = Response::decode(&datagram).expect("a response");
    assert_eq!((response.status, response.index, response.bindings), (5, 2, Bindings::default()));
    assert_eq!(response.identity, Identity { version: Version::V1, community: b"public", request_id: 7 });
}

#[test]
fn a_spoiled_response_is_still_known() {
    let good = with(&[0x46, 1, 5]);
    let own = Some(Identity { version: Version::V2c, community: &b"public"[..], request_id: 7 });
    assert_eq!(identity(&good), own);
    assert_eq!(identity(&good[..good.len() - 9]), own, "cut off");
    assert_eq!(identity(&with(&[0x46, 0])), own);
    assert_eq!(identity(&good[..10]), None);
    assert_eq!(identity(&message(0, 0xa4, [&[7], &[0], &[0]], &[])), None, "a trap");
    assert_eq!(identity(&[0x30, 0x80].repeat(9000)), None);
}
