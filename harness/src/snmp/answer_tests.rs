//! What an agent answers, message by message.

use super::*;
use crate::snmp::table::Table;

fn table() -> Table {
    let mut table = Table::default();
    table.set(vec![1, 3, 6, 1, 2, 1, 1, 3, 0], Value::Uptime(500));
    for column in [2, 10, 16] {
        for row in 1..=30 {
            table.set(vec![1, 3, 6, 1, 2, 1, 2, 2, 1, column, row], Value::Counter32(1000 * column + row));
        }
    }
    table.set(vec![1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 1], Value::Counter64(7));
    table
}

struct Reply {
    bytes: Vec<u8>,
    status: Option<i64>,
    oids: Vec<Oid>,
}

fn ask(version: i64, kind: u8, numbers: (i64, i64), oids: &[&[u32]], manners: &Manners) -> Option<Reply> {
    let oids = oids.iter().map(|oid| oid.to_vec()).collect();
    let (non_repeaters, max_repetitions) = numbers;
    let request =
        Request { version, community: b"public".to_vec(), kind, id: 77, non_repeaters, max_repetitions, oids };
    let book = Book::new(table());
    let datagram = ber::encode_request(&request);
    let replies = answer(&datagram, &mut Identity::default(), manners, Duration::from_millis(200), |_| &book);
    let bytes = replies.first()?.bytes.clone();
    // A response has the form of a request: two numbers where the others are.
    let read = ber::decode(&bytes);
    Some(Reply {
        bytes,
        status: read.as_ref().map(|r| r.non_repeaters),
        oids: read.map(|r| r.oids).unwrap_or_default(),
    })
}

const UPTIME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 3];
const DESCR: &[u32] = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 2];
const IN: &[u32] = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 10];

#[test]
fn bulk_is_row_aligned_and_fits() {
    let manners = Manners::default();
    let reply = ask(1, pdu::GET_BULK, (1, 10), &[UPTIME, DESCR, IN], &manners).expect("an answer");
    assert_eq!(reply.oids.len(), 21);
    assert_eq!(reply.oids[0], [UPTIME, &[0]].concat());
    assert_eq!((&reply.oids[1], &reply.oids[2]), (&[DESCR, &[1]].concat(), &[IN, &[1]].concat()));
    assert!(reply.bytes.windows(4).any(|window| window == [0x43, 2, 2, 8]), "500 and 20 hundredths: {:?}", reply.bytes);
    let small = Manners { max_reply_bytes: 484, ..Manners::default() };
    let reply = ask(1, pdu::GET_BULK, (1, 50), &[UPTIME, DESCR, IN], &small).expect("an answer");
    assert!(reply.bytes.len() <= 484 && reply.oids.len() > 15, "{} bytes", reply.bytes.len());
    let tiny = Manners { max_reply_bytes: 45, ..Manners::default() };
    assert_eq!(ask(1, pdu::GET_BULK, (1, 50), &[UPTIME, DESCR], &tiny).and_then(|r| r.status), Some(TOO_BIG));
}

#[test]
fn the_end_and_the_missing_are_said() {
    let manners = Manners::default();
    let end: &[u32] = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 1];
    let reply = ask(1, pdu::GET_BULK, (0, 10), &[end], &manners).expect("an answer");
    assert_eq!((reply.oids.len(), &reply.bytes[reply.bytes.len() - 2..]), (1, &[0x82_u8, 0][..]));
    assert_eq!(reply.oids[0], end, "the end carries the last name");
    let reply = ask(1, pdu::GET, (0, 0), &[&[1, 3, 6, 9]], &manners).expect("an answer");
    assert_eq!(&reply.bytes[reply.bytes.len() - 2..], [0x80, 0]);
    let reply = ask(1, pdu::GET, (0, 0), &[&[DESCR, &[31]].concat()], &manners).expect("an answer");
    assert_eq!(&reply.bytes[reply.bytes.len() - 2..], [0x81, 0]);
    let v1 = ask(0, pdu::GET_NEXT, (0, 0), &[&[IN, &[30]].concat()], &manners).expect("an answer");
    assert_eq!(v1.oids[0][9], 16, "version 1 goes on");
    let last: &[u32] = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 16, 30];
    assert_eq!(ask(0, pdu::GET_NEXT, (0, 0), &[last], &manners).and_then(|r| r.status), Some(NO_SUCH_NAME));
    assert_eq!(ask(0, pdu::GET, (0, 0), &[&[1, 3, 6, 9]], &manners).and_then(|r| r.status), Some(NO_SUCH_NAME));
    assert!(ask(0, pdu::GET_BULK, (0, 1), &[IN], &manners).is_none(), "version 1 has no GETBULK");
}

#[test]
fn a_stranger_is_not_answered() {
    let manners = Manners { community: "secret".to_owned(), ..Manners::default() };
    assert!(ask(1, pdu::GET, (0, 0), &[UPTIME], &manners).is_none());
    let book = Book::new(table());
    let noise = [0xa5; 60];
    assert!(answer(&noise, &mut Identity::default(), &manners, Duration::ZERO, |_| &book).is_empty());
}
