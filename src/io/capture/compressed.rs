//! Compressed captures, told by how they begin and never by their name: gzip (RFC 1952) and Zstandard (RFC 8878), each of any
//! number of members or frames. Decompresses in a window of bounded size, so that a file made to grow a millionfold
//! costs time and no memory.

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, BufReader, Read};

/// Bytes of compressed input held.
const INPUT_SIZE: usize = 1 << 16;
/// How every gzip member begins (RFC 1952, 2.3.1): magic number and the only method there is.
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
/// How every Zstandard frame begins (RFC 8878, 3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The window that every decoder should support (RFC 8878, 3.1.1.1.2) and `zstd` up to level 19 needs; 128 MiB, which
/// `--ultra` and `--long` may ask for, is more than the whole program is to take.
const MAX_ZSTD_WINDOW: u64 = 8 << 20;

/// Bytes needed to tell.
pub(super) const TELLS: usize = 4;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Compression {
    /// By the first bytes of a file.
    pub(super) fn of(first: &[u8]) -> Option<Self> {
        // Skippable frames (RFC 8878, 3.1.2), as pzstd puts first, begin with one of sixteen numbers.
        let skippable = matches!(first, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
        if first.starts_with(&GZIP) {
            Some(Self::Gzip)
        } else if first.starts_with(&ZSTD) || skippable {
            Some(Self::Zstd)
        } else {
            None
        }
    }

    /// What a person calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// What is in it.
    pub(super) fn reader(self, source: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        let source = BufReader::with_capacity(INPUT_SIZE, source);
        match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(source)),
            Self::Zstd => Box::new(ZstdFrames::new(source)),
        }
    }
}

/// Zstandard frames one after another. Of a frame that is cut off, what is still in its window (8 MiB at most) is lost: the
/// decoder hands that out only at the frame's end.
struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    /// A frame has begun and its end was not handed out yet.
    within: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_ZSTD_WINDOW);
        Self { source, decoder, within: false }
    }

    /// Begins the next frame; false at the end of the file.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => {
                    self.within = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let passed = io::copy(&mut (&mut self.source).take(length.into()), &mut io::sink())?;
                    if passed < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(FrameDecoderError::WindowSizeTooBig { .. }) => return Err(too_wide()),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }

    /// The checksum at the end of a frame, where there is one, is right.
    fn end(&mut self) -> io::Result<()> {
        self.within = false;
        match (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum()) {
            (Some(told), Some(found)) if told != found => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum does not match"))
            }
            _ => Ok(()),
        }
    }
}

fn too_wide() -> io::Error {
    let mebibytes = MAX_ZSTD_WINDOW >> 20;
    let what = format!(
        "it was compressed with a window of more than {mebibytes} MiB (--ultra or --long): \
         `zstd -dc --long=31 FILE | stormglass analyze -` reads it"
    );
    io::Error::new(io::ErrorKind::Unsupported, what)
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.within && !self.begin()? {
                return Ok(0);
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.source, one).map_err(io::Error::other)?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            self.end()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// A frame without compression, as RFC 8878 lays it out: single segment, one raw block, no checksum.
    fn raw_frame(content: &[u8]) -> Vec<u8> {
        let block = (content.len() as u32) << 3 | 1;
        [&ZSTD[..], &[0x20, content.len() as u8], &block.to_le_bytes()[..3], content].concat()
    }

    fn read(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Compression::of(&bytes).expect("compressed").reader(Cursor::new(bytes)).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn frames_follow_one_another_and_some_are_passed_over() {
        let skipped = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        let file = [&skipped[..], &raw_frame(b"one "), &skipped, &raw_frame(b""), &raw_frame(b"two")].concat();
        assert_eq!(read(file.clone()).expect("whole"), b"one two");
        for cut in 1..4 {
            assert!(read(file[..file.len() - cut].to_vec()).is_err(), "{cut} bytes missing");
        }
        assert!(read([&raw_frame(b"one")[..], b"what else"].concat()).is_err());
    }

    #[test]
    fn a_wide_window_is_refused_with_what_to_do() {
        // Window descriptor 0xa8: 2^31 bytes.
        let file = [&ZSTD[..], &[0x00, 0xa8], &[1, 0, 0]].concat();
        assert!(read(file).is_err_and(|error| error.to_string().contains("zstd -dc")));
    }

    #[test]
    fn told_by_content() {
        assert_eq!(Compression::of(&[0x1f, 0x8b, 8, 0]), Some(Compression::Gzip));
        assert_eq!(Compression::of(&[0x5f, 0x2a, 0x4d, 0x18]), Some(Compression::Zstd));
        for other in [&[0xd4, 0xc3, 0xb2, 0xa1][..], &[], &[0x1f, 0x8b], &[0x60, 0x2a, 0x4d, 0x18]] {
            assert_eq!(Compression::of(other), None);
        }
    }
}
