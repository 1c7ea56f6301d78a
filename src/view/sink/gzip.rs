//! gzip (RFC 1952) for text whose writer knows where its pieces were written before: those become matches without a
//! search, numbers become literals without one, and only the rest is looked for, with one probe. Measured on the answer
//! to a scrape of 52 ports (`benches/exposition.rs`), that takes a fraction of the time of a compressor that has to find
//! out. Knows no metric.

use super::huffman;
use super::{Again, CHUNK, Digits, Sink};

/// Farthest back that a match may reach (RFC 1951, 3.2.5).
const REACH: usize = 32 << 10;
/// Plain text kept: what matches may reach, and room before it has to be moved.
const WINDOW: usize = 5 * REACH;
/// Literals and matches of one block. Fewer would adapt better, and cost more headers.
const BLOCK: usize = 32 << 10;
/// Shortest and longest match (RFC 1951, 3.2.5).
const SHORTEST: usize = 3;
const LONGEST: usize = 258;
/// Shortest match that is looked for; also what is hashed.
const SEARCHED: usize = 4;
/// Places remembered by the hash of what is there.
const HEADS: usize = 1 << 12;
/// A token is a literal byte, or this bit with the length less 3 (from bit 16) and the distance less 1.
const MATCH: u32 = 1 << 31;
/// Symbols of literals and lengths, of distances, and of the lengths of codes.
const LITERALS: usize = 286;
const DISTANCES: usize = 30;
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const END: usize = 256;

/// Hands the text on as gzip, in chunks.
pub struct Gzip<'a> {
    plain: Vec<u8>,
    /// Position of the first byte of `plain` in the whole text.
    base: u64,
    /// Bytes of `plain` that are in the checksum.
    summed: usize,
    crc: flate2::Crc,
    /// One more than the low bits of a position, by the hash of the bytes there; 0 for none.
    heads: Vec<u32>,
    tokens: Vec<u32>,
    bits: Bits,
    to: &'a mut dyn FnMut(&[u8]),
}

impl<'a> Gzip<'a> {
    /// Chunks of about [`CHUNK`] bytes go to `to`.
    #[must_use]
    pub fn new(to: &'a mut dyn FnMut(&[u8])) -> Self {
        // ID1, ID2, deflate, no flags, no time, no hint, system unknown (RFC 1952, 2.3).
        let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        Self {
            plain: Vec::with_capacity(WINDOW),
            base: 0,
            summed: 0,
            crc: flate2::Crc::new(),
            heads: vec![0; HEADS],
            tokens: Vec::with_capacity(BLOCK),
            bits: Bits { bytes: header.to_vec(), waiting: 0, count: 0 },
            to,
        }
    }

    /// Makes room for a piece of at most `REACH` bytes.
    #[inline]
    fn make_room(&mut self, piece: usize) {
        if self.plain.len() + piece > WINDOW {
            self.sum();
            let gone = self.plain.len() - REACH;
            self.plain.drain(..gone);
            self.base += gone as u64;
            self.summed -= gone;
        }
    }

    fn sum(&mut self) {
        self.crc.update(&self.plain[self.summed..]);
        self.summed = self.plain.len();
    }

    #[inline]
    fn token(&mut self, token: u32) {
        if self.tokens.len() == BLOCK {
            self.block(false);
        }
        self.tokens.push(token);
    }

    /// A match, in as many parts as its length needs. At least [`SHORTEST`] bytes.
    #[inline]
    fn matched(&mut self, length: usize, distance: usize) {
        if length <= LONGEST {
            self.token(MATCH | ((length - SHORTEST) as u32) << 16 | (distance - 1) as u32);
        } else {
            self.matched_in_parts(length, distance);
        }
    }

    fn matched_in_parts(&mut self, mut length: usize, distance: usize) {
        while length > 0 {
            let mut part = length.min(LONGEST);
            // What is left must not be too short for a match.
            if (1..SHORTEST).contains(&(length - part)) {
                part -= SHORTEST;
            }
            self.token(MATCH | ((part - SHORTEST) as u32) << 16 | (distance - 1) as u32);
            length -= part;
        }
    }

    /// Appends a piece and looks for each part of it, with one probe.
    fn search(&mut self, piece: &[u8]) {
        self.make_room(piece.len());
        let start = self.plain.len();
        self.plain.extend_from_slice(piece);
        let mut at = start;
        while at + SEARCHED <= self.plain.len() {
            let here: [u8; SEARCHED] = self.plain[at..at + SEARCHED].try_into().expect("four bytes");
            let hash = (u32::from_le_bytes(here).wrapping_mul(0x9e37_79b1) >> (32 - HEADS.trailing_zeros())) as usize;
            let position = (self.base + at as u64) as u32;
            let head = self.heads[hash];
            self.heads[hash] = position.wrapping_add(1);
            let distance = position.wrapping_add(1).wrapping_sub(head) as usize;
            let found = head != 0 && (1..=REACH.min(at)).contains(&distance);
            if found && self.plain[at - distance..at - distance + SEARCHED] == here {
                let length = common(&self.plain[at..], &self.plain[at - distance..]);
                self.matched(length, distance);
                at += length;
            } else {
                self.token(u32::from(here[0]));
                at += 1;
            }
        }
        for at in at..self.plain.len() {
            self.token(u32::from(self.plain[at]));
        }
    }

    /// Writes the tokens so far as one block with codes of its own (RFC 1951, 3.2.7).
    fn block(&mut self, last: bool) {
        self.sum();
        // Taken out for the loops, so that they are kept in registers.
        let (tokens, mut bits) = (std::mem::take(&mut self.tokens), std::mem::take(&mut self.bits));
        let codes = Codes::for_tokens(&tokens);
        bits.put(u64::from(last), 1);
        bits.put(2, 2);
        codes.describe(&mut bits);
        // The length's extra bits behind its code, once for all matches of that length.
        let of_length: [(u32, u32); 256] = std::array::from_fn(|length| {
            let (symbol, extra, count) = length_symbol(length);
            let (code, bits) = codes.of(symbol);
            (code | extra << bits, bits + count)
        });
        let of_literal: [(u32, u32); 256] = std::array::from_fn(|literal| codes.of(literal));
        for token in &tokens {
            if token & MATCH == 0 {
                let (code, length) = of_literal[(token & 0xff) as usize];
                bits.put(u64::from(code), length);
            } else {
                let (code, length) = of_length[(token >> 16 & 0xff) as usize];
                bits.put(u64::from(code), length);
                let (symbol, extra, count) = distance_symbol(token & 0xffff);
                let length = u32::from(codes.lengths[LITERALS + symbol]);
                bits.put(u64::from(codes.distance[symbol]) | u64::from(extra) << length, length + count);
            }
        }
        let (code, length) = codes.of(END);
        bits.put(u64::from(code), length);
        (self.tokens, self.bits) = (tokens, bits);
        self.tokens.clear();
        if self.bits.bytes.len() >= CHUNK {
            (self.to)(&self.bits.bytes);
            self.bits.bytes.clear();
        }
    }
}

impl Sink for Gzip<'_> {
    fn text(&mut self, piece: &[u8]) {
        for piece in piece.chunks(REACH) {
            self.search(piece);
        }
    }

    #[inline]
    fn again(&mut self, piece: Again<'_>) {
        let Again { text, seen } = piece;
        if text.len() < SHORTEST || text.len() > REACH {
            return self.text(text);
        }
        self.make_room(text.len());
        let end = self.plain.len();
        let position = self.base + end as u64;
        let distance = seen.0.replace(position).map_or(0, |before| position.wrapping_sub(before));
        // A text written elsewhere by mistake costs a match, never the text.
        let before = usize::try_from(distance).ok().filter(|distance| (1..=REACH.min(end)).contains(distance));
        match before.filter(|distance| self.plain[end - distance..].starts_with(text)) {
            Some(distance) => {
                self.plain.extend_from_slice(text);
                self.matched(text.len(), distance);
            }
            None => self.search(text),
        }
    }

    #[inline]
    fn number(&mut self, piece: &[u8]) {
        for piece in piece.chunks(REACH) {
            self.make_room(piece.len());
            self.plain.extend_from_slice(piece);
            if self.tokens.len() + piece.len() <= BLOCK {
                self.tokens.extend(piece.iter().map(|&byte| u32::from(byte)));
            } else {
                piece.iter().for_each(|&byte| self.token(u32::from(byte)));
            }
        }
    }

    #[inline]
    fn line(&mut self, name: Again<'_>, labels: Again<'_>, number: &Digits) {
        self.again(name);
        self.again(labels);
        self.number(number.text(&mut [0; Digits::ROOM]));
    }

    fn finish(&mut self) {
        self.block(true);
        self.bits.align();
        self.bits.bytes.extend_from_slice(&self.crc.sum().to_le_bytes());
        self.bits.bytes.extend_from_slice(&self.crc.amount().to_le_bytes());
        (self.to)(&self.bits.bytes);
        self.bits.bytes.clear();
    }
}

/// How many bytes at the begin are the same.
fn common(a: &[u8], b: &[u8]) -> usize {
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("chunks of eight"));
    let mut length = 0;
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        let differ = word(a) ^ word(b);
        if differ != 0 {
            return length + differ.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    length + a[length..].iter().zip(&b[length..]).take_while(|(a, b)| a == b).count()
}

/// The codes of a block.
struct Codes {
    /// Of literals and lengths, then of distances.
    lengths: [u8; LITERALS + DISTANCES],
    literal: [u16; LITERALS],
    distance: [u16; DISTANCES],
}

impl Codes {
    /// The codes that fit these tokens best.
    fn for_tokens(tokens: &[u32]) -> Self {
        let (mut literals, mut lengths, mut distances) = ([0_u32; 256], [0_u32; 256], [0_u32; DISTANCES]);
        for token in tokens {
            if token & MATCH == 0 {
                literals[(token & 0xff) as usize] += 1;
            } else {
                lengths[(token >> 16 & 0xff) as usize] += 1;
                distances[distance_symbol(token & 0xffff).0] += 1;
            }
        }
        let mut symbols = [0; LITERALS];
        symbols[..256].copy_from_slice(&literals);
        symbols[END] = 1;
        for (length, count) in lengths.into_iter().enumerate() {
            symbols[length_symbol(length).0] += count;
        }
        Self::for_frequencies(&symbols, &distances)
    }

    /// The code of a literal or length, and how many bits it has.
    fn of(&self, symbol: usize) -> (u32, u32) {
        (u32::from(self.literal[symbol]), u32::from(self.lengths[symbol]))
    }

    fn for_frequencies(literals: &[u32; LITERALS], distances: &[u32; DISTANCES]) -> Self {
        let mut codes = Self { lengths: [0; LITERALS + DISTANCES], literal: [0; LITERALS], distance: [0; DISTANCES] };
        let (of_literals, of_distances) = codes.lengths.split_at_mut(LITERALS);
        huffman::lengths(literals, 15, of_literals);
        huffman::lengths(distances, 15, of_distances);
        huffman::codes(of_literals, &mut codes.literal);
        huffman::codes(of_distances, &mut codes.distance);
        codes
    }

    /// Writes the lengths, run by run, with a code of their own.
    fn describe(&self, bits: &mut Bits) {
        let runs = runs(&self.lengths);
        let mut frequencies = [0; 19];
        for run in &runs {
            frequencies[run.symbol] += 1;
        }
        let (mut lengths, mut codes) = ([0; 19], [0; 19]);
        huffman::lengths(&frequencies, 7, &mut lengths);
        huffman::codes(&lengths, &mut codes);
        let used = ORDER.iter().rposition(|symbol| lengths[*symbol] > 0).map_or(4, |last| (last + 1).max(4));
        bits.put((LITERALS - 257) as u64, 5);
        bits.put((DISTANCES - 1) as u64, 5);
        bits.put((used - 4) as u64, 4);
        for symbol in &ORDER[..used] {
            bits.put(u64::from(lengths[*symbol]), 3);
        }
        for run in runs {
            let length = u32::from(lengths[run.symbol]);
            bits.put(u64::from(codes[run.symbol]) | run.extra << length, length + run.bits);
        }
    }
}

/// A length of a code, or a run of one (RFC 1951, 3.2.7).
struct Run {
    symbol: usize,
    extra: u64,
    bits: u32,
}

fn runs(lengths: &[u8]) -> Vec<Run> {
    let mut found = Vec::new();
    for run in lengths.chunk_by(|a, b| a == b) {
        let (length, mut left) = (usize::from(run[0]), run.len());
        if length > 0 {
            found.push(Run { symbol: length, extra: 0, bits: 0 });
            left -= 1;
        }
        while left >= 3 {
            let (symbol, shortest, longest, bits) = match (length, left) {
                (0, 11..) => (18, 11, 138, 7),
                (0, _) => (17, 3, 10, 3),
                _ => (16, 3, 6, 2),
            };
            let part = left.min(longest);
            found.push(Run { symbol, extra: (part - shortest) as u64, bits });
            left -= part;
        }
        found.extend((0..left).map(|_| Run { symbol: length, extra: 0, bits: 0 }));
    }
    found
}

/// Symbol of a length less 3, its extra bits and how many (RFC 1951, 3.2.5).
#[inline]
fn length_symbol(length: usize) -> (usize, u32, u32) {
    match length {
        0..8 => (257 + length, 0, 0),
        255 => (285, 0, 0),
        _ => {
            let bits = length.ilog2() - 2;
            (257 + 4 * bits as usize + (length >> bits), (length & ((1 << bits) - 1)) as u32, bits)
        }
    }
}

/// Symbol of a distance less 1, its extra bits and how many (RFC 1951, 3.2.5).
#[inline]
fn distance_symbol(distance: u32) -> (usize, u32, u32) {
    if distance < 4 {
        return (distance as usize, 0, 0);
    }
    let bits = distance.ilog2() - 1;
    ((2 * bits + (distance >> bits)) as usize, distance & ((1 << bits) - 1), bits)
}

/// Bits in the order of deflate: the lowest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    waiting: u64,
    count: u32,
}

impl Bits {
    /// At most 32 bits at once.
    #[inline]
    fn put(&mut self, bits: u64, count: u32) {
        self.waiting |= bits << self.count;
        self.count += count;
        if self.count >= 32 {
            self.bytes.extend_from_slice(&(self.waiting as u32).to_le_bytes());
            self.waiting >>= 32;
            self.count -= 32;
        }
    }

    /// Fills the last byte up.
    fn align(&mut self) {
        let bytes = self.count.div_ceil(8) as usize;
        self.bytes.extend_from_slice(&self.waiting.to_le_bytes()[..bytes]);
        (self.waiting, self.count) = (0, 0);
    }
}
