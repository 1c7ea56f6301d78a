//! Requests of SNMPv1 and SNMPv2c, written into a buffer that its owner uses again. Knows no responses.

use super::{Identity, MAX_MESSAGE, Version, tag};
use crate::model::snmp::MAX_ARCS;

/// What is asked (RFC 3416, 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The values of these names.
    Get,
    /// What follows these names.
    GetNext,
    /// What follows them, of all but the first ones many times. Not in SNMPv1.
    GetBulk {
        /// Names at the start that are asked for once.
        non_repeaters: u32,
        /// How often the others are.
        repetitions: u32,
    },
}

/// Why a request cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// BER has no form for this name.
    #[error("an object identifier has 2 to 128 arcs, of which the first is below 3 and the second below 40")]
    Name,
    /// The message would not fit a datagram.
    #[error("the request is longer than a datagram")]
    Length,
    /// SNMPv1 was to carry GETBULK.
    #[error("SNMPv1 has no GETBULK")]
    NoBulk,
}

/// Writes a request. What `out` held is gone.
///
/// # Errors
/// See [`EncodeError`]; `out` is then of no use.
pub fn encode_request<'a>(
    out: &mut Vec<u8>,
    head: &Identity<'_>,
    ask: Ask,
    names: impl DoubleEndedIterator<Item = &'a [u32]>,
) -> Result<(), EncodeError> {
    if head.version == Version::V1 && matches!(ask, Ask::GetBulk { .. }) {
        return Err(EncodeError::NoBulk);
    }
    let mut back = Backwards::new(out);
    back.pdu(head.request_id, ask, names)?;
    back.octets(head.community);
    back.number(match head.version {
        Version::V1 => 0,
        Version::V2c => 1,
    });
    back.wrap(tag::SEQUENCE, 0);
    back.finish()
}

/// A message that is written from the last byte to the first: every length is known when it is to be written.
pub(super) struct Backwards<'a> {
    bytes: &'a mut Vec<u8>,
}

impl<'a> Backwards<'a> {
    /// Begins with nothing.
    pub(super) fn new(bytes: &'a mut Vec<u8>) -> Self {
        bytes.clear();
        Self { bytes }
    }

    /// The first byte comes first again.
    pub(super) fn finish(self) -> Result<(), EncodeError> {
        self.bytes.reverse();
        if self.bytes.len() > MAX_MESSAGE { Err(EncodeError::Length) } else { Ok(()) }
    }

    /// Bytes written so far.
    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// A request PDU (RFC 3416, 3), in front of nothing.
    pub(super) fn pdu<'n>(
        &mut self,
        request_id: i32,
        ask: Ask,
        names: impl DoubleEndedIterator<Item = &'n [u32]>,
    ) -> Result<(), EncodeError> {
        let (kind, second, third) = match ask {
            Ask::Get => (tag::GET, 0, 0),
            Ask::GetNext => (tag::GET_NEXT, 0, 0),
            Ask::GetBulk { non_repeaters, repetitions } => (tag::GET_BULK, non_repeaters, repetitions),
        };
        for name in names.rev() {
            let end = self.len();
            self.wrap(tag::NULL, end);
            self.name(name)?;
            self.wrap(tag::SEQUENCE, end);
            if self.len() > MAX_MESSAGE {
                return Err(EncodeError::Length);
            }
        }
        self.wrap(tag::SEQUENCE, 0);
        self.number(i64::from(third));
        self.number(i64::from(second));
        self.number(i64::from(request_id));
        self.wrap(kind, 0);
        Ok(())
    }

    /// OCTET STRING.
    pub(super) fn octets(&mut self, content: &[u8]) {
        let end = self.len();
        self.raw(content);
        self.wrap(tag::OCTETS, end);
    }

    /// Bytes as they are.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes.iter().rev());
    }

    /// Puts length and tag in front of what was written since `end`.
    pub(super) fn wrap(&mut self, tag: u8, end: usize) {
        let mut length = self.bytes.len() - end;
        if length < 0x80 {
            self.bytes.push(length as u8);
        } else {
            let start = self.bytes.len();
            while length > 0 {
                self.bytes.push((length & 0xff) as u8);
                length >>= 8;
            }
            self.bytes.push(0x80 | (self.bytes.len() - start) as u8);
        }
        self.bytes.push(tag);
    }

    /// INTEGER, in the fewest bytes that keep the sign.
    pub(super) fn number(&mut self, mut number: i64) {
        let end = self.bytes.len();
        loop {
            let byte = (number & 0xff) as u8;
            self.bytes.push(byte);
            number >>= 8;
            let sign = byte & 0x80 != 0;
            if (number == 0 && !sign) || (number == -1 && sign) {
                break;
            }
        }
        self.wrap(tag::INTEGER, end);
    }

    fn name(&mut self, name: &[u32]) -> Result<(), EncodeError> {
        let &[top, second, ref rest @ ..] = name else { return Err(EncodeError::Name) };
        if name.len() > MAX_ARCS || top > 2 || (top < 2 && second > 39) {
            return Err(EncodeError::Name);
        }
        let end = self.bytes.len();
        for &arc in rest.iter().rev() {
            self.arc(arc);
        }
        self.arc(second.checked_add(40 * top).ok_or(EncodeError::Name)?);
        self.wrap(tag::OID, end);
        Ok(())
    }

    /// Seven bits to a byte, the first bit of all but the last one set.
    fn arc(&mut self, mut arc: u32) {
        self.bytes.push((arc & 0x7f) as u8);
        arc >>= 7;
        while arc > 0 {
            self.bytes.push((arc & 0x7f) as u8 | 0x80);
            arc >>= 7;
        }
    }
}
