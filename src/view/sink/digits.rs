//! Whole numbers as text, made eight digits at a time where they stand: nearly half of a scrape's instructions were
//! digits found two by two and then copied (callgrind, `benches/exposition.rs`). Knows no fractions.

/// A number's text, in three words so that it stays in registers until it is written: the first byte is the lowest of the
/// first word.
#[derive(Clone, Copy, Debug)]
pub struct Digits {
    words: [u64; 3],
    length: usize,
}

/// What eight and sixteen digits can count.
const E8: u64 = 100_000_000;
const E16: u64 = E8 * E8;
/// Makes eight digits characters.
const ASCII: u64 = 0x3030_3030_3030_3030;

impl Digits {
    /// Bytes of all three words; the longest text has 20.
    pub const ROOM: usize = 24;

    /// The number.
    #[inline]
    #[must_use]
    pub const fn of(number: u64) -> Self {
        if number < 10 {
            return Self { words: [number | b'0' as u64, 0, 0], length: 1 };
        }
        if number < E8 {
            let digits = eight_digits(number);
            let zeros = leading_zeros(digits);
            return Self { words: [(digits | ASCII) >> (8 * zeros), 0, 0], length: 8 - zeros as usize };
        }
        if number < E16 {
            let (first, second) = (eight_digits(number / E8), eight_digits(number % E8));
            let zeros = leading_zeros(first);
            let both = ((second | ASCII) as u128) << 64 | (first | ASCII) as u128;
            let both = both >> (8 * zeros);
            return Self { words: [both as u64, (both >> 64) as u64, 0], length: 16 - zeros as usize };
        }
        Self::long(number)
    }

    /// More than 16 digits: the first up to four, and twice eight.
    const fn long(number: u64) -> Self {
        let Self { words: [first, ..], length } = Self::of(number / E16);
        let (second, third) = (eight_digits(number % E16 / E8) | ASCII, eight_digits(number % E8) | ASCII);
        let (up, down) = (8 * length as u32, 64 - 8 * length as u32);
        Self { words: [first | second << up, second >> down | third << up, third >> down], length: length + 16 }
    }

    /// The number with its sign.
    #[inline]
    #[must_use]
    pub const fn signed(number: i64) -> Self {
        let digits = Self::of(number.unsigned_abs());
        if number < 0 { digits.negative() } else { digits }
    }

    const fn negative(self) -> Self {
        let [first, second, third] = self.words;
        let words = [first << 8 | b'-' as u64, second << 8 | first >> 56, third << 8 | second >> 56];
        Self { words, length: self.length + 1 }
    }

    /// As people read it, in the room that it is given.
    #[inline]
    #[must_use]
    pub fn text<'a>(&self, room: &'a mut [u8; Self::ROOM]) -> &'a [u8] {
        self.write(room);
        room.get(..self.length).unwrap_or_default()
    }

    /// The text, and behind it what has no meaning.
    #[inline]
    pub(super) fn write(&self, room: &mut [u8; Self::ROOM]) {
        for (to, word) in room.as_chunks_mut().0.iter_mut().zip(self.words) {
            *to = word.to_le_bytes();
        }
    }

    /// Appends the text.
    pub fn append(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.text(&mut [0; Self::ROOM]));
    }

    /// Bytes of the text.
    #[inline]
    #[must_use]
    pub(super) const fn length(&self) -> usize {
        self.length
    }
}

/// How many of eight digits are zeros before the first other one; the last one counts as other.
#[inline]
const fn leading_zeros(digits: u64) -> u32 {
    (digits | 1 << 56).trailing_zeros() / 8
}

/// The eight digits of a number below 10⁸, the first in the lowest byte: halves of four, pairs and digits are each divided
/// in all lanes of one word at once, by multiplication with a rounded reciprocal, which is exact for numbers so small.
#[inline]
const fn eight_digits(number: u64) -> u64 {
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    // 10486 / 2²⁰ is 1/100 for what is below 10,000.
    let hundreds = ((halves * 10_486) >> 20) & 0x7f_0000_007f;
    let pairs = hundreds | ((halves - 100 * hundreds) << 16);
    // 103 / 2¹⁰ is 1/10 for what is below 100.
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((pairs - 10 * tens) << 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: u64) {
        let room = &mut [0; Digits::ROOM];
        assert_eq!(Digits::of(number).text(room), number.to_string().as_bytes());
        for signed in [number as i64, (number as i64).wrapping_neg()] {
            assert_eq!(Digits::signed(signed).text(room), signed.to_string().as_bytes());
        }
    }

    #[test]
    fn numbers_are_written_as_the_standard_library_writes_them() {
        (0..=100_000).for_each(check);
        for exponent in 0..20 {
            let power = 10_u64.pow(exponent);
            for number in [power - 1, power, power + 1, power.wrapping_mul(7), u64::MAX / power] {
                check(number);
            }
        }
        for bit in 0..64 {
            check(1 << bit);
            check(u64::MAX >> bit);
        }
    }

    #[test]
    fn every_group_of_four_digits_is_right_in_both_halves() {
        for four in 0..10_000 {
            for number in [four, four * 10_000, four * 10_001, E8 + four * 10_001, E16 + four * 10_001] {
                check(number);
            }
        }
    }
}
