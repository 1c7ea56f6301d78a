//! Where long texts are written to, piece by piece, so that memory does not grow with them: plain, or as gzip. A writer
//! says of each piece what it knows about it (seen before, a number), because for gzip that knowledge is worth more than
//! a search. Knows no metric and no network.

mod digits;
mod gzip;
mod huffman;
mod room;

pub use digits::Digits;
pub use gzip::Gzip;
pub(super) use room::Room;

/// Bytes handed on at once, about: what stays in the nearest cache until it is copied. With 64 KiB a series cost a tenth
/// more (`benches/exposition.rs`).
pub const CHUNK: usize = 32 << 10;
/// Bytes that a plain text begins with room for. Most are short.
const FIRST: usize = 4 << 10;

/// Where a piece of text was written last; belongs to that text alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen(Option<u64>);

impl Seen {
    /// Where the part of the text begins that lies `offset` bytes behind its begin.
    #[must_use]
    pub fn part(self, offset: usize) -> Self {
        Self(self.0.map(|at| at + offset as u64))
    }
}

/// A piece that is written again and again, and where it was written last.
#[derive(Debug)]
pub struct Again<'a> {
    /// The piece.
    pub text: &'a [u8],
    /// Belongs to this text alone; to be kept for the next time.
    pub seen: &'a mut Seen,
}

/// Takes a text in pieces.
pub trait Sink {
    /// A piece of which nothing is known.
    fn text(&mut self, piece: &[u8]);
    /// A piece that was written before, as a rule.
    fn again(&mut self, piece: Again<'_>);
    /// A piece that hardly occurs twice: a number.
    fn number(&mut self, piece: &[u8]);
    /// What nearly all of a scrape is made of: a family's name, a row's labels, a number.
    fn line(&mut self, name: Again<'_>, labels: Again<'_>, number: &Digits);
    /// The text is whole: hands on what is left.
    fn finish(&mut self);
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn text(&mut self, piece: &[u8]) {
        (**self).text(piece);
    }

    fn again(&mut self, piece: Again<'_>) {
        (**self).again(piece);
    }

    fn number(&mut self, piece: &[u8]) {
        (**self).number(piece);
    }

    fn line(&mut self, name: Again<'_>, labels: Again<'_>, number: &Digits) {
        (**self).line(name, labels, number);
    }

    fn finish(&mut self) {
        (**self).finish();
    }
}

/// Hands the text on as it is, in chunks.
pub struct Plain<'a> {
    chunk: Room,
    to: &'a mut dyn FnMut(&[u8]),
}

impl<'a> Plain<'a> {
    /// Chunks of about [`CHUNK`] bytes go to `to`.
    #[must_use]
    pub fn new(to: &'a mut dyn FnMut(&[u8])) -> Self {
        Self { chunk: Room::of(FIRST), to }
    }

    #[inline]
    fn put(&mut self, piece: &[u8]) {
        if !self.chunk.put(piece) {
            self.put_elsewhere(piece);
        }
    }

    /// Where there is no room: the chunk grows as long as it is short, and is handed on when it is not.
    #[cold]
    fn put_elsewhere(&mut self, piece: &[u8]) {
        if self.chunk.size() < CHUNK {
            let wanted = (4 * self.chunk.size()).max(self.chunk.len() + piece.len());
            self.chunk.grow(wanted.min(CHUNK));
            return self.put(piece);
        }
        self.hand_on();
        if piece.len() > CHUNK {
            (self.to)(piece);
        } else {
            self.put(piece);
        }
    }

    fn hand_on(&mut self) {
        if self.chunk.len() > 0 {
            (self.to)(self.chunk.text());
            self.chunk.truncate(0);
        }
    }
}

impl Sink for Plain<'_> {
    #[inline]
    fn text(&mut self, piece: &[u8]) {
        self.put(piece);
    }

    #[inline]
    fn again(&mut self, piece: Again<'_>) {
        self.put(piece.text);
    }

    #[inline]
    fn number(&mut self, piece: &[u8]) {
        self.put(piece);
    }

    #[inline]
    fn line(&mut self, name: Again<'_>, labels: Again<'_>, number: &Digits) {
        if !self.chunk.put_line(name.text, labels.text, number) {
            [name.text, labels.text, number.text(&mut [0; Digits::ROOM])].into_iter().for_each(|piece| self.put(piece));
        }
    }

    fn finish(&mut self) {
        self.hand_on();
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
