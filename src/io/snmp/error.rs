//! Why a target could not be read, in words for the person who can do something about it.

use crate::mib::WalkError;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Why a target could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{target} ({address}): {cause}")]
pub struct CollectError {
    /// Name of the target.
    pub target: Arc<str>,
    /// Its address.
    pub address: SocketAddr,
    /// What happened.
    #[source]
    pub cause: Cause,
}

/// What happened.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// Nothing came back.
    #[error(
        "no answer to {attempts} SNMP requests within {waited:.1?}. Check that this is the device's address, that SNMP \
         v2c is switched on there, that the community is right, and that its access list or firewall lets this host in"
    )]
    Timeout {
        /// Requests sent.
        attempts: u32,
        /// How long was waited, all attempts together.
        waited: Duration,
    },
    /// It answered, from another address.
    #[error(
        "the answer came from {from} instead, so it was not accepted. Use that address for this target, or set the \
         device to answer from the address it is asked at"
    )]
    Elsewhere {
        /// Where the answer came from.
        from: SocketAddr,
    },
    /// It answers, but too slowly.
    #[error("not finished within {waited:.1?}; {rows} rows were read. Allow more time, or poll it less often")]
    Deadline {
        /// The time that was allowed.
        waited: Duration,
        /// Rows that had come.
        rows: usize,
    },
    /// Another walk of the device held it all the time.
    #[error("another walk of this device was still running after {waited:.1?}. Allow more time, or ask less often")]
    Busy {
        /// The time that was allowed.
        waited: Duration,
    },
    /// The request could not be sent.
    #[error("the request could not be sent: {0}. Check the address, and this host's routes and cable")]
    Unreachable(#[source] std::io::Error),
    /// This host has no IPv6, or no socket to spare.
    #[error("this host has no socket for that address: {0}. Use an address of the other kind (IPv4, IPv6)")]
    NoSocket(String),
    /// The agent misbehaves.
    #[error("{0}. The device's SNMP agent is at fault: update its firmware, or leave this target out")]
    Agent(WalkError),
    /// The agent refuses.
    #[error("{0}. Check that the community may read the whole of mib-2 (1.3.6.1.2.1), in the device's SNMP views")]
    Refused(WalkError),
    /// Something in this program or its SNMP library.
    #[error("SNMP could not be spoken: {0}. Please report this")]
    Protocol(String),
}

impl Cause {
    /// What a walk's end means. `waited` is how long it took.
    #[must_use]
    pub fn of(error: WalkError, waited: Duration) -> Self {
        match error {
            WalkError::Timeout { attempts } => Self::Timeout { attempts, waited },
            WalkError::Deadline { rows } => Self::Deadline { waited, rows },
            WalkError::Status { .. } => Self::Refused(error),
            _ => Self::Agent(error),
        }
    }

    /// The metric label `reason`. The list is closed.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Timeout { .. } => "timeout",
            Self::Elsewhere { .. } => "other_source",
            Self::Deadline { .. } => "deadline",
            Self::Busy { .. } => "busy",
            Self::Unreachable(_) => "unreachable",
            Self::NoSocket(_) => "no_socket",
            Self::Agent(WalkError::NotIncreasing { .. }) => "not_increasing",
            Self::Agent(WalkError::Limit { .. }) => "limit",
            Self::Agent(_) => "malformed",
            Self::Refused(_) => "refused",
            Self::Protocol(_) => "protocol",
        }
    }
}
