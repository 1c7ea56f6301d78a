//! What a walk says to the one who carries its requests: what to ask, what came back, how far it may go, why it ended.

use crate::model::Time;
use crate::model::snmp::{Bindings, Oid};

/// How far a walk may go, and how fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rows kept, all parts together. A chassis of 20,000 interfaces fits.
    pub rows: usize,
    /// Bytes kept, by [`Value::size`](crate::model::snmp::Value::size) and four for each arc of a row's index.
    pub bytes: usize,
    /// When to give up.
    pub deadline: Time,
    /// Columns in one PDU, sysUpTime not counted. A TP-Link T1600G crashes when asked for more than 14.
    pub columns: usize,
    /// Max-repetitions where nobody knows how many rows there are.
    pub repetitions: u32,
    /// Max-repetitions at most, where it is known that so many rows are left. Many agents stop at their own limit.
    pub max_repetitions: u32,
    /// Timeouts in a row after which the walk ends.
    pub retries: u32,
}

impl Limits {
    /// The defaults, until `deadline`.
    #[must_use]
    pub const fn until(deadline: Time) -> Self {
        Self { rows: 65_536, bytes: 16 << 20, deadline, columns: 10, repetitions: 25, max_repetitions: 100, retries: 2 }
    }
}

/// What to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The names.
    pub oids: Vec<Oid>,
    /// `None`: GETNEXT. `Some(n)`: GETBULK with the first name as its one non-repeater and max-repetitions `n`.
    pub repetitions: Option<u32>,
    /// Timeouts since the last answer: 0 is the first attempt. Wait longer for later ones.
    pub attempt: u32,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An answer without an error.
    Bindings(Bindings),
    /// error-status and error-index of an answer (RFC 3416, 3).
    Status(i32, u32),
    /// An answer to this request that cannot be read.
    Malformed,
    /// Nothing in time.
    Timeout,
}

/// Why a walk ended early. The rows it had are not to be trusted as complete.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalkError {
    /// Nothing came back.
    #[error("no answer to {attempts} requests")]
    Timeout {
        /// Requests without an answer, in a row.
        attempts: u32,
    },
    /// Answers came, but not all of them in time.
    #[error("not finished in time: {rows} rows were read")]
    Deadline {
        /// Rows that had come.
        rows: usize,
    },
    /// The agent went in a circle.
    #[error("the answer went backwards at {oid}")]
    NotIncreasing {
        /// The name that did not follow the one before.
        oid: Oid,
    },
    /// More rows or bytes than allowed.
    #[error("more than {limit} {what}")]
    Limit {
        /// `rows` or `bytes`.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The answer does not have the form the request asks for.
    #[error("the answer has {got} bindings where {want} were asked for")]
    Shape {
        /// Bindings in it.
        got: usize,
        /// Bindings it should have, at least.
        want: usize,
    },
    /// An answer cannot be read.
    #[error("the answer cannot be read")]
    Malformed,
    /// The agent refused (RFC 3416, 3).
    #[error("the agent answered with error-status {status} ({name})", name = status_name(*status))]
    Status {
        /// error-status.
        status: i32,
    },
}

/// The answer would not have fitted into a message.
pub(super) const TOO_BIG: i32 = 1;
/// SNMPv1 has nothing behind that name.
pub(super) const NO_SUCH_NAME: i32 = 2;
/// Something else.
pub(super) const GEN_ERR: i32 = 5;

fn status_name(status: i32) -> &'static str {
    match status {
        TOO_BIG => "tooBig",
        NO_SUCH_NAME => "noSuchName",
        GEN_ERR => "genErr",
        6 => "noAccess",
        13 => "resourceUnavailable",
        16 => "authorizationError",
        _ => "see RFC 3416",
    }
}
