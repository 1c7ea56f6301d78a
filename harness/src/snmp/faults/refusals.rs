//! Faults of what is answered at all: silence, errors, requests that an agent does not know or does not survive. A row
//! each.

use super::{Admission, Fault, FaultKind, Given, Moment, Setting};
use crate::rng::Rng;
use crate::snmp::answer::TOO_BIG;
use crate::snmp::ber::{Request, pdu};
use std::sync::Arc;

/// genErr (RFC 3416, 3).
const GENERAL_ERROR: i64 = 5;
/// authorizationError.
const AUTHORIZATION_ERROR: u32 = 16;

/// A fault of what is answered.
#[derive(Debug)]
struct Refusing {
    given: Given,
    admit: fn(Given, &Request, &mut Rng) -> Admission,
}

impl Fault for Refusing {
    fn admit(&self, request: &Request, _: &Moment, chance: &mut Rng) -> Admission {
        (self.admit)(self.given, request, chance)
    }
}

macro_rules! refusing {
    ($constant:ident = $name:literal $setting:expr, $help:literal, $admit:expr) => {
        pub(super) static $constant: FaultKind = FaultKind {
            name: $name,
            help: $help,
            setting: $setting,
            replaces: false,
            make: |given, _| Arc::new(Refusing { given, admit: $admit }),
        };
    };
}

/// `admission` if it holds, else an answer.
fn only_if(holds: bool, admission: Admission) -> Admission {
    if holds { admission } else { Admission::Answer }
}

refusing!(SILENT = "silent" Setting::None, "never answers", |_, _, _| Admission::Silence);

refusing!(ERROR_STATUS = "error-status" Setting::Number(AUTHORIZATION_ERROR),
    "answers everything with this error-status of RFC 3416", |given, _, _| Admission::Status(i64::from(given.number())));

refusing!(GEN_ERR = "gen-err" Setting::Chance(0.2), "answers with genErr", |given, _, chance| {
    only_if(chance.chance(given.chance()), Admission::Status(GENERAL_ERROR))
});

refusing!(TOO_BIG_ABOVE = "too-big-above" Setting::Number(5), "answers tooBig to more repetitions than this", |given, request, _| {
    let more = request.kind == pdu::GET_BULK && request.max_repetitions > i64::from(given.number());
    only_if(more, Admission::Status(TOO_BIG))
});

refusing!(BULK_TOO_BIG = "bulk-too-big" Setting::None, "answers tooBig to every GETBULK", |_, request, _| {
    only_if(request.kind == pdu::GET_BULK, Admission::Status(TOO_BIG))
});

refusing!(NO_BULK = "no-bulk" Setting::None, "does not answer GETBULK", |_, request, _| {
    only_if(request.kind == pdu::GET_BULK, Admission::Silence)
});

refusing!(V1_ONLY = "v1-only" Setting::None, "answers SNMPv1 alone", |_, request, _| {
    only_if(request.version != 0, Admission::Silence)
});

// A TP-Link T1600G dies at more than 14.
refusing!(CRASH_ABOVE = "crash-above" Setting::Number(14), "crashes at more variables in one request than this, and boots", |given, request, _| {
    only_if(request.oids.len() > given.number() as usize, Admission::Crash)
});
