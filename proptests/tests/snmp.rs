//! Laws of SNMP: what the world's encoder writes is read to the last bit, what is spoiled is an error and no panic, and a
//! walk reads every cell once whatever is lost on the way.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;
use stormglass::mib::if_mib::{IF_COLUMNS, IF_X_COLUMNS};
use stormglass::mib::{Limits, Reply, Walk};
use stormglass::model::Time;
use stormglass::model::snmp::{Bindings, Oid, Value};
use stormglass::wire::snmp::{Ask, Identity, Response, Version, encode_request, identity};
use stormglass_harness::snmp::answer::{Identity as Agent, Manners, answer};
use stormglass_harness::snmp::book::Book;
use stormglass_harness::snmp::{Table, Value as Told, ber};
use stormglass_proptests::bytes::{any_bytes, spoiled};
use stormglass_proptests::config;

/// A name that BER has a form for.
fn name() -> impl Strategy<Value = Vec<u32>> {
    let arc = || prop_oneof![0_u32..300, any::<u32>()];
    let top = prop_oneof![(0_u32..2, 0_u32..40), (Just(2_u32), 0_u32..u32::MAX - 80)];
    (top, proptest::collection::vec(arc(), 0..126)).prop_map(|((top, second), rest)| [vec![top, second], rest].concat())
}

fn told() -> impl Strategy<Value = Told> {
    prop_oneof![
        any::<i32>().prop_map(|number| Told::Integer(number.into())),
        (-300_i64..300).prop_map(Told::Integer),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Told::Octets),
        Just(Told::Null),
        name().prop_map(Told::Oid),
        any::<u32>().prop_map(|bits| Told::Ip(Ipv4Addr::from_bits(bits))),
        any::<u32>().prop_map(Told::Counter32),
        any::<u32>().prop_map(Told::Gauge32),
        any::<u32>().prop_map(Told::TimeTicks),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Told::Opaque),
        any::<u64>().prop_map(Told::Counter64),
        (0_u64..70_000).prop_map(Told::Counter64),
        Just(Told::NoSuchObject),
        Just(Told::NoSuchInstance),
        Just(Told::EndOfMibView),
    ]
}

/// What stormglass must make of it.
fn meant(told: &Told) -> Value {
    match told {
        Told::Integer(number) => Value::Integer(i32::try_from(*number).expect("made of 32 bits")),
        Told::Octets(bytes) => Value::Octets(bytes.clone()),
        Told::Null => Value::Null,
        Told::Oid(arcs) => Value::ObjectId(Oid::new(arcs)),
        Told::Ip(ip) => Value::IpAddress(ip.octets()),
        Told::Counter32(number) => Value::Counter32(*number),
        Told::Gauge32(number) => Value::Gauge32(*number),
        Told::TimeTicks(number) | Told::Uptime(number) => Value::TimeTicks(*number),
        Told::Opaque(bytes) => Value::Opaque(bytes.clone()),
        Told::Counter64(number) => Value::Counter64(*number),
        Told::NoSuchObject => Value::NoSuchObject,
        Told::NoSuchInstance => Value::NoSuchInstance,
        Told::EndOfMibView => Value::EndOfMibView,
        other => panic!("no value of its own: {other:?}"),
    }
}

/// A response and its variables.
type Sent = (ber::Response, Vec<(Vec<u32>, Told)>);

fn response() -> impl Strategy<Value = Sent> {
    let variables = proptest::collection::vec((name(), told()), 0..20);
    let community = proptest::collection::vec(any::<u8>(), 0..40);
    let status = prop_oneof![4 => Just(0_i64), 1 => 1_i64..19];
    (0_i64..2, community, any::<i32>(), status, 0_i64..200, variables).prop_map(
        |(version, community, id, status, index, variables)| {
            (ber::Response { version, community, id: id.into(), status, index }, variables)
        },
    )
}

fn encode((response, variables): &Sent) -> Vec<u8> {
    let mut list = Vec::new();
    for (name, told) in variables {
        ber::put_variable(&mut list, name, told);
    }
    ber::encode(response, &list)
}

const fn version(number: i64) -> Version {
    if number == 0 { Version::V1 } else { Version::V2c }
}

proptest! {
    #![proptest_config(config(500))]

    /// A response of the world's encoder is read as it was meant.
    #[test]
    fn a_response_is_read_as_it_was_meant(sent in response()) {
        let datagram = encode(&sent);
        let (response, variables) = &sent;
        let read = Response::decode(&datagram).expect("well formed");
        let whose =
            Identity { version: version(response.version), community: &response.community, request_id: response.id as i32 };
        prop_assert_eq!(read.identity, whose);
        prop_assert_eq!(identity(&datagram), Some(whose));
        prop_assert_eq!((i64::from(read.status), i64::from(read.index)), (response.status, response.index));
        let mut expected = Bindings::default();
        for (name, told) in variables.iter().filter(|_| response.status == 0) {
            expected.push(name, meant(told));
        }
        prop_assert_eq!(read.bindings, expected);
    }

    /// A request is read by the world's decoder as it was meant, whatever the buffer held before.
    #[test]
    fn a_request_is_understood(
        names in proptest::collection::vec(name(), 0..20), community in proptest::collection::vec(any::<u8>(), 0..40),
        id in any::<i32>(), kind in 0_u8..3, non_repeaters in 0_u32..100, repetitions in 0..u32::MAX / 2, left in any_bytes(100),
    ) {
        let (ask, tag, numbers) = match kind {
            0 => (Ask::Get, ber::pdu::GET, (0, 0)),
            1 => (Ask::GetNext, ber::pdu::GET_NEXT, (0, 0)),
            _ => (Ask::GetBulk { non_repeaters, repetitions }, ber::pdu::GET_BULK, (non_repeaters, repetitions)),
        };
        let head = Identity { version: Version::V2c, community: &community, request_id: id };
        let mut out = left;
        encode_request(&mut out, &head, ask, names.iter().map(Vec::as_slice)).expect("fits");
        let read = ber::decode(&out).expect("well formed");
        prop_assert_eq!((read.version, &read.community, read.kind, read.id), (1, &community, tag, i64::from(id)));
        prop_assert_eq!((read.non_repeaters, read.max_repetitions), (i64::from(numbers.0), i64::from(numbers.1)));
        prop_assert_eq!(read.oids, names);
    }

    /// Any bytes, and responses with bytes changed, are read or refused; what is read says nothing beyond the bytes.
    #[test]
    fn any_bytes_are_read_or_refused(
        datagram in prop_oneof![
            any_bytes(2000),
            response().prop_map(|sent| encode(&sent)).prop_flat_map(|bytes| spoiled(vec![bytes])),
        ],
    ) {
        match Response::decode(&datagram) {
            Ok(response) => {
                prop_assert_eq!(identity(&datagram), Some(response.identity));
                // A binding of no length does not exist: the list cannot hold more than the bytes.
                prop_assert!(response.bindings.len() * 7 <= datagram.len());
            }
            Err(error) => prop_assert!(error.offset <= datagram.len() && !error.reason.is_empty()),
        }
    }
}

/// Cells of both interface tables: the place of a column among those of both, and a row's number.
fn cells() -> impl Strategy<Value = BTreeMap<(usize, u32), u64>> {
    let column = 0..IF_COLUMNS.len() + IF_X_COLUMNS.len();
    let row = prop_oneof![4 => 1_u32..30, 1 => any::<u32>()];
    let dense = (1_u32..60, any::<u64>()).prop_map(|(rows, seed)| {
        let columns = IF_COLUMNS.len() + IF_X_COLUMNS.len();
        (0..columns).flat_map(|column| (1..=rows).map(move |row| ((column, row), seed ^ u64::from(row)))).collect()
    });
    let sparse = proptest::collection::btree_map((column, row), any::<u64>(), 0..300);
    prop_oneof![dense, sparse]
}

/// What becomes of an answer on its way.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    Lost,
    TooBig,
}

proptest! {
    #![proptest_config(config(100))]

    /// Whatever the table and whatever is lost, every cell is read once, with its value, in order, and dated.
    #[test]
    fn a_walk_reads_every_cell_once(
        cells in cells(), fates in proptest::collection::vec(prop_oneof![4 => Just(Fate::Arrives), 1 => Just(Fate::Lost), 1 => Just(Fate::TooBig)], 1..20),
        room in 200_usize..3000, columns in 1_usize..20, expected in prop::option::of(0_usize..80), bulk in any::<bool>(),
    ) {
        let objects = [IF_COLUMNS, IF_X_COLUMNS].concat();
        let mut table = Table::default();
        table.set(vec![1, 3, 6, 1, 2, 1, 1, 3, 0], Told::TimeTicks(4711));
        for (&(column, row), &value) in &cells {
            table.set([objects[column].oid, &[row]].concat(), Told::Counter64(value));
        }
        let start = Time::from_secs(1_800_000_000);
        let limits = Limits { columns, retries: 1000, ..Limits::until(start.plus(Duration::from_secs(1000))) };
        let mut walk = Walk::new(&[], [IF_COLUMNS, IF_X_COLUMNS], limits);
        walk = if let Some(rows) = expected { walk.expecting(rows) } else { walk };
        walk = if bulk { walk } else { walk.without_bulk() };
        let manners = Manners { max_reply_bytes: room, ..Manners::default() };
        let (book, mut agent) = (Book::new(table), Agent::default());
        let mut buffer = Vec::new();
        let mut steps = 0_usize;
        while let Some(request) = walk.next(start).expect("in time") {
            let head = Identity { version: Version::V2c, community: b"public", request_id: 7 };
            let ask = request.repetitions.map_or(Ask::GetNext, |repetitions| Ask::GetBulk { non_repeaters: 1, repetitions });
            encode_request(&mut buffer, &head, ask, request.oids.iter().map(Oid::arcs)).expect("fits");
            let fate = fates[steps % fates.len()];
            steps += 1;
            // Bad luck ends at some time: an agent that refuses even one row is not read.
            let reply = match fate {
                Fate::Lost if steps < 500 => Reply::Timeout,
                Fate::TooBig if steps < 500 && request.repetitions > Some(1) => Reply::Status(1, 0),
                _ => {
                    let datagrams = answer(&buffer, &mut agent, &manners, Duration::ZERO, |_| &book);
                    let response = Response::decode(&datagrams[0].bytes).expect("an honest agent");
                    match response.status {
                        0 => Reply::Bindings(response.bindings),
                        status => Reply::Status(status, response.index),
                    }
                }
            };
            prop_assert!(steps < 20_000, "it does not end");
            if let Err(error) = walk.on_reply(start, reply) {
                // A single row that does not fit is the one excuse.
                prop_assert!(room < 60, "{}", error);
            }
        }
        let rows = walk.into_rows();
        let mut read = BTreeMap::new();
        for (object, cell) in rows.cells() {
            let column = objects.iter().position(|known| std::ptr::eq(*known, object)).expect("one of ours");
            prop_assert_eq!(cell.uptime, Some(4711));
            prop_assert!(read.insert((column, cell.index[0]), cell.value.as_u64().expect("a counter")).is_none(), "twice");
        }
        prop_assert_eq!(read, cells);
        for object in &objects {
            let indexes = rows.column(object).map(|cell| cell.index).collect::<Vec<_>>();
            prop_assert!(indexes.is_sorted());
            prop_assert!(indexes.iter().all(|index| rows.cell(object, index).is_some_and(|cell| cell.index == *index)));
        }
    }
}
