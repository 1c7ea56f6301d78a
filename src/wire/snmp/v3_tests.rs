//! Tests of SNMPv3's frame: messages byte by byte. That others read it, the tests against real agents show.

use super::*;
use crate::model::snmp::Value;

const ENGINE: &[u8] = &[0x80, 0, 0x1f, 0x88, 4, 1];
const MAC: [u8; 12] = [0; 12];

/// A plain message with a GETNEXT of 1.3.6.1 in it, as RFC 3412 and RFC 3414 lay it out.
#[rustfmt::skip]
const REQUEST: &[u8] = &[
    0x30, 0x5d, 2, 1, 3,
    0x30, 0x0f, 2, 2, 0x12, 0x34, 2, 3, 0, 0xff, 0xe3, 4, 1, AUTH | REPORTABLE, 2, 1, 3,
    4, 0x24, 0x30, 0x22, 4, 6, 0x80, 0, 0x1f, 0x88, 4, 1, 2, 1, 7, 2, 2, 1, 0, 4, 1, b'u',
        4, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0,
    0x30, 0x21, 4, 6, 0x80, 0, 0x1f, 0x88, 4, 1, 4, 1, b'c',
        0xa1, 0x14, 2, 1, 9, 2, 1, 0, 2, 1, 0, 0x30, 9, 0x30, 7, 6, 3, 0x2b, 6, 1, 5, 0,
];

fn security() -> Security<'static> {
    Security { engine_id: ENGINE, boots: 7, time: 256, user: b"u", mac: &MAC, salt: b"" }
}

fn scoped_request() -> Vec<u8> {
    let mut scoped = vec![1, 2];
    let scope = Scope { engine_id: ENGINE, context: b"c", request_id: 9 };
    encode_scoped(&mut scoped, &scope, Ask::GetNext, std::iter::once(&[1, 3, 6, 1][..])).expect("fits");
    scoped
}

/// An answer to it, as its agent would send it: the PDU's tag is another.
fn scoped_answer(tag: u8) -> Vec<u8> {
    let mut answer = scoped_request();
    let at = answer.iter().position(|byte| *byte == 0xa1).expect("a GETNEXT");
    answer[at] = tag;
    answer
}

#[test]
fn a_request_is_written_to_the_byte() {
    let scoped = scoped_request();
    let message = Message { id: 0x1234, flags: AUTH | REPORTABLE, security: security(), data: &scoped };
    let mut out = vec![5];
    let at = encode_message(&mut out, &message).expect("fits");
    assert_eq!(out, REQUEST);
    assert_eq!(out[at..at + 12], MAC);
    assert_eq!(out[at - 2..at], [4, 12]);
    assert_eq!(decode_message(&out), Ok((message, at)));
    assert_eq!(message_id(&out), Some(0x1234));
}

#[test]
fn encrypted_bytes_are_kept_as_they_are() {
    let security = Security { salt: &[1, 2, 3, 4, 5, 6, 7, 8], mac: &[9; 24], ..security() };
    for length in [0, 1, 127, 128, 300, 60_000] {
        let data = vec![0xa5; length];
        let message = Message { id: i32::MAX, flags: AUTH | PRIVACY, security, data: &data };
        let mut out = Vec::new();
        let at = encode_message(&mut out, &message).expect("fits");
        assert_eq!(out[at..at + 24], [9; 24]);
        assert_eq!(decode_message(&out), Ok((message, at)));
    }
    let message = Message { id: 1, flags: AUTH | PRIVACY, security, data: &vec![0; MAX_MESSAGE] };
    assert_eq!(encode_message(&mut Vec::new(), &message), Err(EncodeError::Length));
}

#[test]
fn answers_are_told_from_reports() {
    let bytes = scoped_answer(tag::RESPONSE);
    let scoped = decode_scoped(&bytes).expect("a scoped PDU");
    assert_eq!((scoped.engine_id, scoped.context), (ENGINE, &b"c"[..]));
    let answer = scoped.answer.expect("a response");
    assert_eq!((answer.request_id, answer.status, answer.index), (9, 0, 0));
    assert_eq!(answer.bindings.get(0), Some((&[1, 3, 6, 1][..], &Value::Null)));
    for other in [0xa8, 0xa0, 0xa5, 0xa7] {
        assert_eq!(decode_scoped(&scoped_answer(other)).map(|scoped| scoped.answer), Ok(None), "{other:#x}");
    }
    assert_eq!(
        decode_scoped(&[bytes.clone(), vec![0]].concat()).map(|_| ()).expect_err("long").reason,
        "bytes behind its end"
    );
    for cut in 0..bytes.len() {
        assert!(decode_scoped(&bytes[..cut]).is_err(), "cut after {cut}");
    }
}

#[test]
fn what_is_not_quite_a_message_is_none() {
    let scoped = scoped_request();
    let message = Message { id: 7, flags: AUTH, security: security(), data: &scoped };
    let mut good = Vec::new();
    encode_message(&mut good, &message).expect("fits");
    for cut in 0..good.len() {
        let error = decode_message(&good[..cut]).expect_err("cut off");
        assert!(error.offset <= cut);
        assert_eq!(message_id(&good[..cut]), (cut >= 10).then_some(7), "cut after {cut}");
    }
    let reason = |place: usize, byte: u8| {
        let mut wrong = good.clone();
        wrong[place] = byte;
        decode_message(&wrong).map(|_| ()).map_err(|error| error.reason)
    };
    assert_eq!(reason(0, 0x31), Err("not a message: no SEQUENCE"));
    assert_eq!(reason(4, 1), Err("not SNMPv3"));
    let flags = good.windows(3).position(|bytes| bytes == [4, 1, AUTH]).expect("msgFlags");
    assert_eq!(reason(flags + 2, AUTH | PRIVACY), Err("no encrypted PDU"));
    assert_eq!(reason(flags + 5, 1), Err("not the User-based Security Model"));
    let boots = flags + good[flags..].windows(3).position(|bytes| bytes == [2, 1, 7]).expect("boots");
    assert_eq!(reason(boots + 2, 0xff), Err("a negative number where none can be"));
    assert_eq!(message_id(&[0x30, 0x80].repeat(9000)), None);
    assert_eq!(message_id(&[0x30, 3, 2, 1, 1]), None, "SNMPv2c");
}
