//! pcap: one header for the file, one for each frame. Microseconds or nanoseconds, either byte order, and the variant
//! with eight more bytes per frame that old Linux kernels' tools wrote.

use super::{MAX_FRAME, Order, Piece, Reason, Record, link_type};
use crate::model::Time;
use crate::model::frames::{FrameMeta, LinkType};

/// Bytes of the file header.
pub(super) const HEADER: usize = 24;

/// A pcap file whose header has been read.
#[derive(Debug)]
pub(super) struct Pcap {
    order: Order,
    nanos_per_unit: i64,
    /// Bytes of a frame's header.
    record: usize,
    link: LinkType,
}

/// Byte order, nanoseconds per unit of the time stamp's fraction, bytes of a frame's header.
fn variant(magic: [u8; 4]) -> Option<(Order, i64, usize)> {
    Some(match magic {
        [0xd4, 0xc3, 0xb2, 0xa1] => (Order::Little, 1_000, 16),
        [0xa1, 0xb2, 0xc3, 0xd4] => (Order::Big, 1_000, 16),
        [0x4d, 0x3c, 0xb2, 0xa1] => (Order::Little, 1, 16),
        [0xa1, 0xb2, 0x3c, 0x4d] => (Order::Big, 1, 16),
        [0x34, 0xcd, 0xb2, 0xa1] => (Order::Little, 1_000, 24),
        [0xa1, 0xb2, 0xcd, 0x34] => (Order::Big, 1_000, 24),
        _ => return None,
    })
}

pub(super) fn is_magic(magic: [u8; 4]) -> bool {
    variant(magic).is_some()
}

impl Pcap {
    /// Reads the file header; `None` if there are not enough bytes.
    pub(super) fn open(bytes: &[u8]) -> Result<Option<Self>, Reason> {
        let Some(header) = bytes.first_chunk::<HEADER>() else { return Ok(None) };
        let magic = super::first_four(header);
        let Some((order, nanos_per_unit, record)) = variant(magic) else { return Err(Reason::NotACapture(magic)) };
        let (Some(major), Some(link)) = (order.u16(header, 4), order.u32(header, 20)) else { return Ok(None) };
        // 2.4 since 1998; nothing else is found in the wild.
        if major != 2 {
            return Err(Reason::Version(major));
        }
        // The upper six bits tell of a frame check sequence at the end of frames, which the IP length leaves out.
        Ok(Some(Self { order, nanos_per_unit, record, link: link_type(link & 0x03ff_ffff) }))
    }

    /// The record at the front of `bytes`, if all of it is there and it is as it should be.
    #[inline]
    pub(super) fn record(&self, bytes: &[u8], number: u64) -> Option<Record> {
        let (words, _) = bytes.first_chunk::<16>()?.as_chunks();
        let words = [words[0], words[1], words[2], words[3]].map(u32::from_le_bytes);
        let words = if self.order == Order::Big { words.map(u32::swap_bytes) } else { words };
        let [seconds, fraction, captured, original] = words;
        // A hostile length wraps round where `usize` has 32 bits.
        let end = self.record.saturating_add(captured as usize);
        if captured as usize > MAX_FRAME || end > bytes.len() {
            return None;
        }
        let nanos = i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * self.nanos_per_unit;
        let meta = FrameMeta {
            at: Time::from_nanos(nanos),
            number,
            interface: 0,
            link: self.link,
            vlan: None,
            original_len: original,
        };
        Some(Record { meta, bytes: self.record..end, length: end })
    }

    /// The piece at the front of `bytes`.
    pub(super) fn piece(&self, bytes: &[u8], number: u64) -> Piece {
        if let Some(Record { meta, bytes, length }) = self.record(bytes, number) {
            return Piece::Frame { meta, bytes, length: length as u64 };
        }
        if bytes.len() < self.record {
            return Piece::More(self.record);
        }
        let captured = self.order.u32(bytes, 8).unwrap_or(0);
        if captured as usize > MAX_FRAME {
            return Piece::Bad(Reason::Length { what: "frame", says: captured });
        }
        Piece::More(self.record + captured as usize)
    }
}
