//! A poll's walks, fed with replies made of any bytes: they end within their limits, and what they read makes a sample.
//! The bytes are cut into replies: a length of two bytes, then so much of a datagram; a length of 0 is a timeout. Half of
//! the replies begin as an honest one would, so that the fuzzer need not find the header again and again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use stormglass::mib::poll::Brought;
use stormglass::mib::{Limits, Memory, Reply, Request, Rows, Walk};
use stormglass::model::Time;
use stormglass::model::snmp::{Bindings, Value};
use stormglass::wire::snmp::Response;

/// Rows of a walk here: small, so that the limit is met.
const ROWS: usize = 500;
const BYTES: usize = 100_000;

fuzz_target!(|bytes: &[u8]| {
    let start = Time::from_secs(1_800_000_000);
    let mut replies = Replies { rest: bytes };
    let mut memory = Memory::default();
    // The second poll goes by what the first one left.
    for poll in 0..2 {
        let now = start.plus(Duration::from_secs(10 * poll));
        let limits = Limits { rows: ROWS, bytes: BYTES, ..Limits::until(now.plus(Duration::from_secs(9))) };
        let mut rows = run(memory.first(limits), now, &mut replies);
        let due = memory.due(now, &rows);
        if let Some(second) = Memory::second(due, &rows, limits) {
            rows.append(run(second, now, &mut replies));
        }
        let brought = Brought { rows: &rows, at: now, took: Duration::ZERO, lasting: due.lasting, fdb: false };
        let sample = memory.sample("hub".into(), &brought, &mut |text| text.into());
        assert!(sample.ports.is_sorted_by(|one, two| one.if_index < two.if_index));
    }
});

fn run(mut walk: Walk, now: Time, replies: &mut Replies<'_>) -> Rows {
    while let Ok(Some(request)) = walk.next(now) {
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
}

impl Replies<'_> {
    fn next(&mut self, request: &Request) -> Reply {
        let Some((&[high, low], rest)) = self.rest.split_first_chunk() else { return Reply::Timeout };
        let length = usize::from(u16::from_be_bytes([high & 0x0f, low])).min(rest.len());
        let (datagram, rest) = rest.split_at(length);
        self.rest = rest;
        if high & 0x80 != 0 {
            return Reply::Bindings(likely(request, datagram));
        }
        match Response::decode(datagram) {
            Ok(response) if response.status == 0 => Reply::Bindings(response.bindings),
            Ok(response) => Reply::Status(response.status, response.index),
            Err(_) if datagram.is_empty() => Reply::Timeout,
            Err(_) => Reply::Malformed,
        }
    }
}

/// Names near those that were asked for, a byte for each: how far the last arc goes on, and what the value is.
fn likely(request: &Request, bytes: &[u8]) -> Bindings {
    let mut bindings = Bindings::default();
    let mut names = request.oids.iter().map(|oid| oid.arcs().to_vec()).collect::<Vec<_>>();
    let width = names.len().max(1);
    for (place, &byte) in bytes.iter().enumerate() {
        let Some(name) = names.get_mut(place % width) else { break };
        match byte & 3 {
            0 => name.push(1),
            1 | 2 => *name.last_mut().expect("names have arcs") = name.last().expect("names have arcs").wrapping_add(u32::from(byte >> 2)),
            _ => drop(name.pop().filter(|_| name.len() > 1)),
        }
        if name.is_empty() {
            name.push(1);
        }
        let value = match byte >> 5 {
            0 | 1 => Value::Counter64(u64::from(byte) << 33),
            2 => Value::Octets(vec![byte; 6]),
            3 => Value::Counter32(u32::from(byte)),
            4 => Value::TimeTicks(u32::from(byte)),
            5 => Value::Integer(i32::from(byte) - 128),
            6 => Value::EndOfMibView,
            _ => Value::NoSuchInstance,
        };
        bindings.push(name, value);
    }
    bindings
}
