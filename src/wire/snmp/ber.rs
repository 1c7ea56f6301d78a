//! The Basic Encoding Rules as far as SNMP uses them (X.690; RFC 3417, 8): elements with short tags and definite lengths,
//! read in place. Knows no message.

use super::{DecodeError, tag};
use crate::model::snmp::MAX_ARCS;

/// Bytes of a subidentifier: five times seven bits hold an arc of 32.
const MAX_ARC_BYTES: usize = 5;

/// What is left of a datagram, or of an element in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// Where `bytes` begins in the datagram.
    pub(super) offset: usize,
    /// What is being read, for errors.
    layer: &'static str,
}

/// An element: its tag, and a reader of its content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: Reader<'a>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8], layer: &'static str) -> Self {
        Self { bytes, offset: 0, layer }
    }

    pub(super) const fn called(self, layer: &'static str) -> Self {
        Self { layer, ..self }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// All that is left.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) const fn error(&self, reason: &'static str) -> DecodeError {
        DecodeError { layer: self.layer, offset: self.offset, reason }
    }

    /// The next element.
    pub(super) fn element(&mut self) -> Result<Element<'a>, DecodeError> {
        let (tag, length, header) = self.header()?;
        let Some(content) = self.bytes.get(header..header.saturating_add(length)) else {
            return Err(self.error("longer than what holds it"));
        };
        Ok(self.step(tag, content, header))
    }

    /// The next element, cut off where the bytes end: for finding out whose a spoiled message is.
    pub(super) fn element_cut_off(&mut self) -> Result<Element<'a>, DecodeError> {
        let (tag, length, header) = self.header()?;
        let end = header.saturating_add(length).min(self.bytes.len());
        Ok(self.step(tag, &self.bytes[header..end], header))
    }

    fn step(&mut self, tag: u8, content: &'a [u8], header: usize) -> Element<'a> {
        let content = Reader { bytes: content, offset: self.offset + header, layer: self.layer };
        let used = header + content.bytes.len();
        (self.bytes, self.offset) = (&self.bytes[used..], self.offset + used);
        Element { tag, content }
    }

    /// Tag, length of the content, and the length of both fields. Lengths of more bytes than needed are taken: net-snmp
    /// and others write them, and RFC 3417 asks for no more than definite ones.
    fn header(&self) -> Result<(u8, usize, usize), DecodeError> {
        let &[tag, first, ..] = self.bytes else { return Err(self.error("cut off")) };
        if tag & tag::LONG == tag::LONG {
            return Err(self.error("a tag of several bytes"));
        }
        match first {
            0..0x80 => Ok((tag, usize::from(first), 2)),
            0x80 => Err(self.error("an indefinite length")),
            0x81..=0x84 => {
                let count = usize::from(first & 0x7f);
                let Some(bytes) = self.bytes.get(2..2 + count) else { return Err(self.error("cut off")) };
                let length = bytes.iter().fold(0_u32, |length, &byte| length << 8 | u32::from(byte));
                let length = usize::try_from(length).map_err(|_| self.error("a length beyond any message"))?;
                Ok((tag, length, 2 + count))
            }
            _ => Err(self.error("a length beyond any message")),
        }
    }

    /// The content of the next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8, otherwise: &'static str) -> Result<Reader<'a>, DecodeError> {
        let start = *self;
        let element = self.element()?;
        if element.tag == tag { Ok(element.content) } else { Err(start.error(otherwise)) }
    }

    /// Nothing may be left.
    pub(super) const fn end(&self) -> Result<(), DecodeError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(self.error("bytes behind its end")) }
    }

    /// This content as an INTEGER of 32 bits. More bytes than needed are taken, as long as they say nothing else.
    pub(super) fn signed(&self) -> Result<i32, DecodeError> {
        match *self.bytes {
            [] => Err(self.error("a number of no bytes")),
            [first, ref rest @ ..] if rest.len() < 4 => {
                let sign = if first & 0x80 == 0 { 0 } else { -1_i32 };
                Ok(self.bytes.iter().fold(sign, |number, &byte| number << 8 | i32::from(byte)))
            }
            _ => Err(self.error("a number beyond 32 bits")),
        }
    }

    /// This content as a number of 32 bits that cannot be negative.
    pub(super) fn unsigned32(&self) -> Result<u32, DecodeError> {
        u32::try_from(self.unsigned(4)?).map_err(|_| self.error("a number beyond 32 bits"))
    }

    /// This content as a number of 64 bits that cannot be negative.
    pub(super) fn unsigned64(&self) -> Result<u64, DecodeError> {
        self.unsigned(8)
    }

    /// A number of at most `width` bytes, and a zero in front where the first bit is set. Of the full width it is taken
    /// without that zero too, which agents forget; a shorter one without it is negative, and nobody knows which of two
    /// numbers is meant.
    fn unsigned(&self, width: usize) -> Result<u64, DecodeError> {
        let number = match *self.bytes {
            [] => return Err(self.error("a number of no bytes")),
            [0, ref number @ ..] if number.len() <= width => number,
            [first, ..] if self.bytes.len() < width && first & 0x80 != 0 => {
                return Err(self.error("a negative number where none can be"));
            }
            ref number if number.len() <= width => number,
            _ => return Err(self.error("a number of too many bytes")),
        };
        Ok(number.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
    }

    /// This content as an object identifier, into `arcs`; gives how many there are.
    pub(super) fn arcs(&self, arcs: &mut [u32; MAX_ARCS]) -> Result<usize, DecodeError> {
        let mut count = 0;
        let mut bytes = self.bytes.iter();
        while let Some(&first) = bytes.next() {
            // Nearly all arcs are one byte.
            let arc = if first < 0x80 { u32::from(first) } else { self.long_arc(first, &mut bytes)? };
            if count == 0 {
                // The first two arcs share a subidentifier (X.690, 8.19.4).
                let top = (arc / 40).min(2);
                arcs[..2].copy_from_slice(&[top, arc - 40 * top]);
                count = 2;
            } else {
                *arcs.get_mut(count).ok_or_else(|| self.error("more than 128 arcs"))? = arc;
                count += 1;
            }
        }
        if count == 0 { Err(self.error("an object identifier of no bytes")) } else { Ok(count) }
    }

    /// An arc of several bytes, of which the first has been read: seven bits in each.
    fn long_arc(&self, first: u8, bytes: &mut std::slice::Iter<'_, u8>) -> Result<u32, DecodeError> {
        if first == 0x80 {
            return Err(self.error("an arc with zeros in front"));
        }
        let mut arc = u64::from(first & 0x7f);
        for &byte in bytes.by_ref().take(MAX_ARC_BYTES - 1) {
            arc = arc << 7 | u64::from(byte & 0x7f);
            if byte < 0x80 {
                return u32::try_from(arc).map_err(|_| self.error("an arc beyond 32 bits"));
            }
        }
        Err(self.error("an arc without an end"))
    }
}
