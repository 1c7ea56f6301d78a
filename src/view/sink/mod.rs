//! Where long texts are written to, piece by piece, so that memory does not grow with them: plain, or as gzip. A writer
//! says of each piece what it knows about it (seen before, a number), because for gzip that knowledge is worth more than
//! a search. Knows no metric and no network.

mod gzip;
mod huffman;

pub use gzip::Gzip;

/// Bytes handed on at once, about.
pub const CHUNK: usize = 64 << 10;

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
    fn line(&mut self, name: Again<'_>, labels: Again<'_>, number: &[u8]);
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

    fn line(&mut self, name: Again<'_>, labels: Again<'_>, number: &[u8]) {
        (**self).line(name, labels, number);
    }

    fn finish(&mut self) {
        (**self).finish();
    }
}

/// Hands the text on as it is, in chunks.
pub struct Plain<'a> {
    chunk: Vec<u8>,
    to: &'a mut dyn FnMut(&[u8]),
}

impl<'a> Plain<'a> {
    /// Chunks of about [`CHUNK`] bytes go to `to`.
    #[must_use]
    pub fn new(to: &'a mut dyn FnMut(&[u8])) -> Self {
        Self { chunk: Vec::with_capacity(CHUNK), to }
    }

    #[inline]
    fn put(&mut self, piece: &[u8]) {
        if self.chunk.len() + piece.len() > CHUNK {
            self.hand_on(piece);
        } else {
            self.chunk.extend_from_slice(piece);
        }
    }

    #[cold]
    fn hand_on(&mut self, piece: &[u8]) {
        (self.to)(&self.chunk);
        self.chunk.clear();
        if piece.len() > CHUNK {
            (self.to)(piece);
        } else {
            self.chunk.extend_from_slice(piece);
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
    fn line(&mut self, name: Again<'_>, labels: Again<'_>, number: &[u8]) {
        let length = name.text.len() + labels.text.len() + number.len();
        if self.chunk.len() + length > CHUNK {
            self.put(name.text);
            self.put(labels.text);
            self.put(number);
        } else {
            self.chunk.extend_from_slice(name.text);
            self.chunk.extend_from_slice(labels.text);
            self.chunk.extend_from_slice(number);
        }
    }

    fn finish(&mut self) {
        if !self.chunk.is_empty() {
            (self.to)(&self.chunk);
            self.chunk.clear();
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
