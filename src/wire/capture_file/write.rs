//! Writing pcapng (draft-ietf-opsawg-pcapng): one section, one Ethernet interface, little-endian, nanoseconds. Only what
//! the flight recorder needs; appends to a buffer and does not know where it goes.

use crate::model::Time;

/// Options: end, comment, `if_name`, `if_tsresol`, `shb_userappl`, `isb_osdrop`.
const END: u16 = 0;
const COMMENT: u16 = 1;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const SHB_USERAPPL: u16 = 4;
const ISB_OSDROP: u16 = 7;
/// Bytes of a comment at most; the length of an option has 16 bits.
const MAX_COMMENT: usize = 8 << 10;

/// Bytes that a frame takes beside its own.
pub const AROUND_FRAME: usize = 32;

/// The beginning of a file: a section with a comment, and its interface.
pub fn start(out: &mut Vec<u8>, interface: &str, snaplen: u32, comments: &[&str]) {
    block(out, 0x0a0d_0d0a, |out| {
        out.extend(0x1a2b_3c4d_u32.to_le_bytes());
        out.extend([1, 0, 0, 0]);
        out.extend([0xff; 8]);
        for comment in comments {
            option(out, COMMENT, cut(comment).as_bytes());
        }
        option(out, SHB_USERAPPL, concat!("stormglass ", env!("CARGO_PKG_VERSION")).as_bytes());
        option(out, END, &[]);
    });
    block(out, 1, |out| {
        out.extend([1, 0, 0, 0]);
        out.extend(snaplen.to_le_bytes());
        option(out, IF_NAME, interface.as_bytes());
        option(out, IF_TSRESOL, &[9]);
        option(out, END, &[]);
    });
}

/// A frame: `parts` in a row are its bytes at hand, `original` its length on the wire.
pub fn frame(out: &mut Vec<u8>, at: Time, parts: &[&[u8]], original: u32) {
    block(out, 6, |out| {
        let nanos = u64::try_from(at.as_nanos()).unwrap_or(0);
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        for field in [0, (nanos >> 32) as u32, nanos as u32, length as u32, original] {
            out.extend(field.to_le_bytes());
        }
        for part in parts {
            out.extend_from_slice(part);
        }
    });
}

/// The end of a file: how many frames are not in it.
pub fn statistics(out: &mut Vec<u8>, at: Time, left_out: u64) {
    block(out, 5, |out| {
        let nanos = u64::try_from(at.as_nanos()).unwrap_or(0);
        for field in [0, (nanos >> 32) as u32, nanos as u32] {
            out.extend(field.to_le_bytes());
        }
        option(out, ISB_OSDROP, &left_out.to_le_bytes());
        option(out, END, &[]);
    });
}

/// Type, length, body padded to four bytes, length.
fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let from = out.len();
    out.extend(kind.to_le_bytes());
    out.extend([0; 4]);
    body(out);
    out.resize(from + (out.len() - from).next_multiple_of(4), 0);
    let length = ((out.len() - from + 4) as u32).to_le_bytes();
    out[from + 4..from + 8].copy_from_slice(&length);
    out.extend(length);
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    out.extend(code.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend_from_slice(&value[..usize::from(length)]);
    out.extend(std::iter::repeat_n(0, usize::from(length).next_multiple_of(4) - usize::from(length)));
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_COMMENT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frames::LinkType;
    use crate::wire::capture_file::{Reader, Step};

    #[test]
    fn what_is_written_is_read() {
        let mut file = Vec::new();
        start(&mut file, "eth0.7", 128, &["storm-1", "é".repeat(MAX_COMMENT).as_str()]);
        let times = [1_700_000_000_123_456_789, 1_700_000_001_000_000_001].map(Time::from_nanos);
        frame(&mut file, times[0], &[&[1, 2, 3], &[4, 5]], 1_500);
        frame(&mut file, times[1], &[&[6]], 1);
        statistics(&mut file, times[1], 77);
        let mut reader = Reader::default();
        let mut rest = &file[..];
        let mut seen = Vec::new();
        while let Step::Frame { meta, bytes, consumed } = reader.step(rest) {
            assert_eq!((meta.link, meta.interface), (LinkType::Ethernet, 0));
            seen.push((meta.at, rest[bytes].to_vec(), meta.original_len));
            rest = &rest[consumed..];
        }
        assert_eq!(seen, [(times[0], vec![1, 2, 3, 4, 5], 1_500), (times[1], vec![6], 1)]);
        assert_eq!((reader.interface_name(0), reader.dropped()), (Some("eth0.7"), 77));
        let Step::More { consumed, wanted } = reader.step(rest) else { panic!("the end") };
        assert_eq!(reader.finish(&rest[consumed..], wanted), None);
    }
}
