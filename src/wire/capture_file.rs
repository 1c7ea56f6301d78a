//! Capture files, pcap and pcapng, read from a window of bytes that somebody else fills: frame by frame, in place, and
//! without an allocation that a length in the file could size. Does not know where the bytes come from, nor what a
//! frame means. pcap: draft-ietf-opsawg-pcap; pcapng: draft-ietf-opsawg-pcapng.

mod names;
mod pcap;
mod pcapng;
pub mod write;

use crate::model::Time;
use crate::model::frames::{FrameMeta, LinkType};
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of one captured frame at most: libpcap's own limit for any snapshot length (`MAXIMUM_SNAPLEN`). A greater
/// length is damage, not a frame.
pub const MAX_FRAME: usize = 262_144;

/// A window of this many bytes always suffices for the next step: the largest frame, its header and some to spare.
pub const MAX_WANTED: usize = MAX_FRAME + 64;

/// Order of the bytes in a file or in a section of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let two = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(if self == Self::Big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let four = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if self == Self::Big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
    }

    fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let eight = bytes.get(at..at + 8)?.try_into().ok()?;
        Some(if self == Self::Big { u64::from_be_bytes(eight) } else { u64::from_le_bytes(eight) })
    }
}

/// The link type of a number from the registry of link-layer header types. 12 and 14 are what some systems wrote for
/// raw IP before the registry.
fn link_type(number: u32) -> LinkType {
    match number {
        1 => LinkType::Ethernet,
        113 => LinkType::LinuxSll,
        276 => LinkType::LinuxSll2,
        12 | 14 | 101 | 228 | 229 => LinkType::RawIp,
        other => LinkType::Other(other),
    }
}

/// Why reading stopped before the end of the file. What came before it is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {byte}, after frame {frame}: {reason}")]
pub struct Damage {
    /// Offset in the file (uncompressed) of the header, record or block that is not as it should be.
    pub byte: u64,
    /// The last good frame; 0 if there was none.
    pub frame: u64,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It holds nothing.
    #[error("the file is empty")]
    Empty,
    /// It does not begin as a capture does.
    #[error("not a pcap or pcapng capture (it begins with the bytes {:02x} {:02x} {:02x} {:02x})", .0[0], .0[1], .0[2], .0[3])]
    NotACapture([u8; 4]),
    /// A major version that nobody has defined.
    #[error("version {0} of the capture format is not known")]
    Version(u16),
    /// A length that cannot be true.
    #[error("a {what} says that it is {says} bytes long, which cannot be")]
    Length {
        /// Of what.
        what: &'static str,
        /// The length.
        says: u32,
    },
    /// The two lengths of a pcapng block differ.
    #[error("the block's lengths at its start ({start}) and at its end ({end}) differ")]
    Trailer {
        /// Length at the start.
        start: u32,
        /// Length at the end.
        end: u32,
    },
    /// The file ends too early.
    #[error("the file ends in the middle of what begins here (bytes missing: at least {missing})")]
    Truncated {
        /// Bytes that the piece begun there lacks at least.
        missing: u64,
    },
}

impl Damage {
    /// The file is no capture at all, rather than a damaged one.
    #[must_use]
    pub fn is_no_capture(&self) -> bool {
        self.byte == 0 && matches!(self.reason, Reason::Empty | Reason::NotACapture(_))
    }
}

/// What the next piece of the window is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A frame: its bytes are `window[bytes]`, and the next window begins `consumed` bytes further on.
    Frame {
        /// What is known of it beside its bytes.
        meta: FrameMeta,
        /// Where its bytes are in the window.
        bytes: Range<usize>,
        /// How far the window moves.
        consumed: usize,
    },
    /// The window is too short. The next one begins `consumed` bytes further on and holds at least `wanted` bytes
    /// (at most [`MAX_WANTED`]), or there is no more and [`Reader::finish`] says whether that is how it should end.
    More {
        /// How far the window moves.
        consumed: usize,
        /// Bytes needed from there on.
        wanted: usize,
    },
    /// Nothing after this can be read.
    Damaged(Damage),
}

/// A frame that is there in whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What is known of it beside its bytes.
    pub meta: FrameMeta,
    /// Where its bytes are in the window.
    pub bytes: Range<usize>,
    /// How far the window moves.
    pub length: usize,
}

/// A frame, and up to where its copies are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Same<'a> {
    /// What is known of it beside its bytes.
    pub meta: &'a FrameMeta,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The copies are earlier than this, none of them earlier than the one before it.
    pub before: Time,
    /// No more than this many.
    pub most: u64,
}

/// Copies of a frame that follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// How many.
    pub frames: u64,
    /// When the last of them came.
    pub at: Time,
    /// How far the window moves.
    pub length: usize,
}

impl Same<'_> {
    const fn nothing(&self) -> Again {
        Again { frames: 0, at: self.meta.at, length: 0 }
    }

    /// Counts copies, alike in all that is known of a frame but its time and number. `record`: the format's own.
    #[inline(always)]
    fn count(&self, window: &[u8], mut record: impl FnMut(&[u8]) -> Option<Record>) -> Again {
        let mut again = self.nothing();
        let mut rest = window;
        while again.frames < self.most {
            let Some(Record { meta, bytes, length }) = record(rest) else { break };
            let is_next = again.at <= meta.at && meta.at < self.before;
            let alike = FrameMeta { at: self.meta.at, number: self.meta.number, ..meta } == *self.meta;
            if !is_next || !alike || rest.get(bytes) != Some(self.bytes) {
                break;
            }
            again = Again { frames: again.frames + 1, at: meta.at, length: again.length + length };
            rest = rest.get(length..).unwrap_or(&[]);
        }
        again
    }
}

/// The piece at the front of a window, as a format's own reader found it.
enum Piece {
    Frame {
        meta: FrameMeta,
        bytes: Range<usize>,
        length: u64,
    },
    /// Something without a frame in it.
    Skip(u64),
    More(usize),
    Bad(Reason),
}

#[derive(Debug)]
enum Format {
    Unknown,
    Pcap(pcap::Pcap),
    Pcapng(pcapng::Pcapng),
}

/// Reads one capture file.
#[derive(Debug)]
pub struct Reader {
    format: Format,
    /// Offset in the file of the window's first byte.
    position: u64,
    /// Bytes still to be passed over before the next piece.
    skip: u64,
    frames: u64,
}

impl Default for Reader {
    fn default() -> Self {
        Self { format: Format::Unknown, position: 0, skip: 0, frames: 0 }
    }
}

impl Reader {
    /// Frames read so far; the number of the last one.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The name that the file gives an interface (pcapng `if_name`), if it does.
    #[must_use]
    pub fn interface_name(&self, interface: u16) -> Option<&str> {
        match &self.format {
            Format::Pcapng(file) => file.interface_name(interface),
            Format::Unknown | Format::Pcap(_) => None,
        }
    }

    /// The names that the file gives to addresses (pcapng name resolution blocks), as far as read.
    #[must_use]
    pub fn names(&self) -> &[(IpAddr, Arc<str>)] {
        match &self.format {
            Format::Pcapng(file) => file.names(),
            Format::Unknown | Format::Pcap(_) => &[],
        }
    }

    /// Frames that the capturing system says it dropped (pcapng interface statistics), as far as read.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        match &self.format {
            Format::Pcapng(file) => file.dropped(),
            Format::Unknown | Format::Pcap(_) => 0,
        }
    }

    /// Passes over the frames at the front of `window` that are one and the same again. A storm's are, and a loop that
    /// knows nothing else takes a third of the instructions for each of them (63 instead of 190, the comparison of the bytes aside).
    #[inline]
    pub fn same_again(&mut self, window: &[u8], same: &Same<'_>) -> Again {
        let again = match &mut self.format {
            _ if self.skip > 0 => same.nothing(),
            Format::Pcap(file) => same.count(window, |bytes| file.record(bytes, 0)),
            Format::Pcapng(file) => same.count(window, |bytes| file.record(bytes, 0)),
            Format::Unknown => same.nothing(),
        };
        self.frames += again.frames;
        self.position += again.length as u64;
        again
    }

    /// The frame at the front of `window` in the usual case, apart for speed: a record of a pcap file or an enhanced packet
    /// block, and all of it is there. `None`: [`Self::step`] tells what there is.
    #[inline(always)]
    pub fn record(&mut self, window: &[u8]) -> Option<Record> {
        if self.skip > 0 {
            return None;
        }
        let number = self.frames + 1;
        let record = match &mut self.format {
            Format::Pcap(file) => file.record(window, number)?,
            Format::Pcapng(file) => file.record(window, number)?,
            Format::Unknown => return None,
        };
        self.frames = number;
        self.position += record.length as u64;
        Some(record)
    }

    /// Finds the next frame in `window`, whose first byte follows what was consumed before.
    #[inline]
    pub fn step(&mut self, window: &[u8]) -> Step {
        let mut at = 0;
        loop {
            let passed = usize::try_from(self.skip).unwrap_or(usize::MAX).min(window.len() - at);
            at += passed;
            self.skip -= passed as u64;
            if self.skip > 0 {
                return self.more(at, 1);
            }
            let rest = &window[at..];
            let piece = match &mut self.format {
                Format::Pcap(file) => file.piece(rest, self.frames + 1),
                Format::Pcapng(file) => file.piece(rest, self.frames + 1),
                Format::Unknown => self.recognise(rest),
            };
            match piece {
                Piece::Frame { meta, bytes, length } => {
                    self.frames += 1;
                    // A block's end may lie beyond the window; what is beyond is passed over at the next step.
                    let here = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
                    self.skip = length - here as u64;
                    let consumed = at + here;
                    self.position += consumed as u64;
                    return Step::Frame { meta, bytes: bytes.start + at..bytes.end + at, consumed };
                }
                Piece::Skip(length) => self.skip = length,
                Piece::More(wanted) => return self.more(at, wanted),
                Piece::Bad(reason) => {
                    return Step::Damaged(Damage { byte: self.position + at as u64, frame: self.frames, reason });
                }
            }
        }
    }

    fn more(&mut self, consumed: usize, wanted: usize) -> Step {
        self.position += consumed as u64;
        Step::More { consumed, wanted }
    }

    /// There are no bytes after `rest`, for which [`Self::step`] wanted more. `None`: the file is whole.
    #[must_use]
    pub fn finish(&self, rest: &[u8], wanted: usize) -> Option<Damage> {
        let damage = |reason| Some(Damage { byte: self.position, frame: self.frames, reason });
        let missing = self.skip.max(wanted.saturating_sub(rest.len()) as u64);
        match &self.format {
            Format::Unknown if rest.is_empty() => damage(Reason::Empty),
            Format::Unknown if begins_like_one(rest) => damage(Reason::Truncated { missing }),
            Format::Unknown => damage(Reason::NotACapture(first_four(rest))),
            Format::Pcapng(file) if file.within_block() => damage(Reason::Truncated { missing }),
            _ if self.skip > 0 || !rest.is_empty() => damage(Reason::Truncated { missing }),
            Format::Pcap(_) | Format::Pcapng(_) => None,
        }
    }

    fn recognise(&mut self, bytes: &[u8]) -> Piece {
        let Some(magic) = bytes.first_chunk::<4>() else { return Piece::More(pcap::HEADER) };
        if *magic == pcapng::SECTION {
            self.format = Format::Pcapng(pcapng::Pcapng::default());
            return Piece::Skip(0);
        }
        if !pcap::is_magic(*magic) {
            return Piece::Bad(Reason::NotACapture(*magic));
        }
        match pcap::Pcap::open(bytes) {
            Ok(Some(file)) => {
                self.format = Format::Pcap(file);
                Piece::Skip(pcap::HEADER as u64)
            }
            Ok(None) => Piece::More(pcap::HEADER),
            Err(reason) => Piece::Bad(reason),
        }
    }
}

fn first_four(bytes: &[u8]) -> [u8; 4] {
    let mut four = [0; 4];
    let length = bytes.len().min(4);
    four[..length].copy_from_slice(&bytes[..length]);
    four
}

/// The start of a capture cut so short that its kind cannot be told for certain.
fn begins_like_one(bytes: &[u8]) -> bool {
    bytes.len() >= 4 && (pcap::is_magic(first_four(bytes)) || first_four(bytes) == pcapng::SECTION)
}

/// A time from a signed number of nanoseconds, clamped to what [`Time`] holds.
fn time_of(nanos: i128) -> Time {
    Time::from_nanos(i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX }))
}

#[cfg(test)]
mod tests;
