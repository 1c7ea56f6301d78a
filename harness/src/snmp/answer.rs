//! What an agent answers to a request, rightly or as wrongly as it is told to. Pure: no socket, no clock.

use super::ber::{self, Request, Response, pdu};
use super::table::{Oid, Table, Value};
use std::time::Duration;

/// RFC 3416, 3: error statuses.
const TOO_BIG: i64 = 1;
const NO_SUCH_NAME: i64 = 2;

/// How an agent goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Misbehaviour {
    /// It does not.
    #[default]
    None,
    /// Never answers.
    Silence,
    /// Answers with bytes that are no message.
    Garbage,
    /// Answers with the first half of the message.
    Truncated,
    /// Answers with another request's id.
    WrongRequestId,
    /// Answers with another request's id, then rightly.
    WrongThenRight,
    /// Answers twice.
    Duplicate,
    /// Goes back to the first object where it should go on.
    DecreasingOid,
    /// Answers GETNEXT with the object asked for.
    SameOid,
    /// Always finds one more row in the column asked for.
    Endless,
    /// Answers each request after this long.
    Delay(Duration),
    /// Says that every GETBULK is too big.
    AlwaysTooBig,
    /// The second variable has a value that cannot be decoded.
    BadVariable,
}

/// What an agent is.
#[derive(Clone, Debug)]
pub struct Manners {
    /// The community it answers to; requests with another are not answered (RFC 3584, 5.2.1).
    pub community: String,
    /// Longest answer, bytes. 1,472 fits an Ethernet frame; RFC 3417 asks for at least 484.
    pub max_reply_bytes: usize,
    /// Rows of a GETBULK at most.
    pub max_repetitions: i64,
    /// How it goes wrong.
    pub misbehaviour: Misbehaviour,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            community: "public".to_owned(),
            max_reply_bytes: 1472,
            max_repetitions: 100,
            misbehaviour: Misbehaviour::None,
        }
    }
}

/// The datagrams that answer `datagram`, in order. `uptime`: of the agent, hundredths of a second.
#[must_use]
pub fn answer(datagram: &[u8], table: &Table, manners: &Manners, uptime: u32) -> Vec<Vec<u8>> {
    let Some(request) = ber::decode(datagram) else { return Vec::new() };
    let version_known = matches!(request.version, 0 | 1) && !(request.version == 0 && request.kind == pdu::GET_BULK);
    if !version_known || request.community != manners.community.as_bytes() {
        return Vec::new();
    }
    let view = View { table, misbehaviour: manners.misbehaviour, uptime, v1: request.version == 0 };
    let Some(response) = respond(&request, &view, manners) else { return Vec::new() };
    let right = ber::encode(&response);
    let wrong = || ber::encode(&Response { id: response.id.wrapping_add(1), ..response.clone() });
    match manners.misbehaviour {
        Misbehaviour::Silence => Vec::new(),
        Misbehaviour::Garbage => vec![(0..60_u8).map(|n| n.wrapping_mul(151) ^ 0xa5).collect()],
        Misbehaviour::Truncated => vec![right[..right.len() / 2].to_vec()],
        Misbehaviour::WrongRequestId => vec![wrong()],
        Misbehaviour::WrongThenRight => vec![wrong(), right],
        Misbehaviour::Duplicate => vec![right.clone(), right],
        Misbehaviour::BadVariable => vec![spoil(&response)],
        _ => vec![right],
    }
}

struct View<'a> {
    table: &'a Table,
    misbehaviour: Misbehaviour,
    uptime: u32,
    v1: bool,
}

impl View<'_> {
    fn fill(&self, value: &Value) -> Value {
        match value {
            Value::Uptime(from) => Value::TimeTicks(from.wrapping_add(self.uptime)),
            other => other.clone(),
        }
    }

    fn get(&self, oid: &[u32]) -> Value {
        match self.table.get(oid) {
            Some(value) => self.fill(value),
            // An instance is missing where its object has others.
            None => match (oid.split_last(), self.table.next(oid.split_last().map_or(oid, |(_, object)| object))) {
                (Some((_, object)), Some((next, _))) if next.len() == oid.len() && next.starts_with(object) => {
                    Value::NoSuchInstance
                }
                _ => Value::NoSuchObject,
            },
        }
    }

    fn next(&self, oid: &[u32]) -> Option<(Oid, Value)> {
        match self.misbehaviour {
            Misbehaviour::SameOid => return Some((oid.to_vec(), self.get(oid))),
            Misbehaviour::DecreasingOid if oid.len() > 9 => {
                return self.table.first().map(|(first, value)| (first.clone(), self.fill(value)));
            }
            Misbehaviour::Endless if oid.len() > 7 => {
                let column = if oid.len() > 10 { &oid[..oid.len() - 1] } else { oid };
                let row = if oid.len() > 10 { oid[oid.len() - 1].saturating_add(1) } else { 1 };
                return Some(([column, &[row]].concat(), Value::Counter32(row)));
            }
            _ => {}
        }
        let mut found = self.table.next(oid);
        // RFC 3584, 4.2.2.1: version 1 has no Counter64 and skips it.
        while let Some((next, Value::Counter64(_))) = found.filter(|_| self.v1) {
            found = self.table.next(next);
        }
        found.map(|(next, value)| (next.clone(), self.fill(value)))
    }
}

fn respond(request: &Request, view: &View<'_>, manners: &Manners) -> Option<Response> {
    let blank = Response {
        version: request.version,
        community: request.community.clone(),
        id: request.id,
        status: 0,
        index: 0,
        variables: Vec::new(),
    };
    let echo = || request.oids.iter().map(|oid| (oid.clone(), Value::Null)).collect::<Vec<_>>();
    let too_big = || {
        // RFC 3416, 4.2.1: without variables; RFC 1157, 4.1.2: with those of the request.
        Response { status: TOO_BIG, variables: if view.v1 { echo() } else { Vec::new() }, ..blank.clone() }
    };
    let variables = match request.kind {
        pdu::GET => request.oids.iter().map(|oid| (oid.clone(), view.get(oid))).collect::<Vec<_>>(),
        pdu::GET_NEXT => {
            let next = |oid: &Oid| view.next(oid).unwrap_or_else(|| (oid.clone(), Value::EndOfMibView));
            request.oids.iter().map(next).collect()
        }
        pdu::GET_BULK if manners.misbehaviour == Misbehaviour::AlwaysTooBig => return Some(too_big()),
        pdu::GET_BULK => match bulk(request, view, manners, &blank) {
            variables if variables.is_empty() && !request.oids.is_empty() && request.max_repetitions > 0 => {
                return Some(too_big());
            }
            variables => variables,
        },
        _ => return None,
    };
    let missing = |(_, value): &(Oid, Value)| {
        matches!(value, Value::NoSuchObject | Value::NoSuchInstance | Value::EndOfMibView | Value::Counter64(_))
    };
    if let (true, Some(index)) = (view.v1, variables.iter().position(missing)) {
        return Some(Response { status: NO_SUCH_NAME, index: index as i64 + 1, variables: echo(), ..blank });
    }
    let response = Response { variables, ..blank.clone() };
    if ber::encode(&response).len() > manners.max_reply_bytes {
        return Some(too_big());
    }
    Some(response)
}

/// RFC 3416, 4.2.3: as many rows as fit.
fn bulk(request: &Request, view: &View<'_>, manners: &Manners, blank: &Response) -> Vec<(Oid, Value)> {
    let once = usize::try_from(request.non_repeaters).unwrap_or(0).min(request.oids.len());
    let rows = request.max_repetitions.clamp(0, manners.max_repetitions);
    let (single, repeated) = request.oids.split_at(once);
    let mut variables = Vec::new();
    // Lengths of the enclosing sequences may grow by two bytes each.
    let mut room = manners.max_reply_bytes.saturating_sub(ber::encode(blank).len() + 6);
    let mut fits = |oid: &Oid, value: &Value| {
        let length = ber::encode_variable(oid, value).len();
        let fits = length <= room;
        room = room.saturating_sub(length);
        fits
    };
    for oid in single {
        let (oid, value) = view.next(oid).unwrap_or_else(|| (oid.clone(), Value::EndOfMibView));
        if !fits(&oid, &value) {
            return Vec::new();
        }
        variables.push((oid, value));
    }
    let mut at = repeated.to_vec();
    for _ in 0..rows {
        let mut ended = true;
        for oid in &mut at {
            let value = match view.next(oid) {
                Some((next, value)) => {
                    *oid = next;
                    ended = false;
                    value
                }
                None => Value::EndOfMibView,
            };
            if !fits(oid, &value) {
                return variables;
            }
            variables.push((oid.clone(), value));
        }
        if ended {
            break;
        }
    }
    variables
}

/// The response with a tag that does not exist in the value of its second variable.
fn spoil(response: &Response) -> Vec<u8> {
    let mut bytes = ber::encode(response);
    let Some((oid, value)) = response.variables.get(1) else { return bytes };
    let variable = ber::encode_variable(oid, value);
    // The value ends the variable, and the variable that holds the same identifier with Null ends in two bytes of value.
    let header = if variable.len() > 129 { 1 } else { 0 };
    let value_at = ber::encode_variable(oid, &Value::Null).len() - 2 + header;
    if let Some(at) = bytes.windows(variable.len()).position(|window| window == variable) {
        bytes[at + value_at] = 0x1f;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn ask(version: i64, kind: u8, numbers: (i64, i64), oids: &[&[u32]], manners: &Manners) -> Option<Reply> {
        let oids = oids.iter().map(|oid| oid.to_vec()).collect();
        let (non_repeaters, max_repetitions) = numbers;
        let request =
            Request { version, community: b"public".to_vec(), kind, id: 77, non_repeaters, max_repetitions, oids };
        let replies = answer(&ber::encode_request(&request), &table(), manners, 20);
        let bytes = replies.first()?.clone();
        // A response has the form of a request: two numbers where the others are.
        let read = ber::decode(&bytes);
        Some(Reply {
            bytes,
            status: read.as_ref().map(|r| r.non_repeaters),
            oids: read.map(|r| r.oids).unwrap_or_default(),
        })
    }

    struct Reply {
        bytes: Vec<u8>,
        status: Option<i64>,
        oids: Vec<Oid>,
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
        let reply = ask(1, pdu::GET, (0, 0), &[&[1, 3, 6, 9]], &manners).expect("an answer");
        assert_eq!(&reply.bytes[reply.bytes.len() - 2..], [0x80, 0]);
        let reply = ask(1, pdu::GET, (0, 0), &[&[DESCR, &[31]].concat()], &manners).expect("an answer");
        assert_eq!(&reply.bytes[reply.bytes.len() - 2..], [0x81, 0]);
        let v1 = ask(0, pdu::GET_NEXT, (0, 0), &[&[IN, &[30]].concat()], &manners).expect("an answer");
        assert_eq!(v1.oids[0][9], 16, "version 1 goes on");
        let last: &[u32] = &[1, 3, 6, 1, 2, 1, 2, 2, 1, 16, 30];
        assert_eq!(ask(0, pdu::GET_NEXT, (0, 0), &[last], &manners).and_then(|r| r.status), Some(NO_SUCH_NAME));
        assert!(ask(0, pdu::GET_BULK, (0, 1), &[IN], &manners).is_none(), "version 1 has no GETBULK");
    }

    #[test]
    fn each_misbehaviour_is_what_it_says() {
        let with = |misbehaviour| Manners { misbehaviour, ..Manners::default() };
        let bulk = |misbehaviour| ask(1, pdu::GET_BULK, (0, 5), &[IN], &with(misbehaviour));
        assert!(bulk(Misbehaviour::Silence).is_none());
        assert_eq!(bulk(Misbehaviour::Garbage).and_then(|r| r.status), None);
        assert_eq!(bulk(Misbehaviour::Truncated).and_then(|r| r.status), None);
        assert_eq!(bulk(Misbehaviour::AlwaysTooBig).and_then(|r| r.status), Some(TOO_BIG));
        let same = bulk(Misbehaviour::SameOid).expect("an answer");
        assert!(same.oids.iter().all(|oid| oid == IN));
        let back = bulk(Misbehaviour::DecreasingOid).expect("an answer");
        assert!(!back.oids.is_sorted() || back.oids[0].as_slice() < IN);
        let endless = ask(1, pdu::GET_BULK, (0, 5), &[&[IN, &[9_999]].concat()], &with(Misbehaviour::Endless));
        assert!(endless.is_some_and(|r| r.oids.len() == 5 && r.oids.iter().all(|oid| oid.starts_with(IN))));
        let bad = bulk(Misbehaviour::BadVariable).expect("an answer");
        let good = bulk(Misbehaviour::None).expect("an answer");
        assert_eq!(bad.bytes.iter().zip(&good.bytes).filter(|(a, b)| a != b).count(), 1);
        let request = Request {
            version: 1,
            community: b"public".to_vec(),
            kind: pdu::GET,
            id: 5,
            non_repeaters: 0,
            max_repetitions: 0,
            oids: vec![IN.to_vec()],
        };
        let replies = |m| answer(&ber::encode_request(&request), &table(), &with(m), 0);
        assert_eq!(replies(Misbehaviour::Duplicate).len(), 2);
        let ids =
            replies(Misbehaviour::WrongThenRight).iter().map(|r| ber::decode(r).map(|r| r.id)).collect::<Vec<_>>();
        assert_eq!(ids, [Some(6), Some(5)]);
        let stranger = Request { community: b"secret".to_vec(), ..request.clone() };
        assert!(answer(&ber::encode_request(&stranger), &table(), &with(Misbehaviour::None), 0).is_empty());
    }
}
