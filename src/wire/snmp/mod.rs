//! SNMPv1 and SNMPv2c messages (RFC 1157, RFC 1901, RFC 3416): requests written, responses read. Total: no bytes make it
//! panic or go on without end. SNMPv3's frame is in [`v3`]. Knows no sockets, no walks and no MIB.

mod ber;
mod request;
mod response;
#[cfg(test)]
mod tests;
pub mod v3;

pub use request::{Ask, EncodeError, encode_request};
pub use response::{Answer, Response, identity};

/// Bytes of a message that fits a UDP datagram over IPv4.
pub const MAX_MESSAGE: usize = 65_507;
/// Variable bindings read of one response. A datagram of the shortest ones that are of use holds fewer.
pub const MAX_BINDINGS: usize = 8192;

/// Which SNMP: the versions that let in by a community.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// SNMPv1: no GETBULK, no Counter64, no exceptions.
    V1,
    /// SNMPv2c.
    V2c,
}

/// What tells which request a message belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Its version.
    pub version: Version,
    /// Its community.
    pub community: &'a [u8],
    /// request-id.
    pub request_id: i32,
}

/// Why bytes are not the response they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SNMP {layer} at byte {offset}: {reason}")]
pub struct DecodeError {
    /// Which part: `message`, `PDU`, `binding list`, `name`, `value`.
    pub layer: &'static str,
    /// Where it begins in the datagram.
    pub offset: usize,
    /// What is wrong.
    pub reason: &'static str,
}

/// The tags of RFC 3416 and RFC 1157, as X.690 writes them.
mod tag {
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const OCTETS: u8 = 0x04;
    pub(super) const NULL: u8 = 0x05;
    pub(super) const OID: u8 = 0x06;
    pub(super) const SEQUENCE: u8 = 0x30;
    pub(super) const IP_ADDRESS: u8 = 0x40;
    pub(super) const COUNTER32: u8 = 0x41;
    pub(super) const GAUGE32: u8 = 0x42;
    pub(super) const TIME_TICKS: u8 = 0x43;
    pub(super) const COUNTER64: u8 = 0x46;
    /// UInteger32 of RFC 1442, which became Gauge32 and is still sent.
    pub(super) const UINTEGER32: u8 = 0x47;
    pub(super) const NO_SUCH_OBJECT: u8 = 0x80;
    pub(super) const NO_SUCH_INSTANCE: u8 = 0x81;
    pub(super) const END_OF_MIB_VIEW: u8 = 0x82;
    pub(super) const GET: u8 = 0xa0;
    pub(super) const GET_NEXT: u8 = 0xa1;
    pub(super) const RESPONSE: u8 = 0xa2;
    pub(super) const GET_BULK: u8 = 0xa5;
    /// Bit 6: what is inside are elements again.
    pub(super) const CONSTRUCTED: u8 = 0x20;
    /// All of the low bits: the tag goes on in further bytes, which SNMP never does.
    pub(super) const LONG: u8 = 0x1f;
}
