//! Why a target could not be read, in words for the person who can do something about it.

use super::diagnosis::UsmFault;
use crate::mib::WalkError;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// error-status noAccess (RFC 3416, 3).
const NO_ACCESS: i32 = 6;
/// error-status authorizationError (RFC 3416, 3).
const AUTHORIZATION_ERROR: i32 = 16;

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
    #[error("no answer to {attempts} SNMP{version} requests within {waited:.1?}. {hint}", hint = silence(version))]
    Timeout {
        /// Requests sent.
        attempts: u32,
        /// How long was waited, all attempts together.
        waited: Duration,
        /// `v1`, `v2c` or `v3`.
        version: &'static str,
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
    /// The device is there, but nothing listens on the port (ICMP port unreachable).
    #[error(
        "the device is there, but nothing listens on that port. Switch SNMP on there, or correct the port (usually 161)"
    )]
    PortClosed,
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
    /// The request could not be sent, or the network says that it did not arrive.
    #[error("the request did not get there: {0}. Check the address, and this host's routes and cable")]
    Unreachable(#[source] std::io::Error),
    /// This host has no IPv6, or no socket to spare.
    #[error("this host has no socket for that address: {0}. Use an address of the other kind (IPv4, IPv6)")]
    NoSocket(String),
    /// The agent misbehaves.
    #[error("{0}. The device's SNMP agent is at fault: update its firmware, or leave this target out")]
    Agent(WalkError),
    /// The agent refuses.
    #[error(
        "{0}. Check that the community or user may read the whole of mib-2 (1.3.6.1.2.1), in the device's SNMP views"
    )]
    Refused(WalkError),
    /// The agent knows us, and denies access (RFC 3416, 3: noAccess, authorizationError).
    #[error(
        "{0}: the device knows this community or user, but denies it. Give it a read view of mib-2 (1.3.6.1.2.1), at \
         the security level that is used here"
    )]
    AccessDenied(WalkError),
    /// The agent answers and shows nothing at all.
    #[error(
        "it answers, but shows nothing, not even sysUpTime. Its SNMP view for this community, user or context is empty: \
         include mib-2 (1.3.6.1.2.1) in it"
    )]
    EmptyView,
    /// The agent's v3 engine says what is wrong with our message.
    #[error(transparent)]
    Usm(#[from] UsmFault),
    /// Something in this program or its SNMP library.
    #[error("SNMP could not be spoken: {0}. Please report this")]
    Protocol(String),
}

/// What silence means depends on the version: to a wrong community an agent says nothing (RFC 1157, 4.1).
fn silence(version: &str) -> &'static str {
    match version {
        "v3" => {
            "Not even SNMPv3's discovery was answered, which needs no user and no password: check that this is the \
             device's address, that SNMPv3 is switched on there, and that its access list or firewall lets this host in"
        }
        "v1" => {
            "A wrong community looks the same, since agents answer it with silence: check the community first, then \
             that this is the device's address, that SNMPv1 is switched on there, and that its access list or firewall \
             lets this host in"
        }
        _ => {
            "A wrong community looks the same, since agents answer it with silence: check the community first, then \
             that this is the device's address, that SNMPv2c is switched on there, and that its access list or \
             firewall lets this host in"
        }
    }
}

impl Cause {
    /// What a walk's end means. `waited` is how long it took, `version` that of SNMP.
    #[must_use]
    pub fn of(error: WalkError, waited: Duration, version: &'static str) -> Self {
        match error {
            WalkError::Timeout { attempts } => Self::Timeout { attempts, waited, version },
            WalkError::Deadline { rows } => Self::Deadline { waited, rows },
            WalkError::Status { status: NO_ACCESS | AUTHORIZATION_ERROR } => Self::AccessDenied(error),
            WalkError::Status { .. } => Self::Refused(error),
            _ => Self::Agent(error),
        }
    }

    /// The metric label `reason`. The list is closed; `unresolved` is added to it by whoever resolves names.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Timeout { .. } => "timeout",
            Self::Elsewhere { .. } => "other_source",
            Self::PortClosed => "port_closed",
            Self::Deadline { .. } => "deadline",
            Self::Busy { .. } => "busy",
            Self::Unreachable(_) => "unreachable",
            Self::NoSocket(_) => "no_socket",
            Self::Agent(WalkError::NotIncreasing { .. }) => "not_increasing",
            Self::Agent(WalkError::Limit { .. }) => "limit",
            Self::Agent(_) => "malformed",
            Self::Refused(_) => "refused",
            Self::AccessDenied(_) => "access_denied",
            Self::EmptyView => "empty_view",
            Self::Usm(fault) => fault.reason(),
            Self::Protocol(_) => "protocol",
        }
    }

    /// The device was there, and said so: it is no use to look for it elsewhere.
    #[must_use]
    pub const fn answered(&self) -> bool {
        !matches!(
            self,
            Self::Timeout { .. } | Self::Unreachable(_) | Self::NoSocket(_) | Self::Busy { .. } | Self::Protocol(_)
        )
    }
}
