//! What an SNMPv3 agent says is wrong with a message: its Reports (RFC 3414, 3.2; RFC 3412, 7.1), read from the datagram.
//! Knows no sockets and no session.
//!
//! The client library drops a Report that is not signed when the session is, as it must: anybody could have sent it. But
//! a wrong user, password or protocol is told in no other way, and would look like silence. So a Report is never acted on
//! beyond discovering the engine afresh, and is otherwise a diagnosis: a sentence for a person, in place of a timeout.

use async_snmp::DecodeConfig;
use async_snmp::message::V3Message;
use async_snmp::v3::{ReportStatus, classify_report};

/// snmpUnknownContexts (RFC 3413, SNMP-TARGET-MIB).
const UNKNOWN_CONTEXTS: &[u32] = &[1, 3, 6, 1, 6, 3, 12, 1, 5];
/// snmpUnavailableContexts, of the same MIB.
const UNAVAILABLE_CONTEXTS: &[u32] = &[1, 3, 6, 1, 6, 3, 12, 1, 4];

/// What is wrong with SNMPv3 between us and an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsmFault {
    /// usmStatsUnknownUserNames.
    #[error("the device has no SNMPv3 user of this name. Check `username`, and that the user exists on this device")]
    UnknownUser,
    /// usmStatsWrongDigests.
    #[error(
        "the device knows the SNMPv3 user, but not this signature. Check `password` and `auth_protocol` against the \
         user on the device"
    )]
    WrongDigest,
    /// usmStatsDecryptionErrors.
    #[error(
        "the device accepts the SNMPv3 user's signature, but cannot decrypt the request. Check `priv_password` and \
         `priv_protocol` (for AES192 and AES256 also the variants AES192C and AES256C) against the user on the device"
    )]
    Decryption,
    /// usmStatsUnsupportedSecLevels.
    #[error(
        "the device does not offer this security level to the SNMPv3 user. Set `security_level`, with its protocols, to \
         what the user has on the device"
    )]
    UnsupportedLevel,
    /// usmStatsNotInTimeWindows, after the clock was set anew.
    #[error(
        "the device finds the request outside its time window, even after its clock was asked for again. Its \
         snmpEngineBoots or snmpEngineTime runs wild, or two devices share an engine ID: give each an ID of its own, \
         and restart the SNMP agent"
    )]
    TimeWindow,
    /// usmStatsUnknownEngineIDs, after discovery.
    #[error(
        "the device does not know the engine ID that it has just told. Another device may answer at its address, or its \
         SNMP agent is at fault: restart the agent"
    )]
    UnknownEngine,
    /// snmpUnknownContexts or snmpUnavailableContexts.
    #[error("the device has no SNMPv3 context of this name. Check `context_name`; most devices want none")]
    UnknownContext,
    /// A Report that this program does not know.
    #[error(
        "the device refuses the SNMPv3 message with a Report that is not known here. Look into the device's own log"
    )]
    Other,
    /// It answers discovery, and nothing that is encrypted. Net-snmp 5.9 is silent where its decryption gives rubbish
    /// (tried), and tells a wrong user or signature.
    #[error(
        "the device answers SNMPv3's discovery, but not the encrypted request. Most agents tell a wrong user or signature, \
         and many are silent to a wrong `priv_password` or `priv_protocol` (for AES192 and AES256 also the variants \
         AES192C and AES256C): check these first, then `context_name` if you set one, and the user's access on the device"
    )]
    IgnoredPrivate,
    /// It answers discovery, and nothing else.
    #[error(
        "the device answers SNMPv3's discovery, but not the request. Check `context_name` if you set one (net-snmp is \
         silent to an unknown context), `username` and `password`; then the user's access list and view on the device"
    )]
    Ignored,
    /// Another engine answers at the address than the one that was asked.
    #[error(
        "another SNMPv3 engine answers at this address than before: the device was replaced or reset. It has been \
         discovered anew, and the next poll will use it"
    )]
    EngineChanged,
}

impl UsmFault {
    /// The metric label `reason`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown_user",
            Self::WrongDigest => "wrong_digest",
            Self::Decryption => "decryption_error",
            Self::UnsupportedLevel => "unsupported_security_level",
            Self::TimeWindow => "not_in_time_window",
            Self::UnknownEngine => "unknown_engine",
            Self::UnknownContext => "unknown_context",
            Self::Other => "report",
            Self::Ignored | Self::IgnoredPrivate => "ignored",
            Self::EngineChanged => "engine_changed",
        }
    }

    /// A fresh discovery may mend it: the device was restarted, reset or replaced.
    pub(super) const fn mends_by_discovery(self) -> bool {
        matches!(self, Self::UnknownEngine | Self::TimeWindow)
    }

    /// What a Report says.
    pub(super) fn of(status: &ReportStatus) -> Self {
        match status {
            ReportStatus::UnknownUserName { .. } => Self::UnknownUser,
            ReportStatus::WrongDigest { .. } => Self::WrongDigest,
            ReportStatus::DecryptionError { .. } => Self::Decryption,
            ReportStatus::UnsupportedSecurityLevel { .. } => Self::UnsupportedLevel,
            ReportStatus::NotInTimeWindow { .. } => Self::TimeWindow,
            ReportStatus::UnknownEngineId { .. } => Self::UnknownEngine,
            ReportStatus::Other { oid, .. }
                if oid.arcs().starts_with(UNKNOWN_CONTEXTS) || oid.arcs().starts_with(UNAVAILABLE_CONTEXTS) =>
            {
                Self::UnknownContext
            }
            _ => Self::Other,
        }
    }

    /// What a datagram says, if it is a Report in plain text.
    pub(super) fn read(datagram: &[u8]) -> Option<Self> {
        let datagram = hyper::body::Bytes::copy_from_slice(datagram);
        let message = V3Message::decode(datagram, DecodeConfig::STRICT).ok()?;
        Some(Self::of(&classify_report(message.value.pdu()?).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::snmp::test_wire::tlv;

    /// A Report as net-snmp sends it: noAuthNoPriv, one counter.
    fn report(object: &[u8]) -> Vec<u8> {
        let integer = |number: u8| tlv(2, &[number]);
        let header = [integer(7), tlv(2, &[0, 0xff, 0xe3]), tlv(4, &[0]), integer(3)].concat();
        let engine = tlv(4, &[0x80, 0, 0x1f, 0x88, 4, 1]);
        let usm = [engine.clone(), integer(1), integer(9), tlv(4, b"who"), tlv(4, b""), tlv(4, b"")].concat();
        let binding = [tlv(6, object), tlv(0x41, &[3])].concat();
        let pdu = [integer(0), integer(0), integer(0), tlv(0x30, &tlv(0x30, &binding))].concat();
        let scoped = tlv(0x30, &[engine, tlv(4, b""), tlv(0xa8, &pdu)].concat());
        tlv(0x30, &[integer(3), tlv(0x30, &header), tlv(4, &tlv(0x30, &usm)), scoped].concat())
    }

    #[test]
    fn reports_are_told_apart() {
        let usm = |counter: u8| [0x2b, 6, 1, 6, 3, 15, 1, 1, counter, 0];
        for (counter, expected) in [
            (1, UsmFault::UnsupportedLevel),
            (2, UsmFault::TimeWindow),
            (3, UsmFault::UnknownUser),
            (4, UsmFault::UnknownEngine),
            (5, UsmFault::WrongDigest),
            (6, UsmFault::Decryption),
            (9, UsmFault::Other),
        ] {
            assert_eq!(UsmFault::read(&report(&usm(counter))), Some(expected));
        }
        assert_eq!(UsmFault::read(&report(&[0x2b, 6, 1, 6, 3, 12, 1, 5, 0])), Some(UsmFault::UnknownContext));
    }

    #[test]
    fn what_is_no_report_says_nothing() {
        let whole = report(&[0x2b, 6, 1, 6, 3, 15, 1, 1, 3, 0]);
        for length in 0..whole.len() {
            assert_eq!(UsmFault::read(&whole[..length]), None, "{length}");
        }
        let mut answer = whole.clone();
        let place = answer.iter().position(|&byte| byte == 0xa8).expect("a Report");
        answer[place] = 0xa2;
        assert_eq!(UsmFault::read(&answer), None);
    }
}
