//! What an agent answers to a request, rightly or as wrongly as its faults make it. Pure: no socket, no clock.

use super::ber::{self, Request, Response, pdu};
use super::book::Book;
use super::counters;
use super::faults::{Admission, Fault, Moment, Occasion};
use super::table::{Live, Oid, Value};
use crate::rng::Rng;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// RFC 3416, 3: error statuses.
pub(super) const TOO_BIG: i64 = 1;
const NO_SUCH_NAME: i64 = 2;
/// How long an agent that crashed is away: a small switch's reboot.
pub const CRASHED_FOR: Duration = Duration::from_secs(30);

/// What an agent is.
#[derive(Clone, Debug)]
pub struct Manners {
    /// The community it answers to; requests with another are not answered (RFC 3584, 5.2.1).
    pub community: String,
    /// Longest answer, bytes. 1,472 fits an Ethernet frame; RFC 3417 asks for at least 484.
    pub max_reply_bytes: usize,
    /// Rows of a GETBULK at most.
    pub max_repetitions: i64,
    /// How it goes wrong, in this order.
    pub faults: Vec<Arc<dyn Fault>>,
}

impl Default for Manners {
    fn default() -> Self {
        Self { community: "public".to_owned(), max_reply_bytes: 1472, max_repetitions: 100, faults: Vec::new() }
    }
}

/// From where a datagram is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// From where the request was sent to.
    Asked,
    /// From another port of the same address.
    OtherPort,
    /// From another address.
    OtherAddress,
}

/// A datagram on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What it says.
    pub bytes: Vec<u8>,
    /// How long it takes.
    pub delay: Duration,
    /// From where it comes.
    pub from: From,
}

/// The little that one agent does not share with the others of its kind.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// Makes its counters, its name, its luck.
    pub seed: u64,
    /// Its number, for its name.
    pub number: u32,
    /// How long it had been up when its world began.
    pub up_before: Duration,
    /// Requests that came in.
    pub requests: u32,
    /// When it crashed, since its world began.
    pub crashed: Option<Duration>,
}

impl Identity {
    /// What time it is for this agent, `elapsed` after its world began; `None` while it is away.
    #[must_use]
    pub fn moment(&mut self, elapsed: Duration, faults: &[Arc<dyn Fault>]) -> Option<Moment> {
        let (mut began, mut boots) = (Duration::ZERO, 0);
        if let Some(crashed) = self.crashed {
            began = crashed + CRASHED_FOR;
            boots = 1;
            if elapsed < began {
                return None;
            }
        }
        let before = if boots == 0 { self.up_before } else { Duration::ZERO };
        let uptime = before + elapsed.saturating_sub(began);
        let mut moment = Moment { seed: self.seed, elapsed, uptime, boots, counts_every: None, wraps_at: None };
        for fault in faults {
            fault.time(&mut moment);
        }
        Some(moment)
    }
}

/// The datagrams that answer `datagram`, in order. `book` gives what the agent knows at a moment; `elapsed` is the time
/// since its world began.
#[must_use]
pub fn answer<'a>(
    datagram: &[u8],
    identity: &mut Identity,
    manners: &Manners,
    elapsed: Duration,
    book: impl FnOnce(&Moment) -> &'a Book,
) -> Vec<Outgoing> {
    let Some(request) = ber::decode(datagram) else { return Vec::new() };
    let version_known = matches!(request.version, 0 | 1) && !(request.version == 0 && request.kind == pdu::GET_BULK);
    if !version_known || request.community != manners.community.as_bytes() {
        return Vec::new();
    }
    identity.requests = identity.requests.wrapping_add(1);
    let Some(moment) = identity.moment(elapsed, &manners.faults) else { return Vec::new() };
    let mut chance = Rng::new(identity.seed ^ u64::from(identity.requests) << 20);
    let view = View {
        book: book(&moment),
        faults: &manners.faults,
        moment,
        number: identity.number,
        requests: identity.requests,
        v1: request.version == 0,
    };
    let mut refused = None;
    for fault in &manners.faults {
        match fault.admit(&request, &view.moment, &mut chance) {
            Admission::Answer => {}
            Admission::Silence => return Vec::new(),
            Admission::Crash => {
                identity.crashed = Some(elapsed);
                return Vec::new();
            }
            Admission::Status(status) => refused = Some(status),
        }
    }
    let right = match refused {
        Some(status) => Some(refuse(&request, status)),
        None => respond(&request, &view, manners),
    };
    let Some(right) = right else { return Vec::new() };
    let mut replies = vec![Outgoing { bytes: right.clone(), delay: Duration::ZERO, from: From::Asked }];
    for fault in &manners.faults {
        fault.send(&Occasion { request: &request, right: &right }, &mut chance, &mut replies);
    }
    replies
}

/// The value of an object, for agents that speak by another codec; faults have no part in it.
#[must_use]
pub fn look_up(book: &Book, identity: Identity, elapsed: Duration, oid: &[u32]) -> Value {
    view(book, identity, elapsed).map_or(Value::NoSuchObject, |view| view.get(oid).into_owned())
}

/// The object after `oid` and its value, as [`look_up`].
#[must_use]
pub fn look_after(book: &Book, identity: Identity, elapsed: Duration, oid: &[u32]) -> Option<(Oid, Value)> {
    let mut found = None;
    view(book, identity, elapsed)?
        .next(&mut Cursor::After(oid.to_vec()), |name, value| found = Some((name.to_vec(), value.clone())));
    found
}

fn view(book: &Book, mut identity: Identity, elapsed: Duration) -> Option<View<'_>> {
    let moment = identity.moment(elapsed, &[])?;
    Some(View { book, faults: &[], moment, number: identity.number, requests: identity.requests, v1: false })
}

/// What one request sees of the agent.
struct View<'a> {
    book: &'a Book,
    faults: &'a [Arc<dyn Fault>],
    moment: Moment,
    number: u32,
    requests: u32,
    v1: bool,
}

/// Where a walk of one column stands, and the name it is known by.
#[derive(Clone, Debug)]
enum Cursor {
    /// After this name.
    After(Oid),
    /// After the object of this number.
    Number(usize),
}

impl View<'_> {
    fn fill<'v>(&self, value: &'v Value) -> Cow<'v, Value> {
        let moment = &self.moment;
        Cow::Owned(match value {
            Value::Uptime(from) => {
                let from = if moment.boots == 0 { *from } else { 0 };
                Value::TimeTicks(from.wrapping_add((moment.uptime.as_millis() / 10) as u32))
            }
            Value::Live32(live) => Value::Counter32(self.count(live) as u32),
            Value::Live64(live) => Value::Counter64(self.count(live)),
            Value::OwnName => Value::Octets(agent_name(self.number).into_bytes()),
            Value::OwnMac(port) => Value::Octets(agent_mac(self.number, *port).to_vec()),
            Value::Requests => Value::Counter32(self.requests),
            other => return Cow::Borrowed(other),
        })
    }

    fn count(&self, live: &Live) -> u64 {
        let Moment { seed, uptime, elapsed, .. } = self.moment;
        let at = |time: Duration| counters::count(seed, live.port, live.kind, time.as_secs_f64());
        let from = if self.moment.boots == 0 { live.from } else { 0 };
        // So much more that its lower half is zero at that time.
        let lift = self.moment.wraps_at.map_or(0, |wraps_at| {
            let then = at((uptime + wraps_at).saturating_sub(elapsed)).wrapping_add(from);
            u64::from((then as u32).wrapping_neg())
        });
        from.wrapping_add(at(self.moment.counted())).wrapping_add(lift)
    }

    fn get(&self, oid: &[u32]) -> Cow<'_, Value> {
        if let Some(value) = self.book.get(oid) {
            return self.fill(value);
        }
        // An instance is missing where its object has others.
        let object = oid.split_last().map_or(oid, |(_, object)| object);
        match self.book.at(self.book.after(object)) {
            Some((next, _)) if next.len() == oid.len() && next.starts_with(object) => Cow::Owned(Value::NoSuchInstance),
            _ => Cow::Owned(Value::NoSuchObject),
        }
    }

    /// The object after the cursor is given to `put` and the cursor set on it; false at the end.
    fn next(&self, cursor: &mut Cursor, put: impl FnOnce(&[u32], &Value)) -> bool {
        if !self.faults.is_empty() {
            let name = self.name(cursor).to_vec();
            if let Some((next, value)) = self.faults.iter().find_map(|fault| fault.next(&name, self.book)) {
                put(&next, &self.fill(&value));
                *cursor = Cursor::After(next);
                return true;
            }
        }
        let mut number = match cursor {
            Cursor::After(name) => self.book.after(name),
            Cursor::Number(number) => *number + 1,
        };
        // RFC 3584, 4.2.2.1: version 1 has no Counter64 and skips it.
        while self.v1 && matches!(self.book.at(number), Some((_, Value::Counter64(_) | Value::Live64(_)))) {
            number += 1;
        }
        let Some((name, value)) = self.book.at(number) else { return false };
        *cursor = Cursor::Number(number);
        put(name, &self.fill(value));
        true
    }

    fn name<'c>(&'c self, cursor: &'c Cursor) -> &'c [u32] {
        match cursor {
            Cursor::After(name) => name,
            Cursor::Number(number) => self.book.at(*number).map_or(&[], |(name, _)| name),
        }
    }

    /// As [`View::next`], with what is said at the end.
    fn next_or_end(&self, cursor: &mut Cursor, list: &mut Vec<u8>) -> bool {
        let found = self.next(cursor, |oid, value| ber::put_variable(list, oid, value));
        if !found {
            ber::put_variable(list, self.name(cursor), &Value::EndOfMibView);
        }
        found
    }
}

/// The name of an agent (`sysName`).
#[must_use]
pub fn agent_name(number: u32) -> String {
    format!("sw{number:05}")
}

/// The MAC of an agent's port: locally administered, so that it is no maker's.
#[must_use]
pub fn agent_mac(number: u32, port: u8) -> [u8; 6] {
    let [a, b, c, d] = number.to_be_bytes();
    [0x02, a, b, c, d, port]
}

fn blank(request: &Request) -> Response {
    Response { version: request.version, community: request.community.clone(), id: request.id, status: 0, index: 0 }
}

/// The request's variables, as errors bring them back.
fn echo(request: &Request) -> Vec<u8> {
    let mut list = Vec::new();
    for oid in &request.oids {
        ber::put_variable(&mut list, oid, &Value::Null);
    }
    list
}

/// RFC 3416, 4.2.1: tooBig comes without variables; RFC 1157, 4.1.2: with those of the request.
fn refuse(request: &Request, status: i64) -> Vec<u8> {
    let list = if status == TOO_BIG && request.version != 0 { Vec::new() } else { echo(request) };
    ber::encode(&Response { status, ..blank(request) }, &list)
}

fn respond(request: &Request, view: &View<'_>, manners: &Manners) -> Option<Vec<u8>> {
    let mut list = Vec::with_capacity(manners.max_reply_bytes.min(2048));
    let no_such_name = |place: usize| {
        let response = Response { status: NO_SUCH_NAME, index: place as i64 + 1, ..blank(request) };
        Some(ber::encode(&response, &echo(request)))
    };
    match request.kind {
        pdu::GET => {
            for (place, oid) in request.oids.iter().enumerate() {
                let value = view.get(oid);
                let nameless = matches!(*value, Value::NoSuchObject | Value::NoSuchInstance | Value::Counter64(_));
                if view.v1 && nameless {
                    return no_such_name(place);
                }
                ber::put_variable(&mut list, oid, &value);
            }
        }
        pdu::GET_NEXT => {
            for (place, oid) in request.oids.iter().enumerate() {
                if !view.next_or_end(&mut Cursor::After(oid.clone()), &mut list) && view.v1 {
                    return no_such_name(place);
                }
            }
        }
        pdu::GET_BULK => {
            let wanted = !request.oids.is_empty() && request.max_repetitions > 0;
            if !bulk(request, view, manners, &mut list) && wanted {
                return Some(refuse(request, TOO_BIG));
            }
        }
        _ => return None,
    }
    let response = ber::encode(&blank(request), &list);
    Some(if response.len() > manners.max_reply_bytes { refuse(request, TOO_BIG) } else { response })
}

/// RFC 3416, 4.2.3: as many rows as fit. False if not even the first does.
fn bulk(request: &Request, view: &View<'_>, manners: &Manners, list: &mut Vec<u8>) -> bool {
    let once = usize::try_from(request.non_repeaters).unwrap_or(0).min(request.oids.len());
    let rows = request.max_repetitions.clamp(0, manners.max_repetitions);
    let (single, repeated) = request.oids.split_at(once);
    // Lengths of the enclosing sequences may grow by two bytes each.
    let room = manners.max_reply_bytes.saturating_sub(ber::encode(&blank(request), &[]).len() + 6);
    for oid in single {
        view.next_or_end(&mut Cursor::After(oid.clone()), list);
        if list.len() > room {
            return false;
        }
    }
    let mut cursors = repeated.iter().cloned().map(Cursor::After).collect::<Vec<_>>();
    let mut any = !single.is_empty();
    for _ in 0..rows {
        let mut ended = true;
        for cursor in &mut cursors {
            let before = list.len();
            ended &= !view.next_or_end(cursor, list);
            if list.len() > room {
                list.truncate(before);
                return any;
            }
            any = true;
        }
        if ended {
            break;
        }
    }
    any
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
