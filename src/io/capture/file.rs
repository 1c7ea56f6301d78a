//! Capture files on disk or on standard input, plain or compressed: reads a quarter of a megabyte at a time into one window
//! and hands out frames in place, so that memory does not depend on the file's size. Does not know the formats (`wire` does).

use super::compressed::{self, Compression};
use crate::model::Time;
use crate::model::frames::FrameMeta;
use crate::wire::capture_file::{Again, Damage, MAX_WANTED, Reader, Record, Same, Step};
use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::net::IpAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes asked of the file at once: with it reading costs little more than mapping the file, and nothing can raise
/// SIGBUS when somebody cuts the file meanwhile. They stay in the second-level cache until they are looked at: with a
/// megabyte the whole tally took 5 to 10 % longer.
const READ_SIZE: usize = 256 << 10;

/// Why a file could not be looked at, or only in part.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be opened.
    #[error("cannot open it: {0}")]
    Open(#[source] io::Error),
    /// It is a directory.
    #[error("it is a directory: name the capture files in it")]
    Directory,
    /// Reading failed on the way.
    #[error("cannot read on after frame {frame}: {source}")]
    Read {
        /// The last good frame.
        frame: u64,
        /// What the system or the decompressor says.
        source: io::Error,
    },
    /// It is compressed, and the compressed data ends too early or is damaged.
    #[error("the {} data is cut off or damaged after frame {frame}: {source}", .how.name())]
    Compressed {
        /// How it is compressed.
        how: Compression,
        /// The last good frame.
        frame: u64,
        /// What the decompressor says.
        source: io::Error,
    },
    /// It is no capture, or a damaged one.
    #[error("{}", damage(.0))]
    Damage(Damage),
}

fn damage(damage: &Damage) -> String {
    if damage.is_no_capture() {
        format!("{}; save it as pcapng or pcap (Wireshark: File, Save As)", damage.reason)
    } else if damage.frame == 0 {
        damage.to_string()
    } else {
        format!("{damage}; what came before it was used")
    }
}

impl FileError {
    /// Nothing of the file could be used.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Open(_) | Self::Directory => true,
            Self::Read { frame, .. } | Self::Compressed { frame, .. } => *frame == 0,
            Self::Damage(damage) => damage.frame == 0,
        }
    }
}

/// Bytes of a file fetched so far, for a progress display.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// Bytes fetched, compressed where the file is.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts what passes.
struct Counted<R> {
    inner: R,
    progress: Progress,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.0.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// One capture file being read.
pub struct CaptureFile {
    source: Box<dyn Read + Send>,
    compression: Option<Compression>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    reader: Reader,
    /// A frame that was looked at beforehand, and where it is in the buffer.
    peeked: Option<(FrameMeta, Range<usize>)>,
    trouble: Option<FileError>,
    finished: bool,
    progress: Progress,
    size: Option<u64>,
}

impl std::fmt::Debug for CaptureFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaptureFile").field("reader", &self.reader).field("trouble", &self.trouble).finish()
    }
}

/// The name that stands for standard input.
#[must_use]
pub fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

impl CaptureFile {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// It does not exist, may not be read, or is a directory. That it is no capture shows when frames are asked for.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        if is_stdin(path) {
            return Self::from_reader(io::stdin(), None);
        }
        let file = File::open(path).map_err(FileError::Open)?;
        let about = file.metadata().map_err(FileError::Open)?;
        if about.is_dir() {
            return Err(FileError::Directory);
        }
        Self::from_reader(file, about.is_file().then_some(about.len()))
    }

    /// Reads a capture from anything. `size`: its length in bytes, if known.
    ///
    /// # Errors
    /// The first bytes could not be read.
    pub fn from_reader(reader: impl Read + Send + 'static, size: Option<u64>) -> Result<Self, FileError> {
        let progress = Progress::default();
        let mut raw = Counted { inner: reader, progress: progress.clone() };
        let mut first = [0; compressed::TELLS];
        let count = read_full(&mut raw, &mut first).map_err(FileError::Open)?;
        let compression = Compression::of(&first[..count]);
        let whole = Cursor::new(first).take(count as u64).chain(raw);
        let source: Box<dyn Read + Send> = match compression {
            Some(how) => how.reader(whole),
            None => Box::new(whole),
        };
        Ok(Self {
            source,
            compression,
            buffer: vec![0; READ_SIZE + MAX_WANTED].into_boxed_slice(),
            start: 0,
            end: 0,
            reader: Reader::default(),
            peeked: None,
            trouble: None,
            finished: false,
            progress,
            size,
        })
    }

    /// The next frame; `None` at the end of what can be read ([`Self::trouble`] says whether it is the file's end).
    pub fn next_frame(&mut self) -> Option<(FrameMeta, &[u8])> {
        let (meta, place) = self.next_place()?;
        Some((meta, self.bytes(place)))
    }

    /// The bytes of the frame that was found last.
    #[inline]
    #[must_use]
    pub fn bytes(&self, place: Range<usize>) -> &[u8] {
        &self.buffer[place]
    }

    /// The next frame and where its [bytes](Self::bytes) are until the one after it is asked for.
    #[inline(never)]
    pub fn next_place(&mut self) -> Option<(FrameMeta, Range<usize>)> {
        self.peeked.take().or_else(|| self.advance())
    }

    /// The same where that is a matter of a few steps, as it nearly always is, apart for speed; `None`:
    /// [`Self::next_place`] tells.
    #[inline(always)]
    pub fn at_hand(&mut self) -> Option<(FrameMeta, Range<usize>)> {
        if self.peeked.is_some() {
            return None;
        }
        let Record { meta, bytes, length } = self.reader.record(&self.buffer[self.start..self.end])?;
        let from = self.start;
        self.start += length;
        Some((meta, from + bytes.start..from + bytes.end))
    }

    /// Passes over the copies of the frame found last that follow it at once, as far as they are at hand. `meta`, `place`: that
    /// frame; see [`Same`] for the others.
    #[inline]
    pub fn same_again(&mut self, meta: &FrameMeta, place: Range<usize>, before: Time, most: u64) -> Again {
        let same = Same { meta, bytes: &self.buffer[place], before, most };
        let again = self.reader.same_again(&self.buffer[self.start..self.end], &same);
        self.start += again.length;
        again
    }

    /// What is known of the next frame, which [`Self::next_frame`] will still hand out.
    pub fn peek(&mut self) -> Option<FrameMeta> {
        if self.peeked.is_none() {
            self.peeked = self.advance();
        }
        self.peeked.as_ref().map(|(meta, _)| *meta)
    }

    fn advance(&mut self) -> Option<(FrameMeta, Range<usize>)> {
        while !self.finished {
            match self.reader.step(&self.buffer[self.start..self.end]) {
                Step::Frame { meta, bytes, consumed } => {
                    let from = self.start;
                    self.start += consumed;
                    return Some((meta, from + bytes.start..from + bytes.end));
                }
                Step::More { consumed, wanted } => {
                    self.start += consumed;
                    self.fill(wanted);
                }
                Step::Damaged(damage) => self.stop(Some(FileError::Damage(damage))),
            }
        }
        None
    }

    /// Moves what is left of the window to its front and reads on until it holds `wanted` bytes.
    fn fill(&mut self, wanted: usize) {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while self.end < wanted {
            let room = &mut self.buffer[self.end..self.end + READ_SIZE.min(MAX_WANTED + READ_SIZE - self.end)];
            match self.source.read(room) {
                Ok(0) => {
                    let damage = self.reader.finish(&self.buffer[..self.end], wanted);
                    return self.stop(damage.map(FileError::Damage));
                }
                Ok(count) => self.end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => {
                    let frame = self.reader.frames();
                    return self.stop(Some(match self.compression {
                        Some(how) => FileError::Compressed { how, frame, source },
                        None => FileError::Read { frame, source },
                    }));
                }
            }
        }
    }

    fn stop(&mut self, trouble: Option<FileError>) {
        self.trouble = trouble;
        self.finished = true;
    }

    /// Why reading ended before the end of the file, if it did.
    #[must_use]
    pub fn trouble(&self) -> Option<&FileError> {
        self.trouble.as_ref()
    }

    /// Frames read so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.reader.frames()
    }

    /// Frames that the file says its capturing system dropped, as far as read.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.reader.dropped()
    }

    /// The name that the file gives an interface, if it does.
    #[must_use]
    pub fn interface_name(&self, interface: u16) -> Option<&str> {
        self.reader.interface_name(interface)
    }

    /// The names that the file gives to addresses, as far as read.
    #[must_use]
    pub fn names(&self) -> &[(IpAddr, Arc<str>)] {
        self.reader.names()
    }

    /// How far reading has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Bytes of the file, if it is one.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size
    }
}

/// Reads until `buffer` is full or the source ends.
fn read_full(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match source.read(&mut buffer[count..]) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// A path as it is shown.
#[must_use]
pub fn display(path: &Path) -> String {
    if is_stdin(path) { "standard input".to_owned() } else { path.display().to_string() }
}

/// A name for each file that tells it from the others: its last part, or the whole path where two share that.
#[must_use]
pub fn short_names(paths: &[PathBuf]) -> Vec<String> {
    let last = |path: &Path| {
        path.file_name().filter(|_| !is_stdin(path)).map_or_else(|| display(path), |n| n.to_string_lossy().into_owned())
    };
    let unique = |name: &String| paths.iter().filter(|path| last(path) == *name).count() == 1;
    paths.iter().map(|path| Some(last(path)).filter(unique).unwrap_or_else(|| display(path))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn pcap(frames: u32, length: usize) -> Vec<u8> {
        let mut file = [&0xa1b2_c3d4_u32.to_le_bytes()[..], &[2, 0, 4, 0], &[0; 8], &[0, 0, 4, 0, 1, 0, 0, 0]].concat();
        for n in 0..frames {
            for field in [n, 0, length as u32, length as u32] {
                file.extend(field.to_le_bytes());
            }
            file.extend(std::iter::repeat_n(n as u8, length));
        }
        file
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("writing to a vector");
        encoder.finish().expect("writing to a vector")
    }

    fn count(bytes: Vec<u8>) -> (u64, Option<String>) {
        let mut file = CaptureFile::from_reader(Cursor::new(bytes), None).expect("opens");
        let first = file.peek().map(|meta| meta.number);
        assert_eq!(file.peek().map(|meta| meta.number), first, "peeking takes nothing");
        while let Some((meta, bytes)) = file.next_frame() {
            assert!(
                bytes.iter().all(|b| u64::from(*b) == (meta.number - 1) & 0xff),
                "the bytes of frame {}",
                meta.number
            );
        }
        (file.frames(), file.trouble().map(ToString::to_string))
    }

    #[test]
    fn windows_smaller_and_larger_than_the_file() {
        for (frames, length) in [(0, 0), (3, 60), (50, 100_000), (9, 262_144), (40_000, 60)] {
            assert_eq!(count(pcap(frames, length)), (u64::from(frames), None));
        }
    }

    #[test]
    fn gzip_of_several_members() {
        let file = pcap(20_000, 100);
        let (one, two) = file.split_at(file.len() / 2);
        assert_eq!(count([gzip(one), gzip(two)].concat()), (20_000, None));
        let mut cut = gzip(&file);
        cut.truncate(cut.len() / 2);
        let (frames, trouble) = count(cut);
        assert!(frames > 5_000 && trouble.is_some_and(|t| t.contains("gzip data is cut off")), "{frames}");
    }

    #[test]
    fn trouble_says_what_to_do() {
        assert!(count(b"PK\x03\x04".to_vec()).1.is_some_and(|t| t.contains("Save As")));
        let mut file = pcap(3, 10);
        file.truncate(file.len() - 1);
        let (frames, trouble) = count(file);
        assert_eq!(frames, 2);
        assert_eq!(
            trouble.as_deref(),
            Some(
                "byte 76, after frame 2: the file ends in the middle of what begins here (bytes missing: at least 1); \
                 what came before it was used"
            )
        );
        assert!(matches!(CaptureFile::open(Path::new("/")), Err(FileError::Directory)));
        assert!(CaptureFile::open(Path::new("/no/such/file")).is_err_and(|e| e.is_fatal()));
    }

    #[test]
    fn names_are_short_where_they_can_be() {
        let paths = ["a/x.pcap", "b/x.pcap", "c/y.pcap", "-"].map(PathBuf::from);
        assert_eq!(short_names(&paths), ["a/x.pcap", "b/x.pcap", "y.pcap", "standard input"]);
    }
}
