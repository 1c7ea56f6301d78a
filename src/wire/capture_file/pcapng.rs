//! pcapng: blocks in sections, each section with a byte order and interfaces of its own. Frames come in enhanced,
//! simple and (obsolete) packet blocks; of the options only those are read that change what a frame means.

use super::names::Names;
use super::{MAX_FRAME, Order, Piece, Reason, Record, link_type, time_of};
use crate::model::Time;
use crate::model::frames::{FrameMeta, LinkType};
use std::net::IpAddr;
use std::sync::Arc;

/// Block type of a section header, the same in either byte order.
pub(super) const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const NAME_RESOLUTION: u32 = 4;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// Type and length at the start of a block, length at its end.
const AROUND: u32 = 12;
/// Interfaces remembered over all sections. Frames of further ones are counted and not read.
const MAX_INTERFACES: usize = 1024;
/// Bytes of a block that are looked at for options; what an interface says of itself stands well within.
const OPTIONS_READ: usize = 4096;
/// Bytes of a name resolution block that are looked at.
const NAMES_READ: usize = 64 << 10;
/// Characters kept of a name.
const MAX_NAME: usize = 64;

/// From the units of a time stamp to nanoseconds (`if_tsresol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// Each is so many nanoseconds.
    Nanos(u64),
    /// So many make a nanosecond; 0: more than a time stamp can hold.
    PerNano(u64),
    /// 2⁻ⁿ seconds.
    Binary(u32),
}

impl Unit {
    fn from_option(byte: u8) -> Self {
        let exponent = u32::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            return Self::Binary(exponent);
        }
        match exponent {
            0..=9 => Self::Nanos(10_u64.pow(9 - exponent)),
            _ => Self::PerNano(10_u64.checked_pow(exponent - 9).unwrap_or(0)),
        }
    }

    fn nanos(self, ticks: u64) -> i128 {
        match self {
            Self::Nanos(each) => i128::from(ticks) * i128::from(each),
            Self::PerNano(0) => 0,
            Self::PerNano(many) => i128::from(ticks / many),
            // 2⁶⁴ × 10⁹ is below 2⁹⁴, and the exponent below 128.
            Self::Binary(exponent) => (i128::from(ticks) * 1_000_000_000) >> exponent,
        }
    }
}

#[derive(Clone, Debug)]
struct Interface {
    link: LinkType,
    /// 0: no limit.
    snaplen: u32,
    unit: Unit,
    /// `if_tsoffset`, seconds.
    offset_seconds: i64,
    name: Option<Box<str>>,
    /// Dropped frames by the latest statistics.
    dropped: u64,
}

impl Interface {
    /// When a time stamp is.
    #[inline]
    fn time(&self, ticks: u64) -> Time {
        // The usual case, apart for speed: decimal fractions of seconds since 1970, before 2262.
        if let (Unit::Nanos(each), 0) = (self.unit, self.offset_seconds)
            && let Some(nanos) = i64::try_from(ticks).ok().and_then(|ticks| ticks.checked_mul(each.cast_signed()))
        {
            return Time::from_nanos(nanos);
        }
        time_of(self.unit.nanos(ticks) + i128::from(self.offset_seconds) * 1_000_000_000)
    }
}

/// A pcapng file in the middle of being read.
#[derive(Debug, Default)]
pub(super) struct Pcapng {
    /// `None` before the first section header.
    order: Option<Order>,
    interfaces: Vec<Interface>,
    /// Number of the first interface of this section.
    section: usize,
    /// Time of the latest frame that had one: simple packets have none.
    last: Time,
    names: Names,
    /// The length that the block just passed over must repeat at its end.
    trailer: Option<u32>,
}

impl Pcapng {
    pub(super) fn interface_name(&self, interface: u16) -> Option<&str> {
        self.interfaces.get(usize::from(interface))?.name.as_deref()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.interfaces.iter().fold(0, |sum, interface| sum.saturating_add(interface.dropped))
    }

    pub(super) fn names(&self) -> &[(IpAddr, Arc<str>)] {
        self.names.all()
    }

    /// The frame of the enhanced packet block at the front of `bytes`, if all of the block is there, in little-endian order,
    /// and as it should be.
    #[inline]
    pub(super) fn record(&mut self, bytes: &[u8], number: u64) -> Option<Record> {
        const DATA: usize = 28;
        if self.order != Some(Order::Little) || self.trailer.is_some() {
            return None;
        }
        let (words, _) = bytes.first_chunk::<DATA>()?.as_chunks();
        let word = |at: usize| u32::from_le_bytes(words[at]);
        let (length, captured) = (word(1) as usize, word(5) as usize);
        // A hostile length wraps round where `usize` has 32 bits.
        let end = DATA.saturating_add(captured);
        let is_whole = word(0) == ENHANCED_PACKET && length.is_multiple_of(4) && end.saturating_add(4) <= length;
        if !is_whole || captured > MAX_FRAME || bytes.get(length - 4..length)? != word(1).to_le_bytes() {
            return None;
        }
        let id = self.section.saturating_add(word(2) as usize);
        let interface = self.interfaces.get(id)?;
        self.last = interface.time(u64::from(word(3)) << 32 | u64::from(word(4)));
        let meta = FrameMeta {
            at: self.last,
            number,
            interface: u16::try_from(id).unwrap_or(u16::MAX),
            link: interface.link,
            vlan: None,
            original_len: word(6),
        };
        Some(Record { meta, bytes: DATA..end, length })
    }

    /// A block's end is still to come.
    pub(super) fn within_block(&self) -> bool {
        self.trailer.is_some()
    }

    /// The block at the front of `bytes`, or the end of the one before.
    #[inline]
    pub(super) fn piece(&mut self, bytes: &[u8], number: u64) -> Piece {
        if let Some(start) = self.trailer {
            return self.end_of_block(bytes, start);
        }
        if bytes.is_empty() {
            return Piece::More(8);
        }
        if bytes.len() < 12 && (self.order.is_none() || bytes.starts_with(&SECTION)) {
            return Piece::More(12);
        }
        if bytes.starts_with(&SECTION) {
            let order = match bytes.get(8..12) {
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => Order::Big,
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => Order::Little,
                _ => return Piece::Bad(Reason::NotACapture(super::first_four(&bytes[8..]))),
            };
            self.order = Some(order);
            return self.section_header(bytes, order);
        }
        let Some(order) = self.order else { return Piece::Bad(Reason::NotACapture(super::first_four(bytes))) };
        let (Some(kind), Some(length)) = (order.u32(bytes, 0), order.u32(bytes, 4)) else { return Piece::More(8) };
        if length < AROUND || length % 4 != 0 {
            return Piece::Bad(Reason::Length { what: "block", says: length });
        }
        match kind {
            ENHANCED_PACKET => self.packet(bytes, order, length, number, Layout::ENHANCED),
            OLD_PACKET => self.packet(bytes, order, length, number, Layout::OLD),
            SIMPLE_PACKET => self.simple(bytes, order, length, number),
            INTERFACE => self.interface(bytes, order, length),
            STATISTICS => self.statistics(bytes, order, length),
            NAME_RESOLUTION => self.name_resolution(bytes, order, length),
            _ => self.pass(length),
        }
    }

    /// Passes over a block up to the length at its end.
    fn pass(&mut self, length: u32) -> Piece {
        self.trailer = Some(length);
        Piece::Skip(u64::from(length - 4))
    }

    fn end_of_block(&mut self, bytes: &[u8], start: u32) -> Piece {
        match self.order.and_then(|order| order.u32(bytes, 0)) {
            None => Piece::More(4),
            Some(end) if end == start => {
                self.trailer = None;
                Piece::Skip(4)
            }
            Some(end) => Piece::Bad(Reason::Trailer { start, end }),
        }
    }

    fn section_header(&mut self, bytes: &[u8], order: Order) -> Piece {
        let (Some(length), Some(major)) = (order.u32(bytes, 4), order.u16(bytes, 12)) else { return Piece::More(28) };
        // Type, length, byte order, version, section length, length.
        if length < 28 || length % 4 != 0 {
            return Piece::Bad(Reason::Length { what: "section header", says: length });
        }
        if major != 1 {
            return Piece::Bad(Reason::Version(major));
        }
        self.section = self.interfaces.len();
        self.pass(length)
    }

    fn interface(&mut self, bytes: &[u8], order: Order, length: u32) -> Piece {
        // Link type, reserved, snapshot length; then options.
        if length < AROUND + 8 {
            return Piece::Bad(Reason::Length { what: "interface description", says: length });
        }
        let wanted = OPTIONS_READ.min(length as usize);
        if bytes.len() < wanted {
            return Piece::More(wanted);
        }
        if self.interfaces.len() >= MAX_INTERFACES {
            return self.pass(length);
        }
        let mut interface = Interface {
            link: link_type(order.u16(bytes, 8).unwrap_or(0).into()),
            snaplen: order.u32(bytes, 12).unwrap_or(0),
            unit: Unit::Nanos(1_000),
            offset_seconds: 0,
            name: None,
            dropped: 0,
        };
        let end = (length as usize - 4).min(wanted);
        options(bytes.get(16..end).unwrap_or(&[]), order, |code, value| match (code, value) {
            (2, name) => interface.name = readable(name),
            (9, [resolution]) => interface.unit = Unit::from_option(*resolution),
            (14, _) => interface.offset_seconds = order.u64(value, 0).map_or(0, u64::cast_signed),
            _ => {}
        });
        self.interfaces.push(interface);
        self.pass(length)
    }

    /// `isb_ifdrop` and `isb_osdrop`: frames lost before they came into the file.
    fn statistics(&mut self, bytes: &[u8], order: Order, length: u32) -> Piece {
        let wanted = OPTIONS_READ.min(length as usize);
        if bytes.len() < wanted {
            return Piece::More(wanted);
        }
        let mut lost = 0_u64;
        let end = (length as usize - 4).min(wanted);
        options(bytes.get(20..end).unwrap_or(&[]), order, |code, value| {
            if matches!(code, 5 | 7) {
                lost = lost.saturating_add(order.u64(value, 0).unwrap_or(0));
            }
        });
        let id = order.u32(bytes, 8).map_or(usize::MAX, |id| id as usize);
        if let Some(interface) = self.interfaces.get_mut(self.section.saturating_add(id)) {
            interface.dropped = interface.dropped.max(lost);
        }
        self.pass(length)
    }

    fn name_resolution(&mut self, bytes: &[u8], order: Order, length: u32) -> Piece {
        let wanted = NAMES_READ.min(length as usize);
        if bytes.len() < wanted {
            return Piece::More(wanted);
        }
        let end = (length as usize - 4).min(wanted);
        self.names.read(bytes.get(8..end).unwrap_or(&[]), order);
        self.pass(length)
    }

    #[inline]
    fn packet(&mut self, bytes: &[u8], order: Order, length: u32, number: u64, layout: Layout) -> Piece {
        let Some(room) = length.checked_sub(AROUND + layout.fixed) else {
            return Piece::Bad(Reason::Length { what: "packet block", says: length });
        };
        let data = 8 + layout.fixed as usize;
        if bytes.len() < data {
            return Piece::More(data);
        }
        let field = |at| order.u32(bytes, at).unwrap_or(0);
        let (high, low, captured, original) = (field(12), field(16), field(20), field(24));
        if captured > room || captured as usize > MAX_FRAME {
            return Piece::Bad(Reason::Length { what: "frame", says: captured });
        }
        let id = if layout.wide { field(8) as usize } else { order.u16(bytes, 8).unwrap_or(0).into() };
        let end = data + captured as usize;
        if bytes.len() < end {
            return Piece::More(end);
        }
        let ticks = u64::from(high) << 32 | u64::from(low);
        let (link, interface) = match self.interfaces.get(self.section.saturating_add(id)) {
            Some(known) => {
                self.last = known.time(ticks);
                (known.link, u16::try_from(self.section + id).unwrap_or(u16::MAX))
            }
            // An interface that the section never described, or one too many: nobody can tell what its bytes are.
            None => (LinkType::Other(u32::MAX), u16::MAX),
        };
        let meta = FrameMeta { at: self.last, number, interface, link, vlan: None, original_len: original };
        self.frame(bytes, order, length, meta, data..end)
    }

    fn simple(&mut self, bytes: &[u8], order: Order, length: u32, number: u64) -> Piece {
        let Some(room) = length.checked_sub(AROUND + 4) else {
            return Piece::Bad(Reason::Length { what: "packet block", says: length });
        };
        let Some(original) = order.u32(bytes, 8) else { return Piece::More(12) };
        let known = self.interfaces.get(self.section);
        // The length at hand is not written: it is the original's, the interface's limit or what the block holds.
        let limit = known.map_or(0, |interface| interface.snaplen);
        let captured = original.min(if limit == 0 { u32::MAX } else { limit }).min(room) as usize;
        if captured > MAX_FRAME {
            return Piece::Bad(Reason::Length { what: "frame", says: original });
        }
        let end = 12 + captured;
        if bytes.len() < end {
            return Piece::More(end);
        }
        let link = known.map_or(LinkType::Other(u32::MAX), |interface| interface.link);
        let interface = u16::try_from(self.section).unwrap_or(u16::MAX);
        let meta = FrameMeta { at: self.last, number, interface, link, vlan: None, original_len: original };
        self.frame(bytes, order, length, meta, 12..end)
    }

    /// Hands the frame out. The block's end is checked here where it is in the window, and at the next step otherwise.
    #[inline]
    fn frame(
        &mut self,
        bytes: &[u8],
        order: Order,
        length: u32,
        meta: FrameMeta,
        range: std::ops::Range<usize>,
    ) -> Piece {
        match order.u32(bytes, length as usize - 4) {
            Some(end) if end != length => Piece::Bad(Reason::Trailer { start: length, end }),
            Some(_) => Piece::Frame { meta, bytes: range, length: u64::from(length) },
            None => {
                self.trailer = Some(length);
                Piece::Frame { meta, bytes: range, length: u64::from(length - 4) }
            }
        }
    }
}

/// Where a packet block has its fields.
#[derive(Clone, Copy)]
struct Layout {
    /// Bytes between the block's length and the frame.
    fixed: u32,
    /// The interface is four bytes (enhanced), not two and a count of drops (old).
    wide: bool,
}

impl Layout {
    const ENHANCED: Self = Self { fixed: 20, wide: true };
    const OLD: Self = Self { fixed: 20, wide: false };
}

/// Calls `each` with code and value of every option up to the end of options or to the first that does not fit.
fn options(mut bytes: &[u8], order: Order, mut each: impl FnMut(u16, &[u8])) {
    while let (Some(code @ 1..), Some(length)) = (order.u16(bytes, 0), order.u16(bytes, 2)) {
        let length = usize::from(length);
        let Some(value) = bytes.get(4..4 + length) else { return };
        each(code, value);
        bytes = bytes.get(4 + length.next_multiple_of(4)..).unwrap_or(&[]);
    }
}

/// A name as the file tells it: UTF-8, without control characters, not too long.
pub(super) fn readable(bytes: &[u8]) -> Option<Box<str>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let clean = text.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect::<String>();
    (!clean.is_empty()).then(|| clean.into_boxed_str())
}
