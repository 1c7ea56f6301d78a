//! A poll's walks, fed with replies made of any bytes: they end within their limits, and what they read makes a sample.
//! The bytes are cut into replies: a length of two bytes, then so much of a datagram; a length of 0 is a timeout. Half of
//! the replies begin as an honest one would, so that the fuzzer need not find the header again and again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use stormglass::mib::poll::Brought;
use stormglass::mib::{Limits, Memory, Names, Reply, Request, Rows, Walk};
use stormglass::model::Time;
use stormglass::model::snmp::{Bindings, Value};
use stormglass::wire::snmp::Response;

/// Rows of a walk here: small, so that the limit is met.
const ROWS: usize = 64;
const BYTES: usize = 8_000;
/// Bytes that are used of an input: two polls of some replies each. Longer ones find nothing more, and take longer.
const USED: usize = 1024;

fuzz_target!(|bytes: &[u8]| {
    let start = Time::from_secs(1_800_000_000);
    let mut replies = Replies { rest: &bytes[..bytes.len().min(USED)], names: Vec::new() };
    let mut memory = Memory::default();
    // The second poll goes by what the first one left.
    for poll in 0..2 {
        let now = start.plus(Duration::from_secs(10 * poll));
        let until = Limits::until(now.plus(Duration::from_secs(9)));
        let limits = Limits { rows: ROWS, bytes: BYTES, retries: 1, ..until };
        let mut rows = run(memory.first(limits), now, &mut replies);
        let due = memory.due(now, &rows);
        if let Some(second) = Memory::second(due, &rows, limits) {
            rows.append(run(second, now, &mut replies));
        }
        let brought = Brought { rows: &rows, at: now, took: Duration::ZERO, lasting: due.lasting };
        let sample = memory.sample("hub".into(), &brought, &mut Names::default());
        assert!(sample.ports.is_sorted_by(|one, two| one.if_index < two.if_index));
        if replies.rest.is_empty() {
            break;
        }
    }
});

fn run(mut walk: Walk, now: Time, replies: &mut Replies<'_>) -> Rows {
    // Without a reply left there are only timeouts, of which the walk would ask for a few more.
    while !replies.rest.is_empty()
        && let Ok(Some(request)) = walk.next(now)
    {
        if walk.on_reply(now, replies.next(&request)).is_err() {
            break;
        }
    }
    let rows = walk.into_rows();
    assert!(rows.cells().count() <= (ROWS + 1) * 30);
    rows
}

struct Replies<'a> {
    rest: &'a [u8],
    /// Names of the present reply, by column; kept for their room.
    names: Vec<Vec<u32>>,
}

impl Replies<'_> {
    fn next(&mut self, request: &Request) -> Reply {
        let Some((&[high, low], rest)) = self.rest.split_first_chunk() else {
            self.rest = &[];
            return Reply::Timeout;
        };
        let length = usize::from(u16::from_be_bytes([high & 0x0f, low])).min(rest.len());
        let (datagram, rest) = rest.split_at(length);
        self.rest = rest;
        if high & 0x80 != 0 {
            return Reply::Bindings(self.likely(request, datagram));
        }
        match Response::decode(datagram) {
            Ok(response) if response.status == 0 => Reply::Bindings(response.bindings),
            Ok(response) => Reply::Status(response.status, response.index),
            Err(_) if datagram.is_empty() => Reply::Timeout,
            Err(_) => Reply::Malformed,
        }
    }

    /// Names near those that were asked for, a byte for each: how far the last arc goes on, and what the value is.
    fn likely(&mut self, request: &Request, bytes: &[u8]) -> Bindings {
        let width = request.oids.len();
        self.names.resize_with(width.max(self.names.len()), Vec::new);
        for (name, oid) in self.names.iter_mut().zip(&request.oids) {
            name.clear();
            name.extend_from_slice(oid.arcs());
        }
        let mut bindings = Bindings::with_capacity(bytes.len());
        for (place, &byte) in bytes.iter().enumerate() {
            let Some(name) = self.names[..width].get_mut(place % width.max(1)) else { break };
            match byte & 3 {
                1 | 2 => {
                    if let Some(last) = name.last_mut() {
                        *last = last.wrapping_add(u32::from(byte >> 2));
                    }
                }
                3 if name.len() > 1 => drop(name.pop()),
                3 => {}
                _ => name.push(1),
            }
            bindings.push(name, value(byte));
        }
        bindings
    }
}

fn value(byte: u8) -> Value {
    match byte >> 5 {
        0 | 1 => Value::Counter64(u64::from(byte) << 33),
        2 => Value::Octets(vec![byte; 6].into()),
        3 => Value::Counter32(u32::from(byte)),
        4 => Value::TimeTicks(u32::from(byte)),
        5 => Value::Integer(i32::from(byte) - 128),
        6 => Value::EndOfMibView,
        _ => Value::NoSuchInstance,
    }
}
