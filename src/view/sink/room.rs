//! Room that text is appended to. Pieces of a scrape are short, so the copy is a few moves of fixed size instead of a call:
//! calls of `memcpy` were half of what a series cost (callgrind, `benches/exposition.rs`). Knows no text.

use super::digits::Digits;

/// Bytes, of which the first so many are written.
#[derive(Debug)]
pub(in crate::view) struct Room {
    bytes: Vec<u8>,
    end: usize,
}

impl Room {
    /// Room for so many bytes.
    pub(in crate::view) fn of(bytes: usize) -> Self {
        Self { bytes: vec![0; bytes], end: 0 }
    }

    /// What is written.
    #[inline]
    pub(in crate::view) fn text(&self) -> &[u8] {
        self.bytes.get(..self.end).unwrap_or_default()
    }

    /// Bytes written.
    #[inline]
    pub(in crate::view) const fn len(&self) -> usize {
        self.end
    }

    /// Bytes that can be written in all.
    pub(in crate::view) const fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets what is behind the first `end` bytes.
    #[inline]
    pub(in crate::view) fn truncate(&mut self, end: usize) {
        self.end = self.end.min(end);
    }

    /// Makes it larger, if it is smaller.
    pub(in crate::view) fn grow(&mut self, bytes: usize) {
        self.bytes.resize(bytes.max(self.bytes.len()), 0);
    }

    /// Appends a piece; false if there is no room for it.
    #[inline]
    pub(in crate::view) fn put(&mut self, piece: &[u8]) -> bool {
        let room = self.bytes.get_mut(self.end..self.end + piece.len());
        let fits = room.is_some();
        if let Some(room) = room {
            copy(room, piece);
            self.end += piece.len();
        }
        fits
    }

    /// Appends two pieces and a number, all or nothing; false if there might be no room for them.
    #[inline]
    pub(in crate::view) fn put_line(&mut self, first: &[u8], second: &[u8], number: &Digits) -> bool {
        if let Some(room) = self.bytes.get_mut(self.end..)
            && let Some((to_first, room)) = room.split_at_mut_checked(first.len())
            && let Some((to_second, room)) = room.split_at_mut_checked(second.len())
            && let Some(to_number) = room.first_chunk_mut()
        {
            copy(to_first, first);
            copy(to_second, second);
            number.write(to_number);
            self.end += first.len() + second.len() + number.length();
            return true;
        }
        false
    }

    /// Appends a number; false if there might be no room for it.
    #[inline]
    pub(in crate::view) fn put_number(&mut self, number: &Digits) -> bool {
        self.put_line(&[], &[], number)
    }
}

/// Copies between slices of one length. Longer pieces are worth a call.
#[inline]
fn copy(to: &mut [u8], from: &[u8]) {
    match from.len() {
        0 => {}
        1..4 => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        4..8 => ends::<4>(to, from),
        8..16 => ends::<8>(to, from),
        16..32 => ends::<16>(to, from),
        32..64 => ends::<32>(to, from),
        64..=128 => ends::<64>(to, from),
        _ => to.copy_from_slice(from),
    }
}

/// Copies the first and the last so many bytes, which overlap or meet.
#[inline]
fn ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) {
        if let Some(to) = to.first_chunk_mut() {
            *to = *first;
        }
        if let Some(to) = to.last_chunk_mut() {
            *to = *last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_every_length_are_kept() {
        let letters = (0..=255).cycle().take(700).collect::<Vec<u8>>();
        for length in 0..400 {
            let (piece, mut room) = (&letters[length % 50..][..length], Room::of(3 * length + Digits::ROOM));
            assert!(room.put(piece) && room.put_line(piece, &piece[length / 3..], &Digits::of(length as u64)));
            let number = length.to_string();
            let expected = [piece, piece, &piece[length / 3..], number.as_bytes()].concat();
            assert_eq!(room.text(), expected, "{length}");
            room.truncate(length);
            assert_eq!(room.text(), piece);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_whole() {
        let mut room = Room::of(30);
        assert!(room.put(b"0123456789") && !room.put(&[0; 21]));
        // A number is copied with what is behind it.
        assert!(!room.put_number(&Digits::of(7)) && !room.put_line(b"abc", b"defghijklmnopqrs", &Digits::of(7)));
        assert_eq!(room.text(), b"0123456789");
        room.grow(60);
        assert!(room.size() == 60 && room.put_line(b"abc", b"def", &Digits::of(7)));
        assert_eq!((room.text(), room.len()), (&b"0123456789abcdef7"[..], 17));
    }
}
