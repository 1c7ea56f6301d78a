//! Each fault is what its line says, and the list reads what the help shows.

use super::*;
use crate::snmp::answer::{CRASHED_FOR, From, Identity, Manners, answer};
use crate::snmp::ber::{self, pdu};
use crate::snmp::template;
use std::collections::BTreeSet;

const UPTIME: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 3];
const IN: &[u32] = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 10];
const HC_IN: &[u32] = &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6];

/// An agent with one fault, asked at a second of its life.
struct Ill {
    manners: Manners,
    shapes: Shapes,
    identity: Identity,
}

impl Ill {
    fn new(faults: &[&str]) -> Self {
        let faults = faults.iter().map(|fault| named(fault)).collect::<Vec<_>>();
        let shapes = Shapes::new(&template::switch(24), &faults);
        Self { manners: Manners { faults, ..Manners::default() }, shapes, identity: Identity::default() }
    }

    fn send(&mut self, second: u64, kind: u8, repetitions: i64, oids: &[&[u32]]) -> Vec<Outgoing> {
        let request = Request {
            version: 1,
            community: b"public".to_vec(),
            kind,
            id: 77,
            non_repeaters: 0,
            max_repetitions: repetitions,
            oids: oids.iter().map(|oid| oid.to_vec()).collect(),
        };
        let Self { manners, shapes, identity } = self;
        let datagram = ber::encode_request(&request);
        let book = |moment: &Moment| shapes.at(moment, &manners.faults);
        answer(&datagram, identity, manners, Duration::from_secs(second), book)
    }

    /// A GETBULK over one column, its names; `None` without an answer that can be read.
    fn column(&mut self, second: u64, oid: &[u32]) -> Option<Vec<Oid>> {
        Some(ber::decode(&self.send(second, pdu::GET_BULK, 10, &[oid]).first()?.bytes)?.oids)
    }

    /// The number that the last two or more bytes of a GET's answer are.
    fn number(&mut self, second: u64, oid: &[u32]) -> Option<u64> {
        let bytes = self.send(second, pdu::GET, 0, &[oid]).first()?.bytes.clone();
        let name = bytes.windows(2).rposition(|pair| matches!(pair[0], 0x41 | 0x43 | 0x46) && pair[1] <= 9)?;
        let content = &bytes[name + 2..];
        (content.len() == usize::from(bytes[name + 1]))
            .then(|| content.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }
}

fn row(column: &[u32], row: u32) -> Vec<u32> {
    [column, &[row]].concat()
}

#[test]
fn the_list_is_consistent_and_reads_itself() {
    let names = FAULTS.iter().map(|kind| kind.name).collect::<BTreeSet<_>>();
    assert_eq!(names.len(), FAULTS.len(), "a name twice");
    for kind in FAULTS {
        assert!(!kind.help.is_empty() && parse(kind.name).is_ok_and(|list| list.len() == 1), "{}", kind.name);
        assert_eq!(parse(&format!("{}+", kind.name)).is_ok(), kind.replaces, "{}", kind.name);
    }
    let list = parse(" loss=30%, reboot=5m@10% ,wrong-id+=0.5@0.25,crash-above=3").expect("a list");
    assert_eq!(list.iter().map(|chosen| chosen.share).collect::<Vec<_>>(), [1.0, 0.1, 0.25, 1.0]);
    assert!(parse("").is_ok_and(|list| list.is_empty()));
    for (wrong, part) in [
        ("loss=2", "probability"),
        ("loss,nothing", "no such fault"),
        ("reboot=5", "time"),
        ("silent=1", "no value"),
        ("loss+", "leave the +"),
        ("loss@200%", "share"),
        ("crash-above=many", "number"),
    ] {
        let error = parse(wrong).expect_err(wrong).to_string();
        assert!(error.contains(part), "{wrong}: {error}");
    }
}

#[test]
fn datagrams_are_lost_late_doubled_or_from_elsewhere() {
    let mut healthy = Ill::new(&[]);
    let right = healthy.send(1, pdu::GET, 0, &[UPTIME]);
    assert_eq!(right.len(), 1);
    let mut lossy = Ill::new(&["loss=0.3"]);
    let lost = (0..1000).filter(|_| lossy.send(1, pdu::GET, 0, &[UPTIME]).is_empty()).count();
    assert!((230..370).contains(&lost), "{lost}");
    let slow = Ill::new(&["latency=2s"]).send(1, pdu::GET, 0, &[UPTIME]);
    assert!((1.5..2.5).contains(&slow[0].delay.as_secs_f64()), "{:?}", slow[0].delay);
    let mut late = Ill::new(&["late=3s"]);
    let waits = (0..400).filter(|_| late.send(1, pdu::GET, 0, &[UPTIME])[0].delay.as_secs() == 3).count();
    assert!((20..90).contains(&waits), "{waits}");
    assert_eq!(Ill::new(&["duplicate"]).send(1, pdu::GET, 0, &[UPTIME]).len(), 2);
    assert_eq!(Ill::new(&["other-port"]).send(1, pdu::GET, 0, &[UPTIME])[0].from, From::OtherPort);
    assert_eq!(Ill::new(&["other-address"]).send(1, pdu::GET, 0, &[UPTIME])[0].from, From::OtherAddress);
    // With a half as many chances, half as many.
    let mut half = Ill::new(&["garbage=50%"]);
    let bad = (0..400).filter(|_| half.send(1, pdu::GET, 0, &[UPTIME])[0].bytes != right[0].bytes).count();
    assert!((150..250).contains(&bad), "{bad}");
}

#[test]
fn answers_are_replaced_and_the_right_one_can_follow() {
    let right = Ill::new(&[]).send(1, pdu::GET, 0, &[UPTIME])[0].bytes.clone();
    for name in ["truncated", "garbage", "wrong-id", "wrong-community", "nested", "oversized"] {
        let alone = Ill::new(&[name]).send(1, pdu::GET, 0, &[UPTIME]);
        assert!(alone.len() == 1 && alone[0].bytes != right, "{name}");
        let both = Ill::new(&[&format!("{name}+")]).send(1, pdu::GET, 0, &[UPTIME]);
        assert_eq!((both.len(), &both[0].bytes, &both[1].bytes), (2, &alone[0].bytes, &right), "{name}");
        let read = ber::decode(&alone[0].bytes);
        match name {
            "wrong-id" => assert_eq!(read.map(|r| r.id), Some(76)),
            "wrong-community" => assert_eq!(read.map(|r| r.community), Some(b"publib".to_vec())),
            _ => assert_eq!(read, None, "{name}"),
        }
    }
}

#[test]
fn requests_are_refused() {
    let status = |fault: &str, kind, repetitions| {
        let sent = Ill::new(&[fault]).send(1, kind, repetitions, &[IN]);
        sent.first().and_then(|reply| ber::decode(&reply.bytes)).map(|reply| reply.non_repeaters)
    };
    assert_eq!(status("silent", pdu::GET, 0), None);
    assert_eq!(status("error-status", pdu::GET, 0), Some(16));
    assert_eq!(status("error-status=2", pdu::GET, 0), Some(2));
    assert_eq!(status("gen-err=1", pdu::GET_NEXT, 0), Some(5));
    assert_eq!(
        (status("too-big-above", pdu::GET_BULK, 6), status("too-big-above", pdu::GET_BULK, 5)),
        (Some(1), Some(0))
    );
    assert_eq!(
        (status("bulk-too-big", pdu::GET_BULK, 1), status("bulk-too-big", pdu::GET_NEXT, 0)),
        (Some(1), Some(0))
    );
    assert_eq!((status("no-bulk", pdu::GET_BULK, 1), status("no-bulk", pdu::GET_NEXT, 0)), (None, Some(0)));
    assert_eq!(status("v1-only", pdu::GET, 0), None);
}

#[test]
fn a_t1600g_dies_of_fifteen_and_comes_back() {
    let mut agent = Ill::new(&["crash-above"]);
    agent.identity.up_before = Duration::from_secs(1000);
    let uptime = row(UPTIME, 0);
    assert_eq!(agent.send(10, pdu::GET, 0, &[IN; 14]).len(), 1);
    assert_eq!(agent.number(10, &uptime), Some(101_000));
    assert!(agent.send(11, pdu::GET, 0, &[IN; 15]).is_empty());
    let back = 11 + CRASHED_FOR.as_secs();
    assert!(agent.send(back - 1, pdu::GET, 0, &[&uptime]).is_empty());
    assert_eq!(agent.number(back + 2, &uptime), Some(200));
}

#[test]
fn walks_go_wrong_as_they_say() {
    let healthy = Ill::new(&[]).column(1, IN).expect("names");
    assert!(healthy.is_sorted() && healthy[9] == row(IN, 10));
    let same = Ill::new(&["same-oid"]).column(1, IN).expect("names");
    assert!(same[1..].iter().all(|oid| *oid == row(IN, 1)), "{same:?}");
    let back = Ill::new(&["decreasing-oid"]).column(1, IN).expect("names");
    assert!(!back.is_sorted() && back[4] == row(IN, 5) && back[5].as_slice() < IN, "{back:?}");
    let endless = Ill::new(&["endless-oid"]).column(1, &row(IN, 9_999)).expect("names");
    assert!(endless.is_sorted() && endless.iter().all(|oid| oid.starts_with(IN)) && endless.len() == 10);
    let mut long = Ill::new(&["long-oid"]);
    // So long a name cannot be read by our own decoder either.
    assert_eq!(long.column(1, IN), None);
    let sent = long.send(1, pdu::GET_BULK, 10, &[IN]);
    assert!(sent[0].bytes.windows(100).any(|window| window.iter().all(|byte| *byte == 1)));
}

#[test]
fn tables_are_shaped() {
    let healthy = template::switch(24);
    let shaped = |fault: &str| Ill::new(&[fault]);
    let moment = |second| Identity::default().moment(Duration::from_secs(second), &[]).expect("not crashed");
    let mut no_x = shaped("no-ifxtable");
    assert!(no_x.column(1, HC_IN).expect("names")[0] != row(HC_IN, 1));
    let zero = shaped("zero-multicast");
    let book = zero.shapes.at(&moment(1), &zero.manners.faults);
    assert_eq!(
        (book.len(), book.get(&[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 8, 3])),
        (healthy.len(), Some(&Value::Counter64(0)))
    );
    assert!(matches!(book.get(&row(HC_IN, 3)), Some(Value::Live64(_))));
    let bad = shaped("bad-varbind").send(1, pdu::GET, 0, &[&[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 7, 5]]);
    assert!(bad[0].bytes.ends_with(&[0x1f, 1, 1]));
    let empty = shaped("empty-counter64").send(1, pdu::GET, 0, &[&[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 8, 5]]);
    assert!(empty[0].bytes.ends_with(&[0x46, 0]));
    let fdb: &[u32] = &[1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2, 1, 2];
    let mut router = shaped("fdb-after-boot");
    let found = |router: &mut Ill, second| router.column(second, fdb).is_some_and(|names| names[0].starts_with(fdb));
    assert_eq!((found(&mut router, 29), found(&mut router, 31)), (false, true));
}

#[test]
fn time_goes_wrong_as_it_says() {
    let uptime = row(UPTIME, 0);
    let mut boots = Ill::new(&["reboot=100s"]);
    boots.identity.up_before = Duration::from_secs(5000);
    assert_eq!((boots.number(99, &uptime), boots.number(101, &uptime)), (Some(509_900), Some(100)));
    assert!(boots.number(99, &row(HC_IN, 1)) > boots.number(101, &row(HC_IN, 1)));
    let mut stale = Ill::new(&["stale=15s"]);
    let (a, b, c) = (stale.number(16, &row(IN, 1)), stale.number(29, &row(IN, 1)), stale.number(30, &row(IN, 1)));
    assert!(a == b && b < c, "{a:?} {b:?} {c:?}");
    assert!(stale.number(29, &uptime) > stale.number(16, &uptime), "the clock goes on");
    let mut wrap = Ill::new(&["wrap=60s"]);
    let (before, after) = (wrap.number(59, &row(IN, 24)), wrap.number(61, &row(IN, 24)));
    let wide = (wrap.number(59, &row(HC_IN, 24)), wrap.number(61, &row(HC_IN, 24)));
    assert!(before > Some(1 << 31) && after < Some(1 << 31), "{before:?} {after:?}");
    assert!(wide.0 < wide.1 && wide.1 >= Some(1 << 32), "{wide:?}");
    let mut moved = Ill::new(&["renumber=100s"]);
    let first = |moved: &mut Ill, second| moved.column(second, IN).map(|names| names[0].clone());
    assert_eq!(first(&mut moved, 50), Some(row(IN, 1)));
    assert_eq!(first(&mut moved, 150), Some(row(IN, 1000)));
    assert_eq!(first(&mut moved, 250), Some(row(IN, 1)));
}
